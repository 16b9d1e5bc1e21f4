/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the translator share.  Heavy code, under TcgAccel.translate.
 *
 *   translate.c          a block: decode, liveness, heads and exits
 *   translate-flags.c    where the guest's arithmetic flags are
 *   translate-memory.c   one memory access, and its path through C
 *   translate-verbatim.c a copied instruction, with other registers
 *   translate-special.c  instructions that cannot be copied   translate-flow.c
 *   jumps, calls, returns
 */
#ifndef TCG_TRANSLATE_H
#define TCG_TRANSLATE_H

#include "tcg/cache.h"
#include "tcg/decode.h"
#include "tcg/emit.h"
#include "tcg/light.h"

enum {
    TCG_MAX_INSNS = 60,
    TCG_MAX_STUBS = 3 * TCG_MAX_INSNS,
    TCG_MAX_ASIDE = 16,         /* jumps out of a trace */
    TCG_MAX_EXITS = 2 + TCG_MAX_ASIDE,
};

/* Where the arithmetic flags are; neither: they are dead. */
enum {
    FLAGS_IN_HOST = 1 << 0,
    FLAGS_IN_STATE = 1 << 1,
};

/* How the memory operand is addressed: [base + index + disp], or [base] if index is TCG_NO_REG. */
typedef struct {
    guint8 base, index;
    gint32 disp;
} TcgAddress;

/* Accesses of a block near the same address, checked together. */
typedef struct {
    guint first;                /* instruction */
    guint n;                    /* accesses */
    gint32 min, end;            /* the range, from the version's value */
    guint32 version, index;     /* of base and index */
    guint8 scale;               /* 0: there is no index */
    bool writes;
    gint8 slot;                 /* of TcgState.group_delta */
} TcgGroup;

/* Emits what follows the check of an access: the instruction with all that it changes.  Called
 * twice, for the path through the TLB and for the copy; both must leave the same state. */
typedef void (*TcgBody)(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument);

typedef struct {
    TcgDecoded *d;
    TcgBody body;
    void *argument;
    guint8 *slow, *segment, *misaligned;        /* jumps to the stub, to be patched; NULL: none */
    const guint8 *checked;      /* where to continue with the linear address in r10 */
    const guint8 *cont;
    gsize table;                /* offset of the tag compared */
    guint8 size, how, segment_number;
    bool may_leave;
    const TcgGroup *group;      /* whose first access it is, or NULL */
    gint16 site;                /* of TcgState.site_tag, as if it were one array; -1: none */
    const guint8 *found;        /* where to continue after filling a site */
    gint16 guess;               /* of TcgState.guess; -1: none */
    guint8 *wrong;              /* the jump for a wrong guess, and where to continue */
    const guint8 *corrected;
    guint8 flags_before, flags_after;
} TcgStub;

/* A jump to be chained, and its target until then. */
typedef struct {
    TcgExit *exit;
    guint64 rip;
} TcgExitStub;

/* Where a jump leaves a trace, if that needs more than the jump. */
typedef struct {
    guint8 *site;
    guint64 rip;
    bool save_flags;
} TcgAside;

struct TcgTranslation {
    TcgCache *cache;
    const TcgState *s;
    TcgBlock *block;
    TcgEmit e;
    guint32 mode;
    guint64 rip, cs_base;
    bool exact;
    bool trace;
    guint n;
    guint flags;                /* FLAGS_IN_*, at the present place */
    guint n_stubs, n_exits, n_followed, n_aside;
    bool ended;                 /* an exit has been emitted */
    bool too_large, needs_next;
    guint n_notes;
    guint n_groups;
    TcgGroup group[TCG_MAX_INSNS];
    guint16 pointers;           /* registers that a trace loads from memory */
    guint64 granules;           /* of the first page, read for liveness of flags */
    TcgNote note[TCG_MAX_NOTES];
    TcgDecoded insn[TCG_MAX_INSNS + 1];
    TcgStub stub[TCG_MAX_STUBS];
    TcgExitStub exit[TCG_MAX_EXITS];
    TcgAside aside[TCG_MAX_ASIDE];
};

static inline bool is_64bit(const TcgTranslation *t)
{
    return t->mode & TCG_MODE_CODE64;
}

/* Stack and jumps as in 64-bit code, except for the width. */
static inline bool is_simple(const TcgTranslation *t)
{
    return is_64bit(t) || (~t->mode & (TCG_MODE_FLAT | TCG_MODE_CODE32 | TCG_MODE_STACK32)) == 0;
}

static inline guint64 insn_rip(const TcgTranslation *t, const TcgDecoded *d)
{
    return t->rip + d->offset;
}

/* As wide as the instruction pointer. */
guint64 translate_ip(const TcgTranslation *t, guint64 ip);
/*
 * Records that the following code belongs to that instruction, with the flags
 * where t->flags says.
 */
void translate_note(TcgTranslation *t, const TcgDecoded *d);

/* ---- translate-flags.c ---- */

/*
 * To be called before generated code changes the host's flags; live: those that
 * are still needed.
 */
