#!/bin/sh
# scripts/build with the words of OSv's: what they ask for is what is in the kernel, it boots, and what is not there is said.
# TIME LIMIT: 300
. tests/lib.sh

last=build/last
export BUILD
build() { # WORDS…: into $said; 0 if it is built and says so as it should
	said=$(scripts/build "$@" 2>&1)
	built=$?
	said_size=$(printf '%s\n' "$said" | sed -n 's|^build/last/kernel-stripped.elf: \([0-9]*\) bytes, \([0-9]*\) exported symbols$|\1|p')
	said_symbols=$(printf '%s\n' "$said" | sed -n 's|.* bytes, \([0-9]*\) exported symbols$|\1|p')
	[ $built = 0 ] && [ "$said_size" = "$(stat -c %s $last/kernel-stripped.elf)" ]
}
boots() { # NAME
	is "$1: boots" "$(timeout 60 scripts/run 2>&1 < /dev/null)" "Hello from C code"
	is "$1: the image's kernel is the one whose size was said" "$($WHITTLE size --json $last/usr.img | jq .kernel_bytes)" "$said_size"
}
refused() { # NAME WORD PATTERN
	if out=$(scripts/build image=native-example "$2" 2>&1); then
		is "$1: refused" "$out" "$3"
	else
		has "$1" "$out" "$3"
	fi
}
object() { grep -E "^object	$1" $last/kernel-stripped.elf.map; }
exists() { $WHITTLE components --json | jq -e --arg n "$1" 'any(.components[]; .name == $n)' > /dev/null; }

standard="fs=rofs conf_hide_symbols=1 image=native-example"
for profile in '' virtio-pci vmware virtio-mmio base; do
	check "$standard ${profile:+drivers_profile=$profile}" build $standard ${profile:+drivers_profile=$profile}
	is "${profile:-all}: no symbol is exported" "$said_symbols" 0
	boots "${profile:-all}"
	eval "size_$(echo "${profile:-all}" | tr - _)=$said_size"
done
check "base is smaller than virtio-mmio, that than all" [ "$size_base" -lt "$size_virtio_mmio" -a "$size_virtio_mmio" -lt "$size_all" ]
is "base holds no virtio" "$(build $standard drivers_profile=base; object drivers-virtio)" ''

fs=
exists virtio-fs && fs=conf_drivers_virtio_fs=1
panic=
exists pvpanic && panic=conf_drivers_pvpanic=1
check "base, and drivers one by one" build $standard drivers_profile=base conf_drivers_acpi=1 $fs conf_drivers_virtio_net=1 $panic
boots "base and drivers"
for part in acpi-tables virtio-net virtio-pci pci-bus; do
	has "it holds $part" "$(object drivers-$part)" .
done
is "it holds no disk" "$(object drivers-virtio-blk)" ''

less=rng
exists virtio-scsi && less=scsi
check "one driver less" build image=native-example drivers_profile=virtio-pci conf_drivers_virtio_$less=0
check "is smaller" [ "$said_size" -lt "$size_virtio_pci" ]
is "and holds none of its objects" "$(object "[a-z-]*virtio-$less")" ''
is "virtio_scsi=0 holds no object of it" "$(build image=native-example drivers_profile=virtio-pci conf_drivers_virtio_scsi=0; object '[a-z-]*virtio-scsi')" ''

check "conf_hide_symbols=0" build $standard drivers_profile=virtio-mmio conf_hide_symbols=0
check "exports every global symbol" [ "$said_symbols" -gt 1000 ]
is "all that nm finds" "$said_symbols" "$(nm --extern-only --defined-only $last/kernel-stripped.elf.debug | wc -l)"
boots "with all symbols"
check "drivers_profile by its longer name, arch and -j" build image=native-example conf_drivers_profile=base arch=x64 mode=release -j2 fs=ramfs

for name in acpi ahci hpet hyperv ide mmio nvme pci pvpanic pvscsi scsi vga virtio virtio_blk virtio_fs virtio_net virtio_rng \
	virtio_scsi vmxnet3 xen ena; do
	check "conf_drivers_$name=0 is known" build image=native-example drivers_profile=base conf_drivers_$name=0
done
refused "conf_drivers_ena=1 is refused with the reason" conf_drivers_ena=1 "conf_drivers_ena: there is no driver for Amazon's ENA"
refused "a driver that does not exist" conf_drivers_virtio_nett=1 'no option conf_drivers_virtio_nett, did you mean conf_drivers_virtio_net'
refused "an option that does not exist" conf_hide_symbol=1 'no option conf_hide_symbol, did you mean conf_hide_symbols'
refused "a profile that does not exist" drivers_profile=aws_nitro 'there is no profile aws_nitro'
refused "an application that does not exist" image=rouge 'there is no apps/rouge.json'
refused "a processor that it is not for" arch=aarch64 'x64 is the only one'
refused "a file system that does not exist" fs=zfs 'it is rofs, ramfs or virtiofs'
refused "a value that is none" conf_drivers_pci=2 'it is 0 or 1'
refused "what others need" conf_drivers_virtio=0 'virtio'
for option in modules=x fs_size_mb=1 conf_lazy_stack=1 export=all app_local_exec_tls_size=64; do
	refused "$option is refused with the reason" $option "${option%%=*}: [a-z]"
done
for app in apps/*.json; do
	app=$(basename "$app" .json)
	check "image=$app is built" build image=$app drivers_profile=virtio-mmio
done
done_testing
