#!/bin/sh
# Debian's perl, as installed, with its modules: files, threads, sockets, signals give what they give here; HTTP::Tiny fetches
# from a server of this machine.
. tests/apps/lib.sh

printf 'a line\nanother\n' > "$work/lines"
here=$(perl tests/apps/data/work.pl < "$work/lines" 2>&1; echo "status $?")
mkdir "$work/www"
head -c 300000 /dev/urandom > "$work/www/file"
behind=$(free_port)
helper busybox httpd -f -p "127.0.0.1:$behind" -h "$work/www"
base=/usr/lib/x86_64-linux-gnu/perl-base
version=$(perl -e 'print $^V =~ /^v(5\.\d+)/')
image perl --copy tests/apps/data/work.pl:/work.pl --copy "$base:$base" \
	--copy "/usr/lib/x86_64-linux-gnu/perl/$version:/usr/lib/x86_64-linux-gnu/perl/$version" \
	--copy "/usr/share/perl/$version:/usr/share/perl/$version" /usr/bin/perl -- /work.pl
perl_() {
	input=$work/lines same "a script with files, threads, sockets, signals" "$here" perl
	is "HTTP::Tiny" "$(guest perl -MHTTP::Tiny -MDigest::MD5=md5_hex -e \
		'print md5_hex(HTTP::Tiny->new->get($ARGV[0])->{content}), "\n"' "http://10.0.2.2:$behind/file" < /dev/null)" \
		"$(md5sum < "$work/www/file" | cut -d' ' -f1)"
}
on_machines perl_
done_testing
