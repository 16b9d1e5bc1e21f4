/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces: flattening, dispatch, DMA, and what accelerators are told.
 */
#include "config.h"
#include "hw/memory/memory-internal.h"

#include <stdlib.h>
#include <string.h>

#include "qom/property.h"
#include "qom/qapi-objects-machine.h"
#include "tests/lib/rig.h"

enum { PAGE = 4096 };

typedef struct {
    Rig *rig;
    Object *owner;
    AddressSpace *as;
    MemoryRegion *root;
    guint8 *ram;                /* 16 pages */
} Bench;

static Bench bench_new(guint64 size)
{
    Bench b = { .rig = rig_new() };

    b.owner = object_container(b.rig->root, "bench");
    b.as = address_space_new(b.owner, "space", size, &b.rig->lock);
    b.root = address_space_root(b.as);
    g_assert_cmpint(posix_memalign((void **)&b.ram, PAGE, 16 * PAGE), ==, 0);
    memset(b.ram, 0, 16 * PAGE);
    return b;
}

static void bench_done(Bench *b)
{
    address_space_free(b->as);
    rig_free(b->rig);
    free(b->ram);
}

/* "0+1000=a 2000+1000=b" with names, "@OFF" unless 0, "!" if read-only. */
static void assert_view(Bench *b, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint n;
    const FlatRange *ranges = address_space_ranges(b->as, &n);

    for (guint i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%" G_GINT64_MODIFIER "x+%" G_GINT64_MODIFIER "x=%s",
                               i ? " " : "", ranges[i].start, ranges[i].size,
                               ranges[i].mr->object.name);
        if (ranges[i].offset) {
            g_string_append_printf(text, "@%" G_GINT64_MODIFIER "x", ranges[i].offset);
        }
        if (ranges[i].readonly) {
            g_string_append_c(text, '!');
        }
    }
    g_assert_cmpstr(text->str, ==, expected);
}

/* ---- Handlers that log ---- */

typedef struct {
    GString *log;
    guint64 value;
} Probe;

static guint64 probe_read(void *opaque, guint64 offset, guint size)
{
    Probe *p = opaque;

    g_string_append_printf(p->log, "r%u@%" G_GINT64_MODIFIER "x ", size, offset);
    return p->value >> offset % 8 * 8;
}

static void probe_write(void *opaque, guint64 offset, guint64 value, guint size)
{
    Probe *p = opaque;

    g_string_append_printf(p->log, "w%u@%" G_GINT64_MODIFIER "x=%" G_GINT64_MODIFIER "x ", size,
                           offset, size < 8 ? value & ((G_GUINT64_CONSTANT(1) << size * 8) - 1) : value);
}

static const RegionOps ops_default = { .read = probe_read, .write = probe_write };
static const RegionOps ops_bytes = { .read = probe_read, .write = probe_write, .max_size = 1 };
static const RegionOps ops_wide = { .read = probe_read, .write = probe_write, .min_size = 4,
                                    .max_size = 8 };
static const RegionOps ops_odd = { .read = probe_read, .write = probe_write, .max_size = 2,
                                   .unaligned = true };
static const RegionOps ops_none = { 0 };

/* ---- Flattening ---- */

static void test_priority(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *low = region_new_io(b.owner, "low", &ops_default, NULL, 0x4000);
    MemoryRegion *high = region_new_io(b.owner, "high", &ops_default, NULL, 0x1000);
    MemoryRegion *later = region_new_io(b.owner, "later", &ops_default, NULL, 0x2000);

    region_add(b.root, 0x1000, high, 1);
    region_add(b.root, 0, low, 0);
    assert_view(&b, "0+1000=low 1000+1000=high 2000+2000=low@2000");
    region_add(b.root, 0x3000, later, 0);       /* of equal ones the later */
    assert_view(&b, "0+1000=low 1000+1000=high 2000+1000=low@2000 3000+2000=later");
    region_set_enabled(high, false);
    assert_view(&b, "0+3000=low 3000+2000=later");
    region_set_offset(later, 0x8000);
    assert_view(&b, "0+4000=low 8000+2000=later");
    region_remove(b.root, low);
    assert_view(&b, "8000+2000=later");
    bench_done(&b);
}

