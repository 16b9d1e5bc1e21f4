/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE table of the monitor's commands, to be included with HMP_COMMAND defined.
 *
 * HMP_COMMAND(id, names, args, help, qmp): a name, or several with | between; arguments as table.h
 * says; what it does, or why there is no such command.  Names, arguments and help are QEMU's
 * where QEMU has the command.
 *
 *   HMP_COMMAND   the function hmp_ID() executes it; qmp is ""
 *   HMP_DIRECT    it is the request qmp, whose arguments have the same names
 *   HMP_ABSENT    it does not exist here; help says why, and what does
 *
 * The last two are HMP_COMMAND unless they are defined.
 */
#ifdef HMP_COMMAND
#ifndef HMP_DIRECT
#define HMP_DIRECT(id, names, args, help, qmp) HMP_COMMAND(id, names, args, help, qmp)
#endif
#ifndef HMP_ABSENT
#define HMP_ABSENT(id, names, why) HMP_COMMAND(id, names, "arguments:rest?", why, "-")
#endif

HMP_COMMAND(help, "help|?", "command:rest?", "show the help", "")
HMP_COMMAND(info, "info", "", "show various information about the system state", "")

/* The machine. */
HMP_DIRECT(quit, "quit|q", "", "quit the emulator", "quit")
HMP_DIRECT(stop, "stop|s", "", "stop emulation", "stop")
HMP_DIRECT(cont, "cont|c", "", "resume emulation", "cont")
HMP_DIRECT(system_reset, "system_reset", "", "reset the system", "system_reset")
HMP_DIRECT(system_powerdown, "system_powerdown", "", "send system power down event",
           "system_powerdown")
HMP_DIRECT(system_wakeup, "system_wakeup", "", "wakeup guest from suspend", "system_wakeup")
HMP_DIRECT(exit_preconfig, "exit_preconfig", "", "exit the preconfig state", "x-exit-preconfig")
HMP_DIRECT(nmi, "nmi", "", "inject an NMI", "inject-nmi")
HMP_COMMAND(watchdog_action, "watchdog_action", "action:word", "change watchdog action", "")
HMP_COMMAND(balloon, "balloon", "target:mib",
            "request VM to change its memory allocation (in MB)", "")
HMP_COMMAND(cpu, "cpu", "index:int", "set the default CPU", "")

/* Devices and backends. */
HMP_COMMAND(device_add, "device_add", "options:word",
            "add device, like -device on the command line", "")
HMP_DIRECT(device_del, "device_del", "id:word", "remove device", "device_del")
HMP_COMMAND(object_add, "object_add", "options:rest", "create QOM object", "")
HMP_DIRECT(object_del, "object_del", "id:word", "destroy QOM object", "object-del")
HMP_COMMAND(netdev_add, "netdev_add", "options:word", "add host network device", "")
HMP_DIRECT(netdev_del, "netdev_del", "id:word", "remove host network device", "netdev_del")
HMP_COMMAND(chardev_add, "chardev-add", "options:word", "add chardev", "")
HMP_DIRECT(chardev_remove, "chardev-remove", "id:word", "remove chardev", "chardev-remove")
HMP_COMMAND(set_link, "set_link", "name:word up:onoff",
            "change the link status of a network adapter", "")
HMP_COMMAND(announce_self, "announce_self", "interfaces:word? id:word?",
            "Trigger GARP/RARP announcements", "")
HMP_COMMAND(ringbuf_write, "ringbuf_write", "device:word data:word",
            "Write to a ring buffer character device", "")
HMP_COMMAND(ringbuf_read, "ringbuf_read", "device:word size:int",
            "Read from a ring buffer character device", "")
HMP_DIRECT(getfd, "getfd", "fdname:word",
           "receive a file descriptor via SCM rights and assign it a name", "getfd")
HMP_DIRECT(closefd, "closefd", "fdname:word",
           "close a file descriptor previously passed via SCM rights", "closefd")

/* Disks. */
HMP_COMMAND(eject, "eject", "-f device:word",
            "eject a removable medium (use -f to force it)", "")
HMP_COMMAND(change, "change", "device:word -f target:word arg:word? mode:word?",
            "change a removable medium or VNC password, optional format, use -f to force it", "")
HMP_COMMAND(drive_add, "drive_add", "-n address:word options:word",
            "add a drive without a device, whose options are those of -drive", "")
HMP_COMMAND(drive_del, "drive_del", "id:word", "remove host block device", "")
HMP_COMMAND(block_resize, "block_resize", "device:word size:mib", "resize a block image", "")
HMP_COMMAND(block_set_io_throttle, "block_set_io_throttle",
            "device:word bps:int bps_rd:int bps_wr:int iops:int iops_rd:int iops_wr:int",
            "change I/O throttle limits for a block drive", "")
HMP_DIRECT(block_job_cancel, "block_job_cancel", "id:word", "stop an active background operation",
           "job-cancel")
HMP_DIRECT(block_job_complete, "block_job_complete", "id:word",
           "complete an active background operation", "job-complete")
HMP_DIRECT(block_job_pause, "block_job_pause", "id:word",
           "pause an active background operation", "job-pause")
