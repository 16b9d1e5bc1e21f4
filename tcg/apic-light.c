/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read of the local APIC without its lock: two registers.  Light.
 */
#include "config.h"
#include "tcg/apic-internal.h"

bool tcg_apic_at(const TcgVcpu *vcpu, guint64 gpa)
{
    guint64 base = __atomic_load_n(&vcpu->apic.base, __ATOMIC_RELAXED);

    return (base & (APIC_BASE_EN | APIC_BASE_EXTD)) == APIC_BASE_EN && base >> 12 == gpa >> 12;
}

bool tcg_apic_is_x2apic(const TcgVcpu *vcpu)
{
    return __atomic_load_n(&vcpu->apic.base, __ATOMIC_RELAXED) & APIC_BASE_EXTD;
}

guint8 tcg_apic_tpr(const TcgVcpu *vcpu)
{
    return __atomic_load_n(&vcpu->apic.tpr, __ATOMIC_RELAXED) >> 4;
}
