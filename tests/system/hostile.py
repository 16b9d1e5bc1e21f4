#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that mean harm to the CPU in software, under a daemon: it answers all the time, stops,
goes on, resets and ends, and its memory is bounded.  tests/unit/test-tcg-hostile.c has the
random code of each mode with a seed; here the guest's is its time-stamp counter.

VMD_TEST_SECONDS says how long each guest runs (2 without it; `make hostile` takes 60).
"""
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, write_kernel             # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

SOURCE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'guest', 'hostile.asm')
SECONDS = float(os.environ.get('VMD_TEST_SECONDS', '2'))
SEED = int(os.environ.get('VMD_TEST_SEED', '1'))
RAM, CODE = 64 << 20, 16 << 20
# What the daemon and its libraries have beside the guest's memory and its code, which is
# mapped twice, with as much for what belongs to it.
REST = 64 << 20
QUERIES = ('query-status', 'query-cpus-fast', 'query-memory-size-summary', 'query-block')


def assemble(daemon, kind):
    if not shutil.which('nasm'):
        raise Skip('no nasm')
    path = daemon.path('code')
    subprocess.run(['nasm', '-f', 'bin', '-D', 'KIND=%d' % kind, '-o', path, SOURCE], check=True)
    with open(path, 'rb') as f:
        return write_kernel(daemon.path('kernel'), f.read())


def resident(daemon):
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


class Timed:
    """Sends requests, and keeps the longest time that one took."""

    def __init__(self, client):
        self.client, self.longest, self.count = client, 0.0, 0

    def call(self, command):
        start = time.monotonic()
        result = self.client.call(command)
        self.longest = max(self.longest, time.monotonic() - start)
        self.count += 1
        return result

    def keep_running(self):
        """The machine runs after this, whatever the guest has made of it."""
        status = self.call('query-status')['status']
        if status in ('internal-error', 'guest-panicked', 'shutdown'):
            self.call('system_reset')
            self.call('cont')
        elif status != 'running':
            self.call('cont')


def disturb(timed, choice):
    """One of the things that clients do."""
    if choice < 0.6:
        timed.call(QUERIES[int(choice * 1000) % len(QUERIES)])
    elif choice < 0.9:
        timed.call('stop')
        assert timed.call('query-status')['running'] is False
    else:
        timed.call('system_reset')
    timed.keep_running()


def suffer(recorder, kind):
    choices = random.Random(SEED)
    with Daemon(recorder, ['--log-level', 'error']) as daemon:
        client = daemon.client()
        build(client, kernel=assemble(daemon, kind), console=None, ram={'size': RAM},
              accel_props={'tb-size': CODE >> 20})
        # Random code finds the ports that switch off.
        client.call('set-action', shutdown='pause')
        timed = Timed(client)
        timed.call('cont')
        end = time.monotonic() + SECONDS
        most = 0
        while time.monotonic() < end:
            disturb(timed, choices.random())
            most = max(most, resident(daemon))
        assert most < RAM + 3 * CODE + REST, most
        print('# seed %d: %d requests, the longest took %.0f ms; %d MiB' % (
            SEED, timed.count, 1000 * timed.longest, most >> 20), flush=True)
        client.send({'execute': 'quit'})
        assert daemon.process.wait(vmdtest.TIMEOUT) == 0


@on_tcg
def random_code(recorder):
    """random bytes as code"""
    suffer(recorder, 0)


@on_tcg
def changing_code(recorder):
    """code that changes itself all the time, also across a page"""
    suffer(recorder, 1)


@on_tcg
def interrupts(recorder):
    """a storm of interrupts"""
    suffer(recorder, 2)


@on_tcg
def page_tables(recorder):
    """random page tables"""
    suffer(recorder, 3)


if __name__ == '__main__':
    vmdtest.main([random_code, changing_code, interrupts, page_tables])