HMP_DIRECT(block_job_resume, "block_job_resume", "id:word",
           "resume a paused background operation", "job-resume")

/* Screen, keyboard and mouse. */
HMP_COMMAND(sendkey, "sendkey", "keys:word hold_ms:int?",
            "send keys to the VM (e.g. 'sendkey ctrl-alt-f1', default hold time=100 ms)", "")
HMP_COMMAND(mouse_move, "mouse_move", "dx:int dy:int dz:int?", "send mouse move events", "")
HMP_COMMAND(mouse_set, "mouse_set", "index:int", "set which mouse device receives events", "")
HMP_COMMAND(mouse_button, "mouse_button", "state:int",
            "change mouse button state (1=L, 2=M, 4=R)", "")
HMP_COMMAND(screendump, "screendump", "filename:word -f:format device:word? head:int?",
            "save screen from head 'head' of display device 'device' as image 'filename'", "")
HMP_COMMAND(set_password, "set_password", "protocol:word password:word -d:display connected:word?",
            "set VNC password", "")
HMP_COMMAND(expire_password, "expire_password", "protocol:word time:word -d:display",
            "set VNC password expire-time", "")

/* Objects. */
HMP_COMMAND(qom_list, "qom-list", "path:word?", "list QOM properties", "")
HMP_COMMAND(qom_get, "qom-get", "path:word property:word", "print QOM property", "")
HMP_COMMAND(qom_set, "qom-set", "-j path:word property:word value:rest",
            "set QOM property (-j: the value is specified in json format)", "")

/* Memory and processors. */
HMP_COMMAND(calculate, "print|p", "/fmt value:int",
            "print expression value (use $reg for CPU register access)", "")

HMP_COMMAND(x, "x", "/fmt address:int", "virtual memory dump starting at 'addr'", "")
HMP_COMMAND(xp, "xp", "/fmt address:int", "physical memory dump starting at 'addr'", "")
HMP_COMMAND(i, "i", "/fmt address:int index:int?", "I/O port read", "")
HMP_COMMAND(o, "o", "/fmt address:int value:int", "I/O port write", "")
HMP_COMMAND(sum, "sum", "address:int size:int", "compute the checksum of a memory region", "")
HMP_COMMAND(gva2gpa, "gva2gpa", "address:int",
            "print the guest physical address corresponding to a guest virtual address", "")
HMP_COMMAND(memsave, "memsave", "address:int size:int filename:word",
            "save to disk virtual memory dump starting at 'addr' of size 'size'", "")
HMP_COMMAND(pmemsave, "pmemsave", "address:int size:int filename:word",
            "save to disk physical memory dump starting at 'addr' of size 'size'", "")

/* The log. */
HMP_COMMAND(trace_event, "trace-event", "name:word option:onoff",
            "changes status of a specific trace event", "")

HMP_COMMAND(info_balloon, "info balloon", "", "show balloon information", "")
HMP_COMMAND(info_block, "info block", "-n -v device:word?",
            "show info of one block device or all (-n: show named nodes; -v: show details)", "")
HMP_COMMAND(info_block_jobs, "info block-jobs", "", "show progress of ongoing operations", "")
HMP_COMMAND(info_blockstats, "info blockstats", "", "show block device statistics", "")
HMP_COMMAND(info_chardev, "info chardev", "", "show the character devices", "")
HMP_COMMAND(info_cpus, "info cpus", "", "show infos for each CPU", "")
HMP_COMMAND(info_history, "info history", "", "show the command line history", "")
HMP_COMMAND(info_hotpluggable_cpus, "info hotpluggable-cpus", "",
            "Show information about hotpluggable CPUs", "")
HMP_COMMAND(info_iothreads, "info iothreads", "", "show iothreads", "")
HMP_COMMAND(info_kvm, "info kvm", "", "show KVM information", "")
HMP_COMMAND(info_lapic, "info lapic", "cpu:int?", "show local apic state", "")
HMP_COMMAND(info_mem, "info mem", "", "show the active virtual memory mappings", "")
HMP_COMMAND(info_memdev, "info memdev", "", "show memory backends", "")
HMP_COMMAND(info_memory_devices, "info memory-devices", "", "show memory devices", "")
HMP_COMMAND(info_memory_size_summary, "info memory_size_summary", "",
            "show the amount of initially allocated and present hotpluggable memory in bytes", "")
HMP_COMMAND(info_mice, "info mice", "", "show which guest mouse is receiving events", "")
HMP_COMMAND(info_migrate_capabilities, "info migrate_capabilities", "",
            "show current migration capabilities", "")
HMP_COMMAND(info_mtree, "info mtree", "-f -D",
            "show memory tree (-f: dump flat view for address spaces; -D: dump disabled regions)",
            "")
