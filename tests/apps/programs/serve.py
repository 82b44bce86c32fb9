# An HTTPS server in python3: files by GET; a POST of JSON goes into a database that the threads share.
import http.server, json, sqlite3, ssl, threading

db, lock = sqlite3.connect('/tmp/sums.db', check_same_thread=False), threading.Lock()
db.execute('create table sums(n)')

class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_POST(self):
        numbers = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['numbers']
        with lock, db:
            db.execute('insert into sums values (?)', (sum(numbers),))
            count, total = db.execute('select count(*), sum(n) from sums').fetchone()
        answer = json.dumps({'sum': sum(numbers), 'count': count, 'total': total}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 100

server = Server(('', 443), lambda *a: Handler(*a, directory='/data'))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/cert.pem', '/key.pem')
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
