#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""virtio-scsi with disks and CD drives: firmware boots from them, and Debian's kernel uses them
while they are reset, plugged, and get other media."""
import hashlib
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import grubdisk                                     # noqa: E402
import isodisc                                      # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from microvm import MULTIBOOT                       # noqa: E402
from vmdtest import Daemon, Skip, on_each_accel, on_tcg        # noqa: E402

MACHINE = 'pc-i440fx-7.2'
MIB = 1 << 20
BIG = bytes(range(256)) * 8192
MODULES = ('scsi_common scsi_mod virtio_scsi crct10dif_common crct10dif_generic crc-t10dif crc64 '
           'crc64-rocksoft_generic crc64-rocksoft t10-pi sd_mod cdrom sr_mod isofs crc16 '
           'crc32c_generic libcrc32c mbcache jbd2 ext4').split()
RESETTER = os.path.join(vmdtest.BUILDDIR, 'tests', 'system', 'scsi-reset')
MENU = '''
set timeout=60
menuentry "nothing" { echo nothing }
menuentry "the program" { multiboot /%s from-grub end=reboot }
'''
DOWN, ENTER = b'\x0e', b'\r'


def need_seabios():
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def add_node(client, name, path, read_only=False):
    client.call('blockdev-add', node_name=name, driver='raw', read_only=read_only, discard='unmap',
                file={'driver': 'file', 'filename': path, 'read-only': read_only,
                      'discard': 'unmap'})


def add_device(client, driver, **arguments):
    client.request({'execute': 'device_add', 'arguments': {
        'driver': driver, **{name.replace('_', '-'): v for name, v in arguments.items()}}})


# ---- Firmware

def boot_grub(recorder, make):
    """GRUB's menu from a disk that make adds, and the Multiboot program that it loads."""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={})
        client.call('device_add', driver='virtio-scsi-pci', id='hba')
        make(daemon, client)
        client.call('cont')
        guest.wait('GNU GRUB', 4 * vmdtest.TIMEOUT)
        guest.wait('nothing', vmdtest.TIMEOUT)
        guest.console.sendall(DOWN + ENTER)
        text = guest.wait('end:', vmdtest.TIMEOUT)
        assert 'loader GRUB 2.' in text and 'from-grub' in text, text
        assert client.wait_event('RESET')['data']['reason'] == 'guest-reset'
        guest.wait('GNU GRUB', 4 * vmdtest.TIMEOUT)


@on_tcg                         # where KVM emulates protected mode, it takes a minute
def grub_from_disk(recorder):
    """SeaBIOS and GRUB boot from a disk, and after a reset again"""
    def make(daemon, client):
        disk = grubdisk.write(daemon.folder, MENU % 'program', {'program': content(MULTIBOOT)})
        add_node(client, 'boot', disk)
        add_device(client, 'scsi-hd', drive='boot', scsi_id=3, lun=1)
    boot_grub(recorder, make)


@on_tcg
def grub_from_disc(recorder):
    """the same from a CD, of which they load GRUB as El Torito says"""
    def make(daemon, client):
        menu = (MENU % 'PROGRAM').encode()
        disc = isodisc.write(daemon.path('disc'), {
            'BOOT.IMG': isodisc.grub(daemon.folder), 'GRUB.CFG': menu,
            'PROGRAM': content(MULTIBOOT)}, boot='BOOT.IMG')
        add_node(client, 'boot', disc, True)
        add_device(client, 'scsi-cd', drive='boot')
    boot_grub(recorder, make)


