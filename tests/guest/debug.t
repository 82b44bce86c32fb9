#!/bin/sh
# The suites, random calls and redis on a kernel built with DEBUG=1, which checks the order of locks and what it otherwise
# assumes; and whether the suites reach all that the kernel offers (coverage.pl), by what the kernel itself says of them.
# TIME LIMIT: 900
. tests/lib.sh

export BUILD=$BUILD/debug
check "components with DEBUG=1 are built" make -s DEBUG=1 BUILD="$BUILD" all
WHITTLE=$BUILD/whittle
guest=build/guest
: > "$work/suite.root"
check "an image of the suites is built" $WHITTLE build -o "$work/suite.img" --for microvm --copy "$guest/data:/data" \
	--copy "$work/suite.root:/suite.root" "$guest/suite-static"
for suite in $("$guest/suite-static" --list); do
	sub "debug" timeout 120 $WHITTLE run --append whittle.strace=first -m 256M "$work/suite.img" -- "$suite"
	cp "$work/sub.err" "$work/trace.$suite"
done
check "an image that runs out of memory is built" $WHITTLE build -o "$work/no_memory.img" --for microvm "$guest/no_memory"
sub "no memory" timeout 120 $WHITTLE run --append whittle.strace=first -m 256M "$work/no_memory.img"
cp "$work/sub.err" "$work/trace.no_memory"
sub "reached" tests/guest/coverage.pl build/calls tests/UNREACHED "$work"/trace.*

check "an image of random calls is built" $WHITTLE build -o "$work/random.img" --for microvm "$guest/random_calls"
sub "random calls" timeout 200 $WHITTLE run -m 256M "$work/random.img" -- 11 3000

check "an image of races is built" $WHITTLE build -o "$work/races.img" "$guest/races"
sub "races" timeout 100 $WHITTLE run --machine q35 -c 4 -m 256M "$work/races.img" -- 1
check "an image of timers is built" $WHITTLE build -o "$work/timers.img" "$guest/timers"
for timer in hpet pit; do
	has "sleeps by the $timer" "$($WHITTLE run --machine q35 -c 4 -m 256M --append whittle.timer=$timer "$work/timers.img" -- 1 2>&1)" \
		'early 0 backwards 0 lost 0$'
done

check "an image of redis is built" $WHITTLE build -o "$work/redis.img" --for microvm "$(command -v redis-server)" -- \
	--save '' --protected-mode no
for try in 1 2 3; do
	port=$(free_port)
	$WHITTLE run -m 64M -p "127.0.0.1:$port:6379" "$work/redis.img" > "$work/log" 2> "$work/err" < /dev/null &
	qemu=$!
	trap 'kill $qemu 2> /dev/null; rm -rf "$work"' EXIT
	for wait in $(seq 100); do
		kill -0 $qemu 2> /dev/null && ! grep -q 'Ready to accept' "$work/log" || break
		sleep 0.1
	done
	[ "$(timeout 20 redis-cli -p $port PING 2> /dev/null)" != PONG ] || break
	kill $qemu 2> /dev/null
	wait $qemu
done
is "redis ends its benchmark" \
	"$(timeout 120 redis-benchmark -p $port --csv -t set,get -c 10 -n 3000 2>&1 | grep -c '^"[SG]ET"')" 2
is "no messages from the kernel" "$(cat "$work/err")" ""

# That the checks see what they are for: gdb breaks what they watch.
check "an image to break is built" $WHITTLE build -o "$work/at.img" --for microvm "$guest/addresses"
breaks() { # NAME FUNCTION GDB-COMMAND PATTERN: at the function's first call the command is done; what the kernel says then
	timeout 100 $WHITTLE run --gdb -m 64M "$work/at.img" < /dev/null > "$work/out" 2> "$work/err" &
	for wait in $(seq 100); do
		grep -q 'waiting for gdb' "$work/err" && break
		sleep 0.1
	done
	port=$(sed -n 's/.*target remote 127.0.0.1:\([0-9]*\).*/\1/p' "$work/err")
	timeout 90 gdb "$work/at.img.debug" -batch -ex "target remote 127.0.0.1:$port" -ex "hbreak $2" -ex continue \
		-ex 'set $current = (struct thread *)*(unsigned long *)($gs_base + (unsigned long)&current_thread)' \
		-ex "$3" -ex delete -ex continue > "$work/gdb" 2>&1 < /dev/null
	wait $!
	has "$1" "$(cat "$work/err")" "^kernel panic: $4"
}
count='*(unsigned *)($gs_base + (unsigned long)&preempt_count)'
breaks "a call that leaves preemption off is seen" sys_set_tid_address "set var $count = $count + 1" \
	'addresses\[1\] would run with preemption off \(1 deep\)$'
breaks "who may sleep with preemption off is seen" sys_write "set var $count = $count + 1" \
	'what may sleep is called with preemption off \(1 deep\)$'
breaks "a reference too many given back is seen" '*inode_put' 'set var ((struct inode *)$rdi)->refs = 0' \
	'a reference count was 0 when somebody changed it$'
breaks "a count that is too high to be true is seen" '*inode_put' 'set var ((struct inode *)$rdi)->refs = 0x50000000' \
	'a reference count was 1342177280 when somebody changed it$'
breaks "a lock that is kept is seen" sys_set_tid_address 'set var $current->held_count = 1' \
	'addresses\[1\] would run with a lock of rank [0-9]+ held$'
breaks "locks taken in the wrong order are seen" sys_write \
	'set var $current->held[0].rank = 1000, $current->held_count = 1' 'lock of rank [0-9]+ taken while one of rank 1000 is held$'
done_testing
