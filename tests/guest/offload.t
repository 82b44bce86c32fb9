#!/bin/sh
# A card that does checksums and cuts and joins segments (a tap interface of the host, in a network namespace of its own).
# TIME LIMIT: 300
. tests/lib.sh

if ! unshare -n true 2> /dev/null || [ ! -w /dev/net/tun ]; then
	echo "1..0 # SKIP no network namespaces or no tap interfaces here"
	exit 0
fi
$WHITTLE build -o "$work/net.img" --for all "$BUILD/guest/net-echo" > "$work/build" 2>&1
is "an image is built" $? 0

# The guest behind a tap interface, and a client on the host's side of it.
cat > "$work/run" << 'END'
machine=$1 card=$2 queues=$3 address=$4 cpus=$5
ip link set lo up
ip tuntap add dev tap0 mode tap vnet_hdr $([ "$queues" = 1 ] || echo multi_queue)
ip addr add 10.9.0.1/24 dev tap0
ip -6 addr add fd09::1/64 dev tap0 nodad
ip link set tap0 up
timeout 100 qemu-system-x86_64 $machine -smp $cpus -accel tcg -cpu max -nodefaults -no-user-config -display none -no-reboot \
	-global virtio-mmio.force-legacy=false -m 128M -serial file:"$work/console" -kernel "$work/net.img" \
	-append "ip=10.9.0.2::10.9.0.1:255.255.255.0 loglevel=7" \
	-netdev tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off,queues=$queues -device $card,netdev=n > "$work/qemu" 2>&1 &
qemu=$!
for wait in $(seq 200); do
	grep -q '^ready' "$work/console" 2> /dev/null && break
	sleep 0.1
done
perl tests/guest/tap.pl $address 16777216
status=$?
ip -s link show tap0 > "$work/tap"
kill $qemu
wait $qemu 2> /dev/null
exit $status
END
bulk() { # NAME MACHINE CARD QUEUES ADDRESS CPUS
	name=$1
	shift
	rm -f "$work/console"
	sub "$name" env work="$work" unshare -n sh "$work/run" "$@"
	grep -Eq 'panic|gives up|given up' "$work/console" && sed 's/^/# /' "$work/console"
}
packets() { awk '/RX:/ { getline; print $2 }' "$work/tap"; }

bulk "checksums and segments by the card" "-M microvm" virtio-net-device 1 10.9.0.2 1
with=$(packets)
bulk "by nobody" "-M microvm" virtio-net-device,csum=off,guest_csum=off,host_tso4=off,host_tso6=off,guest_tso4=off,guest_tso6=off,gso=off,mrg_rxbuf=off 1 10.9.0.2 1
without=$(packets)
check "the card gets a third of the frames at most ($with, not $without)" test "$with" -gt 0 -a "$((with * 3))" -le "$without"
bulk "by the card, over IPv6" "-M microvm" virtio-net-device 1 fe80::5054:ff:fe12:3456%tap0 1
check "a third of the frames there, too ($(packets))" test "$(($(packets) * 3))" -le "$without"
bulk "several queues" "-M q35" virtio-net-pci,mq=on,vectors=10 4 10.9.0.2 4
has "a pair a processor" "$(cat "$work/console")" 'virtio[0-9]: 4 pairs of queues'
bulk "several queues, in slots" "-M microvm" virtio-net-device,mq=on 2 10.9.0.2 2
has "two pairs there" "$(cat "$work/console")" 'virtio[0-9]*: 2 pairs of queues'
done_testing