static void test_containers(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *box = region_new_container(b.owner, "box", 0x2000);
    MemoryRegion *in = region_new_io(b.owner, "in", &ops_default, NULL, 0x3000);
    MemoryRegion *behind = region_new_io(b.owner, "behind", &ops_default, NULL, 0x8000);

    region_add(box, 0x1000, in, 0);             /* clipped at 0x2000 of the box */
    region_add(b.root, 0x4000, box, 5);
    region_add(b.root, 0x1000, behind, 0);      /* seen through the box's hole */
    assert_view(&b, "1000+4000=behind 5000+1000=in 6000+3000=behind@5000");
    region_set_offset(box, 0xf000);             /* clipped by the space */
    assert_view(&b, "1000+8000=behind");
    bench_done(&b);
}

/* Host addresses of RAM that consists of two pieces, with a gap between them. */
static void test_host(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *all = region_new_container(b.owner, "all", 0x8000);
    MemoryRegion *first = region_new_ram(b.owner, "first", b.ram, 2 * PAGE);
    MemoryRegion *second = region_new_ram(b.owner, "second", b.ram + 4 * PAGE, PAGE);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_default, NULL, PAGE);

    region_add(all, 0, first, 0);
    region_add(all, 3 * PAGE, second, 0);
    region_add(all, 6 * PAGE, io, 0);
    g_assert_true(region_host(all, 2 * PAGE - 1, 1) == b.ram + 2 * PAGE - 1);
    g_assert_true(region_host(all, 3 * PAGE, PAGE) == b.ram + 4 * PAGE);
    g_assert_true(region_host(second, 8, 8) == b.ram + 4 * PAGE + 8);
    g_assert_null(region_host(all, 2 * PAGE - 1, 2));
    g_assert_null(region_host(all, 3 * PAGE, PAGE + 1));
    g_assert_null(region_host(all, 6 * PAGE, 1));
    g_assert_null(region_host(all, G_MAXUINT64, 2));
    g_assert_true(region_has_host(all, b.ram, 2 * PAGE));
    g_assert_true(region_has_host(all, b.ram + 5 * PAGE - 1, 1));
    g_assert_false(region_has_host(all, b.ram + PAGE, 2 * PAGE));
    g_assert_false(region_has_host(all, b.ram + 3 * PAGE, 1));
    g_assert_false(region_has_host(all, b.ram - 1, 1));
    g_assert_false(region_has_host(all, NULL, 1));
    bench_done(&b);
}

static void test_aliases(void)
{
    Bench b = bench_new(0);
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 8 * PAGE);
    MemoryRegion *low = region_new_alias(b.owner, "low", ram, 0, 0x3000);
    MemoryRegion *high = region_new_alias(b.owner, "high", ram, 0x3000, 0x5000);
    MemoryRegion *end = region_new_alias(b.owner, "end", ram, 0x7000, 0x1000);

    region_add(b.root, 0, low, 0);
    region_add(b.root, 0x100000000, high, 0);
    region_add(b.root, 0xfffffffffffff000, end, 0);
    assert_view(&b, "0+3000=ram 100000000+5000=ram@3000 fffffffffffff000+1000=ram@7000");
    region_set_readonly(low, true);
    assert_view(&b, "0+3000=ram! 100000000+5000=ram@3000 fffffffffffff000+1000=ram@7000");
    region_set_enabled(ram, false);             /* changes reach through aliases */
    assert_view(&b, "");
    region_set_enabled(ram, true);
    region_remove(b.root, low);
    region_set_offset(high, 0);
    region_add(b.root, 0x5000, low, 0);
    region_set_readonly(low, false);
    assert_view(&b, "0+5000=ram@3000 5000+3000=ram fffffffffffff000+1000=ram@7000");
    bench_done(&b);
}

/* Neighbours of one region become one range. */
static void test_join(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 4 * PAGE);
    MemoryRegion *first = region_new_alias(b.owner, "first", ram, 0, 0x1000);
    MemoryRegion *second = region_new_alias(b.owner, "second", ram, 0x1000, 0x3000);

    region_add(b.root, 0x1000, first, 0);
    region_add(b.root, 0x2000, second, 0);
    assert_view(&b, "1000+4000=ram");
    region_set_readonly(second, true);
    assert_view(&b, "1000+1000=ram 2000+3000=ram@1000!");
    bench_done(&b);
}

