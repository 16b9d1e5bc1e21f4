/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of devices of the ISA bus, and of chips, carried into a new process while they are
 * busy: tests/lib/carry.h.
 */
#include "config.h"

#include <string.h>

#include "hw/chardev/char.h"
#include "hw/core/irq.h"
#include "qmp/qapi-types-input.h"
#include "qom/qapi-objects-char.h"
#include "tests/lib/carry.h"
#include "tests/lib/ps2-host.h"

#define MS G_GINT64_CONSTANT(1000000)

static void pass(Carry *c, gint64 ns)
{
    clock_advance(c->rig->clock, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL) + ns);
}

static void note_ports(Carry *c, guint16 first, guint n)
{
    for (guint i = 0; i < n; i++) {
        carry_note(c, "port %x is %02x", first + i, rig_in(c->rig, first + i, 1));
    }
}

/* ---- Chardevs that are full ---- */

static gsize room;
static GString *taken;

static gsize take_some(Chardev *chr, const guint8 *data, gsize size)
{
    gsize n = MIN(size, room);

    g_string_append_len(taken, (const char *)data, n);
    room -= n;
    return n;
}

static char *filename(Chardev *chr)
{
    return g_strdup("slow");
}

static const CharOps slow_ops = { .write = take_some, .filename = filename };

static void slow_chardev(Carry *c, gsize n)
{
    Chardev *chr = to_chardev(rig_object(c->rig, "chardev-null", "c0", NULL, NULL));

    chr->ops = &slow_ops;
    room = n;
    taken = g_string_new(NULL);
    c->opaque = chr;
}

static void slow_clear(Carry *c)
{
    Chardev *chr = c->opaque;

    chr->ops = object_kind(chr);
    g_string_free(taken, TRUE);
}

/* What the host gets when there is room again. */
static void note_written(Carry *c)
{
    Chardev *chr = c->opaque;

    g_string_truncate(taken, 0);
    room = 1000;
    char_writable(chr);
    carry_note(c, "the host got '%s'", taken->str);
}

/* ---- Serial and parallel ports ---- */

static void serial_make(Carry *c)
{
    slow_chardev(c, 0);
    carry_device(c, "isa-serial", "s0", "index", "0", "chardev", "c0");
}

/* Two received characters below the trigger level, and three that the host does not take. */
static void serial_busy(Carry *c)
{
    rig_out(c->rig, 0x3fa, 0x81, 1);
    rig_out(c->rig, 0x3f9, 0x0f, 1);
    rig_out(c->rig, 0x3ff, 0x5a, 1);
    for (guint i = 0; i < 3; i++) {
        rig_out(c->rig, 0x3f8, 'a' + i, 1);
    }
    char_receive(c->opaque, (const guint8 *)"xy", 2);
    pass(c, 100000);
}

static void serial_go_on(Carry *c)
{
    carry_timers(c, 2);
    note_ports(c, 0x3f8, 8);
    note_written(c);
    note_ports(c, 0x3f8, 8);
}

static void parallel_make(Carry *c)
{
    slow_chardev(c, 0);
    carry_device(c, "isa-parallel", "p0", "chardev", "c0");
}

static void parallel_busy(Carry *c)
{
    rig_out(c->rig, 0x378, 'a', 1);
    rig_out(c->rig, 0x37a, 0x1d, 1);
    rig_out(c->rig, 0x37a, 0x1c, 1);
}

static void parallel_go_on(Carry *c)
{
    note_ports(c, 0x378, 3);
    note_written(c);
    note_ports(c, 0x378, 3);
    carry_timers(c, 2);
    note_ports(c, 0x378, 3);
}

/* ---- Timers ---- */

static void pit_make(Carry *c)
{
    c->dev = carry_device(c, "isa-pit", "pit", "iobase", "64");
    irq_connect(gpio(&c->dev->object, "unnamed-gpio-out", 0),
                gpio(&c->rig->isabus->object, "irq", 0), false);
    carry_device(c, "isa-pcspk", "spk");
}

