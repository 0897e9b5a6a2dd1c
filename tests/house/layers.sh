#!/bin/sh
# Includes point down only: the arrows of docs/architecture.md.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 14

# may LAYER FOLDER...: what a file of LAYER includes is of LAYER or one of these.
may()
{
	layer=$1
	place=daemon/$layer
	[ -d "$place" ] || place=$layer
	find "$place" -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' {} + |
		awk -F'"' -v ok=" $* " '{
			folder = $2
			if (!sub("/[^/]*$", "", folder) || !index(ok, " " folder " "))
				print $0
		}' | rule "$place includes $*"
}

may base
may coap base
may exchange coap base
may resource exchange coap base coapd
may transport base
may config base
may worker resource exchange transport config coap base
may control worker exchange config base
may supervisor control worker transport config base
may kit worker resource exchange config coap base
may client transport exchange coap base
for folder in daemon/*/; do
	case $folder in
	*/base/ | */coap/ | */exchange/ | */resource/ | */transport/ | */config/ | */worker/ | */supervisor/ | */control/ | */kit/ | */coapd/) ;;
	*) echo "$folder has no rule" ;;
	esac
done | rule "every folder of daemon/ has its arrows"

find modules -name '*.[ch]' ! -name '*_test.c' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*("|<coapd/)' {} + |
	grep -v '<coapd/module.h>' | while IFS=: read -r file line text; do
		own=${text#*\"}
		[ -f "$(dirname "$file")/${own%\"*}" ] || echo "$file:$line:$text"
	done | rule "modules include nothing of ours but coapd/module.h"
grep -nE '#[[:space:]]*include[[:space:]]*"' daemon/coapd/module.h | rule "coapd/module.h stands alone"
