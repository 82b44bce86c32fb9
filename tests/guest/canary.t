#!/bin/sh
# The kernel's stack protector, seen with gdb: each thread has a canary of its own, and a function that returns over a
# changed one ends the kernel with a report.
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/at.img" --for microvm "$BUILD/guest/addresses"
timeout 120 $WHITTLE run --gdb -m 64M "$work/at.img" < /dev/null > "$work/out" 2> "$work/err" &
for wait in $(seq 100); do
	grep -q 'waiting for gdb' "$work/err" && break
	sleep 0.1
done
port=$(sed -n 's/.*target remote 127.0.0.1:\([0-9]*\).*/\1/p' "$work/err")
# exec/stack.c has the program's 16 random bytes in an array on its stack.
cat > "$work/commands" <<'END'
set pagination off
hbreak arch_switch
commands
silent
printf "thread %p has %016lx\n", to, to->canary
continue
end
hbreak random_bytes if $rsi == 16
continue
printf "in use %016lx\n", *(unsigned long *)($gs_base + (unsigned long)&stack_canary)
set $current = (struct thread *)*(unsigned long *)($gs_base + (unsigned long)&current_thread)
printf "is of %p %016lx\n", $current, $current->canary
set var *(unsigned long *)($gs_base + (unsigned long)&stack_canary) = 0
# It comes back from here when another thread runs meanwhile.
set var $current->canary = 0
continue
END
timeout 100 gdb "$work/at.img.debug" -batch -ex "target remote 127.0.0.1:$port" -x "$work/commands" > "$work/gdb" 2>&1 < /dev/null
wait $!
said=$(cat "$work/gdb")
sed -n 's/^thread //p' "$work/gdb" | sort -u > "$work/threads"
check "several threads were seen" [ "$(wc -l < "$work/threads")" -ge 2 ]
is "each has one canary, and no other has it" "$(sed 's/.* //' "$work/threads" | sort | uniq -d)$(cut -d' ' -f1 "$work/threads" | uniq -d)" ""
is "none can be guessed, or read as text" "$(grep -vE ' has [0-9a-f]{14}00$|0000000000' "$work/threads")" ""
is "the one in use is the thread's" "$(sed -n 's/^in use //p' "$work/gdb")" "$(sed -n 's/^is of .* //p' "$work/gdb")"
has "a changed one ends the kernel" "$(cat "$work/err")" '^kernel panic: a function wrote past the end of an array on its stack$'
has "the report names the function" "$(cat "$work/err")" 'program_stack\+0x'
done_testing
