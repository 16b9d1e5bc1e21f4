#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on pc-i440fx-2.7: what its drivers make of the chips, of virtio devices on PCI
with MSI-X, of an e1000, of hotplug, and of ACPI.  One boot serves all but the panic."""
import hashlib
import os
import re
import socket
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from httpserver import HttpServer                   # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest          # noqa: E402
from vmdtest import Daemon, on_each_accel, on_tcg  # noqa: E402

MACHINE = 'pc-i440fx-2.7'
SECTOR = 512


class Echo(threading.Thread):
    """Answers each connection with what its first line was, and closes it."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            with connection, connection.makefile('rb') as lines:
                connection.sendall(b'echo of ' + lines.readline())


class Machine:
    """The guest that the tests below share; booted by the first of them."""

    def __init__(self):
        self.guest = self.daemon = self.failure = self.accel = None

    def get(self, recorder):
        if self.accel != vmdtest.accel():
            self.close()
            self.failure, self.accel = None, vmdtest.accel()
        if self.failure:
            raise self.failure
        if self.guest is None:
            self.daemon = Daemon(recorder)
            try:
                self.guest = boot(self.daemon)
            except Exception as failure:
                self.failure = failure
                raise
        return self.guest

    def close(self):
        if self.daemon:
            self.daemon.__exit__()
        self.guest = self.daemon = None


SHARED = Machine()


def content(tag, sectors=2048):
    """A disk whose sectors contain their numbers."""
    return b''.join(b'%-511s\n' % (b'%s sector %d' % (tag, i)) for i in range(sectors))


def add_disk_node(daemon, client, name):
    path = daemon.path(name)
    with open(path, 'wb') as f:
        f.write(content(name.encode()))
    client.call('blockdev-add', **{
        'node-name': name, 'driver': 'raw', 'file': {'driver': 'file', 'filename': path}})


def boot(daemon):
    client = daemon.client()
    client.call('set-action', shutdown='pause')
    guest = Guest(daemon, client, machine_type=MACHINE, size=128 << 20, hardware=True)
    client.call('object-add', qom_type='rng-builtin', id='rng0')
    with socket.create_server(('127.0.0.1', 0)) as probe:
        SHARED.port = probe.getsockname()[1]
    client.call('netdev_add', type='user', id='net0', disable_host_loopback=False,
                hostfwd=[{'str': 'tcp:127.0.0.1:%d-10.0.2.15:80' % SHARED.port}])
    add_disk_node(daemon, client, 'disk0')
    add_disk_node(daemon, client, 'disk1')
    client.call('device_add', driver='virtio-blk-pci', id='vd0', drive='disk0', addr='4')
    client.call('device_add', driver='virtio-rng-pci', id='rng', rng='rng0')
    client.call('device_add', driver='e1000', id='nic0', netdev='net0', mac='52:54:00:65:10:00')
    client.call('device_add', driver='pvpanic', id='panic')
    guest.boot()
    return guest


def names_in(guest, folder):
    return guest.run('(cd %s; echo *)' % folder).split()


def first_number(text):
    return int(re.search(r'\d+', text).group())


# ---- PCI and virtio

@on_each_accel
def functions(recorder):
    """the guest sees the functions of query-pci at their addresses"""
    guest = SHARED.get(recorder)
    names = names_in(guest, '/sys/bus/pci/devices')
    told = guest.client.call('query-pci')[0]['devices']
    expected = {'0000:00:%02x.%x' % (dev['slot'], dev['function']): dev for dev in told}
    assert sorted(names) == sorted(expected), (names, expected)
    for name, dev in expected.items():
        ids = guest.run('cd /sys/bus/pci/devices/%s; cat vendor device; cd /' % name).split()
        assert [int(i, 16) for i in ids] == [dev['id']['vendor'], dev['id']['device']], (name, ids)
    assert '0000:00:04.0' in names


