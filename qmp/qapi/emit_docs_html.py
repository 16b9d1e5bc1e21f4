# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/vmd.html: the Book as one file, which needs nothing else and no network.

Styles and the script for searching are book/book.css and book/book.js.  What a
search finds are articles and table rows with data-name.
"""

import json
import os
import re
from html import escape

from .docs_json import layout
from .docs_model import GROUPS, Examples, Facts, Fields, Grid, Inherited
from .docs_text import plain

PATH = 'docs/vmd.html'
TITLE = 'vmd: reference of its QMP'
WIDTH = 92
MEMBER_KINDS = {'enum': 'value', 'command': 'argument', 'event': 'data', 'trace point': 'argument'}
TOKEN = re.compile(r'(?P<str>"(?:[^"\\]|\\.)*")(?P<colon>:?)|(?P<num>-?[0-9][0-9.eE+-]*|'
                   r'true|false|null)')


def emit(book):
    """{ path: lines }"""
    out = ['<!DOCTYPE html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
           '<meta name="viewport" content="width=device-width, initial-scale=1">',
           '<title>%s</title>' % TITLE, '<style>', _asset('book.css'), '</style>', '</head>',
           '<body>']
    out += _side(book) + ['<main>', '<h1>%s</h1>' % TITLE,
                          '<p class="soft">Version %s</p>' % escape(book.version)]
    for chapter in book.chapters:
        out += _chapter(chapter)
    out += _tree(book) + _indexes(book)
    out += ['</main>', '<script>', _asset('book.js'), '</script>', '</body>', '</html>']
    return {PATH: '\n'.join(out).split('\n')}


def _asset(name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'book', name)
    with open(path, encoding='utf-8') as f:
        return f.read().rstrip('\n')


# -- text ----------------------------------------------------------------------

def _inline(inline):
    text = escape(inline.text, quote=False)
    if inline.code:
        text = '<code>%s</code>' % text
    return '<a href="#%s">%s</a>' % (inline.anchor, text) if inline.anchor else text


def _html(inlines):
    return ''.join(_inline(i) for i in inlines)


def _paragraphs(paragraphs):
    return ['<p>%s</p>' % _html(p) for p in paragraphs]


def _label(label):
    return escape(label) if isinstance(label, str) else _html(label)


def _link(anchor, text):
    return '<a href="#%s">%s</a>' % (anchor, text)


# -- contents ------------------------------------------------------------------

def _side(book):
    out = ['<nav>', '<a class="title" href="#">vmd</a>',
           '<button id="menu" type="button">Contents</button>',
           '<input id="search" type="search" placeholder="Search  ( / )" '
           'aria-label="Search" autocomplete="off" spellcheck="false">',
           '<div id="found" hidden></div>', '<div id="contents">']
    for i, chapter in enumerate(book.chapters):
        if chapter.level == 1:
            out += ['</details>'] if i else []
            out += ['<details>', '<summary>%s</summary>' % _contents_link(chapter)]
            out += _contents(chapter)
        else:
            out += ['<details><summary>%s</summary>' % _contents_link(chapter)]
            out += _contents(chapter) + ['</details>']
    out += ['</details>', '<details open><summary>Indexes</summary>', '<ul>']
    out += ['<li>%s</li>' % _link('index-' + key, title) for key, title in _index_titles(book)]
    return out + ['</ul>', '</details>', '</div>', '</nav>']


def _contents_link(chapter):
    return _link(chapter.anchor, escape(chapter.title))


def _contents(chapter):
    if not chapter.entries:
        return []
    return ['<ul>'] + ['<li>%s</li>' % _link(e.anchor, escape(e.name))
                       for e in chapter.entries] + ['</ul>']


def _index_titles(book):
    titles = [(key, title) for key, title in GROUPS if book.entries(key)]
    tree = [('tree', 'Tree of classes')] if book.tree else []
    return tree + titles + [('members', 'Members and properties')]


# -- chapters and entries ------------------------------------------------------

def _chapter(chapter):
    heading = '<h2 id="%s"%s>%s</h2>' % (
        chapter.anchor, ' class="sub"' if chapter.level > 1 else '', escape(chapter.title))
    out = [heading] + _paragraphs(chapter.paragraphs)
    for entry in chapter.entries:
        out += _entry(entry)
    return out


def _entry(entry):
    marks = ''.join(' <span class="mark %s">%s</span>' % (m, m) for m in entry.marks)
    out = ['<article id="%s" data-kind="%s" data-name="%s">' % (
               entry.anchor, entry.kind, escape(entry.name)),
           '<h3>%s <span class="kind">%s</span>%s</h3>' % (
               _link(entry.anchor, '<code>%s</code>' % escape(entry.name)), entry.kind, marks)]
    out += _paragraphs(entry.paragraphs)
    for part in entry.parts:
        if part.title:
            out.append('<h4>%s</h4>' % escape(part.title))
        out += PRINTERS[type(part)](part, entry)
    return out + ['</article>']


def _facts(facts, _entry):
    out = ['<table class="facts">']
    out += ['<tr><th>%s</th><td>%s</td></tr>' % (_label(label), _html(inlines))
            for label, inlines in facts.rows]
    return out + ['</table>']


def _fields(fields, entry):
    values = all(not row.type for row in fields.rows)
    kind = 'property' if entry.group in ('classes', 'machines', 'models') else \
        MEMBER_KINDS.get(entry.kind, 'member')
    out = _paragraphs(fields.paragraphs)
    out.append('<table class="fields%s">' % (' values' if values else ''))
    out += [_row(row, kind, values) for row in fields.rows]
    return out + ['</table>']


def _row(row, kind, values):
    about = ''.join(_paragraphs(row.paragraphs))
    notes = ''.join(' <span class="note%s">%s</span>' % (_note_class(n), _html(n))
                    for n in row.notes)
    name = '<code>%s</code>' % escape(row.name)
    attributes = ''
    if row.anchor:
        attributes = ' id="%s" data-kind="%s" data-name="%s"' % (row.anchor, kind, row.name)
        name = _link(row.anchor, name)
    elif row.target:
        name = _link(row.target, name)
    if values:
        return '<tr%s><td class="name">%s%s</td><td>%s</td></tr>' % (
            attributes, name, notes, about)
    return '<tr%s><td class="name">%s</td><td class="type">%s%s</td><td>%s</td></tr>' % (
        attributes, name, _html(row.type), notes, about)


def _inherited(inherited, _entry):
    """Closed until a reader wants it: an ancestor's properties, with its defaults."""
    out = []
    for owner, names, rows in inherited.groups:
        if not rows:
            out += ['<table class="facts">', '<tr><th>%s</th><td>%s</td></tr>' % (
                _html(owner), _html(names)), '</table>']
            continue
        out += ['<details class="inherited"><summary>%s: %s</summary>' % (
            _html(owner), _html(names)), '<table class="fields">']
        out += [_row(row, None, False) for row in rows]
        out += ['</table>', '</details>']
    return out


