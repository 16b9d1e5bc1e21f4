#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Golden dialogues: each *.qmp file beside this one, against a daemon of its own.

    run-dialogues.py [NAME...]

One file is one TAP test.  Its lines, a line that begins with a blank continuing
the one before it:

    # comment
    -> TEXT        client A sends TEXT and a newline
    => BYTES       client A sends BYTES with Python's escapes, and nothing else
    <- PATTERN     the next message that client A gets must match
    B-> TEXT       the same for client B, and so on; also B=> and B<-
    ! connect B              QMP, negotiated without capabilities
    ! connect B raw          QMP; the greeting is the first message
    ! connect B CAP[,CAP]    QMP, negotiated with these capabilities
    ! connect B jsonrpc      JSON-RPC 2.0
    ! fd B PATH              the next bytes of B carry a descriptor of PATH
    ! close B                B closes its connection
    ! half-close B           B will send no more
    ! eof B                  the daemon must close B's connection
    ! silent B               B gets nothing for 100 ms
    ! exit STATUS            the daemon must end with STATUS

A client that is not connected yet is connected and negotiated when it is first
named.  Events are messages like replies and must be expected where they come.

A pattern is JSON, equal but for the order of members, with these words for what
changes from run to run: "@any", "@int", "@number", "@str", "@bool", "@list",
"@object", "@null" and "@re:REGEX" (a string that matches whole).  In an object,
a member "..." means that there may be others, too; in a list, the element "..."
stands for any number of elements.
"""
import codecs
import glob
import json
import os
import re
import select
import socket
import sys
import tempfile
import time

FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(FOLDER, '..', 'lib'))
import errors  # noqa: E402
import vmdtest  # noqa: E402

LINE = re.compile(r'^([A-Z]?)(->|=>|<-) ?(.*)$', re.S)
KINDS = {'@any': object, '@int': int, '@number': (int, float), '@str': str, '@bool': bool,
         '@list': list, '@object': dict, '@null': type(None)}


class Mismatch(Exception):
    pass


# ---- matching

def match(pattern, value, where='message'):
    """Raises Mismatch, which says where the value differs."""
    if isinstance(pattern, str) and pattern.startswith('@'):
        return match_word(pattern, value, where)
    if isinstance(pattern, dict) and isinstance(value, dict):
        return match_object(pattern, value, where)
    if isinstance(pattern, list) and isinstance(value, list):
        return match_list(pattern, value, where)
    if type(pattern) is not type(value) or pattern != value:
        raise Mismatch('%s: expected %s, got %s' % (where, json.dumps(pattern), json.dumps(value)))


def match_word(word, value, where):
    if word.startswith('@re:'):
        if not isinstance(value, str) or not re.fullmatch(word[4:], value):
            raise Mismatch('%s: %s does not match %s' % (where, json.dumps(value), word[4:]))
        return
    kind = KINDS[word]
    if not isinstance(value, kind) or (isinstance(value, bool) and word in ('@int', '@number')):
        raise Mismatch('%s: expected %s, got %s' % (where, word, json.dumps(value)))


def match_object(pattern, value, where):
    for name, item in pattern.items():
        if name == '...':
            continue
        if name not in value:
            raise Mismatch('%s: no member %s in %s' % (where, name, json.dumps(value)))
        match(item, value[name], where + '.' + name)
    surplus = [name for name in value if name not in pattern]
    if surplus and '...' not in pattern:
        raise Mismatch('%s: members that were not expected: %s in %s'
                       % (where, ', '.join(surplus), json.dumps(value)))


def match_list(pattern, value, where):
    if '...' in pattern:
        return match_gaps(pattern, value, where)
    if len(pattern) != len(value):
        raise Mismatch('%s: expected %d elements, got %s'
                       % (where, len(pattern), json.dumps(value)))
    for i, item in enumerate(pattern):
        match(item, value[i], '%s[%d]' % (where, i))


def match_gaps(pattern, value, where):
    """Between two "..." each element is found at the first place that fits."""
    gap = pattern.index('...')
    head, rest = pattern[:gap], pattern[gap + 1:]
    match_list(head, value[:gap], where)
    value = value[gap:]
    while rest and '...' in rest:
        while not fits(rest[0], value[:1]):
            if not value:
                raise Mismatch('%s: no element like %s' % (where, json.dumps(rest[0])))
            value = value[1:]
        value, rest = value[1:], rest[1:]
        if rest[0] == '...':
            rest = rest[1:]
    if len(value) < len(rest):
        raise Mismatch('%s: no element like %s' % (where, json.dumps(rest[0])))
    match_list(rest, value[len(value) - len(rest):], where + '[end]')


def fits(item, found):
    try:
        match([item], found)
        return True
    except Mismatch:
        return False


# ---- clients

class Connection:
    """One client: bytes out, messages in."""

    def __init__(self, path, recorder):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.recorder = recorder
        self.buffer = b''
        self.asked = []
        self.fds = []

    def send(self, data):
        if self.fds:
            socket.send_fds(self.sock, [data], self.fds)
            while self.fds:
                os.close(self.fds.pop())
        else:
            self.sock.sendall(data)

    def wait(self, timeout):
        """Reads once; False if nothing came, EOFError at the end."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        data = self.sock.recv(1 << 20)
        if not data:
            raise EOFError
        self.buffer += data
        return True

    def receive(self):
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while b'\n' not in self.buffer:
            try:
                if not self.wait(deadline - time.monotonic()):
                    raise Mismatch('no message came')
            except EOFError:
                raise Mismatch('the daemon closed the connection')
        line, self.buffer = self.buffer.split(b'\n', 1)
        if not line.endswith(b'\r'):
            raise Mismatch('a message does not end in CRLF: %r' % line)
        message = json.loads(line)
        self.record(message)
        return message

    def note_request(self, text):
        try:
            self.asked.append(json.loads(text))
        except ValueError:
            self.asked.append(None)

    def record(self, message):
        """For the coverage of commands, classes and events."""
        if not isinstance(message, dict):
            return
        if 'event' in message:
            self.recorder.add('event', message['event'])
        elif ('return' in message or 'error' in message) and self.asked:
            request = self.asked.pop(0)
            if 'return' in message and isinstance(request, dict):
                self.recorder.request(request)
            self.record_error(request, message.get('error', {}))

    def record_error(self, request, error):
        """In JSON-RPC 2.0 the details are in `data`."""
        details = error.get('data', error)
        if isinstance(details, dict) and 'reason' in details:
            self.recorder.error(details)
            if details is error:
                errors.check(request if isinstance(request, dict) else None, error)

    def check_silent(self):
        if self.buffer or self.wait(0.1):
            raise Mismatch('this came: %r' % self.buffer)

    def check_eof(self):
        try:
            while self.wait(vmdtest.TIMEOUT):
                pass
        except EOFError:
            if self.buffer:
                raise Mismatch('this came before the end: %r' % self.buffer)
            return
        raise Mismatch('the connection is still open')


