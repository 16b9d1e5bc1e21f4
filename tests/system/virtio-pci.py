#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtio functions on the PC: their classes and properties, SeaBIOS with its drivers of
either interface, and a Linux guest that uses all of them by MSI-X."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from linuxguest import Guest, add_cpu, command_line, images     # noqa: E402
from vmdtest import Daemon, accel_class, on_each_accel                # noqa: E402

# prefix of the classes -> what the device needs, a property of it that is not the default,
# and how many vectors it has
FUNCTIONS = {
    'virtio-balloon': ({}, {'deflate-on-oom': True}, 0),
    'virtio-blk': ({'drive': 'disk'}, {'serial': 'NUMBER-1'}, 2),
    'virtio-net': ({}, {'host_mtu': 1400}, 4),
    'virtio-rng': ({}, {'max-bytes': 1000}, 2),
    'virtio-scsi': ({}, {'cmd_per_lun': 7}, 4),
    'virtio-serial': ({}, {'max_ports': 7}, 2),
}
KINDS = {'': 'auto', '-transitional': 'off', '-non-transitional': 'on'}
OPTIONS = {'vectors': 3, 'ioeventfd': False, 'modern-pio-notify': True, 'page-per-vq': True,
           'event_idx': False, 'indirect_desc': False, 'notify_on_empty': False,
           'any_layout': False}
BOOTED = 'BOOTED FROM VIRTIO'
BOOT_TIMEOUT = 500          # the guest reads the PC's ACPI tables, very slowly


def build(client, accel, machine='pc-i440fx-7.2-machine', **properties):
    client.call('object-add', qom_type=accel, id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=96 << 20)
    client.call('object-add', qom_type=machine, id='machine', memory_backend='ram', **properties)


def add(client, driver, **values):
    client.request({'execute': 'device_add', 'arguments': {'driver': driver, **values}})


def get(client, name, path='/machine/peripheral/x'):
    return client.call('qom-get', path=path, property=name)


def classes(recorder):
    """each class is plugged with each option, shows its part's properties, and is unplugged"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel')
        client.call('blockdev-add', driver='null-co', node_name='disk', size=1 << 20)
        for prefix, (needs, own, vectors) in FUNCTIONS.items():
            for suffix, legacy in KINDS.items():
                klass = prefix + '-pci' + suffix
                add(client, klass, id='x', **needs, **own)
                assert get(client, 'type') == klass
                assert get(client, 'disable-legacy') == legacy, klass
                assert get(client, 'vectors') == vectors, klass
                assert get(client, 'parent_bus').endswith('/pci.0')
                (name, value), = own.items()
                assert get(client, name) == value, klass
                assert get(client, name, '/machine/peripheral/x/virtio-backend') == value
                client.call('device_del', id='x')
                add(client, klass, id='x', **needs, **OPTIONS)
                for name, value in OPTIONS.items():
                    assert get(client, name) == value, (klass, name)
                client.call('device_del', id='x')
            add(client, prefix, id='x', **needs)    # the alias
            assert get(client, 'type') == prefix + '-pci'
            client.call('device_del', id='x')


def queues(recorder):
    """a disk on PCI has a queue and a vector for each CPU, unless the client says how many"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel', smp={'cpus': 8})
        client.call('blockdev-add', driver='null-co', node_name='disk', size=1 << 20)
        for driver, needs, name, others in (('virtio-blk-pci', {'drive': 'disk'}, 'num-queues', 1),
                                            ('virtio-scsi-pci', {}, 'num_queues', 3)):
            for given, number in ({}, 8), ({name: 3}, 3):
                add(client, driver, id='x', **needs, **given)
                assert get(client, name) == number, driver
                assert get(client, 'vectors') == number + others, driver
                client.call('device_del', id='x')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel', machine='microvm-machine', smp={'cpus': 8})
        add(client, 'virtio-scsi-device', id='x')
        assert get(client, 'num_queues') == 1


