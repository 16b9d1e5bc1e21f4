/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: configuration space, BARs, bridges, MSI and MSI-X.
 *
 * pci.0 has function 1 with MSI-X and a pin, a bridge in slot 2, and behind it a
 * function with MSI.  Six bytes are a step: an action, an address, and a value.
 * After each, interrupt levels, irqfds and BARs must match the registers.
 */
#include "config.h"

#include <string.h>

#include "hw/pci/pci.h"
#include "qom/qapi-objects-pci.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

enum { N_VECTORS = 70, N_FUNCTIONS = 3 };

typedef struct {
    Rig *rig;
    PciDevice *devs[N_FUNCTIONS];       /* MSI-X, bridge, MSI behind it */
    guint uses[N_VECTORS];
} Bench;

static PciDevice *make(Rig *rig, const char *driver, const char *id, const char *bus,
                       const char *addr, const char *property, const char *value)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, driver, id, &error, "bus", bus, "addr", addr, property, value,
                             NULL);

    g_assert_no_error(error);
    return to_pci_device(dev);
}

static void bench_init(Bench *b)
{
    g_autoptr(GError) error = NULL;

    b->rig = rig_new();
    rig_pci(b->rig);
    b->rig->accel->max_routes = 40;
    b->devs[0] = make(b->rig, "pci-testdev", "x", "pci.0", "1", NULL, NULL);
    b->devs[1] = make(b->rig, "pci-bridge", "b", "pci.0", "2", "chassis_nr", "1");
    b->devs[2] = make(b->rig, "pci-testdev", "m", "b", "3", "membar", "0x100000000");
    pci_msix_init_bar(b->devs[0], N_VECTORS, 2, &error);
    g_assert_no_error(error);
    b->devs[0]->config[PCI_INTERRUPT_PIN] = b->devs[2]->config[PCI_INTERRUPT_PIN] = 1;
}

/* ---- Steps ---- */

/* A register of a function, mostly of one that there is. */
static void config_access(Bench *b, guint8 what, guint8 where, guint32 value)
{
    static const guint8 devfns[] = { 0x08, 0x10, 0x18, 0x00 };
    guint size = 1 << (what >> 2) % 3;
    guint8 bus = what & 0x20 ? b->devs[1]->config[PCI_SECONDARY_BUS] : 0;
    guint32 address = bus << 16 | devfns[what & 3] << 8 | where;

    if (what & 0x10) {
        pci_config_write(b->rig->pci, address, value, size);
    } else {
        pci_config_read(b->rig->pci, address, size);
    }
}

/* An access to where a BAR is. */
static void bar_access(Bench *b, guint8 what, guint8 where, guint32 value)
{
    const PciDevice *dev = b->devs[what % N_FUNCTIONS];
    guint bar = where % 3;
    guint64 address = pci_bar_address(dev, bar);
    AddressSpace *as = bar == 1 ? b->rig->io : b->rig->memory;
    guint64 offset = value >> 20;

    if (address == PCI_UNMAPPED) {
        return;
    }
    if (what & 0x10) {
        address_space_write(as, address + offset, value, 1 << (where >> 6));
    } else {
        address_space_read(as, address + offset, 1 << (where >> 6));
    }
}

static void use(Bench *b, guint vector, bool more)
{
    if (more) {
        b->uses[vector]++;
        pci_msix_use(b->devs[0], vector);
    } else if (b->uses[vector]) {
        b->uses[vector]--;
        pci_msix_unuse(b->devs[0], vector);
    }
}

static void load_own_state(Bench *b, PciDevice *dev, guint8 where, guint8 value)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    device_save(&dev->device, state, NULL);
    state_bytes_damage(state, where * 7, value);
    device_load(&dev->device, state->data, state->len, &error);
}

static void event(Bench *b, guint8 what, guint8 where, guint32 value)
{
    guint vector = where % N_VECTORS;

    switch (what % 8) {
    case 0:
    case 1:
        pci_msix_notify(b->devs[0], vector);
        break;
    case 2:
        pci_set_intx(b->devs[where & 2], value & 1);
        break;
    case 3:
    case 4:
        use(b, vector, what & 1);
        break;
    case 5:
        b->rig->accel->fail_irqfd = where & 1;
        break;
    case 6:
        load_own_state(b, b->devs[value % N_FUNCTIONS], where, value >> 24);
        break;
    default:
        if (where & 1) {
            rig_reset(b->rig);
        } else {
            rig_deliver(b->rig);
        }
    }
}

/* ---- What must be true ---- */

static bool open_by_registers(const PciDevice *dev, guint vector)
{
    guint16 flags = pci_get_word(dev->config + dev->msix_cap + PCI_MSIX_FLAGS);

    return (flags & PCI_MSIX_FLAGS_ENABLE) && !(flags & PCI_MSIX_FLAGS_MASKALL) &&
           !(dev->msix_table[vector * 16 + PCI_MSIX_ENTRY_CONTROL] & 1);
}

static void check_msix(const Bench *b)
{
    const PciDevice *dev = b->devs[0];
    guint may = 0;

    for (guint i = 0; i < N_VECTORS; i++) {
        bool open = open_by_registers(dev, i);

        may += open && b->uses[i];
        g_assert_false(open && dev->msix_pending[i / 8] >> i % 8 & 1);
    }
    g_assert_cmpuint(b->rig->accel->irqfds->len, <=, may);
}

/* Whether dev drives this line; turn is what its slots add up to.  A loaded state
 * may have another pin, or none. */
static bool drives(const PciDevice *dev, guint line, guint turn)
{
    guint pin = dev->config[PCI_INTERRUPT_PIN];

    return dev->intx && pin >= 1 && pin <= 4 && (pin - 1 + turn) % PCI_N_PINS == line &&
           !(pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
}

static void check_pins(const Bench *b)
{
    for (guint line = 0; line < PCI_N_PINS; line++) {
        bool level = drives(b->devs[0], line, 1) || drives(b->devs[2], line, 3 + 2);

        g_assert_cmpint(b->rig->pci_levels[line], ==, level);
    }
}

static void check_bars(const Bench *b)
{
    for (guint i = 0; i < N_FUNCTIONS; i++) {
        const PciDevice *dev = b->devs[i];

        for (guint n = 0; n < 3; n++) {
            guint64 address = pci_bar_address(dev, n);

            if (address != PCI_UNMAPPED) {
                guint bit = dev->bars[n].type & PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;

                g_assert_true(pci_get_word(dev->config + PCI_COMMAND) & bit);
                g_assert_cmphex(address, !=, 0);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    Bench b = { 0 };

    bench_init(&b);
    for (gsize i = 0; i + 6 <= size; i += 6) {
        guint32 value = pci_get_long(data + i + 2);

        if (!(data[i] & 0x80)) {
            config_access(&b, data[i], data[i + 1], value);
        } else if (!(data[i] & 0x40)) {
            bar_access(&b, data[i], data[i + 1], value);
        } else {
            event(&b, data[i], data[i + 1], value);
        }
        check_msix(&b);
        check_pins(&b);
        check_bars(&b);
    }
    rig_free(b.rig);
    return 0;
}
