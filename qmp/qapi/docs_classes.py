# SPDX-License-Identifier: GPL-2.0-or-later
"""Entries of classes: machine types with their recipes and CPU models with their
features included."""

import re

from .docs_fields import code, constant, values_of
from .docs_model import Facts, Fields, Grid, Inherited
from .docs_text import Inline, joined

MANY = 60           # more properties than that are not listed again where they are inherited
GPIO = re.compile(r'(.*)\[([0-9]+)\]$')
IDENTITY = ('vendor', 'family', 'model', 'stepping', 'model-id', 'level', 'xlevel',
            'min-level', 'min-xlevel')
PLUG = {'board': 'recipes and parts', 'cold': 'before the first `cont`',
        'hot': 'at any time'}


def anchor(klass):
    return 'class-' + klass.name


def own_properties(klass):
    """Properties that the class itself declares, without those of parts."""
    own = klass.own_props.own if klass.own_props else []
    return [m for m in own if not m.part]


def forwarded(klass):
    """{ part: its properties that this class shows }"""
    parts = {}
    for member in klass.own_props.own if klass.own_props else []:
        if member.part:
            parts.setdefault(member.part, []).append(member)
    return parts


def wires(klass):
    """(from, to, conditions) of lines, rows of consecutive lines as one."""
    found = []
    for part in klass.parts:
        if part.driver:
            continue
        ends = [_line(part.connect), _line(part.to)]
        last = found[-1] if found else None
        if last and last[2] == _conditions(part) and \
                all(_follows(a, b) for a, b in zip(last[:2], ends)):
            for range_, end in zip(last[:2], ends):
                range_[2] = end[2]
        else:
            found.append(ends + [_conditions(part)])
    return [(_range(a), _range(b), conditions) for a, b, conditions in found]


def _line(end):
    match = GPIO.match(end)
    return [match.group(1), int(match.group(2)), int(match.group(2))] if match \
        else [end, None, None]


def _follows(range_, end):
    return range_[0] == end[0] and range_[2] is not None and end[1] == range_[2] + 1


def _range(line):
    name, first, last = line
    if first is None:
        return name
    return '%s[%d]' % (name, first) if first == last else '%s[%d..%d]' % (name, first, last)


def _conditions(part):
    return [(c.accel, c.member, c.value) for c in part.conditions]


