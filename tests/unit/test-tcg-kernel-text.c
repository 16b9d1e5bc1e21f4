/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole .text of a stock kernel is translated, block after block: none is too large,
 * and none fails.
 *
 * The kernel is VMD_TEST_KERNEL, or what `docs/examples/debian --fetch` left in VMD_GUESTS
 * (~/.cache/vmd-guests).  Its payload has to be compressed by LZ4, as Debian's is: Linux,
 * Documentation/x86/boot.rst; frames of the legacy format of LZ4.
 */
#include "config.h"

#include <elf.h>
#include <string.h>

#include "tcg/tcg-accel.h"
#include "tcg/translate.h"

enum {
    SETUP_SECTORS = 0x1f1, MAGIC = 0x202, PAYLOAD_OFFSET = 0x248, PAYLOAD_LENGTH = 0x24c,
    SECTOR = 512,
    MODE = TCG_MODE_CODE64 | TCG_MODE_FLAT | TCG_MODE_PROTECTED | TCG_MODE_X87 | TCG_MODE_SSE |
           TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_IOPL,
};
#define LZ4_LEGACY 0x184c2102u

static guint32 get_32(const guint8 *at)
{
    guint32 value;

    memcpy(&value, at, sizeof(value));
    return GUINT32_FROM_LE(value);
}

/* ---- LZ4 ---- */

/* 15 goes on in bytes, up to one that is not 255. */
static gsize lz4_count(const guint8 **in, const guint8 *end, guint count)
{
    gsize sum = count;

    for (guint8 more = 255; count == 15 && more == 255 && *in < end; sum += more) {
        more = *(*in)++;
    }
    return sum;
}

/* Appends a block: literals, then a match by distance and length, again and again. */
static bool lz4_block(const guint8 *in, const guint8 *end, GByteArray *out)
{
    gsize begin = out->len;

    while (in < end) {
        guint8 token = *in++;
        gsize literals = lz4_count(&in, end, token >> 4), length, distance;

        if (literals > (gsize)(end - in)) {
            return false;
        }
        g_byte_array_append(out, in, literals);
        in += literals;
        if (in == end) {
            return true;
        }
        if (end - in < 2) {
            return false;
        }
        distance = in[0] | in[1] << 8;
        in += 2;
        length = lz4_count(&in, end, token & 15) + 4;
        if (distance == 0 || distance > out->len - begin) {
            return false;
        }
        for (gsize from = out->len - distance; length-- > 0; from++) {
            guint8 byte = out->data[from];

            g_byte_array_append(out, &byte, 1);
        }
    }
    return true;
}

/* The kernel's ELF file, or NULL. */
static GByteArray *unpack(const guint8 *image, gsize size)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const guint8 *in, *end;

    if (size < 1024 || memcmp(image + MAGIC, "HdrS", 4)) {
        return NULL;
    }
    in = image + ((image[SETUP_SECTORS] ? image[SETUP_SECTORS] : 4) + 1) * SECTOR +
         get_32(image + PAYLOAD_OFFSET);
    end = in + get_32(image + PAYLOAD_LENGTH) - 4;      /* behind it is the size unpacked */
    if (end > image + size || end - in < 8 || get_32(in) != LZ4_LEGACY) {
        return NULL;
    }
    for (in += 4; end - in > 4; ) {
        guint32 length = get_32(in);

        in += 4;
        if (length > end - in || !lz4_block(in, in + length, out)) {
            return NULL;
        }
        in += length;
    }
    return g_steal_pointer(&out);
}

/* ---- .text ---- */

static const Elf64_Shdr *find_text(const GByteArray *elf)
{
    const Elf64_Ehdr *header = (const void *)elf->data;
    const Elf64_Shdr *sections = (const void *)(elf->data + header->e_shoff);
    const char *names = (const char *)elf->data + sections[header->e_shstrndx].sh_offset;

    for (guint i = 0; i < header->e_shnum; i++) {
        if (!strcmp(names + sections[i].sh_name, ".text")) {
            return &sections[i];
        }
    }
    return NULL;
}

