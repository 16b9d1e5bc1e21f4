#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest finds: kernel, initrd, command line, memory of each backend, chips."""
import os
import re
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import (BZIMAGE, KERNEL, MIB, MULTIBOOT, build, console_text, exit_with, out8, run,  # noqa: E402
                     wait_console, write_kernel)
from vmdtest import Daemon, accel_class, on_each_accel, split_irqchip     # noqa: E402

HELLO = 'print=hello end=exit:1'
RAM = {'qom-type': 'memory-backend-ram'}
MEMFD = {'qom-type': 'memory-backend-memfd'}
FILE = {'qom-type': 'memory-backend-file'}


def boot(recorder, append=HELLO, **options):
    """What the guest printed until its end."""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append=append, **options)
        assert run(client) == {'guest': True, 'reason': 'guest-shutdown'}
        return console_text(client)


def checksum(data):
    """The guest's checksum of a module."""
    first = second = 0
    for (word,) in struct.iter_unpack('<Q', data + bytes(-len(data) % 8)):
        first = (first + word) % 2**64
        second = (second + first) % 2**64
    return '%d bytes, checksum %016x-%016x' % (len(data), first, second)


@on_each_accel
def kernel_formats(recorder):
    """ELF with PVH note and bzImage get command line and initrd"""
    data = bytes(i * 7 % 251 for i in range(100001))
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(data)
        initrd.flush()
        for kernel, entry in ((KERNEL, 'PVH'), (BZIMAGE, 'Linux')):
            text = boot(recorder, append='print=one-two end=exit:1', kernel=kernel,
                        initrd=initrd.name)
            assert 'entered by ' + entry in text, text
            assert checksum(data) in text, text
            assert 'command line: print=one-two end=exit:1\r\n' in text, text
            assert 'module: none' in boot(recorder, kernel=kernel), kernel


@on_each_accel
def multiboot(recorder):
    """a Multiboot kernel gets its path, two modules with their words, and all the rest"""
    first, second = bytes(range(256)) * 20, b'hello'
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ('one', 'two,2')]
        for path, data in zip(paths, (first, second)):
            with open(path, 'wb') as f:
                f.write(data)
        text = boot(recorder, append='print=one-two end=exit:1', kernel=MULTIBOOT,
                    initrd='%s a b, %s' % (paths[0], paths[1].replace(',', ',,')))
    assert 'multiboot: flags 24f, lower 639, upper 64512, device 8000ffff, loader vmd' in text, text
    assert 'path: %s\r\n' % MULTIBOOT in text, text
    assert 'entered by Multiboot' in text, text
    assert 'command line: print=one-two end=exit:1' in text, text
    assert '%s, text: %s a b\r\n' % (checksum(first), paths[0]) in text, text
    assert '%s, text: %s\r\n' % (checksum(second), paths[1]) in text, text
    assert '\none-two\r\n' in text, text
    assert 'module: none' in boot(recorder, kernel=MULTIBOOT)
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        error = client.error('object-add', {'qom-type': 'microvm-machine', 'id': 'machine',
                                            'kernel': MULTIBOOT, 'initrd': KERNEL + ',/nonexistent'})
        assert error['reason'] == 'file-not-usable', error
        assert "module '/nonexistent'" in error['desc'], error


def acpi_of_microvm(recorder):
    """microvm has no ACPI tables, and reports that"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=MIB)
        error = client.error('object-add', {'qom-type': 'microvm-machine', 'id': 'machine',
                                            'memory-backend': 'ram', 'acpi': 'on'})
        assert (error['reason'], error['path']) == ('not-supported', 'acpi'), error
        client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram',
                    acpi='off')
        assert client.call('qom-get', path='/machine', property='acpi') == 'off'


@on_each_accel
def long_command_line(recorder):
    """a command line of 2,000 characters arrives whole"""
    words = ' '.join('print=%04d' % i for i in range(180)) + ' end=exit:1'
    for kernel in (KERNEL, BZIMAGE):
        text = boot(recorder, append=words, kernel=kernel)
        assert 'command line: ' + words in text, text
        assert '\n0179\r\n' in text, text


@on_each_accel
def memory_sizes(recorder):
    """the memory map shows the machine's memory"""
    for size in (32 * MIB, 64 * MIB + 4096, 256 * MIB):
        text = boot(recorder, ram={'size': size})
        ranges = re.findall(r'memory: ([0-9a-f]{16})-([0-9a-f]{16}) ram', text)
        assert max(int(end, 16) for _, end in ranges) in (size, size - 1), (size, text)


