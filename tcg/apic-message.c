/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of interrupts to local APICs: destinations (SDM vol.  3A, sections 11.6.2
 * and 11.12.10), interprocessor interrupts (11.6.1), messages of devices (11.11), and
 * the pins LINT0 and LINT1.
 */
#include "config.h"
#include "tcg/apic-internal.h"

#include "tcg/interrupts.h"

enum {                          /* ICR: figure 11-12 */
    ICR_LOGICAL = 1 << 11,
    ICR_ASSERT = 1 << 14,
    ICR_LEVEL = 1 << 15,
    ICR_SHORTHAND_SHIFT = 18,
};

enum { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

enum {                          /* messages: figures 11-24 and 11-25 */
    MSI_DEST_SHIFT = 12,
    MSI_LOGICAL = 1 << 2,
    MSI_REDIRECT = 1 << 3,
    MSI_ASSERT = 1 << 14,
    MSI_LEVEL = 1 << 15,
};

typedef struct {
    TcgVcpu *sender;            /* NULL: a device */
    guint shorthand;
    guint32 dest;
    bool wide;                  /* dest is an x2APIC destination of 32 bits */
    bool logical;
    bool one;                   /* only the destination with the lowest priority */
    bool level;
    guint8 mode, vector;
} Message;

/* ---- Who is meant ---- */

/* dest is of 8 bits: flat, or a cluster and the CPUs in it. */
static bool xapic_logical(const TcgApic *a, guint32 dest)
{
    guint8 ldr = a->ldr >> 24;

    if (a->dfr >> 28 == 15) {
        return ldr & dest;
    }
    return ldr >> 4 == dest >> 4 && (ldr & dest & 15);
}

static bool x2apic_logical(const TcgApic *a, guint32 dest)
{
    guint32 ldr = apic_ldr(a);

    return ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff);
}

static bool is_broadcast(const Message *message)
{
    return message->dest == (message->wide ? G_MAXUINT32 : 0xff);
}

static bool is_destination(const TcgApic *a, const Message *message)
{
    if (is_broadcast(message)) {
        return true;
    }
    if (!message->logical) {
        return message->dest == a->id;
    }
    if (apic_is_x2(a)) {
        return x2apic_logical(a, message->dest);
    }
    return message->dest <= 0xff && xapic_logical(a, message->dest);
}

static bool is_meant(const TcgVcpu *vcpu, const Message *message)
{
    bool self = vcpu == message->sender;

    if (!apic_enabled(&vcpu->apic)) {
        return false;
    }
    switch (message->shorthand) {
    case TO_SELF:
        return self;
    case TO_ALL:
        return true;
    case TO_OTHERS:
        return !self;
    default:
        return is_destination(&vcpu->apic, message);
    }
}

/* ---- Acceptance ---- */

static void accept_vector(TcgVcpu *vcpu, const Message *message)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    if (apic_software_enabled(a)) {
        apic_request(a, message->vector, message->level, &effects);
    }
    g_mutex_unlock(&a->lock);
    apic_do(vcpu, &effects);
}

/* The first SIPI after an INIT counts: a second one that comes before the CPU has started at the
 * first does not move it. */
static void accept_sipi(TcgVcpu *vcpu, guint8 vector)
{
    g_mutex_lock(&vcpu->apic.lock);
    if (!(__atomic_load_n(&vcpu->state->requests, __ATOMIC_ACQUIRE) & TCG_REQUEST_SIPI)) {
        __atomic_store_n(&vcpu->sipi_vector, vector, __ATOMIC_RELEASE);
    }
    g_mutex_unlock(&vcpu->apic.lock);
    tcg_vcpu_request(vcpu, TCG_REQUEST_SIPI);
}

/* An earlier SIPI is forgotten. */
static void accept_init(TcgVcpu *vcpu)
{
    __atomic_fetch_and(&vcpu->state->requests, ~(guint32)TCG_REQUEST_SIPI, __ATOMIC_SEQ_CST);
    tcg_vcpu_request(vcpu, TCG_REQUEST_INIT);
}

