#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A watchdog device that expires: what follows by set-action, and what is told of it."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from microvm import build, exit_with, out8, write_kernel    # noqa: E402
from vmdtest import Daemon, ManagedDaemon, on_each_accel         # noqa: E402

START = 0x443
STATUS_WATCHDOG = 14
SECOND = 10 ** 9


def machine(daemon, machine_type='pc-i440fx-7.2-machine', **action):
    """A machine that runs, driven by qtest, with a watchdog; and its clients."""
    client = daemon.client()
    qtestclient.build(client, machine_type)
    client.call('device_add', driver='ib700', id='dog')
    if action:
        client.call('set-action', **action)
    qtest = qtestclient.serve(daemon, client)
    client.call('cont')
    client.wait_event('RESUME')
    return client, qtest


def expire(client, qtest, action):
    """Two seconds in which nothing connects."""
    qtest.outb(START, 14)
    qtest.step(2 * SECOND - 1)
    assert 'WATCHDOG' not in client.drain_events()
    qtest.send('clock_step 1')
    assert client.wait_event('WATCHDOG')['data'] == {'action': action}


def status(client):
    return client.call('query-status')['status']


def resets(recorder):
    """reset, which is what follows without set-action"""
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon)
        expire(client, qtest, 'reset')
        assert client.wait_event('RESET')['data'] == {'guest': True, 'reason': 'guest-reset'}
        assert status(client) == 'running'
        assert 'a watchdog device has expired' in daemon.output()


def resets_to_the_end(recorder):
    """reset with reboot=shutdown ends the machine: status 14, and everything says why"""
    with ManagedDaemon(recorder) as daemon:
        client, qtest = machine(daemon, reboot='shutdown')
        expire(client, qtest, 'reset')
        assert client.wait_event('SHUTDOWN')['data'] == {
            'guest': True, 'reason': 'guest-reset', 'detail': 'watchdog'}
        assert daemon.wait() == STATUS_WATCHDOG
        daemon.expect_status('ended: guest-reset, watchdog')
        record = daemon.record()
        assert (record['cause'], record['detail'], record['status'], record['state']) == (
            'guest-reset', 'watchdog', STATUS_WATCHDOG, 'shutdown'), record


def powers_off(recorder):
    """poweroff ends the daemon with status 14, even where machines stay after their end"""
    with ManagedDaemon(recorder) as daemon:
        client, qtest = machine(daemon, watchdog='poweroff', shutdown='pause')
        expire(client, qtest, 'poweroff')
        assert client.wait_event('SHUTDOWN')['data'] == {
            'guest': True, 'reason': 'guest-shutdown', 'detail': 'watchdog'}
        assert daemon.wait() == STATUS_WATCHDOG
        assert daemon.record()['detail'] == 'watchdog'


def presses_the_button(recorder):
    """shutdown presses the power button; a machine without one continues, and the log says so"""
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon, watchdog='shutdown')
        expire(client, qtest, 'shutdown')
        client.wait_event('POWERDOWN')
        assert status(client) == 'running'
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon, 'microvm-machine', watchdog='shutdown')
        expire(client, qtest, 'shutdown')
        assert 'POWERDOWN' not in client.drain_events()
        assert status(client) == 'running' and 'no power button' in daemon.output()


def pauses(recorder):
    """pause stops in run state watchdog, and cont resumes it"""
    with ManagedDaemon(recorder) as daemon:
        client, qtest = machine(daemon, watchdog='pause')
        expire(client, qtest, 'pause')
        client.wait_event('STOP')
        assert status(client) == 'watchdog'
        client.call('cont')
        assert status(client) == 'running'


def goes_on(recorder):
    """none and debug: it continues, with at most one event a second"""
    for action in ('none', 'debug'):
        with Daemon(recorder) as daemon:
            client, qtest = machine(daemon, watchdog=action)
            expire(client, qtest, action)
            qtest.answer()
            for _ in range(20):
                qtest.outb(START, 15)
                qtest.step(1)
            assert client.drain_events().count('WATCHDOG') <= 2
            assert status(client) == 'running'
            assert daemon.output().count('a watchdog device has expired') == 1


def stands_still(recorder):
    """a machine that is stopped does not expire"""
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon, watchdog='pause')
        qtest.outb(START, 14)
        qtest.step(SECOND)
        client.call('stop')
        client.call('cont')
        qtest.step(SECOND - 1)
        assert status(client) == 'running'
        qtest.send('clock_step 1')
        client.wait_event('WATCHDOG')


def pci(recorder):
    """i6300esb, at a given address, expires after both of its stages"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        client.call('device_add', driver='i6300esb', id='dog', addr='5')
        client.call('set-action', watchdog='pause')
        qtest = qtestclient.serve(daemon, client)
        client.call('cont')

        def config(register, value):
            qtest.ok('outl 0xcf8 0x%x' % (0x80000000 | 5 << 11 | register))
            qtest.ok('outl 0xcfc 0x%x' % value)
        config(0x10, 0xfe000000)
        config(0x04, 2)
        for register in (0, 4):
            qtest.ok('writeb 0xfe00000c 0x80')
            qtest.ok('writeb 0xfe00000c 0x86')
            qtest.writel(0xfe000000 + register, 1000)
        config(0x68, 2)
        qtest.step(2 * 992 * 10 ** 6)
        assert status(client) == 'running'
        qtest.send('clock_step 3000000')
        assert client.wait_event('WATCHDOG')['data'] == {'action': 'pause'}
        client.wait_event('STOP')


@on_each_accel
def real_guest(recorder):
    """a guest on the real accelerator that sets it and hangs: NMI, then the end"""
    for action, code in (('inject-nmi', None), ('poweroff', STATUS_WATCHDOG)):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            hang = b'\xfa\xeb\xfe'                  # cli; jmp $
            build(client, kernel=write_kernel(daemon.path('kernel'), out8(START, 14) + hang +
                                              exit_with(3)), console=None)
            client.call('device_add', driver='ib700', id='dog')
            client.call('set-action', watchdog=action)
            client.call('cont')
            assert client.wait_event('WATCHDOG')['data'] == {'action': action}
            if code is None:
                assert status(client) == 'running', daemon.output()
            else:
                assert daemon.wait() == code


if __name__ == '__main__':
    vmdtest.main([resets, resets_to_the_end, powers_off, presses_the_button, pauses, goes_on,
                  stands_still, pci, real_guest])
