#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of nodes that wait for requests of disks: only for those that were sent before, only of
disks above the node, and nobody else waits with them."""
import os
import select
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from qcow2images import run                         # noqa: E402
from virtioblk import IN, OUT, VirtioBlk            # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from waiting import becomes                         # noqa: E402

MIB = 1 << 20


class Machine:
    """A microvm whose disk the test drives, and a file that answers when the test wants."""

    def __init__(self, recorder):
        self.file = FaultyFile(MIB)
        self.daemon = Daemon(recorder)

    def __enter__(self):
        self.file.__enter__()
        self.daemon.__enter__()
        self.client = self.daemon.client()
        self.waiting = self.daemon.client()
        qtestclient.build(self.client)
        self.port = qtestclient.serve(self.daemon, self.client)
        return self

    def __exit__(self, *what):
        self.file.release()
        self.port.close()
        self.daemon.__exit__(*what)
        self.file.__exit__(*what)

    def disk(self, node, **device):
        self.client.call('device_add', driver='virtio-blk-device', id='vd0', drive=node, **device)
        self.client.call('cont')
        return VirtioBlk(self.port)

    def held(self, count):
        becomes(self.file.n_held, count)

    def first_answered(self, disk):
        """Reads until the image asks that file no more; the number of the first such request."""
        for number in range(1, 16):
            held = self.file.n_held()
            disk.begin(number, IN, 16, 512)
            becomes(lambda: disk.status(number) == 0 or self.file.n_held() > held, True)
            if disk.status(number) == 0:
                return number
        raise AssertionError('all reads go to the former backing node')

    def path(self, name):
        path = self.daemon.path(name)
        with open(path, 'wb') as f:
            f.truncate(MIB)
        return path

    def overlay(self, name, backing):
        path = self.daemon.path(name)
        run('qemu-img', 'create', '-q', '-f', 'qcow2', '-u', '-b', 'base', '-F', 'raw', path,
            '1M')
        node = {'driver': 'qcow2', 'node-name': name, 'backing': backing,
                'file': {'driver': 'file', 'node-name': name + '-file', 'filename': path}}
        self.client.request({'execute': 'blockdev-add', 'arguments': node})
        return dict(node, file=name + '-file')

    def raw(self, name, path, **options):
        self.client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'raw', 'node-name': name, 'file': {'driver': 'file', 'filename': path},
            **options}})

    def send(self, command, **arguments):
        """A request that waits."""
        self.waiting.send({'execute': command, 'arguments': arguments})
        self.still_waits()

    def still_waits(self):
        """The main loop goes on, and the request is not answered."""
        for _ in range(3):
            self.client.call('query-status')
        while self.waiting.buffer or select.select([self.waiting.sock], [], [], 0)[0]:
            message = self.waiting.receive()
            assert 'event' in message, message

    def answer(self):
        return self.waiting.reply()


def resize(recorder):
    """a resize waits for older requests of the node's disks, though newer ones are in flight"""
    for where in {}, {'iothread': 'io0'}:
        with Machine(recorder) as m:
            m.client.call('object-add', qom_type='iothread', id='io0')
            m.raw('disk', m.file.path)
            m.raw('other', m.path('other'))
            disk = m.disk('disk', **where)
            m.file.hold('read', 'write')
            disk.begin(0, OUT, MIB // 512 - 1, 512)
            m.held(1)
            m.client.call('block_resize', node_name='other', size=MIB // 2)
            m.send('block_resize', **{'node-name': 'disk', 'size': MIB // 2})
            disk.begin(1, OUT, MIB // 512 - 1, 512)
            becomes(lambda: disk.status(1), 1)
            disk.begin(2, IN, 0, 512)
            m.held(2)
            m.still_waits()
            assert m.client.error('blockdev-reopen', {'options': [
                {'driver': 'raw', 'node-name': 'disk', 'read-only': True,
                 'file': {'driver': 'file', 'filename': m.file.path}}]})['reason'] == 'in-use'
            m.file.hold('read')
            assert 'return' in m.answer()
            assert m.file.n_held() == 1 and disk.status(0) == 0
            assert len(m.file.data) == MIB // 2, 'a write came after the end was cut'
            m.file.release()
            disk.wait()
            assert disk.status(2) == 0


def backing(recorder):
    """an image's former backing node stays until no request is on its way there"""
    qcow2images.need_tools()
    for where in {}, {'iothread': 'io0'}:
        with Machine(recorder) as m:
            m.client.call('object-add', qom_type='iothread', id='io0')
            m.file.data[:] = b'b' * MIB
            m.raw('base', m.file.path, **{'read-only': True})
            m.raw('spare', m.path('spare'), **{'read-only': True})
            top, other = m.overlay('top', 'base'), m.overlay('other', 'spare')
            disk = m.disk('top', **where)
            assert disk.read(0, 512) == b'b' * 512
            m.file.hold('read')
            disk.begin(0, IN, 8, 512)
            m.held(1)
            m.client.call('blockdev-reopen', options=[dict(other, backing=None)])
            m.send('blockdev-reopen', options=[dict(top, backing=None)])
            number = m.first_answered(disk)
            assert disk.data(number, 512) == bytes(512)
            m.still_waits()
            for command, arguments in [
                    ('blockdev-del', {'node-name': 'base'}),
                    ('blockdev-reopen', {'options': [dict(top, backing='spare')]}),
                    ('block_resize', {'node-name': 'top', 'size': 2 * MIB})]:
                assert m.client.error(command, arguments)['reason'] == 'in-use', command
            m.file.release()
            assert 'return' in m.answer()
            disk.wait()
            assert disk.status(0) == 0 and disk.data(0, 512) == b'b' * 512
            m.client.call('blockdev-del', node_name='base')


def worker(recorder):
    """an image whose worker waits for its file gets another backing node later"""
    qcow2images.need_tools()
    with Machine(recorder) as m:
        m.raw('base', m.path('base'), **{'read-only': True})
        run('qemu-img', 'create', '-q', '-f', 'qcow2', '-u', '-b', 'base', '-F', 'raw',
            m.daemon.path('image'), '512k')
        run('qemu-io', '-c', 'write -P 7 0 64k', m.daemon.path('image'))
        with open(m.daemon.path('image'), 'rb') as f:
            image = f.read()
        m.file.data[:len(image)] = image
        top = {'driver': 'qcow2', 'node-name': 'top', 'backing': 'base', 'read-only': True,
               'file': {'driver': 'file', 'node-name': 'file', 'filename': m.file.path}}
        m.client.request({'execute': 'blockdev-add', 'arguments': top})
        disk = m.disk('top')
        m.file.hold('read')
        disk.begin(0, IN, 0, 512)
        m.held(1)
        m.send('blockdev-reopen', options=[dict(top, file='file', backing=None)])
        m.file.release()
        assert 'return' in m.answer()
        disk.wait()
        assert disk.status(0) == 0 and disk.data(0, 512) == b'\7' * 512


def others(recorder):
    """requests that are not a disk's are not waited for: such a backing node cannot change"""
    qcow2images.need_tools()
    with Machine(recorder) as m:
        m.raw('base', m.path('base'), **{'read-only': True})
        outer, path = m.daemon.path('outer'), m.daemon.path('inner')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', outer, '64k')
        os.truncate(outer, MIB)
        run('qemu-img', 'convert', '-q', '-f', 'raw', '-O', 'qcow2', outer, path)
        inner = {'driver': 'qcow2', 'node-name': 'inner',
                 'file': {'driver': 'file', 'filename': path}}
        m.client.request({'execute': 'blockdev-add', 'arguments': inner})
        m.client.call('blockdev-add', driver='qcow2', node_name='outer', file='inner')
        error = m.client.error('blockdev-reopen', {'options': [dict(inner, backing='base')]})
        assert error['reason'] == 'in-use' and 'outer' in error['desc'], error
        m.client.call('blockdev-del', node_name='outer')
        m.client.call('blockdev-reopen', options=[dict(inner, backing='base')])


def ending(recorder):
    """the daemon ends meanwhile, and the disk answers: what was not done is not told to be"""
    qcow2images.need_tools()
    for where in {}, {'iothread': 'io0'}:
        for command in 'blockdev-reopen', 'block_resize':
            with Machine(recorder) as m:
                m.client.call('object-add', qom_type='iothread', id='io0')
                m.raw('base', m.file.path)
                node, arguments = 'base', {'node-name': 'base', 'size': MIB // 2}
                if command == 'blockdev-reopen':
                    arguments = {'options': [dict(m.overlay('top', 'base'), backing=None)]}
                    node = 'top'
                disk = m.disk(node, **where)
                m.file.hold('read')
                disk.begin(0, IN, 0, 512)
                m.held(1)
                m.send(command, **arguments)
                m.client.call('quit')
                m.file.release()
                reply = m.answer()
                assert m.daemon.wait() == 0
                if command == 'block_resize' and len(m.file.data) == MIB:
                    assert reply['error']['reason'] == 'wrong-state', reply
                else:
                    assert reply == {'return': {}}, reply


vmdtest.main([resize, backing, worker, others, ending])
