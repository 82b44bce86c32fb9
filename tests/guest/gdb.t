#!/bin/sh
# whittle run --gdb: the line that it prints starts a gdb that stops in the kernel and knows the program's threads.
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/stop.img" --for microvm "$BUILD/guest/stop" -- handle
timeout 120 $WHITTLE run --gdb -m 64M "$work/stop.img" < /dev/null > "$work/out" 2> "$work/err" &
guest=$!
for wait in $(seq 100); do
	grep -q 'waiting for gdb' "$work/err" && break
	sleep 0.1
done
line=$(sed -n 's/.*waiting for gdb: //p' "$work/err")
has "the line that starts gdb" "$line" "^gdb $work/stop.img.debug -x /.*\.py -ex 'target remote 127.0.0.1:[0-9]+'$"
eval "timeout 60 $line -batch -ex 'hbreak sys_pause' -ex continue -ex whittle-threads -ex whittle-mappings" > "$work/gdb" 2>&1 < /dev/null
said=$(cat "$work/gdb")
has "it stops in the kernel" "$said" 'sys_pause \(\) at '
has "the program's thread" "$said" '^ +1  stop +ready +cpu 0  program at 0x4[0-9a-f]+'
has "its process" "$said" '^process 1: /usr/bin/stop$'
has "its code" "$said" '^000000401000-[0-9a-f]{12} r-xp file$'
has "its stack" "$said" '^7ff[0-9a-f]{9}-[0-9a-f]{12} rw-p anonymous$'
kill $guest
sleep 0.5
kill $guest 2> /dev/null
wait $guest
done_testing
