/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * irqfds: event descriptors that raise a GSI without involving user space.
 * With a resample descriptor the line is level-triggered: it falls at the
 * guest's end of interrupt, which is signalled through that descriptor.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

bool kvm_irqfd_add(Accel *accel, guint gsi, int fd, int resample_fd, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    struct kvm_irqfd irqfd = { .fd = fd, .gsi = gsi };

    if (!kvm_irqchip_need(kvm, error)) {
        return false;
    }
    if (resample_fd >= 0) {
        if (!kvm->device.irqfd_resample) {
            qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                          "the kernel's KVM has no level-triggered irqfd");
            return false;
        }
        irqfd.flags = KVM_IRQFD_FLAG_RESAMPLE;
        irqfd.resamplefd = resample_fd;
    }
    if (kvm_ioctl(kvm->vm_fd, KVM_IRQFD, &irqfd) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot bind an event descriptor to GSI %u", gsi);
        return false;
    }
    return true;
}

void kvm_irqfd_del(Accel *accel, guint gsi, int fd)
{
    struct kvm_irqfd irqfd = { .fd = fd, .gsi = gsi, .flags = KVM_IRQFD_FLAG_DEASSIGN };

    if (kvm_ioctl(to_kvm_accel(accel)->vm_fd, KVM_IRQFD, &irqfd) < 0) {
        g_warning("KVM cannot release the event descriptor of GSI %u: %s", gsi,
                  g_strerror(errno));
    }
}
