#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU models and their properties, each feature by itself, on the accelerator."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text, run        # noqa: E402
from vmdtest import Daemon, accel_class, on_each_accel                # noqa: E402

BASE = 'x86_64-cpu'
# Properties whose type is bool and that are no CPUID bit.
SWITCHES = {'realized', 'hotplugged', 'hotpluggable', 'host-phys-bits', 'check', 'enforce', 'pmu',
            'migratable', 'kvm', 'legacy-cache', 'l3-cache', 'cpuid-0xb'}

# What the guest's instructions and registers need.
GUEST_NEEDS = ('lm', 'pae', 'msr', 'tsc', 'cx8', 'apic', 'cmov', 'fxsr', 'mmx', 'sse', 'sse2',
               'syscall', 'nx', 'pat', 'pge')


def models(client):
    return sorted(t['name'] for t in client.call('qom-list-types', implements=BASE))


def features(client):
    """Names of the properties that are bits of CPUID or MSRs, but for those for Hyper-V."""
    return [p['name'] for p in client.call('qom-list-properties', typename=BASE)
            if p['type'] == 'bool' and p['name'] not in SWITCHES and
            not p['name'].startswith('hv-')]


def empty_machine(client, accel=None):
    """A machine that takes CPUs."""
    client.call('object-add', qom_type=accel or accel_class())
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=4096 * 256)
    client.call('object-add', qom_type='microvm-machine', memory_backend='ram')


def add(client, driver, **props):
    client.request({'execute': 'device_add',
                    'arguments': {'driver': driver, 'id': 'cpu', **props}})


def get(client, name):
    return client.call('qom-get', path='/machine/peripheral/cpu', property=name)


def remove(client):
    client.call('device_del', id='cpu')
    client.wait_event('DEVICE_DELETED')


@on_each_accel
def every_model_runs(recorder):
    """each CPU model runs the guest to its end"""
    with Daemon(recorder) as daemon:
        names = models(daemon.client())
    assert {'host-x86_64-cpu', 'max-x86_64-cpu', 'qemu64-x86_64-cpu'} <= set(names), names
    for name in names:
        with Daemon(recorder) as daemon:
            client = daemon.client()
            # The guest is a 64-bit program, which old models are too little for.
            build(client, append='print=runs end=exit:1', cpu=name,
                  cpu_props=dict.fromkeys(GUEST_NEEDS, True))
            run(client)
            assert '\nruns\r\n' in console_text(client), name


@on_each_accel
def every_model_is_made(recorder):
    """each CPU model can be created with defaults, removed, and created again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        for name in models(client) * 2:
            add(client, name)
            assert get(client, 'type') == name
            remove(client)


@on_each_accel
def host_lacks_nothing(recorder):
    """host and max have what the accelerator offers, and lack none of it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        for name in ('host-x86_64-cpu', 'max-x86_64-cpu'):
            add(client, name, enforce=True)
            assert get(client, 'unavailable-features') == [], name
            assert get(client, 'sse2') is True
            assert get(client, 'invtsc') is False       # migratable
            remove(client)


@on_each_accel
def each_feature(recorder):
    """each feature can be switched off and on, and tells whether the guest sees it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        wrong = []
        for name in features(client):
            add(client, 'host-x86_64-cpu', **{name: False})
            if get(client, name) is not False:
                wrong.append('%s=false stays on' % name)
            remove(client)
            add(client, 'host-x86_64-cpu', **{name: True, 'migratable': False})
            missing = name in get(client, 'unavailable-features')
            if get(client, name) is missing:
                wrong.append('%s=true: %s, and %s' % (
                    name, get(client, name), 'unavailable' if missing else 'available'))
            remove(client)
        assert not wrong, '\n'.join(wrong)


@on_each_accel
def enforce(recorder):
    """with enforce, a feature that is not available is an error that names it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        # No processor has this one, and no accelerator shows it.
        arguments = {'driver': 'qemu64-x86_64-cpu', 'id': 'cpu', 'ia64': True}
        error = client.error('device_add', {**arguments, 'enforce': True})
        assert error['reason'] == 'not-supported' and 'ia64' in error['desc'], error
        assert client.call('query-cpus-fast') == []
        client.request({'execute': 'device_add', 'arguments': {**arguments, 'check': True}})
        assert 'ia64' in get(client, 'unavailable-features')
        assert get(client, 'ia64') is False
        assert 'will not see: ' in daemon.output(), daemon.output()
        remove(client)
        daemon.log.truncate(0)
        client.request({'execute': 'device_add', 'arguments': {**arguments, 'check': False}})
        assert 'will not see' not in daemon.output(), daemon.output()


