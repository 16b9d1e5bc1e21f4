/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of a list of requests, and what is wrong with one before anything is executed
 * (daemon/machine/build-plan.c).
 */
#include "config.h"

#include <string.h>

#include "daemon/machine/build.h"
#include "daemon/vmd.h"
#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/types.h"

typedef struct {
    Vmd vmd;
    Build build;
    BuildArgs *args;
} Bench;

static void make_folder(const char *name, void *root)
{
    object_container(root, name);
}

/* requests: a JSON list, with ' for ". */
static void bench_init(Bench *b, const char *requests)
{
    const QmpInput input = { .ops = &qmp_json_input, .mode = QMP_INPUT_STRICT };
    g_autofree char *text = g_strdup_printf("{'requests': %s}", requests);
    g_autoptr(GError) error = NULL;
    json_t *json;

    *b = (Bench){ 0 };
    json = json_loads(g_strdelimit(text, "'", '"'), 0, NULL);
    g_assert_nonnull(json);
    qmp_decode(&input, &qmp_type_BuildArgs, json, &b->args, &error);
    g_assert_no_error(error);
    json_decref(json);
    b->vmd.root = object_root_new();
    place_foreach_folder("", make_folder, b->vmd.root);
    b->build.vmd = &b->vmd;
    b->build.items = g_array_new(FALSE, TRUE, sizeof(BuildItem));
    b->build.order = g_array_new(FALSE, FALSE, sizeof(guint));
    for (gsize i = 0; i < b->args->requests.n; i++) {
        BuildItem item = { .request = b->args->requests.items[i] };

        g_array_append_val(b->build.items, item);
    }
}

static void bench_clear(Bench *b)
{
    qmp_clear(&qmp_type_BuildArgs, &b->args);
    g_array_unref(b->build.items);
    g_array_unref(b->build.order);
    object_destroy(b->vmd.root);
    object_unref(b->vmd.root);
}

/* order: indices, such as "2 0 1". */
static void assert_order(const char *requests, const char *order)
{
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Bench b;

    bench_init(&b, requests);
    build_plan(&b.build, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < b.build.order->len; i++) {
        g_string_append_printf(found, "%s%u", i ? " " : "",
                               g_array_index(b.build.order, guint, i));
    }
    g_assert_cmpstr(found->str, ==, order);
    bench_clear(&b);
}

static void assert_refused(const char *requests, ErrorReason reason, const char *path)
{
    g_autoptr(GError) error = NULL;
    Bench b;

    bench_init(&b, requests);
    g_assert_false(build_plan(&b.build, &error));
    g_assert_cmpint(qmp_error_reason(error), ==, reason);
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    bench_clear(&b);
}

#define NODE(more) "{'execute': 'blockdev-add', 'arguments': {" more "}}"
#define FILE_NODE(name) "{'driver': 'file', 'filename': '/x', 'node-name': '" name "'}"
#define GROUP "{'execute': 'object-add', 'arguments': {'qom-type': 'throttle-group', 'id': 'g'}}"
#define MACHINE "{'execute': 'object-add', 'arguments': {'qom-type': 'none-machine'}}"
#define ACCEL "{'execute': 'object-add', 'arguments': {'qom-type': 'any-accel'}}"
#define RING(id) "{'execute': 'chardev-add', 'arguments': {'id': '" id "', " \
                 "'backend': {'type': 'ringbuf', 'data': {}}}}"
#define MUX(id, base) "{'execute': 'chardev-add', 'arguments': {'id': '" id "', " \
                      "'backend': {'type': 'mux', 'data': {'chardev': '" base "'}}}}"
#define SET(path) "{'execute': 'qom-set', 'arguments': {'path': '" path "', " \
                  "'property': 'p', 'value': 1}}"

/* Nothing needs anything: as it stands. */
static void test_list_order(void)
{
    assert_order("[]", "");
    assert_order("[" RING("b") "," RING("a") "," GROUP "]", "0 1 2");
}

