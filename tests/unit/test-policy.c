/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object `policy`: what it sets holds as long as it is there.
 */
#include "config.h"
#include "daemon/service/policy.h"

#include <event2/event.h>

#include "qmp/error.h"
#include "qmp/event.h"
#include "qmp/qapi-types-policy.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/place.h"
#include "qom/property.h"
#include "qom/types.h"
#include "tests/unit/loop-bench.h"

typedef struct {
    struct event_base *base;
    QmpEventQueue *events;
    Policy policy;
    Env env;
    Object *root;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){ .base = event_base_new() };
    b->events = qmp_event_queue_new(b->base);
    policy_init(&b->policy);
    b->env = (Env){ .base = b->base, .events = b->events, .policy = &b->policy.current };
    b->root = object_root_new();
    object_set_env(b->root, &b->env);
}

static void bench_clear(Bench *b)
{
    object_destroy(b->root);
    object_unref(b->root);
    qmp_event_queue_free(b->events);
    event_base_free(b->base);
}

/* Takes props over. */
static Object *make(Bench *b, const char *id, PolicyProps *props, GError **error)
{
    g_autoptr(Object) obj = object_new_with_props(&qmp_class_policy, props, NULL);

    g_assert_true(object_add_child(place_folder(b->root, &qmp_class_policy), id, obj, NULL));
    g_assert_true(object_link(obj, NULL));
    if (!loop_bench_make(obj, error)) {
        object_destroy(obj);
        return NULL;
    }
    return obj;
}

static void test_life(void)
{
    PolicyProps *props = qmp_new_props(&qmp_class_policy);
    guint max_objects = props->max_objects;
    g_autoptr(GError) error = NULL;
    Object *obj;
    Bench b;

    bench_init(&b);
    g_assert_cmpuint(b.policy.max_objects, ==, max_objects);
    props->deprecated_input = POLICY_INPUT_REJECT;
    props->lenient_input = POLICY_INPUT_LOG;
    props->unstable_output = POLICY_OUTPUT_HIDE;
    props->max_objects = max_objects + 5;
    obj = make(&b, "p", props, &error);
    g_assert_no_error(error);
    g_assert_true(b.policy.object == obj);
    g_assert_cmpuint(b.policy.max_objects, ==, max_objects + 5);
    g_assert_cmpint(b.policy.current.input[QMP_POLICY_DEPRECATED], ==, QMP_POLICY_REJECT);
    g_assert_cmpint(b.policy.current.input[QMP_POLICY_UNSTABLE], ==, QMP_POLICY_ACCEPT);
    g_assert_cmpint(b.policy.current.input[QMP_POLICY_LENIENT], ==, QMP_POLICY_LOG);
    g_assert_cmphex(b.policy.current.hidden, ==, QMP_MARK_UNSTABLE);
    object_destroy(obj);
    g_assert_null(b.policy.object);
    g_assert_cmpuint(b.policy.max_objects, ==, max_objects);
    g_assert_cmpint(b.policy.current.input[QMP_POLICY_DEPRECATED], ==, QMP_POLICY_ACCEPT);
    g_assert_cmphex(b.policy.current.hidden, ==, 0);
    bench_clear(&b);
}

/* A second one is refused, and its going changes nothing. */
static void test_second(void)
{
    PolicyProps *props = qmp_new_props(&qmp_class_policy);
    g_autoptr(GError) error = NULL;
    Object *first;
    Bench b;

    bench_init(&b);
    props->deprecated_output = POLICY_OUTPUT_HIDE;
    first = make(&b, "first", props, NULL);
    g_assert_null(make(&b, "second", qmp_new_props(&qmp_class_policy), &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_ID_IN_USE));
    g_assert_true(b.policy.object == first);
    g_assert_cmphex(b.policy.current.hidden, ==, QMP_MARK_DEPRECATED);
    bench_clear(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    loop_bench_init();
    object_register_types(qom_types);
    object_register_types((const TypeInfo *const[]){ &policy_type, NULL });
    g_test_add_func("/policy/life", test_life);
    g_test_add_func("/policy/second", test_second);
    return g_test_run();
}
