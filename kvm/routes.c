/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GSI routing table: the chips' pins, then one entry for each MSI route.
 *
 * With the I/O APIC in the machine (split) it has no chips' pins; GSIs 0 to 23
 * are then the messages that the machine's I/O APIC sends for its pins, by
 * which the kernel knows which ends of interrupts to report.
 *
 * Pins are wired as on every PC: GSI 0 (the PIT) reaches IR0 of the first PIC
 * and pin 2 of the I/O APIC, as in the interrupt override of the ACPI tables;
 * GSI 2 reaches only pin 2, since IR2 is the second PIC; all others reach the
 * pin of their number and, below 16, their PIC.
 *
 * The kernel accepts only whole tables, so each change rebuilds the table.
 */
#include "config.h"
#include "kvm/kvm-accel.h"

#include <errno.h>

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"

typedef struct {
    bool used;
    AccelMsi msi;
} KvmMsiRoute;

void kvm_routes_init(KvmAccel *kvm)
{
    kvm->routes.msis = g_array_new(FALSE, TRUE, sizeof(KvmMsiRoute));
    g_array_set_size(kvm->routes.msis, KVM_N_PINS);
}

void kvm_routes_done(KvmAccel *kvm)
{
    g_clear_pointer(&kvm->routes.msis, g_array_unref);
}

/* A route by its GSI; pins are routes only where the kernel has no I/O APIC. */
static KvmMsiRoute *msi_route(KvmAccel *kvm, guint gsi)
{
    guint first = kvm->irqchip == ACCEL_IRQCHIP_SPLIT ? 0 : KVM_N_PINS;

    if (gsi < first || gsi >= kvm->routes.msis->len) {
        return NULL;
    }
    return &g_array_index(kvm->routes.msis, KvmMsiRoute, gsi);
}

static void add_pin(struct kvm_irq_routing *table, guint gsi, guint chip, guint pin)
{
    table->entries[table->nr++] = (struct kvm_irq_routing_entry){
        .gsi = gsi,
        .type = KVM_IRQ_ROUTING_IRQCHIP,
        .u.irqchip = { .irqchip = chip, .pin = pin },
    };
}

static void add_pins(struct kvm_irq_routing *table)
{
    for (guint gsi = 0; gsi < KVM_N_PINS; gsi++) {
        add_pin(table, gsi, KVM_IRQCHIP_IOAPIC, gsi == 0 ? 2 : gsi);
        if (gsi < 8 && gsi != 2) {
            add_pin(table, gsi, KVM_IRQCHIP_PIC_MASTER, gsi);
        } else if (gsi >= 8 && gsi < 16) {
            add_pin(table, gsi, KVM_IRQCHIP_PIC_SLAVE, gsi - 8);
        }
    }
}

static void add_msi(struct kvm_irq_routing *table, guint gsi, const AccelMsi *msi)
{
    table->entries[table->nr++] = (struct kvm_irq_routing_entry){
        .gsi = gsi,
        .type = KVM_IRQ_ROUTING_MSI,
        .u.msi = {
            .address_lo = (guint32)msi->address,
            .address_hi = (guint32)(msi->address >> 32),
            .data = msi->data,
        },
    };
}

bool kvm_routes_commit(KvmAccel *kvm, GError **error)
{
    GArray *msis = kvm->routes.msis;
    g_autofree struct kvm_irq_routing *table = NULL;

    table = g_malloc0(sizeof(*table) + (KVM_N_PINS * 2 + msis->len) * sizeof(table->entries[0]));
    if (kvm->irqchip == ACCEL_IRQCHIP_ON) {
        add_pins(table);
    }
    for (guint i = 0; i < msis->len; i++) {
        const KvmMsiRoute *route = &g_array_index(msis, KvmMsiRoute, i);

        if (route->used) {
            add_msi(table, i, &route->msi);
        }
    }
    if (kvm_ioctl(kvm->vm_fd, KVM_SET_GSI_ROUTING, table) < 0) {
        qmp_error_set_errno(error, ERROR_REASON_HOST_ERROR, errno,
                            "KVM refused the table of interrupt routes");
        return false;
    }
    return true;
}

/* The first unused route, appended if there is none. */
static guint take_route(KvmAccel *kvm)
{
    GArray *msis = kvm->routes.msis;
    guint i = KVM_N_PINS;

    while (i < msis->len && g_array_index(msis, KvmMsiRoute, i).used) {
        i++;
    }
    if (i == msis->len) {
        g_array_set_size(msis, i + 1);
    }
    return i;
}

int kvm_msi_route_add(Accel *accel, const AccelMsi *msi, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    guint gsi;

    if (kvm->irqchip == ACCEL_IRQCHIP_OFF) {
        qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED,
                      "KVM takes MSIs only with interrupt controllers of its own");
        return -1;
    }
    if (!kvm_irqchip_need(kvm, error)) {
        return -1;
    }
    gsi = take_route(kvm);
    if (gsi >= kvm->device.max_gsis) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "KVM has no more than %u interrupt routes", kvm->device.max_gsis);
        return -1;
    }
    *msi_route(kvm, gsi) = (KvmMsiRoute){ .used = true, .msi = *msi };
    if (!kvm_routes_commit(kvm, error)) {
        msi_route(kvm, gsi)->used = false;
        return -1;
    }
    return gsi;
}

bool kvm_msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmMsiRoute *route = msi_route(kvm, gsi);
    KvmMsiRoute old;

    g_return_val_if_fail(route && (route->used || gsi < KVM_N_PINS), false);
    if (!kvm_irqchip_need(kvm, error)) {
        return false;
    }
    old = *route;
    if (old.used && old.msi.address == msi->address && old.msi.data == msi->data) {
        return true;
    }
    *route = (KvmMsiRoute){ .used = true, .msi = *msi };
    if (!kvm_routes_commit(kvm, error)) {
        *route = old;
        return false;
    }
    return true;
}

void kvm_msi_route_del(Accel *accel, guint gsi)
{
    KvmAccel *kvm = to_kvm_accel(accel);
    KvmMsiRoute *route = msi_route(kvm, gsi);
    g_autoptr(GError) error = NULL;

    g_return_if_fail(route && route->used);
    route->used = false;
    if (!kvm_routes_commit(kvm, &error)) {
        g_warning("%s", error->message);
    }
}

bool kvm_msi_send(Accel *accel, const AccelMsi *msi)
{
    struct kvm_msi message = {
        .address_lo = (guint32)msi->address,
        .address_hi = (guint32)(msi->address >> 32),
        .data = msi->data,
    };

    return kvm_ioctl(to_kvm_accel(accel)->vm_fd, KVM_SIGNAL_MSI, &message) > 0;
}
