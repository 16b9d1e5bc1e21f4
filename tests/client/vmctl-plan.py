#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl apply --plan and --update, config --diff and --minimal: a machine and a file compared."""

import contextlib
import json

from rig import case, contains, equal, main, scratch, vmctl

PC = ['-M', 'pc', '-m', '64', '-accel', 'qtest', '-nodefaults', '-device',
      'virtio-rng,addr=7,id=rng', '-netdev', 'user,id=n', '-device', 'virtio-net,netdev=n,id=net',
      '-object', 'iothread,id=io', '-serial', 'null', '-vga', 'std']


@contextlib.contextmanager
def machine(*options):
    """at(WORD...) runs vmctl with a machine `web`; at.file(lines) writes a file."""
    with scratch() as path:
        env = {'VMD_RUN_DIR': path + '/r', 'VMD_STATE_DIR': path + '/s',
               'VMD_CONFIG_DIR': path + '/c'}

        def at(*words):
            return vmctl(*words, env=env)

        def write(requests):
            with open(path + '/file', 'w', encoding='utf-8') as f:
                f.writelines(json.dumps(request) + '\n' for request in requests)
            return path + '/file'
        at.file = write
        at('create', 'web', '--start', '--', *PC, *options).check(0, '', '')
        with open(path + '/c/web.conf', encoding='utf-8') as f:
            at.requests = [json.loads(line) for line in f.read().splitlines()[1:]]
        try:
            yield at
        finally:
            at('delete', '--force', 'web')


def of(requests, name):
    """The request that makes the thing of that id."""
    return next(r for r in requests if r.get('arguments', {}).get('id') == name)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


@case
def configuration_of_a_machine_is_no_difference():
    with machine() as at:
        for text in (at('config', 'web').out, at('config', 'web', '--minimal').out,
                     at('config', 'web', '--build').out):
            name = at.file([json.loads(line) for line in text.splitlines()])
            at('config', 'web', '--diff', name).check(0, '', '')
            at('-n', 'web', 'apply', '--plan', name).check(0, '', '')
        at('config', 'web', '--diff', at.file(at.requests)).check(0, '', '')


@case
def minimal_configuration_makes_the_same_machine():
    with machine('-S') as at:
        whole = lines(at('config', 'web').check(0, None, ''))
        short = lines(at('config', 'web', '--minimal').check(0, None, ''))
        equal([r['execute'] for r in short], [r['execute'] for r in whole])
        assert len(json.dumps(short)) < len(json.dumps(whole)) / 2, (len(short), len(whole))
        at('create', 'copy', '--from', at.file(short), '--start').check(0, '', '')
        equal(lines(at('config', 'copy')), whole)
        at('delete', '--force', 'copy').check(0)


@case
def cold_machine_is_changed_step_by_step():
    with machine('-S') as at:
        wanted = [r for r in at.requests if r is not of(at.requests, 'rng')]
        of(wanted, 'n')['arguments']['restrict'] = True
        of(wanted, 'io')['arguments']['poll-max-ns'] = 7
        wanted.append({'execute': 'device_add', 'arguments': {'driver': 'pci-testdev', 'id': 't'}})
        name = at.file(wanted)
        run = at('config', 'web', '--diff', name).check(1, None, '')
        equal(sorted(run.out.splitlines()), sorted([
            '- /machine/peripheral/rng', '~ /netdevs/n: restrict (none) -> true',
            '~ /objects/io: poll-max-ns (none) -> 7', '+ /machine/peripheral/t']))
        plan = lines(at('-n', 'web', 'apply', '--plan', name).check(0, None, ''))
        equal([(r['execute'], r['arguments'].get('id')) for r in plan],
              [('device_del', 'net'), ('device_del', 'rng'), ('netdev_del', 'n'), ('qom-set', None),
               ('netdev_add', 'n'), ('device_add', 'net'), ('device_add', 't')])
        contains(at('config', 'web').out, '"id": "rng"')
        equal(lines(at('-n', 'web', 'apply', '--plan', '--update', name).check(0, None, '')), plan)
        at('config', 'web', '--diff', name).check(0, '', '')
        config = lines(at('config', 'web').check(0))
        equal(of(config, 'n')['arguments']['restrict'], True)
        equal(of(config, 'io')['arguments']['poll-max-ns'], 7)
        at('-n', 'web', 'apply', '--update', name).check(0, '', '')


@case
def what_only_a_restart_can_change_is_said():
    with machine() as at:
        before = at('config', 'web').out
        wanted = json.loads(json.dumps(at.requests))
        of(wanted, 'pc.ram')['arguments']['size'] *= 2
        of(wanted, 'io')['arguments']['poll-max-ns'] = 7
        for words in (['--plan'], ['--update']):
            run = at('-n', 'web', 'apply', *words, at.file(wanted)).check(1)
            contains(run.err, 'only a restart can change /machine: it is the machine itself')
        equal(at('config', 'web').out, before)
        wanted = [r for r in at.requests if r.get('arguments', {}).get('driver') != 'VGA']
        run = at('-n', 'web', 'apply', '--plan', at.file(wanted)).check(1)
        contains(run.err, 'only a restart can change VGA[0]: ')


@case
def guest_that_keeps_its_device_is_waited_for():
    with machine() as at:
        wanted = [r for r in at.requests if r is not of(at.requests, 'rng')]
        run = at('-n', 'web', 'apply', '--update', '-t', '0.3', at.file(wanted)).check(1, '')
        contains(run.err, "step 1 of 1: device_del: the guest did not give up 'rng' in time")


@case
def wrong_files_are_refused():
    with machine('-S') as at:
        wrong = [{'execute': 'device_add', 'arguments': {'driver': 'virtio-rng', 'id': 'x',
                                                         'fly': 1}}]
        for words in (['-n', 'web', 'apply', '--plan'], ['config', 'web', '--diff']):
            at(*words, at.file(wrong)).check(1, '', "'fly'")
            at(*words, '/nowhere/file').check(1, '', 'cannot open')
        at('config', 'web', '--diff', '/x', '--minimal').check(2, '', 'exclude')


if __name__ == '__main__':
    main()
