#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-m with slots and maxmem, pc-dimm, nvdimm and virtio-mem-pci: places, sums, SRAT, NFIT and balloon
are what the distribution's QEMU makes of the same command line; what it refuses is refused."""
import json
import os
import re
import subprocess
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from microvm import KERNEL, wait_console            # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from vmdtest import Daemon, QmpError, VMCTL         # noqa: E402

HEADER = 36
BLOCKS = 'virtio-mem-pci'
KEPT = 'nvdimm'

# -m, modules as (size, other properties), and the driver if it is another
MACHINES = [
    ('64,slots=1,maxmem=1G', []),
    ('64,maxmem=1G', []),
    ('64,slots=4,maxmem=1G', [('4M', '')]),
    ('64,slots=4,maxmem=1G', [('4M', ''), ('2M', ''), ('8M', '')]),
    ('64,slots=4,maxmem=1G', [('4M', ',slot=3'), ('2M', ',slot=0'), ('8M', '')]),
    ('64,slots=4,maxmem=1G', [('4M', ',addr=0x100400000'), ('2M', ''), ('4M', '')]),
    ('64,slots=4,maxmem=1G', [('2M', ',addr=0x100200000'), ('4M', ''), ('2M', '')]),
    ('64,slots=256,maxmem=8G', [('16M', '')]),
    ('3G,slots=2,maxmem=16G', [('2M', '')]),
    ('3200,slots=2,maxmem=16G', [('2M', '')]),
    ('5G,slots=3,maxmem=16G', [('2M', ''), ('2M', '')]),
    ('64,maxmem=1G', [('16M', '', BLOCKS)]),
    ('64,slots=2,maxmem=1G', [('16M', ',requested-size=4M', BLOCKS), ('4M', ''),
                              ('96M', ',block-size=32M', BLOCKS),
                              ('8M', ',memaddr=0x108000000,node=0', BLOCKS), ('4M', '')]),
    ('64,slots=1,maxmem=1G', [('4M', ''), ('64M', ',block-size=16M,requested-size=48M', BLOCKS)]),
]
# The same with machine properties.
PERSISTENT = [
    ('64,slots=2,maxmem=1G', '', [('4M', '')]),
    ('64,slots=2,maxmem=1G', '', [('8M', '', KEPT)]),
    ('64,slots=4,maxmem=1G', ',nvdimm-persistence=cpu',
     [('8M', ',label-size=128K', KEPT), ('4M', ''), ('16M', ',unarmed=on,slot=3', KEPT)]),
    ('3G,slots=256,maxmem=8G', ',nvdimm-persistence=mem-ctrl',
     [('32M', ',label-size=2M,addr=0x110000000', KEPT), ('16M', ',requested-size=4M', BLOCKS)]),
]
# The machine is made, and this module refused: size, other properties.
REFUSED = [('4M', ',slot=2'), ('4M', ',slot=0'), ('4M', ',addr=0x100000000'),
           ('4M', ',addr=0x100100000'), ('4M', ',addr=0x1000000'), ('4M', ',addr=0x1c0000000'),
           ('4M', ',node=1'), ('3M', ''), ('2G', '')]
REFUSED_BLOCKS = [('4M', ',memaddr=0x100000000'), ('4M', ',memaddr=0x100100000'),
                  ('4M', ',memaddr=0x1000000'), ('4M', ',node=1'), ('3M', ''), ('2G', ''),
                  ('4M', ',block-size=0x80000'), ('4M', ',block-size=0x300000'),
                  ('4M', ',requested-size=0x100000'), ('4M', ',block-size=0x800000')]
# Of 16 MiB in blocks of 2 MiB.
SIZES = [(0, True), (4 << 20, True), (16 << 20, True), (1 << 20, False), (18 << 20, False)]


def options(memory, modules, machine='', table='SRAT'):
    arguments = ['-M', 'pc-i440fx-7.2' + machine, '-m', memory, '-S', '-kernel', KERNEL,
                 '-append', 'acpi=%s end=halt' % table, '-chardev', 'ringbuf,id=con,size=65536',
                 '-device', 'isa-serial,chardev=con']
    for i, (size, more, *driver) in enumerate(modules):
        arguments += ['-object', 'memory-backend-ram,id=m%d,size=%s' % (i, size), '-device',
                      '%s,id=d%d,memdev=m%d%s' % (*(driver or ['pc-dimm']), i, i, more)]
    return arguments + ['-device', 'virtio-balloon-pci']


