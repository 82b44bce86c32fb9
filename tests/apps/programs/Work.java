// What a JVM asks of a kernel: threads, the collector under pressure, files, sockets, timers. Prints the same on any Linux.
import com.sun.net.httpserver.HttpServer;
import java.lang.management.ManagementFactory;
import java.net.*;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;

public class Work {
	static final ExecutorService pool = Executors.newFixedThreadPool(8);

	static <T> List<T> inThreads(int n, Callable<T> work) throws Exception {
		List<T> results = new ArrayList<>();
		for (Future<T> f : pool.invokeAll(Collections.nCopies(n, work)))
			results.add(f.get());
		return results;
	}

	static String digest() throws Exception {
		MessageDigest d = MessageDigest.getInstance("SHA-256");
		for (int k = 0; k < 2000; k++)
			d.update(("x" + k).getBytes());
		return HexFormat.of().formatHex(d.digest());
	}

	static final Map<Integer, byte[]> live = new ConcurrentHashMap<>();

	/* Garbage of some hundred MiB, of which half a thousand buffers stay alive and are looked after. */
	static long churn() {
		int me = (int)Thread.currentThread().getId() % 8;
		long broken = 0;
		for (int i = 0; i < 2500; i++) {
			int slot = (me << 6) + i % 64;
			byte[] buffer = new byte[16384], old;
			Arrays.fill(buffer, (byte)slot);
			old = live.put(slot, buffer);
			if (old != null && (old[0] != (byte)slot || old[16383] != (byte)slot))
				broken++;
		}
		return broken;
	}

	/* Threads that meet again and again: the futex's work. */
	static int meet() throws Exception {
		CyclicBarrier barrier = new CyclicBarrier(4);
		int[] rounds = new int[4];
		Thread[] threads = new Thread[4];
		for (int t = 0; t < 4; t++) {
			int me = t;
			threads[t] = new Thread(() -> {
				try {
					for (; rounds[me] < 200; rounds[me]++)
						barrier.await(60, TimeUnit.SECONDS);
				} catch (Exception e) {
					System.out.println(e);
				}
			});
			threads[t].start();
		}
		for (Thread t : threads)
			t.join();
		return Arrays.stream(rounds).sum();
	}

	static void files() throws Exception {
		Path dir = Files.createTempDirectory("work"), file = dir.resolve("file");
		Files.writeString(file, "hello ".repeat(10000));
		try (FileChannel c = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			c.map(FileChannel.MapMode.READ_WRITE, 0, c.size()).put(30000, (byte)'J');
			System.out.println("locked " + c.lock().isValid());
		}
		System.out.println("files " + Files.readString(file).indexOf("Jello") + " " + Files.list(dir).count());
	}

	static void http() throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
		server.setExecutor(pool);
		server.createContext("/", x -> {
			byte[] answer = ("got " + x.getRequestBody().readAllBytes().length + " " + x.getRequestURI()).getBytes();
			x.sendResponseHeaders(200, answer.length);
			x.getResponseBody().write(answer);
			x.close();
		});
		server.start();
		int good = 0;
		for (int i = 0; i < 20; i++) {
			URL url = new URL("http://127.0.0.1:" + server.getAddress().getPort() + "/" + i);
			HttpURLConnection c = (HttpURLConnection)url.openConnection();
			c.setDoOutput(true);
			c.getOutputStream().write(new byte[10000]);
			if (new String(c.getInputStream().readAllBytes()).equals("got 10000 /" + i))
				good++;
		}
		System.out.println("http " + good);
		server.stop(0);
	}

	public static void main(String[] args) throws Exception {
		System.out.println("threads " + new HashSet<>(inThreads(16, Work::digest)));
		System.out.println("broken " + inThreads(8, Work::churn));
		long collections = 0;
		for (var b : ManagementFactory.getGarbageCollectorMXBeans())
			collections += b.getCollectionCount();
		System.out.println("collected " + (collections > 0));
		System.out.println("met " + meet());
		files();
		http();
		ScheduledExecutorService timers = Executors.newScheduledThreadPool(2);
		System.out.println("timer " + timers.schedule(() -> "rings", 20, TimeUnit.MILLISECONDS).get());
		timers.shutdownNow();
		pool.shutdown();
		System.out.println("ended " + pool.awaitTermination(60, TimeUnit.SECONDS));
	}
}
