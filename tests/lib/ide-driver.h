/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for drives on a piix3-ide on a rig, as a guest's would do it, by PIO and by the bus
 * master; with RAM for DMA. Two benches are independent.
 *
 *     g_autoptr(IdeBench) b = ide_bench_new();
 *
 *     ide_bench_drive(b, "ide-hd", "h0", "drive", "null", "bus", "ide.0", NULL);
 *     g_assert_cmphex(ide_command(b, 0, 0, ATA_FLUSH, NULL), ==, 0x50);
 */
#ifndef TESTS_LIB_IDE_DRIVER_H
#define TESTS_LIB_IDE_DRIVER_H

#include "hw/block/disk.h"
#include "hw/ide/ata.h"
#include "tests/lib/rig.h"

enum { IDE_BENCH_SIZE = 4 << 20 };              /* bytes of the nodes */

enum { REG_DATA, REG_ERROR, REG_COUNT, REG_LOW, REG_MID, REG_HIGH, REG_DEVICE, REG_STATUS,
       REG_CONTROL };

enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4 };

typedef struct {
    Rig *rig;
    Device *ide;
    guint8 *ram;                /* at IDE_BENCH_RAM */
    guint64 next;
    char *path;                 /* of node "file" */
    bool io;                    /* the host has io_uring, so that there is such a node */
    guint edges[2];             /* of the channels' lines, rising */
    bool level[2];
    bool owns_rig;
} IdeBench;

#define IDE_BENCH_RAM G_GUINT64_CONSTANT(0x1000000)
#define IDE_BENCH_RAM_SIZE (8u << 20)

/* With nodes "null" (reads as zeros), "null2", "slow" (an answer takes an hour) and, if possible,
 * "file", whose sectors contain their numbers. The controller is enabled, and the machine runs. */
IdeBench *ide_bench_new(void);
/* The same without a file. */
IdeBench *ide_bench_new_bare(void);
/* The same on a rig whose owner runs the machine, and places the controller then; the bench is
 * freed after the rig. */
IdeBench *ide_bench_on(Rig *rig);
void ide_bench_free(IdeBench *b);               /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdeBench, ide_bench_free)
/* One more node that reads as zeros, after so many nanoseconds. */
void ide_bench_node(IdeBench *b, const char *name, guint64 size, guint64 latency);
/* Places and enables the controller, as firmware does after a reset. */
void ide_bench_setup(IdeBench *b);
/* A drive, with pairs as of rig_device(). */
Device *ide_bench_drive(IdeBench *b, const char *driver, const char *id, ...)
    G_GNUC_NULL_TERMINATED;
/* Runs the loop until there is nothing to do. */
void ide_bench_poll(IdeBench *b);
/* The same, but does not wait for what is in flight. */
void ide_bench_poll_once(IdeBench *b);
guint64 ide_bench_alloc(IdeBench *b, gsize size, gsize align);
void *ide_bench_ptr(IdeBench *b, guint64 address);

guint8 ide_in(IdeBench *b, guint channel, guint reg);
void ide_out(IdeBench *b, guint channel, guint reg, guint8 value);
guint16 ide_in_data(IdeBench *b, guint channel);

typedef struct {
    guint64 lba;
    guint32 count;
    guint16 feature;
    bool chs;                   /* the address's low byte is a sector, and so on: as they are */
} IdeArguments;

/* Selects a drive, writes the registers (twice for commands of 48 bits), and the command; polls;
 * returns the alternate status. */
guint8 ide_command(IdeBench *b, guint channel, guint unit, guint8 command,
                   const IdeArguments *arguments);
/* Reads or writes data until DRQ is clear; returns the number of bytes, up to size. */
gsize ide_pio_read(IdeBench *b, guint channel, void *data, gsize size);
gsize ide_pio_write(IdeBench *b, guint channel, const void *data, gsize size);

/* ---- Bus master ---- */

guint32 ide_bm_in(IdeBench *b, guint channel, guint port, guint size);
void ide_bm_out(IdeBench *b, guint channel, guint port, guint32 value, guint size);
/* A table of one piece, or of pieces of this size; and starting the bus master on it. */
guint64 ide_table(IdeBench *b, guint64 address, gsize size, gsize piece);
void ide_bm_start(IdeBench *b, guint channel, guint64 table, bool to_memory);
/* All of it: command, start, wait, stop; returns the bus master's status before it was stopped. */
guint8 ide_dma(IdeBench *b, guint channel, guint unit, guint8 command,
               const IdeArguments *arguments, guint64 table, bool to_memory);

/* ---- Packets ---- */

/* Sends a packet, with data by PIO in blocks of `limit` bytes, or with a limit of 0 by DMA to
 * `data`'s table; returns the number of bytes; *ret_error is the error register, 0 if there is none. */
gsize ide_packet(IdeBench *b, guint channel, guint unit, const guint8 packet[12], void *data,
                 gsize size, guint16 limit, guint8 *ret_error);
/* REQUEST SENSE: key << 8 | code. */
guint16 ide_sense(IdeBench *b, guint channel, guint unit);

#endif
