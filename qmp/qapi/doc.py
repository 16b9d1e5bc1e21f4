# SPDX-License-Identifier: GPL-2.0-or-later
"""Documentation blocks: from the lines between two `##` to a Doc or Section.

Whether a block fits its expression is checked in check_doc(), which every
kind of expression calls with the names that it must document.
"""

import re

from .errors import SchemaError

TAGS = ('Returns', 'Errors', 'Since', 'Note', 'Notes', 'Example', 'Examples', 'Features')
TAG = re.compile(r'([A-Z][a-z]+): *(.*)$')
NAME = re.compile(r'@([^\s:]+): *(.*)$')
SINCE = re.compile(r'[0-9]+\.[0-9]+(\.[0-9]+)?$')


class Section:
    """A block of the manual's structure: `= Title` and text."""

    def __init__(self, pos, lines):
        self.pos = pos
        self.lines = lines


class Doc:
    """What a block says of one expression."""

    def __init__(self, pos, name):
        self.pos = pos
        self.name = name
        self.body = []          # lines
        self.members = {}       # name -> lines
        self.at = {}            # name or tag -> Pos
        self.features = {}      # name -> lines
        self.tags = {}          # tag -> lines

    def text(self):
        return flow(self.body)

    def member(self, name):
        return flow(self.members.get(name, []))

    def tag(self, name):
        return flow(self.tags.get(name, []))


def flow(lines):
    """Paragraphs, each on one line, with an empty line between them."""
    text = '\n'.join(line.strip() for line in lines).strip()
    paragraphs = re.split(r'\n{2,}', text)
    return '\n\n'.join(' '.join(p.split('\n')) for p in paragraphs)


def parse(lines, pos):
    """A Doc if the block starts with `@NAME:`, a Section with `= Title`."""
    first = next((i for i, (_, text) in enumerate(lines) if text.strip()), None)
    if first is None:
        raise SchemaError(pos, 'doc-empty')
    text = lines[first][1]
    if re.match(r'==? \S', text):
        return Section(pos, [t for _, t in lines[first:]])
    match = NAME.match(text)
    if not match:
        raise SchemaError(lines[first][0], 'doc-name')
    doc = Doc(lines[first][0], match.group(1))
    _Blocks(doc).run(lines[first + 1:], match.group(2))
    return doc


class _Blocks:
    """Distributes a block's lines over body, members and tags."""

    def __init__(self, doc):
        self.doc = doc
        self.current = doc.body
        self.names = doc.members        # where `@name:` lines belong
        self.blank = False

    def run(self, lines, rest):
        if rest:
            self.current.append(rest)
        for pos, text in lines:
            self._line(pos, text)

    def _line(self, pos, text):
        member, tag = NAME.match(text), TAG.match(text)
        if member:
            self._start(pos, self.names, member, 'doc-member-twice')
        elif tag and tag.group(1) in TAGS:
            self._start(pos, self.doc.tags, tag, 'doc-tag-twice')
            features = tag.group(1) == 'Features'
            self.names = self.doc.features if features else self.doc.members
        elif text.startswith('@'):
            raise SchemaError(pos, 'doc-at', text=text)
        else:
            if self._leaves(text):
                self.current = self.doc.body
                self.current.append('')
            self.current.append(text)
        self.blank = not text.strip()

    def _leaves(self, text):
        """A paragraph at the margin after a member's text is body again."""
        in_member = any(self.current is lines for lines in self.names.values())
        return in_member and self.blank and text.strip() and not text.startswith(' ')

    def _start(self, pos, into, match, twice):
        name, rest = match.groups()
        if name in into:
            raise SchemaError(pos, twice, name=name)
        self.current = into[name] = [rest] if rest else []
        self.doc.at[name] = pos


def _features(part):
    if isinstance(part, dict):
        features = part.get('features', ())
        return [f for f in features if isinstance(f, str)] if isinstance(features, list) else ()
    return part.features


def check_doc(expr, kind, name, members, returns=False):
    """The block of expr must name it, say what it is, since when, and
    describe exactly these members."""
    doc = expr.doc
    if doc.name != name:
        raise SchemaError(doc.pos, 'doc-other', name=doc.name, kind=kind, real=name)
    if not doc.text():
        raise SchemaError(doc.pos, 'doc-body', name=name)
    for member in members:
        if not doc.member(member.name):
            raise SchemaError(member.pos, 'undocumented', name=member.name, owner=name)
    known = {m.name for m in members}
    for given in doc.members:
        if given not in known:
            raise SchemaError(doc.at[given], 'doc-unknown', name=given, owner=name)
    has = {f for part in [expr.obj] + members for f in _features(part)}
    for given in doc.features:
        if given not in has:
            raise SchemaError(doc.at[given], 'doc-feature', name=given, owner=name)
    if not SINCE.match(doc.tag('Since')):
        raise SchemaError(doc.at.get('Since', doc.pos), 'since', name=name)
    if returns and not doc.tag('Returns'):
        raise SchemaError(doc.pos, 'returns-missing', name=name)
    if not returns and 'Returns' in doc.tags:
        raise SchemaError(doc.at['Returns'], 'returns-extra', name=name)
