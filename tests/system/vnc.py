#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: pictures in each encoding, what clients press and move, passwords, sharing,
addresses, events; clients that are hostile, slow or killed; and what it costs while nobody
looks."""
import contextlib
import os
import random
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
from pki import Authority                           # noqa: E402
from vgaprogram import FRAME_BUFFER, Program        # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from vncclient import (CORRE, DESKTOP_SIZE, HEXTILE, KEYS, LEDS, MOTION, RAW, RRE, TIGHT, ZLIB,
                       ZRLE, Refused, VncClient, rgb)       # noqa: E402
from vncrig import Rig, pattern                     # noqa: E402

ENCODINGS = RAW, RRE, CORRE, HEXTILE, ZLIB, TIGHT, ZRLE
SHIFT, ISO_LEVEL3, KP_ENTER, EURO = 0xffe1, 0xfe03, 0xff8d, 0x20ac


# ---- Pictures ----

def encodings(recorder):
    """in each encoding the picture is screendump's, pixel by pixel, and so is each change"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        for encoding in ENCODINGS:
            with rig.connect((encoding, DESKTOP_SIZE)) as viewer:
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
                rig.check(viewer)
                change = Program()
                change.write(FRAME_BUFFER + 4 * (77 * 320 + 100), os.urandom(400))
                rig.run(change)
                rig.look()
                before = viewer.rectangles
                viewer.update(incremental=True)
                assert viewer.rectangles > before
                rig.check(viewer)


def formats(recorder):
    """other pixel formats have the same colours, as far as they can"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        for encoding in ENCODINGS:
            for layout, bits in ((vncclient.FORMAT_16, (5, 6, 5)), (vncclient.FORMAT_8, (3, 3, 2))):
                with rig.connect((encoding, DESKTOP_SIZE), pixel_format=layout) as viewer:
                    check_colors(viewer, rig.screendump()[2], bits)


def check_colors(viewer, expected, bits):
    viewer.picture()
    size = viewer.bytes_per_pixel
    shifts = viewer.format[10:13]
    for i in range(0, viewer.width * viewer.height, 97):
        pixel = int.from_bytes(viewer.pixels[i * size:(i + 1) * size], 'little')
        for n, shift, full in zip(bits, shifts, expected[3 * i:3 * i + 3]):
            seen = (pixel >> shift & ((1 << n) - 1)) / ((1 << n) - 1)
            assert abs(seen - full / 255) < 0.6 / ((1 << n) - 1), (i, seen, full / 255)


def sizes(recorder):
    """a new size is told; a client that cannot follow keeps the size of its start"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with rig.connect((HEXTILE, DESKTOP_SIZE)) as follows, rig.connect((HEXTILE,)) as keeps:
            for viewer in follows, keeps:
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
            for width, height in ((640, 480), (160, 100), (800, 600)):
                rig.run(pattern(width, height))
                rig.look()
                follows.picture()
                rig.check(follows)
                keeps.picture()
                assert (keeps.width, keeps.height, keeps.sizes) == (320, 200, 0)
            whole = rig.screendump()[2]
            assert rgb(keeps.pixels)[:320 * 3] == whole[:320 * 3]
            keeps.set_encodings((RAW, DESKTOP_SIZE))        # it has learned
            keeps.picture()
            rig.check(keeps)


