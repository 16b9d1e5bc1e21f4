/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding scalars: types, widths, bounds, and text for scalars in lenient mode.
 */
#include "config.h"
#include "qmp/decode.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "qmp/qapi-types-builtin.h"
#include "qmp/storage.h"
#include "qmp/text.h"

/* How many enum values a message lists if none is close to what was sent. */
enum { LIST_VALUES_MAX = 12 };

static const char *const kind_names[] = {
    [QMP_VALUE_NULL] = "null",
    [QMP_VALUE_BOOL] = "a boolean",
    [QMP_VALUE_INT] = "an integer",
    [QMP_VALUE_UINT] = "an integer",
    [QMP_VALUE_NUMBER] = "a number",
    [QMP_VALUE_STR] = "a string",
    [QMP_VALUE_LIST] = "a list",
    [QMP_VALUE_DICT] = "an object",
};

/* Outermost element first; the outermost place has no name. */
static void append_path(GString *path, const QmpPlace *place)
{
    if (!place->up) {
        return;
    }
    append_path(path, place->up);
    if (!place->name) {
        g_string_append_printf(path, "[%" G_GSIZE_FORMAT "]", place->index);
        return;
    }
    if (path->len) {
        g_string_append_c(path, '.');
    }
    g_string_append(path, place->name);
}

static char *path_of(const QmpPlace *place)
{
    GString *path = g_string_new(NULL);

    append_path(path, place);
    return g_string_free(path, FALSE);
}

bool qmp_decode_fail(const QmpPlace *place, GError **error, ErrorReason reason,
                     const char *format, ...)
{
    g_autofree char *message = NULL, *subject = NULL, *path = NULL;
    va_list args;

    if (!error) {
        return false;
    }
    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    path = path_of(place);
    if (!*path) {
        qmp_error_set(error, reason, "value %s", message);
        return false;
    }
    /* A member's name comes from the client when it is unknown. */
    subject = qmp_text_quote(path);
    qmp_error_set(error, reason, "parameter %s %s", subject, message);
    qmp_error_prefix_path(*error, path);
    return false;
}

bool qmp_decode_judge(const QmpInput *input, const QmpPlace *place, guint32 marks,
                      const char *what, GError **error)
{
    g_autofree char *path = NULL, *quoted = NULL, *subject = NULL;

    if (!input->policy || !(marks & QMP_MARKS)) {
        return true;
    }
    path = path_of(place);
    quoted = qmp_text_quote(path);
    subject = g_strdup_printf("%s%sparameter %s", what ? what : "", what ? " of " : "", quoted);
    if (qmp_policy_judge(input->policy, marks, subject, error)) {
        return true;
    }
    qmp_error_prefix_path(error ? *error : NULL, path);
    return false;
}

bool qmp_decode_judge_lenient(const QmpInput *input, const QmpPlace *place, const void *node,
                              const char *expected, GError **error)
{
    QmpPolicyAction action = qmp_policy_action(input->policy, QMP_POLICY_LENIENT);
    const char *kind = kind_names[input->ops->kind(node)];
    g_autofree char *path = NULL;

    if (action == QMP_POLICY_REJECT) {
        return qmp_decode_fail(place, error, ERROR_REASON_LENIENT_INPUT, "must be %s, not %s, "
                               "and the policy rejects lenient input", expected, kind);
    }
    if (action == QMP_POLICY_LOG) {
        path = path_of(place);
        qmp_policy_note(input->policy, "parameter '%s' is %s for %s", path, kind, expected);
    }
    return true;
}

bool qmp_decode_fail_type(const QmpInput *input, const QmpPlace *place, const void *node,
                          const char *expected, GError **error)
{
    return qmp_decode_fail(place, error, ERROR_REASON_INVALID_TYPE, "must be %s, not %s",
                           expected, kind_names[input->ops->kind(node)]);
}

/* The client's text for a message; hidden if the place is secret. */
static char *quote_client(const QmpPlace *place, const char *text)
{
    if (place->row && place->row->flags & QMP_MEMBER_SECRET) {
        return g_strdup("a secret value");
    }
    return qmp_text_quote(text);
}

