/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-pci: a virtio device behind a PCI function.  VIRTIO 1.2 section 4.1.
 *
 *   virtio-pci.c          the classes: ids, config space, life
 *   virtio-pci-irq.c      interrupts: vectors, ISR status, INTA#
 *   virtio-pci-modern.c   registers of BAR 4 and their window in config space
 *   virtio-pci-legacy.c   registers of BAR 0 (section 4.1.4.8)
 *
 * A class such as virtio-blk-pci is this one with the part "virtio-backend", the
 * virtio device, on its bus.  With the legacy interface the function is a
 * transitional device.  BARs as QEMU has them, unless the class has a layout of its own:
 *
 *   0  legacy registers (I/O), if they are not disabled
 *   1  MSI-X table and pending bits, if there are vectors
 *   2  notifications by I/O, with modern-pio-notify
 *   4  the modern registers (64 bits, prefetchable), if they are not disabled
 *
 * Threads.  A register that a BAR leads to is accessed without the machine lock, and
 * takes it.  Config space is accessed with it, whoever does so.  What has to be done
 * without it (the status register: see virtio_set_status) goes to the main thread by
 * machine_call, with the VirtioPci and not its device for argument: the guest may have
 * ejected the device when its turn comes.
 *
 * Private to these files, except for the types, and for classes that extend this one.
 */
#ifndef HW_VIRTIO_VIRTIO_PCI_H
#define HW_VIRTIO_VIRTIO_PCI_H

#include "hw/pci/pci.h"
#include "hw/virtio/virtio-bus.h"
#include "qmp/qapi-types-virtio-pci.h"

struct event;

enum {
    VIRTIO_PCI_MAX_QUEUES = 1024,
    /* Sources of interrupts: the queues, and after them the configuration. */
    VIRTIO_PCI_CONFIG_SOURCE = VIRTIO_PCI_MAX_QUEUES,
    VIRTIO_PCI_SOURCES,
    VIRTIO_PCI_NO_VECTOR = 0xffff,
};

/* Bits of ISR status (section 4.1.4.5).  As in QEMU a configuration change sets
 * both: some drivers rely on that. */
enum { VIRTIO_PCI_ISR_QUEUE = 1, VIRTIO_PCI_ISR_CONFIG = 2 | VIRTIO_PCI_ISR_QUEUE };

/* Where things are, for a class with registers of its own. */
typedef struct {
    guint8 modern_bar, msix_bar, pio_bar;
    bool room;                  /* the first 4 KiB of the modern BAR are the class's */
} VirtioPciLayout;

/* The areas of the modern BAR, in their order. */
enum {
    VIRTIO_PCI_COMMON,
    VIRTIO_PCI_ISR,
    VIRTIO_PCI_DEVICE,
    VIRTIO_PCI_NOTIFY,
    VIRTIO_PCI_N_AREAS,
};

typedef struct {
    guint32 offset, size;
    MemoryRegion *region;
} VirtioPciArea;

typedef struct VirtioPci {
    PciDevice pci;
    const VirtioPciLayout *layout;      /* from init; a class may have changed it there */
    Machine *machine;           /* once realized */
    Bus *bus;                   /* "virtio-bus" */
    bool live;                  /* between realize and unrealize */
    bool legacy_on, modern_on;
    bool master;                /* the guest has enabled bus mastering */
    guint notify_multiplier;
    guint8 window;              /* offset of the window's capability, or 0 */

    MemoryRegion *legacy;       /* BAR 0 */
    MemoryRegion *modern;       /* BAR 4, and its parts: */
    VirtioPciArea areas[VIRTIO_PCI_N_AREAS];
    MemoryRegion *pio_notify;   /* BAR 2 */

    /* Registers; the three selectors are shared by both interfaces. */
    guint32 device_feature_select, driver_feature_select;
    guint16 queue_select;
    guint16 vectors[VIRTIO_PCI_SOURCES];        /* written under the lock only */

    /* Interrupts. */
    guint16 used[VIRTIO_PCI_SOURCES];   /* as passed to pci_msix_use() */
    gint isr;                   /* atomic: ISR status */
    gint msix;                  /* atomic: MSI-X is on, so INTA# is not driven */
    struct event *event;        /* to INTA#, which is the main loop's; NULL: no loop */
} VirtioPci;

