# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rows of qmp/qapi-types.c share: the pools of texts, the numbers of types and classes,
and the tables that hold what rows have several of (see qmp/type.h)."""

from . import cwriter

_TABLES = {'members': 'QmpMember', 'unsupported': 'QmpUnsupported', 'values': 'QmpEnumValue',
           'sorted': 'guint16', 'branches': 'QmpBranch', 'only': 'QmpConstant',
           'defaults': 'QmpDefault', 'compat': 'QmpCompat'}


class RowTables:
    def __init__(self, types):
        """types: all that have rows, in the order of their rows."""
        self._types = {type_.row: i + 1 for i, type_ in enumerate(types)}
        self._docs = cwriter.TextPool()
        self._names = cwriter.TextPool()
        self._lines = {table: [] for table in _TABLES}
        self._counts = {table: 0 for table in _TABLES}

    def doc(self, text):
        return self._docs.offset(text)

    def name(self, text):
        """A QmpName, with the text as a comment for whoever reads the file."""
        return '%d /* %s */' % (self._names.offset(text), _comment(text))

    def type(self, type_):
        """A QmpTypeId."""
        return '%d /* %s */' % (self._types[type_.row], type_.name)

    def constant(self, type_, value):
        """A QmpConstant of a checked value of type_."""
        return cwriter.constant(type_, value, self.name)

    def add(self, table, rows):
        """Appends the rows, each one initialiser, and says the index of the first."""
        first = self._counts[table]
        self._lines[table] += ['    %s,' % row for row in rows]
        self._counts[table] += len(rows)
        assert self._counts[table] < 1 << 16
        return first

    def definitions(self):
        out = ['const QmpType *const qmp_types[] = {', '    NULL,']
        out += ['    &%s,' % row for row in self._types] + ['};', '']
        for table, ctype in _TABLES.items():
            out += ['const %s qmp_all_%s[] = {' % (ctype, table)]
            out += self._lines[table] or ['    0,']
            out += ['};', '']
        return out + self._names.definition('qmp_names') + self._docs.definition('qmp_docs')


def class_id(klass):
    """A QmpClassId."""
    return '%d /* %s */' % (klass.index + 1, klass.name)


def _comment(text):
    return cwriter.literal(text).replace('*/', '* /')
