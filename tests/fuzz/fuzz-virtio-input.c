/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-mouse-device with a hostile driver (tests/fuzz/virtio-fuzz.h).  Action 11
 * moves the mouse by X, and with bit 0 presses a button.
 */
#include "config.h"

#include "hw/input/input.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

static Device *make(Rig *rig, VirtioDriver *d)
{
    return rig_device(rig, "virtio-mouse-device", "dev", NULL, "serial", "1", NULL);
}

static void act(Rig *rig, Device *dev, guint8 x)
{
    const InputItem items[] = {
        { INPUT_EVENT_KIND_REL, INPUT_AXIS_X, x - 128 },
        { INPUT_EVENT_KIND_BTN, x % INPUT_BUTTON__MAX, x & 1 },
    };

    input_send(rig->machine, items, 1 + (x & 1));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = act }, data, size);
    return 0;
}
