#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What no test exercises: commands, arguments, events, classes, properties, error reasons.

docs/coverage.json of the build tree says what there is; tests/coverage/*.seen there,
written by every test program with a Recorder (tests/lib/vmdtest.py), what was done.
On a host without KVM its classes need not be exercised.
The file `exceptions` beside this program lists what cannot be exercised, with reasons.
Last, whatever a client can say must be read by some C code.  See docs/coverage.md.
"""
import glob
import json
import os
import re
import sys

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
BUILDDIR = os.environ.get('G_TEST_BUILDDIR', os.path.join(SRCDIR, 'build'))
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
from vmdtest import have_kvm                        # noqa: E402

FOLDER = os.path.join(SRCDIR, 'tests', 'coverage')
READERS = ('qom', 'cpu', 'kvm', 'tcg', 'qtest', 'hw', 'daemon')     # folders whose code reads properties
EXCEPTION = re.compile(r'^((?:unread )?\w+(?: [^ :]+){1,2}): (.+)$')
WITHOUT_KVM = '/dev/kvm is not usable'              # why tests of KVM, and no others, skip
UNREAD = 'unread '                                  # exceptions from the last test


def load(*path):
    with open(os.path.join(BUILDDIR, *path), encoding='utf-8') as f:
        return json.load(f)


def has_one_value(value):
    """Whether a member (as in the schema) is unsupported, or has a single value that is."""
    return isinstance(value, dict) and (
        'unsupported' in value or
        'only' in value and (not isinstance(value['only'], list) or len(value['only']) == 1))


class Schema:
    """Classes with their parents, and attributes of properties."""

    def __init__(self, expressions):
        self.expressions = {e['name']: e['expression'] for e in expressions}
        self.parents = {}
        self.names = {}             # alias -> name
        self.attributes = {}        # (class, property) -> dict
        self.forwards = {}          # class -> classes of parts that it forwards to
        for e in expressions:
            if e['kind'] in ('class', 'machine', 'cpu-model'):
                self.add_class(e['kind'], e['name'], e['expression'])

    def add_class(self, kind, name, expr):
        suffix, parent = {'class': ('', expr.get('parent')),
                          'machine': ('-machine', expr.get('base')),
                          'cpu-model': ('-x86_64-cpu', expr.get('parent', 'x86_64-cpu'))}[kind]
        self.parents[name + suffix] = parent
        for alias in expr.get('alias', []):
            alias = alias['name'] if isinstance(alias, dict) else alias
            self.names[alias] = name + suffix
            self.names[alias + suffix] = name + suffix
        self.forwards[name + suffix] = [part['driver'] for part in expr.get('parts', [])
                                        if part.get('forward')]
        for key, value in expr.get('properties', {}).items():
            self.attributes[name + suffix, key.lstrip('*')] = \
                value if isinstance(value, dict) else {}

    def ancestors(self, name):
        name = self.names.get(name, name)
        while name:
            yield name
            name = self.parents.get(name)

    def holders(self, name):
        """Classes whose property a property of the class may be."""
        for klass in self.ancestors(name):
            yield klass
            for part in self.forwards.get(klass, []):
                yield from self.holders(part)

    def single_members(self):
        """Names of struct members that can have but one value: there is nothing to read."""
        return {key.lstrip('*') for expr in self.expressions.values()
                if 'struct' in expr and 'class' not in expr     # a class names its C struct so
                for key, value in expr['data'].items() if has_one_value(value)}

    def argument_members(self):
        """(type, member) of each struct that a request may contain."""
        found, todo = set(), []
        for expr in self.expressions.values():
            if 'command' in expr:
                todo.append(expr.get('data'))
        seen = set()
        while todo:
            data = todo.pop()
            if isinstance(data, list):
                todo += data
            elif isinstance(data, dict):
                todo += [v.get('type') if isinstance(v, dict) else v for v in data.values()]
            elif data and data not in seen and data in self.expressions:
                seen.add(data)
                expr = self.expressions[data]
                todo += [expr.get('base')]
                if 'enum' not in expr:
                    todo.append(expr.get('data'))
                if 'struct' in expr:
                    found |= {(data, key.lstrip('*')) for key, value in expr['data'].items()
                              if not has_one_value(value)}
        return sorted(found)


def wanted(coverage, schema):
    """{ item: place in the schema } of all that must have been exercised."""
    items = {}
    for c in coverage['commands']:
        items['command ' + c['name']] = c['at']
        for argument in c['arguments']:
            items['argument %s %s' % (c['name'], argument)] = c['at']
    for e in coverage['events']:
        items['event ' + e['name']] = e['at']
    for k in coverage['classes']:
        items['class ' + k['name']] = k['at']
    for p in coverage['properties']:
        items['property %s %s' % (p['class'], p['name'])] = p['at']
    for reason in schema.expressions['ErrorReason']['data']:
        items['reason ' + reason] = 'error.json'
    return items


def must_be_set(schema, klass, name):
    """Whether requests can set the property, so that reading it is not enough."""
    attributes = schema.attributes.get((klass, name), {})
    return not attributes.get('readonly') and not attributes.get('internal')


def exercised(lines, schema):
    """The items that the recorded lines exercise."""
    done = set()
    for line in lines:
        words = line.split(' ')
        if words[0] in ('command', 'argument', 'event', 'reason'):
            done.add(line)
        elif words[0] == 'class':
            done.add('class ' + schema.names.get(words[1], words[1]))
        elif words[0] in ('set', 'read'):
            for klass in schema.holders(words[1]):
                if (klass, words[2]) in schema.attributes and (
                        words[0] == 'set' or not must_be_set(schema, klass, words[2])):
                    done.add('property %s %s' % (klass, words[2]))
    return done


def read_lines(pattern):
    for path in sorted(glob.glob(pattern, recursive=True)):
        with open(path, encoding='utf-8') as f:
            yield from f.read().splitlines()


def read_exceptions(lines):
    """{ item: reason }"""
    found = {}
    for line in lines:
        if line and not line.startswith('#'):
            parts = EXCEPTION.match(line)
            assert parts, 'not of the form ITEM: REASON: %s' % line
            found[parts.group(1)] = parts.group(2)
    return found


def sources():
    """All C code of the layers that read properties."""
    return '\n'.join(line for folder in READERS for ext in 'ch'
                     for line in read_lines(os.path.join(SRCDIR, folder, '**', '*.' + ext)))


def used_members(text):
    """Names that stand behind -> or . in C code, or that rows are looked up by."""
    return set(re.findall(r'(?:->|\.)\s*([A-Za-z_]\w*)', text)) | set(
        re.findall(r'(?:member->name\)?|qmp_class_member\([^;"]*), "([\w.-]+)"', text))


def c_name(name):
    return re.sub(r'[^A-Za-z0-9]', '_', name)


def unread(coverage, schema, used):
    """{ item: place } of what clients may say and no code reads."""
    found = {}
    for p in coverage['properties']:
        # Feature bits are read through the table qmp_cpuid_bits.
        attributes = schema.attributes[p['class'], p['name']]
        if not {'cpuid', 'msr'} & set(attributes) and not has_one_value(attributes) and not {
                p['c-name'], p['name']} & used:
            found['property %s %s' % (p['class'], p['name'])] = p['at']
    single = schema.single_members()
    for c in coverage['commands']:
        for argument in c['arguments']:
            if argument not in single and not {c_name(argument), 'q_' + c_name(argument)} & used:
                found['argument %s %s' % (c['name'], argument)] = c['at']
    for name, member in schema.argument_members():
        if not {c_name(member), 'q_' + c_name(member)} & used:
            found['member %s %s' % (name, member)] = 'qmp/schema'
    return found


# ---- TAP

class Skip(Exception):
    pass


class Check:
    def __init__(self):
        self.coverage = load('docs', 'coverage.json')
        self.schema = Schema(load('qmp', 'qapi-schema.json')['expressions'])
        self.wanted = wanted(self.coverage, self.schema)
        lines = list(read_lines(os.path.join(BUILDDIR, 'tests', 'coverage', '*.seen')))
        self.done = exercised(lines, self.schema)
        self.skipped = [line for line in lines
                        if line.startswith('skipped ') and line != 'skipped ' + WITHOUT_KVM]
        exceptions = read_exceptions(read_lines(os.path.join(FOLDER, 'exceptions')))
        self.exceptions = {e: r for e, r in exceptions.items() if not e.startswith(UNREAD)}
        self.unread = {e[len(UNREAD):] for e in exceptions if e.startswith(UNREAD)}

    def need_log(self):
        assert self.done, 'no test has recorded anything: run "make check"'

    def everything(self, kind):
        self.need_log()
        missing = [item for item in self.wanted if item.startswith(kind + ' ') and
                   item not in self.done and item not in self.exceptions and
                   not (item.split(' ')[1].startswith('kvm-') and not have_kvm())]
        if missing and self.skipped:
            raise Skip('%d not exercised, but tests were skipped: %s' % (
                len(missing), self.skipped[0][len('skipped '):]))
        assert not missing, '\n'.join('no test exercises %s (%s)' % (item, self.wanted[item])
                                      for item in missing)

    def true_exceptions(self):
        """the exceptions exist, and are none of what was exercised"""
        unknown = [e for e in self.exceptions if e not in self.wanted]
        assert not unknown, 'not in the schema: %s' % ', '.join(unknown)
        self.need_log()
        wrong = [e for e in self.exceptions if e in self.done]
        assert not wrong, 'exercised after all: %s' % ', '.join(wrong)

    def read_by_code(self):
        """each property, argument and member of an argument is read by C code"""
        missing = unread(self.coverage, self.schema, used_members(sources()))
        wrong = sorted(self.unread - set(missing))
        assert not wrong, 'read after all: %s' % ', '.join(wrong)
        assert not set(missing) - self.unread, '\n'.join(
            'no code reads %s (%s)' % (item, at) for item, at in missing.items()
            if item not in self.unread)

    def can_fail(self):
        """this check finds what is planted: it can fail"""
        schema = Schema([
            {'kind': 'class', 'name': 'base', 'expression': {
                'class': 'base', 'properties': {'a': 'str', '*b': {'type': 'int',
                                                                   'readonly': True}}}},
            {'kind': 'class', 'name': 'leaf', 'expression': {
                'class': 'leaf', 'parent': 'base', 'alias': ['old']}}])
        assert exercised(['set old a', 'read leaf b', 'class old'], schema) == {
            'property base a', 'property base b', 'class leaf'}
        assert exercised(['read leaf a'], schema) == set()
        assert exercised(['reason in-use'], schema) == {'reason in-use'}
        coverage = {'commands': [{'name': 'c', 'arguments': ['x-y'], 'at': '1'}], 'properties': [
            {'class': 'base', 'name': 'a', 'c-name': 'a', 'at': '2'}]}
        assert len(unread(coverage, schema, used_members('p->b; q.x'))) == 2
        assert unread(coverage, schema, used_members('p->a; q.x_y')) == {}
        assert list(read_exceptions(['unread argument c x-y: why'])) == ['unread argument c x-y']


def main():
    check = Check()
    tests = [('each %s is exercised by a test' % kind, lambda kind=kind: check.everything(kind))
             for kind in ('command', 'argument', 'event', 'class', 'property', 'reason')]
    tests += [(f.__doc__, f) for f in (check.true_exceptions, check.read_by_code, check.can_fail)]
    print('1..%d' % len(tests))
    for number, (title, test) in enumerate(tests, 1):
        try:
            test()
            print('ok %d - %s' % (number, title))
        except Skip as why:
            print('ok %d - %s # SKIP %s' % (number, title, why))
        except AssertionError as wrong:
            for line in str(wrong).splitlines():
                print('# ' + line)
            print('not ok %d - %s' % (number, title))


if __name__ == '__main__':
    sys.exit(main())
