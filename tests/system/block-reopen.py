#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockdev-reopen: nodes that get other options while they are in use, all or none."""
import os
import resource
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from qcow2images import run                         # noqa: E402
from virtioblk import VirtioBlk                     # noqa: E402
from vmdtest import Daemon                          # noqa: E402

MIB = 1 << 20


class Nodes:
    """A microvm whose disk the test drives, and nodes."""

    def __init__(self, recorder):
        self.daemon = Daemon(recorder)
        self.port = None

    def __enter__(self):
        self.daemon.__enter__()
        self.client = self.daemon.client()
        return self

    def __exit__(self, *what):
        if self.port:
            self.port.close()
        self.daemon.__exit__(*what)

    def path(self, name, size=None):
        path = self.daemon.path(name)
        if size is not None:
            with open(path, 'wb') as f:
                f.truncate(size)
        return path

    def image(self, name, *options, byte=None):
        """A qcow2 image of 1 MiB, full of that byte."""
        path = self.path(name)
        run('qemu-img', 'create', '-q', '-f', 'qcow2', *options, path, '1M')
        if byte is not None:
            run('qemu-io', '-c', 'write -P %d 0 1M' % byte, path)
        return path

    def add(self, **node):
        self.client.request({'execute': 'blockdev-add', 'arguments': node})

    def reopen(self, *nodes):
        self.client.request({'execute': 'blockdev-reopen', 'arguments': {'options': list(nodes)}})

    def refuse(self, reason, words, *nodes):
        before = self.client.call('query-named-block-nodes'), self.client.call('query-config')
        error = self.client.error('blockdev-reopen', {'options': list(nodes)})
        assert error['reason'] == reason and words in error['desc'], error
        after = self.client.call('query-named-block-nodes'), self.client.call('query-config')
        assert before == after
        return error

    def read_only(self):
        return {n['node-name']: n['ro'] for n in self.client.call('query-named-block-nodes')}

    def disk(self, node, **device):
        qtestclient.build(self.client)
        self.port = qtestclient.serve(self.daemon, self.client)
        self.client.call('device_add', driver='virtio-blk-device', id='vd0', drive=node, **device)
        self.client.call('cont')
        return VirtioBlk(self.port)

    def memory(self):
        """KiB that the daemon has."""
        with open('/proc/%d/status' % self.daemon.process.pid, encoding='ascii') as f:
            return int(f.read().split('VmRSS:')[1].split()[0])

    def modes(self, path):
        """How the daemon has a file open."""
        modes = []
        for number, name in self.daemon.descriptors().items():
            if name == path:
                with open('/proc/%d/fdinfo/%d' % (self.daemon.process.pid, number),
                          encoding='ascii') as f:
                    modes.append(int(f.read().split('flags:')[1].split()[0], 8) & 3)
        return modes


def file(name, path, **options):
    return dict({'driver': 'file', 'node-name': name, 'filename': path}, **options)


def raw(name, below, **options):
    return dict({'driver': 'raw', 'node-name': name, 'file': below}, **options)


RO, RW = {'read-only': True}, {'read-only': False}


