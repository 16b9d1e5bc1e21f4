/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops, which become traces (tcg/translate.c): each program runs on the host's processor
 * and on the CPU in software, with random data, and must leave the same registers, flags
 * and memory.  Pages of the guest's data are missing at first: a trace is left by a fault
 * anywhere, and entered again in its middle.  VMD_TEST_SEED and VMD_TEST_COUNT.
 * Others hold that what a site remembers of the TLB (tcg/state.h) goes when it must.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIZE = 0x8000,              /* of the data */
    DATA = 0x40000,             /* where the guest has it */
    PAGE_ENTRIES = TCG_RIG_PAGE_TABLES + 0x4000,
    DEFAULT_COUNT = 3000,
};

/* rdi: data, up to 32 KiB; rsi: how often, at least once.  Returns in rax and rdx; what is
 * left of rdx by flags. */
#define PROGRAM(name, text) \
    extern const guint8 program_##name[], program_##name##_end[]; \
    __asm__(".pushsection .text\n" \
            ".balign 16\n" \
            "program_" #name ":\n" \
            text \
            "program_" #name "_end:\n" \
            ".popsection\n")
#define RETURN_FLAGS "pushfq\npop %rdx\nand $0x8d5, %edx\nret\n"

/* Words forwards: two groups, of which one is written. */
PROGRAM(copy, "lea 0x2ff8(%rdi), %rdx\n"
              "1: mov (%rdi), %rax\n"
              "mov %rax, (%rdx)\n"
              "add $8, %rdi\n"
              "add $8, %rdx\n"
              "dec %rsi\n"
              "jnz 1b\n"
              RETURN_FLAGS);
/* The carry lives from round to round, and behind the loop. */
PROGRAM(carry, "xor %eax, %eax\n"
               "lea 0x1003(%rdi), %rdx\n"
               "1: mov (%rdi), %rax\n"
               "adc %rax, (%rdx)\n"
               "lea 8(%rdi), %rdi\n"
               "lea 8(%rdx), %rdx\n"
               "dec %rsi\n"
               "jnz 1b\n"
               "setc %al\n"
               RETURN_FLAGS);
/* It is asked for behind the loop alone, and an access lies between. */
PROGRAM(late, "xor %eax, %eax\n"
              "1: add (%rdi), %rax\n"
              "mov %rax, 0x1001(%rdi)\n"
              "lea 8(%rdi), %rdi\n"
              "dec %rsi\n"
              "jnz 1b\n"
              "sbb %rax, %rax\n"
              RETURN_FLAGS);
/* Two ways out, whose flags are looked at. */
PROGRAM(length, "xor %eax, %eax\n"
                "1: cmpb $0, (%rdi, %rax)\n"
                "je 2f\n"
                "inc %rax\n"
                "cmp %rsi, %rax\n"
                "jb 1b\n"
                "2: " RETURN_FLAGS);
/* The test is at the head, and a jump closes the loop. */
PROGRAM(head, "xor %eax, %eax\n"
              "1: cmp $0, %rsi\n"
              "je 2f\n"
              "movzbl -1(%rdi, %rsi), %ecx\n"
              "add %rcx, %rax\n"
              "dec %rsi\n"
              "jmp 1b\n"
              "2: " RETURN_FLAGS);
/* Addresses with scaled indices, one register for all. */
PROGRAM(scaled, "xor %eax, %eax\n"
                "xor %r8d, %r8d\n"
                "1: mov (%rdi, %rax, 8), %rcx\n"
                "xor %rcx, 0x1000(%rdi, %rax, 8)\n"
                "sub 4(%rdi, %rax, 4), %r8d\n"
                "inc %rax\n"
                "cmp %rsi, %rax\n"
                "jne 1b\n"
                "mov %r8, %rax\n"
                RETURN_FLAGS);
/* Registers that live in the state. */
PROGRAM(spilt, "mov %rdi, %r9\n"
               "mov %rsi, %r10\n"
               "1: movzbl -1(%r9, %r10), %r11d\n"
               "mov %r11b, 2(%r9, %r10)\n"
               "add %r11, 0x800(%rdi, %r10, 8)\n"
               "dec %r10\n"
               "jnz 1b\n"
               "mov %r11, %rax\n"
               RETURN_FLAGS);
