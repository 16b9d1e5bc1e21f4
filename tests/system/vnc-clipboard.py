#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""VNC servers: the clipboard that a machine's viewers share, plain and extended."""
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vncclient import (CAPS, CLIPBOARD, NOTIFY, PEEK, PROVIDE, RAW, REQUEST, TEXT,
                       VncClient)                   # noqa: E402
from vncrig import Rig, resident                    # noqa: E402

ACTIONS = CAPS | REQUEST | PEEK | NOTIFY | PROVIDE


def extended(rig):
    viewer = rig.connect((RAW, CLIPBOARD))
    assert viewer.take_cut() == (ACTIONS | TEXT, bytes(4))
    viewer.cut_extended(ACTIONS | TEXT, struct.pack('>I', 1 << 20))     # and so does the viewer
    return viewer


def text_of(cut):
    flags, content = cut
    assert flags == PROVIDE | TEXT, hex(flags)
    data = zlib.decompress(content)
    assert struct.unpack('>I', data[:4])[0] == len(data) - 4
    return data[4:]


def ask(viewer):
    viewer.cut_extended(REQUEST | TEXT)
    return text_of(viewer.take_cut())


def plain(recorder):
    """a text in Latin-1 reaches the others, and not its sender; one who comes later does not get it"""
    with Rig(recorder) as rig:
        with rig.connect() as sender, rig.connect() as other, rig.connect() as third:
            for viewer in sender, other, third:
                viewer.picture()
            for text in 'na\xefve', '', 'x' * (1 << 20), 'two\nlines\xff':
                sender.cut_text(len(text), text.encode('latin-1'))
                assert other.take_cut() == third.take_cut() == text
            with rig.connect() as late:
                other.cut_text(3, b'new')
                assert sender.take_cut() == third.take_cut() == 'new'
                late.picture()
                assert late.texts in ([], ['new'])      # it may have been there in time
            assert not sender.texts[1:]


def between(recorder):
    """extended and plain clipboards reach each other; a text comes when it is asked for"""
    with Rig(recorder) as rig, extended(rig) as one, extended(rig) as two, rig.connect() as old:
        old.picture()
        one.cut_extended(NOTIFY | TEXT)
        assert one.take_cut() == (REQUEST | TEXT, b'')
        one.provide('\u20ac 5,\r\n\xe4\0'.encode())
        assert old.take_cut() == '? 5,\n\xe4'
        assert two.take_cut() == (NOTIFY | TEXT, b'')
        assert ask(two) == '\u20ac 5,\r\n\xe4\0'.encode()
        two.provide('without an end'.encode())          # and unasked
        assert old.take_cut() == 'without an end'
        assert one.take_cut() == (NOTIFY | TEXT, b'')
        assert ask(one) == b'without an end\0'
        old.cut_text(4, b'\xfcber'[:4])
        for viewer in one, two:
            assert viewer.take_cut() == (NOTIFY | TEXT, b'')
            viewer.cut_extended(PEEK)
            assert viewer.take_cut() == (NOTIFY | TEXT, b'')
            assert ask(viewer) == '\xfcber\0'.encode()
        for flags in NOTIFY, NOTIFY | 2, REQUEST | 4, PROVIDE | 8, TEXT, 0:      # no text
            one.cut_extended(flags)
        one.cut_extended(PEEK)
        assert one.take_cut() == (NOTIFY | TEXT, b'')
        with extended(rig) as late:
            late.cut_extended(REQUEST | TEXT)
            late.cut_extended(PEEK)
            assert late.take_cut() == (NOTIFY, b'')     # it does not see what was before it


def large(recorder):
    """the longest text arrives, also at one who reads late; memory does not grow with texts"""
    with Rig(recorder) as rig, extended(rig) as one, rig.connect() as deaf:
        deaf.picture()
        text = os.urandom(1 << 19).hex()[:-1].encode() + b'\0'
        before = resident(rig.daemon)
        for i in range(40):
            one.provide(b'%d' % (i % 10) + text[1:])
        one.provide(b'end\0')
        while deaf.take_cut() != 'end':
            pass
        assert len(deaf.texts) <= 41
        assert resident(rig.daemon) < before + (16 << 20)


def servers(recorder):
    """viewers of two servers share it, too"""
    with Rig(recorder) as rig:
        path = rig.daemon.path('second')
        rig.serve('vnc1', addr={'type': 'unix', 'path': path})
        with rig.connect() as one, VncClient(path) as two, VncClient(path) as three:
            for viewer in one, two, three:
                viewer.picture()
            one.cut_text(2, b'ab')
            assert two.take_cut() == three.take_cut() == 'ab'
            two.cut_text(2, b'cd')
            assert one.take_cut() == three.take_cut() == 'cd'


if __name__ == '__main__':
    vmdtest.main([plain, between, large, servers])
