/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmp/library.c: libraries that exist, that do not, and that lack a function.  The one that
 * exists is libm: this program is not linked with the functions that it calls.
 */
#include "config.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/library.h"

int no_such_function(int number);
int another_function(int number);

#define GOOD_FUNCTIONS(F, L) \
    F(L, double, lgamma, (double x), (x)) \
    F(L, float, lgammaf, (float x), (x))
LIBRARY_DEFINE(good, "libm.so.6", "libc6", "sums", GOOD_FUNCTIONS)

#define MISSING_FUNCTIONS(F, L) \
    F(L, int, another_function, (int number), (number))
LIBRARY_DEFINE(missing, "libno-such-library.so.7", "libno-such7", "dreams", MISSING_FUNCTIONS)

#define POOR_FUNCTIONS(F, L) \
    F(L, int, no_such_function, (int number), (number))
LIBRARY_DEFINE(poor, "libm.so.6", "libc6", "wishes", POOR_FUNCTIONS)

static void test_good(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(library_load(&good, &error));
    g_assert_no_error(error);
    g_assert_cmpfloat_with_epsilon(lgamma(5), log(24), 1e-9);
    g_assert_cmpfloat_with_epsilon(lgammaf(4), log(6), 1e-5);
    g_assert_true(library_load(&good, &error));
}

static void expect_refusal(Library *library, const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(library_load(library, &error));
    g_assert_error(error, QMP_ERROR, ERROR_REASON_NOT_SUPPORTED);
    g_test_message("%s", error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
}

/* Each time: it may have been installed meanwhile. */
static void test_missing(void)
{
    for (int i = 0; i < 2; i++) {
        expect_refusal(&missing, "libno-such-library.so.7, which dreams need, cannot be loaded "
                                 "(package libno-such7): *No such file or directory");
    }
}

static void test_poor(void)
{
    expect_refusal(&poor, "libm.so.6, which wishes need, cannot be loaded (package libc6): "
                          "*no_such_function");
}

static gpointer load(gpointer opaque)
{
    return GINT_TO_POINTER(library_load(opaque, NULL));
}

/* All threads see it complete, whichever was first. */
static void test_threads(void)
{
    GThread *threads[8];

    good.loaded = false;
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new(NULL, load, &good);
    }
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_assert_true(GPOINTER_TO_INT(g_thread_join(threads[i])));
    }
    g_assert_cmpfloat_with_epsilon(lgamma(5), log(24), 1e-9);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp/library/good", test_good);
    g_test_add_func("/qmp/library/missing", test_missing);
    g_test_add_func("/qmp/library/poor", test_poor);
    g_test_add_func("/qmp/library/threads", test_threads);
    return g_test_run();
}
