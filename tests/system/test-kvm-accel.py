#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What only KVM has: its properties, and a host whose KVM fails below a running machine: what it
is told apart from, and how it ends.

tests/lib/kvm-fault.c makes KVM fail: a kernel that has found a fault in a VM refuses all
requests to it with EIO.
"""
import errno
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from microvm import build, wait_console             # noqa: E402
from vmdtest import BUILDDIR, TIMEOUT, VMCTL, Daemon, ManagedDaemon, on_kvm       # noqa: E402

SHIM = os.path.join(BUILDDIR, 'tests', 'lib', 'kvm-fault.so')


class Fragile(ManagedDaemon):
    """A daemon below which KVM can be broken."""

    def __init__(self, recorder):
        self.holder = vmdtest.tempfile.TemporaryDirectory(prefix='vmd-fault-')
        self.fault = os.path.join(self.holder.name, 'fault')
        super().__init__(recorder, env={
            'LD_PRELOAD': SHIM, 'VMD_TEST_KVM_FAULT': self.fault,
            # The sanitizer's library wants to be the first of all.
            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'})

    def break_kvm(self, error):
        with open(self.fault + '.new', 'w', encoding='ascii') as f:
            f.write('%d' % error)
        os.rename(self.fault + '.new', self.fault)

    def __exit__(self, *_):
        super().__exit__()
        self.holder.cleanup()


def run_guest(daemon, **machine):
    """A guest that exits all the time."""
    client = daemon.client()
    build(client, append='bench=pio:2000000000@233 end=halt', **machine)
    client.call('cont')
    return client


def all_events(client):
    """What comes until the daemon has gone."""
    try:
        while True:
            message = client.receive()
            if 'event' in message:
                client.note_event(message)
    except EOFError:
        return client.events


@on_kvm
def stays(recorder):
    """by default the machine stops in state internal-error, and reports that KVM is lost"""
    with Fragile(recorder) as daemon:
        client = run_guest(daemon)
        daemon.break_kvm(errno.EIO)
        event = client.wait_event('INTERNAL_ERROR')['data']
        assert event['detail'] == 'accel-lost' and event['qom-path'].endswith('/cpu0'), event
        assert os.strerror(errno.EIO) in event['reason'], event
        assert client.call('query-status')['status'] == 'internal-error'
        daemon.expect_status('internal-error, 1 vCPU; the accelerator is lost')
        client.call('quit')
        assert client.wait_event('SHUTDOWN')['data'] == {
            'guest': False, 'reason': 'host-qmp-quit'}
        assert daemon.wait() == 0
        record = daemon.record()
        assert record['state'] == 'internal-error' and 'detail' not in record, record
        assert os.strerror(errno.EIO) in record['message'], record


@on_kvm
def memory_is_lost(recorder):
    """KVM finds no memory (EFAULT): the backend whose file is shorter now is named"""
    with Fragile(recorder) as daemon:
        memory = daemon.path('memory')
        client = run_guest(daemon, ram={'qom-type': 'memory-backend-file', 'share': True,
                                        'mem-path': memory})
        os.truncate(memory, 48 << 20)           # the guest uses none of what is gone
        daemon.break_kvm(errno.EFAULT)
        client.wait_event('INTERNAL_ERROR')
        client.call('quit')
        assert daemon.wait() == 0
        message = daemon.record()['message']
        assert os.strerror(errno.EFAULT) in message, message
        assert "memory backend 'ram', file '%s': the file has become shorter" % memory in message


@on_kvm
def ends(recorder):
    """with internal-error=exit-failure it ends with status 12, once for all vCPUs"""
    with Fragile(recorder) as daemon:
        client = run_guest(daemon, cpus=3)
        client.call('set-action', internal_error='exit-failure')
        client.call('stop')
        daemon.break_kvm(errno.EIO)
        client.send({'execute': 'cont'})
        events = all_events(client)
        assert [e['data'] for e in events if e['event'] == 'SHUTDOWN'] == [
            {'guest': False, 'reason': 'host-error', 'detail': 'accel-lost'}], events
        assert 'INTERNAL_ERROR' in [e['event'] for e in events], events
        assert daemon.wait() == 12
        daemon.expect_status('ended: host-error, accel-lost')
        record = daemon.record()
        assert (record['cause'], record['detail'], record['status']) == (
            'host-error', 'accel-lost', 12), record
        os.mkdir(os.path.join(daemon.state, 'm'))
        os.rename(os.path.join(daemon.state, 'exit.json'),
                  os.path.join(daemon.state, 'm', 'exit.json'))
        told = subprocess.run([VMCTL, '-n', 'm', 'status'], capture_output=True, text=True,
                              timeout=TIMEOUT, env={**os.environ, 'VMD_STATE_DIR': daemon.state,
                                                    'VMD_RUN_DIR': daemon.state})
        assert told.returncode == 3 and told.stdout.startswith(
            'm: ended, host-error, accel-lost (/machine/peripheral/cpu'), told
        assert told.stdout.endswith(', exit status 12\n'), told


@on_kvm
def other_errors(recorder):
    """an errno that is about one vCPU's state is an internal error as before: status 10"""
    with Fragile(recorder) as daemon:
        client = run_guest(daemon)
        client.call('set-action', internal_error='exit-failure')
        daemon.break_kvm(errno.EINVAL)
        assert client.wait_event('INTERNAL_ERROR')['data']['detail'] == 'internal-error'
        assert client.wait_event('SHUTDOWN')['data']['detail'] == 'internal-error'
        assert daemon.wait() == 10
        assert daemon.record()['detail'] == 'internal-error'


