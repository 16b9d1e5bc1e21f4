/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One memory access of generated code:
 *
 *           r10 = offset
 *           [compare with the segment's end, add its base]      unless flat
 *  checked: index of the TLB entry; compare; ja slow
 *           the instruction, at [r11 + r10]
 *  cont:
 *
 * An access of a trace first checks its site (TcgState.site_tag), to which the TLB entry is
 * copied; the TLB lookup is then out of line, and the instruction uses [r10].  Where pointers are
 * followed, and each access is to another page, there is no site.  But pages that are adjacent in
 * guest memory are usually adjacent on the host, too: the difference between host and linear
 * address is guessed to be the last one, and compared with the TLB's.  So the processor has the
 * address immediately, and the TLB lookup overlaps with what follows.
 *
 * Out of line
 *
 *  slow:    r10 = linear address again; r11 = record; to C, which goes on at
 *           checked (the TLB was filled) or at copy with a host address in r10
 *  copy:    the instruction, at [r10]; to C, which goes on at cont, or leaves
 *
 * The record has the data for C (TcgMemop, cache.h).
 */
#include "config.h"
#include "tcg/translate.h"

guint segment_of(const ZydisDecodedOperand *operand)
{
    switch (operand->mem.segment) {
    case ZYDIS_REGISTER_ES:
        return TCG_ES;
    case ZYDIS_REGISTER_CS:
        return TCG_CS;
    case ZYDIS_REGISTER_SS:
        return TCG_SS;
    case ZYDIS_REGISTER_FS:
        return TCG_FS;
    case ZYDIS_REGISTER_GS:
        return TCG_GS;
    default:
        return TCG_DS;
    }
}

/* ---- Offsets ---- */

/* A register of the address; one in the state is loaded into scratch. */
static guint address_register(TcgTranslation *t, ZydisRegister reg, guint scratch)
{
    bool high;

    return reg == ZYDIS_REGISTER_NONE ? TCG_NO_REG
         : emit_guest_reg(t, gpr_number(reg, &high), scratch);
}

/* lea r10, [base + index * scale + disp] */
static void emit_lea_full(TcgEmit *e, bool wide, guint base, guint index, guint scale, gint32 disp)
{
    guint shift = scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
    bool no_base = base == TCG_NO_REG;

    emit_8(e, emit_rex(wide, HOST_T0, index, no_base ? 0 : base));
    emit_8(e, OP_LEA);
    emit_8(e, (no_base ? 0 : 0x80) | (HOST_T0 & 7) << 3 | 4);
    emit_8(e, shift << 6 | (index & 7) << 3 | (no_base ? 5 : base & 7));
    emit_32(e, disp);
}

static void emit_ea_constant(TcgTranslation *t, const TcgDecoded *d,
                             const ZydisDecodedOperand *operand)
{
    guint64 address = operand->mem.disp.value;

    if (operand->mem.base == ZYDIS_REGISTER_RIP || operand->mem.base == ZYDIS_REGISTER_EIP) {
        address += insn_rip(t, d) + d->z.length;
    }
    emit_mov_imm(&t->e, HOST_T0, d->z.address_width == 64 ? address
                 : d->z.address_width == 32 ? (guint32)address : address & 0xffff);
}

void emit_ea(TcgTranslation *t, const TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    bool wide = d->z.address_width == 64;
    bool relative = operand->mem.base == ZYDIS_REGISTER_RIP ||
                    operand->mem.base == ZYDIS_REGISTER_EIP;
    guint base, index;

    if (relative || (operand->mem.base == ZYDIS_REGISTER_NONE &&
                     operand->mem.index == ZYDIS_REGISTER_NONE)) {
        emit_ea_constant(t, d, operand);
        return;
    }
    base = address_register(t, operand->mem.base, HOST_T0);
    index = address_register(t, operand->mem.index, HOST_T1);
    if (index != TCG_NO_REG) {
        emit_lea_full(&t->e, wide, base, index, operand->mem.scale, operand->mem.disp.value);
    } else if (operand->mem.disp.value == 0) {
        emit_reg(&t->e, wide, OP_MOV_LOAD, HOST_T0, base);     /* which costs the host no time */
    } else {
        emit_lea(&t->e, wide, HOST_T0, base, operand->mem.disp.value);
    }
    if (d->z.address_width == 16) {
        emit_reg(&t->e, false, OP_MOVZX16, HOST_T0, HOST_T0);
    }
}

/* ---- The check ---- */

static TcgStub *new_stub(TcgTranslation *t)
{
    if (t->n_stubs == TCG_MAX_STUBS) {
        t->too_large = true;
        return &t->stub[0];
    }
    return &t->stub[t->n_stubs++];
}

/* In 64-bit mode FS and GS have a base; elsewhere all may have base and limit. */
static void emit_segment(TcgTranslation *t, TcgStub *stub, guint segment)
{
    TcgEmit *e = &t->e;
    bool based = segment == TCG_FS || segment == TCG_GS;

    if (is_64bit(t)) {
        if (based) {
            emit_state(e, true, OP_ADD, HOST_T0, STATE_SEGMENT(segment, base));
        }
        return;
    }
    if (t->mode & TCG_MODE_FLAT && !based && segment != TCG_CS) {
        return;
    }
    emit_lea(e, true, HOST_T1, HOST_T0, stub->size - 1);
    emit_state(e, true, OP_CMP, HOST_T1, stub->how & TCG_ACCESS_WRITE
               ? STATE_SEGMENT(segment, end_write) : STATE_SEGMENT(segment, end_read));
    stub->segment = emit_jcc(e, CC_AE);
    emit_state(e, false, OP_ADD, HOST_T0, STATE_SEGMENT(segment, base));
}

static gsize tlb_of(guint32 mode)
{
    return STATE(tlb) + tcg_tlb_index(mode) * sizeof(TcgTlbEntry) * TCG_TLB_SIZE;
}

/* op r11-indexed state: opcode reg, [rsp + r11 + offset] */
static void emit_entry(TcgEmit *e, guint opcode, guint reg, gsize offset)
{
    emit_8(e, emit_rex(true, reg, HOST_T1, HOST_RSP));
    emit_8(e, opcode);
    emit_8(e, 0x80 | (reg & 7) << 3 | 4);
    emit_8(e, (HOST_T1 & 7) << 3 | HOST_RSP);
    emit_32(e, offset);
}

/* r11: offset of the entry for the page of r10 in the table. */
static void emit_tlb_index(TcgTranslation *t)
{
    TcgEmit *e = &t->e;

    if (t->cache->has_rorx) {
        emit_bytes(e, "\xc4\x43\x7b\xf0\xda\x07", 6);           /* rorx r11d, r10d, 7 */
    } else {
        emit_reg(e, false, OP_MOV_LOAD, HOST_T1, HOST_T0);
        emit_bytes(e, "\x41\xc1\xeb\x07", 4);       /* shr r11d, 7 */
    }
    emit_bytes(e, "\x41\x81\xe3", 3);           /* and r11d, ... */
    emit_32(e, (TCG_TLB_SIZE - 1) * sizeof(TcgTlbEntry));
}

static void emit_cmp_offset(TcgEmit *e, guint reg, guint bytes)
{
    emit_8(e, emit_rex(true, 0, 0, reg));       /* cmp reg, 1000h - bytes */
    emit_8(e, 0x81);
    emit_8(e, 0xf8 | (reg & 7));
    emit_32(e, 0x1000 - bytes);
}

/* bytes: how many must be in the page from r10 on; result: the member to load into r11. */
static void emit_check(TcgTranslation *t, TcgStub *stub, guint bytes, gsize result)
{
    TcgEmit *e = &t->e;

    stub->checked = e->p;
    if (t->mode & TCG_MODE_ALIGN && stub->size > 1) {
        emit_bytes(e, "\x41\xf7\xc2", 3);       /* test r10d, size - 1 */
        emit_32(e, stub->size - 1);
        emit_bytes(e, "\x0f\x85", 2);           /* jnz to the slow path, past its xor */
        emit_32(e, 0);
        stub->misaligned = e->p - 4;
    }
    emit_tlb_index(t);
    emit_entry(e, OP_XOR, HOST_T0, stub->table);
    emit_cmp_offset(e, HOST_T0, bytes);
    stub->slow = emit_jcc(e, CC_A);
    emit_entry(e, OP_MOV_LOAD, HOST_T1, tlb_of(t->mode) + result);
}

/* ---- Sites ---- */

static bool is_pointer(const TcgTranslation *t, ZydisRegister reg)
{
    bool high;

    return is_gpr(reg) && t->pointers >> gpr_number(reg, &high) & 1;
}

/* Stack accesses are in groups, and their faults differ from that of an empty site. */
static bool has_site(const TcgTranslation *t, const TcgDecoded *d, guint segment, guint how)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);

    return t->trace && operand && segment != TCG_SS && !(how & TCG_ACCESS_STACK) &&
           !(t->mode & TCG_MODE_ALIGN) && !is_pointer(t, operand->mem.base) &&
           !is_pointer(t, operand->mem.index);
}

