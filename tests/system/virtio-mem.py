#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virtio-mem-pci: what is refused, what queries and events say, and Debian's kernel, which takes
and returns blocks while it works."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
PC = 'pc-i440fx-7.2'
RAM = 64 * MIB
LOAD = 'insmod /lib/modules/$(grep virtio_mem /lib/modules/optional)'


def make(client, memory=None):
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=RAM)
    client.call('object-add', qom_type=PC + '-machine', id='machine', memory_backend='ram',
                **({'memory': memory} if memory else {}))


def add(client, name, size, kind='ram', backend=None, **properties):
    client.call('object-add', qom_type='memory-backend-' + kind, id='m-' + name, size=size,
                **(backend or {}))
    client.call('device_add', driver='virtio-mem-pci', id=name, memdev='m-' + name, **properties)


def resize(client, name, size):
    client.call('qom-set', path=name, property='requested-size', value=size)


def wait_deleted(client, name):
    """Its part goes first, as in QEMU."""
    for part in '/virtio-backend', '':
        event = client.wait_event('DEVICE_DELETED', 4 * vmdtest.TIMEOUT)
        assert event['data']['path'] == '/machine/peripheral/' + name + part, event


def describe(name, addr, size, **more):
    return {'type': 'virtio-mem', 'data': dict(
        {'id': name, 'memaddr': addr, 'max-size': size, 'size': 0, 'requested-size': 0,
         'block-size': 2 * MIB, 'node': 0, 'memdev': '/objects/m-' + name}, **more)}


def cold(recorder):
    """places beside modules, queries, run-time sizes, removal"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, {'max-size': RAM + 256 * MIB, 'slots': 1})
        add(client, 'a', 64 * MIB, requested_size=8 * MIB)
        client.call('object-add', qom_type='memory-backend-ram', id='more', size=16 * MIB)
        client.call('device_add', driver='pc-dimm', id='dimm', memdev='more')
        add(client, 'b', 96 * MIB, 'memfd', block_size=32 * MIB, memaddr=4 * GIB + 96 * MIB)
        devices = client.call('query-memory-devices')
        assert devices[0] == describe('a', 4 * GIB, 64 * MIB, **{'requested-size': 8 * MIB})
        assert devices[1]['type'] == 'dimm' and devices[1]['data']['slot'] == 0
        assert devices[2] == describe('b', 4 * GIB + 96 * MIB, 96 * MIB,
                                      **{'block-size': 32 * MIB})
        assert client.call('query-memory-size-summary') == \
            {'base-memory': RAM, 'plugged-memory': 16 * MIB}
        for name, value in (('a', 'off'), ('b', 'on')):     # reads of a memfd cost pages
            path = '/machine/peripheral/' + name
            assert client.call('qom-get', path=path, property='unplugged-inaccessible') == value
        resize(client, 'b', 64 * MIB)
        assert client.call('qom-get', path='b', property='requested-size') == 64 * MIB
        assert client.call('qom-get', path='b/virtio-backend', property='size') == 0
        refusals(client)
        client.call('device_del', id='b')
        wait_deleted(client, 'b')
        client.call('object-del', id='m-b')
        assert len(client.call('query-memory-devices')) == 2


def refusals(client):
    before = client.call('query-memory-devices')
    client.call('object-add', qom_type='memory-backend-ram', id='m', size=3 * MIB)
    client.call('object-add', qom_type='memory-backend-ram', id='large', size=GIB)
    client.call('object-add', qom_type='memory-backend-ram', id='good', size=16 * MIB)
    for path, reason, words, more in (
            ('memdev', 'invalid-value', 'not a multiple of', {'memdev': 'm'}),
            ('memdev', 'limit-exceeded', "'max-size' leaves", {'memdev': 'large'}),
            ('memdev', 'in-use', 'more', {'memdev': 'more'}),
            ('memaddr', 'invalid-value', "'block-size' 0x200000", {'memaddr': 0x100100000}),
            ('memaddr', 'address-in-use', "overlap", {'memaddr': 0x100000000}),
            ('memaddr', 'out-of-range', 'not within', {'memaddr': 0x200000}),
            ('block-size', 'out-of-range', '', {'block-size': 4096}),
            ('block-size', 'invalid-value', 'power of two', {'block-size': 3 * MIB}),
            ('requested-size', 'invalid-value', 'multiple', {'requested-size': MIB}),
            ('requested-size', 'out-of-range', '0x1000000 bytes', {'requested-size': 18 * MIB}),
            ('node', 'out-of-range', 'NUMA node 7', {'node': 7})):
        error = client.error('device_add', dict({'driver': 'virtio-mem-pci', 'id': 'x',
                                                 'memdev': 'good'}, **more))
        assert (error['path'], error['reason']) == (path, reason), error
        assert words in error['desc'], error
    for size, reason in ((MIB, 'invalid-value'), (1 << 40, 'out-of-range')):
        error = client.error('qom-set', {'path': 'a', 'property': 'requested-size', 'value': size})
        assert error['reason'] == reason, error
    assert client.call('qom-get', path='a', property='requested-size') == 8 * MIB
    assert client.call('query-memory-devices') == before
    for name in 'm', 'large', 'good':
        client.call('object-del', id=name)


def machines(recorder):
    """a machine without room refuses it; one without slots does not"""
    for memory in None, {'max-size': RAM}:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            make(client, memory)
            client.call('object-add', qom_type='memory-backend-ram', id='m', size=16 * MIB)
            error = client.error('device_add', {'driver': 'virtio-mem-pci', 'memdev': 'm'})
            assert "no 'max-size'" in error['desc'], error
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, {'max-size': RAM + 16 * MIB})
        add(client, 'a', 16 * MIB)


# ---- Linux

def wait_size(client, name, size):
    """Waits for the event that says that the guest has this much; returns all sizes on the way."""
    sizes = []
    while not sizes or sizes[-1] != size:
        data = client.wait_event('MEMORY_DEVICE_SIZE_CHANGE', 8 * vmdtest.TIMEOUT)['data']
        assert data['id'] == name and data['qom-path'] == '/machine/peripheral/' + name, data
        sizes.append(data['size'])
    assert client.call('qom-get', path=name, property='size') == size
    return sizes


def resident(daemon):
    """KiB of the host's memory that the daemon has."""
    with open('/proc/%d/status' % daemon.process.pid, encoding='ascii') as f:
        fields = dict(line.split(':', 1) for line in f)
    return sum(int(fields[name].split()[0]) for name in ('RssAnon', 'RssShmem'))