def with_parents(properties, name):
    """A feature and what it needs."""
    names = {name}
    for parent in properties[name].get('needs', []):
        names |= with_parents(properties, parent)
    return names


@on_each_accel
def hyperv(recorder):
    """features for Hyper-V are there, or refused by their names"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        properties = {p['name']: p for p in client.call('query-class', name=BASE)['properties']
                      if p['name'].startswith('hv-')}
        features = [name for name, p in properties.items() if 'cpuid' in p]
        assert len(features) >= 21, features
        empty_machine(client)
        add(client, 'qemu64-x86_64-cpu', **{'hv-passthrough': True, 'hv-spinlocks': 0x1fff})
        offered = {name for name in features if get(client, name)}
        assert [f for f in get(client, 'unavailable-features') if f.startswith('hv-')] == []
        assert get(client, 'hv-spinlocks') == 0x1fff
        remove(client)
        for name in features:
            whole = with_parents(properties, name)
            arguments = {'driver': 'qemu64-x86_64-cpu', 'id': 'cpu', **dict.fromkeys(whole, True)}
            if whole <= offered:
                client.request({'execute': 'device_add', 'arguments': arguments})
                assert all(get(client, feature) for feature in whole), name
                remove(client)
                continue
            error = client.error('device_add', arguments)
            assert error['reason'] == 'not-supported' and error['path'] in whole, (name, error)
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'hv-stimer': True})
        assert (error['reason'], error['path']) == ('not-supported', 'hv-stimer'), error


def hyperv_figures(recorder):
    """what Hyper-V says that it is, reads as the request set it"""
    values = {'hv-vendor-id': 'Some Vendor', 'hv-version-id-build': 20348,
              'hv-version-id-major': 6, 'hv-version-id-minor': 3, 'hv-version-id-spack': 1,
              'hv-version-id-sbranch': 2, 'hv-version-id-snumber': 77, 'hv-avic': True,
              'hv-no-nonarch-coresharing': 'auto', 'hv-enforce-cpuid': True}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client, 'qtest-accel')
        add(client, 'qemu64-x86_64-cpu', **values)
        for name, value in values.items():
            assert get(client, name) == value, (name, get(client, name))
        assert get(client, 'hv-apicv') is True
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'hv-spinlocks': 5})
        assert (error['reason'], error['path']) == ('out-of-range', 'hv-spinlocks'), error


@on_each_accel
def identity(recorder):
    """a CPU's identity reads as the request set it"""
    values = {'vendor': 'GenuineIntel', 'family': 15, 'model': 4, 'stepping': 9,
              'model-id': 'A CPU', 'level': 13, 'xlevel': 0x80000008, 'min-level': 7,
              'min-xlevel': 0x80000004, 'phys-bits': 36, 'host-phys-bits': False, 'pmu': False,
              'kvm': False, 'migratable': True, 'apic-id': 5, 'check': False, 'enforce': False,
              'level-func7': 1, 'xlevel2': 0xc0000001, 'min-xlevel2': 0xc0000000,
              'host-phys-bits-limit': 46, 'legacy-cache': False, 'l3-cache': False,
              'cpuid-0xb': False}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        add(client, 'qemu64-x86_64-cpu', **values)
        for name, value in values.items():
            assert get(client, name) == value, (name, get(client, name))
        remove(client)
        add(client, 'qemu64-x86_64-cpu', pmu=True, **{'host-phys-bits': True})
        assert get(client, 'host-phys-bits') is True
        assert 32 <= get(client, 'phys-bits') <= 52


