#!/bin/sh
# The profile firecracker, handed over by the 64-bit Linux boot protocol as Firecracker does it (tests/firecracker/loader.c), on
# QEMU's microvm with no ACPI: processors by the MP table, devices by virtio_mmio.device=, RAM full of 0xcc.
# TIME LIMIT: 300
. tests/lib.sh

gcc -m32 -ffreestanding -fno-pie -fno-stack-protector -mno-sse -O2 -Wall -Wextra -Wno-array-bounds -Wno-stringop-overflow \
	-nostdlib -static -Wl,-T,tests/firecracker/loader.lds -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
	-o "$work/loader" tests/firecracker/entry.S tests/firecracker/loader.c > "$work/gcc" 2>&1
is "the loader compiles" "$(cat "$work/gcc")" ""

machine() { # IMAGE CPUS MEMORY QEMU'S-OPTIONS…: the serial line goes to stdout
	local image="$1" cpus="$2" memory="$3"
	shift 3
	timeout 120 qemu-system-x86_64 -M microvm,acpi=off,rtc=off,isa-serial=on -accel tcg -cpu max -smp "$cpus" -m "$memory" \
		-nodefaults -no-user-config -display none -no-reboot -serial stdio -monitor none \
		-kernel "$work/loader" -initrd "$image" -append "$cpus 0 console=ttyS0 reboot=k panic=1" "$@" < /dev/null | tr -d '\r'
}

# The profile's kernel has this way in, that of microvm has not.
$WHITTLE kernel -o "$work/kernel" --for firecracker > "$work/out" 2>&1
entry=$(readelf -hW "$work/kernel" | awk '/Entry point/ { print $4 }')
linux=$(nm "$work/kernel.debug" | awk '$3 == "linux_entry" { print substr($1, 9) }')
is "the ELF's entry point is the protocol's" "$((entry))" "$((0x$linux - 0x80000000))"
has "PVH's note is there, too" "$(readelf -nW "$work/kernel")" Xen
$WHITTLE kernel -o "$work/microvm" --for microvm > "$work/out" 2>&1
is "the kernel for microvm is without it" "$(nm "$work/microvm.debug" | grep -c linux_entry)" 0

$WHITTLE build -o "$work/nproc.img" --for firecracker /usr/bin/nproc > "$work/out" 2>&1
for cpus in 1 8; do
	has "nproc on $cpus processors" "$(machine "$work/nproc.img" $cpus 256)" "^$cpus\$"
done
$WHITTLE build -o "$work/busybox.img" --for firecracker /bin/busybox -- grep MemTotal /proc/meminfo > "$work/out" 2>&1
kib=$(machine "$work/busybox.img" 1 5G | awk '/MemTotal/ { print $2 }')
check "memory beyond the gap below 4 GiB is used (${kib:-no} KiB of 5 GiB)" test "${kib:-0}" -gt 5100000

$WHITTLE build -o "$work/redis.img" --for firecracker /usr/bin/redis-server -- --save '' --protected-mode no > "$work/out" 2>&1
for cpus in 1 8; do
	port=$(free_port)
	machine "$work/redis.img" $cpus 256 -netdev "user,id=n,restrict=on,hostfwd=tcp:127.0.0.1:$port-:6379" \
		-device virtio-net-device,netdev=n -global virtio-mmio.force-legacy=false > "$work/redis.out" 2>&1 &
	helpers=$!
	for try in $(seq 240); do
		[ "$(timeout 5 redis-cli -p "$port" PING 2> /dev/null)" = PONG ] && break
		kill -0 $helpers 2> /dev/null || break
		sleep 0.25
	done
	is "redis on $cpus processors: SET" "$(timeout 60 redis-cli -p "$port" SET key value)" OK
	is "redis on $cpus processors: GET" "$(timeout 60 redis-cli -p "$port" GET key)" value
	timeout 60 redis-cli -p "$port" SHUTDOWN NOSAVE > /dev/null 2>&1
	wait $helpers
	helpers=
done
done_testing
