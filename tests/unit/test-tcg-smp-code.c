/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What CPUs in software do to each other: change code that another one runs, change page tables and
 * tell by an interrupt, start each other, interrupt each other without end, and fill the memory for
 * code.
 */
#include "config.h"
#include "tests/unit/tcg-guest.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

#include "qom/qapi-objects-accel.h"
#include "tcg/cache.h"

#define HALT "9: hlt\njmp 9b\n"
#define WRONG "5: mov $'W', %al\n" TELL END HALT
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* ---- Code that another CPU changes ---- */

#define PATCHES 3000

/* CPU 0 changes the number that a function returns, and says so; the others must not get an older
 * one then.  Each tells what it has seen at 0x30040 + 0x40 * number of the CPU. */
GUEST(patch, "mov $0x31003, %ecx\n"
             "test %edi, %edi\n"
             "jnz 2f\n"
             "movb $0xb8, 0x31003\n"            /* mov eax, 0; ret */
             "movb $0xc3, 0x31008\n"
             "movl $1, 0x30008\n"
             "xor %ebx, %ebx\n"
             "1: inc %ebx\n"
             "mov %ebx, 0x31004\n"
             "mov %ebx, 0x30000\n"
             "3: pause\n"
             "cmp %ebx, 0x30080\n"
             "jb 3b\n"
             "cmp $" TEXT(PATCHES) ", %ebx\n"
             "jb 1b\n" END HALT
             "2: cmpl $0, 0x30008\n"
             "je 2b\n"
             "mov %edi, %esi\n"
             "shl $6, %esi\n"
             "4: mov 0x30000, %r12d\n"
             "xor %eax, %eax\n"
             "cpuid\n"
             "mov $0x31003, %ecx\n"
             "call *%rcx\n"
             "cmp %r12d, %eax\n"
             "jb 5f\n"
             "mov %r12d, 0x30040(%rsi)\n"
             "cmp $" TEXT(PATCHES) ", %r12d\n"
             "jb 4b\n" END HALT WRONG);

#define PAGES 3000

/* CPU 0 writes a function to one of 16 pages, which the other one calls, and then data over it. */
GUEST(pages, "test %edi, %edi\n"
             "jnz 2f\n"
             "xor %ebx, %ebx\n"
             "1: inc %ebx\n"
             "mov %ebx, %esi\n"
             "and $15, %esi\n"
             "imul $0x1010, %esi\n"
             "add $0x100000, %esi\n"
             "movb $0xb8, (%rsi)\n"
             "mov %ebx, 1(%rsi)\n"
             "movb $0xc3, 5(%rsi)\n"
             "mov %rsi, 0x30010\n"
             "mov %ebx, 0x30000\n"
             "3: pause\n"
             "cmp %ebx, 0x30080\n"
             "jb 3b\n"
             "mov $20, %ecx\n"
             "4: movq $-3, -8(%rsi, %rcx, 8)\n"
             "dec %ecx\n"
             "jnz 4b\n"
             "cmp $" TEXT(PAGES) ", %ebx\n"
             "jb 1b\n" END HALT
             "2: xor %ebx, %ebx\n"
             "6: inc %ebx\n"
             "7: pause\n"
             "cmp %ebx, 0x30000\n"
             "jb 7b\n"
             "mov 0x30010, %rcx\n"
             "call *%rcx\n"
             "cmp %ebx, %eax\n"
             "jne 5f\n"
             "mov %ebx, 0x30080\n"
             "cmp $" TEXT(PAGES) ", %ebx\n"
             "jb 6b\n" END HALT WRONG);

/* Each changes its own function, all of which are in one page, and some in the same 64 bytes; and
 * the instruction after next, which the others' changes may have dropped already. */
