#!/bin/bash
# whittle build: what is packed, found as the program's loader would, and the same bytes each time.
. "$(dirname "$0")/lib.sh"
toy_kernel_set "$work/set"
export WHITTLE_COMPONENTS=$work/set
cd "$work" || exit 1

mkdir -p app/lib app/bin
echo 'int deep(void) { return 5; }' > deep.c
echo 'int deep(void); int near(void) { return deep(); }' > near.c
echo 'int near(void); int main(void) { return near(); }' > main.c
gcc -shared -fPIC -o app/lib/libdeep.so deep.c
gcc -shared -fPIC -Wl,-soname,libnear.so.1 -Wl,-rpath,'$ORIGIN' -o app/lib/libnear.so.1 near.c -Lapp/lib -ldeep
ln -s libnear.so.1 app/lib/libnear.so
gcc -o app/bin/main main.c -Wl,-rpath,'$ORIGIN/../lib' -Lapp/lib -lnear -Wl,-rpath-link,app/lib
echo 'int main(void) { return 0; }' > plain.c
gcc -static -o static plain.c
musl-gcc -o musl plain.c

build() { "$whittle" build "$@"; }
# has IMAGE PATH: the manifest lists it.
has() { jq -e --arg p "$2" '.files | map(.path) | index($p)' "$1.json"; }
role() { jq -e --arg p "$2" --arg r "$3" '.libraries[] | select(.path == $p and .role == $r)' "$1.json"; }
unpack() { rm -rf out && fsck.erofs --extract=out "$1.erofs" > /dev/null; }

check "a program with libraries beside it is packed" build app/bin/main
check "its last line is the command that runs it" bash -c "'$whittle' build app/bin/main | tail -1 | grep -qx 'whittle run main.img'"
check "the image is one file and has its companions" ls main.img main.img.json main.img.debug main.img.map
check "the program of a private directory is in /usr/bin" role main.img /usr/bin/main program
check "its interpreter is where it asks for it" role main.img /lib64/ld-linux-x86-64.so.2 interpreter
check "its library lies where \$ORIGIN says" role main.img /usr/lib/libnear.so.1 library
check "and the library's own library" role main.img /usr/lib/libdeep.so library
check "libc is found in the system's directories" role main.img /lib/x86_64-linux-gnu/libc.so.6 library
check "there is an /etc/passwd" has main.img /etc/passwd
check "and an empty /tmp" has main.img /tmp
check "and the time zone of this machine" bash -c "jq -e --arg s \$(sha256sum < /etc/localtime | cut -d' ' -f1) '.files[] | \
	select(.path == \"/etc/localtime\" and .sha256 == \$s)' main.img.json"
check "and no certificates, which it cannot want" bash -c "! jq -e '.files[] | select(.path | startswith(\"/etc/ssl\"))' main.img.json"
check "root in a file beside the image" build --root file -o f.img app/bin/main
check "the packed root unpacks" unpack f.img
check "the files are the host's, byte for byte" cmp out/lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2
check "modes are kept" bash -c "[ \"\$(stat -c %a out/usr/bin/main out/etc/passwd out/tmp | tr '\n' ' ')\" = '755 644 1777 ' ]"
check "no file is packed inline" bash -c "dump.erofs -S f.img.erofs 2>/dev/null | grep -qi 'inline.* 0$' || true"
check "a program of the system keeps its path" bash -c "'$whittle' build -o t.img /usr/bin/true && jq -e '.program == \"/usr/bin/true\"' t.img.json"
check "a bare name is looked for in PATH" bash -c "'$whittle' build -o t.img true"
check "a static program needs nothing else" bash -c "'$whittle' build -o s.img ./static && jq -e '.libraries | length == 1' s.img.json"
check "a program for musl gets musl's loader, and no other libc" bash -c "'$whittle' build -o m.img ./musl && \
	jq -e '.libraries | map(.path) | . == [\"/usr/bin/musl\", \"/lib/ld-musl-x86_64.so.1\"]' m.img.json"

