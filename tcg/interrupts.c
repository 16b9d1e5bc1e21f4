/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AccelOps of interrupts, and of address line 20.  See tcg/interrupts.h.
 *
 * There are no irqfds: only this process sends interrupts, and tcg_msi_send() costs
 * no more than a write to a descriptor for which another thread waits.  Devices use
 * it if the table has no irqfd_add.
 */
#include "config.h"
#include "tcg/interrupts.h"

#include "qmp/error.h"
#include "qom/qapi-objects-accel.h"
#include "tcg/ioeventfd.h"
#include "tcg/timers.h"

enum { MAX_ROUTES = 4096 };

typedef struct {
    bool used;
    AccelMsi msi;
} Route;

AccelIrqchip tcg_irqchip(Accel *accel)
{
    return ACCEL_IRQCHIP_SPLIT;
}

/* ---- Messages ---- */

bool tcg_msi_send(Accel *accel, const AccelMsi *msi)
{
    return tcg_apic_message(to_tcg_accel(accel), msi->address, msi->data);
}

/* With the lock; NULL: there is none. */
static Route *route_of(TcgInterrupts *interrupts, guint gsi)
{
    return gsi < interrupts->routes->len ? &g_array_index(interrupts->routes, Route, gsi) : NULL;
}

void tcg_set_gsi(Accel *accel, guint gsi, bool level)
{
    TcgInterrupts *interrupts = to_tcg_accel(accel)->interrupts;
    const Route *found;
    Route route = { .used = false };

    if (!level) {
        return;
    }
    g_rw_lock_reader_lock(&interrupts->lock);
    found = route_of(interrupts, gsi);
    if (found) {
        route = *found;
    }
    g_rw_lock_reader_unlock(&interrupts->lock);
    if (route.used) {
        tcg_msi_send(accel, &route.msi);
    }
}

/* With the lock: the first unused one above the pins, appended if there is none. */
static guint take_route(TcgInterrupts *interrupts)
{
    guint gsi = TCG_N_PINS;

    while (gsi < interrupts->routes->len && route_of(interrupts, gsi)->used) {
        gsi++;
    }
    if (gsi == interrupts->routes->len) {
        g_array_set_size(interrupts->routes, gsi + 1);
    }
    return gsi;
}

int tcg_msi_route_add(Accel *accel, const AccelMsi *msi, GError **error)
{
    TcgInterrupts *interrupts = to_tcg_accel(accel)->interrupts;
    guint gsi;

    g_rw_lock_writer_lock(&interrupts->lock);
    gsi = take_route(interrupts);
    if (gsi < MAX_ROUTES) {
        *route_of(interrupts, gsi) = (Route){ .used = true, .msi = *msi };
    } else {
        g_array_set_size(interrupts->routes, MAX_ROUTES);
    }
    g_rw_lock_writer_unlock(&interrupts->lock);
    if (gsi >= MAX_ROUTES) {
        qmp_error_set(error, ERROR_REASON_LIMIT_EXCEEDED,
                      "there are no more than %u interrupt routes", (guint)MAX_ROUTES);
        return -1;
    }
    return gsi;
}

bool tcg_msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error)
{
    TcgInterrupts *interrupts = to_tcg_accel(accel)->interrupts;
    Route *route;

    g_rw_lock_writer_lock(&interrupts->lock);
    route = route_of(interrupts, gsi);
    if (route) {
        *route = (Route){ .used = true, .msi = *msi };
    }
    g_rw_lock_writer_unlock(&interrupts->lock);
    g_return_val_if_fail(route, false);
    return true;
}

void tcg_msi_route_del(Accel *accel, guint gsi)
{
    TcgInterrupts *interrupts = to_tcg_accel(accel)->interrupts;
    Route *route;

    g_rw_lock_writer_lock(&interrupts->lock);
    route = route_of(interrupts, gsi);
    if (route) {
        route->used = false;
    }
    g_rw_lock_writer_unlock(&interrupts->lock);
}

/* ---- Pins of CPUs ---- */

