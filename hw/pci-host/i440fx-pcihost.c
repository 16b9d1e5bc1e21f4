/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host bridge of the 82441FX: from the processor's bus to pci.0, after
 * Intel's data sheet "82441FX PCI and Memory Controller (PMC)", sections 3.1
 * (configuration mechanism 1) and 4.1 (system address map).
 *
 * The registers of the chip itself belong to its PCI function, in i440fx.c,
 * which is a part of this device.
 *
 * Different from the chip, and as QEMU has it: the address register stores all
 * written bits, and its two lowest ones are ORed with those of the data port's
 * address.
 */
#include "config.h"
#include "hw/pci-host/i440fx.h"

#include "hw/machine/machine.h"
#include "qom/qapi-objects-pc.h"

#define CONFADD_PORT 0xcf8
#define CONFADD_ENABLE 0x80000000u
#define CONFADD_ADDRESS 0x00ffffffu
#define GIB (G_GUINT64_CONSTANT(1) << 30)

enum { CONFDATA = 4, CONF_SIZE = 8 };   /* offsets from CONFADD_PORT */

struct I440fxHost {
    Device parent;
    /* Guest-visible. */
    guint32 confadd;
    /* Wiring. */
    Bus *bus;
    MemoryRegion *memory, *io;  /* PCI's, from init on */
    MemoryRegion *ports;
    const RegionOps *passed;    /* or NULL */
    void *passed_opaque;
    guint64 ram_low, ram_end;
};

/* ---- Configuration mechanism 1 ---- */

/* How many bytes of an access are in the function's registers. */
static guint bytes_at(guint32 address, guint size)
{
    return MIN(size, PCI_CONFIG_SIZE - (address & (PCI_CONFIG_SIZE - 1)));
}

/* An access of three bytes is split into single bytes. */
static guint64 config_bytes_read(I440fxHost *s, guint32 address, guint size)
{
    guint64 value = 0;

    for (guint i = 0; i < size; i++) {
        value |= (guint64)pci_config_read(s->bus, address + i, 1) << 8 * i;
    }
    return value;
}

static guint64 confdata_read(I440fxHost *s, guint64 lane, guint size)
{
    guint32 address = (s->confadd & CONFADD_ADDRESS) | lane;
    guint n = bytes_at(address, size);

    if (!(s->confadd & CONFADD_ENABLE)) {
        return G_MAXUINT64;
    }
    return n == 3 ? config_bytes_read(s, address, n) : pci_config_read(s->bus, address, n);
}

static void confdata_write(I440fxHost *s, guint64 lane, guint64 value, guint size)
{
    guint32 address = (s->confadd & CONFADD_ADDRESS) | lane;
    guint n = bytes_at(address, size);

    if (!(s->confadd & CONFADD_ENABLE)) {
        return;
    }
    if (n != 3) {
        pci_config_write(s->bus, address, value, n);
        return;
    }
    for (guint i = 0; i < n; i++) {
        pci_config_write(s->bus, address + i, value >> 8 * i & 0xff, 1);
    }
}

static guint64 ports_read(void *opaque, guint64 offset, guint size)
{
    I440fxHost *s = opaque;

    if (offset >= CONFDATA) {
        return confdata_read(s, offset - CONFDATA, size);
    }
    if (size == 4) {
        return s->confadd;
    }
    return s->passed && s->passed->read ? s->passed->read(s->passed_opaque, offset, size)
                                        : G_MAXUINT64;
}

static void ports_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I440fxHost *s = opaque;

    if (offset >= CONFDATA) {
        confdata_write(s, offset - CONFDATA, value, size);
    } else if (size == 4) {
        s->confadd = value;
    } else if (s->passed && s->passed->write) {
        s->passed->write(s->passed_opaque, offset, value, size);
    }
}

static const RegionOps ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .min_size = 1,
    .max_size = 4,
};

/* Below 1 MiB, where PCI may cover RAM, even empty parts of PCI do. */
static const RegionOps nobody_ops = { .min_size = 1, .max_size = 8 };

enum { LOW_START = 0xa0000, LOW_SIZE = 0x60000 };

/* ---- For the board ---- */

MemoryRegion *i440fx_pci_memory(Device *host)
{
    return to_i440fx_host(host)->memory;
}

Bus *i440fx_bus(Device *host)
{
    return to_i440fx_host(host)->bus;
}

