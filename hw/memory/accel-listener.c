/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From flat views to an accelerator: each new view is turned into the slots and
 * ioeventfds that the accelerator should have, and only the differences are
 * sent.
 *
 * A slot consists of whole host pages of RAM.  Edges of RAM that do not fill a
 * page get no slot; the guest's accesses there are exits, served like MMIO.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include <unistd.h>

#include "hw/memory/memory-internal.h"

/* ---- What a view asks for ---- */

static void add_slot(GArray *slots, const FlatRange *range, guint64 page)
{
    guint64 start = (range->start + page - 1) & -page;
    guint64 skipped = start - range->start;
    guint8 *hva = range_hva(range, start);
    AccelSlot slot;

    if (start < range->start || skipped >= range->size || (guintptr)hva % page) {
        return;
    }
    slot = (AccelSlot){
        .gpa = start,
        .size = (range->size - skipped) & -page,
        .hva = hva,
        .flags = (range->readonly ? ACCEL_SLOT_READONLY : 0) |
                 (range->mr->logs ? ACCEL_SLOT_LOG_DIRTY : 0),
    };
    if (slot.size) {
        g_array_append_val(slots, slot);
    }
}

static GArray *wanted_slots(const FlatView *view)
{
    GArray *slots = g_array_new(false, false, sizeof(AccelSlot));
    guint64 page = sysconf(_SC_PAGESIZE);

    for (guint i = 0; i < view->ranges->len; i++) {
        const FlatRange *range = &g_array_index(view->ranges, FlatRange, i);

        if (range_is_ram(range, false)) {
            add_slot(slots, range, page);
        }
    }
    return slots;
}

/* Adds the ioeventfds of the range's region that lie in the range. */
static void add_ioeventfds(GArray *list, const FlatRange *range, bool pio)
{
    for (guint i = 0; range->mr->ioeventfds && i < range->mr->ioeventfds->len; i++) {
        const RegionIoeventfd *e = &g_array_index(range->mr->ioeventfds, RegionIoeventfd, i);
        guint64 last = e->offset + (e->size ? e->size - 1 : 0);
        const AccelIoeventfd ioeventfd = {
            .pio = pio,
            .address = range->start + (e->offset - range->offset),
            .size = e->size,
            .match = e->match,
            .value = e->value,
            .fd = e->fd,
        };

        if (e->offset >= range->offset && last - range->offset <= size_last(range->size)) {
            g_array_append_val(list, ioeventfd);
        }
    }
}

static GArray *wanted_ioeventfds(const FlatView *view, bool pio)
{
    GArray *list = g_array_new(false, false, sizeof(AccelIoeventfd));

    for (guint i = 0; i < view->ranges->len; i++) {
        add_ioeventfds(list, &g_array_index(view->ranges, FlatRange, i), pio);
    }
    return list;
}

/* ---- Differences ---- */

static bool slot_equal(const AccelSlot *a, const AccelSlot *b)
{
    return a->gpa == b->gpa && a->size == b->size && a->hva == b->hva && a->flags == b->flags;
}

static bool has_slot(const GArray *slots, const AccelSlot *slot)
{
    for (guint i = 0; i < slots->len; i++) {
        if (slot_equal(&g_array_index(slots, AccelSlot, i), slot)) {
            return true;
        }
    }
    return false;
}

/* Calls f for each slot that is in a and not in b; returns how many there are. */
static guint each_only_in(Accel *accel, const GArray *a, const GArray *b,
                          void (*f)(Accel *accel, const AccelSlot *slot))
{
    guint n = 0;

    for (guint i = 0; i < a->len; i++) {
        const AccelSlot *slot = &g_array_index(a, AccelSlot, i);

        if (!has_slot(b, slot)) {
            f(accel, slot);
            n++;
        }
    }
    return n;
}

static bool ioeventfd_equal(const AccelIoeventfd *a, const AccelIoeventfd *b)
{
    return a->address == b->address && a->size == b->size && a->match == b->match &&
           (!a->match || a->value == b->value) && a->fd == b->fd;
}

static bool has_ioeventfd(const GArray *list, const AccelIoeventfd *e)
{
    for (guint i = 0; i < list->len; i++) {
        if (ioeventfd_equal(&g_array_index(list, AccelIoeventfd, i), e)) {
            return true;
        }
    }
    return false;
}

/* ---- Sending ---- */

static bool loses_log(const GArray *slots, const GArray *wanted)
{
    for (guint i = 0; i < slots->len; i++) {
        const AccelSlot *slot = &g_array_index(slots, AccelSlot, i);

        if ((slot->flags & ACCEL_SLOT_LOG_DIRTY) && !has_slot(wanted, slot)) {
            return true;
        }
    }
    return false;
}

