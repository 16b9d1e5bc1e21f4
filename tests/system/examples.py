#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in the schema's documentation are good JSON of the right types, and
those of one request do what they show."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from introspection import Wrong                     # noqa: E402
from microvm import build                           # noqa: E402
from vmdtest import Daemon, VMCTL, introspection, need_kvm  # noqa: E402


def expressions():
    path = os.path.join(vmdtest.BUILDDIR, 'qmp', 'qapi-schema.json')
    with open(path, encoding='utf-8') as f:
        return json.load(f)['expressions']


def messages(text):
    """(direction, JSON text) of an example; a message may go over several lines."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith(('-> ', '<- ')):
            found.append([line[:2], line[3:]])
        elif line:
            assert found, 'an example begins with %r' % line
            found[-1][1] += ' ' + line
    return found


def examples():
    """(expression, messages) of all that have an example, decoded."""
    for expr in expressions():
        for tag, text in expr['doc']['tags'].items():
            if tag.startswith('Example'):
                try:
                    yield expr, [(way, json.loads(m)) for way, m in messages(text)]
                except ValueError as wrong:
                    raise AssertionError('%s: %s in %s' % (expr['at'], wrong, text)) from None


def commands_and_events_have_examples(recorder):
    """each command and event has an example of itself; only query-qmp-schema's is too long"""
    shown = set()
    for expr, dialogue in examples():
        assert dialogue, expr['at']
        if expr['kind'] == 'command':
            assert any(m.get('execute') == expr['name'] for _, m in dialogue), expr['at']
        elif expr['kind'] == 'event':
            assert [m.get('event') for _, m in dialogue] == [expr['name']], expr['at']
        shown.add(expr['name'])
    missing = [e['name'] for e in expressions()
               if e['kind'] in ('command', 'event') and e['name'] not in shown]
    assert missing == ['query-qmp-schema'], missing


def requests_fit_the_schema(recorder):
    """vmctl apply --check takes the request of each example, and none that is spoiled"""
    requests = [m for _, dialogue in examples() for way, m in dialogue if way == '->']
    assert len(requests) >= 30, len(requests)
    with tempfile.TemporaryDirectory() as folder:
        def check(lines):
            path = os.path.join(folder, 'requests')
            with open(path, 'w', encoding='utf-8') as f:
                f.writelines(json.dumps(line) + '\n' for line in lines)
            return subprocess.run([VMCTL, 'apply', '--check', path], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
        run = check(requests)
        assert run.returncode == 0, run.stdout
        for request in requests:
            spoiled = {**request, 'arguments': {**request.get('arguments', {}), 'no-such': 1}}
            run = check([spoiled])
            assert run.returncode != 0, (spoiled, run.stdout)
            assert 'no-such' in run.stdout or 'takes no arguments' in run.stdout, run.stdout


def replies_and_events_fit_the_schema(recorder):
    """what comes back in each example is of the type that query-qmp-schema tells"""
    schema = introspection()
    for expr, dialogue in examples():
        asked = None
        for way, message in dialogue:
            try:
                if way == '->':
                    asked = message['execute']
                elif 'event' in message:
                    schema.check_event(message)
                elif 'return' in message:
                    schema.check_reply(asked, message['return'])
                else:
                    assert set(message) == {'error'}, message
                    assert set(message['error']) == {'class', 'desc'}, message
            except Wrong as wrong:
                raise AssertionError('%s: %s' % (expr['at'], wrong)) from None


def queries_answer_likewise(recorder):
    """the queries of examples name the members that a real daemon's replies have"""
    need_kvm()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client)
        client.call('device_add', driver='virtio-balloon-device')
        client.call('device_add', driver='virtio-net-device', id='nic0')
        for expr, dialogue in examples():
            for (_, request), (_, shown) in zip(dialogue, dialogue[1:]):
                name = request.get('execute', '')
                if not name.startswith('query-') or 'return' not in shown:
                    continue
                real = client.request(request)
                one, other = shown['return'], real
                if isinstance(one, list) and one and other:
                    one, other = one[0], other[0]
                if isinstance(one, dict) and isinstance(other, dict) and name != 'query-name':
                    assert set(other) <= set(one) | optional(client.schema, name), \
                        (expr['at'], one, other)


def optional(schema, command):
    """Optional members of a command's return type, or of its list's elements."""
    entity = schema.entities[schema.entities[command]['ret-type']]
    if entity['meta-type'] == 'array':
        entity = schema.entities[entity['element-type']]
    return {m['name'] for m in entity.get('members', []) if 'default' in m}


if __name__ == '__main__':
    vmdtest.main([commands_and_events_have_examples, requests_fit_the_schema,
                  replies_and_events_fit_the_schema, queries_answer_likewise])
