#!/bin/sh
# Every source file of the daemon and the client has a test program of its own.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 1

# Files without a twin, each with the reason; what its tests are instead.
excepted()
{
	case $1 in
	daemon/worker/obey.c) echo "a loop, its sockets and all: test_worker" ;;
	daemon/supervisor/reload.c) echo "processes throughout: test_supervisor and tests/functional/reload.py" ;;
	daemon/supervisor/estate_site.c) echo "a part of estate.h: test_estate" ;;
	daemon/supervisor/restore.c) echo "a whole supervisor: tests/functional/upgrade.py" ;;
	daemon/supervisor/store.c) echo "a service manager: tests/functional/kept.py" ;;
	daemon/supervisor/inspection.c) echo "a child of a reload: test_supervisor and tests/functional/reload.py" ;;
	daemon/supervisor/upgrade.c) echo "it becomes another program: tests/functional/upgrade.py" ;;
	daemon/main.c | daemon/kit/main.c | client/main.c | client/ctl_main.c) echo "argv only: tests/functional starts the program" ;;
	esac
}

for file in $(find daemon client -name '*.c' | sort); do
	name=$(basename "$file" .c)
	[ -f "tests/unit/test_$name.c" ] || [ -n "$(excepted "$file")" ] || echo "$file: no tests/unit/test_$name.c"
done | rule "every source file has a test twin"
