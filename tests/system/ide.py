#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives on IDE and SATA: what Debian's kernel makes of disks and CDs on both controllers, with
resets, media and disks that change while it uses them; and firmware that boots from them."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import grubdisk                                     # noqa: E402
import isodisc                                      # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest          # noqa: E402
from vmdtest import Daemon, Skip, on_each_accel, on_tcg  # noqa: E402

MACHINE = 'pc-i440fx-7.2'
MIB = 1 << 20
LOAD = 'for m in $(cat /lib/modules/optional); do insmod /lib/modules/$m 2>/dev/null; done'
# Waits for a file to appear, or to go.
UNTIL = 'n=0; until [ %s ]; do [ $n = 60 ] && break; n=$((n + 1)); sleep 0.5; done; [ %s ]'


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip('needs ' + program)


def add_node(daemon, name, read_only=False):
    options = {} if read_only else {'discard': 'unmap'}
    daemon.test_client.call('blockdev-add', **{
        'node-name': name, 'driver': 'raw', 'read-only': read_only, **options,
        'file': {'driver': 'file', 'filename': daemon.path(name), **options}})


def add_disk(daemon, name, size=64 * MIB):
    with open(daemon.path(name), 'wb') as f:
        f.truncate(size)
    add_node(daemon, name)


def add_iso(daemon, name, files, *options):
    """An ISO 9660 image of {name: text}."""
    need('xorriso')
    folder = daemon.path(name + '.d')
    os.makedirs(folder)
    for key, data in files.items():
        with open(os.path.join(folder, key), 'wb') as f:
            f.write(data)
    subprocess.run(['xorriso', '-as', 'mkisofs', '-quiet', '-R', '-o', daemon.path(name), *options,
                    folder], check=True, stderr=subprocess.DEVNULL)
    add_node(daemon, name, read_only=True)


def guest_with(daemon):
    """Debian's kernel on a PC with a SATA controller; drives are to be added, then booted."""
    client = daemon.test_client = daemon.client()
    client.call('set-action', shutdown='pause')
    guest = Guest(daemon, client, machine_type=MACHINE, size=128 << 20, hardware=True)
    client.call('device_add', driver='ich9-ahci', id='sata')
    return guest


def start(guest, *devices):
    guest.client.call('cont')
    guest.wait_shell()
    load(guest, *devices)


def load(guest, *devices):
    guest.run(LOAD)
    for device in devices:
        wait_for(guest, '-b /dev/' + device)


def wait_for(guest, condition):
    guest.run(UNTIL % (condition, condition), timeout=120)


