# For the tests of the tool: TAP, and component sets of toy objects. Sourced by the tests beside it.
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
whittle=$top/build/whittle
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
failed=0

ok() { # STATUS SENTENCE: one test
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}

check() { # SENTENCE COMMAND...: true when the command succeeds; what it prints is shown when it does not
	local sentence=$1
	shift
	if "$@" > "$work/check.log" 2>&1; then
		ok 0 "$sentence"
	else
		ok 1 "$sentence"
		sed 's/^/# /' "$work/check.log"
	fi
}

# says STATUS WORDS COMMAND...: the command exits with STATUS, and prints one line on stderr that has WORDS.
says() {
	local want=$1 words=$2 status
	shift 2
	"$@" > "$work/says.out" 2> "$work/says.err" < /dev/null
	status=$?
	if [ $status -ne "$want" ]; then
		echo "exit status $status, not $want; it said: $(head -c 2000 "$work/says.err")"
		return 1
	fi
	if [ "$(wc -l < "$work/says.err")" -ne 1 ] || ! grep -qF -- "$words" "$work/says.err"; then
		echo "not one line with \"$words\": $(head -c 2000 "$work/says.err")"
		return 1
	fi
}

done_testing() {
	echo "1..$number"
	exit $failed
}

# The linker script and its parts as the kernel has them, and no objects yet.
toy_set() { # DIR
	mkdir -p "$1/absent" "$1/profiles" "$1/o"
	cp arch/x86_64/kernel.lds "$1/"
	LC_ALL=C awk -v part=sets -f link/sets.awk link/sets > "$1/sets.lds"
	LC_ALL=C awk -v part=header -f link/sets.awk link/sets > "$1/header.lds"
}

toy_cc() { # DIR/NAME.c -> DIR/o/NAME.o; the flags that matter to the link are the kernel's
	gcc -std=gnu11 -O2 -g -ffreestanding -fPIC -fno-semantic-interposition -ffunction-sections -fdata-sections \
		-mno-red-zone -mgeneral-regs-only -fno-asynchronous-unwind-tables -fno-stack-protector -I. -Iinclude \
		-include tests/tools/toy.h -c -o "$2" "$1"
}

toy_archive() { # DIR
	rm -f "$1/kernel.a"
	ar rcsD "$1/kernel.a" "$1"/o/*.o
}

# A component set with the toy kernel as its only profile.
toy_kernel_set() { # DIR
	local main
	toy_set "$1"
	echo 'int main(void) { return 0; }' > "$1/plain.c"
	gcc -static -g -o "$1/plain" "$1/plain.c"
	main=$(nm "$1/plain" | sed -n 's/^0*\([0-9a-f]*\) T main$/\1/p')
	gcc -x assembler-with-cpp -c -o "$1/o/toy.o" <(sed "s/PLAIN_MAIN/0x$main/" "$top/tests/tools/toy-kernel.S")
	printf '# a toy\nroot pvh_entry\nroot toy_pointer\n' > "$1/profiles/all"
	toy_archive "$1"
}
