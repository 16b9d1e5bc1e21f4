/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines and wires.
 */
#include "config.h"
#include "hw/core/irq.h"

#include <string.h>

#include "qmp/error.h"
#include "tests/lib/rig.h"

typedef struct {
    bool level[4];
    guint calls;
} Sink;

static void sink_set(void *opaque, guint n, bool level)
{
    Sink *sink = opaque;

    g_assert_cmpint(sink->level[n], !=, level);
    sink->level[n] = level;
    sink->calls++;
}

static Object *owner(Rig *rig, const char *name)
{
    return object_container(rig->root, name);
}

static void test_level(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 };
    Object *a = owner(rig, "a");

    gpio_out_new(a, "out", 2);
    gpio_in_new(a, "in", 2, sink_set, &sink);
    g_assert_nonnull(gpio(a, "in", 1));
    g_assert_null(gpio(a, "in", 2));
    g_assert_null(gpio(a, "none", 0));
    irq_connect(gpio(a, "out", 0), gpio(a, "in", 1), false);
    irq_set(gpio(a, "out", 0), true);
    irq_set(gpio(a, "out", 0), true);
    g_assert_true(sink.level[1]);
    g_assert_true(irq_level(gpio(a, "in", 1)));
    g_assert_false(sink.level[0]);
    g_assert_cmpuint(sink.calls, ==, 1);
    irq_set(gpio(a, "out", 0), false);
    g_assert_false(sink.level[1]);
    irq_pulse(gpio(a, "out", 0));
    g_assert_cmpuint(sink.calls, ==, 4);
}

static void test_or(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 };
    Object *a = owner(rig, "a");

    gpio_out_new(a, "out", 2);
    gpio_in_new(a, "in", 1, sink_set, &sink);
    irq_connect(gpio(a, "out", 0), gpio(a, "in", 0), false);
    irq_connect(gpio(a, "out", 1), gpio(a, "in", 0), false);
    irq_set(gpio(a, "out", 0), true);
    irq_set(gpio(a, "out", 1), true);
    irq_set(gpio(a, "out", 0), false);
    g_assert_true(sink.level[0]);
    irq_set(gpio(a, "in", 0), true);            /* by hand */
    irq_set(gpio(a, "out", 1), false);
    g_assert_true(sink.level[0]);
    irq_set(gpio(a, "in", 0), false);
    g_assert_false(sink.level[0]);
    g_assert_cmpuint(sink.calls, ==, 2);
}

static void test_fan_out_and_inversion(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 };
    Object *a = owner(rig, "a");

    gpio_out_new(a, "out", 1);
    gpio_in_new(a, "in", 3, sink_set, &sink);
    irq_connect(gpio(a, "out", 0), gpio(a, "in", 0), false);
    irq_connect(gpio(a, "out", 0), gpio(a, "in", 1), true);
    g_assert_true(sink.level[1]);               /* at once */
    irq_set(gpio(a, "out", 0), true);
    g_assert_true(sink.level[0]);
    g_assert_false(sink.level[1]);
    irq_connect(gpio(a, "out", 0), gpio(a, "in", 2), false);
    g_assert_true(sink.level[2]);
    irq_disconnect(gpio(a, "out", 0), gpio(a, "in", 0));
    g_assert_false(sink.level[0]);
    irq_set(gpio(a, "out", 0), false);
    g_assert_true(sink.level[1]);
    g_assert_false(sink.level[2]);
    irq_disconnect(gpio(a, "out", 0), gpio(a, "in", 0));        /* no-op */
}

/* A bridge's line passes on the OR of its devices. */
static void test_through(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 };
    Object *a = owner(rig, "a");

    gpio_out_new(a, "dev", 2);
    gpio_out_new(a, "bridge", 1);
    gpio_in_new(a, "in", 1, sink_set, &sink);
    irq_connect(gpio(a, "dev", 0), gpio(a, "bridge", 0), false);
    irq_connect(gpio(a, "bridge", 0), gpio(a, "in", 0), false);
    irq_connect(gpio(a, "dev", 1), gpio(a, "bridge", 0), false);
    irq_set(gpio(a, "dev", 1), true);
    irq_set(gpio(a, "dev", 0), true);
    irq_set(gpio(a, "dev", 1), false);
    g_assert_true(sink.level[0]);
    irq_set(gpio(a, "dev", 0), false);
    g_assert_false(sink.level[0]);
    g_assert_cmpuint(sink.calls, ==, 2);
}

