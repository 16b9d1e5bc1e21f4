/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bus numbers and addresses for a machine without firmware: what a BIOS does
 * before it starts a kernel.
 *
 * A bridge's window is as large as the resources below it, laid out largest
 * first, so the layout is computed twice: once from 0 to get its size, and once
 * at its final address.  There are three kinds of room: I/O, memory, and
 * prefetchable memory, for which bridges have separate windows and which may lie
 * above 4 GiB.  On the root bus the two kinds of memory share one range.
 */
#include "config.h"
#include "hw/pci/pci-bridge.h"

#include <string.h>

#include "qom/qapi-objects-pci.h"

enum { MAX_BUS = 255 };

typedef enum { IO, MEMORY, PREFETCH, N_KINDS } Kind;

/* A BAR, or a window of a bridge, that needs room. */
typedef struct {
    PciDevice *dev;
    Kind kind;
    bool window;
    guint bar;
    guint64 size, align;
    bool high;                  /* may lie above 4 GiB */
} Need;

/* The next free address, and the last one. */
typedef struct {
    guint64 next, last;
} Room;

typedef struct {
    const PciWindows *windows;
    guint next_bus;
} Setup;

static guint64 granule(Kind kind)
{
    return kind == IO ? PCI_BRIDGE_IO_GRANULE : PCI_BRIDGE_MEMORY_GRANULE;
}

static void write_register(PciDevice *dev, guint offset, guint32 value, guint size)
{
    pci_function_write(dev, offset, value, size);
}

/* ---- Numbers ---- */

static void number_bus(Setup *setup, PciBus *bus, guint8 number);

static void number_bridge(Setup *setup, PciDevice *dev, PciBus *below, guint8 primary)
{
    if (setup->next_bus > MAX_BUS) {
        return;
    }
    write_register(dev, PCI_PRIMARY_BUS, primary, 1);
    write_register(dev, PCI_SECONDARY_BUS, setup->next_bus, 1);
    write_register(dev, PCI_SUBORDINATE_BUS, MAX_BUS, 1);
    setup->next_bus++;
    number_bus(setup, below, setup->next_bus - 1);
    write_register(dev, PCI_SUBORDINATE_BUS, setup->next_bus - 1, 1);
}

static void number_bus(Setup *setup, PciBus *bus, guint8 number)
{
    for (guint devfn = 0; devfn < PCI_N_DEVFN; devfn++) {
        PciDevice *dev = pci_function_at(&bus->bus, devfn);
        Bus *below = dev ? pci_bridge_bus(dev) : NULL;

        if (below) {
            number_bridge(setup, dev, to_pci_bus(below), number);
        }
    }
}

/* ---- Needs ---- */

static GArray *needs_of(const PciWindows *windows, PciBus *bus, Kind kind);

/* Where all needs end if they begin at 0; 2^64-1 if that overflows. */
static guint64 total_size(const GArray *needs)
{
    guint64 end = 0;

    for (guint i = 0; i < needs->len; i++) {
        const Need *need = &g_array_index(needs, Need, i);
        guint64 start = (end + need->align - 1) & -need->align;

        if (start < end || start + need->size < start) {
            return G_MAXUINT64;
        }
        end = start + need->size;
    }
    return end;
}

static void need_window(const PciWindows *windows, GArray *needs, PciDevice *dev, PciBus *below,
                        Kind kind)
{
    g_autoptr(GArray) inner = needs_of(windows, below, kind);
    guint64 size = total_size(inner), unit = granule(kind);
    Need need = { .dev = dev, .kind = kind, .window = true, .align = unit, .high = true };

    if (!inner->len) {
        return;
    }
    for (guint i = 0; i < inner->len; i++) {
        need.high = need.high && g_array_index(inner, Need, i).high;
        need.align = MAX(need.align, g_array_index(inner, Need, i).align);
    }
    need.size = size > G_MAXUINT64 - unit ? G_MAXUINT64 & -unit : (size + unit - 1) & -unit;
    need.high = need.high && kind == PREFETCH;
    g_array_append_val(needs, need);
}

