#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ACPI and SMBIOS tables of a PC as firmware finds them in the firmware configuration
device, judged by ACPICA's and dmidecode's programs.  No KVM is needed."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import vmdtest                                      # noqa: E402
from firmware import Firmware, tables_of            # noqa: E402
from qtestclient import build, serve                # noqa: E402
from vmdtest import Daemon, Skip                    # noqa: E402


def program(name):
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin')
    if not path:
        raise Skip('%s is not installed' % name)
    return path


def run(*command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, '%s: %s %s' % (command, done.stdout, done.stderr)
    return done.stdout


def start(daemon, machine='pc-i440fx-2.7-machine', devices=(), objects=(), **options):
    client = daemon.client()
    qtest = serve(daemon, client)
    for klass, properties in objects:
        client.request({'execute': 'object-add', 'arguments': {
            'qom-type': klass, 'id': klass, **properties}})
    build(client, machine, **options)
    for number, (driver, properties) in enumerate(devices):
        client.request({'execute': 'device_add', 'arguments': {
            'driver': driver, 'id': 'device%d' % number, **properties}})
    client.call('cont')
    return Firmware(qtest)


def acpi_tables(recorder):
    """each ACPI table of a PC is disassembled and compiled again without a warning"""
    iasl = program('iasl')
    with Daemon(recorder) as daemon:
        firmware = start(daemon, devices=(('qemu64-x86_64-cpu', {}), ('qemu64-x86_64-cpu', {}),
                                          ('isa-serial', {'index': 1}), ('pvpanic', {})))
        assert firmware.files['etc/acpi/tables'][1] == 128 * 1024
        found = tables_of(*firmware.acpi())
        assert set(found) == {'FACP', 'APIC', 'HPET', 'WAET', 'FACS', 'DSDT'}, set(found)
        sources = {}
        for name, data in found.items():
            with open(daemon.path(name + '.dat'), 'wb') as f:
                f.write(data)
            run(iasl, '-p', name, '-d', name + '.dat', folder=daemon.folder)
            run(iasl, '-we', '-p', 'again', name + '.dsl', folder=daemon.folder)
            with open(daemon.path(name + '.dsl'), encoding='utf-8') as f:
                sources[name] = f.read()
        dsdt = ' '.join(sources['DSDT'].split())
        for text in ('IO (Decode16, 0x02F8,', 'Name (_HID, "QEMU0001")', 'Name (_HID, "QEMU0002")',
                     'EisaId ("PNP0B00")', 'EisaId ("PNP0303")', 'Device (HPET)', 'Device (C001)',
                     'Method (_E01, 0, NotSerialized)', 'Name (\\_S5, Package (0x04)'):
            assert text in dsdt, text
        assert 'IO (Decode16, 0x03F8,' not in dsdt
        assert sources['APIC'].count('[Processor Local APIC]') == 2


def without(recorder):
    """what a PC does not have is in no table, and without `acpi` there is none"""
    with Daemon(recorder) as daemon:
        firmware = start(daemon, hpet=False)
        assert 'HPET' not in tables_of(*firmware.acpi())
    with Daemon(recorder) as daemon:
        firmware = start(daemon, acpi='off')
        assert not [name for name in firmware.files if 'acpi' in name or 'loader' in name]
        assert 'etc/smbios/smbios-anchor' in firmware.files


def smbios_tables(recorder):
    """dmidecode finds the machine and the client's settings"""
    dmidecode = program('dmidecode')
    with Daemon(recorder) as daemon:
        firmware = start(
            daemon, uuid='00112233-4455-6677-8899-aabbccddeeff',
            devices=(('qemu64-x86_64-cpu', {}),),
            objects=(('smbios-type-1', {'serial': 'serial-of-system', 'family': 'family'}),
                     ('smbios-type-2', {'asset': 'asset-of-board'}),
                     ('smbios-type-11', {'value': ['io.systemd.credential:a=b', 'second']}),
                     ('smbios-type-17', {'part': 'part-of-module'})))
        with open(daemon.path('dump'), 'wb') as f:
            f.write(firmware.dump())
        text = ' '.join(run(dmidecode, '--from-dump', 'dump', folder=daemon.folder).split())
        for what in ('SMBIOS 2.8 present.', 'Version: pc-i440fx-2.7 Serial Number: serial-of-system'
                     ' UUID: 00112233-4455-6677-8899-aabbccddeeff', 'Family: family',
                     'Asset Tag: asset-of-board', 'String 1: io.systemd.credential:a=b',
                     'String 2: second', 'Socket Designation: CPU 0', 'Size: 64 MB',
                     'Part Number: part-of-module'):
            assert what in text, (what, text)
        assert 'TRUNCATED' not in text and 'BAD INDEX' not in text, text


if __name__ == '__main__':
    sys.exit(vmdtest.main([acpi_tables, without, smbios_tables]))
