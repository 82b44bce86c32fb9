#!/bin/sh
# What only KVM has: its clock, read by the kernel and by programs, the x2APIC and the deadline timer; on a Debian kernel with
# kvm-amd under QEMU's emulation (tests/kvm-lab). One and two processors, both machines, and each of the three missing.
# TIME LIMIT: 900
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/rate.img" "$BUILD/guest/clock_rate" -- 1
check "an image of timers is built" $WHITTLE build -o "$work/timers.img" "$BUILD/guest/timers" -- 1
check "an image of a suite is built" $WHITTLE build -o "$work/suite.img" "$BUILD/guest/suite-static"
cat > "$work/script" <<'END'
start() { # NAME IMAGE MACHINE PARAMETERS QEMU-ARGUMENTS…
	name=$1 image=$2 machine=$3 parameters=$4
	shift 4
	before=$(date +%s)
	timeout 250 qemu-system-x86_64 -L /usr/share/qemu -accel kvm -M $machine -m 128 -nodefaults -display none -no-reboot \
		-serial stdio -kernel $image -append "debug $parameters" "$@" < /dev/null 2>&1 | sed "s/^/$name: /"
	echo "$name: began after $before, ended before $(($(date +%s) + 1))"
}
start microvm rate.img microvm "" -cpu host
start q35 rate.img q35 "" -cpu host
start two rate.img microvm "" -cpu host -smp 2
start two-q35 rate.img q35 "" -cpu host -smp 2
start xapic rate.img microvm nox2apic -cpu host -smp 2
start old rate.img q35 "" -cpu host,-x2apic,-kvmclock,-tsc-deadline
start tsc rate.img microvm clocksource=tsc -cpu host
start calls rate.img microvm "whittle.strace=1 -- /usr/bin/clock_rate 0 100" -cpu host
start hpet timers.img q35 nolapic_timer -cpu host -smp 2
start pit timers.img microvm,pit=on whittle.timer=pit -cpu host -smp 2
start by-hpet timers.img q35 clocksource=tsc -cpu host,-kvmclock,-hypervisor
for suite in time signals threads; do
	start suite-$suite suite.img microvm "-- /usr/bin/suite-static $suite" -cpu host -smp 2
done
END
KVM_LAB_SECONDS=800 tests/kvm-lab "$BUILD/kvm-lab" "$work/script" "$work/rate.img" "$work/timers.img" "$work/suite.img" 2> "$work/err" | tr -d '\r' > "$work/out"
said() { sed -n "s/^$1: //p" "$work/out"; }
has "there is KVM" "$(cat "$work/out")" '^kvm-lab: there is /dev/kvm$'
for name in microvm q35 two two-q35 xapic old tsc; do
	has "$name: sleeps are as long as clocks say, and none goes backwards" "$(said $name)" '^end [0-9]+ good$'
	set -- $(said $name | sed -n 's/^start \([0-9]*\)[0-9]\{9\}$/\1/p; s/^began after \([0-9]*\), ended before \([0-9]*\)/\1 \2/p')
	check "$name: it knows what time it is ($*)" [ "${1:-0}" -ge "$((${2:-1} - 1))" -a "${1:-0}" -le "$((${3:-0} + 1))" ]
done
for name in microvm q35 two two-q35 xapic; do
	has "$name: KVM's clock is the clock" "$(said $name)" '^clock: kvm-clock, 1000000000 Hz$'
done
for name in microvm q35 two two-q35; do
	has "$name: the x2APIC is used" "$(said $name)" '^local APIC: x2APIC mode$'
done
for name in xapic old; do
	has "$name: it is not" "$(said $name)" '^local APIC: xAPIC mode$'
done
for name in two two-q35 xapic; do
	has "$name: both processors run" "$(said $name)" '^2 processors$'
done
for name in hpet pit by-hpet; do
	has "$name: sleeps and timers are right" "$(said $name)" '^end [0-9]+ early 0 backwards 0 lost 0$'
done
for name in hpet pit; do
	has "$name: it is the timer" "$(said $name)" "^timer: $name\$"
done
has "by-hpet: the TSC is measured" "$(said by-hpet)" '^clock: tsc, [0-9]{9,} Hz$'
has "old: the TSC is the clock" "$(said old)" '^clock: tsc, '
has "tsc: so it is when a parameter asks for it" "$(said tsc)" '^clock: tsc, '
if said calls | grep -q 'programs read it'; then
	is "calls: programs read the clock themselves" "$(said calls | grep -c 'clock_gettime(')" 102
fi
for suite in time signals threads; do
	has "suite $suite runs" "$(said suite-$suite)" '^1\.\.[0-9]+$'
	is "suite $suite: nothing fails" "$(said suite-$suite | grep '^not ok' | head -5)" ""
done
done_testing
