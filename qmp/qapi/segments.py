# SPDX-License-Identifier: GPL-2.0-or-later
"""The reply of query-qmp-schema as text in segments, some of which a policy may hide.

A segment is text with marks: the features `unstable` and `deprecated` of what it is about.
Without the segments of any mark the rest is JSON again: commas belong to what they
introduce, and what has no marks comes first in each list.
"""

import json

from .fields import FEATURES


def segments(schema, infos):
    """[ (text, (feature, ...)) ] of a list of SchemaInfo objects."""
    writer = _Writer(_value_marks(schema), {info['name']: info for info in infos})
    writer.list(infos, [_marks(info) for info in infos], frozenset())
    return [(text, tuple(f for f in FEATURES if f in marks)) for text, marks in writer.out]


def _marks(part):
    return frozenset(f for f in part.get('features', ()) if f in FEATURES)


def _value_marks(schema):
    """Marks of the member `values`, whose names the member `members` has, too."""
    enum = schema.types.get('SchemaInfoEnum')
    members = {m.name: m for m in enum.members} if enum else {}
    return frozenset(members['values'].features) if 'values' in members else frozenset()


class _Writer:
    def __init__(self, values, infos):
        self.values = values
        self.infos = infos
        self.out = []

    def put(self, text, marks):
        if self.out and self.out[-1][1] == marks:
            text = self.out.pop()[0] + text
        self.out.append((text, marks))

    def list(self, items, own, marks):
        """own: the marks of each item."""
        if all(own) and len(set(own)) > 1:
            own = [frozenset().union(*own)] * len(own)      # none can stay without a comma
        self.put('[', marks)
        order = sorted(range(len(items)), key=lambda i: bool(own[i]))
        for n, i in enumerate(order):
            here = marks | own[i]
            self.put(',' if n else '', here)
            if isinstance(items[i], dict):
                self.dict(items[i], here)
            else:
                self.put(json.dumps(items[i]), here)
        self.put(']', marks)

    def dict(self, info, marks):
        self.put('{', marks)
        order = sorted(info, key=lambda key: key == 'values')
        for n, key in enumerate(order):
            here = marks | self.values if key == 'values' else marks
            self.put(('' if not n else ',') + json.dumps(key) + ':', here)
            if isinstance(info[key], list) and key != 'features':
                self.list(info[key], self._own(info, key), here)
            else:
                self.put(json.dumps(info[key], separators=(',', ':')), here)
        self.put('}', marks)

    def _own(self, info, key):
        if key == 'variants':
            return [self._case(info, variant['case']) for variant in info[key]]
        return [_marks(member) for member in info['members']]

    def _case(self, info, case):
        """Marks of the tag's value: without it, its branch is none either."""
        tag = next(m for m in info['members'] if m['name'] == info['tag'])
        values = self.infos[tag['type']]['members']
        return next((_marks(v) for v in values if v['name'] == case), frozenset())