@on_each_accel
def disk(recorder):
    """a virtio disk on PCI, its queues interrupting by MSI-X"""
    guest = SHARED.get(recorder)
    assert 'disk0 sector 0 ' in guest.run('dd if=/dev/vda bs=512 count=1')
    assert 'disk0 sector 2000 ' in guest.run('dd if=/dev/vda bs=512 count=1 skip=2000')
    interrupts = guest.run('cat /proc/interrupts')
    line = re.search(r'\n *\d+: +(\d+) +(.*virtio\d+-req.*)\n', interrupts)
    assert line and 'MSI' in line.group(2) and int(line.group(1)) > 0, interrupts
    guest.run('echo written-by-the-guest | dd of=/dev/vda bs=512 seek=5 conv=sync; sync')
    with open(SHARED.daemon.path('disk0'), 'rb') as f:
        f.seek(5 * SECTOR)
        assert f.read(20) == b'written-by-the-guest'


@on_each_accel
def rng(recorder):
    """random numbers by virtio"""
    guest = SHARED.get(recorder)
    assert 'virtio_rng' in guest.run('cat /sys/class/misc/hw_random/rng_current')
    assert '1+0 records in' in guest.run('dd if=/dev/hwrng of=/dev/null bs=64 count=1 2>&1')


# ---- e1000

@on_each_accel
def ethernet(recorder):
    """e1000: an address by DHCP, TCP in both directions, the cable"""
    guest = SHARED.get(recorder)
    assert guest.run('cat /sys/class/net/eth0/address').strip() == '52:54:00:65:10:00'
    driver = guest.run('readlink /sys/class/net/eth0/device/driver')
    assert driver.strip().endswith('/e1000'), driver
    output = guest.run('ipconfig -t 30 -c dhcp eth0', 120)
    assert '10.0.2.15' in output and '10.0.2.2' in output, output
    echo = Echo()
    for text in ('one', 'two'):
        output = guest.run('tcp 10.0.2.2 %d %s' % (echo.port, text))
        assert 'echo of ' + text in output, output
    interrupts = guest.run('cat /proc/interrupts')
    assert re.search(r'\n *\d+: +[1-9]\d* .*eth0', interrupts), interrupts
    received = guest.run('cat /sys/class/net/eth0/statistics/rx_packets')
    assert first_number(received) > 5, received