/* In pages, as it lies in memory; the last one is followed by one of zeroes. */
static guint8 *copy_text(const GByteArray *elf, const Elf64_Shdr *text)
{
    gsize in_page = text->sh_addr & 0xfff;
    guint8 *pages = g_malloc0(in_page + text->sh_size + 2 * 4096);

    memcpy(pages + in_page, elf->data + text->sh_offset, text->sh_size);
    return pages;
}

/* As a block or as a trace, which every third is: that takes longer. */
static TcgBlock *translate(TcgCache *cache, const guint8 *pages, gsize at, guint64 rip)
{
    const guint8 *page = pages + (at & ~(gsize)0xfff);
    TcgBlockKey key = { .page = page, .rip = rip, .mode = MODE };
    bool trace = rip % 3 == 0;
    TcgBlock *block = NULL;
    TcgTranslateResult result = TCG_TRANSLATE_FULL;

    for (guint tries = 0; tries < 2 && result == TCG_TRANSLATE_FULL; tries++) {
        if (tries) {
            tcg_cache_flush(cache);
        }
        result = tcg_translate_block(cache, NULL, &key, pages + at, 4096 - (at & 0xfff), NULL,
                                     trace, &block);
        if (result == TCG_TRANSLATE_NEXT) {
            result = tcg_translate_block(cache, NULL, &key, pages + at, 4096 - (at & 0xfff),
                                         page + 4096, trace, &block);
        }
    }
    return result == TCG_TRANSLATED ? block : NULL;
}

static char *kernel_path(void)
{
    const char *guests = g_getenv("VMD_GUESTS");

    if (g_getenv("VMD_TEST_KERNEL")) {
        return g_strdup(g_getenv("VMD_TEST_KERNEL"));
    }
    return guests ? g_build_filename(guests, "linux", NULL)
                  : g_build_filename(g_get_user_cache_dir(), "vmd-guests", "linux", NULL);
}

static void translate_text(const GByteArray *elf)
{
    const Elf64_Shdr *text = find_text(elf);
    static TcgAccel tcg;
    TcgCache *cache = tcg_cache_new(&tcg, 64, false, NULL);
    g_autofree guint8 *pages = NULL;
    guint blocks = 0;

    g_assert_true(tcg_decoder_load(NULL));
    g_assert_nonnull(cache);
    g_assert_nonnull(text);
    pages = copy_text(elf, text);
    for (guint64 offset = 0; offset < text->sh_size; blocks++) {
        TcgBlock *block = translate(cache, pages, (text->sh_addr & 0xfff) + offset,
                                    text->sh_addr + offset);

        if (!block) {
            g_error("no translation at 0x%" G_GINT64_MODIFIER "x",
                    (guint64)text->sh_addr + offset);
        }
        g_assert_cmpuint(block->length, >, 0);
        offset += block->length;
    }
    g_test_message("%" G_GSIZE_FORMAT " bytes, %u blocks", (gsize)text->sh_size, blocks);
    tcg_cache_free(cache);
}

static void test_text(void)
{
    g_autofree char *path = kernel_path(), *image = NULL;
    g_autoptr(GByteArray) elf = NULL;
    gsize size;

    if (!g_file_get_contents(path, &image, &size, NULL)) {
        g_test_skip("no kernel: run docs/examples/debian --fetch, or set VMD_TEST_KERNEL");
        return;
    }
    elf = unpack((const guint8 *)image, size);
    if (!elf || elf->len < sizeof(Elf64_Ehdr) || memcmp(elf->data, ELFMAG, SELFMAG)) {
        g_test_skip("the kernel is not a bzImage that is compressed by LZ4");
        return;
    }
    translate_text(elf);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcg/kernel-text", test_text);
    return g_test_run();
}
