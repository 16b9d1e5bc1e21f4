/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/state.c: one table for reset, save and load; and what device.c makes of
 * the tables of several classes.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <event2/buffer.h>
#include <string.h>

#include "qmp/error.h"
#include "qmp/qapi-types-state.h"
#include "qmp/visit.h"
#include "qom/qapi-objects-qom-schema.h"
#include "qom/state-stream.h"

typedef struct {
    bool b;
    guint8 u8;
    guint16 u16;
    guint32 u32[2];
    guint64 u64;
    guint8 bytes[3];
    guint8 kept;
    guint16 kept_array[2];
    guint8 not_state;
} Sample;

static const StateRow rows[] = {
    STATE_FIELD(BOOL, Sample, b, 1),
    STATE_FIELD(U8, Sample, u8, 0x12),
    STATE_FIELD(U16, Sample, u16, 0x3456),
    STATE_ARRAY(U32, Sample, u32, 0x789abcde),
    STATE_FIELD(U64, Sample, u64, 0x0102030405060708),
    STATE_ARRAY(BYTES, Sample, bytes, 0xff),
    STATE_FIELD_KEEP(U8, Sample, kept),
    STATE_ARRAY_KEEP(U16, Sample, kept_array),
    STATE_ROWS_END,
};

static void test_reset(void)
{
    Sample s = { .kept = 0x99, .kept_array = { 0xabcd, 0 }, .not_state = 5 };

    state_reset(rows, &s);
    g_assert_true(s.b);
    g_assert_cmphex(s.u8, ==, 0x12);
    g_assert_cmphex(s.u16, ==, 0x3456);
    g_assert_cmphex(s.u32[0], ==, 0x789abcde);
    g_assert_cmphex(s.u32[1], ==, 0x789abcde);
    g_assert_cmphex(s.u64, ==, 0x0102030405060708);
    g_assert_cmphex(s.bytes[2], ==, 0xff);
    g_assert_cmphex(s.kept, ==, 0x99);
    g_assert_cmphex(s.kept_array[0], ==, 0xabcd);
    g_assert_cmphex(s.not_state, ==, 5);
    state_reset(NULL, &s);
}

/* Loads what was saved by the rows, with version 0. */
static bool load(const StateRow *table, void *s, const GByteArray *saved, GError **error)
{
    return state_load(table, s, 0, saved->data, saved->len, error);
}

/* What is behind a pointer comes and goes with its size. */
static void test_blob(void)
{
    typedef struct {
        guint8 *bytes;
        guint32 size;
        guint8 after;
    } Holder;
    static const StateRow holder_rows[] = {
        STATE_BLOB_KEEP(Holder, bytes, size),
        STATE_FIELD(U8, Holder, after, 7),
        STATE_ROWS_END,
    };
    guint8 bytes[] = { 1, 2, 3 };
    Holder s = { .bytes = bytes, .size = 3, .after = 9 }, none = { .after = 1 };
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    state_save(holder_rows, &s, out);
    state_reset(holder_rows, &s);
    g_assert_cmpuint(bytes[1], ==, 2);
    g_assert_cmpuint(s.after, ==, 7);
    bytes[1] = 0;
    g_assert_true(load(holder_rows, &s, out, &error));
    g_assert_cmpuint(bytes[1], ==, 2);
    g_assert_cmpuint(s.after, ==, 9);
    g_assert_false(load(holder_rows, &none, out, &error));
    g_assert_cmpstr(error->message, ==, "field 'bytes': it has 3 elements, where there are 0");
    g_assert_cmpuint(none.after, ==, 1);
}

/* ---- All the shapes ---- */

typedef struct {
    guint16 number;
    bool set;
} Part;

typedef struct {
    gint64 when;
} FakeTimer;

typedef struct {
    Part one, several[3];
    Part *list;
    guint32 n_list;
    guint16 *words;
    guint32 n_words;
    guint8 ring[4];
    guint32 head, used;
    Part **pointers;
    guint32 n_pointers;
    FakeTimer *timer;
    double ratio;
    gint32 below;
} Shapes;

static const StateRow part_rows[] = {
    STATE_FIELD(U16, Part, number, 5),
    STATE_FIELD(BOOL, Part, set, false),
    STATE_ROWS_END,
};

static gint64 timer_when(const void *timer)
{
    return ((const FakeTimer *)timer)->when;
}

static void timer_set_when(void *timer, gint64 when)
{
    ((FakeTimer *)timer)->when = when;
}

static const StateTimerOps fake_timer = { timer_when, timer_set_when };

