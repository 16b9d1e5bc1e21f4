/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/floppy: registers of the controller, its commands without data, and what drives and media
 * do.  Transfers are in test-fdc-transfers.c.
 */
#include "config.h"

#include <string.h>

#include "hw/floppy/floppy.h"
#include "qmp/error.h"
#include "qom/qapi-objects-floppy.h"
#include "tests/lib/fdc-host.h"

static void bench_init(FdcHost *h, gconstpointer data)
{
    if (!fdc_host_init(h)) {
        g_test_skip("the host denies io_uring");
    }
    fdc_host_node(h, "a", FDC_IMAGE, false);
    fdc_host_drive(h, "drive-a", "a");
    rig_reset(h->rig);
}

static void bench_clear(FdcHost *h, gconstpointer data)
{
    fdc_host_clear(h);
}

static bool irq(const FdcHost *h)
{
    return rig_irq_level(h->rig, h->base == 0x3f0 ? 6 : 5);
}

/* ---- Registers ---- */

static void test_reset_state(FdcHost *h, gconstpointer data)
{
    g_assert_cmphex(fdc_host_in(h, FDC_DOR), ==, 0x00);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x00);         /* in reset: not ready */
    g_assert_cmphex(fdc_host_in(h, FDC_DATA), ==, 0x00);
    fdc_host_out(h, FDC_DATA, 0x10);                            /* ignored */
    g_assert_false(irq(h));
    fdc_host_out(h, FDC_DOR, 0x04);
    g_assert_false(irq(h));                                     /* lines are not driven */
    fdc_host_out(h, FDC_DOR, 0x0c);
    g_assert_true(irq(h));
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x80);
}

/* One interrupt for the four units, which SENSE INTERRUPT STATUS reports. */
static void test_reset_interrupt(FdcHost *h, gconstpointer data)
{
    fdc_host_out(h, FDC_DOR, 0x0c);
    for (guint unit = 0; unit < 4; unit++) {
        FDC_COMMAND(h, 0x08);
        FDC_ASSERT(h, 0xc0 | unit, 0);
        g_assert_false(irq(h));
    }
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x80);
    g_assert_cmpuint(rig_irq_edges(h->rig, 6), ==, 1);
    fdc_host_out(h, FDC_DSR, 0x80);                             /* the other way to reset it */
    g_assert_true(irq(h));
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x80);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0xc0, 0);
    fdc_host_out(h, FDC_DOR, 0x08);
    fdc_host_out(h, FDC_DSR, 0x80);                             /* without effect in reset */
    g_assert_false(irq(h));
}

static void test_sra(FdcHost *h, gconstpointer data)
{
    g_assert_cmphex(fdc_host_in(h, FDC_SRA), ==, 0x42);         /* one drive, at track 0 */
    fdc_host_out(h, FDC_DOR, 0x0c);
    g_assert_cmphex(fdc_host_in(h, FDC_SRA), ==, 0xc2);
    fdc_host_start(h);
    fdc_host_seek(h, 0, 3);
    g_assert_cmphex(fdc_host_in(h, FDC_SRA), ==, 0x52);
    fdc_host_out(h, FDC_DOR, 0x0d);                             /* drive B */
    g_assert_cmphex(fdc_host_in(h, FDC_SRA), ==, 0x52);
    fdc_host_out(h, FDC_SRA, 0xff);
    g_assert_cmphex(fdc_host_in(h, FDC_SRA), ==, 0x52);
}

static void test_srb(FdcHost *h, gconstpointer data)
{
    g_assert_cmphex(fdc_host_in(h, FDC_SRB), ==, 0xe0);
    fdc_host_start(h);
    fdc_host_out(h, FDC_DOR, 0x3d);
    g_assert_cmphex(fdc_host_in(h, FDC_SRB), ==, 0xc3);
    FDC_COMMAND(h, 0x56, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);         /* VERIFY */
    g_assert_cmphex(fdc_host_in(h, FDC_SRB), ==, 0xcb);
}

