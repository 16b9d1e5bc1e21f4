#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run states: how each is reached and left, which events come in which order, and each
command in each of them.

The order and the causes of events are what QEMU 7.2 answered to the same requests with
the same guests (docs/run-states.md).
"""
import contextlib
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import microvm                                      # noqa: E402
import pc                                           # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from faultyfs import FaultyFile                     # noqa: E402
from vmdtest import Daemon, QmpError, on_each_accel      # noqa: E402

MIB = 1 << 20
PANIC_PORT = 0x505
# mov al, 0xfe; out 0x64, al: the keyboard controller's reset line
RESET_CPU = b'\xb0\xfe\xe6\x64' + pc.HALT
# jmp 0xa000:0, where nothing answers: there is no instruction to execute
NOWHERE = b'\xea\x00\x00\x00\xa0'
PANIC = pc.out8(PANIC_PORT, 1) + pc.HALT
POWER_OFF = pc.MAP_PM + pc.POWER_OFF
SLEEP = pc.MAP_PM + pc.sleep(1) + pc.HALT
# A watchdog that is given no time at all.
EXPIRE = pc.out8(0x443, 15) + pc.HALT
# What a PC's firmware does, and what follows: state, cont first, set-action.
WAYS = {
    'prelaunch': (pc.HALT, None, {}),
    'running': (pc.HALT, None, {}),
    'paused': (pc.HALT, None, {}),
    'shutdown': (POWER_OFF, 'STOP', {'shutdown': 'pause'}),
    'guest-panicked': (PANIC, 'STOP', {'panic': 'pause'}),
    'watchdog': (EXPIRE, 'STOP', {'watchdog': 'pause'}),
    'internal-error': (NOWHERE, 'STOP', {}),
    'suspended': (SLEEP, 'SUSPEND', {}),
}
STATES = list(WAYS) + ['io-error']


def status(client):
    return client.call('query-status')['status']


def events(client):
    """The events so far: SHUTDOWN and RESET with their causes."""
    client.call('query-status')
    found, client.events = client.events, []
    return ['%s %s' % (e['event'], e['data']['reason']) if e['event'] in ('SHUTDOWN', 'RESET')
            else e['event'] for e in found]


def wait(client, name):
    """Until the event came; it stays among the client's."""
    while not any(e['event'] == name for e in client.events):
        client.note_event(client.receive())


def build_pc(daemon, client, code, **action):
    """A PC whose firmware is the code, with one device of each kind that commands ask for."""
    firmware = pc.write_firmware(daemon.path('firmware'), code)
    with open(daemon.path('image'), 'wb') as f:
        f.truncate(MIB)
    pc.build(client, firmware=firmware)
    client.call('device_add', driver='pvpanic', ioport=PANIC_PORT)
    client.call('device_add', driver='ib700')
    client.call('device_add', driver='virtio-balloon-pci', id='balloon')
    client.call('netdev_add', type='user', id='net')
    client.call('device_add', driver='e1000', id='nic', netdev='net')
    client.call('blockdev-add', driver='raw', node_name='disk', file={
        'driver': 'file', 'filename': daemon.path('image')})
    client.call('device_add', driver='virtio-blk-pci', id='vd0', drive='disk')
    client.call('device_add', driver='ide-cd', id='cd')
    client.call('object-add', qom_type='iothread', id='io0')
    client.call('set-action', **action)


@contextlib.contextmanager
def machine_in(recorder, state):
    """A daemon and a client of it, whose machine is in that state."""
    if state == 'io-error':
        with machine_with_faulty_disk(recorder) as both:
            yield both
        return
    code, event, action = WAYS[state]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build_pc(daemon, client, code, **action)
        if state != 'prelaunch':
            client.call('cont')
        if state == 'paused':
            client.call('stop')
        if event:
            wait(client, event)
        yield daemon, client


