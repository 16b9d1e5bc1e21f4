# SPDX-License-Identifier: GPL-2.0-or-later
"""The distribution's QEMU, as a daemon that tests can compare with."""
import os
import re
import shutil
import subprocess
import tempfile

from vmdtest import Client, Skip, wait_listening

PROGRAM = 'qemu-system-x86_64'
VERSION = '7.2'


def need_peer():
    """Skips unless the peer is installed, in the version that the list of differences describes."""
    if not shutil.which(PROGRAM):
        raise Skip(PROGRAM + ' is not installed (Debian: qemu-system-x86)')
    text = subprocess.run([PROGRAM, '--version'], capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r'version (\d+\.\d+)', text)
    if not found or found.group(1) != VERSION:
        raise Skip('%s is of version %s, not %s' % (PROGRAM, found and found.group(1), VERSION))


class Peer:
    """QEMU with a QMP socket of its own in a folder of its own."""

    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp(prefix='vmd-peer-')
        self.socket = os.path.join(self.folder, 'qmp.sock')
        self.log = open(os.path.join(self.folder, 'log'), 'w+b')
        self.process = subprocess.Popen(
            [PROGRAM, '-nodefaults', '-no-user-config', '-display', 'none',
             '-qmp', 'unix:%s,server=on,wait=off' % self.socket] + list(arguments),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if not wait_listening(self.socket, self.process):
            self.log.seek(0)
            raise RuntimeError('the peer does not listen: ' + self.log.read().decode())

    def client(self):
        return Client(self.socket, enable=(), check=False)

    def path(self, name):
        return os.path.join(self.folder, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
