# SPDX-License-Identifier: GPL-2.0-or-later
"""Running text of the manuals: which words are names, and where they lead.

A text becomes a list of Inline.  `x` and @x are code; they lead to a member or
value of what is being described if it has one of that name, else to the command,
event, class or type so called.  Other words lead there only if they cannot be
English.
"""

import re
from typing import NamedTuple

TOKEN = re.compile(r"""
    `(?P<code>[^`]+)`
  | @(?P<at>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)
  | (?P<word>[A-Za-z0-9]+(?:[-_.]+[A-Za-z0-9]+)*)
""", re.VERBOSE)
CAMEL = re.compile(r'[A-Z][a-z0-9]+[A-Z]')


class Inline(NamedTuple):
    """A run of text; `code` is set in typewriter, `anchor` is where it leads."""
    text: str
    code: bool = False
    anchor: str = None


def plain(inlines):
    """The text alone."""
    return ''.join(i.text for i in inlines)


def joined(groups, between=', '):
    """Lists of Inline as one, with something between them."""
    out = []
    for group in groups:
        out += ([Inline(between)] if out else []) + list(group)
    return out


def first_sentence(text):
    """What a list of names says about one of them."""
    paragraph = text.split('\n\n')[0]
    match = re.match(r'(.+?[.:])(?: |$)', re.sub(r' +', ' ', paragraph))
    return (match.group(1) if match else paragraph).rstrip('.:')


class Names:
    """Where names lead that are known everywhere."""

    def __init__(self):
        self.anchors = {}
        self.distinct = set()       # those that may stand in a sentence unmarked
        self.unresolved = []        # (text, name): an @name that leads nowhere

    def add(self, name, anchor, event=False):
        """The first of one name wins: types, commands and events come before classes."""
        if self.anchors.setdefault(name, anchor) == anchor and \
                (event or re.search('[-_]', name) or CAMEL.search(name)):
            self.distinct.add(name)

    def ref(self, name):
        """A name as code, with its link if it is known."""
        return Inline(name, True, self.anchors.get(name))

    def text(self, text, *scopes):
        """Inlines of one paragraph; scopes are { name: anchor }, the nearest first."""
        out, at = [], 0
        text = re.sub(r'\s+', ' ', text)
        for match in TOKEN.finditer(text):
            inline = self._token(match, text, scopes)
            if inline is None:
                continue
            if match.start() > at:
                out.append(Inline(text[at:match.start()]))
            out.append(inline)
            at = match.end()
        return out + ([Inline(text[at:])] if at < len(text) else [])

    def paragraphs(self, text, *scopes):
        return [self.text(p, *scopes) for p in text.split('\n\n') if p]

    def _token(self, match, text, scopes):
        kind, name = match.lastgroup, match.group(match.lastgroup)
        if kind == 'word':
            known = name in self.distinct
            return Inline(name, True, self.anchors[name]) if known else None
        anchor = next((s[name] for s in scopes if name in s), self.anchors.get(name))
        if kind == 'at' and anchor is None:
            self.unresolved.append((text, name))
        return Inline(name, True, anchor)
