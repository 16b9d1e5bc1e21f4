#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in the schema's documentation are good JSON of the right types, and
do what they show."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from examplecontext import NEEDS, WITH_GUEST, OPTIONS, Context  # noqa: E402
from introspection import Wrong                     # noqa: E402
from vmdtest import VMCTL, introspection, on_one_accel  # noqa: E402

# A member of this name in an example: others are left out there.
ELLIPSIS = '...'

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
    """each command and event has an example of itself"""
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
    assert not missing, missing


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
        for request in requests:
            run = check([request])
            assert run.returncode == 0, run.stdout
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
                    schema.check_reply(asked, complete(message['return']))
                else:
                    assert set(message) == {'error'}, message
                    assert set(message['error']) == {'class', 'desc'}, message
            except Wrong as wrong:
                raise AssertionError('%s: %s' % (expr['at'], wrong)) from None


def complete(shown):
    """What is shown, as if no member were left out."""
    if isinstance(shown, dict):
        return {key: complete(value) for key, value in shown.items() if key != ELLIPSIS}
    return shown


def same_shape(shown, real, where):
    """real has the members that are shown, of the same kinds; of a list, an element like
    each one that is shown, and none if none is."""
    if isinstance(shown, dict) and isinstance(real, dict):
        missing = set(shown) - set(real) - {ELLIPSIS}
        more = set() if ELLIPSIS in shown else set(real) - set(shown)
        assert not missing and not more, '%s: %s is shown, there is %s' % (where, shown, real)
        for key in set(shown) - {ELLIPSIS}:
            same_shape(shown[key], real[key], '%s.%s' % (where, key))
    elif isinstance(shown, list) and isinstance(real, list):
        assert bool(shown) == bool(real), '%s: %s is shown, there is %s' % (where, shown, real)
        for i, item in enumerate(shown):
            like_one(item, real, '%s[%d]' % (where, i))
    else:
        assert kind(shown) == kind(real), '%s: %r is shown, there is %r' % (where, shown, real)


def like_one(item, real, where):
    """One of the elements of real has the shape of item."""
    wrong = None
    for candidate in real:
        try:
            return same_shape(item, candidate, where)
        except AssertionError as e:
            wrong = wrong or e
    raise wrong


def kind(value):
    """What JSON calls it."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return 'number' if number else type(value)


def send_all(recorder, wanted):
    """Sends the examples of entries that are wanted; returns how many requests."""
    sent = 0
    for expr, dialogue in examples():
        if expr['kind'] == 'event' or not wanted(expr['name']):
            continue
        with Context(recorder, expr['name']) as context:
            for (way, request), (back, shown) in zip(dialogue[::2], dialogue[1::2]):
                assert (way, back) == ('->', '<-'), expr['at']
                real = context.send(request)
                same_shape(shown, real, '%s: %s' % (expr['at'], request['execute']))
                sent += 1
    return sent


def examples_do_what_they_show(recorder):
    """each request of an example is sent, and the reply has the members that it shows"""
    sent = send_all(recorder, lambda name: name not in WITH_GUEST)
    assert sent >= 100, sent


@on_one_accel
def examples_with_guests_do_what_they_show(recorder):
    """likewise what the accelerator qtest cannot do"""
    assert send_all(recorder, lambda name: name in WITH_GUEST) == len(WITH_GUEST)


def contexts_are_of_examples(recorder):
    """nothing is prepared for an example that does not exist"""
    names = {expr['name'] for expr, _ in examples()}
    assert set(NEEDS) | set(OPTIONS) <= names, (set(NEEDS) | set(OPTIONS)) - names


if __name__ == '__main__':
    vmdtest.main([commands_and_events_have_examples, requests_fit_the_schema,
                  replies_and_events_fit_the_schema, examples_do_what_they_show,
                  examples_with_guests_do_what_they_show, contexts_are_of_examples])
