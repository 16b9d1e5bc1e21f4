# SPDX-License-Identifier: GPL-2.0-or-later
"""`forward`: properties of a part that become properties of the class it is in.

A forwarded property is a row of the outer class like its own ones: type, bounds,
attributes and documentation are those of the part's class, the default is what
the part would have without being told.  It is found before structs are
flattened, so parents and parts of parents are walked here.
"""

import copy

from .errors import SchemaError
from .parser import Arr, Obj


def forwards(klass):
    """The entries of `parts` that have `forward`, with their positions."""
    entries = klass.obj.get('parts')
    if not isinstance(entries, Arr):
        return []               # recipes.py says what is wrong
    return [(entry, pos) for entry, pos in zip(entries, entries.at)
            if isinstance(entry, Obj) and 'forward' in entry]


class Forwarder:
    """Adds forwarded members to the classes' own ones."""

    def __init__(self, builder):
        self.builder = builder
        self.done = set()

    def run(self, klass, path=()):
        """Parents and classes of parts first; path: who waits for klass."""
        if klass in path:
            raise SchemaError(klass.pos, 'part-cycle', name=klass.name)
        if klass in self.done:
            return
        path = path + (klass,)
        if klass.parent:
            self.run(klass.parent, path)
        for entry, pos in forwards(klass):
            self._entry(klass, entry, pos, path)
        self.done.add(klass)

    def _entry(self, klass, entry, pos, path):
        at = entry.at['forward']
        driver = self.builder.find(entry.get('driver'), entry.at.get('driver', pos), "'driver'")
        self.run(driver, path)
        if 'if' in entry:
            raise SchemaError(at, 'forward-if', name=entry.get('name'))
        taken = {m.name for m in _members(klass)}
        fixed = entry.get('props') if isinstance(entry.get('props'), Obj) else ()
        for member in self._chosen(driver, entry['forward'], at, taken, fixed):
            klass.own_props.own.append(self._copy(driver, member, entry, at))

    def _chosen(self, driver, forward, at, taken, fixed):
        members = {m.name: m for m in _members(driver)}
        if forward is True:
            return [m for name, m in members.items() if name not in taken and name not in fixed]
        if not isinstance(forward, Arr) or not all(isinstance(n, str) for n in forward):
            raise SchemaError(at, 'forward-form')
        for i, (name, pos) in enumerate(zip(forward, forward.at)):
            if name not in members:
                raise SchemaError(pos, 'unknown-property', name=name, owner=driver.name,
                                  where="'forward'")
            if name in taken or name in forward[:i]:
                raise SchemaError(pos, 'forward-taken', name=name)
            if name in fixed:
                raise SchemaError(pos, 'forward-fixed', name=name)
        return [members[name] for name in forward]

    @staticmethod
    def _copy(driver, member, entry, at):
        new = copy.copy(member)
        new.pos = at
        new.part = entry.get('name')
        new.bits = []
        for klass in [driver] + driver.ancestors:
            given = klass.obj.get('defaults')
            if isinstance(given, Obj) and member.name in given:
                new.default, new.has_default, new.optional = given[member.name], True, True
                break
        return new


def _members(klass):
    """What a class has so far: its ancestors' and its own."""
    own = [k.own_props.own for k in [klass] + klass.ancestors if k.own_props]
    return [member for members in reversed(own) for member in members]
