#!/bin/bash
# The package that `make deb` makes, in a fresh Debian without compiler and sources: fits a kernel to redis, which then runs.
# TIME LIMIT: 1800
. tests/lib.sh

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root, for debootstrap and chroot"; exit 0; }
root=$(mkdir -p "$BUILD/deb-test" && cd "$BUILD/deb-test" && pwd)/root
away() {
	for mount in proc .; do
		! mountpoint -q "$root/$mount" || umount -l "$root/$mount"
	done
}
trap 'away; rm -rf "$work"' EXIT
away
rm -rf --one-file-system "$root"
base=$BUILD/fresh/base.tar
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
	awk '$1 == "deb" { sub(/\[[^]]*\]/, ""); if ($3 == "bookworm") { print $2; exit } }')
[ -n "$mirror" ] || mirror=$(cat /etc/apt/sources.list.d/*.sources 2> /dev/null |
	awk 'tolower($1) == "uris:" { u = $2 } tolower($1) == "suites:" && / bookworm( |$)/ { print u; exit }')
mkdir -p "$root" "$BUILD/fresh"
if [ -f "$base" ]; then
	tar -C "$root" -xf "$base"
else
	check "a minimal Debian is made" debootstrap --variant=minbase bookworm "$root" $mirror
	rm -rf "$root"/var/cache/apt/archives/*.deb
	tar -C "$root" -cf "$base.new" . && mv "$base.new" "$base"
fi
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
for conf in /etc/apt/apt.conf.d/*proxy*; do
	[ ! -f "$conf" ] || cp "$conf" "$root/etc/apt/apt.conf.d/"
done
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
inside() {
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$root" "$@"
}

check "make deb" make -s deb BUILD="$BUILD"
cp "$BUILD"/whittle_*.deb "$root/whittle.deb"
check "installs with what it depends on, and redis" inside sh -c \
	'apt-get -qq update && apt-get -qq -y install --no-install-recommends ./whittle.deb redis-server'
is "no compiler, no sources" "$(inside sh -c 'command -v gcc cc clang tcc make; ls -d /work /whittle 2> /dev/null')" ""
is "no debugging symbols of the C library" "$(inside sh -c 'ls -d /usr/lib/debug/.build-id 2> /dev/null')" ""
calls() { inside whittle analyze --json /bin/true | jq '.syscalls | length'; }
bounded=$(calls)
mv "$root/usr/lib/whittle/x86_64/bounds" "$root/bounds"
check "with the bounds of the C library the analysis says less ($bounded calls of true, $(calls) without)" \
	test "$bounded" -lt "$(calls)"
mv "$root/bounds" "$root/usr/lib/whittle/x86_64/bounds"
check "whittle build --fit program of redis" inside whittle build --for microvm --fit program -o /redis.img /usr/bin/redis-server -- \
	--save '' --protected-mode no --loglevel warning
port=$(free_port)
timeout 300 $WHITTLE run -p $port:6379 "$root/redis.img" > "$work/out" 2> "$work/err" &
run=$!
for i in $(seq 600); do
	redis-cli -p $port ping 2> /dev/null | grep -q PONG && break
	sleep 0.1
done
is "redis boots and keeps a value" "$(redis-cli -p $port set key value; redis-cli -p $port get key)" "OK
value"
redis-cli -p $port shutdown nosave 2> /dev/null
wait $run
is "redis ends well" $? 0
is "nothing was asked for that was cut" "$(grep 'not in this kernel' "$work/err")" ""
done_testing
