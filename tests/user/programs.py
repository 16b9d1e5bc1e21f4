#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's programs print on the CPU in software what they print on the host's own.

Each command runs twice in the same folder, natively and by tests/user/user (see user.h),
and exit status, output and error output are compared: the host is the oracle."""
import hashlib
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import BUILDDIR, Skip, on_tcg          # noqa: E402

USER = os.path.abspath(os.path.join(BUILDDIR, 'tests', 'user', 'user'))
ENVIRONMENT = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'TZ': 'UTC', 'HOME': '/',
               'PYTHONHASHSEED': '0'}
SEED = 20
TIMEOUT = 300
# The text of a program for `sh -c`: what it does it does itself, there are no processes.
SHELL = '''
f() { if [ $1 -lt 2 ]; then r=$1; else f $(($1 - 1)); fi; }
i=0 s=0
while [ $i -lt 3000 ]; do i=$((i + 1)); s=$(((s * 31 + i) % 65521)); f $((i % 7)); done
echo "$i $s $r"; case $s in *7) echo seven ;; *) echo "${s#?}" ;; esac
'''
AWK = '''
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
{ words += NF; for (i = 1; i <= NF; i++) count[length($i)]++; sub(/e+/, "<&>") }
NR < 20 { print }
END {
    for (i = 1; i < 12; i++) printf "%d:%d ", i, count[i]; print words, fib(17)
    for (x = 0.5; x < 9; x += 1.25)
        printf "%.15g %.15g %e %d\\n", x / 3, x * x * 1e300, x / 1e5 - 7, x * 1e7 % 977
}
'''
BC = '''scale = 50
x = 1
for (i = 0; i < 8; i++) { x = (x + 7 / x) / 2 }
x; 2 ^ 257; e(1.5); a(1) * 4
quit
'''
PYTHON = '''
import decimal, fractions, hashlib, json, math, re, struct, zlib
data = open("text", "rb").read()
print(zlib.crc32(data), zlib.adler32(data), len(zlib.compress(data, 9)), hash(1.5), hash("a"))
print([hashlib.new(n, data).hexdigest() for n in ("blake2b", "sha3_256", "sha1")])
decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), fractions.Fraction(355, 113) ** 9, 7 ** 400 % 10 ** 50)
functions = math.sin, math.exp, math.gamma, math.erf, math.log2
print([f(0.1 * i) for i in range(1, 9) for f in functions])
print(len(re.findall(rb"(?i)[aeiou]{2,}", data)), sorted(set(data.split()))[:9])
print(json.loads(json.dumps({"x": [1.1, 2e300, -0.0]})), struct.pack("<dfq", 1e-310, 3.3, -7))
def queens(n, i, a, b, c):
    if i == n: return 1
    return sum(queens(n, i + 1, a + [j], b + [i + j], c + [i - j]) for j in range(n)
               if j not in a and i + j not in b and i - j not in c)
print(queens(6, 0, [], [], []))
'''
C_SOURCE = '''
double sqrt(double);
unsigned long strlen(const char *);
struct v { double x[8]; int k; };
static inline float dot(const float *a, const float *b, int n)
{ float s = 0; for (int i = 0; i < n; i++) s += a[i] * b[i]; return s; }
double work(struct v *v, const float *a, const float *b, long double q)
{
    for (int i = 0; i < 8; i++)
        v->x[i] = sqrt(v->x[i] * 0x1.8p3) + dot(a, b, 64 + i) / 3.0e-300;
    switch (v->k) { case 1: return 1.1; case 2: return (double)q; case 7: return -0.0; }
    return strlen((char *)a) + 0.1f;
}
'''


def run(command, folder, stdin):
    with open(os.path.join(folder, stdin), 'rb') as source:
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdin=source,
                              capture_output=True, timeout=TIMEOUT, check=False)
    return done.returncode, done.stdout, done.stderr


def write(folder, name, data):
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def content(folder, name):
    with open(os.path.join(folder, name), 'rb') as f:
        return f.read()


def write_inputs(folder):
    """`text`, of words and numbers, and `noise`; the same in each run."""
    chance = random.Random(SEED)
    words = [''.join(chance.choice('etaoinshrdlucm') for _ in range(chance.randint(1, 11)))
             for _ in range(800)]
    lines = ['%s %d' % (' '.join(chance.choice(words) for _ in range(9)),
                        chance.randint(-999, 99999)) for _ in range(1500)]
    write(folder, 'text', '\n'.join(lines) + '\n')
    write(folder, 'noise', chance.randbytes(100000))
    write(folder, 'numbers', '\n'.join(str(chance.random() * 1e6) for _ in range(500)) + '\n')
    write(folder, 'source.c', C_SOURCE)
    write(folder, 'numbers.bc', BC)


def compare(commands):
    """Each of the commands, [PROGRAM, ARGUMENTS...] with standard input from `text`."""
    if not os.path.exists(USER):
        raise Skip('configured without a CPU in software')
    with tempfile.TemporaryDirectory(prefix='vmd-user-') as folder:
        write_inputs(folder)
        for command in commands:
            native = run(command, folder, 'text')
            ours = run([USER] + command, folder, 'text')
            assert ours == native, '%s: %s, natively %s' % (
                ' '.join(command), short(ours), short(native))
            assert native[0] == 0 and (native[1] or native[2]), (command, native)
    print('# %d programs' % len(commands))


def short(result):
    return result[0], result[1][:500], result[2][:500]


def program(name, package):
    path = shutil.which(name)
    if not path:
        raise Skip('needs package ' + package)
    return path


def busybox():
    path = program('busybox', 'busybox-static')
    with open(path, 'rb') as f:
        if b'ld-linux' in f.read(4096):
            raise Skip('needs package busybox-static')
    return path


def applets(lines):
    box = busybox()
    compare([[box, *shlex.split(line)] for line in lines])


@on_tcg
def sums(recorder):
    """busybox's check sums, and the known ones of an empty input"""
    applets(name + ' text noise' for name in (
        'md5sum', 'sha1sum', 'sha256sum', 'sha512sum', 'sha3sum', 'crc32'))
    for name in 'md5', 'sha1', 'sha512':
        done = subprocess.run([USER, busybox(), name + 'sum', '/dev/null'], check=True,
                              capture_output=True, timeout=TIMEOUT)
        assert done.stdout.decode() == hashlib.new(name).hexdigest() + '  /dev/null\n', done


