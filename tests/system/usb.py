#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""USB: what Debian's kernel makes of controllers and devices: keys and pointers arrive, disks have
file systems, and devices come and go while it runs; and firmware that boots from them.  Input
devices by virtio send the same events.

VMD_TEST_ROUNDS says how many times a device comes and goes on each controller (8 without it; `make
usb-churn` takes 1000), VMD_TEST_SEED which.
"""
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from eventguest import (BTN_LEFT, EV_ABS, EV_KEY, EV_REL, EV_SYN, KEY_A, KEY_LEFTSHIFT, MACHINE, boot,
                        events, wait_for, watch, without_scans)     # noqa: E402
from vmdtest import Daemon, Skip, on_each_accel, on_one_accel, on_tcg    # noqa: E402

ROUNDS = int(os.environ.get('VMD_TEST_ROUNDS', '8'))
SEED = int(os.environ.get('VMD_TEST_SEED', '1'))



def usb_devices(guest):
    """Ids and speeds, in Mb/s, of what is plugged in."""
    return sorted(tuple(line.split()) for line in guest.run(
        'cd /sys/bus/usb/devices; for d in [0-9]*-*; do [ -e $d/idVendor ] && '
        'echo $(cat $d/idVendor $d/idProduct $d/speed $d/product); done; cd /').splitlines()
        if line.strip())


# ---- Keys and pointers

def send(client, *items):
    client.call('input-send-event', events=[{'type': kind, 'data': data} for kind, data in items])


def key(name, down):
    return 'key', {'key': {'type': 'qcode', 'data': name}, 'down': down}


def button(name, down):
    return 'btn', {'button': name, 'down': down}


def axis(kind, name, value):
    return kind, {'axis': name, 'value': value}


@on_tcg
def input_devices(recorder):
    """a tablet, a keyboard and a mouse on xHCI are enumerated, and what clients send arrives"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('qemu-xhci', 'xhci', {}), ('usb-tablet', 'tablet', {}),
                     ('usb-kbd', 'kbd', {'usb_version': 1}))
        client = guest.client
        wait_for(guest, '[ $(ls -d /sys/bus/usb/devices/*-*:* | wc -l) = 4 ]')
        assert usb_devices(guest) == [
            ('0627', '0001', '12', 'QEMU', 'USB', 'Keyboard'),
            ('0627', '0001', '480', 'QEMU', 'USB', 'Tablet')], usb_devices(guest)
        assert re.search(r'\d+ +PCI-MSI.*xhci_hcd', guest.run('cat /proc/interrupts'))
        assert [m['name'] for m in client.call('query-mice')] == ['QEMU USB Tablet',
                                                                  'QEMU PS/2 Mouse']
        watch(guest, 'USB Tablet', 3)
        send(client, axis('abs', 'x', 0x1111), axis('abs', 'y', 0x2222))
        assert events(guest) == [(EV_ABS, 0, 0x1111), (EV_ABS, 1, 0x2222), (EV_SYN, 0, 0)]
        watch(guest, 'USB Tablet', 6)
        send(client, button('left', True))
        send(client, button('left', False))
        assert without_scans(events(guest)) == [
            (EV_KEY, BTN_LEFT, 1), (EV_SYN, 0, 0), (EV_KEY, BTN_LEFT, 0), (EV_SYN, 0, 0)]
        watch(guest, 'USB Keyboard', 12)
        for item in (key('shift', True), key('a', True), key('a', False), key('shift', False)):
            send(client, item)
        assert [e for e in without_scans(events(guest)) if e[0] == EV_KEY] == [
            (EV_KEY, KEY_LEFTSHIFT, 1), (EV_KEY, KEY_A, 1), (EV_KEY, KEY_A, 0),
            (EV_KEY, KEY_LEFTSHIFT, 0)]
        client.call('device_add', driver='usb-mouse', id='mouse', bus='xhci.0', port='4')
        watch(guest, 'USB Mouse', 3)
        send(client, axis('rel', 'x', 5), axis('rel', 'y', -6))
        assert events(guest) == [(EV_REL, 0, 5), (EV_REL, 1, -6), (EV_SYN, 0, 0)]
        assert client.call('query-guest-errors') == []


