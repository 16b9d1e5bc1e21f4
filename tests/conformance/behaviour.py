#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Equal machines in vmd and the distribution's QEMU: equal replies, errors and events.

QEMU gets a command line; vmd gets what `vmctl translate` makes of it.  Then both get the
same requests, and what they say is compared.  The firmware halts at once, so that nothing
depends on how far a guest got.  A key of the file `differences` is

    reply MACHINE STATE COMMAND.member[entry]... OURS not THEIRS
    tree MACHINE PATH NAME absent                              children, by qom-list
    value MACHINE PATH.PROPERTY OURS not THEIRS                by qom-get
    error COMMAND ARGUMENTS OURS not THEIRS                    classes of errors
    tap-error COMMAND ARGUMENTS OURS not THEIRS                the same, if the host has taps
    events STEP OURS not THEIRS                                names of events, in order
"""
import fcntl
import json
import os
import struct
import subprocess
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import complain                        # noqa: E402
from vmdtest import Daemon, QmpError, Skip, VMCTL, have_kvm     # noqa: E402

TUNSETIFF, IFF_TAP = 0x400454ca, 2      # linux/if_tun.h

COMMON = ['-m', '64', '-smp', '2', '-S', '-name', 'twin',
          '-uuid', '01234567-89ab-cdef-0123-456789abcdef',
          '-object', 'memory-backend-ram,id=ram,size=64M', '-object', 'iothread,id=io0',
          '-object', 'rng-builtin,id=random',
          '-chardev', 'null,id=con', '-chardev', 'ringbuf,id=ring,size=4096',
          '-blockdev', 'driver=null-co,node-name=nothing,size=1048576',
          '-netdev', 'user,id=net0', '-device', 'isa-serial,id=serial,chardev=con']
MACHINES = {
    'microvm': ['-M', 'microvm,memory-backend=ram'] + COMMON +
               ['-device', 'virtio-blk-device,id=disk,drive=nothing',
                '-device', 'virtio-net-device,id=nic,netdev=net0,mac=52:54:00:00:00:01',
                '-device', 'virtio-rng-device,id=rng,rng=random'],
    'pc': ['-M', 'pc-i440fx-7.2,memory-backend=ram'] + COMMON +
          ['-device', 'virtio-blk-pci,id=disk,drive=nothing,addr=5',
           '-device', 'e1000,id=nic,netdev=net0,mac=52:54:00:00:00:01,addr=6',
           '-device', 'virtio-rng-pci,id=rng,rng=random,addr=7',
           '-device', 'virtio-balloon-pci,id=balloon,addr=8',
           '-device', 'virtio-serial-pci,id=ports,addr=9',
           '-device', 'virtserialport,id=port,bus=ports.0,nr=3,name=a.name,chardev=ring',
           '-netdev', 'user,id=net1,restrict=on',
           '-device', 'virtio-net-pci,id=vnic,netdev=net1,mac=52:54:00:00:00:02,addr=a',
           '-device', 'pci-bridge,id=bridge,chassis_nr=1,addr=b',
           '-device', 'pci-testdev,id=testdev,bus=bridge,addr=1',
           '-chardev', 'null,id=debug', '-device', 'isa-debugcon,id=debugcon,chardev=debug',
           '-device', 'pvpanic,id=pvpanic',
           '-object', 'memory-backend-memfd,id=spare,size=1M',
           '-object', 'rng-random,id=urandom,filename=/dev/urandom'],
}
QUERIES = ['query-status', 'query-name', 'query-uuid', 'query-target', 'query-chardev',
           'query-block', 'query-named-block-nodes', 'query-blockstats', 'query-cpus-fast',
           'query-iothreads', 'query-memdev', 'query-mice', 'query-current-machine', 'query-kvm']
PC_QUERIES = ['query-pci', 'query-balloon']
FOLDERS = ['/', '/objects', '/chardevs', '/machine/peripheral']
OBJECTS = ['/machine', '/machine/peripheral/disk', '/machine/peripheral/nic',
           '/machine/peripheral/serial', '/machine/peripheral/rng', '/objects/io0',
           '/objects/ram', '/objects/random', '/chardevs/con', '/chardevs/ring']
PC_OBJECTS = ['/machine/peripheral/' + name for name in (
    'balloon', 'ports', 'port', 'vnic', 'bridge', 'testdev', 'debugcon', 'pvpanic')] + \
    ['/objects/spare', '/objects/urandom']
# What tells an entry of a list from others.
NAMES = ('qdev', 'label', 'node-name', 'cpu-index', 'qdev_id', 'slot', 'bus', 'id', 'name',
         'device', 'bar')

WRONG = [
    ('no-such-command', {}),
    ('query-status', {'argument': 1}),
    ('device_add', {}),
    ('device_add', {'driver': 'no-such-driver'}),
    ('device_add', {'driver': 'device'}),
    ('device_add', {'driver': 'virtio-rng-device', 'bus': 'no-such-bus'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'id': '1'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'no-such-property': '1'}),
    ('device_add', {'driver': 'virtio-blk-pci', 'drive': 'no-such-node'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'max-bytes': 'many'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'id': 'disk'}),
    ('device_del', {}),
    ('device_del', {'id': 'no-such-device'}),
    ('device_del', {'id': '/machine'}),
    ('object-add', {'qom-type': 'no-such-type', 'id': 'x'}),
    ('object-add', {'qom-type': 'iothread', 'id': 'io0'}),
    ('object-add', {'qom-type': 'iothread'}),
    ('object-add', {'qom-type': 'device', 'id': 'x'}),
    ('object-add', {'qom-type': 'iothread', 'id': '0 bad'}),
    ('object-del', {'id': 'no-such-object'}),
    ('object-del', {'id': 'ram'}),
    ('chardev-add', {'id': 'con', 'backend': {'type': 'null', 'data': {}}}),
    ('chardev-add', {'id': 'x', 'backend': {'type': 'no-such-type', 'data': {}}}),
    ('chardev-add', {'id': 'x', 'backend': {'type': 'file', 'data': {'out': '/no/such/folder/x'}}}),
    ('chardev-remove', {'id': 'no-such-chardev'}),
    ('chardev-remove', {'id': 'con'}),
    ('netdev_add', {'type': 'user', 'id': 'net0'}),
    ('netdev_add', {'type': 'no-such-type', 'id': 'x'}),
    ('netdev_del', {'id': 'no-such-net'}),
    ('set_link', {'name': 'no-such-net', 'up': True}),
    ('set_link', {'name': 'net0', 'up': 'yes'}),
    ('blockdev-add', {'driver': 'no-such-driver', 'node-name': 'x'}),
    ('blockdev-add', {'driver': 'null-co', 'node-name': 'nothing'}),
    ('blockdev-add', {'driver': 'file', 'filename': '/no/such/file', 'node-name': 'x'}),
    ('blockdev-del', {'node-name': 'no-such-node'}),
    ('blockdev-del', {'node-name': 'nothing'}),
    ('block_resize', {'node-name': 'no-such-node', 'size': 512}),
    ('block_resize', {'node-name': 'nothing', 'size': -1}),
    ('block_resize', {'size': 512}),
    ('qom-get', {'path': '/no/such/path', 'property': 'x'}),
    ('qom-get', {'path': '/machine', 'property': 'no-such-property'}),
    ('qom-set', {'path': '/no/such/path', 'property': 'x', 'value': 1}),
    ('qom-set', {'path': '/objects/io0', 'property': 'no-such-property', 'value': 1}),
    ('qom-set', {'path': '/objects/io0', 'property': 'poll-max-ns', 'value': 'x'}),
    ('qom-list', {'path': '/no/such/path'}),
    ('qom-list-properties', {'typename': 'no-such-type'}),
    ('device-list-properties', {'typename': 'no-such-type'}),
    ('device-list-properties', {'typename': 'iothread'}),
    ('getfd', {'fdname': 'x'}),
    ('closefd', {'fdname': 'no-such-fd'}),
    ('ringbuf-read', {'device': 'no-such-chardev', 'size': 1}),
    ('ringbuf-read', {'device': 'con', 'size': 1}),
    ('ringbuf-read', {'device': 'ring', 'size': 0}),
    ('ringbuf-write', {'device': 'ring', 'data': '*', 'format': 'base64'}),
    ('balloon', {'value': 0}),
    ('query-command-line-options', {'option': 'no-such-option'}),
    ('system_wakeup', {}),
    ('inject-nmi', {'argument': 1}),
    ('send-key', {'keys': []}),
    ('send-key', {'keys': [{'type': 'qcode', 'data': 'no-such-key'}]}),
    ('set-action', {'reboot': 'no-such-action'}),
    ('qmp_capabilities', {}),
    ('device_add', {'driver': 'e1000', 'addr': '5'}),
    ('device_add', {'driver': 'e1000', 'addr': '20'}),
    ('device_add', {'driver': 'e1000', 'mac': 'no-mac'}),
    ('device_add', {'driver': 'e1000', 'netdev': 'net0'}),
    ('device_add', {'driver': 'e1000', 'netdev': 'no-such-net'}),
    ('device_add', {'driver': 'isa-serial', 'chardev': 'con'}),
    ('device_add', {'driver': 'isa-debug-exit'}),
    ('device_add', {'driver': 'virtserialport', 'nr': 3}),
    ('device_add', {'driver': 'virtserialport', 'nr': 99}),
    ('device_add', {'driver': 'virtio-blk-pci', 'drive': 'nothing'}),
    ('device_add', {'driver': 'virtio-blk-pci'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'bus': 'ports'}),
    ('device_add', {'driver': 'virtio-rng-pci', 'rng': 'ram'}),
    ('device_del', {'id': 'serial'}),
    ('device_del', {'id': 'debugcon'}),
    ('object-add', {'qom-type': 'memory-backend-ram', 'id': 'x', 'size': 0}),
    ('object-add', {'qom-type': 'memory-backend-ram', 'id': 'x'}),
    ('object-add', {'qom-type': 'memory-backend-file', 'id': 'x', 'size': 4096}),
    ('object-add', {'qom-type': 'rng-random', 'id': 'x', 'filename': '/no/such/file'}),
    ('object-add', {'qom-type': 'iothread', 'id': 'x', 'poll-max-ns': -1}),
    ('object-del', {'id': 'random'}),
    ('netdev_add', {'type': 'user', 'id': 'x', 'net': 'no-net'}),
    ('netdev_del', {'id': 'nic'}),
    ('set_link', {'name': 'serial', 'up': True}),
    ('blockdev-add', {'driver': 'null-co'}),
    ('blockdev-add', {'driver': 'null-co', 'node-name': '0 bad'}),
    ('blockdev-add', {'driver': 'raw', 'node-name': 'x', 'file': 'no-such-node'}),
    ('qom-set', {'path': '/machine/peripheral/nic', 'property': 'mac', 'value': 'x'}),
    ('qom-set', {'path': '/machine/peripheral/nic', 'property': 'realized', 'value': 1}),
    ('qom-set', {'path': '/objects/ram', 'property': 'size', 'value': 1}),
    ('qom-list', {'path': 'disk'}),
    ('qom-list', {'path': 'no-such-object'}),
    ('query-cpu-model-expansion', {'type': 'full', 'model': {'name': 'no-such-model'}}),
    ('query-rx-filter', {'name': 'no-such-nic'}),
    ('query-rx-filter', {'name': 'nic'}),
    ('input-send-event', {'events': [{'type': 'key', 'data': {'down': True, 'key': {
        'type': 'qcode', 'data': 'no-such-key'}}}]}),
    ('query-blockstats', {'query-nodes': 'yes'}),
    ('chardev-add', {'id': 'x', 'backend': {'type': 'socket', 'data': {
        'addr': {'type': 'unix', 'data': {'path': '/no/such/folder/x'}}}}}),
]


# Where the host has interfaces to give.
WRONG_TAPS = [
    ('netdev_add', {'type': 'tap', 'id': 'x', 'ifname': 'a' * 100}),
]


# A firmware of 64 KiB: cli, and hlt again and again, where a CPU starts.
FIRMWARE = b'\xf4' * 0xfff0 + b'\xfa\xf4\xeb\xfd' + b'\xf4' * 12


class Twins:
    """The same machine twice; clients `peer` and `own`."""

    def __init__(self, recorder, machine):
        self.daemon = Daemon(recorder, ['--name', 'twin'])
        with open(self.daemon.path('firmware'), 'wb') as f:
            f.write(FIRMWARE)
        self.options = MACHINES[machine][:]
        if machine == 'pc':
            self.options += ['-bios', self.daemon.path('firmware')]
        self.qemu = Peer('-accel', 'tcg', *self.options)

    def __enter__(self):
        self.peer = self.qemu.client()
        self.own = self.daemon.client()
        command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'qtest']
        text = subprocess.run(command + self.options, capture_output=True, text=True,
                              check=True).stdout
        for line in text.splitlines():
            self.own.request(json.loads(line))
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()
        self.qemu.__exit__()

    def both(self, command, arguments):
        return tuple(_outcome(client, command, arguments) for client in (self.peer, self.own))

    def events(self, step, command, arguments, last=None):
        """The key of a step whose events are not the same, if they are not."""
        theirs, ours = (_events(client, command, arguments, last)
                        for client in (self.peer, self.own))
        if theirs != ours:
            yield 'events %s %s not %s' % (step, ours, theirs)


def _outcome(client, command, arguments):
    try:
        return {'return': client.request({'execute': command, 'arguments': arguments})}
    except QmpError as error:
        return {'error': error.error['class']}


def _events(client, command, arguments, last=None):
    """What a request is followed by, up to a later turn of the other's loop, to its end, or
    to an event of that name which has the member `device`."""
    words = []
    if 'error' in _outcome(client, command, arguments):
        words.append('ERROR')
    try:
        for _ in range(3 if command != 'quit' else 1000):
            client.call('query-status')
        for _ in range(100000 if last else 0):
            if any(e['event'] == last and 'device' in e['data'] for e in client.events):
                break
            client.call('query-status')
    except (OSError, EOFError):
        words.append('END')
    for event in client.events:
        words.append(event['event'] + json.dumps(event.get('data', {}), sort_keys=True))
    client.events.clear()
    return ' '.join(words) or 'none'


def compare_replies(theirs, ours, path):
    if 'error' in theirs or 'error' in ours:
        theirs, ours = ({'error': r['error']} if 'error' in r else {} for r in (theirs, ours))
        yield from compare(theirs, ours, path)
    else:
        yield from compare(theirs['return'], ours['return'], path)


def compare(theirs, ours, path):
    """Yields a key for each thing that theirs has and ours has not, or otherwise."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name, value in theirs.items():
            if name in ours:
                yield from compare(value, ours[name], '%s.%s' % (path, name))
            else:
                yield '%s.%s absent not %s' % (path, name, json.dumps(value))
    elif isinstance(theirs, list) and isinstance(ours, list):
        yield from compare_lists(named(theirs), named(ours), path)
    elif theirs != ours:
        yield '%s %s not %s' % (path, json.dumps(ours), json.dumps(theirs))


