#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Screens as text: waiting for a change, and vmctl's view of them on a terminal.
tests/system/vga.py has what firmware, GRUB and Linux show."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vgaprogram import Program                      # noqa: E402
from vmdtest import VMCTL, Daemon                   # noqa: E402

TEXT = 0xb8000
SLOT = 2
TICK = 40000000                     # a watched console is looked at more often, ns
HOLD = 20000000                     # between two changes of keys
UP, DOWN, ESCAPE = '\x1bOA', '\x1bOB', '\x1d'       # as xterm sends them


def cells(text, attribute=7):
    return b''.join(bytes((ord(c), attribute)) for c in text)


def program(qtest, mode=None, writes=()):
    steps = Program()
    if mode:
        steps.attach(SLOT)
        steps.mode(mode)
        steps.colors()
        if mode == 'text80':
            steps.font()
        steps.write(TEXT, cells(' ' * 2000))
        steps.crt(0x0a, 0x20)       # no cursor
    for address, data in writes:
        steps.write(address, data)
    assert all(answer.startswith('OK') for answer in qtest.ask_all(steps.lines))


def machine(daemon, mode='text80', **options):
    """A machine that the test drives, with a card in a text mode; its client and qtest."""
    client = daemon.client()
    qtest = qtestclient.serve(daemon, client)
    qtestclient.build(client, 'pc-i440fx-7.2-machine')
    client.call('device_add', driver='VGA', id='video', addr=str(SLOT))
    if options.get('running', True):
        client.call('cont')
        program(qtest, mode)
    return client, qtest


def answer(client, qtest):
    """The answer to a wait, with time passing; and how much of it did, in ticks."""
    steps = 0
    while not select.select([client.sock], [], [], 0.01)[0]:
        assert steps < 100, 'no answer'
        qtest.step(TICK)
        steps += 1
    return client.reply()['return'], steps


def wait(client, stamp, timeout=1000, **arguments):
    client.send({'execute': 'wait-screen-text',
                 'arguments': {'stamp': stamp, 'timeout': timeout, **arguments}})


def waits(recorder):
    """a wait ends with the first change, whether of text, colour or cursor; or by its timeout"""
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon)
        program(qtest, writes=[(TEXT, cells('one'))])
        known = client.call('wait-screen-text', stamp='')
        assert known['lines'][0] == 'one' and 'cursor' not in known, known
        assert known['attributes'] == ['07' * 80] * 25
        assert client.call('query-screen-text') == known
        assert client.call('wait-screen-text', stamp='', device='video', head=0) == known
        for address, data, line, attributes in [
                (TEXT, cells('two'), 'two', '07' * 80),
                (TEXT, cells('two', 0x1e), 'two', '1e' * 3 + '07' * 77)]:
            wait(client, known['stamp'])
            qtest.step(TICK)
            program(qtest, writes=[(address, data)])
            last, (known, steps) = known, answer(client, qtest)
            assert steps < 5, steps
            assert known['stamp'] != last['stamp']
            assert (known['lines'][0], known['attributes'][0]) == (line, attributes), known
        wait(client, known['stamp'])
        qtest.step(TICK)
        cursor = Program()
        cursor.crtc = 0x3d4
        for index, value in (0x0a, 0), (0x0e, 0), (0x0f, 81):
            cursor.crt(index, value)
        assert all(answer.startswith('OK') for answer in qtest.ask_all(cursor.lines))
        known, _ = answer(client, qtest)
        assert known['cursor'] == {'column': 1, 'row': 1}, known
        wait(client, known['stamp'], 500, device='video', head=0)
        same, steps = answer(client, qtest)
        assert same == known and steps * TICK >= 500000000, (same, steps)
        assert client.call('wait-screen-text', stamp=known['stamp'], timeout=0) == known


def graphics(recorder):
    """a screen without text is told once, and text again when it is back"""
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon, 'cga4')
        known = client.call('wait-screen-text', stamp='')
        assert (known['rows'], known['lines'], known['stamp']) == (0, [], 'graphics'), known
        wait(client, known['stamp'])
        qtest.step(TICK)
        program(qtest, 'text80')
        assert answer(client, qtest)[0]['rows'] == 25