/* By links in properties and in arguments, and by what there is one of. */
static void test_links(void)
{
    assert_order("[" MUX("m", "a") "," RING("b") "," RING("a") "]", "2 0 1");
    assert_order("[" MUX("n", "m") "," MUX("m", "a") "," RING("a") "]", "2 1 0");
    assert_order("[{'execute': 'device_add', 'arguments': {'driver': 'isa-serial', "
                 "'chardev': 'a'}}," RING("a") "," MACHINE "," ACCEL "]", "3 2 1 0");
    assert_order("[" MUX("m", "/chardevs/a") "," RING("a") "]", "1 0");
}

/* Names within a definition are names, however deep; what they name, they need. */
static void test_nodes(void)
{
    assert_order("[" NODE("'driver': 'raw', 'node-name': 'r', 'file': 'f'") ","
                 NODE("'driver': 'throttle', 'throttle-group': 'g', 'file': {'driver': 'raw', "
                      "'file': {'driver': 'file', 'filename': '/x', 'node-name': 'f'}}") ","
                 GROUP "]", "2 1 0");
    assert_order("[" NODE("'driver': 'raw', 'file': {'driver': 'throttle', "
                          "'throttle-group': 'g', 'file': 'f'}") ","
                 "{'execute': 'blockdev-add', 'arguments': " FILE_NODE("f") "}," GROUP "]",
                 "1 2 0");
}

static void test_changes(void)
{
    assert_order("[" RING("a") "," SET("/chardevs/b") "," RING("b") "," RING("c") "]",
                 "0 2 1 3");
}

static void test_names_twice(void)
{
    assert_refused("[" RING("a") "," RING("a") "]", ERROR_REASON_ID_IN_USE,
                   "requests[1].arguments.id");
    assert_refused("[" MACHINE "," MACHINE "]", ERROR_REASON_ID_IN_USE, "requests[1]");
    assert_refused("[" ACCEL ",{'execute': 'object-add', 'arguments': "
                   "{'qom-type': 'qtest-accel', 'id': 'q'}}]", ERROR_REASON_ID_IN_USE,
                   "requests[1].arguments.id");
    assert_refused("[{'execute': 'blockdev-add', 'arguments': " FILE_NODE("f") "},"
                   NODE("'driver': 'raw', 'file': {'driver': 'raw', 'file': " FILE_NODE("f") "}")
                   "]", ERROR_REASON_ID_IN_USE, "requests[1].arguments.file.file.node-name");
    assert_refused("[{'execute': 'blockdev-add', 'arguments': " FILE_NODE("1") "}]",
                   ERROR_REASON_ID_INVALID, "requests[0].arguments.node-name");
}

static void test_circle(void)
{
    assert_refused("[" MUX("m", "n") "," MUX("n", "m") "]", ERROR_REASON_INVALID_VALUE,
                   "requests[0]");
}

static void test_made_id(void)
{
    Bench b;

    bench_init(&b, "[" RING("a") ",{'execute': 'blockdev-add', 'arguments': " FILE_NODE("f") "},"
               SET("/chardevs/a") "," MACHINE "]");
    g_assert_cmpstr(build_made_id(b.args->requests.items[0]), ==, "a");
    g_assert_cmpstr(build_made_id(b.args->requests.items[1]), ==, "f");
    g_assert_null(build_made_id(b.args->requests.items[2]));
    g_assert_null(build_made_id(b.args->requests.items[3]));
    bench_clear(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    object_register_types(qom_types);
    g_test_add_func("/build-plan/list-order", test_list_order);
    g_test_add_func("/build-plan/links", test_links);
    g_test_add_func("/build-plan/nodes", test_nodes);
    g_test_add_func("/build-plan/changes", test_changes);
    g_test_add_func("/build-plan/names-twice", test_names_twice);
    g_test_add_func("/build-plan/circle", test_circle);
    g_test_add_func("/build-plan/made-id", test_made_id);
    return g_test_run();
}
