#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A phone by Net::SIP: netsip.pl ADDRESS EDGE REALM USER PASSWORD TONE RECORD. Takes register, dial NUMBER, hangup and unregister by
# lines, tells registered, established, ended and unregistered. TONE and RECORD are raw A-law.
use strict;
use warnings;
use Net::SIP;
use Net::SIP::Dispatcher::Eventloop;

$| = 1;
my ($address, $edge, $realm, $user, $password, $tone, $record) = @ARGV;
my @alaw = (8, 160, 160 / 8000, 'PCMA/8000');
my ($call, $done);

my $ua = Net::SIP::Simple->new(
	legs           => ["sip:$address:5060"],
	outgoing_proxy => "sip:$edge:5060",
	domain         => $realm,
	from           => "sip:$user\@$realm",
	contact        => "sip:$user\@$address:5060",
	auth           => [$user, $password],
) or die;

sub media {
	return (
		init_media => $ua->rtp('send_recv', $tone, 1, $record),
		rtp_param  => \@alaw,
		recv_bye   => sub { print "ended\n"; undef $call },
	);
}

sub register {
	my ($seconds, $word) = @_;
	my ($leg) = $ua->{dispatcher}->get_legs;
	$ua->register(
		registrar => "sip:$realm",
		leg      => $leg,
		expires  => $seconds,
		cb_final => sub {
			my ($result, %info) = @_;
			print $result eq 'OK' ? "$word\n" : "refused " . ($info{code} // $info{errno} // '') . "\n";
		});
}

sub dial {
	my ($number) = @_;
	$call = $ua->invite(
		"sip:$number\@$realm", media(),
		cb_final => sub {
			my ($result, $self, %info) = @_;
			print $result eq 'OK' ? "established\n" : "refused " . ($info{code} // '') . "\n";
		});
}

sub command {
	my $line = <STDIN>;
	if (!defined $line) { $done = 1; return }
	chomp $line;
	if ($line eq 'register') { register(60, 'registered') }
	elsif ($line eq 'unregister') { register(0, 'unregistered') }
	elsif ($line =~ /^dial (\S+)$/) { dial($1) }
	elsif ($line eq 'hangup') {
		my $ending = $call;
		undef $call;
		$ending->bye(cb_final => sub { print "ended\n"; undef $ending }) if $ending;
	}
}

$ua->listen(
	media(),
	cb_established => sub {
		my ($status, $self) = @_;
		$call = $self;
		print "established\n";
	});
$ua->{loop}->addFD(\*STDIN, EV_READ, \&command, 'commands');
$ua->loop(undef, \$done);
