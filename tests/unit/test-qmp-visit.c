/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walker: decoding, encoding, cloning, comparing, by the rows of
 * qmp-schema.json.
 */
#include "config.h"

#include <string.h>

#include "tests/unit/test-qmp-rows.h"

#define STRICT QMP_INPUT_STRICT
#define LENIENT QMP_INPUT_LENIENT

/* Exact bounds of each width: both ends fit, one beyond does not. */
static void test_widths(void)
{
    static const struct {
        const QmpType *type;
        const char *min, *max, *below, *above;
    } widths[] = {
        { &qmp_type_int8, "-128", "127", "-129", "128" },
        { &qmp_type_int16, "-32768", "32767", "-32769", "32768" },
        { &qmp_type_int32, "-2147483648", "2147483647", "-2147483649", "2147483648" },
        { &qmp_type_int64, "-9223372036854775808", "9223372036854775807",
          "-9223372036854775809", "9223372036854775808" },
        { &qmp_type_uint8, "0", "255", "-1", "256" },
        { &qmp_type_uint16, "0", "65535", "-1", "65536" },
        { &qmp_type_uint32, "0", "4294967295", "-1", "4294967296" },
        { &qmp_type_uint64, "0", "18446744073709551615", "-1", "18446744073709551616" },
        { &qmp_type_size, "0", "18446744073709551615", "-1", "18446744073709551616" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(widths); i++) {
        const QmpType *type = widths[i].type;
        g_autofree char *text = g_strdup_printf("\"%s\"", widths[i].max);
        g_autofree char *text_above = g_strdup_printf("\"%s\"", widths[i].above);
        g_autofree char *range = g_strdup_printf("value must be between %s and %s, not",
                                                 widths[i].min, widths[i].max);

        test_round_trip(type, STRICT, widths[i].min, NULL);
        test_round_trip(type, STRICT, widths[i].max, NULL);
        test_round_trip(type, LENIENT, text, widths[i].max);
        test_refused(type, STRICT, widths[i].below, ERROR_REASON_OUT_OF_RANGE, NULL, range);
        test_refused(type, STRICT, widths[i].above, ERROR_REASON_OUT_OF_RANGE, NULL, range);
        test_refused(type, LENIENT, text_above, ERROR_REASON_OUT_OF_RANGE, NULL, range);
        test_refused(type, STRICT, "1e30", ERROR_REASON_OUT_OF_RANGE, NULL, range);
        test_refused(type, STRICT, "1.5", ERROR_REASON_INVALID_TYPE, NULL, "not a number");
        test_refused(type, STRICT, text, ERROR_REASON_INVALID_TYPE, NULL, "not a string");
        test_refused(type, STRICT, "null", ERROR_REASON_INVALID_TYPE, NULL, "not null");
    }
}

static void test_scalars(void)
{
    const QmpType *type = &qmp_type_TestScalars;

    test_round_trip(type, STRICT,
                    "{\"v-bool\": true, \"v-int8\": -1, \"v-int16\": -2, \"v-int32\": -3, "
                    "\"v-int64\": -4, \"v-uint8\": 1, \"v-uint16\": 2, \"v-uint32\": 3, "
                    "\"v-uint64\": 18446744073709551615, \"v-size\": 4096, \"v-number\": 0.1, "
                    "\"v-str\": \"a\\\"\\\\\\n\\u0001\xc3\xa4\", \"v-enum\": \"fast-forward\", "
                    "\"v-any\": {\"a\": [1, 2.5, null, true, \"x\", {}], "
                    "\"b\": 18446744073709551615}, \"v-link\": \"disk0\", \"v-null\": null}", NULL);
    test_round_trip(type, STRICT, "{}", NULL);
    test_round_trip(type, STRICT, "{\"v-number\": 3}", "{\"v-number\": 3.0}");
    test_round_trip(type, STRICT, "{\"v-str\": \"\"}", NULL);
    test_refused(type, STRICT, "{\"v-bool\": 1}", ERROR_REASON_INVALID_TYPE, "v-bool",
                 "parameter 'v-bool' must be a boolean, not an integer");
    test_refused(type, STRICT, "{\"v-bool\": \"on\"}", ERROR_REASON_INVALID_TYPE, "v-bool",
                 "not a string");
    test_refused(type, STRICT, "{\"v-str\": 1}", ERROR_REASON_INVALID_TYPE, "v-str", "a string");
    test_refused(type, STRICT, "{\"v-link\": []}", ERROR_REASON_INVALID_TYPE, "v-link", "a list");
    test_refused(type, STRICT, "{\"v-number\": \"1\"}", ERROR_REASON_INVALID_TYPE, "v-number",
                 "a number");
    test_refused(type, STRICT, "{\"v-null\": 0}", ERROR_REASON_INVALID_TYPE, "v-null", "null");
    test_refused(type, STRICT, "[]", ERROR_REASON_INVALID_TYPE, NULL,
                 "value must be an object, not a list");
}

static void test_enums(void)
{
    const QmpType *type = &qmp_type_TestScalars;

    test_refused(type, STRICT, "{\"v-enum\": \"fats\"}", ERROR_REASON_INVALID_VALUE, "v-enum",
                 "does not take 'fats'; did you mean 'fast'?");
    test_refused(type, STRICT, "{\"v-enum\": \"zzzzzzzz\"}", ERROR_REASON_INVALID_VALUE,
                 "v-enum", "it takes 'slow', 'fast-forward', 'fast'");
    test_refused(type, STRICT, "{\"v-enum\": 1}", ERROR_REASON_INVALID_TYPE, "v-enum",
                 "an integer");
    g_assert_cmpint(qmp_enum_parse(&qmp_type_TestMode, "fast"), ==, TEST_MODE_FAST);
    g_assert_cmpint(qmp_enum_parse(&qmp_type_TestMode, "fas"), ==, -1);
    g_assert_cmpstr(qmp_enum_name(&qmp_type_TestMode, 1), ==, "fast-forward");
    g_assert_cmpstr(qmp_enum_name(&qmp_type_TestMode, 3), ==, "?");
    g_assert_cmpstr(qmp_enum_name(&qmp_type_TestMode, -1), ==, "?");
}

static void test_members(void)
{
    const QmpType *type = &qmp_type_TestScalars;

    test_refused(type, STRICT, "{\"v-boool\": true}", ERROR_REASON_PROPERTY_NOT_FOUND,
                 "v-boool", "is unknown; did you mean 'v-bool'?");
    test_refused(type, STRICT, "{\"v_enum\": true}", ERROR_REASON_PROPERTY_NOT_FOUND, "v_enum",
                 "did you mean 'v-enum'?");
    test_refused(type, STRICT, "{\"nothing like it\": 1}", ERROR_REASON_PROPERTY_NOT_FOUND,
                 "nothing like it", "parameter 'nothing like it' is unknown");
    test_refused(&qmp_type_TestBounds, STRICT, "{\"name\": \"x\"}",
                 ERROR_REASON_PROPERTY_MISSING, "count", "parameter 'count' is missing");
    test_refused(type, STRICT, "{\"v-bool\": true, \"v-bool\": true}", ERROR_REASON_DUPLICATE_KEY,
                 NULL, "duplicate");
}

static void test_defaults_and_bounds(void)
{
    const QmpType *type = &qmp_type_TestBounds;

    test_round_trip(type, STRICT, "{\"name\": \"n\", \"count\": 0}",
                    "{\"flag\": true, \"irq\": 4, \"big\": 18446744073709551615, \"ratio\": 1.5, "
                    "\"label\": \"none\", \"mode\": \"fast\", \"none\": [], \"name\": \"n\", "
                    "\"count\": 0}");
    test_round_trip(type, STRICT,
                    "{\"flag\": false, \"irq\": 15, \"delta\": -10, \"big\": 0, \"ratio\": 2.5, "
                    "\"label\": \"12345678\", \"mode\": \"slow\", \"few\": [1, 2, 3], "
                    "\"none\": [\"x\"], \"name\": \"\", \"count\": 4294967295}", NULL);
#define REFUSED(member, words) \
    test_refused(type, STRICT, "{\"name\": \"n\", \"count\": 0, " member "}", \
                 ERROR_REASON_OUT_OF_RANGE, strtok((char[]){ member }, "\": "), words)
    REFUSED("\"irq\": 0", "between 1 and 15, not 0");
    REFUSED("\"irq\": 16", "between 1 and 15, not 16");
    REFUSED("\"irq\": 256", "between 1 and 15, not 256");
    REFUSED("\"delta\": -11", "between -10 and 10, not -11");
    REFUSED("\"delta\": 11", "between -10 and 10, not 11");
    REFUSED("\"ratio\": 0.25", "at least 0.5");
    REFUSED("\"ratio\": 3", "at most 2.5, not 3");
    REFUSED("\"ratio\": 2.6", "at most 2.5, not 2.6");
    REFUSED("\"label\": \"\"", "at least 1 bytes, not 0");
    REFUSED("\"label\": \"123456789\"", "at most 8 bytes, not 9");
    REFUSED("\"few\": []", "at least 1 elements, not 0");
    REFUSED("\"few\": [1,2,3,4]", "at most 3 elements, not 4");
#undef REFUSED
}

static void test_limits(void)
{
    const QmpType *type = &qmp_type_TestAll;

#define REFUSED(member, path, words) \
    test_refused(type, STRICT, "{\"limits\": {" member "}}", ERROR_REASON_NOT_SUPPORTED, \
                 "limits." path, words)
    test_round_trip(type, STRICT,
                    "{\"limits\": {\"force\": false, \"script\": \"\", \"mode\": \"slow\", "
                    "\"to\": {\"type\": \"inet\", \"host\": \"h\", \"port\": 80}}}", NULL);
    REFUSED("\"force\": true", "force", "cannot be true: only false is supported");
    REFUSED("\"script\": \"/x\"", "script", "cannot be '/x': only 'no' or '' is supported");
    REFUSED("\"mode\": \"fast\"", "mode", "cannot be 'fast': only 'slow' is supported");
    REFUSED("\"to\": {\"type\": \"unix\", \"path\": \"p\"}", "to.type", "only 'inet'");
    REFUSED("\"helper\": 1", "helper", "'limits.helper' is not supported: nothing is run");
#undef REFUSED
    test_refused(&qmp_type_TestLimits, QMP_INPUT_LENIENT, "{\"force\": \"on\"}",
                 ERROR_REASON_NOT_SUPPORTED, "force", "only false");
}

static void test_paths(void)
{
    const QmpType *type = &qmp_type_TestAll;

    test_refused(type, STRICT,
                 "{\"tree\": {\"name\": \"a\", \"children\": [{\"name\": \"b\"}, "
                 "{\"name\": \"c\", \"twin\": {\"name\": 1}}]}}",
                 ERROR_REASON_INVALID_TYPE, "tree.children[1].twin.name",
                 "parameter 'tree.children[1].twin.name' must be a string");
    test_refused(type, STRICT, "{\"backend\": {\"type\": \"inet\", \"data\": {\"port\": 1}}}",
                 ERROR_REASON_PROPERTY_MISSING, "backend.data.host", "is missing");
    test_refused(type, STRICT, "{\"tree\": {\"name\": \"a\", \"modes\": [\"fast\", \"x\"]}}",
                 ERROR_REASON_INVALID_VALUE, "tree.modes[1]", "does not take 'x'");
}

static void test_recursion(void)
{
    test_round_trip(&qmp_type_TestTree, STRICT,
                    "{\"name\": \"a\", \"children\": [{\"name\": \"b\", \"children\": []}, "
                    "{\"name\": \"c\", \"twin\": {\"name\": \"d\"}}], "
                    "\"modes\": [\"slow\", \"fast\"], \"matrix\": [1.0, -0.5, 1e+300]}", NULL);
}

static void test_unions(void)
{
    const QmpType *flat = &qmp_type_TestAddress, *wrapped = &qmp_type_TestBackend;

    test_round_trip(flat, STRICT, "{\"type\": \"inet\", \"id\": \"a\", \"host\": \"h\", "
                                  "\"port\": 1}", NULL);
    test_round_trip(flat, STRICT, "{\"host\": \"h\", \"type\": \"inet\"}",
                    "{\"type\": \"inet\", \"host\": \"h\", \"port\": 80}");
    test_round_trip(flat, STRICT, "{\"type\": \"none\"}", NULL);
    test_round_trip(wrapped, STRICT, "{\"type\": \"unix\", \"data\": {\"path\": \"/p\"}}", NULL);
    test_refused(flat, STRICT, "{\"type\": \"unix\", \"path\": \"/p\", \"port\": 1}",
                 ERROR_REASON_PROPERTY_NOT_FOUND, "port", "is unknown");
    test_refused(flat, STRICT, "{\"type\": \"unix\", \"psth\": \"/p\"}",
                 ERROR_REASON_PROPERTY_MISSING, "path", "is missing");
    test_refused(flat, STRICT, "{\"type\": \"none\", \"path\": \"/p\"}",
                 ERROR_REASON_PROPERTY_NOT_FOUND, "path", "is unknown");
    test_refused(flat, STRICT, "{\"host\": \"h\"}", ERROR_REASON_PROPERTY_MISSING, "type",
                 "is missing");
    test_refused(wrapped, STRICT, "{\"type\": \"unix\", \"path\": \"/p\"}",
                 ERROR_REASON_PROPERTY_MISSING, "data", "is missing");
}

static void test_alternates(void)
{
    const QmpType *type = &qmp_type_TestChoice;
    static const struct {
        const char *text;
        int branch;
    } choices[] = {
        { "\"s\"", TEST_CHOICE_S }, { "-5", TEST_CHOICE_N },
        { "{\"name\": \"x\"}", TEST_CHOICE_D }, { "[1, 2]", TEST_CHOICE_L },
        { "true", TEST_CHOICE_B }, { "null", TEST_CHOICE_Z },
    };

    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_autoptr(GError) error = NULL;
        TestChoice *choice = NULL;

        test_round_trip(type, STRICT, choices[i].text, NULL);
        test_decode(type, STRICT, choices[i].text, &choice, &error);
        g_assert_no_error(error);
        g_assert_cmpint(choice->type, ==, choices[i].branch);
        qmp_clear(type, &choice);
    }
    test_round_trip(&qmp_type_TestNumeric, STRICT, "5", "5.0");
    test_round_trip(&qmp_type_TestNumeric, STRICT, "\"fast\"", NULL);
    test_round_trip(&qmp_type_TestTree, STRICT,
                    "{\"name\": \"a\", \"choices\": [\"x\", 1, {\"name\": \"b\"}, [], false]}",
                    NULL);
    test_refused(type, STRICT, "1.5", ERROR_REASON_INVALID_TYPE, NULL, "must be one of");
    test_refused(&qmp_type_TestAll, STRICT, "{\"choice\": {\"name\": 1}}",
                 ERROR_REASON_INVALID_TYPE, "choice.name", "a string");
    test_refused(&qmp_type_TestAll, STRICT, "{\"choice\": 9223372036854775808}",
                 ERROR_REASON_OUT_OF_RANGE, "choice", "must be between");
}

