#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl against the real daemon."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time

from rig import SRCDIR, TIMEOUT, VMCTL, case, contains, equal, main, scratch, vmctl
from vmdtest import BUILDDIR, Client, GUESTS, VMD, accel, accel_class, on_one_accel, wait_listening


@contextlib.contextmanager
def daemon(*options):
    """An empty daemon whose folder looks like the top of a built tree; gives
    the socket and the process."""
    with scratch() as path:
        os.symlink(BUILDDIR, path + '/build')
        sock = path + '/qmp.sock'
        process = subprocess.Popen([VMD, '--socket', sock, '--log-level', 'error', *options],
                                   cwd=path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            wait_listening(sock, process)
            yield sock, process
        finally:
            process.kill()
            process.wait(TIMEOUT)
            process.stdout.close()


def machine(append, chardev='{"type": "null", "data": {}}'):
    """Requests for a microvm with the project's guest, `cont` included."""
    kernel = json.dumps(os.path.join(GUESTS, 'guest.elf'))
    return '''
{ "execute": "object-add", "arguments": { "qom-type": "%s" } }
{ "execute": "object-add", "arguments": { "qom-type": "memory-backend-ram", "id": "ram",
  "size": 33554432 } }
{ "execute": "object-add", "arguments": { "qom-type": "microvm-machine",
  "memory-backend": "ram", "kernel": %s, "append": "%s" } }
{ "execute": "device_add", "arguments": { "driver": "qemu64-x86_64-cpu", "id": "cpu0" } }
{ "execute": "chardev-add", "arguments": { "id": "con", "backend": %s } }
{ "execute": "device_add", "arguments": { "driver": "isa-serial", "chardev": "con" } }
{ "execute": "device_add", "arguments": { "driver": "isa-debug-exit", "id": "exit" } }
{ "execute": "cont" }
''' % (accel_class(), kernel, append, chardev)


@case
def status_of_an_empty_daemon():
    with daemon('--name', 'web') as (sock, _):
        vmctl('-s', sock, 'status').check(0, 'web: prelaunch, 0 vCPUs\n', '')
        run = vmctl('-s', sock, 'status', '--json').check(0, None, '')
        equal(json.loads(run.out)['status'], 'prelaunch')


@case
def errors_come_with_their_text():
    with daemon() as (sock, _):
        run = vmctl('-s', sock, 'qmp', 'query-kvm', 'fly').check(1, None, '')
        replies = [json.loads(line) for line in run.out.splitlines()]
        equal([list(reply) for reply in replies], [['return'], ['error']])
        equal(replies[1]['error']['reason'], 'command-not-found')


@case
def command_that_was_meant_is_told():
    with daemon() as (sock, _), scratch(a='{"execute": "query-statu"}') as path:
        for request, instead in (
                ('query-statu', {'execute': 'query-status'}), ('fly', None),
                ('{"execute": "query-clas", "arguments": {"name": "isa-serial"}}',
                 {'execute': 'query-class', 'arguments': {'name': 'isa-serial'}}),
                # These would not succeed, either: a wrong argument, and a wrong state.
                ('{"execute": "query-clas", "arguments": {"nam": "isa-serial"}}', None),
                ('input-send-even', None)):
            reply = json.loads(vmctl('-s', sock, 'qmp', request).check(1).out)['error']
            equal((reply['reason'], reply.get('instead')), ('command-not-found', instead))
            if instead:
                vmctl('-s', sock, 'qmp', json.dumps(instead)).check(0)
        vmctl('-s', sock, 'apply', path + '/a').check(
            1, '', "The command query-statu has not been found; did you mean 'query-status'?")


@case
def requests_may_have_single_quotes():
    text = "# It's a file.\n{'execute': 'object-add', 'arguments': {'qom-type': 'iothread', " \
           "\"id\": 'io'}} # and no more\n{\"execute\": 'object-add', 'arguments': {\n" \
           "'qom-type': 'rng-builtin', 'id': 'r'}}"
    with daemon() as (sock, _), scratch(a=text) as path:
        vmctl('apply', '--check', path + '/a').check(0, '', '')
        vmctl('-s', sock, 'apply', path + '/a').check(0, '', '')
        run = vmctl('-s', sock, 'qmp', "{'execute': 'query-iothreads', 'id': 'it\\'s \"me\"'}")
        reply = json.loads(run.check(0, None, '').out)
        equal((reply['return'][0]['id'], reply['id']), ('io', 'it\'s "me"'))
    with daemon() as (sock, _), scratch(a=text) as path:
        vmctl('-s', sock, 'apply', '--build', path + '/a').check(0, '', '')


@case
def apply_build_leaves_nothing_of_what_fails():
    text = '{"execute": "object-add", "arguments": {"qom-type": "iothread", "id": "io"}}\n' \
           '{"execute": "object-add", "arguments": {"qom-type": "rng-random", "id": "r",' \
           ' "filename": "/nowhere/random"}}\n'
    left = '{"execute": "qom-list", "arguments": {"path": "/objects"}}'
    with daemon() as (sock, _), scratch(a=text) as path:
        run = vmctl('-s', sock, 'apply', '--build', path + '/a').check(1, '')
        contains(run.err, path + '/a:2: object-add: ')
        assert '"io"' not in vmctl('-s', sock, 'qmp', left).check(0).out
        vmctl('-s', sock, 'apply', path + '/a').check(1, '', path + '/a:2: object-add: ')
        contains(vmctl('-s', sock, 'qmp', left).check(0).out, '"io"')


@case
def schema_arrives_whole():
    with daemon() as (sock, _):
        run = vmctl('-s', sock, 'qmp', 'query-qmp-schema').check(0, None, '')
        names = {entry['name'] for entry in json.loads(run.out)['return']}
        equal(names & {'object-add', 'SHUTDOWN'}, {'object-add', 'SHUTDOWN'})


@case
def descriptors_arrive():
    with daemon() as (sock, _):
        getfd = '{"execute":"getfd","arguments":{"fdname":"a"}}'
        run = vmctl('-s', sock, 'qmp', getfd).check(1)
        equal(json.loads(run.out)['error']['reason'], 'fd-not-found')
        close = '{"execute":"closefd","arguments":{"fdname":"a"}}'
        vmctl('-s', sock, 'qmp', '--pass-fd', '0', getfd, close).check(0, '{"return": {}}\n' * 2)
        vmctl('-s', sock, 'qmp', '--pass-fd', '0', getfd).check(0, '{"return": {}}\n')
        vmctl('-s', sock, 'qmp', close).check(1)


BAD_REQUESTS = [
    '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"r"}}',
    '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"r","size":0}}',
    '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"r","size":"1"}}',
    '{"execute":"object-add","arguments":{"qom-type":"no-such","id":"r"}}',
    '{"execute":"object-add","arguments":{"qom-type":"accel"}}',
    '{"execute":"device_add","arguments":{"driver":"isa-serial","index":"four"}}',
    '{"execute":"device_add","arguments":{"driver":"isa-serial","index":4}}',
    '{"execute":"device_add","arguments":{"driver":"isa-serial","port":4}}',
    '{"execute":"chardev-add","arguments":{"id":"a","backend":{"type":"null"}}}',
    '{"execute":"chardev-add","arguments":{"id":"a","backend":{"type":"x","data":{}}}}',
    '{"execute":"set-action","arguments":{"reboot":"never"}}',
]


@case
def check_says_what_the_daemon_says():
    with daemon() as (sock, _):
        for request in BAD_REQUESTS:
            checked = vmctl('apply', '--check', '-', stdin=request).check(1, '')
            applied = vmctl('-s', sock, 'apply', '-', stdin=request).check(1, '')
            equal(checked.err, applied.err)


@case
def examples_fit_the_schema():
    folder = os.path.join(SRCDIR, 'docs', 'examples')
    for name in ('linux.qmp', 'microvm.qmp'):
        vmctl('apply', '--check', os.path.join(folder, name)).check(0)


@case
@on_one_accel
def example_runs_to_its_end():
    example = os.path.join(SRCDIR, 'docs', 'examples', 'microvm.qmp')
    with daemon() as (sock, process):
        run = vmctl('-s', sock, 'apply', '--verbose', '--wait', '-t', str(TIMEOUT), example)
        run.check(0, None, '')
        contains(run.out, 'ms  object-add microvm-machine')
        contains(run.out, 'event SHUTDOWN guest-shutdown')
        out = process.stdout.read().decode()
        for text in ('vmd test guest', 'memory: ', 'command line: print=hello', 'time: 20'):
            contains(out, text)
        equal(process.wait(TIMEOUT), 1)


def points_that_are_on(client):
    return [p['name'] for p in client.call('trace-event-get-state', name='virtio_blk_*')
            if p['state'] == 'enabled']


@case
def events_has_trace_points_on_meanwhile():
    before = ['virtio_blk_req_complete']
    for number in signal.SIGINT, signal.SIGTERM:
        with daemon() as (sock, process):
            client = Client(sock)
            client.call('trace-event-set-state', name=before[0], enable=True)
            with subprocess.Popen([VMCTL, '-s', sock, 'events', '--trace', 'virtio_blk_h*', '-t',
                                   'virtio_blk_req*']) as events:
                while len(points_that_are_on(client)) < 4:
                    pass
                events.send_signal(number)
                equal(events.wait(TIMEOUT), -number)
            equal(points_that_are_on(client), before)
            vmctl('-s', sock, 'events', '-t', 'virtio_blk_h*', '-t', 'virtio_blc_*').check(
                1, '', "no trace point matches 'virtio_blc_*'")
            vmctl('-s', sock, 'events', '-t', 'virtio_blc').check(1, '', 'unknown event "virtio_blc"')
            equal(points_that_are_on(client), before)
            client.call('quit')
            equal(process.wait(TIMEOUT), 0)


@case
@on_one_accel
def wait_and_events_see_the_end():
    with daemon() as (sock, process):
        wait = subprocess.Popen([VMCTL, '-s', sock, 'wait', '-t', str(TIMEOUT)])
        events = subprocess.Popen([VMCTL, '-s', sock, 'events'], stdout=subprocess.PIPE, text=True)
        vmctl('-s', sock, 'apply', '-', stdin=machine('end=loop')).check(0, '', '')
        # Only an event that comes proves that `events` is connected.
        while not select.select([events.stdout], [], [], 0)[0]:
            vmctl('-s', sock, 'qmp', 'stop', 'cont').check(0, None, '')
        shown = {'kvm': 'KVM'}.get(accel(), accel())
        vmctl('-s', sock, 'status').check(0, 'running, 1 vCPU, %s\n' % shown, '')
        vmctl('-s', sock, 'wait', '-t', '0.1').check(124, '', 'timed out')
        vmctl('-s', sock, 'stop').check(0, '', '')
        equal(wait.wait(TIMEOUT), 0)
        contains(events.stdout.read(), 'SHUTDOWN  {"guest":false,"reason":"host-qmp-quit"}')
        equal(events.wait(TIMEOUT), 0)
        equal(process.wait(TIMEOUT), 0)
        events.stdout.close()


@case
@on_one_accel
def killed_daemon_is_a_bad_end():
    with daemon() as (sock, process):
        vmctl('-s', sock, 'apply', '-', stdin=machine('end=loop')).check(0, '', '')
        with subprocess.Popen([VMCTL, '-s', sock, 'wait'], stderr=subprocess.PIPE,
                              text=True) as wait:
            time.sleep(0.3)
            process.kill()
            equal(wait.wait(TIMEOUT), 3)
            contains(wait.stderr.read(), 'without a SHUTDOWN event')


def talk_to_guest(console):
    """The guest echoes lines until `quit`."""
    with daemon() as (sock, process):
        chardev = console % os.path.dirname(sock)
        vmctl('-s', sock, 'apply', '-', stdin=machine('irq=pic end=echo end=exit:3', chardev)) \
            .check(0, '', '')
        # The first character may be lost when the guest sets its UART up; it ignores an empty line.
        run = vmctl('-s', sock, 'console', stdin='\rover there\rquit\r').check(0, None, '')
        contains(run.out, 'echo: over there')
        equal(process.wait(TIMEOUT), 7)


@case
@on_one_accel
def console_of_a_socket():
    talk_to_guest('{"type": "socket", "data": {"server": true, "wait": false, '
                  '"addr": {"type": "unix", "data": {"path": "%s/con"}}}}')


@case
@on_one_accel
def console_of_a_pty():
    talk_to_guest('{"type": "pty", "data": {"logfile": "%s/log"}}')


if __name__ == '__main__':
    main()
