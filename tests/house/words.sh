#!/bin/sh
# The tree speaks of the product alone, and nothing is left half done.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 3

# The words are spelled so that this script does not find itself.
everything | xargs grep -nE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' | rule "nothing is put off"
everything | xargs grep -nwiE 'st''ubs?' | rule "nothing is a placeholder"
everything | xargs grep -nE '(/home|/root|/Users)/[a-z]|\b(is''sue|pull request|PR) #?[0-9]' |
	rule "no path of anybody's machine, no number of a tracker"
