# SPDX-License-Identifier: GPL-2.0-or-later
"""Random requests, made from what query-qmp-schema tells: valid by their types, or
wrong in one place.

Strings are mostly names that may exist; what names a file lies in a folder of the
test's own.  Left out is what would end the daemon (quit, set-action) or change the
host (tap devices), and memory is kept small.
"""
import os
import random

LEFT_OUT = {'quit', 'set-action'}
# libslirp 4.7 does not free its copy of this, which the sanitizer takes for our leak.
WITHOUT_MEMBERS = {'tftp-server-name'}
WITHOUT_CASES = {'netdev_add': {'tap'}}
FILES = {'filename', 'path', 'out', 'in', 'file', 'mem-path', 'logfile', 'device', 'kernel', 'initrd',
         'romfile', 'firmware', 'log'}
INTEGERS = [0, 1, 2, 3, 7, 8, 15, 16, 64, 255, 256, 4096, 65535, 65536, 1 << 20, (1 << 31) - 1,
            1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, -1, -(1 << 31), -(1 << 63)]
NAMES = ['ram', 'con', 'com1', 'cpu0', 'net', 'disk', 'exit', 'machine', 'accel', '/machine', '/',
         '/objects/ram', '/machine/peripheral/com1', 'isa.0', 'type', 'size', 'path', 'on', 'off', '0',
         '5', '0x1f.7', '127.0.0.1', '', 'a b', '\u00e9\u4e2d', 'x' * 300]
SMALL = 1 << 20


class RandomRequests:
    def __init__(self, schema, folder, seed):
        self.schema = schema
        self.folder = folder
        self.random = random.Random(seed)
        self.commands = sorted(c['name'] for c in schema.commands() if c['name'] not in LEFT_OUT)

    def request(self):
        """The next request: { 'execute': ..., 'arguments': ... }."""
        name = self.random.choice(self.commands)
        arguments = self._object(self.schema.entities[self.schema.entities[name]['arg-type']], 0,
                                 WITHOUT_CASES.get(name, ()))
        self._limit(arguments)
        if self.random.random() < 0.3:
            self._spoil(arguments)
        return {'execute': name, 'arguments': arguments}

    # ---- values by type

    def _value(self, type_name, member, depth):
        entity = self.schema.entities[type_name]
        kind = entity['meta-type']
        if kind == 'enum':
            return self.random.choice(entity['values'])
        if kind == 'array':
            n = 0 if depth > 4 else self.random.randrange(3)
            return [self._value(entity['element-type'], member, depth + 1) for _ in range(n)]
        if kind == 'alternate':
            return self._value(self.random.choice(entity['members'])['type'], member, depth)
        if kind == 'object':
            return self._object(entity, depth + 1)
        return self._scalar(entity['json-type'], member)

    def _scalar(self, kind, member):
        if kind == 'string':
            return self._string(member)
        if kind in ('int', 'number'):
            return self.random.choice(INTEGERS)
        if kind == 'boolean':
            return self.random.random() < 0.5
        if kind == 'value':
            return self._scalar(self.random.choice(['string', 'int', 'boolean', 'null']), member)
        return None

    def _string(self, member):
        if member in FILES:
            return os.path.join(self.folder, 'f%d' % self.random.randrange(8))
        if self.random.random() < 0.5:
            return 'x%d' % self.random.randrange(8)
        return self.random.choice(NAMES)

    def _object(self, entity, depth, without=()):
        members = dict(self.schema.members(entity['name']))
        value = {}
        tag = entity.get('tag')
        if tag:
            cases = [c for c in self.schema.entities[members.pop(tag)['type']]['values']
                     if c not in without]
            value[tag] = self.random.choice(cases)
            members.update(self.schema.branch(entity['name'], value[tag]))
        for name, member in members.items():
            if name in WITHOUT_MEMBERS:
                continue
            if 'default' not in member or (depth < 5 and self.random.random() < 0.3):
                value[name] = self._value(member['type'], name, depth)
        return value

    # ---- limits and mistakes

    def _limit(self, value):
        """Memory that would really be allocated stays small."""
        if isinstance(value, dict):
            if str(value.get('qom-type', '')).startswith('memory-backend'):
                value['size'] = min(abs(value.get('size', SMALL)), SMALL) // 4096 * 4096
            for key, item in value.items():
                if key in ('size', 'max-bytes', 'length') and isinstance(item, int):
                    value[key] = min(item, SMALL)
                self._limit(item)

    def _spoil(self, arguments):
        """One mistake."""
        names = list(arguments)
        choice = self.random.randrange(3)
        if choice == 0 or not names:
            arguments[self.random.choice(['bogus', '', 'Type'])] = 1
        elif choice == 1:
            del arguments[self.random.choice(names)]
        else:
            arguments[self.random.choice(names)] = self.random.choice(
                [None, [], {}, {'a': {}}, [[1]], 'on', 1.5, True, -1])
