#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Descriptors that clients passed are closed where that holds nobody.

Closing one of a FUSE file asks the file's server, which here does not answer; closing a TCP
socket that lingers waits for its peer.
"""
import contextlib
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from waiting import becomes, ends, ends_but_for, legacy, others_go_on, request     # noqa: E402

QUERY = request('query-name')
LINGER_SECONDS = 3600


@contextlib.contextmanager
def deaf_close(recorder):
    """A daemon, and a descriptor whose copies cannot be closed before disk.release()."""
    vmdtest.introspection()                 # no other process may have one
    with FaultyFile(1, closes=True) as disk, open(disk.path, 'rb', buffering=0) as file, \
            Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
        stack.callback(disk.release)        # what waits cannot be killed
        disk.hold('close')
        yield disk, file.fileno(), daemon


def getfd(client, fd, name='fd'):
    client.request(request('getfd', fdname=name), [fd])


def refused(client, message, reason):
    error = client.error(message['execute'], message['arguments'])
    assert error['reason'] == reason, error


# ---- Each way in which one is closed

def replaced(client, fd):
    getfd(client, fd)
    getfd(client, fd)


def closed(client, fd):
    getfd(client, fd)
    client.call('closefd', fdname='fd')


def left(client, fd):
    getfd(client, fd)
    client.close()


def not_taken(client, fd):
    client.request(QUERY, [fd])


def left_in_a_text(client, fd):
    socket.send_fds(client.sock, [b'{ "execute": '], [fd])
    client.close()


def of_no_chardev(client, fd):
    for server in False, True:
        getfd(client, fd)
        refused(client, request('chardev-add', id='c', backend={'type': 'socket', 'data': {
            'addr': {'type': 'fd', 'data': {'str': 'fd'}}, 'server': server}}),
                'file-not-usable')
    getfd(client, fd)
    refused(client, request('chardev-add', id='c', backend={'type': 'socket', 'data': {
        'addr': {'type': 'fd', 'data': {'str': 'fd'}}, 'logfile': '/no/such/folder/log'}}),
            'file-not-usable')


def of_no_netdev(client, fd):
    address = {'type': 'fd', 'str': 'fd'}
    for options in ({'type': 'stream', 'addr': address}, {'type': 'dgram', 'local': address},
                    {'type': 'stream', 'addr': address, 'server': True},
                    {'type': 'socket', 'fd': 'fd'}, {'type': 'tap', 'fd': 'fd'}):
        getfd(client, fd)
        refused(client, request('netdev_add', id='n', **options), 'file-not-usable')


def of_no_vhost(client, fd):
    getfd(client, fd)
    getfd(client, fd, 'vhost')
    refused(client, request('netdev_add', type='tap', id='n', fd='fd', vhostfd='vhost'),
            'file-not-usable')


def each_way(recorder):
    """by whatever way the daemon gets rid of one, others are answered, and the client itself"""
    ways = [replaced, closed, left, not_taken, left_in_a_text, of_no_chardev, of_no_netdev,
            of_no_vhost]
    with deaf_close(recorder) as (disk, fd, daemon):
        for i, way in enumerate(ways):
            way(daemon.client(), fd)
            becomes(disk.n_held, i + 1)     # one of each client
            others_go_on(daemon)
        disk.release()
        becomes(lambda: disk.path in daemon.descriptors().values(), False)
        ends(daemon)


# ---- How many

def n_closers(daemon):
    """Threads that close descriptors."""
    n, folder = 0, '/proc/%d/task' % daemon.process.pid
    for task in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open('%s/%s/comm' % (folder, task), encoding='utf-8') as f:
            n += f.read() == 'fd-closer\n'
    return n


def n_copies(daemon, path):
    return list(daemon.descriptors().values()).count(path)


def too_many(client, fd):
    try:
        getfd(client, fd, 'more')
    except vmdtest.QmpError as error:
        return error.error['reason'] == 'limit-exceeded'
    client.call('closefd', fdname='more')
    return False


def many(recorder):
    """who passes ten thousand has few that wait, is told so, and leaves room for others"""
    with deaf_close(recorder) as (disk, fd, daemon):
        other, greedy, second = (daemon.client() for _ in range(3))
        for _ in range(40):
            greedy.request(QUERY, [fd] * 253)
        becomes(disk.n_held, 1)             # not among the process' descriptors any more
        assert n_copies(daemon, disk.path) == 255
        assert too_many(greedy, fd)
        assert n_closers(daemon) == 1
        with open('/dev/null', 'rb') as null:
            getfd(other, null.fileno())
            other.call('closefd', fdname='fd')
            others_go_on(daemon)
            for _ in range(2):
                second.request(QUERY, [fd] * 253)
            becomes(disk.n_held, 2)
            assert n_copies(daemon, disk.path) <= 510
            becomes(lambda: too_many(other, null.fileno()), True)   # what it had is closed
            others_go_on(daemon)
            disk.release()
            becomes(lambda: too_many(greedy, fd), False)
            becomes(lambda: too_many(other, null.fileno()), False)
        becomes(lambda: n_copies(daemon, disk.path), 0)
        becomes(lambda: n_closers(daemon), 0)
        ends(daemon)


def the_end(recorder):
    """the daemon ends; only the kernel still waits, as it closes what a process had"""
    with deaf_close(recorder) as (disk, fd, daemon):
        client = daemon.client()
        getfd(client, fd)
        client.request(QUERY, [fd] * 10)
        becomes(disk.n_held, 1)
        ends_but_for(daemon, disk)
        assert not os.path.exists(daemon.socket)


# ---- Sockets

def make_linger(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, LINGER_SECONDS))


def connection():
    """Two ends, the first of which cannot be closed at once: what it sent is not read."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        end = socket.create_connection(server.getsockname())
        peer = server.accept()[0]
    make_linger(end)
    end.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            end.send(bytes(65536))
    return end, peer


