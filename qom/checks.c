/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/checks.h, and the checks of qom/object.h.
 */
#include "config.h"
#include "qom/checks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "qom/object.h"

#ifdef DEBUG_CHECKS

void check_failed(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_logv(G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, format, args);
    va_end(args);
    abort();
}

void main_thread_assert(void)
{
    static _Thread_local gint is_main = -1;

    if (is_main < 0) {
        is_main = gettid() == getpid();
    }
    if (!is_main) {
        check_failed("this may only run on the main thread");
    }
}

static void check_class(const Object *obj, const QmpClass *schema)
{
    if (!object_is_a(obj, schema)) {
        g_autofree char *path = object_path(obj);

        check_failed("'%s' is of class '%s', which is not a '%s'", path, object_class_name(obj),
                     schema->name);
    }
}

void *object_cast(const void *obj, const QmpClass *schema)
{
    if (obj) {
        check_class(obj, schema);
    }
    return (void *)obj;
}

void *object_cast_props(const void *opaque, const QmpClass *schema)
{
    const Object *obj = opaque;

    check_class(obj, schema);
    return obj->props;
}

#endif
