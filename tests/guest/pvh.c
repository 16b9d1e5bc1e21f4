/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PVH boot protocol: start info to BootInfo.  Layout: Xen,
 * xen/include/public/arch-x86/hvm/start_info.h.
 */
#include <stddef.h>

#include "tests/guest/boot-info.h"
#include "tests/guest/console.h"
#include "tests/guest/interrupt.h"
#include "tests/guest/machine-end.h"

enum { START_INFO_MAGIC = 0x336ec578 };

typedef struct {
    uint32_t magic, version, flags, n_modules;
    uint64_t modules, command_line, rsdp;
    /* from version 1 on */
    uint64_t memory_map;
    uint32_t n_memory_map, reserved;
} StartInfo;

typedef struct {
    uint64_t address, size, command_line, reserved;
} StartModule;

typedef struct {
    uint64_t address, size;
    uint32_t type, reserved;
} StartMemory;

/* Called by pvh-start.S. */
void pvh_main(uint32_t start_info) __attribute__((noreturn));

static uint64_t text_length(const char *text)
{
    uint64_t n = 0;

    while (text[n])
        n++;
    return n;
}

static void read_memory_map(BootInfo *info, const StartInfo *start)
{
    const StartMemory *map = (const StartMemory *)(uintptr_t)start->memory_map;

    if (start->version < 1) {
        print("start info: version %u has no memory map\n", start->version);
        return;
    }
    boot_info_add_reserved(info, start->memory_map, start->n_memory_map * sizeof(*map));
    for (uint32_t i = 0; i < start->n_memory_map; i++)
        boot_info_add_range(info, map[i].address, map[i].size, map[i].type);
}

static void read_modules(BootInfo *info, const StartInfo *start)
{
    const StartModule *module = (const StartModule *)(uintptr_t)start->modules;

    if (start->n_modules == 0)
        return;
    boot_info_add_reserved(info, start->modules, start->n_modules * sizeof(*module));
    boot_info_add_module(info, module->address, module->size, NULL);
}

void pvh_main(uint32_t start_info)
{
    static BootInfo info = { .entry = "PVH", .command_line = "" };
    const StartInfo *start = (const StartInfo *)(uintptr_t)start_info;

    console_init();
    interrupt_init();
    if (start->magic != START_INFO_MAGIC) {
        print("start info: wrong magic %x at %x\n", start->magic, start_info);
        machine_exit(MACHINE_END_FAILED);
    }
    if (start->command_line)
        info.command_line = (const char *)(uintptr_t)start->command_line;
    info.rsdp = start->rsdp;
    boot_info_add_reserved(&info, start_info, sizeof(*start));
    boot_info_add_reserved(&info, start->command_line, text_length(info.command_line) + 1);
    read_memory_map(&info, start);
    read_modules(&info, start);
    guest_run(&info);
}
