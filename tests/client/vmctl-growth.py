#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines come and go, and nothing grows: no files, no processes, no time.

VMD_TEST_ROUNDS says how often a machine is created, listed and deleted (60 without it; `make
machines` takes 1000); each tenth is also started, and killed, stopped or deleted while it runs.
"""

import json
import os
import time

from rig import case, equal, main, scratch, vmctl

ROUNDS = int(os.environ.get('VMD_TEST_ROUNDS', '60'))
QTEST = ['--', '-M', 'none', '-accel', 'qtest']
ENDS = ('kill', 'stop', None)


def files(path):
    return [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]


def daemons(path):
    """Processes whose command line names the directories of this test."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/cmdline' % pid, 'rb') as f:
                if path.encode() in f.read():
                    found.append(int(pid))
        except OSError:
            continue
    return found


def life(env, number):
    name = 'm%d' % number
    start = time.monotonic()
    vmctl('create', name, *QTEST, env=env).check(0, '', '')
    listed = json.loads(vmctl('list', '--json', env=env).check(0).out)
    equal([m['name'] for m in listed], [name])
    took = time.monotonic() - start
    if number % 10 == 0:
        vmctl('start', name, env=env).check(0, '', '')
        end = ENDS[number // 10 % len(ENDS)]
        if end:
            vmctl(end, name, env=env).check(0, '', '')
    start = time.monotonic()
    vmctl('delete', '--force', name, env=env).check(0, '', '')
    return took + time.monotonic() - start


@case
def nothing_grows():
    with scratch() as path:
        env = {'VMD_RUN_DIR': path + '/run', 'VMD_STATE_DIR': path + '/state',
               'VMD_CONFIG_DIR': path + '/config'}
        times = [life(env, number) for number in range(ROUNDS)]
        equal(files(path), [])
        equal([os.listdir(path + '/' + name) for name in ('run', 'state', 'config')], [[]] * 3)
        equal(daemons(path), [])
        part = max(ROUNDS // 10, 5)
        # The fastest of each: a busy host delays some, growth would delay all.
        first, last = min(times[:part]), min(times[-part:])
        print('# create, list, delete: %.1f ms at the beginning, %.1f ms at the end'
              % (first * 1000, last * 1000))
        assert last < 3 * first + 0.01, (first, last)


@case
def many_are_listed_at_once():
    count = max(ROUNDS // 5, 10)
    with scratch() as path:
        env = {'VMD_RUN_DIR': path, 'VMD_STATE_DIR': path, 'VMD_CONFIG_DIR': path}
        for number in range(count):
            vmctl('create', 'm%d' % number, *QTEST, env=env).check(0, '', '')
        start = time.monotonic()
        equal(len(json.loads(vmctl('list', '--json', env=env).check(0).out)), count)
        print('# list of %d: %.1f ms' % (count, (time.monotonic() - start) * 1000))
        vmctl('delete', *('m%d' % n for n in range(count)), env=env).check(0, '', '')
        equal(files(path), [])


if __name__ == '__main__':
    main()
