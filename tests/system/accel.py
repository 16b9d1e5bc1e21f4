#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The choice of an accelerator, and what the CPU in software refuses by name.  KVM
that does not work is one with a device file that is none; a host without KVM is
one whose /dev lacks it."""
import os
import resource
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import microvm                                      # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import Daemon, ManagedDaemon, need_mounts     # noqa: E402

MIB = 1 << 20
NO_KVM = {'qom-type': 'kvm-accel', 'device': '/no/such/kvm'}
NOT_KVM = {'qom-type': 'kvm-accel', 'device': '/dev/null'}
QTEST = {'qom-type': 'qtest-accel'}
# A /dev without kvm for the command behind it.
WITHOUT_KVM = ['unshare', '--mount', 'sh', '-ec', '''
    d=$(mktemp -d)
    mount -t tmpfs none "$d"
    for name in null zero urandom; do : > "$d/$name"; mount --bind "/dev/$name" "$d/$name"; done
    mount --move "$d" /dev
    rmdir "$d"
    exec "$@"''', 'sh']


def need_tcg():
    why = vmdtest.why_not('tcg')
    if why:
        raise vmdtest.Skip(why)


def choose(client, *accelerators, **arguments):
    client.call('object-add', qom_type='any-accel', accelerators=list(accelerators), **arguments)


def in_use(client):
    info = client.call('query-accelerators')
    assert client.call('query-kvm')['enabled'] == (info.get('enabled') == 'kvm'), info
    return info.get('enabled'), info.get('why')


def refuse(client, reason, path, arguments, command='object-add'):
    error = client.error(command, arguments)
    assert (error['reason'], error.get('path')) == (reason, path), error
    return error['desc']


def accel_requests(client):
    return [r['arguments'] for r in client.call('query-config')['requests']
            if r['arguments'].get('qom-type', '').endswith('-accel')]


# ---- The choice ----

def first_that_works(recorder):
    """the first that works is created, as its own class, and says why it was chosen"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert in_use(client) == (None, None)
        choose(client, NO_KVM, NOT_KVM, QTEST, id='a')
        name, why = in_use(client)
        assert name == 'qtest', name
        absent, other = why.split('; kvm: ')
        assert absent.startswith("kvm: cannot open '/no/such/kvm': No such file"), why
        assert '/dev/null' in other, why
        assert client.call('qom-get', path='/objects/a', property='type') == 'qtest-accel'
        assert accel_requests(client) == [{**QTEST, 'id': 'a'}]
        client.call('object-add', qom_type='none-machine')
        assert client.call('qom-get', path='/machine/accel', property='type') == 'qtest-accel'
        assert in_use(client) == (name, why)
        assert accel_requests(client) == [{**QTEST, 'id': 'a'}]


def the_first_is_not_explained(recorder):
    """if the first one works there is no reason, and later ones are not tried"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        choose(client, QTEST, NO_KVM)
        assert in_use(client) == ('qtest', None)
        client.call('object-del', id='accel')
        assert in_use(client) == (None, None)


def left_to_the_daemon(recorder):
    """without a list it is KVM where that works, otherwise the CPU in software"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        if not vmdtest.have_kvm():
            need_tcg()
        client.call('object-add', qom_type='any-accel')
        name, why = in_use(client)
        assert (name, why) == ('kvm', None) or name == 'tcg' and why.startswith('kvm: '), (name, why)
        assert name in client.call('query-accelerators')['present']


def none_works(recorder):
    """when none works, each says why, and nothing is left behind"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        desc = refuse(client, 'no-accelerator', 'accelerators',
                      {'qom-type': 'any-accel', 'accelerators': [NO_KVM, NOT_KVM]})
        assert "kvm: cannot open '/no/such/kvm'" in desc and '; kvm: ' in desc, desc
        assert in_use(client) == (None, None) and accel_requests(client) == []
        choose(client, QTEST)


def wrong_choices(recorder):
    """invalid lists, and an accelerator that exists already"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        for reason, path, accelerators in (
                ('out-of-range', 'accelerators', []), ('out-of-range', 'accelerators', [QTEST] * 17),
                ('class-not-found', 'accelerators[0].qom-type', [{'qom-type': 'no-accel'}]),
                ('class-abstract', 'accelerators[0].qom-type', [{'qom-type': 'accel'}]),
                ('class-not-found', 'accelerators[1].qom-type', [QTEST, {'qom-type': 'any-accel'}]),
                ('property-not-found', 'accelerators[0].tb-size', [{**NO_KVM, 'tb-size': 1}]),
                ('property-not-found', 'accelerators[0].id', [{**QTEST, 'id': 'x'}]),
                ('out-of-range', 'accelerators[0].tb-size',
                 [{'qom-type': 'tcg-accel', 'tb-size': 2048}])):
            refuse(client, reason, path, {'qom-type': 'any-accel', 'accelerators': accelerators})
        refuse(client, 'id-invalid', 'id', {'qom-type': 'any-accel', 'id': '1'})
        choose(client, QTEST)
        refuse(client, 'id-in-use', 'qom-type', {'qom-type': 'any-accel'})
        client.call('object-del', id='accel')
        client.call('object-add', qom_type='iothread', id='accel')
        refuse(client, 'id-in-use', 'id', {'qom-type': 'any-accel', 'id': 'accel'})


def in_a_list_of_requests(recorder):
    """`build` creates it in order, and undoes it with the rest"""
    machine = {'execute': 'object-add', 'arguments': {'qom-type': 'none-machine'}}
    choice = {'execute': 'object-add',
              'arguments': {'qom-type': 'any-accel', 'accelerators': [NO_KVM, QTEST]}}
    with Daemon(recorder) as daemon:
        client = daemon.client()
        bad = {'execute': 'device_add', 'arguments': {'driver': 'isa-serial'}}
        client.error('build', {'requests': [machine, choice, bad]})
        assert in_use(client) == (None, None)
        client.error('build', {'requests': [choice, {'execute': 'object-add', 'arguments': QTEST}]})
        client.call('build', requests=[machine, choice])
        assert in_use(client)[0] == 'qtest'


