# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk with Debian on it, as an installer would leave it: GRUB, a kernel with its initramfs, and
a file system with systemd, which asks for a login on the serial port, takes an address by DHCP,
and echoes what it gets on TCP port 7.

Kept beside the other guests (debianguest.folder()) as root.qcow2, which nobody writes: machines
have their own layer on it.  Made by mmdebstrap, without a mount, only with VMD_TEST_FETCH in the
environment.
"""
import hashlib
import os
import shutil
import subprocess
import tempfile

import debianguest
import grubdisk
from vmdtest import Skip

MIB = 1 << 20
PACKAGES = ('linux-image-amd64', 'systemd-sysv', 'udev', 'initramfs-tools', 'kmod')
# What neither boots nor is looked at.
DRIVERS = ('bluetooth', 'gpu', 'hwmon', 'iio', 'infiniband', 'isdn', 'media', 'mtd',
           'net/ethernet/broadcom', 'net/ethernet/chelsio', 'net/ethernet/mellanox',
           'net/ethernet/qlogic', 'net/wireless', 'scsi/lpfc', 'scsi/qla2xxx', 'staging',
           'usb/gadget')
LEFT_OUT = (*('/lib/modules/*/kernel/drivers/%s/*' % name for name in DRIVERS),
            '/lib/modules/*/kernel/sound/*', '/usr/share/doc/*', '/usr/share/man/*',
            '/usr/share/locale/*')
FIRST_COMMANDS = b'''
serial --unit=0 --speed=115200
terminal_output serial
set root=(hd0,msdos1)
set prefix=(hd0,msdos1)/boot/grub
normal (hd0,msdos1)/boot/grub/grub.cfg
'''
FILES = {
    'boot/grub/grub.cfg': '''set timeout=0
menuentry "Debian" {
    linux /vmlinuz root=LABEL=root ro console=ttyS0 quiet
    initrd /initrd.img
}
''',
    'etc/fstab': 'LABEL=root / ext4 defaults 0 1\n',
    'etc/hostname': 'rootdisk\n',
    'etc/systemd/network/wired.network': '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n',
    'etc/systemd/system/echo.socket': '''[Socket]
ListenStream=7
Accept=yes
[Install]
WantedBy=sockets.target
''',
    'etc/systemd/system/echo@.service': '''[Service]
ExecStart=/bin/cat
StandardInput=socket
''',
}
MAKE_TIMEOUT = 1200


def mark():
    """What this very file makes."""
    with open(__file__, 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def kept():
    return os.path.join(debianguest.folder(), 'root.qcow2')


def is_made():
    try:
        with open(kept() + '.maker', encoding='ascii') as f:
            return f.read() == mark() and os.path.exists(kept())
    except OSError:
        return False


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=MAKE_TIMEOUT, check=False)
    if done.returncode:
        raise Skip('%s: %s' % (words[0], done.stdout.strip()[-500:]))


def install(root):
    """Debian into a folder."""
    options = ['--dpkgopt=path-exclude=' + pattern for pattern in LEFT_OUT]
    for name, text in FILES.items():
        path = os.path.join('$1', name)
        options += ['--customize-hook=mkdir -p "%s"' % os.path.dirname(path),
                    '--customize-hook=printf %%s \'%s\' > "%s"' % (text, path)]
    options += ['--customize-hook=chroot "$1" passwd -d root',
                '--customize-hook=systemctl --root="$1" enable systemd-networkd echo.socket']
    run('mmdebstrap', '--variant=minbase', '--quiet', '--include=' + ','.join(PACKAGES), *options,
        'bookworm', root)


def size_of(root):
    """Of a file system with these files, and some room."""
    total = 0
    for folder, _, files in os.walk(root):
        total += 4096 + sum(os.lstat(os.path.join(folder, name)).st_size // 4096 * 4096 + 4096
                            for name in files)
    return (total * 5 // 4 // MIB + 128) * MIB


def make(work):
    root, raw = os.path.join(work, 'root'), os.path.join(work, 'root.raw')
    install(root)
    partition = os.path.join(work, 'partition')
    run('mke2fs', '-q', '-t', 'ext4', '-L', 'root', '-d', root, partition,
        '%dM' % (size_of(root) // MIB))
    grubdisk.write_around(work, raw, FIRST_COMMANDS, partition)
    run('qemu-img', 'convert', '-c', '-O', 'qcow2', raw, os.path.join(work, 'root.qcow2'))


def image():
    """Path of the disk."""
    if is_made():
        return kept()
    if not os.environ.get('VMD_TEST_FETCH'):
        raise Skip('no disk with a root file system: set VMD_TEST_FETCH')
    for tool in 'mmdebstrap', 'mke2fs', 'qemu-img':
        if not shutil.which(tool, path=os.environ['PATH'] + ':/usr/sbin:/sbin'):
            raise Skip('needs ' + tool)
    with tempfile.TemporaryDirectory() as work:
        make(work)
        os.makedirs(debianguest.folder(), exist_ok=True)
        shutil.move(os.path.join(work, 'root.qcow2'), kept())
    with open(kept() + '.maker', 'w', encoding='ascii') as f:
        f.write(mark())
    return kept()


def layer(folder):
    """Path of an image on top of the disk, to be written."""
    path = os.path.join(folder, 'layer.qcow2')
    run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image(), '-F', 'qcow2', path)
    return path
