/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several CPUs in software share memory: locked instructions, within a page and across two, are
 * atomic; the order of loads and stores is that of SDM vol. 3A, section 8.2; and their time stamp
 * counters agree, also after the machine was stopped.
 */
#include "config.h"
#include "tests/unit/tcg-guest.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

#include "qom/qapi-objects-accel.h"
#include "tcg/timers.h"

#define HALT "9: hlt\njmp 9b\n"
#define WRONG "5: mov $'W', %al\n" TELL END HALT
#define ROUNDS 200000
#define CROSSING_ROUNDS 1000
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* Counters at 64-byte steps from 0x20000, each incremented in another way. */
GUEST(counters, "mov $" TEXT(ROUNDS) ", %esi\n"
                "1: lock incl 0x20000\n"
                "mov $1, %eax\n"
                "lock xadd %eax, 0x20040\n"
                "mov 0x20080, %eax\n"
                "2: lea 1(%rax), %ecx\n"
                "lock cmpxchg %ecx, 0x20080\n"
                "jne 2b\n"
                "3: mov $1, %eax\n"
                "xchg %eax, 0x20800\n"
                "test %eax, %eax\n"
                "jz 4f\n"
                "pause\n"
                "jmp 3b\n"
                "4: incl 0x200c0\n"
                "movl $0, 0x20800\n"
                "6: lock btsl $0, 0x20840\n"
                "jnc 7f\n"
                "pause\n"
                "jmp 6b\n"
                "7: incl 0x20100\n"
                "lock btrl $0, 0x20840\n"
                "mov 0x20140, %rax\n"
                "mov 0x20148, %rdx\n"
                "2: lea 1(%rax), %rbx\n"
                "lea 2(%rdx), %rcx\n"
                "lock cmpxchg16b 0x20140\n"
                "jne 2b\n"
                "lock negl 0x20180\n"
                "dec %esi\n"
                "jnz 1b\n" END HALT);

/* Operands on two pages.  Of 0x26ffe all bytes are always equal. */
GUEST(crossing, "mov $" TEXT(CROSSING_ROUNDS) ", %esi\n"
                "1: lock incl 0x20ffe\n"
                "mov $1, %eax\n"
                "lock xadd %rax, 0x22ffb\n"
                "mov 0x24ffd, %rax\n"
                "2: lea 1(%rax), %rcx\n"
                "lock cmpxchg %rcx, 0x24ffd\n"
                "jne 2b\n"
                "imul $0x01010101, %edi, %eax\n"
                "xchg %eax, 0x26ffe\n"
                "mov %eax, %ecx\n"
                "rol $8, %ecx\n"
                "cmp %eax, %ecx\n"
                "jne 5f\n"
                "lock incl 0x28ffe\n"
                "lock incb 0x29001\n"           /* its highest byte */
                "3: mov $1, %eax\n"
                "xchg %ax, 0x2afff\n"
                "test %ax, %ax\n"
                "jz 4f\n"
                "pause\n"
                "jmp 3b\n"
                "4: incl 0x2c000\n"
                "movw $0, 0x2afff\n"
                "dec %esi\n"
                "jnz 1b\n" END HALT WRONG);

static void start_all(TcgRig *rig, const guint8 *code, const guint8 *end)
{
    X86CpuState state;

    rig->max_events = 1;        /* none is expected */
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, code, end - code);
    for (guint i = 0; i < rig->n_cpus; i++) {
        state.gpr[X86_RDI] = i;
        state.gpr[X86_RSP] = 0x18800 + 0x800 * i;
        tcg_rig_reset_cpu(rig, i, &state);
    }
    g_string_truncate(rig->trace, 0);
    rig->n_done = 0;
}

static guint64 word(const TcgRig *rig, guint address)
{
    guint64 value;

    memcpy(&value, rig->ram + address, sizeof(value));
    return value;
}

static void run_all(TcgRig *rig, const guint8 *code, const guint8 *end)
{
    start_all(rig, code, end);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_null(rig->internal_error);
    g_assert_cmpuint(rig->n_done, ==, rig->n_cpus);
}

