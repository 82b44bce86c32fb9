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

cards="-object rng-builtin,id=r -netdev user,id=n"
check "an image with the network is built" $WHITTLE build -o "$work/net.img" --for virtio-pci "$guest/net-echo" -- say
say() { # NAME MORE ARGUMENTS OF QEMU…
	name=$1
	shift
	has "$name" "$(q35 "$work/net.img" $cards "$@")" '^eth0 10.0.2.15'
}
say "a card by MSI-X" -device virtio-net-pci,netdev=n -device virtio-rng-pci,rng=r
say "a card by its pin" -device virtio-net-pci,netdev=n,vectors=0 -device virtio-rng-pci,rng=r,vectors=0
say "a card with too few messages" -device virtio-net-pci,netdev=n,vectors=2
say "a card behind bridges" -device pcie-root-port,id=a,chassis=1 -device x3130-upstream,id=b,bus=a \
	-device xio3130-downstream,id=c,bus=b,chassis=2 -device virtio-net-pci,netdev=n,bus=c
say "a transitional card" -device virtio-net-pci-transitional,netdev=n
say "the older machine pc" -machine pc -device virtio-net-pci,netdev=n
has "a legacy card is said" "$(q35 "$work/net.img" $cards -device virtio-net-pci,netdev=n,disable-modern=on,disable-legacy=off)" \
	'no modern interface that we can reach'
has "a device without driver is said" "$(q35 "$work/net.img" -device virtio-balloon-pci)" 'virtio device 5 has no driver'

for program in hello-glibc hello-musl; do
	check "an image of $program is built" $WHITTLE build -o "$work/$program.img" --for virtio-pci "$guest/$program"
	is "whittle run starts $program on q35 by itself" "$(timeout 60 $WHITTLE run -m 128M "$work/$program.img" 2>&1)" hello
	timeout 60 $WHITTLE run -m 128M "$work/$program.img" -- 77 > /dev/null 2>&1 < /dev/null
	is "$program: exit status" $? 77
done
has "its HPET is a clock" "$($WHITTLE run -v -m 128M --append clocksource=hpet "$work/hello-musl.img" 2>&1)" 'clock: hpet, 1000000[0-9]* Hz'
for cpus in 2 4; do
	is "hello on $cpus processors" "$(timeout 60 $WHITTLE run -c $cpus -m 128M "$work/hello-glibc.img" 2>&1)" hello
done

has "--machine says which" "$($WHITTLE run --dry-run --machine microvm "$work/static.img")" 'M microvm'
has "a machine that is none" "$($WHITTLE run --machine pc98 "$work/static.img" 2>&1)" 'it is microvm or q35'
done_testing
