#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libvirt starts machines with vmctl as its emulator, by the name of QEMU.

libvirtd is started here, with configuration, state and sockets of its own: this program runs
again in mount, network and process namespaces of its own, which end it and all it started.
The machines have the CPU in software (domain type `qemu`)."""
import contextlib
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import debianguest                                          # noqa: E402
import vmdtest                                              # noqa: E402
from linuxguest import BOOT_TIMEOUT                         # noqa: E402
from vmdtest import GUESTS, TIMEOUT, VMCTL, Skip, on_tcg    # noqa: E402

INSIDE = 'VMD_TEST_IN_NAMESPACE'
FOLDERS = ('/run', '/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt')
PROGRAMS = ('libvirtd', 'virsh', 'unshare')
CONFIGURATION = """
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
DOMAIN = """
<domain type='qemu'>
  <name>%(name)s</name><memory unit='MiB'>%(memory)d</memory><vcpu%(current)s>%(cpus)d</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type>%(boot)s</os>
  <features>%(features)s</features>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot>
  <devices>
    <emulator>%(emulator)s</emulator><controller type='usb' model='none'/>
    %(devices)s<audio id='1' type='none'/>
  </devices>
</domain>
"""
SERIAL = "<serial type='pty'><log file='%s' append='off'/></serial>"


