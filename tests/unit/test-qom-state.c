/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qom/state.c: one table for reset, save and load; and what device.c makes of
 * the tables of several classes.
 */
#include "config.h"
#include "tests/unit/test-qom-types.h"

#include <string.h>

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

static const guint8 reset_image[] = {
    1, 0x12, 0x56, 0x34, 0xde, 0xbc, 0x9a, 0x78, 0xde, 0xbc, 0x9a, 0x78,
    8, 7, 6, 5, 4, 3, 2, 1, 0xff, 0xff, 0xff, 0x99, 0xcd, 0xab, 0, 0,
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

    state_save(holder_rows, &s, out);
    g_assert_cmpmem(out->data, out->len, ((const guint8[]){ 1, 2, 3, 9 }), 4);
    state_reset(holder_rows, &s);
    g_assert_cmpuint(bytes[1], ==, 2);
    g_assert_cmpuint(s.after, ==, 7);
    bytes[1] = 0;
    g_assert_true(state_load(holder_rows, &s, out->data, out->len));
    g_assert_cmpuint(bytes[1], ==, 2);
    g_assert_cmpuint(s.after, ==, 9);
    g_assert_cmpint(state_check(holder_rows, &none, out->data, 1), ==, 1);
    g_assert_false(state_load(holder_rows, &none, out->data, out->len));
}

static void test_save(void)
{
    Sample s = { .kept = 0x99, .kept_array = { 0xabcd, 0 } };
    g_autoptr(GByteArray) out = g_byte_array_new();

    state_reset(rows, &s);
    state_save(rows, &s, out);
    g_assert_cmpmem(out->data, out->len, reset_image, sizeof(reset_image));
    g_assert_cmpint(state_check(rows, &s, out->data, out->len), ==, sizeof(reset_image));
    g_assert_cmpint(state_check(rows, &s, out->data, out->len - 1), ==, -1);
    state_save(NULL, &s, out);
    g_assert_cmpuint(out->len, ==, sizeof(reset_image));
    g_assert_cmpint(state_check(NULL, &s, out->data, out->len), ==, 0);
}

static void test_load(void)
{
    Sample s = { .not_state = 5 }, before;
    guint8 image[sizeof(reset_image) + 1];

    memcpy(image, reset_image, sizeof(reset_image));
    g_assert_true(state_load(rows, &s, image, sizeof(reset_image)));
    g_assert_cmphex(s.u32[1], ==, 0x789abcde);
    g_assert_cmphex(s.kept_array[0], ==, 0xabcd);
    g_assert_cmphex(s.not_state, ==, 5);
    s.u8 = 77;
    before = s;
    g_assert_false(state_load(rows, &s, image, sizeof(reset_image) - 1));
    g_assert_false(state_load(rows, &s, image, sizeof(reset_image) + 1));
    g_assert_false(state_load(rows, &s, image, 0));
    image[0] = 2;
    g_assert_false(state_load(rows, &s, image, sizeof(reset_image)));
    g_assert_cmpmem(&s, sizeof(s), &before, sizeof(before));
    g_assert_true(state_load(NULL, &s, NULL, 0));
}

static TestChip *chip_new(Object *root)
{
    TestChip *chip = (TestChip *)add_made(root, "machine", &qmp_class_test_chip, "chip");

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

    device_save((Device *)chip, out);
    g_assert_cmpuint(out->len, ==, 1 + 2 + 1 + 12 + 8 + 5);
    device_reset_tree((Object *)chip);
    g_assert_cmphex(chip->parent.base_u8, ==, 0x11);
    g_assert_cmphex(chip->parent.base_keep, ==, 2);
    g_assert_true(chip->flag);
    g_assert_cmphex(chip->bytes[4], ==, 0xee);
    g_free(log_take());
    g_assert_true(device_load((Device *)chip, out->data, out->len, &error));
    g_assert_no_error(error);
    assert_log("dev.loaded chip.loaded");
    g_assert_cmphex(chip->parent.base_u8, ==, 1);
    g_assert_false(chip->flag);
    g_assert_cmphex(chip->u64, ==, 4);
    g_assert_cmphex(chip->bytes[4], ==, 5);
    tree_free(root);
}

static void test_device_refuses(void)
{
    Object *root = tree_new();
    TestChip *chip = chip_new(root);
    g_autoptr(GByteArray) before = g_byte_array_new();
    g_autoptr(GByteArray) other = g_byte_array_new();
    g_autoptr(GByteArray) after = g_byte_array_new();
    GError *error = NULL;

    device_save((Device *)chip, before);
    g_byte_array_append(other, before->data, before->len);
    other->data[0] = 0x55;
    g_assert_false(device_load((Device *)chip, other->data, other->len - 1, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE,
                 "state of 28 bytes does not fit a 'test-chip'");
    other->data[3] = 7;                         /* the flag, after the base's rows */
    g_assert_false(device_load((Device *)chip, other->data, other->len, &error));
    assert_error(&error, ERROR_REASON_INVALID_VALUE, "does not fit");
    assert_log("");
    other->data[3] = 1;
    fail_at("chip.loaded");
    g_assert_false(device_load((Device *)chip, other->data, other->len, &error));
    assert_error(&error, ERROR_REASON_HOST_ERROR, "chip.loaded failed");
    assert_log("dev.loaded chip.loaded dev.loaded");
    device_save((Device *)chip, after);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
    tree_free(root);
}

static void add_tests(void)
{
    g_test_add_func("/qom/state/reset", test_reset);
    g_test_add_func("/qom/state/save", test_save);
    g_test_add_func("/qom/state/blob", test_blob);
    g_test_add_func("/qom/state/load", test_load);
    g_test_add_func("/qom/state/device", test_device);
    g_test_add_func("/qom/state/device-refuses", test_device_refuses);
}

int main(int argc, char **argv)
{
    return test_qom_main(argc, argv, add_tests);
}
