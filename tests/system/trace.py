#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace points and errors of guests: what a guest does, as the log and tracers see it."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                                      # noqa: E402
from microvm import build, run                                      # noqa: E402
from linuxguest import Guest, virtio                                # noqa: E402
from qtestclient import QtestClient                                 # noqa: E402
from vmdtest import Daemon, Skip, VMD, on_each_accel, on_one_accel  # noqa: E402

LINE = re.compile(r'^vmd: info: (\d+)\.(\d{6}) ([a-z0-9_]+) (/\S*?)(?:: (.*))?$', re.M)
MMIO = 0xfeb00e00                   # of microvm's first virtio device
STATUS, QUEUE_SEL, QUEUE_NUM, QUEUE_READY, QUEUE_NOTIFY = 0x70, 0x30, 0x38, 0x44, 0x50
INTERRUPT_STATUS = 0x60
FW_CFG = 0x510
QUEUE_DESC, QUEUE_DRIVER, QUEUE_DEVICE, DRIVER_FEATURES, FEATURES_SEL = 0x80, 0x90, 0xa0, 0x20, 0x24


def lines(daemon):
    """(time in microseconds, point, path, { argument: text }) of each trace line."""
    return [(int(m[1]) * 1000000 + int(m[2]), m[3], m[4],
             dict(word.split('=', 1) for word in (m[5] or '').split()))
            for m in LINE.finditer(daemon.output())]


def add_disk(client, folder, **device):
    path = os.path.join(folder, 'disk')
    with open(path, 'wb') as f:
        f.truncate(1 << 20)
    client.call('blockdev-add', driver='file', filename=path, node_name='disk')
    client.call('device_add', driver='virtio-blk-device', id='d0', drive='disk', **device)


def follow(recorder, **device):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='disk=read:3:1 end=exit:1')
        if device:
            client.call('object-add', qom_type='iothread', id='io')
        add_disk(client, daemon.folder, **device)
        client.call('trace-event-set-state', name='virtio_*', enable=True)
        run(client)
        seen = [line for line in lines(daemon) if line[2].startswith('/machine/peripheral/d0')]
    start = next(i for i, line in enumerate(seen) if line[1] == 'virtio_blk_request')
    head = seen[start][3]['head']
    assert seen[start][3] == {'queue': '0', 'head': head, 'type': '0', 'out': '16', 'in': '4097'}
    assert seen[start - 1][1:] == ('virtio_queue_notify', seen[start][2], {'queue': '0'}), seen
    assert seen[start + 1][1] == 'virtio_blk_handle_read', seen
    assert seen[start + 1][3] == {'queue': '0', 'head': head, 'sector': '24', 'bytes': '4096'}
    done = [line for line in seen if line[1] == 'virtio_blk_req_complete']
    assert [line[3] for line in done] == [{'queue': '0', 'head': head, 'status': '0'}], done
    assert [line[0] for line in seen] == sorted(line[0] for line in seen)


@on_each_accel
def request(recorder):
    """a request of a virtio disk can be followed from notification to completion"""
    follow(recorder)


@on_one_accel
def request_on_iothread(recorder):
    """the same on an iothread, without the machine lock"""
    follow(recorder, iothread='io')


