#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian from a qcow2 disk on each kind of controller: SeaBIOS, GRUB, Linux with its own
initramfs, systemd up to the login; it answers on the network, keeps a file over a reset, and
switches itself off."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import rootdisk                                     # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

MACHINE = 'pc-i440fx-7.2'
LOGIN_TIMEOUT, COMMAND_TIMEOUT = 900, 180
PROMPT = '# '


class Installed:
    """A machine with the disk, logged in."""

    def __init__(self, daemon, *controllers, **disk):
        self.daemon, self.client = daemon, daemon.client()
        self.guest = Guest(daemon, self.client, machine_type=MACHINE, own={}, size=256 << 20)
        self.client.call('blockdev-add', node_name='root', driver='qcow2',
                         file={'driver': 'file', 'filename': rootdisk.layer(daemon.folder)},
                         backing={'driver': 'qcow2', 'read-only': True, 'file': {
                             'driver': 'file', 'filename': rootdisk.image()}})
        for options in controllers:
            self.client.call('device_add', **options)
        self.client.call('device_add', drive='root', **disk)
        with socket.create_server(('127.0.0.1', 0)) as probe:
            self.port = probe.getsockname()[1]
        self.client.call('netdev_add', type='user', id='net', hostfwd=[
            {'str': 'tcp:127.0.0.1:%d-:7' % self.port}])
        self.client.call('device_add', driver='virtio-net-pci', netdev='net', romfile='')
        self.client.call('set-action', shutdown='pause')
        self.client.call('cont')
        self.log_in()

    def log_in(self):
        self.guest.wait('rootdisk login:', LOGIN_TIMEOUT)
        self.guest.console.sendall(b'root\n')
        self.guest.wait(PROMPT, COMMAND_TIMEOUT)
        self.run('stty columns 999; bind "set enable-bracketed-paste off"')

    def run(self, command):
        return self.guest.run(command, COMMAND_TIMEOUT)

    def echo(self, text):
        """What the guest's service answers; its network may not be there at once."""
        deadline = time.monotonic() + LOGIN_TIMEOUT
        while True:
            try:
                with socket.create_connection(('127.0.0.1', self.port), 30) as peer:
                    peer.sendall(text)
                    peer.shutdown(socket.SHUT_WR)
                    answer = peer.recv(100)
                if answer:
                    return answer
            except OSError:
                pass
            assert time.monotonic() < deadline, 'the guest does not answer'
            time.sleep(1)

    def switch_off(self):
        self.guest.console.sendall(b'poweroff\n')
        data = self.client.wait_event('SHUTDOWN', timeout=LOGIN_TIMEOUT)['data']
        assert data == {'guest': True, 'reason': 'guest-shutdown'}, data


def boots(recorder, device, *controllers, reset=False, **disk):
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        installed = Installed(daemon, *controllers, **disk)
        assert device in installed.run('findmnt -no SOURCE /'), device
        assert installed.echo(b'through the network\n') == b'through the network\n'
        if reset:
            installed.run('seq 100000 > /root/numbers; sync')
            installed.client.call('system_reset')
            installed.log_in()
            assert installed.run('tail -n 1 /root/numbers').strip() == '100000'
        installed.switch_off()


@on_tcg
def virtio_blk(recorder):
    """on virtio-blk, with a reset"""
    boots(recorder, '/dev/vda1', driver='virtio-blk-pci', reset=True)


@on_tcg
def virtio_scsi(recorder):
    """on virtio-scsi"""
    boots(recorder, '/dev/sda1', {'driver': 'virtio-scsi-pci'}, driver='scsi-hd')


@on_tcg
def ide(recorder):
    """on the PC's IDE channels"""
    boots(recorder, '/dev/sda1', driver='ide-hd')


@on_tcg
def ahci(recorder):
    """on a Serial ATA controller"""
    boots(recorder, '/dev/sda1', {'driver': 'ich9-ahci', 'id': 'sata'}, driver='ide-hd',
          bus='sata.0')


if __name__ == '__main__':
    vmdtest.main([virtio_blk, virtio_scsi, ide, ahci])
