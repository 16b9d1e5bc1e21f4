#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl run: a machine from a QEMU command line to its exit status, and what is left when either
of the two processes is killed."""

import contextlib
import os
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

from rig import TIMEOUT, VMCTL, case, contains, equal, main, scratch, vmctl
import linuxguest
import microvm
from vmdtest import GUESTS, accel, on_one_accel, wait_for

KERNEL = os.path.join(GUESTS, 'guest.elf')
CPU = ['-cpu', 'qemu64,tsc-deadline=on,x2apic=on']
MICROVM = ['-M', 'microvm,rtc=on', '-nodefaults', '-m', '32', *CPU, '-kernel', KERNEL]
PC = ['-M', 'pc', '-nodefaults', '-m', '32', *CPU, '-kernel', KERNEL]
EXIT = ['-device', 'isa-debug-exit,iobase=0x501,iosize=4']
# A machine that needs no KVM.
QTEST = ['-M', 'microvm', '-accel', 'qtest', '-nodefaults', '-m', '16']


def words(options):
    """What follows `vmctl run --`: a line that names no accelerator gets the test's."""
    return options if '-accel' in options else ('-accel', accel(), *options)


def run(*options, before=(), **more):
    return vmctl(*before, 'run', '--', *words(options), **more)


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as f:
        return [int(word) for word in f.read().split()]


def is_gone(pid):
    """A zombie counts as ended: its parent is not part of this test."""
    try:
        with open('/proc/%d/stat' % pid, encoding='ascii') as f:
            return f.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except FileNotFoundError:
        return True


def opened(pid):
    """What each descriptor of a process is."""
    folder = '/proc/%d/fd/' % pid
    return [os.readlink(folder + name) for name in os.listdir(folder)]


