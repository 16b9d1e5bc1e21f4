#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each class is made, used, unplugged and freed many times, in random order, on machines that
execute nothing: what the guest would do is said by the qtest protocol.

VMD_TEST_ROUNDS says how often each class is made (20 without it; `make churn` takes 200),
VMD_TEST_SEED in which order.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from qtestclient import QtestClient                 # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from walk import (BLOCK_NODES, CHARDEVS, DEVICE_HOSTS, DEVICE_NEEDED, NEEDED, NETDEVS, PC, back_ends,
                  classes, descends, devices, snapshot, within)     # noqa: E402

ROUNDS = int(os.environ.get('VMD_TEST_ROUNDS', '20'))
SEED = int(os.environ.get('VMD_TEST_SEED', '1'))
LIVE = 6                        # at once, at most
# Ports whose writes reset the machine, or end it, or put it to sleep.
ENDING = [(0x64, 0x65), (0x92, 0x93), (0xb2, 0xb4), (0xcf8, 0xd00), (0x501, 0x509), (0x600, 0x640)]


class Guest(QtestClient):
    """Accesses without sense, to ports, functions' registers and BARs."""

    def use(self, rng):
        lines = []
        for _ in range(rng.randrange(4, 24)):
            if rng.random() < 0.3:
                lines += self.config_access(rng)
            else:
                lines.append(self.access(rng))
        self.ask_all(lines)

    @staticmethod
    def access(rng):
        value = rng.choice([0, 1, 0xff, 0xffffffff, rng.randrange(1 << 32)])
        if rng.random() < 0.5:
            port = rng.choice([rng.randrange(0x400), rng.randrange(0x10000), 0xc000 + rng.randrange(256)])
            size = rng.choice([1, 2, 4])
            if rng.random() < 0.5 or any(low - 4 < port < high for low, high in ENDING):
                return 'in%s 0x%x' % ('bwl'[size >> 1], port)
            return 'out%s 0x%x 0x%x' % ('bwl'[size >> 1], port, value & ((1 << 8 * size) - 1))
        address = rng.choice([0xfeb00000 + rng.randrange(0x2000), 0xfe000000 + rng.randrange(0x40000),
                              0xfec00000 + rng.randrange(0x100), 0xfed00000 + rng.randrange(0x400)])
        if rng.random() < 0.5:
            return 'readl 0x%x' % (address & ~3)
        return 'writel 0x%x 0x%x' % (address & ~3, value)

    @staticmethod
    def config_access(rng):
        """BARs are put where access() looks, and decoding switched on."""
        slot, register = rng.randrange(2, 32), rng.choice([0x10, 0x14, 0x18, 0x20, 0x04, 0x40, 0x98])
        value = {0x04: 7, 0x10: 0xc001, 0x14: 0xfe000000, 0x18: 0xfe010000, 0x20: 0xfe020000}.get(
            register, rng.randrange(1 << 32))
        return ['outl 0xcf8 0x%x' % (1 << 31 | slot << 11 | register), 'outl 0xcfc 0x%x' % value]


