#!/bin/sh
# The suites with each libc, on the build host and inside Whittle. One guest a suite, so that one that ends a guest does
# not hide the others. $SUITES and $LIBCS narrow it.
# TIME LIMIT: 1200
. tests/lib.sh

guest=$BUILD/guest
suites=${SUITES:-$("$guest/suite-static" --list)}
: > "$work/suite.root"
for libc in ${LIBCS:-static glibc musl}; do
	sub "$libc on the host" "$guest/suite-$libc"
	if ! $WHITTLE build -o "$work/$libc.img" --for microvm --copy "$guest/data:/data" --copy "$work/suite.root:/suite.root" \
		"$guest/suite-$libc" > "$work/build" 2>&1; then
		point 1 "$libc: an image of the suites is built"
		sed 's/^/#   /' "$work/build"
		continue
	fi
	for suite in $suites; do
		sub "$libc" timeout 120 $WHITTLE run -m 256M "$work/$libc.img" -- "$suite"
	done
done
done_testing
