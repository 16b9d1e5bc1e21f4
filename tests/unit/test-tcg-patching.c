/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that change code, in the ways that Linux does (text_poke by INT3, jump labels,
 * alternatives, probes, modules) and in worse ones: across pages, at the current
 * instruction, by string instructions and by a device.  Each outputs letters that show
 * what ran.
 */
#include "config.h"
#include "tests/unit/tcg-guest.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

#include "qom/qapi-objects-accel.h"

/* The very next instruction. */
GUEST(next, "movb $'B', " AT("1f + 1") "\n"
            "1: mov $'A', %al\n" TELL END);

/* The same, but the old instruction has run before, and the store is in the same block. */
GUEST(loop, "mov $3, %ebx\n"
            "2: incb " AT("1f + 1") "\n"
            "1: mov $'A', %al\n" TELL
            "dec %ebx\n"
            "jnz 2b\n" END);

/* text_poke makes a NOP a jump: INT3 over the first byte, then the other bytes, then the first. */
GUEST(poke, "call 1f\n"
            "movb $0xcc, " AT("1f") "\n"
            "call 1f\n"
            "movl $3f - 2f, " AT("1f + 1") "\n"
            "call 1f\n"
            "movb $0xe9, " AT("1f") "\n"
            "call 1f\n"
            END
            "1: .byte 0x0f, 0x1f, 0x44, 0, 0\n"
            "2: mov $'N', %al\n" TELL "ret\n"
            "3: mov $'J', %al\n" TELL "ret\n");

/* Jump labels as set during boot: all bytes at once, back and forth. */
GUEST(label, "mov $3, %ebx\n"
             "4: call 1f\n"
             "mov 5f - 8b + 0x1000, %eax\n"
             "mov 5f - 8b + 0x1004, %cl\n"
             "xchg %eax, " AT("1f") "\n"
             "xchg %cl, " AT("1f + 4") "\n"
             "mov %eax, " AT("5f") "\n"
             "mov %cl, " AT("5f + 4") "\n"
             "dec %ebx\n"
             "jnz 4b\n" END
             "1: .byte 0x0f, 0x1f, 0x44, 0, 0\n"
             "2: mov $'N', %al\n" TELL "ret\n"
             "3: mov $'J', %al\n" TELL "ret\n"
             "5: .byte 0xe9; .long 3b - 2b\n");

/* A module: code is copied to a data page, run, and overwritten with data again. */
GUEST(module, "mov $'a', %ebx\n"
              "1: mov $(" AT("2f") "), %esi\n"
              "mov $0x20100, %edi\n"
              "mov $5, %ecx\n"
              "mov %bl, " AT("2f + 1") "\n"
              "rep movsb\n"
              "mov $0x20100, %edi\n"
              "call *%rdi\n"
              "movq $0, 0x20100\n"
              "movq $0, 0x20800\n"
              "inc %ebx\n"
              "cmp $'f', %ebx\n"
              "jne 1b\n" END
              "2: mov $'?', %al\n" TELL "ret\n");

/* A string instruction changes the code that follows it. */
GUEST(string, "mov $(" AT("2f") "), %esi\n"
              "mov $(" AT("1f") "), %edi\n"
              "mov $(3f - 2f), %ecx\n"
              "rep movsb\n"
              "1: mov $'A', %al\n" TELL "mov $'B', %al\n" TELL END
              "2: mov $'C', %al\n" TELL "mov $'D', %al\n" TELL
              "3:\n");

/* A string instruction overwrites itself: it goes on at most until an interrupt or its end. */
GUEST(own, "mov $0x90, %al\n"
           "mov $(" AT("1f") "), %edi\n"
           "mov $(2f - 1f), %ecx\n"
           "1: rep stosb\n"
           "mov $'A', %al\n" TELL
           "2: mov $'B', %al\n" TELL END);

/* An instruction on two pages, changed by a store across both, by one to each, and from each. */
GUEST(crossing, "mov $4, %ebx\n"
                "2: jmp 4f\n"
                ".org 8b + 0xffe\n"
                "4: mov $0x41424344, %eax\n"        /* its last 3 bytes lie in the next page */
                TELL
                "shr $24, %eax\n" TELL
                "incw " AT("4b + 1") "\n"
                "incb " AT("4b + 4") "\n"
                "dec %ebx\n"
                "jnz 2b\n" END);

/* The same after its second page was remapped: its first page can still be changed. */
GUEST(remapped, "call 4f\n"
                "mov $0x2000, %esi\n"
                "mov $0x20000, %edi\n"
                "mov $32, %ecx\n"
                "rep movsb\n"
                "movb $'R', 0x20002\n"
                "movl $0x20007, 0x14010\n"         /* the entry of page 2 */
                "invlpg 0x2000\n"
                "call 4f\n"
                "movb $'L', 0x1fff\n"
                "call 4f\n" END
                ".org 8b + 0xffe\n"
                "4: mov $0x44434241, %eax\n"
                TELL
                "shr $24, %eax\n" TELL
                "ret\n");

