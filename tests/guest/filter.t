#!/bin/sh
# TIME LIMIT: 700
# whittle run is a filter: bytes go through as they are, in and out.
. tests/lib.sh

filter=$BUILD/guest/filter
check "an image is built" $WHITTLE build -o "$work/filter.img" --for microvm "$filter"
guest() { timeout 600 $WHITTLE run -m 64M "$work/filter.img" -- "$@"; }

"$filter" out 64 | sha256sum > "$work/wanted"
guest out 64 2> "$work/err" < /dev/null | sha256sum > "$work/got"
is "64 MiB of random bytes come out" "$(cat "$work/got")" "$(cat "$work/wanted")"
is "no messages" "$(cat "$work/err")" ""
"$filter" out 1 > "$work/data"
is "1 MiB goes in" "$(guest in < "$work/data" 2>&1)" "$("$filter" in < "$work/data")"
guest cat < "$work/data" > "$work/back" 2>&1
check "and comes back" cmp "$work/data" "$work/back"
is "nothing goes in" "$(guest in < /dev/null 2>&1)" "0 bytes, sum 0"
is "a pipe goes in" "$(printf 'a line\n' | guest cat 2>&1)" "a line"
done_testing
