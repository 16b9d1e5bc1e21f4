/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions and the buses that they sit on.
 *
 * PCI Local Bus Specification 3.0 ("PCI 3.0") and PCI-to-PCI Bridge Architecture
 * Specification 1.2.  A function's class descends from `pci-device` and gives a
 * PciFunction as TypeInfo.kind; hw/pci does the rest: configuration space with
 * its masks, base address registers that the guest moves, interrupts (INTx,
 * MSI-X), expansion ROM, capabilities.  It knows no host bridge: the owner of a
 * root bus (hw/pci-host/) gives it two regions, and lines through PciIrqOps.
 *
 * Life: the header is filled from the PciFunction, and the ROM is there, when
 * the function was put on its bus, which is before its parts are made and before
 * any realize hook.  A realize hook (or a part's) registers BARs and capabilities
 * and may set further bytes of `config` and its masks; what they are when all
 * hooks are through is what a reset puts back where the guest could write.
 * All of it is undone when the function leaves its bus, after all unrealize hooks.
 *
 * Threads: everything needs the machine lock, but pci_msix_notify, pci_send_message
 * and pci_dma_*.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/irq.h"
#include "hw/machine/firmware.h"
#include "hw/machine/machine.h"
#include "hw/memory/memory.h"
#include "hw/pci/pci-regs.h"
#include "qom/device.h"

typedef struct PciDeviceProps PciDeviceProps;

typedef struct PciDevice PciDevice;

enum {
    PCI_CONFIG_SIZE = 256,
    PCI_N_BARS = 6,
    PCI_ROM_BAR = 6,            /* the expansion ROM among PciDevice.bars */
    PCI_N_PINS = 4,
    PCI_N_DEVFN = 256,
};

#define PCI_DEVFN(slot, function) ((slot) << 3 | (function))
#define PCI_SLOT(devfn) ((devfn) >> 3)
#define PCI_FUNCTION(devfn) ((devfn) & 7)
#define PCI_UNMAPPED G_MAXUINT64

/* What a class of functions is; TypeInfo.kind. */
typedef struct {
    guint16 vendor_id, device_id;
    guint16 class_id;           /* base class and subclass: 0x0200 is Ethernet */
    guint8 prog_if;
    guint8 revision;
    guint16 subsystem_vendor_id, subsystem_id;  /* both 0: 1af4:1100 */
    bool bridge;                /* header type 1, else 0 */
    guint8 pin;                 /* PCI_INTERRUPT_PIN: 1 to 4 for INTA# to INTD#, 0: none */
    /* Before config is read: brings the bytes up to date.  May be NULL. */
    void (*config_read)(PciDevice *dev, guint offset, guint size);
    /* After a write took effect by the masks, BARs moved and MSI-X saw it.
     * Resets and loaded states are not told: those have hooks (reset_hold,
     * state_loaded), which come after pci-device's own.  May be NULL. */
    void (*config_written)(PciDevice *dev, guint offset, guint size);
} PciFunction;

typedef struct {
    MemoryRegion *region;       /* NULL: the BAR does not exist */
    guint8 type;                /* PCI_BAR_* */
    guint64 address;            /* where it is mapped, or PCI_UNMAPPED */
} PciBar;

struct PciDevice {
    Device device;
    const PciFunction *function;        /* of its class; a class whose ids depend on
                                           properties changes config instead */
    guint8 devfn;               /* from attach to detach */
    guint8 config[PCI_CONFIG_SIZE];
    guint8 writable[PCI_CONFIG_SIZE];   /* bits that the guest may write */
    guint8 clears[PCI_CONFIG_SIZE];     /* bits that it clears by writing 1 */
    guint8 initial[PCI_CONFIG_SIZE];    /* config when realize was through; valid once
                                           the guest or a reset touched it: */
    bool settled;
    bool ejected;               /* the guest sees it no more, and it will go */
    Machine *machine;           /* while it is on a bus */
    PciBar bars[PCI_N_BARS + 1];
    bool intx;                  /* the function drives its pin */
    gint8 line;                 /* of the root bus that it therefore drives, or -1 */
    gint bus_master;            /* atomic: PCI_COMMAND_MASTER, for pci_dma_* */
    guint16 capabilities_end;   /* where the next one goes; 0: there is none */
    guint8 msix_cap;            /* its offset, 0: none */
    struct PciMsix *msix;       /* or NULL */
    guint8 *msix_table, *msix_pending;          /* as the guest sees them */
    guint32 msix_table_size, msix_pending_size; /* bytes */
    FirmwareImage rom;          /* contents of the expansion ROM; none: .data is NULL */
    MemoryRegion *rom_region;   /* or NULL */
};

/* ---- A function ---- */

/* Where the expansion ROM's file of a function with these properties is, newly
 * allocated; NULL: it has none. */
char *pci_rom_path(const PciDeviceProps *props);
/* Reads it; may block, any thread.  NULL with file-not-usable or no-memory. */
GBytes *pci_rom_read(const char *path, GError **error);

/* BAR n (0 to 5; a 64-bit one takes n and n+1) shows region, whose size is a
 * power of two, at least 16 bytes (I/O: 4).  The caller owns the region. */
enum {
    PCI_BAR_MEM32 = 0,
    PCI_BAR_IO = 1,
    PCI_BAR_MEM64 = 4,
    PCI_BAR_PREFETCH = 8,       /* with MEM32 or MEM64 */
};
void pci_add_bar(PciDevice *dev, guint n, guint8 type, MemoryRegion *region);
/* Where the guest has mapped BAR n, or PCI_UNMAPPED. */
guint64 pci_bar_address(const PciDevice *dev, guint n);

/* Room for a capability of size bytes (id and next pointer included), in front
 * of those that there are; returns its offset (from 0x40 on, in the order of the
 * calls, multiples of 4), or 0 if it does not fit: the caller's bug, a critical
 * message says so. */
guint8 pci_add_capability(PciDevice *dev, guint8 id, guint size);

/* Little-endian fields of config space and its masks. */
guint16 pci_get_word(const guint8 *bytes);
guint32 pci_get_long(const guint8 *bytes);
void pci_set_word(guint8 *bytes, guint16 value);
void pci_set_long(guint8 *bytes, guint32 value);

/* Drives the function's INTx pin; the bus's line is the OR of its functions.
 * Takes PCI_COMMAND_INTX_DISABLE into account and keeps PCI_STATUS_INTERRUPT. */
void pci_set_intx(PciDevice *dev, bool level);

/* DMA by the function: false (nothing or part done) unless the guest made it a bus
 * master and all of the range is RAM.  Any thread. */
bool pci_dma_read(PciDevice *dev, guint64 addr, void *buf, gsize size);
bool pci_dma_write(PciDevice *dev, guint64 addr, const void *buf, gsize size);

/* Takes a function that was plugged out of the guest's sight at once (nothing
 * answers at its place any more) and has the main loop remove it, with
 * DEVICE_DELETED; its place is free then.  What a hotplug controller does when
 * the guest ejects; any thread that holds the machine lock. */
void pci_eject(PciDevice *dev);

/* ---- MSI-X (PCI 3.0 section 6.8.2) ---- */

/* In realize: a capability with n (1 to 2048) vectors, whose table and pending bits
 * have a BAR of their own, of 4 KiB or what n vectors need.  Fails with
 * limit-exceeded. */
bool pci_msix_init_bar(PciDevice *dev, guint n, guint bar, GError **error);
bool pci_msix_enabled(const PciDevice *dev);
/* Vectors count as used between these two, nesting: a used and unmasked one has
 * a route and an irqfd of the accelerator, where that has such. */
void pci_msix_use(PciDevice *dev, guint vector);
void pci_msix_unuse(PciDevice *dev, guint vector);
/* Sends the message of a vector, or marks it pending if it is masked; no-op for
 * vectors that do not exist and while MSI-X is off.  Any thread, no lock. */
void pci_msix_notify(PciDevice *dev, guint vector);

/* A message as a function sends it, if it is a bus master: to the accelerator if it
 * is for local APICs, else a write of 32 bits to guest RAM.  Any thread. */
void pci_send_message(PciDevice *dev, guint64 address, guint32 data);

/* ---- Buses ---- */

/* What a root bus's lines do. */
typedef struct {
    /* Which of the lines pin (0: INTA#) of devfn drives. */
    guint (*map)(void *opaque, guint devfn, guint pin);
    void (*set)(void *opaque, guint line, bool level);
} PciIrqOps;

/* What becomes of functions plugged after `cont`, and of unplug requests: a
 * controller such as acpi-pci-hotplug. */
typedef struct {
    /* Whether it takes functions for bus; NULL: for all. */
    bool (*can_plug)(void *opaque, Bus *bus);
    void (*plugged)(void *opaque, PciDevice *dev);
    bool (*unplug_request)(void *opaque, PciDevice *dev, GError **error);
} PciHotplugOps;

/* Makes the root bus of a host bridge, in its realize or init.  BARs are mapped in
 * memory and io, which live as long as host and which it maps below all else
 * (priority -1), so that no BAR hides RAM or a chip.  n lines, 1 to 32. */
Bus *pci_root_bus_new(Device *host, const char *name, MemoryRegion *memory, MemoryRegion *io);
void pci_bus_set_irqs(Bus *bus, const PciIrqOps *ops, void *opaque, guint n);
/* For this bus and the bridges' below it that have no other; ops NULL: none any
 * more. */
void pci_bus_set_hotplug(Bus *bus, const PciHotplugOps *ops, void *opaque);

/* An access by the guest to configuration space below a root bus: address is bus << 16 |
 * devfn << 8 | register; nothing there reads as all ones. */
guint32 pci_config_read(Bus *root, guint32 address, guint size);
void pci_config_write(Bus *root, guint32 address, guint32 value, guint size);

/* The secondary bus of a bridge, or NULL of what is none. */
Bus *pci_bridge_bus(const PciDevice *dev);
/* First and last address that a bridge's registers name for a window; false if
 * the first is above the last, which closes it. */
typedef enum {
    PCI_BRIDGE_WINDOW_IO,
    PCI_BRIDGE_WINDOW_MEMORY,
    PCI_BRIDGE_WINDOW_PREFETCH,
} PciBridgeWindow;
bool pci_bridge_window(const PciDevice *dev, PciBridgeWindow which, guint64 *ret_base,
                       guint64 *ret_last);

/* The function at devfn of a bus, or NULL (one that was ejected is none); the bus
 * that has this number (as the guest numbered them) at or below root, or NULL;
 * the number; the bridge that carries a bus, or NULL for a root. */
PciDevice *pci_function_at(Bus *bus, guint devfn);
Bus *pci_bus_numbered(Bus *root, guint8 number);
guint8 pci_bus_number(const Bus *bus);
PciDevice *pci_bus_bridge(const Bus *bus);
/* Levels of the lines of a root bus, as the functions drive them. */
bool pci_bus_line(const Bus *root, guint line);

/* What firmware does at reset and a machine without firmware wants done before
 * its kernel starts: numbers buses, assigns BARs and bridge windows in these
 * ranges, switches decoding on, and writes interrupt lines by irq_of(line).
 * What does not fit stays unmapped. */
typedef struct {
    guint64 io_base, io_end;            /* inclusive */
    guint64 mem_base, mem_end;
    guint64 mem64_base, mem64_end;      /* 0, 0: none */
    guint8 (*irq_of)(void *opaque, guint line);
    void *opaque;
} PciWindows;
void pci_setup(Bus *root, const PciWindows *windows);

extern const TypeInfo pci_bus_type;
extern const TypeInfo pci_device_type;
extern const TypeInfo pci_bridge_type;

#endif
