#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: passwords, sharing, encrypted connections."""
import contextlib
import os
import random
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
import vncclient                                    # noqa: E402
from pki import Authority                           # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from vncclient import DESKTOP_SIZE, KEYS, RAW, Refused  # noqa: E402
from vncrig import Rig, pattern, resources, settle, tls_context     # noqa: E402


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
                refused(rig, password='open', tls=tls_context(authority))
            for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                for rfb in 7, 8:
                    with rig.connect((RAW, KEYS, DESKTOP_SIZE), version=rfb, password='sesame',
                                     tls=tls_context(authority, None, version)) as viewer:
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
        good, bad = tls_context(authority, 'anna'), tls_context(authority, 'bert')
        authority.revoke('bert')
        foreign = tls_context(authority)
        foreign.load_cert_chain(*other.issue('anna'))
        credentials(rig, 'tls0', authority)
        rig.serve('vnc0', addr={'type': 'unix', 'path': rig.path}, tls_creds='tls0')
        assert 'in-use' == rig.client.error('object-del', {'id': 'tls0'})['reason']
        rig.connect(tls=good).close()
        name = rig.client.wait_event('VNC_INITIALIZED')['data']['client']['x509_dname']
        assert name == 'O=vmd,CN=anna', name
        for tls in tls_context(authority), foreign, bad:
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
        with rig.connect(tls=tls_context(authority)) as viewer:         # noise inside TLS
            viewer.sock.sendall(b'\7' * 100)
            assert viewer.ended()
        viewer = rig.connect(tls=tls_context(authority))
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


if __name__ == '__main__':
    vmdtest.main([passwords, secrets, guessing, password_errors, sharing, encrypted, certificates,
                  tls_lies, tls_errors])
