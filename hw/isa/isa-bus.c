/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus and the bridge that carries it.
 *
 * On the real bus devices decode addresses themselves, and two that answer to
 * one port garble it; here the second one is refused.  The bus has a list of
 * claims; the regions are in the machine's I/O space.
 */
#include "config.h"
#include "hw/isa/isa-bus.h"

#include "hw/isa/isa-internal.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/env.h"

enum { ISA_N_PORTS = 0x10000 };

typedef struct {
    Device *dev;
    MemoryRegion *region;
    guint32 base, count;
} Claim;

static IsaBus *isa_bus(Device *dev)
{
    return to_isa_bus(dev->bus);
}

/* ---- Ports ---- */

/* The owner of one of the ports, or NULL. */
static const Claim *find_claim(const IsaBus *bus, guint32 base, guint32 count)
{
    for (guint i = 0; i < bus->claims->len; i++) {
        const Claim *claim = &g_array_index(bus->claims, Claim, i);

        if (base < claim->base + claim->count && claim->base < base + count) {
            return claim;
        }
    }
    return NULL;
}

static bool ports_exist(guint32 base, guint32 count)
{
    return count && base < ISA_N_PORTS && count <= ISA_N_PORTS - base;
}

typedef struct {
    guint32 base, count;
    bool found;
} PendingSearch;

/* Whether a pending device names this first port; its number of ports is unknown. */
static bool compare_port(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    PendingSearch *search = opaque;
    const QmpMember *row = qmp_class_member(klass, "iobase");
    guint32 port;

    if (!row || qmp_type(row->type)->kind != QMP_KIND_UINT32 || !qmp_member_present(row, props)) {
        return true;
    }
    port = *(const guint32 *)((const char *)props + row->offset);
    search->found = port >= search->base && port - search->base < search->count;
    return !search->found;
}

bool isa_ports_free(Device *dev, guint32 base, guint32 count)
{
    PendingSearch search = { .base = base, .count = count };

    if (!ports_exist(base, count) || find_claim(isa_bus(dev), base, count)) {
        return false;
    }
    env_foreach_pending(&dev->object, &dev->bus->object, compare_port, &search);
    return !search.found;
}

typedef struct {
    const QmpClass *klass;
    guint32 index;
    bool found;
} IndexSearch;

static bool compare_index(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    IndexSearch *search = opaque;
    const QmpMember *row = qmp_class_member(klass, "index");

    if (klass == search->klass && row && qmp_member_present(row, props)) {
        search->found |= *(const guint32 *)((const char *)props + row->offset) == search->index;
    }
    return !search->found;
}

bool isa_index_free(Device *dev, guint32 index)
{
    IndexSearch search = { .klass = object_class(dev), .index = index };

    env_foreach_pending(&dev->object, &dev->bus->object, compare_index, &search);
    return !search.found;
}

static char *ports_text(guint32 base, guint32 count)
{
    return count == 1 ? g_strdup_printf("port 0x%x", base)
                      : g_strdup_printf("ports 0x%x to 0x%x", base, base + count - 1);
}

static bool check_ports(Device *dev, guint32 base, guint32 count, GError **error)
{
    const Claim *claim;

    if (!ports_exist(base, count)) {
        qmp_error_set_at(error, "iobase", ERROR_REASON_OUT_OF_RANGE,
                         "%u ports from 0x%x do not fit below 0x10000", count, base);
        return false;
    }
    claim = find_claim(isa_bus(dev), base, count);
    if (claim) {
        g_autofree char *path = object_path(&claim->dev->object);
        g_autofree char *wanted = ports_text(base, count);
        g_autofree char *taken = ports_text(claim->base, claim->count);

        qmp_error_set_at(error, "iobase", ERROR_REASON_ADDRESS_IN_USE,
                         "cannot claim %s: '%s' has %s", wanted, path, taken);
        return false;
    }
    return true;
}

MemoryRegion *isa_map_ports(Device *dev, const char *name, const RegionOps *ops, guint32 base,
                            guint32 count, GError **error)
{
    Claim claim = { .dev = dev, .base = base, .count = count };

    if (!check_ports(dev, base, count, error)) {
        return NULL;
    }
    claim.region = region_new_io(&dev->object, name, ops, dev, count);
    g_array_append_val(isa_bus(dev)->claims, claim);
    region_add(address_space_root(machine_of(dev)->io), base, claim.region, 0);
    return claim.region;
}

void isa_unmap(Device *dev, MemoryRegion *region)
{
    GArray *claims = isa_bus(dev)->claims;

    for (guint i = 0; region && i < claims->len; i++) {
        if (g_array_index(claims, Claim, i).region == region) {
            g_array_remove_index(claims, i);
            region_remove(address_space_root(machine_of(dev)->io), region);
            region_free(region);
            return;
        }
    }
}

/* ---- Lines ---- */

bool isa_connect_irq(Device *dev, Irq *irq, guint n, GError **error)
{
    if (n >= ISA_N_IRQS) {
        qmp_error_set_at(error, "irq", ERROR_REASON_OUT_OF_RANGE,
                         "an ISA bus has no line %u: 0 to %u", n, ISA_N_IRQS - 1);
        return false;
    }
    irq_connect(irq, gpio(&dev->bus->owner->object, "irq", n), false);
    return true;
}

void isa_disconnect_irq(Device *dev, Irq *irq, guint n)
{
    irq_disconnect(irq, gpio(&dev->bus->owner->object, "irq", n));
}

/* ---- Bus ---- */

/* The lowest port of dev, as `info qtree` shows it. */
static char *isa_address(Bus *bus, Device *dev)
{
    const GArray *claims = to_isa_bus(bus)->claims;
    guint32 lowest = ISA_N_PORTS;

    for (guint i = 0; i < claims->len; i++) {
        const Claim *claim = &g_array_index(claims, Claim, i);

        if (claim->dev == dev) {
            lowest = MIN(lowest, claim->base);
        }
    }
    return lowest < ISA_N_PORTS ? g_strdup_printf("isa@%04x", lowest) : NULL;
}

static void isa_bus_init(Object *obj)
{
    to_isa_bus(obj)->claims = g_array_new(false, false, sizeof(Claim));
}

static void isa_bus_finalize(Object *obj)
{
    g_array_unref(to_isa_bus(obj)->claims);
    isa_dma_finalize(to_isa_bus(obj));
}

const TypeInfo isa_bus_type = {
    .schema = &qmp_class_ISA,
    .size = sizeof(IsaBus),
    .object = &(const ObjectOps){
        .init = isa_bus_init,
        .finalize = isa_bus_finalize,
    },
    .kind = &(const BusOps){
        .address = isa_address,
    },
};

/* ---- Bridge ---- */

static bool isabus_bridge_realize(Device *dev, GError **error)
{
    gpio_out_new(&dev->object, "irq", ISA_N_IRQS);
    bus_new(dev, &qmp_class_ISA, "isa.0");
    return true;
}

const TypeInfo isabus_bridge_type = {
    .schema = &qmp_class_isabus_bridge,
    .device = &(const DeviceOps){
        .realize = isabus_bridge_realize,
        .no_state = "it is a bus and its lines, without a register",
    },
};
