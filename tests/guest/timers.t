#!/bin/bash
# Each timer and each clock of a PC: sleeps and timers on all processors, never early, and as long as by the host's clock.
# The TSC's speed is the same, whatever it was measured by.
# TIME LIMIT: 400
. tests/lib.sh

seconds=3
run() { # NAME IMAGE CLOCK TIMER PROCESSORS ARGUMENTS OF QEMU…
	name=$1 image=$2 clock=$3 timer=$4 cpus=$5
	shift 5
	for try in 1 2 3; do # lines of a busy host come late; both ends of the stretch do
		timeout 60 qemu-system-x86_64 -m 128M -smp "$cpus" -nodefaults -display none -serial stdio -monitor none -no-reboot \
			-kernel "$image" "$@" 2>&1 < /dev/null | stdbuf -o0 tr -d '\r' | while read -r line; do
			echo "$(date +%s%N) $line"
		done > "$work/said"
		ms=$(awk '$2 == "start" { a = $1; b = $3 } $2 == "end" { printf "%d %d\n", ($1 - a) / 1e6, ($3 - b) / 1e6 }' "$work/said")
		off=$((${ms% *} - ${ms#* }))
		[ "${off#-}" -gt $((seconds * 20 + 50)) ] || break
	done
	has "$name: the clock is $clock" "$(cat "$work/said")" " clock: $clock, [0-9]* Hz"
	has "$name: the timer is $timer" "$(cat "$work/said")" " timer: $timer\$"
	has "$name: nothing early, backwards or lost" "$(cat "$work/said")" ' end [0-9]* early 0 backwards 0 lost 0$'
	has "$name: $cpus processors" "$(cat "$work/said")" " start [0-9]* on $cpus\$"
	check "$name: ms of the host and of the guest: $ms" [ -n "$ms" -a "${off#-}" -le $((seconds * 20 + 50)) ]
	hz=$(sed -n 's/.* clock: tsc, \([0-9]*\) Hz/\1/p' "$work/said")
}
check "an image for microvm is built" $WHITTLE build -o "$work/microvm.img" --for microvm "$BUILD/guest/timers" -- $seconds
check "an image for all is built" $WHITTLE build -o "$work/all.img" "$BUILD/guest/timers" -- $seconds

q35='-M q35 -cpu max' microvm='-M microvm,acpi=off,pit=on,rtc=on -cpu max'
bare=,-hypervisor # nobody says then that the local APIC's timer counts nanoseconds
run "q35, as it is" "$work/all.img" tsc lapic 4 $q35 -append debug
usual=$hz
same() {
	off=$((${hz:-0} - ${usual:-1000}))
	check "$name: the TSC's speed is the usual one: ${hz:-none}, ${usual:-none}" [ "${off#-}" -le $((${usual:-0} / 400)) ]
}
run "q35, HPET as timer" "$work/all.img" tsc hpet 4 $q35 -append 'debug nolapic_timer'
same
run "q35, HPET as clock and timer" "$work/all.img" hpet hpet 2 $q35 -append 'debug whittle.timer=hpet clocksource=hpet'
run "q35, PIT as timer" "$work/all.img" tsc pit 4 $q35 -append 'debug whittle.timer=pit'
run "q35 without HPET, PM timer as clock" "$work/all.img" acpi_pm pit 2 -M q35,hpet=off -cpu max \
	-append 'debug nolapic_timer clocksource=acpi_pm'
run "q35, measured by the HPET" "$work/all.img" tsc lapic 1 $q35$bare -append debug
same
run "q35, measured by the PM timer" "$work/all.img" tsc lapic 1 -M q35,hpet=off -cpu max$bare -append debug
same
run "microvm, PIT as timer" "$work/microvm.img" tsc pit 4 $microvm -append 'debug nolapic_timer'
same
run "microvm, measured by the PIT" "$work/microvm.img" tsc lapic 1 $microvm$bare -append debug
same
run "a timer that is none" "$work/microvm.img" tsc lapic 1 $microvm -append 'debug whittle.timer=hpet'
has "it is said" "$(cat "$work/said")" 'whittle.timer=hpet: there is none, it is lapic'
done_testing
