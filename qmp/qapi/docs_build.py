# SPDX-License-Identifier: GPL-2.0-or-later
"""The Book of a schema: chapters in the schema's order, an entry for each expression.

Everything in it comes from the expressions and their documentation, so nothing
can be missing from it that exists.
"""

import json
import re

from .docs_classes import ClassWriter, anchor as class_anchor, own_properties
from .docs_fields import FieldWriter, code, value_anchor, values_of
from .docs_model import Book, Chapter, Entry, Examples, Facts, Fields, Grid, Row
from .docs_text import Inline, Names, first_sentence, joined
from .doc import flow
from .types import BUILTIN, Builtin, Wrapper

CLASSES = {'class': ('classes', 'class'), 'machine': ('machines', 'machine type'),
           'cpu-model': ('models', 'CPU model')}
BUILTIN_TEXT = {
    'null': 'JSON\'s null.', 'bool': 'true or false.', 'number': 'A finite number.',
    'str': 'A string.', 'any': 'Any JSON value.',
    'size': 'Bytes, from 0 to 2^64-1.  As text it may have a suffix, K, M, G, T, P or E, for '
            'powers of 1024.'}
MESSAGE = re.compile(r'(->|<-) (.*)')


def build(schema, version):
    """The Book."""
    return _Builder(schema, version).run()


def examples(doc):
    """[ (title, [ (way, value) ]) ]; ValueError if a message is not JSON."""
    return [(tag, _messages(lines)) for tag, lines in doc.tags.items()
            if tag.startswith('Example')]


def _messages(lines):
    texts = []
    for line in lines:
        match = MESSAGE.match(line.strip())
        if match:
            texts.append([match.group(1), match.group(2)])
        elif texts:
            texts[-1][1] += ' ' + line.strip()
    return [(way, json.loads(text)) for way, text in texts]


