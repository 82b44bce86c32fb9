#!/bin/sh
# How a program ends: exit status, signals, faults. On the build host each way of `die` ends the same.
# TIME LIMIT: 900
. tests/lib.sh

die=$BUILD/guest/die
ulimit -c 0
check "an image of die is built" $WHITTLE build -o "$work/die.img" --for microvm "$die"
guest() { timeout 60 $WHITTLE run -m 64M "$work/die.img" -- "$@" > "$work/out" 2> "$work/err" < /dev/null; }

# Every status in tests/long/exit.t.
for status in 0 1 2 42 99 125 126 127 128 200 254 255; do
	guest exit $status
	is "exit status $status" $? $status
done
is "says nothing" "$(cat "$work/out" "$work/err")" ""
guest thread-exit 33
is "exit by another thread" $? 33
for signal in 1 2 3 6 9 13 14 15; do
	guest signal $signal
	is "signal $signal" $? $((128 + signal))
done
guest unknown-call
is "a call that is not there is ENOSYS" $? 0
is "and is said once, by number" "$(grep -c 9999 "$work/err")" 1

$die list > "$work/ways"
while read -r way signal; do
	(exec "$die" "$way") > "$work/out" 2> /dev/null
	is "$way, on the host" $? $((128 + signal))
	guest "$way"
	is "$way" $? $((128 + signal))
	is "$way: what was written before is there" "$(cat "$work/out")" "about to"
	case $signal in
	6) ;;
	*) has "$way: registers" "$(cat "$work/err")" '[Rr][Ii][Pp]' ;;
	esac
done < "$work/ways"
guest null-read
has "a backtrace with names of functions" "$(cat "$work/err")" 'null_read|main'
done_testing
