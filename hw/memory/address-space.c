/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces: a root region, the current flat view of the tree below it,
 * and transactions, at whose end a new view replaces the old one.
 *
 * The view is replaced under the machine lock; view_mutex is for threads that
 * take a reference to it without that lock (DMA, lock-free handlers), and is
 * never held for longer than that.
 */
#include "config.h"
#include "hw/memory/memory.h"

#include "hw/memory/memory-internal.h"

static FlatView *swap_view(AddressSpace *as, FlatView *view)
{
    FlatView *old;

    g_mutex_lock(&as->view_mutex);
    old = as->view;
    __atomic_store_n(&as->view, view, __ATOMIC_RELEASE);
    __atomic_store_n(&as->lockless_first, view->lockless_first, __ATOMIC_RELAXED);
    __atomic_store_n(&as->lockless_last, view->lockless_last, __ATOMIC_RELAXED);
    __atomic_store_n(&as->logged, view->logged, __ATOMIC_RELAXED);
    g_mutex_unlock(&as->view_mutex);
    return old;
}

FlatView *address_space_view(AddressSpace *as)
{
    FlatView *view;

    g_mutex_lock(&as->view_mutex);
    view = flatview_ref(as->view);
    g_mutex_unlock(&as->view_mutex);
    return view;
}

/* To be called before dropping the view that kept them alive. */
static void keep_called(AddressSpace *as)
{
    for (RegionCall *call = as->calls; call; call = call->next) {
        if (!call->holds) {
            call->holds = true;
            object_ref(call->mr);
            object_ref(call->owner);
        }
    }
}

static void update_view(AddressSpace *as)
{
    g_autoptr(GError) error = NULL;
    FlatView *old = swap_view(as, flatview_new(as->root));

    as->changed = false;
    /* Logged once: the guest decides about mappings, and how often they change. */
    if (!accel_listener_update(&as->listener, as->view, &error) && !as->listener.complained) {
        as->listener.complained = true;
        g_warning("guest memory that the accelerator did not take is served by exits: %s",
                  error->message);
    }
    keep_called(as);
    flatview_unref(old);
}

void address_space_changed(AddressSpace *as)
{
    fair_lock_assert(as->lock);
    if (as->transaction) {
        as->changed = true;
    } else {
        update_view(as);
    }
}

void region_transaction_begin(AddressSpace *as)
{
    fair_lock_assert(as->lock);
    as->transaction++;
}

void region_transaction_commit(AddressSpace *as)
{
    fair_lock_assert(as->lock);
    g_return_if_fail(as->transaction);
    if (!--as->transaction && as->changed) {
        update_view(as);
    }
}

AddressSpace *address_space_new(Object *owner, const char *name, guint64 size, FairLock *lock)
{
    AddressSpace *as = g_new0(AddressSpace, 1);

    as->root = object_ref(region_new_container(owner, name, size));
    as->root->as = as;
    as->lock = lock;
    g_mutex_init(&as->view_mutex);
    swap_view(as, flatview_new(as->root));
    return as;
}

void address_space_free(AddressSpace *as)
{
    if (!as) {
        return;
    }
    address_space_set_accel(as, NULL, false, NULL);
    as->root->as = NULL;
    object_unparent(&as->root->object);
    object_unref(as->root);
    flatview_unref(as->view);
    g_mutex_clear(&as->view_mutex);
    g_free(as);
}

MemoryRegion *address_space_root(AddressSpace *as)
{
    return as->root;
}

const FlatRange *address_space_ranges(AddressSpace *as, guint *ret_n)
{
    *ret_n = as->view->ranges->len;
    return (const FlatRange *)as->view->ranges->data;
}