/* The device behind it, or NULL.  Machine lock held. */
static inline VirtioDevice *virtio_pci_device(const VirtioPci *s)
{
    return s->live ? virtio_bus_device(s->bus) : NULL;
}

/* ---- virtio-pci.c ---- */

/* machine_call() by an access to config space, for which the lock is let go: nothing that
 * config space is about to do may depend on what happens meanwhile. */
void virtio_pci_call(VirtioPci *s, void (*f)(void *opaque, guint64 argument), guint64 argument);

/* ---- virtio-pci-irq.c ---- */

/* In realize and unrealize. */
bool virtio_pci_irq_init(VirtioPci *s, GError **error);
void virtio_pci_irq_done(VirtioPci *s);
/* Interrupt of a source.  Any thread. */
void virtio_pci_interrupt(VirtioPci *s, guint source, guint bit);
/* Reads and clears the register. */
guint8 virtio_pci_take_isr(VirtioPci *s);
/* A driver writes a vector register; a vector that does not exist reads back as none. */
void virtio_pci_set_vector(VirtioPci *s, guint source, guint16 vector);
/* The same for queue n, which need not exist. */
void virtio_pci_set_queue_vector(VirtioPci *s, guint n, guint16 vector);
/* vectors[] or MSI-X as a whole have changed. */
void virtio_pci_irq_update(VirtioPci *s);
/* For a reset of the device by its driver. */
void virtio_pci_irq_reset(VirtioPci *s);

/* ---- virtio-pci-modern.c ---- */

/* BARs 4 and 2 with their capabilities; and the counterpart for the areas of BAR 4. */
void virtio_pci_add_modern(VirtioPci *s);
void virtio_pci_drop_areas(VirtioPci *s);
/* The window in config space: before it is read, after it was written. */
void virtio_pci_window_read(VirtioPci *s);
void virtio_pci_window_written(VirtioPci *s);

/* ---- virtio-pci-legacy.c ---- */

void virtio_pci_add_legacy(VirtioPci *s);
/* Offset of the notification register, whose 16 bits select the queue. */
enum { VIRTIO_PCI_LEGACY_NOTIFY = 16 };

/* The configuration space as registers of 1 to 4 bytes. */
guint64 virtio_pci_read_config(VirtioDevice *dev, guint64 offset, guint size);
void virtio_pci_write_config(VirtioDevice *dev, guint64 offset, guint64 value, guint size);

/* ---- Classes (section 4.1.2.1: transitional device ids; class codes as QEMU's) ---- */

void virtio_pci_config_read(PciDevice *dev, guint offset, guint size);
void virtio_pci_config_written(PciDevice *dev, guint offset, guint size);

/* The kind of a class.  An id from VIRTIO_PCI_MODERN_ID on is that of a device newer than the
 * legacy interface. */
enum { VIRTIO_PCI_MODERN_ID = 0x1040 };         /* plus the device's number */

#define VIRTIO_PCI_FUNCTION(device_id_, class_id_) \
    &(const PciFunction){ \
        .vendor_id = 0x1af4, .device_id = (device_id_), .class_id = (class_id_), .pin = 1, \
        .config_read = virtio_pci_config_read, .config_written = virtio_pci_config_written, \
    }

extern const TypeInfo virtio_pci_type;
extern const TypeInfo virtio_balloon_pci_type, virtio_blk_pci_type, virtio_net_pci_type,
    virtio_keyboard_pci_type, virtio_mem_pci_type, virtio_mouse_pci_type, virtio_rng_pci_type,
    virtio_scsi_pci_type, virtio_serial_pci_type, virtio_tablet_pci_type;

#endif
