/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target without a fuzzer: each file of its corpus as it is, then
 * MUTATIONS times with a few bytes changed, always the same ones.  A target
 * fails by crashing.
 *
 * The corpus is tests/fuzz/corpus/NAME for a program fuzz-NAME.
 */
#include "config.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { MUTATIONS = 300, CHANGES_MAX = 8 };

static void mutate(GRand *rand, GByteArray *bytes)
{
    guint changes = g_rand_int_range(rand, 1, CHANGES_MAX);

    for (guint i = 0; i < changes && bytes->len; i++) {
        guint at = g_rand_int_range(rand, 0, bytes->len);
        guint8 byte = g_rand_int_range(rand, 0, 256);

        switch (g_rand_int_range(rand, 0, 4)) {
        case 0:
            bytes->data[at] = byte;
            break;
        case 1:
            bytes->data[at] ^= 1 << (byte & 7);
            break;
        case 2:
            g_byte_array_remove_range(bytes, at, MIN(byte & 15, bytes->len - at));
            break;
        default:
            /* A byte of its own: brackets and quotes where none were. */
            byte = bytes->data[at];
            g_byte_array_append(bytes, &byte, 1);
            break;
        }
    }
}

static void test_file(const void *data)
{
    g_autofree char *text = NULL;
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autoptr(GError) error = NULL;
    gsize length;

    g_file_get_contents(data, &text, &length, &error);
    g_assert_no_error(error);
    LLVMFuzzerTestOneInput((const guint8 *)text, length);
    for (guint i = 0; i < MUTATIONS; i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autofree guint8 *exact = NULL;

        g_byte_array_append(bytes, (const guint8 *)text, length);
        mutate(rand, bytes);
        /* In a block of its own size, where the sanitizer sees its end. */
        exact = g_memdup2(bytes->data, bytes->len);
        LLVMFuzzerTestOneInput(exact, bytes->len);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *program = g_path_get_basename(argv[0]);
    const char *name = g_str_has_prefix(program, "lt-") ? program + 3 : program;
    g_autofree char *folder = NULL;
    const char *file;
    GDir *dir;

    g_test_init(&argc, &argv, NULL);
    folder = g_test_build_filename(G_TEST_DIST, "tests", "fuzz", "corpus",
                                   name + strlen("fuzz-"), NULL);
    dir = g_dir_open(folder, 0, NULL);
    if (!dir) {
        g_printerr("no corpus in %s\n", folder);
        return 1;
    }
    while ((file = g_dir_read_name(dir))) {
        g_autofree char *test = g_strdup_printf("/fuzz/%s/%s", name + strlen("fuzz-"), file);

        g_test_add_data_func_full(test, g_build_filename(folder, file, NULL), test_file, g_free);
    }
    g_dir_close(dir);
    return g_test_run();
}
