#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What socket chardevs speak besides bytes: telnet and WebSocket; how they come back, and how
they are broken.  A monitor is their frontend, so that there is somebody to answer."""
import base64
import hashlib
import json
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from vmdtest import TIMEOUT, Daemon, wait_for       # noqa: E402

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
WISHES = bytes([IAC, WILL, 1, IAC, WILL, 3, IAC, WILL, 0, IAC, DO, 0])
KEY = base64.b64encode(bytes(range(16))).decode()
HANDSHAKE = ('GET / HTTP/1.1\r\nHost: vmd\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
             'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%%s\r\n' % KEY)
PROTOCOL = 'Sec-WebSocket-Protocol: binary\r\n'


def add(client, **data):
    """A listening chardev `line`; returns where to connect to."""
    client.call('chardev-add', id='line', backend={'type': 'socket', 'data': {
        'addr': {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': '0'}}, **data}})
    return ('127.0.0.1', int(filename(client).split(',')[0].rsplit(':', 1)[1]))


def filename(client):
    (info,) = [i for i in client.call('query-chardev') if i['label'] == 'line']
    return info['filename']


def connected(client, wanted):
    wait_for(lambda: client.call('qom-get', path='/chardevs/line', property='connected') == wanted,
             'line is%s connected' % (' not' if wanted else ''))


def read(peer, n):
    data = b''
    while len(data) < n:
        more = peer.recv(n - len(data))
        assert more, 'end after %r' % data
        data += more
    return data


def read_line(peer):
    data = b''
    while not data.endswith(b'\r\n'):
        data += read(peer, 1)
    return data


def dial(address):
    return socket.create_connection(address, TIMEOUT)


# ---- Telnet

def telnet(recorder):
    """telnet: the wishes, then bytes; commands of the peer are no input"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        address = add(client, server=True, telnet=True)
        assert filename(client).startswith('disconnected:telnet:127.0.0.1:'), filename(client)
        client.call('object-add', qom_type='monitor-qmp', id='mon', chardev='line')
        with dial(address) as peer:
            assert read(peer, len(WISHES)) == WISHES
            assert 'QMP' in json.loads(read_line(peer))
            assert filename(client).startswith('telnet:127.0.0.1:'), filename(client)
            # Answers to the wishes, a window size, and an option of the peer's own.
            peer.sendall(bytes([IAC, DO, 1, IAC, DO, 3, IAC, DO, 0, IAC, WILL, 0,
                                IAC, SB, 31, 0, 80, IAC, IAC, 24, IAC, SE,
                                IAC, WILL, 31, IAC, DO, 24, IAC, 241]))
            assert read(peer, 6) == bytes([IAC, DONT, 31, IAC, WONT, 24])
            peer.sendall(b'{"execute": "qmp_capabilities", "id": "a"}\n')
            assert json.loads(read_line(peer)) == {'return': {}, 'id': 'a'}
        connected(client, False)
        with dial(address) as peer:         # the next one is greeted, too
            assert read(peer, len(WISHES)) == WISHES


def telnet_client(recorder):
    """telnet: a client speaks it as well"""
    with Daemon(recorder) as daemon, socket.create_server(('127.0.0.1', 0)) as listener:
        client = daemon.client()
        client.call('chardev-add', id='line', backend={'type': 'socket', 'data': {
            'addr': {'type': 'inet', 'data': {'host': '127.0.0.1',
                                              'port': str(listener.getsockname()[1])}},
            'server': False, 'telnet': True}})
        with listener.accept()[0] as peer:
            assert read(peer, len(WISHES)) == WISHES


# ---- WebSocket

