/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hw/display/console-watch.c, vga-watch.c: who watches a console hears of what changes, however
 * it was written; and nothing happens while nobody does.
 */
#include "config.h"

#include "hw/display/console-cursor.h"
#include "qom/qapi-objects-object.h"
#include "tests/lib/vga-driver.h"

typedef struct {
    Surface *picture;
    guint sizes, changes, gone;
    guint first, end;           /* rows that have changed since they were cleared */
    guint moves, shapes;        /* of the cursor */
    const ConsoleCursor *cursor;
    /* Ended at the first call of resized(), changed(), gone(). */
    ConsoleWatch *ends_resized, *ends_changed, *ends_gone;
} Watcher;

static void end_watch(ConsoleWatch **watch)
{
    console_unwatch(g_steal_pointer(watch));
}

static void note_resized(void *opaque, Surface *picture)
{
    Watcher *w = opaque;

    w->picture = picture;
    w->sizes++;
    end_watch(&w->ends_resized);
}

static void note_changed(void *opaque, guint first, guint n)
{
    Watcher *w = opaque;

    g_assert_nonnull(w->picture);
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpuint(first + n, <=, surface_height(w->picture));
    w->first = w->end ? MIN(w->first, first) : first;
    w->end = MAX(w->end, first + n);
    w->changes++;
    end_watch(&w->ends_changed);
}

static void note_cursor(void *opaque, const ConsoleCursor *cursor, bool shape)
{
    Watcher *w = opaque;

    g_assert_nonnull(w->picture);
    w->cursor = cursor;
    w->moves++;
    w->shapes += shape;
}

static void note_gone(void *opaque)
{
    Watcher *w = opaque;

    w->gone++;
    end_watch(&w->ends_gone);
}

static const ConsoleWatchOps ops = {
    .resized = note_resized,
    .changed = note_changed,
    .cursor = note_cursor,
    .gone = note_gone,
};

static ConsoleWatch *watch(Rig *rig, Watcher *w)
{
    GError *error = NULL;

    surface_load(&error);
    g_assert_no_error(error);
    return console_watch(console_find(rig->root, "v", -1, NULL), &ops, w);
}

static void pass(Rig *rig, guint periods)
{
    clock_advance(rig->clock,
                  clock_now(rig->clock, CLOCK_KIND_VIRTUAL) + periods * (CONSOLE_PERIOD + 1));
}

/* Looks, and asserts that exactly these rows have changed. */
static void assert_changed(Rig *rig, Watcher *w, guint first, guint end)
{
    w->first = w->end = w->changes = 0;
    pass(rig, 1);
    g_assert_cmpuint(w->first, ==, first);
    g_assert_cmpuint(w->end, ==, end);
    pass(rig, 3);
    g_assert_cmpuint(w->end, ==, end);
}

/* A mode whose lines have half a page each. */
static Rig *linear_rig(guint bpp)
{
    Rig *rig = vga_rig_new("VGA");

    vga_gray(rig);
    vga_dispi_mode(rig, 2048 / (bpp / 8), 64, bpp);
    return rig;
}

static void test_writes(void)
{
    static const guint depths[] = { 8, 16, 32 };

    for (guint i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autoptr(Rig) rig = linear_rig(depths[i]);
        Watcher w = { 0 };
        ConsoleWatch *end = watch(rig, &w);
        guint8 bytes[] = { 1, 2, 3, 4 };

        pass(rig, 2);
        g_assert_cmpuint(w.sizes, ==, 1);
        g_assert_cmpuint(surface_height(w.picture), ==, 64);
        /* By exits, by DMA, through the window.  Direct colours are compared by pages. */
        vga_frame_put(rig, 2048 * 10, 0x5a5a5a5a, 4);
        assert_changed(rig, &w, 10, depths[i] == 8 ? 11 : 12);
        g_assert_cmphex(surface_row(w.picture, 10)[0] & 0xffffff, !=, 0);
        g_assert_true(memory_write(rig->memory, VGA_FRAMES + 2048 * 21, bytes, sizeof(bytes)));
        assert_changed(rig, &w, depths[i] == 8 ? 21 : 20, 22);
        vga_poke(rig, 2048 * 30, 0x77);
        assert_changed(rig, &w, 30, depths[i] == 8 ? 31 : 32);
        vga_frame_put(rig, 2048 * 64, 1, 1);            /* below the picture */
        assert_changed(rig, &w, 0, 0);
        console_unwatch(end);
        g_assert_cmpuint(w.gone, ==, 0);
    }
}

