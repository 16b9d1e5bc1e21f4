#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each property of the virtio devices and of what is behind them: set to a value that is
not the default, on a bus that the test chooses, and read back."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text, run        # noqa: E402
from vmdtest import Daemon, accel_class, on_one_accel                # noqa: E402

OFF = dict.fromkeys(['indirect_desc', 'event_idx'], False)
# class -> properties; a link is given by id and reads as a path.
DEVICES = {
    'virtio-rng-device': {'rng': 'random', 'max-bytes': 1 << 20, 'period': 1000},
    'virtio-balloon-device': {'deflate-on-oom': True, 'free-page-reporting': True,
                              'guest-stats-polling-interval': 7},
    'virtio-serial-device': {'max_ports': 4, 'emergency-write': False},
    'virtio-net-device': {
        'netdev': 'net', 'mac': '52:54:00:aa:bb:cc', 'mq': True, 'rx_queue_size': 512,
        'tx_queue_size': 1024, 'host_mtu': 1400, 'speed': 10000, 'duplex': 'full',
        'bootindex': 1,
        **dict.fromkeys(['csum', 'guest_csum', 'guest_tso4', 'guest_tso6', 'guest_ecn',
                         'guest_ufo', 'guest_tunnel', 'guest_tunnel_csum', 'host_tunnel',
                         'host_tunnel_csum', 'host_tso4', 'host_tso6', 'host_ecn', 'host_ufo',
                         'mrg_rxbuf', 'status', 'ctrl_vq', 'ctrl_rx', 'ctrl_vlan',
                         'ctrl_rx_extra', 'ctrl_mac_addr', 'ctrl_guest_offloads'], False)},
    'virtio-blk-device': {
        'drive': 'disk', 'share-rw': True, 'iothread': 'io', 'num-queues': 2, 'queue-size': 512,
        'serial': 'NUMBER-1', 'logical_block_size': 1024, 'physical_block_size': 4096,
        'min_io_size': 4096, 'opt_io_size': 8192, 'discard_granularity': 4096,
        'write-cache': 'on', 'config-wce': False, 'discard': False, 'write-zeroes': False,
        'max-discard-sectors': 8, 'max-write-zeroes-sectors': 16, 'rerror': 'ignore',
        'werror': 'report', 'bootindex': 2},
}
LINKS = {'rng': '/objects/random', 'netdev': '/netdevs/net', 'drive': '/block-nodes/disk',
         'iothread': '/objects/io', 'chardev': '/chardevs/con'}
OBJECTS = {
    'rng-random': {'filename': '/dev/random'},
    'iothread': {'poll-max-ns': 1000, 'poll-grow': 3, 'poll-shrink': 4},
    'throttle-group': {'limits': {'iops-total': 100}},
    'filter-dump': {'netdev': 'net', 'queue': 'rx', 'status': 'off', 'maxlen': 100},
}


def machine(client):
    client.call('object-add', qom_type=accel_class())
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


def back_ends(client):
    client.call('object-add', qom_type='rng-random', id='random', filename='/dev/urandom')
    client.call('object-add', qom_type='iothread', id='io')
    client.call('netdev_add', type='user', id='net')
    client.call('blockdev-add', driver='null-co', node_name='disk')
    client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})


def not_defaults(client, klass, values):
    """Fails for a value that says nothing, because it is the default."""
    for p in client.call('qom-list-properties', typename=klass):
        if p['name'] in values:
            assert values[p['name']] != p.get('default-value'), (klass, p)


def assert_reads(client, path, values):
    for name, value in values.items():
        real = client.call('qom-get', path=path, property=name)
        if isinstance(value, dict):
            assert value.items() <= real.items(), (path, name, real)
        else:
            assert real == LINKS.get(name, value), (path, name, real)


def add(client, driver, **values):
    client.request({'execute': 'device_add', 'arguments': {'driver': driver, **values}})


@on_one_accel
def devices(recorder):
    """each property of each virtio device reads as it was set, on each bus of the board"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        machine(client)
        back_ends(client)
        for klass, values in DEVICES.items():
            values = {**values, **OFF}
            not_defaults(client, klass, values)
            for number in range(8):
                bus = 'virtio-mmio-bus.%d' % number
                add(client, klass, id='x', bus=bus, **values)
                path = '/machine/peripheral/x'
                assert_reads(client, path, values)
                assert client.call('qom-get', path=path, property='parent_bus').endswith(bus)
                client.call('device_del', id='x')


def objects(recorder):
    """each property of their backends reads as it was set"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('netdev_add', type='user', id='net')
        for klass, values in OBJECTS.items():
            not_defaults(client, klass, values)
            if klass == 'filter-dump':
                values = {**values, 'file': daemon.path('dump')}
            client.request({'execute': 'object-add', 'arguments': {
                'qom-type': klass, 'id': 'x', **values}})
            assert_reads(client, '/objects/x', values)
            client.call('object-del', id='x')
        error = client.error('object-add', {'qom-type': 'rng-random', 'id': 'x',
                                            'filename': daemon.path('absent')})
        assert error['reason'] == 'file-not-usable', error
        assert len(client.call('qom-list', path='/objects')) == 1


@on_one_accel
def ports(recorder):
    """ports and consoles take the number, the name and the chardev that they are given"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        machine(client)
        back_ends(client)
        for bus in 'one', 'two':
            add(client, 'virtio-serial-device', id=bus, max_ports=4)
        for klass, values in (('virtserialport', {'nr': 3, 'name': 'org.example.0'}),
                              ('virtconsole', {'nr': 2, 'name': 'console'})):
            values['chardev'] = 'con'
            add(client, klass, id='x', bus='two.0', **values)
            assert_reads(client, '/machine/peripheral/x', values)
            error = client.error('device_add', {'driver': klass, 'bus': 'two.0',
                                                'nr': values['nr']})
            assert error['reason'] == 'address-in-use', error
            client.call('device_del', id='x')
        error = client.error('device_add', {'driver': 'virtserialport', 'bus': 'two.0', 'nr': 4})
        assert error['reason'] == 'limit-exceeded', error
        error = client.error('device_add', {'driver': 'virtserialport', 'nr': 0})
        assert error['reason'] == 'invalid-value', error
        for i in range(6):
            add(client, 'virtserialport', id='p%d' % i)
            bus = client.call('qom-get', path='/machine/peripheral/p%d' % i, property='parent_bus')
            assert bus.endswith('one.0' if i < 3 else 'two.0'), (i, bus)
        error = client.error('device_add', {'driver': 'virtserialport'})
        assert error['reason'] == 'bus-full' and error['path'] == 'driver', error


@on_one_accel
def transports(recorder):
    """the machine's defaults set ioeventfd of all transports; a guest's disk works either way"""
    for value in True, False:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            build(client, append='bench=blk:random:512:200:4 end=exit:21', defaults=[
                {'driver': 'virtio-mmio', 'property': 'ioeventfd', 'value': value}])
            for number in range(8):
                path = '/machine/virtio-mmio%d' % number
                assert client.call('qom-get', path=path, property='ioeventfd') is value
            client.call('blockdev-add', driver='null-co', node_name='disk')
            client.call('device_add', driver='virtio-blk-device', drive='disk')
            run(client)
            text = console_text(client)
            assert 'bench: blk random 200 x 512 bytes' in text, text
            stats = client.call('query-blockstats')[0]['stats']
            assert (stats['rd_operations'], stats['rd_bytes']) == (200, 200 * 512), stats
        recorder.write('virtio-mmio', 'ioeventfd')


if __name__ == '__main__':
    vmdtest.main([devices, objects, ports, transports])
