#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Floppy disks on a PC: SeaBIOS and GRUB start from one, and Linux keeps a file system on one,
over resets and with media that are changed."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import grubdisk                                     # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from microvm import MULTIBOOT                       # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

MACHINE = 'pc-i440fx-7.2'
SIZE = 1474560
MENU = '''
ls (fd0)
multiboot (memdisk)/program P print=from-floppy end=reboot
boot
'''


def need_seabios():
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')


def image(daemon, name, content=b'', size=SIZE):
    path = daemon.path(name)
    with open(path, 'wb') as f:
        f.write(content)
        f.truncate(size)
    return path


def add_node(client, name, path, **options):
    client.call('blockdev-add', node_name=name, driver='raw',
                file={'driver': 'file', 'filename': path}, **options)


# ---- Firmware

# A PIC of KVM's that loses interrupts on a nested host is not what these are about.
@on_tcg
def firmware(recorder):
    """SeaBIOS starts from drive A, by its letter and by bootindexA"""
    need_seabios()
    for options in {'boot': {'order': 'a'}}, {'boot': {'order': 'c', 'strict': True}}:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            pc.build(client, machine=MACHINE, **options)
            disk = pc.write_disk(daemon.path('a'), 'floppy', 'o')
            os.truncate(disk, SIZE)
            add_node(client, 'a', disk)
            client.call('device_add', driver='floppy', id='drive', drive='a')
            if options['boot'].get('strict'):
                client.call('qom-set', path='/machine/fdc', property='bootindexA', value=1)
            client.call('set-action', shutdown='pause')
            client.call('cont')
            client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)
            text = client.call('ringbuf-read', device='debug', size=65536)
            assert 'Booting from Floppy' in text, text
            assert 'BOOT: sector started\nfloppy\n' in text, text
            wanted = '\n1: /pci@i0cf8/isa@1/fdc@03f0/floppy@0\n'
            assert (wanted in text) == bool(options['boot'].get('strict')), text


@on_tcg
def two_drives(recorder):
    """the firmware reads from drive B what it was told of in the clock's memory"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE, boot={'order': 'a'})
        disk = pc.write_disk(daemon.path('b'), 'drive B', 'o')
        os.truncate(disk, 2 * SIZE)
        add_node(client, 'b', disk)
        client.call('device_add', driver='floppy', unit=1, drive='b')
        client.call('qom-set', path='/machine/fdc', property='bootindexB', value=0)
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)
        text = client.call('ringbuf-read', device='debug', size=65536)
        assert 'BOOT: sector started\ndrive B\n' in text, text


@on_tcg
def grub(recorder):
    """GRUB and a program lie on a floppy disk, which it reads"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={})
        with open(MULTIBOOT, 'rb') as f:
            path = grubdisk.write_floppy(daemon.folder, MENU, {'program': f.read()}, SIZE)
        add_node(client, 'a', path)
        client.call('device_add', driver='floppy', drive='a')
        client.call('set-action', reboot='shutdown', shutdown='pause')
        client.call('cont')
        text = guest.wait('end:', 4 * vmdtest.TIMEOUT)
        assert 'from-floppy' in text, text


# ---- Linux

def read(path, offset, size):
    with open(path, 'rb') as f:
        f.seek(offset)
        return f.read(size)


def change(client, node):
    """Another medium, or none."""
    client.call('blockdev-remove-medium', id='a')
    if node:
        client.call('blockdev-insert-medium', id='a', node_name=node)


def load_driver(guest):
    guest.run('for m in $(cat /lib/modules/optional); do insmod /lib/modules/$m 2>/dev/null; done; '
              'true', timeout=120)
    guest.run('while [ ! -b /dev/fd0 ]; do sleep 1; done')


def fails(guest, command):
    """What a command prints that fails."""
    return guest.run('(%s) 2>&1 && echo SUCCESS || true' % command, timeout=120)


