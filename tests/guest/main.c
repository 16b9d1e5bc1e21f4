/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest: prints what it found, obeys its command line, ends the machine.
 */
#include <stddef.h>

#include "tests/guest/acpi.h"
#include "tests/guest/actions.h"
#include "tests/guest/blk.h"
#include "tests/guest/boot-info.h"
#include "tests/guest/console.h"
#include "tests/guest/cpus.h"
#include "tests/guest/disk.h"
#include "tests/guest/fw-cfg.h"
#include "tests/guest/machine-end.h"
#include "tests/guest/net.h"
#include "tests/guest/pci.h"
#include "tests/guest/rtc.h"
#include "tests/guest/scsi.h"
#include "tests/guest/words.h"

enum {
    BENCH_PORT = 0x80,
    BENCH_ADDRESS = 0xfeb00000,
};

typedef enum {
    END_EXIT,
    END_REBOOT,
    END_HALT,
    END_LOOP,
    END_POWEROFF,
    END_BUTTON,
} End;

typedef struct {
    const BootInfo *info;
    End end;
    uint32_t exit_value;
    InterruptController controller;
} Guest;

/* COUNT or COUNT@WHERE, where at most limit. */
static bool parse_bench(const char *value, uint64_t limit, uint64_t *ret_count, uint64_t *where)
{
    if (!word_number(&value, ret_count))
        return false;
    if (*value == '@') {
        value++;
        if (!word_number(&value, where))
            return false;
    }
    return *value == '\0' && *where <= limit;
}

/* random|sequential[-write]:SIZE:COUNT:DEPTH, of blk_bench, or of scsi_bench, which reads */
static bool obey_bench_disk(const BootInfo *info, const char *value,
                            void (*measure)(const BootInfo *info, const BlkBench *bench))
{
    const char *rest = word_value(value, "random");
    BlkBench bench = { .random = rest != NULL };

    if (!rest)
        rest = word_value(value, "sequential");
    if (rest && word_value(rest, "-write")) {
        rest = word_value(rest, "-write");
        bench.write = true;
    }
    if (rest)
        rest = word_value(rest, ":");
    if (!rest || !word_number(&rest, &bench.size) || *rest++ != ':' ||
        !word_number(&rest, &bench.count) || *rest++ != ':' ||
        !word_number(&rest, &bench.depth) || *rest)
        return false;
    if (!bench.size || bench.size % 512 || bench.size > 1 << 20 || !bench.depth ||
        bench.depth > 128 || bench.count < bench.depth || (bench.write && measure == scsi_bench))
        return false;
    measure(info, &bench);
    return true;
}

/* SIZE:COUNT:DEPTH */
static bool obey_bench_net(const BootInfo *info, const char *value)
{
    NetBench bench;

    if (!word_number(&value, &bench.size) || *value++ != ':' ||
        !word_number(&value, &bench.count) || *value++ != ':' ||
        !word_number(&value, &bench.depth) || *value)
        return false;
    if (bench.size < 60 || bench.size > 1514 || !bench.depth || bench.depth > 128 ||
        bench.count < bench.depth)
        return false;
    net_bench(info, &bench);
    return true;
}

static bool obey_bench(const BootInfo *info, const char *value)
{
    const char *rest;
    uint64_t count, port = BENCH_PORT, address = BENCH_ADDRESS;

    if ((rest = word_value(value, "pio:"))) {
        if (!parse_bench(rest, UINT16_MAX, &count, &port))
            return false;
        action_bench_pio(count, (uint16_t)port);
        return true;
    }
    if ((rest = word_value(value, "mmio:"))) {
        if (!parse_bench(rest, UINT32_MAX - 3, &count, &address))
            return false;
        action_bench_mmio(count, address);
        return true;
    }
    if ((rest = word_value(value, "blk:")))
        return obey_bench_disk(info, rest, blk_bench);
    if ((rest = word_value(value, "scsi:")))
        return obey_bench_disk(info, rest, scsi_bench);
    if ((rest = word_value(value, "net:")))
        return obey_bench_net(info, rest);
    return false;
}

/* read|write:FIRST:COUNT, flush, or print */
static bool obey_disk(const BootInfo *info, const char *value)
{
    const char *rest = word_value(value, "write:");
    DiskRequests r = { .operation = rest ? DISK_WRITE : DISK_READ, .count = 1 };

    if (word_equal(value, "print")) {
        blk_print(info);
        return true;
    }
    if (!rest)
        rest = word_value(value, "read:");
    if (rest) {
        if (!word_number(&rest, &r.first) || *rest++ != ':' || !word_number(&rest, &r.count) ||
            *rest || !r.count || r.count > 128)
            return false;
    } else if (word_equal(value, "flush")) {
        r.operation = DISK_FLUSH;
    } else {
        return false;
    }
    disk_run(info, &r);
    return true;
}