static gint16 take_site(TcgTranslation *t, bool write)
{
    return (tcg_tlb_index(t->mode) * 2 + write) * TCG_N_SITES +
           t->cache->next_site++ % TCG_N_SITES;
}

/* Leaves the host's address in r10. */
static void emit_site_check(TcgTranslation *t, TcgStub *stub)
{
    TcgEmit *e = &t->e;
    gsize site = 8 * (gsize)stub->site;

    emit_reg(e, true, OP_MOV_LOAD, HOST_T1, HOST_T0);
    emit_state(e, true, OP_XOR, HOST_T1, STATE(site_tag) + site);
    emit_cmp_offset(e, HOST_T1, stub->size);
    stub->slow = emit_jcc(e, CC_A);
    emit_state(e, true, OP_ADD, HOST_T0, STATE(site_delta) + site);
    stub->found = e->p;
}

/* Out of line: copies the TLB entry to the site, through rax. */
static void emit_site_fill(TcgTranslation *t, TcgStub *stub)
{
    TcgEmit *e = &t->e;
    gsize site = 8 * (gsize)stub->site;

    emit_target(e, stub->slow, e->p);
    stub->checked = e->p;
    emit_tlb_index(t);
    emit_entry(e, OP_XOR, HOST_T0, stub->table);
    emit_cmp_offset(e, HOST_T0, stub->size);
    stub->slow = emit_jcc(e, CC_A);
    emit_state(e, true, OP_MOV_STORE, TCG_RAX, STATE(save_rax));
    emit_entry(e, OP_MOV_LOAD, TCG_RAX, stub->table);
    emit_state(e, true, OP_MOV_STORE, TCG_RAX, STATE(site_tag) + site);
    emit_reg(e, true, OP_XOR, HOST_T0, TCG_RAX);
    emit_entry(e, OP_MOV_LOAD, HOST_T1, tlb_of(t->mode) + offsetof(TcgTlbEntry, delta));
    emit_state(e, true, OP_MOV_STORE, HOST_T1, STATE(site_delta) + site);
    emit_state(e, true, OP_MOV_LOAD, TCG_RAX, STATE(save_rax));
    emit_reg(e, true, OP_ADD, HOST_T0, HOST_T1);
    emit_target(e, emit_jmp(e), stub->found);
}

