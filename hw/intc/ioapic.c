/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O Advanced Programmable Interrupt Controller, after Intel's data sheet
 * "82093AA I/O Advanced Programmable Interrupt Controller (IOAPIC)", May 1996
 * (290566-001), section 3; and, with version 0x20, the EOI register of later
 * chips ("Intel I/O Controller Hub 9", 316972-004, section 13.5.5).
 *
 * A message on the APIC bus is an MSI here (AccelOps.msi_send): destination,
 * delivery mode, trigger mode and vector of an entry have the same encoding as
 * in an MSI's address and data.  It is accepted as soon as it is sent, so
 * Delivery Status always reads as idle.
 *
 * Where the accelerator has the local APICs (split), each pin's message is the
 * route of the GSI of its number and is sent by setting that GSI: so the
 * accelerator knows for which vectors an end of interrupt concerns this chip
 * (AccelHost.eoi).  A masked pin's route stays, since its interrupt may still be in
 * service.
 *
 * A line says whether the interrupt is asserted, independent of the pin's
 * polarity.  So INTPOL is stored, but has no effect.
 *
 * Line 0, that of a PC's interval timer, goes to pin 2, as in QEMU and in a PC's
 * tables; an HPET may drive line 2 itself.
 *
 * Made by boards where the accelerator has no I/O APIC.
 */
#include "config.h"
#include "hw/intc/ioapic.h"

#include "cpu/chips.h"
#include "hw/core/irq.h"
#include "hw/machine/machine.h"
#include "qmp/error.h"
#include "qom/guest-error.h"
#include "qom/qapi-objects-intc.h"
#include "qom/qapi-trace.h"

enum {                          /* 3.1, memory mapped registers */
    IOREGSEL = 0x00,
    IOWIN = 0x10,
    EOIR = 0x40,                /* version 0x20 */
    IOAPIC_SIZE = 0x1000,
};

enum {                          /* 3.2, what IOREGSEL selects */
    IOAPICID = 0x00,
    IOAPICVER = 0x01,
    IOAPICARB = 0x02,
    IOREDTBL = 0x10,            /* two for each pin */
};

enum { TIMER_LINE = 0, TIMER_PIN = 2 };

enum {
    ID_SHIFT = 24,
    ID_MASK = 0x0f,
    VERSION_82093AA = 0x11,
    VERSION_EOIR = 0x20,
};

/* 3.2.4, one redirection entry */
#define RTE_VECTOR      G_GUINT64_CONSTANT(0x00ff)
#define RTE_DELMOD      G_GUINT64_CONSTANT(0x0700)
#define RTE_DESTMOD     G_GUINT64_CONSTANT(0x0800)
#define RTE_DELIVS      G_GUINT64_CONSTANT(0x1000)
#define RTE_REMOTE_IRR  G_GUINT64_CONSTANT(0x4000)
#define RTE_LEVEL       G_GUINT64_CONSTANT(0x8000)
#define RTE_MASK        G_GUINT64_CONSTANT(0x10000)
#define RTE_DEST        (G_GUINT64_CONSTANT(0xff) << 56)
#define RTE_READ_ONLY   (RTE_DELIVS | RTE_REMOTE_IRR)
#define RTE_WRITABLE    (G_GUINT64_CONSTANT(0x1ffff) | RTE_DEST)

enum {
    DELMOD_SHIFT = 8,
    DELMOD_FIXED = 0,
    DELMOD_LOWEST = 1,
    DEST_SHIFT = 56,
};

enum {                          /* Intel SDM volume 3, 11.11: a message's fields */
    MSI_DEST_SHIFT = 12,
    MSI_DESTMOD_LOGICAL = 1 << 2,
    MSI_DELMOD_SHIFT = 8,
    MSI_ASSERT = 1 << 14,
    MSI_LEVEL = 1 << 15,
};
#define MSI_ADDRESS 0xfee00000u

