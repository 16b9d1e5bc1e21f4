#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What SeaBIOS starts from: `-boot` with its letters, `once`, `strict` and `reboot-timeout`, and
boot indices, on a PC with a floppy disk, a hard disk and a CD."""
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

MACHINE = 'pc-i440fx-7.2'
FLOPPY = 1474560
CD_SECTOR = 2048
STARTED = 'BOOT: sector started\n'


def write_cd(path, floppy):
    """A CD from which firmware boots by El Torito 1.0: the catalog is in sector 19, and an entry in
    it emulates a floppy disk, whose image begins in sector 20."""
    def volume(kind, body):
        return (bytes([kind]) + b'CD001\1' + body).ljust(CD_SECTOR, b'\0')

    validation = bytearray(b'\1' + bytes(29) + b'\x55\xaa')
    words = sum(struct.unpack('<16H', validation)) & 0xffff
    struct.pack_into('<H', validation, 28, -words & 0xffff)
    entry = struct.pack('<BBHBBHI', 0x88, 2, 0, 0, 0, 1, 20)
    record = b'EL TORITO SPECIFICATION'.ljust(64, b'\0') + struct.pack('<I', 19)
    sectors = [volume(1, b''), volume(0, record), volume(255, b''),
               (bytes(validation) + entry).ljust(CD_SECTOR, b'\0')]
    with open(path, 'wb') as f:
        f.write(bytes(16 * CD_SECTOR) + b''.join(sectors) + floppy)


class Disks:
    """Boot disks of all kinds: what each prints, and does then ('r': resets, 'o': switches off)."""

    def __init__(self, daemon, client):
        self.daemon, self.client = daemon, client

    def image(self, name, action, size):
        path = pc.write_disk(self.daemon.path(name), name, action)
        os.truncate(path, size)
        return path

    def node(self, name, path, **options):
        self.client.call('blockdev-add', node_name=name, driver='raw',
                         file={'driver': 'file', 'filename': path}, **options)

    def floppy(self, action):
        self.node('floppy', self.image('floppy', action, FLOPPY))
        self.client.call('device_add', driver='floppy', drive='floppy')

    def disk(self, action, **options):
        self.node('disk', self.image('disk', action, 4 << 20))
        self.client.call('device_add', driver='ide-hd', drive='disk', **options)

    def cd(self, action, **options):
        path = self.daemon.path('cd.iso')
        with open(self.image('cd', action, FLOPPY), 'rb') as f:
            write_cd(path, f.read())
        self.node('cd', path, read_only=True)
        self.client.call('device_add', driver='ide-cd', drive='cd', **options)


def boot(recorder, add, machine=None, **boot_options):
    """What was printed until the machine is off: names of the disks, in order; and all. machine:
    properties that it has."""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE, boot=boot_options, **(machine or {}))
        add(Disks(daemon, client))
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)
        text = client.call('ringbuf-read', device='debug', size=65536)
        return re.findall(STARTED + r'(\w+)\n', text), text


@on_tcg
def letters(recorder):
    """order: the first letter whose device can be booted"""
    def all_three(disks):
        disks.floppy('o')
        disks.disk('o')
        disks.cd('o')

    def no_floppy(disks):
        disks.disk('o')
        disks.cd('o')

    for order, add, wanted in (('a', all_three, 'floppy'), ('c', all_three, 'disk'),
                               ('d', all_three, 'cd'), ('dca', all_three, 'cd'),
                               ('ad', no_floppy, 'cd'), ('acd', no_floppy, 'disk'),
                               ('nc', no_floppy, 'disk')):
        assert boot(recorder, add, order=order)[0] == [wanted], order
    assert boot(recorder, all_three)[0] == ['disk']         # by default: cad


@on_tcg
def once(recorder):
    """once: for the first boot only; then as order says"""
    def install(disks):
        disks.cd('r')
        disks.disk('o')

    def three_boots(disks):
        disks.floppy('o')
        disks.cd('r')

    assert boot(recorder, install, order='c', once='d')[0] == ['cd', 'disk']
    assert boot(recorder, install, once='d')[0] == ['cd', 'disk']
    assert boot(recorder, three_boots, order='a', once='d')[0] == ['cd', 'floppy']


@on_tcg
def indices(recorder):
    """boot indices come before letters; strict: nothing else is tried"""
    def indexed(disks):
        disks.floppy('o')
        disks.disk('o', bootindex=2)
        disks.cd('o', bootindex=1)

    names, text = boot(recorder, indexed, order='a')
    assert names == ['cd'], names
    assert re.findall(r'\n\d: (\S+)', text) == ['/pci@i0cf8/ide@1,1/drive@0/disk@1',
                                                '/pci@i0cf8/ide@1,1/drive@0/disk@0'], text


@on_tcg
def unsigned(recorder):
    """A floppy disk without a signature is started only if fd-bootchk is off"""
    def no_signature(disks):
        disks.floppy('o')
        with open(disks.daemon.path('floppy'), 'r+b') as f:
            f.seek(510)
            f.write(bytes(2))
        disks.disk('o')

    assert boot(recorder, no_signature, order='ac')[0] == ['disk']
    assert boot(recorder, no_signature, machine={'fd-bootchk': False}, order='ac')[0] == ['floppy']


@on_tcg
def nothing(recorder):
    """strict without a device; reboot-timeout: the firmware tries again"""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE, boot={'strict': True, 'reboot-timeout': 100})
        Disks(daemon, client).disk('o')
        client.call('cont')
        for _ in range(2):
            text = pc.wait_text(client, 'No bootable device.  Retrying in 0 seconds')
            assert STARTED not in text, text
            assert client.wait_event('RESET', timeout=4 * vmdtest.TIMEOUT)['data']['guest']


if __name__ == '__main__':
    vmdtest.main([letters, once, indices, unsigned, nothing])
