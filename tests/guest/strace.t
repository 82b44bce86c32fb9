#!/bin/sh
# whittle run --strace and --missing.
# TIME LIMIT: 300
. tests/lib.sh

$WHITTLE build -o "$work/bb.img" --for microvm "$(command -v busybox)" > "$work/build" 2>&1
is "an image is built" $? 0
run() { timeout 60 $WHITTLE run -m 64M "$@" > "$work/out" 2> "$work/err" < /dev/null; }

run --strace -w /etc "$work/bb.img" -- cat passwd /none
is "the program's status" $? 1
has "its output is untouched" "$(cat "$work/out")" '^root:x:0:0:'
said() { # NAME LINE
	is "$1" "$(grep -xF -e "$2" "$work/err" | head -1)" "$2"
}
said "a path and flags" 'openat(AT_FDCWD, "passwd", O_RDONLY)    = 3'
said "an error with its text" 'openat(AT_FDCWD, "/none", O_RDONLY)     = -1 ENOENT (No such file or directory)'
said "a short call" 'close(3)                                = 0'
said "a string" "write(2, \"cat: can't open '/none': No such\"..., 51) = 51"
said "the end" 'exit_group(1)                           = ?'
has "an address" "$(cat "$work/err")" '^brk\(NULL\) +  = 0x[0-9a-f]{8,12}$'
has "a mapping" "$(cat "$work/err")" '^mmap\(NULL, [0-9]+, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x[0-9a-f]+$'
has "a file that is no text" "$(cat "$work/err")" '^read\(3, "\\177ELF\\2\\1\\1'

touch "$work/here"
run --missing -w /etc "$work/bb.img" -- cat "$work/here" /none there
is "--missing: what this machine has, and what it has not" "$(grep -v "^cat:\|KVM" "$work/err")" \
	"Sought and not found; to pack what this machine has there:
  --copy $work/here:$work/here
Sought and not found, nor on this machine:
  /none
  /etc/there"
run --missing --copy "$work/here:$work/here" --for microvm "$(command -v busybox)" -- cat "$work/here"
is "with it nothing is missing" "$(grep -v KVM "$work/err")" "The program found every path that it sought."
run "$work/bb.img" -- cat /etc/hostname
is "without either there is nothing to see" "$(cat "$work/err")" ""

: > "$work/suite.root"
$WHITTLE build -o "$work/suite.img" --for microvm --copy "$work/suite.root:/suite.root" "$BUILD/guest/suite-static" > "$work/build" 2>&1
sub "the suite of threads, traced" timeout 200 $WHITTLE run -m 256M --append whittle.strace=missing -c 2 "$work/suite.img" -- threads
run --strace -m 256M "$work/suite.img" -- signals
is "signals are delivered under strace" $? 0
has "several threads have their ids" "$(cat "$work/err")" '^\[pid +[0-9]+\] [a-z_0-9]+\('
$WHITTLE build -o "$work/without.img" --for microvm --without strace "$(command -v busybox)" > "$work/build" 2>&1
is "a kernel without strace is built" $? 0
run --strace "$work/without.img" -- true
is "and the tool says so" "$?, $(cat "$work/err")" "125, whittle: the kernel of $work/without.img cannot print system calls (--with strace)"
done_testing
