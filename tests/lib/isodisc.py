# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of discs: ISO 9660 with files in one folder, which firmware can boot (El Torito).

Names have level 1's form for guests without extensions: 8.3, capitals."""
import os
import shutil
import struct
import subprocess

from vmdtest import Skip

BLOCK = 2048
# Where things are: 16 blocks are the system's; then volume descriptors.
PRIMARY, BOOT_RECORD, TERMINATOR, PATHS_LITTLE, PATHS_BIG, CATALOG, ROOT = range(16, 23)
FIRST_FILE = ROOT + 1
PADDING = 150                   # blocks after the last file, which GRUB's read-ahead needs
GRUB_MODULES = ('biosdisk', 'iso9660', 'serial', 'terminal', 'normal', 'multiboot', 'linux', 'echo',
                'test', 'ls')
GRUB_MENU = b'''
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
set root=(cd)
set pager=0
normal (cd)/GRUB.CFG
'''


def both16(n):
    return struct.pack('<H', n) + struct.pack('>H', n)


def both32(n):
    return struct.pack('<I', n) + struct.pack('>I', n)


def record(name, block, size, folder=False):
    """A directory record (ECMA-119 section 9.1)."""
    text = both32(block) + both32(size) + bytes([126, 11, 30, 0, 0, 0, 0]) + \
        bytes([2 if folder else 0, 0, 0]) + both16(1) + bytes([len(name)]) + name
    text += bytes(len(text) % 2)
    return bytes([len(text) + 2, 0]) + text


def padded(data):
    return data + bytes(-len(data) % BLOCK)


def primary(label, blocks):
    """Section 8.4."""
    head = b'\x01CD001\x01\0' + b' ' * 32 + label.encode().ljust(32) + bytes(8) + both32(blocks) + \
        bytes(32) + both16(1) + both16(1) + both16(BLOCK) + both32(10) + \
        struct.pack('<II', PATHS_LITTLE, 0) + struct.pack('>II', PATHS_BIG, 0) + \
        record(b'\0', ROOT, BLOCK, True)
    return padded(head + b' ' * (813 - len(head)) + (b'0' * 16 + b'\0') * 4 + b'\x01')


def catalog(block):
    """The boot catalog of El Torito: one entry without emulation, of which 2 KiB are loaded."""
    check = b'\x01\0\0\0' + bytes(24) + b'\0\0\x55\xaa'
    total = sum(struct.unpack('<16H', check)) & 0xffff
    check = check[:28] + struct.pack('<H', -total & 0xffff) + check[30:]
    return padded(check + struct.pack('<BBHBBHI', 0x88, 0, 0, 0, 0, 4, block))


def write(path, files, boot=None, label='DISC'):
    """Writes the image with files as {name: bytes}; boot is the name of the one that firmware
    boots.  Returns its path."""
    entries, content, block = b'', b'', FIRST_FILE
    boot_block = 0
    for name, data in files.items():
        if name == boot:
            boot_block = block
            data = with_boot_info(data, block)
        entries += record(name.encode() + b';1', block, len(data))
        content += padded(data)
        block += len(padded(data)) // BLOCK
    root = record(b'\0', ROOT, BLOCK, True) + record(b'\1', ROOT, BLOCK, True) + entries
    assert len(root) <= BLOCK
    paths = [struct.pack(order + 'BBIHBB', 1, 0, ROOT, 1, 0, 0) for order in '<>']
    record_of_boot = b'\0CD001\x01' + b'EL TORITO SPECIFICATION'.ljust(64, b'\0') + \
        struct.pack('<I', CATALOG)
    with open(path, 'wb') as f:
        f.write(bytes(PRIMARY * BLOCK) + primary(label, block))
        f.write(padded(record_of_boot if boot else b'\xffCD001\x01'))
        f.write(padded(b'\xffCD001\x01') + padded(paths[0]) + padded(paths[1]))
        f.write((catalog(boot_block) if boot else bytes(BLOCK)) + padded(root) + content)
        f.write(bytes(PADDING * BLOCK))
    return path


def with_boot_info(data, block):
    """GRUB's loader with where it is: the table of mkisofs -boot-info-table, and GRUB's own."""
    data = bytearray(data)
    struct.pack_into('<Q', data, 2548, block * 4 + 5)
    words = padded(bytes(data[64:]))
    total = sum(struct.unpack('<%dI' % (len(words) // 4), words)) & 0xffffffff
    struct.pack_into('<IIII', data, 8, PRIMARY, block, len(data), total)
    return bytes(data)


def grub(folder):
    """GRUB for such a disc, whose menu is the file GRUB.CFG."""
    if not shutil.which('grub-mkimage') or not os.path.isdir('/usr/lib/grub/i386-pc'):
        raise Skip('needs packages grub-common and grub-pc-bin')
    first, path = os.path.join(folder, 'cd.cfg'), os.path.join(folder, 'cd.img')
    with open(first, 'wb') as f:
        f.write(GRUB_MENU)
    subprocess.run(['grub-mkimage', '-O', 'i386-pc-eltorito', '-c', first, '-p', '/', '-o', path,
                    *GRUB_MODULES], check=True)
    with open(path, 'rb') as f:
        return f.read()
