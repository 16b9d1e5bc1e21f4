#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The qtest accelerator and the qtest protocol against the real daemon: answers as
QEMU gives them, and a machine whose chips are driven from outside."""
import contextlib
import datetime
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import qtestclient
import vmdtest
from qtestclient import MIB, QtestClient
from vmdtest import Daemon, QmpError

ANSWERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'qtest-answers')
IOAPIC = 0xfec00000
HPET = 0xfed00000
PIT_HZ = 1193182


class Machine:
    """A daemon with a machine that a qtest client drives; microvm by default."""

    def __init__(self, recorder, cont=True, **options):
        self.daemon = Daemon(recorder)
        self.qmp = self.daemon.client()
        self.qtest = qtestclient.serve(self.daemon, self.qmp)
        qtestclient.build(self.qmp, **options)
        if cont:
            self.qmp.call('cont')

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.daemon.__exit__(*args)


def ticks(n):
    """ns after which the timer has counted n pulses."""
    return -(-n * 10**9 // PIT_HZ)


# ---- The protocol ----

def recorded_answers():
    """Pairs of command and answer; IRQ lines before an answer belong to it."""
    with open(ANSWERS, encoding='utf-8') as f:
        for line in f.read().splitlines():
            if line and not line.startswith('#'):
                command, answer = line.split(' -> ')
                yield command, answer


def answers_to(client):
    found = []
    for command, _ in recorded_answers():
        client.send(command)
        lines = [client.line()]
        while lines[-1].startswith('IRQ '):
            lines.append(client.line())
        found.append((command, ' / '.join(lines)))
    return found


def answers_as_recorded(recorder):
    """every answer is the one that was recorded from QEMU 7.2"""
    with Machine(recorder) as machine:
        for got, wanted in zip(answers_to(machine.qtest), recorded_answers()):
            assert got == wanted, (got, wanted)


def qemu_still_says_so(recorder):
    """the recorded answers are those of the installed QEMU"""
    qemu = shutil.which('qemu-system-x86_64')
    if not qemu:
        raise vmdtest.Skip('qemu-system-x86_64 is not installed')
    version = subprocess.run([qemu, '--version'], capture_output=True, text=True).stdout
    if 'version 7.2.' not in version:
        raise vmdtest.Skip('QEMU is not 7.2')
    with Daemon(recorder) as daemon:            # for its folder
        path = daemon.path('qemu.sock')
        process = subprocess.Popen(
            [qemu, '-M', 'microvm', '-accel', 'tcg', '-S', '-m', '64M', '-display', 'none',
             '-nodefaults', '-qtest', 'unix:%s,server=on,wait=off' % path, '-qtest-log', 'none'],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert vmdtest.wait_listening(path, process), 'QEMU does not listen'
            client = connect_again(path)
            for got, wanted in zip(answers_to(client), recorded_answers()):
                assert got == wanted, (got, wanted)
        finally:
            process.kill()
            process.wait()


def connect_again(path):
    """wait_listening() made and closed a connection; the server takes one at a time."""
    deadline = time.monotonic() + vmdtest.TIMEOUT
    while True:
        client = QtestClient(path)
        try:
            assert client.ask('endianness') == 'OK little'
            return client
        except (EOFError, ConnectionError):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def before_a_machine(recorder):
    """the server exists before the machine, and then serves it"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtest = qtestclient.serve(daemon, client)
        assert qtest.ask('endianness') == 'OK little'
        for command in ('inb 0x71', 'readb 0', 'clock_step', 'irq_intercept_in ioapic',
                        'set_irq_in a b 0 0', 'memset 0 1 1'):
            assert qtest.ask(command) == 'FAIL there is no machine', command
        qtestclient.build(client)
        assert qtest.ask('inb 0x21') == 'OK 0x0000'     # it was never told to `cont`
        assert qtest.ask('inb 0x3fd') == 'OK 0x00ff'
        client.call('device_add', driver='isa-serial', id='com1')
        client.call('cont')
        assert qtest.ask('inb 0x3fd') == 'OK 0x0060'


