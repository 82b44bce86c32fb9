#!/bin/bash
# Bad input to `whittle build`: one plain sentence, exit status 2, and no file left behind.
. "$(dirname "$0")/lib.sh"
toy_kernel_set "$work/set"
export WHITTLE_COMPONENTS=$work/set
cd "$work" || exit 1
echo 'int main(void) { return 0; }' > plain.c
echo 'int there(void) { return 0; }' > lib.c
echo 'int there(void); int main(void) { return there(); }' > needs.c
gcc -o plain plain.c
gcc -shared -fPIC -Wl,-soname,libgone.so.2 -o libgone.so lib.c
gcc -o needs needs.c libgone.so
rm libgone.so
build() { "$whittle" build -o x.img "$@"; }

head -c 40 plain > t40
head -c 200 plain > t200
head -c 9000 plain > t9000
check "cut within its header" says 2 "t40 is truncated" build ./t40
check "cut within its program headers" says 2 "t200 is truncated" build ./t200
check "cut within a segment" says 2 "t9000 is truncated" build ./t9000
echo 'just text' > text
check "not an ELF file" says 2 "text is not an ELF program" build ./text
: > empty
check "empty" says 2 "empty is empty" build ./empty
printf '#!/bin/sh\necho hi\n' > script
check "a script names its interpreter" says 2 "give its interpreter, /bin/sh" build ./script
printf '\xb7' | dd of=arm bs=1 seek=18 conv=notrunc status=none if=/dev/stdin
cp plain arm && printf '\xb7\x00' | dd of=arm bs=1 seek=18 conv=notrunc status=none
check "another architecture is named" says 2 "is for aarch64" build ./arm
cp plain i386 && printf '\x03\x00' | dd of=i386 bs=1 seek=18 conv=notrunc status=none
check "32-bit x86 too" says 2 "is for 32-bit x86" build ./i386
gcc -c -o object.o plain.c
check "an object file" says 2 "link it first" build ./object.o
check "a missing library and who needs it" says 2 "needs needs the library libgone.so.2" build ./needs
sed 's|/lib64/ld-linux|/lib64/ld-zzzzz|' plain > nointerp
check "a missing interpreter" says 2 "the interpreter /lib64/ld-zzzzz-x86-64.so.2, which is not installed" build ./nointerp
check "no such file" says 2 "nosuch: No such file" build ./nosuch
check "neither file nor directory" says 2 "neither a program" build /dev/null
if [ "$(id -u)" -ne 0 ]; then
	cp plain secret && chmod 0 secret
	check "an unreadable file" says 2 "secret: Permission denied" build ./secret
else
	cp plain secret && chmod 0 secret && chmod 755 . && mkdir -p readable && cp -r set readable/ && chmod -R a+rX readable
	mkdir -m 777 theirs
	if command -v setpriv > /dev/null && setpriv --reuid 65534 --clear-groups test -x "$whittle"; then
		check "an unreadable file" says 2 "secret: Permission denied" env WHITTLE_COMPONENTS="$work/readable/set" \
			setpriv --reuid 65534 --clear-groups "$whittle" build -o theirs/x.img ./secret
	else
		ok 0 "an unreadable file # SKIP another user cannot reach the tool here"
	fi
fi
check "no program given" says 2 "say what to build" "$whittle" build
check "two programs" says 2 "arguments for the program stand after --" build ./plain ./plain
mkdir dir
check "a directory without a program" says 2 "which program of it to start" build dir
check "a program that the directory does not have" says 2 "no program nosuch in dir" build dir -- nosuch
head -c 3000 /dev/urandom > noise && printf 'ustar' | dd of=noise bs=1 seek=257 conv=notrunc status=none
check "a broken tar file" says 2 "noise cannot be unpacked" build ./noise -- x
check "a word for --root that is none" says 2 "did you mean file" build --root fle ./plain
check "--copy without a colon" says 2 "HOST:GUEST" build --copy plain ./plain
check "--copy of nothing" says 2 "nosuch: No such file" build --copy nosuch:/x ./plain
check "-e without a value" says 2 "NAME=VALUE" build -e A ./plain
check "-w of a relative directory" says 2 "begins with /" build -w tmp ./plain
check "an unknown profile" says 2 "no profile al, did you mean all" build --for al ./plain
check "an unknown component" says 2 "no component tay, did you mean toy" build --with tay ./plain
check "an unknown verb" says 2 "no verb biuld, did you mean build" "$whittle" biuld
check "an unknown option" says 2 "no option --rot, did you mean root" build --rot embed ./plain
check "an option without its value" says 2 "needs a value" "$whittle" build -o
check "a directory that cannot be written" says 2 "/proc/x.img" "$whittle" build -o /proc/x.img ./plain
check "a component set that is none" says 2 "WHITTLE_COMPONENTS" env WHITTLE_COMPONENTS=/tmp "$whittle" build ./plain
check "size of a file that is no kernel" says 2 "not a Whittle kernel or image" "$whittle" size plain
check "nothing was left behind" bash -c "! ls -A | grep -q 'x.img'"
done_testing
