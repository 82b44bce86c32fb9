#!/bin/sh
# The xen profile as a PVH guest of a real Xen (tests/xen-lab): console, clock and timer, disks, network, being asked to end; one
# processor and four. The first domain's Linux serves its disks and network, the build host is redis' client.
# TIME LIMIT: 900
. tests/lib.sh
. tests/apps/lib.sh

check "images are built for xen" sh -c "
	$WHITTLE build -o '$work/hello.img' --for xen $BUILD/guest/hello-glibc &&
	$WHITTLE build -o '$work/rate.img' --for xen $BUILD/guest/clock_rate -- 1 &&
	$WHITTLE build -o '$work/copy.img' --for xen /bin/dd -- if=/dev/xvda of=/dev/xvdb bs=96k conv=fsync &&
	$WHITTLE build -o '$work/ask.img' --for xen /bin/dash -- -c 'read line; echo \"it read: \$line\"; exit 7' &&
	$WHITTLE build -o '$work/redis.img' --for xen /usr/bin/redis-server -- --bind 0.0.0.0 --port 5555 --protected-mode no --save ''"
cat > "$work/script" <<'END'
log() { echo /var/log/xen/console/guest-$1.log; }
begin() { # NAME IMAGE PROCESSORS PARAMETERS LINE…
	local name=$1 image=$2 cpus=$3 parameters=$4
	shift 4
	{
		echo "name='$name'"; echo 'type="pvh"'; echo "kernel='/files/$image'"; echo "vcpus=$cpus"; echo 'memory=96'
		echo 'tsc_mode="native"'; echo "cmdline='$parameters'"; echo 'on_poweroff="destroy"'; echo 'on_crash="destroy"'
		for line; do echo "$line"; done
	} > /tmp/$name.cfg
	xl create -q /tmp/$name.cfg 2>&1 | sed "s/^/$name: xl: /"
}
until_gone() { i=0; while xl list $1 > /dev/null 2>&1 && [ $((i += 1)) -lt 600 ]; do sleep 0.1; done; }
tell() { sed "s/^/$1: /" "$(log $1)"; }
run() { begin "$@"; until_gone $1; tell $1; xl destroy $1 2> /dev/null && echo "$1: it did not end"; }

run hello hello.img 1 debug
before=$(date +%s)
run rate rate.img 1 debug
echo "rate: began after $before, ended before $(($(date +%s) + 1))"
run four rate.img 4 debug
dd if=/dev/urandom of=/tmp/a bs=1M count=32 2> /dev/null
for cpus in 1 4; do
	dd if=/dev/zero of=/tmp/b bs=1M count=32 2> /dev/null
	losetup /dev/loop0 /tmp/a; losetup /dev/loop1 /tmp/b
	run copy$cpus copy.img $cpus '' "disk=['format=raw,vdev=xvda,access=r,backendtype=phy,target=/dev/loop0','format=raw,vdev=xvdb,access=w,backendtype=phy,target=/dev/loop1']"
	losetup -d /dev/loop0; losetup -d /dev/loop1
	cmp /tmp/a /tmp/b && echo "copy$cpus: both disks are the same"
done
begin ask ask.img 1 ''
tty=$(xenstore-read /local/domain/$(xl domid ask)/console/tty)
(cat "$tty" > /dev/null & echo "a line of text" > "$tty")
until_gone ask; tell ask
for cpus in 1 4; do
	begin redis$cpus redis.img $cpus 'ip=192.168.77.2::192.168.77.1:255.255.255.0' "vif=['mac=00:16:3e:11:22:33,bridge=xenbr0,script=vif-bridge']"
	echo "redis$cpus: begun"
	i=0; until ping -c 1 -W 1 192.168.77.2 > /dev/null 2>&1 || [ $((i += 1)) -gt 60 ]; do :; done
	ping -c 3 -s 1400 192.168.77.2 | sed "s/^/redis$cpus: ping: /"
	# The client on the build host sets a key when it is done.
	i=0; until printf "GET done\r\n" | nc -w 1 192.168.77.2 5555 2> /dev/null | grep -q yes || [ $((i += 1)) -gt 900 ]; do sleep 0.1; done
	xl shutdown redis$cpus > /dev/null
	until_gone redis$cpus; tell redis$cpus
