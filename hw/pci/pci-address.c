/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses on a PCI bus: parsing `addr`, choosing a slot, and the rules for
 * slots with several functions.
 *
 * Guests probe functions above 0 of a slot only if function 0 exists and its
 * header says that it is multifunction, hence the rules.  A hotplug controller
 * notifies the guest when function 0 of a slot is added, so that one must be
 * added last.
 */
#include "config.h"
#include "hw/pci/pci-internal.h"

#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/qapi-objects-pci.h"

enum { N_SLOTS = 32, N_FUNCTIONS = 8 };

/* ---- Reading ---- */

/* Parses a hexadecimal number up to max at *text, which is moved past it. */
static bool parse_hex(const char **text, guint max, guint *ret)
{
    const char *p = *text;
    guint64 value;
    char *end;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        p += 2;
    }
    if (!g_ascii_isxdigit(*p)) {
        return false;
    }
    value = g_ascii_strtoull(p, &end, 16);
    *text = end;
    *ret = MIN(value, G_MAXUINT);
    return value <= max;
}

static bool parse_address(const char *text, guint *ret_devfn)
{
    guint slot = 0, function = 0;

    if (!parse_hex(&text, N_SLOTS - 1, &slot)) {
        return false;
    }
    if (*text == '.') {
        text++;
        if (!parse_hex(&text, N_FUNCTIONS - 1, &function)) {
            return false;
        }
    }
    *ret_devfn = PCI_DEVFN(slot, function);
    return *text == '\0';
}

/* *ret_devfn is -1 if the address is to be chosen. */
static bool read_address(const PciAddress *addr, int *ret_devfn, GError **error)
{
    guint devfn = 0;

    if (!addr || (addr->type == PCI_ADDRESS_DEVFN && addr->u.devfn == -1)) {
        *ret_devfn = -1;
        return true;
    }
    if (addr->type == PCI_ADDRESS_TEXT) {
        if (!parse_address(addr->u.text, &devfn)) {
            qmp_error_set(error, ERROR_REASON_INVALID_VALUE,
                          "'%s' is not a PCI address: slot (0 to 1f) and function (0 to 7), such "
                          "as '5' or '06.0'", addr->u.text);
            return false;
        }
    } else if (addr->u.devfn < 0 || addr->u.devfn >= PCI_N_DEVFN) {
        qmp_error_set(error, ERROR_REASON_OUT_OF_RANGE,
                      "a PCI address as a number is 8 * slot + function: 0 to 255");
        return false;
    } else {
        devfn = addr->u.devfn;
    }
    *ret_devfn = devfn;
    return true;
}

/* ---- Choosing ---- */

static PciDevice *first_in_slot(const PciBus *bus, guint slot)
{
    for (guint function = 0; function < N_FUNCTIONS; function++) {
        PciDevice *dev = bus->functions[PCI_DEVFN(slot, function)];

        if (dev) {
            return dev;
        }
    }
    return NULL;
}

/* Records the slot of a pending function that names its address. */
static bool note_slot(const QmpClass *klass, const void *props, bool named, void *opaque)
{
    guint32 *slots = opaque;
    int devfn;

    if (qmp_class_is_a(klass, &qmp_class_pci_device) &&
        read_address(((const PciDeviceProps *)props)->addr, &devfn, NULL) && devfn >= 0) {
        *slots |= 1u << PCI_SLOT(devfn);
    }
    return true;
}

static int free_devfn(PciBus *bus)
{
    guint32 spoken_for = 0;

    env_foreach_pending(&bus->bus.object, &bus->bus.object, note_slot, &spoken_for);
    for (guint slot = 0; slot < N_SLOTS; slot++) {
        if (!first_in_slot(bus, slot) && !(spoken_for >> slot & 1)) {
            return PCI_DEVFN(slot, 0);
        }
    }
    return -1;
}

bool pci_address_full(PciBus *bus)
{
    return free_devfn(bus) < 0;
}

static bool choose(PciBus *bus, int *devfn, GError **error)
{
    *devfn = free_devfn(bus);
    if (*devfn < 0) {
        qmp_error_set(error, ERROR_REASON_BUS_FULL, "bus '%s' has no empty slot",
                      bus->bus.object.name);
        return false;
    }
    return true;
}

/* ---- Rules ---- */

static bool taken(const PciBus *bus, guint devfn, const PciDevice *by, const char *why,
                  GError **error)
{
    g_autofree char *path = object_path(&by->device.object);

    qmp_error_set(error, ERROR_REASON_ADDRESS_IN_USE, "%02x.%x of bus '%s': '%s' %s",
                  PCI_SLOT(devfn), PCI_FUNCTION(devfn), bus->bus.object.name, path, why);
    return false;
}

static bool is_multifunction(const PciDevice *dev)
{
    return pci_device_props(dev)->multifunction;
}

static bool check_functions(const PciBus *bus, const PciDevice *dev, guint devfn, GError **error)
{
    const PciDevice *zero = bus->functions[PCI_DEVFN(PCI_SLOT(devfn), 0)];
    const PciDevice *other = first_in_slot(bus, PCI_SLOT(devfn));

    if (zero && !is_multifunction(zero)) {
        return taken(bus, devfn, zero, "is function 0 and not multifunction", error);
    }
    if (zero && dev->device.hotplugged) {
        return taken(bus, devfn, zero,
                     "is function 0, after which the guest does not detect others", error);
    }
    if (other && PCI_FUNCTION(devfn) == 0 && !is_multifunction(dev)) {
        return taken(bus, devfn, other,
                     "is in the same slot, so function 0 must be multifunction", error);
    }
    return true;
}

static bool check_place(const PciBus *bus, const PciDevice *dev, guint devfn, GError **error)
{
    const PciDevice *there = bus->functions[devfn];

    if (there) {
        return taken(bus, devfn, there, "is there already", error);
    }
    return check_functions(bus, dev, devfn, error);
}

static void write_back(PciDevice *dev)
{
    PciDeviceProps *props = pci_device_props(dev);

    qmp_clear(&qmp_type_PciAddress, &props->addr);
    props->addr = g_new0(PciAddress, 1);
    props->addr->type = PCI_ADDRESS_DEVFN;
    props->addr->u.devfn = dev->devfn;
}

bool pci_address_assign(PciBus *bus, PciDevice *dev, GError **error)
{
    const PciDeviceProps *props = pci_device_props(dev);
    int devfn;

    if (!read_address(props->addr, &devfn, error) ||
        (devfn < 0 && !choose(bus, &devfn, error)) || !check_place(bus, dev, devfn, error)) {
        if (error && props->addr) {
            qmp_error_prefix_path(*error, "addr");
        }
        return false;
    }
    dev->devfn = devfn;
    write_back(dev);
    return true;
}
