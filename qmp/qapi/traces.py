# SPDX-License-Identifier: GPL-2.0-or-later
"""Trace points: what they are about, and arguments that can be shown."""

from .doc import check_doc
from .errors import SchemaError
from .fields import TRACE, FieldParser
from .types import Builtin

# The object and as many arguments: a probe takes twelve at most, and a person fewer.
MOST = 8
SHOWN = ('BOOL', 'STR', 'ENUM')


def fill(schema, trace, expr):
    """Resolves class and arguments of a trace point."""
    obj = expr.obj
    trace.klass = schema.class_builder.find(obj['class'], obj.at['class'], "'class'")
    if 'data' in obj:
        parser = FieldParser(schema, trace.name, expr.doc, TRACE)
        trace.args = parser.parse(obj['data'], obj.at['data'])
        if parser.unsupported:
            raise SchemaError(obj.at['data'], 'unsupported-where', name=parser.unsupported[0][0])
    check_doc(expr, 'trace', trace.name, trace.args)
    if len(trace.args) > MOST:
        raise SchemaError(obj.at['data'], 'trace-many', name=trace.name, most=MOST)
    for argument in trace.args:
        _check(argument)


def _is_integer(type_):
    return isinstance(type_, Builtin) and type_.range is not None


def _check(argument):
    type_ = argument.type
    if type_.kind not in SHOWN and not _is_integer(type_):
        raise SchemaError(argument.pos, 'trace-type', name=argument.name, type=type_.name)
    if argument.optional:
        raise SchemaError(argument.pos, 'trace-optional', name=argument.name)
    if argument.hex and not _is_integer(type_):
        raise SchemaError(argument.pos, 'trace-hex', name=argument.name, type=type_.name)
