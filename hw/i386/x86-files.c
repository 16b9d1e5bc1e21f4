/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel and initrd of x86 boards in memory: read on the pool when they are opened,
 * released when they are in RAM, and read on the pool again before a reset, or a start
 * after a failed one, needs them.
 */
#include "config.h"
#include "hw/i386/x86-machine.h"

#include "qom/qapi-objects-machine.h"

typedef struct {
    LoaderFile *file;           /* held */
    GBytes *bytes;
    GError *error;
} Fetched;

static void fetched_clear(gpointer data)
{
    Fetched *f = data;

    g_clear_pointer(&f->bytes, g_bytes_unref);
    g_clear_error(&f->error);
    loader_close(f->file);
}

static void add_file(GArray *list, LoaderFile *file)
{
    const Fetched f = { .file = loader_ref(file) };

    g_array_append_val(list, f);
}

/* All open files, as Fetched. */
static GArray *list_files(const X86Machine *x86)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(Fetched));

    g_array_set_clear_func(list, fetched_clear);
    if (x86->kernel) {
        add_file(list, x86->kernel);
    }
    for (guint i = 0; x86->modules && i < x86->modules->len; i++) {
        add_file(list, x86->modules->pdata[i]);
    }
    return list;
}

/* Hands over the contents that were read; other files are not changed. */
static void hold(GArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        Fetched *f = &g_array_index(list, Fetched, i);

        if (f->bytes || f->error) {
            loader_hold(f->file, g_steal_pointer(&f->bytes), g_steal_pointer(&f->error));
        }
    }
}

bool x86_hold_files(X86Machine *x86, GError **error)
{
    g_autoptr(GArray) list = list_files(x86);

    for (guint i = 0; i < list->len; i++) {
        Fetched *f = &g_array_index(list, Fetched, i);

        f->bytes = loader_fetch(f->file, error);
        if (!f->bytes) {
            return false;
        }
    }
    hold(list);
    return true;
}

void x86_let_files_go(X86Machine *x86)
{
    if (x86->kernel) {
        loader_let_go(x86->kernel);
    }
    for (guint i = 0; x86->modules && i < x86->modules->len; i++) {
        loader_let_go(x86->modules->pdata[i]);
    }
}

void *x86_fetch_begin(Machine *machine)
{
    const X86Machine *x86 = to_x86_machine(machine);

    return x86->kernel && !x86->kernel->held ? list_files(x86) : NULL;
}

void x86_fetch_work(void *job)
{
    GArray *list = job;

    for (guint i = 0; i < list->len; i++) {
        Fetched *f = &g_array_index(list, Fetched, i);

        f->bytes = loader_fetch(f->file, &f->error);
    }
}

void x86_fetch_end(void *job)
{
    hold(job);
    g_array_unref(job);
}
