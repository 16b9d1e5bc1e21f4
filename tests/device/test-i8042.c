/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/input/i8042.c: registers, commands and output port of the controller, its
 * two interrupts, and the loops to its ports.  The keyboard and the mouse are
 * tested in test-ps2-kbd.c and test-ps2-mouse.c.
 */
#include "config.h"

#include "hw/input/i8042.h"
#include "hw/input/input.h"
#include "hw/input/keycodes.h"
#include "qmp/error.h"
#include "tests/lib/ps2-host.h"
#include "tests/lib/state-bytes.h"

static void test_reset_values(void)
{
    g_autoptr(Rig) rig = rig_new();
    Device *dev = ps2_host_new(rig);

    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x18);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x03);
    g_assert_cmphex(ps2_host_ask(rig, 0xd0), ==, 0xcf);
    g_assert_true(irq_level(gpio(&dev->object, "a20", 0)));
    ps2_host_command(rig, 0x60, 0x77);
    ps2_host_command(rig, 0x7f, 0x99);
    ps2_host_command(rig, 0xd1, 0x01);
    rig_out(rig, 0x64, 0xd4, 1);
    rig_reset(rig);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x18);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x03);
    g_assert_cmphex(ps2_host_ask(rig, 0x3f), ==, 0x00);
    g_assert_true(irq_level(gpio(&dev->object, "a20", 0)));
    ps2_host_send(rig, 0xee);           /* no command is waiting for it */
    ps2_host_expect(rig, 0xee, -1);
}

/* Status: full, system flag, which port was written, whose byte it is. */
static void test_status(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    rig_out(rig, 0x64, 0xaa, 1);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x1d);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x55);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x1c);
    rig_out(rig, 0x60, 0xee, 1);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x15);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0xee);
    ps2_host_command(rig, 0xd3, 0x42);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x35);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x42);
    g_assert_cmphex(rig_in(rig, 0x64, 1), ==, 0x14);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x42);    /* again what was there */
    ps2_host_command(rig, 0x60, 0x03);                  /* its flag is the status's */
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 0x04, ==, 0);
}

/* RAM: 32 bytes, of which the first is the command byte. */
static void test_ram(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    for (guint i = 1; i < 32; i++) {
        ps2_host_command(rig, 0x60 + i, i * 7);
    }
    ps2_host_command(rig, 0x60, 0x45);
    for (guint i = 1; i < 32; i++) {
        g_assert_cmphex(ps2_host_ask(rig, 0x20 + i), ==, i * 7 % 256);
    }
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x45);
}

static void test_tests(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    g_assert_cmphex(ps2_host_ask(rig, 0xaa), ==, 0x55);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x07);
    g_assert_cmphex(ps2_host_ask(rig, 0xab), ==, 0x00);
    g_assert_cmphex(ps2_host_ask(rig, 0xa9), ==, 0x00);
    g_assert_cmphex(ps2_host_ask(rig, 0xa4), ==, 0xf1);
    g_assert_cmphex(ps2_host_ask(rig, 0xc0), ==, 0x80);
    g_assert_cmphex(ps2_host_ask(rig, 0xe0), ==, 0x00);
    rig_out(rig, 0x64, 0x01, 1);                        /* no such command */
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 1, ==, 0);
}

/* Switching the ports off and on, by commands and by the command byte; bytes wait
 * meanwhile. */
static void test_switches(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    rig_out(rig, 0x64, 0xad, 1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x13);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 1, ==, 0);
    rig_out(rig, 0x64, 0xae, 1);
    ps2_host_expect(rig, 0x1c, -1);
    rig_out(rig, 0x64, 0xa7, 1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x23);
    rig_out(rig, 0x64, 0xa8, 1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x03);

    ps2_host_command(rig, 0x60, 0x33);
    ps2_host_send(rig, 0xee);                           /* talking to it switches it on */
    ps2_host_expect(rig, 0xee, -1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x23);
    ps2_host_command(rig, 0xd4, 0xf6);
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 0x21, ==, 0x21);
    ps2_host_expect(rig, 0xfa, -1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20), ==, 0x03);
}

/* Lines follow the output buffer, fall with each byte, and have their switches. */
static void test_interrupts(void)
{
    g_autoptr(Rig) rig = rig_new();
    guint edges;

    ps2_host_new(rig);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_A, false);
    g_assert_true(rig_irq_level(rig, 1));
    edges = rig_irq_edges(rig, 1);
    ps2_host_expect(rig, 0x1c, 0xf0, 0x1c, -1);
    g_assert_cmpuint(rig_irq_edges(rig, 1), ==, edges + 2);
    g_assert_false(rig_irq_level(rig, 1));

    ps2_host_command(rig, 0xd4, 0xeb);
    g_assert_true(rig_irq_level(rig, 12));
    g_assert_false(rig_irq_level(rig, 1));
    ps2_host_expect(rig, 0xfa, 0x08, 0x00, 0x00, -1);
    g_assert_false(rig_irq_level(rig, 12));
    g_assert_cmpuint(rig_irq_edges(rig, 12), ==, 4);

    ps2_host_command(rig, 0x60, 0x00);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    g_assert_false(rig_irq_level(rig, 1));
    ps2_host_command(rig, 0x60, 0x01);
    g_assert_true(rig_irq_level(rig, 1));
}

