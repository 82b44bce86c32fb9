#!/usr/bin/python3
"""check.py IMAGE [WHITTLE]: the second opinion on an image, beside `whittle verify`. It shares no code with it.

Segments and dynamic section are read by readelf, symbols by nm from IMAGE.debug (whose bytes must be the image's), the code's
first instructions by objdump, the root by fsck.erofs. What the program can ask for comes from `whittle analyze --json` of the
files that were packed, which must still be there; that part is for images that are cut to their program.
Prints what is wrong, a line each; exit status 0 if nothing is, 1 if something is.
"""
import hashlib, json, os, re, struct, subprocess, sys, tempfile

PARAMS, ROOT, MODULE, MANIFEST = 1, 2, 3, 4
CALLED = ('syscall', 'ioctl', 'fcntl', 'prctl')


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


class Segment:
    def __init__(self, index, offset, address, physical, size, memory, flags):
        self.index, self.offset, self.address, self.physical = index, offset, address, physical
        self.size, self.memory, self.flags = size, memory, flags


class Image:
    """An image taken apart. Positions in the kernel are addresses."""

    def __init__(self, path):
        self.path = path
        self.data = open(path, 'rb').read()
        self.segments, self.stack, self.dynamic = [], '', None
        for index, line in enumerate(re.findall(r'^ +([A-Z_]+) +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) ([RWE ]{3}) 0x\w+',
                                                run('readelf', '-lW', path), re.M)):
            kind, flags = line[0], line[6].replace(' ', '')
            numbers = [int(n, 16) for n in line[1:6]]
            if kind == 'GNU_STACK':
                self.stack = flags
            if kind == 'DYNAMIC':
                self.dynamic = numbers
            if kind == 'LOAD':
                self.segments.append(Segment(index, *numbers[:3], *numbers[3:], flags))
        self.base = min(s.address for s in self.segments if s.memory)
        self.start = int(re.search(r'Entry point (?:address: +)?(0x\w+)', run('readelf', '-hlW', path)).group(1), 16)
        self.header = self.find_header()
        fields = struct.unpack_from('<8sIIIIII', self.at(self.header, 32))
        self.set_count, self.components_at, self.id_at, self.area_at = fields[2], fields[4], fields[5], fields[6]
        self.area_at += self.base
        self.kernel_segments = [s for s in self.segments if s.address != self.area_at and s.memory]
        self.items = self.read_area()

    def find_header(self):
        for s in self.segments:
            for at in range(s.offset, s.offset + s.size - 31, 16):
                if self.data[at:at + 8] == struct.pack('<Q', 0x6c6e726b74746857):
                    return s.address + at - s.offset
        sys.exit('%s: no kernel header' % self.path)

    def offset(self, address):
        for s in self.segments:
            if s.address <= address < s.address + s.size:
                return s.offset + address - s.address
        return None

    def at(self, address, size):
        offset = self.offset(address)
        return self.data[offset:offset + size] if offset is not None else b''

    def word(self, address):
        raw = self.at(address, 8)
        return struct.unpack('<Q', raw)[0] if len(raw) == 8 else None

    def string(self, address):
        raw = self.at(address, 256) if address else b''
        return raw[:raw.index(0)].decode('latin1') if 0 in raw else None

    def components(self):
        names, at = [], self.base + self.components_at
        while self.string(at):
            names.append(self.string(at))
            at += len(names[-1]) + 1
        return names

    def set_headers(self):
        for i in range(self.set_count):
            at = self.header + 32 + 32 * i
            name, begin, end, stride, _ = struct.unpack('<16sIIII', self.at(at, 32))
            yield at, name.rstrip(b'\0').decode(), self.base + begin, self.base + end, stride

    def tables(self):
        """{table: [(address of the entry, name, second word, third word)]}"""
        return {name: [(at, self.string(self.word(at)), self.word(at + 8), self.word(at + 16))
                       for at in range(begin, end, stride)] for _, name, begin, end, stride in self.set_headers()}

    def read_area(self):
        head = self.at(self.area_at, 32)
        if len(head) < 32 or struct.unpack_from('<Q', head)[0] != 0x61746f6f42746857:
            return []
        count = struct.unpack_from('<I', head, 12)[0]
        items = [struct.unpack('<IIQQ', self.at(self.area_at + 32 + 24 * i, 24)) for i in range(min(count, 64))]
        return [(kind, self.at(self.area_at + offset, size)) for kind, _, offset, size in items]

    def item(self, kind):
        return next((data for k, data in self.items if k == kind), None)


def linux_numbers():
    text = open('/usr/include/x86_64-linux-gnu/asm/unistd_64.h').read()
    return {name: int(number) for name, number in re.findall(r'#define __NR_(\w+) (\d+)', text)}