static void test_counters(gconstpointer data)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(GPOINTER_TO_UINT(data), 4);
    const guint total = rig->n_cpus * ROUNDS;

    memset(rig->ram + 0x20180, 1, 4);
    run_all(rig, guest_counters, guest_counters_end);
    for (guint i = 0; i <= 5; i++) {
        g_assert_cmpuint((guint32)word(rig, 0x20000 + 0x40 * i), ==, total);
    }
    g_assert_cmpuint(word(rig, 0x20148), ==, 2 * total);
    g_assert_cmphex((guint32)word(rig, 0x20180), ==, total % 2 ? 0xfefefeff : 0x01010101);
}

static void test_crossing(gconstpointer data)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(GPOINTER_TO_UINT(data), 4);
    const guint32 total = rig->n_cpus * CROSSING_ROUNDS;

    run_all(rig, guest_crossing, guest_crossing_end);
    g_assert_cmpuint((guint32)word(rig, 0x20ffe), ==, total);
    g_assert_cmpuint(word(rig, 0x22ffb), ==, total);
    g_assert_cmpuint(word(rig, 0x24ffd), ==, total);
    g_assert_cmphex((guint32)word(rig, 0x28ffe), ==, total + (total << 24));
    g_assert_cmpuint((guint32)word(rig, 0x2c000), ==, total);
}

/* ---- The order of loads and stores ---- */

#define LITMUS_ROUNDS 4000
enum { RESULTS = 0x100000, RESULTS_OF_CPU = 0x10000 };

/* Each round: all wait for each other; then body N runs on CPU N, with x at (r8) and y at 8(r8),
 * and leaves a result in eax. */
#define LITMUS(name, body0, body1, body2, body3) \
    GUEST(name, "mov %rdi, %r9\n" \
                "shl $16, %r9\n" \
                "add $0x100000, %r9\n" \
                "mov $0x40000, %r8d\n" \
                "xor %esi, %esi\n" \
                "1: add 0x20010, %esi\n"        /* the number of CPUs */ \
                "lock incl 0x20000\n" \
                "2: cmp %esi, 0x20000\n" \
                "jae 3f\n" \
                "pause\n" \
                "jmp 2b\n" \
                "3: xor %eax, %eax\n" \
                "xor %ecx, %ecx\n" \
                "cmp $1, %edi\n" \
                "je 11f\n" \
                "cmp $2, %edi\n" \
                "je 12f\n" \
                "cmp $3, %edi\n" \
                "je 13f\n" \
                body0 "jmp 4f\n" \
                "11:" body1 "jmp 4f\n" \
                "12:" body2 "jmp 4f\n" \
                "13:" body3 \
                "4: lea (%rax, %rcx, 2), %eax\n" \
                "mov %eax, (%r9)\n" \
                "add $8, %r9\n" \
                "add $16, %r8\n" \
                "cmp $0x40000 + 16 * " TEXT(LITMUS_ROUNDS) ", %r8d\n" \
                "jb 1b\n" END HALT)

#define SET_X "movl $1, (%r8)\n"
#define SET_Y "movl $1, 8(%r8)\n"

LITMUS(store_buffer, SET_X "mfence\nmov 8(%r8), %eax\n",
       SET_Y "lock orl $0, (%rsp)\nmov (%r8), %eax\n", "", "");
/* By serializing instructions. */
LITMUS(serialized, SET_X "push %rcx\nxor %eax, %eax\ncpuid\npop %rcx\nmov 8(%r8), %eax\n",
       SET_Y "mov %cr3, %rax\nmov %rax, %cr3\nmov (%r8), %eax\n", "", "");
LITMUS(message, SET_X SET_Y, "mov 8(%r8), %eax\nmov (%r8), %ecx\n", "", "");
/* By C code. */
LITMUS(message_strings, "mov $1, %eax\nmov %edi, %edx\n"
                        "mov %r8, %rdi\nstosb\nlea 8(%r8), %rdi\nstosb\n"
                        "mov %edx, %edi\nxor %eax, %eax\n",
       "mov %rsi, %rdx\nlea 8(%r8), %rsi\nlodsb\nmov %eax, %ebx\nmov %r8, %rsi\nlodsb\n"
       "mov %eax, %ecx\nmov %ebx, %eax\nmov %rdx, %rsi\n", "", "");