def no_screen(recorder):
    """a machine without a screen shows a black one, until it gets a card"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('object-add', {'qom-type': 'vnc-server', 'id': 'vnc0'})
        assert error['reason'] == 'no-machine', error
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        path = daemon.path('vnc')
        client.call('object-add', qom_type='vnc-server', id='vnc0',
                    addr={'type': 'unix', 'path': path})
        with VncClient(path, encodings=(RAW, DESKTOP_SIZE)) as viewer:
            assert (viewer.width, viewer.height) == (640, 480)
            assert not any(viewer.picture())
            client.call('device_add', driver='bochs-display', id='card')
            viewer.picture()
            assert (viewer.width, viewer.height) == (1280, 800) or viewer.sizes == 0
            client.call('device_del', id='card')
            viewer.picture()
            assert not any(viewer.pixels)


def several(recorder):
    """several clients see the same; one that leaves does not disturb the others"""
    with Rig(recorder) as rig:
        rig.run(pattern())
        with contextlib.ExitStack() as stack:
            viewers = [stack.enter_context(rig.connect((encoding, DESKTOP_SIZE)))
                       for encoding in ENCODINGS]
            for i, viewer in enumerate(viewers):
                viewer.set_format(vncclient.FORMAT_32)
                viewer.picture()
                rig.check(viewer)
                if i % 2:
                    viewer.close()
            rig.run(pattern(seed=2))
            rig.look()
            for viewer in viewers[::2]:
                viewer.picture()
                rig.check(viewer)


# ---- Input ----

def typing(recorder):
    """keys by their number and by characters reach the keyboard; held ones are let go of"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        with rig.connect((RAW, KEYS, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.features == {KEYS}
            viewer.key_number(0x1e, True)
            viewer.key_number(0x1e, False)
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.key_number(0x9d, True)               # the right Ctrl
            viewer.key_number(0xe01d, False)            # as some clients call it
            rig.expect_keys(0xe0, 0x14, 0xe0, 0xf0, 0x14)
            viewer.key_number(0, True, ord('a'))        # it does not know the number
            viewer.key_number(0, False, ord('a'))
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.type('b')
            rig.expect_keys(0x32, 0xf0, 0x32)
            viewer.key(SHIFT, True)
            viewer.type('B')
            viewer.key(SHIFT, False)
            rig.expect_keys(0x12, 0x32, 0xf0, 0x32, 0xf0, 0x12)
            viewer.type('B')                            # without Shift
            rig.expect_keys(0x12, 0x32, 0xf0, 0x12, 0xf0, 0x32)
            viewer.key(SHIFT, True)
            viewer.type('b')                            # in spite of Shift
            viewer.key(SHIFT, False)
            rig.expect_keys(0x12, 0xf0, 0x12, 0x32, 0x12, 0xf0, 0x32, 0xf0, 0x12)
            viewer.key(KP_ENTER, True)
            viewer.key(0x12345678, True)                # no key of this layout
            rig.expect_keys(0xe0, 0x5a)
            viewer.key(ord('x'), True)
            rig.expect_keys(0x22)
        rig.expect_keys(0xf0, 0x22, 0xe0, 0xf0, 0x5a)


def layouts(recorder):
    """characters are those of the layout that the server was told"""
    with Rig(recorder, keyboard_layout='de') as rig:
        rig.client.call('cont')
        with rig.connect() as viewer:
            viewer.type('z')
            rig.expect_keys(0x35, 0xf0, 0x35)
            viewer.type('@')                            # AltGr and Q
            rig.expect_keys(0xe0, 0x11, 0x15, 0xe0, 0xf0, 0x11, 0xf0, 0x15)
            viewer.key(ISO_LEVEL3, True)
            viewer.type('@')
            rig.expect_keys(0xe0, 0x11, 0x15, 0xf0, 0x15)
            viewer.key(0x01000000 | EURO, True)         # by its Unicode
            viewer.key(0x01000000 | EURO, False)
            viewer.key(ISO_LEVEL3, False)
            rig.expect_keys(0x24, 0xf0, 0x24, 0xe0, 0xf0, 0x11)
        for layout in 'fr(nodeadkeys)', 'en-gb', 'ja':
            rig.serve('other', keyboard_layout=layout)
            rig.client.call('object-del', id='other')
        for layout in 'no-such-layout', 'de(nothing)', '':
            error = rig.client.error('object-add', {
                'qom-type': 'vnc-server', 'id': 'other', 'keyboard-layout': layout})
            assert (error['reason'], error['path']) == ('invalid-value', 'keyboard-layout'), error


