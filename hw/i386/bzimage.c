/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux x86 boot protocol (Documentation/arch/x86/boot.rst), without its
 * real-mode part: the kernel is entered at its 64-bit entry if it has one and
 * the CPU has long mode, else at its 32-bit entry, with the zero page (struct
 * boot_params) in rsi.
 *
 * The file is untrusted: its setup header is checked here.
 */
#include "config.h"
#include "hw/i386/bzimage.h"

#include "hw/i386/entry.h"
#include "qmp/bytes.h"
#include "qmp/error.h"

/* Offsets in the file's first sectors and in the zero page alike. */
enum {
    SETUP_START = 0x1f1,
    SETUP_SECTS = 0x1f1,
    BOOT_FLAG = 0x1fe,
    JUMP_LENGTH = 0x201,        /* of the jump over the header: gives its end */
    HEADER_MAGIC = 0x202,
    VERSION = 0x206,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    CMD_LINE_PTR = 0x228,
    INITRD_ADDR_MAX = 0x22c,
    XLOADFLAGS = 0x236,
    CMDLINE_SIZE = 0x238,
    PREF_ADDRESS = 0x258,
    INIT_SIZE = 0x260,
    HEADER_END = 0x290,         /* of the longest supported header */

    /* In the zero page only. */
    ACPI_RSDP_ADDR = 0x070,
    E820_ENTRIES = 0x1e8,
    E820_TABLE = 0x2d0,
    E820_ENTRY_SIZE = 20,
    ZERO_PAGE_SIZE = 4096,
};

enum {
    SECTOR = 512,
    LOADED_HIGH = 1 << 0,       /* loadflags */
    KERNEL_64 = 1 << 0,         /* xloadflags */
    LOADER_UNDEFINED = 0xff,
    ENTRY_64 = 0x200,           /* offset of the 64-bit entry */
    LOAD_ADDRESS = 0x100000,
    CMDLINE_OLD = 255,          /* before protocol 2.06 */
};

#define MAGIC_HDRS 0x53726448
#define NO_KERNEL "neither an ELF file nor a Linux kernel (bzImage) nor a Multiboot kernel"
#define INITRD_OLD_MAX 0x37ffffff

typedef struct {
    guint8 raw[HEADER_END];     /* zero where the file's header ends earlier */
    guint16 version;
    guint64 payload;            /* offset of the protected-mode kernel */
    bool is64;
} Setup;

static bool refuse(const LoaderFile *file, const char *why, GError **error)
{
    qmp_error_set(error, ERROR_REASON_FILE_NOT_USABLE, "%s: %s", file->what, why);
    return false;
}

/* ---- The setup header ---- */

bool bzimage_matches(const LoaderFile *file)
{
    guint8 magic[4];

    return loader_read(file, HEADER_MAGIC, magic, sizeof(magic), NULL) &&
           get_le32(magic) == MAGIC_HDRS;
}

static bool check_magic(const LoaderFile *file, const guint8 *raw, GError **error)
{
    if (get_le16(raw + BOOT_FLAG) != 0xaa55 || get_le32(raw + HEADER_MAGIC) != MAGIC_HDRS) {
        return refuse(file, NO_KERNEL, error);
    }
    if (get_le16(raw + VERSION) < 0x202) {
        return refuse(file, "its boot protocol is older than 2.02", error);
    }
    if (!(raw[LOADFLAGS] & LOADED_HIGH)) {
        return refuse(file, "it is a zImage, which is loaded below 1 MiB", error);
    }
    return true;
}

static bool read_setup(const Boot *boot, Setup *setup, GError **error)
{
    const LoaderFile *file = boot->kernel;
    guint8 *raw = setup->raw;
    guint end;

    *setup = (Setup){ 0 };
    if (file->size < HEADER_END) {
        return refuse(file, NO_KERNEL, error);
    }
    if (!loader_read(file, 0, raw, HEADER_END, error) || !check_magic(file, raw, error)) {
        return false;
    }
    end = HEADER_MAGIC + raw[JUMP_LENGTH];
    if (end < HEADER_END) {
        memset(raw + end, 0, HEADER_END - end);
    }
    setup->version = get_le16(raw + VERSION);
    setup->payload = ((raw[SETUP_SECTS] ? raw[SETUP_SECTS] : 4) + 1) * (guint64)SECTOR;
    if (setup->payload >= file->size) {
        return refuse(file, "it ends before its protected-mode part", error);
    }
    setup->is64 = boot->config.long_mode && setup->version >= 0x20c &&
                  get_le16(raw + XLOADFLAGS) & KERNEL_64;
    return true;
}

