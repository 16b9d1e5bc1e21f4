/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qtest/qtest-accel.c behind a machine with RAM: messages, what it has not, CPUs
 * that never run, and a clock that stands.
 */
#include "config.h"

#include "cpu/cpu.h"
#include "cpu/types.h"
#include "hw/machine/machine.h"
#include "hw/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-memory.h"
#include "qmp/qapi-types-object.h"
#include "qmp/visit.h"
#include "qom/env.h"
#include "qom/qapi-objects-accel.h"
#include "qom/qapi-objects-cpu.h"
#include "qom/qapi-objects-machine.h"
#include "qtest/types.h"

#define RAM_SIZE (1 << 20)

typedef struct {
    Object *root;
    FairLock lock;
    Env env;
    Accel *accel;
    const AccelOps *ops;
    Machine *machine;
} Bench;

static Object *make(Object *parent, const char *name, const QmpClass *klass, void *props)
{
    g_autoptr(Object) obj = props ? object_new_with_props(klass, props, NULL) : object_new(klass);
    g_autoptr(GError) error = NULL;

    g_assert_true(object_add_child(parent, name, obj, &error));
    object_make(obj, &error);
    g_assert_no_error(error);
    return obj;                 /* its parent's reference keeps it */
}

static void make_machine(Bench *b)
{
    MemoryBackendRamProps *ram = qmp_new_props(&qmp_class_memory_backend_ram);
    NoneMachineProps *props = qmp_new_props(&qmp_class_none_machine);
    g_autoptr(Object) machine = NULL;
    g_autoptr(GError) error = NULL;

    ram->size = RAM_SIZE;
    make(object_container(b->root, "objects"), "ram", &qmp_class_memory_backend_ram, ram);
    props->memory_backend.path = g_strdup("ram");
    machine = object_new_with_props(&qmp_class_none_machine, props, NULL);
    b->machine = to_machine(machine);
    machine_set_host(b->machine, &b->lock, NULL, NULL);
    object_add_child(b->root, "machine", machine, NULL);
    object_make(machine, &error);
    g_assert_no_error(error);
}

static Bench *bench_new(void)
{
    Bench *b = g_new0(Bench, 1);

    object_register_types(qom_types);
    object_register_types(cpu_types);
    object_register_types(hw_types);
    object_register_types(qtest_types);
    fair_lock_init(&b->lock);
    fair_lock_acquire(&b->lock);
    b->root = object_root_new();
    object_set_env(b->root, &b->env);
    b->accel = to_accel(make(object_container(b->root, "objects"), "accel",
                             &qmp_class_qtest_accel, NULL));
    b->ops = accel_ops(b->accel);
    return b;
}

static void bench_free(Bench *b)
{
    object_destroy(b->root);
    object_unref(b->root);
    fair_lock_release(&b->lock);
    g_free(b);
}

/* A message is a write to RAM, whoever's thread it is; but not to a local APIC,
 * not where there is no RAM, and not without a machine. */
static void *send_message(void *data)
{
    const Bench *b = data;

    g_assert_true(b->ops->msi_send(b->accel, &(AccelMsi){ 0x2000, 0x11223344 }));
    return NULL;
}

static void test_messages(void)
{
    Bench *b = bench_new();

    g_assert_false(b->ops->msi_send(b->accel, &(AccelMsi){ 0x1000, 1 }));
    make_machine(b);
    g_assert_true(b->ops->msi_send(b->accel, &(AccelMsi){ 0x1000, 0xa1b2c3d4 }));
    g_assert_cmphex(address_space_read(b->machine->memory, 0x0ffc, 4), ==, 0);
    g_assert_cmphex(address_space_read(b->machine->memory, 0x1000, 8), ==, 0xa1b2c3d4);
    g_assert_false(b->ops->msi_send(b->accel, &(AccelMsi){ 0xfee00000, 0x31 }));
    g_assert_false(b->ops->msi_send(b->accel, &(AccelMsi){ 0xfeefffff, 0x31 }));
    g_assert_false(b->ops->msi_send(b->accel, &(AccelMsi){ RAM_SIZE, 1 }));
    g_assert_false(b->ops->msi_send(b->accel, &(AccelMsi){ G_MAXUINT64, 1 }));
    /* This thread has the lock, and the other one does not ask for it. */
    g_thread_join(g_thread_new("messages", send_message, b));
    g_assert_cmphex(address_space_read(b->machine->memory, 0x2000, 4), ==, 0x11223344);
    bench_free(b);
}

