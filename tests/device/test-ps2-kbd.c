/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/input/ps2-kbd.c through a keyboard controller: commands, codes in the three
 * sets, repetition, the queue; and keys that clients send by name.
 */
#include "config.h"

#include "hw/input/input.h"
#include "hw/input/keycodes.h"
#include "qmp/error.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/ps2-host.h"
#include "tests/lib/state-bytes.h"

#define MS G_GINT64_CONSTANT(1000000)

static void wait_ms(Rig *rig, gint64 ms)
{
    clock_advance(rig->clock, clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + ms * MS);
}

static void ack(Rig *rig, guint8 value)
{
    ps2_host_send(rig, value);
    ps2_host_expect(rig, 0xfa, -1);
}

static void set_scan_set(Rig *rig, guint8 set)
{
    ack(rig, 0xf0);
    ack(rig, set);
}

static void press(Rig *rig, guint key)
{
    ps2_host_key(rig, key, true);
    ps2_host_key(rig, key, false);
}

/* ---- Commands ---- */

static void test_reset(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    set_scan_set(rig, 1);
    ack(rig, 0xf5);
    press(rig, Q_KEY_CODE_A);
    ps2_host_send(rig, 0xff);
    ps2_host_expect(rig, 0xfa, 0xaa, -1);
    press(rig, Q_KEY_CODE_A);                   /* set 2 again, and it scans */
    ps2_host_expect(rig, 0x1c, 0xf0, 0x1c, -1);
}

static void test_identify_echo(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_send(rig, 0xf2);
    ps2_host_expect(rig, 0xfa, 0xab, 0x83, -1);
    ps2_host_send(rig, 0xee);
    ps2_host_expect(rig, 0xee, -1);
    ps2_host_send(rig, 0x42);                   /* no command */
    ps2_host_expect(rig, 0xfe, -1);
    ps2_host_send(rig, 0xef);
    ps2_host_expect(rig, 0xfe, -1);
}

static void test_resend(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    press(rig, Q_KEY_CODE_Q);
    ps2_host_expect(rig, 0x15, 0xf0, 0x15, -1);
    ps2_host_send(rig, 0xfe);
    ps2_host_expect(rig, 0x15, -1);
}

/* A command cuts the answer to the one before short; where an argument is due, a
 * command is a command. */
static void test_interrupted(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    rig_out(rig, 0x64, 0xad, 1);
    ps2_host_send(rig, 0xf2);                   /* 0xfa is in the output buffer */
    ps2_host_send(rig, 0xee);
    ps2_host_expect(rig, 0xfa, 0xee, -1);
    ack(rig, 0xed);
    ps2_host_send(rig, 0xee);
    ps2_host_expect(rig, 0xee, -1);
    ps2_host_send(rig, 0x02);                   /* LEDs' argument no more */
    ps2_host_expect(rig, 0xfe, -1);
    ack(rig, 0xed);
    ack(rig, 0x02);
}

static void test_scan_set(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    for (guint set = 1; set <= 3; set++) {
        set_scan_set(rig, set);
        ack(rig, 0xf0);
        ps2_host_send(rig, 0);
        ps2_host_expect(rig, 0xfa, set, -1);
    }
    ack(rig, 0xf0);
    ps2_host_send(rig, 4);
    ps2_host_expect(rig, 0xfe, -1);
    ack(rig, 0xf6);                             /* defaults: set 2 */
    press(rig, Q_KEY_CODE_ESC);
    ps2_host_expect(rig, 0x76, 0xf0, 0x76, -1);
}

static void test_enable(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf5);
    press(rig, Q_KEY_CODE_A);
    ps2_host_expect(rig, -1);
    ack(rig, 0xf4);
    press(rig, Q_KEY_CODE_A);
    ps2_host_expect(rig, 0x1c, 0xf0, 0x1c, -1);
}

/* ---- Codes ---- */