class ClassWriter:
    """Fills in entries of classes."""

    def __init__(self, schema, names, fields):
        self.schema = schema
        self.names = names
        self.fields = fields

    def fill(self, entry, klass):
        scope = self.scope(klass)
        entry.paragraphs = self.names.paragraphs(klass.doc.text(), scope)
        entry.marks = [w for w, on in (('abstract', klass.abstract),
                                       ('default', klass.is_default)) if on]
        entry.marks += list(klass.features)
        entry.parts.append(Facts(None, self._facts(klass, scope)))
        if klass.kind == 'cpu-model':
            entry.parts.append(Facts('Model', self._model(klass)))
        self._properties(entry, klass, scope)
        self._recipe(entry, klass)

    def scope(self, klass):
        """{ property: anchor }, and the values of enums that own properties have."""
        scope = values_of(*[m.type for m in own_properties(klass)])
        for k in reversed([klass] + klass.ancestors):
            if k.own_props:
                scope.update((m.name, '%s.%s' % (anchor(k), m.name)) for m in k.own_props.own)
        return scope

    def refs(self, classes):
        return joined([self.names.ref(k.name)] for k in classes)

    # -- facts ---------------------------------------------------------------

    def _facts(self, klass, scope):
        rows = []
        if klass.ancestors:
            rows.append(('Extends', self.refs(klass.ancestors)))
        children = [k for k in self.schema.classes if k.parent is klass]
        if children:
            rows.append(('Extended by', self.refs(children)))
        if klass.aliases:
            rows.append(('Also called', joined([code(a)] for a in klass.aliases)))
        rows.append(('Made by', self._made_by(klass)))
        if 'place' in klass.obj and klass.place.add:
            rows.append(('Place', self._place(klass.place)))
        if klass.bus:
            rows.append(('Bus', [self.names.ref(klass.bus.name)]))
        if klass.machine and not klass.abstract:
            rows += self._machine(klass)
        if klass.shared:
            rows.append(('Links', [Inline('any number of objects may share it')]))
        if klass.buses:
            rows.append(('Has buses', self.refs(klass.buses)))
        if klass.events:
            rows.append(('Events', joined([self.names.ref(e)] for e in klass.events)))
        rows += [('Feature ' + f, self.names.text(klass.doc.tag(f), scope))
                 for f in klass.doc.features]
        return rows

    def _made_by(self, klass):
        if klass.abstract:
            return [Inline('nothing: it is abstract')]
        if klass.device:
            words = self.names.text(PLUG[klass.plug])
            if klass.plug == 'board':
                return words
            return [self.names.ref('device_add'), Inline(', ')] + words
        if klass.user_creatable:
            return [self.names.ref('object-add')]
        if klass.place and klass.place.arguments:
            return [self.names.ref(klass.place.add)]
        return [Inline('vmd itself and other objects')]

    def _place(self, place):
        paths = [[code(place.whole())]]
        if place.anonymous:
            paths.append([code(place.anonymous), Inline(' without an id')])
        return joined(paths) + [Inline('; made by '), self.names.ref(place.add),
                                Inline(', removed by '), self.names.ref(place.remove)]

    def _machine(self, klass):
        rows = [('CPUs', [Inline('up to %d' % klass.cpu_max if klass.cpu_max else 'none')])]
        if klass.default_cpu:
            rows.append(('Default CPU', [self.names.ref(klass.default_cpu.name)]))
        return rows

    def _model(self, klass):
        rows = [(name, constant(klass.member(name).type, klass.defaults[name]))
                for name in IDENTITY if name in klass.defaults]
        on = [n for n, v in klass.defaults.items() if v is True and klass.member(n).bits]
        rows.append(('Features', self._links(klass, on) or [Inline('none of its own')]))
        rest = [n for n in klass.defaults if n not in on and n not in IDENTITY]
        if rest:
            rows.append(('Defaults', joined(self._default(klass, n) for n in rest)))
        return rows

    def _links(self, klass, names):
        scope = self.scope(klass)
        return joined([Inline(n, True, scope[n])] for n in names)

    def _default(self, klass, name):
        """`name = value`, as a default that a class changes is shown."""
        value = constant(klass.member(name).type, klass.defaults[name])
        return self._links(klass, [name]) + [Inline(' = ')] + value

    # -- properties ----------------------------------------------------------

    def _properties(self, entry, klass, scope):
        def rows(members):
            return [self.fields.row(m, entry.anchor, scope, True) for m in members]
        own = own_properties(klass)
        if own:
            entry.parts.append(Fields('Properties', rows(own)))
        drivers = {p.name: p.driver for p in klass.parts if p.driver}
        for part, members in forwarded(klass).items():
            about = [Inline('They belong to the part '), code(part), Inline(', a '),
                     self.names.ref(drivers[part].name), Inline('.')]
            entry.parts.append(Fields('Properties of %s' % part, rows(members), [about]))
        inherited = [(self._owner(k), self._inherited(k, klass), self._again(k, klass, scope))
                     for k in klass.ancestors if k.own_props and k.own_props.own]
        if inherited:
            entry.parts.append(Inherited('Inherited properties', inherited))
        compat = self._compat_of(klass)
        if compat:
            entry.parts.append(Grid('Defaults of machine types',
                                    ('Machine type', 'Property', 'Default'), compat))

    def _owner(self, klass):
        return [self.names.ref(klass.name)]

    def _inherited(self, owner, klass):
        members = owner.own_props.own
        changed = [m.name for m in members if m.name in klass.defaults]
        if len(members) > MANY:
            return [Inline('its %d properties' % len(members))]
        return joined(self._default(klass, m.name) if m.name in changed
                      else self._links(klass, [m.name]) for m in members)

    def _again(self, owner, klass, scope):
        """Rows of an ancestor's properties, with this class's defaults."""
        if len(owner.own_props.own) > MANY:
            return []
        rows = [self.fields.row(m, None, scope, True, klass.defaults.get(m.name))
                for m in owner.own_props.own]
        for row in rows:
            row.target = '%s.%s' % (anchor(owner), row.name)
        return rows

    def _compat_of(self, klass):
        rows = []
        for machine in self.schema.classes:
            inherited = len(machine.parent.compat) if machine.parent else 0
            rows += [([self.names.ref(machine.name)], self._links(klass, [c.member.name]),
                      constant(c.member.type, c.value))
                     for c in machine.compat[inherited:] if c.driver is klass]
        return rows

    # -- recipes -------------------------------------------------------------

    def _recipe(self, entry, klass):
        made = [p for p in klass.parts if p.driver]
        if made:
            title = 'Recipe' if klass.kind == 'machine' else 'Parts'
            entry.parts.append(Grid(title, ('Name', 'Class', 'With', 'If'),
                                    [self._part(p, klass) for p in made]))
        lines = wires(klass)
        if lines:
            entry.parts.append(Grid('Wires', ('From', 'To', 'If'),
                                    [([code(a)], [code(b)], self._if(c, klass))
                                     for a, b, c in lines]))
        if klass.compat:
            entry.parts.append(Grid('Defaults that it gives to others',
                                    ('Class', 'Property', 'Default'),
                                    [self._compat(c) for c in klass.compat]))

    def _part(self, part, klass):
        props = [self._links(part.driver, [n]) + [Inline(' = ')] +
                 constant(part.driver.member(n).type, v) for n, v in part.props.items()]
        if part.bus:
            props.insert(0, [Inline('bus '), code(part.bus)])
        return ([code(part.name)], [self.names.ref(part.driver.name)], joined(props),
                self._if(_conditions(part), klass))

    def _if(self, conditions, klass):
        out = []
        for accel, member, value in conditions:
            name = [code('accel.' + member.name)] if accel else self._links(klass, [member.name])
            out.append(name + [Inline(' is ')] + constant(member.type, value))
        return joined(out, ' and ')

    def _compat(self, compat):
        return ([self.names.ref(compat.driver.name)],
                self._links(compat.driver, [compat.member.name]),
                constant(compat.member.type, compat.value))
