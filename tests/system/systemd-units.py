#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The units under a real systemd: from installation to removal without a trace."""
import ctypes
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import systemdbox                                   # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import accel_class, on_one_accel       # noqa: E402

GUEST = '/var/lib/vmd-guests/guest.elf'
CONFIG = '''
{ "execute": "object-add", "arguments": { "qom-type": "%s", "id": "accel" } }
{ "execute": "object-add", "arguments": { "qom-type": "memory-backend-memfd", "id": "ram", "size": 16777216 } }
{ "execute": "object-add", "arguments": { "qom-type": "microvm-machine", "memory-backend": "ram",
  "kernel": "%s", "append": "%s" } }
{ "execute": "device_add", "arguments": { "driver": "qemu64-x86_64-cpu", "id": "cpu0" } }
{ "execute": "set-action", "arguments": { "reboot": "shutdown" } }
{ "execute": "cont" }
'''

CONSOLE = '''
{ "execute": "chardev-add", "arguments": { "id": "con", "backend": { "type": "file",
  "data": { "out": "/var/lib/vmd/polite/console" } } } }
{ "execute": "device_add", "arguments": { "driver": "isa-serial", "chardev": "con" } }
{ "execute": "cont" }
'''

_box = None
_trouble = None
_installed = []


def make_box():
    global _box
    _box = systemdbox.Box()
    _installed.extend(_box.install())
    _box.copy(os.path.join(vmdtest.GUESTS, 'guest.elf'), GUEST)


def box():
    """One box serves all tests; if it cannot start it is not tried again."""
    global _trouble
    if _trouble is None and not _installed:
        try:
            make_box()
        except Exception as trouble:
            _trouble = trouble
    if _trouble is not None:
        raise _trouble
    return _box


def config(append):
    return CONFIG % (accel_class(), GUEST, append)


def configure(b, name, append):
    b.write('/etc/vmd/%s.conf' % name, config(append))


def vmctl(b, name, *words, check=True):
    return b.run('vmctl', '-n', name, *words, check=check)


def record(b, name):
    return json.loads(b.run('cat', '/var/lib/vmd/%s/exit.json' % name).stdout)


def main_pid(b, name):
    return int(b.show('vmd@%s.service' % name, 'MainPID'))


def host_pid(b, pid):
    """The number that a process of the box has outside."""
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/status' % name, encoding='utf-8') as f:
                    ids = next(l for l in f if l.startswith('NSpid:')).split()[1:]
            except (OSError, StopIteration):
                continue
            if len(ids) > 1 and ids[-1] == str(pid) and os.readlink(
                    '/proc/%s/ns/pid' % name) == os.readlink('/proc/%d/ns/pid' % b.pid):
                return int(name)
    raise AssertionError('no process %d' % pid)


class StoppedThread:
    """Holds the main thread of a process, and no other one, by ptrace."""

    ATTACH, DETACH, INTERRUPT = 0x4206, 17, 0x4207      # SEIZE, DETACH, INTERRUPT

    def __init__(self, pid):
        self.pid = pid
        self.libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self):
        for request in (self.ATTACH, self.INTERRUPT):
            if self.libc.ptrace(request, self.pid, None, None) < 0:
                raise vmdtest.Skip('ptrace: ' + os.strerror(ctypes.get_errno()))
        os.waitpid(self.pid, 0x40000000)                # __WALL
        return self

    def gone(self):
        """It was killed: its tracer has to hear of that first."""
        return os.waitpid(self.pid, 0x40000000 | os.WNOHANG)[0] == self.pid

    def __exit__(self, *_):
        self.libc.ptrace(self.DETACH, self.pid, None, None)


def socket_mode(b, name):
    return b.run('stat', '-c', '%a %U %G', '/run/vmd/%s/qmp.sock' % name).stdout.strip()


def ended(b, name):
    b.wait(lambda: b.show('vmd@%s.service' % name, 'ActiveState') in ('inactive', 'failed'),
           'vmd@%s did not end' % name)


def exposure(_recorder):
    """the service's exposure is at most 1.5"""
    b = box()
    text = b.run('systemd-analyze', 'security', '--no-pager', 'vmd@x.service').stdout
    line = next(l for l in text.splitlines() if 'Overall exposure level' in l)
    assert float(line.split(':')[1].split()[0]) <= 1.5, line


