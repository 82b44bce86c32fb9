#!/bin/sh
# Debian's redis-server, as installed, driven by redis-cli and redis-benchmark. $CLIENTS and $REQUESTS change the load.
# TIME LIMIT: 600
. tests/lib.sh

clients=${CLIENTS:-10} requests=${REQUESTS:-10000}
check "an image is built" $WHITTLE build -o "$work/redis.img" --for microvm "$(command -v redis-server)" -- \
	--save '' --protected-mode no
for try in 1 2 3 4 5; do
	port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 20000))
	$WHITTLE run -m 128M -p "127.0.0.1:$port:6379" "$work/redis.img" > "$work/log" 2> "$work/err" < /dev/null &
	guest=$!
	trap 'kill $guest 2> /dev/null; rm -rf "$work"' EXIT
	for wait in $(seq 100); do
		kill -0 $guest 2> /dev/null || break
		[ "$(timeout 5 redis-cli -p $port PING 2> /dev/null)" != PONG ] || break 2
		sleep 0.2
	done
	kill $guest 2> /dev/null
	wait $guest
done
ask() { timeout 60 redis-cli -p "$port" "$@" 2>&1 < /dev/null; }
is "PING" "$(ask PING)" PONG
is "SET" "$(ask SET key 'a value')" OK
is "GET" "$(ask GET key)" 'a value'
has "INFO" "$(ask INFO server)" '^redis_version:7'
is "a list" "$(ask RPUSH l a b c; ask LRANGE l 0 -1 | tr '\n' ' ')" "3
a b c "
is "an expiry" "$(ask SET gone soon PX 200; sleep 0.5; ask EXISTS gone)" "OK
0"
is "a script" "$(ask EVAL 'return redis.call("GET", "key") .. 1' 0)" 'a value1'

head -c 10485760 /dev/urandom | base64 -w0 | head -c 10485760 > "$work/big"
is "a value of 10 MiB goes in" "$(timeout 120 redis-cli -p $port -x SET big < "$work/big" 2>&1)" OK
is "its length" "$(ask STRLEN big)" 10485760
timeout 120 redis-cli -p $port GET big 2> /dev/null | head -c 10485760 | cmp -s - "$work/big"
is "and comes back" $? 0

$BUILD/gate $((port + 20000)) $port &
gate=$!
trap 'kill $guest $gate 2> /dev/null; rm -rf "$work"' EXIT
load() { # NAME ARGUMENTS…: as many requests as asked for, no error
	what=$1
	shift
	for try in 1 2 3; do
		timeout $((requests / 150 + 120)) redis-benchmark -p $((port + 20000)) --csv "$@" > "$work/bench" 2> "$work/bench.err" && break
	done
	is "$what: ends" $? 0
	is "$what: no error" "$(cat "$work/bench.err")" ""
	sed 's/^/# /' "$work/bench"
}
load "$requests requests by $clients clients" -t ping,set,get,incr,lpush,lrange_100,mset -c $clients -n $requests
load "pipelines of 16" -t set,get -c $clients -P 16 -n $requests
load "values of 4 KiB" -t set,get -c $clients -d 4096 -n $((requests / 10))
is "it lives" "$(ask PING)" PONG
is "no messages from the kernel" "$(cat "$work/err")" ""
kill $guest
wait $guest
is "SIGTERM reaches redis, which ends by itself" $? 0
done_testing
