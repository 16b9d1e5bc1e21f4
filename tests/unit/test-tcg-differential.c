/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random instructions of 64-bit code, run by the host's own processor and by their
 * translation: all registers, flags, vectors, x87, the memory operand and the fault
 * must be equal.  Host and guest are the same silicon, so flags that the manual
 * leaves undefined must agree as well.
 *
 * VMD_TEST_SEED and VMD_TEST_COUNT (instructions) choose what is run.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tcg/dispatch.h"
#include "tcg/signals.h"
#include "tcg/tcg-accel.h"
#include "tcg/translate.h"

enum {
    DATA_PAGES = 3,
    DATA_SIZE = DATA_PAGES * 4096,
    CODE_OFFSET = 64,
    NO_FAULT = -1,
    VECTOR_BYTES = 832,
};

#define DATA ((guint64)0x10000000)
#define CODE ((guint64)0x20000000)

/* What a run begins and ends with. */
typedef struct {
    guint64 gpr[16];
    guint32 flags;              /* EFLAGS, the arithmetic ones */
    int fault;                  /* signal that ended it, as a vector; NO_FAULT */
    guint8 vector[1024] __attribute__((aligned(64)));   /* XSAVE */
    guint8 data[DATA_SIZE];
} Run;

/* ---- The host's own processor ---- */

static Run native;
static sigjmp_buf native_end;
static guint8 *native_data, *native_code;
static guint64 native_gpr[17];          /* and the host's rsp */

/* Loads native.vector and native_gpr, and goes to CODE + CODE_OFFSET. */
static void __attribute__((naked, noinline)) native_enter(void)
{
    __asm__ volatile (
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "lea native_gpr(%rip), %rbx\n"
        "mov %rsp, 128(%rbx)\n"
        "lea native(%rip), %rcx\n"
        "mov $7, %eax\n xor %edx, %edx\n"
        "xrstor64 192(%rcx)\n"
        "pushq 120(%rbx)\n popq %r15\n"
        "mov 0(%rbx), %rax\n mov 8(%rbx), %rcx\n mov 16(%rbx), %rdx\n"
        "mov 40(%rbx), %rbp\n mov 48(%rbx), %rsi\n mov 56(%rbx), %rdi\n"
        "mov 64(%rbx), %r8\n mov 72(%rbx), %r9\n mov 80(%rbx), %r10\n"
        "mov 88(%rbx), %r11\n mov 96(%rbx), %r12\n mov 104(%rbx), %r13\n"
        "mov 112(%rbx), %r14\n"
        "pushq native+128(%rip)\n popfq\n"
        "mov 32(%rbx), %rsp\n"
        "mov 24(%rbx), %rbx\n"
        "jmp *native_target(%rip)\n");
}

guint64 native_target;

static int native_vector(int sig, const siginfo_t *info, const ucontext_t *context)
{
    if (sig == SIGTRAP) {
        return NO_FAULT;
    }
    if (sig == SIGFPE) {
        return info->si_code == FPE_INTDIV || info->si_code == FPE_INTOVF ? TCG_DE
             : context->uc_mcontext.fpregs->swd & 0x80 ? TCG_MF : TCG_XM;
    }
    return sig == SIGSEGV ? TCG_GP : sig == SIGILL ? TCG_UD : 100 + sig;
}

static void native_handler(int sig, siginfo_t *info, void *data)
{
    const ucontext_t *context = data;
    const greg_t *regs = context->uc_mcontext.gregs;
    static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI,
                                   REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13,
                                   REG_R14, REG_R15 };

    for (guint i = 0; i < 16; i++) {
        native.gpr[i] = regs[order[i]];
    }
    native.flags = regs[REG_EFL] & EFLAGS_ARITHMETIC;
    native.fault = native_vector(sig, info, context);
    memcpy(native.vector, context->uc_mcontext.fpregs, VECTOR_BYTES);
    siglongjmp(native_end, 1);
}

static void native_run(const Run *start, const guint8 *insn, guint length)
{
    native = *start;
    memcpy(native_data, start->data, DATA_SIZE);
    memcpy(native_gpr, start->gpr, sizeof(start->gpr));
    memcpy(native_code + CODE_OFFSET, insn, length);
    native_code[CODE_OFFSET + length] = 0xcc;
    native_target = CODE + CODE_OFFSET;
    if (!sigsetjmp(native_end, 1)) {
        native_enter();
    }
    memcpy(native.data, native_data, DATA_SIZE);
}