def enter_namespaces():
    """Runs this program again in namespaces of its own, if it can."""
    if INSIDE in os.environ or os.geteuid() != 0 or any(not shutil.which(p) for p in PROGRAMS):
        return
    words = ['unshare', '--mount', '--propagation', 'private', '--net', '--pid', '--fork',
             '--kill-child', '--mount-proc']
    if subprocess.run([*words, 'mount', '-t', 'tmpfs', 'tmpfs', '/run'],
                      stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[INSIDE] = '1'
        # The shell is the namespace's init: it waits for processes that their parents left.
        os.execvp('unshare', [*words, 'sh', '-c', '"$@"; exit $?', 'sh', sys.executable,
                              *sys.argv])


def need_libvirt():
    for name in PROGRAMS:
        if not shutil.which(name):
            raise Skip('there is no %s: install libvirt-daemon, libvirt-daemon-driver-qemu and '
                       'libvirt-clients' % name)
    if INSIDE not in os.environ:
        raise Skip('needs root and namespaces')


def add_account(path, name, line):
    """An account that Debian's package makes, for this namespace only."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    if '\n%s:' % name in text:
        return
    copy = '/run/' + os.path.basename(path)
    with open(copy, 'w', encoding='utf-8') as f:
        f.write(text + line + '\n')
    subprocess.run(['mount', '--bind', copy, path], check=True)


class Libvirt:
    """libvirtd, and virsh that is connected to it."""

    def __init__(self):
        need_libvirt()
        for folder in FOLDERS:
            subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', folder], check=True)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        add_account('/etc/passwd', 'libvirt-qemu', 'libvirt-qemu:x:64055:64055::/:/bin/false')
        add_account('/etc/group', 'libvirt-qemu', 'libvirt-qemu:x:64055:')
        with open('/etc/libvirt/qemu.conf', 'w', encoding='ascii') as f:
            f.write(CONFIGURATION)
        with open('/etc/libvirt/libvirtd.conf', 'w', encoding='ascii') as f:
            f.write('auth_unix_rw = "none"\nunix_sock_group = "root"\n')
        self.folder = tempfile.mkdtemp(prefix='vmd-libvirt-')
        self.emulator = os.path.join(self.folder, 'qemu-system-x86_64')
        os.symlink(VMCTL, self.emulator)
        self.log = open(os.path.join(self.folder, 'libvirtd.log'), 'w+', encoding='utf-8')
        self.start()

    def start(self):
        self.process = subprocess.Popen(['libvirtd', '-f', '/etc/libvirt/libvirtd.conf'],
                                        stdout=self.log, stderr=self.log)
        end = time.monotonic() + TIMEOUT
        while subprocess.run(['virsh', '-c', 'qemu:///system', 'list'], capture_output=True,
                             check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                self.log.seek(0)
                raise AssertionError('libvirtd does not answer: ' + self.log.read())
            time.sleep(0.1)

    def stop(self):
        """The machines stay."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in self.virsh('list', '--name').split():
            self.try_virsh('destroy', name)
        for name in self.virsh('list', '--all', '--name').split():
            self.try_virsh('undefine', name)
        self.stop()
        self.log.close()
        for folder in reversed(FOLDERS):
            subprocess.run(['umount', '--lazy', folder], check=True)
        shutil.rmtree(self.folder)

    def try_virsh(self, *words):
        return subprocess.run(['virsh', '-c', 'qemu:///system', *words], capture_output=True,
                              text=True, timeout=TIMEOUT, check=False)

    def virsh(self, *words):
        done = self.try_virsh(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr, self.machine_logs())
        return done.stdout.strip()

    def refused(self, *words):
        done = self.try_virsh(*words)
        assert done.returncode, (words, done.stdout)
        return done.stderr

    def machine_logs(self):
        text = ''
        for path in glob.glob('/var/log/libvirt/qemu/*.log'):
            with open(path, encoding='utf-8') as f:
                text += ''.join(line for line in f if ': info :' not in line)[-2000:]
        return text

    def define(self, name, devices='', boot='', features='', memory=64, cpus=1, current=None):
        """current: of the places for CPUs, those that the machine begins with."""
        path = os.path.join(self.folder, name + '.xml')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(DOMAIN % {'name': name, 'devices': devices, 'boot': boot, 'cpus': cpus,
                              'current': " current='%d'" % current if current else '',
                              'features': features, 'memory': memory,
                              'emulator': self.emulator})
        self.virsh('define', path)

    def wait_state(self, name, state):
        end = time.monotonic() + TIMEOUT
        while self.virsh('domstate', name) != state:
            assert time.monotonic() < end, self.virsh('domstate', name) + self.machine_logs()
            time.sleep(0.1)

    def stats(self, name, *groups):
        text = self.virsh('domstats', name, *groups)
        return dict(line.strip().split('=', 1) for line in text.splitlines() if '=' in line)


class Console:
    """A domain's terminal, and what its log has of the output before."""

    def __init__(self, libvirt, name, log):
        self.fd = os.open(libvirt.virsh('ttyconsole', name), os.O_RDWR | os.O_NOCTTY)
        mode = termios.tcgetattr(self.fd)
        mode[0] = mode[1] = mode[3] = 0
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)
        self.log, self.seen = log, 0

    def wait(self, text, timeout=TIMEOUT):
        """What was printed since the last call, up to text."""
        end = time.monotonic() + timeout
        while True:
            if select.select([self.fd], [], [], 0.05)[0]:
                os.read(self.fd, 4096)          # the log has it as well
            with open(self.log, encoding='utf-8', errors='replace') as f:
                printed = f.read()
            at = printed.find(text, self.seen)
            if at >= 0:
                before, self.seen = printed[self.seen:at], at + len(text)
                return before
            assert time.monotonic() < end, 'no %r in %r' % (text, printed[-2000:])

    def send(self, text):
        os.write(self.fd, text.encode())

    def run(self, command):
        """The output of a shell's command."""
        self.send(command + '; echo =$?=\n')
        self.wait('=$?=')                       # the echo
        output = self.wait('=0=').strip()
        self.wait('# ')
        return output

    def wait_shell(self):
        self.wait('GUEST: ready', BOOT_TIMEOUT)
        self.wait('# ')
        self.send('stty columns 999\n')         # no ends of line in long commands
        self.wait('# ')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)


@contextlib.contextmanager
def image(libvirt, name, size):
    path = os.path.join(libvirt.folder, name)
    with open(path, 'wb') as f:
        f.write(name.encode())
        f.truncate(size)
    yield path
    os.unlink(path)


def disk(path, target):
    return ("<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
            "<source file='%s'/><target dev='%s' bus='virtio'/></disk>" % (path, target))


@on_tcg
def probe(_recorder):
    """the emulator is asked what it can, once"""
    with Libvirt() as libvirt:
        words = ('domcapabilities', '--emulatorbin', libvirt.emulator, '--virttype', 'qemu',
                 '--machine', 'pc')
        text = libvirt.virsh(*words)
        assert '<path>%s</path>' % libvirt.emulator in text, text
        assert re.search(r'<machine>pc-i440fx-[0-9.]+</machine>', text), text
        assert "<mode name='custom' supported='yes'>" in text, text
        assert re.search(r"<model usable='\w+'[^>]*>Nehalem</model>", text), text
        assert '<value>virtio</value>' in text, text
        # It keeps the answer: no machine is left, and the next question is answered at once.
        assert not glob.glob('/var/lib/libvirt/qemu/capabilities*'), text
        assert libvirt.virsh(*words) == text


