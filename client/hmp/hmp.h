/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor: a line of text becomes QMP requests, and their results become text.
 *
 * These are functions of text: they send nothing and wait for nothing.  A line is a
 * conversation that its caller carries on, in its own time: it takes each request from
 * hmp_line_next(), executes it, and returns the result, until there are no more requests.  So
 * vmctl may block on a socket while the daemon's loop goes on with other work.
 *
 *   line = hmp_line_new(monitor, "info status");
 *   while ((request = hmp_line_next(line)))
 *       ... execute it, then hmp_line_reply() or hmp_line_reply_error()
 *   hmp_line_output(line)
 *
 * The table of commands is in commands.h.  A monitor and its lines belong to one thread at a time.
 */
#ifndef CLIENT_HMP_HMP_H
#define CLIENT_HMP_HMP_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Longer lines are refused. */
enum { HMP_LINE_MAX = 16 << 10 };

/* What is remembered between two lines. */
typedef struct {
    gint64 cpu;                 /* the CPU that `cpu` has chosen */
    GQueue history;             /* of char *, oldest first */
} HmpMonitor;

/* A monitor whose CPU is the first one.  Free with hmp_monitor_free(). */
HmpMonitor *hmp_monitor_new(void);
void hmp_monitor_free(HmpMonitor *monitor);         /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HmpMonitor, hmp_monitor_free)

/* Adds a line to the end of the history, unless it is blank or the last one again; of very many,
 * the oldest is forgotten. */
void hmp_monitor_remember(HmpMonitor *monitor, const char *text);

typedef struct HmpLine HmpLine;

/* A request that a line needs. */
typedef struct {
    char *command;
    json_t *arguments;          /* an object, or NULL */
} HmpRequest;

void hmp_request_free(HmpRequest *request);         /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HmpRequest, hmp_request_free)

/* Begins to execute a line, which is copied.  monitor is borrowed and must outlive it. */
HmpLine *hmp_line_new(HmpMonitor *monitor, const char *text);
void hmp_line_free(HmpLine *line);                  /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HmpLine, hmp_line_free)

/* The next request to execute, the caller's; NULL: there is none, and the output is complete. */
HmpRequest *hmp_line_next(HmpLine *line);

/* The result of that request: JSON, borrowed, or its text; or the message of its error. */
void hmp_line_reply(HmpLine *line, const json_t *result);
void hmp_line_reply_text(HmpLine *line, const char *text, gsize length);
void hmp_line_reply_error(HmpLine *line, const char *message);

/* The text for people, of complete lines; borrowed. */
const char *hmp_line_output(const HmpLine *line);
/* Whether the line was wrong, or a request of it failed: the output says why. */
bool hmp_line_failed(const HmpLine *line);

/*
 * The same for what could stand at the end of a line that is being typed: it asks the daemon for
 * ids, classes and properties.  When there are no more requests, hmp_line_candidates() has
 * what the last word could be, in order.
 */
HmpLine *hmp_completion_new(HmpMonitor *monitor, const char *text);
/* Of char *, borrowed. */
const GPtrArray *hmp_line_candidates(const HmpLine *line);
/* How many bytes at the end of the text the candidates replace. */
gsize hmp_line_completed(const HmpLine *line);

#endif
