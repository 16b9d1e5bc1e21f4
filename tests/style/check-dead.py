#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each function that a header declares is called by somebody, and from another file than its
own; each macro is used.

What stands in the sources only where it is declared and where it is defined is dead, and what
one file alone calls is static there.  A test is a caller, too; so is the generator, which
writes calls.
"""
import collections
import os
import re
import sys

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
import tap                                          # noqa: E402
from csource import DECLARED, DEFINED, FOLDERS, sources      # noqa: E402

MACRO = re.compile(r'^#\s*define\s+(\w+)', re.MULTILINE)
WORD = re.compile(r'\w+')


def dead_names(headers, texts):
    """(name, header) of what is mentioned only where it is declared and defined."""
    mentions = collections.Counter(word for text in texts for word in WORD.findall(text))
    for text in texts:
        mentions.subtract(DECLARED.findall(text) + DEFINED.findall(text) + MACRO.findall(text))
    return [(name, path) for path, text in headers
            for name in DECLARED.findall(text) + MACRO.findall(text)
            if mentions[name] <= 0]


def local_names(headers, texts):
    """(name, file) of functions that headers declare and one file alone mentions, the one that
    defines them; texts are (path, text)."""
    files = collections.defaultdict(set)
    for path, text in texts:
        mentions = collections.Counter(WORD.findall(text))
        mentions.subtract(DECLARED.findall(text))
        for name, count in mentions.items():
            if count > 0:
                files[name].add(path)
    defined = {name: path for path, text in texts for name in DEFINED.findall(text)}
    return [(name, defined[name]) for _, text in headers for name in DECLARED.findall(text)
            if files[name] == {defined.get(name)}]


def test_finds():
    header = 'void dead_one(int a,\n              int b);\nint used(void);\nstatic inline int x(void);\n'
    header += '#define DEAD_TWO 2\n#define USED 3\n'
    code = 'void dead_one(int a, int b)\n{\n    used(USED);\n}\nint used(void)\n{\n}\n'
    dead = dead_names([('a.h', header)], [header, code])
    assert dead == [('dead_one', 'a.h'), ('DEAD_TWO', 'a.h')], dead


def test_finds_local():
    header = 'int own(int a);\nint shared(void);\nint macro(void);\n#define CALL() macro()\n'
    code = 'int own(int a)\n{\n    return own(a);\n}\nint shared(void)\n{\n}\n' \
           'int macro(void)\n{\n}\n'
    other = 'void f(void)\n{\n    shared();\n}\n'
    local = local_names([('a.h', header)], [('a.h', header), ('a.c', code), ('b.c', other)])
    assert local == [('own', 'a.c')], local


def test_sources():
    headers = list(sources(FOLDERS, '.h'))
    files = list(sources(FOLDERS + ('tests',), ('.c', '.h', '.S', '.py')))
    texts = [text for _, text in files]
    declared = sum(len(DECLARED.findall(text)) for _, text in headers)
    assert declared > 500, f'only {declared} functions found in headers'
    dead = dead_names(headers, texts)
    assert not dead, '\n'.join(f'{path}: nobody uses {name}' for name, path in dead)
    local = local_names(headers, files)
    assert not local, '\n'.join(f'{path}: {name} can be static' for name, path in local)


if __name__ == '__main__':
    sys.exit(tap.run([('what nobody uses is found', test_finds),
                      ('what one file alone uses is found', test_finds_local),
                      ('each function and macro of a header is used, by another file', test_sources)]))
