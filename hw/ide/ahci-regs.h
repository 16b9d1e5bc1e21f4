/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the Serial ATA Advanced Host Controller Interface: specification 1.3.1 ("AHCI"), and
 * of frames of Serial ATA 2.6 ("FIS").
 */
#ifndef HW_IDE_AHCI_REGS_H
#define HW_IDE_AHCI_REGS_H

enum {                          /* AHCI 3.1: generic host control */
    HBA_CAP = 0x00,
    HBA_GHC = 0x04,
    HBA_IS = 0x08,
    HBA_PI = 0x0c,
    HBA_VS = 0x10,
    HBA_PORTS = 0x100,
    HBA_PORT_SIZE = 0x80,
};

#define CAP_S64A (1u << 31)     /* addresses of 64 bits */
#define CAP_SNCQ (1u << 30)     /* queueing */
#define CAP_SCLO (1u << 24)     /* command list override */
#define CAP_SAM (1u << 18)      /* no other interface */
#define CAP_PMD (1u << 15)      /* PIO of many blocks */

enum { CAP_SPEED_SHIFT = 20, CAP_SLOTS_SHIFT = 8, SPEED_3_GBPS = 2 };

#define GHC_AE (1u << 31)
enum { GHC_HR = 0x1, GHC_IE = 0x2 };

enum {                          /* AHCI 3.3: a port */
    PORT_CLB = 0x00,
    PORT_CLBU = 0x04,
    PORT_FB = 0x08,
    PORT_FBU = 0x0c,
    PORT_IS = 0x10,
    PORT_IE = 0x14,
    PORT_CMD = 0x18,
    PORT_TFD = 0x20,
    PORT_SIG = 0x24,
    PORT_SSTS = 0x28,
    PORT_SCTL = 0x2c,
    PORT_SERR = 0x30,
    PORT_SACT = 0x34,
    PORT_CI = 0x38,
};

enum {                          /* PORT_IS, PORT_IE */
    IS_DHRS = 1 << 0,           /* a register FIS */
    IS_PSS = 1 << 1,            /* a PIO setup FIS */
    IS_SDBS = 1 << 3,           /* a set device bits FIS */
    IS_PCS = 1 << 6,            /* PORT_SERR's X */
    IS_PRCS = 1 << 22,          /* PORT_SERR's N */
    IS_OFS = 1 << 24,           /* more data than memory */
    IS_HBFS = 1 << 29,          /* memory cannot be accessed */
    IS_TFES = 1 << 30,          /* an error in the status */
};

#define IE_MASK 0xfdc000ffu

enum {                          /* PORT_CMD */
    CMD_ST = 1 << 0,
    CMD_SUD = 1 << 1,
    CMD_POD = 1 << 2,
    CMD_CLO = 1 << 3,
    CMD_FRE = 1 << 4,
    CMD_CCS_SHIFT = 8,
    CMD_FR = 1 << 14,
    CMD_CR = 1 << 15,
    CMD_ATAPI = 1 << 24,
    CMD_DLAE = 1 << 25,
};

enum {                          /* PORT_SSTS and PORT_SCTL: DET */
    DET_MASK = 0xf,
    DET_NONE = 0,
    DET_RESET = 1,              /* PORT_SSTS: a device, but no communication */
    DET_PRESENT = 3,
    DET_OFFLINE = 4,
};

enum { SSTS_SPEED_SHIFT = 4, SSTS_ACTIVE = 1 << 8 };

enum {                          /* PORT_SERR */
    SERR_N = 1 << 16,           /* the link came or went */
    SERR_X = 1 << 26,           /* a device appeared */
};

#define SERR_MASK 0x07ff0f03u

enum {                          /* AHCI 4.2.2: a command header, 32 bytes */
    HEADER_SIZE = 32,
    HEADER_FIS_MASK = 0x1f,     /* length in words of 32 bits */
    HEADER_COUNT_SHIFT = 16,
    HEADER_BYTES = 4,           /* offset: bytes that were moved */
    HEADER_TABLE = 8,           /* offset: address of the table */
};

enum {                          /* AHCI 4.2.3: a command table */
    TABLE_PACKET = 0x40,
    TABLE_PIECES = 0x80,
    PIECE_SIZE = 16,
};

enum {                          /* AHCI 4.2.1: offsets of received FISes */
    RECEIVED_PIO = 0x20,
    RECEIVED_D2H = 0x40,
    RECEIVED_SDB = 0x58,
};

enum {                          /* Serial ATA 2.6, 10.3: kinds of FISes */
    FIS_H2D = 0x27,
    FIS_D2H = 0x34,
    FIS_PIO = 0x5f,
    FIS_SDB = 0xa1,
};

enum { H2D_COMMAND = 0x80, FIS_TO_HOST = 0x20, FIS_INTERRUPT = 0x40, FIS_SIZE = 20 };

#endif
