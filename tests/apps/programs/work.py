# What python3 asks of a kernel: threads, locks, files, databases, an event loop, signals. Prints the same on any Linux.
import asyncio, hashlib, json, mmap, os, queue, select, signal, socket, sqlite3, ssl, tempfile, threading, time

def in_threads(function, n):
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(function(i))) for i in range(n)]
    for t in threads: t.start()
    for t in threads: t.join()
    return results

def digest(i):
    h = hashlib.sha256()
    for k in range(5000):
        h.update(b'%d' % k)
    h.update(bytes(4 << 20))  # without the interpreter's lock
    return h.hexdigest()
print('threads', set(in_threads(digest, 8)))

q, counted = queue.Queue(4), []
def consume(i):
    while (item := q.get()) is not None:
        counted.append(item)
consumers = [threading.Thread(target=consume, args=(i,)) for i in range(4)]
for t in consumers: t.start()
for i in range(2000): q.put(i)
for t in consumers: q.put(None)
for t in consumers: t.join()
print('queue', len(counted), sum(counted))

path = os.path.join(tempfile.mkdtemp(), 'test.db')
def insert(i):
    db = sqlite3.connect(path, timeout=60)
    for k in range(20):
        with db:
            db.execute('insert into t(who, k) values (?, ?)', (i, k))
    return db.close()
with sqlite3.connect(path) as db:
    db.execute('pragma journal_mode = wal')
    db.execute('create table t(id integer primary key, who, k)')
in_threads(insert, 4)
print('sqlite', sqlite3.connect(path).execute('select count(*), sum(k), count(distinct who) from t').fetchall())

async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
    writer.close()
async def client(port, i):
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    for k in range(5):
        writer.write(b'%d %d\n' % (i, k))
        assert await reader.readline() == b'%d %d\n' % (i, k)
    writer.close()
    await writer.wait_closed()
    return i
async def loop():
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    port = server.sockets[0].getsockname()[1]
    print('asyncio', sum(await asyncio.gather(*[client(port, i) for i in range(40)])))
    run = asyncio.get_running_loop().run_in_executor
    print('executor', sum(await asyncio.gather(*[run(None, sum, range(10000)) for i in range(10)])))
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.05)
    except asyncio.TimeoutError:
        print('timeout')
asyncio.run(loop())

ticks = []
signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
while len(ticks) < 5:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print('alarms')

memory = mmap.mmap(-1, 1 << 20)
memory[4096:4101] = b'hello'
print('mmap', memory[4090:4110])
print('json', json.dumps(json.loads('{"a": [1, 2.5, null, true, "\\u00e9"]}'), sort_keys=True))
print('ssl', ssl.create_default_context().check_hostname)
print('names', socket.gethostbyname('localhost'), socket.getservbyname('https'))
