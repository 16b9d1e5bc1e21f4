# SPDX-License-Identifier: GPL-2.0-or-later
"""What whole-system tests share: a daemon of their own, a QMP client, TAP.

Every request of a Client that succeeds and every event that it gets is recorded
in $G_TEST_BUILDDIR/tests/coverage/PROGRAM.seen, where check-coverage.py looks for
classes, properties, commands and events that no test exercises.  Every reply and
every event is checked against the types that query-qmp-schema tells.
"""
import fcntl
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

import errors
from introspection import Introspection

SRCDIR = os.environ.get('G_TEST_SRCDIR', os.path.join(os.path.dirname(__file__), '..', '..'))
BUILDDIR = os.environ.get('G_TEST_BUILDDIR', os.path.join(SRCDIR, 'build'))
VMD = os.path.join(BUILDDIR, 'vmd')
VMCTL = os.path.join(BUILDDIR, 'vmctl')
GUESTS = os.path.join(BUILDDIR, 'tests', 'guest')
KVM_GET_API_VERSION = 0xae00            # linux/kvm.h
TIMEOUT = float(os.environ.get('VMD_TEST_TIMEOUT', '30'))


class Recorder:
    """One file a test program, one word a line."""

    def __init__(self):
        folder = os.path.join(BUILDDIR, 'tests', 'coverage')
        os.makedirs(folder, exist_ok=True)
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        self.path = os.path.join(folder, re.sub(r'[^A-Za-z0-9-]', '_', name) + '.seen')
        self.seen = set()
        with open(self.path, 'w', encoding='utf-8'):
            pass

    def add(self, *words):
        line = ' '.join(words)
        if line not in self.seen:
            self.seen.add(line)
            with open(self.path, 'a', encoding='utf-8') as f:
                f.write(line + '\n')

    def request(self, message):
        """Records a request that succeeded."""
        command = message.get('execute') or message.get('exec-oob')
        arguments = message.get('arguments') or {}
        if not command:
            return
        if command == 'build':
            for inner in arguments['requests']:
                self.request(inner)
        self.add('command', command)
        for name in arguments:
            self.add('argument', command, name)
        klass = arguments.get({'device_add': 'driver', 'object-add': 'qom-type'}.get(command))
        if klass:
            self.add('class', klass)
            for name in arguments:
                self.add('set', klass, name)
            for default in arguments.get('defaults') or []:
                self.add('set', default['driver'], default['property'])

    def error(self, error):
        """Records the reason of an error."""
        self.add('reason', error['reason'])

    def read(self, klass, name):
        """Records that a property of an object was read."""
        self.add('class', klass)
        self.add('read', klass, name)

    def write(self, klass, name):
        """Records that a property of an object was changed by qom-set."""
        self.add('set', klass, name)


class QmpError(Exception):
    def __init__(self, error):
        super().__init__(error['desc'])
        self.error = error


_introspection = None


def introspection():
    """The schema as the daemon itself tells it; asked for once."""
    global _introspection
    if _introspection is None:
        with Daemon() as daemon:
            client = Client(daemon.socket, check=False)
            _introspection = Introspection(client.call('query-qmp-schema'))
    return _introspection


