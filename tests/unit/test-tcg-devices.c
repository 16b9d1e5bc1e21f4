/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to devices leave the block that they are in only if there is something to see to.  What
 * a device does (change what memory is where, or code, interrupt, stop the CPU) is seen by the very
 * next instruction, though the block was made and its memory looked up before.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include "qom/qapi-objects-accel.h"

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

/* ---- On the way to a device and back ---- */

enum { HOLDS = 3000 };

extern const guint8 guest_busy[], guest_busy_end[];
__asm__(".pushsection .rodata\n"
        "guest_busy:\n"
        "incl (%rdi)\n"
        "out %al, $0x50\n"
        "incl (%rdi)\n"
        "mov %al, (%rsi)\n"
        "jmp guest_busy\n"
        "guest_busy_end:\n"
        ".popsection\n");

typedef struct {
    TcgRig *rig;
    gint done;
} Holder;

static guint32 count_now(const TcgRig *rig)
{
    return __atomic_load_n((const guint32 *)(rig->ram + 0x20000), __ATOMIC_RELAXED);
}

/* Its guest stands still as long as it holds, and goes on in between. */
static void *hold_often(void *data)
{
    Holder *holder = data;
    TcgAccel *tcg = to_tcg_accel(holder->rig->accel);

    for (guint i = 0; i < HOLDS; i++) {
        guint32 count, began;

        tcg_vcpus_hold(tcg);
        count = count_now(holder->rig);
        for (guint spin = 0; spin < i % 64 * 64; spin++) {
            g_assert_cmpuint(count_now(holder->rig), ==, count);
        }
        tcg_vcpus_release(tcg);
        began = count;
        while (i % 16 == 0 && count_now(holder->rig) == began) {
            g_thread_yield();
        }
    }
    g_atomic_int_set(&holder->done, 1);
    return NULL;
}

static void end_if_done(TcgRig *rig)
{
    const Holder *holder = rig->data;

    rig->n_done += g_atomic_int_get(&holder->done);
}

static void test_holds(gconstpointer data)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    Holder holder = { .rig = rig };
    X86CpuState state;
    GThread *thread;

    to_tcg_accel(rig->accel)->run.barrier_shared &= GPOINTER_TO_INT(data);
    rig->data = &holder;
    rig->on_device = end_if_done;
    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, guest_busy, guest_busy_end - guest_busy);
    state.gpr[X86_RDI] = DATA;
    state.gpr[X86_RSI] = DEVICE;
    tcg_rig_reset(rig, &state);
    thread = g_thread_new("hold", hold_often, &holder);
    tcg_rig_run(rig, 0);
    g_thread_join(thread);
}

/* ---- CPUs that come and go ---- */

/* A device that writes where code is, and one that interrupts. */
static void *disturb(void *data)
{
    Holder *holder = data;
    TcgAccel *tcg = to_tcg_accel(holder->rig->accel);

    while (!g_atomic_int_get(&holder->done)) {
        tcg_vcpus_hold(tcg);
        tcg_vcpus_release(tcg);
        tcg_apic_message(tcg, 0xfee00000, 0x41);
    }
    return NULL;
}

static void test_going(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    Holder holder = { .rig = rig };
    GThread *thread = g_thread_new("disturb", disturb, &holder);

    for (guint i = 0; i < 300; i++) {
        g_autoptr(GError) error = NULL;

        rig->ops->vcpu_destroy(rig->accel, rig->cpu);
        g_assert_true(rig->ops->vcpu_create(rig->accel, rig->cpu, &error));
        g_assert_no_error(error);
    }
    g_atomic_int_set(&holder.done, 1);
    g_thread_join(thread);
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
    g_test_add_func("/tcg/devices/going", test_going);
    g_test_add_data_func("/tcg/devices/holds", GINT_TO_POINTER(true), test_holds);
    g_test_add_data_func("/tcg/devices/holds-without-membarrier", GINT_TO_POINTER(false), test_holds);
    return g_test_run();
}
