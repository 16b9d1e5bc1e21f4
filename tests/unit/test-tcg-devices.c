/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to devices leave the block that they are in only if there is something to see to.  What
 * a device does (change what memory is where, or code, interrupt, stop the CPU) is seen by the very
 * next instruction, though the block was made and its memory looked up before.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

enum { DATA = TCG_RIG_ALIAS + 0x20000, DEVICE = 0xa00000, BESIDES = 0x100000 };

/* Three rounds; the device acts in the second. */
#define GUEST(name, access) \
    extern const guint8 guest_##name[], guest_##name##_next[], guest_##name##_end[]; \
    __asm__(".pushsection .rodata\n" \
            "guest_" #name ":\n" \
            "mov $3, %ebx\n" \
            "1: mov (%rdi), %al\n" \
            access \
            "guest_" #name "_next:\n" \
            "mov $'c', %dl\n" \
            "mov 1(%rdi), %cl\n" \
            "out %al, $0x42\n" \
            "mov %ecx, %eax\n" \
            "out %al, $0x42\n" \
            "mov %edx, %eax\n" \
            "out %al, $0x42\n" \
            "dec %ebx\n" \
            "jnz 1b\n" \
            "out %al, $0xf4\n" \
            "guest_" #name "_end:\n" \
            ".popsection\n")

GUEST(port, "out %al, $0x50\n");
GUEST(store, "mov %al, (%rsi)\n");
GUEST(add, "add %al, (%rsi)\n");

typedef struct {
    const char *name;
    const guint8 *code, *next, *end;
} Access;

#define ACCESS(name) { #name, guest_##name, guest_##name##_next, guest_##name##_end }
static const Access accesses[] = { ACCESS(port), ACCESS(store), ACCESS(add) };

typedef struct {
    const char *name;
    void (*act)(TcgRig *rig);
    const char *trace;
} Action;

typedef struct {
    const Access *access;
    const Action *action;
    guint n;
} Run;

static guint64 next_rip(const Run *run)
{
    return TCG_RIG_CODE + (run->access->next - run->access->code);
}

/* ---- What the device does ---- */

static void show_other_memory(TcgRig *rig)
{
    AccelSlot slot = { .gpa = TCG_RIG_ALIAS, .size = TCG_RIG_ALIAS_SIZE, .hva = rig->ram };
    g_autoptr(GError) error = NULL;

    rig->ops->slots_begin(rig->accel);
    rig->ops->slot_del(rig->accel, &slot);
    slot.hva = rig->ram + BESIDES;
    rig->ops->slot_add(rig->accel, &slot);
    rig->ops->slots_commit(rig->accel, &error);
    g_assert_no_error(error);
}

static void change_code(TcgRig *rig)
{
    const guint8 letter = 'd';

    tcg_rig_load(rig, next_rip(rig->data) + 1, &letter, 1);
}

static void interrupt(TcgRig *rig)
{
    tcg_vcpu_request(rig->cpu->vcpu, TCG_REQUEST_NMI);
}

static void stop(TcgRig *rig)
{
    rig->n_done++;
}

static const Action actions[] = {
    { "memory", show_other_memory, "ABcAYcXYc" },
    { "code", change_code, "ABcABdABd" },
    { "interrupt", interrupt, "ABc!ABcABc" },
    { "stop", stop, "ABc" },
};

static void on_device(TcgRig *rig)
{
    Run *run = rig->data;

    if (++run->n == 2) {
        run->action->act(rig);
    }
}

static void on_event(TcgRig *rig, TcgRigEvent *event)
{
    g_assert_cmpuint(event->vector, ==, TCG_NMI);
    g_assert_cmphex(event->rip, ==, next_rip(rig->data));
    g_string_append_c(rig->trace, '!');
}

static void test_run(gconstpointer data)
{
    Run run = *(const Run *)data;
    const Access *access = run.access;
    g_autoptr(TcgRig) rig = tcg_rig_new();
    X86CpuState state;

    rig->data = &run;
    rig->on_device = on_device;
    rig->on_event = on_event;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, access->code, access->end - access->code);
    tcg_rig_load(rig, 0x20000, "AB", 2);
    tcg_rig_load(rig, BESIDES + 0x20000, "XY", 2);
    state.gpr[X86_RDI] = DATA;
    state.gpr[X86_RSI] = DEVICE;
    tcg_rig_reset(rig, &state);
    tcg_rig_run(rig, 0);
    g_assert_cmpstr(rig->trace->str, ==, run.action->trace);
    if (run.action->act == stop) {
        g_assert_true(rig->ops->vcpu_get(rig->accel, rig->cpu, &state, NULL));
        g_assert_cmphex(state.rip, ==, next_rip(&run));
    }
}

int main(int argc, char **argv)
{
    static Run runs[G_N_ELEMENTS(accesses) * G_N_ELEMENTS(actions)];

    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *path = NULL;

        runs[i] = (Run){ .access = &accesses[i / G_N_ELEMENTS(actions)],
                         .action = &actions[i % G_N_ELEMENTS(actions)] };
        path = g_strdup_printf("/tcg/devices/%s/%s", runs[i].access->name, runs[i].action->name);
        g_test_add_data_func(path, &runs[i], test_run);
    }
    return g_test_run();
}
