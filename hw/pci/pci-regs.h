/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of a PCI function's configuration space: offsets and bits, in the
 * order of PCI 3.0 chapter 6 and of the PCI-to-PCI Bridge Architecture
 * Specification 1.2 chapter 3.
 */
#ifndef HW_PCI_PCI_REGS_H
#define HW_PCI_PCI_REGS_H

/* ---- Header (section 6.1) ---- */

enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION_ID = 0x08,
    PCI_CLASS_PROG = 0x09,
    PCI_CLASS_DEVICE = 0x0a,            /* subclass, then base class */
    PCI_CACHE_LINE_SIZE = 0x0c,
    PCI_LATENCY_TIMER = 0x0d,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BIST = 0x0f,
    PCI_BASE_ADDRESS_0 = 0x10,          /* the first of six, 4 bytes each */
    PCI_CARDBUS_CIS = 0x28,
    PCI_SUBSYSTEM_VENDOR_ID = 0x2c,
    PCI_SUBSYSTEM_ID = 0x2e,
    PCI_ROM_ADDRESS = 0x30,
    PCI_CAPABILITY_LIST = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
    PCI_MIN_GNT = 0x3e,
    PCI_MAX_LAT = 0x3f,
    PCI_HEADER_END = 0x40,              /* capabilities and device-specific registers from here */
};

/* PCI_COMMAND (6.2.2). */
enum {
    PCI_COMMAND_IO = 1 << 0,
    PCI_COMMAND_MEMORY = 1 << 1,
    PCI_COMMAND_MASTER = 1 << 2,
    PCI_COMMAND_SPECIAL = 1 << 3,
    PCI_COMMAND_INVALIDATE = 1 << 4,
    PCI_COMMAND_VGA_PALETTE = 1 << 5,
    PCI_COMMAND_PARITY = 1 << 6,
    PCI_COMMAND_WAIT = 1 << 7,
    PCI_COMMAND_SERR = 1 << 8,
    PCI_COMMAND_FAST_BACK = 1 << 9,
    PCI_COMMAND_INTX_DISABLE = 1 << 10,
};

/* PCI_STATUS (6.2.3). */
enum {
    PCI_STATUS_INTERRUPT = 1 << 3,
    PCI_STATUS_CAP_LIST = 1 << 4,
    PCI_STATUS_66MHZ = 1 << 5,
    PCI_STATUS_FAST_BACK = 1 << 7,
    PCI_STATUS_PARITY = 1 << 8,
    PCI_STATUS_DEVSEL_FAST = 0 << 9,
    PCI_STATUS_DEVSEL_MEDIUM = 1 << 9,
    PCI_STATUS_SIG_TARGET_ABORT = 1 << 11,
    PCI_STATUS_REC_TARGET_ABORT = 1 << 12,
    PCI_STATUS_REC_MASTER_ABORT = 1 << 13,
    PCI_STATUS_SIG_SYSTEM_ERROR = 1 << 14,
    PCI_STATUS_DETECTED_PARITY = 1 << 15,
};

/* PCI_HEADER_TYPE (6.2.1). */
enum {
    PCI_HEADER_TYPE_NORMAL = 0,
    PCI_HEADER_TYPE_BRIDGE = 1,
    PCI_HEADER_MULTIFUNCTION = 0x80,
};

/* Base addresses (6.2.5.1) and the ROM's (6.2.5.2). */
enum {
    PCI_BASE_ADDRESS_IO_FLAGS = 0x3,
    PCI_BASE_ADDRESS_MEM_FLAGS = 0xf,
    PCI_ROM_ADDRESS_ENABLE = 1 << 0,
    PCI_ROM_ADDRESS_FLAGS = 0x7ff,
};

/* ---- Header type 1 (bridge specification, section 3.2) ---- */

