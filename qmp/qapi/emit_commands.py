# SPDX-License-Identifier: GPL-2.0-or-later
"""daemon/qapi-commands.h and .c: handlers' prototypes, thunks, command rows.

And the table of what each command takes, which clients have without the
handlers: it ends qmp/qapi-types.c (declared in qmp/dispatch.h).
"""

from . import cwriter, emit_headers
from .cwriter import flags, literal
from .names import c_part

GUARD = 'DAEMON_QAPI_COMMANDS_H'


def emit(schema):
    """{ path: lines } of both files."""
    commands = sorted(schema.commands.values(), key=lambda c: c.name)
    rets = [c.ret for c in commands]
    header = cwriter.head('Handlers of the commands', GUARD,
                          ['qmp/dispatch.h', 'qmp/value.h'] + emit_headers.include(rets))
    header += emit_headers.declare([c.args for c in commands] + rets) + ['']
    source = cwriter.head('Rows of the commands', None,
                          ['daemon/qapi-commands.h', 'qmp/qapi-introspect.h',
                           'qmp/qapi-types.h'])
    for command in commands:
        if not command.raw_reply:
            header += [_prototype(command) + ';']
            source += _thunk(command)
    header += ['', '/* In strcmp order. */', 'extern const QmpCommand qmp_commands[];',
               'extern const guint qmp_n_commands;', '']
    return {'daemon/qapi-commands.h': header + cwriter.tail(GUARD),
            'daemon/qapi-commands.c': source + _rows(schema, commands)}


def argument_table(schema):
    """The lines of qmp_command_args[], in strcmp order."""
    commands = sorted(schema.commands.values(), key=lambda c: c.name)
    out = ['const QmpCommandArgs qmp_command_args[] = {']
    for command in commands:
        args = '&' + command.args.row if command.args else 'NULL'
        out += ['    { %s, %s, %s },' % (literal(command.name), args, command_flags(command))]
    if not commands:
        out += ['    { 0 }']
    return out + ['};', 'const guint qmp_n_command_args = %d;' % len(commands)]


def _prototype(command):
    args = ['QmpRequest *req']
    if command.args:
        args.append('%s *args' % command.args.name)
    if command.flags['async']:
        return 'void qmp_%s(%s)' % (c_part(command.name), ', '.join(args))
    if command.ret:
        args.append('%s*ret' % command.ret.storage)
    args.append('GError **error')
    return 'bool qmp_%s(%s)' % (c_part(command.name), ', '.join(args))


def _thunk(command):
    args = ['req'] + (['args'] if command.args else [])
    if not command.flags['async']:
        args += (['ret'] if command.ret else []) + ['error']
    call = 'qmp_%s(%s);' % (c_part(command.name), ', '.join(args))
    out = ['static bool call_%s(QmpRequest *req, void *args, void *ret, GError **error)'
           % c_part(command.name), '{']
    if command.flags['async']:
        return out + ['    ' + call, '    return true;', '}', '']
    return out + ['    return ' + call, '}', '']


def _fields(schema, command):
    yield 'name', literal(command.name)
    if command.args:
        yield 'args', '&' + command.args.row
    if command.ret:
        yield 'ret', '&' + command.ret.row
    yield 'flags', command_flags(command)
    yield 'states', command_states(schema, command)
    if command.raw_reply:
        yield 'raw_reply', 'qmp_introspect'
        yield 'raw_reply_length', 'QMP_INTROSPECT_LENGTH'
        yield 'raw_segments', 'qmp_introspect_segments'
        yield 'n_raw_segments', 'QMP_INTROSPECT_SEGMENTS'
    else:
        yield 'call', 'call_' + c_part(command.name)


def command_flags(command):
    names = [key.upper() for key in ('oob', 'async', 'query', 'lenient', 'whole')
             if command.flags[key]]
    names += ['DURING_BUILD'] if command.during_build else []
    names += [f.upper() for f in command.features if f in ('unstable', 'deprecated')]
    names += ['RAW_REPLY'] if command.raw_reply else []
    return flags('QMP_COMMAND_', names)


def command_states(schema, command):
    if command.states is None:
        return 'G_MAXUINT32'
    run_state = schema.types['RunState']
    return ' | '.join('1u << ' + run_state.constant(s) for s in command.states)


def _rows(schema, commands):
    out = ['const QmpCommand qmp_commands[] = {']
    for command in commands:
        out += ['    {'] + ['        .%s = %s,' % f for f in _fields(schema, command)] + ['    },']
    if not commands:
        out += ['    { 0 }']
    return out + ['};', 'const guint qmp_n_commands = %d;' % len(commands)]
