#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that panics: events, run states and exit statuses by set-action."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, exit_with, out8, write_kernel    # noqa: E402
from vmdtest import Daemon, QmpError, on_each_accel                # noqa: E402

PORT = 0x600
PANICKED, CRASHLOADED = 1, 2
STATUS_PANIC = 6
CRASH_P0, CRASH_CTL, HV_RESET = 0x40000100, 0x40000105, 0x40000003      # MSRs of Hyper-V's


def start(daemon, code, cpu_props=None, **action):
    """A machine that runs the code; its client."""
    client = daemon.client()
    build(client, kernel=write_kernel(daemon.folder + '/kernel', code), console=None,
          cpu_props=cpu_props)
    client.call('device_add', driver='pvpanic', id='panic', ioport=PORT, events=3)
    if action:
        client.call('set-action', **action)
    client.call('cont')
    return client


def status(client):
    return client.call('query-status')['status']


@on_each_accel
def pauses(recorder):
    """pause, and shutdown of a machine that stays: it stops in state guest-panicked"""
    for action in ({'panic': 'pause'}, {'panic': 'shutdown', 'shutdown': 'pause'}):
        with Daemon(recorder) as daemon:
            client = start(daemon, out8(PORT, PANICKED) + exit_with(3), **action)
            assert client.wait_event('GUEST_PANICKED')['data'] == {'action': 'pause'}
            client.wait_event('STOP')
            assert status(client) == 'guest-panicked'
            client.call('set-action', shutdown='poweroff')
            client.call('cont')                     # somebody may want it to
            client.wait_event('SHUTDOWN')
            assert daemon.wait() == 7


@on_each_accel
def ends(recorder):
    """shutdown and exit-failure: the daemon ends, and its status says which"""
    for action, code in (({}, 0), ({'panic': 'exit-failure'}, STATUS_PANIC)):
        with Daemon(recorder) as daemon:
            client = start(daemon, out8(PORT, PANICKED) + exit_with(3), **action)
            assert client.wait_event('GUEST_PANICKED')['data'] == {'action': 'poweroff'}
            assert client.wait_event('SHUTDOWN')['data'] == {
                'guest': True, 'reason': 'guest-panic'}
            assert daemon.wait() == code, action


@on_each_accel
def runs_on(recorder):
    """none: it continues; so does a crash kernel, whatever set-action says"""
    # However often the guest says it, the log has it once.
    for value, event, action in ((PANICKED, 'GUEST_PANICKED', 'none'),
                                 (CRASHLOADED, 'GUEST_CRASHLOADED', 'shutdown')):
        with Daemon(recorder) as daemon:
            client = start(daemon, 3 * out8(PORT, value) + exit_with(3), panic=action)
            assert client.wait_event(event)['data'] == {'action': 'run'}
            assert client.wait_event('SHUTDOWN')['data']['reason'] == 'guest-shutdown'
            assert daemon.wait() == 7
            assert daemon.output().count('has panicked') == 1, daemon.output()


@on_each_accel
def without_end(recorder):
    """a guest that panics as fast as it can causes few events, and floods no client"""
    for value, event in ((PANICKED, 'GUEST_PANICKED'), (CRASHLOADED, 'GUEST_CRASHLOADED')):
        with Daemon(recorder) as daemon:
            code = out8(PORT, value)
            client = start(daemon, code + b'\xeb' + bytes([256 - 2 - len(code)]), panic='none')
            for _ in range(3):
                assert client.wait_event(event)['data'] == {'action': 'run'}
            for _ in range(100):
                client.call('query-status')
            assert len(client.events) < 10, client.events
            assert status(client) == 'running'


def wrmsr(number, value):
    return (b'\xb9' + number.to_bytes(4, 'little') +                    # mov number, %ecx
            b'\xb8' + (value & 0xffffffff).to_bytes(4, 'little') +      # mov low, %eax
            b'\xba' + (value >> 32).to_bytes(4, 'little') +             # mov high, %edx
            b'\x0f\x30')                                               # wrmsr


def start_hyperv(daemon, code, feature, **action):
    """Many kernels' KVM is built without anything of Hyper-V's."""
    try:
        return start(daemon, code, {feature: True}, **action)
    except QmpError as error:
        if vmdtest.accel() != 'kvm' or error.error['path'] != feature:
            raise
        raise vmdtest.Skip(str(error)) from None


@on_each_accel
def by_hyperv(recorder):
    """hv-crash: what the guest wrote to the crash registers is in the event"""
    words = [0x1e, 0xffffffffc0000005, 0xfffff80012345678, 0, 1 << 63]
    code = b''.join(wrmsr(CRASH_P0 + i, word) for i, word in enumerate(words))
    code += wrmsr(CRASH_CTL, 1)                     # tells nobody
    code += wrmsr(CRASH_CTL, 1 << 63) + exit_with(3)
    info = {'type': 'hyper-v', **{'arg%d' % (i + 1): word for i, word in enumerate(words)}}
    for action, follows in (('pause', 'pause'), ('none', 'run')):
        with Daemon(recorder) as daemon:
            client = start_hyperv(daemon, code, 'hv-crash', panic=action)
            data = client.wait_event('GUEST_PANICKED')['data']
            assert data == {'action': follows, 'info': info}, data
            if follows == 'pause':
                client.wait_event('STOP')
                assert status(client) == 'guest-panicked'
                client.call('cont')
            client.wait_event('SHUTDOWN')
            assert daemon.wait() == 7


@on_each_accel
def reset_by_hyperv(recorder):
    """hv-reset: nothing is executed after the write that asks for it"""
    with Daemon(recorder) as daemon:
        client = start_hyperv(daemon, wrmsr(HV_RESET, 1) + exit_with(3), 'hv-reset')
        for _ in range(3):
            assert client.wait_event('RESET')['data'] == {'guest': True, 'reason': 'guest-reset'}
        assert status(client) == 'running'


if __name__ == '__main__':
    vmdtest.main([pauses, ends, runs_on, without_end, by_hyperv, reset_by_hyperv])
