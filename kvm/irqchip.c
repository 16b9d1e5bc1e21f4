/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers in the kernel: all of them, or only the local APICs
 * (split), in which case the machine's own I/O APIC sends messages.
 *
 * They are created as late as possible: with the first vCPU, or when more than
 * a line's level is needed.  Creating them starts a grace period in the kernel,
 * for which the next change of a memory slot has to wait; doing so after the
 * machine's RAM is in place saves 8 ms of its start.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>
#include <string.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

static bool create_full(KvmAccel *kvm, GError **error)
{
    if (kvm_ioctl(kvm->vm_fd, KVM_CREATE_IRQCHIP, NULL) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot create interrupt controllers");
        return false;
    }
    return kvm_routes_commit(kvm, error);
}

static bool create_split(KvmAccel *kvm, GError **error)
{
    struct kvm_enable_cap enable = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { KVM_N_PINS } };

    if (kvm_ioctl(kvm->vm_fd, KVM_ENABLE_CAP, &enable) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot create local APICs");
        return false;
    }
    return true;
}

static bool create(KvmAccel *kvm, GError **error)
{
    switch (kvm->irqchip) {
    case ACCEL_IRQCHIP_ON:
        return create_full(kvm, error);
    case ACCEL_IRQCHIP_SPLIT:
        return create_split(kvm, error);
    case ACCEL_IRQCHIP_OFF:
        break;
    }
    return true;
}

static void set_line(KvmAccel *kvm, guint gsi, bool level)
{
    struct kvm_irq_level irq = { .irq = gsi, .level = level };

    kvm_ioctl(kvm->vm_fd, KVM_IRQ_LINE, &irq);
}

bool kvm_irqchip_need(KvmAccel *kvm, GError **error)
{
    bool made = g_atomic_int_get(&kvm->chips.made);

    if (made) {
        return true;
    }
    g_mutex_lock(&kvm->chips.lock);
    made = create(kvm, error);
    for (guint gsi = 0; made && gsi < KVM_N_PINS; gsi++) {
        if (kvm->chips.early >> gsi & 1) {
            set_line(kvm, gsi, true);
        }
    }
    g_atomic_int_set(&kvm->chips.made, made);
    g_mutex_unlock(&kvm->chips.lock);
    return made;
}

AccelIrqchip kvm_irqchip(Accel *accel)
{
    return to_kvm_accel(accel)->irqchip;
}

/* A level that is set before the chips exist is kept for them. */
static bool set_early(KvmAccel *kvm, guint gsi, bool level)
{
    bool early;

    g_mutex_lock(&kvm->chips.lock);
    early = !g_atomic_int_get(&kvm->chips.made);
    if (early && gsi < KVM_N_PINS) {
        kvm->chips.early &= ~(1u << gsi);
        kvm->chips.early |= (guint32)level << gsi;
    }
    g_mutex_unlock(&kvm->chips.lock);
    return early;
}

void kvm_set_gsi(Accel *accel, guint gsi, bool level)
{
    KvmAccel *kvm = to_kvm_accel(accel);

    if (G_LIKELY(g_atomic_int_get(&kvm->chips.made)) || !set_early(kvm, gsi, level)) {
        set_line(kvm, gsi, level);
    }
}

/* KVM catches up by default. */
static bool lose_ticks(KvmAccel *kvm, GError **error)
{
    struct kvm_reinject_control control = { .pit_reinject = 0 };

    if (kvm_ioctl(kvm->vm_fd, KVM_REINJECT_CONTROL, &control) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM cannot discard missed ticks of the PIT");
        return false;
    }
    return true;
}

bool kvm_pit_create(Accel *accel, bool catch_up, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    struct kvm_pit_config config = { .flags = 0 };

    if (kvm->irqchip != ACCEL_IRQCHIP_ON) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "KVM has a PIT only with kernel-irqchip 'on'");
        return false;
    }
    if (!kvm_irqchip_need(kvm, error)) {
        return false;
    }
    if (!kvm->has_pit && kvm_ioctl(kvm->vm_fd, KVM_CREATE_PIT2, &config) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "KVM cannot create a PIT");
        return false;
    }
    kvm->has_pit = true;
    return catch_up || lose_ticks(kvm, error);
}

