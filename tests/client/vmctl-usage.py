#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl's command line, and how it finds and greets the daemon."""

import os
import re
import shutil
import socket
import subprocess

from rig import (SRCDIR, VMCTL, FakePeer, Skip, case, contains, equal, main, scratch,
                 vmctl)

VERBS = ['apply', 'translate', 'qmp', 'monitor', 'status', 'list', 'wait', 'events', 'console',
         'stop', 'schema', 'screen', 'screenshot']


@case
def help_lists_every_verb():
    run = vmctl('--help').check(0)
    for verb in VERBS:
        contains(run.out, '\n  %s ' % verb)
        contains(vmctl(verb, '--help').check(0).out, 'vmctl %s [OPTION' % verb)


@case
def manual_has_every_option():
    with open(os.path.join(SRCDIR, 'docs', 'man', 'vmctl.1'), encoding='utf-8') as f:
        manual = f.read()
    for verb in [None] + VERBS:
        text = vmctl(*filter(None, [verb]), '--help').check(0).out
        options = re.findall(r'--([a-z-]+)', text)
        assert options
        for option in options:
            contains(manual, 'Fl -' + option)


@case
def completion_knows_verbs_machines_and_commands():
    equal(vmctl('complete', 'sta').check(0, None, '').out.split(), ['state', 'status'])
    contains(vmctl('complete', '').out, '--name')
    equal(vmctl('complete', '-n', 'x', 'ev').out.split(), ['events'])
    equal(vmctl('complete', 'qmp', 'query-status').out.split(), ['query-status'])
    equal(vmctl('complete', 'wait', '-e', 'SHUTD').out.split(), ['SHUTDOWN'])
    equal(vmctl('complete', 'wait', 'SHUTD').out, '')
    equal(vmctl('complete', 'qmp', 'no-such').check(0).out, '')
    equal(vmctl('complete', 'schema', 'e').out.split(), ['events'])
    equal(vmctl('complete', 'schema', 'classes', 'isa-deb').out.split(),
          ['isa-debug-exit', 'isa-debugcon'])
    equal(vmctl('complete', 'schema', '-j', 'machines', 'micro').out.split(), ['microvm'])
    equal(vmctl('complete').check(0).out, '')


@case
def completion_works_in_bash():
    if not shutil.which('bash'):
        raise Skip('bash is not installed')
    script = ('PATH=%s:$PATH; . "$1"; COMP_WORDS=(vmctl qmp query-stat); COMP_CWORD=2; _vmctl; '
              'echo "${COMPREPLY[*]}"' % os.path.dirname(VMCTL))
    done = subprocess.run(['bash', '-c', script, 'bash',
                           os.path.join(SRCDIR, 'docs', 'completion', 'vmctl')],
                          capture_output=True, text=True, timeout=30)
    equal(done.stdout, 'query-status\n')


@case
def version_is_printed():
    equal(vmctl('--version').check(0).out.split()[0], 'vmctl')


@case
def wrong_usage_has_status_2():
    vmctl().check(2, '', 'a verb is missing')
    vmctl('fly').check(2, '', "there is no verb 'fly'")
    vmctl('--fly').check(2, '', "vmctl: there is no option '--fly'\n")
    vmctl('--sockt', 'x', 'status').check(2, '', "no option '--sockt'; did you mean '--socket'?")
    vmctl('status', '--fly').check(2, '', "vmctl: there is no option '--fly'\n")
    vmctl('status', '--json=on').check(2, '', 'vmctl: the option --json takes no value\n')
    vmctl('--socket').check(2, '', 'vmctl: the option --socket lacks its value: PATH\n')
    for seconds in ('x', '-5', 'nan', '1e999', ''):
        for verb in (['wait'], ['stop'], ['apply', 'file']):
            vmctl(*verb, '--timeout', seconds).check(
                2, '', "vmctl: --timeout takes a number of seconds, not '%s'\n" % seconds)
    vmctl('status', 'now').check(2, '', 'too many arguments')
    vmctl('apply').check(2, '', 'usage: vmctl apply FILE')
    for fd in ('x', '-1', '99999999999'):
        vmctl('qmp', '--pass-fd', fd, 'stop').check(
            2, '', "vmctl: --pass-fd takes the number of a descriptor, not '%s'\n" % fd)


