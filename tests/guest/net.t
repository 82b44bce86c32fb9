#!/bin/sh
# The network as it is seen from outside: addresses by DHCP and by ip=, name servers, TCP and UDP through a card.
# TIME LIMIT: 300
. tests/lib.sh

$WHITTLE build -o "$work/net.img" --for microvm "$BUILD/guest/net-echo" > "$work/build" 2>&1
is "an image is built" $? 0

say() { # PARAMETERS [MORE ARGUMENTS OF whittle run…]
	params=$1
	shift
	timeout 60 $WHITTLE run -m 64M --append "$params" "$@" "$work/net.img" -- say 2>&1
}
is "by DHCP" "$(say '')" "lo 127.0.0.1 255.0.0.0 up
eth0 10.0.2.15 255.255.255.0 up
nameserver 10.0.2.3"
is "by ip=" "$(say ip=10.0.2.77::10.0.2.2:255.255.0.0:host:eth0:off:9.9.9.9:8.8.4.4)" "lo 127.0.0.1 255.0.0.0 up
eth0 10.0.2.77 255.255.0.0 up
nameserver 9.9.9.9
nameserver 8.8.4.4"
is "ip=off" "$(say ip=off | grep -v nameserver)" "lo 127.0.0.1 255.0.0.0 up"
has "a legacy card" "$(say '' --qemu-arg=-global --qemu-arg=virtio-mmio.force-legacy=true)" '^eth0 10.0.2.15'
has "slots that neither the command line nor a table names" "$(say '' --qemu-arg=-machine --qemu-arg=acpi=on)" '^eth0 10.0.2.15'
has "an ip= that is none" "$(say ip=10.0.2.300)" 'parameter ip: value .* is not usable'

for try in 1 2 3 4 5; do
	port=$(free_port)
	$WHITTLE run -m 128M -p "127.0.0.1:$port:7" -p "127.0.0.1:$port:7/udp" "$work/net.img" > "$work/out" 2> "$work/err" < /dev/null &
	guest=$!
	trap 'kill $guest 2> /dev/null; rm -rf "$work"' EXIT
	for wait in $(seq 100); do
		kill -0 $guest 2> /dev/null || break
		grep -q ready "$work/out" && break 2
		sleep 0.1
	done
done
sub "through the card" timeout 120 perl tests/guest/net.pl $port
wait $guest
is "quit ends it" $? 0
is "the kernel had nothing to say" "$(grep -v '^whittle: this machine has no KVM' "$work/err")" ""
done_testing
