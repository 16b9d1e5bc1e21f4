/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of the unit tests of qmp; see test-qmp-rows.h.
 */
#include "config.h"
#include "tests/unit/test-qmp-rows.h"

#include <event2/buffer.h>
#include <string.h>

bool test_decode(const QmpType *type, QmpInputMode mode, const char *text, void *storage,
                 GError **error)
{
    QmpInput input = { .ops = &qmp_json_input, .mode = mode };
    json_t *json = qmp_json_parse(text, strlen(text), error);
    bool ok = json && qmp_decode(&input, type, json, storage, error);

    json_decref(json);
    return ok;
}

char *test_encode(const QmpType *type, const void *storage)
{
    struct evbuffer *out = evbuffer_new();
    gsize length;
    char *text;

    qmp_encode_json(type, storage, out);
    length = evbuffer_get_length(out);
    text = g_malloc0(length + 1);
    evbuffer_remove(out, text, length);
    evbuffer_free(out);
    return text;
}

void test_round_trip(const QmpType *type, QmpInputMode mode, const char *text,
                     const char *expected)
{
    QmpList storage[2] = { { 0, NULL }, { 0, NULL } }, copy[2] = { { 0, NULL }, { 0, NULL } };
    g_autoptr(GError) error = NULL;
    g_autofree char *first = NULL, *second = NULL;

    test_decode(type, mode, text, storage, &error);
    g_assert_no_error(error);
    first = test_encode(type, storage);
    g_assert_cmpstr(first, ==, expected ? expected : text);

    /* What was cloned prints the same, compares equal, and shares nothing. */
    qmp_clone(type, copy, storage);
    g_assert_true(qmp_equal(type, storage, copy));
    qmp_clear(type, storage);
    second = test_encode(type, copy);
    g_assert_cmpstr(second, ==, first);
    qmp_clear(type, copy);
    g_assert_cmpmem(storage, sizeof(storage), copy, sizeof(copy));
}

void test_refused(const QmpType *type, QmpInputMode mode, const char *text, ErrorReason reason,
                  const char *path, const char *words)
{
    static const QmpList zero[2];
    QmpList storage[2] = { { 0, NULL }, { 0, NULL } };
    g_autoptr(GError) error = NULL;

    g_assert_false(test_decode(type, mode, text, storage, &error));
    g_assert_error(error, QMP_ERROR, (int)reason);
    g_assert_cmpstr(qmp_error_path(error), ==, path);
    if (!strstr(error->message, words)) {
        g_error("'%s' does not say '%s'", error->message, words);
    }
    g_assert_cmpmem(storage, sizeof(storage), zero, sizeof(zero));
}
