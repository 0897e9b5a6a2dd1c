#!/bin/sh
# What a file looks like.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 9

sources '*.[ch]' | xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }' |
	rule "no source file has more than 600 lines"

sources '*.h' | while read -r file; do
	head -n 1 "$file" | grep -q '^/\*' || echo "$file"
done | rule "every header begins with what it is"

sources '*.h' | grep -v 'coapd/module.h$' | while read -r file; do
	awk '/^#ifndef [A-Z0-9_]+_H$/ { name = $2 } /^#define [A-Z0-9_]+_H$/ && $2 == name { found = 1 }
		END { exit !found }' "$file" || echo "$file"
done | rule "every header has its guard"

sources '*.c' '*.h' | grep -v '^tests/' | xargs awk '
	FNR == 1 { start = 0 }
	/^\{/ { start = FNR }
	/^\}/ { if (start && FNR - start > 90) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }' |
	rule "no function has more than 90 lines"

sources '*.c' | xargs awk '
	FNR == 1 { inside = 0 }
	/^\{/ { inside = 1 }
	/^\}/ { inside = 0 }
	inside && /^[[:space:]]*#[[:space:]]*if/ { print FILENAME ":" FNR ": " $0 }' |
	rule "no #if inside a function"

grep -n 'NDEBUG' configure.ac Makefile.am $(sources 'Makefile.inc' '*.inc' '*.[ch]') /dev/null |
	rule "assertions are always compiled in"

sources '*.[ch]' '*.py' '*.sh' | grep -v '^tests/house/' |
	xargs grep -nE '(^|[^_[:alnum:]])(u|nano)?sleep *\(|clock_nanosleep|time\.sleep|^[^#]*[;&|[:space:]]sleep +[0-9]' |
	grep '^tests/' | rule "no test sleeps"

everything | xargs grep -nE '[[:space:]]$' | grep -vE '^(LICENSE|tests/mutants/.*\.mutant):' |
	cut -c 1-120 | rule "no line ends in blanks"

for file in docs/decisions/*.md docs/*.md; do
	grep -qF "$file" docs/Makefile.inc Makefile.am || echo "$file"
done | rule "every page of docs is in what is distributed"