static gsize tag_of(guint32 mode, bool write)
{
    return tlb_of(mode) + (write ? offsetof(TcgTlbEntry, tag_write)
                                 : offsetof(TcgTlbEntry, tag_read));
}

void emit_at(TcgTranslation *t, bool wide, guint opcode, guint reg, TcgAddress address)
{
    if (address.index != TCG_NO_REG) {
        emit_mem_index(&t->e, wide, opcode, reg, address.base, address.index, address.disp);
    } else {
        emit_mem(&t->e, wide, opcode, reg, address.base, address.disp);
    }
}

/* r11 is the difference that the TLB has: the same from another place. */
static void emit_guess(TcgTranslation *t, TcgStub *stub)
{
    gsize guess;

    stub->guess = t->cache->next_guess++ % TCG_N_GUESSES;
    guess = STATE(guess) + 8 * (gsize)stub->guess;
    emit_state(&t->e, true, OP_CMP, HOST_T1, guess);
    stub->wrong = emit_jcc(&t->e, CC_NE);
    emit_state(&t->e, true, OP_MOV_LOAD, HOST_T1, guess);
    stub->corrected = t->e.p;
}

static void emit_correction(TcgEmit *e, const TcgStub *stub)
{
    emit_target(e, stub->wrong, e->p);
    emit_state(e, true, OP_MOV_STORE, HOST_T1, STATE(guess) + 8 * (gsize)stub->guess);
    emit_target(e, emit_jmp(e), stub->corrected);
}

void emit_group_check(TcgTranslation *t, TcgDecoded *d, const TcgGroup *group, guint size,
                      guint how)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);
    TcgStub *stub = new_stub(t);

    *stub = (TcgStub){
        .d = d, .size = size, .how = how, .segment_number = TCG_DS, .group = group, .site = -1,
        .guess = -1,
        .table = tag_of(t->mode, group->writes),
    };
    emit_check(t, stub, group->end - group->min, offsetof(TcgTlbEntry, delta));
    if (t->trace && operand && is_pointer(t, operand->mem.base)) {
        emit_guess(t, stub);
    }
    emit_state(&t->e, true, OP_MOV_STORE, HOST_T1, STATE(group_delta) + 8 * (gsize)group->slot);
}

/* [base + constant] in a trace, where base was loaded from memory. */
static bool follows_pointer(const TcgTranslation *t, const TcgDecoded *d)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);

    return t->trace && d->alone && d->policy.kind == TCG_KIND_VERBATIM && operand &&
           operand->mem.index == ZYDIS_REGISTER_NONE && is_pointer(t, operand->mem.base);
}

