#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The human monitor in its three places: human-monitor-command, monitor-hmp, vmctl monitor."""
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import termios
import time
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest                                      # noqa: E402
from hmplines import LINES                          # noqa: E402
from vmdtest import TIMEOUT, Daemon, Skip, accel, on_each_accel, on_one_accel    # noqa: E402

PROMPT = b'(qemu) '
NAME = ['--name', 'hmp']
OPTIONS = ['-M', 'pc', '-m', '64', '-S', '-nodefaults', '-vga', 'std',
           '-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0,id=nic0',
           '-chardev', 'ringbuf,id=rb', '-device', 'ide-cd,id=cd0', '-object', 'iothread,id=io0',
           '-uuid', '01234567-89ab-cdef-0123-456789abcdef', '-device', 'virtio-balloon-pci,id=bal0']


def build(daemon, options=()):
    """A client of a daemon with that machine."""
    client = daemon.client()
    run = subprocess.run([vmdtest.VMCTL, 'translate', '--', '-accel', accel(), *OPTIONS, *options],
                         stdout=subprocess.PIPE, check=True, text=True)
    for line in run.stdout.splitlines():
        request = json.loads(line)
        client.call(request['execute'], **request.get('arguments', {}))
    return client


def human(client, line, **arguments):
    return client.call('human-monitor-command', command_line=line, **arguments)