static void test_tdr(FdcHost *h, gconstpointer data)
{
    fdc_host_out(h, FDC_TDR, 0xff);
    g_assert_cmphex(fdc_host_in(h, FDC_TDR), ==, 0x03);
}

/* ---- Change line ---- */

static void test_disk_change(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);         /* since power was switched on */
    FDC_COMMAND(h, 0x07, 0);                                    /* no step: it is at track 0 */
    FDC_COMMAND(h, 0x08);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);
    fdc_host_seek(h, 0, 1);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x00);
    fdc_host_out(h, FDC_DOR, 0x0d);                             /* there is no drive B */
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x00);
}

static void removed(void *opaque)
{
    *(bool *)opaque = true;
}

/* A medium goes and another comes: with its own size, and another way to write. */
static void test_change_medium(FdcHost *h, gconstpointer data)
{
    Disk *disk = disk_find(h->rig->root, NULL, "drive-a", NULL);
    BlockNode *other = fdc_host_node(h, "other", 737280, true);
    g_autoptr(GError) error = NULL;
    bool gone = false;

    fdc_host_start(h);
    fdc_host_seek(h, 0, 1);
    g_assert_true(disk_remove(disk, removed, &gone, &error));
    g_assert_true(gone);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);
    fdc_host_seek(h, 0, 2);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);         /* steps do not bring it back */
    FDC_COMMAND(h, 0x4a, 0);
    FDC_ASSERT(h, 0x40, 0x01, 0, 0, 0, 0, 0);
    FDC_COMMAND(h, 0x56, 0, 2, 0, 1, 2, 1, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x01, 0, 2, 0, 1, 2);
    FDC_COMMAND(h, 0x04, 0);
    FDC_ASSERT(h, 0x28);
    g_assert_true(disk_insert(disk, other, &error));
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x80);
    fdc_host_seek(h, 0, 0);
    g_assert_cmphex(fdc_host_in(h, FDC_DIR), ==, 0x00);
    FDC_COMMAND(h, 0x04, 0);
    FDC_ASSERT(h, 0x78);                                        /* protected, at track 0 */
    FDC_COMMAND(h, 0x4a, 0);
    FDC_ASSERT(h, 0x40, 0x01, 0, 0, 0, 0, 0);                   /* of another data rate */
    fdc_host_out(h, FDC_CCR, 2);
    FDC_COMMAND(h, 0x4a, 0);
    FDC_ASSERT(h, 0x00, 0, 0, 0, 0, 2, 2);
    FDC_COMMAND(h, 0x45, 0, 0, 0, 1, 2, 9, 0x1b, 0xff);
    FDC_ASSERT(h, 0x40, 0x02, 0, 0, 0, 1, 2);                   /* WRITE DATA */
}

/* ---- Seeks ---- */

static void test_seek(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_SEND(h, 0x0f, 0x04, 40);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x80);
    g_assert_true(irq(h));
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x24, 40);                                    /* with the head's number */
    g_assert_false(irq(h));
    FDC_COMMAND(h, 0x4a, 0);
    FDC_ASSERT(h, 0, 0, 0, 40, 0, 2, 2);
    FDC_COMMAND(h, 0x4a, 4);
    FDC_ASSERT(h, 4, 0, 0, 40, 1, 3, 2);
    FDC_COMMAND(h, 0x8f, 0, 3);                                 /* relative: outwards */
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x20, 37);
    FDC_COMMAND(h, 0xcf, 0, 1);                                 /* and inwards */
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x20, 38);
    FDC_COMMAND(h, 0x4a, 0);
    FDC_ASSERT(h, 0, 0, 0, 38, 0, 4, 2);
}

