/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Task management: commands that are aborted, and resets.  SAM-5 chapter 7.
 *
 * What the host executes cannot be taken back, and may write into the guest's memory until it
 * is done.  So a command that is aborted takes as long as its block request, begins no other
 * one, and the task waits for it; nobody else does.
 */
#include "config.h"
#include "hw/scsi/scsi-internal.h"

#include "qom/qapi-objects-disk.h"
#include "qom/qapi-objects-scsi.h"
#include "qom/qapi-trace.h"

bool scsi_executes(const ScsiBus *bus, guint target, guint lun, const guint64 *tag)
{
    const ScsiDisk *s = scsi_find(bus, target, lun);

    for (const ScsiRequest *i = s ? s->requests : NULL; i; i = i->next) {
        if (!i->canceled && (!tag || i->tag == *tag)) {
            return true;
        }
    }
    return false;
}

/* ---- Waiting ---- */

static bool in_scope(const ScsiTask *task, const ScsiRequest *request)
{
    return request->serial < task->serial && (!task->tag || request->tag == *task->tag);
}

static bool unit_has_any(const ScsiDisk *s, const ScsiTask *task)
{
    for (const ScsiRequest *i = s->requests; i; i = i->next) {
        if (i->canceled && in_scope(task, i)) {
            return true;
        }
    }
    return false;
}

/* Also for units that commands do not reach any more. */
static bool waits(const ScsiBus *bus, const ScsiTask *task)
{
    for (const ScsiDisk *s = bus->units[task->target]; s; s = s->next_unit) {
        if ((task->all_luns || s->lun == task->lun) && unit_has_any(s, task)) {
            return true;
        }
    }
    return false;
}

void scsi_end_tasks(ScsiBus *bus)
{
    ScsiTask **link = &bus->tasks;

    while (*link) {
        ScsiTask *task = *link;

        if (waits(bus, task)) {
            link = &task->next;
        } else {
            *link = task->next;
            task->done(task);
        }
    }
}

static void begin(ScsiBus *bus, ScsiTask *task)
{
    task->serial = bus->serial;
    task->next = bus->tasks;
    bus->tasks = task;
}

/* ---- Aborting ---- */

/* One that is canceled already stays so for its first reason. */
static void cancel(ScsiDisk *s, const ScsiTask *task, ScsiOutcome why)
{
    for (ScsiRequest *i = s->requests; i; i = i->next) {
        if (!i->canceled && in_scope(task, i)) {
            trace_scsi_req_cancel(s, i->tag);
            i->canceled = true;
            i->why = why;
        }
    }
}

void scsi_abort(ScsiBus *bus, guint target, guint lun, const guint64 *tag, ScsiTask *task)
{
    ScsiDisk *s = scsi_find(bus, target, lun);

    task->target = target;
    task->lun = lun;
    task->all_luns = false;
    task->tag = tag;
    begin(bus, task);
    if (s) {
        cancel(s, task, SCSI_ABORTED);
    }
    scsi_end_tasks(bus);
}

/* ---- Resets ---- */

void scsi_unit_reset(ScsiDisk *s, guint32 news)
{
    const DiskProps *props = disk_props(&s->disk);

    g_atomic_int_set(&s->disk.front.write_cache, props->write_cache != ON_OFF_AUTO_OFF);
    disk_set_locked(&s->disk, false);
    g_atomic_int_set(&s->news, news);
    mmc_reset(&s->mmc);
}

void scsi_reset(ScsiBus *bus, guint target, const guint *lun, ScsiTask *task)
{
    task->target = target;
    task->lun = lun ? *lun : 0;
    task->all_luns = !lun;
    task->tag = NULL;
    begin(bus, task);
    for (ScsiDisk *s = scsi_first(bus, target); s; s = scsi_next(s->next_unit)) {
        if (!lun || s->lun == *lun) {
            cancel(s, task, SCSI_RESET);
            scsi_unit_reset(s, SCSI_NEWS_RESET);
        }
    }
    scsi_end_tasks(bus);
}
