#!/bin/sh
# The screen and the keyboard of a PC without a serial line: what is on the screen is read from QEMU's screendump.
# TIME LIMIT: 240
. tests/lib.sh

machine="-accel tcg -cpu max -m 128M -nodefaults -display none -vga std -serial none -no-shutdown -no-reboot"
screen() { # MACHINE IMAGE ACTION…
	local kind="$1" image="$2"
	shift 2
	timeout 120 tests/drivers/screen.py "$@" -- qemu-system-x86_64 -M "$kind" $machine -kernel "$image" 2>&1
}
check "images are built for hyperv, vmware and vbox" sh -c "for p in hyperv vmware vbox; do
	$WHITTLE build -o $work/\$p.img --for \$p $BUILD/guest/hello-glibc || exit 1; done"
check "one that reads its keyboard" $WHITTLE build -o "$work/keys.img" --for hyperv /usr/bin/mawk -- -W interactive \
	'BEGIN { print "ready" } { print "read: " $0 }'
for profile in hyperv:pc vmware:pc vbox:q35; do
	seen=$(screen "${profile#*:}" "$work/${profile%:*}.img" 'wait exit status')
	has "driver vga: links: ${profile%:*} holds it" "$(grep '^component	vga' "$work/${profile%:*}.img.map")" vga
	has "driver vga: binds: ${profile%:*}: the program's output is on the screen" "$seen" '^hello$'
	has "driver vga: data: ${profile%:*}: and how it ended" "$seen" '^whittle: exit status 0$'
done
check "a program of many lines" $WHITTLE build -o "$work/lines.img" --for hyperv /usr/bin/seq -- 1 60
is "driver vga: data: the screen moves up, and the last lines are on it" "$(screen pc "$work/lines.img" 'wait exit status' | tail -4)" "58
59
60
whittle: exit status 0"
seen=$(screen pc "$work/keys.img" 'wait ready' 'keys shift-h i shift-1 spc 4 2 ret' 'wait read: Hi! 42' 'monitor nmi' \
	'wait kernel panic')
has "driver keyboard: links: hyperv holds it" "$(grep '^component	keyboard' "$work/keys.img.map")" keyboard
has "driver keyboard: data: keys reach the program" "$seen" '^read: Hi! 42$'
has "driver vga: data: a panic can be read" "$seen" 'kernel panic: '
done_testing
