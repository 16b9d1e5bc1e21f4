/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon provides to objects through the root of their tree: the event
 * loop, the queue of QMP events, and a way to run blocking work.
 */
#ifndef QOM_ENV_H
#define QOM_ENV_H

#include "qmp/fds.h"
#include "qmp/policy.h"
#include "qom/object.h"

struct event_base;
struct QmpEventQueue;

/* Makes a change permanent that cannot be undone: empties a file, keeps one
 * that was created.  On failure obj is as before. */
typedef bool (*EnvKeep)(Object *obj, GError **error);
/* A device that is still to be made: its class and decoded properties.  named:
 * its request names the bus.  Returns false to stop. */
typedef bool (*EnvPending)(const QmpClass *klass, const void *props, bool named, void *opaque);

typedef struct Env {
    struct event_base *base;            /* the main loop; NULL in pure unit tests */
    struct QmpEventQueue *events;       /* NULL: events go nowhere */
    void *host;                         /* private to the daemon */
    const QmpPolicy *policy;            /* for input in properties; NULL: accepts all */
    /* Runs work(data) on a pool thread, queued behind work that clients wait for; then
     * done(data) on the main loop with the machine lock held.  When the daemon ends,
     * only done is called. */
    void (*run)(const struct Env *env, void (*work)(void *data), void (*done)(void *data),
                void *data);
    /* Takes a descriptor that a client passed by name (getfd); NULL and an error
     * (reason fd-not-found) if there is none. */
    QmpFd *(*take_fd)(const struct Env *env, const char *name, GError **error);
    /* The machine lock, for callbacks of the loop that touch device state. */
    void (*lock)(const struct Env *env);
    void (*unlock)(const struct Env *env);
    /* Whether this thread holds it, for env_lock_assert().  NULL: unknown. */
    bool (*locked)(const struct Env *env);
    /* True once `cont` closed the build phase: a device made from then on is a
     * hotplug.  NULL: never. */
    bool (*hot)(const struct Env *env);
    /* The content of a file that was read in advance for the object being made, so
     * that its hooks do not block the main loop: *ret and true, or *error and false if
     * it could not be read. For another path (or if the hook is NULL): *ret NULL and
     * true. */
    bool (*read_file)(const struct Env *env, const char *path, GBytes **ret, GError **error);
    /* Ends the machine, and with it the daemon unless set-action keeps it: the
     * client that it served has disconnected.  Main thread, machine lock held.
     * NULL: no effect. */
    void (*end)(const struct Env *env);
    /* A system call failed with this errno for `what`, and there is no request to
     * report it to; fd is the file that was written, or -1.  Any thread.  NULL: not
     * reported. */
    void (*refused)(const struct Env *env, int error, const char *what, int fd);
    /* Connects two named gpio lines for the `parts` of a class (qom does not
     * know lines; hw's irq_wire does).  NULL: such a part fails. */
    bool (*wire)(Object *parent, const char *from, const char *to, GError **error);
    /* While a list of requests is executed as a whole: records keep for the end,
     * and returns true; false otherwise.  NULL: never. */
    bool (*defer)(const struct Env *env, Object *obj, EnvKeep keep);
    /* Calls f for each device that such requests will still put on bus, or may put
     * there if they name none; bus NULL: for all.  NULL: there are none. */
    void (*foreach_pending)(const struct Env *env, Object *bus, EnvPending f, void *opaque);
} Env;

/* For complete hooks: runs keep once obj is certain to stay, usually immediately.
 * Until then dismantle and release have to leave the host as it was. */
bool env_keep(Object *obj, EnvKeep keep, GError **error);
/* Code that chooses an address for obj asks here which ones are reserved for
 * others. */
void env_foreach_pending(Object *obj, Object *bus, EnvPending f, void *opaque);

/* Calls Env.refused for obj.  Any thread, as long as obj is in the tree. */
void env_refused(Object *obj, int error, int fd);

/* env is borrowed for the life of root. */
void object_set_env(Object *root, const Env *env);
/* Env of the tree that obj is in; NULL without one. */
const Env *object_env(Object *obj);

/* That this thread holds the machine lock, if obj is in a tree whose environment knows, in builds
 * that check (qom/checks.h). */
#ifdef DEBUG_CHECKS
void env_lock_assert(const Object *obj);
#else
static inline void env_lock_assert(const Object *obj)
{
}
#endif

#endif