def run(client, table='SRAT'):
    """What there is of a machine: memory devices, without their order, sums and a table."""
    devices = client.call('query-memory-devices')
    for device in devices:
        device['data']['memdev'] = device['data']['memdev'].rpartition('/')[2]
    devices.sort(key=lambda device: device['data'].get('addr', device['data'].get('memaddr')))
    balloon = client.call('query-balloon')
    sums = client.call('query-memory-size-summary')
    size = client.call('qom-get', path='/machine', property='device-memory-region-size')
    statuses = client.call('query-acpi-ospm-status')
    client.call('cont')
    text = wait_console(client, 'end: halt')
    found = re.search(r'acpi: %s, bytes ([ 0-9a-f]*)\r' % table, text)
    content = found.group(1).split()[HEADER:] if found else None
    return devices, sums, balloon, size, sorted(statuses, key=lambda one: int(one['slot'])), \
        structures(content) if found and table == 'NFIT' else content


def structures(content):
    """Those of an NFIT: their order has no meaning."""
    content, found = bytes(int(byte, 16) for byte in content[4:]), []
    while content:
        length = int.from_bytes(content[2:4], 'little')
        found.append(content[:length].hex())
        content = content[length:]
    return sorted(found)


def peers(arguments, table='SRAT'):
    with Peer('-accel', 'tcg', *arguments) as peer:
        return run(peer.client(), table)


def make(client, arguments):
    command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'tcg']
    text = subprocess.run(command + arguments, capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        client.request(json.loads(line))


def own(recorder, arguments, table='SRAT'):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, arguments)
        return run(client, table)


def machines(recorder):
    """places, sums and tables"""
    need_peer()
    for memory, modules in MACHINES:
        arguments = options(memory, modules)
        theirs, ours = peers(arguments), own(recorder, arguments)
        for their, our in zip(theirs, ours):
            assert their == our, (memory, modules, their, our)


def persistent(recorder):
    """modules that keep their content, in both tables"""
    need_peer()
    for memory, more, modules in PERSISTENT:
        for table in 'NFIT', 'SRAT':
            arguments = options(memory, modules, ',nvdimm=on' + more, table)
            theirs, ours = peers(arguments, table), own(recorder, arguments, table)
            for their, our in zip(theirs, ours):
                assert their == our, (memory, modules, table, their, our)


def refused(client, size, more, driver='pc-dimm'):
    """Whether a memory device is refused."""
    client.call('object-add', qom_type='memory-backend-ram', id='x', size=size)
    properties = dict(part.split('=') for part in more.split(',')[1:])
    try:
        client.call('device_add', driver=driver, memdev='x',
                    **{key: int(value, 0) for key, value in properties.items()})
        return False
    except QmpError:
        client.call('object-del', id='x')
        return True


def resized(client, size):
    try:
        client.call('qom-set', path='d1', property='requested-size', value=size)
    except QmpError:
        return False
    return client.call('qom-get', path='d1', property='requested-size') == size


def refusals(recorder):
    """a device or size that QEMU refuses is refused, and leaves nothing"""
    need_peer()
    arguments = options('64,slots=2,maxmem=1G', [('2M', ''), ('16M', '', BLOCKS)])
    with Peer('-accel', 'tcg', *arguments) as peer, Daemon(recorder) as daemon:
        theirs, ours = peer.client(), daemon.client()
        make(ours, arguments)
        for client in theirs, ours:
            for size, more in REFUSED:
                number = int(size[:-1]) << (20 if size.endswith('M') else 30)
                assert refused(client, number, more), (client, size, more)
            for size, more in REFUSED_BLOCKS:
                number = int(size[:-1]) << (20 if size.endswith('M') else 30)
                assert refused(client, number, more, BLOCKS), (client, size, more)
            assert len(client.call('query-memory-devices')) == 2
            for size, good in SIZES:
                assert resized(client, size) == good, (client, size)


if __name__ == '__main__':
    vmdtest.main([machines, persistent, refusals])
