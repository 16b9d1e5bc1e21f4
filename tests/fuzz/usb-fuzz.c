/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "tests/fuzz/usb-fuzz.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static bool carry_one(Object *obj, void *data)
{
    Device *dev = device_in_use(obj);
    g_autoptr(GByteArray) before = g_byte_array_new(), after = g_byte_array_new();

    if (!dev || !device_has_state(dev)) {
        return true;
    }
    fuzz_check(device_save(dev, before, NULL));
    fuzz_check(device_load(dev, before->data, before->len, NULL));
    fuzz_check(device_save(dev, after, NULL));
    fuzz_check(before->len == after->len && !memcmp(before->data, after->data, before->len));
    return true;
}

void usb_fuzz_carry(Rig *rig)
{
    object_foreach_descendant(&rig->machine->object, carry_one, NULL);
}

void usb_fuzz_plug(Rig *rig, Device **dev, const char *port)
{
    if (*dev) {
        const BusOps *ops = object_kind((*dev)->bus);

        fuzz_check(ops->unplug_request((*dev)->bus, *dev, NULL));
        rig_deliver(rig);
        *dev = NULL;
    } else {
        *dev = rig_device(rig, "usb-mouse", "mouse", NULL, "port", port, NULL);
        fuzz_check(*dev != NULL);
    }
}