class Checker:
    def __init__(self, path, whittle):
        self.image, self.whittle, self.wrong = Image(path), whittle, []
        self.manifest = None

    def say(self, *words):
        self.wrong.append(' '.join(str(w) for w in words))

    def expect(self, truth, *words):
        if not truth:
            self.say(*words)

    def check_manifest(self):
        text = self.image.item(MANIFEST)
        if text is None:
            return self.say('no manifest')
        try:
            self.manifest = json.loads(text)
        except ValueError:
            return self.say('the manifest is no JSON')
        beside = self.image.path + '.json'
        if os.path.exists(beside):
            self.expect(open(beside, 'rb').read() == text, beside, 'differs from the manifest inside')
        kinds = [k for k, _ in self.image.items]
        self.expect(len(set(kinds)) == len(kinds) and set(kinds) <= {PARAMS, ROOT, MANIFEST}, 'items', kinds)
        i, m = self.image, self.manifest
        self.expect(i.at(i.base + i.id_at, 32).hex() == m['component_set_id'], 'component set')
        self.expect(sorted(i.components()) == sorted(m['components']), 'components')
        started = re.search(rb'(?:^| )-- (?:"((?:[^"\\]|\\.)*)"|(\S+))', i.item(PARAMS) or b'')
        name = started and re.sub(rb'\\(.)', rb'\1', started.group(1) or started.group(2)).decode()
        self.expect(name == m['program'], 'starts', name, 'and not', m['program'])

    def check_segments(self):
        i, pages = self.image, {}
        told = {int(s['address'], 16): s for s in self.manifest['kernel']['segments']} if self.manifest else {}
        self.expect('E' not in i.stack, 'executable stack')
        for s in i.segments:
            self.expect(not ('W' in s.flags and 'E' in s.flags), 'segment', hex(s.address), 'is', s.flags)
            self.expect(s.address != i.area_at or s.flags == 'R', 'the boot area is', s.flags)
            for page in range(s.address >> 12, (s.address + s.memory + 4095) >> 12):
                self.expect(pages.setdefault(page, s.flags) == s.flags, 'page', hex(page << 12), 'has two protections')
        # Linux's protocol takes a physical address, GRUB a virtual one.
        self.expect(any('E' in s.flags and (0 <= i.start - s.physical < s.size or 0 <= i.start - s.address < s.size) for s in i.segments), 'entry')
        for s in i.kernel_segments if told else []:
            own = told.pop(s.address, None)
            self.expect(own and own['memory'] == s.memory and own['sha256'] ==
                        hashlib.sha256(i.data[s.offset:s.offset + s.size]).hexdigest(), 'bytes of the segment', hex(s.address))
        self.expect(not told, 'segments that are not there', list(told))
        exported = re.findall(r'^ +\d+: \w+ +\d+ \w+ +(?:GLOBAL|WEAK) +\w+ +(?!UND)\w+ (\S+)',
                              run('readelf', '-DsW', i.path), re.M)
        self.expect(not exported, 'exports', exported)

    def check_debug(self):
        """The symbols beside the image are of this very kernel: same bytes at the same places."""
        i, path = self.image, self.image.path + '.debug'
        if not os.path.exists(path):
            return {}
        debug = Image.__new__(Image)
        debug.data, debug.segments = open(path, 'rb').read(), []
        for line in re.findall(r'^ +LOAD +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) ([RWE ]{3})', run('readelf', '-lW', path), re.M):
            debug.segments.append(Segment(0, *[int(n, 16) for n in line[:5]], line[5].replace(' ', '')))
        for s in i.kernel_segments:
            own = debug.at(s.address, s.size) if s.size else b''
            if own != i.data[s.offset:s.offset + s.size]:
                where = next((n for n, (a, b) in enumerate(zip(own, i.data[s.offset:])) if a != b), 0)
                self.say('the byte at', hex(s.address + where), 'is not that of', path)
        symbols = {}
        for address, kind, name in re.findall(r'^(\w+) ([A-Za-z]) (\S+)$', run('nm', path), re.M):
            symbols.setdefault(int(address, 16), set()).add(name)
        return symbols

    def check_tables(self, symbols):
        i, numbers = self.image, linux_numbers()
        code = [s for s in i.segments if 'E' in s.flags]
        told = self.manifest['kernel']['tables'] if self.manifest else None
        spans = sorted((begin, end, name) for _, name, begin, end, _ in i.set_headers() if end > begin)
        for (_, end, a), (begin, _, b) in zip(spans, spans[1:]):
            self.expect(end <= begin, 'tables', a, b, 'overlap')
        for table, entries in i.tables().items():
            names = [name for _, name, _, _ in entries]
            if told is not None:
                self.expect(names == [e[0] for e in told.get(table, [])], 'entries of', table)
                for (_, name, pointer, _), e in zip(entries, told.get(table, [])):
                    self.expect(not e[1] or pointer == i.base + e[2], table, name, 'is not bound to', e[1])
                    self.expect(table != 'syscall' or e[1] == 'sys_' + e[0], 'the manifest binds', e[0], 'to', e[1])
            for at, name, pointer, number in entries:
                if table in CALLED:
                    self.expect(any(s.address <= pointer < s.address + s.size for s in code), table, name, 'is not bound to code')
                if table == 'syscall':
                    self.expect(numbers.get(name) == number, 'number of', name)
                    self.expect(not symbols or 'sys_%s' % name in symbols.get(pointer, ()), name, 'has the function',
                                symbols.get(pointer))
            self.expect(table not in CALLED or len(set(names)) == len(names), 'twice in', table)
            self.expect(None not in names, 'no name in', table)
        names = set().union(*symbols.values()) if symbols else None
        for root in self.manifest['kernel']['roots'] if self.manifest and names else []:
            self.expect(root in names, 'the root', root, 'is no symbol of the kernel')
        self.check_code([pointer for _, _, pointer, _ in i.tables().get('syscall', [])])

    def check_code(self, addresses):
        """objdump decodes every call's function from its first byte on."""
        i = self.image
        text = next((s for s in i.segments if 'E' in s.flags), None)
        if not text or not addresses:
            return
        with tempfile.NamedTemporaryFile() as f:
            f.write(i.data[text.offset:text.offset + text.size])
            f.flush()
            for address in addresses[::16]:
                if not text.address <= (address or 0) < text.address + text.size:
                    continue
                out = run('objdump', '-D', '-b', 'binary', '-m', 'i386:x86-64', '--adjust-vma=%#x' % text.address,
                          '--start-address=%#x' % address, '--stop-address=%#x' % (address + 8), f.name)
                self.expect('(bad)' not in out, 'no instruction at', hex(address))

    def check_files(self):
        if not self.manifest:
            return None
        packed = self.image.item(ROOT)
        if packed is None and self.manifest['root'] == 'file' and os.path.exists(self.image.path + '.erofs'):
            packed = open(self.image.path + '.erofs', 'rb').read()
        if packed is None:
            self.say('no root')
            return None
        self.dir = tempfile.TemporaryDirectory()
        root = self.dir.name + '/root'
        open(self.dir.name + '/erofs', 'wb').write(packed)
        if subprocess.run(['fsck.erofs', '--extract=' + root, '--no-preserve-owner', self.dir.name + '/erofs'],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            self.say('the root cannot be unpacked')
            return None
        found = {}
        for folder, dirs, files in os.walk(root):
            for name in dirs + files:
                path = os.path.join(folder, name)
                guest = path[len(root):]
                if os.path.islink(path):
                    found[guest] = ('link', os.readlink(path))
                elif os.path.isdir(path):
                    found[guest] = ('type', 'directory')
                elif os.path.isfile(path):
                    found[guest] = ('sha256', hashlib.sha256(open(path, 'rb').read()).hexdigest())
                else:
                    found[guest] = ('type', 'special')
        told = {f['path']: next((k, f[k]) for k in ('link', 'type', 'sha256') if k in f) for f in self.manifest['files']}
        for path in sorted(set(found) | set(told)):
            self.expect(found.get(path) == told.get(path), path, 'is', found.get(path), 'and was', told.get(path))
        self.expect(hashlib.sha256(packed).hexdigest() == self.manifest['root_sha256'], 'the root is not the one that was packed')
        return found

    def check_program(self, found):
        """All that the analysis names and some component has is in the tables."""
        m = self.manifest
        if not m or m.get('fit') not in ('program',) or not found or not self.whittle:
            return
        source = next((l['from'] for l in m['libraries'] if l['role'] == 'program'), None)
        root = self.dir.name + '/root'
        same = all(os.path.exists(l['from']) and found.get(l['path']) ==
                   ('sha256', hashlib.sha256(open(l['from'], 'rb').read()).hexdigest()) for l in m['libraries'])
        if not same:
            source = root + m['program'] # what is there now: its own libraries serve
        report = json.loads(run(self.whittle, 'analyze', '--json', source) or '{}')
        if not report:
            return self.say('the program cannot be analyzed')
        archive = os.environ.get('COMPONENTS', os.path.dirname(self.whittle) + '/components/x86_64') + '/kernel.a'
        offered = set(re.findall(r' set_syscall_(\w+)$', run('nm', archive), re.M))
        have = {name for _, name, _, _ in self.image.tables()['syscall']}
        wanted = {c['name'] for c in report['syscalls']} if report['complete'] else offered
        for name in sorted(wanted & offered - have):
            self.say('the call', name, 'is asked for, and not there')

    def check(self):
        self.check_manifest()
        self.check_segments()
        self.check_tables(self.check_debug())
        self.check_program(self.check_files())
        return self.wrong


if __name__ == '__main__':
    wrong = Checker(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None).check()
    print('\n'.join(wrong))
    sys.exit(1 if wrong else 0)
