#!/bin/sh
# Debian's lua5.4, as installed: a script gives what it gives here.
. tests/apps/lib.sh

printf 'a line\nanother\n' > "$work/lines"
here=$(lua5.4 tests/apps/data/work.lua < "$work/lines" 2>&1; echo "status $?")
image lua --copy tests/apps/data/work.lua:/work.lua /usr/bin/lua5.4 -- /work.lua
lua() {
	input=$work/lines same "a script with files, coroutines, collection of garbage" "$here" lua
	is "a script from the input" "$(echo 'print(6 * 7)' | guest lua -)" 42
	has "a script that fails says where" "$(guest lua -e 'local x = nil; x.y = 1' < /dev/null)" "attempt to index a nil value"
}
on_machines lua
done_testing
