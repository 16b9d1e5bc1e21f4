/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/watchdog/i6300esb.c: identity, the unlock sequence, both stages, the lock, and
 * two devices.
 */
#include "config.h"

#include "qmp/error.h"
#include "tests/lib/rig.h"

#define SECOND G_GINT64_CONSTANT(1000000000)
#define MMIO_BASE G_GUINT64_CONSTANT(0xfe000000)

enum { CONFIG = 0x60, LOCK = 0x68 };
enum { PRELOAD_1 = 0, PRELOAD_2 = 4, RELOAD = 0xc };
enum { FAST = 0x04, NO_OUTPUT = 0x20 };
enum { LOCKED = 1, ENABLED = 2, FREE_RUNNING = 4 };

typedef struct {
    Rig *rig;
    Device *dev;
    guint8 devfn;
    guint64 mmio;
} Dog;

static Dog dog_new(Rig *rig, guint slot)
{
    g_autofree char *id = g_strdup_printf("dog%u", slot);
    g_autofree char *addr = g_strdup_printf("%x", slot);
    g_autoptr(GError) error = NULL;
    Dog dog = { .rig = rig, .devfn = PCI_DEVFN(slot, 0), .mmio = MMIO_BASE + slot * 0x1000 };

    dog.dev = rig_device(rig, "i6300esb", id, &error, "addr", addr, NULL);
    g_assert_no_error(error);
    rig_pci_write(rig, 0, dog.devfn, PCI_BASE_ADDRESS_0, dog.mmio, 4);
    rig_pci_write(rig, 0, dog.devfn, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    return dog;
}

static guint32 config(const Dog *dog, guint8 reg, guint size)
{
    return rig_pci_read(dog->rig, 0, dog->devfn, reg, size);
}

static void set_config(const Dog *dog, guint8 reg, guint32 value, guint size)
{
    rig_pci_write(dog->rig, 0, dog->devfn, reg, value, size);
}

static guint64 get(const Dog *dog, guint reg, guint size)
{
    return address_space_read(dog->rig->memory, dog->mmio + reg, size);
}

static void put(const Dog *dog, guint reg, guint32 value, guint size)
{
    address_space_write(dog->rig->memory, dog->mmio + reg, value, size);
}

static void put_unlocked(const Dog *dog, guint reg, guint32 value, guint size)
{
    put(dog, RELOAD, 0x80, 1);
    put(dog, RELOAD, 0x86, 1);
    put(dog, reg, value, size);
}

/* Counts of 2^15 clocks of 33 MHz in nanoseconds, rounded down as a whole. */
static gint64 slow(gint64 counts)
{
    return counts * 32768 * 1000 / 33;
}

static guint expired(const Dog *dog, gint64 to)
{
    dog->rig->watchdogs = 0;
    clock_advance(dog->rig->clock, to);
    rig_deliver(dog->rig);
    return dog->rig->watchdogs;
}

static void test_identity(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);

    g_assert_cmphex(config(&dog, 0, 4), ==, 0x25ab8086);
    g_assert_cmphex(config(&dog, 8, 4), ==, 0x08800000);
    g_assert_cmphex(config(&dog, 0x3d, 1), ==, 0);
    set_config(&dog, PCI_BASE_ADDRESS_0, 0xffffffff, 4);
    g_assert_cmphex(config(&dog, PCI_BASE_ADDRESS_0, 4), ==, 0xfffffff0);
    g_assert_cmphex(config(&dog, CONFIG, 2), ==, 0);
    g_assert_cmphex(config(&dog, LOCK, 1), ==, 0);
    set_config(&dog, CONFIG, 0xffff, 2);
    g_assert_cmphex(config(&dog, CONFIG, 2), ==, 0x27);
}