def refusals(recorder):
    """impossible options are refused by name, and leave nothing behind"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel')
        client.call('blockdev-add', driver='null-co', node_name='disk', size=1 << 20)
        for arguments, reason, text in (
                ({'driver': 'virtio-rng-pci', 'iommu_platform': True}, 'not-supported',
                 'iommu_platform'),
                ({'driver': 'virtio-rng-pci', 'disable-legacy': 'on', 'disable-modern': True},
                 'invalid-value', 'disable-modern'),
                ({'driver': 'virtio-rng-pci', 'vectors': 2049}, 'out-of-range', 'vectors'),
                ({'driver': 'virtio-blk-pci'}, 'property-missing', 'drive'),
                ({'driver': 'virtio-blk-pci', 'drive': 'none'}, 'object-not-found', 'none'),
                ({'driver': 'virtio-blk-pci', 'drive': 'disk', 'queue-size': 3},
                 'out-of-range', 'queue-size')):
            error = client.error('device_add', arguments)
            assert error['reason'] == reason and text in error['desc'], error
        add(client, 'virtio-rng-pci', id='x', **{'iommu_platform': False, 'disable-modern': True})
        add(client, 'virtio-blk-pci', id='vd0', drive='disk')
        error = client.error('blockdev-del', {'node-name': 'disk'})
        assert error['reason'] == 'in-use' and 'vd0/virtio-backend' in error['desc'], error
        error = client.error('qom-set', {'path': '/machine/peripheral/vd0',
                                         'property': 'serial', 'value': 'x'})
        assert error['reason'] == 'property-not-settable', error
        for id in 'x', 'vd0':
            client.call('device_del', id=id)
        client.call('blockdev-del', node_name='disk')


def defaults(recorder):
    """defaults of machine type and machine reach the part; those for the function win"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel', 'pc-i440fx-2.7-machine', defaults=[
            {'driver': 'virtio-rng-device', 'property': 'period', 'value': 5},
            {'driver': 'virtio-rng-device', 'property': 'max-bytes', 'value': 6},
            {'driver': 'virtio-rng-pci', 'property': 'period', 'value': 7}])
        add(client, 'virtio-rng-pci', id='x')
        assert (get(client, 'period'), get(client, 'max-bytes')) == (7, 6)
        assert (get(client, 'page-per-vq'), get(client, 'vectors')) == (True, 0)
        client.call('device_del', id='x')
        add(client, 'virtio-rng-pci', id='x', period=8)
        assert get(client, 'period') == 8
        add(client, 'virtio-net-pci', id='net')
        assert get(client, 'vectors', '/machine/peripheral/net') == 3
        add(client, 'virtio-serial-pci', id='vser')
        assert get(client, 'emergency-write', '/machine/peripheral/vser') is False


