// An HTTP server by com.sun.net.httpserver: a POST is answered with the SHA-256 of its body, GET /count tells how many.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

public class Serve {
	public static void main(String[] args) throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress(80), 100);
		AtomicInteger count = new AtomicInteger();
		server.setExecutor(Executors.newCachedThreadPool());
		server.createContext("/", x -> {
			byte[] body = x.getRequestBody().readAllBytes();
			String answer;
			if (x.getRequestURI().getPath().equals("/count")) {
				answer = count.toString();
			} else {
				try {
					answer = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
				} catch (Exception e) {
					answer = e.toString();
				}
				count.incrementAndGet();
			}
			x.sendResponseHeaders(200, answer.length());
			x.getResponseBody().write(answer.getBytes());
			x.close();
		});
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("served " + count)));
		server.start();
		System.out.println("ready");
	}
}
