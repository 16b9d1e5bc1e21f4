# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the headers and of qmp/qapi-types.c that are about classes: QmpClass rows with
their defaults, parts and compat lists, the tables of all classes, CPUID bits."""

from .cwriter import flags, literal
from .names import c_name, c_part
from .recipes import own_names
from .rowtables import class_id


def declarations(classes):
    """Of the classes of one header."""
    out = ['typedef %s %s;' % (k.props.name, k.props_name)
           for k in classes if k.own_props is None]
    out += ['']
    out += ['extern const QmpClass %s;' % k.row for k in classes] + ['']
    for klass in classes:
        names = own_names(klass)
        out += ['#define %s %s' % (constant, literal(name))
                for name, (constant, _) in names.items()]
        out += [''] if names else []
    return out


def definitions(schema, tables):
    out = []
    for klass in schema.classes:
        out += _class(klass, tables)
    return out + _tables(schema, tables) + _features(schema, tables)


def _default(klass, name, value, tables):
    return '{ .property = %s, .value = %s }' % (
        tables.name(name), tables.constant(klass.member(name).type, value))


def _table(ctype, name, rows):
    """A static table, and nothing if it would be empty."""
    if not rows:
        return []
    return ['static const %s %s[] = {' % (ctype, name)] + ['    %s,' % r for r in rows] + \
        ['};', '']


def _class(klass, tables):
    ident = c_part(klass.name)
    out = _parts(klass, ident, tables)
    if klass.aliases:
        out += _table('QmpName', 'aliases_' + ident, [tables.name(a) for a in klass.aliases] + ['0'])
    out += _relations(klass, ident)
    out += ['const QmpClass %s = {' % klass.row, '    .name = %s,' % literal(klass.name)]
    out += ['    .%s = %s,' % field for field in _fields(klass, ident, tables)]
    return out + ['};', '']


def _owner(klass, key):
    """The ancestor whose table of parts, events or buses has what the class's would."""
    while klass.parent and getattr(klass.parent, key) == getattr(klass, key):
        klass = klass.parent
    return klass


def _relations(klass, ident):
    out = []
    if klass.events and _owner(klass, 'events') is klass:
        out += _table('char *const', 'events_' + ident,
                      [literal(e) for e in klass.events] + ['NULL'])
    if klass.buses and _owner(klass, 'buses') is klass:
        out += _table('QmpClass *const', 'buses_' + ident,
                      ['&' + b.row for b in klass.buses] + ['NULL'])
    return out


def _fields(klass, ident, tables):
    if klass.parent:
        yield 'parent', '&' + klass.parent.row
    yield 'props', '&' + klass.props.row
    if klass.parts:
        yield 'parts', 'parts_' + c_part(_owner(klass, 'parts').name)
        yield 'n_parts', str(len(klass.parts))
    if klass.defaults:
        yield 'first_default', str(tables.add('defaults', [
            _default(klass, n, v, tables) for n, v in klass.defaults.items()]))
        yield 'n_defaults', str(len(klass.defaults))
    if klass.compat:
        yield 'first_compat', str(tables.add('compat', [_compat(c, tables) for c in klass.compat]))
        yield 'n_compat', str(len(klass.compat))
    yield 'flags', _flags(klass)
    yield 'plug', 'QMP_PLUG_' + (klass.plug or 'none').upper()
    if klass.machine:
        yield 'cpu_max', str(klass.cpu_max)
    if klass.default_ram_id:
        yield 'default_ram_id', tables.name(klass.default_ram_id)
    if klass.default_cpu:
        yield 'default_cpu', class_id(klass.default_cpu)
    if klass.bus:
        yield 'bus', '&' + klass.bus.row
    if klass.aliases:
        yield 'aliases', 'aliases_' + ident
    yield 'index', str(klass.index)
    if klass.place:
        yield 'place', str(klass.place.index + 1)
    for key in ('events', 'buses'):
        if getattr(klass, key) and _owner(klass, key) is klass:
            yield key, '%s_%s' % (key, ident)
    yield 'doc', str(tables.doc(klass.doc.text()))
    yield 'since', str(tables.doc(klass.doc.tag('Since')))


def _flags(klass):
    names = [key.upper() for key in ('abstract', 'user_creatable', 'device', 'machine', 'shared')
             if getattr(klass, key)]
    names += [f.upper() for f in klass.features] + (['DEFAULT'] if klass.is_default else [])
    return flags('QMP_CLASS_', names)


