/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-gpu-device with a hostile driver (tests/fuzz/virtio-fuzz.h) that may have
 * little of the host's memory.  Action 11: what others do with its screens meanwhile, by its two low
 * bits; the next one chooses the output.
 */
#include "config.h"

#include "hw/display/console.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

enum { DRAW, WISH, WATCH, CARRY };

static Device *make(Rig *rig, VirtioDriver *d)
{
    if (!surface_load(NULL)) {
        abort();
    }
    return rig_device(rig, "virtio-gpu-device", "dev", NULL, "max_outputs", "2", "max_hostmem",
                      "1000000", NULL);
}

static void look(void *opaque, Surface *picture)
{
    g_assert_cmpuint(surface_width(picture), >, 0);
}

static void look_at_rows(void *opaque, guint first, guint n)
{
    g_assert_cmpuint(n, >, 0);
}

static void forget(void *opaque)
{
}

/* It stays until the device goes. */
static void watch(Console *console)
{
    static const ConsoleWatchOps ops = {
        .resized = look, .changed = look_at_rows, .gone = forget,
    };

    console_watch(console, &ops, NULL);
}

static void carry(Rig *rig, Device *dev)
{
    g_autoptr(GByteArray) state = g_byte_array_new();
    GError *error = NULL;

    machine_pause(rig->machine);
    device_save(dev, state, &error);
    g_assert_no_error(error);
    device_load(dev, state->data, state->len, &error);
    g_assert_no_error(error);
    machine_run(rig->machine, NULL);
}

static void act(Rig *rig, Device *dev, guint8 x)
{
    Console *console = console_find(rig->root, "dev", x >> 2 & 1, NULL);
    g_autoptr(Surface) surface = NULL;

    switch (x & 3) {
    case DRAW:
        surface = console_draw(console, NULL);
        g_assert_nonnull(surface);
        break;
    case WISH:
        console_wish(console, (x >> 3) * 100, (x >> 3) * 75);
        break;
    case WATCH:
        watch(console);
        break;
    case CARRY:
        carry(rig, dev);
        break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = act }, data, size);
    return 0;
}
