/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory accesses that C makes for the guest: helpers' operands, stacks,
 * descriptors.  A TLB hit is one host access; otherwise the page tables are
 * walked for all pages first, so that nothing is stored unless everything can
 * be.
 *
 * A device may change mappings, so after heavy code a page is looked up again
 * by its guest physical address.
 */
#include "config.h"
#include "tcg/memory.h"
#include "tcg/tlb.h"

typedef guint64 __attribute__((may_alias, aligned(1))) Word8;
typedef guint32 __attribute__((may_alias, aligned(1))) Word4;
typedef guint16 __attribute__((may_alias, aligned(1))) Word2;

/* An access split at the page's end. */
typedef struct {
    guint64 gpa[2];
    guint size[2];              /* the second is 0: it is in one page */
} Pieces;

static inline guint64 load_host(const guint8 *at, guint size)
{
    switch (size) {
    case 8:
        return *(const volatile Word8 *)at;
    case 4:
        return *(const volatile Word4 *)at;
    case 2:
        return *(const volatile Word2 *)at;
    default:
        return *(const volatile guint8 *)at;
    }
}

static inline void store_host(guint8 *at, guint64 value, guint size)
{
    switch (size) {
    case 8:
        *(volatile Word8 *)at = value;
        break;
    case 4:
        *(volatile Word4 *)at = value;
        break;
    case 2:
        *(volatile Word2 *)at = value;
        break;
    default:
        *(volatile guint8 *)at = value;
    }
}

/* The first byte of the next page: linear addresses wrap at 4 GiB outside 64-bit mode. */
guint64 tcg_next_page(const TcgState *s, guint64 linear, TcgAccess access)
{
    guint64 next = (linear | 0xfff) + 1;
    bool is_wide = s->efer & EFER_LMA && (s->mode & TCG_MODE_CODE64 || access & TCG_SYSTEM);

    return is_wide ? next : (guint32)next;
}

/* SDM vol. 3A, section 17.2.4 and table 17-2: a data breakpoint is hit by any byte in it. */
void tcg_note_watches(TcgState *s, guint64 linear, guint size, bool is_write)
{
    static const guint8 lengths[4] = { 1, 2, 8, 4 };

    for (guint i = 0; i < 4; i++) {
        guint type = s->dr[7] >> (16 + 4 * i) & 3;
        guint64 length = lengths[s->dr[7] >> (18 + 4 * i) & 3];
        guint64 first = s->dr[i] & ~(length - 1);

        if (s->dr[7] >> 2 * i & 3 && (type == 3 || (type == 1 && is_write)) &&
            (first - linear < size || linear - first < length)) {
            s->watch_hits |= 1u << i;
        }
    }
}

static inline void watch(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    if (G_UNLIKELY(s->dr[7] & 0xff) && !(access & TCG_SYSTEM)) {
        tcg_note_watches(s, linear, size, access & TCG_WRITE);
    }
}

/* SDM vol. 3A, table 6-7: #AC comes after page faults. */
void tcg_check_alignment(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    guint mask = size == 10 ? 7 : size > 8 || size & (size - 1) ? 0 : size - 1;

    if (G_UNLIKELY(s->mode & TCG_MODE_ALIGN) && linear & mask && !(access & TCG_SYSTEM)) {
        tcg_raise_error(s, TCG_AC, 0);
    }
}

/* Walks for all pages of an access of at most 4096 bytes; raises any faults. */
static void translate_pieces(TcgState *s, guint64 linear, guint size, TcgAccess access,
                             Pieces *ret_pieces)
{
    guint in_first = MIN(size, 4096 - (linear & 0xfff));
    TcgPage page;

    tcg_translate(s, linear, access, &page);
    ret_pieces->gpa[0] = page.gpa;
    ret_pieces->size[0] = in_first;
    ret_pieces->size[1] = size - in_first;
    if (in_first < size) {
        tcg_translate(s, tcg_next_page(s, linear, access), access, &page);
        ret_pieces->gpa[1] = page.gpa;
    }
}

static void read_pieces(TcgState *s, const Pieces *pieces, guint8 *ret_bytes)
{
    tcg_phys_read(s, pieces->gpa[0], ret_bytes, pieces->size[0]);
    if (pieces->size[1]) {
        tcg_phys_read(s, pieces->gpa[1], ret_bytes + pieces->size[0], pieces->size[1]);
    }
}

static void write_pieces(TcgState *s, const Pieces *pieces, const guint8 *bytes)
{
    tcg_phys_write(s, pieces->gpa[0], bytes, pieces->size[0]);
    if (pieces->size[1]) {
        tcg_phys_write(s, pieces->gpa[1], bytes + pieces->size[0], pieces->size[1]);
    }
}

/* ---- Operands ---- */

static guint64 load_slowly(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    guint64 value = 0;
    Pieces pieces;

    translate_pieces(s, linear, size, access, &pieces);
    tcg_check_alignment(s, linear, size, access);
    watch(s, linear, size, access);
    read_pieces(s, &pieces, (guint8 *)&value);
    return value;
}

guint64 tcg_load(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    const guint8 *at = tcg_tlb_find(s, linear, size, access & ~TCG_WRITE);

    if (G_UNLIKELY(!at || s->mode & TCG_MODE_ALIGN)) {
        return load_slowly(s, linear, size, access);
    }
    return load_host(at, size);
}

static void store_slowly(TcgState *s, guint64 linear, guint64 value, guint size,
                         TcgAccess access)
{
    Pieces pieces;

    translate_pieces(s, linear, size, access, &pieces);
    tcg_check_alignment(s, linear, size, access);
    watch(s, linear, size, access);
    write_pieces(s, &pieces, (const guint8 *)&value);
}

void tcg_store(TcgState *s, guint64 linear, guint64 value, guint size, TcgAccess access)
{
    guint8 *at = tcg_tlb_find(s, linear, size, access | TCG_WRITE);

    if (G_UNLIKELY(!at || s->mode & TCG_MODE_ALIGN)) {
        store_slowly(s, linear, value, size, access | TCG_WRITE);
    } else {
        store_host(at, value, size);
    }
}

void tcg_check_store(TcgState *s, guint64 linear, guint size, TcgAccess access)
{
    Pieces pieces;

    access |= TCG_WRITE;
    if (G_UNLIKELY(!tcg_tlb_find(s, linear, size, access) || s->mode & TCG_MODE_ALIGN)) {
        translate_pieces(s, linear, size, access, &pieces);
        tcg_check_alignment(s, linear, size, access);
    }
}

/* ---- Blocks ---- */

void tcg_load_bytes(TcgState *s, guint64 linear, void *ret_bytes, guint size, TcgAccess access)
{
    Pieces pieces;

    translate_pieces(s, linear, size, access, &pieces);
    watch(s, linear, size, access);
    read_pieces(s, &pieces, ret_bytes);
}

void tcg_store_bytes(TcgState *s, guint64 linear, const void *bytes, guint size,
                     TcgAccess access)
{
    Pieces pieces;

    access |= TCG_WRITE;
    translate_pieces(s, linear, size, access, &pieces);
    watch(s, linear, size, access);
    write_pieces(s, &pieces, bytes);
}
