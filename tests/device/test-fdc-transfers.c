/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/floppy: commands that move data, by DMA and by the FIFO; what ends them; resets and state in
 * their middle.
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "qmp/error.h"
#include "hw/block/disk.h"
#include "tests/lib/fdc-host.h"
#include "tests/lib/state-bytes.h"

enum { BUF = 0x10000, SECTOR = 512, PIO = 1 };

static void bench_init(FdcHost *h, gconstpointer data)
{
    fdc_host_init(h);
    fdc_host_node(h, "a", FDC_IMAGE, false);
    fdc_host_drive(h, "drive-a", "a");
    rig_reset(h->rig);
    fdc_host_start(h);
}

static void bench_clear(FdcHost *h, gconstpointer data)
{
    fdc_host_clear(h);
}

static bool irq(const FdcHost *h)
{
    return rig_irq_level(h->rig, 6);
}

/* Sectors first to first + n - 1 are at addr, and nothing behind them. */
static void assert_sectors(const FdcHost *h, guint32 addr, guint32 first, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_assert_cmpuint(fdc_host_sector(h->ram + addr + i * SECTOR), ==, first + i);
    }
    g_assert_cmphex(h->ram[addr + n * SECTOR] | h->ram[addr + n * SECTOR + 5], ==, 0);
}

static guint32 image_sector(FdcHost *h, guint32 n)
{
    guint8 data[SECTOR];

    fdc_host_read_image(h, "a", (guint64)n * SECTOR, data, SECTOR);
    return fdc_host_sector(data);
}

/* ---- Reads by DMA ---- */

/* Terminal count ends it: the result is the next sector. */
static void test_read(FdcHost *h, gconstpointer data)
{
    guint before = rig_irq_edges(h->rig, 6);

    fdc_host_dma(h, true, BUF, 3 * SECTOR);
    FDC_COMMAND(h, 0xe6, 0, 0, 0, 5, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 8, 2);
    assert_sectors(h, BUF, 4, 3);
    g_assert_cmpuint(rig_irq_edges(h->rig, 6) - before, ==, 1);
    g_assert_false(irq(h));
    fdc_host_seek(h, 0, 7);
    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_COMMAND(h, 0x46, 4, 7, 1, 18, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 4, 0, 0, 8, 1, 1, 2);                 /* after the last: the next cylinder */
    g_assert_cmpuint(fdc_host_sector(h->ram + BUF), ==, 15 * 18 + 17);
}

/* Both sides, as whole cylinders are read. */
static void test_multi_track(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 36 * SECTOR);
    FDC_COMMAND(h, 0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 4, 0, 0, 1, 0, 1, 2);
    assert_sectors(h, BUF, 0, 36);
    fdc_host_dma(h, true, BUF, 18 * SECTOR);
    FDC_COMMAND(h, 0xe6, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 1, 1, 2);                 /* at the end of the first */
}

/* Part of a sector: the rest is not moved. */
static void test_short_count(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, SECTOR + 10);
    FDC_COMMAND(h, 0x66, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 3, 2);
    g_assert_cmpuint(fdc_host_sector(h->ram + BUF), ==, 0);
    g_assert_cmphex(h->ram[BUF + SECTOR], ==, 1);
    g_assert_cmphex(h->ram[BUF + SECTOR + 9], ==, 10);
    g_assert_cmphex(h->ram[BUF + SECTOR + 10], ==, 0);
}

/* The last sector, and no terminal count: end of cylinder. */
static void test_end_of_cylinder(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 8 * SECTOR);
    FDC_COMMAND(h, 0x66, 0, 0, 0, 3, 2, 4, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x80, 0, 1, 0, 1, 2);
    assert_sectors(h, BUF, 2, 2);
    fdc_host_dma(h, true, BUF, 8 * SECTOR);
    FDC_COMMAND(h, 0x66, 0, 0, 0, 17, 2, 20, 0x1b, 0xff);       /* EOT is beyond the track */
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 19, 2);
}

/* The channel is programmed later than the command. */
static void test_late_dma(FdcHost *h, gconstpointer data)
{
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    fdc_host_poll(h);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x10);
    g_assert_false(irq(h));
    fdc_host_out(h, FDC_DATA, 0x55);                    /* ignored */
    fdc_host_dma(h, true, BUF, 2 * SECTOR);
    g_assert_true(irq(h));
    assert_sectors(h, BUF, 0, 2);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0xd0);
}

