/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usb-storage: commands, data and status; data that are longer or shorter than the host expects;
 * what is wrong with a command; resets, also while the disk works; boot paths.
 */
#include "config.h"

#include <string.h>

#include "qmp/bytes.h"
#include "tests/lib/ide-driver.h"
#include "tests/lib/xhci-driver.h"

enum { P_3 = 1, IN = 3, OUT = 4, PHASE_ERROR = 2 };

typedef struct {
    IdeBench *nodes;            /* block nodes, and the loop that serves them */
    XhciBench *b;
    guint slot;
} Stick;

static void open_stick(Stick *s, const char *node)
{
    Rig *rig = rig_new();

    s->nodes = ide_bench_on(rig);
    s->b = xhci_bench_on(rig, "qemu-xhci");
    xhci_bench_device(s->b, "usb-storage", "stick", "drive", node, "port", "1", NULL);
    g_assert_true(machine_run(rig->machine, NULL));
    xhci_bench_place(s->b);
    xhci_bench_start(s->b);
    s->slot = xhci_open(s->b, P_3);
    g_assert_cmpuint(xhci_control(s->b, s->slot, 0x0009, 1, 0, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_add_endpoint(s->b, s->slot, IN, EP_BULK_IN, 1024), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_add_endpoint(s->b, s->slot, OUT, EP_BULK_OUT, 1024), ==, CODE_SUCCESS);
}

static void close_stick(Stick *s)
{
    rig_free(s->b->rig);
    ide_bench_free(s->nodes);
    xhci_bench_free(s->b);
}

/* ---- The transport ---- */

static void put_cbw(guint8 cbw[31], guint32 tag, guint32 expected, bool in, const guint8 *cdb,
                    guint n)
{
    memset(cbw, 0, 31);
    put_le(cbw, 0x43425355, 4);
    put_le(cbw + 4, tag, 4);
    put_le(cbw + 8, expected, 4);
    cbw[12] = in ? 0x80 : 0;
    cbw[14] = n;
    memcpy(cbw + 15, cdb, n);
}

/* A transfer that may have to wait for the disk. */
static guint8 transfer(Stick *s, guint endpoint, void *data, guint32 size, guint32 *ret_moved)
{
    guint64 memory = xhci_bench_alloc(s->b, MAX(size, 1), 8);
    BenchEvent event = { 0 };
    guint8 code;

    if (endpoint == OUT) {
        memcpy(xhci_bench_ptr(s->b, memory), data, size);
    }
    xhci_submit(s->b, s->slot, endpoint, memory, size);
    ide_bench_poll(s->nodes);
    code = xhci_transfer_event(s->b, &event);
    *ret_moved = code ? size - event.length : 0;
    if (endpoint == IN) {
        memcpy(data, xhci_bench_ptr(s->b, memory), size);
    }
    return code;
}

typedef struct {
    guint8 status;
    guint32 residue, moved;
} Result;

static Result get_status(Stick *s, guint32 tag)
{
    guint8 csw[13] = { 0 };
    guint32 moved;

    g_assert_cmpuint(transfer(s, IN, csw, sizeof(csw), &moved), ==, CODE_SUCCESS);
    g_assert_cmphex(get_le32(csw), ==, 0x53425355);
    g_assert_cmphex(get_le32(csw + 4), ==, tag);
    return (Result){ .status = csw[12], .residue = get_le32(csw + 8) };
}

static Result command(Stick *s, const guint8 *cdb, guint n, void *data, guint32 size, bool in)
{
    static guint32 tag = 0x1000;
    guint8 cbw[31];
    guint32 moved;
    Result result;

    put_cbw(cbw, ++tag, size, in, cdb, n);
    g_assert_cmpuint(transfer(s, OUT, cbw, sizeof(cbw), &moved), ==, CODE_SUCCESS);
    moved = 0;
    if (size) {
        transfer(s, in ? IN : OUT, data, size, &moved);
    }
    result = get_status(s, tag);
    result.moved = moved;
    return result;
}

#define CDB(...) ((const guint8[]){ __VA_ARGS__ }), sizeof((const guint8[]){ __VA_ARGS__ })
#define SIX(opcode, length) CDB(opcode, 0, 0, 0, length, 0)
#define TEN(opcode, lba, n) CDB(opcode, 0, 0, 0, (lba) >> 8, (lba) & 0xff, 0, (n) >> 8, (n) & 0xff, 0)

/* The first command finds that the disk has been reset. */
static void be_ready(Stick *s)
{
    guint8 sense[18] = { 0 };

    g_assert_cmpuint(command(s, SIX(0x00, 0), NULL, 0, false).status, ==, 1);
    g_assert_cmpuint(command(s, SIX(0x03, 18), sense, 18, true).status, ==, 0);
    g_assert_cmphex(sense[0], ==, 0x70);
    g_assert_cmphex(sense[2], ==, 6);
    g_assert_cmphex(sense[12], ==, 0x29);
    g_assert_cmpuint(command(s, SIX(0x00, 0), NULL, 0, false).status, ==, 0);
}

/* ---- Cases ---- */

static void test_commands(void)
{
    guint8 data[64] = { 0 }, max_lun = 1;
    Stick s;
    Result r;

    open_stick(&s, "null");
    g_assert_cmpuint(xhci_control(s.b, s.slot, 0xa1fe, 0, 0, 1, &max_lun), ==, CODE_SUCCESS);
    g_assert_cmpuint(max_lun, ==, 0);
    be_ready(&s);
    r = command(&s, SIX(0x12, 36), data, 36, true);
    g_assert_cmpuint(r.status, ==, 0);
    g_assert_cmpuint(r.residue, ==, 0);
    g_assert_cmpmem(data + 8, 8, "QEMU    ", 8);
    command(&s, CDB(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), data, 8, true);
    g_assert_cmpuint(get_be32(data), ==, IDE_BENCH_SIZE / 512 - 1);
    /* Less than expected: zeros follow. */
    memset(data, 0xff, sizeof(data));
    r = command(&s, SIX(0x12, 36), data, 64, true);
    g_assert_cmpuint(r.status, ==, 0);
    g_assert_cmpuint(r.moved, ==, 64);
    g_assert_cmpuint(r.residue, ==, 28);
    g_assert_cmphex(data[36], ==, 0);
    /* More than expected, and data in the wrong direction. */
    r = command(&s, SIX(0x12, 36), data, 10, true);
    g_assert_cmpuint(r.status, ==, PHASE_ERROR);
    r = command(&s, TEN(0x2a, 0, 1), data, 0, false);
    g_assert_cmpuint(r.status, ==, PHASE_ERROR);
    r = command(&s, SIX(0x12, 36), data, 36, false);
    g_assert_cmpuint(r.status, ==, PHASE_ERROR);
    /* An unknown command. */
    r = command(&s, SIX(0xff, 0), data, 16, true);
    g_assert_cmpuint(r.status, ==, 1);
    g_assert_cmpuint(r.residue, ==, 16);
    command(&s, SIX(0x03, 18), data, 18, true);
    g_assert_cmphex(data[2], ==, 5);
    g_assert_cmphex(data[12], ==, 0x20);
    command(&s, SIX(0x03, 18), data, 18, true);
    g_assert_cmphex(data[2], ==, 0);
    close_stick(&s);
}

static void test_data(void)
{
    g_autofree guint8 *data = g_malloc0(256 * 512), *back = g_malloc0(256 * 512);
    Stick s;

    open_stick(&s, "null");
    if (!s.nodes->io) {
        close_stick(&s);
        g_test_skip("no io_uring");
        return;
    }
    close_stick(&s);
    open_stick(&s, "file");
    be_ready(&s);
    g_assert_cmpuint(command(&s, TEN(0x28, 300, 256), data, 256 * 512, true).status, ==, 0);
    for (guint i = 0; i < 256; i++) {
        g_assert_cmpuint(get_le32(data + 512 * i), ==, 300 + i);
    }
    memset(data, 0x5a, 256 * 512);
    g_assert_cmpuint(command(&s, TEN(0x2a, 1000, 256), data, 256 * 512, false).status, ==, 0);
    g_assert_cmpuint(command(&s, TEN(0x28, 1000, 256), back, 256 * 512, true).status, ==, 0);
    g_assert_cmpmem(data, 256 * 512, back, 256 * 512);
    close_stick(&s);
}

/* What is not a command ends in stalls, until the host resets the transport and clears them. */
static void test_invalid(void)
{
    guint8 cbw[40] = { 0 };
    guint32 moved;
    Stick s;

    open_stick(&s, "null");
    be_ready(&s);
    for (guint i = 0; i < 4; i++) {
        put_cbw(cbw, 1, 0, false, SIX(0x00, 0));
        cbw[i == 0 ? 0 : i == 1 ? 13 : 14] = i == 2 ? 0 : 0x11;
        g_assert_cmpuint(xhci_transfer(s.b, s.slot, OUT, cbw, i == 3 ? 32 : 31, &moved), ==,
                         CODE_STALL);
        g_assert_cmpuint(xhci_control(s.b, s.slot, 0x0201, 0, 0x02, 0, NULL), ==, CODE_SUCCESS);
        put_cbw(cbw, 1, 0, false, SIX(0x00, 0));
        g_assert_cmpuint(xhci_transfer(s.b, s.slot, OUT, cbw, 31, &moved), ==, CODE_STALL);
        g_assert_cmpuint(xhci_transfer(s.b, s.slot, IN, cbw, 13, &moved), ==, CODE_STALL);
        g_assert_cmpuint(xhci_control(s.b, s.slot, 0x21ff, 0, 0, 0, NULL), ==, CODE_SUCCESS);
        g_assert_cmpuint(xhci_control(s.b, s.slot, 0x0201, 0, 0x02, 0, NULL), ==, CODE_SUCCESS);
        g_assert_cmpuint(xhci_control(s.b, s.slot, 0x0201, 0, 0x81, 0, NULL), ==, CODE_SUCCESS);
        g_assert_cmpuint(command(&s, SIX(0x00, 0), NULL, 0, false).status, ==, 0);
    }
    close_stick(&s);
}

/* A host that announces 4 GiB gets no memory for them. */
static void test_huge(void)
{
    guint8 cbw[31], data[64];
    guint32 moved;
    Result r;
    Stick s;

    open_stick(&s, "null");
    be_ready(&s);
    put_cbw(cbw, 7, 0xffffffff, true, SIX(0x12, 36));
    g_assert_cmpuint(transfer(&s, OUT, cbw, 31, &moved), ==, CODE_SUCCESS);
    g_assert_cmpuint(transfer(&s, IN, data, 64, &moved), ==, CODE_SHORT);
    g_assert_cmpuint(moved, ==, 0);
    r = get_status(&s, 7);
    g_assert_cmpuint(r.status, ==, PHASE_ERROR);
    g_assert_cmphex(r.residue, ==, 0xffffffff);
    put_cbw(cbw, 8, 0xffffffff, false, TEN(0x2a, 0, 1));
    g_assert_cmpuint(transfer(&s, OUT, cbw, 31, &moved), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_transfer(s.b, s.slot, OUT, data, 64, &moved), ==, CODE_STALL);
    g_assert_cmpuint(xhci_control(s.b, s.slot, 0x0201, 0, 0x02, 0, NULL), ==, CODE_SUCCESS);
    g_assert_cmpuint(get_status(&s, 8).status, ==, PHASE_ERROR);
    g_assert_cmpuint(command(&s, SIX(0x00, 0), NULL, 0, false).status, ==, 0);
    close_stick(&s);
}

/* A reset while the disk works: the next command waits until it is done, and gets its own result. */
static void test_reset(void)
{
    guint8 cbw[31];
    g_autofree guint8 *data = g_malloc0(512);
    BenchEvent event;
    Stick s;

    open_stick(&s, "null");
    be_ready(&s);
    put_cbw(cbw, 9, 512, true, TEN(0x28, 1, 1));
    memcpy(xhci_bench_ptr(s.b, XHCI_BENCH_RAM + 0x100000), cbw, 31);
    xhci_submit(s.b, s.slot, OUT, XHCI_BENCH_RAM + 0x100000, 31);
    ide_bench_poll_once(s.nodes);
    g_assert_cmpuint(xhci_control(s.b, s.slot, 0x21ff, 0, 0, 0, NULL), ==, CODE_SUCCESS);
    put_cbw(cbw, 10, 36, true, SIX(0x12, 36));
    memcpy(xhci_bench_ptr(s.b, XHCI_BENCH_RAM + 0x100000), cbw, 31);
    xhci_submit(s.b, s.slot, OUT, XHCI_BENCH_RAM + 0x100000, 31);
    xhci_submit(s.b, s.slot, IN, XHCI_BENCH_RAM + 0x110000, 36);
    ide_bench_poll(s.nodes);
    g_assert_cmpuint(xhci_transfer_event(s.b, &event), ==, CODE_SUCCESS);
    g_assert_cmpuint(xhci_transfer_event(s.b, &event), ==, CODE_SUCCESS);
    g_assert_cmpmem(xhci_bench_ptr(s.b, XHCI_BENCH_RAM + 0x110008), 4, "QEMU", 4);
    g_assert_cmpuint(get_status(&s, 10).status, ==, 0);
    /* A reset of the machine. */
    g_assert_true(block_fronts_wait(&s.b->rig->machine->object, G_MAXINT64));
    rig_reset(s.b->rig);
    xhci_bench_place(s.b);
    xhci_bench_start(s.b);
    s.slot = xhci_open(s.b, P_3);
    xhci_control(s.b, s.slot, 0x0009, 1, 0, 0, NULL);
    xhci_add_endpoint(s.b, s.slot, IN, EP_BULK_IN, 1024);
    xhci_add_endpoint(s.b, s.slot, OUT, EP_BULK_OUT, 1024);
    be_ready(&s);
    close_stick(&s);
}

/* The unit's bus has no place for another one, and firmware finds it by its port. */
static void test_places(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    Device *dev;
    Stick s;

    open_stick(&s, "null");
    g_assert_null(rig_device(s.b->rig, "scsi-hd", "other", &error, "drive", "null2", NULL));
    g_clear_error(&error);
    dev = device_resolve(s.b->rig->root, "/machine/peripheral/stick/disk", NULL);
    path = device_boot_path(dev);
    g_assert_cmpstr(path, ==, "storage@1/channel@0/disk@0,0");
    /* High speed where there is no more. */
    xhci_bench_device(s.b, "qemu-xhci", "usb2", "p3", "0", NULL);
    xhci_bench_device(s.b, "usb-storage", "second", "drive", "null2", "bus", "usb2.0", NULL);
    close_stick(&s);
}

#define CASE(name) { "/usb-storage/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(commands), CASE(data), CASE(invalid), CASE(huge), CASE(reset), CASE(places),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
