#!/bin/sh
# The gallery on the machines that the short run leaves out: microvm with 4 processors, q35 with 1.
# TIME LIMIT: 3600
. tests/lib.sh

export MACHINES="microvm:4 q35:1"
for test in $(grep -l '^\. tests/apps/lib\.sh' tests/apps/*.t); do
	sub "$(basename "$test" .t)" timeout 900 "$test"
done
done_testing