/* The channel goes the other way: nothing is moved until the guest resets. */
static void test_wrong_direction(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    fdc_host_poll(h);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x10);
    fdc_host_out(h, FDC_DOR, 0x08);
    fdc_host_start(h);
    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_COMMAND(h, 0x46, 0, 0, 0, 2, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 3, 2);
    assert_sectors(h, BUF, 1, 1);
}

/* IDs that are not there, and heads that are elsewhere. */
static void test_not_found(FdcHost *h, gconstpointer data)
{
    FDC_COMMAND(h, 0x46, 0, 0, 0, 0, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 0, 2);
    FDC_COMMAND(h, 0x46, 0, 0, 0, 19, 2, 19, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 19, 2);
    FDC_COMMAND(h, 0x46, 0, 0, 1, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 1, 1, 2);
    FDC_COMMAND(h, 0x46, 0, 0, 0, 1, 3, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 1, 3);
    FDC_COMMAND(h, 0x46, 0, 2, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0x10, 2, 0, 1, 2);
    fdc_host_seek(h, 0, 80);                            /* beyond the format */
    FDC_COMMAND(h, 0x46, 0, 80, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x01, 0, 80, 0, 1, 2);
    fdc_host_seek(h, 0, 0);
    FDC_COMMAND(h, 0x06, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);        /* FM */
    FDC_ASSERT(h, 0x40, 0x01, 0, 0, 0, 1, 2);
    fdc_host_out(h, FDC_CCR, 1);                        /* another data rate */
    FDC_COMMAND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x01, 0, 0, 0, 1, 2);
}

static void test_implied_seek(FdcHost *h, gconstpointer data)
{
    FDC_COMMAND(h, 0x13, 0, 0x60, 0);
    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_COMMAND(h, 0x46, 0, 40, 0, 2, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 40, 0, 3, 2);
    assert_sectors(h, BUF, 80 * 18 + 1, 1);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x80);                                /* such a seek has no interrupt */
}

/* No sector has a deleted mark. */
static void test_read_deleted(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 4 * SECTOR);
    FDC_COMMAND(h, 0x4c, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0x40, 0, 0, 2, 2);
    assert_sectors(h, BUF, 0, 1);
    memset(h->ram + BUF, 0, SECTOR);
    fdc_host_dma(h, true, BUF, 4 * SECTOR);
    FDC_COMMAND(h, 0x6c, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);        /* skipped */
    FDC_ASSERT(h, 0, 0, 0x40, 1, 0, 1, 2);
    g_assert_cmphex(h->ram[BUF + 5], ==, 0);
}

static void test_read_track(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 18 * SECTOR);
    FDC_COMMAND(h, 0x42, 4, 0, 1, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 4, 0, 0, 1, 1, 1, 2);
    assert_sectors(h, BUF, 18, 18);
    fdc_host_dma(h, true, BUF, 18 * SECTOR);
    FDC_COMMAND(h, 0x42, 0, 0, 0, 9, 2, 18, 0x1b, 0xff);        /* another ID is only noted */
    FDC_ASSERT(h, 0x40, 0x04, 0, 1, 0, 1, 2);
    assert_sectors(h, BUF, 0, 18);
}

static void test_verify(FdcHost *h, gconstpointer data)
{
    FDC_COMMAND(h, 0x56, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 1, 0, 1, 2);
    FDC_COMMAND(h, 0xd6, 0x80, 0, 0, 10, 2, 18, 0x1b, 20);      /* 20 sectors, on both sides */
    FDC_ASSERT(h, 4, 0, 0, 0, 1, 12, 2);
    FDC_COMMAND(h, 0x56, 0, 0, 0, 1, 2, 19, 0x1b, 0xff);        /* more than there are */
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 19, 2);
}

/* ---- Writes ---- */

static void fill(FdcHost *h, guint32 addr, guint32 first, guint n)
{
    for (guint i = 0; i < n * SECTOR; i++) {
        guint32 number = first + i / SECTOR, at = i % SECTOR;

        h->ram[addr + i] = at < 4 ? number >> at * 8 : number + at;
    }
}