done
END
port=$(free_port)
XEN_LAB_PORT=$port XEN_LAB_SECONDS=600 tests/xen-lab "$BUILD/xen-lab" "$work/script" "$work"/*.img > "$work/raw" 2>&1 &
lab=$!
cli() { timeout 60 redis-cli -p "$port" "$@"; }
head -c 3000000 /dev/urandom > "$work/value"
for cpus in 1 4; do
	i=0
	until grep -q "^redis$cpus: begun" "$work/raw" && [ "$(timeout 5 redis-cli -p "$port" ping 2> /dev/null)" = PONG ]; do
		kill -0 $lab 2> /dev/null && [ $((i += 1)) -lt 300 ] || break
		sleep 1
	done
	cli -x set value < "$work/value" > "$work/set$cpus" 2>&1
	cli --raw get value > "$work/got$cpus" 2>&1
	timeout 200 redis-benchmark -p "$port" -n 5000 -c 20 -t set,get --csv > "$work/bench$cpus" 2>&1
	cli set done yes > /dev/null 2>&1
done
wait $lab
tr -d '\r' < "$work/raw" > "$work/out"
said() { sed -n "s/^$1: //p" "$work/out"; }
has "there is Xen" "$(cat "$work/out")" '^xen-lab: there is Xen 4'
has "driver xen-console: real: a program's output" "$(said hello)" '^hello$'
has "driver xen-console: real: and how it ended" "$(said hello)" '^whittle: exit status 0$'
has "driver xen-console: real: and what the kernel said before the console was found" "$(said hello)" ' local APIC: '
is "driver xen-shutdown: real: the machine is off then" "$(said hello | grep 'did not end')" ""
for name in rate four; do
	has "driver xen-clock: real: $name: it is the clock" "$(said $name)" 'clock: xen, 1000000000 Hz$'
	has "driver xen-clock: real: $name: and the timer" "$(said $name)" 'timer: xen$'
	has "driver xen-clock: data: $name: sleeps are as long as clocks say, and none goes backwards" "$(said $name)" '^end [0-9]+ good$'
done
set -- $(said rate | sed -n 's/^start \([0-9]*\)[0-9]\{9\}$/\1/p; s/^began after \([0-9]*\), ended before \([0-9]*\)/\1 \2/p')
check "driver xen-clock: data: it knows what time it is ($*)" [ "${1:-0}" -ge "$((${2:-1} - 1))" -a "${1:-0}" -le "$((${3:-0} + 1))" ]
has "four processors run" "$(said four)" '4 processors$'
has "driver xen-console: data: a line reaches the program" "$(said ask)" '^it read: a line of text$'
has "driver xen-console: real: a status that is not 0" "$(said ask)" '^whittle: exit status 7$'
for cpus in 1 4; do
	has "driver xen-blkfront: real: $cpus: dd reads and writes 32 MiB" "$(said copy$cpus)" '^33554432 bytes '
	has "driver xen-blkfront: data: $cpus: what the first domain finds is what was on the other disk" "$(said copy$cpus)" \
		'^both disks are the same$'
	has "driver xen-netfront: real: $cpus: ping" "$(said redis$cpus)" '3 packets transmitted, 3 packets received'
	is "driver xen-netfront: data: $cpus: 3 MB there" "$(cat "$work/set$cpus")" OK
	is "driver xen-netfront: data: $cpus: and back" "$(head -c 3000000 "$work/got$cpus" | sha256sum)" "$(sha256sum < "$work/value")"
	is "driver xen-netfront: real: $cpus: 20 clients of redis, whom QEMU lets in one by one" "$(awk -F '"' '/^"[SG]ET"/ && $4 > 0' "$work/bench$cpus" | wc -l)" 2
	has "driver xen-shutdown: real: $cpus: xl shutdown ends redis" "$(said redis$cpus)" 'User requested shutdown'
	has "driver xen-shutdown: real: $cpus: and the machine" "$(said redis$cpus)" '^whittle: exit status 0$'
done
has "all of the script ran" "$(cat "$work/out")" '^xen-lab: end$'
done_testing