def the_record(recorder):
    """the exit record has it"""
    with ManagedDaemon(recorder) as daemon:
        client = daemon.client()
        assert 'accelerator' not in daemon.record()
        choose(client, NO_KVM, QTEST)
        why = in_use(client)[1]
        client.call('quit')
        daemon.wait()
        record = daemon.record()
        assert (record['accelerator'], record['accelerator-why']) == ('qtest', why), record


# ---- A host without KVM ----

def guest_without_kvm(recorder):
    """without /dev/kvm a request file for every host runs its guest, without a message"""
    need_mounts()
    need_tcg()
    with Daemon(recorder, wrapper=WITHOUT_KVM) as daemon:
        client = daemon.client()
        assert 'kvm' not in client.call('query-accelerators')['present']
        assert client.call('query-kvm') == {'enabled': False, 'present': False}
        assert client.error('object-add', {'qom-type': 'kvm-accel'})['reason'] == 'no-accelerator'
        client.call('object-add', qom_type='any-accel', id='accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram',
                    kernel=microvm.KERNEL, append='print=hello end=exit:5')
        client.call('device_add', driver='host-x86_64-cpu', id='cpu0')
        client.call('chardev-add', id='con', backend={'type': 'ringbuf', 'data': {}})
        client.call('device_add', driver='isa-serial', chardev='con')
        client.call('device_add', driver='isa-debug-exit', iobase=microvm.DEBUG_EXIT, iosize=4)
        event = microvm.run(client)
        assert event == {'guest': True, 'reason': 'guest-shutdown'}, event
        assert '\nhello' in microvm.console_text(client)
        run = subprocess.run([vmdtest.VMCTL, '--socket', daemon.socket, 'status'],
                             capture_output=True, text=True, check=True)
        assert ", 1 vCPU, tcg (kvm: cannot open '/dev/kvm'" in run.stdout, run
        assert ': warning: ' not in daemon.output(), daemon.output()


# ---- What the CPU in software refuses ----

def more_cpus(recorder):
    """with 'thread' single, a second CPU says that one is all"""
    need_tcg()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='tcg-accel', thread='single')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram',
                    smp={'cpus': 2})
        client.call('device_add', driver='qemu64-x86_64-cpu', id='one')
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'id': 'two'})
        assert error['reason'] == 'limit-exceeded', error
        assert "'thread' single runs one CPU" in error['desc'], error
        assert len(client.call('query-cpus-fast')) == 1


def features(recorder):
    """a CPU feature that it lacks is named, as KVM's are"""
    need_tcg()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='tcg-accel')
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=64 * MIB)
        client.call('object-add', qom_type='microvm-machine', memory_backend='ram')
        error = client.error('device_add', {'driver': 'qemu64-x86_64-cpu', 'id': 'cpu',
                                            'svm': True, 'enforce': True})
        assert "'tcg'" in error['desc'] and 'svm' in error['desc'], error
        client.call('device_add', driver='host-x86_64-cpu', id='cpu')
        assert client.call('qom-get', path='/machine/peripheral/cpu',
                           property='unavailable-features') == []


def memory_for_code(recorder):
    """memory for translated code: too much, none available, and writable code"""
    need_tcg()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        tcg = {'qom-type': 'tcg-accel', 'id': 't'}
        refuse(client, 'out-of-range', 'tb-size', {**tcg, 'tb-size': 2048})
        refuse(client, 'not-supported', 'split-wx', {**tcg, 'split-wx': False})
        pid = daemon.process.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_AS)
        with open('/proc/%d/statm' % pid, encoding='ascii') as f:
            used = int(f.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (used + 256 * MIB, hard))
        error = client.error('object-add', {**tcg, 'tb-size': 1024})
        assert error['reason'] == 'no-memory' and '1024 MiB of code' in error['desc'], error
        assert not [what for what in daemon.descriptors().values() if 'vmd-code' in what]
        resource.prlimit(pid, resource.RLIMIT_AS, (soft, hard))
        client.call('object-add', **tcg)


def code_is_never_writable(recorder):
    """no mapping of the daemon is writable and executable"""
    need_tcg()
    with Daemon(recorder) as daemon:
        client = daemon.client()
        client.call('object-add', qom_type='tcg-accel')
        with open('/proc/%d/maps' % daemon.process.pid, encoding='ascii') as f:
            lines = f.read().splitlines()
        code = [line for line in lines if 'vmd-code' in line]
        assert sorted(line.split()[1] for line in code) == ['r-xs', 'rw-s'], code
        assert not [line for line in lines if 'w' in line.split()[1] and 'x' in line.split()[1]]


# ---- Introspection ----

def typed(recorder):
    """a program can query the choices: the class's property is a list of accelerators"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        told = client.call('query-class', name='any-accel')
        prop = next(p for p in told['properties'] if p['name'] == 'accelerators')
        assert prop['type'] == 'AccelOptionsList', prop
        names = {t['name'] for t in client.call('qom-list-types', implements='accel')}
        assert names == {'kvm-accel', 'qtest-accel', 'tcg-accel'}, names
        assert 'qtest' in client.call('query-accelerators')['present']


if __name__ == '__main__':
    vmdtest.main([first_that_works, the_first_is_not_explained, left_to_the_daemon, none_works,
                  wrong_choices, in_a_list_of_requests, the_record, guest_without_kvm, more_cpus,
                  features, memory_for_code, code_is_never_writable, typed])
