#!/bin/sh
# Files of /proc and /sys have the form that the build host's have: each of our lines, its numbers aside, is one of the
# host's, and they stand in the host's order. What the host has and we have not may be missing.
# TIME LIMIT: 300
. tests/lib.sh

files='self/io self/limits self/statm self/smaps_rollup self/oom_score self/oom_score_adj self/personality self/loginuid
self/sessionid self/setgroups self/uid_map self/status self/wchan self/stat meminfo uptime loadavg swaps stat
sys/kernel/tainted sys/kernel/overflowuid sys/vm/nr_hugepages sys/kernel/shmmni'
sysfiles='devices/system/cpu/online devices/system/cpu/possible devices/system/cpu/offline devices/system/cpu/kernel_max
devices/system/cpu/cpu0/topology/core_id devices/system/cpu/cpu0/topology/physical_package_id
devices/system/cpu/cpu0/topology/core_cpus_list devices/system/node/online devices/system/node/node0/distance'
paths=$(for f in $files; do echo "/proc/$f"; done; for f in $sysfiles; do echo "/sys/$f"; done)

# Numbers become N, runs of bits and addresses H, so that what is left is words, colons, tabs and how many columns there are.
# A field padded to the right by spaces keeps its width: N stands for the last digit, the others count as spaces.
form() {
	perl -pe 's/\b([0-9a-f]{8,16}-[0-9a-f]{8,16}|[0-9a-f]{16})\b/H/g; s/([ \t])-(\d)/$1$2/g; 1 while s/( )(\d+)(\d)/$1 . " " x length($2) . $3/e;
		s/\d+(\.\d+)?/N/g; s/unlimited/N/g; s/\([^)]*\)/(WORD)/; s/(Name:|State:)\t.*/$1\tWORD/; s/ [RSD] / STATE /;
		s/^(Groups:\t).*/$1/; s/^(Cpus_allowed(_list)?:\t).*/$1/; s/^(Mems_allowed(_list)?:\t).*/$1/; s/ +(N|kB)/ $1/g if !/ kB$/; s/^N-N$/N/; s/ +$//;
		s/^(Max .{22}) .*/$1/; s/^(intr N).*/$1/; s/^(\S+ H ---p).*/$1/'
}
# ours FORMS host's FORMS: each line of the one follows in the other, in order. Prints what does not.
follows() {
	awk 'NR == FNR { host[++n] = $0; next }
		{ for (i = at + 1; i <= n && host[i] != $0; i++); if (i > n) print; else at = i }' "$2" "$1"
}
busybox=$(command -v busybox)
check "an image is built" $WHITTLE build -o "$work/bb.img" "$busybox"
timeout 100 $WHITTLE run -c 2 -m 64M "$work/bb.img" -- grep -H '' $paths > "$work/all" 2> "$work/err" < /dev/null
for path in $paths; do
	if ! [ -e "$path" ]; then
		echo "# $path: this host has none"
		continue
	fi
	awk -v p="$path:" 'index($0, p) == 1 { print substr($0, length(p) + 1) }' "$work/all" | form > "$work/ours"
	"$busybox" grep '' "$path" | form > "$work/host"
	[ -s "$work/ours" ] || { point 1 "$path: is there"; continue; }
	is "$path: each line has its like on the host" "$(follows "$work/ours" "$work/host")" ""
done
is "nothing is wrong" "$(cat "$work/err")" ""
done_testing
