#!/bin/sh
# Debian's openssl, as installed: its speed is measured, keys and certificates are made that this machine takes and the other
# way round, and both ends of TLS speak with this machine.
. tests/apps/lib.sh

head -c 100000 /dev/urandom > "$work/data"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 30 \
	-subj /CN=server.test -addext subjectAltName=DNS:server.test 2> "$work/req"
mkdir "$work/www"
echo 'over TLS' > "$work/www/page"
head -c 2000000 /dev/urandom > "$work/www/big"
behind=$(free_port)
helper sh -c "cd '$work/www' && exec openssl s_server -WWW -accept 127.0.0.1:$behind -cert '$work/cert.pem' -key '$work/key.pem'"
image openssl --copy "$work/cert.pem:/cert.pem" --copy "$work/key.pem:/key.pem" --copy "$work/www:/www" -w /www \
	--copy /etc/ssl/openssl.cnf:/etc/ssl/openssl.cnf /usr/bin/openssl

ssl() { guest openssl "$@"; }
get() { # PATH [OPTIONS OF CURL…]
	local path="$1"
	shift
	timeout 60 curl -s --cacert "$work/cert.pem" --resolve "server.test:$port:127.0.0.1" "$@" "https://server.test:$port/$path"
}
serves() { [ "$(get page)" = 'over TLS' ]; }
openssl_() {
	has "speed of a hash" "$(ssl speed -seconds 1 -bytes 8192 -evp sha256 < /dev/null)" '^sha256 +[1-9][0-9]+\.[0-9]{2}k$'
	has "speed of signatures" "$(ssl speed -seconds 1 ecdsap256 < /dev/null)" '^ 256 bits ecdsa \(nistp256\) +0\.[0-9]+s'
	is "digests" "$(ssl dgst -sha3-256 -r big < /dev/null)" "$(cd "$work/www" && openssl dgst -sha3-256 -r big)"
	ssl enc -aes-256-cbc -pbkdf2 -pass pass:secret < "$work/data" | openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:secret |
		cmp - "$work/data" > "$work/cmp" 2>&1
	is "what it encrypts is decrypted here" $? 0
	is "it makes a key" "$(ssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -quiet < /dev/null > "$work/rsa.pem"
		openssl pkey -in "$work/rsa.pem" -check -noout 2>&1)" "Key is valid"
	ssl req -x509 -new -key /key.pem -subj /CN=made -days 10 < /dev/null > "$work/made.pem"
	is "a certificate, of use here" "$(openssl verify -CAfile "$work/made.pem" "$work/made.pem" 2>&1)" "$work/made.pem: OK"
	has "a client of TLS" "$(printf 'GET /page HTTP/1.0\r\n\r\n' | ssl s_client -quiet -verify_return_error -CAfile /cert.pem \
		-servername server.test -connect "10.0.2.2:$behind")" '^over TLS'
	serve openssl 4433 serves s_server -WWW -accept 4433 -cert /cert.pem -key /key.pem
	is "a file from its server" "$(get big | md5sum)" "$(md5sum < "$work/www/big")"
	is "by TLS 1.2" "$(get page --tls-max 1.2)" "over TLS"
	is "six clients after each other" "$(for i in 1 2 3 4 5 6; do get page; done | sort | uniq -c | tr -s ' ')" " 6 over TLS"
	stop 143
}
on_machines openssl_
done_testing
