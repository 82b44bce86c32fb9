#!/usr/bin/python3
# screen.py ACTION… -- QEMU ARGUMENTS…: start QEMU with its monitor here, and read what is on its screen.
#
# The text is read from `screendump`, each cell of 9 or 8 by 16 dots compared with the font in QEMU's own VGA BIOS. Actions:
# "wait TEXT" until a line of the screen has it (at most 60 s), "keys a b ret", "monitor COMMAND", "event NAME": wait for an event
# of QEMU's, "events": print those so far. At the end the screen is printed. Exit status 1: a text was not seen in time.
import json, os, socket, subprocess, sys, tempfile, time

GLYPH_A = bytes([0, 0, 0x10, 0x38, 0x6c, 0xc6, 0xc6, 0xfe, 0xc6, 0xc6, 0xc6, 0xc6, 0, 0, 0, 0])
HEIGHT = 16
CURSOR = 13 # its first row, at the most

def font():
    rom = open('/usr/share/seabios/vgabios-stdvga.bin', 'rb').read()
    at = rom.index(GLYPH_A) - ord('A') * HEIGHT
    return {rom[at + c * HEIGHT:at + (c + 1) * HEIGHT]: chr(c) for c in range(126, 31, -1)}

def read_ppm(path):
    data = open(path, 'rb').read()
    fields = data.split(None, 4)
    width, height = int(fields[1]), int(fields[2])
    return width, height, data[len(data) - width * height * 3:]

def text(path, glyphs):
    width, height, dots = read_ppm(path)
    cell = 9 if width == 720 else 8
    lines = []
    for top in range(0, height - HEIGHT + 1, HEIGHT):
        line = ''
        for left in range(0, width - cell + 1, cell):
            rows = bytearray()
            for y in range(HEIGHT):
                row = 0
                for x in range(8):
                    i = ((top + y) * width + left + x) * 3
                    row = row << 1 | (max(dots[i:i + 3]) > 64)
                rows.append(row)
            blank = not any(rows[:CURSOR]) # the cursor, if there is anything
            line += ' ' if blank and bytes(rows) not in glyphs else glyphs.get(bytes(rows), '?')
        lines.append(line.rstrip())
    return '\n'.join(lines).strip('\n')

class Machine:
    def __init__(self, arguments):
        ours, theirs = socket.socketpair()
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(arguments + ['-chardev', f'socket,id=m,fd={theirs.fileno()}', '-mon', 'chardev=m,mode=control'],
                                        pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        self.file, self.to = ours.makefile('r'), ours.makefile('w') # one for both loses what was read ahead
        self.events = []
        self.file.readline()
        self.command('qmp_capabilities')

    def command(self, name, **arguments):
        self.to.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.to.flush()
        while True:
            answer = json.loads(self.file.readline())
            if 'event' not in answer:
                return answer
            self.events.append(answer['event'])

    def screen(self):
        path = os.path.join(self.directory.name, 'screen.ppm')
        self.command('screendump', filename=path)
        return text(path, glyphs)

    def wait_for(self, true, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if true():
                return True
            time.sleep(0.2)
        return False

    def wait(self, words):
        return self.wait_for(lambda: words in self.screen())

    def wait_event(self, name):
        return self.wait_for(lambda: self.screen() and name in self.events)

split = sys.argv.index('--')
glyphs = font()
machine = Machine(sys.argv[split + 1:])
status = 0
try:
    for action in sys.argv[1:split]:
        word, _, rest = action.partition(' ')
        if word == 'wait':
            if not machine.wait(rest):
                print(f'screen.py: not seen: {rest}')
                status = 1
                break
        elif word == 'keys':
            for key in rest.split():
                machine.command('human-monitor-command', **{'command-line': f'sendkey {key}'})
                time.sleep(0.2)
        elif word == 'monitor':
            machine.command('human-monitor-command', **{'command-line': rest})
        elif word == 'event':
            seen = machine.wait_event(rest)
            print(f'event {rest}' if seen else f'screen.py: no event {rest}')
            status = 0 if seen else 1
        elif word == 'events':
            machine.command('query-status')
            print('events:', ' '.join(machine.events))
    print(machine.screen())
finally:
    machine.process.kill()
    machine.process.wait()
sys.exit(status)
