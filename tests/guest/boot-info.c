/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot protocol told the guest: collected, printed, searched.
 */
#include "tests/guest/boot-info.h"
#include "tests/guest/console.h"

enum { PAGE_SIZE = 4096 };

static const uint64_t mapped_end = (uint64_t)1 << 32;

/* From the linker script. */
extern char image_start[], image_end[];

void boot_info_add_range(BootInfo *info, uint64_t start, uint64_t size, uint32_t type)
{
    /* Some loaders pad their table with empty entries. */
    if (size == 0)
        return;
    if (info->n_ranges == BOOT_MAX_RANGES) {
        print("memory: more than %u ranges, rest left out\n", BOOT_MAX_RANGES);
        return;
    }
    info->range[info->n_ranges++] = (MemoryRange){ start, size, type };
}

void boot_info_add_reserved(BootInfo *info, uint64_t start, uint64_t size)
{
    if (info->n_reserved == BOOT_MAX_RESERVED) {
        print("reserved: more than %u pieces, rest left out\n", BOOT_MAX_RESERVED);
        return;
    }
    info->reserved[info->n_reserved++] = (MemoryRange){ start, size, MEMORY_RESERVED };
}

void boot_info_add_module(BootInfo *info, uint64_t start, uint64_t size, const char *text)
{
    if (size == 0)
        return;
    if (info->n_modules == BOOT_MAX_MODULES) {
        print("module: more than %u, rest left out\n", BOOT_MAX_MODULES);
        return;
    }
    info->module[info->n_modules++] = (BootModule){ start, size, text };
    boot_info_add_reserved(info, start, size);
}

static const char *memory_type_name(uint32_t type)
{
    switch (type) {
    case MEMORY_RAM:
        return "ram";
    case MEMORY_RESERVED:
        return "reserved";
    case MEMORY_ACPI:
        return "acpi";
    case MEMORY_NVS:
        return "nvs";
    case MEMORY_UNUSABLE:
        return "unusable";
    default:
        return "unknown";
    }
}

/*
 * Position-dependent sum over little-endian 64-bit words, the last one filled
 * up with zeroes: a is the sum of the words, b the sum of all a, both modulo
 * 2^64.  Two additions a word, because an emulated guest has few instructions
 * to spend; a test can repeat it in three lines.
 */
static void checksum(uint64_t start, uint64_t size, uint64_t *ret_a, uint64_t *ret_b)
{
    const uint64_t *word = (const uint64_t *)(uintptr_t)start;
    const uint8_t *tail = (const uint8_t *)(uintptr_t)(start + size / 8 * 8);
    uint64_t last = 0, a = 0, b = 0;

    for (uint64_t i = 0; i < size / 8; i++) {
        a += word[i];
        b += a;
    }
    if (size % 8) {
        for (unsigned i = 0; i < size % 8; i++)
            last |= (uint64_t)tail[i] << (8 * i);
        a += last;
        b += a;
    }
    *ret_a = a;
    *ret_b = b;
}

static void print_module(const BootModule *module)
{
    uint64_t a, b;

    print("module: at 0x%lx, %lu bytes", module->start, module->size);
    if (module->start >= mapped_end || module->size > mapped_end - module->start) {
        print(", out of reach\n");
        return;
    }
    checksum(module->start, module->size, &a, &b);
    print(", checksum %016lx-%016lx", a, b);
    print(module->text ? ", text: %s\n" : "\n", module->text);
}

void boot_info_print(const BootInfo *info)
{
    for (uint32_t i = 0; i < info->n_ranges; i++) {
        const MemoryRange *range = &info->range[i];

        print("memory: %016lx-%016lx %s\n", range->start, range->start + range->size - 1,
              memory_type_name(range->type));
    }
    if (info->n_ranges == 0)
        print("memory: no map\n");
    print("command line: %s\n", info->command_line);
    if (info->n_modules == 0)
        print("module: none\n");
    for (uint32_t i = 0; i < info->n_modules; i++)
        print_module(&info->module[i]);
}

/* If [start, start + size) meets something that is in use, the end of that,
 * otherwise start. */
static uint64_t skip_reserved(const BootInfo *info, uint64_t start, uint64_t size)
{
    uint64_t image = (uint64_t)(uintptr_t)image_start, end = (uint64_t)(uintptr_t)image_end;

    if (start < end && image < start + size)
        return end;
    for (uint32_t i = 0; i < info->n_reserved; i++) {
        const MemoryRange *used = &info->reserved[i];

        if (start < used->start + used->size && used->start < start + size)
            return used->start + used->size;
    }
    return start;
}

uint64_t boot_info_find_free(const BootInfo *info, uint64_t size)
{
    for (uint32_t i = 0; i < info->n_ranges; i++) {
        const MemoryRange *range = &info->range[i];
        uint64_t start = range->start, end = range->start + range->size, next;

        /* Page 0 would be taken for "none". */
        if (start == 0)
            start = PAGE_SIZE;
        end = end < mapped_end ? end : mapped_end;
        for (;;) {
            start = (start + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
            if (range->type != MEMORY_RAM || start >= end || end - start < size)
                break;
            next = skip_reserved(info, start, size);
            if (next == start)
                return start;
            start = next;
        }
    }
    return 0;
}
