/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types by paths: each type of the schema goes each way that a value can go, with
 * the values at its edges, and comes out as it went in; what is beyond the edges is
 * refused on each way in, with the reason and the path of the argument.
 *
 * A type is a property of test-values (qom-schema.json), a way a row of `inputs` or
 * `outputs`.  Last, the test looks whether a cell has stayed empty.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <math.h>
#include <string.h>

#include "qmp/event.h"
#include "qmp/json.h"
#include "qmp/options.h"
#include "qom/qapi-objects-qom-schema.h"
#include "qom/state-field.h"

enum { VALUES_MAX = 8, CELLS_MAX = 64 };

#define RANGE ERROR_REASON_OUT_OF_RANGE
#define TYPE ERROR_REASON_INVALID_TYPE
#define VALUE ERROR_REASON_INVALID_VALUE

typedef struct {
    const char *json;
    ErrorReason reason;
} Wrong;

typedef struct {
    const char *kind;           /* v-KIND is a property, l-KIND a list of it */
    const char *right[VALUES_MAX];
    Wrong wrong[VALUES_MAX];
} Values;

#define BEYOND_INT64 \
    { "9223372036854775808", RANGE }, { "18446744073709551615", RANGE }, \
    { "18446744073709551616", RANGE }, { "1.5", TYPE }, { "\"many\"", TYPE }
#define BEYOND_UINT64 \
    { "-1", RANGE }, { "18446744073709551616", RANGE }, { "-1e30", RANGE }, { "1.5", TYPE }, \
    { "\"many\"", TYPE }

static const Values values[] = {
    { "int8", { "0", "-128", "127" }, { { "-129", RANGE }, { "128", RANGE }, BEYOND_INT64 } },
    { "int16", { "0", "-32768", "32767" },
      { { "-32769", RANGE }, { "32768", RANGE }, BEYOND_INT64 } },
    { "int32", { "0", "-2147483648", "2147483647" },
      { { "-2147483649", RANGE }, { "2147483648", RANGE }, BEYOND_INT64 } },
    /* One below -2^63 is no double: the nearest that is one stands for it. */
    { "int64", { "0", "-9223372036854775808", "9223372036854775807" },
      { { "-9223372036854777856", RANGE }, BEYOND_INT64 } },
    { "int", { "0", "-9223372036854775808", "9223372036854775807" },
      { { "-9223372036854777856", RANGE }, BEYOND_INT64 } },
    { "uint8", { "0", "255" }, { { "256", RANGE }, BEYOND_UINT64 } },
    { "uint16", { "0", "65535" }, { { "65536", RANGE }, BEYOND_UINT64 } },
    { "uint32", { "0", "4294967295" }, { { "4294967296", RANGE }, BEYOND_UINT64 } },
    { "uint64", { "0", "9223372036854775807", "9223372036854775808", "18446744073709551615" },
      { BEYOND_UINT64 } },
    { "size", { "0", "9223372036854775807", "9223372036854775808", "18446744073709551615" },
      { BEYOND_UINT64 } },
    { "number", { "0.0", "-0.5", "0.1", "1.7976931348623157e308", "5e-324",
                  "9223372036854775808.0" },
      { { "\"much\"", TYPE }, { "{\"x\": 1}", TYPE } } },
    { "bool", { "true", "false" }, { { "\"maybe\"", TYPE }, { "{\"x\": 1}", TYPE } } },
    { "str", { "\"\"", "\"a,b=c.d\"", "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x84\"",
               "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\"", "\"off\"", "\"7\"" },
      { { "{\"x\": 1}", TYPE } } },
    { "enum", { "\"slow\"", "\"fast\"" },
      { { "\"other\"", VALUE }, { "\"\"", VALUE }, { "{\"x\": 1}", TYPE } } },
    { "dict", { "{\"big\": 18446744073709551615}", "{\"deep\": {\"deep\": {\"ratio\": 0.25}}}",
                "{\"text\": \"x\", \"mode\": \"slow\", \"list\": [1, -2], "
                "\"more\": [{\"big\": 1}, {\"text\": \"\"}]}" },
      { { "{\"big\": -1}", RANGE }, { "{\"deep\": {\"ratio\": \"much\"}}", TYPE },
        { "{\"no\": 1}", ERROR_REASON_PROPERTY_NOT_FOUND }, { "\"x\"", TYPE } } },
};