static void expect_code(Rig *rig, guint16 code, bool down, bool set1)
{
    if (code > 0xff) {
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0xe0);
    }
    if (!down && !set1) {
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0xf0);
    }
    ps2_host_expect(rig, (code & 0xff) | (set1 && !down ? 0x80 : 0), -1);
}

/* Keys that say no more than their code. */
static bool is_plain(guint key)
{
    return key != Q_KEY_CODE_UNMAPPED && key != Q_KEY_CODE_PRINT && key != Q_KEY_CODE_SYSRQ &&
           key != Q_KEY_CODE_PAUSE && key != Q_KEY_CODE_LANG1 && key != Q_KEY_CODE_LANG2;
}

static void test_all_keys(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    for (guint set = 1; set <= 3; set++) {
        set_scan_set(rig, set);
        for (guint key = 0; key < Q_KEY_CODE__MAX; key++) {
            guint16 code = set == 1 ? key_codes[key].set1 : set == 2 ? key_codes[key].set2
                                                                     : key_codes[key].set3;

            for (guint down = 2; is_plain(key) && code && down-- > 0;) {
                ps2_host_key(rig, key, down);
                expect_code(rig, code, down, set == 1);
            }
        }
    }
    ps2_host_key(rig, Q_KEY_CODE_UNMAPPED, true);
    ps2_host_expect(rig, -1);
}

/* Print Screen: with a Shift of its own, without it beside one, SysRq with Alt. */
static void test_print(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    press(rig, Q_KEY_CODE_PRINT);
    ps2_host_expect(rig, 0xe0, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12, -1);
    ps2_host_key(rig, Q_KEY_CODE_SHIFT, true);
    press(rig, Q_KEY_CODE_PRINT);
    ps2_host_key(rig, Q_KEY_CODE_SHIFT, false);
    ps2_host_expect(rig, 0x12, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c, 0xf0, 0x12, -1);
    ps2_host_key(rig, Q_KEY_CODE_ALT, true);
    press(rig, Q_KEY_CODE_SYSRQ);
    ps2_host_key(rig, Q_KEY_CODE_ALT, false);
    ps2_host_expect(rig, 0x11, 0x84, 0xf0, 0x84, 0xf0, 0x11, -1);
    set_scan_set(rig, 1);
    press(rig, Q_KEY_CODE_PRINT);
    ps2_host_expect(rig, 0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa, -1);
}

/* Pause says all when it goes down; Ctrl makes it Break. */
static void test_pause(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    press(rig, Q_KEY_CODE_PAUSE);
    ps2_host_expect(rig, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77, -1);
    ps2_host_key(rig, Q_KEY_CODE_CTRL, true);
    press(rig, Q_KEY_CODE_PAUSE);
    ps2_host_expect(rig, 0x14, 0xe0, 0x7e, 0xe0, 0xf0, 0x7e, -1);
    ps2_host_key(rig, Q_KEY_CODE_CTRL, false);
    ps2_host_drain(rig);
    set_scan_set(rig, 1);
    press(rig, Q_KEY_CODE_PAUSE);
    ps2_host_expect(rig, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, -1);
    press(rig, Q_KEY_CODE_LANG1);
    ps2_host_expect(rig, 0xf2, -1);
}

/* Set 3: whether a key says that it goes up, and repeats, all at once or each. */
static void test_key_types(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    set_scan_set(rig, 3);
    ack(rig, 0xf9);                             /* all: make only */
    press(rig, Q_KEY_CODE_A);
    ps2_host_expect(rig, 0x1c, -1);
    ack(rig, 0xfc);                             /* A and S: make and break */
    ack(rig, 0x1c);
    ack(rig, 0x1b);
    ack(rig, 0xf4);
    press(rig, Q_KEY_CODE_A);
    press(rig, Q_KEY_CODE_S);
    press(rig, Q_KEY_CODE_D);
    ps2_host_expect(rig, 0x1c, 0xf0, 0x1c, 0x1b, 0xf0, 0x1b, 0x23, -1);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_drain(rig);
    wait_ms(rig, 2000);
    ps2_host_expect(rig, -1);                   /* neither repeats */
    ack(rig, 0xf7);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_drain(rig);
    wait_ms(rig, 510);
    ps2_host_expect(rig, 0x1c, -1);
    ps2_host_key(rig, Q_KEY_CODE_A, false);
    ps2_host_expect(rig, -1);                   /* typematic only */
    ack(rig, 0xfa);
    press(rig, Q_KEY_CODE_A);
    ps2_host_expect(rig, 0x1c, 0xf0, 0x1c, -1);
}

