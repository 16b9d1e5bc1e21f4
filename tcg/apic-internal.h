/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the local APIC share.  Functions that take a TcgApic are called
 * with its lock held.
 */
#ifndef TCG_APIC_INTERNAL_H
#define TCG_APIC_INTERNAL_H

#include "tcg/tcg-accel.h"

enum {                          /* IA32_APIC_BASE: SDM vol. 3A, figure 11-5 */
    APIC_BASE_BSP = 1 << 8,
    APIC_BASE_EXTD = 1 << 10,
    APIC_BASE_EN = 1 << 11,
};
#define APIC_BASE_RESET G_GUINT64_CONSTANT(0xfee00000)

enum {                          /* delivery modes: section 11.5.1 */
    APIC_FIXED, APIC_LOWEST, APIC_SMI, APIC_RESERVED, APIC_NMI, APIC_INIT, APIC_SIPI, APIC_EXTINT,
};

enum {                          /* LVT: figure 11-8 */
    LVT_VECTOR = 0xff,
    LVT_MODE = 7 << 8, LVT_MODE_SHIFT = 8,
    LVT_STATUS = 1 << 12,
    LVT_POLARITY = 1 << 13,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASK = 1 << 16,
    LVT_TIMER_MODE = 3 << 17, LVT_TIMER_MODE_SHIFT = 17,
};

enum { TIMER_ONE_SHOT, TIMER_PERIODIC, TIMER_TSC_DEADLINE };

enum { SVR_ENABLE = 1 << 8 };

enum {                          /* ESR: figure 11-9 */
    ESR_SEND_VECTOR = 1 << 5,
    ESR_RECEIVE_VECTOR = 1 << 6,
    ESR_REGISTER = 1 << 7,
};

/* What has to be done after releasing the lock. */
typedef struct {
    guint32 requests;           /* TCG_REQUEST_* of this vCPU */
    int eoi;                    /* AccelHost.eoi of that vector; -1: none */
    bool send;                  /* the interprocessor interrupt in: */
    guint64 icr;
    bool timer;                 /* the deadline changed */
} ApicEffects;

#define APIC_NO_EFFECTS { .eoi = -1 }

static inline bool apic_enabled(const TcgApic *a)
{
    return a->base & APIC_BASE_EN;
}

static inline bool apic_is_x2(const TcgApic *a)
{
    return a->base & APIC_BASE_EXTD;
}

static inline bool apic_software_enabled(const TcgApic *a)
{
    return a->svr & SVR_ENABLE;
}

/* Sets of vectors. */
static inline bool apic_has(const guint32 set[8], guint8 vector)
{
    return set[vector / 32] >> vector % 32 & 1;
}

static inline void apic_add(guint32 set[8], guint8 vector)
{
    set[vector / 32] |= 1u << vector % 32;
}

static inline void apic_take_out(guint32 set[8], guint8 vector)
{
    set[vector / 32] &= ~(1u << vector % 32);
}

/* The highest vector in a set, or -1. */
int apic_highest(const guint32 set[8]);
/* Section 11.8.3.1. */
guint8 apic_ppr(const TcgApic *a);
/* The logical destination register in the current mode. */
guint32 apic_ldr(const TcgApic *a);

/* The request register takes a vector; level: its end is reported to I/O APICs. */
void apic_request(TcgApic *a, guint8 vector, bool level, ApicEffects *effects);
void apic_error(TcgApic *a, guint32 bit, ApicEffects *effects);
/* The interrupt of an LVT entry, if it is not masked. */
void apic_local(TcgApic *a, guint entry, ApicEffects *effects);
void apic_set_base(TcgVcpu *vcpu, guint64 base, ApicEffects *effects);
void apic_write_tpr(TcgApic *a, guint8 value, ApicEffects *effects);
/* After each change: updates what can be delivered now. */
void apic_update(TcgApic *a, ApicEffects *effects);
/* Without the lock. */
void apic_do(TcgVcpu *vcpu, const ApicEffects *effects);

/* apic-message.c, without any lock. */
void apic_send_ipi(TcgVcpu *vcpu, guint64 icr);

/* apic-timer.c; vcpu is the APIC's own. */
guint32 apic_current_count(TcgVcpu *vcpu, ApicEffects *effects);
void apic_write_timer_lvt(TcgVcpu *vcpu, guint32 value, ApicEffects *effects);
void apic_write_initial_count(TcgVcpu *vcpu, guint32 value, ApicEffects *effects);
void apic_write_divide(TcgVcpu *vcpu, guint32 value, ApicEffects *effects);
guint64 apic_read_tsc_deadline(TcgVcpu *vcpu, ApicEffects *effects);
void apic_write_tsc_deadline(TcgVcpu *vcpu, guint64 value, ApicEffects *effects);
/* Recomputes the deadline; fires immediately if it is due. */
void apic_timer_arm(TcgVcpu *vcpu, ApicEffects *effects);

#endif