static Kind kind_of(guint8 type)
{
    return type & PCI_BAR_IO ? IO : type & PCI_BAR_PREFETCH ? PREFETCH : MEMORY;
}

/* A region that is too large for any window must not keep its neighbours from
 * getting room. */
static bool can_fit(const PciWindows *windows, const Need *need)
{
    if (need->kind == IO) {
        return need->size - 1 <= windows->io_end - windows->io_base;
    }
    return need->size - 1 <= windows->mem_end - windows->mem_base ||
           (need->high && windows->mem64_end &&
            need->size - 1 <= windows->mem64_end - windows->mem64_base);
}

static void need_bars(const PciWindows *windows, GArray *needs, PciDevice *dev, Kind kind)
{
    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        const PciBar *bar = &dev->bars[n];
        guint64 size = bar->region ? region_size(bar->region) : 0;

        Need need = { .dev = dev, .kind = kind, .bar = n, .size = size, .align = size };

        /* Bridges pass non-prefetchable memory below 4 GiB only. */
        need.high = bar->type & PCI_BAR_MEM64 && (kind == PREFETCH || !pci_bus_of(dev)->bridge);
        if (size && kind_of(bar->type) == kind && can_fit(windows, &need)) {
            g_array_append_val(needs, need);
        }
    }
}

/* Largest alignment first, so that little room is lost to gaps. */
static int compare_needs(const void *a, const void *b)
{
    const Need *x = a, *y = b;

    return x->align != y->align ? (x->align < y->align ? 1 : -1)
                                : x->size != y->size ? (x->size < y->size ? 1 : -1) : 0;
}

static GArray *needs_of(const PciWindows *windows, PciBus *bus, Kind kind)
{
    GArray *needs = g_array_new(false, false, sizeof(Need));

    for (guint devfn = 0; devfn < PCI_N_DEVFN; devfn++) {
        PciDevice *dev = pci_function_at(&bus->bus, devfn);
        Bus *below = dev ? pci_bridge_bus(dev) : NULL;

        if (dev) {
            need_bars(windows, needs, dev, kind);
        }
        /* A bus without a number cannot be reached, and needs nothing. */
        if (below && pci_bus_number(below)) {
            need_window(windows, needs, dev, to_pci_bus(below), kind);
        }
    }
    g_array_sort(needs, compare_needs);
    return needs;
}

/* ---- Addresses ---- */

static bool take_room(Room *room, const Need *need, guint64 *ret_address)
{
    guint64 start = (room->next + need->align - 1) & -need->align;

    if (start < room->next || start > room->last || need->size - 1 > room->last - start) {
        return false;
    }
    *ret_address = start;
    /* At the very last address there is no next one. */
    room->next = start + need->size;
    if (room->next == 0) {
        *room = (Room){ .next = 1, .last = 0 };
    }
    return true;
}

static void place(const PciWindows *windows, GArray *needs, Room *room, Room *high);

static void write_window(const Need *need, guint64 base, guint64 last)
{
    switch (need->kind) {
    case IO:
        write_register(need->dev, PCI_IO_BASE, base >> 8, 1);
        write_register(need->dev, PCI_IO_LIMIT, last >> 8, 1);
        break;
    case MEMORY:
        write_register(need->dev, PCI_MEMORY_BASE, base >> 16, 2);
        write_register(need->dev, PCI_MEMORY_LIMIT, last >> 16, 2);
        break;
    default:
        write_register(need->dev, PCI_PREF_MEMORY_BASE, base >> 16, 2);
        write_register(need->dev, PCI_PREF_MEMORY_LIMIT, last >> 16, 2);
        write_register(need->dev, PCI_PREF_BASE_UPPER32, base >> 32, 4);
        write_register(need->dev, PCI_PREF_LIMIT_UPPER32, last >> 32, 4);
    }
}

