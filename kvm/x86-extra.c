/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU's state besides general and system registers, between X86CpuState and
 * KVM's structures: FPU and vector registers, XCR0, debug registers, pending
 * events and the local APIC's registers.
 *
 * With a kernel that lacks one of them, it has its value after a reset in
 * X86CpuState.  Only XSAVE components in the first 4 KiB are supported: all except
 * AMX.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "qmp/error.h"

static bool failed(const KvmVcpu *vcpu, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM cannot %s of CPU %u", what,
                        vcpu->cpu->index);
    return false;
}

/* ---- FPU and vectors ---- */

enum {
    XSAVE_BV = 512,             /* of the header: SDM vol. 1, section 13.4.2 */
    XSAVE_TILES = 3 << 17,      /* AMX */
};

static gsize image_size(const KvmVcpu *vcpu)
{
    return MAX(vcpu->kvm->device.xsave_size, sizeof(struct kvm_xsave));
}

/* Copies the image without components beyond its first 4 KiB. */
static void take_image(const guint8 *image, guint8 ret_xsave[X86_XSAVE_SIZE])
{
    guint64 bv;

    memcpy(ret_xsave, image, X86_XSAVE_SIZE);
    memcpy(&bv, ret_xsave + XSAVE_BV, sizeof(bv));
    bv &= ~(guint64)XSAVE_TILES;
    memcpy(ret_xsave + XSAVE_BV, &bv, sizeof(bv));
}

static bool get_vectors(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    const KvmDevice *device = &vcpu->kvm->device;
    gsize size = image_size(vcpu);
    g_autofree guint8 *image = g_malloc0(size);
    struct kvm_xcrs xcrs = { .nr_xcrs = 0 };

    if (device->xsave_size &&
        kvm_ioctl(vcpu->fd, size > sizeof(struct kvm_xsave) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE,
                  image) < 0) {
        return failed(vcpu, "read the FPU", error);
    }
    if (device->xcrs && kvm_ioctl(vcpu->fd, KVM_GET_XCRS, &xcrs) < 0) {
        return failed(vcpu, "read XCR0", error);
    }
    if (device->xsave_size) {
        take_image(image, ret_state->xsave);
    }
    for (guint i = 0; i < MIN(xcrs.nr_xcrs, G_N_ELEMENTS(xcrs.xcrs)); i++) {
        if (xcrs.xcrs[i].xcr == 0) {
            ret_state->xcr0 = xcrs.xcrs[i].value;
        }
    }
    return true;
}

static bool set_vectors(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    const KvmDevice *device = &vcpu->kvm->device;
    g_autofree guint8 *image = g_malloc0(image_size(vcpu));
    struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs = { { .xcr = 0, .value = state->xcr0 } } };

    memcpy(image, state->xsave, X86_XSAVE_SIZE);
    if (device->xcrs && kvm_ioctl(vcpu->fd, KVM_SET_XCRS, &xcrs) < 0) {
        return failed(vcpu, "set XCR0", error);
    }
    if (device->xsave_size && kvm_ioctl(vcpu->fd, KVM_SET_XSAVE, image) < 0) {
        return failed(vcpu, "set the FPU", error);
    }
    return true;
}

/* ---- Debug registers ---- */

static bool get_debug(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    struct kvm_debugregs registers;

    if (!vcpu->kvm->device.debug_registers) {
        return true;
    }
    if (kvm_ioctl(vcpu->fd, KVM_GET_DEBUGREGS, &registers) < 0) {
        return failed(vcpu, "read the debug registers", error);
    }
    for (guint i = 0; i < 4; i++) {
        ret_state->dr[i] = registers.db[i];
    }
    ret_state->dr[6] = registers.dr6;
    ret_state->dr[7] = registers.dr7;
    return true;
}

static bool set_debug(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    struct kvm_debugregs registers = { .dr6 = state->dr[6], .dr7 = state->dr[7] };

    for (guint i = 0; i < 4; i++) {
        registers.db[i] = state->dr[i];
    }
    if (vcpu->kvm->device.debug_registers &&
        kvm_ioctl(vcpu->fd, KVM_SET_DEBUGREGS, &registers) < 0) {
        return failed(vcpu, "set the debug registers", error);
    }
    return true;
}

/* ---- Events ---- */