def wrong_lines(recorder):
    """errors in a line are reported, and the next line is served"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        for line in ('', ' ', 'inb', 'inb x', 'inb 0x1ffff', 'outb 1', 'readb', 'read 0 0',
                     'read 0 0x7fffffffffff', 'write 0 4', 'write 0 4 0xzz', 'memset 0 1',
                     'b64write 0 4 $$$$', 'clock_step x', 'clock_step -1', 'clock_set',
                     'irq_intercept_in', 'set_irq_in ioapic', 'set_irq_in ioapic x 0 1',
                     'set_irq_in ioapic unnamed-gpio-in 24 1', 'module_load a', 'INB 1',
                     'inb 0x71\r', 'x' * 100000):
            answer = qtest.ask(line)
            assert answer.startswith('FAIL'), (line[:40], answer[:80])
        assert qtest.ok('endianness') == 'little'


def long_data(recorder):
    """16 MiB in one command, and not a byte more"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        data = os.urandom(16 * MIB)
        qtest.write(0x100000, data)
        assert qtest.read(0x100000, len(data)) == data
        qtest.ok('memset 0x100000 %d 0x5a' % len(data))
        assert qtest.read(0x100000, len(data)) == b'\x5a' * len(data)
        answer = qtest.ask('write 0x100000 %d 0x%s' % (len(data) + 1, '00' * (len(data) + 200)))
        assert answer.startswith('FAIL the line is longer'), answer
        assert qtest.ask('read 0 0x1000001').startswith('FAIL size')


def pipelined(recorder):
    """10,000 commands in one go are answered in order"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        lines = []
        for i in range(5000):
            lines += ['writel %#x %#x' % (0x10000 + 4 * i, i), 'readl %#x' % (0x10000 + 4 * i)]
        qtest.send(*lines)
        for i in range(5000):
            assert qtest.answer() == 'OK'
            assert qtest.answer() == 'OK 0x%016x' % i


def who_does_not_read(recorder):
    """a client that does not read its answers delays no other"""
    with Machine(recorder) as machine:
        sock = machine.qtest.sock
        sock.settimeout(1)
        sent = 0
        try:
            while sent < 4000:
                sock.sendall(b'read 0 0x10000\n')
                sent += 1
        except socket.timeout:
            pass
        assert sent < 4000, 'half a gigabyte of answers waits somewhere'
        started = time.monotonic()
        machine.qmp.call('query-status')
        assert time.monotonic() - started < 2


def closing_ends_the_machine(recorder):
    """the end of the connection is SHUTDOWN with cause host-ui, and the daemon's end"""
    with Machine(recorder) as machine:
        machine.qtest.close()
        event = machine.qmp.wait_event('SHUTDOWN')
        assert event['data'] == {'guest': False, 'reason': 'host-ui'}, event
        assert machine.daemon.wait() == 0
    with Daemon(recorder) as daemon:            # without a machine, too
        client = daemon.client()
        qtestclient.serve(daemon, client).close()
        assert daemon.wait() == 0


def closing_and_set_action(recorder):
    """with shutdown=pause the daemon stays, and takes another client"""
    with Machine(recorder) as machine:
        machine.qmp.call('set-action', shutdown='pause')
        machine.qtest.ok('irq_intercept_in ioapic')
        machine.qtest.close()
        machine.qmp.wait_event('SHUTDOWN')
        assert machine.qmp.call('query-status')['status'] == 'shutdown'
        qtest = QtestClient(machine.daemon.path('qt.sock'))
        qtest.ok('set_irq_in ioapic unnamed-gpio-in 3 1')
        assert qtest.seen() == []               # the other one's interception is gone
        qtest.ok('irq_intercept_in i8259')