GUEST(own, "mov $4000, %esi\n"
           "imul $24, %edi, %ebp\n"
           "add $0x31000, %ebp\n"
           "movb $0xff, (%rbp)\n"               /* inc dword [rbp + 8]; nop; mov eax, 0; ret */
           "movw $0x0845, 1(%rbp)\n"
           "movl $0x90909090, 3(%rbp)\n"
           "movb $0xb8, 7(%rbp)\n"
           "movl $0, 8(%rbp)\n"
           "movb $0xc3, 12(%rbp)\n"
           "xor %ebx, %ebx\n"
           "1: inc %ebx\n"
           "call *%rbp\n"
           "cmp %ebx, %eax\n"
           "jne 5f\n"
           "inc %ebx\n"
           "incl 8(%rbp)\n"
           "lea 7(%rbp), %rcx\n"
           "call *%rcx\n"
           "cmp %ebx, %eax\n"
           "jne 5f\n"
           "dec %esi\n"
           "jnz 1b\n" END HALT WRONG);

#define FUNCTIONS 0x6000

/* More functions than there is memory for their translations; CPU 2 also accesses a device in the
 * middle of a block, and CPU 3 locks operands on two pages. */
GUEST(full, "mov $3, %esi\n"
            "1: xor %eax, %eax\n"
            "mov $0x100000, %ebx\n"
            "2: call *%rbx\n"
            "cmp $2, %edi\n"
            "jb 4f\n"
            "ja 3f\n"
            "mov %eax, %ecx\n"
            "in $0x60, %al\n"
            "mov %ecx, %eax\n"
            "jmp 4f\n"
            "3: test $0x1ff, %ebx\n"
            "jnz 4f\n"
            "lock incl 0x20ffe\n"
            "4: add $16, %ebx\n"
            "cmp $0x100000 + 16 * " TEXT(FUNCTIONS) ", %ebx\n"
            "jb 2b\n"
            "cmp $" TEXT(FUNCTIONS) ", %eax\n"
            "jne 5f\n"
            "dec %esi\n"
            "jnz 1b\n" END HALT WRONG);

/* CPU 0 calls all functions without end, CPU 1 accesses a device. */
GUEST(filler, "test %edi, %edi\n"
              "jnz 3f\n"
              "1: mov $0x100000, %ebx\n"
              "2: call *%rbx\n"
              "add $16, %ebx\n"
              "cmp $0x100000 + 16 * " TEXT(FUNCTIONS) ", %ebx\n"
              "jb 2b\n"
              "jmp 1b\n"
              "3: in $0x60, %al\n"
              "jmp 3b\n");

/* ---- Interrupts: x2APIC, vector 31 ---- */

#define ENABLE "mov $0x1b, %ecx\nrdmsr\nor $0xc00, %eax\nwrmsr\n" \
               "mov $0x80f, %ecx\nmov $0x1ff, %eax\nxor %edx, %edx\nwrmsr\n"
/* All wait for each other. */
#define MEET "lock incl 0x30080\n" \
             "10: pause\n" \
             "mov 0x30090, %eax\n"             /* the number of CPUs */ \
             "cmp %eax, 0x30080\n" \
             "jb 10b\n"
/* ICR to a CPU. */
#define SEND(low, cpu) "mov $0x830, %ecx\nmov $" #low ", %eax\nmov $" #cpu ", %edx\nwrmsr\n"
#define SWITCHES 500

/* CPU 0 switches the page at 0x50000 between two, tells the others, and then writes what they must
 * not see to the page that it was.  The handler, at 0x2000, is set by the test. */
GUEST(shootdown, ENABLE
                 MEET
                 "test %edi, %edi\n"
                 "jnz 2f\n"
                 "mov $0x60000, %ebx\n"
                 "mov $" TEXT(SWITCHES) ", %esi\n"
                 "3: mov %rbx, %rbp\n"
                 "xor $0x1000, %ebx\n"
                 "movl $0, (%rbx)\n"
                 "lea 7(%rbx), %rax\n"
                 "mov %rax, 0x14280\n"
                 "movl $1, 0x30000\n"
                 SEND(0x0c401f, 0)              /* all but itself */
                 "4: pause\n"
                 "mov 0x30000, %eax\n"
                 "cmp %eax, 0x30090\n"
                 "jne 4b\n"
                 "movl $0x666, (%rbp)\n"
                 "dec %esi\n"
                 "jnz 3b\n"
                 "movl $1, 0x300c0\n" END HALT
                 "2: sti\n"
                 "6: pause\n"
                 "cmpl $0x666, 0x50000\n"
                 "je 5f\n"
                 "cmpl $0, 0x300c0\n"
                 "je 6b\n" END HALT WRONG);

