#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of CPU models and places is what CPUs that are made then have."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, accel_class, introspection, on_each_accel  # noqa: E402

SUFFIX = '-x86_64-cpu'
# Bools of a CPU that are no features of it.
SWITCHES = {'realized', 'hotplugged', 'hotpluggable', 'host-phys-bits', 'check', 'enforce',
            'migratable', 'kvm', 'pmu'}


def machine(client, accel):
    client.call('object-add', qom_type=accel)
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


def expand(client, name, **props):
    model = client.call('query-cpu-model-expansion', type='full',
                        model={'name': name, 'props': props})['model']
    assert model['name'] == name
    return model['props']


def features(props):
    return {name: value for name, value in props.items()
            if isinstance(value, bool) and name not in SWITCHES}


def every_model_is_defined(recorder):
    """query-cpu-definitions has the classes of CPUs, from a daemon that has nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        models = client.call('query-cpu-definitions')
        types = [t['name'] for t in client.call('qom-list-types', implements='x86_64-cpu')]
        assert sorted(m['typename'] for m in models) == sorted(types), models
        for model in models:
            assert model['typename'] == model['name'] + SUFFIX, model
            assert model['migration-safe'] == (model['name'] not in ('host', 'max')), model
            assert 'unavailable-features' not in model and not model['static'], model


def expansion_without_accelerator(recorder):
    """Without an accelerator, an expansion is the model's own defaults and what is changed"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        props = expand(client, 'Nehalem', vmx=True, nx='off', level=5)
        defaults = {p['name']: p.get('default-value') for p in
                    client.call('qom-list-properties', typename='Nehalem' + SUFFIX)}
        assert props.pop('vmx') is True and props.pop('nx') is False
        assert props.pop('level') == 5 and props['model-id'] == defaults['model-id']
        for name, value in features(props).items():
            assert value == (defaults[name] or False), name
        assert not any(features(expand(client, 'max')).values())


@on_each_accel
def expansion_is_what_a_cpu_has(recorder):
    """With an accelerator, definition and expansion say what a CPU of the model gets"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        machine(client, accel_class())
        for model in client.call('query-cpu-definitions'):
            lacking = set(model['unavailable-features'])
            props = expand(client, model['name'])
            assert set(props['unavailable-features']) == lacking, model
            client.call('device_add', driver=model['typename'], id='cpu')
            for name, value in features(props).items():
                have = client.call('qom-get', path='/machine/peripheral/cpu', property=name)
                assert have == (value and name not in lacking), (model['name'], name)
            client.call('device_del', id='cpu')
            client.wait_event('DEVICE_DELETED')


def wrong_expansions(recorder):
    """An expansion that cannot be made says why, and where"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for expected, kind, model in (
                (('class-not-found', 'model.name'), 'full', {'name': 'nothing'}),
                (('class-not-found', 'model.name'), 'full', {'name': 'qemu64' + SUFFIX}),
                (('not-supported', 'type'), 'static', {'name': 'qemu64'}),
                (('invalid-type', 'model.props'), 'full', {'name': 'max', 'props': []}),
                (('property-not-found', 'model.props.x'), 'full',
                 {'name': 'max', 'props': {'x': 1}}),
                (('property-not-found', 'model.props.realized'), 'full',
                 {'name': 'max', 'props': {'realized': True}}),
                (('invalid-type', 'model.props.vmx'), 'full',
                 {'name': 'max', 'props': {'vmx': 1}}),
                (('out-of-range', 'model.props.stepping'), 'full',
                 {'name': 'max', 'props': {'stepping': 16}})):
            error = client.error('query-cpu-model-expansion', {'type': kind, 'model': model})
            assert (error['reason'], error['path']) == expected, error


def places(recorder):
    """query-hotpluggable-cpus has the CPUs' places, and device_add takes them"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.error('query-hotpluggable-cpus')['class'] == 'GenericError'
        machine(client, 'qtest-accel')
        assert client.call('query-hotpluggable-cpus') == []
        client.call('device_add', driver='qemu64' + SUFFIX, id='one', socket_id=3)
        client.call('device_add', driver='qemu64' + SUFFIX)
        second, first = client.call('query-hotpluggable-cpus')
        assert first == {'type': 'qemu64' + SUFFIX, 'vcpus-count': 1,
                         'qom-path': '/machine/peripheral/one',
                         'props': {'socket-id': 3, 'die-id': 0, 'core-id': 0, 'thread-id': 0}}
        assert second['type'] == 'qemu64' + SUFFIX, second
        client.call('device_del', id='one')
        client.wait_event('DEVICE_DELETED')
        assert client.call('query-hotpluggable-cpus') == [second]
        client.request({'execute': 'device_add',
                        'arguments': {'driver': first['type'], 'id': 'one', **first['props']}})
        assert client.call('query-hotpluggable-cpus') == [second, first]


def sums(recorder):
    """query-memory-size-summary, and query-chardev-backends: what chardev-add takes"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.call('query-memory-size-summary') == {'base-memory': 0, 'plugged-memory': 0}
        machine(client, 'qtest-accel')
        assert client.call('query-memory-size-summary') == {'base-memory': 1 << 20,
                                                            'plugged-memory': 0}
        schema = introspection()
        argument = schema.members(schema.entities['chardev-add']['arg-type'])['backend']['type']
        kinds = schema.entities[schema.members(argument)['type']['type']]['values']
        assert [b['name'] for b in client.call('query-chardev-backends')] == kinds


if __name__ == '__main__':
    vmdtest.main([every_model_is_defined, expansion_without_accelerator,
                  expansion_is_what_a_cpu_has, wrong_expansions, places, sums])