def check_ext4(daemon, name):
    """The host's e2fsck finds nothing to mend."""
    if shutil.which('e2fsck'):
        done = subprocess.run(['e2fsck', '-fn', daemon.path(name)], stdout=subprocess.PIPE,
                              text=True, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout


# ---- Disks

def exercise(daemon, guest, device, name, host):
    """Writes, flushes, reads back and trims, while the drive's bus is reset again and again; host
    is the number of its host in the guest."""
    run = guest.run
    run('mke2fs -q /dev/%s > /dev/null; mount -t ext4 -o discard /dev/%s /mnt' % (device, device))
    run('for i in 1 2 3 4 5 6; do sleep 0.7; echo "- - -" > /sys/class/scsi_host/host%s/scan; done '
        '& true' % host)
    run('for i in 1 2 3 4 5 6; do dd if=/dev/urandom of=/mnt/f$i bs=64k count=40 conv=fsync '
        '2>/dev/null; md5sum /mnt/f$i; done > /tmp/sums', timeout=180)
    run('wait; echo 3 > /proc/sys/vm/drop_caches; md5sum -c /tmp/sums > /dev/null', timeout=180)
    before = os.stat(daemon.path(name)).st_blocks
    run('rm /mnt/f1 /mnt/f2 /mnt/f3; sync; umount /mnt', timeout=180)
    assert os.stat(daemon.path(name)).st_blocks < before - 3 * 4096, 'nothing was trimmed'
    errors = run('dmesg | grep -iE "I/O error|failed command|exception" || true')
    assert not errors.strip(), errors
    check_ext4(daemon, name)


def host_of(guest, device):
    """The number of a disk's host in the guest."""
    path = guest.run('readlink /sys/block/%s' % device)
    return path.split('/host')[1].split('/')[0]


@on_tcg
def ide_disk(recorder):
    """Debian's kernel on an IDE disk: ext4 and trim, with resets of the channel in between"""
    with Daemon(recorder) as daemon:
        guest = guest_with(daemon)
        add_disk(daemon, 'disk')
        guest.client.call('device_add', driver='ide-hd', id='hd', drive='disk', bus='ide.0')
        start(guest, 'sda')
        text = guest.run('dmesg | grep ata1')
        assert 'ATA-7: QEMU HARDDISK' in text and 'LBA48' in text, text
        exercise(daemon, guest, 'sda', 'disk', host_of(guest, 'sda'))


@on_tcg
def sata_disk(recorder):
    """the same on SATA, with a queue"""
    with Daemon(recorder) as daemon:
        guest = guest_with(daemon)
        add_disk(daemon, 'disk')
        guest.client.call('device_add', driver='ide-hd', id='hd', drive='disk', bus='sata.2')
        start(guest, 'sda')
        assert guest.run('cat /sys/block/sda/device/queue_depth').strip() == '32'
        text = guest.run('dmesg | grep NCQ')
        assert 'NCQ (depth 32)' in text, text
        exercise(daemon, guest, 'sda', 'disk', host_of(guest, 'sda'))


@on_tcg
def machine_reset(recorder):
    """the machine is reset while the guest writes to both kinds of disks: they work again"""
    with Daemon(recorder) as daemon:
        guest = guest_with(daemon)
        for name, bus in ('one', 'ide.0'), ('two', 'sata.0'):
            add_disk(daemon, name)
            guest.client.call('device_add', driver='ide-hd', id=name, drive=name, bus=bus)
        start(guest, 'sda', 'sdb')
        for disk in 'sda', 'sdb':
            guest.run('echo was-here | dd of=/dev/%s bs=512 seek=4 conv=sync,fsync' % disk)
            guest.run('(while :; do dd if=/dev/zero of=/dev/%s bs=64k seek=16 count=512 conv=fsync; '
                      'done) >/dev/null 2>&1 & true' % disk)
        guest.run('sleep 1')
        guest.client.call('system_reset')
        guest.client.wait_event('RESET')
        guest.wait_shell()
        load(guest, 'sda', 'sdb')
        for disk in 'sda', 'sdb':
            assert 'was-here' in guest.run('dd if=/dev/%s bs=512 skip=4 count=1 2>/dev/null' % disk)
            guest.run('dd if=/dev/%s of=/dev/null bs=1M count=32' % disk)


@on_tcg
def hot_plug(recorder):
    """disks on SATA come and go while the guest runs; one that it uses goes"""
    with Daemon(recorder) as daemon:
        guest = guest_with(daemon)
        add_disk(daemon, 'disk')
        add_disk(daemon, 'other')
        start(guest)
        client = guest.client
        for turn in range(2):
            client.call('device_add', driver='ide-hd', id='hd', drive='disk', bus='sata.1')
            wait_for(guest, '-b /dev/sda')
            client.call('device_add', driver='ide-hd', id='hd2', drive='other', bus='sata.5')
            wait_for(guest, '-b /dev/sdb')
            guest.run('dd if=/dev/zero of=/dev/sda bs=64k count=16 conv=fsync 2>/dev/null')
            if turn:
                guest.run('(dd if=/dev/sda of=/dev/null bs=4k) > /dev/null 2>&1 & true')
            for name in 'hd', 'hd2':
                client.call('device_del', id=name)
                client.wait_event('DEVICE_DELETED')
            wait_for(guest, '! -e /dev/sda')
            wait_for(guest, '! -e /dev/sdb')
        try:
            client.call('device_add', driver='ide-hd', id='hd', drive='disk', bus='ide.0')
        except vmdtest.QmpError as e:
            assert e.error['reason'] == 'bus-not-hotpluggable', e.error
        else:
            raise AssertionError('a drive was plugged into a channel of IDE')


# ---- CDs

def medium_changes(daemon, guest, drive):
    """Media, trays and locks of drive /dev/sr0."""
    client, run = guest.client, guest.run
    run('mount -t iso9660 -o ro /dev/sr0 /mnt')
    assert run('cat /mnt/hello').strip() == 'the first one'
    # It is mounted, so locked: the guest is asked.
    client.call('blockdev-open-tray', id=drive)
    assert not query(client, drive)['tray_open']
    assert query(client, drive)['locked']
    run('echo 1 > /proc/sys/dev/cdrom/autoeject; umount /mnt')
    moved = client.wait_event('DEVICE_TRAY_MOVED')['data']
    assert (moved['id'], moved['tray-open']) == (drive, True), moved
    run('echo 0 > /proc/sys/dev/cdrom/autoeject')
    client.call('blockdev-remove-medium', id=drive)
    client.call('blockdev-insert-medium', id=drive, node_name='second.iso')
    client.call('blockdev-close-tray', id=drive)
    client.wait_event('DEVICE_TRAY_MOVED')
    run('mount -t iso9660 -o ro /dev/sr0 /mnt', timeout=120)
    assert run('cat /mnt/hello').strip() == 'the second one'
    # It goes while the guest reads, whatever the guest says.
    run('(cat /mnt/big > /dev/null; echo status $?) > /tmp/read 2>&1 & true')
    client.call('blockdev-open-tray', id=drive, force=True)
    client.call('blockdev-remove-medium', id=drive)
    assert 'inserted' not in query(client, drive)
    wait_for(guest, '-s /tmp/read')
    run('umount /mnt')
    client.call('blockdev-insert-medium', id=drive, node_name='first.iso')
    client.call('blockdev-close-tray', id=drive)
    run('mount -t iso9660 -o ro /dev/sr0 /mnt', timeout=120)
    assert run('cat /mnt/hello').strip() == 'the first one'


def query(client, drive):
    (found,) = [i for i in client.call('query-block') if i.get('qdev', '') in (
        drive, '/machine/peripheral/' + drive)]
    return found


def add_media(daemon):
    add_iso(daemon, 'first.iso', {'hello': b'the first one\n'})
    add_iso(daemon, 'second.iso', {'hello': b'the second one\n', 'big': os.urandom(24 * MIB)})


def cd_on(recorder, bus):
    with Daemon(recorder) as daemon:
        guest = guest_with(daemon)
        add_media(daemon)
        guest.client.call('device_add', driver='ide-cd', id='cd', drive='first.iso', bus=bus)
        start(guest, 'sr0')
        medium_changes(daemon, guest, 'cd')


@on_tcg
def ide_cd(recorder):
    """a CD on IDE is mounted and changed; its tray is locked; it goes while the guest reads"""
    cd_on(recorder, 'ide.1')


@on_tcg
def sata_cd(recorder):
    """the same on SATA"""
    cd_on(recorder, 'sata.3')


# ---- Firmware

def firmware(daemon, recorder, text, action, **properties):
    """SeaBIOS boots from what action adds, and that prints text."""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    client = daemon.test_client = daemon.client()
    pc.build(client, machine=MACHINE, **properties)
    action(client)
    client.call('cont')
    return pc.wait_text(client, text)


def boot_disk(recorder, controller, bus):
    with Daemon(recorder) as daemon:
        def add(client):
            if controller:
                client.call('device_add', driver=controller, id='sata')
            for number in 1, 0:
                name = 'disk%d' % number
                pc.write_disk(daemon.path(name), 'disk %d' % number, 'h')
                add_node(daemon, name)
                client.call('device_add', driver='ide-hd', id=name, drive=name, bus=bus[number],
                            bootindex=number)
        seen = firmware(daemon, recorder, 'disk 0\n', add)
        assert 'disk 1\n' not in seen, seen


@on_each_accel
def boot_ide(recorder):
    """SeaBIOS boots from the IDE disk with the lowest boot index"""
    boot_disk(recorder, None, ['ide.1', 'ide.0'])


@on_each_accel
def boot_sata(recorder):
    """the same on SATA"""
    boot_disk(recorder, 'ich9-ahci', ['sata.4', 'sata.0'])


def boot_cd(recorder, controller, bus):
    with Daemon(recorder) as daemon:
        def add(client):
            if controller:
                client.call('device_add', driver=controller, id='sata')
            code = (pc.say('booted from a CD\n') + pc.HALT).ljust(2048, b'\0')
            add_iso(daemon, 'cd', {'boot': code}, '-b', 'boot', '-no-emul-boot', '-boot-load-size',
                    '4')
            client.call('device_add', driver='ide-cd', id='cd', drive='cd', bus=bus)
        firmware(daemon, recorder, 'booted from a CD\n', add, boot={'order': 'd'})


@on_each_accel
def boot_ide_cd(recorder):
    """SeaBIOS boots from a CD (El Torito) on IDE"""
    boot_cd(recorder, None, 'ide.1')


@on_each_accel
def boot_sata_cd(recorder):
    """the same on SATA"""
    boot_cd(recorder, 'ich9-ahci', 'sata.1')


@on_each_accel
def geometry(recorder):
    """the firmware shows a disk as the client says"""
    with Daemon(recorder) as daemon:
        def add(client):
            pc.write_disk(daemon.path('disk'), 'disk', 'h')
            add_node(daemon, 'disk')
            client.call('device_add', driver='ide-hd', id='disk', drive='disk', bus='ide.0', cyls=20,
                        heads=4, secs=17, lcyls=10, lheads=8, lsecs=17)
        seen = firmware(daemon, recorder, 'BOOT: sector started', add)
        assert 'PCHS=20/4/17' in seen and 'LCHS=10/8/17' in seen, seen


def boot_grub(recorder, add, text):
    """GRUB on the serial console, from what add makes, prints that text."""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        client = daemon.test_client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={})
        add(daemon, client)
        client.call('cont')
        guest.wait(text, BOOT_TIMEOUT)


