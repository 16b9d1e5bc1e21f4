/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options: every option that QEMU 7.2 has for a PC, in strcmp order, and its
 * translation.  The table in vmctl-options(7) is made from it.
 */
#include "config.h"
#include "client/translate/plan.h"

#define NOTHING(name, argument, fate) \
    { name, argument, PHASE_COLLECT, option_nothing, 0, NULL, NULL, fate }
#define REFUSED(name, argument, reason) \
    { name, argument, PHASE_COLLECT, option_refuse, 0, NULL, NULL, "refused: " reason }
#define PROPERTY(name, argument, fate) \
    { name, argument, PHASE_COLLECT, option_machine_property, 0, NULL, NULL, fate }
#define DISK(name, drive) \
    { name, "FILE", PHASE_BACKEND, option_disk, 0, NULL, NULL, "as -drive " drive }

#define START(name, argument, fate) \
    { name, argument, PHASE_COLLECT, option_start, 0, NULL, NULL, "no request: " fate }
#define NO_DISPLAY "vmd has no window"

const OptionRow option_rows[] = {
    START("D", "FILE", "messages go to the journal"),
    { "L", "DIRECTORY", PHASE_COLLECT, option_firmware_folder, 0, NULL, NULL,
      "the machine's property firmware, if the folder has bios-256k.bin" },
    { "M", "[type=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_machine, OPTION_KEYED | OPTION_JSON |
      OPTION_MERGE, NULL, "type", "as -machine" },
    { "S", NULL, PHASE_COLLECT, option_stopped, 0, NULL, NULL, "no cont at the end" },
    { "accel", "[accel=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_accel, OPTION_KEYED, "accel",
      "accel", "object-add kvm-accel, tcg-accel or qtest-accel; object-add any-accel for several" },
    REFUSED("acpitable", "KEY=VALUE...", "ACPI tables cannot be added"),
    { "action", "EVENT=ACTION[,...]", PHASE_COLLECT, option_action, OPTION_KEYED, "action", NULL,
      "set-action" },
    { "add-fd", "fd=FD,set=SET[,opaque=TEXT]", PHASE_COLLECT, option_add_fd, OPTION_KEYED,
      "add-fd", NULL, "no request: vmctl run and vmctl qemu pass the descriptor with add-fd" },
    REFUSED("alt-grab", NULL, NO_DISPLAY),
    PROPERTY("append", "TEXT", "the machine's property append; refused without a kernel"),
    REFUSED("async-teardown", NULL, "memory is always freed by a separate thread"),
    { "audio", "[driver=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_only_none, OPTION_KEYED, NULL,
      "driver", "nothing if it is none; others are refused: sound is not supported" },
    REFUSED("audio-help", NULL, "sound is not supported"),
    { "audiodev", "[driver=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_only_none, OPTION_KEYED |
      OPTION_JSON, NULL, "driver",
      "nothing if it is none; others are refused: sound is not supported" },
    PROPERTY("bios", "FILE", "the machine's property firmware; refused with a kernel"),
    { "blockdev", "[driver=]DRIVER[,KEY=VALUE...]", PHASE_BACKEND, option_blockdev, OPTION_KEYED |
      OPTION_JSON, "blockdev", "driver", "blockdev-add" },
    { "boot", "[order=]DRIVES[,KEY=VALUE...]", PHASE_COLLECT, option_boot, OPTION_KEYED |
      OPTION_MERGE, "boot-opts", "order", "the machine's property boot; splash and splash-time are "
      "refused without menu=on" },
    DISK("cdrom", "file=FILE,index=2,media=cdrom"),
    { "chardev", "BACKEND,id=ID[,KEY=VALUE...]", PHASE_CHARDEV, option_chardev, OPTION_KEYED,
      "chardev", "backend", "chardev-add; two with mux=on" },
    START("chroot", "DIRECTORY", "RootDirectory= of the unit"),
    { "compat", "KEY=VALUE[,...]", PHASE_COLLECT, option_compat, OPTION_KEYED | OPTION_JSON, NULL,
      NULL, "object-add policy, before all other requests" },
    { "cpu", "MODEL[,FEATURE=VALUE...]", PHASE_COLLECT, option_cpu, OPTION_KEYED | OPTION_FLAT,
      NULL, "model", "device_add of that CPU model, once for each CPU" },
    { "curses", NULL, PHASE_COLLECT, option_curses, 0, NULL, NULL,
      "no request: vmctl run shows the screen's text" },
    { "d", "ITEM,...", PHASE_LATE, option_log_items, 0, NULL, NULL,
      "trace-event-set-state for trace:PATTERN; nothing for guest_errors, which are always "
      "logged; others are refused" },
    START("daemonize", NULL, "the service manager runs it in the background"),
    { "debugcon", "CHARDEV", PHASE_BOARD, option_debugcon, 0, NULL, NULL,
      "chardev-add, and device_add isa-debugcon" },
    { "device", "[driver=]DRIVER[,KEY=VALUE...]", PHASE_DEVICE, option_device, OPTION_KEYED |
      OPTION_JSON, "device", "driver", "device_add" },
    REFUSED("dfilter", "RANGE,...", "translated code is not logged"),
    { "display", "[type=]TYPE[,KEY=VALUE...]", PHASE_LATE, option_display, OPTION_KEYED |
      OPTION_JSON, NULL, "type", "nothing if it is none, -vnc if it is vnc=DISPLAY, -curses if it "
      "is curses; others are refused: vmd has no window" },
    { "drive", "KEY=VALUE...", PHASE_BACKEND, option_drive, OPTION_KEYED | OPTION_FLAT, "drive",
      NULL, "blockdev-add, object-add throttle-group for limits, and device_add ide-hd or ide-cd, "
      "or by if=: floppy, virtio-blk-pci (virtio-blk-device on microvm), or none" },
    REFUSED("dtb", "FILE", "PCs have no device tree"),
    REFUSED("dump-vmstate", "FILE", "migration is not supported"),
    REFUSED("echr", "CHARACTER", "vmctl console has its own escape character"),
    { "enable-kvm", NULL, PHASE_COLLECT, option_enable_kvm, 0, NULL, NULL,
      "object-add kvm-accel" },
    REFUSED("enable-sync-profile", NULL, "locks are not profiled"),
    DISK("fda", "file=FILE,if=floppy,index=0"),
    DISK("fdb", "file=FILE,if=floppy,index=1"),
    REFUSED("fsdev", "DRIVER,...", "9p file systems are not supported"),
    REFUSED("full-screen", NULL, NO_DISPLAY),
    { "fw_cfg", "[name=]NAME,file=FILE|string=TEXT", PHASE_OBJECT, option_fw_cfg, OPTION_KEYED,
      "fw_cfg", "name", "object-add fw-cfg-file" },
    REFUSED("g", "WxH[xDEPTH]", NO_DISPLAY),
    REFUSED("gdb", "CHARDEV", "there is no GDB stub"),
    { "global", "DRIVER.PROPERTY=VALUE", PHASE_COLLECT, option_global, 0, "global", NULL,
      "a member of the machine's property defaults" },
    REFUSED("h", NULL, "vmctl translate --options lists the options"),
    DISK("hda", "file=FILE,index=0,media=disk"),
    DISK("hdb", "file=FILE,index=1,media=disk"),
    DISK("hdc", "file=FILE,index=2,media=disk"),
    DISK("hdd", "file=FILE,index=3,media=disk"),
    REFUSED("help", NULL, "vmctl translate --options lists the options"),
    REFUSED("icount", "KEY=VALUE...", "instructions are not counted"),
    REFUSED("incoming", "ADDRESS", "migration is not supported"),
    PROPERTY("initrd", "FILE", "the machine's property initrd; refused without a kernel"),
    REFUSED("iscsi", "KEY=VALUE...", "iSCSI disks are not supported"),
    REFUSED("jitdump", NULL, "translated code is not reported to perf"),
    { "k", "LANGUAGE", PHASE_COLLECT, option_keyboard, 0, NULL, NULL,
      "keyboard-layout of each vnc-server" },
    PROPERTY("kernel", "FILE", "the machine's property kernel"),
    REFUSED("loadvm", "TAG", "snapshots of running machines are not supported"),
    { "m", "[size=]MEGABYTES[,KEY=VALUE...]", PHASE_COLLECT, option_memory, OPTION_KEYED |
      OPTION_MERGE, "memory", "size", "size of the machine's memory backend" },
    { "machine", "[type=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_machine, OPTION_KEYED |
      OPTION_JSON | OPTION_MERGE, "machine", "type",
      "object-add of the machine; accel and kernel-irqchip go to the accelerator, dump-guest-core "
      "and mem-merge to the memory" },
    { "mem-path", "FILE", PHASE_COLLECT, option_mem_path, 0, NULL, NULL,
      "the machine's memory is a memory-backend-file" },
    { "mem-prealloc", NULL, PHASE_COLLECT, option_mem_prealloc, 0, NULL, NULL,
      "prealloc of the machine's memory backend" },
    { "mon", "[chardev=]ID[,KEY=VALUE...]", PHASE_COLLECT, option_mon, OPTION_KEYED, "mon",
      "chardev", "with mode=control object-add monitor-qmp, or vmd --socket PATH on a Unix server; "
      "refused without it: the human monitor is not there yet" },
    { "monitor", "CHARDEV", PHASE_COLLECT, option_monitor, 0, NULL, NULL,
      "nothing if it is none or null; others are refused: the human monitor is not there yet" },
    NOTHING("msg", "KEY=VALUE...", "nothing: the journal has the time of each message and the "
            "machine's name"),
    REFUSED("mtdblock", "FILE", "there is no flash memory"),
    { "name", "[guest=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_name, OPTION_KEYED, "name",
      "guest", "no request: vmd --name NAME, or the unit's instance" },
    { "net", "TYPE[,KEY=VALUE...]", PHASE_BOARD, option_net, OPTION_KEYED, "net", "type",
      "a pair of nic and a network: netdev_add and device_add; hubs are refused" },
    { "netdev", "[type=]TYPE,id=ID[,KEY=VALUE...]", PHASE_BACKEND, option_netdev, OPTION_KEYED |
      OPTION_JSON, "netdev", "type", "netdev_add" },
    { "nic", "[type=]TYPE[,KEY=VALUE...]", PHASE_BOARD, option_nic, OPTION_KEYED, "nic", "type",
      "netdev_add, and device_add of the card" },
    { "no-acpi", NULL, PHASE_COLLECT, option_no_acpi, 0, NULL, NULL,
      "the machine's property acpi is off" },
    { "no-fd-bootchk", NULL, PHASE_COLLECT, option_no_fd_bootchk, 0, NULL, NULL,
      "the machine's property fd-bootchk is off" },
    { "no-hpet", NULL, PHASE_COLLECT, option_no_hpet, 0, NULL, NULL,
      "the machine's property hpet is off" },
    { "no-reboot", NULL, PHASE_COLLECT, option_no_reboot, 0, NULL, NULL,
      "set-action reboot=shutdown" },
    { "no-shutdown", NULL, PHASE_COLLECT, option_no_shutdown, 0, NULL, NULL,
      "set-action shutdown=pause" },
    NOTHING("no-user-config", NULL, "nothing: the user's configuration is never read"),
    { "nodefaults", NULL, PHASE_COLLECT, option_nodefaults, 0, NULL, NULL,
      "omits the default devices" },
    { "nographic", NULL, PHASE_COLLECT, option_nographic, 0, NULL, NULL,
      "the default serial port is on standard input and output" },
    { "numa", "[type=]TYPE[,KEY=VALUE...]", PHASE_COLLECT, option_numa, OPTION_KEYED | OPTION_JSON,
      "numa", "type", "with one node, memdev is the machine's memory backend; several "
      "nodes and HMAT are refused" },
    { "object", "[qom-type=]TYPE,id=ID[,KEY=VALUE...]", PHASE_OBJECT, option_object, OPTION_KEYED |
      OPTION_JSON, "object", "qom-type", "object-add" },
    REFUSED("old-param", NULL, "only for ARM"),
    REFUSED("only-migratable", NULL, "migration is not supported"),
    REFUSED("option-rom", "FILE", "expansion ROMs are a device's romfile"),
    { "overcommit", "KEY=VALUE...", PHASE_COLLECT, option_overcommit, OPTION_KEYED, "overcommit",
      NULL, "nothing if both are off; otherwise refused" },
    { "parallel", "CHARDEV", PHASE_BOARD, option_parallel, 0, NULL, NULL,
      "chardev-add, and device_add isa-parallel" },
    REFUSED("perfmap", NULL, "translated code is not reported to perf"),
    REFUSED("pflash", "FILE", "there is no flash memory"),
    START("pidfile", "FILE", "the service manager tracks the process"),
    REFUSED("plugin", "FILE", "TCG plugins are not supported"),
    REFUSED("portrait", NULL, NO_DISPLAY),
    REFUSED("preconfig", NULL, "the daemon always waits for its configuration; -S keeps the "
            "machine from running"),
    REFUSED("prom-env", "VARIABLE=VALUE", "only for PowerPC and SPARC"),
    { "qmp", "CHARDEV", PHASE_COLLECT, option_qmp, 0, NULL, NULL,
      "vmd --socket PATH for unix:PATH,server; else chardev-add, and object-add monitor-qmp" },
    { "qmp-pretty", "CHARDEV", PHASE_COLLECT, option_qmp, 0, NULL, NULL, "as -qmp" },
    { "qtest", "CHARDEV", PHASE_BOARD, option_qtest, 0, NULL, NULL,
      "chardev-add, and object-add qtest" },
    REFUSED("qtest-log", "FILE", "the object qtest has the property log"),
    { "readconfig", "FILE", PHASE_COLLECT, option_nothing, 0, NULL, NULL,
      "the requests of the file's options" },
    REFUSED("rotate", "DEGREES", NO_DISPLAY),
    { "rtc", "KEY=VALUE...", PHASE_COLLECT, option_rtc, OPTION_KEYED, "rtc", NULL,
      "members of the machine's property defaults, for mc146818rtc" },
    START("run-with", "KEY=VALUE...", "the unit's options"),
    START("runas", "USER", "User= of the unit"),
    REFUSED("s", NULL, "there is no GDB stub"),
    { "sandbox", "[enable=]on|off[,KEY=VALUE...]", PHASE_COLLECT, option_sandbox, OPTION_KEYED,
      "sandbox", "enable", "no request: vmd --sandbox GROUP,..." },
    REFUSED("sd", "FILE", "there is no SD card"),
    REFUSED("seed", "N", "random numbers come from the host"),
    REFUSED("semihosting", NULL, "only for ARM and some others"),
    REFUSED("semihosting-config", "KEY=VALUE...", "only for ARM and some others"),
    { "serial", "CHARDEV", PHASE_BOARD, option_serial, 0, NULL, NULL,
      "chardev-add, and device_add isa-serial" },
    { "set", "GROUP.ID.KEY=VALUE", PHASE_COLLECT, option_nothing, 0, NULL, NULL,
      "changes an earlier option" },
    REFUSED("sgx-epc", "KEY=VALUE...", "SGX is not supported"),
    REFUSED("show-cursor", NULL, NO_DISPLAY),
    REFUSED("singlestep", NULL, "code is translated in blocks"),
    { "smbios", "type=N[,KEY=VALUE...]", PHASE_OBJECT, option_smbios, OPTION_KEYED, "smbios", NULL,
      "object-add smbios-type-N; file= is refused" },
    { "smp", "[cpus=]N[,KEY=VALUE...]", PHASE_COLLECT, option_smp, OPTION_KEYED | OPTION_MERGE,
      "smp-opts", "cpus", "the machine's property smp, and device_add for each CPU" },
    { "snapshot", NULL, PHASE_COLLECT, option_snapshot, 0, NULL, NULL,
      "a temporary image over each -drive that the guest may write" },
    REFUSED("spice", "KEY=VALUE...", "viewers connect by VNC (-vnc)"),
    { "tb-size", "N", PHASE_COLLECT, option_tb_size, 0, NULL, NULL, "tb-size of tcg-accel" },
    REFUSED("tpmdev", "TYPE,id=ID[,...]", "there is no TPM"),
    { "trace", "[enable=]PATTERN[,KEY=VALUE...]", PHASE_LATE, option_trace, OPTION_KEYED, "trace",
      "enable", "trace-event-set-state for the pattern, and for each line of events=FILE; "
      "file=FILE as -D" },
    { "usb", NULL, PHASE_COLLECT, option_usb, 0, NULL, NULL, "the machine's property usb" },
    { "usbdevice", "NAME", PHASE_COLLECT, option_usbdevice, 0, NULL, NULL,
      "the same, and device_add usb-tablet, usb-mouse, usb-kbd, or usb-storage if it is disk:FILE; "
      "others are refused" },
    { "uuid", "UUID", PHASE_COLLECT, option_uuid, 0, NULL, NULL, "the machine's property uuid" },
    REFUSED("version", NULL, "vmctl --version prints the version; vmctl qemu -version, QEMU's"),
    { "vga", "TYPE", PHASE_COLLECT, option_vga, 0, NULL, NULL,
      "device_add VGA if it is std, cirrus-vga if it is cirrus, virtio-vga if it is virtio, "
      "nothing if it is none; others are refused" },
    REFUSED("virtfs", "DRIVER,...", "9p file systems are not supported"),
    { "vnc", "DISPLAY[,KEY=VALUE...]", PHASE_LATE, option_vnc, OPTION_KEYED, "vnc", "vnc",
      "object-add vnc-server; nothing if it is none; SASL, WebSocket, reverse= and sound are "
      "refused" },
    { "watchdog-action", "ACTION", PHASE_COLLECT, option_watchdog_action, 0, NULL, NULL,
      "set-action watchdog=ACTION" },
    REFUSED("win2k-hack", NULL, "IDE drives never delay their interrupts"),
    REFUSED("writeconfig", "FILE", "vmctl config --readconfig prints the file for an existing "
            "machine"),
    REFUSED("xen-attach", NULL, "Xen is not supported"),
    REFUSED("xen-domid", "ID", "Xen is not supported"),
    REFUSED("xen-domid-restrict", NULL, "Xen is not supported"),
};
const guint n_option_rows = G_N_ELEMENTS(option_rows);