/* Only for the first CPU, which checks the line itself. */
void tcg_set_extint(Accel *accel, bool level)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    TcgInterrupts *interrupts = tcg->interrupts;

    g_atomic_int_set(&tcg->extint, level);
    if (!level) {
        return;
    }
    g_rw_lock_reader_lock(&interrupts->lock);
    for (guint i = 0; i < interrupts->vcpus->len; i++) {
        TcgVcpu *vcpu = g_ptr_array_index(interrupts->vcpus, i);

        if (vcpu->apic.is_bsp) {
            tcg_apic_lint0(vcpu);
        }
    }
    g_rw_lock_reader_unlock(&interrupts->lock);
}

int tcg_interrupt_take(TcgVcpu *vcpu)
{
    const Accel *accel = &vcpu->tcg->accel;
    int vector = -1;

    if (g_atomic_int_get(&vcpu->tcg->extint) && tcg_apic_accepts_extint(vcpu) &&
        accel->host && accel->host->intack) {
        vector = accel->host->intack(accel->host_opaque);
    }
    return vector >= 0 ? vector : tcg_apic_take(vcpu);
}

bool tcg_vcpu_nmi(Accel *accel, Cpu *cpu, GError **error)
{
    tcg_apic_nmi(cpu->vcpu);
    return true;
}

/* ---- Address line 20 ---- */

guint64 tcg_a20_mask(TcgAccel *tcg)
{
    return g_atomic_int_get(&tcg->a20) ? ~(guint64)0 : ~((guint64)1 << 20);
}

/* All cached physical addresses become invalid: vCPUs handle that before their next
 * block. */
void tcg_set_a20(Accel *accel, bool enabled)
{
    TcgAccel *tcg = to_tcg_accel(accel);
    TcgInterrupts *interrupts = tcg->interrupts;

    if (g_atomic_int_get(&tcg->a20) == enabled) {
        return;
    }
    g_atomic_int_set(&tcg->a20, enabled);
    g_rw_lock_reader_lock(&interrupts->lock);
    for (guint i = 0; i < interrupts->vcpus->len; i++) {
        tcg_vcpu_request(g_ptr_array_index(interrupts->vcpus, i), TCG_REQUEST_TLB);
    }
    g_rw_lock_reader_unlock(&interrupts->lock);
}

/* ---- Life ---- */

void tcg_interrupts_add(TcgVcpu *vcpu)
{
    TcgInterrupts *interrupts = vcpu->tcg->interrupts;

    g_rw_lock_writer_lock(&interrupts->lock);
    g_ptr_array_add(interrupts->vcpus, vcpu);
    g_rw_lock_writer_unlock(&interrupts->lock);
}

void tcg_interrupts_remove(TcgVcpu *vcpu)
{
    TcgInterrupts *interrupts = vcpu->tcg->interrupts;

    g_rw_lock_writer_lock(&interrupts->lock);
    g_ptr_array_remove(interrupts->vcpus, vcpu);
    g_rw_lock_writer_unlock(&interrupts->lock);
}

bool tcg_interrupts_open(TcgAccel *tcg, GError **error)
{
    TcgInterrupts *interrupts = tcg->interrupts = g_new0(TcgInterrupts, 1);

    g_rw_lock_init(&interrupts->lock);
    interrupts->vcpus = g_ptr_array_new();
    interrupts->routes = g_array_new(FALSE, TRUE, sizeof(Route));
    g_array_set_size(interrupts->routes, TCG_N_PINS);
    tcg->extint = 0;
    tcg->a20 = 1;
    tcg->ioeventfds = tcg_ioeventfds_new();
    tcg->timers = tcg_timers_new(error);
    return tcg->timers != NULL;
}

void tcg_interrupts_close(TcgAccel *tcg)
{
    TcgInterrupts *interrupts = g_steal_pointer(&tcg->interrupts);

    if (!interrupts) {
        return;
    }
    g_clear_pointer(&tcg->timers, tcg_timers_free);
    g_clear_pointer(&tcg->ioeventfds, tcg_ioeventfds_free);
    g_ptr_array_unref(interrupts->vcpus);
    g_array_unref(interrupts->routes);
    g_rw_lock_clear(&interrupts->lock);
    g_free(interrupts);
}
