#!/bin/sh
# Debian's sqlite3, as installed.
# TIME LIMIT: 300
. tests/lib.sh

check "an image is built" $WHITTLE build -o "$work/sqlite.img" --for microvm "$(command -v sqlite3)"
cat > "$work/sql" <<'SQL'
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, n INTEGER);
BEGIN;
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000)
	INSERT INTO t(name, n) SELECT 'name ' || i, i * 7919 % 2003 FROM c;
COMMIT;
CREATE INDEX t_n ON t(n);
SELECT count(*), sum(n), min(name), max(n) FROM t;
SELECT id, name FROM t WHERE n BETWEEN 100 AND 110 ORDER BY n;
DELETE FROM t WHERE n % 2;
VACUUM;
PRAGMA integrity_check;
SELECT count(*) FROM t;
SELECT hex(zeroblob(4)), round(3.14159, 2), upper('whittle');
SQL
host=$(sqlite3 "$work/host.db" < "$work/sql" 2>&1; echo "status $?")
for place in :memory: /tmp/test.db; do
	guest=$(timeout 120 $WHITTLE run -m 128M "$work/sqlite.img" -- "$place" < "$work/sql" 2>&1; echo "status $?")
	is "the same answers, in $place" "$guest" "$host"
done
guest=$(timeout 60 $WHITTLE run -m 128M "$work/sqlite.img" -- :memory: 'SELECT nosuch;' 2>&1 < /dev/null; echo "status $?")
has "an error is one here too" "$guest" 'no such column'
has "with its status" "$guest" '^status 1$'
done_testing
