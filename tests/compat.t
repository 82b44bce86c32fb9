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
done_testing
