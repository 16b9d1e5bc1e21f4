#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtio disk with many queues on several threads, driven by a client of the qtest protocol:
what the threads do adds up, and stopping waits for all of them."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

MIB = 1 << 20
VIRTIO = 0xfeb00e00                 # the place that a device takes first
QUEUES, SIZE = 8, 8
BLOCK = 512
# Where things are in memory: for each queue its rings, and for each of its requests a page.
RINGS, RING_BYTES = 1 << 20, 0x4000
REQUESTS = 2 << 20
T_IN, T_OUT = 0, 1
PENDING = 0xff


class Disk:
    """The daemon with the disk, and the driver's side of its queues."""

    def __init__(self, recorder):
        self.daemon = Daemon(recorder)
        self.client = client = self.daemon.client()
        qtestclient.build(client)
        for name in 'a', 'b', 'c':
            client.call('object-add', qom_type='iothread', id=name)
        self.path = self.daemon.path('image')
        with open(self.path, 'wb') as f:
            f.truncate(MIB)
        client.call('blockdev-add', driver='file', node_name='disk', filename=self.path)
        client.call('blockdev-add', driver='null-co', node_name='slow', size=MIB,
                    latency_ns=300000000)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()

    def request(self, **arguments):
        return {'driver': 'virtio-blk-device', 'id': 'vd', 'num-queues': QUEUES,
                **{k.replace('_', '-'): v for k, v in arguments.items()}}

    def add(self, **arguments):
        self.client.request({'execute': 'device_add', 'arguments': self.request(**arguments)})

    def refuses(self, text, **arguments):
        error = self.client.error('device_add', self.request(drive='disk', **arguments))
        assert error['reason'] == 'invalid-value', error
        assert text in error['desc'] and error['path'] == 'iothread-vq-mapping', error

    def start(self):
        """Lets the machine run, and sets up all queues."""
        self.qtest = q = qtestclient.serve(self.daemon, self.client)
        self.client.call('cont')
        for status in 0, 1, 3:
            q.writel(VIRTIO + 0x70, status)
        q.writel(VIRTIO + 0x24, 0)
        q.writel(VIRTIO + 0x20, 1 << 12 | 1 << 9)       # MQ, FLUSH
        q.writel(VIRTIO + 0x24, 1)
        q.writel(VIRTIO + 0x20, 1)
        q.writel(VIRTIO + 0x70, 11)
        assert q.readl(VIRTIO + 0x70) == 11
        assert q.readl(VIRTIO + 0x100 + 32) >> 16 == QUEUES
        for n in range(QUEUES):
            base = RINGS + n * RING_BYTES
            q.writel(VIRTIO + 0x30, n)
            q.writel(VIRTIO + 0x38, SIZE)
            for register, address in (0x80, base), (0x90, base + 0x1000), (0xa0, base + 0x2000):
                q.writel(VIRTIO + register, address)
                q.writel(VIRTIO + register + 4, 0)
            q.writel(VIRTIO + 0x44, 1)
        q.writel(VIRTIO + 0x70, 15)
        self.sent = [0] * QUEUES

    def send(self, queue, kind, sector, data=None):
        """Makes a request available, and notifies the queue."""
        q, slot = self.qtest, self.sent[queue] % 2
        base = RINGS + queue * RING_BYTES
        page = REQUESTS + (queue * 2 + slot) * 4096
        q.write(page, struct.pack('<IIQ', kind, 0, sector))
        q.write(page + BLOCK, data or bytes(BLOCK))
        q.write(page + 2 * BLOCK, bytes([PENDING]))
        for i, (address, size, flags) in enumerate((
                (page, 16, 1), (page + BLOCK, BLOCK, 1 if data else 3), (page + 2 * BLOCK, 1, 2))):
            q.write(base + 16 * (slot * 3 + i),
                    struct.pack('<QIHH', address, size, flags, slot * 3 + i + 1))
        q.write(base + 0x1000 + 4 + self.sent[queue] % SIZE * 2, struct.pack('<H', slot * 3))
        self.sent[queue] += 1
        q.write(base + 0x1002, struct.pack('<H', self.sent[queue]))
        q.writel(VIRTIO + 0x50, queue)
        return page

    def used(self, queue):
        return struct.unpack('<H', self.qtest.read(RINGS + queue * RING_BYTES + 0x2002, 2))[0]

    def wait(self, queue):
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while self.used(queue) != self.sent[queue]:
            assert time.monotonic() < deadline, (queue, self.used(queue), self.sent)
            time.sleep(0.001)

    def status(self, page):
        return self.qtest.read(page + 2 * BLOCK, 1)[0]

    def statistics(self):
        (disk,) = [s for s in self.client.call('query-blockstats') if s.get('qdev') == 'vd']
        return disk['stats']


