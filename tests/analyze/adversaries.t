#!/bin/bash
# Adversaries of the analyzer: each hides a call. It must be found, or a site reported that may be any call; never neither.
# TIME LIMIT: 600
. tests/lib.sh
dir=tests/analyze/adversaries
gcc -O2 -fPIC -shared -o "$work/libhidden.so" $dir/libhidden.c -Wl,-soname,libhidden.so || exit 1

# The program really makes the call: what follows is no test of nothing.
makes_it() { # PROGRAM
	strace -f -qq -o "$work/trace" "$1" > /dev/null 2>&1
	grep -Eq 'sched_rr_get_interval' "$work/trace"
}
found() { # PROGRAM: its call is listed, or something is not bounded
	$WHITTLE analyze --json "$1" > "$work/report" 2> "$work/error"
	[ $? -le 1 ] || { cat "$work/error"; return 1; }
	jq -e '(.syscalls | any(.name == "sched_rr_get_interval")) or (.unbounded | length > 0)' "$work/report" > /dev/null
}
without_sections() { # PROGRAM COPY: no section headers at all
	cp "$1" "$2"
	# e_shoff, then e_shnum and e_shstrndx
	printf '\0\0\0\0\0\0\0\0' | dd of="$2" bs=1 seek=40 conv=notrunc status=none
	printf '\0\0\0\0' | dd of="$2" bs=1 seek=60 conv=notrunc status=none
}
build() { # NAME FLAGS…
	local libs=
	! grep -q LIBRARY "$dir/$1.c" || libs="-L$work -lhidden -Wl,-rpath,$work"
	gcc -w -o "$work/$1" "$dir/$1.c" "${@:2}" $libs 2> "$work/gcc"
}

for source in $dir/*.c; do
	name=$(basename "$source" .c)
	[ $name != libhidden ] || continue
	case $name in
	dynamic-*) ways="-O2 -rdynamic;-O0 -rdynamic" ;;
	library*) ways="-O2;-O0;-O2 -fno-plt -Wl,-z,now" ;;
	*) ways="-O2;-O0;-O2 -static-pie -fcf-protection=full;-O2 -static" ;;
	esac
	while read -r -d';' way; do
		check "$name $way: builds" build $name $way
		check "$name $way: makes the call" makes_it "$work/$name"
		check "$name $way: found or reported" found "$work/$name"
		[ "$way" = -O0 ] && continue
		strip -o "$work/$name.stripped" "$work/$name"
		without_sections "$work/$name.stripped" "$work/$name.bare"
		check "$name $way: stripped" found "$work/$name.stripped"
		check "$name $way: without section headers" found "$work/$name.bare"
	done <<< "$ways;"
done
done_testing
