#!/bin/bash
# SIGTERM and Ctrl-C to `whittle run`: the program is asked to end, then made to.
# TIME LIMIT: 300
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/stop.img" --for microvm "$BUILD/guest/stop"

# try HOW SIGNALS INPUT OPTIONS…: sets status, took (seconds), and what it said in out and err.
try() {
	local how=$1 signals=$2 input=$3 start
	shift 3
	: > "$work/out"
	$WHITTLE run -m 64M "$@" "$work/stop.img" -- "$how" < "$input" > "$work/out" 2> "$work/err" &
	local pid=$!
	for wait in $(seq 300); do
		grep -q ready "$work/out" && break
		sleep 0.1
	done
	start=$(date +%s%N)
	for signal in $signals; do
		kill -"$signal" $pid
		sleep 0.3
	done
	wait $pid
	status=$?
	took=$((($(date +%s%N) - start) / 1000000))
}

try handle TERM /dev/null
is "a program that handles SIGTERM ends as it likes" $status 7
is "and says what it has to say" "$(cat "$work/out")" "ready
goodbye"
is "the kernel has nothing to add" "$(cat "$work/err")" ""
try handle INT /dev/null
is "Ctrl-C does the same" $status 7
try default TERM /dev/null
is "one that does not handle it is ended by it" $status 143
try ignore TERM /dev/null --append whittle.stop=1500ms
is "one that ignores it is killed" $status 137
check "after whittle.stop=" test $took -ge 1500 -a $took -lt 6000
has "which is said" "$(cat "$work/err")" 'has not ended after SIGTERM: SIGKILL'
try ignore TERM /dev/null --stop-timeout 1
is "--stop-timeout says it too" $status 137
check "in seconds" test $took -ge 1000 -a $took -lt 5000
try ignore "TERM TERM" /dev/null
is "a second SIGTERM ends the machine" $status 143
check "at once" test $took -lt 4000
try ignore "INT INT" /dev/null
is "and so does a second Ctrl-C" $status 130
head -c 3000000 /dev/urandom > "$work/input"
try handle TERM "$work/input"
is "input that the program does not read holds nothing up" $status 7
try handle TERM /dev/null -c 2
is "with two processors" $status 7
done_testing
