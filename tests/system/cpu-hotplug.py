#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CPUs that come and go: what device_add and device_del refuse, places and queries, a machine that
is stopped or reset meanwhile, and Linux, to which CPUs come and from which they go while it
works."""
import os
import re
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import pc                                           # noqa: E402
import qtestclient                                  # noqa: E402
import vmdtest                                      # noqa: E402
from linuxguest import BOOT_TIMEOUT, Guest, add_cpu     # noqa: E402
from vmdtest import Daemon, QmpError, Skip, on_each_accel, on_tcg       # noqa: E402

MIB = 1 << 20
PC = 'pc-i440fx-7.2'
CPU = 'qemu64-x86_64-cpu'
ROUNDS = 10
MANY = 24
WAIT = 4 * vmdtest.TIMEOUT
TROUBLE = re.compile(r'BUG:|WARNING:|stall|TSC warp|unstable|not responding|CPU\d+: failed|Oops')


def make(client, smp={'cpus': 1, 'maxcpus': 4}, machine=PC, **options):
    client.call('object-add', qom_type='qtest-accel', id='accel')
    client.call('object-add', qom_type='memory-backend-ram', id='ram', size=4 * MIB)
    if smp:
        options['smp'] = smp
    client.call('object-add', qom_type=machine + '-machine', id='machine', memory_backend='ram',
                **options)
    client.call('device_add', driver=CPU, id='boot')


def place(number):
    """What device_add takes, of a machine with one socket."""
    return {'socket_id': 0, 'die_id': 0, 'core_id': number, 'thread_id': 0}


def refused(client, path, reason, words, command, **arguments):
    error = client.error(command, {key.replace('_', '-') if command == 'device_add' else key: value
                                   for key, value in arguments.items()})
    assert error['reason'] == reason, error
    assert error.get('path') == path, error
    assert words in error['desc'], error


def taken(client):
    """Paths of the CPUs by place; they agree with what query-cpus-fast says."""
    places = client.call('query-hotpluggable-cpus')[::-1]
    paths = {number: one['qom-path'] for number, one in enumerate(places) if 'qom-path' in one}
    fast = client.call('query-cpus-fast')
    assert paths == {one['cpu-index']: one['qom-path'] for one in fast}, (paths, fast)
    assert all(places[one['cpu-index']]['props'] == one['props'] for one in fast), (places, fast)
    return paths


def path(name):
    return '/machine/peripheral/' + name


def cold(recorder):
    """before cont, a CPU can be put into each place and taken out, but the boot CPU is needed"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client)
        client.call('device_add', driver=CPU, id='last', **place(3))
        client.call('device_add', driver=CPU, id='next')
        assert taken(client) == {0: path('boot'), 1: path('next'), 3: path('last')}
        for name in 'boot', 'next':
            client.call('device_del', id=name)
            assert client.wait_event('DEVICE_DELETED')['data'] == {'device': name,
                                                                    'path': path(name)}
        assert taken(client) == {3: path('last')}
        client.call('device_add', driver=CPU, id='second', **place(1))
        client.call('device_add', driver=CPU, id='boot', **place(0))
        client.call('cont')
        assert taken(client) == {0: path('boot'), 1: path('second'), 3: path('last')}


def refusals(recorder):
    """a place that is taken or does not exist, another model, no place: nothing changes"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client, {'cpus': 1, 'maxcpus': 2})
        for _ in range(2):
            before = taken(client)
            refused(client, 'socket-id', 'address-in-use', path('boot'), 'device_add',
                    driver=CPU, id='x', **place(0))
            refused(client, 'core-id', 'out-of-range', 'no place with that core-id', 'device_add',
                    driver=CPU, id='x', **place(2))
            refused(client, 'socket-id', 'out-of-range', 'no place with that socket-id',
                    'device_add', driver=CPU, id='x', socket_id=1)
            refused(client, 'apic-id', 'invalid-value', 'does not fit', 'device_add', driver=CPU,
                    id='x', apic_id=1, core_id=0)
            refused(client, 'driver', 'invalid-value', CPU, 'device_add',
                    driver='Nehalem-x86_64-cpu', id='x')
            refused(client, 'id', 'id-in-use', 'boot', 'device_add', driver=CPU, id='boot')
            assert taken(client) == before
            client.call('cont')
        client.call('device_add', driver=CPU, id='one')
        refused(client, None, 'limit-exceeded', 'no place for another CPU', 'device_add',
                driver=CPU, id='x')
        refused(client, 'id', 'not-hotpluggable', 'Boot CPU is unpluggable', 'device_del',
                id='boot')
        assert taken(client) == {0: path('boot'), 1: path('one')}


def machines(recorder):
    """machines that cannot tell their guests refuse CPUs by name once they have run"""
    for machine, smp, options, words in (
            (PC, None, {}, "property 'smp'"),
            (PC, {'cpus': 1, 'maxcpus': 2}, {'acpi': 'off'}, "property 'acpi' is off"),
            ('microvm', {'cpus': 1, 'maxcpus': 2}, {}, 'a machine of this type')):
        with Daemon(recorder) as daemon:
            client = daemon.client()
            make(client, smp, machine, **options)
            if machine == PC:
                client.call('device_add', driver=CPU, id='second')
                client.call('device_del', id='second')
            client.call('cont')
            refused(client, 'driver', 'not-hotpluggable', words, 'device_add', driver=CPU)
            refused(client, 'id', 'not-hotpluggable', words, 'device_del', id='boot')
            info = {one['name']: one for one in client.call('query-machines')}
            assert info[machine]['hotpluggable-cpus'] == (machine == PC), info


def silent(recorder):
    """a guest that never answers keeps its CPU, however often it is asked"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        make(client)
        client.call('cont')
        client.call('device_add', driver=CPU, id='hot', **place(2))
        assert taken(client) == {0: path('boot'), 2: path('hot')}
        assert client.call('qom-get', path='hot', property='hotplugged') is True
        for _ in range(3):
            client.call('device_del', id='hot')
        client.call('system_reset')
        client.wait_event('RESET')
        assert taken(client) == {0: path('boot'), 2: path('hot')}
        assert 'DEVICE_DELETED' not in client.drain_events()
        # The guest has not said that it uses the interface.
        assert client.call('query-acpi-ospm-status') == []
        requests = client.call('query-config')['requests']
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for request in requests:
            client.request(request)
        assert taken(client) == {0: path('boot'), 2: path('hot')}
        client.call('cont')


