# What Perl and its modules can do in one process, with results that are the same everywhere.
use strict;
use warnings;
use threads;
use threads::shared;
use Digest::SHA qw(sha256_hex);
use Encode;
use Fcntl qw(:flock :seek);
use File::Find;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use List::Util qw(sum shuffle);
use POSIX qw(floor strftime);
use Storable qw(freeze thaw);
use Thread::Queue;
use Time::HiRes qw(time usleep alarm);

my %count;
$count{ $_ % 97 }++ for 1 .. 20000;
print join(",", map { "$_=$count{$_}" } sort { $count{$b} <=> $count{$a} || $a <=> $b } keys %count) =~ s/(.{60}).*/$1/r, "\n";
my $text = join " ", map { sprintf "%03d", $_ * 7919 % 1000 } 1 .. 5000;
print scalar(() = $text =~ /\b(\d)\1\d\b/g), " ", sha256_hex($text), "\n";
print encode("UTF-8", "\x{20ac} \x{e4}"), " ", length(decode("UTF-8", "\xc3\xa4")), "\n";

# Files.
my $dir = tempdir(CLEANUP => 1);
make_path(map { "$dir/d$_/e/f" } 1 .. 20);
for my $i (1 .. 200) {
	open my $f, ">", "$dir/d" . ($i % 20 + 1) . "/file$i" or die "open: $!";
	flock $f, LOCK_EX | LOCK_NB or die "flock: $!";
	print $f "line $_ of $i\n" for 1 .. $i;
}
my ($files, $bytes) = (0, 0);
find(sub { if (-f) { $files++; $bytes += -s _ } }, $dir);
print "$files files, $bytes bytes\n";
open my $f, "+<", "$dir/d2/file1" or die;
seek $f, 5, SEEK_SET;
print $f "X";
seek $f, 0, SEEK_SET;
print scalar <$f>;
print open(my $none, "<", "$dir/none") ? "there\n" : "$!\n";
symlink "file1", "$dir/d2/link" or die;
print readlink("$dir/d2/link"), " ", (stat "$dir/d2/link")[7], "\n";
remove_tree("$dir/d$_") for 1 .. 19;
print join(" ", map { s/.*\///r } glob "$dir/*"), "\n";

# Threads: a queue between them, a shared sum.
my $queue = Thread::Queue->new;
my $shared : shared = 0;
my @workers = map { threads->create(sub {
	my $mine = 0;
	while (defined(my $n = $queue->dequeue)) { $mine += $n }
	lock $shared;
	$shared += $mine;
	return $mine >= 0;
}) } 1 .. 4;
$queue->enqueue(1 .. 2000);
$queue->end;
print "joined: ", scalar(grep { $_->join } @workers), ", sum $shared\n";

# A server and four clients on the loopback, in one thread each.
my $listen = IO::Socket::INET->new(Listen => 10, LocalAddr => "127.0.0.1", ReuseAddr => 1, Proto => "tcp") or die "listen: $@";
my $port = $listen->sockport;
my @clients = map { my $id = $_; threads->create(sub {
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Proto => "tcp") or die "connect: $@";
	print $s "$id:$_\n" for 1 .. 100;
	$s->shutdown(1);
	my @lines = <$s>;
	return scalar @lines;
}) } 1 .. 4;
my ($select, $open, %rest) = (IO::Select->new($listen), 4);
while ($open) {
	for my $s ($select->can_read(10)) {
		if ($s == $listen) { $select->add($listen->accept); next }
		my $n = sysread $s, my $data, 1000;
		if (!$n) { $select->remove($s); close $s; $open--; next }
		$rest{$s} = ($rest{$s} // "") . $data;
		syswrite $s, uc "<$1>\n" while $rest{$s} =~ s/^(.*)\n//;
	}
}
print "lines back: ", sum(map { $_->join } @clients), "\n";

# Time and signals.
my $start = time;
usleep 20000;
print time - $start >= 0.02 ? "slept\n" : "did not sleep\n";
my $rang = 0;
{
	local $SIG{ALRM} = sub { $rang++ };
	alarm 0.05, 0.05;
	select undef, undef, undef, 1 while $rang < 3;
	alarm 0;
}
print "the alarm rang $rang times\n";
local $SIG{USR1} = sub { print "USR1\n" };
kill USR1 => $$;
print strftime("%Y-%m-%d %H:%M:%S", gmtime 1e9), " ", floor(-1.5), "\n";
print thaw(freeze({ list => [1, 2, { three => 3 }] }))->{list}[2]{three}, "\n";
my ($a, $b) = (pack("NnCa4", 1, 2, 3, "four"), 0);
print unpack("H*", $a), " ", eval { $b / $b } // $@ =~ s/ at .*//sr, "\n";
pipe my $r, my $w or die;
syswrite $w, "through a pipe\n";
sysread $r, my $piped, 100;
print $piped;
print "input: ", <STDIN>;
exit 3;
