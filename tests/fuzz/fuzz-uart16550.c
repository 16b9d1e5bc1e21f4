/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: hw/char/uart16550.c on an ISA bus.  Pairs of bytes are register
 * accesses, bytes from the host, time that passes, and resets.  After each, the
 * line must agree with IIR, and the FIFO with what it can hold.
 */
#include "config.h"

#include "hw/chardev/char.h"
#include "qom/qapi-objects-char.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

#define PORT 0x3f8
#define IRQ 4
#define IIR 2

static void host_sends(Chardev *chr, guint8 value)
{
    guint8 data[256];
    gsize n = MIN((gsize)value, char_can_receive(chr));

    memset(data, value, sizeof(data));
    char_receive(chr, data, n);
}

/* Where the low bits of `what` do not say a register. */
static void other_event(Rig *rig, Chardev *chr, guint8 what, guint8 value)
{
    switch (what & 7) {
    case 0:
    case 1:
        host_sends(chr, value);
        break;
    case 2:
        char_event(chr, CHAR_EVENT_BREAK);
        break;
    case 3:
        char_writable(chr);
        break;
    case 4:
        rig_reset(rig);
        break;
    default:
        clock_advance(rig->clock,
                      clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + value * value * 1000);
    }
}

static void check(Rig *rig, Chardev *chr)
{
    bool level = rig_irq_level(rig, IRQ);
    guint8 iir = rig_in(rig, PORT + IIR, 1);

    g_assert_cmpint(level, ==, !(iir & 1));
    g_assert_cmpuint(char_can_receive(chr), <=, iir & 0x80 ? 16 : 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = to_chardev(rig_object(rig, "chardev-ringbuf", "c0", &error, NULL));

    rig_device(rig, "isa-serial", "s0", &error, "index", "0", "chardev", "c0", NULL);
    g_assert_no_error(error);
    for (size_t i = 0; i + 1 < size; i += 2) {
        switch (data[i] >> 6) {
        case 0:
        case 1:
            rig_out(rig, PORT + (data[i] & 7), data[i + 1], 1);
            break;
        case 2:
            rig_in(rig, PORT + (data[i] & 7), 1 << data[i + 1] % 3);
            break;
        default:
            other_event(rig, chr, data[i], data[i + 1]);
        }
        check(rig, chr);
    }
    return 0;
}
