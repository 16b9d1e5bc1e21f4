#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl translate: what it prints, the manual's table of options, and translations that a real
daemon takes."""

import json
import os
import shlex

from rig import SRCDIR, case, contains, equal, main, scratch, vmctl
from vmdtest import Daemon, QmpError

FOLDER = os.path.join(SRCDIR, 'tests', 'translate')
LINE = ['-S', '-nodefaults', '-M', 'microvm', '-m', '64']
MACHINE = [
    {'execute': 'object-add', 'arguments': {'qom-type': 'kvm-accel'}},
    {'execute': 'object-add', 'arguments': {'qom-type': 'memory-backend-ram',
                                            'id': 'microvm.ram', 'size': 64 << 20}},
    {'execute': 'object-add', 'arguments': {'qom-type': 'microvm-machine',
                                            'memory-backend': 'microvm.ram'}},
    {'execute': 'device_add', 'arguments': {'driver': 'qemu64-x86_64-cpu', 'id': 'cpu0'}},
]


def translate(*args):
    return vmctl('translate', '--', *args)


@case
def requests_are_json_lines():
    run = translate(*LINE).check(0, None, '')
    equal([json.loads(line) for line in run.out.splitlines()], MACHINE)


@case
def what_is_no_request_is_told_on_standard_error():
    run = translate(*LINE, '-name', 'a').check(0, None, "vmctl: -name a: no request: vmd --name 'a'")
    equal(len(run.out.splitlines()), len(MACHINE))


@case
def all_problems_are_told_and_nothing_is_printed():
    run = translate('-usb', '-nodefaults', '-vnc', ':0').check(1, '')
    equal(len(run.err.splitlines()), 2)
    translate('-nodefalts').check(1, '', "word 1: -nodefalts: there is no option '-nodefalts'; did "
                                         "you mean 'nodefaults'?")


@case
def pretty_has_comments_and_can_be_applied():
    run = vmctl('translate', '--pretty', '--', *LINE).check(0, None, '')
    contains(run.out, '# -m 64: Anonymous memory, given back to the host when the object goes.\n{')
    vmctl('apply', '--check', '-', stdin=run.out).check(0, '', '')


@case
def explain_accounts_for_each_option():
    options = LINE + ['-kernel', 'k', '-no-reboot', '-name', 'a', '-boot', 'c', '-smp', '2']
    options[3] = 'pc'
    run = vmctl('translate', '--explain', '--', *options).check(0, None, '')
    for text in ("-S: there is no 'cont'", '-nodefaults: ', '-M pc: object-add pc-i440fx-2.7-machine',
                 "-kernel k: the machine's property kernel", '-no-reboot: set-action',
                 '-name a: no request: ', "-boot c: the machine's property boot", '-smp 2: ',
                 'default: object-add kvm-accel: '):
        contains('\n' + run.out, '\n' + text)


@case
def check_tells_what_the_host_has_not():
    with scratch(disk='x') as path:
        def drive(name):
            return ['-accel', 'qtest', '-drive', 'format=raw,if=virtio,file=%s/%s' % (path, name)]
        vmctl('translate', '--check', '--', *LINE, *drive('disk')).check(0, '', '')
        run = vmctl('translate', '--check', '--', *LINE, *drive('none')).check(1, '')
        contains(run.err, path + '/none: No such file')
    vmctl('translate', '--check', '--', *LINE, '-device', 'pvpanic,id=a', '-device',
          'pvpanic,id=a').check(1, '', "device id 'a' is in use")


@case
def manual_has_the_table_of_options():
    run = vmctl('translate', '--options').check(0, None, '')
    lines = run.out.splitlines()
    expected = []
    for head, fate in zip(lines[::2], lines[1::2]):
        name, _, argument = head[1:].partition(' ')
        expected += ['.It Fl ' + name + (' Ar ' + argument if argument else ''), fate.strip()]
    with open(os.path.join(SRCDIR, 'docs', 'man', 'vmctl-options.7'), encoding='utf-8') as f:
        text = f.read()
    begin = text.index('.\\" The table') + 1
    table = text[text.index('.It Fl', begin):text.index('.El', begin)].splitlines()
    equal(table, expected)


# ---- With a daemon ----

def command_lines():
    """Those of the transcripts that can be translated."""
    for name in sorted(os.listdir(FOLDER)):
        if not name.endswith('.txt'):
            continue
        with open(os.path.join(FOLDER, name), encoding='utf-8') as f:
            lines = f.read().replace('\\\n', '').splitlines()
        for line, after in zip(lines, lines[1:] + ['']):
            if line.startswith('$') and not after.startswith('error:'):
                yield line[1:]


def wants_the_host(requests):
    """What is not here, or only for root: absolute paths, tap, descriptors, names to resolve."""
    text = json.dumps(requests)
    return any(word in text for word in (
        '"tap"', '"fd"', '"mem-path"', 'example.com', '"stdio"', '"telnet"', 'localhost', '::1',
        '"/', '"hugetlb"', '"connect"', '"listen"', '"host-nodes"', '"hostfwd"', '"policy"', '10376293541461622784'))


def files_of(value):
    if isinstance(value, dict):
        for key, member in value.items():
            if key in ('filename', 'kernel', 'initrd', 'firmware') and isinstance(member, str):
                yield member
            yield from files_of(member)


def build(requests):
    """Sends all of them to a daemon of their own, but `cont`."""
    with scratch() as path:
        for request in requests:
            for name in files_of(request.get('arguments', {})):
                with open(os.path.join(path, name), 'wb') as f:
                    f.truncate(1 << 20)
        with Daemon(wrapper=('env', '-C', path)) as vmd:
            client = vmd.client()
            for request in requests:
                if request['execute'] != 'cont':
                    client.request(request)
            client.close()


@case
def a_daemon_takes_what_was_translated():
    taken = 0
    for line in command_lines():
        args = shlex.split(line)
        run = translate(*args)
        if run.status:
            continue            # a config file, whose path is not here
        requests = [json.loads(text) for text in run.out.splitlines()]
        accel = next(r for r in requests if r.get('arguments', {}).get('qom-type') in
                     ('kvm-accel', 'qtest-accel'))
        if wants_the_host([r for r in requests if r is not accel]):
            continue
        accel['arguments'] = {'qom-type': 'qtest-accel'}
        if 'host-x86' in run.out or 'max-x86' in run.out or 'kernel"' in run.out:
            continue            # only KVM has the host's CPU; a kernel must be one
        try:
            build(requests)
        except QmpError as error:
            raise AssertionError('%s: %s' % (line, error)) from error
        taken += 1
    assert taken >= 60, taken


if __name__ == '__main__':
    main()
