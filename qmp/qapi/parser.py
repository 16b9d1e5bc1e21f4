# SPDX-License-Identifier: GPL-2.0-or-later
"""Schema text to expressions: tokens, values with positions, includes.

Knows the syntax only.  Documentation blocks are cut out here and understood in
doc.py; what an expression means is schema.py's business.
"""

import os
import re
from typing import NamedTuple

from . import doc
from .errors import SchemaError


class Pos(NamedTuple):
    """A place in the schema, as errors name it."""
    file: str
    line: int


class Obj(dict):
    """A JSON object; `at` has the position of each key."""

    def __init__(self, pos):
        super().__init__()
        self.pos = pos
        self.at = {}


class Arr(list):
    """A JSON array; `at` has the position of each item."""

    def __init__(self, pos):
        super().__init__()
        self.pos = pos
        self.at = []


class Hex(int):
    """A number that the schema writes in hexadecimal, as manuals then do, too."""


class Expr(NamedTuple):
    """A top-level expression with the documentation block before it."""
    obj: Obj
    doc: object
    pos: Pos


class Token(NamedTuple):
    kind: str                   # one of {}[]:, or str, num, word, doc, eof
    value: object
    pos: Pos


TOKEN = re.compile(r"""
    (?P<space>[ \t\r]+)
  | (?P<line>\n)
  | (?P<punct>[{}\[\]:,])
  | (?P<str>'(?:[^'\\\n]|\\.)*')
  | (?P<num>-?(?:0x[0-9a-fA-F]+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.]))
  | (?P<word>[a-z]+)
""", re.VERBOSE)
WORDS = {'true': True, 'false': False, 'null': None}


def _number(text):
    if 'x' in text:
        return Hex(text, 16)
    return float(text) if re.search('[.eE]', text) else int(text)


def _string(raw, pos):
    text = re.sub(r"\\([\\'])", lambda m: '\0' + m.group(1), raw[1:-1])
    if re.search(r'(?<!\0)\\', text):
        raise SchemaError(pos, 'bad-escape')
    text = text.replace('\0', '')
    if not all(' ' <= c <= '~' for c in text):
        raise SchemaError(pos, 'bad-string')
    return text


def _shown(token):
    """A token as a message names it."""
    if token.kind == 'doc':
        return '##'
    return shown(token.value) if token.kind == 'word' else token.value


def shown(value):
    """A constant as the schema writes it."""
    if isinstance(value, list):
        return '[ %s ]' % ', '.join(shown(v) for v in value)
    if isinstance(value, dict):
        return '{ ... }'
    words = {'True': 'true', 'False': 'false', 'None': 'null'}
    return words.get(repr(value), repr(value))


class Lexer:
    """Cuts a file's text into tokens."""

    def __init__(self, text, name):
        self.text = text
        self.name = name
        self.at = 0
        self.line = 1

    def _comment(self):
        """Skips a `#` comment, or returns the token of a `##` block."""
        end = self._line_end(self.at)
        line = self.text[self.at:end].rstrip()
        starts_line = self.at == 0 or self.text[self.at - 1] == '\n'
        if line != '##' or not starts_line:
            self.at = end
            return None
        return self._block(end)

    def _line_end(self, start):
        end = self.text.find('\n', start)
        return len(self.text) if end < 0 else end

    def _block(self, end):
        start, lines = Pos(self.name, self.line), []
        while True:
            self.at, self.line = end + 1, self.line + 1
            if self.at >= len(self.text):
                raise SchemaError(start, 'doc-open')
            end = self._line_end(self.at)
            line = self.text[self.at:end].rstrip()
            here = Pos(self.name, self.line)
            if line == '##':
                self.at = end
                return Token('doc', lines, start)
            if not line.startswith('#') or line[1:2] not in ('', ' '):
                raise SchemaError(here, 'doc-line')
            lines.append((here, line[2:]))

    def next(self):
        while self.at < len(self.text):
            if self.text[self.at] == '#':
                token = self._comment()
                if token:
                    return token
                continue
            match = TOKEN.match(self.text, self.at)
            pos = Pos(self.name, self.line)
            if not match:
                raise SchemaError(pos, 'bad-character', char=self.text[self.at])
            self.at = match.end()
            if match.lastgroup == 'line':
                self.line += 1
            elif match.lastgroup != 'space':
                return self._token(match, pos)
        return Token('eof', 'the end of the file', Pos(self.name, self.line))

    @staticmethod
    def _token(match, pos):
        kind, text = match.lastgroup, match.group()
        if kind == 'punct':
            return Token(text, text, pos)
        if kind == 'str':
            return Token('str', _string(text, pos), pos)
        if kind == 'num':
            return Token('num', _number(text), pos)
        if text not in WORDS:
            raise SchemaError(pos, 'bad-word', word=text)
        return Token('word', WORDS[text], pos)


