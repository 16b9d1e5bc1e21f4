/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class pci-bridge: a PCI-to-PCI bridge (PCI-to-PCI Bridge Architecture
 * Specification 1.2) with the bus below it.
 *
 * The secondary bus has its own containers, in which BARs are mapped at their
 * addresses; windows are aliases of those in the primary bus's containers.
 *
 * Not modelled: the aliases of VGA's ports that 10-bit decoding has, 32-bit I/O
 * addresses, the hotplug controller SHPC and thus interrupts of the bridge itself.
 * Requests of functions below pass regardless of the bridge's Bus Master bit, because
 * firmware boots from disks there without setting it.
 */
#include "config.h"
#include "hw/pci/pci-bridge.h"

#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-common.h"
#include "qom/qapi-objects-pci.h"

enum {
    SLOTID_SIZE = 4,
    SLOTID_ESR = 2,             /* expansion slot register */
    SLOTID_CHASSIS = 3,
    SLOTID_FIRST_IN_CHASSIS = 1 << 5,

    /* With PCI_BRIDGE_CTL_ISA, the first 256 bytes of each 1 KiB of I/O pass. */
    ISA_BLOCK = 0x400,
    ISA_PASSED = 0x100,
};

/* With PCI_BRIDGE_CTL_VGA, these pass (3.2.5.18). */
static const struct {
    guint32 base, last;
    bool io;
} vga_addresses[] = {
    { 0xa0000, 0xbffff, false }, { 0x3b0, 0x3bb, true }, { 0x3c0, 0x3df, true },
};

/* A range of addresses that passes; both ends inclusive. */
typedef struct {
    guint64 base, last;
    bool io;
} Window;

struct PciBridge {
    PciDevice parent;
    PciBus *bus;                /* the secondary one */
    MemoryRegion *memory, *io;  /* its address spaces */
    GArray *windows;            /* of Window, as they are mapped */
    GPtrArray *aliases;         /* of MemoryRegion, for each of them */
    bool resetting;             /* the guest holds the secondary bus in reset */
};

/* ---- Windows ---- */

static bool window_io(const guint8 *config, Window *ret)
{
    ret->io = true;
    ret->base = (config[PCI_IO_BASE] & PCI_IO_RANGE_MASK) << 8;
    ret->last = (config[PCI_IO_LIMIT] & PCI_IO_RANGE_MASK) << 8 | (PCI_BRIDGE_IO_GRANULE - 1);
    return ret->base <= ret->last;
}

static guint64 memory_bound(const guint8 *config, guint offset)
{
    return (guint64)(pci_get_word(config + offset) & PCI_MEMORY_RANGE_MASK) << 16;
}

static bool window_memory(const guint8 *config, Window *ret)
{
    ret->io = false;
    ret->base = memory_bound(config, PCI_MEMORY_BASE);
    ret->last = memory_bound(config, PCI_MEMORY_LIMIT) | (PCI_BRIDGE_MEMORY_GRANULE - 1);
    return ret->base <= ret->last;
}

static bool window_prefetch(const guint8 *config, Window *ret)
{
    ret->io = false;
    ret->base = memory_bound(config, PCI_PREF_MEMORY_BASE) |
                (guint64)pci_get_long(config + PCI_PREF_BASE_UPPER32) << 32;
    ret->last = memory_bound(config, PCI_PREF_MEMORY_LIMIT) | (PCI_BRIDGE_MEMORY_GRANULE - 1) |
                (guint64)pci_get_long(config + PCI_PREF_LIMIT_UPPER32) << 32;
    return ret->base <= ret->last;
}

bool pci_bridge_window(const PciDevice *dev, PciBridgeWindow which, guint64 *ret_base,
                       guint64 *ret_last)
{
    static bool (*const windows[])(const guint8 *config, Window *ret) = {
        [PCI_BRIDGE_WINDOW_IO] = window_io,
        [PCI_BRIDGE_WINDOW_MEMORY] = window_memory,
        [PCI_BRIDGE_WINDOW_PREFETCH] = window_prefetch,
    };
    Window window;
    bool open = windows[which](dev->config, &window);

    *ret_base = window.base;
    *ret_last = window.last;
    return open;
}

