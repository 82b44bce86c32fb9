#!/bin/sh
# Debian's nginx, as installed, in one process, driven by curl and wrk: files by sendfile and by threads, TLS, HTTP/2, uploads,
# a proxy before a server of this machine.
. tests/apps/lib.sh

mkdir -p "$work/www" "$work/back"
echo 'hello from nginx' > "$work/www/index.html"
seq 100000 > "$work/www/numbers.txt"
head -c 8000000 /dev/urandom > "$work/www/big"
echo 'from behind' > "$work/back/page"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2> "$work/req"
behind=$(free_port)
helper busybox httpd -f -p "127.0.0.1:$behind" -h "$work/back"
cat > "$work/nginx.conf" <<END
error_log stderr;
pid /run/nginx.pid;
thread_pool default threads=4;
events { worker_connections 512; }
http {
	access_log /var/log/access.log;
	sendfile on;
	tcp_nopush on;
	server {
		listen 80;
		listen 443 ssl http2;
		ssl_certificate /etc/cert.pem;
		ssl_certificate_key /etc/key.pem;
		root /www;
		location /status { stub_status; }
		location /threads/ { alias /www/; sendfile off; aio threads; }
		location /direct/ { alias /www/; sendfile off; directio 512; }
		location /packed/ { alias /www/; gzip on; gzip_types text/plain; }
		location /behind/ { proxy_pass http://10.0.2.2:$behind/; }
		location /up/ { root /tmp; dav_methods PUT DELETE MKCOL MOVE; create_full_put_path on; client_max_body_size 20m; }
		location /log { alias /var/log/access.log; }
	}
}
END
image nginx --copy "$work/nginx.conf:/etc/nginx/nginx.conf" --copy "$work/www:/www" --copy "$work/cert.pem:/etc/cert.pem" \
	--copy "$work/key.pem:/etc/key.pem" --copy /var/lib/nginx:/var/lib/nginx /usr/sbin/nginx -- -g 'daemon off; master_process off;'

get() { # PATH [OPTIONS OF CURL…]
	local path="$1"
	shift
	timeout 60 curl -s "$@" "http://127.0.0.1:$port$path"
}
secure() { # PATH [OPTIONS…]: the same by TLS, through the server's other port
	local path="$1"
	shift
	timeout 60 curl -s --cacert "$work/cert.pem" --connect-to "localhost:443:127.0.0.1:$tls" "$@" "https://localhost$path"
}
serves() { [ "$(get /)" = 'hello from nginx' ]; }
same_file() { # NAME PATH FILE
	get "$2" | cmp - "$3" > "$work/cmp" 2>&1
	is "$1" "$?$(cat "$work/cmp")" 0
}
nginx() {
	tls=$(free_port)
	MORE="-p 127.0.0.1:$tls:443" serve nginx 80 serves
	same_file "a file by sendfile" /big "$work/www/big"
	same_file "by threads" /threads/big "$work/www/big"
	same_file "by O_DIRECT" /direct/big "$work/www/big"
	is "a range" "$(get /big -r 4000000-4099999 | md5sum)" "$(tail -c +4000001 "$work/www/big" | head -c 100000 | md5sum)"
	is "packed" "$(get /packed/numbers.txt --compressed | md5sum)" "$(md5sum < "$work/www/numbers.txt")"
	has "really packed" "$(get /packed/numbers.txt --compressed -o /dev/null -D -)" '^Content-Encoding: gzip'
	is "what is not there" "$(get /nothing -o /dev/null -w '%{http_code}')" 404
	is "a server behind it" "$(get /behind/page)" 'from behind'
	is "an upload" "$(get /up/dir/big -T "$work/www/big" -w '%{http_code}')" 201
	same_file "which is there" /up/dir/big "$work/www/big"
	is "and is removed" "$(get /up/dir/big -X DELETE -w '%{http_code}'; get /up/dir/big -o /dev/null -w ' %{http_code}')" "204 404"
	is "TLS" "$(secure / --http1.1 -w '%{http_version}')" 'hello from nginx
1.1'
	is "HTTP/2" "$(secure / -w '%{http_version}')" 'hello from nginx
2'
	is "a file by HTTP/2" "$(secure /big | md5sum)" "$(md5sum < "$work/www/big")"
	gate "$port"
	timeout 60 wrk -t 1 -c 20 -d 2 "http://127.0.0.1:$gate/" > "$work/wrk" 2>&1
	has "20 clients get answers" "$(cat "$work/wrk")" '^ +[0-9]{3,} requests in'
	is "and no errors" "$(grep -E 'Socket errors|Non-2xx' "$work/wrk")" ""
	requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
	check "each is in the log" [ "$(get /log | grep -c 'GET / HTTP/1.1" 200 17 "-" "-"')" -ge "$requests" ]
	stop 0
}
on_machines nginx
done_testing