def compare_lists(theirs, ours, path):
    for name, value in theirs.items():
        where = '%s[%s]' % (path, name)
        if name in ours:
            yield from compare(value, ours[name], where)
        else:
            yield where + ' absent'
    for name in ours:
        if name not in theirs:
            yield '%s[%s] is more' % (path, name)


def named(entries):
    """A list as a dict, by the keys of its entries."""
    result = {}
    for number, entry in enumerate(entries):
        keys = [str(entry[k]) for k in NAMES if isinstance(entry, dict) and entry.get(k) not in
                (None, '')]
        name = keys[0] if keys else str(number)
        if isinstance(entry, dict) and 'function' in entry:
            name = '%d.%d' % (entry['slot'], entry['function'])
        result[name] = entry
    return result


def on_this_host(command, reply):
    """The peer says `present` if it was built with KVM; that the host has it, too, is not its
    concern, but is vmd's."""
    if command == 'query-kvm':
        reply['return']['present'] &= have_kvm()
    return reply


def replies(twins, machine, state):
    queries = QUERIES + (PC_QUERIES if machine == 'pc' else [])
    for command in queries:
        theirs, ours = twins.both(command, {})
        theirs = on_this_host(command, theirs)
        yield from compare_replies(theirs, ours, 'reply %s %s %s' % (machine, state, command))


