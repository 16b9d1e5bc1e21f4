# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that need the whole schema: alternates, C names, what is never used."""

from .errors import SchemaError
from .emit_objects import function_names
from .names import CNames, c_part, check_members_in_c
from .recipes import own_names

# Which JSON kind an alternate's branch answers to.
JSON_KIND = {'NULL': 'null', 'BOOL': 'boolean', 'STR': 'string', 'ENUM': 'string',
             'LINK': 'string', 'LIST': 'array', 'STRUCT': 'object', 'UNION': 'object',
             'CLASS_UNION': 'object', 'NUMBER': 'number'}


def check_schema(schema):
    for alternate in schema.user_types('ALTERNATE'):
        _check_alternate(alternate)
    for struct in schema.user_types('STRUCT'):
        _check_endless(struct)
    owners = schema.user_types('STRUCT', 'UNION', 'CLASS_UNION')
    for owner in owners + [k.own_props for k in schema.classes if k.own_props]:
        for member in owner.own:
            _check_only(member)
    _check_c_names(schema)
    for command in schema.commands.values():
        _check_command(command)
    for event in schema.events.values():
        _check_rate(event)
    _check_used(schema)


def _check_alternate(alternate):
    if not alternate.branches:
        raise SchemaError(alternate.pos, 'alternate-empty', name=alternate.name)
    kinds = {}
    for branch in alternate.branches:
        type_ = branch.type
        if branch.optional or branch.has_default or branch.features or \
                branch.min is not None or branch.max is not None or branch.secret:
            raise SchemaError(branch.pos, 'alternate-branch', name=branch.name)
        if type_.kind in ('ANY', 'ALTERNATE'):
            raise SchemaError(branch.pos, 'alternate-type', name=branch.name, type=type_.name)
        kind = JSON_KIND.get(type_.kind, 'number')
        if kind in kinds:
            raise SchemaError(branch.pos, 'alternate-same', name=branch.name, kind=kind,
                              other=kinds[kind])
        kinds[kind] = branch.name


def _check_only(member):
    """The values that are supported must be some of the type's."""
    kind, only = member.type.kind, member.only
    if member.only_pos is None:
        return
    tag = member.type.members[member.type.tag].type if kind == 'UNION' else member.type
    known = {'BOOL': [False, True], 'ENUM': getattr(tag, 'values', None) and tag.names(),
             'UNION': tag.names() if kind == 'UNION' else None}.get(kind)
    good = [isinstance(value, str) if kind == 'STR' else known is not None and value in known and
            isinstance(value, bool) == (kind == 'BOOL') for value in only]
    if not only or not all(good) or len(set(only)) < len(only) or known and len(only) == len(known):
        raise SchemaError(member.only_pos, 'only', name=member.name, type=member.type.name)


def _check_endless(struct):
    """A struct that must contain itself could never be written."""
    def walk(type_, path):
        if type_ in path:
            if type_ is struct:
                raise SchemaError(struct.pos, 'endless', name=struct.name)
            return
        for member in type_.members:
            if not member.optional and member.type.kind in ('STRUCT', 'UNION'):
                walk(member.type, path + [type_])
    walk(struct, [])


def _check_c_names(schema):
    names = CNames()
    for list_ in schema.lists.values():
        names.take(list_.name, list_.pos, "a list of '%s'" % list_.element.name)
    for type_ in schema.user_types():
        names.take(type_.name, type_.pos, "type '%s'" % type_.name)
        if type_.kind == 'ENUM':
            names.take(type_.prefix + '__MAX', type_.pos, "enum '%s'" % type_.name)
            for value in type_.values:
                names.take(type_.constant(value.name), value.pos,
                           "value '%s' of %s" % (value.name, type_.name))
        elif type_.kind == 'ALTERNATE':
            for branch in type_.branches:
                names.take(type_.constant(branch), branch.pos,
                           "branch '%s' of %s" % (branch.name, type_.name))
        elif type_.kind in ('UNION', 'CLASS_UNION', 'STRUCT'):
            check_members_in_c(type_.members, type_.name, _own_names(type_))
    for klass in schema.classes:
        names.take(klass.row, klass.pos, "class '%s'" % klass.name)
        if klass.own_props is None:
            names.take(klass.props_name, klass.pos, "class '%s'" % klass.name)
        for name, (constant, pos) in own_names(klass).items():
            names.take(constant, pos, "part '%s' of '%s'" % (name, klass.name))
    _check_object_names(schema, names)
    for command in schema.commands.values():
        names.take('qmp_' + c_part(command.name), command.pos, "command '%s'" % command.name)
    for event in schema.events.values():
        names.take('qmp_event_' + c_part(event.name).lower(), event.pos,
                   "event '%s'" % event.name)
    _check_trace_names(schema, names)


def _check_object_names(schema, names):
    for klass in schema.classes:
        if 'struct' in klass.obj:
            names.take(klass.struct, klass.obj.at['struct'], "the struct of '%s'" % klass.name)
        for name in function_names(klass):
            names.take(name, klass.pos, "class '%s'" % klass.name)


def _check_trace_names(schema, names):
    for trace in schema.traces.values():
        names.take('trace_' + trace.name, trace.pos, "trace point '%s'" % trace.name)
        check_members_in_c(trace.args, trace.name, ('path',))


def _own_names(type_):
    if type_.kind == 'UNION':
        return ('u',)
    if type_.kind == 'CLASS_UNION':
        return (c_part(type_.tag_name), 'props', 'given')
    return ()


def _check_command(command):
    flags = command.flags
    if flags['async'] and (flags['oob'] or command.raw_reply):
        raise SchemaError(command.pos, 'async-oob', name=command.name)
    if flags['lenient'] and command.args is None:
        raise SchemaError(command.pos, 'lenient', name=command.name)
    if flags['during-build'] and (flags['query'] or flags['oob']):
        raise SchemaError(command.pos, 'during-build', name=command.name)


def _check_rate(event):
    """What the rate names must be there in each event."""
    for key, kind, what in (('key', 'STR', 'member of type str'),
                            ('when', 'BOOL', 'required member of type bool')):
        name = getattr(event.rate, key, None)
        members = {m.name: m for m in event.data.members} if event.data else {}
        member = members.get(name)
        if name is not None and (member is None or member.type.kind != kind or
                                 (key == 'when' and member.optional)):
            raise SchemaError(event.rate.pos, 'rate-member', key=key, name=event.name, what=what)


def _check_used(schema):
    """Every type must be reachable from a command, an event or a class."""
    todo = [t for c in schema.commands.values() for t in (c.args, c.ret) if t]
    todo += [e.data for e in schema.events.values() if e.data]
    todo += [a.type for t in schema.traces.values() for a in t.args]
    todo += [k.props for k in schema.classes]
    protocol = schema.text.pragmas['protocol-types']
    todo += [schema.resolve(name, pos) for name, pos in protocol.items()]
    used = set()
    while todo:
        type_ = todo.pop()
        if type_ not in used:
            used.add(type_)
            todo += type_.uses() + ([type_.base] if getattr(type_, 'base', None) else [])
    for type_ in schema.user_types():
        if type_ not in used:
            raise SchemaError(type_.pos, 'unused-type', name=type_.name)