def log_file(recorder):
    """the log has every line, and its file is checked"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        path = daemon.path('lines')
        qtest = qtestclient.serve(daemon, client, log=path)
        qtest.ok('endianness')
        client.call('chardev-add', id='other', backend={'type': 'null', 'data': {}})
        error = client.error('object-add', {'qom-type': 'qtest', 'id': 'b', 'chardev': 'other',
                                            'log': '/proc/none/x'})
        assert error['reason'] == 'file-not-usable', error
        error = client.error('object-add', {'qom-type': 'qtest', 'id': 'b', 'chardev': 'qt'})
        assert error['reason'] == 'in-use', error
        client.call('object-add', qom_type='qtest', id='b', chardev='other')
        client.call('object-del', id='b')
        client.call('object-del', id='server-qt')       # until then lines may be on their way
        with open(path, encoding='utf-8') as f:
            kinds = [line.split(' ')[0] for line in f]
        assert kinds == ['[I', '[R', '[S'], kinds


# ---- The accelerator ----

def nothing_is_needed(recorder):
    """without KVM, CPU and kernel a machine is built and runs"""
    vmdtest.need_mounts()
    script = 'mount -t tmpfs none /dev && exec "$0" "$@"'
    with Daemon(recorder, wrapper=['unshare', '-m', 'sh', '-c', script]) as daemon:
        client = daemon.client()
        qtestclient.build(client)
        client.call('cont')
        assert client.call('query-status')['status'] == 'running'
        assert not client.call('query-kvm')['enabled']
        assert client.call('query-cpus-fast') == []
        client.call('stop')
        client.call('cont')
        client.call('system_reset')
        client.wait_event('RESET')


def cpus_are_there(recorder):
    """CPUs are listed, and never run; a kernel needs one"""
    with Machine(recorder, cont=False) as machine:
        for number in range(2):
            machine.qmp.call('device_add', driver='qemu64-x86_64-cpu', id='cpu%d' % number)
        machine.qmp.call('cont')
        cpus = machine.qmp.call('query-cpus-fast')
        assert [cpu['cpu-index'] for cpu in cpus] == [0, 1], cpus
    with Daemon(recorder) as daemon:
        client = daemon.client()
        qtestclient.build(client, kernel=vmdtest.GUESTS + '/guest.elf')
        error = client.error('cont')
        assert 'no CPU' in error['desc'], error
        client.call('device_add', driver='qemu64-x86_64-cpu', id='cpu0')
        client.call('cont')


def chips_of_its_own(recorder):
    """the recipe makes the machine's own chips, by the names of the accelerator's"""
    wanted = {'ioapic': 'ioapic', 'i8259': 'isa-i8259', 'i8259-slave': 'isa-i8259',
              'i8254': 'isa-pit', 'pcspk': 'isa-pcspk', 'mc146818': 'mc146818rtc'}
    with Machine(recorder) as machine:
        qmp = machine.qmp
        assert qmp.call('qom-get', path='/machine', property='irqchip') == 'off'
        for name, klass in wanted.items():
            path = '/machine/' + name
            assert qmp.call('qom-get', path=path, property='type') == klass, name
            for prop in qmp.call('qom-list', path=path):
                if prop['name'] in ('version', 'base', 'iobase', 'elcr_addr', 'elcr_mask',
                                    'master'):
                    qmp.call('qom-get', path=path, property=prop['name'])
                    recorder.read(klass, prop['name'])
        assert qmp.call('qom-get', path='/machine/ioapic', property='version') == 0x20
        recorder.read('microvm-machine', 'irqchip')
    old = {'driver': 'ioapic', 'property': 'version', 'value': 0x11}
    with Machine(recorder, pic='off', pit='off', defaults=[old]) as machine:
        assert machine.qmp.call('qom-get', path='/machine/ioapic', property='version') == 0x11
        recorder.write('ioapic', 'version')
        names = [p['name'] for p in machine.qmp.call('qom-list', path='/machine')]
        assert 'ioapic' in names
        assert not {'i8259', 'i8259-slave', 'i8254', 'pcspk'} & set(names), names
        machine.qtest.ok('irq_intercept_in ioapic')
        machine.qtest.ok('set_irq_in /machine gsi 9 1')
        assert machine.qtest.seen() == ['raise 9']


def clock_stands_still(recorder):
    """time passes only on command"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        before = qtest.step(0)
        time.sleep(0.05)
        assert qtest.step(0) == before
        machine.qmp.call('stop')
        machine.qmp.call('cont')
        assert qtest.step(1) == before + 1
        assert qtest.ok('clock_set %d' % (before + 1000)) == str(before + 1000)
        assert qtest.ok('clock_set 5') == str(before + 1000)


