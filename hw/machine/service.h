/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services: data of a subsystem for a machine (the router of its input, the list
 * of its disks), or what one device provides to all of it (the power button),
 * without a member of struct Machine for each: the machine stores it by a key,
 * and does not know its type.
 *
 *     MACHINE_SERVICE(input_router, InputRouter, NULL)
 *
 *     InputRouter *router = input_router(machine);
 *     if (!router) {
 *         set_input_router(machine, router_new(machine));
 *     }
 *
 * The macro is used in the one file that owns the service; others call that file's
 * functions.  All functions: main thread or a vCPU's, machine lock held.  Data
 * paths do not call them but keep the result.
 */
#ifndef HW_MACHINE_SERVICE_H
#define HW_MACHINE_SERVICE_H

#include "hw/machine/machine.h"

/* Its address is the key. */
typedef struct {
    /* Called when the machine is undone, after its devices; NULL: the code that
     * set the service has removed it by then, or it need not be freed. */
    void (*free)(void *service);
} MachineServiceKey;

/* NULL: the machine has none. */
void *machine_service(const Machine *machine, const MachineServiceKey *key);
/* Replaces the service (the caller owns the old one again); NULL removes it. */
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
