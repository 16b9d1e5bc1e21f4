/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helpers of tests/lib/ps2-host.h.
 */
#include "config.h"
#include "tests/lib/ps2-host.h"

#include <stdarg.h>

#include "hw/input/input.h"

enum { DATA = 0x60, COMMAND = 0x64, OBF = 1 };

Device *ps2_host_new(Rig *rig)
{
    g_autoptr(GError) error = NULL;
    Device *dev = rig_device(rig, "i8042", "kbc", &error, NULL);

    g_assert_no_error(error);
    rig_reset(rig);
    return dev;
}

void ps2_host_command(Rig *rig, guint8 command, guint8 argument)
{
    rig_out(rig, COMMAND, command, 1);
    rig_out(rig, DATA, argument, 1);
}

guint8 ps2_host_ask(Rig *rig, guint8 command)
{
    rig_out(rig, COMMAND, command, 1);
    g_assert_cmphex(rig_in(rig, COMMAND, 1) & OBF, ==, OBF);
    return rig_in(rig, DATA, 1);
}

void ps2_host_send(Rig *rig, guint8 value)
{
    rig_out(rig, DATA, value, 1);
}

void ps2_host_send_mouse(Rig *rig, guint8 value)
{
    ps2_host_command(rig, 0xd4, value);
}

void ps2_host_expect(Rig *rig, ...)
{
    va_list values;
    int value;

    va_start(values, rig);
    while ((value = va_arg(values, int)) >= 0) {
        g_assert_cmphex(rig_in(rig, COMMAND, 1) & OBF, ==, OBF);
        g_assert_cmphex(rig_in(rig, DATA, 1), ==, value);
    }
    va_end(values);
    g_assert_cmphex(rig_in(rig, COMMAND, 1) & OBF ? rig_in(rig, DATA, 1) : 0x100, ==, 0x100);
}

guint ps2_host_drain(Rig *rig)
{
    guint n = 0;

    while (rig_in(rig, COMMAND, 1) & OBF) {
        rig_in(rig, DATA, 1);
        n++;
    }
    return n;
}

void ps2_host_key(Rig *rig, guint key, bool down)
{
    input_send(rig->machine,
               &(InputItem){ .kind = INPUT_EVENT_KIND_KEY, .code = key, .value = down }, 1);
}

void ps2_host_button(Rig *rig, guint button, bool down)
{
    input_send(rig->machine,
               &(InputItem){ .kind = INPUT_EVENT_KIND_BTN, .code = button, .value = down }, 1);
}

void ps2_host_move(Rig *rig, gint64 x, gint64 y)
{
    const InputItem items[] = {
        { .kind = INPUT_EVENT_KIND_REL, .code = INPUT_AXIS_X, .value = x },
        { .kind = INPUT_EVENT_KIND_REL, .code = INPUT_AXIS_Y, .value = y },
    };

    input_send(rig->machine, items, G_N_ELEMENTS(items));
}
