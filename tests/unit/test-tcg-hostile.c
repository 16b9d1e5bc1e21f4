/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that do anything: random bytes as code in each mode, random tables, code that
 * changes itself, memory that changes under it, storms of interrupts.  Whatever a guest
 * does, the process lives on, and the machine can be paused.
 *
 * VMD_TEST_SEED chooses the strings, VMD_TEST_COUNT how many there are of each kind.
 * VMD_TEST_FIRST is the first one to run, to get at one that was named.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <stdlib.h>
#include <string.h>

#include "tcg/cache.h"

enum {
    CODE_SIZE = 0x400,
    MAX_EVENTS = 40,
    TIME = 1000,                /* microseconds that an endless loop gets */
    PAGE = 0x1000,
};

static guint seed, count, first;

static guint from_environment(const char *name, guint otherwise)
{
    const char *value = g_getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

static guint32 below(TcgRig *rig, guint n)
{
    return g_rand_int_range(rig->random, 0, n);
}

static guint64 random_64(TcgRig *rig)
{
    return (guint64)g_rand_int(rig->random) << 32 | g_rand_int(rig->random);
}

/* A number that is likely to mean something as an address, a count or a selector. */
static guint64 random_value(TcgRig *rig)
{
    switch (below(rig, 8)) {
    case 0:
        return random_64(rig);
    case 1:
        return below(rig, 64);
    case 2:
        return TCG_RIG_CODE + below(rig, CODE_SIZE);
    case 3:
        return (below(rig, TCG_RIG_RAM / PAGE + 1) * PAGE) - below(rig, 16);
    case 4:
        return TCG_RIG_TABLES + below(rig, 0x3000);
    case 5:
        return 0 - (guint64)below(rig, 64);
    case 6:
        return TCG_RIG_ROM + below(rig, 2 * TCG_RIG_ROM_SIZE);
    default:
        return TCG_RIG_DATA + below(rig, 0x100000);
    }
}

/* ---- Code ---- */

/* Opcodes that reach what is special: system, segments, far transfers, strings. */
static guint one_special(TcgRig *rig, guint8 *to)
{
    static const guint8 two_bytes[] = {
        0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x31,
        0x32, 0x34, 0x35, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xab, 0xae, 0xb2, 0xb3, 0xb4, 0xb5, 0xba,
        0xbb, 0xc7, 0xe7, 0xf7, 0x2b, 0x18, 0x1f, 0x0d,
    };
    static const guint8 one_byte[] = {
        0x0e, 0x16, 0x06, 0x07, 0x17, 0x1f, 0x60, 0x61, 0x62, 0x63, 0x6c, 0x6d, 0x6e, 0x6f, 0x8c,
        0x8e, 0x9a, 0x9c, 0x9d, 0xa4, 0xa5, 0xaa, 0xab, 0xa6, 0xae, 0xc4, 0xc5, 0xc8, 0xc9, 0xca,
        0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd4, 0xd7, 0xe0, 0xe2, 0xe3, 0xe4, 0xec, 0xee, 0xea, 0xeb,
        0xf1, 0xf6, 0xfa, 0xfb, 0xfc, 0xfd, 0xff, 0xfe, 0xd8, 0xd9, 0xdb, 0xdd, 0xdf, 0x9b, 0xc2,
        0xe8, 0xe9, 0x70, 0x74, 0x86, 0x87,
    };
    static const guint8 prefixes[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e,
                                       0x64, 0x65, 0x48, 0x4c, 0x41 };
    guint n = 0;

    while (n < 3 && below(rig, 3) == 0) {
        to[n++] = prefixes[below(rig, sizeof(prefixes))];
    }
    if (below(rig, 2)) {
        to[n++] = 0x0f;
        to[n++] = two_bytes[below(rig, sizeof(two_bytes))];
    } else {
        to[n++] = one_byte[below(rig, sizeof(one_byte))];
    }
    to[n++] = g_rand_int(rig->random);
    return n;
}

static void random_code(TcgRig *rig, guint8 *code, guint size)
{
    guint n = 0, style = below(rig, 3);

    while (n < size - 8) {
        if (style > 0 && below(rig, 3) < style) {
            n += one_special(rig, code + n);
        } else {
            code[n++] = g_rand_int(rig->random);
        }
    }
    memset(code + n, 0x90, size - n);
}

static void random_registers(TcgRig *rig, X86CpuState *state)
{
    for (guint i = 0; i < 16; i++) {
        if (i != X86_RSP || below(rig, 8) == 0) {
            state->gpr[i] = random_value(rig);
        }
    }
    state->rflags |= g_rand_int(rig->random) &
                     (EFLAGS_ARITHMETIC | EFLAGS_DF | EFLAGS_IF | EFLAGS_NT | EFLAGS_AC);
    if (below(rig, 16) == 0) {
        state->rflags |= EFLAGS_TF;
    }
    if (below(rig, 16) == 0) {
        state->dr[7] = g_rand_int(rig->random);
        for (guint i = 0; i < 4; i++) {
            state->dr[i] = random_value(rig);
        }
    }
    if (below(rig, 4) == 0) {
        state->rip = 2 * PAGE - below(rig, 64);
    }
    if (below(rig, 2)) {
        state->cr4 |= CR4_OSXSAVE;
        state->xcr0 = 7;
    }
}

/* ---- Runs ---- */

/* The instruction that failed is passed byte by byte. */
static void skip_byte(TcgRig *rig, TcgRigEvent *event)
{
    event->rip += event->vector < 32 ? 1 + below(rig, 3) / 2 : 0;
}

static TcgRig *hostile_new_smp(guint n_cpus)
{
    TcgRig *rig = tcg_rig_new_smp(n_cpus, 1);

    rig->on_event = skip_byte;
    rig->max_events = MAX_EVENTS;
    rig->wanted = 1;
    return rig;
}

static TcgRig *hostile_new(void)
{
    return hostile_new_smp(1);
}

/* Each string begins with a generator of its own, so that it can be run alone. */
static void begin(TcgRig *rig, guint kind, guint i)
{
    rig->random = g_rand_new_with_seed_array((const guint32[]){ seed, kind, i }, 3);
}

static void end(TcgRig *rig, guint kind, guint i)
{
    g_test_message("kind %u string %u: %u events%s", kind, i, rig->n_events,
                   rig->n_resets ? ", reset" : "");
    if (rig->internal_error) {
        g_test_message("internal error: %s", rig->internal_error);
        g_clear_pointer(&rig->internal_error, g_free);
    }
    g_clear_pointer(&rig->random, g_rand_free);
}

static void set_up_string(TcgRig *rig, TcgRigMode mode, X86CpuState *state)
{
    guint8 code[2 * PAGE];

    tcg_rig_mode(rig, mode, state);
    random_registers(rig, state);
    random_code(rig, code, CODE_SIZE);
    random_code(rig, code + CODE_SIZE, CODE_SIZE);
    tcg_rig_load(rig, TCG_RIG_CODE, code, CODE_SIZE);
    tcg_rig_load(rig, 2 * PAGE - 64, code + CODE_SIZE, CODE_SIZE);
}

static void test_code(gconstpointer data)
{
    TcgRigMode mode = GPOINTER_TO_UINT(data);
    g_autoptr(TcgRig) rig = hostile_new();
    X86CpuState state;

    for (guint i = first; i < first + count; i++) {
        begin(rig, mode, i);
        set_up_string(rig, mode, &state);
        tcg_rig_reset(rig, &state);
        tcg_rig_run(rig, TIME);
        end(rig, mode, i);
    }
}

/* Tables of descriptors, gates, tasks, and pages are spoilt in a few places. */
static void test_tables(void)
{
    g_autoptr(TcgRig) rig = hostile_new();
    X86CpuState state;

    for (guint i = first; i < first + count; i++) {
        begin(rig, 100, i);
        set_up_string(rig, below(rig, TCG_RIG_N_MODES), &state);
        for (guint n = below(rig, 200); n > 0; n--) {
            guint at = below(rig, 2) ? TCG_RIG_TABLES + below(rig, 0xc00)
                                     : TCG_RIG_PAGE_TABLES + below(rig, 0x5000);

            rig->ram[at] ^= 1u << below(rig, 8);
        }
        if (below(rig, 4) == 0) {
            state.gdt.limit = below(rig, 0x60);
            state.idt.limit = below(rig, 0x200);
        }
        if (below(rig, 4) == 0) {
            state.ldt = (X86Segment){ .base = TCG_RIG_TABLES + below(rig, 64), .limit = 0xfff,
                                      .selector = 8, .type = 2, .p = 1 };
            state.cr3 = random_value(rig) & ~0xfffull;
        }
        rig->ops->memory_written(rig->accel, 0, TCG_RIG_DATA);
        tcg_rig_reset(rig, &state);
        tcg_rig_run(rig, TIME);
        end(rig, 100, i);
    }
}

/* Meanwhile devices write into code, and interrupts of all kinds come. */
static void disturb(TcgRig *rig)
{
    AccelMsi msi = { .address = 0xfee00000, .data = below(rig, 0x800) };

    switch (below(rig, 5)) {
    case 0:
        rig->ops->msi_send(rig->accel, &msi);
        break;
    case 1:
        rig->ops->vcpu_nmi(rig->accel, rig->cpu, NULL);
        break;
    case 2:
        rig->ops->set_extint(rig->accel, true);
        break;
    case 3:
        rig->ops->set_a20(rig->accel, below(rig, 2));
        break;
    default: {
        guint8 bytes[8];
        guint at = TCG_RIG_CODE + below(rig, CODE_SIZE);

        random_code(rig, bytes, sizeof(bytes));
        tcg_rig_load(rig, at, bytes, sizeof(bytes));
    }
    }
}

static void test_storm(void)
{
    g_autoptr(TcgRig) rig = hostile_new();
    X86CpuState state;

    rig->max_events = 0;
    for (guint i = first; i < first + count; i++) {
        begin(rig, 101, i);
        set_up_string(rig, below(rig, TCG_RIG_N_MODES), &state);
        if (below(rig, 2)) {
            state.apic_base &= ~(1ull << 11);
        }
        tcg_rig_reset(rig, &state);
        rig->ops->vcpus_resume(rig->accel);
        for (guint n = 0; n < 50; n++) {
            disturb(rig);
            g_mutex_unlock(&rig->lock);
            g_thread_yield();
            g_mutex_lock(&rig->lock);
        }
        tcg_rig_run(rig, TIME / 4);
        rig->ops->set_extint(rig->accel, false);
        rig->ops->set_a20(rig->accel, true);
        end(rig, 101, i);
    }
}

/* Several CPUs run the same code with other registers: they write to each other's code, tables and
 * stacks, and send each other whatever an APIC can. */
static void test_together(gconstpointer data)
{
    g_autoptr(TcgRig) rig = hostile_new_smp(GPOINTER_TO_UINT(data));
    X86CpuState state;

    rig->max_events = 4 * MAX_EVENTS;
    for (guint i = first; i < first + count; i++) {
        TcgRigMode mode;

        begin(rig, 102, i);
        mode = below(rig, TCG_RIG_N_MODES);
        set_up_string(rig, mode, &state);
        tcg_rig_reset(rig, &state);
        for (guint cpu = 1; cpu < rig->n_cpus; cpu++) {
            tcg_rig_mode(rig, mode, &state);
            random_registers(rig, &state);
            state.wait_for_sipi = below(rig, 8) == 0;
            tcg_rig_reset_cpu(rig, cpu, &state);
        }
        rig->ops->vcpus_resume(rig->accel);
        for (guint n = 0; n < 20; n++) {
            disturb(rig);
            g_mutex_unlock(&rig->lock);
            g_thread_yield();
            g_mutex_lock(&rig->lock);
        }
        tcg_rig_run(rig, TIME);
        rig->ops->set_extint(rig->accel, false);
        rig->ops->set_a20(rig->accel, true);
        end(rig, 102, i);
    }
}

/* ---- What was found so, once ---- */

static const struct {
    TcgRigMode mode;
    guint8 code[32];
    const char *trace;
} known[] = {
    /* add byte [2000h], 1 by opcode 82, which the host has not */
    { TCG_RIG_REAL, { 0x82, 0x06, 0x00, 0x20, 0x01, 0xe6, TCG_RIG_DONE }, "" },
    { TCG_RIG_LONG, { 0x82, 0xc0, 0x05 }, "6@1000 " },
    /* fninit; push 0; fldcw [rsp]; fldz; fld1; fdivrp: then maskmovq mm0, mm0, which waits */
    { TCG_RIG_LONG, { 0xdb, 0xe3, 0x6a, 0x00, 0xd9, 0x2c, 0x24, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9,
                      0x0f, 0xf7, 0xc0 }, "16@100d " },
};

static void test_known(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    X86CpuState state;

    rig->max_events = 1;
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        tcg_rig_mode(rig, known[i].mode, &state);
        tcg_rig_load(rig, TCG_RIG_CODE, known[i].code, sizeof(known[i].code));
        tcg_rig_reset(rig, &state);
        tcg_rig_run(rig, 0);
        g_assert_cmpstr(rig->trace->str, ==, known[i].trace);
    }
}

