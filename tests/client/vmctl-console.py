#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl console: chardevs of a scripted peer, and a terminal that must be
restored on every way out."""

import os
import pty
import select
import signal
import socket
import subprocess
import termios
import threading
import time
import tty

from rig import TIMEOUT, VMCTL, FakePeer, case, contains, equal, main, scratch, vmctl


def chardevs(*filenames):
    """A script that offers chardevs c0, c1, ..."""
    infos = [{'label': 'c%d' % n, 'filename': name, 'frontend-open': True}
             for n, name in enumerate(filenames)]
    return lambda peer: peer.answer({'query-chardev': infos})


def read_until(fd, part):
    data = b''
    end = time.monotonic() + TIMEOUT
    while part not in data:
        ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise AssertionError('%r did not come, only %r' % (part, data))
        data += os.read(fd, 4096)
    return data


def default_signals():
    """Whatever the tests were started with: nohup leaves SIGHUP ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """vmctl console on a terminal of its own."""

    def __init__(self, path, *args):
        self.master, self.slave = pty.openpty()
        self.before = self.modes()
        self.run = subprocess.Popen([VMCTL, '--socket', path, 'console', *args],
                                    stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                    preexec_fn=default_signals)
        read_until(self.master, b'Ctrl-] detaches')

    def modes(self):
        return termios.tcgetattr(self.slave)

    def wait_raw(self):
        end = time.monotonic() + TIMEOUT
        while self.modes()[3] & (termios.ICANON | termios.ECHO | termios.ISIG):
            assert time.monotonic() < end, 'terminal is not raw'
            time.sleep(0.01)

    def finish(self, status):
        """Waits for the end; the terminal must be as it was."""
        try:
            equal(self.run.wait(TIMEOUT), status)
            equal(self.modes(), self.before)
        finally:
            os.close(self.slave)
            os.close(self.master)


class Server:
    """A listening chardev with one client."""

    def __init__(self, directory):
        self.path = directory + '/ser0'
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.listener.settimeout(TIMEOUT)
        self.filename = 'disconnected:unix:%s,server=on' % self.path

    def accept(self):
        sock, _ = self.listener.accept()
        sock.settimeout(TIMEOUT)
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.listener.close()


def socket_console(end, status):
    """Types and reads through a socket chardev, then ends in the given way."""
    with scratch() as path, Server(path) as server:
        with FakePeer(chardevs('null', server.filename)) as fake:
            terminal = Terminal(fake.path)
            with server.accept() as sock:
                sock.sendall(b'login: ')
                read_until(terminal.master, b'login: ')
                terminal.wait_raw()
                os.write(terminal.master, b'root\r\x03\x1a\x1c')
                data = b''
                while len(data) < 8:
                    data += sock.recv(100)
                equal(data, b'root\r\x03\x1a\x1c')
                end(terminal, sock)
                terminal.finish(status)


@case
def escape_detaches_and_restores_the_terminal():
    def end(terminal, sock):
        os.write(terminal.master, b'last\x1dnever')
        equal(sock.recv(100)[:4] in (b'last', b''), True)
    socket_console(end, 0)


@case
def end_of_the_other_side_restores_the_terminal():
    socket_console(lambda terminal, sock: sock.shutdown(socket.SHUT_RDWR), 0)


@case
def other_side_that_stops_reading_restores_the_terminal():
    def end(terminal, sock):
        sock.shutdown(socket.SHUT_RD)
        os.write(terminal.master, b'x')
    socket_console(end, 0)


@case
def signals_restore_the_terminal():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        socket_console(lambda terminal, sock, n=number: terminal.run.send_signal(n), -number)


@case
def pty_console():
    master, slave = pty.openpty()
    tty.setraw(slave)
    with FakePeer(chardevs('pty:' + os.ttyname(slave))) as fake:
        terminal = Terminal(fake.path, 'c0')
        os.write(master, b'hello')
        read_until(terminal.master, b'hello')
        terminal.wait_raw()
        os.write(terminal.master, b'typed')
        equal(read_until(master, b'typed'), b'typed')
        os.close(slave)
        os.close(master)
        terminal.finish(0)