static const StateRow shape_rows[] = {
    STATE_STRUCT(Shapes, one, part_rows),
    STATE_STRUCTS(Shapes, several, part_rows),
    STATE_STRUCT_LIST(Shapes, list, n_list, 8, part_rows),
    STATE_NUMBERS(U16, Shapes, words, n_words, 4),
    STATE_RING(U8, Shapes, ring, head, used),
    STATE_STRUCT_POINTERS(Shapes, pointers, n_pointers, part_rows),
    STATE_TIMER_BY(&fake_timer, 0, Shapes, timer),
    STATE_FIELD(NUMBER, Shapes, ratio, 2),
    STATE_FIELD(I32, Shapes, below, 0),
    STATE_ROWS_END,
};

typedef struct {
    Shapes s;
    Part parts[2];
    Part *pointers[2];
    FakeTimer timer;
} Bench;

static void bench_init(Bench *b)
{
    *b = (Bench){ .timer = { .when = 123456789012 } };
    b->pointers[0] = &b->parts[0];
    b->pointers[1] = &b->parts[1];
    b->s = (Shapes){ .pointers = b->pointers, .n_pointers = 2, .timer = &b->timer };
}

static void bench_clear(Bench *b)
{
    g_free(b->s.list);
    g_free(b->s.words);
}

static void bench_fill(Bench *b)
{
    bench_init(b);
    b->s.one = (Part){ 1, true };
    b->s.several[2] = (Part){ 0x1234, true };
    b->s.list = g_new0(Part, 2);
    b->s.list[1] = (Part){ 77, true };
    b->s.n_list = 2;
    b->s.words = g_new0(guint16, 3);
    b->s.words[2] = 0xbeef;
    b->s.n_words = 3;
    memcpy(b->s.ring, "dabc", 4);
    b->s.head = 1;
    b->s.used = 4;
    b->parts[1] = (Part){ 9, true };
    b->s.ratio = 0.25;
    b->s.below = -3;
}

static GByteArray *bench_saved(void)
{
    GByteArray *out = g_byte_array_new();
    Bench b;

    bench_fill(&b);
    state_save(shape_rows, &b.s, out);
    bench_clear(&b);
    return out;
}

static void test_shapes(void)
{
    g_autoptr(GByteArray) out = bench_saved();
    g_autoptr(GError) error = NULL;
    Bench b;

    bench_init(&b);
    g_assert_true(load(shape_rows, &b.s, out, &error));
    g_assert_cmpuint(b.s.one.number, ==, 1);
    g_assert_true(b.s.one.set);
    g_assert_cmphex(b.s.several[2].number, ==, 0x1234);
    g_assert_cmpuint(b.s.n_list, ==, 2);
    g_assert_cmpuint(b.s.list[1].number, ==, 77);
    g_assert_cmpuint(b.s.n_words, ==, 3);
    g_assert_cmphex(b.s.words[2], ==, 0xbeef);
    g_assert_cmpuint(b.s.head, ==, 0);
    g_assert_cmpmem(b.s.ring, b.s.used, "abcd", 4);
    g_assert_cmpuint(b.parts[1].number, ==, 9);
    g_assert_cmpint(b.timer.when, ==, 123456789012);
    g_assert_cmpfloat(b.s.ratio, ==, 0.25);
    g_assert_cmpint(b.s.below, ==, -3);
    state_reset(shape_rows, &b.s);
    g_assert_cmpuint(b.s.one.number, ==, 5);
    g_assert_cmpuint(b.s.several[1].number, ==, 5);
    g_assert_cmpuint(b.parts[0].number, ==, 5);
    g_assert_cmpuint(b.s.n_list + b.s.n_words + b.s.used, ==, 0);
    g_assert_cmpint(b.timer.when, ==, G_MAXINT64);
    g_assert_cmpfloat(b.s.ratio, ==, 2);
    bench_clear(&b);
}

/* Whatever a byte is changed to, the rows take all of it or nothing. */
static void test_damaged(void)
{
    g_autoptr(GByteArray) out = bench_saved();
    guint refused = 0;

    for (guint at = 0; at < out->len; at++) {
        for (guint value = 1; value < 256; value += 3) {
            g_autoptr(GByteArray) before = g_byte_array_new();
            g_autoptr(GByteArray) after = g_byte_array_new();
            Bench b;

            bench_fill(&b);
            state_save(shape_rows, &b.s, before);
            out->data[at] ^= value;
            if (!load(shape_rows, &b.s, out, NULL)) {
                state_save(shape_rows, &b.s, after);
                g_assert_cmpmem(before->data, before->len, after->data, after->len);
                refused++;
            }
            out->data[at] ^= value;
            bench_clear(&b);
        }
    }
    for (guint cut = 1; cut <= out->len; cut++) {
        Bench b;

        bench_init(&b);
        g_assert_false(state_load(shape_rows, &b.s, 0, out->data, out->len - cut, NULL));
        bench_clear(&b);
    }
    g_assert_cmpuint(refused, >, out->len);
}

