#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Attributes of properties, and the policy for what the schema marks as unstable or
deprecated and for lenient input, through the socket."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Client, Daemon                  # noqa: E402

MIB = 1 << 20
INPUTS = ('deprecated-input', 'unstable-input', 'lenient-input')
OUTPUTS = ('deprecated-output', 'unstable-output')


def policy(client, **properties):
    client.call('object-add', qom_type='policy', id='policy', **properties)


def board(daemon, client, machine='pc-i440fx-2.7', **properties):
    """A PC without CPUs."""
    firmware = pc.write_firmware(daemon.path('firmware'), pc.HALT)
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 * MIB)
    client.call('object-add', qom_type=machine + '-machine', id='pc', memory_backend='ram',
                firmware=firmware, **properties)


def request(command, **arguments):
    return {'execute': command, 'arguments': {k.replace('_', '-'): v
                                              for k, v in arguments.items()}}


def unstable_defaults(value=32):
    return [{'driver': 'isa-serial', 'property': 'index', 'value': 1},
            {'driver': 'fw_cfg_io', 'property': 'x-file-slots', 'value': value}]


def limited_objects(recorder):
    """limits on objects of all kinds; removing one makes room"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.error('object-add', {'qom-type': 'policy', 'id': 'p', 'max-objects': 0})[
            'path'] == 'max-objects'
        policy(client, max_objects=8)
        board(daemon, client)                                   # policy and ram: 2
        client.call('chardev-add', id='con', backend={'type': 'null', 'data': {}})
        client.call('netdev_add', type='user', id='net')
        client.call('blockdev-add', driver='null-co', node_name='disk')
        client.call('device_add', driver='isa-debugcon')
        client.call('device_add', driver='isa-debugcon', id='log', iobase=0xe8)
        client.call('object-add', qom_type='iothread', id='io')
        for command, arguments in (
                ('object-add', {'qom-type': 'iothread', 'id': 'x'}),
                ('chardev-add', {'id': 'x', 'backend': {'type': 'null', 'data': {}}}),
                ('netdev_add', {'type': 'user', 'id': 'x'}),
                ('blockdev-add', {'driver': 'null-co', 'node-name': 'x'}),
                ('device_add', {'driver': 'isa-debugcon', 'id': 'x'})):
            error = client.error(command, arguments)
            assert error['reason'] == 'limit-exceeded', error
            assert error['desc'] == \
                "there are 8 objects already, and the policy's max-objects is 8", error
            error = client.error('build', {'requests': [{'execute': command,
                                                         'arguments': arguments}]})
            assert error['reason'] == 'limit-exceeded', error
        client.call('object-del', id='io')
        client.call('netdev_add', type='user', id='x')
        client.call('qom-set', path='/objects/policy', property='max-objects', value=9)
        client.call('blockdev-add', driver='null-co', node_name='x')
        client.call('object-del', id='policy')
        client.call('object-add', qom_type='iothread', id='io')


def unstable_command(recorder):
    """a command: accepted, refused as if it were not there, accepted again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.error('x-exit-preconfig')['reason'] == 'wrong-state'
        policy(client, unstable_input='reject')
        assert client.error('x-exit-preconfig') == {
            'class': 'CommandNotFound', 'reason': 'unstable-input',
            'desc': "command 'x-exit-preconfig' is unstable, and the policy rejects that"}
        client.call('qom-set', path='/objects/policy', property='unstable-input', value='accept')
        assert client.error('x-exit-preconfig')['reason'] == 'wrong-state'
        client.call('qom-set', path='/objects/policy', property='unstable-input', value='reject')
        client.call('object-del', id='policy')
        assert client.error('x-exit-preconfig')['reason'] == 'wrong-state'


