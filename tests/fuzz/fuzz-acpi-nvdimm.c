/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/acpi/acpi-nvdimm.c with two modules, one of which has labels.  Records of eight
 * bytes write 32 bits of the page of requests, or call; memory of the modules never changes.
 */
#include "config.h"

#include "hw/acpi/acpi-nvdimm.h"
#include "qom/qapi-objects-object.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define MEMORY (G_GUINT64_CONSTANT(4) << 30)

enum { MODULE = 4 << 20, N_SLOTS = 2 };

static void make(Rig *rig)
{
    DeviceMemory *memory = device_memory_new(rig->machine, MEMORY, MEMORY, MEMORY, N_SLOTS);

    memory->acpi = true;
    device_memory_set_hotplug(memory, &(const MemoryHotplugOps){ 0 }, NULL);
    rig_device(rig, "acpi-nvdimm", "n", NULL, NULL);
    rig_object(rig, "memory-backend-ram", "m0", NULL, "size", "4M", NULL);
    rig_object(rig, "memory-backend-ram", "m1", NULL, "size", "4M", NULL);
    rig_device(rig, "nvdimm", "a", NULL, "memdev", "m0", "label-size", "128K", NULL);
    rig_device(rig, "nvdimm", "b", NULL, "memdev", "m1", NULL);
}

static void clear(Rig *rig)
{
    Object *devices = object_container(&rig->machine->object, "peripheral");

    device_unmake(to_device(object_child(devices, "b")));
    device_unmake(to_device(object_child(devices, "a")));
    device_unmake(to_device(object_child(devices, "n")));
    device_memory_free(device_memory_of(rig->machine));
}

/* Labels are behind the memory of the first, whose size is cut to whole large pages. */
static void check(Rig *rig)
{
    guint32 length = address_space_read(rig->memory, ACPI_NVDIMM_BASE, 4);
    guint64 end = MEMORY + MODULE / 2;

    fuzz_check(length >= 8 && length <= ACPI_NVDIMM_PAGE);
    for (guint i = 0; i < 64; i += 8) {
        fuzz_check(!address_space_read(rig->memory, end - 64 + i, 8));
        fuzz_check(!address_space_read(rig->memory, end + i, 8));
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzInput in = { .data = data, .left = size };
    Rig *rig = rig_new();

    make(rig);
    while (in.left) {
        guint16 what = fuzz_take(&in, 2), offset = fuzz_take(&in, 2) % (ACPI_NVDIMM_PAGE - 3);
        guint32 value = fuzz_take(&in, 4);

        if (what & 1) {
            rig_out(rig, ACPI_NVDIMM_PORT + (what >> 1 & 3), value, 1u << (what >> 3) % 3);
            if ((what >> 1 & 3) == 0) {
                check(rig);
            }
        } else {
            address_space_write(rig->memory, ACPI_NVDIMM_BASE + offset, value, 4);
        }
    }
    clear(rig);
    rig_free(rig);
    return 0;
}
