#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Streams of bytes that vmd and the distribution's QEMU must read alike.

Both get the same bytes, requests and rubbish, and what counts is how many errors and
replies come back, in which order, and with which `id`.  Each stream ends in 0xFF, which brings
both to where a request may begin, and a request that tells that all was read.  A key of the
file `differences` is

    stream BYTES OURS not THEIRS
"""
import json
import os
import random
import sys

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from reasons import complain                        # noqa: E402
from vmdtest import Client, Daemon                  # noqa: E402

END = b'\n\xff{"execute": "query-name", "id": "end"}\n'
REQUEST = b'{"execute": "query-name", "id": "request"}'

# Each with a request behind it.
BEFORE = [
    b'%p ', b'%p', b'@ ', b'@@ ', b'@ @ ', b'@, @ ', b'# ', b'\\ ', b'\\"', b'T ', b'+1 ', b'.5 ',
    b'\xc3\xa4 ', b'\xef\xbb\xbf', b'\xe2\x80\x9c ', b'\xc2\xa0', b'\x7f ', b'% foo "x" 1 ',
    b'xyz ', b'xyz', b'a b ', b'a,b ', b'nul ', b'1 ', b'1', b'-1.5e3 ', b'1x ', b'true ', b'null ',
    b'"abc" ', b"'abc' ", b'"a"', b'"a""b" ', b"a'b' ", b'x"y" ', b'01 ', b'1. ', b'1e ', b'- ',
    b'[] ', b'] ', b'} ', b', ', b': ', b'}}] ', b'{] ', b'[[} ', b'{[}} ', b'{[}]} ', b'[1,2] ',
    b'\xff', b'\xff\xff ', b'\x00', b'\x0b', b'\x0c', b'\x1b\x1b', b'@\x00', b'@\t',
    b'"abc\n', b"'abc\n", b'"abc\r', b'"abc\n"def\n', b'"abc\nxyz ', b'"abc\n\nxyz ', b'"a\tb" ',
    b"it's {} \n", b'"a\\\n', b'"a\\\xff', b'\n\r\n \t', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    b'{"execute": @ ', b'{"execute": %p} ', b'{"execute": %p, "id": 3} ', b'{"execute": xyz} ',
    b'{"execute": True ', b'{"execute": xyz ', b'{"execute" ', b'{"execute"] ', b'{"execute": [} ',
    b'{"execute": \xff', b'{"execute": \x00', b'{"execute": "a\xff', b'{"execute": "x", "id":"\n',
    b"{'execute': 'x\n", b'{"a\nb": 1}', b'{"a\tb": 1}', b'{"a\r\nb": 1}\r', b'{"a\x01b": 1}',
    b'{execute: "query-name"} ', b'{1: 2} ', b'{"a" "b"} ', b'{"a": 1 "b": 2} ', b'{"a": 1,} ',
    b'{a b} ', b'{@ @} ', b'{@,@} ', b'{foo bar \\ 1e}', b'[ {} {} ] ', b'{"": 1} ',
    b'{"execute": "query-name", "execute": "query-name"} ', b'{} ', b'{"execute": ""} ',
]
# The value of `id` in a request that is well otherwise.
VALUES = [
    b"'it is \"me\"'", b"'it\\'s'", b'"it\\\'s"', b'"it\'s"', b"'a\\\"b'", b"'a\\u0027\\n\\/'", b"''",
    b"'\\\\'", b"{'a': \"b\", \"c\": ['d']}", b'"a\\/b"', b'"\\x"', b'"\\u12"', b'"\\u00zz"',
    b'"\\ud83d\\ude00"', b'"\\ud800"', b'"\\ude00\\ud83d"', b'"\\u0000"', b'"\\uffff"', b'"\x7f"',
    b'"\xc3\xa4"', b'"\xc3("', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"',
    b'"\xef\xbf\xbf"', b'1', b'-0', b'1.5', b'1E5', b'1e+5', b'1e-999', b'0e1',
    b'9223372036854775808', b'18446744073709551615', b'18446744073709551616',
    b'-9223372036854775809', b'01', b'+1', b'.5', b'1.', b'1e', b'1x', b'-', b'1"b"', b'true',
    b'True', b'nul', b'NaN', b'truefalse', b'true1', b'[1,]', b'[,]', b'null', b'\x0c1',
]
PIECES = [
    b'{', b'}', b'[', b']', b',', b':', b'"', b"'", b'\\', b'\n', b'\r\n', b' ', b'\t', b'"a"',
    b"'a'", b'"execute"', b'"query-name"', b"'execute': 'query-name'", b'"id"', b'1', b'-', b'.',
    b'e', b'E', b'+', b'5', b'true', b'null', b'xyz', b'T', b'@', b'%p', b'#', b'\x00', b'\x0b',
    b'\xff', b'\xfe', b'\x7f', b'\xc3\xa4', b'\xc3', b'\\u0041', b'\\n', b"\\'", b'\\"', b'\\x',
    REQUEST, b'[1,2]', b'12.5e3', b'01', b'1.', b'-1', b"it's", b'\\ud800', b'/',
]


class Reader:
    def __init__(self, client):
        self.client = client

    def outcome(self, stream):
        """'error', or the id of what was answered, in their order."""
        outcomes = []
        self.client.sock.sendall(stream + END)
        while True:
            reply = self.client.receive()
            if reply.get('id') == 'end':
                return outcomes
            outcomes.append('error' if 'error' in reply else reply.get('id'))


def compare(recorder, streams):
    keys = []
    with Peer('-M', 'none') as peer, Daemon(recorder=recorder) as daemon:
        theirs = Reader(peer.client())
        ours = Reader(Client(daemon.socket, recorder, check=False))
        for stream in streams:
            their, our = theirs.outcome(stream), ours.outcome(stream)
            if their != our:
                keys.append('stream %s %s not %s' % (ascii(stream), json.dumps(our),
                                                     json.dumps(their)))
    return keys


def test_rubbish(recorder):
    """Garbage, followed by a request"""
    need_peer()
    complain(compare(recorder, [rubbish + REQUEST for rubbish in BEFORE]), ('none',))


def test_values(recorder):
    """Requests with values of every form"""
    need_peer()
    complain(compare(recorder, [b'{"execute": "query-name", "id": ' + value + b'}\n'
                                for value in VALUES]), ('stream',))


def test_random(recorder):
    """Streams of random pieces; the seed is always the same"""
    need_peer()
    dice = random.Random(2017)
    streams = [b''.join(dice.choices(PIECES, k=dice.randint(1, 25))) for _ in range(3000)]
    complain(compare(recorder, [s for s in streams if b'0e' not in s and b'0E' not in s]), ('none',))


if __name__ == '__main__':
    vmdtest.main([test_rubbish, test_values, test_random])
