/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBIOS structures by type (DSP0134, chapter 7).  Values that a client did not
 * set come from the board; unknown ones use the specification's "unknown".
 */
#include "config.h"

#include <string.h>

#include "hw/core/uuid.h"
#include "hw/smbios/smbios-internal.h"

enum {
    /* Handles: the type, and a number. */
    HANDLE_0 = 0x0000, HANDLE_1 = 0x0100, HANDLE_2 = 0x0200, HANDLE_3 = 0x0300,
    HANDLE_4 = 0x0400, HANDLE_11 = 0x0e00, HANDLE_16 = 0x1000, HANDLE_17 = 0x1100,
    HANDLE_19 = 0x1300, HANDLE_32 = 0x2000, HANDLE_127 = 0x7f00,

    NO_ERROR_HANDLE = 0xfffe,   /* error information is not provided */
    NO_CACHE_HANDLE = 0xffff,
    UNKNOWN_WIDTH = 0xffff,

    FIRMWARE_SEGMENT = 0xe800,  /* its start, and its size in 64 KiB minus one */
    FIRMWARE_64K = 0,
    FIRMWARE_UNKNOWN = 1 << 3,  /* characteristics are not supported */
    FIRMWARE_TARGETED = 1 << 2, /* extension byte 2: content can be delivered */
    FIRMWARE_UEFI = 1 << 3,
    FIRMWARE_VM = 1 << 4,

    WAKEUP_POWER_SWITCH = 6,
    BOARD_HOSTING = 1 << 0,
    BOARD_MOTHERBOARD = 0x0a,
    CHASSIS_OTHER = 1,
    CHASSIS_SAFE = 3,
    CHASSIS_SECURITY_UNKNOWN = 2,
    PROCESSOR_CENTRAL = 3,
    PROCESSOR_OTHER = 1,        /* family and upgrade */
    PROCESSOR_STATUS = 0x41,    /* socket populated, CPU enabled */
    PROCESSOR_UNKNOWN = 1 << 1, /* characteristics */
    PROCESSOR_MAX = 255,        /* of a count in one byte: see the one in two */

    ARRAY_OTHER = 1,
    ARRAY_SYSTEM_MEMORY = 3,
    ARRAY_MULTI_BIT_ECC = 6,
    MODULE_DIMM = 9,
    MODULE_RAM = 7,
    MODULE_OTHER = 1 << 1,
};

#define KIB G_GUINT64_CONSTANT(1024)
#define MIB (KIB * KIB)
#define MODULE_MAX (16 * KIB * MIB)     /* larger RAM is shown as several modules */

static const char *either(const char *set, const char *otherwise)
{
    return set ? set : otherwise;
}

/* ---- Firmware, system, board, chassis ---- */

static void append_release(SmbiosStructure *s, const char *release)
{
    guint8 major = 0, minor = 0;

    if (release) {
        smbios_parse_release(release, &major, &minor);
    }
    smbios_append(s, major, 1);
    smbios_append(s, minor, 1);
}

static void type_0(SmbiosBlock *block, const SmbiosType0Props *props)
{
    SmbiosStructure s;

    smbios_begin(&s, block, 0, HANDLE_0);
    smbios_append_string(&s, props->vendor);
    smbios_append_string(&s, props->version);
    smbios_append(&s, FIRMWARE_SEGMENT, 2);
    smbios_append_string(&s, props->date);
    smbios_append(&s, FIRMWARE_64K, 1);
    smbios_append(&s, FIRMWARE_UNKNOWN, 8);
    smbios_append(&s, 0, 1);
    smbios_append(&s, FIRMWARE_TARGETED | FIRMWARE_VM | (props->uefi ? FIRMWARE_UEFI : 0), 1);
    append_release(&s, props->release);
    smbios_append(&s, 0xffff, 2);       /* there is no embedded controller */
    smbios_end(&s, block);
}

/* The first three groups of a UUID are little endian. */
static void append_uuid(SmbiosStructure *s, const char *uuid)
{
    static const guint8 order[UUID_SIZE] = {
        3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15,
    };
    guint8 bytes[UUID_SIZE];

    uuid_bytes(uuid, bytes);
    for (guint i = 0; i < UUID_SIZE; i++) {
        smbios_append(s, bytes[order[i]], 1);
    }
}

static void type_1(SmbiosBlock *block, const SmbiosConfig *config)
{
    static const SmbiosType1Props nothing;
    const SmbiosType1Props *props = config->type1 ? config->type1 : &nothing;
    SmbiosStructure s;

    smbios_begin(&s, block, 1, HANDLE_1);
    smbios_append_string(&s, either(props->manufacturer, config->manufacturer));
    smbios_append_string(&s, either(props->product, config->product));
    smbios_append_string(&s, either(props->version, config->version));
    smbios_append_string(&s, props->serial);
    append_uuid(&s, either(props->uuid, config->uuid));
    smbios_append(&s, WAKEUP_POWER_SWITCH, 1);
    smbios_append_string(&s, props->sku);
    smbios_append_string(&s, props->family);
    smbios_end(&s, block);
}

