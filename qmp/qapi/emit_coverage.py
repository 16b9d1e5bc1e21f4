# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/coverage.json and qmp/qapi-schema.json: the schema for tests and manuals.

The first lists what a test must exercise, with its place in the schema.  The
second is everything that was read, documentation included.  Places are FILE:LINE,
FILE as seen from the schema's folder, so that they do not depend on where a build
happens.
"""

import json
import os

from .doc import flow
from .schema import kind_of


def emit(schema):
    """{ path: lines } of both files."""
    text = schema.text
    return {'docs/coverage.json': _json(text, coverage(schema)),
            'qmp/qapi-schema.json': _json(text, document(text))}


class _Place:
    """A position, printed without the way to the schema's folder."""

    def __init__(self, pos):
        self.pos = pos


def _json(text, value):
    folder = os.path.dirname(text.files[0])

    def relative(place):
        return '%s:%d' % (os.path.relpath(place.pos.file, folder or '.'), place.pos.line)
    return json.dumps(value, indent=1, default=relative).split('\n')


def coverage(schema):
    """Classes, commands with arguments, properties, events."""
    return {
        'classes': [{'name': k.name, 'abstract': k.abstract, 'at': _Place(k.pos)}
                    for k in schema.classes],
        'properties': [{'class': k.name, 'name': m.name, 'c-name': m.cname, 'at': _Place(m.pos)}
                       for k in schema.classes if k.own_props for m in k.own_props.own
                       if not m.part],
        'commands': [{'name': c.name, 'arguments': _arguments(c.args), 'at': _Place(c.pos)}
                     for c in schema.commands.values()],
        'events': [{'name': e.name, 'at': _Place(e.pos)} for e in schema.events.values()],
    }


def _arguments(args):
    """Names of all members that the arguments may have at their top."""
    if args is None:
        return []
    names = [m.name for m in args.members]
    if args.kind == 'CLASS_UNION':
        names.append(args.tag_name)
    elif args.kind == 'UNION':
        for branch in args.branches:
            names += [m.name for m in branch.type.members] if branch.type else []
    return list(dict.fromkeys(names))


def document(text):
    """All expressions with their documentation, in order, and the sections."""
    folder = os.path.dirname(text.files[0]) or '.'
    return {'files': [os.path.relpath(name, folder) for name in text.files],
            'sections': [{'before': index, 'at': _Place(s.pos), 'text': '\n'.join(s.lines)}
                         for index, s in text.sections],
            'expressions': [_expression(e) for e in text.exprs]}


def _expression(expr):
    kind, doc = kind_of(expr), expr.doc
    return {'kind': kind, 'name': expr.obj[kind], 'at': _Place(expr.pos),
            'expression': expr.obj,
            'doc': {'text': doc.text(),
                    'members': {name: doc.member(name) for name in doc.members},
                    'features': {name: flow(doc.features[name]) for name in doc.features},
                    'tags': {tag: '\n'.join(lines) for tag, lines in doc.tags.items()}}}
