/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random code; see the header.
 */
#include "config.h"
#include "tests/lib/tcg-random.h"

#include <string.h>

#include "tcg/translate.h"
#include "tests/lib/tcg-rig.h"

static GRand *rng;

void random_open(guint32 seed)
{
    if (rng) {
        g_rand_free(rng);
    }
    rng = g_rand_new_with_seed(seed);
}

guint32 random_below(guint32 n)
{
    return g_rand_int(rng) % n;
}

/* ---- What it begins with ---- */

static guint64 random_64(void)
{
    switch (random_below(6)) {
    case 0:
        return random_below(4);
    case 1:
        return -(gint64)random_below(4);
    case 2:
        return 1ull << random_below(64);
    default:
        return (guint64)g_rand_int(rng) << 32 | g_rand_int(rng);
    }
}

static void put_64(guint8 *at, guint64 value)
{
    memcpy(at, &value, sizeof(value));
}

/* x87 and SSE with all exceptions masked, mostly. */
static void random_vector(Run *start)
{
    guint32 mxcsr = 0x1f80 | random_below(4) << 13 | (random_below(4) ? 0 : random_below(2) << 15);
    guint16 control = 0x37f;

    memset(start->vector, 0, sizeof(start->vector));
    for (guint i = 160; i < 416; i += 8) {
        put_64(start->vector + i, random_64());
        put_64(start->vector + 416 + i, random_64());
    }
    for (guint i = 0; i < 8; i++) {
        long double value = (gint64)random_64();

        value /= 1 + random_below(1000);
        memcpy(start->vector + 32 + 16 * i, &value, 10);
    }
    if (random_below(8) == 0) {
        mxcsr &= ~(guint32)(random_below(64) << 7);
        control &= ~(guint16)random_below(64);
    }
    memcpy(start->vector, &control, 2);
    start->vector[4] = random_below(2) ? 0xff : random_below(256);
    memcpy(start->vector + 24, &mxcsr, 4);
    put_64(start->vector + 512, 7);
}

void random_start(RandomCase *c)
{
    Run *start = &c->start;

    for (guint i = 0; i < 16; i++) {
        start->gpr[i] = random_64();
    }
    start->flags = g_rand_int(rng) & EFLAGS_ARITHMETIC;
    start->flags |= EFLAGS_FIXED | EFLAGS_IF;
    start->rip = RUN_CODE + RUN_CODE_OFFSET;
    start->fault = RUN_NO_FAULT;
    random_vector(start);
    for (guint i = 0; i < RUN_DATA_SIZE; i += 8) {
        put_64(start->data + i, random_64());
    }
    c->favourite = random_below(16);
    c->length = c->n = c->fixed = c->written = 0;
    c->stack_moved = c->stack_lost = c->ended = c->stored = false;
}

/* ---- Bytes ---- */

static void random_vex(guint8 *bytes)
{
    bytes[0] = 0xc4 | random_below(2);
    for (guint i = 1; i < 15; i++) {
        bytes[i] = random_below(256);
    }
    if (bytes[0] == 0xc4) {
        bytes[1] = (bytes[1] & 0xe0) | (1 + random_below(3));
    }
}

static void random_bytes(guint8 *bytes)
{
    static const guint8 prefixes[] = { 0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x64, 0x65 };
    guint n = 0;

    if (random_below(4) == 0) {
        random_vex(bytes);
        return;
    }
    while (random_below(3) == 0 && n < 3) {
        bytes[n++] = prefixes[random_below(random_below(4) ? 3 : G_N_ELEMENTS(prefixes))];
    }
    if (random_below(2)) {
        bytes[n++] = 0x40 | random_below(16);
    }
    switch (random_below(5)) {
    case 0:
    case 1:
        bytes[n++] = 0x0f;
        break;
    case 2:
        bytes[n++] = 0x0f;
        bytes[n++] = random_below(2) ? 0x38 : 0x3a;
        break;
    default:
        break;
    }
    while (n < 15) {
        bytes[n++] = random_below(256);
    }
}

/* ---- Which instructions ---- */

static bool is_stack(const TcgDecoded *d)
{
    return d->policy.special == special_push || d->policy.special == special_pop ||
           d->policy.special == special_leave;
}

