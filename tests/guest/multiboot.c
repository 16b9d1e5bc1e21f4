/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Multiboot protocol: information to BootInfo.  Layout: Multiboot Specification
 * 0.6.96, section 3.3.
 */
#include "tests/guest/boot-info.h"
#include "tests/guest/console.h"
#include "tests/guest/interrupt.h"
#include "tests/guest/machine-end.h"

enum {
    BOOT_MAGIC = 0x2badb002,
    HAS_CMDLINE = 1 << 2,
    HAS_MODULES = 1 << 3,
    HAS_MAP = 1 << 6,
    HAS_LOADER = 1 << 9,
};

typedef struct {
    uint32_t flags, mem_lower, mem_upper, boot_device, command_line;
    uint32_t n_modules, modules, symbols[4];
    uint32_t map_size, map;
    uint32_t drives[2], config, loader_name;
} Information;

typedef struct {
    uint32_t start, end, text, reserved;
} Module;

typedef struct {
    uint32_t size;              /* of what follows it */
    uint64_t address, length;
    uint32_t type;
} __attribute__((packed)) MapEntry;

/* Called by multiboot-start.S. */
void multiboot_main(uint32_t magic, uint32_t information) __attribute__((noreturn));

static const char *text_at(uint32_t address)
{
    return (const char *)(uintptr_t)address;
}

static void read_memory_map(BootInfo *info, const Information *from)
{
    boot_info_add_reserved(info, from->map, from->map_size);
    for (uint32_t at = 0; at < from->map_size;) {
        const MapEntry *entry = (const MapEntry *)(uintptr_t)(from->map + at);

        boot_info_add_range(info, entry->address, entry->length, entry->type);
        at += entry->size + sizeof(entry->size);
    }
}

static void read_modules(BootInfo *info, const Information *from)
{
    const Module *module = (const Module *)(uintptr_t)from->modules;

    boot_info_add_reserved(info, from->modules, from->n_modules * sizeof(*module));
    for (uint32_t i = 0; i < from->n_modules; i++)
        boot_info_add_module(info, module[i].start, module[i].end - module[i].start,
                             text_at(module[i].text));
}

/* The first word is the kernel's own path. */
static const char *split_command_line(const char *text)
{
    const char *rest = text;

    while (*rest && *rest != ' ')
        rest++;
    print("path: ");
    while (text < rest)
        print("%c", *text++);
    print("\n");
    while (*rest == ' ')
        rest++;
    return rest;
}

void multiboot_main(uint32_t magic, uint32_t information)
{
    static BootInfo info = { .entry = "Multiboot", .command_line = "" };
    const Information *from = (const Information *)(uintptr_t)information;

    console_init();
    interrupt_init();
    if (magic != BOOT_MAGIC) {
        print("multiboot: wrong magic %x\n", magic);
        machine_exit(MACHINE_END_FAILED);
    }
    print("multiboot: flags %x, lower %u, upper %u, device %x, loader %s\n", from->flags,
          from->mem_lower, from->mem_upper, from->boot_device,
          from->flags & HAS_LOADER ? text_at(from->loader_name) : "unknown");
    boot_info_add_reserved(&info, information, sizeof(*from));
    if (from->flags & HAS_CMDLINE)
        info.command_line = split_command_line(text_at(from->command_line));
    if (from->flags & HAS_MAP)
        read_memory_map(&info, from);
    if (from->flags & HAS_MODULES)
        read_modules(&info, from);
    guest_run(&info);
}