def names(recorder):
    """ports find their bus by the function's id; disks and cards are named by path and id"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel')
        client.call('blockdev-add', driver='file', node_name='disk',
                    filename=make_disk(daemon, b''))
        add(client, 'virtio-serial-pci', id='vser')
        add(client, 'virtserialport', id='port', bus='vser.0', name='org.example.0')
        assert get(client, 'parent_bus', '/machine/peripheral/port') == \
            '/machine/peripheral/vser/virtio-backend/vser.0'
        add(client, 'virtio-blk-pci', id='vd0', drive='disk', addr='0x9')
        assert get(client, 'addr', '/machine/peripheral/vd0') == 0x9 << 3
        assert [b['qdev'] for b in client.call('query-block')] == [
            '/machine/peripheral/vd0/virtio-backend']
        for query in 'query-block', 'query-blockstats':
            assert [b['device'] for b in client.call(query)] == ['']
        for device, size in ('vd0', 2 << 20), ('disk', 3 << 20):
            client.call('block_resize', device=device, size=size)
            assert client.call('qom-get', path='/block-nodes/disk', property='size') == size
        add(client, 'virtio-net-pci', id='nic0')
        client.call('set_link', name='nic0', up=False)
        assert get(client, 'mac', '/machine/peripheral/nic0').startswith('52:54:00:')


def removal(recorder):
    """DEVICE_DELETED for each removed device: those on its bus, its inner one, itself"""
    ports = '/machine/peripheral/vser'
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, 'qtest-accel')
        for step in 'prelaunch', 'running':
            add(client, 'virtio-serial-pci', id='vser')
            add(client, 'virtserialport', id='port', bus='vser.0', name='org.example.0')
            add(client, 'virtio-rng-pci')
            if step == 'running':
                client.call('cont')
            for gone in 'port', 'vser', '/machine/peripheral-anon/device[0]':
                client.call('device_del', id=gone)
            client.call('system_reset')
            paths = [client.wait_event('DEVICE_DELETED')['data'] for _ in range(5)]
            rest = '/machine/peripheral-anon/device[0]'
            assert sorted(paths, key=lambda d: d['path']) == [
                {'path': rest}, {'path': rest + '/virtio-backend'},
                {'path': '/machine/peripheral/port', 'device': 'port'},
                {'path': ports, 'device': 'vser'}, {'path': ports + '/virtio-backend'}], paths
            order = [d['path'] for d in paths]
            assert order.index(ports + '/virtio-backend') + 1 == order.index(ports), order
            assert 'DEVICE_DELETED' not in client.drain_events()


def make_disk(daemon, contents):
    """Path of a new image of 1 MiB that begins with contents."""
    path = daemon.path('disk%d' % len(contents))
    with open(path, 'wb') as f:
        f.write(contents.ljust(1 << 20, b'\0'))
    return path


def boot_sector():
    """Prints BOOTED to the first serial port."""
    code = bytes.fromhex('fc 31c0 8ed8 be 207c ac 84c0 7406 ba f803 ee ebf5 f4 ebfd')
    sector = code.ljust(0x20, b'\0') + BOOTED.encode() + b'\0'
    return sector.ljust(510, b'\0') + b'\x55\xaa'


def add_disk(daemon, client, contents, **options):
    node = 'disk%d' % len(contents)
    client.call('blockdev-add', driver='file', node_name=node,
                filename=make_disk(daemon, contents))
    add(client, 'virtio-blk-pci', id=node, drive=node, **options)


@on_each_accel
def seabios(recorder):
    """SeaBIOS loads a boot sector with its modern and its legacy driver, by boot index"""
    for options in {}, {'disable-modern': True}:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            build(client, accel_class())
            client.call('device_add', driver='qemu64-x86_64-cpu')
            client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})
            client.call('device_add', driver='isa-serial', chardev='con')
            add_disk(daemon, client, b'', bootindex=1)
            add_disk(daemon, client, boot_sector(), bootindex=0, **options)
            client.call('cont')
            seen, deadline = '', time.monotonic() + 120
            while BOOTED not in seen:
                assert time.monotonic() < deadline, (options, seen)
                seen += client.call('ringbuf-read', device='con', size=65536)
                time.sleep(0.1)


class PcGuest(Guest):
    """The Linux guest on a PC, without firmware."""

    def __init__(self, daemon, client):
        self.daemon, self.client, self.text = daemon, client, ''
        kernel, initrd = images(daemon.folder)
        build(client, accel_class(), kernel=kernel, initrd=initrd, append=command_line())
        add_cpu(client)
        self.console = self.chardev('console')
        client.call('device_add', driver='isa-serial', id='com1', chardev='console')

    def wait_shell(self):
        self.wait('GUEST: ready', BOOT_TIMEOUT)
        self.wait('# ')


def add_all(client, disk):
    """One function of each kind, the disk on a thread of its own."""
    client.call('blockdev-add', driver='file', node_name='disk', filename=disk)
    client.call('object-add', qom_type='iothread', id='io')
    client.call('netdev_add', type='user', id='net')
    client.call('chardev-add', id='port', backend={'type': 'ringbuf', 'data': {}})
    add(client, 'virtio-blk-pci', id='vd0', drive='disk', iothread='io', addr='5')
    add(client, 'virtio-net-pci', id='nic0', netdev='net', addr='6', **{'disable-legacy': 'on'})
    add(client, 'virtio-rng-pci', id='rng', addr='7')
    add(client, 'virtio-balloon-pci', id='balloon', addr='8')
    add(client, 'virtio-serial-pci', id='vser', addr='9')
    add(client, 'virtconsole', id='hvc0', bus='vser.0', chardev='port')


def interrupts(guest):
    """{ name in /proc/interrupts: how often it came }"""
    rows = [line.split() for line in guest.run('cat /proc/interrupts').splitlines()]
    return {row[-1]: int(row[1]) for row in rows if len(row) > 3 and row[1].isdigit()}


def wait_balloon(client, below):
    deadline = time.monotonic() + 60
    while client.call('query-balloon')['actual'] > below:
        assert time.monotonic() < deadline, client.call('query-balloon')
        time.sleep(0.2)


def plug_and_unplug(client, guest):
    """A disk is plugged while the guest runs, and removed when the guest has ejected it."""
    client.call('blockdev-add', driver='null-co', node_name='hot', size=1 << 20)
    add(client, 'virtio-blk-pci', id='hot', drive='hot')
    deadline = time.monotonic() + 120
    while 'vdb' not in guest.run('ls /dev'):
        assert time.monotonic() < deadline
        time.sleep(1)
    guest.run('dd if=/dev/vdb bs=512 count=1 2>/dev/null')
    client.call('device_del', id='hot')
    for data in ({'path': '/machine/peripheral/hot/virtio-backend'},
                 {'device': 'hot', 'path': '/machine/peripheral/hot'}):
        assert client.wait_event('DEVICE_DELETED', 120)['data'] == data
    client.call('blockdev-del', node_name='hot')


@on_each_accel
def linux(recorder):
    """Linux has each function work: by MSI-X, the balloon by its pin; one is hotplugged"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = PcGuest(daemon, client)
        add_all(client, make_disk(daemon, b'text of the disk\n'))
        guest.boot()
        assert 'text of the disk' in guest.run('dd if=/dev/vda bs=17 count=1 2>/dev/null')
        assert '10.0.2.15' in guest.run('ipconfig -t 20 -c dhcp eth0')
        guest.run('dd if=/dev/hwrng of=/random bs=16 count=1 2>/dev/null')
        guest.run('echo from the guest > /dev/hvc0')
        assert 'from the guest' in client.call('ringbuf-read', device='port', size=65536)
        client.call('balloon', value=92 << 20)
        wait_balloon(client, 94 << 20)
        came = interrupts(guest)
        for name in 'req.0', 'input.0', 'output.0', 'input', 'virtqueues':
            assert [n for n, count in came.items() if n.endswith('-' + name) and count], came
        plug_and_unplug(client, guest)


if __name__ == '__main__':
    vmdtest.main([classes, queues, refusals, defaults, names, removal, seabios, linux])