static void test_write(FdcHost *h, gconstpointer data)
{
    fill(h, BUF, 5000, 4);
    fdc_host_dma(h, false, BUF, 4 * SECTOR);
    FDC_COMMAND(h, 0xc5, 0, 0, 0, 17, 2, 18, 0x1b, 0xff);       /* from one side to the other */
    FDC_ASSERT(h, 4, 0, 0, 0, 1, 3, 2);
    g_assert_cmpuint(image_sector(h, 15), ==, 15);
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpuint(image_sector(h, 16 + i), ==, 5000 + i);
    }
    g_assert_cmpuint(image_sector(h, 20), ==, 20);
    fill(h, BUF, 6000, 1);
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x49, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);        /* with a deleted mark */
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 4, 2);
    g_assert_cmpuint(image_sector(h, 2), ==, 6000);
}

/* The rest of the last sector becomes zeros. */
static void test_write_part(FdcHost *h, gconstpointer data)
{
    guint8 sector[SECTOR];

    memset(h->ram + BUF, 0x77, SECTOR);
    fdc_host_dma(h, false, BUF, 100);
    FDC_COMMAND(h, 0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 2, 2);
    fdc_host_read_image(h, "a", 0, sector, SECTOR);
    g_assert_cmphex(sector[99], ==, 0x77);
    for (guint i = 100; i < SECTOR; i++) {
        g_assert_cmphex(sector[i], ==, 0);
    }
    g_assert_cmpuint(image_sector(h, 1), ==, 1);
}

static void test_format(FdcHost *h, gconstpointer data)
{
    guint8 track[18 * SECTOR];

    fdc_host_seek(h, 0, 1);
    for (guint i = 0; i < 18; i++) {
        const guint8 id[] = { 1, 1, (i * 7) % 18 + 1, 2 };      /* interleaved */

        memcpy(h->ram + BUF + 4 * i, id, 4);
    }
    fdc_host_dma(h, false, BUF, 4 * 18);
    FDC_COMMAND(h, 0x4d, 4, 2, 18, 0x54, 0xf6);
    g_assert_cmphex(h->results[0], ==, 4);
    g_assert_cmphex(h->results[1] | h->results[2], ==, 0);
    fdc_host_read_image(h, "a", 54 * SECTOR, track, sizeof(track));
    for (guint i = 0; i < sizeof(track); i++) {
        g_assert_cmphex(track[i], ==, 0xf6);
    }
    g_assert_cmpuint(image_sector(h, 53), ==, 53);
    g_assert_cmpuint(image_sector(h, 72), ==, 72);
    h->ram[BUF + 2] = 19;                               /* a sector that an image cannot have */
    fdc_host_dma(h, false, BUF, 4 * 18);
    FDC_COMMAND(h, 0x4d, 4, 2, 18, 0x54, 0x00);
    g_assert_cmphex(h->results[0], ==, 0x44);
    g_assert_cmphex(h->results[1], ==, 0x04);
    fdc_host_dma(h, false, BUF, 1024);
    FDC_COMMAND(h, 0x4d, 4, 2, 0, 0x54, 0x00);
    g_assert_cmphex(h->results[1], ==, 0x04);
    FDC_COMMAND(h, 0x4d, 4, 2, 255, 0x54, 0x00);        /* the longest list of IDs */
    g_assert_cmphex(h->results[1], ==, 0x04);
}

/* ---- Scans ---- */

static void test_scan(FdcHost *h, gconstpointer data)
{
    fill(h, BUF, 5, 1);
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x51, 0, 0, 0, 6, 2, 18, 0x1b, 1);
    FDC_ASSERT(h, 0, 0, 0x08, 0, 0, 7, 2);              /* equal */
    h->ram[BUF + 9] = 0xff;                             /* which matches any byte */
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x51, 0, 0, 0, 6, 2, 18, 0x1b, 1);
    FDC_ASSERT(h, 0, 0, 0x08, 0, 0, 7, 2);
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x51, 0, 0, 0, 5, 2, 18, 0x1b, 1);
    FDC_ASSERT(h, 0, 0, 0x04, 0, 0, 6, 2);              /* not equal, and terminal count */
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x59, 0, 0, 0, 5, 2, 18, 0x1b, 1);
    FDC_ASSERT(h, 0, 0, 0x00, 0, 0, 6, 2);              /* the disk's is lower */
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x5d, 0, 0, 0, 5, 2, 18, 0x1b, 1);
    FDC_ASSERT(h, 0, 0, 0x04, 0, 0, 6, 2);              /* and not higher */
    fill(h, BUF, 3, 1);
    memcpy(h->ram + BUF + SECTOR, h->ram + BUF, SECTOR);
    memcpy(h->ram + BUF + 2 * SECTOR, h->ram + BUF, SECTOR);
    fdc_host_dma(h, false, BUF, 3 * SECTOR);
    FDC_COMMAND(h, 0x51, 0, 0, 0, 2, 2, 18, 0x1b, 2);   /* every second sector */
    FDC_ASSERT(h, 0, 0, 0x08, 0, 0, 5, 2);
    fdc_host_dma(h, false, BUF, 3 * SECTOR);
    FDC_COMMAND(h, 0x51, 0, 0, 0, 5, 2, 6, 0x1b, 1);    /* to the end of the side */
    FDC_ASSERT(h, 0, 0, 0x04, 1, 0, 1, 2);
}

