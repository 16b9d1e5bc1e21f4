#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl translate: what it prints, the manual's table of options, and translations that a real
daemon takes."""

import ctypes
import json
import os
import shlex
import re
import shutil

from rig import SRCDIR, case, contains, equal, main, scratch, vmctl
from vmdtest import GUESTS, Daemon, QmpError

FOLDER = os.path.join(SRCDIR, 'tests', 'translate')
LINE = ['-S', '-nodefaults', '-M', 'microvm', '-m', '64']
MACHINE = [
    {'execute': 'object-add', 'arguments': {'qom-type': 'any-accel'}},
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
    run = translate('-virtfs', 'local,path=/', '-nodefaults', '-spice', 'port=1').check(1, '')
    equal(len(run.err.splitlines()), 3)
    translate('-nodefalts').check(1, '', "vmctl: -nodefalts: there is no option '-nodefalts'; did "
                                         "you mean 'nodefaults'?")


@case
def pretty_has_comments_and_can_be_applied():
    run = vmctl('translate', '--pretty', '--', *LINE).check(0, None, '')
    contains(run.out, '# -m 64: Anonymous memory, returned to the host when the object is removed.\n{')
    vmctl('apply', '--check', '-', stdin=run.out).check(0, '', '')


@case
def all_that_a_line_cannot_have_is_told_at_once():
    words = ('-fly -M q35 -display gtk -device intel-hda,id=snd -device hda-duplex,bus=snd.0 '
             '-smp cpu=3 -netdev usr,id=a -device virtio-net,netdev=a,ats=on').split()
    for verb in (['translate'], ['run'], ['create', 'web']):
        with scratch() as path:
            run = vmctl(*verb, '--', *words, env={'VMD_CONFIG_DIR': path}).check(1, '')
        told = run.err.splitlines()
        equal(sorted(line.split(': ')[1] for line in told[:-1]), sorted([
            '-fly', '-M q35', '-display gtk', '-device intel-hda,id=snd',
            '-device hda-duplex,bus=snd.0', '-smp cpu=3', '-netdev usr,id=a',
            '-device virtio-net,netdev=a,ats=on']))
        contains(told[-1], 'vmctl translate --suggest')


def suggested(*words):
    """The line that is suggested, which must be one that works."""
    run = vmctl('translate', '--suggest', '--', *words).check(0)
    line = shlex.split(run.out)
    vmctl('translate', '--', *line).check(0)
    return line, run.err


@case
def nearest_line_is_suggested():
    equal(suggested('-m', '64'), (['-m', '64'], ''))
    for words, expected in (
            (['-M', 'q35,hpet=off'], ['-M', 'pc,hpet=off']), (['-cpu', 'hots'], ['-cpu', 'host']),
            (['-fly', '-m', '64'], ['-m', '64']), (['-display', 'gtk'], []),
            (['-device', 'virtio-rgn'], ['-device', 'virtio-rng']),
            (['-netdev', 'usr,id=a', '-device', 'virtio-net,netdev=a,ats=on'],
             ['-netdev', 'user,id=a', '-device', 'virtio-net,netdev=a']),
            (['-audiodev', 'pa,id=a', '-device', 'intel-hda,id=s', '-name', 'a b'],
             ['-name', 'a b']), (['-smp', 'cpu=3'], ['-smp', 'cpus=3'])):
        line, told = suggested(*words)
        equal(line, expected)
        assert told.startswith('vmctl: ' + words[0]), told
    contains(suggested('-display', 'gtk')[1], '-display gtk: left out: must be none')
    contains(suggested('-cpu', 'hots')[1], '-cpu hots: now -cpu host')


@case
def explain_accounts_for_each_option():
    options = LINE + ['-kernel', 'k', '-no-reboot', '-name', 'a', '-boot', 'c', '-smp', '2']
    options[3] = 'pc'
    run = vmctl('translate', '--explain', '--', *options).check(0, None, '')
    for text in ("-S: the final 'cont'", '-nodefaults: ', '-M pc: object-add pc-i440fx-7.2-machine',
                 "-kernel k: the machine's property kernel", '-no-reboot: set-action',
                 '-name a: no request: ', "-boot c: the machine's property boot", '-smp 2: ',
                 'default: object-add any-accel: '):
        contains('\n' + run.out, '\n' + text)


@case
def check_tells_what_the_host_has_not():
    with scratch(disk='x') as path:
        def drive(name):
            return ['-accel', 'qtest', '-drive', 'format=raw,if=virtio,file=%s/%s' % (path, name)]
        vmctl('translate', '--check', '--', *LINE, *drive('disk')).check(0, '', '')
        run = vmctl('translate', '--check', '--', *LINE, *drive('none')).check(1, '')
        contains(run.err, path + '/none: No such file')
        kernel = ['-accel', 'qtest', '-kernel', path + '/disk', '-initrd']
        vmctl('translate', '--check', '--', *LINE, *kernel, path + '/disk').check(0, '', '')
        vmctl('translate', '--check', '--', *LINE, *kernel,
              '%s/disk a b, %s/disk' % (path, path)).check(0, '', '')
        run = vmctl('translate', '--check', '--', *LINE, *kernel,
                    '%s/disk a b,%s/n,,o x' % (path, path)).check(1, '')
        contains(run.err, path + '/n,o: No such file')
    vmctl('translate', '--check', '--', *LINE, '-device', 'pvpanic,id=a', '-device',
          'pvpanic,id=a').check(1, '', "device id 'a' is in use")


def only_what_modes_allow():
    """In the child: root may write no file whose mode forbids it (PR_CAPBSET_DROP)."""
    ctypes.CDLL(None).prctl(24, 1)      # CAP_DAC_OVERRIDE


@case
def check_knows_which_disks_are_written():
    with scratch(disk='x') as path:
        name = path + '/disk'
        os.chmod(name, 0o444)

        def check(status, *words, out=''):
            return vmctl('translate', '--check', '--', *LINE, '-accel', 'qtest', *words,
                         preexec_fn=only_what_modes_allow).check(status, out)

        def node(**options):
            return ['-blockdev', json.dumps(options)]

        file = {'driver': 'file', 'filename': name}
        drive = 'if=virtio,format=raw,file=' + name
        run = check(1, '-drive', drive)
        contains(run.err, name + ': Permission denied')
        for words in (['-drive', drive + ',read-only=on'], ['-drive', drive + ',snapshot=on'],
                      node(driver='raw', file=file, **{'node-name': 'a', 'read-only': True}),
                      node(driver='raw', file=file, **{'node-name': 'a', 'auto-read-only': True}),
                      node(driver='qcow2', **{'node-name': 'a'}, backing=file, file={
                          'driver': 'file', 'filename': '/dev/null'})):
            equal(check(0, *words).err, '')
        for words in (node(driver='qcow2', **{'node-name': 'a'}, backing={
                          **file, 'read-only': False}, file={
                              'driver': 'file', 'filename': '/dev/null'}),
                      node(driver='raw', **{'node-name': 'a', 'read-only': True}, file={
                          **file, 'read-only': False})):
            contains(check(1, *words).err, name + ': Permission denied')


@case
def the_format_of_a_file_named_by_its_own_keys_is_guessed():
    with scratch(plain='x') as path:
        with open(path + '/image', 'wb') as f:
            f.write(b'QFI\xfb' + b'\0\0\0\3' + bytes(104))
        for keys, name, driver in (
                ('file=%s', 'image', 'qcow2'), ('file=%s', 'plain', 'raw'),
                ('file.driver=file,file.filename=%s', 'image', 'qcow2'),
                ('file.driver=file,file.filename=%s', 'plain', 'raw'),
                ('format=raw,file.driver=file,file.filename=%s', 'image', 'raw')):
            name = '%s/%s' % (path, name)
            run = translate(*LINE, '-drive', 'if=virtio,' + keys % name).check(0, None)
            node = [json.loads(line)['arguments'] for line in run.out.splitlines()
                    if 'blockdev-add' in line][0]
            guessed = 'format=' not in keys
            equal(node, {'driver': driver, 'node-name': 'virtio0', 'file': {
                'driver': 'file', 'filename': name},
                **({'probed': True} if guessed and driver == 'raw' else {})})


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
#
# Each command line of the transcripts that can be translated is built by a daemon, on the
# accelerator qtest.  Below one that cannot be built stands why, as the daemon says it or as
# NEEDS does: "# not built: ...".  With TRANSLATE_REGENERATE in the environment that is rewritten.

BUILT = 140                     # at least
NOT_BUILT = '# not built: '
# What depends on the host.
NEEDS = (
    (r'"tap"', 'needs a tap device'),
    (r'"(host|max)-x86_64-cpu"', 'needs an accelerator that runs CPUs'),
    (r'example\.(com|org)|localhost|"telnet"|"reconnect"|"connect"|"listen"|"mcast"|::1|'
     r'"(10|192|172)\.[0-9.]+", "port"', 'needs the network'),
    (r'"hostfwd"|"guestfwd"', 'needs ports of the host'),
    (r'"hugetlb"|"host-nodes"|"policy": "(bind|preferred|interleave)"|"hugetlbfs"|"/dev/hugepages',
     'needs memory that the host may not have'),
    (r'"host_device"', 'needs a device of the host'),
    (r'"size": (\d{11,})', 'needs more memory than the host may have'),
)
FILES = ('filename', 'kernel', 'initrd', 'firmware', 'file', 'mem-path', 'path', 'out', 'in', 'device',
         'romfile', 'splash', 'logfile', 'log')
MADE = ('filename', 'kernel', 'initrd', 'firmware', 'file', 'romfile', 'in')


class Transcript:
    """A file of tests/translate: its lines, and where the command lines are."""

    def __init__(self, name):
        self.path = os.path.join(FOLDER, name)
        with open(self.path, encoding='utf-8') as f:
            self.lines = f.read().splitlines()

    def command_lines(self):
        """(words, requests, note, number of the first line behind): those that are translated."""
        i = 0
        while i < len(self.lines):
            line = self.lines[i]
            i += 1
            if not line.startswith('$'):
                continue
            while line.endswith('\\'):
                line = line[:-1] + self.lines[i]
                i += 1
            requests = []
            while i < len(self.lines) and self.lines[i].startswith(('{', 'error: ', 'start: ')):
                if self.lines[i].startswith('{'):
                    requests.append(json.loads(self.lines[i]))
                i += 1
            note = None
            if i < len(self.lines) and self.lines[i].startswith(NOT_BUILT):
                note = self.lines[i][len(NOT_BUILT):]
            if requests:
                yield line[1:], requests, note, i

    def note(self, i, note):
        """Puts a note at a line, in place of the one that is there."""
        if i < len(self.lines) and self.lines[i].startswith(NOT_BUILT):
            del self.lines[i]
        if note:
            self.lines.insert(i, NOT_BUILT + note)


def localise(value, folder):
    """Files below the folder, and there; a kernel that is one.  Devices of the host stay."""
    if isinstance(value, list):
        for member in value:
            localise(member, folder)
    elif isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(member, str):
                localise(member, folder)
            elif key in FILES and not member.startswith('/dev/') and (
                    key != 'file' or value.get('qom-type') in ('fw-cfg-file', 'filter-dump', 'secret')):
                value[key] = os.path.join(folder, member.lstrip('/'))
                make_file(key, value[key], value.get('qom-type'))


def make_file(key, path, qom_type):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if key == 'kernel':
        shutil.copy(os.path.join(GUESTS, 'guest.elf'), path)
    elif key in MADE and not os.path.exists(path):
        with open(path, 'wb') as f:
            f.truncate(65536 if key == 'firmware' else 4096 if qom_type else 1 << 20)


def free_port(arguments):
    """Viewers' ports may be in use on this host."""
    if arguments.get('qom-type') == 'vnc-server' and 'port' in arguments.get('addr', {}):
        arguments['addr'] = {'type': 'inet', 'host': '127.0.0.1', 'port': '0'}


