#!/bin/bash
# What is kept of objects that were decoded: answers are the same with it, without it, and with whatever happens to it.
. tests/lib.sh
export XDG_CACHE_HOME=$work/cache
program=/usr/bin/sqlite3
answer() { $WHITTLE analyze --json "${1:-$program}" 2> "$work/err"; }
seconds() { # COMMAND…: of the processor, in hundredths
	local t
	t=$( { TIMEFORMAT=%U; time "$@" > /dev/null; } 2>&1)
	echo $((10#${t/./} / 10))
}

XDG_CACHE_HOME=/proc/nowhere HOME=/proc/nowhere answer > "$work/none"
is "without a place for it: an answer" "$(jq .complete "$work/none")" true
first=$(seconds answer)
files=$(find "$XDG_CACHE_HOME/whittle/units" -type f | wc -l)
check "one file an object" test "$files" -ge 4
answer > "$work/kept"
check "the same answer from it" cmp "$work/none" "$work/kept"
second=$(seconds answer)
check "in less time: 0.$first s, then 0.$second s" test "$second" -lt "$first"
first=$(seconds answer /usr/bin/python3) second=$(seconds answer /usr/bin/python3)
echo "# python3: ${first:-0}0 ms of processor time, then ${second}0 ms"
first=$(seconds answer /usr/bin/nodejs) second=$(seconds answer /usr/bin/nodejs)
echo "# node: ${first:-0}0 ms of processor time, then ${second}0 ms"
check "node in under 10 s of processor time" test "$second" -lt 1000

for f in "$XDG_CACHE_HOME"/whittle/units/*; do printf 'x' | dd of="$f" bs=1 seek=3000 conv=notrunc status=none; done
answer > "$work/flipped"
check "a byte changed in each: the same answer" cmp "$work/none" "$work/flipped"
for f in "$XDG_CACHE_HOME"/whittle/units/*; do truncate -s 1000 "$f"; done
answer > "$work/cut"
check "all cut short: the same answer" cmp "$work/none" "$work/cut"
answer > "$work/mended"
check "and they were mended" test "$(find "$XDG_CACHE_HOME/whittle/units" -type f -size -2 | wc -l)" = 0

rm -rf "$XDG_CACHE_HOME"
for i in 1 2 3 4; do $WHITTLE analyze --json $program > "$work/at-once.$i" 2> "$work/err" & done
wait
for i in 1 2 3 4; do cmp -s "$work/none" "$work/at-once.$i" || echo $i; done > "$work/differ"
is "four writers at once: the same answers" "$(cat "$work/differ")" ""
is "and nothing half written is left" "$(find "$XDG_CACHE_HOME" -name '*.*' -type f)" ""

# A file that claims to be another: the same build-id, other code.
cat > "$work/a.c" <<'C'
#include <unistd.h>
#include <sys/syscall.h>
static char room[65536] = { 1 };
int main(void) { long r; __asm__ volatile("syscall" : "=a"(r) : "a"((long)CALL), "D"(room) : "rcx", "r11"); return (int)r; }
C
for call in 39 148; do
	gcc -O2 -DCALL=$call -Wl,--build-id=0x0123456789abcdef0123456789abcdef01234567 -o "$work/a.$call" "$work/a.c"
done
answer "$work/a.39" > "$work/json"
is "one file: its call" "$(jq '[.syscalls[] | select(.number == 148)] | length' "$work/json")" 0
answer "$work/a.148" > "$work/json"
is "another with its build-id: its own call" "$(jq '[.syscalls[] | select(.number == 148)] | length' "$work/json")" 1
done_testing
