# Sourced by the scripts here, which say how many rules they have and then pipe
# what breaks a rule, a line each, into `rule`.  The output is TAP.

set -u
LC_ALL=C
export LC_ALL
cd "${COAPD_SRCDIR:?}" || exit 99

# plan NUMBER
plan()
{
	echo "1..$1"
}

# rule NAME <FINDINGS
rule()
{
	found=$(cat)
	if [ -z "$found" ]; then
		echo "ok - $1"
	else
		printf '%s\n' "$found" | sed 's/^/# /'
		echo "not ok - $1"
	fi
}

# sources PATTERN...: files of ours with such names.
sources()
{
	for pattern; do
		find daemon client modules tests -name "$pattern" -type f 2>/dev/null
	done | sort
}

# everything: every text file that is ours, in a clone as in a released archive.
everything()
{
	{
		find daemon client modules conf init debian docs tests .ci -type f \
			! -path '*/corpus/*' ! -path '*/vectors/*' ! -name '*.pyc' ! -name '*.o'
		ls README.md LICENSE Containerfile Makefile.am configure.ac check quickstart .gitignore
	} 2>/dev/null | sort
}
