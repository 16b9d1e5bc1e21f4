#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmd tells the service manager, read from a notification socket."""
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest
from vmdtest import TIMEOUT, VMD, Client, accel_class, on_one_accel


class Service:
    """vmd with a notification socket; nobody waits for its socket otherwise."""

    def __init__(self, **env):
        self.folder = tempfile.TemporaryDirectory(prefix='vmd-test-')
        self.path = os.path.join(self.folder.name, 'qmp.sock')
        notify = os.path.join(self.folder.name, 'notify')
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(notify)
        self.sock.settimeout(TIMEOUT)
        self.process = subprocess.Popen([VMD, '--socket', self.path, '--log-level', 'warning'],
                                        env={**os.environ, 'NOTIFY_SOCKET': notify, **env},
                                        stdin=subprocess.DEVNULL)

    def next(self):
        """The next message's lines, watchdog pings left out."""
        while True:
            lines = self.sock.recv(4096).decode().split('\n')
            if lines != ['WATCHDOG=1']:
                return lines

    def expect(self, *lines):
        got = self.next()
        assert got == list(lines), got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(TIMEOUT)
        self.sock.close()
        self.folder.cleanup()


def ready_means_ready(recorder):
    """READY=1 comes with the status when the socket answers, not before"""
    for _ in range(10):
        with Service() as vmd:
            vmd.expect('READY=1', 'STATUS=prelaunch, 0 vCPUs')
            client = Client(vmd.path, recorder)
            assert client.call('query-status')['status'] == 'prelaunch'
            client.close()


def stopping(recorder):
    """STOPPING=1 comes on quit and on SIGTERM, and nothing after it"""
    for end in ('quit', 'signal'):
        with Service() as vmd:
            vmd.next()
            if end == 'quit':
                Client(vmd.path, recorder).call('quit')
            else:
                vmd.process.terminate()
            vmd.expect('STOPPING=1', 'STATUS=ended: host-%s' % (
                'qmp-quit' if end == 'quit' else 'signal'))
            assert vmd.process.wait(TIMEOUT) == 0
            assert not select.select([vmd.sock], [], [], 0)[0], vmd.next()


@on_one_accel
def status_follows(recorder):
    """STATUS= follows the run state and the number of vCPUs"""
    with Service() as vmd:
        vmd.next()
        client = Client(vmd.path, recorder)
        client.call('object-add', qom_type=accel_class())
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram',
                    kernel=os.path.join(vmdtest.GUESTS, 'guest.elf'), append='end=loop')
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        vmd.expect('STATUS=prelaunch, 1 vCPU')
        client.call('cont')
        vmd.expect('STATUS=running, 1 vCPU')
        client.call('stop')
        vmd.expect('STATUS=paused, 1 vCPU')
        client.call('quit')
        while vmd.next()[0] != 'STOPPING=1':
            pass


def watchdog(recorder):
    """the watchdog is fed at half of its time, by the main loop"""
    with Service(WATCHDOG_USEC='400000') as vmd:
        times = []
        while len(times) < 4:
            if vmd.sock.recv(4096) == b'WATCHDOG=1':
                times.append(time.monotonic())
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert sum(gaps) / len(gaps) > 0.15, gaps
        vmd.process.send_signal(19)     # SIGSTOP: a loop that stands still
        time.sleep(0.3)
        while select.select([vmd.sock], [], [], 0)[0]:
            vmd.sock.recv(4096)
        silent = not select.select([vmd.sock], [], [], 0.6)[0]
        vmd.process.send_signal(18)     # SIGCONT
        assert silent


def watchdog_of_another_process(recorder):
    """a watchdog that is meant for another process is left alone"""
    with Service(WATCHDOG_USEC='100000', WATCHDOG_PID='1') as vmd:
        vmd.next()
        assert not select.select([vmd.sock], [], [], 0.4)[0]


def nobody_to_notify(recorder):
    """a notification socket that is never read changes nothing"""
    with Service(NOTIFY_SOCKET='/no/such/socket') as vmd:
        vmdtest.wait_listening(vmd.path, vmd.process)
        client = Client(vmd.path, recorder)
        client.call('quit')
        assert vmd.process.wait(TIMEOUT) == 0


if __name__ == '__main__':
    vmdtest.main([ready_means_ready, stopping, status_follows, watchdog,
                  watchdog_of_another_process, nobody_to_notify])
