#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of CPU models and places is what CPUs that are made then have."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, accel_class, introspection, on_each_accel  # noqa: E402

SUFFIX = '-x86_64-cpu'
# Bools of a CPU that are no features of it.
SWITCHES = {'realized', 'hotplugged', 'hotpluggable', 'host-phys-bits', 'check', 'enforce',
            'migratable', 'kvm', 'pmu', 'legacy-cache', 'l3-cache', 'cpuid-0xb'}


def machine(client, accel):
    client.call('object-add', qom_type=accel)
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


def expand_with_report(client, name, **props):
    reply = client.call('query-cpu-model-expansion', type='full',
                        model={'name': name, 'props': props})
    assert reply['model']['name'] == name
    return reply['model']['props'], reply['unavailable-features']


def expand(client, name, **props):
    return expand_with_report(client, name, **props)[0]


def features(props):
    return {name: value for name, value in props.items()
            if isinstance(value, bool) and name not in SWITCHES and not name.startswith('hv-')}


def every_model_is_defined(recorder):
    """query-cpu-definitions has the classes of CPUs, from a daemon that has nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        models = client.call('query-cpu-definitions')
        types = [t['name'] for t in client.call('qom-list-types', implements='x86_64-cpu')]
        aliases = [a for t in types for a in client.call('query-class', name=t).get('aliases', [])]
        assert sorted(m['typename'] for m in models) == sorted(types + aliases)
        names = {m['name'] for m in models}
        assert {'Nehalem', 'Nehalem-v1', 'Nehalem-v2', 'Nehalem-IBRS', 'EPYC-Milan'} <= names
        for model in models:
            name = model['name']
            assert model['typename'] == name + SUFFIX, model
            assert model['migration-safe'] == (name not in ('host', 'max')), model
            assert model['static'] == (name == 'base'), model
            assert 'unavailable-features' not in model, model
            # A version stands for itself, and any other name for one.
            whole = re.search(r'-v[0-9]+$', name) or name in ('host', 'max', 'base')
            assert ('alias-of' not in model) == bool(whole), model
            assert model.get('alias-of', name) in names, model


def expansion_without_accelerator(recorder):
    """Without an accelerator, an expansion is the model's own defaults and what is changed"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        props = expand(client, 'Nehalem', vmx=True, nx='off', level=5)
        defaults = {p['name']: p.get('default-value') for p in
                    client.call('qom-list-properties', typename='Nehalem' + SUFFIX)}
        assert props.pop('vmx') is True and props.pop('nx') is False
        assert props.pop('level') == 5 and props['model-id'] == defaults['model-id']
        orphans = {'vmx-rdtscp-exit'}       # it needs rdtscp, which Nehalem does not have
        for name, value in features(props).items():
            assert value == (name not in orphans and defaults[name] or False), name
        assert not any(features(expand(client, 'max')).values())


def expand_static(client, name, **props):
    model = client.call('query-cpu-model-expansion', type='static',
                        model={'name': name, 'props': props})['model']
    assert model['name'] == 'base'
    return model['props']


def static_expansion(recorder):
    """A static expansion is `base` and changes, which expand to themselves"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name in ('Nehalem-IBRS', 'EPYC-Rome', '486'):
            full, static = expand(client, name), expand_static(client, name)
            assert static == {k: full[k] for k in static}
            assert set(static) >= set(features(full))
            assert expand_static(client, 'base', **static) == static
            again = expand(client, 'base', **static)
            assert features(again) == features(full)


def other_names(recorder):
    """A feature's other names are accepted wherever its own is"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        machine(client, 'qtest-accel')
        arguments = {'driver': 'qemu64' + SUFFIX, 'id': 'cpu', 'sse4_1': True, 'xd': False}
        client.request({'execute': 'device_add', 'arguments': arguments})
        path = '/machine/peripheral/cpu'
        for name, value in (('sse4.1', True), ('sse4-1', True), ('nx', False), ('xd', False)):
            assert client.call('qom-get', path=path, property=name) is value, name
        error = client.error('device_add', {**arguments, 'id': 'other', 'sse4.1': True})
        assert error['reason'] == 'property-not-found', error
        props = expand(client, 'qemu64', sse3=False, i64=False)
        assert props['pni'] is False and props['lm'] is False and 'sse3' not in props


