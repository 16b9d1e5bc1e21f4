#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing that waits holds others: hosts that do not answer, and what a daemon does meanwhile.

Peers that drop connections, a file system without server and a name service that never
returns.  While some clients wait for them, others get their replies; that those still wait
is looked at afterwards, so that no time is measured.  The daemon ends in spite of them all.
"""
import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from namespace import Namespace                     # noqa: E402
from qtestclient import QtestClient                 # noqa: E402
from vmdtest import TIMEOUT, Client, Daemon, accel_class, on_one_accel     # noqa: E402

DEAF_NAMES = os.path.join(vmdtest.BUILDDIR, 'tests', 'lib', 'deaf-names.so')
MANY = 64


# ---- Who does not answer

@contextlib.contextmanager
def full_backlog(family, address):
    """The address of a stream socket at which connections are neither accepted nor refused."""
    with socket.socket(family) as listener, contextlib.ExitStack() as stack:
        listener.bind(address)
        listener.listen(0)
        for _ in range(64):
            probe = stack.enter_context(socket.socket(family))
            probe.setblocking(False)
            if probe.connect_ex(listener.getsockname()) and not select.select(
                    [], [probe], [], 0.5)[1]:
                break               # it is on its way, and stays there
            if family == socket.AF_UNIX and probe.getsockopt(
                    socket.SOL_SOCKET, socket.SO_ERROR) == 0 and not connected(probe):
                break
        else:
            raise vmdtest.Skip('a socket whose backlog is full takes connections here')
        yield listener.getsockname()


def connected(probe):
    try:
        probe.getpeername()
        return True
    except OSError:
        return False


def inet(port, host='127.0.0.1'):
    return {'type': 'inet', 'host': host, 'port': str(port)}


def legacy(address):
    return {'type': address['type'], 'data': {k: v for k, v in address.items() if k != 'type'}}


def chardev(name, address, **options):
    return {'execute': 'chardev-add', 'arguments': {'id': name, 'backend': {
        'type': 'socket', 'data': {'addr': legacy(address), 'server': False, **options}}}}


def stream(name, address, **options):
    return {'execute': 'netdev_add', 'arguments': {
        'type': 'stream', 'id': name, 'addr': address, 'server': False, **options}}


def request(command, **arguments):
    return {'execute': command, 'arguments': {
        name.replace('_', '-'): value for name, value in arguments.items()}}


# ---- Those who wait, and the others

class Waiting:
    """A client for each request; none of them has been answered when this is left."""

    def __init__(self, daemon, requests):
        self.clients = [Client(daemon.socket) for _ in requests]
        for client, message in zip(self.clients, requests):
            client.send(message)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not kind:
            self.check()

    def check(self):
        for client in self.clients:
            while client.buffer or select.select([client.sock], [], [], 0)[0]:
                message = client.receive()
                assert 'event' in message, message


def others_go_on(daemon, machine=False):
    """One of each kind of object that takes a thread, and of one that takes none."""
    client = daemon.client()
    with open(daemon.path('image'), 'wb') as image:
        image.truncate(65536)
    for _ in range(2):
        client.call('object-add', qom_type='memory-backend-memfd', id='ram', size=4 << 20,
                    prealloc=True)
        client.call('blockdev-add', driver='file', node_name='file',
                    filename=daemon.path('image'))
        client.call('chardev-add', id='file', backend={
            'type': 'file', 'data': {'out': daemon.path('out')}})
        client.call('netdev_add', type='user', id='net')
        with socket.create_server(('127.0.0.1', 0)) as server:
            client.request(chardev('peer', inet(server.getsockname()[1])))
            client.call('chardev-remove', id='peer')
        if not machine:
            client.call('object-add', qom_type='qtest-accel', id='accel')
            client.call('object-del', id='accel')
        client.call('netdev_del', id='net')
        client.call('chardev-remove', id='file')
        client.call('blockdev-del', node_name='file')
        client.call('object-del', id='ram')
    client.close()


def ends(daemon, by_signal=False):
    """The daemon ends, though others wait."""
    if by_signal:
        daemon.process.send_signal(signal.SIGTERM)
    else:
        daemon.client().call('quit')
    assert daemon.wait() == 0


def hold_nobody(recorder, requests, **options):
    """Others go on while requests wait, and the daemon ends."""
    for by_signal in (False, True):
        with Daemon(recorder, **options) as daemon:
            with Waiting(daemon, requests) as waiting:
                others_go_on(daemon)
            waiting.check()
            ends(daemon, by_signal)


# ---- Peers

def chardevs_that_connect(recorder):
    """64 chardev-adds to a TCP peer that never accepts: others are answered, the daemon ends"""
    with full_backlog(socket.AF_INET, ('127.0.0.1', 0)) as (_, port):
        hold_nobody(recorder, [chardev('c%d' % i, inet(port)) for i in range(MANY)])


def netdevs_that_connect(recorder):
    """the same for netdevs"""
    with full_backlog(socket.AF_INET, ('127.0.0.1', 0)) as (_, port):
        requests = [stream('s%d' % i, inet(port)) for i in range(16)]
        requests += [request('netdev_add', type='socket', id='o%d' % i,
                             connect='127.0.0.1:%d' % port) for i in range(16)]
        requests += [request('netdev_add', type='user', id='u%d' % i, guestfwd=[
            {'str': 'tcp:10.0.2.100:80-tcp:127.0.0.1:%d' % port}]) for i in range(16)]
        hold_nobody(recorder, requests)


def firewalled_peers(recorder):
    """peers whose firewall drops what is sent to them, by a rule in a network namespace"""
    with Namespace() as namespace:
        namespace.firewall(7000, 7999)
        requests = [chardev('c%d' % i, inet(7000 + i)) for i in range(MANY)]
        requests += [stream('s%d' % i, inet(7100 + i)) for i in range(16)]
        requests += [request('netdev_add', type='user', id='u%d' % i, guestfwd=[
            {'str': 'tcp:10.0.2.100:80-tcp:127.0.0.1:7200'}]) for i in range(16)]
        hold_nobody(recorder, requests)
        with Daemon(recorder) as daemon:
            client = daemon.client()
            for i in range(8):
                client.request(chardev('c%d' % i, inet(7000), reconnect=1))
            others_go_on(daemon)
            ends(daemon)


def unix_peers(recorder):
    """the same for unix sockets"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 's')
        with full_backlog(socket.AF_UNIX, path):
            address = {'type': 'unix', 'path': path}
            hold_nobody(recorder, [chardev('c%d' % i, address) for i in range(16)] +
                        [stream('s%d' % i, address) for i in range(16)])


