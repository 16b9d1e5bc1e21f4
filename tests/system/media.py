#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for media: of drives with a tray and without one, by nodes and by files."""
import contextlib
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from qtestclient import serve                       # noqa: E402
from vmdtest import Daemon, QmpError                # noqa: E402
from waiting import becomes, wait_held              # noqa: E402

SIZE = 1474560


class Bench:
    """A PC that does not run, with an empty floppy drive `a` and an empty CD drive `cd`."""

    def __init__(self, recorder, **floppy):
        self.daemon = Daemon(recorder)
        self.client = client = self.daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=32 << 20)
        client.call('object-add', qom_type='pc-i440fx-7.2-machine', id='machine',
                    memory_backend='ram')
        client.call('device_add', driver='floppy', id='a', **floppy)
        client.call('device_add', driver='ide-cd', id='cd')

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.daemon.__exit__()

    def file(self, name, content=b'', size=SIZE):
        path = self.daemon.path(name)
        with open(path, 'wb') as f:
            f.write(content)
            f.truncate(size)
        return path

    def node(self, name, **options):
        self.client.call('blockdev-add', node_name=name, driver='raw',
                         file={'driver': 'file', 'filename': self.file(name)}, **options)

    def change(self, name, drive='a', **options):
        self.client.call('blockdev-change-medium', id=drive,
                         filename=self.daemon.path(name), **options)

    def throttle(self, drive, **limits):
        self.client.request({'execute': 'block_set_io_throttle', 'arguments': {
            'id': drive, 'bps': 0, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0, 'iops_rd': 0,
            'iops_wr': 0, **limits}})

    def drive(self, name='a'):
        """What query-block says of a drive."""
        return next(d for d in self.client.call('query-block')
                    if os.path.basename(d['qdev']) == name)

    def inserted(self, name='a'):
        """The name of the medium's file, or None."""
        inserted = self.drive(name).get('inserted')
        return inserted and os.path.basename(inserted['file'])

    def nodes(self):
        return {n['node-name'] for n in self.client.call('query-named-block-nodes')}

    def fails(self, reason, path, command, **arguments):
        try:
            self.client.call(command, **arguments)
        except QmpError as error:
            assert error.error['reason'] == reason, error.error
            assert error.error.get('path') == path, error.error
            return error.error['desc']
        raise AssertionError('%s %s succeeds' % (command, arguments))


def change(recorder):
    """blockdev-change-medium: files follow each other, and their nodes go with them"""
    with Bench(recorder) as bench:
        before = bench.nodes()
        for name in 'one', 'two':
            bench.file(name)
            bench.change(name, format='raw')
            assert bench.inserted() == name, bench.drive()
            assert len(bench.nodes() - before) == 2, bench.nodes()
        bench.node('mine')
        bench.client.call('eject', id='a')
        assert bench.nodes() - before == {'mine'} | {n for n in bench.nodes() if n[0] == '#'}
        assert 'two' not in str(bench.client.call('query-named-block-nodes'))
        bench.client.call('blockdev-insert-medium', id='a', node_name='mine')
        bench.change('one', format='raw')
        assert bench.inserted() == 'one' and 'mine' in bench.nodes()
        bench.client.call('blockdev-remove-medium', id='a')
        assert bench.inserted() is None
        assert bench.daemon.path('one') not in str(bench.client.call('query-named-block-nodes'))
        bench.client.call('blockdev-del', node_name='mine')
        assert bench.nodes() == before, bench.nodes()