/* What a guest writes without exits is in the accelerator's log, of slots that have one. */
static void test_accelerator(void)
{
    g_autoptr(Rig) rig = linear_rig(8);
    Watcher w = { 0 };
    ConsoleWatch *end;

    g_assert_cmphex(fake_accel_slot(rig->accel, VGA_FRAMES)->flags, ==, 0);
    end = watch(rig, &w);
    pass(rig, 2);
    g_assert_cmphex(fake_accel_slot(rig->accel, VGA_FRAMES)->flags, ==, ACCEL_SLOT_LOG_DIRTY);
    ((guint8 *)fake_accel_slot(rig->accel, VGA_FRAMES)->hva)[2048 * 10] = 9;
    assert_changed(rig, &w, 0, 0);
    rig->accel->dirty_gpa = VGA_FRAMES + 2048 * 10;
    assert_changed(rig, &w, 10, 11);
    /* Moving the frame buffer loses a log, so all of it is compared. */
    ((guint8 *)fake_accel_slot(rig->accel, VGA_FRAMES)->hva)[2048 * 63] = 9;
    rig_pci_write(rig, 0, PCI_DEVFN(2, 0), PCI_BASE_ADDRESS_0, VGA_FRAMES + 0x1000000, 4);
    assert_changed(rig, &w, 63, 64);
    console_unwatch(end);
    g_assert_cmphex(fake_accel_slot(rig->accel, VGA_FRAMES + 0x1000000)->flags, ==, 0);
}

static void test_registers(void)
{
    g_autoptr(Rig) rig = linear_rig(8);
    Watcher w = { 0 };
    ConsoleWatch *end = watch(rig, &w);

    vga_frame_put(rig, 2048 * 3, 5, 1);
    pass(rig, 2);
    rig_out(rig, 0x3c8, 5, 1);
    for (guint i = 0; i < 3; i++) {
        rig_out(rig, 0x3c9, 0x3f, 1);
    }
    assert_changed(rig, &w, 3, 4);
    vga_dispi(rig, VBE_Y_OFFSET, 1);
    assert_changed(rig, &w, 2, 4);
    vga_dispi_mode(rig, 640, 480, 16);
    w.sizes = 0;
    pass(rig, 1);
    g_assert_cmpuint(w.sizes, ==, 1);
    g_assert_cmpuint(surface_width(w.picture), ==, 640);
    console_unwatch(end);
}

/* The order of the bytes of a pixel, where no other format says it. */
static void test_byte_order(void)
{
    g_autoptr(Rig) rig = linear_rig(16);
    Watcher w = { 0 };
    ConsoleWatch *end = watch(rig, &w);

    vga_frame_put(rig, 2048 * 3, 0x1f, 2);
    pass(rig, 2);
    g_assert_cmphex(surface_row(w.picture, 3)[0] & 0xffffff, ==, 0x0000ff);
    address_space_write(rig->memory, VGA_MMIO + 0x604, 0xbebebebe, 4);
    assert_changed(rig, &w, 0, 64);
    g_assert_cmphex(surface_row(w.picture, 3)[0] & 0xffffff, !=, 0x0000ff);
    console_unwatch(end);
}

