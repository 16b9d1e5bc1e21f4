/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace points: which are on, and what their lines look like.  See trace.h.
 */
#include "config.h"
#include "qom/trace-emit.h"

#include <string.h>

#include "qmp/text.h"
#include "qom/object.h"

const char *trace_name(guint point)
{
    return trace_texts + trace_points[point].name;
}

bool trace_is_pattern(const char *text)
{
    return strchr(text, '*') != NULL;
}

guint trace_next(guint start, const char *name)
{
    bool pattern = trace_is_pattern(name);
    guint point = start;

    while (point < trace_n_points && (pattern ? !g_pattern_match_simple(name, trace_name(point))
                                              : !g_str_equal(name, trace_name(point)))) {
        point++;
    }
    return point;
}

bool trace_is_logged(guint point)
{
    return __atomic_load_n(&trace_states[point].by.logged, __ATOMIC_RELAXED);
}

void trace_set_logged(guint point, bool logged)
{
    __atomic_store_n(&trace_states[point].by.logged, logged, __ATOMIC_RELAXED);
}

const char *trace_register(const TraceRegister *rows, guint n, guint64 offset,
                           const char *otherwise)
{
    for (guint i = 0; i < n; i++) {
        if (rows[i].offset == offset) {
            return rows[i].name;
        }
    }
    return otherwise;
}

/* ---- Lines ---- */

char *trace_path(const void *object)
{
    return object_path(object);
}

char *trace_text(const char *text)
{
    return qmp_text_clean(text ? text : "");
}

const char *trace_value(const QmpType *type, int value)
{
    return value >= 0 && (guint)value < type->n_values
           ? qmp_name(qmp_values(type)[value].name) : "?";
}

/* "1234.567890 virtio_blk_handle_read /machine/...: sector=0": seconds of the host's
 * monotonic clock, as the kernel's log has them. */
void trace_log(guint point, const char *path, const char *format, ...)
{
    gint64 now = g_get_monotonic_time();
    const char *name = trace_name(point);
    g_autofree char *words = NULL;
    va_list args;

    va_start(args, format);
    words = g_strdup_vprintf(format, args);
    va_end(args);
    g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_INFO, "TRACE", name, "OBJECT", path, "MESSAGE",
                     "%" G_GINT64_FORMAT ".%06d %s %s%s%s", now / G_USEC_PER_SEC,
                     (int)(now % G_USEC_PER_SEC), name, path, *words ? ": " : "", words);
}
