/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-balloon-device.  VIRTIO 1.2 section 5.5.
 *
 * Pages that the driver puts into the balloon, or reports as free, are returned
 * to the host; the guest gets a fresh page when it touches one again.  Queue
 * numbers are those that drivers expect: queues whose feature is not offered are
 * left out, and the following ones move up.
 *
 * Not modelled: free page hints (which serve only migration), page poison (so
 * drivers that poison free pages do not report them), the legacy interface.  A
 * part of a huge page cannot be returned; this does no harm to the guest.
 */
#include "config.h"
#include "hw/virtio/virtio-balloon.h"

#include <string.h>
#include <unistd.h>

#include "hw/backends/host-memory.h"
#include "hw/core/timer-state.h"
#include "hw/mem/device-memory.h"
#include "hw/virtio/virtio.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/env.h"
#include "qom/qapi-objects-memory.h"
#include "qom/qapi-objects-virtio.h"
#include "qom/qapi-trace.h"

enum {
    DEVICE_ID = 5,
    QUEUE_SIZE = 128,
    PAGE_SHIFT = 12,            /* of the specification's pages */
    PAGE_BYTES = 1 << PAGE_SHIFT,
};

/* Feature bits */
enum {
    F_STATS_VQ = 1,
    F_DEFLATE_ON_OOM = 2,
    F_PAGE_REPORTING = 5,
};

#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)

/* Configuration space; after `actual` come members of features that are not
 * offered, which read as 0. */
enum { CONFIG_NUM_PAGES = 0, CONFIG_ACTUAL = 4, CONFIG_ACTUAL_END = 8, CONFIG_SIZE = 16 };

enum {
    PFNS_AT_ONCE = 256,         /* read from a chain in one piece */
    PFNS_PER_TURN = 16384,      /* then others get the lock */
    PFNS_PER_CHAIN = 16384,     /* no driver sends more */
};

/* Statistics tags in the order of BalloonStats's members. */
enum { N_STATS = 10, STAT_SIZE = 10 };

struct VirtioBalloon {
    VirtioDevice parent;
    guint32 num_pages;          /* target size of the balloon */
    guint32 actual;             /* its size as the driver reports it */
    VirtqElement *stats;        /* kept until the next request, or NULL */
    Timer *timer;               /* for the next request */
};

/* ---- Pages ---- */

/* Returns size bytes at hva to the host, if they are memory of the machine and not of a
 * card. */
static void discard(VirtioBalloon *s, guint8 *hva, gsize size)
{
    const Machine *machine = s->parent.machine;

    if ((machine->ram && region_has_host(machine->ram, hva, size)) ||
        device_memory_contains(machine, hva, size)) {
        host_memory_discard(hva, size);
    }
}

/* Discards the host pages that lie within size bytes at hva. */
static void discard_pages(VirtioBalloon *s, guint8 *hva, gsize size)
{
    gsize page = sysconf(_SC_PAGESIZE);
    gsize skip = -(gsize)hva & (page - 1);

    if (size > skip && (size - skip) & -page) {
        discard(s, hva + skip, (size - skip) & -page);
    }
}

/* Discards page pfn and the n - 1 pages after it. */
static void discard_pfns(VirtioBalloon *s, MemoryView *view, guint32 pfn, guint32 n)
{
    guint64 addr = (guint64)pfn << PAGE_SHIFT;
    guint64 left = (guint64)n << PAGE_SHIFT;

    while (left) {
        guint64 size = left;
        void *hva = memory_view_map(view, addr, left, true, &size);

        if (!hva) {
            size = MIN(left, PAGE_BYTES);
        } else {
            discard_pages(s, hva, size);
        }
        addr += size;
        left -= size;
    }
}

/* ---- Inflating and deflating ---- */

/* Consecutive page numbers, in either direction, as one range. */
typedef struct {
    guint32 first, n;
} Run;

static bool extend(Run *run, guint32 pfn)
{
    if (run->n && pfn == run->first + run->n && pfn) {
        run->n++;
    } else if (run->n && pfn + 1 == run->first) {
        run->first--;
        run->n++;
    } else {
        return false;
    }
    return true;
}

