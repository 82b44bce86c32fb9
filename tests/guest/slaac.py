# slaac.py KERNEL SELF WORK: the router of a network of its own, on whose other side guests run tests/guest/slaac.c, the
# second with "self". Prints TAP.
# Run in a network namespace, as root.
import fcntl, os, re, select, socket, struct, subprocess, sys, time

kernel, self_kernel, work = sys.argv[1:4]
points = failed = 0

def point(good, name, detail=""):
    global points, failed
    points += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", points, name))
    if not good:
        print("".join("#   %s\n" % line for line in detail.splitlines()[-30:]), end="")
    sys.stdout.flush()

def run(*words):
    subprocess.check_call(words)

run("ip", "link", "set", "lo", "up")
run("ip", "tuntap", "add", "dev", "tap0", "mode", "tap", "vnet_hdr")
run("ip", "link", "set", "tap0", "up")
index = socket.if_nametoindex("tap0")
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86dd))
frames.bind(("tap0", 0))
icmp = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
hardware = fcntl.ioctl(frames, 0x8927, struct.pack("256s", b"tap0"))[18:24] # SIOCGIFHWADDR

def send(message):
    try:
        icmp.sendto(message, ("ff02::1", 0, 0, index))
    except OSError: # the router's own address is not ready yet
        pass

def prefix(text, valid, preferred):
    return struct.pack("!BBBBIII", 3, 4, 64, 0xc0, valid, preferred, 0) + socket.inet_pton(socket.AF_INET6, text)

def servers(lifetime, *texts):
    return struct.pack("!BBHI", 25, 1 + 2 * len(texts), 0, lifetime) + b"".join(socket.inet_pton(socket.AF_INET6, t) for t in texts)

def advertise(*options, router=1800):
    send(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, router, 0, 0) + struct.pack("!BB6s", 1, 1, hardware) + b"".join(options))

objects_to = None # a prefix: somebody has each of its addresses
solicited = 0

def serve(seconds):
    """Answer what the guest sends, for so long."""
    global solicited
    end = time.time() + seconds
    while time.time() < end:
        if not select.select([frames], [], [], max(0, end - time.time()))[0]:
            return
        f = frames.recv(2048)
        if len(f) < 62 or f[20] != 58:
            continue
        if f[54] == 133:
            solicited += 1
        target = f[62:78]
        if f[54] == 135 and f[22:38] == bytes(16) and objects_to and target.startswith(objects_to):
            send(struct.pack("!BBHI", 136, 0, 0, 0x20000000) + target + struct.pack("!BB6s", 2, 1, hardware))

def output():
    try:
        return open(work + "/console").read()
    except OSError:
        return ""

def state():
    """What the guest said last, whole."""
    blocks = output().split("\n.\n")
    return blocks[-2] if len(blocks) > 1 else ""

def until(pattern, *options, seconds=60, missing=None):
    end = time.time() + seconds
    while time.time() < end:
        if options:
            advertise(*options)
        serve(0.5)
        s = state()
        if (not pattern or re.search(pattern, s, re.M)) and not (missing and re.search(missing, s, re.M)):
            return True
    return False

def guest(kernel):
    if os.path.exists(work + "/console"):
        os.unlink(work + "/console")
    return subprocess.Popen(["timeout", "200", "qemu-system-x86_64", "-M", "microvm", "-accel", "tcg", "-cpu", "max", "-nodefaults",
        "-no-user-config", "-display", "none", "-no-reboot", "-global", "virtio-mmio.force-legacy=false", "-m", "64M",
        "-serial", "file:" + work + "/console", "-kernel", kernel, "-append", "ip=off loglevel=4",
        "-netdev", "tap,id=n,ifname=tap0,script=no,downscript=no,vhost=off", "-device", "virtio-net-device,netdev=n"])

def end(process):
    process.terminate()
    process.wait()

g = guest(kernel)
point(until("^fe80[0-9a-f]{28} 02 40 20 80 +eth0"), "a link-local address of the card's own", output())
end_of_solicit = time.time() + 30
while not solicited and time.time() < end_of_solicit:
    serve(0.5)
point(solicited, "it asks for routers")
ra = [prefix("fd01::", 3600, 1800), prefix("fd02::", 3600, 1800), servers(600, "fd01::53")]
point(until("^fd01.* 02 40 00 00 +eth0", *ra), "an address of an advertised prefix", output())
point(until("^fd02.* 02 40 00 00 +eth0", *ra), "of a second one, too", output())
point(until("^nameserver fd01::53$", *ra), "the name server is in /etc/resolv.conf", output())
point(until("^nameserver fe80::9%eth0$", servers(600, "fe80::9")), "one with a link-local address, with its interface", output())
point(until("", servers(0, "fd01::53"), missing="^nameserver fd01::53$"), "one that is taken back is gone", output())
advertise(servers(2, "fd01::54"))
point(until("^nameserver fd01::54$") or "fd01::54" in output(), "one for two seconds", output())
point(until("", missing="^nameserver fd01::54$"), "is gone after them", output())
point(until("^fd02.* 02 40 00 20 +eth0", prefix("fd02::", 3600, 0)), "a prefix that is not preferred any more", output())
point(until("^fd02.* 02 40 00 00 +eth0", prefix("fd02::", 3600, 1800)), "and is again", output())
advertise(prefix("fd04::", 4, 2))
point(until("^fd04") or "\nfd04" in output(), "a prefix for four seconds", output())
point(until("", missing="^fd04"), "is gone after them", output())
advertise(prefix("fd01::", 1, 1))
serve(4)
point(re.search("^fd01", state(), re.M), "nobody takes an address away at once (RFC 4862, 5.5.3)", output())
objects_to = socket.inet_pton(socket.AF_INET6, "fd03::")[:8]
point(until("^fd03.* 02 40 00 48 +eth0", prefix("fd03::", 3600, 1800)) , "an address that another has is marked and not used", output())
end(g)
objects_to = None
g = guest(self_kernel)
for _ in range(120):
    serve(0.5)
    if "self:" in output():
        break
point("self: reached" in output(), "its own link-local address is reached from the machine itself", output())
end(g)
print("1..%d" % points)
sys.exit(failed != 0)