static void type_2(SmbiosBlock *block, const SmbiosConfig *config)
{
    const SmbiosType2Props *props = config->type2;
    SmbiosStructure s;

    smbios_begin(&s, block, 2, HANDLE_2);
    smbios_append_string(&s, either(props->manufacturer, config->manufacturer));
    smbios_append_string(&s, either(props->product, config->product));
    smbios_append_string(&s, either(props->version, config->version));
    smbios_append_string(&s, props->serial);
    smbios_append_string(&s, props->asset);
    smbios_append(&s, BOARD_HOSTING, 1);
    smbios_append_string(&s, props->location);
    smbios_append(&s, HANDLE_3, 2);
    smbios_append(&s, BOARD_MOTHERBOARD, 1);
    smbios_append(&s, 0, 1);            /* contained objects */
    smbios_end(&s, block);
}

static void type_3(SmbiosBlock *block, const SmbiosConfig *config)
{
    static const SmbiosType3Props nothing;
    const SmbiosType3Props *props = config->type3 ? config->type3 : &nothing;
    SmbiosStructure s;

    smbios_begin(&s, block, 3, HANDLE_3);
    smbios_append_string(&s, either(props->manufacturer, config->manufacturer));
    smbios_append(&s, CHASSIS_OTHER, 1);
    smbios_append_string(&s, either(props->version, config->version));
    smbios_append_string(&s, props->serial);
    smbios_append_string(&s, props->asset);
    smbios_append(&s, CHASSIS_SAFE, 1); /* boot-up, power supply, thermal */
    smbios_append(&s, CHASSIS_SAFE, 1);
    smbios_append(&s, CHASSIS_SAFE, 1);
    smbios_append(&s, CHASSIS_SECURITY_UNKNOWN, 1);
    smbios_append(&s, 0, 4);            /* OEM's own */
    smbios_append(&s, 0, 4);            /* height, power cords, contained elements: none */
    smbios_append_string(&s, props->sku);
    smbios_end(&s, block);
}

/* ---- Processors ---- */

static guint in_byte(guint count)
{
    return MIN(count, (guint)PROCESSOR_MAX);
}

static void append_counts(SmbiosStructure *s, const SmbiosSocket *socket, bool is_64)
{
    smbios_append(s, in_byte(socket->cores), 1);
    smbios_append(s, in_byte(socket->cores), 1);        /* enabled ones */
    smbios_append(s, in_byte(socket->threads), 1);
    smbios_append(s, PROCESSOR_UNKNOWN, 2);
    smbios_append(s, PROCESSOR_OTHER, 2);               /* family once more */
    if (is_64) {
        smbios_append(s, socket->cores, 2);
        smbios_append(s, socket->cores, 2);
        smbios_append(s, socket->threads, 2);
    }
}

static void type_4(SmbiosBlock *block, const SmbiosConfig *config,
                   const SmbiosType4Props *props, guint n)
{
    g_autofree char *socket = g_strdup_printf("%s %u", props->sock_pfx, n);
    SmbiosStructure s;

    smbios_begin(&s, block, 4, HANDLE_4 + n);
    smbios_append_string(&s, socket);
    smbios_append(&s, PROCESSOR_CENTRAL, 1);
    smbios_append(&s, PROCESSOR_OTHER, 1);
    smbios_append_string(&s, either(props->manufacturer, config->manufacturer));
    smbios_append(&s, props->has_processor_id ? props->processor_id : config->processor_id, 8);
    smbios_append_string(&s, either(props->version, config->version));
    smbios_append(&s, 0, 1);            /* voltage */
    smbios_append(&s, 0, 2);            /* external clock */
    smbios_append(&s, props->max_speed, 2);
    smbios_append(&s, props->current_speed, 2);
    smbios_append(&s, PROCESSOR_STATUS, 1);
    smbios_append(&s, PROCESSOR_OTHER, 1);
    smbios_append(&s, NO_CACHE_HANDLE, 2);
    smbios_append(&s, NO_CACHE_HANDLE, 2);
    smbios_append(&s, NO_CACHE_HANDLE, 2);
    smbios_append_string(&s, props->serial);
    smbios_append_string(&s, props->asset);
    smbios_append_string(&s, props->part);
    append_counts(&s, &g_array_index(config->sockets, SmbiosSocket, n), config->is_64);
    smbios_end(&s, block);
}

/* ---- Strings ---- */

static void type_11(SmbiosBlock *block, const GPtrArray *strings)
{
    SmbiosStructure s;

    smbios_begin(&s, block, 11, HANDLE_11);
    for (guint i = 0; i < strings->len; i++) {
        smbios_add_string(&s, strings->pdata[i]);
    }
    smbios_append(&s, s.n_strings, 1);
    smbios_end(&s, block);
}

/* ---- Memory ---- */

static guint n_modules(const SmbiosConfig *config)
{
    return (config->ram_size + MODULE_MAX - 1) / MODULE_MAX;
}

