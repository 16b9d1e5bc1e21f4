#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vmctl apply, against a scripted peer, and --check without one."""

import json
import os
import re

from rig import SRCDIR, FakePeer, case, contains, equal, main, scratch, vmctl

OK = {'return': {}}
FILE = '''# A file.
{ "execute": "object-add",          # two lines
  "arguments": { "qom-type": "kvm-accel" } }

{ "execute": "stop" } { "execute": "cont" }
'''


def first(peer):
    peer.expect({'execute': 'object-add', 'arguments': {'qom-type': 'kvm-accel'}})
    peer.send(OK)


def all_of_it(peer):
    first(peer)
    for name in ('stop', 'cont'):
        peer.expect({'execute': name})
        peer.send(OK)


@case
def requests_are_sent_in_order():
    def script(peer):
        all_of_it(peer)
        peer.expect_end()
    with scratch(a=FILE) as path:
        with FakePeer(script) as fake:
            vmctl('--socket', fake.path, 'apply', path + '/a').check(0, '', '')
        with FakePeer(script) as fake:
            vmctl('--socket', fake.path, 'apply', '-', stdin=FILE).check(0, '', '')


@case
def first_error_ends_it_and_names_file_and_line():
    def script(peer):
        first(peer)
        peer.expect({'execute': 'stop'})
        peer.send({'error': {'class': 'GenericError', 'desc': 'not now', 'reason': 'wrong-state',
                             'path': 'a.b'}})
        peer.expect_end()
    with scratch(a=FILE) as path, FakePeer(script) as fake:
        run = vmctl('--socket', fake.path, 'apply', path + '/a').check(1, '')
        equal(run.err, 'vmctl: %s/a:5: stop: not now (a.b)\n' % path)


BUILD = '''{ "execute": "object-add", "id": 1, "arguments": { "qom-type": "kvm-accel" } }
{ "execute": "chardev-add",
  "arguments": { "id": "c", "backend": { "type": "null", "data": {} } } }
{ "execute": "query-status" }
{ "execute": "set-action", "arguments": { "reboot": "shutdown" } }
{ "execute": "cont" }
'''
LIST = [{'execute': 'object-add', 'id': 1, 'arguments': {'qom-type': 'kvm-accel'}},
        {'execute': 'chardev-add', 'arguments': {'id': 'c', 'backend': {'type': 'null', 'data': {}}}}]


@case
def build_sends_what_belongs_together_as_one():
    def script(peer):
        peer.expect({'execute': 'build', 'arguments': {'requests': LIST}})
        peer.send({'return': [{'id': 1}, {}]})
        peer.expect({'execute': 'query-status'})
        peer.send({'return': {'status': 'prelaunch', 'running': False, 'singlestep': False}})
        peer.expect({'execute': 'build', 'arguments': {'requests': [
            {'execute': 'set-action', 'arguments': {'reboot': 'shutdown'}}]}})
        peer.send({'return': [{}]})
        peer.expect({'execute': 'cont'})
        peer.send(OK)
        peer.expect_end()
    with scratch(a=BUILD) as path, FakePeer(script) as fake:
        run = vmctl('--socket', fake.path, 'apply', '-bv', path + '/a').check(0, None, '')
        contains(run.out, 'build of 2 requests')


@case
def build_that_fails_names_the_line():
    for where, text in (('requests[1].arguments.backend', 'a:2: chardev-add: no (backend)'),
                        ('requests[0]', 'a:1: object-add: no'), ('requests[7].x', 'a:1: object-add: '),
                        ('requires', 'a:1: object-add: ')):
        def script(peer, where=where):
            peer.expect({'execute': 'build', 'arguments': {'requests': LIST}})
            peer.send({'error': {'class': 'GenericError', 'reason': 'invalid-value', 'path': where,
                                 'desc': where.split('.')[0] + ': no'}})
            peer.expect_end()
        with scratch(a=BUILD) as path, FakePeer(script) as fake:
            vmctl('--socket', fake.path, 'apply', '--build', path + '/a').check(1, '', text)


@case
def connection_lost_names_the_request():
    with scratch(a=FILE) as path, FakePeer(first) as fake:
        vmctl('--socket', fake.path, 'apply', path + '/a').check(1, '', '/a:5: stop: ')


@case
def slip_in_the_form_sends_nothing():
    for tail, message in (('{ "execute": ', ':7: the request that begins here has no end'),
                          ('nonsense', ':7: '), ('{\n"a":\n,}', ':9: JSON parse error')):
        with scratch(a=FILE + '\n' + tail) as path:
            vmctl('--socket', path + '/none', 'apply', path + '/a').check(
                1, '', 'vmctl: ' + path + '/a' + message)


@case
def file_that_cannot_be_read():
    vmctl('apply', '/no/such').check(1, '', 'cannot open /no/such: No such file')
    vmctl('apply', '/').check(1, '', 'cannot read /: ')


