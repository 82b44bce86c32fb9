#!/bin/sh
# Ten million random calls of all that the kernel has, on four threads and two processors, on a kernel built with DEBUG=1.
# Others each day; SEED repeats.
# TIME LIMIT: 5400
. tests/lib.sh

debug=$BUILD/debug
check "components with DEBUG=1 are built" make -s DEBUG=1 BUILD="$debug" all
check "an image is built" "$debug/whittle" build -o "$work/image" --for microvm "$BUILD/guest/random_calls"
seed=${SEED:-$(date +%Y%m%d)}
echo "# SEED=$seed"
for round in $(seq 10); do
	sub "round $round" timeout 600 "$debug/whittle" run -m 256M -c $((1 + round % 2)) "$work/image" -- $((seed + round)) 250000
done
done_testing
