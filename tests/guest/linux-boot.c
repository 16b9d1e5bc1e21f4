/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux boot protocol: zero page to BootInfo.  Layout: Linux,
 * Documentation/arch/x86/zero-page.rst and boot.rst.
 */
#include <stddef.h>

#include "tests/guest/boot-info.h"
#include "tests/guest/console.h"
#include "tests/guest/interrupt.h"
#include "tests/guest/machine-end.h"

enum {
    ACPI_RSDP_ADDR = 0x070,
    EXT_RAMDISK_IMAGE = 0x0c0,
    EXT_RAMDISK_SIZE = 0x0c4,
    EXT_CMD_LINE_PTR = 0x0c8,
    E820_ENTRIES = 0x1e8,
    HEADER_MAGIC = 0x202,
    TYPE_OF_LOADER = 0x210,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    CMD_LINE_PTR = 0x228,
    E820_TABLE = 0x2d0,
    E820_ENTRY_SIZE = 20,
    ZERO_PAGE_SIZE = 4096,

    MAGIC = 0x53726448,         /* HdrS */
    COMMAND_LINE_MAX = 2048,
};

/* Called by linux-start.S; entry is 0 real mode, 1 32-bit, 2 64-bit. */
void linux_main(uint32_t zero_page, uint32_t entry) __attribute__((noreturn));

static uint32_t get32(uint32_t zero_page, uint32_t offset)
{
    return *(const uint32_t *)(uintptr_t)(zero_page + offset);
}

static uint64_t get64(uint32_t zero_page, uint32_t low, uint32_t high)
{
    return get32(zero_page, low) | (uint64_t)get32(zero_page, high) << 32;
}

static void read_memory_map(BootInfo *info, uint32_t zero_page)
{
    uint8_t n = *(const uint8_t *)(uintptr_t)(zero_page + E820_ENTRIES);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = E820_TABLE + i * E820_ENTRY_SIZE;

        boot_info_add_range(info, get64(zero_page, at, at + 4),
                            get64(zero_page, at + 8, at + 12), get32(zero_page, at + 16));
    }
}

void linux_main(uint32_t zero_page, uint32_t entry)
{
    static const char *const entry_names[] = { "Linux, real mode", "Linux, 32-bit",
                                               "Linux, 64-bit" };
    static BootInfo info = { .command_line = "" };
    uint64_t command_line;

    console_init();
    interrupt_init();
    info.entry = entry_names[entry];
    if (get32(zero_page, HEADER_MAGIC) != MAGIC) {
        print("zero page: wrong magic %x at %x\n", get32(zero_page, HEADER_MAGIC), zero_page);
        machine_exit(MACHINE_END_FAILED);
    }
    boot_info_add_reserved(&info, zero_page, ZERO_PAGE_SIZE);
    command_line = get64(zero_page, CMD_LINE_PTR, EXT_CMD_LINE_PTR);
    if (command_line) {
        info.command_line = (const char *)(uintptr_t)command_line;
        boot_info_add_reserved(&info, command_line, COMMAND_LINE_MAX);
    }
    boot_info_add_module(&info, get64(zero_page, RAMDISK_IMAGE, EXT_RAMDISK_IMAGE),
                         get64(zero_page, RAMDISK_SIZE, EXT_RAMDISK_SIZE), NULL);
    /* Real mode's zero page is setup code from 0x268 on, without ranges. */
    if (entry != 0) {
        info.rsdp = get64(zero_page, ACPI_RSDP_ADDR, ACPI_RSDP_ADDR + 4);
        read_memory_map(&info, zero_page);
    }
    print("loader: type %02x\n", get32(zero_page, TYPE_OF_LOADER) & 0xff);
    guest_run(&info);
}
