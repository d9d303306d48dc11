#!/usr/bin/perl
# compile.pl COMPILER ARGUMENT... - runs gcc or clang on a file in the dialect of Keil's armcc or IAR's iccarm. What gcc
# has no word for is changed in the preprocessed text, line by line, so that messages and debug information name the
# lines of the source:
#   __packed struct {...}   struct __attribute__((packed)) {...}; elsewhere __packed is dropped: unaligned access works
#   x @ ".section"          x __attribute__((section(".section")))
# and what has no meaning here ends the build with a sentence: variables at an address, functions in assembler,
# supervisor calls.
use strict;
use warnings;

my @command = @ARGV;
my ($compile) = grep { $command[$_] eq '-c' } 0 .. $#command;
my ($output) = grep { $command[$_] eq '-o' } 0 .. $#command;
my $is_other = !defined $compile || !defined $output || $command[-1] =~ /\.[sS]$/;
exec(@command) or die "compile.pl: $command[0]: $!\n" if $is_other;

my $object = $command[$output + 1];
my $text_file = "$object.i";
my @preprocess = @command;
$preprocess[$compile] = '-E';
$preprocess[$output + 1] = $text_file;
system(@preprocess) == 0 or exit 1;

open(my $in, '<', $text_file) or die "compile.pl: $text_file: $!\n";
my $text = do { local $/; <$in> };
close($in);

$text =~ s/\b__packed(\s+)(struct|union)\b/$2 __attribute__((packed))$1/g;
$text =~ s/\b(struct|union)(\s+)__packed\b/$1 __attribute__((packed))$2/g;
$text =~ s/\b__packed\b//g;
$text =~ s/\s@\s*("[^"\n]*")/ __attribute__((section($1)))/g;

my $address_help = 'use a pointer to the address, and list it in `registers`';
my @refused = (
  [qr/\b__attribute__\s*\(\(\s*at\s*\(/, 'a variable at an address, __attribute__((at(...)))', $address_help],
  [qr/\w\s*@\s*0[xX][0-9A-Fa-f]+/, 'a variable at an address, @', $address_help],
  [qr/\b__asm\s+(?!(?:__)?(?:volatile|goto|inline)\b)[A-Za-z_][\w\s*]*\(/, 'a function in assembler, __asm',
   'leave its file out of SOURCES and answer the function in the port'],
  [qr/\b__asm\s*\{/, 'assembler, __asm {...}', 'put it behind a function, and answer that in the port'],
  [qr/\b__(?:svc|swi)\s*\(/, 'a supervisor call, __svc', 'answer the function in the port'],
);
my ($file, $line, $failed) = ($command[-1], 0, 0);
for (split /\n/, $text, -1) {
  if (/^# (\d+) "([^"]*)"/) { ($line, $file) = ($1 - 1, $2); next; }
  ++$line;
  s/"(?:[^"\\]|\\.)*"/""/g;  # what stands in quotes is no code
  for my $r (@refused) {
    next unless $_ =~ $r->[0];
    print STDERR "$file:$line: error: $r->[1] has no meaning here\n  help: $r->[2] (docs/bring_your_firmware.md)\n";
    $failed = 1;
  }
}
unlink($text_file) and exit 1 if $failed;

open(my $out, '>', $text_file) or die "compile.pl: $text_file: $!\n";
print $out $text;
close($out) or die "compile.pl: $text_file: $!\n";

# The text says all that preprocessing was told; a second list of dependencies would name only itself.
my (@second, $skip);
for (@command[0 .. $#command - 1]) {
  if ($skip) { $skip = 0; next; }
  if (/^-(MF|MT|MQ|include|isystem|idirafter|iquote)$/) { $skip = 1; next; }
  push @second, $_ unless /^-(MD|MMD|MP|I.*|D.*|U.*)$/;
}
my $is_cpp = grep({ /\+\+/ } @command[0 .. 2]) || $command[-1] =~ /\.(cpp|cc|cxx)$/;
my $status = system(@second, '-x', $is_cpp ? 'c++-cpp-output' : 'cpp-output', $text_file);
unlink($text_file) if $status == 0;
exit($status == 0 ? 0 : 1);