def read_only(recorder):
    """files and images become read-only and writable again, with their locks"""
    qcow2images.need_tools()
    with Nodes(recorder) as n:
        path = n.path('disk', MIB)
        n.add(**file('f', path))
        n.add(**raw('r', 'f'))
        n.refuse('in-use', "'read-only'", file('f', path, **RO))
        n.reopen(file('f', path, **RO), raw('r', 'f', **RO))
        assert n.read_only() == {'f': True, 'r': True} and n.modes(path) == [os.O_RDONLY]
        # Another program may write to it when nobody here does, but not beside a reader.
        run('qemu-io', '-f', 'raw', '-r', '-c', 'read 0 512', path)
        n.refuse('invalid-value', "block node 'f' is read-only", raw('r', 'f', **RW))
        n.reopen(file('f', path), raw('r', 'f'))
        assert n.read_only() == {'f': False, 'r': False} and n.modes(path) == [os.O_RDWR]
        # Nested definitions inherit what the outer one says.
        inner = n.path('inner', MIB)
        n.add(**raw('o', file('i', inner)))
        n.reopen(raw('o', file('i', inner), **RO))
        assert n.read_only()['o'] and n.read_only()['i'] and n.modes(inner) == [os.O_RDONLY]
        n.reopen(raw('o', 'i', **RO))
        n.refuse('invalid-value', 'read-only', raw('o', 'i'))
        n.reopen(raw('o', {'driver': 'file', 'filename': inner}))
        assert n.modes(inner) == [os.O_RDWR]
        image = n.image('image', byte=1)
        q = {'driver': 'qcow2', 'node-name': 'q', 'file': file('qf', image)}
        n.add(**q)
        n.reopen(dict(q, **RO))
        assert n.read_only()['q'] and n.modes(image) == [os.O_RDONLY]
        n.reopen(q)
        disk = n.disk('q')
        assert disk.write(8, b'2' * 512) == 0 and disk.flush() == 0
        n.refuse('in-use', 'vd0', dict(q, **RO))
        n.client.call('stop')
        run('qemu-img', 'check', '-q', '-U', image)


def locks(recorder):
    """a file that another program reads does not become writable, nor do the others"""
    qcow2images.need_tools()
    with Nodes(recorder) as n, Nodes(recorder) as other:
        a, b = n.path('a', MIB), n.path('b', MIB)
        for name, path in ('a', a), ('b', b):
            n.add(**file(name, path, **RO))
        other.add(**file('x', b, **RO))
        error = n.refuse('in-use', 'lock', file('a', a), file('b', b))
        assert error['path'] == 'options', error
        assert n.modes(a) == n.modes(b) == [os.O_RDONLY]
        # An image that had stopped writing goes on, as the whole list failed.
        q = {'driver': 'qcow2', 'node-name': 'q', 'file': file('qf', n.image('image', byte=1))}
        n.add(**q)
        n.refuse('in-use', 'lock', dict(q, **RO), file('b', b))
        disk = n.disk('q')
        assert disk.write(8, b'2' * 512) == 0 and disk.flush() == 0
        run('qemu-img', 'check', '-q', '-U', n.path('image'))
        # No lock is left of the attempt.
        other.client.call('blockdev-del', node_name='x')
        other.add(**file('y', a, **RO))
        n.reopen(file('b', b))
        assert n.modes(b) == [os.O_RDWR]
        error = other.client.error('blockdev-add', file('x', b))
        assert error['reason'] == 'in-use', error
        n.reopen(file('b', b, **RO))
        other.add(**file('x', b, **RO))


def passed(recorder):
    """a descriptor that a client passed gives no more than that, and keeps no locks"""
    with Nodes(recorder) as n, Nodes(recorder) as other:
        path = n.path('disk', MIB)

        def pass_fd(name, flags):
            fd = os.open(path, flags)
            n.client.request({'execute': 'getfd', 'arguments': {'fdname': name}}, [fd])
            return fd

        # The client has it open all the while.
        reader = pass_fd('r', os.O_RDONLY)
        n.add(**file('f', path, fd='r', **RO))
        error = n.refuse('file-not-usable', "descriptor 'r' was not opened for writing",
                         file('f', path, fd='r'))
        assert error['path'] == 'options', error
        assert n.modes(path) == [os.O_RDONLY]
        n.reopen(file('f', path, fd='r', discard='unmap', **RO))
        n.client.call('blockdev-del', node_name='f')
        other.add(**file('x', path))
        other.client.call('blockdev-del', node_name='x')
        writer = pass_fd('w', os.O_RDWR)
        n.add(**file('f', path, fd='w'))
        assert other.client.error('blockdev-add', file('x', path, **RO))['reason'] == 'in-use'
        n.reopen(file('f', path, fd='w', **RO))
        other.add(**file('x', path, **RO))
        n.refuse('in-use', 'lock', file('f', path, fd='w'))
        other.client.call('blockdev-del', node_name='x')
        n.reopen(file('f', path, fd='w'))
        assert n.modes(path) == [os.O_RDWR]
        n.client.call('blockdev-del', node_name='f')
        other.add(**file('x', path))
        # What cannot be used leaves no locks, either.
        third = pass_fd('t', os.O_RDWR)
        n.client.error('blockdev-add', file('f', path, fd='t'))
        other.client.call('blockdev-del', node_name='x')
        other.add(**file('x', path))
        for fd in reader, writer, third:
            os.close(fd)


