/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programmable interrupt controller, after Intel's data sheet "8259A/8259A-2
 * Programmable Interrupt Controller", December 1988 (231468-003); and the
 * edge/level control register of "82371AB PCI-to-ISA / IDE Xcelerator (PIIX4)",
 * April 1997 (290562-001), section 4.2.5.  Terms are the data sheet's: IR inputs,
 * IRR, ISR, IMR; ICW and OCW are command words.
 *
 * Modelled: both trigger modes, initialization, priorities with all rotations,
 * normal, specific and automatic EOI, special mask mode, special fully nested
 * mode, poll.
 *
 * Not modelled: the MCS-80/85 mode (vectors are always the 8086's), and buffered
 * mode's pin.  An edge, once detected, stays requested until it is acknowledged;
 * the chip would drop it if the input fell before that, which no driver relies
 * on.
 *
 * Made by boards where the accelerator has none, one for the master and one for
 * the slave; the slave's output is wired to the master's input 2.
 */
#include "config.h"
#include "hw/intc/i8259.h"

#include "cpu/chips.h"
#include "hw/core/irq.h"
#include "hw/isa/isa-bus.h"
#include "qmp/error.h"
#include "qom/qapi-objects-intc.h"
#include "qom/qapi-trace.h"

enum { N_INPUTS = 8, N_PORTS = 2 };

enum {                          /* ICW1 */
    ICW1_IC4 = 0x01,            /* ICW4 follows */
    ICW1_SNGL = 0x02,           /* no ICW3 follows */
    ICW1_LTIM = 0x08,           /* all inputs are levels */
    ICW1 = 0x10,                /* this is one */
};

enum { ICW2_T = 0xf8 };         /* upper bits of vectors */

enum {                          /* ICW4 */
    ICW4_AEOI = 0x02,
    ICW4_SFNM = 0x10,
    ICW4_MASK = 0x1f,
};

enum {                          /* OCW2 */
    OCW2_LEVEL = 0x07,
    OCW2_EOI = 0x20,
    OCW2_SL = 0x40,             /* for the input that bits 2:0 name */
    OCW2_R = 0x80,              /* rotate */
};

enum {                          /* OCW3 */
    OCW3_RIS = 0x01,            /* read ISR, not IRR */
    OCW3_RR = 0x02,             /* RIS counts */
    OCW3_P = 0x04,              /* poll */
    OCW3 = 0x08,                /* this is one, if bit 4 is clear */
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40,           /* SMM counts */
};

#define POLL_REQUEST 0x80       /* result of a poll: a request; bits 2:0 name its input */

struct I8259 {
    Device parent;
    /* Guest-visible. */
    X86Pic regs;
    /* Wiring. */
    MemoryRegion *region, *elcr_region;
    Irq *inputs[N_INPUTS];
    Irq *output;
};

/* ---- Requests and priorities ---- */

/* Level-triggered inputs. */
static guint8 levels(const I8259 *s)
{
    return s->regs.icw1 & ICW1_LTIM ? 0xff : s->regs.elcr;
}

static guint8 irr(const I8259 *s)
{
    guint8 asserted = 0;

    for (guint i = 0; i < N_INPUTS; i++) {
        asserted |= irq_level(s->inputs[i]) << i;
    }
    return (s->regs.edges & ~levels(s)) | (asserted & levels(s));
}

/* Input of a priority, 0 being the highest. */
static guint input_of(const I8259 *s, guint priority)
{
    return (s->regs.lowest + 1 + priority) % N_INPUTS;
}

/* The highest priority of the inputs in set; N_INPUTS if it is empty. */
static guint highest(const I8259 *s, guint8 set)
{
    guint priority = 0;

    while (priority < N_INPUTS && !(set >> input_of(s, priority) & 1)) {
        priority++;
    }
    return priority;
}

/* Inputs in service that block requests of their own and lower priorities: in
 * special mask mode not the masked ones. */
static guint8 blocking(const I8259 *s)
{
    return s->regs.special_mask ? s->regs.isr & ~s->regs.imr : s->regs.isr;
}

/* In special fully nested mode the master takes a request of a slave that it
 * already serves: it is one of a higher priority in that slave. */
static bool is_nested_slave(const I8259 *s, guint input)
{
    return (s->regs.icw4 & ICW4_SFNM) && isa_i8259_props(s)->master && (s->regs.icw3 >> input & 1);
}

/* The input to be acknowledged, or -1. */
static int requested(const I8259 *s)
{
    guint request = highest(s, irr(s) & ~s->regs.imr);
    guint serviced = highest(s, blocking(s));
    guint input = input_of(s, request);

    if (request < serviced ||
        (request == serviced && request < N_INPUTS && is_nested_slave(s, input))) {
        return input;
    }
    return -1;
}

/* The only place that sets INT. */
static void update_output(I8259 *s)
{
    irq_set(s->output, s->regs.expect == X86_PIC_EXPECT_OCW1 && requested(s) >= 0);
}

static void input_changed(void *opaque, guint n, bool level)
{
    I8259 *s = opaque;

    guint8 bit = 1 << n;

    if (level && !((levels(s) | s->regs.levels) & bit)) {
        s->regs.edges |= bit;
    }
    s->regs.levels = level ? s->regs.levels | bit : s->regs.levels & ~bit;
    update_output(s);
}

/* ---- Acknowledgement and end of interrupt ---- */

/* The effect of INTA, and of a read after a poll command. */
static void take(I8259 *s, guint input)
{
    s->regs.edges &= ~(1 << input);
    if (!(s->regs.icw4 & ICW4_AEOI)) {
        s->regs.isr |= 1 << input;
    } else if (s->regs.rotate_in_aeoi) {
        s->regs.lowest = input;
    }
    update_output(s);
}

guint8 i8259_acknowledge(Device *dev, guint *ret_ir)
{
    I8259 *s = to_i8259(dev);
    int input = requested(s);

    if (input >= 0) {
        take(s, input);
    }
    *ret_ir = input >= 0 ? input : 7;   /* the request is gone: the default IR7 */
    trace_pic_interrupt(s, *ret_ir, (s->regs.icw2 & ICW2_T) | *ret_ir);
    return (s->regs.icw2 & ICW2_T) | *ret_ir;
}

static void end_of_interrupt(I8259 *s, guint8 ocw2)
{
    guint priority = highest(s, blocking(s));
    guint input = ocw2 & OCW2_SL ? ocw2 & OCW2_LEVEL : input_of(s, priority);

    if (!(ocw2 & OCW2_SL) && priority == N_INPUTS) {
        return;                 /* nothing is in service */
    }
    s->regs.isr &= ~(1 << input);
    if (ocw2 & OCW2_R) {
        s->regs.lowest = input;
    }
}

/* ---- Command words ---- */

static void write_icw1(I8259 *s, guint8 value)
{
    s->regs.icw1 = value;
    s->regs.expect = X86_PIC_EXPECT_ICW2;
    s->regs.edges = s->regs.isr = s->regs.imr = 0;
    s->regs.lowest = 7;
    s->regs.read_isr = s->regs.poll = s->regs.special_mask = s->regs.rotate_in_aeoi = false;
    s->regs.icw4 = 0;
}

static void write_ocw2(I8259 *s, guint8 value)
{
    switch (value & (OCW2_R | OCW2_SL | OCW2_EOI)) {
    case 0:
    case OCW2_R:
        s->regs.rotate_in_aeoi = value & OCW2_R;
        break;
    case OCW2_R | OCW2_SL:
        s->regs.lowest = value & OCW2_LEVEL;
        break;
    case OCW2_SL:
        break;                  /* no operation */
    default:
        end_of_interrupt(s, value);
    }
}

static void write_ocw3(I8259 *s, guint8 value)
{
    s->regs.poll = value & OCW3_P;
    if (value & OCW3_RR) {
        s->regs.read_isr = value & OCW3_RIS;
    }
    if (value & OCW3_ESMM) {
        s->regs.special_mask = value & OCW3_SMM;
    }
}

static void write_even(I8259 *s, guint8 value)
{
    if (value & ICW1) {
        write_icw1(s, value);
    } else if (value & OCW3) {
        write_ocw3(s, value);
    } else {
        write_ocw2(s, value);
    }
}

static void write_icw2(I8259 *s, guint8 value)
{
    s->regs.icw2 = value;
    if (!(s->regs.icw1 & ICW1_SNGL)) {
        s->regs.expect = X86_PIC_EXPECT_ICW3;
    } else {
        s->regs.icw3 = 0;
        s->regs.expect = s->regs.icw1 & ICW1_IC4 ? X86_PIC_EXPECT_ICW4 : X86_PIC_EXPECT_OCW1;
    }
}

static void write_odd(I8259 *s, guint8 value)
{
    switch (s->regs.expect) {
    case X86_PIC_EXPECT_ICW2:
        write_icw2(s, value);
        break;
    case X86_PIC_EXPECT_ICW3:
        s->regs.icw3 = value;
        s->regs.expect = s->regs.icw1 & ICW1_IC4 ? X86_PIC_EXPECT_ICW4 : X86_PIC_EXPECT_OCW1;
        break;
    case X86_PIC_EXPECT_ICW4:
        s->regs.icw4 = value & ICW4_MASK;
        s->regs.expect = X86_PIC_EXPECT_OCW1;
        break;
    default:
        s->regs.imr = value;
    }
}

static guint8 read_poll(I8259 *s)
{
    int input = requested(s);

    s->regs.poll = false;
    if (input < 0) {
        return 0;
    }
    take(s, input);
    return POLL_REQUEST | input;
}

static guint64 i8259_read(void *opaque, guint64 offset, guint size)
{
    I8259 *s = opaque;
    const char *name = s->regs.poll ? "poll" : offset ? "IMR" : s->regs.read_isr ? "ISR" : "IRR";
    guint8 value;

    if (s->regs.poll) {
        value = read_poll(s);
    } else if (offset) {
        value = s->regs.imr;
    } else {
        value = s->regs.read_isr ? s->regs.isr : irr(s);
    }
    trace_pic_ioport_read(s, name, value);
    return value;
}

/* The name of the command word of a write. */
static const char *word(const I8259 *s, guint64 offset, guint8 value)
{
    static const char odd[][5] = { [X86_PIC_EXPECT_OCW1] = "OCW1", [X86_PIC_EXPECT_ICW2] = "ICW2",
                                   [X86_PIC_EXPECT_ICW3] = "ICW3", [X86_PIC_EXPECT_ICW4] = "ICW4" };

    if (offset) {
        return odd[s->regs.expect];
    }
    return value & ICW1 ? "ICW1" : value & OCW3 ? "OCW3" : "OCW2";
}

static void i8259_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8259 *s = opaque;

    if (trace_wanted(TRACE_PIC_IOPORT_WRITE)) {
        trace_pic_ioport_write(s, word(s, offset, value), value);
    }
    offset ? write_odd(s, value) : write_even(s, value);
    update_output(s);
}

