/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State that is carried into a new process.
 */
#include "config.h"
#include "tests/lib/carry.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/machine/machine-state.h"
#include "tests/lib/virtio-driver-pci.h"

/* Where the new process finds what it goes on with. */
#define VARIABLE "VMD_TEST_CARRIED"

typedef struct {
    void *data;
    gsize size;
} CarryMemory;

/* ---- For cases ---- */

void carry_memory(Carry *c, void *data, gsize size)
{
    CarryMemory memory = { data, size };

    g_array_append_val(c->memory, memory);
}

static VirtioDriver *keep_driver(Carry *c, VirtioDriver *d)
{
    c->drivers[c->n_drivers++] = d;
    carry_memory(c, d->ram, VIRTIO_DRIVER_RAM);
    carry_memory(c, d->queues, sizeof(d->queues));
    carry_memory(c, &d->next, sizeof(d->next));
    carry_memory(c, &d->features, sizeof(d->features));
    return d;
}

VirtioDriver *carry_driver(Carry *c)
{
    return keep_driver(c, virtio_driver_new(c->rig, c->n_drivers));
}

VirtioDriver *carry_driver_pci(Carry *c, Device *dev)
{
    return keep_driver(c, virtio_driver_pci(c->rig, c->n_drivers, dev, VIRTIO_DRIVER_MODERN));
}

Device *carry_made(Device *dev)
{
    g_assert_nonnull(dev);
    return dev;
}

void carry_note(Carry *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(c->notes, format, args);
    va_end(args);
    g_string_append_c(c->notes, '\n');
}

static void note_lines(Carry *c, const char *kind, const bool *levels, const guint *edges,
                       const guint *before, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (levels[i] || edges[i] != before[i]) {
            carry_note(c, "%s %u: %s, rose %u times", kind, i, levels[i] ? "high" : "low",
                       edges[i] - before[i]);
        }
    }
}

void carry_lines(Carry *c)
{
    note_lines(c, "isa", c->rig->irq_levels, c->rig->irq_edges, c->irq_edges, ISA_N_IRQS);
    note_lines(c, "pci", c->rig->pci_levels, c->rig->pci_edges, c->pci_edges, PCI_N_PINS);
    note_lines(c, "gsi", c->rig->accel->gsi, c->rig->accel->gsi_edges, c->gsi_edges,
               FAKE_ACCEL_N_GSIS);
}

void carry_timers(Carry *c, guint n)
{
    for (guint i = 0; i < n; i++) {
        gint64 deadline = clock_deadline(c->rig->clock);

        carry_note(c, "next timer at %" G_GINT64_FORMAT, deadline);
        if (deadline < 0) {
            return;
        }
        clock_advance(c->rig->clock, deadline);
        rig_deliver(c->rig);
        carry_lines(c);
    }
}

/* ---- Before and after ---- */

static void begin(Carry *c, const CarryCase *one)
{
    *c = (Carry){ .rig = rig_new(), .notes = g_string_new(NULL) };
    c->memory = g_array_new(FALSE, FALSE, sizeof(CarryMemory));
    one->make(c);
    if (!c->rig->machine->started) {
        g_assert_true(machine_start(c->rig->machine, NULL));
    }
}

static void end(Carry *c, const CarryCase *one)
{
    if (one->clear) {
        one->clear(c);
    }
    for (guint i = 0; i < c->n_drivers; i++) {
        virtio_driver_free(c->drivers[i]);
    }
    rig_free(c->rig);
    if (c->opaque_free) {
        c->opaque_free(c->opaque);
    }
    g_array_unref(c->memory);
    g_string_free(c->notes, TRUE);
}

