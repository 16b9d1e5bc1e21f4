# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of vmctl share: TAP output, a scripted QMP peer, vmctl runs.

A test file defines functions with @case and ends with main().  A peer's script
is a function that gets the Peer after greeting and negotiation, and sees no request
that is not of the schema:

    def script(peer):
        peer.expect({'execute': 'stop'})
        peer.send({'return': {}})
    with FakePeer(script) as fake:
        run = vmctl('--socket', fake.path, 'qmp', 'stop')
"""

import array
import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest                                      # noqa: E402
from introspection import Wrong                     # noqa: E402
from vmdtest import SRCDIR, TIMEOUT, VMCTL, Skip    # noqa: E402,F401

_cases = []


def case(function):
    """Decorator: the function is a test, its name is the title."""
    @functools.wraps(function)
    def run(_recorder):
        function()
    run.__doc__ = function.__name__.replace('_', ' ')
    _cases.append(run)
    return function


def main():
    vmdtest.main(_cases)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError('is       %r\nshould be %r' % (actual, expected))


def contains(text, part):
    if part not in text:
        raise AssertionError('%r is not in %r' % (part, text))


class Run:
    """A vmctl run that has ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def check(self, status, out=None, err=None):
        """Compares; err is a part of standard error, or '' for none at all."""
        if self.status != status:
            raise AssertionError('exit status is %d, not %d; %r %r'
                                 % (self.status, status, self.out, self.err))
        if out is not None:
            equal(self.out, out)
        if err == '':
            equal(self.err, '')
        elif err is not None:
            contains(self.err, err)
        return self


def vmctl(*args, stdin='', env=None, pass_fds=(), preexec_fn=None):
    environment = {k: v for k, v in os.environ.items()
                   if k not in ('VMD_RUN_DIR', 'XDG_RUNTIME_DIR', 'NOTIFY_SOCKET')}
    environment.update({'LC_ALL': 'C.UTF-8', 'TZ': 'UTC', **(env or {})})
    done = subprocess.run([VMCTL, *args], input=stdin, capture_output=True, text=True,
                          timeout=TIMEOUT, env=environment, pass_fds=pass_fds,
                          preexec_fn=preexec_fn)
    return Run(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def scratch(**files):
    """A new directory; files become text files in it."""
    path = tempfile.mkdtemp(prefix='vmctl-')
    try:
        for name, text in files.items():
            with open(os.path.join(path, name), 'w', encoding='utf-8') as f:
                f.write(text)
        yield path
    finally:
        shutil.rmtree(path)


GREETING = {'QMP': {'version': {'qemu': {'major': 7, 'minor': 2, 'micro': 0},
                                'package': 'fake'}, 'capabilities': ['oob', 'error-details']}}


_introspection = []


def check_request(request):
    """Raises Wrong if the schema has no such request."""
    if not _introspection:
        _introspection.append(vmdtest.introspection())
    schema = _introspection[0]
    frame = set(request) - {'execute', 'exec-oob', 'arguments', 'id'}
    name = request.get('execute', request.get('exec-oob'))
    command = schema.entities.get(name, {'meta-type': None})
    if command['meta-type'] != 'command' or frame:
        raise Wrong('the schema has no such request: %s' % request)
    schema.check(command['arg-type'], request.get('arguments', {}), name)


class Peer:
    """The daemon's end of one connection; checked: requests are of the schema."""

    def __init__(self, sock, checked=True):
        self.sock, self._checked = sock, checked
        self.fds = []           # received with requests
        self._input = b''

    def read(self):
        """The next request's JSON, or None at the end."""
        while True:
            text = self._input.decode().lstrip()
            try:
                value, end = json.JSONDecoder().raw_decode(text)
                self._input = text[end:].encode()
                if self._checked:
                    check_request(value)
                return value
            except json.JSONDecodeError:
                pass
            data, control, _, _ = self.sock.recvmsg(65536, 4096)
            for level, kind, payload in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds = array.array('i')
                    fds.frombytes(payload)
                    self.fds += fds
            if not data:
                return None
            self._input += data

    def expect(self, request):
        got = self.read()
        if got != request:
            raise AssertionError('request is %r, not %r' % (got, request))

    def expect_end(self):
        self.expect(None)

    def send_text(self, text):
        self.sock.sendall((text + '\r\n').encode())

    def send(self, *messages):
        for message in messages:
            self.send_text(json.dumps(message))

    def answer(self, replies):
        """Answers by the table {command: return value} until the client goes;
        a callable gets the peer and replies itself."""
        while True:
            request = self.read()
            if request is None:
                return
            reply = replies.get(request['execute'])
            if reply is None:
                self.send({'error': {'class': 'CommandNotFound',
                                     'desc': 'no command ' + request['execute']}})
            elif callable(reply):
                if reply(self) is False:
                    return
            else:
                self.send({'return': reply})

    def event(self, name, **data):
        message = {'event': name, 'timestamp': {'seconds': 1700000000, 'microseconds': 42}}
        if data:
            message['data'] = data
        self.send(message)


class FakePeer:
    """Listens on a socket and plays a script with the first client.  Leaving
    the block waits for the script; what went wrong in it is raised.  checked is
    False where a user writes requests that are not of the schema."""

    def __init__(self, script, greeting=GREETING, negotiate=True, directory=None, checked=True):
        self._own = None if directory else tempfile.mkdtemp(prefix='vmctl-')
        self.directory = directory or self._own
        self.path = os.path.join(self.directory, 'qmp.sock')
        self._script, self._greeting, self._negotiate = script, greeting, negotiate
        self._checked = checked
        self._error = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        self._listener.settimeout(TIMEOUT)
        self._thread = threading.Thread(target=self._play, daemon=True)

    def _play(self):
        try:
            sock, _ = self._listener.accept()
            with sock:
                sock.settimeout(TIMEOUT)
                peer = Peer(sock, self._checked)
                if self._greeting:
                    peer.send(self._greeting)
                if self._negotiate:
                    equal(peer.read()['execute'], 'qmp_capabilities')
                    peer.send({'return': {}})
                self._script(peer)
        except Exception as e:
            self._error = e

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self._thread.join(TIMEOUT)
        self._listener.close()
        if self._own:
            shutil.rmtree(self._own)
        if kind is None and self._thread.is_alive():
            raise AssertionError('the script has not ended')
        if kind is None and self._error:
            raise self._error
