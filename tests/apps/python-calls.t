#!/bin/sh
# Debian's python3 with what few programs use: pseudo-terminals, watches of files.
# TIME LIMIT: 240
. tests/lib.sh

cat > "$work/calls.py" <<'END'
import ctypes, os, pty, select, struct, tempfile, termios, threading, tty

master, slave = pty.openpty()
os.write(slave, b"out\n")
print("master reads", os.read(master, 100))
os.write(master, b"typed\n")
print("slave reads", os.read(slave, 100))
tty.setraw(slave)
os.write(master, b"\x03")
print("raw", os.read(slave, 100))
print("size", os.get_terminal_size(slave), os.ttyname(slave))
termios.tcsetwinsize(slave, (50, 132))
print("size", os.get_terminal_size(master))
os.close(slave)
try:
    os.read(master, 100)
    while True:
        os.read(master, 100)
except OSError as e:
    print("closed:", e.strerror)

libc = ctypes.CDLL(None, use_errno=True)
watched = tempfile.mkdtemp()
watch = libc.inotify_init1(os.O_NONBLOCK)
libc.inotify_add_watch(watch, os.fsencode(watched), 0x100 | 0x200 | 0x2)
def change():
    with open(watched + "/new", "w") as f:
        f.write("x")
    os.unlink(watched + "/new")
threading.Thread(target=change).start()
poll = select.poll()
poll.register(watch)
seen = []
while len(seen) < 3 and poll.poll(5000):
    data = os.read(watch, 4096)
    while data:
        wd, mask, cookie, n = struct.unpack("iIII", data[:16])
        seen.append("%x:%s" % (mask, data[16:16 + n].rstrip(b"\0").decode()))
        data = data[16 + n:]
print("events", *seen)
os.rmdir(watched)
END
library=$(/usr/bin/python3 -c 'import os; print(os.path.dirname(os.__file__))')
check "an image is built" $WHITTLE build -o "$work/py.img" --for microvm --copy "$work/calls.py:/calls.py" \
	--copy "$library:$library" /usr/bin/python3 -- /calls.py
is "the same as on Linux" "$(timeout 100 $WHITTLE run -m 256M "$work/py.img" < /dev/null 2>&1 | sed 's,/dev/pts/[0-9]*,/dev/pts/N,')" \
	"$(timeout 60 /usr/bin/python3 "$work/calls.py" 2>&1 | sed 's,/dev/pts/[0-9]*,/dev/pts/N,')"
done_testing
