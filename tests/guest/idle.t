#!/bin/bash
# A machine whose program waits does not wake: QEMU logs no interrupt for ten seconds, on one processor and on four, with
# a network card and without, with each timer. A program that sleeps wakes when it asked for it, and no more often.
# TIME LIMIT: 400
. tests/lib.sh

idle() { # NAME SECONDS IMAGE ARGUMENTS…: start it, wait for its line and settle; interrupts of that many seconds in $count
	local name=$1 seconds=$2 image=$3
	shift 3
	rm -f "$work/log" "$work/in" "$work/control"
	mkfifo "$work/in"
	timeout 150 $WHITTLE run --qemu-arg -D --qemu-arg "$work/log" --qemu-arg -monitor \
		--qemu-arg "unix:$work/control,server=on,wait=off" "$@" "$image" < "$work/in" > "$work/out" 2> "$work/err" &
	exec 8> "$work/in"
	for wait in $(seq 400); do
		[ ! -s "$work/out" ] || break
		sleep 0.05
	done
	{
		echo 'log int'
		# Protocols speak for some seconds after the start, and then look at their tables once a minute.
		for wait in $(seq 30); do
			before=$(interrupts)
			sleep 2.5
			[ "$settle" = yes ] && [ "$before" != "$(interrupts)" ] || break
		done
		interrupts > "$work/before"
		sleep "$seconds"
		interrupts > "$work/after"
		echo quit
	} | timeout 150 socat -t 1 - "UNIX-CONNECT:$work/control" > "$work/monitor"
	exec 8>&-
	wait $!
	check "$name: the program ran" [ -s "$work/out" ]
	check "$name: the log was on" grep -q 'log int' "$work/monitor"
	count=$(($(cat "$work/after") - $(cat "$work/before")))
}
interrupts() {
	grep -c 'INT=0x' "$work/log" 2> /dev/null || :
}
settle=yes
check "an image of a program that waits is built" $WHITTLE build -o "$work/wait.img" --for microvm "$BUILD/guest/addresses"
check "for any machine" $WHITTLE build -o "$work/all.img" "$BUILD/guest/addresses"
check "an image without a network is built" $WHITTLE build -o "$work/base.img" --for base "$BUILD/guest/addresses"
check "an image of a program that sleeps is built" $WHITTLE build -o "$work/sleep.img" --for base "$BUILD/guest/clock_rate" -- 30
idle "base" 10 "$work/base.img" -m 64M
is "base: nothing wakes the machine in 10 s" "$count" 0
idle "microvm" 10 "$work/wait.img" -m 64M
is "microvm: nothing wakes the machine in 10 s" "$count" 0
idle "q35, 4 processors" 10 "$work/all.img" -m 128M -c 4 --machine q35
is "q35, 4 processors: nothing wakes the machine in 10 s" "$count" 0
idle "HPET as timer" 10 "$work/all.img" -m 128M -c 4 --machine q35 --append nolapic_timer
is "HPET as timer: nothing wakes the machine in 10 s" "$count" 0
idle "PIT as timer" 10 "$work/base.img" -m 64M --append whittle.timer=pit
is "PIT as timer: nothing wakes the machine in 10 s" "$count" 0
# It sleeps for a tenth of a second again and again.
settle=no
idle "sleeper" 5 "$work/sleep.img" -m 64M
check "a program that sleeps 50 times in 5 s is woken about as often ($count)" [ "$count" -ge 30 -a "$count" -le 60 ]
# The PIT counts for 55 ms at most: each sleep takes one interrupt more.
idle "sleeper by the PIT" 5 "$work/sleep.img" -m 64M --append whittle.timer=pit
check "by the PIT, no more than twice as often ($count)" [ "$count" -ge 30 -a "$count" -le 120 ]
done_testing
