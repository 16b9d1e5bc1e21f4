# SPDX-License-Identifier: GPL-2.0-or-later
"""Members, arguments and properties as Rows: type, default, bounds, attributes."""

import json

from .docs_model import Row
from .docs_text import Inline, joined
from .fields import MSR_REGISTER
from .parser import Hex
from .types import Builtin, Wrapper

UNITS = {'STR': ('character', 'characters'), 'LIST': ('element', 'elements')}
BINARY = ((1 << 40, 'TiB'), (1 << 30, 'GiB'), (1 << 20, 'MiB'), (1 << 10, 'KiB'))
REGISTERS = ('eax', 'ebx', 'ecx', 'edx')
FLAGS = (('internal', 'internal: only machine types set it'), ('readonly', 'read-only'),
         ('secret', 'secret'), ('exclusive', 'no other object may link to the same'),
         ('run', 'settable at run time'))


def code(text):
    return Inline(text, True)


def value_anchor(enum, value):
    return 'type-%s.%s' % (enum.name, value)


def values_of(*types):
    """{ value: anchor } of those types that are enums, or lists of one."""
    scope = {}
    for type_ in types:
        type_ = getattr(type_, 'element', type_)
        if type_.kind == 'ENUM' and isinstance(type_.values, list):
            scope.update((v, value_anchor(type_, v)) for v in type_.names())
    return scope


def constant(type_, value):
    """Inlines of a default, bound or other constant of a type."""
    if type_.kind == 'ENUM':
        return [Inline(value, True, value_anchor(type_, value))]
    if isinstance(value, bool) or not isinstance(value, int):
        return [code(json.dumps(value))]
    if type_.kind == 'SIZE':
        for unit, word in BINARY:
            if value and value % unit == 0:
                return [code('%d' % value), Inline(' (%d %s)' % (value // unit, word))]
    extra = ' (0x%x)' % value if isinstance(value, Hex) and value > 9 else ''
    return [code('%d' % value)] + ([Inline(extra)] if extra else [])


def bounds(member):
    """Inlines of what a value's range or length is, or nothing."""
    low, high, type_ = member.min, member.max, member.type
    one, many = UNITS.get(type_.kind, ('', ''))
    if type_.kind in UNITS:
        type_ = Builtin('int')
    last = high if high is not None else low
    unit = [Inline(' ' + (one if last == 1 else many))] if many else []
    if low is None and high is None:
        return []
    if high is None:
        return [Inline('at least ')] + constant(type_, low) + unit
    if low is None:
        return [Inline('at most ')] + constant(type_, high) + unit
    if low == high:
        return [Inline('exactly ')] + constant(type_, low) + unit
    return constant(type_, low) + [Inline(' to ')] + constant(type_, high) + unit


def supported(member):
    """Inlines of the only values that are supported, or nothing."""
    type_ = member.type
    type_ = type_.members[type_.tag].type if member.only and type_.kind == 'UNION' else type_
    values = joined(constant(type_, value) for value in member.only)
    return [Inline('only ')] + values if values else []


def place(bit):
    """Where a bit of a feature is."""
    leaf, subleaf, reg, number = bit
    if reg == MSR_REGISTER:
        return [Inline('MSR %X[%d]' % (leaf, number))]
    where = '%X' % leaf + (':%X' % subleaf if subleaf else '')
    return [Inline('CPUID %s.%s[%d]' % (where, REGISTERS[reg], number))]


class FieldWriter:
    """Makes Rows; `labels` has what is said in place of a generated struct's name."""

    def __init__(self, names):
        self.names = names
        self.labels = {}            # Type -> Inlines

    def type(self, type_):
        """Inlines that name a type and lead to it."""
        if type_ in self.labels:
            return self.labels[type_]
        if type_.kind == 'LIST':
            return [Inline('list of ')] + self.type(type_.element)
        if type_.kind == 'LINK':
            return [Inline('link to ')] + [self.names.ref(type_.target.name)]
        if isinstance(type_, Wrapper):
            return [Inline('object '), code(type_.own[0].name), Inline(' with ')] + \
                self.type(type_.own[0].type)
        return [Inline(type_.name, True, 'type-' + type_.name)]

    def row(self, member, owner, scope, requests=False, default=None):
        """owner: anchor of the entry that declares it, or None if it is shown again; default:
        the one that a class gives to an inherited property."""
        row = Row(member.name, '%s.%s' % (owner, member.name) if owner else None)
        row.type = self.type(member.type)
        row.notes = self.notes(member, requests, default)
        row.paragraphs = self.names.paragraphs(member.doc, values_of(member.type), scope)
        return row

    def notes(self, member, requests, default):
        notes = []
        if default is not None:
            notes.append([Inline('default ')] + constant(member.type, default))
        elif member.has_default and not member.readonly:
            notes.append([Inline('default ')] + constant(member.type, member.default))
        elif member.optional and not member.readonly:
            notes.append([Inline('optional')])
        elif requests and not member.readonly:
            notes.append([Inline('required')])
        notes += [n for n in [bounds(member), supported(member)] if n]
        notes += [[Inline(f)] for f in member.features]
        notes += [[Inline(words)] for key, words in FLAGS if getattr(member, key)]
        notes += [place(bit) for bit in member.bits]
        if member.needs:
            notes.append([Inline('needs ')] + joined([code(n)] for n, _ in member.needs))
        if member.aliases:
            notes.append([Inline('also ')] + joined([code(a)] for a in member.aliases))
        return notes

    def names_of(self, members, owner):
        """Inlines: the members' names, each with its link."""
        return joined([Inline(m.name, True, '%s.%s' % (owner, m.name))] for m in members)
