#!/bin/sh
# Each fuzz target for $FUZZ_SECONDS (20), from the inputs that its script makes; $FUZZ_SEED (1: the same each time) chooses the
# way on from them. What it finds is left in build/fuzz.
# TIME LIMIT: 7200
. tests/lib.sh

for source in tests/fuzz/*_fuzz.c; do
	name=$(basename "$source" _fuzz.c)
	[ $name != analyze ] || continue # it has a test of its own
	mkdir -p "$work/$name" "$BUILD/fuzz/found"
	check "$name: seeds" "tests/fuzz/${name}_seeds" "$work/$name"
	ASAN_OPTIONS=detect_leaks=1 "$BUILD/fuzz/${name}_fuzz" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 \
		-max_len=131072 -print_final_stats=1 -artifact_prefix="$BUILD/fuzz/found/$name-" "$work/$name" > "$work/log" 2>&1
	is "$name: finds nothing" $? 0
	[ ${failures} = 0 ] || tail -40 "$work/log" | sed 's/^/#   /'
	grep -E 'number_of_executed_units|new_units_added' "$work/log" | sed 's/^/# /'
done
done_testing