/* ---- Without DMA ---- */

static void test_pio_read(FdcHost *h, gconstpointer data)
{
    guint8 bytes[2 * SECTOR];
    guint edges;

    FDC_COMMAND(h, 0x03, 0, PIO);
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 2, 0x1b, 0xff);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x70);         /* the disk reads */
    edges = rig_irq_edges(h->rig, 6);
    fdc_host_poll(h);
    for (guint i = 0; i < sizeof(bytes); i++) {
        g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0xf0);
        g_assert_true(irq(h));
        bytes[i] = fdc_host_in(h, FDC_DATA);
    }
    g_assert_cmpuint(rig_irq_edges(h->rig, 6) - edges, ==, sizeof(bytes) + 1);  /* no FIFO */
    g_assert_cmpuint(fdc_host_sector(bytes), ==, 0);
    g_assert_cmpuint(fdc_host_sector(bytes + SECTOR), ==, 1);
    FDC_COMMAND(h);
    FDC_ASSERT(h, 0x40, 0x80, 0, 1, 0, 1, 2);                   /* nobody signals its end */
    FDC_COMMAND(h, 0x13, 0, 0x08, 0);                           /* a FIFO, 8 bytes each time */
    edges = rig_irq_edges(h->rig, 6);
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    fdc_host_poll(h);
    for (guint i = 0; i < SECTOR; i++) {
        fdc_host_in(h, FDC_DATA);
    }
    g_assert_cmpuint(rig_irq_edges(h->rig, 6) - edges, ==, SECTOR / 8 + 1);
}

static void test_pio_write(FdcHost *h, gconstpointer data)
{
    fill(h, BUF, 7000, 2);
    FDC_COMMAND(h, 0x03, 0, PIO);
    FDC_SEND(h, 0x45, 0, 0, 0, 1, 2, 2, 0x1b, 0xff);
    for (guint i = 0; i < 2 * SECTOR; i++) {
        fdc_host_poll(h);
        g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0xb0);
        fdc_host_out(h, FDC_DATA, h->ram[BUF + i]);
    }
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x30);
    fdc_host_out(h, FDC_DATA, 0);                               /* not ready: ignored */
    FDC_COMMAND(h);
    FDC_ASSERT(h, 0x40, 0x80, 0, 1, 0, 1, 2);
    g_assert_cmpuint(image_sector(h, 0), ==, 7000);
    g_assert_cmpuint(image_sector(h, 1), ==, 7001);
    g_assert_cmpuint(image_sector(h, 2), ==, 2);
}

/* CVE-2021-3507: more bytes than a sector were moved from the FIFO's buffer. */
static void test_long_transfer(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 0x10000);
    FDC_COMMAND(h, 0x46, 0, 0, 0, 1, 2, 0, 0x1b, 0xff);         /* EOT 0 is never reached */
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 19, 2);
    assert_sectors(h, BUF, 0, 18);
    fdc_host_dma(h, true, BUF, 0x10000);
    FDC_COMMAND(h, 0xc6, 0, 0, 0, 1, 2, 255, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x04, 0, 0, 0, 19, 2);
    assert_sectors(h, BUF, 0, 18);
}

/* ---- Resets and state in the middle ---- */