/* ---- JSON text and neutral values ---- */

static QmpValue *parse(const char *json)
{
    const QmpInput input = { .ops = &qmp_json_input };
    GError *error = NULL;
    json_t *node = qmp_json_parse(json, strlen(json), &error);
    QmpValue *value = NULL;

    g_assert_no_error(error);
    g_assert_true(qmp_decode(&input, &qmp_type_any, node, &value, &error));
    json_decref(node);
    return value;
}

static char *print(const QmpValue *value)
{
    struct evbuffer *out = evbuffer_new();
    gsize length;
    char *text;

    qmp_encode_value(value, out);
    length = evbuffer_get_length(out);
    text = g_malloc0(length + 1);
    evbuffer_remove(out, text, length);
    evbuffer_free(out);
    return text;
}

/* A request that has the value as one of its arguments. */
static QmpValue *request(const char *tag, const char *klass, const char *name,
                         const QmpValue *value)
{
    QmpValue *dict = qmp_value_dict();

    if (tag) {
        qmp_value_set(dict, tag, qmp_value_str(klass));
    }
    qmp_value_set(dict, name, qmp_value_clone(value));
    return dict;
}

static const QmpMember *member_of(const char *name)
{
    return qmp_class_member(&qmp_class_test_values, name);
}

static QmpValue *read_back(const void *props, const char *name)
{
    return qmp_to_value(qmp_type(member_of(name)->type), (const char *)props + member_of(name)->offset);
}

/* ---- Ways in: the value as it arrived, or NULL with an error ---- */

static QmpValue *decode(const QmpInputOps *ops, QmpInputMode mode, const void *node,
                        const char *name, GError **error)
{
    const QmpInput input = { .ops = ops, .mode = mode };
    TestValuesProps *props = NULL;
    QmpValue *value;

    if (!qmp_decode(&input, &qmp_type_TestValuesProps, node, &props, error)) {
        return NULL;
    }
    value = read_back(props, name);
    qmp_clear(&qmp_type_TestValuesProps, &props);
    return value;
}

static QmpValue *in_json(const char *name, const QmpValue *value, GError **error)
{
    g_autoptr(QmpValue) dict = request(NULL, NULL, name, value);
    g_autofree char *text = print(dict);
    json_t *node = qmp_json_parse(text, strlen(text), NULL);
    QmpValue *ret = decode(&qmp_json_input, QMP_INPUT_STRICT, node, name, error);

    json_decref(node);
    return ret;
}

/* How a client writes a scalar that sends strings only; an integer has its digits. */
static char *scalar_text(const QmpValue *value)
{
    if (value->kind == QMP_VALUE_NUMBER && fabs(value->d) >= 0x1p63 && fabs(value->d) < 1e40) {
        return g_strdup_printf("%.0f", value->d);
    }
    return value->kind == QMP_VALUE_STR ? g_strdup(value->s) : print(value);
}

static QmpValue *as_strings(const QmpValue *value)
{
    QmpValue *ret;

    if (value->kind == QMP_VALUE_LIST) {
        ret = qmp_value_list();
        for (guint i = 0; i < value->list->len; i++) {
            qmp_value_append(ret, as_strings(value->list->pdata[i]));
        }
    } else if (value->kind == QMP_VALUE_DICT) {
        ret = qmp_value_dict();
        for (guint i = 0; i < value->dict.keys->len; i++) {
            qmp_value_set(ret, value->dict.keys->pdata[i],
                          as_strings(value->dict.values->pdata[i]));
        }
    } else {
        g_autofree char *text = scalar_text(value);

        ret = qmp_value_str(text);
    }
    return ret;
}

static QmpValue *in_strings(const char *name, const QmpValue *value, GError **error)
{
    g_autoptr(QmpValue) strings = as_strings(value);
    g_autoptr(QmpValue) dict = request(NULL, NULL, name, strings);

    return decode(&qmp_value_input, QMP_INPUT_LENIENT, dict, name, error);
}

static QmpValue *in_options(const char *name, const QmpValue *value, GError **error)
{
    g_autoptr(QmpValue) strings = as_strings(value);
    g_autoptr(QmpValue) dict = request(NULL, NULL, name, strings);
    g_autofree char *text = qmp_options_print(&qmp_value_input, dict);
    g_autoptr(QmpOptions) options = qmp_options_parse(text, NULL, 0, error);

    return options ? decode(&qmp_options_input, QMP_INPUT_LENIENT, qmp_options_root(options), name,
                            error) : NULL;
}

