/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/input/ps2-mouse.c through a keyboard controller: commands, status, packets
 * of three identities, modes, and what happens when the host does not read.
 */
#include "config.h"

#include "hw/input/input.h"
#include "qmp/error.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/ps2-host.h"
#include "tests/lib/state-bytes.h"

static void ack(Rig *rig, guint8 value)
{
    ps2_host_send_mouse(rig, value);
    ps2_host_expect(rig, 0xfa, -1);
}

static void knock(Rig *rig, guint8 a, guint8 b, guint8 c)
{
    const guint8 rates[] = { a, b, c };

    for (guint i = 0; i < G_N_ELEMENTS(rates); i++) {
        ack(rig, 0xf3);
        ack(rig, rates[i]);
    }
}

static void expect_id(Rig *rig, guint8 id)
{
    ps2_host_send_mouse(rig, 0xf2);
    ps2_host_expect(rig, 0xfa, id, -1);
}

static void expect_status(Rig *rig, guint8 status, guint8 resolution, guint8 rate)
{
    ps2_host_send_mouse(rig, 0xe9);
    ps2_host_expect(rig, 0xfa, status, resolution, rate, -1);
}

/* ---- Commands ---- */

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    knock(rig, 200, 100, 80);
    ack(rig, 0xf4);
    ps2_host_send_mouse(rig, 0xff);
    ps2_host_expect(rig, 0xfa, 0xaa, 0x00, -1);
    expect_status(rig, 0x00, 2, 100);
    expect_id(rig, 0);
    ps2_host_send_mouse(rig, 0x01);
    ps2_host_expect(rig, 0xfe, -1);
}

static void test_status(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xe7);
    ack(rig, 0xe8);
    ack(rig, 0x03);
    ack(rig, 0xf3);
    ack(rig, 40);
    expect_status(rig, 0x10, 3, 40);
    ack(rig, 0xe6);
    ack(rig, 0xf0);
    ack(rig, 0xf4);
    expect_status(rig, 0x60, 3, 40);
    ack(rig, 0xea);
    ack(rig, 0xf5);
    ps2_host_button(rig, INPUT_BUTTON_LEFT, true);
    expect_status(rig, 0x04, 3, 40);
    ps2_host_button(rig, INPUT_BUTTON_MIDDLE, true);
    ps2_host_button(rig, INPUT_BUTTON_LEFT, false);
    ps2_host_button(rig, INPUT_BUTTON_RIGHT, true);
    expect_status(rig, 0x03, 3, 40);
    ack(rig, 0xf6);
    expect_status(rig, 0x03, 2, 100);           /* buttons are still down */
}

/* A command where an argument is due is a command. */
static void test_interrupted(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf3);
    expect_id(rig, 0);
    ps2_host_send_mouse(rig, 100);
    ps2_host_expect(rig, 0xfe, -1);
}

static void test_identities(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    knock(rig, 200, 200, 100);
    expect_id(rig, 0);
    knock(rig, 200, 100, 80);
    expect_id(rig, 3);
    knock(rig, 200, 200, 80);
    expect_id(rig, 4);
}

/* ---- Packets ---- */

static void test_stream(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_move(rig, 5, 5);                   /* not enabled: lost */
    ps2_host_expect(rig, -1);
    ack(rig, 0xf4);
    ps2_host_move(rig, 5, -3);                  /* up is positive here */
    ps2_host_expect(rig, 0x08, 5, 3, -1);
    ps2_host_move(rig, -1, 2);
    ps2_host_expect(rig, 0x38, 0xff, 0xfe, -1);
    ps2_host_button(rig, INPUT_BUTTON_LEFT, true);
    ps2_host_expect(rig, 0x09, 0, 0, -1);
    ps2_host_button(rig, INPUT_BUTTON_LEFT, true);
    ps2_host_expect(rig, -1);                   /* nothing is new */
    ps2_host_button(rig, INPUT_BUTTON_RIGHT, true);
    ps2_host_button(rig, INPUT_BUTTON_MIDDLE, true);
    ps2_host_expect(rig, 0x0b, 0, 0, 0x0f, 0, 0, -1);
    ack(rig, 0xf5);
    ps2_host_button(rig, INPUT_BUTTON_LEFT, false);
    ps2_host_expect(rig, -1);
}

/* Scaling 2:1 of what is sent, not of what is asked for. */
static void test_scaling(void)
{
    static const struct { int from; guint8 to; } cases[] = {
        { 1, 1 }, { 2, 1 }, { 3, 3 }, { 4, 6 }, { 5, 9 }, { 6, 12 }, { 127, 254 }, { -2, 0xff },
        { -100, 0x38 },
    };
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf4);
    ack(rig, 0xe7);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        ps2_host_move(rig, cases[i].from, 0);
        ps2_host_expect(rig, cases[i].from < 0 ? 0x18 : 0x08, cases[i].to, 0, -1);
    }
    ps2_host_move(rig, 130, 0);                 /* of which a packet holds 127 */
    ps2_host_expect(rig, 0x08, 254, 0, 0x08, 3, 0, -1);
    ack(rig, 0xf0);
    ps2_host_move(rig, 4, 0);
    ps2_host_send_mouse(rig, 0xeb);
    ps2_host_expect(rig, 0xfa, 0x08, 4, 0, -1);
    ack(rig, 0xea);
    ack(rig, 0xe6);
    ps2_host_move(rig, 4, 0);
    ps2_host_expect(rig, 0x08, 4, 0, -1);
}