def no_descriptors(recorder):
    """a file that cannot be reopened for want of descriptors keeps the locks that it had"""
    with Nodes(recorder) as n, Nodes(recorder) as other:
        path = n.path('disk', MIB)
        n.add(**file('f', path, **RO))
        pid = n.daemon.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = set(n.daemon.descriptors())
        # For the new opening of the file, but not for keeping the old one as well.
        (first, second) = [i for i in range(max(used) + 3) if i not in used][:2]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (second, limits[1]))
        error = n.client.error('blockdev-reopen', {'options': [file('f', path)]})
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert error['reason'] == 'file-not-usable' and 'open files' in error['desc'], error
        assert first < second and n.modes(path) == [os.O_RDONLY]
        other.add(**file('x', path, **RO))
        other.client.call('blockdev-del', node_name='x')
        n.reopen(file('f', path))
        assert n.modes(path) == [os.O_RDWR]


def backing(recorder):
    """an image gets another backing node while a disk reads it"""
    qcow2images.need_tools()
    with Nodes(recorder) as n:
        base = {}
        for byte in 1, 2:
            path = n.image('base%d' % byte, byte=byte)
            base[byte] = {'driver': 'qcow2', 'node-name': 'base%d' % byte, 'read-only': True,
                          'file': {'driver': 'file', 'filename': path}}
            n.add(**base[byte])
        top = n.image('top', '-b', n.path('base1'), '-F', 'qcow2')
        node = {'driver': 'qcow2', 'node-name': 'top', 'file': file('f', top), 'backing': 'base1'}
        n.add(**node)
        disk = n.disk('top')
        assert disk.read(0, 512) == b'\1' * 512
        assert disk.write(1, b'x' * 512) == 0
        node['file'] = 'f'
        n.reopen(dict(base[2], discard='unmap'), dict(node, backing='base2'))
        assert disk.read(8, 4096) == b'\1' * 4096, 'the cluster was copied from the old one'
        assert disk.read(512, 512) == b'\2' * 512
        n.client.call('blockdev-del', node_name='base1')
        assert n.client.error('blockdev-del', {'node-name': 'base2'})['reason'] == 'in-use'
        told = [r['arguments'] for r in n.client.call('query-config')['requests']
                if r['arguments'].get('node-name') == 'top'][0]
        assert told['backing'] == 'base2' and told['file']['filename'] == top, told
        n.refuse('property-missing', "'backing'",
                 {k: v for k, v in node.items() if k != 'backing'})
        n.refuse('object-not-found', 'nothing', dict(node, backing='nothing'))
        n.refuse('invalid-value', 'its own', dict(node, backing='top'))
        n.reopen(dict(node, backing=None))
        assert disk.read(512, 512) == bytes(512)
        n.client.call('blockdev-del', node_name='base2')