/* What qom-set does; and qom-get, to see what has become of it. */
static QmpValue *set_and_get(Object *obj, const char *name, const QmpValue *value, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input };

    return object_property_set(obj, name, &input, value, error)
           ? object_property_get(obj, name, error) : NULL;
}

static QmpValue *in_set_new(const char *name, const QmpValue *value, GError **error)
{
    g_autoptr(Object) obj = object_new(&qmp_class_test_values);

    return set_and_get(obj, name, value, error);
}

static QmpValue *in_set_made(const char *name, const QmpValue *value, GError **error)
{
    Object *root = tree_new();
    Object *obj = add_made(root, "objects", &qmp_class_test_values, "v");
    QmpValue *ret = set_and_get(obj, name, value, error);

    tree_free(root);
    return ret;
}

static QmpValue *in_object_add(const char *name, const QmpValue *value, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) dict = request("qom-type", "test-values", name, value);
    g_autoptr(Object) obj = NULL;
    ObjectOptions *options = NULL;

    if (!qmp_decode(&input, &qmp_type_ObjectOptions, dict, &options, error)) {
        return NULL;
    }
    obj = object_new_with_props(options->qom_type, g_steal_pointer(&options->props),
                                g_steal_pointer(&options->given));
    qmp_clear(&qmp_type_ObjectOptions, &options);
    return object_property_get(obj, name, error);
}

static Bus *bus_add(Object *root)
{
    Bus *bus = bus_new(NULL, &qmp_class_TEST, "main-bus");

    object_add_child(root, "main-bus", &bus->object, NULL);
    object_unref(bus);
    return bus;
}

/* A property of a device, which it forwards to its part. */
static QmpValue *in_device_add(const char *name, const QmpValue *value, GError **error)
{
    const QmpInput input = { .ops = &qmp_value_input };
    g_autoptr(QmpValue) dict = request("driver", "test-values-device", name, value);
    DeviceOptions *options = NULL;
    QmpValue *ret = NULL;
    Object *root;
    Device *dev;

    if (!qmp_decode(&input, &qmp_type_DeviceOptions, dict, &options, error)) {
        return NULL;
    }
    root = tree_new();
    dev = device_make(root, "dev", options->driver, bus_add(root),
                      g_steal_pointer(&options->props), g_steal_pointer(&options->given), error);
    qmp_clear(&qmp_type_DeviceOptions, &options);
    if (dev) {
        ret = object_property_get(object_child(&dev->object, "values"), name, error);
    }
    tree_free(root);
    return ret;
}

/* An entry of a machine's property `defaults`. */
static QmpValue *in_default(const char *name, const QmpValue *value, GError **error)
{
    const QmpClass *klass = &qmp_class_test_values_device;
    const QmpMember *member = qmp_class_member(klass, name);
    Object *root = tree_new();
    Object *machine = add(root, "/", &qmp_class_plain_machine, "machine");
    MachineProps *machine_props = machine->props;
    TestDefault *entry = g_new0(TestDefault, 1);
    void *props = qmp_new_props(klass);
    QmpValue *ret = NULL;

    *entry = (TestDefault){ .driver = g_strdup(klass->name), .property = g_strdup(name),
                            .value = qmp_value_clone(value) };
    machine_props->defaults.items = g_new0(TestDefault *, 1);
    machine_props->defaults.items[machine_props->defaults.n++] = entry;
    if (defaults_check(machine, error) && defaults_apply(root, klass, props, NULL, error)) {
        ret = qmp_to_value(qmp_type(member->type), (char *)props + member->offset);
    } else if (error) {
        qmp_error_rename_path(*error, "defaults[0].value", name);
    }
    qmp_clear(klass->props, &props);
    tree_free(root);
    return ret;
}

typedef struct {
    const char *name;
    QmpValue *(*go)(const char *name, const QmpValue *value, GError **error);
    bool text;                  /* a scalar is a string: it may be of the wrong value only */
} Input;

static const Input inputs[] = {
    { "JSON", in_json, false },
    { "strings for scalars", in_strings, true },
    { "key=value", in_options, true },
    { "qom-set before it is made", in_set_new, false },
    { "qom-set", in_set_made, false },
    { "object-add", in_object_add, false },
    { "device_add", in_device_add, false },
    { "defaults of a machine", in_default, false },
};

