# SPDX-License-Identifier: GPL-2.0-or-later
"""Two replies of query-qmp-schema, compared.

compare(peer, own) yields a key for each difference that a client of the peer could
notice, in what both have.  Types are compared by their structure, as their names in the
reply mean nothing.  A key is a word for the direction, a path and what is wrong there:

    accept COMMAND.member.member...     what the peer takes and we do not
    return COMMAND.member...            what the peer returns and we do not, or differently
    event EVENT.member...

A path goes through lists by `[]`, and into the branch of a union by `<value>`; a value of
an enumeration is `=value`.  A pair of types is compared once, where it is met first.
"""
from introspection import Introspection

# Features that say something about a client's rights, not about what works.
STATUS_FEATURES = {'deprecated', 'unstable'}


def compare(peer, own):
    """Yields the keys, in the order of the names of commands and events."""
    comparison = _Comparison(Introspection(peer), Introspection(own))
    for name in sorted(set(comparison.peer.entities) & set(comparison.own.entities)):
        kind = comparison.peer.entities[name]['meta-type']
        if kind in ('command', 'event'):
            yield from getattr(comparison, kind)(name)


class _Comparison:
    def __init__(self, peer, own):
        self.peer = peer
        self.own = own
        self.seen = set()

    def was_seen(self, direction, peer, own):
        pair = (direction, peer['name'], own['name'])
        if pair in self.seen:
            return True
        self.seen.add(pair)
        return False

    def command(self, name):
        peer, own = self.peer.entities[name], self.own.entities[name]
        yield from self.features(peer, own, 'accept ' + name)
        if peer.get('allow-oob') and not own.get('allow-oob'):
            yield 'accept %s: out of band' % name
        yield from self.accept(peer['arg-type'], own['arg-type'], 'accept ' + name)
        yield from self.give(peer['ret-type'], own['ret-type'], 'return ' + name)

    def event(self, name):
        yield from self.give(self.peer.entities[name]['arg-type'],
                             self.own.entities[name]['arg-type'], 'event ' + name)

    @staticmethod
    def features(peer, own, path):
        missing = set(peer.get('features', [])) - set(own.get('features', [])) - STATUS_FEATURES
        for feature in sorted(missing):
            yield '%s: feature %s' % (path, feature)

    # ---- what goes in: ours must take all that the peer takes

    def accept(self, peer, own, path):
        peer, own = self.peer.entities[peer], self.own.entities[own]
        kind, other = peer['meta-type'], own['meta-type']
        if kind == other and kind != 'builtin' and self.was_seen('accept', peer, own):
            return
        if kind == 'alternate':
            for member in peer['members']:
                yield from self.accept(member['type'], own['name'], path)
        elif other == 'alternate':
            yield from self.accept_one_of(peer, own, path)
        elif kind == other == 'object':
            yield from self.accept_object(peer, own, path)
        elif kind == other == 'array':
            yield from self.accept(peer['element-type'], own['element-type'], path + '[]')
        elif kind == other == 'enum':
            for value in peer['values']:
                if value not in own['values']:
                    yield '%s=%s missing' % (path, value)
        elif not _is_wider(own, peer):
            yield '%s type %s not %s' % (path, _word(own), _word(peer))

    def accept_one_of(self, peer, own, path):
        """The branch that takes most of the peer's type counts."""
        results = []
        for member in own['members']:
            branch = _Comparison(self.peer, self.own)
            branch.seen = set(self.seen)
            results.append(list(branch.accept(peer['name'], member['type'], path)))
        yield from min(results, key=len)

    def accept_object(self, peer, own, path):
        theirs, ours = self.peer.members(peer['name']), self.own.members(own['name'])
        yield from self.accept_members(theirs, ours, path)
        for variant in peer.get('variants', []):
            case = variant['case']
            if 'tag' in own and case in self.own_cases(own):
                yield from self.accept_members(self.peer.members(variant['type']),
                                               {**self.own.branch(own['name'], case), **ours},
                                               '%s<%s>' % (path, case), ours)

    def own_cases(self, own):
        tag = self.own.members(own['name'])[own['tag']]['type']
        return self.own.entities[tag]['values']

    def accept_members(self, theirs, ours, path, common=()):
        for name, member in theirs.items():
            where = '%s.%s' % (path, name)
            if name not in ours:
                yield where + ' missing'
                continue
            if 'default' in member and 'default' not in ours[name]:
                yield where + ' required'
            yield from self.features(member, ours[name], where)
            yield from self.accept(member['type'], ours[name]['type'], where)
        for name, member in ours.items():
            if name not in theirs and name not in common and 'default' not in member:
                yield '%s.%s required' % (path, name)

    # ---- what comes out: ours must be what a client of the peer can read

    def give(self, peer, own, path):
        peer, own = self.peer.entities[peer], self.own.entities[own]
        kind, other = peer['meta-type'], own['meta-type']
        if kind == other and kind != 'builtin' and self.was_seen('give', peer, own):
            return
        if kind == other == 'object':
            yield from self.give_object(peer, own, path)
        elif kind == other == 'array':
            yield from self.give(peer['element-type'], own['element-type'], path + '[]')
        elif kind == other == 'enum':
            yield from _enum_given(peer['values'], own['values'], path)
        elif kind == other == 'alternate':
            yield from self.give_alternate(peer, own, path)
        elif not _is_wider(peer, own):
            yield '%s type %s not %s' % (path, _word(own), _word(peer))

    def give_alternate(self, peer, own, path):
        for theirs, ours in zip(peer['members'], own['members']):
            yield from self.give(theirs['type'], ours['type'], path)

    def give_object(self, peer, own, path):
        theirs, ours = self.peer.members(peer['name']), self.own.members(own['name'])
        yield from self.give_members(theirs, ours, path)
        for variant in peer.get('variants', []):
            case = variant['case']
            if 'tag' in own and case in self.own_cases(own):
                yield from self.give_members(self.peer.members(variant['type']),
                                             {**self.own.branch(own['name'], case), **ours},
                                             '%s<%s>' % (path, case))

    def give_members(self, theirs, ours, path):
        for name, member in theirs.items():
            where = '%s.%s' % (path, name)
            if name not in ours:
                yield where + (' absent' if 'default' in member else ' missing')
                continue
            if 'default' in ours[name] and 'default' not in member:
                yield where + ' optional'
            yield from self.give(member['type'], ours[name]['type'], where)


def _enum_given(theirs, ours, path):
    for value in theirs:
        if value not in ours:
            yield '%s=%s missing' % (path, value)
    for value in ours:
        if value not in theirs:
            yield '%s=%s unknown to the peer' % (path, value)


def _is_wider(wide, narrow):
    """Whether each JSON value of type narrow is one of type wide."""
    if wide['meta-type'] != 'builtin':
        return False
    json_type = wide['json-type']
    if json_type == 'value':
        return True
    if narrow['meta-type'] == 'enum':
        return json_type == 'string'
    return (narrow['meta-type'] == 'builtin' and
            (json_type == narrow['json-type'] or
             (json_type, narrow['json-type']) == ('number', 'int')))


def _word(entity):
    return entity['json-type'] if entity['meta-type'] == 'builtin' else entity['meta-type']
