#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl state, against a scripted peer."""

import json

from rig import FakePeer, case, equal, main, vmctl


def field(name, kind, value):
    return {'name': name, 'type': kind, 'value': value}


STATE = {'path': '/machine/chip', 'sections': [
    {'name': 'chip', 'version': 3, 'fields': [
        field('mode', 'uint8', 5), field('address', 'uint64', (1 << 64) - 2),
        field('short', 'uint16', 0xbeef), field('below', 'int32', -3), field('on', 'bool', True),
        field('vectors', 'uint16', [0xffff] * 5 + [1, 2, 2]), field('none', 'uint32', []),
        field('few', 'bytes', '00ff'), field('many', 'bytes', 'ab' * 64 + '00' * 96 + '01'),
        field('wait', 'timer', 1500), field('idle', 'timer', None),
        field('options', 'value', {'a': [1, 'x']}), {'name': 'unset', 'type': 'value'},
        field('ratio', 'number', 0.5),
        {'name': 'cs', 'type': 'group', 'fields': [field('selector', 'uint16', 8),
                                                   field('base', 'uint32', 0x1000)]},
        {'name': 'queue[0]', 'type': 'group', 'fields': [field('index', 'uint16', 1),
                                                         field('ring', 'uint8', [1, 2])]}]},
    {'name': 'empty', 'version': 0, 'fields': []}]}

TEXT = '''/machine/chip
  chip, version 3
    mode             0x05
    address          0xfffffffffffffffe
    short            0xbeef
    below            -3
    on               true
    vectors          0xffff (5 times) 0x0001 0x0002 0x0002
    none
    few              00ff
    many
      0000  %s
      *
      0040  %s
      *
      00a0  01
    wait             1500
    idle             never
    options          {"a":[1,"x"]}
    unset            not set
    ratio            0.5
    cs               selector 0x0008  base 0x00001000
    queue[0]
      index            0x0001
      ring             0x01 0x02
  empty, version 0
''' % ('ab' * 32, '00' * 32)


def state(answer, *args):
    with FakePeer(lambda peer: peer.answer({'query-device-state': answer})) as fake:
        return vmctl('--socket', fake.path, 'state', *args)


@case
def registers_by_name():
    state(STATE, 'chip').check(0, TEXT, '')


@case
def no_state():
    state({'path': '/machine/bus', 'sections': []}, 'bus').check(
        0, '/machine/bus\n  no state\n', '')


@case
def state_as_json():
    equal(json.loads(state(STATE, '--json', 'chip').check(0, None, '').out), STATE)


@case
def one_path():
    vmctl('state').check(2)
    vmctl('state', 'a', 'b').check(2)


main()