@on_tcg
def packers(recorder):
    """busybox packs, and unpacks what the host has packed"""
    applets(['gzip -c noise', 'gzip -9c text', 'bzip2 -c text', 'bzip2 -1c noise',
             'tar -cf - text noise', 'uuencode -m noise x', 'base64 noise'])
    box = busybox()
    with tempfile.TemporaryDirectory(prefix='vmd-user-') as folder:
        write_inputs(folder)
        text = content(folder, 'text')
        for packer, applet, package in (('gzip', 'gunzip', 'gzip'), ('bzip2', 'bunzip2', 'bzip2'),
                                        ('xz', 'unxz', 'xz-utils')):
            write(folder, 'packed', run([program(packer, package), '-c'], folder, 'text')[1])
            assert run([USER, box, applet, '-c'], folder, 'packed') == (0, text, b''), applet


LINES = r"""
sort text; sort -rn -k10 text; sort -g numbers; sort -u text; uniq -c text; tr a-m A-M; wc text
od -c noise; od -t d4 noise; hexdump -C noise; xxd noise; strings noise; cut -d' ' -f2,4 text
cut -c3-9 text; grep -c 'e[aiou]\+' text; grep -nE '^(a|e).*[0-9]{4}$' text
grep -ow 'te[a-z]*' text
sed -n 's/\([a-z]*\) \([a-z]*\)/\2-\1/gp' text; sed 'y/abc/xyz/;5,9d;$!N;P;D' text; fold -w31 text
rev text; tac text; nl text; head -n7 text; tail -c999 noise; paste text numbers
expand text; seq 1 7 999; factor 1234567890123 97 65537 600851475143; expr 17 '*' 23 + 5
printf '%x:%o:%s:%5.3f:%e\\n' 255 8 x 3.14159 1e-9; cal 2 2024; date -d @86399 +%c:%j:%s
dc -e '40k2vp'; bc -l numbers.bc; echo -e 'a\\tb'; find . -name 'n*' -size +1k; ls -ln text noise
stat -c %s:%a:%F text; du -k noise; dd bs=7 count=99 status=none; env; basename /a/b.c .c
readlink -f text
"""


@on_tcg
def text(recorder):
    """busybox's tools on text and numbers"""
    lexer = shlex.shlex(LINES.strip().replace('\n', ';'), posix=True, punctuation_chars=';')
    lexer.whitespace_split = True
    commands = [[busybox()]]
    for word in lexer:
        if word == ';':
            commands.append([busybox()])
        else:
            commands[-1].append(word)
    compare(commands)
    compare([[busybox(), 'awk', AWK, 'text'], [busybox(), 'sh', '-c', SHELL],
             [busybox(), 'awk', '{ s += $1; q += $1 * $1 } END { printf "%.17g %g", s, q }',
              'numbers']])


