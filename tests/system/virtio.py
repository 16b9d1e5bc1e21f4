#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux on microvm uses an entropy device, a balloon and a serial port."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest
from vmdtest import Daemon, accel_class, GUESTS, on_each_accel
from linuxguest import Guest, virtio

MB = 1 << 20


def entropy(guest):
    assert 'virtio_rng' in guest.run('cat /sys/class/misc/hw_random/rng_current')
    assert '16+0 records out' in guest.run('dd if=/dev/hwrng of=/random bs=16 count=16')
    output = guest.run('cat /random | cat -v')
    assert len(set(output)) > 20, output


def wait_actual(client, size):
    deadline = time.monotonic() + 60
    while client.call('query-balloon')['actual'] != size:
        assert time.monotonic() < deadline, client.call('query-balloon')
        time.sleep(0.2)


def balloon(guest):
    client = guest.client
    path = '/machine/peripheral/balloon'
    assert client.call('query-balloon') == {'actual': 96 * MB}
    client.call('balloon', value=80 * MB)
    wait_actual(client, 80 * MB)
    assert client.wait_event('BALLOON_CHANGE')['data']['actual'] < 96 * MB
    client.call('qom-set', path=path, property='guest-stats-polling-interval', value=1)
    deadline = time.monotonic() + 20
    while not client.call('qom-get', path=path, property='guest-stats')['last-update']:
        assert time.monotonic() < deadline, 'no statistics'
        time.sleep(0.2)
    stats = client.call('qom-get', path=path, property='guest-stats')['stats']
    assert 0 < stats['stat-free-memory'] < stats['stat-total-memory'] < 96 * MB, stats
    client.call('balloon', value=96 * MB)
    wait_actual(client, 96 * MB)


def serial_port(guest, port):
    assert guest.run('cat /sys/class/virtio-ports/*/name').split() == ['org.vmd.test']
    device = '/dev/' + guest.run('cd /sys/class/virtio-ports; echo *; cd /').strip()
    guest.run('echo from-the-guest >' + device)
    port.settimeout(20)
    assert port.recv(100) == b'from-the-guest\n'
    names = [guest.client.wait_event('VSERPORT_CHANGE')['data'] for _ in range(2)]
    assert names == [{'id': 'port', 'open': True}, {'id': 'port', 'open': False}], names
    port.sendall(b'from-the-host\n')
    assert 'from-the-host' in guest.run('dd if=%s bs=14 count=1' % device)


def hotplug_port(guest):
    client = guest.client
    client.call('device_add', driver='virtserialport', id='late', name='org.vmd.late')
    deadline = time.monotonic() + 20
    while 'org.vmd.late' not in guest.run('cat /sys/class/virtio-ports/*/name'):
        assert time.monotonic() < deadline, 'the port did not appear'
    client.call('device_del', id='late')
    assert client.wait_event('DEVICE_DELETED')['data']['device'] == 'late'
    while 'org.vmd.late' in guest.run('cat /sys/class/virtio-ports/*/name'):
        assert time.monotonic() < deadline, 'the port did not go'


@on_each_accel
def devices(recorder):
    """entropy, balloon and serial port, over stop, cont and reset"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = Guest(daemon, client)
        port = guest.chardev('port')
        client.call('device_add', driver=virtio('rng'), id='rng', max_bytes=1 << 20,
                    period=1000)
        client.call('device_add', driver=virtio('balloon'), id='balloon')
        client.call('device_add', driver=virtio('serial'), id='vser')
        client.call('device_add', driver='virtserialport', id='port', chardev='port',
                    name='org.vmd.test')
        guest.boot()
        entropy(guest)
        balloon(guest)
        serial_port(guest, port)
        hotplug_port(guest)
        guest.run('cd /sys/bus/virtio/drivers/virtio_rng; echo virtio0 >unbind; '
                  'echo virtio0 >bind; cd /')
        entropy(guest)
        for _ in range(20):
            client.call('stop')
            client.call('cont')
        entropy(guest)
        client.call('system_reset')
        guest.wait_shell()
        entropy(guest)
        client.call('quit')
        assert daemon.wait() == 0


@on_each_accel
def places(recorder):
    """devices take the last transport first, and bus= chooses one"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 * MB)
        client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram')
        for i in range(7):
            client.call('device_add', driver='virtio-rng-device', id='rng%d' % i,
                        **({'bus': 'virtio-mmio-bus.2'} if i == 1 else {}))
        buses = [client.call('qom-get', path='/machine/peripheral/rng%d' % i,
                             property='parent_bus')[-1] for i in range(7)]
        assert buses == ['7', '2', '6', '5', '4', '3', '1'], buses
        error = client.error('device_add', {'driver': 'virtio-rng-device',
                                            'bus': 'virtio-mmio-bus.2'})
        assert error['reason'] == 'bus-full', error
        client.call('device_add', driver='virtio-balloon-device')
        error = client.error('device_add', {'driver': 'virtio-rng-device'})
        assert error['reason'] == 'bus-full', error
        error = client.error('device_add', {'driver': 'virtio-mmio'})
        assert error['reason'] == 'not-user-creatable', error
        client.call('device_del', id='rng1')
        client.call('device_add', driver='virtio-rng-device', id='again', bus='virtio-mmio-bus.2')


def command_line(client, **machine):
    """What the project's own guest was given."""
    client.call('object-add', qom_type=accel_class(), id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 * MB)
    client.call('object-add', qom_type='microvm-machine', id='machine', memory_backend='ram',
                kernel=os.path.join(GUESTS, 'guest.elf'), append='end=exit:21', **machine)
    client.call('device_add', driver='qemu64-x86_64-cpu')
    client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})
    client.call('device_add', driver='isa-serial', chardev='con')
    client.call('device_add', driver='isa-debug-exit')
    client.call('device_add', driver='virtio-rng-device')
    client.call('device_add', driver='virtio-rng-device', bus='virtio-mmio-bus.0')
    client.call('set-action', shutdown='pause')
    client.call('cont')
    client.wait_event('SHUTDOWN')
    return client.call('ringbuf-read', device='con', size=65536)


@on_each_accel
def announced(recorder):
    """the kernel's command line has the devices' addresses, unless that is switched off"""
    with Daemon(recorder) as daemon:
        text = command_line(daemon.client())
        assert ('end=exit:21 virtio_mmio.device=512@0xfeb00e00:12 '
                'virtio_mmio.device=512@0xfeb00000:5') in text, text
    with Daemon(recorder) as daemon:
        text = command_line(daemon.client(), auto_kernel_cmdline=False)
        assert 'end=exit:21' in text and 'virtio' not in text, text


@on_each_accel
def no_balloon(recorder):
    """balloon commands without a balloon fail by name"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.error('query-balloon')['reason'] == 'device-not-active'
        client.call('object-add', qom_type=accel_class(), id='accel')
        client.call('object-add', qom_type='none-machine')
        error = client.error('balloon', {'value': 1})
        assert error['class'] == 'DeviceNotActive' and 'balloon' in error['desc'], error


vmdtest.main([devices, places, announced, no_balloon])