const char *qmp_decode_text(const QmpInput *input, const QmpPlace *place, const void *node,
                            const char *expected, GError **error)
{
    const char *text;
    gsize length;

    if (input->ops->kind(node) != QMP_VALUE_STR) {
        qmp_decode_fail_type(input, place, node, expected, error);
        return NULL;
    }
    text = input->ops->get_str(node, &length);
    if (strlen(text) != length) {
        qmp_decode_fail(place, error, ERROR_REASON_INVALID_VALUE,
                        "must not contain the character U+0000");
        return NULL;
    }
    return text;
}

bool qmp_decode_check_length(const QmpPlace *place, gsize length, const char *unit,
                             GError **error)
{
    const QmpMember *row = place->row;

    if (row && row->flags & QMP_MEMBER_HAS_MIN && length < row->min.u) {
        return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE,
                               "must have at least %" G_GUINT64_FORMAT " %s, not %" G_GSIZE_FORMAT,
                               row->min.u, unit, length);
    }
    if (row && row->flags & QMP_MEMBER_HAS_MAX && length > row->max.u) {
        return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE,
                               "must have at most %" G_GUINT64_FORMAT " %s, not %" G_GSIZE_FORMAT,
                               row->max.u, unit, length);
    }
    return true;
}

static bool scalars_equal(const QmpType *type, QmpScalar a, QmpScalar b)
{
    return type->kind == QMP_KIND_STR ? g_str_equal(a.s, b.s) : a.u == b.u;
}

static char *scalar_text(const QmpType *type, QmpScalar value)
{
    return type->kind == QMP_KIND_BOOL ? g_strdup(value.u ? "true" : "false")
           : g_strdup_printf("'%s'", type->kind == QMP_KIND_STR ? value.s
                                     : qmp_name(qmp_values(type)[value.u].name));
}

bool qmp_decode_check_only(const QmpPlace *place, const QmpMember *row, const QmpType *type,
                           QmpScalar value, GError **error)
{
    g_autoptr(GString) supported = NULL;
    g_autofree char *text = NULL;

    if (!row || !row->n_only) {
        return true;
    }
    supported = g_string_new(NULL);
    for (guint i = 0; i < row->n_only; i++) {
        QmpScalar only = qmp_scalar(type->kind, qmp_only(row)[i]);
        g_autofree char *one = scalar_text(type, only);

        if (scalars_equal(type, only, value)) {
            return true;
        }
        g_string_append_printf(supported, "%s%s", i ? " or " : "", one);
    }
    if (type->kind == QMP_KIND_STR) {
        text = quote_client(place, value.s);
    } else {
        text = scalar_text(type, value);
    }
    return qmp_decode_fail(place, error, ERROR_REASON_NOT_SUPPORTED,
                           "cannot be %s: only %s is supported", text, supported->str);
}

/* Text for a scalar, if the mode takes it: sets *ret_text, else an error. */
static bool lenient_text(const QmpInput *input, const QmpPlace *place, const void *node,
                         const char *expected, const char **ret_text, GError **error)
{
    if (input->mode != QMP_INPUT_LENIENT || input->ops->kind(node) != QMP_VALUE_STR) {
        return qmp_decode_fail_type(input, place, node, expected, error);
    }
    if (!qmp_decode_judge_lenient(input, place, node, expected, error)) {
        return false;
    }
    *ret_text = qmp_decode_text(input, place, node, expected, error);
    return *ret_text != NULL;
}

static bool fail_text(const QmpPlace *place, const char *text, const char *expected,
                      GError **error)
{
    g_autofree char *quoted = quote_client(place, text);

    return qmp_decode_fail(place, error, ERROR_REASON_INVALID_VALUE, "must be %s, not %s",
                           expected, quoted);
}

/* Elements of a list have no row. */
static bool check_only(const QmpPlace *place, const QmpType *type, QmpScalar value,
                       GError **error)
{
    return qmp_decode_check_only(place, place->row, type, value, error);
}

