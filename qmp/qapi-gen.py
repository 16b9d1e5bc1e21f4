#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema generator:
qapi-gen.py [--check-only] [--output-dir BUILD] [--manuals VERSION] SCHEMA.json

Reads the schema (docs/schema.md) and writes C and JSON files below BUILD, and with
--manuals the reference as a book and man pages of that version, each only if its
content changes.  An error is one line, FILE:LINE: what is wrong; mend: what to
write; with exit status 1.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True

from qapi import (cwriter, docs_build, emit_commands, emit_coverage,    # noqa: E402
                  emit_docs_html, emit_docs_man, emit_events, emit_headers, emit_introspect,
                  emit_manual, emit_objects, emit_trace, emit_types)
from qapi.errors import SchemaError     # noqa: E402
from qapi.parser import SchemaText      # noqa: E402
from qapi.schema import Schema          # noqa: E402

EMITTERS = (emit_headers, emit_types, emit_events, emit_commands, emit_introspect, emit_manual,
            emit_coverage, emit_objects, emit_trace)


def outputs(schema, manuals):
    """(path, lines) of all files."""
    for emitter in EMITTERS:
        yield from emitter.emit(schema).items()
    if manuals:
        book = docs_build.build(schema, manuals)
        yield from emit_docs_html.emit(book).items()
        yield from emit_docs_man.emit(book, schema.text.files).items()


def main():
    parser = argparse.ArgumentParser(description='Generates code from the schema.')
    parser.add_argument('--output-dir', metavar='BUILD', help='top of the build tree')
    parser.add_argument('--manuals', metavar='VERSION', help='write the manuals, too')
    parser.add_argument('--check-only', action='store_true', help='write nothing')
    parser.add_argument('schema', metavar='SCHEMA.json')
    args = parser.parse_args()
    if not args.check_only and not args.output_dir:
        parser.error('--output-dir is required without --check-only')
    try:
        schema = Schema(SchemaText(args.schema))
        if not args.check_only:
            for path, lines in outputs(schema, args.manuals):
                cwriter.write_file(os.path.join(args.output_dir, path), lines)
    except SchemaError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
