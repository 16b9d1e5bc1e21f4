/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of AT Attachment: registers' bits, commands, signatures.  ATA/ATAPI-7 (INCITS
 * 397-2005), with DATA SET MANAGEMENT of ATA8-ACS-2 and the NCQ commands of Serial ATA 2.6.
 */
#ifndef HW_IDE_ATA_H
#define HW_IDE_ATA_H

enum { ATA_SECTOR = 512 };

enum {                          /* Status */
    ATA_ERR = 0x01,             /* CHK of packet commands */
    ATA_DRQ = 0x08,
    ATA_DSC = 0x10,             /* seek complete; SERV of packet commands */
    ATA_DF = 0x20,
    ATA_DRDY = 0x40,
    ATA_BSY = 0x80,
};

enum {                          /* Error */
    ATA_ABRT = 0x04,
    ATA_IDNF = 0x10,
    ATA_UNC = 0x40,
    ATA_DIAGNOSTIC_PASSED = 0x01,
};

enum {                          /* Device */
    ATA_DEV_UNIT = 0x10,
    ATA_DEV_LBA = 0x40,
    ATA_DEV_OBSOLETE = 0xa0,
    ATA_DEV_HEAD = 0x0f,
};

enum {                          /* Device Control */
    ATA_NIEN = 0x02,
    ATA_SRST = 0x04,
    ATA_HOB = 0x80,
};

enum {                          /* Interrupt Reason: Sector Count of packet commands */
    ATAPI_CD = 0x01,            /* a command packet, not data */
    ATAPI_IO = 0x02,            /* to the host */
};

enum {                          /* Features of PACKET */
    ATAPI_DMA = 0x01,
};

enum {                          /* commands */
    ATA_NOP = 0x00,
    ATA_DATA_SET_MANAGEMENT = 0x06,
    ATA_DEVICE_RESET = 0x08,
    ATA_RECALIBRATE = 0x10,     /* to 0x1f */
    ATA_READ_SECTORS = 0x20,    /* and 0x21 */
    ATA_READ_SECTORS_EXT = 0x24,
    ATA_READ_DMA_EXT = 0x25,
    ATA_READ_NATIVE_MAX_EXT = 0x27,
    ATA_READ_MULTIPLE_EXT = 0x29,
    ATA_READ_LOG_EXT = 0x2f,
    ATA_WRITE_SECTORS = 0x30,   /* and 0x31 */
    ATA_WRITE_SECTORS_EXT = 0x34,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_WRITE_MULTIPLE_EXT = 0x39,
    ATA_WRITE_VERIFY = 0x3c,
    ATA_WRITE_DMA_FUA_EXT = 0x3d,
    ATA_READ_VERIFY = 0x40,     /* and 0x41 */
    ATA_READ_VERIFY_EXT = 0x42,
    ATA_READ_FPDMA_QUEUED = 0x60,
    ATA_WRITE_FPDMA_QUEUED = 0x61,
    ATA_SEEK = 0x70,
    ATA_DIAGNOSTIC = 0x90,
    ATA_INITIALIZE_PARAMETERS = 0x91,
    ATA_PACKET = 0xa0,
    ATA_IDENTIFY_PACKET = 0xa1,
    ATA_SMART = 0xb0,
    ATA_READ_MULTIPLE = 0xc4,
    ATA_WRITE_MULTIPLE = 0xc5,
    ATA_SET_MULTIPLE = 0xc6,
    ATA_READ_DMA = 0xc8,        /* and 0xc9 */
    ATA_WRITE_DMA = 0xca,       /* and 0xcb */
    ATA_WRITE_MULTIPLE_FUA_EXT = 0xce,
    ATA_STANDBY_IMMEDIATE = 0xe0,
    ATA_IDLE_IMMEDIATE = 0xe1,
    ATA_STANDBY = 0xe2,
    ATA_IDLE = 0xe3,
    ATA_CHECK_POWER = 0xe5,
    ATA_SLEEP = 0xe6,
    ATA_FLUSH = 0xe7,
    ATA_FLUSH_EXT = 0xea,
    ATA_IDENTIFY = 0xec,
    ATA_SET_FEATURES = 0xef,
    ATA_READ_NATIVE_MAX = 0xf8,
    /* Older power management codes, of ATA-1. */
    ATA_OLD_STANDBY_IMMEDIATE = 0x94,
    ATA_OLD_IDLE_IMMEDIATE = 0x95,
    ATA_OLD_STANDBY = 0x96,
    ATA_OLD_IDLE = 0x97,
    ATA_OLD_CHECK_POWER = 0x98,
    ATA_OLD_SLEEP = 0x99,
};

#endif
