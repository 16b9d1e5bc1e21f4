# SPDX-License-Identifier: GPL-2.0-or-later
"""Random qcow2 images and chains of them, made by qemu-img and qemu-io."""
import os
import shutil
import subprocess

from tap import Skip

BUILDDIR = os.environ.get('G_TEST_BUILDDIR',
                          os.path.join(os.path.dirname(__file__), '..', '..', 'build'))
DISK_IO = os.path.join(BUILDDIR, 'tests', 'system', 'disk-io')


def need_tools():
    for tool in 'qemu-img', 'qemu-io':
        if not shutil.which(tool):
            raise Skip('no %s' % tool)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError('%s: %s%s' % (' '.join(words), done.stdout, done.stderr))
    return done.stdout


class Image:
    """One image of a chain: path, format, and options that decide which changes it allows."""

    def __init__(self, rng, path, size, backing=None, writable=False):
        self.path, self.size, self.backing = path, size, backing
        self.format = 'raw' if not backing and not writable and rng.random() < 0.2 else 'qcow2'
        self.data_file, self.has_snapshot = None, False
        self.options = self._options(rng) if self.format == 'qcow2' else {}
        self._create()

    def _options(self, rng):
        bits = rng.randrange(9, 22)
        options = {'cluster_size': 1 << bits, 'compat': rng.choice(['0.10', '1.1', '1.1', '1.1'])}
        if options['compat'] == '1.1':
            options['refcount_bits'] = 1 << rng.randrange(7)
            options['lazy_refcounts'] = rng.choice(['on', 'off'])
            if bits >= 14 and rng.random() < 0.5:
                options['extended_l2'] = 'on'
            if rng.random() < 0.5:
                options['compression_type'] = 'zstd'
            if rng.random() < 0.15:
                self.data_file = self.path + '.data'
                options['data_file'] = self.data_file
                options['data_file_raw'] = 'on' if not self.backing else 'off'
        return options

    def _create(self):
        words = ['qemu-img', 'create', '-q', '-f', self.format]
        if self.options:
            words += ['-o', ','.join('%s=%s' % item for item in self.options.items())]
        if self.backing:
            words += ['-b', self.backing.path, '-F', self.backing.format]
        run(*words, self.path, str(self.size))

    def compresses(self):
        return self.format == 'qcow2' and not self.data_file

    def fill(self, rng, commands):
        """Random writes by qemu-io, which refuses to compress over existing data."""
        words = []
        for _ in range(commands):
            words += ['-c', self._command(rng)]
        subprocess.run(['qemu-io', '-f', self.format, *words, self.path], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Some versions of it leave wrong counts behind a refused compressed write.
        self.check('-r', 'all')

    def check(self, *options):
        """qemu-img finds nothing wrong.  Before QEMU 9 it mistakes offsets in an external data
        file for offsets in the image, so it does not check such images."""
        if self.format == 'qcow2' and not self.data_file:
            run('qemu-img', 'check', '-q', *options, self.path)

    def _command(self, rng):
        offset, length = random_range(rng, self.size)
        kind = rng.random()
        if kind < 0.2 and self.compresses():
            cluster = self.options['cluster_size']
            if self.size >= cluster:
                at = rng.randrange(self.size // cluster) * cluster
                return 'write -c -P %d %d %d' % (rng.randrange(1, 256), at, cluster)
        if kind < 0.35:
            return 'write -z %s %d %d' % (rng.choice(['', '-u']), offset, length)
        if kind < 0.4:
            return 'discard %d %d' % (offset, length)
        return 'write -P %d %d %d' % (rng.randrange(1, 256), offset, length)

    def check_leaks(self):
        """The same, but space may be lost; qemu-img frees it then."""
        if self.data_file:
            return
        done = subprocess.run(['qemu-img', 'check', self.path], capture_output=True, text=True,
                              check=False)
        assert done.returncode in (0, 3), done.stdout + done.stderr
        if done.returncode:
            run('qemu-img', 'check', '-q', '-r', 'leaks', self.path)

    def may_snapshot(self):
        # A count of one bit has no second user.
        return not self.data_file and self.options.get('refcount_bits') != 1

    def may_resize(self):
        return self.options['compat'] == '1.1' or not self.has_snapshot

    def snapshot(self):
        run('qemu-img', 'snapshot', '-c', 'kept', self.path)
        self.has_snapshot = True

    def chain(self):
        """The arguments for disk-io's command line, the disk first."""
        image, words = self, []
        while image:
            words.append('%s:%s' % (image.format, image.path))
            image = image.backing
        return (['--data', self.data_file] if self.data_file else []) + words

    def raw(self, path, *options):
        """The disk as qemu-img reads it."""
        run('qemu-img', 'convert', '-f', self.format, *options, '-O', 'raw', self.path, path)


def random_range(rng, size, unit=512):
    size = size // unit * unit
    length = min(size, unit << rng.randrange(0, 13))
    length = max(unit, length - rng.randrange(0, length, unit))
    return rng.randrange(0, size - length + unit, unit), length


def random_chain(rng, folder, writable=False):
    """The top of a chain of 1 to 5 images with data in each."""
    image = None
    depth = rng.randrange(1, 6)
    for level in range(depth):
        size = 512 * rng.randrange(1, 16384)
        image = Image(rng, os.path.join(folder, 'image%d' % level), size, image,
                      writable and level == depth - 1)
        # Only the disk itself may have its data elsewhere: disk-io names one data file.
        if image.data_file and level < depth - 1:
            os.unlink(image.path)
            image.data_file = None
            for option in 'data_file', 'data_file_raw':
                image.options.pop(option)
            image._create()
        image.fill(rng, rng.randrange(1, 12))
    return image


def same_files(one, other):
    with open(one, 'rb') as a, open(other, 'rb') as b:
        while True:
            x, y = a.read(1 << 20), b.read(1 << 20)
            if x != y:
                return False
            if not x:
                return True


class Model:
    """The expected contents of a disk: bytes, and which of them a discard has made undefined."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = bytearray(f.read())
        self.open = bytearray(len(self.data))
        self.maybe = []         # (start, end, bytes that it may have)

    def resize(self, size):
        for what in self.data, self.open:
            del what[size:]
            what.extend(bytes(size - len(what)))

    def apply(self, line):
        words = line.split()
        if words[0] in ('write', 'zero', 'unmap'):
            at, n = int(words[1]), int(words[2])
            self.data[at:at + n] = bytes([int(words[3]) if words[0] == 'write' else 0]) * n
            self.open[at:at + n] = bytes(n)
        elif words[0] == 'discard':
            at, n = int(words[1]), int(words[2])
            self.open[at:at + n] = b'\1' * n
        elif words[0] == 'resize':
            self.resize(int(words[1]))

    def allow(self, line):
        """A request that may have been done in full, in part or not at all."""
        words = line.split()
        if words[0] in ('write', 'zero', 'unmap', 'discard'):
            at, n = int(words[1]), int(words[2])
            self.maybe.append((at, at + n, {int(words[3])} if words[0] == 'write' else
                               {0} if words[0] != 'discard' else set(range(256))))

    def allows(self, at, byte):
        return self.open[at] or any(start <= at < end and byte in values
                                    for start, end, values in self.maybe)

    def differs(self, path, longer=False):
        """Offset of the first byte of a file that is wrong, or None; it may be longer."""
        with open(path, 'rb') as f:
            data = f.read(len(self.data) if longer else -1)
        if len(data) != len(self.data):
            return min(len(data), len(self.data))
        if data == self.data:
            return None
        for at in range(0, len(data), 512):
            if data[at:at + 512] != self.data[at:at + 512]:
                for i in range(at, min(at + 512, len(data))):
                    if data[i] != self.data[i] and not self.allows(i, data[i]):
                        return i
        return None


def random_line(rng, size, unit):
    """A request of disk-io that changes the disk."""
    offset, length = random_range(rng, size, unit)
    kind = rng.random()
    if kind < 0.1:
        return 'discard %d %d' % (offset, length)
    if kind < 0.2:
        return '%s %d %d' % (rng.choice(['zero', 'unmap']), offset, length)
    return 'write %d %d %d' % (offset, length, rng.randrange(1, 256))


def random_lines(rng, size, count, unit=512):
    """Random requests; those that overlap do not run at the same time."""
    lines, running = [], []
    for _ in range(count):
        line = random_line(rng, size, unit)
        at, n = (int(word) for word in line.split()[1:3])
        if any(at < end and start < at + n for start, end in running):
            lines.append('wait')
            running = []
        running.append((at, at + n))
        lines.append(line)
        if rng.random() < 0.1:
            lines.append('flush')
    return lines


class DiskIo:
    """A disk-io process."""

    def __init__(self, *words):
        self.process = subprocess.Popen([DISK_IO, *words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.count = 0
        first = self.process.stdout.readline()
        if first != '0 ok\n':
            error = self.process.stderr.read()
            if 'io_uring' in error:
                raise Skip('the host denies io_uring')
            raise AssertionError(error)

    def send(self, *lines):
        self.process.stdin.write(''.join(line + '\n' for line in lines))
        self.process.stdin.flush()
        self.count += len(lines)

    def finish(self):
        """All answers by number, after the process has ended."""
        out, error = self.process.communicate(timeout=120)
        answers = dict(line.split(' ', 1) for line in out.splitlines())
        if self.process.returncode:
            raise AssertionError('disk-io ended with %d: %s' % (self.process.returncode, error))
        return {int(number): text for number, text in answers.items()}

    def kill(self, then=None):
        """Kills the process; returns the numbers of the answers that came before."""
        self.process.kill()
        if then:
            then()
        out, _ = self.process.communicate(timeout=120)
        return {int(line.split()[0]) for line in out.splitlines() if line.endswith(' ok')}

    def all_ok(self):
        answers = self.finish()
        bad = {n: text for n, text in answers.items() if text != 'ok'}
        assert not bad and len(answers) == self.count, bad or answers
