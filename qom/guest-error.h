/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest does wrong with a device: counted, and logged at a bounded rate, since a
 * guest can do it a million times a second.
 *
 * Wrong is what no correct driver does: a ring that leads nowhere, a register that is not
 * there, a command that does not exist.  What the guest's driver may well do (a disk's
 * range beyond its end, a frame that is too long for the network) is its business.
 */
#ifndef QOM_GUEST_ERROR_H
#define QOM_GUEST_ERROR_H

#include "qom/device.h"

/* Says what the guest did, as the message of an error does: lower case, without a full
 * stop; the device's path is put before it.  Any thread, as long as the device is in the
 * tree. */
void device_guest_error(Device *dev, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* How often it was called for dev, and the message that was logged last, newly allocated;
 * NULL if there is none.  Any thread. */
guint64 device_guest_errors(Device *dev, char **ret_last);

/* For the device's end. */
void device_guest_errors_free(Device *dev);

/* The rate: a burst of lines in each interval. */
enum { GUEST_ERROR_BURST = 10, GUEST_ERROR_INTERVAL_S = 5 };

typedef struct {
    gint64 since;               /* when the interval began; microseconds */
    guint lines;                /* in it */
    guint64 hidden;             /* since the last line */
} GuestErrorRate;

/* Whether there may be a line now; *ret_hidden are those that were not since the last
 * one. */
bool guest_error_rate(GuestErrorRate *rate, gint64 now, guint64 *ret_hidden);

#endif
