#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and movements from clients, to nobody and to a controller that a few instructions
read."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, wait_console, write_kernel    # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402


def qcode(name):
    return {'type': 'qcode', 'data': name}


def key(name, down):
    return {'type': 'key', 'data': {'key': qcode(name), 'down': down}}


def wait_status(bit):
    """in al, 0x64; test al, bit; jz back"""
    return b'\xe4\x64\xa8' + bytes([bit, 0x74, 0xfa])


def read_and_exit(count):
    """Reads count bytes from port 0x60, when they come, and ends with their sum."""
    code = b'\x31\xdb'                              # xor ebx, ebx
    for _ in range(count):
        code += wait_status(1) + b'\xe4\x60\x0f\xb6\xc0\x01\xc3'    # movzx eax, al; add ebx, eax
    return code + b'\x66\xba' + struct.pack('<H', 0x501) + b'\x89\xd8\xef\xfa\xf4\xeb\xfd'


def bare(daemon, code, **controller):
    client = daemon.client()
    build(client, kernel=write_kernel(daemon.folder + '/kernel', code), console=None)
    client.call('device_add', driver='i8042', id='kbc', **controller)
    return client


def run_and_send(daemon, client, command, **arguments):
    """Exit status of read_and_exit() after what the command sends."""
    client.call('cont')
    client.call(command, **arguments)
    client.wait_event('SHUTDOWN')
    return daemon.wait()


@on_one_accel
def mice(recorder):
    """movements go to the newest pointing device, or the one that x-mouse-set names"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, console=None)
        for driver in 'i8042', 'virtio-mouse-device':
            client.call('device_add', driver=driver, id=driver)
        order = [(mouse['name'], mouse['current']) for mouse in client.call('query-mice')]
        assert order == [('QEMU Virtio Mouse', True), ('QEMU PS/2 Mouse', False)], order
        for index, current in ((2, 'QEMU PS/2 Mouse'), (2, 'QEMU PS/2 Mouse'),
                               (3, 'QEMU Virtio Mouse'), (2, 'QEMU PS/2 Mouse')):
            client.call('x-mouse-set', index=index)
            first = client.call('query-mice')[0]
            assert (first['index'], first['name']) == (index, current), first
        for index in 1, 4, 0, -1:                   # 1: the keyboard
            error = client.error('x-mouse-set', {'index': index})
            assert (error['reason'], error['path']) == ('device-not-found', 'index'), error


@on_one_accel
def to_nobody(recorder):
    """without a machine, or a device for it, an event is an error that says so"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        send = {'keys': [qcode('a')]}
        assert client.error('send-key', send)['reason'] == 'no-machine'
        assert client.error('input-send-event', {'events': []})['reason'] == 'no-machine'
        assert client.call('query-mice') == []
        build(client, console=None)
        assert client.error('send-key', send)['reason'] == 'object-not-found'
        assert client.call('query-mice') == []
        client.call('device_add', driver='i8042', id='kbc')
        assert client.call('query-mice') == [
            {'name': 'QEMU PS/2 Mouse', 'index': 2, 'current': True, 'absolute': False}]
        client.call('send-key', **send)             # nothing runs: lost
        for events, reason in (
                ([{'type': 'abs', 'data': {'axis': 'x', 'value': 1}}], 'object-not-found'),
                ([key('a', True), {'type': 'key', 'data': {
                    'down': True, 'key': {'type': 'number', 'data': 0x7fff}}}], 'invalid-value')):
            error = client.error('input-send-event', {'events': events})
            assert error['reason'] == reason, error
        for arguments in ({'device': 'video0'}, {'head': 1}):
            error = client.error('input-send-event', {'events': [], **arguments})
            assert error['reason'] == 'not-supported', error
        client.call('device_del', id='kbc')
        assert client.call('query-mice') == []


@on_one_accel
def by_name_and_number(recorder):
    """keys by name and by number reach the keyboard, and the hold time passes"""
    for keys, total in (([qcode('a')], 0x1c + 0xf0 + 0x1c),
                        ([{'type': 'number', 'data': 0x9d}], 0xe0 + 0x14 + 0xe0 + 0xf0 + 0x14)):
        count = 3 if keys[0]['type'] == 'qcode' else 5
        with Daemon(recorder) as daemon:
            client = bare(daemon, read_and_exit(count), kbd_irq=5, mouse_irq=9,
                          kbd_throttle=True, extended_state=False)
            status = run_and_send(daemon, client, 'send-key', keys=keys, hold_time=20)
            assert status == (total << 1 | 1) & 0xff, (status, total)


@on_one_accel
def events_together(recorder):
    """keys, buttons and movements in one request reach their devices"""
    # Command 0xd4, 0xf4: the mouse sends.  Its packet follows the keyboard's bytes.
    enable = b'\xb0\xd4\xe6\x64\xb0\xf4\xe6\x60' + wait_status(1) + b'\xe4\x60'
    ready = b'\xb0\x21\xe6\xe9'                     # mov al, '!'; out 0xe9, al
    with Daemon(recorder) as daemon:
        client = bare(daemon, enable + ready + read_and_exit(4))
        client.call('chardev-add', id='debug', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-debugcon', id='debugcon', chardev='debug')
        client.call('cont')
        wait_console(client, '!', 'debug')
        client.call('input-send-event', events=[
            key('a', True), {'type': 'btn', 'data': {'button': 'left', 'down': True}},
            {'type': 'rel', 'data': {'axis': 'x', 'value': 5}},
            {'type': 'rel', 'data': {'axis': 'y', 'value': -2}}])
        client.wait_event('SHUTDOWN')
        assert daemon.wait() == (0x1c + 0x09 + 5 + 2) << 1 | 1


@on_one_accel
def reset_line(recorder):
    """command 0xfe resets the machine"""
    with Daemon(recorder) as daemon:
        client = bare(daemon, b'\xb0\xfe\xe6\x64\xfa\xf4\xeb\xfd')
        client.call('set-action', reboot='shutdown')
        client.call('cont')
        assert client.wait_event('SHUTDOWN')['data'] == {'guest': True, 'reason': 'guest-reset'}


if __name__ == '__main__':
    vmdtest.main([to_nobody, mice, by_name_and_number, events_together, reset_line])
