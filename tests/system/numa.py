#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""NUMA nodes: property `numa` and set-numa-node, RAM that consists of the nodes' memory, what is
refused, and what Linux makes of it.  tests/conformance/numa-tables.py has the tables."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import microvm                                      # noqa: E402
import pc                                           # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vmdtest import Daemon, QmpError, on_each_accel, on_tcg     # noqa: E402

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PC, OLD_PC = 'pc-i440fx-7.2', 'pc-i440fx-2.7'
HOLE = 3 * GIB                  # where RAM below 4 GiB ends if there is more


def add_backends(client, *sizes):
    """m0, m1 and so on."""
    for i, size in enumerate(sizes):
        client.call('object-add', qom_type='memory-backend-ram', id='m%d' % i, size=size)


def node(i, **more):
    return {'type': 'node', 'nodeid': i, 'memdev': 'm%d' % i, **more}


def distance(src, dst, val):
    return {'type': 'dist', 'src': src, 'dst': dst, 'val': val}


def machine(numa=(), machine_type=PC, **more):
    return {'qom-type': machine_type + '-machine', 'id': 'machine', 'numa': list(numa), **more}


def nodes_of_cpus(client):
    """From the first place to the last one."""
    return [place['props'].get('node-id')
            for place in reversed(client.call('query-hotpluggable-cpus'))]


# ---- One request

def refused(recorder):
    """a list of steps that is not right makes no machine, and keeps no backend"""
    smp = {'smp': {'cpus': 4, 'sockets': 2}}
    cases = [
        ('numa[1].memdev', 'in-use', [node(0), node(1, memdev='m0')], {}),
        ('numa[0].memdev', 'object-not-found', [node(0, memdev='none')], {}),
        ('numa[1].nodeid', 'invalid-value', [node(0), node(1, nodeid=0)], {}),
        ('numa[0].nodeid', 'out-of-range', [node(0, nodeid=128)], {}),
        ('numa', 'property-missing', [node(1), node(0, nodeid=2)], {}),
        ('numa[1].cpus', 'invalid-value', [node(0, cpus=[0]), node(1, cpus=[0, 1])], smp),
        ('numa[0].cpus', 'out-of-range', [node(0, cpus=[4]), node(1)], smp),
        ('numa[0].cpus', 'property-missing', [node(0, cpus=[0]), node(1)], {}),
        ('numa', 'property-missing', [node(0, cpus=[0, 1, 3]), node(1)], smp),
        ('numa[2].node-id', 'invalid-value', [node(0), node(1), {'type': 'cpu', 'node-id': 2}], smp),
        ('numa[2].val', 'out-of-range', [node(0), node(1), distance(0, 1, 9)], {}),
        ('numa', 'property-missing', [node(0), node(1), node(2), distance(0, 1, 20)], {}),
        ('numa[2].type', 'invalid-value', [node(0), node(1), {
            'type': 'hmat-cache', 'node-id': 0, 'size': 1024, 'level': 1, 'associativity': 'none',
            'policy': 'none', 'line': 8}], {}),
        ('numa[0].mem', 'not-supported', [{'type': 'node', 'mem': MIB}], {'memory-backend': 'm0'}),
        ('numa[0].memdev', 'invalid-value', [node(0)], {'memory-backend': 'm1'}),
        ('memory-backend', 'property-missing', [{'type': 'node'}, {'type': 'node'}], {}),
        ('numa', 'invalid-value', [node(0)], {'memory': {'size': MIB}}),
        ('memory.size', 'invalid-value', [node(0)], {'memory': {'size': 4 * MIB + 1}}),
        ('numa', 'invalid-value', [{'type': 'node', 'mem': MIB}, {'type': 'node', 'mem': 2 * MIB}],
         {'memory-backend': 'm0', 'machine_type': OLD_PC}),
        ('numa[1].memdev', 'invalid-value', [{'type': 'node', 'mem': MIB}, node(1)],
         {'machine_type': OLD_PC}),
        ('numa', 'property-missing', [node(0, cpus=[0, 1, 2, 3]), node(1)], {**smp, 'hmat': True}),
    ]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 2 * MIB, 2 * MIB, 2 * MIB)
        before = client.call('query-config')
        for path, reason, numa, more in cases:
            error = client.error('object-add', machine(numa, **more))
            assert (error['path'], error['reason']) == (path, reason), (numa, more, error)
            assert client.call('query-config') == before
        client.call('object-del', id='m0')


