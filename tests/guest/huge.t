#!/bin/sh
# Huge pages, on one processor and on four.
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/huge.img" --for virtio-mmio "$BUILD/guest/huge"
sub "1 processor" timeout 60 $WHITTLE run -m 128M "$work/huge.img"
sub "4 processors" timeout 100 $WHITTLE run -c 4 -m 128M "$work/huge.img"
done_testing
