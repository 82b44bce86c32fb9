#!/bin/bash
# What the link keeps: only what the roots need, from toy components and the kernel's own linker script.
. "$(dirname "$0")/lib.sh"
set=$work/set
toy_set "$set"
export WHITTLE_COMPONENTS=$set

cat > "$work/boot.c" <<'C'
COMPONENT("boot", "where a toy kernel starts");
int called;
static const char *volatile words[] = { "one", "two" };
void pvh_entry(void);
__attribute__((section(".boot.text"))) void pvh_entry(void)
{
	called = words[called][0];
	set_for_each(syscall, c)
		called += c->run(1);
	set_for_each(driver, d)
		called += d->probe();
}
C
cat > "$work/three.c" <<'C'
COMPONENT("three", "three system calls in one file");
static char only_first[1000];
static const char only_second[2000] = { 1, 2, 3 };
long sys_first(long a);
long sys_second(long a);
long sys_third(long a);
long sys_first(long a) { return only_first[a]++; }
TOY_CALL(first);
long sys_second(long a) { return only_second[a] + lower(a); }
TOY_CALL(second);
long sys_third(long a) { return helper(a); }
TOY_CALL(third);
C
cat > "$work/lower.c" <<'C'
COMPONENT("lower", "what the second call needs");
long lower(long a) { return a * 3; }
C
cat > "$work/helper.c" <<'C'
COMPONENT("helper", "a part that may be absent");
long helper(long a) { return a * 5; }
TOY_CALL_OF(helper);
C
sed -i 's/TOY_CALL_OF(helper);/long sys_help(long a);\nlong sys_help(long a) { return helper(a); }\nTOY_CALL(help);/' "$work/helper.c"
cat > "$work/absent-helper.c" <<'C'
COMPONENT("absent", "says so");
__attribute__((weak)) long helper(long a) { return -38; }
C
for f in boot three lower helper; do toy_cc "$work/$f.c" "$set/o/$f.o"; done
toy_cc "$work/absent-helper.c" "$set/absent/helper.o"
toy_archive "$set"
printf '# one call\nroot pvh_entry\nwith syscall:second\n' > "$set/profiles/one"
printf '# no call\nroot pvh_entry\n' > "$set/profiles/none"
printf '# all\nroot pvh_entry\nset *\n' > "$set/profiles/all"

kernel() { "$whittle" kernel -o "$work/k" "$@"; }
has() { nm "$work/k.debug" | grep -qE " [A-Za-z] $1\$"; }
hasnt() { ! has "$1"; }
component() { grep -q "^component	$1	" "$work/k.map"; }
no_component() { ! component "$1"; }

check "a kernel with one of three calls of a file links" kernel --for one
check "the wanted call is there" has set_syscall_second
check "with its function" has sys_second
check "and its data" has only_second
check "and what it needs of another file" has lower
for n in first third; do
	check "call $n of the same file is not there" hasnt set_syscall_$n
	check "nor is its function" hasnt sys_$n
done
check "nor is the other's data" hasnt only_first
check "the map by component says so" component lower
check "and does not name what is not there" no_component helper

check "a call whose helper is left out gets the absent one" kernel --for none --with syscall:third
check "which is the weak default" bash -o pipefail -c "nm '$work/k.debug' | grep -q ' W helper'"
check "and no component helper" no_component helper
check "with a root of that part, the same call gets the real one" kernel --for none --with syscall:third --with helper
check "which is strong" bash -o pipefail -c "nm '$work/k.debug' | grep -q ' T helper'"
cat > "$work/only.c" <<'C'
COMPONENT("only", "replaces a default, and has no entry");
const char only_driver[] = "x";
long helper2(long a);
long helper2(long a) { return a * 7 + only_driver[a]; }
C
cat > "$work/absent-only.c" <<'C'
__attribute__((weak)) long helper2(long a);
__attribute__((weak)) long helper2(long a) { return 0; }
C
sed -i 's/^	called = words/	called = helper2(1);\n&/; s/^int called;/long helper2(long);\n&/' "$work/boot.c"
toy_cc "$work/boot.c" "$set/o/boot.o"
toy_cc "$work/only.c" "$set/o/only.o"
toy_cc "$work/absent-only.c" "$set/absent/only.o"
toy_archive "$set"
check "a part without entries is left out by default" kernel --for none
check "as its default says" sh -c "nm '$work/k.debug' | grep -q ' W helper2'"
check "and the kernel does not name it" no_component only
check "--with brings it in" kernel --for none --with only
check "in the place of the default" sh -c "nm '$work/k.debug' | grep -q ' T helper2'"
check "--without it again is fine where nobody needs it" kernel --for none --without only

