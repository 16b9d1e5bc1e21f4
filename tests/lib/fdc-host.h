/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PC's driver does with a floppy disk controller on a bench, its DMA controllers, RAM for
 * them, and drives with images of 1.44 MB whose sectors differ.
 */
#ifndef TESTS_LIB_FDC_HOST_H
#define TESTS_LIB_FDC_HOST_H

#include "hw/block/block.h"
#include "tests/lib/rig.h"

enum { FDC_RAM = 1 << 20, FDC_IMAGE = 1474560, FDC_SPT = 18 };
enum { FDC_SRA, FDC_SRB, FDC_DOR, FDC_TDR, FDC_MSR, FDC_DATA, FDC_DIR = 7, FDC_DSR = FDC_MSR,
       FDC_CCR = FDC_DIR };

typedef struct {
    Rig *rig;
    guint8 *ram;
    MemoryRegion *region;
    Device *dma1, *dma2, *fdc;
    guint16 base;
    guint8 results[16];         /* of the last command */
    guint n_results;
} FdcHost;

/* Makes all but drives; false: the test was skipped, since the host denies io_uring. */
bool fdc_host_init(FdcHost *h);
void fdc_host_clear(FdcHost *h);
/* Another controller at 0x370, IRQ 5, DMA 1; the host's functions then mean this one. */
void fdc_host_add_second(FdcHost *h, const char *id);
/* A node on a file of this size, whose sectors begin with their number (fdc_host_check()). */
BlockNode *fdc_host_node(FdcHost *h, const char *name, guint64 size, bool read_only);
/* A drive; node NULL: it is empty. */
Device *fdc_host_drive(FdcHost *h, const char *id, const char *node);
/* Sends requests, and delivers what ends. */
void fdc_host_poll(FdcHost *h);

guint8 fdc_host_in(FdcHost *h, guint reg);
void fdc_host_out(FdcHost *h, guint reg, guint8 value);
/* Out of reset, with the data rate of 1.44 MB, and the interrupts of the reset sensed. */
void fdc_host_start(FdcHost *h);
/* A command without waiting for what it does. */
void fdc_host_send(FdcHost *h, const guint8 *bytes, guint n);
/* The same, waits for its end, and takes the results. */
void fdc_host_command(FdcHost *h, const guint8 *bytes, guint n);
#define FDC_SEND(h, ...) \
    fdc_host_send(h, (const guint8[]){ __VA_ARGS__ }, sizeof((const guint8[]){ __VA_ARGS__ }))
#define FDC_COMMAND(h, ...) \
    fdc_host_command(h, (const guint8[]){ __VA_ARGS__ }, sizeof((const guint8[]){ __VA_ARGS__ }))
/* SEEK, and its interrupt. */
void fdc_host_seek(FdcHost *h, guint unit, guint8 track);
/* Programs DMA channel 2 (1 of the second controller) for bytes at addr. */
void fdc_host_dma(FdcHost *h, bool to_memory, guint32 addr, guint32 bytes);
/* Whether n results are these: fails with all of them. */
void fdc_host_assert(FdcHost *h, guint n, const guint8 *expected);
#define FDC_ASSERT(h, ...) \
    fdc_host_assert(h, sizeof((const guint8[]){ __VA_ARGS__ }), (const guint8[]){ __VA_ARGS__ })
/* The number of the sector at data, G_MAXUINT32: it is none of fdc_host_node(). */
guint32 fdc_host_sector(const guint8 *data);
/* Bytes of an image. */
void fdc_host_read_image(FdcHost *h, const char *name, guint64 offset, void *data, gsize size);

#endif
