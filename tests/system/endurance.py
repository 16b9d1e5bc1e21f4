#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a daemon bears: many clients with random requests, kill -9, limits of the host.

VMD_TEST_SECONDS says how long the clients go on (15 without it; an hour is `make
endurance`, which takes the daemon of the sanitizer build if that is what was configured),
VMD_TEST_SEED which requests they send.
"""
import json
import os
import random
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from microvm import build                           # noqa: E402
from randomrequests import RandomRequests           # noqa: E402
from vmdtest import TIMEOUT, Client, Daemon, ManagedDaemon, on_one_accel     # noqa: E402

SECONDS = float(os.environ.get('VMD_TEST_SECONDS', '15'))
SEED = int(os.environ.get('VMD_TEST_SEED', '1'))
CLIENTS = 50
KILLS = int(os.environ.get('VMD_TEST_KILLS', '20'))


class Talker:
    """A client that sends the next random request as soon as it has the reply."""

    def __init__(self, path, requests):
        self.path = path
        self.requests = requests
        self.replies = self.errors = 0
        self.connect()

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)
        self.buffer = b''
        self.last = None
        self.since = time.monotonic()

    def readable(self):
        """False if the daemon has closed the connection."""
        data = self.sock.recv(1 << 20)
        if not data:
            return False
        *lines, self.buffer = (self.buffer + data).split(b'\r\n')
        for line in lines:
            message = json.loads(line)
            if 'QMP' in message:
                self.send({'execute': 'qmp_capabilities'})
            elif 'event' not in message:
                self.replies += 1
                self.errors += 'error' in message
                self.send(self.requests.request())
        return True

    def send(self, request):
        self.last = request
        self.since = time.monotonic()
        self.sock.sendall(json.dumps(request).encode() + b'\n')


@on_one_accel
def random_clients(recorder):
    """50 clients with valid and wrong requests: every one is answered, the guest goes on"""
    with Daemon(recorder, ['--log-level', 'error']) as daemon:
        client = daemon.client()
        folder = daemon.path('files')
        os.mkdir(folder)
        client.call('set-action', reboot='reset', shutdown='pause', panic='none')
        build(client, append='end=loop')
        client.call('cont')
        talkers = [Talker(daemon.socket, RandomRequests(client.schema, folder, SEED * 1000 + n))
                   for n in range(CLIENTS)]
        talk(daemon, talkers, SECONDS)
        replies = sum(t.replies for t in talkers)
        assert replies > 20 * CLIENTS and sum(t.errors for t in talkers) < replies, replies
        print('# %d replies, %d of them errors, seed %d' % (
            replies, sum(t.errors for t in talkers), SEED), flush=True)
        last = daemon.client(check=False)
        assert last.call('query-status')['status'] in ('running', 'paused', 'shutdown')
        last.call('quit')
        assert daemon.wait() == 0, daemon.output()[-4000:]
        assert 'Sanitizer' not in daemon.output(), daemon.output()[-8000:]


def talk(daemon, talkers, seconds):
    selector = selectors.DefaultSelector()
    for t in talkers:
        selector.register(t.sock, selectors.EVENT_READ, t)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(1):
            t = key.data
            if not t.readable():
                assert daemon.alive(), 'after %s: %s' % (t.last, daemon.output()[-8000:])
                selector.unregister(t.sock)
                t.connect()
                selector.register(t.sock, selectors.EVENT_READ, t)
        assert daemon.alive(), daemon.output()[-8000:]
        slow = [t.last for t in talkers if time.monotonic() - t.since > TIMEOUT]
        assert not slow, 'no reply to %s' % slow


@on_one_accel
def kill_at_random(recorder):
    """kill -9 at random points: nothing is left that keeps the next daemon from starting"""
    rng = random.Random(SEED)
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-kill-')
    image = os.path.join(folder, 'image')
    with open(image, 'wb') as f:
        f.truncate(1 << 20)
    before = set(os.listdir('/sys/class/net'))
    try:
        for _ in range(KILLS):
            kill_once(recorder, folder, image, rng)
        assert set(os.listdir(folder)) <= {'image', 'qmp.sock', 'serial', 'exit.json',
                                           '.exit.json.next'}, \
            os.listdir(folder)
        assert set(os.listdir('/sys/class/net')) == before
        daemon = Daemon(recorder, ['--run-directory', folder, '--state-directory', folder],
                        socket_option=False)
        with daemon:
            daemon.wait_socket(os.path.join(folder, 'qmp.sock'))
            Client(os.path.join(folder, 'qmp.sock'), recorder).call('quit')
            assert daemon.wait() == 0
        assert not os.path.exists(os.path.join(folder, 'qmp.sock'))
    finally:
        vmdtest.shutil.rmtree(folder)


def kill_once(recorder, folder, image, rng):
    daemon = Daemon(recorder, ['--run-directory', folder, '--state-directory', folder],
                    socket_option=False)
    with daemon:
        path = os.path.join(folder, 'qmp.sock')
        daemon.wait_socket(path)
        end = time.monotonic() + rng.random() * 0.15
        try:
            use(Client(path, recorder), folder, image, end)
        except (EOFError, TimeoutError):
            pass
        daemon.process.kill()
        daemon.process.wait()
        children = subprocess.run(['pgrep', '-P', str(daemon.process.pid)], capture_output=True)
        assert not children.stdout


def use(client, folder, image, end):
    """Requests that make sockets, locks, files and threads, until the time has come."""
    steps = [
        ('chardev-add', {'id': 'con', 'backend': {'type': 'socket', 'data': {'addr': {
            'type': 'unix', 'data': {'path': os.path.join(folder, 'serial')}},
            'server': True, 'wait': False}}}),
        ('blockdev-add', {'driver': 'file', 'node-name': 'disk', 'filename': image}),
        ('netdev_add', {'type': 'user', 'id': 'net'}),
        ('object-add', {'qom-type': 'iothread', 'id': 'io'}),
    ]
    for command, arguments in steps:
        if time.monotonic() >= end:
            return
        client.request({'execute': command, 'arguments': arguments})
    if time.monotonic() < end:
        build(client, append='end=loop', console='con')
        client.call('cont')
    while time.monotonic() < end:
        client.call('query-status')


def limit(daemon, which, soft):
    """Sets a soft limit of the daemon; returns the old one."""
    old, hard = resource.prlimit(daemon.process.pid, which)
    resource.prlimit(daemon.process.pid, which, (soft, hard))
    return old


def state_of(client, name):
    """The entry of query-host-resources."""
    return next(r for r in client.call('query-host-resources') if r['resource'] == name)


def begins(client, name, what):
    data = client.wait_event('RESOURCE_EXHAUSTED')['data']
    assert data == {'resource': name, 'exhausted': True, 'what': what}, data
    state = state_of(client, name)
    assert state['exhausted'] and state['what'] == what, state
    assert abs(state['since'] / 1e6 - time.time()) < 60, state


def lasts(client, name):
    """It still exists after the daemon has checked, and there are no more messages."""
    time.sleep(1.5)
    assert 'RESOURCE_EXHAUSTED' not in client.drain_events()
    assert state_of(client, name)['exhausted']


def is_over(client, name):
    data = client.wait_event('RESOURCE_EXHAUSTED')['data']
    assert data == {'resource': name, 'exhausted': False}, data
    assert not state_of(client, name)['exhausted']


def no_descriptor_left(daemon):
    """Below this limit every number is in use."""
    used = daemon.descriptors()
    return limit(daemon, resource.RLIMIT_NOFILE,
                 next(n for n in range(len(used) + 1) if n not in used))


def out_of_descriptors(recorder):
    """without descriptors requests fail by name; event, status and query tell when it ends"""
    with ManagedDaemon(recorder) as daemon:
        client = daemon.client()
        old = no_descriptor_left(daemon)
        pty = {'id': 'c', 'backend': {'type': 'pty', 'data': {}}}
        error = client.error('chardev-add', pty)
        assert error['reason'] in ('host-error', 'file-not-usable', 'limit-exceeded'), error
        begins(client, 'descriptors', 'chardev-add')
        daemon.expect_status('prelaunch, 0 vCPUs; no descriptors')
        error = client.error('object-add', {'qom-type': 'memory-backend-memfd', 'id': 'm',
                                            'size': 4096})
        assert error['reason'] == 'host-error', error
        assert client.error('build', {'requests': [
            {'execute': 'chardev-add', 'arguments': pty}]})['reason'] != 'syntax'
        lasts(client, 'descriptors')
        state = state_of(client, 'descriptors')
        assert state['refusals'] == 3 and state['what'] == 'build', state
        assert client.call('query-status')['status'] == 'prelaunch'
        limit(daemon, resource.RLIMIT_NOFILE, old)
        is_over(client, 'descriptors')
        daemon.expect_status('prelaunch, 0 vCPUs')
        client.call('chardev-add', **pty)


def busy_seconds(daemon):
    with open('/proc/%d/stat' % daemon.process.pid, encoding='ascii') as f:
        fields = f.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def descriptors_for_clients(recorder):
    """clients of all sockets wait without descriptors, and are served when there are some"""
    with ManagedDaemon(recorder) as daemon:
        client = daemon.client()
        paths = {'con': daemon.path('con'), 'net': daemon.path('net')}
        client.call('chardev-add', id='con', backend={'type': 'socket', 'data': {
            'wait': False, 'addr': {'type': 'unix', 'data': {'path': paths['con']}}}})
        client.call('netdev_add', type='stream', id='net', server=True,
                    addr={'type': 'unix', 'path': paths['net']})
        old = no_descriptor_left(daemon)
        seconds = busy_seconds(daemon)
        waiting = []
        for path, what in ((daemon.socket, 'QMP client'), (paths['con'], '/chardevs/con'),
                           (paths['net'], '/netdevs/net')):
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].connect(path)
            deadline = time.monotonic() + TIMEOUT
            while state_of(client, 'descriptors').get('what') != what:
                assert time.monotonic() < deadline, what
                time.sleep(0.01)
        begins_with = client.wait_event('RESOURCE_EXHAUSTED')['data']
        assert begins_with['what'] == 'QMP client', begins_with
        client.send({'execute': 'getfd', 'arguments': {'fdname': 'x'}}, fds=[0])
        assert client.reply()['error']['reason'] == 'fd-not-found'
        lasts(client, 'descriptors')
        assert busy_seconds(daemon) - seconds < 1, 'it burns time'
        limit(daemon, resource.RLIMIT_NOFILE, old)
        is_over(client, 'descriptors')
        waiting[0].settimeout(TIMEOUT)
        assert b'QMP' in waiting[0].recv(4096)
        client.wait_event('NETDEV_STREAM_CONNECTED')
        deadline = time.monotonic() + TIMEOUT
        while 'disconnected' in client.call('query-chardev')[0]['filename']:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for sock in waiting:
            sock.close()


def address_space(daemon):
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split()[0]) * resource.getpagesize()


def out_of_memory(recorder):
    """memory that the host does not provide fails the request, and nothing else"""
    with ManagedDaemon(recorder) as daemon:
        client = daemon.client()
        old = limit(daemon, resource.RLIMIT_AS, address_space(daemon) + (12 << 20))
        ram = {'qom-type': 'memory-backend-ram', 'id': 'm', 'size': 1 << 30}
        error = client.error('object-add', ram)
        assert error['reason'] == 'no-memory', error
        begins(client, 'memory', 'object-add')
        daemon.expect_status('prelaunch, 0 vCPUs; no memory')
        lasts(client, 'memory')
        limit(daemon, resource.RLIMIT_AS, old)
        is_over(client, 'memory')
        daemon.expect_status('prelaunch, 0 vCPUs')
        client.call('object-add', **ram)
        client.call('object-del', id='m')


def too_much_memory(recorder):
    """a request for more than there is makes two events, as the host is not out of memory"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        error = client.error('object-add', {'qom-type': 'memory-backend-ram', 'id': 'm',
                                            'size': 1 << 62})
        assert error['reason'] == 'no-memory', error
        begins(client, 'memory', 'object-add')
        is_over(client, 'memory')
        assert state_of(client, 'memory')['refusals'] == 1


