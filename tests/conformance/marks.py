# SPDX-License-Identifier: GPL-2.0-or-later
"""What two replies of query-qmp-schema mark as deprecated or unstable, compared.

compare(peer, own) yields a sentence for each command, event, member and enum value that both
have and only one marks.  A pair of types is compared once, where it is met first.
"""
from introspection import Introspection

MARKS = {'deprecated', 'unstable'}


def compare(peer, own):
    walk = _Walk(Introspection(peer), Introspection(own))
    for name in sorted(set(walk.peer.entities) & set(walk.own.entities)):
        theirs, ours = walk.peer.entities[name], walk.own.entities[name]
        if theirs['meta-type'] in ('command', 'event'):
            yield from _differ(theirs, ours, name)
            for key in ('arg-type', 'ret-type'):
                if key in theirs:
                    yield from walk.types(theirs[key], ours[key], '%s %s' % (name, key))


def _marks(part):
    return sorted(MARKS & set(part.get('features', [])))


def _differ(theirs, ours, path):
    if _marks(theirs) != _marks(ours):
        yield '%s: %s, not %s' % (path, _marks(ours), _marks(theirs))


class _Walk:
    def __init__(self, peer, own):
        self.peer = peer
        self.own = own
        self.seen = set()

    def types(self, theirs, ours, path):
        if (theirs, ours) in self.seen:
            return
        self.seen.add((theirs, ours))
        peer, own = self.peer.entities[theirs], self.own.entities[ours]
        kind = peer['meta-type']
        if kind != own['meta-type'] or kind in ('builtin', 'alternate'):
            return
        if kind == 'array':
            yield from self.types(peer['element-type'], own['element-type'], path + '[]')
            return
        yield from self.members(peer['members'], own['members'], path)
        cases = {v['case']: v['type'] for v in own.get('variants', [])}
        for variant in peer.get('variants', []):
            if variant['case'] in cases:
                yield from self.types(variant['type'], cases[variant['case']],
                                      '%s<%s>' % (path, variant['case']))

    def members(self, theirs, ours, path):
        """Of an object, or the values of an enum."""
        ours = {member['name']: member for member in ours}
        for member in theirs:
            other = ours.get(member['name'])
            if other:
                where = '%s.%s' % (path, member['name'])
                yield from _differ(member, other, where)
                if 'type' in member:
                    yield from self.types(member['type'], other['type'], where)
