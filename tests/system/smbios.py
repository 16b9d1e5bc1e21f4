#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings of clients for SMBIOS tables: what is accepted, and when."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build                           # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

SETTINGS = {
    'smbios-type-0': {'vendor': 'v', 'version': '1', 'date': '04/01/2014', 'release': '1.2',
                      'uefi': True},
    'smbios-type-1': {'manufacturer': 'm', 'product': 'p', 'version': '1', 'serial': 's',
                      'uuid': '00112233-4455-6677-8899-aabbccddeeff', 'sku': 'k', 'family': 'f'},
    'smbios-type-2': {'manufacturer': 'm', 'product': 'p', 'version': '1', 'serial': 's',
                      'asset': 'a', 'location': 'l'},
    'smbios-type-3': {'manufacturer': 'm', 'version': '1', 'serial': 's', 'asset': 'a',
                      'sku': 'k'},
    'smbios-type-4': {'sock_pfx': 'c', 'manufacturer': 'm', 'version': '1', 'serial': 's',
                      'asset': 'a', 'part': 'p', 'max-speed': 4000, 'current-speed': 3000,
                      'processor-id': 1 << 63},
    'smbios-type-11': {'value': ['one', 'two'], 'path': 'PATH'},
    'smbios-type-17': {'loc_pfx': 'd', 'bank': 'b', 'manufacturer': 'm', 'serial': 's',
                       'asset': 'a', 'part': 'p', 'speed': 3200},
}


def all_properties(recorder):
    """each setting is accepted and reads as what was set"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('contents')
        with open(path, 'w', encoding='utf-8') as f:
            f.write('three')
        for klass, settings in SETTINGS.items():
            settings = {k: path if v == 'PATH' else v for k, v in settings.items()}
            client.request({'execute': 'object-add', 'arguments': {
                'qom-type': klass, 'id': klass, **settings}})
            for name, value in settings.items():
                secret = (klass, name) == ('smbios-type-11', 'value')
                assert client.call('qom-get', path='/objects/' + klass,
                                   property=name) == (None if secret else value), (klass, name)


def wrong_settings(recorder):
    """a second object of a class and values that no table can hold are refused"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for klass in SETTINGS:
            client.call('object-add', qom_type=klass, id=klass)
            if klass == 'smbios-type-11':
                client.call('object-add', qom_type=klass, id=klass + '.again')
            else:
                error = client.error('object-add', {'qom-type': klass, 'id': 'again'})
                assert error['reason'] == 'in-use', (klass, error)
            client.call('object-del', id=klass)
            client.call('object-add', qom_type=klass, id=klass)
            client.call('object-del', id=klass)
        for arguments, reason in (
                ({'qom-type': 'smbios-type-1', 'uuid': 'x' * 36}, 'invalid-value'),
                ({'qom-type': 'smbios-type-0', 'release': '1.256'}, 'invalid-value'),
                ({'qom-type': 'smbios-type-0', 'release': 'one'}, 'invalid-value'),
                ({'qom-type': 'smbios-type-11', 'value': ['x'] * 255}, 'out-of-range'),
                ({'qom-type': 'smbios-type-11', 'path': '/'}, 'file-not-usable')):
            error = client.error('object-add', {'id': 'x', **arguments})
            assert error['reason'] == reason, (arguments, error)


@on_one_accel
def machine_without_tables(recorder):
    """a machine without SMBIOS tables does not start with settings for them"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=loop')
        client.call('object-add', qom_type='smbios-type-3', id='chassis', serial='1')
        error = client.error('cont')
        assert error['reason'] == 'not-supported' and 'chassis' in error['desc'], error
        client.call('object-del', id='chassis')
        client.call('cont')
        error = client.error('object-add', {'qom-type': 'smbios-type-3', 'id': 'late'})
        assert error['reason'] == 'wrong-state', error


if __name__ == '__main__':
    sys.exit(vmdtest.main([all_properties, wrong_settings, machine_without_tables]))
