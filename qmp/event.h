/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event queue: events from any thread to all clients, in the order of emission.
 *
 * An event is printed by the thread that emits it, with the time of that moment.
 * The main loop hands it to the sinks (the server).  An event that a command
 * handler emits is handed on before that command's reply.
 *
 * Some events can come as fast as a guest writes a register.  The schema gives those
 * a rate (docs/schema.md): the first goes out immediately and begins an interval; of
 * those that follow within it only the last is kept.  It goes out when the interval
 * is over, and begins the next one.  A kept event goes out earlier if a later event
 * does, so that the order is always that of emission, and no client takes an old
 * state for the current one.
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

/* What the schema says about an event; the rows are in qmp/qapi-events.c. */
typedef struct {
    const char *name;
    const QmpType *data;        /* NULL: none */
    guint32 marks;              /* QMP_MARK_*: not sent while one of them is hidden */
    guint32 interval_ms;        /* 0: no guest can cause it often */
    const char *key;            /* member of type str: each value of it has a
                                 * separate interval; NULL: all share one */
    const char *when;           /* required member of type bool: events in which it is
                                 * false go out immediately; NULL: the rate is for
                                 * all */
} QmpEventKind;

/* To be called on the main loop's thread, like all but qmp_event_emit(); NULL:
 * the process has no descriptor left. */
QmpEventQueue *qmp_event_queue_new(struct event_base *base);

/* Events that are still in it are lost.  Accepts NULL. */
void qmp_event_queue_free(QmpEventQueue *queue);

/*
 * Sends an event with its data, a struct of kind->data (NULL: none).  kind must
 * outlive the queue.  Any thread, with or without the machine lock; never blocks on
 * a client.
 */
void qmp_event_emit(QmpEventQueue *queue, const QmpEventKind *kind, const void *data);

/* Events and members with any of these marks are left out from now on.  Any thread. */
void qmp_event_queue_set_hidden(QmpEventQueue *queue, guint32 marks);

/*
 * Sinks get the events: func is called for each event, then once with NULL
 * after the last one of a round.  data identifies the sink when it is removed.
 */
typedef void (*QmpEventSink)(const QmpEvent *event, void *data);

void qmp_event_queue_add_sink(QmpEventQueue *queue, QmpEventSink func, void *data);
void qmp_event_queue_remove_sink(QmpEventQueue *queue, void *data);

/* Delivers the queued events now, except for those that an interval keeps. */
void qmp_event_queue_deliver(QmpEventQueue *queue);

/* The same, including kept events: for the end of the process. */
void qmp_event_queue_deliver_all(QmpEventQueue *queue);

/* From now on events stay in the queue, until all are delivered or dropped. */
void qmp_event_queue_hold(QmpEventQueue *queue);
void qmp_event_queue_release(QmpEventQueue *queue, bool drop);

#endif