/* A request in flight is forgotten: its buffer is used again only when it has ended. */
static void test_reset_in_flight(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, 2 * SECTOR);
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    fdc_host_out(h, FDC_DSR, 0x80);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x80);
    for (guint i = 0; i < 4; i++) {
        FDC_SEND(h, 0x08);
        fdc_host_in(h, FDC_DATA);
        fdc_host_in(h, FDC_DATA);
    }
    fill(h, BUF + 0x1000, 8000, 1);
    fdc_host_dma(h, false, BUF + 0x1000, SECTOR);
    FDC_SEND(h, 0x45, 0, 0, 0, 5, 2, 18, 0x1b, 0xff);           /* a write follows the read */
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x10);
    FDC_COMMAND(h);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 6, 2);
    g_assert_cmpuint(image_sector(h, 4), ==, 8000);
    for (guint i = 0; i < 0x1000; i++) {
        g_assert_cmphex(h->ram[BUF + i], ==, 0);
    }
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    fdc_host_out(h, FDC_DOR, 0x08);
    fdc_host_dma(h, true, BUF, SECTOR);
    fdc_host_out(h, FDC_DOR, 0x0c);
    FDC_SEND(h, 0x46, 0, 0, 0, 7, 2, 18, 0x1b, 0xff);           /* and a read follows */
    FDC_COMMAND(h);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 8, 2);
    assert_sectors(h, BUF, 6, 1);
}

static void test_machine_reset(FdcHost *h, gconstpointer data)
{
    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    fdc_host_poll(h);
    FDC_SEND(h);
    rig_reset(h->rig);
    memset(h->ram + BUF, 0, SECTOR);
    fdc_host_poll(h);
    g_assert_cmphex(h->ram[BUF + 5], ==, 0);
    fdc_host_start(h);
    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_COMMAND(h, 0x46, 0, 0, 0, 2, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 3, 2);
    assert_sectors(h, BUF, 1, 1);
}

/* The medium is taken out while the disk reads it. */
static void removed(void *opaque)
{
    *(bool *)opaque = true;
}

static void test_removal_in_flight(FdcHost *h, gconstpointer data)
{
    Disk *disk = disk_find(h->rig->root, NULL, "drive-a", NULL);
    bool gone = false;

    FDC_SEND(h, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    g_assert_true(disk_remove(disk, removed, &gone, NULL));
    fdc_host_dma(h, true, BUF, 20 * SECTOR);
    FDC_COMMAND(h);
    g_assert_true(gone);
    g_assert_cmphex(h->results[0], ==, 0x40);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);
}

/* ---- Errors of the host ---- */

/* Files cannot become longer than that, or be written beyond it; returns the former limit. */
static struct rlimit limit_files(rlim_t bytes)
{
    struct rlimit former, limit;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &former);
    limit = (struct rlimit){ bytes, former.rlim_max };
    setrlimit(RLIMIT_FSIZE, &limit);
    return former;
}

static void test_write_error(FdcHost *h, gconstpointer data)
{
    struct rlimit former = limit_files(SECTOR);

    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x45, 0, 0, 0, 5, 2, 18, 0x1b, 0xff);
    setrlimit(RLIMIT_FSIZE, &former);
    FDC_ASSERT(h, 0x50, 0, 0, 0, 0, 5, 2);              /* equipment check */
    fdc_host_dma(h, false, BUF, SECTOR);
    FDC_COMMAND(h, 0x45, 0, 0, 0, 5, 2, 18, 0x1b, 0xff);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 6, 2);
}

/* The machine stops, and the command goes on when it runs again: or, after a reset of the
 * controller, the next one does. */
static void test_error_stops(FdcHost *h, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    struct rlimit former;

    fdc_host_node(h, "b", FDC_IMAGE, false);
    rig_device(h->rig, "floppy", "drive-b", &error, "drive", "b", "werror", "stop", NULL);
    g_assert_no_error(error);
    for (guint reset = 0; reset < 2; reset++) {
        former = limit_files(SECTOR);
        fill(h, BUF, 100 + reset, 1);
        fdc_host_dma(h, false, BUF, SECTOR);
        FDC_SEND(h, 0x45, 1, 0, 0, 5, 2, 18, 0x1b, 0xff);
        fdc_host_poll(h);
        rig_deliver(h->rig);
        g_assert_cmpuint(h->rig->stops, ==, reset + 1);
        g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x10);
        if (reset) {
            fdc_host_out(h, FDC_DOR, 0x08);
            fdc_host_start(h);
            fdc_host_dma(h, true, BUF, SECTOR);
            FDC_SEND(h, 0x46, 1, 0, 0, 7, 2, 18, 0x1b, 0xff);
        }
        machine_pause(h->rig->machine);
        setrlimit(RLIMIT_FSIZE, &former);
        g_assert_true(machine_run(h->rig->machine, NULL));
        FDC_COMMAND(h);
        FDC_ASSERT(h, 1, 0, 0, 0, 0, reset ? 8 : 6, 2);
    }
    assert_sectors(h, BUF, 6, 1);
}

