#!/bin/sh
# Debian's programs that live on /proc and /sys, as installed, read ours: those that every Debian has
# (util-linux and coreutils), and others where they are installed.
# TIME LIMIT: 300
. tests/lib.sh

in_guest() { # PROGRAM [ARGS…]: what it prints and its status
	program=$(command -v "$1") && program=$(readlink -f "$program")
	shift
	if ! $WHITTLE build -o "$work/app.img" --for microvm "$program" > "$work/build" 2>&1; then
		cat "$work/build"
		return
	fi
	timeout 60 $WHITTLE run -m 128M "$work/app.img" -- "$@" 2>&1 < /dev/null
	echo "status $?"
}
installed() { command -v "$1" > /dev/null; }

text=$(in_guest findmnt -n -r)
has "findmnt: the root" "$text" '^/ root overlay rw'
has "findmnt: /proc" "$text" '^/proc proc proc rw'
text=$(in_guest lscpu)
has "lscpu: one processor" "$text" '^CPU\(s\): +1$'
has "lscpu: threads" "$text" '^Thread\(s\) per core: +1$'
has "lscpu: its flags" "$text" '^Flags: .* sse2 '
text=$(in_guest prlimit --noheadings -o RESOURCE,SOFT)
has "prlimit" "$text" '^NOFILE +1048576$'
text=$(in_guest df -P /)
has "df" "$text" '^root .* /$'
has "nproc" "$(in_guest nproc --all)" '^1$'
if installed free; then
	has "free" "$(in_guest free -k)" '^Mem: +1[0-9]{5} '
	text=$(in_guest ps -o pid,ppid,stat,nlwp,comm,args -p 1)
	has "ps" "$text" '^ +1 +0 R[s+]* +1 ps +[^ ]*ps -o pid'
	has "uptime" "$(in_guest uptime)" 'load average: 0'
	has "pmap" "$(in_guest pmap -x 1)" '[0-9]+ +r-x-- libc.so.6$'
	has "vmstat" "$(in_guest vmstat)" '^ +[1-9] +0 +0 +[0-9]+'
fi
if installed lsof; then
	has "lsof" "$(in_guest lsof -O -b -w -p 1)" '^lsof +1 root +txt +REG '
fi
done_testing
