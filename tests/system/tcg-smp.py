#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel with several CPUs in software: all of them start and compute, the machine
is stopped, continued and reset meanwhile, and their clocks agree.

How many boots: VMD_TEST_BOOTS, which `make boots` sets to 20."""
import hashlib
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import grubdisk                                     # noqa: E402
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest          # noqa: E402
from vmdtest import Daemon, Skip, on_tcg            # noqa: E402

PC = 'pc-i440fx-7.2'
BOOTS = int(os.environ.get('VMD_TEST_BOOTS', '2'))
MIB_EACH = 24
# There is no such disk: the script is empty, and the guest resets at once.
AT_ONCE = 'guest.script=none'
MENU = '''
set timeout=0
menuentry "Linux" { linux /linux %s; initrd /initrd }
'''
TROUBLE = re.compile(r'BUG:|WARNING:|stall|Measured \d+ cycles TSC warp|unstable|not responding|'
                     r'CPU\d+: failed|general protection|Oops')


def machine(daemon, client, cpus, machine_type=PC, **options):
    return Guest(daemon, client, machine_type=machine_type, size=256 << 20, cpus=cpus, **options)


def check_cpus(guest, cpus):
    """As many as there are, each with its own id, and a kernel that found nothing to say."""
    text = guest.run('cat /proc/cpuinfo')
    assert re.findall(r'^processor\s*: (\d+)', text, re.M) == [str(i) for i in range(cpus)], text
    ids = re.findall(r'^apicid\s*: (\d+)', text, re.M)
    assert len(set(ids)) == cpus, ids
    trouble = TROUBLE.findall(guest.run('dmesg'))
    assert not trouble, trouble


def start_work(guest, cpus):
    """A checksum on each CPU, in the background."""
    for i in range(cpus):
        guest.run('taskset %x sh -c "dd if=/dev/zero bs=64k count=%d 2>/dev/null | sha256sum" '
                  '>/tmp/sum%d & true' % (1 << i, MIB_EACH * 16, i))


def finish_work(guest, cpus):
    expected = hashlib.sha256(bytes(MIB_EACH << 20)).hexdigest()
    sums = guest.run('wait; cat /tmp/sum*', timeout=BOOT_TIMEOUT)
    assert re.findall('[0-9a-f]{64}', sums) == [expected] * cpus, sums


def all_of_it(recorder, cpus, **options):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, cpus, **options)
        guest.boot()
        for turn in range(2):
            check_cpus(guest, cpus)
            start_work(guest, cpus)
            for _ in range(5):
                client.call('stop')
                time.sleep(0.05)
                client.call('cont')
            assert len(client.call('query-cpus-fast')) == cpus
            if turn == 0:
                client.call('system_reset')
                guest.wait_shell()
            else:
                finish_work(guest, cpus)
        check_cpus(guest, cpus)


@on_tcg
def two(recorder):
    """two CPUs: boot, reset in the middle of work, boot again, work through several stops"""
    all_of_it(recorder, 2)


@on_tcg
def eight(recorder):
    """the same with eight, on a host that has perhaps two"""
    all_of_it(recorder, 8)


@on_tcg
def microvm(recorder):
    """the same with four on a microvm, whose MP table tells of them"""
    # Debian's cloud kernel reads no MP table.  Without `invtsc`, Linux would compare the counter
    # with its ticks, there being nothing better, and these come late on a busy host.
    all_of_it(recorder, 4, machine_type='microvm', hardware=True,
              cpu=(('invtsc', True), ('migratable', False)))


def listed(cpus):
    """A set of CPUs as Linux lists it."""
    first, last = min(cpus), max(cpus)
    return str(first) if first == last else '%d-%d' % (first, last)


def expected_places(smp, n):
    """For each CPU: package, CPUs of the core, of the die, of the package; those that share
    the caches: of level 1 twice, 2 and 3."""
    core = smp['threads']
    die = core * smp['cores']
    package = die * smp['dies']
    for cpu in range(n):
        sets = [listed(range(cpu // of * of, cpu // of * of + of)) for of in (core, die, package)]
        yield [str(cpu // package)] + sets + [sets[0]] * 3 + [sets[1]]


@on_tcg
def places(recorder):
    """Linux finds packages, dies, cores, threads and shared caches as -smp has asked for"""
    files = ' '.join('/sys/devices/system/cpu/cpu$i/' + name for name in (
        'topology/physical_package_id', 'topology/core_cpus_list', 'topology/die_cpus_list',
        'topology/package_cpus_list', *('cache/index%d/shared_cpu_list' % i for i in range(4))))
    intel = {'vendor': 'GenuineIntel', 'family': 6, 'model': 106}
    amd = {'vendor': 'AuthenticAMD', 'family': 26, 'model': 2, 'topoext': True, 'invtsc': True,
           'migratable': False}
    for smp, cpu in (({'sockets': 2, 'dies': 1, 'cores': 2, 'threads': 2}, intel),
                     ({'sockets': 1, 'dies': 2, 'cores': 2, 'threads': 2}, intel),
                     ({'sockets': 2, 'dies': 1, 'cores': 4, 'threads': 1}, amd),
                     ({'sockets': 2, 'dies': 1, 'cores': 2, 'threads': 2}, amd)):
        with Daemon(recorder) as daemon:
            guest = machine(daemon, daemon.client(), 8, smp={'cpus': 8, **smp}, cpu=cpu.items())
            guest.boot()
            check_cpus(guest, 8)
            found = guest.run('for i in 0 1 2 3 4 5 6 7; do echo $(cat %s); done' % files)
            assert [line.split() for line in found.splitlines()] == list(
                expected_places(smp, 8)), (smp, cpu['vendor'], found)


@on_tcg
def empty_places(recorder):
    """Linux counts places without a CPU as possible, and uses those that have one, each by its id"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 2, smp={'cpus': 2, 'maxcpus': 8, 'sockets': 2, 'cores': 4})
        client.request({'execute': 'device_add', 'arguments': {
            'driver': 'max-x86_64-cpu', 'id': 'last', 'socket-id': 1, 'core-id': 3}})
        guest.boot()
        check_cpus(guest, 3)
        assert guest.run('cd /sys/devices/system/cpu; cat online possible').split() == ['0-2', '0-7']
        assert '7' in re.findall(r'^apicid\s*: (\d+)', guest.run('cat /proc/cpuinfo'), re.M)


