#!/usr/bin/python3
# net.py DEVICE QEMU ARGUMENTS…: start a machine with that network card on QEMU's user network, whose image is net-echo (port 7), and
# do to it what a card has to bear. One line for each thing that worked; the machine's serial line is printed at the end, too.
import os, socket, subprocess, sys, threading, time

CLIENTS, SOME, MUCH = 50, 60000, 6000000

def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]

device, arguments = sys.argv[1], sys.argv[2:]
port = free_port()
ours, theirs = socket.socketpair()
process = subprocess.Popen(arguments + [
    '-netdev', f'user,id=n,hostfwd=tcp:127.0.0.1:{port}-:7,hostfwd=udp:127.0.0.1:{port}-:7',
    '-device', f'{device},netdev=n,id=card', '-chardev', f'socket,id=m,fd={theirs.fileno()}', '-mon', 'chardev=m,mode=readline',
    '-serial', 'stdio'], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
theirs.close()
said = []
reader = threading.Thread(target=lambda: said.extend(line.decode(errors='replace').rstrip() for line in process.stdout), daemon=True)
reader.start()

def until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if what():
            return True
        time.sleep(0.05)
    return False

def connect():
    s = socket.create_connection(('127.0.0.1', port), timeout=30)
    s.settimeout(60)
    return s

def echo(s, bytes_):
    """What is sent comes back as it was, while it is being sent."""
    sender = threading.Thread(target=lambda: s.sendall(bytes_))
    sender.start()
    got = bytearray()
    while len(got) < len(bytes_):
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    sender.join()
    return got == bytes_

def answers():
    try:
        with connect() as s:
            s.settimeout(3)
            return echo(s, b'hello')
    except OSError:
        return False

def monitor(command):
    ours.sendall(command.encode() + b'\n')

def has_said(text):
    return any(text in line for line in said)

def clients():
    """All connected at once; QEMU takes them one by one."""
    all_ = []
    for _ in range(CLIENTS):
        s = connect()
        if not echo(s, b'x'):
            return False
        all_.append(s)
    data = [os.urandom(SOME) for _ in all_]
    good = [False] * CLIENTS
    def one(i):
        try:
            good[i] = echo(all_[i], data[i])
        except OSError:
            pass
    threads = [threading.Thread(target=one, args=(i,)) for i in range(CLIENTS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for s in all_:
        s.close()
    return all(good)

def flood():
    """More datagrams at once than any ring has entries: some may be lost, the card goes on."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for i in range(5000):
        s.sendto(i.to_bytes(4, 'big') * 350, ('127.0.0.1', port))
    s.settimeout(2)
    got = 0
    try:
        while True:
            d = s.recv(2000)
            if d == d[:4] * 350:
                got += 1
    except OSError:
        pass
    return got > 0

def link():
    monitor('set_link card off')
    if not until(lambda: has_said('link is down')):
        return False
    monitor('set_link card on')
    return until(lambda: has_said('link is up'))

def much():
    with connect() as s:
        return echo(s, os.urandom(MUCH))

steps = [('answers', lambda: until(answers)), ('much', much), ('clients', clients), ('flood', flood), ('answers after a flood', lambda: until(answers)),
         ('link', link), ('answers after the link', lambda: until(answers)), ('much again', much)]
try:
    for name, step in steps:
        if not step():
            print('failed:', name)
            break
        print('good:', name, flush=True)
    else:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ended = until(lambda: s.sendto(b'quit', ('127.0.0.1', port)) and process.poll() is not None)
        print('good: ends' if process.wait(10) == 0 else 'failed: ends')
except OSError as error:
    print('failed:', name, error)
finally:
    process.kill()
    reader.join(5)
print('\n'.join(said))
