/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rng-builtin: bytes of the host kernel's generator.  They are available
 * immediately.
 */
#include "config.h"
#include "hw/backends/rng.h"
#include "qmp/qapi-types-virtio.h"

#include <sys/random.h>

void rng_request(Object *backend, RngRequest *request)
{
    ((const RngOps *)object_kind(backend))->request(backend, request);
}

void rng_cancel(Object *backend, RngRequest *request)
{
    if (request->waiting) {
        ((const RngOps *)object_kind(backend))->cancel(backend, request);
    }
}

/* A signal may interrupt long requests, but never those of up to 256 bytes. */
static void builtin_request(Object *backend, RngRequest *request)
{
    guint8 data[RNG_REQUEST_MAX];
    gssize n = getrandom(data, MIN(request->size, sizeof(data)), 0);

    if (n <= 0) {
        n = getrandom(data, MIN(request->size, 256), 0);
    }
    if (n > 0) {
        request->receive(request, data, n);
    }
}

static void builtin_cancel(Object *backend, RngRequest *request)
{
}

const TypeInfo rng_builtin_type = {
    .schema = &qmp_class_rng_builtin,
    .kind = &(const RngOps){
        .request = builtin_request,
        .cancel = builtin_cancel,
    },
};