GUEST(invalidate, "push %rax\npush %rcx\npush %rdx\n"
                  "invlpg 0x50000\n"
                  "lock incl 0x30000\n"
                  "mov $0x80b, %ecx\nxor %eax, %eax\nxor %edx, %edx\nwrmsr\n"
                  "pop %rdx\npop %rcx\npop %rax\n"
                  "iretq\n");

#define STARTS 300

/* CPU 0 resets and starts CPU 1 again and again, which counts that at 0x1f800. */
GUEST(starts, ENABLE
              "mov $" TEXT(STARTS) ", %esi\n"
              "xor %ebx, %ebx\n"
              "1: inc %ebx\n"
              SEND(0x4500, 1)
              SEND(0x461f, 1)
              SEND(0x4622, 1)                   /* ignored: it has been started */
              "2: pause\n"
              "cmp %ebx, 0x1f800\n"
              "jb 2b\n"
              "ja 5f\n"
              "cmp %esi, %ebx\n"
              "jb 1b\n" END HALT WRONG);

/* lock inc dword cs:[0x800]; cli; hlt; jmp to itself. */
static const guint8 started[] = {
    0x2e, 0x66, 0xf0, 0xff, 0x06, 0x00, 0x08, 0xfa, 0xf4, 0xeb, 0xfd,
};

#define STORMS 3000

/* All send interrupts and NMIs to all others, with HLT in between, until each has sent enough. */
GUEST(storm, ENABLE
             MEET
             "sti\n"
             "mov $" TEXT(STORMS) ", %esi\n"
             "1: " SEND(0x0c401f, 0)
             "test $3, %esi\n"
             "jnz 2f\n"
             SEND(0x0c4400, 0)
             "2: test $15, %esi\n"
             "jnz 3f\n"
             "cli\n"
             SEND(0x04401f, 0)                  /* to itself, so that HLT ends */
             "sti\n"
             "hlt\n"
             "3: dec %esi\n"
             "jnz 1b\n" END
             "9: hlt\njmp 9b\n");

/* Counts at 0x20000, by CPU; also for NMIs, for which an EOI changes nothing here. */
GUEST(count, "push %rax\npush %rcx\npush %rdx\n"
             "lock incl 0x20000\n"
             "mov $0x80b, %ecx\nxor %eax, %eax\nxor %edx, %edx\nwrmsr\n"
             "pop %rdx\npop %rcx\npop %rax\n"
             "iretq\n");

/* ---- Running ---- */

static void put_handler(TcgRig *rig, guint vector, const guint8 *code, const guint8 *end)
{
    const gint32 distance = 0x2000 - (TCG_RIG_HANDLERS + 16 * vector + 5);
    guint8 jump[5] = { 0xe9 };

    memcpy(jump + 1, &distance, 4);
    tcg_rig_load(rig, TCG_RIG_HANDLERS + 16 * vector, jump, sizeof(jump));
    tcg_rig_load(rig, 0x2000, code, end - code);
}

static void start_all(TcgRig *rig, const guint8 *code, const guint8 *end)
{
    X86CpuState state;

    rig->max_events = 1;        /* none is expected */
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, code, end - code);
    memcpy(rig->ram + 0x30090, &rig->n_cpus, 4);
    for (guint i = 0; i < rig->n_cpus; i++) {
        state.gpr[X86_RDI] = i;
        state.gpr[X86_RSP] = 0x18800 + 0x800 * i;
        tcg_rig_reset_cpu(rig, i, &state);
    }
}

static void run_all(TcgRig *rig)
{
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, "");
    g_assert_null(rig->internal_error);
    g_assert_cmpuint(rig->n_done, ==, rig->wanted);
}