/* More than a packet holds goes in several. */
static void test_far(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf4);
    ps2_host_move(rig, 300, 0);
    ps2_host_expect(rig, 0x08, 255, 0, 0x08, 45, 0, -1);
    ps2_host_move(rig, -256, 0);
    ps2_host_expect(rig, 0x18, 0x01, 0, 0x18, 0xff, 0, -1);
    ps2_host_move(rig, G_MAXINT64, G_MININT64);
    g_assert_cmpuint(ps2_host_drain(rig), ==, 3 * (0x10000 / 255 + 1));
}

static void test_wheel(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf4);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_UP, true);
    ps2_host_expect(rig, -1);                   /* no wheel so far */
    knock(rig, 200, 100, 80);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_UP, true);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_UP, false);
    ps2_host_expect(rig, 0x08, 0, 0, 0xff, -1);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_DOWN, true);
    ps2_host_expect(rig, 0x08, 0, 0, 0x01, -1);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_LEFT, true);
    ps2_host_expect(rig, -1);
}

static void test_five_buttons(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    knock(rig, 200, 200, 80);
    ack(rig, 0xf4);
    ps2_host_button(rig, INPUT_BUTTON_SIDE, true);
    ps2_host_expect(rig, 0x08, 0, 0, 0x10, -1);
    ps2_host_button(rig, INPUT_BUTTON_EXTRA, true);
    ps2_host_expect(rig, 0x08, 0, 0, 0x30, -1);
    ps2_host_button(rig, INPUT_BUTTON_WHEEL_UP, true);
    ps2_host_expect(rig, 0x08, 0, 0, 0x3f, -1);
}

/* Remote mode answers only; what came before it is forgotten. */
static void test_remote(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf0);
    ps2_host_move(rig, 7, 0);
    ps2_host_move(rig, 1, -2);
    ps2_host_expect(rig, -1);
    ps2_host_send_mouse(rig, 0xeb);
    ps2_host_expect(rig, 0xfa, 0x08, 8, 2, -1);
    ps2_host_send_mouse(rig, 0xeb);
    ps2_host_expect(rig, 0xfa, 0x08, 0, 0, -1);
    ps2_host_move(rig, 7, 0);
    ack(rig, 0xea);
    ps2_host_send_mouse(rig, 0xeb);
    ps2_host_expect(rig, 0xfa, 0x08, 0, 0, -1);
}

/* Wrap mode gives all back but its end and a reset. */
static void test_wrap(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf4);
    ack(rig, 0xee);
    ps2_host_send_mouse(rig, 0xf2);
    ps2_host_expect(rig, 0xf2, -1);
    ps2_host_move(rig, 1, 1);
    ps2_host_expect(rig, -1);
    ack(rig, 0xec);
    ps2_host_move(rig, 1, 0);
    ps2_host_expect(rig, 0x08, 1, 0, -1);
    ack(rig, 0xee);
    ps2_host_send_mouse(rig, 0xff);
    ps2_host_expect(rig, 0xfa, 0xaa, 0x00, -1);
}

static void test_resend(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    expect_id(rig, 0);
    ps2_host_send_mouse(rig, 0xfe);
    ps2_host_expect(rig, 0x00, -1);
}

/* What a host that does not read misses comes in one packet later. */
static void test_full(void)
{
    g_autoptr(Rig) rig = rig_new();
    guint sum = 0, n = 0;

    ps2_host_new(rig);
    ack(rig, 0xf4);
    for (guint i = 0; i < 100; i++) {
        ps2_host_move(rig, 1, 0);
    }
    while (rig_in(rig, 0x64, 1) & 1) {
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x08);
        sum += rig_in(rig, 0x60, 1);
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0);
        n++;
    }
    g_assert_cmpuint(sum, ==, 100);
    g_assert_cmpuint(n, <=, 7);
}

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Device *dev = to_device(object_child(&ps2_host_new(rig)->object, "ps2mouse"));

    knock(rig, 200, 100, 80);
    ack(rig, 0xf4);
    device_save(dev, state, NULL);
    ps2_host_send_mouse(rig, 0xff);
    ps2_host_drain(rig);
    g_assert_true(device_load(dev, state->data, state->len, &error));
    expect_id(rig, 3);
    ps2_host_move(rig, 1, 0);
    ps2_host_expect(rig, 0x08, 1, 0, 0, -1);
    state_bytes_fill(state, "id", 1);
    g_assert_false(device_load(dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

/* Each machine moves its own. */
static void test_two(void)
{
    g_autoptr(Rig) a = rig_new(), b = rig_new();

    ps2_host_new(a);
    ps2_host_new(b);
    ack(a, 0xf4);
    ack(b, 0xf4);
    ps2_host_move(a, 1, 0);
    ps2_host_expect(b, -1);
    ps2_host_move(b, 2, 0);
    ps2_host_expect(a, 0x08, 1, 0, -1);
    ps2_host_expect(b, 0x08, 2, 0, -1);
}

#define CASE(name) { "/ps2-mouse/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(reset), CASE(status), CASE(interrupted), CASE(identities), CASE(stream), CASE(scaling),
    CASE(far),
    CASE(wheel), CASE(five_buttons), CASE(remote), CASE(wrap), CASE(resend), CASE(full),
    CASE(state), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
