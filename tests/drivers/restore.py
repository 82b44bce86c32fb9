#!/usr/bin/python3
# restore.py GUID QEMU ARGUMENTS…: start the machine, save it when its serial line says "ready", and restore it twice, each time with
# -device vmgenid,guid=GUID. Each copy is sent a line; what each says then is printed, a line a copy.
import json, os, socket, subprocess, sys, tempfile

def start(directory, arguments):
    ours, theirs = socket.socketpair()
    serial, their_serial = socket.socketpair()
    process = subprocess.Popen(arguments + ['-chardev', f'socket,id=m,fd={theirs.fileno()}', '-mon', 'chardev=m,mode=control',
                                            '-chardev', f'socket,id=s,fd={their_serial.fileno()}', '-serial', 'chardev:s'],
                               pass_fds=[theirs.fileno(), their_serial.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    their_serial.close()
    ours.settimeout(90)
    serial.settimeout(90)
    monitor = ours.makefile('rw')
    monitor.readline()
    return process, monitor, serial.makefile('rw', newline='\n')

def command(monitor, name, **arguments):
    monitor.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
    monitor.flush()
    while True:
        answer = json.loads(monitor.readline())
        if 'error' in answer:
            sys.exit(f'{name}: {answer["error"]["desc"]}')
        if 'return' in answer:
            return answer['return']

def line(serial, word):
    for text in serial:
        if text.startswith(word):
            return text.strip()
    sys.exit(f'the machine ended without "{word}"')

guid, arguments = sys.argv[1], sys.argv[2:]
device = ['-device', f'vmgenid,guid={guid}']
with tempfile.TemporaryDirectory() as directory:
    saved = os.path.join(directory, 'saved')
    process, monitor, serial = start(directory, arguments + device)
    command(monitor, 'qmp_capabilities')
    line(serial, 'ready')
    command(monitor, 'migrate', uri=f'exec:cat > {saved}')
    while (status := command(monitor, 'query-migrate')['status']) != 'completed':
        if status == 'failed':
            sys.exit('the machine cannot be saved')
    command(monitor, 'quit')
    process.wait()
    for copy in 1, 2:
        process, monitor, serial = start(directory, arguments + device + ['-incoming', f'exec:cat {saved}'])
        command(monitor, 'qmp_capabilities')
        serial.write('go\n')
        serial.flush()
        print(line(serial, 'drawn'))
        process.wait()