static void inflate_pfns(VirtioBalloon *s, MemoryView *view, const guint32 *pfns, guint n)
{
    Run run = { 0 };

    for (guint i = 0; i < n; i++) {
        guint32 pfn = GUINT32_FROM_LE(pfns[i]);

        if (!extend(&run, pfn)) {
            discard_pfns(s, view, run.first, run.n);
            run = (Run){ .first = pfn, .n = 1 };
        }
    }
    discard_pfns(s, view, run.first, run.n);
}

static void inflate(VirtioBalloon *s, const VirtqElement *element)
{
    MemoryView *view = memory_view_new(s->parent.machine->memory);
    guint32 pfns[PFNS_AT_ONCE];
    gsize offset = 0, n;

    while ((n = virtq_read(element, offset, pfns, sizeof(pfns))) >= sizeof(pfns[0])) {
        inflate_pfns(s, view, pfns, n / sizeof(pfns[0]));
        offset += n;
    }
    memory_view_unref(view);
}

/* Takes the chains in the queue, passing them to f if it is not NULL, for one turn. */
static void take_chains(VirtioBalloon *s, VirtQueue *queue,
                        void (*f)(VirtioBalloon *s, const VirtqElement *element))
{
    VirtqElement *element;
    gsize n = 0;

    while ((element = virtqueue_pop(queue))) {
        gsize pfns = element->out_size / sizeof(guint32);

        trace_virtio_balloon_chain(s, virtqueue_index(queue), pfns);
        if (pfns > PFNS_PER_CHAIN) {
            virtqueue_unpop(queue, element);
            virtio_broken(&s->parent, "a balloon buffer with too many pages");
            return;
        }
        if (f) {
            f(s, element);
        }
        n += pfns + element->n_in + 1;
        virtqueue_push(queue, element, 0);
        virtqueue_notify(queue);
        if (n > PFNS_PER_TURN && virtio_yield(queue)) {
            return;
        }
    }
}

static void handle_inflate(VirtioDevice *dev, VirtQueue *queue)
{
    take_chains(to_virtio_balloon(dev), queue, inflate);
}

/* Pages that the guest takes back need no action: touching them allocates them. */
static void handle_deflate(VirtioDevice *dev, VirtQueue *queue)
{
    take_chains(to_virtio_balloon(dev), queue, NULL);
}

static void discard_reported(VirtioBalloon *s, const VirtqElement *element)
{
    for (guint i = 0; i < element->n_in; i++) {
        const struct iovec *iov = &element->iov[element->n_out + i];

        discard_pages(s, iov->iov_base, iov->iov_len);
    }
}

static void handle_reporting(VirtioDevice *dev, VirtQueue *queue)
{
    take_chains(to_virtio_balloon(dev), queue, discard_reported);
}

/* ---- Statistics ---- */

static void forget_stats(BalloonStats *stats)
{
    *stats = (BalloonStats){
        .stat_swap_in = G_MAXUINT64,
        .stat_swap_out = G_MAXUINT64,
        .stat_major_faults = G_MAXUINT64,
        .stat_minor_faults = G_MAXUINT64,
        .stat_free_memory = G_MAXUINT64,
        .stat_total_memory = G_MAXUINT64,
        .stat_available_memory = G_MAXUINT64,
        .stat_disk_caches = G_MAXUINT64,
        .stat_htlb_pgalloc = G_MAXUINT64,
        .stat_htlb_pgfail = G_MAXUINT64,
    };
}

static uint64_t *stat_member(BalloonStats *stats, guint tag)
{
    uint64_t *const members[N_STATS] = {
        &stats->stat_swap_in, &stats->stat_swap_out, &stats->stat_major_faults,
        &stats->stat_minor_faults, &stats->stat_free_memory, &stats->stat_total_memory,
        &stats->stat_available_memory, &stats->stat_disk_caches, &stats->stat_htlb_pgalloc,
        &stats->stat_htlb_pgfail,
    };

    return tag < N_STATS ? members[tag] : NULL;
}

/* Section 5.5.6.3: records of a 16-bit tag and a 64-bit value, unaligned.  A
 * driver that sends more than a few of each sends garbage after them. */
