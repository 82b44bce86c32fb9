#!/bin/sh
# Debian's curl, as installed, fetches from a server of this machine, which is 10.0.2.2 to the guest: HTTP, TLS, HTTP/2, ranges,
# many at once, an upload.
. tests/apps/lib.sh

mkdir -p "$work/www/up"
head -c 8000000 /dev/urandom > "$work/www/big"
seq 50000 > "$work/www/numbers"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 \
	-subj /CN=server -addext subjectAltName=DNS:server.test 2> "$work/req"
plain=$(free_port) tls=$(free_port)
cat > "$work/server.conf" <<END
daemon off;
master_process off;
error_log stderr;
pid $work/pid;
events { }
http {
	access_log off;
	client_body_temp_path $work/body;
	server {
		listen 127.0.0.1:$plain;
		listen 127.0.0.1:$tls ssl http2;
		ssl_certificate $work/cert.pem;
		ssl_certificate_key $work/key.pem;
		root $work/www;
		location /up/ { dav_methods PUT; client_max_body_size 100m; }
		location /away { return 302 /numbers; }
		location /slow { limit_rate 10k; alias $work/www/numbers; }
		location /locked { auth_basic locked; auth_basic_user_file $work/users; alias $work/www/numbers; }
	}
}
END
echo 'me:{PLAIN}secret' > "$work/users"
helper /usr/sbin/nginx -e stderr -c "$work/server.conf"
image curl --copy "$work/cert.pem:/cert.pem" --copy "$work/www/big:/big" /usr/bin/curl

fetch() { guest curl -sS "$@" < /dev/null; }
url=http://10.0.2.2:$plain
curl_() {
	is "a large file" "$(fetch "$url/big" | md5sum)" "$(md5sum < "$work/www/big")"
	is "a range" "$(fetch -r 1000000-1999999 "$url/big" | md5sum)" "$(tail -c +1000001 "$work/www/big" | head -c 1000000 | md5sum)"
	is "a redirection, a password, one by one on one connection" \
		"$(fetch -L -u me:secret "$url/away" "$url/locked" -w '%{num_connects} %{http_code}\n' | grep '^[01] ')" "1 200
0 200"
	is "eight at once" "$(fetch -Z "$url/big?[1-8]" -o '/tmp/#1' -w '%{http_code} %{size_download}\n' | grep -a ^200 | sort | uniq -c | tr -s ' ')" \
		" 8 200 8000000"
	is "TLS and HTTP/2" "$(fetch --cacert /cert.pem --resolve "server.test:$tls:10.0.2.2" "https://server.test:$tls/numbers" \
		-w '%{http_version} %{ssl_verify_result}\n' -o /tmp/numbers)" "2 0"
	has "a certificate that nobody signed is refused" "$(fetch "https://10.0.2.2:$tls/")" '\(60\) SSL certificate problem'
	is "an upload" "$(fetch -T /big "$url/up/from-$machine-$cpus" -w '%{http_code}')" 201
	check "arrives" cmp "$work/www/big" "$work/www/up/from-$machine-$cpus"
	has "too slow" "$(fetch -m 1 "$url/slow" -o /tmp/slow)" '\(28\) Operation timed out'
	has "nobody there" "$(fetch "http://10.0.2.2:$(free_port)/")" '\(7\) Failed to connect'
}
MEMORY=512M on_machines curl_
done_testing
