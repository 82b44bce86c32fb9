#!/bin/bash
# Kernels cut to a program: smaller, without what the program cannot ask for, and the program does its job on them.
. tests/lib.sh

fitted() { # NAME PROFILE PROGRAM ARGUMENTS…: an image with a fitted kernel, and the universal kernel of that profile
	check "$1: builds" $WHITTLE build --for $2 --fit program -o "$work/$1.img" "$3" -- "${@:4}"
}
bytes() { $WHITTLE size --json "$1" | jq .kernel_bytes; }
entries() { $WHITTLE size --json "$1" | jq -r ".sets.$2[]?"; }
quiet() { # NAME FILE: the kernel misses nothing
	is "$1: nothing was asked for that was cut" "$(grep 'not in this kernel' "$2")" ""
}

cat > "$work/hello.c" <<'C'
#include <stdio.h>
int main(void) { puts("hello from a kernel of one's own"); return 0; }
C
musl-gcc -static -O2 -o "$work/hello" "$work/hello.c"
for profile in base microvm; do
	$WHITTLE kernel --for $profile -o "$work/$profile.elf" > /dev/null
done

fitted hello base "$work/hello"
is "hello: runs" "$(timeout 60 $WHITTLE run "$work/hello.img" 2> "$work/err")" "hello from a kernel of one's own"
quiet hello "$work/err"
is "hello: its calls and no other" "$(entries "$work/hello.img" syscall | grep -v restart_syscall | sort | tr "\n" " ")" \
	"$($WHITTLE analyze --json "$work/hello" | jq -r '.syscalls[].name' | sort | tr '\n' ' ')"
is "hello: no file of /proc or /sys, and of devices the one it names and its console" \
	"$(entries "$work/hello.img" procfile; entries "$work/hello.img" sysfile; entries "$work/hello.img" devnode | sort)" "console
null"
is "hello: no file system that can be changed" "$(entries "$work/hello.img" filesystem | tr "\n" " ")" "erofs fixed_dev "
is "hello: no futex operation but to wait and to wake" "$(entries "$work/hello.img" futex)" ""
cat > "$work/names.c" <<'C'
#include <stdio.h>
int main(int argc, char **argv)
{
	char line[99] = "";
	FILE *f = fopen(argc > 1 ? argv[1] : "/proc/sys/kernel/ostype", "r");
	if (f && fgets(line, sizeof(line), f))
		fputs(line, stdout);
	return !*line;
}
C
musl-gcc -static -O2 -o "$work/names" "$work/names.c"
fitted names base "$work/names"
is "a program that names other files: has them" "$(timeout 60 $WHITTLE run "$work/names.img" 2> "$work/err")" Linux
is "hello: no family of sockets" "$(entries "$work/hello.img" socket_family)" ""
check "hello: at most 70 % of the universal kernel" test $(($(bytes "$work/hello.img") * 10)) -le $(($(bytes "$work/base.elf") * 7))

fitted sqlite3 base /usr/bin/sqlite3 :memory: 'create table t(a); insert into t values (6), (7); select sum(a) from t;'
is "sqlite3: runs" "$(timeout 60 $WHITTLE run "$work/sqlite3.img" 2> "$work/err")" 13
quiet sqlite3 "$work/err"

fitted redis microvm /usr/bin/redis-server --save '' --protected-mode no --loglevel warning
check "redis: smaller than the universal kernel" test "$(bytes "$work/redis.img")" -lt "$(bytes "$work/microvm.elf")"
port=$(free_port)
timeout 120 $WHITTLE run -p $port:6379 "$work/redis.img" > "$work/out" 2> "$work/err" &
run=$!
for i in $(seq 300); do
	redis-cli -p $port ping 2> /dev/null | grep -q PONG && break
	sleep 0.1
done
is "redis: keeps a value" "$(redis-cli -p $port set key value; redis-cli -p $port get key)" "OK
value"
has "redis: answers a benchmark" "$(redis-benchmark -p $port -n 500 -c 1 -t get,set,lpush -q 2>&1 | tr '\r' '\n')" 'GET: [0-9.]+ requests per second'
redis-cli -p $port shutdown nosave 2> /dev/null
wait $run
is "redis: ends well" $? 0
quiet redis "$work/err"

cat > "$work/any.c" <<'C'
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv) { return argc > 1 ? syscall(atoi(argv[1])) < 0 : 0; }
C
gcc -O2 -o "$work/any" "$work/any.c"
has "a program that may ask for anything: says so" "$($WHITTLE kernel --for base --fit program -o "$work/any.elf" "$work/any" 2>&1)" \
	'any may make any system call, so nothing is cut'
is "a program that may ask for anything: nothing is cut" "$(entries "$work/any.elf" syscall)" "$(entries "$work/base.elf" syscall)"
is "--fit with no program" "$($WHITTLE kernel --fit program 2>&1)" "whittle: --fit program wants to know which program"
has "--fit with another word" "$($WHITTLE kernel --fit tight /bin/true 2>&1)" '^whittle: --fit takes program or recorded, not tight$'
done_testing