/* Each load is of what the store before left. */
PROGRAM(overlap, "1: mov (%rdi), %eax\n"
                 "lea 1(%rax, %rax, 2), %eax\n"
                 "mov %eax, 3(%rdi)\n"
                 "add $3, %rdi\n"
                 "dec %rsi\n"
                 "jnz 1b\n"
                 RETURN_FLAGS);
/* Ways within the loop that data decides. */
PROGRAM(ways, "xor %eax, %eax\n"
              "1: mov (%rdi), %ecx\n"
              "test $1, %cl\n"
              "jz 2f\n"
              "add %rcx, %rax\n"
              "test $2, %cl\n"
              "jz 3f\n"
              "rol $7, %rax\n"
              "jmp 3f\n"
              "2: sub %rcx, %rax\n"
              "js 3f\n"
              "not %eax\n"
              "3: adc $0, %rax\n"
              "lea 4(%rdi), %rdi\n"
              "dec %rsi\n"
              "jnz 1b\n"
              RETURN_FLAGS);
/* The stack moves within a round. */
PROGRAM(stack, "xor %eax, %eax\n"
               "1: push (%rdi)\n"
               "push %rax\n"
               "xchg %rax, 8(%rsp)\n"
               "pop %rcx\n"
               "pop %rdx\n"
               "add %rcx, (%rdi)\n"
               "sub %rdx, %rax\n"
               "add $8, %rdi\n"
               "dec %rsi\n"
               "jnz 1b\n"
               RETURN_FLAGS);
/* A loop in a loop. */
PROGRAM(nested, "xor %eax, %eax\n"
                "and $63, %esi\n"
                "1: mov %rsi, %rcx\n"
                "2: add (%rdi, %rcx, 8), %rax\n"
                "xor %rax, 0x1ffc(%rdi, %rcx, 8)\n"
                "dec %rcx\n"
                "jns 2b\n"
                "dec %rsi\n"
                "jns 1b\n"
                RETURN_FLAGS);
/* Rotates by one carry through memory; INC and DEC keep it. */
PROGRAM(rotate, "xor %eax, %eax\n"
                "1: rclb $1, (%rdi)\n"
                "inc %rdi\n"
                "dec %rsi\n"
                "jnz 1b\n"
                "sbb %rax, %rax\n"
                RETURN_FLAGS);
/* AH and its kind, which have no form with REX. */
PROGRAM(high, "xor %eax, %eax\n"
              "1: mov (%rdi), %ah\n"
              "add 1(%rdi), %al\n"
              "add %ah, 2(%rdi)\n"
              "mov %rax, %rcx\n"
              "sub %ch, 0x900(%rdi, %rsi)\n"
              "inc %rdi\n"
              "dec %rsi\n"
              "jnz 1b\n"
              RETURN_FLAGS);
/* A call ends the trace. */
PROGRAM(call, "xor %eax, %eax\n"
              "1: call 2f\n"
              "dec %rsi\n"
              "jnz 1b\n"
              RETURN_FLAGS
              "2: add (%rdi), %rax\n"
              "rol %rax\n"
              "mov %rax, (%rdi)\n"
              "add $5, %rdi\n"
              "ret\n");
PROGRAM(vectors, "1: movups (%rdi), %xmm0\n"
                 "movups 0x1010(%rdi), %xmm1\n"
                 "paddd %xmm1, %xmm0\n"
                 "movups %xmm0, 0x2008(%rdi)\n"
                 "movq %xmm0, %rax\n"
                 "add $16, %rdi\n"
                 "sub $1, %rsi\n"
                 "jne 1b\n"
                 RETURN_FLAGS);
/* LOOP and JRCXZ, which no trace goes through. */
PROGRAM(counted, "mov %rsi, %rcx\n"
                 "xor %eax, %eax\n"
                 "1: add (%rdi), %eax\n"
                 "jrcxz 2f\n"
                 "add $4, %rdi\n"
                 "loop 1b\n"
                 "2: " RETURN_FLAGS);
/* The base is reloaded, the index goes both ways, and is copied. */
PROGRAM(chase, "xor %eax, %eax\n"
               "1: movzwl (%rdi, %rax), %ecx\n"
               "and $0x3ff, %ecx\n"
               "mov %rcx, %rdx\n"
               "add 8(%rdi, %rdx), %eax\n"
               "sub $8, %rdx\n"
               "xor 16(%rdi, %rdx), %eax\n"
               "xor %eax, 24(%rdi, %rcx, 2)\n"
               "and $0x7ff, %eax\n"
               "dec %rsi\n"
               "jnz 1b\n"
               RETURN_FLAGS);