LITMUS(load_buffer, "mov 8(%r8), %eax\n" SET_X, "mov (%r8), %eax\n" SET_Y, "", "");
LITMUS(independent, SET_X, SET_Y, "mov (%r8), %eax\nmov 8(%r8), %ecx\n",
       "mov 8(%r8), %eax\nmov (%r8), %ecx\n");

static bool both_zero(const guint r[4])
{
    return r[0] == 0 && r[1] == 0;
}

static bool flag_without_data(const guint r[4])
{
    return r[1] == 1;           /* y, but not x */
}

static bool both_one(const guint r[4])
{
    return r[0] == 1 && r[1] == 1;
}

static bool disagree(const guint r[4])
{
    return r[2] == 1 && r[3] == 1;
}

typedef struct {
    const char *name;
    const guint8 *code, *end;
    guint n_cpus;
    bool (*forbidden)(const guint r[4]);
} Litmus;

static const Litmus litmuses[] = {
    { "store-buffer", guest_store_buffer, guest_store_buffer_end, 2, both_zero },
    { "serialized", guest_serialized, guest_serialized_end, 2, both_zero },
    { "message", guest_message, guest_message_end, 2, flag_without_data },
    { "message-strings", guest_message_strings, guest_message_strings_end, 2, flag_without_data },
    { "load-buffer", guest_load_buffer, guest_load_buffer_end, 2, both_one },
    { "independent", guest_independent, guest_independent_end, 4, disagree },
};

static void test_litmus(gconstpointer data)
{
    const Litmus *litmus = data;
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(litmus->n_cpus, 4);

    memcpy(rig->ram + 0x20010, &litmus->n_cpus, 4);
    run_all(rig, litmus->code, litmus->end);
    for (guint i = 0; i < LITMUS_ROUNDS; i++) {
        guint r[4];

        for (guint cpu = 0; cpu < 4; cpu++) {
            r[cpu] = word(rig, RESULTS + RESULTS_OF_CPU * cpu + 8 * i);
        }
        g_assert_false(litmus->forbidden(r));
    }
}

/* ---- Time ---- */

/* Whoever has the lock reads a counter that is not below the one read last. */
GUEST(time, "mov $100000, %esi\n"
            "1: mov $1, %eax\n"
            "xchg %eax, 0x20800\n"
            "test %eax, %eax\n"
            "jz 2f\n"
            "pause\n"
            "jmp 1b\n"
            "2: rdtscp\n"
            "shl $32, %rdx\n"
            "or %rdx, %rax\n"
            "cmp 0x20000, %rax\n"
            "jb 5f\n"
            "mov %rax, 0x20000\n"
            "movl $0, 0x20800\n"
            "dec %esi\n"
            "jnz 1b\n" END HALT WRONG);

/* The machine is stopped again and again, and the CPUs' state goes out and in. */
static void test_time(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(4, 4);
    g_autofree X86CpuState *states = g_new(X86CpuState, 4);
    guint64 frozen = 0;

    start_all(rig, guest_time, guest_time_end);
    while (rig->n_done < rig->n_cpus) {
        tcg_rig_run(rig, 3000);
        g_assert_cmpstr(rig->trace->str, ==, "");
        for (guint i = 0; i < 4; i++) {
            g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[i], &states[i], NULL));
        }
        frozen = states[0].tsc;
        g_usleep(1000);
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[0], &states[0], NULL));
        g_assert_cmpuint(states[0].tsc, ==, frozen);
        for (guint i = 0; i < 4; i++) {
            g_assert_cmpuint(states[i].tsc, ==, frozen);
            g_assert_true(rig->ops->vcpu_set(rig->accel, rig->cpus[i], &states[i], NULL));
        }
    }
    g_assert_cmpuint(word(rig, 0x20000), <=, frozen);
}

