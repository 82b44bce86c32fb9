#!/bin/sh
# Every exit status.
# TIME LIMIT: 1200
. tests/lib.sh

check "an image of die is built" $WHITTLE build -o "$work/die.img" --for microvm "$BUILD/guest/die"
for status in $(seq 0 255); do
	timeout 60 $WHITTLE run -m 64M "$work/die.img" -- exit "$status" > /dev/null 2>&1 < /dev/null
	is "exit status $status" $? "$status"
done
done_testing
