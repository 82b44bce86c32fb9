#!/bin/bash
# The kernel, the program, its stack, mappings, vDSO and heap lie elsewhere at each start: QEMU resets one machine again
# and again, and its monitor says where the kernel's interrupt table is. nokaslr and norandmaps fix them; reports of
# faults in the kernel are named all the same, and no file that a program reads tells a kernel address.
. tests/lib.sh

starts=20
check "an image is built" $WHITTLE build -o "$work/at.img" --for microvm "$BUILD/guest/addresses"
starts() { # FILE COUNT PARAMETERS: each start's line of the program, "kernel ADDRESS" of the table after it
	rm -f "$work/serial"
	(
		for i in $(seq "$2"); do
			for wait in $(seq 200); do
				[ "$(grep -ac '^at code' "$work/serial" 2> /dev/null)" != "$i" ] || break
				sleep 0.05
			done
			echo "info registers"
			echo "system_reset"
		done
		echo quit
	) | timeout 100 qemu-system-x86_64 -M microvm -cpu max -m 64M -nodefaults -display none -serial "file:$work/serial" \
		-monitor stdio -kernel "$work/at.img" -append "$3" 2>&1 | tr -d '\r' > "$work/monitor"
	{
		grep -a '^at code' "$work/serial" | sed 's/^at //'
		sed -n 's/^IDT= *\([0-9a-f]*\).*/kernel \1/p' "$work/monitor"
	} > "$1"
}
bits() { # FILE NAME: which bits were set in some starts and clear in others, as a number
	local all=-1 any=0 v
	for v in $(grep -o "$2 [0-9a-f]*" "$1" | cut -d' ' -f2); do
		all=$((all & 0x$v)) any=$((any | 0x$v))
	done
	printf '%x' $((any & ~all))
}
count() { # NUMBER: its bits that are set
	local n=$((0x$1)) c=0
	while [ $n != 0 ]; do
		c=$((c + (n & 1))) n=$(((n >> 1) & 0x7fffffffffffffff))
	done
	echo $c
}

starts "$work/random" $starts ""
for name in kernel code stack mmap vdso brk; do
	seen=$(grep -o "$name [0-9a-f]*" "$work/random" | sort -u | wc -l)
	is "$name: elsewhere at each of $starts starts" "$seen" $starts
done
# A bit that is chosen fairly is the same in 20 starts once in 500,000 times.
check "kernel: 18 bits vary ($(bits "$work/random" kernel))" [ "$(count "$(bits "$work/random" kernel)")" = 18 ]
check "kernel: by whole 2 MiB" [ $((0x$(bits "$work/random" kernel) & 0x1fffff)) = 0 ]
for want in code:28 stack:22 mmap:28 vdso:28 brk:28; do
	name=${want%:*} n=$(count "$(bits "$work/random" "${want%:*}")")
	check "$name: at least ${want#*:} bits vary ($n)" [ "$n" -ge "${want#*:}" ]
done
starts "$work/fixed" 3 "nokaslr norandmaps"
for name in kernel code mmap vdso brk; do
	is "nokaslr norandmaps: $name is where it was" "$(grep -o "$name [0-9a-f]*" "$work/fixed" | sort | uniq -c | awk '{ print $1 }')" 3
done
table=$(nm "$work/at.img.debug" | awk '$3 == "idt" { print $1 }')
is "nokaslr: the kernel is where it is linked" "$(sed -n 's/^kernel //p' "$work/fixed" | sort -u)" "$table"
is "norandmaps: the program is where Linux puts it" "$(grep -o 'code [0-9a-f]*' "$work/fixed" | sort -u | cut -c1-13)" "code 55555555"
starts "$work/quoted" 2 '"x nokaslr" y nokaslrs nokasl -- /usr/bin/addresses nokaslr'
is "a word that only looks like nokaslr is none" "$(sed -n 's/^kernel //p' "$work/quoted" | sort -u | wc -l)" 2
check "an image with parameters of its own is built" $WHITTLE build -o "$work/at.img" --for microvm --hostname 0123456 \
	"$BUILD/guest/addresses"
perl -0777 -pi -e 's/whittle.hostname=0123456/nokaslr                 /' "$work/at.img"
starts "$work/inside" 2 ""
is "nokaslr in the boot area: the kernel is where it is linked" "$(sed -n 's/^kernel //p' "$work/inside" | sort -u)" \
	"$(nm "$work/at.img.debug" | awk '$3 == "idt" { print $1 }')"

# A fault of the kernel while it runs elsewhere: the monitor's NMI.
check "an image is built" $WHITTLE build -o "$work/busy.img" --for microvm "$(command -v busybox)" -- sh -c 'echo here; read x'
mkfifo "$work/in"
timeout 60 $WHITTLE run -m 64M --qemu-arg -monitor --qemu-arg "unix:$work/control,server=on,wait=off" "$work/busy.img" \
	< "$work/in" > "$work/out" 2> "$work/err" &
exec 8> "$work/in"
for wait in $(seq 200); do
	! grep -q here "$work/out" || break
	sleep 0.05
done
echo nmi | timeout 10 socat - "UNIX-CONNECT:$work/control" > /dev/null
wait $!
exec 8>&-
said=$(cat "$work/err")
has "an NMI ends the kernel with a report" "$said" '^kernel: NMI'
has "the report says where the kernel runs" "$said" '^the kernel runs at [0-9a-f]{16}, its symbols are those of ffffffff80100000$'
has "its addresses are named" "$said" '\[<ffffffff801[0-9a-f]{5}>\] sched_idle\+0x'
is "none is left without a name" "$(printf '%s\n' "$said" | grep -E '\[<.*>\]$')" ""

# Everything that a program can read about the system and itself, at the wordiest, and the log.
check "an image is built" $WHITTLE build -o "$work/reads.img" --for microvm "$BUILD/guest/addresses" -- files
timeout 100 $WHITTLE run -m 64M -c 2 --append debug "$work/reads.img" < /dev/null > "$work/out" 2> "$work/err"
check "many files are read" [ "$(grep -ac '^== ' "$work/out")" -gt 80 ]
has "the log is among them" "$(sed -n '/^== .dev.kmsg/,$p' "$work/out")" 'clock: '
is "no kernel address is in them" "$(grep -aiE '(^|[^0-9a-f])(0x)?ffff[89a-f][0-9a-f]{11}([^0-9a-f]|$)' "$work/out" "$work/err" | head -3)" ""
done_testing