class Reader:
    """Parses the expressions of one file."""

    def __init__(self, text, name):
        self.lexer = Lexer(text, name)
        self.token = self.lexer.next()

    def _take(self):
        token = self.token
        self.token = self.lexer.next()
        return token

    def _expect(self, kind, what):
        if self.token.kind != kind:
            raise SchemaError(self.token.pos, 'syntax', want=what,
                              got=_shown(self.token))
        return self._take()

    def _value(self):
        token = self.token
        if token.kind == '{':
            return self._object()
        if token.kind == '[':
            return self._array()
        if token.kind in ('str', 'num', 'word'):
            return self._take().value
        raise SchemaError(token.pos, 'syntax', want='a value', got=_shown(token))

    def _object(self):
        obj = Obj(self._take().pos)
        while self.token.kind != '}':
            key = self._expect('str', "a key in single quotes or '}'")
            if key.value in obj:
                raise SchemaError(key.pos, 'duplicate-key', key=key.value)
            self._expect(':', "':'")
            obj[key.value] = self._value()
            obj.at[key.value] = key.pos
            if self.token.kind != '}':
                self._expect(',', "',' or '}'")
                if self.token.kind == '}':
                    raise SchemaError(self.token.pos, 'trailing-comma')
        self._take()
        return obj

    def _array(self):
        arr = Arr(self._take().pos)
        while self.token.kind != ']':
            arr.at.append(self.token.pos)
            arr.append(self._value())
            if self.token.kind != ']':
                self._expect(',', "',' or ']'")
                if self.token.kind == ']':
                    raise SchemaError(self.token.pos, 'trailing-comma')
        self._take()
        return arr

    def items(self):
        """Yields ('doc', lines, pos) and ('expr', Obj, pos) in order."""
        while self.token.kind != 'eof':
            if self.token.kind == 'doc':
                yield self._take()
            elif self.token.kind == '{':
                pos = self.token.pos
                yield Token('expr', self._object(), pos)
            else:
                raise SchemaError(self.token.pos, 'syntax', want="'{'", got=_shown(self.token))


class SchemaText:
    """All files of a schema: expressions and manual sections, in order."""

    def __init__(self, path):
        self.exprs = []
        self.sections = []      # doc.Section, and the index of the next expression
        # Pragmas: names that may have capitals, and types that the protocol itself uses.
        self.pragmas = {'upper-case-names': {}, 'protocol-types': {}}
        self.files = []
        self._root = os.path.realpath(os.path.dirname(path) or '.')
        self._seen = set()
        self._read(path, None)

    def _read(self, path, pos):
        real = os.path.realpath(path)
        if pos and os.path.commonpath([real, self._root]) != self._root:
            raise SchemaError(pos, 'include-escapes', file=path)
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            with open(path, encoding='utf-8') as f:
                text = f.read()
        except OSError as e:
            raise SchemaError(pos or Pos(path, 1), 'include-missing', file=path,
                              why=e.strerror) from e
        self.files.append(path)
        self._parse(text, path)

    def _parse(self, text, path):
        pending = None
        for item in Reader(text, path).items():
            if item.kind == 'doc':
                self._free(pending)
                pending = item
            elif 'include' in item.value or 'pragma' in item.value:
                self._free(pending)
                pending = None
                self._directive(item, path)
            else:
                self._expression(item, pending)
                pending = None
        self._free(pending)

    def _expression(self, item, pending):
        if pending is None:
            raise SchemaError(item.pos, 'doc-missing')
        parsed = doc.parse(pending.value, pending.pos)
        if isinstance(parsed, doc.Section):
            raise SchemaError(item.pos, 'doc-missing')
        self.exprs.append(Expr(item.value, parsed, item.pos))

    def _free(self, pending):
        """A block that stands before no expression must be a section."""
        if pending is None:
            return
        parsed = doc.parse(pending.value, pending.pos)
        if not isinstance(parsed, doc.Section):
            raise SchemaError(parsed.pos, 'doc-stray', name=parsed.name)
        self.sections.append((len(self.exprs), parsed))

    def _directive(self, item, path):
        obj = item.value
        if len(obj) != 1:
            raise SchemaError(item.pos, 'directive-keys')
        if 'pragma' in obj:
            return self._pragma(obj['pragma'], item.pos)
        name = obj['include']
        if not isinstance(name, str) or not name:
            raise SchemaError(obj.at['include'], 'include-name')
        if os.path.isabs(name):
            raise SchemaError(obj.at['include'], 'include-escapes', file=name)
        self._read(os.path.normpath(os.path.join(os.path.dirname(path), name)), obj.at['include'])

    def _pragma(self, obj, pos):
        for key, names in obj.items() if isinstance(obj, Obj) else [(None, None)]:
            if key not in self.pragmas or not isinstance(names, Arr) or \
                    not all(isinstance(n, str) for n in names):
                raise SchemaError(pos, 'pragma')
            self.pragmas[key].update(zip(names, names.at))

    @property
    def exceptions(self):
        return self.pragmas['upper-case-names']
