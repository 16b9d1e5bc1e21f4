/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmp/options.c: key=value text for each kind of type, and what is refused.
 */
#include "config.h"

#include <event2/buffer.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/options.h"
#include "tests/unit/test-qmp-rows.h"

typedef struct {
    const QmpType *type;
    const char *implied;        /* key, or NULL */
    const char *text;
    const char *json;           /* what it decodes to, as far as it is not default */
} Case;

static char *decode(const Case *c, GError **error)
{
    g_autoptr(QmpOptions) options = qmp_options_parse(c->text, c->implied, 0, error);
    struct evbuffer *out;
    void *value = NULL;
    char *text;

    if (!options || !qmp_options_decode(options, c->type, &value, error)) {
        return NULL;
    }
    out = evbuffer_new();
    qmp_encode_json(c->type, &value, out);
    text = g_strndup((const char *)evbuffer_pullup(out, -1), evbuffer_get_length(out));
    evbuffer_free(out);
    qmp_clear(c->type, &value);
    return text;
}

#define S &qmp_type_TestScalars
#define T &qmp_type_TestTree
#define A &qmp_type_TestAll

static void test_values(void)
{
    static const Case cases[] = {
        { S, NULL, "", "{}" },
        { S, NULL, "v-bool=on", "{\"v-bool\": true}" },
        { S, NULL, "v-bool", "{\"v-bool\": true}" },
        { S, NULL, "nov-bool", "{\"v-bool\": false}" },
        { S, "v-bool", "off", "{\"v-bool\": false}" },
        { S, "v-str", "text,v-bool=no", "{\"v-bool\": false, \"v-str\": \"text\"}" },
        { S, "v-str", "v-str=b", "{\"v-str\": \"b\"}" },
        { S, NULL, "v-int8=-128,v-uint8=0xff", "{\"v-int8\": -128, \"v-uint8\": 255}" },
        { S, NULL, "v-uint64=18446744073709551615", "{\"v-uint64\": 18446744073709551615}" },
        { S, NULL, "v-int64=-9223372036854775808", "{\"v-int64\": -9223372036854775808}" },
        { S, NULL, "v-uint64=9223372036854775808", "{\"v-uint64\": 9223372036854775808}" },
        { S, NULL, "v-size=1.5G", "{\"v-size\": 1610612736}" },
        { S, NULL, "v-number=2.5", "{\"v-number\": 2.5}" },
        { S, NULL, "v-enum=fast-forward", "{\"v-enum\": \"fast-forward\"}" },
        { S, NULL, "v-link=/objects/x", "{\"v-link\": \"/objects/x\"}" },
        { S, NULL, "v-any=7", "{\"v-any\": \"7\"}" },
        { S, NULL, "v-str=a,,b,,", "{\"v-str\": \"a,b,\"}" },
        { S, NULL, "v-str=", "{\"v-str\": \"\"}" },
        { S, NULL, "v-str=a=b", "{\"v-str\": \"a=b\"}" },
        { S, NULL, "v-int8=1,v-int8=2", "{\"v-int8\": 2}" },
        { S, NULL, "v-int8=1,", "{\"v-int8\": 1}" },
        { T, "name", "x,modes=slow,modes=fast", "{\"name\": \"x\", \"modes\": [\"slow\", \"fast\"]}" },
        { T, NULL, "name=x,twin.name=y,twin.twin.name=z",
          "{\"name\": \"x\", \"twin\": {\"name\": \"y\", \"twin\": {\"name\": \"z\"}}}" },
        { T, NULL, "name=x,children.1.name=b,children.0.name=a",
          "{\"name\": \"x\", \"children\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}" },
        { T, NULL, "name=x,matrix.0=1.5,matrix.1=2", "{\"name\": \"x\", \"matrix\": [1.5, 2.0]}" },
        { T, NULL, "name=x,matrix=1-3", NULL },     /* ranges are for integers */
        { A, NULL, "bounds.name=n,bounds.count=1,bounds.few=2-4",
          "\"few\": [2, 3, 4]" },
        { A, NULL, "bounds.name=n,bounds.count=1,bounds.few=7,bounds.few=9-10",
          "\"few\": [7, 9, 10]" },
        { A, NULL, "choice=text", "{\"choice\": \"text\"}" },
        { A, NULL, "choice.0=1,choice.1=2", "{\"choice\": [1, 2]}" },
        { A, NULL, "choice.name=n", "{\"choice\": {\"name\": \"n\"}}" },
        { A, NULL, "address.type=inet,address.host=h,address.port=99",
          "{\"address\": {\"type\": \"inet\", \"host\": \"h\", \"port\": 99}}" },
        { A, NULL, "addresses.0.type=none,addresses.1.type=unix,addresses.1.path=/p",
          "{\"addresses\": [{\"type\": \"none\"}, {\"type\": \"unix\", \"path\": \"/p\"}]}" },
        { A, NULL, "backend.type=unix,backend.data.path=/p",
          "{\"backend\": {\"type\": \"unix\", \"data\": {\"path\": \"/p\"}}}" },
        { A, NULL, "options.qom-type=test-plain,options.size=4k", "\"qom-type\": \"test-plain\"" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = decode(&cases[i], &error);

        if (!cases[i].json) {
            g_assert_null(json);
            continue;
        }
        g_assert_no_error(error);
        if (!strstr(json, cases[i].json)) {
            g_error("%s gives %s", cases[i].text, json);
        }
    }
}

static void test_refusals(void)
{
    static const struct {
        Case c;
        ErrorReason reason;
        const char *message;
    } cases[] = {
        { { S, NULL, "v-int8=128", NULL }, ERROR_REASON_OUT_OF_RANGE, "v-int8" },
        { { S, NULL, "v-bool=maybe", NULL }, ERROR_REASON_INVALID_VALUE, "'on' or 'off'" },
        { { S, NULL, "v-size=1X", NULL }, ERROR_REASON_INVALID_VALUE, "size" },
        { { S, NULL, "v-size=16E", NULL }, ERROR_REASON_OUT_OF_RANGE, "v-size" },
        { { S, NULL, "v-bol=on", NULL }, ERROR_REASON_PROPERTY_NOT_FOUND, "v-bool" },
        { { S, NULL, "v-str.x=1", NULL }, ERROR_REASON_INVALID_TYPE, "an object" },
        { { T, NULL, "twin.name=x", NULL }, ERROR_REASON_PROPERTY_MISSING, "name" },
        { { T, NULL, "name=x,twin=y", NULL }, ERROR_REASON_INVALID_TYPE, "twin" },
        { { S, NULL, "=1", NULL }, ERROR_REASON_SYNTAX, "at position 1" },
        { { S, NULL, "v-int8=1,,v-str=2,=3", NULL }, ERROR_REASON_SYNTAX, "at position 19" },
        { { S, NULL, "a..b=1", NULL }, ERROR_REASON_SYNTAX, "not the name" },
        { { S, NULL, "a=1,a.b=2", NULL }, ERROR_REASON_SYNTAX, "at position 5" },
        { { S, NULL, "a.b=2,a=1", NULL }, ERROR_REASON_SYNTAX, "has members" },
        { { T, NULL, "name=x,matrix.1=1", NULL }, ERROR_REASON_SYNTAX, "gap" },
        { { T, NULL, "name=x,twin.0=1,twin.name=y", NULL }, ERROR_REASON_SYNTAX, "cannot be mixed" },
        { { A, NULL, "bounds.name=n,bounds.count=1,bounds.few=1-4", NULL },
          ERROR_REASON_OUT_OF_RANGE, "few" },
        { { A, NULL, "bounds.name=n,bounds.count=1,bounds.few=0-70000", NULL },
          ERROR_REASON_INVALID_VALUE, "few" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *json = decode(&cases[i].c, &error);

        g_assert_null(json);
        g_assert_error(error, QMP_ERROR, (int)cases[i].reason);
        if (!strstr(error->message, cases[i].message)) {
            g_error("%s: %s", cases[i].c.text, error->message);
        }
    }
}

static bool collect(const char *key, void *data)
{
    g_string_append_printf(data, "%s ", key);
    return true;
}

/* Groups have keys that no schema knows. */
static void test_keys(void)
{
    g_autoptr(QmpOptions) o = qmp_options_parse("a,if=none,file.x=1,id=i,id=j", "first", 0, NULL);
    g_autoptr(GString) keys = g_string_new(NULL);

    g_assert_cmpstr(qmp_options_get(o, "first"), ==, "a");
    g_assert_cmpstr(qmp_options_get(o, "id"), ==, "j");
    g_assert_null(qmp_options_get(o, "file"));
    g_assert_null(qmp_options_get(o, "none"));
    g_assert_cmpuint(qmp_options_position(o, "if"), ==, 3);
    g_assert_cmpuint(qmp_options_position(o, "file.x"), ==, 11);
    g_assert_true(qmp_options_remove(o, "if"));
    g_assert_false(qmp_options_remove(o, "if"));
    qmp_options_set(o, "id", "k");
    qmp_options_set(o, "new", "v");
    g_assert_cmpstr(qmp_options_get(o, "id"), ==, "k");
    qmp_options_foreach(o, collect, keys);
    g_assert_cmpstr(keys->str, ==, "first file id new ");
}

/* More for a group that is there. */
static void test_adding(void)
{
    g_autoptr(QmpOptions) o = qmp_options_parse("a=1", NULL, 0, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(qmp_options_add_text(o, "x,a=2,b.c=3", "first", &error));
    g_assert_no_error(error);
    g_assert_cmpstr(qmp_options_get(o, "first"), ==, "x");
    g_assert_cmpstr(qmp_options_get_nth(o, "a", 0), ==, "1");
    g_assert_cmpstr(qmp_options_get_nth(o, "a", 1), ==, "2");
    g_assert_null(qmp_options_get_nth(o, "a", 2));
    g_assert_null(qmp_options_get_nth(o, "b", 0));
    g_assert_true(qmp_options_add(o, "b.d", "a,b", 7, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(qmp_options_position(o, "b.d"), ==, 7);
    g_assert_false(qmp_options_add(o, "b", "4", 0, &error));
    g_assert_cmpstr(error->message, ==, "'b' has members and cannot also have a value");
    g_clear_error(&error);
    g_assert_false(qmp_options_add_text(o, "b.0=4", NULL, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_SYNTAX));
}

/* Depth does not grow with the length of the text. */
static void test_depth(void)
{
    g_autoptr(GString) text = g_string_new("a");
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 100000; i++) {
        g_string_append(text, ".a");
    }
    g_assert_null(qmp_options_parse(text->str, NULL, 0, &error));
    g_assert_nonnull(strstr(error->message, "is nested too deeply"));
}

static void test_flat(void)
{
    g_autoptr(QmpOptions) o = qmp_options_parse("Nehalem,sse4.1=on,sse4.2=off", "model",
                                                QMP_OPTIONS_FLAT, NULL);

    g_assert_cmpstr(qmp_options_get(o, "sse4.1"), ==, "on");
    g_assert_cmpstr(qmp_options_get(o, "sse4.2"), ==, "off");
}

static void test_print(void)
{
    static const char *const cases[][2] = {
        { "{\"a\": \"x,y=z\", \"b\": {\"c\": [1, -2], \"d\": true}}",
          "a=x,,y=z,b.c.0=1,b.c.1=-2,b.d=on" },
        { "{\"a\": [{\"b\": 0.1}, {\"b\": 3.0}], \"c\": false}", "a.0.b=0.1,a.1.b=3,c=off" },
        { "{\"a\": 18446744073709551615, \"b\": \"\"}", "a=18446744073709551615,b=" },
        { "{\"a\": [], \"b\": {}, \"c\": null}", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json = qmp_json_parse(cases[i][0], strlen(cases[i][0]), NULL);
        g_autofree char *text = qmp_options_print(&qmp_json_input, json);

        g_assert_cmpstr(text, ==, cases[i][1]);
        json_decref(json);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/options/values", test_values);
    g_test_add_func("/qmp/options/refusals", test_refusals);
    g_test_add_func("/qmp/options/keys", test_keys);
    g_test_add_func("/qmp/options/flat", test_flat);
    g_test_add_func("/qmp/options/adding", test_adding);
    g_test_add_func("/qmp/options/print", test_print);
    g_test_add_func("/qmp/options/depth", test_depth);
    return g_test_run();
}
