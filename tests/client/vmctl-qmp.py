#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl qmp, against a scripted peer."""

import functools
import json
import os
import pty
import subprocess

from rig import VMCTL, FakePeer, case, equal, main, vmctl

OK = {'return': {}}

# What a user writes goes out as it is, in the schema or not.
UserPeer = functools.partial(FakePeer, checked=False)


@case
def arguments_are_sent_in_order():
    def script(peer):
        peer.expect({'execute': 'query-status'})
        peer.send({'return': {'running': False}})
        peer.expect({'execute': 'stop', 'id': [1, 'x']})
        peer.send({'return': {}, 'id': [1, 'x']})
        peer.expect_end()
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', 'query-status', '{"execute": "stop", "id": [1, "x"]}') \
            .check(0, '{"return": {"running": false}}\n{"return": {}, "id": [1, "x"]}\n', '')


@case
def error_reply_is_printed_and_gives_status_1():
    def script(peer):
        peer.expect({'execute': 'a'})
        peer.send({'error': {'class': 'GenericError', 'desc': 'no'}})
        peer.expect({'execute': 'b'})
        peer.send(OK)
        peer.expect_end()
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', 'a', 'b').check(
            1, '{"error": {"class": "GenericError", "desc": "no"}}\n{"return": {}}\n', '')


@case
def standard_input_over_several_lines_with_comments():
    def script(peer):
        for name in ('a', 'b', 'c'):
            peer.expect({'execute': name, 'arguments': {'t': '# no comment "'}})
            peer.send(OK)
        peer.expect_end()
    text = ('{"execute":"%s","arguments":{"t":"# no comment \\""}}'
            '{"execute":"%s",  # a comment with "{\n "arguments":{"t":"# no comment \\""}\n}\n\n'
            '# {"execute":"never"}\n{"execute":"%s","arguments":{"t":"# no comment \\""}}'
            % ('a', 'b', 'c'))
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', stdin=text).check(0, '{"return": {}}\n' * 3, '')


@case
def each_line_is_answered_at_once():
    def script(peer):
        peer.answer({'a': {}, 'b': {'n': 2}})
    with UserPeer(script) as fake:
        with subprocess.Popen([VMCTL, '--socket', fake.path, 'qmp'], text=True, bufsize=1,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            run.stdin.write('{"execute":"a"}\n')
            equal(run.stdout.readline(), '{"return": {}}\n')
            run.stdin.write('{"execute":')
            run.stdin.write('"b"}\n')
            equal(run.stdout.readline(), '{"return": {"n": 2}}\n')
            run.stdin.close()
            equal(run.wait(), 0)


@case
def input_that_is_no_request():
    for text, message in (('{"execute":"a"', 'line 1: the request that begins here has no end'),
                          ('\n\nfoo\n', 'line 3: '),
                          ('[1]', 'a request is an object'),
                          ('{"a":1,"a":2}', 'line 1: JSON parse error')):
        with UserPeer(lambda peer: peer.expect_end()) as fake:
            vmctl('--socket', fake.path, 'qmp', stdin=text).check(1, '', message)
        with UserPeer(lambda peer: peer.expect_end()) as fake:
            vmctl('--socket', fake.path, 'qmp', text).check(1, '', message)


@case
def integers_above_int64_pass_unchanged():
    big = '{"execute": "a", "arguments": {"n": 18446744073709551615, "f": 1.50}}'

    def script(peer):
        peer.expect(json.loads(big))
        peer.send_text('{"return": 18446744073709551615, "id":1.50}')
        peer.expect_end()
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', big).check(
            0, '{"return": 18446744073709551615, "id":1.50}\n', '')


@case
def events_are_printed_only_on_demand():
    def script(peer):
        peer.expect({'execute': 'a'})
        peer.event('STOP')
        peer.send(OK)
        peer.expect_end()
    for options, lines in ((['--events'], 2), ([], 1)):
        with UserPeer(script) as fake:
            run = vmctl('--socket', fake.path, 'qmp', *options, 'a').check(0, None, '')
            equal(len(run.out.splitlines()), lines)


@case
def events_are_printed_while_input_is_awaited():
    def script(peer):
        peer.event('STOP')
        peer.event('RESUME')
        peer.expect_end()
    with UserPeer(script) as fake:
        with subprocess.Popen([VMCTL, '--socket', fake.path, 'qmp', '-e'], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            equal(json.loads(run.stdout.readline())['event'], 'STOP')
            equal(json.loads(run.stdout.readline())['event'], 'RESUME')
            run.stdin.close()
            equal(run.wait(), 0)


@case
def descriptors_go_with_the_first_request():
    def script(peer):
        peer.expect({'execute': 'getfd'})
        peer.send(OK)
        equal(len(peer.fds), 2)
        os.write(peer.fds[0], b'hello')
        peer.expect({'execute': 'stop'})
        peer.send(OK)
        equal(len(peer.fds), 2)
        for fd in peer.fds:
            os.close(fd)
    reader, writer = os.pipe()
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', '--pass-fd', str(writer), '--pass-fd', '0', 'getfd',
              'stop', pass_fds=[writer]).check(0, '{"return": {}}\n' * 2, '')
    os.close(writer)
    equal(os.read(reader, 10), b'hello')
    os.close(reader)


@case
def closed_descriptor_is_an_error():
    with UserPeer(lambda peer: peer.expect_end()) as fake:
        vmctl('--socket', fake.path, 'qmp', '--pass-fd', '99', 'getfd').check(
            1, '', 'Bad file descriptor')


@case
def connection_lost_before_the_reply():
    with UserPeer(lambda peer: peer.expect({'execute': 'a'})) as fake:
        vmctl('--socket', fake.path, 'qmp', 'a').check(1, '', 'closed the connection')


@case
def quit_is_a_good_last_request():
    def script(peer):
        peer.expect({'execute': 'quit'})
        peer.event('SHUTDOWN', guest=False, reason='host-qmp-quit')
        peer.send(OK)
    with UserPeer(script) as fake:
        vmctl('--socket', fake.path, 'qmp', 'quit').check(0, '{"return": {}}\n', '')


@case
def long_reply_arrives_whole():
    text = 'x' * 3000000

    def script(peer):
        peer.expect({'execute': 'a'})
        peer.send({'return': text})
        peer.expect_end()
    with UserPeer(script) as fake:
        run = vmctl('--socket', fake.path, 'qmp', 'a').check(0, None, '')
        equal(len(run.out), len(text) + len('{"return": ""}\n'))


@case
def terminal_gets_indented_json():
    def script(peer):
        peer.expect({'execute': 'a'})
        peer.send_text('{"return":[{"a":[],"b":{}, "s":"{,:\\"}"},1.50,18446744073709551615]}')
        peer.expect_end()
    master, slave = pty.openpty()
    with UserPeer(script) as fake:
        with subprocess.Popen([VMCTL, '--socket', fake.path, 'qmp', 'a'], stdout=slave,
                              stdin=subprocess.DEVNULL) as run:
            os.close(slave)
            equal(run.wait(), 0)
    out = os.read(master, 4096).decode().replace('\r', '')
    os.close(master)
    equal(out, '{\n  "return": [\n    {\n      "a": [],\n      "b": {},\n      "s": "{,:\\"}"\n'
               '    },\n    1.50,\n    18446744073709551615\n  ]\n}\n')


if __name__ == '__main__':
    main()