static void test_whole_space(void)
{
    Bench b = bench_new(0);
    MemoryRegion *all = region_new_io(b.owner, "all", &ops_none, NULL, 0);
    MemoryRegion *one = region_new_io(b.owner, "one", &ops_none, NULL, 1);

    region_add(b.root, 0, all, 0);
    assert_view(&b, "0+0=all");                 /* 0 stands for 2^64 */
    g_assert_cmphex(address_space_read(b.as, G_MAXUINT64, 1), ==, 0xff);
    region_add(b.root, G_MAXUINT64, one, 1);
    assert_view(&b, "0+ffffffffffffffff=all ffffffffffffffff+1=one");
    bench_done(&b);
}

static void test_transaction(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_default, NULL, 0x1000);

    region_transaction_begin(b.as);
    region_transaction_begin(b.as);
    region_add(b.root, 0, io, 0);
    region_transaction_commit(b.as);
    assert_view(&b, "");
    region_set_offset(io, 0x3000);
    region_transaction_commit(b.as);
    assert_view(&b, "3000+1000=io");
    bench_done(&b);
}

/* ---- Dispatch ---- */

static void assert_access(Bench *b, Probe *p, bool write, guint64 addr, guint size,
                          guint64 value, const char *log)
{
    g_string_truncate(p->log, 0);
    if (write) {
        address_space_write(b->as, addr, value, size);
    } else {
        g_assert_cmphex(address_space_read(b->as, addr, size), ==, value);
    }
    g_assert_cmpstr(p->log->str, ==, log);
}

static void test_sizes(void)
{
    Bench b = bench_new(0x10000);
    Probe p = { .log = g_string_new(NULL), .value = 0x8877665544332211 };
    MemoryRegion *dflt = region_new_io(b.owner, "default", &ops_default, &p, 0x10);
    MemoryRegion *bytes = region_new_io(b.owner, "bytes", &ops_bytes, &p, 0x10);
    MemoryRegion *wide = region_new_io(b.owner, "wide", &ops_wide, &p, 0x10);

    region_add(b.root, 0x100, dflt, 0);
    region_add(b.root, 0x200, bytes, 0);
    region_add(b.root, 0x300, wide, 0);
    region_add(b.root, 0x400, region_new_io(b.owner, "odd", &ops_odd, &p, 0x10), 0);
    assert_access(&b, &p, false, 0x100, 4, 0x44332211, "r4@0 ");
    assert_access(&b, &p, false, 0x100, 8, 0x8877665544332211, "r4@0 r4@4 ");
    assert_access(&b, &p, false, 0x101, 2, 0x3322, "r1@1 r1@2 ");
    assert_access(&b, &p, true, 0x104, 4, 0xaabbccdd, "w4@4=aabbccdd ");
    assert_access(&b, &p, true, 0x200, 4, 0xaabbccdd, "w1@0=dd w1@1=cc w1@2=bb w1@3=aa ");
    assert_access(&b, &p, false, 0x300, 8, 0x8877665544332211, "r8@0 ");
    assert_access(&b, &p, false, 0x302, 1, 0x33, "r4@0 ");
    assert_access(&b, &p, true, 0x306, 2, 0xabcd, "w4@4=abcd0000 ");
    assert_access(&b, &p, true, 0x401, 2, 0xabcd, "w2@1=abcd ");
    assert_access(&b, &p, true, 0x403, 4, 0xaabbccdd, "w2@3=ccdd w2@5=aabb ");
    bench_done(&b);
    g_string_free(p.log, true);
}

/* Nothing there, region ends, handlers that are not there. */
static void test_edges(void)
{
    Bench b = bench_new(0x1000);
    Probe p = { .log = g_string_new(NULL), .value = 0x8877665544332211 };
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_default, &p, 2);
    MemoryRegion *none = region_new_io(b.owner, "none", &ops_none, &p, 4);

    region_add(b.root, 0x10, io, 0);
    region_add(b.root, 0x20, none, 0);
    assert_access(&b, &p, false, 0x0, 4, 0xffffffff, "");
    assert_access(&b, &p, false, 0x10, 4, 0xffff2211, "r2@0 ");
    assert_access(&b, &p, false, 0xe, 4, 0x2211ffff, "r2@0 ");
    assert_access(&b, &p, false, 0x20, 4, 0xffffffff, "");
    assert_access(&b, &p, true, 0x20, 4, 1, "");
    assert_access(&b, &p, true, 0xfff, 4, 1, "");
    assert_access(&b, &p, false, 0xfff, 4, 0xffffffff, "");
    assert_access(&b, &p, false, G_MAXUINT64, 4, 0xffffffff, "");
    bench_done(&b);
    g_string_free(p.log, true);
}

