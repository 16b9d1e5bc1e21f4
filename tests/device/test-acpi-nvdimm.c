/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/acpi/acpi-nvdimm.c, acpi-nfit.c and hw/mem/nvdimm.c: the windows as a guest's ACPI methods
 * use them.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "hw/acpi/acpi-nvdimm.h"
#include "hw/core/irq.h"
#include "qmp/bytes.h"
#include "tests/lib/rig.h"

#define MEMORY (G_GUINT64_CONSTANT(4) << 30)
#define MIB G_GUINT64_CONSTANT(0x100000)
#define FIT (ACPI_NVDIMM_BASE + ACPI_NVDIMM_PAGE)

enum { KIB = 1024, N_SLOTS = 3, DATA = 8, TRANSFER = 4076 };
enum { OK = 0, NOT_SUPPORTED = 1, NO_DEVICE = 2, INVALID = 3 };

typedef struct {
    Rig *rig;
    DeviceMemory *memory;
    Device *dev;
    guint events;
} Bench;

static void event_raised(void *opaque, guint n, bool level)
{
    ((Bench *)opaque)->events += level;
}

static Bench *bench_new(guint32 persistence)
{
    Bench *b = g_new0(Bench, 1);
    Object *machine;

    b->rig = rig_new();
    machine = &b->rig->machine->object;
    b->memory = device_memory_new(b->rig->machine, MEMORY, 1024 * MIB, 1024 * MIB, N_SLOTS);
    b->memory->acpi = true;
    b->memory->persistence = persistence;
    device_memory_set_hotplug(b->memory, &(const MemoryHotplugOps){ 0 }, NULL);
    b->dev = rig_device(b->rig, "acpi-nvdimm", "n", NULL, NULL);
    gpio_in_new(machine, "test-event", 1, event_raised, b);
    irq_connect(gpio(&b->dev->object, "event", 0), gpio(machine, "test-event", 0), false);
    return b;
}