@on_each_accel
def strings_for_all(recorder):
    """device_add takes a feature as a string, as clients have always sent it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        add(client, 'qemu64-x86_64-cpu', x2apic='on', sse='off', family='15',
            **{'tsc-deadline': 'true'})
        assert get(client, 'x2apic') is True
        assert get(client, 'sse') is False
        assert get(client, 'family') == 15


def topology(recorder):
    """places that a request names are kept, the others are chosen, and no two are equal"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client, 'qtest-accel')
        place = {'socket-id': 1, 'die-id': 0, 'core-id': 0, 'thread-id': 0}
        client.request({'execute': 'device_add', 'arguments': {
            'driver': 'qemu64-x86_64-cpu', 'id': 'a', **place}})
        client.call('device_add', driver='qemu64-x86_64-cpu', id='b')
        found = [c['props'] for c in client.call('query-cpus-fast')]
        assert found[0] == place and found[1] != place, found
        before = client.call('query-cpus-fast')
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'id': 'c', **place})
        assert error['reason'] in ('id-in-use', 'address-in-use', 'invalid-value'), error
        assert client.call('query-cpus-fast') == before


def places(client):
    """(socket, die, core, thread) of each CPU, in the order of their making."""
    return [tuple(cpu['props'][level + '-id'] for level in ('socket', 'die', 'core', 'thread'))
            for cpu in client.call('query-cpus-fast')]


def with_smp(client, machine, cpus, given):
    """A machine with so many CPUs; what its property says then."""
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
    client.call('object-add', qom_type=machine + '-machine', memory_backend='ram', smp=given)
    for _ in range(cpus):
        client.call('device_add', driver='qemu64-x86_64-cpu')
    return client.call('qom-get', path='/machine', property='smp')


@on_each_accel
def one_class(recorder):
    """a machine takes CPUs of one class, the first one's; another is refused immediately"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        empty_machine(client)
        for first, other in ('qemu64', 'Nehalem'), ('Nehalem', 'max'), ('max', 'host'):
            add(client, first + '-' + BASE)
            for command, arguments in (
                    ('device_add', {'driver': other + '-' + BASE, 'id': 'other'}),
                    ('build', {'requests': [{'execute': 'device_add', 'arguments': {
                        'driver': other + '-' + BASE, 'id': 'other'}}]})):
                error = client.error(command, arguments)
                assert error['reason'] == 'invalid-value', error
                assert error['path'].endswith('driver'), error
                assert first + '-' + BASE in error['desc'] and other + '-' in error['desc'], error
            assert client.call('query-cpu-model-expansion', type='full',
                               model={'name': other})['model']['name'] == other
            remove(client)


def smp_chooses(recorder):
    """property smp: sockets, dies, cores and threads, and what is chosen where they are left out"""
    for machine, given, expected, last in (
            ('microvm', {'cpus': 4}, (1, 1, 4, 1), (0, 0, 3, 0)),
            ('pc-i440fx-7.2', {'maxcpus': 4}, (1, 1, 4, 1), (0, 0, 3, 0)),
            ('pc-i440fx-2.7', {'cpus': 4}, (4, 1, 1, 1), (3, 0, 0, 0)),
            ('pc-i440fx-2.7', {'cpus': 4, 'sockets': 2}, (2, 1, 2, 1), (1, 0, 1, 0)),
            ('microvm', {'cpus': 8, 'cores': 2}, (4, 1, 2, 1), (3, 0, 1, 0)),
            ('microvm', {'cpus': 8, 'sockets': 2, 'cores': 2}, (2, 1, 2, 2), (1, 0, 1, 1)),
            ('microvm', {'sockets': 1, 'dies': 2, 'clusters': 1, 'cores': 2, 'threads': 2},
             (1, 2, 2, 2), (0, 1, 1, 1))):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            n = expected[0] * expected[1] * expected[2] * expected[3]
            value = with_smp(client, machine, n, given)
            assert value == {'cpus': n, 'maxcpus': n, 'clusters': 1, **dict(zip(
                ('sockets', 'dies', 'cores', 'threads'), expected))}, (given, value)
            assert places(client)[0] == (0, 0, 0, 0) and places(client)[-1] == last, places(client)
            assert len(set(places(client))) == n
            error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu'})
            assert error['reason'] == 'limit-exceeded', error


@on_each_accel
def several(recorder):
    """several CPUs of a microvm: one starts the others, which tell their places"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='cpuid=3 end=exit:1', cpus=3,
              smp={'cpus': 3, 'maxcpus': 4, 'sockets': 2, 'cores': 2, 'threads': 1})
        for _ in range(2):                  # and once more after a reset
            run(client)
            # Leaf 0xb, subleaf 1: bits of an id below the package, CPUs in it, the whole id.
            found = re.findall(r'cpuid: (\w) b\.1 (\w+) (\w+) \w+ (\w+)\r', console_text(client))
            assert [[int(n, 16) for n in line] for line in found] == [
                [i, 1, 2, i] for i in range(3)], found
            client.call('system_reset')


