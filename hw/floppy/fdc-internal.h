/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the floppy disk controller share:
 *
 *     isa-fdc.c       registers, lines, reset, life
 *     fdc-command.c   phases of commands, and those without data
 *     fdc-data.c      commands that move data: what they are to do
 *     fdc-run.c       how they do it: runs of sectors, host and disk
 *
 * After Intel's data sheets "82077AA CHMOS Single-Chip Floppy Disk Controller", May 1994
 * (290166-007), and "82078 44 Pin CHMOS Single-Chip Floppy Disk Controller", October 1994
 * (290468-003).  Terms are theirs.
 */
#ifndef HW_FLOPPY_FDC_INTERNAL_H
#define HW_FLOPPY_FDC_INTERNAL_H

#include "hw/core/irq.h"
#include "hw/floppy/fdc.h"
#include "hw/floppy/floppy.h"
#include "hw/isa/isa-dma.h"

/* Drives that a command can address, of which two can be connected. */
enum { FDC_N_UNITS = 4 };
/* The longest command and its parameters: RESTORE. */
enum { FDC_FIFO = 17 };
/* The longest run of sectors: a side of a track. */
enum { FDC_MAX_SECTORS = 48, FDC_BUFFER = FDC_MAX_SECTORS * FLOPPY_SECTOR };

enum {                          /* digital output register */
    DOR_UNIT = 0x03,
    DOR_NOT_RESET = 0x04,
    DOR_DMAGATE = 0x08,         /* lines to the bus are driven */
    DOR_MOTOR_0 = 0x10,
};

enum {                          /* status register 0 */
    ST0_UNIT = 0x03,
    ST0_HEAD_SHIFT = 2,
    ST0_EQUIPMENT_CHECK = 0x10,
    ST0_SEEK_END = 0x20,
    ST0_ABNORMAL = 0x40,
    ST0_INVALID = 0x80,
    ST0_READY_CHANGED = 0xc0,
};

enum {                          /* status register 1 */
    ST1_MISSING_ADDRESS_MARK = 0x01,
    ST1_NOT_WRITABLE = 0x02,
    ST1_NO_DATA = 0x04,
    ST1_DATA_ERROR = 0x20,
    ST1_END_OF_CYLINDER = 0x80,
};

enum {                          /* status register 2 */
    ST2_SCAN_NOT_SATISFIED = 0x04,
    ST2_SCAN_EQUAL = 0x08,
    ST2_WRONG_CYLINDER = 0x10,
    ST2_DATA_ERROR = 0x20,
    ST2_CONTROL_MARK = 0x40,
};

enum {                          /* CONFIGURE */
    CONFIG_THRESHOLD = 0x0f,
    CONFIG_NO_POLLING = 0x10,
    CONFIG_NO_FIFO = 0x20,
    CONFIG_IMPLIED_SEEK = 0x40,
};

enum { SPECIFY_NO_DMA = 0x01 };
enum { SECTOR_CODE = 2 };       /* N of sectors of 512 bytes */
enum { ANY_BYTE = 0xff };       /* scans: matches any byte */

typedef enum { PHASE_COMMAND, PHASE_EXECUTION, PHASE_RESULT, N_FDC_PHASES } FdcPhase;

typedef enum {
    FDC_READ,                   /* from the medium to the host */
    FDC_WRITE,
    FDC_VERIFY,                 /* reads, and moves nothing */
    FDC_SCAN_EQUAL,             /* compares the medium with what the host sends */
    FDC_SCAN_LOW,
    FDC_SCAN_HIGH,
    FDC_FORMAT,
    N_FDC_OPS,
} FdcOp;

/* What the disk is doing for a command. */
typedef enum { FDC_IO_NONE, FDC_IO_READ, FDC_IO_WRITE, N_FDC_IOS } FdcIo;

typedef struct Fdc Fdc;

/* A command that moves data, while it is executed. */
typedef struct {
    guint8 op;                  /* FdcOp */
    guint8 io;                  /* FdcIo */
    guint8 unit, head;
    guint8 c, h, r, code;       /* the sector that the run begins with, as its ID says */
    guint8 eot;                 /* the last sector of a side */
    guint8 step;                /* of a scan, from one sector to the next */
    guint8 filler;              /* of a format */
    guint8 st1, st2;            /* what the result has besides errors */
    bool multi_track;           /* both sides */
    bool one;                   /* ends after a sector: its mark is not the wanted one */
    bool counted;               /* verify: sectors are counted, by left */
    bool tc;                    /* the host has ended the transfer */
    guint32 left;
    guint32 n;                  /* sectors of the run */
    guint32 pos, length;        /* bytes that the host has moved, and is to move */
    guint64 map;                /* format: sectors to be written, bit R - 1 */
} FdcTransfer;

