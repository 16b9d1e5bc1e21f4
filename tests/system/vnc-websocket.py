#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: viewers by WebSocket, plain and by TLS; requests and frames that are wrong."""
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
import websocket                                    # noqa: E402
from pki import Authority                           # noqa: E402
from vncclient import CLIPBOARD, DESKTOP_SIZE, RAW, TIGHT, Refused, VncClient   # noqa: E402
from vncrig import Rig, pattern, resident, resources, settle, tls_context       # noqa: E402
from websocket import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket,
                       frame)                       # noqa: E402


class WebRig(Rig):
    """A server that listens for WebSocket only, on a Unix socket."""

    def __init__(self, recorder, listen=True, **options):
        super().__init__(recorder, listen=False)
        self.web = self.daemon.path('web')
        if listen:
            self.serve('vnc0', websocket={'type': 'unix', 'path': self.web}, **options)

    def connect(self, encodings=(RAW, DESKTOP_SIZE), tls=None, **options):
        return VncClient(WebSocket(self.web, tls), encodings=encodings, **options)


def see(rig, viewer):
    viewer.set_format(vncclient.FORMAT_32)
    viewer.picture()
    rig.check(viewer)


def plain(recorder):
    """a viewer sees and types, beside one without WebSocket; events and queries say which is which"""
    with WebRig(recorder, listen=False) as rig:
        rig.run(pattern())
        rig.client.call('cont')
        rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path},
                  websocket={'type': 'inet', 'host': '127.0.0.1', 'port': '0'})
        port = rig.client.call('qom-get', path='/objects/vnc0', property='websocket')['port']
        with VncClient(WebSocket(('127.0.0.1', int(port)), Sec_WebSocket_Protocol='base64, binary'),
                       encodings=(TIGHT, DESKTOP_SIZE)) as web, VncClient(rig.path) as other:
            assert web.sock.headers['Sec-WebSocket-Protocol'] == 'binary'
            for viewer in web, other:
                see(rig, viewer)
            rig.run(pattern(800, 600, seed=3))
            rig.look()
            see(rig, web)
            web.type('a')
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            other.cut_text(70000, b'x' * 70000)         # a frame with a length of 64 bits
            assert web.take_cut() == 'x' * 70000
            web.cut_text(3, b'abc')
            assert other.take_cut() == 'abc'
            server, = rig.client.call('query-vnc-servers')
            assert [(s['websocket'], s['family'], s['service']) for s in server['server']] == [
                (False, 'unix', rig.path), (True, 'ipv4', port)], server
            assert [c['websocket'] for c in server['clients']] == [True, False], server
        for websocket_is in True, False:
            data = rig.client.wait_event('VNC_INITIALIZED')['data']
            assert data['server']['websocket'] == data['client']['websocket'] == websocket_is, data


def passwords(recorder):
    """a password is asked for as without WebSocket"""
    with WebRig(recorder, password=True) as rig:
        rig.client.call('set_password', protocol='vnc', password='sesame')
        for version in 3, 7, 8:
            rig.connect(password='sesame', version=version).close()
        try:
            rig.connect(password='open').close()
            assert False, 'it was let in'
        except Refused:
            pass


def encrypted(recorder):
    """with tls-creds it is wss, inside which there is no VeNCrypt"""
    with WebRig(recorder, listen=False) as rig:
        rig.run(pattern())
        authority = Authority(rig.daemon.path('pki'))
        rig.client.call('object-add', qom_type='tls-creds-x509', id='tls0', endpoint='server',
                        dir=authority.folder)
        rig.serve('vnc0', websocket={'type': 'unix', 'path': rig.web}, tls_creds='tls0')
        for version in 3, 8:
            with rig.connect(tls=tls_context(authority, 'anna'), version=version) as viewer:
                see(rig, viewer)
        server, = rig.client.call('query-vnc-servers')
        assert server['server'][0]['auth'] == 'none' and 'vencrypt' not in server['server'][0]
        name = rig.client.wait_event('VNC_INITIALIZED')['data']['client']['x509_dname']
        assert name == 'O=vmd,CN=anna', name
        for tls in tls_context(authority), None:
            try:
                rig.connect(tls=tls).close()
                assert False, 'it was let in'
            except (OSError, EOFError):
                pass


