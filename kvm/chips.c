/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of KVM's chips, between cpu/chips.h and KVM's structures
 * (linux/kvm.h; what their members mean is in Linux' arch/x86/kvm/i8259.c, ioapic.c and
 * i8254.c).
 *
 * The structures cannot express everything: KVM's PIT restarts its counts when it is
 * set, its PICs take no ICW3 and no trigger mode by ICW1, and its I/O APIC reports
 * only those pins that it has not delivered yet.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <time.h>

#include "cpu/chips.h"

/* ---- 8259A ---- */

enum { ICW1_IC4 = 0x01, ICW4_8086 = 0x01, ICW4_AEOI = 0x02, ICW4_SFNM = 0x10, ICW2_T = 0xf8 };

static void pic_from_kvm(const struct kvm_pic_state *kvm, bool master, X86Pic *ret)
{
    *ret = (X86Pic){
        .edges = kvm->irr & ~kvm->elcr, .isr = kvm->isr, .imr = kvm->imr,
        .icw1 = kvm->init4 ? ICW1_IC4 : 0, .icw2 = kvm->irq_base & ICW2_T,
        .icw3 = master ? 1 << 2 : 2,
        .icw4 = ICW4_8086 | (kvm->auto_eoi ? ICW4_AEOI : 0) |
                (kvm->special_fully_nested_mode ? ICW4_SFNM : 0),
        .expect = kvm->init_state & 3, .lowest = (kvm->priority_add + 7) & 7,
        .read_isr = kvm->read_reg_select, .poll = kvm->poll, .special_mask = kvm->special_mask,
        .rotate_in_aeoi = kvm->rotate_on_auto_eoi, .elcr = kvm->elcr, .levels = kvm->last_irr,
    };
}

static void pic_to_kvm(const X86Pic *pic, struct kvm_pic_state *kvm)
{
    kvm->irr = pic->edges & ~pic->elcr;
    kvm->last_irr = pic->levels;
    kvm->isr = pic->isr;
    kvm->imr = pic->imr;
    kvm->init4 = pic->icw1 & ICW1_IC4;
    kvm->irq_base = pic->icw2 & ICW2_T;
    kvm->auto_eoi = !!(pic->icw4 & ICW4_AEOI);
    kvm->special_fully_nested_mode = !!(pic->icw4 & ICW4_SFNM);
    kvm->init_state = pic->expect;
    kvm->priority_add = (pic->lowest + 1) & 7;
    kvm->read_reg_select = pic->read_isr;
    kvm->poll = pic->poll;
    kvm->special_mask = pic->special_mask;
    kvm->rotate_on_auto_eoi = pic->rotate_in_aeoi;
    kvm->elcr = pic->elcr & kvm->elcr_mask;
}

/* ---- I/O APIC ---- */

static void ioapic_from_kvm(const struct kvm_ioapic_state *kvm, X86Ioapic *ret)
{
    *ret = (X86Ioapic){ .ioregsel = kvm->ioregsel, .id = kvm->id & 15, .arb = kvm->id & 15 };
    for (guint i = 0; i < X86_IOAPIC_N_PINS; i++) {
        ret->ioredtbl[i] = kvm->redirtbl[i].bits;
    }
}

/* The device behind a pin drives it again. */
static void ioapic_to_kvm(const X86Ioapic *ioapic, struct kvm_ioapic_state *kvm)
{
    kvm->ioregsel = ioapic->ioregsel;
    kvm->id = ioapic->id;
    kvm->irr = 0;
    for (guint i = 0; i < X86_IOAPIC_N_PINS; i++) {
        kvm->redirtbl[i].bits = ioapic->ioredtbl[i];
    }
}

/* ---- 8254 ---- */

/* read_state, write_state and count_latched: which byte is next. */
enum { BYTE_LOW = 1, BYTE_HIGH = 2, WORD_LOW = 3, WORD_HIGH = 4 };
enum { RW_BOTH = 3, MODE_DEFAULT = 3, MODE_LAST = 5 };

static gint64 monotonic_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * G_GINT64_CONSTANT(1000000000) + ts.tv_nsec;
}

static guint8 latched_bytes(guint8 count_latched)
{
    return count_latched == WORD_LOW ? 2 : count_latched ? 1 : 0;
}