/* ---- Ways out: from an object that has the value, back to a neutral one ---- */

static QmpValue *out_get(Object *obj, const QmpMember *member)
{
    return object_property_get(obj, qmp_name(member->name), NULL);
}

static QmpValue *out_json(Object *obj, const QmpMember *member)
{
    struct evbuffer *out = evbuffer_new();
    QmpValue *ret;

    qmp_encode_json(qmp_type(member->type), (char *)obj->props + member->offset, out);
    evbuffer_add(out, "", 1);
    ret = parse((const char *)evbuffer_pullup(out, -1));
    evbuffer_free(out);
    return ret;
}

/* key=value text for people; what it does not say (an empty list) stays as it is. */
static QmpValue *out_text(Object *obj, const QmpMember *member)
{
    g_autoptr(QmpValue) value = read_back(obj->props, qmp_name(member->name));
    g_autoptr(QmpValue) dict = request(NULL, NULL, qmp_name(member->name), value);
    g_autofree char *text = qmp_options_print(&qmp_value_input, dict);
    g_autoptr(QmpOptions) options = qmp_options_parse(text, NULL, 0, NULL);

    return decode(&qmp_options_input, QMP_INPUT_LENIENT, qmp_options_root(options),
                  qmp_name(member->name), NULL);
}

static void keep_event(const QmpEvent *event, void *data)
{
    if (event) {
        *(char **)data = g_strndup(event->data, event->data_length);
    }
}

static QmpValue *out_event(Object *obj, const QmpMember *member)
{
    static const QmpEventKind kind = { .name = "VALUES", .data = &qmp_type_TestValuesProps };
    struct event_base *base = event_base_new();
    QmpEventQueue *queue = qmp_event_queue_new(base);
    g_autofree char *text = NULL;
    g_autoptr(QmpValue) data = NULL;

    qmp_event_queue_add_sink(queue, keep_event, &text);
    qmp_event_emit(queue, &kind, obj->props);
    qmp_event_queue_deliver(queue);
    qmp_event_queue_free(queue);
    event_base_free(base);
    data = parse(text);
    return qmp_value_clone(qmp_value_get(data, qmp_name(member->name)));
}

/* What query-config would say, and what replaying it makes. */
static QmpValue *out_record(Object *obj, const QmpMember *member)
{
    void *fresh = qmp_new_props(&qmp_class_test_values);
    g_autoptr(QmpValue) recorded = object_property_record(obj, member, fresh);

    qmp_clear(&qmp_type_TestValuesProps, &fresh);
    return recorded ? in_object_add(qmp_name(member->name), recorded, NULL) : NULL;
}

static QmpValue *out_clone(Object *obj, const QmpMember *member)
{
    TestValuesProps *copy = NULL;
    QmpValue *ret;

    qmp_clone(&qmp_type_TestValuesProps, &copy, &obj->props);
    g_assert_true(qmp_equal(&qmp_type_TestValuesProps, &copy, &obj->props));
    ret = read_back(copy, qmp_name(member->name));
    qmp_clear(&qmp_type_TestValuesProps, &copy);
    return ret;
}

static const StateKind state_kinds[QMP_KIND_ANY + 1] = {
    [QMP_KIND_BOOL] = STATE_BOOL, [QMP_KIND_INT8] = STATE_I8, [QMP_KIND_INT16] = STATE_I16,
    [QMP_KIND_INT32] = STATE_I32, [QMP_KIND_INT64] = STATE_I64, [QMP_KIND_UINT8] = STATE_U8,
    [QMP_KIND_UINT16] = STATE_U16, [QMP_KIND_UINT32] = STATE_U32, [QMP_KIND_UINT64] = STATE_U64,
    [QMP_KIND_SIZE] = STATE_U64, [QMP_KIND_NUMBER] = STATE_NUMBER,
};

/* Saved, reset, and loaded again; a stream that is cut changes nothing. */
static QmpValue *out_state(Object *obj, const QmpMember *member)
{
    StateRow rows[] = {
        { .kind = state_kinds[qmp_type(member->type)->kind] ?: STATE_TYPED,
          .offset = member->offset, .count = 1,
          .type = qmp_type(member->type) },
        STATE_ROWS_END,
    };
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(QmpValue) before = read_back(obj->props, qmp_name(member->name)), same = NULL;

    g_strlcpy(rows[0].name, qmp_name(member->name), sizeof(rows[0].name));
    state_save(rows, obj->props, out);
    for (guint cut = 0; cut < out->len; cut++) {
        g_assert_false(state_load(rows, obj->props, 0, out->data, cut, NULL));
    }
    same = read_back(obj->props, qmp_name(member->name));
    g_assert_true(qmp_value_equal(before, same));
    state_reset(rows, obj->props);
    g_assert_true(state_load(rows, obj->props, 0, out->data, out->len, NULL));
    return read_back(obj->props, qmp_name(member->name));
}

