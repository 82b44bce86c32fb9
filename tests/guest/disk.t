#!/bin/sh
# Disks: the root as an EROFS image on a virtio disk, on microvm and q35, in each way that mkfs.erofs lays data out.
# TIME LIMIT: 300
. tests/lib.sh

guest=$BUILD/guest
root=$work/root
mkdir -p "$root/bin" "$root/lib/x86_64-linux-gnu" "$root/lib64" "$root/data"
cp "$guest/hello-glibc" "$guest/filter" "$root/bin/"
cp /lib64/ld-linux-x86-64.so.2 "$root/lib64/"
cp "$(command -v busybox)" "$root/bin/"
cp $(ldd "$root/bin/busybox" | awk '$2 == "=>" { print $3 }') "$root/lib/x86_64-linux-gnu/"
cp -r "$guest/data/." "$root/data/"
truncate -s 300000 "$root/data/sparse" && echo end >> "$root/data/sparse"
files="/data/large /data/sparse /data/empty /data/hard2 /data/script /data/link /data/many/number-1 /data/many/number-500 /bin/busybox
	/bin/filter /data/large"
sums=$(for f in $files; do sha256sum "$root/$f" | cut -d' ' -f1; done)

for profile in virtio-mmio virtio-pci; do
	check "a kernel without a root is built for $profile" $WHITTLE kernel -o "$work/$profile" --for $profile
done
run() { # PROFILE DISK ARGUMENTS…
	profile=$1 disk=$2
	shift 2
	timeout 100 $WHITTLE run -m 64M --disk "$disk:ro" --append root=/dev/vda "$work/$profile" -- "$@" 2>&1 < /dev/null
}
for options in "" "-E noinline_data" "--chunksize=4096" "-zlz4" "-zlz4hc -C65536"; do
	check "mkfs.erofs $options" mkfs.erofs -T0 --all-root $options "$work/disk" "$root"
	truncate -s %4096 "$work/disk"
	for profile in virtio-mmio virtio-pci; do
		is "$profile, $options: a dynamic program from a disk" "$(run $profile "$work/disk" /bin/hello-glibc)" hello
		is "$profile, $options: contents of files" \
			"$(run $profile "$work/disk" /bin/busybox sha256sum $files | cut -d' ' -f1)" "$sums"
		is "$profile, $options: names in a directory" "$(run $profile "$work/disk" /bin/busybox ls /data/many | wc -l)" 500
	done
done
has "a disk that is not there" "$(timeout 60 $WHITTLE run --append root=/dev/vdb --disk "$work/disk" "$work/virtio-pci" -- /bin/x 2>&1)" \
	'root image /dev/vdb cannot be used: there is no such disk'
head -c 8192 "$work/disk" > "$work/short"
has "half a disk" "$(run virtio-mmio "$work/short" /bin/x)" 'it is longer than its disk'
head -c 100000 /dev/zero > "$work/zero" && truncate -s %512 "$work/zero"
has "a disk of zeroes" "$(run virtio-mmio "$work/zero" /bin/x)" 'it is not an EROFS image'
has "a kernel without disks says so" "$($WHITTLE kernel -o "$work/base" --for base > /dev/null 2>&1
	timeout 60 $WHITTLE run --append root=/dev/vda "$work/base" -- /bin/x 2>&1)" 'disks are not in this kernel'
has "whittle run says that, too" "$(timeout 60 $WHITTLE run --disk "$work/disk" "$work/base" -- /bin/x 2>&1)" 'has no driver for a disk'
done_testing
