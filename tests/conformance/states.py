# SPDX-License-Identifier: GPL-2.0-or-later
"""The same guest and the same requests to QEMU and to vmd: answers, events and run states.

Both run a microvm with a kernel of a few instructions.  docs/run-states.md says where they
differ; that, and nothing else, is made equal before they are compared.  For run-states.py,
and for test-kvm.py what QEMU's own CPU in software does not do.
"""
import os
import struct

import microvm
import vmdtest
from microvm import jump_to, out8, write_kernel
from peer import Peer, need_peer
from vmdtest import Daemon, accel

HALT = b'\xfa\xf4\xeb\xfd'
LOOP = b'\xeb\xfe'
# lidt of the zeroes behind; ud2: a triple fault
RESET = b'\x0f\x01\x1d' + struct.pack('<I', microvm.LOAD_ADDRESS + 9) + b'\x0f\x0b' + bytes(8)
PANIC, CRASH = out8(0x505, 1) + HALT, out8(0x505, 2) + HALT
EXPIRE = out8(0x443, 15) + HALT                     # a watchdog that is given no time
NOWHERE = jump_to(0xfeb00000)
# Requests after `cont`, which comes first and is waited for until its event has come.
WALK = ['cont', 'stop', 'stop', 'cont', 'system_reset', 'stop', 'system_reset', 'query-status',
        'cont', 'x-exit-preconfig', 'system_wakeup']
AFTER = ['query-status', 'cont', 'stop', 'inject-nmi', 'system_reset', 'query-status']
SCENARIOS = [
    ('nothing happens', LOOP, {}, 'RESUME', WALK),
    ('nothing happens, and a reset is a shutdown', LOOP,
     {'reboot': 'shutdown', 'shutdown': 'pause'}, 'RESUME',
     ['system_reset', 'query-status', 'cont', 'system_reset', 'stop']),
    ('a reset that ends it', RESET, {'reboot': 'shutdown', 'shutdown': 'pause'}, 'STOP',
     ['query-status', 'cont', 'stop', 'inject-nmi', 'system_reset']),
    ('a panic that stops it', PANIC, {'panic': 'pause'}, 'STOP', AFTER),
    ('a panic that would shut it down', PANIC, {'panic': 'shutdown', 'shutdown': 'pause'}, 'STOP',
     AFTER),
    ('a panic that is a failure', PANIC, {'panic': 'exit-failure', 'shutdown': 'pause'}, 'STOP',
     AFTER),
    ('a panic that does not matter', PANIC, {'panic': 'none'}, 'GUEST_PANICKED',
     ['query-status', 'cont', 'stop', 'system_reset']),
    ('a crash kernel', CRASH, {}, 'GUEST_CRASHLOADED', ['query-status', 'stop', 'cont']),
    ('a watchdog that stops it', EXPIRE, {'watchdog': 'pause'}, 'STOP', AFTER),
    ('a watchdog that resets it to an end', EXPIRE, {'watchdog': 'reset', 'reboot': 'shutdown',
                                                     'shutdown': 'pause'}, 'STOP',
     ['query-status', 'cont', 'system_reset']),
    ('a watchdog that does nothing', EXPIRE, {'watchdog': 'none'}, 'WATCHDOG',
     ['query-status', 'stop', 'system_reset']),
]
NO_INSTRUCTION = ('no instruction', NOWHERE, {}, 'STOP', AFTER)


def start_peer(peer, code):
    return ['-machine', 'microvm', '-accel', accel(), '-m', '64', '-S', '-device', 'pvpanic',
            '-device', 'ib700', '-kernel', write_kernel(peer, code)]


def start_own(daemon, client, code):
    microvm.build(client, kernel=write_kernel(daemon.path('kernel'), code), console=None)
    client.call('device_add', driver='pvpanic')
    client.call('device_add', driver='ib700')


def said(event):
    """An event with what clients act on; vmd's own events are not compared."""
    data = event.get('data', {})
    return ' '.join([event['event']] + [str(data[key]) for key in ('reason', 'action')
                                        if key in data])


def events(client):
    found, client.events = client.events, []
    return [said(e) for e in found if e['event'] != 'INTERNAL_ERROR']


def ask(client, command):
    """What a request returns or fails with, and the events until its reply, as one line."""
    client.send({'execute': command})
    reply = client.reply()
    answer = reply['error']['class'] if 'error' in reply else reply['return'].get('status', 'ok')
    client.send({'execute': 'query-status'})
    status = client.reply()['return']
    return command, answer, events(client), status['status'], status['running']


def play(client, action, event, requests):
    client.send({'execute': 'set-action', 'arguments': action})
    assert client.reply() == {'return': {}}, action
    client.send({'execute': 'cont'})
    assert client.reply() == {'return': {}}
    while not any(e['event'] == event for e in client.events):
        client.note_event(client.receive())
    first = 'cont', 'ok', events(client)
    return [first] + [ask(client, command) for command in requests]


def equal(line):
    """A reset leaves what does not run in `paused` here, and in `prelaunch` there."""
    return tuple('paused' if part == 'prelaunch' else part for part in line)


def play_both(recorder, code, *arguments, how=play):
    """What how(client, *arguments) tells of each."""
    folder = vmdtest.tempfile.mkdtemp(prefix='vmd-kernel-')
    try:
        with Peer(*start_peer(os.path.join(folder, 'kernel'), code)) as peer:
            theirs = how(peer.client(), *arguments)
    finally:
        vmdtest.shutil.rmtree(folder)
    with Daemon(recorder) as daemon:
        client = daemon.client()
        start_own(daemon, client, code)
        ours = how(client, *arguments)
    return theirs, ours


# ---- Without shutdown=pause

ENDS = [('reset', RESET, {'reboot': 'shutdown'}, None),
        ('panic', PANIC, {}, None),
        ('failure', PANIC, {'panic': 'exit-failure'}, None),
        ('quit', LOOP, {}, 'quit'),
        ('system_reset', LOOP, {'reboot': 'shutdown'}, 'system_reset')]


def to_the_end(client, action, request):
    """The events until the daemon exits."""
    for message in ({'execute': 'set-action', 'arguments': action}, {'execute': 'cont'}):
        client.send(message)
        assert client.reply() == {'return': {}}, message
    if request:
        client.send({'execute': request})
    try:
        while True:
            message = client.receive()
            if 'event' in message:
                client.note_event(message)
    except (EOFError, ConnectionResetError):
        return events(client)


def endings(recorder):
    """where the daemon ends, SHUTDOWN is the last event, with its cause"""
    need_peer()
    for name, code, action, request in ENDS:
        theirs, ours = play_both(recorder, code, action, request, how=to_the_end)
        assert theirs == ours and ours[-1].startswith('SHUTDOWN'), (name, theirs, ours)


def scenario(on, name, code, *how):
    """The test, with a decorator that says on which accelerators it runs."""
    def test(recorder):
        need_peer()
        theirs, ours = play_both(recorder, code, *how)
        assert len(theirs) == len(ours)
        for there, here in zip(theirs, ours):
            assert equal(there) == equal(here), 'QEMU: %s, vmd: %s' % (there, here)
    test.__doc__ = name
    test.__name__ = name.replace(' ', '_')
    return on(test)
