/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The argument that an error blames: setting, moving and renaming its path, and
 * taking off what the request has not.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "qmp/blame.h"
#include "qmp/error.h"
#include "qmp/json.h"

static void test_set(void)
{
    g_autoptr(GError) error = NULL;

    qmp_error_set_at(&error, "size", ERROR_REASON_OUT_OF_RANGE, "%d is too much", 7);
    g_assert_error(error, QMP_ERROR, ERROR_REASON_OUT_OF_RANGE);
    g_assert_cmpstr(error->message, ==, "7 is too much");
    g_assert_cmpstr(qmp_error_path(error), ==, "size");
    g_assert_false(qmp_error_blame(&error, "other"));
    g_assert_cmpstr(qmp_error_path(error), ==, "size");
    qmp_error_replace_path(error, NULL);
    g_assert_null(qmp_error_path(error));
    g_assert_false(qmp_error_blame(&error, "other"));
    g_assert_cmpstr(qmp_error_path(error), ==, "other");
    qmp_error_set_at(NULL, "size", ERROR_REASON_GENERIC, "nobody listens");
    g_assert_false(qmp_error_blame(NULL, "size"));
}

/* A client's text makes no second line, and no message without end. */
static void test_tidy(void)
{
    g_autofree char *text = g_strnfill(5000, 'x');
    g_autoptr(GError) error = NULL, other = NULL;

    memcpy(text, "a\nb\tc", 5);
    qmp_error_set(&error, ERROR_REASON_GENERIC, "object '%s' not found", text);
    g_assert_cmpuint(strlen(error->message), <=, 1000);
    g_assert_true(g_str_has_prefix(error->message, "object 'a?b?cx"));
    g_assert_true(g_str_has_suffix(error->message, "x..."));
    qmp_error_set_errno(&other, ERROR_REASON_GENERIC, ENOENT, "cannot open '%s'", text);
    g_assert_true(g_str_has_suffix(other->message, "x...: No such file or directory"));
    memset(text, 0xc3, 5000);
    for (guint i = 1; i < 5000; i += 2) {
        text[i] = 0xbc;
    }
    g_clear_error(&error);
    qmp_error_set_at(&error, "x", ERROR_REASON_GENERIC, "%s", text);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_cmpstr(qmp_error_path(error), ==, "x");
}

static void test_rename(void)
{
    static const struct {
        const char *path, *from, *to, *result;
    } cases[] = {
        { "limits", "limits", "value", "value" },
        { "limits.iops", "limits", "value", "value.iops" },
        { "nodes[3]", "nodes", "value", "value[3]" },
        { "limits-max", "limits", "value", "limits-max" },
        { "size", "limits", "value", "size" },
        { "options.addr.host", "options", NULL, "addr.host" },
        { "options", "options", NULL, NULL },
        { "options[1]", "options", NULL, NULL },
        { NULL, "options", "value", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        qmp_error_set_at(&error, cases[i].path, ERROR_REASON_INVALID_VALUE, "x");
        qmp_error_rename_path(error, cases[i].from, cases[i].to);
        g_assert_cmpstr(qmp_error_path(error), ==, cases[i].result);
    }
}

/* The path of an error about these arguments, after the check. */
static char *checked(const json_t *arguments, ErrorReason reason, const char *path)
{
    g_autoptr(GError) error = NULL;

    qmp_error_set_at(&error, path, reason, "x");
    qmp_blame_check(error, &qmp_json_input, arguments);
    return g_strdup(qmp_error_path(error));
}

static void test_check(void)
{
    static const char text[] = "{\"a\": {\"b.c\": [1, {\"d\": null}]}, \"e[0]\": 1, \"f\": [[5]]}";
    static const struct {
        const char *path;
        bool there, missing;
    } cases[] = {
        { "a", true, true }, { "a.b.c", true, true }, { "a.b.c[1]", true, true },
        { "a.b.c[1].d", true, true }, { "e[0]", true, true }, { "f[0][0]", true, true },
        { "a.b", false, true }, { "b", false, true }, { "a.b.c[1].x", false, true },
        { "a.b.c[2]", false, true }, { "f[1]", false, true }, { "f.x", false, true },
        { "", true, true },
    };
    json_t *arguments = qmp_json_parse(text, strlen(text), NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *path = cases[i].path;
        g_autofree char *plain = checked(arguments, ERROR_REASON_INVALID_VALUE, path);
        g_autofree char *missing = checked(arguments, ERROR_REASON_PROPERTY_MISSING, path);
        g_autofree char *none = checked(NULL, ERROR_REASON_INVALID_VALUE, path);
        g_autofree char *none_missing = checked(NULL, ERROR_REASON_PROPERTY_MISSING, path);

        g_assert_cmpstr(plain, ==, cases[i].there ? path : NULL);
        g_assert_cmpstr(missing, ==, cases[i].missing ? path : NULL);
        g_assert_null(none);
        g_assert_cmpstr(none_missing, ==, path);
    }
    json_decref(arguments);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/blame/set", test_set);
    g_test_add_func("/qmp/blame/tidy", test_tidy);
    g_test_add_func("/qmp/blame/rename", test_rename);
    g_test_add_func("/qmp/blame/check", test_check);
    return g_test_run();
}
