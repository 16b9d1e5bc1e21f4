#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each function that a header declares is called by somebody, each macro used.

What stands in the sources only where it is declared and where it is defined is dead.  A test
is a caller, too; so is the generator, which writes calls.
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


def test_finds():
    header = 'void dead_one(int a,\n              int b);\nint used(void);\nstatic inline int x(void);\n'
    header += '#define DEAD_TWO 2\n#define USED 3\n'
    code = 'void dead_one(int a, int b)\n{\n    used(USED);\n}\nint used(void)\n{\n}\n'
    dead = dead_names([('a.h', header)], [header, code])
    assert dead == [('dead_one', 'a.h'), ('DEAD_TWO', 'a.h')], dead


def test_sources():
    headers = list(sources(FOLDERS, '.h'))
    texts = [text for _, text in sources(FOLDERS + ('tests',), ('.c', '.h', '.S', '.py'))]
    declared = sum(len(DECLARED.findall(text)) for _, text in headers)
    assert declared > 500, f'only {declared} functions found in headers'
    dead = dead_names(headers, texts)
    assert not dead, '\n'.join(f'{path}: nobody uses {name}' for name, path in dead)


if __name__ == '__main__':
    sys.exit(tap.run([('what nobody uses is found', test_finds),
                      ('each function and macro of a header is used', test_sources)]))
