/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots: what the guest sees of them, also while they change under it.
 */
#include "config.h"
#include "tests/unit/kvm-rig.h"

#include <string.h>
#include <sys/mman.h>

#include "qmp/error.h"
#include "qom/device.h"

#define END 0xe6, RIG_DONE, 0xf4, 0xeb, 0xfd
#define DS_C000 0xb8, 0x00, 0xc0, 0x8e, 0xd8    /* mov ax, 0xc000; mov ds, ax */

enum { SLOT = 0xc0000, SLOT_SIZE = 0x4000, PAGE = 4096 };

static void *new_memory(void)
{
    void *memory = mmap(NULL, SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);

    g_assert_true(memory != MAP_FAILED);
    return memory;
}

static void free_memory(void *memory)
{
    munmap(memory, SLOT_SIZE);
}

static AccelSlot slot_at(guint64 gpa, void *memory, guint32 flags)
{
    return (AccelSlot){ .gpa = gpa, .size = SLOT_SIZE, .hva = memory, .flags = flags };
}

static bool commit(Rig *rig, GError **error)
{
    return rig->ops->slots_commit(rig->accel, error);
}

static void test_read_only(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    guint8 *rom = new_memory();
    AccelSlot slot = slot_at(SLOT, rom, ACCEL_SLOT_READONLY);

    rom[0x10] = 0x77;
    rig_slot(rig, &slot, NULL);
    RIG_LOAD(rig, RIG_CODE, DS_C000,
             0xa0, 0x10, 0x00,                          /* mov al, [0x10] */
             0x2e, 0xa2, 0x00, 0x30,                    /* mov cs:[0x3000], al */
             0xc6, 0x06, 0x10, 0x00, 0x55,              /* mov byte [0x10], 0x55 */
             END);
    rig_run(rig);
    g_assert_cmphex(rig->ram[0x3000], ==, 0x77);
    g_assert_cmphex(rom[0x10], ==, 0x77);
    g_assert_cmphex(rig_access(rig, 0)->address, ==, SLOT + 0x10);
    g_assert_true(rig_access(rig, 0)->is_write);
    g_assert_cmphex(rig_access(rig, 0)->data[0], ==, 0x55);
    g_assert_cmpuint(rig->n_accesses, ==, 2);
    rig_slot(rig, NULL, &slot);
    free_memory(rom);
}

typedef struct {
    AccelSlot slots[2];
    guint current;
    guint n_wrong;
} Remap;

/* Runs in the exit: what the guest read is of the mapping that was current
 * since the last exit; now it changes. */
static void check_and_remap(Rig *rig, const RigAccess *access)
{
    Remap *remap = rig->data;

    if (access->address == 0x80) {
        remap->n_wrong += access->data[0] != 0x40 + remap->current;
        rig_slot(rig, &remap->slots[!remap->current], &remap->slots[remap->current]);
        remap->current = !remap->current;
    }
}

static bool exited_often(Rig *rig)
{
    return rig->n_accesses >= 500;
}

static void remap_init(Rig *rig, Remap *remap)
{
    for (guint i = 0; i < 2; i++) {
        guint8 *memory = new_memory();

        memory[0x10] = 0x40 + i;
        remap->slots[i] = slot_at(SLOT, memory, 0);
    }
    rig->data = remap;
    rig_slot(rig, &remap->slots[0], NULL);
}

static void remap_done(Rig *rig, Remap *remap)
{
    rig_slot(rig, NULL, &remap->slots[remap->current]);
    free_memory(remap->slots[0].hva);
    free_memory(remap->slots[1].hva);
}

static void test_remap_in_exit(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Remap remap = { .current = 0 };

    remap_init(rig, &remap);
    rig->on_access = check_and_remap;
    RIG_LOAD(rig, RIG_CODE, DS_C000,
             0xa0, 0x10, 0x00, 0xe6, 0x80, 0xeb, 0xf9); /* mov al, [0x10]; out; jmp back */
    rig_resume(rig);
    rig_wait(rig, exited_often);
    rig_pause(rig);
    g_assert_cmpuint(remap.n_wrong, ==, 0);
    g_assert_true(rig->internal_error == NULL);
    remap_done(rig, &remap);
}

