#!/bin/sh
# The tree speaks of the product alone, and nothing is left half done.
. "${COAPD_SRCDIR:?}/tests/house/rules.sh"
plan 4

# The words are spelled so that this script does not find itself.
everything | xargs grep -nE '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' | rule "nothing is put off"
everything | xargs grep -nwiE 'st''ubs?' | rule "nothing is a placeholder"
everything | xargs grep -nE '/wo''rk/|/tm''p/(wt|b)/|(is''sue|iss''ues) #?[0-9]|\bA''I\b|\bL''LM\b' |
	rule "no word of how it was made"
everything | xargs grep -nwiE 'registry\.np''mjs|deb\.deb''ian\.org|http_pro''xy|https_pro''xy' |
	rule "no package host is named"
