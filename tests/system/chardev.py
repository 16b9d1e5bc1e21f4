#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's serial port behind each kind of character backend, both ways."""
import base64
import contextlib
import os
import pty
import select
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, console_text, run, wait_console  # noqa: E402
from vmdtest import Daemon, on_one_accel                # noqa: E402

ECHO = 'end=echo end=exit:4'
# What a file has before it is output to: more than the guest prints.
BEFORE = b'before|' * 1000


class Line:
    """The host's end of a serial line, whatever it is made of."""

    def __init__(self, in_fd, out_fd=None):
        self.in_fd = in_fd
        self.out_fd = in_fd if out_fd is None else out_fd
        self.seen = b''
        self.newline = b'\r\n'

    def expect(self, text):
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.in_fd], [], [], left)[0], \
                'no %r in %r' % (text, self.seen)
            data = os.read(self.in_fd, 4096)
            assert data, 'end of input instead of %r in %r' % (text, self.seen)
            self.seen += data
        self.seen = self.seen.split(text, 1)[1]

    def talk(self, leave=True):
        """A conversation with the guest's echo, to its end if wanted."""
        self.expect(b'echo: ready' + self.newline)
        self.say()
        if leave:
            self.leave()

    def say(self):
        for word in (b'hello', b'two words', b'x' * 100):
            os.write(self.out_fd, word + b'\r')
            self.expect(b'echo: ' + word + self.newline)

    def leave(self):
        os.write(self.out_fd, b'quit\r')
        self.expect(b'echo: quit' + self.newline)
        self.expect(b'end: exit 4' + self.newline)


def add(client, kind, **data):
    return client.call('chardev-add', id='line', backend={'type': kind, 'data': data})


def described(client):
    """query-chardev's word for the line."""
    (info,) = [i for i in client.call('query-chardev') if i['label'] == 'line']
    return info


def end(client, daemon, status=9):
    client.wait_event('SHUTDOWN')
    assert daemon.wait() == status, daemon.wait()


def stay(client):
    """The daemon is there when the guest has ended: what it wrote to a terminal is lost with
    the daemon's end of that, unless it was read before."""
    client.call('set-action', shutdown='pause')


def end_after(client, daemon):
    client.wait_event('SHUTDOWN')
    client.send({'execute': 'quit'})
    assert daemon.wait() == 0, daemon.wait()


@on_one_accel
def null(recorder):
    """null: the guest's output is discarded, and the guest continues"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        add(client, 'null')
        build(client, append='print=lost end=exit:4', console='line')
        assert described(client) == {'label': 'line', 'filename': 'null', 'frontend-open': True}
        client.call('cont')
        end(client, daemon)


@on_one_accel
def ringbuf(recorder):
    """ringbuf: the newest bytes are kept, as text and in base64"""
    for kind in ('ringbuf', 'memory'):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            add(client, kind, size=128)
            build(client, append='print=%s end=halt' % ('y' * 100), console='line')
            client.call('cont')
            wait_console(client, 'end: halt\r\n', 'line')
            client.call('ringbuf-write', device='line', data='äh')
            data = client.call('ringbuf-read', device='line', size=100, format='base64')
            assert base64.b64decode(data) == 'äh'.encode()
            client.call('ringbuf-write', device='line', data=base64.b64encode(b'\xff' * 130)
                        .decode(), format='base64')
            data = client.call('ringbuf-read', device='line', size=1000, format='utf8')
            assert data == '\ufffd' * 128, data
            assert client.call('qom-get', path='/chardevs/line', property='dropped') >= 2


@on_one_accel
def file(recorder):
    """file: output to one, appended or not, input from another"""
    for append in (False, True):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            paths = daemon.path('in'), daemon.path('out')
            # What comes before the guest is ready may be lost, as it would be on a wire.
            for path, content in zip(paths, (b'\r' * 32 + b'from-a-file\rquit\r', BEFORE)):
                with open(path, 'wb') as f:
                    f.write(content)
            add(client, 'file', **{'in': paths[0], 'out': paths[1], 'append': append})
            build(client, append=ECHO, console='line')
            client.call('cont')
            end(client, daemon)
            with open(paths[1], 'rb') as f:
                text = f.read()
            assert b'echo: from-a-file\r\n' in text, text
            assert text.startswith(BEFORE) == append and (b'before' in text) == append, text


@on_one_accel
def pseudo_terminal(recorder):
    """pty: a process opens the terminal, talks to the guest, closes and reopens it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = add(client, 'pty')['pty']
        assert described(client)['filename'] == 'pty:' + path
        build(client, append=ECHO, console='line')
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        wait_property(client, 'connected', True)
        stay(client)
        client.call('cont')
        Line(fd).talk(leave=False)
        os.close(fd)
        wait_property(client, 'connected', False)
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        wait_property(client, 'connected', True)
        line = Line(fd)
        line.say()
        line.leave()
        end_after(client, daemon)
        os.close(fd)