def trees(twins, machine):
    """What the folders have; what the objects are is for test_values."""
    for path in FOLDERS:
        theirs, ours = ({e['name'] for e in reply['return'] if e['type'].startswith('child<')}
                        for reply in twins.both('qom-list', {'path': path}))
        for name in sorted(theirs - ours):
            yield 'tree %s %s %s absent' % (machine, path, name)


def values(twins, machine):
    for path in OBJECTS + (PC_OBJECTS if machine == 'pc' else []):
        theirs, ours = ({e['name'] for e in reply['return'] if '<' not in e['type']}
                        for reply in twins.both('qom-list', {'path': path}))
        for name in sorted(theirs & ours):
            theirs, ours = twins.both('qom-get', {'path': path, 'property': name})
            yield from compare_replies(theirs, ours, 'value %s %s.%s' % (machine, path, name))


def test_replies(recorder):
    """Replies of query commands for equal machines, before, while and after they run"""
    need_peer()
    keys = []
    for machine in MACHINES:
        with Twins(recorder, machine) as twins:
            keys += replies(twins, machine, 'prelaunch')
            keys += trees(twins, machine)
            keys += values(twins, machine)
            for state, command in (('running', 'cont'), ('paused', 'stop')) * (machine == 'pc'):
                assert all('return' in reply for reply in twins.both(command, {}))
                keys += replies(twins, machine, state)
    complain(keys, ('reply', 'tree', 'value'))


