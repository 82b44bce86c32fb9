#!/bin/sh
# Debian's busybox, as installed: applets that need no fork give what they give on the host.
# TIME LIMIT: 600
. tests/lib.sh

busybox=$(command -v busybox)
mkdir -p "$work/data/dir"
seq 1 2000 | awk '{ print ($1 * 7919) % 2003, "line", $1 }' > "$work/data/numbers"
printf 'one\ntwo\nthree\n' > "$work/data/words"
printf 'alpha,beta\ngamma,delta\n' > "$work/data/table"
touch "$work/data/dir/a" "$work/data/dir/b"
check "an image is built" $WHITTLE build -o "$work/bb.img" --for microvm -w /data --copy "$work/data:/data" "$busybox"

same() { # the applet in the guest prints what it prints here, in /data
	name="busybox $*"
	host=$(cd "$work/data" && "$busybox" "$@" 2>&1 < /dev/null; echo "status $?")
	guest=$(timeout 60 $WHITTLE run -m 64M "$work/bb.img" -- "$@" 2>&1 < /dev/null; echo "status $?")
	is "$name" "$guest" "$host"
}
same echo hello world
same cat words
same wc numbers
same sort -n numbers
same head -n 5 numbers
same tail -n 3 numbers
same md5sum numbers words
same sha256sum numbers
same grep -c line numbers
same grep -n tw words
same sed 's/line/LINE/;3q' numbers
same awk '{ s += $1 } END { print s, NR }' numbers
same cut -d, -f2 table
same ls dir
same ls -1
same find . -name 'w*'
same od -c words
same hexdump -C words
same nl words
same rev words
same tac words
same uniq words
same expr 6 '*' 7
same seq 5
same basename /a/b/c
same dirname /a/b/c
same cmp words table
same diff words words
same stat -c '%s %n' words
same test -f words
same false
same printf '%05d\n' 42
same base64 words
same factor 1234567890
done_testing
