# SPDX-License-Identifier: GPL-2.0-or-later
"""The file `differences`: which differences are known, and why they are there.

A line at the margin is (part of) a reason; the indented lines below it are the keys that
it holds for, or patterns of them (* and ? as in a shell).  # begins a comment.
"""
import fnmatch
import os
import re


class Differences:
    def __init__(self, path):
        self.path = path
        self.patterns = []              # [line number, pattern, compiled, how often it was met]
        self.reasons = {}               # line number of a pattern: its reason
        self._read()

    def _read(self):
        reason, in_reason = '', False
        with open(self.path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                text = line.strip()
                if not text or line.startswith('#'):
                    continue
                if not line[0].isspace():
                    reason = reason + ' ' + text if in_reason else text
                    in_reason = True
                    continue
                in_reason = False
                self.reasons[number] = reason
                self.patterns.append([number, text, _compile(text), 0])

    def check(self, keys, words):
        """Complaints: about keys that are not listed, and about patterns which begin with
        one of words and match none."""
        complaints = []
        for key in keys:
            matching = [p for p in self.patterns if p[2].match(key)]
            for pattern in matching:
                pattern[3] += 1
            if not matching:
                complaints.append('not listed: ' + key)
        for number, text, _, met in self.patterns:
            where = '%s:%d' % (os.path.basename(self.path), number)
            if not self.reasons[number]:
                complaints.append('%s: no reason: %s' % (where, text))
            if text.split()[0] in words and not met:
                complaints.append('%s: there is no such difference any more: %s' % (where, text))
        return complaints


def _compile(pattern):
    """Brackets are literal: keys contain them."""
    return re.compile(fnmatch.translate(pattern.replace('[', '[[]')))


def complain(keys, words):
    """Fails unless the keys are those of the file beside this module that begin with words."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'differences')
    complaints = Differences(path).check(keys, words)
    for complaint in complaints:
        print('# ' + complaint)
    assert not complaints, '%d differences' % len(complaints)
