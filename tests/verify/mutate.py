#!/usr/bin/python3
"""mutate.py IMAGE OUT NAME: OUT is IMAGE with one thing wrong. Without arguments: the names, each with what verify must say."""
import hashlib, json, os, shutil, struct, subprocess, sys, tempfile
from check import Image, PARAMS, ROOT, MODULE, MANIFEST

MUTATIONS = {}


def mutation(words):
    def add(function):
        MUTATIONS[function.__name__.replace('_', '-')] = (function, words)
        return function
    return add


class Mutant(Image):
    def __init__(self, path):
        super().__init__(path)
        self.data = bytearray(self.data)
        self.told = self.item(MANIFEST).decode()
        self.new_items = [[kind, data] for kind, data in self.items]

    def put(self, address, raw):
        offset = self.offset(address)
        self.data[offset:offset + len(raw)] = raw

    def header_field(self, segment, offset, layout, value):
        struct.pack_into(layout, self.data, 64 + 56 * segment.index + offset, value)

    def flags(self, segment, value):
        self.header_field(segment, 4, '<I', value)

    def set_manifest(self, change):
        m = json.loads(self.told)
        change(m)
        self.set_item(MANIFEST, (json.dumps(m, separators=(',', ':')) + '\n').encode())

    def set_item(self, kind, data):
        next(item for item in self.new_items if item[0] == kind)[1] = data

    def tell_bytes(self):
        """The manifest names the bytes that the segments have now."""
        def change(m):
            for told, s in zip(m['kernel']['segments'], self.kernel_segments):
                told['sha256'] = hashlib.sha256(self.data[s.offset:s.offset + s.size]).hexdigest()
        self.set_manifest(change)

    def repack(self, change, tell=False):
        with tempfile.TemporaryDirectory() as folder:
            root = folder + '/root'
            open(folder + '/old', 'wb').write(self.item(ROOT))
            subprocess.run(['fsck.erofs', '--extract=' + root, '--preserve-perms', '--no-preserve-owner', folder + '/old'],
                           check=True, stdout=subprocess.DEVNULL)
            change(root)
            subprocess.run(['mkfs.erofs', '--quiet', '-T0', '--all-root', '-x-1', '-Enoinline_data',
                            '-U00000000-0000-0000-0000-000000000000', folder + '/new', root], check=True,
                           stdout=subprocess.DEVNULL)
            packed = open(folder + '/new', 'rb').read()
        self.set_item(ROOT, packed)

        def tell_root(m):
            m['root_sha256'] = hashlib.sha256(packed).hexdigest()
            if tell:
                tell(m)
        if tell:
            self.set_manifest(tell_root)

    def write(self, path):
        area = bytearray(32 + 24 * len(self.new_items))
        for n, (kind, data) in enumerate(self.new_items):
            area += bytes(-len(area) % 4096)
            struct.pack_into('<IIQQ', area, 32 + 24 * n, kind, 0, len(area), len(data))
            area += data
        area += bytes(-len(area) % 4096)
        struct.pack_into('<QIIQQ', area, 0, 0x61746f6f42746857, 1, len(self.new_items), len(area), 0)
        segment = next(s for s in self.segments if s.address == self.area_at)
        self.header_field(segment, 32, '<Q', len(area))
        self.header_field(segment, 40, '<Q', len(area))
        open(path, 'wb').write(self.data[:segment.offset] + area)
        beside = next((data for kind, data in self.new_items if kind == MANIFEST), b'{}')
        open(path + '.json', 'wb').write(beside)
        shutil.copy(self.path + '.debug', path + '.debug')

    def segment(self, flags):
        return next(s for s in self.kernel_segments if s.flags == flags)

    def entry(self, table, name):
        return next(e for e in self.tables()[table] if e[1] == name)

    def set_header(self, table):
        return next(h for h in self.set_headers() if h[1] == table)

    def file(self, role):
        return next(l['path'] for l in json.loads(self.told)['libraries'] if l['role'] == role)


@mutation('entry write of the table syscall is bound to nothing')
def handler_removed(m):
    m.put(m.entry('syscall', 'write')[0] + 8, bytes(8))


@mutation('entry read of the table syscall is bound to sys_write, and its own function is sys_read')
def handlers_swapped(m):
    a, b = m.entry('syscall', 'read'), m.entry('syscall', 'write')
    m.put(a[0] + 8, struct.pack('<Q', b[2]))
    m.put(b[0] + 8, struct.pack('<Q', a[2]))