def many_timers(recorder):
    """a long step of the clock delays no other client"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        qtest.outb(0x43, 0x14)
        qtest.outb(0x40, 2)                     # 1.2 million edges a virtual second
        qtest.send('clock_step 4000000000', 'endianness')
        longest = 0
        for _ in range(20):
            started = time.monotonic()
            machine.qmp.call('query-status')
            longest = max(longest, time.monotonic() - started)
        assert longest < 1, longest
        assert int(qtest.answer()[3:]) >= 4000000000
        assert qtest.answer() == 'OK little'


# ---- Chips ----

def rtc(recorder):
    """periodic, update and alarm interrupts of the RTC at their times"""
    with Machine(recorder) as machine:
        qtest = machine.qtest

        def cmos(index, value=None):
            qtest.outb(0x70, index)
            if value is None:
                return qtest.inb(0x71)
            return qtest.outb(0x71, value)

        qtest.ok('irq_intercept_in ioapic')
        qtest.outb(0x43, 0x10)                  # the timer is to be quiet: mode 0
        cmos(0x0a, 0x2e)                        # 4 Hz
        cmos(0x0b, 0x42)                        # PIE, 24 h
        cmos(0x0c)
        qtest.seen()
        raised = []
        for _ in range(3):
            raised.append(qtest.step())
            assert qtest.seen() == ['raise 8']
            assert cmos(0x0c) == 0xc0
            assert qtest.seen() == ['lower 8']
        assert raised[1] - raised[0] == raised[2] - raised[1] == 250000000, raised
        cmos(0x0b, 0x12)                        # UIE
        cmos(0x0c)
        second = cmos(0x00)
        qtest.step(1000000000)
        assert 'raise 8' in qtest.seen()
        assert cmos(0x00) != second


def clock_says_the_date(recorder):
    """the date is the host's, as QEMU's, unless a base is given; then it follows clock_step"""
    def date(qtest):
        def bcd(index):
            qtest.outb(0x70, index)
            return '%02x' % qtest.inb(0x71)
        return datetime.datetime.strptime(bcd(0x32) + ' '.join(map(bcd, (9, 8, 7, 4, 2, 0))),
                                          '%Y %m %d %H %M %S')
    for clock in ('host', 'vm', 'rt'):
        default = {'driver': 'mc146818rtc', 'property': 'clock', 'value': clock}
        with Machine(recorder, cont=False, defaults=[default]) as machine:
            now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
            first = date(machine.qtest)
            assert abs(first - now) < datetime.timedelta(minutes=1), (first, now)
            machine.qmp.call('cont')
            machine.qtest.step(86400 * 10**9)
            assert date(machine.qtest) == first + datetime.timedelta(days=1)
    base = {'driver': 'mc146818rtc', 'property': 'base', 'value': '2024-02-28T23:59:59'}
    with Machine(recorder, defaults=[base]) as machine:
        machine.qtest.step(2 * 10**9)
        assert date(machine.qtest) == datetime.datetime(2024, 2, 29, 0, 0, 1)


def hpet_period_without_end(recorder):
    """a periodic timer with a period of 2^63 and more never matches, and delays no client"""
    with Machine(recorder, machine='pc-i440fx-7.2-machine') as machine:
        qtest = machine.qtest
        qtest.outb(0x43, 0x30)
        qtest.ok('irq_intercept_in ioapic')
        for address, value in ((0x10, 1), (0x100, 0x44c), (0x108, 0x3e8), (0x10c, 0xfffffffe),
                               (0x108, 0x1f4)):
            qtest.writel(HPET + address, value)
        assert qtest.step(1000) >= 1000
        assert qtest.seen() == []
        qtest.writel(HPET + 0x100, 0x44c)       # and after one match, which the counter makes
        for value in (0, 0x80000000):
            qtest.writel(HPET + 0x10c, value)
            qtest.writel(HPET + 0x108, qtest.readl(HPET + 0xf0) + 100)
        qtest.step(10**9)
        assert [i for i in qtest.seen() if i.startswith('raise')] in ([], ['raise 2'])


def uart(recorder):
    """a serial port's registers, its interrupt, and bytes both ways"""
    with Machine(recorder, cont=False) as machine:
        qmp, qtest = machine.qmp, machine.qtest
        qmp.call('chardev-add', id='com', backend={'type': 'ringbuf', 'data': {}})
        qmp.call('device_add', driver='isa-serial', id='com1', chardev='com')
        qmp.call('cont')
        qtest.ok('irq_intercept_out com1')
        qtest.outb(0x3f9, 0x02)
        assert qtest.seen() == ['raise 0']
        assert qtest.inb(0x3fa) == 0x02
        assert qtest.seen() == ['lower 0']
        for byte in b'hello':
            qtest.outb(0x3f8, byte)
        assert qmp.call('ringbuf-read', device='com', size=100) == 'hello'
        qtest.outb(0x3fc, 0x10)                 # loopback
        qtest.outb(0x3f8, 0x55)
        assert qtest.inb(0x3f8) == 0x55
        for lcr, word in ((0x02, 0x7f), (0x00, 0x1f), (0x03, 0xff)):
            qtest.outb(0x3fb, lcr)
            qtest.outb(0x3f8, 0xff)
            qtest.step(100000000)
            assert qtest.inb(0x3f8) == word, lcr


