/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ioeventfds: guest writes to a port or address that only signal a descriptor,
 * without an exit to user space.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

static struct kvm_ioeventfd describe(const AccelIoeventfd *ioeventfd)
{
    return (struct kvm_ioeventfd){
        .datamatch = ioeventfd->match ? ioeventfd->value : 0,
        .addr = ioeventfd->address,
        .len = ioeventfd->size,
        .fd = ioeventfd->fd,
        .flags = (ioeventfd->pio ? KVM_IOEVENTFD_FLAG_PIO : 0) |
                 (ioeventfd->match ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0),
    };
}

bool kvm_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    struct kvm_ioeventfd kick = describe(ioeventfd);

    if (ioeventfd->size == 0 && !kvm->device.ioeventfd_any_length) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "the kernel's KVM has no ioeventfd for writes of any size");
        return false;
    }
    if (kvm_ioctl(kvm->vm_fd, KVM_IOEVENTFD, &kick) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot bind an event descriptor to %s 0x%" G_GINT64_MODIFIER "x",
                            ioeventfd->pio ? "port" : "address", ioeventfd->address);
        return false;
    }
    return true;
}

void kvm_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd)
{
    struct kvm_ioeventfd kick = describe(ioeventfd);

    kick.flags |= KVM_IOEVENTFD_FLAG_DEASSIGN;
    if (kvm_ioctl(to_kvm_accel(accel)->vm_fd, KVM_IOEVENTFD, &kick) < 0) {
        g_warning("KVM cannot release the event descriptor of %s 0x%" G_GINT64_MODIFIER "x: %s",
                  ioeventfd->pio ? "port" : "address", ioeventfd->address, g_strerror(errno));
    }
}
