#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines by name without systemd: create, start, stop, restart, kill, edit, rename, autostart,
delete, list, top, logs, also for two ordinary users."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import threading

from rig import VMCTL, Skip, case, contains, equal, main, scratch, vmctl
from vmdtest import TIMEOUT, wait_for

QTEST = ['-M', 'none', '-accel', 'qtest']
REQUESTS = '''# made by hand
{"execute": "object-add", "arguments": {"qom-type": "qtest-accel"}}
{"execute": "object-add", "arguments": {"qom-type": "none-machine"}}
{"execute": "cont"}
'''


class Home:
    """Directories of its own; home('list') runs vmctl with them."""

    def __init__(self, path):
        self.path = path
        self.env = {'VMD_RUN_DIR': path + '/run', 'VMD_STATE_DIR': path + '/state',
                    'VMD_CONFIG_DIR': path + '/config'}

    def __call__(self, *words, env=None, **options):
        return vmctl(*words, env={**self.env, **(env or {})}, **options)

    def facts(self):
        return {m['name']: m for m in json.loads(self('list', '--json').check(0).out)}

    def state(self, name):
        return self.facts()[name]['state']

    def read(self, name):
        with open(self.path + '/config/%s.conf' % name, encoding='utf-8') as f:
            return f.read()

    def files(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.path)
                      for folder, _, names in os.walk(self.path) for name in names)


@contextlib.contextmanager
def home():
    with scratch() as path:
        at = Home(path)
        try:
            yield at
        finally:
            for name, facts in at.facts().items():
                if facts.get('pid'):
                    at('kill', name)


def changed(run):
    """What --json says of each machine."""
    return {m['name']: m['changed'] for m in json.loads(run.check(0).out)}


@case
def machine_is_created_started_and_ended():
    with home() as at:
        at('create', 'web', '--', *QTEST).check(0, '', '')
        equal(at.state('web'), 'not started')
        equal(changed(at('start', 'web', '--json')), {'web': True})
        facts = at.facts()['web']
        equal((facts['state'], facts['live'], facts['accelerator'], facts['vcpus']),
              ('running', True, 'qtest', 0))
        assert facts['uptime'] >= 0 and facts['cpu-time'] >= 0, facts
        equal(changed(at('start', 'web', '--json')), {'web': False})
        contains(at('status', 'web').check(0).out, 'web: running')
        equal(changed(at('stop', 'web', '--json')), {'web': True})
        equal(changed(at('stop', 'web', '--json')), {'web': False})
        equal(at.state('web'), 'ended, host-qmp-quit')
        at('delete', 'web').check(0, '', '')
        equal((at.facts(), at.files()), ({}, []))


@case
def configuration_says_what_it_was_made_of():
    with home() as at:
        at('create', 'web', '--', '-name', 'web', '-nodefaults', '-append', "it's", '-kernel', 'k',
           *QTEST[2:]).check(0, '', 'warning: ')
        text = at.read('web').splitlines()
        equal(text[0], "# vmctl create web -- -name web -nodefaults -append 'it'\\''s' -kernel k "
                       "-accel qtest")
        kernel = [json.loads(line)['arguments'].get('kernel') for line in text[1:-1]]
        contains(kernel, os.path.join(os.getcwd(), 'k'))
        equal(stat.S_IMODE(os.stat(at.path + '/config/web.conf').st_mode), 0o600)
        equal(at.files(), ['config/web.conf'])


@case
def machine_comes_from_a_file():
    with home() as at, scratch(good=REQUESTS, bad=REQUESTS.replace('qtest', 'qtst')) as files:
        run = at('create', 'web', '--from', files + '/good', '--start', '--json').check(0, None, '')
        equal(json.loads(run.out), {'name': 'web', 'config': at.path + '/config/web.conf',
                                    'started': True})
        equal((at.read('web'), at.state('web')), (REQUESTS, 'running'))
        at('create', 'two', '--from', '-', stdin=REQUESTS).check(0, '', '')
        at('create', 'bad', '--from', files + '/bad').check(1, '', "did you mean 'qtest-accel'?")
        at('create', 'bad', '--from', files + '/none').check(1, '', 'No such file')
        at('create', 'bad', '--from', files + '/good', '--', '-m', '1G').check(2, '', 'exclude')
        at('create', 'bad', '--from', '-', stdin=REQUESTS.replace(
            'none-machine"', 'microvm-machine", "kernel": "k"')).check(1, '', "-:3: kernel 'k'")
        equal(sorted(at.facts()), ['two', 'web'])


