/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog timer of Intel's 6300ESB I/O controller hub, after chapter "Watchdog
 * Timer" of its data sheet (order number 300641).  Made by device_add, a PCI function
 * of its own.
 *
 * It counts down twice: the first stage from preload value 1, at whose end it would
 * interrupt, the second from preload value 2, at whose end the platform is reset or
 * the action of set-action is taken.  The driver writes WDT_RELOAD before that,
 * which restarts the first stage.  Registers in memory accept a write only after
 * 0x80 and 0x86 were written to the reload register.
 *
 * Not modelled: the interrupt at the end of the first stage (WDT_INT_TYPE is
 * stored), which no driver uses, and reading the preload values.  A stage lasts at
 * least a millisecond.
 */
#include "config.h"
#include "hw/watchdog/watchdog.h"

#include "hw/pci/pci.h"
#include "qmp/error.h"
#include "qom/qapi-objects-watchdog.h"
#include "qom/qapi-trace.h"

/* Configuration space. */
enum {
    WDT_CONFIG = 0x60,          /* 16 bits */
    WDT_LOCK = 0x68,            /* 8 bits */
};

enum {
    CONFIG_INT_TYPE = 0x03,
    CONFIG_PRE_SEL = 0x04,      /* 1: counts of 2^5 PCI clocks, 0: of 2^15 */
    CONFIG_OUTEN = 0x20,        /* 1: nothing follows the second stage */
    LOCK_LOCK = 0x01,           /* locked until a reset */
    LOCK_ENABLE = 0x02,
    LOCK_TOUT_CNF = 0x04,       /* 1: free-running, restarts after both stages */
};

/* Memory, BAR 0. */
enum {
    PRELOAD_1 = 0x00,
    PRELOAD_2 = 0x04,
    RELOAD = 0x0c,
    BAR_SIZE = 0x10,
};

enum {
    RELOAD_RELOAD = 1 << 8,
    RELOAD_TIMEOUT = 1 << 9,    /* both stages went by; writing 1 clears it */
    RELOAD_TIMEOUT_2 = 1 << 12, /* the same: some drivers check this one */
    UNLOCK_1 = 0x80,
    UNLOCK_2 = 0x86,
    PRELOAD_MASK = 0xfffff,
};

#define PCI_CLOCK 33000000      /* Hz */
#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)
#define SHORTEST G_GINT64_CONSTANT(1000000)

/* Progress of the driver's unlock sequence. */
enum { CLOSED, FIRST_SEEN, OPEN };

struct I6300esb {
    PciDevice parent;           /* whose config has WDT_CONFIG and WDT_LOCK */
    /* Guest-visible. */
    guint32 preload_1, preload_2;
    guint8 access;              /* CLOSED, FIRST_SEEN or OPEN */
    bool timed_out;
    guint8 stage;               /* 1 or 2, or 0: stopped */
    gint64 deadline;            /* of the stage, virtual time */
    bool enabled;               /* state in the lock register when last checked */
    /* Wiring. */
    MemoryRegion *region;
    Clock *clock;
    Timer *timer;
};

static guint8 lock_bits(const I6300esb *s)
{
    return s->parent.config[WDT_LOCK];
}

static gint64 stage_length(const I6300esb *s)
{
    guint64 counts = s->stage == 1 ? s->preload_1 : s->preload_2;
    guint shift = s->parent.config[WDT_CONFIG] & CONFIG_PRE_SEL ? 5 : 15;

    /* 35 bits of clocks and 30 of nanoseconds do not fit into 64. */
    return MAX((counts << shift) / PCI_CLOCK * NS_PER_SECOND +
               (counts << shift) % PCI_CLOCK * NS_PER_SECOND / PCI_CLOCK, (guint64)SHORTEST);
}

/* ---- Counting ---- */

/* After any change of stage, deadline or lock register: updates the timer and the lock. */
static void rearm(I6300esb *s)
{
    trace_watchdog_rearm(s, s->stage > 0);
    s->enabled = lock_bits(s) & LOCK_ENABLE;
    s->parent.writable[WDT_LOCK] =
        lock_bits(s) & LOCK_LOCK ? 0 : LOCK_LOCK | LOCK_ENABLE | LOCK_TOUT_CNF;
    if (s->stage) {
        timer_set(s->timer, s->deadline);
    } else {
        timer_cancel(s->timer);
    }
}

/* 0: stops it. */
static void begin_stage(I6300esb *s, guint8 stage)
{
    s->stage = lock_bits(s) & LOCK_ENABLE ? stage : 0;
    if (s->stage) {
        s->deadline = clock_add(clock_now(s->clock, CLOCK_KIND_VIRTUAL), stage_length(s));
    }
    rearm(s);
}

/* Resets everything except the flag that it has timed out. */
static void power_on(I6300esb *s)
{
    pci_set_word(s->parent.config + WDT_CONFIG, 0);
    s->parent.config[WDT_LOCK] = 0;
    s->preload_1 = s->preload_2 = PRELOAD_MASK;
    s->access = CLOSED;
    begin_stage(s, 0);
}

