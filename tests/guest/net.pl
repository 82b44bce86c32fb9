# net.pl PORT: talks to net-echo at that port of the loopback interface, prints TAP.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port) = @ARGV;
my $n = 0;
sub ok { my ($good, $name) = @_; $n++; print(($good ? "" : "not ") . "ok $n - $name\n"); return $good }
sub tcp { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Proto => "tcp", Timeout => 20) }

# All of $data out and back at once. Returns what came back.
sub through {
	my ($s, $data) = @_;
	my ($at, $back) = (0, "");
	$s->blocking(0);
	my $until = time + 60;
	while (length($back) < length($data) && time < $until) {
		my $in = IO::Select->new($s);
		my ($r, $w) = IO::Select->select($in, $at < length($data) ? $in : undef, undef, 5);
		if ($w && @$w) {
			my $sent = syswrite($s, $data, 65536, $at);
			$at += $sent if $sent;
		}
		if ($r && @$r) {
			my $got = sysread($s, $back, 65536, length $back);
			last if defined $got && !$got;
		}
	}
	$s->blocking(1);
	return $back;
}

my $s = tcp();
ok($s && through($s, "hello") eq "hello", "a few bytes");
my $big = join "", map { pack "N", $_ * 2654435761 & 0xffffffff } 1 .. 2 << 20;
ok(through($s, $big) eq $big, "8 MiB");
ok(through($s, "x" x $_) eq "x" x $_, "$_ bytes") for 1, 255, 256, 257, 1459, 1460, 1461, 65535, 65536;
shutdown($s, 1);
my $end = sysread($s, my $rest, 1);
ok(defined $end && !$end, "the end comes back, too");
close $s;

my @many = map { tcp() } 1 .. 100;
my $good = 0;
for my $i (0 .. $#many) { syswrite($many[$i], "number $i\n") if $many[$i] }
for my $i (0 .. $#many) {
	my $line = "";
	sysread($many[$i], $line, 100) if $many[$i];
	$good++ if $line eq "number $i\n";
}
ok($good == 100, "100 connections at once, each its own bytes");
close $_ for grep { $_ } @many;
$good = 0;
for my $i (1 .. 200) { my $c = tcp(); $good++ if $c && through($c, "turn $i") eq "turn $i" }
ok($good == 200, "200 connections in turn");

my $u = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Proto => "udp");
sub datagram {
	my ($data) = @_;
	for (1 .. 3) { # datagrams may be lost
		my $back = "";
		send($u, $data, 0);
		recv($u, $back, 65536, 0) if IO::Select->new($u)->can_read(2);
		return 1 if $back eq $data;
	}
	return 0;
}
ok(datagram("one datagram"), "a datagram");
ok(datagram("u" x 1472), "as large as a frame takes");
ok(datagram("fragments " x 800), "8,000 bytes, in fragments");
ok(datagram("most of all " x 5400), "64,800 bytes, too");
send($u, "quit", 0);
print "1..$n\n";