def wait_property(client, name, value):
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while client.call('qom-get', path='/chardevs/line', property=name) != value:
        assert time.monotonic() < deadline, '%s does not become %s' % (name, value)
        time.sleep(0.002)


@on_one_accel
def stdio(recorder):
    """stdio: the daemon's own pipes"""
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    with Daemon(recorder, stdin=in_read, stdout=out_write) as daemon:
        os.close(in_read)
        os.close(out_write)
        client = daemon.client()
        add(client, 'stdio', signal=False)
        error = client.error('chardev-add', {'id': 'two', 'backend': {'type': 'stdio',
                                                                      'data': {}}})
        assert error['reason'] == 'in-use', error
        build(client, append=ECHO, console='line')
        client.call('cont')
        Line(out_read, in_write).talk()
        end(client, daemon)
        # The daemon was the last to write there.
        while os.read(out_read, 4096):
            pass
    os.close(in_write)
    os.close(out_read)


@on_one_accel
def stdio_terminal(recorder):
    """stdio on a terminal: keys arrive one by one, and its mode is restored at the end"""
    import termios
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with Daemon(recorder, stdin=slave, stdout=slave) as daemon:
        client = daemon.client()
        add(client, 'stdio', signal=True)
        assert not termios.tcgetattr(slave)[3] & termios.ICANON
        build(client, append=ECHO, console='line')
        client.call('cont')
        line = Line(master)
        line.newline = b'\r\r\n'           # the terminal's own, too
        line.talk()
        end(client, daemon)
        assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


@on_one_accel
def pipe(recorder):
    """pipe: a named pipe for each direction"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('pipe')
        os.mkfifo(path + '.in')
        os.mkfifo(path + '.out')
        out_fd = os.open(path + '.in', os.O_RDWR)
        in_fd = os.open(path + '.out', os.O_RDWR)
        add(client, 'pipe', device=path)
        build(client, append=ECHO, console='line')
        client.call('cont')
        Line(in_fd, out_fd).talk()
        end(client, daemon)
        os.close(in_fd)
        os.close(out_fd)


def unix_address(path, **options):
    return {'type': 'unix', 'data': {'path': path, **options}}


def inet_address(port, **options):
    return {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': str(port), **options}}


@on_one_accel
def unix_server(recorder):
    """socket, unix server: clients connect, talk, disconnect, and the next one is served"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('serial')
        add(client, 'socket', addr=unix_address(path), server=True, wait=False)
        assert described(client)['filename'] == 'disconnected:unix:%s,server=on' % path
        build(client, append=ECHO, console='line')
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            wait_property(client, 'connected', True)
            client.call('cont')
            Line(peer.fileno()).talk(leave=False)
        wait_property(client, 'connected', False)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            line = Line(peer.fileno())
            line.say()
            line.leave()
            end(client, daemon)
        assert not os.path.exists(path)


@on_one_accel
def unix_client(recorder):
    """socket, unix client: connects to a listener"""
    with Daemon(recorder) as daemon, socket.socket(socket.AF_UNIX) as listener:
        client = daemon.client()
        path = daemon.path('serial')
        listener.bind(path)
        listener.listen()
        add(client, 'socket', addr=unix_address(path), server=False)
        with listener.accept()[0] as peer:
            build(client, append=ECHO, console='line')
            client.call('cont')
            Line(peer.fileno()).talk()
            end(client, daemon)


