# tap.pl ADDRESS BYTES [FAMILY]: an echo server at ADDRESS port 7 gives back what it is sent, in bulk. Prints TAP.
use strict;
use warnings;
use IO::Socket::IP;

my ($address, $bytes) = @ARGV;
my $piece = pack("C*", map { ($_ * 7 + int($_ / 256)) & 255 } 0 .. 65535);
my ($s, $got, $bad) = (undef, 0, 0);

for (1 .. 100) {
	$s = IO::Socket::IP->new(PeerHost => $address, PeerPort => 7, Timeout => 5) and last;
	select undef, undef, undef, 0.1;
}
print $s ? "" : "not ", "ok 1 - connected\n";
if ($s) {
	my $pid = fork;
	if (!$pid) {
		for (my $sent = 0; $sent < $bytes;) {
			my $n = syswrite $s, $piece, 65536 - $sent % 65536, $sent % 65536 or last;
			$sent += $n;
		}
		$s->shutdown(1);
		exit 0;
	}
	$SIG{ALRM} = sub { print "# time is up after $got bytes\n"; kill 9, $pid; $s->close };
	alarm 60;
	while (sysread $s, my $b, 65536) {
		for (my $at = 0; $at < length $b;) {
			my $n = 65536 - ($got + $at) % 65536;
			$n = length($b) - $at if $n > length($b) - $at;
			$bad++ if substr($b, $at, $n) ne substr($piece, ($got + $at) % 65536, $n);
			$at += $n;
		}
		$got += length $b;
	}
	waitpid $pid, 0;
}
print $got == $bytes ? "" : "not ", "ok 2 - all bytes come back\n";
print "# $got of $bytes\n" if $got != $bytes;
print $bad ? "not " : "", "ok 3 - as they were sent\n1..3\n";
exit($got != $bytes || $bad);