@on_tcg
def by_virtio(recorder):
    """keyboard, mouse and tablet by virtio: the same events arrive"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('virtio-keyboard-pci', 'kbd', {'serial': '4711'}),
                     ('virtio-mouse-pci', 'mouse', {}), ('virtio-tablet-pci', 'tablet', {}))
        client = guest.client
        watch(guest, 'QEMU Virtio Keyboard', 4)
        send(client, key('a', True))
        send(client, key('a', False))
        assert events(guest) == [(EV_KEY, KEY_A, 1), (EV_SYN, 0, 0), (EV_KEY, KEY_A, 0),
                                 (EV_SYN, 0, 0)]
        watch(guest, 'QEMU Virtio Mouse', 3)
        send(client, axis('rel', 'x', 5), axis('rel', 'y', -6))
        assert events(guest) == [(EV_REL, 0, 5), (EV_REL, 1, -6), (EV_SYN, 0, 0)]
        watch(guest, 'QEMU Virtio Tablet', 3)
        send(client, axis('abs', 'x', 0x1111), axis('abs', 'y', 0x2222))
        assert events(guest) == [(EV_ABS, 0, 0x1111), (EV_ABS, 1, 0x2222), (EV_SYN, 0, 0)]
        assert '4711' in guest.run('cat /sys/class/input/input*/uniq')
        assert client.call('query-guest-errors') == []


# ---- Disks

MIB = 1 << 20


def add_disk(daemon, client, name, size=64 * MIB):
    path = daemon.path(name)
    if not os.path.exists(path):
        with open(path, 'wb') as f:
            f.truncate(size)
    client.call('blockdev-add', **{'node-name': name, 'driver': 'raw', 'file': {
        'driver': 'file', 'filename': path}})


@on_tcg
def disk(recorder):
    """a disk is plugged in, has a file system that keeps a file, and is pulled out"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('qemu-xhci', 'xhci', {}))
        client, run = guest.client, guest.run
        add_disk(daemon, client, 'stick')
        client.call('device_add', driver='usb-storage', id='stick', drive='stick', removable=True,
                    serial='4711')
        wait_for(guest, '[ -b /dev/sda ]')
        assert usb_devices(guest) == [('46f4', '0001', '5000', 'QEMU', 'USB', 'HARDDRIVE')]
        assert run('cat /sys/bus/usb/devices/2-1/serial').strip() == '4711'
        assert run('cat /sys/block/sda/removable').strip() == '1'
        run('mke2fs -q /dev/sda >/dev/null; mount -t ext4 /dev/sda /mnt')
        run('dd if=/dev/urandom of=/mnt/file bs=64k count=300 2>/dev/null; md5sum /mnt/file > /tmp/sum',
            timeout=180)
        # A reset of the port in between changes nothing.
        run('umount /mnt; echo 3 > /proc/sys/vm/drop_caches', timeout=180)
        run('echo 0 > /sys/bus/usb/devices/2-1/authorized; echo 1 > /sys/bus/usb/devices/2-1/authorized')
        wait_for(guest, '[ -b /dev/sd[ab] ]')
        run('mount -t ext4 /dev/sd[ab] /mnt; md5sum -c /tmp/sum; umount /mnt', timeout=180)
        errors = run('dmesg | grep -iE "I/O error|reset SuperSpeed" || true')
        assert not errors.strip(), errors
        client.call('device_del', id='stick')
        wait_for(guest, '[ ! -b /dev/sda ] && [ ! -b /dev/sdb ]')
        while client.wait_event('DEVICE_DELETED')['data'].get('device') != 'stick':
            pass
        client.call('blockdev-del', **{'node-name': 'stick'})
        assert client.call('query-guest-errors') == []


@on_each_accel
def firmware(recorder):
    """SeaBIOS boots from the USB disk with the lowest boot index"""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE)
        client.call('device_add', driver='qemu-xhci', id='xhci')
        for number in 1, 0:
            name = 'disk%d' % number
            pc.write_disk(daemon.path(name), 'disk %d' % number, 'h')
            add_disk(daemon, client, name)
            client.call('device_add', driver='usb-storage', id=name, drive=name, bootindex=number)
        client.call('cont')
        seen = pc.wait_text(client, 'disk 0\n')
        assert 'disk 1\n' not in seen, seen


