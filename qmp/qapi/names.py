# SPDX-License-Identifier: GPL-2.0-or-later
"""Names: which ones the schema may use, and what they become in C."""

import re

from .errors import SchemaError

# Words of C and C++, and what common headers or gnu11 define as macros.
RESERVED = frozenset('''
    auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef
    union unsigned void volatile while _Bool _Complex asm typeof bool true false class delete new
    operator private protected public template this throw try catch virtual namespace using
    errno stdin stdout stderr linux unix i386 NULL TRUE FALSE MIN MAX
'''.split())

LOWER = 'lower-case, or listed in the pragma upper-case-names'
RULES = {
    'type': (re.compile(r'[A-Z][A-Za-z0-9]*$'), 'CamelCase'),
    'member': (re.compile(r'[a-z0-9][a-z0-9_.-]*$'), LOWER),
    'value': (re.compile(r'[a-z0-9][a-z0-9_.-]*$'), LOWER),
    'command': (re.compile(r'[a-z][a-z0-9_-]*$'), 'lower-case'),
    'event': (re.compile(r'[A-Z][A-Z0-9_]*$'), 'UPPER_CASE'),
    'trace': (re.compile(r'[a-z][a-z0-9_]*$'), "lower-case, with '_' between words"),
    'class': (re.compile(r'[A-Za-z][A-Za-z0-9_.-]*$'),
              "of letters, digits and '_.-', a letter first"),
    'model': (re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*$'), "of letters, digits and '_.-'"),
}
# Classes, machines and CPU models may keep QEMU's capitals (Nehalem-x86_64-cpu).


def check_name(kind, name, pos, exceptions=()):
    """Stops at a name that its kind may not have."""
    rule, words = RULES[kind]
    if isinstance(name, str) and kind in ('member', 'value') and name in exceptions:
        return
    if not isinstance(name, str) or not rule.match(name):
        raise SchemaError(pos, 'bad-name', kind=kind, name=name, rule=words)


def c_name(name):
    """A member's, value's, command's or class's name as a C identifier."""
    ident = re.sub(r'[^A-Za-z0-9]', '_', name)
    return 'q_' + ident if ident in RESERVED or ident[0].isdigit() else ident


def c_part(name):
    """The same as a part of a longer identifier, where nothing is reserved."""
    return re.sub(r'[^A-Za-z0-9]', '_', name)


def camel(name):
    """isa-serial or DEVICE_DELETED to IsaSerial and DeviceDeleted."""
    words = re.split(r'[^A-Za-z0-9]+', name.lower() if name.isupper() else name)
    return ''.join(w[:1].upper() + w[1:] for w in words)


def upper(name):
    """RunState to RUN_STATE, query-status to QUERY_STATUS."""
    name = re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', name)
    name = re.sub(r'([A-Z])([A-Z][a-z])', r'\1_\2', name)
    return c_part(name).upper()


class CNames:
    """The global C identifiers that the schema takes, to refuse clashes."""

    def __init__(self):
        self._taken = {}

    def take(self, ident, pos, what):
        if ident in self._taken:
            raise SchemaError(pos, 'c-clash', what=what, cname=ident, other=self._taken[ident])
        self._taken[ident] = what


def check_members_in_c(members, owner, extra=()):
    """No two members may have one C name, companions included."""
    taken = {name: 'the generator' for name in extra}
    for member in members:
        idents = [member.cname] + (['has_' + c_part(member.name)] if member.has else [])
        for ident in idents:
            if ident in taken:
                raise SchemaError(member.pos, 'member-clash', name=member.name, owner=owner,
                                  cname=ident, other=taken[ident])
            taken[ident] = "'%s'" % member.name
