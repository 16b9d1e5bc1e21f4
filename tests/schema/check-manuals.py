#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated manuals say all that the schema has, and every link in them leads somewhere.

What must be there is taken from qmp/qapi-schema.json, not from the generator's own idea
of it; the book is read as HTML, the man pages as what man prints.
"""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys

BUILD = os.environ.get('G_TEST_BUILDDIR', '.')
SOURCE = os.environ.get('G_TEST_SRCDIR', '.')
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'lib'))
import tap                                          # noqa: E402
from tap import Skip                                # noqa: E402

VOID = {'meta', 'input', 'br', 'hr', 'img', 'link'}
PAGES = ('vmd-qmp', 'vmd-classes')
MANY = 60                   # an ancestor with more properties is only named: CPUs


class Page(html.parser.HTMLParser):
    """Ids, links and text of the book; what is not closed or closed twice."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong = [], []
        self.ids, self.links, self.outside = [], [], []
        self.named = {}             # id -> (data-kind, data-name)
        self.inside = {}            # id -> text of the element that has it
        self.feed(text)
        self.close()
        self.wrong += ['<%s> is never closed' % tag for tag, _ in self.open]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if 'id' in attrs:
            self.ids.append(attrs['id'])
            self.named[attrs['id']] = attrs.get('data-kind'), attrs.get('data-name')
            self.inside[attrs['id']] = ''
        for key in ('href', 'src'):
            target = attrs.get(key)
            if target is not None:
                (self.links if target.startswith('#') else self.outside).append(target)
        if tag not in VOID:
            self.open.append((tag, attrs.get('id')))

    def handle_endtag(self, tag):
        if not self.open or self.open[-1][0] != tag:
            self.wrong.append('line %d: </%s> after %r' % (self.getpos()[0], tag, self.open[-1:]))
        else:
            self.open.pop()

    def handle_data(self, data):
        for _, id_ in self.open:
            if id_:
                self.inside[id_] += data


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def book():
    return read(BUILD, 'docs', 'vmd.html')


def expressions():
    return json.loads(read(BUILD, 'qmp', 'qapi-schema.json'))['expressions']


def is_unsupported(value):
    return isinstance(value, dict) and 'unsupported' in value


def own_names(expression):
    """Members, arguments, values or properties that an expression declares itself."""
    obj = expression['expression']
    if expression['kind'] == 'enum':
        return [v['name'] if isinstance(v, dict) else v for v in obj['data']]
    members = [obj.get('properties')] if expression['kind'] in ('class', 'machine') else \
        [obj.get('base')] if expression['kind'] == 'union' else [obj.get('data')]
    names = [n.lstrip('*') for m in members if isinstance(m, dict) for n, value in m.items()
             if not is_unsupported(value)]
    return names + ([obj['discriminator']] if 'classes' in obj else [])


def entry_name(expression):
    ends = {'machine': '-machine', 'cpu-model': '-x86_64-cpu'}
    return expression['name'] + ends.get(expression['kind'], '')


def anchor(expression):
    prefix = {'command': 'command', 'event': 'event', 'trace': 'trace'}.get(expression['kind'], 'type')
    if expression['kind'] in ('class', 'machine', 'cpu-model'):
        prefix = 'class'
    return '%s-%s' % (prefix, entry_name(expression))


def squeezed(text):
    return re.sub(r'\s+', ' ', text)


def unmarked(text):
    """A documentation's text without the marks of names."""
    return squeezed(re.sub(r'`([^`]*)`|@([\w-])', lambda m: m.group(1) or m.group(2), text))


# -- the book ------------------------------------------------------------------

def book_is_well_formed():
    """elements are closed in order, and no id is there twice"""
    page = Page(book())
    assert not page.wrong, page.wrong[:5]
    twice = sorted({i for i in page.ids if page.ids.count(i) > 1})
    assert not twice, twice


