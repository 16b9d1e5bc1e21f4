#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel boots again and again, on each machine type, and ends as it was told to;
it knows its clock, and a watchdog device notices when it hangs.

How many boots: VMD_TEST_BOOTS, which `make boots` sets to 20."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest, images_for_kvm  # noqa: E402
from vmdtest import Daemon, on_tcg                  # noqa: E402

PC = 'pc-i440fx-7.2'
BOOTS = int(os.environ.get('VMD_TEST_BOOTS', '3'))
# There is no such disk: the script is empty, and the guest resets at once.
AT_ONCE = 'guest.script=none'
STATUS_WATCHDOG = 14


def boot_once(recorder, machine_type, kernel=None):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('set-action', reboot='shutdown', shutdown='pause')
        files = kernel and images_for_kvm(daemon.folder, kernel)
        guest = Guest(daemon, client, machine_type=machine_type, append=AT_ONCE, files=files)
        client.call('cont')
        guest.wait('GUEST: ready', BOOT_TIMEOUT)
        event = client.wait_event('SHUTDOWN', BOOT_TIMEOUT)
        assert event['data'] == {'guest': True, 'reason': 'guest-reset'}, event


def boot_often(recorder, machine_type):
    for number in range(1, BOOTS + 1):
        boot_once(recorder, machine_type)
        print('# %s: %d of %d boots' % (machine_type, number, BOOTS), flush=True)


@on_tcg
def on_pc(recorder):
    """boots on pc, each time"""
    boot_often(recorder, PC)


@on_tcg
def on_microvm(recorder):
    """boots on microvm, each time"""
    boot_often(recorder, 'microvm')


@on_tcg
def small_kernels(recorder):
    """the kernels that run on each KVM run here as well"""
    for kernel in 'linux-6.12-emul', 'linux-6.12-emul-full':
        for machine_type in 'microvm', PC:
            boot_once(recorder, machine_type, kernel)


@on_tcg
def reboots(recorder):
    """the guest reboots the machine by itself, twice, with its devices as they were"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type=PC)
        client.call('device_add', driver='virtio-rng-pci', id='rng')
        guest.boot()
        for _ in range(2):
            guest.run('dd if=/dev/hwrng of=/dev/null bs=16 count=1')
            guest.console.sendall(b'reboot -f\n')
            event = client.wait_event('RESET')
            assert event['data'] == {'guest': True, 'reason': 'guest-reset'}, event
            guest.wait_shell()


def host_is_intel():
    with open('/proc/cpuinfo', encoding='ascii') as f:
        return 'GenuineIntel' in f.read()


@on_tcg
def hyperv(recorder):
    """a guest that knows Hyper-V finds it, and its clock"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, cpu=[('hv-' + name, True) for name in (
            'relaxed', 'time', 'vpindex', 'runtime', 'frequencies')])
        guest.boot()
        messages = guest.run('dmesg')
        assert 'Hypervisor detected: Microsoft Hyper-V' in messages, messages
        assert 'Call Trace' not in messages and 'unchecked MSR' not in messages, messages
        folder = '/sys/devices/system/clocksource/clocksource0'
        source = guest.run('cat %s/current_clocksource' % folder)
        assert source.split()[-1].startswith('hyperv_clocksource'), source
        first, second = (float(guest.run('sleep 1; cat /proc/uptime').split()[-2])
                         for _ in range(2))
        assert 0.9 < second - first < 10, (first, second)


@on_tcg
def clock(recorder):
    """without HPET and ACPI's timer the guest's clock is the time stamp counter"""
    if not host_is_intel():
        raise vmdtest.Skip("CPUID says the counter's rate of Intel's processors alone")
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client, machine_type='microvm')
        guest.boot()
        khz = float(re.search(r'Detected ([\d.]+) MHz', guest.run('dmesg')).group(1)) * 1000
        folder = '/sys/devices/system/clocksource/clocksource0'
        source = guest.run('cat %s/current_clocksource' % folder)
        assert source.split()[-1].startswith('tsc'), source
        assert 100e3 < khz < 10e6, khz


def hang(guest, module, device):
    """Loads a watchdog's driver, feeds it for a while, then no more; waits for what follows."""
    guest.run('insmod /lib/modules/%s.ko' % module)
    guest.console.sendall(b'watchdog -T 2 -t 1 -F %s &\n' % device)
    guest.wait('# ')
    guest.run('sleep 3')
    assert 'WATCHDOG' not in guest.client.drain_events()
    guest.console.sendall(b'killall -STOP watchdog\n')
    return guest.client.wait_event('WATCHDOG')['data']['action']


@on_tcg
def watchdog(recorder):
    """a watchdog that is not fed expires: on PCI, and at a port, where it ends the machine"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('set-action', watchdog='none')
        guest = Guest(daemon, client, size=128 << 20, machine_type=PC, hardware=True)
        for driver in 'ib700', 'i6300esb':
            client.call('device_add', driver=driver)
        guest.boot()
        guest.run('insmod /lib/modules/watchdog.ko')
        assert hang(guest, 'i6300esb', b'/dev/watchdog0') == 'none'
        guest.run('killall -CONT watchdog; killall watchdog; rmmod i6300esb')
        client.drain_events()
        client.call('set-action', watchdog='poweroff')
        assert hang(guest, 'ib700wdt', b'/dev/watchdog') == 'poweroff'
        assert daemon.wait() == STATUS_WATCHDOG


@on_tcg
def sleeps(recorder):
    """suspend to idle by a kernel that was started directly; the power button wakes it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        # The guest's own trace on the console, which goes on, tells when it is down.
        guest = Guest(daemon, client, machine_type=PC,
                      append='no_console_suspend tp_printk trace_event=power:suspend_resume')
        guest.boot()
        guest.run('dmesg -n 8')
        for _ in range(2):
            guest.console.sendall(b'echo freeze >/sys/power/state; echo EN""D$?\n')
            guest.wait('machine_suspend[1] begin')
            client.call('system_powerdown')
            guest.wait('machine_suspend[1] end')
            guest.wait('PM: suspend exit')
            guest.wait('END0')
        assert client.call('query-status')['status'] == 'running'


if __name__ == '__main__':
    vmdtest.main([on_pc, on_microvm, small_kernels, reboots, hyperv, clock, watchdog, sleeps])
