#!/bin/sh
# QEMU's machine type microvm, with and without ACPI, and kernels that read its tables or not; started by hand.
# TIME LIMIT: 200
. tests/lib.sh

# Without -no-reboot where ACPI is on: a kernel that does not find the way to power off would start again.
microvm() { # OPTIONS OF THE MACHINE, IMAGE [ARGUMENTS OF QEMU…]
	options=$1 image=$2
	shift 2
	timeout 60 qemu-system-x86_64 -M "microvm,$options" -cpu max -m 128M -nodefaults -display none -serial stdio -monitor none \
		-netdev user,id=n -device virtio-net-device,netdev=n -append loglevel=7 -kernel "$image" "$@" 2>&1 < /dev/null | tr -d '\r'
}
for profile in microvm all; do
	check "$profile: an image is built" $WHITTLE build -o "$work/$profile.img" --for $profile "$BUILD/guest/net-echo" -- say
	for options in acpi=off acpi=on acpi=on,ioapic2=off; do
		said=$(microvm $options "$work/$profile.img" -smp 3 $([ $options != acpi=off ] || echo -no-reboot))
		has "$profile, $options: the card is found" "$said" '^eth0 10.0.2.15'
		has "$profile, $options: three processors" "$said" '^3 processors'
		is "$profile, $options: it ends, once" "$(echo "$said" | grep 'exit status')" 'whittle: exit status 0'
	done
done
done_testing