/* ---- State ---- */

typedef struct {
    GByteArray *fdc, *drive, *dma;
} Saved;

static void save(FdcHost *h, Saved *saved)
{
    Device *drive = &disk_find(h->rig->root, NULL, "drive-a", NULL)->device;

    *saved = (Saved){ g_byte_array_new(), g_byte_array_new(), g_byte_array_new() };
    g_assert_true(device_save(h->fdc, saved->fdc, NULL));
    g_assert_true(device_save(drive, saved->drive, NULL));
    g_assert_true(device_save(h->dma1, saved->dma, NULL));
}

/* Into another machine of the same kind. */
static void load(FdcHost *h, Saved *saved)
{
    Device *drive = &disk_find(h->rig->root, NULL, "drive-a", NULL)->device;
    g_autoptr(GError) error = NULL;

    g_assert_true(device_load(h->fdc, saved->fdc->data, saved->fdc->len, &error));
    g_assert_true(device_load(drive, saved->drive->data, saved->drive->len, &error));
    g_assert_true(device_load(h->dma1, saved->dma->data, saved->dma->len, &error));
    g_byte_array_unref(saved->fdc);
    g_byte_array_unref(saved->drive);
    g_byte_array_unref(saved->dma);
}

static void other_init(FdcHost *h)
{
    *h = (FdcHost){ 0 };
    fdc_host_init(h);
    fdc_host_node(h, "a", FDC_IMAGE, false);
    fdc_host_drive(h, "drive-a", "a");
    g_assert_true(machine_run(h->rig->machine, NULL));
    machine_pause(h->rig->machine);
}

static void run(FdcHost *h)
{
    g_assert_true(machine_run(h->rig->machine, NULL));
    fdc_host_poll(h);
}

/* A read of which the disk has done nothing yet, and one that waits for the host. */
static void test_state_read(FdcHost *h, gconstpointer data)
{
    Saved saved;
    FdcHost other;

    fdc_host_seek(h, 0, 3);
    fdc_host_dma(h, true, BUF, 4 * SECTOR);
    FDC_SEND(h, 0x46, 0, 3, 0, 1, 2, 18, 0x1b, 0xff);
    machine_pause(h->rig->machine);
    save(h, &saved);
    other_init(&other);
    load(&other, &saved);
    run(&other);
    assert_sectors(&other, BUF, 108, 4);
    FDC_COMMAND(&other);
    FDC_ASSERT(&other, 0, 0, 0, 3, 0, 5, 2);
    FDC_COMMAND(&other, 0x03, 0, PIO);
    FDC_SEND(&other, 0x46, 0, 3, 0, 7, 2, 7, 0x1b, 0xff);
    fdc_host_poll(&other);
    for (guint i = 0; i < 100; i++) {
        fdc_host_in(&other, FDC_DATA);
    }
    machine_pause(other.rig->machine);
    save(&other, &saved);
    fdc_host_clear(&other);
    other_init(&other);
    load(&other, &saved);
    run(&other);
    for (guint i = 100; i < SECTOR; i++) {
        g_assert_cmphex(fdc_host_in(&other, FDC_DATA), ==, (114 + i) & 0xff);
    }
    FDC_COMMAND(&other);
    FDC_ASSERT(&other, 0x40, 0x80, 0, 4, 0, 1, 2);
    fdc_host_clear(&other);
}