@on_one_accel
def abstract_server(recorder):
    """socket, abstract unix server: a name that is in no folder"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        name = 'vmd-test-%d' % os.getpid()
        add(client, 'socket', addr=unix_address(name, abstract=True, tight=True))
        build(client, append=ECHO, console='line')
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect('\0' + name)
            wait_property(client, 'connected', True)
            client.call('cont')
            Line(peer.fileno()).talk()
            end(client, daemon)


@on_one_accel
def tcp_server(recorder):
    """socket, TCP server: a port of the host's choice, waiting for its first client"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append=ECHO, console=None)
        port = free_port()
        client.send({'execute': 'chardev-add', 'arguments': {'id': 'line', 'backend': {
            'type': 'socket', 'data': {'addr': inet_address(port, numeric=True, ipv4=True),
                                       'server': True, 'wait': True, 'nodelay': True}}}})
        other = daemon.client()
        with connect(port) as peer:
            assert client.reply() == {'return': {}}
            name = described(other)['filename']
            assert name.startswith('tcp:127.0.0.1:%d,server=on' % port), name
            client.call('device_add', driver='isa-serial', id='com1', chardev='line')
            client.call('cont')
            Line(peer.fileno()).talk()
            end(client, daemon)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def connect(port):
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port))
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, 'nobody listens'
            time.sleep(0.005)


def tcp_port_of_choice(recorder):
    """socket, TCP server: port 0 and a range of ports; what was chosen can be read"""
    with Daemon(recorder) as daemon, socket.socket() as taken:
        client = daemon.client()
        add(client, 'socket', addr=inet_address(0))
        backend = client.call('qom-get', path='/chardevs/line', property='backend')
        port = int(backend['data']['addr']['data']['port'])
        connect(port).close()
        client.call('chardev-remove', id='line')
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        first = taken.getsockname()[1]
        add(client, 'socket', addr=inet_address(first, to=min(first + 20, 65535)))
        backend = client.call('qom-get', path='/chardevs/line', property='backend')
        assert first < int(backend['data']['addr']['data']['port']) <= first + 20, backend


@on_one_accel
def tcp_client(recorder):
    """socket, TCP client with reconnect: finds its server late, loses it, finds it again"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        port = free_port()
        add(client, 'socket', addr=inet_address(port, **{'keep-alive': True}), server=False,
            reconnect=1)
        build(client, append=ECHO, console='line')
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(('127.0.0.1', port))
            listener.listen()
            with listener.accept()[0] as peer:
                wait_property(client, 'connected', True)
                client.call('cont')
                Line(peer.fileno()).talk(leave=False)
            with listener.accept()[0] as peer:
                line = Line(peer.fileno())
                line.say()
                line.leave()
                end(client, daemon)


@on_one_accel
def passed_descriptor(recorder):
    """socket, fd: one end of a pair that getfd passed"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        mine, its = socket.socketpair()
        client.request({'execute': 'getfd', 'arguments': {'fdname': 'pair'}}, fds=[its.fileno()])
        its.close()
        add(client, 'socket', addr={'type': 'fd', 'data': {'str': 'pair'}}, server=False)
        build(client, append=ECHO, console='line')
        client.call('cont')
        Line(mine.fileno()).talk()
        end(client, daemon)
        mine.close()


def make_room(peer):
    """Each byte may be a datagram of its own, and a guest can be faster than its reader: the
    kernel drops what does not fit."""
    with contextlib.suppress(PermissionError):
        peer.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)         # SO_RCVBUFFORCE


