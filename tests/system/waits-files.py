#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A file system that does not answer holds those who have files there, and nobody else.

Files that are read and written for backends, and those that a machine loads; disks are
in waits.py.
"""
import contextlib
import errno
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from qtestclient import QtestClient                 # noqa: E402
from vmdtest import TIMEOUT, Client, Daemon, accel_class, on_one_accel     # noqa: E402
from waiting import (Waiting, becomes, chardev, ends, ends_but_for, hold_nobody, legacy,     # noqa: E402
                     n_said, others_go_on, request, wait_child, wait_held)


# ---- Files of backends

def files(recorder):
    """a file system that does not answer holds those who have files there"""
    with FaultyFile(1 << 20) as disk:
        disk.stop_answering()
        path = disk.folder + '/other'
        hold_nobody(recorder, [
            request('blockdev-add', driver='file', node_name='f', filename=path),
            request('blockdev-add', driver='raw', node_name='r',
                    file={'driver': 'file', 'filename': path}),
            request('chardev-add', id='c', backend={'type': 'file', 'data': {'out': path}}),
            request('chardev-add', id='p', backend={'type': 'pipe', 'data': {'device': path}}),
            chardev('u', {'type': 'unix', 'path': path}),
            request('chardev-add', id='n', backend={'type': 'null', 'data': {'logfile': path}}),
            request('object-add', qom_type='memory-backend-file', id='m', mem_path=path,
                    size=1 << 20),
            request('object-add', qom_type='rng-random', id='r', filename=path),
            request('object-add', qom_type='fw-cfg-file', id='fw', name='opt/x', file=path),
            *[request('blockdev-add', driver='file', node_name='f%d' % i, filename=path)
              for i in range(8)]])


def logs(recorder):
    """a log that takes nothing, on a file system or a full pipe: what is missing is said once"""
    part = 'x' * (256 << 10)
    with FaultyFile(1) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
        stack.callback(disk.release)        # a write that waits cannot be killed
        fifo = daemon.path('fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        client = daemon.client()
        for name, path in ('disk', disk.path), ('pipe', fifo):
            client.call('chardev-add', id=name, backend={'type': 'ringbuf', 'data': {
                'size': 65536, 'logfile': path}})
        disk.hold()
        for name in 'disk', 'pipe':
            for _ in range(40):     # more than twice what is kept: as much is being written
                client.call('ringbuf-write', device=name, data=part)
        wait_held(disk)
        others_go_on(daemon)
        assert n_said(daemon, 'log file takes nothing') == 2
        client.call('chardev-remove', id='pipe')
        os.close(reader)
        disk.release()
        client.call('chardev-remove', id='disk')
        assert n_said(daemon, 'missing from the log file') == 2
        assert 1 << 20 < len(disk.data) < 40 * len(part), len(disk.data)
        client.call('chardev-add', id='disk', backend={'type': 'ringbuf', 'data': {
            'size': 65536, 'logfile': disk.path}})
        disk.stop_answering()
        client.call('ringbuf-write', device='disk', data=part)
        others_go_on(daemon)
        ends(daemon)


def emptied(recorder):
    """output files are emptied, at the end of a build as well, where that holds nobody"""
    with contextlib.ExitStack() as stack:
        disks = [stack.enter_context(FaultyFile(1 << 20)) for _ in range(3)]
        out, log, dump = (disk.path for disk in disks)
        daemon = stack.enter_context(Daemon(recorder))
        for disk in disks:
            stack.callback(disk.release)        # what waits cannot be killed
        owner, path = daemon.client(), daemon.path('s')
        owner.send(request('build', requests=[
            request('netdev_add', type='user', id='n'),
            request('object-add', qom_type='filter-dump', id='dump', netdev='n', file=dump),
            request('chardev-add', id='out', backend={'type': 'file', 'data': {'out': out}}),
            request('chardev-add', id='log', backend={'type': 'ringbuf', 'data': {
                'size': 65536, 'logfile': log}}),
            request('chardev-add', id='s', backend={'type': 'socket', 'data': {
                'addr': legacy({'type': 'unix', 'path': path}), 'wait': True}})]))
        wait_child(daemon.client(), '/chardevs', 's', True)
        for disk in disks:
            disk.hold('look', 'resize')
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            owner.reply()
        owner.call('ringbuf-write', device='log', data='abc')
        for disk in disks:
            wait_held(disk)
        others_go_on(daemon)
        for disk in disks:
            assert disk.n_held() == 1 and len(disk.data) == 1 << 20
            disk.release()
        for name in 'out', 'log':
            owner.call('chardev-remove', id=name)
        owner.call('object-del', id='dump')
        assert [len(disk.data) for disk in disks] == [0, 3, 24], disks
        ends(daemon)


def machine_with_card(client, here, there):
    """The card's driver has not begun, so that it drops what comes."""
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='main', size=16 << 20)
    client.call('object-add', qom_type='pc-i440fx-7.2-machine', memory_backend='main')
    client.call('netdev_add', type='dgram', id='n', local={'type': 'unix', 'path': here},
                remote={'type': 'unix', 'path': there})
    client.call('device_add', driver='e1000', netdev='n')