struct Ioapic {
    Device parent;
    /* Guest-visible. */
    X86Ioapic regs;
    /* Wiring. */
    Machine *machine;
    MemoryRegion *region;
    Irq *lines[IOAPIC_N_PINS];
    bool split;
    guint32 routes;             /* pins that have one */
};

/* ---- Delivery ---- */

static guint pin_of(guint line)
{
    return line == TIMER_LINE ? TIMER_PIN : line;
}

static bool is_asserted(const Ioapic *s, guint pin)
{
    return pin != TIMER_LINE &&
           (irq_level(s->lines[pin]) || (pin == TIMER_PIN && irq_level(s->lines[TIMER_LINE])));
}

/* 3.2.4, DELMOD: in the other modes each assertion is an edge, however the entry
 * is programmed. */
static bool is_level(guint64 rte)
{
    guint delmod = (rte & RTE_DELMOD) >> DELMOD_SHIFT;

    return (rte & RTE_LEVEL) && (delmod == DELMOD_FIXED || delmod == DELMOD_LOWEST);
}

static AccelMsi message(guint64 rte)
{
    guint delmod = (rte & RTE_DELMOD) >> DELMOD_SHIFT;

    return (AccelMsi){
        .address = MSI_ADDRESS | rte >> DEST_SHIFT << MSI_DEST_SHIFT |
                   (rte & RTE_DESTMOD ? MSI_DESTMOD_LOGICAL : 0),
        .data = (rte & RTE_VECTOR) | delmod << MSI_DELMOD_SHIFT | MSI_ASSERT |
                (is_level(rte) ? MSI_LEVEL : 0),
    };
}

static void send(Ioapic *s, guint pin)
{
    Accel *accel = s->machine->accel;
    const AccelMsi msi = message(s->regs.ioredtbl[pin]);

    trace_ioapic_send(s, pin, msi.address, msi.data);
    if (!accel) {
        return;
    }
    if (s->split) {
        accel_ops(accel)->set_gsi(accel, pin, true);
        accel_ops(accel)->set_gsi(accel, pin, false);
    } else {
        accel_ops(accel)->msi_send(accel, &msi);
    }
}

/* To be called before a pin sends its entry's message. */
static void update_route(Ioapic *s, guint pin)
{
    Accel *accel = s->machine->accel;
    const AccelMsi msi = message(s->regs.ioredtbl[pin]);
    g_autoptr(GError) error = NULL;

    if (!s->split || !accel || (s->regs.ioredtbl[pin] & RTE_MASK)) {
        return;
    }
    if (accel_ops(accel)->msi_route_update(accel, pin, &msi, &error)) {
        s->routes |= 1u << pin;
    } else {
        g_warning("pin %u of '%s': %s", pin, s->parent.object.name, error->message);
    }
}

static void drop_routes(Ioapic *s)
{
    Accel *accel = s->machine->accel;

    for (guint pin = 0; accel && pin < IOAPIC_N_PINS; pin++) {
        if (s->routes >> pin & 1) {
            accel_ops(accel)->msi_route_del(accel, pin);
        }
    }
    s->routes = 0;
}

/* A level interrupt is sent once, and again if its line is still asserted after
 * its EOI. */
static void service_level(Ioapic *s, guint pin)
{
    guint64 rte = s->regs.ioredtbl[pin];

    if (is_level(rte) && !(rte & (RTE_MASK | RTE_REMOTE_IRR)) && is_asserted(s, pin)) {
        s->regs.ioredtbl[pin] |= RTE_REMOTE_IRR;
        send(s, pin);
    }
}

/* An edge on a masked pin is lost. */
static void line_changed(void *opaque, guint line, bool level)
{
    Ioapic *s = opaque;
    guint pin = pin_of(line);
    guint64 rte = s->regs.ioredtbl[pin];
    guint32 bit = 1u << line;
    bool edge = level && !(s->regs.levels & bit);

    s->regs.levels = level ? s->regs.levels | bit : s->regs.levels & ~bit;
    if (is_level(rte)) {
        service_level(s, pin);
    } else if (edge && !(rte & RTE_MASK)) {
        send(s, pin);
    }
}

