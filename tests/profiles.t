#!/bin/bash
# docs/profiles.md and docs/drivers.md say what there is: they are what `make tables` would write.
. tests/lib.sh

table() { grep '^| `' "$1"; }
check "the profiles' page can be made" bash -c "scripts/profile_table > '$work/profiles.md'"
# Cells of the second table; numbers may differ by a tenth.
is "docs/profiles.md names what is in which profile (make tables)" "$(diff <(table docs/profiles.md | sed 's/[0-9]\{1,\} |/x |/g') \
	<(table "$work/profiles.md" | sed 's/[0-9]\{1,\} |/x |/g') | head -20)" ""
is "and about how large it is" "$(paste -d '\n' <(table docs/profiles.md) <(table "$work/profiles.md") | awk -F ' [|] ' '
	NR % 2 { for (i = 2; i <= NF; i++) old[i] = $i; next }
	{ for (i = 2; i < NF; i++) if ($i ~ /^[0-9]+$/ && old[i] ~ /^[0-9]+$/) {
		d = $i - old[i]; d = d < 0 ? -d : d
		if (d > 64 && d * 10 > old[i]) print $1, old[i], $i } }' | head)" ""
check "a kernel is not larger than what was set out" bash -c "
	most() { [ \"\$(grep \"^| .\$1. |\" '$work/profiles.md' | head -1 | awk -F ' [|] ' '{ print \$2 }')\" -le \$2 ] || { echo \$1; exit 1; }; }
	most all 860000; most virtio-pci 700000; most vmware 750000; most virtio-mmio 600000"
check "the drivers' page can be made" bash -c "scripts/driver_table > '$work/drivers.md'"
is "docs/drivers.md names every driver (make tables)" "$(diff <(table docs/drivers.md | cut -d '|' -f 2) <(table "$work/drivers.md" |
	cut -d '|' -f 2))" ""
is "no test of a driver failed when it was made" "$(table docs/drivers.md | grep FAILED)" ""
is "every driver was linked alone" "$(table docs/drivers.md | awk -F ' [|] ' '$2 == "not tested"')" ""
done_testing
