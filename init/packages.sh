# Debian packages by what they are for; sourced by ../check and ../quickstart.

BUILD_PACKAGES="gcc libc6-dev make autoconf automake libtool pkg-config
	libev-dev libyaml-dev libsystemd-dev libc-ares-dev libjansson-dev"
TEST_PACKAGES="clang libclang-rt-dev libcriterion-dev python3 python3-prometheus-client
	python3-jsonschema python3-yaml
	bash-completion gdb valgrind libcoap3-bin iproute2 nftables procps mandoc xz-utils systemd systemd-container
	build-essential debhelper lintian"

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

apt()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
}

# missing PACKAGE...: those of them that are not installed.
missing()
{
	for package; do
		dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null |
			grep -q '^install ok installed$' || echo "$package"
	done
}

# need PACKAGE...: installs what is missing; quiet unless it fails.
need()
{
	absent=$(missing "$@" | tr '\n' ' ')
	[ -n "$absent" ] || return 0
	echo "installing $absent"
	apt update && apt install -y --no-install-recommends $absent
}