static void go_on(Carry *c, const CarryCase *one)
{
    const Rig *rig = c->rig;

    memcpy(c->irq_edges, rig->irq_edges, sizeof(c->irq_edges));
    memcpy(c->pci_edges, rig->pci_edges, sizeof(c->pci_edges));
    memcpy(c->gsi_edges, rig->accel->gsi_edges, sizeof(c->gsi_edges));
    g_assert_true(machine_run(c->rig->machine, NULL));
    carry_lines(c);
    one->go_on(c);
    carry_note(c, "now %" G_GINT64_FORMAT, clock_now(c->rig->clock, CLOCK_KIND_VIRTUAL));
    carry_lines(c);
    g_assert_cmpuint(strlen(c->notes->str), >, 20);
    g_test_message("%s", c->notes->str);
}

static GByteArray *save(Carry *c)
{
    GByteArray *state = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    machine_save(c->rig->machine, state, &error);
    g_assert_no_error(error);
    return state;
}

/* ---- Files ---- */

static void write_file(const char *folder, const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, data, size, NULL));
}

static char *read_file(const char *folder, const char *name, gsize *ret_size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    char *data = NULL;

    g_file_get_contents(path, &data, ret_size, &error);
    g_assert_no_error(error);
    return data;
}

static void remove_files(const char *folder)
{
    static const char *const names[] = { "state", "memory", "notes" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void write_memory(const Carry *c, const char *folder)
{
    g_autoptr(GByteArray) all = g_byte_array_new();

    for (guint i = 0; i < c->memory->len; i++) {
        const CarryMemory *memory = &g_array_index(c->memory, CarryMemory, i);

        g_byte_array_append(all, memory->data, memory->size);
    }
    write_file(folder, "memory", all->len ? all->data : (const guint8 *)"", all->len);
}

static void read_memory(Carry *c, const char *folder)
{
    gsize size, at = 0;
    g_autofree char *all = read_file(folder, "memory", &size);

    for (guint i = 0; i < c->memory->len; i++) {
        const CarryMemory *memory = &g_array_index(c->memory, CarryMemory, i);

        g_assert_cmpuint(memory->size, <=, size - at);
        memcpy(memory->data, all + at, memory->size);
        at += memory->size;
    }
    g_assert_cmpuint(at, ==, size);
}

/* ---- The two processes ---- */

static void test_first(gconstpointer data)
{
    const CarryCase *one = data;
    g_autofree char *folder = g_dir_make_tmp("vmd-carry-XXXXXX", NULL);
    g_autofree char *child = g_strdup_printf("/state/%s/subprocess/go-on", one->name);
    g_autoptr(GByteArray) state = NULL;
    Carry c;

    begin(&c, one);
    one->busy(&c);
    machine_pause(c.rig->machine);
    state = save(&c);
    write_file(folder, "state", state->data, state->len);
    write_memory(&c, folder);
    go_on(&c, one);
    write_file(folder, "notes", c.notes->str, c.notes->len);
    end(&c, one);
    g_setenv(VARIABLE, folder, TRUE);
    g_test_trap_subprocess(child, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
    remove_files(folder);
}

static void test_second(gconstpointer data)
{
    const CarryCase *one = data;
    const char *folder = g_getenv(VARIABLE);
    gsize size, n_notes;
    g_autofree char *state = read_file(folder, "state", &size);
    g_autofree char *notes = read_file(folder, "notes", &n_notes);
    g_autoptr(GByteArray) again = NULL;
    g_autoptr(GError) error = NULL;
    Carry c;

    begin(&c, one);
    machine_pause(c.rig->machine);
    read_memory(&c, folder);
    machine_load(c.rig->machine, (const guint8 *)state, size, &error);
    g_assert_no_error(error);
    again = save(&c);
    g_assert_cmpmem(again->data, again->len, state, size);
    go_on(&c, one);
    g_assert_cmpstr(c.notes->str, ==, notes);
    end(&c, one);
}

void carry_add(const CarryCase *cases, guint n)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *first = g_strdup_printf("/state/%s", cases[i].name);
        g_autofree char *second = g_strdup_printf("/state/%s/subprocess/go-on", cases[i].name);

        g_test_add_data_func(first, &cases[i], test_first);
        g_test_add_data_func(second, &cases[i], test_second);
    }
}