static void test_class_unions(void)
{
    const QmpType *type = &qmp_type_TestOptions;
    g_autoptr(GError) error = NULL;
    TestOptions *options = NULL;
    TestDiskProps *props;
    guint i;

    test_decode(type, STRICT, "{\"qom-type\": \"disk\", \"id\": \"d\", \"size\": 1, "
                              "\"index\": -2}", &options, &error);
    g_assert_no_error(error);
    g_assert_true(options->qom_type == &qmp_class_test_disk);
    g_assert_cmpstr(options->id, ==, "d");
    props = options->props;
    g_assert_cmpuint(props->size, ==, 1);
    g_assert_cmpint(props->index, ==, -2);
    g_assert_true(props->has_index);
    g_assert_false(props->has_share);
    g_assert_cmpint(props->speed, ==, 7);       /* the class's default over the row's */
    for (i = 0; i < qmp_class_test_disk.props->n_members; i++) {
        const char *name = qmp_name(qmp_members(qmp_class_test_disk.props)[i].name);

        g_assert_cmpint(qmp_given(options->given, i), ==,
                        !strcmp(name, "size") || !strcmp(name, "index"));
    }
    qmp_clear(type, &options);

    test_round_trip(type, STRICT, "{\"qom-type\": \"test-plain\", \"size\": 5, \"speed\": 2}", NULL);
    test_round_trip(type, STRICT, "{\"size\": 5, \"qom-type\": \"disk\", \"peer\": \"x\"}",
                    "{\"qom-type\": \"test-disk\", \"size\": 5, \"peer\": \"x\"}");
    test_refused(type, STRICT, "{\"qom-type\": \"test-disc\", \"size\": 1}",
                 ERROR_REASON_CLASS_NOT_FOUND, "qom-type",
                 "names the unknown class 'test-disc'; did you mean 'test-disk'?");
    test_refused(type, STRICT, "{\"qom-type\": \"test-base\"}", ERROR_REASON_CLASS_ABSTRACT,
                 "qom-type", "abstract");
    test_refused(type, STRICT, "{\"qom-type\": \"test-hidden\"}",
                 ERROR_REASON_NOT_USER_CREATABLE, "qom-type", "'test-hidden'");
    test_refused(type, STRICT, "{\"id\": \"x\"}", ERROR_REASON_PROPERTY_MISSING, "qom-type",
                 "is missing");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\"}", ERROR_REASON_PROPERTY_MISSING, "size",
                 "is missing");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"sise\": 1}",
                 ERROR_REASON_PROPERTY_NOT_FOUND, "sise", "is unknown; did you mean 'size'?");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"other\": 1}",
                 ERROR_REASON_PROPERTY_MISSING, "size", "is missing");
    test_refused(type, STRICT, "{\"qom-tpe\": \"disk\", \"size\": 1}",
                 ERROR_REASON_PROPERTY_MISSING, "qom-type", "is missing");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"size\": 1, \"board\": \"x\"}",
                 ERROR_REASON_INTERNAL_PROPERTY, "board", "is internal");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"size\": 1, \"state\": \"x\"}",
                 ERROR_REASON_PROPERTY_READ_ONLY, "state", "can only be read");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"size\": 1, \"seriall\": \"x\"}",
                 ERROR_REASON_PROPERTY_NOT_FOUND, "seriall", "did you mean 'serial'?");
}

