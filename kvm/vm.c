/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VM: creating and closing it.  Both run on a pool thread (ObjectOps
 * prepare and release), because opening takes about a millisecond and closing,
 * which waits for the kernel's grace periods, up to tens of them.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <unistd.h>

#include "qmp/error.h"

/*
 * Four pages that Intel's virtualization needs in the guest's address space to
 * run real mode: an identity-mapping page table and, after it, a TSS.  Below
 * the local APICs and the firmware, where machines keep 64 KiB reserved.
 */
#define IDENTITY_MAP_ADDRESS 0xfeffc000u
#define TSS_ADDRESS          0xfeffd000u

static bool set_reserved_pages(KvmAccel *kvm, GError **error)
{
    guint64 map = IDENTITY_MAP_ADDRESS;

    if (kvm_ioctl(kvm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &map) < 0 ||
        kvm_ioctl(kvm->vm_fd, KVM_SET_TSS_ADDR, (void *)(glong)TSS_ADDRESS) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM refused the addresses of its reserved pages");
        return false;
    }
    return true;
}

static bool create_vm(KvmAccel *kvm, GError **error)
{
    kvm->vm_fd = kvm_ioctl(kvm->device.fd, KVM_CREATE_VM, NULL);
    if (kvm->vm_fd < 0) {
        int saved = errno;

        qmp_error_set(error, ERROR_REASON_NO_ACCELERATOR,
                      "KVM cannot create a virtual machine: %s%s",
                      g_strerror(saved),
                      saved == EBUSY ? "; another hypervisor uses the processor's "
                                       "virtualization: stop it" : "");
        return false;
    }
    return true;
}

static bool check_irqchip(const KvmAccel *kvm, GError **error)
{
    if (kvm->irqchip == ACCEL_IRQCHIP_SPLIT && !kvm->device.split_irqchip) {
        qmp_error_set_at(error, "kernel-irqchip", ERROR_REASON_NOT_SUPPORTED,
                         "the kernel's KVM cannot split interrupt controllers: "
                         "use kernel-irqchip 'on'");
        return false;
    }
    return true;
}

bool kvm_vm_open(KvmAccel *kvm, const char *path, AccelIrqchip irqchip, GError **error)
{
    kvm->irqchip = irqchip;
    kvm->has_pit = false;
    kvm->wide_ids = false;
    kvm->chips.made = false;
    kvm->chips.early = 0;
    kvm->extint = 0;
    if (!kvm_device_open(&kvm->device, path, error)) {
        return false;
    }
    kvm_slots_init(kvm);
    kvm_routes_init(kvm);
    kvm->idle = g_hash_table_new_full(NULL, NULL, NULL, kvm_idle_vcpu_free);
    if (!check_irqchip(kvm, error) || !create_vm(kvm, error) ||
        !set_reserved_pages(kvm, error)) {
        kvm_vm_close(kvm);
        return false;
    }
    return true;
}

void kvm_vm_close(KvmAccel *kvm)
{
    g_clear_pointer(&kvm->idle, g_hash_table_unref);
    if (kvm->vm_fd >= 0) {
        close(kvm->vm_fd);
        kvm->vm_fd = -1;
    }
    kvm_routes_done(kvm);
    kvm_slots_done(kvm);
    kvm_device_close(&kvm->device);
}