def pit(recorder):
    """the timer's edges at their exact times, through both controllers"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        qtest.outb(0x43, 0x30)                  # mode 0 is quiet
        qtest.ok('irq_intercept_in ioapic')
        qtest.outb(0x43, 0x34)                  # mode 2
        qtest.outb(0x40, 1000 & 0xff, 1000 >> 8)
        start = qtest.step(0)
        qtest.seen()
        assert qtest.step(ticks(999) - 1) == start + ticks(999) - 1
        assert qtest.seen() == []
        qtest.step(1)
        assert qtest.seen() == ['lower 0']      # which is pin 2's, as on every PC
        assert qtest.step() == start + ticks(1000)
        assert qtest.seen() == ['raise 0']
        qtest.ok('clock_set %d' % (start + ticks(10000)))
        assert qtest.seen() == ['lower 0', 'raise 0'] * 9
        qtest.outb(0x43, 0xe2)                  # read back: status of counter 0
        assert qtest.inb(0x40) == 0xb4
        qtest.outb(0x61, 0x01)                  # counter 2 by its gate
        qtest.outb(0x43, 0xb0)
        qtest.outb(0x42, 0x10, 0x00)
        assert qtest.inb(0x61) & 0x23 == 0x01
        qtest.step(ticks(16))
        assert qtest.inb(0x61) & 0x23 == 0x21


def pic(recorder):
    """priorities, cascade and level of the PICs; their output is a line"""
    with Machine(recorder) as machine:
        qtest = machine.qtest
        qtest.outb(0x43, 0x30)
        for base, vector, cascade in ((0x20, 8, 4), (0xa0, 0x70, 2)):
            qtest.outb(base, 0x11)
            qtest.outb(base + 1, vector, cascade, 1, 0)
        qtest.ok('irq_intercept_out i8259')
        qtest.ok('set_irq_in /machine gsi 4 1')
        assert qtest.seen() == ['raise 0']
        qtest.outb(0x20, 0x0c)
        assert qtest.inb(0x20) == 0x84          # a poll takes it
        assert qtest.seen() == ['lower 0']
        qtest.ok('set_irq_in /machine gsi 12 1')
        qtest.outb(0x20, 0x0c)
        assert qtest.inb(0x20) == 0x82          # the slave's, which is higher
        qtest.outb(0xa0, 0x0c)
        assert qtest.inb(0xa0) == 0x84
        qtest.outb(0xa0, 0x20)
        qtest.outb(0x20, 0x20, 0x20)
        qtest.outb(0x4d1, 0xff)
        assert qtest.inb(0x4d1) == 0xde
        qtest.outb(0xa0, 0x0a)
        assert qtest.inb(0xa0) == 0x10          # 12 is a level now, and still asserted
        qtest.ok('set_irq_in /machine gsi 12 0')
        assert qtest.inb(0xa0) == 0
        qtest.outb(0x21, 0xff)
        assert qtest.inb(0x21) == 0xff


def ioapic(recorder):
    """redirection entries, Remote IRR and EOI of the I/O APIC"""
    with Machine(recorder) as machine:
        qtest = machine.qtest

        def register(index, value=None):
            qtest.writel(IOAPIC, index)
            if value is None:
                return qtest.readl(IOAPIC + 0x10)
            return qtest.writel(IOAPIC + 0x10, value)

        assert register(1) == 0x00170020
        assert [register(0x10 + 2 * pin) for pin in range(24)] == [0x10000] * 24
        register(0x10 + 2 * 10, 0x8055)         # level, vector 0x55
        qtest.ok('set_irq_in /machine gsi 10 1')
        assert register(0x10 + 2 * 10) == 0xc055
        qtest.ok('set_irq_in /machine gsi 10 0')
        assert register(0x10 + 2 * 10) == 0xc055
        qtest.writel(IOAPIC + 0x40, 0x55)
        assert register(0x10 + 2 * 10) == 0x8055
        machine.qmp.call('system_reset')
        assert register(0x10 + 2 * 10) == 0x10000


VIRTIO = 0xfeb00e00                             # the place that a device takes first
VIRTIO_GSI = 12
QUEUE = 0x20000
BUFFER = 0x30000


def virtio_start(qtest, chain):
    """Brings a virtio-mmio device up with one queue that has one chain of
    (address, size, flags) ready; the device may take it before it is notified."""
    qtest.ok('irq_intercept_in ioapic')
    magic, version = qtest.readl(VIRTIO), qtest.readl(VIRTIO + 4)
    assert (magic, version) == (0x74726976, 2), (magic, version)
    for status in (0, 1, 3):
        qtest.writel(VIRTIO + 0x70, status)
    qtest.writel(VIRTIO + 0x24, 1)
    qtest.writel(VIRTIO + 0x20, 1)              # VIRTIO_F_VERSION_1
    qtest.writel(VIRTIO + 0x70, 11)
    assert qtest.readl(VIRTIO + 0x70) == 11
    for i, (address, size, flags) in enumerate(chain):
        qtest.write(QUEUE + 16 * i, struct.pack('<QIHH', address, size, flags, i + 1))
    qtest.write(QUEUE + 0x1000, struct.pack('<HHH', 0, 1, 0))
    qtest.writel(VIRTIO + 0x30, 0)
    qtest.writel(VIRTIO + 0x38, 8)
    for register, address in ((0x80, QUEUE), (0x90, QUEUE + 0x1000), (0xa0, QUEUE + 0x2000)):
        qtest.writel(VIRTIO + register, address)
        qtest.writel(VIRTIO + register + 4, 0)
    qtest.writel(VIRTIO + 0x44, 1)
    qtest.writel(VIRTIO + 0x70, 15)


def used_ring(qtest):
    flags, index, head, length = struct.unpack('<HHII', qtest.read(QUEUE + 0x2000, 12))
    assert flags == 0
    return index, head, length


def virtio_request(qtest):
    """Notifies the device, takes its interrupt, and returns the used length."""
    qtest.writel(VIRTIO + 0x50, 0)
    qtest.wait_interrupt('raise %d' % VIRTIO_GSI)
    assert qtest.readl(VIRTIO + 0x60) == 1
    index, head, length = used_ring(qtest)
    assert (index, head) == (1, 0)
    qtest.writel(VIRTIO + 0x64, 1)
    qtest.wait_interrupt('lower %d' % VIRTIO_GSI)
    return length


def virtio_rng(recorder):
    """a driver of virtio-mmio gets its random bytes, and its interrupt"""
    with Machine(recorder, cont=False) as machine:
        machine.qmp.call('object-add', qom_type='rng-builtin', id='rng')
        machine.qmp.call('device_add', driver='virtio-rng-device', id='r0', rng='rng')
        machine.qmp.call('cont')
        qtest = machine.qtest
        qtest.outb(0x43, 0x30)
        virtio_start(qtest, [(BUFFER, 64, 2)])
        assert virtio_request(qtest) == 64
        assert qtest.read(BUFFER, 64) != bytes(64)


def virtio_blk_on_iothread(recorder):
    """an interrupt from an iothread reaches the machine's own controllers"""
    with Machine(recorder, cont=False) as machine:
        qmp, qtest = machine.qmp, machine.qtest
        qmp.call('object-add', qom_type='iothread', id='io')
        qmp.call('blockdev-add', **{'driver': 'null-co', 'node-name': 'n0', 'size': MIB,
                                    'read-zeroes': True})
        qmp.call('device_add', driver='virtio-blk-device', id='d0', drive='n0', iothread='io')
        qmp.call('cont')
        qtest.outb(0x43, 0x30)
        qtest.write(BUFFER, struct.pack('<IIQ', 0, 0, 0))
        qtest.ok('memset %#x 512 0xff' % (BUFFER + 512))
        virtio_start(qtest, [(BUFFER, 16, 1), (BUFFER + 512, 512, 3), (BUFFER + 1024, 1, 2)])
        assert virtio_request(qtest) == 513
        assert qtest.read(BUFFER + 512, 513) == bytes(513)