/* As for the first of a group: r11 is the difference, and the address does not need r10. */
static TcgAddress emit_pointer_check(TcgTranslation *t, const TcgDecoded *d, TcgStub *stub)
{
    const ZydisDecodedOperand *operand = tcg_memory_operand(d);
    guint base = operand->mem.base - ZYDIS_REGISTER_RAX;

    emit_check(t, stub, stub->size, offsetof(TcgTlbEntry, delta));
    emit_guess(t, stub);
    return (TcgAddress){ emit_guest_reg(t, base, HOST_T0), HOST_T1, operand->mem.disp.value };
}

void emit_access(TcgTranslation *t, TcgDecoded *d, guint segment, guint size, guint how,
                 bool may_leave, TcgBody body, void *argument)
{
    TcgStub *stub = new_stub(t);
    TcgAddress address = { HOST_T1, HOST_T0, 0 };

    *stub = (TcgStub){
        .d = d, .body = body, .argument = argument, .size = size, .how = how,
        .segment_number = segment, .may_leave = may_leave, .site = -1, .guess = -1,
        .table = tag_of(t->mode, how & TCG_ACCESS_WRITE),
    };
    emit_segment(t, stub, segment);
    if (has_site(t, d, segment, how)) {
        stub->site = take_site(t, how & TCG_ACCESS_WRITE);
        emit_site_check(t, stub);
        address = (TcgAddress){ HOST_T0, TCG_NO_REG, 0 };
    } else if (follows_pointer(t, d)) {
        address = emit_pointer_check(t, d, stub);
    } else {
        emit_check(t, stub, size, offsetof(TcgTlbEntry, page));
    }
    stub->flags_before = t->flags;
    translate_note(t, d);               /* the check has changed the host's flags */
    body(t, d, address, argument);
    stub->flags_after = t->flags;
    stub->cont = t->e.p;
}

/* ---- Out of line ---- */

/* lea r11, [rip + record]; returns where the displacement is. */
static guint8 *emit_lea_record(TcgEmit *e)
{
    emit_bytes(e, "\x4c\x8d\x1d", 3);
    emit_32(e, 0);
    return e->p - 4;
}

/* The instruction at [r10], then back to C; returns the address of its reference to the record. */
static guint8 *emit_copy(TcgTranslation *t, TcgStub *stub)
{
    guint8 *site;

    t->flags = stub->flags_before;
    translate_note(t, stub->d);
    stub->body(t, stub->d, (TcgAddress){ HOST_T0, TCG_NO_REG, 0 }, stub->argument);
    site = emit_lea_record(&t->e);
    emit_jmp_state(&t->e, STATE_THUNK(TCG_THUNK_COPIED));
    return site;
}

static TcgMemop record_of(const TcgTranslation *t, const TcgStub *stub, const guint8 *copy)
{
    const guint8 *here = t->e.p;

    return (TcgMemop){
        .rip = insn_rip(t, stub->d),
        .checked = stub->checked - here,
        .copy = copy - here,
        .cont = stub->group ? 0 : stub->cont - here,
        .size = stub->size,
        .how = stub->how,
        .segment = stub->segment_number,
        .length = stub->d->z.length,
        .may_leave = stub->may_leave,
        .flags_in_host = stub->flags_after & FLAGS_IN_HOST,
        .span = stub->group ? stub->group->end - stub->group->min : 0,
        .offset = stub->group ? stub->d->group_offset : 0,
        .group_writes = stub->group && stub->group->writes,
    };
}

static void emit_stub(TcgTranslation *t, TcgStub *stub)
{
    TcgEmit *e = &t->e;
    guint8 *site[3] = { NULL };
    const guint8 *copy;
    TcgMemop record;

    if (stub->site >= 0) {
        emit_site_fill(t, stub);
    }
    if (stub->guess >= 0) {
        emit_correction(e, stub);
    }
    emit_target(e, stub->slow, e->p);
    emit_entry(e, OP_XOR, HOST_T0, stub->table);
    if (stub->misaligned) {
        emit_target(e, stub->misaligned, e->p);
    }
    site[0] = emit_lea_record(e);
    emit_jmp_state(e, STATE_THUNK(TCG_THUNK_SLOW));
    if (stub->segment) {
        emit_target(e, stub->segment, e->p);
        site[1] = emit_lea_record(e);
        emit_jmp_state(e, STATE_THUNK(TCG_THUNK_SEGMENT));
    }
    copy = e->p;
    site[2] = stub->group ? NULL : emit_copy(t, stub);
    record = record_of(t, stub, copy);
    for (guint i = 0; i < G_N_ELEMENTS(site); i++) {
        if (site[i]) {
            emit_target(e, site[i], e->p);
        }
    }
    emit_bytes(e, &record, sizeof(record));
}

void emit_stubs(TcgTranslation *t)
{
    for (guint i = 0; i < t->n_stubs; i++) {
        emit_stub(t, &t->stub[i]);
    }
}