typedef struct {
    const char *name;
    QmpValue *(*go)(Object *obj, const QmpMember *member);
} Output;

static const Output outputs[] = {
    { "qom-get", out_get }, { "JSON", out_json }, { "text", out_text }, { "an event", out_event },
    { "query-config and replay", out_record }, { "a clone", out_clone },
    { "state rows", out_state },
};

/* ---- The matrix ---- */

static bool accepted[CELLS_MAX][G_N_ELEMENTS(inputs)];
static bool refused[CELLS_MAX][G_N_ELEMENTS(inputs)];
static bool shown[CELLS_MAX][G_N_ELEMENTS(outputs)];

static guint row_of(const char *name)
{
    return member_of(name) - qmp_members(qmp_class_test_values.props);
}

static void assert_same(const char *way, const char *name, const QmpValue *sent,
                        const QmpValue *came)
{
    g_autofree char *text = print(sent), *other = came ? print(came) : g_strdup("nothing");

    if (!came || !qmp_value_equal(sent, came)) {
        g_error("%s: %s of %s became %s", way, text, name, other);
    }
}

/* Words of key=value cannot say a list without elements. */
static bool can_say(const Input *input, const QmpValue *value)
{
    return input->go != in_options ||
           !((value->kind == QMP_VALUE_LIST && !value->list->len) ||
             (value->kind == QMP_VALUE_DICT && !value->dict.keys->len));
}

static void check_right(const char *name, const char *json)
{
    g_autoptr(QmpValue) value = parse(json);
    g_autoptr(Object) obj = object_new(&qmp_class_test_values);

    for (guint i = 0; i < G_N_ELEMENTS(inputs); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(QmpValue) came = NULL;

        if (!can_say(&inputs[i], value)) {
            continue;
        }
        came = inputs[i].go(name, value, &error);
        if (error) {
            g_error("%s: %s of %s: %s", inputs[i].name, json, name, error->message);
        }
        assert_same(inputs[i].name, name, value, came);
        accepted[row_of(name)][i] = true;
    }
    for (guint i = 0; i < G_N_ELEMENTS(outputs); i++) {
        g_autoptr(QmpValue) set = set_and_get(obj, name, value, NULL), came = NULL;

        came = outputs[i].go(obj, member_of(name));
        assert_same(outputs[i].name, name, value, came);
        shown[row_of(name)][i] = true;
    }
}

/* A word can be of no wrong type; but what does not spell the type is a wrong value. */
static void check_wrong(const char *name, const char *json, ErrorReason reason)
{
    g_autoptr(QmpValue) value = parse(json);

    for (guint i = 0; i < G_N_ELEMENTS(inputs); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(QmpValue) came = inputs[i].go(name, value, &error);
        bool fits = error && (qmp_error_is(error, reason) ||
                              (inputs[i].text && reason == TYPE && qmp_error_is(error, VALUE)));

        if (came || !fits || !qmp_error_path(error) ||
            !g_str_has_prefix(qmp_error_path(error), name)) {
            g_error("%s: %s of %s: %s (%s)", inputs[i].name, json, name,
                    error ? error->message : "not refused", error ? qmp_error_path(error) : "");
        }
        refused[row_of(name)][i] = true;
    }
}

static void test_scalars(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *name = g_strconcat("v-", values[i].kind, NULL);

        for (guint j = 0; j < VALUES_MAX && values[i].right[j]; j++) {
            check_right(name, values[i].right[j]);
        }
        for (guint j = 0; j < VALUES_MAX && values[i].wrong[j].json; j++) {
            check_wrong(name, values[i].wrong[j].json, values[i].wrong[j].reason);
        }
    }
}

