#!/bin/sh
# pvpanic: QEMU is told of a panic of the kernel, and of nothing else.
# TIME LIMIT: 200
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/image" --for hyperv --with pvpanic /usr/bin/mawk -- -W interactive 'BEGIN { print "ready" } { print "read: " $0 }'
run() { # ACTION…
	timeout 140 tests/drivers/screen.py 'wait ready' "$@" events -- qemu-system-x86_64 -M pc -accel tcg -cpu max -m 128M \
		-nodefaults -display none -vga std -serial none -no-shutdown -no-reboot -device pvpanic -kernel "$work/image" 2>&1
}
has "driver pvpanic: links: by name" "$(grep '^component	pvpanic' "$work/image.map")" pvpanic
has "driver pvpanic: data: a panic is told" "$(run 'monitor nmi' 'event GUEST_PANICKED')" '^event GUEST_PANICKED'
is "driver pvpanic: data: an end without one is not" "$(run 'keys ctrl-alt-delete' 'event STOP' | grep -c 'GUEST_PANICKED')" 0
check "one for the device on PCI is built" $WHITTLE build -o "$work/image" --for hyperv --with pvpanic-pci /usr/bin/mawk -- -W interactive 'BEGIN { print "ready" } { print "read: " $0 }'
has "driver pvpanic-pci: data: a panic is told" "$(timeout 140 tests/drivers/screen.py 'wait ready' 'monitor nmi' 'event GUEST_PANICKED' events -- \
	qemu-system-x86_64 -M q35 -accel tcg -cpu max -m 128M -nodefaults -display none -vga std -serial none -no-shutdown -no-reboot \
	-device pvpanic-pci -kernel "$work/image" 2>&1)" '^event GUEST_PANICKED'
check "one without is built" $WHITTLE build -o "$work/image" --for hyperv /usr/bin/mawk -- -W interactive 'BEGIN { print "ready" } { print "read: " $0 }'
is "and tells nothing" "$(run 'monitor nmi' 'event STOP' | grep -c 'GUEST_PANICKED')" 0
done_testing