def limits(recorder):
    """a drive keeps its limits when its medium is changed; their group goes with the last node"""
    with Bench(recorder) as bench:
        def group():
            return [o['name'] for o in bench.client.call('qom-list', path='/objects')
                    if 'throttle' in o['type']]

        for drive in 'a', 'cd':
            for name in 'one', 'two':
                bench.file(name)
            bench.change('one', drive, format='raw')
            bench.throttle(drive, iops_rd=7)
            for name in 'two', 'one':
                bench.change(name, drive, format='raw')
                assert bench.inserted(drive) == name
                assert bench.drive(drive)['inserted']['iops_rd'] == 7, bench.drive(drive)
                assert group() == [drive]
            bench.client.call('eject', id=drive, force=True)
            assert group() == []
        # One that cannot be put in leaves them as they were.
        bench.client.call('blockdev-close-tray', id='cd')
        bench.change('one', 'cd', format='raw')
        bench.throttle('cd', iops=5)
        bench.fails('file-not-usable', 'filename', 'blockdev-change-medium', id='cd',
                    filename=bench.daemon.path('two'), format='qcow2')
        assert bench.drive('cd')['inserted']['iops'] == 5 and group() == ['cd']


def failures(recorder):
    """what fails leaves the drive as it was, and no node"""
    with Bench(recorder) as bench:
        bench.file('one')
        bench.file('other')
        bench.change('one', format='raw')
        before = bench.nodes()
        for drive in 'a', 'cd':
            bench.fails('file-not-usable', 'filename', 'blockdev-change-medium', id=drive,
                        filename='/does-not-exist', format='raw')
            bench.fails('file-not-usable', 'filename', 'blockdev-change-medium', id=drive,
                        filename=bench.daemon.path('other'), format='qcow2')
        bench.fails('in-use', 'filename', 'blockdev-change-medium', id='cd', format='raw',
                    filename=bench.daemon.path('one'))
        bench.fails('device-not-found', 'id', 'blockdev-change-medium', id='x', filename='y')
        bench.fails('property-missing', 'device', 'blockdev-change-medium', filename='y')
        bench.fails('not-supported', 'format', 'blockdev-change-medium', id='a', filename='y',
                    format='file')
        bench.node('disk')
        bench.client.call('device_add', driver='virtio-blk-pci', id='vd', drive='disk')
        bench.fails('not-supported', 'device', 'blockdev-change-medium', device='disk',
                    filename='y')
        assert bench.inserted() == 'one' and bench.inserted('cd') is None
        bench.client.call('device_del', id='vd')
        bench.client.call('blockdev-del', node_name='disk')
        assert bench.nodes() == before, bench.nodes()


def modes(recorder):
    """read-only-mode: as before, or as is said"""
    with Bench(recorder) as bench:
        for name in 'one', 'two', 'three':
            bench.file(name)
        wanted = [('one', {}, False), ('two', {'read_only_mode': 'read-only'}, True),
                  ('three', {}, True), ('one', {'read_only_mode': 'read-write'}, False),
                  ('two', {'read_only_mode': 'retain'}, False)]
        for name, options, read_only in wanted:
            bench.change(name, format='raw', **options)
            assert bench.drive()['inserted']['ro'] == read_only, (name, options)


def formats(recorder):
    """without a format it is raw, and what looks like an image is reported"""
    with Bench(recorder) as bench:
        path = bench.daemon.path('image')
        qcow2images.need_tools()
        qcow2images.run('qemu-img', 'create', '-q', '-f', 'qcow2', path, str(SIZE))
        bench.change('image', format='qcow2')
        inserted = bench.drive()['inserted']
        assert inserted['drv'] == 'qcow2' and inserted['image']['virtual-size'] == SIZE, inserted
        bench.client.call('eject', id='a')
        bench.change('image')
        assert bench.drive()['inserted']['drv'] == 'raw'
        assert 'begins as an image in format qcow2' in bench.daemon.output()


def trays(recorder):
    """a CD drive's tray opens for a change, and closes"""
    with Bench(recorder) as bench:
        client = bench.client
        bench.file('one')
        bench.change('one', drive='cd', format='raw')
        for state in True, False:
            data = client.wait_event('DEVICE_TRAY_MOVED')['data']
            assert data['tray-open'] == state and os.path.basename(data['id']) == 'cd', data
        assert bench.inserted('cd') == 'one' and not bench.drive('cd')['tray_open']
        bench.fails('wrong-state', None, 'blockdev-remove-medium', id='cd')
        client.call('blockdev-open-tray', id='cd')
        assert client.wait_event('DEVICE_TRAY_MOVED')['data']['tray-open']
        bench.node('mine')
        bench.fails('wrong-state', None, 'blockdev-insert-medium', id='cd', node_name='mine')
        client.call('blockdev-remove-medium', id='cd')
        client.call('blockdev-insert-medium', id='cd', node_name='mine')
        assert bench.drive('cd')['tray_open']
        client.call('blockdev-close-tray', id='cd')
        assert not bench.drive('cd')['tray_open'] and bench.inserted('cd') == 'mine'
        bench.change('one', drive='cd', format='raw', force=True)
        assert not bench.drive('cd')['tray_open'] and bench.inserted('cd') == 'one'
        client.call('eject', id='cd', force=True)
        assert bench.drive('cd')['tray_open'] and bench.inserted('cd') is None


