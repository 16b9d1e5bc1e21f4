/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot protocol told the guest, in one form for all protocols.
 *
 * pvh.c, linux-boot.c and multiboot.c fill it; everything else reads only this.
 */
#ifndef GUEST_BOOT_INFO_H
#define GUEST_BOOT_INFO_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BOOT_MAX_RANGES = 32,
    BOOT_MAX_RESERVED = 16,
    BOOT_MAX_MODULES = 4,
};

/* Types of ACPI 6.4, table 15-374. */
enum {
    MEMORY_RAM = 1,
    MEMORY_RESERVED = 2,
    MEMORY_ACPI = 3,
    MEMORY_NVS = 4,
    MEMORY_UNUSABLE = 5,
};

typedef struct {
    uint64_t start, size;
    uint32_t type;              /* MEMORY_* */
} MemoryRange;

typedef struct {
    uint64_t start, size;
    const char *text;           /* what it was loaded with, or NULL */
} BootModule;

typedef struct {
    const char *entry;          /* which way the guest was entered, for the banner */
    const char *command_line;   /* never NULL */
    uint32_t n_modules;
    BootModule module[BOOT_MAX_MODULES];
    uint64_t rsdp;              /* address of ACPI's root pointer, 0: not said */
    uint32_t n_ranges;
    MemoryRange range[BOOT_MAX_RANGES];
    /* Memory that holds the above and must not be overwritten. */
    uint32_t n_reserved;
    MemoryRange reserved[BOOT_MAX_RESERVED];
} BootInfo;

/* Appends what is not empty if there is room; says so on the console if not. */
void boot_info_add_range(BootInfo *info, uint64_t start, uint64_t size, uint32_t type);
void boot_info_add_reserved(BootInfo *info, uint64_t start, uint64_t size);

/* The same for a module, whose memory is then reserved, too. */
void boot_info_add_module(BootInfo *info, uint64_t start, uint64_t size, const char *text);

/* Prints the memory map, command line and modules with their checksums. */
void boot_info_print(const BootInfo *info);

/* A piece of RAM of that size (multiple of 4096), page aligned, below 4 GiB and
 * clear of the image and of what is reserved; 0 if there is none. */
uint64_t boot_info_find_free(const BootInfo *info, uint64_t size);

/* The guest itself, once the boot protocol is understood (main.c). */
void guest_run(const BootInfo *info) __attribute__((noreturn));

#endif
