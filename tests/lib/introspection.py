# SPDX-License-Identifier: GPL-2.0-or-later
"""query-qmp-schema's reply as a checker of messages.

Introspection(reply).check(type name, value) raises Wrong if a value is not of the
type; check_event and check_reply do so for whole messages.
"""

KINDS = {
    'string': lambda v: isinstance(v, str),
    'number': lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    'int': lambda v: isinstance(v, int) and not isinstance(v, bool),
    'boolean': lambda v: isinstance(v, bool),
    'null': lambda v: v is None,
    'object': lambda v: isinstance(v, dict),
    'array': lambda v: isinstance(v, list),
    'value': lambda v: True,
}


class Wrong(Exception):
    pass


class Introspection:
    def __init__(self, reply):
        self.entities = {e['name']: e for e in reply}

    def commands(self):
        return [e for e in self.entities.values() if e['meta-type'] == 'command']

    def events(self):
        return [e for e in self.entities.values() if e['meta-type'] == 'event']

    def members(self, name):
        """{ member name: SchemaInfoObjectMember } of an object type, branches apart."""
        return {m['name']: m for m in self.entities[name]['members']}

    def branch(self, name, case):
        """The members that one branch of a union adds."""
        for variant in self.entities[name].get('variants', []):
            if variant['case'] == case:
                return self.members(variant['type'])
        return {}

    # ---- checking

    def check(self, name, value, where='value'):
        entity = self.entities[name]
        getattr(self, '_check_' + entity['meta-type'])(entity, value, where)

    def check_reply(self, command, value):
        self.check(self.entities[command]['ret-type'], value, command)

    def check_event(self, message):
        name = message['event']
        if name not in self.entities or self.entities[name]['meta-type'] != 'event':
            raise Wrong('event %s is not in the schema' % name)
        stamp = message.get('timestamp')
        if (not isinstance(stamp, dict) or set(stamp) != {'seconds', 'microseconds'} or
                set(message) - {'event', 'data', 'timestamp'}):
            raise Wrong('event %s has no good frame: %s' % (name, message))
        self.check(self.entities[name]['arg-type'], message.get('data', {}), name)

    def _check_builtin(self, entity, value, where):
        if not KINDS[entity['json-type']](value):
            raise Wrong('%s is no %s: %r' % (where, entity['json-type'], value))

    def _check_enum(self, entity, value, where):
        if value not in entity['values']:
            raise Wrong('%s is none of %s: %r' % (where, entity['values'], value))

    def _check_array(self, entity, value, where):
        if not isinstance(value, list):
            raise Wrong('%s is not a list: %r' % (where, value))
        for i, item in enumerate(value):
            self.check(entity['element-type'], item, '%s[%d]' % (where, i))

    def _check_alternate(self, entity, value, where):
        for member in entity['members']:
            try:
                return self.check(member['type'], value, where)
            except Wrong:
                pass
        raise Wrong('%s fits no branch: %r' % (where, value))

    def _check_object(self, entity, value, where):
        if not isinstance(value, dict):
            raise Wrong('%s is not an object: %r' % (where, value))
        members = self.members(entity['name'])
        if 'tag' in entity:
            members = {**members, **self.branch(entity['name'], value.get(entity['tag']))}
        for name in value:
            if name not in members:
                raise Wrong('%s has no member %s' % (where, name))
        for name, member in members.items():
            if name in value:
                self.check(member['type'], value[name], where + '.' + name)
            elif 'default' not in member:
                raise Wrong('%s lacks the member %s' % (where, name))