class Client:
    """A QMP connection; events are kept until somebody asks for them."""

    def __init__(self, path, recorder=None, negotiate=True, enable=('error-details',),
                 check=True, sock=None):
        self.recorder = recorder
        self.schema = introspection() if check else None
        self.sock = sock or socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not sock:
            self.sock.connect(path)
        self.buffer = b''
        self.events = []
        self.pending = []
        self.details = False
        self.greeting = self.receive()
        if negotiate:
            self.call('qmp_capabilities', enable=list(enable))
            self.details = 'error-details' in enable

    def close(self):
        self.sock.close()

    def receive(self, timeout=TIMEOUT):
        """The next message; EOFError if the daemon closed."""
        deadline = time.monotonic() + timeout
        while b'\r\n' not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.sock], [], [], left)[0]:
                raise TimeoutError('no message within %g s' % timeout)
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError('the daemon closed the connection')
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        return json.loads(line)

    def send(self, message, fds=()):
        data = json.dumps(message).encode() + b'\n'
        if fds:
            socket.send_fds(self.sock, [data], list(fds))
        else:
            self.sock.sendall(data)

    def reply(self, timeout=TIMEOUT):
        while True:
            message = self.receive(timeout)
            if 'event' not in message:
                if self.recorder and 'reason' in message.get('error', {}):
                    self.recorder.error(message['error'])
                return message
            self.note_event(message)

    def note_event(self, message):
        if self.schema:
            self.schema.check_event(message)
        if self.recorder:
            self.recorder.add('event', message['event'])
        self.events.append(message)

    def request(self, message, fds=(), timeout=TIMEOUT):
        """Sends a whole request; returns `return` or raises QmpError."""
        self.send(message, fds)
        reply = self.reply(timeout)
        if 'error' in reply:
            self.check_error(message, reply['error'])
            raise QmpError(reply['error'])
        if self.schema:
            self.schema.check_reply(message['execute'], reply['return'])
        if self.recorder:
            self.recorder.request(message)
        return reply['return']

    def call(self, command, /, **arguments):
        """call('device_add', driver='x', mem_path='y'): underscores of the
        keyword become dashes, unless the name ends in one."""
        return self.request({'execute': command, 'arguments': {
            key[:-1] if key.endswith('_') else key.replace('_', '-'): value
            for key, value in arguments.items()}})

    def error(self, command, arguments=None, timeout=TIMEOUT):
        """The error object of a request that must fail."""
        message = {'execute': command, 'arguments': arguments or {}}
        self.send(message)
        reply = self.reply(timeout)
        assert 'error' in reply, '%s %s did not fail: %s' % (command, arguments, reply)
        self.check_error(message, reply['error'])
        return reply['error']

    def check_error(self, message, error):
        """Its details are there, if this client has asked for them, and fit."""
        if self.details:
            errors.check(message, error)

    def wait_event(self, name, timeout=TIMEOUT):
        """The oldest event of that name, kept or still to come."""
        deadline = time.monotonic() + timeout
        while True:
            for i, event in enumerate(self.events):
                if event['event'] == name:
                    return self.events.pop(i)
            self.note_event(self.receive(max(0.01, deadline - time.monotonic())))

    def drain_events(self):
        """Events so far, after a round trip that proves there are no more."""
        self.call('query-status')
        events, self.events = self.events, []
        return [event['event'] for event in events]


def wait_for(condition, what):
    """Ask until the condition is true; what: the failure if it never is."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.01)


def wait_listening(path, process):
    """Waits until somebody listens on a Unix socket; False if process ended before, or the
    time did.  That the path is there is not enough: it appears before listen()."""
    deadline = time.monotonic() + TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(path)
            return True
        except OSError:
            time.sleep(0.005)
    return False


class Daemon:
    """vmd with a socket of its own in a folder of its own."""

    def __init__(self, recorder=None, arguments=(), stdin=subprocess.DEVNULL, env=None,
                 socket_option=True, wrapper=(), stdout=None):
        """wrapper is a command that vmd's own is appended to."""
        self.recorder = recorder
        self.folder = tempfile.mkdtemp(prefix='vmd-test-')
        self.socket = os.path.join(self.folder, 'qmp.sock')
        self.log = open(os.path.join(self.folder, 'log'), 'w+b')
        command = list(wrapper) + [VMD]
        command += ['--socket', self.socket] if socket_option else []
        self.process = subprocess.Popen(command + list(arguments), stdin=stdin,
                                        stdout=stdout or self.log, stderr=self.log, env=env)
        if socket_option:
            self.wait_socket(self.socket)

    def wait_socket(self, path):
        if not wait_listening(path, self.process):
            raise RuntimeError('vmd does not listen: ' + self.output())

    def client(self, **options):
        return Client(self.socket, self.recorder, **options)

    def path(self, name):
        """A path in the daemon's folder."""
        return os.path.join(self.folder, name)

    def descriptors(self):
        """What each descriptor of the process is."""
        folder = '/proc/%d/fd' % self.process.pid
        found = {}
        for name in os.listdir(folder):
            try:
                found[int(name)] = os.readlink(os.path.join(folder, name))
            except FileNotFoundError:
                pass
        return found

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors='replace')

    def wait(self, timeout=TIMEOUT):
        return self.process.wait(timeout)

    def alive(self):
        return self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class ManagedDaemon(Daemon):
    """One with a state directory, that tells its test what it would tell a service manager."""

    def __init__(self, recorder, arguments=(), env=None):
        self.state = tempfile.mkdtemp(prefix='vmd-state-')
        path = os.path.join(self.state, 'notify')
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(path)
        self.manager.settimeout(TIMEOUT)
        super().__init__(recorder, ['--name', 'm', '--state-directory', self.state, *arguments],
                         env={**os.environ, **(env or {}), 'NOTIFY_SOCKET': path})

    def expect_status(self, text):
        """Reads what comes until that status line."""
        while 'STATUS=' + text not in self.manager.recv(4096).decode().split('\n'):
            pass

    def record(self):
        with open(os.path.join(self.state, 'exit.json'), encoding='utf-8') as f:
            return json.load(f)

    def __exit__(self, *_):
        super().__exit__()
        self.manager.close()
        shutil.rmtree(self.state)


