#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: clients that are hostile, slow or killed."""
import contextlib
import os
import random
import socket
import struct
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
from pki import Authority                           # noqa: E402
from vgaprogram import Program                      # noqa: E402
from vncclient import DESKTOP_SIZE, TIGHT           # noqa: E402
from vncrig import (ENCODINGS, SLOT, Rig, pattern, resident, resources, settle,
                    tls_context)                    # noqa: E402

EXTENDED = struct.pack('>BxHi', 2, 1, vncclient.CLIPBOARD)


def extended(flags, content=b''):
    return struct.pack('>BxxxiI', 6, -(4 + len(content)), flags) + content


def packed(text):
    return zlib.compress(struct.pack('>I', len(text)) + text)


def bomb():
    """2 MiB in two thousand bytes, that say so."""
    return packed(b'x' * (2 << 20))


def liars(recorder):
    """clients that do not keep to the protocol are ended by name, and disturb nobody"""
    header = struct.Struct('>BxH')
    lies = {
        'it sent a clipboard of more than 1 MiB': (
            struct.pack('>BxxxI', 6, 0xffffffff), struct.pack('>BxxxI', 6, 0x80000000),
            struct.pack('>BxxxI', 6, (1 << 20) + 1),
            EXTENDED + struct.pack('>Bxxxi', 6, -(1 << 20) - 1),
            EXTENDED + struct.pack('>BxxxI', 6, 0x80000000),
            EXTENDED + extended(vncclient.PROVIDE | 1, bomb())),
        'it sent a part of a clipboard': (EXTENDED + struct.pack('>Bxxxi3x', 6, -3),),
        'it sent a clipboard that is not in UTF-8': (
            EXTENDED + extended(vncclient.PROVIDE | 1, packed(b'ab\xff\0')),
            EXTENDED + extended(vncclient.PROVIDE | 1, packed(b'ab\0c\0'))),
        'it sent a clipboard that is not compressed as it should be': (
            EXTENDED + extended(vncclient.PROVIDE | 1), EXTENDED +
            extended(vncclient.PROVIDE | 1, b'x' * 50), EXTENDED +
            extended(vncclient.PROVIDE | 1, packed(b'abcdef\0')[:-9]), EXTENDED +
            extended(vncclient.PROVIDE | 1, zlib.compress(struct.pack('>I', 9) + b'a'))),
        'it sent more than 256 encodings': (header.pack(2, 257), header.pack(2, 0xffff)),
        'it sent a message that this server does not have': (
            b'\x01', b'\x07' * 100, b'\xff\x07' + bytes(10), b'\x96' + bytes(9)),
        'it asked for sound, which there is not': (b'\xff\x01' + bytes(10),),
        'it asked for pixels of a size other than 8, 16 or 32 bits': (
            b'\0\0\0\0' + bytes(16), b'\0\0\0\0\x18' + bytes(15), b'\0' * 4 + b'\xff' * 16),
        'it asked for a palette with pixels of more than 8 bits': (
            b'\0\0\0\0\x20\x18\0\0' + bytes(12),),
        'it asked for colours that do not fit into its pixels': (
            struct.pack('>4xBBBBHHHBBB3x', 32, 24, 0, 1, 0, 255, 255, 16, 8, 0),
            struct.pack('>4xBBBBHHHBBB3x', 32, 24, 0, 1, 255, 255, 255, 40, 8, 0),
            struct.pack('>4xBBBBHHHBBB3x', 8, 8, 0, 1, 255, 255, 255, 7, 3, 0),
            struct.pack('>4xBBBBHHHBBB3x', 32, 24, 0, 1, 254, 255, 255, 16, 8, 0)),
    }
    for why, messages in lies.items():
        with Rig(recorder) as rig:
            rig.run(pattern())
            with rig.connect() as witness:
                for message in messages:
                    with rig.connect() as liar:
                        liar.sock.sendall(message)
                        assert liar.ended(), message
                witness.picture()
                rig.check(witness)
            output = rig.daemon.output()
            assert output.count(why) == len(messages), (why, output)


def handshakes(recorder):
    """so are those that lie before"""
    with Rig(recorder) as rig:
        before = resources(rig.daemon)
        for lines in (b'GET / HTTP/1.1\r\n\r\n', b'RFB 004.000\n', b'RFB 003.00x\n', b'\0' * 100,
                      b'RFB 003.008 ', b'RFB 003.002\n', b'RFB 003.008\n\2', b'RFB 003.008\n\x13'):
            with rig.connect(start=False) as liar:
                liar.sock.sendall(lines)
                assert liar.ended(), lines
        settle(rig.daemon, before)
        assert 'it does not speak VNC' in rig.daemon.output()
        assert 'a security type that was not offered' in rig.daemon.output()


