# SPDX-License-Identifier: GPL-2.0-or-later
"""What a daemon needs before an example of the schema's documentation can be sent.

An example is sent to a daemon of its own.  NEEDS names, for each command or class whose
example asks for more than an empty daemon, what is made first; the functions so named are
below.  The machines are of the accelerator qtest, and of one that runs guests only for
what that cannot do.
"""
import os

import microvm
import qtestclient
from pc import HALT
from pki import Authority
from vgaprogram import Program
from vmdtest import Daemon, QmpError, VMD

MIB = 1 << 20

# Names that examples give to files, and what stands for them here: names in the
# daemon's folder, or whole paths.
FILES = {'disk.img': 'disk.img', '/tmp/paper': 'paper', '/tmp/screen.png': 'screen.png',
         '/tmp/vnc.sock': 'vnc.sock', '/tmp/pki': 'pki', '/boot/vmlinux': os.path.abspath(microvm.KERNEL)}

NEEDS = {
    'balloon': 'microvm balloon',
    'block_resize': 'image disk0',
    'block-set-write-threshold': 'null0',
    'block_set_io_throttle': 'pc null0 vd0',
    'blockdev-add': 'image',
    'blockdev-change-medium': 'microvm cd image',
    'blockdev-close-tray': 'microvm cd',
    'blockdev-del': 'image disk0',
    'blockdev-insert-medium': 'microvm cd open iso',
    'blockdev-open-tray': 'microvm cd',
    'blockdev-remove-medium': 'microvm cd open',
    'chardev-remove': 'tty0',
    'closefd': 'fd1',
    'change-vnc-password': 'pc vnc0',
    'cont': 'microvm',
    'blockdev-create': 'image',
    'blockdev-reopen': 'image disk0',
    'device_add': 'microvm',
    'device_del': 'microvm exit0',
    'eject': 'microvm cd',
    'expire_password': 'pc vnc0',
    'inject-nmi': 'microvm-with-guest running',
    'input-send-event': 'pc running',
    'job-cancel': 'slow-create0',
    'job-complete': 'create0',
    'job-dismiss': 'create0',
    'job-finalize': 'create0',
    'job-pause': 'slow-create0',
    'job-resume': 'slow-create0',
    'memsave': 'microvm cpu0',
    'monitor-hmp': 'tty0',
    'monitor-qmp': 'tty0',
    'netdev_del': 'net0',
    'object-del': 'ram0',
    'pmemsave': 'microvm',
    'qom-get': 'ram0',
    'qom-list': 'ram0',
    'qom-set': 'io0',
    'query-accelerators': 'accel',
    'query-balloon': 'microvm balloon',
    'query-device-state': 'pc',
    'query-fdsets': 'fdset1',
    'query-guest-errors': 'microvm guest-error',
    'query-acpi-ospm-status': 'pc-with-slots more dimm0',
    'query-block': 'pc null0 vd0',
    'query-blockstats': 'null0',
    'query-chardev': 'tty0',
    'query-config': 'io0',
    'query-cpus-fast': 'microvm cpu0',
    'query-current-machine': 'microvm',
    'query-hotpluggable-cpus': 'microvm cpu0',
    'query-iothreads': 'io0',
    'query-memdev': 'ram0',
    'query-memory-devices': 'pc-with-slots more dimm0',
    'query-jobs': 'create0',
    'query-mice': 'pc',
    'query-named-block-nodes': 'null0',
    'query-pci': 'pc',
    'query-rx-filter': 'microvm nic0',
    'query-screen-text': 'pc vga text-mode',
    'query-uuid': 'microvm',
    'query-vnc': 'pc vnc0',
    'query-vnc-servers': 'pc vnc0',
    'remove-fd': 'fdset1',
    'ringbuf-read': 'ring0 written',
    'ringbuf-write': 'ring0',
    'screendump': 'pc vga',
    'wait-screen-text': 'pc vga',
    'x-access-port': 'pc',
    'x-query-page-tables': 'microvm cpu0',
    'x-mouse-set': 'pc',
    'x-read-memory': 'microvm',
    'yank': 'sock0',
    'query-yank': 'sock0',
    'send-key': 'pc running',
    'set-numa-node': 'accel ram0 pc-without-ram',
    'set_link': 'net0',
    'set_password': 'pc vnc0',
    'stop': 'microvm running',
    'system_powerdown': 'pc running',
    'system_reset': 'microvm running',
    'system_wakeup': 'pc running asleep',
    # Machines and devices.
    'VGA': 'pc',
    'bochs-display': 'pc',
    'cirrus-vga': 'pc',
    'e1000': 'pc net0',
    'floppy': 'pc',
    'fw-cfg-file': 'microvm',
    'i8042': 'microvm',
    'i6300esb': 'pc',
    'ib700': 'microvm',
    'ich9-ahci': 'pc',
    'ich9-usb-ehci1': 'pc',
    'ich9-usb-uhci1': 'pc',
    'ich9-usb-uhci2': 'pc',
    'ich9-usb-uhci3': 'pc',
    'ide-cd': 'pc',
    'ide-hd': 'pc null0-as-disk0',
    'isa-debug-exit': 'microvm',
    'isa-debugcon': 'microvm',
    'isa-fdc': 'pc',
    'isa-parallel': 'microvm',
    'isa-serial': 'microvm',
    'mc146818rtc': 'microvm-without-rtc',
    'microvm': 'accel ram0',
    'nec-usb-xhci': 'pc',
    'nvdimm': 'pc-with-slots',
    'none': 'accel',
    'pc-i440fx-2.7': 'accel ram0',
    'pc-i440fx-2.8': 'accel ram0',
    'pc-i440fx-2.9': 'accel ram0',
    'pc-i440fx-2.10': 'accel ram0',
    'pc-i440fx-2.11': 'accel ram0',
    'pc-i440fx-2.12': 'accel ram0',
    'pc-i440fx-3.0': 'accel ram0',
    'pc-i440fx-3.1': 'accel ram0',
    'pc-i440fx-4.0': 'accel ram0',
    'pc-i440fx-4.1': 'accel ram0',
    'pc-i440fx-4.2': 'accel ram0',
    'pc-i440fx-5.0': 'accel ram0',
    'pc-i440fx-5.1': 'accel ram0',
    'pc-i440fx-5.2': 'accel ram0',
    'pc-i440fx-6.0': 'accel ram0',
    'pc-i440fx-6.1': 'accel ram0',
    'pc-i440fx-6.2': 'accel ram0',
    'pc-i440fx-7.0': 'accel ram0',
    'pc-i440fx-7.1': 'accel ram0',
    'pc-i440fx-7.2': 'accel ram0',
    'pc-dimm': 'pc-with-slots',
    'pc-testdev': 'pc',
    'pci-bridge': 'pc',
    'pci-testdev': 'pc',
    'piix3-usb-uhci': 'pc',
    'port92': 'microvm',
    'pvpanic': 'microvm',
    'qemu-xhci': 'pc',
    'qtest': 'accel qt',
    'ramfb': 'pc',
    'scsi-cd': 'microvm',
    'scsi-hd': 'microvm',
    'secondary-vga': 'pc',
    'smbios-type-0': 'microvm',
    'smbios-type-1': 'microvm',
    'tls-creds-x509': 'pki',
    'usb-ehci': 'pc',
    'usb-hub': 'pc',
    'usb-kbd': 'pc',
    'usb-mouse': 'pc',
    'usb-serial': 'pc',
    'usb-storage': 'pc',
    'usb-tablet': 'pc',
    'virtio-balloon-device': 'microvm',
    'virtio-balloon-pci': 'pc',
    'virtio-blk-device': 'microvm null0-as-disk0',
    'virtio-blk-pci': 'pc',
    'virtio-gpu-device': 'microvm',
    'virtio-gpu-pci': 'pc',
    'virtio-mem-pci': 'pc-with-slots',
    'virtio-net-device': 'microvm net0',
    'virtio-net-pci': 'pc',
    'virtio-keyboard-device': 'microvm',
    'virtio-keyboard-pci': 'pc',
    'virtio-mouse-device': 'microvm',
    'virtio-mouse-pci': 'pc',
    'virtio-tablet-device': 'microvm',
    'virtio-tablet-pci': 'pc',
    'virtio-rng-device': 'microvm',
    'virtio-rng-pci': 'pc',
    'virtio-scsi-device': 'microvm',
    'virtio-scsi-pci': 'pc',
    'virtio-serial-device': 'microvm',
    'virtio-serial-pci': 'pc',
    'virtio-vga': 'pc',
    'virtserialport': 'microvm vser',
    'vnc-server': 'pc',
}
# What the daemon's own command line must say.
OPTIONS = {'query-name': ['--name', 'web1']}
# Names of what needs a guest that runs.
WITH_GUEST = {name for name, needs in NEEDS.items() if 'with-guest' in needs}


