/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: an xHCI controller with a keyboard, a tablet and a disk, and a hostile driver.  Each
 * action is a byte and its operands: registers, bytes and addresses in a piece of RAM where rings
 * and contexts are, items on rings, commands, control transfers, commands of the disk, input,
 * devices that come and go, time, states saved and loaded, resets.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/usb-fuzz.h"
#include "tests/lib/ide-driver.h"
#include "tests/lib/xhci-driver.h"

enum { PLAYGROUND = 0x10000, MAX_ACTIONS = 300, ACTIONS = 16, SPARE = 0x20000, P_2 = 5, DISK_PORT = 4, DISK_SLOT = 3 };

typedef struct {
    XhciBench *b;
    IdeBench *nodes;            /* what the disk reads */
    FuzzInput in;
    Device *plugged;            /* the mouse that comes and goes, or NULL */
} Fuzz;

/* ---- Actions ---- */

static void write_register(Fuzz *f)
{
    static const guint16 bases[] = { XHCI_OPERATIONAL, XHCI_PORTS, XHCI_RUNTIME, XHCI_DOORBELLS };
    guint where = fuzz_take(&f->in, 1), offset = bases[where & 3] + (where >> 2) * 4;
    guint32 value = fuzz_take(&f->in, 4);

    xhci_set(f->b, offset, value);
    xhci_get(f->b, offset);
}

/* The same, of an address in the playground. */
static void write_pointer(Fuzz *f)
{
    static const guint16 registers[] = {
        XHCI_OPERATIONAL + OP_CRCR, XHCI_OPERATIONAL + OP_DCBAAP, XHCI_INTERRUPTERS + INTR_ERSTBA,
        XHCI_INTERRUPTERS + INTR_ERDP,
    };
    guint offset = registers[fuzz_take(&f->in, 1) & 3];

    xhci_set(f->b, offset, XHCI_BENCH_RAM + fuzz_take(&f->in, 2));
    xhci_set(f->b, offset + 4, 0);
}

static void write_ram(Fuzz *f)
{
    guint offset = fuzz_take(&f->in, 2);
    gsize n = fuzz_take(&f->in, 1);

    n = MIN(MIN(n, PLAYGROUND - offset), f->in.left);
    memcpy(f->b->ram + offset, f->in.data, n);
    f->in.data += n;
    f->in.left -= n;
}

static void write_address(Fuzz *f)
{
    guint offset = fuzz_take(&f->in, 2) & ~7u;

    put_le(f->b->ram + offset, XHCI_BENCH_RAM + fuzz_take(&f->in, 2), 8);
}

static void put_item(Fuzz *f)
{
    guint slot = 1 + fuzz_take(&f->in, 1) % 3, endpoint = 1 + fuzz_take(&f->in, 1) % 4;
    guint64 memory = XHCI_BENCH_RAM + SPARE + fuzz_take(&f->in, 2);
    guint32 status = fuzz_take(&f->in, 4), control = fuzz_take(&f->in, 4);

    if (f->b->rings[slot][endpoint].base) {
        xhci_put(f->b, &f->b->rings[slot][endpoint], memory, status, control & ~1u);
        xhci_doorbell(f->b, slot, endpoint);
    }
}

static void command(Fuzz *f)
{
    guint type = fuzz_take(&f->in, 1), slot = fuzz_take(&f->in, 1) % 4;
    guint endpoint = fuzz_take(&f->in, 1);
    guint64 parameter = XHCI_BENCH_RAM + fuzz_take(&f->in, 2);

    xhci_command(f->b, parameter, 0,
                 (type & 0x3f) << TRB_TYPE_SHIFT | (type >> 6 & 1) << 9 | slot << TRB_SLOT_SHIFT |
                 (endpoint & 0x1f) << TRB_ENDPOINT_SHIFT, NULL);
}

static void control(Fuzz *f)
{
    guint slot = 1 + fuzz_take(&f->in, 1) % 3;
    guint16 request = fuzz_take(&f->in, 2), value = fuzz_take(&f->in, 2);
    guint16 index = fuzz_take(&f->in, 1), length = fuzz_take(&f->in, 2) % 5000;
    g_autofree guint8 *data = g_malloc0(5000);

    f->b->next = XHCI_BENCH_RAM + SPARE;
    if (f->b->rings[slot][1].base) {
        xhci_control(f->b, slot, request, value, index, length, data);
    }
}

static void input(Fuzz *f)
{
    guint kind = fuzz_take(&f->in, 1), code = fuzz_take(&f->in, 1);
    gint32 value = fuzz_take(&f->in, 4);

    if (kind & 4) {
        code %= INPUT_BUTTON__MAX;
    }
    input_send(f->b->rig->machine, &(InputItem){ kind & 3, code, value }, 1);
}

