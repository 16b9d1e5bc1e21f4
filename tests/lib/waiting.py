# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who wait for a host that does not answer, and the others, who must not.

For tests/system/waits*.py.  That those who wait still do is looked at after the others
have had their replies, so that no time is measured.
"""
import select
import signal
import socket
import time

from vmdtest import TIMEOUT, Client, Daemon


# ---- Requests

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
    """One of each kind of what takes a thread, and what takes none."""
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


def ends_but_for(daemon, disk):
    """The same of a daemon one of whose requests the file's server has and does not answer:
    that keeps the kernel from ending its threads."""
    daemon.client().call('quit')
    becomes(lambda: state(daemon) in 'Zt', True)
    disk.release()
    assert daemon.wait() == 0


def state(daemon):
    """Of the process: 'Z' when it has done what it can to end; 't' if it has a leak sanitizer,
    which looks at its threads then."""
    with open('/proc/%d/stat' % daemon.process.pid, encoding='utf-8') as f:
        return f.read().rsplit(')', 1)[1].split()[0]


def hold_nobody(recorder, requests, **options):
    """Others go on while requests wait, and the daemon ends."""
    for by_signal in (False, True):
        with Daemon(recorder, **options) as daemon:
            with Waiting(daemon, requests) as waiting:
                others_go_on(daemon)
            waiting.check()
            ends(daemon, by_signal)


# ---- Until something is so

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


def wait_child(client, path, name, there):
    deadline = time.monotonic() + TIMEOUT
    while any(o['name'] == name for o in client.call('qom-list', path=path)) != there:
        assert time.monotonic() < deadline, (name, there)
        time.sleep(0.01)


def becomes(read, expect):
    deadline = time.monotonic() + TIMEOUT
    while read() != expect:
        assert time.monotonic() < deadline, (read(), expect)
        time.sleep(0.01)
