# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes, machines and CPU models: one tree of Class objects.

A machine is the class NAME-machine and a CPU model the class NAME-PARENT;
after link_parents() they are all the same.  Properties are parsed by fields.py
into props structs, which schema.py flattens like any struct with a base.
Recipes, parts and compat lists are in recipes.py, properties of parts that a
class forwards in forward.py.
"""

from .doc import check_doc
from .errors import SchemaError
from .fields import PROPERTY, FieldParser, check_constant, parse_features, want_bool
from .forward import Forwarder, forwards
from .names import c_part, camel, check_name
from .parser import Arr, Obj
from .places import PlaceBuilder
from .recipes import RecipeBuilder
from .relations import RelationBuilder
from .types import Struct

PLUGS = ('board', 'cold', 'hot')
CPU = 'x86_64-cpu'


class Class:
    """One QmpClass; attributes are resolved, inherited ones included."""

    def __init__(self, kind, name, expr):
        self.kind = kind
        self.name = name
        self.expr = expr
        self.obj = expr.obj
        self.pos = expr.pos
        self.doc = expr.doc
        self.parent = None
        self.ancestors = []         # parent first, up to `object`
        self.abstract = self.user_creatable = self.device = False
        self.machine = self.is_default = self.shared = False
        self.bus = None
        self.plug = None
        self.aliases = []
        self.alias_features = {}    # alias -> features
        self.features = ()
        self.props = None           # Struct, maybe an ancestor's
        self.own_props = None       # Struct, or None if the class adds nothing
        self.struct = None          # name of the C struct of its objects, maybe an ancestor's
        self.defaults = {}          # property -> constant
        self.parts = []
        self.compat = []
        self.cpu_max = 0            # machines
        self.default_cpu = None     # machines: Class, or None
        self.default_ram_id = None  # machines
        self.events = []            # names: its own, its ancestors', those of its parts
        self.buses = []             # Class: what it has for other devices
        self.place = None           # Place, maybe an ancestor's or another class's
        self.index = 0

    @property
    def props_name(self):
        name = camel(self.name)
        return ('Q' if name[0].isdigit() else '') + name + 'Props'

    @property
    def row(self):
        return 'qmp_class_' + c_part(self.name)

    def is_a(self, other):
        return self is other or other in self.ancestors

    def member(self, name):
        return next((m for m in self.props.members if m.name == name), None)


class ClassBuilder:
    """Collects the class expressions and makes the tree of them."""

    def __init__(self, schema):
        self.schema = schema
        self.classes = {}
        self.by_name = None         # aliases included, after build()
        self.places = []            # Place, after build()

    def known(self, name):
        return isinstance(name, str) and name in self.classes

    def find(self, name, pos, where):
        if not self.known(name):
            raise SchemaError(pos, 'unknown-class', name=name, where=where)
        return self.classes[name]

    # -- first pass: names ---------------------------------------------------

    def declare(self, kind, expr):
        given, obj = expr.obj[kind], expr.obj
        check_name('model' if kind == 'cpu-model' else 'class', given, expr.pos)
        name = given
        if kind == 'machine':
            name = given + '-machine'
        elif kind == 'cpu-model':
            name = '%s-%s' % (given, CPU)
        if name in self.classes:
            raise SchemaError(expr.pos, 'duplicate-name', name=name)
        self.classes[name] = Class(kind, name, expr)

    # -- second pass: parents ------------------------------------------------

    def link_parents(self):
        for klass in self.classes.values():
            self._link_parent(klass)
        for klass in self.classes.values():
            self._link_ancestors(klass)
        for klass in self._ordered():
            if klass.parent is None or klass.obj.get('properties') or forwards(klass):
                klass.own_props = Struct(klass.props_name, klass.pos)
                klass.own_props.doc = klass.doc
                klass.own_props.base = klass.parent.props if klass.parent else None
                self.schema.add_type(klass.own_props)
            klass.props = klass.own_props or klass.parent.props

    def _link_parent(self, klass):
        key = 'base' if klass.kind == 'machine' else 'parent'
        name = klass.obj.get(key, CPU if klass.kind == 'cpu-model' else None)
        if name is not None:
            if klass.name == 'object':
                raise SchemaError(klass.obj.at[key], 'object-parent')
            klass.parent = self.find(name, klass.obj.at.get(key, klass.pos), "'%s'" % key)
        elif klass.name != 'object':
            raise SchemaError(klass.pos, 'no-parent', name=klass.name)

    @staticmethod
    def _link_ancestors(klass):
        up = klass.parent
        while up:
            if up is klass:
                raise SchemaError(klass.pos, 'parent-cycle', name=klass.name)
            if up in klass.ancestors:
                break           # a cycle further up: reported at its own member
            klass.ancestors.append(up)
            up = up.parent

    def _ordered(self):
        """Parents before children, otherwise in the order of the schema."""
        done = {}
        for klass in self.classes.values():
            for c in reversed([klass] + klass.ancestors):
                done.setdefault(c.name, c)
        return list(done.values())

    # -- third pass: properties ----------------------------------------------

    def fill(self):
        for klass in self.classes.values():
            own = []
            if 'properties' in klass.obj:
                pos = klass.obj.at['properties']
                parser = FieldParser(self.schema, klass.name, klass.doc, PROPERTY)
                own = parser.parse(klass.obj['properties'], pos)
                if parser.unsupported:
                    raise SchemaError(pos, 'unsupported-where', name=parser.unsupported[0][0])
            if klass.own_props:
                klass.own_props.own = own
            check_doc(klass.expr, klass.kind, klass.obj[klass.kind], own)
        self._check_features()
        forwarder = Forwarder(self)
        for klass in self.classes.values():
            forwarder.run(klass)

    def _check_features(self):
        """A feature needs only earlier ones; each name and alias is there once."""
        for klass in self.classes.values():
            own = klass.own_props.own if klass.own_props else []
            taken = {member.name for member in own}
            features = set()
            for member in own:
                for name, pos in member.needs:
                    if name not in features:
                        raise SchemaError(pos, 'needs', name=member.name, other=name)
                features |= {member.name} if member.bits else set()
                for alias in member.aliases:
                    if alias in taken:
                        raise SchemaError(member.pos, 'member-alias', name=member.name,
                                          alias=alias)
                    taken.add(alias)

    # -- last pass: the rest -------------------------------------------------

    def build(self):
        ordered = self._ordered()
        for i, klass in enumerate(ordered):
            klass.index = i
            self._attributes(klass)
        self._names(ordered)
        for klass in ordered:
            self._check_bus(klass, ordered)
            self._defaults(klass)
        recipes = RecipeBuilder(self)
        for klass in ordered:
            recipes.build(klass)
        recipes.check_cycles(ordered)
        RelationBuilder(self).run(ordered)
        self.places = PlaceBuilder(self).run(ordered)
        self._resolve_links()
        self._class_unions(ordered)
        return ordered

    def _attributes(self, klass):
        obj, parent = klass.obj, klass.parent
        klass.abstract = want_bool(obj, 'abstract')
        klass.user_creatable = want_bool(obj, 'user-creatable') or \
            bool(parent and parent.user_creatable)
        if want_bool(obj, 'device') and klass.name != 'device':
            raise SchemaError(obj.at['device'], 'device-where', name=klass.name)
        klass.device = want_bool(obj, 'device') or bool(parent and parent.device)
        klass.machine = klass.name == 'machine' or bool(parent and parent.machine)
        if klass.kind == 'machine' and not klass.machine:
            raise SchemaError(obj.at['base'], 'machine-base', name=klass.name)
        if klass.kind == 'cpu-model' and CPU not in [a.name for a in klass.ancestors]:
            raise SchemaError(obj.at.get('parent', klass.pos), 'cpu-parent', name=klass.name)
        self._struct(klass)
        klass.is_default = want_bool(obj, 'default')
        klass.shared = want_bool(obj, 'shared') or bool(parent and parent.shared)
        self._machine_cpus(klass)
        if klass.kind != 'cpu-model':
            klass.features = parse_features(obj)
        self._plug(klass)

    @staticmethod
    def _struct(klass):
        klass.struct = klass.parent.struct if klass.parent else None
        if 'struct' in klass.obj:
            klass.struct = klass.obj['struct']
            check_name('type', klass.struct, klass.obj.at['struct'])

    def _machine_cpus(self, klass):
        obj, parent = klass.obj, klass.parent
        klass.cpu_max = obj.get('cpu-max', parent.cpu_max if parent else 0)
        if not isinstance(klass.cpu_max, int) or isinstance(klass.cpu_max, bool) or \
                not 0 <= klass.cpu_max < 1 << 16:
            raise SchemaError(obj.at['cpu-max'], 'cpu-max', name=klass.name)
        klass.default_cpu = parent.default_cpu if parent else None
        if 'default-cpu' in obj:
            pos = obj.at['default-cpu']
            klass.default_cpu = self.find(obj['default-cpu'], pos, "'default-cpu'")
            if CPU not in [a.name for a in klass.default_cpu.ancestors]:
                raise SchemaError(pos, 'default-cpu', name=klass.default_cpu.name)

    def _plug(self, klass):
        obj, parent = klass.obj, klass.parent
        for key in ('bus', 'plug'):
            if key in obj and not klass.device:
                raise SchemaError(obj.at[key], 'device-only', key=key, name=klass.name)
        if obj.get('plug', 'cold') not in PLUGS:
            raise SchemaError(obj.at['plug'], 'plug', name=klass.name)
        klass.plug = obj.get('plug') or (parent.plug if parent else None)
        klass.bus = parent.bus if parent else None
        if 'bus' in obj:
            klass.bus = self.find(obj['bus'], obj.at['bus'], "'bus'")
        if klass.device and not klass.abstract and not klass.plug:
            raise SchemaError(klass.pos, 'no-plug', name=klass.name)

    @staticmethod
    def _check_bus(klass, ordered):
        if 'bus' not in klass.obj:
            return
        pos = klass.obj.at['bus']
        if 'bus' not in [a.name for a in klass.bus.ancestors]:
            raise SchemaError(pos, 'not-a-bus', name=klass.bus.name)
        if not any(c.is_a(klass.bus) and not c.abstract for c in ordered):
            raise SchemaError(pos, 'abstract-bus', name=klass.bus.name)

    def _names(self, ordered):
        """Names and aliases are one namespace; one machine is the default."""
        self.by_name = dict(self.classes)
        default = None
        for klass in ordered:
            aliases = klass.obj.get('alias', Arr(klass.pos))
            if not isinstance(aliases, Arr):
                raise SchemaError(klass.obj.at['alias'], 'alias-list', name=klass.name)
            for alias, pos in zip(aliases, aliases.at):
                alias = self._alias(klass, alias, pos)
                model = klass.kind == 'cpu-model'
                check_name('model' if model else 'class', alias, pos)
                alias = '%s-%s' % (alias, CPU) if model else alias
                if alias in self.by_name:
                    raise SchemaError(pos, 'alias-taken', alias=alias,
                                      other=self.by_name[alias].name)
                self.by_name[alias] = klass
                klass.aliases.append(alias)
            if klass.is_default and default:
                raise SchemaError(klass.pos, 'default-twice', name=klass.name,
                                  other=default.name)
            default = klass if klass.is_default else default

    @staticmethod
    def _alias(klass, alias, pos):
        """The name: 'NAME', or { 'name': 'NAME', 'features': [ ... ] }."""
        if not isinstance(alias, Obj):
            return alias
        if not isinstance(alias.get('name'), str) or set(alias) - {'name', 'features'}:
            raise SchemaError(pos, 'alias-form', name=klass.name)
        klass.alias_features[alias['name']] = parse_features(alias)
        return alias['name']

    def settable(self, klass, name, pos, where):
        """The property of klass that some list gives a value to."""
        member = klass.member(name)
        if member is None:
            raise SchemaError(pos, 'unknown-property', name=name, owner=klass.name, where=where)
        if member.readonly:
            raise SchemaError(pos, 'readonly-property', name=name, owner=klass.name)
        return member

    def _defaults(self, klass):
        if klass.parent:
            klass.defaults.update(klass.parent.defaults)
        if 'like' in klass.obj:
            klass.defaults.update(self._liked(klass).defaults)
        obj = klass.obj.get('defaults')
        if 'defaults' in klass.obj and not isinstance(obj, Obj):
            raise SchemaError(klass.obj.at['defaults'], 'defaults-object', name=klass.name)
        for name, value in (obj or {}).items():
            if klass.own_props and any(m.name == name and not m.part
                                       for m in klass.own_props.own):
                raise SchemaError(obj.at[name], 'own-default', name=name, owner=klass.name)
            member = self.settable(klass, name, obj.at[name], "'defaults'")
            check_constant(member, value, obj.at[name])
            klass.defaults[name] = value
        if klass.kind == 'cpu-model':
            self._cpu_features(klass)

    def _cpu_features(self, klass):
        features = klass.obj.get('features', Arr(klass.pos))
        if not isinstance(features, Arr):
            raise SchemaError(klass.obj.at['features'], 'features-list')
        for i, (name, pos) in enumerate(zip(features, features.at)):
            member = self.settable(klass, name, pos, "'features'")
            if member.type.name != 'bool':
                raise SchemaError(pos, 'cpu-feature', name=name)
            if name in features[:i]:
                raise SchemaError(pos, 'feature-twice', feature=name)
            klass.defaults[name] = True
        without = klass.obj.get('without', Arr(klass.pos))
        if not isinstance(without, Arr):
            raise SchemaError(klass.obj.at['without'], 'features-list')
        for name, pos in zip(without, without.at):
            if klass.defaults.pop(name, None) is not True or name in features:
                raise SchemaError(pos, 'without', name=klass.name, feature=name)
        order = [m.name for m in klass.props.members]
        klass.defaults = dict(sorted(klass.defaults.items(), key=lambda d: order.index(d[0])))

    def _liked(self, klass):
        """The earlier model that this one begins as."""
        other = self.classes.get('%s-%s' % (klass.obj['like'], CPU))
        if other is None or other.kind != 'cpu-model' or other.index >= klass.index:
            raise SchemaError(klass.obj.at['like'], 'like', name=klass.obj['like'])
        return other

    def _resolve_links(self):
        for link in self.schema.links.values():
            link.target = self.classes[link.target]

    def _class_unions(self, ordered):
        for union in self.schema.user_types('CLASS_UNION'):
            union.root = self.classes[union.root]
            union.classes = sorted(
                (c for c in ordered if not c.abstract and c.is_a(union.root) and
                 (c.user_creatable or not union.flag)), key=lambda c: c.name)
            if not union.classes:
                raise SchemaError(union.pos, 'no-classes', name=union.name)
            self._union_clashes(union)

    @staticmethod
    def _union_clashes(union):
        taken = {union.tag_name}
        for member in union.members:
            if member.name in taken:
                raise SchemaError(member.pos, 'duplicate-member', name=member.name,
                                  owner=union.name)
            taken.add(member.name)
        for klass in union.classes:
            for member in klass.props.members:
                if member.name in taken:
                    raise SchemaError(member.pos, 'class-union-clash', name=member.name,
                                      union=union.name, owner=klass.name)
