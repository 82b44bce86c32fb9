#!/bin/sh
# redis and nginx under 200 clients for $SECONDS_EACH (20; an hour in tests/long/load.t), redis on the first machine, nginx on the
# second. Every fourth client's connections are cut at random moments; the others see no error, nothing is left of those that
# were cut, and memory is what it was.
# TIME LIMIT: 600
. tests/apps/lib.sh

seconds=${SECONDS_EACH:-20}
warm=$((seconds < 40 ? seconds / 2 : 20))
whole=150 broken=50 # clients
slack=512           # KiB: what caches of objects keep
heap=16384          # KiB: what a program's allocator may hold on to

# KiB that are free, as the kernel counts them, and the program's own; the machine stands still meanwhile. What the processors
# keep at hand is free, too, and so are the four pages that describe each block of 2 MiB that is split: it stays so until all of
# it is free again.
memory() {
	{
		echo 'set $pages = free_pages'
		for cpu in $(seq 0 $((cpus - 1))); do
			echo "set \$pages = \$pages + ((struct page_stack *)((char *)&page_stack + cpu_bases[$cpu]))->count"
		done
		cat <<-'END'
		set $i = 0
		while $i < extent_count
			set $pages = $pages - (extents[$i].end - extents[$i].start) / 2097152 * 4
			set $i = $i + 1
		end
		printf "memory %lu %lu\n", ($pages + total_pages / 512 * 4) * 4, first_process->mm->anon_pages * 4
		END
	} > "$work/commands"
	timeout 60 gdb -batch -nx "$work/$1-$machine.img.debug" -ex "target remote 127.0.0.1:$debug" -x "$work/commands" \
		2> "$work/gdb.err" < /dev/null | sed -n 's/^memory //p'
}
memory_is_back() {
	after=$(memory "$1")
	[ $((${after% *} + ${after#* })) -gt $((${before% *} + ${before#* } - slack)) ]
}
run() { # NAME PORT READY: the load on that image, and what is left of it
	local name="$1"
	debug=$(free_port)
	MORE="--append nokaslr --qemu-arg -gdb --qemu-arg tcp:127.0.0.1:$debug" serve "$name" "$2" "$3"
	gate "$port" 400
	cut=$gate
	gate "$port"
	"load_$name" $warm > "$work/load"
	check "it is idle" wait_for "idle_$name"
	before=$(memory "$name")
	"load_$name" "$seconds" > "$work/load"
	sed 's/^/# /' "$work/load"
	is "those that are not cut see no error in $seconds s" "$(grep -i error "$work/load")" ""
	check "of those that were cut nothing is left" wait_for "idle_$name"
	# The last connections may be over for the program only.
	check "the kernel's memory comes back to what it was" wait_for memory_is_back "$name"
	echo "# before: ${before% *} KiB free, ${before#* } the program's; after: ${after% *} KiB free, ${after#* } the program's"
	check "the program's, too" [ "${after#* }" -lt $((${before#* } + heap)) ]
	stop 0
}

# A round of redis-benchmark ends when its time is over, or with the first of its connections that is cut.
load_redis() { # SECONDS
	local end=$(($(date +%s) + $1)) rounds=0 requests=0 i
	for i in 1 2; do
		while [ "$(date +%s)" -lt $end ]; do
			timeout 20 redis-benchmark -p "$cut" -c $((broken / 2)) -n 100000 -r 1000 -d 500 -t set,get,hset,mset
		done > "$work/broken.$i" 2>&1 &
		broken_pids="$broken_pids $!"
	done
	while [ "$(date +%s)" -lt $end ]; do
		timeout 300 redis-benchmark -p "$gate" -c $whole -n 2000 -r 1000 --csv -t get,set,incr,sadd,zadd \
			> "$work/whole" 2> "$work/whole.err" || echo "error: redis-benchmark ended with status $?"
		cat "$work/whole.err"
		rounds=$((rounds + 1)) requests=$((requests + 2000 * $(grep -vc '"test"' "$work/whole")))
	done
	echo "$requests requests by $whole clients"
	wait $broken_pids
	broken_pids=
}
ask() { timeout 20 redis-cli -p "$port" "$@" 2>&1 < /dev/null; }
ready_redis() { [ "$(ask PING)" = PONG ]; }
idle_redis() { ask INFO clients | grep -q '^connected_clients:1.$'; }

mkdir "$work/www"
echo hello > "$work/www/index.html"
head -c 300000 /dev/urandom > "$work/www/large"
cat > "$work/nginx.conf" <<'END'
error_log stderr crit;
pid /run/nginx.pid;
events { worker_connections 1024; }
http {
	access_log off;
	sendfile on;
	keepalive_requests 1000000000;
	server { listen 80; root /www; location /status { stub_status; } }
}
END
echo 'function request() return wrk.format(nil, math.random(20) == 1 and "/large" or "/") end' > "$work/mix.lua"
load_nginx() { # SECONDS
	timeout $(($1 + 60)) wrk -t 1 -c $broken -d "$1" --timeout 30 -s "$work/mix.lua" "http://127.0.0.1:$cut" > "$work/broken" 2>&1 &
	broken_pids=$!
	timeout $(($1 + 60)) wrk -t 1 -c $whole -d "$1" --timeout 30 -s "$work/mix.lua" "http://127.0.0.1:$gate" > "$work/whole" 2>&1
	grep -E 'errors|Non-2xx' "$work/whole"
	awk -v clients=$whole '/requests in/ { print $1 " requests by " clients " clients"; n = $1 } END { if (!n) print "error: none" }' "$work/whole"
	wait $broken_pids
	awk '/Socket errors/ { print "of the others:", $0 }' "$work/broken" | sed 's/Socket errors/cut/'
	broken_pids=
}
ready_nginx() { [ "$(timeout 5 curl -s "http://127.0.0.1:$port/")" = hello ]; }
idle_nginx() { timeout 5 curl -s "http://127.0.0.1:$port/status" | grep -qx 'Active connections: 1 '; }

image redis /usr/bin/redis-server -- --save '' --protected-mode no
image nginx --copy "$work/nginx.conf:/etc/nginx/nginx.conf" --copy "$work/www:/www" --copy /var/lib/nginx:/var/lib/nginx \
	/usr/sbin/nginx -- -g 'daemon off; master_process off;'
set -- $MACHINES
MACHINES=$1 on_machines run redis 6379 ready_redis
MACHINES=${2:-$1} on_machines run nginx 80 ready_nginx
done_testing
