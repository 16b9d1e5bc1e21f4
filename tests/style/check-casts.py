#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No file casts a pointer to a struct of objects by hand.

The schema makes a cast of each class that has a struct (qom/qapi-objects-FILE.h), which
builds for debugging check.  A struct is one of objects if its first member is one of them, or
is Object itself.  A cast of 0, as sizes and offsets in tables are made of, is none.
"""
import os
import re
import sys

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
import tap                                          # noqa: E402
from csource import FOLDERS, sources                # noqa: E402

STRUCT = re.compile(r'\bstruct\s*(\w*)\s*\{\s*(\w+)\s+\w+;')
END = re.compile(r'^\}\s*(\w*);', re.MULTILINE)


def object_structs(texts):
    """Names of the structs of objects."""
    parents = {}
    for text in texts:
        for match in STRUCT.finditer(text):
            end = END.search(text, match.end())
            for name in {match.group(1), end.group(1) if end else ''} - {''}:
                parents[name] = match.group(2)
    found, before = {'Object'}, 0
    while len(found) > before:
        before = len(found)
        found |= {name for name, parent in parents.items() if parent in found}
    return found


def casts(text, structs):
    """The lines with casts by hand."""
    pattern = re.compile(r'\((?:const\s+)?(?:struct\s+)?(?:%s)\s*\*+\s*(?:const\s*)?\)\s*[A-Za-z_(&*]'
                         % '|'.join(sorted(structs)))
    return [line.strip() for line in text.split('\n') if pattern.search(line)]


def test_finds():
    text = 'typedef struct {\n    Object object;\n} Part;\nstruct Whole {\n    Part part;\n};\n' \
           'typedef struct {\n    Object *object;\n} Holder;\n'
    structs = object_structs([text])
    assert structs == {'Object', 'Part', 'Whole'}, structs
    found = casts('a = (Whole *)obj;\nb = ((const Part *)x->y)->z;\nc = ((Whole *)0)->part;\n'
                  'd = (Holder *)obj;\nf(Part *part);\ng((Object *) &a->b);\n', structs)
    assert [line[0] for line in found] == ['a', 'b', 'g'], found


def test_sources():
    files = list(sources(FOLDERS + ('tests',), ('.c', '.h')))
    structs = object_structs(text for _, text in files)
    assert len(structs) > 80, 'only %d structs of objects found' % len(structs)
    found = ['%s: %s' % (path, line) for path, text in files for line in casts(text, structs)]
    assert not found, 'cast by hand:\n' + '\n'.join(found)


if __name__ == '__main__':
    sys.exit(tap.run([('a cast by hand is found', test_finds),
                      ('objects are cast by what the schema makes', test_sources)]))
