/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The KVM device: opening it, what it can do, and what CPUID it offers.  The
 * only code that opens /dev/kvm.  The VM is in kvm/kvm-accel.h.
 *
 * Kernel interface: Documentation/virt/kvm/api.rst of Linux.
 */
#ifndef KVM_KVM_H
#define KVM_KVM_H

#include <glib.h>
#include <linux/kvm.h>
#include <stdbool.h>

typedef struct {
    int fd;                     /* -1: not open */
    gsize run_size;             /* bytes of a vCPU's struct kvm_run mapping */
    guint max_slots;
    guint max_gsis;             /* GSIs of the routing table */
    guint max_vcpu_id;          /* APIC ids are below it */
    gsize xsave_size;           /* bytes of XSAVE state; 0: not offered */
    bool readonly_memory;
    bool split_irqchip;
    bool irqfd_resample;
    bool ioeventfd_any_length;
    bool tsc_deadline;          /* of the local APIC's timer */
    bool wide_ids;              /* APIC ids above 255 */
    bool xcrs, debug_registers, vcpu_events;
    struct kvm_cpuid2 *cpuid;   /* what it supports, as the kernel reports it */
    struct kvm_msr_list *msrs;  /* indices of MSRs that have state */
    struct kvm_cpuid2 *hyperv;  /* what it has for Hyper-V's guests; NULL: not asked yet */
} KvmDevice;

/* Whether the host has a KVM device that this process may open. */
bool kvm_present(void);

/*
 * Opens the device (path NULL: the usual one), checks its version and required
 * capabilities, and queries the rest.  Fails with no-accelerator and advice;
 * device is then closed again.  Any thread.
 */
bool kvm_device_open(KvmDevice *device, const char *path, GError **error);

/* Accepts a device that is not open, whose fd must be -1. */
void kvm_device_close(KvmDevice *device);

/* ioctl() that is retried after EINTR and EAGAIN.  For everything except
 * KVM_RUN, which must return EINTR. */
int kvm_ioctl(int fd, unsigned long request, void *argument);

#endif