/* The controller's own answer comes before what the ports have to say. */
static void test_order(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_B, true);
    rig_out(rig, 0x64, 0xa9, 1);
    ps2_host_expect(rig, 0x1c, 0x00, 0x32, -1);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    rig_out(rig, 0x64, 0xd0, 1);                        /* the output port tells of it */
    ps2_host_expect(rig, 0x1c, 0xdf, -1);
    ps2_host_command(rig, 0xd3, 0x00);
    rig_out(rig, 0x64, 0xd0, 1);
    ps2_host_expect(rig, 0x00, 0xef, -1);
}

static void test_loops(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_command(rig, 0xd2, 0x5a);
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 0x21, ==, 0x01);
    g_assert_true(rig_irq_level(rig, 1));
    ps2_host_expect(rig, 0x5a, -1);
    ps2_host_command(rig, 0xd3, 0xa5);
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 0x21, ==, 0x21);
    g_assert_true(rig_irq_level(rig, 12));
    ps2_host_expect(rig, 0xa5, -1);
}

/* A20 by the output port and by its commands. */
static void test_a20(void)
{
    g_autoptr(Rig) rig = rig_new();
    Irq *a20 = gpio(&ps2_host_new(rig)->object, "a20", 0);

    ps2_host_command(rig, 0xd1, 0xdd);
    g_assert_false(irq_level(a20));
    g_assert_cmphex(ps2_host_ask(rig, 0xd0), ==, 0xcd);
    rig_out(rig, 0x64, 0xdf, 1);
    g_assert_true(irq_level(a20));
    rig_out(rig, 0x64, 0xdd, 1);
    g_assert_false(irq_level(a20));
    g_assert_cmphex(ps2_host_ask(rig, 0xd0) & 2, ==, 0);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 0);
}

/* Pulses of bit 0, and the bit itself, reset the system. */
static void test_system_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    for (guint command = 0xf0; command <= 0xff; command++) {
        rig->resets = 0;
        rig_out(rig, 0x64, command, 1);
        rig_deliver(rig);
        g_assert_cmpuint(rig->resets, ==, command & 1 ? 0 : 1);
    }
    rig->resets = 0;
    ps2_host_command(rig, 0xd1, 0xce);
    rig_deliver(rig);
    g_assert_cmpuint(rig->resets, ==, 1);
    g_assert_cmpint(rig->cause, ==, SHUTDOWN_CAUSE_GUEST_RESET);
}

/* Each key's codes in sets 1 and 2 agree by the controller's table. */
static void test_translation(void)
{
    for (guint i = 0; i < Q_KEY_CODE__MAX; i++) {
        guint16 set1 = key_codes[i].set1, set2 = key_codes[i].set2;

        g_assert_cmpint(set1 == 0, ==, i == Q_KEY_CODE_UNMAPPED);
        g_assert_cmphex(set1 >> 8, ==, set2 >> 8);
        if (set2) {
            g_assert_cmphex(i8042_translate(set2 & 0xff), ==, set1 & 0xff);
        }
    }
}

static void test_translated(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_command(rig, 0x60, 0x43);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_A, false);
    ps2_host_key(rig, Q_KEY_CODE_CTRL_R, true);
    ps2_host_key(rig, Q_KEY_CODE_CTRL_R, false);
    ps2_host_expect(rig, 0x1e, 0x9e, 0xe0, 0x1d, 0xe0, 0x9d, -1);
    ps2_host_key(rig, Q_KEY_CODE_F7, true);
    ps2_host_key(rig, Q_KEY_CODE_F7, false);
    ps2_host_expect(rig, 0x41, 0xc1, -1);
    ps2_host_send(rig, 0xf2);
    ps2_host_expect(rig, 0xfa, 0xab, 0x41, -1);
}

/* With kbd-throttle, a byte waits a millisecond after the one before. */
static void test_throttle(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    rig_device(rig, "i8042", "kbc", &error, "kbd-throttle", "on", NULL);
    g_assert_no_error(error);
    rig_reset(rig);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_B, true);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x1c);
    g_assert_cmphex(rig_in(rig, 0x64, 1) & 1, ==, 0);
    clock_advance(rig->clock, 999999);
    g_assert_false(rig_irq_level(rig, 1));
    clock_advance(rig->clock, 1000000);
    g_assert_true(rig_irq_level(rig, 1));
    ps2_host_expect(rig, 0x32, -1);
}

