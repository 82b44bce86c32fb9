#!/bin/sh
# A static HTTP server in Go, built with Debian's compiler: goroutines, preemption, collections; driven by curl and wrk.
# TIME LIMIT: 600
. tests/apps/lib.sh

mkdir "$work/data"
head -c 1000000 /dev/urandom > "$work/data/body"
check "the server compiles" env CGO_ENABLED=0 GO111MODULE=off GOFLAGS=-trimpath GOCACHE="$work/cache" HOME="$work" \
	/usr/bin/go build -o "$work/goserver" tests/apps/programs/serve.go
here=$("$work/goserver" work 2>&1; echo "status $?")
image go "$work/goserver"

ready() { [ "$(curl -s -m 5 "http://127.0.0.1:$port/count")" = 0 ]; }
many() { # 24 at once
	local n pids=
	for n in $(seq 24); do
		curl -s -m 100 --data-binary "@$work/data/body" "http://127.0.0.1:$gate/" > "$work/post.$n" &
		pids="$pids $!"
	done
	wait $pids
	for n in $(seq 24); do echo "$(cat "$work/post.$n")  -"; done | sort -u
}
go() {
	same "its runtime" "$here" go work
	has "a process of its own is refused in words" "$(guest go fork)" '^fork/exec /bin/true: function not implemented$'
	serve go 80 ready
	gate "$port"
	is "24 requests of 1 MB at once" "$(many)" "$(sha256sum < "$work/data/body")"
	is "all are counted" "$(curl -s -m 20 "http://127.0.0.1:$port/count")" 24
	load=$(wrk -t 1 -c 16 -d 2 --timeout 20 "http://127.0.0.1:$gate/" 2>&1)
	printf '%s\n' "$load" | sed 's/^/# /'
	is "no request of wrk fails" "$(printf '%s\n' "$load" | grep -E 'Non-2xx|Socket errors')" ""
	stop 0
	has "SIGTERM reached it" "$(cat "$work/log")" '^served [0-9]+$'
}
on_machines go
done_testing
