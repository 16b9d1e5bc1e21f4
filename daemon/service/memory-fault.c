/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory faults: see memory-fault.h.
 */
#include "config.h"
#include "daemon/service/memory-fault.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <glib.h>

#include "hw/backends/memory-backend.h"

/* A signal handler has no other arguments. */
static struct {
    MemoryFaultEnd *end;
    void *opaque;
    gint n;
} faults;

static void *end_daemon(void *address)
{
    g_autofree char *what = memory_lost_describe(address);
    g_autofree char *message = g_strdup_printf("guest memory is lost: %s",
                                               what ? what : "it is being removed");

    faults.end(faults.opaque, message);
    return NULL;
}

/* The thread was accessing guest memory, so it holds no library's lock and can
 * create a thread here. */
static bool begin_end(void *address)
{
    pthread_t thread;

    return g_atomic_int_add(&faults.n, 1) > 0 ||
           pthread_create(&thread, NULL, end_daemon, address) == 0;
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    struct sigaction action = { .sa_handler = SIG_DFL };

    if (info->si_code > 0 && memory_lost_is_guests(info->si_addr) && begin_end(info->si_addr)) {
        for (;;) {
            pause();
        }
    }
    sigaction(number, &action, NULL);
}

void memory_fault_watch(MemoryFaultEnd *end, void *opaque)
{
    struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

    faults.end = end;
    faults.opaque = opaque;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