def frames_of(data):
    """The lengths of the frames in a pcap file, all of which are whole."""
    sizes, at = [], 24
    while at < len(data):
        kept, size = struct.unpack_from('=II', data, at + 8)
        sizes.append(size)
        at += 16 + kept
    assert at == len(data), (at, len(data))
    return sizes


def dumps(recorder):
    """a file of frames that takes nothing holds no network; what is missing is said once"""
    n, size = 3000, 1000                        # more than is kept
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)            # a write that waits cannot be killed
        client, here, there = daemon.client(), daemon.path('here'), daemon.path('there')
        peer = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        peer.bind(there)
        peer.settimeout(TIMEOUT)
        machine_with_card(client, here, there)
        client.call('cont')
        disk.hold()
        for dying in False, True:
            client.call('object-add', qom_type='filter-dump', id='dump', netdev='n',
                        file=disk.path)
            if dying:
                disk.stop_answering()
            for _ in range(n):
                peer.sendto(bytes(size), here)  # waits until there is room
            others_go_on(daemon, machine=True)
            if not dying:
                assert disk.n_held() == 1
                assert n_said(daemon, 'frames are missing from') == 1
                disk.release()
                client.call('object-del', id='dump')
                assert n_said(daemon, 'frames are missing from') == 2
                sizes = frames_of(disk.data)
                kept = len(sizes) * (size + 16)     # up to 1 MiB, and as much being written
                assert set(sizes) == {size} and 1 << 20 <= kept * 1.1 and kept <= 2 << 20
        ends(daemon)


def driven_machine(daemon):
    """A machine that is driven from outside, and a client of each kind."""
    client, path = daemon.client(), daemon.path('q')
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='main', size=16 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='main')
    client.call('chardev-add', id='qtest', backend={'type': 'socket', 'data': {
        'addr': legacy({'type': 'unix', 'path': path}), 'wait': False}})
    client.call('object-add', qom_type='qtest', id='qtest', chardev='qtest')
    return client, contextlib.closing(QtestClient(path))


LINE_STATUS = 0x3fd


def inputs(recorder):
    """input from a file that gives nothing is waited for aside, and comes when it is there"""
    for dying in False, True:
        with FaultyFile(3) as disk, Daemon(recorder) as daemon:
            read_input(disk, daemon, dying, {'type': 'file', 'data': {
                'in': disk.path, 'out': daemon.path('console')}})


def standard_input(recorder):
    """the same of a file that is standard input"""
    for dying in False, True:
        with FaultyFile(3) as disk, open(disk.path, 'rb', buffering=0) as file, \
                Daemon(recorder, stdin=file) as daemon:
            read_input(disk, daemon, dying, {'type': 'stdio', 'data': {}})


def read_input(disk, daemon, dying, backend):
    with contextlib.ExitStack() as stack:
        stack.callback(disk.release)        # a read that waits cannot be killed
        disk.data[:] = b'abc'
        client, driven = driven_machine(daemon)
        qtest = stack.enter_context(driven)
        disk.hold('control')                # no one asks whether it is a terminal
        client.call('chardev-add', id='con', backend=backend)
        disk.hold()
        if dying:
            disk.stop_answering()
        client.call('device_add', driver='isa-serial', chardev='con')
        if not dying:
            wait_held(disk)
        others_go_on(daemon, machine=True)
        assert qtest.inb(LINE_STATUS) & 1 == 0
        disk.release()
        for byte in b'abc' if not dying else b'':
            becomes(lambda: qtest.inb(LINE_STATUS) & 1, 1)
            assert qtest.inb(0x3f8) == byte
        ends(daemon)