def memory_kib(guest):
    return int(guest.run('grep MemTotal /proc/meminfo').split()[1])


def wait_memory(guest, expected):
    deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
    while abs(memory_kib(guest) - expected) > 8 << 10:
        assert time.monotonic() < deadline, (memory_kib(guest), expected)
        time.sleep(0.2)


@on_tcg
def linux(recorder):
    """blocks come to Linux and go while it works; what it returned is the host's again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 * MIB, machine_type=PC, hardware=True,
                      memory={'max-size': 2 * GIB})
        client.call('device_add', driver='virtio-balloon-pci')
        add(client, 'mem', 512 * MIB, 'memfd', requested_size=64 * MIB)
        guest.boot()
        base = memory_kib(guest)
        guest.run('echo online_movable > /sys/devices/system/memory/auto_online_blocks')
        guest.run('(while true; do md5sum /bin/busybox; done) > /sums & echo $! > /worker')
        guest.run(LOAD)
        wait_size(client, 'mem', 64 * MIB)
        resize(client, 'mem', 320 * MIB)
        wait_size(client, 'mem', 320 * MIB)
        wait_memory(guest, base + (320 << 10))
        assert client.call('query-memory-size-summary')['plugged-memory'] == 320 * MIB
        error = client.error('device_del', {'id': 'mem'})
        assert error['reason'] == 'in-use' and '0x14000000' in error['desc'], error
        # Zeros that take all that the guest has, and are returned.
        before = resident(daemon)
        guest.run('mkdir /big; mount -t tmpfs -o size=400m none /big; '
                  'dd if=/dev/urandom of=/big/x bs=1M count=300; rm /big/x', timeout=600)
        assert resident(daemon) > before + (150 << 10), (before, resident(daemon))
        resize(client, 'mem', 0)
        wait_size(client, 'mem', 0)
        wait_memory(guest, base)
        assert resident(daemon) < before + (60 << 10), (before, resident(daemon))
        resize(client, 'mem', 128 * MIB)
        wait_size(client, 'mem', 128 * MIB)
        guest.run('kill $(cat /worker)')
        assert guest.run('sort -u /sums | grep -c busybox').strip() == '1'


@on_tcg
def hot(recorder):
    """a device that comes while Linux works; a reset takes all blocks; it goes when it has none"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 * MIB, machine_type=PC, hardware=True,
                      memory={'max-size': 2 * GIB, 'slots': 2})
        guest.boot()
        guest.run('echo online_movable > /sys/devices/system/memory/auto_online_blocks; ' + LOAD)
        add(client, 'mem', 256 * MIB, requested_size=128 * MIB, prealloc=True)
        wait_size(client, 'mem', 128 * MIB)
        client.call('system_reset')
        wait_size(client, 'mem', 0)
        guest.wait_shell()
        guest.run('echo online_movable > /sys/devices/system/memory/auto_online_blocks; ' + LOAD)
        wait_size(client, 'mem', 128 * MIB)
        resize(client, 'mem', 0)
        wait_size(client, 'mem', 0)
        client.call('device_del', id='mem')
        wait_deleted(client, 'mem')
        assert client.call('query-memory-devices') == []
        client.call('object-del', id='m-mem')


if __name__ == '__main__':
    vmdtest.main([cold, machines, linux, hot])
