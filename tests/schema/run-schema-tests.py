#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden tests of the schema generator, as TAP.

ok/NAME.json must give exactly the dump in NAME.out, and C that compiles;
bad/NAME.json must stop with exactly the line in NAME.err.  Every message of the
generator must be provoked by one of bad/.  With --regenerate, the expectations
are rewritten, to be read before they are committed.
"""

import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.environ.get('G_TEST_SRCDIR') or os.path.join(HERE, '..', '..'))
TESTS = os.path.join(TOP, 'tests', 'schema')
GENERATOR = os.path.join(TOP, 'qmp', 'qapi-gen.py')
sys.path[:0] = [os.path.join(TOP, 'qmp'), os.path.join(TOP, 'tests', 'lib')]

from qapi import emit_coverage, emit_introspect, emit_types, segments   # noqa: E402
from qapi.errors import MESSAGES, SchemaError   # noqa: E402
from qapi.parser import SchemaText              # noqa: E402
from qapi.schema import Schema                  # noqa: E402
import tap                                      # noqa: E402
from tap import Skip                            # noqa: E402

REGENERATE = '--regenerate' in sys.argv[1:]
GENERATED_C = ('qmp/qapi-types.c', 'qmp/qapi-events.c', 'qmp/qapi-introspect.c',
               'qmp/qapi-manual.c', 'daemon/qapi-commands.c', 'qom/qapi-trace.c')


# -- the dump ------------------------------------------------------------------

def member_line(member):
    words = ['    ' + member.name, member.type.name, emit_types.member_flags(member)]
    words += ['%s=%r' % (key, getattr(member, key)) for key in ('default', 'min', 'max')
              if getattr(member, key) is not None]
    words += ['only=%r' % member.only] if member.only else []
    words += ['part=' + member.part] if member.part else []
    return ' '.join(words)


def type_lines(type_):
    yield '%s %s %s' % (type_.kind.lower(), type_.name, ' '.join(type_.features))
    if type_.kind == 'ENUM':
        yield '    ' + ' '.join(v.name for v in type_.values)
        return
    for member in type_.branches if type_.kind == 'ALTERNATE' else type_.members:
        yield member_line(member)
    for name, why in getattr(type_, 'unsupported', []):
        yield '    %s unsupported: %s' % (name, why)
    if type_.kind == 'UNION':
        for branch in type_.branches:
            yield '    %s -> %s' % (branch.name, branch.type.name if branch.type else '-')
    elif type_.kind == 'CLASS_UNION':
        yield '    %s -> %s' % (type_.tag_name, ' '.join(k.name for k in type_.classes))


def class_lines(klass):
    flags = [key for key in ('abstract', 'user_creatable', 'device', 'machine', 'is_default')
             if getattr(klass, key)]
    yield 'class %s (%s) %s %s plug=%s bus=%s alias=%s' % (
        klass.name, klass.parent.name if klass.parent else '', klass.props.name,
        ' '.join(flags), klass.plug, klass.bus.name if klass.bus else None, klass.aliases)
    if 'struct' in klass.obj:
        yield '    struct ' + klass.struct
    for name, value in klass.defaults.items():
        yield '    default %s=%r' % (name, value)
    for part in klass.parts:
        what = '%s %s bus=%s %s' % (part.driver.name, part.name, part.bus, part.props) \
            if part.driver else '%s -> %s' % (part.connect, part.to)
        cond = ''.join(' if %s%s=%r' % ('accel.' if c.accel else '', c.member.name, c.value)
                       for c in part.conditions)
        yield '    part %s%s' % (what, cond)
    for key, names in (('events', klass.events), ('buses', [b.name for b in klass.buses])):
        if names:
            yield '    %s %s' % (key, ' '.join(names))
    if 'place' in klass.obj:
        yield '    place %s' % ' '.join('%s=%s' % (key, value) for key, value in
                                        sorted(vars(klass.place).items())
                                        if isinstance(value, (str, bool)))
    if klass.default_ram_id:
        yield '    default-ram-id ' + klass.default_ram_id
    for compat in klass.compat:
        yield '    compat %s.%s=%r' % (compat.driver.name, compat.member.name, compat.value)


def dump(schema):
    out = []
    for type_ in schema.user_types():
        out += type_lines(type_)
    for klass in schema.classes:
        out += class_lines(klass)
    for command in schema.commands.values():
        out.append('command %s(%s) -> %s %s states=%s' % (
            command.name, command.args.name if command.args else '',
            command.ret.name if command.ret else '-',
            ' '.join([k for k, v in command.flags.items() if v] + list(command.features)),
            command.states))
    for event in schema.events.values():
        rate = ' rate=%d,%s,%s' % (event.rate.ms, event.rate.key, event.rate.when) \
            if event.rate else ''
        out.append('event %s(%s)%s' % (event.name, event.data.name if event.data else '', rate))
    for trace in schema.traces.values():
        out.append('trace %s(%s)' % (trace.name, trace.klass.name))
        out += [member_line(a) + (' hex' if a.hex else '') for a in trace.args]
    out += [json.dumps(info) for info in emit_introspect.schema_infos(schema)]
    coverage = json.loads('\n'.join(emit_coverage.emit(schema)['docs/coverage.json']))
    out += ['covers %s %s' % (kind, json.dumps(entry))
            for kind, entries in coverage.items() for entry in entries]
    return '\n'.join(line.rstrip() for line in out) + '\n'


# -- tests ---------------------------------------------------------------------

def expect(path, text):
    """text is what the file has; otherwise an AssertionError with both."""
    if REGENERATE:
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return
    with open(path, encoding='utf-8') as f:
        wanted = f.read()
    if text != wanted:
        pairs = zip(wanted.splitlines() + [''], text.splitlines() + [''])
        first = next(((w, t) for w, t in pairs if w != t), ('', 'more lines'))
        raise AssertionError('%s: expected: %s\nfound: %s' % (os.path.basename(path), *first))


def good(name):
    expect(name[:-5] + '.out', dump(Schema(SchemaText(name))))


def bad(name, seen):
    try:
        Schema(SchemaText(name))
    except SchemaError as e:
        seen.add(e.ident)
        expect(name[:-5] + '.err', str(e) + '\n')
        return
    raise AssertionError('%s was accepted' % name)


def all_messages(seen):
    missing = sorted(set(MESSAGES) - seen)
    assert not missing, 'no golden test provokes: ' + ' '.join(missing)


def known_messages():
    """Every id in the generator's text is in the catalogue."""
    for path in glob.glob(os.path.join(TOP, 'qmp', 'qapi', '*.py')):
        with open(path, encoding='utf-8') as f:
            used = re.findall(r"SchemaError\([^,]+,\s*'([a-z0-9-]+)'", f.read())
        unknown = sorted(set(used) - set(MESSAGES))
        assert not unknown, '%s uses unknown messages: %s' % (path, ' '.join(unknown))