static void test_recalibrate(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    fdc_host_seek(h, 0, 255);                                   /* the head stops at 84 */
    FDC_COMMAND(h, 0x07, 0);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x70, 0);                                     /* after 79 steps: not there */
    FDC_COMMAND(h, 0x04, 0);
    FDC_ASSERT(h, 0x28);
    FDC_COMMAND(h, 0x07, 0);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x20, 0);
    FDC_COMMAND(h, 0x04, 4);
    FDC_ASSERT(h, 0x3c);
    FDC_COMMAND(h, 0x07, 1);                                    /* there is no such drive */
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x71, 0);
}

/* Two seeks before they are sensed: an interrupt for each. */
static void test_two_seeks(FdcHost *h, gconstpointer data)
{
    guint before;

    fdc_host_drive(h, "drive-b", NULL);
    rig_reset(h->rig);
    fdc_host_start(h);
    before = rig_irq_edges(h->rig, 6);
    FDC_COMMAND(h, 0x0f, 1, 7);
    FDC_COMMAND(h, 0x0f, 0, 5);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x20, 5);
    g_assert_true(irq(h));
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x21, 7);
    g_assert_false(irq(h));
    g_assert_cmpuint(rig_irq_edges(h->rig, 6) - before, ==, 2);
    FDC_COMMAND(h, 0x08);
    FDC_ASSERT(h, 0x80);
}

/* ---- Modes ---- */

static void test_identity(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_COMMAND(h, 0x10);
    FDC_ASSERT(h, 0x90);
    FDC_COMMAND(h, 0x18);
    FDC_ASSERT(h, 0x41);
    FDC_COMMAND(h, 0x1f);
    FDC_ASSERT(h, 0x80);
    rig_assert_guest_error(h->fdc, "command 0x1f");
    FDC_COMMAND(h, 0x00);
    FDC_ASSERT(h, 0x80);
}

static void test_modes(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_COMMAND(h, 0x0e);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0);
    FDC_COMMAND(h, 0x03, 0xaf, 0x02);                           /* SPECIFY */
    FDC_COMMAND(h, 0x13, 0x00, 0x57, 0x11);                     /* CONFIGURE */
    FDC_COMMAND(h, 0x12, 0x8d);                                 /* PERPENDICULAR MODE */
    fdc_host_seek(h, 2, 9);
    FDC_COMMAND(h, 0x0e);                                       /* DUMPREG */
    FDC_ASSERT(h, 0, 0, 9, 0, 0xaf, 0x02, 0, 0x0d, 0x57, 0x11);
    FDC_COMMAND(h, 0x12, 0x3e);                                 /* without OW: the mode only */
    FDC_COMMAND(h, 0x94);                                       /* LOCK */
    FDC_ASSERT(h, 0x10);
    FDC_COMMAND(h, 0x2e);                                       /* SAVE */
    FDC_ASSERT(h, 0, 0, 0, 0, 9, 0, 0xaf, 0x02, 0, 0x8e, 0x57, 0x11, 0, 0, 0, 0);
    fdc_host_out(h, FDC_DSR, 0x80);
    for (guint i = 0; i < 4; i++) {
        FDC_COMMAND(h, 0x08);
    }
    FDC_COMMAND(h, 0x0e);
    FDC_ASSERT(h, 0, 0, 9, 0, 0xaf, 0x02, 0, 0x8c, 0x07, 0x11);
    FDC_COMMAND(h, 0x14);                                       /* unlock */
    FDC_ASSERT(h, 0x00);
    fdc_host_out(h, FDC_DSR, 0x80);
    for (guint i = 0; i < 4; i++) {
        FDC_COMMAND(h, 0x08);
    }
    FDC_COMMAND(h, 0x0e);
    FDC_ASSERT(h, 0, 0, 9, 0, 0xaf, 0x02, 0, 0x0c, 0x20, 0x00);
    FDC_COMMAND(h, 0x4e, 1, 2, 3, 4, 5, 6, 0xdf, 0x04, 18, 0x85, 0x60, 0x22, 0, 0, 0, 0);
    FDC_COMMAND(h, 0x0e);                                       /* after RESTORE */
    FDC_ASSERT(h, 3, 4, 5, 6, 0xdf, 0x04, 18, 0x85, 0x60, 0x22);
}