def no_pipes(recorder):
    """a regular file is no pipe, which would be read and written at once"""
    with FaultyFile(3) as disk, Daemon(recorder) as daemon:
        client = daemon.client()

        def refuse(device, name):
            error = client.error('chardev-add', {
                'id': 'p', 'backend': {'type': 'pipe', 'data': {'device': device}}})
            assert error['reason'] == 'file-not-usable', error
            assert error['path'] == 'backend.data.device', error
            assert "'%s' is not a named pipe" % name in error['desc'], error
            assert "'file'" in error['desc'], error

        refuse(disk.path, disk.path)
        for wrong, right in ('.in', '.out'), ('.out', '.in'):
            path = daemon.path('pipe' + wrong)
            os.symlink(disk.path, path + wrong)
            os.mkfifo(path + right)
            refuse(path, path + wrong)
        ends(daemon)


def room(recorder):
    """whether a file system has room again is asked aside, while it lacks some"""
    with FaultyFile(0) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
        stack.callback(disk.release)
        client, driven = driven_machine(daemon)
        qtest = stack.enter_context(driven)
        client.call('chardev-add', id='con', backend={'type': 'file', 'data': {'out': disk.path}})
        client.call('device_add', driver='isa-serial', chardev='con')
        disk.fail('write', errno.ENOSPC)
        for ending in False, True:
            disk.hold('room')
            qtest.outb(0x3f8, 0x41)
            assert client.wait_event('RESOURCE_EXHAUSTED')['data']['exhausted'] is True
            wait_held(disk)
            others_go_on(daemon, machine=True)
            if not ending:
                disk.release()
                assert client.wait_event('RESOURCE_EXHAUSTED')['data']['exhausted'] is False
        ends_but_for(daemon, disk)


RNG, RINGS = 0xfeb00000 + 7 * 512, 0x100000


def ask_for_bytes(qtest, n):
    """The first request of a driver of virtio-rng (VIRTIO 1.2, 4.2 and 5.4)."""
    qtest.write(RINGS, struct.pack('<QIHH', RINGS + 0x3000, n, 2, 0))
    qtest.write(RINGS + 0x1000, struct.pack('<HHH', 0, 1, 0))
    for register, value in ((0x70, 1), (0x70, 3), (0x24, 1), (0x20, 1), (0x70, 11), (0x30, 0),
                            (0x38, 8), (0x80, RINGS), (0x90, RINGS + 0x1000),
                            (0xa0, RINGS + 0x2000), (0x44, 1), (0x70, 15), (0x50, 0)):
        qtest.writel(RNG + register, value)


def random_bytes(recorder):
    """the same of a file that random bytes are read from"""
    for dying in False, True:
        with FaultyFile(8) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
            stack.callback(disk.release)        # a read that waits cannot be killed
            disk.data[:] = b'abcdefgh'
            client, driven = driven_machine(daemon)
            qtest = stack.enter_context(driven)
            client.call('object-add', qom_type='rng-random', id='rng', filename=disk.path)
            client.call('device_add', driver='virtio-rng-device', id='dev', rng='rng')
            client.call('cont')
            disk.hold()
            if dying:
                disk.stop_answering()
            ask_for_bytes(qtest, 8)
            if not dying:
                wait_held(disk)
            others_go_on(daemon, machine=True)
            assert qtest.read(RINGS + 0x2002, 2) == bytes(2)
            disk.release()
            if not dying:
                becomes(lambda: qtest.read(RINGS + 0x2002, 2), b'\1\0')
                assert qtest.read(RINGS + 0x3000, 8) == b'abcdefgh'
            ends(daemon)


@on_one_accel
def outputs(recorder):
    """a guest whose console goes to files that take nothing runs on, and ends"""
    with FaultyFile(0) as out, FaultyFile(0) as log, Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                    kernel=os.path.join(vmdtest.GUESTS, 'guest.elf'), append='end=exit:4')
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        client.call('device_add', driver='isa-debug-exit')
        client.call('chardev-add', id='con', backend={'type': 'file', 'data': {
            'out': out.path, 'logfile': log.path}})
        client.call('device_add', driver='isa-serial', chardev='con')
        out.stop_answering()
        log.stop_answering()
        client.call('cont')
        client.wait_event('SHUTDOWN')
        assert daemon.wait() == 9
        assert not out.data and not log.data


