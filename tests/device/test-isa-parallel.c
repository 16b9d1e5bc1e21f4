/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/char/isa-parallel.c: registers, the printer's signals, interrupts,
 * back-pressure, and where ports are.
 */
#include "config.h"

#include "hw/chardev/char.h"
#include "qmp/error.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-device.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

enum { DATA, STATUS, CONTROL };

/* What the host takes of a printer's bytes. */
typedef struct {
    CharOps ops;                /* first: how it is found from a Chardev */
    GString *paper;
    gsize room;
} Host;

typedef struct {
    Rig *rig;
    Device *dev;
    Chardev *chr;
    Host *host;
    guint16 base;
    guint irq;
} Port;

static gsize host_write(Chardev *chr, const guint8 *data, gsize size)
{
    Host *host = (Host *)chr->ops;
    gsize n = MIN(size, host->room);

    host->room -= n;
    g_string_append_len(host->paper, (const char *)data, n);
    return n;
}

static char *host_filename(Chardev *chr)
{
    return g_strdup("paper");
}

static Port port_new(Rig *rig, const char *id, const char *index, const char *irq)
{
    g_autofree char *chardev = g_strconcat("c-", id, NULL);
    g_autoptr(GError) error = NULL;
    Port p = { .rig = rig, .host = g_new0(Host, 1), .irq = g_ascii_strtoull(irq, NULL, 10) };

    p.host->ops = (CharOps) { .write = host_write, .filename = host_filename };
    p.host->paper = g_string_new(NULL);
    p.host->room = G_MAXSIZE;
    p.chr = to_chardev(rig_object(rig, "chardev-null", chardev, &error, NULL));
    g_assert_no_error(error);
    p.chr->ops = &p.host->ops;
    p.dev = rig_device(rig, "isa-parallel", id, &error, "index", index, "irq", irq, "chardev",
                       chardev, NULL);
    g_assert_no_error(error);
    p.base = isa_parallel_props(p.dev)->iobase;
    return p;
}

static Port lpt1_new(Rig *rig)
{
    return port_new(rig, "lpt1", "0", "7");
}

static void port_done(Port *p)
{
    p->chr->ops = object_kind(p->chr);
    g_string_free(p->host->paper, true);
    g_free(p->host);
}

static guint8 in(const Port *p, guint reg)
{
    return rig_in(p->rig, p->base + reg, 1);
}

static void out(const Port *p, guint reg, guint8 value)
{
    rig_out(p->rig, p->base + reg, value, 1);
}

/* What a driver does; flags are control bits beside initialize and select. */
static void print(const Port *p, guint8 byte, guint8 flags)
{
    out(p, DATA, byte);
    out(p, CONTROL, 0x0d | flags);
    out(p, CONTROL, 0x0c | flags);
}

static void test_registers(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = lpt1_new(rig);

    g_assert_cmphex(in(&p, DATA), ==, 0xff);
    g_assert_cmphex(in(&p, STATUS), ==, 0xd9);
    g_assert_cmphex(in(&p, CONTROL), ==, 0xcc);
    g_assert_cmphex(rig_in(rig, p.base + 3, 1), ==, 0xff);
    out(&p, DATA, 0x5a);
    out(&p, STATUS, 0x00);
    out(&p, CONTROL, 0xee);
    g_assert_cmphex(in(&p, DATA), ==, 0xff);            /* input: nothing drives it */
    g_assert_cmphex(in(&p, CONTROL), ==, 0xee);
    out(&p, CONTROL, 0x0c);
    g_assert_cmphex(in(&p, DATA), ==, 0x5a);
    g_assert_cmphex(in(&p, STATUS), ==, 0xd9);
    g_assert_cmpstr(p.host->paper->str, ==, "");
    port_done(&p);
}

/* A byte goes when the strobe rises; its acknowledge is seen once. */
static void test_print(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = lpt1_new(rig);

    print(&p, 'a', 0);
    g_assert_cmphex(in(&p, STATUS), ==, 0x19);
    g_assert_cmphex(in(&p, STATUS), ==, 0xd9);
    print(&p, 'b', 0);
    out(&p, CONTROL, 0x0d);
    out(&p, CONTROL, 0x0d);                             /* it stays: no strobe */
    g_assert_cmpstr(p.host->paper->str, ==, "abb");
    out(&p, CONTROL, 0x04);
    print(&p, 'c', 0);
    out(&p, CONTROL, 0x04);
    out(&p, CONTROL, 0x05);                             /* not selected */
    out(&p, CONTROL, 0x08);
    out(&p, CONTROL, 0x09);                             /* being initialized */
    g_assert_cmpstr(p.host->paper->str, ==, "abbc");
    g_assert_cmphex(in(&p, STATUS), ==, 0x59);
    port_done(&p);
}