def book_needs_nothing_else():
    """each link leads to an id of the book, and nothing is fetched from elsewhere"""
    text = book()
    page = Page(text)
    ids = set(page.ids) | {''}
    broken = sorted({link for link in page.links if link[1:] not in ids})
    assert not broken, broken
    assert not page.outside, page.outside
    assert not re.search(r'@import|url\(|fetch\(|XMLHttpRequest|https?:', text)


def book_has_every_name():
    """each expression has an entry, each member and value that it declares a row of that"""
    page = Page(book())
    missing = []
    for expression in expressions():
        id_, kind = anchor(expression), expression['kind']
        shown = page.named.get(id_)
        words = {'machine': 'machine type', 'cpu-model': 'CPU model', 'trace': 'trace point'}
        if shown != (words.get(kind, kind), entry_name(expression)):
            missing.append((id_, shown))
        for name in own_names(expression):
            row = page.named.get('%s.%s' % (id_, name))
            if row is None or row[1] != name:
                missing.append('%s.%s' % (id_, name))
    assert not missing, missing


def book_says_what_the_schema_says():
    """the text of each expression and of its members stands in its entry"""
    page = Page(book())
    missing = []
    for expression in expressions():
        inside = squeezed(page.inside[anchor(expression)])
        doc = expression['doc']
        texts = doc['text'].split('\n\n') + [p for name in own_names(expression)
                                             for p in doc['members'][name].split('\n\n')]
        missing += [(anchor(expression), t) for t in texts if unmarked(t) not in inside]
    assert not missing, missing[:5]


def book_tells_defaults_and_bounds():
    """each constant of an attribute stands in the row of its member, and what is unsupported"""
    page = Page(book())
    missing = []
    for expression in expressions():
        obj = expression['expression']
        for key in ('properties', 'data', 'base'):
            members = obj[key] if isinstance(obj.get(key), dict) else {}
            for name, value in members.items():
                if not isinstance(value, dict) or value.get('readonly'):
                    continue
                if is_unsupported(value):
                    if value['unsupported'] not in squeezed(page.inside[anchor(expression)]):
                        missing.append((anchor(expression), name, value['unsupported']))
                    continue
                row = page.inside.get('%s.%s' % (anchor(expression), name.lstrip('*')), '')
                only = value.get('only', [])
                missing += [(anchor(expression), name, 'only', constant)
                            for constant in (only if isinstance(only, list) else [only])
                            if json.dumps(constant).strip('"') not in row or 'only ' not in row]
                missing += [(anchor(expression), name, attribute)
                            for attribute in ('default', 'min', 'max') if attribute in value
                            and json.dumps(value[attribute]).strip('"') not in row]
    assert not missing, missing


def book_shows_examples():
    """every message of an example is there, as the same JSON"""
    page = Page(book())
    for expression in expressions():
        shown = re.sub(r'\s', '', page.inside[anchor(expression)])
        for tag, text in expression['doc']['tags'].items():
            if tag.startswith('Example'):
                for message in re.split(r'^(?:->|<-) ', text, flags=re.M)[1:]:
                    compact = re.sub(r'\s', '', json.dumps(json.loads(message)))
                    assert compact in shown, (anchor(expression), message)


def book_leads_from_names_to_entries():
    """what the text calls by @ is a name that the book knows, and some links are as expected"""
    text = book()
    entry = re.search(r'<article id="command-device_del".*?</article>', text, re.S).group()
    assert '<a href="#event-DEVICE_DELETED">' in entry, entry
    row = re.search(r'<tr id="class-isa-serial.index".*?</tr>', text, re.S).group()
    assert '<a href="#class-isa-serial.iobase">' in row, row
    assert '<a href="#type-uint32">' in row, row
    sys.path.insert(0, os.path.join(SOURCE, 'qmp'))
    from qapi import docs_build, parser, schema      # pylint: disable=import-outside-toplevel
    path = os.path.join(SOURCE, 'qmp', 'schema', 'vmd.json')
    names = docs_build.build(schema.Schema(parser.SchemaText(path)), '0').names
    assert not names.unresolved, names.unresolved


