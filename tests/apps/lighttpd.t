#!/bin/sh
# Debian's lighttpd, as installed, with its modules, driven by curl and wrk: files, packed ones, listings, server-side includes,
# WebDAV's simplest verbs, a proxy before a server of this machine.
. tests/apps/lib.sh

mkdir -p "$work/www/list" "$work/back"
echo 'hello from lighttpd' > "$work/www/index.html"
echo 'size <!--#fsize file="numbers.txt" -->' > "$work/www/page.shtml"
seq 100000 > "$work/www/numbers.txt"
head -c 8000000 /dev/urandom > "$work/www/big"
touch "$work/www/list/one" "$work/www/list/two"
echo 'from behind' > "$work/back/page"
behind=$(free_port)
helper busybox httpd -f -p "127.0.0.1:$behind" -h "$work/back"
cat > "$work/lighttpd.conf" <<END
server.document-root = "/www"
server.port = 80
server.username = "www-data"
server.groupname = "www-data"
server.modules = ( "mod_indexfile", "mod_access", "mod_auth", "mod_setenv", "mod_redirect", "mod_rewrite", "mod_proxy",
	"mod_ssi", "mod_status", "mod_dirlisting", "mod_accesslog", "mod_staticfile" )
index-file.names = ( "index.html" )
ssi.extension = ( ".shtml" )
mimetype.assign = ( ".html" => "text/html", ".txt" => "text/plain" )
accesslog.filename = "/tmp/access.log"
status.status-url = "/status"
setenv.add-response-header = ( "X-Kernel" => "whittle" )
url.redirect = ( "^/old\$" => "/numbers.txt" )
url.rewrite-once = ( "^/number\$" => "/numbers.txt" )
\$HTTP["url"] =~ "^/list/" { dir-listing.activate = "enable" }
\$HTTP["url"] =~ "^/page\$" { proxy.server = ( "" => ( ( "host" => "10.0.2.2", "port" => $behind ) ) ) }
END
image lighttpd --copy "$work/lighttpd.conf:/etc/lighttpd.conf" --copy "$work/www:/www" --copy /usr/lib/lighttpd:/usr/lib/lighttpd \
	/usr/sbin/lighttpd -- -D -f /etc/lighttpd.conf

get() { # PATH [OPTIONS OF CURL…]
	local path="$1"
	shift
	timeout 60 curl -s "$@" "http://127.0.0.1:$port$path"
}
serves() { [ "$(get /)" = 'hello from lighttpd' ]; }
counted() { [ "$(get '/status?auto' | sed -n 's/^Total Accesses: //p')" -ge "$requests" ]; }
lighttpd() {
	serve lighttpd 80 serves
	is "a file" "$(get /big | md5sum)" "$(md5sum < "$work/www/big")"
	is "ranges" "$(get /big -r 100-199,5000000-5000099 | grep -c '^Content-Range: bytes')" 2
	is "one that has not changed" "$(get /numbers.txt -z "$work/lighttpd.conf" -o /dev/null -w '%{http_code}')" 304
	is "what is not there" "$(get /nothing -o /dev/null -w '%{http_code}')" 404
	has "a header that is set" "$(get / -D - -o /dev/null)" '^X-Kernel: whittle'
	is "a redirection" "$(get /old -L | md5sum)" "$(md5sum < "$work/www/numbers.txt")"
	is "a path rewritten" "$(get /number | md5sum)" "$(md5sum < "$work/www/numbers.txt")"
	has "a listing" "$(get /list/)" 'href="two"'
	is "a page that includes" "$(get /page.shtml)" "size $(stat -c %s "$work/www/numbers.txt")"
	is "a server behind it" "$(get /page)" 'from behind'
	has "its status" "$(get '/status?auto')" '^BusyServers: 1$'
	gate "$port"
	timeout 60 wrk -t 1 -c 20 -d 2 "http://127.0.0.1:$gate/" > "$work/wrk" 2>&1
	has "20 clients get answers" "$(cat "$work/wrk")" '^ +[0-9]{3,} requests in'
	is "and no errors" "$(grep -E 'Socket errors|Non-2xx' "$work/wrk")" ""
	requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
	check "it has counted them" wait_for counted
	# 1 where its last epoll_wait found connections: it returns with what that call did.
	stop 0 1
}
on_machines lighttpd
done_testing
