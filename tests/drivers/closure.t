#!/bin/bash
# Every driver alone on top of base, and every profile: it links, holds no object that it does not reach, and boots to its console.
# TIME LIMIT: 300
. tests/lib.sh

comp=$BUILD/components/x86_64
hello=$BUILD/guest/hello-static
$WHITTLE components --json > "$work/components.json"
nm -A "$comp/kernel.a" > "$work/symbols" 2> /dev/null
check "base links" $WHITTLE kernel -o "$work/base" --for base

# By objects and the symbols that nm finds in them, not by what the tool or ld say: what the objects of the parts named lead to.
reach() { # PART…: objects, one a line
	jq -r --args '.components[] | select(.name as $n | $ARGS.positional | index($n)) | .objects[]' "$@" < "$work/components.json" |
	awk 'FNR == NR { todo[++n] = $1; seen[$1] = 1; next }
		{
			sub(/^[^:]*:/, ""); object = $1; sub(/:.*/, "", object)
			kind = $(NF - 1); symbol = $NF
			if (kind ~ /[A-TV-Z]/ && kind != "U") { if (!(symbol in home)) home[symbol] = object }
			else if (kind == "U" || kind == "w") need[object] = need[object] " " symbol
		}
		END {
			for (i = 1; i <= n; i++) {
				print todo[i]
				c = split(need[todo[i]], s, " ")
				for (j = 1; j <= c; j++) {
					o = home[s[j]]
					if (o != "" && !(o in seen)) { seen[o] = 1; todo[++n] = o }
				}
			}
		}' - "$work/symbols" | sort -u
}
# But the defaults of what may be absent, which stand in for objects that are not there.
objects() { grep '^object' "$1.map" | cut -f 2 | grep -v '^(' | grep -vxF "$(ls "$comp/absent" | grep '\.o$')" | sort -u; }

machine_of() { # IMAGE: the machine on which its kernel finds devices
	local parts
	parts=$($WHITTLE size --json "$1" | jq -r '.components[].name')
	case " $(echo $parts) " in
	*" pci "*|*" acpi "*) echo q35 ;;
	*) echo microvm ;;
	esac
}
boots() { # IMAGE
	[ "$(timeout 60 qemu-system-x86_64 -M "$(machine_of "$1")" -accel tcg -cpu max -m 128M -nodefaults -display none -no-reboot \
		-serial stdio -monitor none -kernel "$1" < /dev/null 2>&1 | tr -d '\r' | grep -xE 'hello|whittle: exit status 0' | tr '\n' ' ')" = \
		"hello whittle: exit status 0 " ]
}

drivers=$(jq -r '.components[] | select(any(.objects[]; startswith("drivers-"))) | select(.entries | length > 0) | .name' "$work/components.json")
check "there are drivers" [ "$(echo $drivers | wc -w)" -gt 15 ]
for driver in $drivers; do
	with="--with $driver" parts=$driver
	if ! said=$($WHITTLE kernel -o "$work/one" --for base $with 2>&1); then
		# What finds its devices is the user's choice: take the last that is offered.
		bus=$(printf '%s\n' "$said" | sed -n 's/.*finds no device in this kernel: add .*--with \([a-z0-9-]*\)$/\1/p')
		parts="$driver $bus" with="$with --with ${bus:-?}"
	fi
	check "driver $driver: links: alone on base${bus:+ with $bus}" $WHITTLE kernel -o "$work/one" --for base $with
	is "driver $driver: links: no object that it does not reach" \
		"$(objects "$work/one" | comm -23 - <(objects "$work/base") | comm -23 - <(reach $parts bus) | tr '\n' ' ')" ''
	check "driver $driver: links: an image" $WHITTLE build -o "$work/image" --for base $with "$hello"
	check "driver $driver: links: it boots to its console" boots "$work/image"
	bus=
done
for profile in $($WHITTLE profiles --json | jq -r '.[].name'); do
	check "profile $profile: an image" $WHITTLE build -o "$work/image" --for "$profile" "$hello"
	check "profile $profile: boots to its console" boots "$work/image"
done
done_testing
