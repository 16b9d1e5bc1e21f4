/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resources: see resources.h.  Reports of other threads wait in `pending`, under a
 * mutex, for an event of the loop; everything else is used by the main thread only.
 */
#include "config.h"
#include "daemon/service/resources.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "qmp/error.h"
#include "qmp/qapi-events.h"

/* How much of a resource must be free for its state to end: more than one unit, so
 * that the next request for it does not fail again. */
enum { FREE_DESCRIPTORS = 4, FREE_MEMORY = 16 << 20, FREE_DISK_SHARE = 64, FREE_DISK = 16 << 20 };

typedef struct {
    bool exhausted;
    gint64 refusals;
    gint64 since;               /* wall clock, microseconds; 0: never */
    char *what;                 /* what was refused last, or NULL */
    char *folder;               /* disk-space: which file system to ask, or NULL */
} Resource;

typedef struct {
    guint refusals;             /* 0: nothing is pending */
    char *what, *folder;        /* of the first refusal */
} Pending;

/* A question to a file system. */
typedef struct {
    Resources *resources;
    char *folder;               /* or NULL */
    bool has_space;
} Look;

struct Resources {
    ResourcesHost host;
    Resource of[HOST_RESOURCE__MAX];
    struct event *wake;
    struct event *timer;        /* pending while a state lasts, or a report waits */
    bool looking;               /* the pool is asking a file system */

    GMutex mutex;               /* for pending */
    Pending pending[HOST_RESOURCE__MAX];
};

static bool resource_of(int error, HostResource *ret)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        *ret = HOST_RESOURCE_DESCRIPTORS;
        return true;
    case ENOMEM:
        *ret = HOST_RESOURCE_MEMORY;
        return true;
    case ENOSPC:
    case EDQUOT:
        *ret = HOST_RESOURCE_DISK_SPACE;
        return true;
    default:
        return false;
    }
}

/* ---- Whether the host has a resource again ---- */

static bool have_descriptors(void)
{
    int fds[FREE_DESCRIPTORS];
    guint n = 0;

    while (n < FREE_DESCRIPTORS && (fds[n] = eventfd(0, EFD_CLOEXEC)) >= 0) {
        n++;
    }
    for (guint i = 0; i < n; i++) {
        close(fds[i]);
    }
    return n == FREE_DESCRIPTORS;
}

static bool have_memory(void)
{
    void *memory = mmap(NULL, FREE_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);

    if (memory == MAP_FAILED) {
        return false;
    }
    munmap(memory, FREE_MEMORY);
    return true;
}

/* A file system that cannot be asked is assumed to have space; the next write finds out. */
static bool have_disk_space(const char *folder)
{
    struct statvfs fs;
    guint64 wanted;

    if (!folder || statvfs(folder, &fs) < 0 || !fs.f_frsize) {
        return true;
    }
    wanted = MIN(fs.f_blocks / FREE_DISK_SHARE, FREE_DISK / fs.f_frsize);
    return fs.f_bavail >= MAX(wanted, 1);
}


/* ---- The state ---- */

static const char *name_of(HostResource which)
{
    return qmp_enum_name(&qmp_type_HostResource, which);
}

static void tell(Resources *resources, HostResource which)
{
    const Resource *resource = &resources->of[which];
    const char *name = name_of(which);

    if (resource->exhausted) {
        g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "RESOURCE", name, "MESSAGE",
                         "the host has no more %s for %s", name, resource->what);
    } else {
        g_log_structured(G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "RESOURCE", name, "MESSAGE",
                         "the host has %s again", name);
    }
    qmp_event_resource_exhausted(resources->host.events, &(EventResourceExhausted){
        .resource = which,
        .exhausted = resource->exhausted,
        .what = resource->exhausted ? resource->what : NULL });
    resources->host.changed(resources->host.opaque);
}

static void look_later(Resources *resources)
{
    static const struct timeval interval = { 1, 0 };

    if (!evtimer_pending(resources->timer, NULL)) {
        evtimer_add(resources->timer, &interval);
    }
}

/* Takes ownership of what and folder. */
static void refused(Resources *resources, HostResource which, guint n, char *what, char *folder)
{
    Resource *resource = &resources->of[which];

    resource->refusals += n;
    g_free(resource->what);
    resource->what = what;
    if (folder || !resource->exhausted) {
        g_free(resource->folder);
        resource->folder = folder;
    }
    if (!resource->exhausted) {
        resource->exhausted = true;
        resource->since = g_get_real_time();
        tell(resources, which);
        look_later(resources);
    }
}

static Pending take_pending(Resources *resources, HostResource which)
{
    Pending pending;

    g_mutex_lock(&resources->mutex);
    pending = resources->pending[which];
    resources->pending[which] = (Pending){ 0 };
    g_mutex_unlock(&resources->mutex);
    return pending;
}

static void take_reports(Resources *resources)
{
    for (int which = 0; which < HOST_RESOURCE__MAX; which++) {
        Pending pending = take_pending(resources, which);

        if (pending.refusals) {
            refused(resources, which, pending.refusals, pending.what, pending.folder);
        }
    }
}

static bool must_wait(const Resources *resources)
{
    return resources->host.wait(resources->host.opaque);
}

static void end_state(Resources *resources, HostResource which)
{
    resources->of[which].exhausted = false;
    tell(resources, which);
}

/* On the pool. */
static void look_for_space(void *data)
{
    Look *look = data;

    look->has_space = have_disk_space(look->folder);
}