def lights(recorder):
    """the LEDs of the guest's keyboard are told, and Caps Lock changes what Shift means"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        with rig.connect((RAW, LEDS, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.leds == 0
            for byte in 0xed, 4:
                rig.port.outb(0x60, byte)
            assert rig.read_keys() == [0xfa, 0xfa]
            viewer.ask(incremental=True)
            assert viewer.take_update() == [LEDS] and viewer.leds == 4
            viewer.type('A')
            rig.expect_keys(0x1c, 0xf0, 0x1c)
            viewer.type('!')
            rig.expect_keys(0x12, 0x16, 0xf0, 0x12, 0xf0, 0x16)


def mouse(recorder):
    """a mouse gets the ways between positions, movements, buttons and the wheel"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        for byte in 0xf4, 0xf3, 200, 0xf3, 100, 0xf3, 80:       # and it has a wheel
            rig.port.outb(0x64, 0xd4)
            rig.port.outb(0x60, byte)
            rig.expect_keys(0xfa)
        with rig.connect((RAW, MOTION, DESKTOP_SIZE)) as viewer:
            viewer.update()
            assert viewer.absolute == 0
            viewer.pointer(0x7fff + 5, 0x7fff - 3)
            rig.expect_keys(0x08, 5, 3, 0)
            viewer.pointer(0x7fff, 0x7fff, 1)
            rig.expect_keys(0x09, 0, 0, 0)
            viewer.pointer(0x7fff, 0x7fff, 1 | 16)
            rig.expect_keys(0x09, 0, 0, 1)
        rig.expect_keys(0x08, 0, 0, 0)                 # it has let go
        with rig.connect() as viewer:
            viewer.pointer(100, 100)                    # from where is unknown
            viewer.pointer(90, 107)
            viewer.pointer(90, 107, 4)
            rig.expect_keys(0x38, 0xf6, 0xf9, 0, 0x0a, 0, 0, 0)


# ---- Who is let in ----

def passwords(recorder):
    """a password is asked for in each version, may change and expire, and comes from a secret"""
    with Rig(recorder, password=True) as rig:
        for version in 3, 7, 8:
            refused(rig, version=version, password='')
        rig.client.call('set_password', protocol='vnc', password='sesame')
        for version in 3, 7, 8:
            rig.connect(version=version, password='sesame').close()
        rig.client.call('change-vnc-password', password='longer than it counts')
        rig.connect(password='longer t').close()
        rig.client.call('set_password', protocol='vnc', password='other', connected='keep',
                        display='vnc0')
        refused(rig, password='longer t')
        for moment in 'now', str(int(time.time()) - 1), '1':
            rig.client.call('expire_password', protocol='vnc', time=moment)
            refused(rig, password='other')
            rig.client.call('expire_password', protocol='vnc', time='never', display='vnc0')
            rig.connect(password='other').close()
        rig.client.call('expire_password', protocol='vnc', time='+100')
        rig.connect(password='other').close()
        assert rig.client.call('query-vnc')['auth'] == 'vnc'
        assert rig.client.call('query-vnc-servers')[0]['auth'] == 'vnc'
        rig.client.call('change-vnc-password', password='')
        refused(rig, password='')


def secrets(recorder):
    """a password from a secret: as data, in base64, in a file"""
    with Rig(recorder, listen=False) as rig:
        with open(rig.daemon.path('secret'), 'w', encoding='ascii') as f:
            f.write('c2Vz\nYW1l\n')
        for i, source in enumerate(({'data': 'sesame'}, {'data': 'c2VzYW1l', 'format': 'base64'},
                                    {'file': rig.daemon.path('secret'), 'format': 'base64'})):
            rig.client.call('object-add', qom_type='secret', id='secret%d' % i, **source)
            rig.serve('vnc', addr={'type': 'unix', 'path': rig.path},
                      password_secret='secret%d' % i)
            rig.connect(password='sesame').close()
            refused(rig, password='open')
            rig.client.call('object-del', id='vnc')
        assert rig.client.call('qom-list', path='/objects/secret0')
        for source, reason in (({}, 'property-missing'), ({'data': 'a', 'file': 'b'},
                                                          'property-missing'),
                               ({'data': 'a!==', 'format': 'base64'}, 'invalid-value'),
                               ({'data': 'abc', 'format': 'base64'}, 'invalid-value'),
                               ({'file': '/nonexistent'}, 'file-not-usable'),
                               ({'file': '/dev/zero'}, 'file-not-usable')):
            error = rig.client.error('object-add', {'qom-type': 'secret', 'id': 'bad', **source})
            assert error['reason'] == reason, error
        error = rig.client.error('object-add', {
            'qom-type': 'vnc-server', 'id': 'vnc', 'password': True,
            'password-secret': 'secret0'})
        assert error['path'] == 'password-secret', error


