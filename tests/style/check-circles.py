#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No files include each other in a circle: whoever wants to read one, or test it, can begin below.

How it is counted: a module is a header with the files that have what it declares, such as
daemon/machine/build.h with the five build*.c, and with X-internal.h if it is X.h; a file without
such a header is one by itself.  A module leads to another if one of its files includes the
other's header.  What the schema generates, and system headers, do not count.  FREE says where no circle may be, across that
border or inside; circles elsewhere are listed as comments.

Files that share a header can still need each other.  So the objects of the daemon's archive are
looked at as well: none needs a symbol of one that needs a symbol of it, however far around.
"""
import collections
import os
import re
import subprocess
import sys

BUILD = os.environ.get('G_TEST_BUILDDIR', '.')
SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
sys.path.insert(0, os.path.join(SRCDIR, 'tests', 'lib'))
import tap                                          # noqa: E402
from csource import DECLARED, DEFINED, FOLDERS, sources      # noqa: E402

FREE = re.compile(r'daemon/|hw/aio/|hw/memory/|hw/virtio/virtqueue')
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
STEM = re.compile(r'\.[chS]$')


def modules(texts):
    """{ file: the module's name } of { path: text }."""
    owner = {name: path for path, text in texts.items() if path.endswith('.h')
             for name in DECLARED.findall(text)}
    found = {}
    for path, text in texts.items():
        headers = [owner[name] for name in DEFINED.findall(text) if owner.get(name) in
                   INCLUDE.findall(text)]
        own = STEM.sub('.h', path)
        found[path] = own if own in texts else max(headers, key=headers.count) if headers else path
    for path, name in found.items():
        outer = name.replace('-internal.h', '.h')
        found[path] = outer if outer in texts else name
    return found


def graph(texts):
    """{ module: { module that it leads to: (file, header) } }."""
    module = modules(texts)
    edges = {name: {} for name in module.values()}
    for path, text in texts.items():
        for header in INCLUDE.findall(text):
            if header in module and module[header] != module[path]:
                edges[module[path]][module[header]] = (path, header)
    return edges


def circles(edges):
    """The sets of modules that all lead to each other (Tarjan's algorithm, without recursion)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []
    for root in edges:
        work = [] if root in index else [(root, iter(edges[root]))]
        while work:
            node, successors = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            for other in successors:
                if other not in index:
                    work.append((other, iter(edges[other])))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    on_stack -= set(stack[at:])
                    if len(stack) - at > 1:
                        found.append(sorted(stack[at:]))
                    del stack[at:]
    return found


def describe(circle, edges):
    lines = ['%d need each other: %s' % (len(circle), ' '.join(circle))]
    for name in circle:
        lines += ['    %s needs %s' % edges[name][other]
                  for other in sorted(edges[name]) if other in circle]
    return lines


def test_finds():
    texts = {
        'a/one.h': '#include "a/two.h"\nvoid one(void);\n',
        'a/one.c': '#include "a/one.h"\nvoid one(void)\n{\n}\n',
        'a/two.h': 'void two(void);\nvoid two_more(void);\n',
        # Neither has a header of its name; what they define says where they belong.
        'a/first.c': '#include "a/two.h"\nvoid two(void)\n{\n}\n',
        'a/second.c': '#include "a/three.h"\n#include "a/two.h"\nvoid two_more(void)\n{\n}\n',
        'a/three.h': '', 'a/three.c': '#include "a/three.h"\n#include "a/one.h"\n',
        'a/main.c': '#include "a/one.h"\n#include "a/three.h"\nint main(void)\n{\n}\n',
        'a/leaf.h': '', 'a/leaf-internal.h': '#include "a/leaf.h"\n',
        'a/leaf.c': '#include "a/leaf-internal.h"\n',
    }
    found = circles(graph(texts))
    assert found == [['a/one.h', 'a/three.h', 'a/two.h']], found
    texts['a/second.c'] = texts['a/second.c'].replace('#include "a/three.h"\n', '')
    assert circles(graph(texts)) == [], circles(graph(texts))


def test_sources():
    texts = dict(sources(FOLDERS, ('.c', '.h')))
    edges = graph(texts)
    assert len(texts) > 500 and sum(map(len, edges.values())) > 1000
    wrong = []
    for circle in circles(edges):
        text = describe(circle, edges)
        if any(FREE.match(name) for name in circle):
            wrong += text
        else:
            print('# ' + text[0])
    assert not wrong, '\n'.join(wrong)


def symbol_graph(listing):
    """The same of objects in an archive, from what `nm -A -P` says of it."""
    owner, needs = {}, collections.defaultdict(set)
    for line in listing.splitlines():
        place, name, kind = line.split()[:3]
        member = re.search(r'\[(.*)\]', place).group(1)
        needs[member].update({name} if kind == 'U' else ())
        if kind in 'BDRTV':
            owner[name] = member
    return {member: {owner[name]: (member, name) for name in sorted(names)
                     if owner.get(name, member) != member} for member, names in needs.items()}


def test_finds_symbols():
    listing = ('lib.a[a.o]: one T 0 0\nlib.a[a.o]: two U 0 0\nlib.a[b.o]: two T 0 0\n'
               'lib.a[b.o]: %s U 0 0\nlib.a[c.o]: one U 0 0\nlib.a[c.o]: malloc U 0 0\n')
    assert circles(symbol_graph(listing % 'one')) == [['a.o', 'b.o']]
    assert circles(symbol_graph(listing % 'other')) == []


def test_archive():
    archive = os.path.join(BUILD, 'daemon', 'libdaemon.a')
    if not os.path.exists(archive):
        return
    edges = symbol_graph(subprocess.check_output(['nm', '-A', '-P', archive], text=True))
    assert len(edges) > 40, f'only {len(edges)} objects in {archive}'
    wrong = [line for circle in circles(edges) for line in describe(circle, edges)]
    assert not wrong, '\n'.join(wrong)


if __name__ == '__main__':
    sys.exit(tap.run([('a circle is found, through files without a header of their name', test_finds),
                      ('no file of daemon/, hw/aio/, hw/memory/ and the virtqueues is in a circle', test_sources),
                      ('a circle of objects is found', test_finds_symbols),
                      ("no object of the daemon's archive is in a circle", test_archive)]))