HMP_COMMAND(info_name, "info name", "", "show the current VM name", "")
HMP_COMMAND(info_network, "info network", "", "show the network state", "")
HMP_COMMAND(info_pci, "info pci", "", "show PCI info", "")
HMP_COMMAND(info_pic, "info pic", "", "show PIC state", "")
HMP_COMMAND(info_qdm, "info qdm", "", "show qdev device model list", "")
HMP_COMMAND(info_qom_tree, "info qom-tree", "path:word?", "show QOM composition tree", "")
HMP_COMMAND(info_qtree, "info qtree", "", "show device tree", "")
HMP_COMMAND(info_registers, "info registers", "-a vcpu:int?",
            "show the cpu registers (-a: of all cpus; vcpu: specific vCPU to query)", "")
HMP_COMMAND(info_status, "info status", "", "show the current VM status (running|paused)", "")
HMP_COMMAND(info_tlb, "info tlb", "", "show virtual to physical memory mappings", "")
HMP_COMMAND(info_trace_events, "info trace-events", "name:word?",
            "show available trace-events & their state", "")
HMP_COMMAND(info_usb, "info usb", "", "show guest USB devices", "")
HMP_COMMAND(info_uuid, "info uuid", "", "show the current VM UUID", "")
HMP_COMMAND(info_version, "info version", "", "show the version of QEMU", "")
HMP_COMMAND(info_vnc, "info vnc", "", "show the vnc server status", "")

/* What QEMU has, and this is without. */
HMP_ABSENT(savevm, "savevm|loadvm|delvm|info snapshots|snapshot_blkdev_internal"
           "|snapshot_delete_blkdev_internal",
           "a disk image holds no snapshots; copy the image of a machine that is stopped")
HMP_ABSENT(snapshot, "snapshot_blkdev|block_stream|commit",
           "images are not chained while a machine runs; `vmctl run -snapshot` keeps what a guest "
           "writes apart")
HMP_ABSENT(drive_mirror, "drive_mirror|drive_backup|block_job_set_speed",
           "no job copies a disk that is in use; copy the image of a machine that is stopped")
HMP_ABSENT(migrate, "migrate|migrate_cancel|migrate_continue|migrate_incoming|migrate_pause"
           "|migrate_recover|migrate_set_capability|migrate_set_parameter|migrate_start_postcopy"
           "|info migrate|info migrate_parameters|client_migrate_info|calc_dirty_rate"
           "|info dirty_rate|set_vcpu_dirty_limit|cancel_vcpu_dirty_limit|info vcpu_dirty_limit"
           "|x_colo_lost_heartbeat",
           "a machine does not move to another host; `vmctl config` prints the requests that make "
           "it there again")
HMP_ABSENT(nbd, "nbd_server_add|nbd_server_remove|nbd_server_start|nbd_server_stop|qemu-io",
           "disks are not served to others; qemu-nbd and qemu-io do that with an image")
HMP_ABSENT(dump, "dump-guest-memory|info dump|dumpdtb",
           "memory is not written as a core file; pmemsave writes it as it is")
HMP_ABSENT(gdbserver, "gdbserver|singlestep|info jit|info opcount|info profile|sync-profile"
           "|info sync-profile",
           "there is no debugger's interface; `info registers`, `x` and `xp` read the guest")
HMP_ABSENT(audio, "wavcapture|stopcapture|info capture", "there is no sound to record")
HMP_ABSENT(replay, "replay_break|replay_delete_break|replay_seek|info replay",
           "execution is not recorded")
HMP_ABSENT(errors, "mce|pcie_aer_inject_error", "errors of hardware are not injected; `nmi` is")
HMP_ABSENT(passed, "info usbhost|info rdma|info rocker|info rocker-of-dpa-flows"
           "|info rocker-of-dpa-groups|info rocker-ports|info sev|info sgx|info spice|info tpm"
           "|info vm-generation-id", "no device here has such a thing")
HMP_ABSENT(statistics, "info stats|info virtio|info virtio-queue-element|info virtio-queue-status"
           "|info virtio-status|info virtio-vhost-queue-status",
           "`vmctl state ID` prints the state of a device, its queues among it")
HMP_ABSENT(host_addresses, "gpa2hpa|gpa2hva",
           "where the daemon keeps memory is nobody's business; xp reads it")
HMP_ABSENT(hostfwd, "hostfwd_add|hostfwd_remove|info usernet",
           "ports are forwarded by hostfwd= of netdev_add; a network of its own takes more")
HMP_ABSENT(log, "log|logfile", "`trace-event` writes what devices do to the journal")
HMP_ABSENT(boot_set, "boot_set", "the property bootindex of a device says what a guest boots from")
HMP_ABSENT(irq, "info irq", "interrupts are not counted; `info pic` and `info lapic` print what "
           "waits")
HMP_ABSENT(ramblock, "info ramblock", "`info memdev` and `info mtree` print what memory there is")
HMP_ABSENT(roms, "info roms", "firmware and ROMs are properties of machine and devices: "
           "`info qtree`")
HMP_ABSENT(numa, "info numa", "`info memdev` and `info hotpluggable-cpus` print what belongs to "
           "a node")
HMP_ABSENT(chardev_change, "chardev-change|chardev-send-break",
           "chardev-remove and chardev-add make another one; Ctrl-A b of a mux sends a break")

#undef HMP_DIRECT
#undef HMP_ABSENT
#endif