class SlowBench(Bench):
    """The same, which runs: a read of the CD drive's medium waits for its file."""

    def __init__(self, recorder, stack):
        super().__init__(recorder)
        stack.enter_context(self)
        self.slow = stack.enter_context(FaultyFile(SIZE))
        self.client.call('blockdev-add', node_name='slow', driver='raw', read_only=True, file={
            'driver': 'file', 'filename': self.slow.path})
        self.client.call('blockdev-open-tray', id='cd')
        self.client.call('blockdev-insert-medium', id='cd', node_name='slow')
        self.client.call('blockdev-close-tray', id='cd')
        self.qtest = serve(self.daemon, self.client)
        stack.callback(self.qtest.close)
        self.client.call('cont')
        self.other = self.daemon.client()
        self.read()

    def wait_ready(self):
        """The drive's status, by PIIX3's primary channel, when it is not busy."""
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while self.qtest.inb(0x1f7) & 0x80:
            assert time.monotonic() < deadline, 'the drive stays busy'
        return self.qtest.inb(0x1f7)

    def packet(self, command):
        """Begins a command of up to 8 bytes of data (ATA/ATAPI-6, 9.8)."""
        self.wait_ready()
        self.qtest.outb(0x1f4, 8)
        self.qtest.outb(0x1f5, 0)
        self.qtest.outb(0x1f7, 0xa0)
        self.wait_ready()
        for word in struct.unpack('<6H', command.ljust(12, b'\0')):
            self.qtest.ok('outw 0x1f0 %#x' % word)

    def read(self):
        for register, value in (0x04, 5), (0x40, 0x80008000):   # I/O ports; both channels
            self.qtest.ok('outl 0xcf8 %#x' % (0x80000900 | register))
            self.qtest.ok('outl 0xcfc %#x' % value)
        for _ in range(4):              # what is to be told first: a reset, another medium
            self.packet(b'')
            if not self.wait_ready() & 1:
                break
        self.slow.hold('read')
        self.packet(b'\x28\0\0\0\0\2\0\0\1')
        wait_held(self.slow)

    def begin_change(self, name):
        self.file(name)
        self.client.send({'execute': 'blockdev-change-medium', 'arguments': {
            'id': 'cd', 'filename': self.daemon.path(name), 'format': 'raw'}})
        becomes(lambda: 'cd-medium' in self.other_nodes(), True)

    def other_nodes(self):
        return {n['node-name'] for n in self.other.call('query-named-block-nodes')}


def claimed(recorder):
    """while the former medium is busy, the new one is nobody's"""
    with contextlib.ExitStack() as stack:
        bench = SlowBench(recorder, stack)
        bench.begin_change('new')
        for command, arguments in (
                ('blockdev-del', {'node-name': 'cd-medium'}),
                ('blockdev-insert-medium', {'id': 'a', 'node-name': 'cd-medium'}),
                ('device_add', {'driver': 'virtio-blk-pci', 'drive': 'cd-medium'}),
                ('blockdev-reopen', {'options': [{
                    'driver': 'raw', 'node-name': 'cd-medium', 'read-only': False,
                    'file': {'driver': 'file', 'filename': bench.daemon.path('new')}}]})):
            assert bench.other.error(command, arguments)['reason'] == 'in-use', command
        config = bench.other.call('query-config')
        assert 'cd-medium' not in str(config), config
        bench.slow.release()
        assert bench.client.reply() == {'return': {}}
        assert bench.inserted('cd') == 'new'
        assert 'cd-medium' in str(bench.client.call('query-config'))
        bench.client.call('eject', id='cd')
        assert 'cd-medium' not in bench.nodes()