/* The guest executes from the memory that changes.  If it ran while the slot
 * is away, it would have nothing to execute: an internal error. */
static void remap_under_code(const guint8 *code, gsize size)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    Remap remap = { .current = 0 };

    remap_init(rig, &remap);
    memcpy((guint8 *)remap.slots[0].hva + 0x100, code, size);
    memcpy((guint8 *)remap.slots[1].hva + 0x100, code, size);
    RIG_LOAD(rig, RIG_CODE, 0xea, 0x00, 0x01, 0x00, 0xc0);      /* jmp 0xc000:0x100 */
    rig_resume(rig);
    for (guint i = 0; i < 300; i++) {
        rig_slot(rig, &remap.slots[!remap.current], &remap.slots[remap.current]);
        remap.current = !remap.current;
        g_mutex_unlock(&rig->lock);
        g_thread_yield();
        g_mutex_lock(&rig->lock);
        g_assert_true(rig->internal_error == NULL);
    }
    rig_pause(rig);
    g_assert_true(rig->internal_error == NULL);
    remap_done(rig, &remap);
}

static void test_remap_under_code(void)
{
    static const guint8 spins[] = { 0xeb, 0xfe };
    static const guint8 exits[] = { 0xe6, 0x80, 0xeb, 0xfc };

    remap_under_code(spins, sizeof(spins));
    remap_under_code(exits, sizeof(exits));
}

/*
 * The same with two CPUs: one changes the memory in its exits, on its own
 * thread and with the machine lock, while the other one executes from there and
 * may be waiting for that lock.
 */
static void test_remap_under_other_cpu(void)
{
    static const guint8 other[] = { 0xe6, 0x81, 0xeb, 0xfc };   /* out 0x81, al; jmp back */
    g_autoptr(Rig) rig = rig_new(NULL);
    Cpu *second = rig_make_cpu(rig);
    Remap remap = { .current = 0 };
    X86CpuState state;

    remap_init(rig, &remap);
    memcpy((guint8 *)remap.slots[0].hva + 0x100, other, sizeof(other));
    memcpy((guint8 *)remap.slots[1].hva + 0x100, other, sizeof(other));
    rig->on_access = check_and_remap;
    RIG_LOAD(rig, RIG_CODE, DS_C000, 0xa0, 0x10, 0x00, 0xe6, 0x80, 0xeb, 0xf9);
    RIG_LOAD(rig, RIG_HANDLER, 0xea, 0x00, 0x01, 0x00, 0xc0);   /* jmp 0xc000:0x100 */
    rig_state_real(&state);
    state.rip = RIG_HANDLER;
    state.apic_base &= ~(guint64)0x100;
    g_assert_true(rig->ops->vcpu_set(rig->accel, second, &state, NULL));
    rig_resume(rig);
    rig_wait(rig, exited_often);
    rig_pause(rig);
    g_assert_true(rig->internal_error == NULL);
    g_assert_cmpuint(remap.n_wrong, ==, 0);
    device_unmake(&second->device);
    remap_done(rig, &remap);
}

