#!/bin/sh
# Hello, however it is linked: what it writes and nothing else.
. tests/lib.sh

guest=$BUILD/guest
for kind in static pie glibc musl; do
	check "$kind: an image is built" $WHITTLE build -o "$work/$kind.img" --for microvm "$guest/hello-$kind"
	timeout 60 $WHITTLE run -m 64M "$work/$kind.img" > "$work/out" 2> "$work/err" < /dev/null
	is "$kind: exit status" $? 0
	printf 'hello\n' | cmp -s - "$work/out"
	is "$kind: hello, and not a byte more" $? 0
	is "$kind: no messages" "$(cat "$work/err")" ""
	timeout 60 $WHITTLE run -m 64M "$work/$kind.img" -- 77 > "$work/out" 2>&1 < /dev/null
	is "$kind: arguments reach it" $? 77
done
timeout 60 qemu-system-x86_64 -M microvm -m 128M -display none -no-reboot -serial stdio -monitor none \
	-kernel "$work/static.img" > "$work/out" 2>&1 < /dev/null
has "QEMU starts an image by itself" "$(cat "$work/out")" '^hello'

# Debian's musl, untouched: its loader in the image is the one on this machine.
loader=$(readlink -f /lib/ld-musl-x86_64.so.1)
check "an image with musl's loader is built" \
	$WHITTLE build -o "$work/sum.img" --for microvm --copy "$guest/loader-sum:/loader-sum" "$guest/hello-musl"
is "the loader in the image is Debian's" \
	"$(timeout 60 $WHITTLE run -m 64M --append "-- /loader-sum /lib/ld-musl-x86_64.so.1" "$work/sum.img" 2>&1 < /dev/null | cut -d' ' -f1)" \
	"$("$guest/loader-sum" "$loader" | cut -d' ' -f1)"
done_testing