def those_that_reconnect(recorder):
    """backends that reconnect, too; once the peer listens, they connect"""
    for by_signal in (False, True):
        with full_backlog(socket.AF_INET, ('127.0.0.1', 0)) as (_, port), \
                Daemon(recorder) as daemon:
            client = daemon.client()
            for i in range(8):
                client.request(chardev('c%d' % i, inet(port), reconnect=1))
                client.request(stream('s%d' % i, inet(port), reconnect=1))
            others_go_on(daemon)
            for i in range(4):
                client.call('chardev-remove', id='c%d' % i)
                client.call('netdev_del', id='s%d' % i)
            client.call('object-add', qom_type='iothread', id='io')
            ends(daemon, by_signal)


def failed_connection(recorder):
    """a peer that refuses: the error names the address, and nothing is left"""
    with socket.socket() as probe, Daemon(recorder) as daemon:
        probe.bind(('127.0.0.1', 0))        # bound, and nobody listens
        port = probe.getsockname()[1]
        client = daemon.client()
        for message, path in ((chardev('x', inet(port)), 'backend.data.addr'),
                              (stream('x', inet(port)), 'addr'),
                              (request('netdev_add', type='socket', id='x',
                                       connect='127.0.0.1:%d' % port), 'connect')):
            error = client.error(message['execute'], message['arguments'])
            assert (error['reason'], error['path']) == ('host-error', path), error
            assert 'refused' in error['desc'], error
        for folder in ('/chardevs', '/netdevs'):
            assert len(client.call('qom-list', path=folder)) == 1, folder
        ends(daemon)


