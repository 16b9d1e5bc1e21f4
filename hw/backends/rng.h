/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of random bytes: class rng-backend.
 *
 * All functions need the machine lock.
 */
#ifndef HW_BACKENDS_RNG_H
#define HW_BACKENDS_RNG_H

#include "qom/object.h"

enum { RNG_REQUEST_MAX = 4096 };        /* maximum size of one request */

/* A user's request, embedded in its struct. */
typedef struct RngRequest RngRequest;
struct RngRequest {
    gsize size;                 /* bytes wanted, at least 1 */
    /* Called once, from rng_request or from the main loop with the lock held,
     * with 1 to size bytes.  May request again. */
    void (*receive)(RngRequest *request, const guint8 *data, gsize size);
    GList link;                 /* of the backend, while it waits */
    bool waiting;
};

/* What a class of backends does (TypeInfo.kind). */
typedef struct {
    void (*request)(Object *backend, RngRequest *request);
    void (*cancel)(Object *backend, RngRequest *request);
} RngOps;

/* Asks backend, an rng-backend, for bytes; request must not be waiting. */
void rng_request(Object *backend, RngRequest *request);
/* Cancels a request; a no-op if it is not waiting. */
void rng_cancel(Object *backend, RngRequest *request);

extern const TypeInfo rng_builtin_type;
extern const TypeInfo rng_random_type;

#endif