/* Removes the slots that are gone from the view, even if there is no room for
 * new ones: else the guest could still access them. */
static void drop_gone_slots(AccelListener *listener, GArray *wanted)
{
    g_autoptr(GError) error = NULL;
    const AccelOps *ops = accel_ops(listener->accel);

    ops->slots_begin(listener->accel);
    each_only_in(listener->accel, listener->slots, wanted, ops->slot_del);
    if (!ops->slots_commit(listener->accel, &error)) {
        g_critical("the accelerator still maps memory that is gone: %s", error->message);
        return;
    }
    for (guint i = listener->slots->len; i-- > 0;) {
        if (!has_slot(wanted, &g_array_index(listener->slots, AccelSlot, i))) {
            g_array_remove_index(listener->slots, i);
        }
    }
}

static bool send_slots(AccelListener *listener, GArray *wanted, GError **error)
{
    const AccelOps *ops = accel_ops(listener->accel);
    guint n;

    listener->log_generation += loses_log(listener->slots, wanted);
    ops->slots_begin(listener->accel);
    n = each_only_in(listener->accel, listener->slots, wanted, ops->slot_del);
    n += each_only_in(listener->accel, wanted, listener->slots, ops->slot_add);
    if (!ops->slots_commit(listener->accel, error)) {
        if (n) {
            drop_gone_slots(listener, wanted);
        }
        return false;
    }
    g_array_set_size(listener->slots, 0);
    g_array_append_vals(listener->slots, wanted->data, wanted->len);
    return true;
}

/* Without its ioeventfd a write is an exit that reaches the handlers, so
 * failing to add one only costs speed. */
static void send_ioeventfds(AccelListener *listener, const GArray *wanted)
{
    const AccelOps *ops = accel_ops(listener->accel);

    if (!ops->ioeventfd_add) {
        return;
    }
    for (guint i = listener->ioeventfds->len; i-- > 0;) {
        const AccelIoeventfd *e = &g_array_index(listener->ioeventfds, AccelIoeventfd, i);

        if (!has_ioeventfd(wanted, e)) {
            ops->ioeventfd_del(listener->accel, e);
            g_array_remove_index(listener->ioeventfds, i);
        }
    }
    for (guint i = 0; i < wanted->len; i++) {
        const AccelIoeventfd *e = &g_array_index(wanted, AccelIoeventfd, i);
        g_autoptr(GError) error = NULL;

        if (has_ioeventfd(listener->ioeventfds, e)) {
            continue;
        }
        if (ops->ioeventfd_add(listener->accel, e, &error)) {
            g_array_append_val(listener->ioeventfds, *e);
        } else if (!listener->complained) {
            listener->complained = true;
            g_warning("no ioeventfd at 0x%" G_GINT64_MODIFIER "x: %s", e->address, error->message);
        }
    }
}

bool accel_listener_update(AccelListener *listener, const FlatView *view, GError **error)
{
    g_autoptr(GArray) slots = NULL;
    g_autoptr(GArray) ioeventfds = NULL;

    if (!listener->accel) {
        return true;
    }
    ioeventfds = wanted_ioeventfds(view, listener->pio);
    send_ioeventfds(listener, ioeventfds);
    if (listener->pio) {
        return true;
    }
    slots = wanted_slots(view);
    return send_slots(listener, slots, error);
}

static void listener_end(AccelListener *listener)
{
    g_autoptr(GArray) none = g_array_new(false, false, sizeof(AccelSlot));
    guint generation = listener->log_generation;

    if (!listener->accel) {
        return;
    }
    while (listener->ioeventfds->len) {
        const AccelIoeventfd *e = &g_array_index(listener->ioeventfds, AccelIoeventfd, 0);

        accel_ops(listener->accel)->ioeventfd_del(listener->accel, e);
        g_array_remove_index_fast(listener->ioeventfds, 0);
    }
    generation += loses_log(listener->slots, none);
    if (listener->slots->len) {
        drop_gone_slots(listener, none);
    }
    g_array_unref(listener->slots);
    g_array_unref(listener->ioeventfds);
    *listener = (AccelListener){ .log_generation = generation };
}

bool address_space_set_accel(AddressSpace *as, Accel *accel, bool pio, GError **error)
{
    AccelListener *listener = &as->listener;

    listener_end(listener);
    if (!accel) {
        return true;
    }
    *listener = (AccelListener){
        .accel = accel,
        .pio = pio,
        .slots = g_array_new(false, false, sizeof(AccelSlot)),
        .log_generation = listener->log_generation,
        .ioeventfds = g_array_new(false, false, sizeof(AccelIoeventfd)),
    };
    if (!accel_listener_update(listener, as->view, error)) {
        listener_end(listener);
        return false;
    }
    return true;
}