static void expired(void *opaque, gint64 now)
{
    I6300esb *s = opaque;
    bool free_running = lock_bits(s) & LOCK_TOUT_CNF;

    if (s->stage == 1) {
        begin_stage(s, 2);
        return;
    }
    if (!(s->parent.config[WDT_CONFIG] & CONFIG_OUTEN)) {
        trace_watchdog_expired(s);
        s->timed_out = true;
        machine_request_watchdog(s->parent.machine);
        power_on(s);
    } else {
        begin_stage(s, free_running ? 1 : 0);
    }
}

/* ---- Registers ---- */

static void config_written(PciDevice *dev, guint offset, guint size)
{
    I6300esb *s = to_i6300esb(dev);
    bool enabled = lock_bits(s) & LOCK_ENABLE;

    if (offset > WDT_LOCK || WDT_LOCK >= offset + size) {
        return;
    }
    if (enabled != s->enabled) {
        begin_stage(s, enabled ? 1 : 0);
    } else {
        rearm(s);
    }
}

static guint64 bar_read(void *opaque, guint64 offset, guint size)
{
    const I6300esb *s = opaque;
    bool marked = offset == RELOAD && size == 2 && s->timed_out;

    return marked ? RELOAD_TIMEOUT | RELOAD_TIMEOUT_2 : 0;
}

static void write_reload(I6300esb *s, guint64 value)
{
    if (value & RELOAD_RELOAD) {
        begin_stage(s, 1);
    }
    if (value & (RELOAD_TIMEOUT | RELOAD_TIMEOUT_2)) {
        s->timed_out = false;
    }
}

/* A write after the unlock sequence. */
static void write_register(I6300esb *s, guint64 offset, guint64 value, guint size)
{
    switch (offset) {
    case PRELOAD_1:
        s->preload_1 = size == 4 ? value & PRELOAD_MASK : s->preload_1;
        break;
    case PRELOAD_2:
        s->preload_2 = size == 4 ? value & PRELOAD_MASK : s->preload_2;
        break;
    case RELOAD:
        if (size > 1) {
            write_reload(s, value);
        }
        break;
    default:
        break;
    }
}

static void bar_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    I6300esb *s = opaque;

    if (offset == RELOAD && value == UNLOCK_1) {
        s->access = FIRST_SEEN;
    } else if (offset == RELOAD && value == UNLOCK_2 && s->access == FIRST_SEEN) {
        s->access = OPEN;
    } else if (s->access == OPEN) {
        write_register(s, offset, value, size);
        s->access = CLOSED;
    }
}

static const RegionOps bar_ops = {
    .read = bar_read,
    .write = bar_write,
    .min_size = 1,
    .max_size = 4,
};

static const StateRow i6300esb_state[] = {
    STATE_FIELD(U32, I6300esb, preload_1, PRELOAD_MASK),
    STATE_FIELD(U32, I6300esb, preload_2, PRELOAD_MASK),
    STATE_FIELD(U8, I6300esb, access, CLOSED),
    STATE_FIELD_KEEP(BOOL, I6300esb, timed_out),
    STATE_FIELD(U8, I6300esb, stage, 0),
    STATE_FIELD(I64, I6300esb, deadline, 0),
    STATE_ROWS_END
};

/* ---- Life cycle ---- */

static bool i6300esb_realize(Device *dev, GError **error)
{
    I6300esb *s = to_i6300esb(dev);

    s->clock = s->parent.machine->clock;
    s->timer = timer_new(s->clock, CLOCK_KIND_VIRTUAL, SHORTEST, expired, s);
    s->region = region_new_io(&dev->object, "i6300esb", &bar_ops, s, BAR_SIZE);
    pci_add_bar(&s->parent, 0, PCI_BAR_MEM32, s->region);
    s->parent.writable[WDT_CONFIG] = CONFIG_INT_TYPE | CONFIG_PRE_SEL | CONFIG_OUTEN;
    power_on(s);
    return true;
}

static void i6300esb_unrealize(Device *dev)
{
    I6300esb *s = to_i6300esb(dev);

    g_clear_pointer(&s->timer, timer_free);
    region_free(s->region);
    s->region = NULL;
}

static void i6300esb_reset_enter(Device *dev)
{
    power_on(to_i6300esb(dev));
}

static bool i6300esb_state_loaded(Device *dev, GError **error)
{
    I6300esb *s = to_i6300esb(dev);

    if (s->access > OPEN || s->stage > 2 || s->preload_1 > PRELOAD_MASK ||
        s->preload_2 > PRELOAD_MASK) {
        qmp_error_set(error, ERROR_REASON_INVALID_VALUE, "the watchdog's state is invalid");
        return false;
    }
    rearm(s);
    return true;
}

const TypeInfo i6300esb_type = {
    .schema = &qmp_class_i6300esb,
    .size = sizeof(I6300esb),
    .device = &(const DeviceOps){
        .realize = i6300esb_realize,
        .unrealize = i6300esb_unrealize,
        .reset_enter = i6300esb_reset_enter,
        .state = i6300esb_state,
        .state_loaded = i6300esb_state_loaded,
    },
    .kind = &(const PciFunction){
        .vendor_id = 0x8086,
        .device_id = 0x25ab,
        .class_id = 0x0880,
        .config_written = config_written,
    },
};
