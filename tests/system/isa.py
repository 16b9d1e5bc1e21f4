#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small chips of the ISA bus, used by a guest of a few instructions."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text, exit_with, out8, write_kernel    # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402


def machine(daemon, code):
    client = daemon.client()
    build(client, kernel=write_kernel(daemon.folder + '/kernel', code), console=None)
    return client


@on_one_accel
def fast_reset(recorder):
    """port 0x92 resets the machine"""
    with Daemon(recorder) as daemon:
        client = machine(daemon, out8(0x92, 1) + b'\xf4')
        client.call('device_add', driver='port92', id='port92')
        client.call('set-action', reboot='shutdown')
        client.call('cont')
        assert client.wait_event('SHUTDOWN')['data'] == {'guest': True, 'reason': 'guest-reset'}


def printer(base, text):
    """What a driver of a parallel port does."""
    return b''.join(out8(base, c) + out8(base + 2, 0x0d) + out8(base + 2, 0x0c) for c in text)


@on_one_accel
def parallel(recorder):
    """two parallel ports print each to its chardev"""
    with Daemon(recorder) as daemon:
        client = machine(daemon, printer(0x278, b'two') + printer(0x1000, b'own') + exit_with(3))
        for name, place in (('a', {'index': 1}), ('b', {'iobase': 0x1000, 'irq': 5})):
            client.call('chardev-add', id=name, backend={'type': 'ringbuf', 'data': {}})
            client.call('device_add', driver='isa-parallel', id='lpt-' + name, chardev=name, **place)
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('SHUTDOWN')
        assert console_text(client, 'a') == 'two'
        assert console_text(client, 'b') == 'own'


if __name__ == '__main__':
    vmdtest.main([fast_reset, parallel])
