#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema generator: qapi-gen.py [--check-only] [--output-dir BUILD] SCHEMA.json

Reads the schema (docs/schema.md) and writes C and JSON files below BUILD, each
only if its content changes.  An error is one line, FILE:LINE: what is wrong;
mend: what to write; with exit status 1.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True

from qapi import (cwriter, emit_commands, emit_coverage, emit_events,   # noqa: E402
                  emit_introspect, emit_types)
from qapi.errors import SchemaError     # noqa: E402
from qapi.parser import SchemaText      # noqa: E402
from qapi.schema import Schema          # noqa: E402

EMITTERS = (emit_types, emit_events, emit_commands, emit_introspect, emit_coverage)


def main():
    parser = argparse.ArgumentParser(description='Generates code from the schema.')
    parser.add_argument('--output-dir', metavar='BUILD', help='top of the build tree')
    parser.add_argument('--check-only', action='store_true', help='write nothing')
    parser.add_argument('schema', metavar='SCHEMA.json')
    args = parser.parse_args()
    if not args.check_only and not args.output_dir:
        parser.error('--output-dir is required without --check-only')
    try:
        schema = Schema(SchemaText(args.schema))
        if not args.check_only:
            for emitter in EMITTERS:
                for path, lines in emitter.emit(schema).items():
                    cwriter.write_file(os.path.join(args.output_dir, path), lines)
    except SchemaError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