def refused(rig, why='Authentication failed', **options):
    try:
        rig.connect(**options).close()
    except Refused as e:
        assert str(e) == why or options.get('version', 8) < 8, e
    else:
        assert False, 'it was let in'


def guessing(recorder):
    """after five wrong passwords in a row, there is no sixth for a while"""
    with Rig(recorder, password=True) as rig:
        rig.client.call('set_password', protocol='vnc', password='sesame')
        for _ in range(2):
            for _ in range(4):
                refused(rig, password='open')
            rig.connect(password='sesame').close()      # it forgives
        waiting = rig.connect(start=False)
        waiting.greet()
        assert waiting.security_types() == [2]
        for _ in range(5):
            refused(rig, password='open')
        refused(rig, 'Too many wrong passwords', password='sesame')
        refused(rig, 'Too many wrong passwords', password='sesame', version=3)
        waiting.send('B', 2)                            # it was there before
        waiting.answer('sesame')
        try:
            waiting.result()
            assert False, 'it was let in'
        except Refused:
            pass


def password_errors(recorder):
    """commands about passwords say what is wrong"""
    with Rig(recorder, listen=False) as rig:
        password = {'protocol': 'vnc', 'password': 'a'}
        expiry = {'protocol': 'vnc', 'time': 'now'}
        for command, arguments in (('set_password', password), ('expire_password', expiry),
                                   ('change-vnc-password', {'password': 'a'})):
            error = rig.client.error(command, arguments)
            assert error['reason'] == 'device-not-active', error
        assert rig.client.call('query-vnc') == {'enabled': False}
        assert rig.client.call('query-vnc-servers') == []
        rig.serve('vnc0')
        assert rig.client.call('query-vnc') == {'enabled': False}
        assert rig.client.call('query-vnc-servers') == [
            {'id': 'vnc0', 'auth': 'none', 'clients': [], 'server': []}]
        for command, arguments, reason in (
                ('set_password', password, 'not-supported'),
                ('change-vnc-password', {'password': 'a'}, 'not-supported'),
                ('set_password', {**password, 'protocol': 'spice'}, 'not-supported'),
                ('set_password', {**password, 'connected': 'disconnect'}, 'not-supported'),
                ('set_password', {**password, 'display': 'vnc1'}, 'object-not-found'),
                ('expire_password', {**expiry, 'display': 'vnc1'}, 'object-not-found'),
                ('expire_password', {**expiry, 'time': 'soon'}, 'invalid-value'),
                ('expire_password', {**expiry, 'time': ''}, 'invalid-value'),
                ('expire_password', {**expiry, 'time': '+9223372036854775807'}, 'invalid-value')):
            error = rig.client.error(command, arguments)
            assert error['reason'] == reason, (command, arguments, error)


def sharing(recorder):
    """the three policies, and the number of clients"""
    with Rig(recorder) as rig:                          # allow-exclusive
        first, second = rig.connect(), rig.connect()
        alone = rig.connect(shared=False)
        assert first.ended() and second.ended()
        with rig.connect(start=False) as late:
            late.handshake()
            late.send('B', 1)
            assert late.ended()
        rig.connect(shared=False).close()
        assert alone.ended()
    with Rig(recorder, share='force-shared', connections=2) as rig:
        with rig.connect(start=False) as alone:
            alone.handshake()
            alone.send('B', 0)
            assert alone.ended()
        with rig.connect(), rig.connect(), rig.connect(start=False) as third:
            third.handshake()
            third.send('B', 1)
            assert third.ended()
    with Rig(recorder, share='ignore') as rig:
        with rig.connect() as shared, rig.connect(shared=False):
            shared.update()


# ---- TLS ----

