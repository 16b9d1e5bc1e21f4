#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""-numa: the SRAT, SLIT and HMAT that a guest finds, the item for firmware and the nodes of CPUs
are what the distribution's QEMU makes of the same command lines, which are random ones; what it
refuses is refused."""
import functools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from microvm import KERNEL, MULTIBOOT, wait_console            # noqa: E402
from peer import PROGRAM, Peer, need_peer           # noqa: E402
from vmdtest import Daemon, Skip, VMCTL             # noqa: E402

SEED = int(os.environ.get('VMD_SEED', '17'))
MACHINES = int(os.environ.get('VMD_NUMA_MACHINES', '50'))
TABLES = ['SRAT', 'SLIT', 'HMAT']
ITEM = 13, 1024                 # FW_CFG_NUMA, and more bytes than it has
# Of a table's header the creator, and the checksum, which differs with it; and the revision of the
# SRAT, which says here that numbers of nodes have 32 bits.
OWN = {'SRAT': {8, 9, *range(28, 36)}, 'SLIT': {9, *range(28, 36)}, 'HMAT': {9, *range(28, 36)}}
LEVELS = ['memory', 'first-level', 'second-level', 'third-level']
LATENCIES = ['access-latency', 'read-latency', 'write-latency']
BANDWIDTHS = ['access-bandwidth', 'read-bandwidth', 'write-bandwidth']


# ---- Machines

class Machine:
    """A random machine: its options, and how they came about."""

    def __init__(self, number):
        self.random = random.Random('%d.%d' % (SEED, number))
        self.legacy = self.random.random() < 0.2
        self.hmat = self.random.random() < 0.5
        self.options = []
        self.make_cpus()
        self.make_nodes()
        self.assign_cpus()
        if self.random.random() < 0.6 or self.n_nodes > 6:
            self.make_distances()
        if self.hmat:
            self.make_speeds()
        self.arguments = ['-M', 'pc-i440fx-%s%s' % ('2.7' if self.legacy else '7.2',
                                                    ',hmat=on' if self.hmat else ''),
                          '-m', self.memory, '-smp', self.smp, *self.options]

    def numa(self, text, *values):
        self.options += ['-numa', text % values]

    def make_cpus(self):
        choose = self.random.randint
        self.sockets, self.dies, self.cores, self.threads = (
            choose(1, 4), choose(1, 2), choose(1, 3), choose(1, 2))
        self.n_cpus = self.sockets * self.dies * self.cores * self.threads
        self.smp = '%d,sockets=%d,dies=%d,cores=%d,threads=%d,maxcpus=%d' % (
            choose(1, min(self.n_cpus, 6)), self.sockets, self.dies, self.cores, self.threads,
            self.n_cpus)

    def make_nodes(self):
        """Backends, or sizes; some nodes have no memory, and few are large."""
        choose = self.random.choice
        self.n_nodes = self.random.randint(1, 6)
        sizes = [choose([0, 2, 16, 16, 64, 64, 96, 3072, 4096]) for _ in range(self.n_nodes)]
        sizes[0] = sizes[0] or 32
        self.memory = '%dM' % sum(sizes)
        if self.random.random() < 0.3:
            self.memory += ',slots=%d,maxmem=%dM' % (self.random.randint(0, 4), sum(sizes) + 1024)
        numbers = list(range(self.n_nodes))
        self.with_cpus = sorted(self.random.sample(
            numbers, self.random.randint(1, min(self.n_nodes, self.n_cpus))))
        if self.hmat and 0 not in self.with_cpus:
            self.with_cpus[0] = 0
        for node in numbers:
            self.add_node(node, sizes[node])

    def add_node(self, node, size):
        text = 'node,nodeid=%d' % node
        if size and self.legacy:
            text += ',mem=%s' % self.random.choice(['%d', '%dM']) % size
        elif size:
            self.options += ['-object', 'memory-backend-ram,id=m%d,size=%dM' % (node, size)]
            text += ',memdev=m%d' % node
        if self.hmat and node not in self.with_cpus:
            text += ',initiator=%d' % self.random.choice(self.with_cpus)
        self.numa('%s', text)

    def assign_cpus(self):
        """By sockets in turn, which is the default, if all nodes take part; else by ids."""
        if not self.hmat and self.random.random() < 0.3:
            self.with_cpus = []
            return
        for place in range(self.n_cpus):
            rest, thread = divmod(place, self.threads)
            rest, core = divmod(rest, self.cores)
            socket, die = divmod(rest, self.dies)
            node = (self.with_cpus[place] if place < len(self.with_cpus)
                    else self.random.choice(self.with_cpus))
            # QEMU knows no dies if there is one in a socket.
            text = 'cpu,node-id=%d,socket-id=%d,core-id=%d,thread-id=%d'
            self.numa(text + (',die-id=%d' % die if self.dies > 1 else ''), node, socket, core,
                      thread)

    def make_distances(self):
        """Each pair, in one direction or in both."""
        asymmetric = self.random.random() < 0.4
        for a in range(self.n_nodes):
            for b in range(a if asymmetric else a + 1, self.n_nodes):
                distance = self.random.randint(11, 255) if a != b else 10
                self.numa('dist,src=%d,dst=%d,val=%d', a, b, distance)
                if asymmetric and a != b:
                    self.numa('dist,src=%d,dst=%d,val=%d', b, a, self.random.randint(11, 255))

    def make_speeds(self):
        for level in self.random.sample(LEVELS, self.random.randint(1, 4)):
            unit, scale = 10 ** self.random.randint(0, 3), 1 << self.random.randint(0, 6)
            kinds = [(kind, 'latency=%d', unit) for kind in LATENCIES]
            kinds += [(kind, 'bandwidth=%dM', scale) for kind in BANDWIDTHS]
            for kind, value, factor in self.random.sample(kinds, self.random.randint(1, 6)):
                self.add_speeds(level, kind, value, factor)
        for node in range(self.n_nodes):
            if self.random.random() < 0.5:
                self.make_caches(node)

    def add_speeds(self, level, kind, value, factor):
        """QEMU computes a base by the order of values if a later one has a smaller base."""
        for initiator in self.with_cpus:
            for target in range(self.n_nodes):
                if self.random.random() < 0.9:
                    self.numa('hmat-lb,initiator=%d,target=%d,hierarchy=%s,data-type=%s,' + value,
                              initiator, target, level, kind, self.random.randint(1, 900) * factor)

    def make_caches(self, node):
        """For which one latency and one bandwidth must be known."""
        text = ' '.join(self.options)
        if not all(re.search(r'target=%d,\S*%s=' % (node, what), text)
                   for what in ('latency', 'bandwidth')):
            return
        size = self.random.randint(1, 1000)
        for level in range(1, self.random.randint(2, 4)):
            self.numa('hmat-cache,node-id=%d,size=%dK,level=%d,associativity=%s,policy=%s,line=%d',
                      node, size, level, self.random.choice(['none', 'direct', 'complex']),
                      self.random.choice(['none', 'write-back', 'write-through']),
                      self.random.choice([0, 8, 64, 65535]))
            size += self.random.randint(1, 1000)


class Largest(Machine):
    """As many nodes as there can be, of which some have CPUs, and all distances."""

    def make_cpus(self):
        self.legacy, self.hmat = False, True
        self.sockets, self.dies, self.cores, self.threads, self.n_cpus = 64, 1, 1, 1, 64
        self.smp = '1,sockets=64,maxcpus=64'

    def make_nodes(self):
        self.n_nodes, self.with_cpus, self.memory = 128, list(range(8)), '256M'
        for node in range(self.n_nodes):
            self.add_node(node, 2)

    def make_speeds(self):
        self.add_speeds('memory', 'access-latency', 'latency=%d', 10)


# ---- What they are

def dump(client, text, name):
    found = re.search(r'acpi: %s, bytes ([ 0-9a-f]*)\r' % name, text)
    return bytes.fromhex(found.group(1)) if found else None


def run(client):
    """The nodes of places and of CPUs, the item for firmware, and the tables."""
    places = client.call('query-hotpluggable-cpus')
    cpus = client.call('query-cpus-fast')
    client.call('cont')
    text = wait_console(client, 'end: halt')
    item = re.search(r'fw_cfg: item 13, bytes ([ 0-9a-f]*)\r', text)
    return {'places': [place['props'].get('node-id') for place in places],
            'cpus': [cpu['props'].get('node-id') for cpu in cpus],
            'item': item.group(1),
            **{name: dump(client, text, name) for name in TABLES}}


def options(machine):
    """QEMU's older machines start no kernel by PVH."""
    words = ' '.join('acpi=' + name for name in TABLES)
    return machine.arguments + [
        '-S', '-kernel', MULTIBOOT if machine.legacy else KERNEL, '-append', words + ' fw_cfg_item=%d,%d end=halt' % ITEM,
        '-chardev', 'ringbuf,id=con,size=1M', '-device', 'isa-serial,chardev=con']