def clipboard(recorder):
    """a clipboard in pieces or of the largest size disturbs nothing, nor does a wish for screens"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with rig.connect() as viewer:
            viewer.cut_text(0)
            viewer.cut_text(1 << 20, b'x' * (1 << 20))
            viewer.cut_text(5, b'ab')
            time.sleep(0.05)
            viewer.sock.sendall(b'cde')
            viewer.sock.sendall(struct.pack('>BxHHBx', 251, 800, 600, 255) + b'\xff' * 16 * 255)
            for byte in struct.pack('>BBHHHH', 3, 0, 0, 0, 0xffff, 0xffff):
                viewer.sock.sendall(bytes([byte]))
                time.sleep(0.005)
            before = viewer.rectangles
            while viewer.rectangles == before:
                viewer.take_update()
            rig.check(viewer)


def slow(recorder):
    """one that reads nothing, one that sends half a message and one that says nothing are ended
    after their time; meanwhile the others are served, and memory does not grow"""
    with Rig(recorder) as rig:
        rig.run(pattern(1280, 1024))
        deaf = rig.connect()
        half = rig.connect()
        silent = [rig.connect(start=False) for _ in range(3)]
        quiet = rig.connect()                           # it has said all that it wants to
        half.sock.sendall(b'\2\0\0')
        for _ in range(200):
            deaf.ask()
        started = time.monotonic()
        memory = []
        with rig.connect((TIGHT, DESKTOP_SIZE)) as witness:
            while time.monotonic() < started + 34:
                before = time.monotonic()
                rig.run(pattern(320, 200, seed=int(before)))
                rig.run(pattern(1280, 8, seed=int(before)))
                rig.look()
                witness.picture()
                assert time.monotonic() - before < 5
                memory.append(resident(rig.daemon))
                time.sleep(0.5)
        assert deaf.ended(1) and half.ended(1) and all(one.ended(1) for one in silent)
        assert not quiet.ended(0.1)
        output = rig.daemon.output()
        for why, n in (('it takes nothing that is sent to it', 1), ('a part of a message', 1),
                       ('it has not finished the handshake in time', 3)):
            assert output.count(why) == n, output
        assert max(memory[3:]) - memory[3] < 8 << 20, memory


def steady(recorder):
    """what is sent takes no memory by TLS, either, where little is taken at once"""
    with Rig(recorder, listen=False) as rig:
        authority = Authority(rig.daemon.path('pki'))
        rig.client.call('object-add', qom_type='tls-creds-x509', id='tls0', endpoint='server',
                        dir=authority.folder, verify_peer=False)
        rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path}, tls_creds='tls0')
        program = Program()
        program.attach(SLOT)
        program.vbe(2048, 1536, 32)
        rig.run(program)
        with rig.connect(tls=tls_context(authority)) as viewer:
            viewer.ask(width=16, height=16)
            viewer.take_update()
            before = resident(rig.daemon)
            viewer.picture()                            # 12 MiB
            assert resident(rig.daemon) < before + (4 << 20), resident(rig.daemon) - before


def killed(recorder):
    """clients that vanish at any moment leave nothing behind"""
    with Rig(recorder) as rig:
        rig.run(pattern(800, 600))
        before = resources(rig.daemon)
        chance = random.Random(1)
        for _ in range(60):
            viewer = rig.connect((chance.choice(ENCODINGS), DESKTOP_SIZE), start=False)
            script = (viewer.greet, viewer.security_types, lambda: viewer.send('B', 1),
                      viewer.result, viewer.start, lambda: viewer.set_encodings([TIGHT]),
                      viewer.ask, viewer.ask, lambda: viewer.sock.recv(5000),
                      lambda: viewer.key(ord('a'), True))
            for step in script[:chance.randrange(len(script) + 1)]:
                step()
            if chance.random() < 0.5:
                viewer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack('ii', 1, 0))
            viewer.close()
        settle(rig.daemon, before)
        viewer = rig.connect()
        viewer.ask()
        rig.client.call('object-del', id='vnc0')        # and so does the server
        assert viewer.ended()
        assert not os.path.exists(rig.path)


def noise(recorder):
    """random messages, whole, cut, changed and mixed, end their sender at most"""
    with Rig(recorder, password=False) as rig:
        rig.run(pattern())
        rig.client.call('cont')
        before = resources(rig.daemon)
        for seed in range(150):
            chance = random.Random(seed)
            with rig.connect((chance.choice(ENCODINGS),), start=chance.random() < 0.9) as viewer:
                with contextlib.suppress(OSError):
                    for _ in range(chance.randrange(1, 40)):
                        viewer.sock.sendall(random_message(chance))
            assert rig.daemon.alive(), (seed, rig.daemon.output())
        settle(rig.daemon, before)
        with rig.connect() as viewer:
            viewer.set_format(vncclient.FORMAT_32)
            viewer.picture()
            rig.check(viewer)


def random_message(chance):
    message = bytearray(chance.choice((
        b'\0\0\0\0' + chance.choice((vncclient.FORMAT_32, vncclient.FORMAT_16,
                                     vncclient.FORMAT_8)),
        struct.pack('>BxH5i', 2, 5, *(chance.choice((*ENCODINGS, DESKTOP_SIZE, -239, -224, -232,
                                                     -258, -261, -257, -250, -28, 1, 15, -308,
                                                     -314, vncclient.CLIPBOARD))
                                      for _ in range(5))),
        struct.pack('>BBHHHH', 3, chance.randrange(2), *(chance.randrange(65536)
                                                         for _ in range(4))),
        struct.pack('>BBHHHH', 3, 0, 0, 0, 320, 200),
        struct.pack('>BBxxI', 4, chance.randrange(2), chance.randrange(0x10000)),
        struct.pack('>BBHH', 5, chance.randrange(256), chance.randrange(65536), 5),
        struct.pack('>BxxxI', 6, 20) + b'some text as clipboard'[:20],
        EXTENDED + extended(chance.choice((vncclient.NOTIFY | 1, vncclient.REQUEST | 1,
                                           vncclient.PEEK, vncclient.CAPS | 1))),
        EXTENDED + extended(vncclient.PROVIDE | 1, packed(chance.randbytes(9).hex().encode())),
        struct.pack('>BxHHBx', 251, 800, 600, chance.randrange(3)) + bytes(16),
        struct.pack('>BBHII', 255, 0, chance.randrange(2), 0, chance.randrange(256)),
        chance.randbytes(20))))
    if chance.random() < 0.1:
        message[chance.randrange(len(message))] = chance.randrange(256)
    return message[:chance.randrange(len(message))] if chance.random() < 0.05 else message


if __name__ == '__main__':
    vmdtest.main([liars, handshakes, clipboard, slow, steady, killed, noise])
