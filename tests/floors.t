#!/bin/sh
# The floors: a file includes only what stands on its own floor or below (DESIGN: arch, core, mm, drivers, fs and net,
# exec, abi). Headers of arch/ may include core's plain ones.
. tests/lib.sh

find arch core mm drivers fs net exec abi absent -name '*.[chS]' 2> /dev/null | xargs grep -nE '^#[ \t]*include' > "$work/includes"
awk '
	BEGIN {
		floor["arch"] = 0; floor["core"] = 1; floor["mm"] = 2; floor["drivers"] = 3; floor["fs"] = 4; floor["net"] = 4
		floor["exec"] = 5; floor["abi"] = 6; floor["absent"] = 9
	}
	{
		split($0, part, ":"); from = part[1]; sub(/\/.*/, "", from)
		to = $0; sub(/.*#[ \t]*include[ \t]*[<"]/, "", to); sub(/[">].*/, "", to); sub(/\/.*/, "", to)
		if (!(to in floor) || !(from in floor)) next
		# arch and core are one knot at the bottom: the processor implements what core declares.
		if (from == "arch" && to == "core") next
		if (floor[to] > floor[from]) print
	}' "$work/includes" > "$work/upward"
# What arch implements for a floor above, it must see declared.
is "no file includes what stands above it" "$(grep -vE '^arch/[^:]*:[0-9]+:#[ \t]*include "(mm|abi|exec)/' "$work/upward")" ""

grep -nE '^#[ \t]*(if|ifdef|ifndef|elif)' $(find core mm drivers fs net exec abi absent -name '*.[ch]' 2> /dev/null) |
	grep -vE 'ifndef [A-Z0-9_]+_H$|__ASSEMBLER__|__CHECKER__|__bitwise|_VDSO\b|ifndef MAP_32BIT\b|if(def|ndef)? *\(?WHITTLE_DEBUG' > "$work/conditions"
is "no #if on a feature above arch/" "$(grep -v '^net/lwip/' "$work/conditions")" ""

missing=$(find core mm drivers fs net exec abi arch/x86_64 -name '*.c' ! -path '*/user/*' | xargs grep -L 'COMPONENT(')
is "every source names its component" "$missing" ""
is "those in assembly too" "$(grep -LE '^	COMPONENT "' arch/x86_64/*.S)" ""
is "the files of a component say the same of it" "$(grep -rhoE '^	?COMPONENT[( ]"[^)]*"' core mm drivers fs net exec abi arch/x86_64 |
	sed 's/^	*COMPONENT[( ]//' | sort -u | cut -d, -f1 | uniq -d)" ""
is "no source includes a header of a libc" \
	"$(grep -nE '<(stdio|stdlib|string|unistd|errno|pthread|sys/[a-z]*)\.h>' "$work/includes" | grep -v '/user/\|^net/lwip/')" ""
done_testing