@case
def any_bytes_are_named_in_any_locale():
    for locale in ('C', 'C.UTF-8'):
        env = {'LC_ALL': locale}
        vmctl('--name', b'\xff', 'status', env=env).check(1, '', "' is not the name of a machine")
        vmctl('wait', '--event', b'\xff', env=env).check(2, '', 'there is no event ')
        vmctl(b'--\xff', env=env).check(2, '', "there is no option '--")


@case
def missing_daemon_is_told_by_path():
    with scratch() as path:
        gone = path + '/none.sock'
        for verb in (['status'], ['wait'], ['events'], ['console'], ['stop'], ['qmp', 'stop'],
                     ['screen', '-t'], ['screenshot', '-o', path + '/shot.png']):
            vmctl('--socket', gone, *verb).check(1, '', 'no daemon listens on ' + gone)


@case
def stale_socket_is_told_by_path():
    with scratch() as path:
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path + '/s')
        vmctl('--socket', path + '/s', 'status').check(1, '', 'Connection refused')


@case
def long_socket_path_is_an_error():
    vmctl('--socket', '/' + 'x' * 200, 'status').check(1, '', 'is longer than 107 bytes')


@case
def name_leads_to_the_run_directory():
    with scratch() as path:
        env = {'VMD_RUN_DIR': path}
        vmctl('status', env=env).check(1, '', path + '/default/qmp.sock')
        vmctl('--name', 'web', 'status', env=env).check(1, '', path + '/web/qmp.sock')
        vmctl('status', '--name', 'web', env=env).check(1, '', path + '/web/qmp.sock')
        for name in ('../web', '', '..'):
            vmctl('--name', name, 'status', env=env).check(1, '', 'is not the name of a machine')
        os.mkdir(path + '/web')
        with FakePeer(lambda peer: peer.expect_end(), directory=path + '/web'):
            vmctl('--name', 'web', 'qmp', '{', env=env).check(1, '', 'has no end')


@case
def run_directory_without_the_variable():
    if os.geteuid() == 0:
        vmctl('--name', 'no-such', 'status').check(1, '', '/run/vmd/no-such/qmp.sock')
        return
    vmctl('status').check(1, '', 'XDG_RUNTIME_DIR')
    vmctl('status', env={'XDG_RUNTIME_DIR': '/x'}).check(1, '', '/x/vmd/default/qmp.sock')


def negotiation(capabilities, expected):
    def script(peer):
        peer.expect(expected)
        peer.send({'return': {}})
        peer.expect_end()
    greeting = {'QMP': {'version': {}, 'capabilities': capabilities}}
    with FakePeer(script, greeting, negotiate=False) as fake:
        vmctl('--socket', fake.path, 'qmp').check(0, '', '')


@case
def error_details_are_enabled_if_offered():
    negotiation(['oob', 'error-details'],
                {'execute': 'qmp_capabilities', 'arguments': {'enable': ['error-details']}})
    negotiation(['oob'], {'execute': 'qmp_capabilities'})
    negotiation([], {'execute': 'qmp_capabilities'})


@case
def peer_that_does_not_speak_qmp():
    for text, message in (('220 ready', "does not speak QMP: it sent '220 ready'"),
                          ('{"hello": 1}', 'does not speak QMP')):
        with FakePeer(lambda peer, t=text: peer.send_text(t), None, negotiate=False) as fake:
            vmctl('--socket', fake.path, 'status').check(1, '', message)


@case
def peer_that_hangs_up():
    with FakePeer(lambda peer: None, None, negotiate=False) as fake:
        vmctl('--socket', fake.path, 'status').check(1, '', 'before its greeting')
    with FakePeer(lambda peer: peer.read() and None) as fake:
        vmctl('--socket', fake.path, 'status').check(1, '', 'closed the connection')


@case
def refused_negotiation_is_an_error():
    def script(peer):
        peer.read()
        peer.send({'error': {'class': 'GenericError', 'desc': 'not today'}})
    with FakePeer(script, negotiate=False) as fake:
        vmctl('--socket', fake.path, 'status').check(1, '', 'qmp_capabilities: not today')


if __name__ == '__main__':
    main()