static void test_ram_access(void)
{
    Bench b = bench_new(0x10000);
    Probe p = { .log = g_string_new(NULL) };
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, PAGE);
    MemoryRegion *rom = region_new_rom(b.owner, "rom", b.ram + PAGE, PAGE);
    MemoryRegion *flash = region_new_rom_device(b.owner, "flash", &ops_default, &p,
                                                b.ram + 2 * PAGE, PAGE);

    b.ram[PAGE] = 0x5a;
    b.ram[2 * PAGE + 4] = 0xa5;
    region_add(b.root, 0, ram, 0);
    region_add(b.root, PAGE, rom, 0);
    region_add(b.root, 2 * PAGE, flash, 0);
    address_space_write(b.as, PAGE - 2, 0x44332211, 4);
    g_assert_cmphex(b.ram[PAGE - 2], ==, 0x11);
    g_assert_cmphex(b.ram[PAGE - 1], ==, 0x22);
    g_assert_cmphex(b.ram[PAGE], ==, 0x5a);     /* ROM keeps its byte */
    g_assert_cmphex(address_space_read(b.as, PAGE - 1, 2), ==, 0x5a22);
    assert_access(&b, &p, false, 2 * PAGE + 4, 1, 0xa5, "");
    assert_access(&b, &p, true, 2 * PAGE + 4, 1, 0x12, "w1@4=12 ");
    g_assert_cmphex(b.ram[2 * PAGE + 4], ==, 0xa5);
    bench_done(&b);
    g_string_free(p.log, true);
}

/* A handler may take its own region away. */
static void remove_self(void *opaque, guint64 offset, guint64 value, guint size)
{
    Bench *b = opaque;
    MemoryRegion *mr = to_memory_region(object_child(b->owner, "self"));

    if (mr) {
        region_remove(b->root, mr);
        region_free(mr);
    }
}

static void test_change_in_handler(void)
{
    static const RegionOps ops = { .write = remove_self };
    Bench b = bench_new(0x1000);

    region_add(b.root, 0, region_new_io(b.owner, "self", &ops, &b, 16), 0);
    address_space_write(b.as, 8, 0, 8);         /* two calls, the first one removes */
    assert_view(&b, "");
    bench_done(&b);
}

/* Bridges below bridges, each with the windows of its ISA bit. */
static void test_many_windows(void)
{
    enum { DEPTH = 10, WINDOWS = 64, STEP = 0x400, SIZE = 0x100 };
    Bench b = bench_new(0x10000);
    MemoryRegion *outer = b.root, *inner, *io;

    region_transaction_begin(b.as);
    for (guint level = 0; level < DEPTH; level++) {
        inner = region_new_container(b.owner, "bus[*]", 0x10000);
        for (guint i = 0; i < WINDOWS; i++) {
            region_add(outer, i * STEP,
                       region_new_alias(b.owner, "window[*]", inner, i * STEP, SIZE), 0);
        }
        outer = inner;
    }
    region_transaction_commit(b.as);
    /* Would take ages if each way from the innermost bus to the root were gone. */
    io = region_new_io(b.owner, "io", &ops_none, NULL, 4);
    region_add(outer, 2 * STEP, io, 0);
    assert_view(&b, "800+4=io");
    region_set_enabled(io, false);
    assert_view(&b, "");
    bench_done(&b);
}

/* ---- Locking ---- */

typedef struct {
    Bench *b;
    guint64 addr;
    guint size;
    guint64 value;
} Access;

static guint64 is_locked(void *opaque, guint64 offset, guint size)
{
    return fair_lock_mine(&((Rig *)opaque)->lock);
}

static void *access_thread(void *data)
{
    Access *a = data;

    a->value = 0;
    address_space_exit(a->b->as, a->addr, &a->value, a->size, false);
    g_assert_false(fair_lock_mine(&a->b->rig->lock));
    return NULL;
}

