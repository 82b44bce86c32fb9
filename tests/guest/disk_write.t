#!/bin/sh
# A disk as a file: a program in the guest writes to it in each way there is, and the host reads the file when the machine
# is off.
# TIME LIMIT: 300
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/image" --for virtio-mmio "$BUILD/guest/disk_write"
check "another one" $WHITTLE build -o "$work/image-pci" --for virtio-pci "$BUILD/guest/disk_write"
make_disk() { # MIB: part N is that letter all over
	for i in $(seq 0 $(($1 - 1))); do
		head -c 1048576 /dev/zero | tr '\0' "$(printf "\\$(printf %o $((97 + i % 26)))")"
	done > "$work/disk"
	head -c 1536 /dev/zero >> "$work/disk" # three sectors
}
fill() { head -c "$1" /dev/zero | tr '\0' "$2"; }
part() { dd if="$work/disk" bs=65536 skip=$(($1 * 16)) count=16 2> /dev/null; }
all_is() { # NAME COMMAND…: what it prints is what the standard input has
	local name="$1"
	shift
	"$@" | cmp - "$work/wanted" > "$work/cmp" 2>&1
	point $? "$name"
}
written() { # NAME
	fill 1048576 A > "$work/wanted"
	all_is "$1: a part that was written" part 0
	{ fill 4095 b; printf xyz; fill 1044478 b; } > "$work/wanted"
	all_is "$1: three bytes over two pages" part 1
	{ fill 524288 C; printf sync; fill 524284 c; } > "$work/wanted"
	all_is "$1: O_DIRECT and O_DSYNC" part 2
	is "$1: a mapping, twice" "$(part 3 | tr -d D)" "$(fill 256 1)"
	{ fill 100 e; printf mapped; fill 1048470 e; } > "$work/wanted"
	all_is "$1: neither what a private mapping wrote" part 4
	{ fill 524288 H; fill 524288 h; } > "$work/wanted"
	all_is "$1: what was written just before the end" part 7
	{ fill 1024 '\0'; fill 512 z; } > "$work/wanted"
	all_is "$1: the last sector" tail -c 1536 "$work/disk"
}
guest() { timeout 100 $WHITTLE run "$@" 2>&1; }

make_disk 9
sub "microvm" guest -m 64M --disk "$work/disk" "$work/image"
written microvm
make_disk 9
sub "microvm, 4 processors" guest -m 64M -c 4 --disk "$work/disk" "$work/image"
written "4 processors"
make_disk 9
sub "q35" guest -m 64M --disk "$work/disk" "$work/image-pci"
written q35
make_disk 48
sub "a disk longer than the memory" guest -m 24M --disk "$work/disk" "$work/image" -- /dev/vda more
for i in $(seq 8 47); do fill 1048576 "$(printf "\\$(printf %o $((97 + (i - 8) % 26)))")"; done > "$work/wanted"
all_is "all of it was written" dd if="$work/disk" bs=1048576 skip=8 count=40 status=none
make_disk 1
cat > "$work/ro.c" <<'C'
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
	int fd = open("/dev/vdb", O_RDWR);
	char c;

	return fd < 0 || pread(fd, &c, 1, 5) != 1 || c != 'a' || write(fd, &c, 1) != -1 || errno != EPERM ||
	       mmap(0, 4096, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED || errno != EACCES ||
	       open("/dev/vdc", O_RDONLY) != -1 || errno != ENOENT;
}
C
gcc -static -o "$work/ro" "$work/ro.c"
check "an image that looks at a second disk" $WHITTLE build -o "$work/ro.img" --for virtio-mmio "$work/ro"
cp "$work/disk" "$work/disk2"
check "which is read-only" guest -m 64M --disk "$work/disk2" --disk "$work/disk:ro" "$work/ro.img"
done_testing