# ---- Serial ports

@on_tcg
def serial(recorder):
    """a serial port, by the driver for FTDI's"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('qemu-xhci', 'xhci', {}))
        host = guest.chardev('port')
        guest.client.call('device_add', driver='usb-serial', id='serial', chardev='port')
        wait_for(guest, '[ -c /dev/ttyUSB0 ]')
        guest.run('stty -F /dev/ttyUSB0 raw -echo 115200; exec 5<>/dev/ttyUSB0')
        guest.run('seq 1 2000 >&5 & true')
        text = b''
        while len(text) < 8893:
            text += host.recv(4096)
        assert text.split() == [b'%d' % i for i in range(1, 2001)], text[-100:]
        host.sendall(b'a line from the host\n')
        assert guest.run('read line <&5; echo "got $line"').strip() == 'got a line from the host'
        assert guest.client.call('query-guest-errors') == []


# ---- USB 1

@on_tcg
def uhci(recorder):
    """UHCI, as machine property usb makes it: a tablet, and a keyboard and a disk behind a hub"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, ('usb-tablet', 'tablet', {'bus': 'usb-bus.0'}),
                     ('usb-hub', 'hub', {'port': '2'}), ('usb-kbd', 'kbd', {'port': '2.3'}), usb=True)
        client = guest.client
        add_disk(daemon, client, 'stick')
        client.call('device_add', driver='usb-storage', id='stick', drive='stick', port='2.1')
        wait_for(guest, '[ -b /dev/sda ]')
        wait_for(guest, '[ -e /sys/bus/usb/devices/1-2.3:1.0 ]')
        assert [d[:3] for d in usb_devices(guest)] == [
            ('0409', '55aa', '12'), ('0627', '0001', '12'), ('0627', '0001', '12'),
            ('46f4', '0001', '12')]
        assert guest.run('cat /sys/bus/pci/devices/0000:00:01.2/device').strip() == '0x7020'
        guest.run('dd if=/dev/urandom of=/tmp/data bs=64k count=8 2>/dev/null; '
                  'dd if=/tmp/data of=/dev/sda conv=fsync 2>/dev/null; '
                  'echo 3 > /proc/sys/vm/drop_caches; '
                  'dd if=/dev/sda bs=64k count=8 2>/dev/null | cmp - /tmp/data', timeout=180)
        watch(guest, 'USB Keyboard', 3)
        send(client, key('a', True))
        assert (EV_KEY, KEY_A, 1) in events(guest)
        watch(guest, 'USB Tablet', 3)
        send(client, axis('abs', 'x', 0x1111), axis('abs', 'y', 0x2222))
        assert events(guest) == [(EV_ABS, 0, 0x1111), (EV_ABS, 1, 0x2222), (EV_SYN, 0, 0)]
        assert client.error('device_del', {'id': 'hub'})['reason'] == 'in-use'
        client.call('device_del', id='kbd')
        wait_for(guest, '[ ! -e /sys/bus/usb/devices/1-2.3 ]')
        assert client.call('query-guest-errors') == []


# ---- USB 2, with companions

ICH9 = [('ich9-usb-ehci1', 'usb', {'addr': '5.7'})] + [
    ('ich9-usb-uhci%d' % (n + 1), 'usb1-%d' % n,
     {'masterbus': 'usb.0', 'firstport': 2 * n, 'addr': '5.%d' % n, 'multifunction': n == 0})
    for n in range(3)]


def add_keyboard(client, version):
    client.request({'execute': 'device_add', 'arguments': {
        'driver': 'usb-kbd', 'id': 'kbd', 'usb_version': version, 'port': '4'}})