static void assert_not_supported(GError **error)
{
    g_assert_true(qmp_error_is(*error, ERROR_REASON_NOT_SUPPORTED));
    g_clear_error(error);
}

static void test_what_it_has_not(void)
{
    Bench *b = bench_new();
    const AccelMsi msi = { 0x1000, 1 };
    GError *error = NULL;

    g_assert_true(b->ops->idle);
    g_assert_cmpint(b->ops->irqchip(b->accel), ==, ACCEL_IRQCHIP_OFF);
    g_assert_null(b->ops->ioeventfd_add);
    g_assert_null(b->ops->cpuid_supported);
    g_assert_null(b->ops->dirty_log);
    g_assert_false(b->ops->irqfd_add(b->accel, 5, 0, -1, &error));
    assert_not_supported(&error);
    g_assert_cmpint(b->ops->msi_route_add(b->accel, &msi, &error), ==, -1);
    assert_not_supported(&error);
    g_assert_false(b->ops->msi_route_update(b->accel, 24, &msi, &error));
    assert_not_supported(&error);
    g_assert_false(b->ops->pit_create(b->accel, true, &error));
    assert_not_supported(&error);
    bench_free(b);
}

static void test_cpu(void)
{
    Bench *b = bench_new();
    g_autoptr(GError) error = NULL;
    X86CpuState state;
    Device *dev;
    Cpu *cpu;

    make_machine(b);
    dev = device_make(object_container(b->root, "machine/peripheral"), "cpu0",
                      qmp_class_find("qemu64-x86_64-cpu"), NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    cpu = to_cpu(dev);
    g_assert_cmpint(cpu->thread_id, ==, 0);
    g_assert_true(machine_run(b->machine, &error));
    machine_pause(b->machine);
    g_assert_true(b->ops->vcpu_get(b->accel, cpu, &state, &error));
    g_assert_cmphex(state.rip, ==, 0xfff0);
    state.rip = 0x1234;
    g_assert_true(b->ops->vcpu_set(b->accel, cpu, &state, &error));
    state.rip = 0;
    g_assert_true(b->ops->vcpu_get(b->accel, cpu, &state, &error));
    g_assert_cmphex(state.rip, ==, 0x1234);
    machine_run(b->machine, &error);
    machine_reset(b->machine);
    g_assert_true(b->ops->vcpu_get(b->accel, cpu, &state, &error));
    g_assert_cmphex(state.rip, ==, 0xfff0);
    bench_free(b);
}

static void test_clock(void)
{
    Bench *b = bench_new();
    g_autoptr(GError) error = NULL;

    make_machine(b);
    g_assert_true(clock_stands(b->machine->clock));
    g_assert_true(machine_run(b->machine, &error));
    g_assert_cmpint(clock_now(b->machine->clock, CLOCK_KIND_VIRTUAL), ==, 0);
    clock_advance(b->machine->clock, 1000);
    machine_pause(b->machine);
    g_assert_cmpint(clock_now(b->machine->clock, CLOCK_KIND_VIRTUAL), ==, 1000);
    bench_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest-accel/messages", test_messages);
    g_test_add_func("/qtest-accel/what-it-has-not", test_what_it_has_not);
    g_test_add_func("/qtest-accel/cpu", test_cpu);
    g_test_add_func("/qtest-accel/clock", test_clock);
    return g_test_run();
}