static void test_registers(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);

    for (guint reg = 0; reg < 0x10; reg += 4) {
        g_assert_cmphex(get(&dog, reg, 1), ==, 0);
        g_assert_cmphex(get(&dog, reg, 2), ==, 0);
        g_assert_cmphex(get(&dog, reg, 4), ==, 0);
    }
}

/* One stage after the other, and then it is as after power-on. */
static void test_stages(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);
    gint64 end = slow(1000) + slow(500);

    put_unlocked(&dog, PRELOAD_1, 1000, 4);
    put_unlocked(&dog, PRELOAD_2, 500, 4);
    g_assert_cmpuint(expired(&dog, 0), ==, 0);
    set_config(&dog, LOCK, ENABLED, 1);
    g_assert_cmpuint(expired(&dog, end - 1), ==, 0);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0);
    g_assert_cmpuint(expired(&dog, end), ==, 1);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0x1200);
    g_assert_cmphex(config(&dog, LOCK, 1), ==, 0);
    g_assert_cmpuint(expired(&dog, end + 5000 * SECOND), ==, 0);
    rig_reset(rig);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0xffff);  /* its BAR is off */
    set_config(&dog, PCI_BASE_ADDRESS_0, dog.mmio, 4);
    set_config(&dog, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0x1200);  /* it survives a reset */
    put(&dog, RELOAD, 0x200, 2);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0x1200);
    put_unlocked(&dog, RELOAD, 0x200, 2);
    g_assert_cmphex(get(&dog, RELOAD, 2), ==, 0);
}

/* Preload values are 20 bits; the longest is 17 minutes in each stage. */
static void test_longest(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);
    gint64 end = 2 * slow(0xfffff);

    put_unlocked(&dog, PRELOAD_1, 0xffffffff, 4);
    set_config(&dog, LOCK, ENABLED, 1);
    g_assert_cmpuint(expired(&dog, end - 2), ==, 0);
    g_assert_cmpuint(expired(&dog, end), ==, 1);
    g_assert_cmpint(end / SECOND / 60, ==, 34);
}

static void test_fast(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);
    gint64 end = slow(0xfffff) / 1024 + SECOND / 1000;

    set_config(&dog, CONFIG, FAST, 2);
    put_unlocked(&dog, PRELOAD_2, 0, 4);        /* which is a millisecond here */
    set_config(&dog, LOCK, ENABLED, 1);
    g_assert_cmpuint(expired(&dog, end - 2), ==, 0);
    g_assert_cmpuint(expired(&dog, end), ==, 1);
}

static void test_reload(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);
    gint64 now = 0;

    put_unlocked(&dog, PRELOAD_1, 1000, 4);
    put_unlocked(&dog, PRELOAD_2, 1000, 4);
    set_config(&dog, LOCK, ENABLED, 1);
    for (guint i = 0; i < 10; i++) {
        g_assert_cmpuint(expired(&dog, now += slow(1500)), ==, 0);
        put_unlocked(&dog, RELOAD, 0x100, 2);
    }
    g_assert_cmpuint(expired(&dog, now += slow(1500)), ==, 0);
    put(&dog, RELOAD, 0x100, 2);                /* not let in */
    put(&dog, RELOAD, 0x86, 1);
    put(&dog, RELOAD, 0x100, 2);
    put_unlocked(&dog, 8, 0, 4);                /* that used it up */
    put(&dog, RELOAD, 0x100, 2);
    g_assert_cmpuint(expired(&dog, now + slow(500)), ==, 1);
}

static void test_disable(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);

    put_unlocked(&dog, PRELOAD_1, 1, 4);
    set_config(&dog, LOCK, ENABLED, 1);
    set_config(&dog, LOCK, 0, 1);
    g_assert_cmpuint(expired(&dog, 5000 * SECOND), ==, 0);
    put_unlocked(&dog, RELOAD, 0x100, 2);       /* what stands is not begun by that */
    g_assert_cmpuint(expired(&dog, 10000 * SECOND), ==, 0);
}