def read_only(recorder):
    """memory that cannot be written is no RAM, and the machine's other memory is free again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 2 * MIB)
        with open(daemon.path('rom'), 'wb') as f:
            f.truncate(2 * MIB)
        client.call('object-add', qom_type='memory-backend-file', id='m1', size=2 * MIB,
                    mem_path=daemon.path('rom'), readonly=True)
        error = client.error('object-add', machine([node(0), node(1)]))
        assert error['path'] == 'numa[1].memdev' and 'read-only' in error['desc'], error
        client.call('object-add', **machine([node(0)], memory={'size': 4 * MIB}))
        error = client.error('set-numa-node', node(1))
        assert error['path'] == 'memdev' and 'read-only' in error['desc'], error
        client.call('object-del', id='m1')
        add_backends(client)
        client.call('object-add', qom_type='memory-backend-ram', id='m1', size=2 * MIB)
        client.call('set-numa-node', **node(1))
        client.call('cont')


# ---- Several requests

def steps(recorder):
    """set-numa-node describes a machine step by step; cont wants all of them"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 4 * MIB, 2 * MIB)
        client.call('object-add', **machine(smp={'cpus': 2}, memory={'size': 6 * MIB}))
        assert nodes_of_cpus(client) == [None, None]
        error = client.error('cont')
        assert error['reason'] == 'property-missing' and "'memdev'" in error['desc'], error
        # Numbers need not come in order.
        client.call('set-numa-node', **node(1, cpus=[0]))
        assert client.error('object-del', {'id': 'm1'})['reason'] == 'in-use'
        assert 'node 0 is missing' in client.error('cont')['desc']
        error = client.error('set-numa-node', node(0, cpus=[0]))
        assert (error['path'], error['reason']) == ('cpus', 'invalid-value'), error
        client.call('object-del', id='m0')
        client.call('object-add', qom_type='memory-backend-ram', id='m0', size=4 * MIB)
        client.call('set-numa-node', **node(0))
        assert 'CPU 1 is in no NUMA node' in client.error('cont')['desc']
        client.call('set-numa-node', type='cpu', node_id=0, core_id=1)
        client.call('set-numa-node', **distance(0, 1, 33))
        assert nodes_of_cpus(client) == [1, 0]
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'node-id': 1,
                                            'socket-id': 0, 'core-id': 1})
        assert (error['path'], error['reason']) == ('node-id', 'invalid-value'), error
        for place in client.call('query-hotpluggable-cpus'):
            client.call('device_add', driver=place['type'], **place['props'])
        assert client.error('set-numa-node', {'type': 'node'})['reason'] == 'in-use'
        assert sorted(cpu['props']['node-id'] for cpu in client.call('query-cpus-fast')) == [0, 1]
        client.call('cont')
        assert client.error('set-numa-node', {'type': 'node'})['reason'] == 'wrong-state'
        config = client.call('query-config')
    replay(recorder, config)


