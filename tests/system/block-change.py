#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Nodes that change while a disk uses them: limits, thresholds."""
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qcow2images                                  # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from qcow2images import run                         # noqa: E402
from virtioblk import VirtioBlk                     # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from waiting import becomes                         # noqa: E402

MIB = 1 << 20


class Machine:
    """A microvm with a disk that the test drives."""

    def __init__(self, recorder):
        self.daemon = Daemon(recorder)

    def __enter__(self):
        self.daemon.__enter__()
        self.client = self.daemon.client()
        qtestclient.build(self.client)
        self.port = qtestclient.serve(self.daemon, self.client)
        self.path = self.daemon.path('disk')
        with open(self.path, 'wb') as f:
            f.truncate(4 * MIB)
        return self

    def start(self, device=None, **node):
        self.add(**{'driver': 'raw', 'node-name': 'disk0', 'file': {
            'driver': 'file', 'node-name': 'file0', 'filename': self.path}, **node})
        self.client.call('device_add', driver='virtio-blk-device', id='vd0', drive='disk0',
                         **(device or {}))
        self.client.call('cont')
        self.disk = VirtioBlk(self.port)

    def add(self, **node):
        self.client.request({'execute': 'blockdev-add', 'arguments': node})

    def __exit__(self, *what):
        self.port.close()
        self.daemon.__exit__(*what)

    def throttle(self, **limits):
        self.client.request({'execute': 'block_set_io_throttle', 'arguments': {
            'bps': 0, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0, 'iops_rd': 0, 'iops_wr': 0, **limits}})

    def refuse(self, reason, **limits):
        error = self.client.error('block_set_io_throttle', {
            'bps': 0, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0, 'iops_rd': 0, 'iops_wr': 0, **limits})
        assert error['reason'] == reason, error

    def inserted(self):
        return self.client.call('query-block')[0]['inserted']

    def groups(self):
        return sorted(o['name'] for o in self.client.call('qom-list', path='/objects')
                      if o['type'] == 'child<throttle-group>')

    def seconds(self, count=20):
        """How long that many writes of a sector take, of which one may pass at once."""
        began = time.monotonic()
        self.disk.begin_writes(range(count), b'x' * 512)
        self.disk.wait()
        assert all(self.disk.status(i) == 0 for i in range(count))
        return time.monotonic() - began


def throttling(recorder):
    """a disk is slowed down, told about, and let go while requests wait"""
    for device in {}, {'iothread': 'io0'}:
        with Machine(recorder) as m:
            m.client.call('object-add', qom_type='iothread', id='io0')
            m.start(device)
            assert m.seconds() < 0.3
            m.throttle(id='vd0', iops=40)
            assert m.seconds() > 0.3
            info = m.inserted()
            assert info['iops'] == 40 and info['group'] == 'vd0' and info['bps'] == 0, info
            assert info['node-name'] == 'disk0', info
            assert m.groups() == ['vd0']
            # Requests that wait are not lost when the limits go.
            m.throttle(id='vd0', iops=8)
            m.disk.begin_writes(range(8), b'y' * 512)
            time.sleep(0.05)
            assert m.disk.done() < m.disk.next
            m.throttle(device='disk0')
            info = m.inserted()
            assert info['iops'] == 0 and 'group' not in info, info
            m.disk.wait()
            assert m.groups() == [] and m.seconds() < 0.3
            with open(m.path, 'rb') as f:
                assert f.read(512) == b'x' * 512