def pc(recorder):
    """a PC: its PCI functions, firmware, timer, and the switch that it has for power"""
    with Machine(recorder, machine='pc-i440fx-7.2-machine') as machine:
        qtest = machine.qtest

        def config(function, register, value=None):
            qtest.ok('outl 0xcf8 %#x' % (0x80000000 | function << 8 | register))
            if value is None:
                return int(qtest.ok('inl 0xcfc'), 16)
            return qtest.ok('outl 0xcfc %#x' % value)

        assert config(0x00, 0) == 0x12378086
        assert config(0x08, 0) == 0x70008086
        assert config(0x0b, 0) == 0x71138086
        assert config(0xf8, 0) == 0xffffffff
        assert qtest.read(0xffff0, 1) == b'\xea'        # firmware begins with a far jump
        assert qtest.read(0xffff0, 16) == qtest.read(0xfffffff0, 16)
        qtest.ok('irq_intercept_in ioapic')
        qtest.outb(0x43, 0x34)
        qtest.outb(0x40, 100, 0)
        start = qtest.step(0)
        qtest.seen()
        qtest.ok('clock_set %d' % (start + ticks(200)))
        assert qtest.seen() == ['lower 0', 'raise 0'] * 2
        config(0x0b, 0x40, 0x601)                       # PIIX4: where power management is
        config(0x0b, 0x80, 1)
        qtest.ok('outw 0x604 0x2000')                   # SLP_EN, S5
        event = machine.qmp.wait_event('SHUTDOWN')
        assert event['data']['reason'] == 'guest-shutdown', event
        assert machine.daemon.wait() == 0