/* A pointer that was loaded from memory, and what is far apart behind it. */
PROGRAM(pointer, "xor %eax, %eax\n"
                 "mov %rdi, %r8\n"
                 "1: mov %r8, -16(%rsp)\n"
                 "mov -16(%rsp), %rdx\n"
                 "mov (%rdx), %rcx\n"
                 "add 0x700(%rdx), %rax\n"
                 "adc %rcx, 0x1400(%rdx)\n"
                 "sbb $7, %rax\n"
                 "and $0x3fff, %ecx\n"
                 "lea (%rdi, %rcx), %r8\n"
                 "dec %rsi\n"
                 "jnz 1b\n"
                 RETURN_FLAGS);
/* The same in a register that lives in the state. */
PROGRAM(pointer9, "xor %eax, %eax\n"
                  "mov %rdi, %r8\n"
                  "1: mov %r8, -16(%rsp)\n"
                  "mov -16(%rsp), %r9\n"
                  "mov (%r9), %rcx\n"
                  "xor %ecx, 0x1400(%r9)\n"
                  "add 0x700(%r9), %rax\n"
                  "movb %al, 0x2100(%r9)\n"
                  "and $0x3fff, %ecx\n"
                  "lea (%rdi, %rcx), %r8\n"
                  "dec %rsi\n"
                  "jnz 1b\n"
                  RETURN_FLAGS);
/* More rounds than there is room for, with divisions that the host could fault in. */
PROGRAM(divide, "xor %ecx, %ecx\n"
                "1: mov (%rdi), %eax\n"
                "xor %edx, %edx\n"
                "mov 4(%rdi), %r8d\n"
                "or $1, %r8d\n"
                "div %r8d\n"
                "add %edx, %ecx\n"
                "mov %eax, 8(%rdi)\n"
                "add $12, %rdi\n"
                "dec %rsi\n"
                "jnz 1b\n"
                "mov %ecx, %eax\n"
                RETURN_FLAGS);

typedef struct {
    const char *name;
    const guint8 *code, *end;
    guint max;                  /* rounds that the data has room for */
} Program;

#define ENTRY(name, max) { #name, program_##name, program_##name##_end, max }
static const Program programs[] = {
    ENTRY(copy, 1000), ENTRY(carry, 1000), ENTRY(late, 1000), ENTRY(length, 4000),
    ENTRY(head, 4000), ENTRY(scaled, 1000), ENTRY(spilt, 2000), ENTRY(overlap, 4000),
    ENTRY(ways, 4000), ENTRY(stack, 3000), ENTRY(nested, 1000), ENTRY(rotate, 8000),
    ENTRY(high, 4000), ENTRY(call, 3000), ENTRY(vectors, 800), ENTRY(counted, 4000),
    ENTRY(chase, 4000), ENTRY(pointer, 4000), ENTRY(pointer9, 4000), ENTRY(divide, 2000),
};

typedef struct {
    TcgRig *rig;
    GRand *random;
    guint8 *data, *start;       /* what the host's run left, and what both begin with */
    guint n_faults;
} Bench;

/* ---- The host's run ---- */

typedef unsigned __int128 Result;

static Result run_native(const Program *program, guint8 *data, guint rounds)
{
    Result (*f)(guint8 *, guint64);

    memcpy(&f, &program->code, sizeof(f));
    return f(data, rounds);
}

/* ---- The guest's ---- */

static void set_present(TcgRig *rig, guint64 page, bool present)
{
    guint64 entry = page << 12 | (present ? 7 : 6);

    memcpy(rig->ram + PAGE_ENTRIES + 8 * page, &entry, sizeof(entry));
}

/* A page that is missed comes. */
static void on_fault(TcgRig *rig, TcgRigEvent *event)
{
    Bench *bench = rig->data;
    const TcgVcpu *vcpu = rig->cpu->vcpu;
    guint64 address = vcpu->state->cr2;

    if (event->vector == TCG_PF && address >= DATA && address < DATA + SIZE) {
        set_present(rig, address >> 12, true);
        bench->n_faults++;
    } else {
        tcg_rig_trace_event(rig, event);
        rig->n_done++;
    }
}

