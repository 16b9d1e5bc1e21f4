/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/trace.c and guest-error.c: which points are on, what their lines say, and how many
 * lines a guest can make.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <string.h>

#include "qom/guest-error.h"
#include "qom/qapi-objects-object.h"
#include "qom/qapi-trace.h"

/* What tests/unit/check-trace-objects.sh looks at. */
void trace_example(const void *object, guint64 value);
void trace_example(const void *object, guint64 value)
{
    trace_test_number(object, value);
}

/* What was logged since lines_take(): of each line the fields that are looked at. */
static GString *lines;
static guint n_lines;
static GMutex lines_lock;       /* the threads of a test write */

static GLogWriterOutput writer(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                               gpointer data)
{
    static const char *const keys[] = { "TRACE", "OBJECT", "MESSAGE" };

    g_mutex_lock(&lines_lock);
    n_lines++;
    for (gsize k = 0; k < G_N_ELEMENTS(keys); k++) {
        for (gsize i = 0; i < n_fields; i++) {
            if (g_str_equal(fields[i].key, keys[k])) {
                g_string_append_printf(lines, "%s=%s;", keys[k], (char *)fields[i].value);
            }
        }
    }
    g_mutex_unlock(&lines_lock);
    return G_LOG_WRITER_HANDLED;
}

static char *lines_take(void)
{
    char *text = g_string_free(lines, FALSE);

    lines = g_string_new(NULL);
    n_lines = 0;
    return text;
}

static Device *device_new(Object *root, const char *id)
{
    Object *obj = object_new(&qmp_class_test_chip);

    g_assert_true(object_add_child(object_container(root, "machine/peripheral"), id, obj, NULL));
    object_unref(obj);
    return to_device(obj);
}

/* ---- Points ---- */

static void test_names(void)
{
    guint alpha = trace_next(0, "test_alpha");

    g_assert_cmpuint(trace_n_points, ==, 3);
    g_assert_cmpuint(alpha, ==, TRACE_TEST_ALPHA);
    g_assert_cmpstr(trace_name(alpha), ==, "test_alpha");
    g_assert_cmpuint(trace_next(alpha + 1, "test_alpha"), ==, trace_n_points);
    g_assert_cmpuint(trace_next(0, "test_gamma"), ==, trace_n_points);
    g_assert_cmpuint(trace_next(0, "test_?lpha"), ==, trace_n_points);  /* no pattern */
    g_assert_cmpuint(trace_next(0, "test_?lpha*"), ==, alpha);
    g_assert_cmpuint(trace_next(0, "*b*"), ==, TRACE_TEST_BETA);
    g_assert_cmpuint(trace_next(TRACE_TEST_BETA + 1, "*b*"), ==, TRACE_TEST_NUMBER);
    g_assert_cmpuint(trace_next(0, "*x*"), ==, trace_n_points);
    g_assert_true(trace_is_pattern("a*") && !trace_is_pattern("a?"));
}

static void test_switch(void)
{
    g_assert_false(trace_wanted(TRACE_TEST_BETA));
    trace_set_logged(TRACE_TEST_BETA, true);
    g_assert_true(trace_wanted(TRACE_TEST_BETA));
    g_assert_true(trace_is_logged(TRACE_TEST_BETA));
    g_assert_false(trace_wanted(TRACE_TEST_ALPHA));
    g_assert_false(trace_wanted(TRACE_TEST_NUMBER));
    trace_set_logged(TRACE_TEST_BETA, false);
    g_assert_false(trace_wanted(TRACE_TEST_BETA));
}

#ifdef TRACE_PROBES
extern TraceState vmd_test_beta_semaphore;
#endif

/* A tracer of the host counts itself where the probe's note says, and gets nothing into
 * the log. */
static void test_tracer(void)
{
    Object *root = tree_new();
    guint16 *count = (guint16 *)&trace_states[TRACE_TEST_BETA];

#ifdef TRACE_PROBES
    g_assert_true((void *)count == &vmd_test_beta_semaphore);
#endif
    (*count)++;
    g_assert_true(trace_wanted(TRACE_TEST_BETA));
    g_assert_false(trace_is_logged(TRACE_TEST_BETA));
    trace_test_beta(device_new(root, "d"));
    g_assert_cmpuint(n_lines, ==, 0);
    (*count)--;
    tree_free(root);
}