static void install_native_handlers(void)
{
    static const int signals[] = { SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGILL };
    struct sigaction action = { .sa_sigaction = native_handler,
                                .sa_flags = SA_SIGINFO | SA_ONSTACK };

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
}

/* Runs while the guest's vectors are in the host's registers. */
#define LIGHT __attribute__((target("general-regs-only")))

/* ---- The translation, without the rest of the accelerator ---- */

static Run ours;
static TcgAccel tcg;
static TcgVcpu vcpu;
static guint8 ours_data[DATA_SIZE] __attribute__((aligned(4096)));
static guint8 code_page[4096] __attribute__((aligned(4096)));
static const void *ours_entry;
static guint dispatches;
static const Run *ours_start;
static struct {
    guint64 linear;
    guint size, how;
} bounce;

static void load_state(TcgState *s)
{
    memcpy(s->gpr, ours_start->gpr, sizeof(s->gpr));
    memcpy(s->vector, ours_start->vector, sizeof(s->vector));
    tcg_set_arithmetic(s, ours_start->flags);
    s->mode = TCG_MODE_CODE64 | TCG_MODE_FLAT | TCG_MODE_CPL | TCG_MODE_X87 | TCG_MODE_SSE |
              TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED;
    s->cr4 = CR4_OSXMMEXCPT;
}

static void init_state(TcgState *s, TcgVcpu *v)
{
    memset(s, 0, offsetof(TcgState, jump));
    memset(s->tlb, 0, sizeof(s->tlb));
    for (guint i = 0; i < TCG_N_TLBS; i++) {
        s->tlb[i][0].tag_read = s->tlb[i][0].tag_write = 0x1000;
    }
    for (guint i = 0; i < TCG_JUMP_CACHE_SIZE; i++) {
        s->jump[TCG_JUMPS_USER][i].mode = TCG_JUMP_NONE;
    }
    s->thunk[TCG_THUNK_LOOP] = tcg_thunk_loop;
    s->thunk[TCG_THUNK_EXIT] = tcg_thunk_exit;
    s->thunk[TCG_THUNK_RIP] = tcg_thunk_rip;
    s->thunk[TCG_THUNK_HELPER] = tcg_thunk_helper;
    s->thunk[TCG_THUNK_SLOW] = tcg_thunk_slow;
    s->thunk[TCG_THUNK_COPIED] = tcg_thunk_copied;
    s->vcpu = v;
    s->code_base = (guintptr)tcg.cache->execute;
    s->xsave_mask = 7;
    load_state(s);
    tcg_signals_thread(s, tcg.cache->size);
    dispatches = 0;
}

static void store_state(TcgState *s)
{
    __asm__ volatile ("xsave64 %0" : "=m"(ours.vector) : "a"(7), "d"(0) : "memory");
    memcpy(ours.gpr, s->gpr, sizeof(s->gpr));
    ours.flags = tcg_eflags(s) & EFLAGS_ARITHMETIC;
    __asm__ volatile ("fninit; ldmxcsr %0" : : "m"((guint32){ 0x1f80 }));
}

const void *tcg_dispatch(TcgState *s)
{
    if (dispatches++ == 0) {
        return ours_entry;
    }
    store_state(s);
    return NULL;
}

guint tcg_run_helper(TcgState *s, const TcgInsn *insn)
{
    g_error("a helper was called");
}

guint64 tcg_run_heavy(TcgState *s, guint64 (*f)(TcgState *, void *), void *argument)
{
    return f(s, argument);
}

LIGHT static const void *at(const TcgMemop *record, gint32 offset)
{
    return (const guint8 *)record + offset;
}

