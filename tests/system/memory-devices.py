#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that a machine may get: property `memory`, pc-dimm before and after cont, what is
refused, and Linux, to which memory comes and from which it goes while it works."""
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
# Debian's kernel has x86's memory blocks of 128 MiB.
BLOCK = 128 * MIB


def make(client, memory, ram=RAM, machine=PC, **options):
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=ram)
    client.call('object-add', qom_type=machine + '-machine', id='machine', memory_backend='ram',
                memory=memory, **options)


def add(client, name, size=4 * MIB, **properties):
    client.call('object-add', qom_type='memory-backend-ram', id='m-' + name, size=size)
    client.call('device_add', driver='pc-dimm', id=name, memdev='m-' + name, **properties)


def refused(client, path, reason, words, command, **arguments):
    error = client.error(command, {key.replace('_', '-'): value for key, value
                                   in arguments.items()})
    assert (error['path'], error['reason']) == (path, reason), error
    assert words in error['desc'], error


def properties(recorder):
    """what property `memory` says is checked, and completed"""
    bad = [({'max-size': RAM - 4096}, 'memory.max-size', 'invalid-value', 'less than the RAM'),
           ({'max-size': GIB + 1}, 'memory.max-size', 'invalid-value', 'multiple of 4096'),
           ({'max-size': 1 << 60}, 'memory.max-size', 'out-of-range', 'at most'),
           ({'max-size': GIB, 'slots': 257}, 'memory.slots', 'out-of-range', 'at most 256'),
           ({'slots': 1}, 'memory.slots', 'property-missing', "without 'max-size'"),
           ({'max-size': RAM, 'slots': 1}, 'memory.slots', 'invalid-value', 'no effect'),
           ({'size': GIB}, 'memory.size', 'invalid-value', 'memory backend has')]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=RAM)
        for memory, path, reason, words in bad:
            refused(client, path, reason, words, 'object-add', qom_type=PC + '-machine',
                    memory_backend='ram', memory=memory)
        client.call('object-add', qom_type=PC + '-machine', id='machine', memory_backend='ram',
                    memory={'max-size': GIB, 'slots': 2})
        value = client.call('qom-get', path='/machine', property='memory')
        assert value == {'size': RAM, 'max-size': GIB, 'slots': 2}, value
        # 1 GiB for the alignment of each slot, as in QEMU.
        size = client.call('qom-get', path='/machine', property='device-memory-region-size')
        assert size == GIB - RAM + 2 * GIB, size


def cold(recorder):
    """modules before cont: places, queries, and what is refused"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, {'max-size': RAM + 64 * MIB, 'slots': 3})
        add(client, 'a')
        add(client, 'b', addr=0x100800000, slot=2)
        assert client.call('query-memory-devices') == [
            {'type': 'dimm', 'data': {'id': 'a', 'addr': 4 * GIB, 'size': 4 * MIB, 'slot': 0,
                                      'node': 0, 'memdev': '/objects/m-a', 'hotplugged': False,
                                      'hotpluggable': True}},
            {'type': 'dimm', 'data': {'id': 'b', 'addr': 0x100800000, 'size': 4 * MIB, 'slot': 2,
                                      'node': 0, 'memdev': '/objects/m-b', 'hotplugged': False,
                                      'hotpluggable': True}}]
        assert client.call('query-memory-size-summary') == \
            {'base-memory': RAM, 'plugged-memory': 8 * MIB}
        assert client.call('qom-get', path='a', property='size') == 4 * MIB
        assert client.call('qom-get', path='b', property='addr') == 0x100800000
        statuses = client.call('query-acpi-ospm-status')
        assert [one.get('device') for one in statuses] == ['a', None, 'b'], statuses
        refusals(client)
        client.call('device_del', id='a')
        assert client.wait_event('DEVICE_DELETED')['data']['device'] == 'a'
        client.call('object-del', id='m-a')
        assert client.call('query-memory-size-summary')['plugged-memory'] == 4 * MIB
        client.call('object-del', id='machine')
        assert client.call('query-memory-devices') == []
        assert client.call('query-acpi-ospm-status') == []
        client.call('object-del', id='m-b')


def refusals(client):
    before = client.call('query-memory-devices')
    client.call('object-add', qom_type='memory-backend-ram', id='m', size=4 * MIB)
    client.call('object-add', qom_type='memory-backend-ram', id='large', size=64 * MIB)
    for path, reason, words, more in (
            ('slot', 'address-in-use', 'slot 0 is occupied', {'slot': 0}),
            ('slot', 'out-of-range', 'slots 0 to 2', {'slot': 3}),
            ('node', 'out-of-range', 'NUMA node 1', {'node': 1}),
            ('addr', 'address-in-use', "overlap '/machine/peripheral/b'", {'addr': 0x100600000}),
            ('addr', 'invalid-value', 'multiple of 0x200000', {'addr': 0x100000001}),
            ('addr', 'out-of-range', 'not within the range', {'addr': 2 * MIB}),
            ('memdev', 'limit-exceeded', "'max-size' leaves 0x4000000", {'memdev': 'large'})):
        refused(client, path, reason, words, 'device_add', driver='pc-dimm', id='x',
                **dict({'memdev': 'm'}, **more))
    assert client.call('query-memory-devices') == before
    client.call('object-del', id='m')
    client.call('object-del', id='large')