@on_tcg
def firmware(recorder):
    """SeaBIOS finds four CPUs and parks them, before Linux starts them again"""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    kernel, initrd = debianguest.images()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 4, own={})
        files = {}
        for name, path in ('linux', kernel), ('initrd', initrd):
            with open(path, 'rb') as f:
                files[name] = f.read()
        disk = grubdisk.write(daemon.folder, MENU % debianguest.APPEND, files)
        client.call('blockdev-add', node_name='disk', driver='raw',
                    file={'driver': 'file', 'filename': disk})
        client.call('device_add', driver='virtio-blk-pci', id='disk0', drive='disk')
        guest.boot()
        check_cpus(guest, 4)


@on_tcg
def often(recorder):
    """boots with two CPUs and with eight, each time"""
    for cpus in 2, 8:
        for number in range(1, BOOTS + 1):
            with Daemon(recorder) as daemon:
                client = daemon.client()
                client.call('set-action', reboot='shutdown', shutdown='pause')
                guest = machine(daemon, client, cpus, append=AT_ONCE)
                client.call('cont')
                guest.wait('GUEST: ready', BOOT_TIMEOUT)
                event = client.wait_event('SHUTDOWN', BOOT_TIMEOUT)
                assert event['data'] == {'guest': True, 'reason': 'guest-reset'}, event
            print('# %d CPUs: %d of %d boots' % (cpus, number, BOOTS), flush=True)


if __name__ == '__main__':
    vmdtest.main([two, eight, microvm, places, empty_places, firmware, often])