static void test_lock(void)
{
    static const RegionOps locked = { .read = is_locked };
    static const RegionOps lockless = { .read = is_locked, .lockless = true };
    Bench b = bench_new(0x1000);
    Access a = { .b = &b, .addr = 0, .size = 1, .value = 9 };
    Access c = { .b = &b, .addr = 0x10, .size = 1, .value = 9 };
    Access both = { .b = &b, .addr = 0xf, .size = 3, .value = 9 };

    region_add(b.root, 0, region_new_io(b.owner, "locked", &locked, b.rig, 1), 0);
    region_add(b.root, 0x10, region_new_io(b.owner, "free", &lockless, b.rig, 1), 0);
    region_add(b.root, 0xf, region_new_io(b.owner, "before", &locked, b.rig, 1), 0);
    region_add(b.root, 0x11, region_new_io(b.owner, "behind", &locked, b.rig, 1), 0);
    /* The test holds the lock: only the lock-free one gets through. */
    g_thread_join(g_thread_new("free", access_thread, &c));
    g_assert_cmphex(c.value, ==, 0);
    rig_unlock(b.rig);
    g_thread_join(g_thread_new("locked", access_thread, &a));
    g_thread_join(g_thread_new("both", access_thread, &both));
    rig_lock(b.rig);
    g_assert_cmphex(a.value, ==, 1);
    g_assert_cmphex(both.value, ==, 0x010001);  /* each byte says whether it was locked */
    g_assert_cmphex(address_space_read(b.as, 0xf, 3), ==, 0x010001);    /* with the lock, too */
    g_assert_true(fair_lock_mine(&b.rig->lock));
    bench_done(&b);
}

/* A handler that lets the lock go and waits, until it is told to end. */
typedef struct {
    Rig *rig;
    GMutex mutex;
    GCond cond;
    guint inside;
    bool end[2];
} Sleeper;

static guint64 sleep_inside(void *opaque, guint64 offset, guint size)
{
    Sleeper *s = opaque;

    rig_unlock(s->rig);
    g_mutex_lock(&s->mutex);
    s->inside++;
    g_cond_broadcast(&s->cond);
    while (!s->end[offset]) {
        g_cond_wait(&s->cond, &s->mutex);
    }
    g_mutex_unlock(&s->mutex);
    rig_lock(s->rig);
    return 1;
}

static void end_sleep(Sleeper *s, guint i)
{
    g_mutex_lock(&s->mutex);
    s->end[i] = true;
    g_cond_broadcast(&s->cond);
    g_mutex_unlock(&s->mutex);
}

/* A device goes while two accesses are in its handler, of which the first to come ends first. */
static void test_removed_in_handler(void)
{
    static const RegionOps ops = { .read = sleep_inside, .max_size = 1 };
    Bench b = bench_new(0x1000);
    Sleeper s = { .rig = b.rig };
    Object *owner = object_ref(object_container(b.owner, "device"));
    MemoryRegion *mr = object_ref(region_new_io(owner, "io", &ops, &s, 2));
    Access access[2] = { { .b = &b, .addr = 0, .size = 1 }, { .b = &b, .addr = 1, .size = 1 } };
    GThread *thread[2];

    region_add(b.root, 0, mr, 0);
    rig_unlock(b.rig);
    for (guint i = 0; i < 2; i++) {
        thread[i] = g_thread_new("access", access_thread, &access[i]);
        g_mutex_lock(&s.mutex);
        while (s.inside <= i) {
            g_cond_wait(&s.cond, &s.mutex);
        }
        g_mutex_unlock(&s.mutex);
    }
    rig_lock(b.rig);
    region_remove(b.root, mr);
    region_free(mr);
    object_unparent(owner);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpint(mr->object.refs, ==, 3 - i);       /* one is the test's */
        g_assert_cmpint(owner->refs, ==, 3 - i);
        end_sleep(&s, i);
        rig_unlock(b.rig);
        g_thread_join(thread[i]);
        rig_lock(b.rig);
        g_assert_cmphex(access[i].value, ==, 1);
    }
    g_assert_cmpint(mr->object.refs, ==, 1);
    g_assert_cmpint(owner->refs, ==, 1);
    object_unref(mr);
    object_unref(owner);
    bench_done(&b);
}

/* ---- DMA ---- */

