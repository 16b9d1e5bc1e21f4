#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qcow2 images whose host fails, that are cut, or that two machines want: what the guest sees,
what clients hear, and what qemu-img finds afterwards."""
import errno
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from microvm import build, console_text             # noqa: E402
from qcow2images import run                         # noqa: E402
from vmdtest import Daemon, QmpError, on_one_accel            # noqa: E402

MIB = 1 << 20
BLOCK = 4096
COUNT = 96
WRITE, READ = 'disk=write:0:%d' % COUNT, 'disk=read:0:%d' % COUNT


def create(path, *options, size=MIB):
    run('qemu-img', 'create', '-q', '-f', 'qcow2', *options, path, str(size))
    return path


def file_node(path):
    return {'driver': 'file', 'filename': path}


def add_image(client, file, name='disk', **options):
    client.call('blockdev-add', driver='qcow2', node_name=name, file=file, **options)


class Machine:
    """A microvm with the project's guest, and the node `disk` as its disk."""

    def __init__(self, client, words, **device):
        self.client = client
        build(client, append=words + ' end=exit:7')
        client.call('device_add', driver='virtio-blk-device', id='vd0', drive='disk', **device)
        client.call('set-action', shutdown='pause')
        client.call('cont')

    def end(self):
        """The guest's last words."""
        self.client.wait_event('SHUTDOWN')
        return console_text(self.client)


@on_one_accel
def no_space(recorder):
    """an image that cannot grow stops the machine; with space, cont loses nothing"""
    qcow2images.need_tools()
    with tempfile.TemporaryDirectory() as folder, FaultyFile(0) as disk:
        fresh = create(os.path.join(folder, 'fresh'), '-o', 'cluster_size=4096')
        with open(fresh, 'rb') as f:
            disk.data = bytearray(f.read())
        disk.fail('write', errno.ENOSPC, len(disk.data) + 16 * BLOCK)
        with Daemon(recorder) as daemon:
            client = daemon.client()
            add_image(client, file_node(disk.path))
            machine = Machine(client, WRITE)
            event = client.wait_event('BLOCK_IO_ERROR')['data']
            assert (event['action'], event['nospace']) == ('stop', True), event
            client.wait_event('STOP')
            assert client.call('query-status')['status'] == 'io-error'
            disk.heal()
            client.call('cont')
            text = machine.end()
            assert 'disk: write at 0: %d ok, 0 failed, 0 wrong' % COUNT in text, text
            client.call('quit')
            assert daemon.wait() == 0
        left = os.path.join(folder, 'left')
        with open(left, 'wb') as f:
            f.write(disk.data)
        run('qemu-img', 'check', '-q', left)
        with Daemon(recorder) as daemon:
            client = daemon.client()
            add_image(client, file_node(left))
            text = Machine(client, READ).end()
            assert 'disk: read at 0: %d ok, 0 failed, 0 wrong' % COUNT in text, text


@on_one_accel
def cut(recorder):
    """an image without its end: what is there is read, the rest fails or reads as zeros"""
    qcow2images.need_tools()
    with tempfile.TemporaryDirectory() as folder:
        whole = os.path.join(folder, 'whole')
        create(whole)
        with Daemon(recorder) as daemon:
            client = daemon.client()
            add_image(client, file_node(whole))
            assert '%d ok, 0 failed' % COUNT in Machine(client, WRITE).end()
            client.call('quit')
            assert daemon.wait() == 0
        size = os.path.getsize(whole)
        for cut_at in size - BLOCK, size // 2, 5 * 65536, 4 * 65536 + 8, 3 * 65536 + 8, 65536, 100:
            with open(whole, 'rb') as source, open(os.path.join(folder, 'cut'), 'wb') as f:
                f.write(source.read()[:cut_at])
            with Daemon(recorder) as daemon:
                client = daemon.client()
                try:
                    add_image(client, file_node(os.path.join(folder, 'cut')))
                except QmpError as refused:
                    assert refused.error['reason'] == 'file-not-usable', refused
                    assert cut_at < 4 * 65536, cut_at
                    continue
                text = Machine(client, READ, rerror='report').end()
                words = text.split('disk: read at 0: ')[1].split()
                ok, failed = int(words[0]), int(words[2])
                assert ok < COUNT and failed < COUNT, text
                assert client.call('query-status')['status'] == 'shutdown'


def two_machines(recorder):
    """one image is one machine's; overlays on one base that is only read are of several"""
    qcow2images.need_tools()
    with tempfile.TemporaryDirectory() as folder, Daemon(recorder) as one, \
            Daemon(recorder) as other:
        base = create(os.path.join(folder, 'base'))
        first, second = one.client(), other.client()
        for i, client in enumerate((first, second)):
            overlay = create(os.path.join(folder, 'top%d' % i), '-b', base, '-F', 'qcow2')
            add_image(client, file_node(overlay), 'top',
                      backing={'driver': 'qcow2', 'read-only': True,
                               'file': {**file_node(base), 'read-only': True}})
        error = second.error('blockdev-add', {
            'driver': 'qcow2', 'node-name': 'x', 'file': file_node(os.path.join(folder, 'top0'))})
        assert error['reason'] == 'in-use' and 'top0' in error['desc'], error
        error = second.error('blockdev-add', {
            'driver': 'qcow2', 'node-name': 'x', 'file': file_node(base)})
        assert error['reason'] == 'in-use' and 'base' in error['desc'], error
        denied = subprocess.run(['qemu-io', '-f', 'qcow2', '-c', 'write 0 4k',
                                 os.path.join(folder, 'top0')], capture_output=True, check=False)
        assert denied.returncode != 0, denied


vmdtest.main([no_space, cut, two_machines])
