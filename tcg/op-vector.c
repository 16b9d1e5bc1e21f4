/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector instructions that access memory element by element, under a mask: SDM vol. 2,
 * VGATHERDPS and the like, VMASKMOV, VPMASKMOV, MASKMOVDQU, MASKMOVQ.  Elements that are masked
 * out do not fault.
 */
#include "config.h"
#include <Zydis/Mnemonic.h>

#include "tcg/fpu.h"
#include "tcg/insn.h"
#include "tcg/ops.h"

typedef union {
    guint8 b[32];
    guint32 d[8];
    guint64 q[4];
} Vector;

/* ---- The guest's registers, which are the host's ---- */

static void get_ymm(guint number, Vector *ret_value)
{
    switch (number) {
#define REGISTER(n) \
    case n: \
        __asm__ volatile("vmovdqu %%ymm" #n ", (%0)" : : "r"(ret_value) : "memory"); \
        break;
    REGISTER(0)
    REGISTER(1)
    REGISTER(2)
    REGISTER(3)
    REGISTER(4)
    REGISTER(5)
    REGISTER(6)
    REGISTER(7)
    REGISTER(8)
    REGISTER(9)
    REGISTER(10)
    REGISTER(11)
    REGISTER(12)
    REGISTER(13)
    REGISTER(14)
    REGISTER(15)
#undef REGISTER
    }
}

/* Also for 128 bits: the rest is zeroed. */
static void set_ymm(guint number, const Vector *value)
{
    switch (number) {
#define REGISTER(n) \
    case n: \
        __asm__ volatile("vmovdqu (%0), %%ymm" #n : : "r"(value) : "memory"); \
        break;
    REGISTER(0)
    REGISTER(1)
    REGISTER(2)
    REGISTER(3)
    REGISTER(4)
    REGISTER(5)
    REGISTER(6)
    REGISTER(7)
    REGISTER(8)
    REGISTER(9)
    REGISTER(10)
    REGISTER(11)
    REGISTER(12)
    REGISTER(13)
    REGISTER(14)
    REGISTER(15)
#undef REGISTER
    }
}

static void get_xmm(guint number, Vector *ret_value)
{
    switch (number) {
#define REGISTER(n) \
    case n: \
        __asm__ volatile("movdqu %%xmm" #n ", (%0)" : : "r"(ret_value) : "memory"); \
        break;
    REGISTER(0)
    REGISTER(1)
    REGISTER(2)
    REGISTER(3)
    REGISTER(4)
    REGISTER(5)
    REGISTER(6)
    REGISTER(7)
    REGISTER(8)
    REGISTER(9)
    REGISTER(10)
    REGISTER(11)
    REGISTER(12)
    REGISTER(13)
    REGISTER(14)
    REGISTER(15)
#undef REGISTER
    }
}

static void get_mm(guint number, Vector *ret_value)
{
    switch (number & 7) {
#define REGISTER(n) \
    case n: \
        __asm__ volatile("movq %%mm" #n ", (%0)" : : "r"(ret_value) : "memory"); \
        break;
    REGISTER(0)
    REGISTER(1)
    REGISTER(2)
    REGISTER(3)
    REGISTER(4)
    REGISTER(5)
    REGISTER(6)
    REGISTER(7)
#undef REGISTER
    }
}

/* ---- Elements ---- */

static guint64 element(const Vector *v, guint i, guint size)
{
    return size == 8 ? v->q[i] : v->d[i];
}

static void set_element(Vector *v, guint i, guint size, guint64 value)
{
    if (size == 8) {
        v->q[i] = value;
    } else {
        v->d[i] = value;
    }
}

static bool is_selected(const Vector *mask, guint i, guint size)
{
    return element(mask, i, size) >> (8 * size - 1) & 1;
}

/* ---- Gathers ---- */

typedef struct {
    guint8 index_size, size, n; /* bytes of an index and of an element; elements */
} Gather;

static Gather gather_form(const TcgInsn *insn)
{
    guint bytes = insn->vex_l ? 32 : 16;

    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_VPGATHERDD:
    case ZYDIS_MNEMONIC_VGATHERDPS:
        return (Gather){ 4, 4, bytes / 4 };
    case ZYDIS_MNEMONIC_VPGATHERDQ:
    case ZYDIS_MNEMONIC_VGATHERDPD:
        return (Gather){ 4, 8, bytes / 8 };
    case ZYDIS_MNEMONIC_VPGATHERQD:
    case ZYDIS_MNEMONIC_VGATHERQPS:
        return (Gather){ 8, 4, bytes / 8 };
    default:
        return (Gather){ 8, 8, bytes / 8 };
    }
}

static guint64 gather_address(TcgState *s, const TcgInsn *insn, const Vector *index, guint i,
                              const Gather *g)
{
    guint64 ea = insn->disp;

    ea += insn->base != TCG_NO_REG ? s->gpr[insn->base] : 0;
    ea += (guint64)tcg_sign_extend(element(index, i, g->index_size), g->index_size) * insn->scale;
    return tcg_linear(s, insn->segment, ea & tcg_size_mask(insn->address_size), g->size, TCG_READ);
}

/* Mask elements are all ones or all zeros, and zero after the last element. */
static void spread_mask(Vector *mask, const Gather *g)
{
    Vector old = *mask;

    *mask = (Vector){ .q = { 0 } };
    for (guint i = 0; i < g->n; i++) {
        set_element(mask, i, g->size, is_selected(&old, i, g->size) ? ~0ull : 0);
    }
}

/* If an element faults, those before it are done, and their mask elements cleared. */
TcgNext tcg_op_gather(TcgState *s, const TcgInsn *insn)
{
    Gather g = gather_form(insn);
    Vector result, index, mask;

    if (insn->reg == insn->index || insn->reg == insn->vvvv || insn->index == insn->vvvv) {
        tcg_raise(s, TCG_UD);
    }
    get_ymm(insn->reg, &result);
    get_ymm(insn->index, &index);
    get_ymm(insn->vvvv, &mask);
    spread_mask(&mask, &g);
    for (guint i = g.n; i < 32 / g.size; i++) {
        set_element(&result, i, g.size, 0);
    }
    for (guint i = 0; i < g.n; i++) {
        if (is_selected(&mask, i, g.size)) {
            /* May raise, so the registers record the progress. */
            set_ymm(insn->reg, &result);
            set_ymm(insn->vvvv, &mask);
            set_element(&result, i, g.size,
                        tcg_load(s, gather_address(s, insn, &index, i, &g), g.size, TCG_READ));
        }
        set_element(&mask, i, g.size, 0);
    }
    set_ymm(insn->reg, &result);
    set_ymm(insn->vvvv, &mask);
    return TCG_NEXT;
}

/* ---- Masked moves of VEX ---- */

static bool is_store(const TcgInsn *insn)
{
    return insn->opcode == 0x2e || insn->opcode == 0x2f || insn->opcode == 0x8e;
}

static guint64 element_address(TcgState *s, const TcgInsn *insn, guint i, guint size,
                               TcgAccess access)
{
    guint64 ea = (tcg_ea(s, insn) + i * size) & tcg_size_mask(insn->address_size);

    return tcg_linear(s, insn->segment, ea, size, access);
}

/* All or nothing: each element is checked before the first is written. */
static void masked_store(TcgState *s, const TcgInsn *insn, const Vector *mask, guint size, guint n)
{
    Vector value;

    get_ymm(insn->reg, &value);
    for (guint i = 0; i < n; i++) {
        if (is_selected(mask, i, size)) {
            tcg_check_store(s, element_address(s, insn, i, size, TCG_WRITE), size, TCG_WRITE);
        }
    }
    for (guint i = 0; i < n; i++) {
        if (is_selected(mask, i, size)) {
            tcg_store(s, element_address(s, insn, i, size, TCG_WRITE), element(&value, i, size),
                      size, TCG_WRITE);
        }
    }
}

static void masked_load(TcgState *s, const TcgInsn *insn, const Vector *mask, guint size, guint n)
{
    Vector value = { .q = { 0 } };

    for (guint i = 0; i < n; i++) {
        if (is_selected(mask, i, size)) {
            set_element(&value, i, size,
                        tcg_load(s, element_address(s, insn, i, size, TCG_READ), size, TCG_READ));
        }
    }
    set_ymm(insn->reg, &value);
}

TcgNext tcg_op_maskmov(TcgState *s, const TcgInsn *insn)
{
    guint size = insn->mnemonic == ZYDIS_MNEMONIC_VMASKMOVPS ||
                 insn->mnemonic == ZYDIS_MNEMONIC_VPMASKMOVD ? 4 : 8;
    guint n = (insn->vex_l ? 32 : 16) / size;
    Vector mask;

    get_ymm(insn->vvvv, &mask);
    if (is_store(insn)) {
        masked_store(s, insn, &mask, size, n);
    } else {
        masked_load(s, insn, &mask, size, n);
    }
    return TCG_NEXT;
}

/* ---- Masked moves of bytes to DS:rDI ---- */

static TcgNext masked_bytes(TcgState *s, const TcgInsn *insn, const Vector *value,
                            const Vector *mask, guint n)
{
    guint64 ea = s->gpr[TCG_RDI], address_mask = tcg_size_mask(insn->address_size);

    for (guint i = 0; i < n; i++) {
        if (mask->b[i] & 0x80) {
            guint64 linear = tcg_linear(s, insn->segment, (ea + i) & address_mask, 1, TCG_WRITE);

            tcg_check_store(s, linear, 1, TCG_WRITE);
        }
    }
    for (guint i = 0; i < n; i++) {
        if (mask->b[i] & 0x80) {
            guint64 linear = tcg_linear(s, insn->segment, (ea + i) & address_mask, 1, TCG_WRITE);

            tcg_store(s, linear, value->b[i], 1, TCG_WRITE);
        }
    }
    return TCG_NEXT;
}

TcgNext tcg_op_maskmovdqu(TcgState *s, const TcgInsn *insn)
{
    Vector value, mask;

    get_xmm(insn->reg, &value);
    get_xmm(insn->rm, &mask);
    return masked_bytes(s, insn, &value, &mask, 16);
}

TcgNext tcg_op_maskmovq(TcgState *s, const TcgInsn *insn)
{
    Vector value, mask;

    tcg_fpu_wait(s);
    get_mm(insn->reg, &value);
    get_mm(insn->rm, &mask);
    return masked_bytes(s, insn, &value, &mask, 8);
}
