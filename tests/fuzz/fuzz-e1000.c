/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: class e1000 with a hostile driver and a network that is sometimes
 * full.  Each action is a byte and its operands: registers through both BARs, bytes
 * into a piece of RAM where the rings are, descriptors, frames, time, resets, the
 * cable, stops of the machine, its state saved and loaded.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "qom/qapi-objects-pci.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/e1000-driver.h"

enum { PLAYGROUND = 65536, ACTIONS = 14, REGISTERS = 0x6000 };

/* ---- Actions ---- */

/* Registers that hold addresses get some of the playground. */
static void write_register(E1000Driver *d, FuzzInput *in, guint64 playground)
{
    guint reg = fuzz_take(in, 2) % REGISTERS & ~3u;
    guint32 value = fuzz_take(in, 4);

    if (reg == REG_RDBAL || reg == REG_TDBAL) {
        value = playground + value % PLAYGROUND;
    }
    e1000_driver_write(d, reg, value);
}

static void write_io(E1000Driver *d, FuzzInput *in)
{
    Rig *rig = d->bench->rig;

    rig_out(rig, d->io, fuzz_take(in, 2), 4);
    rig_out(rig, d->io + 4, fuzz_take(in, 4), 4);
    rig_in(rig, d->io + 4, 4);
}

static void write_ram(E1000Driver *d, FuzzInput *in, guint64 playground)
{
    guint offset = fuzz_take(in, 2);
    gsize n = fuzz_take(in, 1);

    n = MIN(MIN(n, PLAYGROUND - offset), in->left);
    memcpy((guint8 *)e1000_bench_ptr(d->bench, playground) + offset, in->data, n);
    in->data += n;
    in->left -= n;
}

static void add_descriptor(E1000Driver *d, FuzzInput *in, guint64 playground)
{
    guint64 buffer = playground + fuzz_take(in, 2);
    guint32 lower = fuzz_take(in, 4), upper = fuzz_take(in, 4);

    if (fuzz_take(in, 1) & 1) {
        buffer = (guint64)fuzz_take(in, 4) << 32 | fuzz_take(in, 4);
    }
    e1000_driver_add(d, buffer, lower, upper, false);
    e1000_driver_write(d, REG_TDT, d->tx_next);
}

static void receive_frame(E1000Driver *d, FuzzInput *in)
{
    guint8 bytes[20000];
    gsize size = 1 + fuzz_take(in, 2) % (sizeof(bytes) - 1), head = fuzz_take(in, 1);

    head = MIN(MIN(head, size), in->left);
    memset(bytes, 0xff, sizeof(bytes));
    memcpy(bytes, in->data, head);
    in->data += head;
    in->left -= head;
    (void)(send(d->fd, bytes, size, MSG_DONTWAIT) == 0);
}

static void drain(E1000Driver *d, guint n)
{
    static guint8 buf[NET_FRAME_MAX + 1];
    gssize size;

    while (n-- > 0 && (size = recv(d->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
        fuzz_check(size <= NET_FRAME_MAX);
    }
}

static void out_and_in(E1000Driver *d)
{
    g_autoptr(GByteArray) before = g_byte_array_new(), after = g_byte_array_new();

    device_save(d->dev, before, NULL);
    fuzz_check(device_load(d->dev, before->data, before->len, NULL));
    device_save(d->dev, after, NULL);
    fuzz_check(before->len == after->len);
}

static void act(E1000Driver *d, FuzzInput *in, guint64 playground)
{
    E1000Bench *b = d->bench;

    switch (fuzz_take(in, 1) % ACTIONS) {
    case 0:
    case 1:
        write_register(d, in, playground);
        break;
    case 2:
        e1000_driver_read(d, fuzz_take(in, 2) % REGISTERS & ~3u);
        break;
    case 3:
        write_io(d, in);
        break;
    case 4:
        write_ram(d, in, playground);
        break;
    case 5:
        add_descriptor(d, in, playground);
        break;
    case 6:
        receive_frame(d, in);
        break;
    case 7:
        drain(d, fuzz_take(in, 1));
        break;
    case 8:
        e1000_bench_wait(b, (gint64)fuzz_take(in, 2) * 10000);
        break;
    case 9:
        nic_set_link(nic_of(&d->dev->object), fuzz_take(in, 1) & 1);
        break;
    case 10:
        rig_reset(b->rig);
        break;
    case 11:
        machine_pause(b->rig->machine);
        machine_run(b->rig->machine, NULL);
        break;
    case 12:
        out_and_in(d);
        break;
    default:
        rig_pci_write(b->rig, 0, to_pci_device(d->dev)->devfn, PCI_COMMAND, fuzz_take(in, 1), 1);
    }
    e1000_bench_turn_once(b);
}

static void be_quiet(const char *domain, GLogLevelFlags level, const char *text, gpointer opaque)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) {
        g_log_default_handler(domain, level, text, opaque);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autoptr(E1000Bench) b = NULL;
    FuzzInput in = { .data = data, .left = MIN(size, PLAYGROUND) };
    guint64 playground;
    E1000Driver *d;

    g_log_set_default_handler(be_quiet, NULL);
    b = e1000_bench_new();
    d = e1000_driver_new(b, NULL);
    playground = e1000_bench_alloc(b, 2 * PLAYGROUND);
    e1000_driver_start(d, 0);
    while (in.left) {
        act(d, &in, playground);
    }
    return 0;
}
