# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-types.c: the rows of all types, whose structs emit_headers.py declares.

The compiler does the layout: rows say offsetof and sizeof.  The rows of
classes, which end the same file, come from emit_classes.py.
"""

from . import cwriter, emit_classes, emit_commands, emit_events
from .cwriter import flags
from .emit_headers import types_with_rows
from .names import c_name, c_part
from .rowtables import RowTables, class_id


def emit(schema):
    """{ path: lines } of the file."""
    return {'qmp/qapi-types.c': _source(schema)}


# -- rows ----------------------------------------------------------------------

def _source(schema):
    out = cwriter.head('Rows of the schema\'s types and classes', None,
                       ['qmp/dispatch.h', 'qmp/event.h', 'qmp/qapi-types.h'])
    out += ['#include <stddef.h>', '']
    links = list(schema.links.values())
    types = types_with_rows(schema)
    tables = RowTables(links + types)
    for link in links:
        out += _row('static const QmpType ' + link.row, link,
                    ['.size = sizeof(QmpLink)', '.target = ' + class_id(link.target)], tables)
    for type_ in types:
        fields = _FIELDS.get(type_.kind, _builtin_fields)(type_, tables)
        out += _row('const QmpType ' + type_.row, type_, fields, tables)
    out += emit_classes.definitions(schema, tables) + emit_commands.argument_table(schema)
    out += emit_events.name_table(schema)
    return out + [''] + tables.definitions()


def _row(declarator, type_, fields, tables):
    out = [declarator + ' = {', '    .name = %s,' % tables.name(type_.name),
           '    .kind = QMP_KIND_%s,' % type_.kind]
    out += ['    %s,' % field for field in fields]
    if type_.doc is not None:
        out.append('    .doc = %d,' % tables.doc(type_.doc.text()))
    return out + ['};', '']


def _builtin_fields(type_, tables):
    return ['.size = sizeof(%s)' % type_.c_struct]


def _enum_fields(enum, tables):
    names = enum.names()
    order = sorted(range(len(names)), key=lambda i: names[i])
    first = tables.add('values', ['{ .name = %s, .doc = %d, .flags = %s }' % (
        tables.name(value.name), tables.doc(value.doc),
        flags('QMP_MEMBER_', [f.upper() for f in value.features])) for value in enum.values])
    tables.add('sorted', ['%d' % i for i in order])
    return ['.size = sizeof(%s)' % enum.name, '.values = %d' % first, '.n_values = %d' % len(names)]


def _list_fields(type_, tables):
    return ['.size = sizeof(%s)' % type_.name, '.element = ' + tables.type(type_.element)]


def member_flags(member):
    names = []
    if member.optional or member.always:
        names.append('OPTIONAL')
    if member.has_default or (member.always and member.type.inline):
        names.append('HAS_DEFAULT')
    names += ['HAS_MIN'] if member.min is not None else []
    names += ['HAS_MAX'] if member.max is not None else []
    names += [f.upper() for f in member.features]
    names += [key.upper() for key in ('internal', 'readonly', 'run', 'secret', 'exclusive', 'lenient')
              if getattr(member, key)]
    names += ['ALIAS'] if member.aliases else []
    return flags('QMP_MEMBER_', names)


def _member_fields(owner, member, tables):
    has = 'offsetof(%s, has_%s)' % (owner, c_part(member.name)) if member.has else '-1'
    yield '.name = ' + tables.name(member.name)
    yield '.type = ' + tables.type(member.type)
    yield '.offset = offsetof(%s, %s)' % (owner, member.cname)
    yield '.has_offset = ' + has
    yield '.flags = ' + member_flags(member)
    if member.has_default:
        yield '.def = ' + tables.constant(member.type, member.default)
    for key in ('min', 'max'):
        if getattr(member, key) is not None:
            yield '.%s = %s' % (key, _bound(member.type, getattr(member, key), tables))
    if member.only:
        type_ = member.type.members[member.type.tag].type if member.type.kind == 'UNION' \
            else member.type
        yield '.only = %d' % tables.add('only', [tables.constant(type_, v) for v in member.only])
        yield '.n_only = %d' % len(member.only)
    if member.part:
        yield '.part = ' + tables.name(member.part)
    yield '.doc = %d' % tables.doc(member.doc)


def _bound(type_, value, tables):
    """A bound: a length for str and list, otherwise a constant of the type."""
    if type_.kind in ('STR', 'LIST'):
        return '{ .u = %d }' % value
    return tables.constant(type_, value)


def _struct_fields(type_, tables):
    fields = ['.size = sizeof(%s)' % type_.name]
    if type_.unsupported:
        first = tables.add('unsupported', ['{ %s, %s }' % (tables.name(name), tables.name(why))
                                           for name, why in type_.unsupported])
        fields += ['.unsupported = %d' % first, '.n_unsupported = %d' % len(type_.unsupported)]
    if type_.members:
        first = tables.add('members', [
            '{ /* %s */\n        %s\n    }' % (
                type_.name, ',\n        '.join(_member_fields(type_.name, member, tables)))
            for member in type_.members])
        fields += ['.members = %d' % first, '.n_members = %d' % len(type_.members)]
    return fields


def _branch_fields(type_, tables):
    rows = []
    for branch in type_.branches:
        row = tables.type(branch.type) if branch.type else '0'
        doc = ', .doc = %d' % tables.doc(branch.doc) if type_.kind == 'ALTERNATE' else ''
        rows.append('{ .name = %s, .type = %s%s }' % (tables.name(branch.name), row, doc))
    return ['.branches = %d' % tables.add('branches', rows), '.n_branches = %d' % len(rows),
            '.u_offset = offsetof(%s, u)' % type_.name]


def _union_fields(union, tables):
    tag = union.members[union.tag]
    return _struct_fields(union, tables) + _branch_fields(union, tables) + [
        '.tag = %d' % union.tag, '.tag_offset = offsetof(%s, %s)' % (union.name, tag.cname),
        '.tag_name = ' + tables.name(union.tag_name)]


def _alternate_fields(type_, tables):
    return ['.size = sizeof(%s)' % type_.name,
            '.tag_offset = offsetof(%s, type)' % type_.name] + _branch_fields(type_, tables)


def _class_union_fields(union, tables):
    name = union.name
    flag = 'QMP_CLASS_USER_CREATABLE' if union.flag else '0'
    return _struct_fields(union, tables) + [
        '.tag_name = ' + tables.name(union.tag_name),
        '.tag_offset = offsetof(%s, %s)' % (name, c_name(union.tag_name)),
        '.u_offset = offsetof(%s, props)' % name, '.given_offset = offsetof(%s, given)' % name,
        '.root = ' + class_id(union.root), '.root_flags = ' + flag]


_FIELDS = {'ENUM': _enum_fields, 'LIST': _list_fields, 'STRUCT': _struct_fields,
           'UNION': _union_fields, 'ALTERNATE': _alternate_fields,
           'CLASS_UNION': _class_union_fields}
