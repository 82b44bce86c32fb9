#!/bin/bash
# whittle run as a filter, against a toy kernel that speaks its protocol.
. "$(dirname "$0")/lib.sh"
toy_kernel_set "$work/set"
export WHITTLE_COMPONENTS=$work/set
cd "$work" || exit 1
echo 'int main(void) { return 0; }' > plain.c
gcc -static -g -o plain plain.c
"$whittle" build ./plain > /dev/null
run() { timeout 60 "$whittle" run plain.img "$@"; }

head -c 256 /dev/urandom | tr -d '\020hp' > random
printf 'abc' | run > out 2> err
status=$?
check "the status is the program's" test $status -eq 3
check "output is what was written" bash -c "[ \$(stat -c %s out) = 259 ] && [ \"\$(tail -c 3 out)\" = abc ]"
read -r start size < <(readelf -lW plain.img | awk '$1 == "LOAD" { print $2, $5; exit }') # its first segment, whole
check "no byte of output was changed" cmp -n $((size)) <(cat out) <(dd if=plain.img bs=1 skip=$((start)) status=none)
check "messages are on stderr, with the kernel's symbol named" grep -qF '[<ffffffff80100004>] pvh_entry+0x4' err
check "and the program's" grep -qE 'plain\+0x[0-9a-f]+\) main\+0x' err
check "and nothing else is there" test "$(wc -l < err)" -eq 1
printf 'x\x10y\x04z\x10\x04' | run > out 2> /dev/null
check "control bytes of input pass" bash -c "[ \"\$(tail -c 7 out | xxd -p)\" = 7810790 -o \"\$(tail -c 7 out | xxd -p)\" = 781079047a1004 ]"
head -c 100000 /dev/urandom | sed 's/^[hp]/x/' > random
run < random > out 2> /dev/null
status=$?
check "100,000 random bytes come back" cmp <(tail -c +257 out) random
check "their number modulo 256 is the status" test $status -eq $(($(stat -c %s random) % 256))
run < /dev/null > /dev/null 2>&1
check "an empty input ends" test $? -eq 0
printf p | run > /dev/null 2> err
check "a machine that gives no status is a failure of the tool" test $? -eq 125
check "which says so" grep -q 'without saying how' err

check "SIGTERM stops the machine" bash -c "
	printf h > input; '$whittle' run plain.img < input > /dev/null 2>&1 & pid=\$!
	sleep 1; kill -TERM \$pid; wait \$pid; [ \$? -eq 143 ]"
check "SIGINT stops the machine" bash -c "
	'$whittle' run plain.img < input > /dev/null 2>&1 & pid=\$!
	sleep 1; kill -INT \$pid; wait \$pid; s=\$?; [ \$s -eq 130 ] || { echo \$s; false; }"
check "SIGTERM stops it also while nobody reads its output" bash -c "
	(yes | '$whittle' run plain.img 2> /dev/null & echo \$! > pid; wait \$!; echo \$? > ended) | (sleep 3; cat > /dev/null) &
	sleep 1.5; kill -TERM \$(cat pid); sleep 1; [ \"\$(cat ended)\" = 143 ]; s=\$?; wait; rm pid ended; exit \$s"
check "a reader that goes away stops it" bash -c "
	set -o pipefail; yes | timeout 20 '$whittle' run plain.img 2>/dev/null | head -c 1000 > /dev/null; [ \$? -eq 141 ]"
check "a program is packed and run at once" bash -c "printf abcd | '$whittle' run ./plain 2> /dev/null > /dev/null; [ \$? = 4 ]"
check "it leaves nothing behind" bash -c "! ls '$work' | grep -qv -e '^set\$' -e plain -e random -e out -e err -e input -e check.log"
check "--dry-run prints a command that starts the machine" bash -c "
	(sleep 1; printf 'ab\x10\x04') | timeout 20 bash -c \"\$('$whittle' run --dry-run plain.img)\"; [ \$? = 0 ]"
check "--append comes after what the tool says" bash -c "'$whittle' run --dry-run --append 'panic=1 x' plain.img | grep -q 'panic=1 x'"
check "arguments replace those of the image" bash -c "'$whittle' run --dry-run plain.img -- 'a b' c | grep -qF -- '-- /usr/bin/plain \"a b\" c'"

check "too little memory for the image is said before the start" says 126 "use -m" "$whittle" run -m 1M plain.img
check "a size that is none" says 125 "-m lots" "$whittle" run -m lots plain.img
check "a port without a driver" says 125 "no driver for a network card" "$whittle" run -p 80:80 plain.img
check "an argument that QEMU does not know" says 126 "could not start" "$whittle" run --qemu-arg -nonsense plain.img
check "an image that is not there" says 125 "nothing.img" "$whittle" run nothing.img
head -c 3000 plain.img > cut.img
cp plain.img.map cut.img.map
cp plain.img.json cut.img.json
check "an image that is cut off" says 125 "it is truncated" "$whittle" run cut.img
check "an unknown option offers a near one" says 125 "no option --dryrun, did you mean dry-run" "$whittle" run --dryrun plain.img
done_testing
