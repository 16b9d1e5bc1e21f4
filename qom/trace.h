/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace points: what happens inside the daemon, for people who want to see it.
 *
 * They are declared in the schema (docs/schema.md); the generator makes a function
 * trace_NAME() of each in qom/qapi-trace.h.  While a point has no observer, calling it
 * costs a load and a branch that is not taken.  Otherwise it becomes a line of the log,
 * if the point is on, and a probe for tracers of the host (perf, bpftrace, SystemTap)
 * that have asked for it.
 *
 * All functions and points may be called from any thread; a line never blocks for long
 * on its reader (systemd/journal.h).  The object of a point must be in the tree, or the
 * line has no path.
 */
#ifndef QOM_TRACE_H
#define QOM_TRACE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The observers of a point.  The host's tracers increment the first half directly;
 * both halves form one word, so that one load checks both. */
typedef union {
    struct {
        guint16 tracers;
        guint16 logged;         /* bool */
    } by;
    guint32 any;
} TraceState;

/* Rows in strcmp order of the names, and their states beside them. */
typedef struct {
    guint32 name;               /* offset in trace_texts[] */
} TracePoint;

extern const guint trace_n_points;
extern const TracePoint trace_points[];
extern const char trace_texts[];
extern TraceState trace_states[];

/* Whether the point has an observer: for callers whose arguments are costly to compute. */
static inline bool trace_wanted(guint point)
{
    return __builtin_expect(__atomic_load_n(&trace_states[point].any, __ATOMIC_RELAXED) != 0, 0);
}

const char *trace_name(guint point);

/* A pattern has an asterisk, which stands for any text; then `?` stands for any
 * character. */
bool trace_is_pattern(const char *text);

/* The first point from `start` on that has this name or matches this pattern;
 * trace_n_points if there is none. */
guint trace_next(guint start, const char *name);

/* Whether a point goes to the log. */
bool trace_is_logged(guint point);
void trace_set_logged(guint point, bool logged);

/* ---- Names of registers ---- */

/* A register that has a name, for devices with few of them among many offsets.  The name is
 * stored in the row, so the table needs no relocations. */
typedef struct {
    guint32 offset;
    char name[24];
} TraceRegister;

/* The name of the register at offset; `otherwise` if no row has it. */
const char *trace_register(const TraceRegister *rows, guint n, guint64 offset,
                           const char *otherwise);

#endif
