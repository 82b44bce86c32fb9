#!/bin/sh
# Calls of the mmap family on both sides of every border: each result as on this machine's Linux, and no memory is lost.
. tests/lib.sh

$BUILD/guest/borders > "$work/linux" 2> "$work/err"
is "on Linux" $? 0
check "an image is built" $WHITTLE build -o "$work/image" --for microvm "$BUILD/guest/borders"
timeout 120 $WHITTLE run -m 64M "$work/image" > "$work/console" 2> "$work/err" < /dev/null
is "in Whittle" $? 0
lost=$(sed -n 's/^lost \(-*[0-9]*\) KiB$/\1/p' "$work/console")
grep -v '^lost ' "$work/console" > "$work/whittle"
[ "${lost:-999}" -le 64 ]
point $? "no memory is lost (${lost:-?} KiB)"
is "as many lines" "$(wc -l < "$work/whittle")" "$(wc -l < "$work/linux")"
is "the same lines" "$(diff "$work/linux" "$work/whittle" | head -8)" ""
done_testing
