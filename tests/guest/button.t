#!/bin/sh
# The power button and Ctrl+Alt+Del ask the program to end; a QEMU that somebody else started.
# TIME LIMIT: 200
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/stop.img" "$BUILD/guest/stop" -- handle
# press MACHINE COMMAND: what the machine writes until it is off.
press() {
	: > "$work/serial"
	(
		for wait in $(seq 200); do
			grep -q ready "$work/serial" && break
			sleep 0.1
		done
		echo "$2"
		sleep 2
	) | timeout 60 qemu-system-x86_64 -M "$1" -accel tcg -cpu max -m 128M -display none -no-reboot -nodefaults \
		-serial "file:$work/serial" -monitor stdio -kernel "$work/stop.img" > "$work/monitor" 2>&1 &
	for wait in $(seq 300); do
		grep -q 'exit status' "$work/serial" && break
		sleep 0.1
	done
	wait
	tr -d '\r' < "$work/serial"
}
ended="ready
goodbye
whittle: exit status 7"
is "the power button of microvm" "$(press microvm system_powerdown)" "$ended"
is "the power button of q35" "$(press q35 system_powerdown)" "$ended"
is "Ctrl+Alt+Del of q35" "$(press q35 'sendkey ctrl-alt-delete')" "$ended"
done_testing