static void test_text(void)
{
    g_autoptr(Rig) rig = vga_rig_new("VGA");
    Watcher w = { 0 };
    ConsoleWatch *end;

    vga_gray(rig);
    vga_cr(rig, CR_H_DISPLAY_END, 79);
    vga_cr(rig, CR_MAX_SCAN, 15 | CR_MAX_SCAN_COMPARE9);
    vga_cr(rig, CR_OVERFLOW, 0x12);
    vga_cr(rig, CR_LINE_COMPARE, 0xff);
    vga_cr(rig, CR_V_DISPLAY_END, 0x8f);
    vga_cr(rig, CR_OFFSET, 40);
    vga_cr(rig, CR_CURSOR_START, CR_CURSOR_OFF);
    vga_ar(rig, AR_PLANE_ENABLE, 0x0f);
    end = watch(rig, &w);
    pass(rig, 2);
    vga_frame_put(rig, 3 * 320 + 8, 0x1f41, 2);
    assert_changed(rig, &w, 48, 64);
    vga_frame_put(rig, (0x41 * 32 + 5) * 4 + 2, 0xff, 1);      /* its glyph */
    assert_changed(rig, &w, 53, 54);
    console_unwatch(end);
}

/* Two watchers; the second one sees the picture that the first one has. */
static void test_two(void)
{
    g_autoptr(Rig) rig = linear_rig(8);
    Watcher a = { 0 }, b = { 0 };
    ConsoleWatch *first = watch(rig, &a);

    pass(rig, 2);
    watch(rig, &b);
    pass(rig, 2);
    g_assert_true(a.picture == b.picture);
    g_assert_cmpuint(a.sizes, ==, 1);
    console_unwatch(first);
    vga_frame_put(rig, 2048 * 10, 1, 1);
    assert_changed(rig, &b, 10, 11);
    g_assert_cmpuint(a.changes, ==, 0);
    device_unmake(to_device(object_resolve_type(rig->root, "v", &qmp_class_device, NULL)));
    g_assert_cmpuint(b.gone, ==, 1);            /* its watch is ended, too */
}

/* Watchers that end watches while they are told something: their own, an earlier, a later one,
 * the last one. */
static void test_end_within(void)
{
    g_autoptr(Rig) rig = linear_rig(8);
    Watcher a = { 0 }, b = { 0 }, c = { 0 };

    a.ends_resized = watch(rig, &a);
    watch(rig, &b);
    b.ends_changed = watch(rig, &c);
    pass(rig, 2);
    g_assert_cmpuint(a.sizes + b.sizes + c.sizes, ==, 3);
    vga_frame_put(rig, 2048 * 10, 1, 1);
    assert_changed(rig, &b, 10, 11);
    g_assert_cmpuint(a.changes + c.changes, ==, 0);
    /* The only one, in each of its calls. */
    for (guint i = 0; i < 2; i++) {
        g_autoptr(Rig) other = linear_rig(8);
        Watcher d = { 0 };
        ConsoleWatch *end = watch(other, &d);

        *(i ? &d.ends_changed : &d.ends_resized) = end;
        pass(other, 2);
        vga_frame_put(other, 2048 * 10, 1, 1);
        vga_frame_put(other, 2048 * 20, 1, 1);
        pass(other, 2);
        g_assert_cmpuint(d.sizes, ==, 1);
        g_assert_cmpuint(d.changes, ==, i);
        g_assert_cmpint(clock_deadline(other->clock), ==, -1);
    }
    b.ends_gone = watch(rig, &c);
    device_unmake(to_device(object_resolve_type(rig->root, "v", &qmp_class_device, NULL)));
    g_assert_cmpuint(b.gone, ==, 1);
    g_assert_cmpuint(a.gone + c.gone, ==, 0);
}

