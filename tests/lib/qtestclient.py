# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of the qtest protocol, and machines that it drives."""
import socket

import vmdtest

MIB = 1 << 20


class QtestClient:
    """Lines to the server and answers back; interrupts are kept aside."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(vmdtest.TIMEOUT)
        self.sock.connect(path)
        self.buffer = b''
        self.interrupts = []

    def close(self):
        self.sock.close()

    def send(self, *lines):
        self.sock.sendall(''.join(line + '\n' for line in lines).encode())

    def line(self):
        while b'\n' not in self.buffer:
            data = self.sock.recv(1 << 20)
            if not data:
                raise EOFError('the daemon closed the connection')
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.decode()

    def answer(self):
        while True:
            line = self.line()
            if not line.startswith('IRQ '):
                return line
            self.interrupts.append(line[4:])

    def ask(self, line):
        self.send(line)
        return self.answer()

    def ask_all(self, lines):
        """Sends all lines at once; the answers in order."""
        self.send(*lines)
        return [self.answer() for _ in lines]

    def ok(self, line):
        """What follows OK."""
        answer = self.ask(line)
        assert answer.split(' ')[0] == 'OK', '%s: %s' % (line, answer)
        return answer[3:]

    def seen(self):
        """Interrupts since the last call, after a round trip."""
        self.ok('endianness')
        interrupts, self.interrupts = self.interrupts, []
        return interrupts

    def wait_interrupt(self, interrupt):
        """Until that one comes, which may take a moment."""
        while interrupt not in self.interrupts:
            line = self.line()
            assert line.startswith('IRQ '), line
            self.interrupts.append(line[4:])
        self.interrupts.remove(interrupt)

    # One verb for each kind of access.

    def inb(self, port):
        return int(self.ok('inb %#x' % port), 16)

    def outb(self, port, *values):
        for value in values:
            self.ok('outb %#x %#x' % (port, value))

    def readl(self, addr):
        return int(self.ok('readl %#x' % addr), 16)

    def writel(self, addr, value):
        self.ok('writel %#x %#x' % (addr, value))

    def read(self, addr, size):
        return bytes.fromhex(self.ok('read %#x %d' % (addr, size))[2:])

    def write(self, addr, data):
        self.ok('write %#x %d 0x%s' % (addr, len(data), data.hex()))

    def step(self, ns=None):
        return int(self.ok('clock_step' if ns is None else 'clock_step %d' % ns))


def serve(daemon, client, name='qt', **options):
    """A server on a socket of the daemon's, and a client of it."""
    path = daemon.path(name + '.sock')
    client.call('chardev-add', id=name, backend={'type': 'socket', 'data': {
        'addr': {'type': 'unix', 'data': {'path': path}}, 'server': True, 'wait': False}})
    client.call('object-add', **{'qom-type': 'qtest', 'id': 'server-' + name, 'chardev': name,
                                 **options})
    return QtestClient(path)


def build(client, machine='microvm-machine', ram=None, **options):
    """Accelerator, memory (ram: further arguments) and machine."""
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', **{'qom-type': 'memory-backend-ram', 'id': 'ram',
                                 'size': 64 * MIB, **(ram or {})})
    client.call('object-add', qom_type=machine, memory_backend='ram', **options)