static void test_line(void)
{
    Object *root = tree_new();
    Device *dev = device_new(root, "d");
    g_autofree char *text = NULL, *bare = NULL;
    const char *end;

    trace_set_logged(TRACE_TEST_ALPHA, true);
    trace_set_logged(TRACE_TEST_BETA, true);
    trace_test_alpha(dev, true, -5, 0xabc, TEST_MODE_FAST, "a\nb");
    trace_test_number(dev, 7);
    text = lines_take();
    g_assert_true(g_str_has_prefix(text, "TRACE=test_alpha;OBJECT=/machine/peripheral/d;"
                                   "MESSAGE="));
    end = strchr(text, ' ');
    g_assert_nonnull(end);
    g_assert_cmpstr(end, ==, " test_alpha /machine/peripheral/d: on=true small=-5 "
                    "address=0xabc mode=fast text=a?b;");
    trace_test_beta(dev);
    bare = lines_take();
    g_assert_true(g_str_has_suffix(bare, " test_beta /machine/peripheral/d;"));
    trace_test_alpha(dev, false, 0, 0, 99, NULL);
    g_free(g_steal_pointer(&text));
    text = lines_take();
    g_assert_true(g_str_has_suffix(text, ": on=false small=0 address=0x0 mode=? text=;"));
    trace_set_logged(TRACE_TEST_ALPHA, false);
    trace_set_logged(TRACE_TEST_BETA, false);
    trace_test_alpha(dev, false, 0, 0, 0, NULL);
    g_assert_cmpuint(n_lines, ==, 0);
    tree_free(root);
}

/* ---- Errors of a guest ---- */

static void test_rate(void)
{
    GuestErrorRate rate = { 0 };
    gint64 second = G_USEC_PER_SEC, hour = 3600 * second;
    guint64 hidden = 99;
    guint n = 0;

    for (guint i = 0; i < 100; i++) {
        n += guest_error_rate(&rate, hour + i, &hidden);
    }
    g_assert_cmpuint(n, ==, GUEST_ERROR_BURST);
    g_assert_cmpuint(hidden, ==, 0);
    g_assert_false(guest_error_rate(&rate, hour + GUEST_ERROR_INTERVAL_S * second - 1, &hidden));
    g_assert_true(guest_error_rate(&rate, hour + GUEST_ERROR_INTERVAL_S * second, &hidden));
    g_assert_cmpuint(hidden, ==, 100 - GUEST_ERROR_BURST + 1);
    g_assert_true(guest_error_rate(&rate, hour + GUEST_ERROR_INTERVAL_S * second, &hidden));
    g_assert_cmpuint(hidden, ==, 0);
}

static void test_guest_error(void)
{
    Object *root = tree_new();
    Device *dev = device_new(root, "bad"), *good = device_new(root, "good");
    g_autofree char *text = NULL, *last = NULL, *none = NULL;

    device_guest_error(dev, "register 0x%x does not exist", 0x40);
    text = lines_take();
    g_assert_cmpstr(text, ==, "OBJECT=/machine/peripheral/bad;MESSAGE=guest error: "
                    "/machine/peripheral/bad: register 0x40 does not exist;");
    g_assert_cmpuint(device_guest_errors(dev, &last), ==, 1);
    g_assert_cmpstr(last, ==, "register 0x40 does not exist");
    g_assert_cmpuint(device_guest_errors(good, &none), ==, 0);
    g_assert_null(none);
    tree_free(root);
}

static gpointer misbehave(gpointer data)
{
    for (guint i = 0; i < 1000; i++) {
        device_guest_error(data, "number %u", i);
    }
    return NULL;
}

/* Two threads: all are counted. */
static void test_guest_error_threads(void)
{
    Object *root = tree_new();
    Device *dev = device_new(root, "bad");
    GThread *threads[2];
    g_autofree char *last = NULL;

    for (guint i = 0; i < 2; i++) {
        threads[i] = g_thread_new("guest", misbehave, dev);
    }
    for (guint i = 0; i < 2; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(device_guest_errors(dev, &last), ==, 2000);
    tree_free(root);
}

static void add_tests(void)
{
    lines = g_string_new(NULL);
    g_log_set_writer_func(writer, NULL, NULL);
    g_test_add_func("/trace/names", test_names);
    g_test_add_func("/trace/switch", test_switch);
    g_test_add_func("/trace/tracer", test_tracer);
    g_test_add_func("/trace/line", test_line);
    g_test_add_func("/guest-error/rate", test_rate);
    g_test_add_func("/guest-error/message", test_guest_error);
    g_test_add_func("/guest-error/threads", test_guest_error_threads);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
