// An HTTP server in node that hands each body to one of two workers, which answer with its SHA-256; SIGTERM ends it.
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (!isMainThread) {
	parentPort.on('message', ({ id, body }) => parentPort.postMessage({ id,
		digest: require('crypto').createHash('sha256').update(body).digest('hex') }));
} else {
	const waiting = new Map(), workers = [0, 1].map(() => new Worker(__filename));
	let count = 0;
	for (const w of workers)
		w.on('message', ({ id, digest }) => { waiting.get(id).end(digest); waiting.delete(id); });
	const server = require('http').createServer((request, response) => {
		const parts = [];
		if (request.url === '/count')
			return response.end(String(count));
		request.on('data', d => parts.push(d)).on('end', () => {
			waiting.set(++count, response);
			workers[count % 2].postMessage({ id: count, body: Buffer.concat(parts) });
		});
	}).listen(80);
	process.on('SIGTERM', () => { console.log('served', count); process.exit(0); });
}