def compare_errors(recorder, requests, word):
    keys = []
    with Twins(recorder, 'pc') as twins:
        for command, arguments in requests:
            theirs, ours = (o.get('error', 'success') for o in twins.both(command, arguments))
            if theirs != ours:
                keys.append('%s %s %s %s not %s' % (word, command, json.dumps(arguments), ours,
                                                    theirs))
    complain(keys, (word,))


def test_errors(recorder):
    """The classes of errors of wrong requests"""
    need_peer()
    compare_errors(recorder, WRONG, 'error')


def need_taps():
    try:
        with open('/dev/net/tun', 'r+b', buffering=0) as tun:
            fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH22x', b'twin%d', IFF_TAP))
    except OSError as why:
        raise Skip('no interface can be made: ' + why.strerror) from why


def test_tap_errors(recorder):
    """The same for interfaces of the host"""
    need_peer()
    need_taps()
    compare_errors(recorder, WRONG_TAPS, 'tap-error')


# Requests one after the other, in a machine of their own: name of the step, request.
LIVES = [
    [('stop-before', 'stop', {}), ('reset-before', 'system_reset', {}),
     ('cont', 'cont', {}), ('cont-again', 'cont', {}),
     ('stop', 'stop', {}), ('stop-again', 'stop', {}),
     ('reset-stopped', 'system_reset', {}), ('cont-after', 'cont', {}),
     ('reset', 'system_reset', {}), ('powerdown', 'system_powerdown', {}),
     ('plug', 'device_add', {'driver': 'virtio-rng-pci', 'id': 'another'}),
     ('unplug', 'device_del', {'id': 'rng'}), ('unplug-again', 'device_del', {'id': 'rng'}),
     ('balloon', 'balloon', {'value': 1 << 25}), ('quit', 'quit', {})],
    [('plug-before', 'device_add', {'driver': 'virtio-rng-pci', 'id': 'more'}),
     ('unplug-before', 'device_del', {'id': 'more'})],
    [('cont', 'cont', {}), ('unplug', 'device_del', {'id': 'rng'}),
     ('reset-unplugs', 'system_reset', {}, 'DEVICE_DELETED')],
]


def test_events(recorder):
    """The events of a machine's life, in order"""
    need_peer()
    keys = []
    for life in LIVES:
        with Twins(recorder, 'pc') as twins:
            for step in life:
                keys += twins.events(*step)
    complain(keys, ('events',))


if __name__ == '__main__':
    vmdtest.main([test_replies, test_errors, test_tap_errors, test_events])