def have_kvm():
    """Whether /dev/kvm can be opened, and is what its name says."""
    try:
        fd = os.open('/dev/kvm', os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return fcntl.ioctl(fd, KVM_GET_API_VERSION) == 12
    except OSError:
        return False
    finally:
        os.close(fd)


class Skip(Exception):
    pass


# ---- Accelerators

ACCELERATORS = ('tcg', 'kvm')           # what runs guests; the first is the faster in tests
_usable = {}


def why_not(name):
    """Why guests cannot be run on an accelerator here; None if they can.  Of tcg the daemon
    itself is asked, once: it depends on the host's processor."""
    chosen = os.environ.get('VMD_TEST_ACCEL', name)
    if chosen != name:
        return 'VMD_TEST_ACCEL is %s' % chosen
    if name not in _usable:
        if name == 'kvm':
            _usable[name] = None if have_kvm() else '/dev/kvm is not usable'
        else:
            _usable[name] = ask_why_not(name)
    return _usable[name]


def ask_why_not(name):
    with Daemon() as daemon:
        try:
            Client(daemon.socket, check=False).call('object-add', qom_type=name + '-accel', id='a')
        except QmpError as error:
            if error.error['reason'] != 'not-supported':
                raise
            return str(error)
    return None


def on_each_accel(test):
    """Decorator: the test is about running guests, and runs once on each accelerator here."""
    test.accels, test.each = ACCELERATORS, True
    return test


def on_one_accel(test):
    """Decorator: the test needs a guest and is about something else; one accelerator does."""
    test.accels, test.each = ACCELERATORS, False
    return test


def on_kvm(test):
    """Decorator: the test is about KVM itself.  For the programs test-kvm-* alone."""
    test.accels, test.each = ('kvm',), False
    return test


def on_tcg(test):
    """Decorator: the test is about what only a CPU in software has."""
    test.accels, test.each = ('tcg',), False
    return test


_accel = None


def accel():
    """The accelerator of the running test, as 'tcg'."""
    assert _accel, 'the test must say that it runs a guest: see on_each_accel'
    return _accel


def accel_class():
    """Its class, as 'tcg-accel'."""
    return accel() + '-accel'


def cpus(wanted):
    """So many CPUs, or as many of them as the accelerator runs."""
    return 1 if accel() == 'tcg' else wanted


def runs(tests):
    """(test, accelerator, reason to skip it): first each test once, then again those that are
    for each accelerator, so that what they share is of one accelerator at a time."""
    first, again = [], []
    for test in tests:
        accels = getattr(test, 'accels', None)
        if accels is None:
            first.append((test, None, None))
            continue
        usable = [name for name in accels if why_not(name) is None]
        if not usable:
            first.append((test, None, '; '.join(map(why_not, accels))))
            continue
        first.append((test, usable[0], None))
        if test.each:
            again += [(name, test) for name in usable[1:]]
    return first + [(test, name, None) for name, test in sorted(again, key=lambda run: run[0])]


KVM_CHECK_EXTENSION = 0xae03
KVM_CAP_SPLIT_IRQCHIP = 121


def split_irqchip():
    """What an accelerator must be told so that it has local APICs alone."""
    if accel() != 'kvm':
        return {}               # which never has more
    with open('/dev/kvm', 'rb') as kvm:
        if not fcntl.ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_SPLIT_IRQCHIP):
            raise Skip('the kernel cannot split interrupt controllers')
    return {'kernel-irqchip': 'split'}


def need_mounts():
    """A root that may mount nothing is a root, too: in a container, for example."""
    done = subprocess.run(['unshare', '--mount', 'mount', '-t', 'tmpfs', 'none', '/dev'],
                          capture_output=True, text=True)
    if done.returncode:
        raise Skip('needs mounts of its own: ' + done.stderr.strip())


def main(tests):
    """Runs functions as TAP; each gets the Recorder.  Names on the command
    line choose some of them."""
    global _accel
    chosen = runs([t for t in tests if len(sys.argv) < 2 or t.__name__ in sys.argv[1:]])
    recorder = Recorder()
    print('1..%d' % len(chosen), flush=True)
    for number, (test, _accel, skip) in enumerate(chosen, 1):
        title = (test.__doc__ or test.__name__).strip().split('\n')[0].rstrip('.')
        title += ' (%s)' % _accel if _accel else ''
        try:
            if skip:
                raise Skip(skip)
            test(recorder)
            print('ok %d - %s' % (number, title), flush=True)
        except Skip as why:
            recorder.add('skipped', str(why))
            print('ok %d - %s # SKIP %s' % (number, title, why), flush=True)
        except Exception:
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            print('not ok %d - %s' % (number, title), flush=True)
