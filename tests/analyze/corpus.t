#!/bin/bash
# Debian's programs at their main job: what strace sees must be a subset of what the analyzer found, and that must be few.
# TIME LIMIT: 900
. tests/lib.sh
cd_back=$PWD
tool=$PWD/$WHITTLE
mkdir "$work/dir"
total=0 bounded=0 hits=0 found_all=0

# The calls of a trace of strace -f, by the names of <asm/unistd.h>.
calls_of() {
	sed -n -e 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' -e 's/.*<\.\.\. \([a-z_0-9]*\) resumed.*/\1/p' "$1" |
		sed -e 's/^umount$/umount2/' -e 's/^_newselect$/select/' | sort -u
}
compare() { # NAME PROGRAM: after its job was traced into $work/NAME.trace
	local missed seen all
	seen=$(calls_of "$work/$1.trace")
	"$tool" analyze --json "$2" > "$work/$1.json" 2> "$work/error"
	[ $? -le 1 ] || { point 1 "$1: analyzed"; sed 's/^/#   /' "$work/error"; return; }
	all=$(jq -r '.syscalls[].name' "$work/$1.json" | sort -u)
	total=$((total + 1))
	found_all=$((found_all + $(echo "$all" | wc -l)))
	hits=$((hits + $(echo "$seen" | wc -l)))
	if [ "$(jq '.unbounded | length' "$work/$1.json")" = 0 ]; then
		bounded=$((bounded + 1))
		counts[$1]=$(echo "$all" | wc -l)
		missed=$(comm -23 <(echo "$seen") <(echo "$all"))
	else
		counts[$1]=362
		missed=
	fi
	is "$1: $(echo "$seen" | wc -l) calls seen, ${counts[$1]} found, none missed" "$missed" ""
	[ $(echo "$seen" | wc -l) -ge 5 ] || point 1 "$1: the trace holds its job"
}
declare -A counts
job() { # NAME PROGRAM ARGUMENTS…: run it under strace in a directory of its own
	local program
	program=$(readlink -f "$2")
	(cd "$work/dir" && strace -f -qq -o "$work/$1.trace" "${@:2}" < /dev/null > "$work/$1.out" 2>&1)
	local status=$?
	[ $status = 0 ] || { point 1 "$1: does its job"; sed 's/^/#   /' "$work/$1.out" | tail -5; return; }
	compare "$1" "$program"
}
serve() { # NAME PROGRAM QUERY ARGUMENTS…: a server; QUERY is tried until it succeeds, then the server is stopped
	local pid i
	(cd "$work/dir" && exec strace -f -qq -o "$work/$1.trace" "$2" "${@:4}" < /dev/null > "$work/$1.out" 2>&1) &
	pid=$!
	for i in $(seq 100); do
		if (eval "$3") > "$work/$1.answer" 2>&1; then
			kill "$(pgrep -P $pid | head -1)" 2> /dev/null
			wait $pid 2> /dev/null
			compare "$1" "$(readlink -f "$2")"
			return
		fi
		sleep 0.1
	done
	point 1 "$1: answers"
	sed 's/^/#   /' "$work/$1.out" | tail -5
	kill "$(pgrep -P $pid | head -1)" 2> /dev/null
}