/* ---- Fields that do not fit ---- */

static void assert_refused(const StateRow *from, const StateRow *to, guint32 version,
                           const char *message)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Sample s = { .u8 = 1 };

    state_save(from, &s, out);
    g_assert_false(state_load(to, &s, version, out->data, out->len, &error));
    g_assert_true(qmp_error_is(error, ERROR_REASON_INVALID_VALUE));
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpuint(s.u8, ==, 1);
}

static void test_refused(void)
{
    static const StateRow one[] = { STATE_FIELD(U8, Sample, u8, 0), STATE_ROWS_END };
    static const StateRow wide[] = { { .name = "u8", .kind = STATE_U16, .count = 1,
                                       .offset = offsetof(Sample, u16) }, STATE_ROWS_END };
    static const StateRow two[] = { STATE_FIELD(U8, Sample, u8, 0),
                                    STATE_FIELD(U16, Sample, u16, 0), STATE_ROWS_END };
    static const StateRow twice[] = { STATE_FIELD(U8, Sample, u8, 0),
                                      STATE_FIELD(U8, Sample, u8, 0), STATE_ROWS_END };
    static const StateRow many[] = { { .name = "u8", .kind = STATE_U8, .count = 3,
                                       .offset = offsetof(Sample, bytes) }, STATE_ROWS_END };

    assert_refused(two, one, 0, "field 'u16': this device has no such field");
    assert_refused(one, two, 0, "field 'u16' is missing");
    assert_refused(one, wide, 0, "field 'u8': it has another type");
    assert_refused(twice, one, 0, "field 'u8': it occurs twice");
    assert_refused(many, one, 0, "field 'u8': it has 3 elements, where there are 1");
}

/* What an earlier version did not have is as after a reset. */
static void test_since(void)
{
    static const StateRow old[] = { STATE_FIELD(U8, Sample, u8, 0), STATE_ROWS_END };
    static const StateRow new[] = { STATE_FIELD(U8, Sample, u8, 0),
                                    STATE_SINCE(2, U16, Sample, u16, 0x1234), STATE_ROWS_END };
    g_autoptr(GByteArray) out = g_byte_array_new();
    Sample s = { .u8 = 7, .u16 = 1 };

    state_save(old, &s, out);
    g_assert_true(state_load(new, &s, 1, out->data, out->len, NULL));
    g_assert_cmphex(s.u16, ==, 0x1234);
    assert_refused(old, new, 2, "field 'u16' is missing");
}

static TestChip *chip_new(Object *root)
{
    TestChip *chip = to_test_chip(add_made(root, "machine", &qmp_class_test_chip, "chip"));

    chip->parent.base_u8 = 1;
    chip->parent.base_keep = 2;
    chip->flag = false;
    chip->u32[2] = 3;
    chip->u64 = 4;
    chip->bytes[4] = 5;
    g_free(log_take());
    return chip;
}

static void test_device(void)
{
    Object *root = tree_new();
    TestChip *chip = chip_new(root);
    g_autoptr(GByteArray) out = g_byte_array_new();
    GError *error = NULL;

    device_save(&chip->parent.device, out, NULL);
    device_reset_tree(&chip->parent.device.object);
    g_assert_cmphex(chip->parent.base_u8, ==, 0x11);
    g_assert_cmphex(chip->parent.base_keep, ==, 2);
    g_assert_true(chip->flag);
    g_assert_cmphex(chip->bytes[4], ==, 0xee);
    g_free(log_take());
    g_assert_true(device_load(&chip->parent.device, out->data, out->len, &error));
    g_assert_no_error(error);
    assert_log("dev.loaded chip.loaded");
    g_assert_cmphex(chip->parent.base_u8, ==, 1);
    g_assert_false(chip->flag);
    g_assert_cmphex(chip->u64, ==, 4);
    g_assert_cmphex(chip->bytes[4], ==, 5);
    tree_free(root);
}

/* Names of fields stand out in the bytes. */
static guint8 *value_of(const GByteArray *state, const char *name)
{
    guint8 *at = memmem(state->data, state->len, name, strlen(name));

    g_assert_nonnull(at);
    return at + strlen(name) + 1 + 4 + 4;       /* type, number, length */
}

