#!/bin/sh
# Debian's sqlite3, as installed: in memory, in a file, with a write-ahead log, which needs shared memory and locks.
. tests/apps/lib.sh

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
CREATE VIRTUAL TABLE texts USING fts5(body);
INSERT INTO texts SELECT name FROM t;
SELECT count(*) FROM texts WHERE texts MATCH '"name 1"';
SELECT json_extract('{"a": [1, {"b": 2}]}', '$.a[1].b'), date('2001-09-09', '+1 month');
SQL
cat > "$work/wal" <<'SQL'
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA mmap_size = 10000000;
CREATE TABLE t(n INTEGER);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 5000) INSERT INTO t SELECT i FROM c;
.open --readonly /tmp/test.db
SELECT sum(n) FROM t;
.open /tmp/test.db
ATTACH '/tmp/other.db' AS other;
CREATE TABLE other.u AS SELECT n * n AS m FROM t;
PRAGMA wal_checkpoint(TRUNCATE);
SELECT sum(m) FROM u;
.backup main /tmp/copy.db
.open /tmp/copy.db
PRAGMA integrity_check;
SELECT count(*) FROM t;
.sha3sum
SQL
in_memory=$(sqlite3 "$work/host.db" < "$work/sql" 2>&1; echo "status $?")
with_log=$(sed "s|/tmp|$work|g" "$work/wal" | sqlite3 "$work/test.db" 2>&1; echo "status $?")
image sqlite /usr/bin/sqlite3
sqlite() {
	for place in :memory: /tmp/first.db; do
		input=$work/sql same "the same answers, in $place" "$in_memory" sqlite "$place"
	done
	input=$work/wal same "with a write-ahead log" "$with_log" sqlite /tmp/test.db
	text=$(guest sqlite :memory: 'SELECT nosuch;' < /dev/null; echo "status $?")
	has "an error is one here too" "$text" 'no such column'
	has "with its status" "$text" '^status 1$'
}
on_machines sqlite
done_testing
