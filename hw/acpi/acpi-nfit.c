/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The structures of an NFIT.  ACPI 6.4, section 5.2.25; values are QEMU's.
 */
#include "config.h"
#include "hw/acpi/acpi-nvdimm.h"

#include "hw/core/uuid.h"
#include "qom/qapi-objects-memory.h"

enum {                          /* types, and lengths */
    SPA_RANGE = 0, SPA_RANGE_SIZE = 56,
    REGION_MAPPING = 1, REGION_MAPPING_SIZE = 48,
    CONTROL_REGION = 4, CONTROL_REGION_SIZE = 80,
    CAPABILITIES = 7, CAPABILITIES_SIZE = 16,
    DEVICE_SIZE = SPA_RANGE_SIZE + REGION_MAPPING_SIZE + CONTROL_REGION_SIZE,
};

enum {
    SPA_MANAGEMENT_ONLY = 1 << 0,       /* the control region is for hot plug */
    SPA_NODE_VALID = 1 << 1,
    MAPPING_NOT_ARMED = 1 << 3,
    FORMAT_BYTE_ADDRESSABLE = 0x301,
    VENDOR_INTEL = 0x8086,
    DEVICE = 1,
    REVISION = 1,
    SERIAL_BASE = 0x123456,
};

/* UEFI: memory that is cached by write back, and not volatile. */
#define MEMORY_ATTRIBUTES (G_GUINT64_CONSTANT(1) << 3 | G_GUINT64_CONSTANT(1) << 15)

static void append_le(GByteArray *out, guint64 value, guint size)
{
    guint64 le = GUINT64_TO_LE(value);

    g_byte_array_append(out, (const guint8 *)&le, size);
}

static void begin(GByteArray *out, guint16 type, guint16 size)
{
    append_le(out, type, 2);
    append_le(out, size, 2);
}

/* As EFI_GUID: the first three groups are little endian. */
static void append_guid(GByteArray *out, const char *text)
{
    static const guint8 order[UUID_SIZE] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    guint8 bytes[UUID_SIZE];

    uuid_bytes(text, bytes);
    for (guint i = 0; i < UUID_SIZE; i++) {
        append_le(out, bytes[order[i]], 1);
    }
}

/* Unique numbers of the structures of a slot. */
static guint16 range_index(guint slot)
{
    return (guint16)((slot + 1) << 1);
}

static guint16 control_index(guint slot)
{
    return range_index(slot) | 1;
}

static void append_range(GByteArray *out, const MemoryPlace *place)
{
    begin(out, SPA_RANGE, SPA_RANGE_SIZE);
    append_le(out, range_index(place->slot), 2);
    append_le(out, SPA_MANAGEMENT_ONLY | SPA_NODE_VALID, 2);
    append_le(out, 0, 4);
    append_le(out, place->node, 4);
    append_guid(out, "66f0d379-b4f3-4074-ac43-0d3318b78cdb");   /* persistent memory */
    append_le(out, place->addr, 8);
    append_le(out, place->size, 8);
    append_le(out, MEMORY_ATTRIBUTES, 8);
}

static void append_mapping(GByteArray *out, const MemoryPlace *place)
{
    begin(out, REGION_MAPPING, REGION_MAPPING_SIZE);
    append_le(out, place->slot + 1, 4); /* handle, as in the DSDT */
    append_le(out, 0, 2);               /* no number in the SMBIOS tables */
    append_le(out, 0, 2);
    append_le(out, range_index(place->slot), 2);
    append_le(out, control_index(place->slot), 2);
    append_le(out, place->size, 8);
    append_le(out, 0, 8);               /* offset in the range, address in the module */
    append_le(out, 0, 8);
    append_le(out, 0, 2);               /* not interleaved */
    append_le(out, 1, 2);
    append_le(out, nvdimm_props(place->device)->unarmed ? MAPPING_NOT_ARMED : 0, 2);
    append_le(out, 0, 2);
}

static void append_control(GByteArray *out, const MemoryPlace *place)
{
    begin(out, CONTROL_REGION, CONTROL_REGION_SIZE);
    append_le(out, control_index(place->slot), 2);
    append_le(out, VENDOR_INTEL, 2);
    append_le(out, DEVICE, 2);
    append_le(out, REVISION, 2);
    append_le(out, 0, 6);               /* of the subsystem */
    append_le(out, 0, 6);
    append_le(out, SERIAL_BASE + place->slot, 4);
    append_le(out, FORMAT_BYTE_ADDRESSABLE, 2);
    append_le(out, 0, 2);               /* no windows for access by blocks */
    for (guint i = 0; i < 6; i++) {
        append_le(out, 0, 8);
    }
}

/* Each bit says what survives a loss of power; the highest valid bit comes first. */
static void append_capabilities(GByteArray *out, guint32 capabilities)
{
    begin(out, CAPABILITIES, CAPABILITIES_SIZE);
    append_le(out, 31 - (guint)__builtin_clz(capabilities), 1);
    append_le(out, 0, 3);
    append_le(out, capabilities, 4);
    append_le(out, 0, 4);
}

GByteArray *acpi_nvdimm_fit(const DeviceMemory *memory)
{
    GByteArray *out = g_byte_array_new();

    for (guint i = 0; i < memory->places->len; i++) {
        const MemoryPlace *place = memory->places->pdata[i];

        if (place->persistent) {
            append_range(out, place);
            append_mapping(out, place);
            append_control(out, place);
        }
    }
    if (memory->persistence && out->len) {
        append_capabilities(out, memory->persistence);
    }
    return out;
}

guint32 acpi_nvdimm_fit_size(guint n_slots)
{
    return 4 + n_slots * DEVICE_SIZE + CAPABILITIES_SIZE;
}