def unstable_property(recorder):
    """a property in a machine's defaults: refused with its path; machine types may use it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        policy(client, unstable_input='reject')
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 * MIB)
        arguments = {'qom-type': 'pc-i440fx-2.7-machine', 'memory-backend': 'ram',
                     'firmware': pc.write_firmware(daemon.path('firmware'), pc.HALT),
                     'defaults': unstable_defaults()}
        error = client.error('object-add', arguments)
        assert error['reason'] == 'unstable-input', error
        assert error['path'] == 'defaults[1].property', error
        assert 'x-file-slots' in error['desc'], error
        client.call('qom-set', path='/objects/policy', property='unstable-input', value='log')
        client.request({'execute': 'object-add', 'arguments': arguments})
        assert client.call('qom-get', path='/machine/fw_cfg', property='x-file-slots') == 32
        assert "property 'x-file-slots' of class 'fw_cfg_io' is unstable" in daemon.output()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        policy(client, unstable_input='reject')
        board(daemon, client)                               # its compat list sets that property
        assert client.call('qom-get', path='/machine/fw_cfg', property='x-file-slots') == 16


def lenient_input(recorder):
    """strings for numbers, bools and sizes, and null for a string, in device_add"""
    lenient = {'iobase': '0x501', 'iosize': '4'}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        board(daemon, client)
        policy(client, lenient_input='reject')
        for name, value in lenient.items():
            error = client.error('device_add', {'driver': 'isa-debug-exit', name: value})
            assert (error['reason'], error['path']) == ('lenient-input', name), error
            assert 'must be an integer, not a string' in error['desc'], error
        error = client.error('device_add', {'driver': 'isa-serial', 'id': None})
        assert (error['reason'], error['path']) == ('lenient-input', 'id'), error
        error = client.error('device_add', {'driver': 'isa-serial', 'wakeup': 'off'})
        assert (error['reason'], error['path']) == ('lenient-input', 'wakeup'), error
        error = client.error('build', {'requests': [
            request('device_add', driver='isa-debug-exit', iobase='1')]})
        assert error['reason'] == 'lenient-input', error
        assert error['path'] == 'requests[0].arguments.iobase', error
        # What is strict anyway fails as ever, and what is not a string is not a lenient input.
        assert client.error('object-add', {'qom-type': 'iothread', 'id': 'i',
                                           'poll-max-ns': '1'})['reason'] == 'invalid-type'
        client.call('device_add', driver='isa-debug-exit', iobase=0x501)
        client.call('qom-set', path='/objects/policy', property='lenient-input', value='log')
        client.call('device_add', driver='isa-debug-exit', iobase='0x510')
        assert "policy: parameter 'iobase' is a string for an integer" in daemon.output()


def one_at_a_time(recorder):
    """there is one policy; when it is deleted, all is accepted"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        policy(client, **{name.replace('-', '_'): 'reject' for name in INPUTS})
        error = client.error('object-add', {'qom-type': 'policy', 'id': 'other'})
        assert error['reason'] == 'id-in-use', error
        assert client.error('qom-get', {'path': '/objects/other', 'property': 'type'})
        assert client.error('x-exit-preconfig')['reason'] == 'unstable-input'
        client.call('object-del', id='policy')
        assert client.error('x-exit-preconfig')['reason'] == 'wrong-state'
        policy(client)
        for name in INPUTS:
            for value in ('accept', 'log', 'reject'):
                client.call('qom-set', path='/objects/policy', property=name, value=value)
                recorder.write('policy', name)
                assert client.call('qom-get', path='/objects/policy', property=name) == value
        for name in OUTPUTS:
            for value in ('hide', 'accept'):
                client.call('qom-set', path='/objects/policy', property=name, value=value)
                recorder.write('policy', name)
            error = client.error('qom-set', {'path': '/objects/policy', 'property': name,
                                             'value': 'reject'})
            assert error['reason'] == 'invalid-value', error


def schema(client, **properties):
    """What query-qmp-schema tells under such a policy, and its text."""
    for name in OUTPUTS:
        client.call('qom-set', path='/objects/policy', property=name,
                    value=properties.get(name.replace('-', '_'), 'accept'))
    client.send({'execute': 'query-qmp-schema'})
    return client.reply()['return']


def hidden_output(recorder):
    """hide: query-qmp-schema omits marked entries, and is still valid JSON"""
    with Daemon(recorder) as daemon:
        client = Client(daemon.socket, recorder, check=False)
        policy(client)
        whole = schema(client)
        names = [e['name'] for e in whole]
        assert 'x-exit-preconfig' in names and all(
            'values' in e for e in whole if e['meta-type'] == 'enum')
        shown = schema(client, unstable_output='hide')
        unstable = {e['name'] for e in whole if 'unstable' in e.get('features', [])}
        assert 'x-exit-preconfig' in unstable
        assert set(names) - {e['name'] for e in shown} == unstable
        assert without(shown, 'deprecated') == without(without(whole, 'unstable'), 'deprecated')
        shown = schema(client, deprecated_output='hide')
        deprecated = {e['name'] for e in whole if 'deprecated' in e.get('features', [])}
        assert 'MEM_UNPLUG_ERROR' in deprecated
        assert [e['name'] for e in shown] == [n for n in names if n not in deprecated]
        assert not any('values' in e for e in shown)
        assert shown == without(whole, 'deprecated')
        assert schema(client, deprecated_output='hide', unstable_output='hide') == \
            without(without(whole, 'deprecated'), 'unstable')
        assert schema(client) == whole
        assert client.error('x-exit-preconfig')['reason'] == 'wrong-state'    # it is there