def context(authority, name=None, version=None):
    """What a client has: its authority and, with a name, its certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.load_verify_locations(authority.path('ca-cert.pem'))
    if name:
        tls.load_cert_chain(*authority.issue(name))
    if version:
        tls.maximum_version = version
    return tls


def credentials(rig, name, authority, **options):
    rig.client.call('object-add', qom_type='tls-creds-x509', id=name, endpoint='server',
                    dir=authority.folder, **options)


def encrypted(recorder):
    """connections by TLS 1.2 and 1.3 show the same picture, with a password and without"""
    with Rig(recorder, listen=False) as rig:
        rig.run(pattern(1024, 768))
        authority = Authority(rig.daemon.path('pki'))
        credentials(rig, 'tls0', authority, verify_peer=False, priority='NORMAL')
        for password in False, True:
            rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path}, tls_creds='tls0',
                      password=password)
            subtype = 'x509-vnc' if password else 'x509-none'
            server = rig.client.call('query-vnc-servers')[0]
            assert (server['auth'], server['vencrypt']) == ('vencrypt', subtype), server
            assert server['server'][0]['vencrypt'] == subtype
            assert rig.client.call('query-vnc')['auth'] == 'vencrypt+' + subtype.replace('-', '+')
            if password:
                rig.client.call('set_password', protocol='vnc', password='sesame')
                refused(rig, password='open', tls=context(authority))
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                for rfb in 7, 8:
                    with rig.connect((RAW, KEYS, DESKTOP_SIZE), tls=context(authority, None, version),
                                     password='sesame', version=rfb) as viewer:
                        viewer.set_format(vncclient.FORMAT_32)
                        viewer.picture()
                        rig.check(viewer)
                        viewer.cut_text(100000, b'x' * 100000)
                        viewer.picture()
            refused(rig, 'Connections must be encrypted', version=3)
            rig.client.call('object-del', id='vnc0')
        rig.client.call('object-del', id='tls0')


def certificates(recorder):
    """with verify-peer, only clients with a certificate of the authority are let in"""
    with Rig(recorder, listen=False) as rig:
        authority, other = Authority(rig.daemon.path('pki')), Authority(rig.daemon.path('other'))
        good, bad = context(authority, 'anna'), context(authority, 'bert')
        authority.revoke('bert')
        foreign = context(authority)
        foreign.load_cert_chain(*other.issue('anna'))
        credentials(rig, 'tls0', authority)
        rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path}, tls_creds='tls0')
        assert 'in-use' == rig.client.error('object-del', {'id': 'tls0'})['reason']
        rig.connect(tls=good).close()
        name = rig.client.wait_event('VNC_INITIALIZED')['data']['client']['x509_dname']
        assert name == 'O=vmd,CN=anna', name
        for tls in context(authority), foreign, bad:
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                tls.maximum_version = version
                try:
                    rig.connect(tls=tls).close()
                    assert False, 'it was let in'
                except (OSError, EOFError):
                    pass
        assert rig.daemon.output().count('it has no certificate that is accepted') >= 4


def tls_lies(recorder):
    """clients that do not keep to VeNCrypt or TLS are ended by name"""
    with Rig(recorder, listen=False) as rig:
        authority = Authority(rig.daemon.path('pki'))
        credentials(rig, 'tls0', authority, verify_peer=False)
        rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path}, tls_creds='tls0')
        before = resources(rig.daemon)
        hello = b'RFB 003.008\n\x13'
        none = struct.pack('>I', 260)
        chance = random.Random(1)
        for lines in (b'RFB 003.008\n\1', hello + b'\0\1', hello + b'\0\2' + bytes(4),
                      hello + b'\0\2' + none + b'\x16', b'RFB 003.003\n'):
            with rig.connect(start=False) as liar:
                liar.sock.sendall(lines)
                assert liar.ended(), lines
        for i in range(30):
            with rig.connect(start=False) as liar:
                liar.sock.sendall(hello + b'\0\2' + none)
                liar.read(12 + 2 + 2 + 2 + 4)
                assert liar.read(1) == b'\1'
                # Some of the random ones are the beginning of something.
                records = b'GET / HTTP/1.1\r\n\r\n', b'\x16\3\1\0\4\1\0\0\0', b'\x17\3\3\0\1x'
                liar.sock.sendall(records[i] if i < 3 else b'\x16\3\1\0\x40' +
                                  chance.randbytes(64))
                assert i >= 3 or liar.ended()
        with rig.connect(tls=context(authority)) as viewer:         # noise inside TLS
            viewer.sock.sendall(b'\7' * 100)
            assert viewer.ended()
        viewer = rig.connect(tls=context(authority))
        plain = viewer.sock.detach()                    # and in its place
        with socket.socket(fileno=plain) as sock:
            sock.sendall(b'\3' * 50)
            sock.settimeout(vmdtest.TIMEOUT)
            with contextlib.suppress(ConnectionError):
                while sock.recv(65536):
                    pass
        settle(rig.daemon, before)
        output = rig.daemon.output()
        for why in ('another version of VeNCrypt', 'a security type that was not offered',
                    'it began to encrypt too early', 'it could not agree on TLS',
                    'its version of VNC has no encryption'):
            assert why in output, (why, output)


def tls_errors(recorder):
    """files that are missing or wrong are named"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        authority = Authority(daemon.path('pki'), password='sesame')
        options = {'qom-type': 'tls-creds-x509', 'id': 'tls0', 'endpoint': 'server',
                   'dir': authority.folder}
        client.call('object-add', qom_type='secret', id='right', data='sesame')
        client.call('object-add', qom_type='secret', id='wrong', data='open')
        client.request({'execute': 'object-add', 'arguments': {**options, 'passwordid': 'right'}})
        client.call('object-del', id='tls0')
        for more, reason, path in (({'endpoint': 'client'}, 'not-supported', 'endpoint'),
                                   ({'priority': 'FAST'}, 'invalid-value', 'priority'),
                                   ({}, 'file-not-usable', 'dir'),
                                   ({'passwordid': 'wrong'}, 'file-not-usable', 'dir'),
                                   ({'dir': '/nonexistent'}, 'file-not-usable', 'dir')):
            error = client.error('object-add', {**options, **more})
            assert (error['reason'], error['path']) == (reason, path), error
        for name in 'server-cert.pem', 'ca-crl.pem', 'ca-cert.pem':
            with open(authority.path(name), 'w', encoding='ascii') as f:
                f.write('nothing')
            error = client.error('object-add', {**options, 'passwordid': 'right'})
            assert error['reason'] == 'file-not-usable' and authority.folder in error['desc'], error