def first_connection(_recorder):
    """enabled by its socket, the daemon starts with the first connection and serves it"""
    b = box()
    b.run('systemctl', 'enable', '--now', 'vmd@first.socket')
    assert b.show('vmd@first.service', 'ActiveState') == 'inactive'
    assert vmctl(b, 'first', 'status', check=False).stdout == 'first: prelaunch, 0 vCPUs\n'
    b.wait(lambda: b.show('vmd@first.service', 'ActiveState') == 'active', 'it is not ready')
    assert b.show('vmd@first.service', 'StatusText') == 'prelaunch, 0 vCPUs'
    status = b.run('cat', '/proc/%d/status' % main_pid(b, 'first')).stdout
    fields = dict(line.split(':\t', 1) for line in status.splitlines() if ':\t' in line)
    user = b.run('id', '-u', 'vmd-first').stdout.strip()
    assert fields['Uid'].split()[0] == user and user != '0', fields['Uid']
    assert int(fields['CapEff'], 16) == 0 and fields['NoNewPrivs'] == '1', fields
    assert socket_mode(b, 'first') == '660 vmd-first vmd-first', socket_mode(b, 'first')


def libraries_when_ready(_recorder):
    """a library that is needed later is loaded, for all confinement"""
    b = box()
    b.run('systemctl', 'start', 'vmd@late.service')
    request = {'execute': 'netdev_add', 'arguments': {'type': 'user', 'id': 'net'}}
    maps = '/proc/%d/maps' % main_pid(b, 'late')
    assert 'libslirp' not in b.run('cat', maps).stdout
    vmctl(b, 'late', 'qmp', json.dumps(request))
    assert 'libslirp' in b.run('cat', maps).stdout
    b.run('systemctl', 'stop', 'vmd@late.service')


@on_one_accel
def configured_before_ready(_recorder):
    """a machine's requests are applied before the service counts as started"""
    b = box()
    configure(b, 'conf', 'end=loop')
    b.run('systemctl', 'start', 'vmd@conf.service')
    assert b.show('vmd@conf.service', 'StatusText') == 'running, 1 vCPU'
    assert b.show('vmd@conf.service', 'Slice') == 'vmd.slice'
    assert socket_mode(b, 'conf') == '770 vmd-conf vmd-conf', socket_mode(b, 'conf')
    b.run('systemctl', 'stop', 'vmd@conf.service')


# Runs as the daemon of the first machine, with all that it has; tells what it could do.
INTRUDER = r'''
for path in /var/lib/vmd/b /run/vmd/b /etc/vmd/b.conf /var/lib/vmd/b/image; do
    [ -e $path ] && echo "sees $path"
done
vmctl -s /run/vmd/b/qmp.sock quit && echo "ends b over its socket"
kill -0 %(pid)d && echo "may signal b"
[ -e /proc/%(pid)d ] && echo "sees the process of b"
[ -e /run/vmd/a/qmp.sock ] && echo "sees itself"
id -u
true
'''


def in_namespaces_of(b, pid, script, user):
    """What a process would do that the daemon became."""
    return b.run('nsenter', '-t', str(pid), '-m', '-i', '-n', 'setpriv', '--reuid', user,
                 '--regid', user, '--groups', user + ',kvm', '--no-new-privs', 'sh', '-c', script)


@on_one_accel
def two_machines(_recorder):
    """a daemon sees, ends and signals nothing of its neighbour's: files, sockets, processes"""
    b = box()
    for name in ('a', 'b'):
        configure(b, name, 'end=loop')
        b.run('systemctl', 'start', 'vmd@%s.service' % name)
    b.run('sh', '-c', 'echo secret >/var/lib/vmd/b/image; chown vmd-b:vmd-b /var/lib/vmd/b/image; '
          'chmod 660 /var/lib/vmd/b/image')
    pids = {name: main_pid(b, name) for name in ('a', 'b')}
    users = {b.run('stat', '-c', '%u', '/proc/%d' % pid).stdout for pid in pids.values()}
    assert len(users) == 2, users
    filters = b.run('cat', '/proc/%d/status' % pids['a']).stdout
    assert 'Seccomp:\t2' in filters, filters
    log = b.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'vmd@a').stdout
    assert 'can still be executed' not in log, log
    told = in_namespaces_of(b, pids['a'], INTRUDER % {'pid': pids['b']}, 'vmd-a').stdout
    assert told.splitlines() == ['sees itself', b.run('id', '-u', 'vmd-a').stdout.strip()], told
    # Without its view of the files it is another user all the same.
    outside = b.run('setpriv', '--reuid', 'vmd-a', '--regid', 'vmd-a', '--groups', 'vmd-a,kvm',
                    'sh', '-c', 'cat /var/lib/vmd/b/image; vmctl -n b quit; kill -0 %d' % pids['b'],
                    check=False)
    assert outside.returncode and not outside.stdout, outside
    assert b.show('vmd@b.service', 'StatusText') == 'running, 1 vCPU'
    b.run('systemctl', 'stop', 'vmd@a.service', 'vmd@b.service')