class Terminal:
    """A client of a monitor-hmp on a Unix socket."""

    def __init__(self, daemon, client, name='hmp'):
        path = daemon.path(name)
        client.call('chardev-add', id=name, backend={'type': 'socket', 'data': {
            'server': True, 'wait': False, 'addr': {'type': 'unix', 'data': {'path': path}}}})
        client.call('object-add', qom_type='monitor-hmp', id=name + '-mon', chardev=name)
        self.connect(path)

    def connect(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(path)
        self.greeting = self.until(PROMPT)

    def until(self, end):
        data = b''
        while not data.endswith(end):
            got = self.socket.recv(1 << 16)
            assert got, data
            data += got
        return data

    def run(self, line):
        """What a line prints, without its echo."""
        self.socket.sendall(line.encode() + b'\n')
        echo = line.encode() + b'\r\n'
        data = self.until(PROMPT)
        assert data.startswith(echo), data
        return data[len(echo):-len(PROMPT)].decode()

    def close(self):
        self.socket.close()


def vmctl(daemon, *words, stdin=''):
    return subprocess.run([vmdtest.VMCTL, '--socket', daemon.socket, 'monitor', *words],
                          input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=TIMEOUT, check=False)


def check_all(daemon, run):
    """Executes each line by run(line), and names all whose output is wrong."""
    with open(daemon.path('disk'), 'wb') as f:
        f.truncate(1 << 20)
    wrong = []
    for line, pattern in LINES:
        output = run(line.replace('PATH', os.path.dirname(daemon.path('x'))))
        if not re.fullmatch(pattern, output, re.S):
            wrong.append('%s:\nis        %r\nshould be %r' % (line, output[:2000], pattern))
    assert not wrong, '\n'.join(wrong)


@on_each_accel
def by_command(recorder):
    """human-monitor-command: each line, with line ends as QEMU's"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        def run(line):
            output = human(client, line)
            assert '\n' not in output.replace('\r\n', ''), output
            return output.replace('\r\n', '\n')
        check_all(daemon, run)
        # The password of a line is in no log.
        assert 'sesame' not in daemon.output(), daemon.output()


@on_each_accel
def by_terminal(recorder):
    """monitor-hmp: each line, with echo and prompt"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client, \
            closing(Terminal(daemon, client)) as terminal:
        assert terminal.greeting.startswith(b'QEMU 7.2.0 monitor - type \'help\''), \
            terminal.greeting
        check_all(daemon, lambda line: terminal.run(line).replace('\r\n', '\n'))


@on_one_accel
def by_vmctl(recorder):
    """vmctl monitor: each line with -c, and its status"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)):
        def run(line):
            done = vmctl(daemon, '-c', line)
            wrong = re.search(r'^Error: |^unknown command|^Try "help|invalid CPU|not available$',
                              done.stdout, re.M)
            assert done.returncode == bool(wrong) and not done.stderr, (line, done)
            return done.stdout
        check_all(daemon, run)
        several = vmctl(daemon, '-c', 'info name', '-c', 'info kvm')
        assert several.stdout.startswith('hmp\nkvm support: '), several
        piped = vmctl(daemon, stdin='info name\n\n# a comment\ncpu 0\ninfo history\n')
        assert piped.stdout == "hmp\n0: 'info name'\n1: '# a comment'\n2: 'cpu 0'\n" \
            "3: 'info history'\n" and piped.returncode == 0, piped
        assert vmctl(daemon, '-c', 'quit').returncode == 0
        assert daemon.wait() == 0
        assert vmctl(daemon, '-c', 'stop').returncode == 1


@on_one_accel
def table(recorder):
    """each command is tested, and each of QEMU's is known"""
    with Daemon(recorder, NAME) as daemon, closing(daemon.client()) as client:
        rows = human(client, 'help') + human(client, 'help info')
        names = [re.match(r'(info (?!--))?[^| ]+', row).group() for row in rows.splitlines()]
        tested = {re.match(r'(info +)?\S+|', line).group() for line, _ in LINES}
        missing = set(names) - tested - {'info', 'quit'}
        assert not missing, 'no line tests ' + ', '.join(sorted(missing))
        qemu = shutil.which('qemu-system-x86_64')
        if not qemu:
            raise Skip('needs qemu-system-x86_64')
        text = subprocess.run([qemu, '-M', 'none', '-display', 'none', '-monitor', 'stdio'],
                              input='help\nhelp info\nquit\n', stdout=subprocess.PIPE, text=True,
                              timeout=TIMEOUT, check=True).stdout
        theirs = re.findall(r'^((?:info )?[a-zA-Z][\w-]+)[|\w-]* .*(?:\n\[.*)*-- ', text, re.M)
        assert len(theirs) > 150, theirs
        unknown = [name for name in theirs if 'unknown' in human(client, 'help ' + name)]
        assert not unknown, unknown


@on_each_accel
def memory_requests(recorder):
    """the requests that they make: memory, ports, page tables, trees"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        def wrong(command, **arguments):
            return client.error(command, {k.replace('_', '-'): v for k, v in arguments.items()})

        assert client.call('x-read-memory', address=0xfffffff0, size=1, cpu_index=0) == {
            'data': 'ea', 'physical': 0xfffffff0}
        assert wrong('x-read-memory', address=0, size=1, cpu_index=5)['path'] == 'cpu-index'
        assert wrong('x-read-memory', address=2 ** 64 - 1, size=2)['path'] == 'address'
        assert client.call('x-access-port', port=0x80, size=1, value=7) == 7
        assert client.call('x-access-port', port=0x80, size=1) == 7
        assert wrong('x-access-port', port=0, size=3)['path'] == 'size'
        assert client.call('x-query-page-tables', cpu_index=0) == {'ranges': [], 'more': False}
        assert wrong('x-query-page-tables', cpu_index=1)['path'] == 'cpu-index'
        path = daemon.path('saved')
        client.call('pmemsave', val=0xfffc0000, size=1 << 18, filename=path)
        with open(path, 'rb') as f:
            firmware = f.read()
        assert len(firmware) == 1 << 18 and firmware[-16] == 0xea
        client.call('memsave', val=0xfffffff0, size=16, filename=path, cpu_index=0)
        with open(path, 'rb') as f:
            assert f.read() == firmware[-16:]
        for case in (dict(val=1 << 40), dict(cpu_index=9), dict(val=2 ** 64 - 1)):
            error = wrong('memsave', **{'val': 0, 'size': 16, 'filename': path, **case})
            assert error['path'] in ('val', 'cpu-index'), error
        with open(path, 'rb') as f:
            assert f.read() == firmware[-16:]
        spaces = client.call('x-query-memory-tree')
        assert [space['name'] for space in spaces] == ['memory', 'I/O']
        last = -1
        for entry in spaces[0]['view']:
            assert last < entry['address'] <= entry['last'], entry
            last = entry['last']
        tree = client.call('x-query-device-tree')
        (hpet,) = [dev for dev in tree['devices'] if dev['driver'] == 'hpet']
        assert hpet['ranges'] == [{'io': False, 'address': 0xfed00000, 'size': 1024}], hpet


@on_one_accel
def editing(recorder):
    """keys, history and completion on a chardev"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client, \
            closing(Terminal(daemon, client)) as terminal:
        terminal.socket.sendall(b'info staty\x7f\t\r')
        assert b'VM status: paused (prelaunch)\r\n' in terminal.until(PROMPT)
        terminal.socket.sendall(b'\x1b[A\r')
        assert b'VM status' in terminal.until(PROMPT)
        terminal.socket.sendall(b'device_del \t')
        assert b'nic0' in terminal.until(b'device_del \x1b[K')
        terminal.socket.sendall(b'ni\t')
        assert terminal.until(b'nic0 ')
        terminal.socket.sendall(b'\x03')
        terminal.until(PROMPT)
        # Lines that come together are executed one after the other.
        terminal.socket.sendall(b'info name\ninfo uuid\n')
        first, second = terminal.until(PROMPT), b''
        if b'0123' not in first:
            second = terminal.until(PROMPT)
        assert b'hmp\r\n' in first and b'01234567-' in first + second, (first, second)
        terminal.close()
        terminal.connect(daemon.path('hmp'))
        assert "0: 'info history'" in terminal.run('info history')


@on_one_accel
def person(recorder):
    """vmctl monitor on a terminal: prompt, completion by ids that exist, the end"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)):
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        with subprocess.Popen([vmdtest.VMCTL, '--socket', daemon.socket, 'monitor'],
                              stdin=slave, stdout=slave, stderr=slave) as process:
            def until(end):
                data = b''
                while not data.endswith(end):
                    assert select.select([master], [], [], TIMEOUT)[0], data
                    data += os.read(master, 4096)
                return data

            until(b'(vmd) ')
            os.write(master, b'info na\t\r')
            assert b'\r\nhmp\r\n' in until(b'(vmd) ')
            os.write(master, b'device_del ni\t')
            until(b'nic0 ')
            os.write(master, b'\x15device_add e1000,netdev=\t')
            until(b'netdev=n0 ')
            os.write(master, b'\x15nosuch\r')
            assert b"unknown command: 'nosuch'" in until(b'(vmd) ')
            os.write(master, b'\x04')
            assert process.wait(TIMEOUT) == 1
        assert termios.tcgetattr(slave) == before
        os.close(master)
        os.close(slave)
        assert daemon.alive()


@on_one_accel
def shared(recorder):
    """a mux: the greeting comes when somebody turns to the monitor"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        path = daemon.path('base')
        client.call('chardev-add', id='base', backend={'type': 'socket', 'data': {
            'server': True, 'wait': False, 'addr': {'type': 'unix', 'data': {'path': path}}}})
        client.call('chardev-add', id='mux', backend={'type': 'mux', 'data': {'chardev': 'base'}})
        client.call('object-add', qom_type='monitor-hmp', id='mon', chardev='mux')
        client.call('device_add', driver='isa-serial', chardev='mux')
        with closing(Terminal.__new__(Terminal)) as terminal:
            terminal.socket = socket.socket(socket.AF_UNIX)
            terminal.socket.settimeout(TIMEOUT)
            terminal.socket.connect(path)
            terminal.socket.sendall(b'info name\n\x01c')
            assert terminal.until(PROMPT).startswith(b'QEMU 7.2.0 monitor')
            assert terminal.run('info name') == 'hmp\r\n'
            terminal.socket.sendall(b'\x01cinfo uuid\n\x01c')
            assert terminal.until(PROMPT) == b'\r\n' + PROMPT


@on_one_accel
def hostile(recorder):
    """bytes that are no lines, and a client that reads nothing"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client, \
            closing(Terminal(daemon, client)) as terminal:
        terminal.socket.sendall(bytes(range(256)) * 4 + b'x' * 20000 + b'\n')
        terminal.until(PROMPT)
        terminal.socket.sendall(b'\x15info name\n')
        while b'hmp\r\n' not in terminal.until(PROMPT):
            pass
        before = memory(daemon)
        terminal.socket.settimeout(0.5)
        try:
            while True:
                terminal.socket.sendall(b'info pci\n' * 1000)
        except socket.timeout:
            pass
        # The machine answers others meanwhile.
        begin = time.monotonic()
        assert client.call('query-status')['status'] == 'prelaunch'
        assert time.monotonic() - begin < 1
        assert memory(daemon) - before < 4 << 20, (before, memory(daemon))


def memory(daemon):
    """Bytes that it uses; not those that it has reserved, as the stacks of threads that end."""
    with open('/proc/%d/status' % daemon.process.pid, encoding='ascii') as f:
        return int(f.read().split('RssAnon:')[1].split()[0]) << 10


@on_one_accel
def descriptors(recorder):
    """getfd takes the descriptor that came with human-monitor-command, and no other"""
    def with_fd(client, line, fds):
        return client.request({'execute': 'human-monitor-command',
                               'arguments': {'command-line': line}}, fds=fds)

    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with ours:
            with theirs:
                assert with_fd(client, 'getfd cable', [theirs.fileno()]) == ''
            assert 'no descriptor' in human(client, 'getfd other')
            client.call('netdev_add', type='dgram', id='cable',
                        local={'type': 'fd', 'str': 'cable'})
            assert human(client, 'closefd cable').startswith('Error: ')
            human(client, 'netdev_del cable')
            with open('/dev/null', 'rb') as null:
                assert with_fd(client, 'getfd null', [null.fileno()]) == ''
            assert human(client, 'closefd null') == ''


@on_one_accel
def growth(recorder):
    """1000 lines leave nothing behind"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        def some():
            for _ in range(100):
                human(client, 'info qom-tree /objects')
                human(client, 'nosuch command')
                human(client, 'info registers')
                human(client, 'netdev_add user,id=x')
                human(client, 'netdev_del x')
        some()
        before = memory(daemon)
        some()
        some()
        assert memory(daemon) - before < 1 << 20, (before, memory(daemon))


@on_one_accel
def other_ends(recorder):
    """a client that leaves while its line is executed; a monitor that is removed"""
    with Daemon(recorder, NAME) as daemon, closing(build(daemon)) as client:
        other = daemon.client()
        for _ in range(20):
            other.send({'execute': 'human-monitor-command',
                        'arguments': {'command-line': 'info qom-tree'}})
        other.close()
        with closing(Terminal(daemon, client)) as terminal:
            terminal.socket.sendall(b'info qom-tree\n' * 10)
            client.call('object-del', id='hmp-mon')
            assert human(client, 'info name') == 'hmp\r\n'
        assert human(client, 'p $eip', cpu_index=7) == 'No CPU available\r\n'


if __name__ == '__main__':
    vmdtest.main([by_command, by_terminal, by_vmctl, table, memory_requests, editing, person,
                  shared, hostile, descriptors, growth, other_ends])
