#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Socket activation: vmd behind systemd-socket-activate, sockets told apart by name."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest
from vmdtest import TIMEOUT, VMCTL, VMD, Client, Skip

ACTIVATE = shutil.which('systemd-socket-activate')


class Activated:
    """systemd-socket-activate with sockets of these names; it becomes vmd when
    the first client connects."""

    def __init__(self, names, options=()):
        if not ACTIVATE:
            raise Skip('systemd-socket-activate is not installed')
        self.folder = tempfile.mkdtemp(prefix='vmd-test-')
        self.paths = [os.path.join(self.folder, str(n)) for n in range(max(len(names), 1))]
        command = [ACTIVATE] + ['--listen=' + path for path in self.paths]
        if names:
            command.append('--fdname=' + ':'.join(names))
        self.process = subprocess.Popen(command + list(options) + [VMD], text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        for line in self.process.stderr:        # it says so once it listens
            if 'Listening on ' + self.paths[-1] in line:
                break

    def connect(self, number):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)
        sock.connect(self.paths[number])
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.stderr.close()
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.folder, ignore_errors=True)


def speaks_qmp(recorder, names):
    with Activated(names) as vmd:
        client = Client(vmd.paths[0], recorder)
        assert client.call('query-status')['status'] == 'prelaunch'
        second = Client(vmd.paths[0], recorder)
        assert second.call('query-version')['qemu']['major'] == 7
        second.call('quit')
        assert vmd.process.wait(TIMEOUT) == 0


def socket_named_qmp(recorder):
    """a socket named qmp speaks QMP"""
    speaks_qmp(recorder, ['qmp'])


def socket_with_a_unit_name(recorder):
    """a socket with a socket unit's own name speaks QMP"""
    speaks_qmp(recorder, ['vmd@web.socket'])


def socket_without_a_name(recorder):
    """a socket without a name speaks QMP"""
    speaks_qmp(recorder, [])


def socket_named_jsonrpc(recorder):
    """a socket named jsonrpc speaks JSON-RPC, beside one that speaks QMP"""
    with Activated(['jsonrpc', 'qmp']) as vmd:
        with vmd.connect(0) as sock, sock.makefile('rw') as stream:
            stream.write('{"jsonrpc": "2.0", "method": "query-status", "id": 1}\n')
            stream.flush()
            reply = json.loads(stream.readline())
            assert reply['id'] == 1 and reply['result']['status'] == 'prelaunch', reply
            client = Client(vmd.paths[1], recorder)
            assert client.call('query-status')['status'] == 'prelaunch'


def vmctl_starts_the_daemon(recorder):
    """vmctl's connection starts the daemon, and the socket stays after its end"""
    with Activated(['qmp']) as vmd:
        run = subprocess.run([VMCTL, '--socket', vmd.paths[0], 'status'], capture_output=True,
                             text=True, timeout=TIMEOUT)
        assert run.returncode == 0 and run.stdout == 'prelaunch, 0 vCPUs\n', run
        run = subprocess.run([VMCTL, '--socket', vmd.paths[0], 'stop'], capture_output=True,
                             text=True, timeout=TIMEOUT)
        assert run.returncode == 0, run
        assert vmd.process.wait(TIMEOUT) == 0
        assert os.path.exists(vmd.paths[0]), 'the service manager\'s socket was removed'


def refused(names, message, options=()):
    with Activated(names, options) as vmd:
        kind = socket.SOCK_SEQPACKET if '--seqpacket' in options else socket.SOCK_STREAM
        with socket.socket(socket.AF_UNIX, kind) as sock:
            sock.connect(vmd.paths[-1])
            text = vmd.process.stderr.read()
        assert message in text, text
        status = vmd.process.wait(TIMEOUT)
        assert status == 4, status


def socket_with_a_foreign_name(recorder):
    """a socket with any other name is an error that names it"""
    refused(['qmp', 'vnc'], "passed socket 'vnc': the name is neither 'qmp' nor 'jsonrpc'")


def socket_of_another_type(recorder):
    """a socket that is not a stream is an error that names it"""
    refused(['qmp'], "passed socket 'qmp' is not a Unix stream socket", ['--seqpacket'])


if __name__ == '__main__':
    vmdtest.main([socket_named_qmp, socket_with_a_unit_name, socket_without_a_name,
                  socket_named_jsonrpc, vmctl_starts_the_daemon, socket_with_a_foreign_name,
                  socket_of_another_type])