static void test_dma(void)
{
    Bench b = bench_new(0);
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 4 * PAGE);
    MemoryRegion *top = region_new_ram(b.owner, "top", b.ram + 4 * PAGE, PAGE);
    MemoryRegion *rom = region_new_rom(b.owner, "rom", b.ram + 8 * PAGE, PAGE);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, PAGE);
    guint8 buf[2 * PAGE];

    region_add(b.root, 0, ram, 0);
    region_add(b.root, 4 * PAGE, rom, 0);
    region_add(b.root, 5 * PAGE, io, 0);
    region_add(b.root, -(guint64)PAGE, top, 0);
    memset(buf, 0x77, sizeof(buf));
    g_assert_true(memory_write(b.as, PAGE - 1, buf, PAGE));
    g_assert_cmphex(b.ram[PAGE - 2], ==, 0);
    g_assert_cmphex(b.ram[PAGE - 1], ==, 0x77);
    g_assert_cmphex(b.ram[2 * PAGE - 2], ==, 0x77);
    g_assert_cmphex(b.ram[2 * PAGE - 1], ==, 0);
    g_assert_true(memory_read(b.as, PAGE - 2, buf, 2));
    g_assert_cmphex(buf[0], ==, 0);
    g_assert_cmphex(buf[1], ==, 0x77);
    g_assert_true(memory_read(b.as, 4 * PAGE - 1, buf, 2));     /* into ROM */
    g_assert_false(memory_write(b.as, 4 * PAGE - 1, buf, 2));
    g_assert_false(memory_read(b.as, 5 * PAGE - 1, buf, 2));    /* into I/O */
    g_assert_false(memory_read(b.as, 6 * PAGE, buf, 1));        /* nothing */
    g_assert_true(memory_read(b.as, -(guint64)PAGE, buf, PAGE));
    g_assert_false(memory_read(b.as, -(guint64)PAGE, buf, PAGE + 1));   /* wraps */
    g_assert_false(memory_read(b.as, G_MAXUINT64, buf, 2));
    g_assert_true(memory_read(b.as, 6 * PAGE, buf, 0));
    g_assert_true(memory_map(b.as, PAGE, 3 * PAGE, true) == b.ram + PAGE);
    g_assert_null(memory_map(b.as, PAGE, 3 * PAGE + 1, false));
    g_assert_null(memory_map(b.as, 4 * PAGE, 1, true));
    g_assert_nonnull(memory_map(b.as, 4 * PAGE, 1, false));
    g_assert_null(memory_map(b.as, 0, 0, false));
    bench_done(&b);
}

/* ---- The accelerator ---- */

static void test_slots(void)
{
    Bench b = bench_new(0);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 8 * PAGE);
    MemoryRegion *rom = region_new_rom(b.owner, "rom", b.ram + 8 * PAGE, PAGE);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, PAGE);
    guint commits;

    region_add(b.root, 0, ram, 0);
    region_add(b.root, 16 * PAGE, rom, 0);
    g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
    g_assert_cmpuint(fake->slots->len, ==, 2);
    g_assert_true(fake_accel_slot(fake, 5 * PAGE)->hva == b.ram);
    g_assert_cmpuint(fake_accel_slot(fake, 16 * PAGE)->flags, ==, ACCEL_SLOT_READONLY);
    commits = fake->commits;
    region_add(b.root, 2 * PAGE, io, 1);        /* a hole: one slot becomes two */
    g_assert_cmpuint(fake->commits, ==, commits + 1);
    g_assert_cmpuint(fake->slots->len, ==, 3);
    g_assert_null(fake_accel_slot(fake, 2 * PAGE));
    g_assert_true(fake_accel_slot(fake, 3 * PAGE)->hva == b.ram + 3 * PAGE);
    g_assert_cmpuint(fake->slot_adds, ==, 4);
    g_assert_cmpuint(fake->slot_dels, ==, 1);
    region_remove(b.root, io);
    g_assert_cmpuint(fake->slots->len, ==, 2);
    g_assert_true(address_space_set_accel(b.as, NULL, false, NULL));
    g_assert_cmpuint(fake->slots->len, ==, 0);
    bench_done(&b);
}

static void assert_log(Bench *b, MemoryRegion *mr, guint pages)
{
    guint8 bits;

    region_log_take(mr, b->as, &bits);
    g_assert_cmphex(bits, ==, pages);
}

