#!/bin/sh
# docs/COMPAT.md says what the kernel has: it is what `make compat` would write.
. tests/lib.sh

scripts/compat "$BUILD/calls" > "$work/COMPAT.md"
is "it can be made" $? 0
is "docs/COMPAT.md is up to date (make compat)" "$(diff docs/COMPAT.md "$work/COMPAT.md" | head -20)" ""
for kind in call ioctl prctl fcntl option proc sys dev family filesystem; do
	has "entries of kind $kind" "$(cut -f 1 "$BUILD/calls")" "^$kind$"
done
is "no call without a number" "$(awk -F '\t' '$1 ~ /^(call|ioctl|prctl|fcntl)$/ && $3 !~ /^[0-9]+$/' "$BUILD/calls")" ""

# The calls that programs need for real, and those that two runs or more make (tests/wanted_calls), are in the kernel: but
# those of processes, which come as a component.
wanted=$(awk '!/^#/ && ($3 > 0 || $2 > 1) { print $1 }' tests/wanted_calls | sort | tee "$work/wanted")
has "tests/wanted_calls is read" "$(echo "$wanted" | wc -l)" '^2[0-9][0-9]$'
is "every call that a run needs, or two make" "$(awk -F '\t' '$1 == "call" { print $2 }' "$BUILD/calls" | sort |
	comm -13 - "$work/wanted" | grep -Evx 'fork|vfork|wait4|waitid|execve')" ""
done_testing
