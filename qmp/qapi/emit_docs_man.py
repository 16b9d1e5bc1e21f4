# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/man/vmd-qmp.7 and vmd-classes.7: the Book as two pages in mdoc.

Entries of a section stand in alphabetical order, for people who search in a pager.
"""

import datetime
import os
import re
import textwrap

from .docs_json import layout
from .docs_model import Examples, Facts, Fields, Grid, Inherited

COLUMNS = 78            # of mdoc's text lines
WIDTH = 68              # of JSON, which is indented
QMP = ('vmd-qmp', 'commands, events and types of vmd',
       (('COMMANDS', 'commands'), ('EVENTS', 'events'),
        ('TRACE POINTS', 'traces'), ('TYPES', 'types'), ('BUILT-IN TYPES', 'builtins')))
CLASSES = ('vmd-classes', 'classes, machine types and CPU models of vmd',
           (('MACHINE TYPES', 'machines'), ('CPU MODELS', 'models'), ('CLASSES', 'classes')))
ABOUT = {
    'vmd-qmp': 'This page lists what can be sent to a socket of vmd(8), and what comes '
               'back.\n\nThe properties that object-add and device_add take are in '
               'vmd-classes(7).',
    'vmd-classes': 'This page lists the classes of which vmd(8) makes machines, with their '
                   'properties.\n\nThe commands that make objects of them are in vmd-qmp(7).'}
SEE = ('vmctl 1', 'vmd-requests 5', 'vmctl-options 7', 'vmd-classes 7', 'vmd-qmp 7', 'vmd 8',
       'vmd@.service 8')
XREF = re.compile(r'(vm[a-z@.-]+)\(([1-8])\)')


def emit(book, files):
    """{ path: lines }; files: the schema's, the youngest of which gives the date."""
    date = _date(files)
    return {'docs/man/%s.7' % page[0]: _page(book, date, *page) for page in (QMP, CLASSES)}


def _date(files):
    """When the manual changed last, as mdoc writes it."""
    epoch = os.environ.get('SOURCE_DATE_EPOCH')
    seconds = int(epoch) if epoch else max(os.stat(name).st_mtime for name in files)
    day = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    months = ('January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
              'September', 'October', 'November', 'December')
    return '%s %d, %d' % (months[day.month - 1], day.day, day.year)


def _page(book, date, name, what, sections):
    out = ['.\\" SPDX-License-Identifier: GPL-2.0-or-later',
           '.\\" Made from the schema by qmp/qapi-gen.py, not to be edited.',
           '.Dd ' + date, '.Dt %s 7' % name.upper(), '.Os vmd', '.Sh NAME',
           '.Nm ' + name, '.Nd ' + what, '.Sh DESCRIPTION']
    out += _spaced([_wrapped(_escape(p)) for p in ABOUT[name].split('\n\n')] +
                   [_text(p) for p in _preface(book)])
    if name == 'vmd-classes':
        out += _tree(book)
    for title, group in sections:
        entries = book.entries(group)
        if entries:
            out.append('.Sh ' + title)
            for entry in entries:
                out += _entry(entry)
    return out + _see(name)


def _preface(book):
    """What the schema says before its first entry: how to read the manual."""
    paragraphs = []
    for chapter in book.chapters:
        if chapter.entries:
            break
        paragraphs += chapter.paragraphs
    return paragraphs


def _see(name):
    pages = [page for page in SEE if page.split()[0] != name]
    return ['.Sh SEE ALSO'] + ['.Xr %s%s' % (page, ' ,' if page != pages[-1] else '')
                               for page in pages]


# -- text ----------------------------------------------------------------------

def _escape(text):
    return text.replace('\\', '\\e').replace('-', '\\-')


def _argument(text):
    """Text as one argument of a macro."""
    return '"%s"' % text.replace('"', '\\(dq')


def _formatted(inlines):
    """Names are bold and never hyphenated."""
    return ''.join('\\fB\\%%%s\\fR' % _escape(i.text) if i.code
                   else _escape(i.text).replace('\\-', '-') for i in inlines)