def without(infos, feature):
    """The same, computed here: entries with the feature go, and with `deprecated` enum names."""
    def keep(part):
        return feature not in part.get('features', [])
    enums = {e['name']: [m['name'] for m in e['members'] if keep(m)]
             for e in infos if e['meta-type'] == 'enum'}
    result = []
    for info in filter(keep, infos):
        info = dict(info)
        if 'members' in info:
            tag = [m['type'] for m in info['members'] if m.get('name') == info.get('tag')]
            info['members'] = [m for m in info['members'] if keep(m)]
            if 'variants' in info:
                info['variants'] = [v for v in info['variants'] if v['case'] in enums[tag[0]]]
        if info['meta-type'] == 'enum' and feature == 'deprecated':
            info.pop('values', None)
        elif 'values' in info:
            info['values'] = [v for v in info['values'] if v in enums[info['name']]]
        result.append(info)
    return result


def in_a_build(recorder):
    """in a build it applies to later requests, and the build leaves nothing"""
    strict = request('object-add', qom_type='policy', id='policy', lenient_input='reject')
    machine = [request('object-add', qom_type='qtest-accel'),
               request('object-add', qom_type='memory-backend-ram', id='ram', size=MIB),
               request('object-add', qom_type='microvm-machine', memory_backend='ram')]
    device = request('device_add', driver='isa-debug-exit', iobase='0x501')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('build', {'requests': [strict] + machine + [device]})
        assert error['reason'] == 'lenient-input', error
        assert error['path'] == 'requests[4].arguments.iobase', error
        assert client.call('query-config')['requests'] == []
        client.request({'execute': 'build', 'arguments': {
            'requests': machine + [device, strict]}})
        assert client.error('device_add', device['arguments'])['reason'] == 'lenient-input'
    # It is gone with a build that fails, too.
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('build', {'requests': [strict] + machine + [
            request('device_add', driver='isa-debug-exit', bus='nowhere')]})
        assert error['reason'] == 'bus-not-found', error
        for each in machine + [device]:
            client.request(each)


def recorded(recorder):
    """query-config has it last, and shows all; its result can be built"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        policy(client)
        board(daemon, client, defaults=unstable_defaults())
        client.call('set-action', reboot='shutdown')
        for name in INPUTS:
            client.call('qom-set', path='/objects/policy', property=name, value='reject')
        for name in OUTPUTS:
            client.call('qom-set', path='/objects/policy', property=name, value='hide')
        config = client.call('query-config')
        last = config['requests'][-1]
        assert last['arguments'] == {'qom-type': 'policy', 'id': 'policy',
                                     **dict.fromkeys(INPUTS, 'reject'),
                                     **dict.fromkeys(OUTPUTS, 'hide')}, last
        assert 'x-file-slots' in json.dumps(config)
        built_again(recorder, config, [request('build', **config)])
        built_again(recorder, config, config['requests'])


def built_again(recorder, config, requests):
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for each in requests:
            client.request(each)
        assert client.call('query-config') == config
        assert client.error('x-exit-preconfig')['reason'] == 'unstable-input'


# ---- The other attributes

def internal(recorder):
    """an internal property: listed as such, and refused on each way but a machine type's"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        entities = client.schema.entities
        marked = {}                                 # property -> classes that show it
        for command, tag in (('device_add', 'driver'), ('object-add', 'qom-type')):
            for variant in entities[entities[command]['arg-type']]['variants']:
                for name, member in client.schema.members(variant['type']).items():
                    if 'internal' in member.get('features', []):
                        marked.setdefault((command, tag, variant['case']), []).append(name)
        assert ('device_add', 'driver', 'ioapic') in marked or len(marked) > 5, marked
        board(daemon, client)
        for (command, tag, case), names in marked.items():
            for name in names:
                error = client.error(command, {tag: case, 'id': 'x', name: 0})
                assert error['reason'] in ('internal-property', 'property-missing'), error
                if error['reason'] == 'internal-property':
                    assert error['path'] == name, error
        error = client.error('qom-set', {'path': '/machine/fw_cfg', 'property': 'iobase',
                                         'value': 1})
        assert error['reason'] == 'internal-property', error
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 * MIB)
        error = client.error('object-add', {
            'qom-type': 'pc-i440fx-2.7-machine', 'memory-backend': 'ram',
            'defaults': [{'driver': 'fw_cfg_io', 'property': 'iobase', 'value': 1}]})
        assert (error['reason'], error['path']) == ('internal-property', 'defaults[0].property')


