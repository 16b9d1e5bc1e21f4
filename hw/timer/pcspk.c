/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port 0x61 of a PC: the gate of the timer's counter 2 and the speaker's data
 * bit, and what guests use to measure time: counter 2's output, and a bit that
 * toggles with each memory refresh cycle of the first PCs.  After "82371AB
 * PCI-to-ISA / IDE Xcelerator (PIIX4)", April 1997 (290562-001), section 4.2.4,
 * "NMISC: NMI status and control register".
 *
 * Not modelled: audible output, and the bits for bus errors, which read as 0.
 * Made by boards, after the timer on the same bus.
 */
#include "config.h"
#include "hw/timer/pcspk.h"

#include "hw/isa/isa-bus.h"
#include "hw/machine/machine.h"
#include "hw/timer/i8254.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"
#include "qom/qapi-trace.h"

enum {
    NMISC_GATE2 = 0x01,
    NMISC_SPEAKER = 0x02,
    NMISC_REFRESH = 0x10,
    NMISC_OUT2 = 0x20,
};

enum { COUNTER = 2 };

/* The refresh cycle: counter 1 of the first PCs divided CLK by 18. */
#define REFRESH_NS 15085

struct PcSpk {
    Device parent;
    Clock *clock;
    Device *pit;                /* on the same bus, and held */
    MemoryRegion *region;
};

static guint64 pcspk_read(void *opaque, guint64 offset, guint size)
{
    const PcSpk *s = opaque;
    gint64 now = clock_now(s->clock, CLOCK_KIND_VIRTUAL);
    guint8 value;

    value = (i8254_gate(s->pit, COUNTER) ? NMISC_GATE2 : 0) |
            (i8254_speaker(s->pit) ? NMISC_SPEAKER : 0) |
            (now / REFRESH_NS % 2 ? NMISC_REFRESH : 0) |
            (i8254_out(s->pit, COUNTER) ? NMISC_OUT2 : 0);
    trace_pcspk_io_read(s, value);
    return value;
}

static void pcspk_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    PcSpk *s = opaque;

    trace_pcspk_io_write(s, value);
    i8254_set_speaker(s->pit, value & NMISC_SPEAKER);
    i8254_set_gate(s->pit, COUNTER, value & NMISC_GATE2);
}

static const RegionOps pcspk_ops = {
    .read = pcspk_read,
    .write = pcspk_write,
    .min_size = 1,
    .max_size = 1,
};

static Device *find_pit(const Device *dev)
{
    for (const GList *link = dev->bus->devices.head; link; link = link->next) {
        Device *pit = object_dynamic_cast(link->data, &qmp_class_isa_pit);

        if (pit) {
            return pit;
        }
    }
    return NULL;
}

static bool pcspk_realize(Device *dev, GError **error)
{
    PcSpk *s = to_pc_spk(dev);
    const IsaPcspkProps *props = isa_pcspk_props(dev);
    Device *pit = find_pit(dev);

    if (!pit) {
        qmp_error_set(error, ERROR_REASON_OBJECT_NOT_FOUND,
                      "'isa-pcspk' needs an 'isa-pit' on bus '%s'", dev->bus->object.name);
        return false;
    }
    s->region = isa_map_ports(dev, "pcspk", &pcspk_ops, props->iobase, 1, error);
    if (!s->region) {
        return false;
    }
    s->pit = object_ref(pit);
    s->clock = machine_of(dev)->clock;
    return true;
}

static void pcspk_unrealize(Device *dev)
{
    PcSpk *s = to_pc_spk(dev);

    isa_unmap(dev, s->region);
    s->region = NULL;
    g_clear_pointer(&s->pit, object_unref);
}

static const DeviceOps pcspk_device_ops = {
    .realize = pcspk_realize,
    .unrealize = pcspk_unrealize,
    .no_state = "the 8254 has its bits, as the one of an accelerator does",
};

const TypeInfo isa_pcspk_type = {
    .schema = &qmp_class_isa_pcspk,
    .size = sizeof(PcSpk),
    .device = &pcspk_device_ops,
};
