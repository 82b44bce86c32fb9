#!/bin/bash
# Options that say how the program runs, and -f: an application description, and a manifest fed back.
. "$(dirname "$0")/lib.sh"
toy_kernel_set "$work/set"
export WHITTLE_COMPONENTS=$work/set
cd "$work" || exit 1
echo 'int main(void) { return 0; }' > plain.c
gcc -static -o plain plain.c
mkdir -p dir/bin && cp plain dir/bin/prog && tar -C dir -cf dir.tar .
echo data > data
build() { "$whittle" build "$@"; }

check "-u, --hostname, --dns and --env-file are packed" bash -c "
	printf '# a comment\n\nA=1\nB=two words\r\nFROM_HERE\nNOT_HERE\n' > env
	FROM_HERE='x y' '$whittle' build -o a.img --env-file env -e A=2 -u 10:20 --hostname box --dns 9.9.9.9 --dns 2620:fe::fe ./plain &&
	grep -aqF 'whittle.env=A=1 \"whittle.env=B=two words\" \"whittle.env=FROM_HERE=x y\" whittle.env=A=2 whittle.user=10:20 whittle.hostname=box whittle.dns=9.9.9.9 whittle.dns=2620:fe::fe -- ' a.img"
for f in "" .json .debug .map; do
	check "IMAGE.json makes the image again: IMAGE$f" bash -c "'$whittle' build -f a.img.json -o b.img && cmp a.img$f b.img$f || [ '$f' = .map ]"
done
cat > app.json << 'END'
{ "source": "./plain", "args": ["-x", 5], "env": {"A": "b c"}, "env_file": "env", "memory": "64M", "cpus": 2, "verbose": true,
  "output": "named.img", "copy": ["data:/srv/data"], "gdb": false }
END
check "a description for build" bash -c "'$whittle' build -f app.json && grep -aqF -- '\"whittle.env=A=b c\" -- /usr/bin/plain -x 5' named.img"
check "the same for run" bash -c "'$whittle' run --dry-run -f app.json | grep -q -- '-m 65536k -smp 2'"
check "with an image that is there" bash -c "'$whittle' run --dry-run -f app.json named.img > said && grep -q -- '-kernel named.img' said &&
	grep -qF 'loglevel=7' said && grep -qF 'plain -x 5' said"
check "the command line wins" bash -c "'$whittle' run --dry-run -f app.json -m 128M named.img -- y > said && grep -q -- '-m 131072k' said &&
	grep -qF -- '-- /usr/bin/plain y' said"
for s in dir dir.tar; do
	check "a $s, and its manifest fed back" bash -c "'$whittle' build -o d.img --root file $s -- prog a && '$whittle' build -f d.img.json -o e.img &&
		cmp d.img e.img && cmp d.img.erofs e.img.erofs"
done
check "and run with the image" bash -c "'$whittle' run --dry-run -f d.img.json d.img | grep -q -- '-- /bin/prog a'"

cp plain nginx
check "a program that needs fork is told of" says 0 "nginx needs fork (worker processes): try -- -g 'daemon off; master_process off;'" \
	"$whittle" build -o n.img ./nginx
cp plain redis-server; cp plain git; cp plain memcached
check "with what takes its place" says 0 "redis-server needs fork (saving, rewriting its log): try -- --save ''" build redis-server
check "where that is said, it is silent" bash -c "! '$whittle' build redis-server -- --save '' 2>&1 | grep fork"
check "of a command that needs it" says 0 "git needs fork (clone starts git-upload-pack), which is not in this kernel yet" build git -- clone x
check "and not of another one" bash -c "! '$whittle' build git -- log 2>&1 | grep fork"
check "of an option that asks for it" says 0 "memcached needs fork (going to the background), which is not" build memcached -- -d
check "in a directory, too" bash -c "cp plain dir/bin/nginx; '$whittle' build -o n.img dir -- nginx 2>&1 | grep -q 'nginx needs fork'"
check "and not if it does without" bash -c "'$whittle' build -o n.img ./nginx -- -g 'daemon off; master_process off;' 2>&1 | grep -q fork && exit 1 || exit 0"

refused() { # SENTENCE WORDS JSON
	printf '%s' "$3" > bad.json
	check "$1" says 2 "$2" "$whittle" build -f bad.json
}
refused "no JSON" "bad.json is not JSON: line 1" '{ "source": '
refused "no object" "no JSON object" '[]'
refused "nothing at all" "is not JSON" ''
refused "a key that is no option" "there is no option memry, did you mean memory" '{ "source": "./plain", "memry": "1G" }'
refused "a value that is none" "the value of env is no text" '{ "source": "./plain", "env": [null] }'
refused "a description within" "cannot name another" '{ "file": "x.json" }'
refused "no source" "say what to build" '{ "env": [] }'
check "a description that is not there" says 2 "gone.json" build -f gone.json
check "-u takes numbers" says 2 "-u root: it takes UID" build -u root ./plain
check "--dns takes addresses" says 2 "--dns host: it takes an IP address" build --dns host ./plain
check "--hostname takes a name" says 2 "--hostname a b" build --hostname 'a b' ./plain
check "--env-file takes text" says 2 "line 1 is not NAME=VALUE" build --env-file <(echo 'a b=c') ./plain
check "-c takes at most 16" says 125 "-c 17: it takes a number of processors from 1 to 16" "$whittle" run -c 17 ./plain
done_testing