static guint cmdline_max(const Setup *setup)
{
    guint32 max = setup->version >= 0x206 ? get_le32(setup->raw + CMDLINE_SIZE) : CMDLINE_OLD;

    return MIN(max, BOOT_CMDLINE_MAX - 1);
}

static guint64 initrd_limit(const Setup *setup)
{
    guint32 max = setup->version >= 0x203 ? get_le32(setup->raw + INITRD_ADDR_MAX) : 0;

    return max ? max : INITRD_OLD_MAX;
}

/* ---- Images ---- */

/* Reserves the range to which the kernel unpacks itself: nothing else may be
 * there, or between it and the file's own bytes. */
static bool reserve_work_space(Boot *boot, const Setup *setup, guint64 payload_end, GError **error)
{
    BootImage image = { .gpa = payload_end, .reserve = true, .what = "kernel's work space" };
    guint64 start, end;

    if (setup->version < 0x20a) {
        return true;
    }
    start = MAX(get_le64(setup->raw + PREF_ADDRESS), (guint64)LOAD_ADDRESS);
    if (start >= BOOT_4G) {
        return refuse(boot->kernel, "it must be loaded above 4 GiB", error);
    }
    end = start + get_le32(setup->raw + INIT_SIZE);
    if (end <= payload_end) {
        return true;
    }
    image.size = end - payload_end;
    return boot_add(boot, &image, error);
}

static bool add_payload(Boot *boot, const Setup *setup, GError **error)
{
    const guint64 size = boot->kernel->size - setup->payload;
    const BootImage image = {
        .gpa = LOAD_ADDRESS,
        .size = size,
        .file_size = size,
        .file = boot->kernel,
        .offset = setup->payload,
        .what = "kernel",
    };

    return boot_add(boot, &image, error) &&
           reserve_work_space(boot, setup, LOAD_ADDRESS + size, error);
}

static void put_memory_map(guint8 *page, const BootConfig *config)
{
    BootRange ranges[BOOT_MAX_RANGES];
    guint n = boot_memory_map(config, ranges);

    page[E820_ENTRIES] = n;
    for (guint i = 0; i < n; i++) {
        guint8 *entry = page + E820_TABLE + i * E820_ENTRY_SIZE;

        put_le(entry, ranges[i].start, 8);
        put_le(entry + 8, ranges[i].size, 8);
        put_le(entry + 16, ranges[i].type, 4);
    }
}

static bool add_zero_page(Boot *boot, const Setup *setup, GError **error)
{
    g_autoptr(GByteArray) table = g_byte_array_sized_new(ZERO_PAGE_SIZE);
    guint8 *page;

    g_byte_array_set_size(table, ZERO_PAGE_SIZE);
    page = table->data;
    memset(page, 0, ZERO_PAGE_SIZE);
    memcpy(page + SETUP_START, setup->raw + SETUP_START, HEADER_END - SETUP_START);
    page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put_le(page + CMD_LINE_PTR, BOOT_CMDLINE, 4);
    put_le(page + RAMDISK_IMAGE, boot->initrd_addr, 4);
    put_le(page + RAMDISK_SIZE, boot->initrd ? boot->initrd->size : 0, 4);
    put_le(page + ACPI_RSDP_ADDR, boot->config.acpi_size ? BOOT_RSDP : 0, 8);
    put_memory_map(page, &boot->config);
    return boot_add_table(boot, BOOT_ZERO_PAGE, table, "zero page", error);
}

bool bzimage_load(Boot *boot, GError **error)
{
    Setup setup;

    if (!read_setup(boot, &setup, error)) {
        return false;
    }
    boot->initrd_limit = initrd_limit(&setup);
    if (!add_payload(boot, &setup, error) ||
        !boot_add_cmdline(boot, boot->config.append, cmdline_max(&setup), error) ||
        !boot_add_initrd(boot, error) || !add_zero_page(boot, &setup, error) ||
        !entry_add_tables(boot, setup.is64, error)) {
        return false;
    }
    if (setup.is64) {
        entry_long(&boot->entry, LOAD_ADDRESS + ENTRY_64, ENTRY_CODE, ENTRY_DATA);
    } else {
        entry_protected(&boot->entry, LOAD_ADDRESS, ENTRY_CODE, ENTRY_DATA);
    }
    boot->entry.gpr[X86_RSI] = BOOT_ZERO_PAGE;
    return true;
}