@case
def options_that_cannot_wait_are_named():
    with home() as at:
        for options, part in ((['-name', 'other'], '-name other: '), (['-pidfile', '/p'], '-pidfile'),
                              (['-qmp', 'unix:/q,server=on,wait=off'], '-qmp'),
                              (['-D', '/log'], '-D /log: '), (['-fly'], '-fly')):
            at('create', 'web', '--', *QTEST, *options).check(1, '', part)
        at('create', 'web', '--', '-M', 'microvm', '-accel', 'qtest', '-nographic').check(
            0, '', "the terminal is a pty: 'vmctl -n web console serial0'")
        at('start', 'web').check(0, '', '')
        run = at('-n', 'web', 'qmp', 'query-chardev').check(0)
        contains(run.out, 'pty:/dev/pts/')


@case
def names_lead_nowhere_else():
    with home() as at:
        for name in ('../web', 'a/b', '', '.web', '..', 'x' * 251, 'a\nb'):
            at('create', name, '--', *QTEST).check(1, '', 'is not the name of a machine')
            for verb in ('start', 'stop', 'kill', 'delete', 'edit', 'logs', 'autostart', 'restart'):
                if len(name) < 251:
                    at(verb, name).check(1, '', 'is not the name of a machine')
        equal(at.files(), [])
        at('create', 'web', '--', *QTEST).check(0)
        at('rename', 'web', '../x').check(1, '', 'is not the name of a machine')


@case
def unknown_machines_are_named():
    with home() as at:
        at('create', 'server', '--', *QTEST).check(0)
        for verb in ('start', 'restart', 'kill', 'delete', 'autostart', 'edit', 'logs'):
            at(verb, 'servr').check(1, '', "there is no machine 'servr'; did you mean 'server'?")
            at(verb).check(2 if verb not in ('logs',) else 1, '')
        run = at('start', 'a', 'server', 'b', '--json').check(1)
        equal([m['ok'] for m in json.loads(run.out)], [False, True, False])
        equal(at.state('server'), 'running')


@case
def one_of_many_creators_wins():
    with home() as at:
        runs = []

        def create(number):
            runs.append(at('create', 'web', '--', *QTEST, '-uuid',
                           '00000000-0000-0000-0000-%012d' % number).status)
        threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(sorted(runs), [0] + [1] * 7)
        equal(at.files(), ['config/web.conf'])
        at('create', 'web', '--', *QTEST).check(1, '', "there is a machine 'web' already")


@case
def many_starters_start_one_daemon():
    with home() as at:
        at('create', 'web', '--', *QTEST).check(0)
        starters = [subprocess.Popen([VMCTL, 'start', 'web', '--json'], stdout=subprocess.PIPE,
                                     env={**os.environ, **at.env}) for _ in range(6)]
        told = [json.loads(starter.communicate(timeout=TIMEOUT)[0])[0] for starter in starters]
        equal([t['ok'] for t in told], [True] * 6)
        equal([t['changed'] for t in told].count(True), 1)


@case
def start_that_fails_leaves_nothing():
    with home() as at:
        text = REQUESTS.replace('none-machine"', 'microvm-machine", "kernel": "/nowhere/k"')
        at('create', 'web', '--from', '-', '--start', stdin=text).check(
            1, '', 'web.conf:3: object-add: ')
        assert not os.path.exists(at.path + '/run/web')
        assert 'pid' not in at.facts()['web']
        at('start', 'web').check(1, '', 'web.conf:3: object-add: ')
        with open(at.path + '/config/web.conf', 'w', encoding='utf-8') as f:
            f.write('{')
        at('start', 'web').check(1, '', 'web.conf:1: ')
        at('start', 'web', '--daemon=/nowhere/vmd').check(1, '')


@case
def machine_that_was_killed_is_shown_and_starts_again():
    with home() as at:
        at('create', 'web', '--start', '--', *QTEST).check(0)
        os.kill(at.facts()['web']['pid'], signal.SIGKILL)
        wait_for(lambda: at.state('web') == 'killed', 'not shown as killed')
        at('status', 'web').check(3, 'web: killed\n')
        equal(changed(at('kill', 'web', '--json')), {'web': False})
        equal(changed(at('start', 'web', '--json')), {'web': True})
        equal(at.state('web'), 'running')


@case
def number_of_another_process_is_no_machine():
    with home() as at:
        at('create', 'web', '--start', '--', *QTEST).check(0)
        os.kill(at.facts()['web']['pid'], signal.SIGKILL)
        path = at.path + '/state/web/exit.json'
        with open(path, encoding='utf-8') as f:
            text = f.read()
        with open(path, 'w', encoding='utf-8') as f:
            f.write(re.sub(r'"pid": *\d+', '"pid": %d' % os.getpid(), text))
        equal(at.state('web'), 'killed')
        at('kill', 'web').check(0)


