#!/bin/sh
# Runs a command where what is received is worked on by the other core, as it is on a real machine, not
# by who has sent it: in a network namespace of its own whose loopback steers packets (RPS).  As root.
#
#	sh other_core.sh [-n] COMMAND [ARGUMENT...]
#
# CORES in the environment is the mask of cores that receive (2: the second, where the clients are).
# -n: the same namespace without steering, to compare with.
set -e
mask=${CORES:-2}
if [ "$1" = -n ]; then
	mask=0
	shift
fi
export mask
exec unshare --net --mount sh -c '
	mount -t sysfs sysfs /sys
	ip link set lo up
	echo "$mask" >/sys/class/net/lo/queues/rx-0/rps_cpus
	exec "$@"' sh "$@"
