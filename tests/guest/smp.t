#!/bin/sh
# Several processors: they are found and counted, threads run on them at once, and the suites hold with four.
# TIME LIMIT: 900
. tests/lib.sh

guest=$BUILD/guest
: > "$work/suite.root"

$WHITTLE build -o "$work/nproc.img" --for microvm /usr/bin/nproc > "$work/build" 2>&1
for cpus in 1 2 4 16; do
	is "nproc with -smp $cpus" "$(timeout 60 $WHITTLE run --qemu-arg -smp --qemu-arg $cpus "$work/nproc.img" 2> /dev/null)" $cpus
done
is "maxcpus=2 leaves the others asleep" \
	"$(timeout 60 $WHITTLE run --append maxcpus=2 --qemu-arg -smp --qemu-arg 4 "$work/nproc.img" 2> /dev/null)" 2

$WHITTLE build -o "$work/suite.img" --for microvm --copy "$guest/data:/data" --copy "$work/suite.root:/suite.root" \
	"$guest/suite-static" > "$work/build" 2>&1
for suite in process memory files root time signals threads ipc unix ipc_edges net badptr; do
	sub "4 processors" timeout 120 $WHITTLE run -m 256M --qemu-arg -smp --qemu-arg 4 "$work/suite.img" -- $suite
done
done_testing