def abandoned_files(recorder):
    """a disk whose client goes while it is opened is closed where that holds nobody"""
    with FaultyFile(1 << 20, closes=True) as disk, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)            # what waits cannot be killed
        owner, other = daemon.client(), daemon.client()
        disk.hold('open')
        owner.send(request('build', requests=[
            request('object-add', qom_type='iothread', id='io'),
            request('blockdev-add', driver='raw', node_name='r',
                    file={'driver': 'file', 'node-name': 'f', 'filename': disk.path})]))
        wait_held(disk)
        wait_child(other, '/objects', 'io', True)
        owner.close()
        wait_child(other, '/objects', 'io', False)
        disk.hold('close')                      # no more what was held before
        wait_held(disk)
        others_go_on(daemon)
        disk.release()
        wait_child(other, '/block-nodes', 'f', False)
        ends(daemon)


def discards(recorder):
    """a memory file whose content goes with it holds the client that removes it"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)            # what waits cannot be killed
        client = daemon.client()
        client.call('object-add', qom_type='memory-backend-file', id='file', mem_path=disk.path,
                    size=1 << 20, discard_data=True)
        disk.hold('punch')
        with Waiting(daemon, [request('object-del', id='file')]) as waiting:
            wait_held(disk)
            others_go_on(daemon)
            waiting.check()
            disk.release()
            assert waiting.clients[0].reply() == {'return': {}}
        assert n_said(daemon, "content of '%s' stays" % disk.path) == 1     # it cannot be done
        ends(daemon)


def socket_paths(recorder):
    """a socket's place in a file system holds the client that removes it, and not the end"""
    for by_signal in None, False, True:
        with FaultyFile(0) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
            stack.callback(disk.release)        # what waits cannot be killed
            client, address = daemon.client(), {'type': 'unix', 'path': disk.socket}
            for message, removal in (
                    (chardev('x', address, server=True, wait=False),
                     request('chardev-remove', id='x')),
                    (request('netdev_add', type='stream', id='x', addr=address, server=True),
                     request('netdev_del', id='x')),
                    (request('netdev_add', type='dgram', id='x', local=address, remote={
                        'type': 'unix', 'path': daemon.path('peer')}),
                     request('netdev_del', id='x'))):
                client.request(message)
                assert os.path.exists(disk.socket)
                if by_signal is not None:
                    break
                disk.hold('unlink')
                with Waiting(daemon, [removal]) as waiting:
                    wait_held(disk)
                    others_go_on(daemon)
                    waiting.check()
                    disk.release()
                    assert waiting.clients[0].reply() == {'return': {}}
                assert not os.path.exists(disk.socket)
            if by_signal is not None:
                disk.stop_answering()
                ends(daemon, by_signal)


def the_end(recorder):
    """the end does not wait for what a file system does not do, of as many files as there are"""
    for by_signal in False, True:
        with contextlib.ExitStack() as stack:
            disks = [stack.enter_context(FaultyFile(1 << 20)) for _ in range(8)]
            daemon = stack.enter_context(Daemon(recorder))
            client, path = daemon.client(), daemon.path('s')
            client.request(chardev('s', {'type': 'unix', 'path': path}, server=True, wait=False))
            for i, disk in enumerate(disks[:6]):
                client.call('object-add', qom_type='memory-backend-file', id='m%d' % i,
                            mem_path=disk.path, size=1 << 20, discard_data=True)
            for i, disk in enumerate(disks[6:]):        # nothing was written: nothing is flushed
                client.call('blockdev-add', driver='file', node_name='n%d' % i,
                            filename=disk.path)
            for disk in disks:
                disk.stop_answering()
            ends(daemon, by_signal)
            assert not os.path.exists(path)     # what answers is done