static bool is_special_here(const TcgDecoded *d)
{
    if (d->policy.special == special_lea) {
        return true;
    }
    if (d->policy.special == special_pop && tcg_memory_operand(d)) {
        return false;
    }
    return d->z.operand_width == 64;
}

static bool is_candidate(const TcgDecoded *d)
{
    switch (d->z.mnemonic) {
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED:
    case ZYDIS_MNEMONIC_CLI:            /* not for CPL 3 */
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_PUSHFQ:         /* whose other flags are the state's */
        return false;
    default:
        return d->policy.kind == TCG_KIND_VERBATIM || d->policy.kind == TCG_KIND_NOTHING ||
               (d->policy.kind == TCG_KIND_SPECIAL && is_special_here(d));
    }
}

/* ---- Placing operands ---- */

/* Whether the register can begin with that value; then it does. */
static bool set_register(RandomCase *c, guint reg, guint64 value)
{
    if (c->written & 1u << reg) {
        return false;
    }
    if (c->fixed & 1u << reg) {
        return c->start.gpr[reg] == value;
    }
    c->start.gpr[reg] = value;
    c->fixed |= 1u << reg;
    return true;
}

static guint number(ZydisRegister reg)
{
    bool high;
    guint n = gpr_number(reg, &high);

    return high ? n - 4 : n;
}

static guint64 random_target(void)
{
    guint64 target = RUN_DATA + (random_below(4) ? random_below(RUN_DATA_SIZE - 64)
                                                 : 4096 - 32 + random_below(33));

    return random_below(2) ? target & ~(guint64)31 : target;
}

/* Gives the displacement that value, if it is as wide as that. */
static bool set_displacement(const TcgDecoded *d, guint8 *bytes, gint64 value)
{
    if (d->z.raw.disp.size == 64) {
        put_64(bytes + d->z.raw.disp.offset, value);
        return true;
    }
    if (d->z.raw.disp.size != 32 || value != (gint32)value) {
        return false;
    }
    memcpy(bytes + d->z.raw.disp.offset, &value, 4);
    return true;
}

static bool place_index(RandomCase *c, ZydisRegister index, guint scale, gint64 *target)
{
    guint reg;

    if (index == ZYDIS_REGISTER_NONE) {
        return true;
    }
    reg = number(index);
    if (c->written & 1u << reg) {
        return false;
    }
    if (!(c->fixed & 1u << reg)) {
        set_register(c, reg, random_below(8192) - 4096);
    }
    *target -= c->start.gpr[reg] * scale;
    return true;
}

/* Makes the operand lie at target: by its displacement if nothing else is left. */
static bool place_base(RandomCase *c, const TcgDecoded *d, const ZydisDecodedOperand *operand,
                       guint8 *bytes, gint64 target, guint64 *ret_target)
{
    ZydisRegister base = operand->mem.base;
    guint64 value, where;

    if (base == ZYDIS_REGISTER_NONE) {
        return set_displacement(d, bytes, target);
    }
    if (base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP) {
        return set_displacement(d, bytes, target - (gint64)(RUN_CODE + RUN_CODE_OFFSET +
                                                            c->length + d->z.length));
    }
    if (c->written & 1u << number(base)) {
        return false;
    }
    if (c->fixed & 1u << number(base)) {
        /* Near the other operands with that base, if it lies in the data as it is. */
        where = *ret_target + c->start.gpr[number(base)] + operand->mem.disp.value - target;
        if (where - RUN_DATA < RUN_DATA_SIZE - 64) {
            *ret_target = where;
            return true;
        }
        return set_displacement(d, bytes, target - (gint64)c->start.gpr[number(base)]);
    }
    value = target - operand->mem.disp.value;
    if (d->z.address_width == 32) {
        value = (guint32)value | (guint64)random_below(2) << 35;
    }
    return set_register(c, number(base), value);
}

static bool place_memory(RandomCase *c, const TcgDecoded *d, guint8 *bytes, guint64 *ret_target)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);
    gint64 target;

    if (!operand) {
        return true;
    }
    target = *ret_target = random_target();
    if (operand->mem.segment == ZYDIS_REGISTER_FS) {
        if (d->z.address_width != 64) {
            return false;
        }
        target -= c->start.fs_base;
    }
    if (operand->mem.base != ZYDIS_REGISTER_NONE && operand->mem.base == operand->mem.index) {
        return false;
    }
    return place_index(c, operand->mem.index, operand->mem.scale, &target) &&
           place_base(c, d, operand, bytes, target, ret_target);
}