@on_one_accel
def off(recorder):
    """a trace point that is switched off again writes nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='disk=read:3:1 end=exit:1')
        add_disk(client, daemon.folder)
        client.call('trace-event-set-state', name='*', enable=True)
        client.call('trace-event-set-state', name='*', enable=False)
        assert {p['state'] for p in client.call('trace-event-get-state', name='*')} == {'disabled'}
        run(client)
        assert not lines(daemon), lines(daemon)[:3]


@on_one_accel
def nobody_reads(recorder):
    """a log that is not read stops neither guest nor clients"""
    with tempfile.TemporaryDirectory() as folder:
        fifo = os.path.join(folder, 'fifo')
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDWR)       # which reads nothing, and keeps it open
        with Daemon(recorder, wrapper=['sh', '-c', 'exec "$@" 2>"$0"', fifo]) as daemon:
            client = daemon.client()
            build(client, append='bench=blk:random:512:2000:8 end=exit:1')
            add_disk(client, daemon.folder)
            client.call('trace-event-set-state', name='*', enable=True)
            assert run(client)['reason'] == 'guest-shutdown'
            client.call('query-status')
        lost = os.read(reader, 1 << 20)
        assert len(lost) > 4096, 'the log was not full'
        os.close(reader)


def level(recorder):
    """trace lines are written at every log level"""
    with Daemon(recorder, ['--log-level', 'error']) as daemon:
        client = daemon.client()
        qtest = qtest_disk(daemon, client)
        client.call('trace-event-set-state', name='virtio_set_status', enable=True)
        qtest.ok('writel 0x%x 1' % (MMIO + STATUS))
        assert [line[1] for line in lines(daemon)] == ['virtio_set_status'], daemon.output()


def qtest_disk(daemon, client, isa=False):
    """A microvm driven by qtest, with a disk; the qtest client."""
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram')
    path = daemon.path('qtest')
    client.call('chardev-add', id='q', backend={'type': 'socket', 'data': {
        'server': True, 'wait': False, 'addr': {'type': 'unix', 'data': {'path': path}}}})
    client.call('object-add', qom_type='qtest', id='qtest', chardev='q')
    add_disk(client, daemon.folder)
    if isa:
        client.call('device_add', driver='isa-serial', id='com1', chardev='con')
        client.call('device_add', driver='i8042', id='kbd')
    client.call('cont')
    return QtestClient(path)


def start_queue(qtest, where=0x1000):
    """The disk's driver, up to DRIVER_OK, with a queue of 8 at `where`."""
    registers = [(STATUS, 0), (STATUS, 3), (FEATURES_SEL, 1), (DRIVER_FEATURES, 1), (STATUS, 11),
                 (QUEUE_SEL, 0), (QUEUE_NUM, 8), (QUEUE_DESC, where), (QUEUE_DRIVER, where + 0x100),
                 (QUEUE_DEVICE, where + 0x200), (QUEUE_READY, 1), (STATUS, 15)]
    for register, value in registers:
        qtest.ok('writel 0x%x 0x%x' % (MMIO + register, value))


def interrupt(recorder):
    """the driver that wants to know is interrupted, by its queue's end and by its line"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = qtest_disk(daemon, client)
        start_queue(qtest)
        client.call('trace-event-set-state', name='*virtio*', enable=True)
        # A flush: a header of 16 bytes to read, and a byte of status to write.
        for where, value in ((0x1000, 0x2000), (0x1008, 16 | 1 << 32 | 1 << 48), (0x1010, 0x2010),
                             (0x1018, 1 | 2 << 32), (0x2000, 4), (0x1100, 1 << 16)):
            qtest.ok('writeq 0x%x 0x%x' % (where, value))
        qtest.ok('writel 0x%x 0' % (MMIO + QUEUE_NOTIFY))
        while not int(qtest.ok('readl 0x%x' % (MMIO + INTERRUPT_STATUS)), 0):
            pass
        seen = [line[1] for line in lines(daemon)]
        order = ['virtio_queue_notify', 'virtio_blk_request', 'virtio_blk_req_complete',
                 'virtio_notify']
        assert [name for name in seen if name in order][-4:] == order, seen


@on_each_accel
def linux(recorder):
    """Linux with a device of each kind causes no errors, and all of the expected trace points"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client)
        path = daemon.path('disk')
        with open(path, 'wb') as f:
            f.truncate(1 << 20)
        client.call('blockdev-add', driver='file', filename=path, node_name='disk')
        client.call('netdev_add', type='user', id='net0')
        guest.chardev('port')
        for kind, properties in (('blk', {'drive': 'disk'}), ('net', {'netdev': 'net0'}),
                                 ('rng', {}), ('balloon', {}), ('serial', {})):
            client.call('device_add', driver=virtio(kind), id=kind, **properties)
        client.call('device_add', driver='virtserialport', id='p', chardev='port', name='port')
        client.call('trace-event-set-state', name='*', enable=True)
        client.call('trace-event-set-state', name='memory_region_ops_*', enable=False)
        guest.boot()
        guest.run('ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; '
                  'ping -c 1 10.0.2.2; dd if=/dev/vda of=/dev/null bs=4k count=4')
        assert client.call('query-guest-errors') == []
        seen = {line[1] for line in lines(daemon)}
    transport = {'virtio_mmio_read', 'virtio_mmio_write', 'virtio_mmio_interrupt'} \
        if virtio('blk') == 'virtio-blk-device' else \
        {'virtio_pci_common_read', 'virtio_pci_common_write', 'virtio_pci_interrupt',
         'msix_notify', 'pci_cfg_read', 'pci_cfg_write', 'pci_update_mappings_add', 'rtc_read',
         'virtio_net_control', 'virtio_net_transmit', 'virtio_net_receive'}
    wanted = transport | {
        'virtio_set_status', 'virtio_queue_notify', 'virtio_notify', 'virtio_blk_request',
        'virtio_blk_handle_read', 'virtio_blk_req_complete', 'file_submit', 'file_done',
        'virtio_rng_request', 'virtio_rng_pushed',
        'virtio_serial_handle_control_message', 'virtio_serial_send_control_event',
        'serial_read', 'serial_write', 'irq_level', 'runstate_set',
        'chardev_write', 'chardev_receive'}
    assert wanted <= seen, wanted - seen


