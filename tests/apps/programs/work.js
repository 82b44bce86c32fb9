// What node asks of a kernel: workers, its thread pool, files, pipes of bytes, sockets, timers. Prints the same on any Linux.
const { Worker } = require('worker_threads');
const crypto = require('crypto'), events = require('events'), fs = require('fs'), http = require('http');
const os = require('os'), path = require('path'), util = require('util'), zlib = require('zlib');

async function workers() { // four that share memory, with Atomics.wait: futexes of their own
	const shared = new Int32Array(new SharedArrayBuffer(8));
	const code = `const { parentPort, workerData: shared } = require('worker_threads');
		for (let i = 0; i < 20000; i++) Atomics.add(shared, 0, 1);
		Atomics.wait(shared, 1, 0);
		parentPort.postMessage(Buffer.alloc(100000, 1).reduce((a, b) => a + b));`;
	const all = [1, 2, 3, 4].map(() => new Worker(code, { eval: true, workerData: shared }));
	const sums = all.map(w => events.once(w, 'message')), ends = all.map(w => events.once(w, 'exit'));
	while (Atomics.load(shared, 0) < 80000)
		await util.promisify(setTimeout)(5);
	Atomics.store(shared, 1, 1);
	Atomics.notify(shared, 1);
	console.log('workers', (await Promise.all(sums)).flat(), shared[0], (await Promise.all(ends)).flat());
}

async function pool() {
	const keys = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(i =>
		util.promisify(crypto.pbkdf2)('word', 'salt', 2000, 16, 'sha512')));
	console.log('pool', new Set(keys.map(k => k.toString('hex'))));
	const packed = await util.promisify(zlib.gzip)(Buffer.alloc(1000000, 'whittle '));
	console.log('gzip', (await util.promisify(zlib.gunzip)(packed)).length);
	const { privateKey, publicKey } = await util.promisify(crypto.generateKeyPair)('ec', { namedCurve: 'P-256' });
	console.log('signed', crypto.verify('sha256', 'text', publicKey, crypto.sign('sha256', 'text', privateKey)));
}

async function files() {
	const dir = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'work-')), file = path.join(dir, 'f');
	await Promise.all(Array.from({ length: 20 }, (_, i) => fs.promises.writeFile(file + i, 'x'.repeat(i * 1000))));
	const sizes = await Promise.all((await fs.promises.readdir(dir)).map(async f => (await fs.promises.stat(path.join(dir, f))).size));
	console.log('files', sizes.length, sizes.reduce((a, b) => a + b));
	const copy = fs.createReadStream(file + 19).pipe(fs.createWriteStream(file));
	await events.once(copy, 'finish');
	await fs.promises.rename(file, file + '.new');
	console.log('copied', fs.readFileSync(file + '.new').length, fs.existsSync(file));
	fs.rmSync(dir, { recursive: true });
}

async function web() {
	const server = http.createServer((request, response) => {
		let n = 0;
		request.on('data', d => n += d.length).on('end', () => response.end(`got ${n} ${request.url}`));
	}).listen(0, '127.0.0.1');
	await events.once(server, 'listening');
	const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => new Promise((done, failed) =>
		http.request({ port: server.address().port, host: '127.0.0.1', method: 'POST', path: '/' + i, agent: false }, r => {
			let text = '';
			r.on('data', d => text += d).on('end', () => done(text === `got 50000 /${i}`));
		}).on('error', failed).end(Buffer.alloc(50000)))));
	console.log('http', answers.filter(a => a).length);
	server.close();
}

workers().then(pool).then(files).then(web).then(() => {
	console.log('memory', process.memoryUsage().rss > 0, os.freemem() > 0, os.cpus().length > 0, os.uptime() > 0);
	setTimeout(() => console.log('end'), 10);
});
