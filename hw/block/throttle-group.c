/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class `throttle-group`: see throttle-group.h.  Six leaky buckets: requests and
 * bytes, each in total, of reads, of writes.
 */
#include "config.h"
#include "hw/block/throttle-group.h"

#include "hw/block/block-types.h"
#include "hw/block/leaky-bucket.h"
#include "qmp/error.h"
#include "qmp/visit.h"
#include "qom/place.h"
#include "qom/qapi-objects-block.h"

enum {
    IOPS_TOTAL, IOPS_READ, IOPS_WRITE,
    BPS_TOTAL, BPS_READ, BPS_WRITE,
    N_BUCKETS
};

struct ThrottleGroup {
    Object object;
    GMutex mutex;               /* guards the rest */
    LeakyBucket buckets[N_BUCKETS];
    guint64 iops_size;
    gint64 last;                /* time of the last request, 0: none */
    bool implicit;              /* of throttle_group_make(); main thread */
};

/* ---- Limits ---- */

static LeakyBucket bucket(gint64 average, gint64 burst, gint64 length)
{
    return (LeakyBucket){ .average = average, .burst = burst, .burst_length = length };
}

static void buckets_of(const ThrottleLimits *l, LeakyBucket ret[N_BUCKETS])
{
    ret[IOPS_TOTAL] = bucket(l->iops_total, l->iops_total_max, l->iops_total_max_length);
    ret[IOPS_READ] = bucket(l->iops_read, l->iops_read_max, l->iops_read_max_length);
    ret[IOPS_WRITE] = bucket(l->iops_write, l->iops_write_max, l->iops_write_max_length);
    ret[BPS_TOTAL] = bucket(l->bps_total, l->bps_total_max, l->bps_total_max_length);
    ret[BPS_READ] = bucket(l->bps_read, l->bps_read_max, l->bps_read_max_length);
    ret[BPS_WRITE] = bucket(l->bps_write, l->bps_write_max, l->bps_write_max_length);
}

static const char *const names[N_BUCKETS] = {
    "iops-total", "iops-read", "iops-write", "bps-total", "bps-read", "bps-write",
};

static bool check_bucket(const LeakyBucket *b, const char *name, GError **error)
{
    g_autofree char *max = g_strconcat(name, "-max", NULL);
    g_autofree char *length = g_strconcat(max, "-length", NULL);

    if (b->burst > 0 && b->burst < b->average) {
        qmp_error_set_at(error, max, ERROR_REASON_INVALID_VALUE, "'%s' is less than '%s'", max,
                         name);
        return false;
    }
    if (b->burst > 0 && b->average <= 0) {
        qmp_error_set_at(error, max, ERROR_REASON_INVALID_VALUE, "'%s' needs '%s'", max, name);
        return false;
    }
    if (b->burst_length > 1 && b->burst <= 0) {
        qmp_error_set_at(error, length, ERROR_REASON_INVALID_VALUE, "'%s' needs '%s'", length,
                         max);
        return false;
    }
    return true;
}

static bool check_buckets(const LeakyBucket *buckets, GError **error)
{
    for (guint i = 0; i < N_BUCKETS; i++) {
        guint total = i / 3 * 3;

        if (!check_bucket(&buckets[i], names[i], error)) {
            return false;
        }
        if (i != total && buckets[i].average > 0 && buckets[total].average > 0) {
            qmp_error_set_at(error, names[i], ERROR_REASON_INVALID_VALUE,
                             "'%s' and '%s' cannot both be limited", names[total], names[i]);
            return false;
        }
    }
    return true;
}

/* Applies the limits; the levels of the buckets stay. */
static bool set_limits(ThrottleGroup *group, GError **error)
{
    const ThrottleLimits *limits = throttle_group_props(group)->limits;
    LeakyBucket buckets[N_BUCKETS] = { { 0 } };

    if (limits) {
        buckets_of(limits, buckets);
    }
    if (!check_buckets(buckets, error)) {
        qmp_error_prefix_path(error ? *error : NULL, "limits");
        return false;
    }
    g_mutex_lock(&group->mutex);
    for (guint i = 0; i < N_BUCKETS; i++) {
        buckets[i].level = group->buckets[i].level;
        buckets[i].burst_level = group->buckets[i].burst_level;
        group->buckets[i] = buckets[i];
    }
    group->iops_size = limits ? limits->iops_size : 0;
    g_mutex_unlock(&group->mutex);
    return true;
}

/* ---- Admission ---- */

static gint64 pour(ThrottleGroup *group, guint i, double units, gint64 wait)
{
    LeakyBucket *b = &group->buckets[i];
    gint64 own = leaky_bucket_wait(b);

    leaky_bucket_pour(b, units);
    return MAX(wait, own);
}

gint64 throttle_group_admit(ThrottleGroup *group, bool write, guint64 bytes, gint64 now)
{
    gint64 wait = 0;
    double requests = 1;

    g_mutex_lock(&group->mutex);
    for (guint i = 0; i < N_BUCKETS; i++) {
        leaky_bucket_leak(&group->buckets[i], group->last ? now - group->last : 0);
    }
    /* Threads may arrive with times out of order. */
    group->last = MAX(group->last, now);
    if (group->iops_size && bytes > group->iops_size) {
        requests = (bytes + group->iops_size - 1) / group->iops_size;
    }
    wait = pour(group, IOPS_TOTAL, requests, wait);
    wait = pour(group, write ? IOPS_WRITE : IOPS_READ, requests, wait);
    wait = pour(group, BPS_TOTAL, bytes, wait);
    wait = pour(group, write ? BPS_WRITE : BPS_READ, bytes, wait);
    g_mutex_unlock(&group->mutex);
    return now + wait;
}

/* ---- Groups that nobody asked for ---- */

ThrottleGroup *throttle_group_make(Object *root, const char *name, const ThrottleLimits *limits,
                                   GError **error)
{
    ThrottleGroupProps *props = qmp_new_props(&qmp_class_throttle_group);
    g_autoptr(Object) obj = NULL;

    qmp_clone(&qmp_type_ThrottleLimits, &props->limits, &limits);
    obj = object_new_with_props(&qmp_class_throttle_group, props, NULL);
    if (!object_check_id(name, error) ||
        !object_add_child(place_folder(root, &qmp_class_throttle_group), name, obj, error)) {
        return NULL;
    }
    if (!object_link(obj, error) || !object_complete(obj, error)) {
        object_destroy(obj);
        return NULL;
    }
    to_throttle_group(obj)->implicit = true;
    return to_throttle_group(obj);
}

void throttle_group_leave(ThrottleGroup *group)
{
    if (group->implicit && object_may_delete(&group->object, NULL)) {
        object_dismantle(&group->object);
        object_destroy(&group->object);
    }
}

/* ---- Life ---- */

static void group_init(Object *obj)
{
    g_mutex_init(&to_throttle_group(obj)->mutex);
}

static void group_finalize(Object *obj)
{
    g_mutex_clear(&to_throttle_group(obj)->mutex);
}

static bool group_complete(Object *obj, GError **error)
{
    return set_limits(to_throttle_group(obj), error);
}

static bool group_changed(Object *obj, const QmpMember *member, GError **error)
{
    return set_limits(to_throttle_group(obj), error);
}

const TypeInfo throttle_group_type = {
    .schema = &qmp_class_throttle_group,
    .size = sizeof(ThrottleGroup),
    .object = &(const ObjectOps){
        .init = group_init,
        .complete = group_complete,
        .changed = group_changed,
        .finalize = group_finalize,
    },
};
