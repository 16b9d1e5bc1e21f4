/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: state of a machine that was modified while it was stored.
 *
 * A machine with chips, virtio devices and a CPU is saved.  Four bytes are a step: an
 * offset, a value, and an action: change a byte of a field, or of the whole; load the
 * state; access the guest's devices; let time pass.  State that was loaded must save, and
 * load again.
 */
#include "config.h"

#include "hw/machine/machine-state.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"
#include "tests/lib/virtio-driver.h"

enum {
    N_DRIVERS = 3,
    REGISTERS = 0xfeb00000u,
    TIMERS_AT_ONCE = 50,        /* that fire in a step */
    STEPS = 20,
};

typedef struct {
    Rig *rig;
    GByteArray *state;
    VirtioDriver *drivers[N_DRIVERS];
} Bench;

static void make(Bench *b, const char *driver, const char *id, const char *property,
                 const char *value)
{
    g_autoptr(GError) error = NULL;

    rig_device(b->rig, driver, id, &error, property, value, NULL);
    g_assert_no_error(error);
}

/* A device that its driver uses, with a chain in queue 0. */
static void make_virtio(Bench *b, const char *driver, guint index)
{
    g_autofree char *id = g_strdup_printf("d%u", index);
    VirtioDriver *d = virtio_driver_new(b->rig, index);
    VirtioBuffer buffer;

    b->drivers[index] = d;
    make(b, driver, id, NULL, NULL);
    virtio_driver_start(d, ~G_GUINT64_CONSTANT(0), index ? 2 : 1, 8);
    for (guint i = 0; i < 3; i++) {
        buffer = (VirtioBuffer){ virtio_driver_alloc(d, 8, 1), 8, index != 1 };
        virtio_driver_add(d, 0, &buffer, 1);
        virtio_driver_kick(d, 0);
    }
}

static void make_devices(Bench *b)
{
    static const char *const chips[][3] = {
        { "isa-pit", "iobase", "64" }, { "isa-pcspk", NULL, NULL },
        { "isa-i8259", "iobase", "32" }, { "ioapic", NULL, NULL },
        { "mc146818rtc", "clock", "vm" }, { "hpet", NULL, NULL }, { "i8042", NULL, NULL },
        { "isa-serial", "index", "0" }, { "ib700", NULL, NULL }, { "port92", NULL, NULL },
        { "fw_cfg_io", NULL, NULL }, { "pc-testdev", NULL, NULL },
        { "pci-testdev", NULL, NULL }, { "i6300esb", NULL, NULL },
        { "qemu64-x86_64-cpu", NULL, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(chips); i++) {
        make(b, chips[i][0], chips[i][0], chips[i][1], chips[i][2]);
    }
    make_virtio(b, "virtio-rng-device", 0);
    make_virtio(b, "virtio-balloon-device", 1);
    make_virtio(b, "virtio-serial-device", 2);
    make(b, "virtconsole", "p0", NULL, NULL);
}

static void save(Bench *b)
{
    g_autoptr(GError) error = NULL;

    g_byte_array_set_size(b->state, 0);
    machine_save(b->rig->machine, b->state, &error);
    g_assert_no_error(error);
}

static void bench_init(Bench *b)
{
    b->rig = rig_new();
    b->state = g_byte_array_new();
    make_devices(b);
    machine_pause(b->rig->machine);
    save(b);
}

static void bench_clear(Bench *b)
{
    machine_pause(b->rig->machine);
    for (guint i = 0; i < N_DRIVERS; i++) {
        virtio_driver_free(b->drivers[i]);
    }
    rig_free(b->rig);
    g_byte_array_unref(b->state);
}

/* ---- Steps ---- */

/* What was taken is taken again, and what was refused has left a machine that is whole. */
static void load(Bench *b)
{
    bool taken;

    machine_pause(b->rig->machine);
    taken = machine_load(b->rig->machine, b->state->data, b->state->len, NULL);
    save(b);
    if (taken) {
        g_assert_true(machine_load(b->rig->machine, b->state->data, b->state->len, NULL));
    }
    g_assert_true(machine_run(b->rig->machine, NULL));
}

/* A register of a virtio device, an HPET or an I/O APIC; or a port. */
static void access_device(Bench *b, guint16 where, guint8 value)
{
    static const guint16 ports[] = { 0x20, 0x40, 0x60, 0x70, 0x92, 0x3f8, 0x441, 0x510 };
    static const guint64 bases[] = { REGISTERS, REGISTERS + 0x200, REGISTERS + 0x400, 0xfed00000,
                                     0xfec00000 };

    if (where & 0x8000) {
        guint64 address = bases[(where >> 9 & 63) % G_N_ELEMENTS(bases)] + (where & 0x1fc);

        address_space_write(b->rig->memory, address, value, 4);
        address_space_read(b->rig->memory, address, 4);
    } else {
        rig_out(b->rig, ports[where >> 3 & 7] + (where & 7), value, 1);
        rig_in(b->rig, ports[where >> 3 & 7] + (where & 7), 1);
    }
    rig_deliver(b->rig);
}

static void step(Bench *b, guint16 where, guint8 value, guint8 what)
{
    switch (what & 7) {
    case 0:
    case 1:
    case 2:
        state_bytes_damage(b->state, where, value);
        break;
    case 3:
        b->state->data[where % b->state->len] ^= value;
        load(b);                /* afterwards the state is one again */
        break;
    case 4:
    case 5:
        load(b);
        break;
    case 6:
        access_device(b, where, value);
        break;
    case 7:
        clock_advance_some(b->rig->clock,
                           clock_add(clock_now(b->rig->clock, CLOCK_KIND_VIRTUAL),
                                     (gint64)where << (value & 31)), TIMERS_AT_ONCE);
        rig_deliver(b->rig);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bench b;

    bench_init(&b);
    for (gsize i = 0; i + 4 <= size && i < 4 * STEPS; i += 4) {
        step(&b, data[i] | data[i + 1] << 8, data[i + 2], data[i + 3]);
    }
    bench_clear(&b);
    return 0;
}