/* ---- Repetition ---- */

/* 500 ms, then every 91.7 ms; the key that went down last, until it goes up. */
static void test_typematic(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_drain(rig);
    wait_ms(rig, 499);
    ps2_host_expect(rig, -1);
    wait_ms(rig, 1);
    ps2_host_expect(rig, 0x1c, -1);
    wait_ms(rig, 91);
    ps2_host_expect(rig, -1);
    wait_ms(rig, 1);
    ps2_host_expect(rig, 0x1c, -1);
    ps2_host_key(rig, Q_KEY_CODE_B, true);
    ps2_host_expect(rig, 0x32, -1);
    ps2_host_key(rig, Q_KEY_CODE_A, false);     /* B goes on */
    ps2_host_drain(rig);
    wait_ms(rig, 500);
    ps2_host_expect(rig, 0x32, -1);
    ps2_host_key(rig, Q_KEY_CODE_B, false);
    ps2_host_drain(rig);
    wait_ms(rig, 5000);
    ps2_host_expect(rig, -1);
}

static void test_rate(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    ack(rig, 0xf3);
    ack(rig, 0x00);                             /* the fastest: 250 ms, 33 ms */
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_drain(rig);
    wait_ms(rig, 250);
    ps2_host_expect(rig, 0x1c, -1);
    wait_ms(rig, 34);
    ps2_host_expect(rig, 0x1c, -1);
    ps2_host_key(rig, Q_KEY_CODE_A, false);
    ps2_host_drain(rig);
    ack(rig, 0xf3);
    ack(rig, 0x7f);                             /* the slowest: 1000 ms, 500 ms */
    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_drain(rig);
    wait_ms(rig, 999);
    ps2_host_expect(rig, -1);
    wait_ms(rig, 1);
    ps2_host_expect(rig, 0x1c, -1);
    wait_ms(rig, 499);
    ps2_host_expect(rig, -1);
    wait_ms(rig, 2);
    ps2_host_expect(rig, 0x1c, -1);
    rig_reset(rig);                             /* a reset ends it */
    wait_ms(rig, 5000);
    ps2_host_expect(rig, -1);
}

/* ---- The queue ---- */

/* Sixteen codes, and one mark however many are lost. */
static void test_overrun(void)
{
    g_autoptr(Rig) rig = rig_new();

    ps2_host_new(rig);
    for (guint i = 0; i < 17 + 5; i++) {        /* one is in the output buffer */
        ps2_host_key(rig, Q_KEY_CODE_A, true);
    }
    for (guint i = 0; i < 17; i++) {
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x1c);
    }
    ps2_host_expect(rig, 0x00, -1);
    set_scan_set(rig, 1);
    for (guint i = 0; i < 17; i++) {
        ps2_host_key(rig, Q_KEY_CODE_A, true);
    }
    ps2_host_key(rig, Q_KEY_CODE_CTRL_R, true); /* two bytes: both or none */
    ps2_host_send(rig, 0xee);                   /* answers come first */
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x1e);
    g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0xee);
    for (guint i = 0; i < 16; i++) {
        g_assert_cmphex(rig_in(rig, 0x60, 1), ==, 0x1e);
    }
    ps2_host_expect(rig, 0xff, -1);
    press(rig, Q_KEY_CODE_B);
    ps2_host_expect(rig, 0x30, 0xb0, -1);
}