def machines(recorder):
    """machines without room, slots or tables refuse modules"""
    for memory, options, words in (
            ({'max-size': RAM}, {}, "no 'max-size' above its RAM"),
            ({'max-size': GIB}, {}, "has no 'slots'"),
            ({'max-size': GIB, 'slots': 1}, {'acpi': 'off'}, "property 'acpi' is off"),
            ({'max-size': GIB, 'slots': 1},
             {'defaults': [{'driver': 'PIIX4_PM', 'property': 'memory-hotplug-support',
                            'value': False}]}, "'memory-hotplug-support'")):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            make(client, memory, **options)
            client.call('object-add', qom_type='memory-backend-ram', id='m', size=4 * MIB)
            error = client.error('device_add', {'driver': 'pc-dimm', 'memdev': 'm'})
            assert words in error['desc'], error
            client.call('object-del', id='m')


# ---- Linux

def memory_kib(guest):
    return int(guest.run('grep MemTotal /proc/meminfo').split()[1])


def wait_memory(guest, expected):
    """Waits until Linux has this many KiB, more or less."""
    deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
    while abs(memory_kib(guest) - expected) > 16 << 10:
        assert time.monotonic() < deadline, (memory_kib(guest), expected)
        time.sleep(0.2)


def online(guest, how):
    """Puts memory that has come into use; Debian's kernel leaves that to user space."""
    guest.run('for i in /sys/devices/system/memory/memory*/state; do '
              'grep -q offline $i && echo %s > $i; done; true' % how, timeout=300)


def ost(client, source, **expected):
    """The guest's report of this kind."""
    while True:
        info = client.wait_event('ACPI_DEVICE_OST', 4 * vmdtest.TIMEOUT)['data']['info']
        if info['source'] == source and info['status'] != 0x84:
            break
    assert info['slot-type'] == 'DIMM', info
    assert all(info.get(key) == value for key, value in expected.items()), info


@on_tcg
def linux(recorder):
    """memory comes to Linux and goes while it works"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 * MIB, machine_type=PC,
                      memory={'max-size': 2 * GIB, 'slots': 4})
        add(client, 'cold', BLOCK)
        guest.boot()
        online(guest, 'online_movable')
        before = memory_kib(guest)
        assert before > 256 << 10, before
        guest.run('(while true; do md5sum /bin/busybox; done) > /sums & echo $! > /worker')
        add(client, 'hot', 2 * BLOCK)
        ost(client, 1, device='hot', slot='1', status=0)
        online(guest, 'online_movable')
        wait_memory(guest, before + 2 * BLOCK // 1024)
        for name in 'hot', 'cold':
            client.call('device_del', id=name)
            assert client.wait_event('DEVICE_DELETED', 4 * vmdtest.TIMEOUT)['data']['device'] == name
            client.call('object-del', id='m-' + name)
        wait_memory(guest, before - BLOCK // 1024)
        assert client.call('query-memory-devices') == []
        add(client, 'again', BLOCK)
        ost(client, 1, device='again', slot='0', status=0)
        online(guest, 'online_kernel')
        wait_memory(guest, before)
        guest.run('kill $(cat /worker)')
        assert guest.run('sort -u /sums | grep -c busybox').strip() == '1'


@on_tcg
def reset(recorder):
    """memory that came stays through a reset; a request of a stopped machine is not lost"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 * MIB, machine_type=PC, cpus=2,
                      memory={'max-size': 2 * GIB, 'slots': 2})
        guest.boot()
        without = memory_kib(guest)
        add(client, 'hot', BLOCK)
        ost(client, 1, device='hot', status=0)
        client.call('system_reset')
        guest.wait_shell()
        online(guest, 'online_movable')
        wait_memory(guest, without + BLOCK // 1024)
        client.call('stop')
        client.call('device_del', id='hot')
        client.call('cont')
        assert client.wait_event('DEVICE_DELETED', 4 * vmdtest.TIMEOUT)['data']['device'] == 'hot'
        ost(client, 3, slot='0', status=0)
        wait_memory(guest, without)


@on_tcg
def refusing(recorder):
    """memory that Linux cannot do without stays, and the client is told"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 * MIB, machine_type=PC,
                      memory={'max-size': 2 * GIB, 'slots': 1})
        guest.boot()
        add(client, 'kept', BLOCK)
        ost(client, 1, device='kept', status=0)
        online(guest, 'online_kernel')
        # Pages of the kernel's own, which cannot be moved, fill it.
        guest.run('mkdir -p /ram; mount -t ramfs none /ram; '
                  'for i in $(seq 1 30000); do mkdir /ram/$i || break; done', timeout=600)
        client.call('device_del', id='kept')
        error = client.wait_event('DEVICE_UNPLUG_GUEST_ERROR', 8 * vmdtest.TIMEOUT)['data']
        assert error == {'device': 'kept', 'path': '/machine/peripheral/kept'}, error
        assert client.call('query-memory-size-summary')['plugged-memory'] == BLOCK
        status = client.call('query-acpi-ospm-status')[0]
        assert status['source'] in (3, 0x103) and status['status'], status
        guest.run('ls /ram | wc -l')


if __name__ == '__main__':
    vmdtest.main([properties, cold, machines, linux, reset, refusing])
