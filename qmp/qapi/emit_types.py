# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-types.c: the rows of all types, whose structs emit_headers.py declares.

The compiler does the layout: rows say offsetof and sizeof.  The rows of
classes, which end the same file, come from emit_classes.py.
"""

from . import cwriter, emit_classes, emit_commands, emit_events
from .cwriter import bound, flags, literal, scalar
from .emit_headers import types_with_rows
from .names import c_name, c_part


def emit(schema):
    """{ path: lines } of the file."""
    return {'qmp/qapi-types.c': _source(schema)}


# -- rows ----------------------------------------------------------------------

def _source(schema):
    out = cwriter.head('Rows of the schema\'s types and classes', None,
                       ['qmp/dispatch.h', 'qmp/event.h', 'qmp/qapi-types.h'])
    out += ['#include <stddef.h>', '']
    docs = cwriter.TextPool()
    for link in schema.links.values():
        out += _row('static const QmpType ' + link.row, link,
                    ['.size = sizeof(QmpLink)', '.target = &' + link.target.row], docs)
    for type_ in types_with_rows(schema):
        out += _ROWS.get(type_.kind, _builtin_row)(type_, docs)
    out += emit_classes.definitions(schema, docs) + emit_commands.argument_table(schema)
    out += emit_events.name_table(schema)
    return out + [''] + docs.definition('qmp_docs')


def _row(declarator, type_, fields, docs):
    out = [declarator + ' = {', '    .name = %s,' % literal(type_.name),
           '    .kind = QMP_KIND_%s,' % type_.kind]
    out += ['    %s,' % field for field in fields]
    if type_.doc is not None:
        out.append('    .doc = %d,' % docs.offset(type_.doc.text()))
    return out + ['};', '']


def _type_row(type_, fields, docs):
    return _row('const QmpType ' + type_.row, type_, fields, docs)


def _builtin_row(type_, docs):
    return _type_row(type_, ['.size = sizeof(%s)' % type_.c_struct], docs)


def _enum_row(enum, docs):
    names = enum.names()
    out = ['static const QmpEnumValue values_%s[] = {' % enum.name]
    for value in enum.values:
        out.append('    { .name = %s, .doc = %d, .flags = %s },' % (
            literal(value.name), docs.offset(value.doc),
            flags('QMP_MEMBER_', [f.upper() for f in value.features])))
    order = sorted(range(len(names)), key=lambda i: names[i])
    out += ['};', '', 'static const guint16 sorted_%s[] = { %s };' % (
        enum.name, ', '.join(str(i) for i in order)), '']
    return out + _type_row(enum, [
        '.size = sizeof(%s)' % enum.name, '.values = values_' + enum.name,
        '.sorted = sorted_' + enum.name, '.n_values = %d' % len(names)], docs)


def _list_row(type_, docs):
    return _type_row(type_, ['.size = sizeof(%s)' % type_.name,
                             '.element = &' + type_.element.row], docs)


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
    return flags('QMP_MEMBER_', names)


def _member_row(owner, member, docs):
    has = 'offsetof(%s, has_%s)' % (owner, c_part(member.name)) if member.has else '-1'
    out = ['    {', '        .name = %s,' % literal(member.name),
           '        .type = &%s,' % member.type.row,
           '        .offset = offsetof(%s, %s),' % (owner, member.cname),
           '        .has_offset = %s,' % has,
           '        .flags = %s,' % member_flags(member)]
    if member.has_default:
        out.append('        .def = %s,' % scalar(member.type, member.default))
    for key in ('min', 'max'):
        if getattr(member, key) is not None:
            out.append('        .%s = %s,' % (key, bound(member.type, getattr(member, key))))
    if member.only:
        type_ = member.type.members[member.type.tag].type if member.type.kind == 'UNION' \
            else member.type
        out += ['        .only = (const QmpScalar[]){ %s },' % ', '.join(
            scalar(type_, value) for value in member.only), '        .n_only = %d,' % len(member.only)]
    if member.part:
        out.append('        .part = %s,' % literal(member.part))
    return out + ['        .doc = %d,' % docs.offset(member.doc), '    },']


def _members(type_, docs):
    """The member table, and the fields of the type row that name it."""
    fields = ['.size = sizeof(%s)' % type_.name]
    if type_.unsupported:
        fields += ['.unsupported = (const QmpUnsupported[]){ %s }' % ', '.join(
            '{ %s, %s }' % (literal(name), literal(why)) for name, why in type_.unsupported),
            '.n_unsupported = %d' % len(type_.unsupported)]
    if not type_.members:
        return [], fields
    out = ['static const QmpMember members_%s[] = {' % type_.name]
    for member in type_.members:
        out += _member_row(type_.name, member, docs)
    fields += ['.members = members_' + type_.name, '.n_members = %d' % len(type_.members)]
    return out + ['};', ''], fields


def _branches(type_, docs):
    out = ['static const QmpBranch branches_%s[] = {' % type_.name]
    for branch in type_.branches:
        row = '&' + branch.type.row if branch.type else 'NULL'
        doc = ', .doc = %d' % docs.offset(branch.doc) if type_.kind == 'ALTERNATE' else ''
        out.append('    { .name = %s, .type = %s%s },' % (literal(branch.name), row, doc))
    return out + ['};', ''], ['.branches = branches_' + type_.name,
                              '.n_branches = %d' % len(type_.branches),
                              '.u_offset = offsetof(%s, u)' % type_.name]


def _struct_row(type_, docs):
    out, fields = _members(type_, docs)
    return out + _type_row(type_, fields, docs)


def _union_row(union, docs):
    out, fields = _members(union, docs)
    more, branch_fields = _branches(union, docs)
    tag = union.members[union.tag]
    return out + more + _type_row(union, fields + branch_fields + [
        '.tag = %d' % union.tag, '.tag_offset = offsetof(%s, %s)' % (union.name, tag.cname),
        '.tag_name = %s' % literal(union.tag_name)], docs)


def _alternate_row(type_, docs):
    out, fields = _branches(type_, docs)
    return out + _type_row(type_, ['.size = sizeof(%s)' % type_.name,
                                   '.tag_offset = offsetof(%s, type)' % type_.name] + fields,
                           docs)


def _class_union_row(union, docs):
    out, fields = _members(union, docs)
    name = union.name
    flag = 'QMP_CLASS_USER_CREATABLE' if union.flag else '0'
    return out + _type_row(union, fields + [
        '.tag_name = %s' % literal(union.tag_name),
        '.tag_offset = offsetof(%s, %s)' % (name, c_name(union.tag_name)),
        '.u_offset = offsetof(%s, props)' % name, '.given_offset = offsetof(%s, given)' % name,
        '.root = &' + union.root.row, '.root_flags = ' + flag], docs)


_ROWS = {'ENUM': _enum_row, 'LIST': _list_row, 'STRUCT': _struct_row, 'UNION': _union_row,
         'ALTERNATE': _alternate_row, 'CLASS_UNION': _class_union_row}