@on_each_accel
def ids_above_255(recorder):
    """CPUs whose APIC ids do not fit into 8 bits: each is reached by its id, and knows it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        smp = {'cpus': 4, 'maxcpus': 255, 'sockets': 85, 'cores': 3, 'threads': 1}
        build(client, machine_type='pc-i440fx-7.2', smp=smp,
              append='start=0x152 start=2 start=0x150 cpuid=4 end=exit:1')
        for number, place in enumerate(((84, 2), (84, 0), (0, 2)), 1):
            client.request({'execute': 'device_add', 'arguments': {
                'driver': 'qemu64-x86_64-cpu', 'id': 'cpu%d' % number, 'x2apic': True,
                'socket-id': place[0], 'core-id': place[1]}})
        ids = [client.call('qom-get', path='/machine/peripheral/cpu%d' % number, property='apic-id')
               for number in range(4)]
        assert ids == [0, 0x152, 0x150, 2], ids
        for _ in range(2):
            run(client)
            text = console_text(client)
            assert re.findall(r'started: (\w+)\r', text) == ['152', '2', '150'], text
            # Leaf 1 has the lowest 8 bits, leaf 0xb all.
            leaf_1 = re.findall(r'cpuid: (\w+) 1\.0 \w+ (\w\w)', text)
            assert leaf_1 == [('0', '00'), ('2', '02'), ('150', '50'), ('152', '52')], text
            client.call('system_reset')


def smp_that_does_not_fit(recorder):
    """property smp: products that are not the number of CPUs; too few CPUs at the start"""
    for given in ({'cpus': 6, 'sockets': 4}, {'cpus': 8, 'sockets': 2, 'cores': 2, 'threads': 1},
                  {'cpus': 5, 'maxcpus': 4}, {'maxcpus': 4, 'dies': 3},
                  {'cpus': 2, 'maxcpus': 4, 'sockets': 2, 'cores': 1, 'threads': 1},
                  {'cpus': 1, 'maxcpus': 300}):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            client.call('object-add', qom_type='qtest-accel')
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
            machine = {'qom-type': 'microvm-machine', 'memory-backend': 'ram'}
            error = client.error('object-add', {**machine, 'smp': given})
            reason = 'out-of-range' if given.get('maxcpus') == 300 else 'invalid-value'
            assert (error['reason'], error['path']) == (reason, 'smp'), (given, error)
            # Nothing of it is left.
            client.call('object-add', qom_type='microvm-machine', memory_backend='ram')
            client.call('device_add', driver='qemu64-x86_64-cpu', id='a')
            client.call('device_add', driver='qemu64-x86_64-cpu', id='b')
            assert places(client) == [(0, 0, 0, 0), (1, 0, 0, 0)], places(client)


if __name__ == '__main__':
    vmdtest.main([every_model_runs, every_model_is_made, host_lacks_nothing, each_feature,
                  enforce, hyperv,
                  hyperv_figures, identity, strings_for_all, topology, one_class, smp_chooses,
                  several, ids_above_255, smp_that_does_not_fit])
