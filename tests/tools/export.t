#!/bin/bash
# whittle export: disks and CDs that start by themselves, by GRUB on BIOS and on UEFI; once with nothing but a screen.
# TIME LIMIT: 300
. tests/lib.sh

check "images for PCs are built" sh -c "for p in virtio-pci hyperv vmware vbox; do
	$WHITTLE build -o '$work/'\$p --for \$p $BUILD/guest/hello-glibc || exit 1; done"
for format in elf iso raw qcow2 vmdk vdi vhd; do
	check "$format is written" $WHITTLE export "$work/virtio-pci" $format -o "$work/out.$format"
done
starts() { # MACHINE OPTIONS…: how it ended
	timeout 100 qemu-system-x86_64 -M "$@" -accel tcg -cpu max -m 256M -nodefaults -display none -no-reboot -serial stdio -monitor none \
		< /dev/null 2>&1 | tr -d '\r' | grep -axE 'hello|whittle: exit status 0' | tr '\n' ' '
}
ended="hello whittle: exit status 0 "
efi=/usr/share/ovmf/OVMF.fd
is "elf: as it was" "$(starts q35 -kernel "$work/out.elf")" "$ended"
is "iso: BIOS, a CD of pc" "$(starts pc -cdrom "$work/out.iso")" "$ended"
is "iso: UEFI, a CD of q35" "$(starts q35 -bios $efi -cdrom "$work/out.iso")" "$ended"
is "raw: BIOS, a disk of q35" "$(starts q35 -drive file="$work/out.raw",format=raw)" "$ended"
is "qcow2: UEFI, a disk of q35" "$(starts q35 -bios $efi -drive file="$work/out.qcow2",format=qcow2)" "$ended"
is "vmdk: BIOS, a disk of pc" "$(starts pc -drive file="$work/out.vmdk",format=vmdk)" "$ended"
is "vdi: BIOS" "$(starts pc -drive file="$work/out.vdi",format=vdi)" "$ended"
is "vhd: BIOS" "$(starts pc -drive file="$work/out.vhd",format=vpc)" "$ended"
for shape in hyperv:vhd:vpc:pc vmware:vmdk:vmdk:pc vbox:vdi:vdi:q35; do
	IFS=: read -r profile format name machine <<< "$shape"
	check "$profile: its format is written" $WHITTLE export "$work/$profile" $format -o "$work/$profile.$format"
	has "$profile: started by itself, without a serial line: the screen says" "$(timeout 100 tests/drivers/screen.py 'wait exit status' -- \
		qemu-system-x86_64 -M $machine -accel tcg -cpu max -m 128M -nodefaults -display none -vga std -serial none -no-shutdown -no-reboot \
		-drive file="$work/$profile.$format,format=$name" 2>&1)" '^hello$'
done
has "an unknown format" "$($WHITTLE export "$work/hyperv" vdisk -o "$work/x" 2>&1)" 'there is no format vdisk, did you mean vdi'
check "a kernel for microvm is built" $WHITTLE build -o "$work/microvm" --for microvm "$BUILD/guest/hello-static"
has "which GRUB cannot start" "$($WHITTLE export "$work/microvm" iso -o "$work/x" 2>&1)" 'build it for a PC'
check "and nothing is left" [ ! -e "$work/x" ]
done_testing
