#!/bin/sh
# A module is built outside the tree with what `make install` put in place, and
# with nothing else: the header, pkg-config, a compiler.
set -u
: "${COAPD_SRCDIR:?}" "${COAPD_BUILDDIR:?}"
CC=${CC:-cc}
point=0
root=$(mktemp -d "${TMPDIR:-/tmp}/coapd-install-XXXXXX") || exit 1
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"       # a daemon started as root gives its privileges up

# step TEXT COMMAND...: one point; what the command says is shown when it fails.
step()
{
	text=$1
	shift
	point=$((point + 1))
	if "$@" >"$root/said" 2>&1; then
		echo "ok $point - $text"
	else
		echo "not ok $point - $text"
		sed 's/^/# /' "$root/said"
	fi
}

echo "1..10"
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_SYSROOT_DIR

install_all()
{
	env -u MAKEFLAGS -u MAKELEVEL make -C "$COAPD_BUILDDIR" install DESTDIR="$root"
}
step "make install DESTDIR" install_all
PKG_CONFIG_LIBDIR=$(dirname "$(find "$root" -name coapd.pc)")
export PKG_CONFIG_LIBDIR
flags=$(pkg-config --cflags coapd)
modules=$root$(env -u PKG_CONFIG_SYSROOT_DIR pkg-config --variable=moduledir coapd)
coapd=$(find "$root" -type f -name coapd -perm -u+x)

only_headers()
{
	[ "$(find "$root" -name '*.h' | sed 's,.*/include/,,' | sort | tr '\n' ' ')" = \
		"coapd/descriptor.h coapd/module.h coapd/numbers.h " ]
}
step "the headers for modules are installed and no other" only_headers
step "the modules are where coapd.pc says" test -f "$modules/hello.so" -a -f "$modules/separate.so"

# The module that people copy, under a name of their own.
sed 's/"hello"/"mine"/; s/hello, world/out of tree/' \
	"$COAPD_SRCDIR/modules/hello/hello.c" >"$root/mine.c"
# Instrumented hosts load plain modules as well.
build()
{
	# shellcheck disable=SC2086
	$CC -std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -fPIC -shared $flags \
		-o "$root/mine.so" "$root/mine.c"
}
step "a copy of hello builds with pkg-config's flags alone" build

exports()
{
	nm -D --defined-only "$root/mine.so"
	[ "$(nm -D --defined-only "$root/mine.so" | awk '{ print $3 }')" = coapd_module ]
}
step "it exports coapd_module and nothing else" exports

imports()
{
	for name in $(nm -D --undefined-only "$root/mine.so" | awk '$2 ~ /^coapd_/ { print $2 }'); do
		nm -D --defined-only "$coapd" | grep -q " T $name\$" || { echo "$name"; return 1; }
	done
}
step "what it calls is exported by coapd" imports

# Every function that the header promises.
promises()
{
	header=$(find "$root" -name module.h)
	names=$($CC -E -P -x c -I"${header%/coapd/*}" "$header" | tr '\n' ' ' | tr ';{}' '\n\n\n' |
		grep -v typedef | sed -n 's/.*[ *]\(coapd_[a-z_]*\)(.*/\1/p' | grep -v '^coapd_text$' | sort -u)
	[ "$(echo "$names" | wc -l)" -gt 15 ] || { echo "$names"; return 1; }
	for name in $names; do
		nm -D --defined-only "$coapd" | grep -q " T $name\$" || { echo "$name"; return 1; }
	done
}
step "coapd has all functions of the header" promises

cat >"$root/site.yaml" <<'SITE'
listen: [ "coap://[::1]:0" ]
resources:
  /mine:
    module: mine
    text: it works
SITE
check()
{
	cp "$root/mine.so" "$modules/mine.so" &&
		"$coapd" --modules-dir "$modules" --check "$root/site.yaml"
}
step "coapd --check loads it" check

# The harness starts the installed daemon with the module beside the others.
serves()
{
	COAPD_PROGRAM=$coapd PYTHONPATH=$COAPD_SRCDIR/tests python3 -B - "$root/mine.so" <<'TEST'
import shutil
import sys
from harness import *
d = Daemon("resources: { /mine: {module: mine, text: it works} }")
shutil.copy(sys.argv[1], d.modules)
with d, d.peer() as p:
    m = p.get("/mine")
equal((m.code, m.payload), (code("2.05"), b"it works"), "answer")
TEST
}
step "coapd answers with it" serves

refused()
{
	printf '#undef COAPD_ABI\n#define COAPD_ABI 77u\n' >"$root/abi.h"
	# shellcheck disable=SC2086
	$CC -fPIC -shared $flags -include coapd/module.h -include "$root/abi.h" \
		-o "$modules/mine.so" "$root/mine.c" || return 1
	! "$coapd" --modules-dir "$modules" --check "$root/site.yaml" >"$root/told" 2>&1 || return 1
	cat "$root/told"
	grep -q 'site.yaml:4:.*made for module interface 77, this coapd has 1' "$root/told"
}
step "one for another interface is refused by line and number" refused
