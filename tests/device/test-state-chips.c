/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chip of the machine and its twin in the accelerator load each other's state; a CPU
 * takes none that no CPU has; and each class of device has state, or says why not.
 */
#include "config.h"

#include <string.h>

#include "cpu/types.h"
#include "hw/core/clock.h"
#include "hw/types.h"
#include "qmp/error.h"
#include "qmp/qapi-types-object.h"
#include "qom/types.h"
#include "tests/lib/rig.h"
#include "tests/lib/state-bytes.h"

typedef struct {
    const char *own, *twin;
    AccelChip chip;
    void (*use)(Rig *rig);
    void (*check)(const X86Chip *chip);
    const char *field;          /* and a value that no chip has */
    guint8 bad;
} Twins;

/* ---- 8254 ---- */

static void use_pit(Rig *rig)
{
    rig_out(rig, 0x43, 0xb4, 1);
    rig_out(rig, 0x42, 0x34, 1);
    rig_out(rig, 0x42, 0x12, 1);
    clock_advance(rig->clock, 1000000);
    rig_out(rig, 0x43, 0x34, 1);
    rig_out(rig, 0x40, 0x21, 1);
    rig_out(rig, 0x40, 0x43, 1);
    clock_advance(rig->clock, 3000000);
    rig_out(rig, 0x43, 0x00, 1);
    rig_in(rig, 0x40, 1);
}

static void check_pit(const X86Chip *chip)
{
    const X86PitCounter *counter = &chip->pit.counters[0];

    g_assert_cmpuint(counter->mode, ==, 2);
    g_assert_cmphex(counter->cr, ==, 0x4321);
    g_assert_cmpuint(counter->latched, ==, 1);
    g_assert_true(counter->read_high);
    g_assert_cmpint(counter->start, ==, -2000000);      /* before now */
}

/* ---- 8259A ---- */

static void use_pic(Rig *rig)
{
    rig_out(rig, 0x20, 0x11, 1);
    rig_out(rig, 0x21, 0x28, 1);
    rig_out(rig, 0x21, 0x04, 1);
    rig_out(rig, 0x21, 0x03, 1);
    rig_out(rig, 0x21, 0xb8, 1);
    rig_out(rig, 0x20, 0xc3, 1);
    rig_out(rig, 0x20, 0x0b, 1);
}

static void check_pic(const X86Chip *chip)
{
    g_assert_cmphex(chip->pic.icw2, ==, 0x28);
    g_assert_cmphex(chip->pic.icw4, ==, 0x03);
    g_assert_cmphex(chip->pic.imr, ==, 0xb8);
    g_assert_cmpuint(chip->pic.lowest, ==, 3);
    g_assert_true(chip->pic.read_isr);
}

/* ---- I/O APIC ---- */

static void use_ioapic(Rig *rig)
{
    static const guint32 writes[] = { 0x00, 5 << 24, 0x19, 7u << 24, 0x18, 0x8931, 0x20, 0x41 };

    for (guint i = 0; i < G_N_ELEMENTS(writes); i += 2) {
        address_space_write(rig->memory, 0xfec00000, writes[i], 4);
        address_space_write(rig->memory, 0xfec00010, writes[i + 1], 4);
    }
}

static void check_ioapic(const X86Chip *chip)
{
    g_assert_cmpuint(chip->ioapic.id, ==, 5);
    g_assert_cmpuint(chip->ioapic.ioregsel, ==, 0x20);
    g_assert_cmphex(chip->ioapic.ioredtbl[4], ==, G_GUINT64_CONSTANT(0x0700000000008931));
    g_assert_cmphex(chip->ioapic.ioredtbl[8], ==, 0x41);
}

static const Twins twins[] = {
    { "isa-pit", "kvm-pit", ACCEL_CHIP_PIT, use_pit, check_pit, "counters[1]/mode", 6 },
    { "isa-i8259", "kvm-i8259", ACCEL_CHIP_PIC_MASTER, use_pic, check_pic, "lowest", 8 },
    { "ioapic", "kvm-ioapic", ACCEL_CHIP_IOAPIC, use_ioapic, check_ioapic, "id", 16 },
};

static Device *make(Rig *rig, const char *driver)
{
    bool pic = g_str_has_suffix(driver, "i8259");
    Device *dev = rig_device(rig, driver, driver, NULL, pic ? "master" : NULL, "on", NULL);

    g_assert_nonnull(dev);
    return dev;
}

static GByteArray *saved(Device *dev)
{
    GByteArray *state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    device_save(dev, state, &error);
    g_assert_no_error(error);
    return state;
}

static void load(Device *dev, const GByteArray *state)
{
    g_autoptr(GError) error = NULL;

    device_load(dev, state->data, state->len, &error);
    g_assert_no_error(error);
}