@case
def deaf_chardev_does_not_keep_the_escape_away():
    def end(terminal, sock):
        for _ in range(100):
            os.write(terminal.master, b'x' * 4000)
        os.write(terminal.master, b'\x1d')
    socket_console(end, 0)


def write_and_close(stream):
    stream.write(b'a\x1db' * 100000)
    stream.close()


@case
def without_a_terminal_it_is_a_pipe():
    with scratch() as path, Server(path) as server:
        with FakePeer(chardevs(server.filename)) as fake:
            with subprocess.Popen([VMCTL, '--socket', fake.path, 'console', 'c0'],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
                with server.accept() as sock:
                    writer = threading.Thread(target=write_and_close, args=[run.stdin])
                    writer.start()
                    left = 300000
                    while left:
                        left -= len(sock.recv(65536))
                    writer.join()
                    sock.sendall(b'answer')
                equal(run.stdout.read(), b'answer')
                equal(run.wait(TIMEOUT), 0)


@case
def last_words_arrive_though_input_is_left():
    with scratch(input='x' * 1000000) as path, Server(path) as server:
        with FakePeer(chardevs(server.filename)) as fake, open(path + '/input', 'rb') as source:
            with subprocess.Popen([VMCTL, '--socket', fake.path, 'console', 'c0'],
                                  stdin=source, stdout=subprocess.PIPE) as run:
                with server.accept() as sock:
                    sock.recv(1)
                    run.send_signal(signal.SIGSTOP)
                    sock.sendall(b'last words')
                run.send_signal(signal.SIGCONT)
                equal(run.stdout.read(), b'last words')
                equal(run.wait(TIMEOUT), 0)


@case
def tcp_console():
    for host, family in (('127.0.0.1', socket.AF_INET), ('::1', socket.AF_INET6)):
        with socket.socket(family) as listener:
            try:
                listener.bind((host, 0))
            except OSError:
                continue        # a host without IPv6
            listener.listen()
            shown = '[%s]' % host if ':' in host else host
            name = 'disconnected:tcp:%s:%d,server=on' % (shown, listener.getsockname()[1])
            with FakePeer(chardevs(name)) as fake:
                with subprocess.Popen([VMCTL, '--socket', fake.path, 'console'],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as run:
                    sock, _ = listener.accept()
                    with sock:
                        sock.sendall(b'hello')
                    equal(run.stdout.read(), b'hello')
                    equal(run.wait(TIMEOUT), 0)


@case
def which_chardev():
    def refused(names, args, message):
        with FakePeer(chardevs(*names)) as fake:
            vmctl('--socket', fake.path, 'console', *args).check(1, '', message)
    refused([], [], 'no pty and no listening socket')
    refused(['null', 'file'], [], 'no pty and no listening socket')
    refused(['pty:/dev/x', 'null', 'unix:/x,server=on'], [], 'name the chardev: c0, c2')
    refused(['pty:/dev/x'], ['c7'], "there is no chardev 'c7'; one can attach to: c0")
    refused(['null', 'pty:/x'], ['c0'], "chardev 'c0': it is neither a pty nor a listening socket")
    refused(['unix:/x', 'pty:/x'], ['c0'], "chardev 'c0': it is neither")
    refused(['pty:/no/such'], [], "chardev 'c0': cannot open /no/such: No such file")
    refused(['unix:/no/such,server=on'], [], "chardev 'c0': cannot connect to /no/such")


@case
def refused_query_is_an_error():
    with FakePeer(lambda peer: peer.answer({})) as fake:
        run = vmctl('--socket', fake.path, 'console').check(1, '')
        contains(run.err, 'query-chardev: ')


if __name__ == '__main__':
    main()
