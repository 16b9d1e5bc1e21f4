#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How a machine runs, stops, is reset and ends, and what the daemon says of it."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import (DEBUG_CONSOLE, DEBUG_EXIT, build, console_text, jump_to, out32,  # noqa: E402
                     run, wait_console, write_kernel)
from vmdtest import Daemon, accel_class, QmpError, on_each_accel      # noqa: E402


@on_each_accel
def runs_to_its_end(recorder):
    """the guest prints its memory map and command line and ends the machine"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='print=hello-from-the-test end=exit:21')
        assert run(client) == {'guest': True, 'reason': 'guest-shutdown'}
        text = console_text(client)
        assert 'memory: 0000000000000000-' in text, text
        assert 'command line: print=hello-from-the-test end=exit:21\r\n' in text, text
        assert '\nhello-from-the-test\r\n' in text, text
        # The guest goes on to say so if the write did not end it.
        assert 'no isa-debug-exit' not in text, text
        assert client.drain_events() == ['RESUME', 'STOP']
        assert client.call('query-status')['status'] == 'shutdown'
        client.call('quit')
        assert daemon.wait() == 0


@on_each_accel
def exit_status(recorder):
    """isa-debug-exit gives the daemon's exit status"""
    for value, status in ((21, 43), (0, 1), (0x7e, 0xfd), (0x80, 1)):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            build(client, append='end=exit:%d' % value, console=None)
            run(client, shutdown=None)
            assert daemon.wait() == status, (value, daemon.wait())


@on_each_accel
def pause_and_resume(recorder):
    """stop and cont hold and release a running guest 50 times, with two CPUs where there can be"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=loop', cpus=vmdtest.cpus(2))
        client.call('cont')
        for _ in range(50):
            client.call('stop')
            assert client.call('query-status') == {
                'running': False, 'singlestep': False, 'status': 'paused'}
            client.call('cont')
            assert client.call('query-status')['running']
        names = client.drain_events()
        assert names == ['RESUME'] + ['STOP', 'RESUME'] * 50, names


@on_each_accel
def paused_guest_stands_still(recorder):
    """a stopped guest does nothing, and continues where it was"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='bench=pio:200000000@%d end=halt' % DEBUG_CONSOLE)
        client.call('chardev-add', id='ticks', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-debugcon', id='debugcon', iobase=DEBUG_CONSOLE,
                    readback=0xe9, chardev='ticks')
        client.call('cont')
        wait_bytes(client)
        client.call('stop')
        console_text(client, 'ticks')
        for _ in range(20):
            assert console_text(client, 'ticks') == ''
        client.call('cont')
        wait_bytes(client)


def wait_bytes(client):
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while not console_text(client, 'ticks'):
        assert time.monotonic() < deadline, 'the guest does nothing'


@on_each_accel
def answers_while_the_guest_exits(recorder):
    """200 queries are answered while the guest does nothing but exit"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        # Seconds of exits, after which the guest says so on its console.
        build(client, append='bench=pio:1000000@%d end=halt' % DEBUG_CONSOLE)
        client.call('chardev-add', id='ticks', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-debugcon', id='debugcon', chardev='ticks')
        client.call('cont')
        wait_bytes(client)
        for _ in range(200):
            assert client.call('query-status')['running']
        assert 'bench:' not in console_text(client)
        wait_bytes(client)


@on_each_accel
def reset(recorder):
    """system_reset starts the guest again, also a stopped one, which stays stopped"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='print=once-more end=halt')
        client.call('cont')
        wait_console(client, 'end: halt\r\n')
        client.call('system_reset')
        event = client.wait_event('RESET')
        assert event['data'] == {'guest': False, 'reason': 'host-qmp-system-reset'}, event
        wait_console(client, 'end: halt\r\n')
        client.call('stop')
        client.call('system_reset')
        client.wait_event('RESET')
        assert client.call('query-status')['status'] == 'paused'
        assert console_text(client) == ''
        client.call('cont')
        wait_console(client, 'end: halt\r\n')


