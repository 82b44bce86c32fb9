#!/bin/bash
# TIME LIMIT: 900
# What is wrong with an image is found, with a sentence of its own each, by whittle verify and by a checker that shares no
# code with it (check.py); and both find nothing wrong with images that are right.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
WHITTLE=$PWD/build/whittle
here=$PWD/tests/verify
cd "$work" || exit 1

echo 'int near(void) { return 0; }' > near.c
gcc -shared -fPIC -o libnear.so near.c
printf '#include <unistd.h>\nint near(void);\nint main(void) { char c; read(0, &c, 1); write(1, "x", 1); return near(); }\n' > main.c
printf '#include <sys/mount.h>\nint near(void);\nint main(void) { return mount("a", "b", "c", 0, 0) + near(); }\n' > other.c
for p in main other; do gcc -o $p $p.c -Wl,-rpath,'$ORIGIN/../lib' -Wl,-rpath,'$ORIGIN' -L. -lnear; done
mkdir srv
ln -s target srv/link
echo 'int main(void) { return 0; }' > hello.c
musl-gcc -static -o hello hello.c

both_agree() { # NAME ARGUMENTS…: both find nothing wrong with what whittle build makes
	local name=$1
	shift
	check "$name is built" "$WHITTLE" build -o "$name.img" "$@"
	check "$name is verified" "$WHITTLE" verify "$name.img"
	check "$name is right for the second checker, too" python3 "$here/check.py" "$name.img" "$WHITTLE"
}
both_agree base --for microvm --fit program --copy srv:/srv ./main
both_agree uncut ./main
both_agree apart --for virtio-pci --root file ./main -- x
both_agree static --for microvm --fit program ./hello
mkdir -p dir/bin && cp hello dir/bin/prog
both_agree tree --for microvm dir -- /bin/prog

check "what was cut is not in the kernel, what it can ask for is" bash -c "'$WHITTLE' verify --json base.img | jq -e '
	.verified and .analyzed and .linked_again and (.exports == []) and .asked > 20 and .beyond.syscall.entries == [\"restart_syscall\"]'"
check "what an uncut kernel holds beyond that is listed, with bytes" bash -c "'$WHITTLE' verify --json uncut.img | jq -e '
	(.beyond.syscall.entries | length > 150 and any(. == \"mount\")) and .beyond.syscall.bytes > 10000'"
check "what was not bounded is said" bash -c "'$WHITTLE' verify uncut.img | grep -q 'not bounded: the operation of futex'"

python3 "$here/mutate.py" > list
while IFS=$'\t' read -r name words; do
	if ! OTHER_PROGRAM=$work/other python3 "$here/mutate.py" base.img m.img "$name" 2> said; then
		point 1 "$name is made"
		sed 's/^/# /' said
		continue
	fi
	"$WHITTLE" verify m.img > said 2>&1
	status=$?
	sed -n '/^wrong/,$p' said > wrong
	{ [ $status = 1 ] && grep -q -e "$words" wrong; }
	point $? "$name: verify says $words"
	[ $status = 1 ] && grep -q -e "$words" wrong || { echo "# exit status $status"; tail -12 said | sed 's/^/# /'; }
	python3 "$here/check.py" m.img "$WHITTLE" > second 2>&1
	status=$?
	{ [ $status = 1 ] && ! grep -q Traceback second; }
	point $? "$name: the second checker finds it, too"
	[ $status = 1 ] && ! grep -q Traceback second || { echo "# exit status $status"; tail -12 second | sed 's/^/# /'; }
	rm -f m.img*
done < list
check "there are at least twenty of them" test "$(wc -l < list)" -ge 20
check "no two are told by the same words" bash -c "[ \$(cut -f2 list | sort -u | wc -l) = \$(wc -l < list) ]"

# The set of components is another one, or is not there at all: the manifest's hashes have to do, and that is said.
check "without the components it is said what that leaves open" bash -c "
	cp '$WHITTLE' lone && ./lone verify base.img > said; grep -q 'it was not linked again' said"
check "a file that is no image" bash -c "'$WHITTLE' verify main; [ \$? = 2 ]"
check "a kernel alone says nothing of a program" bash -c "'$WHITTLE' kernel -o k.elf --for microvm > /dev/null && '$WHITTLE' verify k.elf > said; [ \$? = 1 ] &&
	grep -q 'a kernel alone says nothing' said"
printf '#include <sys/mount.h>\nint main(void) { return mount("a", "b", "c", 0, 0); }\n' > mounts.c
gcc -o mounts mounts.c
check "build refuses to write what would fail" bash -c "! '$WHITTLE' build -o r.img --for microvm --fit program --without syscall:mount ./mounts 2> said &&
	grep -q 'the program can ask for the call mount (.*), which is not in the kernel' said && grep -q 'the image is not written' said && ! ls r.img*"
done_testing
