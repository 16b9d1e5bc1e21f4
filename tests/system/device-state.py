#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""query-device-state: registers of CPUs and devices, by name."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                                           # noqa: E402
import qtestclient                                                  # noqa: E402
import vmdtest                                                      # noqa: E402
from vmdtest import Daemon, VMCTL, on_each_accel                    # noqa: E402

TYPES = {'bool': bool, 'number': float, 'bytes': str}


def check_value(kind, value):
    """One value of a field is of the field's type, and within its bounds."""
    if kind.startswith('uint'):
        assert isinstance(value, int) and 0 <= value < 1 << int(kind[4:]), (kind, value)
    elif kind.startswith('int'):
        assert isinstance(value, int) and -(1 << 63) <= value < 1 << 63, (kind, value)
    elif kind == 'timer':
        assert value is None or isinstance(value, int), value
    elif kind in TYPES:
        assert isinstance(value, TYPES[kind]), (kind, value)


def by_name(fields):
    """Fields as a dict of values, groups as dicts; types are checked."""
    found = {}
    for field in fields:
        name, kind, value = field['name'], field['type'], field.get('value')
        assert name not in found, name
        if kind == 'group':
            found[name] = by_name(field['fields'])
            continue
        for one in value if isinstance(value, list) and kind != 'value' else [value]:
            check_value(kind, one)
        found[name] = value
    return found


def state(client, path):
    """{ section: { field: value } } of a device."""
    answer = client.call('query-device-state', path=path)
    sections = {section['name']: by_name(section['fields']) for section in answer['sections']}
    assert len(sections) == len(answer['sections']), answer
    return sections


# mov ax, 0x1234; mov ds, ax; mov ebx, 0xcafe4321; count: inc ecx; jmp count
COUNT = b'\xb8\x34\x12\x8e\xd8\x66\xbb\x21\x43\xfe\xca\x66\x41\xeb\xfc'


@on_each_accel
def cpu(recorder):
    """a CPU's registers, of a machine that was not started, runs, and is stopped"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        firmware = pc.write_firmware(daemon.path('firmware'), COUNT)
        pc.build(client, firmware=firmware)
        assert state(client, 'cpu0')['cpu']['rip'] == 0xfff0
        client.call('cont')
        deadline = time.monotonic() + vmdtest.TIMEOUT
        seen = {}
        while seen.get('rbx') != 0xcafe4321:
            assert time.monotonic() < deadline, seen
            seen = state(client, 'cpu0')['cpu']
        assert seen['ds'] == {'selector': 0x1234, 'base': 0x12340, 'limit': 0xffff, 'type': 3,
                              's': 1, 'dpl': 0, 'p': 1, 'avl': 0, 'l': 0, 'db': 0, 'g': 0}, seen
        assert seen['cr0'] & 1 == 0 and seen['rflags'] & 2 and not seen['halted'], seen
        assert seen['fcw'] == 0x37f and seen['mxcsr'] == 0x1f80, seen
        time.sleep(0.05)
        again = state(client, '/machine/peripheral/cpu0')['cpu']
        assert again['rcx'] != seen['rcx'], 'the guest does not go on'
        assert client.call('query-status')['status'] == 'running'
        client.call('stop')
        stopped, later = state(client, 'cpu0'), state(client, 'cpu0')
        for clock in 'tsc', 'pv_clock':         # which do not stop
            assert later['cpu'].pop(clock) >= stopped['cpu'].pop(clock)
        assert stopped == later
        text = subprocess.run([VMCTL, '--socket', daemon.socket, 'state', 'cpu0'], check=True,
                              capture_output=True, text=True).stdout.split('\n')
        assert text[0] == '/machine/peripheral/cpu0', text
        assert '    rbx              0x00000000cafe4321' in text, text
        assert '    rip              0x%016x' % stopped['cpu']['rip'] in text, text
        kinds = {event['event'] for event in client.events}
        assert 'RESUME' in kinds and kinds <= {'RESUME', 'STOP', 'CHARDEV_CHANGED'}, kinds


def devices(client, path='/machine'):
    """Paths of all devices below path."""
    for child in client.call('qom-list', path=path):
        if child['type'].startswith('child<'):
            below = path + '/' + child['name']
            if any(p['name'] == 'realized' for p in client.call('qom-list', path=below)):
                yield below
            yield from devices(client, below)


@on_each_accel
def all_devices(recorder):
    """each device of a PC answers, with values of the types that it says"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client)
        client.call('object-add', qom_type='rng-builtin', id='rng')
        for driver in ('virtio-rng-pci', 'virtio-balloon-pci', 'virtio-serial-pci', 'e1000',
                       'i6300esb', 'pvpanic'):
            client.call('device_add', driver=driver)
        client.call('cont')
        paths = list(devices(client))
        assert len(paths) > 20, paths
        with_state = [path for path in paths if state(client, path)]
        assert len(with_state) > 15, with_state


def changes(recorder):
    """a value that a guest writes to a register has the register's name"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-2.7-machine')
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        qtest = qtestclient.serve(daemon, client)
        client.call('cont')
        qtest.outb(0x92, 0x02)
        assert state(client, '/machine/port92') == {'port92': {'control': 2}}


def errors(recorder):
    """objects that are not devices, and missing ones, are refused"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('query-device-state', {'path': 'nobody'})
        assert error['reason'] == 'object-not-found' and error['path'] == 'path', error
        client.call('object-add', qom_type='rng-builtin', id='rng')
        error = client.error('query-device-state', {'path': '/objects/rng'})
        assert error['reason'] == 'invalid-value' and error['path'] == 'path', error


vmdtest.main([cpu, all_devices, changes, errors])