class Machine:
    """vmctl run with pipes; the guest has printed `until` when this is made."""

    def __init__(self, *options, until=None, before=(), env=None, **more):
        self.out = b''
        self.process = subprocess.Popen([VMCTL, *before, 'run', '--', *words(options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env={**os.environ, **(env or {})},
                                        **more)
        if until:
            self.read_until(until)

    def read_until(self, text, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while text not in self.out:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError('%r did not come, only %r' % (text, self.out))
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                raise AssertionError('%r did not come: %r %r'
                                     % (text, self.out, self.process.stderr.read()))
            self.out += data

    @property
    def daemon(self):
        (pid,) = children(self.process.pid)
        return pid

    def finish(self, status):
        equal(self.process.wait(TIMEOUT), status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def run_directory():
    with scratch() as path:
        yield path, {'VMD_RUN_DIR': path}


# ---- From the beginning to the end

@case
@on_one_accel
def output_and_exit_status_are_the_guests():
    for value in (0, 3, 20):
        done = run(*MICROVM, *EXIT, '-serial', 'stdio', '-append', 'print=hello end=exit:%d' % value)
        done.check(value << 1 | 1)
        contains(done.out, 'hello\n')


@case
@on_one_accel
def guest_that_shuts_down_ends_with_zero():
    run(*PC, '-serial', 'stdio', '-append', 'end=poweroff').check(0)
    run(*MICROVM, '-no-reboot', '-append', 'end=reboot').check(0, '')


@case
@on_one_accel
def action_decides_how_a_panic_ends():
    with scratch() as path:
        kernel = microvm.write_kernel(path + '/kernel', microvm.out8(0x505, 1) + microvm.exit_with(3))
        line = ['-M', 'microvm', '-nodefaults', '-m', '32', '-kernel', kernel, '-device', 'pvpanic']
        run(*line, '-action', 'panic=exit-failure').check(6)
        run(*line).check(0)


@case
@on_one_accel
def linux_boots_to_its_shell_and_reboots_to_the_end():
    with scratch() as path:
        kernel, initrd = linuxguest.images(path)
        line = [*MICROVM, '-m', '96', '-kernel', kernel, '-initrd', initrd, '-no-reboot',
                '-append', linuxguest.command_line(), '-serial', 'stdio']
        with Machine(*line) as machine:
            machine.read_until(b'GUEST: ready', linuxguest.BOOT_TIMEOUT)
            machine.process.stdin.write(b'echo $((6 * 7))\nreboot -f\n')
            machine.process.stdin.flush()
            machine.finish(0)
            contains(machine.out + machine.process.stdout.read(), b'42')


@case
@on_one_accel
def snapshot_takes_what_the_guest_writes():
    with scratch() as path:
        kernel, initrd = linuxguest.images(path)
        image = os.path.join(path, 'disk')
        before = b'before'.ljust(512, b'.') * 2048
        with open(image, 'wb') as f:
            f.write(before)
        machine = MICROVM if accel() == 'kvm' else [*PC, '-cpu', 'max']
        line = [*machine, '-m', '96', '-kernel', kernel, '-initrd', initrd, '-no-reboot',
                '-append', linuxguest.command_line(), '-serial', 'stdio', '-snapshot',
                '-drive', 'file=%s,if=virtio,format=raw' % image]
        with Machine(*line, env={'TMPDIR': path}) as machine:
            machine.read_until(b'GUEST: ready', linuxguest.BOOT_TIMEOUT)
            machine.process.stdin.write(b'echo after | dd of=/dev/vda conv=sync,notrunc bs=512\n'
                                        b'sync; echo 3 >/proc/sys/vm/drop_caches\n'
                                        b'head -c 512 /dev/vda; tail -c 512 /dev/vda\nreboot -f\n')
            machine.process.stdin.flush()
            machine.finish(0)
            printed = machine.out + machine.process.stdout.read()
            contains(printed, b'after')
            contains(printed, b'before....')
        with open(image, 'rb') as f:
            equal(f.read(), before)
        equal(os.listdir(path).count('disk'), 1)
        equal([name for name in os.listdir(path) if name.startswith('vmctl')], [])


@case
def snapshot_of_an_image_of_any_size():
    with scratch() as path:
        image = os.path.join(path, 'image')
        line = [*QTEST, '-snapshot', '-drive', 'format=qcow2,if=virtio,file=' + image]
        for size, why in (((1 << 63) - 1, 'File too large'), (1 << 63, 'cannot get the size'),
                          ((1 << 64) - 1, 'cannot get the size')):
            with open(image, 'wb') as f:
                f.write(b'QFI\xfb' + struct.pack('>I16xQ', 3, size) + bytes(72))
            done = run(*line, env={'TMPDIR': path}).check(1, '')
            contains(done.err, why)
            equal(os.listdir(path), ['image'])


@case
@on_one_accel
def input_reaches_the_guest():
    with Machine(*MICROVM, *EXIT, '-serial', 'mon:stdio', '-append', 'end=echo end=exit:1',
                 until=b'echo: ready') as machine:
        machine.process.stdin.write(b'typed\n')
        machine.process.stdin.flush()
        machine.read_until(b'echo: typed')
        machine.process.stdin.write(b'quit\n')
        machine.process.stdin.close()
        machine.finish(3)
        machine.process.stdin = None


@case
@on_one_accel
def all_that_was_printed_comes_before_the_end():
    words = ' '.join('print=%s' % (letter * 60) for letter in 'abcdefghijklmnopqrstuvwxyz')
    done = run(*MICROVM, *EXIT, '-serial', 'stdio', '-append', words + ' end=exit:0').check(1)
    contains(done.out, 'z' * 60 + '\n')


# ---- Signals

@case
@on_one_accel
def sigterm_presses_the_button_and_the_guest_obeys():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Machine(*PC, '-serial', 'stdio', '-append', 'end=button',
                     until=b'waits for the power button') as machine:
            machine.process.send_signal(number)
            machine.finish(0)
            contains(machine.process.stdout.read(), b'end: power off')


@case
@on_one_accel
def second_signal_ends_a_guest_that_does_not_obey():
    with run_directory() as (path, env):
        with Machine(*PC, '-serial', 'stdio', '-append', 'end=echo', env=env,
                     before=['-n', 'm'], until=b'echo: ready') as machine:
            events = subprocess.Popen([VMCTL, '-s', path + '/m/qmp.sock', 'wait', '-e', 'POWERDOWN'],
                                      stdout=subprocess.DEVNULL)
            wait_for(lambda: len(opened(events.pid)) > 3, 'no connection')
            time.sleep(0.2)     # until its greeting is over
            machine.process.send_signal(signal.SIGTERM)
            equal(events.wait(TIMEOUT), 0)
            equal(machine.process.poll(), None)
            machine.process.send_signal(signal.SIGTERM)
            machine.finish(0)


@case
@on_one_accel
def machine_without_a_button_ends_at_once():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        with Machine(*MICROVM, '-serial', 'stdio', '-append', 'end=echo',
                     until=b'echo: ready') as machine:
            machine.process.send_signal(number)
            machine.finish(0)


@case
def machine_without_a_guest_ends_at_once():
    for machine in ('microvm', 'pc'):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with run_directory() as (_, env), \
                    Machine('-M', machine, '-accel', 'qtest', '-nodefaults', '-m', '16', env=env,
                            before=['-n', 'm']) as vm:
                wait_for(lambda e=env: 'running' in vmctl('-n', 'm', 'status', env=e).out,
                         'no machine')
                vm.process.send_signal(number)
                vm.finish(0)


# ---- Terminal

class Terminal:
    """vmctl run as the leader of a session on a terminal."""

    def __init__(self, *options, until):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.text = b''
        self.process = subprocess.Popen(
            [sys.executable, '-c', 'import fcntl, os, sys, termios\n'
             'os.setsid()\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\nos.execv(sys.argv[1], sys.argv[1:])',
             VMCTL, 'run', '--', *words(options)],
            stdin=self.slave, stdout=self.slave, stderr=self.slave)
        self.read_until(until)

    def read_until(self, text):
        end = time.monotonic() + TIMEOUT
        while text not in self.text:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError('%r did not come, only %r' % (text, self.text))
            self.text += os.read(self.master, 4096)

    def finish(self, status):
        try:
            equal(self.process.wait(TIMEOUT), status)
            equal(termios.tcgetattr(self.slave), self.before)
        finally:
            self.process.kill()
            os.close(self.slave)
            os.close(self.master)


@case
@on_one_accel
def escape_powers_off_and_restores_the_terminal():
    terminal = Terminal(*PC, '-serial', 'stdio', '-append', 'end=button',
                        until=b'waits for the power button')
    contains(terminal.text, b'Ctrl-] powers the machine off.')
    os.write(terminal.master, b'\x1d')
    terminal.finish(0)


@case
@on_one_accel
def interrupt_key_is_a_signal_with_stdio():
    terminal = Terminal(*MICROVM, '-serial', 'stdio', '-append', 'end=echo', until=b'echo: ready')
    os.write(terminal.master, b'\x03')
    terminal.finish(0)


@case
@on_one_accel
def interrupt_key_is_the_guests_with_mon_stdio_and_nographic():
    for serial in (['-serial', 'mon:stdio'], ['-nographic']):
        line = [word for word in MICROVM if word != '-nodefaults']
        terminal = Terminal(*line, *EXIT, *serial, '-append', 'end=echo end=exit:5',
                            until=b'echo: ready')
        os.write(terminal.master, b'a\x03b\r')
        terminal.read_until(b'echo: a\x03b')
        os.write(terminal.master, b'quit\r')
        terminal.finish(11)


# ---- Killing

@case
def daemon_ends_when_vmctl_is_killed():
    with run_directory() as (path, env):
        for options in ([], ['-S']):
            with Machine(*QTEST, *options, env=env, before=['-n', 'm']) as machine:
                wait_for(lambda: os.path.exists(path + '/m/qmp.sock'), 'no socket')
                wait_for(lambda: vmctl('-n', 'm', 'status', env=env).status == 0, 'no machine')
                daemon = machine.daemon
                machine.process.kill()
                machine.process.wait()
                wait_for(lambda pid=daemon: is_gone(pid), 'the daemon is still there')
                contains(vmctl('list', env=env).out, 'm     ended, host-signal')
                shutil.rmtree(path + '/m')


@case
def daemon_ends_when_vmctl_is_killed_at_any_time():
    for delay in range(0, 40, 2):
        with Machine(*QTEST) as machine:
            time.sleep(delay / 1000)
            found = children(machine.process.pid)
            machine.process.kill()
            machine.process.wait()
            for pid in found:
                wait_for(lambda p=pid: is_gone(p), 'the daemon is still there')


@case
def killed_daemon_is_told_by_the_exit_status():
    for number in (signal.SIGKILL, signal.SIGSEGV):
        with run_directory() as (_, env), Machine(*QTEST, env=env, before=['-n', 'm']) as machine:
            wait_for(lambda e=env: 'running' in vmctl('-n', 'm', 'status', env=e).out, 'no machine')
            os.kill(machine.daemon, number)
            machine.finish(128 + number)


@case
def daemon_that_hangs_is_killed():
    with run_directory() as (path, env), Machine(*QTEST, env=env, before=['-n', 'm']) as machine:
        wait_for(lambda: 'running' in vmctl('-n', 'm', 'status', env=env).out, 'no machine')
        os.kill(machine.daemon, signal.SIGSTOP)
        machine.process.send_signal(signal.SIGTERM)
        machine.finish(128 + signal.SIGKILL)


# ---- The daemon's process

@case
def name_leads_to_the_socket():
    with run_directory() as (path, env):
        with Machine(*QTEST, '-S', env=env, before=['-n', 'web']) as machine:
            wait_for(lambda: 'web: prelaunch, 1 vCPU' in vmctl('-n', 'web', 'status', env=env).out,
                     'no machine')
            vmctl('-n', 'web', 'stop', env=env).check(0)
            machine.finish(0)
            equal(os.listdir(path), [])


@case
def qmp_option_is_a_socket():
    with scratch() as path:
        with Machine(*QTEST, '-name', 'db', '-qmp', 'unix:%s/q,server=on,wait=off' % path) as machine:
            wait_for(lambda: '1 vCPU' in vmctl('-s', path + '/q', 'status').out, 'no machine')
            contains(vmctl('-s', path + '/q', 'qmp', 'query-name').out, '"db"')
            vmctl('-s', path + '/q', 'stop', '--force').check(0)
            machine.finish(0)
            equal(os.listdir(path), [])


@case
def daemonize_leaves_the_daemon_running():
    with scratch() as path:
        options = ['-daemonize', '-pidfile', path + '/pid', '-D', path + '/log', '-qmp',
                   'unix:%s/q,server=on,wait=off' % path]
        run(*QTEST, *options).check(0, '', '')
        with open(path + '/pid', encoding='ascii') as f:
            pid = int(f.read())
        contains(vmctl('-s', path + '/q', 'status').check(0).out, 'running')
        with open('/proc/%d/stat' % pid, encoding='ascii') as f:
            equal(f.read().rsplit(')', 1)[1].split()[3], str(pid))     # a session of its own
        vmctl('-s', path + '/q', 'stop', '--force').check(0)
        wait_for(lambda: is_gone(pid), 'the daemon is still there')
        assert not os.path.exists(path + '/pid')
        with open(path + '/log', encoding='utf-8') as f:
            contains(f.read(), 'info: build ')


@case
def daemonize_tells_why_the_daemon_did_not_start():
    run(*QTEST, '-daemonize', '-qmp', 'unix:/no/folder/q,server=on,wait=off').check(
        1, '', "vmd: cannot bind to '/no/folder/q': No such file or directory")
    with scratch() as path:
        run(*QTEST, '-daemonize', '-pidfile', '/no/folder/pid', '-qmp',
            'unix:%s/q,server=on,wait=off' % path).check(1, '', 'vmd: --pidfile /no/folder/pid: ')
        equal(os.listdir(path), [])


@case
def named_machines_are_found_while_they_run_and_after():
    with run_directory() as (path, env), scratch() as state:
        env['VMD_STATE_DIR'] = state
        with Machine(*QTEST, env=env, before=['-n', 'web']) as machine:
            wait_for(lambda: 'running' in vmctl('-n', 'web', 'status', env=env).out, 'no machine')
            contains(vmctl('list', env=env).check(0).out, 'web   running  qtest')
            second = vmctl('-n', 'web', 'run', '--', *QTEST, env=env).check(1, '')
            contains(second.err, 'is in use by another daemon')
            contains(vmctl('list', env=env).check(0).out, 'web   running  qtest')
            vmctl('-n', 'web', 'stop', env=env).check(0)
            machine.finish(0)
        equal(vmctl('list', env=env).check(0).out.count('\n'), 1)
        vmctl('-n', 'web', 'run', '--', *QTEST, '-daemonize', env=env).check(0, '', '')
        contains(vmctl('list', env=env).check(0).out, 'web   running  qtest')
        vmctl('-n', 'web', 'stop', env=env).check(0)
        contains(vmctl('list', env=env).check(0).out, 'web   ended, host-qmp-quit')
        vmctl('-n', 'web', 'wait', env=env).check(0)
        equal(os.listdir(state), [])


@contextlib.contextmanager
def machine_with_pidfile():
    with scratch() as path:
        sock = path + '/q'
        with Machine(*QTEST, '-pidfile', path + '/pid', '-qmp',
                     'unix:%s,server=on,wait=off' % sock) as machine:
            wait_for(lambda: 'running' in vmctl('-s', sock, 'status').out, 'no machine')
            yield path, machine


@case
def pidfile_goes_with_the_machine():
    with machine_with_pidfile() as (path, machine):
        with open(path + '/pid', encoding='ascii') as f:
            equal(int(f.read()), machine.daemon)
        vmctl('-s', path + '/q', 'stop', '--force').check(0)
        machine.finish(0)
        equal(os.listdir(path), [])
    with machine_with_pidfile() as (path, machine):
        os.kill(machine.daemon, signal.SIGTERM)
        machine.process.wait(TIMEOUT)
        equal(os.listdir(path), [])


@case
def pidfile_of_another_stays():
    with machine_with_pidfile() as (path, machine):
        os.rename(path + '/pid', path + '/old')
        with open(path + '/pid', 'w', encoding='ascii') as f:
            f.write('1\n')
        vmctl('-s', path + '/q', 'stop', '--force').check(0)
        machine.finish(0)
        equal(sorted(os.listdir(path)), ['old', 'pid'])


@case
def pidfile_that_cannot_be_written():
    with scratch() as path:
        for name, why in (('/none/pid', 'No such file or directory'), ('/', 'Not a directory')):
            run(*QTEST, '-pidfile', path + name).check(
                1, None, 'vmd: --pidfile %s: %s\n' % (path + name, why))


@case
def descriptors_are_those_that_vmctl_was_started_with():
    a, b = socket.socketpair()
    with scratch() as path, a, b, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path + '/q')
        listener.listen()
        fds = [a.fileno(), listener.fileno()]
        options = ['-netdev', 'socket,id=n,fd=%d' % fds[0],
                   '-chardev', 'socket,id=q,fd=%d,server=on,wait=off' % fds[1],
                   '-mon', 'chardev=q,mode=control']
        with Machine(*QTEST, *options, pass_fds=fds) as machine:
            wait_for(lambda: 'running' in vmctl('-s', path + '/q', 'status').out, 'no machine')
            netdevs = vmctl('-s', path + '/q', 'qmp', '{"execute": "qom-list", "arguments": '
                            '{"path": "/netdevs"}}').check(0)
            contains(netdevs.out, '"n"')
            for fd in fds:
                equal(opened(machine.daemon).count(os.readlink('/proc/self/fd/%d' % fd)), 1)
            machine.process.send_signal(signal.SIGTERM)
            machine.finish(0)


# ---- What is refused

@case
def error_of_the_build_names_the_option():
    done = run(*QTEST, '-device', 'virtio-rng-device,rng=nothing').check(1, '')
    contains(done.err, "vmctl: -device virtio-rng-device,rng=nothing: ")
    contains(done.err, "nothing")
    assert 'requests[' not in done.err, done.err
    done = run(*QTEST, '-drive', 'file=/nowhere/disk,format=raw,if=none,id=d').check(1, '')
    contains(done.err, 'vmctl: -drive file=/nowhere/disk,format=raw,if=none,id=d: ')


@case
def what_a_child_cannot_have_is_refused():
    for options, message in (
            (['-runas', 'nobody'], '-runas nobody: a daemon that vmctl starts cannot: User= of'),
            (['-serial', 'stdio', '-debugcon', 'stdio'], '-debugcon stdio: standard input and'),
            (['-daemonize'], '-daemonize: nobody could reach the daemon'),
            (['-daemonize', '-serial', 'stdio', '-qmp', 'unix:q,server=on,wait=off'],
             '-serial stdio: a daemon that stays'),
            (['-netdev', 'socket,id=n,fd=77'], "-netdev socket,id=n,fd=77: vmctl was started without"),
            (['-netdev', 'tap,id=n,ifname=none,vhostfd=77'], 'vmctl was started without'),
            (['-netdev', 'tap,id=n,fds=77:78,vhostfds=79'], 'vmctl was started without'),
            (['-pflash', 'f'], '-pflash f: there is no flash memory')):
        run(*QTEST, *options).check(1, '', message)
    run(*QTEST, '-sandbox', 'off', '-chardev', 'socket,id=q,fd=66,server=on,wait=off', '-mon',
        'chardev=q,mode=control').check(1, '', "vmctl was started without descriptor '66'")


@case
def daemon_that_cannot_be_started_is_told():
    with scratch() as path:
        vmctl('run', '--daemon', path + '/none', '--', *QTEST).check(
            1, '', 'cannot start %s/none: No such file' % path)
        vmctl('run', '--daemon', '/bin/true', '--', *QTEST).check(1, '', 'before its greeting')
        vmctl('-s', path + '/no/q', 'run', '--', *QTEST).check(1, '', 'q')
        with open(path + '/q', 'w', encoding='ascii'):
            pass
        vmctl('-s', path + '/q', 'run', '--', *QTEST).check(1, '', 'q')


if __name__ == '__main__':
    main()
