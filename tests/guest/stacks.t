#!/bin/sh
# Nothing is mapped below any stack of the kernel, and one that runs full ends the kernel with a report; what start-up has
# finished is read-only, where it runs and in the map of all memory. Seen with gdb, on two processors.
. tests/lib.sh

start() { # GDB-SCRIPT: an image's machine, stopped where the program's first stack is made
	timeout 120 $WHITTLE run --gdb -c 2 -m 64M "$work/at.img" < /dev/null > "$work/out" 2> "$work/err" &
	for wait in $(seq 100); do
		grep -q 'waiting for gdb' "$work/err" && break
		sleep 0.1
	done
	port=$(sed -n 's/.*target remote 127.0.0.1:\([0-9]*\).*/\1/p' "$work/err")
	timeout 100 gdb "$work/at.img.debug" -batch -ex 'set pagination off' -ex "target remote 127.0.0.1:$port" \
		-ex 'hbreak program_stack' -ex continue -x "$1" > "$work/gdb" 2>&1 < /dev/null
	wait $!
}

check "an image is built" $WHITTLE build -o "$work/at.img" --for microvm "$BUILD/guest/addresses"
cat > "$work/look.py" <<'END'
import gdb

DIRECT_MAP = 0xffff800000000000
TRAP_STACK = 8192

def number(text):
    return int(gdb.parse_and_eval(text)) & 0xffffffffffffffff

def there(at):
    try:
        gdb.selected_inferior().read_memory(at, 1)
        return True
    except gdb.MemoryError:
        return False

def stack(name, low, high):
    mapped = all(there(at) for at in list(range(low, high, 4096)) + [high - 1])
    print("stack %s: %s, %s" % (name, "mapped" if mapped else "not mapped",
                                "unguarded" if there(low - 1) or there(low - 4096) else "guarded"))

def entry(va):
    """The page table entry of @va, 0 if there is none."""
    table = int(gdb.parse_and_eval("$cr3").cast(gdb.lookup_type("unsigned long"))) & ~4095
    for shift in (39, 30, 21, 12):
        at = DIRECT_MAP + table + ((va >> shift) & 511) * 8
        e = int.from_bytes(bytes(gdb.selected_inferior().read_memory(at, 8)), "little")
        if not e & 1:
            return 0
        if shift == 12 or e & 128:
            return e
        table = e & 0xffffffffff000

def writable(va):
    return bool(entry(va) & 2)

for cpu in range(2):
    tss = (number("(unsigned long)&cpu_tss") + number("cpu_bases[%d]" % cpu)) & 0xffffffffffffffff
    for i in range(4):
        top = int.from_bytes(bytes(gdb.selected_inferior().read_memory(tss + 36 + i * 8, 8)), "little") + 16
        stack("of trap %d on %d" % (i, cpu), top - TRAP_STACK, top)
current = "((struct thread *)*(unsigned long *)($gs_base + (unsigned long)&current_thread))"
low = number("(unsigned long)%s->stack" % current)
stack("of the thread", low, number("%s->arch.stack_top" % current))
stack("of the start", number("(unsigned long)&boot_stack"), number("(unsigned long)&boot_stack") + 8192)
for name in ("relro_start", "syscall_table", "idt", "relro_end"):
    va = number("(unsigned long)&%s" % name) - (1 if name == "relro_end" else 0)
    physical = entry(va) & 0xffffffffff000
    print("sealed %s: %s" % (name, "writable" if writable(va) or writable(DIRECT_MAP + physical) else "read-only"))
va = number("(unsigned long)&data_start")
print("data: %s" % ("writable" if writable(va) and writable(DIRECT_MAP + (entry(va) & 0xffffffffff000)) else "read-only"))
gdb.execute("kill")
END
start "$work/look.py"
said=$(cat "$work/gdb")
is "stacks of four traps on each of two processors, a thread's and the first" "$(printf '%s\n' "$said" | grep -c '^stack')" 10
is "each is mapped, and what is below is not" "$(printf '%s\n' "$said" | grep '^stack' | grep -v ': mapped, guarded$')" ""
is "what is finished is read-only under all its addresses" "$(printf '%s\n' "$said" | grep '^sealed' | grep -v 'read-only$')" ""
is "all of it was looked at" "$(printf '%s\n' "$said" | grep -c '^sealed')" 4
has "other data is not" "$said" '^data: writable$'

printf '%s\n' 'set $t = (struct thread *)*(unsigned long *)($gs_base + (unsigned long)&current_thread)' \
	'set $rsp = (unsigned long)$t->stack + 8' 'delete' 'continue' > "$work/overflow"
start "$work/overflow"
has "a full stack ends the kernel" "$(cat "$work/err")" '^kernel: double fault'
has "the report says which" "$(cat "$work/err")" "^the kernel's stack of addresses\[1\] was too small"
done_testing