void flags_spill(TcgTranslation *t, guint32 live);
/* The same before the instruction's memory access, which changes them if it is checked. */
void flags_spill_for(TcgTranslation *t, const TcgDecoded *d);
/* Makes the host's flags those of the guest. */
void flags_load(TcgTranslation *t);
/* At a block's edge: puts the flags in the state, unless none of live is needed. */
void flags_settle(TcgTranslation *t, guint32 live);
/* The flags that are needed from this instruction on. */
guint32 flags_live_before(const TcgDecoded *d);
/* Prepares the flags for a copied instruction, and updates t->flags. */
void flags_prepare(TcgTranslation *t, const TcgDecoded *d);
void flags_after(TcgTranslation *t, const TcgDecoded *d);
void emit_flags_save(TcgEmit *e);

/* ---- translate-memory.c ---- */

/* lea r10: the offset that the operand names. */
void emit_ea(TcgTranslation *t, const TcgDecoded *d, const ZydisDecodedOperand *operand);
/* An access of size bytes at the offset in r10, in a segment (TCG_DS ...); flags have been
 * spilt. */
void emit_access(TcgTranslation *t, TcgDecoded *d, guint segment, guint size, guint how,
                 bool may_leave, TcgBody body, void *argument);
void emit_stubs(TcgTranslation *t);
guint segment_of(const ZydisDecodedOperand *operand);

/* opcode reg, [address] */
void emit_at(TcgTranslation *t, bool wide, guint opcode, guint reg, TcgAddress address);
/* The check of a group's first access; r10: where its range begins. */
void emit_group_check(TcgTranslation *t, TcgDecoded *d, const TcgGroup *group, guint size,
                      guint how);

/* Whether the access to the stack, disp from RSP, that emit_access() would be called for is one
 * of a group; emits it then. */
bool emit_group_stack(TcgTranslation *t, TcgDecoded *d, gint32 disp, guint how, TcgBody body,
                      void *argument);
/* The same for an operand in memory. */
bool emit_group_operand(TcgTranslation *t, TcgDecoded *d, const ZydisDecodedOperand *operand,
                        guint how, TcgBody body, void *argument);

/* ---- translate-group.c ---- */

void find_groups(TcgTranslation *t);

/* ---- translate-verbatim.c ---- */

void translate_verbatim(TcgTranslation *t, TcgDecoded *d);
/* The number of a general register; *ret_high: it is ah ch dh bh. */
guint gpr_number(ZydisRegister reg, bool *ret_high);
bool is_gpr(ZydisRegister reg);
/* Host register with the guest's value, loading r10g.. into scratch. */
guint emit_guest_reg(TcgTranslation *t, guint guest, guint scratch);
static inline bool lives_in_state(guint guest)
{
    return guest >= 9 && guest <= 11;
}
static inline guint host_of(guint guest)
{
    return guest == TCG_RSP ? HOST_GUEST_RSP : guest;
}

/* ---- translate-special.c, translate-flow.c, translate-system.c ---- */

/* Whether the stack is as wide as the operand, and simple. */
bool is_stack_wide(const TcgTranslation *t, const TcgDecoded *d);
/* Pushes spare[0]; flags must have been spilt. */
void emit_push_spare(TcgTranslation *t, TcgDecoded *d);
bool special_cli(TcgTranslation *t, TcgDecoded *d);
bool special_sti(TcgTranslation *t, TcgDecoded *d);
bool special_pushf(TcgTranslation *t, TcgDecoded *d);

bool special_lea(TcgTranslation *t, TcgDecoded *d);
bool special_push(TcgTranslation *t, TcgDecoded *d);
bool special_pop(TcgTranslation *t, TcgDecoded *d);
bool special_leave(TcgTranslation *t, TcgDecoded *d);
bool special_jmp(TcgTranslation *t, TcgDecoded *d);
bool special_jcc(TcgTranslation *t, TcgDecoded *d);
bool special_loop(TcgTranslation *t, TcgDecoded *d);
bool special_call(TcgTranslation *t, TcgDecoded *d);
bool special_ret(TcgTranslation *t, TcgDecoded *d);

guint emit_free_scratch(TcgTranslation *t, TcgAddress *address);
void translate_helper(TcgTranslation *t, TcgDecoded *d, TcgHelper helper, bool ends);
/* At the head of a block that uses the x87, or AVX: see TcgState.x87_used. */
void emit_x87_check(TcgTranslation *t);
void emit_avx_mark(TcgTranslation *t);
/* Leaves the block for a known address; flags have been settled. */
void emit_exit(TcgTranslation *t, guint64 rip);
/* The same for jumps that leave a trace in its middle. */
void emit_asides(TcgTranslation *t);
void emit_exit_stubs(TcgTranslation *t);

/* ---- translate.c ---- */

typedef enum {
    TCG_TRANSLATED,
    TCG_TRANSLATE_FULL,         /* no room: flush and try again */
    TCG_TRANSLATE_NEXT,         /* the first instruction ends in the next page, which is needed */
} TcgTranslateResult;

/* A block, or a trace, at key->rip, whose first byte is at bytes on the host, with available
 * bytes up to the end of its page; next: the page after it, NULL if it is not known. */
TcgTranslateResult tcg_translate_block(TcgCache *cache, const TcgState *s,
                                       const TcgBlockKey *key, const guint8 *bytes,
                                       gsize available, const guint8 *next, bool trace,
                                       TcgBlock **ret_block);

#endif
