/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: ramfb.  A byte chooses where bytes that follow are written to the file, or a
 * picture.
 */
#include "config.h"

#include "hw/display/console.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/ramfb-driver.h"

enum { MAX_PICTURES = 4, MAX_WRITES = 200 };

static void look(RamfbBench *b)
{
    g_autoptr(Surface) surface = NULL;

    surface_load(NULL);
    surface = console_draw(console_find(b->rig->root, "v", -1, NULL), NULL);
    g_assert_nonnull(surface);
    g_assert_cmpuint(surface_width(surface), <=, 16000);
    g_assert_cmpuint(surface_height(surface), <=, 12000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RamfbBench b;
    guint pictures = 0, writes = 0;

    ramfb_bench_init(&b);
    while (size > 1 && writes++ < MAX_WRITES) {
        guint8 what = *data++;
        guint offset = what % RAMFB_FILE_SIZE, n = MIN(size - 1, RAMFB_FILE_SIZE - offset);

        size--;
        if (what >= 0xf0 && pictures++ < MAX_PICTURES) {
            look(&b);
            continue;
        }
        ramfb_write(&b, data, offset, n);
        data += n;
        size -= n;
    }
    look(&b);
    ramfb_bench_done(&b);
    return 0;
}
