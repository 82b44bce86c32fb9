#!/bin/sh
# The gallery on kernels that are cut to each program, on microvm and q35. Where a test compares all that a filter prints, or a
# server's messages, a line about something that was cut fails it.
# TIME LIMIT: 3600
. tests/lib.sh

export FIT=program MACHINES="microvm:1 q35:1"
for test in ${FITTED:-$(grep -l '^\. tests/apps/lib\.sh' tests/apps/*.t)}; do
	sub "$(basename "$test" .t)" timeout 900 "$test"
done
done_testing