static void read_stats(VirtioBalloon *s, const VirtqElement *element)
{
    BalloonGuestStats *said = virtio_balloon_device_props(s)->guest_stats;
    guint8 record[STAT_SIZE];

    forget_stats(said->stats);
    for (guint i = 0; i < 4 * N_STATS; i++) {
        guint16 tag;
        guint64 value;
        uint64_t *member;

        if (virtq_read(element, i * STAT_SIZE, record, STAT_SIZE) < STAT_SIZE) {
            break;
        }
        memcpy(&tag, record, sizeof(tag));
        memcpy(&value, record + sizeof(tag), sizeof(value));
        member = stat_member(said->stats, GUINT16_FROM_LE(tag));
        if (member) {
            *member = GUINT64_FROM_LE(value);
        }
    }
    said->last_update = clock_now(s->parent.machine->clock, CLOCK_KIND_HOST) / 1000000000;
}

/* Returns the kept chain, which asks the driver for new statistics. */
static void ask_for_stats(VirtioBalloon *s)
{
    VirtqElement *element = g_steal_pointer(&s->stats);

    if (element) {
        virtqueue_push(element->queue, element, 0);
        virtqueue_notify(element->queue);
    }
}

/* The driver uses one chain here; if it sends another, the older one is returned. */
static void handle_stats(VirtioDevice *dev, VirtQueue *queue)
{
    VirtioBalloon *s = to_virtio_balloon(dev);
    VirtqElement *element;

    for (guint i = 0; i < QUEUE_SIZE && (element = virtqueue_pop(queue)); i++) {
        ask_for_stats(s);
        s->stats = element;
        read_stats(s, element);
    }
}

static void set_timer(VirtioBalloon *s)
{
    gint64 interval = virtio_balloon_device_props(s)->guest_stats_polling_interval;

    if (interval) {
        timer_set_after(s->timer, clock_multiply(interval, NS_PER_SECOND));
    } else {
        timer_cancel(s->timer);
    }
}

static void time_for_stats(void *opaque, gint64 now)
{
    VirtioBalloon *s = opaque;

    if (s->parent.started) {
        ask_for_stats(s);
    }
    set_timer(s);
}

static bool balloon_changed(Object *obj, const QmpMember *member, GError **error)
{
    set_timer(to_virtio_balloon(obj));
    return true;
}

/* ---- Size ---- */

/* With memory modules, but not with memory that the guest cannot use as RAM, or gets and
 * returns by itself: as in QEMU. */
static guint64 ram_size(const VirtioBalloon *s)
{
    const Machine *machine = s->parent.machine;

    return machine->ram_size + device_memory_modules(machine, &qmp_class_pc_dimm);
}

guint64 virtio_balloon_actual(const VirtioBalloon *s)
{
    guint64 ballooned = (guint64)s->actual << PAGE_SHIFT;

    return ram_size(s) - MIN(ballooned, ram_size(s));
}

void virtio_balloon_set_target(VirtioBalloon *s, guint64 size)
{
    guint64 pages = (ram_size(s) - MIN(size, ram_size(s))) >> PAGE_SHIFT;

    s->num_pages = MIN(pages, G_MAXUINT32);
    virtio_config_changed(&s->parent);
}

static guint64 balloon_features(VirtioDevice *dev)
{
    const VirtioBalloonDeviceProps *props = virtio_balloon_device_props(to_virtio_balloon(dev));

    return 1 << F_STATS_VQ | props->deflate_on_oom << F_DEFLATE_ON_OOM |
           props->free_page_reporting << F_PAGE_REPORTING;
}

static void balloon_get_config(VirtioDevice *dev, guint8 *config)
{
    const VirtioBalloon *s = to_virtio_balloon(dev);
    guint32 num_pages = GUINT32_TO_LE(s->num_pages), actual = GUINT32_TO_LE(s->actual);

    memcpy(config + CONFIG_NUM_PAGES, &num_pages, sizeof(num_pages));
    memcpy(config + CONFIG_ACTUAL, &actual, sizeof(actual));
}

static void send_change(VirtioBalloon *s)
{
    const Env *env = object_env(&s->parent.device.object);

    if (env && env->events) {
        qmp_event_balloon_change(env->events,
                                 &(EventBalloonChange){ .actual = virtio_balloon_actual(s) });
    }
}