def _text(inlines):
    return _wrapped(_formatted(inlines))


def _wrapped(text):
    """Lines of mdoc: a sentence begins on a new one, none is read as a request."""
    out = []
    for sentence in re.sub(r'([.?!]\)?(?:\\fR)?) +', r'\1\n', text).split('\n'):
        for line in textwrap.wrap(sentence, COLUMNS, break_long_words=False,
                                  break_on_hyphens=False):
            out += _line(line)
    return out


def _line(line):
    match = XREF.search(line.replace('\\-', '-'))
    if match and '\\f' not in line:
        plain = line.replace('\\-', '-')
        before, after = plain[:match.start()].strip(), plain[match.end():]
        mark = re.match(r'[.,;:)]*', after).group()
        rest = after[len(mark):].strip()
        macro = '.Xr %s %s%s' % (match.group(1), match.group(2), ' ' + mark if mark else '')
        return ([before] if before else []) + [macro] + (_line(rest) if rest else [])
    return ['\\&' + line if line[:1] in '.\'' else line]


def _spaced(paragraphs):
    """Paragraphs with .Pp between them."""
    out = []
    for lines in paragraphs:
        out += (['.Pp'] if out else []) + lines
    return out


def _paragraphs(paragraphs):
    return _spaced([_text(p) for p in paragraphs])


# -- entries -------------------------------------------------------------------

def _entry(entry):
    out = ['.Ss ' + _argument(_escape(entry.name))]
    marks = [entry.kind] + entry.marks
    if len(marks) > 1 or entry.group == 'types':
        out += ['.Pq ' + _argument(', '.join(marks)), '.br']
    out += _paragraphs(entry.paragraphs)
    for part in entry.parts:
        out += PRINTERS[type(part)](part)
    return out


def _heading(title):
    return ['.Pp', '.Sy %s :' % _argument(_escape(title))] if title else []


def _facts(facts):
    out = (_heading(facts.title) or ['.Pp']) + ['.Bl -tag -width "Run states" -compact']
    for label, inlines in facts.rows:
        text = _escape(label) if isinstance(label, str) else _formatted(label)
        out += ['.It ' + _argument(text)] + _text(inlines)
    return out + ['.El']


def _fields(fields):
    out = _heading(fields.title)
    if fields.paragraphs:
        out += ['.br'] + _paragraphs(fields.paragraphs)
    out.append('.Bl -tag -width Ds')
    for row in fields.rows:
        about = ', '.join(_formatted(n) for n in ([row.type] if row.type else []) + row.notes)
        name = '.It Va ' + _argument(_escape(row.name))
        out.append(name + (' Pq ' + _argument(about) if about else ''))
        out += _paragraphs(row.paragraphs)
    return out + ['.El']


def _grid(grid):
    """A tag for the first cell, and a phrase of the others and their headings."""
    out = _heading(grid.title) + ['.Bl -tag -width Ds -compact']
    for row in grid.rows:
        cells = ['%s %s' % (head.lower(), _formatted(cell))
                 for head, cell in zip(grid.head[1:], row[1:]) if cell]
        out += ['.It ' + _argument(_formatted(row[0]))] + _wrapped(', '.join(cells))
    return out + ['.El']


def _examples(examples):
    out = _heading(examples.title) + ['.Bd -literal -compact']
    for way, value in examples.messages:
        lines = layout(value, WIDTH)
        out += ['%s %s' % (_escape(way), _escape(lines[0]))]
        out += ['   ' + _escape(line) for line in lines[1:]]
    return out + ['.Ed']


def _inherited(inherited):
    """Names are enough: the ancestor is in the same page."""
    return _facts(Facts(inherited.title, [(owner, names) for owner, names, _ in inherited.groups]))


PRINTERS = {Facts: _facts, Fields: _fields, Inherited: _inherited, Grid: _grid,
            Examples: _examples}


def _tree(book):
    if not book.tree:
        return []
    return ['.Sh CLASS TREE', '.Bd -literal -compact'] + \
        [_escape('  ' * depth + entry.name) for depth, entry in book.tree] + ['.Ed']