@on_each_accel
def guest_resets(recorder):
    """a triple fault resets the machine: the guest starts again and again, and floods nobody"""
    with Daemon(recorder) as daemon:
        client, start = daemon.client(), time.monotonic()
        build(client, append='end=reboot')
        client.call('cont')
        for _ in range(3):
            assert client.wait_event('RESET')['data'] == {'guest': True, 'reason': 'guest-reset'}
        for _ in range(100):
            assert client.call('query-status')['running']
        assert len(client.events) < 10, client.events
        found = client.call('query-guest-errors')
        logged = daemon.output().count('cpu0: a triple fault asks for a reset at RIP 0x')
        assert [e['path'] for e in found] == ['/machine/peripheral/cpu0'], found
        assert found[0]['count'] >= 3, found
        assert 1 <= logged <= 10 * ((time.monotonic() - start) // 5 + 1), logged


@on_each_accel
def action_reboot_shutdown(recorder):
    """reboot=shutdown: a triple fault ends machine and daemon"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=reboot')
        client.call('set-action', reboot='shutdown', shutdown='poweroff')
        client.call('cont')
        assert client.wait_event('SHUTDOWN')['data'] == {'guest': True, 'reason': 'guest-reset'}
        assert daemon.wait() == 0


@on_each_accel
def action_reboot_pause(recorder):
    """reboot=shutdown with shutdown=pause: state shutdown, and a reset leads out of it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=reboot')
        client.call('set-action', reboot='shutdown', shutdown='pause')
        client.call('cont')
        assert client.wait_event('SHUTDOWN')['data'] == {'guest': True, 'reason': 'guest-reset'}
        assert client.call('query-status')['status'] == 'shutdown'
        assert client.error('cont')['reason'] == 'wrong-state'
        client.call('set-action', reboot='reset')   # it would be a shutdown, too
        client.call('system_reset')
        assert client.call('query-status')['status'] == 'paused'
        assert client.drain_events() == ['RESUME', 'STOP', 'RESET']
        client.call('set-action', reboot='shutdown')
        client.call('cont')
        client.wait_event('SHUTDOWN')
        client.call('quit')
        assert daemon.wait() == 0


@on_each_accel
def action_shutdown_pause(recorder):
    """shutdown=pause: the daemon outlives a guest that ended, whatever its status"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=exit:21')
        for _ in range(2):
            run(client)
            assert client.call('query-status')['status'] == 'shutdown'
            client.call('system_reset')
        # What is left out stays as it is.
        client.call('set-action', panic='pause', watchdog='none')
        client.call('system_reset')
        assert client.call('query-status')['status'] == 'paused'
        client.call('cont')
        client.wait_event('SHUTDOWN')
        assert daemon.alive()


def action_values(recorder):
    """set-action takes every value of its arguments"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        schema = client.schema
        members = schema.members(schema.entities['set-action']['arg-type'])
        assert sorted(members) == ['internal-error', 'panic', 'reboot', 'shutdown', 'watchdog']
        for name, member in members.items():
            for value in schema.entities[member['type']]['values']:
                client.call('set-action', **{name: value})
        error = client.error('set-action', {'reboot': 'reset', 'panic': 'explode'})
        assert (error['reason'], error['path']) == ('invalid-value', 'panic'), error


@on_each_accel
def internal_error(recorder):
    """a vCPU that cannot continue is an event and a state that a reset leads out of"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        # Nothing answers there, so that there is no instruction to execute.
        build(client, kernel=write_kernel(daemon.path('kernel'), jump_to(0xfeb00000)))
        for _ in range(2):
            client.call('cont')
            event = client.wait_event('INTERNAL_ERROR')
            assert event['data']['qom-path'] == '/machine/peripheral/cpu0', event
            assert '0xfeb00000' in event['data']['reason'], event
            assert client.call('query-status') == {
                'running': False, 'singlestep': False, 'status': 'internal-error'}
            assert client.error('cont')['reason'] == 'wrong-state'
            client.call('stop')
            assert client.call('query-status')['status'] == 'internal-error'
            client.call('system_reset')
            assert client.call('query-status')['status'] == 'paused'
        assert client.drain_events() == ['RESUME', 'STOP', 'RESET'] * 2
        client.call('quit')
        assert daemon.wait() == 0


@on_each_accel
def nothing_after_the_end(recorder):
    """what a guest does between ending its machine and being stopped is void"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        # Ends the machine with one status after the other, then by triple fault.
        code = b''.join(out32(DEBUG_EXIT, n) for n in range(3, 100))
        code += b'\x0f\x01\x1d' + bytes(4) + b'\x0f\x0b'         # lidt [0]; ud2
        build(client, kernel=write_kernel(daemon.path('kernel'), code))
        for _ in range(20):
            run(client)
            assert client.call('query-status')['status'] == 'shutdown'
            assert client.drain_events() == ['RESUME', 'STOP']
            client.call('system_reset')
            client.wait_event('RESET')
        client.call('set-action', shutdown='poweroff')
        client.call('cont')
        assert daemon.wait() == 7


def prelaunch(recorder):
    """before the first cont, stop and system_reset succeed and change nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('stop')
        client.call('system_reset')
        assert client.call('query-status')['status'] == 'prelaunch'
        assert client.drain_events() == []
        assert client.error('cont')['reason'] == 'wrong-state'


@on_each_accel
def after_the_build_phase(recorder):
    """after cont, cold devices, machine and accelerator are neither added nor removed"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=halt')
        client.call('cont')
        for command, arguments, reason in (
                ('device_add', {'driver': 'isa-debugcon', 'id': 'd'}, 'not-hotpluggable'),
                ('device_add', {'driver': 'qemu64-x86_64-cpu'}, 'not-hotpluggable'),
                ('device_del', {'id': 'com1'}, 'not-hotpluggable'),
                ('object-add', {'qom-type': 'none-machine'}, 'wrong-state'),
                ('object-del', {'id': 'machine'}, 'wrong-state'),
                ('object-del', {'id': 'ram'}, 'in-use'),
                ('chardev-remove', {'id': 'con'}, 'in-use')):
            error = client.error(command, arguments)
            assert error['reason'] in (reason, 'bus-' + reason), (command, arguments, error)
        wait_console(client, 'end: halt')
        # Memory that nobody uses may come and go.
        client.call('object-add', qom_type='memory-backend-ram', id='more', size=4096)
        client.call('object-del', id='more')


@on_each_accel
def none_machine(recorder):
    """machine none needs no memory and no CPU"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='a')
        client.call('object-add', qom_type='none-machine')
        client.call('cont')
        assert client.call('query-status')['status'] == 'running'
        client.call('quit')
        assert client.wait_event('SHUTDOWN')['data']['reason'] == 'host-qmp-quit'
        assert daemon.wait() == 0


@on_each_accel
def taken_apart_and_built_again(recorder):
    """before cont a machine can be removed piece by piece and built again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        before = daemon.descriptors()
        for _ in range(3):
            build(client, append='end=exit:3')
            for device in ('exit', 'com1', 'cpu0'):
                client.call('device_del', id=device)
                assert client.wait_event('DEVICE_DELETED')['data'] == {
                    'device': device, 'path': '/machine/peripheral/' + device}
            for name in ('machine', 'ram', 'accel'):
                client.call('object-del', id=name)
            client.call('chardev-remove', id='con')
            assert daemon.descriptors() == before, daemon.descriptors()
        build(client, append='end=exit:3')
        run(client, shutdown=None)
        assert daemon.wait() == 7


@on_each_accel
def cpus_are_told(recorder):
    """query-cpus-fast names the threads that run the CPUs"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.call('query-cpus-fast') == []
        build(client, append='end=loop', cpus=vmdtest.cpus(2))
        client.call('cont')
        cpus = client.call('query-cpus-fast')
        numbers = list(range(vmdtest.cpus(2)))
        assert [c['cpu-index'] for c in cpus] == numbers, cpus
        assert [c['qom-path'] for c in cpus] == ['/machine/peripheral/cpu%d' % n
                                                 for n in numbers], cpus
        threads = {c['thread-id'] for c in cpus}
        assert len(threads) == len(numbers), cpus
        for thread in threads:
            assert os.path.exists('/proc/%d/task/%d' % (daemon.process.pid, thread))
        places = [tuple(sorted(c['props'].items())) for c in cpus]
        assert len(set(places)) == len(numbers), cpus


@on_each_accel
def two_daemons(recorder):
    """two daemons run a machine each, and the end of one does not end the other"""
    with Daemon(recorder) as first, Daemon(recorder) as second:
        one, two = first.client(), second.client()
        build(one, append='print=first end=halt')
        build(two, append='print=second end=exit:1')
        one.call('cont')
        run(two, shutdown=None)
        assert second.wait() == 3
        assert 'second' not in wait_console(one, 'end: halt')
        assert one.call('query-status')['running']


@on_each_accel
def two_clients_hear_events(recorder):
    """events go to all clients, in the same order"""
    with Daemon(recorder) as daemon:
        one, two = daemon.client(), daemon.client()
        build(one, append='end=exit:1')
        run(one)
        assert one.drain_events() == ['RESUME', 'STOP']
        assert two.drain_events() == ['RESUME', 'SHUTDOWN', 'STOP']


@on_each_accel
def quit_order(recorder):
    """SHUTDOWN precedes the return of quit, also while a guest runs"""
    for running in (False, True):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            if running:
                build(client, append='end=loop')
                client.call('cont')
                client.wait_event('RESUME')
            client.send({'execute': 'quit', 'id': 1})
            assert client.receive()['event'] == 'SHUTDOWN'
            assert client.receive() == {'return': {}, 'id': 1}
            try:
                message = client.receive()
                raise AssertionError('this came after the end: %s' % message)
            except EOFError:
                pass
            assert daemon.wait() == 0
            assert not os.path.exists(daemon.socket)


@on_each_accel
def signals(recorder):
    """SIGTERM, SIGINT and SIGHUP end the daemon immediately with status 0"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            build(client, append='end=loop')
            client.call('set-action', shutdown='pause')
            client.call('cont')
            daemon.process.send_signal(number)
            assert client.wait_event('SHUTDOWN')['data'] == {
                'guest': False, 'reason': 'host-signal'}
            assert daemon.wait() == 0
            assert not os.path.exists(daemon.socket)


@on_each_accel
def killed(recorder):
    """after kill -9 with a running guest, the next daemon takes over the socket"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='end=loop')
        client.call('cont')
        daemon.process.kill()
        daemon.wait()
        assert os.path.exists(daemon.socket)
        with Daemon(recorder, socket_option=False,
                    arguments=['--socket', daemon.socket]) as second:
            second.wait_socket(daemon.socket)
            client = daemon.client()
            build(client, append='end=exit:1')
            run(client, shutdown=None)
            assert second.wait() == 3


def socket_in_use(recorder):
    """a second daemon does not take the socket of a running one"""
    with Daemon(recorder) as daemon:
        with Daemon(socket_option=False, arguments=['--socket', daemon.socket]) as second:
            assert second.wait() == 4, second.wait()
            assert daemon.socket in second.output(), second.output()
        assert daemon.client().call('query-status')['status'] == 'prelaunch'


@on_each_accel
def names(recorder):
    """query-name, query-uuid and query-version return what was given"""
    uuid = '550e8400-e29b-41d4-a716-446655440000'
    with Daemon(recorder, ['--name', 'web1']) as daemon:
        client = daemon.client()
        assert client.call('query-name') == {'name': 'web1'}
        assert client.call('query-uuid')['UUID'] == '00000000-0000-0000-0000-000000000000'
        version = client.call('query-version')
        assert client.greeting['QMP']['version'] == version
        client.call('object-add', qom_type=accel_class())
        client.call('object-add', qom_type='none-machine', uuid=uuid)
        assert client.call('query-uuid')['UUID'] == uuid
    with Daemon(recorder) as daemon:
        assert daemon.client().call('query-name') == {}


def no_kvm(recorder):
    """without /dev/kvm, kvm-accel fails by name and the daemon lives on"""
    vmdtest.need_mounts()
    script = 'mount -t tmpfs none /dev && exec "$0" "$@"'
    with Daemon(recorder, wrapper=['unshare', '-m', 'sh', '-c', script]) as daemon:
        client = daemon.client()
        error = client.error('object-add', {'qom-type': 'kvm-accel', 'id': 'a'})
        assert error['reason'] == 'no-accelerator', error
        assert '/dev/kvm' in error['desc'], error
        assert client.call('query-kvm') == {'enabled': False, 'present': False}
        assert [o['name'] for o in client.call('qom-list', path='/objects')] == ['type']
        try:
            client.call('object-add', qom_type='none-machine')
            raise AssertionError('a machine without an accelerator')
        except QmpError as wrong:
            assert wrong.error['reason'] == 'no-accelerator', wrong.error
        client.call('quit')
        assert daemon.wait() == 0


if __name__ == '__main__':
    vmdtest.main([runs_to_its_end, exit_status, pause_and_resume, paused_guest_stands_still,
                  answers_while_the_guest_exits, reset, guest_resets, action_reboot_shutdown,
                  action_reboot_pause, action_shutdown_pause, action_values, internal_error,
                  nothing_after_the_end, prelaunch, after_the_build_phase, none_machine,
                  taken_apart_and_built_again, cpus_are_told, two_daemons,
                  two_clients_hear_events, quit_order, signals, killed, socket_in_use, names,
                  no_kvm])
