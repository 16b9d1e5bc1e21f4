# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-types-FILE.h: enums and structs of a file of the schema, and its rows' names.

A header includes those whose types it holds by value.  What is pointed at is
declared, no more: so a change in one file rebuilds what that file is about.
qmp/qapi-types.h includes all of them, for the rows.
"""

import os

from . import cwriter, emit_classes
from .names import c_name, c_part
from .types import BUILTIN

GUARD = 'QMP_QAPI_TYPES'
BUILT_IN = 'builtin'            # what no file defines: lists of built-in types


def emit(schema):
    """{ path: lines } of all headers."""
    modules = [BUILT_IN] + [_stem(path) for path in schema.text.files]
    files = {_path(module): _Header(schema, module).lines() for module in modules}
    files['qmp/qapi-types.h'] = cwriter.head(
        'All types of the schema', GUARD + '_H', [_path(m) for m in modules]) + \
        cwriter.tail(GUARD)
    return files


def types_with_rows(schema):
    return [schema.types[name] for name in BUILTIN] + list(schema.lists.values()) + \
        schema.user_types()


def _stem(path):
    return os.path.basename(path).rpartition('.')[0]


def _path(module):
    return 'qmp/qapi-types-%s.h' % module


def module_of(item):
    return _stem(item.pos.file) if item.pos else BUILT_IN


def _is_struct(type_):
    return type_ and type_.kind in ('LIST', 'STRUCT', 'UNION', 'ALTERNATE', 'CLASS_UNION')


def declare(types):
    """Lines that let the structs among them be pointed at."""
    return ['typedef struct %s %s;' % (name, name)
            for name in sorted({t.name for t in types if _is_struct(t)})]


def include(types):
    """Headers of those that are no structs."""
    return [_path(name) for name in sorted({module_of(t) for t in types
                                            if t and not _is_struct(t) and t.pos})]


class _Header:
    def __init__(self, schema, module):
        self.module = module
        self.rows = [t for t in types_with_rows(schema) if module_of(t) == module]
        own = [t for t in schema.user_types() if module_of(t) == module]
        self.enums = [t for t in own if t.kind == 'ENUM']
        # A union holds its branches' structs inline, so they come before it.
        self.structs = sorted((t for t in own if t.kind != 'ENUM'),
                              key=lambda t: t.kind == 'UNION')
        self.lists = [t for t in schema.lists.values() if module_of(t) == module]
        self.classes = [k for k in schema.classes if module_of(k) == module]
        self.user_types = schema.user_types()

    def lines(self):
        held, pointed = self.foreign()
        guard = '%s_%s_H' % (GUARD, c_part(self.module).upper())
        includes = sorted({module_of(t) for t in held} - {self.module})
        out = cwriter.head("Types of the schema's file %s" % self.module, guard,
                           ['qmp/type.h', 'qmp/value.h'] + [_path(m) for m in includes])
        names = [t.name for t in pointed] + [t.name for t in self.structs]
        out += ['typedef struct %s %s;' % (name, name) for name in names] + ['']
        for enum in self.enums:
            out += _enum_decl(enum)
        for type_ in self.lists:
            out += ['typedef struct %s {' % type_.name, '    gsize n;',
                    '    %s*items;' % type_.element.storage, '} %s;' % type_.name, '']
        for type_ in self.structs:
            out += _struct_decl(type_)
        out += ['extern const QmpType %s;' % t.row for t in self.rows] + ['']
        return out + emit_classes.declarations(self.classes) + cwriter.tail(guard)

    def foreign(self):
        """Types of other files: those that are held by value, and those pointed at."""
        held, pointed = {}, {}
        for type_, by_value in self.used():
            if type_.pos and module_of(type_) != self.module or \
                    by_value and type_.kind == 'LIST' and module_of(type_) != self.module:
                (held if by_value else pointed)[type_.name] = type_
        return list(held.values()), [t for name, t in pointed.items() if name not in held]

    def used(self):
        """(type, whether by value) of all that the declarations name."""
        for struct in self.structs:
            if struct.kind == 'ALTERNATE':
                members = struct.branches
            else:
                members = struct.members
            for member in members:
                yield member.type, not member.type.storage.endswith('*')
            if struct.kind == 'UNION':
                for branch in struct.branches:
                    if branch.type:
                        yield branch.type, True
        for type_ in self.lists:
            yield type_.element, not type_.element.storage.endswith('*')
        for klass in self.classes:
            yield klass.props, False


def _enum_decl(enum):
    names = ['    %s,' % enum.constant(v.name) for v in enum.values]
    return ['typedef enum {'] + names + ['    %s__MAX' % enum.prefix, '} %s;' % enum.name, '']


def _struct_decl(type_):
    out = ['struct %s {' % type_.name]
    if type_.kind == 'ALTERNATE':
        names = ', '.join(type_.constant(b) for b in type_.branches)
        out = ['enum { %s };' % names, ''] + out + ['    int type;']
    else:
        out += _member_decls(type_.members)
    if type_.kind in ('ALTERNATE', 'UNION'):
        out += ['    union {'] + ['        %s;' % d for d in _branch_decls(type_)] + ['    } u;']
    elif type_.kind == 'CLASS_UNION':
        out += ['    const QmpClass *%s;' % c_name(type_.tag_name), '    void *props;',
                '    QmpGiven *given;']
    elif not type_.members:
        out += ['    guint8 no_members;']
    return out + ['};', '']


def _member_decls(members):
    out = []
    for member in members:
        if member.has:
            out.append('    bool has_%s;' % c_part(member.name))
        out.append('    %s%s;' % (member.type.storage, member.cname))
    return out


def _branch_decls(type_):
    if type_.kind == 'ALTERNATE':
        return [b.type.storage + b.cname for b in type_.branches]
    return ['%s %s' % (b.type.c_struct, c_name(b.name)) for b in type_.branches if b.type]
