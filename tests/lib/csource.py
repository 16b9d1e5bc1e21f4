# SPDX-License-Identifier: GPL-2.0-or-later
"""The C sources as text: which functions a header declares, and which file defines them."""
import os
import re

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
FOLDERS = ('qmp', 'qom', 'systemd', 'cpu', 'kvm', 'tcg', 'qtest', 'hw', 'client', 'daemon')
COMMENT = re.compile(r'/\*.*?\*/', re.DOTALL)
HEAD = r'^(?!static|typedef|#)\w[\w *]*?\b(\w+)\([^;{}]*\)\s*'
DECLARED = re.compile(HEAD + r'(?:G_GNUC_\w+(?:\([^()]*\))?\s*)*;', re.MULTILINE)
DEFINED = re.compile(HEAD + '{', re.MULTILINE)


def sources(folders, endings):
    """(path, text without comments) of each source file."""
    for folder in folders:
        for place, _, names in os.walk(os.path.join(SRCDIR, folder)):
            for name in names:
                if name.endswith(endings) and 'node_modules' not in place:
                    path = os.path.join(place, name)
                    with open(path, encoding='utf-8') as f:
                        yield os.path.relpath(path, SRCDIR), COMMENT.sub('', f.read())