check "the whole links" kernel --for all
check "with all four entries" bash -o pipefail -c "[ \$(nm '$work/k.debug' | grep -c ' set_syscall_') = 4 ]"
kernel --for all --without syscall:first > /dev/null
check "an entry can be left out" hasnt sys_first
check "leaving out what others need names who needs it" says 2 "lower cannot be left out: three needs its lower" \
	kernel --for all --without lower

cp "$set/kernel.a" "$work/before.a"
cat > "$work/driver.c" <<'C'
COMPONENT("toy-driver", "a driver in one new file");
static int probe(void) { return toy_bus(); }
SET_ENTRY(driver, toy, struct toy_driver) = { "toy", probe, { 0, 0 } };
C
cat > "$work/bus.c" <<'C'
COMPONENT("toy-bus", "comes along by need");
int toy_bus(void) { return 7; }
C
toy_cc "$work/driver.c" "$set/o/driver.o"
toy_cc "$work/bus.c" "$set/o/bus.o"
toy_archive "$set"
check "a driver added as one new file links by its name, nothing else touched" kernel --for none --with toy-driver
check "its entry is in the set" has set_driver_toy
check "and the bus that it needs came along" component toy-bus
check "a profile that does not ask for it is without it" bash -o pipefail -c "'$whittle' kernel -o '$work/k' --for one"
check "as the map says" no_component toy-driver

check "the same link twice gives the same bytes" bash -o pipefail -c "'$whittle' kernel -o '$work/a' --for all >&2 && \
	'$whittle' kernel -o '$work/b' --for all >&2 && cmp '$work/a' '$work/b' && cmp '$work/a.debug' '$work/b.debug'"
check "a stripped kernel has no sections" bash -o pipefail -c "! readelf -SW '$work/a' | grep -q debug_info"
check "and keeps the spare program header" bash -o pipefail -c "readelf -lW '$work/a' | grep -q NULL"
check "its relocations are RELR only" bash -o pipefail -c "readelf -dW '$work/a.debug' | grep -q RELR && readelf -dW '$work/a.debug' | grep -q 'RELASZ.* 0 '"
check "its names are in it" bash -o pipefail -c "strings -n 3 '$work/a' | grep -qx toy-bus"

check "an unknown profile is one sentence that offers a near one" says 2 "no profile nome, did you mean none" \
	"$whittle" kernel -o "$work/x" --for nome
check "an unknown component offers a near one" says 2 "no component threee, did you mean three" \
	"$whittle" kernel -o "$work/x" --with threee
check "an unknown entry offers a near one" says 2 "syscall:secnd, did you mean syscall:second" \
	"$whittle" kernel -o "$work/x" --with syscall:secnd
check "an unknown option offers a near one" says 2 "no option --witout, did you mean without" \
	"$whittle" kernel -o "$work/x" --witout three
check "and none of them left a file" bash -o pipefail -c "! ls '$work' | grep -q ^x"
echo 'root nothing_of_this_name' > "$set/profiles/broken"
check "a root that does not exist is refused" says 2 nothing_of_this_name "$whittle" kernel -o "$work/x" --for broken
check "components lists as JSON" bash -o pipefail -c "'$whittle' components --json | jq -e '.components | map(.name) | index(\"three\")'"
rm "$set/profiles/broken"
check "profiles lists as JSON" bash -o pipefail -c "'$whittle' profiles --json | jq -e '.[] | select(.name==\"one\").components | index(\"lower\")'"
done_testing