static bool decode_bool(const QmpInput *input, const void *node, bool *storage,
                        const QmpPlace *place, GError **error)
{
    const char *text;

    if (input->ops->kind(node) == QMP_VALUE_BOOL) {
        *storage = input->ops->get_bool(node);
        return check_only(place, &qmp_type_bool, (QmpScalar){ .u = *storage }, error);
    }
    if (!lenient_text(input, place, node, "a boolean", &text, error)) {
        return false;
    }
    if (qmp_parse_bool(text, storage) != QMP_PARSE_OK) {
        return fail_text(place, text, "'on' or 'off'", error);
    }
    return check_only(place, &qmp_type_bool, (QmpScalar){ .u = *storage }, error);
}

/* Signed integers */

static bool fail_int_range(const QmpType *type, const QmpPlace *place, const char *value,
                           GError **error)
{
    gsize bits = qmp_storage_size(type) * 8;
    gint64 max = (gint64)(((guint64)1 << (bits - 1)) - 1), min = -max - 1;

    if (place->row && place->row->flags & QMP_MEMBER_HAS_MIN) {
        min = MAX(min, place->row->min.i);
    }
    if (place->row && place->row->flags & QMP_MEMBER_HAS_MAX) {
        max = MIN(max, place->row->max.i);
    }
    return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE,
                           "must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                           ", not %s", min, max, value);
}

static bool int_fits(const QmpType *type, const QmpPlace *place, gint64 value)
{
    int shift = 64 - qmp_storage_size(type) * 8;
    const QmpMember *row = place->row;

    if ((gint64)((guint64)value << shift) >> shift != value) {
        return false;
    }
    return !(row && row->flags & QMP_MEMBER_HAS_MIN && value < row->min.i) &&
           !(row && row->flags & QMP_MEMBER_HAS_MAX && value > row->max.i);
}

/* A JSON number beyond 64 bits can only be out of range, however it is written. */
static bool is_huge(const QmpInput *input, const void *node)
{
    return input->ops->kind(node) == QMP_VALUE_NUMBER &&
           fabs(input->ops->get_number(node)) >= 0x1p63;
}

static bool fail_huge(const QmpInput *input, const QmpType *type, const void *node,
                      const QmpPlace *place, GError **error);

static bool decode_int(const QmpInput *input, const QmpType *type, const void *node,
                       void *storage, const QmpPlace *place, GError **error)
{
    QmpValueKind kind = input->ops->kind(node);
    const char *text = NULL;
    gint64 value = 0;
    QmpParse parsed;

    if (kind == QMP_VALUE_UINT || is_huge(input, node)) {
        return fail_huge(input, type, node, place, error);
    }
    if (kind == QMP_VALUE_INT) {
        value = input->ops->get_int(node);
    } else {
        if (!lenient_text(input, place, node, "an integer", &text, error)) {
            return false;
        }
        parsed = qmp_parse_int(text, &value);
        if (parsed == QMP_PARSE_INVALID) {
            return fail_text(place, text, "an integer", error);
        }
        if (parsed == QMP_PARSE_RANGE) {
            g_autofree char *quoted = quote_client(place, text);

            return fail_int_range(type, place, quoted, error);
        }
    }
    if (!int_fits(type, place, value)) {
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, value);

        return fail_int_range(type, place, number, error);
    }
    qmp_storage_set_int(type, storage, value);
    return true;
}

/* Unsigned integers and sizes */

static bool fail_uint_range(const QmpType *type, const QmpPlace *place, const char *value,
                            GError **error)
{
    gsize bits = qmp_storage_size(type) * 8;
    guint64 min = 0, max = G_MAXUINT64 >> (64 - bits);

    if (place->row && place->row->flags & QMP_MEMBER_HAS_MIN) {
        min = place->row->min.u;
    }
    if (place->row && place->row->flags & QMP_MEMBER_HAS_MAX) {
        max = MIN(max, place->row->max.u);
    }
    return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE,
                           "must be between %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                           ", not %s", min, max, value);
}

