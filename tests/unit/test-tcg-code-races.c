/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory changes while a vCPU translates: a device writes to code, and memory slots change.
 */
#include "config.h"
#include "tests/unit/tcg-rig.h"

#include <string.h>

#include "qom/qapi-objects-accel.h"

/* In pages of their own: the number that the device has published last, the number that the guest
 * has seen last, and a function that returns a number, the immediate operand of its MOV. */
enum { PUBLISHED = 0x30000, SEEN = 0x30040, FUNCTION = 0x31003, NUMBER = FUNCTION + 1,
       ROUNDS = 2000 };

/* Runs until the last round: the function must never return less than the number that was published
 * before the call. */
static const guint8 caller[] = {
    0x8b, 0x1c, 0x25, 0x00, 0x00, 0x03, 0x00,   /* mov ebx, [PUBLISHED] */
    0xb9, 0x03, 0x10, 0x03, 0x00,               /* mov ecx, FUNCTION */
    0xff, 0xd1,                                 /* call rcx */
    0x39, 0xd8,                                 /* cmp eax, ebx */
    0x72, 0x11,                                 /* jb stale */
    0x89, 0x1c, 0x25, 0x40, 0x00, 0x03, 0x00,   /* mov [SEEN], ebx */
    0x81, 0xfb, ROUNDS & 0xff, ROUNDS >> 8, 0, 0,       /* cmp ebx, ROUNDS */
    0x72, 0xdf,                                 /* jb the next round */
    0xe6, TCG_RIG_DONE,                         /* out DONE, al */
    0xb0, 'S', 0xe6, TCG_RIG_TRACE,             /* stale: mov al, 'S'; out TRACE, al */
    0xe6, TCG_RIG_DONE,                         /* out DONE, al */
};
static const guint8 function[] = { 0xb8, 0, 0, 0, 0, 0xc3 };    /* mov eax, 0; ret */

static void load(TcgRig *rig)
{
    X86CpuState state;

    tcg_rig_mode(rig, TCG_RIG_LONG, &state);
    tcg_rig_load(rig, TCG_RIG_CODE, caller, sizeof(caller));
    tcg_rig_load(rig, FUNCTION, function, sizeof(function));
    tcg_rig_reset(rig, &state);
}

static void put(TcgRig *rig, guint address, guint32 value)
{
    __atomic_store_n((guint32 *)(void *)(rig->ram + address), value, __ATOMIC_SEQ_CST);
}

static guint32 get(const TcgRig *rig, guint address)
{
    return __atomic_load_n((guint32 *)(void *)(rig->ram + address), __ATOMIC_SEQ_CST);
}

static void write_number(TcgRig *rig, guint32 number)
{
    put(rig, NUMBER, number);
    tcg_memory_written(rig->accel, NUMBER, 4);
}

static void wait_for(guint turns)
{
    for (volatile guint i = 0; i < turns; i++) {
    }
}

static gint ended;

/* The device: now and then it writes a second time while the first version is being translated.  It
 * goes on when the guest has seen the number. */
static void *write_numbers(void *data)
{
    TcgRig *rig = data;

    for (guint32 i = 2; i <= ROUNDS && !g_atomic_int_get(&ended); i += 2) {
        write_number(rig, i - 1);
        wait_for(g_random_int_range(0, 200000));
        write_number(rig, i);
        put(rig, PUBLISHED, i);
        while (get(rig, SEEN) < i && !g_atomic_int_get(&ended)) {
            g_thread_yield();
        }
    }
    return NULL;
}

static void test_written(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    GThread *device;

    load(rig);
    device = g_thread_new("device", write_numbers, rig);
    tcg_rig_run(rig, 0);
    g_atomic_int_set(&ended, 1);
    g_thread_join(device);
    g_assert_cmpstr(rig->trace->str, ==, "");
}

/* ---- Slots ---- */

static void *run(void *data)
{
    TcgRig *rig = data;

    g_mutex_lock(&rig->lock);
    tcg_rig_run(rig, 0);
    g_mutex_unlock(&rig->lock);
    return NULL;
}

static gint held;

static void *hold(void *data)
{
    TcgRig *rig = data;

    tcg_vcpus_hold(to_tcg_accel(rig->accel));
    g_atomic_int_set(&held, 1);
    tcg_vcpus_release(to_tcg_accel(rig->accel));
    return NULL;
}

/* Whether the vCPU has handled its reset and runs its guest: then it is about to translate. */
static bool translates(const TcgVcpu *vcpu)
{
    return !__atomic_load_n(&vcpu->state->pending, __ATOMIC_SEQ_CST) &&
           __atomic_load_n(&vcpu->in_run, __ATOMIC_SEQ_CST);
}

/* A thread that changes slots waits for a translation, which waits for the mutex here.  The sleep
 * only gives a fault time to show. */
static void test_held(void)
{
    g_autoptr(TcgRig) rig = tcg_rig_new();
    TcgAccel *tcg = to_tcg_accel(rig->accel);
    GThread *runner, *holder;

    load(rig);
    put(rig, PUBLISHED, ROUNDS);
    tcg_rig_load(rig, NUMBER, &(guint32){ ROUNDS }, 4);
    g_mutex_lock(&tcg->translate);
    g_mutex_unlock(&rig->lock);
    runner = g_thread_new("run", run, rig);
    for (guint i = 0; i < 10000 && !translates(rig->cpu->vcpu); i++) {
        g_usleep(1000);
    }
    g_assert_true(translates(rig->cpu->vcpu));
    holder = g_thread_new("hold", hold, rig);
    g_usleep(20000);
    g_assert_cmpint(g_atomic_int_get(&held), ==, 0);
    g_mutex_unlock(&tcg->translate);
    g_thread_join(holder);
    g_thread_join(runner);
    g_mutex_lock(&rig->lock);
    g_assert_cmpstr(rig->trace->str, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/code-races/written", test_written);
    g_test_add_func("/tcg/code-races/held", test_held);
    return g_test_run();
}
