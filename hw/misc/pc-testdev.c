/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pc-testdev: memory behind ports, memory behind MMIO and interrupt lines, for suites
 * that test CPUs (kvm-unit-tests).  There is no data sheet; this is the observed
 * behaviour of QEMU 7.2:
 *
 *     0xe0    4 ports    a 32-bit number, by accesses of 1, 2 and 4 bytes
 *     0xe4    4 ports    write: cached translations of the page of guest memory at
 *     that address are dropped; reads as 0     0xe8    4 ports    the number of 0xe0
 *     again, a byte at a time     0x2000  24 ports   write to port n: line n is high
 *     if the value is not 0; reads
 *                        as 0
 *     0xff000000         64 KiB of memory behind MMIO
 *
 * Lines are those of the ISA bus, beside other devices' sources; QEMU aborts at a
 * write to one above 15, which has no effect here.  A reset lowers the lines, and
 * leaves what is stored, as in QEMU.
 */
#include "config.h"
#include "hw/misc/pc-testdev.h"

#include <string.h>

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "qom/qapi-objects-misc.h"

enum {
    PORT_NUMBER = 0xe0,
    PORT_FLUSH = 0xe4,
    PORT_BYTES = 0xe8,
    PORT_LINES = 0x2000,
    N_PORTS = 4,
    N_LINES = 24,               /* ports; ISA_N_IRQS of them have a line */
    MEMORY_SIZE = 0x10000,
    PAGE_SIZE = 4096,
};

#define MEMORY_BASE 0xff000000u

struct PcTestdev {
    Device parent;
    Machine *machine;
    MemoryRegion *number, *flush, *bytes, *lines, *memory;
    Irq *irq[ISA_N_IRQS];
    /* Guest-visible. */
    guint8 stored[N_PORTS];     /* the number, little endian */
    guint16 levels;             /* a bit for each line */
    guint8 content[MEMORY_SIZE];
};

/* ---- What is stored ---- */

static guint64 load(const guint8 *p, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint64)p[i] << i * 8;
    }
    return value;
}

static void store(guint8 *p, guint64 value, guint size)
{
    for (guint i = 0; i < size; i++) {
        p[i] = value >> i * 8;
    }
}

static guint64 number_read(void *opaque, guint64 offset, guint size)
{
    return load(to_pc_testdev(opaque)->stored + offset, size);
}

static void number_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    store(to_pc_testdev(opaque)->stored + offset, value, size);
}

static guint64 content_read(void *opaque, guint64 offset, guint size)
{
    return load(to_pc_testdev(opaque)->content + offset, size);
}

static void content_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    store(to_pc_testdev(opaque)->content + offset, value, size);
}

/* ---- What acts ---- */

static guint64 zero_read(void *opaque, guint64 offset, guint size)
{
    return 0;
}

/* A software CPU drops its translations of the page.  KVM manages its own
 * mapping of memory, which is invisible to the guest. */
static void flush_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    AddressSpace *memory = to_pc_testdev(opaque)->machine->memory;
    guint64 page = value & -(guint64)PAGE_SIZE;

    if (memory_map(memory, page, PAGE_SIZE, false)) {
        memory_wrote(memory, page, PAGE_SIZE);
    }
}

static void update_lines(PcTestdev *s)
{
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        irq_set(s->irq[i], s->levels >> i & 1);
    }
}

static void lines_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PcTestdev *s = opaque;
    const guint16 bit = offset < ISA_N_IRQS ? 1u << offset : 0;

    s->levels = value ? s->levels | bit : s->levels & ~bit;
    update_lines(s);
}

static const RegionOps number_ops = {
    .read = number_read, .write = number_write, .min_size = 1, .max_size = 4,
};
static const RegionOps bytes_ops = {
    .read = number_read, .write = number_write, .min_size = 1, .max_size = 1,
};
static const RegionOps content_ops = {
    .read = content_read, .write = content_write, .min_size = 1, .max_size = 8,
};
static const RegionOps flush_ops = {
    .read = zero_read, .write = flush_write, .min_size = 4, .max_size = 4,
};
static const RegionOps lines_ops = {
    .read = zero_read, .write = lines_write, .min_size = 1, .max_size = 1,
};

/* ---- Life cycle ---- */

static void testdev_init(Object *obj)
{
    gpio_out_new(obj, "irq", ISA_N_IRQS);
}

/* On failure the region that failed and those after it are NULL. */
static bool map_ports(PcTestdev *s, GError **error)
{
    Device *dev = &s->parent;

    return (s->number = isa_map_ports(dev, "pc-testdev-ioport", &number_ops, PORT_NUMBER,
                                      N_PORTS, error)) &&
           (s->flush = isa_map_ports(dev, "pc-testdev-flush-page", &flush_ops, PORT_FLUSH,
                                     N_PORTS, error)) &&
           (s->bytes = isa_map_ports(dev, "pc-testdev-ioport-byte", &bytes_ops, PORT_BYTES,
                                     N_PORTS, error)) &&
           (s->lines = isa_map_ports(dev, "pc-testdev-irq-line", &lines_ops, PORT_LINES,
                                     N_LINES, error));
}

static void unmap_ports(PcTestdev *s)
{
    MemoryRegion **const regions[] = { &s->number, &s->flush, &s->bytes, &s->lines };

    for (guint i = 0; i < G_N_ELEMENTS(regions); i++) {
        isa_unmap(&s->parent, *regions[i]);
        *regions[i] = NULL;
    }
}

static bool testdev_realize(Device *dev, GError **error)
{
    PcTestdev *s = to_pc_testdev(dev);

    s->machine = machine_of(dev);
    if (!map_ports(s, error)) {
        unmap_ports(s);
        return false;
    }
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        s->irq[i] = gpio(&dev->object, "irq", i);
        isa_connect_irq(dev, s->irq[i], i, NULL);
    }
    s->memory = region_new_io(&dev->object, "pc-testdev-iomem", &content_ops, s, MEMORY_SIZE);
    region_add(address_space_root(s->machine->memory), MEMORY_BASE, s->memory, 0);
    return true;
}

static void testdev_unrealize(Device *dev)
{
    PcTestdev *s = to_pc_testdev(dev);

    region_remove(address_space_root(s->machine->memory), s->memory);
    region_free(s->memory);
    s->memory = NULL;
    for (guint i = 0; i < ISA_N_IRQS; i++) {
        irq_set(s->irq[i], false);
        isa_disconnect_irq(dev, s->irq[i], i);
    }
    unmap_ports(s);
}

static void testdev_reset_hold(Device *dev)
{
    update_lines(to_pc_testdev(dev));
}

static bool testdev_state_loaded(Device *dev, GError **error)
{
    update_lines(to_pc_testdev(dev));
    return true;
}

static const StateRow testdev_state[] = {
    STATE_ARRAY_KEEP(U8, PcTestdev, stored),
    STATE_FIELD(U16, PcTestdev, levels, 0),
    STATE_ARRAY_KEEP(U8, PcTestdev, content),
    STATE_ROWS_END
};

const TypeInfo pc_testdev_type = {
    .schema = &qmp_class_pc_testdev,
    .size = sizeof(PcTestdev),
    .object = &(const ObjectOps){
        .init = testdev_init,
    },
    .device = &(const DeviceOps){
        .realize = testdev_realize,
        .unrealize = testdev_unrealize,
        .reset_hold = testdev_reset_hold,
        .state = testdev_state,
        .state_loaded = testdev_state_loaded,
    },
};