@case
def empty_file_is_no_error():
    with FakePeer(lambda peer: peer.expect_end()) as fake:
        vmctl('--socket', fake.path, 'apply', '-', stdin=' # nothing').check(0, '', '')


@case
def verbose_tells_each_step_with_its_time():
    with FakePeer(all_of_it) as fake:
        run = vmctl('--socket', fake.path, 'apply', '-v', '-', stdin=FILE).check(0, None, '')
    lines = [line.split(' ms  ') for line in run.out.splitlines()]
    equal([line[1] for line in lines], ['object-add kvm-accel', 'stop', 'cont'])
    for line in lines:
        float(line[0])


def ending(*events):
    def script(peer):
        all_of_it(peer)
        for name, data in events:
            peer.event(name, **data)
        peer.answer({})
    return script


@case
def wait_ends_with_the_machine():
    shutdown = ('SHUTDOWN', {'guest': True, 'reason': 'guest-shutdown'})
    panic = ('SHUTDOWN', {'guest': True, 'reason': 'guest-panic'})
    for events, status, err in (([('RESUME', {}), shutdown], 0, ''),
                                ([panic], 3, "reason 'guest-panic'")):
        with FakePeer(ending(*events)) as fake:
            run = vmctl('--socket', fake.path, 'apply', '-vw', '-', stdin=FILE).check(
                status, None, err)
        contains(run.out, 'event SHUTDOWN guest-')


@case
def wait_after_a_machine_that_ended_at_once():
    """The daemon is gone before it can answer query-status."""
    def script(peer):
        all_of_it(peer)
        peer.event('SHUTDOWN', guest=True, reason='guest-shutdown')
    with FakePeer(script) as fake:
        vmctl('--socket', fake.path, 'apply', '--wait', '-', stdin=FILE).check(0, '', '')


@case
def wait_has_a_timeout():
    with FakePeer(ending()) as fake:
        vmctl('--socket', fake.path, 'apply', '-w', '-t', '0.2', '-', stdin=FILE).check(
            124, '', 'timed out')


def check(text):
    return vmctl('--socket', '/no/such', 'apply', '--check', '-', stdin=text)


def mistake(text, message, line=1):
    run = check(text).check(1, '')
    equal(len(run.err.splitlines()), 1)
    contains(run.err, 'vmctl: -:%d: ' % line)
    contains(run.err, message)


@case
def check_accepts_what_fits_the_schema():
    check(FILE).check(0, '', '')
    check('{"execute":"object-add","id":7,"arguments":{"qom-type":"memory-backend-ram","id":"r",'
          '"size":18446744073709551615}}').check(0, '', '')
    check('{"exec-oob":"query-status"}').check(0, '', '')


@case
def check_uses_the_lenient_rules_for_device_add_only():
    check('{"execute":"device_add","arguments":{"driver":"isa-serial","index":"1"}}').check(0)
    mistake('{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"r",'
            '"size":"64M"}}', "'size'")


@case
def check_finds_each_mistake():
    mistake('{"execute":"fly"}', "there is no command 'fly'")
    mistake('{"execute":"query-sttus"}', "did you mean 'query-status'?")
    mistake('{"execute":7}', "'execute' must be a string")
    mistake('{"execute":"stop","exec-oob":"stop"}', 'exclude each other')
    mistake('{"id":7}', "needs a member 'execute'")
    mistake('{"execute":"stop","argument":{}}', "no member 'argument'")
    mistake('{"execute":"stop","arguments":[]}', "'arguments' must be an object")
    mistake('{"execute":"stop","arguments":{"x":1}}', 'takes no arguments')
    mistake('{"execute":"object-add"}', 'qom-type')
    mistake('\n{"execute":"object-add","arguments":{"qom-type":"no-such"}}', 'no-such', 2)
    mistake('{"execute":"object-add","arguments":{"qom-type":"kvm-accel","x":1}}', "'x'")
    mistake('{"execute":"device_add","arguments":{"driver":"isa-serial","index":9}}', "'index'")
    mistake('{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"r",'
            '"size":18446744073709551616}}', "'size'")


@case
def check_reports_all_mistakes():
    run = check('{"execute":"a"}\n{"execute":"stop"}\n{"execute":"b"}').check(1, '')
    equal([line.split()[1] for line in run.err.splitlines()], ['-:1:', '-:3:'])


@case
def check_finds_ids_that_are_given_twice():
    chardev = '{"execute":"chardev-add","arguments":{"id":"a","backend":{"type":"null","data":{}}}}'
    device = '{"execute":"device_add","arguments":{"driver":"isa-debugcon","id":"a"}}'
    remove = '{"execute":"chardev-remove","arguments":{"id":"a"}}'
    mistake('\n'.join([chardev, device, chardev]), "chardev id 'a' is in use since line 1", 3)
    mistake('\n'.join([device, chardev, device]), "device id 'a' is in use since line 1", 3)
    check('\n'.join([chardev, remove, chardev])).check(0, '', '')
    netdev = '{"execute":"netdev_add","arguments":{"type":"user","id":"a"}}'
    node = '{"execute":"blockdev-add","arguments":{"driver":"null-co","node-name":"a"}}'
    mistake('\n'.join([netdev, node, netdev]), "netdev id 'a' is in use since line 1", 3)
    mistake('\n'.join([netdev, node, node]), "block node id 'a' is in use since line 2", 3)
    remove = '{"execute":"blockdev-del","arguments":{"node-name":"a"}}'
    check('\n'.join([node, remove, node])).check(0, '', '')


