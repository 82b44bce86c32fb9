#!/bin/sh
# Debian's own ping, ip and ss inside Whittle.
# TIME LIMIT: 300
. tests/lib.sh

tool() { # PROGRAM ARGUMENTS…
	program=$(command -v "$1" || echo "/usr/sbin/$1")
	shift
	timeout 60 $WHITTLE run -m 64M $whittle_args "$program" -- "$@" 2>&1
}
whittle_args=

has "ping: a router" "$(tool ping -c 2 -i 0.2 10.0.2.2)" '^2 packets transmitted, 2 received, 0% packet loss'
has "ping: a name, as nobody" "$(whittle_args='-u 65534' tool ping -c 1 localhost)" '^1 packets transmitted, 1 received'
has "ping: a large packet in fragments" "$(tool ping -c 1 -s 4000 10.0.2.2)" '^1 packets transmitted, 1 received'
has "ping: IPv6" "$(tool ping -c 1 ::1)" '^1 packets transmitted, 1 received'
has "ping: nobody answers" "$(tool ping -c 1 -W 1 10.0.2.77)" '^1 packets transmitted, 0 received'

has "traceroute: the router" "$(tool traceroute -n -m 2 10.0.2.2)" '^ 1  10.0.2.2 '
traced=$(tool tracepath -n -m 2 10.0.2.2)
has "tracepath: how much fits" "$traced" 'pmtu 1500'
has "tracepath: the router" "$traced" '^ 1: +10.0.2.2 '

is "ip addr" "$(tool ip -4 -o addr | sed 's/ *\\.*//')" "1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0"
is "ip route" "$(tool ip route | sed 's/ *$//')" "default via 10.0.2.2 dev eth0
10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15"
has "ip route get" "$(tool ip route get 1.2.3.4)" '^1.2.3.4 via 10.0.2.2 dev eth0 src 10.0.2.15'
has "ip rule" "$(tool ip rule)" '^32766:.*from all lookup main'
has "ip -s link" "$(tool ip -s link show eth0)" '^ +[1-9][0-9]+ +[1-9]'
has "ip link" "$(tool ip -o link)" 'eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 .* state UP .*link/ether 52:54'
has "ip: what is not there" "$(tool ip link show eth7)" 'does not exist'
has "ip: a second address is refused" "$(tool ip addr add 10.0.2.99/24 dev eth0)" 'Operation not supported'
has "ip: nobody may change nothing" "$(whittle_args='-u 65534' tool ip link set eth0 down)" 'Operation not permitted'

cat > "$work/batch" << 'END'
link set eth0 mtu 1400
route del default
addr del 10.0.2.15/24 dev eth0
addr add 10.0.2.20/24 dev eth0
route add default via 10.0.2.2
addr add fd00::5/64 dev eth0
addr show eth0
route show
link set eth0 down
link show eth0
link set eth0 up
link show eth0
END
$WHITTLE build -o "$work/ip.img" --for microvm --copy "$work/batch:/batch" "$(command -v ip || echo /usr/sbin/ip)" -- -b /batch > "$work/build" 2>&1
is "an image with a batch of changes" $? 0
changed=$(timeout 60 $WHITTLE run -m 64M "$work/ip.img" 2>&1)
has "ip changes: down" "$changed" 'eth0: <BROADCAST,MULTICAST> mtu 1400'
has "ip changes: up" "$changed" 'eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400'
has "ip changes: another address" "$changed" 'inet 10.0.2.20/24 brd 10.0.2.255 scope global eth0'
has "ip changes: an address of IPv6" "$changed" 'inet6 fd00::5/64 scope global'
has "ip changes: the default route" "$changed" '^default via 10.0.2.2 dev eth0'

second="--qemu-arg=-netdev --qemu-arg=user,id=second,net=10.0.3.0/24 --qemu-arg=-device --qemu-arg=virtio-net-device,netdev=second"
has "two cards: each has its address by DHCP" "$(whittle_args=$second tool ip -4 -o addr)" 'eth1 +inet 10.0.3.15/24'
has "two cards: the first has the default route" "$(whittle_args=$second tool ip route)" '^default via 10.0.2.2 dev eth0'
has "two cards: what is behind the second is reached" "$(whittle_args=$second tool ping -c 1 10.0.3.2)" ' 1 received'
has "two cards: each as ip= says" "$(whittle_args="$second --append ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0 --append ip=10.0.3.77:::255.255.255.0::eth1" \
	tool ip -4 -o addr)" 'eth1 +inet 10.0.3.77/24'

tool6=$(timeout 60 $WHITTLE run -m 64M "$(command -v ip || echo /usr/sbin/ip)" -- -6 -o addr 2>&1)
has "ip -6 addr: the card's own address" "$tool6" '^2: eth0 +inet6 fe80::5054:ff:fe12:3456/64 scope link'
has "ip -6 addr: the loopback's" "$tool6" '^1: lo +inet6 ::1/128 scope host .* valid_lft forever preferred_lft forever'
changed=$(timeout 10 $WHITTLE run -m 64M "$(command -v ip || echo /usr/sbin/ip)" -- monitor all 2>&1)
has "ip monitor: an address of an advertised prefix" "$changed" 'eth0 +inet6 fec0::5054:ff:fe12:3456/64 scope site dynamic'

# The cable of the second card is pulled, and put back, while a client asks by it.
$WHITTLE build -o "$work/echo.img" --for microvm "$BUILD/guest/net-echo" > "$work/build" 2>&1
for try in 1 2 3 4 5; do
	port=$(free_port)
	timeout 120 $WHITTLE run -m 64M --qemu-arg=-monitor --qemu-arg="unix:$work/monitor,server,nowait" --qemu-arg=-netdev \
		--qemu-arg="user,id=second,net=10.0.3.0/24,hostfwd=udp:127.0.0.1:$port-10.0.3.15:7" \
		--qemu-arg=-device --qemu-arg=virtio-net-device,netdev=second "$work/echo.img" > "$work/out" 2>&1 < /dev/null &
	guest=$!
	for wait in $(seq 100); do
		kill -0 $guest 2> /dev/null || break
		grep -q ready "$work/out" && break 2
		sleep 0.1
	done
done
trap 'kill $guest 2> /dev/null; rm -rf "$work"' EXIT
monitor() {
	perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; print $s "$ARGV[1]\n"; sleep 1' "$work/monitor" "$1"
}
asks() { # TIMES: ask until an answer comes
	perl -MIO::Socket::INET -e '
		$u = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0], Proto => "udp") or die;
		for (1 .. $ARGV[1]) {
			send $u, "question", 0;
			vec($r = "", fileno $u, 1) = 1;
			exit 0 if select($r, undef, undef, 1) && defined recv($u, $b, 100, 0) && $b eq "question";
		}
		exit 1' "$port" "$1"
}
check "two cards: an answer comes by the second" asks 30
monitor 'set_link second off'
asks 2
is "its cable is pulled: none comes" $? 1
monitor 'set_link second on'
check "it is put back: one comes again" asks 30
monitor quit
wait $guest 2> /dev/null

has "ss lists what DHCP has" "$(tool ss -uan)" '0.0.0.0:68'
is "ss of no TCP sockets" "$(tool ss -tanH)" ""
done_testing
