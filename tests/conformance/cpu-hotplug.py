#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPUs that come and go, of vmd and of the distribution's QEMU: the same requests, and the same
accesses to the registers, have the same answers.

Different on purpose: vmd asks a guest once more after a reset, sends DEVICE_UNPLUG_GUEST_ERROR for
a CPU, too, and limits how many reports a guest may cause.  A CPU that comes before the guest uses
the newer interface is announced there, since the guest's tables may be older.  What a guest has said
of a CPU is forgotten when another one comes.
"""
import os
import random
import sys
import tempfile

HERE = os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'conformance')
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from peer import Peer, need_peer                    # noqa: E402
from vmdtest import Daemon, QmpError, Skip               # noqa: E402

CPU = 'qemu64-x86_64-cpu'
BASE, FLAGS, COMMAND, DATA = 0xaf00, 0xaf04, 0xaf05, 0xaf08
INSERTING, REMOVING, EJECT = 2, 4, 8
NEXT, OST_EVENT, OST_STATUS, IDENTIFY = 0, 1, 2, 3
SMP = {'cpus': 1, 'maxcpus': 6, 'sockets': 1, 'dies': 1, 'cores': 3, 'threads': 2}
PLACES = [(core, thread) for core in range(3) for thread in range(2)]
SEEDS = 12
STEPS = 120


def without_die(props):
    """QEMU tells no die where there is one."""
    return {key: value for key, value in props.items() if key != 'die-id'}


class Machine:
    """One of the two."""

    def __init__(self, client, qtest):
        self.client, self.qtest = client, qtest

    def call(self, command, **arguments):
        try:
            return self.client.call(command, **arguments)
        except QmpError as error:
            return error.error['class']

    def add(self, number):
        core, thread = PLACES[number]
        place = {'socket_id': 0, 'core_id': core, 'thread_id': thread}
        return self.call('device_add', driver=CPU, id='c%d' % number, **place)

    def read(self, port, size):
        return self.qtest.ok('in%s %#x' % (size, port))

    def write(self, port, size, value):
        self.qtest.ok('out%s %#x %#x' % (size, port, value))

    def eject(self, number):
        self.write(BASE, 'l', number)
        for bit in INSERTING, REMOVING, EJECT:          # as a guest: QEMU keeps what it has not noted
            self.write(FLAGS, 'b', bit)
        vmdtest.wait_for(lambda: number not in [one['cpu-index'] for one in self.client.call(
            'query-cpus-fast')], 'the CPU is gone')

    def what(self):
        """What queries say of the CPUs."""
        fast = [(one['cpu-index'], without_die(one['props']), one['target'])
                for one in self.client.call('query-cpus-fast')]
        places = [(one['type'], without_die(one['props']), one['vcpus-count'], 'qom-path' in one)
                  for one in self.client.call('query-hotpluggable-cpus')]
        slots = [(one['slot'], one['slot-type'], one.get('device'))
                 for one in self.client.call('query-acpi-ospm-status')]
        return sorted(fast, key=lambda one: one[0]), places, slots

    def registers(self):
        found = []
        for number in range(len(PLACES) + 1):
            self.write(BASE, 'l', number)
            found.append(self.read(FLAGS, 'b'))
            for command in NEXT, IDENTIFY:
                self.write(BASE, 'l', number)
                self.write(COMMAND, 'b', command)
                found += [self.read(DATA, 'l'), self.read(BASE, 'l')]
        self.write(BASE, 'l', 0)
        return found

    def reports(self):
        """What clients are told of the guest's."""
        self.client.call('query-name')
        return [one['data'] for one in self.client.events if one['event'] == 'ACPI_DEVICE_OST']


