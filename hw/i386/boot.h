/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct boot: what is loaded into RAM before the first instruction, and the
 * initial state of the boot CPU.
 *
 * boot_load() chooses the kernel's format and validates the files; boot_place()
 * copies into RAM, at the first start and at every reset.  The result of a load
 * does not refer to the machine, so a fuzzer can load without one.
 */
#ifndef HW_I386_BOOT_H
#define HW_I386_BOOT_H

#include "cpu/x86-state.h"
#include "hw/i386/loader.h"
#include "hw/memory/memory.h"

/* Where boot.c and the formats put their own tables; nothing else is loaded
 * below 1 MiB, and the guest's memory map shows all of it as RAM except the
 * BIOS area. */
enum {
    BOOT_BIOS_DATA  = 0x400,    /* 256 bytes: the BIOS data area */
    BOOT_PVH_INFO   = 0x1000,   /* hvm_start_info, memory map, modules: one page */
    BOOT_ZERO_PAGE  = 0x2000,   /* Linux boot_params: one page */
    BOOT_GDT        = 0x3000,
    BOOT_PAGES      = 0x4000,   /* page tables of the 64-bit entry: 6 pages */
    BOOT_MULTIBOOT  = 0xa000,   /* Multiboot information, memory map, modules, texts */
    BOOT_CMDLINE    = 0x20000,  /* up to 64 KiB */
    BOOT_LOW_END    = 0x9fc00,  /* end of base memory; the extended BIOS data area, 1 KiB */
    BOOT_BIOS_AREA  = 0xf0000,  /* 64 KiB, reserved: the MP table, */
    BOOT_RSDP       = 0xf4000,  /* ACPI's root pointer, */
    BOOT_SMBIOS     = 0xf4100,  /* SMBIOS's entry point and tables */
    BOOT_HIGH_START = 0x100000,
    BOOT_CMDLINE_MAX = 0x10000, /* with its NUL */
};

#define BOOT_4G (G_GUINT64_CONSTANT(1) << 32)

typedef struct {
    guint64 ram_low;            /* bytes of RAM from address 0, at most 4 GiB */
    guint64 ram_high;           /* bytes of RAM from 4 GiB */
    guint64 acpi_size;          /* bytes of ACPI tables, which go to the end of low RAM,
                                   at boot_acpi_address(); 0: there are none */
    const char *append;         /* or NULL */
    bool long_mode;             /* the boot CPU supports it */
} BootConfig;

/* One piece of guest memory: bytes of a file or of this process, then zeros. */
typedef struct {
    guint64 gpa;
    guint64 size;               /* in memory */
    guint64 file_size;          /* of it, from the file or data; the rest is zero */
    const LoaderFile *file;     /* or NULL */
    guint64 offset;             /* in file */
    guint8 *data;               /* owned, or NULL */
    bool reserve;               /* nothing is written: only reserves the range */
    const char *what;           /* for messages, a constant */
} BootImage;

typedef struct Boot {
    BootConfig config;
    LoaderFile *kernel;
    GPtrArray *modules;         /* of LoaderFile; more than one by Multiboot only */
    const LoaderFile *initrd;   /* the first of modules, or NULL */
    GArray *images;             /* of BootImage */
    guint64 initrd_addr;
    guint64 initrd_limit;       /* highest address that the format allows for it */
    X86CpuState entry;          /* of the boot CPU */
} Boot;

/* One row of the guest's memory map. */
typedef struct {
    guint64 start, size;
    guint32 type;               /* BOOT_RAM, ...: E820 types */
} BootRange;

enum { BOOT_RAM = 1, BOOT_RESERVED = 2, BOOT_ACPI = 3, BOOT_MAX_RANGES = 6 };

/* Opens what property `initrd` names for kernel (or NULL: no kernel): one file, or,
 * if kernel is a Multiboot image, "FILE WORDS,FILE WORDS,...".  An array of
 * LoaderFile, newly allocated.  Fails with file-not-usable. */
GPtrArray *boot_open_modules(const LoaderFile *kernel, const char *initrd, GError **error);

/* Loads kernel and modules (of LoaderFile), and takes ownership of both, even on
 * failure.  config is copied; its append is used only during the call.  Fails with
 * file-not-usable or out-of-range. */
Boot *boot_load(const BootConfig *config, LoaderFile *kernel, GPtrArray *modules, GError **error);
void boot_free(Boot *boot);                             /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Boot, boot_free)

/* Adds a table of the board, which is copied; fails if it overlaps another image. */
bool boot_add_table(Boot *boot, guint64 gpa, const GByteArray *table, const char *what,
                    GError **error);

/* Takes out the table at gpa, if there is one. */
void boot_drop_table(Boot *boot, guint64 gpa);

/* The address reserved for ACPI tables of config->acpi_size bytes: the board
 * adds them there, and the root pointer at BOOT_RSDP, with boot_add_table. */
guint64 boot_acpi_address(const BootConfig *config);

/* Copies all images into RAM; vCPUs are parked.  Fails if a file cannot be read
 * any more. */
bool boot_place(const Boot *boot, AddressSpace *memory, GError **error);

/* ---- For the formats ---- */

/* Adds an image after checking that it is in RAM below 4 GiB and does not
 * overlap another; takes ownership of data, even on failure.  Fails with
 * file-not-usable. */
bool boot_add(Boot *boot, const BootImage *image, GError **error);
/* The loaded segments of an ELF kernel, as elf_segments() reads them. */
bool boot_add_segments(Boot *boot, const GArray *segments, GError **error);
/* The command line (NULL: an empty one) as an image at BOOT_CMDLINE; max is its
 * length without NUL. */
bool boot_add_cmdline(Boot *boot, const char *text, guint max, GError **error);
/* Puts the initrd below initrd_limit, and below ACPI tables or the end of low
 * RAM. */
bool boot_add_initrd(Boot *boot, GError **error);
/* The memory map; returns how many rows. */
guint boot_memory_map(const BootConfig *config, BootRange ret_ranges[BOOT_MAX_RANGES]);

#endif
