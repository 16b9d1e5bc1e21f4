/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: an EHCI controller and a companion, with a tablet, a keyboard of full speed and a mouse
 * that comes and goes, and a hostile driver.  Each action is a byte and its operands: registers, bytes
 * and links in a piece of RAM where the lists are, queues, descriptors, control transfers, input, time,
 * states saved and loaded, resets.
 */
#include "config.h"

#include <string.h>

#include "hw/input/input.h"
#include "qmp/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/usb-fuzz.h"
#include "tests/lib/ehci-driver.h"

enum { PLAYGROUND = 0x10000, MAX_ACTIONS = 200, ACTIONS = 12 };
enum { ALL = EHCI_CMD_RUN | EHCI_CMD_ASYNC | EHCI_CMD_PERIODIC, TABLET_PORT = 0 };

typedef struct {
    EhciBench *b;
    FuzzInput in;
    Device *plugged;
} Fuzz;

static void start(Fuzz *f)
{
    ehci_bench_place(f->b);
    ehci_bench_start(f->b);
    for (guint i = 0; i < 1024; i += 4) {
        ehci_put(f->b, EHCI_FRAMES + 4 * i, (EHCI_BENCH_RAM + EHCI_INTERRUPTS) | EHCI_IS_QUEUE);
    }
    ehci_enable(f->b, TABLET_PORT);
}

static guint queue_of(Fuzz *f)
{
    return fuzz_take(&f->in, 1) & 1 ? EHCI_INTERRUPTS : EHCI_QUEUE;
}

static void write_register(Fuzz *f)
{
    guint reg = EHCI_CMD + fuzz_take(&f->in, 1) % 0x60;

    ehci_set(f->b, reg & ~3u, fuzz_take(&f->in, 4));
    ehci_get(f->b, reg & ~3u);
}

static void write_port(Fuzz *f)
{
    guint where = fuzz_take(&f->in, 1) % 2;

    rig_out(f->b->rig, EHCI_BENCH_IO + 16 + 2 * where, fuzz_take(&f->in, 2), 2);
    rig_in(f->b->rig, EHCI_BENCH_IO + 16 + 2 * where, 2);
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

static void write_link(Fuzz *f)
{
    guint offset = fuzz_take(&f->in, 2) & ~3u;

    ehci_put(f->b, offset, EHCI_BENCH_RAM + fuzz_take(&f->in, 2));
}

static void put_queue(Fuzz *f)
{
    guint queue = queue_of(f);
    guint8 address = fuzz_take(&f->in, 1) % 4, endpoint = fuzz_take(&f->in, 1) % 4;

    ehci_put_queue(f->b, queue, fuzz_take(&f->in, 2), address, endpoint,
                   fuzz_take(&f->in, 1) << 10);
    ehci_put(f->b, queue + 8, fuzz_take(&f->in, 1));
}

static void put_descriptor(Fuzz *f)
{
    guint pid = fuzz_take(&f->in, 1) & 3;
    guint32 buffer = fuzz_take(&f->in, 2), flags = fuzz_take(&f->in, 2) & 0xfc7f;

    f->b->n %= 64;
    ehci_td(f->b, pid, buffer, fuzz_take(&f->in, 2) & 0x7fff, flags);
}

static void control(Fuzz *f)
{
    guint8 address = fuzz_take(&f->in, 1) % 4;
    guint16 request = fuzz_take(&f->in, 2), value = fuzz_take(&f->in, 2);
    guint16 index = fuzz_take(&f->in, 1), length = fuzz_take(&f->in, 2) % 5000;

    f->b->n = 0;
    ehci_control(f->b, address, request, value, index, length, NULL);
}

static void input(Fuzz *f)
{
    static const InputEventKind kinds[] = { INPUT_EVENT_KIND_KEY, INPUT_EVENT_KIND_ABS,
                                            INPUT_EVENT_KIND_REL };
    guint kind = fuzz_take(&f->in, 1) % G_N_ELEMENTS(kinds), code = fuzz_take(&f->in, 1);

    input_send(f->b->rig->machine,
               &(InputItem){ kinds[kind], kind ? code & 1 : code, fuzz_take(&f->in, 2) }, 1);
}

static void reset(Fuzz *f)
{
    rig_reset(f->b->rig);
    start(f);
}

static void act(Fuzz *f)
{
    switch (fuzz_take(&f->in, 1) % ACTIONS) {
    case 0:
        write_register(f);
        break;
    case 1:
        write_port(f);
        break;
    case 2:
        write_ram(f);
        break;
    case 3:
        write_link(f);
        break;
    case 4:
        put_queue(f);
        break;
    case 5:
        put_descriptor(f);
        break;
    case 6:
        ehci_run_tds(f->b, queue_of(f));
        break;
    case 7:
        control(f);
        break;
    case 8:
        input(f);
        break;
    case 9:
        ehci_microframes(f->b, fuzz_take(&f->in, 1));
        break;
    case 10:
        usb_fuzz_carry(f->b->rig);
        break;
    case 11:
        if (fuzz_take(&f->in, 1) & 3) {
            usb_fuzz_plug(f->b->rig, &f->plugged, "3");
        } else {
            reset(f);
        }
        break;
    }
}

/* A reset makes all of it usable again. */
static void check_alive(Fuzz *f)
{
    guint8 data[18] = { 0 };

    reset(f);
    fuzz_check(!(ehci_control(f->b, 0, 0x8006, 0x0100, 0, 18, data) & 0xff));
    fuzz_check(get_le16(data + 8) == 0x0627);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(EhciBench) b = ehci_bench_new("ich9-usb-ehci1", 1);
    Fuzz f = { .b = b, .in = { data, size } };

    ehci_bench_device(b, "usb-tablet", "tablet", "1", NULL);
    ehci_bench_device(b, "usb-kbd", "kbd", "2", "1");
    reset(&f);
    for (guint i = 0; i < MAX_ACTIONS && f.in.left; i++) {
        act(&f);
    }
    check_alive(&f);
    return 0;
}