def _note_class(note):
    word = plain(note)
    return ' ' + word if word in ('unstable', 'deprecated') else ''


def _grid(grid, _entry):
    used = [i for i in range(len(grid.head)) if any(row[i] for row in grid.rows)]
    out = ['<table class="grid">', '<thead><tr>%s</tr></thead>' % ''.join(
        '<th>%s</th>' % escape(grid.head[i]) for i in used), '<tbody>']
    out += ['<tr>%s</tr>' % ''.join('<td>%s</td>' % _html(row[i]) for i in used)
            for row in grid.rows]
    return out + ['</tbody>', '</table>']


def _examples(examples, _entry):
    out = []
    for way, value in examples.messages:
        text = '\n   '.join(_coloured(line) for line in layout(value, WIDTH))
        out.append('<pre class="%s"><span class="way">%s</span> %s</pre>' % (
            'out' if way == '->' else 'in', escape(way), text))
    return out


def _coloured(line):
    """One line of JSON with its tokens in spans."""
    out, at = [], 0
    for match in TOKEN.finditer(line):
        out.append(escape(line[at:match.start()], quote=False))
        kind = 'num' if match.group('num') else 'key' if match.group('colon') else 'str'
        text = match.group('num') or match.group('str')
        out.append('<span class="%s">%s</span>%s' % (
            kind, escape(text, quote=False), match.group('colon') or ''))
        at = match.end()
    return ''.join(out) + escape(line[at:], quote=False)


PRINTERS = {Facts: _facts, Fields: _fields, Inherited: _inherited, Grid: _grid,
            Examples: _examples}


# -- indexes -------------------------------------------------------------------

def _tree(book):
    """The classes by their parents, as nested lists."""
    if not book.tree:
        return []
    out, depth = ['<h2 id="index-tree">Tree of classes</h2>'], -1
    for level, entry in book.tree:
        out += ['<ul%s>' % (' class="tree"' if depth < 0 else '')] if level > depth else \
            ['</li>'] + ['</ul></li>'] * (depth - level)
        about = _html(entry.summary)
        out.append('<li>%s <span class="soft">%s</span>' % (
            _link(entry.anchor, '<code>%s</code>' % escape(entry.name)), about))
        depth = level
    return out + ['</li></ul>'] * (depth + 1)


def _indexes(book):
    out = []
    for key, title in GROUPS:
        entries = book.entries(key)
        if entries:
            out += ['<h2 id="index-%s">%s</h2>' % (key, title), '<table class="values">']
            out += ['<tr><td class="name">%s</td><td>%s</td></tr>' % (
                _link(e.anchor, '<code>%s</code>' % escape(e.name)), _html(e.summary))
                    for e in entries]
            out.append('</table>')
    return out + _members(book)


def _members(book):
    """Each name of a member, argument, property or value, and whose it is."""
    owners = {}
    for entry in book.entries():
        for row in entry.fields():
            if row.anchor:
                owners.setdefault(row.name, []).append((entry.name, row.anchor))
    out = ['<h2 id="index-members">Members and properties</h2>', '<ul class="members">']
    for name in sorted(owners, key=lambda n: (n.lower(), n)):
        links = ', '.join(_link(anchor, escape(owner)) for owner, anchor in sorted(owners[name]))
        out.append('<li><code>%s</code>: %s</li>' % (escape(name), links))
    return out + ['</ul>']
