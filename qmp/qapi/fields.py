# SPDX-License-Identifier: GPL-2.0-or-later
"""Members with their attributes, and constants of a member's type.

Used for structs, arguments and events as well as for classes' properties.
"""

import math
import re

from .errors import SchemaError
from .names import check_name
from .parser import Arr, Obj, shown
from .types import Builtin, Member

COMMON = {'type', 'link', 'exclusive', 'default', 'min', 'max', 'features', 'secret', 'only'}
FEATURE = {'needs', 'tcg', 'chosen', 'off', 'migratable'}    # of a property that is a CPU's feature
PROPERTY = COMMON | FEATURE | {'internal', 'settable', 'readonly', 'cpuid', 'msr', 'alias'}
TRACE = {'type', 'hex'}
FEATURES = ('unstable', 'deprecated')
CPUID = re.compile(r'([0-9A-Fa-f]{1,8})(?::([0-9A-Fa-f]{1,8}))?\.(eax|ebx|ecx|edx)\[([0-9]+)\]$')
MSR = re.compile(r'([0-9A-Fa-f]{1,8})\[([0-9]+)\]$')
MSR_REGISTER = 4                # stands for a register of CPUID
# attribute -> its values, each with the flag of QmpCpuidBit that it becomes
WAYS = {'tcg': {'host': 'TCG_HOST', 'always': 'TCG_ALWAYS'},
        'chosen': {'always': 'CHOSEN', 'never': 'NOT_CHOSEN'},
        'off': {'kvm': 'OFF_KVM', 'tcg': 'OFF_TCG'}}


def want_bool(obj, key):
    value = obj.get(key, False)
    if not isinstance(value, bool):
        raise SchemaError(obj.at[key], 'not-bool', key=key)
    return value


def parse_features(obj, known=FEATURES):
    """The list `features` of an expression, member or value."""
    features = obj.get('features', [])
    if not isinstance(features, list):
        raise SchemaError(obj.at['features'], 'features-list')
    for i, feature in enumerate(features):
        if feature not in known:
            raise SchemaError(features.at[i], 'unknown-feature', feature=feature,
                              known=', '.join(known))
        if feature in features[:i]:
            raise SchemaError(features.at[i], 'feature-twice', feature=feature)
    return tuple(features)


class FieldParser:
    """Makes Members of `'*name': TYPE` pairs; `schema` resolves type names."""

    def __init__(self, schema, owner, doc, known=COMMON):
        self.schema = schema
        self.owner = owner
        self.doc = doc
        self.known = known
        self.unsupported = []       # (name, why)

    def parse(self, obj, pos):
        if not isinstance(obj, Obj):
            raise SchemaError(pos, 'members-object', owner=self.owner)
        names = set()
        members = []
        for key, value in obj.items():
            name = key[1:] if key.startswith('*') else key
            if isinstance(value, Obj) and 'unsupported' in value:
                self._unsupported(name, key, value, obj.at[key])
            else:
                members.append(self._member(key, value, obj.at[key]))
            if name in names:
                raise SchemaError(obj.at[key], 'duplicate-member', name=name, owner=self.owner)
            names.add(name)
        return members

    def _unsupported(self, name, key, value, pos):
        """What clients may know of other programs, and is refused by its name."""
        check_name('member', name, pos, self.schema.text.exceptions)
        why = value['unsupported']
        if not key.startswith('*') or len(value) > 1 or not isinstance(why, str) or not why:
            raise SchemaError(pos, 'unsupported-form', name=name)
        self.unsupported.append((name, why))

    def _member(self, key, value, pos):
        name = key[1:] if key.startswith('*') else key
        check_name('member', name, pos, self.schema.text.exceptions)
        member = Member(name, key.startswith('*'), pos)
        member.doc = self.doc.member(name)
        if isinstance(value, Obj):
            self._attributes(member, value)
        else:
            member.type = self.schema.resolve(value, pos)
        return member

    def _attributes(self, member, obj):
        for key in obj:
            if key not in self.known:
                raise SchemaError(obj.at[key], 'unknown-attribute', key=key, name=member.name)
        if ('type' in obj) == ('link' in obj):
            raise SchemaError(member.pos, 'type-or-link', name=member.name)
        if 'link' in obj:
            member.type = self.schema.link(obj['link'], obj.at['link'])
        else:
            member.type = self.schema.resolve(obj['type'], obj.at['type'])
        member.features = parse_features(obj)
        for key in ('secret', 'exclusive', 'internal', 'readonly', 'hex'):
            setattr(member, key, want_bool(obj, key))
        if member.exclusive and 'link' not in obj:
            raise SchemaError(obj.at['exclusive'], 'exclusive', name=member.name)
        member.run = self._settable(member, obj)
        self._feature(member, obj)
        self._aliases(member, obj)
        if 'only' in obj:           # checked when all types are known
            only = obj['only']
            member.only = list(only) if isinstance(only, Arr) else [only]
            member.only_pos = obj.at['only']
        self._constants(member, obj)

    def _settable(self, member, obj):
        when = obj.get('settable', 'build')
        if when not in ('build', 'run'):
            raise SchemaError(obj.at['settable'], 'settable', name=member.name)
        if member.readonly and ('settable' in obj or member.internal):
            raise SchemaError(member.pos, 'readonly-set', name=member.name)
        return when == 'run'

    def _feature(self, member, obj):
        """A bit, or several, of CPUID or of MSRs that a bool property stands for."""
        for key, parse in (('cpuid', _cpuid_bit), ('msr', _msr_bit)):
            if key in obj:
                pos = obj.at[key]
                if self.owner != 'x86_64-cpu' or member.type.name != 'bool':
                    raise SchemaError(pos, 'cpuid-where', key=key, name=member.name)
                member.bits += [parse(member, place, pos) for place in _several(obj[key])]
                self.schema.feature(member, pos)
        for key in FEATURE:
            if key in obj and not member.bits:
                raise SchemaError(obj.at[key], 'feature-only', key=key, name=member.name)
        for key, ways in WAYS.items():
            for way in _several(obj.get(key, Arr(member.pos))):
                if way not in ways:
                    raise SchemaError(obj.at[key], 'feature-way', key=key, name=member.name,
                                      known=' or '.join("'%s'" % w for w in ways))
                member.bit_flags.append(ways[way])
        if 'migratable' in obj:
            if obj['migratable'] is not False:
                raise SchemaError(obj.at['migratable'], 'feature-way', key='migratable',
                                  name=member.name, known='false')
            member.bit_flags.append('UNMIGRATABLE')
        member.needs = _names(member, obj, 'needs')

    def _aliases(self, member, obj):
        member.aliases = [name for name, _ in _names(member, obj, 'alias')]
        for name, pos in _names(member, obj, 'alias'):
            check_name('member', name, pos, self.schema.text.exceptions)

    def _constants(self, member, obj):
        """Bounds and default; the default is checked when enums are known."""
        for key in ('min', 'max'):
            if key in obj:
                setattr(member, key, _bound(member, key, obj[key], obj.at[key]))
        if member.min is not None and member.max is not None and member.min > member.max:
            raise SchemaError(obj.at['min'], 'min-max', name=member.name)
        if 'default' not in obj:
            return
        if not member.optional:
            raise SchemaError(obj.at['default'], 'default-required', name=member.name)
        member.default = obj['default']
        member.has_default = True
        check_constant(member, obj['default'], obj.at['default'])


