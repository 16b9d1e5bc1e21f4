#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that are not Linux, as their users start them: memtest86+, Xen with Debian's kernel
as its first domain, and the UEFI firmware OVMF."""
import glob
import gzip
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest          # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

PC = 'pc-i440fx-7.2'


def installed(pattern, package):
    """The file of a package that has it in /boot."""
    found = sorted(glob.glob(os.path.join('/boot', pattern)))
    if not found:
        raise Skip('needs package ' + package)
    return found[-1]


def memtest(recorder, name):
    kernel = installed('memtest86+%s.bin' % name, 'memtest86+')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=32 << 20, machine_type=PC, own={
            'kernel': kernel, 'append': 'console=ttyS0,115200 nosmp'})
        client.call('cont')
        # The last test, which would wait for more than a minute.
        screen = guest.wait('Bit fade', BOOT_TIMEOUT)
        errors = set(re.findall(r'Errors: +(\d+)', screen))
        assert errors == {'0'}, screen[-3000:]


@on_tcg
def memtest_32(recorder):
    """memtest86+ finds no error in RAM: 32 bits, with PAE"""
    memtest(recorder, 'ia32')


@on_tcg
def memtest_64(recorder):
    """memtest86+ finds no error in RAM: 64 bits"""
    memtest(recorder, 'x64')


@on_tcg
def xen(recorder):
    """Xen, a Multiboot kernel, starts Debian's kernel as its first domain"""
    packed = installed('xen-*-amd64.gz', 'xen-hypervisor-4.17-amd64')
    kernel, initrd = debianguest.images()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        hypervisor = daemon.path('xen')
        with gzip.open(packed) as source, open(hypervisor, 'wb') as target:
            target.write(source.read())
        guest = Guest(daemon, client, size=512 << 20, machine_type=PC, own={
            'kernel': hypervisor, 'append': 'com1=115200,8n1 console=com1 dom0_mem=256M',
            'initrd': '%s console=hvc0 earlyprintk=xen,%s' % (kernel, initrd)})
        client.call('cont')
        guest.wait('Bootloader: vmd', BOOT_TIMEOUT)
        # Its first program; Debian's cloud kernel has no driver for the domain's console.
        guest.wait('Run /init as init process', BOOT_TIMEOUT)


@on_tcg
def ovmf(recorder):
    """OVMF, a UEFI firmware, finds a disk, and offers its shell"""
    firmware = '/usr/share/ovmf/OVMF.fd'
    if not os.path.exists(firmware):
        raise Skip('needs package ovmf')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, size=256 << 20, machine_type=PC, own={'firmware': firmware})
        client.call('blockdev-add', node_name='disk', driver='null-co', size=1 << 20)
        client.call('device_add', driver='virtio-blk-pci', drive='disk')
        client.call('cont')
        mappings = guest.wait('Press', BOOT_TIMEOUT)
        assert 'PciRoot(0x0)/Pci(0x2,0x0)' in mappings, mappings
        guest.console.sendall(b'\x1b')
        guest.wait('Shell>', BOOT_TIMEOUT)


if __name__ == '__main__':
    vmdtest.main([memtest_32, memtest_64, xen, ovmf])
