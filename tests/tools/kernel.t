#!/bin/bash
# The kernel's own components: each profile links, holds what it says, and nothing that it should not.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

size_json() { "$whittle" size --json "$1"; }
components() { "$whittle" size --json "$1" | jq -r '.components[].name'; }

for p in $("$whittle" profiles --json | jq -r '.[].name'); do
	check "profile $p links" "$whittle" kernel -o "$p" --for "$p"
	check "$p is loaded in segments that are never writable and executable" bash -c "! readelf -lW '$p' | grep LOAD | grep -q 'RWE'"
	check "$p needs no relocation but relative ones" bash -c "readelf -dW '$p.debug' | grep -q 'RELASZ.* 0 '"
	check "$p is its segments, each once" bash -c "[ \"\$('$whittle' size --json '$p' | jq -c '[.segments[].name]')\" = '[\"text\",\"rodata\",\"relro\",\"data\",\"bss\"]' ]"
	check "$p has the PVH note" bash -c "readelf -nW '$p.debug' | grep -q Xen"
	cp "$p" alone
	check "what the kernel says of itself is what the map says" bash -c "diff <('$whittle' size --json alone | jq -r '.components[].name') \
		<(grep ^component '$p.map' | cut -f2 | grep -v '^(' | sort)"
	check "$p has no section that the script does not know" bash -c "! readelf -SW '$p.debug' | grep -qE ' \.(eh_frame|init_array|ctors|tdata|interp|plt) '"
done
check "base holds no object of virtio or the network" bash -c "! grep -E '^object	[^	]*(virtio|inet|lwip)' base.map && \
	! grep -E '^component	(virtio|inet|lwip)' base.map"
check "microvm is virtio-mmio" cmp microvm virtio-mmio
check "microvm holds no object of PCI" bash -c "! grep -E '^object	[^	]*pci' microvm.map && ! grep -E '^component	(virtio-)?pci' microvm.map"
check "microvm holds no object of ACPI" bash -c "! grep -E '^object	(drivers-)?acpi' microvm.map && ! grep -E '^component	([a-z-]+-)?acpi' microvm.map"
check "base reads no tables but the one of its processors" bash -c "! grep -E '^component	([a-z-]+-)?(acpi|ged|hpet)' base.map && grep '^component	mp-table' base.map"
check "virtio-pci reads ACPI's tables" bash -c "grep '^component	acpi' virtio-pci.map && grep '^component	acpi-power' virtio-pci.map"
check "virtio-pci holds no object of virtio over MMIO" bash -c "! grep -E '^(object|component)	[^	]*mmio' virtio-pci.map"
check "all holds everything that virtio-mmio does" bash -c "comm -23 <(grep '^component	[a-z]' virtio-mmio.map | cut -f2 | sort) \
	<(grep ^component all.map | cut -f2 | sort) | diff /dev/null -"
# But the /dev that a kernel cut to a program may have in place of the others.
check "every entry of a set is in the kernel of all" bash -c "diff <('$whittle' components --json | jq -r '.components[].entries[]' | grep -cv ':fixed_dev$') \
	<('$whittle' size --json all | jq '[.sets[] | length] | add')"
check "a kernel without a system call is a little smaller" bash -c "'$whittle' kernel -o less --for base --without syscall:epoll_wait >&2 && \
	! '$whittle' size --json less | jq -e '.sets.syscall | index(\"epoll_wait\")' && '$whittle' size --json base | jq -e '.sets.syscall | index(\"epoll_wait\")'"
check "a part that all others need cannot be left out" says 2 "vfs cannot be left out: " "$whittle" kernel -o less --for base --without vfs
check "every component says what it is, in one way" bash -c "! '$whittle' components --json |
	jq -e '.components[] | select(.about == null or .about == \"\" or (.name | test(\"^[a-z][a-z0-9-]*\\$\") | not))'"

# Either it links, or one sentence says why not.
every() { # --with|--without PROFILE WORDS
	local c bad=0
	for c in $("$whittle" components --json | jq -r '.components[].name'); do
		"$whittle" kernel --for "$2" "$1" "$c" -o every > out 2> err && continue
		[ "$(wc -l < err)" -eq 1 ] && grep -qE "$3" err && continue
		echo "$1 $c: $(cat err)"
		bad=1
	done
	return $bad
}
check "each component can be left out of microvm, or is needed by one that is named" every --without microvm 'left out: [a-z0-9-]+ needs its |needs? [a-z0-9-]+; take --for [a-z-]+$'
check "each component can be added to base, or comes along by need" every --with base 'has no entry to start from|finds no device in this kernel: add --with [a-z-]+'
check "what needs a part is named, and the profile that does without it" says 2 \
	"virtio-rng-pci need pci; take --for virtio-mmio" "$whittle" kernel -o less --for virtio-pci --without pci
check "the devices are named as QEMU names them" says 2 "virtio-blk-pci, virtio-" "$whittle" kernel -o less --for virtio-pci --without pci
check "a driver without its bus is refused, and what finds its devices is named" says 2 \
	"virtio-blk finds no device in this kernel: add --with virtio-mmio" "$whittle" kernel -o less --for base --with virtio-blk
check "with the bus it links" "$whittle" kernel -o one --for base --with virtio-blk --with virtio-pci
check "in any order" "$whittle" kernel -o two --with virtio-pci --with virtio-blk --for base
check "the order makes no difference" cmp one two
check "a part that is asked for and refused" says 2 "virtio-pci is asked for by --with and by --without" \
	"$whittle" kernel -o less --without virtio-pci --for base --with virtio-pci
printf '# mine\ninclude virtio-mmio\nwithout virtio-rng\n' > my.profile
check "a profile of one's own" "$whittle" kernel -o mine --for ./my.profile
check "it is what its file says" bash -c "! grep -E '^component	virtio-rng' mine.map && grep -E '^component	virtio-blk' mine.map"
check "kubevirt is libvirt" cmp kubevirt libvirt
check "firecracker holds nothing of PCI and ACPI" bash -c "! grep -E '^object	drivers-(pci|acpi)-' firecracker.map"
done_testing