check "arguments, environment and directory are packed" build -o p.img -e 'A=b c' -w /tmp ./static -- one 'two "2"' ''
check "quoted as the kernel reads them" bash -c \
	"grep -aqF -- '\"whittle.env=A=b c\" whittle.cwd=/tmp -- /usr/bin/static one \"two \\\"2\\\"\" \"\"' p.img"
check "the boot area is a segment of its own, the sixth" bash -c "[ \$(readelf -lW p.img | grep -c LOAD) = 6 ]"
check "which begins on a page" bash -c "readelf -lW p.img | grep LOAD | tail -1 | grep -q '0x[0-9a-f]*000 0xffffffff'"
echo data > data
mkdir -p tree/sub && echo x > tree/sub/x && ln -s x tree/sub/y
check "--copy takes a file" build -o c.img --copy data:/srv/data --copy tree:/srv/tree --copy app/bin/main:/opt/ ./static
for p in /srv/data /srv/tree/sub/x /srv/tree/sub/y /opt/main /lib64/ld-linux-x86-64.so.2; do
	check "and the image has $p" has c.img $p
done

mkdir -p plugins/deep && cp app/lib/libdeep.so plugins/deep
echo 'void *deflate(void); void *plug(void) { return deflate(); }' > plug.c
gcc -shared -fPIC -o plugins/plug.so plug.c -Wl,--no-as-needed -lm -Lplugins/deep -ldeep
echo '__attribute__((used)) char place[] = "/etc/ssl/certs/ca-certificates.crt"; int main(void) { return 0; }' > tls.c
gcc -static -o tls tls.c
check "--copy takes a directory of plugins" bash -c "'$whittle' build -o d.img --copy plugins:/srv/plugins ./tls 2> said"
check "and what they need" has d.img /lib/x86_64-linux-gnu/libm.so.6
check "of what is among them nothing is said" bash -c "! grep needs said"
check "a program that holds the name of certificates gets them" has d.img /etc/ssl/certs/ca-certificates.crt
check "and OpenSSL's way to them" bash -c "jq -e '.files[] | select(.path == \"/usr/lib/ssl/cert.pem\" and .link)' d.img.json"
echo mine > mine.crt
check "unless it brings its own" build --root file -o e.img --copy mine.crt:/etc/ssl/certs/ca-certificates.crt ./tls
check "which are packed" bash -c "rm -rf out && fsck.erofs --extract=out e.img.erofs > /dev/null && cmp mine.crt out/etc/ssl/certs/ca-certificates.crt"
rm plugins/deep/libdeep.so
check "a library that a plugin lacks is said" bash -c "'$whittle' build -o d.img --copy plugins:/srv/plugins ./tls 2>&1 | \
	grep -q 'plugins/plug.so needs the library libdeep.so, which is in no directory'"

check "the same build twice gives the same bytes" bash -c "mkdir -p again && cp -r app again && '$whittle' build app/bin/main >&2 && \
	(cd again && umask 077 && '$whittle' build app/bin/main >&2) && for s in '' .json .debug .map; do cmp main.img\$s again/main.img\$s || exit 1; done"

mkdir -p dir/bin dir/lib && cp static dir/bin/prog && ln -s /bin/prog dir/prog-link
check "a directory is packed as it is" build -o d.img dir -- /bin/prog arg
check "with nothing added" bash -c "jq -e '.files | map(.path) == [\"/bin\", \"/bin/prog\", \"/lib\", \"/prog-link\"]' d.img.json"
check "the first word is the program, by a link within the directory too" build -o d.img dir -- /prog-link
check "and by name alone" bash -c "'$whittle' build -o d.img dir -- prog && jq -e '.program == \"/bin/prog\"' d.img.json"
printf '#!/bin/prog -x\n' > dir/script && printf '#! /bin/gone\n' > dir/broken
check "a script whose interpreter is there may be the program" build -o d.img dir -- /script
check "and one whose interpreter is not is refused" says 2 "needs the interpreter /bin/gone, which is not in it" \
	"$whittle" build -o d.img dir -- /broken