class Context:
    """A daemon and a client, ready for the example of one entry, or with these needs."""

    def __init__(self, recorder, name, needs=None):
        self.daemon = Daemon(recorder, OPTIONS.get(name, ()))
        self.client = self.daemon.client(negotiate=name != 'qmp_capabilities')
        self.fds = []
        self.port = None
        if name in ('add-fd', 'getfd') and needs is None:
            self.fds.append(os.open('/dev/null', os.O_RDWR))
        for need in (NEEDS.get(name, '') if needs is None else needs).split():
            MAKE[need](self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in self.fds:
            os.close(fd)
        if self.port:
            self.port.close()
        self.client.close()
        self.daemon.__exit__()

    def call(self, command, **arguments):
        self.client.request({'execute': command, 'arguments': arguments})

    def send(self, request):
        """The reply to an example's request, as a client without error-details gets it."""
        try:
            return {'return': self.client.request(self.placed(request), self.fds)}
        except QmpError as e:
            return {'error': {key: e.error[key] for key in ('class', 'desc')}}

    def placed(self, value):
        """value with this place's files in it."""
        if isinstance(value, dict):
            return {key: self.placed(v) for key, v in value.items()}
        if isinstance(value, list):
            return [self.placed(v) for v in value]
        named = isinstance(value, str) and value in FILES
        return self.daemon.path(FILES[value]) if named else value


def add_object(qom_type, **arguments):
    return lambda c: c.call('object-add', **{'qom-type': qom_type, **arguments})


def add_device(driver, **arguments):
    return lambda c: c.call('device_add', driver=driver, **arguments)


def add_chardev(name, kind):
    return lambda c: c.call('chardev-add', id=name, backend={'type': kind, 'data': {}})


def four_ports(c):
    for _ in range(4):
        c.call('device_add', driver='isa-serial')


def add_null(name):
    return lambda c: c.call('blockdev-add', **{'driver': 'null-co', 'node-name': name,
                                               'size': MIB})


def machine(name, **options):
    return lambda c: qtestclient.build(c.client, name + '-machine', **options)


def image(c):
    with open(c.daemon.path('disk.img'), 'wb') as f:
        f.truncate(MIB)


def disk0(c):
    c.call('blockdev-add', **{'driver': 'file', 'node-name': 'disk0',
                              'filename': c.daemon.path('disk.img')})


def create(c, name, **options):
    c.call('blockdev-create', **{'job-id': name, 'options': {
        'driver': 'file', 'filename': c.daemon.path('created'), 'size': 0, **options}})


def ended_job(c):
    create(c, 'create0')
    while c.client.call('query-jobs')[0]['status'] != 'concluded':
        c.client.wait_event('JOB_STATUS_CHANGE')


def slow_job(c):
    """It would take a quarter of a minute: each piece takes 10 ms."""
    c.call('blockdev-create', **{'job-id': 'create0', 'options': {
        'driver': 'qcow2', 'size': 400 << 30, 'preallocation': 'falloc',
        'file': {'driver': 'null-co', 'size': 1 << 40, 'latency-ns': 10000000}}})


def most_jobs(c):
    for i in range(256):
        create(c, 'job%d' % i)


def scsi_cd(c):
    c.call('device_add', driver='virtio-scsi-device')
    c.call('device_add', driver='scsi-cd', id='cd')


def fd1(c):
    with open('/dev/null', 'rb') as null:
        c.client.request({'execute': 'getfd', 'arguments': {'fdname': 'fd1'}}, [null.fileno()])


def fdset1(c):
    with open('/dev/null', 'rb') as null:
        c.client.request({'execute': 'add-fd', 'arguments': {
            'fdset-id': 1, 'opaque': 'rdwr:disk'}}, [null.fileno()])


def microvm_with_guest(c):
    microvm.build(c.client, kernel=microvm.write_kernel(c.daemon.path('kernel'), HALT))


def asleep(c):
    """What a guest does to sleep: maps the PIIX4's registers and writes SUS_TYP and SUS_EN.
    The port stays open, because the machine would end with its client."""
    c.port = qtestclient.serve(c.daemon, c.client)
    for register, value in ((0x40, 0x601), (0x80, 1)):
        c.port.ok('outl 0xcf8 %#x' % (0x80000b00 | register))
        c.port.ok('outl 0xcfc %#x' % value)
    c.port.ok('outw 0x604 0x2400')
    c.client.wait_event('SUSPEND')


def text_mode(c):
    """The guest puts a letter on the screen."""
    program = Program()
    program.attach(2)
    program.mode('text80')
    program.write(0xb8000, b'>\7')
    c.port = qtestclient.serve(c.daemon, c.client)
    assert all(answer.startswith('OK') for answer in c.port.ask_all(program.lines))


def guest_error(c):
    """The guest writes to a register that the I/O APIC does not have."""
    c.port = qtestclient.serve(c.daemon, c.client)
    c.port.ok('writel 0xfec00000 0xf')
    c.port.ok('writel 0xfec00010 1')


MAKE = {
    'accel': add_object('qtest-accel'),
    'asleep': asleep,
    'balloon': add_device('virtio-balloon-device', id='balloon'),
    'cd': scsi_cd,
    'com1-to-com4': four_ports,
    'cpu0': add_device('qemu64-x86_64-cpu', id='cpu0'),
    'create0': ended_job,
    'debugcon': add_device('isa-debugcon', id='debugcon', chardev='ring0'),
    'dimm0': add_device('pc-dimm', id='dimm0', memdev='more'),
    'disk0': disk0,
    'e1000': add_device('e1000', id='nic1', netdev='net0'),
    'exit0': add_device('isa-debug-exit', id='exit0'),
    'fd1': fd1,
    'fdset1': fdset1,
    'guest-error': guest_error,
    'ide-cd0': add_device('ide-cd', id='cd'),
    'image': image,
    'io0': add_object('iothread', id='io0'),
    'jobs': most_jobs,
    'iso': add_null('iso'),
    'more': add_object('memory-backend-ram', id='more', size=1024 * MIB),
    'microvm': machine('microvm'),
    'microvm-with-guest': microvm_with_guest,
    'microvm-without-rtc': machine('microvm', rtc='off'),
    'net0': lambda c: c.call('netdev_add', type='user', id='net0'),
    'nic0': add_device('virtio-net-device', id='nic0'),
    'node0': lambda c: c.call('set-numa-node', type='node', memdev='ram0'),
    'null0': add_null('null0'),
    'null0-as-disk0': add_null('disk0'),
    'open': lambda c: c.call('blockdev-open-tray', id='cd'),
    'pc': machine('pc-i440fx-2.7'),
    'pc-with-slots': machine('pc-i440fx-2.7', nvdimm=True,
                              memory={'max-size': 2048 * MIB, 'slots': 2}),
    'pc-without-ram': add_object('pc-i440fx-2.7-machine', memory={'size': 64 * MIB},
                                 smp={'cpus': 2}),
    'pki': lambda c: Authority(c.daemon.path('pki')),
    'port': add_device('virtserialport', id='port', bus='vser.0'),
    'program0': lambda c: c.call('blockdev-add', **{
        'driver': 'file', 'node-name': 'program0', 'filename': VMD, 'read-only': True}),
    'qt': add_chardev('qt', 'null'),
    'ram0': add_object('memory-backend-ram', id='ram0', size=64 * MIB),
    'ring0': add_chardev('ring0', 'ringbuf'),
    'running': lambda c: c.call('cont'),
    'slow-create0': slow_job,
    'text-mode': text_mode,
    'sock0': lambda c: c.call('chardev-add', id='sock0', backend={'type': 'socket', 'data': {
        'addr': {'type': 'inet', 'data': {'host': '127.0.0.1', 'port': '0'}}}}),
    'tty0': add_chardev('tty0', 'pty'),
    'vd0': add_device('virtio-blk-pci', id='vd0', drive='null0'),
    'vga': add_device('VGA', id='video0', addr='2'),
    'vnc-open': add_object('vnc-server', id='vnc0'),
    'vnc0': add_object('vnc-server', id='vnc0', password=True, addr={
        'type': 'inet', 'host': '127.0.0.1', 'port': '0'}),
    'vser': add_device('virtio-serial-device', id='vser'),
    'written': lambda c: c.call('ringbuf-write', device='ring0', data='abcdefgh'),
}