static const RegionOps i8259_ops = {
    .read = i8259_read,
    .write = i8259_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- ELCR ---- */

static guint64 elcr_read(void *opaque, guint64 offset, guint size)
{
    return to_i8259(opaque)->regs.elcr;
}

static void elcr_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I8259 *s = opaque;

    trace_pic_ioport_write(s, "ELCR", value);
    s->regs.elcr = value & isa_i8259_props(s)->elcr_mask;
    update_output(s);
}

static const RegionOps elcr_ops = {
    .read = elcr_read,
    .write = elcr_write,
    .min_size = 1,
    .max_size = 1,
};

/* ---- Life ---- */

static void i8259_init(Object *obj)
{
    I8259 *s = to_i8259(obj);

    gpio_in_new(obj, "unnamed-gpio-in", N_INPUTS, input_changed, s);
    for (guint i = 0; i < N_INPUTS; i++) {
        s->inputs[i] = gpio(obj, "unnamed-gpio-in", i);
    }
    gpio_out_new(obj, "unnamed-gpio-out", 1);
    s->output = gpio(obj, "unnamed-gpio-out", 0);
    s->regs.lowest = 7;
}

static bool i8259_realize(Device *dev, GError **error)
{
    I8259 *s = to_i8259(dev);
    const IsaI8259Props *props = isa_i8259_props(dev);

    s->region = isa_map_ports(dev, "pic", &i8259_ops, props->iobase, N_PORTS, error);
    if (!s->region) {
        return false;
    }
    if (props->has_elcr_addr) {
        s->elcr_region = isa_map_ports(dev, "elcr", &elcr_ops, props->elcr_addr, 1, error);
        if (!s->elcr_region) {
            isa_unmap(dev, s->region);
            return false;
        }
    }
    return true;
}