@case
def daemon_that_does_not_answer_is_killed():
    with home() as at:
        at('create', 'web', '--start', '--', *QTEST).check(0)
        os.kill(at.facts()['web']['pid'], signal.SIGSTOP)
        equal(changed(at('kill', 'web', '--json')), {'web': True})
        wait_for(lambda: at.state('web') == 'killed', 'it is still there')


@case
def restart_starts_what_the_configuration_says():
    with home() as at:
        at('create', 'web', '--', *QTEST).check(0)
        at('restart', 'web').check(0, '', '')
        first = at.facts()['web']['pid']
        at('edit', 'web', env={'EDITOR': "sed -i s/none-machine/microvm-machine/"}).check(0, '', '')
        equal(at.facts()['web']['pid'], first)
        at('restart', '--force', 'web').check(1, '', 'memory-backend')
        at('edit', 'web', env={'EDITOR': "sed -i s/microvm-machine/none-machine/"}).check(0)
        equal(changed(at('restart', 'web', '-j')), {'web': True})
        assert at.facts()['web']['pid'] != first


@case
def edit_keeps_what_is_wrong_apart():
    with home() as at:
        at('create', 'web', '--', *QTEST).check(0)
        before = at.read('web')
        run = at('edit', 'web', env={'VISUAL': 'sed -i s/qtest-accel/qtst-accel/'}).check(1, '')
        contains(run.err, "did you mean 'qtest-accel'?")
        kept = run.err.split(' is in ')[1].strip()
        with open(kept, encoding='utf-8') as f:
            contains(f.read(), 'qtst-accel')
        os.unlink(kept)
        equal(at.read('web'), before)
        at('edit', 'web', env={'VISUAL': 'false'}).check(1, '', 'false: ')
        run = at('edit', 'web', '--json', env={'VISUAL': 'true'}).check(0)
        equal(json.loads(run.out), {'name': 'web', 'changed': False})
        meanwhile = "sh -c 'echo >> %s/config/web.conf; echo \"# mine\" >> $0'" % at.path
        run = at('edit', 'web', env={'VISUAL': meanwhile}).check(1, '', 'by somebody else')
        equal(at.read('web'), before + '\n')
        os.unlink(run.err.split(': ')[1].split(' has your text')[0])


@case
def rename_takes_everything_along():
    with home() as at:
        at('create', 'old', '--start', '--', *QTEST).check(0)
        at('create', 'taken', '--', *QTEST).check(0)
        at('autostart', 'old').check(0, '', '')
        at('rename', 'old', 'new').check(1, '', 'the machine runs')
        at('stop', 'old').check(0)
        at('rename', 'old', 'taken').check(1, '', "there is a machine 'taken' already")
        run = at('rename', 'old', 'new', '--json').check(0, None, '')
        equal(json.loads(run.out), {'name': 'new', 'was': 'old'})
        equal(sorted(at.facts()), ['new', 'taken'])
        equal([f for f in at.files() if 'old' in f], [])
        equal(at.state('new'), 'ended, host-qmp-quit')
        equal(changed(at('start', '--autostart', '--json')), {'new': True})


@case
def autostart_is_a_mark():
    with home() as at:
        for name in ('a', 'b', 'c'):
            at('create', name, '--', *QTEST).check(0)
        equal(changed(at('autostart', 'a', 'c', '-j')), {'a': True, 'c': True})
        equal(changed(at('autostart', 'a', '-j')), {'a': False})
        equal(changed(at('start', '--autostart', '-j')), {'a': True, 'c': True})
        equal(changed(at('autostart', '--off', 'a', 'b', '-j')), {'a': True, 'b': False})
        equal(at.state('b'), 'not started')
        at('delete', '--force', 'a', 'b', 'c').check(0, '', '')
        equal(at.files(), [])


@case
def delete_keeps_what_is_not_its_own():
    with home() as at:
        at('create', 'web', '--start', '--', *QTEST).check(0)
        image = at.path + '/state/web/disk.img'
        with open(image, 'w', encoding='ascii'):
            pass
        at('delete', 'web').check(1, '', "the machine runs: 'vmctl stop web' ends it")
        at('delete', '--force', 'web').check(0, '', 'state/web has other files, and stays')
        equal(at.files(), ['state/web/disk.img'])