@on_one_accel
def udp(recorder):
    """udp: datagrams to and from one address, at a port of the host's choice"""
    with Daemon(recorder) as daemon, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        client = daemon.client()
        make_room(peer)
        peer.bind(('127.0.0.1', 0))
        add(client, 'udp', remote=inet_address(peer.getsockname()[1]), local=inet_address(0))
        assert described(client)['filename'] == 'udp'
        backend = client.call('qom-get', path='/chardevs/line', property='backend')
        peer.connect(('127.0.0.1', int(backend['data']['local']['data']['port'])))
        error = client.error('chardev-add', {'id': 'two', 'backend': {'type': 'udp', 'data': {
            'remote': unix_address(daemon.path('peer'))}}})
        assert error['reason'] == 'not-supported', error
        build(client, append=ECHO, console='line')
        client.call('cont')
        Line(peer.fileno()).talk()
        end(client, daemon)


@on_one_accel
def mux(recorder):
    """mux: two serial ports on one line, and keys that say which of them listens"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('serial')
        add(client, 'socket', addr=unix_address(path))
        client.call('chardev-add', id='shared', backend={'type': 'mux',
                                                         'data': {'chardev': 'line'}})
        for arguments, reason in [({'id': 'other', 'base': 'none'}, 'object-not-found'),
                                  ({'id': 'other', 'base': 'line'}, 'in-use'),
                                  ({'id': 'other', 'base': 'shared'}, 'not-supported')]:
            error = client.error('chardev-add', {'id': arguments['id'], 'backend': {
                'type': 'mux', 'data': {'chardev': arguments['base']}}})
            assert error['reason'] == reason, error
        assert not described(client)['frontend-open']
        build(client, append=ECHO, console='shared')
        client.call('device_add', driver='isa-serial', id='com2', chardev='shared')
        assert described(client)['frontend-open']
        for name in 'line', 'shared':
            assert client.error('chardev-remove', {'id': name})['reason'] == 'in-use'
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            wait_property(client, 'connected', True)
            assert client.call('qom-get', path='/chardevs/shared', property='connected')
            client.call('cont')
            line = Line(peer.fileno())
            line.expect(b'echo: ready\r\n')
            os.write(line.out_fd, b'to the second, which nobody reads\r\x01c')
            line.say()
            os.write(line.out_fd, b'\x01h')
            line.expect(b'Ctrl-A Ctrl-A')
            os.write(line.out_fd, b'\x01tfirst\r')
            line.expect(b'echo: first\r\n')
            os.write(line.out_fd, b'stamped\r')
            line.expect(b'[00:00:')
            line.expect(b'] echo: stamped\r\n')
            os.write(line.out_fd, b'\x01t')
            line.leave()
            end(client, daemon)


@on_one_accel
def one_front_end(recorder):
    """a chardev, a network or a port has one user"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        add(client, 'ringbuf')
        build(client, append='end=exit:4')
        client.call('netdev_add', type='user', id='net',
                    guestfwd=[{'str': 'tcp::1234-chardev:line'}])
        serial = {'driver': 'isa-serial', 'id': 'com2', 'chardev': 'line'}
        error = client.error('device_add', serial)
        assert error['reason'] == 'in-use' and '/netdevs/net' in error['desc'], error
        client.call('netdev_del', id='net')
        client.request({'execute': 'device_add', 'arguments': serial})
        error = client.error('netdev_add', {'type': 'user', 'id': 'net', 'guestfwd': [
            {'str': 'tcp::1234-chardev:line'}]})
        assert error['reason'] == 'in-use' and 'com2' in error['desc'], error


@on_one_accel
def log_file(recorder):
    """logfile: output is written there, too, whatever the backend is; appended or not"""
    for append in (False, True):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            path = daemon.path('serial.log')
            with open(path, 'wb') as f:
                f.write(BEFORE)
            add(client, 'null', logfile=path, logappend=append)
            build(client, append='print=logged end=exit:4', console='line')
            client.call('cont')
            end(client, daemon)
            with open(path, 'rb') as f:
                text = f.read()
            assert b'\nlogged\r\n' in text, text
            assert text.startswith(BEFORE) == append and (b'before' in text) == append, text


