#!/bin/sh
# dmesg, by /dev/kmsg and by syslog(2); a program that ends the machine by reboot(2), or starts it anew.
. tests/lib.sh

check "an image of dmesg is built" $WHITTLE build -o "$work/dmesg" --for microvm "$(command -v dmesg)"
for way in "" -S; do
	out=$(timeout 30 $WHITTLE run -m 64M "$work/dmesg" -- $way 2> "$work/err" < /dev/null)
	is "dmesg $way ends" $? 0
	has "dmesg $way shows the log" "$out" '^\[ *[0-9]+\.[0-9]+\] clock: '
	is "and nothing else" "$(echo "$out" | grep -cvE '^\[ *[0-9]+\.[0-9]{6}\] [^<]')" 0
done
has "dmesg --clear" "$(timeout 30 $WHITTLE run -m 64M "$work/dmesg" -- --read-clear 2>&1 < /dev/null)" 'clock: '

cat > "$work/end.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	(void)argc;
	write(1, "here\n", 5);
	reboot((int)strtoul(argv[1], NULL, 16));
	return 7;
}
C
gcc -static -o "$work/end" "$work/end.c"
check "an image of a program that ends the machine is built" $WHITTLE build -o "$work/end.img" --for microvm "$work/end"
for command in 4321fedc cdef0123; do
	out=$(timeout 30 $WHITTLE run -m 64M "$work/end.img" -- $command 2> "$work/err" < /dev/null)
	is "reboot($command) ends it" "$? $out" "0 here"
done
check "one for a PC is built" $WHITTLE build -o "$work/end.img" "$work/end" -- 1234567
timeout 60 qemu-system-x86_64 -M q35 -cpu max -m 128M -nodefaults -display none -serial "file:$work/serial" -monitor none \
	-kernel "$work/end.img" &
qemu=$!
for wait in $(seq 300); do
	starts=$(grep -ac '^here' "$work/serial" 2> /dev/null)
	[ "${starts:-0}" -lt 3 ] || break
	sleep 0.1
done
kill $qemu
[ "${starts:-0}" -ge 3 ]
point $? "reboot(1234567) starts it anew, and again"
done_testing
