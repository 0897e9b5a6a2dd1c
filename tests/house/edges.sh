#!/bin/sh
# Every edge case that is claimed is named by a test, and a mutant shows that
# this test can fail.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 3

claimed()
{
	i=1
	while [ $i -le 69 ]; do
		[ $i -eq 56 ] || echo "E$i"     # Q-Block is not there yet
		i=$((i + 1))
	done
}

for edge in $(claimed); do
	grep -rqE "\b(E[0-9]+_)*${edge}_[A-Za-z]" tests/unit tests/functional --include='*.c' --include='*.py' || echo "$edge"
done | rule "every edge case is named by a test"

for edge in $(claimed); do
	grep -qsE "^test: [^ ]+ (E[0-9]+_)*${edge}_" tests/mutants/"$edge"-*.mutant || echo "$edge"
done | rule "every edge case has a mutant"

python3 -B tests/mutants/run.py --apply | rule "every mutant has its place in the source"
