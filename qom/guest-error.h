/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest errors: what a guest does wrong with a device, counted and logged at a bounded
 * rate, since a guest can do it a million times a second.
 *
 * An error is what no correct driver does: a ring at an invalid address, an access to a
 * register or a command that does not exist.  What a correct driver may do (a request
 * beyond the end of a disk, a frame that is too long for the network) is not counted.
 */
#ifndef QOM_GUEST_ERROR_H
#define QOM_GUEST_ERROR_H

#include "qom/device.h"

/* Reports what the guest did, in the form of an error message: lower case, without a
 * full stop; the device's path is put before it.  Any thread, as long as the device is
 * in the tree. */
void device_guest_error(Device *dev, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* How often it was called for dev, and the message that was logged last, newly allocated;
 * NULL if there is none.  Any thread. */
guint64 device_guest_errors(Device *dev, char **ret_last);

/* Frees the counter when the device ends. */
void device_guest_errors_free(Device *dev);

/* The rate: a burst of lines in each interval. */
enum { GUEST_ERROR_BURST = 10, GUEST_ERROR_INTERVAL_S = 5 };

typedef struct {
    gint64 since;               /* when the interval began; microseconds */
    guint lines;                /* logged in it */
    guint64 hidden;             /* errors that were not logged since the last line */
} GuestErrorRate;

/* Whether a line may be logged now; *ret_hidden is the number of errors not logged
 * since the last one. */
bool guest_error_rate(GuestErrorRate *rate, gint64 now, guint64 *ret_hidden);

#endif