def build(requests):
    """Why a daemon refuses them, or None."""
    with scratch() as path:
        requests = [request for request in requests if request['execute'] != 'cont']
        for request in requests:
            if request.get('arguments', {}).get('qom-type', '').endswith('-accel'):
                request['arguments'] = {'qom-type': 'qtest-accel'}
            free_port(request.get('arguments', {}))
            localise(request, path)
        with Daemon() as vmd:
            client = vmd.client(check=False)
            try:
                client.call('build', requests=requests)
            except QmpError as error:
                return re.sub(r'^requests\[\d+\]: ', '', str(error)).replace(path, '')
            finally:
                client.close()
    return None


def verdict(requests):
    text = json.dumps(requests)
    for pattern, need in NEEDS:
        if re.search(pattern, text):
            return need
    return build(requests)


@case
def a_daemon_builds_what_was_translated():
    built = 0
    for name in sorted(os.listdir(FOLDER)):
        if not name.endswith('.txt'):
            continue
        transcript = Transcript(name)
        notes = []
        for line, requests, note, place in transcript.command_lines():
            found = verdict(requests)
            built += found is None
            notes.append((place, found))
            if 'TRANSLATE_REGENERATE' not in os.environ and found != note:
                raise AssertionError('%s:%s\nis       %s\nshould be %s' % (name, line, found, note))
        if 'TRANSLATE_REGENERATE' in os.environ:
            for place, found in reversed(notes):
                transcript.note(place, found)
            with open(transcript.path, 'w', encoding='utf-8') as f:
                f.write('\n'.join(transcript.lines) + '\n')
    assert built >= BUILT, built
    print('# %d command lines were built' % built)


if __name__ == '__main__':
    main()