def make(number):
    """A random machine, or the largest one."""
    return Largest(0) if number == MACHINES else Machine(number)


@functools.lru_cache(maxsize=None)
def own(recorder, number):
    """The same of such a machine here."""
    command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'tcg']
    text = subprocess.run(command + options(make(number)), capture_output=True, text=True,
                          check=True).stdout
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for line in text.splitlines():
            client.request(json.loads(line))
        return run(client)


def meaning(name, value):
    if name in TABLES and value:
        return [byte for i, byte in enumerate(value) if i not in OWN[name]]
    return value


def judge(table):
    """What iasl says of a table, which must be nothing."""
    folder = tempfile.mkdtemp(prefix='vmd-numa-')
    try:
        path = os.path.join(folder, 'table.dat')
        with open(path, 'wb') as f:
            f.write(table)
        done = subprocess.run(['iasl', '-d', path], capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        text = done.stdout + done.stderr
        assert 'rror' not in text.replace('0 Errors', '') and 'arning' not in text, text
        with open(os.path.join(folder, 'table.dsl')) as f:
            source = f.read()
        done = subprocess.run(['iasl', os.path.join(folder, 'table.dsl')], capture_output=True,
                              text=True, cwd=folder)
        assert ' 0 Errors, 0 Warnings' in done.stdout, source + done.stdout
    finally:
        shutil.rmtree(folder)


def machines(recorder):
    """tables, item and nodes of random machines"""
    need_peer()
    kinds = dict.fromkeys(TABLES, 0)
    for number in range(MACHINES + 1):
        machine = make(number)
        with Peer('-accel', 'tcg', *options(machine)) as peer:
            theirs = run(peer.client())
        ours = own(recorder, number)
        for name, value in theirs.items():
            assert meaning(name, ours[name]) == meaning(name, value), (
                number, name, ' '.join(machine.arguments), ours[name], value)
        for name in TABLES:
            kinds[name] += ours[name] is not None
    assert kinds['SRAT'] == MACHINES + 1 and min(kinds.values()) > MACHINES / 5, kinds


def sound(recorder):
    """iasl finds nothing wrong with their tables"""
    if not shutil.which('iasl'):
        raise Skip('iasl is not installed (Debian: acpica-tools)')
    for number in range(MACHINES + 1):
        tables = own(recorder, number)
        for name in TABLES:
            if tables[name]:
                judge(tables[name])


# ---- What is refused

BASE = ['-M', 'pc-i440fx-7.2,hmat=on', '-m', '64M', '-smp', '2',
        '-object', 'memory-backend-ram,id=m0,size=32M',
        '-object', 'memory-backend-ram,id=m1,size=32M']
NODES = ['node,memdev=m0,cpus=0', 'node,memdev=m1,cpus=1']
LATENCY = 'hmat-lb,initiator=0,target=%d,hierarchy=memory,data-type=access-latency,latency=%d'
BANDWIDTH = 'hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-bandwidth,%s'
CACHE = 'hmat-cache,node-id=0,size=%d,level=%d,associativity=none,policy=none,line=8'
SPEEDS = [LATENCY % (0, 1), BANDWIDTH % 'bandwidth=1M']
REFUSED = [
    NODES[:1], ['node,cpus=0-1', 'node'], ['node,memdev=m0', 'node,memdev=m0'],
    ['node,memdev=m2', 'node,memdev=m1'], ['node,mem=64M'],
    [NODES[0], 'node,nodeid=0,memdev=m1'], [NODES[0], 'node,nodeid=2,memdev=m1'],
    [NODES[0], 'node,nodeid=128,memdev=m1'], [NODES[0], 'node,memdev=m1,cpus=0'],
    [NODES[0], 'node,memdev=m1,cpus=2'],
    [NODES[0], 'node,memdev=m1,initiator=1'], [NODES[0], 'node,memdev=m1,cpus=1,initiator=0'],
    [*NODES, 'cpu,socket-id=0'], [*NODES, 'cpu,node-id=2,socket-id=0'],
    [*NODES, 'cpu,node-id=0,socket-id=9'], [*NODES, 'cpu,node-id=1,core-id=0'],
    [*NODES, 'dist,src=0,dst=2,val=20'], [*NODES, 'dist,src=0,dst=1,val=9'],
    [*NODES, 'dist,src=0,dst=0,val=11'], [*NODES, 'dist,src=0,dst=1,val=256'],
    [*NODES, 'node,initiator=0', 'dist,src=0,dst=1,val=20'],
    [*NODES, LATENCY % (5, 1)], [*NODES, LATENCY % (0, 1), LATENCY % (0, 1)],
    [*NODES, BANDWIDTH % 'latency=1'], [*NODES, BANDWIDTH % 'bandwidth=1K'],
    [*NODES, BANDWIDTH % 'bandwidth=1M,latency=2'],
    [*NODES, CACHE % (1024, 1)], [*NODES, *SPEEDS, CACHE % (1024, 0)],
    [*NODES, *SPEEDS, CACHE % (1024, 4)], [*NODES, *SPEEDS, CACHE % (1024, 2)],
    [*NODES, *SPEEDS, CACHE % (1024, 1), CACHE % (1024, 2)],
    [*NODES, *SPEEDS, CACHE % (1024, 1), CACHE % (1024, 1)],
]
# QEMU warns that the first is obsolete; and 65535 in a table means that there is no way.
STRICTER = [[NODES[0], 'node,memdev=m1'], [*NODES, LATENCY % (0, 65535)]]


def theirs_refuse(arguments):
    """One that accepts them would wait until the time is over, which is a failure, too."""
    done = subprocess.run([PROGRAM, '-nodefaults', '-no-user-config', '-display', 'none', '-accel',
                           'tcg', '-S', *arguments], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=20)
    return done.returncode != 0, done.stderr


def ours_refuse(recorder, arguments):
    """That translation or the machine fails, and nothing is left of it."""
    command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'qtest']
    done = subprocess.run(command + arguments, capture_output=True, text=True)
    if done.returncode:
        return True
    requests = [json.loads(line) for line in done.stdout.splitlines()]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('build', {'requests': [r for r in requests if r['execute'] != 'cont']})
        assert 'numa' in error.get('path', ''), error
        assert client.call('query-config')['requests'] == []
        assert client.call('query-memdev') == []
    return True


def refusals(recorder):
    """what QEMU refuses is refused, by an error that says where, and leaves nothing"""
    need_peer()
    for steps in REFUSED:
        arguments = BASE + [word for step in steps for word in ('-numa', step)]
        refuses, why = theirs_refuse(arguments)
        assert refuses and 'accelerator' not in why, (steps, why)
        assert ours_refuse(recorder, arguments), steps
    for steps in STRICTER:
        arguments = BASE + [word for step in steps for word in ('-numa', step)]
        assert ours_refuse(recorder, arguments), steps


if __name__ == '__main__':
    vmdtest.main([machines, sound, refusals])
