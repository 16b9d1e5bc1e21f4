# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON as the manuals show it: on one line if it fits, else filled like a paragraph."""

import json


def one_line(value):
    if isinstance(value, dict):
        members = ['%s: %s' % (json.dumps(k), one_line(v)) for k, v in value.items()]
        return '{ %s }' % ', '.join(members) if members else '{}'
    if isinstance(value, list):
        return '[ %s ]' % ', '.join(one_line(v) for v in value) if value else '[]'
    return json.dumps(value, ensure_ascii=False)


def layout(value, width, before='', after=''):
    """Lines of value, with something before its first and after its last; what is within
    brackets stays right of them."""
    line = before + one_line(value) + after
    if len(line) <= width or not isinstance(value, (dict, list)) or not value:
        return [line]
    opening, closing = '{}' if isinstance(value, dict) else '[]'
    items = [(json.dumps(k) + ': ', v) for k, v in value.items()] \
        if isinstance(value, dict) else [('', v) for v in value]
    indent = ' ' * (len(before) + 2)
    lines, current = [], before + opening
    for i, (start, item) in enumerate(items):
        end = ' ' + closing + after if i == len(items) - 1 else ','
        if i and len(current + ' ' + start + one_line(item) + end) > width:
            lines.append(current)
            current = indent[:-1]
        *done, current = layout(item, width, current + ' ' + start, end)
        lines += done
    return lines + [current]
