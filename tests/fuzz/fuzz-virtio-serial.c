/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: virtio-serial-device with a console and a port, and a hostile driver
 * (tests/fuzz/virtio-fuzz.h).  Action 11 is the host's side of the port: it
 * connects, disconnects, sends, or removes the port.
 */
#include "config.h"

#include "hw/chardev/char.h"
#include "qom/qapi-objects-char.h"
#include "qom/qapi-objects-object.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/virtio-fuzz.h"

static Device *make(Rig *rig, VirtioDriver *d)
{
    Device *dev = rig_device(rig, "virtio-serial-device", "dev", NULL, "max_ports", "3", NULL);

    rig_object(rig, "chardev-null", "c0", NULL, NULL);
    rig_object(rig, "chardev-null", "c1", NULL, NULL);
    rig_device(rig, "virtconsole", "console", NULL, "chardev", "c0", NULL);
    rig_device(rig, "virtserialport", "port", NULL, "chardev", "c1", "name", "fuzz", NULL);
    return dev;
}

static void send(Chardev *chr, guint8 x)
{
    guint8 data[256] = { x };
    gsize n = MIN(char_can_receive(chr), x);

    if (n) {
        char_receive(chr, data, n);
    }
    char_writable(chr);
}

static void act(Rig *rig, Device *dev, guint8 x)
{
    Object *port = object_child(object_container(&rig->machine->object, "peripheral"), "port");
    Object *chardevs = object_container(rig->root, "chardevs");
    Chardev *chr = to_chardev(object_child(chardevs, x & 1 ? "c0" : "c1"));

    switch (x >> 6) {
    case 0:
        char_event(chr, x & 2 ? CHAR_EVENT_OPENED : CHAR_EVENT_CLOSED);
        break;
    case 1:
        if (port && x & 2) {
            device_unmake(to_device(port));
        } else if (!port) {
            rig_device(rig, "virtserialport", "port", NULL, "chardev", "c1", NULL);
        }
        break;
    default:
        send(chr, x & 0x7f);
        break;
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    virtio_fuzz(&(VirtioFuzz){ .make = make, .act = act }, data, size);
    return 0;
}