static void test_82078(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_COMMAND(h, 0x17, 0x13);                                 /* POWERDOWN MODE */
    FDC_ASSERT(h, 0x13);
    FDC_COMMAND(h, 0x33, 0x01);                                 /* OPTION */
    g_assert_cmpuint(h->n_results, ==, 0);
    FDC_COMMAND(h, 0x2e);
    g_assert_cmphex(h->results[0], ==, 0x13);
    g_assert_cmphex(h->results[1], ==, 0x01);
    FDC_COMMAND(h, 0x8e, 0x05, 0x2a, 0x80);                     /* DRIVE SPECIFICATION */
    FDC_ASSERT(h, 0x05, 0x0a, 0, 0);
    FDC_COMMAND(h, 0x8e, 0xc0);                                 /* without a result */
    g_assert_cmpuint(h->n_results, ==, 0);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x80);
}

/* ---- A FIFO that is as long as its longest command ---- */

/* CVE-2015-3456 ("VENOM"): bytes after these commands were stored without an end. */
static void test_venom(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_SEND(h, 0x8e);
    for (guint i = 0; i < 10000; i++) {
        fdc_host_out(h, FDC_DATA, 0x1f);
    }
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0x90);
    fdc_host_out(h, FDC_DATA, 0x80);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0xd0);
    for (guint i = 0; i < 10000; i++) {
        fdc_host_out(h, FDC_DATA, 0x5a);                        /* in the result phase */
    }
    rig_assert_guest_error(h->fdc, "a write of the FIFO");
    for (guint i = 0; i < 4; i++) {
        g_assert_cmphex(fdc_host_in(h, FDC_DATA), ==, i == 0 ? 0x1f : 0);
    }
    g_assert_cmphex(fdc_host_in(h, FDC_DATA), ==, 0);
    FDC_SEND(h, 0x4a, 0);
    for (guint i = 0; i < 10000; i++) {
        fdc_host_out(h, FDC_DATA, 0x4a);
    }
    fdc_host_poll(h);
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0xd0);
    g_assert_cmphex(fdc_host_in(h, FDC_DATA), ==, 0);
}

/* CVE-2021-20196: a command for a drive that is not there, which was selected by DOR. */
static void test_no_drive(FdcHost *h, gconstpointer data)
{
    static const guint8 commands[] = { 0x46, 0x45, 0x49, 0x4c, 0x42, 0x56, 0x51, 0x59, 0x5d };

    fdc_host_start(h);
    for (guint unit = 1; unit < 4; unit++) {
        fdc_host_out(h, FDC_DOR, 0x0c | unit);
        for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
            FDC_COMMAND(h, commands[i], unit, 0, 0, 1, 2, 18, 0x1b, 0xff);
            FDC_ASSERT(h, 0x40 | unit, 0x01, 0, 0, 0, 1, 2);
        }
        FDC_COMMAND(h, 0x4d, unit, 2, 18, 0x50, 0xf6);
        g_assert_cmphex(h->results[1], ==, 0x01);
        FDC_COMMAND(h, 0x4a, unit);
        g_assert_cmphex(h->results[1], ==, 0x01);
        FDC_COMMAND(h, 0x04, unit);
        FDC_ASSERT(h, 0x28 | unit);
    }
}

/* ---- Two controllers; the machine's reset; errors ---- */