# ---- Names

def names(recorder):
    """a name service that does not answer delays only requests that look up names"""
    unknown = inet(1, 'name.example')
    requests = [chardev('c', unknown), stream('s', unknown),
                request('chardev-add', id='u', backend={
                    'type': 'udp', 'data': {'remote': legacy(unknown)}}),
                request('netdev_add', type='dgram', id='d', remote=unknown,
                        local={'type': 'inet', 'host': '127.0.0.1', 'port': '0'}),
                request('chardev-add', id='l', backend={
                    'type': 'socket', 'data': {'addr': legacy(unknown), 'wait': False}})] + \
        [chardev('c%d' % i, unknown) for i in range(16)]
    hold_nobody(recorder, requests, env={**os.environ, 'LD_PRELOAD': DEAF_NAMES})


def names_of_those_that_reconnect(recorder):
    """however many backends look for their peers' names, one without a name finds its own"""
    env = {**os.environ, 'LD_PRELOAD': DEAF_NAMES}
    with Daemon(recorder, env=env) as daemon, socket.create_server(('127.0.0.1', 0)) as server:
        client = daemon.client()
        for i in range(100):
            client.request(chardev('c%d' % i, inet(1, 'name.example'), reconnect=1))
        client.request(chardev('there', inet(server.getsockname()[1]), reconnect=1))
        server.settimeout(TIMEOUT)
        server.accept()[0].close()
        client.call('chardev-remove', id='c0')
        client.call('chardev-remove', id='c99')
        others_go_on(daemon)
        ends(daemon)


# ---- Files

def files(recorder):
    """a file system that does not answer delays only requests with files there"""
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


def wait_held(disk):
    deadline = time.monotonic() + TIMEOUT
    while not disk.n_held():
        assert time.monotonic() < deadline, 'nothing is asked of the file'
        time.sleep(0.01)


def n_said(daemon, text):
    with open(daemon.path('log'), encoding='utf-8') as f:
        return f.read().count(text)


def wait_said(daemon, text):
    deadline = time.monotonic() + TIMEOUT
    while not n_said(daemon, text):
        assert time.monotonic() < deadline, 'no %s in the log' % text
        time.sleep(0.01)


def logs(recorder):
    """a log that accepts nothing, on a file system or a full pipe: lost output is reported once"""
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
            for _ in range(20):     # more than is kept
                client.call('ringbuf-write', device=name, data=part)
        wait_held(disk)
        others_go_on(daemon)
        assert n_said(daemon, 'log file takes nothing') == 2
        client.call('chardev-remove', id='pipe')
        os.close(reader)
        disk.release()
        client.call('chardev-remove', id='disk')
        assert n_said(daemon, 'missing from the log file') == 2
        assert 1 << 20 < len(disk.data) < 20 * len(part), len(disk.data)
        client.call('chardev-add', id='disk', backend={'type': 'ringbuf', 'data': {
            'size': 65536, 'logfile': disk.path}})
        disk.stop_answering()
        client.call('ringbuf-write', device='disk', data=part)
        others_go_on(daemon)
        ends(daemon)


def emptied(recorder):
    """output files are truncated, at the end of a build as well, without blocking"""
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
    """The card's driver has not started, so the card drops all frames."""
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
    """a dump file that accepts nothing blocks no network; lost frames are reported once"""
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
                assert set(sizes) == {size} and 1 << 20 <= len(sizes) * (size + 16) * 1.1 < 2 << 20
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


def becomes(read, expect):
    deadline = time.monotonic() + TIMEOUT
    while read() != expect:
        assert time.monotonic() < deadline, (read(), expect)
        time.sleep(0.01)


LINE_STATUS = 0x3fd


