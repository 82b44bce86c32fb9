#!/bin/bash
# whittle run --record, --recorded, --fit recorded: what a run used is written, counts as found, and is a kernel's measure.
. tests/lib.sh

cat > "$work/some.c" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int n, fd = open("/proc/self/comm", O_RDONLY);
	char comm[16] = "";
	long arguments[4] = { 0 };

	for (int i = 0; i < 3; i++) {
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ioctl(0, FIONREAD, &n);
		prctl(PR_GET_NAME, comm);
		open("/a \"quoted\"\tname", O_RDONLY);
	}
	printf("%zd\n", read(fd, comm, sizeof(comm)));
	for (int i = 1; i < argc && i < 5; i++)
		arguments[i - 1] = atol(argv[i]);
	if (argc > 1) /* any call at all: the analysis cannot bound it */
		printf("%ld\n", syscall(arguments[0], arguments[1], arguments[2], arguments[3]));
	return 0;
}
C
gcc -O1 -w -o "$work/some" "$work/some.c"
run() { timeout 60 $WHITTLE run -m 64M "$@" > "$work/out" 2> "$work/err" < /dev/null; }

check "an image is built" $WHITTLE build --for microvm -o "$work/some.img" "$work/some"
run "$work/some.img" -- 39
is "without --record nothing is said" "$(cat "$work/out" "$work/err")" "5
1"
run --record "$work/seen.json" "$work/some.img" -- 39
is "the program does not notice" "$(cat "$work/out")" "5
1"
is "and nothing is said either" "$(cat "$work/err")" ""
of() { jq -c "$1" "$work/seen.json"; }
is "calls that it made, and none that it did not" "$(of '[.syscalls[].name | select(. == ("getpid", "socket", "ioctl", "getppid", "exit_group"))]')" \
	'["ioctl","getpid","socket","exit_group"]'
is "families and types of sockets" "$(of '.arguments.socket | [.family.values, .type.values]')" '[[1],[524289]]'
is "codes of ioctl" "$(of '.arguments.ioctl.request.values | index(21531) != null')" true
is "codes of prctl" "$(of .arguments.prctl.option.values)" '[16]'
is "paths as they are, once" "$(of '[.paths[] | select(test("quoted|comm"))]')" '["/a \"quoted\"\tname","/proc/self/comm"]'

has "analyze: what was recorded counts as found" "$($WHITTLE analyze --recorded "$work/seen.json" /bin/true)" '^ .*, socket, '
is "analyze --json says so" "$($WHITTLE analyze --json --recorded "$work/seen.json" /bin/true | jq -c '.syscalls[] | select(.name == "socket") | .from')" '"recorded"'
has "analyze: and rests on it" "$($WHITTLE analyze --recorded "$work/seen.json" /bin/true)" '^  recorded: what .*seen.json saw counts as found$'

check "a kernel of what was seen" $WHITTLE build --for microvm --fit recorded --recorded "$work/seen.json" -o "$work/fit.img" "$work/some"
has "says what it is" "$(cat "$work/check")" '^whittle: unproven: only what was seen$'
is "the manifest says it, too" "$(jq -c '[.fit, .unproven]' "$work/fit.img.json")" '["recorded","only what was seen"]'
run "$work/fit.img" -- 39
is "the program does there what it did" "$(cat "$work/out" "$work/err")" "5
1"
run "$work/fit.img" -- 110
is "what no recording saw is not there" "$(cat "$work/out")" "5
-1"
has "and is said" "$(cat "$work/err")" '^some: system call 110.* is not in this kernel, asked for at 0x[0-9a-f]+ \(.*libc.so.6\+0x[0-9a-f]+\)'
run "$work/fit.img" -- 41 2 1 0
has "a family that no recording saw" "$(cat "$work/err")" 'socket_family 0x2 \(inet\) is not in this kernel'
run --record "$work/more.json" "$work/some.img" -- 110
check "two recordings are as good as both" $WHITTLE build --for microvm --fit recorded --recorded "$work/seen.json" \
	--recorded "$work/more.json" -o "$work/fit.img" "$work/some"
run "$work/fit.img" -- 110
is "what either saw is there" "$(cat "$work/out" "$work/err")" "5
0"
bytes() { $WHITTLE size --json "$1" | jq .kernel_bytes; }
$WHITTLE kernel --for microvm -o "$work/all.elf" > /dev/null
check "at most 70 % of the universal kernel" test $(($(bytes "$work/fit.img") * 10)) -le $(($(bytes "$work/all.elf") * 7))

refused() { # NAME SENTENCE WORDS…
	local name="$1" wanted="$2"
	shift 2
	is "$name" "$("$@" 2>&1; echo $?)" "whittle: $wanted"
}
refused "--fit recorded without a recording" "--fit recorded goes by recordings: name one with --recorded FILE (\`whittle run --record FILE' writes it)
2" $WHITTLE kernel --fit recorded /bin/true
echo '[' > "$work/bad.json"
has "a recording that is no JSON" "$($WHITTLE analyze --recorded "$work/bad.json" /bin/true 2>&1)" 'bad.json is not JSON: line '
echo '{"recorded": 1, "syscalls": [7], "arguments": {}, "paths": []}' > "$work/bad.json"
has "a recording that is none" "$($WHITTLE analyze --recorded "$work/bad.json" /bin/true 2>&1)" 'bad.json is no recording: '
refused "a recording that cannot be written" "--record /nowhere/at/all: No such file or directory
125" $WHITTLE run --record /nowhere/at/all "$work/some.img"
refused "a kernel that cannot record" "the kernel of $work/fit.img cannot record (--with strace)
125" $WHITTLE run --record "$work/x" "$work/fit.img"
done_testing