/* ---- Keys from clients ---- */

static void test_numbers(void)
{
    g_assert_cmpint(key_code_by_number(0x1e), ==, Q_KEY_CODE_A);
    g_assert_cmpint(key_code_by_number(0x37), ==, Q_KEY_CODE_KP_MULTIPLY);
    g_assert_cmpint(key_code_by_number(0x9d), ==, Q_KEY_CODE_CTRL_R);
    g_assert_cmpint(key_code_by_number(0x72), ==, Q_KEY_CODE_LANG1);
    g_assert_cmpint(key_code_by_number(0xc6), ==, Q_KEY_CODE_PAUSE);
    g_assert_cmpint(key_code_by_number(0), ==, Q_KEY_CODE_UNMAPPED);
    g_assert_cmpint(key_code_by_number(-1), ==, Q_KEY_CODE_UNMAPPED);
    g_assert_cmpint(key_code_by_number(0xe01d), ==, Q_KEY_CODE_UNMAPPED);
}

/* Down one by one, up in reverse order, the hold time between each; a second call
 * follows the first. */
static void test_send_keys(void)
{
    static const guint first[] = { Q_KEY_CODE_SHIFT, Q_KEY_CODE_A };
    static const guint second[] = { Q_KEY_CODE_B };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    ps2_host_new(rig);
    g_assert_true(input_send_keys(rig->machine, first, 2, 100 * MS, &error));
    g_assert_true(input_send_keys(rig->machine, second, 1, 0, &error));
    ps2_host_expect(rig, 0x12, -1);
    wait_ms(rig, 99);
    ps2_host_expect(rig, -1);
    wait_ms(rig, 1);
    ps2_host_expect(rig, 0x1c, -1);
    wait_ms(rig, 100);
    ps2_host_expect(rig, 0xf0, 0x1c, -1);
    wait_ms(rig, 100);
    ps2_host_expect(rig, 0xf0, 0x12, -1);
    wait_ms(rig, 100);
    ps2_host_expect(rig, 0x32, 0xf0, 0x32, -1);
}

static void test_send_too_many(void)
{
    g_autofree guint *keys = g_new0(guint, 600);
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(input_send_keys(rig->machine, keys, 600, MS, &error));    /* nobody is there */
    ps2_host_new(rig);
    g_assert_false(input_send_keys(rig->machine, keys, 600, MS, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
    g_clear_error(&error);
    for (guint i = 0; i < 4; i++) {
        g_assert_true(input_send_keys(rig->machine, keys, 128, MS, &error));
    }
    g_assert_false(input_send_keys(rig->machine, keys, 1, MS, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_LIMIT_EXCEEDED));
}

static void test_state(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Device *dev = to_device(object_child(&ps2_host_new(rig)->object, "ps2kbd"));

    ps2_host_key(rig, Q_KEY_CODE_A, true);
    ps2_host_key(rig, Q_KEY_CODE_B, true);
    device_save(dev, state, NULL);                    /* A is in the controller */
    ps2_host_key(rig, Q_KEY_CODE_B, false);
    ps2_host_drain(rig);
    g_assert_true(device_load(dev, state->data, state->len, &error));
    ps2_host_expect(rig, 0x32, -1);
    wait_ms(rig, 500);                          /* and B is down */
    ps2_host_expect(rig, 0x32, -1);
    state_bytes_fill(state, "set", 9);
    g_assert_false(device_load(dev, state->data, state->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

#define CASE(name) { "/ps2-kbd/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(reset), CASE(identify_echo), CASE(resend), CASE(interrupted), CASE(scan_set),
    CASE(enable), CASE(all_keys), CASE(print), CASE(pause), CASE(key_types), CASE(typematic),
    CASE(rate), CASE(overrun), CASE(numbers), CASE(send_keys), CASE(send_too_many), CASE(state),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
