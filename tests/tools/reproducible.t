#!/bin/bash
# The same inputs give the same bytes: kernel, image and manifest, built in two folders on two dates.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

for where in first/a second/other/b; do
	mkdir -p "$where/lib" "$where/plugins"
	cp "$top/tests/tools/reproducible.c" "$where/main.c"
	(
		cd "$where" || exit 1
		echo 'int near(void) { return 0; }' > near.c
		gcc -shared -fPIC -Wl,--build-id=sha1 -o lib/libnear.so near.c
		gcc -o main main.c -Wl,-rpath,'$ORIGIN/lib' -Llib -lnear
		cp lib/libnear.so plugins/libplugin.so
		rm -f near.c main.c
	)
done
umask 022
build() { # DATE WHERE ARGUMENTS…: what the build makes of the same files on that day
	local date=$1 where=$2
	shift 2
	(cd "$where" && TZ=$date HOME=/nonexistent faketime "${date#*,}" "$whittle" "$@")
}
same() { # FILE…: both folders have them, with the same bytes
	local f
	for f in "$@"; do
		cmp "first/a/$f" "second/other/b/$f" || return 1
	done
}
both() { # ARGUMENTS…
	build 'UTC,2001-02-03 04:05:06' first/a "$@" && (umask 077 && build 'Asia/Tokyo,2031-12-30 23:59:59' second/other/b "$@")
}
check "the clock is another one" bash -c "[ \$(faketime '2001-02-03 04:05:06' date +%Y) = 2001 ]"
check "a kernel is linked in both folders" both kernel -o k.elf --for microvm
check "it is the same kernel" same k.elf k.elf.debug k.elf.map
check "an image is built in both" both build -o p.img --for microvm --copy plugins:/srv/plugins -e A=b ./main -- x
check "it is the same image" same p.img
check "with the same manifest" same p.img.json
check "and the same symbols and map" same p.img.debug p.img.map
check "an image that is cut to the program is built in both" both build -o f.img --for microvm --fit program --root file ./main
check "it is the same image, too" same f.img f.img.json f.img.erofs f.img.debug
check "the manifest names neither folder" bash -c "! grep -l -e first/a -e '$work' first/a/*.json"
check "the manifest is in the image, byte for byte" python3 -c "
image, told = open('first/a/p.img', 'rb').read(), open('first/a/p.img.json', 'rb').read()
assert told in image"
check "it has the tool's version" bash -c "jq -e '.tool | startswith(\"whittle \")' first/a/p.img.json"
check "a hash of every object that is in the kernel" python3 - "$top" <<'END'
import hashlib, json, subprocess, sys
told = json.load(open('first/a/p.img.json'))['kernel']['objects']
placed = {l.split('\t')[1] for l in open('first/a/p.img.map') if l.startswith('object\t')} - {'(link)'}
assert {o.rpartition('/')[2] for o in told} == placed, placed ^ set(told)
base = sys.argv[1] + '/build/components/x86_64/'
for name in list(told)[::25] + [o for o in told if '/' in o][:2]:
    body = open(base + name, 'rb').read() if '/' in name else subprocess.check_output(['ar', 'p', base + 'kernel.a', name])
    assert hashlib.sha256(body).hexdigest() == told[name], name
END
check "of every file that is packed" bash -c "jq -e '[.files[] | select(.link or .type or (.sha256 | length == 64) | not)] == []' first/a/p.img.json"
check "and of the root" bash -c "[ \$(jq -r .root_sha256 first/a/f.img.json) = \$(sha256sum < first/a/f.img.erofs | cut -d' ' -f1) ]"

mkdir full
check "a build that fails leaves nothing behind" bash -c "cd full && ! '$whittle' build -o x.img --copy /gone:/x true 2> /dev/null && [ -z \"\$(ls -A)\" ]"
check "nor does one that cannot write all of it" bash -c "cd full && mkdir x.img.json && echo old > x.img && ! '$whittle' build -o x.img true 2> said &&
	grep -q 'x.img.json: Is a directory' said && rmdir x.img.json && rm said && ! ls -A | grep -v '^x.img$' && [ \$(cat x.img) = old ]"
check "nor one that is interrupted" bash -c "cd full && rm -f x.img && { timeout -s INT 0.1 '$whittle' build -o x.img --fit program python3 || :; } && [ -z \"\$(ls -A)\" ]"
done_testing