# ---- Addresses and events ----

def addresses(recorder):
    """TCP with a port of the host's choice or of a range, a passed descriptor; events and queries"""
    with Rig(recorder, listen=False) as rig:
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            port = taken.getsockname()[1]
            rig.serve('tcp', display='video', head=0, addr={
                'type': 'inet', 'host': '127.0.0.1', 'port': str(port), 'to': port + 50})
        address = rig.client.call('qom-get', path='/objects/tcp', property='addr')
        assert port < int(address['port']) <= port + 50
        with VncClient(('127.0.0.1', int(address['port']))) as viewer:
            viewer.update()
            client = {'host': '127.0.0.1', 'family': 'ipv4', 'websocket': False,
                      'service': str(viewer.sock.getsockname()[1])}
            server = {'host': '127.0.0.1', 'family': 'ipv4', 'websocket': False,
                      'service': address['port'], 'auth': 'none'}
            assert rig.client.call('query-vnc') == {
                'enabled': True, 'host': '127.0.0.1', 'family': 'ipv4', 'auth': 'none',
                'service': address['port'], 'clients': [client]}
            assert rig.client.call('query-vnc-servers') == [
                {'id': 'tcp', 'auth': 'none', 'clients': [client], 'server': [server],
                 'display': 'video'}]
        for event in 'VNC_CONNECTED', 'VNC_INITIALIZED', 'VNC_DISCONNECTED':
            data = rig.client.wait_event(event)['data']
            assert data == {'server': server, 'client': client}, data
        with socket.socket(socket.AF_UNIX) as passed:
            passed.bind(rig.path)
            passed.listen()
            rig.client.request({'execute': 'getfd', 'arguments': {'fdname': 'listener'}},
                               [passed.fileno()])
        rig.serve('fd', addr={'type': 'fd', 'str': 'listener'})
        rig.connect().close()


