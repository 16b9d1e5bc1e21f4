/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VncGuard: how often passwords may be tried.
 *
 * From each address five wrong ones are accepted; then its clients are refused for ten seconds,
 * and with each further wrong one twice as long, up to five minutes.  The right one forgives all.
 * Time is a parameter, in microseconds; no thread, no lock.
 */
#ifndef HW_VNC_VNC_GUARD_H
#define HW_VNC_VNC_GUARD_H

#include <glib.h>
#include <stdbool.h>

enum { VNC_GUARD_FREE = 5, VNC_GUARD_HOSTS = 64 };

typedef struct {
    struct VncGuardHost {
        char *host;             /* NULL: unused */
        guint wrong;            /* passwords */
        gint64 until;           /* its clients are refused; 0: they are not */
        gint64 last;            /* wrong password */
    } hosts[VNC_GUARD_HOSTS];
} VncGuard;

/* Whether a client from there may try. */
bool vnc_guard_allows(const VncGuard *guard, const char *host, gint64 now);
void vnc_guard_wrong(VncGuard *guard, const char *host, gint64 now);
void vnc_guard_right(VncGuard *guard, const char *host);
void vnc_guard_clear(VncGuard *guard);

#endif