def bad_configuration(_recorder):
    """a request that fails fails the start, and the record says so"""
    b = box()
    b.write('/etc/vmd/bad.conf', '{ "execute": "no-such-command" }\n')
    assert b.run('systemctl', 'start', 'vmd@bad.service', check=False).returncode
    assert b.show('vmd@bad.service', 'ExecMainStatus') == '8'
    assert record(b, 'bad')['status'] == 8
    log = b.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'vmd@bad').stdout
    assert 'no-such-command' in log, log
    assert b.show('vmd@bad.service', 'NRestarts') == '0'
    b.run('systemctl', 'reset-failed', 'vmd@bad.service')


@on_one_accel
def guest_shutdown(_recorder):
    """a guest that ends its machine ends the service, and the record says why"""
    b = box()
    configure(b, 'short', 'end=reboot')
    b.run('systemctl', 'start', 'vmd@short.service', check=False)
    ended(b, 'short')
    assert record(b, 'short')['cause'] == 'guest-reset', record(b, 'short')
    assert b.show('vmd@short.service', 'Result') == 'success'
    told = vmctl(b, 'short', 'status', check=False)
    assert told.stdout.startswith('short: ended, guest-reset') and told.returncode == 3, told
    b.run('systemctl', 'stop', 'vmd@short.socket', check=False)


@on_one_accel
def stop_without_help(_recorder):
    """systemctl stop ends a machine whose guest does not cooperate"""
    b = box()
    configure(b, 'deaf', 'end=loop')
    b.run('systemctl', 'start', 'vmd@deaf.service')
    b.run('systemctl', 'stop', 'vmd@deaf.service')
    assert b.show('vmd@deaf.service', 'Result') == 'success'
    assert record(b, 'deaf')['cause'] in ('host-qmp-quit', 'host-signal')


@on_one_accel
def stop_with_help(_recorder):
    """systemctl stop waits for a guest that powers off when its button is pressed"""
    b = box()
    b.write('/etc/vmd/polite.conf', config('end=button').replace(
        'microvm-machine', 'pc-i440fx-2.7-machine').replace('{ "execute": "cont" }', CONSOLE))
    b.run('systemctl', 'start', 'vmd@polite.service')
    b.wait(lambda: 'waits for the power button' in b.run(
        'cat', '/var/lib/vmd/polite/console', check=False).stdout, 'the guest does not wait')
    b.run('systemctl', 'stop', 'vmd@polite.service')
    assert b.show('vmd@polite.service', 'Result') == 'success'
    assert record(b, 'polite')['cause'] == 'guest-shutdown', record(b, 'polite')


@on_one_accel
def stop_of_a_deaf_pc(_recorder):
    """a guest that does not react to its button is ended after the timeout"""
    b = box()
    b.write('/etc/systemd/system/vmd@deafpc.service.d/fast.conf',
            '[Service]\nExecStop=\nExecStop=vmctl --name=%i stop --timeout=2\n')
    b.run('systemctl', 'daemon-reload')
    b.write('/etc/vmd/deafpc.conf', config('end=loop').replace(
        'microvm-machine', 'pc-i440fx-2.7-machine'))
    b.run('systemctl', 'start', 'vmd@deafpc.service')
    b.run('systemctl', 'stop', 'vmd@deafpc.service')
    assert record(b, 'deafpc')['cause'] == 'host-signal', record(b, 'deafpc')
    b.run('systemctl', 'reset-failed', 'vmd@deafpc.service', check=False)
    b.run('rm', '-r', '/etc/systemd/system/vmd@deafpc.service.d')


@on_one_accel
def killed(_recorder):
    """after kill -9 of the daemon the service is started again"""
    b = box()
    configure(b, 'killed', 'end=loop')
    b.run('systemctl', 'start', 'vmd@killed.service')
    before = main_pid(b, 'killed')
    b.kill('vmd@killed.service')
    b.wait(lambda: main_pid(b, 'killed') not in (0, before) and
           b.show('vmd@killed.service', 'StatusText') == 'running, 1 vCPU', 'no new daemon')
    assert b.show('vmd@killed.service', 'NRestarts') == '1'
    b.run('systemctl', 'stop', 'vmd@killed.service')