SECRET = 'Tr0ub4dor'


def secrets(recorder):
    """data that a client types, or sends to the guest, is in no line"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='fw-cfg-file', id='f', name='opt/secret', string=SECRET)
        path = daemon.path('con')
        client.call('chardev-add', id='con', backend={'type': 'socket', 'data': {
            'server': True, 'wait': False, 'addr': {'type': 'unix', 'data': {'path': path}}}})
        qtest = qtest_disk(daemon, client, isa=True)
        client.call('trace-event-set-state', name='*', enable=True)
        with socket.socket(socket.AF_UNIX) as terminal:
            terminal.connect(path)
            terminal.sendall(b'S')
            while not int(qtest.ok('inb 0x3fd'), 0) & 1:
                pass
            assert int(qtest.ok('inb 0x3f8'), 0) == ord('S')
        client.call('send-key', keys=[{'type': 'qcode', 'data': 's'}])
        assert int(qtest.ok('inb 0x60'), 0) == 0x1b
        qtest.ok('outw 0x%x 0x19' % FW_CFG)
        files = int.from_bytes(bytes(int(qtest.ok('inb 0x%x' % (FW_CFG + 1)), 0)
                                     for _ in range(4)), 'big')
        read = ''
        for key in range(0x20, 0x20 + files):
            qtest.ok('outw 0x%x 0x%x' % (FW_CFG, key))
            read += ''.join(chr(int(qtest.ok('inb 0x%x' % (FW_CFG + 1)), 0))
                            for _ in range(len(SECRET)))
        assert SECRET in read, 'the guest has not read it'
        seen = lines(daemon)
    assert {'fw_cfg_select', 'ps2_keyboard_event', 'pckbd_kbd_read_data', 'serial_read',
            'chardev_receive'} <= {line[1] for line in seen}
    told = {'0x1b', hex(ord('S')), *(hex(ord(c)) for c in SECRET)}
    shown = [line for line in seen if line[3].get('value') in told]
    assert not shown, shown


def guest_errors(recorder):
    """errors of a driver are counted, logged at a bounded rate, and reported"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = qtest_disk(daemon, client)
        assert client.call('query-guest-errors') == []
        rounds, start = 300, time.monotonic()
        qtest.ok('writew 0x1102 0x7fff')        # more chains than the ring has room for
        for _ in range(rounds):
            start_queue(qtest)
            qtest.ok('writel 0x%x 0' % (MMIO + QUEUE_NOTIFY))
            client.call('query-status')
            assert int(qtest.ok('readl 0x%x' % (MMIO + STATUS)), 0) & 0x40
        found = client.call('query-guest-errors')
        assert [e['path'] for e in found] == ['/machine/peripheral/d0'], found
        assert found[0]['count'] == rounds, found
        assert 'the available index is beyond the ring' in found[0]['last'], found
        logged = [line for line in daemon.output().splitlines() if 'guest error: ' in line]
        assert logged[0] == ('vmd: notice: guest error: /machine/peripheral/d0: the available index '
                             'is beyond the ring; its driver must reset it'), logged[0]
        assert len(logged) <= 10 * ((time.monotonic() - start) // 5 + 1), len(logged)


def errors_of_chips(recorder):
    """registers, commands and transfers that do not exist are errors of the guest"""
    ioapic, descriptor = 0xfec00000, 0x3000
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('chardev-add', id='con', backend={'type': 'null', 'data': {}})
        qtest = qtest_disk(daemon, client, isa=True)
        for line, path, last in (
                ('writeb 0x%x 0xf' % (MMIO + STATUS), '/machine/virtio-mmio7',
                 'an access of 1 bytes to a register, at 0x70'),
                ('outb 0x64 0x13', '/machine/peripheral/kbd', 'command 0x13 does not exist'),
                ('writel 0x%x 0x0f' % ioapic, None, None),
                ('writel 0x%x 1' % (ioapic + 0x10), '/machine/ioapic', 'register 0xf does not exist'),
                # A transfer's descriptor beyond RAM; then one that writes what cannot be written.
                ('outl 0x%x 0x%x' % (FW_CFG + 4, 0), None, None),
                ('outl 0x%x 0x%x' % (FW_CFG + 8, swapped(0x80000000)), '/machine/fw_cfg',
                 'the descriptor of a transfer is not in RAM: 0x80000000'),
                ('writeq 0x%x 0x%x' % (descriptor, swapped(0x19 << 16 | 1 << 3 | 1 << 4) |
                                       swapped(4) << 32), None, None),
                ('outl 0x%x 0x%x' % (FW_CFG + 8, swapped(descriptor)), '/machine/fw_cfg',
                 'item 0x19 cannot be written, or not so much of it'),
                # One that reads to an address beyond RAM.
                ('writeq 0x%x 0x%x' % (descriptor, swapped(0x19 << 16 | 1 << 3 | 1 << 1) |
                                       swapped(4) << 32), None, None),
                ('writeq 0x%x 0x%x' % (descriptor + 8, swapped(0x80000000) << 32), None, None),
                ('outl 0x%x 0x%x' % (FW_CFG + 8, swapped(descriptor)), '/machine/fw_cfg',
                 'a transfer leaves RAM, or its item')):
            qtest.ok(line)
            found = {e['path']: e['last'] for e in client.call('query-guest-errors')}
            assert path is None or found.get(path) == last, (line, found)
        assert set(found) == {'/machine/virtio-mmio7', '/machine/peripheral/kbd',
                              '/machine/ioapic', '/machine/fw_cfg'}, found


def swapped(value):
    """A number of 32 bits with its bytes the other way round."""
    return int.from_bytes(value.to_bytes(4, 'little'), 'big')


def probes(recorder):
    """each trace point is a probe that tracers find, with the count of its tracers"""
    if not shutil.which('readelf'):
        raise Skip('readelf (binutils) is not installed')
    # Its status is 1 for a note of a type that it does not know, as .note.dlopen's.
    notes = subprocess.run(['readelf', '-n', '-W', VMD], capture_output=True, text=True,
                           check=False).stdout
    found = re.findall(r'Provider: vmd\s+Name: (\S+)\s+Location: \S+ Base: \S+ Semaphore: (\S+)',
                       notes)
    if not found:
        raise Skip('the build has no probes: configure found no sys/sdt.h')
    with Daemon(recorder) as daemon:
        points = [p['name'] for p in daemon.client().call('trace-event-get-state', name='*')]
    assert sorted({name for name, _ in found}) == points
    assert len({int(where, 0) for _, where in found}) == len(points)
    assert all(int(where, 0) for _, where in found)


vmdtest.main([request, request_on_iothread, off, nobody_reads, level, interrupt,
              linux, secrets, guest_errors,
              errors_of_chips, probes])
