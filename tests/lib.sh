# For tests in shell: TAP points. Sourced by *.t from the top of the tree; ends with done_testing.
BUILD=${BUILD:-build}
WHITTLE=$BUILD/whittle
points=0 failures=0
work=$(mktemp -d "${TMPDIR:-/tmp}/whittle-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

point() { # STATUS NAME: one point; $where tells on which machine, where there are several
	points=$((points + 1))
	if [ "$1" = 0 ]; then
		echo "ok $points - ${where:-}$2"
	else
		failures=$((failures + 1))
		echo "not ok $points - ${where:-}$2"
	fi
}
check() { # NAME COMMAND…: a point that is ok if the command succeeds
	local name="$1"
	shift
	"$@" > "$work/check" 2>&1 && point 0 "$name" || { point 1 "$name"; sed 's/^/#   /' "$work/check"; }
}
is() { # NAME GOT WANTED
	if [ "$2" = "$3" ]; then
		point 0 "$1"
	else
		point 1 "$1"
		echo "$2" | head -c 20000 | cat -v | sed 's/^/#   got:    /' | head -20
		echo "$3" | head -c 20000 | cat -v | sed 's/^/#   wanted: /' | head -20
	fi
}
has() { # NAME TEXT PATTERN: a line of the text matches the extended pattern
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then
		point 0 "$1"
	else
		point 1 "$1"
		echo "#   no line matches: $3"
		printf '%s\n' "$2" | sed 's/^/#   /' | tail -20
	fi
}
free_port() { # one that nobody has
	local port
	while port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 10000)); do
		grep -qi "^ *[0-9]*: [0-9A-F]*:$(printf %04X $port) " /proc/net/tcp || break
	done
	echo "$port"
}
sub() { # NAME COMMAND…: the points of a command that prints TAP, each with NAME before it
	local name="$1"
	shift
	# Through a pipe: a limit on the size of files that a test sets is not one on its output.
	{ "$@" 2> "$work/sub.err" < /dev/null; echo $? > "$work/sub.status"; } | cat > "$work/sub"
	status=$(cat "$work/sub.status")
	awk -v name="$name" -v n=$points -v status=$status '
		/^(not )?ok/ {
			bad = /^not /; sub(/^(not )?ok *[0-9]* *(- *)?/, ""); seen++
			printf "%sok %d - %s: %s\n", bad ? "not " : "", ++n, name, $0
			if (bad) failed++
			next
		}
		/^1\.\.[0-9]+/ { plan = substr($0, 4) + 0; planned = 1; next }
		{ print "# " $0 }
		END {
			whole = planned && plan == seen && (status == 0) == (failed == 0)
			printf "%sok %d - %s: ends as planned\n", whole ? "" : "not ", ++n, name
			if (!whole) printf "#   %d of %s points, exit status %d\n", seen, planned ? plan : "unplanned", status
			print n, failed + !whole > "'"$work"'/counts"
		}' "$work/sub"
	sed 's/^/# stderr: /' "$work/sub.err" | tail -40
	read -r points bad < "$work/counts"
	failures=$((failures + bad))
}
done_testing() {
	echo "1..$points"
	[ $failures = 0 ]
	exit $?
}