/* A recipe may set what clients may not. */
static void test_internal_allowed(void)
{
    QmpInput input = { .ops = &qmp_value_input, .allow_internal = true };
    g_autoptr(QmpValue) value = qmp_value_dict();
    g_autoptr(GError) error = NULL;
    TestOptions *options = NULL;

    qmp_value_set(value, "qom-type", qmp_value_str("test-disk"));
    qmp_value_set(value, "size", qmp_value_uint(G_MAXUINT64));
    qmp_value_set(value, "board", qmp_value_str("b"));
    qmp_decode(&input, &qmp_type_TestOptions, value, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(((TestDiskProps *)options->props)->board, ==, "b");
    g_assert_cmpuint(((TestDiskProps *)options->props)->size, ==, G_MAXUINT64);
    qmp_clear(&qmp_type_TestOptions, &options);

    qmp_value_set(value, "state", qmp_value_str("s"));
    g_assert_false(qmp_decode(&input, &qmp_type_TestOptions, value, &options, &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_PROPERTY_READ_ONLY);
}

static void test_lenient(void)
{
    const QmpType *type = &qmp_type_TestOptions;

    test_round_trip(type, LENIENT,
                    "{\"qom-type\": \"disk\", \"size\": \"2G\", \"speed\": \"0x10\", "
                    "\"serial\": null, \"index\": \"-010\", \"share\": \"on\", \"rate\": \"1.5\"}",
                    "{\"qom-type\": \"test-disk\", \"size\": 2147483648, \"speed\": 16, "
                    "\"index\": -8, \"share\": true, \"rate\": 1.5}");
    test_round_trip(type, LENIENT, "{\"qom-type\": \"disk\", \"size\": 1, \"share\": false}",
                    "{\"qom-type\": \"test-disk\", \"size\": 1, \"share\": false}");
#define REFUSED(member, reason, path, words) \
    test_refused(type, LENIENT, "{\"qom-type\": \"disk\", \"size\": 1, " member "}", reason, \
                 path, words)
    REFUSED("\"share\": \"maybe\"", ERROR_REASON_INVALID_VALUE, "share",
            "must be 'on' or 'off', not 'maybe'");
    REFUSED("\"share\": 1", ERROR_REASON_INVALID_TYPE, "share", "not an integer");
    REFUSED("\"share\": null", ERROR_REASON_INVALID_TYPE, "share", "not null");
    REFUSED("\"share\": {}", ERROR_REASON_INVALID_TYPE, "share", "not an object");
    REFUSED("\"index\": [1]", ERROR_REASON_INVALID_TYPE, "index", "not a list");
    REFUSED("\"index\": \"5x\"", ERROR_REASON_INVALID_VALUE, "index", "an integer, not '5x'");
    REFUSED("\"index\": \"\"", ERROR_REASON_INVALID_VALUE, "index", "not ''");
    REFUSED("\"index\": \"2147483648\"", ERROR_REASON_OUT_OF_RANGE, "index", "2147483647");
    REFUSED("\"serial\": 5", ERROR_REASON_INVALID_TYPE, "serial", "a string, not an integer");
    REFUSED("\"rate\": \"fast\"", ERROR_REASON_INVALID_VALUE, "rate", "a number");
#undef REFUSED
    test_refused(type, LENIENT, "{\"qom-type\": \"disk\", \"size\": null}",
                 ERROR_REASON_INVALID_TYPE, "size", "not null");
    test_refused(type, STRICT, "{\"qom-type\": \"disk\", \"size\": \"2G\"}",
                 ERROR_REASON_INVALID_TYPE, "size", "a size in bytes, not a string");
}

/* A branch in a member of its own, in which strings stand for scalars. */
static void test_lenient_branch(void)
{
    const QmpType *type = &qmp_type_TestBackend;

    test_round_trip(type, STRICT,
                    "{\"type\": \"none\", \"arguments\": {\"qom-type\": \"disk\", \"size\": \"2\"}}",
                    "{\"type\": \"none\", \"arguments\": {\"qom-type\": \"test-disk\", \"size\": 2}}");
    test_refused(type, STRICT, "{\"type\": \"none\", \"arguments\": {\"qom-type\": \"disk\", "
                 "\"size\": \"x\"}}", ERROR_REASON_INVALID_VALUE, "arguments.size", "a size");
    test_refused(type, STRICT, "{\"type\": \"none\"}", ERROR_REASON_PROPERTY_MISSING, "arguments",
                 "is missing");
}

static void note_link(const QmpType *type, const char *path, void *data)
{
    g_string_append_printf(data, "%s ", path);
}

static void test_links(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    TestBackend *backend = NULL;

    test_decode(&qmp_type_TestBackend, STRICT,
                "{\"type\": \"none\", \"arguments\": {\"qom-type\": \"disk\", \"size\": 1, "
                "\"peer\": \"x\"}}", &backend, &error);
    g_assert_no_error(error);
    qmp_foreach_link(&qmp_type_TestBackend, &backend, note_link, seen);
    g_assert_cmpstr(seen->str, ==, "x ");
    qmp_clear(&qmp_type_TestBackend, &backend);
}

static const QmpType *const only_refs[] = { &qmp_type_TestRef, NULL };

/* "MEMBER=NAME " of each node, and in brackets what stands in its definition. */
static void note_ref(const QmpType *type, const void *storage, const char *name, void *data)
{
    const TestRef *ref = *(TestRef *const *)storage;
    const TestNode *node = ref->u.definition;

    if (ref->type == TEST_REF_REFERENCE) {
        g_string_append_printf(data, "%s=%s ", name, ref->u.reference);
        return;
    }
    g_string_append_printf(data, "%s=%s( ", name, node->name);
    qmp_foreach_value(&qmp_type_TestNode, &node, only_refs, note_ref, data);
    g_string_append(data, ") ");
}

/* Whatever branch and member a value stands in, it is found by its type alone. */
static void test_inner_values(void)
{
    static const char text[] =
        "{\"kind\": \"pair\", \"left\": \"a\", \"right\": {\"kind\": \"many\", \"name\": \"b\", "
        "\"children\": [ \"c\", {\"kind\": \"leaf\", \"name\": \"d\"}, "
        "{\"kind\": \"filter\", \"name\": \"e\", \"file\": "
        "{\"kind\": \"pair\", \"name\": \"f\", \"left\": \"g\"}} ]}}";
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    const QmpType *type;
    TestNode *node = NULL;

    test_decode(&qmp_type_TestNode, STRICT, text, &node, &error);
    g_assert_no_error(error);
    qmp_foreach_value(&qmp_type_TestNode, &node, only_refs, note_ref, seen);
    g_assert_cmpstr(seen->str, ==, "left=a right=b( children=c children=d( ) "
                    "children=e( file=f( left=g ) ) ) ");
    g_assert_null(qmp_member_find(&qmp_type_TestNode, node, "left", &type));
    g_assert_null(*(char *const *)qmp_member_find(&qmp_type_TestNode, node, "name", &type));
    g_assert_true(type == &qmp_type_str);
    qmp_clear(&qmp_type_TestNode, &node);
}

/* Secrets are neither printed nor named in errors. */
static void test_secrets(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(QmpValue) value = NULL;
    TestBounds *bounds = NULL;

    test_decode(&qmp_type_TestBounds, STRICT,
                "{\"name\": \"n\", \"count\": 1, \"password\": \"hush\"}", &bounds, &error);
    g_assert_no_error(error);
    text = test_encode(&qmp_type_TestBounds, &bounds);
    g_assert_nonnull(strstr(text, "\"password\": null"));
    g_assert_null(strstr(text, "hush"));
    value = qmp_to_value(&qmp_type_TestBounds, &bounds);
    g_assert_cmpint(qmp_value_get(value, "password")->kind, ==, QMP_VALUE_NULL);
    g_assert_cmpstr(bounds->password, ==, "hush");
    qmp_clear(&qmp_type_TestBounds, &bounds);
}

static void test_values(void)
{
    QmpInput input = { .ops = &qmp_value_input };
    static const char text[] =
        "{\"scalars\": {\"v-any\": {\"x\": [null, 1.5]}}, \"tree\": {\"name\": \"a\"}, "
        "\"choice\": [1], \"address\": {\"type\": \"unix\", \"path\": \"p\"}, "
        "\"options\": {\"qom-type\": \"test-disk\", \"size\": 1, \"speed\": 7}, "
        "\"addresses\": [{\"type\": \"none\"}]}";
    g_autoptr(GError) error = NULL;
    g_autoptr(QmpValue) value = NULL, copy = NULL;
    g_autofree char *printed = NULL;
    TestAll *all = NULL, *again = NULL;

    test_decode(&qmp_type_TestAll, STRICT, text, &all, &error);
    g_assert_no_error(error);
    value = qmp_to_value(&qmp_type_TestAll, &all);
    copy = qmp_value_clone(value);
    g_assert_true(qmp_value_equal(value, copy));
    qmp_decode(&input, &qmp_type_TestAll, copy, &again, &error);
    g_assert_no_error(error);
    g_assert_true(qmp_equal(&qmp_type_TestAll, &all, &again));
    printed = test_encode(&qmp_type_TestAll, &again);
    g_assert_cmpstr(printed, ==, text);

    again->addresses.items[0]->type = TEST_ADDRESS_TYPE_UNIX;
    g_assert_false(qmp_equal(&qmp_type_TestAll, &all, &again));
    qmp_clear(&qmp_type_TestAll, &all);
    qmp_clear(&qmp_type_TestAll, &again);

    qmp_value_set(copy, "choice", qmp_value_bool(true));
    g_assert_false(qmp_value_equal(value, copy));
}

static const QmpMember *bounds_member(const char *name)
{
    for (guint i = 0; i < qmp_type_TestBounds.n_members; i++) {
        if (!strcmp(qmp_name(qmp_members(&qmp_type_TestBounds)[i].name), name)) {
            return &qmp_members(&qmp_type_TestBounds)[i];
        }
    }
    g_assert_not_reached();
}

/* qom-set: the old value stays if the new one does not fit. */
static void test_decode_member(void)
{
    QmpInput input = { .ops = &qmp_value_input };
    TestBounds *bounds = qmp_new(&qmp_type_TestBounds);
    g_autoptr(QmpValue) text = qmp_value_str("new"), number = qmp_value_int(99);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(bounds->irq, ==, 4);
    g_assert_cmpstr(bounds->label, ==, "none");
    qmp_decode_member(&input, bounds_member("label"), text, bounds, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(bounds->label, ==, "new");
    g_assert_false(qmp_decode_member(&input, bounds_member("irq"), number, bounds, &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_OUT_OF_RANGE);
    g_assert_cmpstr(qmp_error_path(error), ==, "irq");
    g_clear_error(&error);
    g_assert_false(qmp_decode_member(&input, bounds_member("label"), number, bounds, &error));
    g_assert_cmpstr(bounds->label, ==, "new");
    g_assert_cmpint(bounds->irq, ==, 4);

    g_assert_false(qmp_member_present(bounds_member("delta"), bounds));
    qmp_member_set_scalar(bounds_member("delta"), bounds, (QmpScalar){ .i = -3 });
    g_assert_true(qmp_member_present(bounds_member("delta"), bounds));
    g_assert_cmpint(bounds->delta, ==, -3);
    qmp_member_set_scalar(bounds_member("label"), bounds, (QmpScalar){ .s = "third" });
    g_assert_cmpstr(bounds->label, ==, "third");
    qmp_clear(&qmp_type_TestBounds, &bounds);
    g_assert_null(bounds);
}

static void test_classes(void)
{
    TestDiskProps *props = qmp_new_props(&qmp_class_test_disk);

    g_assert_cmpint(props->speed, ==, 7);
    qmp_clear(qmp_class_test_disk.props, &props);
    g_assert_true(qmp_class_find("disk") == &qmp_class_test_disk);
    g_assert_null(qmp_class_find("nothing"));
    g_assert_true(qmp_class_is_a(&qmp_class_test_disk, &qmp_class_object));
    g_assert_false(qmp_class_is_a(&qmp_class_object, &qmp_class_test_disk));
    g_assert_nonnull(qmp_class_member(&qmp_class_test_disk, "size"));
    g_assert_null(qmp_class_member(&qmp_class_test_disk, "sizes"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/visit/widths", test_widths);
    g_test_add_func("/qmp/visit/scalars", test_scalars);
    g_test_add_func("/qmp/visit/enums", test_enums);
    g_test_add_func("/qmp/visit/members", test_members);
    g_test_add_func("/qmp/visit/defaults-and-bounds", test_defaults_and_bounds);
    g_test_add_func("/qmp/visit/limits", test_limits);
    g_test_add_func("/qmp/visit/paths", test_paths);
    g_test_add_func("/qmp/visit/recursion", test_recursion);
    g_test_add_func("/qmp/visit/unions", test_unions);
    g_test_add_func("/qmp/visit/alternates", test_alternates);
    g_test_add_func("/qmp/visit/class-unions", test_class_unions);
    g_test_add_func("/qmp/visit/internal-allowed", test_internal_allowed);
    g_test_add_func("/qmp/visit/lenient", test_lenient);
    g_test_add_func("/qmp/visit/lenient-branch", test_lenient_branch);
    g_test_add_func("/qmp/visit/links", test_links);
    g_test_add_func("/qmp/visit/inner-values", test_inner_values);
    g_test_add_func("/qmp/visit/secrets", test_secrets);
    g_test_add_func("/qmp/visit/values", test_values);
    g_test_add_func("/qmp/visit/decode-member", test_decode_member);
    g_test_add_func("/qmp/visit/classes", test_classes);
    return g_test_run();
}
