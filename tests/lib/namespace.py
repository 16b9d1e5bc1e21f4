# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces for tests, and what drops packets in them."""
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess

from vmdtest import TIMEOUT, Skip

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def device_up(control, name):
    fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack('16sH22x', name, IFF_UP))


def nft(rule):
    return subprocess.run(['nft', rule], capture_output=True, text=True, timeout=TIMEOUT)


class Namespace:
    """A network namespace that this thread, and what it starts, are in until close()."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)
        if os.geteuid() != 0 or self.libc.unshare(CLONE_NEWNET) != 0:
            os.close(self.home)
            raise Skip('needs root to make a network namespace')

    def close(self):
        self.libc.setns(self.home, CLONE_NEWNET)
        os.close(self.home)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def firewall(self, first, last):
        """Loopback, on which packets to these TCP ports are dropped."""
        if not shutil.which('nft'):
            raise Skip('needs nft (nftables)')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            device_up(control, b'lo')
        if nft('add table ip firewall').returncode:
            raise Skip('this kernel filters no packets')
        for rule in ('add chain ip firewall in { type filter hook input priority 0; }',
                     'add rule ip firewall in tcp dport %d-%d drop' % (first, last)):
            done = nft(rule)
            assert done.returncode == 0, done.stderr
