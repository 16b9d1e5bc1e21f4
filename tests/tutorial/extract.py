#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does what the tutorial in docs/schema.md says: extract.py SOURCE TARGET

Below TARGET come the files that its blocks are, and copies of files of SOURCE with what
its blocks change.  TARGET may be SOURCE itself: that is following the tutorial.

A block belongs to the file that the text before it names last in bold: **`FILE`**.  A
block for a new file is the file.  In one for a file that exists, lines with `+` are new,
and the lines before them, up to an empty one, say where; without those, they go to the
end.  A block without any `+` goes to the end, too.
"""

import os
import re
import sys

TITLE = '## A class in half an hour'
NAME = re.compile(r'\*\*`([^`]+)`\*\*')


class Trouble(Exception):
    pass


def blocks(text):
    """(file, lines) of each block, None for a file if it is for no file."""
    name, lines, empty = None, [], 0
    for line in text.split('\n') + ['end']:
        if line.startswith('    '):
            lines += [''] * (empty if lines else 0) + [line[4:]]
            empty = 0
        elif not line:
            empty += 1
        else:
            if lines:
                yield name, lines
                name, lines = None, []
            found = NAME.findall(line)
            name = found[-1] if found else name
            empty = 0


def section(text):
    """The tutorial alone."""
    start = text.index('\n%s\n' % TITLE) + 1
    end = text.find('\n## ', start)
    return text[start:] if end < 0 else text[start:end]


def hunks(lines):
    """(lines that are there, new lines), cut at empty lines before a line that is there."""
    old, new = [], []
    for line in lines:
        if line.startswith('+'):
            new.append(line[1:])
        elif line:
            if new:
                yield old, new
                old, new = [], []
            old.append(line[1:] if line.startswith(' ') else line)
    yield old, new


def patched(name, text, lines):
    """text with what a block adds to it."""
    if not any(line.startswith('+') for line in lines):
        return text + '\n' + '\n'.join(lines) + '\n'
    for old, new in hunks(lines):
        added = ''.join(line + '\n' for line in new)
        if not old:
            text += added
            continue
        place = '\n' + '\n'.join(old) + '\n'
        if text.count(place) != 1:
            raise Trouble('%s has %r %d times' % (name, place, text.count(place)))
        text = text.replace(place, place + added)
    return text


def files(source):
    """{ file: text } of all that the tutorial makes and changes."""
    with open(os.path.join(source, 'docs', 'schema.md'), encoding='utf-8') as f:
        tutorial = section(f.read())
    made = {}
    for name, lines in blocks(tutorial):
        if name is None:
            continue
        path = os.path.join(source, name)
        if os.path.exists(path):
            with open(path, encoding='utf-8') as f:
                made[name] = patched(name, f.read(), lines)
        else:
            made[name] = '\n'.join(lines) + '\n'
    return made


def main():
    source, target = sys.argv[1:]
    try:
        made = files(source)
    except Trouble as trouble:
        print('docs/schema.md: %s' % trouble, file=sys.stderr)
        return 1
    for name, text in made.items():
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