@on_each_accel
def boot_order(recorder):
    """SeaBIOS tries the disk with the lowest boot index first, whichever target it is"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE)
        client.call('device_add', driver='virtio-scsi-pci', id='hba', addr='4')
        for target in range(3):
            name = 'd%d' % target
            add_node(client, name, pc.write_disk(daemon.path(name), 'disk %d' % target, 'o'))
            add_device(client, 'scsi-hd', drive=name, scsi_id=target, bootindex=target * 2 % 3)
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)
        seen = client.call('ringbuf-read', device='debug', size=65536)
        assert 'BOOT: sector started\ndisk 0\n' in seen, seen[-500:]
        assert '/pci@i0cf8/scsi@4/channel@0/disk@2,0' in seen, seen


# ---- Linux

class Machine:
    """A guest with a disk and a CD drive on one adapter, which runs on an iothread."""

    def __init__(self, recorder):
        self.daemon = Daemon(recorder)
        self.client = client = self.daemon.client()
        self.guest = guest = Guest(self.daemon, client, machine_type=MACHINE, size=128 * MIB,
                                   hardware=True)
        self.disk = self.daemon.path('disk')
        with open(self.disk, 'wb') as f:
            f.truncate(64 * MIB)
        subprocess.run(['mke2fs', '-q', '-t', 'ext4', '-E', 'nodiscard', self.disk], check=True)
        disc = isodisc.write(self.daemon.path('disc'), {
            'HELLO': b'from the first disc\n', 'RESET': content(RESETTER),
            'BIG': BIG})
        add_node(client, 'disk', self.disk)
        add_node(client, 'disc', disc, True)
        client.call('object-add', qom_type='iothread', id='io')
        client.call('device_add', driver='virtio-scsi-pci', id='hba', iothread='io')
        add_device(client, 'scsi-hd', id='hd', drive='disk', serial='THE-DISK')
        add_device(client, 'scsi-cd', id='cd', drive='disc')
        guest.boot()
        self.load()

    def load(self):
        for module in MODULES:
            self.guest.run('test ! -e /lib/modules/{0}.ko || insmod /lib/modules/{0}.ko'
                           .format(module))
        self.until('test -b /dev/sda && test -b /dev/sr0')
        self.guest.run('mkdir -p /disk /disc')

    def until(self, condition):
        self.guest.run('n=0; until %s; do n=$((n + 1)); [ $n -lt 100 ] || break; '
                       'usleep 100000; done; %s' % (condition, condition), 60)

    def mount(self):
        self.guest.run('mount -t ext4 /dev/sda /disk')
        self.guest.run('mount -t iso9660 -o ro /dev/sr0 /disc')

    def close(self):
        self.daemon.__exit__()


def check_file_system(path):
    done = subprocess.run(['e2fsck', '-fn', path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check_log(guest):
    printed = guest.run('dmesg')
    assert 'I/O error, dev sda' not in printed, printed[-3000:]
    assert 'EXT4-fs error' not in printed, printed[-3000:]


def resets(m):
    """The kernel resets both units while a program writes and another one reads."""
    guest = m.guest
    guest.run('dmesg -n 1')             # failed reads ahead are not for the console
    guest.run('cp /disc/reset /reset; chmod +x /reset')
    guest.run('dd if=/dev/urandom of=/data bs=1M count=8 2>/dev/null')
    for what in ('first', 'second'):
        guest.run('(cp /data /disk/%s; sync; cmp /disc/big /disc/big; touch /copied-%s) '
                  '>/dev/null 2>&1 & true' % (what, what))
        for _ in range(5):
            guest.run('/reset /dev/sda')
            guest.run('/reset /dev/sr0')
        m.until('test -e /copied-' + what)
        guest.run('echo 3 >/proc/sys/vm/drop_caches; cmp /data /disk/%s' % what)
    check_log(guest)
    # The kernel does not repeat reads ahead, and reads again what it needs.
    assert guest.run('cat /disc/big | md5sum').split()[-2] == hashlib.md5(BIG).hexdigest()
    assert 'sd 0:0:0:0: Power-on or device reset occurred' in guest.run('dmesg')


def blocks_in_use(path):
    return os.stat(path).st_blocks * 512


def trim(m):
    guest = m.guest
    guest.run('rm /disk/first /disk/second; sync')
    before = blocks_in_use(m.disk)
    assert 'trimmed' in guest.run('fstrim -v /disk')
    assert blocks_in_use(m.disk) < before - 12 * MIB, (before, blocks_in_use(m.disk))


def change_disc(m):
    """The guest sees the next disc, and none meanwhile; it locks the tray while it uses one."""
    guest, client = m.guest, m.client
    guest.run('umount /disc; mount -t iso9660 -o ro /dev/sr0 /disc')     # a reset unlocks
    error = client.error('eject', {'id': 'cd'})
    assert error['reason'] == 'wrong-state', error
    guest.run('umount /disc')
    # The kernel unlocks the tray when nobody uses the drive.
    client.call('blockdev-open-tray', id='cd')
    assert client.wait_event('DEVICE_TRAY_MOVED')['data']['tray-open'] is True
    client.call('blockdev-remove-medium', id='cd')
    guest.run('! mount -t iso9660 -o ro /dev/sr0 /disc 2>/dev/null')
    client.call('blockdev-open-tray', id='cd')          # that has closed it
    second = isodisc.write(m.daemon.path('second'), {'HELLO': b'from the second disc\n'})
    add_node(client, 'second', second, True)
    client.call('blockdev-insert-medium', id='cd', node_name='second')
    client.call('blockdev-close-tray', id='cd')
    guest.run('mount -t iso9660 -o ro /dev/sr0 /disc')
    assert 'from the second disc' in guest.run('cat /disc/hello')
    client.call('blockdev-del', node_name='disc')


def plug(m):
    """Disks come and go, and an adapter with its disk."""
    guest, client = m.guest, m.client
    client.call('blockdev-add', node_name='extra', driver='null-co', size=8 * MIB, read_zeroes=True)
    add_device(client, 'scsi-hd', id='extra', drive='extra', bus='hba.0', lun=5, scsi_id=0)
    m.until('test -b /dev/sdb')
    assert guest.run('cat /sys/block/sdb/size').split()[-1] == str(8 * MIB // 512)
    client.call('device_del', id='extra')
    assert client.wait_event('DEVICE_DELETED')['data']['device'] == 'extra'
    m.until('test ! -b /dev/sdb')
    client.call('device_add', driver='virtio-scsi-pci', id='hba2')
    add_device(client, 'scsi-hd', id='extra', drive='extra', bus='hba2.0')
    m.until('test -b /dev/sdb')
    guest.run('dd if=/dev/sdb of=/dev/null bs=1M count=8')
    client.call('device_del', id='hba2')
    gone = [client.wait_event('DEVICE_DELETED')['data'].get('device') for _ in range(3)]
    assert gone[0] == 'extra' and gone[2] == 'hba2', gone
    m.until('test ! -b /dev/sdb')
    client.call('blockdev-del', node_name='extra')


def grow(m):
    """The kernel is told that a disk has another size."""
    m.client.call('block_resize', node_name='disk', size=80 * MIB)
    m.until('test "$(cat /sys/block/sda/size)" = %d' % (80 * MIB // 512))


def reset_machine(m):
    """What was synchronized is there after a reset in the middle of writing."""
    guest, client = m.guest, m.client
    guest.run('cp /data /disk/kept; sync')
    guest.console.sendall(b'dd if=/dev/zero of=/disk/lost bs=1M count=40\n')
    time.sleep(0.3)
    client.call('system_reset')
    guest.wait_shell()
    m.load()
    guest.run('dd if=/dev/sda of=/dev/null bs=1M count=80')
    guest.run('mount -t ext4 /dev/sda /disk')
    digest = guest.run('md5sum </disk/kept').split()[0]
    guest.run('umount /disk; sync')
    return digest


@on_tcg
def linux(recorder):
    """ext4 on a disk, ISO 9660 on a disc: resets, trim, media, plugging, a machine reset"""
    for program in RESETTER, 'mke2fs', 'e2fsck':
        if not shutil.which(program):
            raise Skip('needs %s' % program)
    m = Machine(recorder)
    try:
        guest = m.guest
        assert 'THE-DISK' in guest.run('cat /sys/block/sda/device/vpd_pg80')
        assert guest.run('cat /sys/block/sda/queue/write_cache').split()[-2:] == ['write', 'back']
        m.mount()
        assert 'from the first disc' in guest.run('cat /disc/hello')
        resets(m)
        trim(m)
        change_disc(m)
        plug(m)
        grow(m)
        digest = guest.run('md5sum </data').split()[-2]
        assert reset_machine(m) == digest
        check_log(guest)
        m.client.call('quit')
        m.daemon.wait()
        check_file_system(m.disk)
    finally:
        m.close()


if __name__ == '__main__':
    vmdtest.main([grub_from_disk, grub_from_disc, boot_order, linux])
