/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block: decoded up to a control transfer, the end of the page, or 60
 * instructions; then liveness of flags is computed backwards, then code generated
 * forwards.
 *
 * A trace is a block that replaces the one at the start of a hot loop.  It continues
 * after conditional jumps, which leave it if they do not go the predicted way, and
 * contains several rounds of the loop: so there are fewer block heads, flags stay where
 * they are, and more accesses can be checked together.
 */
#include "config.h"
#include "tcg/translate.h"

#include <string.h>

#include "tcg/ops.h"

enum { MAX_ROUNDS = 8 };            /* of a loop in a trace */

static guint offset_in_page(const TcgTranslation *t, guint64 rip)
{
    return (t->cs_base + rip) & 0xfff;
}

/* ---- Decoding ---- */

typedef struct {
    const guint8 *bytes, *next;
    gsize available;
} Source;

/* An instruction whose bytes end in the next page: only as the first of a block. */
static TcgDecodeResult decode_crossing(TcgTranslation *t, const Source *source, TcgDecoded *d)
{
    guint8 bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    gsize n = MIN(source->available, sizeof(bytes));

    if (!source->next) {
        return TCG_DECODE_MORE;
    }
    memcpy(bytes, source->bytes, n);
    memcpy(bytes + n, source->next, sizeof(bytes) - n);
    return tcg_decode(t->mode, bytes, sizeof(bytes), d);
}

static void make_fault(TcgDecoded *d, TcgHelper op, guint length)
{
    memset(d, 0, sizeof(*d));
    d->z.length = length;
    d->policy = (TcgPolicy){ .kind = TCG_KIND_HELPER, .helper = op, .ends = true };
}

/* Adds the instruction at offset; false: the block ends before it. */
static bool decode_next(TcgTranslation *t, const Source *source, guint offset)
{
    TcgDecoded *d = &t->insn[t->n];
    TcgDecodeResult result = tcg_decode(t->mode, source->bytes + offset,
                                        source->available - offset, d);

    if (result == TCG_DECODE_MORE) {
        t->needs_next = t->n == 0 && !source->next;
        if (t->n > 0 || t->needs_next) {
            return false;
        }
        result = decode_crossing(t, source, d);
        t->block->next_page = source->next;
    }
    switch (result) {
    case TCG_DECODED:
        break;
    case TCG_DECODE_TOO_LONG:
        make_fault(d, tcg_op_gp, 1);
        break;
    default:
        make_fault(d, tcg_op_ud, 1);
        break;
    }
    if (result != TCG_DECODED) {
        t->granules |= tcg_granules(offset_in_page(t, t->rip) + offset,
                                    MIN(offset_in_page(t, t->rip) + offset + 14, 0xfff));
    }
    d->offset = offset;
    t->n++;
    return true;
}

static guint64 branch_target(const TcgTranslation *t, const TcgDecoded *d)
{
    return translate_ip(t, insn_rip(t, d) + d->z.length + d->z.raw.imm[0].value.s);
}

/* How a trace continues after a jump: at its own start, if the jump goes there and there is
 * room for another round of the loop; otherwise after a forward jump. */
