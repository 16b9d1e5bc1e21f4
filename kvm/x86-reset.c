/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reset restores beyond X86CpuState: a new vCPU is in its power-on
 * state, so that state is read once, before it runs, and written back in a
 * reset.  No list of registers and values is needed.
 *
 * MSRs: all in the kernel's list, except those that count time, which continue
 * through a reset.  Only those that changed are written: some of them (KVM's
 * clocks) act when written.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <string.h>

#include "qmp/error.h"

enum {
    MSR_IA32_TSC = 0x10,        /* SDM vol. 4, table 2-2 */
    MSR_IA32_TSC_ADJUST = 0x3b,
    MSR_KVM_WALL_CLOCK_OLD = 0x11,      /* each write of these two sets the */
    MSR_KVM_WALL_CLOCK_NEW = 0x4b564d00,        /* guest's boot time */
};

struct KvmPowerOn {
    struct kvm_msrs *msrs;
    struct kvm_lapic_state lapic;
    void *xsave;                /* NULL: fpu instead */
    struct kvm_fpu fpu;
    struct kvm_xcrs xcrs;
    struct kvm_debugregs debug_registers;
    struct kvm_vcpu_events events;
};

bool kvm_msr_is_boot_time(guint32 index)
{
    return index == MSR_KVM_WALL_CLOCK_OLD || index == MSR_KVM_WALL_CLOCK_NEW;
}

static bool counts_time(guint32 index)
{
    return index == MSR_IA32_TSC || index == MSR_IA32_TSC_ADJUST || kvm_msr_is_boot_time(index);
}

static struct kvm_msrs *msrs_new(guint n)
{
    struct kvm_msrs *msrs = g_malloc0(sizeof(*msrs) + n * sizeof(msrs->entries[0]));

    msrs->nmsrs = n;
    return msrs;
}

static void remove_msr(struct kvm_msrs *msrs, guint i)
{
    msrs->nmsrs--;
    memmove(&msrs->entries[i], &msrs->entries[i + 1],
            (msrs->nmsrs - i) * sizeof(msrs->entries[0]));
}

/* Reads all MSRs of the table and removes those that cannot be read: the kernel
 * stops at the first of them and returns its index. */
static bool read_msrs(int fd, struct kvm_msrs *msrs)
{
    for (;;) {
        int r = kvm_ioctl(fd, KVM_GET_MSRS, msrs);

        if (r < 0) {
            return false;
        }
        if ((guint)r >= msrs->nmsrs) {
            return true;
        }
        remove_msr(msrs, r);
    }
}

static bool failed(const KvmVcpu *vcpu, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                        "KVM cannot %s the power-on state of CPU %u", what, vcpu->cpu->index);
    return false;
}

static bool save_msrs(KvmVcpu *vcpu, KvmPowerOn *on)
{
    const struct kvm_msr_list *list = vcpu->kvm->device.msrs;
    guint n = 0;

    on->msrs = msrs_new(list->nmsrs);
    for (guint i = 0; i < list->nmsrs; i++) {
        if (!counts_time(list->indices[i])) {
            on->msrs->entries[n++].index = list->indices[i];
        }
    }
    on->msrs->nmsrs = n;
    return read_msrs(vcpu->fd, on->msrs);
}

static bool save_fpu(KvmVcpu *vcpu, KvmPowerOn *on)
{
    gsize size = vcpu->kvm->device.xsave_size;

    if (size == 0) {
        return kvm_ioctl(vcpu->fd, KVM_GET_FPU, &on->fpu) == 0;
    }
    on->xsave = g_malloc0(size);
    return kvm_ioctl(vcpu->fd, size > sizeof(struct kvm_xsave) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE,
                     on->xsave) == 0;
}

static bool restore_fpu(KvmVcpu *vcpu, KvmPowerOn *on)
{
    return on->xsave ? kvm_ioctl(vcpu->fd, KVM_SET_XSAVE, on->xsave) == 0
                     : kvm_ioctl(vcpu->fd, KVM_SET_FPU, &on->fpu) == 0;
}

/* The kernel looks up the targets of interrupts in a map, which it does not make again for a vCPU
 * that is created, but for one whose local APIC is set: no INIT would reach a CPU that comes while
 * others run. */