static guint64 counter(TcgRig *rig, guint i)
{
    X86CpuState state;

    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[i], &state, NULL));
    return state.tsc;
}

/* While CPUs are parked, virtual time may go on, and may be set back. */
static void test_virtual_time(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(2, 4);
    const gint64 second = 1000000000;
    guint64 hz = tcg_tsc_frequency(to_tcg_accel(rig->accel)), before;

    start_all(rig, guest_time, guest_time_end);
    tcg_rig_run(rig, 1000);
    before = counter(rig, 0);
    rig->virtual_time += second;
    g_assert_cmpuint(counter(rig, 0), ==, before + hz);
    g_assert_cmpuint(counter(rig, 1), ==, before + hz);
    rig->virtual_time -= second;
    g_assert_cmpuint(counter(rig, 1), ==, before);
    rig->virtual_time += 3600 * second;
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_cmpuint(counter(rig, 0), >=, before + 3600 * hz);
    g_assert_cmpuint(counter(rig, 0), <, before + 3700 * hz);
}

/* As an accelerator reports them whose counters run on: they differ by the time between two
 * readings, and after that no more.  What a guest changed is kept. */
static void test_skew(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(3, 4);
    X86CpuState state;
    guint64 tsc[3];

    for (guint i = 0; i < 3; i++) {
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[i], &state, NULL));
        state.tsc = G_GUINT64_CONSTANT(1000000000000) + 12345 * i;
        if (i == 2) {
            state.tsc += G_GUINT64_CONSTANT(1) << 50;
            state.tsc_adjust = G_GUINT64_CONSTANT(1) << 50;
        }
        g_assert_true(rig->ops->vcpu_set(rig->accel, rig->cpus[i], &state, NULL));
    }
    for (guint i = 0; i < 3; i++) {
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[i], &state, NULL));
        tsc[i] = state.tsc;
    }
    g_assert_cmpuint(tsc[1], ==, tsc[0]);
    g_assert_cmpuint(tsc[2], ==, tsc[0] + (G_GUINT64_CONSTANT(1) << 50));
}

/* CPU 1 writes its counter. */
GUEST(set_counter, "test %edi, %edi\n"
                   "jz 1f\n"
                   "mov $0x10, %ecx\n"
                   "xor %eax, %eax\n"
                   "mov $0x41424344, %edx\n"
                   "wrmsr\n"
                   "1: " END
                   "9: hlt\njmp 9b\n");

/* With IA32_TSC_ADJUST goes what the guest has added: counters that differ without it would be
 * those of a broken machine. */
static void test_counter_reset(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(2, 4);
    X86CpuState state;

    run_all(rig, guest_set_counter, guest_set_counter_end);
    g_assert_cmpuint(counter(rig, 1) >> 56, ==, 0x41);
    g_assert_cmpuint(counter(rig, 0) >> 56, ==, 0);
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    for (guint i = 0; i < 2; i++) {
        tcg_rig_reset_cpu(rig, i, &state);
    }
    g_assert_cmpuint(counter(rig, 1), ==, counter(rig, 0));
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpus[1], &state, NULL));
    g_assert_cmpuint(state.tsc_adjust, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/tcg/smp/counters/2", GUINT_TO_POINTER(2), test_counters);
    g_test_add_data_func("/tcg/smp/counters/4", GUINT_TO_POINTER(4), test_counters);
    g_test_add_data_func("/tcg/smp/crossing/2", GUINT_TO_POINTER(2), test_crossing);
    g_test_add_data_func("/tcg/smp/crossing/4", GUINT_TO_POINTER(4), test_crossing);
    for (guint i = 0; i < G_N_ELEMENTS(litmuses); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/smp/order/%s", litmuses[i].name);

        g_test_add_data_func(path, &litmuses[i], test_litmus);
    }
    g_test_add_func("/tcg/smp/time", test_time);
    g_test_add_func("/tcg/smp/virtual-time", test_virtual_time);
    g_test_add_func("/tcg/smp/skew", test_skew);
    g_test_add_func("/tcg/smp/counter-reset", test_counter_reset);
    return g_test_run();
}
