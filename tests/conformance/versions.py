#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What makes an older version of a machine type older is the same as in the distribution's QEMU.

A machine with many devices is made of each version in both, and each property that both have is
read: in both it must differ from the newest version's by the same value.  Keys are

    version MACHINE CLASS.PROPERTY OURS not THEIRS             devices and chips
    cpu-of MACHINE MODEL.PROPERTY OURS not THEIRS              query-cpu-model-expansion
"""
import json
import os
import subprocess
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from classes import HOST_IDENTITY                   # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import complain                        # noqa: E402
from vmdtest import Daemon, QmpError, VMCTL         # noqa: E402

NEWEST, OLDEST = 'pc-i440fx-7.2', 'pc-i440fx-2.7'
BACKENDS = ['-m', '64', '-smp', '2', '-S', '-object', 'rng-builtin,id=random',
            '-chardev', 'null,id=con', '-blockdev', 'driver=null-co,node-name=n0,size=1048576',
            '-device', 'isa-serial,chardev=con', '-device', 'isa-debug-exit',
            '-device', 'pvpanic', '-device', 'ib700']
BACKENDS += ['-device', 'pci-bridge,id=b,chassis_nr=1,addr=3', '-device', 'qemu-xhci,id=x,addr=4']
KINDS = ['virtio-blk-pci%s,drive=n0,share-rw=on', 'virtio-net-pci%s', 'virtio-rng-pci%s,rng=random',
         'virtio-balloon-pci%s', 'virtio-scsi-pci%s,id=s', 'virtio-serial-pci%s,id=p']
# One command line for each kind of virtio device and some others, as a machine has one balloon.
# The oldest version, which inherits from all others, stands for them where only the kind changes.
GROUPS = [
    [kind % '' for kind in KINDS] + [
        'VGA', 'secondary-vga', 'bochs-display', 'e1000', 'i6300esb', 'ich9-ahci', 'pci-testdev',
        'piix3-usb-uhci', 'nec-usb-xhci', 'virtio-gpu-pci', 'virtio-keyboard-pci',
        'virtio-mouse-pci', 'virtio-tablet-pci', 'usb-kbd,bus=x.0', 'usb-mouse,bus=x.0',
        'usb-tablet,bus=x.0', 'usb-hub,bus=x.0', 'virtserialport,bus=p.0', 'virtconsole,bus=p.0',
        'scsi-hd,bus=s.0,drive=n0,share-rw=on', 'ide-hd,bus=ide.0,drive=n0,share-rw=on'],
    [kind % '-transitional' for kind in KINDS] + ['cirrus-vga'],
    [kind % '-non-transitional' for kind in KINDS] + ['virtio-vga'],
]
NO_CHIPS = ('irq', 'memory-region', 'qemu:memory-region', 'x86_64-cpu')


def options(version, group):
    words = ['-M', version] + BACKENDS
    for device in group:
        words += ['-device', device]
    return words


def read_tree(client, path='/machine'):
    """Class -> properties and values, of all devices below a path; those of the first one."""
    found, names = {'machine': path}, {}
    pending = [path]
    while pending:
        path = pending.pop()
        for entry in client.call('qom-list', path=path):
            kind = entry['type']
            if kind.startswith('child<') and not kind[6:-1].startswith(NO_CHIPS):
                child = path + '/' + entry['name']
                pending.append(child)
                found.setdefault(kind[6:-1], child)
            elif '<' not in kind:
                names.setdefault(path, []).append(entry['name'])
    return {klass: dict(read(client, path, names.get(path, []))) for klass, path in found.items()}


def read(client, path, names):
    for name in names:
        try:
            yield name, client.call('qom-get', path=path, property=name)
        except QmpError:
            continue


def peer_tree(version, group):
    with Peer('-accel', 'tcg', *options(version, group)) as peer:
        return read_tree(peer.client())


def own_machine(recorder, version, group):
    daemon = Daemon(recorder)
    command = [VMCTL, 'translate', '--', '-nodefaults', '-display', 'none', '-accel', 'qtest']
    text = subprocess.run(command + options(version, group), capture_output=True, text=True,
                          check=True).stdout
    client = daemon.client()
    for line in text.splitlines():
        client.request(json.loads(line))
    return daemon, client


def own_tree(recorder, version, group):
    daemon, client = own_machine(recorder, version, group)
    with daemon:
        return read_tree(client)


def older(tree, newest):
    """Pairs (class, property) whose value is not the newest version's."""
    return {(klass, name) for klass, values in tree.items() for name, value in values.items()
            if klass in newest and newest[klass].get(name) != value}


def compare(words, theirs, ours, newest):
    """Keys that begin with words; theirs, ours: trees; newest: the newest version's trees.  What only one has is no
    concern of this test."""
    for klass, name in sorted(older(theirs, newest[0]) | older(ours, newest[1])):
        if name in theirs.get(klass, {}) and name in ours.get(klass, {}):
            their, our = theirs[klass][name], ours[klass][name]
            if their != our:
                yield '%s %s.%s %s not %s' % (words, klass, name, json.dumps(our),
                                                      json.dumps(their))


def devices(recorder):
    """Devices and chips of older versions differ from the newest one's as in QEMU"""
    need_peer()
    keys = []
    for group in GROUPS:
        newest = peer_tree(NEWEST, group), own_tree(recorder, NEWEST, group)
        for version in versions(recorder) if group is GROUPS[0] else [OLDEST]:
            keys += compare('version ' + version, peer_tree(version, group),
                            own_tree(recorder, version, group), newest)
    complain(keys, ('version',))


def models(client):
    """Model -> properties, and what its name stands for."""
    found = {}
    for info in client.call('query-cpu-definitions'):
        found[info['name']] = client.call('query-cpu-model-expansion', type='full',
                                          model={'name': info['name']})['model']['props']
        found[info['name']]['alias-of'] = info.get('alias-of')
    return found


def peer_models(version):
    with Peer('-accel', 'tcg', '-S', '-M', version) as peer:
        return models(peer.client())


def own_models(recorder, version):
    daemon, client = own_machine(recorder, version, [])
    with daemon:
        return models(client)


def cpus(recorder):
    """CPU models in machines of older versions differ from those in the newest as in QEMU"""
    need_peer()
    keys = []
    newest = peer_models(NEWEST), own_models(recorder, NEWEST)
    for version in versions(recorder):
        keys += compare('cpu-of ' + version, peer_models(version), own_models(recorder, version),
                        newest)
    complain(keys, ('cpu-of',))


def versions(recorder):
    with Daemon(recorder) as daemon:
        names = [m['name'] for m in daemon.client().call('query-machines')]
    return sorted(name for name in names if name.startswith('pc-i440fx-') and name != NEWEST)


if __name__ == '__main__':
    vmdtest.main([devices, cpus])