def tray_closed_meanwhile(recorder):
    """the tray closes while the former medium is busy: the media are exchanged all the same"""
    with contextlib.ExitStack() as stack:
        bench = SlowBench(recorder, stack)
        bench.begin_change('new')
        bench.other.call('blockdev-close-tray', id='cd')
        bench.slow.release()
        assert bench.client.reply() == {'return': {}}
        assert bench.inserted('cd') == 'new' and not bench.drive('cd')['tray_open']


def busy(recorder):
    """a change that fails, as the drive is being emptied, leaves the tray as it was"""
    with contextlib.ExitStack() as stack:
        bench = SlowBench(recorder, stack)
        bench.client.send({'execute': 'eject', 'arguments': {'id': 'cd'}})
        becomes(lambda: bench.other.call('query-block')[1]['tray_open'], True)
        bench.file('new')
        for is_open in True, False:
            if not is_open:
                bench.other.call('blockdev-close-tray', id='cd')
            error = bench.other.error('blockdev-change-medium', {
                'id': 'cd', 'filename': bench.daemon.path('new'), 'format': 'raw'})
            assert error['reason'] == 'wrong-state', error
            assert bench.other.call('query-block')[1]['tray_open'] == is_open
            assert 'cd-medium' not in bench.other_nodes()
        bench.slow.release()
        assert bench.client.reply() == {'return': {}}
        assert bench.inserted('cd') is None


def names(recorder):
    """drives are found by the name of their first node, which they keep"""
    with Bench(recorder) as bench:
        bench.node('first')
        bench.client.call('blockdev-insert-medium', id='a', node_name='first')
        bench.file('one')
        bench.client.call('blockdev-change-medium', device='first', format='raw',
                          filename=bench.daemon.path('one'))
        assert bench.inserted() == 'one' and bench.drive()['device'] == 'first'
        bench.client.call('blockdev-open-tray', device='first')     # there is none
        bench.client.call('blockdev-close-tray', device='first')
        limits = {name: 0 for name in ('bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr')}
        named = [('block_set_io_throttle', {'device': 'first', **limits, 'iops': 9}),
                 ('block_resize', {'device': 'first', 'size': 2 * SIZE}),
                 ('blockdev-open-tray', {'device': 'first'}),
                 ('eject', {'device': 'first'})]
        for command, arguments in named:
            # The other drive has no name, and is found by none.
            error = bench.client.error(command, {**arguments, 'device': ''})
            assert (error['reason'], error['path']) == ('device-not-found', 'device'), error
            bench.client.request({'execute': command, 'arguments': arguments})
            if command != 'eject':
                inserted = bench.drive()['inserted']
                assert inserted['file'] == bench.daemon.path('one'), inserted
        assert (inserted['iops'], inserted['image']['virtual-size']) == (9, 2 * SIZE), inserted
        assert bench.inserted() is None
        # The node is still there, but it is not in the drive of that name.
        for command, arguments in named[:2]:
            assert bench.client.error(command, arguments)['reason'] == 'device-not-found'


def names_and_ids(recorder):
    """a drive's name comes before another one's id"""
    with Bench(recorder) as bench:
        bench.node('cd')
        bench.node('other')
        bench.client.call('blockdev-insert-medium', id='a', node_name='cd')
        bench.client.call('blockdev-open-tray', id='cd')
        bench.client.call('blockdev-insert-medium', id='cd', node_name='other')
        bench.client.call('eject', device='cd')
        assert bench.inserted('a') is None and bench.inserted('cd') == 'other'
        bench.client.call('eject', id='cd')
        assert bench.inserted('cd') is None


if __name__ == '__main__':
    vmdtest.main([change, limits, failures, modes, formats, trays, claimed, tray_closed_meanwhile,
                  busy, names, names_and_ids])
