#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks: block nodes over QMP, and a Linux guest that reads and writes them."""
import ctypes
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest
from linuxguest import BOOT_TIMEOUT, Guest, virtio
from vmdtest import Daemon, accel_class, Skip, on_one_accel

SCRIPT_SIZE = 64 << 10


def image(path, script='', size=1 << 20, sectors=None):
    """A raw image that begins with a shell script."""
    data = bytearray(script.encode().ljust(SCRIPT_SIZE, b'\n') if script else b'')
    data.extend(bytes(size - len(data)))
    for number, content in (sectors or {}).items():
        data[number * 512:number * 512 + len(content)] = content
    with open(path, 'wb') as f:
        f.write(data)


def add_file(client, name, path, **options):
    arguments = {'driver': 'raw', 'node-name': name,
                 'file': {'driver': 'file', 'filename': path, 'node-name': name + '-file'}}
    arguments.update(options)
    client.request({'execute': 'blockdev-add', 'arguments': arguments})


def linux(daemon, client):
    """A Linux guest that runs the script which vda begins with."""
    guest = Guest(daemon, client, append='guest.script=vda', kernel='linux-6.12-emul')
    client.call('set-action', reboot='shutdown')
    return guest


READ_WRITE = """
echo serial $(cat /sys/block/vda/serial)
dd if=/dev/vda bs=512 count=1 skip=200 2>/dev/null
echo written-by-the-guest >/tmp/x
dd if=/tmp/x of=/dev/vda bs=512 seek=201 conv=sync 2>/dev/null
sync
echo size $(cat /sys/block/vda/size)
s=0
while [ $s != 4096 ]; do
  read s </sys/block/vda/size
done
echo resized to $s
exit
"""


def read_write_resize(recorder, folder, **device):
    path = os.path.join(folder, 'disk.img')
    image(path, READ_WRITE, sectors={200: b'sector-two-hundred\n'.ljust(512, b'\n')})
    with Daemon(recorder) as daemon:
        client = daemon.client()
        if device:
            client.call('object-add', qom_type='iothread', id='io0')
            assert [t['id'] for t in client.call('query-iothreads')] == ['io0']
        add_file(client, 'disk', path)
        guest = linux(daemon, client)
        client.call('device_add', driver=virtio('blk'), id='vd0', drive='disk',
                    serial='SERIAL-7', **device)
        client.call('cont')
        text = guest.wait('size 2048', BOOT_TIMEOUT)
        assert 'serial SERIAL-7' in text, text
        assert 'sector-two-hundred' in text, text
        with open(path, 'rb') as f:
            f.seek(201 * 512)
            assert f.read(20) == b'written-by-the-guest'
        client.request({'execute': 'block_resize', 'arguments': {
            'node-name': 'disk', 'size': 2 << 20}})
        guest.wait('resized to 4096', BOOT_TIMEOUT)
        assert client.wait_event('SHUTDOWN', BOOT_TIMEOUT)['data']['reason'] == 'guest-reset'
        assert daemon.wait() == 0
    assert os.path.getsize(path) == 2 << 20


@on_one_accel
def linux_main_loop(recorder):
    """Linux reads and writes a disk and sees it resized"""
    with tempfile.TemporaryDirectory() as folder:
        read_write_resize(recorder, folder)


@on_one_accel
def linux_iothread(recorder):
    """the same with the queues on an iothread"""
    with tempfile.TemporaryDirectory() as folder:
        read_write_resize(recorder, folder, iothread='io0')


class Tmpfs:
    """A file system that is soon full."""

    def __init__(self, size):
        if os.geteuid() != 0:
            raise Skip('needs root to mount a tmpfs')
        self.folder = tempfile.mkdtemp(prefix='vmd-tmpfs-')
        if subprocess.call(['mount', '-t', 'tmpfs', '-o', 'size=%d' % size, 'none', self.folder],
                           stderr=subprocess.DEVNULL) != 0:
            os.rmdir(self.folder)
            raise Skip('a tmpfs cannot be mounted here')

    def resize(self, size):
        subprocess.check_call(['mount', '-o', 'remount,size=%d' % size, self.folder])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.call(['umount', '-l', self.folder])
        os.rmdir(self.folder)


