# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose screen a test draws on, and its VNC server."""
import os
import ssl
import struct
import time

import qtestclient
from vgaprogram import FRAME_BUFFER, Program
from vmdtest import TIMEOUT, Daemon
from vncclient import (CORRE, DESKTOP_SIZE, HEXTILE, RAW, RRE, TIGHT, ZLIB, ZRLE, VncClient,
                       rgb)

ENCODINGS = RAW, RRE, CORRE, HEXTILE, ZLIB, TIGHT, ZRLE
SLOT = 2
PERIOD = 34 * 1000 * 1000           # more than one of the console's, in ns


class Rig:
    """A daemon with a PC, a card that a program drives, and a VNC server."""

    def __init__(self, recorder, listen=True, card='VGA', **options):
        self.daemon = Daemon(recorder)
        self.client = self.daemon.client()
        qtestclient.build(self.client, 'pc-i440fx-7.2-machine')
        self.client.call('device_add', driver=card, id='video', addr=str(SLOT))
        self.port = qtestclient.serve(self.daemon, self.client)
        self.path = self.daemon.path('vnc')
        if listen:
            self.serve('vnc0', addr={'type': 'unix', 'path': self.path}, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.port.close()
        self.daemon.__exit__()

    def serve(self, name, **options):
        self.client.call('object-add', qom_type='vnc-server', id=name, **options)

    def run(self, program):
        assert all(answer.startswith('OK') for answer in self.port.ask_all(program.lines))
        program.lines = []

    def look(self):
        """The console is looked at, by its clock."""
        self.port.step(PERIOD)

    def connect(self, encodings=(RAW, DESKTOP_SIZE), **options):
        return VncClient(self.path, encodings=encodings, **options)

    def screendump(self):
        """(width, height, bytes)."""
        self.client.call('screendump', filename=self.daemon.path('ppm'))
        with open(self.daemon.path('ppm'), 'rb') as f:
            data = f.read()
        magic, size, depth, pixels = data.split(b'\n', 3)
        assert (magic, depth) == (b'P6', b'255')
        return (*map(int, size.split()), pixels)

    def read_keys(self):
        """What the keyboard controller has, until it has nothing for a moment."""
        codes, deadline = [], time.monotonic() + 1
        while time.monotonic() < deadline:
            if self.port.inb(0x64) & 1:
                codes.append(self.port.inb(0x60))
                deadline = time.monotonic() + 0.15
            else:
                time.sleep(0.005)
        return codes

    def expect_keys(self, *codes):
        seen = self.read_keys()
        assert seen == list(codes), ' '.join('%02x' % code for code in seen)

    def check(self, viewer):
        """What a viewer sees is what screendump writes."""
        width, height, pixels = self.screendump()
        assert (viewer.width, viewer.height) == (width, height), (viewer.width, viewer.height)
        assert rgb(viewer.pixels) == pixels


def pattern(width=320, height=200, seed=1):
    """Plain areas, few colours, and noise: something for each part of an encoding."""
    program = Program(seed)
    program.attach(SLOT)
    program.vbe(width, height, 32)
    for y in range(height):
        row = b''.join(struct.pack('<I', 0x102030 if x < 40 else 0xff8000 if x // 8 % 2 and
                                   x < 160 else (x * 7 ^ y * 5) * 0x010301 & 0xffffff)
                       for x in range(width // 2))
        program.write(FRAME_BUFFER + y * width * 4, row + program.noise((width - width // 2) * 4))
    return program


def resources(daemon):
    """How many threads and descriptors it has."""
    return len(os.listdir('/proc/%d/task' % daemon.process.pid)), len(daemon.descriptors())


def settle(daemon, expected):
    """Waits until all that the daemon had for its clients is gone."""
    deadline = time.monotonic() + TIMEOUT
    while any(n > limit for n, limit in zip(resources(daemon), expected)):
        assert time.monotonic() < deadline, (resources(daemon), expected)
        time.sleep(0.01)


def resident(daemon):
    """Bytes of its memory."""
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def tls_context(authority, name=None, version=None):
    """What a client has: its authority and, with a name, its certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.load_verify_locations(authority.path('ca-cert.pem'))
    if name:
        tls.load_cert_chain(*authority.issue(name))
    if version:
        tls.maximum_version = version
    return tls