@on_tcg
def ciphers(recorder):
    """openssl's digests, ciphers and big numbers: vector units of every kind"""
    openssl = program('openssl', 'openssl')
    commands = [[openssl, 'dgst', '-' + name, 'noise'] for name in (
        'md5', 'sha1', 'sha256', 'sha512', 'sha3-256', 'blake2b512', 'blake2s256', 'sm3',
        'ripemd160')]
    for name in ('aes-128-cbc', 'aes-256-ctr', 'aes-256-cbc', 'aes-192-ecb', 'chacha20',
                 'camellia-256-cbc', 'aria-128-ctr', 'sm4-cbc', 'des-ede3-cbc'):
        commands.append([openssl, 'enc', '-' + name, '-K', '0123456789abcdef' * 4, '-iv',
                         'fedcba98' * 4, '-in', 'noise'])
    commands += [[openssl, 'dgst', '-mac', kind, '-macopt', 'hexkey:' + '5a' * 16, *more, 'text']
                 for kind, more in (('hmac', ['-sha256']), ('siphash', []))]
    commands += [[openssl, 'mac', '-macopt', 'hexkey:' + '3c' * 32, '-in', 'noise', *more]
                 for more in (['poly1305'], ['-macopt', 'cipher:aes-256-cbc', 'cmac'])]
    compare(commands + [[openssl, 'prime', str(2 ** 521 - 1), str(2 ** 127 + 1)]])


@on_tcg
def signatures(recorder):
    """openssl signs as natively: RSA and Ed25519, with one key for both"""
    openssl = program('openssl', 'openssl')
    with tempfile.TemporaryDirectory(prefix='vmd-keys-') as keys:
        for kind in 'RSA', 'ED25519', 'X25519':
            subprocess.run([openssl, 'genpkey', '-algorithm', kind, '-out', keys + '/' + kind],
                           check=True, capture_output=True)
        subprocess.run([openssl, 'pkey', '-in', keys + '/X25519', '-pubout', '-out',
                        keys + '/peer'], check=True)
        compare([[openssl, 'dgst', '-sha256', '-sign', keys + '/RSA', 'noise'],
                 [openssl, 'pkeyutl', '-sign', '-rawin', '-inkey', keys + '/ED25519', '-in',
                  'numbers'],
                 [openssl, 'pkeyutl', '-derive', '-inkey', keys + '/X25519', '-peerkey',
                  keys + '/peer'],
                 [openssl, 'pkey', '-in', keys + '/RSA', '-text', '-noout', '-check']])


@on_tcg
def interpreters(recorder):
    """Python, Perl and awk: numbers, hashes, regular expressions"""
    python, perl, awk = sys.executable, program('perl', 'perl'), program('awk', 'mawk')
    compare([[awk, '{ printf "%.17g %.17g ", sin($1), exp($1 / 1e5) } '
                   '{ printf "%.17g %.17g\\n", log($1), sqrt($1) }', 'numbers'],
             [os.path.realpath(python), '-S', '-c', PYTHON],
             [perl, '-ne', '$n += tr/e//; $h{$1}++ while /(\\w)\\1/g; '
                           'END { print "$n ", join(",", map { "$_$h{$_}" } sort keys %h), "\\n", '
                           'exp(1) ** 2.5, " ", sprintf("%.20g", 1e23 / 7), "\\n" }', 'text']])


@on_tcg
def compiler(recorder):
    """the C compiler makes the same code"""
    asked = subprocess.run([program('gcc', 'gcc'), '-print-prog-name=cc1'], capture_output=True,
                           text=True, check=True)
    path = asked.stdout.strip()
    if not os.path.isabs(path):
        raise Skip('needs package gcc')
    compare([[path, '-quiet', '-O3', '-mavx2', '-fno-ident', '-o', '-', 'source.c']])


@on_tcg
def ends(recorder):
    """exit statuses, and a signal that a program sends itself"""
    for command, status in (('exit 7', 7), ('false', 1), ('kill -9 $$', 137)):
        done = subprocess.run([USER, busybox(), 'sh', '-c', command], check=False, timeout=TIMEOUT)
        assert done.returncode == status, (command, done.returncode)


vmdtest.main([ends, sums, packers, text, ciphers, signatures, interpreters, compiler])