/* What differs is the path. */
static void assert_same_fields(const GByteArray *a, const GByteArray *b, const char *path_a,
                               const char *path_b)
{
    gsize skip_a = 4 + 2 + strlen(path_a), skip_b = 4 + 2 + strlen(path_b);

    g_assert_cmpmem(a->data + skip_a, a->len - skip_a, b->data + skip_b, b->len - skip_b);
}

static void test_twins(gconstpointer data)
{
    const Twins *t = data;
    g_autoptr(Rig) first = rig_new(), between = rig_new(), last = rig_new();
    Device *own = make(first, t->own), *twin = make(between, t->twin), *again = make(last, t->own);
    g_autofree char *path_own = object_path(&own->object), *path_twin = object_path(&twin->object);
    g_autoptr(GByteArray) a = NULL, b = NULL, c = NULL;
    g_autoptr(GError) error = NULL;

    rig_reset(first);
    rig_reset(last);
    t->use(first);
    a = saved(own);
    clock_advance(between->clock, clock_now(first->clock, CLOCK_KIND_VIRTUAL));
    clock_advance(last->clock, clock_now(first->clock, CLOCK_KIND_VIRTUAL));
    load(twin, a);
    t->check(&between->accel->registers[t->chip]);
    b = saved(twin);
    load(again, b);
    c = saved(again);
    assert_same_fields(a, b, path_own, path_twin);
    g_assert_cmpmem(a->data, a->len, c->data, c->len);
    *state_bytes(b, t->field) = t->bad;
    g_assert_false(device_load(twin, b->data, b->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    t->check(&between->accel->registers[t->chip]);
    g_clear_error(&error);
    g_assert_false(device_load(again, b->data, b->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
}

/* ---- A CPU ---- */

/* What no CPU has is refused by the name of the register, and nothing is set. */
static void test_cpu(void)
{
    static const struct {
        const char *field;
        guint8 at, value;
        const char *why;
    } bad[] = {
        { "cs/type", 0, 16, "a segment register" }, { "rflags", 0, 0, "rflags" },
        { "cr0", 3, 0x80, "cr0" }, { "cr4", 7, 1, "cr4" }, { "cr8", 0, 16, "cr8" },
        { "efer", 1, 4, "efer" }, { "xcr0", 0, 2, "xcr0" }, { "mxcsr", 3, 1, "mxcsr" },
        { "dr6", 4, 1, "dr6" }, { "dr7", 7, 1, "dr7" },
    };
    g_autoptr(Rig) rig = rig_new();
    Device *dev = rig_device(rig, "qemu64-x86_64-cpu", "cpu0", NULL, NULL);
    guint sets;

    g_assert_nonnull(dev);
    rig_reset(rig);
    x86_state_reset(&rig->accel->vcpu_state, true);
    sets = rig->accel->vcpu_sets;
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GByteArray) state = saved(dev);
        g_autoptr(GError) error = NULL;

        state_bytes(state, bad[i].field)[bad[i].at] = bad[i].value;
        rig->accel->vcpu_state.gpr[X86_RAX] = i;
        g_assert_false(device_load(dev, state->data, state->len, &error));
        g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
        g_assert_true(g_str_has_suffix(error->message, bad[i].why));
        g_assert_cmpuint(rig->accel->vcpu_state.gpr[X86_RAX], ==, i);
        g_assert_cmpint(rig->accel->vcpu_state.rip, ==, 0xfff0);
    }
    g_assert_cmpuint(rig->accel->vcpu_sets, ==, sets + G_N_ELEMENTS(bad));  /* what was before */
}

/* ---- Every class ---- */

/* A class whose struct is larger than its parent's, or that does something, could have
 * state. */
static void check_type(const TypeInfo *type, guint *ret_n)
{
    const DeviceOps *ops = type->device;

    if (type->schema == &qmp_class_device || !qmp_class_is_a(type->schema, &qmp_class_device) ||
        (!ops && !type->size)) {
        return;
    }
    if (!ops || (!ops->state && !ops->no_state)) {
        g_test_message("class '%s' has neither state nor a reason to have none",
                       type->schema->name);
        g_test_fail();
    } else if (ops->state && ops->no_state) {
        g_test_message("class '%s' has state, and a reason to have none", type->schema->name);
        g_test_fail();
    }
    (*ret_n)++;
}

static void test_classes(void)
{
    static const TypeInfo *const *const lists[] = { qom_types, cpu_types, hw_types };
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint j = 0; lists[i][j]; j++) {
            check_type(lists[i][j], &n);
        }
    }
    g_assert_cmpuint(n, >, 40);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(twins); i++) {
        g_autofree char *name = g_strdup_printf("/state-chips/%s", twins[i].own);

        g_test_add_data_func(name, &twins[i], test_twins);
    }
    g_test_add_func("/state-chips/cpu", test_cpu);
    g_test_add_func("/state-chips/classes", test_classes);
    return g_test_run();
}
