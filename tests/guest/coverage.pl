#!/usr/bin/perl
# coverage.pl LIST EXCEPTIONS TRACE...: has everything in LIST (scripts/calls) happened in the TRACEs? Printing TAP.
#
# A call, a code or a socket option must have succeeded once and have failed with each errno that its own code chooses; a
# file of /proc, /sys or /dev must have been opened or, if it is a link or a directory, looked at. EXCEPTIONS has what
# cannot happen or be seen: NAME [ERRNO] | reason. An exception that does happen is a failure: it is not one.
use strict;
use warnings;

my ($list, $exceptions, @traces) = @ARGV;
die "usage: coverage.pl LIST EXCEPTIONS TRACE...\n" unless @traces;

my (%seen, %file);
my %levels = map { $_ => 1 } qw(getsockopt setsockopt);
for my $trace (@traces) {
	open my $in, '<', $trace or die "$trace: $!\n";
	while (<$in>) {
		my ($call, $arguments, $result) = /^(?:\[pid +\d+\] )?([a-z_0-9]+)\((.*)\) += (.*)$/ or next;
		my $errno = $result =~ /^-1 (E[A-Z0-9]+)/ ? $1 : $result =~ /^\? (ERESTART\w+)/ ? $1 : 'success';
		my @a = split /, /, $arguments;
		$seen{$call}{$errno}++;
		$seen{"$call $a[1]"}{$errno}++ if $call eq 'fcntl' || $call eq 'ioctl';
		$seen{"$call $a[0]"}{$errno}++ if $call eq 'prctl';
		$seen{"$call $a[1]:$a[2]"}{$errno}++ if $levels{$call};
		if ($errno eq 'success') {
			while ($arguments =~ m{"/(proc|sys|dev)/([^"]*)"}g) {
				my ($root, $path) = ($1, $2);
				$path =~ s{/+$}{};
				$file{"$root $path"} = 1;
			}
		}
	}
	close $in;
}
# What a path is called in the set: self and numbers are PID, and so on.
sub pattern {
	my ($kind, $name) = @_;
	return qr{^dev \Q$name\E$} if $kind eq 'dev';
	my $p = quotemeta $name;
	$p =~ s{^PID}{(?:self|thread-self|\\d+)};
	$p =~ s{cpu\\/CPU\\/}{cpu/cpu\\d+/};
	$p =~ s{task\\/TID}{task/\\d+};
	$p =~ s{FD$}{\\d+};
	return $name =~ m{^PID/net} ? qr{^proc (?:$p|net/@{[substr $name, 8]})$} : qr{^$kind $p$};
}

my (%excused, %used);
open my $ex, '<', $exceptions or die "$exceptions: $!\n";
while (<$ex>) {
	next if /^#/ || !/\S/;
	my ($what, $why) = /^(.*?) *\| *(\S.*)$/ or die "$exceptions:$.: NAME [ERRNO] | reason\n";
	$excused{$what} = $why;
}
close $ex;

my ($points, $failures) = (0, 0);
sub point {
	my ($name, @missing) = @_;
	$points++;
	printf "%sok %d - %s\n", @missing ? 'not ' : '', $points, $name;
	print "#   no test has seen: @missing\n" if @missing;
	$failures++ if @missing;
}
open my $in, '<', $list or die "$list: $!\n";
while (<$in>) {
	chomp;
	my ($kind, $name, $number, $source, undef, $errnos) = split /\t/;
	my (@wanted, @places, $title);

	if ($kind eq 'option') {
		for my $way (split /,/, $errnos eq '-' ? $source eq '-' ? '' : (split /\t/)[4] : '') {
			my $title = "${way}sockopt $name";
			my $got = $seen{"${way}sockopt $number"};
			my $missing = !($got && $got->{success});
			$used{$title} = 1 if $excused{$title} && $missing;
			point($title, $missing && !$excused{$title} ? 'success' : ());
		}
		next;
	}
	if ($kind eq 'proc' || $kind eq 'sys' || $kind eq 'dev') {
		my $pattern = pattern($kind, $name);
		my $missing = !grep { $_ =~ $pattern } keys %file;
		$used{"/$kind/$name"} = 1 if $excused{"/$kind/$name"} && $missing;
		point("/$kind/$name", $missing && !$excused{"/$kind/$name"} ? 'it being opened' : ());
		next;
	}
	next unless $kind =~ /^(call|ioctl|prctl|fcntl)$/;
	my $key = $kind eq 'call' ? $name : $kind eq 'ioctl' ? sprintf('ioctl 0x%x', $number) : "$kind $number";
	$title = $kind eq 'call' ? $name : "$kind $name";
	@wanted = ('success', grep { $_ ne '-' } split /,/, $errnos);
	my @missing;
	for my $errno (@wanted) {
		next if $seen{$key}{$errno};
		my $excuse = $errno eq 'success' ? $title : "$title $errno";
		if ($excused{$excuse}) { $used{$excuse} = 1 } else { push @missing, $errno }
	}
	point("$title: @wanted", @missing);
}
close $in;
point("exceptions that are none", grep { !$used{$_} } sort keys %excused);
print "1..$points\n";
exit($failures ? 1 : 0);
