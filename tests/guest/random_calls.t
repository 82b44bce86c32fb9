#!/bin/sh
# TIME LIMIT: 300
# Calls with random arguments do the kernel no harm, with memory to spare and without.
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/image" --for microvm "$BUILD/guest/random_calls"
for memory in 128M 12M; do
	for seed in 1 2 3; do
		is "seed $seed, $memory" "$(timeout 60 $WHITTLE run -m $memory "$work/image" -- $seed 20000 2>&1 | tail -n 5)" done
	done
done
done_testing