static void bench_free(Bench *b)
{
    while (b->memory->places->len) {
        device_unmake(((MemoryPlace *)b->memory->places->pdata[0])->device);
    }
    device_unmake(b->dev);
    device_memory_free(b->memory);
    rig_free(b->rig);
    g_free(b);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

static Device *add(Bench *b, const char *id, const char *label_size, const char *slot)
{
    g_autofree char *backend = g_strconcat("m-", id, NULL);
    g_autoptr(GError) error = NULL;
    Device *dev;

    rig_object(b->rig, "memory-backend-ram", backend, &error, "size", "8M", NULL);
    g_assert_no_error(error);
    dev = rig_device(b->rig, "nvdimm", id, &error, "memdev", backend, "label-size", label_size,
                     "slot", slot, NULL);
    g_assert_no_error(error);
    return dev;
}

static guint32 get(Bench *b, guint offset)
{
    return address_space_read(b->rig->memory, ACPI_NVDIMM_BASE + offset, 4);
}

static void put(Bench *b, guint offset, guint32 value)
{
    address_space_write(b->rig->memory, ACPI_NVDIMM_BASE + offset, value, 4);
}

/* The first four bytes of the answer. */
static guint32 call(Bench *b, guint32 handle, guint32 function, guint32 offset, guint32 size)
{
    put(b, 0, handle);
    put(b, 4, 1);
    put(b, 8, function);
    put(b, 12, offset);
    put(b, 16, size);
    rig_out(b->rig, ACPI_NVDIMM_PORT, 1, 4);
    return get(b, 4);
}

static void test_functions(void)
{
    g_autoptr(Bench) b = bench_new(0);

    add(b, "a", "128K", "1");
    add(b, "b", "0", "2");
    g_assert_cmphex(call(b, 2, 0, 0, 0), ==, 0x71);
    g_assert_cmpuint(get(b, 0), ==, 8);
    g_assert_cmphex(call(b, 3, 0, 0, 0), ==, 0);        /* no labels, no functions */
    g_assert_cmphex(call(b, 0, 0, 0, 0), ==, 0);
    g_assert_cmpuint(call(b, 0, 1, 0, 0), ==, NOT_SUPPORTED);
    g_assert_cmpuint(call(b, 2, 4, 0, 0), ==, OK);
    g_assert_cmpuint(get(b, 0), ==, 16);
    g_assert_cmpuint(get(b, 8), ==, 128 * KIB);
    g_assert_cmpuint(get(b, 12), ==, TRANSFER);
    g_assert_cmpuint(call(b, 3, 4, 0, 0), ==, NOT_SUPPORTED);
    g_assert_cmpuint(call(b, 2, 3, 0, 0), ==, NOT_SUPPORTED);
    g_assert_cmpuint(call(b, 2, 7, 0, 0), ==, NOT_SUPPORTED);
    g_assert_cmpuint(call(b, 2, 36, 0, 0), ==, NOT_SUPPORTED);
    g_assert_cmpuint(call(b, 1, 0, 0, 0), ==, NO_DEVICE);
    g_assert_cmpuint(call(b, 4, 5, 0, 0), ==, NO_DEVICE);
    g_assert_cmpuint(call(b, G_MAXUINT32, 5, 0, 0), ==, NO_DEVICE);
    put(b, 0, 2);
    put(b, 4, 3);                                       /* a revision of another day */
    rig_out(b->rig, ACPI_NVDIMM_PORT, 1, 4);
    g_assert_cmpuint(get(b, 4), ==, NOT_SUPPORTED);
    g_assert_cmpuint(rig_in(b->rig, ACPI_NVDIMM_PORT, 4), ==, 0);
}

static void test_labels(void)
{
    static const struct {
        guint32 offset, size;
    } bad[] = { { 0, TRANSFER + 1 }, { 128 * KIB, 1 }, { 128 * KIB + 1, 0 }, { 1, 128 * KIB },
                { 128 * KIB - 4, 5 }, { G_MAXUINT32, 2 }, { 16, G_MAXUINT32 } };
    g_autoptr(Bench) b = bench_new(0);
    guint8 bytes[TRANSFER], got[TRANSFER];

    add(b, "a", "128K", "0");
    add(b, "b", "256K", "1");
    for (guint i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (guint8)(i * 7 + 1);
    }
    memory_write(b->rig->memory, ACPI_NVDIMM_BASE + 20, bytes, sizeof(bytes));
    g_assert_cmpuint(call(b, 1, 6, 128 * KIB - TRANSFER, TRANSFER), ==, OK);
    g_assert_cmpuint(get(b, 0), ==, 8);
    g_assert_cmpuint(call(b, 1, 5, 128 * KIB - TRANSFER, TRANSFER), ==, OK);
    g_assert_cmpuint(get(b, 0), ==, DATA + TRANSFER);
    memory_read(b->rig->memory, ACPI_NVDIMM_BASE + DATA, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), bytes, sizeof(bytes));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpuint(call(b, 1, 5, bad[i].offset, bad[i].size), ==, INVALID);
        g_assert_cmpuint(get(b, 0), ==, 8);
        g_assert_cmpuint(call(b, 1, 6, bad[i].offset, bad[i].size), ==, INVALID);
    }
    g_assert_cmpuint(call(b, 1, 5, 128 * KIB, 0), ==, OK);
    /* The other's are its own, and neither's are memory. */
    g_assert_cmpuint(call(b, 2, 5, 256 * KIB - TRANSFER, TRANSFER), ==, OK);
    g_assert_cmphex(get(b, DATA), ==, 0);
    memory_read(b->rig->memory, MEMORY + 6 * MIB - TRANSFER, got, sizeof(got));
    g_assert_cmphex(got[0], ==, 0);
    g_assert_false(memory_read(b->rig->memory, MEMORY + 14 * MIB, got, 1));
}

/* A file that must not be written is not. */
static void test_readonly(void)
{
    g_autoptr(Bench) b = bench_new(0);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("vmd-nvdimm-XXXXXX", &path, NULL);
    guint8 byte = 0;

    g_assert_cmpint(ftruncate(fd, 4 * MIB), ==, 0);
    g_assert_cmpint(pwrite(fd, "x", 1, 0), ==, 1);
    g_assert_cmpint(pwrite(fd, "label", 5, 4 * MIB - 128 * KIB), ==, 5);
    rig_object(b->rig, "memory-backend-file", "m", NULL, "size", "4M", "mem-path", path, "share",
               "on", "readonly", "on", NULL);
    g_assert_nonnull(rig_device(b->rig, "nvdimm", "a", NULL, "memdev", "m", "label-size", "128K",
                                "unarmed", "on", NULL));
    g_assert_cmpuint(call(b, 1, 6, 0, 4), ==, INVALID);
    g_assert_cmpuint(call(b, 1, 5, 0, 4), ==, OK);
    g_assert_cmphex(get(b, DATA), ==, 0x6562616c);
    g_assert_false(memory_write(b->rig->memory, MEMORY, "y", 1));
    address_space_write(b->rig->memory, MEMORY, 'y', 1);
    g_assert_true(memory_read(b->rig->memory, MEMORY, &byte, 1));
    g_assert_cmphex(byte, ==, 'x');
    close(fd);
    unlink(path);
}

