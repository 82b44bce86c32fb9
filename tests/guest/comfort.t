#!/bin/sh
# What the command line says of a program's surroundings reaches it: user, names, variables.
# TIME LIMIT: 300
. tests/lib.sh

printf 'A=1\nB=two words\n' > "$work/env"
check "an image is built" $WHITTLE build -o "$work/bb.img" --for microvm --hostname box --env-file "$work/env" -e A=2 \
	"$(command -v busybox)"
guest() { timeout 60 $WHITTLE run -m 64M -u 1000:100 --dns 9.9.9.9 --dns 2620:fe::fe "$work/bb.img" -- "$@" 2>&1 < /dev/null; }
is "-u: the program's ids" "$(guest id)" "uid=1000 gid=100(users)"
has "what is root's is refused" "$(guest touch /root/x)" 'Permission denied'
is "its console is its own" "$(guest sh -c 'echo b > /dev/console; echo c > /tmp/x')" "b"
is "as /dev/stdout, too, which is made if it is not there" "$(guest sh -c 'echo a > /dev/stdout; echo b >> /dev/stderr')" "a
b"
is "--hostname" "$(guest hostname)" "box"
is "and the files that say it" "$(guest cat /etc/hostname /etc/hosts)" "box
127.0.0.1 localhost box
::1 localhost ip6-localhost"
is "--dns" "$(guest cat /etc/resolv.conf)" "nameserver 9.9.9.9
nameserver 2620:fe::fe"
is "--env-file and -e" "$(guest env | grep '^[AB]=' | sort)" "A=2
B=two words"
is "the command line of a run wins" "$(timeout 60 $WHITTLE run --hostname other -u 5 "$work/bb.img" -- hostname 2>&1 < /dev/null)" "other"
has "a user alone has group 0" "$(timeout 60 $WHITTLE run -u 5 "$work/bb.img" -- id 2>&1 < /dev/null)" "uid=5 gid=0"
done_testing
