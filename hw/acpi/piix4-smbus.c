/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMBus host controller; see piix4-smbus.h.
 */
#include "config.h"
#include "hw/acpi/piix4-smbus.h"

enum {                          /* I/O registers */
    SMBHSTSTS = 0x00,
    SMBHSTCNT = 0x02,
    SMBHSTCMD = 0x03,
    SMBHSTADD = 0x04,
    SMBHSTDAT0 = 0x05,
    SMBHSTDAT1 = 0x06,
    SMBBLKDAT = 0x07,
    SMBSLVCNT = 0x08,
    SMBSLVEVT = 0x0a,           /* 2 bytes */
};

enum {                          /* SMBHSTSTS: all are cleared by writing 1 */
    STS_INTER = 0x02,
    STS_DEV_ERR = 0x04,
    STS_BUS_ERR = 0x08,
    STS_FAILED = 0x10,
    STS_BITS = STS_INTER | STS_DEV_ERR | STS_BUS_ERR | STS_FAILED,
};

enum {                          /* SMBHSTCNT */
    CNT_INTEREN = 0x01,
    CNT_KILL = 0x02,
    CNT_START = 0x40,           /* reads as 0 */
    CNT_BITS = 0x1f,
};

enum { SLVCNT_BITS = 0x0f };

/* Reading SMBHSTCNT restarts the block's bytes; each access takes the next. */
static guint8 *next_block_byte(Piix4Smbus *s)
{
    guint8 *byte = &s->blkdat[s->blkindex];

    s->blkindex = (s->blkindex + 1) % PIIX4_SMBUS_BLOCK;
    return byte;
}

guint8 piix4_smbus_read(Piix4Smbus *s, guint offset)
{
    switch (offset) {
    case SMBHSTSTS:
        return s->hststs;
    case SMBHSTCNT:
        s->blkindex = 0;
        return s->hstcnt;
    case SMBHSTCMD:
        return s->hstcmd;
    case SMBHSTADD:
        return s->hstadd;
    case SMBHSTDAT0:
        return s->hstdat0;
    case SMBHSTDAT1:
        return s->hstdat1;
    case SMBBLKDAT:
        return *next_block_byte(s);
    case SMBSLVCNT:
        return s->slvcnt;
    case SMBSLVEVT:
    case SMBSLVEVT + 1:
        return s->slvevt[offset - SMBSLVEVT];
    default:                    /* data sent to the host by others: there are none */
        return 0;
    }
}

/* The transfer ends immediately: no device acknowledges the address. */
static void write_hstcnt(Piix4Smbus *s, guint8 value)
{
    s->hstcnt = value & CNT_BITS;
    if (value & CNT_KILL) {
        s->hststs |= STS_FAILED;
    } else if (value & CNT_START) {
        s->hststs |= STS_DEV_ERR;
    }
}

void piix4_smbus_write(Piix4Smbus *s, guint offset, guint8 value)
{
    switch (offset) {
    case SMBHSTSTS:
        s->hststs &= ~(value & STS_BITS);
        break;
    case SMBHSTCNT:
        write_hstcnt(s, value);
        break;
    case SMBHSTCMD:
        s->hstcmd = value;
        break;
    case SMBHSTADD:
        s->hstadd = value;
        break;
    case SMBHSTDAT0:
        s->hstdat0 = value;
        break;
    case SMBHSTDAT1:
        s->hstdat1 = value;
        break;
    case SMBBLKDAT:
        *next_block_byte(s) = value;
        break;
    case SMBSLVCNT:
        s->slvcnt = value & SLVCNT_BITS;
        break;
    case SMBSLVEVT:
    case SMBSLVEVT + 1:
        s->slvevt[offset - SMBSLVEVT] = value;
        break;
    default:                    /* read-only */
        break;
    }
}

bool piix4_smbus_pending(const Piix4Smbus *s)
{
    return s->hststs && s->hstcnt & CNT_INTEREN;
}
