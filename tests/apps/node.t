#!/bin/sh
# Node as Debian has it: workers, its thread pool, files, crypto, and an HTTP server driven by curl.
# TIME LIMIT: 600
. tests/apps/lib.sh

programs=tests/apps/programs
node=$(readlink -f /usr/bin/node)
mkdir "$work/data"
head -c 1000000 /dev/urandom > "$work/data/body"
here=$("$node" $programs/work.js 2>&1; echo "status $?")
# Debian's own node has three of its modules there; that of other packages has them within.
modules=
for dir in acorn cjs-module-lexer undici; do
	[ ! -d /usr/share/nodejs/$dir ] || modules="$modules --copy /usr/share/nodejs/$dir:/usr/share/nodejs/$dir"
done
image node $modules --copy $programs:/programs "$node"

ready() { [ "$(curl -s -m 5 "http://127.0.0.1:$port/count")" = 0 ]; }
many() { # 16 at once
	local n pids=
	for n in $(seq 16); do
		curl -s -m 100 --data-binary "@$work/data/body" "http://127.0.0.1:$gate/" > "$work/post.$n" &
		pids="$pids $!"
	done
	wait $pids
	for n in $(seq 16); do echo "$(cat "$work/post.$n")  -"; done | sort -u
}
MEMORY=512M
node() {
	same "work.js" "$here" node /programs/work.js
	has "a process of its own is refused in words" \
		"$(guest node -e 'console.log(require("child_process").spawnSync("/bin/true").error.code)')" '^ENOSYS$'
	serve node 80 ready /programs/serve.js
	gate "$port"
	is "16 requests of 1 MB at once" "$(many)" "$(sha256sum < "$work/data/body")"
	is "all are counted" "$(curl -s -m 20 "http://127.0.0.1:$port/count")" 16
	stop 0
	is "SIGTERM reached its handler" "$(cat "$work/log")" 'served 16'
}
on_machines node
done_testing