@on_tcg
def linux(recorder):
    """Linux's driver: a file system, media that change, are protected or missing, and resets"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('set-action', shutdown='pause')
        guest = Guest(daemon, client, machine_type=MACHINE, size=128 << 20, hardware=True)
        first = image(daemon, 'first')
        text = b''.join(b'%-511s\n' % (b'sector %d' % i) for i in range(2880))
        second = image(daemon, 'second', text)
        add_node(client, 'first', first)
        add_node(client, 'second', second)
        add_node(client, 'protected', image(daemon, 'third', b'third'), read_only=True)
        client.call('device_add', driver='floppy', id='a', drive='first', **{'drive-type': '144'})
        guest.boot()
        load_driver(guest)
        assert 'is a S82078B' in guest.run('dmesg | grep -i fdc')
        keep_files(guest, first)
        media(guest, client, second)
        restarts(guest, client, second)


def keep_files(guest, path):
    guest.run('mke2fs -F /dev/fd0 >/dev/null', timeout=120)
    guest.run('mount -t ext4 /dev/fd0 /tmp && seq 100000 > /tmp/numbers && sync', timeout=240)
    guest.run('umount /tmp && echo 3 > /proc/sys/vm/drop_caches')
    assert b'99998\n99999\n100000\n' in read(path, 0, SIZE)
    guest.run('mount -t ext4 /dev/fd0 /tmp')
    assert guest.run('tail -n 1 /tmp/numbers; wc -l < /tmp/numbers', timeout=240).split() == \
        ['100000', '100000']
    guest.run('umount /tmp')
    assert 'error' not in guest.run('dmesg | grep -i "fd0\\|floppy" || true')


def media(guest, client, path):
    change(client, 'second')
    assert 'sector 0 ' in guest.run('dd if=/dev/fd0 bs=512 count=1 2>/dev/null', timeout=120)
    assert 'sector 2879 ' in guest.run('dd if=/dev/fd0 bs=512 count=1 skip=2879 2>/dev/null',
                                       timeout=120)
    guest.run('echo from-the-guest | dd of=/dev/fd0 bs=512 seek=2000 conv=sync; sync', timeout=120)
    assert read(path, 2000 * 512, 14) == b'from-the-guest'
    change(client, 'protected')
    assert 'third' in guest.run('dd if=/dev/fd0 bs=512 count=1 2>/dev/null', timeout=120)
    assert 'SUCCESS' not in fails(guest, 'echo x > /dev/fd0')
    change(client, None)
    output = fails(guest, 'dd if=/dev/fd0 of=/dev/null bs=512 count=1')
    assert 'SUCCESS' not in output and 'No such device' in output, output


def restarts(guest, client, path):
    """The controller's reset, and the machine's in the middle of writing."""
    change(client, 'second')
    guest.run('rmmod floppy', timeout=120)
    load_driver(guest)
    assert 'from-the-guest' in guest.run(
        'dd if=/dev/fd0 bs=512 count=1 skip=2000 2>/dev/null', timeout=120)
    guest.run('mke2fs -F /dev/fd0 >/dev/null', timeout=120)
    guest.run('mount -t ext4 /dev/fd0 /tmp && echo kept > /tmp/kept && sync', timeout=120)
    guest.console.sendall(b'while true; do seq 200000 > /tmp/other; sync; done\n')
    before = read(path, 0, SIZE)
    deadline = time.monotonic() + 60
    while read(path, 0, SIZE) == before:
        assert time.monotonic() < deadline, 'the guest writes nothing'
    client.call('system_reset')
    guest.wait_shell()
    load_driver(guest)
    guest.run('mount -t ext4 /dev/fd0 /tmp', timeout=120)
    assert guest.run('cat /tmp/kept').strip() == 'kept'
    guest.run('umount /tmp')


if __name__ == '__main__':
    vmdtest.main([firmware, two_drives, grub, linux])