def each_kind(recorder):
    """set-numa-node takes each kind of step, with all that it may say"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 4 * MIB)
        client.call('object-add', **machine(machine_type=OLD_PC, hmat=True, smp={'cpus': 2},
                                            **{'memory-backend': 'm0'}))
        client.call('set-numa-node', type='node', nodeid=0, mem=MIB, cpus=[0])
        client.call('set-numa-node', type='node', nodeid=1, mem=3 * MIB, initiator=0)
        client.call('set-numa-node', type='cpu', node_id=0, socket_id=1, die_id=0, core_id=0,
                    thread_id=0)
        client.call('set-numa-node', **distance(0, 1, 20))
        for kind, value in ('latency', {'latency': 7}), ('bandwidth', {'bandwidth': 5 * MIB}):
            client.call('set-numa-node', type='hmat-lb', initiator=0, target=1, hierarchy='memory',
                        data_type='access-' + kind, **value)
        client.call('set-numa-node', type='hmat-cache', node_id=1, size=KIB, level=1,
                    associativity='complex', policy='write-through', line=64)
        client.call('cont')


def replay(recorder, config):
    """What query-config returns makes the same machine."""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=config['requests'])
        assert nodes_of_cpus(client) == [1, 0]
        assert client.call('query-config') == config
        client.call('cont')


def too_much(recorder):
    """a step for which the machine has no room leaves it as it was"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 2 * MIB, 2 * MIB, 2 * MIB)
        client.call('object-add', **machine([node(0)]))
        error = client.error('set-numa-node', node(1))
        assert (error['path'], error['reason']) == ('memdev', 'invalid-value'), error
        client.call('object-del', id='m1')
        client.call('object-del', id='machine')
        client.call('object-add', **machine(machine_type=OLD_PC, **{'memory-backend': 'm2'}))
        client.call('set-numa-node', type='node', mem=MIB)
        error = client.error('set-numa-node', {'type': 'node', 'mem': MIB + 1})
        assert (error['path'], error['reason']) == ('mem', 'invalid-value'), error
        error = client.error('set-numa-node', node(1, memdev='m0'))
        assert (error['path'], error['reason']) == ('memdev', 'invalid-value'), error
        client.call('set-numa-node', type='node', mem=MIB)
        client.call('cont')


def build(recorder):
    """in a list, backends may come after the machine whose nodes they are"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        backend = {'qom-type': 'memory-backend-ram', 'id': 'm0', 'size': 2 * MIB}
        adds = [machine([node(0)], smp={'cpus': 1}), {'qom-type': 'qtest-accel', 'id': 'accel'},
                backend]
        client.call('build', requests=[{'execute': 'object-add', 'arguments': arguments}
                                       for arguments in adds])
        assert client.error('object-del', {'id': 'm0'})['reason'] == 'in-use'
        assert nodes_of_cpus(client) == [0]
        client.call('object-del', id='machine')
        client.call('object-del', id='m0')


def defaults(recorder):
    """which node CPUs and memory devices are in if nobody says so"""
    for numa, more, expected in (
            ([], {}, [None] * 4), ([], {'memory': {'max-size': GIB}}, [0] * 4),
            ([{'type': 'node', 'mem': 4 * MIB}, {'type': 'node'}], {}, [0, 0, 1, 1]),
            ([{'type': 'node'}], {}, [0] * 4)):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            client.call('object-add', qom_type='qtest-accel', id='accel')
            add_backends(client, 4 * MIB)
            client.call('object-add', **machine(numa, OLD_PC, smp={'cpus': 4, 'sockets': 2},
                                                **{'memory-backend': 'm0', **more}))
            assert nodes_of_cpus(client) == expected, (numa, more)


def modules(recorder):
    """a memory module is in a node that the machine has"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        add_backends(client, 4 * MIB, 4 * MIB, 4 * MIB)
        client.call('object-add', **machine([node(0), node(1)],
                                            memory={'max-size': GIB, 'slots': 2}))
        error = client.error('device_add', {'driver': 'pc-dimm', 'memdev': 'm2', 'node': 2})
        assert (error['path'], error['reason']) == ('node', 'out-of-range'), error
        client.call('device_add', driver='pc-dimm', memdev='m2', node=1)
        assert client.call('query-memory-devices')[0]['data']['node'] == 1


# ---- Memory

def shared_file(daemon, client, name, size):
    client.call('object-add', qom_type='memory-backend-file', id=name, size=size, share=True,
                mem_path=daemon.path(name))


def content(daemon, name, offset, size):
    with open(daemon.path(name), 'rb') as f:
        f.seek(offset)
        return f.read(size)