def settable(recorder):
    """build and run: a property of each kind, before and after its object was made"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='iothread', id='io', poll_max_ns=1)
        client.call('qom-set', path='/objects/io', property='poll-max-ns', value=2)
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=MIB)
        error = client.error('qom-set', {'path': '/objects/ram', 'property': 'size',
                                         'value': 2 * MIB})
        assert error['reason'] == 'property-not-settable', error
        board_device = {'driver': 'isa-debug-exit', 'realized': True}
        error = client.error('device_add', board_device)
        assert (error['reason'], error['path']) == ('property-read-only', 'realized'), error


def errors_of_defaults(recorder):
    """each possible error in a machine's list, with its path"""
    wrong = [
        ('no-such', 'index', 1, 'class-not-found', 'driver'),
        ('iothread', 'poll-max-ns', 1, 'invalid-type', 'driver'),
        ('isa-serial', 'indecks', 1, 'property-not-found', 'property'),
        ('isa-serial', 'realized', True, 'property-read-only', 'property'),
        ('fw_cfg_io', 'iobase', 1, 'internal-property', 'property'),
        ('isa-serial', 'index', '1', 'invalid-type', 'value'),
        ('isa-serial', 'index', 4, 'out-of-range', 'value'),
        ('mc146818rtc', 'lost_tick_policy', 'sometimes', 'invalid-value', 'value'),
    ]
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=MIB)
        for driver, name, value, reason, member in wrong:
            error = client.error('object-add', {
                'qom-type': 'microvm-machine', 'memory-backend': 'ram', 'defaults': [
                    {'driver': 'isa-serial', 'property': 'index', 'value': 1},
                    {'driver': driver, 'property': name, 'value': value}]})
            assert (error['reason'], error['path']) == (reason, 'defaults[1].' + member), error
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


def reach_of_defaults(recorder):
    """a default for a class is one for its descendants, the nearest one wins, and a device that is
    hotplugged gets it, too"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        board(daemon, client, defaults=[
            {'driver': 'virtio-pci', 'property': 'page-per-vq', 'value': True},
            {'driver': 'virtio-rng-pci', 'property': 'page-per-vq', 'value': False},
            {'driver': 'virtio-rng-pci', 'property': 'max-bytes', 'value': 7}])
        client.call('device_add', driver='virtio-rng-pci', id='rng')
        client.call('device_add', driver='virtio-balloon-pci', id='cold')
        client.call('cont')
        client.call('device_add', driver='virtio-rng-pci', id='hot', max_bytes=8)
        client.call('device_add', driver='virtio-serial-pci', id='serial')
        found = [client.call('qom-get', path=name, property=prop) for name, prop in (
            ('rng', 'max-bytes'), ('rng', 'page-per-vq'), ('cold', 'page-per-vq'),
            ('hot', 'max-bytes'), ('hot', 'page-per-vq'))]
        assert found == [7, False, True, 8, False], found
        assert client.call('qom-get', path='serial', property='page-per-vq') is True


def layers_of_defaults(recorder):
    """class, machine type, the machine's list, the request: each goes over those before"""
    def slots(client):
        return client.call('qom-get', path='/machine/fw_cfg', property='x-file-slots')
    for machine, defaults, expect in (('pc-i440fx-7.2', [], 32), ('pc-i440fx-2.7', [], 16),
                                      ('pc-i440fx-2.7', unstable_defaults(48), 48)):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            board(daemon, client, machine, defaults=defaults)
            assert slots(client) == expect, (machine, defaults)
            client.call('device_add', driver='isa-serial', id='a')
            client.call('device_add', driver='isa-serial', id='b', index=3)
            assert client.call('qom-get', path='a', property='index') == (1 if defaults else 0)
            assert client.call('qom-get', path='b', property='index') == 3


if __name__ == '__main__':
    vmdtest.main([limited_objects, unstable_command, unstable_property, lenient_input, one_at_a_time,
                  hidden_output, in_a_build, recorded, internal, settable, layers_of_defaults,
                  errors_of_defaults, reach_of_defaults])
