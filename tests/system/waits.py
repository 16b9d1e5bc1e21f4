#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing that waits holds others: hosts that do not answer, and what a daemon does meanwhile.

Peers that drop connections, a name service that never returns, disks whose file system
has no server.  While some clients wait for them, others get their replies; the daemon ends
in spite of them all.  Other files are in waits-files.py.
"""
import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from namespace import Namespace                     # noqa: E402
from vmdtest import TIMEOUT, Client, Daemon, accel_class, on_one_accel     # noqa: E402
from waiting import (Waiting, chardev, ends, hold_nobody, inet, legacy, n_said,     # noqa: E402
                     others_go_on, request, stream, wait_child, wait_held, wait_said)

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


# ---- Builds

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


# ---- Disks

def flushes(recorder):
    """removing a disk waits until its writes are flushed; removing others does not"""
    with FaultyFile(1 << 20) as disk, FaultyFile(1 << 20) as deaf, Daemon(recorder) as daemon, \
            contextlib.ExitStack() as stack:
        stack.callback(disk.release)        # a sync that waits cannot be killed
        deaf.stop_answering()
        client = daemon.client()
        client.call('blockdev-add', driver='file', node_name='f', filename=disk.path)
        client.call('block_resize', node_name='f', size=2 << 20)        # what is to be flushed
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
            client.call('block_resize', node_name='f', size=2 << 20)
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
                  builds, builds_that_hang, builds_without_client, clients_that_left, flushes,
                  what_is_complete, busy_disks, deaf_disks, busy_disks_at_the_end,
                  stubborn_command])