@on_tcg
def least_domain(_recorder):
    """a domain without devices: start, suspend, resume, reset, destroy"""
    with Libvirt() as libvirt:
        libvirt.define('least', "<memballoon model='none'/>")
        libvirt.virsh('start', 'least')
        assert libvirt.virsh('domstate', 'least', '--reason') == 'running (booted)'
        with open('/run/libvirt/qemu/least.pid', encoding='ascii') as f:
            pid = int(f.read())
        assert os.path.basename(os.readlink('/proc/%d/exe' % pid)) == 'vmd'
        libvirt.virsh('suspend', 'least')
        assert libvirt.virsh('domstate', 'least', '--reason') == 'paused (user)'
        libvirt.virsh('resume', 'least')
        assert libvirt.virsh('domstate', 'least') == 'running'
        libvirt.virsh('reset', 'least')
        assert libvirt.virsh('domstate', 'least') == 'running'
        libvirt.virsh('destroy', 'least')
        assert libvirt.virsh('domstate', 'least') == 'shut off'
        assert not os.path.exists('/proc/%d' % pid)
        # What cannot be is told by the option, in libvirt's own message.
        libvirt.define('broken', "<serial type='pty'><log file='/no/such/log'/></serial>")
        assert '/no/such/log' in libvirt.refused('start', 'broken')


@on_tcg
def console_and_power_button(_recorder):
    """the console is typed at, and `shutdown` presses the power button"""
    with Libvirt() as libvirt:
        log = os.path.join(libvirt.folder, 'console')
        boot = ('<kernel>%s</kernel><cmdline>print=hello end=echo end=button</cmdline>'
                % os.path.abspath(os.path.join(GUESTS, 'guest.elf')))
        libvirt.define('talks', SERIAL % log, boot, '<acpi/>')
        libvirt.virsh('start', 'talks')
        with Console(libvirt, 'talks', log) as console:
            console.wait('hello')
            console.wait('echo: ready')
            console.send('typed\n')
            console.wait('echo: typed')
            console.send('quit\n')
            console.wait('waits for the power button')
            libvirt.virsh('shutdown', 'talks')
            console.wait('end: power off')
        libvirt.wait_state('talks', 'shut off')
        assert libvirt.virsh('domstate', 'talks', '--reason') == 'shut off (shutdown)'


def use_disks(libvirt, console):
    """Statistics, limits, attaching and detaching."""
    content = console.run('head -c 4 /dev/vda')
    assert content == 'disk', content
    console.run('echo changed | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null')
    found = libvirt.stats('linux', '--block')
    assert found['block.count'] == '1' and found['block.0.name'] == 'vda', found
    assert int(found['block.0.rd.reqs']) and int(found['block.0.wr.bytes']) >= 8, found
    assert int(found['block.0.capacity']) == 1 << 20, found
    assert 'vda wr_bytes' in libvirt.virsh('domblkstat', 'linux', 'vda')
    assert re.search(r'Capacity: +1048576', libvirt.virsh('domblkinfo', 'linux', 'vda'))
    libvirt.virsh('blkdeviotune', 'linux', 'vda', '--total-iops-sec', '500')
    assert re.search(r'total_iops_sec *: 500', libvirt.virsh('blkdeviotune', 'linux', 'vda'))
    libvirt.virsh('blkdeviotune', 'linux', 'vda', '--total-iops-sec', '0')
    with image(libvirt, 'more', 1 << 20) as path:
        libvirt.virsh('attach-disk', 'linux', path, 'vdb', '--targetbus', 'virtio')
        console.run('until [ -b /dev/vdb ]; do sleep 0.1; done')
        assert console.run('head -c 4 /dev/vdb') == 'more'
        libvirt.virsh('detach-disk', 'linux', 'vdb')
        console.run('while [ -b /dev/vdb ]; do sleep 0.1; done')