/* The interrupt comes with the acknowledge, if it is enabled, until it is seen. */
static void test_interrupt(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = lpt1_new(rig);

    print(&p, 'a', 0);
    g_assert_false(rig_irq_level(rig, 7));
    out(&p, CONTROL, 0x1c);
    g_assert_true(rig_irq_level(rig, 7));
    in(&p, STATUS);
    g_assert_false(rig_irq_level(rig, 7));
    print(&p, 'b', 0x10);
    print(&p, 'c', 0x10);
    g_assert_true(rig_irq_level(rig, 7));
    g_assert_cmpuint(rig_irq_edges(rig, 7), ==, 3);     /* it falls between them */
    out(&p, CONTROL, 0x10);                             /* initialized */
    g_assert_false(rig_irq_level(rig, 7));
    port_done(&p);
}

/* Busy until the host takes the byte; what comes meanwhile is lost. */
static void test_busy(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = lpt1_new(rig);

    p.host->room = 1;
    print(&p, 'a', 0x10);
    in(&p, STATUS);
    print(&p, 'b', 0x10);
    g_assert_cmphex(in(&p, STATUS), ==, 0x59);
    g_assert_false(rig_irq_level(rig, 7));
    print(&p, 'x', 0x10);
    p.host->room = 10;
    char_writable(p.chr);
    g_assert_true(rig_irq_level(rig, 7));
    g_assert_cmphex(in(&p, STATUS), ==, 0x19);
    char_writable(p.chr);
    g_assert_cmpstr(p.host->paper->str, ==, "ab");
    p.host->room = 0;
    print(&p, 'c', 0);
    out(&p, CONTROL, 0x08);                             /* initialized: it forgets */
    out(&p, CONTROL, 0x0c);
    p.host->room = 10;
    char_writable(p.chr);
    g_assert_cmpstr(p.host->paper->str, ==, "ab");
    port_done(&p);
}

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port p = lpt1_new(rig);

    print(&p, 'a', 0x10);
    rig_reset(rig);
    g_assert_false(rig_irq_level(rig, 7));
    g_assert_cmphex(in(&p, STATUS), ==, 0xd9);
    g_assert_cmphex(in(&p, CONTROL), ==, 0xcc);
    port_done(&p);
}

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Port p = lpt1_new(rig);

    p.host->room = 0;
    print(&p, 'a', 0x10);
    device_save(p.dev, state, NULL);
    rig_reset(rig);
    p.host->room = 1;
    g_assert_true(device_load(p.dev, state->data, state->len, &error));
    g_assert_cmpstr(p.host->paper->str, ==, "a");
    g_assert_true(rig_irq_level(rig, 7));
    *state_bytes(state, "control") = 0xff;
    g_assert_false(device_load(p.dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    port_done(&p);
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Port a = lpt1_new(rig), b = port_new(rig, "lpt2", "1", "5");

    print(&a, '1', 0x10);
    g_assert_false(rig_irq_level(rig, 5));
    print(&b, '2', 0x10);
    g_assert_true(rig_irq_level(rig, 5));
    in(&b, STATUS);
    g_assert_true(rig_irq_level(rig, 7));
    g_assert_cmpstr(a.host->paper->str, ==, "1");
    g_assert_cmpstr(b.host->paper->str, ==, "2");
    device_unmake(a.dev);
    g_assert_false(rig_irq_level(rig, 7));
    g_assert_cmphex(in(&a, DATA), ==, 0xff);
    g_assert_cmphex(in(&b, DATA), ==, '2');
    port_done(&a);
    port_done(&b);
}

static Device *make(Rig *rig, const char *id, const char *property, const char *value,
                    GError **error)
{
    g_autofree char *chardev = g_strconcat("c-", id, NULL);

    rig_object(rig, "chardev-null", chardev, NULL, NULL);
    return rig_device(rig, "isa-parallel", id, error, "chardev", chardev, property, value, NULL);
}

/* What is left open is the first free port, written back. */
static void test_choice(void)
{
    static const guint16 ports[] = { 0x278, 0x378, 0x3bc };
    static const char *const indices[] = { "1", NULL, NULL };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *id = g_strdup_printf("lpt%u", i);
        Device *dev = make(rig, id, indices[i] ? "index" : NULL, indices[i], &error);
        const IsaParallelProps *props = isa_parallel_props(dev);

        g_assert_no_error(error);
        g_assert_true(props->has_iobase && props->has_index);
        g_assert_cmphex(props->iobase, ==, ports[i]);
        g_assert_cmpuint(props->irq, ==, 7);
    }
    g_assert_null(make(rig, "a", NULL, NULL, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_BUS_FULL));
    g_clear_error(&error);
    g_assert_null(make(rig, "b", "index", "0", &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    g_clear_error(&error);
    g_assert_nonnull(make(rig, "d", "iobase", "0x1000", &error));
    g_assert_no_error(error);
}

#define CASE(name) { "/isa-parallel/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(registers), CASE(print), CASE(interrupt), CASE(busy), CASE(reset), CASE(state),
    CASE(two), CASE(choice),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