static bool get_events(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    struct kvm_vcpu_events events;

    if (!vcpu->kvm->device.vcpu_events) {
        return true;
    }
    if (kvm_ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &events) < 0) {
        return failed(vcpu, "read the pending events", error);
    }
    ret_state->events = (X86Events){
        .exception = events.exception.injected, .exception_vector = events.exception.nr,
        .has_error = events.exception.has_error_code, .error = events.exception.error_code,
        .interrupt = events.interrupt.injected, .interrupt_soft = events.interrupt.soft,
        .interrupt_vector = events.interrupt.nr,
        .nmi_pending = events.nmi.pending || events.nmi.injected,
        .nmi_masked = events.nmi.masked,
        .shadow = events.interrupt.shadow != 0,
        .shadow_mov_ss = events.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS,
        .sipi_vector = events.sipi_vector,
    };
    return true;
}

static guint8 shadow_of(const X86Events *events)
{
    return events->shadow_mov_ss ? KVM_X86_SHADOW_INT_MOV_SS :
           events->shadow ? KVM_X86_SHADOW_INT_STI : 0;
}

static bool set_events(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    const X86Events *from = &state->events;
    struct kvm_vcpu_events events = {
        .exception = { .injected = from->exception, .nr = from->exception_vector,
                       .has_error_code = from->has_error, .error_code = from->error },
        .interrupt = { .injected = from->interrupt, .nr = from->interrupt_vector,
                       .soft = from->interrupt_soft, .shadow = shadow_of(from) },
        .nmi = { .pending = from->nmi_pending, .masked = from->nmi_masked },
        .sipi_vector = from->sipi_vector,
        .flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW |
                 (state->wait_for_sipi ? KVM_VCPUEVENT_VALID_SIPI_VECTOR : 0),
    };

    if (vcpu->kvm->device.vcpu_events &&
        kvm_ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &events) < 0) {
        return failed(vcpu, "set the pending events", error);
    }
    return true;
}

/* ---- The local APIC ---- */

enum {
    LAPIC_ID = 2,
    LAPIC_ID_SHIFT = 24,
    APIC_BASE_X2APIC = 1 << 10,
};

/* A state has the id as in xAPIC mode; of wide ids, the kernel wants all in x2APIC mode. */
static bool has_wide_id(const KvmVcpu *vcpu, const X86CpuState *state)
{
    return vcpu->kvm->wide_ids && (state->apic_base & APIC_BASE_X2APIC);
}

static bool get_lapic(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    struct kvm_lapic_state lapic;

    if (vcpu->kvm->irqchip == ACCEL_IRQCHIP_OFF) {
        return true;
    }
    if (kvm_ioctl(vcpu->fd, KVM_GET_LAPIC, &lapic) < 0) {
        return failed(vcpu, "read the local APIC", error);
    }
    for (guint i = 0; i < X86_LAPIC_REGISTERS; i++) {
        memcpy(&ret_state->lapic[i], lapic.regs + i * 16, sizeof(ret_state->lapic[i]));
    }
    if (has_wide_id(vcpu, ret_state)) {
        ret_state->lapic[LAPIC_ID] <<= LAPIC_ID_SHIFT;
    }
    ret_state->has_lapic = true;
    return true;
}

static bool set_lapic(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    struct kvm_lapic_state lapic = { .regs = { 0 } };

    if (vcpu->kvm->irqchip == ACCEL_IRQCHIP_OFF || !state->has_lapic) {
        return true;
    }
    for (guint i = 0; i < X86_LAPIC_REGISTERS; i++) {
        memcpy(lapic.regs + i * 16, &state->lapic[i], sizeof(state->lapic[i]));
    }
    if (has_wide_id(vcpu, state)) {
        memcpy(lapic.regs + LAPIC_ID * 16, &vcpu->cpu->apic_id, sizeof(vcpu->cpu->apic_id));
    }
    if (kvm_ioctl(vcpu->fd, KVM_SET_LAPIC, &lapic) < 0) {
        return failed(vcpu, "set the local APIC", error);
    }
    return true;
}

/* ---- All ---- */

bool kvm_extra_get(KvmVcpu *vcpu, X86CpuState *ret_state, GError **error)
{
    return get_vectors(vcpu, ret_state, error) && kvm_msrs_get(vcpu, ret_state, error) &&
           get_debug(vcpu, ret_state, error) && get_events(vcpu, ret_state, error) &&
           get_lapic(vcpu, ret_state, error);
}

/* The deadline MSR belongs to the timer, so the local APIC must be set first. */
bool kvm_extra_set(KvmVcpu *vcpu, const X86CpuState *state, GError **error)
{
    return set_vectors(vcpu, state, error) && set_lapic(vcpu, state, error) &&
           kvm_msrs_set(vcpu, state, error) && set_debug(vcpu, state, error) &&
           set_events(vcpu, state, error);
}
