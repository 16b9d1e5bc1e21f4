#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines by name where systemd runs: vmctl's verbs and the units are one."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import systemdbox                                   # noqa: E402
import vmdtest                                      # noqa: E402

QTEST = ('--', '-M', 'none', '-accel', 'qtest')
_box = None


def box():
    global _box
    if _box is None:
        _box = systemdbox.Box()
        _box.install()
    return _box


def states(b):
    return {m['name']: m['state'] for m in json.loads(b.run('vmctl', 'list', '--json').stdout)}


def refused(b, *words):
    run = b.run('vmctl', *words, check=False)
    assert run.returncode == 1, run
    return run.stderr


def active(b, name):
    return b.show('vmd@%s.service' % name, 'ActiveState')


def life(_recorder):
    """create, start, stop, restart, kill: what systemctl says agrees"""
    b = box()
    b.run('vmctl', 'create', 'web', *QTEST)
    assert 'object-add' in b.run('cat', '/etc/vmd/web.conf').stdout
    assert states(b) == {'web': 'not started'}, states(b)
    b.run('vmctl', 'start', 'web')
    assert active(b, 'web') == 'active' and states(b) == {'web': 'running'}
    told = json.loads(b.run('vmctl', 'start', 'web', '--json').stdout)
    assert told == [{'name': 'web', 'ok': True, 'changed': False}], told
    first = b.show('vmd@web.service', 'MainPID')
    b.run('vmctl', 'restart', 'web')
    assert active(b, 'web') == 'active' and b.show('vmd@web.service', 'MainPID') != first
    b.run('vmctl', 'stop', 'web')
    b.wait(lambda: active(b, 'web') == 'inactive', 'the unit goes on')
    b.run('vmctl', 'stop', 'web')
    b.run('vmctl', 'start', 'web')
    pid = b.show('vmd@web.service', 'MainPID')
    b.run('kill', '-STOP', pid)
    b.run('vmctl', 'kill', 'web')
    b.wait(lambda: active(b, 'web') in ('inactive', 'failed'), 'the unit goes on')
    assert b.show('vmd@web.service', 'NRestarts') == '0'
    assert states(b) == {'web': 'killed'}, states(b)
    b.run('vmctl', 'delete', 'web')
    assert states(b) == {}, states(b)


def names(_recorder):
    """A name is that of a user, too; rename and delete take the unit's enablement along"""
    b = box()
    for name in ('x' * 28, 'a.b', 'ä'):
        assert 'under systemd' in refused(b, 'create', name, *QTEST)
    b.run('vmctl', 'create', 'old', *QTEST)
    b.run('vmctl', 'autostart', 'old')
    assert b.show('vmd@old.service', 'UnitFileState') == 'enabled'
    b.run('vmctl', 'start', 'old')
    assert 'the machine runs' in refused(b, 'rename', 'old', 'new')
    assert 'the machine runs' in refused(b, 'delete', 'old')
    b.run('vmctl', 'stop', 'old')
    b.run('vmctl', 'rename', 'old', 'new')
    assert b.show('vmd@new.service', 'UnitFileState') == 'enabled'
    assert b.show('vmd@old.service', 'UnitFileState') == 'disabled'
    b.run('vmctl', 'start', 'new')
    assert states(b) == {'new': 'running'}, states(b)
    owner = b.run('stat', '-c', '%U', '/var/lib/vmd/new/exit.json').stdout.strip()
    assert owner == 'vmd-new', owner
    b.run('vmctl', 'delete', '--force', 'new')
    assert b.show('vmd@new.service', 'UnitFileState') == 'disabled'
    assert states(b) == {}, states(b)


def failure(_recorder):
    """A start that fails says where to read more, and the journal has it"""
    b = box()
    b.run('vmctl', 'create', 'bad', '--', '-M', 'microvm', '-accel', 'qtest', '-kernel', '/none')
    said = refused(b, 'start', 'bad')
    assert "'vmctl logs bad' says more" in said, said
    b.wait(lambda: '/none' in b.run('vmctl', 'logs', 'bad').stdout, 'the journal has no reason')
    b.run('vmctl', 'delete', 'bad')


if __name__ == '__main__':
    systemdbox.enter_mount_namespace()
    try:
        vmdtest.main([life, names, failure])
    finally:
        if _box:
            _box.__exit__()
