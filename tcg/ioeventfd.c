/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See tcg/ioeventfd.h.
 *
 * Most writes are to addresses without a descriptor: a 64-bit filter, indexed by a
 * hash of the address, detects them without a lock.  A hit is signalled with the
 * lock held for reading, so the caller may close the descriptor when
 * tcg_ioeventfd_del() returns.
 */
#include "config.h"
#include "tcg/ioeventfd.h"

#include <string.h>
#include <sys/eventfd.h>

#include "qom/qapi-objects-accel.h"

struct TcgIoeventfds {
    GRWLock lock;
    GArray *list;               /* of AccelIoeventfd */
    guint64 filter;             /* atomic: bits of those in the list */
};

static guint64 filter_bit(bool pio, guint64 address)
{
    return (guint64)1 << ((address * 2 + pio) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) >> 58);
}

/* ---- The guest's side ---- */

static bool matches(const AccelIoeventfd *e, bool pio, guint64 address, guint64 value, guint size)
{
    return e->pio == pio && e->address == address && (!e->size || e->size == size) &&
           (!e->match || e->value == value);
}

static const AccelIoeventfd *find(const GArray *list, bool pio, guint64 address, guint64 value,
                                  guint size)
{
    for (guint i = 0; i < list->len; i++) {
        const AccelIoeventfd *e = &g_array_index(list, AccelIoeventfd, i);

        if (matches(e, pio, address, value, size)) {
            return e;
        }
    }
    return NULL;
}

bool tcg_ioeventfd_hit(TcgAccel *tcg, bool pio, guint64 address, const void *data, guint size)
{
    TcgIoeventfds *ioeventfds = tcg->ioeventfds;
    const AccelIoeventfd *found;
    guint64 value = 0;

    if (size > sizeof(value) || !(__atomic_load_n(&ioeventfds->filter, __ATOMIC_RELAXED) &
                                  filter_bit(pio, address))) {
        return false;
    }
    memcpy(&value, data, size);
    g_rw_lock_reader_lock(&ioeventfds->lock);
    found = find(ioeventfds->list, pio, address, value, size);
    if (found) {
        eventfd_write(found->fd, 1);
    }
    g_rw_lock_reader_unlock(&ioeventfds->lock);
    return found != NULL;
}

/* ---- The machine's side ---- */

static void update_filter(TcgIoeventfds *ioeventfds)
{
    guint64 filter = 0;

    for (guint i = 0; i < ioeventfds->list->len; i++) {
        const AccelIoeventfd *e = &g_array_index(ioeventfds->list, AccelIoeventfd, i);

        filter |= filter_bit(e->pio, e->address);
    }
    __atomic_store_n(&ioeventfds->filter, filter, __ATOMIC_RELAXED);
}

bool tcg_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error)
{
    TcgIoeventfds *ioeventfds = to_tcg_accel(accel)->ioeventfds;

    g_rw_lock_writer_lock(&ioeventfds->lock);
    g_array_append_val(ioeventfds->list, *ioeventfd);
    update_filter(ioeventfds);
    g_rw_lock_writer_unlock(&ioeventfds->lock);
    return true;
}

static bool same(const AccelIoeventfd *a, const AccelIoeventfd *b)
{
    return a->pio == b->pio && a->address == b->address && a->size == b->size &&
           a->match == b->match && (!a->match || a->value == b->value) && a->fd == b->fd;
}

void tcg_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd)
{
    TcgIoeventfds *ioeventfds = to_tcg_accel(accel)->ioeventfds;
    GArray *list = ioeventfds->list;

    g_rw_lock_writer_lock(&ioeventfds->lock);
    for (guint i = 0; i < list->len; i++) {
        if (same(&g_array_index(list, AccelIoeventfd, i), ioeventfd)) {
            g_array_remove_index_fast(list, i);
            break;
        }
    }
    update_filter(ioeventfds);
    g_rw_lock_writer_unlock(&ioeventfds->lock);
}

/* ---- Life ---- */

TcgIoeventfds *tcg_ioeventfds_new(void)
{
    TcgIoeventfds *ioeventfds = g_new0(TcgIoeventfds, 1);

    g_rw_lock_init(&ioeventfds->lock);
    ioeventfds->list = g_array_new(FALSE, FALSE, sizeof(AccelIoeventfd));
    return ioeventfds;
}

void tcg_ioeventfds_free(TcgIoeventfds *ioeventfds)
{
    if (ioeventfds) {
        g_array_unref(ioeventfds->list);
        g_rw_lock_clear(&ioeventfds->lock);
        g_free(ioeventfds);
    }
}