static guint32 word(const TcgRig *rig, guint address)
{
    guint32 value;

    memcpy(&value, rig->ram + address, sizeof(value));
    return value;
}

typedef struct {
    const char *name;
    const guint8 *code, *end;
    guint n_cpus;
} Case;

#define CASE(name, n_cpus) { #name, guest_##name, guest_##name##_end, n_cpus }

static const Case cases[] = {
    CASE(patch, 2), CASE(patch, 4), CASE(pages, 2), CASE(own, 2), CASE(own, 4),
};

static void test_case(gconstpointer data)
{
    const Case *now = data;
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(now->n_cpus, 4);

    start_all(rig, now->code, now->end);
    run_all(rig);
}

/* inc eax; ret */
static void put_functions(TcgRig *rig)
{
    static const guint8 function[] = { 0xff, 0xc0, 0xc3 };

    for (guint i = 0; i < FUNCTIONS; i++) {
        memcpy(rig->ram + 0x100000 + 16 * i, function, sizeof(function));
    }
}

static void test_full(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(4, 1);

    put_functions(rig);
    start_all(rig, guest_full, guest_full_end);
    run_all(rig);
    g_assert_cmpuint(to_tcg_accel(rig->accel)->cache->generation, >, 3);
}

/* A CPU comes and goes while others run: one fills the memory for code again and again, one
 * waits for the machine lock most of the time. */
static void test_going(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(3, 1);
    const TcgCache *cache = to_tcg_accel(rig->accel)->cache;
    Cpu *cpu = rig->cpus[2];

    put_functions(rig);
    start_all(rig, guest_filler, guest_filler_end);
    rig->ops->vcpu_destroy(rig->accel, cpu);
    tcg_rig_begin(rig);
    while (__atomic_load_n(&cache->generation, __ATOMIC_RELAXED) < 60) {
        g_autoptr(GError) error = NULL;

        g_assert_true(rig->ops->vcpu_create(rig->accel, cpu, &error));
        g_assert_no_error(error);
        tcg_rig_wait(rig, 1000);
        rig->ops->vcpu_destroy(rig->accel, cpu);
    }
    tcg_rig_end(rig);
    g_assert_true(rig->ops->vcpu_create(rig->accel, cpu, NULL));
}

static void test_shootdown(gconstpointer data)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(GPOINTER_TO_UINT(data), 4);

    start_all(rig, guest_shootdown, guest_shootdown_end);
    put_handler(rig, 31, guest_invalidate, guest_invalidate_end);
    run_all(rig);
}

static void test_starts(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(2, 4);
    X86CpuState state;

    start_all(rig, guest_starts, guest_starts_end);
    x86_state_reset(&state, false);
    tcg_rig_reset_cpu(rig, 1, &state);
    tcg_rig_load(rig, 0x1f000, started, sizeof(started));
    rig->wanted = 1;
    run_all(rig);
    g_assert_cmpuint(word(rig, 0x1f800), ==, STARTS);
}

static void test_storm(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new_smp(4, 4);

    start_all(rig, guest_storm, guest_storm_end);
    put_handler(rig, 31, guest_count, guest_count_end);
    put_handler(rig, TCG_NMI, guest_count, guest_count_end);
    run_all(rig);
    g_assert_cmpuint(word(rig, 0x20000), >=, 4 * STORMS / 16);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/smp-code/%s/%u", cases[i].name,
                                                cases[i].n_cpus);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/tcg/smp-code/full", test_full);
    g_test_add_func("/tcg/smp-code/going", test_going);
    g_test_add_data_func("/tcg/smp-code/shootdown/2", GUINT_TO_POINTER(2), test_shootdown);
    g_test_add_data_func("/tcg/smp-code/shootdown/4", GUINT_TO_POINTER(4), test_shootdown);
    g_test_add_func("/tcg/smp-code/starts", test_starts);
    g_test_add_func("/tcg/smp-code/storm", test_storm);
    return g_test_run();
}
