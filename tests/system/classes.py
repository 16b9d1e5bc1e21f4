#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""query-class and query-machine-recipe, from a daemon that has no machine: each class, against
everything else that tells of classes; some against answers that were read and found right
(class-answers/, rewritten by VMD_REGENERATE=1); and what machines are really made of."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

ANSWERS = os.path.join(vmdtest.SRCDIR, 'tests', 'system', 'class-answers')
REGENERATE = os.environ.get('VMD_REGENERATE')
# What the JSON of a type in the schema is, as far as its name tells.
INTEGERS = ('int', 'uint', 'size')


def all_types(client):
    return {t['name']: t for t in client.call('qom-list-types', abstract=True)}


def ancestors(types, name):
    found = []
    while 'parent' in types[name]:
        name = types[name]['parent']
        found.append(name)
    return found


# ---- Against the other queries

def check_property(types, info, p, listed):
    """One property of a ClassInfo, and what qom-list-properties says of it."""
    assert p['type'] == listed['type'], (info['name'], p)
    assert p['description'] == listed['description'], (info['name'], p)
    assert ('default' in p) == ('default-value' in listed), (info['name'], p)
    assert p.get('default') == listed.get('default-value'), (info['name'], p)
    assert p['class'] in [info['name']] + info['parents'], (info['name'], p)
    assert ('link' in p) == p['type'].startswith('link<'), p
    assert 'link' not in p or (p['type'] == 'link<%s>' % p['link'] and p['link'] in types), p
    assert 'part' not in p or any(p['name'] in e.get('forward', []) and e['name'] == p['part']
                                  for e in info['parts']), p
    assert 'exclusive' not in p or 'link' in p, p
    assert not (p.get('required') and 'default' in p), p
    check_bounds(p)


def check_bounds(p):
    default = p.get('default')
    if isinstance(default, (list, str)) and 'values' not in p:
        default = len(default)
    for key, below in (('min', True), ('max', False)):
        if key in p and default is not None:
            assert p[key] <= default if below else p[key] >= default, p
    if p['type'].startswith(INTEGERS) and not p['type'].endswith('List') and 'default' in p:
        assert isinstance(default, int), p
    if 'values' in p:
        assert all(v['name'] and v['description'] for v in p['values']), p
        assert default in [None] + [v['name'] for v in p['values']] or default == 0, p


def check_class(client, types, info):
    name = info['name']
    assert info['parents'] == ancestors(types, name), name
    assert info['abstract'] == bool(types[name].get('abstract')), name
    assert info['device'] == (name == 'device' or 'device' in info['parents']), name
    assert info['description'] and info['since'], name
    listed = {p['name']: p for p in client.call('qom-list-properties', typename=name)}
    assert {p['name'] for p in info['properties']} == set(listed) - {'type'}, name
    for p in info['properties']:
        check_property(types, info, p, listed[p['name']])
    assert ('plug' in info) >= (info['device'] and not info['abstract']), name
    assert 'bus' not in info or 'bus' in ancestors(types, info['bus']), name
    for bus in info['buses']:
        assert 'bus' in ancestors(types, bus) and not types[bus].get('abstract'), name
    for entry in info['parts']:
        assert ('driver' in entry and entry['driver'] in types) != ('connect' in entry), entry
    for event in info['events']:
        assert client.schema.entities[event]['meta-type'] == 'event', name
    assert (info['kind'] == 'machine') == ('cpu-max' in info) == ('compat' in info), name


def each_class(recorder):
    """query-class answers for each class, as do the other queries about classes"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        types = all_types(client)
        infos = {name: client.call('query-class', name=name) for name in types}
        for name, info in infos.items():
            assert info['name'] == name
            check_class(client, types, info)
            for alias in info['aliases']:
                assert client.call('query-class', name=alias) == info
            if info['parents']:
                parent = infos[info['parents'][0]]
                assert [p['name'] for p in info['properties']][:len(parent['properties'])] == \
                    [p['name'] for p in parent['properties']], name
                assert set(parent['events']) <= set(info['events']), name
                assert set(parent['buses']) <= set(info['buses']), name
        check_branches(client, infos)


def check_branches(client, infos):
    """What query-qmp-schema has for object-add and device_add."""
    for command, makes in (('object-add', lambda i: i['user-creatable']),
                           ('device_add', lambda i: i['device'])):
        entity = client.schema.entities[client.schema.entities[command]['arg-type']]
        cases = {v['case'] for v in entity['variants']}
        assert cases == {n for n, i in infos.items() if makes(i) and not i['abstract']}
        for case in cases:
            check_members(client.schema.branch(entity['name'], case), infos[case])


def check_members(members, info):
    assert set(members) == {p['name'] for p in info['properties']}, info['name']
    for p in info['properties']:
        member = members[p['name']]
        features = member.get('features', [])
        assert ('internal' in features) == bool(p.get('internal')), (info['name'], p)
        assert ('readonly' in features) == (p['settable'] == 'never'), (info['name'], p)
        assert [f for f in features if f in ('unstable', 'deprecated')] == p.get(
            'features', []), (info['name'], p)
        if p.get('required'):
            assert 'default' not in member, (info['name'], p)


def kinds(recorder):
    """what the objects of a class are"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name, kind in (('object', 'object'), ('irq', 'object'), ('isa-serial', 'device'),
                           ('qemu64-x86_64-cpu', 'cpu'), ('ISA', 'bus'), ('pc', 'machine'),
                           ('kvm-accel', 'accelerator'), ('memory-backend-ram', 'memory-backend'),
                           ('chardev-pty', 'chardev'), ('netdev-tap', 'netdev'),
                           ('block-raw', 'block-node')):
            assert client.call('query-class', name=name)['kind'] == kind, name


