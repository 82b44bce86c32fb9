#!/bin/sh
# Every call with every kind of bad pointer for each of its pointers: the kernel lives, each call ends as on this
# machine's Linux, and nothing is lost. INTR is what a call that waits is ended with, and how long it waits is not compared.
# TIME LIMIT: 120
. tests/lib.sh

# Not compared: clocks, as those of an alarm are there where a machine has an RTC; what the machine's Linux has that 6.1 has
# not (flags of memfd_create and pidfd_send_signal; attributes of epoll's and its like, which it refuses to change;
# newfstatat with an empty name takes all flags); which options sockets have, and the attribute that their names are; when a
# futex is on memory that cannot be written, and what of poll's results is written after a signal; sendfile() of nothing.
# What of a buffer is there may be filled. The calls in @other may look at other arguments first: they fail in any case.
plain() {
	awk -v other='^(linkat|renameat2?|recvfrom|sched_[gs]etaffinity|sendfile|sendto|socketpair|write)$' \
	    -v newer='^(fchownat|utimensat|futimesat) .* (epoll|eventfd|timerfd|signalfd|inotify):' '
		/^(clock_|timer_create|pidfd_send_signal|memfd_create|[gs]etsockopt)/ || $0 ~ newer { next }
		/^flistxattr .* (stream|datagram):/ || /^(futex|poll) 1 read-only/ || /^sendfile 3 NULL/ { next }
		/^(read|write|pwrite64) .*(last byte|straddling)/ { next }
		{
			colon = index($0, ":")
			key = substr($0, 1, colon)
			$0 = substr($0, colon + 1)
			if (key ~ /^newfstatat/)
				$5 = "-"
			results = " " $0
			gsub(/ INTR/, " ok", results)
			if (substr(key, 1, index(key, " ") - 1) ~ other)
				gsub(/ [A-Z0-9]+/, " fails", results)
			print key results
		}' "$1"
}
timeout -s KILL 60 $BUILD/guest/bad_pointers > "$work/linux" 2> "$work/err" < /dev/null
is "on Linux" $? 0
check "an image is built" $WHITTLE build -o "$work/image" --for microvm "$BUILD/guest/bad_pointers"
timeout -k 5 90 $WHITTLE run -m 96M "$work/image" -- 2 > "$work/console" 2> "$work/err" < /dev/null
is "in Whittle" $? 0
grep -E '^(lost|made) ' "$work/err" "$work/console" | sed 's/^/# /'
lost=$(cat "$work/err" "$work/console" | sed -n 's/^lost \(-*[0-9]*\) KiB$/\1/p')
[ "${lost:-999}" -le 128 ]
point $? "no memory is lost (${lost:-?} KiB)"
grep -vE '^(lost|made) ' "$work/console" > "$work/whittle"
is "as many lines" "$(wc -l < "$work/whittle")" "$(wc -l < "$work/linux")"
plain "$work/linux" > "$work/linux.plain"
plain "$work/whittle" > "$work/whittle.plain"
is "the same lines" "$(diff "$work/linux.plain" "$work/whittle.plain" | head -8)" ""
done_testing