def ends(recorder):
    """a wait ends with the card, and does not outlive its client"""
    with Daemon(recorder) as daemon:
        client, _ = machine(daemon, running=False)
        other = daemon.client()
        screen = client.call('wait-screen-text', stamp='')
        wait(other, screen['stamp'])
        time.sleep(0.2)             # the wait has begun, most likely; it may also fail at once
        client.call('device_del', id='video')
        reply = other.reply()
        assert reply['error']['reason'] in ('device-not-found', 'not-supported'), reply
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon)
        screen = client.call('wait-screen-text', stamp='')
        gone = daemon.client()
        wait(gone, screen['stamp'], 100)
        gone.close()
        qtest.step(4 * TICK)
        assert client.call('query-screen-text') == screen


# ---- vmctl

class Terminal:
    """A program on a terminal; its output so far is `text`."""
    def __init__(self, *words, size=(25, 80), kind='xterm'):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', *size, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.text = ''
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, 'TERM': kind, 'LC_ALL': 'C.UTF-8'})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def read(self, timeout):
        if select.select([self.master], [], [], timeout)[0]:
            self.text += os.read(self.master, 65536).decode(errors='replace')

    def expect(self, text, step=None):
        deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
        while text not in self.text:
            assert time.monotonic() < deadline, 'no %r in %r' % (text, self.text[-3000:])
            if step:
                step()
            self.read(0.05)
        self.text = self.text.partition(text)[2]

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self, step=None):
        """The exit status; the terminal is as it was."""
        deadline = time.monotonic() + 4 * vmdtest.TIMEOUT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text[-3000:]
            if step:
                step()
            self.read(0.05)
        self.read(0)
        assert termios.tcgetattr(self.slave) == self.before
        return self.process.returncode


def view(daemon, *words, **options):
    return Terminal(VMCTL, '--socket', daemon.socket, 'screen', *words, **options)


def shows(recorder):
    """text, colours and changes of them, and a note while there are graphics; Ctrl-] leaves"""
    with Daemon(recorder) as daemon:
        _, qtest = machine(daemon)
        program(qtest, writes=[(TEXT, cells('Hello, ') + cells('red', 4) + cells('\x03', 0x1f))])
        with view(daemon) as terminal:
            terminal.expect('Hello, ')
            terminal.expect('\x1b[31')
            terminal.expect('red')
            terminal.expect('♥')
            program(qtest, writes=[(TEXT + 160 * 24, cells('the last line'))])
            terminal.expect('the last line', lambda: qtest.step(TICK))
            program(qtest, 'cga4')
            terminal.expect('The screen shows graphics', lambda: qtest.step(TICK))
            program(qtest, 'text80', [(TEXT, cells('text again'))])
            terminal.expect('text again', lambda: qtest.step(TICK))
            terminal.type(ESCAPE)
            assert terminal.end() == 0


def small(recorder):
    """a terminal that is smaller than the screen shows the part with the cursor"""
    with Daemon(recorder) as daemon:
        _, qtest = machine(daemon)
        program(qtest, writes=[(TEXT, cells('the top')), (TEXT + 160 * 24, cells('the end'))])
        cursor = Program()
        cursor.crtc = 0x3d4
        for index, value in (0x0a, 0), (0x0e, 1920 >> 8), (0x0f, 1920 & 0xff):
            cursor.crt(index, value)
        assert all(answer.startswith('OK') for answer in qtest.ask_all(cursor.lines))
        with view(daemon, size=(10, 40)) as terminal:
            terminal.expect('the end')
            fcntl.ioctl(terminal.slave, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 90, 0, 0))
            terminal.process.send_signal(signal.SIGWINCH)
            terminal.expect('the top')
            terminal.type(ESCAPE)
            assert terminal.end() == 0


def scan_codes(qtest):
    codes = []
    for _ in range(12):
        qtest.step(HOLD)
        while qtest.inb(0x64) & 1:
            codes.append(qtest.inb(0x60))
    return codes