static void run_guest(Bench *bench, const Program *program, guint rounds, X86CpuState *ret_state)
{
    static const guint8 start[] = { 0xff, 0xd3, 0xe6, TCG_RIG_DONE };   /* call rbx; out */
    TcgRig *rig = bench->rig;

    tcg_rig_mode(rig, TCG_RIG_LONG, ret_state);
    tcg_rig_load(rig, TCG_RIG_CODE, start, sizeof(start));
    tcg_rig_load(rig, TCG_RIG_CODE + 0x100, program->code, program->end - program->code);
    tcg_rig_load(rig, DATA, bench->start, SIZE);
    for (guint64 page = DATA >> 12; page < (DATA + SIZE) >> 12; page++) {
        set_present(rig, page, g_rand_boolean(bench->random));
    }
    ret_state->gpr[X86_RBX] = TCG_RIG_CODE + 0x100;
    ret_state->gpr[X86_RDI] = DATA;
    ret_state->gpr[X86_RSI] = rounds;
    tcg_rig_reset(rig, ret_state);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_null(rig->internal_error);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, ret_state, NULL));
}

/* ---- Both ---- */

static void fill(Bench *bench)
{
    guint zeros = g_rand_int_range(bench->random, 1, 400);

    for (guint i = 0; i < SIZE; i++) {
        bench->start[i] = g_rand_int(bench->random) % zeros ? g_rand_int(bench->random) : 0;
    }
    memcpy(bench->data, bench->start, SIZE);
}

static void run_both(Bench *bench, const Program *program)
{
    guint rounds = g_rand_int_range(bench->random, 1, program->max);
    X86CpuState state;
    Result expected;

    fill(bench);
    expected = run_native(program, bench->data, rounds);
    run_guest(bench, program, rounds, &state);
    if (state.gpr[X86_RAX] != (guint64)expected || state.gpr[X86_RDX] != (guint64)(expected >> 64) ||
        memcmp(bench->rig->ram + DATA, bench->data, SIZE) != 0) {
        g_error("%s, %u rounds: rax %" PRIx64 ", host %" PRIx64 "; flags %" PRIx64 ", host %" PRIx64
                "; memory %s", program->name, rounds, state.gpr[X86_RAX], (guint64)expected,
                state.gpr[X86_RDX], (guint64)(expected >> 64),
                memcmp(bench->rig->ram + DATA, bench->data, SIZE) ? "differs" : "is the same");
    }
}

static guint number_of(const char *variable, guint otherwise)
{
    const char *text = g_getenv(variable);

    return text ? strtoul(text, NULL, 0) : otherwise;
}

static void test_random(void)
{
    guint seed = number_of("VMD_TEST_SEED", 1), count = number_of("VMD_TEST_COUNT", DEFAULT_COUNT);
    Bench bench = { .random = g_rand_new_with_seed(seed) };

    bench.rig = tcg_rig_new();
    bench.rig->data = &bench;
    bench.rig->on_event = on_fault;
    bench.data = g_aligned_alloc(1, SIZE, 4096);        /* flags may be an address's */
    bench.start = g_malloc(SIZE);
    for (guint i = 0; i < count; i++) {
        run_both(&bench, &programs[i % G_N_ELEMENTS(programs)]);
    }
    g_test_message("seed %u, %u runs, %u faults", seed, count, bench.n_faults);
    g_assert_cmpuint(bench.n_faults, >, count / 4);
    tcg_rig_free(bench.rig);
    g_rand_free(bench.random);
    g_aligned_free(bench.data);
    g_free(bench.start);
}

/* ---- Sites ---- */

/* Code for TCG_RIG_CODE.  sum: of words at rdi, in rdx; poke: dl to rdi + 1; both in a loop
 * whose accesses are not near each other as far as the translator knows.  All rounds are
 * of the trace, once there is one: the block before ends. */
#define GUEST(name, text) \
    extern const guint8 guest_##name[], guest_##name##_end[]; \
    __asm__(".pushsection .rodata\n" \
            "guest_" #name ":\n" \
            text \
            "out %al, $0xf4\n" \
            "7: xor %edx, %edx\n" \
            "mov $200, %ecx\n" \
            "jmp 1f\n" \
            "1: imul $3, %rcx, %rax\n" \
            "and $0xf8, %eax\n" \
            "add (%rdi, %rax), %rdx\n" \
            "dec %ecx\n" \
            "jnz 1b\n" \
            "ret\n" \
            "8: mov $200, %ecx\n" \
            "jmp 1f\n" \
            "1: imul $0, %rcx, %rax\n" \
            "mov %dl, 1(%rdi, %rax)\n" \
            "dec %ecx\n" \
            "jnz 1b\n" \
            "ret\n" \
            "guest_" #name "_end:\n" \
            ".popsection\n")

