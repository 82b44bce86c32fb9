#!/bin/sh
# What issue 4 wants reached, as far as it shows in one short run each: sizes, instructions to main, least memory, and that
# every line of the microbenchmark answers. `make bench' has the figures.
# TIME LIMIT: 600
. tests/lib.sh

check "the plugin and the programs of bench/ are built" make -s BUILD="$BUILD" bench-files
bench=$BUILD/bench
machine='qemu-system-x86_64 -M microvm,acpi=off -accel tcg -cpu max,-erms,-fsrm -nodefaults -no-user-config -display none -no-reboot
	-global virtio-mmio.force-legacy=false'
at_most() { # NAME GOT MOST
	[ "$2" -le "$3" ] 2> /dev/null
	point $? "$1: ${2:-none}, at most $3"
}

check "a kernel for microvm is linked" $WHITTLE kernel -o "$work/kernel" --for microvm
at_most "its bytes" "$(stat -c %s "$work/kernel")" 614400
check "a kernel of all is linked" $WHITTLE kernel -o "$work/kernel" --for all
at_most "its bytes" "$(stat -c %s "$work/kernel")" 716800

check "an image of hello is built" $WHITTLE build -o "$work/hello.img" --for microvm "$bench/hello"
entry=$(readelf -h "$bench/hello" | awk '/Entry point/ { print $NF }')
timeout 60 $machine -m 128M -serial stdio -plugin "file=$bench/icount.so,out=$work/count,log=$work/log,entry=$entry" \
	-kernel "$work/hello.img" > "$work/console" 2>&1 < /dev/null
at_most "instructions from reset to its main" "$(awk '/^mark-01/ { print $2; exit }' "$work/log")" 500000
for try in 1 2 3; do # the clock is measured again when a busy host came between
	timeout 60 $machine -m 128M -serial stdio -plugin "file=$bench/icount.so,log=$work/log,io=$work/io" \
		-kernel "$work/hello.img" > "$work/console" 2>&1 < /dev/null
	exits=$(awk '/^mark-01/ { for (i = 3; i <= 10; i++) n += $i; print n; exit }' "$work/log")
	[ "${exits:-1000}" -gt 150 ] || break
done
at_most "exits until then" "$exits" 150
check "an image of hello that says its time is built" $WHITTLE build -o "$work/time.img" --for microvm "$bench/hello" -- time
timeout 20 $machine -icount shift=0,sleep=off -m 128M -serial stdio -kernel "$work/time.img" 2>&1 < /dev/null > "$work/console" &
for wait in $(seq 150); do
	virtual=$(tr -d '\r' < "$work/console" | sed -n 's/^\([0-9][0-9]*\)$/\1/p')
	[ -z "$virtual" ] || break
	sleep 0.1
done
kill $! 2> /dev/null
at_most "virtual nanoseconds until then" "$virtual" 2000000

in_memory() { timeout 60 $machine -m "$1" -serial stdio -kernel "$work/hello.img" < /dev/null 2>&1 | tr -d '\r'; }
has "hello in 4 MiB" "$(in_memory 4M)" '^hello'
is "too little memory for the image itself is one sentence" "$(in_memory 2M)" \
	"the image does not fit into memory: give the machine more (-m)
whittle: exit status 126"
cat > "$work/big.c" <<'C'
#include <stdlib.h>
#define PIECE (1 << 20)
#ifdef BSS
static char all[64][PIECE];
#endif
int main(void)
{
	for (unsigned n = 0; n < 64; n++) {
#ifdef BSS
		volatile char *piece = all[n];
#else
		volatile char *piece = malloc(PIECE);
#endif
		for (unsigned i = 0; i < PIECE; i += 4096)
			piece[i] = 1;
	}
	return 0;
}
C
gcc -DBSS -static -o "$work/bss" "$work/big.c" && gcc -static -o "$work/heap" "$work/big.c"
for kind in bss:126 heap:137; do
	name=${kind%:*}
	check "an image of a program with 64 MiB of $name is built" $WHITTLE build -o "$work/big.img" --for microvm "$work/$name"
	timeout 60 $WHITTLE run -m 32M "$work/big.img" > "$work/out" 2> "$work/err" < /dev/null
	is "with 32 MiB it ends" $? ${kind#*:}
	has "and one sentence says why" "$(cat "$work/err")" 'memory'
	at_most "in as many lines" "$(wc -l < "$work/err")" 2
	timeout 60 $WHITTLE run -m 128M "$work/big.img" > "$work/out" 2> "$work/err" < /dev/null
	is "with 128 MiB it runs" $? 0
done

check "an image of redis is built" $WHITTLE build -o "$work/redis.img" --for microvm "$(command -v redis-server)" -- \
	--save '' --protected-mode no
for try in 1 2 3 4 5; do
	port=$(free_port)
	timeout 60 $WHITTLE run -m 24M -p "127.0.0.1:$port:6379" "$work/redis.img" > "$work/redis.log" 2>&1 < /dev/null &
	guest=$!
	for wait in $(seq 50); do
		kill -0 $guest 2> /dev/null || break
		answer=$(timeout 5 redis-cli -p $port SET key value 2> /dev/null)
		[ "$answer" != OK ] || break 2
		sleep 0.2
	done
	kill $guest 2> /dev/null
	wait $guest
done
is "redis in 24 MiB" "$answer" OK
kill $guest 2> /dev/null
wait $guest

check "an image of the microbenchmark is built" $WHITTLE build -o "$work/micro.img" --for microvm "$bench/microbench"
timeout 300 $WHITTLE run -m 256M "$work/micro.img" > "$work/micro" 2>&1 < /dev/null
is "the microbenchmark ends" "$(tail -1 "$work/micro" | cut -c1-15)" "microbench done"
is "every line of it answers" "$(grep -E 'refused|FAILED|not here' "$work/micro")" ""
is "and there are all of them" "$(grep -c 'mark=0x' "$work/micro")" "$(grep -c '^op ' bench/field)"
done_testing
