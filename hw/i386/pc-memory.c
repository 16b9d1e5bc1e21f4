/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a PC: see pc-memory.h.  Places and sizes are those of QEMU's PCs.
 */
#include "config.h"
#include "hw/i386/pc-memory.h"

#include "hw/i386/pc-numa.h"
#include "hw/mem/device-memory.h"
#include "qmp/error.h"
#include "qmp/qapi-types-memory.h"
#include "qom/qapi-objects-pc.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)
/* A physical address has at most 52 bits. */
#define ADDRESS_END (G_GUINT64_CONSTANT(1) << 52)

enum { PAGE = 4096 };

static guint64 align_gib(guint64 value)
{
    return (value + GIB - 1) & -GIB;
}

static guint64 ram_end(const X86Machine *x86)
{
    return BOOT_4G + x86->machine.ram_size - x86->ram_low;
}

/* ---- Property `memory` ---- */

static bool refuse(GError **error, ErrorReason reason, const char *member, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool refuse(GError **error, ErrorReason reason, const char *member, const char *format, ...)
{
    g_autofree char *path = g_strconcat("memory.", member, NULL);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    qmp_error_set_at(error, path, reason, "%s", text);
    return false;
}

static bool check_max(const MemorySizeConfiguration *memory, guint64 size, GError **error)
{
    if (memory->max_size < size) {
        return refuse(error, ERROR_REASON_INVALID_VALUE, "max-size", "'max-size' is 0x%"
                      G_GINT64_MODIFIER "x, which is less than the RAM's 0x%" G_GINT64_MODIFIER "x",
                      memory->max_size, size);
    }
    if (memory->max_size % PAGE) {
        return refuse(error, ERROR_REASON_INVALID_VALUE, "max-size", "'max-size' is 0x%"
                      G_GINT64_MODIFIER "x, which is not a multiple of %u", memory->max_size, PAGE);
    }
    if (memory->max_size > ADDRESS_END / 2) {
        return refuse(error, ERROR_REASON_OUT_OF_RANGE, "max-size", "'max-size' is 0x%"
                      G_GINT64_MODIFIER "x, and a machine has at most 0x%" G_GINT64_MODIFIER "x",
                      memory->max_size, ADDRESS_END / 2);
    }
    return true;
}

static bool check_slots(const MemorySizeConfiguration *memory, guint64 size, GError **error)
{
    if (memory->slots > DEVICE_MEMORY_MAX_SLOTS) {
        return refuse(error, ERROR_REASON_OUT_OF_RANGE, "slots", "'slots' is %" G_GUINT64_FORMAT
                      ", and a machine has at most %u", memory->slots, DEVICE_MEMORY_MAX_SLOTS);
    }
    if (memory->slots && !memory->has_max_size) {
        return refuse(error, ERROR_REASON_PROPERTY_MISSING, "slots",
                      "'slots' has no effect without 'max-size'");
    }
    if (memory->slots && memory->max_size == size) {
        return refuse(error, ERROR_REASON_INVALID_VALUE, "slots", "'slots' has no effect: "
                      "'max-size' is the size of the RAM");
    }
    return true;
}

static bool check(const MemorySizeConfiguration *memory, guint64 size, GError **error)
{
    if (memory->has_size && memory->size != size) {
        return refuse(error, ERROR_REASON_INVALID_VALUE, "size", "'size' is 0x%" G_GINT64_MODIFIER
                      "x, and the memory backend has 0x%" G_GINT64_MODIFIER "x bytes", memory->size,
                      size);
    }
    return (!memory->has_max_size || check_max(memory, size, error)) &&
           check_slots(memory, size, error);
}

/* ---- The range ---- */

/* What the guest is told to survive a loss of power (ACPI 6.4, table 5.139): caches of CPUs, or
 * what is in memory controllers. */
static guint32 capabilities(const GenericPcMachineProps *props)
{
    const guint32 controllers = 1 << 1, caches = 1 << 0;

    if (!props->has_nvdimm_persistence) {
        return 0;
    }
    return props->nvdimm_persistence == NVDIMM_PERSISTENCE_CPU ? caches | controllers
                                                               : controllers;
}

/* Each slot adds 1 GiB, so that no alignment can use up what `max-size` promises. */
static void make_range(X86Machine *x86, const MemorySizeConfiguration *memory)
{
    guint64 limit = memory->max_size - memory->size;

    if (limit) {
        DeviceMemory *range = device_memory_new(&x86->machine, align_gib(ram_end(x86)),
                                                limit + memory->slots * GIB, limit, memory->slots);

        pc_numa_imply(x86);
        range->acpi = generic_pc_machine_props(x86)->acpi == ON_OFF_AUTO_ON;
        range->persistence = capabilities(generic_pc_machine_props(x86));
        generic_pc_machine_props(x86)->device_memory_region_size =
            (gint64)device_memory_size(range);
    }
}

bool pc_memory_setup(X86Machine *x86, GError **error)
{
    MemorySizeConfiguration *memory = generic_pc_machine_props(x86)->memory;
    guint64 size = x86->machine.ram_size;

    if (!memory) {
        return true;
    }
    if (!check(memory, size, error)) {
        return false;
    }
    memory->size = size;
    memory->max_size = memory->has_max_size ? memory->max_size : size;
    memory->has_size = memory->has_max_size = memory->has_slots = true;
    make_range(x86, memory);
    return true;
}

void pc_memory_teardown(X86Machine *x86)
{
    device_memory_free(device_memory_of(&x86->machine));
}

guint64 pc_memory_end(const X86Machine *x86)
{
    const DeviceMemory *range = device_memory_of(&x86->machine);

    return range ? range->base + device_memory_size(range) : ram_end(x86);
}

/* ---- Firmware ---- */

bool pc_memory_set_items(const X86Machine *x86, FwCfg *fw_cfg, GError **error)
{
    guint64 end = GUINT64_TO_LE(align_gib(pc_memory_end(x86)));

    return !device_memory_of(&x86->machine) ||
           fw_cfg_set_file(fw_cfg, "etc/reserved-memory-end", g_bytes_new(&end, sizeof(end)),
                           error);
}