static void add_io(const guint8 *config, GArray *windows)
{
    Window window, piece = { .io = true };

    if (!window_io(config, &window)) {
        return;
    }
    if (!(pci_get_word(config + PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_ISA)) {
        g_array_append_val(windows, window);
        return;
    }
    for (guint64 base = window.base; base < window.last; base += ISA_BLOCK) {
        piece.base = base;
        piece.last = base + ISA_PASSED - 1;
        g_array_append_val(windows, piece);
    }
}

/* Both windows show the same addresses of the same bus, so they are merged
 * where they meet: otherwise windows within windows of many bridges would
 * multiply. */
static void add_memory(const guint8 *config, GArray *windows)
{
    Window memory, prefetch;
    bool has_memory = window_memory(config, &memory);
    bool has_prefetch = window_prefetch(config, &prefetch);

    if (has_memory && has_prefetch && memory.base <= prefetch.last &&
        prefetch.base <= memory.last) {
        memory.base = MIN(memory.base, prefetch.base);
        memory.last = MAX(memory.last, prefetch.last);
        has_prefetch = false;
    }
    if (has_memory) {
        g_array_append_val(windows, memory);
    }
    if (has_prefetch) {
        g_array_append_val(windows, prefetch);
    }
}

/* Whether a window of the list has all of these addresses. */
static bool is_covered(const GArray *windows, const Window *window)
{
    for (guint i = 0; i < windows->len; i++) {
        const Window *other = &g_array_index(windows, Window, i);

        if (other->io == window->io && other->base <= window->base &&
            other->last >= window->last) {
            return true;
        }
    }
    return false;
}

/* Those that are in other windows would multiply, too.  No window has a part of one: its granules
 * are larger. */
static void add_vga(const guint8 *config, guint16 command, GArray *windows)
{
    for (guint i = 0; i < G_N_ELEMENTS(vga_addresses); i++) {
        Window window = { .base = vga_addresses[i].base, .last = vga_addresses[i].last,
                          .io = vga_addresses[i].io };

        if ((pci_get_word(config + PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_VGA) &&
            (command & (window.io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) &&
            !is_covered(windows, &window)) {
            g_array_append_val(windows, window);
        }
    }
}

static GArray *wanted_windows(const PciDevice *dev)
{
    GArray *windows = g_array_new(false, true, sizeof(Window));
    guint16 command = pci_get_word(dev->config + PCI_COMMAND);

    if (!dev->ejected && (command & PCI_COMMAND_IO)) {
        add_io(dev->config, windows);
    }
    if (!dev->ejected && (command & PCI_COMMAND_MEMORY)) {
        add_memory(dev->config, windows);
    }
    if (!dev->ejected) {
        add_vga(dev->config, command, windows);
    }
    return windows;
}

static bool same_windows(const GArray *a, const GArray *b)
{
    for (guint i = 0; a->len == b->len && i < a->len; i++) {
        const Window *x = &g_array_index(a, Window, i), *y = &g_array_index(b, Window, i);

        if (x->base != y->base || x->last != y->last || x->io != y->io) {
            return false;
        }
    }
    return a->len == b->len;
}

/* ---- Mapping ---- */

static void unmap_windows(PciBridge *s)
{
    const PciBus *primary = pci_bus_of(&s->parent);

    for (guint i = 0; i < s->aliases->len; i++) {
        MemoryRegion *alias = s->aliases->pdata[i];

        region_remove(g_array_index(s->windows, Window, i).io ? primary->io : primary->memory,
                      alias);
        region_free(alias);
    }
    g_ptr_array_set_size(s->aliases, 0);
}

static void map_window(PciBridge *s, const Window *window)
{
    const PciBus *primary = pci_bus_of(&s->parent);
    /* A window of all 2^64 bytes has size 0, as regions have. */
    MemoryRegion *alias = region_new_alias(&s->parent.device.object, "window",
                                           window->io ? s->io : s->memory, window->base,
                                           window->last - window->base + 1);

    g_ptr_array_add(s->aliases, alias);
    region_add(window->io ? primary->io : primary->memory, window->base, alias, 0);
}

static void set_windows(PciBridge *s, GArray *windows)
{
    Machine *machine = s->parent.machine;

    region_transaction_begin(machine->memory);
    region_transaction_begin(machine->io);
    unmap_windows(s);
    g_array_unref(s->windows);
    s->windows = g_array_ref(windows);
    for (guint i = 0; i < windows->len; i++) {
        map_window(s, &g_array_index(windows, Window, i));
    }
    region_transaction_commit(machine->io);
    region_transaction_commit(machine->memory);
}

void pci_bridge_update(PciDevice *dev)
{
    PciBridge *s = to_pci_bridge(dev);
    g_autoptr(GArray) windows = wanted_windows(dev);

    if (s->bus && !same_windows(windows, s->windows)) {
        set_windows(s, windows);
    }
}

/* ---- Registers ---- */

/* The bus below is reset when the guest asserts its reset (3.2.5.18); software
 * has to give the devices there time afterwards. */
static void bridge_written(PciDevice *dev, guint offset, guint size)
{
    PciBridge *s = to_pci_bridge(dev);
    bool reset = pci_get_word(dev->config + PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_BUS_RESET;

    if (reset && !s->resetting) {
        machine_request_bus_reset(dev->machine, &s->bus->bus);
    }
    s->resetting = reset;
}

static void fill_ranges(PciDevice *dev)
{
    guint8 *writable = dev->writable;

    writable[PCI_IO_BASE] = writable[PCI_IO_LIMIT] = PCI_IO_RANGE_MASK;
    pci_set_word(writable + PCI_MEMORY_BASE, PCI_MEMORY_RANGE_MASK);
    pci_set_word(writable + PCI_MEMORY_LIMIT, PCI_MEMORY_RANGE_MASK);
    pci_set_word(writable + PCI_PREF_MEMORY_BASE, PCI_MEMORY_RANGE_MASK);
    pci_set_word(writable + PCI_PREF_MEMORY_LIMIT, PCI_MEMORY_RANGE_MASK);
    pci_set_long(writable + PCI_PREF_BASE_UPPER32, G_MAXUINT32);
    pci_set_long(writable + PCI_PREF_LIMIT_UPPER32, G_MAXUINT32);
    pci_set_word(dev->config + PCI_PREF_MEMORY_BASE, PCI_PREF_RANGE_TYPE_64);
    pci_set_word(dev->config + PCI_PREF_MEMORY_LIMIT, PCI_PREF_RANGE_TYPE_64);
}

static void fill_config(PciDevice *dev)
{
    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK);
    pci_set_word(dev->config + PCI_SEC_STATUS, PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK);
    pci_set_word(dev->clears + PCI_SEC_STATUS, pci_get_word(dev->clears + PCI_STATUS));
    memset(dev->writable + PCI_PRIMARY_BUS, 0xff, PCI_IO_BASE - PCI_PRIMARY_BUS);
    fill_ranges(dev);
    pci_set_word(dev->writable + PCI_BRIDGE_CONTROL,
                 PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_ISA |
                 PCI_BRIDGE_CTL_VGA | PCI_BRIDGE_CTL_MASTER_ABORT | PCI_BRIDGE_CTL_BUS_RESET |
                 PCI_BRIDGE_CTL_FAST_BACK | PCI_BRIDGE_CTL_PRIMARY_DISCARD |
                 PCI_BRIDGE_CTL_SECONDARY_DISCARD | PCI_BRIDGE_CTL_DISCARD_SERR);
}

/* Slot numbering (bridge specification, chapter 13). */
static void add_slot_id(PciDevice *dev, guint8 chassis)
{
    guint8 cap = pci_add_capability(dev, PCI_CAP_ID_SLOTID, SLOTID_SIZE);

    dev->config[cap + SLOTID_ESR] = SLOTID_FIRST_IN_CHASSIS;
    dev->config[cap + SLOTID_CHASSIS] = chassis;
    dev->writable[cap + SLOTID_CHASSIS] = 0xff;
}

/* ---- Life ---- */

static bool chassis_named(PciBridge *s)
{
    const QmpClass *klass = object_class(s);
    const QmpMember *row = qmp_class_member(klass, "chassis_nr");

    return qmp_given(s->parent.device.object.given, row - qmp_members(klass->props));
}

static bool check_props(PciBridge *s, GError **error)
{
    const PciBridgeProps *props = pci_bridge_props(s);

    if (!props->chassis_nr) {
        qmp_error_set_at(error, "chassis_nr", chassis_named(s) ? ERROR_REASON_INVALID_VALUE
                                                               : ERROR_REASON_PROPERTY_MISSING,
                         "a bridge needs a 'chassis_nr' from 1 to 255, unique in the machine");
        return false;
    }
    return true;
}

static bool bridge_realize(Device *device, GError **error)
{
    PciBridge *s = to_pci_bridge(device);
    PciBridgeProps *props = pci_bridge_props(device);
    Object *obj = &device->object;

    if (!check_props(s, error)) {
        return false;
    }
    props->msi = ON_OFF_AUTO_OFF;
    fill_config(&s->parent);
    add_slot_id(&s->parent, props->chassis_nr);
    s->windows = g_array_new(false, true, sizeof(Window));
    s->aliases = g_ptr_array_new();
    s->memory = region_new_container(obj, "pci-memory", 0);
    s->io = region_new_container(obj, "pci-io", 0x10000);
    s->bus = to_pci_bus(pci_root_bus_new(device, device_id(device), s->memory, s->io));
    s->bus->bridge = &s->parent;
    return true;
}

static void bridge_unrealize(Device *device)
{
    PciBridge *s = to_pci_bridge(device);
    g_autoptr(GArray) none = g_array_new(false, true, sizeof(Window));

    set_windows(s, none);
    s->bus = NULL;
    region_free(s->memory);
    region_free(s->io);
    g_clear_pointer(&s->windows, g_array_unref);
    g_clear_pointer(&s->aliases, g_ptr_array_unref);
}

static const StateRow bridge_state[] = {
    STATE_FIELD(BOOL, PciBridge, resetting, false),
    STATE_ROWS_END
};

const TypeInfo pci_bridge_type = {
    .schema = &qmp_class_pci_bridge,
    .size = sizeof(PciBridge),
    .device = &(const DeviceOps){
        .realize = bridge_realize,
        .unrealize = bridge_unrealize,
        .state = bridge_state,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x1b36,
        .device_id = 0x0001,
        .class_id = 0x0604,
        .bridge = true,
        .config_written = bridge_written,
    },
};