/* The stack pointer, or RBP for LEAVE, points into the data. */
static bool place_stack(RandomCase *c, const TcgDecoded *d)
{
    guint64 top = RUN_DATA + 2048 + random_below(4096);
    bool leave = d->policy.special == special_leave;
    guint reg = leave ? TCG_RBP : TCG_RSP;

    top = random_below(4) ? top & ~(guint64)7 : top;
    if (!leave && c->stack_moved) {
        return !c->stack_lost;
    }
    if (!(c->fixed & 1u << reg)) {
        return set_register(c, reg, top);
    }
    return !(c->written & 1u << reg) && c->start.gpr[reg] - RUN_DATA < RUN_DATA_SIZE - 64;
}

/* Where jumps go: into what is all INT3. */
static guint64 random_code(void)
{
    return RUN_CODE + 1024 + random_below(3072);
}

static bool place_direct(RandomCase *c, const TcgDecoded *d, guint8 *bytes)
{
    guint64 next = RUN_CODE + RUN_CODE_OFFSET + c->length + d->z.length;
    gint32 relative = d->z.raw.imm[0].size == 8 ? (gint32)random_below(128)
                                                : (gint32)(random_code() - next);

    memcpy(bytes + d->z.raw.imm[0].offset, &relative, d->z.raw.imm[0].size / 8);
    return true;
}

static bool place_jump(RandomCase *c, const TcgDecoded *d, guint8 *bytes, guint64 operand)
{
    const ZydisDecodedOperand *target = &d->operand[0];

    if (d->policy.special == special_call && !place_stack(c, d)) {
        return false;
    }
    if (d->policy.special == special_ret) {
        if (c->stored || c->stack_moved || !place_stack(c, d)) {
            return false;
        }
        put_64(c->start.data + (c->start.gpr[TCG_RSP] - RUN_DATA), random_code());
        return true;
    }
    if (target->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        return place_direct(c, d, bytes);
    }
    if (target->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        return !(c->fixed & 1u << number(target->reg.value)) &&
               set_register(c, number(target->reg.value), random_code());
    }
    put_64(c->start.data + (operand - RUN_DATA), random_code());
    return !c->stored;
}

/* ---- One more ---- */

static void note_written(RandomCase *c, const TcgDecoded *d)
{
    for (guint i = 0; i < d->z.operand_count; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];
        bool hidden = operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;

        c->stored |= operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
                     operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
        if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(operand->reg.value) ||
            !(operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
            continue;
        }
        c->written |= 1u << number(operand->reg.value);
        if (number(operand->reg.value) == TCG_RSP) {
            c->stack_moved = true;
            c->stack_lost |= !(is_stack(d) && hidden);
        }
    }
}

/* Operands with one base are looked up together, so there shall be many of them. */
static bool is_liked(const RandomCase *c, const TcgDecoded *d)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);

    return !operand || random_below(4) == 0 ||
           (is_gpr(operand->mem.base) && number(operand->mem.base) == c->favourite);
}

static bool add(RandomCase *c, TcgDecoded *d, guint8 *bytes)
{
    guint64 operand = RUN_DATA;

    if (c->ended || (is_stack(d) && !place_stack(c, d)) ||
        !place_memory(c, d, bytes, &operand) ||
        (d->policy.ends && !place_jump(c, d, bytes, operand))) {
        return false;
    }
    memcpy(c->code + c->length, bytes, d->z.length);
    c->length += d->z.length;
    c->n++;
    c->ended = d->policy.ends;
    note_written(c, d);
    return true;
}

static bool decode(const guint8 bytes[15], TcgDecoded *ret)
{
    return tcg_decode(RIG_MODE_64, bytes, 15, ret) == TCG_DECODED && is_candidate(ret);
}

bool random_add_bytes(RandomCase *c, const guint8 bytes[15])
{
    static TcgDecoded d;
    guint8 copy[15];

    memcpy(copy, bytes, sizeof(copy));
    return decode(copy, &d) && add(c, &d, copy);
}

bool random_add(RandomCase *c)
{
    static TcgDecoded d;
    guint8 bytes[15];

    random_bytes(bytes);
    return decode(bytes, &d) && (c->n == 0 || is_liked(c, &d)) && add(c, &d, bytes);
}
