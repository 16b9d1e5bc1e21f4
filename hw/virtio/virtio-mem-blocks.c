/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of virtio-mem; see virtio-mem-internal.h.
 */
#include "config.h"
#include "hw/virtio/virtio-mem-internal.h"

#include <string.h>

#include "hw/backends/host-memory.h"
#include "qmp/qapi-events.h"
#include "qom/env.h"

/* What a driver may use beyond the requested size, so that it need not find room to the byte:
 * two of Linux's memory blocks on x86, as QEMU's. */
#define USABLE_EXTENT (G_GUINT64_CONSTANT(2) * 128 * 1024 * 1024)

guint64 virtio_mem_n_blocks(const VirtioMem *s)
{
    return s->region_size / s->block_size;
}

static bool is_plugged(const VirtioMem *s, guint64 block)
{
    return s->bitmap[block / 8] >> (block % 8) & 1;
}

/* ---- Runs ---- */

/* The first block from first on, before end, that is or is not plugged; else end. */
static guint64 find(const VirtioMem *s, guint64 first, guint64 end, bool plugged)
{
    const guint8 none = plugged ? 0 : 0xff;

    while (first < end) {
        if (first % 8 == 0 && end - first >= 8 && s->bitmap[first / 8] == none) {
            first += 8;
        } else if (is_plugged(s, first) == plugged) {
            return first;
        } else {
            first++;
        }
    }
    return end;
}

bool virtio_mem_all(const VirtioMem *s, guint64 first, guint64 n, bool plugged)
{
    return find(s, first, first + n, !plugged) == first + n;
}

bool virtio_mem_next_run(const VirtioMem *s, guint64 first, guint64 n, guint64 *ret_first,
                         guint64 *ret_n)
{
    guint64 end = first + n;

    *ret_first = find(s, first, end, true);
    *ret_n = find(s, *ret_first, end, false) - *ret_first;
    return *ret_n > 0;
}

void virtio_mem_mark(VirtioMem *s, guint64 first, guint64 n, bool plugged)
{
    for (guint64 i = first; i < first + n; i++) {
        guint8 bit = 1 << (i % 8);

        s->bitmap[i / 8] = plugged ? s->bitmap[i / 8] | bit : s->bitmap[i / 8] & ~bit;
    }
}

guint64 virtio_mem_count(const VirtioMem *s)
{
    guint64 blocks = 0;

    for (guint32 i = 0; i < s->bitmap_size; i++) {
        blocks += (guint)__builtin_popcount(s->bitmap[i]);
    }
    return blocks * s->block_size;
}

/* ---- Memory ---- */

void virtio_mem_discard(VirtioMem *s, bool plugged)
{
    guint8 *hva = memory_backend_hva(s->backend);
    guint64 end = virtio_mem_n_blocks(s), start = 0, stop;

    for (; (start = find(s, start, end, plugged)) < end; start = stop) {
        stop = find(s, start, end, !plugged);
        host_memory_discard(hva + start * s->block_size, (stop - start) * s->block_size);
    }
}

void virtio_mem_set_usable(VirtioMem *s, bool can_shrink)
{
    guint64 extent = s->requested ? s->requested + USABLE_EXTENT : 0;
    guint64 size = (extent + s->block_size - 1) / s->block_size * s->block_size;

    size = MIN(size, s->region_size);
    s->usable = can_shrink ? size : MAX(size, s->usable);
}

void virtio_mem_set_plugged(VirtioMem *s, guint64 size)
{
    const Env *env = object_env(&s->parent.device.object);
    Device *whole = device_whole(&s->parent.device);
    g_autofree char *id = NULL;
    g_autofree char *path = NULL;

    if (size == s->place.plugged) {
        return;
    }
    s->place.plugged = size;
    virtio_config_stale(&s->parent);
    if (env && env->events) {
        id = g_strdup(device_id(whole));
        path = object_path(&whole->object);
        qmp_event_memory_device_size_change(env->events, &(EventMemoryDeviceSizeChange){
            .id = id, .size = size, .qom_path = path });
    }
}

void virtio_mem_unplug_all(VirtioMem *s)
{
    virtio_mem_discard(s, true);
    memset(s->bitmap, 0, s->bitmap_size);
    virtio_mem_set_plugged(s, 0);
    virtio_mem_set_usable(s, true);
}