def types(recorder):
    """what is typed arrives as the keys that a person would press"""
    pairs = {
        'a': ['a'], 'Z': ['shift', 'z'], '5': ['5'], '%': ['shift', '5'], '\r': ['ret'],
        '\t': ['tab'], '\x7f': ['backspace'], '\x03': ['ctrl', 'c'], '\x00': ['ctrl', 'spc'],
        '\x1b': ['esc'], '\x1bx': ['alt', 'x'], UP: ['up'], DOWN: ['down'], '\x1bOP': ['f1'],
        '\x1b[24~': ['f12'], '\x1b[3~': ['delete'], '\x1b[5~': ['pgup'], '~': ['shift', 'grave_accent'],
    }
    with Daemon(recorder) as daemon:
        client, qtest = machine(daemon)
        with view(daemon) as terminal:
            terminal.expect('\x1b[')
            for text, keys in pairs.items():
                client.call('send-key', keys=[{'type': 'qcode', 'data': key} for key in keys],
                            hold_time=HOLD // 1000000)
                wanted = scan_codes(qtest)
                assert wanted, keys
                terminal.type(text)
                seen = []
                deadline = time.monotonic() + vmdtest.TIMEOUT
                while len(seen) < len(wanted) and time.monotonic() < deadline:
                    seen += scan_codes(qtest)
                assert seen == wanted, (text, seen, wanted)
            terminal.type('é')      # not on this keyboard
            terminal.type(ESCAPE)
            assert terminal.end() == 0
            assert not scan_codes(qtest)


def restores(recorder):
    """the terminal is restored when the daemon ends or is killed, and by a signal"""
    for ending, status in ('quit', 0), ('kill', 0), ('signal', -signal.SIGTERM):
        with Daemon(recorder) as daemon, contextlib.ExitStack() as stack:
            client, qtest = machine(daemon)
            program(qtest, writes=[(TEXT, cells('still here'))])
            terminal = stack.enter_context(view(daemon))
            terminal.expect('still here')
            if ending == 'quit':
                client.call('quit')
            elif ending == 'kill':
                daemon.process.kill()
            else:
                terminal.process.terminate()
            assert terminal.end() == status, (ending, terminal.text)
            if ending == 'kill':
                daemon.process.wait()


def refuses(recorder):
    """no terminal, one that curses does not know, and a machine without a screen: by name"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        done = subprocess.run([VMCTL, '--socket', daemon.socket, 'screen'], stdin=subprocess.DEVNULL,
                              capture_output=True, check=False)
        assert done.returncode == 1 and b'are no terminal' in done.stderr, done
        with view(daemon, kind='nonsense') as terminal:
            terminal.expect("a terminal of type 'nonsense' cannot show a screen")
            assert terminal.end() == 1
        with view(daemon) as terminal:
            terminal.expect('there is no machine')
            assert terminal.end() == 1
        qtest = qtestclient.serve(daemon, client)
        qtestclient.build(client, 'pc-i440fx-7.2-machine')
        with view(daemon) as terminal:
            terminal.expect('the machine has no graphics card')
            assert terminal.end() == 1
        qtest.close()


def runs(recorder):
    """vmctl run -display curses: until the machine ends; not beside a serial port there"""
    machine_words = '-M', 'pc', '-accel', 'qtest', '-nodefaults', '-vga', 'std', '-display', 'curses'
    with Terminal(VMCTL, 'run', '--', *machine_words) as terminal:
        terminal.expect('\x1b[')
        terminal.type(ESCAPE)       # asks the guest, which may not hear
        time.sleep(0.2)
        terminal.type(ESCAPE)
        assert terminal.end() == 0, terminal.text
    with Terminal(VMCTL, 'run', '--', *machine_words, '-serial', 'stdio') as terminal:
        terminal.expect('curses shows the screen on the terminal')
        assert terminal.end() == 1


if __name__ == '__main__':
    vmdtest.main([waits, graphics, ends, shows, small, types, restores, refuses, runs])
