#!/bin/sh
# Addresses and name servers that routers of IPv6 advertise (RFC 4862, RFC 8106), on a network of the test's own.
# TIME LIMIT: 300
. tests/lib.sh

if ! unshare -n true 2> /dev/null || [ ! -w /dev/net/tun ]; then
	echo "1..0 # SKIP no network namespaces or no tap interfaces here"
	exit 0
fi
$WHITTLE build -o "$work/slaac.img" --for all "$BUILD/guest/slaac" > "$work/build" 2>&1
is "an image is built" $? 0
$WHITTLE build -o "$work/self.img" --for all "$BUILD/guest/slaac" -- self > "$work/build" 2>&1
is "and one that reaches itself" $? 0
sub "router" unshare -n python3 tests/guest/slaac.py "$work/slaac.img" "$work/self.img" "$work"
done_testing
