/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pci.h.
 */
#include "tests/guest/pci.h"

#include "tests/guest/console.h"
#include "tests/guest/io.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };
enum { COMMAND_MEMORY = 2, COMMAND_MASTER = 4, COMMAND_NO_INTX = 0x400, STATUS_CAPABILITIES = 0x10 };
enum { BAR_IO = 1, BAR_TYPE = 6, BAR_TYPE_64 = 4, HEADER_MULTIFUNCTION = 0x80, CLASS_BRIDGE = 0x0604 };
enum { BUSES = 256, SLOTS = 32, FUNCTIONS = 8, N_BARS = 6, MOST_CAPABILITIES = 48 };

static const uint32_t config_enable = 1u << 31;

static void select_register(PciAddress where, uint32_t offset)
{
    out32(CONFIG_ADDRESS, config_enable | where | (offset & 0xfc));
}

bool pci_exists(void)
{
    select_register(0, 0);
    return in32(CONFIG_ADDRESS) == config_enable && in32(CONFIG_DATA) != UINT32_MAX;
}

uint8_t pci_read8(PciAddress where, uint32_t offset)
{
    select_register(where, offset);
    return in8((uint16_t)(CONFIG_DATA + (offset & 3)));
}

uint16_t pci_read16(PciAddress where, uint32_t offset)
{
    select_register(where, offset);
    return in16((uint16_t)(CONFIG_DATA + (offset & 2)));
}

uint32_t pci_read32(PciAddress where, uint32_t offset)
{
    select_register(where, offset);
    return in32(CONFIG_DATA);
}

void pci_write16(PciAddress where, uint32_t offset, uint16_t value)
{
    select_register(where, offset);
    out16((uint16_t)(CONFIG_DATA + (offset & 2)), value);
}

uint64_t pci_bar(PciAddress where, uint32_t n)
{
    uint32_t bar;

    if (n >= N_BARS)
        return 0;
    bar = pci_read32(where, PCI_BAR0 + 4 * n);
    if (bar & BAR_IO)
        return 0;
    if ((bar & BAR_TYPE) == BAR_TYPE_64 &&
        (n + 1 == N_BARS || pci_read32(where, PCI_BAR0 + 4 * n + 4)))
        return 0;
    return bar & ~15u;
}

uint32_t pci_next_capability(PciAddress where, uint32_t after)
{
    if (!after && !(pci_read16(where, PCI_STATUS) & STATUS_CAPABILITIES))
        return 0;
    return pci_read8(where, after ? after + 1 : PCI_CAPABILITIES) & 0xfcu;
}

void pci_enable(PciAddress where)
{
    pci_write16(where, PCI_COMMAND, (uint16_t)(pci_read16(where, PCI_COMMAND) | COMMAND_MEMORY |
                                               COMMAND_MASTER | COMMAND_NO_INTX));
}

/* ---- Who is there ---- */

static bool is_there(PciAddress where)
{
    return pci_read16(where, PCI_VENDOR_ID) != UINT16_MAX;
}

/* The functions of a slot; marks the buses behind its bridges. */
static bool visit_slot(PciAddress slot, bool *buses, bool (*f)(PciAddress, void *), void *data)
{
    uint32_t n = 1;

    if (!is_there(slot))
        return false;
    if (pci_read8(slot, PCI_HEADER_TYPE) & HEADER_MULTIFUNCTION)
        n = FUNCTIONS;
    for (uint32_t i = 0; i < n; i++) {
        PciAddress where = slot | i << 8;

        if (!is_there(where))
            continue;
        if (f(where, data))
            return true;
        if (pci_read16(where, PCI_CLASS) == CLASS_BRIDGE)
            buses[pci_read8(where, PCI_SECONDARY_BUS)] = true;
    }
    return false;
}

/* A bridge's bus has a higher number than its own one. */
bool pci_foreach(bool (*f)(PciAddress where, void *data), void *data)
{
    bool buses[BUSES] = { true };

    for (uint32_t bus = 0; bus < BUSES; bus++) {
        for (uint32_t slot = 0; buses[bus] && slot < SLOTS; slot++) {
            if (visit_slot(bus << 16 | slot << 11, buses, f, data))
                return true;
        }
    }
    return false;
}

static bool print_function(PciAddress where, void *data)
{
    uint32_t cap = 0;

    (void)data;
    print("pci: %02x:%02x.%u %04x:%04x class %04x", pci_bus(where), pci_slot(where),
          pci_function(where), pci_read16(where, PCI_VENDOR_ID),
          pci_read16(where, PCI_DEVICE_ID), pci_read16(where, PCI_CLASS));
    for (unsigned i = 0; i < MOST_CAPABILITIES && (cap = pci_next_capability(where, cap)); i++)
        print(" cap %02x", pci_read8(where, cap));
    print("\n");
    return false;
}

void pci_print(void)
{
    if (!pci_exists())
        print("pci: none\n");
    else
        pci_foreach(print_function, NULL);
}
