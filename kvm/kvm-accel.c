/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class kvm-accel: the accelerator object and its table of operations.  The VM
 * is opened and closed on a pool thread, because both block.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include "kvm/types.h"
#include "qmp/qapi-types-common.h"
#include "qom/qapi-objects-accel.h"

static const AccelOps kvm_accel_ops = {
    .name = "kvm",
    .slots_begin = kvm_slots_begin,
    .slot_add = kvm_slot_add,
    .slot_del = kvm_slot_del,
    .slots_commit = kvm_slots_commit,
    .slots_max = kvm_slots_max,
    .dirty_log = kvm_dirty_log,
    .ioeventfd_add = kvm_ioeventfd_add,
    .ioeventfd_del = kvm_ioeventfd_del,
    .irqchip = kvm_irqchip,
    .set_gsi = kvm_set_gsi,
    .set_extint = kvm_set_extint,
    .irqfd_add = kvm_irqfd_add,
    .irqfd_del = kvm_irqfd_del,
    .msi_route_add = kvm_msi_route_add,
    .msi_route_update = kvm_msi_route_update,
    .msi_route_del = kvm_msi_route_del,
    .msi_send = kvm_msi_send,
    .pit_create = kvm_pit_create,
    .pit_enable = kvm_pit_enable,
    .chip_size = kvm_chip_size,
    .chip_get = kvm_chip_get,
    .chip_set = kvm_chip_set,
    .chip_save = kvm_chip_save,
    .chip_load = kvm_chip_load,
    .vcpu_create = kvm_vcpu_create,
    .vcpu_destroy = kvm_vcpu_destroy,
    .vcpus_resume = kvm_vcpus_resume,
    .vcpus_stop = kvm_vcpus_stop,
    .vcpus_progress = kvm_vcpus_progress,
    .vcpus_pause = kvm_vcpus_pause,
    .vcpu_get = kvm_vcpu_get,
    .vcpu_set = kvm_vcpu_set,
    .vcpu_reset = kvm_vcpu_reset,
    .vcpu_nmi = kvm_vcpu_nmi,
    .cpuid_supported = kvm_cpuid_supported,
    .msr_supported = kvm_msr_supported,
};

static void kvm_accel_init(Object *obj)
{
    KvmAccel *kvm = to_kvm_accel(obj);

    kvm->device.fd = -1;
    kvm->vm_fd = -1;
    kvm->vcpus = g_ptr_array_new();
    g_mutex_init(&kvm->chips.lock);
    g_mutex_init(&kvm->run.lock);
    g_cond_init(&kvm->run.left);
    g_cond_init(&kvm->run.go);
}

static void kvm_accel_finalize(Object *obj)
{
    KvmAccel *kvm = to_kvm_accel(obj);

    g_ptr_array_unref(kvm->vcpus);
    g_mutex_clear(&kvm->chips.lock);
    g_mutex_clear(&kvm->run.lock);
    g_cond_clear(&kvm->run.left);
    g_cond_clear(&kvm->run.go);
}

static AccelIrqchip irqchip_from_props(const KvmAccelProps *props)
{
    switch (props->kernel_irqchip) {
    case ON_OFF_SPLIT_OFF:
        return ACCEL_IRQCHIP_OFF;
    case ON_OFF_SPLIT_SPLIT:
        return ACCEL_IRQCHIP_SPLIT;
    default:
        return ACCEL_IRQCHIP_ON;
    }
}

static bool kvm_accel_prepare(Object *obj, GError **error)
{
    const KvmAccelProps *props = kvm_accel_props(obj);

    return kvm_vm_open(to_kvm_accel(obj), props->device, irqchip_from_props(props), error);
}

static void kvm_accel_release(Object *obj)
{
    kvm_vm_close(to_kvm_accel(obj));
}

static const ObjectOps kvm_accel_object = {
    .init = kvm_accel_init,
    .prepare = kvm_accel_prepare,
    .release = kvm_accel_release,
    .finalize = kvm_accel_finalize,
};

const TypeInfo kvm_accel_type = {
    .schema = &qmp_class_kvm_accel,
    .size = sizeof(KvmAccel),
    .object = &kvm_accel_object,
    .kind = &kvm_accel_ops,
};
