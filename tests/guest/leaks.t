#!/bin/sh
# What is made and given back in a guest costs no memory.
. tests/lib.sh

$WHITTLE build -o "$work/leaks.img" --for microvm "$BUILD/guest/leaks" > "$work/build" 2>&1 || cat "$work/build"
timeout 120 $WHITTLE run -m 64M "$work/leaks.img" 2> "$work/err" < /dev/null
