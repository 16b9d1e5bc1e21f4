#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl schema: tables, pages (schema-pages/ has some that were read; VMD_REGENERATE=1 writes
them again), and JSON that is what a daemon answers."""

import json
import os

from rig import SRCDIR, case, contains, equal, main, vmctl
from vmdtest import Daemon

PAGES = os.path.join(SRCDIR, 'tests', 'client', 'schema-pages')
KINDS = ('commands', 'events', 'classes', 'types', 'machines', 'cpus', 'features')
# Both of the schema's shapes of lists, a union, an alternate, an enum; a class with parts.
READ = (('commands', 'query-machine-recipe'), ('commands', 'cont'), ('commands', 'quit'),
        ('events', 'BLOCK_IO_ERROR'), ('classes', 'isa-parallel'), ('classes', 'virtio-rng-pci'),
        ('classes', 'chardev-null'), ('types', 'BuildRequest'), ('types', 'PciAddress'),
        ('types', 'ShutdownCause'), ('types', 'uint16'), ('machines', 'none'), ('cpus', 'qemu64'),
        ('features', 'nx'))


def schema(*args):
    return vmctl('schema', *args).check(0, None, '').out


def names(kind):
    """The first column of a table."""
    return [line.split()[0] for line in schema(kind).splitlines()[1:]]


def squeezed(text):
    return ' '.join(text.replace('@', '').split())


@case
def kinds_are_counted():
    lines = [line.split() for line in schema().splitlines()]
    equal(lines[0], ['KIND', 'NUMBER'])
    equal([line[0] for line in lines[1:]], list(KINDS))
    for kind, number in lines[1:]:
        equal(len(names(kind)), int(number))


@case
def tables_are_sorted_and_have_summaries():
    for kind in KINDS:
        equal(names(kind), sorted(set(names(kind))))
    contains(schema('events'), '\nBLOCK_IO_ERROR')
    line = next(x for x in schema('classes').splitlines() if x.startswith('virtio-rng-pci '))
    equal(line.split(None, 2)[1:], ['device', 'An entropy device as a PCI function'])
    line = next(x for x in schema('features').splitlines() if x.startswith('vmx '))
    equal(line.split(None, 2)[1:], ['1.ecx[5]', 'virtual machine extensions (Intel)'])


@case
def pages_are_as_they_were_read():
    for kind, name in READ:
        path = os.path.join(PAGES, '%s-%s.txt' % (kind, name))
        page = schema(kind, name)
        if os.environ.get('VMD_REGENERATE'):
            with open(path, 'w', encoding='utf-8') as f:
                f.write(page)
        with open(path, encoding='utf-8') as f:
            equal(page, f.read())


@case
def each_thing_has_a_page_within_80_columns():
    for kind in KINDS:
        pages = schema(kind, *names(kind)).split('\n\n\n')
        equal([page.split(' (')[0] for page in pages], names(kind))
        for page in pages:
            text = page.split('\nExample:\n')[0]
            assert all(len(x) <= 80 or ' ' not in x.strip() for x in text.splitlines()), text


def is_feature(info):
    return 'cpuid' in info or 'msr' in info


@case
def class_pages_have_all_that_query_class_has():
    with Daemon() as daemon:
        client = daemon.client()
        types = [t['name'] for t in client.call('qom-list-types', abstract=True)]
        equal(sorted(types), names('classes'))
        pages = dict(zip(names('classes'), schema('classes', *names('classes')).split('\n\n\n')))
        for name in types:
            info = client.call('query-class', name=name)
            page = squeezed(pages[name])
            for text in [info['description'], *info['aliases'], *info['parents'],
                         *info['buses'], *info['events']]:
                contains(page, squeezed(text))
            for p in info['properties']:
                if not is_feature(p):
                    contains(page, ' %s: ' % p['name'])
                    contains(page, squeezed(p['description']))
            for entry in info['parts']:
                contains(page, entry.get('name') or entry['connect'])


@case
def json_is_what_the_daemon_answers():
    with Daemon() as daemon:
        client = daemon.client()
        infos = {i['name']: i for i in client.call('query-qmp-schema')}
        for kind in ('commands', 'events'):
            told = json.loads(schema('--json', kind))
            equal([i for i in told if i['name'] in names(kind)],
                  [infos[name] for name in names(kind)])
            assert all(infos[i['name']] == i for i in told)
        told = json.loads(schema('-j', 'commands', 'device_del', 'stop'))
        equal([i['name'] for i in told if i['meta-type'] == 'command'], ['device_del', 'stop'])
        equal({i['name'] for i in told}, closure(infos, ['device_del', 'stop']))
        for name in ('isa-serial', 'pc', 'qemu64-x86_64-cpu', 'filter-dump', 'irq'):
            equal(json.loads(schema('-j', 'classes', name)), client.call('query-class', name=name))
        for kind in ('machines', 'cpus'):
            for info in json.loads(schema('-j', kind)):
                equal(info, client.call('query-class', name=info['name']))
        features = [p for p in client.call('query-class', name='x86_64-cpu')['properties']
                    if is_feature(p)]
        equal(json.loads(schema('-j', 'features')), sorted(features, key=lambda p: p['name']))


def closure(infos, found):
    """found, and the types that it uses."""
    todo = list(found)
    found = set()
    while todo:
        info = infos[todo.pop()]
        if info['name'] not in found:
            found.add(info['name'])
            todo += [info[k] for k in ('arg-type', 'ret-type', 'element-type') if k in info]
            todo += [m['type'] for m in info.get('members', []) + info.get('variants', [])
                     if 'type' in m]
    return found


@case
def a_types_json_is_found_by_its_name_in_the_schema():
    values = json.loads(schema('-j', 'types', 'OnOffAuto'))
    equal(values[0]['values'], ['auto', 'on', 'off'])
    equal([i['json-type'] for i in json.loads(schema('-j', 'types', 'uint8'))], ['int'])
    vmctl('schema', '-j', 'types', 'ExitRecord').check(1, '', "type 'ExitRecord' is used by no")


@case
def aliases_and_short_names_are_names():
    for kind, name, real in (('classes', 'virtio-rng', 'virtio-rng-pci (class)'),
                             ('classes', 'pc', 'pc-i440fx-7.2-machine (class)'),
                             ('machines', 'pc', 'pc-i440fx-7.2 (machine type)'),
                             ('machines', 'microvm-machine', 'microvm (machine type)'),
                             ('cpus', 'Nehalem', 'Nehalem (CPU model)'),
                             ('cpus', 'Nehalem-x86_64-cpu', 'Nehalem (CPU model)')):
        equal(schema(kind, name).splitlines()[0], real)


@case
def without_a_kind_all_of_that_name_are_told():
    equal(schema('pc').splitlines()[0], 'pc-i440fx-7.2 (machine type)')
    equal(schema('cont').splitlines()[0], 'cont (command)')
    heads = [x for x in schema('STOP', 'stop').splitlines() if x.endswith(')') and x[0] != ' ']
    equal(heads, ['STOP (event)', 'stop (command)'])


@case
def unknown_names_have_the_nearest_one():
    vmctl('schema', 'commands', 'device-add').check(
        1, '', "the schema has no command 'device-add'; did you mean 'device_add'?")
    vmctl('schema', 'machines', 'microvn').check(1, '', "did you mean 'microvm'?")
    vmctl('schema', 'virtio-blkk').check(1, '', "no entry 'virtio-blkk'; did you mean 'virtio-blk'?")
    vmctl('schema', 'events', 'STOP', 'xyzzy-nothing').check(
        1, '', "the schema has no event 'xyzzy-nothing'")


@case
def json_without_a_kind_makes_no_sense():
    vmctl('schema', '--json').check(2, '', '--json needs the kind')
    vmctl('schema', '--json', 'cont').check(2, '', '--json needs the kind')


if __name__ == '__main__':
    main()