@on_tcg
def ehci(recorder):
    """EHCI has a disk and a tablet of high speed; a keyboard of full speed, which comes while the guest
    runs, is its companion's"""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, *ICH9, ('usb-tablet', 'tablet', {'bus': 'usb.0', 'port': '6'}))
        client, run = guest.client, guest.run
        add_disk(daemon, client, 'stick')
        client.call('device_add', driver='usb-storage', id='stick', drive='stick', port='1')
        wait_for(guest, '[ -b /dev/sda ]')
        wait_for(guest, count_is(2))
        assert [d[:3] for d in usb_devices(guest)] == [('0627', '0001', '480'),
                                                       ('46f4', '0001', '480')]
        add_keyboard(client, 1)
        wait_for(guest, count_is(3))
        assert ('0627', '0001', '12') in [d[:3] for d in usb_devices(guest)]
        driver = run('basename $(readlink /sys/bus/pci/devices/0000:00:05.7/driver)').strip()
        assert driver == 'ehci-pci', driver
        # The keyboard is on the bus of function 1.
        assert '0000:00:05.1' in run('readlink /sys/bus/usb/devices/*-2'), run(
            'ls -l /sys/bus/usb/devices')
        run('mke2fs -q /dev/sda >/dev/null; mount -t ext4 /dev/sda /mnt')
        run('dd if=/dev/urandom of=/mnt/file bs=64k count=100 2>/dev/null; '
            'md5sum /mnt/file > /tmp/sum; umount /mnt; echo 3 > /proc/sys/vm/drop_caches', timeout=180)
        run('mount -t ext4 /dev/sda /mnt; md5sum -c /tmp/sum; umount /mnt', timeout=180)
        watch(guest, 'USB Keyboard', 3)
        send(client, key('a', True))
        assert (EV_KEY, KEY_A, 1) in events(guest)
        watch(guest, 'USB Tablet', 3)
        send(client, axis('abs', 'x', 0x1111), axis('abs', 'y', 0x2222))
        assert events(guest) == [(EV_ABS, 0, 0x1111), (EV_ABS, 1, 0x2222), (EV_SYN, 0, 0)]
        # The port is EHCI's again for the next device, and the companion's for the one after that.
        for version, speed in ((2, '480'), (1, '12')):
            client.call('device_del', id='kbd')
            wait_for(guest, count_is(2))
            while client.wait_event('DEVICE_DELETED')['data'].get('device') != 'kbd':
                pass
            add_keyboard(client, version)
            wait_for(guest, count_is(3))
            assert speed in [d[2] for d in usb_devices(guest) if d[4:] == ('USB', 'Keyboard')]
        errors = run('dmesg | grep -iE "I/O error|reset high|iaa watchdog" || true')
        assert not errors.strip(), errors
        assert client.call('query-guest-errors') == []


# ---- Coming and going

def count_is(n):
    return '[ $(ls -d /sys/bus/usb/devices/[0-9]*-*:1.0 2>/dev/null | grep -v -- -0: | wc -l) = %d ]' % n


CHURNED = ['usb-tablet', 'usb-kbd', 'usb-mouse', 'usb-storage', 'usb-hub']
SLOW = {'usb-tablet', 'usb-kbd', 'usb-mouse'}       # those that may be of full speed on any bus


def heap(daemon):
    """Bytes of the daemon's heap and of its threads' ones, and how many descriptors it has."""
    with open('/proc/%d/smaps' % daemon.process.pid) as f:
        blocks = re.findall(r'^[0-9a-f]+-[0-9a-f]+ rw-p 00000000 00:00 0 +(\[heap\])?\n'
                            r'Size: +(\d+) kB(?:.*\n)+?Rss: +(\d+) kB', f.read(), re.M)
    return (sum(int(rss) << 10 for name, size, rss in blocks if name or int(size) <= 65536),
            len(daemon.descriptors()))


