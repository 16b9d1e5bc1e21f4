#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vmd writes to the journal: the test is the journal, in a mount namespace
of its own where /run is empty."""
import os
import select
import shutil
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import vmdtest
from vmdtest import TIMEOUT, VMD, Client, QmpError, Skip

SOCKET = '/run/systemd/journal/socket'
INSIDE = 'VMD_TEST_IN_NAMESPACE'


def enter_namespace():
    """Runs this program again in a mount namespace with an empty /run."""
    if INSIDE in os.environ or os.geteuid() != 0 or not shutil.which('unshare'):
        return
    probe = subprocess.run(['unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/run'],
                           stderr=subprocess.DEVNULL)
    if probe.returncode == 0:
        os.environ[INSIDE] = '1'
        os.execvp('unshare', ['unshare', '--mount', 'sh', '-c',
                              'mount -t tmpfs tmpfs /run && exec "$@"', 'sh', sys.executable,
                              *sys.argv])


def need_namespace():
    if INSIDE not in os.environ:
        raise Skip('needs root and a mount namespace for /run')


def parse(data):
    """An entry of the journal's native protocol as a dict."""
    fields = {}
    while data:
        line, data = data.split(b'\n', 1)
        if b'=' in line:
            name, value = line.split(b'=', 1)
        else:
            name, (size,) = line, struct.unpack('<Q', data[:8])
            value, data = data[8:8 + size], data[9 + size:]
        fields[name.decode()] = value.decode()
    return fields


class Journalled:
    """vmd whose standard error is the journal's stream, as far as it can see."""

    def __init__(self, *options, stream=True):
        need_namespace()
        os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(SOCKET)
        self.journal.settimeout(TIMEOUT)
        self.path = '/run/qmp.sock'
        self.reader, writer = os.pipe()
        info = os.fstat(writer)
        env = dict(os.environ)
        env.pop('JOURNAL_STREAM', None)
        if stream:
            env['JOURNAL_STREAM'] = '%d:%d' % (info.st_dev, info.st_ino)
        self.process = subprocess.Popen([VMD, '--socket', self.path, *options], env=env,
                                        stdin=subprocess.DEVNULL, stderr=writer)
        os.close(writer)
        vmdtest.wait_listening(self.path, self.process)

    def entry(self, message):
        """The next entry whose message has this part."""
        while True:
            fields = parse(self.journal.recv(65536))
            if message in fields['MESSAGE']:
                return fields

    def text(self):
        """What came on standard error, after the end."""
        self.process.wait(TIMEOUT)
        with os.fdopen(os.dup(self.reader)) as stream:
            return stream.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(TIMEOUT)
        self.journal.close()
        os.close(self.reader)
        os.unlink(SOCKET)


def request_has_its_fields(recorder):
    """a request that changes something is an entry with VM, CLIENT and COMMAND"""
    with Journalled('--name', 'web') as vmd:
        client = Client(vmd.path, recorder)
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        entry = vmd.entry('object-add')
        assert entry['VM'] == 'web' and entry['COMMAND'] == 'object-add', entry
        assert entry['PRIORITY'] == '6' and entry['SYSLOG_IDENTIFIER'] == 'vmd', entry
        assert 'pid %d' % os.getpid() in entry['CLIENT'], entry
        try:
            client.call('object-del', id='none')
            raise AssertionError('it succeeded')
        except QmpError as e:
            assert e.error['desc'] in vmd.entry('object-del')['MESSAGE']
        client.call('quit')
        assert vmd.text() == ''


def queries_are_for_debugging(recorder):
    """queries are entries at debug level only"""
    for level, expected in (('debug', True), ('info', False)):
        with Journalled('--log-level', level) as vmd:
            client = Client(vmd.path, recorder)
            client.call('query-status')
            client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
            names = []
            while 'object-add' not in names:
                names.append(parse(vmd.journal.recv(65536)).get('COMMAND'))
            assert ('query-status' in names) == expected, names


def refusal_has_its_resource(recorder):
    """a shortage of the host's resources is an entry with RESOURCE, and its end another"""
    with Journalled('--log-level', 'notice') as vmd:
        client = Client(vmd.path, recorder)
        client.error('object-add', {'qom-type': 'memory-backend-ram', 'id': 'ram',
                                    'size': 1 << 62})
        entry = vmd.entry('no more memory for object-add')
        assert entry['RESOURCE'] == 'memory' and entry['PRIORITY'] == '4', entry
        entry = vmd.entry('memory again')
        assert entry['RESOURCE'] == 'memory' and entry['PRIORITY'] == '5', entry
        client.close()


def text_without_a_journal(recorder):
    """without JOURNAL_STREAM, messages are text on standard error"""
    with Journalled(stream=False) as vmd:
        client = Client(vmd.path, recorder)
        client.call('object-add', qom_type='memory-backend-ram', id='ram', size=1 << 20)
        client.call('quit')
        lines = vmd.text().splitlines()
        assert any(line.startswith('vmd: info: object-add') for line in lines), lines
        assert not select.select([vmd.journal], [], [], 0)[0]


def stopped_journal(recorder):
    """a journal that reads nothing stops neither clients nor the machine"""
    with Journalled('--log-level', 'debug') as vmd:
        client = Client(vmd.path, recorder)
        for _ in range(2000):
            client.call('query-status')
        while select.select([vmd.journal], [], [], 0)[0]:
            vmd.journal.recv(65536)
        client.call('query-status')
        entry = vmd.entry('were lost')
        assert entry['PRIORITY'] == '4', entry


if __name__ == '__main__':
    enter_namespace()
    vmdtest.main([request_has_its_fields, queries_are_for_debugging, refusal_has_its_resource,
                  text_without_a_journal, stopped_journal])