def book_shows_what_is_inherited():
    """a class's entry has the text of what its parents declare, and the defaults that it changes"""
    page, missing = Page(book()), []
    classes = {e['name']: e for e in expressions() if e['kind'] == 'class'}
    for name, expression in classes.items():
        shown = squeezed(page.inside[anchor(expression)])
        parent = classes.get(expression['expression'].get('parent'))
        while parent:
            declared = parent['expression'].get('properties', {})
            missing += [(name, member) for member, text in parent['doc']['members'].items()
                        if len(declared) <= MANY and unmarked(text) not in shown]
            parent = classes.get(parent['expression'].get('parent'))
    assert not missing, missing[:5]
    mouse = squeezed(page.inside['class-virtio-mouse-pci'])
    assert re.search(r'vectorsuint32 default 2 at most 2048', mouse), mouse


def book_has_no_placeholder():
    """nothing in it is left to be written, and no mark of the sources remains"""
    page = Page(re.sub(r'<(style|script)>.*?</\1>', '', book(), flags=re.S))
    for id_, inside in page.inside.items():
        wrong = re.search(r'TODO|FIXME|XXX|\bNone\b|<Inline|Inline\(|`|&(amp|lt|gt);', inside)
        assert not wrong, (id_, wrong.group(), inside[:200])


# -- the man pages -------------------------------------------------------------

def printed(name):
    """What man prints, and what it complains of."""
    if not shutil.which('man'):
        raise Skip('man is not installed')
    run = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-l',
                          os.path.join(BUILD, 'docs', 'man', name + '.7')],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                         env={**os.environ, 'MANWIDTH': '100', 'LC_ALL': 'C.UTF-8'})
    return run.stdout, run.stderr


def man_has_no_complaints():
    """man formats both without a warning"""
    for name in PAGES:
        text, complaints = printed(name)
        assert len(text.splitlines()) > 1000, (name, text[:500])
        assert not complaints, complaints


def man_pages_have_every_name():
    """each expression has a heading on its page, each name that it declares a tag below"""
    pages = {name: parts(read(BUILD, 'docs', 'man', name + '.7')) for name in PAGES}
    missing = []
    for expression in expressions():
        is_class = anchor(expression).startswith('class-')
        entries = pages['vmd-classes' if is_class else 'vmd-qmp']
        lines = entries.get(('event' if expression['kind'] == 'event' else 'other',
                             entry_name(expression)))
        if lines is None:
            missing.append(anchor(expression))
            continue
        tags = {m.group(1).replace('\\-', '-') for m in re.finditer(r'^\.It Va "([^"]*)"',
                                                                   lines, re.M)}
        missing += ['%s.%s' % (anchor(expression), n) for n in own_names(expression)
                    if n not in tags]
    assert not missing, missing


def parts(text):
    """{ (kind, name): lines } of a page's subsections."""
    found = {}
    for section in text.split('\n.Sh ')[1:]:
        kind = 'event' if section.startswith('EVENTS') else 'other'
        for part in section.split('\n.Ss ')[1:]:
            head, _, lines = part.partition('\n')
            found[kind, head.strip('"').replace('\\-', '-')] = lines
    return found


def man_pages_are_named_by_others():
    """the pages that people write lead to those that are generated"""
    for page, targets in (('vmd.8', PAGES), ('vmctl.1', PAGES), ('vmd-requests.5', PAGES)):
        text = read(SOURCE, 'docs', 'man', page)
        for target in targets:
            assert '.Xr %s 7' % target in text, (page, target)


TESTS = (book_is_well_formed, book_needs_nothing_else, book_has_every_name,
         book_says_what_the_schema_says, book_tells_defaults_and_bounds, book_shows_examples,
         book_leads_from_names_to_entries, book_shows_what_is_inherited, book_has_no_placeholder,
         man_has_no_complaints, man_pages_have_every_name, man_pages_are_named_by_others)


if __name__ == '__main__':
    sys.exit(tap.run(('%s: %s' % (test.__name__, test.__doc__), test) for test in TESTS))
