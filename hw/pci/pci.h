/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions and the buses that they sit on.
 *
 * PCI Local Bus Specification 3.0 ("PCI 3.0") and PCI-to-PCI Bridge Architecture
 * Specification 1.2.  A function's class descends from `pci-device` and gives a
 * PciFunction as TypeInfo.kind; hw/pci does the rest: configuration space with
 * its masks, base address registers, interrupts (INTx, MSI-X), expansion ROM,
 * capabilities.  It does not depend on a host bridge: the owner of a root bus
 * (hw/pci-host/) gives it two regions, and lines through PciIrqOps.
 *
 * Life: when the function is attached to its bus, before its parts are made and
 * before any realize hook, the header is filled from the PciFunction and the ROM
 * is set up.  A realize hook (or a part's) registers BARs and capabilities and may
 * set further bytes of `config` and its masks; a reset restores the bytes that the
 * guest can write to their values after the last hook.  All of it is undone when
 * the function is detached from its bus, after all unrealize hooks.
 *
 * Threads: everything needs the machine lock, except pci_msix_notify,
 * pci_send_message and pci_dma_*.
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

/* Describes a class of functions; TypeInfo.kind. */
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
    /* After a write has taken effect by the masks, and BARs and MSI-X were
     * updated.  Not called for resets and loaded states: those have hooks
     * (reset_hold, state_loaded), which run after pci-device's own.  May be
     * NULL. */
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
                                           properties changes config */
    guint8 devfn;               /* from attach to detach */
    guint8 config[PCI_CONFIG_SIZE];
    guint8 writable[PCI_CONFIG_SIZE];   /* bits that the guest may write */
    guint8 clears[PCI_CONFIG_SIZE];     /* bits that the guest clears by writing 1 */
    guint8 initial[PCI_CONFIG_SIZE];    /* config after realize; valid once the guest
                                           or a reset has changed config: */
    bool settled;
    bool ejected;               /* hidden from the guest, about to be removed */
    Machine *machine;           /* while it is on a bus */
    PciBar bars[PCI_N_BARS + 1];
    GArray *fixed;              /* of what pci_add_fixed() added, or NULL */
    bool intx;                  /* the function drives its pin */
    gint8 line;                 /* the line of the root bus that it therefore drives, or -1 */
    gint bus_master;            /* atomic: PCI_COMMAND_MASTER, for pci_dma_* */
    guint16 capabilities_end;   /* where the next one goes; 0: no capabilities */
    guint8 msix_cap;            /* its offset, 0: none */
    struct PciMsix *msix;       /* or NULL */
    guint8 *msix_table, *msix_pending;          /* as the guest sees them */
    guint32 msix_table_size, msix_pending_size; /* bytes */
    FirmwareImage rom;          /* content of the expansion ROM; .data is NULL without one */
    MemoryRegion *rom_region;   /* or NULL */
};

/* ---- A function ---- */

/* The path of the expansion ROM's file for a function with these properties,
 * newly allocated; NULL: it has none. */
char *pci_rom_path(const PciDeviceProps *props);
/* Reads that file; may block, any thread.  NULL with file-not-usable or no-memory. */
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
/* In realize: addresses that software expects to find the function at, besides its BARs, if
 * its command register allows it: of memory, or ports with io.  The caller owns the region.  A
 * bridge passes only those of VGA, if its control register says so. */
void pci_add_fixed(PciDevice *dev, bool io, guint64 address, MemoryRegion *region);
/* Where the guest has mapped BAR n, or PCI_UNMAPPED. */
guint64 pci_bar_address(const PciDevice *dev, guint n);

/* Reserves room for a capability of size bytes (id and next pointer included),
 * and links it before the existing ones; returns its offset (from 0x40 on, in
 * the order of the calls, multiples of 4), or 0 if it does not fit: a bug of the
 * caller, which is logged as critical. */
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

/* Hides a plugged function from the guest immediately (its address does not
 * respond any more) and has the main loop remove it, with DEVICE_DELETED; then
 * its address is free.  A hotplug controller calls this when the guest ejects
 * the function; any thread that holds the machine lock. */
void pci_eject(PciDevice *dev);

/* ---- MSI-X (PCI 3.0 section 6.8.2) ---- */

