# SPDX-License-Identifier: GPL-2.0-or-later
"""Where objects of a class stand that requests make, and by which requests ('place').

Loops over all objects of clients walk the table of these; no other code knows the folders.
"""

import re

from .errors import SchemaError
from .parser import Obj
from .types import Struct

KEYS = ('folder', 'path', 'anonymous', 'add', 'remove', 'id', 'arguments')
PATH = re.compile(r'(/[a-z][a-z0-9-]*)+$')


class Place:
    """One QmpClassPlace."""

    def __init__(self, klass, obj):
        self.klass = klass          # the class that says it
        self.index = 0              # in qmp_class_places[]
        self.single = 'path' in obj
        self.path = obj.get('path') or obj.get('folder')
        self.anonymous = obj.get('anonymous')
        self.add = obj.get('add')
        self.remove = obj.get('remove')
        self.id = obj.get('id')
        self.arguments = obj.get('arguments')

    def whole(self):
        """For people: the path of an object, with ID for what a request calls it."""
        return self.path if self.single else self.path + '/ID'


class PlaceBuilder:
    """Fills in the places of classes, parents before children."""

    def __init__(self, builder):
        self.builder = builder
        self.schema = builder.schema

    def run(self, ordered):
        """The list of all places."""
        places = [self._place(k, k.obj['place']) for k in ordered
                  if isinstance(k.obj.get('place'), Obj)]
        own = {}
        for place in places:
            place.index = len(own)
            own[place.klass] = place
        for klass in ordered:
            klass.place = own.get(klass) or klass.parent and klass.parent.place
            if 'place' in klass.obj and klass not in own:
                klass.place = self._same(klass, own)
        return places

    def _same(self, klass, own):
        """'CLASS': where objects of that class are."""
        pos = klass.obj.at['place']
        other = self.builder.find(klass.obj['place'], pos, "'place'")
        if other not in own:
            raise SchemaError(pos, 'place-of', name=other.name)
        return own[other]

    def _place(self, klass, obj):
        pos = klass.obj.at['place']
        paths = [obj[k] for k in ('folder', 'path', 'anonymous') if k in obj]
        made = [k in obj for k in ('add', 'remove', 'id')]
        if set(obj) - set(KEYS) or ('folder' in obj) == ('path' in obj) or \
                any(made) != all(made) or ('arguments' in obj and not all(made)) or \
                any(not isinstance(p, str) or not PATH.match(p) for p in paths):
            raise SchemaError(pos, 'place-form', name=klass.name)
        if all(made):
            self._check_requests(klass, obj, pos)
        return Place(klass, obj)

    def _check_requests(self, klass, obj, pos):
        for key in ('add', 'remove'):
            if obj[key] not in self.schema.commands:
                raise SchemaError(pos, 'place-command', name=obj[key])
        args = self.schema.commands[obj['add']].args
        members = {m.name: m.type for m in args.members} if isinstance(args, Struct) else {}
        if obj['id'] not in members or members[obj['id']].kind != 'STR':
            raise SchemaError(pos, 'place-id', name=obj['id'], command=obj['add'])
        if 'arguments' in obj:
            member = klass.member(obj['arguments'])
            if not member or member.type not in (args, members.get(member.name)):
                raise SchemaError(pos, 'place-arguments', name=obj['arguments'],
                                  command=obj['add'])
