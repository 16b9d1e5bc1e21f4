/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of a guest: see guest-error.h.
 */
#include "config.h"
#include "qom/guest-error.h"

/* Of a device with at least one. */
struct GuestErrors {
    GMutex lock;
    guint64 count;
    GuestErrorRate rate;
    char *last;                 /* the message that was logged last */
};

bool guest_error_rate(GuestErrorRate *rate, gint64 now, guint64 *ret_hidden)
{
    if (!rate->lines || now - rate->since >= GUEST_ERROR_INTERVAL_S * G_USEC_PER_SEC) {
        rate->since = now;
        rate->lines = 0;
    }
    if (rate->lines == GUEST_ERROR_BURST) {
        rate->hidden++;
        return false;
    }
    rate->lines++;
    *ret_hidden = rate->hidden;
    rate->hidden = 0;
    return true;
}

static struct GuestErrors *guest_errors(Device *dev)
{
    struct GuestErrors *errors = g_atomic_pointer_get(&dev->guest_errors), *made;

    if (errors) {
        return errors;
    }
    made = g_new0(struct GuestErrors, 1);
    g_mutex_init(&made->lock);
    if (g_atomic_pointer_compare_and_exchange(&dev->guest_errors, NULL, made)) {
        return made;
    }
    g_mutex_clear(&made->lock);
    g_free(made);
    return g_atomic_pointer_get(&dev->guest_errors);
}

static void write_line(Device *dev, const char *message, guint64 hidden)
{
    g_autofree char *path = object_path(&dev->object);
    g_autofree char *more = hidden ? g_strdup_printf(
        " (%" G_GUINT64_FORMAT " more errors since the last one logged)", hidden) : NULL;

    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "OBJECT", path, "GUEST_ERROR", "1",
                     "MESSAGE", "guest error: %s: %s%s", path, message, more ? more : "");
}

void device_guest_error(Device *dev, const char *format, ...)
{
    struct GuestErrors *errors = guest_errors(dev);
    g_autofree char *message = NULL;
    guint64 hidden = 0;
    va_list args;

    g_mutex_lock(&errors->lock);
    errors->count++;
    if (guest_error_rate(&errors->rate, g_get_monotonic_time(), &hidden)) {
        va_start(args, format);
        message = g_strdup_vprintf(format, args);
        va_end(args);
        g_free(errors->last);
        errors->last = g_strdup(message);
    }
    g_mutex_unlock(&errors->lock);
    if (message) {
        write_line(dev, message, hidden);
    }
}

guint64 device_guest_errors(Device *dev, char **ret_last)
{
    struct GuestErrors *errors = g_atomic_pointer_get(&dev->guest_errors);
    guint64 count;

    *ret_last = NULL;
    if (!errors) {
        return 0;
    }
    g_mutex_lock(&errors->lock);
    count = errors->count;
    *ret_last = g_strdup(errors->last);
    g_mutex_unlock(&errors->lock);
    return count;
}

void device_guest_errors_free(Device *dev)
{
    struct GuestErrors *errors = g_steal_pointer(&dev->guest_errors);

    if (errors) {
        g_mutex_clear(&errors->lock);
        g_free(errors->last);
        g_free(errors);
    }
}