static void type_16(SmbiosBlock *block, const SmbiosConfig *config)
{
    bool extended = config->ram_size / KIB >= G_GUINT64_CONSTANT(0x80000000);
    SmbiosStructure s;

    smbios_begin(&s, block, 16, HANDLE_16);
    smbios_append(&s, ARRAY_OTHER, 1);
    smbios_append(&s, ARRAY_SYSTEM_MEMORY, 1);
    smbios_append(&s, ARRAY_MULTI_BIT_ECC, 1);
    smbios_append(&s, extended ? 0x80000000 : config->ram_size / KIB, 4);
    smbios_append(&s, NO_ERROR_HANDLE, 2);
    smbios_append(&s, n_modules(config), 2);
    smbios_append(&s, extended ? config->ram_size : 0, 8);
    smbios_end(&s, block);
}

static void type_17(SmbiosBlock *block, const SmbiosConfig *config,
                    const SmbiosType17Props *props, guint n)
{
    g_autofree char *locator = g_strdup_printf("%s %u", props->loc_pfx, n);
    guint64 size = MIN(config->ram_size - n * MODULE_MAX, MODULE_MAX);
    SmbiosStructure s;

    smbios_begin(&s, block, 17, HANDLE_17 + n);
    smbios_append(&s, HANDLE_16, 2);
    smbios_append(&s, NO_ERROR_HANDLE, 2);
    smbios_append(&s, UNKNOWN_WIDTH, 2);
    smbios_append(&s, UNKNOWN_WIDTH, 2);
    smbios_append(&s, size / MIB, 2);
    smbios_append(&s, MODULE_DIMM, 1);
    smbios_append(&s, 0, 1);            /* belongs to no set */
    smbios_append_string(&s, locator);
    smbios_append_string(&s, props->bank);
    smbios_append(&s, MODULE_RAM, 1);
    smbios_append(&s, MODULE_OTHER, 2);
    smbios_append(&s, props->speed, 2);
    smbios_append_string(&s, either(props->manufacturer, config->manufacturer));
    smbios_append_string(&s, props->serial);
    smbios_append_string(&s, props->asset);
    smbios_append_string(&s, props->part);
    smbios_append(&s, 0, 1);            /* rank */
    smbios_append(&s, 0, 4);            /* size, if it were larger than MODULE_MAX */
    smbios_append(&s, props->speed, 2); /* configured speed */
    smbios_append(&s, 0, 6);            /* voltages */
    smbios_end(&s, block);
}

static void type_19(SmbiosBlock *block, const SmbiosRange *range, guint16 handle)
{
    guint64 first = range->start / KIB, last = (range->start + range->size) / KIB - 1;
    bool extended = last >= G_MAXUINT32;
    SmbiosStructure s;

    smbios_begin(&s, block, 19, handle);
    smbios_append(&s, extended ? G_MAXUINT32 : first, 4);
    smbios_append(&s, extended ? G_MAXUINT32 : last, 4);
    smbios_append(&s, HANDLE_16, 2);
    smbios_append(&s, 1, 1);            /* modules in a row */
    smbios_append(&s, extended ? range->start : 0, 8);
    smbios_append(&s, extended ? range->start + range->size - 1 : 0, 8);
    smbios_end(&s, block);
}

static void memory(SmbiosBlock *block, const SmbiosConfig *config)
{
    static const SmbiosType17Props nothing = { .loc_pfx = (char *)"DIMM" };
    const SmbiosType17Props *props = config->type17 ? config->type17 : &nothing;
    /* After those of the modules, if there are so many. */
    guint handle = MAX((guint)HANDLE_19, HANDLE_17 + n_modules(config));

    type_16(block, config);
    for (guint i = 0; i < n_modules(config); i++) {
        type_17(block, config, props, i);
    }
    for (guint i = 0; i < config->n_ranges; i++) {
        type_19(block, &config->ranges[i], handle + i);
    }
}

/* ---- The end ---- */

/* The system booted without errors. */
static void type_32(SmbiosBlock *block)
{
    SmbiosStructure s;

    smbios_begin(&s, block, 32, HANDLE_32);
    smbios_append(&s, 0, 7);
    smbios_end(&s, block);
}

static void type_127(SmbiosBlock *block)
{
    SmbiosStructure s;

    smbios_begin(&s, block, 127, HANDLE_127);
    smbios_end(&s, block);
}

void smbios_structures(SmbiosBlock *block, const SmbiosConfig *config)
{
    static const SmbiosType4Props nothing = {
        .sock_pfx = (char *)"CPU", .max_speed = 2000, .current_speed = 2000,
    };

    if (config->type0) {
        type_0(block, config->type0);
    }
    type_1(block, config);
    if (config->type2) {
        type_2(block, config);
    }
    type_3(block, config);
    for (guint i = 0; i < config->sockets->len; i++) {
        type_4(block, config, config->type4 ? config->type4 : &nothing, i);
    }
    if (config->strings->len) {
        type_11(block, config->strings);
    }
    memory(block, config);
    type_32(block);
    type_127(block);
}