FILL = """
dd if=/dev/vda of=/tmp/64k bs=65536 count=1 2>/dev/null
i=0
while [ $i -lt 16 ]; do cat /tmp/64k; i=$((i+1)); done >/tmp/1m
cat /tmp/1m >/dev/vdb
sync
echo filled
i=0
while true; do
  i=$((i+1))
  echo block $i of many >/tmp/b
  dd if=/tmp/b of=/dev/vda bs=512 seek=$((200+i)) conv=sync 2>/dev/null
  sync
  echo wrote $i.
done
"""


@on_one_accel
def disk_full_and_quit(recorder):
    """a full disk stops the machine, cont tries again; quit under load loses nothing"""
    with Tmpfs(512 << 10) as tmpfs, tempfile.TemporaryDirectory() as folder:
        path, full = os.path.join(folder, 'disk.img'), os.path.join(tmpfs.folder, 'full.img')
        image(path, FILL)
        with open(full, 'wb') as f:
            f.truncate(1 << 20)
        with Daemon(recorder) as daemon:
            client = daemon.client()
            add_file(client, 'disk', path)
            add_file(client, 'full', full)
            guest = linux(daemon, client)
            # The first added is vda.
            client.call('device_add', driver=virtio('blk'), id='vd0', drive='disk')
            client.call('device_add', driver=virtio('blk'), id='vd1', drive='full',
                        werror='stop')
            client.call('cont')
            event = client.wait_event('BLOCK_IO_ERROR', BOOT_TIMEOUT)['data']
            assert event['node-name'] == 'full' and event['nospace'], event
            assert event['action'] == 'stop' and event['operation'] == 'write', event
            client.wait_event('STOP')
            assert client.call('query-status')['status'] == 'io-error'
            # On PCI the disk is a part of what was added: .../vd0/virtio-backend.
            status = {d['qdev'].removesuffix('/virtio-backend').split('/')[-1]: d['io-status']
                      for d in client.call('query-block')}
            assert status == {'vd0': 'ok', 'vd1': 'nospace'}, status
            tmpfs.resize(4 << 20)
            client.call('cont')
            guest.wait('filled', BOOT_TIMEOUT)
            with open(full, 'rb') as f, open(path, 'rb') as disk:
                assert f.read() == disk.read(SCRIPT_SIZE) * 16
            guest.wait('wrote 3.', BOOT_TIMEOUT)
            client.call('stop')
            client.call('cont')
            guest.wait('wrote 20.', BOOT_TIMEOUT)
            client.call('quit')
            assert daemon.wait() == 0
            told = 'wrote 20.' + guest.rest()
        # What the guest was told to be on the disk is there, to the last block.
        written = max(int(n) for n in re.findall(r'wrote (\d+)\.', told))
        with open(path, 'rb') as f:
            for i in range(1, written + 1):
                f.seek((200 + i) * 512)
                text = b'block %d of many' % i
                assert f.read(len(text)) == text, i


