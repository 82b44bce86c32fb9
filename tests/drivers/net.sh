# Sourced by tests/drivers/NAME.t after tests/lib.sh: what every driver of network cards must do.

net_image() { # PROFILE
	check "images are built for $1" sh -c "$WHITTLE build -o '$work/image' --for $1 $BUILD/guest/net-echo &&
		$WHITTLE build -o '$work/ping' --for $1 /usr/bin/ping -- -c 3 -i 0.2 -s 1400 10.0.2.2"
}
net_tests() { # DRIVER DEVICE MACHINE-OPTIONS…: points under the driver's name
	local driver="$1" device="$2" cpus machine seen
	shift 2
	machine="$* -accel tcg -cpu max -m 128M -nodefaults -display none -no-reboot"
	has "driver $driver: data: ping of 1400 bytes ($device)" "$(timeout 60 qemu-system-x86_64 $machine -serial stdio -monitor none -kernel "$work/ping" \
		-netdev user,id=n,restrict=on -device "$device,netdev=n" < /dev/null 2>&1)" '3 packets transmitted, 3 received'
	for cpus in 1 4; do
		seen=$(timeout 200 tests/drivers/net.py "$device" qemu-system-x86_64 $machine -smp $cpus -kernel "$work/image" -append loglevel=7 2>&1)
		has "driver $driver: binds: $cpus processors" "$seen" '^eth0: '
		has "driver $driver: data: 6 MB by TCP, both ways at once, $cpus processors" "$seen" '^good: much$'
		has "driver $driver: data: 50 connections at once, $cpus processors" "$seen" '^good: clients$'
		has "driver $driver: errors: more frames than the rings hold, $cpus processors" "$seen" '^good: answers after a flood$'
		has "driver $driver: errors: the cable is pulled and put back, $cpus processors" "$seen" '^good: answers after the link$'
		has "driver $driver: data: and all works as before, $cpus processors" "$seen" '^good: much again$'
		has "driver $driver: data: the machine ends, $cpus processors" "$seen" '^good: ends$'
	done
}