def memory(recorder):
    """nodes' memory in order, around the hole below 4 GiB"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = qtestclient.serve(daemon, client)
        client.call('object-add', qom_type='qtest-accel', id='accel')
        for name, size in ('m0', 512 * KIB), ('m1', 4 * GIB), ('m2', 4 * MIB):
            shared_file(daemon, client, name, size)
        # In the order of numbers, not of steps.
        client.call('object-add', **machine([node(2), node(0), node(1)]))
        client.call('cont')
        end = 4 * GIB + 512 * KIB + 4 * MIB
        assert client.call('query-memory-size-summary')['base-memory'] == end
        for address, name, offset in (
                (0, 'm0', 0), (512 * KIB - 4, 'm0', 512 * KIB - 4), (512 * KIB, 'm1', 0),
                (HOLE - 4, 'm1', HOLE - 512 * KIB - 4), (4 * GIB, 'm1', HOLE - 512 * KIB),
                (5 * GIB + 512 * KIB, 'm2', 0), (4 * GIB + end - HOLE - 4, 'm2', 4 * MIB - 4)):
            value = b'%04x' % (address >> 16 & 0xffff)
            qtest.write(address, value)
            assert content(daemon, name, offset, 4) == value, (address, name)
            assert qtest.read(address, 4) == value
        qtest.write(512 * KIB - 2, b'both')
        assert content(daemon, 'm0', 512 * KIB - 2, 2) + content(daemon, 'm1', 0, 2) == b'both'
        behind = 4 * GIB + end - HOLE
        qtest.writel(behind, 0x12345678)
        assert qtest.readl(behind) == qtest.readl(64 * GIB) != 0x12345678


def progress(recorder):
    """how much of a node's memory is allocated can be seen while that goes on"""
    size = 1024 * MIB
    with Daemon(recorder) as daemon:
        maker, other = daemon.client(), daemon.client()
        for build_first in False, True:
            request = {'execute': 'object-add', 'arguments': {
                'qom-type': 'memory-backend-ram', 'id': 'm0', 'size': size, 'prealloc': True,
                'prealloc-threads': 2, 'policy': 'bind', 'host-nodes': [0]}}
            maker.send({'execute': 'build', 'arguments': {'requests': [request]}}
                       if build_first else request)
            seen = [0]
            while seen[-1] < size:
                try:
                    seen.append(other.call('qom-get', path='/objects/m0', property='allocated'))
                except QmpError as failure:
                    assert failure.error['reason'] == 'object-not-found', failure
            assert seen == sorted(seen) and seen[-1] == size, seen
            assert any(0 < value < size for value in seen), seen
            recorder.read('memory-backend-ram', 'allocated')
            assert 'return' in maker.reply()
            maker.call('object-del', id='m0')


def segments(recorder):
    """the chipset writes RAM behind ROM, whichever node it is of"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = qtestclient.serve(daemon, client)
        client.call('object-add', qom_type='qtest-accel', id='accel')
        for name, size in ('m0', 772 * KIB), ('m1', 4 * MIB):
            shared_file(daemon, client, name, size)
        client.call('object-add', **machine([node(0), node(1)]))
        client.call('cont')
        # Writes to C0000-C3FFF go to RAM, reads to PCI.
        qtest.ok('outl 0xcf8 0x80000058')
        qtest.outb(0xcfe, 0x02)
        qtest.write(0xc0ffe, b'both')
        assert content(daemon, 'm0', 0xc0ffe, 2) + content(daemon, 'm1', 0, 2) == b'both'


# ---- Guests

@on_each_accel
def guest(recorder):
    """a guest reaches the memory of each node"""
    sizes = {'m0': 8 * MIB, 'm1': 24 * MIB, 'm2': 32 * MIB}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=vmdtest.accel_class(), id='accel')
        for name, size in sizes.items():
            shared_file(daemon, client, name, size)
        client.call('object-add', **machine([node(0), node(1), node(2)], kernel=microvm.KERNEL,
                                            append='dirty=50M end=halt'))
        client.call('device_add', driver='qemu64-x86_64-cpu', tsc_deadline=True, x2apic=True)
        client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-serial', chardev='con')
        client.call('cont')
        text = microvm.wait_console(client, 'end: halt')
        pages, start = re.search(r'dirty: (\d+) pages at 0x(\w+)', text).groups()
        start, end, base = int(start, 16), int(start, 16) + int(pages) * 4096, 0
        assert int(pages) * 4096 == 50 * MIB and start < 8 * MIB, text
        for name, size in sizes.items():
            data = content(daemon, name, 0, size)
            for at in range(max(start - base, 0), min(end - base, size), 4096):
                assert any(data[at:at + 4096]), (name, at)
            base += size


@on_each_accel
def firmware(recorder):
    """SeaBIOS starts a system from a disk of a machine with nodes, and all their tables"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        disk = pc.write_disk(daemon.path('disk'), 'nodes', 'o')
        client.call('object-add', qom_type=vmdtest.accel_class(), id='accel')
        add_backends(client, 32 * MIB, 32 * MIB)
        client.call('object-add', **machine([node(0, cpus=[0]), node(1, initiator=0), *SPEED],
                                            hmat=True, smp={'cpus': 1}))
        client.call('device_add', driver='qemu64-x86_64-cpu', tsc_deadline=True, x2apic=True)
        client.call('chardev-add', id='debug', backend={'type': 'ringbuf',
                                                        'data': {'size': 65536}})
        client.call('device_add', driver='isa-debugcon', iobase=pc.DEBUG_PORT, chardev='debug')
        client.call('blockdev-add', driver='file', node_name='disk', filename=disk)
        client.call('device_add', driver='ide-hd', drive='disk')
        client.call('cont')
        assert client.wait_event('SHUTDOWN', 4 * vmdtest.TIMEOUT)['data']['reason'] == \
            'guest-shutdown'


