#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets that another secret encrypts, as libvirt sends them: a VNC server's password is one."""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vncclient import Refused                       # noqa: E402
from vncrig import Rig                              # noqa: E402

# 'sesame' by `openssl enc -aes-256-cbc`: the bytes 0 to 31 are the key, 0 to 15 the vector.
KEY = base64.b64encode(bytes(range(32))).decode()
IV = base64.b64encode(bytes(range(16))).decode()
SEALED = {'qom-type': 'secret', 'id': 'sealed', 'data': 'n7wjVEQvQbKOtueJ0waaUQ==',
          'format': 'base64', 'keyid': 'master', 'iv': IV}


def opens(rig, password):
    try:
        rig.connect(password=password).close()
        return True
    except Refused:
        return False


def encrypted(recorder):
    """the key opens it, and stays while it is needed"""
    with Rig(recorder, listen=False) as rig:
        rig.client.call('object-add', qom_type='secret', id='master', data=KEY, format='base64')
        rig.client.request({'execute': 'object-add', 'arguments': SEALED})
        assert rig.client.error('object-del', {'id': 'master'})['reason'] == 'in-use'
        rig.serve('vnc', addr={'type': 'unix', 'path': rig.path}, password_secret='sealed')
        assert opens(rig, 'sesame')
        assert not opens(rig, 'open')
        for name in ('vnc', 'sealed', 'master'):
            rig.client.call('object-del', id=name)


def file(recorder):
    """both in files, as libvirt keeps its key"""
    with Rig(recorder, listen=False) as rig:
        master, sealed = (rig.daemon.path(name) for name in ('master', 'sealed'))
        with open(master, 'wb') as f:
            f.write(bytes(range(32)))
        with open(sealed, 'w', encoding='ascii') as f:
            f.write(SEALED['data'] + '\n')
        rig.client.call('object-add', qom_type='secret', id='master', file=master)
        rig.client.call('object-add', qom_type='secret', id='sealed', file=sealed, iv=IV,
                        keyid='master', format='base64')
        rig.serve('vnc', addr={'type': 'unix', 'path': rig.path}, password_secret='sealed')
        assert opens(rig, 'sesame')


def wrong(recorder):
    """keys, vectors and data that do not fit"""
    with vmdtest.Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='secret', id='master', data=KEY, format='base64')
        client.call('object-add', qom_type='secret', id='short', data='abc')
        for change, reason, path in (
                ({'iv': None}, 'property-missing', 'iv'), ({'iv': ''}, 'invalid-value', 'iv'),
                ({'iv': KEY}, 'invalid-value', 'iv'), ({'iv': 'no'}, 'invalid-value', 'iv'),
                ({'format': 'raw'}, 'invalid-value', 'format'),
                ({'keyid': None}, 'invalid-value', 'iv'),
                ({'keyid': 'short'}, 'invalid-value', 'keyid'),
                ({'keyid': 'nobody'}, 'object-not-found', 'keyid'),
                ({'data': IV}, 'invalid-value', 'data'),
                ({'data': 'YWJj'}, 'invalid-value', 'data'),
                ({'data': ''}, 'invalid-value', 'data')):
            bad = {name: v for name, v in {**SEALED, **change}.items() if v is not None}
            error = client.error('object-add', bad)
            assert (error['reason'], error['path']) == (reason, path), (change, error)


if __name__ == '__main__':
    vmdtest.main([encrypted, file, wrong])