/* The log has what anybody writes, at any of the addresses where the region is. */
static void test_log(void)
{
    Bench b = bench_new(0);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 8 * PAGE);
    MemoryRegion *alias = region_new_alias(b.owner, "alias", ram, 4 * PAGE, 4 * PAGE);
    guint8 bytes[PAGE] = { 0 };

    region_add(b.root, 0, ram, 0);
    region_add(b.root, 64 * PAGE, alias, 0);
    g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
    region_wrote(ram, 0, 1);                    /* no log yet */
    region_log_begin(ram);
    g_assert_cmphex(fake_accel_slot(fake, 64 * PAGE)->flags, ==, ACCEL_SLOT_LOG_DIRTY);
    assert_log(&b, ram, 0xff);
    assert_log(&b, ram, 0);
    address_space_write(b.as, 2 * PAGE - 1, 0, 2);
    assert_log(&b, ram, 0x06);
    g_assert_true(memory_write(b.as, 64 * PAGE + 1, bytes, PAGE));
    assert_log(&b, ram, 0x30);
    memory_wrote(b.as, 7 * PAGE, 2 * PAGE);
    assert_log(&b, ram, 0x80);
    region_wrote(ram, 3 * PAGE, 1);
    region_wrote(ram, 5 * PAGE, 0);
    assert_log(&b, ram, 0x08);
    g_assert_nonnull(memory_map(b.as, 0, 1, true));
    assert_log(&b, ram, 0);                     /* who writes there says so afterwards */
    memory_wrote(b.as, 0, 1);
    assert_log(&b, ram, 0x01);
    fake->dirty_gpa = 66 * PAGE;
    assert_log(&b, ram, 0x40);
    region_remove(b.root, alias);               /* a log is lost */
    assert_log(&b, ram, 0xff);
    region_log_begin(ram);
    region_log_end(ram);
    address_space_write(b.as, 0, 0, 1);
    assert_log(&b, ram, 0x01);
    region_log_end(ram);
    g_assert_cmphex(fake_accel_slot(fake, 0)->flags, ==, 0);
    g_assert_true(address_space_set_accel(b.as, NULL, false, NULL));
    bench_done(&b);
}

/* What the last accelerator has logged is lost with it, however often they change. */
static void test_log_survives_accelerators(void)
{
    Bench b = bench_new(0);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 8 * PAGE);

    region_add(b.root, 0, ram, 0);
    region_log_begin(ram);
    assert_log(&b, ram, 0xff);
    for (guint i = 0; i < 3; i++) {
        g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
        assert_log(&b, ram, 0);
        g_assert_true(address_space_set_accel(b.as, NULL, false, NULL));
        assert_log(&b, ram, 0xff);
    }
    for (guint i = 0; i < 3; i++) {
        g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
        assert_log(&b, ram, i ? 0xff : 0);
    }
    region_log_end(ram);
    g_assert_true(address_space_set_accel(b.as, NULL, false, NULL));
    bench_done(&b);
}

/* Only whole pages; the edges are exits. */
static void test_slot_edges(void)
{
    Bench b = bench_new(0);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 4 * PAGE);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, 0x10);

    region_add(b.root, 0, ram, 0);
    region_add(b.root, 2 * PAGE + 0x100, io, 1);
    g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
    g_assert_cmpuint(fake->slots->len, ==, 2);
    g_assert_null(fake_accel_slot(fake, 2 * PAGE));
    g_assert_cmpuint(fake_accel_slot(fake, 0)->size, ==, 2 * PAGE);
    g_assert_cmpuint(fake_accel_slot(fake, 3 * PAGE)->size, ==, PAGE);
    address_space_write(b.as, 2 * PAGE + 4, 0x5a, 1);
    g_assert_cmphex(b.ram[2 * PAGE + 4], ==, 0x5a);
    region_set_offset(ram, 8);                  /* memory and guest out of step */
    g_assert_cmpuint(fake->slots->len, ==, 0);
    bench_done(&b);
}