def frame(payload, first=0x82, mask=b'\x11\x22\x33\x44'):
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else \
        b'\xfe' + struct.pack('>H', len(payload))
    return bytes([first]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def read_frame(peer):
    """The first byte of a frame from the daemon, and its payload."""
    first, size = read(peer, 2)
    assert not size & 0x80, 'a server does not mask'
    if size == 126:
        size, = struct.unpack('>H', read(peer, 2))
    elif size == 127:
        size, = struct.unpack('>Q', read(peer, 8))
    return first, read(peer, size)


class Messages:
    """Lines of JSON in binary messages."""

    def __init__(self, peer):
        self.peer = peer
        self.text = b''

    def line(self):
        while b'\r\n' not in self.text:
            first, payload = read_frame(self.peer)
            assert first == 0x82, first
            self.text += payload
        line, self.text = self.text.split(b'\r\n', 1)
        return json.loads(line)


def shake(peer, extra=PROTOCOL, after=b''):
    peer.sendall((HANDSHAKE % extra).encode() + after)
    reply = b''
    while not reply.endswith(b'\r\n\r\n'):
        reply += read(peer, 1)
    assert reply.startswith(b'HTTP/1.1 101 '), reply
    accept = hashlib.sha1((KEY + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()
    assert b'Sec-WebSocket-Accept: %s\r\n' % base64.b64encode(accept) in reply, reply
    assert (b'Sec-WebSocket-Protocol: binary\r\n' in reply) == bool(extra), reply


def websocket(recorder):
    """WebSocket: a handshake, messages both ways, pings, a close"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        address = add(client, server=True, websocket=True)
        assert filename(client).startswith('disconnected:websocket:'), filename(client)
        client.call('object-add', qom_type='monitor-qmp', id='mon', chardev='line')
        hello = frame(b'{"execute": "qmp_capabilities"}')
        for extra, after in ((PROTOCOL, b''), ('', hello)):
            with dial(address) as peer:
                shake(peer, extra, after)
                messages = Messages(peer)
                assert 'QMP' in messages.line()
                assert filename(client).startswith('websocket:127.0.0.1:'), filename(client)
                if not after:
                    for i in range(len(hello)):
                        peer.sendall(hello[i:i + 1])
                assert messages.line() == {'return': {}}
                # A message in three pieces, with a ping between two of them.
                peer.sendall(frame(b'{"execute": ', 0x02) + frame(b'hi', 0x89) +
                             frame(b'"query-commands"', 0x00) + frame(b'}', 0x80))
                assert read_frame(peer) == (0x8a, b'hi')
                assert len(messages.line()['return']) > 50
                peer.sendall(frame(struct.pack('>H', 1000), 0x88))
                assert read_frame(peer) == (0x88, struct.pack('>H', 1000))
                assert peer.recv(1) == b''
            connected(client, False)


def websocket_hostile(recorder):
    """WebSocket: whatever a client sends, the next one is served"""
    wrong = [b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'\r\n\r\n', b'x' * 5000,
             (HANDSHAKE % 'Sec-WebSocket-Protocol: chat\r\n').encode()]
    frames = [(b'\x82\x01a', 1002), (frame(b'a', 0x81), 1003), (frame(b'a', 0x80), 1002),
              (frame(b'a', 0xc2), 1002), (frame(b'', 0x83), 1002), (frame(b'a' * 126, 0x89), 1002),
              (frame(b'\x03', 0x88), 1002), (b'\x82\xff' + b'\xff' * 8 + b'abcd', 1002),
              (frame(b'a', 0x02) + frame(b'a', 0x02), 1002)]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        address = add(client, server=True, websocket=True)
        client.call('object-add', qom_type='monitor-qmp', id='mon', chardev='line')
        for request in wrong:
            with dial(address) as peer:
                peer.sendall(request)
                assert peer.recv(12).startswith(b'HTTP/1.1 4'), request
        for bad, status in frames:
            with dial(address) as peer:
                shake(peer)
                read_frame(peer)            # the greeting
                peer.sendall(bad)
                assert read_frame(peer) == (0x88, struct.pack('>H', status)), bad
                assert peer.recv(1) == b'', bad
        with dial(address) as peer:         # disconnects in the middle
            peer.sendall((HANDSHAKE % '').encode()[:50])
        with dial(address) as peer:
            shake(peer)
            peer.sendall(frame(b'x' * 1000, 0x89)[:3])
        with dial(address) as peer:
            shake(peer)
            connected(client, True)
        connected(client, False)


def silent(recorder):
    """WebSocket: a client that says nothing makes room after ten seconds"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        address = add(client, server=True, websocket=True)
        begin = time.monotonic()
        with dial(address) as first, dial(address) as second:
            first.sendall(b'GET / ')
            shake(second)
            assert 9 < time.monotonic() - begin < 30, time.monotonic() - begin
            assert first.recv(1) == b''
        assert 'has not ended its handshake' in daemon.output()


def waits(recorder):
    """`wait`: chardev-add ends with the handshake"""
    with Daemon(recorder) as daemon:
        path = daemon.path('s')
        adding, other = daemon.client(), daemon.client()
        adding.send({'execute': 'chardev-add', 'arguments': {'id': 'line', 'backend': {
            'type': 'socket', 'data': {'addr': {'type': 'unix', 'data': {'path': path}},
                                       'server': True, 'wait': True, 'websocket': True}}}})
        wait_for(lambda: os.path.exists(path), 'no socket')
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(TIMEOUT)
            peer.connect(path)
            other.call('query-status')
            shake(peer)
            assert adding.reply()['return'] == {}
        assert other.call('qom-get', path='/chardevs/line', property='connected') in (True, False)


def refused(recorder):
    """options that contradict each other"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        address = {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': '1'}}
        for options, name in (({'telnet': True, 'websocket': True}, 'websocket'),
                              ({'server': False, 'websocket': True}, 'websocket'),
                              ({'tn3270': True}, 'tn3270'),
                              ({'reconnect-ms': 5}, 'reconnect-ms'),
                              ({'server': False, 'reconnect': 1, 'reconnect-ms': 5},
                               'reconnect-ms')):
            error = client.error('chardev-add', {'id': 'line', 'backend': {
                'type': 'socket', 'data': {'addr': address, **options}}})
            assert error['path'] == 'backend.data.' + name, error
            assert name in error['desc'], error
        for options in ({'server': True, 'reconnect-ms': 5}, {'reconnect': 1, 'reconnect-ms': 5}):
            error = client.error('netdev_add', {'id': 'n', 'type': 'stream', 'addr': {
                'type': 'inet', 'host': '127.0.0.1', 'port': '1'}, **options})
            assert error['path'] == 'reconnect-ms', error


# ---- Reconnecting, and breaking

def reconnect(recorder):
    """reconnect-ms: chardevs and networks come back soon"""
    with Daemon(recorder) as daemon, socket.create_server(('127.0.0.1', 0)) as listener:
        client = daemon.client()
        port = str(listener.getsockname()[1])
        listener.settimeout(TIMEOUT)
        client.call('chardev-add', id='line', backend={'type': 'socket', 'data': {
            'addr': {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': port}},
            'server': False, 'reconnect-ms': 20}})
        for _ in range(3):
            listener.accept()[0].close()
        client.call('chardev-remove', id='line')
        client.call('netdev_add', id='net', type='stream', reconnect_ms=20,
                    addr={'type': 'inet', 'host': '127.0.0.1', 'port': port})
        for _ in range(3):
            listener.accept()[0].close()


def yank(recorder):
    """yank: connections end, and come back; all of a list or none"""
    with Daemon(recorder) as daemon, socket.create_server(('127.0.0.1', 0)) as listener:
        client = daemon.client()
        listener.settimeout(TIMEOUT)
        client.call('chardev-add', id='null', backend={'type': 'null', 'data': {}})
        client.call('chardev-add', id='line', backend={'type': 'socket', 'data': {
            'addr': {'type': 'inet', 'data': {'host': '127.0.0.1',
                                              'port': str(listener.getsockname()[1])}},
            'server': False, 'reconnect-ms': 20}})
        line = {'type': 'chardev', 'id': 'line'}
        assert client.call('query-yank') == [line]
        with listener.accept()[0] as first:
            first.settimeout(TIMEOUT)
            for other in ({'type': 'chardev', 'id': 'null'}, {'type': 'migration'},
                          {'type': 'block-node', 'node-name': 'x'}):
                error = client.error('yank', {'instances': [line, other]})
                assert (error['class'], error['path']) == ('DeviceNotFound', 'instances[1]'), error
            connected(client, True)
            client.call('yank', instances=[line])
            assert first.recv(1) == b''
            listener.accept()[0].close()


def out_of_band(recorder):
    """exec-oob: answered while a disk hangs"""
    with FaultyFile(1 << 20) as disk, Daemon(recorder) as daemon:
        client = daemon.client(enable=('oob', 'error-details'))
        address = add(client, server=True)
        with dial(address) as peer:
            connected(client, True)
            disk.hold('open')
            client.send({'execute': 'blockdev-add', 'id': 1, 'arguments': {
                'driver': 'file', 'node-name': 'd', 'filename': disk.path}})
            client.send({'execute': 'query-status', 'id': 2})
            client.send({'exec-oob': 'query-yank', 'id': 3})
            reply = client.reply()
            assert reply == {'return': [{'type': 'chardev', 'id': 'line'}], 'id': 3}, reply
            client.send({'exec-oob': 'yank', 'id': 4, 'arguments': {
                'instances': [{'type': 'chardev', 'id': 'line'}]}})
            reply = client.reply()
            assert reply == {'return': {}, 'id': 4}, reply
            assert peer.recv(1) == b''
            disk.release()
        replies = [client.reply() for _ in range(2)]
        assert [r['id'] for r in replies] == [1, 2], replies


if __name__ == '__main__':
    vmdtest.main([telnet, telnet_client, websocket, websocket_hostile, silent, waits, refused,
                  reconnect, yank, out_of_band])
