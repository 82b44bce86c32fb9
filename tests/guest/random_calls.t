#!/bin/sh
# TIME LIMIT: 300
# Calls with random arguments do the kernel no harm and leave nothing behind. SEED and CALLS change which and how many;
# tests/long/random_calls.t makes ten million of them on a kernel built with DEBUG=1.
. tests/lib.sh

: "${SEED:=1}" "${CALLS:=5000}"
echo "# SEED=$SEED CALLS=$CALLS"
check "an image is built" $WHITTLE build -o "$work/image" --for microvm "$BUILD/guest/random_calls"
for seed in $SEED $((SEED + 1)) $((SEED + 2)); do
	sub "seed $seed" timeout 100 $WHITTLE run -m 256M "$work/image" -- $seed "$CALLS"
done
# Where memory runs out the program may have to go, with a sentence; the kernel stays in order.
timeout 100 $WHITTLE run -m 16M "$work/image" -- "$SEED" "$CALLS" > "$work/out" 2>&1
has "with little memory" "$(tail -n 3 "$work/out" | tr -c '[:print:]\n' '?')" '^1\.\.3$|out of memory|Out of memory|no memory'
done_testing
