#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Command lines that people type and that clients start (command-lines.txt), as they are: each
starts a machine, which answers, and ends.  Where the host has no KVM, the CPU in software takes
its place.  Those marked LATER may also be refused, by the name of what cannot be."""
import fcntl
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import isodisc                                      # noqa: E402
import vmdtest                                      # noqa: E402
from namespace import Namespace, device_up          # noqa: E402
from vmdtest import SRCDIR, TIMEOUT, VMCTL, Client, Skip, have_kvm, wait_for   # noqa: E402

FILE = os.path.join(SRCDIR, 'tests', 'client', 'command-lines.txt')
MIB = 1 << 20
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
# Descriptors in the lines that are not a listening socket.
TAPS, VHOSTS = (8, 28), (30,)
# Without KVM: what stands in its place.
IN_SOFTWARE = ((r'-enable-kvm|-accel kvm\b(,kernel-irqchip=\w+)?', '-accel tcg'),
               (r'\baccel=kvm\b', 'accel=tcg'),
               (r'-cpu host\b', '-cpu max'))


def lines():
    """(title, whether it may be refused, the options)."""
    with open(FILE, encoding='utf-8') as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                name, options = line.rstrip('\n').split('\t', 1)
                yield name.replace(' LATER', ''), name.endswith(' LATER'), options


# ---- Files and descriptors

def qcow2(path):
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', path, '64M'], check=True)


def empty(path):
    with open(path, 'wb') as f:
        f.truncate(MIB)


def disc(path):
    isodisc.write(path, {'README': b'hello'})


def key(path):
    with open(path, 'wb') as f:
        f.write(bytes(32))


def config(path):
    with open(path, 'w', encoding='ascii') as f:
        f.write('[machine]\n  type = "pc"\n[memory]\n  size = "64M"\n')


def kernel(path):
    shutil.copy(os.path.join(debianguest.images()[0]), path)


def initramfs(path):
    shutil.copy(debianguest.images()[1], path)


MAKERS = {'.qcow2': qcow2, '.img': empty, '.raw': empty, '.iso': disc, '.aes': key, '.cfg': config,
          'bzImage': kernel, '.cpio.gz': initramfs, '.fd': empty, '.dmg': empty}


def make_files(folder, options):
    """The files that the options name, by their kind."""
    for name in set(re.findall(r'[\w.-]+', options)):
        for end, make in MAKERS.items():
            if name.endswith(end):
                make(os.path.join(folder, name))
    os.mkdir(os.path.join(folder, 'share'))
    helper = os.path.join(folder, 'helper')
    with open(helper, 'w', encoding='ascii') as f:
        f.write(HELPER)
    os.chmod(helper, 0o755)


def far(fd):
    """The same descriptor, beyond the numbers of the lines."""
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(fd)
    return copy


# What stands for qemu-bridge-helper, which needs a bridge: it makes the device and passes it.
HELPER = '''#!%s
import array, fcntl, os, socket, struct, sys
assert sys.argv[1] == '--use-vnet' and sys.argv[3] == '--br=br0', sys.argv
tap = os.open('/dev/net/tun', os.O_RDWR)
fcntl.ioctl(tap, %d, struct.pack('16sH22x', b'', %d))
sock = socket.socket(fileno=int(sys.argv[2].split('=')[1]))
sock.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [tap]))])
''' % (sys.executable, TUNSETIFF, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)


def tap_device():
    fd = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', b'', IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    return fd


def descriptors(options):
    """What the options inherit: the number there to a descriptor here."""
    numbers = {int(n) for n in re.findall(r'"?\bfd"?[=:]"?(\d+)', options)}
    numbers |= {int(n) for n in re.findall(r'"?\bvhostfd"?[=:]"?(\d+)', options)}
    found = {}
    for n in numbers:
        if n in TAPS:
            found[n] = far(tap_device())
        elif n in VHOSTS:
            found[n] = far(os.open('/dev/null', os.O_RDWR))
        else:
            found[n] = far(socket.create_server(os.path.abspath('monitor.sock'),
                                                family=socket.AF_UNIX).detach())
    return found


# ---- Machines

class Machine:
    """`vmctl qemu` with the options, in a folder with the files that they name."""

    def __init__(self, folder, options):
        fds = descriptors(options)
        self.probe = os.path.join(folder, 'probe')
        words = shlex.split(options) + ['-qmp', 'unix:%s,server=on,wait=off' % self.probe]
        renumber = ''.join(' {there}<&{here} {here}<&-'.format(there=there, here=here)
                           for there, here in fds.items())
        self.process = subprocess.Popen(
            ['bash', '-c', 'exec "$0" "$@"' + renumber, VMCTL, 'qemu', *words], cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            pass_fds=list(fds.values()))
        for fd in fds.values():
            os.close(fd)
        self.client = None

    def started(self):
        """Whether it answers; false if it has ended with an error."""
        wait_for(lambda: self.answers() or self.process.poll() not in (None, 0),
                 'neither an answer nor an end')
        return self.client is not None

    def answers(self):
        try:
            self.client = Client(self.probe, check=False)
        except (ConnectionError, FileNotFoundError):
            return False
        return True

    def end(self):
        self.client.send({'execute': 'quit'})
        self.client.wait_event('SHUTDOWN')
        self.client.close()
        status = self.process.wait(TIMEOUT)
        assert status == 0, status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


def check_process(pid, options):
    """What the process is called, and whether its memory is locked."""
    with open('/proc/%d/status' % pid, encoding='ascii') as f:
        status = dict(re.split(r':\s*', line.rstrip(), 1) for line in f)
    name = re.search(r'process=([^, ]+)', options)
    assert status['Name'] == (name[1] if name else 'vmd'), status['Name']
    assert ('mem-lock=on' in options) == (int(status['VmLck'].split()[0]) > 64 << 10), status


def check_start(machine, options):
    if 'daemonize' not in options:
        check_process(machine.process.pid, options)
    states = {'prelaunch'} if re.search(r'(^| )-S\b', options) else {'running', 'paused'}
    status = machine.client.call('query-status')['status']
    assert status in states, status
    assert machine.client.call('query-cpus-fast')
    machine.end()


def check_refusal(machine, options):
    """Status 1 and one line that names an option of those given."""
    assert machine.process.wait(TIMEOUT) == 1
    text = machine.process.stderr.read()
    assert re.search(r'-[a-z]', text) and any(
        option in text for option in re.findall(r'(?:^| )(-[\w-]+)', options)), text


def try_line(options, may_be_refused):
    if not have_kvm():
        for pattern, instead in IN_SOFTWARE:
            options = re.sub(pattern, instead, options)
    with tempfile.TemporaryDirectory() as folder, Namespace():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            device_up(control, b'lo')
        os.chdir(folder)
        make_files(folder, options)
        with Machine(folder, options) as machine:
            if machine.started():
                check_start(machine, options)
            elif may_be_refused:
                check_refusal(machine, options)
            else:
                raise AssertionError(machine.process.communicate()[1])


def tests():
    for name, may_be_refused, options in lines():
        def test(_recorder, options=options, may_be_refused=may_be_refused):
            if not shutil.which('qemu-img'):
                raise Skip('needs qemu-img')
            try_line(options, may_be_refused)
        test.__doc__ = name
        yield test


if __name__ == '__main__':
    vmdtest.main(list(tests()))
