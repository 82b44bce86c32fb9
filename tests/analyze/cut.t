#!/bin/bash
# What was cut and is asked for all the same: the errno of a kernel that never had it, one line that says what, where and
# how to add it; or the program's end.
. tests/lib.sh

musl-gcc -static -O1 -w -o "$work/cut" tests/analyze/cut.c
check "an image of a program that writes code as it runs" $WHITTLE build --for microvm --fit program -o "$work/cut.img" "$work/cut"
ask() { # WHAT [PARAMETERS]: what the program prints, then what the kernel says, then the status
	timeout 60 $WHITTLE run -m 64M ${2:+--append "$2"} "$work/cut.img" -- "$1" > "$work/out" 2> "$work/err" < /dev/null
	echo $? > "$work/status"
}
answers() { # WHAT NUMBER LINE: asked twice
	ask "$1"
	is "$1: answered twice" "$(cat "$work/out")" "$2
$2"
	is "$1: said once" "$(grep -c 'not in this kernel' "$work/err")" 1
	has "$1: what, from where, how to add it" "$(cat "$work/err")" "^cut: $3\$"
	is "$1: the program goes on" "$(cat "$work/status")" 0
}
place='asked for at 0x[0-9a-f]+'
answers call -38 "system call 110 is not in this kernel, $place \(--with syscall:110\): ENOSYS"
answers family -97 "socket_family 0x2 \(inet\) is not in this kernel, $place \(--with socket_family:inet\): EAFNOSUPPORT"
answers ioctl -25 "ioctl 0x541b \(FIONREAD\) is not in this kernel, $place \(--with ioctl:FIONREAD\): ENOTTY"
answers prctl -22 "prctl 0x15 \(PR_GET_SECCOMP\) is not in this kernel, $place \(--with prctl:PR_GET_SECCOMP\): EINVAL"
answers fcntl -22 "fcntl 0x3 \(F_GETFL\) is not in this kernel, $place \(--with fcntl:F_GETFL\): EINVAL"

ask nothing
is "what no kernel has, and what this one has, is no omission" "$(cat "$work/err")" ""

ask ioctl whittle.cut=kill
is "whittle.cut=kill: nothing is answered, and no handler runs" "$(cat "$work/out")" ""
has "whittle.cut=kill: says why" "$(cat "$work/err")" '^cut: ioctl 0x541b .*: ends \(whittle.cut=kill\)$'
has "whittle.cut=kill: the signal" "$(cat "$work/err")" 'Bad system call'
is "whittle.cut=kill: its status is SIGSYS's" "$(cat "$work/status")" 159
ask call whittle.cut=kill
is "whittle.cut=kill: a call, too" "$(cat "$work/status")" 159

check "what was cut is added" $WHITTLE build --for microvm --fit program --with syscall:getppid --with ioctl:0x541b \
	--with prctl:PR_GET_SECCOMP -o "$work/cut.img" "$work/cut"
ask call
is "--with syscall:NAME: the call is there" "$(cat "$work/out" "$work/err")" "0
0"
ask ioctl
is "--with ioctl:NUMBER: the code is there" "$(cat "$work/err")" ""
has "a number that no entry has" "$($WHITTLE kernel --with syscall:999 2>&1)" 'there is no component syscall:999'

done_testing