@contextlib.contextmanager
def machine_with_faulty_disk(recorder):
    with FaultyFile(MIB) as disk, Daemon(recorder) as daemon:
        client = daemon.client()
        microvm.build(client, append='disk=write:0:1 end=halt', console=None)
        client.call('chardev-add', id='debug', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-serial', id='com1', chardev='debug')
        client.call('blockdev-add', driver='raw', node_name='disk', file={
            'driver': 'file', 'filename': disk.path})
        client.call('device_add', driver='virtio-blk-device', id='vd0', drive='disk',
                    werror='stop')
        client.call('device_add', driver='virtio-scsi-device')
        client.call('device_add', driver='scsi-cd', id='cd')
        client.call('object-add', qom_type='iothread', id='io0')
        disk.fail('write', errno.EIO)
        client.call('cont')
        wait(client, 'STOP')
        disk.heal()
        yield daemon, client


# ---- Ways in and out

@on_each_accel
def ways_in(recorder):
    """each state is reached by its cause, with QEMU's events in QEMU's order"""
    expect = {
        'prelaunch': [], 'running': ['RESUME'], 'paused': ['RESUME', 'STOP'],
        'shutdown': ['RESUME', 'SHUTDOWN guest-shutdown', 'STOP'],
        'guest-panicked': ['RESUME', 'GUEST_PANICKED', 'STOP'],
        'watchdog': ['RESUME', 'WATCHDOG', 'STOP'],
        'internal-error': ['RESUME', 'STOP', 'INTERNAL_ERROR'],
        'suspended': ['RESUME', 'SUSPEND'],
        'io-error': ['RESUME', 'BLOCK_IO_ERROR', 'STOP'],
    }
    for state in STATES:
        with machine_in(recorder, state) as (_, client):
            assert status(client) == state, state
            assert events(client) == expect[state], state


@on_each_accel
def cont_in(recorder):
    """cont: RESUME where it continues, nothing where it runs or sleeps, else an error"""
    for state in STATES:
        with machine_in(recorder, state) as (_, client):
            events(client)
            if state in ('shutdown', 'internal-error'):
                assert client.error('cont')['reason'] == 'wrong-state', state
                assert status(client) == state and events(client) == []
                continue
            client.call('cont')
            assert events(client) == ([] if state in ('running', 'suspended') else ['RESUME'])
            assert status(client) == ('suspended' if state == 'suspended' else 'running'), state


@on_each_accel
def stop_in(recorder):
    """stop: STOP where it runs, nothing elsewhere"""
    for state in STATES:
        with machine_in(recorder, state) as (_, client):
            events(client)
            client.call('stop')
            assert events(client) == (['STOP'] if state == 'running' else []), state
            assert status(client) == ('paused' if state == 'running' else state), state


@on_each_accel
def reset_in(recorder):
    """system_reset: RESET; a stopped machine is paused then, a suspended one runs"""
    for state in STATES:
        with machine_in(recorder, state) as (_, client):
            events(client)
            client.call('system_reset')
            after = {'prelaunch': 'prelaunch', 'running': 'running'}.get(state, 'paused')
            if state == 'suspended':                # and the guest sleeps again
                wait(client, 'SUSPEND')
                assert events(client) == ['RESET host-qmp-system-reset', 'SUSPEND']
                continue
            assert status(client) == after, state
            assert events(client) == ([] if state == 'prelaunch' else
                                      ['RESET host-qmp-system-reset']), state
            client.call('cont')                     # from each of them


# ---- Causes

def run(daemon, client, code, **action):
    build_pc(daemon, client, code, **action)
    client.call('cont')


@on_each_accel
def causes_of_shutdown(recorder):
    """SHUTDOWN tells who ended the machine; STOP follows only if the daemon stays"""
    for code, action, cause in (
            (POWER_OFF, {}, 'guest-shutdown'),
            (RESET_CPU, {'reboot': 'shutdown'}, 'guest-reset'),
            (PANIC, {}, 'guest-panic'),
            (PANIC, {'panic': 'exit-failure'}, 'guest-panic')):
        panicked = ['GUEST_PANICKED'] if code == PANIC else []
        with Daemon(recorder) as daemon:
            client = daemon.client()
            run(daemon, client, code, **action)
            data = client.wait_event('SHUTDOWN')['data']
            assert data == {'guest': True, 'reason': cause}, data
            assert daemon.wait() == (6 if action.get('panic') else 0), cause
            try:
                while True:
                    client.note_event(client.receive())
            except (EOFError, ConnectionResetError):
                pass
            assert [e['event'] for e in client.events] == ['RESUME'] + panicked
        # A panic of a machine that is kept is none of its end, unless it is a failure.
        if panicked and not action:
            continue
        with Daemon(recorder) as daemon:
            client = daemon.client()
            run(daemon, client, code, shutdown='pause', **action)
            wait(client, 'STOP')
            assert events(client) == ['RESUME'] + panicked + ['SHUTDOWN ' + cause, 'STOP']
            assert status(client) == 'shutdown'


@on_each_accel
def reset_as_shutdown(recorder):
    """reboot=shutdown: system_reset is a shutdown, too, and again one in state shutdown"""
    with machine_in(recorder, 'running') as (_, client):
        client.call('set-action', reboot='shutdown', shutdown='pause')
        events(client)
        client.call('system_reset')
        assert events(client) == ['SHUTDOWN host-qmp-system-reset', 'STOP']
        client.call('system_reset')
        assert events(client) == ['SHUTDOWN host-qmp-system-reset']
        assert status(client) == 'shutdown'
        client.call('set-action', reboot='reset')
        client.call('system_reset')
        assert events(client) == ['RESET host-qmp-system-reset'] and status(client) == 'paused'
    with machine_in(recorder, 'prelaunch') as (daemon, client):
        client.call('set-action', reboot='shutdown')
        client.call('system_reset')                 # there is nothing to reset
        assert events(client) == [] and status(client) == 'prelaunch'
        client.call('cont')
        events(client)
        client.send({'execute': 'system_reset'})
        assert client.wait_event('SHUTDOWN')['data']['reason'] == 'host-qmp-system-reset'
        assert daemon.wait() == 0


@on_each_accel
def resets_of_the_guest(recorder):
    """RESET of a guest's own reset says so, and the machine continues to run"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        run(daemon, client, RESET_CPU)
        data = client.wait_event('RESET')['data']
        assert data == {'guest': True, 'reason': 'guest-reset'}, data
        assert status(client) == 'running'


# ---- Each command in each state

def harmless():
    """Requests that leave the state as it is and succeed wherever they are allowed; what
    one makes, a later one takes away."""
    def request(command, **arguments):
        return command, {k.replace('_', '-'): v for k, v in arguments.items()}
    null = {'type': 'null', 'data': {}}
    return [
        request('qom-list', path='/'),
        request('qom-get', path='/objects/io0', property='poll-max-ns'),
        request('qom-set', path='/objects/io0', property='poll-max-ns', value=0),
        request('qom-list-types'),
        request('qom-list-properties', typename='iothread'),
        request('device-list-properties', typename='isa-serial'),
        ('build', {'requests': [{'execute': 'qom-set', 'arguments': {
            'path': '/objects/io0', 'property': 'poll-max-ns', 'value': 1}}]}),
        ('object-add', {'qom-type': 'iothread', 'id': 'io1'}),
        ('object-del', {'id': 'io1'}),
        ('chardev-add', {'id': 'c', 'backend': null}),
        ('chardev-remove', {'id': 'c'}),
        ('ringbuf-write', {'device': 'debug', 'data': 'x'}),
        ('ringbuf-read', {'device': 'debug', 'size': 1}),
        ('netdev_add', {'type': 'user', 'id': 'n'}),
        ('netdev_del', {'id': 'n'}),
        ('blockdev-add', {'driver': 'null-co', 'node-name': 'b'}),
        ('blockdev-reopen', {'options': [{'driver': 'null-co', 'node-name': 'b'}]}),
        ('block-set-write-threshold', {'node-name': 'b', 'write-threshold': 0}),
        ('blockdev-open-tray', {'id': 'cd'}),
        ('blockdev-insert-medium', {'id': 'cd', 'node-name': 'b'}),
        ('blockdev-remove-medium', {'id': 'cd'}),
        ('blockdev-close-tray', {'id': 'cd'}),
        ('blockdev-change-medium', {'id': 'cd', 'filename': '/proc/self/exe',
                                    'read-only-mode': 'read-only'}),
        ('eject', {'id': 'cd'}),
        ('blockdev-del', {'node-name': 'b'}),
        ('block_set_io_throttle', {'id': 'vd0', 'bps': 0, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0,
                                   'iops_rd': 0, 'iops_wr': 0}),
        ('blockdev-create', {'job-id': 'j', 'options': {
            'driver': 'qcow2', 'size': MIB, 'file': 'not there'}}),
        ('block_resize', {'node-name': 'disk', 'size': MIB}),
        ('set_link', {'name': 'nic', 'up': True}),
        ('query-rx-filter', {'name': 'nic'}),
        ('query-cpu-model-expansion', {'type': 'full', 'model': {'name': 'qemu64'}}),
        ('balloon', {'value': 64 * MIB}),
        ('device_add', {'driver': 'virtio-rng-pci', 'id': 'rng'}),
        ('device_del', {'id': 'rng'}),
        ('set-action', {'watchdog': 'none'}),
        ('set-numa-node', {'type': 'node'}),
        ('getfd', {'fdname': 'f'}),
        ('closefd', {'fdname': 'f'}),
        ('query-class', {'name': 'iothread'}),
        ('query-device-state', {'path': 'cpu0'}),
        ('query-cpu-model-comparison', {'modela': {'name': 'qemu64'}, 'modelb': {'name': 'max'}}),
        ('query-cpu-model-baseline', {'modela': {'name': 'qemu64'}, 'modelb': {'name': 'max'}}),
        ('query-machine-recipe', {'name': 'microvm'}),
        ('trace-event-get-state', {'name': 'virtio_notify'}),
        ('trace-event-set-state', {'name': 'virtio_notify', 'enable': False}),
        ('system_powerdown', {}),
        *[(command, {'id': 'none'}) for command in JOBS],
        ('screendump', {'filename': '/nowhere'}),
        ('wait-screen-text', {'stamp': ''}),
        ('set_password', {'protocol': 'vnc', 'password': 'x'}),
        ('expire_password', {'protocol': 'vnc', 'time': 'now'}),
        ('change-vnc-password', {'password': 'x'}),
        ('x-query-device-tree', {}),
        ('x-mouse-set', {'index': 2}),
        ('x-read-memory', {'address': 0, 'size': 1}),
        ('x-access-port', {'port': 0x80, 'size': 1}),
        ('x-query-page-tables', {}),
        ('memsave', {'val': 0, 'size': 1, 'filename': '/dev/null'}),
        ('pmemsave', {'val': 0, 'size': 1, 'filename': '/dev/null'}),
        ('x-query-memory-tree', {}),
        ('human-monitor-command', {'command-line': 'info status'}),
        ('add-fd', {}),
        ('remove-fd', {'fdset-id': 1}),
        ('migrate-set-capabilities', {'capabilities': []}),
        ('yank', {'instances': []}),
        ('announce-self', {'initial': 1, 'max': 1, 'rounds': 1, 'step': 0}),
    ]


# There are no such jobs, no screen, no VNC server and no descriptors, in any state.
JOBS = ['job-cancel', 'job-complete', 'job-dismiss', 'job-finalize', 'job-pause', 'job-resume']
ABSENT = {**{command: 'object-not-found' for command in JOBS},
          'screendump': 'not-supported', 'query-screen-text': 'not-supported',
          'wait-screen-text': 'not-supported',
          'set_password': 'device-not-active', 'expire_password': 'device-not-active',
          'change-vnc-password': 'device-not-active',
          'set-numa-node': 'in-use',    # there are CPUs
          'add-fd': 'fd-not-found', 'remove-fd': 'fd-not-found'}

# Requests that may change the state, or end the daemon: each with a machine of its own.
KEY = {'type': 'qcode', 'data': 'a'}
CHANGING = {
    'cont': {}, 'stop': {}, 'system_reset': {}, 'system_wakeup': {}, 'inject-nmi': {}, 'quit': {},
    # A key wakes a guest that sleeps.
    'send-key': {'keys': [KEY]},
    'input-send-event': {'events': [{'type': 'key', 'data': {'down': True, 'key': KEY}}]},
}
# Not a matter of run states: negotiation is over, and always refused.
APART = {'qmp_capabilities', 'x-exit-preconfig'}
# A microvm with a faulty disk stands in for a PC in this state, and lacks these.
MICROVM_LACKS = {'set_link': 'device-not-found', 'query-rx-filter': 'device-not-found',
                 'balloon': 'device-not-active', 'query-balloon': 'device-not-active',
                 'send-key': 'object-not-found', 'input-send-event': 'object-not-found',
                 'x-mouse-set': 'device-not-found',
                 'device_add': 'bus-not-found', 'device_del': 'device-not-found',
                 'system_powerdown': 'not-supported'}


def allowed(client, command, state):
    """The states of a command in query-qmp-schema."""
    states = {f[6:] for f in client.schema.entities[command].get('features', [])
              if f.startswith('state:')}
    return not states or state in states


def outcome(client, command, arguments):
    """'ok', or the reason of the failure."""
    fds = []
    if command == 'getfd':
        fds.append(os.open('/dev/null', os.O_RDONLY))
    try:
        client.request({'execute': command, 'arguments': arguments}, fds)
        return 'ok'
    except QmpError as failure:
        return failure.error['reason']
    finally:
        for fd in fds:
            os.close(fd)


def expected(client, command, state):
    if not allowed(client, command, state):
        return 'wrong-state'
    if command in ABSENT:
        return ABSENT[command]
    if state == 'io-error':
        return MICROVM_LACKS.get(command, 'ok')
    return 'ok'


@on_each_accel
def each_command_in_each_state(recorder):
    """a command succeeds where query-qmp-schema says so, and is wrong-state elsewhere"""
    for state in STATES:
        with machine_in(recorder, state) as (_, client):
            requests = harmless()
            requests += [(c, {}) for c in queries(client) if c not in dict(requests)]
            names = {c for c, _ in requests} | set(CHANGING) | APART
            every = {e['name'] for e in client.schema.commands()}
            assert names == every, names ^ every
            for command, arguments in requests:
                got = outcome(client, command, arguments)
                assert got == expected(client, command, state), (state, command, got)
                assert status(client) == state, (state, command)
            assert client.error('x-exit-preconfig') == {
                'class': 'GenericError', 'reason': 'wrong-state',
                'desc': 'The command is permitted only before machine initialization'}


def queries(client):
    return sorted(e['name'] for e in client.schema.commands() if e['name'].startswith('query-'))


@on_each_accel
def each_change_in_each_state(recorder):
    """the commands that change the state, likewise"""
    for state in STATES:
        for command, arguments in CHANGING.items():
            with machine_in(recorder, state) as (_, client):
                got = outcome(client, command, arguments)
                assert got == expected(client, command, state), (state, command, got)


def ended_before_it_ran(recorder):
    """a machine that is ended before its first cont: a reset leads back to the build phase"""
    for machine in True, False:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            client.call('set-action', shutdown='pause')
            if machine:
                qtestclient.build(client)
            qtestclient.serve(daemon, client).close()
            wait(client, 'SHUTDOWN')
            assert events(client) == ['SHUTDOWN host-ui'] and status(client) == 'shutdown'
            for command in 'cont', 'build', 'system_powerdown':
                arguments = {'requests': []} if command == 'build' else {}
                assert outcome(client, command, arguments) == 'wrong-state', command
            client.call('system_reset')
            assert events(client) == [] and status(client) == 'prelaunch'
            client.call('build', requests=[])
            if machine:
                client.call('cont')
                assert events(client) == ['RESUME'] and status(client) == 'running'


def without_a_machine(recorder):
    """an empty daemon: cont is wrong-state, stop and system_reset change nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.error('cont')['reason'] == 'wrong-state'
        client.call('stop')
        client.call('system_reset')
        for command in 'system_powerdown', 'system_wakeup', 'inject-nmi':
            assert client.error(command)['reason'] == 'wrong-state', command
        assert client.drain_events() == [] and status(client) == 'prelaunch'


if __name__ == '__main__':
    vmdtest.main([ways_in, cont_in, stop_in, reset_in, causes_of_shutdown, reset_as_shutdown,
                  resets_of_the_guest, each_command_in_each_state, each_change_in_each_state,
                  ended_before_it_ran, without_a_machine])