static void on_look(void *data)
{
    Look *look = data;
    Resources *resources = look->resources;
    Resource *disk = &resources->of[HOST_RESOURCE_DISK_SPACE];

    resources->looking = false;
    /* Meanwhile, space may have run out in another file system. */
    if (look->has_space && g_strcmp0(look->folder, disk->folder) == 0 && !must_wait(resources)) {
        end_state(resources, HOST_RESOURCE_DISK_SPACE);
    } else {
        look_later(resources);
    }
    g_free(look->folder);
    g_free(look);
}

static void ask_disk(Resources *resources)
{
    Look *look = g_new0(Look, 1);

    resources->looking = true;
    look->resources = resources;
    look->folder = g_strdup(resources->of[HOST_RESOURCE_DISK_SPACE].folder);
    pool_run(resources->host.pool, POOL_BACKGROUND, look_for_space, on_look, look);
}

/* True if a state lasts and the timer must check it again; for disks, the pool does. */
static bool end_states(Resources *resources)
{
    const Resource *of = resources->of;

    if (of[HOST_RESOURCE_DESCRIPTORS].exhausted && have_descriptors()) {
        end_state(resources, HOST_RESOURCE_DESCRIPTORS);
    }
    if (of[HOST_RESOURCE_MEMORY].exhausted && have_memory()) {
        end_state(resources, HOST_RESOURCE_MEMORY);
    }
    if (of[HOST_RESOURCE_DISK_SPACE].exhausted && !resources->looking) {
        ask_disk(resources);
    }
    return of[HOST_RESOURCE_DESCRIPTORS].exhausted || of[HOST_RESOURCE_MEMORY].exhausted;
}

/* Events of a list of requests are dropped if it fails, so reports wait for its end. */
static void on_wake(evutil_socket_t fd, short what, void *opaque)
{
    Resources *resources = opaque;
    FairLock *lock = resources->host.lock;

    fair_lock_acquire(lock);
    if (!must_wait(resources)) {
        take_reports(resources);
    } else {
        look_later(resources);
    }
    fair_lock_release(lock);
}

static void on_timer(evutil_socket_t fd, short what, void *opaque)
{
    Resources *resources = opaque;
    FairLock *lock = resources->host.lock;

    fair_lock_acquire(lock);
    if (must_wait(resources) || end_states(resources)) {
        look_later(resources);
    }
    if (!must_wait(resources)) {
        take_reports(resources);
    }
    fair_lock_release(lock);
}

/* ---- Reports ---- */

/* The folder of an open file; the file itself may be removed at any time. */
static char *folder_of(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *path = fd >= 0 ? g_file_read_link(link, NULL) : NULL;

    return path && path[0] == '/' ? g_path_get_dirname(path) : NULL;
}

static void report(Resources *resources, HostResource which, const char *what, int fd)
{
    Pending *pending = &resources->pending[which];

    g_mutex_lock(&resources->mutex);
    if (pending->refusals++ == 0) {
        pending->what = g_strdup(what);
        pending->folder = folder_of(fd);
        event_active(resources->wake, 0, 0);
    }
    g_mutex_unlock(&resources->mutex);
}

void resources_refused(Resources *resources, int error, const char *what, int fd)
{
    HostResource which;

    if (resource_of(error, &which)) {
        report(resources, which, what, fd);
    }
}

void resources_note_error(Resources *resources, const GError *error, const char *command)
{
    HostResource which;

    if (qmp_error_is(error, ERROR_REASON_NO_MEMORY)) {
        report(resources, HOST_RESOURCE_MEMORY, command, -1);
    } else if (resource_of(qmp_error_errno(error), &which)) {
        report(resources, which, command, -1);
    }
}

/* ---- Queries ---- */

char *resources_text(const Resources *resources)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int which = 0; which < HOST_RESOURCE__MAX; which++) {
        if (resources->of[which].exhausted) {
            g_string_append_printf(text, "%sno %s", text->len ? ", " : "", name_of(which));
        }
    }
    return text->len ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

HostResourceInfo *resources_info(const Resources *resources, HostResource which)
{
    const Resource *resource = &resources->of[which];
    HostResourceInfo *info = g_new0(HostResourceInfo, 1);

    info->resource = which;
    info->exhausted = resource->exhausted;
    info->refusals = resource->refusals;
    info->what = g_strdup(resource->what);
    info->has_since = resource->since != 0;
    info->since = resource->since;
    return info;
}

/* ---- Creation and end ---- */

Resources *resources_new(const ResourcesHost *host)
{
    Resources *resources = g_new0(Resources, 1);

    resources->host = *host;
    g_mutex_init(&resources->mutex);
    resources->wake = event_new(host->base, -1, 0, on_wake, resources);
    resources->timer = evtimer_new(host->base, on_timer, resources);
    if (!resources->wake || !resources->timer) {
        resources_free(resources);
        return NULL;
    }
    return resources;
}

void resources_free(Resources *resources)
{
    if (!resources) {
        return;
    }
    g_clear_pointer(&resources->wake, event_free);
    g_clear_pointer(&resources->timer, event_free);
    for (int which = 0; which < HOST_RESOURCE__MAX; which++) {
        g_free(resources->of[which].what);
        g_free(resources->of[which].folder);
        g_free(resources->pending[which].what);
        g_free(resources->pending[which].folder);
    }
    g_mutex_clear(&resources->mutex);
    g_free(resources);
}