def thread_time(disk, name):
    """CPU time of an iothread, in ticks."""
    (tid,) = [t['thread-id'] for t in disk.client.call('query-iothreads') if t['id'] == name]
    with open('/proc/%d/task/%d/stat' % (disk.daemon.process.pid, tid), encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    with open('/proc/%d/task/%d/status' % (disk.daemon.process.pid, tid), encoding='ascii') as f:
        switches = sum(int(line.split()[1]) for line in f if 'ctxt_switches' in line)
    return int(fields[11]) + int(fields[12]), switches


MAPPING = [{'iothread': 'a', 'vqs': [0, 7, 3]}, {'iothread': 'b', 'vqs': [1, 2]},
           {'iothread': 'c', 'vqs': [4, 5, 6]}]


def each_queue(recorder):
    """each of eight queues works, on the thread that the mapping says, and all is counted"""
    with Disk(recorder) as disk:
        disk.add(drive='disk', iothread_vq_mapping=MAPPING)
        disk.start()
        for n in range(QUEUES):
            page = disk.send(n, T_OUT, n, bytes([n + 1]) * BLOCK)
            disk.wait(n)
            assert disk.status(page) == 0, n
        for n in range(QUEUES):
            before = {name: thread_time(disk, name)[1] for name in 'abc'}
            page = disk.send(n, T_IN, QUEUES - 1 - n)
            disk.wait(n)
            assert disk.status(page) == 0, n
            assert disk.qtest.read(page + BLOCK, BLOCK) == bytes([QUEUES - n]) * BLOCK, n
            (name,) = [m['iothread'] for m in MAPPING if n in m['vqs']]
            ran = [t for t in 'abc' if thread_time(disk, t)[1] != before[t]]
            assert name in ran, (n, ran)
        page = disk.send(5, T_IN, MIB // BLOCK)
        disk.wait(5)
        assert disk.status(page) == 1
        s = disk.statistics()
        assert (s['wr_operations'], s['rd_operations']) == (QUEUES, QUEUES), s
        assert (s['wr_bytes'], s['rd_bytes']) == (QUEUES * BLOCK, QUEUES * BLOCK), s
        assert s['invalid_rd_operations'] == 1, s
        with open(disk.path, 'rb') as f:
            assert f.read(QUEUES * BLOCK) == b''.join(
                bytes([n + 1]) * BLOCK for n in range(QUEUES))


def stop_and_removal(recorder):
    """stop waits for what is in flight on all threads, and so does a reset"""
    with Disk(recorder) as disk:
        client = disk.client
        disk.add(drive='slow', iothread_vq_mapping=[{'iothread': 'a'}, {'iothread': 'b'}])
        disk.start()
        pages = [disk.send(n, T_IN, n) for n in range(QUEUES)]
        assert PENDING in [disk.status(page) for page in pages]
        client.call('stop')
        assert [disk.status(page) for page in pages] == [0] * QUEUES
        client.call('cont')
        pages = [disk.send(n, T_IN, n) for n in range(QUEUES)]
        client.call('system_reset')
        after = [disk.qtest.read(page, 4096) for page in pages]
        time.sleep(0.5)
        assert [disk.qtest.read(page, 4096) for page in pages] == after
        assert client.error('object-del', {'id': 'a'})['reason'] == 'in-use'


def mapping_shows(recorder):
    """the mapping reads as it was given, and query-config has it"""
    with Disk(recorder) as disk:
        client = disk.client
        disk.add(drive='disk', iothread_vq_mapping=MAPPING)
        shown = client.call('qom-get', path='/machine/peripheral/vd',
                            property='iothread-vq-mapping')
        assert [(m['iothread'].rsplit('/', 1)[-1], m['vqs']) for m in shown] == [
            (m['iothread'], m['vqs']) for m in MAPPING], shown
        text = str(client.call('query-config'))
        assert "'iothread-vq-mapping': [{'iothread': 'a', 'vqs': [0, 7, 3]}" in text, text
        for name in 'abc':
            assert client.error('object-del', {'id': name})['reason'] == 'in-use'
        client.call('device_del', id='vd')
        client.call('object-del', id='a')


def wrong_mappings(recorder):
    """what is wrong with a mapping is said"""
    with Disk(recorder) as disk:
        disk.refuses('together with', iothread='a', iothread_vq_mapping=MAPPING)
        disk.refuses('is empty', iothread_vq_mapping=[])
        disk.refuses("has iothread 'a' twice",
                     iothread_vq_mapping=[{'iothread': 'a'}, {'iothread': 'a'}])
        disk.refuses("has 'vqs' in some", iothread_vq_mapping=[
            {'iothread': 'a', 'vqs': list(range(8))}, {'iothread': 'b'}])
        disk.refuses('has queue 8, and the device has 8', iothread_vq_mapping=[
            {'iothread': 'a', 'vqs': list(range(9))}])
        disk.refuses('has queue 3 twice', iothread_vq_mapping=[
            {'iothread': 'a', 'vqs': list(range(8))}, {'iothread': 'b', 'vqs': [3]}])
        disk.refuses('does not have queue 6', iothread_vq_mapping=[
            {'iothread': 'a', 'vqs': [0, 1, 2, 3, 4, 5, 7]}])
        error = disk.client.error('device_add', disk.request(
            drive='disk', iothread_vq_mapping=[{'iothread': 'none'}]))
        assert error['reason'] == 'object-not-found', error
        assert error['path'] == 'iothread-vq-mapping[0].iothread', error
        for name in 'abc':
            disk.client.call('object-del', id=name)


def sizes(recorder):
    """the largest queue, and how many pieces of a request the guest is told"""
    for properties, seg_max in (({'queue-size': 1024}, 1022), ({}, 254),
                                ({'queue-size': 1024, 'seg-max-adjust': False}, 126)):
        with Disk(recorder) as disk:
            disk.add(drive='disk', **properties)
            disk.start()
            assert disk.qtest.readl(VIRTIO + 0x100 + 12) == seg_max, properties
            disk.qtest.writel(VIRTIO + 0x30, 7)
            assert disk.qtest.readl(VIRTIO + 0x34) == properties.get('queue-size', 256)


if __name__ == '__main__':
    vmdtest.main([each_queue, stop_and_removal, mapping_shows, wrong_mappings, sizes])