def address_errors(recorder):
    """an address, a card or a head that is wrong is named"""
    with Rig(recorder) as rig:
        rig.client.request({'execute': 'getfd', 'arguments': {'fdname': 'null'}},
                           [os.open('/dev/null', os.O_RDWR)])
        for options, path, reason in (
                ({'addr': {'type': 'unix', 'path': rig.path}}, 'addr', 'address-in-use'),
                ({'addr': {'type': 'fd', 'str': 'nothing'}}, 'addr.str', 'fd-not-found'),
                ({'addr': {'type': 'fd', 'str': 'null'}}, 'addr', 'file-not-usable'),
                ({'display': 'nothing'}, 'display', 'device-not-found'),
                ({'display': 'ram'}, 'display', 'device-not-found'),
                ({'display': 'video', 'head': 1}, 'head', 'invalid-value'),
                ({'head': 0}, 'head', 'invalid-value')):
            error = rig.client.error('object-add', {
                'qom-type': 'vnc-server', 'id': 'other', **options})
            assert (error['reason'], error.get('path')) == (reason, path), error
        rig.connect().close()


# ---- Hostile clients ----

def threads(daemon):
    return len(os.listdir('/proc/%d/task' % daemon.process.pid))


def resources(daemon):
    return threads(daemon), len(daemon.descriptors())


def settle(daemon, expected):
    """Waits until all that the daemon had for its clients is gone."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while any(n > limit for n, limit in zip(resources(daemon), expected)):
        assert time.monotonic() < deadline, (resources(daemon), expected)
        time.sleep(0.01)


def liars(recorder):
    """clients that do not keep to the protocol are ended by name, and disturb nobody"""
    header = struct.Struct('>BxH')
    lies = {
        'it sent a clipboard of more than 1 MiB': (
            struct.pack('>BxxxI', 6, 0xffffffff), struct.pack('>BxxxI', 6, 0x80000000),
            struct.pack('>BxxxI', 6, (1 << 20) + 1)),
        'it sent more than 256 encodings': (header.pack(2, 257), header.pack(2, 0xffff)),
        'it sent a message that this server does not have': (
            b'\x01', b'\x07' * 100, b'\xff\x01' + bytes(10), b'\xff\x07' + bytes(10), b'\x96' + bytes(9)),
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
    """a clipboard is ignored, also if it comes in pieces; so is a wish for a size"""
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


def resident(daemon):
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


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
                                                     -258, -261, -257, -250, -28, 1, 15, -308))
                                      for _ in range(5))),
        struct.pack('>BBHHHH', 3, chance.randrange(2), *(chance.randrange(65536)
                                                         for _ in range(4))),
        struct.pack('>BBHHHH', 3, 0, 0, 0, 320, 200),
        struct.pack('>BBxxI', 4, chance.randrange(2), chance.randrange(0x10000)),
        struct.pack('>BBHH', 5, chance.randrange(256), chance.randrange(65536), 5),
        struct.pack('>BxxxI', 6, 20) + b'some text as clipboard'[:20],
        struct.pack('>BBHII', 255, 0, chance.randrange(2), 0, chance.randrange(256)),
        chance.randbytes(20))))
    if chance.random() < 0.1:
        message[chance.randrange(len(message))] = chance.randrange(256)
    return message[:chance.randrange(len(message))] if chance.random() < 0.05 else message


# ---- Cost ----

def wakeups(daemon):
    """How often each of its threads has slept, so far."""
    found = {}
    for task in os.listdir('/proc/%d/task' % daemon.process.pid):
        with open('/proc/%d/task/%s/status' % (daemon.process.pid, task), encoding='ascii') as f:
            found[task] = next(int(line.split()[1]) for line in f if line.startswith('voluntary'))
    return found


def idle(recorder):
    """a server without clients does not wake up, neither before nor after its first one"""
    with Rig(recorder) as rig:
        rig.client.call('cont')
        rig.run(pattern())
        before = resources(rig.daemon)
        for _ in range(2):
            time.sleep(1.2)                 # threads of requests end
            first = wakeups(rig.daemon)
            time.sleep(2)
            for task, n in wakeups(rig.daemon).items():
                assert first[task] == n, (task, n - first[task])
            with rig.connect() as viewer:
                viewer.picture()
            settle(rig.daemon, before)


if __name__ == '__main__':
    vmdtest.main([encodings, formats, sizes, no_screen, several, typing, layouts, lights, mouse,
                  passwords, secrets, guessing, password_errors, sharing, encrypted,
                  certificates, tls_lies, tls_errors, addresses, address_errors, liars, handshakes, clipboard, slow, killed, noise, idle])
