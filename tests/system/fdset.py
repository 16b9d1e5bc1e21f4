#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of descriptors: add-fd, remove-fd, query-fdsets, and /dev/fdset/N as a path."""
import os
import sys
import time
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import TIMEOUT, Daemon, QmpError, wait_for     # noqa: E402

MAX = 256


def add(client, path, flags, **arguments):
    """add-fd with a descriptor that is closed here at once."""
    fd = os.open(path, flags, 0o600)
    try:
        return client.request({'execute': 'add-fd', 'arguments': {
            key.replace('_', '-'): value for key, value in arguments.items()}}, [fd])
    finally:
        os.close(fd)


def reason(client, command, arguments):
    return client.error(command, arguments)['reason']


def fds_of(daemon, path):
    """How many descriptors of the daemon are this file; it closes them in the background."""
    return list(daemon.descriptors().values()).count(path)


def sets_and_numbers(recorder):
    """sets get the lowest free number, and go with their last descriptor or as a whole"""
    with Daemon(recorder) as daemon, closing(daemon.client()) as client:
        assert client.call('query-fdsets') == []
        for wanted in (0, 1, 2):
            assert add(client, '/dev/null', os.O_RDWR)['fdset-id'] == wanted
        client.call('remove-fd', fdset_id=1)
        second = add(client, '/dev/null', os.O_RDONLY, fdset_id=7, opaque='ro')
        assert add(client, '/dev/null', os.O_RDWR)['fdset-id'] == 1
        add(client, '/dev/null', os.O_RDWR, fdset_id=7)
        found = {s['fdset-id']: s['fds'] for s in client.call('query-fdsets')}
        assert sorted(found) == [0, 1, 2, 7], found
        assert found[7][0] == {'fd': second['fd'], 'opaque': 'ro'}, found
        assert len(found[7]) == 2 and 'opaque' not in found[7][1], found
        client.call('remove-fd', fdset_id=7, fd=second['fd'])
        assert reason(client, 'remove-fd', {'fdset-id': 7, 'fd': second['fd']}) == 'fd-not-found'
        assert reason(client, 'remove-fd', {'fdset-id': 7, 'fd': -1}) == 'fd-not-found'
        client.call('remove-fd', fdset_id=7)
        assert reason(client, 'remove-fd', {'fdset-id': 7}) == 'fd-not-found'
        # They are the daemon's: another client has them, too, and they stay.
        with closing(daemon.client()) as other:
            assert len(other.call('query-fdsets')) == 3
            add(other, '/dev/null', os.O_RDWR, fdset_id=9)
        assert [s['fdset-id'] for s in client.call('query-fdsets')] == [0, 1, 2, 9]


def there_is_a_limit(recorder):
    """one more than the limit is refused, and is not kept"""
    with Daemon(recorder) as daemon, closing(daemon.client()) as client:
        for _ in range(MAX):
            add(client, '/dev/null', os.O_RDWR, fdset_id=1)
        before = fds_of(daemon, '/dev/null')
        assert before >= MAX, before
        for _ in range(3):
            try:
                add(client, '/dev/null', os.O_RDWR)
                raise AssertionError('there is no limit')
            except QmpError as e:
                assert e.error['reason'] == 'limit-exceeded', e.error
        wait_for(lambda: fds_of(daemon, '/dev/null') == before, 'a refused one stays open')
        client.call('remove-fd', fdset_id=1)
        wait_for(lambda: fds_of(daemon, '/dev/null') == before - MAX, 'they stay open')
        assert add(client, '/dev/null', os.O_RDWR)['fdset-id'] == 0


def paths(recorder):
    """a path takes the descriptor with the access that is needed, and keeps a copy"""
    with Daemon(recorder) as daemon, closing(daemon.client()) as client:
        disk = daemon.path('disk')
        with open(disk, 'wb') as f:
            f.truncate(1 << 20)
        node = {'driver': 'file', 'node-name': 'd', 'filename': '/dev/fdset/1'}
        for missing in ('/dev/fdset/1', '/dev/fdset/', '/dev/fdset/x', '/dev/fdset/-1'):
            assert reason(client, 'blockdev-add', {**node, 'filename': missing}) == 'file-not-usable'
        add(client, disk, os.O_RDONLY, fdset_id=1)
        assert reason(client, 'blockdev-add', node) == 'file-not-usable'
        client.call('blockdev-add', **{**node, 'read-only': True})
        client.call('blockdev-del', node_name='d')
        add(client, disk, os.O_RDWR, fdset_id=1)
        os.unlink(disk)                         # nobody could open it any more
        client.call('blockdev-add', **node)
        client.call('remove-fd', fdset_id=1)
        (info,) = client.call('query-named-block-nodes')
        assert info['image']['virtual-size'] == 1 << 20, info
        client.call('blockdev-del', node_name='d')
        wait_for(lambda: not fds_of(daemon, disk + ' (deleted)'), 'the disk stays open')


def other_paths(recorder):
    """memory, output of a chardev, input of one, and a secret"""
    with Daemon(recorder) as daemon, closing(daemon.client()) as client:
        ram, out, key = daemon.path('ram'), daemon.path('out'), daemon.path('key')
        with open(ram, 'wb') as f:
            f.truncate(1 << 20)
        with open(out, 'w', encoding='ascii') as f:
            f.write('before\n')
        with open(key, 'w', encoding='ascii') as f:
            f.write('sesame')
        add(client, ram, os.O_RDWR, fdset_id=1)
        client.call('object-add', qom_type='memory-backend-file', id='ram', size=1 << 20,
                    share=True, mem_path='/dev/fdset/1')
        add(client, out, os.O_WRONLY | os.O_APPEND, fdset_id=2)
        add(client, key, os.O_RDONLY, fdset_id=2)
        client.call('chardev-add', id='out', backend={'type': 'file', 'data': {
            'out': '/dev/fdset/2', 'in': '/dev/fdset/2', 'append': True}})
        client.call('object-add', qom_type='secret', id='key', file='/dev/fdset/2')
        # A monitor on it prints its greeting there, and the file's bytes are no requests.
        client.call('object-add', qom_type='monitor-qmp', id='mon', chardev='out')
        end = time.monotonic() + TIMEOUT
        text = ''
        while '\n' not in text[7:]:
            assert time.monotonic() < end, text
            with open(out, encoding='utf-8') as f:
                text = f.read()
        assert text.startswith('before\n{"QMP": '), text


if __name__ == '__main__':
    vmdtest.main([sets_and_numbers, there_is_a_limit, paths, other_paths])
