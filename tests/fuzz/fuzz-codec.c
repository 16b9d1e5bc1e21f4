/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: a value that decodes must encode to text that decodes to an
 * equal value, the journal's text must parse, and a value that does not decode
 * must leave nothing allocated.
 *
 * First byte: type and mode; the rest is JSON text.  Types are those of
 * tests/unit/qmp-schema.json.
 */
#include "config.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "qmp/encode.h"
#include "qmp/error.h"
#include "qmp/json.h"
#include "qmp/qapi-types.h"
#include "qmp/visit.h"
#include "tests/fuzz/fuzz.h"

/* Parses what was printed to out, and frees out. */
static json_t *parse_printed(struct evbuffer *out)
{
    json_t *json = qmp_json_parse((char *)evbuffer_pullup(out, -1), evbuffer_get_length(out), NULL);

    evbuffer_free(out);
    return json;
}

static void check_masked(const QmpType *type, json_t *json)
{
    struct evbuffer *out = evbuffer_new();
    QmpPrinter printer;
    json_t *masked;

    qmp_print_init(&printer, out);
    qmp_print_masked(&printer, &qmp_json_input, type, json);
    qmp_print_done(&printer);
    masked = parse_printed(out);
    fuzz_check(masked != NULL);
    json_decref(masked);
}

/* Secrets print as null, which is not a string: a value with one does not decode
 * again, all others must give an equal one. */
static void check_round_trip(const QmpType *type, const QmpList *storage)
{
    const QmpInput strict = { .ops = &qmp_json_input, .mode = QMP_INPUT_STRICT };
    g_autoptr(GError) error = NULL;
    QmpList again[2] = { { 0, NULL }, { 0, NULL } }, copy[2] = { { 0, NULL }, { 0, NULL } };
    struct evbuffer *out = evbuffer_new();
    json_t *json;

    qmp_encode_json(type, storage, out);
    json = parse_printed(out);
    fuzz_check(json != NULL);
    if (qmp_decode(&strict, type, json, again, &error)) {
        fuzz_check(qmp_equal(type, storage, again));
    } else {
        fuzz_check(strstr(error->message, "must be a string, not null") != NULL);
    }
    json_decref(json);
    qmp_clone(type, copy, storage);
    fuzz_check(qmp_equal(type, storage, copy));
    qmp_clear(type, again);
    qmp_clear(type, copy);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const QmpType *const types[] = {
        &qmp_type_TestAll, &qmp_type_TestOptions, &qmp_type_TestScalars, &qmp_type_TestBounds,
        &qmp_type_TestTree, &qmp_type_TestChoice, &qmp_type_TestBackend, &qmp_type_TestAddress,
    };
    static const QmpList zero[2];
    QmpList storage[2] = { { 0, NULL }, { 0, NULL } };
    QmpInput input = { .ops = &qmp_json_input };
    g_autoptr(GError) error = NULL;
    const QmpType *type;
    json_t *json;

    if (!size) {
        return 0;
    }
    type = types[data[0] % G_N_ELEMENTS(types)];
    input.mode = data[0] & 0x40 ? QMP_INPUT_LENIENT : QMP_INPUT_STRICT;
    json = qmp_json_parse((const char *)data + 1, size - 1, NULL);
    if (!json) {
        return 0;
    }
    check_masked(type, json);
    if (qmp_decode(&input, type, json, storage, &error)) {
        fuzz_check(!error);
        check_round_trip(type, storage);
        qmp_clear(type, storage);
    } else {
        fuzz_check(error && error->domain == QMP_ERROR);
    }
    fuzz_check(!memcmp(storage, zero, sizeof(storage)));
    json_decref(json);
    return 0;
}