static void end_of_interrupt(void *opaque, guint8 vector)
{
    Ioapic *s = opaque;

    trace_ioapic_eoi(s, vector);
    for (guint pin = 0; pin < IOAPIC_N_PINS; pin++) {
        guint64 *rte = &s->regs.ioredtbl[pin];

        if ((*rte & RTE_REMOTE_IRR) && (*rte & RTE_VECTOR) == vector) {
            *rte &= ~RTE_REMOTE_IRR;
            service_level(s, pin);
        }
    }
}

/* ---- Registers ---- */

static guint8 version(const Ioapic *s)
{
    return ioapic_props(s)->version;
}

static bool is_register(guint8 index)
{
    return index <= IOAPICARB || (index >= IOREDTBL && index < IOREDTBL + 2 * IOAPIC_N_PINS);
}

static guint32 read_register(const Ioapic *s)
{
    guint pin = (s->regs.ioregsel - IOREDTBL) / 2;

    switch (s->regs.ioregsel) {
    case IOAPICID:
        return (guint32)s->regs.id << ID_SHIFT;
    case IOAPICVER:
        return version(s) | (IOAPIC_N_PINS - 1) << 16;
    case IOAPICARB:
        return (guint32)s->regs.arb << ID_SHIFT;
    default:
        if (s->regs.ioregsel < IOREDTBL || pin >= IOAPIC_N_PINS) {
            return 0;
        }
        return s->regs.ioredtbl[pin] >> (s->regs.ioregsel & 1 ? 32 : 0);
    }
}

/* A pin that changes from level to edge does not wait for its EOI any more;
 * drivers of chips without EOI register clear Remote IRR this way. */
static void write_entry(Ioapic *s, guint pin, bool high, guint32 value)
{
    guint64 *rte = &s->regs.ioredtbl[pin];
    guint64 written = high ? (guint64)value << 32 | (guint32)*rte
                           : (*rte >> 32 << 32) | value;

    *rte = (written & RTE_WRITABLE & ~RTE_READ_ONLY) | (*rte & RTE_READ_ONLY);
    if (!is_level(*rte)) {
        *rte &= ~RTE_REMOTE_IRR;
    }
    update_route(s, pin);
    service_level(s, pin);
}

static void write_register(Ioapic *s, guint32 value)
{
    guint pin = (s->regs.ioregsel - IOREDTBL) / 2;

    if (s->regs.ioregsel == IOAPICID) {
        s->regs.id = s->regs.arb = value >> ID_SHIFT & ID_MASK;   /* 3.2.3: both are loaded */
    } else if (s->regs.ioregsel >= IOREDTBL && pin < IOAPIC_N_PINS) {
        write_entry(s, pin, s->regs.ioregsel & 1, value);
    }
}

/* The name of the register at offset; for IOWIN, of the selected one. */
static const char *register_name(const Ioapic *s, guint64 offset)
{
    static const TraceRegister mapped[] = { { IOREGSEL, "IOREGSEL" }, { EOIR, "EOIR" } };
    static const TraceRegister selected[] = {
        { IOAPICID, "IOAPICID" }, { IOAPICVER, "IOAPICVER" }, { IOAPICARB, "IOAPICARB" },
    };

    if (offset != IOWIN) {
        return trace_register(mapped, G_N_ELEMENTS(mapped), offset, "?");
    }
    return trace_register(selected, G_N_ELEMENTS(selected), s->regs.ioregsel,
                          is_register(s->regs.ioregsel) ? "IOREDTBL" : "?");
}

/* A write to an absent register is a guest error: the guest expects an effect. */
static void check_selected(Ioapic *s)
{
    if (!is_register(s->regs.ioregsel)) {
        device_guest_error(&s->parent, "register 0x%x does not exist", s->regs.ioregsel);
    }
}