void i440fx_set_ram(Device *host, guint64 ram_low, guint64 ram_end)
{
    to_i440fx_host(host)->ram_low = ram_low;
    to_i440fx_host(host)->ram_end = ram_end;
}

void i440fx_pass_ports(Device *host, const RegionOps *ops, void *opaque)
{
    to_i440fx_host(host)->passed = ops;
    to_i440fx_host(host)->passed_opaque = opaque;
}

/* ---- Windows ---- */

/* Without the fix (machine types before 4.0) the window is only what the guest
 * has mapped there, which the tables cannot know yet. */
static void hole64(Device *host, guint64 *ret_start, guint64 *ret_end)
{
    const I440FXPcihostProps *props = i440fx_pcihost_props(host);
    const I440fxHost *s = to_i440fx_host(host);
    guint64 start = (s->ram_end + GIB - 1) & -GIB;

    *ret_start = *ret_end = 0;
    if (props->x_pci_hole64_fix && props->pci_hole64_size <= G_MAXUINT64 - start) {
        *ret_start = start;
        *ret_end = start + props->pci_hole64_size;
    }
}

/* Firmware leaves the space up to the next multiple of this free, for extensions
 * of the memory map. */
static guint64 bar_base(const I440fxHost *s)
{
    static const guint64 bases[] = { 0x80000000, 0xc0000000 };

    for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
        if (s->ram_low <= bases[i]) {
            return bases[i];
        }
    }
    return MAX(s->ram_low, 0xe0000000);
}

void i440fx_windows(Device *host, PciWindows *ret_windows)
{
    guint64 start, end;

    hole64(host, &start, &end);
    *ret_windows = (PciWindows){
        .io_base = 0xc000,
        .io_end = 0xffff,
        .mem_base = bar_base(to_i440fx_host(host)),
        .mem_end = I440FX_HOLE_END - 1,
        .mem64_base = start,
        .mem64_end = end ? end - 1 : 0,
    };
}

static void host_refresh(Object *obj, const QmpMember *member)
{
    I440FXPcihostProps *props = i440fx_pcihost_props(obj);
    I440fxHost *s = to_i440fx_host(obj);

    props->pci_hole_start = s->ram_low;
    props->pci_hole_end = I440FX_HOLE_END;
    hole64(&s->parent, &props->pci_hole64_start, &props->pci_hole64_end);
}

/* ---- Life cycle ---- */

static const StateRow host_state[] = {
    STATE_FIELD(U32, I440fxHost, confadd, 0),
    STATE_ROWS_END
};

/* The part sits on the bus, so the bus is made first. */
static void host_init(Object *obj)
{
    I440fxHost *s = to_i440fx_host(obj);

    s->memory = region_new_container(obj, "pci-memory", 0);
    s->io = region_new_container(obj, "pci-io", 0x10000);
    region_add(s->memory, LOW_START,
               region_new_io(obj, "pci-nobody", &nobody_ops, s, LOW_SIZE), -1);
    s->bus = pci_root_bus_new(&s->parent, "pci.0", s->memory, s->io);
    s->ram_end = G_GUINT64_CONSTANT(1) << 32;
}

static bool host_realize(Device *dev, GError **error)
{
    I440fxHost *s = to_i440fx_host(dev);
    Machine *machine = machine_of(dev);

    s->ports = region_new_io(&dev->object, "pci-conf", &ports_ops, s, CONF_SIZE);
    region_add(address_space_root(machine->memory), 0, s->memory, -1);
    region_add(address_space_root(machine->io), 0, s->io, -1);
    region_add(address_space_root(machine->io), CONFADD_PORT, s->ports, 0);
    return true;
}

static void host_unrealize(Device *dev)
{
    I440fxHost *s = to_i440fx_host(dev);
    Machine *machine = machine_of(dev);

    region_remove(address_space_root(machine->io), s->ports);
    region_remove(address_space_root(machine->io), s->io);
    region_remove(address_space_root(machine->memory), s->memory);
    region_free(s->ports);
}

static const DeviceOps host_device_ops = {
    .realize = host_realize,
    .unrealize = host_unrealize,
    .state = host_state,
};

const TypeInfo i440fx_pcihost_type = {
    .schema = &qmp_class_i440FX_pcihost,
    .size = sizeof(I440fxHost),
    .object = &(const ObjectOps){
        .init = host_init,
        .refresh = host_refresh,
    },
    .device = &host_device_ops,
};