def orphans(recorder):
    """A feature without what it needs is dropped, and reported if the request named it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        props, lacking = expand_with_report(client, 'Nehalem', **{'vmx-ept': True, 'ssb-no': True})
        assert not props['vmx-ept'] and not props['ssb-no'] and not props['vmx-vpid']
        assert sorted(lacking) == ['ssb-no', 'vmx-ept']
        props, lacking = expand_with_report(client, 'Nehalem', **{
            'vmx': True, 'vmx-secondary-ctls': False, 'vmx-ept-1gb': True})
        assert props['vmx-mtf'] and not props['vmx-ept'] and not props['vmx-ept-1gb']
        assert lacking == ['vmx-ept-1gb']
        machine(client, 'qtest-accel')
        error = client.error('device_add', {'driver': 'Nehalem' + SUFFIX, 'enforce': True,
                                            'taa-no': True, 'mds-no': True})
        assert error['reason'] == 'not-supported', error
        assert error['desc'].endswith(': mds-no, taa-no'), error


def compare(client, one, other):
    return client.call('query-cpu-model-comparison', modela=one, modelb=other)


def comparisons(recorder):
    """Comparisons keep their laws, and say which properties differ"""
    opposite = {'superset': 'subset', 'subset': 'superset'}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        models = [{'name': m['name']} for m in client.call('query-cpu-definitions')]
        intel = [m for m in models if expand(client, m['name']).get('vendor') == 'GenuineIntel']
        assert len(intel) > 40
        for i, one in enumerate(intel):
            assert compare(client, one, one) == {'result': 'identical',
                                                 'responsible-properties': []}
            other = intel[(7 * i + 3) % len(intel)]
            there, back = compare(client, one, other), compare(client, other, one)
            assert back['result'] == opposite.get(there['result'], there['result']), (one, other)
            assert back['responsible-properties'] == there['responsible-properties']
        nehalem = {'name': 'Nehalem'}
        assert compare(client, nehalem, {'name': 'Nehalem', 'props': {'aes': True}}) == {
            'result': 'subset', 'responsible-properties': ['aes']}
        found = compare(client, nehalem, {'name': 'EPYC'})
        assert found['result'] == 'incompatible' and 'vendor' in found['responsible-properties']


def baselines(recorder):
    """A baseline runs wherever either model does, and nothing greater would"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for one, other in (('Haswell', 'Nehalem'), ('Snowridge-v4', 'Icelake-Server-v6'),
                           ('kvm64', 'KnightsMill'), ('pentium3', '486')):
            a, b = {'name': one, 'props': {'sse4a': True}}, {'name': other}
            base = client.call('query-cpu-model-baseline', modela=a, modelb=b)['model']
            for model in (a, b):
                assert compare(client, base, model)['result'] in ('subset', 'identical')
            in_a, in_b = (features(expand(client, m['name'], **m.get('props', {})))
                          for m in (a, b))
            both = [k for k in in_a if in_a[k] and in_b[k]]
            assert [k for k in both if base['props'].get(k) is False] == []
            assert client.call('query-cpu-model-baseline', modela=b, modelb=a)['model'] == base
        error = client.error('query-cpu-model-baseline', {'modela': {'name': 'Nehalem'},
                                                          'modelb': {'name': 'EPYC'}})
        assert (error['reason'], error['path']) == ('invalid-value', 'modelb'), error
        for command in ('query-cpu-model-baseline', 'query-cpu-model-comparison'):
            for where in ('modela', 'modelb'):
                arguments = {'modela': {'name': 'max'}, 'modelb': {'name': 'max'}}
                arguments[where] = {'name': 'max', 'props': {'vmx': 1}}
                error = client.error(command, arguments)
                assert error['path'] == where + '.props.vmx', error


def schema_is_small(recorder):
    """All models together leave the schema's reply below 1 MiB"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        size = len(json.dumps(client.call('query-qmp-schema'), separators=(',', ':')))
        assert 100000 < size < 1 << 20, size


@on_each_accel
def expansion_is_what_a_cpu_has(recorder):
    """With an accelerator, definition and expansion say what a CPU of the model gets"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        machine(client, accel_class())
        for model in client.call('query-cpu-definitions'):
            lacking = set(model['unavailable-features'])
            props, report = expand_with_report(client, model['name'])
            assert set(report) == lacking, model
            # It can be given back.
            assert expand_with_report(client, model['name'], **props) == (props, report), model
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


def empty_places(recorder):
    """places of a machine with maxcpus, empty ones among them; a CPU can be put into each"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram',
                    smp={'cpus': 1, 'maxcpus': 4, 'cores': 2, 'threads': 2})
        found = client.call('query-hotpluggable-cpus')
        assert [p['props'] for p in found] == [
            {'socket-id': 0, 'die-id': 0, 'core-id': core, 'thread-id': thread}
            for core in (1, 0) for thread in (1, 0)], found
        # What clients take by default, until there is one.
        assert {p['type'] for p in found} == {'qemu64' + SUFFIX}, found
        assert not any('qom-path' in p for p in found), found
        for number in 1, 3:
            client.request({'execute': 'device_add', 'arguments': {
                'driver': 'max' + SUFFIX, 'id': 'c%d' % number, **found[number]['props']}})
        taken = client.call('query-hotpluggable-cpus')
        assert [p.get('qom-path') for p in taken] == [
            None, '/machine/peripheral/c1', None, '/machine/peripheral/c3'], taken
        assert {p['type'] for p in taken} == {'max' + SUFFIX}, taken
        client.call('device_del', id='c1')
        client.wait_event('DEVICE_DELETED')
        client.call('cont')
        error = client.error('device_add', {'driver': 'max' + SUFFIX})
        assert error['reason'] == 'not-hotpluggable', error


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
    vmdtest.main([every_model_is_defined, expansion_without_accelerator, static_expansion,
                  other_names, orphans, comparisons, baselines, schema_is_small,
                  expansion_is_what_a_cpu_has, wrong_expansions, places, empty_places,
                  sums])
