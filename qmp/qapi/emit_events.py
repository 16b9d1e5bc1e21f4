# SPDX-License-Identifier: GPL-2.0-or-later
"""qmp/qapi-events.h and .c: one typed function for each event.

And the table of all names, for clients: it ends qmp/qapi-types.c (declared in
qmp/event.h).
"""

from . import cwriter, emit_headers
from .cwriter import flags, literal
from .names import c_part

GUARD = 'QMP_QAPI_EVENTS_H'


def emit(schema):
    """{ path: lines } of both files."""
    header = cwriter.head('Functions that send events', GUARD)
    header += ['struct QmpEventQueue;']
    header += emit_headers.declare(e.data for e in schema.events.values()) + ['']
    source = cwriter.head('Functions that send events', None,
                          ['qmp/qapi-events.h', 'qmp/event.h', 'qmp/policy.h',
                           'qmp/qapi-types.h'])
    for event in schema.events.values():
        header += _comment(event) + [_prototype(event) + ';', '']
        source += _function(event)
    return {'qmp/qapi-events.h': header + cwriter.tail(GUARD), 'qmp/qapi-events.c': source}


def name_table(schema):
    """The lines of qmp_event_names[], in strcmp order."""
    names = sorted(schema.events)
    return (['const char *const qmp_event_names[] = {'] +
            ['    %s,' % literal(name) for name in names] + ['    NULL', '};'])


def _comment(event):
    return ['/* %s: %s */' % (event.name, event.doc.text().split('\n')[0].replace('*/', '* /'))]


def _prototype(event):
    data = ', const %s *data' % event.data.name if event.data else ''
    return 'void qmp_event_%s(struct QmpEventQueue *queue%s)' % (
        c_part(event.name).lower(), data)


def _kind(event):
    """The event's row."""
    rows = ['.name = %s' % literal(event.name)]
    if event.data:
        rows.append('.data = &%s' % event.data.row)
    if event.features:
        rows.append('.marks = %s' % flags('QMP_MARK_', [f.upper() for f in event.features]))
    if event.rate:
        rows.append('.interval_ms = %d' % event.rate.ms)
        rows += ['.%s = %s' % (key, literal(getattr(event.rate, key)))
                 for key in ('key', 'when') if getattr(event.rate, key)]
    return rows


def _function(event):
    kind = 'kind_' + c_part(event.name).lower()
    return (['static const QmpEventKind %s = {' % kind] +
            ['    %s,' % row for row in _kind(event)] + ['};', ''] +
            [_prototype(event), '{', '    qmp_event_emit(queue, &%s, %s);' % (
                kind, 'data' if event.data else 'NULL'), '}', ''])