static void place_window(const PciWindows *windows, const Need *need, guint64 address)
{
    Room room = { .next = address, .last = address + need->size - 1 };
    PciBus *below = to_pci_bus(pci_bridge_bus(need->dev));
    g_autoptr(GArray) inner = needs_of(windows, below, need->kind);

    write_window(need, room.next, room.last);
    place(windows, inner, &room, NULL);
}

static void place_bar(const Need *need, guint64 address)
{
    guint offset = pci_bar_offset(need->dev, need->bar);

    write_register(need->dev, offset, address, 4);
    if (need->dev->bars[need->bar].type & PCI_BAR_MEM64) {
        write_register(need->dev, offset + 4, address >> 32, 4);
    }
}

static void place(const PciWindows *windows, GArray *needs, Room *room, Room *high)
{
    for (guint i = 0; i < needs->len; i++) {
        const Need *need = &g_array_index(needs, Need, i);
        guint64 address;

        if (!take_room(room, need, &address) &&
            !(high && need->high && take_room(high, need, &address))) {
            continue;
        }
        if (need->window) {
            place_window(windows, need, address);
        } else {
            place_bar(need, address);
        }
    }
}

static void place_all(PciBus *root, const PciWindows *windows)
{
    g_autoptr(GArray) io = needs_of(windows, root, IO);
    g_autoptr(GArray) memory = needs_of(windows, root, MEMORY);
    g_autoptr(GArray) prefetch = needs_of(windows, root, PREFETCH);
    Room io_room = { .next = windows->io_base, .last = windows->io_end };
    Room low = { .next = windows->mem_base, .last = windows->mem_end };
    Room high = { .next = windows->mem64_base, .last = windows->mem64_end };

    if (!windows->mem64_end) {
        high = (Room){ .next = 1, .last = 0 };
    }
    g_array_append_vals(memory, prefetch->data, prefetch->len);
    g_array_sort(memory, compare_needs);
    place(windows, io, &io_room, NULL);
    place(windows, memory, &low, &high);
}

/* ---- Around it ---- */

/* Decoding is off while addresses change, and unused windows are closed. */
static void prepare(PciDevice *dev, void *opaque)
{
    guint16 command = pci_get_word(dev->config + PCI_COMMAND);

    write_register(dev, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY), 2);
    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        if (dev->bars[n].region) {
            place_bar(&(Need){ .dev = dev, .bar = n }, 0);
        }
    }
    if (dev->function->bridge) {
        write_register(dev, PCI_PRIMARY_BUS, 0, 4);
        for (Kind kind = IO; kind < N_KINDS; kind++) {
            write_window(&(Need){ .dev = dev, .kind = kind }, kind == IO ? 0xf000 : 0xfff00000, 0);
        }
    }
}

static void finish(PciDevice *dev, void *opaque)
{
    const PciWindows *windows = ((Setup *)opaque)->windows;
    guint16 command = pci_get_word(dev->config + PCI_COMMAND);
    int line = pci_intx_line(dev);

    for (guint n = 0; n < G_N_ELEMENTS(dev->bars); n++) {
        if (dev->bars[n].region) {
            command |= dev->bars[n].type & PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
        }
    }
    if (dev->function->bridge) {
        command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    }
    write_register(dev, PCI_COMMAND, command, 2);
    if (line >= 0 && windows->irq_of) {
        write_register(dev, PCI_INTERRUPT_LINE, windows->irq_of(windows->opaque, line), 1);
    }
}

void pci_setup(Bus *root, const PciWindows *windows)
{
    Setup setup = { .windows = windows, .next_bus = 1 };
    PciBus *bus = to_pci_bus(root);

    pci_foreach_below(bus, prepare, &setup);
    number_bus(&setup, bus, 0);
    place_all(bus, windows);
    pci_foreach_below(bus, finish, &setup);
}
