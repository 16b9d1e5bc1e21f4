/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event queue; see qmp/event.h.
 *
 * One mutex guards the list and the intervals; it is held for a few pointer
 * moves only.  The loop is woken by an eventfd, once per round: later emissions
 * find the flag set and write nothing.
 *
 * Each interval holds its kept event; `kept` lists the intervals by the time of that
 * event.  Code that queues an event first queues all older kept ones.  So a kept
 * event can go out before its interval ends, but at most one does for each event
 * that goes out by itself, and for each key.
 */
#include "config.h"
#include "qmp/event.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "qmp/encode.h"
#include "qmp/policy.h"

/* A running interval: no event with its key goes out by itself before it ends. */
typedef struct {
    const QmpEventKind *kind;
    gint64 end;                 /* monotonic clock, microseconds */
    QmpEvent *last;             /* the last of those held back, or NULL */
    GList link;                 /* in the queue's `kept` if there is one */
} Interval;

typedef struct {
    QmpEventSink func;
    void *data;
} Sink;

struct QmpEventQueue {
    struct event *wake_event;
    struct event *timer_event;
    int wake_fd;
    GArray *sinks;              /* main thread only */
    bool delivering;            /* main thread only */
    bool held;                  /* main thread only: nothing is delivered */
    guint hidden;               /* QMP_MARK_*; atomic */

    GMutex mutex;               /* guards what follows */
    GQueue events;
    bool woken;
    GHashTable *intervals;      /* "EVENT" or "EVENT key" -> Interval */
    GQueue kept;                /* those with a kept event, the oldest event first */
};

static void drop_event(QmpEvent *event)
{
    if (event) {
        g_free(event->name);
        g_free(event->data);
        g_free(event);
    }
}

static void interval_free(Interval *interval)
{
    drop_event(interval->last);
    g_free(interval);
}

/* waking */

static void wake(QmpEventQueue *queue)
{
    const guint64 one = 1;

    if (queue->woken) {
        return;
    }
    queue->woken = true;
    /* The eventfd cannot be full: the counter is read before the flag is cleared. */
    while (write(queue->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void on_wake(evutil_socket_t fd, short what, void *data)
{
    QmpEventQueue *queue = data;
    guint64 count;

    while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
    g_mutex_lock(&queue->mutex);
    queue->woken = false;
    g_mutex_unlock(&queue->mutex);
    qmp_event_queue_deliver(queue);
}

/* intervals; the mutex is held */

/* The member of an event's data with this name, which the generator has checked. */
static const void *member_of(const QmpEventKind *kind, const char *name, const void *data)
{
    for (guint i = 0; i < kind->data->n_members; i++) {
        const QmpMember *member = &qmp_members(kind->data)[i];

        if (!strcmp(qmp_name(member->name), name)) {
            return (const char *)data + member->offset;
        }
    }
    return NULL;
}

static bool has_rate(const QmpEventKind *kind, const void *data)
{
    return kind->interval_ms &&
           (!kind->when || *(const bool *)member_of(kind, kind->when, data));
}

static char *interval_key(const QmpEventKind *kind, const void *data)
{
    const char *value;

    if (!kind->key) {
        return g_strdup(kind->name);
    }
    value = *(char *const *)member_of(kind, kind->key, data);
    return g_strconcat(kind->name, " ", value ? value : "", NULL);
}

static gint64 interval_end(const QmpEventKind *kind, gint64 now)
{
    return now + (gint64)kind->interval_ms * 1000;
}

/* Begins an interval; false: one is running, and keeps the event. */
static bool begin_interval(QmpEventQueue *queue, const QmpEventKind *kind, const void *data,
                           QmpEvent *event)
{
    g_autofree char *key = interval_key(kind, data);
    Interval *interval = g_hash_table_lookup(queue->intervals, key);

    if (!interval) {
        interval = g_new0(Interval, 1);
        interval->kind = kind;
        interval->end = interval_end(kind, g_get_monotonic_time());
        interval->link.data = interval;
        g_hash_table_insert(queue->intervals, g_steal_pointer(&key), interval);
        return true;
    }
    if (interval->last) {
        g_queue_unlink(&queue->kept, &interval->link);
        drop_event(interval->last);
    }
    interval->last = event;
    g_queue_push_tail_link(&queue->kept, &interval->link);
    return false;
}

/* Sends kept events, from the oldest to that of `until`, or all (NULL). */
static void send_kept(QmpEventQueue *queue, const Interval *until, gint64 now)
{
    Interval *interval = NULL;

    while (queue->kept.head && (!until || interval != until)) {
        interval = g_queue_pop_head_link(&queue->kept)->data;
        g_queue_push_tail(&queue->events, g_steal_pointer(&interval->last));
        interval->end = interval_end(interval->kind, now);
    }
}

/* Ends the intervals that are over, and sends what they kept. */
static void end_intervals(QmpEventQueue *queue, gint64 now)
{
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, queue->intervals);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Interval *interval = value;

        if (interval->end > now) {
            continue;
        }
        if (interval->last) {
            send_kept(queue, interval, now);
        } else {
            g_hash_table_iter_remove(&iter);
        }
    }
}

/* Microseconds until the next interval ends, or -1: none is running. */
static gint64 next_end(QmpEventQueue *queue)
{
    gint64 next = G_MAXINT64, now = g_get_monotonic_time();
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, queue->intervals);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        next = MIN(next, ((Interval *)value)->end);
    }
    return next == G_MAXINT64 ? -1 : MAX(next - now, 0);
}