static void pit_busy(Carry *c)
{
    rig_out(c->rig, 0x43, 0x34, 1);
    rig_out(c->rig, 0x40, 0x00, 1);
    rig_out(c->rig, 0x40, 0x10, 1);
    rig_out(c->rig, 0x43, 0xb6, 1);
    rig_out(c->rig, 0x42, 0x34, 1);
    rig_out(c->rig, 0x42, 0x12, 1);
    rig_out(c->rig, 0x61, 0x03, 1);
    pass(c, 5 * MS + 4321);
    rig_out(c->rig, 0x43, 0xc2, 1);             /* latches status and count of counter 0 */
    rig_in(c->rig, 0x40, 1);
}

static void pit_go_on(Carry *c)
{
    for (guint i = 0; i < 8; i++) {
        note_ports(c, 0x40, 3);
    }
    carry_timers(c, 4);
    note_ports(c, 0x61, 1);
    rig_out(c->rig, 0x43, 0x80, 1);
    note_ports(c, 0x42, 1);
    note_ports(c, 0x42, 1);
}

static void hpet_make(Carry *c)
{
    c->dev = carry_device(c, "hpet", "hpet", "timers", "3", "hpet-intcap", "16", "base",
                          "4275044352");
    for (guint i = 0; i < 4; i++) {
        irq_connect(gpio(&c->dev->object, "irq", 4 + i),
                    gpio(&c->rig->isabus->object, "irq", 4 + i), false);
    }
}

enum { HPET = 0xfed00000u };

static void hpet_busy(Carry *c)
{
    address_space_write(c->rig->memory, HPET + 0x108, 1000000, 8);
    pass(c, 3 * MS);
    address_space_write(c->rig->memory, HPET + 0x10, 1, 8);
    address_space_write(c->rig->memory, HPET + 0x100, 0x84c, 8);    /* periodic, line 4 */
    address_space_write(c->rig->memory, HPET + 0x108, 123456, 8);
    address_space_write(c->rig->memory, HPET + 0x108, 50000, 8);
    address_space_write(c->rig->memory, HPET + 0x120, 0x806, 8);    /* once, a level */
    address_space_write(c->rig->memory, HPET + 0x128, 100000, 8);
    pass(c, 2 * MS);
}

static void hpet_go_on(Carry *c)
{
    static const guint registers[] = { 0x10, 0x20, 0xf0, 0x100, 0x108, 0x120, 0x128 };

    carry_timers(c, 4);
    for (guint i = 0; i < G_N_ELEMENTS(registers); i++) {
        carry_note(c, "%x is %" G_GINT64_MODIFIER "x", registers[i],
                   address_space_read(c->rig->memory, HPET + registers[i], 8));
    }
}

static void rtc_make(Carry *c)
{
    carry_device(c, "mc146818rtc", "rtc", "clock", "vm", "base", "2024-02-29T23:59:58");
}

static guint8 rtc_get(Carry *c, guint8 i)
{
    rig_out(c->rig, 0x70, i, 1);
    return rig_in(c->rig, 0x71, 1);
}

static void rtc_set(Carry *c, guint8 i, guint8 value)
{
    rig_out(c->rig, 0x70, i, 1);
    rig_out(c->rig, 0x71, value, 1);
}

/* A periodic interrupt, an alarm at midnight, and a byte of CMOS. */
static void rtc_busy(Carry *c)
{
    rtc_set(c, 0x33, 0x5a);
    rtc_set(c, 5, 0);
    rtc_set(c, 3, 0);
    rtc_set(c, 1, 0);
    rtc_set(c, 10, 0x2d);
    rtc_set(c, 11, 0x62);
    pass(c, 700 * MS);
}

static void rtc_go_on(Carry *c)
{
    note_ports(c, 0x70, 2);
    for (guint i = 0; i < 40; i++) {
        carry_timers(c, 1);
        carry_note(c, "C is %02x", rtc_get(c, 12));
    }
    for (guint i = 0; i < 0x40; i++) {
        carry_note(c, "%x is %02x", i, rtc_get(c, i));
    }
}

/* ---- Interrupt controllers ---- */

static void pic_make(Carry *c)
{
    c->dev = carry_device(c, "isa-i8259", "pic", "iobase", "32", "elcr_addr", "1232",
                          "elcr_mask", "248", "master", "on");
}

