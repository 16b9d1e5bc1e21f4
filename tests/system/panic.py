#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that panics: events, run states and exit statuses by set-action."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, exit_with, out8, write_kernel    # noqa: E402
from vmdtest import Daemon, on_each_accel                # noqa: E402

PORT = 0x600
PANICKED, CRASHLOADED = 1, 2
STATUS_PANIC = 6


def start(daemon, code, **action):
    """A machine that runs the code; its client."""
    client = daemon.client()
    build(client, kernel=write_kernel(daemon.folder + '/kernel', code), console=None)
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


if __name__ == '__main__':
    vmdtest.main([pauses, ends, runs_on, without_end])
