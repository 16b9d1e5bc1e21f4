#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the schema says under `Errors:` of a command is what happens."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from examplecontext import Context                  # noqa: E402

A_KEY = [{'type': 'qcode', 'data': 'a'}]
A_MOVE = [{'type': 'rel', 'data': {'axis': 'x', 'value': 20}}]
IRQ = {'path': 'irq[0]', 'property': 'type'}
IO0 = {'path': '/objects/io0', 'property': 'poll-max-ns', 'value': 'many'}
NO_FILE = '/nonexistent/file'
NO_LIMITS = {'bps': 0, 'bps_rd': 0, 'bps_wr': 0, 'iops': 0, 'iops_rd': 0, 'iops_wr': 0}
# A program that runs is not opened for writing.
PROGRAM = {'driver': 'file', 'node-name': 'program0', 'filename': vmdtest.VMD}
NEW_FILE = {'driver': 'file', 'filename': NO_FILE, 'size': 0}

# command: reason, what is there before (examplecontext.py), arguments.
ERRORS = {
    'balloon': [
        ('device-not-active', '', {'value': 1048576}),
        ('device-not-active', 'microvm', {'value': 1048576})],
    'block_resize': [
        ('device-not-found', '', {'device': 'x', 'size': 512}),
        ('object-not-found', '', {'node-name': 'x', 'size': 512}),
        ('property-missing', '', {'size': 512}),
        ('not-supported', 'null0', {'node-name': 'null0', 'size': 512})],
    'block-set-write-threshold': [
        ('object-not-found', '', {'node-name': 'x', 'write-threshold': 0})],
    'block_set_io_throttle': [
        ('property-missing', '', {**NO_LIMITS}),
        ('device-not-found', '', {**NO_LIMITS, 'id': 'x'}),
        ('invalid-value', 'pc null0 vd0', {**NO_LIMITS, 'id': 'vd0', 'bps': 1, 'bps_rd': 1}),
        ('id-invalid', 'pc null0 vd0', {**NO_LIMITS, 'id': 'vd0', 'bps': 1, 'group': '0'}),
        ('id-in-use', 'pc null0 vd0 io0', {**NO_LIMITS, 'id': 'vd0', 'bps': 1,
                                           'group': 'io0'})],
    'blockdev-add': [
        ('id-in-use', 'null0', {'driver': 'null-co', 'node-name': 'null0'}),
        ('id-invalid', '', {'driver': 'null-co', 'node-name': '0null'}),
        ('object-not-found', '', {'driver': 'raw', 'node-name': 'r', 'file': 'x'}),
        ('file-not-usable', '', {'driver': 'file', 'node-name': 'f', 'filename': NO_FILE})],
    'blockdev-change-medium': [
        ('file-not-usable', 'microvm cd', {'id': 'cd', 'filename': NO_FILE})],
    'blockdev-create': [
        ('id-in-use', 'create0', {'job-id': 'create0', 'options': NEW_FILE}),
        ('id-invalid', '', {'job-id': '0', 'options': NEW_FILE}),
        ('limit-exceeded', 'jobs', {'job-id': 'one-more', 'options': NEW_FILE})],
    'blockdev-reopen': [
        ('property-missing', '', {'options': [{'driver': 'null-co'}]}),
        ('object-not-found', '', {'options': [{'driver': 'null-co', 'node-name': 'x'}]}),
        ('not-supported', 'null0', {'options': [{
            'driver': 'null-co', 'node-name': 'null0', 'latency-ns': 5}]}),
        ('invalid-value', 'null0', {'options': [{
            'driver': 'null-co', 'node-name': 'null0', 'size': 1 << 20,
            'detect-zeroes': 'unmap'}]}),
        ('in-use', 'pc null0 vd0', {'options': [{
            'driver': 'null-co', 'node-name': 'null0', 'size': 1 << 20, 'read-only': True}]}),
        ('file-not-usable', 'program0', {'options': [PROGRAM]})],
    'blockdev-del': [
        ('object-not-found', '', {'node-name': 'x'}),
        ('in-use', 'pc null0 vd0', {'node-name': 'null0'})],
    'blockdev-insert-medium': [
        ('device-not-found', '', {'id': 'x', 'node-name': 'iso'}),
        ('object-not-found', 'microvm cd open', {'id': 'cd', 'node-name': 'x'}),
        ('not-supported', 'pc null0 vd0', {'id': 'vd0', 'node-name': 'null0'}),
        ('wrong-state', 'microvm cd iso', {'id': 'cd', 'node-name': 'iso'}),
        ('in-use', 'pc null0 vd0 ide-cd0 open', {'id': 'cd', 'node-name': 'null0'})],
    'blockdev-open-tray': [
        ('device-not-found', '', {'id': 'x'}),
        ('property-missing', '', {}),
        ('not-supported', 'pc null0 vd0', {'id': 'vd0'})],
    'blockdev-remove-medium': [
        ('device-not-found', '', {'id': 'x'}),
        ('not-supported', 'pc null0 vd0', {'id': 'vd0'}),
        ('wrong-state', 'microvm cd', {'id': 'cd'})],
    'build': [
        ('invalid-value', '', {'requests': [
            {'execute': 'device_add', 'arguments': {
                'driver': 'isa-debugcon', 'id': 'a', 'bus': 'b'}},
            {'execute': 'device_add', 'arguments': {
                'driver': 'isa-debugcon', 'id': 'b', 'bus': 'a'}}]})],
    'change-vnc-password': [
        ('device-not-active', '', {'password': 'sesame'}),
        ('not-supported', 'pc vnc-open', {'password': 'sesame'})],
    'chardev-add': [
        ('id-in-use', 'ring0', {'id': 'ring0', 'backend': {'type': 'null', 'data': {}}}),
        ('id-invalid', '', {'id': '0', 'backend': {'type': 'null', 'data': {}}}),
        ('file-not-usable', '', {'id': 'f', 'backend': {'type': 'file',
                                                        'data': {'out': NO_FILE}}})],
    'chardev-remove': [
        ('object-not-found', '', {'id': 'x'}),
        ('in-use', 'microvm ring0 debugcon', {'id': 'ring0'})],
    'closefd': [('fd-not-found', '', {'fdname': 'x'})],
    'cont': [('wrong-state', '', {})],
    'device-list-properties': [
        ('class-not-found', '', {'typename': 'x'}),
        ('invalid-value', '', {'typename': 'iothread'})],
    'device_add': [
        ('no-machine', '', {'driver': 'isa-serial'}),
        ('class-not-found', '', {'driver': 'x'}),
        ('class-abstract', '', {'driver': 'device'}),
        ('not-user-creatable', 'pc', {'driver': 'PIIX3'}),
        ('id-in-use', 'microvm exit0', {'driver': 'isa-serial', 'id': 'exit0'}),
        ('id-invalid', 'microvm', {'driver': 'isa-serial', 'id': '0'}),
        ('bus-not-found', 'microvm', {'driver': 'isa-serial', 'bus': 'x'}),
        ('bus-type-mismatch', 'pc', {'driver': 'isa-serial', 'bus': 'pci.0'}),
        ('bus-full', 'microvm com1-to-com4', {'driver': 'isa-serial'}),
        ('address-in-use', 'microvm exit0', {'driver': 'isa-debug-exit'}),
        ('object-not-found', 'microvm', {'driver': 'isa-serial', 'chardev': 'x'}),
        ('in-use', 'microvm ring0 debugcon', {'driver': 'isa-serial', 'chardev': 'ring0'}),
        ('not-hotpluggable', 'pc running', {'driver': 'isa-debugcon'}),
        ('bus-not-hotpluggable', 'microvm running', {'driver': 'virtio-rng-device'})],
    'device_del': [
        ('device-not-found', '', {'id': 'x'}),
        ('in-use', 'microvm vser port', {'id': 'vser'}),
        ('not-hotpluggable', 'microvm exit0 running', {'id': 'exit0'})],
    'expire_password': [
        ('device-not-active', '', {'protocol': 'vnc', 'time': 'now'}),
        ('object-not-found', 'pc vnc0', {'protocol': 'vnc', 'time': 'now', 'display': 'x'}),
        ('invalid-value', 'pc vnc0', {'protocol': 'vnc', 'time': 'soon'}),
        ('not-supported', '', {'protocol': 'spice', 'time': 'now'})],
    'add-fd': [('fd-not-found', '', {'fdset-id': 1})],
    'getfd': [
        ('fd-not-found', '', {'fdname': 'x'}),
        ('invalid-value', '', {'fdname': '0'})],
    'migrate-set-capabilities': [
        ('not-supported', '', {'capabilities': [{'capability': 'multifd', 'state': True}]})],
    'yank': [
        ('device-not-found', '', {'instances': [{'type': 'migration'}]})],
    'inject-nmi': [
        ('wrong-state', 'microvm', {}),
        ('not-supported', 'microvm running', {})],
    'input-send-event': [
        ('no-machine', '', {'events': A_MOVE}),
        ('object-not-found', 'microvm', {'events': A_MOVE})],
    'job-cancel': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'create0', {'id': 'create0'})],
    'job-complete': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'slow-create0', {'id': 'create0'})],
    'job-dismiss': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'slow-create0', {'id': 'create0'})],
    'job-finalize': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'slow-create0', {'id': 'create0'})],
    'job-pause': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'create0', {'id': 'create0'})],
    'job-resume': [
        ('object-not-found', '', {'id': 'x'}),
        ('wrong-state', 'slow-create0', {'id': 'create0'})],
    'netdev_add': [
        ('id-in-use', 'net0', {'type': 'user', 'id': 'net0'}),
        ('id-invalid', '', {'type': 'user', 'id': '0'}),
        ('not-supported', '', {'type': 'user', 'id': 'u', 'smb': '/tmp'})],
    'netdev_del': [
        ('device-not-found', '', {'id': 'x'}),
        ('in-use', 'pc net0 e1000', {'id': 'net0'})],
    'object-add': [
        ('class-not-found', '', {'qom-type': 'x'}),
        ('class-abstract', '', {'qom-type': 'device'}),
        ('not-user-creatable', '', {'qom-type': 'isa-serial', 'id': 's'}),
        ('id-in-use', 'io0', {'qom-type': 'iothread', 'id': 'io0'}),
        ('id-invalid', '', {'qom-type': 'iothread', 'id': '0'}),
        ('object-not-found', 'accel', {'qom-type': 'qtest', 'id': 'q', 'chardev': 'x'}),
        ('in-use', 'microvm ring0 debugcon', {'qom-type': 'qtest', 'id': 'q',
                                              'chardev': 'ring0'}),
        ('no-accelerator', '', {'qom-type': 'none-machine'}),
        ('file-not-usable', '', {'qom-type': 'memory-backend-file', 'id': 'f', 'size': 4096,
                                 'mem-path': NO_FILE})],
    'object-del': [
        ('object-not-found', '', {'id': 'x'}),
        ('in-use', 'microvm', {'id': 'ram'})],
    'qom-get': [
        ('object-not-found', '', {'path': '/x', 'property': 'type'}),
        ('path-ambiguous', 'pc', IRQ),
        ('property-not-found', '', {'path': '/objects', 'property': 'x'})],
    'qom-list': [
        ('object-not-found', '', {'path': '/x'}),
        ('path-ambiguous', 'pc', {'path': 'irq[0]'})],
    'qom-list-properties': [('class-not-found', '', {'typename': 'x'})],
    'qom-set': [
        ('object-not-found', '', {'path': '/x', 'property': 'type', 'value': 0}),
        ('path-ambiguous', 'pc', {**IRQ, 'value': 0}),
        ('property-not-found', 'io0', {**IO0, 'property': 'x'}),
        ('property-read-only', 'pc', {'path': '/machine', 'property': 'irqchip',
                                      'value': 'on'}),
        ('property-not-settable', 'ram0', {'path': '/objects/ram0', 'property': 'size',
                                           'value': 4096}),
        ('invalid-type', 'io0', IO0)],
    'query-balloon': [
        ('device-not-active', '', {}),
        ('device-not-active', 'microvm', {})],
    'query-class': [('class-not-found', '', {'name': 'x'})],
    'query-command-line-options': [('invalid-value', '', {'option': 'x'})],
    'query-cpu-model-baseline': [
        ('invalid-value', '', {'modela': {'name': 'Nehalem'}, 'modelb': {'name': 'EPYC'}})],
    'query-device-state': [
        ('object-not-found', '', {'path': 'x'}),
        ('path-ambiguous', 'pc', {'path': 'irq[0]'}),
        ('invalid-value', 'ram0', {'path': 'ram0'})],
    'query-hotpluggable-cpus': [('no-machine', '', {})],
    'query-machine-recipe': [
        ('class-not-found', '', {'name': 'x'}),
        ('property-not-found', '', {'name': 'pc', 'properties': [
            {'property': 'x', 'value': True}]})],
    'query-rx-filter': [('device-not-found', '', {'name': 'x'})],
    'query-screen-text': [
        ('no-machine', '', {}),
        ('not-supported', 'pc', {}),
        ('not-supported', 'pc vga', {}),
        ('device-not-found', 'pc vga', {'device': 'x'}),
        ('invalid-value', 'pc vga', {'device': 'video0', 'head': 1}),
        ('invalid-value', 'pc vga', {'head': 0})],
    'wait-screen-text': [
        ('no-machine', '', {'stamp': ''}),
        ('not-supported', 'pc', {'stamp': ''}),
        ('device-not-found', 'pc vga', {'stamp': '', 'device': 'x'}),
        ('invalid-value', 'pc vga', {'stamp': '', 'device': 'video0', 'head': 1}),
        ('invalid-value', 'pc vga', {'stamp': '', 'head': 0})],
    'memsave': [
        ('invalid-value', 'microvm cpu0', {'val': 1 << 40, 'size': 1, 'filename': 'x'}),
        ('invalid-value', 'microvm', {'val': 0, 'size': 1, 'filename': 'x'})],
    'pmemsave': [('invalid-value', 'microvm', {'val': 1 << 40, 'size': 1, 'filename': 'x'})],
    'x-query-page-tables': [('invalid-value', 'microvm', {})],
    'x-mouse-set': [
        ('no-machine', '', {'index': 1}),
        ('device-not-found', 'microvm', {'index': 1})],
    'x-read-memory': [
        ('invalid-value', 'microvm', {'address': 0, 'size': 1, 'cpu-index': 1})],
    'remove-fd': [
        ('fd-not-found', '', {'fdset-id': 1}),
        ('fd-not-found', 'fdset1', {'fdset-id': 1, 'fd': 1000})],
    'ringbuf-read': [
        ('object-not-found', '', {'device': 'x', 'size': 1}),
        ('invalid-value', 'tty0', {'device': 'tty0', 'size': 1})],
    'ringbuf-write': [
        ('object-not-found', '', {'device': 'x', 'data': ''}),
        ('invalid-value', 'tty0', {'device': 'tty0', 'data': ''}),
        ('invalid-value', 'ring0', {'device': 'ring0', 'data': '!', 'format': 'base64'})],
    'screendump': [
        ('no-machine', '', {'filename': NO_FILE}),
        ('not-supported', 'pc', {'filename': NO_FILE}),
        ('not-supported', 'pc net0 e1000', {'filename': NO_FILE, 'device': 'nic1'}),
        ('device-not-found', 'pc vga', {'filename': NO_FILE, 'device': 'x'}),
        ('invalid-value', 'pc vga', {'filename': NO_FILE, 'device': 'video0', 'head': 1}),
        ('property-missing', 'pc vga', {}),
        ('property-missing', 'pc vga', {'filename': NO_FILE, 'fdname': 'fd1'}),
        ('fd-not-found', 'pc vga', {'fdname': 'x'}),
        ('file-not-usable', 'pc vga', {'filename': NO_FILE}),
        ('file-not-usable', 'pc vga fd1', {'fdname': 'fd1', 'format': 'png'})],
    'send-key': [
        ('no-machine', '', {'keys': A_KEY}),
        ('object-not-found', 'microvm', {'keys': A_KEY}),
        ('limit-exceeded', 'pc running', {'keys': 600 * A_KEY})],
    'set_link': [('device-not-found', '', {'name': 'x', 'up': True})],
    'set-numa-node': [
        ('no-machine', '', {'type': 'node'}),
        ('not-supported', 'microvm', {'type': 'node'}),
        ('in-use', 'pc cpu0', {'type': 'node'}),
        ('in-use', 'accel ram0 pc-without-ram node0', {'type': 'node', 'memdev': 'ram0'}),
        ('invalid-value', 'pc', {'type': 'dist', 'src': 0, 'dst': 0, 'val': 10}),
        ('out-of-range', 'pc', {'type': 'node', 'nodeid': 128}),
        ('property-missing', 'pc', {'type': 'cpu', 'socket-id': 0})],
    'set_password': [
        ('device-not-active', '', {'protocol': 'vnc', 'password': 'sesame'}),
        ('object-not-found', 'pc vnc0', {'protocol': 'vnc', 'password': 'sesame',
                                         'display': 'x'}),
        ('not-supported', 'pc vnc-open', {'protocol': 'vnc', 'password': 'sesame'})],
    'system_powerdown': [
        ('wrong-state', 'microvm', {}),
        ('not-supported', 'microvm running', {})],
    'system_wakeup': [('wrong-state', 'pc running', {})],
    'trace-event-get-state': [
        ('invalid-value', '', {'name': 'x'}),
        ('invalid-value', '', {'name': 'irq_*', 'vcpu': 0})],
    'trace-event-set-state': [
        ('invalid-value', '', {'name': 'x', 'enable': True}),
        ('invalid-value', 'microvm cpu0', {'name': 'irq_level', 'enable': True, 'vcpu': 0})],
    'x-exit-preconfig': [('wrong-state', '', {})],
}


