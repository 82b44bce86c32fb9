#!/bin/sh
# QEMU's machine type q35: a PC with firmware, ACPI tables, PCI.
. tests/lib.sh

guest=$BUILD/guest
q35() { # IMAGE [ARGUMENTS OF QEMU…]
	image=$1
	shift
	timeout 60 qemu-system-x86_64 -M q35 -cpu max -m 128M -nodefaults -display none -no-reboot -serial stdio -monitor none \
		-d cpu_reset -D "$work/reset" -kernel "$image" "$@" 2>&1 < /dev/null | tr -d '\r'
}

check "an image is built" $WHITTLE build -o "$work/static.img" "$guest/hello-static"
for try in 1 2 3; do # the firmware's timer ticks meanwhile
	is "hello, time $try" "$(q35 "$work/static.img")" "hello
whittle: exit status 0"
done
is "it is powered off by ACPI, not by a fault" "$(grep -c '^Triple fault' "$work/reset")" 0
done_testing