class PciFunction:
    """Configuration space of a function, by the ports of a PC."""

    def __init__(self, qtest, devfn):
        self.qtest = qtest
        self.devfn = devfn

    def select(self, register):
        self.qtest.ok('outl 0xcf8 %#x' % (0x80000000 | self.devfn << 8 | register & 0xfc))

    def read(self, register, letter='l'):
        self.select(register)
        return int(self.qtest.ok('in%s %#x' % (letter, 0xcfc + register % 4)), 16)

    def write(self, register, value, letter='l'):
        self.select(register)
        self.qtest.ok('out%s %#x %#x' % (letter, 0xcfc + register % 4, value))

    def capabilities(self):
        """Pairs of id and offset."""
        offset = self.read(0x34, 'b')
        while offset:
            yield self.read(offset, 'b'), offset
            offset = self.read(offset + 1, 'b')


def find_virtio(qtest):
    for slot in range(32):
        function = PciFunction(qtest, slot << 3)
        if function.read(0, 'w') == 0x1af4:
            return function
    raise AssertionError('no virtio function')


def virtio_pci_msix(recorder):
    """MSI-X of a virtio function on PCI is a write to RAM that a client can see"""
    bars = {1: 0xe0000000, 4: 0xe0010000}
    message = 0x40000
    with Machine(recorder, cont=False, machine='pc-i440fx-7.2-machine') as machine:
        machine.qmp.call('object-add', qom_type='rng-builtin', id='rng')
        machine.qmp.call('device_add', driver='virtio-rng-pci', id='r0', rng='rng')
        machine.qmp.call('cont')
        qtest = machine.qtest
        function = find_virtio(qtest)
        for number, address in bars.items():
            function.write(0x10 + 4 * number, address)
        function.write(0x04, 6, 'w')                    # memory, bus master
        areas = {}
        for kind, offset in function.capabilities():
            if kind == 0x11:
                function.write(offset + 2, 0x8000, 'w')         # MSI-X on
                table = function.read(offset + 4)
                table = bars[table & 7] + (table & ~7)
            elif kind == 0x09 and function.read(offset + 4, 'b') in bars:
                areas[function.read(offset + 3, 'b')] = (
                    bars[function.read(offset + 4, 'b')] + function.read(offset + 8))
        for i, word in enumerate((message, 0, 0x1234, 0)):
            qtest.writel(table + 4 * i, word)
        common, notify = areas[1], areas[2]
        for status in (0, 1, 3):
            qtest.ok('writeb %#x %d' % (common + 20, status))
        qtest.writel(common + 8, 1)
        qtest.writel(common + 12, 1)                    # VIRTIO_F_VERSION_1
        qtest.ok('writeb %#x 11' % (common + 20))
        qtest.write(QUEUE, struct.pack('<QIHH', BUFFER, 64, 2, 0))
        qtest.write(QUEUE + 0x1000, struct.pack('<HHH', 0, 1, 0))
        qtest.ok('writew %#x 0' % (common + 26))        # queue 0, vector 0
        assert qtest.ok('readw %#x' % (common + 26)) == '0x%016x' % 0
        for i, address in enumerate((QUEUE, QUEUE + 0x1000, QUEUE + 0x2000)):
            qtest.writel(common + 32 + 8 * i, address)
            qtest.writel(common + 36 + 8 * i, 0)
        qtest.ok('writew %#x 1' % (common + 28))
        qtest.ok('writeb %#x 15' % (common + 20))
        qtest.ok('writew %#x 0' % notify)
        deadline = time.monotonic() + vmdtest.TIMEOUT
        while qtest.readl(message) != 0x1234:
            assert time.monotonic() < deadline, 'no message'
        assert used_ring(qtest) == (1, 0, 64)


