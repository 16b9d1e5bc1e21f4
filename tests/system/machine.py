#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine built over QMP alone runs the project's guest to its end."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest
from vmdtest import Daemon, GUESTS, need_kvm

KERNEL = os.path.join(GUESTS, 'guest.elf')


def build(client, append='', kernel=KERNEL, serial=True, cpu='qemu64-x86_64-cpu', size=64 << 20,
          **machine):
    """Accelerator, memory, microvm, CPU, serial port to a ringbuf, debug exit."""
    client.call('object-add', qom_type='kvm-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=size)
    client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram',
                kernel=kernel, append=append, **machine)
    client.call('device_add', driver=cpu)
    if serial:
        client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {'size': 65536}})
        client.call('device_add', driver='isa-serial', id='com1', chardev='con')
    client.call('device_add', driver='isa-debug-exit', id='exit')


def console(client):
    return client.call('ringbuf-read', device='con', size=65536)


def runs_to_its_end(recorder):
    """the guest prints its memory map and command line and ends the machine"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='print=hello-from-the-test end=exit:21')
        client.call('set-action', shutdown='pause')
        client.call('cont')
        client.wait_event('RESUME')
        event = client.wait_event('SHUTDOWN')
        assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event
        text = console(client)
        assert 'hello-from-the-test' in text, text
        assert client.call('query-status')['status'] == 'shutdown'
        client.call('quit')
        assert daemon.wait() == 0


def exit_status(recorder):
    """isa-debug-exit gives the daemon's exit status"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=exit:21')
        client.call('cont')
        client.wait_event('SHUTDOWN')
        assert daemon.wait() == 43, daemon.wait()


def pause_and_resume(recorder):
    """stop and cont hold and release a running guest 50 times"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=loop')
        client.call('cont')
        for _ in range(50):
            client.call('stop')
            assert client.call('query-status') == {
                'running': False, 'singlestep': False, 'status': 'paused'}
            client.call('cont')
            assert client.call('query-status')['running']
        names = client.drain_events()
        assert names == ['RESUME'] + ['STOP', 'RESUME'] * 50, names


def reset(recorder):
    """system_reset starts the guest again"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='print=once-more end=halt')
        client.call('cont')
        wait_console(client, 'once-more')
        client.call('system_reset')
        event = client.wait_event('RESET')
        assert event['data'] == {'guest': False, 'reason': 'host-qmp-system-reset'}, event
        wait_console(client, 'once-more')


def wait_console(client, text):
    seen = ''
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while text not in seen:
        assert time.monotonic() < deadline, 'no %r in %r' % (text, seen)
        seen += console(client)
        time.sleep(0.01)


def guest_reset(recorder):
    """a triple fault resets the machine, or ends it if set-action says so"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=reboot')
        client.call('cont')
        assert client.wait_event('RESET')['data'] == {'guest': True, 'reason': 'guest-reset'}
        client.call('set-action', reboot='shutdown')
        event = client.wait_event('SHUTDOWN')
        assert event['data'] == {'guest': True, 'reason': 'guest-reset'}, event
        assert daemon.wait() == 0


def prelaunch(recorder):
    """before the first cont, stop and system_reset succeed and change nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('stop')
        client.call('system_reset')
        assert client.call('query-status')['status'] == 'prelaunch'
        assert client.drain_events() == []
        error = client.error('cont')
        assert error['reason'] == 'wrong-state', error


def none_machine(recorder):
    """machine none needs no memory and no CPU"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='kvm-accel', id='a')
        client.call('object-add', qom_type='none-machine')
        client.call('cont')
        assert client.call('query-status')['status'] == 'running'
        client.call('quit')
        assert client.wait_event('SHUTDOWN')['data']['reason'] == 'host-qmp-quit'
        assert daemon.wait() == 0


def quit_order(recorder):
    """SHUTDOWN precedes the return of quit"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.send({'execute': 'quit', 'id': 1})
        assert client.receive()['event'] == 'SHUTDOWN'
        assert client.receive() == {'return': {}, 'id': 1}
        assert daemon.wait() == 0


def sigterm(recorder):
    """SIGTERM ends the daemon at once with status 0"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        daemon.process.send_signal(signal.SIGTERM)
        assert client.wait_event('SHUTDOWN')['data'] == {'guest': False, 'reason': 'host-signal'}
        assert daemon.wait() == 0


def kill(recorder):
    """kill -9 with a running guest leaves nothing but the socket's name"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=loop')
        client.call('cont')
        pid = daemon.process.pid
        daemon.process.kill()
        daemon.wait()
        assert not os.path.exists('/proc/%d' % pid)
        with Daemon(recorder, socket_option=False,
                    arguments=['--socket', daemon.socket]) as second:
            second.wait_socket(daemon.socket)


def no_kvm(recorder):
    """without /dev/kvm, kvm-accel fails by name and the daemon lives on"""
    if os.geteuid() != 0:
        raise vmdtest.Skip('needs root for a mount namespace')
    script = 'mount -t tmpfs none /dev && exec "$0" "$@"'
    with Daemon(recorder, socket_option=False) as daemon:
        pass
    daemon = Daemon.__new__(Daemon)
    socket_path = '/tmp/vmd-test-no-kvm-%d.sock' % os.getpid()
    process = subprocess.Popen(['unshare', '-m', 'sh', '-c', script, vmdtest.VMD,
                                '--socket', socket_path], stderr=subprocess.DEVNULL)
    try:
        daemon.process = process
        daemon.output = lambda: ''
        daemon.wait_socket(socket_path)
        client = vmdtest.Client(socket_path, recorder)
        error = client.error('object-add', {'qom-type': 'kvm-accel', 'id': 'a'})
        assert error['reason'] == 'no-accelerator', error
        assert '/dev/kvm' in error['desc'], error
        assert client.call('query-kvm') == {'enabled': False, 'present': False}
        assert client.call('qom-list', path='/objects')[1:] == []
        client.call('quit')
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


vmdtest.main([runs_to_its_end, exit_status, pause_and_resume, reset, guest_reset, prelaunch,
              none_machine, quit_order, sigterm, kill, no_kvm])