/* rbx: the entry of the page at rdi, which gets rbp. */
GUEST(invlpg, "call 7f\n"
              "mov %rdx, %r12\n"
              "mov %rbp, (%rbx)\n"
              "invlpg (%rdi)\n"
              "call 7f\n"
              "mov %rdx, %r13\n");
GUEST(cr3, "call 7f\n"
           "mov %rdx, %r12\n"
           "mov %rbp, (%rbx)\n"
           "mov %cr3, %rax\n"
           "mov %rax, %cr3\n"
           "call 7f\n"
           "mov %rdx, %r13\n");
/* The page that is written becomes code, and what is written then is its operand. */
GUEST(code, "movl $0xc3b0, (%rdi)\n"            /* mov al, ...; ret */
            "movb $0xc3, 2(%rdi)\n"
            "movb $0xb0, (%rdi)\n"
            "mov $1, %edx\n"
            "call 8f\n"
            "call *%rdi\n"
            "mov %rax, %r12\n"
            "mov $2, %edx\n"
            "call 8f\n"
            "call *%rdi\n"
            "mov %rax, %r13\n");
/* rbp: no canonical address, and an empty site's tag. */
GUEST(empty, "call 7f\n"
             "mov %rdi, %rax\n"
             "mov %rbp, %rdi\n"
             "invlpg (%rax)\n"
             "call 7f\n");

static TcgRig *site_rig(const guint8 *code, const guint8 *end, X86CpuState *ret_state)
{
    TcgRig *rig = tcg_rig_new();

    tcg_rig_mode(rig, TCG_RIG_LONG, ret_state);
    tcg_rig_load(rig, TCG_RIG_CODE, code, end - code);
    for (guint i = 0; i < 256; i++) {
        rig->ram[DATA + i] = i;
        rig->ram[DATA + 0x1000 + i] = 3 * i + 1;
    }
    ret_state->gpr[X86_RDI] = DATA;
    ret_state->gpr[X86_RBX] = PAGE_ENTRIES + 8 * (DATA >> 12);
    ret_state->gpr[X86_RBP] = (DATA + 0x1000) | 7;
    return rig;
}

static void run_sites(TcgRig *rig, X86CpuState *state)
{
    tcg_rig_reset(rig, state);
    tcg_rig_run(rig, 0);
    g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, state, NULL));
}

static guint64 sum_at(const TcgRig *rig, guint64 address)
{
    guint64 sum = 0, word;

    for (guint64 i = 200; i > 0; i--) {
        memcpy(&word, rig->ram + address + (3 * i & 0xf8), sizeof(word));
        sum += word;
    }
    return sum;
}

static void check_moved(const guint8 *code, const guint8 *end)
{
    X86CpuState state;
    g_autoptr(TcgRig) rig = site_rig(code, end, &state);

    run_sites(rig, &state);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_cmphex(state.gpr[X86_R12], ==, sum_at(rig, DATA));
    g_assert_cmphex(state.gpr[X86_R13], ==, sum_at(rig, DATA + 0x1000));
}

static void test_moved(void)
{
    check_moved(guest_invlpg, guest_invlpg_end);
    check_moved(guest_cr3, guest_cr3_end);
}

static void test_code(void)
{
    X86CpuState state;
    g_autoptr(TcgRig) rig = site_rig(guest_code, guest_code_end, &state);

    run_sites(rig, &state);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_cmphex(state.gpr[X86_R12] & 0xff, ==, 1);
    g_assert_cmphex(state.gpr[X86_R13] & 0xff, ==, 2);
}

/* Nobody can hit a site that is empty: it faults as its address does. */
static void test_empty(void)
{
    X86CpuState state;
    g_autoptr(TcgRig) rig = site_rig(guest_empty, guest_empty_end, &state);

    rig->max_events = 1;
    state.gpr[X86_RBP] = 1ull << 63;
    run_sites(rig, &state);
    g_assert_true(g_str_has_prefix(rig->trace->str, "13@"));
}

/* ---- Guesses ---- */

enum {
    N_NODES = 8,                /* each in a page of its own */
    FRAMES = 0x100000,          /* where these pages are, in another order */
    STEPS = 3000,
};