def add_until_refused(client, daemon):
    """How many CPUs came until there was no memory for another thread; stacks of ended ones are
    used again."""
    with open('/proc/%d/statm' % daemon.process.pid, encoding='ascii') as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    old = resource.prlimit(daemon.process.pid, resource.RLIMIT_AS)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (size + 2 * MIB, old[1]))
    try:
        for number in range(1, MANY):
            announce(client, number)
    except QmpError as error:
        assert 'thread' in str(error), error
        return number - 1
    finally:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, old)
    raise AssertionError('no limit was hit')


@on_tcg
def no_thread(recorder):
    """a CPU for which there is no thread is not made, and the others go on"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 1, MANY)
        guest.boot()
        n = add_until_refused(client, daemon)
        assert taken(client).keys() == set(range(n + 1))
        announce(client, n + 1)
        for _ in range(n + 1):
            ost(client, 1, status=0)
        put_online(guest)
        assert online(guest) == n + 2
        work(guest)


# ---- Linux

def machine(daemon, client, cpus, maximum, **options):
    """Its CPUs are in one socket."""
    options.setdefault('smp', {'cpus': cpus, 'maxcpus': maximum})
    return Guest(daemon, client, size=256 * MIB, machine_type=PC, cpus=cpus, **options)


def online(guest):
    """How many CPUs Linux uses."""
    return int(guest.run('grep -c ^processor /proc/cpuinfo'))


def put_online(guest):
    """Debian's kernel leaves that to user space."""
    guest.run('for i in /sys/devices/system/cpu/cpu[0-9]*/online; do '
              'grep -q 1 $i || echo 1 > $i; done', timeout=BOOT_TIMEOUT)


def ost(client, source, **expected):
    """The guest's report of this kind."""
    while True:
        info = client.wait_event('ACPI_DEVICE_OST', WAIT)['data']['info']
        if info['source'] == source and info['status'] != 0x84:
            break
    assert info['slot-type'] == 'CPU', info
    assert all(info.get(key) == value for key, value in expected.items()), info


def announce(client, *numbers):
    for number in numbers:
        add_cpu(client, [('id', 'c%d' % number), *place(number).items()])


def come(client, guest, *numbers):
    """CPUs that the guest puts into use."""
    announce(client, *numbers)
    for number in numbers:
        ost(client, 1, status=0)
    put_online(guest)


def go(client, *numbers):
    for number in numbers:
        client.call('device_del', id='c%d' % number)
    for number in numbers:
        client.wait_event('DEVICE_DELETED', WAIT)


def work(guest):
    """Each CPU computes the same."""
    guest.run('rm -f /sum*; for i in $(seq $(grep -c ^processor /proc/cpuinfo)); do dd '
              'if=/dev/zero bs=64k count=32 2>/dev/null | md5sum > /sum$i & done; wait',
              timeout=BOOT_TIMEOUT)
    assert len(set(guest.run('cat /sum*').split('\n')) - {''}) == 1


def check_log(guest):
    trouble = TROUBLE.findall(guest.run('dmesg'))
    assert not trouble, trouble


def start_load(guest):
    guest.run('for i in 1 2 3; do (while true; do md5sum /bin/busybox; done) > /load$i & '
              'echo $! >> /loads; done')


def stop_load(guest):
    guest.run('kill $(cat /loads)')
    assert guest.run('sed "/busybox$/!d" /load* | sort -u | grep -c busybox').strip() == '1'


