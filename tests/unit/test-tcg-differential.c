/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random 64-bit code, run by the host's own processor and as its translation: all
 * registers, flags, vectors, x87, memory, and the fault must be equal.  Host and guest
 * are the same silicon, so flags that the manual leaves undefined must agree as well.
 *
 * VMD_TEST_SEED and VMD_TEST_COUNT (of cases) choose what is run; see `make differential`.
 */
#include "config.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/tcg-native.h"
#include "tests/lib/tcg-random.h"
#include "tests/lib/tcg-rig.h"

enum { MAX_DIFFERENCES = 20 };

/* ---- Comparison ---- */

static void print_code(const RandomCase *c)
{
    for (guint at = 0; at < c->length; ) {
        ZydisDisassembledInstruction text;
        GString *line = g_string_new("#   ");
        guint length = c->length - at;

        if (ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64,
                                               RUN_CODE + RUN_CODE_OFFSET + at, c->code + at,
                                               length, &text))) {
            length = text.info.length;
        }
        for (guint i = 0; i < length; i++) {
            g_string_append_printf(line, " %02x", c->code[at + i]);
        }
        g_printerr("%s   %s\n", line->str, text.text);
        g_string_free(line, TRUE);
        at += length;
    }
}

static bool same(const char *what, guint64 was, guint64 is, guint64 ours)
{
    if (is != ours) {
        g_printerr("# %s: was %" G_GINT64_MODIFIER "x, is %" G_GINT64_MODIFIER
                   "x, ours %" G_GINT64_MODIFIER "x\n", what, was, is, ours);
    }
    return is == ours;
}

static bool same_bytes(const char *what, const guint8 *was, const guint8 *is, const guint8 *ours,
                       guint first, guint end)
{
    for (guint i = first; i < end; i++) {
        if (is[i] != ours[i]) {
            g_autofree char *where = g_strdup_printf("%s at 0x%x", what, i);

            return same(where, was[i], is[i], ours[i]);
        }
    }
    return true;
}

/* Not what is the host's own: the last opcode and pointers of the x87, and reserved parts. */
static bool same_vectors(const Run *start, const Run *is, const Run *ours)
{
    return same_bytes("x87", start->vector, is->vector, ours->vector, 0, 6) &
           same_bytes("MXCSR", start->vector, is->vector, ours->vector, 24, 28) &
           same_bytes("vector", start->vector, is->vector, ours->vector, 32, 416) &
           same_bytes("upper half", start->vector, is->vector, ours->vector, 576,
                      RUN_VECTOR_BYTES);
}

/* Flags that nothing reads any more may be stale at a fault, unless they are exact. */
static bool is_equal(const Run *start, const Run *is, const Run *ours, bool exact)
{
    static const char *const names[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                           "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
    bool equal = same("fault", start->fault, is->fault, ours->fault);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        equal &= same(names[i], start->gpr[i], is->gpr[i], ours->gpr[i]);
    }
    equal &= same("rip", start->rip, is->rip, ours->rip);
    if (exact || is->fault == RUN_NO_FAULT) {
        equal &= same("flags", start->flags & EFLAGS_ARITHMETIC, is->flags, ours->flags);
    }
    return equal & same_vectors(start, is, ours) &
           same_bytes("memory", start->data, is->data, ours->data, 0, RUN_DATA_SIZE);
}

/* Whether both do the same. */
static bool is_same_case(const RandomCase *c, const RigOptions *options)
{
    const Run *is = native_run(&c->start, c->code, c->length);
    const Run *ours = rig_run(&c->start, c->code, c->length, options);

    g_assert_nonnull(ours);
    if (is_equal(&c->start, is, ours, options->exact)) {
        return true;
    }
    g_printerr("# %s%s%s\n", options->exact ? "exact flags " : "",
               options->trace ? "trace " : "", options->bounce ? "copied" : "");
    print_code(c);
    return false;
}

/* ---- Random cases ---- */

static void make_case(RandomCase *c)
{
    guint n = random_below(2) ? 1 : 2 + random_below(RANDOM_MAX_INSNS - 1);

    random_start(c);
    c->start.fs_base = native_fs_base();
    for (guint tries = 0; c->n == 0 || (c->n < n && tries < 300); tries++) {
        random_add(c);
    }
}

static guint from_environment(const char *name, guint otherwise)
{
    const char *value = g_getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

static void test_random(void)
{
    guint seed = from_environment("VMD_TEST_SEED", 1);
    guint count = from_environment("VMD_TEST_COUNT", 100000), differences = 0;
    guint instructions = 0;
    static RandomCase c;

    random_open(seed);
    for (guint i = 0; i < count && differences < MAX_DIFFERENCES; i++) {
        RigOptions options = { .mode = RIG_MODE_64 };

        make_case(&c);
        options.exact = random_below(2);
        options.trace = random_below(2);
        options.bounce = random_below(4) == 0;
        differences += !is_same_case(&c, &options);
        instructions += c.n;
    }
    g_test_message("seed %u, %u cases, %u instructions, %u differences", seed, count, instructions,
                   differences);
    g_assert_cmpuint(differences, ==, 0);
}

/* ---- Cases that once differed ---- */

typedef struct {
    const char *name;
    const char *insn[3];        /* up to 15 bytes each; NULL: none */
} FixedCase;

static const FixedCase fixed[] = {
    { "flags at a fault after the look-up", { "\x48\x01\xc8", "\x0f\x28\x07" } },
    { "flags that a faulting comparison would have written",
      { "\x48\x85\xd2", "\x0f\x2e\xb9\xba\x96\x7e\x99" } },
    { "flags at a fault between registers", { "\x48\x85\xd2", "\x0f\x2e\xc1" } },
    { "x87 has an exception pending when SSE faults", { "\xd8\xf1", "\xf2\x0f\x59\xc1" } },
};

static void test_fixed(gconstpointer data)
{
    const FixedCase *row = data;
    static RandomCase c;

    random_open(1);
    for (guint i = 0; i < 2000; i++) {
        RigOptions options = { .mode = RIG_MODE_64, .exact = true, .bounce = i & 1 };

        random_start(&c);
        c.start.fs_base = native_fs_base();
        for (guint k = 0; k < G_N_ELEMENTS(row->insn) && row->insn[k]; k++) {
            guint8 bytes[15] = { 0 };

            memcpy(bytes, row->insn[k], strlen(row->insn[k]));
            g_assert_true(random_add_bytes(&c, bytes));
        }
        g_assert_true(is_same_case(&c, &options));
    }
}

static void add_fixed(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(fixed); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/differential/%s", fixed[i].name);

        g_test_add_data_func(path, &fixed[i], test_fixed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    native_open();
    rig_open();
    add_fixed();
    g_test_add_func("/tcg/differential/random", test_random);
    return g_test_run();
}