static void test_two(FdcHost *h, gconstpointer data)
{
    FdcHost second = *h;

    fdc_host_add_second(&second, "fdc2");
    fdc_host_node(&second, "c", FDC_IMAGE, false);
    fdc_host_drive(&second, "drive-c", "c");
    rig_reset(h->rig);
    fdc_host_start(h);
    g_assert_cmphex(fdc_host_in(&second, FDC_DOR), ==, 0);
    fdc_host_start(&second);
    fdc_host_seek(&second, 0, 3);
    FDC_COMMAND(h, 0x4a, 0);
    g_assert_cmpuint(h->results[3], ==, 0);
    FDC_COMMAND(&second, 0x4a, 0);
    g_assert_cmpuint(second.results[3], ==, 3);
    g_assert_true(!rig_irq_level(h->rig, 6) && !rig_irq_level(h->rig, 5));
    FDC_SEND(&second, 0x0f, 0, 1);
    g_assert_true(rig_irq_level(h->rig, 5));
    g_assert_false(rig_irq_level(h->rig, 6));
    device_unmake(second.fdc);
    g_assert_false(rig_irq_level(h->rig, 5));
    g_assert_cmphex(fdc_host_in(&second, FDC_MSR), ==, 0xff);
    FDC_COMMAND(h, 0x10);
    FDC_ASSERT(h, 0x90);
}

static void test_machine_reset(FdcHost *h, gconstpointer data)
{
    fdc_host_start(h);
    FDC_COMMAND(h, 0x94);
    FDC_COMMAND(h, 0x13, 0, 0x57, 0x11);
    fdc_host_seek(h, 0, 5);
    FDC_SEND(h, 0x0f, 0, 3);
    rig_reset(h->rig);
    g_assert_false(irq(h));
    g_assert_cmphex(fdc_host_in(h, FDC_MSR), ==, 0);
    fdc_host_start(h);
    FDC_COMMAND(h, 0x0e);
    FDC_ASSERT(h, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0);
    fdc_host_out(h, FDC_CCR, 0);
    FDC_COMMAND(h, 0x4a, 0);
    g_assert_cmpuint(h->results[3], ==, 0);
}

static void assert_fails(FdcHost *h, const char *driver, const char *property, const char *value,
                         ErrorReason reason)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rig_device(h->rig, driver, "x", &error, property, value, NULL));
    g_assert_true(qmp_error_is(error, reason));
}

static void test_errors(FdcHost *h, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    assert_fails(h, "floppy", "unit", "0", ERROR_REASON_ADDRESS_IN_USE);
    assert_fails(h, "floppy", "logical_block_size", "1024", ERROR_REASON_INVALID_VALUE);
    assert_fails(h, "isa-fdc", "irq", "6", ERROR_REASON_ADDRESS_IN_USE);
    fdc_host_drive(h, "drive-b", NULL);
    assert_fails(h, "floppy", "drive-type", "144", ERROR_REASON_BUS_NOT_FOUND);
    g_assert_null(rig_device(h->rig, "isa-fdc", "x", &error, "iobase", "0x370", "dma", "8", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
    g_clear_error(&error);
    g_assert_null(rig_device(h->rig, "isa-fdc", "x", &error, "iobase", "0x370", "irq", "16", NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_OUT_OF_RANGE));
}

/* ---- Types and formats ---- */

static const struct {
    guint64 size;
    FdcDriveType asked, type;
    guint sectors, tracks, heads;
    FloppyRate rate;
} format_cases[] = {
    { 1474560, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_144, 18, 80, 2, FLOPPY_500K },
    { 2949120, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_288, 36, 80, 2, FLOPPY_1M },
    { 1228800, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_120, 15, 80, 2, FLOPPY_500K },
    { 737280, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_144, 9, 80, 2, FLOPPY_250K },
    { 737280, FDC_DRIVE_TYPE_120, FDC_DRIVE_TYPE_120, 9, 80, 2, FLOPPY_250K },
    { 368640, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_120, 9, 40, 2, FLOPPY_300K },
    { 368640, FDC_DRIVE_TYPE_144, FDC_DRIVE_TYPE_144, 9, 80, 1, FLOPPY_250K },
    { 1720320, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_144, 21, 80, 2, FLOPPY_500K },
    { 163840, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_120, 8, 40, 1, FLOPPY_250K },
    /* Another type's, whose media have the same width. */
    { 1474560, FDC_DRIVE_TYPE_288, FDC_DRIVE_TYPE_288, 18, 80, 2, FLOPPY_500K },
    { 737280, FDC_DRIVE_TYPE_288, FDC_DRIVE_TYPE_288, 9, 80, 2, FLOPPY_250K },
    { 2949120, FDC_DRIVE_TYPE_144, FDC_DRIVE_TYPE_144, 36, 80, 2, FLOPPY_1M },
    /* Of no format: the fallback's, or the type's, first one. */
    { 1 << 20, FDC_DRIVE_TYPE_AUTO, FDC_DRIVE_TYPE_288, 36, 80, 2, FLOPPY_1M },
    { 1 << 20, FDC_DRIVE_TYPE_144, FDC_DRIVE_TYPE_144, 18, 80, 2, FLOPPY_500K },
    { 2949120, FDC_DRIVE_TYPE_120, FDC_DRIVE_TYPE_120, 15, 80, 2, FLOPPY_500K },
    { 1228800, FDC_DRIVE_TYPE_288, FDC_DRIVE_TYPE_288, 36, 80, 2, FLOPPY_1M },
};

static void test_formats(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(format_cases); i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);
        FdcDriveType asked = format_cases[i].asked;
        const FloppyFormat *format;
        FdcHost h = { 0 };
        Device *dev;

        fdc_host_init(&h);
        fdc_host_node(&h, name, format_cases[i].size, false);
        dev = rig_device(h.rig, "floppy", "x", NULL, "drive", name, "drive-type",
                         qmp_enum_name(&qmp_type_FdcDriveType, asked), NULL);
        format = floppy_format(to_floppy(dev));
        g_assert_cmpint(floppy_props(dev)->drive_type, ==, format_cases[i].type);
        g_assert_cmpuint(format->sectors, ==, format_cases[i].sectors);
        g_assert_cmpuint(format->tracks, ==, format_cases[i].tracks);
        g_assert_cmpuint(format->heads, ==, format_cases[i].heads);
        g_assert_cmpuint(format->rate, ==, format_cases[i].rate);
        fdc_host_clear(&h);
    }
}

