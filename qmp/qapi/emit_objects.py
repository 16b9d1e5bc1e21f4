# SPDX-License-Identifier: GPL-2.0-or-later
"""qom/qapi-objects-FILE.h: casts of the classes in a file of the schema, and their properties.

`struct` of a class names the C struct of its objects.  Each such struct has a cast to it, and
each props struct a function that returns it.  What they take is the class's own struct or one of
an ancestor, which the compiler checks; whether the object is of the class is checked at run time,
in builds that check (qom/object.h).
"""

from . import cwriter, emit_headers
from .names import c_part, upper

GUARD = 'QOM_QAPI_OBJECTS'


def emit(schema):
    """{ path: lines } of all headers."""
    files = {}
    for klass in schema.classes:
        if _has_cast(klass) or _has_props(klass):
            files.setdefault(emit_headers.module_of(klass), []).append(klass)
    return {'qom/qapi-objects-%s.h' % module: _header(module, classes)
            for module, classes in files.items()}


def function_names(klass):
    """C names of the functions about klass."""
    return (['to_' + _snake(klass.struct)] if _has_cast(klass) else []) + \
        ([_props_function(klass)] if _has_props(klass) else [])


def _has_cast(klass):
    """Whether it has a struct of its own; each object is of the base class."""
    return 'struct' in klass.obj and klass.parent is not None


def _has_props(klass):
    return bool(klass.own_props and klass.own_props.members and klass.struct)


def _snake(struct):
    return upper(struct).lower()


def _props_function(klass):
    return c_part(klass.name).lower() + '_props'


def _structs(klass):
    """C structs that an object of the class may be pointed at by, base first."""
    chain = [k for k in reversed([klass] + klass.ancestors) if 'struct' in k.obj]
    return list(dict.fromkeys(k.struct for k in chain))


def _header(module, classes):
    guard = '%s_%s_H' % (GUARD, c_part(module).upper())
    out = cwriter.head("Objects of the schema's file %s" % module, guard,
                       ['qmp/qapi-types-%s.h' % module, 'qom/object.h'])
    names = sorted({s for k in classes for s in _structs(k)})
    out += ['typedef struct %s %s;' % (name, name) for name in names] + ['']
    for klass in classes:
        out += _pointer(klass)
        if _has_cast(klass):
            out += _function(klass, klass.struct, 'to_' + _snake(klass.struct),
                             'object_cast')
        if _has_props(klass):
            out += _function(klass, klass.props_name, _props_function(klass),
                             'object_cast_props')
    return out + cwriter.tail(guard)


def _pointer_name(klass):
    return klass.props_name[:-len('Props')] + 'Pointer'


def _pointer(klass):
    members = ['    const %s *%s;' % (s, _snake(s)) for s in _structs(klass)]
    return ['/* %s */' % klass.name, 'typedef union {'] + members + \
        ['} %s __attribute__((transparent_union));' % _pointer_name(klass), '']


def _function(klass, result, name, cast):
    return ['static inline %s *%s(%s pointer)' % (result, name, _pointer_name(klass)), '{',
            '    return %s(pointer.object, &%s);' % (cast, klass.row), '}', '']
