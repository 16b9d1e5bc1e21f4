/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver of tests/lib/virtio-driver.h for functions on the rig's PCI bus, by
 * either interface.
 *
 *     g_autoptr(Rig) rig = rig_new();
 *     Device *dev = rig_device(rig, "virtio-rng-pci", "r0", &error, NULL);
 *     g_autoptr(VirtioDriver) d = virtio_driver_pci(rig, 0, dev, VIRTIO_DRIVER_MODERN);
 *
 *     virtio_driver_msix(d, true);
 *     virtio_driver_start(d, ~0ull, 1, 8);
 *
 * The driver assigns BARs: I/O ports from 0xc000 + 256 * index, memory from
 * 0xe0000000 + 16 MiB * index.  It is to be freed before the device goes or not at
 * all used afterwards; the rig ends devices that are left.
 */
#ifndef TESTS_LIB_VIRTIO_DRIVER_PCI_H
#define TESTS_LIB_VIRTIO_DRIVER_PCI_H

#include "hw/pci/pci.h"
#include "tests/lib/virtio-driver.h"

typedef enum { VIRTIO_DRIVER_MODERN, VIRTIO_DRIVER_LEGACY } VirtioDriverInterface;

VirtioDriver *virtio_driver_pci(Rig *rig, guint index, Device *dev,
                                VirtioDriverInterface interface);

/* Configuration space of the driver's function. */
guint32 virtio_driver_pci_config(VirtioDriver *d, guint offset, guint size);
void virtio_driver_pci_set_config(VirtioDriver *d, guint offset, guint32 value, guint size);
/* Offset of the nth (from 0) capability with this id, or 0. */
guint virtio_driver_pci_cap(VirtioDriver *d, guint8 id, guint n);
/* Offset of the virtio capability of this type (VIRTIO 1.2 section 4.1.4), or 0. */
guint virtio_driver_virtio_cap(VirtioDriver *d, guint8 type);

/* An access to a BAR, at an offset in it. */
guint64 virtio_driver_bar(VirtioDriver *d, guint bar, guint64 offset, guint size);
void virtio_driver_set_bar(VirtioDriver *d, guint bar, guint64 offset, guint64 value, guint size);

/* Switches MSI-X on, with a message for each vector (16 at most) that writes to
 * RAM, and lets queue n have vector n + 1 and the configuration vector 0 from the
 * next virtio_driver_queue() on; or off. */
void virtio_driver_msix(VirtioDriver *d, bool on);
void virtio_driver_mask_vector(VirtioDriver *d, guint vector, bool masked);
/* The word in RAM where a vector's message goes, taken: 0 if there was none. */
guint32 virtio_driver_message(VirtioDriver *d, guint vector);

#endif
