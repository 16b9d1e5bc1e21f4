# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes, machine types and CPU models of two daemons, compared.

compare(peer, own) asks both and yields a key for each difference in what both have:

    class NAME: ...              parents, and whether it can be made
    class NAME.PROPERTY ...      missing, or of another type or default, or undocumented
    machine NAME.FIELD ...       query-machines

A difference that a class inherits is that of the class it inherits it from.

compare_cpus(peer, own) does the same for CPU models, of daemons that have the same accelerator:

    cpu NAME.FIELD ...           query-cpu-definitions
    cpu NAME PROPERTY ...        query-cpu-model-expansion, properties that both have
"""
import json

from vmdtest import QmpError

# QEMU 7.2 dies by an assertion of its own when it is asked for the properties of these.
PEER_DIES = {'microvm-machine'}
# What QEMU's expansion has of the host that the test runs on; a CPU gets it here when it
# is made.  `cmp-legacy` comes and goes with the machine's shape.
HOST_IDENTITY = {'vendor', 'family', 'model', 'stepping', 'model-id', 'level', 'xlevel',
                 'min-level', 'min-xlevel', 'phys-bits', 'cmp-legacy'}


def compare(peer, own):
    theirs, ours = _types(peer), _types(own)
    told = {}
    for name in sorted(set(theirs) & set(ours), key=lambda n: (len(_parents(theirs, n)), n)):
        keys = list(_compare_class(name, theirs, ours))
        if name not in PEER_DIES:
            keys += _compare_properties(name, peer, own)
        inherited = set().union(*(told.get(parent, ()) for parent in _parents(theirs, name)))
        told[name] = inherited | {key for key, _ in keys}
        for key, text in keys:
            if key not in inherited:
                yield text
    yield from _compare_lists('machine', peer, own, 'query-machines')


def compare_cpus(peer, own):
    yield from _compare_lists('cpu', peer, own, 'query-cpu-definitions')
    theirs, ours = ({m['name'] for m in client.call('query-cpu-definitions')}
                    for client in (peer, own))
    for name in sorted(theirs & ours):
        theirs_full, ours_full = (client.call('query-cpu-model-expansion', type='full',
                                              model={'name': name})['model']['props']
                                  for client in (peer, own))
        for key in sorted((set(theirs_full) & set(ours_full)) - HOST_IDENTITY):
            if theirs_full[key] != ours_full[key]:
                yield 'cpu %s %s %s not %s' % (name, key, _show(ours_full[key]),
                                               _show(theirs_full[key]))


def _types(client):
    return {t['name']: t for t in client.call('qom-list-types', abstract=True)}


def _parents(types, name):
    """Names, the nearest first."""
    found = []
    while types.get(name, {}).get('parent'):
        name = types[name]['parent']
        found.append(name)
    return found


def _compare_class(name, theirs, ours):
    """Pairs of what is wrong, by which descendants tell that they inherit it, and its key."""
    mine = _parents(ours, name)
    for parent in _parents(theirs, name):
        if parent in ours and parent not in mine:
            yield ('parent', parent), 'class %s: is no %s' % (name, parent)
    if ours[name].get('abstract') and not theirs[name].get('abstract'):
        yield ('abstract', name), 'class %s: abstract' % name


def _compare_properties(name, peer, own):
    keys = []
    for command in ('qom-list-properties', 'device-list-properties'):
        theirs, ours = _properties(peer, command, name), _properties(own, command, name)
        if theirs is None:
            continue
        if ours is None:
            keys.append(((command,), 'class %s: no %s' % (name, command)))
            continue
        for wrong in _compare_rows(theirs, ours):
            key = (wrong, 'class %s.%s' % (name, ' '.join(wrong)))
            if key not in keys:
                keys.append(key)
    return keys


def _properties(client, command, name):
    try:
        return {p['name']: p for p in client.call(command, typename=name)}
    except QmpError:
        return None


def _compare_rows(theirs, ours):
    """Yields (property, what, ...) of two lists of properties."""
    for name, row in theirs.items():
        mine = ours.get(name)
        if not mine:
            yield name, 'missing', row['type']
            continue
        if mine['type'] != row['type']:
            yield name, 'type', mine['type'], 'not', row['type']
        if 'default-value' in row and mine.get('default-value') != row['default-value']:
            yield (name, 'default', _show(mine.get('default-value')), 'not',
                   _show(row['default-value']))
    for name, row in ours.items():
        if not row.get('description'):
            yield name, 'undocumented'


def _show(value):
    return 'none' if value is None else value if isinstance(value, str) else json.dumps(value)


def _compare_lists(word, peer, own, command):
    """Entries that have the same name must say the same."""
    theirs = {entry['name']: entry for entry in peer.call(command)}
    for entry in own.call(command):
        for field, value in theirs.get(entry['name'], {}).items():
            mine = entry.get(field)
            if isinstance(value, list):
                # QEMU repeats a feature whose state is missing, too.
                value, mine = sorted(set(value)), sorted(set(mine or []))
            if mine != value:
                yield '%s %s.%s %s not %s' % (word, entry['name'], field, mine, value)
