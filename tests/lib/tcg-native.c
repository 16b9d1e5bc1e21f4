/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's own processor; see the header.  The code is jumped to with all registers
 * loaded, and left by a signal, whose frame has them all.
 */
#include "config.h"
#include "tests/lib/tcg-native.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tcg/state.h"

/* Known to the assembly below. */
static Run native __attribute__((used));
static guint64 native_target __attribute__((used));

static sigjmp_buf native_end;
static guint8 *native_data, *native_code;

G_STATIC_ASSERT(offsetof(Run, flags) == 136 && offsetof(Run, vector) == 192);

/* Loads all of `native` and jumps; comes back by the signal's handler alone. */
static void __attribute__((naked, noinline)) native_enter(void)
{
    __asm__ volatile (
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "lea native(%rip), %rbx\n"
        "mov $7, %eax\n xor %edx, %edx\n"
        "xrstor64 192(%rbx)\n"
        "mov 0(%rbx), %rax\n mov 8(%rbx), %rcx\n mov 16(%rbx), %rdx\n"
        "mov 40(%rbx), %rbp\n mov 48(%rbx), %rsi\n mov 56(%rbx), %rdi\n"
        "mov 64(%rbx), %r8\n mov 72(%rbx), %r9\n mov 80(%rbx), %r10\n"
        "mov 88(%rbx), %r11\n mov 96(%rbx), %r12\n mov 104(%rbx), %r13\n"
        "mov 112(%rbx), %r14\n mov 120(%rbx), %r15\n"
        "pushq 136(%rbx)\n popfq\n"
        "mov 32(%rbx), %rsp\n"
        "mov 24(%rbx), %rbx\n"
        "jmp *native_target(%rip)\n");
}

static int vector_of(int sig, const siginfo_t *info, const ucontext_t *context)
{
    switch (sig) {
    case SIGTRAP:
        return RUN_NO_FAULT;
    case SIGFPE:
        return info->si_code == FPE_INTDIV || info->si_code == FPE_INTOVF ? TCG_DE
             : context->uc_mcontext.gregs[REG_TRAPNO];
    default:
        return context->uc_mcontext.gregs[REG_TRAPNO];
    }
}

static void handler(int sig, siginfo_t *info, void *data)
{
    const ucontext_t *context = data;
    const greg_t *regs = context->uc_mcontext.gregs;
    static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI,
                                   REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13,
                                   REG_R14, REG_R15 };

    for (guint i = 0; i < 16; i++) {
        native.gpr[i] = regs[order[i]];
    }
    native.rip = (guint64)regs[REG_RIP] - (sig == SIGTRAP);
    native.flags = regs[REG_EFL] & EFLAGS_ARITHMETIC;
    native.fault = vector_of(sig, info, context);
    memcpy(native.vector, context->uc_mcontext.fpregs, RUN_VECTOR_BYTES);
    siglongjmp(native_end, 1);
}

/* The translation's thread has handlers of its own for some of them: tcg/signals.c. */
static void install_handlers(void)
{
    static const int signals[] = { SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGILL };
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
}

const Run *native_run(const Run *start, const guint8 *code, guint length)
{
    install_handlers();
    native = *start;
    native_target = RUN_CODE + RUN_CODE_OFFSET;
    memcpy(native_data, start->data, RUN_DATA_SIZE);
    memcpy(native_code + RUN_CODE_OFFSET, code, length);
    if (!sigsetjmp(native_end, 1)) {
        native_enter();
    }
    memset(native_code + RUN_CODE_OFFSET, 0xcc, length);
    memcpy(native.data, native_data, RUN_DATA_SIZE);
    return &native;
}

guint64 native_fs_base(void)
{
    guint64 base = 0;

    syscall(SYS_arch_prctl, ARCH_GET_FS, &base);
    return base;
}

static guint8 *map_at(guint64 address, gsize size, int protection, int fd)
{
    guint8 *memory = mmap((void *)(guintptr)address, size, protection,
                          fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE
                                 : MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);

    g_assert_true(memory == (guint8 *)(guintptr)address);
    return memory;
}

void native_open(void)
{
    static guint8 memory[65536] __attribute__((aligned(16)));
    stack_t alternative = { .ss_sp = memory, .ss_size = sizeof(memory) };
    int fd = memfd_create("code", MFD_CLOEXEC);

    sigaltstack(&alternative, NULL);
    g_assert_cmpint(ftruncate(fd, 4096), ==, 0);
    native_data = map_at(RUN_DATA, RUN_DATA_SIZE, PROT_READ | PROT_WRITE, -1);
    map_at(RUN_CODE, 4096, PROT_READ | PROT_EXEC, fd);
    native_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    g_assert_true(native_code != MAP_FAILED);
    memset(native_code, 0xcc, 4096);
    close(fd);
}