void kvm_pit_enable(Accel *accel, bool enabled)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    struct kvm_pit_state2 pit = { .flags = 0 };

    if (!kvm->has_pit || kvm_ioctl(kvm->vm_fd, KVM_GET_PIT2, &pit) < 0) {
        return;
    }
    pit.flags = enabled ? pit.flags & ~KVM_PIT_FLAGS_HPET_LEGACY
                        : pit.flags | KVM_PIT_FLAGS_HPET_LEGACY;
    if (kvm_ioctl(kvm->vm_fd, KVM_SET_PIT2, &pit) < 0) {
        g_warning("KVM_SET_PIT2: %s", g_strerror(errno));
    }
}

/* How the state of a chip is read and written: the ioctls, and the offset in their struct. */
typedef struct {
    const char *name;
    guint32 id;                 /* KVM_IRQCHIP_*, not for the PIT */
    gsize size;
} Chip;

static const Chip chips[] = {
    [ACCEL_CHIP_IOAPIC] = { "I/O APIC", KVM_IRQCHIP_IOAPIC, sizeof(struct kvm_ioapic_state) },
    [ACCEL_CHIP_PIC_MASTER] = { "first PIC", KVM_IRQCHIP_PIC_MASTER,
                                sizeof(struct kvm_pic_state) },
    [ACCEL_CHIP_PIC_SLAVE] = { "second PIC", KVM_IRQCHIP_PIC_SLAVE,
                               sizeof(struct kvm_pic_state) },
    [ACCEL_CHIP_PIT] = { "PIT", 0, sizeof(struct kvm_pit_state2) },
};

gsize kvm_chip_size(Accel *accel, AccelChip chip)
{
    return chips[chip].size;
}

static bool chip_failed(const Chip *chip, const char *what, GError **error)
{
    qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno, "cannot %s the state of KVM's %s",
                        what, chip->name);
    return false;
}

bool kvm_chip_get(Accel *accel, AccelChip which, void *ret_state, GError **error)
{
    const Chip *chip = &chips[which];
    int vm = to_kvm_accel(accel)->vm_fd;
    struct kvm_irqchip irqchip = { .chip_id = chip->id };
    struct kvm_pit_state2 pit = { .flags = 0 };

    if (!kvm_irqchip_need(to_kvm_accel(accel), error)) {
        return false;
    }
    if (which == ACCEL_CHIP_PIT) {
        if (kvm_ioctl(vm, KVM_GET_PIT2, &pit) < 0) {
            return chip_failed(chip, "read", error);
        }
        memcpy(ret_state, &pit, chip->size);
        return true;
    }
    if (kvm_ioctl(vm, KVM_GET_IRQCHIP, &irqchip) < 0) {
        return chip_failed(chip, "read", error);
    }
    memcpy(ret_state, &irqchip.chip, chip->size);
    return true;
}

bool kvm_chip_set(Accel *accel, AccelChip which, const void *state, GError **error)
{
    const Chip *chip = &chips[which];
    int vm = to_kvm_accel(accel)->vm_fd;
    struct kvm_irqchip irqchip = { .chip_id = chip->id };
    struct kvm_pit_state2 pit;

    if (!kvm_irqchip_need(to_kvm_accel(accel), error)) {
        return false;
    }
    if (which == ACCEL_CHIP_PIT) {
        memcpy(&pit, state, chip->size);
        return kvm_ioctl(vm, KVM_SET_PIT2, &pit) == 0 || chip_failed(chip, "set", error);
    }
    memcpy(&irqchip.chip, state, chip->size);
    return kvm_ioctl(vm, KVM_SET_IRQCHIP, &irqchip) == 0 || chip_failed(chip, "set", error);
}
