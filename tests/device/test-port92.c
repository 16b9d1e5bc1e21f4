/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/misc/port92.c: the gate of A20, and the reset.
 */
#include "config.h"

#include "qmp/error.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/rig.h"

#define PORT 0x92

static Irq *port92_new(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "port92", "port92", &error, NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    return gpio(&dev->object, "a20", 0);
}

static void test_a20(void)
{
    g_autoptr(Rig) rig = rig_new();
    Irq *a20 = port92_new(rig);

    g_assert_cmphex(rig_in(rig, PORT, 1), ==, 0x00);
    g_assert_false(irq_level(a20));
    rig_out(rig, PORT, 0xca, 1);
    g_assert_true(irq_level(a20));
    g_assert_cmphex(rig_in(rig, PORT, 1), ==, 0xca);
    rig_out(rig, PORT, 0xc8, 1);
    g_assert_false(irq_level(a20));
    rig_out(rig, PORT, 0x02, 1);
    rig_reset(rig);
    g_assert_false(irq_level(a20));
    g_assert_cmphex(rig_in(rig, PORT, 1), ==, 0x00);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 0);
}

/* Bit 0 resets when it rises, and not while it stays. */
static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    port92_new(rig);
    for (guint i = 0; i < 4; i++) {
        rig_out(rig, PORT, i < 2 ? 0x03 : 0x01, 1);
    }
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_RESET);
    rig_out(rig, PORT, 0x00, 1);
    rig_out(rig, PORT, 0x01, 1);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 2);
}

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Irq *a20 = port92_new(rig);
    Device *dev = to_device(object_child(object_child(&rig->machine->object, "peripheral"),
                                         "port92"));

    rig_out(rig, PORT, 0x02, 1);
    device_save(dev, state, NULL);
    rig_out(rig, PORT, 0, 1);
    g_assert_false(irq_level(a20));
    g_assert_true(device_load(dev, state->data, state->len, &error));
    g_assert_true(irq_level(a20));
    g_assert_cmphex(rig_in(rig, PORT, 1), ==, 0x02);
}

/* One to a bus; those of two machines do not know each other. */
static void test_two(void)
{
    g_autoptr(Rig) a = rig_new(), b = rig_new();
    g_autoptr(GError) error = NULL;
    Irq *a20 = port92_new(a);

    port92_new(b);
    rig_out(b, PORT, 0x02, 1);
    g_assert_false(irq_level(a20));
    g_assert_null(rig_device(a, "port92", "other", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
}

#define CASE(name) { "/port92/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(a20), CASE(reset), CASE(state), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
