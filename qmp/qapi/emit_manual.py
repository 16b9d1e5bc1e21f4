# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-manual.c: what the schema says, for programs that print it (qmp/manual.h)."""

from . import cwriter, emit_commands, emit_introspect
from .cwriter import literal
from .doc import flow
from .types import BUILTIN


def emit(schema):
    """{ path: lines } of the file."""
    texts = cwriter.TextPool()
    out = cwriter.head('What the schema says', None, ['qmp/manual.h', 'qmp/dispatch.h',
                                                      'qmp/qapi-types.h'])
    out += _entries('commands', schema.commands, lambda c: _command(schema, c, texts))
    out += _entries('events', schema.events, lambda e: _event(e, texts))
    out += _types(schema, texts)
    out += ['const QmpManualClass qmp_manual_classes[] = {']
    out += ['    { %s },' % ', '.join('.%s = %d' % (key, texts.offset(text(k.doc)))
                                      for key, text in (('notes', _notes), ('example', _example)))
            for k in schema.classes]
    out += ['};', ''] + texts.definition('qmp_manual_texts')
    return {'qmp/qapi-manual.c': out}


def _table(ctype, name, rows):
    return ['const %s qmp_manual_%s[] = {' % (ctype, name)] + (rows or ['    { 0 },']) + \
        ['};', 'const guint qmp_n_manual_%s = %d;' % (name, len(rows)), '']


def _entries(name, table, fields):
    rows = []
    for key in sorted(table):
        rows.append('    { %s },' % ', '.join('.%s = %s' % f for f in fields(table[key])))
    return _table('QmpManualEntry', name, rows)


def _command(schema, command, texts):
    yield 'name', literal(command.name)
    if command.args:
        yield 'data', '&' + command.args.row
    if command.ret:
        yield 'ret', '&' + command.ret.row
    yield 'flags', emit_commands.command_flags(command)
    yield 'states', emit_commands.command_states(schema, command)
    yield from _texts(command.doc, command.features, texts)


def _event(event, texts):
    yield 'name', literal(event.name)
    if event.data:
        yield 'data', '&' + event.data.row
    if event.rate:
        yield 'rate', str(texts.offset(event.rate.text()))
    yield from _texts(event.doc, event.features, texts)


def _texts(doc, features, texts):
    for key, text in (('doc', doc.text()), ('returns', doc.tag('Returns')),
                      ('errors', doc.tag('Errors')), ('notes', _notes(doc)),
                      ('features', _features(doc, features)), ('example', _example(doc)),
                      ('since', doc.tag('Since'))):
        if text:
            yield key, str(texts.offset(text))


def _notes(doc):
    return '\n\n'.join(t for t in (doc.tag('Note'), doc.tag('Notes')) if t)


def _features(doc, features):
    return '\n\n'.join(': '.join(t for t in (name, flow(doc.features.get(name, []))) if t)
                       for name in features)


def _example(doc):
    lines = doc.tags.get('Example', []) + doc.tags.get('Examples', [])
    return '\n'.join(line.rstrip() for line in lines).strip('\n')


def _types(schema, texts):
    wire = emit_introspect.wire_names(schema)
    named = {expr.obj[kind] for kind, expr in schema.kinds
             if kind in ('enum', 'struct', 'union', 'alternate')}
    rows = []
    for name in sorted(named | set(BUILTIN)):
        type_ = schema.types[name]
        fields = ['.type = &' + type_.row]
        if type_ in wire:
            fields.append('.info = ' + literal(wire[type_]))
        if type_.doc:
            fields += ['.notes = %d' % texts.offset(_notes(type_.doc)),
                       '.since = %d' % texts.offset(type_.doc.tag('Since'))]
        rows.append('    { %s },' % ', '.join(fields))
    return _table('QmpManualType', 'types', rows)