def ask(libvirt):
    found = libvirt.stats('linux')
    assert found['state.state'] == '1' and found['vcpu.current'] == '2', found
    assert int(found['vcpu.1.time']) and found['balloon.current'] == '262144', found
    assert int(found['balloon.unused']) > 0, found
    assert 'State:          running' in libvirt.virsh('vcpuinfo', 'linux')
    reply = json.loads(libvirt.virsh('qemu-monitor-command', 'linux',
                                     '{"execute": "query-status"}'))
    assert reply['return']['status'] == 'running', reply
    for line, told in (('info status', 'VM status: running'), ('info block', 'Attached to:'),
                       ('info network', 'type=nic'), ('info nosuch', 'unknown command')):
        assert told in libvirt.virsh('qemu-monitor-command', 'linux', '--hmp', line), line
    assert 'migrat' in libvirt.refused('managedsave', 'linux')
    libvirt.virsh('send-key', 'linux', 'KEY_A')


@on_tcg
def linux(_recorder):
    """Debian's kernel with a disk and a network, from start to its end"""
    kernel, initrd = debianguest.images()
    with Libvirt() as libvirt, image(libvirt, 'disk', 1 << 20) as path:
        log = os.path.join(libvirt.folder, 'console')
        boot = '<kernel>%s</kernel><initrd>%s</initrd><cmdline>%s</cmdline>' % (
            kernel, initrd, debianguest.APPEND)
        libvirt.define('linux', disk(path, 'vda') + SERIAL % log +
                       "<interface type='user'><model type='virtio'/></interface>"
                       "<memballoon model='virtio'/>", boot, '<acpi/>', 256, 2)
        libvirt.virsh('start', 'linux')
        with Console(libvirt, 'linux', log) as console:
            console.wait_shell()
            use_disks(libvirt, console)
            assert 'eth0' in console.run('ls /sys/class/net')
            libvirt.virsh('suspend', 'linux')
            assert libvirt.virsh('domstate', 'linux') == 'paused'
            libvirt.virsh('resume', 'linux')
            ask(libvirt)
            # Another libvirtd finds the machine of this one.
            libvirt.stop()
            libvirt.start()
            assert libvirt.virsh('domstate', 'linux') == 'running'
            ask(libvirt)
            libvirt.virsh('reset', 'linux')
            console.wait_shell()
            console.send('poweroff -f\n')
            libvirt.wait_state('linux', 'shut off')
        with open(path, 'rb') as f:
            assert f.read(8) == b'changed\n'


def wait_cpus(console, n):
    """Until Linux has n, all of which it uses."""
    console.run('until [ $(ls -d /sys/devices/system/cpu/cpu[0-9]* | wc -l) = %d ]; do sleep 0.1; '
                'done; for i in /sys/devices/system/cpu/cpu[0-9]*/online; do '
                '[ ! -e $i ] || grep -q 1 $i || echo 1 >$i; done' % n)
    found = console.run('grep -c ^processor /proc/cpuinfo').split()
    assert found[-1] == str(n), found


@on_tcg
def cpus(_recorder):
    """setvcpus gives a running machine CPUs and takes them back"""
    kernel, initrd = debianguest.images()
    with Libvirt() as libvirt:
        log = os.path.join(libvirt.folder, 'console')
        boot = '<kernel>%s</kernel><initrd>%s</initrd><cmdline>%s</cmdline>' % (
            kernel, initrd, debianguest.APPEND)
        libvirt.define('grows', SERIAL % log + "<memballoon model='none'/>", boot, '<acpi/>', 256,
                       4, 1)
        libvirt.virsh('start', 'grows')
        with Console(libvirt, 'grows', log) as console:
            console.wait_shell()
            for n in 3, 4, 2, 1:
                libvirt.virsh('setvcpus', 'grows', str(n), '--live')
                wait_cpus(console, n)
                found = libvirt.stats('grows', '--vcpu')
                assert (found['vcpu.current'], found['vcpu.maximum']) == (str(n), '4'), found
            libvirt.refused('setvcpus', 'grows', '5', '--live')
            libvirt.virsh('setvcpu', 'grows', '2', '--enable', '--live')
            wait_cpus(console, 2)
            libvirt.virsh('reset', 'grows')
            console.wait_shell()
            wait_cpus(console, 2)
            libvirt.virsh('destroy', 'grows')


if __name__ == '__main__':
    enter_namespaces()
    vmdtest.main([probe, least_domain, console_and_power_button, linux, cpus])