@mutation('entry write of the table syscall is bound to 0x[0-9a-f]*, where no code is')
def handler_in_data(m):
    m.put(m.entry('syscall', 'write')[0] + 8, struct.pack('<Q', m.segment('R').address + 64))


@mutation('the tables [a-z_]* and [a-z_]* overlap')
def table_grown(m):
    at, _, _, end, stride = m.set_header('syscall')
    m.put(at + 20, struct.pack('<I', end + stride - m.base))


@mutation('table syscall holds the entry reboot, which the manifest does not name')
def entry_added(m):
    number = struct.pack('<Q', 169)
    last = m.tables()['syscall'][-1]
    m.put(last[0] + 16, number)
    name = m.word(last[0])
    # In the place of the last one, whose name the other entries do not need.
    m.put(name, b'reboot\0'[:len(last[1]) + 1] if len(last[1]) >= 6 else b'reboot\0')
    m.tell_bytes()


@mutation(r'the program can ask for the call write (.*), which is not in the kernel')
def entry_taken_away(m):
    at, _, begin, end, stride = m.set_header('syscall')
    entry = m.entry('syscall', 'write')[0]
    m.put(entry, bytes(m.at(entry + stride, end - entry - stride)))
    m.put(at + 20, struct.pack('<I', end - stride - m.base))
    m.tell_bytes()
    told = json.loads(next(i[1] for i in m.new_items if i[0] == MANIFEST))
    told['kernel']['tables']['syscall'] = [e for e in told['kernel']['tables']['syscall'] if e[0] != 'write']
    m.set_item(MANIFEST, json.dumps(told).encode())


@mutation('manifest names the entry [a-z0-9_]* of the table syscall, which the kernel does not hold')
def table_shrunk(m):
    at, _, _, end, stride = m.set_header('syscall')
    m.put(at + 20, struct.pack('<I', end - stride - m.base))


@mutation('the call write has the number 999, and Linux gives it 1')
def number_changed(m):
    m.put(m.entry('syscall', 'write')[0] + 16, struct.pack('<Q', 999))


@mutation("the bytes of the kernel's text are not those that were linked")
def code_changed(m):
    at = m.entry('syscall', 'write')[2]
    m.put(at + 9, bytes([m.at(at + 9, 1)[0] ^ 1]))


@mutation(r'the byte at 0x[0-9a-f]*, in \.text\.sys_write of .*\.o, is not what the components give')
def code_changed_and_told(m):
    code_changed(m)
    m.tell_bytes()


@mutation('the segment at 0xffffffff80100000 is writable and executable')
def writable_code(m):
    m.flags(m.segment('RE'), 7)


@mutation('the segment at 0x[0-9a-f]* is writable and executable')
def executable_data(m):
    m.flags(m.segment('RW'), 7)


@mutation('a stack that is writable and executable')
def executable_stack(m):
    for n in range(struct.unpack_from('<H', m.data, 56)[0]):
        if struct.unpack_from('<I', m.data, 64 + 56 * n)[0] == 0x6474e551:
            struct.pack_into('<I', m.data, 64 + 56 * n + 4, 7)


@mutation("the kernel's text and rodata share a page")
def shared_page(m):
    text = m.segment('RE')
    m.header_field(text, 40, '<Q', text.memory + 4096)


@mutation('the boot area is not only readable')
def writable_boot_area(m):
    m.flags(next(s for s in m.segments if s.address == m.area_at), 6)


@mutation('the kernel exports evil, and no module of the image imports it')
def export_added(m):
    # A table of symbols at the end of the boot area, in an item that the kernel does not look at.
    here = m.area_at + 4096
    name = b'\0evil\0\0\0'
    symbols = bytes(24) + struct.pack('<IBBHQQ', 1, 0x12, 0, 1, m.base, 16)
    buckets = struct.pack('<IIIII', 1, 2, 1, 0, 0)
    m.new_items.insert(0, [MODULE, symbols + name + buckets])
    at = m.offset(m.dynamic[1])
    places = {6: here, 5: here + 48, 10: 6, 4: here + 56}
    while struct.unpack_from('<Q', m.data, at)[0]:
        tag = struct.unpack_from('<Q', m.data, at)[0]
        if tag in places:
            struct.pack_into('<Q', m.data, at + 8, places[tag])
        if tag == 0x6ffffef5: # the GNU hash table counts for readelf: there is none any more
            struct.pack_into('<Q', m.data, at, 0x15)
        at += 16


