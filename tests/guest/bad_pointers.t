#!/bin/sh
# Every call with every kind of bad pointer for each of its pointers: the kernel lives, each call ends as on this
# machine's Linux, and nothing is lost. Who looks at what first may differ for a few calls that would fail anyway; INTR is
# what a call that waits is ended with, and how long it waits is not compared.
# TIME LIMIT: 120
. tests/lib.sh

# Not compared: clocks, as those of an alarm are there where a machine has an RTC; fchownat and faccessat2, which take an
# empty name (AT_EMPTY_PATH) for the descriptor only where that has a name, no pipe or socket, and NULL for empty.
plain() {
	awk -v other='^(copy_file_range|connect|fchmodat|faccessat2?|accept4|capget|capset|epoll_p?wait2?)$' '
		$1 ~ /^(clock_.*|fchownat|faccessat2)$/ { next }
		{
			colon = index($0, ":")
			results = substr($0, colon + 1)
			gsub(/ INTR/, " ok", results)
			if ($1 ~ other)
				gsub(/ [A-Z][A-Z0-9]+/, " fails", results)
			print substr($0, 1, colon) results
		}' "$1"
}
timeout -s KILL 60 $BUILD/guest/bad_pointers > "$work/linux" 2> "$work/err" < /dev/null
is "on Linux" $? 0
check "an image is built" $WHITTLE build -o "$work/image" --for microvm "$BUILD/guest/bad_pointers"
timeout -k 5 90 $WHITTLE run -m 64M "$work/image" -- 2 > "$work/console" 2> "$work/err" < /dev/null
is "in Whittle" $? 0
grep -E '^(lost|made) ' "$work/err" "$work/console" | sed 's/^/# /'
lost=$(cat "$work/err" "$work/console" | sed -n 's/^lost \(-*[0-9]*\) KiB$/\1/p')
[ "${lost:-999}" -le 128 ]
point $? "no memory is lost (${lost:-?} KiB)"
grep -vE '^(lost|made) ' "$work/console" > "$work/whittle"
is "as many lines" "$(wc -l < "$work/whittle")" "$(wc -l < "$work/linux")"
plain "$work/linux" > "$work/linux.plain"
plain "$work/whittle" > "$work/whittle.plain"
is "the same lines" "$(diff "$work/linux.plain" "$work/whittle.plain" | head -8)" ""
done_testing