static bool obey_end(Guest *guest, const char *value)
{
    const char *rest = word_value(value, "exit:");
    uint64_t number;

    if (rest) {
        if (!word_number(&rest, &number) || *rest || number > UINT32_MAX)
            return false;
        guest->end = END_EXIT;
        guest->exit_value = (uint32_t)number;
    } else if (word_equal(value, "reboot")) {
        guest->end = END_REBOOT;
    } else if (word_equal(value, "halt")) {
        guest->end = END_HALT;
    } else if (word_equal(value, "loop")) {
        guest->end = END_LOOP;
    } else if (word_equal(value, "poweroff")) {
        guest->end = END_POWEROFF;
    } else if (word_equal(value, "button")) {
        guest->end = END_BUTTON;
    } else if (word_equal(value, "echo")) {
        action_echo(guest->controller);
    } else {
        return false;
    }
    return true;
}

static bool obey_irq(Guest *guest, const char *value)
{
    if (word_equal(value, "pic"))
        guest->controller = INTERRUPT_PIC;
    else if (word_equal(value, "ioapic"))
        guest->controller = INTERRUPT_IOAPIC;
    else
        return false;
    return true;
}

/* Proves the exception path: fault=ud, fault=page. */
static bool obey_fault(const char *value)
{
    if (word_equal(value, "ud"))
        __asm__ volatile("ud2");
    else if (word_equal(value, "page"))
        *(volatile uint64_t *)((uint64_t)1 << 40) = 0;
    else
        return false;
    return true;
}

static bool obey_dirty(const Guest *guest, const char *value)
{
    uint64_t size;

    if (!word_number(&value, &size) || *value)
        return false;
    action_dirty(guest->info, size);
    return true;
}

static bool obey_cpuid(const char *value)
{
    uint64_t count;

    if (!word_number(&value, &count) || *value || !count || count > CPUS_MAX)
        return false;
    cpus_print(count);
    return true;
}

static bool obey_start(const char *value)
{
    uint64_t id;

    if (!word_number(&value, &id) || *value || id > UINT32_MAX)
        return false;
    cpus_start_one((uint32_t)id);
    return true;
}

/* Words that show what the machine has: pci=print, acpi=print, acpi=NAME, cpuid=COUNT, start=ID,
 * fw_cfg_item=KEY,N. */
static bool obey_print(const Guest *guest, const char *word)
{
    const char *value;

    if ((value = word_value(word, "cpuid=")))
        return obey_cpuid(value);
    if ((value = word_value(word, "start=")))
        return obey_start(value);
    if ((value = word_value(word, "fw_cfg_item=")))
        return fw_cfg_print_item(value);
    if (word_equal(word, "pci=print"))
        pci_print();
    else if (word_equal(word, "acpi=print"))
        acpi_print(guest->info);
    else if ((value = word_value(word, "acpi=")))
        acpi_dump(guest->info, value);
    else
        return false;
    return true;
}

/* False if the word is not understood. */
static bool obey(Guest *guest, const char *word)
{
    const char *value;

    if ((value = word_value(word, "print="))) {
        print("%s\n", value);
        return true;
    }
    if ((value = word_value(word, "fw_cfg="))) {
        fw_cfg_print(value);
        return true;
    }
    if ((value = word_value(word, "bench=")))
        return obey_bench(guest->info, value);
    if ((value = word_value(word, "disk=")))
        return obey_disk(guest->info, value);
    if ((value = word_value(word, "dirty=")))
        return obey_dirty(guest, value);
    if ((value = word_value(word, "irq=")))
        return obey_irq(guest, value);
    if ((value = word_value(word, "fault=")))
        return obey_fault(value);
    if ((value = word_value(word, "end=")))
        return obey_end(guest, value);
    return obey_print(guest, word);
}

static void end_machine(const Guest *guest)
{
    switch (guest->end) {
    case END_EXIT:
        print("end: exit %u\n", guest->exit_value);
        machine_exit(guest->exit_value);
    case END_REBOOT:
        print("end: reboot\n");
        machine_reboot();
    case END_HALT:
        print("end: halt\n");
        machine_halt();
    case END_LOOP:
        print("end: loop\n");
        machine_loop();
    case END_BUTTON:
        acpi_wait_button(guest->info);
        acpi_power_off(guest->info);
        machine_halt();
    case END_POWEROFF:
        acpi_power_off(guest->info);
        machine_halt();
    }
}

void guest_run(const BootInfo *info)
{
    Guest guest = { .info = info };
    const char *text = info->command_line;
    char word[WORD_MAX];

    print("vmd test guest, entered by %s\n", info->entry);
    boot_info_print(info);
    rtc_print();
    while (word_next(&text, word)) {
        if (!obey(&guest, word))
            print("not understood: %s\n", word);
    }
    end_machine(&guest);
    machine_halt();
}