@mutation('the kernel is entered at 0x[0-9a-f]*, where none of its code is')
def entry_point_moved(m):
    struct.pack_into('<Q', m.data, 24, m.segment('R').physical)


@mutation('the kernel says that it holds the component [a-z-]*, which the manifest does not name')
def component_renamed(m):
    m.put(m.base + m.components_at, b'zz')


@mutation('the kernel was made of the component set 000000000000, and the manifest says')
def other_component_set(m):
    m.put(m.base + m.id_at, bytes(32))


@mutation('/libnear.so is not the file that was packed: its SHA-256 is')
def library_replaced(m):
    def change(root):
        path = root + next(l['path'] for l in json.loads(m.told)['libraries'] if l['path'].endswith('libnear.so'))
        os.chmod(path, 0o755)
        open(path, 'ab').write(b'x')
    m.repack(change)


@mutation('/etc/evil is in the image, and was not packed')
def file_added(m):
    m.repack(lambda root: open(root + '/etc/evil', 'w').write('x'))


@mutation('/etc/passwd was packed, and is not in the image')
def file_removed(m):
    m.repack(lambda root: os.remove(root + '/etc/passwd'))


@mutation('/etc/passwd is not of the type that was packed')
def file_turned_to_folder(m):
    def change(root):
        os.remove(root + '/etc/passwd')
        os.mkdir(root + '/etc/passwd')
    m.repack(change)


@mutation('/srv/link leads to /etc/shadow, and led to target when it was packed')
def link_turned(m):
    def change(root):
        os.remove(root + '/srv/link')
        os.symlink('/etc/shadow', root + '/srv/link')
    m.repack(change)


@mutation('the root is not the one that was packed, though its files have the same bytes')
def mode_changed(m):
    m.repack(lambda root: os.chmod(root + '/etc/passwd', 0o4777))


@mutation('its root cannot be unpacked')
def root_damaged(m):
    m.set_item(ROOT, bytes(4096) + bytes(m.item(ROOT)[4096:]))


@mutation(r'the program can ask for the call mount (.*), which is not in the kernel')
def program_replaced_and_told(m):
    def change(root):
        path = root + m.file('program')
        os.chmod(path, 0o755)
        shutil.copyfile(os.environ['OTHER_PROGRAM'], path)

    def tell(told):
        for f in told['files']:
            if f['path'] == m.file('program'):
                f['sha256'] = hashlib.sha256(open(os.environ['OTHER_PROGRAM'], 'rb').read()).hexdigest()
    m.repack(change, tell)


@mutation('the image starts /bin/evil, and the manifest says')
def other_program_started(m):
    m.set_item(PARAMS, b'-- /bin/evil')


@mutation('the manifest binds the call write to sys_read, and a call.s own function is sys_write')
def manifest_renames_a_function(m):
    def change(told):
        for e in told['kernel']['tables']['syscall']:
            if e[0] == 'write':
                e[1] = 'sys_read'
    m.set_manifest(change)


@mutation('/etc/passwd is not the file that was packed')
def manifest_edited(m):
    def change(told):
        for f in told['files']:
            if f['path'] == '/etc/passwd':
                f['sha256'] = '0' * 64
    m.set_manifest(change)


@mutation('its manifest cannot be read: line 1')
def manifest_broken(m):
    m.set_item(MANIFEST, m.item(MANIFEST)[:-40])


@mutation('it has no manifest, so nothing is known of what was packed')
def manifest_gone(m):
    m.new_items = [i for i in m.new_items if i[0] != MANIFEST]


@mutation('json is not the manifest that is in the image')
def manifest_beside_edited(m):
    m.after = lambda path: open(path + '.json', 'a').write(' ')


@mutation('the roots that the manifest names do not link')
def roots_edited(m):
    m.set_manifest(lambda told: told['kernel']['roots'].append('no_such_symbol'))


@mutation('its boot area holds a module, and this kernel loads none')
def module_added(m):
    m.new_items.append([MODULE, b'\177ELF'])


@mutation('items 1 and 3 of its boot area are of one type: only the first counts')
def second_root(m):
    m.new_items.append([ROOT, m.item(ROOT)])


if __name__ == '__main__':
    if len(sys.argv) < 4:
        for name, (_, words) in MUTATIONS.items():
            print('%s\t%s' % (name, words))
        sys.exit(0)
    mutant = Mutant(sys.argv[1])
    MUTATIONS[sys.argv[3]][0](mutant)
    mutant.write(sys.argv[2])
    if hasattr(mutant, 'after'):
        mutant.after(sys.argv[2])