class _Builder:
    def __init__(self, schema, version):
        self.schema = schema
        self.book = Book(version)
        self.names = self.book.names = Names()
        self.fields = FieldWriter(self.names)
        self.classes = ClassWriter(schema, self.names, self.fields)
        self.entries = []           # (Entry, kind, entity)
        self.users = {}             # anchor -> Inlines of its users

    def run(self):
        self._entries()
        self._names()
        self._use()
        for entry, kind, entity in self.entries:
            entry.summary = self.names.text(first_sentence(entity.doc.text()))
            self._fill(entry, kind, entity)
        self._builtins()
        self._tree()
        return self.book

    # -- chapters and entries ------------------------------------------------

    def _entries(self):
        sections = list(self.schema.text.sections)
        for i, (kind, expr) in enumerate(self.schema.kinds):
            while sections and sections[0][0] <= i:
                self._chapter(sections.pop(0)[1])
            if not self.book.chapters:
                self.book.chapters.append(Chapter(1, 'Everything', 'section-everything', []))
            self._entry(kind, expr)

    def _chapter(self, section):
        marker, title = section.lines[0].split(' ', 1)
        slug = re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')
        if marker == '==':
            above = next(c for c in reversed(self.book.chapters) if c.level == 1)
            slug = above.anchor[len('section-'):] + '-' + slug
        text = flow(section.lines[1:])
        self.book.chapters.append(Chapter(len(marker), title, 'section-' + slug, text))

    def _entry(self, kind, expr):
        name = expr.obj[kind]
        if kind in CLASSES:
            group, word = CLASSES[kind]
            entity = next(k for k in self.schema.classes if k.expr is expr)
            entry = Entry(group, word, entity.name, class_anchor(entity))
        else:
            entity = self.schema.table(kind)[name]
            group = {'command': 'commands', 'event': 'events', 'trace': 'traces'}.get(kind, 'types')
            word = 'trace point' if kind == 'trace' else kind
            entry = Entry(group, word, name, '%s-%s' % (group[:-1], name))
        if kind not in CLASSES:
            entry.marks = list(entity.features)
        self.entries.append((entry, kind, entity))
        self.book.chapters[-1].entries.append(entry)

    # -- names ---------------------------------------------------------------

    def _names(self):
        for groups in (('types', 'commands', 'events', 'traces'), ('classes', 'machines', 'models')):
            for entry, _, _ in self.entries:
                if entry.group in groups:
                    self.names.add(entry.name, entry.anchor, entry.group == 'events')
        for entry, kind, klass in self.entries:
            if kind in CLASSES:
                for name in [klass.obj[kind]] + klass.aliases:
                    if re.search('[-_0-9]', name):
                        self.names.add(name, entry.anchor)
        for reason, target in self._values('ErrorReason').items():
            self.names.anchors.setdefault(reason, target)
        for chapter in self.book.chapters:
            chapter.paragraphs = self.names.paragraphs(chapter.paragraphs)
        self._labels()

    def _labels(self):
        """Structs that the generator makes are called by what they are made of."""
        labels = self.fields.labels
        for klass in self.schema.classes:
            if klass.own_props:
                labels[klass.own_props] = [Inline('properties of '), self.names.ref(klass.name)]
        for entry, kind, entity in self.entries:
            args = entity.args if kind == 'command' else entity.data if kind == 'event' else None
            if args and args.doc is entity.doc:
                labels[args] = [Inline('arguments of '), Inline(entity.name, True, entry.anchor)]

    # -- who uses what -------------------------------------------------------

    def _use(self):
        for entry, kind, entity in self.entries:
            used = set()
            for type_ in self._mentioned(kind, entity):
                used |= self._leads_to(type_)
            for target in used - {entry.anchor}:
                self.users.setdefault(target, []).append(
                    Inline(entry.name, True, entry.anchor))

    @staticmethod
    def _mentioned(kind, entity):
        if kind == 'trace':
            return [a.type for a in entity.args]
        if kind == 'command':
            types = [entity.args, entity.ret]
        elif kind == 'event':
            types = [entity.data]
        elif kind in CLASSES:
            return [m.type for m in own_properties(entity)]
        else:
            types = [entity.base] if getattr(entity, 'base', None) else []
            return types + ([] if kind == 'enum' else entity.uses())
        made = [t for t in types if t and t.doc is entity.doc]
        return [t for t in types if t not in made] + [m.type for t in made for m in t.members]

    def _leads_to(self, type_):
        """Anchors of the entries that a type names."""
        if type_ is None:
            return set()
        if type_.kind == 'LIST':
            return self._leads_to(type_.element)
        if isinstance(type_, Wrapper):
            return self._leads_to(type_.own[0].type)
        return {i.anchor for i in self.fields.type(type_) if i.anchor}

    # -- what an entry says --------------------------------------------------

    def _fill(self, entry, kind, entity):
        if kind in CLASSES:
            self.classes.fill(entry, entity)
        else:
            fill = {'command': self._command, 'event': self._event, 'enum': self._enum,
                    'trace': self._trace,
                    'alternate': self._alternate}.get(kind, self._struct)
            fill(entry, entity)
        users = self.users.get(entry.anchor)
        if users:
            entry.parts.append(Facts(None, [('Used by', joined([u] for u in users))]))
        for title, messages in examples(entity.doc):
            entry.parts.append(Examples(title, messages))
        entry.parts.append(Facts(None, [('Since', [Inline(entity.doc.tag('Since'))])]))

    def _text(self, entry, entity, members=()):
        scope = values_of(*[m.type for m in members])
        scope.update((m.name, '%s.%s' % (entry.anchor, m.name)) for m in members)
        entry.paragraphs = self.names.paragraphs(entity.doc.text(), scope)
        return scope

    def _command(self, entry, command):
        scope = self._arguments(entry, command, command.args, 'Arguments', True)
        rows = [('Returns', self._returns(command, scope))]
        rows += [(tag, self.names.text(command.doc.tag(tag), scope))
                 for tag in ('Errors', 'Note', 'Notes') if command.doc.tag(tag)]
        rows.append(('Run states', self._states(command)))
        rows += [(word, self.names.text(words)) for word, words in (
            ('Query', 'changes nothing' if command.flags['query'] else ''),
            ('Out of band', 'may be executed out of band' if command.flags['oob'] else ''),
            ('During a build', 'is executed at once; it does not wait for the end of the list'
             if command.flags['during-build'] else ''),
            ('Strings', 'a string is accepted for a bool, a number or a size'
             if command.flags['lenient'] else '')) if words]
        rows += self._features(command, scope)
        entry.parts.append(Facts(None, rows))

    def _event(self, entry, event):
        scope = self._arguments(entry, event, event.data, 'Data', False)
        rows = [(tag, self.names.text(event.doc.tag(tag), scope))
                for tag in ('Note', 'Notes') if event.doc.tag(tag)]
        if event.rate:
            rows.append(('Rate', self.names.text(event.rate.text(), scope)))
        rows += self._features(event, scope)
        senders = [[self.names.ref(k.name)] for k in self.schema.classes
                   if event.name in k.obj.get('events', ())]
        rows += [('Sent by', joined(senders))] if senders else []
        if rows:
            entry.parts.append(Facts(None, rows))

    def _trace(self, entry, trace):
        scope = self._text(entry, trace, trace.args)
        entry.parts.append(Facts(None, [('Object', [self.names.ref(trace.klass.name)])]))
        if trace.args:
            entry.parts.append(Fields('Arguments', [
                self.fields.row(a, entry.anchor, scope) for a in trace.args]))

    def _arguments(self, entry, entity, args, title, requests):
        """Fields of what a command takes or an event tells; returns their scope."""
        own = args.members if args and args.doc is entity.doc else []
        scope = self._text(entry, entity, own)
        if own:
            rows = [self.fields.row(m, entry.anchor, scope, requests) for m in own]
            entry.parts.append(Fields(title, rows))
            self._unsupported(entry, args)
        elif args:
            self._members_of(entry, args, title, requests)
        return scope

    def _members_of(self, entry, args, title, requests):
        """Another type's members, shown again."""
        about = [Inline('The members of ')] + self.fields.type(args)
        scope = {m.name: 'type-%s.%s' % (args.name, m.name) for m in args.members}
        rows = [self.fields.row(m, None, scope, requests) for m in args.members]
        if args.kind == 'CLASS_UNION':
            rows.insert(0, self._tag_row(args, None))
            about += [Inline(', and the properties of the class that '), code(args.tag_name),
                      Inline(' names')]
        elif args.kind == 'UNION':
            about += [Inline(', which has more of them for each '), code(args.tag_name)]
        entry.parts.append(Fields(title, rows, [about + [Inline('.')]]))

    def _returns(self, command, scope):
        if command.ret is None:
            return [Inline('an empty object')]
        return self.fields.type(command.ret) + [Inline(': ')] + \
            self.names.text(command.doc.tag('Returns'), scope)

    def _states(self, command):
        if command.states is None:
            return [Inline('all')]
        states, reason = self._values('RunState'), 'wrong-state'
        refs = joined([Inline(s, True, states[s])] for s in command.states)
        return refs + [Inline('; else '),
                       Inline(reason, True, self._values('ErrorReason').get(reason))]

    def _values(self, name):
        """The scope of an enum's values; schemas of tests may lack the enum."""
        return values_of(self.schema.types[name]) if name in self.schema.types else {}

    def _features(self, entity, scope):
        return [('Feature ' + f, self.names.text(flow(entity.doc.features.get(f, [])), scope))
                for f in entity.features if f in entity.doc.features]

    def _enum(self, entry, enum):
        scope = {v: value_anchor(enum, v) for v in enum.names()}
        entry.paragraphs = self.names.paragraphs(enum.doc.text(), scope)
        rows = []
        for value in enum.values:
            row = Row(value.name, value_anchor(enum, value.name))
            row.notes = [[Inline(f)] for f in value.features]
            row.paragraphs = self.names.paragraphs(value.doc, scope)
            rows.append(row)
        entry.parts.append(Fields('Values', rows))

    def _alternate(self, entry, alternate):
        self._text(entry, alternate)
        rows = [self.fields.row(b, entry.anchor, {}) for b in alternate.branches]
        about = [Inline('The kind of the JSON value tells which it is.')]
        entry.parts.append(Fields('Alternatives', rows, [about]))

    def _struct(self, entry, struct):
        own = struct.own
        scope = self._text(entry, struct, struct.members)
        base = struct.base if struct.base and struct.base.doc is not struct.doc else None
        if base:
            entry.parts.append(Facts(None, [
                ('Extends', self.fields.type(base)),
                ('Inherited members', self.fields.names_of(base.members, 'type-' + base.name))]))
            scope.update((m.name, 'type-%s.%s' % (base.name, m.name)) for m in base.members)
        elif struct.base:
            own = struct.base.members
        rows = [self.fields.row(m, entry.anchor, scope) for m in own]
        if struct.kind == 'CLASS_UNION':
            rows.insert(0, self._tag_row(struct, entry.anchor))
        if rows:
            entry.parts.append(Fields('Members', rows))
        self._unsupported(entry, struct)
        self._branches(entry, struct)

    @staticmethod
    def _unsupported(entry, struct):
        """What is refused by its name, and why."""
        rows = [('Not supported', [code(name), Inline(': ' + why)])
                for name, why in struct.unsupported]
        if rows:
            entry.parts.append(Facts(None, rows))

    def _tag_row(self, union, owner):
        row = Row(union.tag_name, '%s.%s' % (owner, union.tag_name) if owner else None)
        row.type = [Inline('name of a class')]
        row.notes = [[Inline('required')]] if owner is None else []
        row.paragraphs = self.names.paragraphs(union.doc.member(union.tag_name))
        return row

    def _branches(self, entry, struct):
        if struct.kind == 'CLASS_UNION':
            refs = joined([self.names.ref(k.name)] for k in struct.classes)
            entry.parts.append(Facts('And the properties of the class', [('Classes', refs)]))
        elif struct.kind == 'UNION':
            enum = struct.members[struct.tag].type
            rows = [([Inline(b.name, True, value_anchor(enum, b.name))], self._branch(b))
                    for b in struct.branches]
            entry.parts.append(Grid('And what %s asks for' % struct.tag_name,
                                    (struct.tag_name, 'members'), rows))

    def _branch(self, branch):
        if branch.type is None:
            return [Inline('none')]
        if isinstance(branch.type, Wrapper):
            return self.fields.type(branch.type)
        refs = self.fields.names_of(branch.type.members, 'type-' + branch.type.name)
        return self.fields.type(branch.type) + ([Inline(': ')] + refs if refs else [])

    # -- built-in types ------------------------------------------------------

    def _builtins(self):
        chapter = Chapter(1, 'Built-in types', 'section-built-in-types', [])
        for name in BUILTIN:
            entry = Entry('builtins', 'built-in type', name, 'type-' + name)
            text = BUILTIN_TEXT.get(name) or \
                'An integer from %d to %d.' % Builtin(name).range
            entry.summary = [Inline(first_sentence(text))]
            entry.paragraphs = [[Inline(re.sub(' +', ' ', text))]]
            chapter.entries.append(entry)
        self.book.chapters.append(chapter)

    # -- tree ----------------------------------------------------------------

    def _tree(self):
        entries = {entity: entry for entry, kind, entity in self.entries if kind in CLASSES}
        children = {}
        for klass in sorted(self.schema.classes, key=lambda k: k.name.lower()):
            children.setdefault(klass.parent, []).append(klass)

        def walk(parent, depth):
            for klass in children.get(parent, []):
                self.book.tree.append((depth, entries[klass]))
                walk(klass, depth + 1)
        walk(None, 0)
