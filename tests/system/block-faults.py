#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk whose file fails: what the guest sees, what clients hear, what is kept.

The guest is the project's own: it sends many requests at once and says how many
of them failed.
"""
import errno
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from microvm import build, console_text, wait_console   # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

BLOCK = 4096
SIZE = 1 << 20
# Requests that the guest sends, and which of them a fault is about.
COUNT, BAD = 32, range(8, 11)
# Where the queues run, and how the file is opened.
WAYS = [{}, {'iothread': 'io0'}, {'direct': True}, {'iothread': 'io0', 'direct': True}]


def block(number):
    """What the guest writes to a block."""
    return struct.pack('<512Q', *range(number * 512, number * 512 + 512))


def fill(disk):
    for number in range(SIZE // BLOCK):
        disk.data[number * BLOCK:(number + 1) * BLOCK] = block(number)


def assert_written(disk, numbers):
    for number in numbers:
        assert disk.data[number * BLOCK:(number + 1) * BLOCK] == block(number), number


def fault(disk, operation, error):
    disk.fail(operation, error, BAD.start * BLOCK, BAD.stop * BLOCK)


class Machine:
    """A microvm with the file as its disk."""

    def __init__(self, daemon, disk, words, iothread=None, direct=False, **device):
        self.client = client = daemon.client()
        build(client, append=words + ' end=exit:7')
        if iothread:
            client.call('object-add', qom_type='iothread', id=iothread)
            device['iothread'] = iothread
        client.call('blockdev-add', driver='raw', node_name='disk', file={
            'driver': 'file', 'filename': disk.path, 'node-name': 'file',
            'cache': {'direct': direct}})
        client.call('device_add', driver='virtio-blk-device', id='vd0', drive='disk', **device)
        client.call('set-action', shutdown='pause')
        self.kind, self.count = None, 0     # of the BLOCK_IO_ERROR that may come

    def start(self):
        self.client.call('cont')

    def end(self, expect):
        """The guest's last words."""
        self.client.wait_event('SHUTDOWN')
        self.rest_of_errors()
        text = console_text(self.client)
        assert expect in text, text

    def errors(self, action, operation, nospace=False, count=len(BAD)):
        """BLOCK_IO_ERROR of this kind: for so many errors at once there are one or more, as
        those that follow within a second may be left out but for the last."""
        self.kind = (action, operation, nospace, 'disk', 'disk')
        self.count = count
        self.check(self.client.wait_event('BLOCK_IO_ERROR')['data'])

    def check(self, data):
        assert (data['action'], data['operation'], data['nospace'], data['node-name'],
                data['device']) == self.kind, data
        self.count -= 1
        assert self.count >= 0, 'more events than errors'

    def rest_of_errors(self):
        """Those that came behind the first; when nothing fails any more."""
        self.client.call('query-status')
        for event in [e for e in self.client.events if e['event'] == 'BLOCK_IO_ERROR']:
            self.client.events.remove(event)
            self.check(event['data'])

    def io_status(self):
        (info,) = self.client.call('query-block')
        return info['io-status']

    def failed(self, what):
        (info,) = self.client.call('query-blockstats')
        return info['stats']['failed_%s_operations' % what]

    def wait_failed(self, what, count):
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while self.failed(what) != count:
            assert time.monotonic() < deadline, (self.failed(what), count)
            time.sleep(0.002)


def each_way(recorder, words, test, **device):
    for way in WAYS:
        with FaultyFile(SIZE) as disk, Daemon(recorder) as daemon:
            test(disk, Machine(daemon, disk, words, **way, **device))


WRITE = 'disk=write:0:%d' % COUNT
READ = 'disk=read:0:%d' % COUNT
GOOD = [n for n in range(COUNT) if n not in BAD]


@on_one_accel
def report_write(recorder):
    """werror=report: the guest is told which writes failed, and continues"""
    def test(disk, machine):
        fault(disk, 'write', errno.ENOSPC)
        machine.start()
        machine.errors('report', 'write', nospace=True)
        machine.end('disk: write at 0: 29 ok, 3 failed, 0 wrong')
        machine.rest_of_errors()
        assert machine.io_status() == 'ok' and machine.failed('wr') == len(BAD)
        assert_written(disk, GOOD)
    each_way(recorder, WRITE, test, werror='report')


@on_one_accel
def ignore_write(recorder):
    """werror=ignore: the guest is not told, clients are"""
    def test(disk, machine):
        fault(disk, 'write', errno.EIO)
        machine.start()
        machine.errors('ignore', 'write')
        machine.end('disk: write at 0: 32 ok, 0 failed, 0 wrong')
        assert machine.io_status() == 'ok'
        assert_written(disk, GOOD)
    each_way(recorder, WRITE, test, werror='ignore')


@on_one_accel
def stop_write(recorder):
    """werror=stop: the machine stops, each cont tries again, nothing is lost"""
    def test(disk, machine):
        fault(disk, 'write', errno.EIO)
        machine.start()
        machine.errors('stop', 'write')
        machine.client.wait_event('STOP')
        for _ in range(3):
            assert machine.client.call('query-status')['status'] == 'io-error'
            assert machine.io_status() == 'failed'
            assert_written(disk, GOOD)
            machine.rest_of_errors()
            machine.client.call('cont')         # nothing is better yet
            machine.errors('stop', 'write')
            machine.client.wait_event('STOP')
        machine.wait_failed('wr', 4 * len(BAD))
        disk.heal()
        machine.client.call('cont')
        machine.end('disk: write at 0: 32 ok, 0 failed, 0 wrong')
        assert machine.io_status() == 'ok'
        assert_written(disk, range(COUNT))
    each_way(recorder, WRITE, test, werror='stop')