/* Either end may go first. */
static void test_ends(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 };
    Object *a = owner(rig, "a");
    Object *b = owner(rig, "b");

    gpio_out_new(a, "out", 1);
    gpio_out_new(b, "out", 1);
    gpio_in_new(a, "in", 1, sink_set, &sink);
    gpio_in_new(b, "in", 1, sink_set, &sink);
    irq_connect(gpio(b, "out", 0), gpio(a, "in", 0), false);
    irq_connect(gpio(a, "out", 0), gpio(b, "in", 0), false);
    irq_set(gpio(b, "out", 0), true);
    g_assert_true(sink.level[0]);
    object_destroy(b);
    g_assert_false(sink.level[0]);              /* the source is gone, so its level */
    irq_set(gpio(a, "out", 0), true);
    g_assert_cmpuint(sink.calls, ==, 2);
}

static void test_wire(void)
{
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Sink sink = { 0 };
    Object *a = owner(rig, "a");
    Object *chip = owner(rig, "a/chip");

    gpio_out_new(chip, "irq", 3);
    gpio_in_new(a, "gsi", 4, sink_set, &sink);
    g_assert_true(irq_wire(a, "chip.irq[2]", "gsi[3]", &error));
    g_assert_no_error(error);
    irq_set(gpio(chip, "irq", 2), true);
    g_assert_true(sink.level[3]);
    g_assert_false(irq_wire(a, "chip.irq[3]", "gsi[3]", &error));
    g_assert_cmpint(qmp_error_reason(error), ==, ERROR_REASON_OBJECT_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(irq_wire(a, "chip.irq[0]", "chop.irq[0]", &error));
    g_assert_nonnull(strstr(error->message, "chop.irq[0]"));
    g_clear_error(&error);
    g_assert_false(irq_wire(a, "chip", "gsi[0]", &error));
}

static void test_observe(void)
{
    g_autoptr(Rig) rig = rig_new();
    Sink sink = { 0 }, seen = { 0 }, other = { 0 };
    Object *a = owner(rig, "a");
    Irq *out, *in;

    gpio_out_new(a, "out", 3);
    gpio_in_new(a, "in", 3, sink_set, &sink);
    out = gpio(a, "out", 2);
    in = gpio(a, "in", 2);
    g_assert_true(irq_is_input(in));
    g_assert_false(irq_is_input(out));
    irq_connect(out, in, false);
    g_assert_true(irq_observe(in, sink_set, &seen));
    g_assert_false(irq_observe(in, sink_set, &other));
    irq_set(out, true);
    g_assert_true(seen.level[2]);
    g_assert_true(sink.level[2]);                   /* the line works on */
    g_assert_false(irq_observe(in, NULL, &other));
    irq_set(out, false);
    g_assert_cmpuint(seen.calls, ==, 2);
    g_assert_true(irq_observe(in, NULL, &seen));
    g_assert_true(irq_observe(in, sink_set, &other));
    g_assert_true(irq_observe(out, sink_set, &seen));       /* an output, too */
    irq_set(out, true);
    g_assert_cmpuint(seen.calls, ==, 3);
    g_assert_cmpuint(other.calls, ==, 1);
    object_destroy(a);
    g_assert_cmpuint(seen.calls + other.calls, ==, 4);      /* nothing when lines go */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/irq/level", test_level);
    g_test_add_func("/irq/or", test_or);
    g_test_add_func("/irq/fan-out-and-inversion", test_fan_out_and_inversion);
    g_test_add_func("/irq/through", test_through);
    g_test_add_func("/irq/ends", test_ends);
    g_test_add_func("/irq/wire", test_wire);
    g_test_add_func("/irq/observe", test_observe);
    return g_test_run();
}