/* Watchers hear of the cursor after the picture, and then of what is new. */
static void test_cursor(void)
{
    static const guint32 pixels[6] = { 0xff000000, 0x80ffffff };
    g_autoptr(Rig) rig = linear_rig(8);
    Console *console = console_find(rig->root, "v", -1, NULL);
    Watcher a = { 0 }, b = { 0 };

    g_assert_null(console_cursor(console));
    watch(rig, &a);
    pass(rig, 2);
    g_assert_cmpuint(a.moves, ==, 0);
    console_define_cursor(console, 3, 2, 1, 0, pixels);
    console_set_cursor(console, -1, 20, true);
    pass(rig, 2);
    g_assert_cmpuint(a.moves, ==, 1);
    g_assert_cmpuint(a.shapes, ==, 1);
    g_assert_true(a.cursor == console_cursor(console));
    g_assert_true(a.cursor->visible);
    g_assert_cmpint(a.cursor->x, ==, -1);
    g_assert_cmpuint(a.cursor->width * 10 + a.cursor->hot_x, ==, 31);
    g_assert_cmphex(a.cursor->pixels[1], ==, 0x80ffffff);
    console_set_cursor(console, -1, 20, true);
    pass(rig, 2);
    g_assert_cmpuint(a.moves, ==, 1);
    watch(rig, &b);
    console_set_cursor(console, 7, 20, true);
    pass(rig, 2);
    g_assert_cmpuint(a.moves * 10 + a.shapes, ==, 21);
    g_assert_cmpuint(b.moves * 10 + b.shapes, ==, 11);
    g_assert_cmpint(b.cursor->x, ==, 7);
    console_set_cursor(console, 7, 20, false);
    pass(rig, 2);
    g_assert_cmpuint(a.moves * 10 + a.shapes, ==, 31);
    g_assert_false(b.cursor->visible);
}

/* No timer and no log before the first watcher and after the last one. */
static void test_idle(void)
{
    g_autoptr(Rig) rig = linear_rig(32);
    Watcher w = { 0 };
    guint64 firings = rig->firings;
    ConsoleWatch *end;

    pass(rig, 100);
    g_assert_cmpuint(rig->firings, ==, firings);
    g_assert_cmpint(clock_deadline(rig->clock), ==, -1);
    end = watch(rig, &w);
    pass(rig, 10);
    g_assert_cmpuint(rig->firings, >, firings + 5);
    console_unwatch(end);
    firings = rig->firings;
    pass(rig, 100);
    g_assert_cmpuint(rig->firings, ==, firings);
    console_unwatch(NULL);
}

/* A still screen is looked at twice a second, until something changes or somebody types. */
static void test_still(void)
{
    g_autoptr(Rig) rig = linear_rig(32);
    Watcher w = { 0 };
    ConsoleWatch *end = watch(rig, &w);
    guint64 firings;

    pass(rig, CONSOLE_STILL * 6);
    firings = rig->firings;
    pass(rig, CONSOLE_SLOWEST * 10);
    g_assert_cmpuint(rig->firings - firings, >=, 9);
    g_assert_cmpuint(rig->firings - firings, <=, 11);
    console_hurry(machine_made(rig->root));
    w.changes = 0;
    vga_frame_put(rig, 2048 * 10, 0x5a5a5a5a, 4);
    pass(rig, 1);
    g_assert_cmpuint(w.changes, ==, 1);
    pass(rig, CONSOLE_STILL * 6);
    vga_frame_put(rig, 2048 * 10, 0x12345678, 4);
    pass(rig, CONSOLE_SLOWEST);
    g_assert_cmpuint(w.changes, ==, 2);
    vga_frame_put(rig, 2048 * 10, 0x87654321, 4);
    pass(rig, 1);
    g_assert_cmpuint(w.changes, ==, 3);
    firings = rig->firings;
    pass(rig, 10);
    g_assert_cmpuint(rig->firings - firings, >=, 9);
    console_unwatch(end);
}

#define CASE(name) { "/vga-watch/" #name, test_##name }

static const struct {
    const char *path;
    void (*f)(void);
} test_cases[] = {
    CASE(writes), CASE(accelerator), CASE(registers), CASE(byte_order), CASE(text), CASE(two),
    CASE(end_within), CASE(cursor), CASE(idle), CASE(still),
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(test_cases); i++) {
        g_test_add_func(test_cases[i].path, test_cases[i].f);
    }
    return g_test_run();
}