static void start(Fuzz *f)
{
    xhci_bench_place(f->b);
    xhci_bench_start(f->b);
    for (guint i = 0; i < 2; i++) {
        xhci_configure_hid(f->b, xhci_open(f->b, P_2 + i));
    }
    xhci_open(f->b, DISK_PORT);
    xhci_control(f->b, DISK_SLOT, 0x0009, 1, 0, 0, NULL);
    xhci_add_endpoint(f->b, DISK_SLOT, 3, EP_BULK_IN, 1024);
    xhci_add_endpoint(f->b, DISK_SLOT, 4, EP_BULK_OUT, 1024);
}

/* A command for the disk, with what the input has of its wrapper's fields, and its data. */
static void disk_command(Fuzz *f)
{
    guint8 *cbw = xhci_bench_ptr(f->b, XHCI_BENCH_RAM + SPARE);
    guint32 expected = fuzz_take(&f->in, 3);

    if (!f->b->rings[DISK_SLOT][4].base) {
        return;
    }
    put_le(cbw, 0x43425355, 4);
    put_le(cbw + 8, expected, 4);
    for (guint i = 12; i < 31; i++) {
        cbw[i] = fuzz_take(&f->in, 1);
    }
    xhci_submit(f->b, DISK_SLOT, 4, XHCI_BENCH_RAM + SPARE, 31);
    xhci_submit(f->b, DISK_SLOT, cbw[12] & 0x80 ? 3 : 4, XHCI_BENCH_RAM + SPARE + 64,
                MIN(expected, 0x10000));
    ide_bench_poll(f->nodes);
    xhci_submit(f->b, DISK_SLOT, 3, XHCI_BENCH_RAM + SPARE + 64, 13);
    xhci_events_done(f->b);
}

static void reset(Fuzz *f)
{
    fuzz_check(block_fronts_wait(&f->b->rig->machine->object, G_MAXINT64));
    rig_reset(f->b->rig);
    start(f);
}

static void act(Fuzz *f)
{
    gint64 now = clock_now(f->b->rig->clock, CLOCK_KIND_VIRTUAL);

    switch (fuzz_take(&f->in, 1) % ACTIONS) {
    case 0:
    case 1:
        write_register(f);
        break;
    case 2:
        write_pointer(f);
        break;
    case 3:
        write_ram(f);
        break;
    case 4:
        write_address(f);
        break;
    case 5:
    case 6:
        put_item(f);
        break;
    case 7:
        command(f);
        break;
    case 8:
        control(f);
        break;
    case 9:
        input(f);
        break;
    case 10:
        usb_fuzz_plug(f->b->rig, &f->plugged, "3");
        break;
    case 11:
        clock_advance_some(f->b->rig->clock, now + fuzz_take(&f->in, 3) * 100, 100);
        break;
    case 12:
        machine_pause(f->b->rig->machine);
        ide_bench_poll(f->nodes);
        usb_fuzz_carry(f->b->rig);
        fuzz_check(machine_run(f->b->rig->machine, NULL));
        break;
    case 13:
        reset(f);
        break;
    case 14:
        disk_command(f);
        break;
    case 15:
        ide_bench_poll(f->nodes);
        break;
    }
}

/* A reset makes all of it usable again. */
static void check_alive(Fuzz *f)
{
    guint8 data[18] = { 0 };

    ide_bench_poll(f->nodes);
    reset(f);
    for (guint slot = 1; slot <= 2; slot++) {
        fuzz_check(xhci_control(f->b, slot, 0x8006, 0x0100, 0, 18, data) == CODE_SUCCESS);
        fuzz_check(get_le16(data + 8) == 0x0627);
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    IdeBench *nodes = ide_bench_new_bare();
    Fuzz f = { .nodes = nodes, .b = xhci_bench_on(nodes->rig, "qemu-xhci"), .in = { data, size } };

    xhci_bench_device(f.b, "usb-kbd", "kbd", "port", "1", NULL);
    xhci_bench_device(f.b, "usb-tablet", "tablet", "port", "2", NULL);
    xhci_bench_device(f.b, "usb-storage", "disk", "drive", "null", "port", "4", NULL);
    rig_pci_hotplug(nodes->rig);
    rig_reset(nodes->rig);
    start(&f);
    for (guint i = 0; i < MAX_ACTIONS && f.in.left; i++) {
        act(&f);
    }
    check_alive(&f);
    ide_bench_free(nodes);
    xhci_bench_free(f.b);
    return 0;
}