static void i8259_unrealize(Device *dev)
{
    I8259 *s = to_i8259(dev);

    isa_unmap(dev, s->elcr_region);
    isa_unmap(dev, s->region);
    s->region = s->elcr_region = NULL;
    irq_set(s->output, false);
}

static void i8259_reset_hold(Device *dev)
{
    update_output(to_i8259(dev));
}

static bool i8259_state_loaded(Device *dev, GError **error)
{
    I8259 *s = to_i8259(dev);

    if (!x86_pic_check(&s->regs) || s->regs.elcr & ~isa_i8259_props(s)->elcr_mask) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an 8259A",
                      dev->object.name);
        return false;
    }
    update_output(s);
    return true;
}

static const ObjectOps i8259_object_ops = {
    .init = i8259_init,
};

static const DeviceOps i8259_device_ops = {
    .realize = i8259_realize,
    .unrealize = i8259_unrealize,
    .reset_hold = i8259_reset_hold,
    .state = x86_pic_rows,
    .state_offset = offsetof(I8259, regs),
    .state_name = X86_PIC_STATE,
    .state_loaded = i8259_state_loaded,
};

const TypeInfo isa_i8259_type = {
    .schema = &qmp_class_isa_i8259,
    .size = sizeof(I8259),
    .object = &i8259_object_ops,
    .device = &i8259_device_ops,
};