@on_each_accel
def firmware(recorder):
    """after a reset SeaBIOS starts each CPU that has come, and waits for no other"""
    if not os.path.exists(pc.SEABIOS):
        raise Skip('needs package seabios')
    with Daemon(recorder) as daemon:
        client = daemon.client()
        pc.build(client, PC, smp={'cpus': 1, 'maxcpus': 4})
        client.call('cont')
        pc.wait_text(client, 'Found 1 cpu(s) max supported 4 cpu(s)')
        for number in 1, 3:
            client.call('device_add', driver=CPU, id='c%d' % number, tsc_deadline=True, x2apic=True,
                        **place(number))
        client.call('system_reset')
        pc.wait_text(client, 'Found 3 cpu(s) max supported 4 cpu(s)')


@on_tcg
def linux(recorder):
    """CPUs come to Linux and go, ten times, while it works"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 1, 4)
        guest.boot()
        start_load(guest)
        for turn in range(ROUNDS):
            numbers = [(1, 2, 3), (3,), (2, 1)][turn % 3]
            come(client, guest, *numbers)
            assert online(guest) == 1 + len(numbers)
            assert taken(client).keys() == {0, *numbers}
            go(client, *numbers)
            assert online(guest) == 1
            assert taken(client).keys() == {0}
        stop_load(guest)
        check_log(guest)
        statuses = client.call('query-acpi-ospm-status')
        assert [one['slot-type'] for one in statuses] == ['CPU'] * 4, statuses


@on_tcg
def eight(recorder):
    """eight CPUs that are added at once, and all but the boot CPU removed at once"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 1, 9)
        guest.boot()
        come(client, guest, *range(1, 9))
        assert online(guest) == 9
        work(guest)
        go(client, *range(8, 0, -1))
        assert online(guest) == 1
        check_log(guest)


@on_tcg
def reset(recorder):
    """CPUs that came stay through a reset, after which the kernel finds them by itself"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 2, 4)
        guest.boot()
        come(client, guest, 3)
        client.call('system_reset')
        guest.wait_shell()
        assert online(guest) == 3
        work(guest)
        go(client, 3)
        client.call('system_reset')
        guest.wait_shell()
        assert online(guest) == 2
        assert client.call('qom-get', path='/machine', property='smp')['cpus'] == 2
        come(client, guest, 2)
        work(guest)


@on_tcg
def stopped(recorder):
    """CPUs that come and go while the machine is stopped: the guest hears of it when it goes on"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 1, 4)
        guest.boot()
        client.call('stop')
        announce(client, 1, 2)
        time.sleep(0.2)
        assert 'ACPI_DEVICE_OST' not in client.drain_events()
        client.call('cont')
        ost(client, 1, status=0)
        ost(client, 1, status=0)
        put_online(guest)
        client.call('stop')
        client.call('device_del', id='c1')
        client.call('device_del', id='c1')
        client.call('cont')
        assert client.wait_event('DEVICE_DELETED', WAIT)['data']['device'] == 'c1'
        assert online(guest) == 2
        work(guest)


@on_tcg
def careless(recorder):
    """a guest that releases a CPU which it uses loses it; a reset brings it back to its senses"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 4, 4)
        ports = qtestclient.serve(daemon, client)
        guest.boot()
        guest.run('taskset 4 sh -c "while true; do md5sum /bin/busybox; done" >/dev/null & true')
        paths = taken(client)
        for number in 0, 2:
            ports.ok('outl 0xaf00 %d' % number)
            ports.outb(0xaf04, 8)
        assert client.wait_event('DEVICE_DELETED', WAIT)['data'] == {'path': paths[2]}
        assert taken(client).keys() == {0, 1, 3}
        client.call('system_reset')
        guest.wait_shell()
        assert online(guest) == 3
        work(guest)


@on_tcg
def refusing(recorder):
    """a CPU that Linux cannot do without stays, and the client is told"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        guest = machine(daemon, client, 2, 2, append='cpu0_hotplug')
        guest.boot()
        guest.run('echo 0 > /sys/devices/system/cpu/cpu0/online')
        second = taken(client)[1]
        client.call('device_del', id=second)
        error = client.wait_event('DEVICE_UNPLUG_GUEST_ERROR', WAIT)['data']
        assert error == {'path': second}, error
        assert taken(client).keys() == {0, 1}
        guest.run('echo 1 > /sys/devices/system/cpu/cpu0/online')
        client.call('device_del', id=second)
        assert client.wait_event('DEVICE_DELETED', WAIT)['data']['path'] == second
        # The record makes a machine with what is left.
        requests = client.call('query-config')['requests']
        made = [one for one in requests if one['execute'] == 'object-add' and
                'smp' in one['arguments']]
        assert made[0]['arguments']['smp']['cpus'] == 1, made


if __name__ == '__main__':
    vmdtest.main([cold, refusals, machines, silent, no_thread, firmware, linux, eight, reset,
                  stopped, careless, refusing])