/* ---- The table ---- */

static guint32 fit_length(Bench *b)
{
    return address_space_read(b->rig->memory, FIT, 4);
}

static guint64 fit_at(Bench *b, guint offset, guint size)
{
    return address_space_read(b->rig->memory, FIT + 4 + offset, size);
}

static bool is_hot(const Env *env)
{
    return true;
}

static void test_fit(void)
{
    g_autoptr(Bench) b = bench_new(2);
    Device *dev;

    g_assert_cmpuint(fit_length(b), ==, 0);
    dev = add(b, "a", "128K", "2");
    g_assert_cmpuint(b->events, ==, 0);                 /* the guest has not started */
    g_assert_cmpuint(fit_length(b), ==, 56 + 48 + 80 + 16);
    g_assert_cmphex(fit_at(b, 0, 4), ==, 56 << 16);
    g_assert_cmphex(fit_at(b, 32, 8), ==, MEMORY);
    g_assert_cmphex(fit_at(b, 40, 8), ==, 6 * MIB);
    g_assert_cmphex(fit_at(b, 56, 4), ==, 48 << 16 | 1);
    g_assert_cmphex(fit_at(b, 60, 4), ==, 3);           /* handle */
    g_assert_cmphex(fit_at(b, 68, 2), ==, fit_at(b, 4, 2));
    g_assert_cmphex(fit_at(b, 70, 2), ==, fit_at(b, 108, 2));
    g_assert_cmphex(fit_at(b, 104, 4), ==, 80 << 16 | 4);
    g_assert_cmphex(fit_at(b, 184, 4), ==, 16 << 16 | 7);
    g_assert_cmphex(fit_at(b, 188, 8), ==, G_GUINT64_CONSTANT(2) << 32 | 1);
    address_space_write(b->rig->memory, FIT, 0, 4);     /* read-only */
    g_assert_cmpuint(fit_length(b), ==, 200);
    b->rig->env.hot = is_hot;
    add(b, "b", "0", "0");
    g_assert_cmpuint(b->events, ==, 1);
    g_assert_cmpuint(fit_length(b), ==, 2 * 184 + 16);
    g_assert_cmphex(fit_at(b, 184 + 40, 8), ==, 8 * MIB);
    b->rig->env.hot = NULL;
    device_unmake(dev);
    g_assert_cmpuint(fit_length(b), ==, 184 + 16);
    g_assert_cmphex(fit_at(b, 60, 4), ==, 1);
}

/* With as many slots as a machine may have, the window is large enough. */
static void test_many(void)
{
    g_autoptr(GByteArray) fit = NULL;
    DeviceMemory memory = { .places = g_ptr_array_new(), .persistence = 3 };
    g_autoptr(Bench) b = bench_new(0);
    Device *dev = add(b, "a", "0", "0");
    MemoryPlace places[DEVICE_MEMORY_MAX_SLOTS];

    for (guint i = 0; i < DEVICE_MEMORY_MAX_SLOTS; i++) {
        places[i] = (MemoryPlace){ .device = dev, .slot = i, .persistent = true };
        g_ptr_array_add(memory.places, &places[i]);
    }
    fit = acpi_nvdimm_fit(&memory);
    g_assert_cmpuint(4 + fit->len, ==, acpi_nvdimm_fit_size(DEVICE_MEMORY_MAX_SLOTS));
    g_ptr_array_unref(memory.places);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi-nvdimm/functions", test_functions);
    g_test_add_func("/acpi-nvdimm/labels", test_labels);
    g_test_add_func("/acpi-nvdimm/readonly", test_readonly);
    g_test_add_func("/acpi-nvdimm/fit", test_fit);
    g_test_add_func("/acpi-nvdimm/many", test_many);
    return g_test_run();
}
