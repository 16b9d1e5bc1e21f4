# SPDX-License-Identifier: GPL-2.0-or-later
"""What every error of the daemon must keep to, checked wherever a test sees one."""
import re

# Reasons that blame an argument, so that the error has its path if the request has
# arguments at all.  An error with another reason may have one.
ABOUT_ARGUMENTS = {
    'class-not-found', 'class-abstract', 'property-not-found', 'property-missing',
    'property-read-only', 'property-not-settable', 'internal-property',
    'invalid-type', 'invalid-value', 'out-of-range', 'id-invalid', 'id-in-use',
    'object-not-found', 'device-not-found', 'path-ambiguous', 'bus-type-mismatch',
    'fd-not-found', 'not-user-creatable'}
CLASSES = {'command-not-found': 'CommandNotFound', 'negotiation': 'CommandNotFound',
           'device-not-found': 'DeviceNotFound', 'device-not-active': 'DeviceNotActive'}
# What a path or class name of the request leads to: QEMU's class for it, whatever it is.
NOT_THERE = {('object-not-found', 'path'), ('class-not-found', 'typename')}
# The same of a path that may be two, but for the command that lists it.
AMBIGUOUS = {'qom-get': 'DeviceNotFound', 'qom-set': 'DeviceNotFound'}
# Reasons of the policy; a command that it rejects is none, as in QEMU.
POLICY = 'deprecated-input', 'unstable-input'


def lookup(arguments, path):
    """Whether path leads to something, and whether to something that could have it."""
    if not path:
        return True, True
    if isinstance(arguments, list):
        parts = re.match(r'\[(\d+)\]\.?(.*)$', path)
        if not parts or int(parts.group(1)) >= len(arguments):
            return False, False
        return lookup(arguments[int(parts.group(1))], parts.group(2))
    if not isinstance(arguments, dict):
        return False, False
    for end in [m.start() for m in re.finditer(r'[.\[]', path)] + [len(path)]:
        if path[:end] in arguments:
            rest = path[end:]
            found = lookup(arguments[path[:end]], rest[1:] if rest[:1] == '.' else rest)
            if found[1]:
                return found
    return False, True


def class_of(request, reason, path):
    if reason == 'path-ambiguous' and request:
        return AMBIGUOUS.get(request.get('execute'), 'GenericError')
    if reason in POLICY and path is None:
        return 'CommandNotFound'
    last = path and path.split('.')[-1]         # the request may be one of a build
    return 'DeviceNotFound' if (reason, last) in NOT_THERE else CLASSES.get(reason, 'GenericError')


def check(request, error):
    """An error with its details: message, class, reason and path fit the request."""
    assert set(error) <= {'class', 'desc', 'reason', 'path', 'instead'}, error
    assert 'instead' not in error or set(error['instead']) <= {'execute', 'arguments'}, error
    assert error['desc'] and '\n' not in error['desc'] and (
        error['desc'][-1] != '.' or error['desc'].endswith('...')), error
    reason, path = error['reason'], error.get('path')
    assert error['class'] == class_of(request, reason, path), error
    arguments = (request or {}).get('arguments')
    if path is None:
        assert not arguments or reason not in ABOUT_ARGUMENTS, \
            'no path in %s, the answer to %s' % (error, str(request)[:400])
        return
    there, possible = lookup(arguments or {}, path)
    assert there or (possible and reason == 'property-missing'), \
        'a wrong path in %s, the answer to %s' % (error, str(request)[:400])
