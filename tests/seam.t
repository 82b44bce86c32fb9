#!/bin/sh
# The seam for other processors: what only x86-64 has stays in arch/x86_64/ and in drivers of hardware that only PCs
# have (those that include <arch/port.h>, <arch/cpu.h> or <arch/apic.h>); everything else compiles against
# arch/aarch64's headers, but for the calls that newer architectures dropped (abi/legacy).
. tests/lib.sh

floors='core mm drivers fs net exec abi absent include'
find $floors -name '*.[chS]' ! -path 'abi/legacy/*' 2> /dev/null | sort > "$work/all"
grep -lE '<arch/(port|cpu|apic)\.h>' $(grep '^drivers/' "$work/all") /dev/null | sort > "$work/pc"
comm -23 "$work/all" "$work/pc" > "$work/neutral"

found=$(xargs grep -nE '__asm__|\basm\b *(volatile)? *\(|__x86_64__|__amd64__|\b(inb|inw|inl|outb|outw|outl) *\(|<(cpuid|x86intrin|immintrin)\.h>|asm/(msr|processor)' \
	< "$work/neutral" |
	grep -vE 'barrier\(\)|__asm__\("\.(pushsection|reloc)|^[^:]*:[0-9]*: \*|include/whittle/')
is "no inline assembly, x86 macro or port I/O above arch/" "$found" ""
is "no file above arch/ includes one of a particular arch" "$(xargs grep -n 'arch/\(x86_64\|aarch64\)' < "$work/neutral" | grep '#include')" ""

# -fsyntax-only: nothing is linked, the headers of arch/aarch64 declare what a port must define.
flags="-std=gnu11 -O1 -ffreestanding -fsyntax-only -nostdinc -isystem $(aarch64-linux-gnu-gcc -print-file-name=include)
	-I. -Iinclude -Iarch/aarch64/include -Iarch/include -Inet/lwip/include -Inet/lwip/libc -isystem $BUILD/src/lwip/src/include -isystem $BUILD/uapi/aarch64 -include core/kernel.h -DWHITTLE_DEBUG=0
	-Wall -Wextra -Wno-unused-parameter -Werror=implicit-function-declaration -Werror=incompatible-pointer-types"
mkdir -p "$BUILD/uapi/aarch64"
for dir in asm asm-generic linux; do
	ln -sfn /usr/aarch64-linux-gnu/include/$dir "$BUILD/uapi/aarch64/$dir"
done
for source in $(grep '\.c$' "$work/neutral"); do
	# shellcheck disable=SC2086
	aarch64-linux-gnu-gcc $flags "$source" > "$work/cc" 2>&1 || { echo "$source"; grep -m 2 error "$work/cc"; } >> "$work/broken"
done
is "every source above arch/ compiles for aarch64 ($(grep -c '\.c$' "$work/neutral") of them)" "$(cat "$work/broken" 2> /dev/null)" ""
is "arch/aarch64 holds only headers" "$(find arch/aarch64 -type f ! -name '*.h' ! -name '*.mk')" ""
done_testing
