/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio devices on PCI: VIRTIO 1.2 section 4.1, without the legacy interface.
 * BARs are where the firmware, or the daemon in its place, mapped them.
 */
#include "tests/guest/console.h"
#include "tests/guest/io.h"
#include "tests/guest/pci.h"
#include "tests/guest/virtio.h"

enum {
    VENDOR_VIRTIO = 0x1af4,
    MODERN_IDS = 0x1040,        /* and the device id */
    CAP_VENDOR = 0x09,
};

/* Section 4.1.4: fields of the capability, and its types. */
enum { CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_MULTIPLIER = 16 };
enum { TYPE_COMMON = 1, TYPE_NOTIFY = 2, TYPE_DEVICE = 4 };

/* The common configuration, section 4.1.4.3. */
enum {
    COMMON_DRIVER_FEATURE_SELECT = 8,
    COMMON_DRIVER_FEATURE = 12,
    COMMON_STATUS = 20,
    COMMON_QUEUE_SELECT = 22,
    COMMON_QUEUE_SIZE = 24,
    COMMON_QUEUE_ENABLE = 28,
    COMMON_QUEUE_NOTIFY_OFF = 30,
    COMMON_QUEUE_DESC = 32,
    COMMON_QUEUE_DRIVER = 40,
    COMMON_QUEUE_DEVICE = 48,
};

/* Transitional devices have ids of their own, section 4.1.2.1. */
static const struct {
    uint16_t pci_id;
    uint32_t device_id;
} transitional[] = { { 0x1000, 1 }, { 0x1001, 2 }, { 0x1002, 5 }, { 0x1003, 3 }, { 0x1005, 4 } };

/* ---- Registers ---- */

static uint32_t status(const VirtioDevice *device)
{
    return mmio_read8(device->registers + COMMON_STATUS);
}

static void set_status(const VirtioDevice *device, uint32_t value)
{
    mmio_write8(device->registers + COMMON_STATUS, (uint8_t)value);
}

static void set_features(const VirtioDevice *device, uint32_t n, uint32_t features)
{
    mmio_write32(device->registers + COMMON_DRIVER_FEATURE_SELECT, n);
    mmio_write32(device->registers + COMMON_DRIVER_FEATURE, features);
}

static void write_address(uint64_t reg, const volatile void *p)
{
    mmio_write32(reg, (uint32_t)(uintptr_t)p);
    mmio_write32(reg + 4, 0);
}

static void start_queue(VirtioDevice *device, uint32_t n, const VirtioQueue *queue)
{
    uint64_t base = device->registers;

    mmio_write16(base + COMMON_QUEUE_SELECT, (uint16_t)n);
    mmio_write16(base + COMMON_QUEUE_SIZE, VIRTIO_SLOTS);
    write_address(base + COMMON_QUEUE_DESC, queue->desc);
    write_address(base + COMMON_QUEUE_DRIVER, &queue->avail);
    write_address(base + COMMON_QUEUE_DEVICE, &queue->used);
    mmio_write16(base + COMMON_QUEUE_ENABLE, 1);
    device->notify[n] = device->notify_base +
                        mmio_read16(base + COMMON_QUEUE_NOTIFY_OFF) * device->notify_step;
}

static void notify(const VirtioDevice *device, uint32_t n)
{
    mmio_write16(device->notify[n], (uint16_t)n);
}

static const VirtioTransport pci_transport = {
    .status = status,
    .set_status = set_status,
    .set_features = set_features,
    .start_queue = start_queue,
    .notify = notify,
};

/* ---- Capabilities ---- */

/* Takes what a capability says into the device; a structure that is out of reach
 * counts as absent. */
static void read_capability(VirtioDevice *device, PciAddress where, uint32_t cap)
{
    uint64_t bar = pci_bar(where, pci_read8(where, cap + CAP_BAR));
    uint64_t address = bar ? bar + pci_read32(where, cap + CAP_OFFSET) : 0;

    switch (pci_read8(where, cap + CAP_TYPE)) {
    case TYPE_COMMON:
        device->registers = address;
        break;
    case TYPE_NOTIFY:
        device->notify_base = address;
        device->notify_step = pci_read32(where, cap + CAP_MULTIPLIER);
        break;
    case TYPE_DEVICE:
        device->config = address;
        break;
    }
}

static bool read_capabilities(VirtioDevice *device, PciAddress where)
{
    uint32_t cap = 0;

    while ((cap = pci_next_capability(where, cap))) {
        if (pci_read8(where, cap) == CAP_VENDOR)
            read_capability(device, where, cap);
    }
    return device->registers && device->notify_base && device->config;
}

/* ---- Devices ---- */

static uint32_t device_id_of(uint16_t pci_id)
{
    for (uint32_t i = 0; i < sizeof(transitional) / sizeof(transitional[0]); i++) {
        if (transitional[i].pci_id == pci_id)
            return transitional[i].device_id;
    }
    return pci_id >= MODERN_IDS ? (uint32_t)(pci_id - MODERN_IDS) : 0;
}

typedef struct {
    uint32_t device_id;
    VirtioDevice *device;
} Search;

static bool look_at(PciAddress where, void *data)
{
    const Search *search = data;

    if (pci_read16(where, PCI_VENDOR_ID) != VENDOR_VIRTIO ||
        device_id_of(pci_read16(where, PCI_DEVICE_ID)) != search->device_id)
        return false;
    *search->device = (VirtioDevice){ .transport = &pci_transport };
    if (!read_capabilities(search->device, where)) {
        print("virtio: %02x:%02x.%u has no reachable modern interface\n", pci_bus(where),
              pci_slot(where), pci_function(where));
        return false;
    }
    pci_enable(where);
    print("virtio: device %u at PCI %02x:%02x.%u\n", search->device_id, pci_bus(where),
          pci_slot(where), pci_function(where));
    return true;
}

bool virtio_pci_find(uint32_t device_id, VirtioDevice *ret)
{
    Search search = { device_id, ret };

    return pci_foreach(look_at, &search);
}
