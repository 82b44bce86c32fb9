#!/bin/sh
# Debian's redis-server, as installed, driven by redis-cli and redis-benchmark. $CLIENTS and $REQUESTS change the load.
# TIME LIMIT: 600
. tests/apps/lib.sh

clients=${CLIENTS:-10} requests=${REQUESTS:-5000}
ask() { timeout 60 redis-cli -p "$port" "$@" 2>&1 < /dev/null; }
pong() { [ "$(timeout 5 redis-cli -p "$port" PING)" = PONG ]; }
load() { # NAME ARGUMENTS…: as many requests as asked for, no error
	local what="$1"
	shift
	timeout $((requests / 150 + 120)) redis-benchmark -p "$gate" --csv "$@" > "$work/bench" 2> "$work/bench.err"
	is "$what: ends" $? 0
	is "$what: no error" "$(cat "$work/bench.err")" ""
	sed 's/^/# /' "$work/bench"
}

# A log of commands and what it makes, by the server of this machine.
mkdir "$work/data"
redis-server --port 0 --unixsocket "$work/socket" --dir "$work/data" --save '' --appendonly yes --enable-debug-command yes \
	> "$work/host.log" 2>&1 < /dev/null &
helpers=$!
wait_for redis-cli -s "$work/socket" PING
for i in $(seq 300); do
	echo "SET key:$i value:$((i * 7919 % 1009))
LPUSH list $i
ZADD sorted $((i * 31 % 97)) member:$i
HSET hash field:$i $i"
done | redis-cli -s "$work/socket" > "$work/reply"
digest=$(redis-cli -s "$work/socket" DEBUG DIGEST)
redis-cli -s "$work/socket" SHUTDOWN > "$work/reply" 2>&1
wait $helpers
helpers=

image redis --copy "$work/data:/aof" /usr/bin/redis-server -- --save '' --protected-mode no --enable-debug-command yes
redis() {
	serve redis 6379 pong
	is "SET" "$(ask SET key 'a value')" OK
	is "GET" "$(ask GET key)" 'a value'
	has "INFO" "$(ask INFO server)" '^redis_version:7'
	is "a list" "$(ask RPUSH l a b c; ask LRANGE l 0 -1 | tr '\n' ' ')" "3
a b c "
	is "an expiry" "$(ask SET gone soon PX 200; sleep 0.5; ask EXISTS gone)" "OK
0"
	is "a script" "$(ask EVAL 'return redis.call("GET", "key") .. 1' 0)" 'a value1'

	head -c 10485760 /dev/urandom | base64 -w0 | head -c 10485760 > "$work/big"
	is "a value of 10 MiB goes in" "$(timeout 120 redis-cli -p "$port" -x SET big < "$work/big" 2>&1)" OK
	is "its length" "$(ask STRLEN big)" 10485760
	timeout 120 redis-cli -p "$port" GET big 2> /dev/null | head -c 10485760 | cmp -s - "$work/big"
	is "and comes back" $? 0
	is "it is saved to a file, in the foreground" "$(ask SAVE)" OK

	gate "$port"
	load "$requests requests by $clients clients" -t ping,set,get,incr,lpush,lrange_100,mset -c $clients -n $requests
	load "pipelines of 16" -t set,get -c $clients -P 16 -n $requests
	load "values of 4 KiB" -t set,get -c $clients -d 4096 -n $((requests / 10))
	is "it lives" "$(ask PING)" PONG
	stop 0
}

in_state() { ask INFO persistence | tr -d '\r' | grep -qx "$1"; }
written() { in_state aof_pending_bio_fsync:0 && in_state aof_buffer_length:0; }
log_of_commands() { # appendonly, appendfsync everysec
	serve redis 6379 pong --save '' --protected-mode no --enable-debug-command yes --dir /aof --appendonly yes
	is "a log of commands that was brought along is loaded" "$(ask DEBUG DIGEST)" "$digest"
	is "its fsync is of every second" "$(ask CONFIG GET appendfsync | tail -1)" everysec
	for i in $(seq 300); do
		echo "INCRBY number $i"
		echo "APPEND text $i,"
	done | timeout 60 redis-cli -p "$port" > "$work/reply" 2>&1
	check "what comes is written and synced" wait_for written
	check "without an error" in_state aof_last_write_status:ok
	size=$(ask INFO persistence | tr -d '\r' | sed -n 's/^aof_current_size://p')
	check "the log has grown" [ "$size" -gt 15000 ]
	later=$(ask DEBUG DIGEST)
	is "the log is loaded again" "$(ask DEBUG LOADAOF)" OK
	is "and has made all that was there" "$(ask DEBUG DIGEST) $(ask GET number)" "$later 45150"
	has "to be rewritten it needs fork" "$(ask BGREWRITEAOF; sleep 1; ask INFO persistence)" 'ERR.*append only file|aof_last_bgrewrite_status:err'
	is "which leaves it as it is" "$(ask DEBUG LOADAOF; ask DEBUG DIGEST)" "OK
$later"
	is "a snapshot in the foreground is loaded, too" "$(ask DEBUG RELOAD; ask DEBUG DIGEST)" "OK
$later"
	kill $server
	wait $server
	is "SIGTERM ends it" $? 0
	server=
	is "the kernel tells of fork and of nothing else" "$(sed 's/.*: fork is/fork is/' "$work/err")" "fork is not in this kernel yet: ENOSYS"
}

on_machines redis
on_machines log_of_commands
done_testing
