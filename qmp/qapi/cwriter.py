# SPDX-License-Identifier: GPL-2.0-or-later
"""C text: literals, constants, file heads; and files that change only when they must."""

import os


def head(what, guard=None, includes=()):
    """The first lines of a generated file."""
    lines = ['/* SPDX-License-Identifier: GPL-2.0-or-later */',
             '/* %s; made from the schema by qmp/qapi-gen.py, not to be edited. */' % what]
    if guard:
        lines += ['#ifndef ' + guard, '#define ' + guard]
    lines += ['']
    lines += ['#include "%s"' % name for name in includes]
    return lines + ['']


def tail(guard):
    return ['#endif']


def literal(text):
    """A C string literal."""
    out = []
    for byte in text.encode('utf-8'):
        char = chr(byte)
        if char in '"\\':
            out.append('\\' + char)
        elif char == '\n':
            out.append('\\n')
        elif ' ' <= char <= '~':
            out.append(char)
        else:
            out.append('\\%03o' % byte)
    return '"%s"' % ''.join(out)


def long_literal(text, width=90):
    """The same in lines of moderate length, joined by the compiler."""
    chunks = [text[i:i + width] for i in range(0, len(text), width)]
    return '\n'.join('    ' + literal(chunk) for chunk in chunks or [''])


class TextPool:
    """Texts of the schema behind each other, each once: rows have offsets, which need
    no relocation when the program starts."""

    def __init__(self):
        self.texts = []
        self.offsets = {}
        self.length = 0
        self.offset('')             # 0: no text

    def offset(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.length
            self.texts.append(text)
            self.length += len(text.encode('utf-8')) + 1
        return self.offsets[text]

    def definition(self, name):
        lines = [long_literal(text) + ' "\\0"' for text in self.texts]
        return ['const char %s[] =' % name] + lines[:-1] + [lines[-1] + ';', '']


def constant(type_, value, name):
    """A QmpConstant initialiser for a checked constant of type_; name makes a QmpName."""
    kind = type_.kind
    if kind in ('BOOL', 'ENUM'):
        text = type_.constant(value) if kind == 'ENUM' else str(int(value))
        return '{ .u = %s }' % text
    if kind in ('STR', 'LINK', 'ALTERNATE'):
        return '{ .text = %s }' % name(value)
    if kind == 'NUMBER':
        return '{ .d = %r }' % float(value)
    if kind == 'LIST':
        return '{ .u = 0 }'
    return _integer(kind, value)


def _integer(kind, value):
    if kind.startswith('INT'):
        return '{ .i = %s }' % ('INT64_MIN' if value == -(1 << 63) else 'INT64_C(%d)' % value)
    return '{ .u = UINT64_C(%d) }' % value


def flags(prefix, names):
    return ' | '.join(prefix + name for name in names) or '0'


def write_file(path, lines):
    """Replaces path only if its content changes, and then at once."""
    text = '\n'.join(lines) + '\n'
    try:
        with open(path, encoding='utf-8') as f:
            if f.read() == text:
                return
    except (OSError, UnicodeDecodeError):
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + '.tmp', 'w', encoding='utf-8') as f:
        f.write(text)
    os.replace(path + '.tmp', path)