@on_each_accel
def ethernet_much(recorder):
    """e1000: more than its rings hold, with checksums by the card"""
    guest = SHARED.get(recorder)
    data = b'0123456789abcdef' * 12500 + b'\n'
    server = socket.create_server(('127.0.0.1', 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.makefile('rb').readline()
            connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    guest.run('tcp 10.0.2.2 %d x >/tmp/much' % server.getsockname()[1], 180)
    output = guest.run('dd if=/tmp/much of=/dev/null bs=1000 skip=200 2>&1')
    assert '0+1 records in' in output, output
    errors = guest.run('cat /sys/class/net/eth0/statistics/rx_errors '
                       '/sys/class/net/eth0/statistics/tx_errors')
    assert errors.split() == ['0', '0'], errors


@on_tcg
def http_both_ways(recorder):
    """e1000: HTTP from the host's server, and from the guest's by a forwarded port"""
    guest = SHARED.get(recorder)
    data = hashlib.shake_128(b'e1000').digest(300000)
    digest = hashlib.sha256(data).hexdigest()
    with HttpServer(data) as server:
        guest.run('wget -q -O /tmp/file ' + server.url)
    output = guest.run('sha256sum /tmp/file')
    assert digest in output, output
    guest.run('httpd -p 80 -h /tmp')
    with urllib.request.urlopen('http://127.0.0.1:%d/file' % SHARED.port, timeout=60) as reply:
        assert hashlib.sha256(reply.read()).hexdigest() == digest
    guest.run('killall httpd')


@on_each_accel
def cable(recorder):
    """e1000: the guest sees set_link"""
    guest = SHARED.get(recorder)
    carrier = 'cat /sys/class/net/eth0/carrier'
    assert guest.run(carrier).strip() == '1'
    for up in (False, True):
        guest.client.call('set_link', name='nic0', up=up)
        wait_for(guest, carrier, str(int(up)))


def wait_for(guest, command, text, timeout=60):
    """Until the command prints text."""
    deadline = time.monotonic() + timeout
    while text not in guest.run(command):
        assert time.monotonic() < deadline, '%s: no %s' % (command, text)
        time.sleep(0.2)


# ---- The board's chips

@on_each_accel
def clocks(recorder):
    """the time of day of the RTC; HPET and ACPI's timer as clock sources"""
    guest = SHARED.get(recorder)
    seconds = first_number(guest.run('cat /sys/class/rtc/rtc0/since_epoch'))
    assert abs(seconds - time.time()) < 120, seconds
    sources = guest.run('cat /sys/devices/system/clocksource/clocksource0/available_clocksource')
    assert 'hpet' in sources and 'acpi_pm' in sources, sources
    guest.run('echo hpet >/sys/devices/system/clocksource/clocksource0/current_clocksource')
    begin = float(guest.run('cat /proc/uptime').split()[0])
    guest.run('sleep 2')
    end = float(guest.run('cat /proc/uptime').split()[0])
    assert 2 <= end - begin < 20, (begin, end)
    guest.run('echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource')


@on_each_accel
def interrupt_controllers(recorder):
    """lines by the I/O APIC, whose routing ACPI describes"""
    guest = SHARED.get(recorder)
    guest.run('ipconfig -t 20 -c dhcp eth0')        # a card has its line while it is up
    interrupts = guest.run('cat /proc/interrupts')
    for name in ('ttyS0', 'acpi', 'eth0'):
        assert re.search(r'IO-APIC.*\b%s' % name, interrupts), interrupts


@on_each_accel
def power_button(recorder):
    """system_powerdown is the power button"""
    guest = SHARED.get(recorder)
    count = 'cat /sys/firmware/acpi/interrupts/ff_pwr_btn'
    before = first_number(guest.run(count))
    guest.client.call('system_powerdown')
    guest.client.wait_event('POWERDOWN')
    wait_for(guest, count, str(before + 1))


@on_each_accel
def pvpanic_device(recorder):
    """ACPI describes pvpanic, and its driver binds to it"""
    guest = SHARED.get(recorder)
    names = names_in(guest, '/sys/bus/platform/drivers/pvpanic-mmio')
    assert 'QEMU0001:00' in names, names


# ---- Hotplug

@on_each_accel
def hotplug(recorder):
    """a disk is plugged and unplugged while the guest runs, twice"""
    guest, client = SHARED.get(recorder), SHARED.guest.client
    for _ in range(2):
        client.call('device_add', driver='virtio-blk-pci', id='vd1', drive='disk1', addr='9')
        wait_for(guest, 'echo /dev/*', '/dev/vdb')
        assert 'disk1 sector 7 ' in guest.run('dd if=/dev/vdb bs=512 count=1 skip=7')
        client.call('device_del', id='vd1')
        event = client.wait_event('DEVICE_DELETED', 60)
        while event['data'].get('device') != 'vd1':
            event = client.wait_event('DEVICE_DELETED', 60)
        assert 'vdb' not in names_in(guest, '/dev')
    names = names_in(guest, '/sys/bus/pci/devices')
    assert '0000:00:09.0' not in names, names


# ---- The end

@on_each_accel
def power_off(recorder):
    """the guest powers the machine off by ACPI"""
    guest = SHARED.get(recorder)
    guest.console.sendall(b'poweroff -f\n')
    event = guest.client.wait_event('SHUTDOWN', 60)
    assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event
    assert guest.client.call('query-status')['status'] == 'shutdown'
    SHARED.close()


@on_each_accel
def panic(recorder):
    """a guest that panics says so by pvpanic"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('set-action', panic='pause')
        # Debian's driver is a module; the other kernel has it, and no key to panic by.
        module = vmdtest.accel() == 'tcg'
        guest = Guest(daemon, client, machine_type=MACHINE,
                      append='' if module else 'rdinit=/bin/true')
        client.call('device_add', driver='pvpanic', id='panic')
        if module:
            guest.boot()
            guest.console.sendall(b'echo c >/proc/sysrq-trigger\n')
        else:
            client.call('cont')
        event = client.wait_event('GUEST_PANICKED', BOOT_TIMEOUT)
        assert event['data']['action'] == 'pause', event
        assert client.call('query-status')['status'] == 'guest-panicked'
        guest.wait('Kernel panic')


try:
    vmdtest.main([functions, disk, rng, ethernet, ethernet_much, http_both_ways, cable, clocks,
                  interrupt_controllers, power_button, pvpanic_device, hotplug, power_off, panic])
finally:
    SHARED.close()