def groups(recorder):
    """groups are shared, and those of clients stay"""
    with Machine(recorder) as m:
        m.start()
        m.client.call('object-add', qom_type='throttle-group', id='own')
        m.client.call('object-add', qom_type='iothread', id='io0')
        m.throttle(id='vd0', bps_rd=1000000, bps_rd_max=2000000, bps_rd_max_length=3,
                   iops_size=4096, group='own')
        info = m.inserted()
        assert (info['bps_rd'], info['bps_rd_max'], info['bps_rd_max_length'], info['iops_size'],
                info['group']) == (1000000, 2000000, 3, 4096, 'own'), info
        limits = m.client.call('qom-get', path='/objects/own', property='limits')
        assert limits['bps-read'] == 1000000 and limits['iops-total'] == 0, limits
        assert m.client.error('object-del', {'id': 'own'})['reason'] == 'in-use'
        m.throttle(id='/machine/peripheral/vd0', iops_wr=7)
        assert m.inserted()['group'] == 'own' and m.inserted()['iops_wr'] == 7
        m.throttle(device='disk0', iops=5, group='other')
        assert m.groups() == ['other', 'own'] and m.inserted()['group'] == 'other'
        m.refuse('invalid-value', id='vd0', iops=5, iops_rd=5)
        m.refuse('invalid-value', id='vd0', iops_max=5, iops=10)
        m.refuse('invalid-value', id='vd0', iops_max_length=5, iops=10)
        m.refuse('id-in-use', id='vd0', iops=5, group='io0')
        m.refuse('id-invalid', id='vd0', iops=5, group='0')
        m.refuse('device-not-found', id='nothing', iops=5)
        m.refuse('device-not-found', device='file0', iops=5)
        m.refuse('property-missing', iops=5)
        assert m.inserted()['iops'] == 5 and m.groups() == ['other', 'own']
        kinds = 'bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'
        for some in kinds[0::3], kinds[1:3] + kinds[4:]:
            wanted = {k + suffix: value for k in some for suffix, value in (
                ('', 1000), ('_max', 2000), ('_max_length', 5))}
            m.throttle(id='vd0', iops_size=512, **wanted)
            info = m.inserted()
            assert {k: info.get(k) for k in wanted} == wanted, info
            assert {k: info[k] for k in kinds if k not in some} == dict.fromkeys(
                set(kinds) - set(some), 0), info
        # The same by hand.
        m.client.call('qom-set', path='/block-nodes/disk0', property='io-limits', value='own')
        recorder.write('block-raw', 'io-limits')
        assert m.inserted()['group'] == 'own'
        m.client.call('qom-set', path='/block-nodes/disk0', property='io-limits', value='other')
        m.client.call('object-add', qom_type='policy', id='strict', deprecated_input='reject')
        m.refuse('deprecated-input', device='disk0', iops=6)
        m.throttle(id='vd0')
        assert m.groups() == ['own']
        m.client.call('object-del', id='own')


def limits_stay(recorder):
    """limits that blockdev-reopen does not mention stay; a group that nobody made goes with them"""
    with Machine(recorder) as m:
        m.start()
        disk = {'driver': 'raw', 'node-name': 'disk0', 'file': 'file0'}
        m.throttle(id='vd0', iops=40)
        m.client.call('blockdev-reopen', options=[dict(disk, **{'detect-zeroes': 'on'})])
        assert m.inserted()['iops'] == 40 and m.groups() == ['vd0'], m.inserted()
        assert m.inserted()['detect_zeroes'] == 'on' and m.seconds() > 0.3
        told = [r['arguments'] for r in m.client.call('query-config')['requests']
                if r['arguments'].get('node-name') == 'disk0'][0]
        assert told['io-limits'] == 'vd0', told
        m.client.call('blockdev-reopen', options=[dict(disk, **{'io-limits': ''})])
        assert m.inserted()['iops'] == 0 and m.groups() == [] and m.seconds() < 0.3
        m.client.call('object-add', qom_type='throttle-group', id='own')
        m.throttle(id='vd0', iops=40)
        m.client.call('blockdev-reopen', options=[dict(disk, **{'io-limits': 'own'})])
        assert m.groups() == ['own'] and m.inserted()['group'] == 'own'
        # Of a node that is removed.
        m.throttle(id='vd0', iops=40, group='its')
        m.add(**{'driver': 'null-co', 'node-name': 'n', 'io-limits': 'its'})
        m.throttle(id='vd0')
        assert m.groups() == ['its', 'own']
        m.client.call('blockdev-del', node_name='n')
        assert m.groups() == ['own']