rm dir/script dir/broken
tar -C dir -czf dir.tar.gz .
check "a tar file is packed as it is" bash -c "'$whittle' build dir.tar.gz -- prog && jq -e '.program == \"/bin/prog\"' dir.img.json"
build -o d.img dir -- prog > /dev/null
check "size reads an image" bash -c "'$whittle' size --json d.img | jq -e '.components | map(.name) | index(\"toy\")'"
check "and one without its map" bash -c "rm d.img.map; '$whittle' size d.img | grep -q '^toy'"
# Times: a source of compiled Python keeps its own while the compiled form names it (docs/decisions/image-times.md).
le32() { printf "\\x$(printf %08x "$1" | cut -c 7-8)\\x$(printf %08x "$1" | cut -c 5-6)\\x$(printf %08x "$1" | cut -c 3-4)\\x$(printf %08x "$1" | cut -c 1-2)"; }
compiled() { { printf '\xa7\r\r\n\0\0\0\0'; le32 "$1"; le32 "$2"; echo code; } > "$3"; } # TIME SIZE FILE
times() { # IMAGE PATH WANTED: its modification time
	is=$(dump.erofs --path="$2" "$1.erofs" | sed -n 's/^Timestamp: *\(.*\)\..*/\1/p')
	[ "$is" = "$(TZ=UTC date -d "@$3" '+%F %T')" ] || { echo "$2: $is"; return 1; }
}
export TZ=UTC
mkdir -p py/bin py/lib/__pycache__ && cp static py/bin/prog
for f in current stale beside hashed alone; do echo "print('$f')" > py/lib/$f.py; touch -d @1700000001.5 py/lib/$f.py; done
size() { stat -c %s "py/lib/$1.py"; }
compiled 1700000001 "$(size current)" py/lib/__pycache__/current.cpython-311.pyc
compiled 1700000000 "$(size stale)" py/lib/__pycache__/stale.cpython-311.pyc
compiled 1700000001 "$(size beside)" py/lib/beside.pyc
compiled 1700000001 "$(size hashed)" py/lib/__pycache__/hashed.cpython-311.pyc
printf '\1' | dd of=py/lib/__pycache__/hashed.cpython-311.pyc bs=1 seek=4 conv=notrunc 2> /dev/null
tar -C py -cf py.tar .
for source in py py.tar copied; do
	if [ $source = copied ]; then build --root file -o t.img --copy py/lib:/lib ./static > /dev/null
	else build --root file -o t.img $source -- prog > /dev/null; fi
	check "$source: a source that its compiled form names keeps its time" times t.img /lib/current.py 1700000001
	check "$source: so does one with the compiled form beside it" times t.img /lib/beside.py 1700000001
	for f in stale hashed alone; do check "$source: one that is $f has none" times t.img /lib/$f.py 0; done
	check "$source: neither has anything else" bash -c "$(declare -f times); times t.img /lib 0 && times t.img /lib/beside.pyc 0"
done
check "the user's directory is not changed" bash -c '[ "$(stat -c %Y py/lib/alone.py)" = 1700000001 ]'
build --root file -o t.img py -- prog > /dev/null && cp -a t.img.erofs first.erofs
sleep 1.1 # of the clock, which must not show
touch py/lib/alone.py py/bin py/lib/__pycache__/*
build --root file -o t.img py -- prog > /dev/null
check "no other time, and not today's, reaches the bytes" cmp t.img.erofs first.erofs
touch -d @1700000002 py/lib/current.py py/lib/beside.py
build --root file -o t.img py -- prog > /dev/null
check "without such sources all are of 1970" bash -c "$(declare -f times); times t.img /lib/current.py 0 && times t.img /lib/beside.py 0"
done_testing
