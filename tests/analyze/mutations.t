#!/bin/bash
# Each thing that the analyzer follows is ignored in turn, in a copy of its sources: an adversary must then go unseen.
# TIME LIMIT: 600
. tests/lib.sh
dir=tests/analyze/adversaries
gcc -O2 -fPIC -shared -o "$work/libhidden.so" $dir/libhidden.c -Wl,-soname,libhidden.so || exit 1
make -s --no-print-directory tool-objects > "$work/objects" || exit 1
cflags=$(make -s --no-print-directory tool-cflags)
export XDG_CACHE_HOME=/proc/nowhere HOME=/proc/nowhere

seen() { # TOOL PROGRAM: the call is found, or something is not bounded
	"$1" analyze --json "$2" 2> "$work/error" | 
		jq -e '(.syscalls | any(.name == "sched_rr_get_interval")) or (.unbounded | length > 0)' > /dev/null
}
mutation() { # NAME FILE SED ADVERSARY FLAGS…
	local name="$1" file=tools/analyze/$2 adversary=$4 libs=
	sed "$3" $file > "$work/mutated.c"
	if cmp -s $file "$work/mutated.c"; then
		point 1 "$name ignored: can be"
		return
	fi
	gcc $cflags -O0 -w -I tools/analyze -c -o "$work/mutated.o" "$work/mutated.c" &&
		gcc -o "$work/mutated" "$work/mutated.o" $(tr ' ' '\n' < "$work/objects" | grep -v "/analyze/${2%.c}\.o$") -lelf -ljansson -lcapstone ||
		{ point 1 "$name ignored: builds"; return; }
	! grep -q LIBRARY "$dir/$adversary.c" || libs="-L$work -lhidden -Wl,-rpath,$work"
	gcc -w -o "$work/program" "$dir/$adversary.c" "${@:5}" $libs || { point 1 "$adversary builds"; return; }
	check "$adversary ${*:5}: seen" seen $WHITTLE "$work/program"
	check "$adversary ${*:5}: not seen with $name ignored" not_seen
}
# A whole answer without it, not one that ended early.
not_seen() {
	"$work/mutated" analyze --json "$work/program" > "$work/answer" &&
		jq -e '.complete and (.syscalls | length >= 5 and all(.name != "sched_rr_get_interval"))' "$work/answer"
}

mutation "what IFUNC resolvers do" reach.c '/case RELOC_RESOLVER:/,/break;/s/mark_address.*/;/' ifunc -O2
mutation "initialisers" reach.c 's/^\t*mark_range(r, i, .*/;/' constructor -O2
mutation "destructors" reach.c 's/"\.fini_array", //; s/j < COUNT(o->arrays); j++/j < 2; j++/' destructor -O2
mutation "pointers in data" reach.c '/^\tcase RELOC_LOCAL:/,/break;$/s/mark_address.*/;/; s/^\t\tmark_address(r, m, reloc->target, by);/;/' vtable -O2
mutation "thread-local data" reach.c 's/ || (reloc->place >= o->tls_start.*/)/' tls -O2
mutation "what libraries define" reach.c '/case RELOC_SYMBOL:/,/break;/s/mark_symbol.*/;/' library -O2
mutation "packed relocations" binary.c 's/^\tread_relr(o, d.*/;/' vtable -O2 -Wl,-z,pack-relative-relocs
mutation "addresses that code takes" units.c 's/in.takes_address\t*? REF_ADDRESS/in.takes_address ? REF_ACCESS/; s/enum ref_kind kind = in.takes_address.*/if (in.takes_address) { at += in.size; continue; } enum ref_kind kind = 0 ? REF_ADDRESS/' pointer -O2
mutation "tail calls" units.c 's/if (in.flow == FLOW_CALL || in.target < unit->start || in.target >= unit->end)/if (in.flow == FLOW_CALL)/' tail -O2
mutation "names given to dlsym" opened.c 's/^\t*reach_exported(r, name, by, true);/;/' dynamic-dlsym -O2 -rdynamic
mutation "names given to dlopen" opened.c 's/^\t*any |= open_library(a, m, name);/;/' library-opened -O2
mutation "words of fixed programs" binary.c 's/if (o->fixed)$/if (0)/' vtable -O2 -static
mutation "int 0x80" code.c 's/in->doors = DOOR_INT80;/;/' old-door -O2
done_testing