/* All right values as one list, each alone, none; and each wrong one behind a right one. */
static void test_lists(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *name = g_strconcat("l-", values[i].kind, NULL);
        g_autofree char *all = g_strjoinv(", ", (char **)values[i].right);
        g_autofree char *list = g_strdup_printf("[%s]", all);

        check_right(name, "[]");
        check_right(name, list);
        for (guint j = 0; j < VALUES_MAX && values[i].right[j]; j++) {
            g_autofree char *one = g_strdup_printf("[%s]", values[i].right[j]);

            check_right(name, one);
        }
        for (guint j = 0; j < VALUES_MAX && values[i].wrong[j].json; j++) {
            g_autofree char *wrong = g_strdup_printf("[%s, %s]", values[i].right[0],
                                                     values[i].wrong[j].json);

            check_wrong(name, wrong, values[i].wrong[j].reason);
        }
        check_wrong(name, "{\"x\": 1}", TYPE);
    }
}

/* Each property of the class, so each type, went each way. */
static void test_no_hole(void)
{
    const QmpType *props = qmp_class_test_values.props;

    g_assert_cmpuint(props->n_members, ==, 2 * G_N_ELEMENTS(values));
    g_assert_cmpuint(props->n_members, <=, CELLS_MAX);
    for (guint row = 0; row < props->n_members; row++) {
        const char *name = qmp_name(qmp_members(props)[row].name);

        for (guint i = 0; i < G_N_ELEMENTS(inputs); i++) {
            if (!accepted[row][i] || !refused[row][i]) {
                g_error("%s: %s was not tried", inputs[i].name, name);
            }
        }
        for (guint i = 0; i < G_N_ELEMENTS(outputs); i++) {
            if (!shown[row][i]) {
                g_error("%s: %s was not tried", outputs[i].name, name);
            }
        }
    }
}

/* ---- What a stream must not bring in ---- */

typedef struct {
    bool flag;
    double ratio;
    TestCell *cell;
    char *word;
    int mode;
} Sample;

static void test_bad_streams(void)
{
    static const StateRow rows[] = {
        STATE_FIELD(BOOL, Sample, flag, true), STATE_FIELD(NUMBER, Sample, ratio, 3),
        STATE_VALUE(&qmp_type_TestCell, Sample, cell), STATE_VALUE_KEEP(&qmp_type_str, Sample, word),
        STATE_VALUE(&qmp_type_TestMode, Sample, mode), STATE_ROWS_END,
    };
    /* Byte of a field, and what makes it wrong: no bool; no number; no length, text or
     * value of its type. */
    static const struct {
        const char *field;
        guint at;
        guint8 byte, next;
    } bad[] = { { "flag", 0, 2, 0 }, { "ratio", 6, 0xf0, 0x7f }, { "cell", 0, 1, 0 },
                { "word", 3, 0xff, 0 }, { "mode", 4, 'x', 's' }, { "mode", 5, 'x', 'x' } };
    Sample s = { 0 };
    g_autoptr(GByteArray) out = g_byte_array_new();

    state_reset(rows, &s);
    g_assert_true(s.flag);
    g_assert_cmpfloat(s.ratio, ==, 3);
    state_save(rows, &s, out);
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree guint8 *image = g_memdup2(out->data, out->len);
        const guint8 *data = out->data;
        gsize length = out->len;
        StateField field;

        do {
            g_assert_true(state_field_next(&data, &length, &field, NULL));
        } while (strncmp(field.name, bad[i].field, field.name_length) != 0);
        image[field.data - out->data + bad[i].at] = bad[i].byte;
        if (field.length > bad[i].at + 1) {
            image[field.data - out->data + bad[i].at + 1] = bad[i].next;
        }
        g_assert_false(state_load(rows, &s, 0, image, out->len, NULL));
    }
    s.word = g_strdup("kept");
    g_byte_array_set_size(out, 0);
    state_save(rows, &s, out);
    state_reset(rows, &s);
    g_assert_cmpstr(s.word, ==, "kept");
    g_clear_pointer(&s.word, g_free);
    g_assert_true(state_load(rows, &s, 0, out->data, out->len, NULL));
    g_assert_cmpstr(s.word, ==, "kept");
    g_assert_null(s.cell);
    g_free(s.word);
}

static void add_tests(void)
{
    g_test_add_func("/qom/values/scalars", test_scalars);
    g_test_add_func("/qom/values/lists", test_lists);
    g_test_add_func("/qom/values/no-hole", test_no_hole);
    g_test_add_func("/qom/values/bad-streams", test_bad_streams);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