@on_kvm
def recovers(recorder):
    """once KVM works again, the machine runs after a reset; until then the error is repeated"""
    with Fragile(recorder) as daemon:
        client = run_guest(daemon)
        daemon.break_kvm(errno.ENODEV)
        client.wait_event('INTERNAL_ERROR')
        client.call('system_reset')
        client.wait_event('RESET')
        # The reset itself could not set the vCPU's state.
        assert client.wait_event('INTERNAL_ERROR')['data']['detail'] == 'accel-lost'
        os.unlink(daemon.fault)
        client.call('system_reset')
        client.call('cont')
        wait_console(client, 'guest')
        assert client.call('query-status')['running']
        daemon.expect_status('running, 1 vCPU')


@on_kvm
def no_device(recorder):
    """removing /dev/kvm does not affect a running machine; a new one is refused by name"""
    vmdtest.need_mounts()
    with Daemon(recorder, wrapper=['unshare', '--mount', '--propagation', 'private']) as daemon:
        client = run_guest(daemon)
        done = subprocess.run(['nsenter', '-t', str(daemon.process.pid), '-m', 'mount', '--bind',
                               '/dev/null', '/dev/kvm'], capture_output=True, text=True)
        if done.returncode:
            raise vmdtest.Skip('nothing can be mounted over /dev/kvm: ' + done.stderr.strip())
        client.call('system_reset')
        wait_console(client, 'guest')
        assert client.call('query-status')['running']
        client.call('quit')
    with Daemon(recorder, wrapper=['unshare', '--mount', '--propagation', 'private', 'sh', '-c',
                                   'mount --bind /dev/null /dev/kvm; exec "$@"', 'sh']) as daemon:
        error = daemon.client().error('object-add', {'qom-type': 'kvm-accel', 'id': 'kvm'})
        assert error['reason'] == 'no-accelerator', error


@on_kvm
def properties(recorder):
    """kvm-accel's properties: the device file, and where interrupt controllers are"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        assert client.call('query-kvm') == {'enabled': False, 'present': True}
        client.call('object-add', qom_type='kvm-accel', id='a', device='/dev/kvm',
                    kernel_irqchip='on')
        assert client.call('query-kvm') == {'enabled': True, 'present': True}
        assert client.call('qom-get', path='/objects/a', property='device') == '/dev/kvm'
        assert client.error('object-add', {'qom-type': 'kvm-accel', 'id': 'b'})[
            'reason'] == 'id-in-use'
        client.call('object-del', id='a')
        assert client.call('query-kvm')['enabled'] is False
        for machine in ('microvm-machine', 'pc-i440fx-2.7-machine'):
            client.call('object-add', qom_type='kvm-accel', id='a', kernel_irqchip='off')
            error = client.error('object-add', {'qom-type': machine})
            assert 'kernel-irqchip' in error['desc'], error
            client.call('object-del', id='a')


@on_kvm
def fewer_than_smp(recorder):
    """property smp: cont asks for as many CPUs, where there can be several"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        build(client, cpus=2, smp={'cpus': 3})
        error = client.error('cont')
        assert error['reason'] == 'invalid-value' and "'smp' says 3" in error['desc'], error
        client.call('device_add', driver='qemu64-x86_64-cpu', id='third')
        client.call('cont')


@on_kvm
def lost_ticks(recorder):
    """kvm-pit.lost_tick_policy: KVM makes the timer with either, and slew is refused by name"""
    for policy in 'delay', 'discard', 'slew':
        with Daemon(recorder) as daemon:
            client = daemon.client()
            client.call('object-add', qom_type='kvm-accel')
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=16 << 20)
            machine = {'qom-type': 'pc-i440fx-7.2-machine', 'memory-backend': 'ram', 'defaults': [
                {'driver': 'kvm-pit', 'property': 'lost_tick_policy', 'value': policy}]}
            if policy == 'slew':
                error = client.error('object-add', machine)
                assert error['path'] == 'defaults[0].value' and 'slew' in error['desc'], error
                continue
            client.request({'execute': 'object-add', 'arguments': machine})
            assert client.call('qom-get', path='/machine/i8254',
                               property='lost_tick_policy') == policy
            recorder.write('kvm-pit', 'lost_tick_policy')


if __name__ == '__main__':
    vmdtest.main([properties, lost_ticks, fewer_than_smp, stays, memory_is_lost, ends, other_errors, recovers, no_device])