class Makers:
    """For each class: how one is made, and how it goes."""

    def __init__(self, client, folder):
        self.client = client
        self.folder = folder
        self.number = 0
        self.kinds = []
        types = classes(client)
        entity = client.schema.entities[client.schema.entities['object-add']['arg-type']]
        for name in sorted(v['case'] for v in entity['variants']):
            if not any(descends(types, name, a) for a in ('machine', 'accel')) and name != 'qtest':
                self.kinds.append((name, self.make_object, NEEDED.get(name, {})))
        for name in devices(client):
            if name not in DEVICE_HOSTS:
                needed = {'drive': 'disk'} if name.startswith('virtio-blk') else {}
                self.kinds.append((name, self.make_device, DEVICE_NEEDED.get(name, needed)))
        self.kinds += [(n, self.make_chardev, a) for n, a in CHARDEVS.items() if n != 'chardev-stdio']
        self.kinds += [(n, self.make_node, a) for n, a in BLOCK_NODES.items()]
        self.kinds += [(n, self.make_netdev, a) for n, a in NETDEVS.items()]

    def make(self, kind):
        """Returns what unmakes it, or None if it cannot be made now."""
        name, make, needed = kind
        self.number += 1
        return make(name, 'c%d' % self.number, within(needed, self.folder))

    def send(self, command, arguments):
        """True, or the reason of the error."""
        self.client.send({'execute': command, 'arguments': arguments})
        reply = self.client.reply()
        return reply['error']['reason'] if 'error' in reply else True

    def undo(self, command, arguments):
        def run():
            done = self.send(command, arguments)
            assert done is True, (command, arguments, done)
        return run

    def make_object(self, name, ident, needed):
        if self.send('object-add', {'qom-type': name, 'id': ident, **needed}) is not True:
            return None
        return self.undo('object-del', {'id': ident})

    def make_device(self, name, ident, needed):
        if self.send('device_add', {'driver': name, 'id': ident, **needed}) is not True:
            return None
        return self.undo('device_del', {'id': ident})

    def make_chardev(self, name, ident, backend):
        if self.send('chardev-add', {'id': ident, 'backend': backend}) is not True:
            return None
        return self.undo('chardev-remove', {'id': ident})

    def make_node(self, name, ident, options):
        if self.send('blockdev-add', {**options, 'node-name': ident}) is not True:
            return None
        return self.undo('blockdev-del', {'node-name': ident})

    def make_netdev(self, name, ident, options):
        if self.send('netdev_add', {**options, 'id': ident}) is not True:
            return None
        return self.undo('netdev_del', {'id': ident})


def prepare(client, folder, machine):
    """An empty machine, driven by a client; and what other things refer to."""
    os.mkfifo(os.path.join(folder, 'fifo'))
    with open(os.path.join(folder, 'image'), 'wb') as f:
        f.truncate(1 << 20)
    client.call('set-action', shutdown='pause', reboot='reset', panic='none')
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-memfd', id='ram', size=16 << 20)
    client.call('object-add', id='machine', memory_backend='ram', **machine)
    back_ends(client)
    client.call('object-add', qom_type='throttle-group', id='group')
    client.call('chardev-add', id='of-mux', backend={'type': 'null', 'data': {}})
    client.call('chardev-add', id='qt', backend={'type': 'socket', 'data': {
        'addr': {'type': 'unix', 'data': {'path': os.path.join(folder, 'qtest')}}, 'server': True,
        'wait': False}})
    client.call('object-add', qom_type='qtest', id='qtest0', chardev='qt')
    return Guest(os.path.join(folder, 'qtest'))


def churn(recorder, machine, least):
    rng = random.Random(SEED)
    with Daemon(recorder, ['--log-level', 'error']) as daemon:
        client = daemon.client()
        guest = prepare(client, daemon.folder, machine)
        before = snapshot(client)
        makers = Makers(client, daemon.folder)
        order = makers.kinds * ROUNDS
        rng.shuffle(order)
        live, made = [], {}
        for kind in order:
            while len(live) >= LIVE or (live and rng.random() < 0.3):
                live.pop(rng.randrange(len(live)))()
            undo = makers.make(kind)
            if undo:
                live.append(undo)
                made[kind[0]] = made.get(kind[0], 0) + 1
                recorder.add('class', kind[0])
            guest.use(rng)
            client.events.clear()
        for undo in live:
            undo()
        assert snapshot(client) == before
        rare = {k[0]: made.get(k[0], 0) for k in makers.kinds if made.get(k[0], 0) < ROUNDS // 4}
        never = sorted(name for name, n in rare.items() if n == 0)
        print('# %d classes, %d objects, seed %d; not made on this machine: %s' % (
            len(made), sum(made.values()), SEED, ', '.join(never)), flush=True)
        assert len(made) >= least, sorted(made)
        client.call('quit')
        assert daemon.wait() == 0, daemon.output()[-4000:]
        assert 'Sanitizer' not in daemon.output(), daemon.output()[-8000:]


def microvm(recorder):
    """classes come and go on microvm"""
    churn(recorder, {'qom_type': 'microvm-machine'}, 30)


def pc(recorder):
    """classes come and go on pc-i440fx-2.7"""
    churn(recorder, PC, 40)


if __name__ == '__main__':
    vmdtest.main([microvm, pc])