struct Fdc {
    Device parent;
    /* Guest-visible. */
    guint8 dor, tdr, rate, precompensation;
    guint8 phase;               /* FdcPhase */
    guint8 fifo[FDC_FIFO];      /* of a command and its parameters, or of results */
    guint32 fifo_pos, fifo_length;
    bool result_interrupt, seek_interrupt;
    guint8 pending;             /* units that SENSE INTERRUPT STATUS reports, bit by bit */
    guint8 pending_st0[FDC_N_UNITS];
    guint8 cylinders[FDC_N_UNITS];      /* PCN: where it believes that the heads are */
    guint8 srt_hut, hlt_nd, config, pretrk, perpendicular, powerdown, option, eot;
    guint8 drive_spec[FDC_N_UNITS];
    bool lock;
    bool reading, writing;      /* data have been: bits of SRB toggle with each sector */
    FdcTransfer transfer;
    guint32 n_buffer;           /* bytes of the buffer that matter */
    guint8 buffer[FDC_BUFFER];
    /* Wiring. */
    MemoryRegion *ports, *dir_port;
    Irq *irq;
    IsaDma dma;
    Bus *bus;                   /* to drives */
    Machine *machine;
    MachineListener *listener;
    DiskRequest request;
    struct iovec iov;
    bool stale;                 /* the request in flight is not the transfer's */
};

/* ---- isa-fdc.c ---- */

void fdc_update_irq(Fdc *s);
/* The drive, or NULL. */
Floppy *fdc_drive(const Fdc *s, guint unit);

/* ---- fdc-command.c ---- */

guint8 fdc_read_fifo(Fdc *s);
void fdc_write_fifo(Fdc *s, guint8 value);
/* The result phase begins, with these bytes: up to FDC_FIFO. */
void fdc_results(Fdc *s, const guint8 *bytes, guint n);
/* Moves the head of a unit, without an interrupt. */
void fdc_seek(Fdc *s, guint unit, guint cylinder);
/* After a reset by software or hardware. */
void fdc_command_reset(Fdc *s);
/* Whether the FIFO has the beginning of a command, but not all of it. */
bool fdc_fifo_is_valid(const Fdc *s);

/* ---- fdc-data.c: handlers of commands, whose bytes are in fifo ---- */

void fdc_start_read(Fdc *s);
void fdc_start_read_deleted(Fdc *s);
void fdc_start_read_track(Fdc *s);
void fdc_start_write(Fdc *s);
void fdc_start_verify(Fdc *s);
void fdc_start_scan(Fdc *s);
void fdc_start_format(Fdc *s);
void fdc_read_id(Fdc *s);

/* Whether the sector at c, h, r can be read; if not, ends the command. */
bool fdc_check_sector(Fdc *s);
/* Ends the command: with st0's code and the transfer's status registers, to which these are
 * added. */
void fdc_end(Fdc *s, guint8 st0, guint8 st1, guint8 st2);
/* The same for one that was successful up to a sector. */
void fdc_end_after(Fdc *s, guint8 last, guint8 st0, guint8 st1, guint8 st2);

/* ---- fdc-run.c ---- */

/* The run at c, h, r, which fdc_check_sector() has accepted. */
void fdc_run_begin(Fdc *s);
/* What the host is to send has a length. */
void fdc_run_await(Fdc *s, guint32 length);
/* What the host can move by the FIFO: whether it can now, and in which direction. */
bool fdc_run_ready(const Fdc *s);
bool fdc_run_to_host(const Fdc *s);
guint8 fdc_run_read(Fdc *s);
void fdc_run_write(Fdc *s, guint8 value);
/* The DMA channel can move. */
void fdc_run_pump(Fdc *s);
/* The execution ends, or is abandoned. */
void fdc_run_stop(Fdc *s);
/* After state was loaded: what was in progress begins again. */
void fdc_run_resume(Fdc *s);

static inline bool fdc_uses_dma(const Fdc *s)
{
    return !(s->hlt_nd & SPECIFY_NO_DMA);
}

#endif
