# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of the human monitor, and what they print: a regular expression for all of it.

They are executed in this order, on a machine of tests/system/hmp.py that has not started.
PATH is the daemon's folder, which has a file `disk` of 1 MiB.
"""

HEX = r'[0-9a-f]+'
NOTHING = ''

LINES = [
    ('help', r'help\|\? \[command\] -- show the help\ninfo .*'),
    ('info', r'info balloon -- .*'),
    ('help stop', r'stop\|s -- stop emulation\n'),
    ('info version', r'7\.2\.0vmd .*\n'),
    ('info status', r'VM status: paused \(prelaunch\)\n'),
    ('info kvm', r'kvm support: (enabled|disabled|not available on this host)\n'),
    ('info name', r'hmp\n'),
    ('info uuid', r'01234567-89ab-cdef-0123-456789abcdef\n'),
    ('info history', r".*"),

    ('info cpus', r'\* CPU #0: thread_id=\d+\n'),
    ('cpu 0', NOTHING),
    ('cpu 9', r'invalid CPU index\n'),
    ('info hotpluggable-cpus', r'Hotpluggable CPUs:\n  type: "\S+-x86_64-cpu"\n'
     r'  vcpus_count: "1"\n  qom_path: "/machine/\S+"\n  CPUInstance Properties:\n.*'
     r'    thread-id: "0"\n'),
    ('info registers', r'\nCPU#0\nEAX=00000000 EBX=00000000 ECX=00000000 EDX=[0-9a-f]{8}\n.*'
     r'EIP=0000fff0 EFL=00000002 \[-------\] CPL=0 HLT=0\n.*'
     r'CS =f000 ffff0000 0000ffff 00009[3b]00\n.*CR0=60000010 CR2=00000000 .*'
     r'FCW=0(37f|040) .*XMM07=0{16} 0{16}\n.*'),
    ('info registers -a', r'\nCPU#0\n.*'),
    ('info registers 7', r'CPU#7 not available\n'),
    ('info lapic', r'dumping local APIC state for CPU 0\n\nLVTT\t 0x00010000 .*'
     r'ISR\t \(none\)\n.*'),
    ('info pic', r'(ioapic: .*\n|)i8259: .*|.*ioapic.*'),
    ('p $eip', r'0xfff0\n'),
    ('print /d $cs*2', r'122880\n'),
    ('p $nosuch', r'print: unknown register\nTry "help print" for more information\n'),

    ('xp /2wx 0xfffffff0', r'00000000fffffff0: 0x[0-9a-f]{8} 0x[0-9a-f]{8}\n'),
    ('xp /1xb 0xfffffff0', r'00000000fffffff0: 0xea\n'),
    ('x /1xb 0xfffffff0', r'00000000fffffff0: 0xea\n'),
    ('xp /3c 0', r"0000000000000000: '\\x00' '\\x00' '\\x00'\n"),
    ('xp /9xb 0', r'0000000000000000:( 0x00){9}\n'),
    ('xp /17xb 0', r'0000000000000000:( 0x00){16}\n0000000000000010: 0x00\n'),
    ('xp /1dg 0', r'0000000000000000: +0\n'),
    ('xp /1i 0', r'Error: instructions are not disassembled.*\n'),
    ('xp /9999999 0', r'Error: a count is from 1 to \d+\n'),
    ('xp /1gx 0xffffffffffffffff', r'Error: there are fewer addresses .*\n'),
    ('gva2gpa 0x1234', r'gpa: 0x1234\n'),
    ('sum 0 16', r'00000\n'),
    ('i /b 0x70 5', r'portb\[0x0070\] = 0x[0-9a-f]{2}\n'),
    ('i /h 0xcf8', r'portw\[0x0cf8\] = 0x[0-9a-f]{4}\n'),
    ('o /b 0x80 1', NOTHING),
    ('info tlb', r'PG disabled\n'),
    ('info mem', r'PG disabled\n'),
    ('memsave 0 4096 PATH/a.mem', NOTHING),
    ('pmemsave 0 3000000 "PATH/b.mem"', r'Error: there is no memory at 0xa0000\n'),
    ('pmemsave 0x100000 3000000 PATH/b.mem', NOTHING),
    ('pmemsave 0 1 PATH/nowhere/b', r'Error: .*nowhere.*\n'),
    ('info mtree', r'address-space: memory\n  0{16}-f{16} \(prio 0, i/o\): system-memory\n'
     r'.*alias \S+ @\S+ .*\naddress-space: I/O\n  0{16}-000000000000ffff .*\n'),
    ('info mtree -f', r'address-space: memory\n  0{16}-000000000009ffff \(prio \d, ram\): ram\n'
     r'.*\n  0{13}070-0{13}071 \(prio 0, i/o\): rtc\n.*'),
    ('info qtree', r'bus: main-system-bus\n  type System\n.*    bus: pci.0\n      type PCI\n'
     r'.*      dev: e1000, id "nic0"\n.*        mac = "52:54:00:12:34:56"\n.*'
     r'  dev: hpet, id ""\n    gpio-\S+ .*'
     r'    mmio 00000000fed00000/0000000000000400\n.*'),
    ('info usb', r'no USB device\n'),

    ('info chardev', r'(hmp: filename=unix:\S+\n)?rb: filename=ringbuf\n'
     r'(hmp: filename=\S+\n)?'),
    ('chardev-add null,id=c0', NOTHING),
    ('chardev-add null,id=c0', r'Error: .*c0.*\n'),
    ('chardev-remove c0', NOTHING),
    ('chardev-add pty,id=p0', r'char device redirected to /dev/pts/\d+\n'),
    ('chardev-remove p0', NOTHING),
    ('ringbuf_write rb "a\\\\b"', NOTHING),
    ('ringbuf_read rb 10', r'a\\\\b\n'),

    ('info network', r'nic0: index=0,type=nic,model=e1000,macaddr=52:54:00:12:34:56\n'
     r' \\ n0: index=0,type=user\S*\n'),
    ('netdev_add "user,id=n1"', NOTHING),
    ('info network', r'nic0: .*\n \\ n0: .*\nn1: index=0,type=user\S*\n'),
    ('set_link nic0 off', NOTHING),
    ('announce_self', NOTHING),
    ('announce_self nic0 again', NOTHING),
    ('set_link nic0 on', NOTHING),
    ('device_add e1000,netdev=n1,id=nic1', NOTHING),
    ('device_add e1000,id=nic1', r"Error: .*nic1.*\n"),
    ('device_add e1000,nosuch=1', r"Error: parameter 'nosuch' is unknown\n"),
    ('device_del nic1', NOTHING),
    ('netdev_del n1', NOTHING),
    ('info pci', r'  Bus  0, device   0, function 0:\n    Host bridge: PCI device 8086:1237\n'
     r'      PCI subsystem 1af4:1100\n      id ""\n.*'
     r'    Ethernet controller: PCI device 8086:100e\n.*id "nic0"\n.*'),

    ('object_add rng-random,id=r0,filename=/dev/urandom', NOTHING),
    ('object_del r0', NOTHING),
    ('info iothreads', r'io0:\n  thread_id=\d+\n  poll-max-ns=\d+\n  poll-grow=\d+\n'
     r'  poll-shrink=\d+\n  aio-max-batch=\d+\n'),
    ('qom-list', r'/\n'),
    ('qom-list /objects', r'type \(string\)\n.*io0 \(child<iothread>\)\n.*'),
    ('qom-get nic0 mac', r'"52:54:00:12:34:56"\n'),
    ('qom-get nic0 nosuch', r'Error: .*nosuch.*\n'),
    ('qom-set io0 poll-max-ns 1000', NOTHING),
    ('qom-set -j io0 poll-max-ns 2000', NOTHING),
    ('qom-get io0 poll-max-ns', r'2000\n'),
    ('info qom-tree /objects', r'/objects \(container\)\n(  /\S+ \(\S+\)\n)*'
     r'  /io0 \(iothread\)\n(  /\S+ \(\S+\)\n)*'),
    ('info qdm', r'name "\S+"\n.*name "e1000"\n.*'),

    ('info balloon', r'balloon: actual=64\n'),
    ('balloon 32', NOTHING),
    ('info memdev', r'memory backend: pc.ram\n  size:  67108864\n  merge: true\n.*'
     r'  policy: default\n  host nodes: \n\n'),
    ('info memory-devices', NOTHING),
    ('info memory_size_summary', r'base memory: 67108864\nplugged memory: 0\n'),

    ('info block', r'cd0: \[not inserted\]\n    Attached to:      cd0\n'
     r'    Removable device: not locked, tray closed\n'),
    ('change cd0 PATH/disk raw', NOTHING),
    ('info block cd0', r'\S+ ?\(?\S*\)?: \S+/disk \(raw, read-only\)\n'
     r'    Attached to:      cd0\n    Removable device: not locked, tray closed\n'
     r'    Cache mode:       writeback\n'),
    ('info block -v cd0', r'.*\nimage: \S+/disk\nfile format: raw\n'
     r'virtual size: 1048576 bytes\n.*'),
    ('info block nosuch', r"Error: Device 'nosuch' not found\n"),
    ('info blockstats', r'cd0-medium: rd_bytes=0 wr_bytes=0 rd_operations=0 .*\n'),
    ('block_set_io_throttle cd0 1000 0 0 0 0 0', NOTHING),
    ('info block cd0', r'.*    I/O throttling:    bps=1000 .*'),
    ('eject -f cd0', NOTHING),
    ('drive_add auto "if=none,id=d0,format=raw,file=PATH/disk"', r'OK\n'),
    ('drive_add -n 0 driver=null-co,node-name=d1', NOTHING),
    ('drive_del d1', NOTHING),
    ('info block -n', r'.*d0.*: \S+/disk \(raw\)\n.*'),
    ('block_resize d0 2', NOTHING),
    ('drive_del d0', NOTHING),
    ('drive_del d0', r"Error: Device 'd0' not found\n"),
    ('info block-jobs', r'No active jobs\n'),
    ('block_job_cancel j', r'Error: .*\n'),
    ('block_job_complete j', r'Error: .*\n'),
    ('block_job_pause j', r'Error: .*\n'),
    ('block_job_resume j', r'Error: .*\n'),
    ('info migrate_capabilities', r'.*events: off\n.*'),

    ('info vnc', r'None\n'),
    ('object_add vnc-server,id=v0,host=127.0.0.1,port=0', r'.*'),
    ('set_password vnc sesame', r'.*'),
    ('expire_password vnc now', r'.*'),
    ('info mice', r'\* Mouse #\d+: QEMU PS/2 Mouse\n'),
    ('sendkey ctrl-alt-f1 10', NOTHING),
    ('sendkey nosuch', r'Error: .*\n'),
    ('mouse_move 1 -1 1', NOTHING),
    ('mouse_button 1', NOTHING),
    ('mouse_set 2', NOTHING),
    ('mouse_set 99', r'Error: .*\n'),
    ('screendump PATH/a.ppm', NOTHING),
    ('screendump PATH/a.png -f png', NOTHING),

    ('info trace-events virtio_notify', r'virtio_notify : state 0\n'),
    ('trace-event virtio_notify on', NOTHING),
    ('info trace-events virtio_notify', r'virtio_notify : state 1\n'),
    ('trace-event nosuch on', r'Error: .*nosuch.*\n'),
    ('watchdog_action pause', NOTHING),
    ('watchdog_action dance', r'Error: .*\n'),
    ('getfd f', r'Error: .*\n'),
    ('closefd f', r'Error: .*\n'),
    ('exit_preconfig', r'Error: .*\n'),
    ('system_wakeup', r'Error: .*\n'),

    ('cont', NOTHING),
    ('info status', r'VM status: running\n'),
    ('nmi', NOTHING),
    ('system_powerdown', NOTHING),
    ('stop', NOTHING),
    ('system_reset', NOTHING),
    ('info status', r'VM status: paused\n'),

    ('savevm', r"Error: there is no 'savevm': a disk image holds no snapshots.*\n"),
    ('info  migrate', r"Error: there is no 'info migrate': a machine does not move .*\n"),
    ('migrate -d tcp:x:1', r"Error: there is no 'migrate': .*\n"),
    ('gdbserver', r"Error: there is no 'gdbserver': .*\n"),
    ('nosuch', r"unknown command: 'nosuch'\n"),
    ('stop it', r'stop: extraneous characters .*\nTry "help stop" for more information\n'),
]