@on_one_accel
def interrupt_controllers(recorder):
    """the serial port interrupts by I/O APIC and by PIC"""
    for controller in ('ioapic', 'pic'):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            path = add(client, 'pty')['pty']
            build(client, append='irq=%s %s' % (controller, ECHO), console='line')
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
            wait_property(client, 'connected', True)
            stay(client)
            client.call('cont')
            Line(fd).talk()
            end_after(client, daemon)
            os.close(fd)


@on_one_accel
def serial_ports(recorder):
    """four serial ports find their places, by index, by port and by themselves"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, append='print=first end=exit:4')
        client.call('device_add', driver='isa-serial', id='com3', index=2, baudbase=230400)
        client.call('device_add', driver='isa-serial', id='com4', iobase=0x2e8, irq=3)
        client.call('device_add', driver='isa-serial', id='com2')
        places = {name: tuple(client.call('qom-get', path=name, property=p)
                              for p in ('index', 'iobase', 'irq'))
                  for name in ('com1', 'com2', 'com3')}
        assert places == {'com1': (0, 0x3f8, 4), 'com2': (1, 0x2f8, 3),
                          'com3': (2, 0x3e8, 4)}, places
        error = client.error('device_add', {'driver': 'isa-serial', 'id': 'com5'})
        assert error['reason'] in ('address-in-use', 'bus-full'), error
        run(client)
        assert 'first' in console_text(client)


@on_one_accel
def guest_outruns_its_reader(recorder):
    """a peer that does not read delays nothing but loses no byte once it reads"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('serial')
        add(client, 'socket', addr=unix_address(path))
        words = ' '.join('print=' + '%04d' % i * 20 for i in range(20))
        build(client, append=words + ' end=halt', console='line')
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            wait_property(client, 'connected', True)
            client.call('cont')
            for _ in range(50):
                client.call('query-status')
            line = Line(peer.fileno())
            for i in range(20):
                line.expect(b'\n' + b'%04d' % i * 20 + b'\r')
            line.expect(b'end: halt\r\n')


@on_one_accel
def guest_ends_before_its_reader(recorder):
    """a peer that reads only when the machine has ended gets all; the end waits for it alone"""
    words = ' '.join('print=' + '%04d' % i * 20 for i in range(20))
    for reads in True, False:
        with Daemon(recorder) as daemon, socket.socket(socket.AF_UNIX) as peer:
            client = daemon.client()
            path = daemon.path('serial')
            add(client, 'socket', addr=unix_address(path))
            build(client, append=words + ' end=exit:4', console='line')
            peer.connect(path)
            wait_property(client, 'connected', True)
            client.call('cont')
            client.wait_event('SHUTDOWN')
            if reads:
                time.sleep(0.1)         # a reader that was busy
                line = Line(peer.fileno())
                for i in range(20):
                    line.expect(b'\n' + b'%04d' % i * 20 + b'\r')
                line.expect(b'end: exit 4\r\n')
            assert daemon.wait() == 9


def peers_leave_input(recorder):
    """peers that disconnect with input that the guest never reads block nothing"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='qtest-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='m', size=16 << 20)
        client.call('object-add', qom_type='pc-i440fx-7.2-machine', memory_backend='m')
        client.call('device_add', driver='qemu64-x86_64-cpu')
        path = daemon.path('serial')
        add(client, 'socket', addr=unix_address(path), wait=False)
        client.call('device_add', driver='isa-serial', chardev='line')
        client.call('cont')
        for _ in range(5):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(vmdtest.TIMEOUT)
                peer.connect(path)
                wait_property(client, 'connected', True)
                peer.send(b'x' * 100)
            wait_property(client, 'connected', False)
            assert described(client)['filename'].startswith('disconnected:unix:')


if __name__ == '__main__':
    vmdtest.main([null, ringbuf, file, pseudo_terminal, stdio, stdio_terminal, pipe, unix_server,
                  unix_client, abstract_server, tcp_server, tcp_port_of_choice, tcp_client,
                  passed_descriptor, udp, mux, one_front_end, log_file, interrupt_controllers,
                  serial_ports, guest_outruns_its_reader, guest_ends_before_its_reader,
                  peers_leave_input])