static void set_timer(QmpEventQueue *queue, gint64 wait)
{
    struct timeval tv = { .tv_sec = wait / G_USEC_PER_SEC, .tv_usec = wait % G_USEC_PER_SEC };

    evtimer_add(queue->timer_event, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
    QmpEventQueue *queue = data;
    gint64 wait;

    g_mutex_lock(&queue->mutex);
    end_intervals(queue, g_get_monotonic_time());
    wait = next_end(queue);
    g_mutex_unlock(&queue->mutex);
    if (wait >= 0) {
        set_timer(queue, wait);
    }
    qmp_event_queue_deliver(queue);
}

/* the queue */

QmpEventQueue *qmp_event_queue_new(struct event_base *base)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    QmpEventQueue *queue;

    if (fd < 0) {
        return NULL;
    }
    queue = g_new0(QmpEventQueue, 1);
    queue->wake_fd = fd;
    queue->wake_event = event_new(base, fd, EV_READ | EV_PERSIST, on_wake, queue);
    queue->timer_event = evtimer_new(base, on_timer, queue);
    event_add(queue->wake_event, NULL);
    queue->sinks = g_array_new(FALSE, FALSE, sizeof(Sink));
    g_mutex_init(&queue->mutex);
    g_queue_init(&queue->events);
    queue->intervals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                             (GDestroyNotify)interval_free);
    return queue;
}

void qmp_event_queue_free(QmpEventQueue *queue)
{
    if (!queue) {
        return;
    }
    event_free(queue->wake_event);
    event_free(queue->timer_event);
    close(queue->wake_fd);
    g_queue_clear_full(&queue->events, (GDestroyNotify)drop_event);
    g_hash_table_unref(queue->intervals);
    g_array_unref(queue->sinks);
    g_mutex_clear(&queue->mutex);
    g_free(queue);
}

static void print_data(struct evbuffer *text, guint32 hidden, const QmpType *type,
                       const void *data)
{
    QmpPrinter printer;

    qmp_print_init(&printer, text);
    printer.hidden = hidden;
    qmp_print_typed(&printer, type, &data);
    qmp_print_done(&printer);
}

static QmpEvent *event_make(const char *name, guint32 hidden, const QmpType *type,
                            const void *data)
{
    QmpEvent *event = g_new0(QmpEvent, 1);
    struct evbuffer *text;

    event->name = g_strdup(name);
    event->time = g_get_real_time();
    if (type) {
        text = evbuffer_new();
        print_data(text, hidden, type, data);
        event->data_length = evbuffer_get_length(text);
        event->data = g_malloc(event->data_length + 1);
        evbuffer_remove(text, event->data, event->data_length);
        event->data[event->data_length] = '\0';
        evbuffer_free(text);
    }
    return event;
}

void qmp_event_emit(QmpEventQueue *queue, const QmpEventKind *kind, const void *data)
{
    const guint32 hidden = g_atomic_int_get(&queue->hidden);
    QmpEvent *event;

    if (kind->marks & hidden) {
        return;
    }
    event = event_make(kind->name, hidden, kind->data, data);
    g_mutex_lock(&queue->mutex);
    if (!has_rate(kind, data) || begin_interval(queue, kind, data, event)) {
        send_kept(queue, NULL, g_get_monotonic_time());
        g_queue_push_tail(&queue->events, event);
        wake(queue);
    }
    g_mutex_unlock(&queue->mutex);
}

void qmp_event_queue_set_hidden(QmpEventQueue *queue, guint32 marks)
{
    g_atomic_int_set(&queue->hidden, marks);
}

void qmp_event_queue_add_sink(QmpEventQueue *queue, QmpEventSink func, void *data)
{
    Sink sink = { func, data };

    g_array_append_val(queue->sinks, sink);
}

void qmp_event_queue_remove_sink(QmpEventQueue *queue, void *data)
{
    for (guint i = 0; i < queue->sinks->len; i++) {
        if (g_array_index(queue->sinks, Sink, i).data == data) {
            g_array_remove_index(queue->sinks, i);
            return;
        }
    }
}

static void call_sinks(QmpEventQueue *queue, const QmpEvent *event)
{
    for (guint i = 0; i < queue->sinks->len; i++) {
        Sink sink = g_array_index(queue->sinks, Sink, i);

        sink.func(event, sink.data);
    }
}

void qmp_event_queue_deliver(QmpEventQueue *queue)
{
    QmpEvent *event;
    gint64 wait = -1;
    bool any = false;

    if (queue->delivering || queue->held) {
        return;
    }
    queue->delivering = true;
    g_mutex_lock(&queue->mutex);
    while ((event = g_queue_pop_head(&queue->events))) {
        g_mutex_unlock(&queue->mutex);
        call_sinks(queue, event);
        drop_event(event);
        any = true;
        g_mutex_lock(&queue->mutex);
    }
    if (any && g_hash_table_size(queue->intervals)) {
        wait = next_end(queue);
    }
    g_mutex_unlock(&queue->mutex);
    if (wait >= 0) {
        set_timer(queue, wait);
    }
    if (any) {
        call_sinks(queue, NULL);
    }
    queue->delivering = false;
}

void qmp_event_queue_deliver_all(QmpEventQueue *queue)
{
    g_mutex_lock(&queue->mutex);
    send_kept(queue, NULL, g_get_monotonic_time());
    g_mutex_unlock(&queue->mutex);
    qmp_event_queue_deliver(queue);
}

void qmp_event_queue_hold(QmpEventQueue *queue)
{
    queue->held = true;
}

void qmp_event_queue_release(QmpEventQueue *queue, bool drop)
{
    queue->held = false;
    if (drop) {
        g_mutex_lock(&queue->mutex);
        g_queue_clear_full(&queue->events, (GDestroyNotify)drop_event);
        g_queue_init(&queue->kept);             /* they are the intervals' own */
        g_hash_table_remove_all(queue->intervals);
        g_mutex_unlock(&queue->mutex);
    }
    qmp_event_queue_deliver(queue);
}