def closing(recorder):
    """a group may go while an image that is removed still writes through its throttle node"""
    qcow2images.need_tools()
    with FaultyFile(MIB) as file, \
            Daemon(recorder, env=dict(os.environ, MALLOC_PERTURB_='165')) as daemon:
        client = daemon.client()
        path = daemon.path('image')
        run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on', path, '64M')
        with open(path, 'rb') as f:
            image = f.read()
        file.data[:len(image)] = image
        client.call('object-add', qom_type='throttle-group', id='g')
        client.call('blockdev-add', driver='qcow2', node_name='q', file={
            'driver': 'throttle', 'throttle-group': 'g',
            'file': {'driver': 'file', 'filename': file.path}})
        client.call('block_resize', node_name='q', size=128 * MIB)
        file.hold('write', 'sync')
        waiting = daemon.client()
        waiting.send({'execute': 'blockdev-del', 'arguments': {'node-name': 'q'}})
        becomes(file.n_held, 1)
        client.call('object-del', id='g')
        file.release()
        assert waiting.reply() == {'return': {}}
        client.call('quit')
        assert daemon.wait() == 0


def limits_are_configuration(recorder):
    """query-config has the limits, and another daemon builds the same from it"""
    with Machine(recorder) as m:
        m.start()
        m.throttle(id='vd0', iops=9)
        config = m.client.call('query-config')
        shown = m.inserted()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        requests = [r for r in config['requests'] if r['execute'] != 'chardev-add' and
                    r['arguments'].get('qom-type') != 'qtest']
        os.makedirs(m.daemon.folder)
        with open(m.path, 'wb') as f:
            f.truncate(4 * MIB)
        client.call('build', requests=requests)
        again = client.call('query-block')[0]['inserted']
        assert again['iops'] == 9 and again['group'] == shown['group'] == 'vd0', again
        os.unlink(m.path)
        os.rmdir(m.daemon.folder)


def hints(recorder):
    """aio is taken as a hint, and told in the configuration"""
    with Machine(recorder) as m:
        for name in 'threads', 'native', 'io_uring':
            m.add(**{'driver': 'file', 'node-name': name, 'filename': m.path, 'aio': name,
                     'read-only': True})
        told = [r['arguments'] for r in m.client.call('query-config')['requests']
                if r['execute'] == 'blockdev-add']
        assert [t['aio'] for t in told] == ['threads', 'native', 'io_uring'], told


MAGICS = {
    'qcow': b'QFI\xfb\0\0\0\1', 'qcow2': b'QFI\xfb\0\0\0\3', 'qed': b'QED\0', 'vmdk': b'KDMV',
    'vdi': bytes(64) + b'\x7f\x10\xda\xbe', 'vhdx': b'vhdxfile', 'vpc': b'conectix',
    'luks': b'LUKS\xba\xbe', 'parallels': b'WithoutFreeSpace'}


def formats(recorder):
    """a raw disk that looks like an image is told of, and a guessed one does not become one"""
    for probed in False, True:
        with Machine(recorder) as m:
            m.start(probed=probed)
            before = m.disk.read(0, 512)
            for magic in MAGICS.values():
                sector = magic.ljust(512, b'\0')
                assert m.disk.write(1, sector) == 0
                assert m.disk.write(0, sector) == (1 if probed else 0), magic
                assert m.disk.read(0, 512) == (before if probed else sector)
            assert m.disk.write(0, b'a boot sector'.ljust(512)) == 0
    with Machine(recorder) as m:
        for name, magic in MAGICS.items():
            with open(m.daemon.path(name), 'wb') as f:
                f.write(magic.ljust(1024, b'\0'))
            m.add(driver='raw', file={'driver': 'file', 'filename': m.daemon.path(name)})
            assert "%s' begins as an image in format %s " % (name, name) in m.daemon.output()
            told = run(vmdtest.VMCTL, 'translate', '--explain', '--', '-nodefaults', '-drive',
                       'format=raw,if=virtio,file=' + m.daemon.path(name))
            assert "%s' begins as an image in format %s " % (name, name) in told, told
            done = subprocess.run(
                [vmdtest.VMCTL, 'translate', '--check', '--', '-nodefaults', '-M', 'none',
                 '-drive', 'format=raw,if=none,id=d,file=' + m.daemon.path(name)],
                stderr=subprocess.PIPE, text=True, check=False)
            assert "warning: '%s' begins as an image in format %s " % (
                m.daemon.path(name), name) in done.stderr, done
        m.add(driver='raw', file={'driver': 'file', 'filename': m.path})
        with open(m.daemon.path('other'), 'wb') as f:
            f.write(b'conectix'.ljust(1024, b'\0'))
        m.add(driver='raw', offset=512,
              file={'driver': 'file', 'filename': m.daemon.path('other')})
        assert m.daemon.output().count('begins as') == len(MAGICS)


