#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon built with the CPU in software has it; one built without it says what the build
lacked, to a client and to a command line.  ./quickstart check runs this on both builds."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from vmdtest import Daemon                          # noqa: E402

BUILD = os.environ.get('G_TEST_BUILDDIR', '.')
VMCTL = os.path.join(BUILD, 'vmctl')


def absence():
    """Why configure left it out; empty if it did not."""
    with open(os.path.join(BUILD, 'config.h')) as file:
        return re.search(r'#define TCG_ABSENCE "(.*)"', file.read()).group(1)


def refusal(client, arguments):
    """The text of the error for such an accelerator; None if it was made."""
    try:
        client.call('object-add', id='a', **arguments)
    except vmdtest.QmpError as error:
        return error.error['desc']
    client.call('object-del', id='a')
    return None


def by_class(recorder):
    """class tcg-accel can be made, or names what the build lacked; it is introspected either way"""
    with Daemon(recorder) as daemon:
        client = daemon.client()
        desc = refusal(client, {'qom_type': 'tcg-accel'})
        if absence():
            assert desc == "this vmd was built without accelerator 'tcg': " + absence(), desc
        else:
            assert desc is None, desc
        properties = client.call('qom-list-properties', typename='tcg-accel')
        assert {'tb-size', 'split-wx', 'thread'} <= {p['name'] for p in properties}, properties
        assert ('tcg' in client.call('query-accelerators')['present']) == (not absence())


def by_command_line(recorder):
    """so does -accel tcg"""
    translated = subprocess.run([VMCTL, 'translate', '--', '-accel', 'tcg', '-machine', 'none'],
                                stdout=subprocess.PIPE, check=True).stdout
    accel = json.loads(translated.splitlines()[0])['arguments']
    with Daemon(recorder) as daemon:
        arguments = {name: value for name, value in accel.items() if name != 'id'}
        arguments['qom_type'] = arguments.pop('qom-type')
        desc = refusal(daemon.client(), arguments)
        assert desc is None if not absence() else absence() in desc, desc


if __name__ == '__main__':
    vmdtest.main([by_class, by_command_line])