/* A byte that waited when the state was saved comes where it is loaded. */
static void test_throttle_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "i8042", "kbc", &error, "kbd-throttle", "on", NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_B, true);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x1c);
    device_save(dev, state, NULL);
    clock_advance(rig->clock, 1000000);
    g_assert_true(rig_irq_level(rig, 1));
    g_assert_true(device_load(dev, state->data, state->len, &error));
    g_assert_false(rig_irq_level(rig, 1));
    clock_advance(rig->clock, 2000000);
    g_assert_true(rig_irq_level(rig, 1));
}

/* Lines by properties; its ports exist once a bus. */
static void test_properties(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "i8042", "kbc", &error, "kbd-irq", "5", "mouse-irq", "9", NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    ps2_host_command(rig, 0xd2, 1);
    g_assert_true(rig_irq_level(rig, 5));
    ps2_host_expect(rig, 1, -1);
    ps2_host_command(rig, 0xd3, 1);
    g_assert_true(rig_irq_level(rig, 9));
    g_assert_null(rig_device(rig, "i8042", "other", &error, NULL));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ADDRESS_IN_USE));
    device_unmake(dev);
    g_assert_false(rig_irq_level(rig, 9));
    g_clear_error(&error);
    rig_device(rig, "i8042", "other", &error, NULL);
    g_assert_no_error(error);
}

static void test_two(void)
{
    g_autoptr(Rig) a = rig_new(), b = rig_new();

    ps2_host_new(a);
    ps2_host_new(b);
    ps2_host_command(a, 0x60, 0x43);
    ps2_host_key(a, Q_KEY_CODE_A, true);
    ps2_host_key(b, Q_KEY_CODE_B, true);
    ps2_host_expect(a, 0x1e, -1);
    ps2_host_expect(b, 0x32, -1);
}

/* What was not read yet survives being saved; the controller's own answer only
 * with extended-state. */
static void test_state(void)
{
    for (guint extended = 0; extended < 2; extended++) {
        g_autoptr(Rig) rig = rig_new();
        g_autoptr(GByteArray) state = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        Device *dev = rig_device(rig, "i8042", "kbc", &error, "extended-state",
                                 extended ? "on" : "off", NULL);

        rig_reset(rig);
        ps2_host_command(rig, 0xd3, 0x11);
        rig_out(rig, 0x64, 0xaa, 1);
        device_save(dev, state, NULL);
        ps2_host_drain(rig);
        g_assert_true(device_load(dev, state->data, state->len, &error));
        g_assert_true(rig_irq_level(rig, 12));
        extended ? ps2_host_expect(rig, 0x11, 0x55, -1) : ps2_host_expect(rig, 0x11, -1);
        state_bytes_fill(state, "replying", 0xff);
        g_assert_false(device_load(dev, state->data, state->len, &error));
    }
}

/* What a driver does that trusts nobody, as Linux' drivers do: the mouse port's loop,
 * no multiplexer behind it, its switch seen in the command byte, identities, modes. */
static void test_driver(void)
{
    static const guint8 mux[] = { 0xf0, 0x56, 0xa4 };
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    g_assert_cmphex(ps2_host_ask(rig, 0xaa), ==, 0x55);
    ps2_host_command(rig, 0x60, 0x30 | 0x44);           /* both off, translating */
    for (guint i = 0; i < G_N_ELEMENTS(mux); i++) {
        ps2_host_command(rig, 0xd3, mux[i]);
        g_assert_cmphex(rig_in(rig, 0x64, 1) & 0x21, ==, 0x21);
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, mux[i]);
    }
    rig_out(rig, 0x64, 0xa7, 1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20) & 0x20, ==, 0x20);
    rig_out(rig, 0x64, 0xa8, 1);
    g_assert_cmphex(ps2_host_ask(rig, 0x20) & 0x20, ==, 0);
    ps2_host_command(rig, 0x60, 0x47);
    ps2_host_send(rig, 0xf2);
    ps2_host_expect(rig, 0xfa, 0xab, 0x41, -1);
    for (guint i = 0; i < 2; i++) {
        ps2_host_send(rig, i ? 0x02 : 0xed);
        ps2_host_expect(rig, 0xfa, -1);
    }
    ps2_host_send(rig, 0xf4);
    ps2_host_expect(rig, 0xfa, -1);
    ps2_host_send_mouse(rig, 0xf2);
    ps2_host_expect(rig, 0xfa, 0x00, -1);
    g_assert_cmpuint(rig_irq_edges(rig, 12), ==, 2);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_expect(rig, 0x1e, -1);
}

#define CASE(name) { "/i8042/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(reset_values), CASE(status), CASE(ram), CASE(tests), CASE(switches), CASE(interrupts),
    CASE(order), CASE(loops), CASE(a20), CASE(system_reset), CASE(translation), CASE(translated),
    CASE(throttle), CASE(throttle_state), CASE(properties), CASE(two), CASE(state), CASE(driver),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
