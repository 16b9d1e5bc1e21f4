/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources that the host refuses, each as a state: it begins once, is reported once, and ends
 * when the host has the resource again.
 */
#include "config.h"
#include "daemon/service/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/event.h"
#include "qmp/visit.h"
#include "tests/unit/loop-bench.h"

typedef struct {
    struct event_base *base;
    FairLock lock;
    Pool *pool;
    QmpEventQueue *events;
    Resources *resources;
    bool waits;                 /* events have to wait */
    guint asked, changed;
    GString *sent;              /* "+RESOURCE " and "-RESOURCE " */
} Bench;

static bool must_wait(void *opaque)
{
    Bench *b = opaque;

    b->asked++;
    return b->waits;
}

static void on_change(void *opaque)
{
    ((Bench *)opaque)->changed++;
}

static void note_event(const QmpEvent *event, void *opaque)
{
    Bench *b = opaque;
    g_autofree char *data = event ? g_strndup(event->data, event->data_length) : NULL;

    if (!event) {
        return;
    }
    g_assert_cmpstr(event->name, ==, "RESOURCE_EXHAUSTED");
    g_string_append_c(b->sent, strstr(data, "\"exhausted\": true") ? '+' : '-');
    for (int i = 0; i < HOST_RESOURCE__MAX; i++) {
        const char *name = qmp_enum_name(&qmp_type_HostResource, i);
        g_autofree char *quoted = g_strdup_printf("\"%s\"", name);

        if (strstr(data, quoted)) {
            g_string_append_printf(b->sent, "%s ", name);
        }
    }
}

static void bench_init(Bench *b)
{
    *b = (Bench){ .base = event_base_new(), .sent = g_string_new(NULL) };
    fair_lock_init(&b->lock);
    b->pool = pool_new(b->base, &b->lock, NULL);
    g_assert_nonnull(b->pool);
    b->events = qmp_event_queue_new(b->base);
    qmp_event_queue_add_sink(b->events, note_event, b);
    b->resources = resources_new(&(ResourcesHost){
        .base = b->base, .pool = b->pool, .lock = &b->lock, .events = b->events,
        .wait = must_wait, .changed = on_change, .opaque = b });
    g_assert_nonnull(b->resources);
}

static void bench_clear(Bench *b)
{
    g_assert_true(pool_stop(b->pool, G_MAXINT64));
    pool_free(b->pool);
    resources_free(b->resources);
    qmp_event_queue_free(b->events);
    event_base_free(b->base);
    g_string_free(b->sent, TRUE);
}

static void assert_info(const Bench *b, HostResource which, bool exhausted, gint64 refusals,
                        const char *what)
{
    HostResourceInfo *info = resources_info(b->resources, which);

    g_assert_cmpint(info->exhausted, ==, exhausted);
    g_assert_cmpint(info->refusals, ==, refusals);
    g_assert_cmpstr(info->what, ==, what);
    g_assert_cmpint(info->has_since, ==, refusals > 0);
    qmp_clear(&qmp_type_HostResourceInfo, &info);
}

static void assert_text(const Bench *b, const char *expected)
{
    g_autofree char *text = resources_text(b->resources);

    g_assert_cmpstr(text, ==, expected);
}

static void *report_memory(void *data)
{
    resources_refused(((Bench *)data)->resources, ENOMEM, "a thread", -1);
    return NULL;
}

/* Reports may come from any thread, and often; other errors are ignored. */
static void test_begins_and_ends(void)
{
    Bench b;

    bench_init(&b);
    assert_text(&b, NULL);
    resources_refused(b.resources, EACCES, "nobody", -1);
    resources_refused(b.resources, EMFILE, "first", -1);
    resources_refused(b.resources, ENFILE, "second", -1);
    g_thread_join(g_thread_new("reporter", report_memory, &b));
    loop_bench_until(loop_bench_turn(b.base, 100),
                     !strcmp(b.sent->str, "+descriptors +memory "));
    assert_text(&b, "no descriptors, no memory");
    g_assert_cmpuint(b.changed, ==, 2);
    assert_info(&b, HOST_RESOURCE_DESCRIPTORS, true, 2, "first");
    assert_info(&b, HOST_RESOURCE_MEMORY, true, 1, "a thread");
    assert_info(&b, HOST_RESOURCE_DISK_SPACE, false, 0, NULL);
    /* The host has both, so the state is over in a second. */
    loop_bench_until(loop_bench_turn(b.base, 100),
                     !strcmp(b.sent->str, "+descriptors +memory -descriptors -memory "));
    assert_text(&b, NULL);
    g_assert_cmpuint(b.changed, ==, 4);
    assert_info(&b, HOST_RESOURCE_DESCRIPTORS, false, 2, "first");
    bench_clear(&b);
}

/* While a list of requests may still be undone, nothing is reported. */
static void test_waits(void)
{
    Bench b;

    bench_init(&b);
    b.waits = true;
    resources_refused(b.resources, EMFILE, "it", -1);
    loop_bench_until(loop_bench_turn(b.base, 100), b.asked > 2);
    g_assert_cmpstr(b.sent->str, ==, "");
    assert_text(&b, NULL);
    b.waits = false;
    loop_bench_until(loop_bench_turn(b.base, 100), b.sent->len > 0);
    g_assert_true(g_str_has_prefix(b.sent->str, "+descriptors "));
    bench_clear(&b);
}

/* A failed request counts by its errno, or by its reason. */
static void test_errors(void)
{
    g_autoptr(GError) memory = NULL, disk = NULL, other = NULL;
    Bench b;

    bench_init(&b);
    qmp_error_set(&memory, ERROR_REASON_NO_MEMORY, "no RAM");
    qmp_error_set_errno(&disk, ERROR_REASON_HOST_ERROR, ENOSPC, "no room");
    qmp_error_set(&other, ERROR_REASON_ID_IN_USE, "twice");
    resources_note_error(b.resources, NULL, "query-status");
    resources_note_error(b.resources, other, "chardev-add");
    resources_note_error(b.resources, memory, "object-add");
    resources_note_error(b.resources, disk, "blockdev-add");
    loop_bench_until(loop_bench_turn(b.base, 100), b.changed == 2);
    assert_info(&b, HOST_RESOURCE_MEMORY, true, 1, "object-add");
    assert_info(&b, HOST_RESOURCE_DISK_SPACE, true, 1, "blockdev-add");
    assert_info(&b, HOST_RESOURCE_DESCRIPTORS, false, 0, NULL);
    /* No file system is named, so that none can be asked. */
    loop_bench_until(loop_bench_turn(b.base, 100), b.changed == 4);
    assert_info(&b, HOST_RESOURCE_DISK_SPACE, false, 1, "blockdev-add");
    bench_clear(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FLAG_FATAL);
    loop_bench_init();
    g_test_add_func("/resources/begins-and-ends", test_begins_and_ends);
    g_test_add_func("/resources/waits", test_waits);
    g_test_add_func("/resources/errors", test_errors);
    return g_test_run();
}