/* An undefined instruction: 0F 04, until a device makes it CPUID.  (The return from #UD is a single
 * step, the second turn is not.) */
GUEST(undefined, "mov $2, %esi\n"
                 "2: jmp 4f\n"
                 ".org 8b + 0xfff\n"
                 "4: .byte 0x0f, 0x04\n"
                 "mov $'A', %al\n" TELL
                 "dec %esi\n"
                 "jnz 2b\n" END);

/* Vectors and locked instructions store into code as well. */
GUEST(vector, "movdqu " AT("2f") ", %xmm0\n"
              "call 1f\n"
              "movdqu %xmm0, " AT("1f") "\n"
              "call 1f\n"
              "lock; incb " AT("1f + 1") "\n"
              "call 1f\n" END
              "1: mov $'A', %al\n" TELL "ret\n"
              ".fill 16, 1, 0x90\n"
              "2: mov $'M', %al\n" TELL "ret\n"
              ".fill 16, 1, 0x90\n");

/* A push to code, below the stack pointer. */
GUEST(push, "call 1f\n"
            "mov $(" AT("1f + 8") "), %esp\n"
            "mov " AT("2f") ", %rax\n"
            "push %rax\n"
            "mov $0x8000, %esp\n"
            "call 1f\n" END
            "1: mov $'A', %al\n" TELL "ret\n"
            ".fill 16, 1, 0x90\n"
            "2: mov $'P', %al\n" TELL "ret\n"
            ".fill 16, 1, 0x90\n");

/* Through another address of the same page of RAM. */
GUEST(alias, "call 1f\n"
             "movb $'Z', 0x800000 + " AT("1f + 1") "\n"
             "call 1f\n" END
             "1: mov $'A', %al\n" TELL "ret\n");

/* By a device, while the guest is in an exit. */
GUEST(device, "mov $2, %ebx\n"
              "1: int $31\n"
              "mov $'A', %al\n" TELL
              "dec %ebx\n"
              "jnz 1b\n" END);

typedef struct {
    const char *name;
    const guint8 *code, *end;
    const char *trace;
} Case;

#define CASE(name, trace) { #name, guest_##name, guest_##name##_end, trace }

static const Case cases[] = {
    CASE(next, "B"),
    CASE(loop, "BCD"),
    CASE(poke, "NbNbNJ"),
    CASE(label, "NJN"),
    CASE(module, "abcde"),
    CASE(string, "CD"),
    CASE(own, "B"),
    CASE(crossing, "DAEBFCGD"),
    CASE(remapped, "ADARLR"),
    CASE(undefined, "uAA"),
    CASE(vector, "AMN"),
    CASE(push, "AP"),
    CASE(alias, "AZ"),
    CASE(device, "Ab"),
};

/* INT3 in the middle of a poke is skipped as Linux does: as if it were the old instruction, a NOP
 * of 5 bytes.  INT 31 is the device, which changes the letter after the second one.  The undefined
 * instruction becomes CPUID. */
static void on_event(TcgRig *rig, TcgRigEvent *event)
{
    const guint8 letter = 'b', cpuid = 0xa2;

    if (event->vector == TCG_BP) {
        g_string_append_c(rig->trace, 'b');
        event->rip += 4;
    } else if (event->vector == 31 && rig->n_events == 2) {
        tcg_rig_load(rig, event->rip + 1, &letter, 1);
    } else if (event->vector == TCG_UD && rig->n_events == 1) {
        g_string_append_c(rig->trace, 'u');
        tcg_rig_load(rig, event->rip + 1, &cpuid, 1);
    } else if (event->vector != 31) {
        tcg_rig_trace_event(rig, event);
        rig->n_done++;
    }
}

static void run_case(TcgRig *rig, const Case *now)
{
    X86CpuState state;

    rig->on_event = on_event;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, now->code, now->end - now->code);
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, now->trace);
}

static void test_case(gconstpointer data)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();

    run_case(rig, data);
}

/* ---- Two threads that change code or memory at the same time ---- */

static gint holds;              /* number of holds that are over */

static void *hold_thread(void *data)
{
    TcgRig *rig = data;

    tcg_vcpus_hold(to_tcg_accel(rig->accel));
    g_atomic_int_inc(&holds);
    tcg_vcpus_release(to_tcg_accel(rig->accel));
    return NULL;
}

/* The second thread waits for the first, and the guest runs when both are done. */
static void test_two_holds(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    GThread *thread;

    for (guint i = 1; i <= 20; i++) {
        tcg_vcpus_hold(to_tcg_accel(rig->accel));
        thread = g_thread_new("hold", hold_thread, rig);
        g_usleep(1000);
        g_assert_cmpint(g_atomic_int_get(&holds), ==, i - 1);
        tcg_vcpus_release(to_tcg_accel(rig->accel));
        g_thread_join(thread);
        g_assert_cmpint(g_atomic_int_get(&holds), ==, i);
    }
    run_case(rig, &cases[0]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/patching/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/tcg/patching/two-holds", test_two_holds);
    return g_test_run();
}
