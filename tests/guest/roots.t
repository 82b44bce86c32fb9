#!/bin/sh
# A kernel alone with a root as an initrd, without the tool: good roots, read-only ones, and broken ones, each of which is
# one plain sentence and status 126.
# TIME LIMIT: 300
. tests/lib.sh

check "a kernel alone" $WHITTLE kernel --for microvm -o "$work/kernel"
tree=$work/tree
mkdir -p "$tree/bin" "$tree/lib64" "$tree/lib/x86_64-linux-gnu"
cp "$BUILD/guest/hello-static" "$tree/bin/hello"
cp "$(command -v busybox)" "$tree/bin/busybox"
for library in /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libresolv.so.2; do
	[ -e $library ] && cp $library "$tree$library"
done
make_root() { mkfs.erofs -T0 --all-root "$@" "$tree" > "$work/mkfs" 2>&1; }
check "a root" make_root "$work/root"
check "one without inline data" make_root -E noinline_data "$work/plain"

boot() { # ROOT PARAMETERS: prints what the machine said, then "status N"
	local initrd=
	[ "$1" = none ] || initrd="-initrd $1"
	timeout 60 qemu-system-x86_64 -M microvm -accel tcg -cpu max -nodefaults -no-user-config -display none -no-reboot -m 64M \
		-serial stdio -device isa-debugcon,iobase=0x5e9,chardev=status -chardev "file,id=status,path=$work/status" \
		-kernel "$work/kernel" $initrd -append "$2" < /dev/null 2>&1 | tr -d '\r'
	echo "status $(od -An -tu1 "$work/status" | tr -d ' ')"
}
hello=$("$tree/bin/hello")
wanted="$hello
status $("$tree/bin/hello" > /dev/null; echo $?)"

is "runs from an initrd" "$(boot "$work/root" '-- /bin/hello')" "$wanted"
is "without inline data" "$(boot "$work/plain" '-- /bin/hello')" "$wanted"
is "read-only, without mount points" "$(boot "$work/plain" 'ro -- /bin/hello')" "$wanted"
is "a read-only root takes no file, /tmp does" "$(boot "$work/plain" 'ro -- /bin/busybox touch /x /tmp/x /run/x /dev/shm/x')" \
	"touch: /x: Read-only file system
status 1"
is "a root that can be written" "$(boot "$work/plain" '-- /bin/busybox touch /x /bin/y /tmp/x')" "status 0"

said=$(boot "$work/plain" '-- /bin/busybox dd if=/dev/zero of=/tmp/big bs=64k')
has "files cannot take all memory" "$said" "No space left on device"
has "and the program lives to say so" "$said" "^status 1$"

broken() { # NAME ROOT SENTENCE
	is "$1" "$(boot "$2" '-- /bin/hello')" "$3
status 126"
}
head -c 3000 "$work/root" > "$work/bad"
broken "shorter than a block" "$work/bad" "the root image cannot be used: it is truncated"
head -c 8192 "$work/root" > "$work/bad"
broken "truncated" "$work/bad" "the root image cannot be used: it is truncated"
cp "$work/root" "$work/bad"
printf '\377' | dd of="$work/bad" bs=1 seek=1100 conv=notrunc 2> "$work/dd"
broken "one byte of the super block" "$work/bad" "the root image cannot be used: the checksum of its super block is wrong"
head -c 100000 /dev/zero | tr '\0' 'x' > "$work/bad"
broken "something else" "$work/bad" "the initrd is neither a boot area nor an EROFS image"
if make_root -zlz4 "$work/bad"; then
	has "a compressed one" "$(boot "$work/bad" '-- /bin/hello')" '^hello'
fi
is "no root at all" "$(boot none '-- /bin/hello')" "/bin/hello: not in the root file system
status 127"
done_testing
