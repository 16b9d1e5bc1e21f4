# SPDX-License-Identifier: GPL-2.0-or-later
"""qom/qapi-trace.h and .c: a function for each trace point (qom/trace.h).

The header has what a device calls: one load, and a branch that is not taken while
the point is off.  The source has the rest: a line for the log, and a probe for
tracers of the host.
"""

from . import cwriter, emit_headers
from .names import c_name

GUARD = 'QOM_QAPI_TRACE_H'


def emit(schema):
    """{ path: lines } of both files."""
    traces = sorted(schema.traces.values(), key=lambda t: t.name)
    return {'qom/qapi-trace.h': _header(traces), 'qom/qapi-trace.c': _source(traces)}


# -- header --------------------------------------------------------------------

def _header(traces):
    out = cwriter.head('Trace points', GUARD, ['qom/trace.h'])
    out += ['/* In strcmp order of their names. */', 'enum {']
    out += ['    %s,' % t.constant for t in traces] + ['    TRACE__MAX', '};', '']
    for trace in traces:
        out += _functions(trace)
    return out + cwriter.tail(GUARD)


def _ctype(argument):
    """C type of a parameter, ready to be followed by a name.  Enums come as int, so
    that this header needs none of the schema's types."""
    kind = argument.type.kind
    if kind == 'STR':
        return 'const char *'
    return 'int ' if kind == 'ENUM' else argument.type.storage


def _parameters(trace):
    return ', '.join(['const void *object'] + [_ctype(a) + _cname(a) for a in trace.args])


def _cname(argument):
    return 'object_' if argument.name == 'object' else c_name(argument.name)


def _prototype(prefix, trace):
    return 'void %s%s(%s)' % (prefix, trace.name, _parameters(trace))


def _functions(trace):
    summary = trace.doc.text().split('\n')[0].replace('*/', '* /')
    names = ', '.join(['object'] + [_cname(a) for a in trace.args])
    return ['/* %s: %s */' % (trace.klass.name, summary),
            _prototype('trace_emit_', trace) + ';',
            'static inline ' + _prototype('trace_', trace), '{',
            '    if (trace_wanted(%s)) {' % trace.constant,
            '        trace_emit_%s(%s);' % (trace.name, names), '    }', '}', '']


# -- source --------------------------------------------------------------------

def _source(traces):
    enums = [a.type for t in traces for a in t.args if a.type.kind == 'ENUM']
    out = cwriter.head('Trace points', None, ['qom/qapi-trace.h', 'qom/trace-emit.h'] +
                       emit_headers.include(enums))
    out += ['#include <inttypes.h>', '']
    texts = cwriter.TextPool()
    rows = ['    { .name = %d },' % texts.offset(t.name) for t in traces] or ['    { 0 },']
    out += ['const guint trace_n_points = TRACE__MAX;', '',
            'TraceState trace_states[TRACE__MAX + 1] TRACE_STATES;', '']
    out += ['const TracePoint trace_points[] = {'] + rows + ['};', '']
    out += texts.definition('trace_texts')
    for index, trace in enumerate(traces):
        out += _emitter(index, trace)
    return out


def _shown(argument):
    """(format of printf as C text, the expression that it shows) of an argument."""
    kind, name = argument.type.kind, _cname(argument)
    if kind == 'BOOL':
        return '%s=%%s"' % argument.name, name + ' ? "true" : "false"'
    if kind == 'STR':
        return '%s=%%s"' % argument.name, 'text_' + name
    if kind == 'ENUM':
        return '%s=%%s"' % argument.name, 'trace_value(&%s, %s)' % (argument.type.row, name)
    bits = argument.type.storage.strip().lstrip('u')[len('int'):-len('_t')]
    if argument.hex:
        return '%s=0x%%" PRIx%s' % (argument.name, bits), '(uint%s_t)%s' % (bits, name)
    sign = 'd' if argument.type.range[0] < 0 else 'u'
    return '%s=%%" PRI%s%s' % (argument.name, sign, bits), name


def _probe_value(argument):
    """What a tracer gets: numbers as they are, texts as pointers."""
    return 'text_' + _cname(argument) if argument.type.kind == 'STR' else _cname(argument)


def _emitter(index, trace):
    out = ['TRACE_SEMAPHORE(%s, %d)' % (trace.name, index),
           _prototype('trace_emit_', trace), '{',
           '    g_autofree char *path = trace_path(object);']
    out += ['    g_autofree char *text_%s = trace_text(%s);' % (_cname(a), _cname(a))
            for a in trace.args if a.type.kind == 'STR']
    shown = [_shown(a) for a in trace.args]
    words = '"' + ' " '.join(s[0] for s in shown) if shown else '"%s"'
    values = ''.join(', ' + s[1] for s in shown) or ', ""'
    probe = ', '.join(['path'] + [_probe_value(a) for a in trace.args])
    return out + ['',
                  '    if (trace_is_logged(%s)) {' % trace.constant,
                  '        trace_log(%s, path, %s%s);' % (trace.constant, words, values), '    }',
                  '    TRACE_PROBE(%d, %s, %s);' % (len(trace.args) + 1, trace.name, probe),
                  '}', '']
