# SPDX-License-Identifier: GPL-2.0-or-later
"""A Linux guest on microvm or pc, with its shell on the serial console.

They are Debian's own, see debianguest.py, but on KVM, which may be a kernel's that stock
kernels do not run on.  There they come from VMD_TEST_KERNEL and VMD_TEST_INITRD, else from
the folder shared/guests beside the source tree (`linux-6.12-emul-full.xz` and
`guest.cpio`); with neither the test says SKIP.
"""
import lzma
import os
import re
import socket
import time

import debianguest
import vmdtest
from vmdtest import Skip

SHARED = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), '..', 'shared', 'guests')
KVM_APPEND = ('console=ttyS0 reboot=t panic=-1 lpj=1000000 no_timer_check tsc=reliable '
          'clearcpuid=popcnt,smap,smep,fsgsbase,cx16,rdtscp,invpcid,pcid,erms,fsrm,xsave,umip quiet')
BOOT_TIMEOUT = 400             # on a host that is busy with other tests


def images(folder, name='linux-6.12-emul-full', hardware=False):
    """(kernel, initramfs) for the test's accelerator; what is packed is unpacked into folder.
    hardware: with drivers for more than virtual devices, see debianguest.py."""
    if vmdtest.accel() != 'kvm':
        return debianguest.images(hardware)
    return images_for_kvm(folder, name)


def images_for_kvm(folder, name):
    """The same of a kernel that runs on each KVM."""
    if 'VMD_TEST_KERNEL' in os.environ and 'VMD_TEST_INITRD' in os.environ:
        return os.environ['VMD_TEST_KERNEL'], os.environ['VMD_TEST_INITRD']
    packed = os.path.join(SHARED, name + '.xz')
    initrd = os.path.join(SHARED, 'guest.cpio')
    if not (os.path.exists(packed) and os.path.exists(initrd)):
        raise Skip('no guest: VMD_TEST_KERNEL and VMD_TEST_INITRD are not set, and there is no '
                   + packed)
    kernel = os.path.join(folder, name)
    with lzma.open(packed) as source, open(kernel, 'wb') as target:
        target.write(source.read())
    return kernel, initrd


def command_line():
    """What such a kernel is to be told on the test's accelerator."""
    return KVM_APPEND if vmdtest.accel() == 'kvm' else debianguest.APPEND


def add_cpu(client, props=()):
    """A CPU that such a kernel runs on."""
    if vmdtest.accel() == 'kvm':
        client.call('device_add', driver='qemu64-x86_64-cpu', tsc_deadline=True, x2apic=True,
                    **dict(props))
    else:
        client.call('device_add', driver='max-x86_64-cpu', **dict(props))


def virtio(kind):
    """The driver of a virtio device that such a kernel finds: Debian's looks for none on
    virtio-mmio unless ACPI tells of it."""
    return 'virtio-%s-%s' % (kind, 'device' if vmdtest.accel() == 'kvm' else 'pci')


class Guest:
    """A machine before its first cont: add devices, then boot().  A microvm unless the test
    says otherwise, or the kernel finds no devices there: see virtio().  files are kernel and
    initramfs, if it matters which; own: properties of the machine in the place of these; cpu:
    pairs of the CPU's; size None: the machine's properties name its memory."""

    def __init__(self, daemon, client, size=96 << 20, append='', kernel='linux-6.12-emul-full',
                 machine_type=None, hardware=False, files=None, own=None, cpu=(), cpus=1,
                 **machine):
        self.daemon, self.client, self.text = daemon, client, ''
        if cpus > 1:
            machine.setdefault('smp', {'cpus': cpus})
        if own is not None:
            machine.update(own)
        else:
            machine['kernel'], machine['initrd'] = files or images(daemon.folder, kernel, hardware)
            machine['append'] = command_line() + ' ' + append
        machine_type = machine_type or (
            'microvm' if vmdtest.accel() == 'kvm' else 'pc-i440fx-7.2')
        client.call('object-add', qom_type=vmdtest.accel_class(), id='accel')
        if size is not None:
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=size)
            machine['memory-backend'] = 'ram'
        client.call('object-add', qom_type=machine_type + '-machine', id='machine', **machine)
        for _ in range(cpus):
            add_cpu(client, cpu)
        self.console = self.chardev('console')
        client.call('device_add', driver='isa-serial', id='com1', chardev='console')

    def chardev(self, name):
        """A chardev of this id, and the host's end of it."""
        path = os.path.join(self.daemon.folder, name)
        address = {'type': 'unix', 'data': {'path': path}}
        self.client.call('chardev-add', id=name, backend={
            'type': 'socket', 'data': {'addr': address, 'server': True, 'wait': False}})
        end = socket.socket(socket.AF_UNIX)
        end.connect(path)
        return end

    def boot(self):
        self.client.call('cont')
        self.wait_shell()

    def wait_shell(self):
        self.wait('GUEST: ready', BOOT_TIMEOUT)
        self.wait('# ')
        if vmdtest.accel() != 'kvm':
            self.console.sendall(b'stty columns 999\n')    # no ends of line in long commands
            self.wait('# ')

    def wait(self, text, timeout=vmdtest.TIMEOUT):
        """What the console prints up to and with text."""
        deadline = time.monotonic() + timeout
        while text not in self.text:
            left = deadline - time.monotonic()
            assert left > 0, 'no %r on the console: %r' % (text, self.text[-2000:])
            self.console.settimeout(left)
            try:
                data = self.console.recv(65536)
            except TimeoutError:
                continue
            assert data, 'the console is gone'
            self.text += data.decode(errors='replace').replace('\r', '')
        before, _, self.text = self.text.partition(text)
        return before

    def rest(self):
        """What the console has printed when the daemon has ended."""
        self.console.settimeout(vmdtest.TIMEOUT)
        while True:
            data = self.console.recv(65536)
            if not data:
                return self.text
            self.text += data.decode(errors='replace').replace('\r', '')

    def run(self, command, timeout=60):
        """Output of a shell command."""
        self.console.sendall((command + '; echo EN""D$?\n').encode())
        self.wait('EN""D$?\n', timeout)
        output = self.wait('END', timeout)
        # A message of the kernel may follow at once, on the same line.
        status = re.match('[0-9]*', self.wait('\n', timeout))[0]
        assert status == '0', '%s: status %s: %s' % (command, status, output)
        self.wait('# ', timeout)
        return output