/* The first access of a page fills the TLB, one across pages goes by the bounce buffer. */
LIGHT const void *tcg_slow(TcgState *s, guint64 linear, const TcgMemop *record)
{
    TcgTlbEntry *entry = &s->tlb[TCG_TLB_USER][linear >> 12 & (TCG_TLB_SIZE - 1)];

    if (linear < DATA || linear + record->size > DATA + DATA_SIZE) {
        ours.fault = TCG_PF;
        tcg_abandon(s);
    }
    s->scratch = linear;
    if ((linear & 0xfff) + record->size <= 4096) {
        *entry = (TcgTlbEntry){
            .tag_read = linear & ~0xfffull, .tag_write = linear & ~0xfffull,
            .page = ours_data + ((linear - DATA) & ~0xfffull),
        };
        return at(record, record->checked);
    }
    bounce.linear = linear;
    bounce.size = record->size;
    bounce.how = record->how;
    s->scratch = (guintptr)(s->bounce + (linear & 63));
    for (guint i = 0; i < record->size; i++) {
        s->bounce[(linear & 63) + i] = ours_data[linear - DATA + i];
    }
    return at(record, record->copy);
}

const void *tcg_slow_segment(TcgState *s, guint64 offset, const TcgMemop *record)
{
    g_error("a segment was looked at");
}

LIGHT const void *tcg_copied(TcgState *s, const TcgMemop *record)
{
    for (guint i = 0; bounce.how & TCG_ACCESS_WRITE && i < bounce.size; i++) {
        ours_data[bounce.linear - DATA + i] = s->bounce[(bounce.linear & 63) + i];
    }
    if (record->flags_in_host) {
        s->flags = s->copy_flags;
    }
    return at(record, record->cont);
}

LIGHT void tcg_host_fault(TcgState *s)
{
    const TcgBlock *block = tcg.cache->by_code[0];
    guint host = s->fault_rip - s->code_base - block->code;
    const TcgNote *note = block->notes;

    for (guint i = 0; i < block->n_notes && block->notes[i].host <= host; i++) {
        note = &block->notes[i];
    }
    if (note->flags_in_host) {
        tcg_set_arithmetic(s, s->fault_flags);
    }
    ours.fault = s->fault_vector;
}

static bool ours_run(const Run *start, const guint8 *insn, guint length)
{
    TcgBlockKey key = {
        .page = code_page, .rip = CODE + CODE_OFFSET,
        .mode = TCG_MODE_CODE64 | TCG_MODE_FLAT | TCG_MODE_CPL | TCG_MODE_X87 | TCG_MODE_SSE |
                TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED,
    };
    TcgBlock *block;

    ours_start = start;
    ours.fault = NO_FAULT;
    memcpy(ours_data, start->data, DATA_SIZE);
    memset(code_page, 0xcc, sizeof(code_page));
    memcpy(code_page + CODE_OFFSET, insn, length);
    /* A jump to the dispatcher ends the block. */
    memcpy(code_page + CODE_OFFSET + length, "\xff\xe0", 2);
    tcg_cache_flush(tcg.cache);
    if (tcg_translate_block(tcg.cache, NULL, &key, code_page + CODE_OFFSET, 4096 - CODE_OFFSET, NULL,
                      &block) != TCG_TRANSLATED) {
        return false;
    }
    tcg_cache_insert(tcg.cache, block);
    ours_entry = tcg.cache->execute + block->code;
    tcg_thread(&vcpu, sizeof(TcgState), init_state);
    memcpy(ours.data, ours_data, DATA_SIZE);
    return true;
}

/* ---- Random instructions ---- */

static GRand *rng;

static guint32 random_below(guint32 n)
{
    return g_rand_int(rng) % n;
}

static guint64 random_64(void)
{
    switch (random_below(6)) {
    case 0:
        return random_below(4);
    case 1:
        return -(gint64)random_below(4);
    case 2:
        return 1ull << random_below(64);
    default:
        return (guint64)g_rand_int(rng) << 32 | g_rand_int(rng);
    }
}

static guint random_bytes(guint8 *bytes)
{
    static const guint8 prefixes[] = { 0x66, 0xf2, 0xf3, 0xf0, 0x67 };
    guint n = 0;

    if (random_below(4) == 0) {
        bytes[n++] = 0xc4 | random_below(2);
        while (n < 15) {
            bytes[n++] = random_below(256);
        }
        if (bytes[0] == 0xc4) {
            bytes[1] = (bytes[1] & 0xe0) | (1 + random_below(3));
        }
        return 15;
    }
    while (random_below(3) == 0 && n < 3) {
        bytes[n++] = prefixes[random_below(random_below(4) ? 3 : 5)];
    }
    if (random_below(2)) {
        bytes[n++] = 0x40 | random_below(16);
    }
    switch (random_below(5)) {
    case 0:
    case 1:
        bytes[n++] = 0x0f;
        break;
    case 2:
        bytes[n++] = 0x0f;
        bytes[n++] = random_below(2) ? 0x38 : 0x3a;
        break;
    }
    while (n < 15) {
        bytes[n++] = random_below(256);
    }
    return 15;
}

