#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How much a new class makes be compiled again: the objects of the daemon and of vmctl that
depend on each header of the schema, from the compiler's own notes of what it read.

A class, a property or a struct changes the header of the file that it stands in, and the
rows, which are a few objects more.  `make rebuilt` prints the table.
"""
import glob
import json
import os
import re
import sys

BUILD = os.environ.get('G_TEST_BUILDDIR', '.')
LIMIT = 40
FOLDERS = ('client', 'qmp', 'systemd', 'kvm', 'tcg', 'qtest', 'hw', 'cpu', 'qom', 'daemon')


def objects_by_header():
    """{ FILE of the schema: objects }, and all objects."""
    found, all_objects = {}, set()
    for folder in FOLDERS:
        for path in glob.glob(os.path.join(BUILD, folder, '**', '.deps', '*.Po'), recursive=True):
            with open(path, encoding='utf-8') as f:
                text = f.read()
            if text.startswith('# dummy'):
                continue
            all_objects.add(path)
            for name in set(re.findall(r'qmp/qapi-types-([\w-]+)\.h', text)):
                found.setdefault(name, set()).add(path)
    return found, all_objects


def files_with_classes():
    """Files of the schema that define a class, a machine type or a CPU model."""
    with open(os.path.join(BUILD, 'qmp', 'qapi-schema.json'), encoding='utf-8') as f:
        expressions = json.load(f)['expressions']
    return {os.path.basename(e['at'].split(':')[0])[:-len('.json')] for e in expressions
            if e['kind'] in ('class', 'machine', 'cpu-model')}


def main():
    found, all_objects = objects_by_header()
    holders = files_with_classes()
    print('1..1')
    if not all_objects:
        print('ok 1 - few objects depend on a file of the schema # SKIP nothing was compiled here')
        return 0
    for name, objects in sorted(found.items(), key=lambda item: -len(item[1])):
        print('# %-12s %3d of %d objects%s' % (name, len(objects), len(all_objects),
                                               '' if name in holders else ' (no classes)'))
    wrong = [name for name in holders if len(found.get(name, ())) > LIMIT]
    print('%s 1 - a class rebuilds %d objects at most' % ('not ok' if wrong else 'ok', LIMIT))
    return 0


if __name__ == '__main__':
    sys.exit(main())
