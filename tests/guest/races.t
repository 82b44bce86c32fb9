#!/bin/sh
# Several processors and one program's memory (tests/guest/races.c): on the build host, and in machines with two and four.
# TIME LIMIT: 400
. tests/lib.sh

sub "host" timeout 100 "$BUILD/guest/races" 1
check "an image for microvm is built" $WHITTLE build -o "$work/microvm.img" --for microvm "$BUILD/guest/races"
check "an image for all is built" $WHITTLE build -o "$work/all.img" "$BUILD/guest/races"
sub "microvm, 4 processors" timeout 100 $WHITTLE run -c 4 -m 256M "$work/microvm.img" -- 4
sub "q35, 4 processors" timeout 100 $WHITTLE run --machine q35 -c 4 -m 256M "$work/all.img" -- 2
sub "microvm, 2 processors" timeout 100 $WHITTLE run -c 2 -m 256M "$work/microvm.img" -- 2
done_testing
