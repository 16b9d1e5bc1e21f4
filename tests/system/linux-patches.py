#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that patches its own running code: Debian's kernel, in each way that it has.

Each patch is put in, seen to work by what it counts, taken out, and seen to be gone, again
and again.  One boot serves all."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import Guest                        # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402

TRACING = '/sys/kernel/tracing'
ROUNDS = 3
CALLS = 200


def add_disk(client, path):
    with open(path, 'wb') as f:
        f.truncate(8 << 20)
    client.call('blockdev-add', node_name='disk', driver='raw',
                file={'driver': 'file', 'filename': path})
    client.call('device_add', driver='virtio-blk-pci', drive='disk')


class Shared:
    """The guest, booted by the first test."""

    def __init__(self):
        self.daemon = self.guest = None

    def get(self, recorder):
        if self.daemon is None:
            debianguest.images(hardware=True)       # without a kernel each test is skipped
            self.daemon = Daemon(recorder)
            client = self.daemon.client()
            self.guest = Guest(self.daemon, client, size=192 << 20, hardware=True)
            add_disk(client, self.daemon.path('disk'))
            self.guest.boot()
            self.guest.run('mount -t tracefs tracefs %s; cd %s' % (TRACING, TRACING))
            # What it does is known: so many opens of a name that nobody else opens.
            self.guest.run('opens() { for i in $(seq %d); do : </etc/patched; done; }' % CALLS)
            self.guest.run(': >/etc/patched')
        return self.guest

    def close(self):
        if self.daemon:
            self.daemon.__exit__()


SHARED = Shared()


def number(guest, command):
    """The number that a command prints."""
    found = re.search(r'^(\d+)$', guest.run(command), re.MULTILINE)
    assert found, command
    return int(found.group(1))


def traced(guest, name):
    """How often an event is in the trace, which is emptied."""
    count = number(guest, 'grep -cF "%s" trace; true' % name)
    guest.run('echo >trace')
    return count


def put_in_and_out(guest, event, name, make, unmake):
    """Hits of an event while it is there, and while it is not."""
    for _ in range(ROUNDS):
        guest.run(make)
        guest.run('echo 1 >events/%s/enable; opens; echo 0 >events/%s/enable' % (event, event))
        assert traced(guest, name) >= CALLS
        guest.run('opens')
        assert traced(guest, name) == 0
        guest.run(unmake)
        guest.run('opens')
        assert traced(guest, name) == 0


@on_tcg
def static_keys(recorder):
    """static keys and calls: a trace point is a jump that is there or not"""
    guest = SHARED.get(recorder)
    put_in_and_out(guest, 'syscalls/sys_enter_openat', 'sys_openat(', 'true', 'true')
    for _ in range(ROUNDS):
        for value in 1, 0:
            guest.run('echo %d >/proc/sys/kernel/sched_schedstats' % value)
            guest.run('opens')


@on_tcg
def kprobes(recorder):
    """kprobes: breakpoints, and jumps in their place, at a function's start and inside"""
    guest = SHARED.get(recorder)
    for place, optimized in (('do_sys_openat2', 1), ('do_sys_openat2', 0),
                             ('do_sys_openat2+5', 0)):
        guest.run('echo %d >/proc/sys/debug/kprobes-optimization' % optimized)
        put_in_and_out(guest, 'kprobes/patch', 'patch:',
                       'echo "p:patch %s name=+0(%%si):ustring" >kprobe_events' % place,
                       'echo >kprobe_events')


@on_tcg
def return_probes(recorder):
    """return probes: the function comes back through a trampoline"""
    guest = SHARED.get(recorder)
    put_in_and_out(guest, 'kprobes/back', 'back:',
                   'echo "r:back do_sys_openat2 fd=\\$retval" >kprobe_events',
                   'echo >kprobe_events')


@on_tcg
def user_probes(recorder):
    """breakpoints in a program: each of its runs, stepped out of line"""
    guest = SHARED.get(recorder)
    entry = int(re.search(r'\b([0-9a-f]{8})\b', guest.run(
        'hexdump -s 24 -n 4 -e \'1/4 "%08x\\n"\' /bin/busybox')).group(1), 16)
    make = 'echo "p:run /bin/busybox:0x%x" >uprobe_events' % (entry - 0x400000)
    for _ in range(ROUNDS):
        guest.run(make)
        guest.run('echo 1 >events/uprobes/run/enable')
        guest.run('for i in 1 2 3 4 5; do busybox true; done')
        guest.run('echo 0 >events/uprobes/run/enable')
        assert traced(guest, 'run:') >= 5
        guest.run('echo >uprobe_events')


@on_tcg
def function_tracer(recorder):
    """calls where there was a no-operation, in many functions at once"""
    guest = SHARED.get(recorder)
    guest.run('echo "vfs_*" >set_ftrace_filter')
    assert number(guest, 'wc -l <set_ftrace_filter') > 20
    for _ in range(ROUNDS):
        for tracer, seen in (('function', True), ('nop', False)):
            guest.run('echo 1 >tracing_on; echo %s >current_tracer' % tracer)
            # Reading the trace would make more of it.
            guest.run('echo >trace; opens; echo 0 >tracing_on')
            assert (number(guest, 'grep -c vfs_open trace; true') >= CALLS) == seen, tracer
    guest.run('echo >set_ftrace_filter; echo 1 >tracing_on')


@on_tcg
def modules(recorder):
    """modules come and go, and their code with them: each is patched as it is loaded"""
    guest = SHARED.get(recorder)
    names = ['crc16', 'crc32c_generic', 'libcrc32c', 'mbcache', 'jbd2', 'ext4']
    guest.run('mke2fs -F /dev/vda')
    for _ in range(ROUNDS):
        for name in names:
            guest.run('insmod /lib/modules/%s.ko' % name)
        guest.run('mount -t ext4 /dev/vda /mnt')
        guest.run('opens; cp /bin/busybox /mnt/copy; sync; cmp /bin/busybox /mnt/copy')
        guest.run('umount /mnt')
        for name in reversed(names):
            guest.run('rmmod ' + name)
        assert 'ext4' not in guest.run('cat /proc/modules')


@on_tcg
def sound(recorder):
    """the kernel logs no warnings"""
    guest = SHARED.get(recorder)
    printed = guest.run('dmesg')
    for complaint in ('Oops', 'BUG:', 'WARNING:', 'Call Trace', 'general protection', 'int3:'):
        assert complaint not in printed, printed[-3000:]


try:
    vmdtest.main([static_keys, kprobes, return_probes, user_probes, function_tracer, modules,
                  sound])
finally:
    SHARED.close()