class Churn:
    """Devices on a bus of a guest, at most `most` of them, that come and go in random order."""

    def __init__(self, guest, bus, most):
        self.guest, self.client, self.bus, self.most = guest, guest.client, bus, most
        self.rng = random.Random('%d %s' % (SEED, bus))
        self.number, self.present = 0, []
        self.client.call('blockdev-add', **{'node-name': 'churn', 'driver': 'null-co',
                                            'size': MIB, 'read-zeroes': True})

    def add(self, driver=None):
        has_disk = any(name == 'usb-storage' for name, _ in self.present)
        driver = driver or self.rng.choice([d for d in CHURNED if d != 'usb-storage' or not has_disk])
        name = 'd%d' % self.number
        self.number += 1
        options = {'drive': 'churn'} if driver == 'usb-storage' else {}
        if driver in SLOW:
            options['usb_version'] = self.rng.choice([1, 2])
        self.client.request({'execute': 'device_add', 'arguments': {
            'driver': driver, 'id': name, 'bus': self.bus, **options}})
        self.present.append((driver, name))
        wait_for(self.guest, count_is(len(self.present)))

    def remove(self):
        _, name = self.present.pop(self.rng.randrange(len(self.present)))
        self.client.call('device_del', id=name)
        while self.client.wait_event('DEVICE_DELETED')['data'].get('device') != name:
            pass
        wait_for(self.guest, count_is(len(self.present)))

    def round(self, last):
        self.add()
        while len(self.present) > (0 if last else self.rng.randrange(self.most)):
            self.remove()


def churn(recorder, bus, most, *devices, **machine):
    """ROUNDS times a device comes, and maybe some go; at the end one works, and the daemon is no
    larger than after half of them."""
    with Daemon(recorder) as daemon:
        guest = boot(daemon, *devices, **machine)
        client = guest.client
        wait_for(guest, '[ -e /sys/bus/usb/devices/usb1 ]')
        churned = Churn(guest, bus, most)
        for driver in CHURNED:                      # what is made at the first time, and kept
            churned.add(driver)
            churned.remove()
        sizes = []
        for n in range(ROUNDS):
            is_half = n + 1 in (ROUNDS // 2, ROUNDS)
            churned.round(last=is_half)
            sizes += [heap(daemon)] if is_half else []
        print('# heap and descriptors: %s' % sizes, flush=True)
        assert sizes[1][0] <= sizes[0][0] + 2 * MIB and sizes[1][1] <= sizes[0][1], sizes
        client.call('device_add', driver='usb-mouse', id='last', bus=bus)
        watch(guest, 'USB Mouse', 2)
        send(client, axis('rel', 'x', 5))
        assert events(guest) == [(EV_REL, 0, 5), (EV_SYN, 0, 0)]
        assert client.call('query-guest-errors') == []


@on_tcg
def hotplug_xhci(recorder):
    """on xHCI devices come and go, again and again, and the guest sees each"""
    churn(recorder, 'xhci.0', 4, ('nec-usb-xhci', 'xhci', {}))


@on_tcg
def hotplug_ehci(recorder):
    """the same on EHCI, where some are its companions'"""
    churn(recorder, 'usb.0', 4, *ICH9)


@on_tcg
def hotplug_uhci(recorder):
    """the same on UHCI"""
    churn(recorder, 'usb-bus.0', 2, usb=True)


@on_one_accel
def refused(recorder):
    """what cannot be plugged in says why"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=vmdtest.accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 << 20)
        client.call('object-add', qom_type=MACHINE + '-machine', id='m', memory_backend='ram')
        mouse = {'driver': 'usb-mouse', 'id': 'mouse'}
        assert client.error('device_add', mouse)['reason'] == 'bus-not-found'
        client.call('device_add', driver='qemu-xhci', id='xhci', p2=2, p3=0)
        for options, reason in (({'port': '3'}, 'object-not-found'),
                                ({'port': '1.1'}, 'object-not-found'),
                                ({'bus': 'usb-bus.0'}, 'bus-not-found'),
                                ({'usb_version': 3}, 'out-of-range')):
            assert client.error('device_add', {**mouse, **options})['reason'] == reason, options
        client.call('device_add', driver='usb-mouse', id='m1')
        assert client.error('device_add', {**mouse, 'port': '1'})['reason'] == 'address-in-use'
        client.call('device_add', driver='usb-mouse', id='m2')
        assert client.error('device_add', mouse)['reason'] == 'bus-full'
        client.call('device_del', id='m1')
        client.call('device_add', **mouse)


if __name__ == '__main__':
    vmdtest.main([input_devices, by_virtio, disk, firmware, serial, uhci, ehci, hotplug_xhci,
                  hotplug_ehci, hotplug_uhci, refused])