def nodes(recorder):
    """nodes are made nested and by name, listed, and removed"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        path = os.path.join(folder, 'a.img')
        image(path)
        client.call('object-add', qom_type='throttle-group', id='slow',
                    limits={'iops-total': 100, 'iops-total-max': 1000})
        add_file(client, 'a', path, cache={'no-flush': True}, discard='unmap',
                 **{'detect-zeroes': 'unmap', 'auto-read-only': True, 'offset': 4096})
        client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'throttle', 'node-name': 't', 'throttle-group': 'slow', 'file': 'a'}})
        client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'null-co', 'size': 65536, 'read-zeroes': True, 'latency-ns': 1}})
        info = {n['node-name']: n for n in client.call('query-named-block-nodes', flat=True)}
        assert sorted(info) == ['#block000', 'a', 'a-file', 't'], info
        assert info['t']['image']['virtual-size'] == (1 << 20) - 4096, info
        assert info['a-file']['cache'] == {'writeback': True, 'direct': False, 'no-flush': True}
        assert info['a']['file'] == path and info['a']['drv'] == 'raw'
        stats = client.call('query-blockstats', query_nodes=True)
        assert [s['node-name'] for s in stats] == ['a-file', 'a', 't', '#block000'], stats
        assert stats[2]['parent']['parent']['node-name'] == 'a-file'
        assert client.error('blockdev-del', {'node-name': 'a'})['reason'] == 'in-use'
        assert client.error('blockdev-del', {'node-name': 'a-file'})['reason'] == 'in-use'
        assert client.error('object-del', {'id': 'slow'})['reason'] == 'in-use'
        for name in 't', 'a', '#block000':
            client.call('blockdev-del', node_name=name)
        assert client.call('query-named-block-nodes') == []
        client.call('object-del', id='slow')


def refusals(recorder):
    """a file that cannot be opened is refused by name and leaves nothing behind"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        path = os.path.join(folder, 'a.img')
        image(path)
        add_file(client, 'a', path)

        def refuse(reason, **options):
            arguments = {'driver': 'file', 'filename': path, 'node-name': 'x', 'locking': 'off'}
            arguments.update({k.replace('_', '-') if k != 'node_name' else 'node-name': v
                              for k, v in options.items()})
            error = client.error('blockdev-add', arguments)
            assert error['reason'] == reason, error
            return error['desc']

        assert 'another machine' in refuse('in-use', locking='on')
        refuse('id-in-use', node_name='a')
        refuse('id-invalid', node_name='#own')
        refuse('file-not-usable', filename=path + '.none')
        refuse('file-not-usable', filename=folder)
        refuse('file-not-usable', driver='host_device')
        refuse('invalid-value', detect_zeroes='unmap')
        refuse('invalid-value', **{'force-share': True})
        error = client.error('blockdev-add', {
            'driver': 'raw', 'node-name': 'y', 'offset': 1 << 30,
            'file': {'driver': 'null-co', 'size': 4096}})
        assert error['reason'] == 'out-of-range', error
        error = client.error('blockdev-add', {'driver': 'qed', 'file': 'a'})
        assert error['reason'] == 'invalid-value', error
        names = [n['node-name'] for n in client.call('query-named-block-nodes')]
        assert names == ['a-file', 'a'], names
        with Daemon(recorder) as other:
            error = other.client().error('blockdev-add', {'driver': 'file', 'filename': path})
            assert error['reason'] == 'in-use', error
            other.client().call('blockdev-add', driver='file', filename=path,
                                read_only=True, force_share=True)


def locking(recorder):
    """two daemons share an image only if one of them does not lock it"""
    with Daemon(recorder) as one, Daemon(recorder) as two, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'a.img')
        image(path)
        first, second = one.client(), two.client()

        def add(client, value):
            arguments = {'driver': 'file', 'filename': path, 'node-name': 'a', 'locking': value}
            client.request({'execute': 'blockdev-add', 'arguments': arguments})
            options = client.call('qom-get', path='/block-nodes/a', property='options')
            assert options['locking'] == value, options
        for here, there in ('on', 'off'), ('off', 'on'), ('off', 'off'), ('auto', 'off'):
            add(first, here)
            add(second, there)
            second.call('blockdev-del', node_name='a')
            first.call('blockdev-del', node_name='a')
        for here in 'on', 'auto':
            add(first, here)
            error = second.error('blockdev-add', {'driver': 'file', 'filename': path,
                                                  'locking': 'on'})
            assert error['reason'] == 'in-use', error
            first.call('blockdev-del', node_name='a')
        add(second, 'on')