static void test_slots_refused(void)
{
    Bench b = bench_new(0);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *ram = region_new_ram(b.owner, "ram", b.ram, 4 * PAGE);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, PAGE);
    g_autoptr(GError) error = NULL;

    region_add(b.root, 0, ram, 0);
    fake->fail_commit = true;
    g_assert_false(address_space_set_accel(b.as, &fake->accel, false, &error));
    g_assert_nonnull(error);
    g_assert_cmpuint(fake->slots->len, ==, 0);
    fake->fail_commit = false;
    g_assert_true(address_space_set_accel(b.as, &fake->accel, false, NULL));
    fake->fail_commit = true;
    g_test_expect_message("vmd-hw", G_LOG_LEVEL_WARNING, "*no slots left*");
    region_add(b.root, PAGE, io, 1);            /* the old slot must go all the same */
    g_test_assert_expected_messages();
    g_assert_null(fake_accel_slot(fake, PAGE));
    region_set_offset(io, 2 * PAGE);            /* once is enough for the log */
    region_set_offset(io, PAGE);
    fake->fail_commit = false;
    region_remove(b.root, io);                  /* and comes back */
    g_assert_nonnull(fake_accel_slot(fake, PAGE));
    bench_done(&b);
}

static void test_ioeventfds(void)
{
    Bench b = bench_new(0x10000);
    FakeAccel *fake = b.rig->accel;
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, 0x100);
    const AccelIoeventfd *e;

    region_add(b.root, 0x400, io, 0);
    region_add_ioeventfd(io, 0x10, 2, true, 3, 77);
    g_assert_true(address_space_set_accel(b.as, &fake->accel, true, NULL));
    g_assert_cmpuint(fake->ioeventfds->len, ==, 1);
    e = &g_array_index(fake->ioeventfds, AccelIoeventfd, 0);
    g_assert_cmphex(e->address, ==, 0x410);
    g_assert_true(e->pio && e->match && e->value == 3 && e->fd == 77 && e->size == 2);
    region_add_ioeventfd(io, 0xff, 2, false, 0, 78);    /* not wholly inside */
    g_assert_cmpuint(fake->ioeventfds->len, ==, 1);
    region_set_offset(io, 0x500);
    g_assert_cmpuint(fake->ioeventfds->len, ==, 1);
    e = &g_array_index(fake->ioeventfds, AccelIoeventfd, 0);
    g_assert_cmphex(e->address, ==, 0x510);
    region_del_ioeventfd(io, 0x10, 2, true, 3, 77);
    g_assert_cmpuint(fake->ioeventfds->len, ==, 0);
    g_assert_cmpuint(fake->slots->len, ==, 0);
    bench_done(&b);
}

/* What clients read of a region. */
static void test_properties(void)
{
    Bench b = bench_new(0x10000);
    MemoryRegion *io = region_new_io(b.owner, "io", &ops_none, NULL, 0x100);
    const MemoryRegionProps *props = memory_region_props(io);
    g_autoptr(QmpValue) container = NULL;
    g_autoptr(GError) error = NULL;

    region_add(b.root, 0x400, io, 7);
    g_assert_cmphex(props->addr, ==, 0x400);
    g_assert_cmphex(props->size, ==, 0x100);
    g_assert_cmpint(props->priority, ==, 7);
    container = object_property_get(&io->object, "container", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(container->s, ==, "/bench/space");
    g_assert_cmpstr(region_new_io(b.owner, "io", &ops_none, NULL, 1)->object.name, ==, "io[0]");
    bench_done(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/priority", test_priority);
    g_test_add_func("/memory/containers", test_containers);
    g_test_add_func("/memory/host", test_host);
    g_test_add_func("/memory/aliases", test_aliases);
    g_test_add_func("/memory/join", test_join);
    g_test_add_func("/memory/whole-space", test_whole_space);
    g_test_add_func("/memory/transaction", test_transaction);
    g_test_add_func("/memory/sizes", test_sizes);
    g_test_add_func("/memory/edges", test_edges);
    g_test_add_func("/memory/ram-access", test_ram_access);
    g_test_add_func("/memory/change-in-handler", test_change_in_handler);
    g_test_add_func("/memory/many-windows", test_many_windows);
    g_test_add_func("/memory/lock", test_lock);
    g_test_add_func("/memory/removed-in-handler", test_removed_in_handler);
    g_test_add_func("/memory/dma", test_dma);
    g_test_add_func("/memory/slots", test_slots);
    g_test_add_func("/memory/log", test_log);
    g_test_add_func("/memory/log-survives-accelerators", test_log_survives_accelerators);
    g_test_add_func("/memory/slot-edges", test_slot_edges);
    g_test_add_func("/memory/slots-refused", test_slots_refused);
    g_test_add_func("/memory/ioeventfds", test_ioeventfds);
    g_test_add_func("/memory/properties", test_properties);
    return g_test_run();
}
