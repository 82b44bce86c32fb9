#!/bin/bash
# TIME LIMIT: 600
# whittle size of one kernel and of two: floors, components, functions; and the page, in headless Chromium, which leaves
# pictures of it in the folder $SCREENSHOTS, if that is set.
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
WHITTLE=$PWD/build/whittle
here=$PWD/tests/tools
cd "$work" || exit 1

check "a kernel for microvm" "$WHITTLE" kernel -o whole.elf --for microvm
check "and one without network and files of /sys" "$WHITTLE" kernel -o small.elf --for base
"$WHITTLE" size whole.elf > one
"$WHITTLE" size -f whole.elf > functions
"$WHITTLE" size whole.elf small.elf > two
has "a table by floor" "$(cat one)" '^  net +[0-9]+$'
has "and component" "$(cat one)" '^    lwip +[0-9]+$'
check "not by function, unless it is asked for" bash -c "! grep -q tcp_receive one && grep -Eq '^      tcp_receive +[0-9]+$' functions"
check "parts add up" python3 - <<'END'
sums, stack = {}, []
for line in open('functions').read().split('floor, component, function')[1].splitlines()[1:]:
    depth, (name, size) = (len(line) - len(line.lstrip())) // 2, line.rsplit(None, 1)
    del stack[depth:]
    stack.append((name.strip(), int(size), [0]))
    if depth:
        stack[depth - 1][2][0] += int(size)
        sums[tuple(s[0] for s in stack[:depth])] = (stack[depth - 1][1], stack[depth - 1][2])
assert len(sums) > 50 and all(whole == parts[0] for whole, parts in sums.values()), sums
END
check "the whole is what the segments hold" bash -c "a=\$(awk '/^kernel /{print \$2}' functions); b=\$('$WHITTLE' size --json whole.elf |
	jq '[.segments[].file] | add'); [ \$((b - a)) -ge 0 ] && [ \$((b - a)) -lt 4096 ] || { echo \$a \$b; false; }"
has "of two: what is only in one" "$(cat two)" '^      tcp_receive +[0-9]+ +0 +-[0-9]+$'
check "and nothing that is in both alike" bash -c "! grep -E ' ([1-9][0-9]*) +\1 +\+0$' two | grep '^      '"
check "two that are the same differ in nothing" bash -c "[ \$('$WHITTLE' size whole.elf whole.elf | grep -c ' kernel\\|^  ') = 0 ]"
check "for programs, too" bash -c "'$WHITTLE' size --json whole.elf small.elf | jq -e '.tree[1] > .tree[2] and (.tree[3] | map(.[0]) | index(\"net\"))'"
check "a map that is missing is said" bash -c "cp small.elf alone.elf; ! '$WHITTLE' size whole.elf alone.elf 2> said && grep -q 'alone.elf.map, which says' said"
check "a page of one kernel" "$WHITTLE" size --html one.html whole.elf
check "a page of two" "$WHITTLE" size --html two.html whole.elf small.elf
check "which name nothing elsewhere" bash -c "! grep -Ei 'https?:|src=|href=|@import|url\\(' one.html two.html"
check "the same page each time" bash -c "'$WHITTLE' size --html again.html whole.elf small.elf > /dev/null && cmp two.html again.html"
sub "page of one" python3 "$here/page.py" one.html whole.elf - $SCREENSHOTS
sub "page of two" python3 "$here/page.py" two.html whole.elf small.elf $SCREENSHOTS
done_testing
