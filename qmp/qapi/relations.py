# SPDX-License-Identifier: GPL-2.0-or-later
"""What a class says of others: events that its objects send, buses that they have.

Nothing is made of either, they are for those who ask what a class is like; but
both must exist, and tests compare them with what objects do.
"""

from .errors import SchemaError
from .parser import Arr


class RelationBuilder:
    """Fills in events and buses of classes, whose parts must be done before."""

    def __init__(self, builder):
        self.builder = builder
        self.done = set()

    def run(self, ordered):
        for klass in ordered:
            self._class(klass)
            self._default_ram_id(klass)

    def _class(self, klass):
        """Parents first, and the classes of parts, whose events are its own, too."""
        if klass in self.done:
            return
        self.done.add(klass)
        sources = [klass.parent] if klass.parent else []
        if klass.kind != 'machine':
            sources += [p.driver for p in klass.parts if p.driver]
        for source in sources:
            self._class(source)
            klass.events += [e for e in source.events if e not in klass.events]
        if klass.parent:
            klass.buses += klass.parent.buses
        if 'buses' in klass.obj and not klass.device:
            raise SchemaError(klass.obj.at['buses'], 'device-only', key='buses', name=klass.name)
        klass.events += self._names(klass, 'events', klass.events, self._event)
        klass.buses += self._names(klass, 'buses', klass.buses, self._bus)

    @staticmethod
    def _names(klass, key, inherited, find):
        """The list under key, each entry as find() makes it, none of them twice."""
        names, found = klass.obj.get(key, Arr(klass.pos)), []
        if not isinstance(names, Arr):
            raise SchemaError(klass.obj.at[key], 'names-list', key=key, name=klass.name)
        for name, pos in zip(names, names.at):
            entry = find(name, pos)
            if entry in inherited or entry in found:
                raise SchemaError(pos, 'names-twice', name=name, key=key, owner=klass.name)
            found.append(entry)
        return found

    def _event(self, name, pos):
        if not isinstance(name, str) or name not in self.builder.schema.events:
            raise SchemaError(pos, 'unknown-event', name=name)
        return name

    def _bus(self, name, pos):
        bus = self.builder.find(name, pos, "'buses'")
        if 'bus' not in [a.name for a in bus.ancestors] or bus.abstract:
            raise SchemaError(pos, 'has-no-bus', name=name)
        return bus

    @staticmethod
    def _default_ram_id(klass):
        if klass.parent:
            klass.default_ram_id = klass.parent.default_ram_id
        if 'default-ram-id' in klass.obj:
            klass.default_ram_id = klass.obj['default-ram-id']
            if not isinstance(klass.default_ram_id, str) or not klass.default_ram_id:
                raise SchemaError(klass.obj.at['default-ram-id'], 'default-ram-id',
                                  name=klass.name)
