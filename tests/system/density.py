#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Many idle machines on one host: memory beside guest memory, wake-ups, time to start and stop.

VMD_TEST_MACHINES says how many (10 without it; `make density` takes 100).  Times are
printed and not judged; memory and wake-ups have the targets 4 MiB and 10 a second.
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build                           # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

MACHINES = int(os.environ.get('VMD_TEST_MACHINES', '10'))
WATCHED = 5                     # seconds
GUEST_RAM = re.compile(r'^[0-9a-f]+-[0-9a-f]+ .*memory-backend-memfd')


def private_kib(pid):
    """Pages that only this process has, guest memory left out."""
    total, counted = 0, True
    with open('/proc/%d/smaps' % pid, encoding='utf-8') as f:
        for line in f:
            if re.match(r'[0-9a-f]+-[0-9a-f]+ ', line):
                counted = not GUEST_RAM.match(line)
            elif counted and line.startswith(('Private_Dirty:', 'Private_Clean:')):
                total += int(line.split()[1])
    return total


def wakeups(pid):
    """How often the daemon's own threads have been switched to; vCPUs' are the guest's."""
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/comm' % (pid, task), encoding='utf-8') as f:
            if f.read().startswith('CPU '):
                continue
        with open('/proc/%d/task/%s/status' % (pid, task), encoding='utf-8') as f:
            total += sum(int(n) for n in re.findall(r'ctxt_switches:\t(\d+)', f.read()))
    return total


def start(recorder):
    daemon = Daemon(recorder, ['--log-level', 'warning'])
    client = daemon.client()
    # The guest is not an operating system, which would program the PIT or stop it.
    build(client, append='end=halt', pit='off', ram={'qom-type': 'memory-backend-memfd'})
    client.call('cont')
    client.close()
    return daemon


@on_one_accel
def idle_machines(recorder):
    """idle machines: under 4 MiB private each, under 10 wake-ups a second"""
    daemons = []
    try:
        begin = time.monotonic()
        for _ in range(MACHINES):
            daemons.append(start(recorder))
        started = time.monotonic()
        time.sleep(1)           # their guests come to rest
        pids = [d.process.pid for d in daemons]
        before = [wakeups(pid) for pid in pids]
        time.sleep(WATCHED)
        rates = [(wakeups(pid) - n) / WATCHED for pid, n in zip(pids, before)]
        memory = [private_kib(pid) for pid in pids]
        assert all(d.alive() for d in daemons)
        stopping = time.monotonic()
        for d in daemons:
            d.process.terminate()
        for d in daemons:
            assert d.wait() == 0
        stopped = time.monotonic()
    finally:
        for d in daemons:
            d.__exit__()
    print('# %d machines: started in %.2f s, stopped in %.2f s; private KiB each: %d to %d; '
          'wake-ups a second each: %.1f to %.1f' % (
              MACHINES, started - begin, stopped - stopping, min(memory), max(memory), min(rates),
              max(rates)), flush=True)
    assert max(memory) < 4096, memory
    assert max(rates) < 10, rates


if __name__ == '__main__':
    vmdtest.main([idle_machines])