/* SMIs are ignored: there is no system management mode. */
static void accept(TcgVcpu *vcpu, const Message *message)
{
    switch (message->mode) {
    case APIC_FIXED:
    case APIC_LOWEST:
        accept_vector(vcpu, message);
        break;
    case APIC_NMI:
        tcg_vcpu_request(vcpu, TCG_REQUEST_NMI);
        break;
    case APIC_INIT:
        accept_init(vcpu);
        break;
    case APIC_SIPI:
        accept_sipi(vcpu, message->vector);
        break;
    default:
        break;
    }
}

/* With its lock: whether vcpu is a destination; and its priority, for lowest priority. */
static bool look(TcgVcpu *vcpu, const Message *message, guint *ret_priority)
{
    bool meant;

    g_mutex_lock(&vcpu->apic.lock);
    meant = is_meant(vcpu, message) &&
            (!message->one || apic_software_enabled(&vcpu->apic));
    *ret_priority = apic_ppr(&vcpu->apic);
    g_mutex_unlock(&vcpu->apic.lock);
    return meant;
}

static bool deliver(TcgAccel *tcg, const Message *message)
{
    TcgInterrupts *interrupts = tcg->interrupts;
    TcgVcpu *lowest = NULL;
    guint lowest_priority = G_MAXUINT, priority;
    bool any = false;

    g_rw_lock_reader_lock(&interrupts->lock);
    for (guint i = 0; i < interrupts->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(interrupts->vcpus, i);

        if (!look(vcpu, message, &priority)) {
            continue;
        }
        any = true;
        if (!message->one) {
            accept(vcpu, message);
        } else if (priority < lowest_priority) {
            lowest = vcpu;
            lowest_priority = priority;
        }
    }
    if (lowest) {
        accept(lowest, message);
    }
    g_rw_lock_reader_unlock(&interrupts->lock);
    return any;
}

/* ---- Senders ---- */

/* Section 11.6.1: the trigger mode matters only for INIT level de-assert, which
 * CPUs since the Pentium 4 ignore. */
void apic_send_ipi(TcgVcpu *vcpu, guint64 icr)
{
    bool wide = apic_is_x2(&vcpu->apic);
    const Message message = {
        .sender = vcpu,
        .shorthand = icr >> ICR_SHORTHAND_SHIFT & 3,
        .dest = icr >> (wide ? 32 : 56),
        .wide = wide,
        .logical = icr & ICR_LOGICAL,
        .mode = icr >> 8 & 7,
        .one = (icr >> 8 & 7) == APIC_LOWEST,
        .vector = icr,
    };

    if (message.mode == APIC_EXTINT || message.mode == APIC_RESERVED ||
        (message.mode == APIC_INIT && (icr & ICR_LEVEL) && !(icr & ICR_ASSERT))) {
        return;
    }
    deliver(vcpu->tcg, &message);
}

bool tcg_apic_message(TcgAccel *tcg, guint64 address, guint32 data)
{
    const Message message = {
        .dest = address >> MSI_DEST_SHIFT & 0xff,
        .logical = address & MSI_LOGICAL,
        .mode = data >> 8 & 7,
        .one = (data >> 8 & 7) == APIC_LOWEST || (address & MSI_REDIRECT),
        .level = data & MSI_LEVEL,
        .vector = data,
    };

    if (message.mode == APIC_SIPI || ((data & MSI_LEVEL) && !(data & MSI_ASSERT))) {
        return false;
    }
    return deliver(tcg, &message);
}

/* ---- Pins ---- */

/* Section 11.4.3: without the APIC the pins are INTR and NMI. */
void tcg_apic_nmi(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    if (apic_enabled(a)) {
        apic_local(a, TCG_LVT_LINT1, &effects);
    } else {
        effects.requests = TCG_REQUEST_NMI;
    }
    g_mutex_unlock(&a->lock);
    apic_do(vcpu, &effects);
}

void tcg_apic_lint0(TcgVcpu *vcpu)
{
    TcgApic *a = &vcpu->apic;
    ApicEffects effects = APIC_NO_EFFECTS;

    g_mutex_lock(&a->lock);
    if (a->takes_extint) {
        effects.requests = TCG_REQUEST_EXTINT;
    } else if (apic_enabled(a)) {
        apic_local(a, TCG_LVT_LINT0, &effects);
    }
    g_mutex_unlock(&a->lock);
    apic_do(vcpu, &effects);
}
