/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of the host in generated code; see signals.h.  The handler makes the thread
 * continue in tcg_thunk_fault, with all registers preserved.  A fault anywhere else
 * gets its default action.
 */
#include "config.h"
#include "tcg/signals.h"

#include <cpuid.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "tcg/dispatch.h"

enum { NO_VECTOR = 0xff };

/* The thread's state, for the handler, which has no other argument. */
static _Thread_local TcgState *thread_state;
static _Thread_local gsize thread_code_size;

static guint8 vector_of(int signal, const siginfo_t *info, const ucontext_t *context)
{
    if (signal == SIGSEGV) {
        return info->si_code == SI_KERNEL ? TCG_GP : NO_VECTOR;
    }
    if (signal == SIGILL) {
        return TCG_UD;          /* missing on this host; the guest did not check CPUID */
    }
    if (signal != SIGFPE) {
        return NO_VECTOR;
    }
    if (info->si_code == FPE_INTDIV || info->si_code == FPE_INTOVF) {
        return TCG_DE;
    }
    /* By the trap number: x87 may have an exception pending while SSE raises one. */
    return context->uc_mcontext.gregs[REG_TRAPNO] == TCG_MF ? TCG_MF : TCG_XM;
}

static void fault_handler(int signal, siginfo_t *info, void *data)
{
    ucontext_t *context = data;
    greg_t *regs = context->uc_mcontext.gregs;
    TcgState *s = thread_state;
    guint64 pc = regs[REG_RIP];
    guint8 vector = vector_of(signal, info, context);

    if (!s || pc - s->code_base >= thread_code_size || vector == NO_VECTOR ||
        (guintptr)regs[REG_RSP] != (guintptr)s) {
        struct sigaction action = { .sa_handler = SIG_DFL };

        sigaction(signal, &action, NULL);
        return;
    }
    s->fault_rip = pc;
    s->fault_flags = regs[REG_EFL];
    s->fault_vector = vector;
    regs[REG_RIP] = (guintptr)tcg_thunk_fault;
}

void tcg_signals_thread(TcgState *s, gsize code_size)
{
    static const int signals[] = { SIGFPE, SIGILL, SIGSEGV };
    struct sigaction action = { .sa_sigaction = fault_handler, .sa_flags = SA_SIGINFO };
    sigset_t set;

    thread_state = s;
    thread_code_size = code_size;
    sigemptyset(&action.sa_mask);
    sigemptyset(&set);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, NULL);
        sigaddset(&set, signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* XGETBV with ECX 1 (SDM vol. 1, section 13.2). */
bool tcg_host_sees_in_use(void)
{
    guint32 eax, ebx, ecx, edx;

    return __get_cpuid_count(0xd, 1, &eax, &ebx, &ecx, &edx) && eax & 1 << 2;
}

guint64 tcg_host_xsave_mask(void)
{
    guint32 eax, edx;

    __asm__("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax & 0xe7;
}