def queries(recorder):
    """what is asked about a disk is answered without its file system"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('blockdev-add', driver='file', node_name='f', filename=disk.path)
        disk.stop_answering()
        image = client.call('query-named-block-nodes')[0]['image']
        assert image['actual-size'] == image['virtual-size'] == 1 << 20, image
        client.call('query-block')
        client.call('query-blockstats', query_nodes=True)
        client.call('qom-list', path='/block-nodes/f')
        client.call('qom-get', path='/block-nodes/f', property='size')


# ---- Files of a machine

def roms(recorder):
    """the same of a card's expansion ROM, whether the request names it or the machine"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
        disk.stop_answering()
        path = disk.folder + '/other'
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='qtest')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=16 << 20)
        client.call('object-add', qom_type='pc-i440fx-7.2-machine', memory_backend='main',
                    defaults=[{'driver': 'e1000', 'property': 'romfile', 'value': path}])
        with Waiting(daemon, [request('device_add', driver='pci-testdev', id='t', romfile=path),
                              request('device_add', driver='e1000', id='e')]) as waiting:
            for i in range(2):
                client.call('device_add', driver='e1000', id='other%d' % i, romfile='')
                client.call('device_del', id='other%d' % i)
            client.call('device_add', driver='virtio-rng-pci', id='rng')
        waiting.check()
        ends(daemon)


@on_one_accel
def kernels(recorder):
    """a kernel is read when its machine is made, which holds nobody; it is there at the start"""
    with open(os.path.join(vmdtest.GUESTS, 'guest.elf'), 'rb') as f:
        kernel = f.read()
    with FaultyFile(len(kernel)) as disk, Daemon(recorder) as daemon:
        disk.data[:] = kernel
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                    kernel=disk.path, append='end=reboot')
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        client.call('set-action', reboot='shutdown')
        disk.stop_answering()
        client.call('cont')
        assert client.wait_event('SHUTDOWN')['data']['reason'] == 'guest-reset'
        assert daemon.wait() == 0
    with FaultyFile(1 << 20) as deaf, Daemon(recorder) as daemon:
        deaf.stop_answering()
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
        with Waiting(daemon, [request('object-add', qom_type='microvm-machine',
                                      memory_backend='main', kernel=deaf.folder + '/x')]):
            client.call('object-add', qom_type='iothread', id='io')
        ends(daemon)


@on_one_accel
def kernels_of_resets(recorder):
    """a kernel is read again for a reset, or for a second cont, which holds nobody"""
    with open(os.path.join(vmdtest.GUESTS, 'guest.elf'), 'rb') as f:
        kernel = f.read()
    for accel in ('qtest-accel', accel_class()):
        with FaultyFile(len(kernel)) as disk, Daemon(recorder) as daemon, \
                contextlib.ExitStack() as stack:
            stack.callback(disk.release)        # a read that waits cannot be killed
            disk.data[:] = kernel
            client = daemon.client()
            client.call('object-add', qom_type=accel, id='accel')
            client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
            client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                        kernel=disk.path, append='end=echo')
            client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
            client.call('cont')
            disk.hold()
            reset = Client(daemon.socket)
            with Waiting(daemon, [request('system_reset')]):
                reset.send(request('system_reset'))
                wait_held(disk)
                others_go_on(daemon, machine=True)
                client.call('stop')
                client.wait_event('STOP')
                assert client.call('query-status')['status'] == 'paused'
                client.call('cont')
                client.wait_event('RESUME')
                assert client.call('query-status')['status'] == 'running'
            disk.release()
            assert client.wait_event('RESET')['data']['reason'] == 'host-qmp-system-reset'
            client.wait_event('RESET')
            reset.reply()
            client.call('system_reset')
            client.wait_event('RESET')
            ends(daemon)
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
        stack.callback(disk.release)
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                    kernel=disk.path)
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        assert client.error('cont')['reason'] == 'file-not-usable'
        disk.data[:len(kernel)] = kernel
        disk.hold()
        start = Client(daemon.socket)
        start.send(request('cont'))
        wait_held(disk)
        others_go_on(daemon, machine=True)
        assert client.call('query-status')['status'] == 'prelaunch'
        disk.release()
        client.wait_event('RESUME')
        disk.stop_answering()
        with Waiting(daemon, [request('system_reset')]):
            others_go_on(daemon, machine=True)
        ends(daemon, True)


if __name__ == '__main__':
    vmdtest.main([files, logs, emptied, dumps, inputs, standard_input, no_pipes, room, random_bytes,
                  outputs, abandoned_files, discards, socket_paths, the_end, queries, roms, kernels,
                  kernels_of_resets])