@on_tcg
def grub(recorder):
    """GRUB boots from an IDE disk, and reads its menu there"""
    def add(daemon, client):
        os.rename(grubdisk.write(daemon.folder, 'echo the menu was read\nsleep 1000\n', {}),
                  daemon.path('disk'))
        add_node(daemon, 'disk')
        client.call('device_add', driver='ide-hd', id='disk', drive='disk', bus='ide.0')
    boot_grub(recorder, add, 'the menu was read')


@on_tcg
def grub_from_cd(recorder):
    """a CD boots to GRUB's menu, on IDE and on SATA"""
    for controller, bus in (None, 'ide.1'), ('ich9-ahci', 'sata.2'):
        def add(daemon, client, controller=controller, bus=bus):
            isodisc.write(daemon.path('cd'), {
                'BOOT.IMG': isodisc.grub(daemon.folder),
                'GRUB.CFG': b'set timeout=60\nmenuentry "of the CD" { echo nothing }\n'},
                boot='BOOT.IMG')
            add_node(daemon, 'cd')
            if controller:
                client.call('device_add', driver=controller, id='sata')
            client.call('device_add', driver='ide-cd', id='cd', drive='cd', bus=bus)
        boot_grub(recorder, add, 'of the CD')


if __name__ == '__main__':
    vmdtest.main([ide_disk, sata_disk, machine_reset, hot_plug, ide_cd, sata_cd, boot_ide, boot_sata,
                  boot_ide_cd, boot_sata_cd, geometry, grub, grub_from_cd])
