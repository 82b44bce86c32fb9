#!/bin/sh
# The generation of a machine: two copies restored from one saved machine draw different random numbers.
# TIME LIMIT: 240
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/image" --for libvirt /usr/bin/perl -- -e '$| = 1; open F, "</dev/urandom"; sysread F, $x, 8;
	print "ready\n"; <STDIN>; sysread F, $x, 16; print "drawn ", unpack("H*", $x), "\n"'
restore() { timeout 110 tests/drivers/restore.py "$1" qemu-system-x86_64 -M q35 -accel tcg -cpu max -m 128M -nodefaults -display none \
	-no-reboot -kernel "$work/image" 2>&1; }
restore auto > "$work/drawn"
is "driver vmgenid: data: both copies draw" "$(grep -cE '^drawn [0-9a-f]{32}$' "$work/drawn")" 2
is "driver vmgenid: data: and not the same" "$(sort -u "$work/drawn" | wc -l)" 2
# Without a new number they would be the same, as they are here.
restore 324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87 > "$work/same"
is "driver vmgenid: data: a host that gives both the same number gets the same" "$(grep -c '^drawn' "$work/same") $(sort -u "$work/same" | wc -l)" "2 1"
done_testing
