/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options: every option that QEMU 7.2 has for a PC, in strcmp order, and its
 * translation.  The table in vmctl-options(7) is made from it.
 */
#include "config.h"
#include "client/translate/plan.h"

/* Texts that are missing are empty here. */
#define ROW(name, argument, phase, handle, flags, group, implied, fate) \
    { name, group, implied, phase, flags, handle, argument "\0" fate }
#define SIMPLE(name, argument, handle, fate) \
    ROW(name, argument, PHASE_COLLECT, handle, 0, "", "", fate)
#define NOTHING(name, argument, fate) SIMPLE(name, argument, option_nothing, fate)
#define REFUSED(name, argument, reason) SIMPLE(name, argument, option_refuse, "refused: " reason)
#define PROPERTY(name, argument, fate) SIMPLE(name, argument, option_machine_property, fate)
#define DISK(name, drive) \
    ROW(name, "FILE", PHASE_BACKEND, option_disk, 0, "", "", "as -drive " drive)
#define START(name, argument, fate) SIMPLE(name, argument, option_start, "no request: " fate)
#define NO_DISPLAY "vmd has no window"

const OptionRow option_rows[] = {
    START("D", "FILE", "messages go to the journal"),
    ROW("L", "DIRECTORY", PHASE_COLLECT, option_firmware_folder, 0, "", "",
      "the machine's property firmware, if the folder has bios-256k.bin"),
    ROW("M", "[type=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_machine,
      OPTION_KEYED | OPTION_JSON | OPTION_MERGE, "", "type", "as -machine"),
    ROW("S", "", PHASE_COLLECT, option_stopped, 0, "", "", "no cont at the end"),
    ROW("accel", "[accel=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_accel, OPTION_KEYED, "accel",
      "accel", "object-add kvm-accel, tcg-accel or qtest-accel; object-add any-accel for several"),
    REFUSED("acpitable", "KEY=VALUE...", "ACPI tables cannot be added"),
    ROW("action", "EVENT=ACTION[,...]", PHASE_COLLECT, option_action, OPTION_KEYED, "action", "",
      "set-action"),
    ROW("add-fd", "fd=FD,set=SET[,opaque=TEXT]", PHASE_COLLECT, option_add_fd, OPTION_KEYED,
      "add-fd", "", "no request: vmctl run and vmctl qemu pass the descriptor with add-fd"),
    REFUSED("alt-grab", "", NO_DISPLAY),
    PROPERTY("append", "TEXT", "the machine's property append; refused without a kernel"),
    REFUSED("async-teardown", "", "memory is always freed by a separate thread"),
    ROW("audio", "[driver=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_only_none, OPTION_KEYED, "",
      "driver", "nothing if it is none; others are refused: sound is not supported"),
    REFUSED("audio-help", "", "sound is not supported"),
    ROW("audiodev", "[driver=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_only_none, OPTION_KEYED |
      OPTION_JSON, "", "driver",
      "nothing if it is none; others are refused: sound is not supported"),
    PROPERTY("bios", "FILE", "the machine's property firmware; refused with a kernel"),
    ROW("blockdev", "[driver=]DRIVER[,KEY=VALUE...]", PHASE_BACKEND, option_blockdev, OPTION_KEYED |
      OPTION_JSON, "blockdev", "driver", "blockdev-add"),
    ROW("boot", "[order=]DRIVES[,KEY=VALUE...]", PHASE_COLLECT, option_boot, OPTION_KEYED |
      OPTION_MERGE, "boot-opts", "order", "the machine's property boot; splash and splash-time are "
      "refused without menu=on"),
    DISK("cdrom", "file=FILE,index=2,media=cdrom"),
    ROW("chardev", "BACKEND,id=ID[,KEY=VALUE...]", PHASE_CHARDEV, option_chardev, OPTION_KEYED,
      "chardev", "backend", "chardev-add; two with mux=on"),
    START("chroot", "DIRECTORY", "RootDirectory= of the unit"),
    ROW("compat", "KEY=VALUE[,...]", PHASE_COLLECT, option_compat, OPTION_KEYED | OPTION_JSON, "",
      "", "object-add policy, before all other requests"),
    ROW("cpu", "MODEL[,FEATURE=VALUE...]", PHASE_COLLECT, option_cpu, OPTION_KEYED | OPTION_FLAT,
      "", "model", "device_add of that CPU model, once for each CPU"),
    ROW("curses", "", PHASE_COLLECT, option_curses, 0, "", "",
      "no request: vmctl run shows the screen's text"),
    ROW("d", "ITEM,...", PHASE_LATE, option_log_items, 0, "", "",
      "trace-event-set-state for trace:PATTERN; nothing for guest_errors, which are always "
      "logged; others are refused"),
    START("daemonize", "", "the service manager runs it in the background"),
    ROW("debugcon", "CHARDEV", PHASE_BOARD, option_debugcon, 0, "", "",
      "chardev-add, and device_add isa-debugcon"),
    ROW("device", "[driver=]DRIVER[,KEY=VALUE...]", PHASE_DEVICE, option_device, OPTION_KEYED |
      OPTION_JSON, "device", "driver", "device_add"),
    REFUSED("dfilter", "RANGE,...", "translated code is not logged"),
    ROW("display", "[type=]TYPE[,KEY=VALUE...]", PHASE_LATE, option_display, OPTION_KEYED |
      OPTION_JSON, "", "type", "nothing if it is none, -vnc if it is vnc=DISPLAY, -curses if it "
      "is curses; others are refused: vmd has no window"),
    ROW("drive", "KEY=VALUE...", PHASE_BACKEND, option_drive, OPTION_KEYED | OPTION_FLAT, "drive",
      "", "blockdev-add, object-add throttle-group for limits, and device_add ide-hd or ide-cd, "
      "or by if=: floppy, virtio-blk-pci (virtio-blk-device on microvm), or none"),
    REFUSED("dtb", "FILE", "PCs have no device tree"),
    REFUSED("dump-vmstate", "FILE", "migration is not supported"),
    REFUSED("echr", "CHARACTER", "vmctl console has its own escape character"),
    ROW("enable-kvm", "", PHASE_COLLECT, option_enable_kvm, 0, "", "",
      "object-add kvm-accel"),
    REFUSED("enable-sync-profile", "", "locks are not profiled"),
    DISK("fda", "file=FILE,if=floppy,index=0"),
    DISK("fdb", "file=FILE,if=floppy,index=1"),
    REFUSED("fsdev", "DRIVER,...", "9p file systems are not supported"),
    REFUSED("full-screen", "", NO_DISPLAY),
    ROW("fw_cfg", "[name=]NAME,file=FILE|string=TEXT", PHASE_OBJECT, option_fw_cfg, OPTION_KEYED,
      "fw_cfg", "name", "object-add fw-cfg-file"),
    REFUSED("g", "WxH[xDEPTH]", NO_DISPLAY),
    REFUSED("gdb", "CHARDEV", "there is no GDB stub"),
    ROW("global", "DRIVER.PROPERTY=VALUE", PHASE_COLLECT, option_global, 0, "global", "",
      "a member of the machine's property defaults"),
    REFUSED("h", "", "vmctl translate --options lists the options"),
    DISK("hda", "file=FILE,index=0,media=disk"),
    DISK("hdb", "file=FILE,index=1,media=disk"),
    DISK("hdc", "file=FILE,index=2,media=disk"),
    DISK("hdd", "file=FILE,index=3,media=disk"),
    REFUSED("help", "", "vmctl translate --options lists the options"),
    REFUSED("icount", "KEY=VALUE...", "instructions are not counted"),
    REFUSED("incoming", "ADDRESS", "migration is not supported"),
    PROPERTY("initrd", "FILE", "the machine's property initrd; refused without a kernel"),
    REFUSED("iscsi", "KEY=VALUE...", "iSCSI disks are not supported"),
    REFUSED("jitdump", "", "translated code is not reported to perf"),
    ROW("k", "LANGUAGE", PHASE_COLLECT, option_keyboard, 0, "", "",
      "keyboard-layout of each vnc-server"),
    PROPERTY("kernel", "FILE", "the machine's property kernel"),
    REFUSED("loadvm", "TAG", "snapshots of running machines are not supported"),
    ROW("m", "[size=]MEGABYTES[,KEY=VALUE...]", PHASE_COLLECT, option_memory, OPTION_KEYED |
      OPTION_MERGE, "memory", "size", "size of the machine's memory backend"),
    ROW("machine", "[type=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_machine, OPTION_KEYED |
      OPTION_JSON | OPTION_MERGE, "machine", "type",
      "object-add of the machine; accel and kernel-irqchip go to the accelerator, dump-guest-core "
      "and mem-merge to the memory"),
    ROW("mem-path", "FILE", PHASE_COLLECT, option_mem_path, 0, "", "",
      "the machine's memory is a memory-backend-file"),
    ROW("mem-prealloc", "", PHASE_COLLECT, option_mem_prealloc, 0, "", "",
      "prealloc of the machine's memory backend"),
    ROW("mon", "[chardev=]ID[,KEY=VALUE...]", PHASE_COLLECT, option_mon, OPTION_KEYED, "mon",
      "chardev", "object-add monitor-hmp; with mode=control monitor-qmp, or vmd --socket PATH on a "
      "Unix server"),
    ROW("monitor", "CHARDEV", PHASE_COLLECT, option_monitor, 0, "", "",
      "nothing if it is none, null or vc; else chardev-add, and object-add monitor-hmp"),
    NOTHING("msg", "KEY=VALUE...", "nothing: the journal has the time of each message and the "
            "machine's name"),
    REFUSED("mtdblock", "FILE", "there is no flash memory"),
    ROW("name", "[guest=]NAME[,KEY=VALUE...]", PHASE_COLLECT, option_name, OPTION_KEYED, "name",
      "guest", "no request: vmd --name NAME, or the unit's instance"),
    ROW("net", "TYPE[,KEY=VALUE...]", PHASE_BOARD, option_net, OPTION_KEYED, "net", "type",
      "a pair of nic and a network: netdev_add and device_add; hubs are refused"),
    ROW("netdev", "[type=]TYPE,id=ID[,KEY=VALUE...]", PHASE_BACKEND, option_netdev, OPTION_KEYED |
      OPTION_JSON, "netdev", "type", "netdev_add"),
    ROW("nic", "[type=]TYPE[,KEY=VALUE...]", PHASE_BOARD, option_nic, OPTION_KEYED, "nic", "type",
      "netdev_add, and device_add of the card"),
    ROW("no-acpi", "", PHASE_COLLECT, option_no_acpi, 0, "", "",
      "the machine's property acpi is off"),
    ROW("no-fd-bootchk", "", PHASE_COLLECT, option_no_fd_bootchk, 0, "", "",
      "the machine's property fd-bootchk is off"),
    ROW("no-hpet", "", PHASE_COLLECT, option_no_hpet, 0, "", "",
      "the machine's property hpet is off"),
    ROW("no-reboot", "", PHASE_COLLECT, option_no_reboot, 0, "", "",
      "set-action reboot=shutdown"),
    ROW("no-shutdown", "", PHASE_COLLECT, option_no_shutdown, 0, "", "",
      "set-action shutdown=pause"),
    NOTHING("no-user-config", "", "nothing: the user's configuration is never read"),
    ROW("nodefaults", "", PHASE_COLLECT, option_nodefaults, 0, "", "",
      "omits the default devices"),
    ROW("nographic", "", PHASE_COLLECT, option_nographic, 0, "", "",
      "the default serial port is on standard input and output"),
    ROW("numa", "[type=]TYPE[,KEY=VALUE...]", PHASE_COLLECT, option_numa,
      OPTION_KEYED | OPTION_JSON, "numa", "type", "a PC's property numa; a microvm has one node, "
      "whose memdev is its memory backend"),
    ROW("object", "[qom-type=]TYPE,id=ID[,KEY=VALUE...]", PHASE_OBJECT, option_object,
      OPTION_KEYED | OPTION_JSON, "object", "qom-type", "object-add"),
    REFUSED("old-param", "", "only for ARM"),
    REFUSED("only-migratable", "", "migration is not supported"),
    REFUSED("option-rom", "FILE", "expansion ROMs are a device's romfile"),
    ROW("overcommit", "KEY=VALUE...", PHASE_COLLECT, option_overcommit, OPTION_KEYED, "overcommit",
      "", "nothing if both are off; otherwise refused"),
    ROW("parallel", "CHARDEV", PHASE_BOARD, option_parallel, 0, "", "",
      "chardev-add, and device_add isa-parallel"),
    REFUSED("perfmap", "", "translated code is not reported to perf"),
    REFUSED("pflash", "FILE", "there is no flash memory"),
    START("pidfile", "FILE", "the service manager tracks the process"),
    REFUSED("plugin", "FILE", "TCG plugins are not supported"),
    REFUSED("portrait", "", NO_DISPLAY),
    REFUSED("preconfig", "", "the daemon always waits for its configuration; -S keeps the "
            "machine from running"),
    REFUSED("prom-env", "VARIABLE=VALUE", "only for PowerPC and SPARC"),
    ROW("qmp", "CHARDEV", PHASE_COLLECT, option_qmp, 0, "", "",
      "vmd --socket PATH for unix:PATH,server; else chardev-add, and object-add monitor-qmp"),
    ROW("qmp-pretty", "CHARDEV", PHASE_COLLECT, option_qmp, 0, "", "", "as -qmp"),
    ROW("qtest", "CHARDEV", PHASE_BOARD, option_qtest, 0, "", "",
      "chardev-add, and object-add qtest"),
    REFUSED("qtest-log", "FILE", "the object qtest has the property log"),
    ROW("readconfig", "FILE", PHASE_COLLECT, option_nothing, 0, "", "",
      "the requests of the file's options"),
    REFUSED("rotate", "DEGREES", NO_DISPLAY),
    ROW("rtc", "KEY=VALUE...", PHASE_COLLECT, option_rtc, OPTION_KEYED, "rtc", "",
      "members of the machine's property defaults, for mc146818rtc"),
    START("run-with", "KEY=VALUE...", "the unit's options"),
    START("runas", "USER", "User= of the unit"),
    REFUSED("s", "", "there is no GDB stub"),
    ROW("sandbox", "[enable=]on|off[,KEY=VALUE...]", PHASE_COLLECT, option_sandbox, OPTION_KEYED,
      "sandbox", "enable", "no request: vmd --sandbox GROUP,..."),
    REFUSED("sd", "FILE", "there is no SD card"),
    REFUSED("seed", "N", "random numbers come from the host"),
    REFUSED("semihosting", "", "only for ARM and some others"),
    REFUSED("semihosting-config", "KEY=VALUE...", "only for ARM and some others"),
    ROW("serial", "CHARDEV", PHASE_BOARD, option_serial, 0, "", "",
      "chardev-add, and device_add isa-serial"),
    ROW("set", "GROUP.ID.KEY=VALUE", PHASE_COLLECT, option_nothing, 0, "", "",
      "changes an earlier option"),
    REFUSED("sgx-epc", "KEY=VALUE...", "SGX is not supported"),
    REFUSED("show-cursor", "", NO_DISPLAY),
    REFUSED("singlestep", "", "code is translated in blocks"),
    ROW("smbios", "type=N[,KEY=VALUE...]", PHASE_OBJECT, option_smbios, OPTION_KEYED, "smbios", "",
      "object-add smbios-type-N; file= is refused"),
    ROW("smp", "[cpus=]N[,KEY=VALUE...]", PHASE_COLLECT, option_smp, OPTION_KEYED | OPTION_MERGE,
      "smp-opts", "cpus", "the machine's property smp, and device_add for each CPU"),
    ROW("snapshot", "", PHASE_COLLECT, option_snapshot, 0, "", "",
      "a temporary image over each -drive that the guest may write"),
    REFUSED("spice", "KEY=VALUE...", "viewers connect by VNC (-vnc)"),
    ROW("tb-size", "N", PHASE_COLLECT, option_tb_size, 0, "", "", "tb-size of tcg-accel"),
    REFUSED("tpmdev", "TYPE,id=ID[,...]", "there is no TPM"),
    ROW("trace", "[enable=]PATTERN[,KEY=VALUE...]", PHASE_LATE, option_trace, OPTION_KEYED, "trace",
      "enable", "trace-event-set-state for the pattern, and for each line of events=FILE; "
      "file=FILE as -D"),
    ROW("usb", "", PHASE_COLLECT, option_usb, 0, "", "", "the machine's property usb"),
    ROW("usbdevice", "NAME", PHASE_COLLECT, option_usbdevice, 0, "", "",
      "the same, and device_add usb-tablet, usb-mouse, usb-kbd, or usb-storage if it is disk:FILE; "
      "others are refused"),
    ROW("uuid", "UUID", PHASE_COLLECT, option_uuid, 0, "", "", "the machine's property uuid"),
    REFUSED("version", "", "vmctl --version prints the version; vmctl qemu -version, QEMU's"),
    ROW("vga", "TYPE", PHASE_COLLECT, option_vga, 0, "", "",
      "device_add VGA if it is std, cirrus-vga if it is cirrus, virtio-vga if it is virtio, "
      "nothing if it is none; others are refused"),
    REFUSED("virtfs", "DRIVER,...", "9p file systems are not supported"),
    ROW("vnc", "DISPLAY[,KEY=VALUE...]", PHASE_LATE, option_vnc, OPTION_KEYED, "vnc", "vnc",
      "object-add vnc-server; nothing if it is none; SASL, reverse= and sound are "
      "refused"),
    ROW("watchdog-action", "ACTION", PHASE_COLLECT, option_watchdog_action, 0, "", "",
      "set-action watchdog=ACTION"),
    REFUSED("win2k-hack", "", "IDE drives never delay their interrupts"),
    REFUSED("writeconfig", "FILE", "vmctl config --readconfig prints the file for an existing "
            "machine"),
    REFUSED("xen-attach", "", "Xen is not supported"),
    REFUSED("xen-domid", "ID", "Xen is not supported"),
    REFUSED("xen-domid-restrict", "", "Xen is not supported"),
};
const guint n_option_rows = G_N_ELEMENTS(option_rows);
