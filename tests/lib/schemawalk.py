# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema as written, with bounds and widths, and what it takes and refuses.

Schema() reads qmp/qapi-schema.json of the build tree.  minimal(type) is the least that
a type takes; edges(type) are values at its bounds; wrongs(type) are values that it must
refuse, each with the reason and the path from the value to what is wrong.
"""
import json
import os

WIDTHS = {'int8': 8, 'int16': 16, 'int32': 32, 'int64': 64, 'int': 64,
          'uint8': 8, 'uint16': 16, 'uint32': 32, 'uint64': 64, 'size': 64}
DEPTH_MAX = 4                   # of structs in structs: some types contain themselves


class Schema:
    def __init__(self, builddir):
        with open(os.path.join(builddir, 'qmp', 'qapi-schema.json'), encoding='utf-8') as f:
            expressions = json.load(f)['expressions']
        self.classes, self.types, self.commands = {}, {}, {}
        for e in expressions:
            kind, expr = e['kind'], e['expression']
            if kind == 'command':
                self.commands[e['name']] = expr
            elif kind in ('class', 'machine', 'cpu-model'):
                suffix, parent = {'class': ('', expr.get('parent')),
                                  'machine': ('-machine', expr.get('base')),
                                  'cpu-model': ('-x86_64-cpu',
                                                expr.get('parent', 'x86_64-cpu'))}[kind]
                self.classes[e['name'] + suffix] = {**expr, 'parent': parent}
            else:
                self.types[e['name']] = {**expr, 'kind': kind}

    # ---- Classes

    def ancestors(self, name):
        while name:
            yield name
            name = self.classes[name]['parent']

    def inherited(self, name, attribute):
        return next((self.classes[k][attribute] for k in self.ancestors(name)
                     if attribute in self.classes[k]), None)

    def properties(self, name):
        """{ name: member } of a class with what it inherits and forwards."""
        found = {}
        chain = list(self.ancestors(name))[::-1]
        for klass in chain:
            for key, value in self.classes[klass].get('properties', {}).items():
                found[key.lstrip('*')] = member(key, value)
        for klass in chain:
            for part in self.classes[klass].get('parts', []):
                for key, value in self.forwarded(part).items():
                    found.setdefault(key, value)
        return found

    def forwarded(self, part):
        names = part.get('forward')
        if not names:
            return {}
        return {k: v for k, v in self.properties(part['driver']).items()
                if (names is True or k in names) and k not in part.get('props', {})}

    def union_classes(self, union):
        """The concrete classes that a class union takes."""
        root, flag = union['classes'], union.get('classes-flag')
        return [k for k, c in self.classes.items()
                if not c.get('abstract') and root in self.ancestors(k) and
                (not flag or self.inherited(k, flag))]

    # ---- Struct members

    def members(self, name):
        """{ name: member } of a struct, or of a dict of members."""
        if not isinstance(name, str):
            return {k.lstrip('*'): member(k, v) for k, v in (name or {}).items()}
        expr = self.types[name]
        found = self.members(expr['base']) if expr.get('base') else {}
        if expr['kind'] == 'struct':
            found.update(self.members(expr['data']))
        return found

    def branch(self, union, tag):
        """{ name: member } that one branch of a union adds."""
        branch = union['data'].get(tag)
        if isinstance(branch, dict) and 'wrapped' in branch:
            name = 'data' if branch['wrapped'] is True else branch['wrapped']
            return {name: {'type': branch['type'], 'required': True,
                           'lenient': branch.get('lenient', False)}}
        branch = branch['type'] if isinstance(branch, dict) else branch
        return self.members(branch) if branch else {}

    def tags(self, union):
        tag = self.members(union['base'])[union['discriminator']]
        return union.get('only') or (supported(tag) if 'only' in tag else self.values(tag['type']))

    def values(self, enum):
        return [v['name'] if isinstance(v, dict) else v for v in self.types[enum]['data']]

    def expression(self, m):
        """Of a type by name; of a union with only those tags that m supports."""
        expr = self.types[m['type']]
        return {**expr, 'only': supported(m)} if 'only' in m and expr['kind'] == 'union' else expr

    # ---- The least that a type takes

    def minimal_members(self, members, depth=0):
        return {k: self.minimal(m, depth + 1) for k, m in members.items() if m['required']}

    def minimal(self, m, depth=0):
        kind = m['type']
        if isinstance(kind, list):
            return [self.minimal({'type': kind[0]}, depth + 1)] * m.get('min', 0)
        if 'only' in m and self.types.get(kind, {}).get('kind') != 'union':
            return supported(m)[0]
        if kind in WIDTHS:
            return max(0, m.get('min', 0))
        if kind in ('str', 'link'):
            return 'x' * max(1, m.get('min', 1))
        simple = {'bool': False, 'number': float(m.get('min', 0)), 'any': 0, 'null': None}
        return simple[kind] if kind in simple else self.minimal_of(self.expression(m), depth)

    def minimal_of(self, expr, depth):
        if expr['kind'] == 'enum':
            first = expr['data'][0]
            return first['name'] if isinstance(first, dict) else first
        if expr['kind'] == 'alternate':
            return self.minimal({'type': next(iter(expr['data'].values()))}, depth)
        if expr['kind'] == 'struct':
            return self.minimal_members({**(self.members(expr['base']) if 'base' in expr else {}),
                                         **self.members(expr['data'])}, depth)
        if 'classes' in expr:
            klass = self.union_classes(expr)[0]
            return {expr['discriminator']: klass,
                    **self.minimal_members(self.properties(klass), depth)}
        return self.minimal_union(expr, self.tags(expr)[0], depth)

    def minimal_union(self, expr, tag, depth):
        return {**self.minimal_members(self.members(expr['base']), depth),
                expr['discriminator']: tag,
                **self.minimal_members(self.branch(expr, tag), depth)}

    # ---- Values at the bounds

    def edges(self, m):
        kind = m['type']
        if isinstance(kind, list):
            return [[]][m.get('min', 0):] + [[v] for v in self.edges({'type': kind[0]})]
        if kind in WIDTHS:
            return list(limits(m))
        if 'only' in m and self.types.get(kind, {}).get('kind') != 'union':
            return supported(m)
        if kind == 'bool':
            return [False, True]
        if kind == 'number':
            return [float(m[k]) for k in ('min', 'max') if k in m] or [0.0, 1e300]
        if kind == 'str':
            return ['x' * n for n in (m.get('min', 0), m.get('max', 255))]
        expr = self.types.get(kind, {'kind': kind})
        if expr['kind'] == 'enum':
            return self.values(kind)
        if expr['kind'] == 'struct':
            members = self.members(kind)
            least = self.minimal_members(members)
            return [{**least, k: v} for k, m in members.items() for v in self.edges(m)]
        return []

    # ---- What must be refused: (value, reason, path)

    def wrongs(self, m, lenient=False, depth=0):
        kind = m['type']
        if 'unsupported' in m:
            return [(0, 'not-supported', '')]
        if isinstance(kind, list):
            return self.wrong_lists(m, lenient, depth)
        return self.wrong_values(m, depth) + self.wrongs_by_kind(m, lenient, depth)

    def wrong_values(self, m, depth):
        """What the type has, and is not supported."""
        if 'only' not in m:
            return []
        kind, only = m['type'], supported(m)
        if kind == 'str':
            return [('no such value', 'not-supported', '')]
        if kind == 'bool':
            return [(not only[0], 'not-supported', '')]
        expr = self.types[kind]
        if expr['kind'] == 'enum':
            return [(v, 'not-supported', '') for v in self.values(kind) if v not in only]
        tag = expr['discriminator']
        return [(self.minimal_union(expr, v, depth), 'not-supported', tag)
                for v in self.tags(expr) if v not in only]

    def wrongs_by_kind(self, m, lenient, depth):
        kind = m['type']
        if kind in WIDTHS or kind == 'number':
            return wrong_numbers(m, lenient)
        if kind == 'bool':
            return [([], 'invalid-type', ''), (1, 'invalid-type', ''),
                    ('x', 'invalid-value' if lenient else 'invalid-type', '')]
        if kind in ('str', 'link'):
            return wrong_strings(m)
        if kind in ('any', 'null'):
            return [(7, 'invalid-type', '')] if kind == 'null' else []
        return self.wrongs_of(self.expression(m), lenient, depth)

    def wrongs_of(self, expr, lenient, depth):
        if expr['kind'] == 'enum':
            return [('no-such', 'invalid-value', ''), (7, 'invalid-type', ''),
                    ([], 'invalid-type', '')]
        if expr['kind'] == 'alternate':
            return self.wrong_alternates(expr)
        wrong = [(7, 'invalid-type', ''), ([], 'invalid-type', '')]
        if depth >= DEPTH_MAX:
            return wrong
        if expr['kind'] == 'struct':
            base = self.members(expr['base']) if 'base' in expr else {}
            return wrong + self.wrong_members({**base, **self.members(expr['data'])}, {}, lenient,
                                              depth)
        if 'classes' in expr:
            return wrong + self.wrong_classes(expr, lenient, depth)
        return wrong + self.wrong_unions(expr, lenient, depth)

    def wrong_lists(self, m, lenient, depth):
        wrong = [({}, 'invalid-type', ''), (7, 'invalid-type', '')]
        if m.get('min'):
            wrong.append(([], 'out-of-range', ''))
        element = {'type': m['type'][0]}
        if m.get('max', 1000) < 1000:
            wrong.append(([self.minimal(element)] * (m['max'] + 1), 'out-of-range', ''))
        fill = [self.minimal(element, depth)] * max(0, m.get('min', 0) - 1)
        return wrong + [(fill + [value], reason, join('[%d]' % len(fill), path))
                        for value, reason, path in self.wrongs(element, lenient, depth + 1)]

    def wrong_alternates(self, expr):
        """A value of a kind that no branch has."""
        kinds = {self.json_kind(t) for t in expr['data'].values()}
        samples = {'object': {}, 'array': [], 'boolean': True, 'null': None, 'number': 0.5}
        return [(samples[k], 'invalid-type', '') for k in samples if k not in kinds][:2]

    def json_kind(self, kind):
        if isinstance(kind, list):
            return 'array'
        if kind in WIDTHS:
            return 'int'
        simple = {'bool': 'boolean', 'str': 'string', 'null': 'null', 'number': 'number'}
        if kind in simple:
            return simple[kind]
        return 'string' if self.types[kind]['kind'] == 'enum' else 'object'

    def wrong_members(self, members, fixed, lenient, depth):
        """fixed are members that are given already, beside the required ones."""
        least = {**self.minimal_members(members, depth), **fixed}
        wrong = [({**least, 'no-such-member': 1}, 'property-not-found', 'no-such-member')]
        for name, m in members.items():
            if name in fixed:
                continue
            if m['required']:
                wrong.append(({k: v for k, v in least.items() if k != name}, 'property-missing',
                              name))
            for reason in ('readonly', 'internal'):
                if m.get(reason):
                    wrong.append(({**least, name: 0}, {'readonly': 'property-read-only',
                                                       'internal': 'internal-property'}[reason],
                                  name))
                    break
            else:
                wrong += [({**least, name: value}, reason, join(name, path)) for value, reason, path
                          in self.wrongs(m, lenient or m.get('lenient', False), depth + 1)]
        return wrong

    def wrong_unions(self, expr, lenient, depth):
        base = self.members(expr['base'])
        tag = expr['discriminator']
        least = self.minimal_union(expr, self.tags(expr)[0], depth)
        wrong = self.wrong_members(base, {k: v for k, v in least.items()
                                          if k not in base or k == tag}, lenient, depth)
        wrong += [({tag: 'no-such', **self.minimal_members(
            {k: v for k, v in base.items() if k != tag}, depth)}, 'invalid-value', tag)]
        for value in self.tags(expr):
            fixed = {**self.minimal_members(base, depth), tag: value}
            wrong += self.wrong_members(self.branch(expr, value), fixed, lenient, depth)
        return wrong

    def wrong_classes(self, expr, lenient, depth):
        tag = expr['discriminator']
        wrong = [({tag: 'no-such-class'}, 'class-not-found', tag), ({tag: 7}, 'invalid-type', tag),
                 ({}, 'property-missing', tag)]
        names = self.union_classes(expr)
        for klass in names if depth == 0 else names[:1]:
            members = {**self.members(expr['base']), **self.properties(klass)}
            wrong += self.wrong_members(members, {tag: klass}, lenient, depth)
        return wrong


def member(key, value):
    found = dict(value) if isinstance(value, dict) else {'type': value}
    if 'link' in found:
        found['type'] = 'link'
    if 'unsupported' in found:
        found['type'] = 'unsupported'
    found['required'] = key[0] != '*' and 'default' not in found and not found.get('readonly')
    return found


def supported(m):
    """The values of a member that are supported, where that is not all of them."""
    return m['only'] if isinstance(m['only'], list) else [m['only']]


def limits(m):
    """(least, greatest) of an integer with its width and bounds."""
    bits = WIDTHS[m['type']]
    signed = m['type'].startswith('int')
    low, high = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return max(low, m.get('min', low)), min(high, m.get('max', high))


def wrong_numbers(m, lenient):
    wrong = [(value, 'invalid-type', '') for value in ([], {}, True)]
    wrong.append(('x', 'invalid-value' if lenient else 'invalid-type', ''))
    if m['type'] == 'number':
        return wrong
    low, high = limits(m)
    return wrong + [(value, 'out-of-range', '') for value in (low - 1, high + 1, 1 << 64)]


def wrong_strings(m):
    wrong = [(7, 'invalid-type', ''), ([], 'invalid-type', ''), (True, 'invalid-type', '')]
    if m.get('min'):
        wrong.append(('x' * (m['min'] - 1), 'out-of-range', ''))
    if m.get('max', 10000) < 10000:
        wrong.append(('x' * (m['max'] + 1), 'out-of-range', ''))
    return wrong


def join(first, rest):
    return first + ('.' if rest and rest[0] != '[' else '') + rest