def resize(recorder):
    """block_resize checks what it is asked for"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        path = os.path.join(folder, 'a.img')
        image(path)
        add_file(client, 'a', path)
        client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'null-co', 'node-name': 'n'}})
        for size in 4 << 20, 1 << 16:
            client.request({'execute': 'block_resize', 'arguments': {
                'node-name': 'a', 'size': size}})
            assert os.path.getsize(path) == size
            assert client.call('qom-get', path='/block-nodes/a', property='size') == size
        for arguments, reason in [({'node-name': 'n', 'size': 1}, 'not-supported'),
                                  ({'node-name': 'z', 'size': 1}, 'object-not-found'),
                                  ({'device': 'z', 'size': 1}, 'device-not-found'),
                                  ({'size': 1}, 'property-missing'),
                                  ({'node-name': 'a', 'size': -1}, 'out-of-range')]:
            error = client.error('block_resize', arguments)
            assert error['reason'] == reason, error


def loop_device(recorder):
    """a block device of the host, whose size block_resize reads again"""
    if os.geteuid() != 0:
        raise Skip('needs root for a loop device')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'a.img')
        image(path)
        made = subprocess.run(['losetup', '-f', '--show', path], capture_output=True, text=True)
        if made.returncode != 0:
            raise Skip('no loop device: ' + made.stderr.strip())
        device = made.stdout.strip()
        try:
            with Daemon(recorder) as daemon:
                client = daemon.client()
                error = client.error('blockdev-add', {'driver': 'file', 'filename': device})
                assert error['reason'] == 'file-not-usable', error
                client.request({'execute': 'blockdev-add', 'arguments': {
                    'driver': 'host_device', 'filename': device, 'node-name': 'h',
                    'cache': {'direct': True}, 'aio': 'io_uring'}})
                assert client.call('qom-get', path='/block-nodes/h', property='type') == \
                    'block-host-device'
                assert client.call('qom-get', path='/block-nodes/h', property='ro') is False
                recorder.read('block-host-device', 'ro')
                info = client.call('query-named-block-nodes')[0]
                assert info['image']['virtual-size'] == 1 << 20, info
                assert info['cache']['direct'], info
                error = client.error('block_resize', {'node-name': 'h', 'size': 2 << 20})
                assert error['reason'] == 'not-supported', error
                os.truncate(path, 2 << 20)
                if subprocess.call(['losetup', '-c', device]):
                    raise Skip('the size of a loop device cannot be changed here')
                client.request({'execute': 'block_resize', 'arguments': {
                    'node-name': 'h', 'size': 2 << 20}})
                info = client.call('query-named-block-nodes')[0]
                assert info['image']['virtual-size'] == 2 << 20, info
        finally:
            subprocess.call(['losetup', '-d', device])


PROPERTIES = {
    'share-rw': True, 'iothread': 'io0', 'num-queues': 4, 'queue-size': 64, 'serial': 'S',
    'logical_block_size': 4096, 'physical_block_size': 8192, 'min_io_size': 8192,
    'opt_io_size': 65536, 'discard_granularity': 16384, 'write-cache': 'off',
    'config-wce': False, 'discard': False, 'write-zeroes': False, 'max-discard-sectors': 100,
    'max-write-zeroes-sectors': 200, 'rerror': 'stop', 'werror': 'ignore',
    'indirect_desc': False, 'event_idx': False,
}


@on_one_accel
def properties(recorder):
    """a disk's properties read as they were set; automatic choices are readable"""
    with Daemon(recorder) as daemon, tempfile.TemporaryDirectory() as folder:
        client = daemon.client()
        path = os.path.join(folder, 'a.img')
        image(path)
        client.request({'execute': 'object-add', 'arguments': {
            'qom-type': 'iothread', 'id': 'io0', 'poll-max-ns': 1000, 'poll-grow': 3,
            'poll-shrink': 4}})
        client.call('qom-set', path='/objects/io0', property='poll-max-ns', value=2000)
        info = client.call('query-iothreads')[0]
        assert info['thread-id'] != daemon.process.pid and info['thread-id'] > 0, info
        assert (info['poll-max-ns'], info['poll-grow'], info['poll-shrink']) == (2000, 3, 4), info
        client.call('object-add', qom_type='throttle-group', id='g')
        client.call('qom-set', path='/objects/g', property='limits', value={'bps-total': 1000})
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 << 20)
        client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram')
        add_file(client, 'a', path)
        client.request({'execute': 'blockdev-add', 'arguments': {
            'driver': 'null-co', 'node-name': 'n'}})
        client.request({'execute': 'device_add', 'arguments': dict(
            PROPERTIES, driver='virtio-blk-device', id='vd0', drive='n')})
        for name, value in PROPERTIES.items():
            got = client.call('qom-get', path='vd0', property=name)
            assert got == value or got == '/objects/' + str(value), (name, got)
        client.call('device_add', driver='virtio-blk-device', id='vd1', drive='a')
        assert client.call('qom-get', path='vd1', property='logical_block_size') == 512
        assert client.error('blockdev-del', {'node-name': 'a'})['reason'] == 'in-use'
        assert client.error('object-del', {'id': 'io0'})['reason'] == 'in-use'
        client.request({'execute': 'block_resize', 'arguments': {
            'device': 'vd1', 'size': 3 << 20}})
        sizes = [d['inserted']['image']['virtual-size'] for d in client.call('query-block')]
        assert sizes == [1 << 30, 3 << 20], sizes
        stats = client.call('query-blockstats')
        assert [s['qdev'] for s in stats] == ['vd0', 'vd1'], stats
        assert stats[0]['stats']['rd_operations'] == 0, stats
        for device, node in ('vd0', 'n'), ('vd1', 'a'):
            client.call('device_del', id=device)
            client.call('blockdev-del', node_name=node)
        client.call('object-del', id='io0')


