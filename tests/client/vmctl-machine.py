#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl status, wait, events and stop, against a scripted peer."""

import json

from rig import FakePeer, case, contains, equal, main, vmctl

RUNNING = {'running': True, 'singlestep': False, 'status': 'running'}
PRELAUNCH = {'running': False, 'singlestep': False, 'status': 'prelaunch'}


def state(name):
    return {'running': name == 'running', 'singlestep': False, 'status': name}


def against(replies, *args):
    """Runs vmctl against a peer that answers by a table."""
    with FakePeer(lambda peer: peer.answer(replies)) as fake:
        return vmctl('--socket', fake.path, *args)


# -- status --

def status(name, cpus, accelerator, *args):
    return against({'query-name': {'name': name} if name else {}, 'query-status': RUNNING,
                    'query-cpus-fast': [{'cpu-index': n} for n in range(cpus)],
                    'query-accelerators': {'present': ['kvm'], **accelerator}}, 'status', *args)


KVM = {'enabled': 'kvm'}
TCG = {'enabled': 'tcg', 'why': "kvm: cannot open '/dev/kvm'"}


@case
def status_is_one_line():
    status('web', 2, KVM).check(0, 'web: running, 2 vCPUs, KVM\n', '')
    status(None, 1, {}).check(0, 'running, 1 vCPU\n', '')
    status(None, 1, {'enabled': 'tcg'}).check(0, 'running, 1 vCPU, tcg\n', '')
    status(None, 1, TCG).check(0, "running, 1 vCPU, tcg (kvm: cannot open '/dev/kvm')\n", '')


@case
def status_as_json():
    run = status('web', 2, KVM, '--json').check(0, None, '')
    equal(json.loads(run.out), {'name': 'web', 'status': 'running', 'running': True, 'vcpus': 2,
                                'kvm': True, 'accelerator': 'kvm'})
    run = status(None, 1, TCG, '--json').check(0, None, '')
    equal(json.loads(run.out), {'status': 'running', 'running': True, 'vcpus': 1, 'kvm': False,
                                'accelerator': 'tcg', 'accelerator-why': TCG['why']})
    equal('name' in json.loads(status(None, 0, {}, '-j').out), False)


@case
def status_that_the_daemon_refuses():
    against({'query-name': {}}, 'status').check(1, '', 'query-status: no command query-status')


# -- wait --

def after_status(*events, close=False, status=RUNNING):
    """A query-status entry that sends events behind its reply."""
    def reply(peer):
        peer.send({'return': status})
        for name, data in events:
            peer.event(name, **data)
        return not close
    return {'query-status': reply}


def shutdown(reason):
    return ('SHUTDOWN', {'guest': reason.startswith('guest'), 'reason': reason})


@case
def wait_for_a_shutdown():
    for reason in ('guest-shutdown', 'host-qmp-quit', 'host-signal'):
        against(after_status(('RESUME', {}), shutdown(reason)), 'wait').check(0, '', '')


@case
def wait_tells_bad_ends_apart():
    for reason in ('guest-panic', 'host-error'):
        against(after_status(shutdown(reason)), 'wait').check(3, '', reason)
    error = ('INTERNAL_ERROR', {'reason': 'emulation failure', 'qom-path': '/machine'})
    against(after_status(error), 'wait').check(3, '', 'cannot continue: emulation failure')
    panicked = ('GUEST_PANICKED', {'action': 'pause'})
    against(after_status(panicked), 'wait').check(3, '', 'guest-panicked')
    against(after_status(close=True), 'wait').check(3, '', 'without a SHUTDOWN event')


@case
def wait_for_a_machine_that_has_ended_already():
    against({'query-status': state('shutdown')}, 'wait').check(0, '', '')
    against({'query-status': state('internal-error')}, 'wait').check(3, '', 'internal-error')
    against({'query-status': state('guest-panicked')}, 'wait').check(3, '', 'guest-panicked')


@case
def events_that_came_already_say_more_than_the_state():
    def reply(peer):
        peer.event('SHUTDOWN', guest=True, reason='guest-panic')
        peer.send({'return': state('shutdown')})
    against({'query-status': reply}, 'wait').check(3, '', 'guest-panic')


@case
def wait_has_a_timeout():
    against(after_status(('RESUME', {})), 'wait', '--timeout', '0.2').check(
        124, '', 'timed out')


