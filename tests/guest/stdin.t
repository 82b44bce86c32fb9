#!/bin/sh
# Standard input of whittle run, through a virtio console: all of it, its end, a program that reads slowly or not at all.
# TIME LIMIT: 300
. tests/lib.sh

perl -e 'srand 7; for (1 .. 800) { print pack "L*", map { int rand 2**32 } 1 .. 16384 }' > "$work/input" # 52 MB, DLEs among them
sum=$(sha256sum < "$work/input")
half=$(head -c 20000000 "$work/input" | sha256sum)
go() { timeout 120 $WHITTLE run "$@"; }

is "52 MB of any bytes" "$(go -m 64M /usr/bin/sha256sum < "$work/input" 2>&1)" "$sum"
is "through a pipe" "$(cat "$work/input" | go -m 64M /usr/bin/wc -- -c 2>&1)" "$(wc -c < "$work/input")"
is "and back, on 4 processors" "$(head -c 20000000 "$work/input" | go -m 64M -c 4 /usr/bin/cat 2>&1 | sha256sum)" "$half"
is "by PCI" "$(head -c 20000000 "$work/input" | go -m 64M --machine q35 /usr/bin/cat 2>&1 | sha256sum)" "$half"
is "nothing" "$(go /usr/bin/wc -- -c < /dev/null 2>&1)" 0
is "one byte that frames escape" "$(printf '\020' | go /usr/bin/cat 2>&1 | od -An -tx1 | tr -d ' ')" 10
is "a program that reads only the beginning" "$(go /usr/bin/head -- -c 5 < "$work/input" 2>&1 | od -An -tx1)" "$(head -c 5 "$work/input" | od -An -tx1)"
go -m 64M /bin/true < "$work/input" 2> "$work/err"
is "a program that reads nothing ends" "$? $(grep -v 'no KVM' "$work/err")" "0 "
is "what comes bit by bit" "$( (for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done) | go /usr/bin/cat 2>&1 | wc -l)" 5
done_testing
