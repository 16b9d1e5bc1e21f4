/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single steps, breakpoints, the instruction after STI and MOV SS, and faults that the
 * host's own processor reports: which events come, at which instruction, with what in
 * DR6.  SDM vol. 3A, sections 6.8.1, 6.8.3; vol. 3B, sections 18.2, 18.3.
 *
 * A trace is VECTOR@RIP, then (error), then [DR6 & e00f] for #DB, in order.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

enum { DR6_CAUSES = 0xe00f, NO_INTERRUPT = 0, INTERRUPT = 1 };
#define DR6_NONE 0xffff0ff0u

/* DR7: breakpoint 0, its kind and length. */
enum {
    EXECUTE = 1,
    WRITE_1 = 1 | 1 << 16,
    WRITE_4 = 1 | 1 << 16 | 3 << 18,
    ACCESS_4 = 1 | 3 << 16 | 3 << 18,
};

typedef struct {
    const char *name;
    TcgRigMode mode;
    guint8 code[40];
    guint32 flags;
    guint32 dr7;
    guint64 dr0;
    const char *trace;
    bool interrupt;             /* the PICs' line is up */
    guint64 rcx, rdi;
} Case;

#define END 0xe6, TCG_RIG_DONE

static const Case cases[] = {
    /* nop; nop */
    { .name = "step", TCG_RIG_LONG, { 0x90, 0x90, END }, EFLAGS_TF, 0, 0, "1@1001[4000] 1@1002[4000] " },
    { .name = "step-real", TCG_RIG_REAL, { 0x90, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1001[4000] 1@1002[4000] " },
    { .name = "step-protected", TCG_RIG_PROTECTED32, { 0x90, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1001[4000] 1@1002[4000] " },
    { .name = "step-user", TCG_RIG_PAGED_USER32, { 0x90, 0x90, 0xeb, 0, 0x0f, 0x0b }, EFLAGS_TF, 0, 0,
      "1@1001[4000] 1@1002[4000] 1@1004[4000] 6@1004 " },
    /* pushf; and byte [rsp + 1], ~1; popf; nop: the last trap is POPF's, which began with TF */
    { .name = "step-ends", TCG_RIG_LONG, { 0x9c, 0x80, 0x64, 0x24, 1, 0xfe, 0x9d, 0x90, END }, EFLAGS_TF,
      0, 0, "1@1001[4000] 1@1006[4000] 1@1007[4000] " },
    /* pushf; or byte [rsp + 1], 1; popf; nop; nop: the first trap is the next instruction's */
    { .name = "step-begins", TCG_RIG_LONG, { 0x9c, 0x80, 0x4c, 0x24, 1, 1, 0x9d, 0x90, 0x90, END }, 0,
      0, 0, "1@1008[4000] 1@1009[4000] " },
    /* mov eax, ss; mov ss, eax; nop; nop */
    { .name = "step-mov-ss", TCG_RIG_LONG, { 0x8c, 0xd0, 0x8e, 0xd0, 0x90, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1002[4000] 1@1005[4000] 1@1006[4000] " },
    /* sti; nop */
    { .name = "step-sti", TCG_RIG_LONG, { 0xfb, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1001[4000] 1@1002[4000] " },
    /* rep stosb, three times: a trap after each */
    { .name = "step-rep", TCG_RIG_LONG, { 0xf3, 0xaa, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1000[4000] 1@1000[4000] 1@1002[4000] 1@1003[4000] ", false, 3, TCG_RIG_DATA },
    /* int3; nop: TF is clear in the handler and comes back with IRET */
    { .name = "step-int3", TCG_RIG_LONG, { 0xcc, 0x90, END }, EFLAGS_TF, 0, 0, "3@1001 1@1002[4000] " },
    /* xor edx, edx; ud2: a fault has no trap after it */
    { .name = "step-fault", TCG_RIG_LONG, { 0x31, 0xd2, 0x0f, 0x0b }, EFLAGS_TF, 0, 0,
      "1@1002[4000] 6@1002 " },
    /* syscall-like things aside: a jump's trap is at its target */
    { .name = "step-jump", TCG_RIG_LONG, { 0xeb, 1, 0xcc, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1003[4000] 1@1004[4000] " },

    { .name = "icebp", TCG_RIG_LONG, { 0xf1, END }, 0, 0, 0, "1@1001[0] " },
    { .name = "int", TCG_RIG_LONG, { 0xcd, 0x1f, END }, 0, 0, 0, "31@1002 " },

    { .name = "execute", TCG_RIG_LONG, { 0x90, 0x90, 0x90, END }, 0, EXECUTE, TCG_RIG_CODE + 1,
      "1@1001[1] " },
    /* the instruction after MOV SS has none */
    { .name = "execute-mov-ss", TCG_RIG_LONG, { 0x8c, 0xd0, 0x8e, 0xd0, 0x90, END }, 0, EXECUTE,
      TCG_RIG_CODE + 4, "" },
    /* but the one after that */
    { .name = "execute-after-mov-ss", TCG_RIG_LONG, { 0x8c, 0xd0, 0x8e, 0xd0, 0x90, 0x90, END }, 0,
      EXECUTE, TCG_RIG_CODE + 5, "1@1005[1] " },
    /* a step's trap first, then the breakpoint of the next instruction: one #DB for both */
    { .name = "execute-and-step", TCG_RIG_LONG, { 0x90, 0x90, END }, EFLAGS_TF, EXECUTE, TCG_RIG_CODE + 2,
      "1@1001[4000] 1@1002[4000] " },

    /* mov dword [20000h], 1; nop */
    { .name = "write", TCG_RIG_LONG, { 0xc7, 4, 0x25, 0, 0, 2, 0, 1, 0, 0, 0, 0x90, END }, 0, WRITE_4,
      TCG_RIG_DATA, "1@100b[1] " },
    { .name = "write-last-byte", TCG_RIG_LONG, { 0xc7, 4, 0x25, 0, 0, 2, 0, 1, 0, 0, 0, 0x90, END }, 0,
      WRITE_1, TCG_RIG_DATA + 3, "1@100b[1] " },
    { .name = "write-beside", TCG_RIG_LONG, { 0xc7, 4, 0x25, 0, 0, 2, 0, 1, 0, 0, 0, 0x90, END }, 0,
      WRITE_1, TCG_RIG_DATA + 4, "" },
    { .name = "write-and-step", TCG_RIG_LONG, { 0xc7, 4, 0x25, 0, 0, 2, 0, 1, 0, 0, 0, END }, EFLAGS_TF,
      WRITE_4, TCG_RIG_DATA, "1@100b[4001] " },
    /* mov eax, [20000h]; nop */
    { .name = "read", TCG_RIG_LONG, { 0x8b, 4, 0x25, 0, 0, 2, 0, 0x90, END }, 0, ACCESS_4, TCG_RIG_DATA,
      "1@1007[1] " },
    { .name = "read-of-write", TCG_RIG_LONG, { 0x8b, 4, 0x25, 0, 0, 2, 0, 0x90, END }, 0, WRITE_4,
      TCG_RIG_DATA, "" },
    /* push rax; nop; movq [20000h], xmm0; stosd */
    { .name = "push", TCG_RIG_LONG, { 0x50, 0x90, END }, 0, WRITE_4, TCG_RIG_STACK - 8, "1@1001[1] " },
    { .name = "write-vector", TCG_RIG_LONG, { 0x66, 0x0f, 0xd6, 4, 0x25, 0, 0, 2, 0, 0x90, END }, 0,
      WRITE_1, TCG_RIG_DATA + 7, "1@1009[1] " },
    { .name = "stos", TCG_RIG_LONG, { 0xab, 0x90, END }, 0, WRITE_4, TCG_RIG_DATA, "1@1001[1] ", false, 0,
      TCG_RIG_DATA },

    /* sti; nop; nop */
    { .name = "sti", TCG_RIG_LONG, { 0xfb, 0x90, 0x90, END }, 0, 0, 0, "31@1002 ", INTERRUPT },
    { .name = "sti-real", TCG_RIG_REAL, { 0xfb, 0x90, 0x90, END }, 0, 0, 0, "31@1002 ", INTERRUPT },
    /* sti; cli: no window */
    { .name = "sti-cli", TCG_RIG_LONG, { 0xfb, 0xfa, 0x90, END }, 0, 0, 0, "", INTERRUPT },
    { .name = "sti-hlt", TCG_RIG_LONG, { 0xfb, 0xf4, 0x90, END }, 0, 0, 0, "31@1002 ", INTERRUPT },
    /* sti; jmp over int3 */
    { .name = "sti-jump", TCG_RIG_LONG, { 0xfb, 0xeb, 1, 0xcc, 0x90, END }, 0, 0, 0, "31@1004 ",
      INTERRUPT },
    /* sti where it is on already has no shadow */
    { .name = "at-once", TCG_RIG_LONG, { 0x90, 0x90, END }, EFLAGS_IF, 0, 0, "31@1000 ", INTERRUPT },
    /* pushf; or byte [rsp + 1], 2; popf; nop */
    { .name = "popf", TCG_RIG_LONG, { 0x9c, 0x80, 0x4c, 0x24, 1, 2, 0x9d, 0x90, END }, 0, 0, 0,
      "31@1007 ", INTERRUPT },
    /* sti; ud2: the fault comes in the shadow, the interrupt in its return */
    { .name = "sti-fault", TCG_RIG_LONG, { 0xfb, 0x0f, 0x0b, END }, 0, 0, 0, "6@1001 31@1001 ",
      INTERRUPT },
    { .name = "sti-step", TCG_RIG_LONG, { 0xfb, 0x90, 0x90, END }, EFLAGS_TF, 0, 0,
      "1@1001[4000] 31@1001 1@1002[4000] 1@1003[4000] ", INTERRUPT },

    /* xor edx, edx; xor ecx, ecx; div ecx */
    { .name = "division", TCG_RIG_LONG, { 0x31, 0xd2, 0x31, 0xc9, 0xf7, 0xf1, END }, 0, 0, 0, "0@1004 " },
    { .name = "division-real", TCG_RIG_REAL, { 0x31, 0xd2, 0x31, 0xc9, 0xf7, 0xf1, END }, 0, 0, 0,
      "0@1004 " },
    /* push 0; ldmxcsr [rsp]; xorps xmm0, xmm0; divps xmm0, xmm0 */
    { .name = "sse", TCG_RIG_LONG, { 0x6a, 0, 0x0f, 0xae, 0x14, 0x24, 0x0f, 0x57, 0xc0, 0x0f, 0x5e, 0xc0,
                             END }, 0, 0, 0, "19@1009 " },
    /* fninit; push 0; fldcw [rsp]; fld1; fldz; fdivp; nop; wait */
    { .name = "x87", TCG_RIG_LONG, { 0xdb, 0xe3, 0x6a, 0, 0xd9, 0x2c, 0x24, 0xd9, 0xe8, 0xd9, 0xee, 0xde,
                             0xf9, 0x90, 0x9b, END }, 0, 0, 0, "16@100e " },
    /* mov rbx, 20001h; movaps xmm0, [rbx] */
    { .name = "misaligned", TCG_RIG_LONG, { 0x48, 0xc7, 0xc3, 1, 0, 2, 0, 0x0f, 0x28, 3, END }, 0, 0, 0,
      "13@1007(0) " },
};

static bool is_fault(guint8 vector)
{
    return vector != TCG_DB && vector != TCG_BP && vector < 31;
}

/* Faults but those in a shadow end the run, as max_events says; a breakpoint is passed by RF. */
static void trace(TcgRig *rig, TcgRigEvent *event)
{
    const Case *now = rig->data;
    TcgState *s = ((TcgVcpu *)rig->cpu->vcpu)->state;

    tcg_rig_trace_event(rig, event);
    if (event->vector == TCG_DB) {
        g_string_truncate(rig->trace, rig->trace->len - 1);
        g_string_append_printf(rig->trace, "[%x] ", (guint)s->dr[6] & DR6_CAUSES);
        s->dr[6] = DR6_NONE;
        event->flags |= now->dr7 == EXECUTE ? EFLAGS_RF : 0;
    }
    if (is_fault(event->vector) && !now->interrupt) {
        rig->n_done++;
    } else if (is_fault(event->vector)) {
        event->rip += rig->n_events > 1 ? 2 : 0;
    }
    if (event->vector == 31 && strstr(now->name, "fault")) {
        rig->n_done++;
    }
}

static void test_case(gconstpointer data)
{
    const Case *now = data;
    g_autoptr(TcgRig) rig = tcg_rig_new();
    X86CpuState state;

    rig->on_event = trace;
    rig->data = (void *)(guintptr)now;
    rig->max_events = 20;
    tcg_rig_mode(rig, now->mode, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, now->code, sizeof(now->code));
    state.rflags |= now->flags;
    state.dr[0] = now->dr0;
    state.dr[7] = 0x400 | now->dr7;
    state.gpr[X86_RCX] = now->rcx;
    state.gpr[X86_RDI] = now->rdi;
    state.apic_base &= ~(1ull << 11);   /* so the PICs' line reaches the CPU */
    tcg_rig_reset(rig, &state);
    rig->ops->set_extint(rig->accel, now->interrupt);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, now->trace);
}

/* A block of more than 256 bytes: 40 times mov rcx, 0 with ten bytes; div ecx. */
static void test_far(void)
{
    static const guint8 load[] = { 0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0 }, divide[] = { 0xf7, 0xf1, END };
    static const Case nothing = { .name = "far", .mode = TCG_RIG_LONG };
    g_autoptr(TcgRig) rig = tcg_rig_new();
    guint at = TCG_RIG_CODE;
    X86CpuState state;

    rig->on_event = trace;
    rig->data = (void *)(guintptr)&nothing;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    for (guint i = 0; i < 40; i++, at += sizeof(load)) {
        tcg_rig_load(rig, at, load, sizeof(load));
    }
    tcg_rig_load(rig, at, divide, sizeof(divide));
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "0@1190 ");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/steps/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/tcg/steps/far", test_far);
    return g_test_run();
}