def _parts(klass, ident, tables):
    out, rows = [], []
    if _owner(klass, 'parts') is not klass:
        return out
    for i, part in enumerate(klass.parts):
        props = 'props_%s_%d' % (ident, i)
        conditions = 'conditions_%s_%d' % (ident, i)
        out += _table('QmpDefault', props,
                      [_default(part.driver, n, v, tables) for n, v in part.props.items()])
        out += _table('QmpCondition', conditions, [_condition(c, tables) for c in part.conditions])
        rows.append('{ %s }' % ', '.join(_part_fields(part, props, conditions, tables)))
    return out + _table('QmpPart', 'parts_' + ident, rows)


def _condition(condition, tables):
    return '{ .property = %s, .accel = %s, .value = %s }' % (
        tables.name(condition.member.name), 'true' if condition.accel else 'false',
        tables.constant(condition.member.type, condition.value))


def _part_fields(part, props, conditions, tables):
    if part.driver:
        yield '.driver = ' + class_id(part.driver)
    for field in ('name', 'bus', 'connect', 'to'):
        if getattr(part, field):
            yield '.%s = %s' % (field, tables.name(getattr(part, field)))
    if part.props:
        yield '.props = %s, .n_props = %d' % (props, len(part.props))
    if part.conditions:
        yield '.conditions = %s, .n_conditions = %d' % (conditions, len(part.conditions))


def _compat(compat, tables):
    return '{ .driver = %s, .property = %s, .value = %s }' % (
        class_id(compat.driver), tables.name(compat.member.name),
        tables.constant(compat.member.type, compat.value))


def _counted(ctype, name, counter, rows):
    """A table that exists even if it is empty, and its length."""
    return ['const %s %s[] = {' % (ctype, name)] + ['    %s,' % r for r in rows or ['{ 0 }']] + \
        ['};', 'const guint %s = %d;' % (counter, len(rows)), '']


def _tables(schema, tables):
    out = ['const QmpClass *const qmp_classes[] = {']
    out += ['    &%s,' % k.row for k in schema.classes] + ['    NULL', '};']
    out += ['const guint qmp_n_classes = %d;' % len(schema.classes), '']
    out += _counted('QmpClassPlace', 'qmp_class_places', 'qmp_n_class_places', [
        '{ %s }' % ', '.join(_place(p)) for p in schema.class_builder.places])
    names = sorted(schema.class_builder.by_name.items())
    return out + _counted('QmpClassName', 'qmp_class_names', 'qmp_n_class_names', [
        '{ .name = %s, .klass = %s%s }' % (tables.name(n), class_id(k), _alias_flags(k, n))
        for n, k in names])


def _place(place):
    yield '.klass = &' + place.klass.row
    if place.single:
        yield '.single = true'
    for field in ('path', 'anonymous', 'add', 'remove', 'id', 'arguments'):
        if getattr(place, field):
            yield '.%s = %s' % (field, literal(getattr(place, field)))


def _alias_flags(klass, name):
    features = klass.alias_features.get(name)
    if not features:
        return ''
    return ', .flags = ' + flags('QMP_CLASS_', [f.upper() for f in features])


def _features(schema, tables):
    """Rows of bits in the order of the properties, so that a feature is behind those it needs."""
    bits, needs = [], []
    for (leaf, subleaf, reg, bit), member in schema.feature_bits.items():
        words = [flags('QMP_CPUID_', member.bit_flags)] if member.bit_flags else ['0']
        bits.append('{ .offset = %s, .leaf = 0x%x, .subleaf = 0x%x, .reg = %d, .bit = %d, '
                    '.flags = %s, .name = %s }' % (
                        _offset(member), leaf, subleaf, reg, bit, words[0],
                        tables.name(member.name)))
    for member in dict.fromkeys(schema.feature_bits.values()):
        needs += ['{ .offset = %s, .needs = offsetof(X8664CpuProps, %s) }' % (
            _offset(member), c_name(name)) for name, _ in member.needs]
    return _counted('QmpCpuidBit', 'qmp_cpuid_bits', 'qmp_n_cpuid_bits', bits) + \
        _counted('QmpCpuidNeed', 'qmp_cpuid_needs', 'qmp_n_cpuid_needs', needs) + \
        _counted('QmpMemberAlias', 'qmp_member_aliases', 'qmp_n_member_aliases', [
            '{ .alias = %s, .name = %s }' % (tables.name(alias), tables.name(member.name))
            for klass in schema.classes if klass.own_props
            for member in klass.own_props.own for alias in member.aliases])


def _offset(member):
    return 'offsetof(X8664CpuProps, %s)' % member.cname