def threshold(recorder):
    """the first write beyond a threshold is told, once"""
    with Machine(recorder) as m:
        m.start()
        for name, start in ('disk0', 8192), ('file0', 65536):
            m.client.call('block-set-write-threshold', node_name=name, write_threshold=start)
            shown = {n['node-name']: n['write_threshold']
                     for n in m.client.call('query-named-block-nodes')}
            assert shown == {'disk0': 0, 'file0': 0, name: start}, shown
            assert m.disk.write(start // 512 - 1, bytes(512)) == 0
            assert 'BLOCK_WRITE_THRESHOLD' not in m.client.drain_events()
            assert m.disk.write(start // 512 - 1, bytes(1024)) == 0
            event = m.client.wait_event('BLOCK_WRITE_THRESHOLD')['data']
            assert event == {'node-name': name, 'amount-exceeded': 512,
                             'write-threshold': start}, event
            assert m.disk.write(start // 512 + 5, bytes(1024)) == 0
            assert 'BLOCK_WRITE_THRESHOLD' not in m.client.drain_events()
        m.client.call('block-set-write-threshold', node_name='disk0', write_threshold=512)
        m.client.call('block-set-write-threshold', node_name='disk0', write_threshold=0)
        assert m.disk.write(100, bytes(512)) == 0
        assert 'BLOCK_WRITE_THRESHOLD' not in m.client.drain_events()


def broken_image(m, compressed):
    """A qcow2 image whose first cluster is nowhere, or cannot be unpacked."""
    with open(m.path, 'wb') as f:
        f.write(os.urandom(65536) if not compressed else b'abc' * 21846)
        f.truncate(MIB)
    image = m.daemon.path('image')
    run('qemu-img', 'convert', '-O', 'qcow2', *(['-c'] if compressed else []), m.path, image)
    with open(image, 'r+b') as f:
        data = f.read()
        table = struct.unpack_from('>Q', data, struct.unpack_from('>Q', data, 40)[0])[0]
        table &= (1 << 56) - 512
        entry = struct.unpack_from('>Q', data, table)[0]
        if compressed:
            f.seek(entry & ((1 << 54) - 1))
            f.write(b'\xff' * 100)
        else:
            f.seek(table)
            f.write(struct.pack('>Q', entry + 512))
    return image, entry & ((1 << 54) - 1)


def corrupted(recorder):
    """an image that turns out to be malformed is reported once, and not written any more"""
    qcow2images.need_tools()
    for compressed in False, True:
        for read_only in False, True:
            with Machine(recorder) as m:
                image, place = broken_image(m, compressed)
                m.start(driver='qcow2', file={'driver': 'file', 'filename': image},
                        **{'read-only': read_only})
                for _ in range(2):
                    assert m.disk.read(0, 512) is None
                event = m.client.wait_event('BLOCK_IMAGE_CORRUPTED')['data']
                assert event['device'] == event['node-name'] == 'disk0', event
                assert event['fatal'] == (not read_only) and event['msg'], event
                assert event.get('offset') == (place if compressed else None), (event, place)
                assert m.disk.write(900, b'x' * 512) == 1
                assert 'BLOCK_IMAGE_CORRUPTED' not in m.client.drain_events()
                with open(image, 'rb') as f:
                    marked = struct.unpack_from('>Q', f.read(104), 72)[0] == 2
                assert marked == (not read_only), marked


vmdtest.main([corrupted, throttling, groups, limits_stay, closing, limits_are_configuration, hints, formats, threshold])
