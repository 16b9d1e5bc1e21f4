/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit record and its slots: a reader finds a whole record or none, of one daemon.
 */
#include "config.h"
#include "daemon/service/exit-record.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "daemon/service/record-slots.h"
#include "qmp/error.h"
#include "tests/unit/loop-bench.h"

static char *path_in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* What exit.json says; NULL: it is not there. */
static json_t *read_record(const char *directory)
{
    g_autofree char *path = path_in(directory, "exit.json");
    g_autofree char *text = NULL;
    gsize length;
    json_t *json;

    if (!g_file_get_contents(path, &text, &length, NULL)) {
        return NULL;
    }
    g_assert_cmpuint(length, ==, RECORD_SLOT_SIZE);
    json = json_loadb(text, length, 0, NULL);
    g_assert_nonnull(json);
    return json;
}

static void assert_member(const char *directory, const char *name, const char *value)
{
    json_t *json = read_record(directory);

    g_assert_cmpstr(json_string_value(json_object_get(json, name)), ==, value);
    json_decref(json);
}

static void assert_write(RecordSlots *slots, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(record_slots_write(slots, text, strlen(text), &error));
    g_assert_no_error(error);
}

/* A shorter text leaves nothing of a longer one, whichever slot it comes into. */
static void test_slots(void)
{
    g_autofree char *directory = loop_bench_make_directory();
    RecordSlots *slots = record_slots_open(directory, NULL);

    g_assert_null(read_record(directory));
    g_assert_true(record_slots_take(slots, NULL));
    g_assert_null(read_record(directory));
    assert_write(slots, "{ \"n\": \"first, and long\" }");
    assert_member(directory, "n", "first, and long");
    assert_write(slots, "{ \"n\": \"second, and as long as it\" }");
    assert_write(slots, "{ \"n\": \"3\" }");
    assert_member(directory, "n", "3");
    assert_write(slots, "{}");
    assert_member(directory, "n", NULL);
    record_slots_remove(slots);
    g_assert_null(read_record(directory));
    record_slots_free(slots);
    loop_bench_remove_directory(directory);
}

/* One daemon has a directory at a time; that of a dead one is free. */
static void test_lock(void)
{
    g_autofree char *directory = loop_bench_make_directory();
    g_autofree char *missing = path_in(directory, "missing");
    RecordSlots *slots = record_slots_open(directory, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(record_slots_open(directory, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    g_assert_nonnull(strstr(error->message, "another daemon"));
    g_clear_error(&error);
    record_slots_free(slots);
    slots = record_slots_open(directory, NULL);
    g_assert_nonnull(slots);
    record_slots_free(slots);
    g_assert_null(record_slots_open(missing, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_FILE_NOT_USABLE));
    loop_bench_remove_directory(directory);
}

static ExitRecord record_with(const char *message)
{
    return (ExitRecord){ .version = (char *)"1", .message = (char *)message };
}

/* The first end counts, and is the only one that is written. */
static void test_ends(void)
{
    g_autofree char *directory = loop_bench_make_directory();
    ExitRecorder *recorder = exit_recorder_new();
    ExitRecord begin = record_with(NULL), first = record_with("first"),
               second = record_with("second");
    g_autoptr(GError) error = NULL;

    begin.running = true;
    g_assert_true(exit_recorder_begin(recorder, directory, &begin, &error));
    g_assert_no_error(error);
    assert_member(directory, "message", NULL);
    g_assert_true(exit_recorder_end(recorder, &first));
    g_assert_false(exit_recorder_end(recorder, &second));
    assert_member(directory, "message", "first");
    exit_recorder_free(recorder);
    loop_bench_remove_directory(directory);
}

static void test_no_directory(void)
{
    g_autoptr(ExitRecorder) recorder = exit_recorder_new();
    ExitRecord record = record_with("end");

    g_assert_true(exit_recorder_end(recorder, &record));
    g_assert_false(exit_recorder_end(recorder, &record));
}

/* A message that does not fit is cut, between characters. */
static void test_long_message(void)
{
    g_autofree char *directory = loop_bench_make_directory();
    g_autoptr(ExitRecorder) recorder = exit_recorder_new();
    g_autoptr(GString) text = g_string_new("x");
    ExitRecord record;
    json_t *json;
    const char *written;

    while (text->len < RECORD_SLOT_SIZE) {
        g_string_append(text, "\303\244");          /* two bytes */
    }
    record = record_with(text->str);
    g_assert_true(exit_recorder_begin(recorder, directory, &record, NULL));
    json = read_record(directory);
    written = json_string_value(json_object_get(json, "message"));
    g_assert_cmpuint(strlen(written), >=, 200);
    g_assert_cmpuint(strlen(written), <, 300);
    g_assert_true(g_str_has_prefix(written, "x\303\244\303\244"));
    g_assert_cmpstr(record.message, ==, text->str);
    json_decref(json);
    loop_bench_remove_directory(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exit-record/slots", test_slots);
    g_test_add_func("/exit-record/lock", test_lock);
    g_test_add_func("/exit-record/ends", test_ends);
    g_test_add_func("/exit-record/no-directory", test_no_directory);
    g_test_add_func("/exit-record/long-message", test_long_message);
    return g_test_run();
}