static void pic_busy(Carry *c)
{
    static const guint8 words[] = { 0x20, 4, 1 };

    rig_out(c->rig, 0x20, 0x11, 1);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        rig_out(c->rig, 0x21, words[i], 1);
    }
    rig_out(c->rig, 0x21, 0x02, 1);
    rig_out(c->rig, 0x4d0, 0x20, 1);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 6), true);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 6), false);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 5), true);
    rig_out(c->rig, 0x20, 0x0c, 1);             /* poll: takes line 5 */
    rig_in(c->rig, 0x20, 1);
}

/* Whoever holds line 5 drives it again when its state is loaded. */
static void pic_go_on(Carry *c)
{
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 5), true);
    note_ports(c, 0x20, 2);
    note_ports(c, 0x4d0, 1);
    rig_out(c->rig, 0x20, 0x0b, 1);
    note_ports(c, 0x20, 1);
    rig_out(c->rig, 0x20, 0x20, 1);
    carry_note(c, "INT %d", irq_level(gpio(&c->dev->object, "unnamed-gpio-out", 0)));
    rig_out(c->rig, 0x20, 0x0c, 1);
    note_ports(c, 0x20, 1);
}

static void ioapic_make(Carry *c)
{
    c->dev = carry_device(c, "ioapic", "ioapic", "base", "4273995776", "version", "32");
}

static void ioapic_set(Carry *c, guint8 reg, guint32 value)
{
    address_space_write(c->rig->memory, 0xfec00000, reg, 4);
    address_space_write(c->rig->memory, 0xfec00010, value, 4);
}

static void ioapic_busy(Carry *c)
{
    ioapic_set(c, 0x1d, 7u << 24);
    ioapic_set(c, 0x1c, 0x8031);                /* pin 6: a level */
    ioapic_set(c, 0x20, 0x41);                  /* pin 8: an edge */
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 6), true);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 8), true);
}

/* Whoever holds the pins drives them again: neither is a new interrupt. */
static void ioapic_go_on(Carry *c)
{
    guint before = c->rig->accel->msis->len;

    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 6), true);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 8), true);
    carry_note(c, "%u messages", c->rig->accel->msis->len - before);
    for (guint i = 0; i < 0x40; i++) {
        address_space_write(c->rig->memory, 0xfec00000, i, 4);
        carry_note(c, "register %x is %x", i,
                   (guint)address_space_read(c->rig->memory, 0xfec00010, 4));
    }
    address_space_write(c->rig->memory, 0xfec00040, 0x31, 4);   /* end of interrupt */
    carry_note(c, "%u messages", c->rig->accel->msis->len - before);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 8), false);
    irq_set(gpio(&c->dev->object, "unnamed-gpio-in", 8), true);
    carry_note(c, "%u messages", c->rig->accel->msis->len - before);
}

/* ---- Keyboard and mouse ---- */

static void ps2_make(Carry *c)
{
    ps2_host_new(c->rig);
}

static void ps2_busy(Carry *c)
{
    ps2_host_command(c->rig, 0x60, 0x47);
    ps2_host_send_mouse(c->rig, 0xf4);
    ps2_host_drain(c->rig);
    ps2_host_key(c->rig, Q_KEY_CODE_A, true);
    ps2_host_key(c->rig, Q_KEY_CODE_SHIFT, true);
    ps2_host_move(c->rig, 7, -300);
    ps2_host_button(c->rig, INPUT_BUTTON_LEFT, true);
    pass(c, 123 * MS);                          /* of the time until a key repeats */
    rig_out(c->rig, 0x60, 0xed, 1);             /* half a command */
}

static void ps2_go_on(Carry *c)
{
    for (guint i = 0; i < 12; i++) {
        note_ports(c, 0x64, 1);
        note_ports(c, 0x60, 1);
    }
    rig_out(c->rig, 0x60, 0x07, 1);
    note_ports(c, 0x60, 1);
    ps2_host_key(c->rig, Q_KEY_CODE_A, false);
    note_ports(c, 0x60, 1);
    carry_timers(c, 3);
    for (guint i = 0; i < 8; i++) {
        note_ports(c, 0x60, 1);
    }
}

/* ---- Firmware configuration ---- */