/* A write whose data the controller has, and one of which it has a part. */
static void test_state_write(FdcHost *h, gconstpointer data)
{
    Saved saved;
    FdcHost other;

    fill(h, BUF, 9000, 2);
    fdc_host_dma(h, false, BUF, 2 * SECTOR);
    FDC_SEND(h, 0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    machine_pause(h->rig->machine);
    save(h, &saved);
    other_init(&other);
    load(&other, &saved);
    run(&other);
    g_assert_cmpuint(image_sector(&other, 1), ==, 9001);
    FDC_COMMAND(&other);
    FDC_ASSERT(&other, 0, 0, 0, 0, 0, 3, 2);
    fill(&other, BUF, 9500, 1);
    FDC_COMMAND(&other, 0x03, 0, PIO);
    FDC_SEND(&other, 0x45, 0, 0, 0, 4, 2, 4, 0x1b, 0xff);
    for (guint i = 0; i < 100; i++) {
        fdc_host_out(&other, FDC_DATA, other.ram[BUF + i]);
    }
    machine_pause(other.rig->machine);
    save(&other, &saved);
    fdc_host_clear(&other);
    other_init(&other);
    fill(&other, BUF, 9500, 1);
    load(&other, &saved);
    run(&other);
    for (guint i = 100; i < SECTOR; i++) {
        fdc_host_out(&other, FDC_DATA, other.ram[BUF + i]);
    }
    fdc_host_poll(&other);
    g_assert_cmpuint(image_sector(&other, 3), ==, 9500);
    fdc_host_clear(&other);
}

/* Into a controller whose own request waits: that one is dropped, the loaded one is sent. */
static void test_state_over_request(FdcHost *h, gconstpointer data)
{
    Saved saved;
    FdcHost other;

    fdc_host_dma(h, true, BUF, SECTOR);
    FDC_SEND(h, 0x46, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);
    machine_pause(h->rig->machine);
    save(h, &saved);
    other_init(&other);
    run(&other);
    fdc_host_start(&other);
    FDC_SEND(&other, 0x46, 0, 0, 0, 9, 2, 18, 0x1b, 0xff);
    fdc_host_out(&other, FDC_DSR, 0x80);                /* which is not waited for any more */
    machine_pause(other.rig->machine);
    fdc_host_poll(&other);                              /* it ends, and nobody is told */
    load(&other, &saved);
    run(&other);
    assert_sectors(&other, BUF, 2, 1);
    FDC_COMMAND(&other);
    FDC_ASSERT(&other, 0, 0, 0, 0, 0, 4, 2);
    fdc_host_clear(&other);
}

/* State that no controller has. */
static void test_state_invalid(FdcHost *h, gconstpointer data)
{
    static const struct {
        const char *field;
        guint8 value, op;
    } bad[] = {
        { "phase", 3, 0 }, { "fifo_pos", 17, 0 }, { "fifo_length", 18, 0 }, { "rate", 4, 0 },
        { "pending", 0x10, 0 }, { "transfer/op", 7, 0 }, { "transfer/io", 3, 0 },
        { "transfer/unit", 4, 0 }, { "transfer/head", 2, 0 }, { "transfer/n", 49, 0 },
        { "transfer/pos", 1, 0 }, { "transfer/step", 3, 0 },
        /* A scan has one sector, and compares it with what is behind it. */
        { "transfer/n", 2, 3 }, { "transfer/n", 48, 5 },
    };

    FDC_COMMAND(h, 0x10);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        device_save(h->fdc, state, NULL);
        *state_bytes(state, "transfer/op") = bad[i].op;
        *state_bytes(state, bad[i].field) = bad[i].value;
        if (device_load(h->fdc, state->data, state->len, &error)) {
            g_error("%s", bad[i].field);
        }
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    }
}

#define CASE(name)                                                                          \
    g_test_add("/fdc-transfers/" #name, FdcHost, NULL, bench_init, test_##name, bench_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(read);
    CASE(multi_track);
    CASE(short_count);
    CASE(end_of_cylinder);
    CASE(late_dma);
    CASE(wrong_direction);
    CASE(not_found);
    CASE(implied_seek);
    CASE(read_deleted);
    CASE(read_track);
    CASE(verify);
    CASE(write);
    CASE(write_part);
    CASE(format);
    CASE(scan);
    CASE(pio_read);
    CASE(pio_write);
    CASE(long_transfer);
    CASE(reset_in_flight);
    CASE(machine_reset);
    CASE(removal_in_flight);
    CASE(write_error);
    CASE(error_stops);
    CASE(state_read);
    CASE(state_write);
    CASE(state_over_request);
    CASE(state_invalid);
    return g_test_run();
}
