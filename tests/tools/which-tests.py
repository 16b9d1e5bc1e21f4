#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""which-tests.py FILE TEST...: those of the tests that say themselves that they exercise the file.

A test says so if the file is the test, or one that it includes, imports or reads below
tests/; if it is named after the file or the file's folder; if it includes the file's header;
or if it names a class, a command or an event that is in the file.  Of a file that no test
knows, the tests of those that include its header are listed, and so on outwards; of one
that none is found for, those that run the program that it belongs to.

Each line is a test and a reason, the strongest first.
"""
import functools
import os
import re
import sys

LAYERS = ('client', 'cpu', 'daemon', 'hw', 'kvm', 'qmp', 'qom', 'qtest', 'systemd', 'tcg')
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
IMPORT = re.compile(r'^(?:import|from)\s+(\w+)', re.MULTILINE)
FILE_PREFIX = re.compile(r'^(char|cmd|verb)-')
TEST_PREFIX = re.compile(r'^(test|fuzz|check|run)-')
# What a file has to do with, by a generated name or by its place in the schema.
HAS = (re.compile(r'\.schema = &qmp_class_(\w+)'), re.compile(r'^\w+ qmp_(\w+)\(QmpRequest', re.MULTILINE),
       re.compile(r'\bqmp_event_(\w+)\('),
       re.compile(r"^{ '(?:class|command|event|machine|cpu-model)': '([^']+)'", re.MULTILINE))
REASONS = ('is', 'includes', 'uses', 'names', 'runs')       # first words; the strongest first
WORD = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9]')


@functools.lru_cache(None)
def text(path):
    try:
        with open(path, encoding='utf-8') as f:
            return f.read()
    except (OSError, UnicodeDecodeError):
        return ''


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def identifier(name):
    return re.sub(r'\W', '_', name)


# ---- Tests ----

def source(test):
    return test if os.path.exists(test) else test + '.c'


def companions(path):
    """Files below tests/ that a file there includes, imports or reads."""
    folder = os.path.dirname(path)
    found = [name for name in INCLUDE.findall(text(path)) if name.startswith('tests/')]
    found += [name[:-2] + '.c' for name in found]
    if path.endswith('.py'):
        found += [os.path.join(place, name + '.py') for name in IMPORT.findall(text(path))
                  for place in (folder, 'tests/lib')]
        words = set(WORD.findall(text(path)))
        found += [os.path.join(folder, name) for name in os.listdir(folder or '.')
                  if name in words or name.endswith('.qmp') and '.qmp' in text(path)]
    return [name for name in found if os.path.isfile(name)]


@functools.lru_cache(None)
def sources(test):
    """What a test is made of below tests/."""
    found, todo = set(), [source(test)]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += companions(path)
    return found


@functools.lru_cache(None)
def words(test):
    """Names that stand in the test itself, or in its data: not in what it shares."""
    own = [path for path in sources(test) if not path.startswith('tests/lib/')]
    return {identifier(word) for path in own for word in WORD.findall(text(path))}


def is_named_after(test, path):
    """hw/char/uart16550.c: test-uart16550; qmp/json.c: test-qmp-json; hw/acpi/aml.c: test-acpi-aml."""
    name = TEST_PREFIX.sub('', stem(test))
    folders = os.path.dirname(path).split('/')
    if folders[0] == 'client':
        name = name.removeprefix('vmctl-')
    plain = FILE_PREFIX.sub('', stem(path))
    return name in {stem(path), plain, folders[-1]} | {f'{folder}-{plain}' for folder in folders}


# ---- The file ----

def header(path):
    """The header whose functions a file has: its own, or the first that it includes."""
    own = os.path.splitext(path)[0] + '.h'
    if os.path.exists(own):
        return own
    included = [name for name in INCLUDE.findall(text(path))
                if name != 'config.h' and '/qapi-' not in name]
    return included[0] if path.endswith('.c') and included else None


def names(path):
    """Identifiers of the classes, commands and events in a file."""
    found = {identifier(name) for pattern in HAS for name in pattern.findall(text(path))}
    for name in list(found):
        if name.endswith('_device'):
            plain = name[:-len('_device')]
            found |= {plain, plain + '_pci'}
        found.add(name.upper())
    return found


def reason(test, path):
    """Why the test is one of the file, or None."""
    if path in sources(test):
        return 'is it' if path == source(test) else 'uses it'
    if is_named_after(test, path):
        return 'is named after it'
    if header(path) in INCLUDE.findall(text(source(test))):
        return 'includes ' + header(path)
    known = names(path) & words(test)
    return 'names ' + min(known) if known else None


def strength(found):
    test, why = found
    return REASONS.index(why.split(',')[0].split(' ')[0]), test


@functools.lru_cache(None)
def product():
    return [os.path.join(place, name) for layer in LAYERS for place, _, files in os.walk(layer)
            for name in files if name.endswith(('.c', '.h'))]


def includers(path):
    mine = header(path)
    return [other for other in product()
            if mine in INCLUDE.findall(text(other)) and header(other) != mine]


def programs_tests(path, tests):
    """Tests that run the program that a file belongs to."""
    folder = 'tests/client/' if path.startswith('client/') else ('tests/system/', 'tests/qmp/')
    if not path.startswith(tuple(layer + '/' for layer in LAYERS)):
        return {}
    return {test: 'runs the program' for test in tests if test.startswith(folder)}


def which(path, tests):
    """{ test: reason }, by the nearest files that tests know."""
    seen, ring = {path}, [path]
    while ring:
        found = {}
        for near in ring:
            for test in tests:
                why = reason(test, near)
                if why:
                    found.setdefault(test, why if near == path else f'{why}, through {near}')
        if found:
            return found
        ring = sorted({other for near in ring for other in includers(near)} - seen)
        seen |= set(ring)
    return programs_tests(path, tests)


def main():
    path, tests = os.path.normpath(sys.argv[1]), sys.argv[2:]
    if not os.path.exists(path):
        sys.exit(f'{path}: there is no such file')
    found = which(path, [os.path.relpath(test) if test.startswith('/') else test
                         for test in tests])
    for test, why in sorted(found.items(), key=strength):
        print(f'{test:<44} # {why}')
    return 0 if found else f'{path}: no test says that it exercises this file'


if __name__ == '__main__':
    sys.exit(main())