class Both:
    """Does the same with both, and compares what they say."""

    def __init__(self, recorder):
        need_peer()
        if not vmdtest.have_kvm():
            raise Skip('without KVM, QEMU does not survive that a CPU goes')
        self.folder = tempfile.TemporaryDirectory(prefix='vmd-peer-')
        path = os.path.join(self.folder.name, 'qt.sock')
        smp = ','.join('%s=%d' % pair for pair in SMP.items())
        self.peer = Peer('-machine', 'pc-i440fx-7.2', '-accel', 'kvm', '-S', '-cpu', 'qemu64',
                         '-smp', smp, '-m', '64', '-qtest-log', 'none', '-qtest',
                         'unix:%s,server=on,wait=off' % path)
        self.daemon = Daemon(recorder)
        client = self.daemon.client()
        qtest = qtestclient.serve(self.daemon, client)
        qtestclient.build(client, 'pc-i440fx-7.2-machine', smp=SMP)
        client.call('device_add', driver=CPU)
        client.call('cont')
        self.machines = [Machine(client, qtest), Machine(self.peer.client(),
                                                         qtestclient.QtestClient(path))]

    def do(self, name, *arguments):
        ours, theirs = [getattr(machine, name)(*arguments) for machine in self.machines]
        assert ours == theirs, (name, arguments, ours, theirs)
        return ours

    def call(self, command, **arguments):
        ours, theirs = [machine.call(command, **arguments) for machine in self.machines]
        assert ours == theirs, (command, arguments, ours, theirs)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.daemon.__exit__(*exception)
        self.peer.__exit__(*exception)
        self.folder.cleanup()


def bitmap(recorder):
    """CPUs that come before the guest uses the newer interface are in the bitmap"""
    with Both(recorder) as both:
        for number in 3, 1, 5:
            both.do('add', number)
            for port in range(BASE, BASE + 32):
                both.do('read', port, 'b')
            both.do('what')


def queries(recorder):
    """places and indices as CPUs come and go; what is refused"""
    with Both(recorder) as both:
        both.do('write', BASE, 'l', 0)                  # the newer interface
        for number in 3, 1, 5:
            both.do('add', number)
            both.do('registers')
            both.do('what')
        both.do('add', 3)                               # taken
        both.call('device_add', driver=CPU, id='x', socket_id=1, core_id=0, thread_id=0)
        both.call('device_add', driver=CPU, id='x', socket_id=0, core_id=3, thread_id=0)
        both.call('device_add', driver='Nehalem-x86_64-cpu', id='x', socket_id=0, core_id=1,
                  thread_id=0)
        both.do('what')
        for number in 3, 5:
            both.call('device_del', id='c%d' % number)
            both.do('registers')
            both.do('eject', number)
            both.do('registers')
            both.do('what')
        both.do('add', 5)
        both.do('registers')
        both.do('what')


def random_step(both, draw, there, reports):
    kind = draw.randrange(10)
    number = draw.randrange(1, len(PLACES))
    if kind == 0:
        both.do('add', number)
        there.add(number)
        reports[number] = 0
    elif kind == 1:
        both.call('device_del', id='c%d' % number)
        if number in there:
            reports[number] = 0
    elif kind == 2 and there:
        number = draw.choice(sorted(there))
        both.do('eject', number)
        there.remove(number)
    elif kind == 3:
        both.do('write', COMMAND, 'b', draw.choice((NEXT, NEXT, OST_EVENT, IDENTIFY, 7)))
    elif kind == 4:
        both.do('write', FLAGS, 'b', draw.choice((INSERTING, REMOVING, INSERTING | REMOVING, 16)))
    elif kind == 5:
        both.do('write', BASE, 'l', draw.choice((0, number, number, 99)))
    elif kind == 6 and reports.get(number, 8) < 8:
        both.do('write', BASE, 'l', number)
        for command, value in (OST_EVENT, draw.choice((1, 3))), (OST_STATUS, draw.choice((0, 0x84))):
            both.do('write', COMMAND, 'b', command)
            both.do('write', DATA, 'l', value)
        reports[number] += 1
    else:
        both.do('read', draw.choice((BASE, DATA)), 'l')
        both.do('read', FLAGS, 'b')


def registers(recorder):
    """random requests and accesses"""
    for seed in range(SEEDS):
        draw, there, reports = random.Random(seed), set(), {}
        with Both(recorder) as both:
            both.do('write', BASE, 'l', 0)
            for _ in range(STEPS):
                random_step(both, draw, there, reports)
            both.do('registers')
            both.do('what')
            both.do('reports')


if __name__ == '__main__':
    vmdtest.main([bitmap, queries, registers])