@case
def list_and_top_are_tables_and_json():
    with home() as at:
        at('create', 'web', '--start', '--', '-M', 'microvm', '-m', '64', '-accel', 'qtest',
           '-netdev', 'user,id=n,hostfwd=tcp:127.0.0.1:0-:22', '-device',
           'virtio-net-device,netdev=n').check(0)
        title, line = at('list').check(0, None, '').out.splitlines()
        equal(title.split(), 'NAME STATE ACCEL CPUS MEMORY CPU UPTIME ADDRESSES'.split())
        equal(line.split()[:5], ['web', 'running', 'qtest', '1', '64M'])
        equal(line.split()[-1], 'tcp:127.0.0.1:0-:22')
        lines = at('top', '-c', '2', '-i', '0.1').check(0, None, '').out.splitlines()
        equal([line.split()[0] for line in lines], ['NAME', 'web'] * 2)
        assert '\033' not in ''.join(lines)
        lines = at('top', '-c', '3', '-i', '0.1', '--json').check(0, None, '').out.splitlines()
        equal([json.loads(line)[0]['memory'] for line in lines], [64 << 20] * 3)
        for options in (['-c', '0'], ['-c', 'x'], ['-i', '0'], ['-i', 'nan']):
            at('top', *options).check(2, '', 'takes a number')


@case
def wait_tells_how_a_machine_ended():
    with home() as at:
        at('create', 'web', '--start', '--', *QTEST).check(0)
        at('wait', 'web', '-t', '0.1', '--json').check(124, '', 'timed out')
        waiter = subprocess.Popen([VMCTL, 'wait', '--json', 'web'], stdout=subprocess.PIPE,
                                  env={**os.environ, **at.env})
        at('stop', 'web').check(0)
        record = json.loads(waiter.communicate(timeout=TIMEOUT)[0])
        equal((waiter.returncode, record['cause'], record['running']), (0, 'host-qmp-quit', False))
        equal(json.loads(at('wait', '-j', 'web').check(0).out), record)


@case
def logs_are_there_also_afterwards():
    with home() as at:
        at('create', 'web', '--', *QTEST).check(0)
        at('logs', 'web').check(0, '', '')
        at('start', 'web').check(0)
        contains(at('logs', 'web').check(0, None, '').out, 'object-add {"qom-type": "qtest-accel"}')
        equal(at('logs', 'web', '--lines', '1').out.count('\n'), 1)
        at('logs', 'web', '--lines', 'x').check(2, '', 'takes a number')
        log = at.path + '/state/web/log'
        at('stop', 'web').check(0)
        with open(log, 'a', encoding='ascii') as f:
            f.write('x' * (1 << 20) + '\n')
        at('start', 'web').check(0)
        assert os.path.getsize(log) < 1 << 20 < os.path.getsize(log + '.1')


@case
def two_users_do_not_meet():
    if os.geteuid() != 0 or not shutil.which('setpriv'):
        raise Skip('needs root and setpriv')
    with scratch() as top:
        os.chmod(top, 0o755)
        users = {}
        for uid in (54321, 54322):
            path = '%s/%d' % (top, uid)
            os.mkdir(path, 0o700)
            os.mkdir(path + '/run', 0o700)
            for name in (path, path + '/run'):
                os.chown(name, uid, uid)
            users[uid] = {'HOME': path, 'XDG_RUNTIME_DIR': path + '/run', 'XDG_STATE_HOME': '',
                          'XDG_CONFIG_HOME': path + '/etc', 'PATH': os.environ['PATH']}

        def as_user(uid, *words, env=None):
            done = subprocess.run(
                ['setpriv', '--reuid=%d' % uid, '--regid=%d' % uid, '--clear-groups', VMCTL,
                 *words], env=env or users[uid], capture_output=True, text=True, timeout=TIMEOUT,
                cwd='/')
            return done.returncode, done.stdout, done.stderr
        one, two = users
        try:
            for uid in users:
                equal(as_user(uid, 'create', 'web', '--start', '--', *QTEST), (0, '', ''))
                told = json.loads(as_user(uid, 'list', '--json')[1])
                equal([(m['name'], m['state']) for m in told], [('web', 'running')])
                path = users[uid]['HOME']
                for name in ('/etc/vmd/web.conf', '/run/vmd/web/qmp.sock',
                             '/.local/state/vmd/web/log'):
                    equal(os.stat(path + name).st_uid, uid)
            equal(as_user(one, 'stop', 'web'), (0, '', ''))
            contains(as_user(two, 'status', 'web')[1], 'web: running')
            # Even with the other's directories, nothing can be read or ended.
            for verb in ('start', 'kill', 'delete', 'logs', 'list'):
                status, out, _ = as_user(one, verb, *(['web'] if verb != 'list' else []),
                                         env=users[two])
                assert status != 0 or 'web' not in out, (verb, status, out)
            contains(as_user(two, 'status', 'web')[1], 'web: running')
        finally:
            for uid in users:
                as_user(uid, 'delete', '--force', 'web')


@case
def mistyped_verbs_get_a_hint():
    for word, meant in (('strat', 'start'), ('destroy', 'kill'), ('undefine', 'delete'),
                        ('ls', 'list'), ('shutdown', 'stop')):
        vmctl(word).check(2, '', "there is no verb '%s'; did you mean '%s'?" % (word, meant))


if __name__ == '__main__':
    main()