@case
def wait_for_an_event():
    def script(peer):
        peer.event('STOP')
        peer.event('RESET', guest=True)
        peer.expect_end()
    with FakePeer(script) as fake:
        run = vmctl('--socket', fake.path, 'wait', '--event', 'RESET').check(0, None, '')
    equal(json.loads(run.out)['data'], {'guest': True})
    with FakePeer(script) as fake:
        vmctl('--socket', fake.path, 'wait', '-e', 'RESUME', '-t', '0.2').check(
            124, '', 'no event RESUME came')
    with FakePeer(lambda peer: peer.event('STOP')) as fake:
        vmctl('--socket', fake.path, 'wait', '-e', 'RESUME').check(3, '', 'before an event RESUME')


@case
def wait_for_an_event_that_does_not_exist():
    vmctl('wait', '-e', 'SHUTDONW').check(
        2, '', "there is no event 'SHUTDONW'; did you mean 'SHUTDOWN'?")
    vmctl('wait', '-e', 'NOPE').check(2, '', "there is no event 'NOPE'")


# -- events --

@case
def events_until_the_end():
    def script(peer):
        peer.event('STOP')
        peer.event('RESET', guest=True)
    with FakePeer(script) as fake:
        vmctl('--socket', fake.path, 'events').check(
            0, '22:13:20.000042  STOP\n22:13:20.000042  RESET  {"guest":true}\n', '')
    with FakePeer(script) as fake:
        run = vmctl('--socket', fake.path, 'events', '--json').check(0, None, '')
        equal([json.loads(line)['event'] for line in run.out.splitlines()], ['STOP', 'RESET'])


# -- stop --

COMMANDS = [{'name': 'quit'}, {'name': 'query-commands'}]
POWERDOWN = COMMANDS + [{'name': 'system_powerdown'}]


def stop(replies, *args):
    """Runs `vmctl stop`; returns the run and the commands that change something."""
    sent = []

    def noting(name, reply):
        def call(peer):
            sent.append(name)
            return reply(peer)
        return call

    def quit_now(peer):
        peer.event('SHUTDOWN', guest=False, reason='host-qmp-quit')
        peer.send({'return': {}})
        return False

    def power_down(peer):
        peer.send({'return': {}})
        peer.event('SHUTDOWN', guest=True, reason='guest-shutdown')
    table = {'quit': quit_now, 'system_powerdown': power_down, **replies}
    for name in ('quit', 'system_powerdown'):
        table[name] = noting(name, table[name])
    return against(table, 'stop', *args), sent


@case
def stop_presses_the_power_button_of_a_running_guest():
    run, sent = stop({'query-commands': POWERDOWN, 'query-status': RUNNING})
    run.check(0, '', '')
    equal(sent, ['system_powerdown'])


@case
def stop_quits_where_there_is_no_button():
    for commands, status in ((COMMANDS, RUNNING), (POWERDOWN, PRELAUNCH),
                             (POWERDOWN, state('paused'))):
        run, sent = stop({'query-commands': commands, 'query-status': status})
        run.check(0, '', '')
        equal(sent, ['quit'])


@case
def stop_quits_where_nothing_is_executed():
    for accel, does in (('qtest-accel', 'quit'), ('kvm-accel', 'system_powerdown')):
        run, sent = stop({'query-commands': POWERDOWN, 'query-status': RUNNING, 'qom-get': accel})
        run.check(0, '', '')
        equal(sent, [does])


@case
def stop_by_force_asks_nobody():
    run, sent = stop({}, '--force')
    run.check(0, '', '')
    equal(sent, ['quit'])


@case
def stop_of_a_deaf_guest_times_out():
    run, sent = stop({'query-commands': POWERDOWN, 'query-status': RUNNING,
                      'system_powerdown': lambda peer: peer.send({'return': {}})}, '-t', '0.2')
    run.check(124, '', '--force ends it')
    equal(sent, ['system_powerdown'])


@case
def stop_of_a_daemon_that_stays_times_out():
    run, _ = stop({'quit': lambda peer: peer.send({'return': {}})}, '-f', '-t', '0.2')
    run.check(124, '', 'did not end in time')


@case
def stop_that_is_refused():
    def refuse(peer):
        peer.send({'error': {'class': 'GenericError', 'desc': 'never'}})
    run, _ = stop({'quit': refuse}, '--force')
    run.check(1, '', 'quit: never')
    contains(run.err, 'vmctl: ')


if __name__ == '__main__':
    main()
