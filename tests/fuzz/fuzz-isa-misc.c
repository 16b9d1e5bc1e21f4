/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: small chips on one ISA bus (hw/misc, the parallel port).  Pairs of
 * bytes are accesses to their ports, and resets.  Bit 1 of the size is whether there is
 * a pc-testdev, too.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint16 ports[] = { 0x92, 0x505, 0x91, 0x504, 0x378, 0x379, 0x37a, 0x37a };
    static const guint16 test_ports[] = { 0xe0, 0xe2, 0xe4, 0xe7, 0xe9, 0x2000, 0x200e, 0x2017 };
    g_autoptr(Rig) rig = rig_new();
    g_autoptr(GError) error = NULL;
    Device *port92 = rig_device(rig, "port92", "port92", &error, NULL);

    if (size & 2) {
        rig_device(rig, "pc-testdev", "test", &error, NULL);
    }
    rig_device(rig, "pvpanic", "panic", &error, "events", size & 1 ? "3" : "1", NULL);
    rig_object(rig, "chardev-ringbuf", "c0", &error, NULL);
    rig_device(rig, "isa-parallel", "lpt", &error, "chardev", "c0", NULL);
    g_assert_no_error(error);
    for (size_t i = 0; i + 1 < size; i += 2) {
        guint16 port = size & 2 && data[i] & 0x40 ? test_ports[data[i] & 7] : ports[data[i] & 7];

        if (data[i] < 0x80) {
            rig_out(rig, port, data[i + 1] * 0x01010101u, 1 << (data[i] >> 3) % 3);
        } else if (data[i] < 0xf8) {
            rig_in(rig, port, 1 << (data[i] >> 3) % 3);
        } else {
            rig_reset(rig);
        }
        g_assert_cmpint(irq_level(gpio(&port92->object, "a20", 0)), ==,
                        rig_in(rig, 0x92, 1) >> 1 & 1);
        rig_deliver(rig);
    }
    return 0;
}
