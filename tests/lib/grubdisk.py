# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks from which a PC's firmware boots GRUB, which shows a menu on the serial port.

Made without a mount: GRUB's core lies behind the boot sector, and its files in a partition
that is a tar archive, which it reads as a file system."""
import io
import os
import shutil
import struct
import subprocess
import tarfile

from vmdtest import Skip

SECTOR, MIB = 512, 1 << 20
MODULES_FOLDER = '/usr/lib/grub/i386-pc'
MODULES = ('biosdisk', 'part_msdos', 'tar', 'serial', 'terminal', 'normal', 'multiboot', 'linux',
           'echo', 'test', 'ls')
FIRST_MENU = b'''
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set root=(hd0,msdos1)
set pager=0
normal (hd0,msdos1)/grub.cfg
'''
# All is in the core image, which the boot sector reads from the floppy disk.
FLOPPY_MENU = FIRST_MENU.replace(b'(hd0,msdos1)', b'(memdisk)').replace(b'hd0,msdos1', b'memdisk')
PARTITION_TABLE, SIGNATURE = 446, 510
LINUX_PARTITION = 0x83


def core(folder, menu=FIRST_MENU, modules=(), *options):
    """GRUB's core image, with its first commands."""
    if not shutil.which('grub-mkimage') or not os.path.isdir(MODULES_FOLDER):
        raise Skip('needs packages grub-common and grub-pc-bin')
    first = os.path.join(folder, 'first.cfg')
    with open(first, 'wb') as f:
        f.write(menu)
    path = os.path.join(folder, 'core.img')
    subprocess.run(['grub-mkimage', '-O', 'i386-pc', '-c', first, '-p', '/', '-o', path, *options,
                    *MODULES, *modules], check=True)
    with open(path, 'rb') as f:
        return f.read()


def modules(*names):
    """Files for write(), with which a menu can `insmod` these, once it has set prefix."""
    with open(os.path.join(MODULES_FOLDER, 'moddep.lst'), encoding='ascii') as f:
        needs = {name.strip('*'): rest.split() for name, _, rest in
                 (line.partition(':') for line in f)}
    wanted, found = list(names), {}
    while wanted:
        name = wanted.pop()
        with open(os.path.join(MODULES_FOLDER, name + '.mod'), 'rb') as f:
            found['i386-pc/%s.mod' % name] = f.read()
        wanted += [other for other in needs.get(name, ()) if 'i386-pc/%s.mod' % other not in found]
    return found


def archive(files):
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode='w', format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return output.getvalue()


def padded(data, unit=SECTOR):
    return data + bytes(-len(data) % unit)


def write_floppy(folder, menu, files, size):
    """Path of a floppy disk of this size with GRUB's core, which has that grub.cfg and files as
    {name: bytes}."""
    path = os.path.join(folder, 'grub-floppy')
    with open(os.path.join(MODULES_FOLDER, 'boot.img'), 'rb') as f:
        boot = f.read(SECTOR)
    archived = archive({'grub.cfg': menu.encode(), **files})
    memory = os.path.join(folder, 'memory.tar')
    with open(memory, 'wb') as f:
        f.write(archived)
    image = core(folder, FLOPPY_MENU, ('memdisk',), '-m', memory)
    assert SECTOR + len(image) <= size, len(image)
    with open(path, 'wb') as f:
        f.write(boot + image)
        f.truncate(size)
    return path


def write_around(folder, path, commands, partition):
    """Makes a disk whose only partition, with ext4, is the content of a file; commands are GRUB's
    first ones.  What is empty in the file stays empty."""
    image = core(folder, commands, ('ext2', 'search', 'search_label'))
    start = MIB
    assert SECTOR + len(image) <= start, len(image)
    with open(path, 'wb') as f:
        f.write(boot_sector(start, os.path.getsize(partition)) + image)
        f.seek(start)
    subprocess.run(['dd', 'if=' + partition, 'of=' + path, 'bs=1M', 'conv=sparse,notrunc',
                    'seek=%d' % (start // MIB), 'status=none'], check=True)


def boot_sector(start, size):
    """GRUB's, with a partition of so many bytes."""
    with open(os.path.join(MODULES_FOLDER, 'boot.img'), 'rb') as f:
        boot = bytearray(f.read(SECTOR))
    boot[PARTITION_TABLE:SIGNATURE] = bytes(SIGNATURE - PARTITION_TABLE)
    struct.pack_into('<BxxxBxxxII', boot, PARTITION_TABLE, 0x80, LINUX_PARTITION, start // SECTOR,
                     size // SECTOR)
    boot[SIGNATURE:] = b'\x55\xaa'
    return bytes(boot)


def write(folder, menu, files):
    """Path of a disk with that grub.cfg, and files as {name: bytes}."""
    image = padded(core(folder), 1 << 20)
    partition = padded(archive({'grub.cfg': menu.encode(), **files}))
    boot = boot_sector(SECTOR + len(image), len(partition))
    path = os.path.join(folder, 'grub-disk')
    with open(path, 'wb') as f:
        f.write(boot + image + partition)
    return path
