# SPDX-License-Identifier: GPL-2.0-or-later
"""A real systemd as PID 1 of namespaces of its own, with vmd installed in it.

Of the host's services none starts in it.  It has a part of each control group
hierarchy of its own, which it sees as the whole, so that several boxes do not meet.  What the box writes to /etc, /usr and /var
lies in an overlay that goes with the test; it survives Box.reboot().  Tests that use
it need root, and begin with enter_mount_namespace(), so that their mounts are their own.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import vmdtest
from vmdtest import Skip

OVERLAID = ['/etc', '/usr', '/var/lib', '/var/log']
SYSTEMD = '/lib/systemd/systemd'
UNIT_FOLDERS = ('/lib/systemd/', '/usr/lib/systemd/', '/usr/local/lib/systemd/')

# Runs as PID 1 and becomes systemd.  $1: folder of the overlays; then, two words each,
# the control group hierarchies: the box's part, and where the whole is mounted.
INIT = r'''
set -e
top=$1
shift
mount --make-rprivate /
while [ $# -gt 0 ]; do
    mount --bind "$1" "$2"
    shift 2
done
for d in %s; do
    n=$top/$(echo $d | tr / _)
    mkdir -p $n.upper $n.work
    mount -t overlay overlay -o lowerdir=$d,upperdir=$n.upper,workdir=$n.work $d
done
if [ ! -e $top/started ]; then
    rm -rf /etc/systemd/system/*.wants /etc/rc?.d/S*
    touch $top/started
fi
for d in /tmp /var/tmp /run; do mount -t tmpfs tmpfs $d; done
mount -t proc proc /proc
export container=other
exec %s --system --unit=multi-user.target --log-target=journal --show-status=no
''' % (' '.join(OVERLAID), SYSTEMD)


class Hierarchy:
    """A control group hierarchy of the host, and the group in it that a box gets."""

    def __init__(self, line, groups, name):
        """line is one of /proc/self/mountinfo, groups the text of /proc/self/cgroup."""
        mount, _, rest = line.partition(' - ')
        self.kind, _, options = rest.split()
        self.root, self.point = mount.split()[3:5]
        self.options = options.split(',')
        self.path = os.path.join(self.point, self._own(groups), name)

    @staticmethod
    def all(name):
        with open('/proc/self/cgroup', encoding='ascii') as f:
            groups = f.read()
        with open('/proc/self/mountinfo', encoding='utf-8') as f:
            return [Hierarchy(line, groups, name) for line in f
                    if line.partition(' - ')[2].startswith('cgroup')]

    def _own(self, groups):
        """The test's own group, below the mount's root."""
        for line in groups.splitlines():
            _, controllers, path = line.split(':', 2)
            if set(controllers.split(',')) & set(self.options) or (
                    not controllers and self.kind == 'cgroup2'):
                inside = self.root != '/' and path.startswith(self.root)
                return (path[len(self.root):] if inside else path).lstrip('/')
        return ''

    def make(self):
        os.makedirs(self.path, exist_ok=True)
        for name in ('cpuset.cpus', 'cpuset.mems'):     # version 1: must be set before use
            if self.kind == 'cgroup' and os.path.exists(os.path.join(self.path, name)):
                with open(os.path.join(self.path, '..', name), encoding='ascii') as f:
                    self._write(name, f.read())

    def _write(self, name, text):
        with open(os.path.join(self.path, name), 'w', encoding='ascii') as f:
            f.write(text)

    def enter(self):
        """Puts the calling process there."""
        self._write('cgroup.procs', '0')

    def remove(self):
        for folder, _, _ in os.walk(self.path, topdown=False):
            os.rmdir(folder)


def enter_mount_namespace():
    """Runs the test again in a mount namespace of its own, if it can."""
    if os.geteuid() == 0 and os.path.exists(SYSTEMD) and 'VMD_TEST_MOUNTS' not in os.environ:
        os.environ['VMD_TEST_MOUNTS'] = 'private'
        os.execvp('unshare', ['unshare', '--mount', '--propagation', 'private', sys.executable]
                  + sys.argv)


class Box:
    """with Box() as box: box.run('systemctl', 'start', 'vmd@a')"""

    def __init__(self):
        if os.geteuid() != 0:
            raise Skip('a systemd of its own needs root')
        if not os.path.exists(SYSTEMD):
            raise Skip('systemd is not installed')
        self.folder = tempfile.mkdtemp(prefix='vmd-box-')
        self.hierarchies = Hierarchy.all(os.path.basename(self.folder))
        subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', self.folder], check=True)
        self.process = None
        self.pid = None
        try:
            self.boot()
        except BaseException:
            self.__exit__()
            raise

    # -- life --

    def _enter_groups(self):
        for hierarchy in self.hierarchies:
            hierarchy.enter()

    def boot(self):
        try:
            for hierarchy in self.hierarchies:
                hierarchy.make()
        except OSError as why:
            raise Skip('control groups cannot be made: %s' % why) from why
        words = [word for h in self.hierarchies for word in (h.path, h.point)]
        self.process = subprocess.Popen(
            ['unshare', '--pid', '--mount', '--uts', '--ipc', '--cgroup', '--fork',
             '--kill-child', 'sh', '-c', INIT, 'sh', self.folder, *words],
            preexec_fn=self._enter_groups,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self._wait(self._init_pid, 'systemd did not start')
        self._wait(lambda: self.run('systemctl', 'is-system-running', check=False).stdout.strip()
                   in ('running', 'degraded'), 'systemd did not come up')

    def _init_pid(self):
        path = '/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)
        with open(path, encoding='ascii') as f:
            pids = f.read().split()
        if not pids:
            return None
        return int(pids[0]) if os.readlink('/proc/%s/exe' % pids[0]).endswith('systemd') else None

    @staticmethod
    def _wait(condition, complaint, timeout=120):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                value = condition()
            except OSError:
                value = None
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(complaint)

    def wait(self, condition, complaint, timeout=120):
        """Polls what no event tells a test; condition is a function."""
        return self._wait(condition, complaint, timeout)

    def halt(self):
        """Stops all units, as a machine that is switched off orderly."""
        self.run('systemctl', '--no-block', 'start', 'shutdown.target', check=False)
        self.run('systemctl', '--no-block', 'exit', check=False)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _remove_groups(self):
        """False while the last processes are still going."""
        try:
            for hierarchy in self.hierarchies:
                hierarchy.remove()
        except OSError:
            return False
        return True

    def reboot(self):
        self.halt()
        self.boot()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._wait(self._remove_groups, 'control groups of the box are in use')
        subprocess.run(['umount', '-l', self.folder], check=False)
        os.rmdir(self.folder)

    # -- inside --

    def run(self, *command, check=True, timeout=60):
        """A command in the box; stdout and stderr are kept as text."""
        result = subprocess.run(['nsenter', '-t', str(self.pid), '-p', '-m', '-u', '-i', '-C',
                                 *command], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=timeout)
        if check and result.returncode:
            raise AssertionError('%s: status %d\n%s%s' % (
                ' '.join(command), result.returncode, result.stdout, result.stderr))
        return result

    def show(self, unit, name):
        """A property of a unit."""
        return self.run('systemctl', 'show', '--value', '-p', name, unit).stdout.strip()

    def write(self, path, text):
        self.run('sh', '-c', 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', 'sh', path, text)

    def copy(self, source, path):
        """A file of the test's own, readable by all, into the box."""
        with open(source, 'rb') as f:
            data = f.read()
        subprocess.run(['nsenter', '-t', str(self.pid), '-p', '-m', '-u', '-i', '-C', 'sh', '-c',
                        'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod 644 "$1"', 'sh', path],
                       input=data, check=True)

    def install(self):
        """make install, and what a package's scripts do after it."""
        stage = os.path.join(self.folder, 'stage')
        subprocess.run(['make', '-C', vmdtest.BUILDDIR, '--no-print-directory', '-s', 'install',
                        'DESTDIR=' + stage], check=True, stdout=subprocess.DEVNULL)
        installed = [os.path.join(folder, name)[len(stage):]
                     for folder, _, names in os.walk(stage) for name in names]
        if not [name for name in installed if name.startswith(UNIT_FOLDERS)]:
            raise Skip('the prefix is none that systemd looks below')
        for name in installed:
            if os.path.islink(stage + name):
                self.run('sh', '-c', 'mkdir -p "$(dirname "$2")" && ln -sf "$1" "$2"', 'sh',
                         os.readlink(stage + name), name)
                continue
            self.copy(stage + name, name)
            if os.access(stage + name, os.X_OK):
                self.run('chmod', '755', name)
        shutil.rmtree(stage)
        self.run('systemd-sysusers')
        self.run('systemd-tmpfiles', '--create', 'vmd.conf')
        self.run('systemctl', 'daemon-reload')
        return installed

    def kill(self, unit, number=signal.SIGKILL):
        self.run('systemctl', 'kill', '--kill-whom=main', '--signal=%d' % number, unit)
