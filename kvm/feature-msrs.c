/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSRs with which a CPU describes itself, and the rate of its time stamp counter: what KVM
 * offers, and setting those of a vCPU.  Linux, Documentation/virt/kvm/api.rst, 4.68
 * (KVM_GET_MSRS on the device), 4.55 (KVM_SET_TSC_KHZ).
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

enum { TSC_TOLERANCE_PPM = 250 };      /* what the kernel takes for the host's own rate */

guint64 kvm_msr_supported(Accel *accel, guint32 msr)
{
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entry;
    } one = { .head = { .nmsrs = 1 }, .entry = { .index = msr } };

    return kvm_ioctl(to_kvm_accel(accel)->device.fd, KVM_GET_MSRS, &one) == 1 ? one.entry.data : 0;
}

static bool set_msr(KvmVcpu *vcpu, const CpuMsr *msr, GError **error)
{
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entry;
    } one = { .head = { .nmsrs = 1 }, .entry = { .index = msr->index, .data = msr->value } };
    int r = kvm_ioctl(vcpu->fd, KVM_SET_MSRS, &one);

    if (r < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot set MSR 0x%x of CPU %u", msr->index, vcpu->cpu->index);
    } else if (r == 0) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR,
                      "KVM refuses 0x%" G_GINT64_MODIFIER "x in MSR 0x%x, which has features of "
                      "CPU %u", msr->value, msr->index, vcpu->cpu->index);
    }
    return r == 1;
}

static bool is_near(guint64 khz, guint64 wanted)
{
    guint64 distance = khz > wanted ? khz - wanted : wanted - khz;

    return distance <= wanted * TSC_TOLERANCE_PPM / 1000000;
}

static bool set_tsc_rate(KvmVcpu *vcpu, GError **error)
{
    guint64 khz = vcpu->cpu->tsc_frequency / 1000;
    int r;

    if (!khz || kvm_ioctl(vcpu->fd, KVM_SET_TSC_KHZ, GSIZE_TO_POINTER(khz)) == 0) {
        return true;
    }
    r = kvm_ioctl(vcpu->fd, KVM_GET_TSC_KHZ, NULL);
    if (r > 0 && is_near(r, khz)) {
        return true;
    }
    qmp_error_set_at(error, "tsc-frequency", ERROR_REASON_NOT_SUPPORTED,
                     "the host's processor cannot change the rate of the time stamp counter, which "
                     "is %d kHz", MAX(r, 0));
    return false;
}

bool kvm_features_set(KvmVcpu *vcpu, GError **error)
{
    const GArray *msrs = vcpu->cpu->msrs;

    for (guint i = 0; msrs && i < msrs->len; i++) {
        if (!set_msr(vcpu, &g_array_index(msrs, CpuMsr, i), error)) {
            return false;
        }
    }
    return set_tsc_rate(vcpu, error);
}
