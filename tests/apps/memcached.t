#!/bin/sh
# Debian's memcached, as installed, with four threads, driven by libmemcached's clients.
. tests/apps/lib.sh

answers() { timeout 5 memcping --servers="127.0.0.1:$port"; }
counter() { printf 'stats\r\nquit\r\n' | timeout 20 busybox nc 127.0.0.1 "$port" | tr -d '\r' | sed -n "s/^STAT $1 //p"; }
seq 20000 > "$work/numbers"
head -c 500000 /dev/urandom > "$work/half"

image memcached /usr/bin/memcached -- -u nobody -t 4 -m 64
memcached() {
	serve memcached 11211 answers
	is "its threads" "$(counter threads)" 4
	cp "$work/numbers" "$work/key"
	check "a file goes in" timeout 20 memccp --servers="127.0.0.1:$port" "$work/key"
	timeout 20 memccat --servers="127.0.0.1:$port" key 2> "$work/err2" | head -c "$(stat -c %s "$work/numbers")" | cmp - "$work/numbers" > "$work/cmp" 2>&1
	is "and comes back" $? 0
	cp "$work/half" "$work/other"
	check "a binary one, too" timeout 20 memccp --servers="127.0.0.1:$port" --binary "$work/other"
	timeout 20 memccat --servers="127.0.0.1:$port" --binary other 2> "$work/err2" | head -c 500000 | cmp - "$work/half" > "$work/cmp" 2>&1
	is "and back" $? 0
	check "it is removed" timeout 20 memcrm --servers="127.0.0.1:$port" key
	is "and gone" "$(timeout 20 memccat --servers="127.0.0.1:$port" key 2> "$work/err2"; echo $?)" 1
	timeout 100 memccapable -h 127.0.0.1 -p "$port" > "$work/capable" 2>&1
	has "the protocol's conformance test" "$(cat "$work/capable")" '^All tests passed'
	before=$(counter cmd_set)
	gate "$port"
	check "16 clients store 400 values each" timeout 100 memcslap --servers="127.0.0.1:$gate" --concurrency=16 --execute-number=400 --test=set
	is "all of them were" "$(($(counter cmd_set) - before))" 6400
	check "they fetch them" timeout 100 memcslap --servers="127.0.0.1:$gate" --concurrency=16 --execute-number=400 --test=get
	stop 0
}
on_machines memcached
done_testing
