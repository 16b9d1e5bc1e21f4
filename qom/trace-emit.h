/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the code in qom/qapi-trace.c uses to show a trace point.  Private to it and to
 * qom/trace.c.
 */
#ifndef QOM_TRACE_EMIT_H
#define QOM_TRACE_EMIT_H

#include "qmp/type.h"
#include "qom/trace.h"

/* The object's path.  Free with g_free(). */
char *trace_path(const void *object);

/* A text as it is shown: one line of UTF-8 without invisible characters; "" for NULL.
 * Free with g_free(). */
char *trace_text(const char *text);

/* The name of an enum's value. */
const char *trace_value(const QmpType *type, int value);

/* The line. */
void trace_log(guint point, const char *path, const char *format, ...) G_GNUC_PRINTF(3, 4);

/*
 * Probes, where the build has them.  A tracer finds a probe's semaphore by its symbol,
 * which is the first half of the point's state, and expects it in this section.
 */
#ifdef TRACE_PROBES
#include <sys/sdt.h>
#define TRACE_STATES __attribute__((section(".probes")))
#define TRACE_SEMAPHORE(name, index) \
    extern TraceState vmd_##name##_semaphore; \
    __asm__(".globl vmd_" #name "_semaphore\n" \
            ".set vmd_" #name "_semaphore, trace_states + 4 * " #index);
#define TRACE_PROBE(n, name, ...) STAP_PROBE##n(vmd, name, __VA_ARGS__)
#else
#define TRACE_STATES
#define TRACE_SEMAPHORE(name, index)
#define TRACE_PROBE(n, name, ...) do { } while (0)
#endif

#endif
