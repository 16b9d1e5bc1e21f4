/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services of a machine: a list, since there are few.
 */
#include "config.h"
#include "hw/machine/service.h"

#include "hw/machine/machine-internal.h"

typedef struct {
    const MachineServiceKey *key;
    void *service;
} Entry;

/* The index of the service, or the number of services. */
static guint find(const Machine *machine, const MachineServiceKey *key)
{
    const GArray *all = machine->services;
    guint i = 0;

    while (i < all->len && g_array_index(all, Entry, i).key != key) {
        i++;
    }
    return i;
}

void *machine_service(const Machine *machine, const MachineServiceKey *key)
{
    const GArray *all = machine->services;
    guint i = find(machine, key);

    return i < all->len ? g_array_index(all, Entry, i).service : NULL;
}

void machine_set_service(Machine *machine, const MachineServiceKey *key, void *service)
{
    const Entry entry = { .key = key, .service = service };
    guint i = find(machine, key);

    if (i < machine->services->len) {
        g_array_remove_index(machine->services, i);
    }
    if (service) {
        g_array_append_val(machine->services, entry);
    }
}

/* In reverse order: a service may use those before it. */
void machine_free_services(Machine *machine)
{
    while (machine->services->len) {
        guint last = machine->services->len - 1;
        Entry entry = g_array_index(machine->services, Entry, last);

        g_array_set_size(machine->services, last);
        if (entry.key->free) {
            entry.key->free(entry.service);
        }
    }
}

GArray *machine_services_new(void)
{
    return g_array_new(false, false, sizeof(Entry));
}