enum {
    PCI_PRIMARY_BUS = 0x18,
    PCI_SECONDARY_BUS = 0x19,
    PCI_SUBORDINATE_BUS = 0x1a,
    PCI_SEC_LATENCY_TIMER = 0x1b,
    PCI_IO_BASE = 0x1c,
    PCI_IO_LIMIT = 0x1d,
    PCI_SEC_STATUS = 0x1e,
    PCI_MEMORY_BASE = 0x20,
    PCI_MEMORY_LIMIT = 0x22,
    PCI_PREF_MEMORY_BASE = 0x24,
    PCI_PREF_MEMORY_LIMIT = 0x26,
    PCI_PREF_BASE_UPPER32 = 0x28,
    PCI_PREF_LIMIT_UPPER32 = 0x2c,
    PCI_IO_BASE_UPPER16 = 0x30,
    PCI_IO_LIMIT_UPPER16 = 0x32,
    PCI_BRIDGE_ROM_ADDRESS = 0x38,
    PCI_BRIDGE_CONTROL = 0x3e,
};

/* PCI_BRIDGE_CONTROL (3.2.5.18). */
enum {
    PCI_BRIDGE_CTL_PARITY = 1 << 0,
    PCI_BRIDGE_CTL_SERR = 1 << 1,
    PCI_BRIDGE_CTL_ISA = 1 << 2,
    PCI_BRIDGE_CTL_VGA = 1 << 3,
    PCI_BRIDGE_CTL_MASTER_ABORT = 1 << 5,
    PCI_BRIDGE_CTL_BUS_RESET = 1 << 6,
    PCI_BRIDGE_CTL_FAST_BACK = 1 << 7,
    PCI_BRIDGE_CTL_PRIMARY_DISCARD = 1 << 8,
    PCI_BRIDGE_CTL_SECONDARY_DISCARD = 1 << 9,
    PCI_BRIDGE_CTL_DISCARD_STATUS = 1 << 10,
    PCI_BRIDGE_CTL_DISCARD_SERR = 1 << 11,
};

/* Windows: granularity, and the bits beside the address (3.2.5.6 to 3.2.5.10). */
enum {
    PCI_BRIDGE_IO_GRANULE = 0x1000,
    PCI_BRIDGE_MEMORY_GRANULE = 0x100000,
    PCI_IO_RANGE_MASK = 0xf0,
    PCI_MEMORY_RANGE_MASK = 0xfff0,
    PCI_PREF_RANGE_TYPE_64 = 1,
};

/* ---- Capabilities (section 6.7 and appendix H) ---- */

enum {
    PCI_CAP_NEXT = 1,                   /* offset of the pointer in a capability */

    PCI_CAP_ID_PM = 0x01,
    PCI_CAP_ID_SLOTID = 0x04,
    PCI_CAP_ID_MSI = 0x05,
    PCI_CAP_ID_VENDOR = 0x09,
    PCI_CAP_ID_SSVID = 0x0d,
    PCI_CAP_ID_EXP = 0x10,
    PCI_CAP_ID_MSIX = 0x11,
};

/* MSI-X (6.8.2). */
enum {
    PCI_MSIX_FLAGS = 0x02,
    PCI_MSIX_TABLE = 0x04,
    PCI_MSIX_PBA = 0x08,
    PCI_MSIX_CAP_SIZE = 0x0c,

    PCI_MSIX_FLAGS_QSIZE = 0x7ff,       /* number of vectors minus one */
    PCI_MSIX_FLAGS_MASKALL = 1 << 14,
    PCI_MSIX_FLAGS_ENABLE = 1 << 15,
    PCI_MSIX_BIR_MASK = 7,

    /* An entry of the table. */
    PCI_MSIX_ENTRY_ADDRESS_LO = 0x0,
    PCI_MSIX_ENTRY_ADDRESS_HI = 0x4,
    PCI_MSIX_ENTRY_DATA = 0x8,
    PCI_MSIX_ENTRY_CONTROL = 0xc,
    PCI_MSIX_ENTRY_SIZE = 16,
    PCI_MSIX_ENTRY_CONTROL_MASK = 1 << 0,
};

#endif