static void test_device_refuses(void)
{
    Object *root = tree_new();
    TestChip *chip = chip_new(root);
    Device *dev = &chip->parent.device;
    g_autoptr(GByteArray) before = g_byte_array_new();
    g_autoptr(GByteArray) other = g_byte_array_new();
    g_autoptr(GByteArray) after = g_byte_array_new();
    GError *error = NULL;

    g_assert_true(device_save(dev, before, &error));
    g_byte_array_append(other, before->data, before->len);
    *value_of(other, "base_u8") = 0x55;
    g_assert_false(device_load(dev, other->data, other->len - 1, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE,
                 "state of 'test-chip' in '/machine/chip': the state ends within a section");
    *value_of(other, "flag") = 7;
    g_assert_false(device_load(dev, other->data, other->len, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE,
                 "state of 'test-chip' in '/machine/chip': field 'flag': element 0 is not a value of "
                 "its type (saved by version 0, this is version 0)");
    g_assert_false(device_load(dev, other->data, 0, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE,
                 "state of 'test-device' in '/machine/chip': it is missing");
    g_byte_array_append(other, before->data, before->len);
    g_assert_false(device_load(dev, other->data, other->len, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE,
                 "state of 'test-device' in '/machine/chip': it occurs twice");
    g_byte_array_set_size(other, before->len);
    assert_log("");
    *value_of(other, "flag") = 1;
    fail_at("chip.loaded");
    g_assert_false(device_load(dev, other->data, other->len, &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "chip.loaded failed");
    assert_log("dev.loaded chip.loaded dev.loaded chip.loaded");
    g_assert_true(device_save(dev, after, &error));
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
    tree_free(root);
}

/* ---- What people are shown ---- */

static void test_show(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    struct evbuffer *text = evbuffer_new();
    DeviceState *state;
    Bench b;

    bench_fill(&b);
    state_section_save(out, "/a", "shapes", 3, shape_rows, &b.s);
    bench_clear(&b);
    state = state_show("/a", out->data, out->len, &error);
    g_assert_no_error(error);
    qmp_encode_json(&qmp_type_DeviceState, &state, text);
    evbuffer_add(text, "", 1);
    g_assert_cmpstr((char *)evbuffer_pullup(text, -1), ==,
        "{\"path\": \"/a\", \"sections\": [{\"name\": \"shapes\", \"version\": 3, \"fields\": ["
        "{\"name\": \"one\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 1}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": true}]}, "
        "{\"name\": \"several[0]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 0}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": false}]}, "
        "{\"name\": \"several[1]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 0}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": false}]}, "
        "{\"name\": \"several[2]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 4660}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": true}]}, "
        "{\"name\": \"list[0]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 0}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": false}]}, "
        "{\"name\": \"list[1]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 77}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": true}]}, "
        "{\"name\": \"words\", \"type\": \"uint16\", \"value\": [0, 0, 48879]}, "
        "{\"name\": \"ring\", \"type\": \"uint8\", \"value\": [97, 98, 99, 100]}, "
        "{\"name\": \"pointers[0]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 0}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": false}]}, "
        "{\"name\": \"pointers[1]\", \"type\": \"group\", \"fields\": ["
        "{\"name\": \"number\", \"type\": \"uint16\", \"value\": 9}, "
        "{\"name\": \"set\", \"type\": \"bool\", \"value\": true}]}, "
        "{\"name\": \"timer\", \"type\": \"timer\", \"value\": 123456789012}, "
        "{\"name\": \"ratio\", \"type\": \"number\", \"value\": 0.25}, "
        "{\"name\": \"below\", \"type\": \"int32\", \"value\": -3}]}]}");
    evbuffer_free(text);
    qmp_clear(&qmp_type_DeviceState, &state);
    g_assert_null(state_show("/b", out->data, out->len, &error));
    g_assert_cmpstr(error->message, ==, "the state is of another object");
}

/* Showing believes as little as loading does. */
static void test_show_damaged(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    Bench b;

    bench_fill(&b);
    state_section_save(out, "/a", "shapes", 3, shape_rows, &b.s);
    bench_clear(&b);
    for (guint at = 0; at < out->len; at++) {
        for (guint value = 1; value < 256; value += 5) {
            DeviceState *state;

            out->data[at] ^= value;
            state = state_show("/a", out->data, out->len, NULL);
            qmp_clear(&qmp_type_DeviceState, &state);
            out->data[at] ^= value;
        }
        if (at) {
            g_assert_null(state_show("/a", out->data, at, NULL));
        }
    }
}

static void add_tests(void)
{
    g_test_add_func("/qom/state/reset", test_reset);
    g_test_add_func("/qom/state/blob", test_blob);
    g_test_add_func("/qom/state/shapes", test_shapes);
    g_test_add_func("/qom/state/damaged", test_damaged);
    g_test_add_func("/qom/state/refused", test_refused);
    g_test_add_func("/qom/state/since", test_since);
    g_test_add_func("/qom/state/device", test_device);
    g_test_add_func("/qom/state/device-refuses", test_device_refuses);
    g_test_add_func("/qom/state/show", test_show);
    g_test_add_func("/qom/state/show-damaged", test_show_damaged);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
