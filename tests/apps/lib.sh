# For tests of Debian's programs: each runs on the machines in $MACHINES, KIND:PROCESSORS. Two of them by default, the
# others in tests/long/apps.t. Sourced after tests/lib.sh is, by it.
. tests/lib.sh
# FIT=program: on kernels that are cut to the program (tests/long/fitted.t).
MACHINES=${MACHINES:-microvm:1 q35:4}
helpers= server=
trap 'kill $server $helpers 2> /dev/null; rm -rf "$work"' EXIT

image() { # NAME ARGUMENTS OF BUILD…: for each kind of machine; one point
	local name="$1" kind
	shift
	for kind in $(printf '%s\n' $MACHINES | sed 's/:.*//' | sort -u); do
		if ! $WHITTLE build -o "$work/$name-$kind.img" --for "$(echo "$kind" | sed s/q35/virtio-pci/)" ${FIT:+--fit "$FIT"} "$@" > "$work/build" 2>&1; then
			point 1 "an image of $name is built"
			sed 's/^/#   /' "$work/build"
			return
		fi
	done
	point 0 "an image of $name is built"
}
on_machines() { # COMMAND…: on each, with $machine, $cpus
	local each
	for each in $MACHINES; do
		machine=${each%:*} cpus=${each#*:} where="$each: "
		"$@"
	done
	where=
}
guest() { # NAME [ARGUMENTS…]: run the image of that name as a filter; what it prints, the kernel's messages too
	local name="$1"
	shift
	timeout 120 $WHITTLE run --machine "$machine" -c "$cpus" -m "${MEMORY:-256M}" "$work/$name-$machine.img" ${1:+--} "$@" 2>&1
}
same() { # NAME FOUND-HERE IMAGE [ARGUMENTS…]: the guest prints what was found here; $input is its input
	local name="$1" here="$2"
	shift 2
	is "$name" "$(guest "$@" < "${input:-/dev/null}"; echo "status $?")" "$here"
}
helper() { # COMMAND…: in the background, ended with the test
	"$@" > "$work/helper.$(echo $helpers | wc -w)" 2>&1 < /dev/null &
	helpers="$helpers $!"
}
wait_for() { # COMMAND…: until it succeeds, for a minute at most, and only while the server lives
	local try
	for try in $(seq 300); do
		"$@" > /dev/null 2>&1 && return 0
		[ -z "$server" ] || kill -0 "$server" 2> /dev/null || return 1
		sleep 0.2
	done
	return 1
}
serve() { # NAME PORT READY [ARGUMENTS…]: start that image; its PORT is our $port; READY tells when it serves; $MORE options
	local name="$1" inside="$2" ready="$3" try up=1
	shift 3
	for try in 1 2 3; do
		port=$(free_port)
		$WHITTLE run --machine "$machine" -c "$cpus" -m "${MEMORY:-256M}" -p "127.0.0.1:$port:$inside" $MORE \
			"$work/$name-$machine.img" ${1:+--} "$@" > "$work/log" 2> "$work/err" < /dev/null &
		server=$!
		wait_for "$ready" && up=0 && break
		kill $server 2> /dev/null
		wait $server
	done
	point $up "$name serves"
	[ $up = 0 ] || tail -20 "$work/log" "$work/err" | sed 's/^/#   /'
}
stop() { # STATUS…: SIGTERM ends the server with one of them, and the kernel had nothing to say
	kill $server
	wait $server
	has "SIGTERM ends it" " $* " " $? "
	server=
	is "no messages from the kernel" "$(grep -v ': Terminated$' "$work/err")" ""
}
gate() { # TO [LIFETIME]: a gate before that port; its own in $gate
	gate=$(free_port)
	helper "$BUILD/gate" "$gate" "$@"
	wait_for grep -qi "^ *[0-9]*: 0100007F:$(printf %04X "$gate") [0-9A-F:]* 0A" /proc/net/tcp
}