def generate(schema, out, *options):
    return subprocess.run([sys.executable, GENERATOR, *options, '--output-dir', out, schema],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)


def compiler():
    """The words of a command that checks a C file."""
    cc = shlex.split(os.environ.get('CC') or 'cc')
    pkg = subprocess.run(['pkg-config', '--cflags', 'glib-2.0'], stdout=subprocess.PIPE,
                         universal_newlines=True, check=False) if shutil.which('pkg-config') \
        else None
    if not shutil.which(cc[0]) or pkg is None or pkg.returncode:
        raise Skip('no C compiler or no GLib')
    return cc + ['-std=gnu11', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror',
                 '-Wmissing-prototypes', '-fsyntax-only', '-I' + TOP] + pkg.stdout.split()


def check_c(command, out, path):
    return subprocess.run(command + ['-I' + out, os.path.join(out, path)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)


def compiles(name):
    """The C made from a good schema has no warning."""
    command = compiler()
    with tempfile.TemporaryDirectory() as out:
        run = generate(name, out)
        assert run.returncode == 0, run.stderr
        for path in GENERATED_C:
            result = check_c(command, out, path)
            assert result.returncode == 0, result.stdout


CASTS = '''
#include "qom/qapi-objects-rows.h"
void f(Object *obj, const Device *dev, IsaSerial *serial, Chardev *chr);
void f(Object *obj, const Device *dev, IsaSerial *serial, Chardev *chr)
{
    %s
}
'''


def casts_are_typed():
    """A cast and a function for properties take pointers to the class and its ancestors alone."""
    right = ('to_isa_serial(obj)', 'to_isa_serial(dev)', 'isa_serial_props(serial)->irq = 1')
    wrong = ('to_isa_serial(chr)', 'to_device(serial)', 'isa_serial_props(chr)',
             'chr = to_isa_serial(dev)')
    command = compiler()
    with tempfile.TemporaryDirectory() as out:
        assert generate('ok/rows.json', out).returncode == 0
        for line in right + wrong:
            with open(os.path.join(out, 'casts.c'), 'w', encoding='utf-8') as f:
                f.write(CASTS % (line + ';'))
            result = check_c(command, out, 'casts.c')
            assert (result.returncode == 0) == (line in right), line + '\n' + result.stdout


def unchanged_files_stay():
    """A second run replaces nothing, one after a change of a file only that."""
    with tempfile.TemporaryDirectory() as out:
        assert generate('ok/rows.json', out).returncode == 0
        files = [p for p in glob.glob(out + '/**', recursive=True) if os.path.isfile(p)]
        assert len(files) == 16, files
        for path in files:
            os.utime(path, (1, 1))
        with open(files[0], 'a', encoding='utf-8') as f:
            f.write('spoilt')
        assert generate('ok/rows.json', out).returncode == 0
        for path in files:
            assert (os.stat(path).st_mtime == 1) == (path != files[0]), path


def check_only_writes_nothing():
    with tempfile.TemporaryDirectory() as out:
        assert generate('ok/rows.json', out, '--check-only').returncode == 0
        assert os.listdir(out) == []


def fails_with_one_line():
    with tempfile.TemporaryDirectory() as out:
        run = generate('bad/unknown-type.json', out)
        assert run.returncode == 1, run.returncode
        with open('bad/unknown-type.err', encoding='utf-8') as f:
            assert run.stderr == f.read(), run.stderr
        assert os.listdir(out) == []


def leaves_no_bytecode():
    left = glob.glob(os.path.join(TOP, 'qmp', '**', '__pycache__'), recursive=True)
    assert not left, left


def referred(info):
    """The types that a SchemaInfo names."""
    for key in ('arg-type', 'ret-type', 'element-type'):
        if key in info:
            yield info[key]
    for entry in info.get('members', []) + info.get('variants', []):
        if 'type' in entry:
            yield entry['type']


def closed_introspection(name):
    """Each type that is named is there once, and each that is there is named."""
    infos = emit_introspect.schema_infos(Schema(SchemaText(name)))
    types = [i['name'] for i in infos if i['meta-type'] not in ('command', 'event')]
    used = {t for i in infos for t in referred(i)}
    assert len(types) == len(set(types)), 'a type is there twice'
    assert used == set(types), used ^ set(types)
    assert len(json.dumps(infos)) < 1 << 20, 'introspection is over 1 MiB'


def marked_infos():
    """One of everything that may be marked, in places where a comma could go wrong."""
    depr, unst = {'features': ['deprecated']}, {'features': ['unstable', 'other']}
    mixed = [{'name': 'a', **depr}, {'name': 'b'}, {'name': 'c', **unst}, {'name': 'd', **depr}]
    return [
        {'name': 'gone', 'meta-type': 'command', **depr},
        {'name': 'x-new', 'meta-type': 'event', **unst},
        {'name': '0', 'meta-type': 'enum', 'members': mixed, 'values': ['a', 'b', 'c', 'd']},
        {'name': '1', 'meta-type': 'object', 'tag': 't',
         'members': [{'name': 'x', 'type': 'str', **unst}, {'name': 't', 'type': '0'}],
         'variants': [{'case': case, 'type': '2'} for case in 'abcd']},
        {'name': '2', 'meta-type': 'object',
         'members': [{'name': 'y', 'type': 'int', **depr}, {'name': 'z', 'type': 'int', **unst}]},
        {'name': '3', 'meta-type': 'object', 'members': [{'name': 'y', 'type': 'int', **depr}]},
        {'name': '4', 'meta-type': 'object', 'members': []},
        {'name': '5', 'meta-type': 'enum', 'members': [{'name': 'e', **unst}], 'values': ['e']}]


def shown(schema, infos, hidden):
    pieces = segments.segments(schema, infos)
    return json.loads(''.join(text for text, marks in pieces if not hidden & set(marks)))


def hides_marked_parts(name):
    """Whatever is left out of the introspection, the rest is JSON, and has nothing of it."""
    schema = Schema(SchemaText(name))
    for infos in emit_introspect.schema_infos(schema), marked_infos():
        assert sorted(map(len, shown(schema, infos, set()))) == sorted(map(len, infos))
        for hidden in {'deprecated'}, {'unstable'}, {'deprecated', 'unstable'}:
            left = shown(schema, infos, hidden)
            for entry in left + [m for i in left for m in i.get('members', [])]:
                assert not hidden & set(entry.get('features', [])), (hidden, entry)
            for info in left:
                assert 'values' not in info or \
                    sorted(info['values']) == sorted(m['name'] for m in info['members'])
    by_name = {i['name']: i for i in shown(schema, marked_infos(), {'deprecated'})}
    assert list(by_name) == ['0', '1', '2', '3', '4', '5', 'x-new'], list(by_name)
    assert [m['name'] for m in by_name['0']['members']] == ['b', 'c']
    assert [v['case'] for v in by_name['1']['variants']] == ['b', 'c']
    assert by_name['3']['members'] == [] and len(by_name['1']['members']) == 2


def documents_all():
    """qapi-schema.json has every expression with its text."""
    schema = Schema(SchemaText('ok/text.json'))
    doc = json.loads('\n'.join(emit_coverage.emit(schema)['qmp/qapi-schema.json']))
    assert doc['files'] == ['text.json', 'part/more.json', 'part/again.json'], doc['files']
    assert [e['name'] for e in doc['expressions']] == ['Outside', 'Shared', 'Limits', 'go']
    limits = doc['expressions'][2]
    assert limits['at'] == 'text.json:52', limits['at']
    assert limits['doc']['text'] == 'First paragraph, on two lines.\n\n' \
        'Second paragraph with umlauts: \u00e4\u00f6\u00fc.\n\nThird paragraph.'
    assert limits['doc']['members']['hex'] == 'a hexadecimal constant, explained on two lines' \
        '\n\nand in a second paragraph'
    assert limits['doc']['features'] == {'unstable': 'because of this'}
    assert limits['doc']['tags']['Since'] == '0.1.2'
    assert [s['text'] for s in doc['sections']] == ['= Title\n\nText of the section.',
                                                    '== Subtitle']


def sent_events():
    """(file, class rows that it defines, events that it sends) of each C file."""
    for folder in ('hw', 'daemon'):
        for path in sorted(glob.glob(os.path.join(TOP, folder, '**', '*.c'), recursive=True)):
            with open(path, encoding='utf-8') as f:
                text = f.read()
            sent = set(re.findall(r'\bqmp_event_(?!queue|emit)([a-z0-9_]+)\(', text))
            yield os.path.relpath(path, TOP), re.findall(r'\.schema = &(qmp_class_\w+)', text), sent


def declared_events():
    """What a file of hw/ with classes sends, one of them declares; what one without sends,
    some class does; and what classes declare is sent, by the daemon if not by them."""
    schema = Schema(SchemaText(own_schema()))
    rows = {k.row: k.events for k in schema.classes}
    declared = {e for events in rows.values() for e in events}
    seen = set()
    for path, classes, sent in sent_events():
        known = {e for row in classes for e in rows[row]} if classes else declared
        seen |= {e.upper() for e in sent}
        for event in (e.upper() for e in sent if path.startswith('hw')):
            assert event in known, '%s sends %s, which %s' % (
                path, event, 'none of its classes declares' if classes else 'no class declares')
    assert declared <= seen, 'declared but never sent: %s' % sorted(declared - seen)


TRACES, TRACE_HEADER = r'trace_[a-z0-9_]+', 'qom/qapi-trace.h'


def c_calls(pattern, header):
    """(file, name, text of the arguments) of calls of functions whose names match, in files
    that include the header."""
    for folder in ('qom', 'cpu', 'kvm', 'tcg', 'qtest', 'hw', 'daemon'):
        for path in sorted(glob.glob(os.path.join(TOP, folder, '**', '*.[ch]'), recursive=True)):
            with open(path, encoding='utf-8') as f:
                text = f.read()
            if '#include "%s"' % header in text:
                for match in re.finditer(r'\b(%s)\(([^;{]*)\);' % pattern, text):
                    yield os.path.relpath(path, TOP), match.group(1), match.group(2)


def used_traces():
    """Each trace point is used, and what is used is one."""
    points = set(Schema(SchemaText(own_schema())).traces)
    with open(os.path.join(TOP, 'qom', 'trace.h'), encoding='utf-8') as f:
        others = set(re.findall(r'\btrace_([a-z_]+)\(', f.read()))
    used = {name[len('trace_'):] for _, name, _ in c_calls(TRACES, TRACE_HEADER)} - others
    assert used == points, 'not used: %s; not in the schema: %s' % (
        sorted(points - used), sorted(used - points))


def secret_members(schema):
    types = schema.user_types('STRUCT', 'UNION', 'CLASS_UNION')
    return {m.cname for t in types for m in t.members if m.secret}


def no_secrets_told():
    """What the schema calls secret is told by no trace point and by no error of a guest."""
    secrets = secret_members(Schema(SchemaText(own_schema())))
    assert secrets, 'the schema has no secrets'
    calls = list(c_calls(TRACES, TRACE_HEADER))
    calls += c_calls('device_guest_error', 'qom/guest-error.h')
    for path, name, arguments in calls:
        told = secrets & set(re.findall(r'\b(?:props|args|options|properties\(\w+\))->(\w+)',
                                        arguments))
        assert not told, '%s: %s tells the secret %s' % (path, name, told.pop())


def own_schema():
    return os.path.join(TOP, 'qmp', 'schema', 'vmd.json')


# -- running them --------------------------------------------------------------

def tests():
    seen = set()
    for name in sorted(glob.glob('ok/*.json')):
        yield name, lambda n=name: good(n)
        yield name + ' compiles', lambda n=name: compiles(n)
    for name in sorted(glob.glob('bad/*.json')):
        yield name, lambda n=name: bad(n, seen)
    yield 'every message is provoked', lambda: all_messages(seen)
    yield 'every message is in the catalogue', known_messages
    yield 'casts are typed', casts_are_typed
    yield 'unchanged files stay', unchanged_files_stay
    yield '--check-only writes nothing', check_only_writes_nothing
    yield 'an error is one line and status 1', fails_with_one_line
    yield 'no bytecode in the source tree', leaves_no_bytecode
    yield 'qapi-schema.json documents all', documents_all
    yield 'classes declare the events that they send', declared_events
    yield 'trace points are used, and are there', used_traces
    yield 'no trace point tells a secret', no_secrets_told
    yield 'the schema of vmd is accepted', lambda: Schema(SchemaText(own_schema()))
    for name in ('ok/rows.json', own_schema()):
        yield 'introspection of %s is closed' % os.path.basename(name), \
            lambda n=name: closed_introspection(n)
    yield 'parts of the introspection can be hidden', lambda: hides_marked_parts('ok/rows.json')


if __name__ == '__main__':
    os.chdir(TESTS)
    sys.exit(tap.run(tests()))
