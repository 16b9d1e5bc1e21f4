#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl qemu, and vmctl by the name of QEMU: the process that programs start."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time

from rig import TIMEOUT, VMCTL, case, contains, equal, main, scratch
from vmdtest import GUESTS, VMD, accel, on_one_accel

KERNEL = os.path.join(GUESTS, 'guest.elf')
MICROVM = ['-M', 'microvm', '-nodefaults', '-m', '32', '-kernel', KERNEL]
QTEST = ['-M', 'microvm', '-accel', 'qtest', '-nodefaults', '-m', '16']


@contextlib.contextmanager
def program(name='qemu-system-x86_64'):
    """A folder with a link of QEMU's name."""
    with scratch() as path:
        os.symlink(VMCTL, os.path.join(path, name))
        yield path, os.path.join(path, name)


def run(command, *options, stdin='', **more):
    return subprocess.run([command, *options], input=stdin, capture_output=True, text=True,
                          timeout=TIMEOUT, **more)


class Machine:
    """The process as a supervisor starts it."""

    def __init__(self, command, *options, pass_fds=(), **more):
        self.process = subprocess.Popen([command, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        pass_fds=pass_fds, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class Client:
    """QMP on a connected socket."""

    def __init__(self, sock):
        sock.settimeout(TIMEOUT)
        self.file = sock.makefile('rw', encoding='utf-8', newline='\r\n')
        contains(self.read(), 'QMP')
        self.call('qmp_capabilities')

    def read(self):
        line = self.file.readline()
        assert line.endswith('\r\n'), line
        return json.loads(line)

    def call(self, command, **arguments):
        self.file.write(json.dumps({'execute': command, 'arguments': arguments}) + '\r\n')
        self.file.flush()
        while True:
            message = self.read()
            if 'event' not in message:
                return message['return']


def connect(path):
    end = time.monotonic() + TIMEOUT
    while True:
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.connect(path)
            return sock
        except (FileNotFoundError, ConnectionRefusedError):
            sock.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def listener(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen()
    return sock


def unix_server(path):
    return 'unix:%s,server=on,wait=off' % path


# ---- The process

@case
def process_that_was_started_is_the_machine():
    with program() as (path, qemu):
        with Machine(qemu, *QTEST, '-qmp', unix_server(path + '/q'), '-pidfile',
                     path + '/pid') as machine:
            client = Client(connect(path + '/q'))
            equal(client.call('query-status')['status'], 'running')
            with open(path + '/pid', encoding='ascii') as f:
                equal(f.read(), '%d\n' % machine.process.pid)
            equal(os.path.basename(os.readlink('/proc/%d/exe' % machine.process.pid)), 'vmd')
            # The builder is gone, and nobody waits for its status.
            with open('/proc/%d/task/%d/children' % (2 * (machine.process.pid,)),
                      encoding='ascii') as f:
                equal(f.read(), '')
            machine.process.send_signal(signal.SIGTERM)
            equal(machine.process.wait(TIMEOUT), 0)
            equal(sorted(os.listdir(path)), ['qemu-system-x86_64'])
            equal(machine.process.stderr.read(), b'')


@case
def verb_is_the_same():
    with scratch() as path:
        with Machine(VMCTL, 'qemu', *QTEST, '-S', '-qmp', unix_server(path + '/q')) as machine:
            client = Client(connect(path + '/q'))
            equal(client.call('query-status')['status'], 'prelaunch')
            equal(client.call('quit'), {})
            equal(machine.process.wait(TIMEOUT), 0)


@case
@on_one_accel
def guest_has_the_terminal_and_gives_the_exit_status():
    done = run(VMCTL, 'qemu', '-accel', accel(), *MICROVM, '-device',
               'isa-debug-exit,iobase=0x501,iosize=4', '-serial', 'stdio', '-append',
               'print=hello end=exit:3')
    equal(done.returncode, 7)
    contains(done.stdout, 'hello\n')


@case
@on_one_accel
def keys_of_the_terminal_end_the_machine():
    """Ctrl-C is the guest's, Ctrl-A x ends it."""
    with Machine(VMCTL, 'qemu', '-accel', accel(), *[word for word in MICROVM if word !=
                                                     '-nodefaults'],
                 '-nographic', '-append', 'end=echo') as machine:
        def expect(text):
            end = time.monotonic() + TIMEOUT
            while text not in machine.out:
                assert time.monotonic() < end, machine.out
                if select.select([machine.process.stdout], [], [], 1)[0]:
                    machine.out += os.read(machine.process.stdout.fileno(), 4096)
        machine.out = b''
        expect(b'echo: ready')
        os.write(machine.process.stdin.fileno(), b'a\x03b\n')
        expect(b'echo: a\x03b')
        os.write(machine.process.stdin.fileno(), b'\x01h')
        expect(b'Ctrl-A x ')
        os.write(machine.process.stdin.fileno(), b'\x01x')
        equal(machine.process.wait(TIMEOUT), 0)


@case
def client_that_comes_early_finds_the_whole_machine():
    """It connects before the process is started, on a socket that it inherits."""
    with program() as (path, qemu), listener(path + '/q') as server:
        early = connect(path + '/q')
        early.sendall(b'{"execute": "qmp_capabilities"}\r\n')
        with Machine(qemu, '-name', 'guest=web,debug-threads=on', *QTEST, '-smp', '4', '-S',
                     '-chardev', 'socket,id=m,fd=%d,server=on,wait=off' % server.fileno(),
                     '-mon', 'chardev=m,id=monitor,mode=control', pass_fds=[server.fileno()]):
            early.settimeout(TIMEOUT)
            file = early.makefile('rw', encoding='utf-8')
            contains(json.loads(file.readline()), 'QMP')
            equal(json.loads(file.readline()), {'return': {}})
            file.write('{"execute": "query-cpus-fast"}{"execute": "query-name"}')
            file.flush()
            equal(len(json.loads(file.readline())['return']), 4)
            equal(json.loads(file.readline())['return'], {'name': 'web'})


@case
@on_one_accel
def sandbox_confines_the_machine_and_it_runs():
    done = run(VMCTL, 'qemu', '-accel', accel(), *MICROVM, '-device',
               'isa-debug-exit,iobase=0x501,iosize=4', '-serial', 'stdio', '-append',
               'print=hello end=exit:1', '-smp', '2', '-netdev', 'user,id=n', '-sandbox',
               'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny')
    equal((done.returncode, done.stderr), (3, ''))
    contains(done.stdout, 'hello\n')
    with program() as (path, qemu):
        with Machine(qemu, *QTEST, '-sandbox', 'on,spawn=deny', '-qmp',
                     unix_server(path + '/q')) as machine:
            Client(connect(path + '/q'))
            with open('/proc/%d/cmdline' % machine.process.pid, encoding='ascii') as f:
                contains(f.read(), '--sandbox\0obsolete,spawn\0')
            with open('/proc/%d/status' % machine.process.pid, encoding='ascii') as f:
                contains(f.read(), 'Seccomp_filters:\t2\n')


# ---- Monitors

@case
def several_monitors_of_each_kind():
    with program() as (path, qemu), listener(path + '/out') as events:
        ours, theirs = socket.socketpair()
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        with Machine(qemu, *QTEST, '-S', '-qmp', unix_server(path + '/a'),
                     '-qmp', unix_server(path + '/b'),
                     '-qmp', 'tcp:127.0.0.1:%d,server=on,wait=off' % port,
                     '-qmp', 'stdio',
                     '-chardev', 'socket,id=fd0,fd=%d' % theirs.fileno(), '-qmp', 'chardev:fd0',
                     '-chardev', 'socket,id=out,path=%s/out,reconnect=1' % path,
                     '-mon', 'chardev=out,id=events,mode=control',
                     pass_fds=[theirs.fileno()]) as machine:
            theirs.close()
            clients = [Client(connect(path + '/a')), Client(connect(path + '/b')), Client(ours)]
            clients.append(Client(socket.create_connection(('127.0.0.1', port))))
            events.settimeout(TIMEOUT)
            clients.append(Client(events.accept()[0]))
            for client in clients:
                equal(client.call('query-status')['status'], 'prelaunch')
            machine.process.stdin.write(b'{"execute": "qmp_capabilities"} {"execute": "quit"}')
            machine.process.stdin.flush()
            lines = [json.loads(line) for line in machine.process.stdout]
            equal([list(line)[0] for line in lines[:2]], ['QMP', 'return'])
            equal(lines[2].get('event'), 'SHUTDOWN')
            equal(lines[3:], [{'return': {}}])
            for client in clients:
                equal(client.read().get('event'), 'SHUTDOWN')
            equal(machine.process.wait(TIMEOUT), 0)


@case
def monitor_on_a_chardev_serves_one_client_after_the_other():
    with program() as (path, qemu):
        with Machine(qemu, *QTEST, '-S', '-chardev',
                     'socket,id=c,path=%s/q,server=on,wait=off,logfile=%s/log' % (path, path),
                     '-mon', 'chardev=c,mode=control'):
            for _ in range(3):
                with connect(path + '/q') as sock:
                    client = Client(sock)
                    # More than the pair and the chardev buffer.
                    assert len(client.call('query-qmp-schema')) > 500
                    client.file.close()
        with open(path + '/log', 'rb') as f:
            assert len(f.read()) > 3 * 100000


# ---- Descriptors

@case
def fdset_of_the_command_line():
    with program() as (path, qemu):
        with open(path + '/disk', 'wb') as f:
            f.truncate(1 << 20)
        disk = os.open(path + '/disk', os.O_RDWR)
        with Machine(qemu, *QTEST, '-add-fd', 'fd=%d,set=2,opaque=disk' % disk,
                     '-drive', 'if=virtio,format=raw,file=/dev/fdset/2',
                     '-qmp', unix_server(path + '/q'), pass_fds=[disk]):
            client = Client(connect(path + '/q'))
            (one,) = client.call('query-fdsets')
            equal(one['fdset-id'], 2)
            equal(one['fds'][0]['opaque'], 'disk')
            (drive,) = client.call('query-block')
            equal(drive['inserted']['image']['virtual-size'], 1 << 20)
        os.close(disk)


@case
def format_of_an_image_in_an_fdset():
    with program() as (path, qemu):
        subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', path + '/disk', '3M'],
                       check=True)
        disk = os.open(path + '/disk', os.O_RDWR)
        with Machine(qemu, *QTEST, '-add-fd', 'fd=%d,set=2' % disk,
                     '-drive', 'if=virtio,file=/dev/fdset/2',
                     '-qmp', unix_server(path + '/q'), pass_fds=[disk]):
            client = Client(connect(path + '/q'))
            (drive,) = client.call('query-block')
            equal(drive['inserted']['drv'], 'qcow2')
            equal(drive['inserted']['image']['virtual-size'], 3 << 20)
        os.close(disk)


# ---- In the background

@case
def daemonize_ends_when_all_is_there():
    """What clients need to ask a QEMU about itself: the socket, the whole pidfile, the end of the
    output."""
    with program() as (path, qemu):
        done = run(qemu, '-S', '-no-user-config', '-nodefaults', '-nographic', '-machine',
                   'none,accel=qtest', '-qmp', unix_server(path + '/q'), '-pidfile',
                   path + '/pid', '-daemonize')
        equal((done.returncode, done.stdout, done.stderr), (0, '', ''))
        with open(path + '/pid', encoding='ascii') as f:
            pid = int(f.read())
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path + '/q')
        equal(Client(sock).call('query-target'), {'arch': 'x86_64'})
        for fd in (0, 1):
            equal(os.readlink('/proc/%d/fd/%d' % (pid, fd)), '/dev/null')
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + TIMEOUT
        while os.path.exists(path + '/pid') or os.path.exists(path + '/q'):
            assert time.monotonic() < end, os.listdir(path)
            time.sleep(0.01)


# ---- Failures

FAILURES = [
    (['-nosuch'], '-nosuch'),
    (['-m', 'x'], '-m x'),
    (['-device', 'nosuch'], '-device nosuch'),
    (['-drive', 'file=/no/such,format=raw,if=virtio'], '-drive file=/no/such'),
    (['-blockdev', 'driver=file,filename=/no/such,node-name=d'], '-blockdev driver=file'),
    (['-kernel', '/no/such'], '/no/such'),
    (['-chardev', 'socket,id=c,fd=99'], '-chardev socket,id=c,fd=99'),
    (['-add-fd', 'fd=99,set=1'], '-add-fd'),
    (['-qmp', 'unix:/no/such/q,server=on,wait=off'], '/no/such/q'),
    (['-pidfile', '/no/such/pid'], '/no/such/pid'),
    (['-name', 'a/b'], '-name a/b'),
    (['-D', '/no/such/log'], '-D'),
    (['-monitor', 'nosuch'], '-monitor nosuch'),
    (['-mon', 'chardev=c'], '-mon chardev=c'),
]


@case
def front_that_cannot_start_ends_as_qemu_does():
    with program() as (path, qemu):
        for words, told in FAILURES:
            for background in ([], ['-daemonize']):
                # Those that are whole come first.
                done = run(qemu, *QTEST, '-qmp', unix_server(path + '/q'), '-pidfile',
                           path + '/p', *words, *background)
                equal((words, done.returncode, done.stdout), (words, 1, ''))
                contains(done.stderr, told)
                equal((words, done.stderr.count('\n')), (words, 1))
                equal(os.listdir(path), ['qemu-system-x86_64'])


@case
def socket_that_is_in_use_stays():
    with program() as (path, qemu), listener(path + '/q'):
        done = run(qemu, *QTEST, '-qmp', unix_server(path + '/q'))
        equal(done.returncode, 1)
        contains(done.stderr, path + '/q')
        connect(path + '/q').close()


@case
def standard_files_may_be_closed():
    with program() as (path, qemu):
        shell = '"$0" "$@" <&- >&- 2>&-'
        done = run('/bin/sh', '-c', shell, qemu, *QTEST, '-device', 'nosuch')
        equal((done.returncode, done.stdout, done.stderr), (1, '', ''))
        done = run('/bin/sh', '-c', shell + ' & wait $!', qemu, '-M', 'none', '-accel', 'qtest', '-S',
                   '-qmp', unix_server(path + '/q'), '-daemonize', '-pidfile', path + '/p')
        equal(done.returncode, 0)
        client = Client(connect(path + '/q'))
        equal(client.call('query-status')['status'], 'prelaunch')
        client.call('quit')


@case
def end_of_the_builder_by_a_signal_ends_the_machine():
    """A supervisor that kills the group in the middle of the start leaves nothing."""
    with program() as (path, qemu):
        for delay in range(0, 30, 3):
            with Machine(qemu, *QTEST, '-qmp', unix_server(path + '/q'),
                         start_new_session=True) as machine:
                time.sleep(delay / 1000)
                os.killpg(machine.process.pid, signal.SIGTERM)
                assert machine.process.wait(TIMEOUT) in (0, 1, -signal.SIGTERM)


@case
def daemon_checks_what_it_is_told_about_its_builder():
    for value in ('x', '3', '3,', ',3', '3,0', '-1,3', '3,4,5', '99999999999,1'):
        done = run(VMD, '--builder=' + value)
        equal((value, done.returncode), (value, 2))
        contains(done.stderr, '--builder takes the numbers')
    done = run(VMD, '--builder=3,1', '--before-ready', 'true')
    equal(done.returncode, 2)
    # No socket has that number.
    done = run(VMD, '--builder=77,%d' % os.getpid())
    equal(done.returncode, 1)
    contains(done.stderr, 'descriptor 77')


# ---- What it tells about itself

@case
def version_is_in_the_form_that_programs_read():
    with program() as (_, qemu):
        for word in ('-version', '--version'):
            done = run(qemu, word)
            equal(done.returncode, 0)
            assert done.stdout.startswith('QEMU emulator version 7.2.0 (vmd '), done.stdout
        equal(run(VMCTL, 'qemu', '-M', 'nosuch', '-version').returncode, 0)


@case
def help_lists_what_there_is():
    with program() as (_, qemu):
        for words, told in ((['-help'], 'usage: qemu-system-x86_64 [options] [disk_image]'),
                            (['-h'], '\n-machine '),
                            (['-machine', 'help'], 'pc-i440fx-7.2'),
                            (['-M', '?'], '\nmicrovm '),
                            (['-cpu', 'help'], 'x86 Nehalem'),
                            (['-cpu', 'help'], 'Recognized CPUID flags:'),
                            (['-accel', 'help'], '\ntcg\n'),
                            (['-device', 'help'], 'name "virtio-blk-pci", bus '),
                            (['-device', 'virtio-net-pci,help'], '  mac=<'),
                            (['-device', 'driver=e1000,help'], 'e1000 options:'),
                            (['-machine', 'pc,help'], 'pc options:'),
                            (['-object', 'help'], '\n  secret\n'),
                            (['-object', 'memory-backend-file,help'], '  mem-path=<str>'),
                            (['-netdev', 'help'], '\ntap\n'),
                            (['-chardev', 'help'], '\npty\n')):
            done = run(qemu, *words)
            equal((words, done.returncode, done.stderr), (words, 0, ''))
            contains(done.stdout, told)
        done = run(qemu, '-device', 'nosuch,help')
        equal((done.returncode, done.stdout), (1, ''))
        contains(done.stderr, "-device nosuch,help: there is no 'nosuch'")


@case
def options_of_vmctl_are_not_for_it():
    done = run(VMCTL, '-n', 'web', 'qemu', *QTEST)
    equal(done.returncode, 2)
    contains(done.stderr, '-qmp and -name')


if __name__ == '__main__':
    main()
