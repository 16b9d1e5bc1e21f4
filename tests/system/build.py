#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`build`: lists of requests that succeed as a whole, or leave nothing."""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402
from waiting import becomes                         # noqa: E402


def request(command, **arguments):
    """As Client.call() takes it, but only made."""
    return {'execute': command, 'arguments': {
        key[:-1] if key.endswith('_') else key.replace('_', '-'): value
        for key, value in arguments.items()}}


ACCEL = request('object-add', qom_type='qtest-accel', id='acc')
MICROVM = request('object-add', qom_type='microvm-machine', id='m', memory_backend='ram')
PC = request('object-add', qom_type='pc-i440fx-7.2-machine', id='m', memory_backend='ram')
RAM = request('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)


def chardev(name, kind='null', **data):
    return request('chardev-add', id=name, backend={'type': kind, 'data': data})


def tree(client, path='/'):
    """Every path with its class and each value that can be read."""
    found = {}
    for entry in client.call('qom-list', path=path):
        value = client.call('qom-get', path=path, property=entry['name'])
        if entry['type'].startswith('child<'):
            found.update(tree(client, value))
        found[path + ' ' + entry['name']] = value
    return found


def descriptors(daemon):
    """Open files with their counts; the numbers do not matter."""
    return sorted(value.split(':')[0] if ':' in value else value
                  for value in daemon.descriptors().values())


def state(daemon, client):
    return (tree(client), descriptors(daemon), sorted(os.listdir(daemon.folder)),
            client.call('query-status'), client.call('trace-event-get-state', name='*'))


def order_of_links(recorder):
    """A link may name what comes later; results are in the order of the list"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        results = client.call('build', requests=[
            request('device_add', driver='isa-serial', id='s0', chardev='mux', irq='3'),
            request('device_add', driver='virtio-blk-device', id='d0', drive='disk',
                    bus='virtio-mmio-bus.2'),
            dict(chardev('pty', 'pty'), id={'any': [1]}), chardev('mux', 'mux', chardev='pty'),
            request('blockdev-add', driver='throttle', node_name='disk', throttle_group='tg',
                    file='null0'),
            request('blockdev-add', driver='null-co', node_name='null0', size=1 << 20),
            request('object-add', qom_type='throttle-group', id='tg'),
            request('qom-set', path='/objects/io', property='poll-max-ns', value=7),
            request('object-add', qom_type='iothread', id='io'),
            request('netdev_add', type='user', id='net'),
            request('set_link', name='net', up=False), request('set-action', shutdown='pause'),
            request('trace-event-set-state', name='serial_read', enable=True),
            MICROVM, RAM, ACCEL])
        assert len(results) == 16 and all(r == {} for i, r in enumerate(results) if i != 2), results
        assert results[2]['id'] == {'any': [1]} and results[2]['pty'].startswith('/dev/pts/'), results
        assert client.call('qom-get', path='/objects/io', property='poll-max-ns') == 7
        assert client.call('qom-get', path='s0', property='irq') == 3
        assert client.call('qom-get', path='/netdevs/net', property='link') is False
        assert client.call('trace-event-get-state', name='serial_read')[0]['state'] == 'enabled'
        assert client.call('build', requests=[]) == []


IO = request('object-add', qom_type='iothread', id='io')
LIMITS = request('object-add', qom_type='throttle-group', id='limits')


def bad_lists(recorder):
    """A list is checked before anything is created"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('chardev-add', id='there', backend={'type': 'null', 'data': {}})
        before = state(daemon, client)
        for requests, reason, path in [
                ([RAM, RAM], 'id-in-use', 'requests[1].arguments.id'),
                ([RAM, chardev('there')], 'id-in-use', 'requests[1].arguments.id'),
                ([ACCEL, request('object-add', qom_type='qtest-accel')], 'id-in-use', 'requests[1]'),
                ([chardev('0x')], 'id-invalid', 'requests[0].arguments.id'),
                ([ACCEL, RAM, MICROVM, chardev('a'),
                  request('device_add', driver='isa-serial', id='s', chardev='b')],
                 'object-not-found', 'requests[4].arguments.chardev'),
                ([RAM, request('device_add', driver='isa-serial', iobase='x')], 'invalid-value',
                 'requests[1].arguments.iobase'),
                ([request('object-add', qom_type='iothread', id='a', poll_max_ns='7')],
                 'invalid-type', 'requests[0].arguments.poll-max-ns'),
                ([chardev('a', 'mux', chardev='b'), chardev('b', 'mux', chardev='a')],
                 'invalid-value', 'requests[0]'),
                ([request('blockdev-add', driver='raw', node_name='a', file='a')],
                 'invalid-value', 'requests[0].arguments.file'),
                ([request('blockdev-add', driver='raw', node_name='a', file={
                    'driver': 'null-co', 'node-name': 'a'})], 'id-in-use',
                 'requests[0].arguments.file.node-name'),
                ([IO, request('qom-set', path='/objects/io', property='poll-max-ns', value='x')],
                 'invalid-type', 'requests[1].arguments.value'),
                ([IO, request('qom-set', path='/objects/io', property='poll-max', value=1)],
                 'property-not-found', 'requests[1].arguments.property'),
                ([IO, request('qom-set', path='/objects/oi', property='poll-max-ns', value=1)],
                 'object-not-found', 'requests[1].arguments.path'),
                ([LIMITS, request('qom-set', path='/objects/limits', property='limits', value={
                    'bps-total': -1})], 'out-of-range', 'requests[1].arguments.value.bps-total'),
                ([RAM, {**MICROVM, 'arguments': {**MICROVM['arguments'], 'defaults': [
                    {'driver': 'isa-serial', 'property': 'index', 'value': 9}]}}], 'out-of-range',
                 'requests[1].arguments.defaults[0].value'),
                ([{'execute': 'quit'}], 'invalid-value', 'requests[0].execute'),
                ([{'execute': 'object-add'}], 'property-missing', 'requests[0].arguments')]:
            error = client.error('build', {'requests': requests})
            assert error['reason'] == reason, (requests, error)
            assert error['path'] == path, (requests, error)
            after = state(daemon, client)
            assert after == before, (requests, error, set(after[0].items()) ^ set(before[0].items()))


def everything(daemon):
    """A list with something of each kind that a host could be left with."""
    return [
        ACCEL, request('object-add', qom_type='memory-backend-file', id='ram', size=4 << 20,
                       mem_path=daemon.path('memory')),
        PC, chardev('log', 'file', out=daemon.path('new')),
        chardev('old', 'file', out=daemon.path('old')),
        chardev('logged', 'null', logfile=daemon.path('old2')),
        chardev('pty', 'pty'), chardev('ring', 'ringbuf', size=4096),
        chardev('sock', 'socket', server=True, wait=False, addr={
            'type': 'unix', 'data': {'path': daemon.path('sock')}}),
        request('blockdev-add', driver='file', node_name='disk', filename=daemon.path('disk')),
        request('netdev_add', type='user', id='net'),
        request('netdev_add', type='stream', id='far', addr={
            'type': 'unix', 'path': daemon.path('far')}),
        request('object-add', qom_type='filter-dump', id='dump', netdev='net',
                file=daemon.path('dump')),
        request('device_add', driver='isa-serial', id='s0', chardev='log'),
        request('device_add', driver='virtio-blk-pci', id='blk', drive='disk'),
        request('device_add', driver='e1000', netdev='net'),
        request('device_add', driver='qemu64-x86_64-cpu'),
        request('set_link', name='before', up=False), request('set-action', reboot='shutdown'),
        request('trace-event-set-state', name='virtio_*', enable=True),
        request('qom-set', path='/objects/io', property='poll-max-ns', value=9)]


def prepare(daemon, client):
    """Files and objects that are there before; a peer, so that there is an event to hold back."""
    far = socket.socket(socket.AF_UNIX)
    far.bind(daemon.path('far'))
    far.listen(64)
    for name in ('old', 'old2', 'disk'):
        with open(daemon.path(name), 'w', encoding='utf-8') as f:
            f.write('x' * 4096)
    client.call('object-add', qom_type='iothread', id='io')
    client.call('netdev_add', type='user', id='before')
    return far


def fails_at_each_place(recorder):
    """A build that fails anywhere leaves tree, descriptors, files and events unchanged"""
    with Daemon(recorder) as daemon:
        client, other = daemon.client(), daemon.client()
        far = prepare(daemon, client)
        n = len(everything(daemon))
        before = state(daemon, client)
        bad = request('object-add', qom_type='memory-backend-file', id='bad', size=1 << 20,
                      mem_path='/nonexistent/file')
        for place in range(n + 1):
            requests = everything(daemon)
            requests.insert(place, bad)
            error = client.error('build', {'requests': requests})
            assert error['path'] == 'requests[%d].arguments.mem-path' % place, (place, error)
            after = state(daemon, client)
            assert after == before, (place, set(after[0].items()) ^ set(before[0].items()),
                                     after[1:], before[1:])
            for name in ('old', 'old2', 'disk'):
                assert os.path.getsize(daemon.path(name)) == 4096, (place, name)
            assert not client.drain_events() and not other.drain_events(), place
        assert len(client.call('build', requests=everything(daemon))) == n
        assert [e['event'] for e in client.events] == ['NETDEV_STREAM_CONNECTED'], client.events
        far.close()
        becomes(lambda: os.path.getsize(daemon.path('old')), 0)     # which is done aside
        assert os.path.exists(daemon.path('new'))
        assert client.call('qom-get', path='/netdevs/before', property='link') is False


def others_wait(recorder):
    """While a build waits, others' changes wait, and queries and quit do not"""
    with Daemon(recorder) as daemon:
        client, other, third = daemon.client(), daemon.client(), daemon.client()
        waiting = chardev('w', 'socket', server=True, wait=True, addr={
            'type': 'unix', 'data': {'path': daemon.path('w')}})
        client.send(request('build', requests=[chardev('first'), waiting, chardev('last')]))
        while not os.path.exists(daemon.path('w')):
            third.call('query-status')
        other.send(request('chardev-add', id='last', backend={'type': 'null', 'data': {}}))
        third.call('query-chardev')
        assert third.call('query-status')['status'] == 'prelaunch'
        assert vmdtest.wait_listening(daemon.path('w'), daemon.process)
        assert client.reply()['return'] == [{}, {}, {}]
        assert other.reply()['error']['reason'] == 'id-in-use'
        # One that fails: what waited finds its id free.
        waiting['arguments'].update(id='v')
        waiting['arguments']['backend']['data']['addr']['data']['path'] = daemon.path('v')
        bad = request('device_add', driver='isa-serial')
        client.send(request('build', requests=[chardev('x'), waiting, bad]))
        while not os.path.exists(daemon.path('v')):
            third.call('query-status')
        other.send(request('chardev-add', id='x', backend={'type': 'null', 'data': {}}))
        third.send(request('build', requests=[chardev('y'), chardev('z')]))
        assert vmdtest.wait_listening(daemon.path('v'), daemon.process)
        assert client.reply()['error']['reason'] == 'no-machine'
        assert other.reply()['return'] == {} and third.reply()['return'] == [{}, {}]
        assert not os.path.exists(daemon.path('v'))
    with Daemon(recorder) as daemon:
        client, other = daemon.client(), daemon.client()
        waiting['arguments']['backend']['data']['addr']['data']['path'] = daemon.path('w')
        client.send(request('build', requests=[waiting]))
        while not os.path.exists(daemon.path('w')):
            other.call('query-status')
        other.call('quit')
        assert daemon.wait() == 0, daemon.output()


def only_in_prelaunch(recorder):
    """build is refused once the machine has run"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[ACCEL, RAM, PC,
                                       request('device_add', driver='qemu64-x86_64-cpu')])
        client.call('cont')
        assert client.error('build', {'requests': []})['reason'] == 'wrong-state'


def reserved(recorder):
    """A name or place that one request gives is not chosen for another"""
    add = [request('device_add', driver='virtio-rng-pci', id='r%d' % i) for i in range(4)]
    fixed = [request('device_add', driver='virtio-rng-pci', id='f', addr='3'),
             request('device_add', driver='virtio-rng-pci', id='g', addr='5.0')]
    serial = [request('device_add', driver='isa-serial', id='s0'),
              request('device_add', driver='isa-serial', id='s1', index=0),
              request('device_add', driver='isa-parallel', id='p0', chardev='c0'),
              request('device_add', driver='isa-parallel', id='p1', chardev='c1', iobase=0x378)]
    cpus = [request('device_add', driver='qemu64-x86_64-cpu', id='c%d' % i) for i in range(2)]
    cpus += [request('device_add', driver='qemu64-x86_64-cpu', id='d', apic_id=0)]
    nics = [request('device_add', driver='e1000', id='n0'),
            request('device_add', driver='e1000', id='n1', mac='52:54:00:12:34:56')]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[ACCEL, RAM, PC, chardev('c0'), chardev('c1')] + add + fixed +
                    serial + cpus + nics)
        slots = [client.call('qom-get', path='/machine/peripheral/r%d' % i, property='addr') >> 3
                 for i in range(4)]
        assert 3 not in slots and 5 not in slots, slots
        assert client.call('qom-get', path='s0', property='index') == 1
        assert client.call('qom-get', path='p0', property='index') == 1
        assert client.call('qom-get', path='/machine/peripheral/c0', property='apic-id') == 1
        assert client.call('qom-get', path='/machine/peripheral/n0', property='mac') == \
            '52:54:00:12:34:57'
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[
            ACCEL, RAM, MICROVM, request('device_add', driver='virtio-rng-device', id='a'),
            request('device_add', driver='virtio-rng-device', id='b', bus='virtio-mmio-bus.7')])
        assert client.call('qom-get', path='a', property='parent_bus').endswith('bus.6')
        client.call('build', requests=[
            request('device_add', driver='virtserialport', id='p', bus='ports.0'),
            request('device_add', driver='virtserialport', id='q', bus='ports.0', nr=1),
            request('device_add', driver='virtio-serial-device', id='ports')])
        assert client.call('qom-get', path='/machine/peripheral/p', property='nr') == 2


def named_by_device(recorder):
    """a bus that a later request names by the device that has it keeps its place for that one"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[
            ACCEL, RAM, MICROVM, request('device_add', driver='virtio-rng-device', id='a'),
            request('device_add', driver='virtio-rng-device', id='b', bus='/machine/virtio-mmio7')])
        assert client.call('qom-get', path='a', property='parent_bus').endswith('bus.6')
        assert client.call('qom-get', path='b', property='parent_bus').endswith('bus.7')
        client.call('build', requests=[
            {'execute': 'device_add', 'arguments': {'driver': 'virtio-serial-device',
                                                    'id': 'small', 'max_ports': 2}},
            request('device_add', driver='virtio-serial-device', id='large'),
            request('device_add', driver='virtserialport', id='p'),
            request('device_add', driver='virtserialport', id='q', bus='small', nr=1)])
        assert client.call('qom-get', path='p', property='parent_bus').endswith('large.0')
        assert client.call('qom-get', path='q', property='parent_bus').endswith('small.0')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('build', requests=[
            ACCEL, RAM, PC, {'execute': 'device_add', 'arguments': {
                'driver': 'pci-bridge', 'id': 'br', 'chassis_nr': 1}},
            request('device_add', driver='virtio-rng-pci', id='a'),
            request('device_add', driver='virtio-rng-pci', id='b', bus='br', addr='2')])
        assert client.call('qom-get', path='a', property='parent_bus').endswith('pci.0')
        assert client.call('qom-get', path='b', property='addr') == 2 << 3


if __name__ == '__main__':
    vmdtest.main([order_of_links, bad_lists, fails_at_each_place, others_wait, only_in_prelaunch,
                  reserved, named_by_device])
