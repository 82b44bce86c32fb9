# Sourced by tests/drivers/NAME.t after tests/lib.sh: what every driver of disks must do, on a disk of 16 MiB that is new each time.
# The test defines device(), which prints the -device option for the drive "disk".

disk_image() { # PROFILE
	check "an image is built for $1" $WHITTLE build -o "$work/image" --for "$1" "$BUILD/guest/disk_pattern"
}
# PROCESSORS BLKDEBUG MACHINE-OPTIONS… -- ARGUMENTS: what the program prints
disk_run() {
	local cpus="$1" errors="$2" machine=
	shift 2
	while [ "$1" != -- ]; do machine="$machine $1"; shift; done
	shift
	truncate -s 0 "$work/disk" && truncate -s 16M "$work/disk"
	timeout 100 qemu-system-x86_64 $machine -accel tcg -cpu max -m 128M -smp "$cpus" -nodefaults -display none -no-reboot \
		-serial stdio -monitor none -kernel "$work/image" -append "-- /usr/bin/disk_pattern $*" -blockdev \
		'{"driver":"blkdebug","node-name":"disk","discard":"unmap","image":{"driver":"file","filename":"'"$work/disk"'","discard":"unmap"}'"$errors"'}' \
		-device "$(device)" < /dev/null 2>&1 | tr -d '\r' > "$work/out"
	cat "$work/out"
}
disk_tests() { # DRIVER NODE MACHINE-OPTIONS…: points under the driver's name
	local driver="$1" node="$2" cpus
	shift 2
	for cpus in 1 4; do
		disk_run $cpus "" "$@" -- "/dev/$node" > /dev/null
		has "driver $driver: binds: /dev/$node, $cpus processors" "$(cat "$work/out")" '^ok 1 - BLKGETSIZE64'
		has "driver $driver: data: all of a pattern, $cpus processors" "$(cat "$work/out")" '^ok 8 - all of the disk'
		is "driver $driver: data: nothing fails, $cpus processors" "$(grep -c -e '^not ok' -e '^1\.\.8$' "$work/out")" 1
	done
	disk_run 1 ',"inject-error":[{"event":"none","iotype":"read","sector":8192,"errno":5},{"event":"none","iotype":"write","sector":8448,"errno":5}]' \
		"$@" -- "/dev/$node" 8192 > /dev/null
	has "driver $driver: errors: a sector that cannot be read" "$(cat "$work/out")" '^ok 2 - '
	has "driver $driver: errors: one that cannot be written" "$(cat "$work/out")" '^ok 5 - '
	is "driver $driver: errors: the disk is good else" "$(grep -c -e '^not ok' -e '^1\.\.6$' "$work/out")" 1
}
# A device that completes nothing within the time that it is given, though after ten seconds, so that QEMU can end.
disk_stops() { # DRIVER NODE MACHINE-OPTIONS…
	local driver="$1" node="$2"
	shift 2
	timeout 100 qemu-system-x86_64 "$@" -accel tcg -cpu max -m 128M -nodefaults -display none -no-reboot -serial stdio -monitor none \
		-kernel "$work/image" -append "whittle.disk_timeout=2 -- /usr/bin/disk_pattern /dev/$node" \
		-blockdev driver=null-co,node-name=disk,size=16777216,latency-ns=10000000000 -device "$(device)" < /dev/null 2>&1 |
		tr -d '\r' > "$work/out"
	has "driver $driver: errors: a device that does not answer is given up, by name" "$(cat "$work/out")" "^$node: .* is given up\$"
	has "driver $driver: errors: and the program is told" "$(cat "$work/out")" '^not ok 8 - '
	has "driver $driver: errors: and ends" "$(cat "$work/out")" '^whittle: exit status 1$'
}