def inputs(recorder):
    """a separate thread waits for input from a file, which arrives when it is available"""
    for dying in False, True:
        with FaultyFile(3) as disk, Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
            stack.callback(disk.release)        # a read that waits cannot be killed
            disk.data[:] = b'abc'
            client, driven = driven_machine(daemon)
            qtest = stack.enter_context(driven)
            client.call('chardev-add', id='con', backend={'type': 'file', 'data': {
                'in': disk.path, 'out': daemon.path('console')}})
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
    """the same for a file of random bytes"""
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
    """a guest whose console goes to files that accept nothing continues, and ends"""
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


def builds(recorder):
    """while a request of a build waits, others can query, and end the daemon"""
    # What changes something waits with it, as all of the list succeeds or nothing is left.
    with FaultyFile(1 << 20) as disk:
        disk.stop_answering()
        hanging = request('build', requests=[
            request('object-add', qom_type='iothread', id='io'),
            request('chardev-add', id='c', backend={
                'type': 'file', 'data': {'out': disk.folder + '/other'}})])
        for by_signal in (False, True):
            with Daemon(recorder) as daemon:
                with Waiting(daemon, [hanging]):
                    other = daemon.client()
                    assert other.call('query-status')['status'] == 'prelaunch'
                    with Waiting(daemon, [request('object-add', qom_type='iothread', id='x')]):
                        other.call('query-chardev')
                ends(daemon, by_signal)


def builds_that_hang(recorder):
    """others get the name of what a build waits for, and continue when its client disconnects"""
    with FaultyFile(1 << 20) as disk:
        disk.stop_answering()
        for by_signal in (False, True):
            with Daemon(recorder) as daemon:
                owner, other = daemon.client(), daemon.client()
                owner.send(request('build', requests=[
                    request('object-add', qom_type='iothread', id='io'),
                    request('chardev-add', id='c', backend={
                        'type': 'file', 'data': {'out': disk.folder + '/other'}})]))
                wait_child(other, '/objects', 'io', True)
                for _ in range(2):
                    error = other.error('object-add', {'qom-type': 'iothread', 'id': 'x'})
                    assert error['reason'] == 'busy', error
                    assert "requests[1] (chardev-add 'c')" in error['desc'], error
                assert n_said(daemon, "a build waits for requests[1] (chardev-add 'c')") == 1
                owner.close()
                wait_child(other, '/objects', 'io', False)
                other.call('object-add', qom_type='iothread', id='io')
                others_go_on(daemon)
                error = other.error('chardev-add', {
                    'id': 'c', 'backend': {'type': 'null', 'data': {}}})
                assert error['reason'] == 'id-in-use', error    # until the host answers
                ends(daemon, by_signal)


def wait_child(client, path, name, there):
    deadline = time.monotonic() + TIMEOUT
    while any(o['name'] == name for o in client.call('qom-list', path=path)) != there:
        assert time.monotonic() < deadline, (name, there)
        time.sleep(0.01)