/* rdx: a node: the next one, at 200h a value, at 400h a counter. */
#define LIST(name, reg) \
    extern const guint8 guest_##name[], guest_##name##_end[]; \
    __asm__(".pushsection .rodata\n" \
            "guest_" #name ":\n" \
            "mov %rdx, " reg "\n" \
            "mov $3000, %ecx\n" \
            "jmp 1f\n" \
            "1: add 0x200(" reg "), %rax\n" \
            "addq $1, 0x400(" reg ")\n" \
            "mov (" reg "), " reg "\n" \
            "dec %ecx\n" \
            "jnz 1b\n" \
            "out %al, $0xf4\n" \
            "guest_" #name "_end:\n" \
            ".popsection\n")

LIST(list, "%rdx");
LIST(list9, "%r9");

typedef struct {
    guint64 at[N_NODES], value[N_NODES], visits[N_NODES];
    guint next[N_NODES];
    guint frame[N_NODES];
} List;

static void map_node(TcgRig *rig, const List *list, guint i, bool present)
{
    guint64 entry = (FRAMES + (guint64)list->frame[i] * 0x2000) | (present ? 7 : 6);

    memcpy(rig->ram + PAGE_ENTRIES + 8 * ((DATA >> 12) + i), &entry, sizeof(entry));
}

static guint8 *node_memory(TcgRig *rig, const List *list, guint i, guint offset)
{
    return rig->ram + FRAMES + list->frame[i] * 0x2000 + (list->at[i] & 0xfff) + offset;
}

static void on_missing_node(TcgRig *rig, TcgRigEvent *event)
{
    const TcgVcpu *vcpu = rig->cpu->vcpu;

    g_assert_cmpuint(event->vector, ==, TCG_PF);
    map_node(rig, rig->data, (vcpu->state->cr2 - DATA) >> 12, true);
}

/* One ring through all nodes. */
static void make_list(TcgRig *rig, List *list, GRand *random)
{
    guint order[N_NODES];

    for (guint i = 0; i < N_NODES; i++) {
        guint j = g_rand_int_range(random, 0, i + 1);

        order[i] = order[j];
        order[j] = i;
        list->frame[i] = 7 * (i + 3) % N_NODES;
        list->at[i] = DATA + 0x1000 * i + g_rand_int_range(random, 0, 0x100) * 8;
        list->value[i] = g_rand_int(random);
        list->visits[i] = 0;
    }
    for (guint i = 0; i < N_NODES; i++) {
        list->next[order[i]] = order[(i + 1) % N_NODES];
    }
    for (guint i = 0; i < N_NODES; i++) {
        memcpy(node_memory(rig, list, i, 0), &list->at[list->next[i]], 8);
        memcpy(node_memory(rig, list, i, 0x200), &list->value[i], 8);
        memset(node_memory(rig, list, i, 0x400), 0, 8);
        map_node(rig, list, i, g_rand_boolean(random));
    }
}

static void check_list(const guint8 *code, const guint8 *end, GRand *random)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    guint64 sum = 0, visits;
    X86CpuState state;
    List list;

    rig->data = &list;
    rig->on_event = on_missing_node;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, code, end - code);
    make_list(rig, &list, random);
    state.gpr[X86_RDX] = list.at[0];
    state.gpr[X86_RAX] = 0;
    run_sites(rig, &state);
    for (guint step = 0, i = 0; step < STEPS; step++, i = list.next[i]) {
        sum += list.value[i];
        list.visits[i]++;
    }
    g_assert_cmphex(state.gpr[X86_RAX], ==, sum);
    for (guint i = 0; i < N_NODES; i++) {
        memcpy(&visits, node_memory(rig, &list, i, 0x400), sizeof(visits));
        g_assert_cmpuint(visits, ==, list.visits[i]);
    }
}

/* Pages that lie elsewhere on the host than those before: each guess is wrong. */
static void test_guesses(void)
{
    GRand *random = g_rand_new_with_seed(number_of("VMD_TEST_SEED", 1));

    for (guint i = 0; i < 20; i++) {
        check_list(guest_list, guest_list_end, random);
        check_list(guest_list9, guest_list9_end, random);
    }
    g_rand_free(random);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/traces/random", test_random);
    g_test_add_func("/tcg/traces/moved", test_moved);
    g_test_add_func("/tcg/traces/code", test_code);
    g_test_add_func("/tcg/traces/empty", test_empty);
    g_test_add_func("/tcg/traces/guesses", test_guesses);
    return g_test_run();
}
