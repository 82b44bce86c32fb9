#!/bin/sh
# Debian's python3, as installed: its standard library at work, and its web servers, plain and with TLS, driven by curl.
# TIME LIMIT: 600
. tests/apps/lib.sh

programs=tests/apps/programs
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=whittle -addext subjectAltName=DNS:localhost \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
mkdir "$work/data"
head -c 5000000 /dev/urandom > "$work/data/big"
echo hello > "$work/data/small"
here=$(/usr/bin/python3 $programs/work.py 2>&1; echo "status $?")
image python --copy /usr/lib/python3.11:/usr/lib/python3.11 --copy $programs:/programs --copy "$work/data:/data" \
	--copy "$work/cert.pem:/cert.pem" --copy "$work/key.pem:/key.pem" /usr/bin/python3

plain_ready() { [ "$(curl -s -m 5 "http://127.0.0.1:$port/small")" = hello ]; }
tls() { curl -s -m 60 --cacert "$work/cert.pem" "$@"; }
tls_ready() { [ "$(tls -m 5 "https://localhost:$port/small")" = hello ]; }
post() { # N: sums of 1 to 100 times N; prints the answer's own sum
	tls -d "{\"numbers\": [$(seq -s, "$1" "$1" $(($1 * 100)))]}" "https://localhost:$gate/" | jq .sum
}
many() { # 24 at once
	local n pids=
	for n in $(seq 24); do
		post "$n" > "$work/post.$n" &
		pids="$pids $!"
	done
	wait $pids
	cat "$work"/post.*
}
python() {
	same "the standard library" "$here" python /programs/work.py
	verbose=$(guest python -v -c 'import json, ssl' | tr -d '\r')
	has "modules are taken as they were compiled" "$verbose" '^# .*/json/__pycache__/decoder.cpython-311.pyc matches .*/json/decoder.py'
	is "none is compiled anew" "$(echo "$verbose" | grep -E '^# (created|wrote)|bytecode is stale')" ""
	has "a process of its own is refused in words" "$(guest python -c 'import multiprocessing as m
m.Process(target=print).start()')" 'OSError: \[Errno 38\] Function not implemented'

	serve python 80 plain_ready -m http.server -d /data 80
	has "a listing" "$(curl -s "http://127.0.0.1:$port/")" 'href="small"'
	is "a file of 5 MB" "$(curl -s -m 60 "http://127.0.0.1:$port/big" | md5sum)" "$(md5sum < "$work/data/big")"
	is "what is not there" "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/nosuch")" 404
	stop 143 '/usr/bin/python3: Terminated'

	serve python 443 tls_ready /programs/serve.py
	gate "$port"
	is "a file by TLS" "$(tls "https://localhost:$port/big" | md5sum)" "$(md5sum < "$work/data/big")"
	check "the gate stands" wait_for tls -o /dev/null "https://localhost:$gate/small"
	is "24 requests at once" "$(many | sort -n | tr '\n' ' ')" "$(seq -s' ' 5050 5050 121200) "
	is "all are in the database" "$(tls -d '{"numbers": [0]}' "https://localhost:$port/")" \
		'{"sum": 0, "count": 25, "total": 1515000}'
	stop 143 '/usr/bin/python3: Terminated'
}
on_machines python
done_testing