static bool is_excluded(const TcgDecoded *d)
{
    switch (d->z.mnemonic) {
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_LDMXCSR:        /* random bits of it fault or unmask */
    case ZYDIS_MNEMONIC_VLDMXCSR:
    case ZYDIS_MNEMONIC_FLDCW:
        return true;
    default:
        return false;
    }
}

/* Makes the memory operand lie in the data, mostly by setting a register. */
static bool place_operand(const TcgDecoded *d, Run *start, guint8 *bytes)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);
    guint64 target = DATA + (random_below(4) ? random_below(DATA_SIZE - 64)
                                             : 4096 - 32 + random_below(33));
    ZydisRegister base, index;
    bool high;

    if (!operand) {
        return true;
    }
    if (random_below(2)) {
        target &= ~(guint64)31;
    }
    base = operand->mem.base;
    index = operand->mem.index;
    if (operand->mem.segment == ZYDIS_REGISTER_FS || operand->mem.segment == ZYDIS_REGISTER_GS) {
        return false;
    }
    if (base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP || base == ZYDIS_REGISTER_NONE) {
        gint64 disp = target - (base == ZYDIS_REGISTER_NONE ? 0
                                : CODE + CODE_OFFSET + d->z.length);

        if (d->z.raw.disp.size != 32) {
            return false;
        }
        if (index != ZYDIS_REGISTER_NONE) {
            start->gpr[gpr_number(index, &high)] = random_below(64);
            disp -= start->gpr[gpr_number(index, &high)] * operand->mem.scale;
        }
        memcpy(bytes + d->z.raw.disp.offset, &disp, 4);
        return true;
    }
    if (base == index) {
        return false;
    }
    if (index != ZYDIS_REGISTER_NONE) {
        start->gpr[gpr_number(index, &high)] = random_below(4096);
        target -= start->gpr[gpr_number(index, &high)] * operand->mem.scale;
    }
    start->gpr[gpr_number(base, &high)] = target - operand->mem.disp.value;
    return true;
}

static void random_vector(Run *start)
{
    guint32 mxcsr = 0x1f80 | random_below(4) << 13 | (random_below(4) ? 0 : random_below(2) << 15);
    guint64 xstate = 7;

    memset(start->vector, 0, sizeof(start->vector));
    for (guint i = 160; i < 416; i += 8) {
        *(guint64 *)(void *)(start->vector + i) = random_64();
        *(guint64 *)(void *)(start->vector + 416 + i) = random_64();
    }
    for (guint i = 0; i < 8; i++) {
        long double value = (gint64)random_64();

        value /= 1 + random_below(1000);
        memcpy(start->vector + 32 + 16 * i, &value, 10);
    }
    *(guint16 *)(void *)start->vector = 0x37f;
    start->vector[4] = random_below(2) ? 0xff : random_below(256);
    if (random_below(8) == 0) {
        mxcsr &= ~(guint32)(random_below(64) << 7);
    }
    memcpy(start->vector + 24, &mxcsr, 4);
    memcpy(start->vector + 512, &xstate, 8);
}

static void random_start(Run *start)
{
    for (guint i = 0; i < 16; i++) {
        start->gpr[i] = random_64();
    }
    start->flags = g_rand_int(rng) & EFLAGS_ARITHMETIC;
    start->flags |= EFLAGS_FIXED | EFLAGS_IF;
    random_vector(start);
    for (guint i = 0; i < DATA_SIZE; i += 8) {
        *(guint64 *)(void *)(start->data + i) = random_64();
    }
}

/* ---- Comparison ---- */

static void print_insn(const guint8 *bytes, guint length)
{
    ZydisDisassembledInstruction text;

    g_printerr("#");
    for (guint i = 0; i < length; i++) {
        g_printerr(" %02x", bytes[i]);
    }
    if (ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, CODE + CODE_OFFSET, bytes,
                                           length, &text))) {
        g_printerr("  %s", text.text);
    }
    g_printerr("\n");
}