/* ---- More code than there is room for ---- */

/* Blocks of one jump to the next instruction each, run twice: the cache is emptied while they
 * are chained. */
static void test_exhaustion(void)
{
    static const guint8 end[] = { 0xff, 0xcb,           /* dec ebx */
                                  0x0f, 0x84, 5, 0, 0, 0,       /* jz over the jump */
                                  0xe9, 0, 0, 0, 0,     /* jmp to the start */
                                  0xe6, TCG_RIG_DONE };
    g_autoptr(TcgRig) rig = tcg_rig_new();
    guint size = 0x40000, start = TCG_RIG_DATA;
    gint32 back = -(gint32)(size + 13);
    X86CpuState state;

    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    for (guint i = 0; i < size; i += 2) {
        memcpy(rig->ram + start + i, (const guint8[]){ 0xeb, 0 }, 2);
    }
    memcpy(rig->ram + start + size, end, sizeof(end));
    memcpy(rig->ram + start + size + 9, &back, 4);
    state.rip = start;
    state.gpr[X86_RBX] = 2;
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_cmpuint(rig->n_done, ==, 1);
    rig->ops->memory_written(rig->accel, start, size);
}

/* One page of RAM at two addresses in a row, and an instruction that lies on both. */
static void test_page_twice(void)
{
    static const guint8 start[] = { 0xc6, 0x04, 0x25, 0x02, 0x00, 0x03, 0x00, 0x37,
                                    /* mov byte [30002h], '7' */
                                    0xe9 };
    g_autoptr(TcgRig) rig = tcg_rig_new();
    const guint page = 0x30000;
    gint32 to_end = page + 0xffe - (TCG_RIG_CODE + sizeof(start) + 4);
    guint64 entry = page | 7;
    X86CpuState state;

    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_PAGE_TABLES + 0x4000 + 8 * (page / PAGE + 1), &entry, 8);
    /* mov eax, imm32, whose last byte is told; the store changes it. */
    memcpy(rig->ram + page + 0xffe, (const guint8[]){ 0xb8, 0x31 }, 2);
    memcpy(rig->ram + page, (const guint8[]){ 0, 0, 0x31,       /* the rest of the immediate */
                                              0xc1, 0xe8, 24,   /* shr eax, 24 */
                                              0xe6, TCG_RIG_TRACE,
                                              0xff, 0xcb,       /* dec ebx */
                                              0x75, 2,          /* jnz over the end */
                                              0xe6, TCG_RIG_DONE, 0xff, 0xe6 }, 16);   /* jmp rsi */
    memcpy(rig->ram + TCG_RIG_CODE, start, sizeof(start));
    memcpy(rig->ram + TCG_RIG_CODE + sizeof(start), &to_end, 4);
    rig->ops->memory_written(rig->accel, 0, TCG_RIG_RAM);
    state.rip = page + 0xffe;
    state.gpr[X86_RBX] = 2;
    state.gpr[X86_RSI] = TCG_RIG_CODE;
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "17");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    seed = from_environment("VMD_TEST_SEED", 1);
    count = from_environment("VMD_TEST_COUNT", 200);
    first = from_environment("VMD_TEST_FIRST", 0);
    g_test_message("seed %u, %u strings of each kind", seed, count);
    g_test_add_func("/tcg/hostile/known", test_known);
    g_test_add_func("/tcg/hostile/exhaustion", test_exhaustion);
    g_test_add_func("/tcg/hostile/page-twice", test_page_twice);
    g_test_add_data_func("/tcg/hostile/real", GUINT_TO_POINTER(TCG_RIG_REAL), test_code);
    g_test_add_data_func("/tcg/hostile/protected16", GUINT_TO_POINTER(TCG_RIG_PROTECTED16),
                         test_code);
    g_test_add_data_func("/tcg/hostile/protected32", GUINT_TO_POINTER(TCG_RIG_PROTECTED32),
                         test_code);
    g_test_add_data_func("/tcg/hostile/user32", GUINT_TO_POINTER(TCG_RIG_USER32), test_code);
    g_test_add_data_func("/tcg/hostile/paged32", GUINT_TO_POINTER(TCG_RIG_PAGED32), test_code);
    g_test_add_data_func("/tcg/hostile/paged-user32", GUINT_TO_POINTER(TCG_RIG_PAGED_USER32),
                         test_code);
    g_test_add_data_func("/tcg/hostile/v86", GUINT_TO_POINTER(TCG_RIG_V86), test_code);
    g_test_add_data_func("/tcg/hostile/long", GUINT_TO_POINTER(TCG_RIG_LONG), test_code);
    g_test_add_data_func("/tcg/hostile/long-user", GUINT_TO_POINTER(TCG_RIG_LONG_USER),
                         test_code);
    g_test_add_func("/tcg/hostile/tables", test_tables);
    g_test_add_func("/tcg/hostile/storm", test_storm);
    g_test_add_data_func("/tcg/hostile/together/2", GUINT_TO_POINTER(2), test_together);
    g_test_add_data_func("/tcg/hostile/together/4", GUINT_TO_POINTER(4), test_together);
    return g_test_run();
}
