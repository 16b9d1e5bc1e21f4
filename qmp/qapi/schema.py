# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema: expressions to types, commands and events, and their checks.

Runs in passes, because types may be used before they are defined: declare all
names, fill in members, flatten bases, then check what needs the whole.
Classes are in classes.py.
"""

from . import traces
from .checks import check_schema
from .classes import ClassBuilder
from .doc import check_doc
from .errors import SchemaError
from .fields import FEATURES, FieldParser, parse_features, want_bool
from .names import camel, check_name
from .parser import Arr, Obj
from .types import (BUILTIN, Alternate, Branch, Builtin, ClassUnion, Command, Enum, EnumValue,
                    Event, Link, List, Rate, Struct, Trace, Union, Wrapper)

WRAPPED = ('STRUCT', 'UNION', 'CLASS_UNION')    # what may stand in a member of a branch
COMMAND_FEATURES = FEATURES + ('json-cli', 'json-cli-hotplug')
KEYS = {
    'enum': {'data', 'prefix', 'features'},
    'struct': {'base', 'data', 'features'},
    'union': {'base', 'discriminator', 'data', 'classes', 'classes-flag', 'features'},
    'alternate': {'data', 'features'},
    'command': {'data', 'returns', 'async', 'oob', 'query', 'lenient', 'states', 'features',
                'raw-reply', 'whole', 'during-build'},
    'event': {'data', 'features', 'rate'},
    'class': {'parent', 'abstract', 'user-creatable', 'device', 'bus', 'plug', 'alias',
              'defaults', 'parts', 'features', 'properties', 'shared', 'events', 'buses', 'place',
              'struct'},
    'machine': {'base', 'abstract', 'alias', 'defaults', 'features', 'properties', 'default',
                'compat', 'recipe', 'cpu-max', 'default-cpu', 'default-ram-id', 'events', 'struct'},
    'cpu-model': {'parent', 'like', 'alias', 'defaults', 'features', 'without'},
    'trace': {'class', 'data'},
}
REQUIRED = {'enum': ['data'], 'struct': ['data'], 'union': ['base', 'discriminator'],
            'alternate': ['data'], 'machine': ['base'], 'trace': ['class']}
ENTITIES = {'command': Command, 'event': Event, 'trace': Trace}      # what is not a type


def kind_of(expr):
    """Which expression this is; refuses unknown and missing keys."""
    kinds = [k for k in expr.obj if k in KEYS]
    kind = next(iter(expr.obj), None)
    if kind not in KEYS or (len(kinds) > 1 and not set(kinds[1:]) <= KEYS[kind]):
        raise SchemaError(expr.pos, 'expression', first=kind, known=', '.join(KEYS))
    for key in expr.obj:
        if key != kind and key not in KEYS[kind]:
            raise SchemaError(expr.obj.at[key], 'unknown-key', key=key, kind=kind,
                              known=', '.join(sorted(KEYS[kind])))
    for key in REQUIRED.get(kind, []):
        if key not in expr.obj:
            raise SchemaError(expr.pos, 'missing-key', key=key, kind=kind)
    return kind


class Schema:
    """Everything that the emitters read."""

    def __init__(self, text):
        self.text = text
        self.types = {name: Builtin(name) for name in BUILTIN}
        self.lists = {}
        self.links = {}
        self.commands = {}
        self.events = {}
        self.traces = {}
        self.feature_bits = {}      # bit -> Member
        self.kinds = [(kind_of(expr), expr) for expr in text.exprs]
        self.class_builder = ClassBuilder(self)
        self._declare()
        self.class_builder.link_parents()
        self._fill()
        self.classes = self.class_builder.build()
        check_schema(self)

    # -- names ---------------------------------------------------------------

    def table(self, kind):
        """Where what an expression of this kind defines is found by its name."""
        return {'command': self.commands, 'event': self.events, 'trace': self.traces}.get(
            kind, self.types)

    def resolve(self, name, pos):
        """The Type that a name or [ 'name' ] stands for."""
        if isinstance(name, Arr):
            if len(name) != 1 or not isinstance(name[0], str):
                raise SchemaError(pos, 'list-form')
            element = self.resolve(name[0], pos)
            if element.kind == 'NULL':
                raise SchemaError(pos, 'list-of-null')
            return self.lists.setdefault(element.name, List(element))
        if not isinstance(name, str):
            raise SchemaError(pos, 'type-form')
        if name not in self.types:
            raise SchemaError(pos, 'unknown-type', type=name)
        return self.types[name]

    def link(self, target, pos):
        if not self.class_builder.known(target):
            raise SchemaError(pos, 'unknown-class', name=target, where='a link')
        return self.links.setdefault(target, Link(target))

    def feature(self, member, pos):
        """Notes whose the bits of a CPU's feature are."""
        for bit in member.bits:
            other = self.feature_bits.setdefault(bit, member)
            if other is not member:
                raise SchemaError(pos, 'cpuid-twice', name=member.name, other=other.name)

    def add_type(self, type_):
        self._unique(self.types, type_.name, type_.pos, type_)

    def struct_named(self, name, pos, what):
        type_ = self.resolve(name, pos)
        if type_.kind != 'STRUCT':
            raise SchemaError(pos, 'want-struct', name=type_.name, what=what)
        return type_

    # -- declaring -----------------------------------------------------------

    def _declare(self):
        for kind, expr in self.kinds:
            name, pos = expr.obj[kind], expr.pos
            if kind in ('class', 'machine', 'cpu-model'):
                self.class_builder.declare(kind, expr)
            elif kind in ENTITIES:
                check_name(kind, name, pos)
                self._unique(self.table(kind), name, pos, ENTITIES[kind](name, pos))
            else:
                check_name('type', name, pos)
                self._unique(self.types, name, pos, self._new_type(kind, expr, name))
            if kind not in ('cpu-model', 'trace'):
                known = COMMAND_FEATURES if kind == 'command' else FEATURES
                self._features(kind, expr, known)

    def _features(self, kind, expr, known):
        features = parse_features(expr.obj, known)
        table = self.table(kind)
        if kind not in ('class', 'machine'):
            table[expr.obj[kind]].features = features

    @staticmethod
    def _unique(table, name, pos, entity):
        if name in table:
            raise SchemaError(pos, 'duplicate-name', name=name)
        table[name] = entity

    def _new_type(self, kind, expr, name):
        if kind == 'enum':
            return self._new_enum(expr, name)
        if kind == 'union':
            if ('classes' in expr.obj) == ('data' in expr.obj):
                raise SchemaError(expr.pos, 'union-branches', name=name)
            return (ClassUnion if 'classes' in expr.obj else Union)(name, expr.pos)
        return {'struct': Struct, 'alternate': Alternate}[kind](name, expr.pos)

    def _new_enum(self, expr, name):
        data = expr.obj['data']
        if not isinstance(data, Arr) or not data:
            raise SchemaError(expr.pos, 'enum-data', name=name)
        prefix = expr.obj.get('prefix')
        if prefix is not None and not (isinstance(prefix, str) and prefix.isupper()):
            raise SchemaError(expr.obj.at['prefix'], 'enum-prefix', name=name)
        enum = Enum(name, expr.pos, prefix)
        for item, pos in zip(data, data.at):
            features = ()
            if isinstance(item, Obj):
                if 'name' not in item or set(item) - {'name', 'features'}:
                    raise SchemaError(pos, 'enum-value', enum=name)
                item, features = item['name'], parse_features(item)
            check_name('value', item, pos, self.text.exceptions)
            if item in enum.names():
                raise SchemaError(pos, 'duplicate-value', name=item, enum=name)
            value = EnumValue(item, pos, features)
            value.doc = expr.doc.member(item)
            enum.values.append(value)
        return enum

    # -- filling in ----------------------------------------------------------

    def _fill(self):
        for kind, expr in self.kinds:
            fill = getattr(self, '_fill_' + kind, None)
            if fill:
                entity = self.table(kind)[expr.obj[kind]]
                entity.doc = expr.doc
                fill(entity, expr)
        self.class_builder.fill()
        for type_ in list(self.types.values()):
            if isinstance(type_, Struct):
                self._flatten(type_, [])
        for type_ in list(self.types.values()):
            if type_.kind == 'UNION':
                self._union_branches(type_)

    def _members(self, expr, owner, data, pos, struct=None):
        """struct: where members may be that are not supported."""
        parser = FieldParser(self, owner, expr.doc)
        members = parser.parse(data, pos)
        if struct:
            struct.unsupported = parser.unsupported
        elif parser.unsupported:
            raise SchemaError(pos, 'unsupported-where', name=parser.unsupported[0][0])
        return members

    def _fill_enum(self, enum, expr):
        check_doc(expr, 'enum', enum.name, enum.values)

    def _fill_struct(self, struct, expr):
        obj = expr.obj
        if 'base' in obj:
            struct.base = self.struct_named(obj['base'], obj.at['base'], 'a base')
        struct.own = self._members(expr, struct.name, obj['data'], obj.at['data'], struct)
        check_doc(expr, 'struct', struct.name, struct.own)

    def _fill_union(self, union, expr):
        obj = expr.obj
        if isinstance(obj['base'], Obj):
            union.own = self._members(expr, union.name, obj['base'], obj.at['base'])
        else:
            union.base = self.struct_named(obj['base'], obj.at['base'], 'a base')
        union.tag_name = obj['discriminator']
        union.expr = expr
        if union.kind == 'CLASS_UNION':
            return self._fill_class_union(union, expr)
        if 'classes-flag' in obj:
            raise SchemaError(obj.at['classes-flag'], 'classes-flag', name=union.name)
        check_doc(expr, 'union', union.name, union.own)
        return None

    def _fill_class_union(self, union, expr):
        obj = expr.obj
        check_name('member', union.tag_name, obj.at['discriminator'])
        if not self.class_builder.known(obj['classes']):
            raise SchemaError(obj.at['classes'], 'unknown-class', name=obj['classes'],
                              where="'classes'")
        union.root = obj['classes']
        union.flag = obj.get('classes-flag')
        if union.flag not in (None, 'user-creatable'):
            raise SchemaError(obj.at['classes-flag'], 'classes-flag', name=union.name)
        tag = EnumValue(union.tag_name, expr.pos, ())
        check_doc(expr, 'union', union.name, [tag] + union.own)

    def _fill_alternate(self, alternate, expr):
        data = expr.obj['data']
        alternate.branches = self._members(expr, alternate.name, data, expr.obj.at['data'])
        check_doc(expr, 'alternate', alternate.name, alternate.branches)

    def _arguments(self, entity, expr, name):
        """Data of a command or event: a named struct, or one made from members."""
        obj, kind = expr.obj, next(iter(expr.obj))
        if 'data' not in obj:
            check_doc(expr, kind, entity.name, [], 'returns' in obj)
            return None
        if not isinstance(obj['data'], Obj):
            check_doc(expr, kind, entity.name, [], 'returns' in obj)
            return self.resolve(obj['data'], obj.at['data'])
        struct = Struct(name, expr.pos)
        struct.own = self._members(expr, name, obj['data'], obj.at['data'], struct)
        struct.doc = expr.doc
        check_doc(expr, kind, entity.name, struct.own, 'returns' in obj)
        self.add_type(struct)
        return struct

    def _fill_command(self, command, expr):
        obj = expr.obj
        command.args = self._arguments(command, expr, camel(command.name) + 'Args')
        if command.args and command.args.kind not in ('STRUCT', 'UNION', 'CLASS_UNION'):
            raise SchemaError(obj.at['data'], 'data-kind', name=command.name)
        if 'returns' in obj:
            command.ret = self.resolve(obj['returns'], obj.at['returns'])
        command.flags = {key: want_bool(obj, key)
                         for key in ('async', 'oob', 'query', 'lenient', 'whole',
                                     'during-build')}
        if 'raw-reply' in obj:
            if obj['raw-reply'] != 'schema' or 'data' in obj or 'returns' not in obj:
                raise SchemaError(obj.at['raw-reply'], 'raw-reply', name=command.name)
            command.raw_reply = obj['raw-reply']
        command.states = self._states(obj)

    def _states(self, obj):
        if 'states' not in obj:
            return None
        states, pos = obj['states'], obj.at['states']
        run_state = self.types.get('RunState')
        if not isinstance(run_state, Enum):
            raise SchemaError(pos, 'no-run-state')
        if not isinstance(states, Arr) or not states:
            raise SchemaError(pos, 'states-list')
        for i, state in enumerate(states):
            if state not in run_state.names():
                raise SchemaError(states.at[i], 'unknown-state', state=state)
            if state in states[:i]:
                raise SchemaError(states.at[i], 'state-twice', state=state)
        return list(states)

    def _fill_event(self, event, expr):
        event.data = self._arguments(event, expr, 'Event' + camel(event.name))
        if event.data and event.data.kind != 'STRUCT':
            raise SchemaError(expr.obj.at['data'], 'event-data', name=event.name)
        if 'rate' not in expr.obj:
            raise SchemaError(expr.pos, 'no-rate', name=event.name)
        event.rate = self._rate(event, expr.obj['rate'], expr.obj.at['rate'])

    def _fill_trace(self, trace, expr):
        traces.fill(self, trace, expr)

    @staticmethod
    def _rate(event, rate, pos):
        if rate == 'host':
            return None
        if not isinstance(rate, Obj) or not set(rate) <= {'ms', 'key', 'when'} or \
                not isinstance(rate.get('ms'), int) or not 0 < rate['ms'] <= 60000:
            raise SchemaError(pos, 'rate-form', name=event.name)
        return Rate(rate['ms'], rate.get('key'), rate.get('when'), pos)

    # -- bases and branches --------------------------------------------------

    def _flatten(self, struct, path):
        """members = base's members, then own; memoised by `members`."""
        if struct in path:
            raise SchemaError(struct.pos, 'base-cycle', name=struct.name)
        if struct.members:
            return struct.members
        inherited = self._flatten(struct.base, path + [struct]) if struct.base else []
        names = {m.name for m in inherited}
        for member in struct.own:
            if member.name in names:
                raise SchemaError(member.pos, 'inherited-member', name=member.name,
                                  owner=struct.name, base=struct.base.name)
        struct.members = inherited + struct.own
        return struct.members

    def _union_branches(self, union):
        obj = union.expr.obj
        pos = obj.at['discriminator']
        tag = next((i for i, m in enumerate(union.members) if m.name == union.tag_name), None)
        if tag is None:
            raise SchemaError(pos, 'no-discriminator', name=union.tag_name, union=union.name)
        member = union.members[tag]
        if member.type.kind != 'ENUM' or member.optional:
            raise SchemaError(pos, 'discriminator-type', name=union.tag_name)
        union.tag = tag
        data = obj['data']
        if not isinstance(data, Obj) or not data:
            raise SchemaError(obj.at['data'], 'union-data', name=union.name)
        given = {k: self._branch(union, k, v, data.at[k], member.type) for k, v in data.items()}
        union.branches = [given.get(v) or Branch(v, None, pos) for v in member.type.names()]

    def _branch(self, union, name, value, pos, enum):
        if name not in enum.names():
            raise SchemaError(pos, 'unknown-branch', name=name, enum=enum.name)
        key, lenient = None, False
        if isinstance(value, Obj):
            key, lenient = self._wrapping(name, value, pos)
            value = value['type']
        struct = self.resolve(value, pos)
        if struct.kind not in (WRAPPED if key else ('STRUCT',)):
            raise SchemaError(pos, 'want-struct', name=struct.name, what='a branch')
        if key:
            struct = self._wrapper(struct, key, lenient, pos)
        taken = {m.name for m in union.members}
        for member in struct.members:
            if member.name in taken:
                raise SchemaError(pos, 'branch-clash', name=member.name, branch=name)
        return Branch(name, struct, pos, key is not None)

    def _wrapping(self, name, obj, pos):
        """The member that a branch's own members stand in, or None; whether it is lenient."""
        if 'type' not in obj or set(obj) - {'type', 'wrapped', 'lenient'}:
            raise SchemaError(pos, 'branch-form', name=name)
        lenient = want_bool(obj, 'lenient')
        if isinstance(obj.get('wrapped'), str):
            key = obj['wrapped']
            check_name('member', key, obj.at['wrapped'], self.text.exceptions)
        else:
            key = 'data' if want_bool(obj, 'wrapped') else None
        if lenient and not key:
            raise SchemaError(pos, 'branch-form', name=name)
        return key, lenient

    def _wrapper(self, inner, key, lenient, pos):
        name = inner.name + ('Wrapper' if key == 'data' else camel(key))
        name += 'Lenient' if lenient else ''
        wrapper = self.types.get(name)
        if wrapper is None:
            self.types[name] = wrapper = Wrapper(name, inner, key, lenient, pos)
        elif not isinstance(wrapper, Wrapper) or wrapper.own[0].name != key:
            raise SchemaError(pos, 'duplicate-name', name=name)
        return wrapper

    def user_types(self, *kinds):
        """All types that are not built in, in the order of the schema."""
        return [t for t in self.types.values()
                if not isinstance(t, Builtin) and (not kinds or t.kind in kinds)]