static bool fail_huge(const QmpInput *input, const QmpType *type, const void *node,
                      const QmpPlace *place, GError **error)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    if (input->ops->kind(node) == QMP_VALUE_UINT) {
        g_snprintf(number, sizeof(number), "%" G_GUINT64_FORMAT, input->ops->get_uint(node));
    } else {
        qmp_text_number(number, input->ops->get_number(node));
    }
    return qmp_is_signed(type->kind) ? fail_int_range(type, place, number, error)
                                     : fail_uint_range(type, place, number, error);
}

static bool uint_fits(const QmpType *type, const QmpPlace *place, guint64 value)
{
    const QmpMember *row = place->row;

    if (value > G_MAXUINT64 >> (64 - qmp_storage_size(type) * 8)) {
        return false;
    }
    return !(row && row->flags & QMP_MEMBER_HAS_MIN && value < row->min.u) &&
           !(row && row->flags & QMP_MEMBER_HAS_MAX && value > row->max.u);
}

static bool decode_uint_text(const QmpInput *input, const QmpType *type, const void *node,
                             guint64 *ret, const QmpPlace *place, GError **error)
{
    bool is_size = type->kind == QMP_KIND_SIZE;
    const char *expected = is_size ? "a size in bytes" : "an integer";
    g_autofree char *quoted = NULL;
    const char *text = NULL;
    QmpParse parsed;

    if (!lenient_text(input, place, node, expected, &text, error)) {
        return false;
    }
    parsed = is_size ? qmp_parse_size(text, ret) : qmp_parse_uint(text, ret);
    if (parsed == QMP_PARSE_INVALID) {
        return fail_text(place, text, expected, error);
    }
    if (parsed == QMP_PARSE_RANGE) {
        quoted = quote_client(place, text);
        return fail_uint_range(type, place, quoted, error);
    }
    return true;
}

static bool decode_uint(const QmpInput *input, const QmpType *type, const void *node,
                        void *storage, const QmpPlace *place, GError **error)
{
    g_autofree char *number = NULL;
    guint64 value = 0;

    switch (input->ops->kind(node)) {
    case QMP_VALUE_UINT:
        value = input->ops->get_uint(node);
        break;
    case QMP_VALUE_INT:
        if (input->ops->get_int(node) < 0) {
            number = g_strdup_printf("%" G_GINT64_FORMAT, input->ops->get_int(node));
            return fail_uint_range(type, place, number, error);
        }
        value = input->ops->get_int(node);
        break;
    default:
        if (is_huge(input, node)) {
            return fail_huge(input, type, node, place, error);
        }
        if (!decode_uint_text(input, type, node, &value, place, error)) {
            return false;
        }
        break;
    }
    if (!uint_fits(type, place, value)) {
        number = g_strdup_printf("%" G_GUINT64_FORMAT, value);
        return fail_uint_range(type, place, number, error);
    }
    qmp_storage_set_uint(type, storage, value);
    return true;
}

/* Numbers, strings, enums, links */

static bool fail_number(const QmpPlace *place, const char *bound, double limit, double value,
                        GError **error)
{
    char limit_text[G_ASCII_DTOSTR_BUF_SIZE], text[G_ASCII_DTOSTR_BUF_SIZE];

    return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE, "must be at %s %s, not %s",
                           bound, qmp_text_number(limit_text, limit),
                           qmp_text_number(text, value));
}

static bool decode_number(const QmpInput *input, const void *node, double *storage,
                          const QmpPlace *place, GError **error)
{
    const QmpMember *row = place->row;
    const char *text;
    double value = 0;

    switch (input->ops->kind(node)) {
    case QMP_VALUE_INT:
        value = input->ops->get_int(node);
        break;
    case QMP_VALUE_UINT:
        value = input->ops->get_uint(node);
        break;
    case QMP_VALUE_NUMBER:
        value = input->ops->get_number(node);
        break;
    default:
        if (!lenient_text(input, place, node, "a number", &text, error)) {
            return false;
        }
        if (qmp_parse_number(text, &value) != QMP_PARSE_OK) {
            return fail_text(place, text, "a number", error);
        }
        break;
    }
    if (!isfinite(value)) {
        return qmp_decode_fail(place, error, ERROR_REASON_OUT_OF_RANGE, "must be finite");
    }
    if (row && row->flags & QMP_MEMBER_HAS_MIN && value < row->min.d) {
        return fail_number(place, "least", row->min.d, value, error);
    }
    if (row && row->flags & QMP_MEMBER_HAS_MAX && value > row->max.d) {
        return fail_number(place, "most", row->max.d, value, error);
    }
    *storage = value;
    return true;
}