def builds_without_client(recorder):
    """a build whose client disconnects is undone, while it waits for a file, a peer, a client"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)            # a read that waits cannot be killed
        disk.hold()
        owner, other = daemon.client(), daemon.client()
        owner.send(request('build', requests=[
            request('object-add', qom_type='qtest-accel', id='accel'),
            request('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20),
            request('object-add', qom_type='iothread', id='io'),
            request('object-add', qom_type='microvm-machine', memory_backend='ram',
                    kernel=disk.path)]))
        wait_held(disk)
        wait_child(other, '/objects', 'io', True)
        owner.close()
        wait_child(other, '/objects', 'io', False)
        assert other.error('object-del', {'id': 'ram'})['reason'] == 'in-use'
        disk.release()
        wait_child(other, '/objects', 'ram', False)
        wait_child(other, '/', 'machine', False)
        others_go_on(daemon)
        ends(daemon)
    with full_backlog(socket.AF_INET, ('127.0.0.1', 0)) as (_, port), \
            Daemon(recorder) as daemon:
        other = daemon.client()
        for waiting in (chardev('c', inet(port)),
                        request('chardev-add', id='c', backend={'type': 'socket', 'data': {
                            'addr': legacy({'type': 'unix', 'path': daemon.path('s')}),
                            'wait': True}})):
            owner = daemon.client()
            owner.send(request('build', requests=[
                request('object-add', qom_type='iothread', id='io'), waiting]))
            wait_child(other, '/chardevs', 'c', True)
            owner.close()
            wait_child(other, '/chardevs', 'c', False)
            wait_child(other, '/objects', 'io', False)
            others_go_on(daemon)
        assert not os.path.exists(daemon.path('s'))
        ends(daemon)


def abandoned_files(recorder):
    """a disk whose client disconnects while it is opened is closed without blocking"""
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
        for kind in 'sync', 'close':
            disk.hold(kind)                     # no more what was held before
            wait_held(disk)
            others_go_on(daemon)
        disk.release()
        wait_child(other, '/block-nodes', 'f', False)
        ends(daemon)


def discards(recorder):
    """a memory file whose content is freed with it delays only the client that removes it"""
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


def queries(recorder):
    """queries about a disk are answered without its file system"""
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


def roms(recorder):
    """the same for a card's expansion ROM, whether the request names it or the machine"""
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
    """a kernel is read when its machine is created, without blocking; it is ready at the start"""
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
    """a kernel is read again for a reset, or for a second cont, without blocking"""
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


def clients_that_left(recorder):
    """requests of disconnected clients block no other client either"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
        disk.stop_answering()
        for i in range(16):
            client = Client(daemon.socket)
            client.send(request('blockdev-add', driver='file', node_name='f%d' % i,
                                filename=disk.folder + '/other'))
            client.close()
        others_go_on(daemon)
        ends(daemon)


def flushes(recorder):
    """removing a disk waits until its writes are flushed; removing others does not"""
    with FaultyFile(1 << 20) as disk, FaultyFile(1 << 20) as deaf, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)        # a sync that waits cannot be killed
        deaf.stop_answering()
        client = daemon.client()
        client.call('blockdev-add', driver='file', node_name='f', filename=disk.path)
        disk.hold()
        with Waiting(daemon, [request('blockdev-del', node_name='f'),
                              request('blockdev-add', driver='file', node_name='g',
                                      filename=deaf.folder + '/other')]):
            wait_held(disk)
            others_go_on(daemon)
        client.call('quit')
        try:
            daemon.wait(3)
            raise AssertionError('ended before the disk was safe')
        except subprocess.TimeoutExpired:
            pass
        disk.release()
        assert daemon.wait() == 0
        assert disk.syncs == 1, disk.syncs


@on_one_accel
def what_is_complete(recorder):
    """a hanging disk or socket does not prevent a running machine from being taken apart"""
    for accel in ('qtest-accel', accel_class()):
        with FaultyFile(1 << 20) as disk, FaultyFile(1 << 20) as deaf, Daemon(recorder) as daemon:
            deaf.stop_answering()
            client, path = daemon.client(), daemon.path('console')
            client.call('object-add', qom_type=accel, id='accel')
            client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
            client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                        kernel=os.path.join(vmdtest.GUESTS, 'guest.elf'), append='end=echo')
            if accel != 'qtest-accel':
                client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
            client.call('chardev-add', id='con', backend={'type': 'socket', 'data': {
                'addr': legacy({'type': 'unix', 'path': path}), 'wait': False}})
            client.call('device_add', driver='isa-serial', chardev='con')
            client.call('blockdev-add', driver='file', node_name='f', filename=disk.path)
            client.call('device_add', driver='virtio-blk-device', drive='f')
            with Waiting(daemon, [request('blockdev-add', driver='file', node_name='g',
                                          filename=deaf.folder + '/other')]):
                if accel != 'qtest-accel':
                    client.call('cont')
                assert os.path.exists(path)
            ends(daemon, True)
            assert disk.syncs == 1 and not os.path.exists(path), (accel, disk.syncs)


@on_one_accel
def busy_disks(recorder):
    """a disk that does not answer delays stop, resets and later requests, and no other client"""
    follows = [request('stop'), request('cont')], [request('system_reset'), request('stop')]
    events = ['STOP', 'RESUME'], ['STOP', 'RESET']      # a reset reads its kernel first
    for (first, second), expected in zip(follows, events):
        for props in ({}, {'iothread': 'io0'}):
            with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
                client = machine_with_disk(daemon, disk.path, props)
                disk.hold()
                client.call('cont')
                wait_held(disk)
                with Waiting(daemon, [first]) as one:
                    with Waiting(daemon, [second]) as two:
                        others_go_on(daemon, machine=True)
                        assert client.call('query-status')['status'] == 'running'
                    one.check()
                    client.events.clear()
                    disk.release()
                    assert one.clients[0].reply() == {'return': {}}
                    assert two.clients[0].reply() == {'return': {}}
                client.call('query-status')
                seen = [e['event'] for e in client.events if e['event'] in ('STOP', 'RESUME', 'RESET')]
                assert seen == expected, seen
                ends(daemon)


@on_one_accel
def deaf_disks(recorder):
    """a file system that stops answering before a disk's first request blocks only that disk"""
    for props in ({}, {'iothread': 'io0'}):
        with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
            client = machine_with_disk(daemon, disk.path, props)
            disk.stop_answering()
            client.call('cont')
            for _ in range(20):
                others_go_on(daemon, machine=True)
            ends(daemon)


