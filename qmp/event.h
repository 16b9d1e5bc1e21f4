/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event queue: events from any thread to all clients, in the order of emission.
 *
 * An event is printed by the thread that emits it, with the time of that moment.
 * The main loop hands it to the sinks (the server).  An event that a command
 * handler emits is handed on before that command's reply.
 *
 * Some events can come as fast as a guest writes a register.  For those the
 * daemon gives a table of intervals: the first goes out at once, of those that
 * follow within the interval only the last, when the interval is over.
 */
#ifndef QMP_EVENT_H
#define QMP_EVENT_H

#include "qmp/type.h"

struct event_base;

typedef struct QmpEventQueue QmpEventQueue;

/* All events by name, in strcmp order, NULL at the end; generated into
 * qmp/qapi-types.c. */
extern const char *const qmp_event_names[];

/* One event, as sinks see it.  The texts are the queue's. */
typedef struct {
    char *name;
    gint64 time;                /* wall clock, microseconds */
    char *data;                 /* JSON text of the data, or NULL: none */
    gsize data_length;
} QmpEvent;

typedef struct {
    const char *event;
    gint64 interval_ns;
    const char *key;            /* member of type str: each value of it has an
                                 * interval of its own; NULL: all share one */
} QmpEventThrottle;

/* To be called on the main loop's thread, like all but qmp_event_emit(); NULL:
 * the process has no descriptor left. */
QmpEventQueue *qmp_event_queue_new(struct event_base *base);

/* Events that are still in it are lost.  Accepts NULL. */
void qmp_event_queue_free(QmpEventQueue *queue);

/* Sets the table, which must outlive the queue; before the first event. */
void qmp_event_queue_set_throttles(QmpEventQueue *queue, const QmpEventThrottle *throttles,
                                   guint n);

/*
 * Sends an event with its data, a struct of `type` (both NULL: none).  Any
 * thread, with or without the machine lock; never blocks on a client.
 */
void qmp_event_emit(QmpEventQueue *queue, const char *name, const QmpType *type,
                    const void *data);

/* The same for an event that the schema marks (QMP_MARK_*). */
void qmp_event_emit_marked(QmpEventQueue *queue, guint32 marks, const char *name,
                           const QmpType *type, const void *data);

/* Events and members with any of these marks are left out from now on.  Any thread. */
void qmp_event_queue_set_hidden(QmpEventQueue *queue, guint32 marks);

/*
 * Who gets events: func is called for each event, then once with NULL after the
 * last one of a round.  data identifies the sink when it is removed.
 */
typedef void (*QmpEventSink)(const QmpEvent *event, void *data);

void qmp_event_queue_add_sink(QmpEventQueue *queue, QmpEventSink func, void *data);
void qmp_event_queue_remove_sink(QmpEventQueue *queue, void *data);

/* Hands on at once what is in the queue. */
void qmp_event_queue_deliver(QmpEventQueue *queue);

/* From now on events stay in the queue; until they are all handed on, or dropped. */
void qmp_event_queue_hold(QmpEventQueue *queue);
void qmp_event_queue_release(QmpEventQueue *queue, bool drop);

#endif
