#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's network whose peer reads slowly, not at all, or goes away.

The guest is the project's own: it sends frames, many at once, and waits until as
many came back.
"""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text             # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

COUNT, DEPTH, SIZE = 512, 128, 1514
BENCH = 'bench=net:%d:%d:%d end=exit:7' % (SIZE, COUNT, DEPTH)


class Peer:
    """The other end of the network; frames come with their length before them."""

    def __init__(self, client, path):
        client.request({'execute': 'netdev_add', 'arguments': {
            'type': 'stream', 'id': 'net', 'server': True,
            'addr': {'type': 'unix', 'path': path}}})
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(vmdtest.TIMEOUT)
        self.socket.connect(path)
        self.data = b''

    def frame(self):
        while len(self.data) < 4 or len(self.data) < 4 + struct.unpack_from('>I', self.data)[0]:
            data = self.socket.recv(65536)
            assert data, 'the daemon closed the connection'
            self.data += data
        end = 4 + struct.unpack_from('>I', self.data)[0]
        frame, self.data = self.data[4:end], self.data[end:]
        return frame

    def echo(self, count):
        for _ in range(count):
            frame = self.frame()
            assert len(frame) == SIZE, len(frame)
            self.socket.sendall(struct.pack('>I', len(frame)) + frame)


def machine(daemon, words=BENCH):
    client = daemon.client()
    build(client, append=words)
    client.call('set-action', shutdown='pause')
    peer = Peer(client, daemon.path('net'))
    client.wait_event('NETDEV_STREAM_CONNECTED')
    client.call('device_add', driver='virtio-net-device', id='nic', netdev='net')
    return client, peer


def assert_answers(client, seconds):
    """The daemon answers at once, all that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        assert client.call('query-status')['status'] == 'running'
        assert time.monotonic() - start < 1
        time.sleep(0.01)


@on_one_accel
def slow_reader(recorder):
    """a peer that reads now and then gets every frame, and stalls no other"""
    with Daemon(recorder) as daemon:
        client, peer = machine(daemon)
        client.call('cont')
        for _ in range(COUNT // DEPTH):
            assert_answers(client, 0.2)
            peer.echo(DEPTH)
        client.wait_event('SHUTDOWN')
        text = console_text(client)
        assert 'bench: net %d x %d bytes' % (COUNT, SIZE) in text, text


@on_one_accel
def peer_gone(recorder):
    """a peer that disconnects with frames unread is reported; the next one is served"""
    with Daemon(recorder) as daemon:
        client, peer = machine(daemon)
        client.call('cont')
        peer.echo(DEPTH + 10)
        peer.socket.close()
        data = client.wait_event('NETDEV_STREAM_DISCONNECTED')['data']
        assert data == {'netdev-id': 'net'}, data
        assert_answers(client, 0.2)
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(daemon.path('net'))
        client.wait_event('NETDEV_STREAM_CONNECTED')
        client.call('system_reset')             # the guest starts over, and is heard
        frame = struct.unpack('>I', peer.recv(4, socket.MSG_WAITALL))[0]
        assert frame == SIZE, frame
        client.call('quit')
        assert daemon.wait() == 0


@on_one_accel
def full_network(recorder):
    """the cable, netdev_del, stop and quit while the network accepts no more"""
    with Daemon(recorder) as daemon:
        client, peer = machine(daemon)
        client.call('cont')
        peer.frame()
        assert_answers(client, 0.2)
        client.call('set_link', name='nic', up=False)
        client.call('set_link', name='nic', up=True)
        error = client.error('netdev_del', {'id': 'net'})
        assert error['reason'] == 'in-use', error
        client.call('stop')
        client.call('cont')
        client.call('quit')
        assert daemon.wait() == 0
        peer.socket.close()


if __name__ == '__main__':
    vmdtest.main([slow_reader, peer_gone, full_network])
