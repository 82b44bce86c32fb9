#!/bin/sh
# Debian's openjdk-17, as installed: threads, a collector under pressure, and com.sun.net.httpserver driven by curl.
# TIME LIMIT: 900
. tests/apps/lib.sh

home=$(ls -d /usr/lib/jvm/java-17-openjdk-* | head -1)
programs=tests/apps/programs
mkdir "$work/classes" "$work/data"
check "the classes compile" "$home/bin/javac" -d "$work/classes" $programs/Work.java $programs/Serve.java
head -c 1000000 /dev/urandom > "$work/data/body"
here=$("$home/bin/java" -Xmx64m -cp "$work/classes" Work 2>&1; echo "status $?")
MEMORY=512M
image java --copy "$home/lib:$home/lib" --copy "$home/conf:$home/conf" --copy /etc/java-17-openjdk:/etc/java-17-openjdk \
	--copy "$work/classes:/classes" "$home/bin/java"

ready() { [ "$(curl -s -m 20 "http://127.0.0.1:$port/count")" = 0 ]; }
many() { # 16 at once
	local n pids=
	for n in $(seq 16); do
		curl -s -m 100 --data-binary "@$work/data/body" "http://127.0.0.1:$gate/" > "$work/post.$n" &
		pids="$pids $!"
	done
	wait $pids
	for n in $(seq 16); do echo "$(cat "$work/post.$n")  -"; done | sort -u
}
java() {
	collector=$([ "$cpus" = 1 ] && echo Serial || echo "${COLLECTOR:-G1}")
	same "Work, $collector" "$here" java "-XX:+Use${collector}GC" -XX:+ErrorFileToStdout -Xmx64m -cp /classes Work
	serve java 80 ready -cp /classes Serve
	gate "$port"
	check "the gate stands" wait_for curl -s -m 5 -o /dev/null "http://127.0.0.1:$gate/count"
	is "16 requests of 1 MB at once" "$(many)" "$(sha256sum < "$work/data/body")"
	is "all are counted" "$(curl -s -m 20 "http://127.0.0.1:$port/count")" 16
	stop 143
	has "SIGTERM ran its shutdown hook" "$(cat "$work/log")" '^served 16$'
}
on_machines java
done_testing
