# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of types and their members, as every emitter sees them.

Plain data: schema.py fills it in and checks it, the emitters read it.
"""

from .names import c_name, c_part, upper

# name: (C type, QMP_KIND_*, least, greatest); no bounds where None
_INT = {bits: (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in (8, 16, 32, 64)}
_UINT = {bits: (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)}
BUILTIN = {'null': ('guint8', 'NULL', None), 'bool': ('bool', 'BOOL', None),
           'int': ('int64_t', 'INT64', _INT[64]), 'size': ('uint64_t', 'SIZE', _UINT[64]),
           'number': ('double', 'NUMBER', None), 'str': ('char *', 'STR', None),
           'any': ('QmpValue *', 'ANY', None)}
BUILTIN.update({'int%d' % n: ('int%d_t' % n, 'INT%d' % n, r) for n, r in _INT.items()})
BUILTIN.update({'uint%d' % n: ('uint%d_t' % n, 'UINT%d' % n, r) for n, r in _UINT.items()})


class Type:
    """What all types have; `kind` is the QMP_KIND_* without its prefix."""
    kind = None
    inline = False              # stored inline and not NULL-able
    features = ()

    def __init__(self, name, pos):
        self.name = name
        self.pos = pos
        self.doc = None
        self.index = 0

    @property
    def c_struct(self):
        return self.name

    @property
    def storage(self):
        """C type of a member of this type, ready to be followed by a name."""
        return self.c_struct + ' *'

    @property
    def row(self):
        return 'qmp_type_' + self.name

    def uses(self):
        """Types that a value of this type may contain directly."""
        return []


class Builtin(Type):
    def __init__(self, name):
        super().__init__(name, None)
        ctype, self.kind, self.range = BUILTIN[name]
        self.ctype = ctype
        self.inline = name not in ('str', 'any')

    @property
    def c_struct(self):
        return self.ctype

    @property
    def storage(self):
        return self.ctype if self.ctype.endswith('*') else self.ctype + ' '


class EnumValue:
    def __init__(self, name, pos, features):
        self.name = name
        self.pos = pos
        self.features = features
        self.doc = ''


class Enum(Type):
    kind = 'ENUM'
    inline = True
    range = None

    def __init__(self, name, pos, prefix):
        super().__init__(name, pos)
        self.prefix = prefix or upper(name)
        self.values = []

    @property
    def storage(self):
        return self.name + ' '

    def names(self):
        return [v.name for v in self.values]

    def constant(self, name):
        return self.prefix + '_' + c_part(name).upper()


class List(Type):
    kind = 'LIST'
    inline = True

    def __init__(self, element):
        super().__init__(element.name + 'List', element.pos)
        self.element = element

    @property
    def storage(self):
        return self.name + ' '

    def uses(self):
        return [self.element]


class Link(Type):
    kind = 'LINK'

    def __init__(self, target):
        super().__init__('link<%s>' % target, None)
        self.target = target        # class name; the Class object once resolved

    @property
    def c_struct(self):
        return 'QmpLink'

    @property
    def storage(self):
        return 'QmpLink '

    @property
    def row(self):
        return 'link_to_' + c_part(self.target.name)


class Member:
    """A member of a struct, an argument, or a property."""

    def __init__(self, name, optional, pos):
        self.name = name
        self.optional = optional
        self.pos = pos
        self.type = None
        self.doc = ''
        self.features = ()
        self.default = None         # constant; see has_default
        self.has_default = False
        self.min = self.max = None
        self.only = []              # constants: the values that are supported; []: all
        self.only_pos = None
        self.internal = self.readonly = self.secret = self.exclusive = self.run = False
        self.lenient = False        # a wrapped branch that takes strings for scalars
        self.bits = []              # (leaf or MSR, subleaf, register, bit) of a CPU's feature
        self.bit_flags = []         # QMP_CPUID_* of a feature, without the prefix
        self.needs = []             # (name, position) of features that it depends on
        self.aliases = []           # other names that requests may use
        self.hex = False            # an argument of a trace point that is shown in hexadecimal
        self.part = None            # name of the part that it is forwarded to

    @property
    def cname(self):
        return c_name(self.name)

    @property
    def always(self):
        """A read-only member without `*` reads as zero until it is set."""
        return self.readonly and not self.optional

    @property
    def has(self):
        """Whether C has a has_NAME beside it."""
        return self.optional and not self.has_default and self.type.inline


class Struct(Type):
    kind = 'STRUCT'

    def __init__(self, name, pos):
        super().__init__(name, pos)
        self.base = None            # Struct
        self.own = []
        self.members = []           # base's first
        self.unsupported = []       # (name, why) of members that are refused; own ones

    def uses(self):
        return [m.type for m in self.members]


class Branch:
    """One branch of a union: value of the tag, and its struct or None."""

    def __init__(self, name, type_, pos, wrapped=False):
        self.name = name
        self.type = type_
        self.pos = pos
        self.wrapped = wrapped


class Union(Struct):
    kind = 'UNION'

    def __init__(self, name, pos):
        super().__init__(name, pos)
        self.tag_name = None
        self.tag = 0                # index in members
        self.branches = []          # one for each value of the tag's enum

    def uses(self):
        return super().uses() + [b.type for b in self.branches if b.type]


class Wrapper(Struct):
    """Branch type of a wrapped branch: the only member, `data` if it has no other name."""

    def __init__(self, name, inner, key, lenient, pos):
        super().__init__(name, pos)
        member = Member(key, False, pos)
        member.type = inner
        member.lenient = lenient
        member.doc = 'the members of %s' % inner.name
        self.own = self.members = [member]


class Alternate(Type):
    kind = 'ALTERNATE'

    def __init__(self, name, pos):
        super().__init__(name, pos)
        self.branches = []          # Member

    def uses(self):
        return [b.type for b in self.branches]

    def constant(self, branch):
        return upper(self.name) + '_' + c_part(branch.name).upper()


class ClassUnion(Struct):
    kind = 'CLASS_UNION'

    def __init__(self, name, pos):
        super().__init__(name, pos)
        self.tag_name = None
        self.root = None            # Class
        self.flag = None            # 'user-creatable', or None
        self.classes = []           # concrete ones, by name


class Command:
    def __init__(self, name, pos):
        self.name = name
        self.pos = pos
        self.doc = None
        self.args = None            # Struct, Union or ClassUnion
        self.ret = None
        self.flags = {}             # async, oob, query, lenient, whole, during-build: bool
        self.states = None          # names, or None for all
        self.features = ()
        self.raw_reply = None

    @property
    def during_build(self):
        """Whether it is executed at once although a build waits."""
        return any(self.flags[key] for key in ('query', 'oob', 'during-build'))


class Event:
    def __init__(self, name, pos):
        self.name = name
        self.pos = pos
        self.doc = None
        self.data = None            # Struct
        self.features = ()
        self.rate = None            # Rate; None: as often as it happens


class Rate:
    """How often an event may go out: once in `ms` for each value of member `key`;
    with `when`, only those in which that member is true count."""

    def __init__(self, ms, key, when, pos):
        self.ms = ms
        self.key = key              # name of a member of type str, or None
        self.when = when            # name of a member of type bool, or None
        self.pos = pos              # of the expression's 'rate'

    def text(self):
        """For people, as schema text."""
        often = 'a second' if self.ms == 1000 else 'in %d ms' % self.ms
        return ('at most one %s%s%s. Of those in between, only the last comes: when the time is '
                'over, or right before an event that happened after it' % (
                    often, ' for each `%s`' % self.key if self.key else '',
                    ', of those with `%s` true' % self.when if self.when else ''))


class Trace:
    """A trace point: something that happens to an object of a class."""
    features = ()

    def __init__(self, name, pos):
        self.name = name
        self.pos = pos
        self.doc = None
        self.klass = None           # Class
        self.args = []              # Member

    @property
    def constant(self):
        return 'TRACE_' + self.name.upper()
