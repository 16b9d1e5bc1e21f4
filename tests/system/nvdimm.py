#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nvdimm: what is refused, and Debian's kernel, which finds modules at the start and while it
works, keeps labels and a file system there, and does not write where it must not."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PC = 'pc-i440fx-7.2'
MEMORY = {'max-size': 2 * GIB, 'slots': 3}
LOAD = ('for m in $(grep -E "crc|libcrc|mbcache|jbd2|ext4|nvdimm|btt|pmem|nfit" '
        '/lib/modules/optional); do insmod /lib/modules/$m 2>/dev/null; done; true')


def make(client, memory=MEMORY, **options):
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)
    client.call('object-add', qom_type=PC + '-machine', id='machine', memory_backend='ram',
                memory=memory, **options)


def add(client, name, path, size=64 * MIB, readonly=False, **properties):
    client.call('object-add', qom_type='memory-backend-file', id='m-' + name, size=size,
                mem_path=path, share=True, readonly=readonly)
    client.call('device_add', driver='nvdimm', id=name, memdev='m-' + name, **properties)


def cold(recorder):
    """places, sizes, queries, and what is refused"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, nvdimm=True, nvdimm_persistence='cpu')
        client.call('object-add', qom_type='memory-backend-ram', id='m-a', size=64 * MIB)
        client.call('device_add', driver='nvdimm', id='a', memdev='m-a', label_size=128 * KIB,
                    uuid='5d0a5d2e-9b2f-4d3c-8b8e-6d1f0c9c0f11')
        client.call('object-add', qom_type='memory-backend-ram', id='m-b', size=16 * MIB)
        client.call('device_add', driver='pc-dimm', id='b', memdev='m-b')
        kinds = [(one['type'], one['data']['size'], one['data']['slot'])
                 for one in client.call('query-memory-devices')]
        assert kinds == [('nvdimm', 62 * MIB, 0), ('dimm', 16 * MIB, 1)], kinds
        assert client.call('query-memory-size-summary')['plugged-memory'] == 78 * MIB
        # The slot is none of memory that comes and goes.
        devices = [one.get('device') for one in client.call('query-acpi-ospm-status')]
        assert devices == [None, 'b', None], devices
        with open(daemon.path('file'), 'wb') as f:
            f.truncate(4 * MIB)
        client.call('object-add', qom_type='memory-backend-file', id='ro', size=4 * MIB,
                    mem_path=daemon.path('file'), readonly=True, share=True)
        client.call('object-add', qom_type='memory-backend-ram', id='m', size=4 * MIB)
        for path, reason, words, more in (
                ('label-size', 'out-of-range', 'at least 131072', {'label-size': 4096}),
                ('memdev', 'invalid-value', 'not enough', {'label-size': 3 * MIB}),
                ('uuid', 'invalid-value', 'not a UUID', {'uuid': 'x' * 36}),
                ('memdev', 'invalid-value', "'unarmed' must be on", {'memdev': 'ro'}),
                ('slot', 'address-in-use', 'slot 0', {'slot': 0})):
            error = client.error('device_add', {'driver': 'nvdimm', 'memdev': 'm', **more})
            assert (error['path'], error['reason']) == (path, reason), error
            assert words in error['desc'], error
        error = client.error('device_add', {'driver': 'pc-dimm', 'memdev': 'ro'})
        assert (error['path'], error['reason']) == ('memdev', 'invalid-value'), error
        client.call('device_add', driver='nvdimm', id='c', memdev='ro', unarmed=True)
        client.call('device_del', id='c')
        client.call('cont')
        error = client.error('device_del', {'id': 'a'})
        assert error['reason'] == 'not-hotpluggable', error


def machines(recorder):
    """machines without the property, tables or slots refuse it"""
    for options, memory, words in (({}, MEMORY, "'nvdimm' is off"),
                                   ({'nvdimm': True, 'acpi': 'off'}, MEMORY, "'acpi' is off"),
                                   ({'nvdimm': True}, {'max-size': GIB}, "no 'slots'"),
                                   ({'nvdimm': True}, {}, "'max-size'")):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            make(client, memory, **options)
            client.call('object-add', qom_type='memory-backend-ram', id='m', size=4 * MIB)
            error = client.error('device_add', {'driver': 'nvdimm', 'memdev': 'm'})
            assert words in error['desc'], error


# ---- Linux

def boot(daemon, client, **properties):
    guest = Guest(daemon, client, size=256 * MIB, machine_type=PC, hardware=True, memory=MEMORY,
                  nvdimm=True, nvdimm_persistence='mem-ctrl')
    add(client, 'one', daemon.path('one'), **properties)
    guest.boot()
    guest.run(LOAD)
    return guest


def wait_for(guest, path):
    deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
    while 'yes' not in guest.run('[ -e %s ] && echo yes; true' % path):
        assert time.monotonic() < deadline, path + ': ' + guest.run('dmesg | tail -n 40')
        time.sleep(0.2)


def contents(path):
    with open(path, 'rb') as f:
        return f.read()


@on_tcg
def linux(recorder):
    """a file system on a module is in its file; another module comes while Linux works"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = boot(daemon, client)
        wait_for(guest, '/dev/pmem0')
        domain = guest.run('cat /sys/bus/nd/devices/region0/persistence_domain')
        assert 'memory_controller' in domain, domain
        assert guest.run('cat /sys/block/pmem0/size').strip() == str(64 * MIB // 512)
        guest.run('mke2fs /dev/pmem0 >/dev/null; mkdir /p; mount -t ext4 /dev/pmem0 /p; '
                  'echo the text that is kept > /p/f; umount /p')
        add(client, 'two', daemon.path('two'), 32 * MIB)
        wait_for(guest, '/dev/pmem1')
        assert guest.run('cat /sys/block/pmem1/size').strip() == str(32 * MIB // 512)
        guest.run('echo here it came > /dev/pmem1; sync')
        assert contents(daemon.path('two')).startswith(b'here it came')
        kept = contents(daemon.path('one'))
        assert b'the text that is kept' in kept
        assert kept[1080:1082] == b'\x53\xef'                   # of an ext file system
        # A reset finds both.
        client.call('system_reset')
        guest.wait_shell()
        guest.run(LOAD)
        wait_for(guest, '/dev/pmem1')
        guest.run('mkdir /p; mount -t ext4 /dev/pmem0 /p')
        assert 'the text that is kept' in guest.run('cat /p/f')
        assert client.call('query-guest-errors') == []


def label_index():
    """An empty index of labels of 256 bytes, in 128 KiB: UEFI 2.10, section 13.19.3."""
    unit = 256
    slots = 128 * KIB // unit - 2
    free = bytearray(b'\xff' * (slots // 8) + bytes([(1 << slots % 8) - 1]))
    head = b'NAMESPACE_INDEX\0' + bytes([0, 0, 0, 1]) + struct.pack(
        '<IQQQQIHH', 1, 0, unit, unit, 2 * unit, slots, 1, 2)
    index = bytearray((head + bytes(8) + free).ljust(unit, b'\0'))
    low = high = 0
    for word in struct.unpack('<64I', index):
        low = (low + word) & 0xffffffff
        high += low
    index[len(head):len(head) + 8] = struct.pack('<Q', (high << 32 | low) & (1 << 64) - 1)
    return bytes(index)


@on_tcg
def labels(recorder):
    """Linux divides the module by labels, which are in the file, and finds them again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with open(daemon.path('one'), 'wb') as f:
            f.truncate(64 * MIB)
            f.seek(64 * MIB - 128 * KIB)
            f.write(label_index())
        guest = boot(daemon, client, label_size=128 * KIB)
        nd = '/sys/bus/nd/devices'
        wait_for(guest, nd + '/namespace0.0/alt_name')
        commands = guest.run('cat %s/nmem0/commands' % nd)
        assert 'get_data set_data' in commands, commands
        guest.run('cd %s/namespace0.0; echo 9fd4d0e5-1d5b-4bd2-b9b5-6ac3e9a4a0ee > uuid && '
                  'echo kept-label > alt_name && echo %d > size && '
                  'echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind' % (nd, 32 * MIB))
        wait_for(guest, '/dev/pmem0')
        assert b'kept-label' in contents(daemon.path('one'))[-128 * KIB:]
        client.call('system_reset')
        guest.wait_shell()
        guest.run(LOAD)
        wait_for(guest, '/dev/pmem0')
        assert guest.run('cat /sys/block/pmem0/size').strip() == str(32 * MIB // 512)
        assert 'kept-label' in guest.run('cat %s/namespace0.0/alt_name' % nd)
        assert client.call('query-guest-errors') == []


@on_tcg
def readonly(recorder):
    """what the guest writes to a read-only file is dropped"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        with open(daemon.path('one'), 'wb') as f:
            f.write(b'what was there' + bytes(64 * MIB - 14))
        guest = boot(daemon, client, readonly=True, unarmed=True)
        wait_for(guest, '/dev/pmem0')
        assert guest.run('cat /sys/block/pmem0/ro').strip() == '1'
        assert 'what was there' in guest.run('head -c 14 /dev/pmem0')
        assert contents(daemon.path('one')).startswith(b'what was there')


if __name__ == '__main__':
    vmdtest.main([cold, machines, linux, labels, readonly])