@on_one_accel
def busy_disks_at_the_end(recorder):
    """the end does not wait for a disk that does not answer, nor for those that wait for it"""
    for by_signal in (False, True):
        for props in ({}, {'iothread': 'io0'}):
            with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
                client = machine_with_disk(daemon, disk.path, props)
                disk.stop_answering()
                client.call('trace-event-set-state', name='file_submit', enable=True)
                client.call('cont')
                wait_said(daemon, 'op=write')   # what a server has read, the kernel waits for
                with Waiting(daemon, [request('system_reset')]):
                    with Waiting(daemon, [request('stop'), request('cont')]):
                        others_go_on(daemon, machine=True)
                ends(daemon, by_signal)


def machine_with_disk(daemon, path, props):
    """A machine whose guest writes to its disk, and then ends."""
    client = daemon.client()
    client.call('object-add', qom_type='iothread', id='io0')
    client.call('object-add', qom_type=accel_class(), id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='main', size=32 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='main',
                kernel=os.path.join(vmdtest.GUESTS, 'guest.elf'),
                append='disk=write:0:1 end=halt')
    client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0', tsc_deadline=True,
                x2apic=True)
    client.call('blockdev-add', driver='file', node_name='f', filename=path)
    client.call('device_add', driver='virtio-blk-device', drive='f', **props)
    return client


# ---- A child

def stubborn_command(recorder):
    """a command of --before-ready that does not end on SIGTERM is killed"""
    with tempfile.TemporaryDirectory() as folder:
        mark = os.path.join(folder, 'mark')
        command = 'sh -c "trap : TERM; echo $$ >%s.new; mv %s.new %s; while :; do sleep 1; done"'
        with Daemon(recorder, ['--before-ready', command % (mark, mark, mark)]) as daemon:
            deadline = time.monotonic() + TIMEOUT
            while not os.path.exists(mark):
                assert time.monotonic() < deadline, 'the command does not begin'
                time.sleep(0.01)
            with open(mark, encoding='ascii') as f:
                child = int(f.read())
            ends(daemon, True)
            assert not os.path.exists('/proc/%d' % child)


if __name__ == '__main__':
    vmdtest.main([chardevs_that_connect, netdevs_that_connect, firewalled_peers, unix_peers,
                  those_that_reconnect, failed_connection, names, names_of_those_that_reconnect,
                  files, logs, emptied, dumps, inputs, random_bytes, outputs, builds,
                  builds_that_hang, builds_without_client, abandoned_files, discards, queries,
                  roms, kernels, kernels_of_resets, clients_that_left, flushes,
                  what_is_complete, busy_disks, deaf_disks, busy_disks_at_the_end,
                  stubborn_command])