# What it takes a guest that has locked its medium for, or a host disk of unusual blocks.
NOT_HERE = {('eject', 'wrong-state'), ('blockdev-insert-medium', 'invalid-value'),
            ('blockdev-change-medium', 'invalid-value')}


def documented():
    """{ command: reasons that its `Errors:` names }"""
    path = os.path.join(vmdtest.BUILDDIR, 'qmp', 'qapi-schema.json')
    with open(path, encoding='utf-8') as f:
        expressions = json.load(f)['expressions']
    reasons = next(e for e in expressions if e['name'] == 'ErrorReason')['expression']['data']
    return {e['name']: set(re.findall('`([a-z-]+)`', e['doc']['tags'].get('Errors', '')))
            & set(reasons) for e in expressions if e['kind'] == 'command'}


def errors_come_as_documented(recorder):
    """each reason that is written under a command's `Errors:` is provoked"""
    for command, cases in ERRORS.items():
        for reason, needs, arguments in cases:
            with Context(recorder, command, needs) as context:
                context.client.send({'execute': command, 'arguments': arguments})
                reply = context.client.reply()
                assert reply.get('error', {}).get('reason') == reason, (command, arguments, reply)


def all_documented_errors_are_here(recorder):
    """the table above has exactly the reasons that the schema names for each command"""
    for command, reasons in documented().items():
        tested = {reason for reason, _, _ in ERRORS.get(command, ())}
        reasons -= {reason for name, reason in NOT_HERE if name == command}
        assert reasons == tested, (command, reasons ^ tested)


if __name__ == '__main__':
    vmdtest.main([errors_come_as_documented, all_documented_errors_are_here])