/* The driver may write only `actual`. */
static void balloon_set_config(VirtioDevice *dev, guint offset, const guint8 *data, guint size)
{
    VirtioBalloon *s = to_virtio_balloon(dev);
    guint32 before = s->actual;
    guint32 actual;

    if (offset < CONFIG_ACTUAL || offset >= CONFIG_ACTUAL_END) {
        return;
    }
    actual = GUINT32_TO_LE(before);
    memcpy((guint8 *)&actual + (offset - CONFIG_ACTUAL), data,
           MIN(size, CONFIG_ACTUAL_END - offset));
    s->actual = GUINT32_FROM_LE(actual);
    if (s->actual != before) {
        send_change(s);
    }
}

/* ---- Life ---- */

static void balloon_reset(VirtioDevice *dev)
{
    VirtioBalloon *s = to_virtio_balloon(dev);

    s->stats = NULL;
    s->actual = 0;
}

typedef struct {
    VirtioBalloon *found;
} Search;

static bool is_balloon(Object *obj, void *data)
{
    Search *search = data;
    VirtioBalloon *s = object_dynamic_cast(obj, &qmp_class_virtio_balloon_device);

    if (s && s->parent.device.realized) {
        search->found = s;
    }
    return !search->found;
}

VirtioBalloon *virtio_balloon_find(Machine *machine)
{
    Search search = { NULL };

    object_foreach_descendant(&machine->object, is_balloon, &search);
    return search.found;
}

static bool check_alone(VirtioBalloon *s, GError **error)
{
    const VirtioBalloon *other = virtio_balloon_find(s->parent.machine);

    if (other) {
        g_autofree char *path = object_path(&other->parent.device.object);

        qmp_error_set(error, ERROR_REASON_IN_USE, "a machine has only one balloon, which is '%s'",
                      path);
    }
    return !other;
}

static bool balloon_realize(Device *dev, GError **error)
{
    VirtioBalloon *s = to_virtio_balloon(dev);
    VirtioBalloonDeviceProps *props = virtio_balloon_device_props(s);

    if (!check_alone(s, error)) {
        return false;
    }
    if (!props->guest_stats) {
        props->guest_stats = g_new0(BalloonGuestStats, 1);
        props->guest_stats->stats = g_new0(BalloonStats, 1);
    }
    forget_stats(props->guest_stats->stats);
    s->timer = timer_new(s->parent.machine->clock, CLOCK_KIND_VIRTUAL, NS_PER_SECOND,
                         time_for_stats, s);
    virtio_add_queue(&s->parent, QUEUE_SIZE, handle_inflate);
    virtio_add_queue(&s->parent, QUEUE_SIZE, handle_deflate);
    virtio_add_queue(&s->parent, QUEUE_SIZE, handle_stats);
    if (props->free_page_reporting) {
        virtio_add_queue(&s->parent, QUEUE_SIZE, handle_reporting);
    }
    set_timer(s);
    return true;
}

static void balloon_unrealize(Device *dev)
{
    VirtioBalloon *s = to_virtio_balloon(dev);

    virtio_del_queues(&s->parent);
    g_clear_pointer(&s->timer, timer_free);
    s->stats = NULL;
    s->actual = s->num_pages = 0;
}

static const StateRow balloon_state[] = {
    STATE_FIELD_KEEP(U32, VirtioBalloon, num_pages),
    STATE_FIELD_KEEP(U32, VirtioBalloon, actual),
    STATE_CLOCK_TIMER_KEEP(VirtioBalloon, timer),
    STATE_ROWS_END
};

/* The chain that was kept is popped again. */
static bool balloon_state_loaded(Device *dev, GError **error)
{
    to_virtio_balloon(dev)->stats = NULL;
    return true;
}

static const VirtioOps balloon_virtio_ops = {
    .device_id = DEVICE_ID,
    .config_size = CONFIG_SIZE,
    .features = balloon_features,
    .get_config = balloon_get_config,
    .set_config = balloon_set_config,
    .reset = balloon_reset,
};

const TypeInfo virtio_balloon_type = {
    .schema = &qmp_class_virtio_balloon_device,
    .size = sizeof(VirtioBalloon),
    .object = &(const ObjectOps){
        .changed = balloon_changed,
    },
    .device = &(const DeviceOps){
        .realize = balloon_realize,
        .unrealize = balloon_unrealize,
        .state = balloon_state,
        .state_loaded = balloon_state_loaded,
    },
    .kind = &balloon_virtio_ops,
};