def _several(value):
    """What is a list, or stands for one with a single element."""
    return value if isinstance(value, Arr) else [value]


def _cpuid_bit(member, text, pos):
    match = isinstance(text, str) and CPUID.match(text)
    if not match or int(match.group(4)) > 31:
        raise SchemaError(pos, 'cpuid-form', name=member.name)
    leaf, subleaf, reg, bit = match.groups()
    return (int(leaf, 16), int(subleaf or '0', 16), ('eax', 'ebx', 'ecx', 'edx').index(reg),
            int(bit))


def _msr_bit(member, text, pos):
    match = isinstance(text, str) and MSR.match(text)
    if not match or int(match.group(2)) > 63:
        raise SchemaError(pos, 'msr-form', name=member.name)
    return (int(match.group(1), 16), 0, MSR_REGISTER, int(match.group(2)))


def _names(member, obj, key):
    """Pairs of a name in a list, and its position."""
    names = obj.get(key, [])
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise SchemaError(obj.at[key], 'names-list', key=key, name=member.name)
    return list(zip(names, names.at)) if names else []


def _bound(member, key, value, pos):
    """A bound must be a number that the type can hold, or a length."""
    kind = member.type.kind
    if kind == 'NUMBER':
        good = _is_number(value)
    elif kind in ('STR', 'LIST'):
        good = _is_int(value) and 0 <= value < 1 << 32
    elif isinstance(member.type, Builtin) and member.type.range:
        low, high = member.type.range
        good = _is_int(value) and low <= value <= high
    else:
        raise SchemaError(pos, 'bound-type', key=key, name=member.name, type=member.type.name)
    if not good:
        raise SchemaError(pos, 'bound-value', key=key, name=member.name, type=member.type.name)
    return value


def _is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value):
    return _is_int(value) or isinstance(value, float) and math.isfinite(value)


def _has_type(type_, value):
    kind = type_.kind
    if kind == 'BOOL':
        return isinstance(value, bool)
    if kind in ('STR', 'LINK'):
        return isinstance(value, str)
    if kind == 'ENUM':
        return isinstance(value, str) and value in type_.names()
    if kind == 'NUMBER':
        return _is_number(value)
    if kind == 'LIST':
        return isinstance(value, Arr) and not value
    low, high = type_.range
    return _is_int(value) and low <= value <= high


def _takes_text(type_):
    return type_.kind == 'ALTERNATE' and any(b.type.kind == 'STR' for b in type_.branches)


def check_entry_constant(member, value, pos):
    """The same for `props` of an entry, which can give a string to an alternate."""
    if not (_takes_text(member.type) and isinstance(value, str)):
        check_constant(member, value, pos)


def check_constant(member, value, pos):
    """value must be a constant that a request could give for member."""
    kind = member.type.kind
    if kind in ('STRUCT', 'UNION', 'ALTERNATE', 'CLASS_UNION', 'ANY', 'NULL'):
        raise SchemaError(pos, 'no-constant', name=member.name, type=member.type.name)
    if not _has_type(member.type, value):
        raise SchemaError(pos, 'constant-type', name=member.name, type=member.type.name,
                          value=shown(value))
    measure = len(value) if kind in ('STR', 'LIST') else value
    low, high = member.min, member.max
    if low is not None and measure < low or high is not None and measure > high:
        raise SchemaError(pos, 'constant-bounds', name=member.name, value=shown(value),
                          low='-' if low is None else low, high='-' if high is None else high)
    if member.only and value not in member.only:
        raise SchemaError(pos, 'constant-only', name=member.name, value=shown(value))
