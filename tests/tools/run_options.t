#!/bin/bash
# whittle run: cards and disks of the machine, by --net and --disk.
. tests/lib.sh

run() { timeout 60 $WHITTLE run "$@" 2>&1 < /dev/null; }
check "an image is built" $WHITTLE build -o "$work/image" --for microvm /bin/cat -- /proc/net/dev
check "one without a card's driver" $WHITTLE build -o "$work/base" --for base "$BUILD/guest/hello-static"
has "one card unless said otherwise" "$(run "$work/image")" 'eth0:'
is "--net none: no card" "$(run --net none "$work/image" | grep -c eth0:)" 0
has "two cards: both are found" "$(run --net user,mac=52:54:00:aa:bb:01 --net user,mac=52:54:00:aa:bb:02 "$work/image")" 'eth1:'
has "with their addresses" "$(run --dry-run --net user,mac=52:54:00:aa:bb:01 --net user,mac=52:54:00:aa:bb:02 "$work/image")" \
	'netdev=net0,mac=52:54:00:aa:bb:01 .*netdev=net1,mac=52:54:00:aa:bb:02'
has "tap" "$(run --dry-run --net tap=tap7 "$work/image")" 'tap,id=net0,ifname=tap7,script=no,downscript=no'
has "bridge" "$(run --dry-run --net bridge=br0,mac=52:54:00:00:00:09 "$work/image")" 'bridge,id=net0,br=br0 .*mac=52:54:00:00:00:09'
has "a connection that is none" "$(run --net wifi "$work/image")" 'it is user, tap=IF, bridge=BR or none'
has "an address that is none" "$(run --net user,mac=01:00:00:00:00:01 "$work/image")" 'mac= and an address like'
has "a port needs a network that forwards" "$(run -p 1234:80 --net none "$work/image")" 'ports are forwarded by the first --net'
has "a kernel without a driver" "$(run --net user "$work/base")" 'has no driver for a network card'
truncate -s 1M "$work/disk"
has "a disk to read only" "$(run --dry-run --disk "$work/disk,ro" "$work/image")" 'readonly=on,file=[^ ,]*disk '
has "if=virtio" "$(run --dry-run --disk "$work/disk,if=virtio" "$work/image")" 'readonly=off,file=[^ ,]*disk .*virtio-blk-device'
has "both" "$(run --dry-run --disk "$work/disk,if=virtio,ro" "$work/image")" 'readonly=on,file=[^ ,]*disk '
check "an image for everything" $WHITTLE build -o "$work/all" "$BUILD/guest/disk_pattern" -- /dev/nvme0n1
has "if=nvme: on a machine with PCI" "$(run --dry-run --disk "$work/disk,if=nvme" "$work/all")" '-M q35 .*-device nvme,serial=disk0,drive=disk0'
has "not on one without" "$(run --dry-run --machine microvm --disk "$work/disk,if=nvme" "$work/all")" 'microvm has no PCI'
has "--net user,model=e1000" "$(run --dry-run --net user,model=e1000,mac=52:54:00:aa:bb:01 "$work/all")" '-M q35 .*-device e1000,netdev=net0,mac=52:54:00:aa:bb:01'
has "a card that the kernel has no driver for" "$(run --dry-run --net user,model=e1000e "$work/image")" 'no driver for it \(--with e1000e\)'
has "a machine without PCI" "$(run --dry-run --machine microvm --net user,model=e1000e "$work/all")" 'microvm has no PCI'
has "a card that nobody knows" "$(run --dry-run --net user,model=ne2000 "$work/all")" 'model= takes virtio, e1000, e1000e or vmxnet3'
check "an image that names its card" $WHITTLE build -o "$work/dev" /bin/cat -- /proc/net/dev
has "it is there" "$(run --net user,model=e1000e --append loglevel=7 "$work/dev")" '^eth0: e1000e '
has "nor with a kernel that has no driver" "$(run --dry-run --disk "$work/disk,if=nvme" "$work/image")" 'no driver for it \(--with nvme\)'
has "and it is there" "$(run --disk "$work/disk,if=nvme" "$work/all")" '^ok 8 - '
has "another kind is refused" "$(run --dry-run --disk "$work/disk,if=floppy" "$work/image")" 'if= takes virtio or nvme'
for profile in microvm:microvm firecracker:microvm base:microvm vmware:q35 hyperv:q35 libvirt:q35 nvme:q35; do
	check "an image for ${profile%:*}" $WHITTLE build -o "$work/for" --for "${profile%:*}" "$BUILD/guest/hello-static"
	has "is run on ${profile#*:}" "$(run --dry-run "$work/for")" "-M ${profile#*:}"
	is "and runs there" "$(run "$work/for")" hello
done
done_testing