def deny_io_uring():
    """In the child: io_uring_setup fails with EPERM."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, 425), (0x06, 0, 0, 0x00050000 | 1),
            (0x06, 0, 0, 0x7fff0000)]
    program = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *i) for i in code))
    fprog = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(code),
                                                    ctypes.addressof(program)))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, fprog, 0, 0) != 0:
        os._exit(99)


@on_one_accel
def no_io_uring(recorder):
    """where the host denies io_uring, a disk on a file fails by name"""
    with tempfile.TemporaryDirectory() as folder:
        path, sock = os.path.join(folder, 'a.img'), os.path.join(folder, 'sock')
        image(path)
        process = subprocess.Popen([vmdtest.VMD, '--socket', sock], stderr=subprocess.DEVNULL,
                                   preexec_fn=deny_io_uring)
        try:
            deadline = time.monotonic() + vmdtest.TIMEOUT
            while not os.path.exists(sock):
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
            client = vmdtest.Client(sock, recorder)
            client.call('object-add', qom_type=accel_class(), id='accel')
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 << 20)
            client.call('object-add', qom_type='microvm-machine', id='machine',
                        memory_backend='ram')
            add_file(client, 'a', path)
            client.request({'execute': 'blockdev-add', 'arguments': {
                'driver': 'null-co', 'node-name': 'n'}})
            error = client.error('device_add', {'driver': 'virtio-blk-device', 'drive': 'a'})
            assert error['reason'] == 'not-supported' and 'io_uring' in error['desc'], error
            client.call('device_add', driver='virtio-blk-device', drive='n')
            client.call('quit')
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()


vmdtest.main([nodes, loop_device, properties, no_io_uring, refusals, locking, resize,
              linux_main_loop, linux_iothread, disk_full_and_quit])
