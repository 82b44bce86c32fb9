#!/bin/sh
# Debian's haproxy, as installed, with four threads, in front of servers of this machine: HTTP and TCP, weights, a server that
# is down, one that dies, TLS taken off, its statistics.
. tests/apps/lib.sh

mkdir -p "$work/a" "$work/b"
echo a > "$work/a/name"
echo b > "$work/b/name"
head -c 8000000 /dev/urandom > "$work/a/big"
cp "$work/a/big" "$work/b/big"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost 2> "$work/req"
cat "$work/cert.pem" "$work/key.pem" > "$work/both.pem"
a=$(free_port) b=$(free_port) nobody=$(free_port)
cat > "$work/haproxy.cfg" <<END
global
	maxconn 500
	nbthread 4
	user nobody
	group nogroup
	stats socket /run/haproxy.sock
defaults
	mode http
	timeout connect 5s
	timeout client 30s
	timeout server 30s
	retries 3
	option redispatch
frontend http
	bind :80
	bind :443 ssl crt /etc/both.pem alpn h2,http/1.1
	stats enable
	stats uri /stats
	http-request set-header X-Seen yes
	http-response set-header X-Via haproxy
	use_backend dead if { path /dead }
	use_backend only_b if { path_beg /b/ }
	default_backend both
backend both
	balance roundrobin
	option httpchk GET /name
	server a 10.0.2.2:$a check inter 300ms fall 2 rise 1
	server b 10.0.2.2:$b check inter 300ms fall 2 rise 1
	server none 10.0.2.2:$nobody check inter 300ms fall 1
backend only_b
	http-request replace-path /b/(.*) /\1
	server b 10.0.2.2:$b
backend dead
	server none 10.0.2.2:$nobody
listen raw
	bind :81
	mode tcp
	server a 10.0.2.2:$a
END
image haproxy --copy "$work/haproxy.cfg:/etc/haproxy.cfg" --copy "$work/both.pem:/etc/both.pem" /usr/sbin/haproxy -- \
	-db -f /etc/haproxy.cfg

get() { # PATH [OPTIONS OF CURL…]
	local path="$1"
	shift
	timeout 60 curl -s "$@" "http://127.0.0.1:$port$path"
}
status() { get '/stats;csv' | awk -F, -v server="$1" '$1 == "both" && $2 == server { print $18 }'; }
settled() { [ "$(status a) $(status b) $(status none)" = 'UP UP DOWN' ]; }
a_is() { [ "$(status a)" = "$1" ]; }
start_a() { helper busybox httpd -f -p "127.0.0.1:$a" -h "$work/a"; a_pid=${helpers##* }; }
helper busybox httpd -f -p "127.0.0.1:$b" -h "$work/b"
haproxy() {
	start_a
	raw=$(free_port) tls=$(free_port)
	MORE="-p 127.0.0.1:$raw:81 -p 127.0.0.1:$tls:443" serve haproxy 80 settled
	is "it takes turns" "$(for i in 1 2 3 4; do get /name; done | sort | tr -d '\n')" aabb
	is "a large file" "$(get /big | md5sum)" "$(md5sum < "$work/a/big")"
	is "a path rewritten" "$(get /b/name)" b
	has "a header added" "$(get /name -D - -o /dev/null)" '^x-via: haproxy'
	is "a server that is not there" "$(get /dead -o /dev/null -w '%{http_code}')" 503
	is "TLS and HTTP/2 taken off" "$(timeout 60 curl -s --cacert "$work/cert.pem" --connect-to "localhost:443:127.0.0.1:$tls" \
		https://localhost/b/name -w '%{http_version}')" "b
2"
	is "TCP" "$(timeout 60 curl -s "http://127.0.0.1:$raw/big" | md5sum)" "$(md5sum < "$work/a/big")"
	kill "$a_pid"
	check "a server dies" wait_for a_is DOWN
	is "the other one has all" "$(for i in 1 2 3 4; do get /name; done | tr -d '\n')" bbbb
	start_a
	check "it is back" wait_for a_is UP
	is "and takes its turns" "$(for i in 1 2 3 4; do get /name; done | sort | tr -d '\n')" aabb
	gate "$port"
	timeout 60 wrk -t 1 -c 10 -d 2 "http://127.0.0.1:$gate/name" > "$work/wrk" 2>&1
	has "10 clients get answers" "$(cat "$work/wrk")" '^ +[0-9]{3,} requests in'
	is "and no errors" "$(grep -E 'Socket errors|Non-2xx' "$work/wrk")" ""
	kill "$a_pid"
	stop 143
}
on_machines haproxy
done_testing
