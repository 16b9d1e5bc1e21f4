/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a subsystem has of a machine (the router of its input, the list of its
 * disks), and what one device does for all of it (the power button), without a
 * member of struct Machine for each: the machine keeps it by a key, and does not
 * know what it is.
 *
 *     MACHINE_SERVICE(input_router, InputRouter, NULL)
 *
 *     InputRouter *router = input_router(machine);
 *     if (!router) {
 *         set_input_router(machine, router_new(machine));
 *     }
 *
 * The macro stands in the one file that owns the service; others call that file's
 * functions.  All of it: main thread or a vCPU's, machine lock held.  Data paths do
 * not look here but keep what they have found.
 */
#ifndef HW_MACHINE_SERVICE_H
#define HW_MACHINE_SERVICE_H

#include "hw/machine/machine.h"

/* Its address is the key. */
typedef struct {
    /* Called when the machine is undone, its devices gone already; NULL: the code
     * that set the service has taken it away by then, or it needs no more. */
    void (*free)(void *service);
} MachineServiceKey;

/* NULL: it has none. */
void *machine_service(const Machine *machine, const MachineServiceKey *key);
/* Instead of what was there, which is the caller's again; NULL takes it away. */
void machine_set_service(Machine *machine, const MachineServiceKey *key, void *service);

/* Typed functions for one of them: NAME(machine), set_NAME(machine, service); FREE
 * takes a TYPE *, or is NULL. */
#define MACHINE_SERVICE(NAME, TYPE, FREE)                                               \
    static void (*const NAME##_free)(TYPE *service) = FREE;                             \
    static void NAME##_free_any(void *service)                                          \
    {                                                                                   \
        if (NAME##_free) {                                                              \
            NAME##_free(service);                                                       \
        }                                                                               \
    }                                                                                   \
    static const MachineServiceKey NAME##_key = { .free = NAME##_free_any };            \
    static TYPE *NAME(const Machine *machine)                                           \
    {                                                                                   \
        return machine_service(machine, &NAME##_key);                                   \
    }                                                                                   \
    static void set_##NAME(Machine *machine, TYPE *service)                             \
    {                                                                                   \
        machine_set_service(machine, &NAME##_key, service);                             \
    }

#endif
