/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop's AioContext, one of the machine's services.
 */
#include "config.h"
#include "hw/machine/machine-aio.h"

#include "hw/aio/iothread.h"
#include "hw/machine/service.h"
#include "qom/env.h"

MACHINE_SERVICE(main_aio, AioContext, aio_context_free)

AioContext *machine_aio(Machine *machine, const QmpLink *iothread, GError **error)
{
    const Env *env = object_env(&machine->object);
    AioContext *aio;

    if (iothread && iothread->target) {
        return iothread_aio(iothread->target);
    }
    aio = main_aio(machine);
    if (!aio) {
        aio = aio_context_new(env ? env->base : NULL, error);
        set_main_aio(machine, aio);
    }
    return aio;
}