cd "$work/dir" || exit 1
printf 'banana\napple\ncherry\n' > f
seq 20000 > numbers
mkdir -p tree/a/b && cp f tree/a/b/
job true /bin/true
job cat /bin/cat f numbers
job ls /bin/ls -laR /etc
job sort /usr/bin/sort --parallel=2 -S 64k -n -r numbers -o sorted
job grep /bin/grep -rn root /etc/passwd tree
job sed /bin/sed -i.bak -e s/a/b/g f
job gzip /bin/gzip -kf numbers
job find /usr/bin/find tree -name 'f*' -newer numbers -delete
job tar /bin/tar cf archive.tar f numbers tree
job xz /usr/bin/xz -T2 -kf numbers
job sqlite3 /usr/bin/sqlite3 base.db 'create table t(a); insert into t values(1),(2); select sum(a) from t'
job python3 /usr/bin/python3 -c 'import json, threading, os, socket, ssl, hashlib, subprocess
t = threading.Thread(target=print); t.start(); t.join()
a, b = socket.socketpair(); a.send(b"x"); b.recv(1); os.listdir("/"); print(json.dumps([1]), hashlib.sha256(b"").hexdigest())'
job lua /usr/bin/lua5.4 -e 'local f = io.open("l", "w"); f:write("x"); f:close(); print(os.time(), io.open("l"):read("a")); os.remove("l")'
job perl /usr/bin/perl -e 'open F, ">p" or die; print F map { $_ * 2 } 1 .. 3; close F; print -s "p"; unlink "p"'
job openssl /usr/bin/openssl req -x509 -newkey rsa:1024 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost
job digest /usr/bin/openssl dgst -sha256 numbers
job curl /usr/bin/curl -s "file://$work/dir/f"
job git /usr/bin/git init -q repository
job bash /bin/bash -c 'i=0; while read -r l; do i=$((i + 1)); done < f; echo $i > count; (exit 3) || true'
job busybox /bin/busybox tar cf b.tar f
job date /bin/date
job id /usr/bin/id
job df /bin/df /
job cp /bin/cp -a tree tree2
job wc /usr/bin/wc numbers
job ps /bin/ps aux
job dd /bin/dd if=numbers of=copy bs=1000
job diff /usr/bin/diff -r tree tree
job stat /usr/bin/stat f
job touch /usr/bin/touch new
job du /usr/bin/du -s /etc
job sha256sum /usr/bin/sha256sum numbers
job bzip2 /bin/bzip2 -kf numbers
job mawk /usr/bin/mawk '{ n += $1 } END { print n }' numbers
job rm /bin/rm -rf tree2
job ldconfig /sbin/ldconfig -p
job node /usr/bin/nodejs -e 'require("fs").writeFileSync("n", "x"); new (require("worker_threads").Worker)("1", { eval: true })'
job ffmpeg /usr/bin/ffmpeg -loglevel error -f lavfi -i testsrc=duration=1:size=64x64 -y clip.mkv
serve redis /usr/bin/redis-server 'redis-cli -s redis.sock set a b && redis-cli -s redis.sock get a | grep -q b' --port 0 \
	--unixsocket redis.sock --save '' --appendonly yes
serve memcached /usr/bin/memcached 'printf "set a 0 0 1\r\nb\r\nget a\r\nquit\r\n" | busybox nc -w 2 127.0.0.1 29311 | grep -q ^b' \
	-u root -l 127.0.0.1 -p 29311 -U 0
printf 'daemon off; master_process off; error_log stderr; pid nginx.pid; events {}\nhttp { access_log off; server { listen 127.0.0.1:29312; root %s; } }\n' "$work/dir" > nginx.conf
serve nginx /usr/sbin/nginx 'curl -sf http://127.0.0.1:29312/numbers | cmp - numbers' -p "$work/dir" -c nginx.conf
printf 'server.document-root = "%s"\nserver.port = 29313\nserver.bind = "127.0.0.1"\n' "$work/dir" > lighttpd.conf
serve lighttpd /usr/sbin/lighttpd 'curl -sf http://127.0.0.1:29313/numbers | cmp - numbers' -D -f lighttpd.conf
cd "$cd_back" || exit 1

mean() { # NAMES…
	local sum=0 n
	for n in "$@"; do sum=$((sum + ${counts[$n]:-362})); done
	echo $((sum * 10 / $#))
}
small=$(mean true cat ls sort grep sed gzip find tar xz)
more=$(mean true cat ls sort grep sed gzip find tar xz redis nginx sqlite3 python3)
echo "# mean of ten small tools $((small / 10)).$((small % 10)), with redis, nginx, sqlite3 and python3 $((more / 10)).$((more % 10))"
echo "# seen at most $hits of $found_all found: F1 $((200 * hits / (hits + found_all))) %"
check "at least 40 programs" test $total -ge 40
check "four of five have no site that is not bounded: $bounded of $total" test $((bounded * 5)) -ge $((total * 4))
check "the mean of ten small tools is at most 60" test "$small" -le 600
check "with redis, nginx, sqlite3 and python3 at most 78" test "$more" -le 780
done_testing