# ---- Linux

SYS = '/sys/devices/system/node'
SPEED = [
    {'type': 'hmat-lb', 'initiator': 0, 'target': 1, 'hierarchy': 'memory',
     'data-type': 'access-latency', 'latency': 5},
    distance(0, 1, 20),
]
LINUX = [
    {'type': 'hmat-lb', 'initiator': 0, 'target': 2, 'hierarchy': 'memory',
     'data-type': 'access-latency', 'latency': 300},
    {'type': 'hmat-lb', 'initiator': 1, 'target': 2, 'hierarchy': 'memory',
     'data-type': 'access-latency', 'latency': 200},
    {'type': 'hmat-lb', 'initiator': 0, 'target': 2, 'hierarchy': 'memory',
     'data-type': 'access-bandwidth', 'bandwidth': 1000 * MIB},
    {'type': 'hmat-lb', 'initiator': 1, 'target': 2, 'hierarchy': 'memory',
     'data-type': 'access-bandwidth', 'bandwidth': 2000 * MIB},
    {'type': 'hmat-cache', 'node-id': 2, 'size': 64 * KIB, 'level': 1,
     'associativity': 'direct', 'policy': 'write-back', 'line': 64},
]


@on_tcg
def linux(recorder):
    """Linux shows nodes, CPUs, distances, memory, its speed and its cache"""
    sizes = [160 * MIB, 128 * MIB, 256 * MIB]
    numa = [node(0, cpus=[0, 2]), node(1, cpus=[1, 3]), node(2, initiator=1),
            distance(0, 1, 21), distance(0, 2, 31), distance(1, 2, 41), *LINUX]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        add_backends(client, *sizes)
        guest = Guest(daemon, client, size=None, machine_type=PC, cpus=4, hmat=True, numa=numa)
        guest.boot()

        def show(path):
            return guest.run('cat %s/%s' % (SYS, path)).strip()
        assert show('online') == '0-2'
        assert show('has_cpu') == '0-1'
        assert [show('node%d/cpulist' % i) for i in range(3)] == ['0,2', '1,3', '']
        assert [show('node%d/distance' % i) for i in range(3)] == ['10 21 31', '21 10 41',
                                                                  '31 41 10']
        for i, size in enumerate(sizes):
            total = int(guest.run("awk '/MemTotal/ {print $4}' %s/node%d/meminfo" % (SYS, i)))
            assert size * 0.5 < total * 1024 <= size, (i, total)
        assert show('node2/access0/initiators/read_latency') == '200'
        assert show('node2/access0/initiators/write_bandwidth') == '2000'
        assert 'node1' in guest.run('ls %s/node2/access0/initiators' % SYS)
        cache = 'node2/memory_side_cache/index1/'
        assert show(cache + 'size') == str(64 * KIB)
        assert show(cache + 'line_size') == '64'
        assert show(cache + 'write_policy') == '0'


if __name__ == '__main__':
    vmdtest.main([refused, read_only, steps, each_kind, too_much, build, defaults, modules, memory,
                  progress, segments, guest, firmware, linux])
