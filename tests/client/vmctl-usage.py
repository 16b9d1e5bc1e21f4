#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl's command line, and how it finds and greets the daemon."""

import os
import re
import shlex
import shutil
import socket
import subprocess

from rig import (SRCDIR, VMCTL, FakePeer, Skip, case, contains, equal, main, scratch,
                 vmctl)

GLOBAL = {'socket', 'name', 'help', 'version'}


def verbs():
    return re.findall(r'^  ([a-z]+) ', vmctl('--help').check(0).out.split('Verbs:')[1], re.M)


def options_of(verb):
    """Long options of a verb, or of none."""
    text = vmctl(*filter(None, [verb]), '--help').check(0).out
    return set(re.findall(r'^  (?:-[a-z], )?--([a-z-]+)', text, re.M))


def manual(verb=None):
    with open(os.path.join(SRCDIR, 'docs', 'man', '-'.join(filter(None, ['vmctl', verb])) + '.1'),
              encoding='utf-8') as f:
        return f.read()


@case
def help_lists_every_verb():
    assert len(verbs()) > 25 and len(set(verbs())) == len(verbs()), verbs()
    for verb in set(verbs()) - {'complete'}:
        contains(vmctl(verb, '--help').check(0).out, 'vmctl %s [%s' % (
            verb, 'options]' if verb == 'qemu' else 'OPTION'))


@case
def manual_has_every_option():
    general = manual()
    for verb in [None] + verbs():
        page = manual(verb)
        for option in options_of(verb):
            contains(general if option in GLOBAL else page, 'Fl -' + option)
        if verb:
            contains(general, '\n.It Cm %s\n' % verb)
            contains(page, '\n.Sh EXAMPLES\n')


@case
def examples_of_the_manual_are_command_lines():
    for verb in [None] + verbs():
        lines = [line.replace('\\e', '\\') for line in manual(verb).splitlines()
                 if 'vmctl ' in line and '$ ' in line]
        assert lines, verb
        for line in lines:
            for words in split_line(line.split('$ ', 1)[1].rstrip('\\')):
                check_example(words, verb)


def split_line(line):
    """The words of each command of a shell's line."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    commands = [[]]
    for word in words:
        if word in ('|', '&&', '>'):
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def check_example(words, verb):
    if 'vmctl' not in words:
        return
    words = words[words.index('vmctl') + 1:]
    words = words[:words.index('--')] if '--' in words else words
    while words[0] in ('-n', '-s'):
        words = words[2:]
    assert words[0] in verbs() and (not verb or verb in (words[0], 'edit', 'delete', 'create',
                                                         'restart')), words
    known = options_of(words[0]) | GLOBAL
    for word in words[1:]:
        if word.startswith('--'):
            contains(known, word[2:].split('=')[0])


@case
def completion_knows_verbs_machines_and_commands():
    equal(sorted(vmctl('complete', 'sta').check(0, None, '').out.split()),
          ['start', 'state', 'status'])
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
def completion_knows_options():
    contains(vmctl('complete', 'start', '--a').out.split(), '--autostart')
    contains(vmctl('complete', 'stop', '-').out.split(), '--force')
    for verb in ('run', 'translate', 'create'):
        equal(vmctl('complete', verb, '--', '-mach').out.split(), ['-machine'])
    equal(vmctl('complete', 'qemu', '-mach').out.split(), ['-machine'])
    for words, expected in ((['-M', 'micr'], ['microvm']), (['-cpu', 'Cooperlake-v'],
                            ['Cooperlake-v1', 'Cooperlake-v2']), (['-accel', 'q'], ['qtest']),
                            (['-device', 'virtio-vg'], ['virtio-vga']),
                            (['-device', 'isa-serial,cha'], ['isa-serial,chardev=']),
                            (['-device', 'e1000,id=a,mac'], ['e1000,id=a,mac=']),
                            (['-netdev', 'us'], ['user']), (['-netdev', 'user,hostf'],
                            ['user,hostfwd=']), (['-smp', '2,co'], ['2,cores=']),
                            (['-object', 'iothr'], ['iothread']), (['-chroot', ''], []),
                            (['-device', 'i440FX-pc'], [])):
        equal(vmctl('complete', 'run', '--', *words).check(0).out.split(), expected)
    with scratch() as path:
        env = {'VMD_RUN_DIR': path, 'VMD_STATE_DIR': path, 'VMD_CONFIG_DIR': path}
        open(path + '/web.conf', 'w', encoding='ascii').close()
        for verb in ('start', 'stop', 'delete', 'logs'):
            equal(vmctl('complete', verb, 'w', env=env).out.split(), ['web'])


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
    vmctl('list', 'now').check(2, '', 'too many arguments')
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