# ---- dialogues

class Dialogue:
    def __init__(self, path, recorder):
        self.path = path
        self.recorder = recorder
        self.clients = {}
        self.daemon = None
        self.folder = None
        self.jsonrpc = None     # path of that socket

    def lines(self):
        """(number, text) with continuation lines joined."""
        joined = []
        with open(self.path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                line = line.rstrip('\n')
                if line[:1] in (' ', '\t') and line.strip() and joined:
                    joined[-1][1] += ' ' + line.strip()
                elif line.strip() and not line.startswith('#'):
                    joined.append([number, line])
        return joined

    def run(self):
        lines = self.lines()
        self.folder = tempfile.TemporaryDirectory(prefix='vmd-dialogue-')
        self.jsonrpc = os.path.join(self.folder.name, 'jsonrpc')
        with self.folder, vmdtest.Daemon(
                self.recorder, ['--jsonrpc-socket', self.jsonrpc]) as self.daemon:
            for number, line in lines:
                try:
                    self.step(line)
                except Mismatch as wrong:
                    raise Mismatch('%s:%d: %s\n%s' % (os.path.basename(self.path), number, line,
                                                      wrong)) from None
            if not self.daemon.alive() and not any(l.startswith('! exit') for _, l in lines):
                raise Mismatch('the daemon has died: ' + self.daemon.output())

    def connect(self, name, kind=''):
        path = self.jsonrpc if kind == 'jsonrpc' else self.daemon.socket
        client = self.clients[name] = Connection(path, self.recorder)
        if kind in ('raw', 'jsonrpc'):
            return client
        match({'QMP': '@object'}, client.receive())
        request = {'execute': 'qmp_capabilities'}
        if kind:
            request['arguments'] = {'enable': kind.split(',')}
        client.note_request(json.dumps(request))
        client.send(json.dumps(request).encode() + b'\n')
        match({'return': {}}, client.receive())
        return client

    def client(self, name):
        return self.clients.get(name) or self.connect(name)

    def step(self, line):
        if line.startswith('!'):
            return self.directive(*line[1:].split())
        parts = LINE.match(line)
        if not parts:
            raise Mismatch('no such line')
        client = self.client(parts.group(1) or 'A')
        kind, text = parts.group(2), parts.group(3)
        if kind == '->':
            client.note_request(text)
            client.send(text.encode() + b'\n')
        elif kind == '=>':
            client.note_request(text)
            client.send(codecs.escape_decode(text.encode())[0])
        else:
            match(json.loads(text), client.receive())

    def directive(self, what, *words):
        if what == 'connect':
            self.connect(*words)
        elif what == 'fd':
            self.client(words[0]).fds.append(os.open(words[1], os.O_RDONLY | os.O_CLOEXEC))
        elif what == 'close':
            self.clients.pop(words[0]).sock.close()
        elif what == 'half-close':
            self.client(words[0]).sock.shutdown(socket.SHUT_WR)
        elif what == 'eof':
            self.client(words[0]).check_eof()
        elif what == 'silent':
            self.client(words[0]).check_silent()
        elif what == 'exit':
            status = self.daemon.wait()
            if status != int(words[0]):
                raise Mismatch('the status is %d: %s' % (status, self.daemon.output()))
        else:
            raise Mismatch('no such directive')


def main():
    recorder = vmdtest.Recorder()
    paths = sorted(glob.glob(os.path.join(FOLDER, '*.qmp')))
    if len(sys.argv) > 1:
        paths = [p for p in paths if os.path.splitext(os.path.basename(p))[0] in sys.argv[1:]]
    print('1..%d' % len(paths), flush=True)
    for number, path in enumerate(paths, 1):
        name = os.path.basename(path)
        try:
            Dialogue(path, recorder).run()
            print('ok %d - %s' % (number, name), flush=True)
        except vmdtest.Skip as why:
            print('ok %d - %s # SKIP %s' % (number, name, why), flush=True)
        except Exception as wrong:      # TAP says it, and the others go on
            for line in (str(wrong) or repr(wrong)).splitlines():
                print('# ' + line)
            print('not ok %d - %s' % (number, name), flush=True)


if __name__ == '__main__':
    main()
