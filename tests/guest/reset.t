#!/bin/bash
# panic=-1 starts a machine anew after a fault of its kernel: by ACPI's reset register, by a PC's old ones, and where there is
# neither by a triple fault. Without the parameter the machine goes off.
. tests/lib.sh

run() { # IMAGE MACHINE PARAMETERS: start it, let an NMI end the kernel twice; the program's lines in $lines, QEMU's status in $status
	rm -f "$work/serial" "$work/log"
	(
		for i in 1 2; do
			for wait in $(seq 200); do
				[ "$(grep -ac '^at code' "$work/serial" 2> /dev/null)" != $i ] || break
				sleep 0.05
			done
			echo nmi
		done
		sleep 2
		echo quit
	) | timeout 60 qemu-system-x86_64 -M "$2" -cpu max -m 128M -nodefaults -display none -serial "file:$work/serial" \
		-d cpu_reset -D "$work/log" -monitor stdio -kernel "$1" -append "$3" > "$work/monitor" 2>&1
	lines=$(grep -ac '^at code' "$work/serial")
}
check "an image is built" $WHITTLE build -o "$work/all.img" "$BUILD/guest/addresses"
check "one without ACPI's way is built" $WHITTLE build -o "$work/old.img" --without poweroff:acpi_reset "$BUILD/guest/addresses"
check "one for microvm is built" $WHITTLE build -o "$work/microvm.img" --for microvm "$BUILD/guest/addresses"
for way in "all q35" "old q35" "microvm microvm"; do
	set -- $way
	run "$work/$1.img" $2 panic=-1
	check "$1 on $2: the program starts anew after each fault ($lines times)" [ "$lines" -ge 2 ]
	has "$1 on $2: it was a fault" "$(cat "$work/serial")" 'kernel panic'
	# SeaBIOS ends its own part of a reset so, in 32-bit mode.
	[ $1 = microvm ] || is "$1 on $2: the kernel did not have to fault for it" \
		"$(awk '/^Triple fault/ { t = 1 } t && /^RIP=/ { n++ } /IP=/ { t = 0 } END { print n + 0 }' "$work/log")" 0
done
run "$work/all.img" q35 ""
is "without panic= the machine goes off" "$lines" 1
done_testing
