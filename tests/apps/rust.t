#!/bin/sh
# An HTTP server in Rust, built with Debian's compiler: std's threads and locks; driven by curl and wrk.
# TIME LIMIT: 600
. tests/apps/lib.sh

mkdir "$work/data"
head -c 1000000 /dev/urandom > "$work/data/body"
check "the server compiles" /usr/bin/rustc -O -o "$work/rustserver" tests/apps/programs/serve.rs
here=$("$work/rustserver" work 2>&1; echo "status $?")
sum=$(od -An -v -tu1 -w1 "$work/data/body" | awk '{ s += $1 } END { print s }')
image rust "$work/rustserver"

ready() { [ "$(curl -s -m 5 "http://127.0.0.1:$port/count")" = 0 ]; }
many() { # 24 at once
	local n pids=
	for n in $(seq 24); do
		curl -s -m 100 --data-binary "@$work/data/body" "http://127.0.0.1:$gate/" > "$work/post.$n" &
		pids="$pids $!"
	done
	wait $pids
	for n in $(seq 24); do cat "$work/post.$n"; echo; done | sort -u
}
rust() {
	same "std" "$here" rust work
	has "a process of its own is refused in words" "$(guest rust fork)" '^Function not implemented \(os error 38\)$'
	serve rust 80 ready
	gate "$port"
	is "24 requests of 1 MB at once" "$(many)" "$sum"
	is "all are counted" "$(curl -s -m 20 "http://127.0.0.1:$port/count")" 24
	load=$(wrk -t 1 -c 16 -d 2 --timeout 20 "http://127.0.0.1:$gate/" 2>&1)
	printf '%s\n' "$load" | sed 's/^/# /'
	is "no request of wrk fails" "$(printf '%s\n' "$load" | grep -E 'Non-2xx|Socket errors')" ""
	stop 143 '/usr/bin/rustserver: Terminated'
}
on_machines rust
done_testing
