# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes of machines, parts of classes, and compat lists.

Every class, property and value in them is checked here, so that building a
machine cannot fail on what the schema already knows.
"""

import re

from .errors import SchemaError
from .fields import check_constant, check_entry_constant
from .names import check_name, upper
from .parser import Arr, Obj

MAKE = {'driver', 'name', 'bus', 'props', 'if'}
PARTS_MAKE = MAKE | {'forward'}     # in `parts`; forward.py reads it
WIRE = {'connect', 'to', 'if'}
COMPAT = {'driver', 'property', 'value'}
GPIO = re.compile(r'([A-Za-z0-9_-]+)((?:\.[A-Za-z0-9_-]+)*)(\[[0-9]+\])?$')


class Condition:
    """One comparison of an `if`: a property of the owner or its accelerator."""

    def __init__(self, member, accel, value):
        self.member = member
        self.accel = accel
        self.value = value

    def excludes(self, other):
        return (self.member.name, self.accel) == (other.member.name, other.accel) and \
            self.value != other.value


class Part:
    """One entry: a child to make, or a wire (driver is None)."""

    def __init__(self, pos):
        self.pos = pos
        self.driver = None
        self.name = self.bus = None
        self.props = {}
        self.forwarded = ()         # names of the owner's properties that are its
        self.connect = self.to = None
        self.conditions = []        # all of them must hold

    def excludes(self, other):
        """Whether no machine can have both."""
        return any(mine.excludes(its) for mine in self.conditions for its in other.conditions)


def own_names(klass):
    """{ name: (its constant in C, position) } of the children that its own entries make."""
    inherited = {p.name for p in klass.parent.parts} if klass.parent else set()
    return {p.name: ('%s_PART_%s' % (upper(klass.name), upper(p.name)), p.pos)
            for p in klass.parts if p.driver and p.name not in inherited}


class Compat:
    def __init__(self, driver, member, value):
        self.driver = driver
        self.member = member
        self.value = value


class RecipeBuilder:
    """Fills in parts and compat of classes; parents must be done before."""

    def __init__(self, builder):
        self.builder = builder

    def build(self, klass):
        key = 'recipe' if klass.kind == 'machine' else 'parts'
        if klass.parent:
            klass.parts = list(klass.parent.parts)
            klass.compat = list(klass.parent.compat)
        for entry, pos in self._entries(klass, key):
            part = self._part(klass, entry, pos)
            if part.driver:
                self._check_name(klass, part)
            klass.parts.append(part)
        names = {p.name for p in klass.parts if p.driver}
        for part in klass.parts:
            self._check_wire(part, names)
        for entry, pos in self._entries(klass, 'compat'):
            klass.compat.append(self._compat(entry, pos))

    @staticmethod
    def _check_name(klass, part):
        """A name stands for one child, whichever entry makes it."""
        for other in klass.parts:
            if other.name == part.name and not part.excludes(other):
                raise SchemaError(part.pos, 'part-twice', name=part.name, owner=klass.name)
        if klass.member(part.name):
            raise SchemaError(part.pos, 'part-property', name=part.name, owner=klass.name)

    @staticmethod
    def _entries(klass, key):
        entries = klass.obj.get(key, Arr(klass.pos))
        if not isinstance(entries, Arr) or not all(isinstance(e, Obj) for e in entries):
            raise SchemaError(klass.obj.at[key], 'entries', key=key)
        return zip(entries, entries.at)

    def _part(self, klass, entry, pos):
        part = Part(pos)
        if 'if' in entry:
            part.conditions = self._conditions(klass, entry['if'], entry.at['if'])
        if 'connect' in entry:
            self._keys(entry, WIRE, ('connect', 'to'), pos)
            part.connect, part.to = entry['connect'], entry['to']
            return part
        self._keys(entry, MAKE if klass.kind == 'machine' else PARTS_MAKE, ('driver', 'name'),
                   pos)
        part.driver = self.builder.find(entry['driver'], entry.at['driver'], "'driver'")
        if part.driver.abstract:
            raise SchemaError(entry.at['driver'], 'abstract-driver', name=part.driver.name)
        check_name('class', entry['name'], entry.at['name'])
        part.name, part.bus = entry['name'], entry.get('bus')
        if 'bus' in entry and not (isinstance(part.bus, str) and part.driver.bus):
            raise SchemaError(entry.at['bus'], 'part-bus', name=part.name)
        part.forwarded = {m.name for m in klass.props.members if m.part == part.name}
        self._props(part, entry, pos)
        return part

    @staticmethod
    def _keys(entry, known, required, pos):
        for key in entry:
            if key not in known:
                raise SchemaError(entry.at[key], 'entry-key', key=key,
                                  known=', '.join(sorted(known)))
        for key in required:
            if key not in entry:
                raise SchemaError(pos, 'entry-missing', key=key)

    def _props(self, part, entry, pos):
        props = entry.get('props', Obj(pos))
        if not isinstance(props, Obj):
            raise SchemaError(entry.at['props'], 'props-object', name=part.name)
        for name, value in props.items():
            member = self.builder.settable(part.driver, name, props.at[name], "'props'")
            check_entry_constant(member, value, props.at[name])
            part.props[name] = value
        for member in part.driver.props.members:
            given = member.name in part.props or member.name in part.driver.defaults or \
                member.name in part.forwarded
            if not (given or member.optional or member.readonly):
                raise SchemaError(pos, 'part-missing', name=member.name, driver=part.driver.name)

    def _conditions(self, klass, cond, pos):
        if not isinstance(cond, Obj) or not cond:
            raise SchemaError(pos, 'if-form')
        return [self._condition(klass, name, value, cond.at[name])
                for name, value in cond.items()]

    def _condition(self, klass, name, value, pos):
        accel = name.startswith('accel.')
        member = self._accel_member(name[len('accel.'):], pos) if accel else klass.member(name)
        if member is None:
            raise SchemaError(pos, 'unknown-property', name=name, owner=klass.name, where="'if'")
        check_constant(member, value, pos)
        return Condition(member, accel, value)

    def _accel_member(self, name, pos):
        """The property of whichever accelerators have it."""
        accel = self.builder.find('accel', pos, "'if'")
        members = [c.member(name) for c in self.builder.classes.values() if c.is_a(accel)]
        members = [m for m in members if m]
        if len({m.type for m in members}) != 1:
            raise SchemaError(pos, 'if-accel', name=name)
        return members[0]

    @staticmethod
    def _check_wire(part, names):
        """Both ends name a line of the class itself, or of one of its parts."""
        if part.driver:
            return
        for end in (part.connect, part.to):
            match = isinstance(end, str) and GPIO.match(end)
            if not match:
                raise SchemaError(part.pos, 'wire-form', end=end)
            if match.group(2) and match.group(1) not in names:
                raise SchemaError(part.pos, 'wire-part', end=end, name=match.group(1))

    def _compat(self, entry, pos):
        self._keys(entry, COMPAT, ('driver', 'property', 'value'), pos)
        driver = self.builder.find(entry['driver'], entry.at['driver'], "'driver'")
        if not driver.device:
            raise SchemaError(entry.at['driver'], 'compat-device', name=driver.name)
        member = self.builder.settable(driver, entry['property'], entry.at['property'],
                                       "'compat'")
        check_constant(member, entry['value'], entry.at['value'])
        return Compat(driver, member, entry['value'])

    @staticmethod
    def check_cycles(ordered):
        """No class may be made, over its parts, inside itself."""
        done = set()

        def walk(klass, path):
            if klass in path:
                raise SchemaError(klass.pos, 'part-cycle', name=klass.name)
            if klass not in done:
                for part in klass.parts:
                    if part.driver:
                        walk(part.driver, path + [klass])
                done.add(klass)
        for klass in ordered:
            walk(klass, [])