def passed(recorder):
    """a passed descriptor listens, too; an address that is wrong is named"""
    with WebRig(recorder, listen=False) as rig:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(rig.web)
            listener.listen()
            rig.client.request({'execute': 'getfd', 'arguments': {'fdname': 'listener'}},
                               [listener.fileno()])
        rig.serve('vnc0', websocket={'type': 'fd', 'str': 'listener'})
        rig.connect().close()
        for options, path, reason in (
                ({'type': 'unix', 'path': rig.web}, 'websocket', 'address-in-use'),
                ({'type': 'fd', 'str': 'nothing'}, 'websocket.str', 'fd-not-found')):
            error = rig.client.error('object-add', {'qom-type': 'vnc-server', 'id': 'other',
                                                    'websocket': options})
            assert (error['reason'], error['path']) == (reason, path), error


# ---- Frames ----

def frames(recorder):
    """frames of all lengths, cut anywhere, with pings between them, are one stream"""
    with WebRig(recorder) as rig:
        rig.run(pattern())
        for seed in range(12):
            chance = random.Random(seed)
            with rig.connect((RAW, CLIPBOARD)) as viewer, rig.connect((RAW,)) as other:
                other.picture()
                text = chance.randbytes(chance.choice((0, 1, 60, 61, 125, 500, 66000))).hex()
                message = struct.pack('>BxxxI', 6, len(text)) + text.encode()
                stream, pings = b'', []
                while message or not stream:
                    n = chance.choice((0, 1, 2, 8, 125, 126, 65535, 65536, 100000))
                    stream += frame(message[:n], CONTINUATION if stream else BINARY,
                                    fin=n >= len(message))
                    message = message[n:]
                    if len(pings) < 20:
                        pings.append(chance.randbytes(chance.choice((0, 1, 125))))
                        stream += frame(pings[-1], PING) + frame(b'unasked', PONG)
                while stream:
                    n = chance.choice((1, 3, 50, 5000, 1 << 20)) if len(stream) < 3000 else 1 << 20
                    viewer.sock.send_raw(stream[:n])
                    stream = stream[n:]
                assert other.take_cut() == text
                viewer.picture()
                assert pings[-1] in viewer.sock.pongs and set(viewer.sock.pongs) <= set(pings)


def leaving(recorder):
    """a viewer that closes is answered, and others stay"""
    with WebRig(recorder) as rig:
        before = resources(rig.daemon)
        with rig.connect() as viewer, rig.connect() as stays:
            viewer.picture()
            viewer.ask()
            viewer.sock.send_raw(frame(struct.pack('>H', 1001), CLOSE) + b'\x82\x81' * 50)
            while viewer.sock.take_frame():
                pass
            assert viewer.sock.closed == 1001             # what it said itself
            stays.picture()
        settle(rig.daemon, before)
        assert 'is ended' not in rig.daemon.output()


# ---- Wrong ones ----

def requests(recorder):
    """requests that are wrong are refused by name, and get no VNC"""
    with WebRig(recorder) as rig:
        before = resources(rig.daemon)
        for headers in ({'Host': None}, {'Upgrade': 'h2c'}, {'Upgrade': None},
                        {'Connection': 'close'}, {'Connection': None},
                        {'Sec_WebSocket_Key': None}, {'Sec_WebSocket_Key': 'short'},
                        {'Sec_WebSocket_Key': '*' * 24}, {'Sec_WebSocket_Version': '8'},
                        {'Sec_WebSocket_Version': None}, {'Sec_WebSocket_Protocol': 'base64'},
                        {'X': 'a\r\nHost: again'}, {'X ': 'space'}, {'X': 'a\0b'},
                        {'X': 'a\r\n folded'}, {'X': 'a\r\nno colon'}):
            with WebSocket(rig.web, **headers) as refused:
                assert refused.status == 400, headers
                assert refused.headers['Sec-WebSocket-Version'] == '13'
                assert not refused.recv(1), headers
        for start in b'POST', b'get', b'GET /x':
            with WebSocket(rig.web) as probe, socket.socket(socket.AF_UNIX) as sock:
                assert probe.status == 101
                sock.settimeout(vmdtest.TIMEOUT)
                sock.connect(rig.web)
                sock.sendall(websocket.request().replace(b'GET', start, 1))
                answer = sock.recv(4096)
                assert answer.startswith(b'HTTP/1.1 400 '), answer
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(vmdtest.TIMEOUT)
            sock.connect(rig.web)
            sock.sendall(b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 1000)
            assert ended(sock)
        with socket.socket(socket.AF_UNIX) as sock:                     # VNC without WebSocket
            sock.settimeout(vmdtest.TIMEOUT)
            sock.connect(rig.web)
            sock.sendall(b'RFB 003.008\n\r\n\r\n')
            assert ended(sock)
        settle(rig.daemon, before)
        output = rig.daemon.output()
        for why in ('a header is missing', 'the WebSocket version is not 13', 'the method is not GET',
                    'a header is malformed, or there twice', 'the request is too long',
                    "the only subprotocol is 'binary'"):
            why = 'it sent no request for a WebSocket: ' + why
            assert why in output, (why, output)


