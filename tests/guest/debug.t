#!/bin/sh
# The suites and redis on a kernel built with DEBUG=1, which checks the order of locks and what it otherwise assumes.
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
	sub "debug" timeout 120 $WHITTLE run -m 256M "$work/suite.img" -- "$suite"
done

check "an image of redis is built" $WHITTLE build -o "$work/redis.img" --for microvm "$(command -v redis-server)" -- \
	--save '' --protected-mode no
for try in 1 2 3; do
	port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
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
done_testing
