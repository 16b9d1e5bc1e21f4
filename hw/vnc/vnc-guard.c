/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wrong passwords, see vnc-guard.h.  If they come from more addresses than there are records, the
 * one that has been quiet longest is forgotten.
 */
#include "config.h"
#include "hw/vnc/vnc-guard.h"

#include <string.h>

#define SECOND G_GINT64_CONSTANT(1000000)

static struct VncGuardHost *find(VncGuard *guard, const char *host)
{
    for (guint i = 0; i < VNC_GUARD_HOSTS; i++) {
        if (!g_strcmp0(guard->hosts[i].host, host)) {
            return &guard->hosts[i];
        }
    }
    return NULL;
}

bool vnc_guard_allows(const VncGuard *guard, const char *host, gint64 now)
{
    const struct VncGuardHost *h = find((VncGuard *)guard, host);

    return !h || now >= h->until;
}

static void forget(struct VncGuardHost *h)
{
    g_free(h->host);
    *h = (struct VncGuardHost){ 0 };
}

/* A record for a host that has none. */
static struct VncGuardHost *add(VncGuard *guard, const char *host)
{
    struct VncGuardHost *h = &guard->hosts[0];

    for (guint i = 1; i < VNC_GUARD_HOSTS && h->host; i++) {
        if (guard->hosts[i].last < h->last) {
            h = &guard->hosts[i];
        }
    }
    forget(h);
    h->host = g_strdup(host);
    return h;
}

void vnc_guard_wrong(VncGuard *guard, const char *host, gint64 now)
{
    struct VncGuardHost *h = find(guard, host);

    h = h ? h : add(guard, host);
    h->last = now;
    h->wrong++;
    if (h->wrong >= VNC_GUARD_FREE) {
        guint doublings = MIN(h->wrong - VNC_GUARD_FREE, 5);

        h->until = now + MIN((10 * SECOND) << doublings, 300 * SECOND);
    }
}

void vnc_guard_right(VncGuard *guard, const char *host)
{
    struct VncGuardHost *h = find(guard, host);

    if (h) {
        forget(h);
    }
}

void vnc_guard_clear(VncGuard *guard)
{
    for (guint i = 0; i < VNC_GUARD_HOSTS; i++) {
        forget(&guard->hosts[i]);
    }
}