@on_one_accel
def enospc_write(recorder):
    """werror=enospc, and auto, which is the same: only a full disk stops the machine"""
    def test(disk, machine):
        fault(disk, 'write', errno.ENOSPC)
        machine.start()
        machine.errors('stop', 'write', nospace=True)
        refused = machine.client.wait_event('RESOURCE_EXHAUSTED')['data']
        assert refused == {
            'resource': 'disk-space', 'exhausted': True, 'what': '/block-nodes/file'}, refused
        machine.client.wait_event('STOP')
        assert machine.client.call('query-status')['status'] == 'io-error'
        assert machine.io_status() == 'nospace'
        machine.rest_of_errors()
        disk.heal()
        fault(disk, 'write', errno.EIO)
        machine.client.call('cont')
        machine.errors('report', 'write')
        machine.end('disk: write at 0: 29 ok, 3 failed, 0 wrong')
        assert_written(disk, GOOD)
    each_way(recorder, WRITE, test, werror='enospc')
    each_way(recorder, WRITE, test)


@on_one_accel
def report_read(recorder):
    """rerror=report, which is the default, and ignore: what was read is right or failed"""
    for policy in 'report', 'auto', 'ignore':
        def test(disk, machine):
            fill(disk)
            fault(disk, 'read', errno.EIO)
            machine.start()
            machine.errors('ignore' if policy == 'ignore' else 'report', 'read')
            machine.end('disk: read at 0: 29 ok, 0 failed, 3 wrong' if policy == 'ignore' else
                        'disk: read at 0: 29 ok, 3 failed, 0 wrong')
            assert machine.failed('rd') == len(BAD)
        each_way(recorder, READ, test, rerror=policy)


@on_one_accel
def stop_read(recorder):
    """rerror=stop: read again after cont, and right"""
    def test(disk, machine):
        fill(disk)
        fault(disk, 'read', errno.EIO)
        machine.start()
        machine.errors('stop', 'read')
        machine.client.wait_event('STOP')
        assert machine.client.call('query-status')['status'] == 'io-error'
        disk.heal()
        machine.client.call('cont')
        machine.end('disk: read at 0: 32 ok, 0 failed, 0 wrong')
    each_way(recorder, READ, test, rerror='stop')


@on_one_accel
def reset_while_stopped(recorder):
    """a reset forgets requests that were kept: they are not sent again"""
    def test(disk, machine):
        fault(disk, 'write', errno.EIO)
        machine.start()
        machine.errors('stop', 'write')
        machine.client.wait_event('STOP')
        disk.heal()
        machine.client.call('system_reset')
        assert not any(disk.data[BAD.start * BLOCK:BAD.stop * BLOCK])
        assert machine.client.call('query-status')['status'] == 'paused'
        machine.client.call('cont')             # the guest starts over
        machine.end('disk: write at 0: 32 ok, 0 failed, 0 wrong')
        assert_written(disk, range(COUNT))
    each_way(recorder, WRITE, test, werror='stop')


@on_one_accel
def flush(recorder):
    """a flush that fails is a write that fails; what the kernel has dropped stays lost"""
    def test(disk, machine):
        disk.fail('sync', errno.EIO)
        machine.start()
        machine.errors('report', 'write', count=1)
        machine.end('disk: flush at 0: 0 ok, 1 failed, 0 wrong')
        assert machine.failed('flush') == 1
    each_way(recorder, WRITE + ' disk=flush', test, werror='report')


@on_one_accel
def quit_with_requests_in_flight(recorder):
    """quit waits for the host's answers: what the guest has sent is written"""
    for way in WAYS:
        with FaultyFile(SIZE) as disk, Daemon(recorder) as daemon:
            machine = Machine(daemon, disk, WRITE, **way)
            disk.hold()
            machine.start()
            wait_held(disk)
            machine.client.send({'execute': 'quit'})
            time.sleep(0.05)
            assert daemon.alive()
            disk.release()
            assert daemon.wait() == 0
            assert_written(disk, range(COUNT))


def wait_held(disk):
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while not disk.n_held():
        assert time.monotonic() < deadline, 'no request has come'
        time.sleep(0.002)


@on_one_accel
def stop_with_requests_in_flight(recorder):
    """stop waits for requests in flight; errors meanwhile are kept as at any time"""
    for way in WAYS:
        with FaultyFile(SIZE) as disk, Daemon(recorder) as daemon:
            machine = Machine(daemon, disk, WRITE, werror='stop', **way)
            client = machine.client
            fault(disk, 'write', errno.EIO)
            disk.hold()
            machine.start()
            wait_held(disk)
            client.send({'execute': 'stop'})
            time.sleep(0.05)
            disk.release()
            assert client.reply() == {'return': {}}
            machine.errors('stop', 'write')
            assert client.call('query-status')['status'] in ('paused', 'io-error')
            disk.heal()
            client.call('cont')
            machine.end('disk: write at 0: 32 ok, 0 failed, 0 wrong')
            assert_written(disk, range(COUNT))


if __name__ == '__main__':
    vmdtest.main([report_write, ignore_write, stop_write, enospc_write, report_read, stop_read,
                  reset_while_stopped, flush, stop_with_requests_in_flight,
                  quit_with_requests_in_flight])