/* What the instruction pointers of x87 hold is the host's own. */
static void hide_pointers(Run *run)
{
    memset(run->vector + 6, 0, 18);
    memset(run->vector + 416, 0, 96);
    memset(run->vector + 512, 0, 64);
}

static bool differs(const Run *start)
{
    bool different = false;

    hide_pointers(&native);
    hide_pointers(&ours);
    for (guint i = 0; i < 16; i++) {
        if (native.gpr[i] != ours.gpr[i]) {
            g_printerr("# register %u: was %" G_GINT64_MODIFIER "x, is %" G_GINT64_MODIFIER
                       "x, ours %" G_GINT64_MODIFIER "x\n", i, start->gpr[i], native.gpr[i],
                       ours.gpr[i]);
            different = true;
        }
    }
    if (native.fault != ours.fault) {
        g_printerr("# fault: %d, ours %d\n", native.fault, ours.fault);
        different = true;
    }
    if (native.flags != ours.flags) {
        g_printerr("# flags: was %x, is %x, ours %x\n", start->flags, native.flags, ours.flags);
        different = true;
    }
    for (guint i = 0; i < VECTOR_BYTES; i++) {
        if (native.vector[i] != ours.vector[i]) {
            g_printerr("# vector state at %u: %02x, ours %02x\n", i, native.vector[i],
                       ours.vector[i]);
            different = true;
            break;
        }
    }
    for (guint i = 0; i < DATA_SIZE; i++) {
        if (native.data[i] != ours.data[i]) {
            g_printerr("# memory at %x: was %02x, is %02x, ours %02x\n", i, start->data[i],
                       native.data[i], ours.data[i]);
            different = true;
            break;
        }
    }
    return different;
}

static bool is_candidate(const TcgDecoded *d)
{
    if (is_excluded(d)) {
        return false;
    }
    return d->policy.kind == TCG_KIND_VERBATIM || d->policy.kind == TCG_KIND_NOTHING ||
           d->policy.special == special_lea;
}

/* One instruction; false: the bytes are none that is wanted. */
static bool one_instruction(guint *ret_differences)
{
    guint32 mode = TCG_MODE_CODE64 | TCG_MODE_FLAT | TCG_MODE_CPL | TCG_MODE_X87 | TCG_MODE_SSE |
                   TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED;
    static Run start;
    static TcgDecoded d;
    guint8 bytes[16] = { 0 };

    random_bytes(bytes);
    if (tcg_decode(mode, bytes, 15, &d) != TCG_DECODED || !is_candidate(&d)) {
        return false;
    }
    random_start(&start);
    if (!place_operand(&d, &start, bytes)) {
        return false;
    }
    install_native_handlers();
    native_run(&start, bytes, d.z.length);
    if (native.fault == TCG_UD) {
        return false;           /* the host lacks it */
    }
    if (!ours_run(&start, bytes, d.z.length)) {
        return false;
    }
    if (differs(&start)) {
        print_insn(bytes, d.z.length);
        ++*ret_differences;
    }
    return true;
}

static guint from_environment(const char *name, guint otherwise)
{
    const char *value = g_getenv(name);

    return value ? strtoul(value, NULL, 0) : otherwise;
}

static void test_random(void)
{
    guint seed = from_environment("VMD_TEST_SEED", 1);
    guint count = from_environment("VMD_TEST_COUNT", 20000), differences = 0;

    rng = g_rand_new_with_seed(seed);
    g_test_message("seed %u, %u instructions", seed, count);
    for (guint i = 0; i < count && differences < 20; ) {
        i += one_instruction(&differences);
    }
    g_rand_free(rng);
    g_assert_cmpuint(differences, ==, 0);
}

static void set_up(void)
{
    stack_t alternative = { .ss_sp = g_malloc(65536), .ss_size = 65536 };

    sigaltstack(&alternative, NULL);
    native_data = mmap((void *)(guintptr)DATA, DATA_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    native_code = mmap((void *)(guintptr)CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    g_assert_true(native_data == (void *)(guintptr)DATA);
    g_mutex_init(&tcg.translate);
    tcg.cache = tcg_cache_new(&tcg, 1, false, NULL);
    g_assert_nonnull(tcg.cache);
    vcpu.tcg = &tcg;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    set_up();
    g_test_add_func("/tcg/differential/random", test_random);
    return g_test_run();
}
