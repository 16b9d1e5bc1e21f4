# SPDX-License-Identifier: GPL-2.0-or-later
"""PCs whose processor is the program of tests/softcpu/, on any host."""
import os
import subprocess

import pc
import vmdtest
from pc import MIB, SEABIOS
from vmdtest import Skip

SOFTCPU = os.path.join(vmdtest.BUILDDIR, 'tests', 'softcpu', 'softcpu')


def need(*files):
    """Skips the test if the processor, the firmware, or one of more (path, package) is not
    there."""
    for path, package in ((SOFTCPU, 'libx86emu-dev, when configure runs'),
                          (SEABIOS, 'seabios'), *files):
        if not os.path.exists(path):
            raise Skip('needs package %s' % package)


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def add_chardev(client, name, backend, **data):
    client.call('chardev-add', id=name, backend={'type': backend, 'data': data})


def build(daemon, client, machine='pc-i440fx-7.2', ram=64 * MIB):
    """A PC whose debug console is the daemon's file `debug`."""
    client.call('object-add', qom_type='qtest-accel')
    client.call('object-add', **{'qom-type': 'memory-backend-file', 'id': 'ram', 'size': ram,
                                 'mem-path': daemon.path('ram'), 'share': True})
    client.call('object-add', qom_type=machine + '-machine', memory_backend='ram')
    add_chardev(client, 'debug', 'file', out=daemon.path('debug'))
    client.call('device_add', driver='isa-debugcon', iobase=pc.DEBUG_PORT, chardev='debug')
    add_chardev(client, 'qtest', 'socket', server=True, wait=False,
                addr={'type': 'unix', 'data': {'path': daemon.path('qtest')}})
    client.call('object-add', **{'qom-type': 'qtest', 'id': 'processor', 'chardev': 'qtest'})


def run(daemon, client):
    """Until the guest has switched itself off; what it printed on the debug console."""
    client.call('cont')
    with open(daemon.path('screen'), 'wb') as screen:
        cpu = subprocess.Popen([SOFTCPU, daemon.path('qtest'), daemon.path('ram')],
                               stdout=screen, stderr=screen)
    try:
        event = client.wait_event('SHUTDOWN', 10 * vmdtest.TIMEOUT)
        assert event['data'] == {'guest': True, 'reason': 'guest-shutdown'}, event
        assert daemon.wait() == 0
        assert cpu.wait(vmdtest.TIMEOUT) == 0
    except Exception as error:
        raise AssertionError('%s; the screen: %s' % (
            error, content(daemon.path('screen')).decode('latin-1')[-2000:])) from error
    finally:
        cpu.kill()
        cpu.wait()
    return content(daemon.path('debug')).decode('latin-1')