def request(command, **arguments):
    return json.dumps({'execute': command, 'arguments': arguments})


ACCEL = request('object-add', **{'qom-type': 'any-accel'})
MACHINE = ACCEL + '\n' + request('object-add', **{'qom-type': 'pc-i440fx-7.2-machine'})


@case
def check_finds_links_to_nothing():
    chardev = request('chardev-add', id='con', backend={'type': 'null', 'data': {}})
    serial = request('device_add', driver='isa-serial', chardev='con')
    check('\n'.join([MACHINE, chardev, serial])).check(0, '', '')
    mistake('\n'.join([MACHINE, chardev, serial.replace('con', 'cno')]),
            "chardev 'cno' is made by no request before; did you mean 'con'?", 4)
    mistake('\n'.join([MACHINE, serial, chardev]), "chardev 'con' is made by no request before", 3)
    mistake('\n'.join([MACHINE, chardev, request('chardev-remove', id='con'), serial]),
            "chardev 'con' is made by", 5)
    for options in (['netdev', 'virtio-net-pci', 'netdev'], ['drive', 'virtio-blk-pci', 'block node'],
                    ['rng', 'virtio-rng-pci', 'object']):
        mistake(MACHINE + '\n' + request('device_add', **{'driver': options[1], options[0]: 'x'}),
                "%s 'x' is made by no request before" % options[2], 3)
    for add in (request('chardev-add', id='m', backend={'type': 'mux', 'data': {'chardev': 'x'}}),
                request('blockdev-add', **{'driver': 'raw', 'file': {
                    'driver': 'throttle', 'throttle-group': 'x', 'file': 'f'}})):
        mistake(MACHINE + '\n' + add, " 'x' is made by no request before", 3)
    # What is for a machine that is there may name what is there, and a path is the daemon's.
    check(serial).check(0, '', '')
    check(MACHINE.split('\n')[1] + '\n' + serial).check(0, '', '')
    check(MACHINE + '\n' + serial.replace('con', '/chardevs/con')).check(0, '', '')


@case
def check_knows_nodes_in_nodes():
    disk = request('device_add', driver='virtio-blk-pci', drive='inner')
    node = request('blockdev-add', **{'driver': 'raw', 'node-name': 'outer', 'file': {
        'driver': 'file', 'filename': '/x', 'node-name': 'inner'}})
    check('\n'.join([MACHINE, node, disk])).check(0, '', '')
    again = request('blockdev-add', **{'driver': 'null-co', 'node-name': 'inner'})
    mistake('\n'.join([MACHINE, node, again]), "block node id 'inner' is in use since line 3", 4)


@case
def check_looks_into_builds():
    chardev = request('chardev-add', id='con', backend={'type': 'null', 'data': {}})
    serial = request('device_add', driver='isa-serial', chardev='con')

    def build(*requests):
        return request('build', requests=[json.loads(text) for text in requests])
    check(build(*MACHINE.split('\n'), serial, chardev)).check(0, '', '')
    mistake(build(*MACHINE.split('\n'), serial), "chardev 'con' is made by no request before")
    mistake(build(*MACHINE.split('\n'), chardev, chardev), "requests[3]: chardev id 'con' is in use since line 1")
    text = '\n'.join([MACHINE, serial, chardev])
    vmctl('apply', '--check', '--build', '-', stdin=text).check(0, '', '')


@case
def examples_fit_the_schema():
    folder = os.path.join(SRCDIR, 'docs', 'examples')
    names = [name for name in sorted(os.listdir(folder)) if name.endswith('.qmp')]
    assert names
    for name in names:
        vmctl('apply', '--check', os.path.join(folder, name)).check(0, '', '')


@case
def the_manual_fits_the_schema():
    with open(os.path.join(SRCDIR, 'docs', 'man', 'vmd-requests.5'), encoding='utf-8') as f:
        text = f.read()
    blocks = re.findall(r'^\.Bd -literal\n(.*?)^\.Ed', text, re.S | re.M)
    assert len(blocks) > 1
    for block in blocks:
        check(block).check(0, '', '')
    commands = vmctl('complete', 'qmp', '').check(0).out.split()
    lists = text[text.index('.Sh ORDER'):text.index('.Sh EXAMPLES')]
    named = [name for line in re.findall(r'^\.It Ql (.*)', lists, re.M)
             for name in line.replace(',', ' ').split()]
    assert len(named) > 10
    equal([name for name in named if name not in commands], [])


if __name__ == '__main__':
    main()