static void fw_cfg_make(Carry *c)
{
    carry_device(c, "fw_cfg_io", "fw", "iobase", "0x510");
}

static void fw_cfg_busy(Carry *c)
{
    rig_out(c->rig, 0x510, 0, 2);
    rig_in(c->rig, 0x511, 1);
    rig_out(c->rig, 0x514, 0x12345678, 4);      /* the upper half of a DMA address */
}

static void fw_cfg_go_on(Carry *c)
{
    for (guint i = 0; i < 4; i++) {
        note_ports(c, 0x511, 1);
    }
}

/* ---- A CPU, of an accelerator that keeps what it is told ---- */

static void cpu_make(Carry *c)
{
    c->dev = carry_device(c, "qemu64-x86_64-cpu", "cpu0");
}

static void cpu_busy(Carry *c)
{
    X86CpuState *state = &c->rig->accel->vcpu_state;

    x86_state_reset(state, true);
    for (guint i = 0; i < 16; i++) {
        state->gpr[i] = 0x0101010101010101 * (i + 1);
    }
    state->rip = 0xffffffff81000000;
    state->segment[X86_GS].base = 0xffff888000000000;
    state->msrs.lstar = 0xffffffff82000000;
    state->more_msrs[0] = (X86Msr){ 0x2ff, 0xc06 };
    state->n_more_msrs = 1;
    state->has_tsc = state->has_lapic = true;
    state->tsc = 0x123456789abc;
    state->events.nmi_masked = true;
    memset(state->xsave + 160, 0x5a, 16);
    state->lapic[0x38] = 12345;
}

static void cpu_go_on(Carry *c)
{
    const X86CpuState *state = &c->rig->accel->vcpu_state;

    carry_note(c, "rip %lx, r15 %lx, gs %lx, lstar %lx, MSR %lx, tsc %lx", state->rip,
               state->gpr[15], state->segment[X86_GS].base, state->msrs.lstar,
               state->more_msrs[0].value, state->tsc);
    carry_note(c, "NMI masked %d, xmm0 %x, count %u", state->events.nmi_masked,
               state->xsave[165], state->lapic[0x38]);
}

/* ---- Others ---- */

static void ib700_make(Carry *c)
{
    carry_device(c, "ib700", "w0");
}

static void ib700_busy(Carry *c)
{
    rig_out(c->rig, 0x443, 0x0e, 1);
    pass(c, 1500 * MS);
}

static void ib700_go_on(Carry *c)
{
    carry_timers(c, 1);
    carry_note(c, "%u watchdogs", c->rig->watchdogs);
}

static void port92_make(Carry *c)
{
    carry_device(c, "port92", "port92");
    carry_device(c, "pc-testdev", "t0");
}

static void port92_busy(Carry *c)
{
    rig_out(c->rig, 0x92, 2, 1);
    rig_out(c->rig, 0xe0, 0x12345678, 4);
    rig_out(c->rig, 0x2005, 1, 1);
}

static void port92_go_on(Carry *c)
{
    note_ports(c, 0x92, 1);
    carry_note(c, "%x", rig_in(c->rig, 0xe0, 4));
}

static const CarryCase cases[] = {
    { "serial", serial_make, serial_busy, serial_go_on, slow_clear },
    { "parallel", parallel_make, parallel_busy, parallel_go_on, slow_clear },
    { "i8254", pit_make, pit_busy, pit_go_on, NULL },
    { "hpet", hpet_make, hpet_busy, hpet_go_on, NULL },
    { "mc146818", rtc_make, rtc_busy, rtc_go_on, NULL },
    { "i8259", pic_make, pic_busy, pic_go_on, NULL },
    { "ioapic", ioapic_make, ioapic_busy, ioapic_go_on, NULL },
    { "fw-cfg", fw_cfg_make, fw_cfg_busy, fw_cfg_go_on, NULL },
    { "cpu", cpu_make, cpu_busy, cpu_go_on, NULL },
    { "ps2", ps2_make, ps2_busy, ps2_go_on, NULL },
    { "ib700", ib700_make, ib700_busy, ib700_go_on, NULL },
    { "ports", port92_make, port92_busy, port92_go_on, NULL },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    carry_add(cases, G_N_ELEMENTS(cases));
    return g_test_run();
}