@on_each_accel
def memory_above_the_gap(recorder):
    """memory that does not fit below 3 GiB begins at 4 GiB"""
    text = boot(recorder, ram={'size': 3328 * MIB, 'reserve': False})
    ranges = [(int(a, 16), int(b, 16)) for a, b in
              re.findall(r'memory: ([0-9a-f]{16})-([0-9a-f]{16}) ram', text)]
    assert any(a == 4096 * MIB and b in (4352 * MIB, 4352 * MIB - 1) for a, b in ranges), text
    assert not any(a < 4096 * MIB and b > 3072 * MIB for a, b in ranges), text


@on_each_accel
def back_ends(recorder):
    """a guest dirties memory of each backend with each option"""
    cases = [RAM, MEMFD]
    for backend in (RAM, MEMFD):
        cases += [{**backend, name: value} for name, value in (
            ('share', True), ('share', False), ('prealloc', True), ('dump', False),
            ('merge', False), ('reserve', False), ('prealloc-threads', 2))]
        cases += [{**backend, 'prealloc': True, 'prealloc-threads': 2},
                  {**backend, 'policy': 'bind', 'host-nodes': [0]},
                  {**backend, 'policy': 'interleave', 'host-nodes': [0], 'prealloc': True}]
    cases += [{**MEMFD, 'seal': False}, {**MEMFD, 'seal': True, 'share': False},
              {**MEMFD, 'hugetlb': False}]
    for case in cases:
        text = boot(recorder, append='dirty=8M end=exit:1', ram=case)
        assert 'dirty: 2048 pages' in text, (case, text)


@on_each_accel
def file_back_end(recorder):
    """memory in a file: created or existing, shared or private, in a folder without a name"""
    for case in ({'share': True}, {'share': False}, {'share': True, 'prealloc': True},
                 {'share': True, 'align': 2 * MIB}, {'share': True, 'discard-data': True},
                 {'share': True, 'readonly': False}):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            path = daemon.path('memory')
            build(client, append='dirty=8M end=exit:1', ram={**FILE, 'mem-path': path, **case})
            run(client)
            assert 'dirty: 2048 pages' in console_text(client), case
            with open(path, 'rb') as f:
                seen = b'vmd test guest, entered by' in f.read()
            assert seen == case['share'], case
            assert os.path.getsize(path) == 64 * MIB
    text = boot(recorder, ram={**FILE, 'mem-path': '/dev/shm', 'share': True})
    assert 'hello' in text, text


@on_each_accel
def file_read_only(recorder):
    """a read-only file is mapped, but not as RAM"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('rom')
        with open(path, 'wb') as f:
            f.truncate(MIB)
        client.call('object-add', qom_type='memory-backend-file', id='rom', size=MIB,
                    mem_path=path, readonly=True)
        client.call('object-add', qom_type=accel_class())
        error = client.error('object-add', {'qom-type': 'none-machine', 'memory-backend': 'rom'})
        assert error['reason'] == 'invalid-value', error
        client.call('object-del', id='rom')
        assert os.path.getsize(path) == MIB


@on_each_accel
def huge_pages(recorder):
    """memory-backend-memfd of huge pages, where the host has some to spare"""
    knob = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
    try:
        with open(knob, encoding='ascii') as f:
            before = int(f.read())
        with open(knob, 'w', encoding='ascii') as f:
            f.write(str(before + 16))
    except OSError as error:
        raise vmdtest.Skip('no huge pages here: %s' % error) from None
    try:
        with open('/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages',
                  encoding='ascii') as f:
            if int(f.read()) < 16:
                raise vmdtest.Skip('the host has no 32 MiB of huge pages to spare')
        text = boot(recorder, append='dirty=1M end=exit:1',
                    ram={**MEMFD, 'size': 32 * MIB, 'hugetlb': True, 'hugetlbsize': 2 * MIB})
        assert 'dirty: 256 pages' in text, text
    finally:
        with open(knob, 'w', encoding='ascii') as f:
            f.write(str(before))


def memory_is_told(recorder):
    """query-memdev and qom-set: what a backend is, and what can change"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='memory-backend-memfd', id='m', size=MIB)
        assert client.call('query-memdev') == [{
            'id': 'm', 'size': MIB, 'merge': True, 'dump': True, 'prealloc': False,
            'share': True, 'reserve': True, 'host-nodes': [], 'policy': 'default'}]
        for name in ('dump', 'merge'):
            client.call('qom-set', path='/objects/m', property=name, value=False)
            assert client.call('query-memdev')[0][name] is False
        client.call('object-del', id='m')
        assert client.call('query-memdev') == []


# pic, pit, rtc; an RTC that nobody asks for is there unless KVM tells the guest the time.
CHIPS = (({}, ('on', 'on', 'auto')),
         ({'pic': 'off', 'pit': 'off', 'rtc': 'on'}, ('off', 'off', 'on')),
         ({'pic': 'on', 'pit': 'on', 'rtc': 'off'}, ('on', 'on', 'off')),
         ({'pic': 'auto', 'pit': 'auto', 'rtc': 'auto'}, ('on', 'on', 'auto')))