def ended(sock):
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def lies(recorder):
    """frames that are wrong end their sender by name, whatever length they claim"""
    wrong = {
        'with an extension': (b'\xc2\x81aaaa1', b'\x92\x81aaaa1'),
        'without a mask': (b'\x82\x011', b'\x89\x00'),
        'a control frame in pieces, or a long one': (b'\x09\x81aaaa1', b'\x89\xfe\0\x7e',
                                                     b'\x88\xff' + bytes(8)),
        'a frame of an unknown kind': (b'\x8b\x80aaaa', frame(b'', 3)),
        'it sent text': (frame(b'text', TEXT),),
        'a frame out of place': (frame(b'', CONTINUATION), frame(b'', fin=False) + frame(b'')),
        'not in its shortest form': (b'\x82\xfe\0\x7daaaa', b'\x82\xff' + bytes(6) + b'\xff\xffaaaa',
                                     b'\x82\xff\x80' + bytes(7) + b'aaaa'),
        'it sent a clipboard of more than 1 MiB': (
            b'\x82\xff\x7f' + b'\xff' * 7 + bytes(4) + struct.pack('>BxxxI', 6, 0xfffffff0),),
    }
    for why, messages in wrong.items():
        with WebRig(recorder) as rig, rig.connect() as witness:
            for message in messages:
                with rig.connect() as liar:
                    liar.sock.send_raw(message)
                    assert liar.ended(), message
            witness.picture()
            output = rig.daemon.output()
            assert output.count(why) == len(messages), (why, output)


def floods(recorder):
    """pings without end from one who reads nothing cost no memory, and stop nobody"""
    with WebRig(recorder) as rig, rig.connect() as witness, rig.connect() as flood:
        rig.run(pattern(1024, 768))
        rig.look()
        witness.picture()
        flood.ask()
        before = resident(rig.daemon)
        pings = frame(b'p' * 125, PING) * 500
        flood.sock.settimeout(0.2)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                flood.sock.send_raw(pings)
            except TimeoutError:
                break
        witness.picture()
        assert resident(rig.daemon) < before + (8 << 20)


def noise(recorder):
    """random bytes, and random frames, end their sender at most"""
    with WebRig(recorder) as rig:
        before = resources(rig.daemon)
        for seed in range(80):
            chance = random.Random(seed)
            with rig.connect(start=False) as viewer:
                data = b''.join(frame(chance.randbytes(chance.randrange(30)), chance.choice(
                    (BINARY, BINARY, CONTINUATION, PING, CLOSE)), chance.random() < 0.8)
                    for _ in range(chance.randrange(20)))
                if chance.random() < 0.5:
                    data = bytearray(data + b'\0')
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
                try:
                    viewer.sock.send_raw(bytes(data) + chance.randbytes(chance.randrange(40)))
                except OSError:
                    pass
            assert rig.daemon.alive(), (seed, rig.daemon.output())
        settle(rig.daemon, before)


if __name__ == '__main__':
    vmdtest.main([plain, passwords, encrypted, passed, frames, leaving, requests, lies, floods,
                  noise])