static guint8 follow(const TcgTranslation *t, const TcgDecoded *d, guint *round)
{
    bool conditional = d->policy.special == special_jcc;
    bool direct = d->operand[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;

    if (!t->trace || t->n_followed == TCG_MAX_ASIDE || d->z.operand_width != 64 ||
        !(conditional || (d->policy.special == special_jmp && direct))) {
        return TCG_FOLLOW_NONE;
    }
    if (branch_target(t, d) == t->rip) {
        *round = *round ? *round : t->n;
        return t->n + *round <= TCG_MAX_INSNS && t->n < MAX_ROUNDS * *round
            ? TCG_FOLLOW_TARGET : TCG_FOLLOW_NONE;
    }
    return conditional && branch_target(t, d) > insn_rip(t, d) ? TCG_FOLLOW_NEXT : TCG_FOLLOW_NONE;
}

static void decode_block(TcgTranslation *t, const Source *source)
{
    guint limit = t->mode & TCG_MODE_STEP ? 1 : TCG_MAX_INSNS, offset = 0, round = 0;

    while (t->n < limit && offset < source->available && decode_next(t, source, offset)) {
        TcgDecoded *d = &t->insn[t->n - 1];

        offset += d->z.length;
        t->block->length = MAX(t->block->length, offset);
        d->follow = follow(t, d, &round);
        if (d->follow) {
            t->n_followed++;
            offset = d->follow == TCG_FOLLOW_TARGET ? 0 : offset;
        } else if (d->policy.ends) {
            break;
        }
        if (d->z.mnemonic == ZYDIS_MNEMONIC_STI) {
            limit = MIN(limit, t->n + 1);       /* see special_sti() */
        }
    }
}

/* ---- Liveness ---- */

/* What the code at the block's static successors in this page reads before it writes it. */
static guint32 live_at(TcgTranslation *t, const Source *source, guint64 rip)
{
    gint64 offset = rip - t->rip;
    guint64 first = (t->cs_base + t->rip) & ~0xfffull;
    guint32 live = EFLAGS_ARITHMETIC, read = 0;
    TcgDecoded *d = &t->insn[TCG_MAX_INSNS];
    const guint8 *bytes = source->bytes + offset;

    if (t->exact || ((t->cs_base + rip) & ~0xfffull) != first || t->block->next_page) {
        return EFLAGS_ARITHMETIC;
    }
    for (guint i = 0; i < 8 && live; i++) {
        guint at = offset_in_page(t, rip);

        if (tcg_decode(t->mode, bytes, 0x1000 - at, d) != TCG_DECODED) {
            break;
        }
        t->granules |= tcg_granules(at, at + d->z.length - 1);
        read |= d->reads & live;
        if (d->policy.ends && d->policy.kind == TCG_KIND_HELPER) {
            break;
        }
        live &= ~d->writes;
        if (d->policy.ends) {
            break;
        }
        bytes += d->z.length;
        rip += d->z.length;
        if (((t->cs_base + rip) & ~0xfffull) != first) {
            break;
        }
    }
    return read | live;
}

/* Where execution continues after the last instruction, if that is not a jump. */
static guint64 next_rip(const TcgTranslation *t)
{
    const TcgDecoded *last = &t->insn[t->n - 1];

    return last->follow == TCG_FOLLOW_TARGET ? t->rip : insn_rip(t, last) + last->z.length;
}

static guint32 live_out(TcgTranslation *t, const Source *source)
{
    const TcgDecoded last = t->insn[t->n - 1];
    guint64 next = next_rip(t);

    if (t->mode & TCG_MODE_STEP) {
        return EFLAGS_ARITHMETIC;
    }
    if (!last.policy.ends || last.follow) {
        return live_at(t, source, next);
    }
    if (last.policy.kind == TCG_KIND_HELPER ||
        last.operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        return EFLAGS_ARITHMETIC;
    }
    switch (last.z.meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
        return live_at(t, source, branch_target(t, &last)) | live_at(t, source, next);
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_CALL:
        return live_at(t, source, branch_target(t, &last));
    default:
        return EFLAGS_ARITHMETIC;
    }
}

/* At the jump's other target, where it leaves the trace. */
static guint32 live_aside(TcgTranslation *t, const Source *source, const TcgDecoded *d)
{
    guint64 next = insn_rip(t, d) + d->z.length;

    return d->policy.special == special_jmp ? 0
         : live_at(t, source, d->follow == TCG_FOLLOW_TARGET ? next : branch_target(t, d));
}

static void find_live(TcgTranslation *t, const Source *source)
{
    guint32 live = live_out(t, source);

    for (guint i = t->n; i-- > 0; ) {
        TcgDecoded *d = &t->insn[i];

        if (d->policy.kind == TCG_KIND_HELPER) {
            /* C may read all of them. */
            d->reads = EFLAGS_ARITHMETIC;
            d->writes = 0;
        }
        if (d->follow) {
            d->live_aside = live_aside(t, source, d);
            live |= d->live_aside;
        }
        d->live = t->exact ? EFLAGS_ARITHMETIC : live;
        live = flags_live_before(d);
    }
}

/* ---- Code ---- */

/* cmp dword [rsp + pending], 0; jne out.  The first has exactly these bytes: see close_entry(). */
static guint8 *emit_head(TcgTranslation *t)
{
    if (t->mode & TCG_MODE_STEP) {
        /* mov byte [rsp + stepped], 1 */
        emit_bytes(&t->e, "\xc6\x84\x24", 3);
        emit_32(&t->e, STATE(stepped));
        emit_8(&t->e, 1);
        return NULL;
    }
    emit_bytes(&t->e, "\x83\x3c\x24\x00", 4);
    return emit_jcc(&t->e, CC_NE);
}

static void emit_out(TcgTranslation *t, guint8 *site)
{
    if (site) {
        emit_target(&t->e, site, t->e.p);
        emit_mov_imm(&t->e, HOST_T0, t->rip);
        emit_jmp_state(&t->e, STATE_THUNK(TCG_THUNK_RIP));
    }
}

void translate_note(TcgTranslation *t, const TcgDecoded *d)
{
    if (t->n_notes < TCG_MAX_NOTES) {
        t->note[t->n_notes++] = (TcgNote){
            .host = t->e.p - t->e.start,
            .guest = d->offset,
            .flags_in_host = !!(t->flags & FLAGS_IN_HOST),
        };
    }
}

static void translate_insn(TcgTranslation *t, TcgDecoded *d)
{
    translate_note(t, d);
    switch (d->policy.kind) {
    case TCG_KIND_NOTHING:
        break;
    case TCG_KIND_VERBATIM:
        translate_verbatim(t, d);
        break;
    case TCG_KIND_SPECIAL:
        if (!d->policy.special(t, d)) {
            translate_helper(t, d, d->policy.helper, d->policy.ends);
        }
        break;
    case TCG_KIND_HELPER:
        translate_helper(t, d, d->policy.helper, d->policy.ends);
        break;
    }
}

static void emit_used(TcgTranslation *t)
{
    bool x87 = false, avx = false;

    for (guint i = 0; i < t->n; i++) {
        x87 |= tcg_uses_x87(&t->insn[i]);
        avx |= tcg_uses_avx(&t->insn[i]);
    }
    if (x87) {
        emit_x87_check(t);
    }
    if (avx) {
        emit_avx_mark(t);
    }
}

static void generate(TcgTranslation *t)
{
    guint8 *out = emit_head(t);

    t->flags = FLAGS_IN_STATE;
    emit_used(t);
    for (guint i = 0; i < t->n; i++) {
        translate_insn(t, &t->insn[i]);
    }
    if (!t->ended) {
        flags_settle(t, t->insn[t->n - 1].live);
        emit_exit(t, next_rip(t));
    }
    emit_asides(t);
    emit_exit_stubs(t);
    emit_out(t, out);
    emit_stubs(t);
}

static TcgBlock *new_block(TcgCache *cache, const TcgBlockKey *key, bool trace)
{
    TcgBlock *block = tcg_cache_alloc(cache, sizeof(TcgBlock));

    block->key = *key;
    block->trace = trace;
    return block;
}

static void finish_block(TcgTranslation *t)
{
    TcgCache *cache = t->cache;
    TcgBlock *block = t->block;

    guint first = offset_in_page(t, t->rip), end = first + block->length;

    block->granules[0] = t->granules | tcg_granules(first, MIN(end, 0x1000) - 1);
    block->granules[1] = block->next_page ? 1 : 0;      /* an instruction has 15 bytes at most */
    block->n_notes = t->n_notes;
    block->notes = tcg_cache_alloc(cache, t->n_notes * sizeof(TcgNote));
    memcpy(block->notes, t->note, t->n_notes * sizeof(TcgNote));
    block->code = t->e.start - cache->write;
    block->code_size = t->e.p - t->e.start;
    cache->used += (block->code_size + 15) & ~(gsize)15;
}

TcgTranslateResult tcg_translate_block(TcgCache *cache, const TcgState *s,
                                       const TcgBlockKey *key, const guint8 *bytes,
                                       gsize available, const guint8 *next, bool trace,
                                       TcgBlock **ret_block)
{
    g_autofree TcgTranslation *t = NULL;
    Source source = { bytes, next, available };

    if (tcg_cache_full(cache)) {
        return TCG_TRANSLATE_FULL;
    }
    t = g_new(TcgTranslation, 1);
    memset(t, 0, offsetof(TcgTranslation, note));
    t->cache = cache;
    t->s = s;
    t->mode = key->mode;
    t->rip = key->rip;
    t->cs_base = key->cs_base;
    t->exact = cache->exact_flags;
    t->trace = trace;
    t->block = new_block(cache, key, trace);
    t->e.start = t->e.p = cache->write + cache->used;
    t->e.end = cache->write + cache->size;
    decode_block(t, &source);
    if (t->needs_next) {
        return TCG_TRANSLATE_NEXT;
    }
    find_live(t, &source);
    find_groups(t);
    generate(t);
    if (emit_overflowed(&t->e) || t->too_large) {
        return TCG_TRANSLATE_FULL;
    }
    finish_block(t);
    *ret_block = t->block;
    return TCG_TRANSLATED;
}