def other_options(recorder):
    """cache, discard, zeros, limits and groups; what cannot change is refused by name"""
    with Nodes(recorder) as n:
        path = n.path('disk', MIB)
        for name in 'g', 'h':
            n.client.call('object-add', qom_type='throttle-group', id=name)
        n.client.call('object-add', qom_type='iothread', id='io0')
        n.add(**file('f', path))
        throttle = {'driver': 'throttle', 'node-name': 't', 'throttle-group': 'g', 'file': 'f'}
        n.add(**throttle)
        disk = n.disk('t', iothread='io0')
        n.reopen(dict(throttle, **{'throttle-group': 'h', 'io-limits': 'g', 'discard': 'unmap',
                                   'detect-zeroes': 'unmap'}),
                 file('f', path, cache={'no-flush': True}, aio='threads', discard='unmap'))
        for group in 'g', 'h':
            assert n.client.error('object-del', {'id': group})['reason'] == 'in-use'
        info = {i['node-name']: i for i in n.client.call('query-named-block-nodes')}
        assert info['t']['detect_zeroes'] == 'unmap' and info['t']['group'] == 'g', info['t']
        assert info['f']['cache']['no-flush'], info['f']
        assert disk.write(0, b'a' * 65536) == 0
        before = os.stat(path).st_blocks
        assert disk.write(0, bytes(65536)) == 0 and disk.flush() == 0
        assert os.stat(path).st_blocks < before, 'zeros free their space'
        n.reopen(dict(throttle, **{'throttle-group': 'h', 'io-limits': ''}), file('f', path))
        n.client.call('object-del', id='g')
        throttle['throttle-group'] = 'h'
        for reason, words, node in [
                ('not-supported', "'driver'", {'driver': 'null-co', 'node-name': 'f'}),
                ('not-supported', "'filename'", file('f', path + 'x')),
                ('not-supported', "'locking'", file('f', path, locking='off')),
                ('not-supported', "'force-share'", file('f', path, **{'force-share': True},
                                                        **RO)),
                ('not-supported', "'file'", dict(throttle, file='t')),
                ('object-not-found', 'gone', dict(throttle, **{'throttle-group': 'gone'})),
                ('object-not-found', "'x'", file('x', path)),
                ('in-use', "'cache.direct'", file('f', path, cache={'direct': True})),
                ('property-missing', 'node-name', {'driver': 'null-co'}),
                ('invalid-value', 'discard', file('f', path, **{'detect-zeroes': 'unmap'}))]:
            n.refuse(reason, words, file('f', path, cache={'no-flush': True}), node) \
                if node.get('node-name') != 'f' else n.refuse(reason, words, node)
        n.refuse('in-use', 'being reopened', file('f', path), file('f', path))
        assert disk.write(0, b'b' * 512) == 0


def memory(recorder):
    """options that were replaced are not kept"""
    with Nodes(recorder) as n:
        with open('/proc/%d/maps' % n.daemon.process.pid, encoding='utf-8') as f:
            if 'libasan' in f.read():
                raise vmdtest.Skip('a sanitizer keeps what is freed')
        # A name that is long, of a file that is near.
        path = n.path('x', MIB)
        path = path[:-1] + './' * ((4000 - len(path)) // 2) + 'x'
        n.add(**file('f', path))
        for _ in range(100):
            n.reopen(file('f', path))
        before = n.memory()
        for _ in range(3000):
            n.reopen(file('f', path))
        assert n.memory() - before < 4 << 10, 'KiB: %d of %d' % (n.memory() - before, before)


def direct(recorder):
    """cache.direct of nodes that no disk uses"""
    with Nodes(recorder) as n:
        path = n.path('disk', MIB)
        n.add(**raw('r', file('f', path)))
        n.reopen(raw('r', file('f', path), cache={'direct': True}))
        modes = [fd for fd, name in n.daemon.descriptors().items() if name == path]
        assert len(modes) == 1, modes
        with open('/proc/%d/fdinfo/%d' % (n.daemon.process.pid, modes[0]), encoding='ascii') as f:
            assert int(f.read().split('flags:')[1].split()[0], 8) & os.O_DIRECT
        disk = n.disk('r')
        assert disk.write(9, b'd' * 512) == 0 and disk.read(9, 512) == b'd' * 512


vmdtest.main([read_only, locks, passed, no_descriptors, backing, other_options, memory, direct])
