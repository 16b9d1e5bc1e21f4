/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of memory devices, carried into a new process: tests/lib/carry.h.
 */
#include "config.h"

#include "hw/acpi/acpi-nvdimm.h"
#include "hw/mem/device-memory.h"
#include "qmp/visit.h"
#include "qom/property.h"
#include "tests/lib/carry.h"

#define BASE (G_GUINT64_CONSTANT(1) << 30)

/* ---- virtio-mem: blocks, and a size that the client has changed ---- */

static void blocks_make(Carry *c)
{
    DeviceMemory *memory = device_memory_new(c->rig->machine, BASE, BASE, BASE, 0);

    c->opaque = carry_driver(c);
    rig_object(c->rig, "memory-backend-ram", "m0", NULL, "size", "32M", NULL);
    c->dev = carry_device(c, "virtio-mem", "v0", "memdev", "m0", "requested-size", "8M");
    carry_memory(c, region_host(((MemoryPlace *)memory->places->pdata[0])->region, 0, 32 << 20),
                 32 << 20);
}

/* Notes how the device answers. */
static void ask(Carry *c, guint8 type, guint64 block, guint8 blocks)
{
    VirtioDriver *d = c->opaque;
    const guint64 request[3] = {
        GUINT64_TO_LE(type), GUINT64_TO_LE(BASE + (block << 21)), GUINT64_TO_LE(blocks) };
    guint64 answer = virtio_driver_alloc(d, 16, 8);
    const guint8 *got = virtio_driver_ptr(d, answer);
    guint32 length;

    virtio_driver_add(d, 0, (VirtioBuffer[]){
        { virtio_driver_data(d, request, 24), 24, false }, { answer, 10, true } }, 2);
    virtio_driver_kick(d, 0);
    g_assert_true(virtio_driver_used(d, 0, NULL, &length));
    carry_note(c, "request %u of block %u: %u bytes, answer %u, state %u", type, (guint)block,
               length, got[0], got[8]);
}

static void blocks_busy(Carry *c)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) size = qmp_value_uint(4 << 20);

    virtio_driver_start(c->opaque, ~0ull, 1, 16);
    ask(c, 0, 5, 3);
    g_string_truncate(c->notes, 0);
    g_assert_true(object_property_set(&c->dev->object, "requested-size", &input, size, NULL));
}

static void blocks_go_on(Carry *c)
{
    VirtioDriver *d = c->opaque;
    guint8 byte = 0;

    for (guint i = 0; i < 16; i++) {
        ask(c, 3, i, 1);
    }
    for (guint i = 24; i < 56; i += 8) {
        carry_note(c, "config %u is %x", i, (guint)virtio_driver_config(d, i, 8));
    }
    ask(c, 0, 1, 1);                            /* more than it is to have */
    ask(c, 1, 6, 1);
    ask(c, 1, 6, 1);
    g_assert_true(memory_read(c->rig->memory, BASE + (5 << 21), &byte, 1));
    carry_note(c, "interrupt status %x, byte %x", virtio_driver_ack(d), byte);
}

static void blocks_clear(Carry *c)
{
    device_unmake(c->dev);
    device_memory_free(device_memory_of(c->rig->machine));
}

/* ---- acpi-nvdimm: a request that was written, and not yet called ---- */

static void page_make(Carry *c)
{
    device_memory_new(c->rig->machine, BASE, BASE, BASE, 1);
    c->dev = carry_device(c, "acpi-nvdimm", "n0");
}

static void page_busy(Carry *c)
{
    for (guint i = 0; i < ACPI_NVDIMM_PAGE; i += 4) {
        address_space_write(c->rig->memory, ACPI_NVDIMM_BASE + i, i == 4 ? 1 : i / 4, 4);
    }
}

static void page_go_on(Carry *c)
{
    carry_note(c, "last %x", (guint)address_space_read(c->rig->memory, ACPI_NVDIMM_BASE + 4092, 4));
    rig_out(c->rig, ACPI_NVDIMM_PORT, 1, 4);
    for (guint i = 0; i < 16; i += 4) {
        carry_note(c, "%u: %x", i, (guint)address_space_read(c->rig->memory,
                                                              ACPI_NVDIMM_BASE + i, 4));
    }
}

static const CarryCase cases[] = {
    { "acpi-nvdimm", page_make, page_busy, page_go_on, blocks_clear },
    { "virtio-mem", blocks_make, blocks_busy, blocks_go_on, blocks_clear },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
