#!/bin/sh
# Files longer than the memory, on a disk, read and mapped by a program that holds most of the memory: what is given back
# comes back as it was.
# TIME LIMIT: 400
. tests/lib.sh

root=$work/root
mkdir -p "$root/bin" "$root/data"
cp $BUILD/guest/pressure "$root/bin/"
seq 6000000 | head -c 40000000 > "$root/data/numbers"
gzip -1 < "$root/data/numbers" | head -c 9000001 > "$root/data/noise"
check "a kernel is linked" $WHITTLE kernel -o "$work/kernel" --for virtio-mmio
"$root/bin/pressure" 1 "$root/data/numbers" "$root/data/noise" | sed "s|$root||" > "$work/host"

pressure() { # MEMORY PROCESSORS HOLD
	timeout 120 $WHITTLE run -m "$1" -c "$2" --disk "$work/disk:ro" --append 'root=/dev/vda' "$work/kernel" -- \
		/bin/pressure "$3" /data/numbers /data/noise > "$work/guest" 2> "$work/err" < /dev/null
	is "$options: in $1, holding $3 MiB, $2 processors" "$?: $(cat "$work/guest" "$work/err")" "0: $(cat "$work/host")"
}
for options in "" "-zlz4"; do
	check "mkfs.erofs $options" mkfs.erofs -T0 --all-root $options "$work/disk" "$root"
	truncate -s %4096 "$work/disk"
	pressure 24M 1 8
	pressure 40M 4 24
done
timeout 100 $WHITTLE run -m 40M --disk "$work/disk:ro" --append 'root=/dev/vda' "$work/kernel" -- /bin/pressure 39 /data/noise \
	> "$work/guest" 2> "$work/err" < /dev/null
is "who needs more than there is ends" $? 137
has "and is told" "$(cat "$work/err")" '^out of memory: pressure holds [0-9]+ KiB of the machine.s 3[89] MiB and needs more'
done_testing
