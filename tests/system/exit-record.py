#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The exit record when the disk is full, and when the daemon is killed at any moment.

VMD_TEST_KILLS is the number of kills, VMD_TEST_SEED what their moments follow from.
"""
import json
import os
import random
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import systemdbox                                   # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import TIMEOUT, Client, Daemon, Skip   # noqa: E402

SEED = int(os.environ.get('VMD_TEST_SEED', '1'))
KILLS = int(os.environ.get('VMD_TEST_KILLS', '20'))


class SmallDisk:
    """A file system of 64 KiB that can be filled up."""

    def __init__(self):
        self.path = vmdtest.tempfile.mkdtemp(prefix='vmd-small-')

    def __enter__(self):
        if os.geteuid() != 0 or 'VMD_TEST_MOUNTS' not in os.environ:
            raise Skip('a small file system needs root and mount namespaces')
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', self.path], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(['umount', '-l', self.path], check=True)
        os.rmdir(self.path)

    def fill(self):
        """Up to the last byte."""
        with open(os.path.join(self.path, 'ballast'), 'ab', buffering=0) as f:
            try:
                while f.write(bytes(4096)):
                    pass
            except OSError:
                pass

    def give_back(self, pages):
        """That many of the ballast's."""
        path = os.path.join(self.path, 'ballast')
        os.truncate(path, os.path.getsize(path) - pages * 4096)


def start(recorder, folder, **options):
    return Daemon(recorder, ['--name', 'm', '--state-directory', folder], **options)


def read(folder):
    """The record, or None; half of one is no JSON."""
    try:
        with open(os.path.join(folder, 'exit.json'), encoding='utf-8') as f:
            return json.load(f)
    except FileNotFoundError:
        return None


def full_at_the_end(recorder):
    """a disk that is full at the end has the whole record, also the second time"""
    with SmallDisk() as disk:
        for _ in range(2):
            with start(recorder, disk.path) as daemon:
                assert read(disk.path)['running'] is True
                disk.fill()
                daemon.client().call('quit')
                assert daemon.wait() == 0
            record = read(disk.path)
            assert record['running'] is False and record['cause'] == 'host-qmp-quit', record
            assert record['pid'] == daemon.process.pid, record


def space_for(pages):
    """Starts a daemon that finds so much space, and an empty record of a predecessor."""
    with SmallDisk() as disk:
        open(os.path.join(disk.path, 'exit.json'), 'wb').close()
        disk.fill()
        disk.give_back(pages)
        done = subprocess.run([vmdtest.VMD, '--socket', os.path.join(disk.path, 's'),
                               '--before-ready', '/bin/false', '--state-directory', disk.path],
                              capture_output=True, text=True, timeout=TIMEOUT)
        assert not os.path.exists(os.path.join(disk.path, 's'))
        return done, disk.path, os.path.exists(os.path.join(disk.path, 'exit.json'))


def full_at_the_start(_recorder):
    """each write that finds no space keeps the daemon from starting, and leaves no record"""
    for pages in (0, 1):
        done, path, found = space_for(pages)
        assert done.returncode == 4 and path in done.stderr and not found, (pages, done)
    done, _, found = space_for(2)
    assert done.returncode == 8 and found, done


def without_descriptors(recorder):
    """a daemon that has no descriptor left at its end reports it"""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
    with start(recorder, folder) as daemon:
        client = daemon.client()
        used = daemon.descriptors()
        least = next(n for n in range(len(used) + 1) if n not in used)
        hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (least, hard))
        client.call('quit')
        assert daemon.wait() == 0
    assert read(folder)['cause'] == 'host-qmp-quit'
    vmdtest.shutil.rmtree(folder)


def failed_start(recorder):
    """a daemon that cannot listen says so, and its predecessor's record is gone"""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
    with start(recorder, folder) as daemon:
        daemon.client().call('quit')
        assert daemon.wait() == 0
    done = subprocess.run([vmdtest.VMD, '--socket', '/no/such/folder/s', '--state-directory',
                           folder], capture_output=True, text=True, timeout=TIMEOUT)
    record = read(folder)
    assert done.returncode == 4 and record['status'] == 4, (done, record)
    assert (record['cause'], record['detail']) == ('host-error', 'start-failed'), record
    assert '/no/such/folder' in record['message'], record
    vmdtest.shutil.rmtree(folder)


def long_message(_recorder):
    """a message too long for the record is cut, and the record is whole"""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
    done = subprocess.run([vmdtest.VMD, '--run-directory', folder, '--state-directory', folder,
                           '--before-ready', '/no/' + 'a\x7f\u00e4' * 3000],
                          capture_output=True, text=True, timeout=TIMEOUT)
    record = read(folder)
    assert done.returncode and record['running'] is False and record['status'], record
    assert os.path.getsize(os.path.join(folder, 'exit.json')) == 4096
    vmdtest.shutil.rmtree(folder)


def one_daemon(recorder):
    """a second daemon does not start in the state directory of one that runs"""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
    with start(recorder, folder) as daemon:
        before = read(folder)
        done = subprocess.run([vmdtest.VMD, '--socket', daemon.path('other'),
                               '--state-directory', folder], capture_output=True, text=True,
                              timeout=TIMEOUT)
        assert done.returncode == 4 and folder in done.stderr, done
        assert read(folder) == before
    vmdtest.shutil.rmtree(folder)


def killed_at_any_moment(recorder):
    """kill -9: a client that connected finds that daemon's record, and it is whole"""
    rng = random.Random(SEED)
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-state-')
    path = os.path.join(folder, 'qmp.sock')
    last = None
    for _ in range(KILLS):
        with Daemon(recorder, ['--run-directory', folder, '--state-directory', folder],
                    socket_option=False) as daemon:
            end = time.monotonic() + rng.random() * 0.06
            heard = False
            while time.monotonic() < end:
                heard = heard or os.path.exists(path)
            heard = heard and daemon.alive()
            daemon.process.kill()
            daemon.process.wait()
            record = read(folder)
            assert record or not heard
            if heard:
                assert record['pid'] == daemon.process.pid and record['running'] is True, record
        if os.path.exists(path):
            os.unlink(path)
        last = record or last
    assert last
    vmdtest.shutil.rmtree(folder)


if __name__ == '__main__':
    systemdbox.enter_mount_namespace()
    vmdtest.main([full_at_the_end, full_at_the_start, without_descriptors, failed_start,
                  long_message, one_daemon, killed_at_any_moment])
