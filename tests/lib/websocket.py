# SPDX-License-Identifier: GPL-2.0-or-later
"""A WebSocket client (RFC 6455) that is used like a socket."""
import base64
import hashlib
import os
import socket
import struct

GUID = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
TIMEOUT = 30


def request(**headers):
    """A request's bytes.  A header that is None is left out; _ in names stands for -."""
    lines = {'Host': 'localhost', 'Upgrade': 'websocket', 'Connection': 'keep-alive, Upgrade',
             'Sec-WebSocket-Key': base64.b64encode(os.urandom(16)).decode(),
             'Sec-WebSocket-Version': '13', 'Origin': 'http://localhost'}
    lines.update((name.replace('_', '-'), value) for name, value in headers.items())
    return 'GET /websockify HTTP/1.1\r\n{}\r\n'.format(''.join(
        '%s: %s\r\n' % item for item in lines.items() if item[1] is not None)).encode()


def frame(data, opcode=BINARY, fin=True, mask=None):
    mask = os.urandom(4) if mask is None else mask
    size = len(data)
    length = (bytes([0x80 | size]) if size < 126 else b'\xfe' + struct.pack('>H', size)
              if size < 65536 else b'\xff' + struct.pack('>Q', size))
    whole = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(data, 'big') ^ int.from_bytes(whole, 'big')).to_bytes(size, 'big')
    return bytes([0x80 * fin | opcode]) + length + mask + masked


class WebSocket:
    """A connection; what is sent is a frame each time."""

    def __init__(self, address, tls=None, **headers):
        """address: a path, or (host, port)."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(address)
        if tls:
            self.sock = tls.wrap_socket(self.sock)
        self.buffer = b''
        self.payload = b''
        self.pongs = []
        self.closed = None              # the status with which the server has left
        self.upgrade(request(**headers))

    def upgrade(self, text):
        self.sock.sendall(text)
        while b'\r\n\r\n' not in self.buffer:
            data = self.sock.recv(4096)
            if not data:
                raise EOFError(self.buffer)
            self.buffer += data
        head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
        status, *lines = head.decode().split('\r\n')
        self.status = int(status.split()[1])
        self.headers = dict(line.split(': ', 1) for line in lines)
        key = text.decode().split('Sec-WebSocket-Key: ')[-1].split('\r\n')[0].encode()
        if self.status == 101:
            digest = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
            assert self.headers['Sec-WebSocket-Accept'] == digest, self.headers

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def fileno(self):
        return self.sock.fileno()

    def settimeout(self, timeout):
        self.sock.settimeout(timeout)

    def sendall(self, data):
        self.sock.sendall(frame(data))

    def send_raw(self, data):
        self.sock.sendall(data)

    def need(self, size):
        while len(self.buffer) < size:
            data = self.sock.recv(1 << 16)
            if not data:
                return False
            self.buffer += data
        return True

    def take_frame(self):
        """False: the connection has ended."""
        if not self.need(2):
            return False
        first, length = self.buffer[:2]
        assert not length & 0x80, 'a mask'
        start = 2 + {126: 2, 127: 8}.get(length, 0)
        if not self.need(start):
            return False
        size = int.from_bytes(self.buffer[2:start], 'big') if start > 2 else length
        if not self.need(start + size):
            return False
        data, self.buffer = self.buffer[start:start + size], self.buffer[start + size:]
        if first == 0x80 | PONG:
            self.pongs.append(data)
        elif first == 0x80 | CLOSE:
            self.closed, = struct.unpack('>H', data[:2])
        else:
            assert first == 0x80 | BINARY, first
            self.payload += data
        return True

    def recv(self, size):
        while not self.payload:
            if not self.take_frame():
                return b''
        data, self.payload = self.payload[:size], self.payload[size:]
        return data
