#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A PC that boots from its disk: SeaBIOS with its menu, then GRUB with its menu, then
a Multiboot kernel or Debian's, which sleeps and is woken through the firmware."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import grubdisk                                     # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from microvm import MULTIBOOT                       # noqa: E402
from vmdtest import Daemon, Skip, on_each_accel, on_tcg  # noqa: E402

MACHINE = 'pc-i440fx-7.2'
MENU = '''
set timeout=60
menuentry "nothing" { echo nothing }
menuentry "the program" {
    multiboot /program P print=from-grub end=reboot
    module /module with words
}
menuentry "Linux" { linux /linux %s; initrd /initrd }
'''
DOWN, ENTER = b'\x0e', b'\r'                        # Ctrl-N, as GRUB has it, too


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def need_seabios():
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')


def add_disk(client, name, path, **options):
    client.call('blockdev-add', node_name=name, driver='raw',
                file={'driver': 'file', 'filename': path})
    client.call('device_add', driver='virtio-blk-pci', id=name + '0', drive=name, **options)


@on_each_accel
def firmware_menu(recorder):
    """SeaBIOS shows its menu when Escape is pressed, and boots what is chosen there"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, machine=MACHINE, boot={'menu': True, 'splash-time': 60000})
        for number in 0, 1:
            path = pc.write_disk(daemon.path('disk%d' % number), 'disk %d' % number, 'o')
            add_disk(client, 'd%d' % number, path, bootindex=number)
        client.call('set-action', shutdown='pause')
        client.call('cont')
        seen = pc.wait_text(client, 'Press ESC for boot menu')
        press(client, 'esc')
        seen = pc.wait_text(client, 'Select boot device:')
        press(client, '2')
        client.wait_event('SHUTDOWN', timeout=4 * vmdtest.TIMEOUT)
        seen += client.call('ringbuf-read', device='debug', size=65536)
        assert 'BOOT: sector started\ndisk 1\n' in seen, seen


def press(client, key):
    client.call('send-key', keys=[{'type': 'qcode', 'data': key}])


def choose(guest, steps):
    """The menu's entry so many steps below the first."""
    guest.client.call('cont')
    guest.wait('GNU GRUB', 4 * vmdtest.TIMEOUT)
    guest.wait('nothing', vmdtest.TIMEOUT)
    guest.console.sendall(DOWN * steps + ENTER)


@on_tcg                         # where KVM emulates protected mode, it takes a minute
def multiboot(recorder):
    """GRUB starts a Multiboot kernel with a module; its reset is the firmware's start"""
    need_seabios()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={})
        disk = grubdisk.write(daemon.folder, MENU, {
            'program': content(MULTIBOOT), 'module': b'of the archive'})
        add_disk(client, 'disk', disk)
        choose(guest, 1)
        text = guest.wait('end:', vmdtest.TIMEOUT)
        assert 'loader GRUB 2.' in text and 'entered by Multiboot' in text, text
        assert 'command line: print=from-grub end=reboot' in text, text
        assert 'module: ' in text and '14 bytes' in text and 'with words' in text, text
        assert '\nfrom-grub\n' in text, text
        assert client.wait_event('RESET')['data']['reason'] == 'guest-reset'
        guest.wait('GNU GRUB', 4 * vmdtest.TIMEOUT)


@on_tcg
def linux_sleeps(recorder):
    """GRUB starts Debian's kernel; it sleeps in RAM, and wakes up through the firmware"""
    need_seabios()
    kernel, initrd = debianguest.images()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=MACHINE, own={}, size=256 << 20)
        menu = MENU % (debianguest.APPEND.replace('guest.end=reboot', ''))
        disk = grubdisk.write(daemon.folder, menu, {
            'linux': content(kernel), 'initrd': content(initrd)})
        add_disk(client, 'disk', disk)
        choose(guest, 2)
        guest.wait_shell()
        guest.run('dd if=/dev/urandom of=/tmp/r bs=1k count=99')
        before = guest.run('sha256sum /tmp/r')
        for _ in range(2):
            guest.console.sendall(b'echo mem >/sys/power/state; echo EN""D$?\n')
            client.wait_event('SUSPEND')
            assert client.call('query-status')['status'] == 'suspended'
            client.call('system_wakeup')
            client.wait_event('WAKEUP')
            guest.wait('END0')
            guest.wait('# ')
        assert guest.run('sha256sum /tmp/r') == before
        guest.run('dd if=/dev/vda of=/tmp/r bs=1M count=9')
        guest.console.sendall(b'exit\n')
        event = client.wait_event('SHUTDOWN')
        assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event


if __name__ == '__main__':
    vmdtest.main([firmware_menu, multiboot, linux_sleeps])