def unknown_class(recorder):
    """a class that does not exist"""
    with Daemon(recorder) as daemon:
        error = daemon.client().error('query-class', {'name': 'isa-serail'})
        assert error['reason'] == 'class-not-found', error
        assert error['path'] == 'name' and "did you mean 'isa-serial'?" in error['desc'], error


# ---- Answers that were read

def expect(name, answer):
    path = os.path.join(ANSWERS, name + '.json')
    text = json.dumps(answer, indent=1, ensure_ascii=False) + '\n'
    if REGENERATE:
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    with open(path, encoding='utf-8') as f:
        wanted = f.read()
    for line, (a, b) in enumerate(zip(wanted.splitlines(), text.splitlines()), 1):
        assert a == b, '%s.json:%d: %s, but the answer has %s' % (name, line, a, b)
    assert wanted == text, '%s.json: %d lines, but the answer has %d' % (
        name, wanted.count('\n'), text.count('\n'))


def answers(recorder):
    """a device with parts, one with a link, a machine, an object and a CPU model"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for name in ('isa-parallel', 'virtio-rng-pci', 'none-machine', 'filter-dump'):
            expect(name, client.call('query-class', name=name))
        # A CPU model is its parent with other defaults.
        base = {p['name']: p for p in client.call('query-class', name='x86_64-cpu')['properties']}
        model = client.call('query-class', name='qemu64-x86_64-cpu')
        model['properties'] = [p for p in model['properties'] if p != base[p['name']]]
        expect('qemu64-x86_64-cpu', model)


# ---- Recipes

def entries(client, machine, **arguments):
    return client.call('query-machine-recipe', name=machine, **arguments)['entries']


def recipes(recorder):
    """a machine type's recipe: its own parts, defaults, and conditions that are decided"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for machine in client.call('query-machines'):
            info = client.call('query-class', name=machine['name'] + '-machine')
            recipe = client.call('query-machine-recipe', name=machine['name'])
            assert recipe['entries'] == info['parts']
            assert recipe['defaults'] == info['compat']
            assert {p['property']: p['value'] for p in recipe['properties']} == {
                p['name']: p['default'] for p in info['properties'] if 'default' in p}
            for key in ('cpu-max', 'default-cpu-type', 'default-ram-id'):
                assert machine.get(key) == info.get(key), key
            assert bool(machine.get('is-default')) == info['is-default']
        pc = {e['name'] for e in entries(client, 'pc', properties=[]) if 'name' in e}
        assert 'hpet0' in pc and 'i440fx' in pc, pc
        without = client.call('query-machine-recipe', name='pc', properties=[
            {'property': 'hpet', 'value': False}])
        assert not any(e.get('name') == 'hpet0' or e.get('connect', '').startswith('hpet0')
                       for e in without['entries'])
        assert {'property': 'hpet', 'value': False} in without['properties']


# ---- What objects have

def tree(client, path):
    """(path, class, children by name) of an object and all below it."""
    klass = client.call('qom-get', path=path, property='type')
    children = {p['name']: p['type'][len('child<'):-1]
                for p in client.call('qom-list', path=path) if p['type'].startswith('child<')}
    yield path, klass, children
    for name in children:
        yield from tree(client, path.rstrip('/') + '/' + name)


def buses(recorder):
    """devices have the buses that their classes say"""
    for machine in ('microvm-machine', 'pc-i440fx-2.7-machine'):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            qtestclient.build(client, machine)
            if machine.startswith('pc'):
                client.request({'execute': 'device_add', 'arguments': {
                    'driver': 'pci-bridge', 'id': 'bridge', 'chassis_nr': 1}})
                client.call('device_add', driver='virtio-serial-pci', id='ports')
            types = all_types(client)
            seen = set()
            for path, klass, children in tree(client, '/machine'):
                found = sorted(k for k in children.values() if 'bus' in ancestors(types, k))
                if 'device' in ancestors(types, klass):
                    said = client.call('query-class', name=klass)['buses']
                    assert sorted(set(found)) == sorted(said), (path, klass, found, said)
                    seen.update(found)
                else:
                    assert not found, (path, klass, found)
            wanted = {'ISA', 'virtio-mmio-bus'} if machine.startswith('micro') else {
                'IDE', 'ISA', 'PCI', 'floppy-bus', 'virtio-pci-bus', 'virtio-serial-bus'}
            assert seen == wanted, seen


if __name__ == '__main__':
    vmdtest.main([each_class, kinds, unknown_class, answers, recipes, buses])
