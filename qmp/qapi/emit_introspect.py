# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-introspect.h and .c: the reply of query-qmp-schema, as text.

The format is SchemaInfo as QEMU's clients know it: commands and events in the
schema's order, then the types that they use, numbered as they are met.
"""

from . import cwriter
from .cwriter import flags
from .segments import segments

GUARD = 'QMP_QAPI_INTROSPECT_H'
JSON_TYPES = {'str': 'string', 'bool': 'boolean', 'int': 'int', 'number': 'number',
              'null': 'null', 'any': 'value'}
BUILTIN = {'STR': 'str', 'LINK': 'str', 'BOOL': 'bool', 'NUMBER': 'number', 'NULL': 'null',
           'ANY': 'any'}


def emit(schema):
    """{ path: lines } of both files."""
    pieces = segments(schema, schema_infos(schema))
    text = ''.join(piece for piece, _ in pieces)
    header = cwriter.head('Reply of query-qmp-schema', GUARD, ['qmp/dispatch.h'])
    header += ['/* Bytes of the text, without the final NUL, and pieces of it. */',
               '#define QMP_INTROSPECT_LENGTH %d' % len(text),
               '#define QMP_INTROSPECT_SEGMENTS %d' % len(pieces), '',
               'extern const char qmp_introspect[];', 'extern const gsize qmp_introspect_length;',
               'extern const QmpRawSegment qmp_introspect_segments[];', '']
    source = cwriter.head('Reply of query-qmp-schema', None, ['qmp/qapi-introspect.h'])
    source += ['const char qmp_introspect[] =', cwriter.long_literal(text) + ';', '',
               'const gsize qmp_introspect_length = QMP_INTROSPECT_LENGTH;', '',
               'const QmpRawSegment qmp_introspect_segments[] = {']
    source += ['    { %d, %s },' % (len(piece), flags('QMP_MARK_', [m.upper() for m in marks]))
               for piece, marks in pieces] + ['};']
    return {'qmp/qapi-introspect.h': header + cwriter.tail(GUARD),
            'qmp/qapi-introspect.c': source}


def schema_infos(schema):
    """The list of SchemaInfo objects."""
    return _Infos().run(schema)


def wire_names(schema):
    """{ type: its name in query-qmp-schema }, built-in types included."""
    infos = _Infos()
    infos.run(schema)
    names = {t: name for t, name in infos.names.items() if not isinstance(t, str)}
    for type_ in schema.types.values():
        if type_.pos is None and BUILTIN.get(type_.kind, 'int') in infos.names:
            names[type_] = BUILTIN.get(type_.kind, 'int')
    return names


class _Empty:
    """Arguments of a command that takes none, result of one that returns nothing."""
    kind = 'STRUCT'
    name = '(nothing)'
    members = ()
    features = ()


class _Tag:
    """The enum of the class names that a class union accepts."""
    kind = 'ENUM'
    features = ()

    def __init__(self, union):
        self.name = union.name + ' tag'
        self.values = union.classes


class _Infos:
    def __init__(self):
        self.empty = _Empty()
        self.names = {}             # type object or builtin name -> name on the wire
        self.tags = {}              # class union -> _Tag
        self.todo = []
        self.count = 0

    def run(self, schema):
        out = [self._command(c) for c in schema.commands.values()]
        out += [self._event(e) for e in schema.events.values()]
        while self.todo:
            out.append(self.todo.pop(0)())
        return out

    def _use(self, type_):
        """Wire name of a type; its SchemaInfo follows once."""
        if type_.kind == 'LIST':
            name = '[%s]' % self._use(type_.element)
            if name not in self.names:
                self.names[name] = name
                self.todo.append(lambda: {'name': name, 'meta-type': 'array',
                                          'element-type': name[1:-1]})
            return name
        if type_.kind in ('ENUM', 'STRUCT', 'UNION', 'CLASS_UNION', 'ALTERNATE'):
            return self._number(type_)
        name = BUILTIN.get(type_.kind, 'int')
        if name not in self.names:
            self.names[name] = name
            self.todo.append(lambda: {'name': name, 'meta-type': 'builtin',
                                      'json-type': JSON_TYPES[name]})
        return name

    def _number(self, type_):
        if type_ not in self.names:
            self.names[type_] = name = str(self.count)
            self.count += 1
            self.todo.append(lambda: self._type(name, type_))
        return self.names[type_]

    def _command(self, command):
        info = {'name': command.name, 'meta-type': 'command',
                'arg-type': self._use(command.args or self.empty),
                'ret-type': self._use(command.ret or self.empty)}
        if command.flags['oob']:
            info['allow-oob'] = True
        states = ['state:' + s for s in command.states or []]
        return _with_features(info, list(command.features) + states)

    def _event(self, event):
        info = {'name': event.name, 'meta-type': 'event',
                'arg-type': self._use(event.data or self.empty)}
        return _with_features(info, event.features)

    def _type(self, name, type_):
        info = {'name': name}
        if type_.kind == 'ENUM':
            info['meta-type'] = 'enum'
            info['members'] = [_with_features({'name': v.name}, v.features)
                               for v in type_.values]
            info['values'] = [v.name for v in type_.values]
        elif type_.kind == 'ALTERNATE':
            info['meta-type'] = 'alternate'
            info['members'] = [{'type': self._use(b.type)} for b in type_.branches]
        else:
            info['meta-type'] = 'object'
            self._object(info, type_)
        return _with_features(info, type_.features)

    def _object(self, info, type_):
        members = []
        if type_.kind == 'CLASS_UNION':
            tag = self.tags.setdefault(type_, _Tag(type_))
            members.append({'name': type_.tag_name, 'type': self._use(tag)})
        members += [self._member(m) for m in type_.members]
        info['members'] = members
        if type_.kind == 'UNION':
            info['tag'] = type_.tag_name
            info['variants'] = [{'case': b.name, 'type': self._use(b.type or self.empty)}
                                for b in type_.branches]
        elif type_.kind == 'CLASS_UNION':
            info['tag'] = type_.tag_name
            info['variants'] = [{'case': k.name, 'type': self._use(k.props)}
                                for k in type_.classes]

    def _member(self, member):
        info = {'name': member.name, 'type': self._use(member.type)}
        if member.optional or member.readonly:
            info['default'] = None
        marks = [key for key in ('internal', 'readonly') if getattr(member, key)]
        only = ['only:' + (value if isinstance(value, str) else str(value).lower())
                for value in member.only]
        return _with_features(info, list(member.features) + marks + only)


def _with_features(info, features):
    if features:
        info['features'] = list(features)
    return info