def boot_with_chips(recorder, accel_props):
    auto = 'off' if vmdtest.accel() == 'kvm' else 'on'
    for wanted, states in CHIPS:
        expected = [auto if state == 'auto' else state for state in states]
        with Daemon(recorder) as daemon:
            client = daemon.client()
            build(client, append=HELLO, accel_props=accel_props, **wanted)
            found = {o['name'] for o in client.call('qom-list', path='/machine')
                     if o['type'].startswith('child<')}
            for name, chip, state in zip(('pic', 'pit', 'rtc'),
                                         ('i8259', 'i8254', 'mc146818'), expected):
                assert client.call('qom-get', path='/machine', property=name) == state, wanted
                assert (chip in found) == (state == 'on'), (wanted, found)
            run(client)
            text = console_text(client)
            assert ('time: no RTC' in text) == (expected[2] == 'off'), text


@on_each_accel
def chips(recorder):
    """pic, pit and rtc exist as the machine's properties say, and auto is resolved"""
    boot_with_chips(recorder, {})


@on_each_accel
def split_chips(recorder):
    """the same with local APICs alone in the accelerator"""
    boot_with_chips(recorder, split_irqchip())


@on_each_accel
def time_of_day(recorder):
    """the guest's RTC shows the time that the machine's defaults gave it"""
    for clock in ('vm', 'rt', 'host'):
        text = boot(recorder, rtc='on', defaults=[
            {'driver': 'mc146818rtc', 'property': 'base', 'value': '2024-02-29T23:58:30'},
            {'driver': 'mc146818rtc', 'property': 'clock', 'value': clock}])
        assert re.search(r'time: 2024-0(2-29 23:5[89]|3-01 00:0)', text), text


@on_each_accel
def rtc_by_hand(recorder):
    """an RTC that device_add creates, with all properties"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append=HELLO, rtc='off')
        client.request({'execute': 'device_add', 'arguments': {
            'driver': 'mc146818rtc', 'id': 'clock', 'base_year': 2000, 'irq': 8, 'iobase': 0x70,
            'lost_tick_policy': 'slew', 'base': '2024-02-29T23:58:30', 'clock': 'vm'}})
        run(client)
        assert 'time: 2024-02-29 23:58:' in console_text(client)


@on_each_accel
def rtc_change(recorder):
    """a guest that sets its clock causes an RTC_CHANGE"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        code = out8(0x70, 0x04) + out8(0x71, 0x13) + exit_with(1)
        build(client, kernel=write_kernel(daemon.path('kernel'), code), rtc='on',
              defaults=[{'driver': 'mc146818rtc', 'property': 'base',
                         'value': '2024-02-29T10:00:00'},
                        {'driver': 'mc146818rtc', 'property': 'clock', 'value': 'vm'}])
        run(client)
        data = client.wait_event('RTC_CHANGE')['data']
        assert data['qom-path'] == '/machine/mc146818', data
        assert abs(data['offset'] - 3 * 3600) <= 1, data


@on_each_accel
def none_machine_with_memory(recorder):
    """machine none maps its memory at address 0"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class())
        client.call('object-add', qom_type='memory-backend-ram', id='m', size=MIB)
        client.call('object-add', qom_type='none-machine', id='machine', memory_backend='m')
        assert client.call('qom-get', path='/machine', property='memory-backend') == '/objects/m'
        assert client.error('object-del', {'id': 'm'})['reason'] == 'in-use'
        client.call('object-del', id='machine')
        client.call('object-del', id='m')


@on_each_accel
def unknown_kernel_is_refused(recorder):
    """a kernel that is neither format fails at cont, which can be tried again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('kernel')
        with open(path, 'wb') as f:
            f.write(b'MZ' + bytes(4096))
        build(client, append=HELLO, kernel=path)
        error = client.error('cont')
        assert error['reason'] == 'file-not-usable' and path in error['desc'], error
        assert client.call('query-status')['status'] == 'prelaunch'
        with open(KERNEL, 'rb') as good, open(path, 'wb') as f:
            f.write(good.read())
        run(client)
        assert 'hello' in wait_console(client, 'end:')


if __name__ == '__main__':
    vmdtest.main([kernel_formats, multiboot, acpi_of_microvm, long_command_line, memory_sizes,
                  memory_above_the_gap,
                  back_ends, file_back_end, file_read_only, huge_pages, memory_is_told, chips,
                  split_chips,
                  time_of_day, rtc_by_hand, rtc_change, none_machine_with_memory,
                  unknown_kernel_is_refused])