static void test_lock(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);

    set_config(&dog, LOCK, LOCKED | ENABLED, 1);
    set_config(&dog, LOCK, 0, 1);
    set_config(&dog, LOCK, FREE_RUNNING, 4);
    g_assert_cmphex(config(&dog, LOCK, 1), ==, LOCKED | ENABLED);
    rig_reset(rig);
    g_assert_cmphex(config(&dog, LOCK, 1), ==, 0);
    set_config(&dog, LOCK, FREE_RUNNING, 1);
    g_assert_cmphex(config(&dog, LOCK, 1), ==, FREE_RUNNING);
    g_assert_cmpuint(expired(&dog, 5000 * SECOND), ==, 0);
}

/* Without output nothing follows; free running, it begins again. */
static void test_no_output(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog dog = dog_new(rig, 3);
    gint64 both = slow(1000) + slow(1000);

    set_config(&dog, CONFIG, NO_OUTPUT, 2);
    put_unlocked(&dog, PRELOAD_1, 1000, 4);
    put_unlocked(&dog, PRELOAD_2, 1000, 4);
    set_config(&dog, LOCK, ENABLED | FREE_RUNNING, 1);
    g_assert_cmpuint(expired(&dog, both + 1), ==, 0);
    set_config(&dog, CONFIG, 0, 2);
    g_assert_cmpuint(expired(&dog, 2 * both - 1), ==, 0);
    g_assert_cmpuint(expired(&dog, 2 * both), ==, 1);
    set_config(&dog, CONFIG, NO_OUTPUT, 2);
    set_config(&dog, LOCK, ENABLED, 1);
    g_assert_cmpuint(expired(&dog, 10000 * SECOND), ==, 0);
    set_config(&dog, CONFIG, 0, 2);
    set_config(&dog, LOCK, ENABLED, 1);         /* no change: it stands */
    g_assert_cmpuint(expired(&dog, 20000 * SECOND), ==, 0);
}

static void test_state(void)
{
    g_autoptr(Rig) from = rig_new();
    g_autoptr(Rig) to = rig_new();
    Dog source = dog_new(from, 3), target = dog_new(to, 3);
    g_autoptr(GByteArray) state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    put_unlocked(&source, PRELOAD_1, 1000, 4);
    put_unlocked(&source, PRELOAD_2, 1000, 4);
    set_config(&source, LOCK, ENABLED | LOCKED, 1);
    expired(&source, slow(1500));
    device_save(source.dev, state, NULL);
    clock_advance(to->clock, slow(1500));
    g_assert_true(device_load(target.dev, state->data, state->len, &error));
    g_assert_no_error(error);
    set_config(&target, LOCK, 0, 1);
    g_assert_cmphex(config(&target, LOCK, 1), ==, ENABLED | LOCKED);
    g_assert_cmpuint(expired(&target, slow(2000)), ==, 1);
}

static void test_two(void)
{
    g_autoptr(Rig) rig = rig_new();
    Dog a = dog_new(rig, 3), b = dog_new(rig, 4);

    put_unlocked(&a, PRELOAD_1, 1, 4);
    put_unlocked(&a, PRELOAD_2, 1, 4);
    set_config(&a, LOCK, ENABLED, 1);
    g_assert_cmpuint(expired(&b, SECOND), ==, 1);
    g_assert_cmphex(get(&a, RELOAD, 2), ==, 0x1200);
    g_assert_cmphex(get(&b, RELOAD, 2), ==, 0);
    set_config(&b, LOCK, ENABLED, 1);
    device_unmake(b.dev);
    g_assert_cmpuint(expired(&a, 10000 * SECOND), ==, 0);
}

#define CASE(name) { "/i6300esb/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(identity), CASE(registers), CASE(stages), CASE(longest), CASE(fast), CASE(reload),
    CASE(disable), CASE(lock), CASE(no_output), CASE(state), CASE(two),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