@on_one_accel
def stuck_loop(_recorder):
    """a main loop that hangs is detected by the watchdog, and the machine restarted"""
    b = box()
    b.write('/etc/systemd/system/vmd@stuck.service.d/fast.conf', '[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\n')
    b.run('systemctl', 'daemon-reload')
    configure(b, 'stuck', 'end=loop')
    b.run('systemctl', 'start', 'vmd@stuck.service')
    before = main_pid(b, 'stuck')
    with StoppedThread(host_pid(b, before)) as thread:
        b.wait(thread.gone, 'the watchdog did not bite')
    b.wait(lambda: main_pid(b, 'stuck') not in (0, before), 'no new daemon')
    b.run('journalctl', '--sync')
    log = b.run('journalctl', '--no-pager', '-o', 'cat', '-u', 'vmd@stuck').stdout
    assert 'Watchdog timeout' in log, log
    b.run('systemctl', 'stop', 'vmd@stuck.service')
    b.run('rm', '-r', '/etc/systemd/system/vmd@stuck.service.d')


@on_one_accel
def restart_limit(_recorder):
    """a daemon that keeps dying is given up after five starts"""
    b = box()
    configure(b, 'dying', 'end=loop')
    b.run('systemctl', 'start', 'vmd@dying.service')
    seen = set()

    def kill_again():
        if b.show('vmd@dying.service', 'ActiveState') == 'failed':
            return True
        pid = main_pid(b, 'dying')
        if pid and pid not in seen:
            seen.add(pid)
            b.run('systemctl', 'kill', '--kill-whom=main', '--signal=9', 'vmd@dying', check=False)
        return False
    b.wait(kill_again, 'it was never given up', 60)
    assert len(seen) == 5, seen
    told = vmctl(b, 'dying', 'status', check=False)
    assert told.stdout == 'dying: killed\n', told
    b.run('systemctl', 'reset-failed', 'vmd@dying.service')


def journal_fields(_recorder):
    """the journal has each request with machine, command, client and priority"""
    b = box()
    b.run('systemctl', 'start', 'vmd@log.service')
    vmctl(b, 'log', 'qmp', json.dumps({'execute': 'object-add', 'arguments': {
        'qom-type': 'memory-backend-ram', 'id': 'ram', 'size': 4096}}))
    b.run('journalctl', '--sync')
    text = b.run('journalctl', '--no-pager', '-o', 'json', '-u', 'vmd@log', 'COMMAND=object-add').stdout
    entry = json.loads(text.splitlines()[0])
    assert entry['VM'] == 'log' and entry['PRIORITY'] == '6' and 'pid' in entry['CLIENT'], entry
    b.run('systemctl', 'stop', 'vmd@log.service')


@on_one_accel
def at_boot(_recorder):
    """an enabled machine runs after a reboot of the host"""
    b = box()
    configure(b, 'boot', 'end=loop')
    b.run('systemctl', 'enable', 'vmd@boot.service')
    b.reboot()
    b.wait(lambda: b.show('vmd@boot.service', 'StatusText') == 'running, 1 vCPU', 'not started')
    b.run('systemctl', 'disable', '--now', 'vmd@boot.service', 'vmd@boot.socket')


@on_one_accel
def many_instances(_recorder):
    """20 machines in parallel: started, listed, stopped"""
    b = box()
    names = ['m%d' % i for i in range(20)]
    for name in names:
        configure(b, name, 'end=loop')
    b.run('systemctl', 'start', *['vmd@%s.service' % name for name in names], timeout=120)
    live = {m['name'] for m in json.loads(b.run('vmctl', 'list', '--json').stdout) if m['live']}
    assert set(names) <= live, live
    b.run('systemctl', 'stop', *['vmd@%s.service' % name for name in names], timeout=120)
    live = {m['name'] for m in json.loads(b.run('vmctl', 'list', '--json').stdout) if m['live']}
    assert not set(names) & live, live


def removal(_recorder):
    """after removal only the administrator's files and the records are left"""
    b = box()
    b.run('systemctl', 'stop', 'vmd@*.service', 'vmd@*.socket', check=False)
    b.run('systemctl', 'disable', 'vmd@first.socket')
    b.run('rm', *_installed)
    b.run('systemctl', 'daemon-reload')
    units = b.run('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'vmd*').stdout
    assert 'vmd@' not in units, units
    assert not b.run('pgrep', '-x', 'vmd', check=False).stdout
    left = b.run('find', '/run/vmd', '/etc/systemd/system', '-name', '*vmd*', '-not', '-path',
                 '/run/vmd').stdout
    sockets = b.run('find', '/run/vmd', '-type', 's').stdout
    assert not left and not sockets, left + sockets


if __name__ == '__main__':
    systemdbox.enter_mount_namespace()
    try:
        vmdtest.main([exposure, first_connection, libraries_when_ready, configured_before_ready,
                      two_machines, bad_configuration, guest_shutdown, stop_without_help,
                      stop_with_help, stop_of_a_deaf_pc, killed, stuck_loop, restart_limit,
                      journal_fields, at_boot, many_instances, removal])
    finally:
        if _box:
            _box.__exit__()