/* In realize: a capability with n (1 to 2048) vectors, whose table and pending bits
 * have a separate BAR, of 4 KiB or as much as n vectors need.  Fails with
 * limit-exceeded. */
bool pci_msix_init_bar(PciDevice *dev, guint n, guint bar, GError **error);
/* The same with table and pending bits at these offsets in a region that is or will be that BAR. */
bool pci_msix_init(PciDevice *dev, guint n, MemoryRegion *region, guint bar, guint32 table,
                   guint32 pending, GError **error);
bool pci_msix_enabled(const PciDevice *dev);
/* Vectors count as used between these two, nesting: a used and unmasked one has
 * a route and an irqfd of the accelerator, if it supports them. */
void pci_msix_use(PciDevice *dev, guint vector);
void pci_msix_unuse(PciDevice *dev, guint vector);
/* Sends the message of a vector, or marks it pending if it is masked; no-op for
 * vectors that do not exist and while MSI-X is off.  Any thread, no lock. */
void pci_msix_notify(PciDevice *dev, guint vector);

/* A message as a function sends it, if it is a bus master: to the accelerator if it
 * is for local APICs, else a write of 32 bits to guest RAM.  Any thread. */
void pci_send_message(PciDevice *dev, guint64 address, guint32 data);

/* ---- Buses ---- */

/* The lines of a root bus. */
typedef struct {
    /* Which of the lines pin (0: INTA#) of devfn drives. */
    guint (*map)(void *opaque, guint devfn, guint pin);
    void (*set)(void *opaque, guint line, bool level);
} PciIrqOps;

/* Handles functions plugged after `cont`, and unplug requests: a controller
 * such as acpi-pci-hotplug. */
typedef struct {
    /* Whether it takes functions for bus; NULL: for all. */
    bool (*can_plug)(void *opaque, Bus *bus);
    void (*plugged)(void *opaque, PciDevice *dev);
    bool (*unplug_request)(void *opaque, PciDevice *dev, GError **error);
} PciHotplugOps;

/* Makes the root bus of a host bridge, in its realize or init.  BARs are mapped in
 * memory and io, which must live as long as host, and which host maps below
 * everything else (priority -1), so that no BAR hides RAM or a chip.  n: number of
 * lines, 1 to 32. */
Bus *pci_root_bus_new(Device *host, const char *name, MemoryRegion *memory, MemoryRegion *io);
void pci_bus_set_irqs(Bus *bus, const PciIrqOps *ops, void *opaque, guint n);
/* For this bus and the buses of bridges below it that have no controller; ops
 * NULL removes it. */
void pci_bus_set_hotplug(Bus *bus, const PciHotplugOps *ops, void *opaque);

/* An access by the guest to configuration space below a root bus: address is bus << 16 |
 * devfn << 8 | register; absent functions read as all ones. */
guint32 pci_config_read(Bus *root, guint32 address, guint size);
void pci_config_write(Bus *root, guint32 address, guint32 value, guint size);

/* The secondary bus of a bridge, or NULL if dev is not a bridge. */
Bus *pci_bridge_bus(const PciDevice *dev);
/* First and last address of a window in a bridge's registers; false if the
 * first is above the last, which closes it. */
typedef enum {
    PCI_BRIDGE_WINDOW_IO,
    PCI_BRIDGE_WINDOW_MEMORY,
    PCI_BRIDGE_WINDOW_PREFETCH,
} PciBridgeWindow;
bool pci_bridge_window(const PciDevice *dev, PciBridgeWindow which, guint64 *ret_base,
                       guint64 *ret_last);

/* The function at devfn of a bus, or NULL (also for an ejected one); the bus with
 * this number (as assigned by the guest) at or below root, or NULL; the number of
 * a bus; the bridge that carries a bus, or NULL for a root. */
PciDevice *pci_function_at(Bus *bus, guint devfn);
Bus *pci_bus_numbered(Bus *root, guint8 number);
guint8 pci_bus_number(const Bus *bus);
PciDevice *pci_bus_bridge(const Bus *bus);
/* Levels of the lines of a root bus, as the functions drive them. */
bool pci_bus_line(const Bus *root, guint line);

/* Does what firmware would do at reset, for a machine without firmware, before
 * its kernel starts: numbers buses, assigns BARs and bridge windows in these
 * ranges, enables decoding, and writes interrupt lines by irq_of(line). BARs
 * that do not fit stay unmapped. */
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