def fill(path):
    """Writes until the file system is full."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, b'x' * 4096)
    except OSError:
        os.close(fd)


HOUR = 3600 * 10 ** 9           # ns
HPET = 0xfed00000


def read_clock(qtest):
    """Year, month, day, hour, minute, second of the RTC, which counts in BCD."""
    values = []
    for register in (9, 8, 7, 4, 2, 0):
        qtest.outb(0x70, register)
        values.append(int('%x' % qtest.inb(0x71)))
    return values


def a_day(recorder):
    """24 hours of simulated time in uneven steps, with pauses: no clock has lost or won a tick"""
    rng = random.Random(SEED)
    with Daemon(recorder, ['--log-level', 'error']) as daemon:
        client = daemon.client()
        qtestclient.build(client, 'pc-i440fx-2.7-machine', defaults=[
            {'driver': 'mc146818rtc', 'property': 'clock', 'value': 'vm'},
            {'driver': 'mc146818rtc', 'property': 'base', 'value': '2024-02-28T12:00:00'}])
        qtest = qtestclient.serve(daemon, client)
        client.call('cont')
        qtest.writel(HPET + 0x10, 1)            # the main counter runs
        now = begin = qtest.step(0)
        while now < begin + 24 * HOUR:
            step = min(rng.randrange(1, HOUR // 4), begin + 24 * HOUR - now)
            now += step
            assert qtest.step(step) == now
            if rng.random() < 0.1:
                client.call('stop')
                time.sleep(0.01)
                client.call('cont')
                assert qtest.step(0) == now
        assert read_clock(qtest) == [24, 2, 29, 12, 0, 0], read_clock(qtest)
        counter = qtest.readl(HPET + 0xf0) | qtest.readl(HPET + 0xf4) << 32
        assert counter == 24 * HOUR // 10, counter      # of 10 ns


def wait_output(path, text):
    deadline = time.monotonic() + TIMEOUT
    while True:
        with open(path, 'rb') as f:
            if text in f.read():
                return
        assert time.monotonic() < deadline, 'no %r' % text
        time.sleep(0.01)


@on_one_accel
def disk_full(recorder):
    """a chardev's file on a full file system loses bytes, says so, and the machine goes on"""
    if os.geteuid() != 0:
        raise vmdtest.Skip('mounting a small file system needs root')
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-full-')
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]).returncode:
        raise vmdtest.Skip('a tmpfs cannot be mounted')
    try:
        fill(os.path.join(folder, 'fill'))
        with ManagedDaemon(recorder) as daemon:
            client = daemon.client()
            client.call('chardev-add', id='con', backend={'type': 'file', 'data': {
                'out': os.path.join(folder, 'out')}})
            build(client, append='print=hello end=loop', console='con')
            client.call('cont')
            begins(client, 'disk-space', '/chardevs/con')
            daemon.expect_status('running, 1 vCPU; no disk-space')
            assert 'No space left' in daemon.output(), daemon.output()
            lasts(client, 'disk-space')
            assert client.call('query-status')['status'] == 'running'
            os.unlink(os.path.join(folder, 'fill'))
            is_over(client, 'disk-space')
            daemon.expect_status('running, 1 vCPU')
            client.call('system_reset')
            wait_output(os.path.join(folder, 'out'), b'hello')
    finally:
        subprocess.run(['umount', '-l', folder])
        os.rmdir(folder)


if __name__ == '__main__':
    vmdtest.main([random_clients, kill_at_random, out_of_descriptors, descriptors_for_clients,
                  out_of_memory, too_much_memory, disk_full, a_day])