/* A PIT that was not programmed yet has a mode above 5. */
static void counter_from_kvm(const struct kvm_pit_channel_state *kvm, gint64 now,
                             X86PitCounter *ret)
{
    guint8 mode = kvm->mode <= MODE_LAST ? kvm->mode : MODE_DEFAULT;
    guint8 rw = kvm->rw_mode >= BYTE_LOW && kvm->rw_mode <= RW_BOTH ? kvm->rw_mode : RW_BOTH;
    bool high = kvm->count_latched ? rw == RW_BOTH && kvm->count_latched == BYTE_HIGH
                                   : kvm->read_state == WORD_HIGH;

    *ret = (X86PitCounter){
        .mode = mode, .rw = rw, .bcd = kvm->bcd, .cr = kvm->count, .cr_low = kvm->write_latch,
        .loaded = true, .counting = kvm->count, .triggered = mode == 1 || mode == 5,
        .stopped = !kvm->gate, .start = MIN(kvm->count_load_time - now, 0), .gate = kvm->gate,
        .write_high = kvm->write_state == WORD_HIGH, .read_high = high,
        .latched = latched_bytes(kvm->count_latched), .count_latch = kvm->latched_count,
        .status_latched = kvm->status_latched, .status_latch = kvm->status,
    };
}

static guint8 next_byte(const X86PitCounter *counter, bool high)
{
    return counter->rw != RW_BOTH ? counter->rw : high ? WORD_HIGH : WORD_LOW;
}

static guint8 next_latched(const X86PitCounter *counter)
{
    return counter->latched == 2 ? WORD_LOW :
           counter->latched == 0 ? 0 :
           counter->rw == RW_BOTH ? BYTE_HIGH : counter->rw;
}

static void counter_to_kvm(const X86PitCounter *counter, gint64 now,
                           struct kvm_pit_channel_state *kvm)
{
    *kvm = (struct kvm_pit_channel_state){
        .count = counter->cr ? counter->cr : 0x10000, .latched_count = counter->count_latch,
        .count_latched = next_latched(counter), .status_latched = counter->status_latched,
        .status = counter->status_latch,
        .read_state = next_byte(counter, counter->read_high && !counter->latched),
        .write_state = next_byte(counter, counter->write_high), .write_latch = counter->cr_low,
        .rw_mode = counter->rw, .mode = counter->mode, .bcd = counter->bcd,
        .gate = counter->gate, .count_load_time = now + CLAMP(counter->start, -now, 0),
    };
}

static void pit_from_kvm(const struct kvm_pit_state2 *kvm, X86Pit *ret)
{
    gint64 now = monotonic_now();

    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        counter_from_kvm(&kvm->channels[i], now, &ret->counters[i]);
    }
    ret->irq_disabled = kvm->flags & KVM_PIT_FLAGS_HPET_LEGACY;
    ret->speaker = kvm->flags & KVM_PIT_FLAGS_SPEAKER_DATA_ON;
}

static void pit_to_kvm(const X86Pit *pit, struct kvm_pit_state2 *kvm)
{
    gint64 now = monotonic_now();

    for (guint i = 0; i < X86_PIT_N_COUNTERS; i++) {
        counter_to_kvm(&pit->counters[i], now, &kvm->channels[i]);
    }
    kvm->flags &= ~(KVM_PIT_FLAGS_HPET_LEGACY | KVM_PIT_FLAGS_SPEAKER_DATA_ON);
    kvm->flags |= (pit->irq_disabled ? KVM_PIT_FLAGS_HPET_LEGACY : 0) |
                  (pit->speaker ? KVM_PIT_FLAGS_SPEAKER_DATA_ON : 0);
}

/* ---- All ---- */

typedef union {
    struct kvm_pic_state pic;
    struct kvm_ioapic_state ioapic;
    struct kvm_pit_state2 pit;
} KvmChip;

bool kvm_chip_save(Accel *accel, AccelChip which, X86Chip *ret_state, GError **error)
{
    KvmChip chip = { .pit = { .flags = 0 } };

    if (!kvm_chip_get(accel, which, &chip, error)) {
        return false;
    }
    switch (which) {
    case ACCEL_CHIP_IOAPIC:
        ioapic_from_kvm(&chip.ioapic, &ret_state->ioapic);
        break;
    case ACCEL_CHIP_PIC_MASTER:
    case ACCEL_CHIP_PIC_SLAVE:
        pic_from_kvm(&chip.pic, which == ACCEL_CHIP_PIC_MASTER, &ret_state->pic);
        break;
    case ACCEL_CHIP_PIT:
        pit_from_kvm(&chip.pit, &ret_state->pit);
        break;
    }
    return true;
}

/* State that the registers do not contain is not changed. */
bool kvm_chip_load(Accel *accel, AccelChip which, const X86Chip *state, GError **error)
{
    KvmChip chip = { .pit = { .flags = 0 } };

    if (!kvm_chip_get(accel, which, &chip, error)) {
        return false;
    }
    switch (which) {
    case ACCEL_CHIP_IOAPIC:
        ioapic_to_kvm(&state->ioapic, &chip.ioapic);
        break;
    case ACCEL_CHIP_PIC_MASTER:
    case ACCEL_CHIP_PIC_SLAVE:
        pic_to_kvm(&state->pic, &chip.pic);
        break;
    case ACCEL_CHIP_PIT:
        pit_to_kvm(&state->pit, &chip.pit);
        break;
    }
    return kvm_chip_set(accel, which, &chip, error);
}
