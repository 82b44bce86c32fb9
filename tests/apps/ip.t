#!/bin/sh
# Debian's iproute2, as installed: interfaces, addresses, routes by netlink, sockets from /proc.
. tests/apps/lib.sh

image ip /usr/sbin/ip
image ss /usr/bin/ss
ip_() {
	text=$(guest ip addr < /dev/null)
	has "ip addr: the loopback" "$text" '^1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 '
	has "ip addr: the card" "$text" '^2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 '
	has "ip addr: its Ethernet address" "$text" '^ +link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff'
	has "ip addr: of IPv4" "$text" '^ +inet 10\.0\.2\.15/24 .*scope global .*eth0'
	has "ip addr: of IPv6, its own" "$text" '^ +inet6 fe80::.*/64 scope link'
	text=$(guest ip route < /dev/null)
	has "ip route: the default" "$text" '^default via 10\.0\.2\.2 dev eth0'
	has "ip route: the network" "$text" '^10\.0\.2\.0/24 dev eth0 .*scope link .*src 10\.0\.2\.15'
	has "ss" "$(guest ss -tan < /dev/null)" '^State +Recv-Q +Send-Q'
}
on_machines ip_
done_testing