static guint64 ioapic_read(void *opaque, guint64 offset, guint size)
{
    const Ioapic *s = opaque;
    guint32 value = offset == IOREGSEL ? s->regs.ioregsel : offset == IOWIN ? read_register(s) : 0;

    if (trace_wanted(TRACE_IOAPIC_MEM_READ)) {
        trace_ioapic_mem_read(s, register_name(s, offset), s->regs.ioregsel, value);
    }
    return value;
}

static void ioapic_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Ioapic *s = opaque;

    if (trace_wanted(TRACE_IOAPIC_MEM_WRITE)) {
        trace_ioapic_mem_write(s, register_name(s, offset), s->regs.ioregsel, value);
    }
    switch (offset) {
    case IOREGSEL:
        s->regs.ioregsel = value;
        break;
    case IOWIN:
        check_selected(s);
        write_register(s, value);
        break;
    case EOIR:
        if (version(s) >= VERSION_EOIR) {
            end_of_interrupt(s, value);
        }
        break;
    default:
        break;
    }
}

/* 3.1: accesses are of 32 bits. */
static const RegionOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_size = 4,
    .max_size = 4,
};

/* ---- Life ---- */

static void ioapic_init(Object *obj)
{
    Ioapic *s = to_ioapic(obj);

    gpio_in_new(obj, "unnamed-gpio-in", IOAPIC_N_PINS, line_changed, s);
    for (guint pin = 0; pin < IOAPIC_N_PINS; pin++) {
        s->lines[pin] = gpio(obj, "unnamed-gpio-in", pin);
        s->regs.ioredtbl[pin] = RTE_MASK;
    }
}

static bool is_split(Accel *accel)
{
    return accel_ops(accel)->irqchip(accel) == ACCEL_IRQCHIP_SPLIT;
}

static bool ioapic_realize(Device *dev, GError **error)
{
    Ioapic *s = to_ioapic(dev);
    const IoapicProps *props = ioapic_props(dev);

    if (props->version != VERSION_82093AA && props->version != VERSION_EOIR) {
        qmp_error_set_at(error, "version", ERROR_REASON_INVALID_VALUE,
                         "property 'version' is 0x%x, and I/O APICs are of version 0x11 or 0x20",
                         props->version);
        return false;
    }
    s->machine = machine_of(dev);
    s->split = is_split(s->machine->accel);
    if (s->split) {
        machine_set_eoi(s->machine, end_of_interrupt, s);
    }
    s->region = region_new_io(&dev->object, "ioapic-registers", &ioapic_ops, s, IOAPIC_SIZE);
    region_add(address_space_root(s->machine->memory), props->base, s->region, 0);
    return true;
}

static void ioapic_unrealize(Device *dev)
{
    Ioapic *s = to_ioapic(dev);

    region_remove(address_space_root(s->machine->memory), s->region);
    region_free(s->region);
    s->region = NULL;
    machine_set_eoi(s->machine, NULL, s);
    drop_routes(s);
}

static bool ioapic_state_loaded(Device *dev, GError **error)
{
    Ioapic *s = to_ioapic(dev);

    if (!x86_ioapic_check(&s->regs)) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "state of '%s' is not that of an I/O APIC",
                      dev->object.name);
        return false;
    }
    for (guint pin = 0; pin < IOAPIC_N_PINS; pin++) {
        update_route(s, pin);
    }
    return true;
}

static const ObjectOps ioapic_object_ops = {
    .init = ioapic_init,
};

static const DeviceOps ioapic_device_ops = {
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .state = x86_ioapic_rows,
    .state_offset = offsetof(Ioapic, regs),
    .state_name = X86_IOAPIC_STATE,
    .state_loaded = ioapic_state_loaded,
};

const TypeInfo ioapic_type = {
    .schema = &qmp_class_ioapic,
    .size = sizeof(Ioapic),
    .object = &ioapic_object_ops,
    .device = &ioapic_device_ops,
};