static void test_dirty_log(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(GError) error = NULL;
    void *memory = new_memory();
    AccelSlot plain = slot_at(SLOT, memory, 0);
    AccelSlot logged = slot_at(SLOT, memory, ACCEL_SLOT_LOG_DIRTY);
    guint8 bitmap = 0xff;

    rig_slot(rig, &plain, NULL);
    g_assert_false(rig->ops->dirty_log(rig->accel, &plain, &bitmap, &error));
    rig_slot(rig, &logged, &plain);
    RIG_LOAD(rig, RIG_CODE, DS_C000,
             0xc6, 0x06, 0x10, 0x20, 0x55,              /* mov byte [0x2010], 0x55 */
             END);
    rig_run(rig);
    g_assert_true(rig->ops->dirty_log(rig->accel, &logged, &bitmap, NULL));
    g_assert_cmphex(bitmap, ==, 1 << 2);
    g_assert_true(rig->ops->dirty_log(rig->accel, &logged, &bitmap, NULL));
    g_assert_cmphex(bitmap, ==, 0);
    rig_slot(rig, NULL, &logged);
    free_memory(memory);
}

/* The second addition overlaps the RAM: nothing of the commit stays. */
static void test_commit_fails_as_a_whole(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    g_autoptr(GError) error = NULL;
    guint8 *memory = new_memory();
    AccelSlot old = slot_at(0xd0000, memory, 0);
    AccelSlot good = slot_at(SLOT, memory, 0);
    AccelSlot bad = slot_at(RIG_RAM_SIZE - PAGE, memory, 0);

    memory[0x10] = 0x66;
    rig_slot(rig, &old, NULL);
    rig->ops->slots_begin(rig->accel);
    rig->ops->slot_add(rig->accel, &good);
    rig->ops->slot_add(rig->accel, &bad);
    rig->ops->slot_del(rig->accel, &old);
    g_assert_false(commit(rig, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_HOST_ERROR));

    rig->read_value = 0x99;
    RIG_LOAD(rig, RIG_CODE, DS_C000,
             0xa0, 0x10, 0x00,                          /* mov al, [0x10]: not there */
             0x2e, 0xa2, 0x00, 0x30,                    /* mov cs:[0x3000], al */
             0xb8, 0x00, 0xd0, 0x8e, 0xd8,              /* mov ax, 0xd000; mov ds, ax */
             0xa0, 0x10, 0x00,                          /* mov al, [0x10]: there again */
             0x2e, 0xa2, 0x01, 0x30,                    /* mov cs:[0x3001], al */
             END);
    rig_run(rig);
    g_assert_cmphex(rig->ram[0x3000], ==, 0x99);
    g_assert_cmphex(rig->ram[0x3001], ==, 0x66);
    rig_slot(rig, &good, &old);
    rig_slot(rig, NULL, &good);
    free_memory(memory);
}

/* Deleting what is not there is refused and changes nothing. */
static void test_delete_unknown(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    AccelSlot slot = slot_at(SLOT, rig->ram, 0);

    rig->ops->slots_begin(rig->accel);
    rig->ops->slot_del(rig->accel, &slot);
    g_assert_false(commit(rig, NULL));
}

/* Ids are used again: far more slots than there are come and go. */
static void test_ids(void)
{
    g_autoptr(Rig) rig = rig_new(NULL);
    void *memory = new_memory();
    AccelSlot slot = slot_at(SLOT, memory, 0);

    g_assert_cmpuint(rig->ops->slots_max(rig->accel), >=, 32);
    for (guint i = 0; i < 100; i++) {
        rig_slot(rig, &slot, NULL);
        rig_slot(rig, NULL, &slot);
    }
    free_memory(memory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!rig_available()) {
        return 0;
    }
    g_test_add_func("/kvm/memory/read-only", test_read_only);
    g_test_add_func("/kvm/memory/remap-in-exit", test_remap_in_exit);
    g_test_add_func("/kvm/memory/remap-under-code", test_remap_under_code);
    g_test_add_func("/kvm/memory/remap-under-other-cpu", test_remap_under_other_cpu);
    g_test_add_func("/kvm/memory/dirty-log", test_dirty_log);
    g_test_add_func("/kvm/memory/commit-fails-as-a-whole", test_commit_fails_as_a_whole);
    g_test_add_func("/kvm/memory/delete-unknown", test_delete_unknown);
    g_test_add_func("/kvm/memory/ids", test_ids);
    return g_test_run();
}