# ---- Floods of events ----

def flood(machine, line, event):
    """Has the guest do it 20,000 times; the events of that name that a client gets."""
    for _ in range(200):
        assert set(machine.qtest.ask_all([line] * 100)) == {'OK'}
        machine.qmp.call('query-status')        # clients are answered all the time
    with contextlib.suppress(TimeoutError):
        while True:
            machine.qmp.note_event(machine.qmp.receive(2))
    told = [e for e in machine.qmp.events if e['event'] == event]
    machine.qmp.events.clear()
    return told


def events_that_a_guest_causes(recorder):
    """however fast a guest panics or resets, clients get few events, and the last one"""
    with Machine(recorder, machine='pc-i440fx-7.2-machine', cont=False) as machine:
        machine.qmp.call('device_add', driver='pvpanic')
        machine.qmp.call('set-action', panic='none')
        machine.qmp.call('cont')
        machine.qmp.drain_events()
        for line, event, data in (('outb 0x505 0x1', 'GUEST_PANICKED', {'action': 'run'}),
                                  ('outb 0x64 0xfe', 'RESET',
                                   {'guest': True, 'reason': 'guest-reset'})):
            told = flood(machine, line, event)
            assert 1 < len(told) < 1000, (event, len(told))
            assert all(e['data'] == data for e in told), told
        # What clients do is told each time, and behind what the guest did before.
        machine.qtest.ask_all(['outb 0x64 0xfe'] * 10)
        for _ in range(5):
            machine.qmp.call('system_reset')
        machine.qmp.call('query-status')
        causes = [e['data']['guest'] for e in machine.qmp.events if e['event'] == 'RESET']
        assert causes[:1] == [True] and causes[-5:] == [False] * 5, causes


if __name__ == '__main__':
    vmdtest.main([answers_as_recorded, qemu_still_says_so, before_a_machine, wrong_lines,
                  long_data, pipelined, who_does_not_read, closing_ends_the_machine,
                  closing_and_set_action, log_file, nothing_is_needed, cpus_are_there,
                  chips_of_its_own, clock_stands_still, many_timers, rtc,
                  clock_says_the_date, hpet_period_without_end, uart, pit, pic, ioapic,
                  virtio_rng, virtio_blk_on_iothread, pc, virtio_pci_msix,
                   events_that_a_guest_causes])
