#!/bin/sh
# What the processor is told while a program runs, as QEMU's monitor sees it: no page is writable and executable, the kernel
# neither runs nor touches a program's pages (SMEP, SMAP), respects read-only ones (WP), and a program sees none of its own.
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/sleep.img" --for microvm "$(command -v busybox)" -- sh -c 'echo here; exec 3<&0; read x'
(
	for wait in $(seq 100); do
		grep -q here "$work/serial" 2> /dev/null && break
		sleep 0.1
	done
	echo "info registers"
	echo "info tlb"
	echo quit
) | timeout 60 qemu-system-x86_64 -M microvm -cpu max -m 64M -nodefaults -display none -no-reboot -serial "file:$work/serial" \
	-monitor stdio -kernel "$work/sleep.img" 2>&1 | tr -d '\r' > "$work/monitor"
bit() { # NAME REGISTER BIT
	value=$(grep -aoE "\\b$2=[0-9a-f]+" "$work/monitor" | head -1 | cut -d= -f2)
	[ $((0x${value:-0} >> $3 & 1)) = 1 ]
	point $? "$1 ($2 ${value:-unknown})"
}
has "the program runs" "$(cat "$work/serial")" '^here'
bit "read-only pages are so for the kernel" CR0 16
bit "SMEP" CR4 20
bit "SMAP" CR4 21
bit "UMIP: no descriptor tables for programs" CR4 11
bit "no-execute" EFER 11
# address: page XGPDACTUW; X is no-execute.
grep -aE '^[0-9a-f]{16}: [0-9a-f]{16} [-XGPDACTUW]{9}' "$work/monitor" > "$work/pages"
check "pages are listed, the program's and the kernel's" eval "grep -q '^0000.*U' '$work/pages' && grep -q '^ffff' '$work/pages'"
is "none is writable and executable" "$(grep -E ' -.{7}W$' "$work/pages" | head -3)" ""
is "none of the upper half is the program's" "$(grep -E '^ffff.* .{7}U.$' "$work/pages" | head -3)" ""
is "none of the lower half is the kernel's" "$(grep -E '^0000.* .{7}-.$' "$work/pages" | head -3)" ""
done_testing
