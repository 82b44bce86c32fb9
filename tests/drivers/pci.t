#!/bin/sh
# pci: devices on bus 0 and behind bridges, with and without a firmware that gives numbers and addresses, by messages and by pins.
# TIME LIMIT: 200
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/image" --for virtio-pci /bin/cat -- /proc/interrupts /proc/net/route
boot() { # MACHINE OPTION…
	timeout 60 qemu-system-x86_64 -accel tcg -cpu max -m 128M -nodefaults -display none -no-reboot -serial stdio -monitor none \
		-kernel "$work/image" -netdev user,id=net -M "$@" 2>&1 < /dev/null | tr -d '\r'
}
# The card has got an address, and its interrupts came.
works() { # NAME KIND OPTION…
	local name="driver pci: $1" kind=$2
	shift 2
	boot "$@" > "$work/said"
	has "$name: an address by DHCP" "$(cat "$work/said")" '^eth0	00000000	0202000A'
	has "$name: interrupts by $kind" "$(cat "$work/said")" "^ *[0-9]+: +[1-9][0-9]* +$kind +virtio0"
}
card=virtio-net-pci,netdev=net
works "binds: on q35" message q35 -device $card
works "binds: on pc, by its pin" line pc -device $card,vectors=0
works "binds: behind a root port" message q35 -device pcie-root-port,id=root,chassis=1 -device $card,bus=root
works "binds: behind a root port, by its pin" line q35 -device pcie-root-port,id=root,chassis=1 -device $card,bus=root,vectors=0
works "binds: without addresses by firmware" message pc -bios qboot.rom -device $card
works "binds: behind a bridge without a number" message pc -bios qboot.rom -device pci-bridge,id=b,chassis_nr=1,addr=5 \
	-device pci-bridge,id=c,chassis_nr=2,bus=b,addr=3 -device $card,bus=c,addr=7
works "binds: behind a root port without a number" message q35 -bios qboot.rom -device pcie-root-port,id=root,chassis=1 \
	-device $card,bus=root
done_testing