def lingering(recorder):
    """a connection that lingers is closed aside: one that is not used, a chardev's, a netdev's"""
    address = {'type': 'fd', 'str': 'fd'}
    with Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
        messages = (request('closefd', fdname='fd'), request('chardev-add', id='c', backend={
            'type': 'socket', 'data': {'addr': legacy(address), 'server': False}}),
                    request('netdev_add', type='stream', id='n', addr=address),
                    request('netdev_add', type='socket', id='s', fd='fd'))
        for i, message in enumerate(messages):
            client = daemon.client()
            end, peer = connection()
            getfd(client, end.fileno())
            end.close()                     # the daemon's is the last
            client.request(message)
            stack.callback(peer.close)
            peer.shutdown(socket.SHUT_WR)   # the other end hangs up, with much to send
            becomes(lambda: n_closers(daemon), i + 1)
            others_go_on(daemon)
        stack.close()
        becomes(lambda: n_closers(daemon), 0)
        ends(daemon)


def lingering_peers(recorder):
    """the connections of a listening socket that lingers do not, whatever was not sent yet"""
    with Daemon(recorder) as daemon, socket.create_server(('127.0.0.1', 0)) as server:
        make_linger(server)
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='main', size=16 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='main')
        getfd(client, server.fileno())
        client.call('chardev-add', id='c', backend={'type': 'socket', 'data': {
            'addr': legacy({'type': 'fd', 'str': 'fd'}), 'wait': False}})
        client.call('object-add', qom_type='qtest', id='qtest', chardev='c')
        with socket.create_connection(server.getsockname()) as peer:
            for _ in range(256):
                peer.sendall(b'read 0 0x10000\n')
            peer.shutdown(socket.SHUT_WR)
            assert daemon.wait() == 0       # as its driver has gone


if __name__ == '__main__':
    vmdtest.main([each_way, many, the_end, lingering, lingering_peers])
