#!/bin/sh
# Random calls of the mmap family: every result, error and byte as on this machine's Linux.
# CALLS and SEED change how many, and which.
. tests/lib.sh

calls=${CALLS:-20000} seed=${SEED:-0}
echo "# SEED=$seed CALLS=$calls"
$BUILD/guest/map_calls $calls "$seed" > "$work/linux" 2> "$work/err"
is "on Linux" $? 0
check "an image is built" $WHITTLE build -o "$work/map.img" --for microvm "$BUILD/guest/map_calls" -- "$calls" "$seed"
timeout 300 $WHITTLE run -m 64M "$work/map.img" > "$work/whittle" 2> "$work/err" < /dev/null
is "in Whittle" $? 0
is "as many lines" "$(wc -l < "$work/whittle")" "$calls"
is "the same lines" "$(diff "$work/linux" "$work/whittle" | head -6)" ""
done_testing
