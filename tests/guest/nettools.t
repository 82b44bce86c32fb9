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

has "ss lists what DHCP has" "$(tool ss -uan)" '0.0.0.0:68'
is "ss of no TCP sockets" "$(tool ss -tanH)" ""
done_testing