static bool decode_str(const QmpInput *input, const void *node, char **storage,
                       const QmpPlace *place, GError **error)
{
    const char *text = qmp_decode_text(input, place, node, "a string", error);

    if (!text || !qmp_decode_check_length(place, strlen(text), "bytes", error)) {
        return false;
    }
    *storage = g_strdup(text);
    return check_only(place, &qmp_type_str, (QmpScalar){ .s = text }, error);
}

static bool fail_enum(const QmpType *type, const char *text, const QmpPlace *place,
                      GError **error)
{
    g_autofree char *quoted = quote_client(place, text);
    g_autoptr(GString) hint = g_string_new(NULL);
    QmpNearest nearest;

    qmp_nearest_init(&nearest, text);
    for (guint i = 0; i < type->n_values; i++) {
        qmp_nearest_add(&nearest, qmp_name(qmp_values(type)[i].name));
    }
    if (nearest.best) {
        g_autofree char *meant = qmp_nearest_hint(&nearest);

        g_string_append(hint, meant);
    } else if (type->n_values <= LIST_VALUES_MAX) {
        for (guint i = 0; i < type->n_values; i++) {
            g_string_append_printf(hint, "%s'%s'", i ? ", " : "; it takes ",
                                   qmp_name(qmp_values(type)[i].name));
        }
    }
    return qmp_decode_fail(place, error, ERROR_REASON_INVALID_VALUE, "does not take %s%s",
                           quoted, hint->str);
}

static bool judge_value(const QmpInput *input, const QmpEnumValue *value, const QmpPlace *place,
                        GError **error)
{
    g_autofree char *what = NULL;

    if (!(value->flags & QMP_MARKS)) {
        return true;
    }
    what = g_strdup_printf("value '%s'", qmp_name(value->name));
    return qmp_decode_judge(input, place, value->flags, what, error);
}

static bool decode_enum(const QmpInput *input, const QmpType *type, const void *node,
                        int *storage, const QmpPlace *place, GError **error)
{
    const char *text = qmp_decode_text(input, place, node, "a string", error);
    int value;

    if (!text) {
        return false;
    }
    value = qmp_enum_parse(type, text);
    if (value < 0) {
        return fail_enum(type, text, place, error);
    }
    *storage = value;
    return check_only(place, type, (QmpScalar){ .u = value }, error) &&
           judge_value(input, &qmp_values(type)[value], place, error);
}

bool qmp_decode_scalar(const QmpInput *input, const QmpType *type, const void *node,
                       void *storage, const QmpPlace *place, GError **error)
{
    if (qmp_is_signed(type->kind)) {
        return decode_int(input, type, node, storage, place, error);
    }
    if (qmp_is_unsigned(type->kind)) {
        return decode_uint(input, type, node, storage, place, error);
    }
    switch (type->kind) {
    case QMP_KIND_BOOL:
        return decode_bool(input, node, storage, place, error);
    case QMP_KIND_NUMBER:
        return decode_number(input, node, storage, place, error);
    case QMP_KIND_STR:
        return decode_str(input, node, storage, place, error);
    case QMP_KIND_LINK:
        return decode_str(input, node, &((QmpLink *)storage)->path, place, error);
    case QMP_KIND_ENUM:
        return decode_enum(input, type, node, storage, place, error);
    case QMP_KIND_ANY:
        *(QmpValue **)storage = qmp_input_to_value(input, node);
        return true;
    default:
        if (input->ops->kind(node) != QMP_VALUE_NULL) {
            return qmp_decode_fail_type(input, place, node, "null", error);
        }
        return true;
    }
}
