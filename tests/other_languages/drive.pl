# Asks the Perl snippet about each token on standard input.

use strict;
use warnings;
use JSON qw(decode_json encode_json);

require './snippet.pl';

my @answers;
for my $token (@{decode_json(join '', <STDIN>)}) {
    my $claims = eval { clearance($token) };
    push @answers, $claims ? {jti => $claims->{jti}} : {refused => "$@"};
}
print encode_json(\@answers);