static bool save_lapic(KvmVcpu *vcpu, KvmPowerOn *on)
{
    return vcpu->kvm->irqchip == ACCEL_IRQCHIP_OFF ||
           (kvm_ioctl(vcpu->fd, KVM_GET_LAPIC, &on->lapic) == 0 &&
            kvm_ioctl(vcpu->fd, KVM_SET_LAPIC, &on->lapic) == 0);
}

bool kvm_power_on_save(KvmVcpu *vcpu, GError **error)
{
    const KvmDevice *device = &vcpu->kvm->device;
    KvmPowerOn *on = vcpu->power_on = g_new0(KvmPowerOn, 1);

    if (!save_lapic(vcpu, on) || !save_fpu(vcpu, on) ||
        (device->xcrs && kvm_ioctl(vcpu->fd, KVM_GET_XCRS, &on->xcrs) < 0) ||
        (device->debug_registers &&
         kvm_ioctl(vcpu->fd, KVM_GET_DEBUGREGS, &on->debug_registers) < 0) ||
        (device->vcpu_events && kvm_ioctl(vcpu->fd, KVM_GET_VCPU_EVENTS, &on->events) < 0) ||
        !save_msrs(vcpu, on)) {
        failed(vcpu, "read", error);
        g_clear_pointer(&vcpu->power_on, kvm_power_on_free);
        return false;
    }
    return true;
}

/* An MSR that does not accept its old value is skipped: a guest cannot rely on
 * it, since real ones survive some resets, too. */
static bool restore_msrs(KvmVcpu *vcpu, const KvmPowerOn *on)
{
    g_autofree struct kvm_msrs *now = msrs_new(on->msrs->nmsrs);
    struct {
        struct kvm_msrs head;
        struct kvm_msr_entry entry;
    } one = { .head = { .nmsrs = 1 } };

    for (guint i = 0; i < now->nmsrs; i++) {
        now->entries[i].index = on->msrs->entries[i].index;
    }
    if (kvm_ioctl(vcpu->fd, KVM_GET_MSRS, now) < 0) {
        return false;
    }
    for (guint i = 0; i < now->nmsrs; i++) {
        if (now->entries[i].data != on->msrs->entries[i].data) {
            one.entry = on->msrs->entries[i];
            if (kvm_ioctl(vcpu->fd, KVM_SET_MSRS, &one) != 1) {
                g_debug("CPU %u: MSR 0x%x keeps its value over a reset", vcpu->cpu->index,
                        one.entry.index);
            }
        }
    }
    return true;
}

bool kvm_power_on_restore(KvmVcpu *vcpu, GError **error)
{
    const KvmDevice *device = &vcpu->kvm->device;
    KvmPowerOn *on = vcpu->power_on;

    if ((device->vcpu_events && kvm_ioctl(vcpu->fd, KVM_SET_VCPU_EVENTS, &on->events) < 0) ||
        !restore_msrs(vcpu, on) ||
        (device->xcrs && kvm_ioctl(vcpu->fd, KVM_SET_XCRS, &on->xcrs) < 0) ||
        !restore_fpu(vcpu, on) ||
        (device->debug_registers &&
         kvm_ioctl(vcpu->fd, KVM_SET_DEBUGREGS, &on->debug_registers) < 0) ||
        (vcpu->kvm->irqchip != ACCEL_IRQCHIP_OFF &&
         kvm_ioctl(vcpu->fd, KVM_SET_LAPIC, &on->lapic) < 0)) {
        return failed(vcpu, "set", error);
    }
    return true;
}

guint64 kvm_power_on_msr(const KvmPowerOn *power_on, guint32 index)
{
    const struct kvm_msrs *msrs = power_on->msrs;

    for (guint i = 0; i < msrs->nmsrs; i++) {
        if (msrs->entries[i].index == index) {
            return msrs->entries[i].data;
        }
    }
    return 0;
}

void kvm_power_on_free(KvmPowerOn *power_on)
{
    if (power_on) {
        g_free(power_on->msrs);
        g_free(power_on->xsave);
        g_free(power_on);
    }
}