/* The controller's types of drives that have none of their own; and a drive that is not there. */
static void test_controller_types(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *a, *b, *c;

    rig_device(rig, "i8257", "dma1", NULL, "pageh-base", "-1", NULL);
    rig_device(rig, "isa-fdc", "fdc", NULL, "fdtypeA", "120", "fallback", "144", NULL);
    rig_device(rig, "isa-fdc", "two", NULL, "iobase", "0x370", NULL);
    a = rig_device(rig, "floppy", "a", NULL, NULL);
    b = rig_device(rig, "floppy", "b", NULL, NULL);
    c = rig_device(rig, "floppy", "c", NULL, "drive-type", "none", NULL);
    g_assert_cmpint(floppy_props(a)->drive_type, ==, FDC_DRIVE_TYPE_120);
    g_assert_cmpint(floppy_props(b)->drive_type, ==, FDC_DRIVE_TYPE_144);
    g_assert_cmpuint(floppy_props(b)->unit, ==, 1);
    g_assert_null(floppy_bus_drive(c->bus, 0));
    g_assert_true(floppy_bus_drive(b->bus, 1) == to_floppy(b));
}

#define CASE(name)                                                                          \
    g_test_add("/isa-fdc/" #name, FdcHost, NULL, bench_init, test_##name, bench_clear)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(reset_state);
    CASE(reset_interrupt);
    CASE(sra);
    CASE(srb);
    CASE(tdr);
    CASE(disk_change);
    CASE(change_medium);
    CASE(seek);
    CASE(recalibrate);
    CASE(two_seeks);
    CASE(identity);
    CASE(modes);
    CASE(82078);
    CASE(venom);
    CASE(no_drive);
    CASE(two);
    CASE(machine_reset);
    CASE(errors);
    g_test_add_func("/isa-fdc/formats", test_formats);
    g_test_add_func("/isa-fdc/controller_types", test_controller_types);
    return g_test_run();
}
