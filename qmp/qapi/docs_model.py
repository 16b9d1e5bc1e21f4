# SPDX-License-Identifier: GPL-2.0-or-later
"""The manuals as plain data, for printers that know nothing of the schema.

A Book has Chapters (the schema's `=` and `==` sections) with Entries, one for
each command, event, type and class.  An entry consists of paragraphs and of
parts: Facts, Fields, Inherited, Grid and Examples, which are printed in their order.
docs_build.py makes all of it.
"""


class Chapter:
    def __init__(self, level, title, anchor, paragraphs):
        self.level = level          # 1 or 2
        self.title = title
        self.anchor = anchor
        self.paragraphs = paragraphs
        self.entries = []


class Entry:
    """What the manual says about one name."""

    def __init__(self, group, kind, name, anchor):
        self.group = group          # of GROUPS
        self.kind = kind            # as a reader calls it: command, machine type ...
        self.name = name
        self.anchor = anchor
        self.summary = []           # Inlines, one sentence without a full stop
        self.paragraphs = []
        self.parts = []
        self.marks = []             # words such as `unstable`, `abstract`

    def fields(self):
        """The rows of all Fields."""
        return [row for part in self.parts if isinstance(part, Fields) for row in part.rows]


class Facts:
    """Pairs of a word and what there is to say about it, as Inlines."""

    def __init__(self, title, rows):
        self.title = title
        self.rows = rows


class Fields:
    """Members, arguments, properties or values, each a Row."""

    def __init__(self, title, rows, paragraphs=()):
        self.title = title
        self.rows = rows
        self.paragraphs = paragraphs


class Row:
    def __init__(self, name, anchor):
        self.name = name
        self.anchor = anchor        # None where the row is another entry's, shown again,
        self.target = None          # whose anchor is this one
        self.type = []              # Inlines; empty for values of an enum
        self.notes = []             # Inlines each: optional, default, bounds, attributes
        self.paragraphs = []


class Inherited:
    """What each ancestor declares.  groups: (the ancestor, its names as one line of Inlines,
    Rows); no Rows where there are too many of them."""

    def __init__(self, title, groups):
        self.title = title
        self.groups = groups


class Grid:
    """Cells of Inlines under a line of headings."""

    def __init__(self, title, head, rows):
        self.title = title
        self.head = head
        self.rows = rows


class Examples:
    """Messages: ('->' or '<-', value) in order."""

    def __init__(self, title, messages):
        self.title = title
        self.messages = messages


# What the indexes are called, in their order.
GROUPS = (('commands', 'Commands'), ('events', 'Events'), ('traces', 'Trace points'),
          ('machines', 'Machine types'), ('models', 'CPU models'), ('classes', 'Classes'), ('types', 'Types'),
          ('builtins', 'Built-in types'))


class Book:
    def __init__(self, version):
        self.version = version
        self.chapters = []
        self.names = None           # docs_text.Names
        self.tree = []              # (depth, Entry) of each class, parents first

    def entries(self, group=None):
        """All entries, or those of one group by name."""
        found = [e for c in self.chapters for e in c.entries if group in (None, e.group)]
        return sorted(found, key=lambda e: (e.name.lower(), e.name)) if group else found

    def anchors(self):
        """Everything that a link may lead to."""
        for chapter in self.chapters:
            yield chapter.anchor
        for entry in self.entries():
            yield entry.anchor
            yield from (row.anchor for row in entry.fields() if row.anchor)
