#!/bin/bash
# The fuzz target of the analyzer looks where it should: it runs nine tenths of the lines of the parsers, and finds each of
# five bugs, put into a copy of the sources, within a minute.
# TIME LIMIT: 900
. tests/lib.sh
parsers="tools/elf/program.c tools/analyze/binary.c tools/analyze/locals.c tools/analyze/unwind.c tools/analyze/code.c tools/analyze/units.c"
flags=$(make -s --no-print-directory fuzz-analyze-flags)
sources=$(make -s --no-print-directory fuzz-analyze-sources)
compile_flags=$(echo "$flags" | sed 's/-Wl,[^ ]*//g')
mkdir -p "$work/seeds" "$work/corpus" "$BUILD/fuzz/found"
check "seeds" tests/fuzz/analyze_seeds "$work/seeds"
"$BUILD/fuzz/analyze_fuzz" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 -max_len=131072 -artifact_prefix="$BUILD/fuzz/found/analyze-" \
	"$work/corpus" "$work/seeds" > "$work/log" 2>&1
is "finds nothing in ${FUZZ_SECONDS:-20} s" $? 0
sed -n "/ERROR\|runtime error\|SUMMARY/,\$p" "$work/log" | head -40 | sed "s/^/#   /"

mkdir "$work/lines"
for source in $sources; do
	echo "clang $compile_flags -fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping -c -o $work/lines/$(echo "$source" | tr / _).o $source"
done | xargs -P 2 -I{} sh -c '{}'
clang $flags -fsanitize=fuzzer -fprofile-instr-generate -fcoverage-mapping -o "$work/lines/fuzz" "$work"/lines/*.o -lcapstone -ljansson
LLVM_PROFILE_FILE="$work/lines/raw" "$work/lines/fuzz" -runs=0 "$work/seeds" "$work/corpus" > "$work/log" 2>&1
llvm-profdata merge -o "$work/lines/data" "$work/lines/raw"
llvm-cov export -summary-only -instr-profile="$work/lines/data" "$work/lines/fuzz" $parsers > "$work/lines/json" 2> /dev/null
jq -r '.data[0].files[] | "# \(.filename | sub(".*/tools/"; "tools/")): \(.summary.lines.covered) of \(.summary.lines.count) lines"' "$work/lines/json"
percent=$(jq '.data[0].totals.lines | 100 * .covered / .count | floor' "$work/lines/json")
check "runs at least 90 % of the parsers' lines: $percent %" test "$percent" -ge 90

bug() { # NAME FILE SED: what sed makes of the file is found within 60 s
	local object="$work/bug.o" start
	sed "$3" "$2" > "$work/bug.c"
	if cmp -s "$2" "$work/bug.c"; then
		point 1 "$1: the bug can be put in"
		return
	fi
	clang $compile_flags -I"$(dirname "$2")" -fsanitize=fuzzer-no-link -c -o "$object" "$work/bug.c" &&
		clang $flags -fsanitize=fuzzer -o "$work/bug" "$object" $(for s in $sources; do
			[ "$s" = "$2" ] || echo "$BUILD/fuzz/o/${s%.c}.o"; done) -lcapstone -ljansson || { point 1 "$1: builds"; return; }
	start=$SECONDS
	timeout 70 "$work/bug" -max_total_time=60 -timeout=10 -rss_limit_mb=2048 -max_len=131072 -artifact_prefix="$work/found-" \
		"$work/seeds" > "$work/log" 2>&1
	check "$1: found in $((SECONDS - start)) s" grep -Eq 'ERROR: (AddressSanitizer|libFuzzer)|runtime error' "$work/log"
}
bug "a sum that wraps around" tools/analyze/binary.c 's/return offset <= o->file.size && o->file.size - offset >= size;/return offset + size <= o->file.size;/'
bug "a version's index" tools/analyze/binary.c 's/names\[word & 0x7fff\] = /names[word] = /'
bug "a relocation's symbol" tools/analyze/binary.c 's/if (r.symbol >= o->symbol_count && r.symbol)/if (0)/'
bug "a symbol's name" tools/analyze/locals.c 's/ sym.st_name >= names.sh_size ||$//'
bug "an instruction across the end of a function" tools/analyze/flow.c 's/for (unsigned i = 1; i < in.size && in_unit(f, at + i); i++)/for (unsigned i = 1; i < in.size; i++)/'
done_testing
