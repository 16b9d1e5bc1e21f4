#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmd and the distribution's QEMU say of themselves: the same, but for `differences`.

What both have is compared: commands, events, their types, classes, properties, machine
types and CPU models.  What we accept must include what QEMU accepts, and what we return
must contain what it returns.  The file `differences` lists what is not so, with reasons; a
difference that is not listed fails the test, and so does one that is listed and gone.
"""
import json
import os
import re
import sys
import tempfile

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import classes                                      # noqa: E402
import marks                                        # noqa: E402
import schemas                                      # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import Differences, complain           # noqa: E402
from vmdtest import Daemon                          # noqa: E402

# More than this many, and something is wrong with the comparison itself.
FEWEST_COMMANDS = 50


def member(schema, command, name):
    """SchemaInfoObjectMember of an argument."""
    entities = {e['name']: e for e in schema}
    return next(m for m in entities[entities[command]['arg-type']]['members'] if m['name'] == name)


def test_comparison(recorder):
    """The comparison finds exactly what was removed from a copy of the schema"""
    with Daemon(recorder) as daemon:
        schema = [e for e in daemon.client().call('query-qmp-schema') if
                  e['name'] not in ('build', 'query-config')]
    assert list(schemas.compare(schema, schema)) == []
    own = json.loads(json.dumps(schema))
    entities = {e['name']: e for e in own}
    del member(own, 'query-named-block-nodes', 'flat')['default']
    member(own, 'netdev_del', 'id')['type'] = 'int'
    member(own, 'set_link', 'up')['name'] = 'down'
    status = entities[entities['query-status']['ret-type']]
    status['members'] = [m for m in status['members'] if m['name'] != 'running']
    entities[entities['SHUTDOWN']['arg-type']]['members'][0]['default'] = None
    found = list(schemas.compare(schema, own))
    assert found == ['event SHUTDOWN.guest optional', 'accept netdev_del.id type int not string',
                     'accept query-named-block-nodes.flat required',
                     'return query-status.running missing', 'accept set_link.up missing',
                     'accept set_link.down required'], found


def test_differences(recorder):
    """A difference without a line, a line without a difference or a reason: each is reported"""
    with tempfile.NamedTemporaryFile('w', suffix='.list') as f:
        f.write('    accept none missing\nIt is so.\n'
                '    accept a* missing\n    return b[].c absent\n')
        f.flush()
        told = Differences(f.name).check(['accept abc missing', 'event d missing'],
                                         ('accept', 'return'))
    told = [re.sub(r'^\S+\.list', 'list', line) for line in told]
    assert told == ['not listed: event d missing',
                    'list:1: no reason: accept none missing',
                    'list:1: there is no such difference any more: accept none missing',
                    'list:4: there is no such difference any more: return b[].c absent'], told


def test_schema(recorder):
    """Commands, events and their types: we accept what QEMU does, and return what it does"""
    need_peer()
    with Peer('-machine', 'none') as peer, Daemon(recorder) as daemon:
        theirs = peer.client().call('query-qmp-schema')
        ours = daemon.client().call('query-qmp-schema')
    names = [{e['name'] for e in reply if e['meta-type'] == 'command'} for reply in (theirs, ours)]
    assert len(names[0] & names[1]) >= FEWEST_COMMANDS
    complain(list(schemas.compare(theirs, ours)), ('accept', 'return', 'event'))


def test_marks(recorder):
    """Exactly what QEMU marks as deprecated or unstable is marked here"""
    need_peer()
    with Peer('-machine', 'none') as peer, Daemon(recorder) as daemon:
        theirs = peer.client().call('query-qmp-schema')
        ours = daemon.client().call('query-qmp-schema')
    assert list(marks.compare(theirs, ours)) == []
    # It would be found.
    spoiled = json.loads(json.dumps(ours))
    member(spoiled, 'set_link', 'up')['features'] = ['deprecated']
    for entity in spoiled:
        if entity['name'] == 'x-exit-preconfig':
            entity['features'] = []
        if 'enum' == entity['meta-type'] and 'guest-reset' in entity['values']:
            entity['members'][0]['features'] = ['unstable']
    found = list(marks.compare(theirs, spoiled))
    assert len(found) == 3 and found[1:] == [
        "set_link arg-type.up: ['deprecated'], not []",
        "x-exit-preconfig: [], not ['unstable']"], found


def test_commands(recorder):
    """query-commands agrees with query-qmp-schema, for both"""
    need_peer()
    with Peer('-machine', 'none') as peer, Daemon(recorder) as daemon:
        for client in (peer.client(), daemon.client()):
            listed = {c['name'] for c in client.call('query-commands')}
            schema = {e['name'] for e in client.call('query-qmp-schema')
                      if e['meta-type'] == 'command'}
            assert listed == schema, listed ^ schema


def test_classes(recorder):
    """Classes, their properties, machine types and CPU models are as QEMU's"""
    need_peer()
    with Peer('-machine', 'none') as peer, Daemon(recorder) as daemon:
        keys = list(classes.compare(peer.client(), daemon.client()))
    complain(keys, ('class', 'machine'))


if __name__ == '__main__':
    vmdtest.main([test_comparison, test_differences, test_schema, test_marks, test_commands,
                  test_classes])
