/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copied instruction: the same opcode and immediates, with the host registers
 * of the guest's registers and the host address of the memory operand.
 *
 * Guest registers r9 r10 r11 are loaded into a temporary before and stored after.
 * Temporaries are r10 and r11 as far as the address does not need them, then
 * registers that the instruction does not name, whose contents are saved in
 * `spare`.
 */
#include "config.h"
#include "tcg/translate.h"

enum { MAX_GPRS = 5 };

/* A general register that the instruction names, and where. */
typedef struct {
    guint guest, host;
    ZydisOperandEncoding encoding;
    bool high;                  /* ah ch dh bh */
    bool load, store;           /* to and from the state, for those kept there */
    guint8 borrowed;            /* 1 + index in spare; 0: not */
} Gpr;

/* How the instruction is to be encoded. */
typedef struct {
    Gpr gpr[MAX_GPRS];
    guint n_gprs, n_borrowed;
    guint32 used;               /* bits by host register: named, or temporary */
    bool high;                  /* a high byte register forbids REX */
    TcgAddress address;
    bool has_memory;
} Form;

bool is_gpr(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_R15;
}

guint gpr_number(ZydisRegister reg, bool *ret_high)
{
    guint n;

    *ret_high = false;
    if (reg >= ZYDIS_REGISTER_RAX) {
        return reg - ZYDIS_REGISTER_RAX;
    }
    if (reg >= ZYDIS_REGISTER_EAX) {
        return reg - ZYDIS_REGISTER_EAX;
    }
    if (reg >= ZYDIS_REGISTER_AX) {
        return reg - ZYDIS_REGISTER_AX;
    }
    n = reg - ZYDIS_REGISTER_AL;        /* al cl dl bl ah ch dh bh spl bpl sil dil r8b ... */
    *ret_high = n >= 4 && n < 8;
    return n < 8 ? n : n - 4;
}

guint emit_guest_reg(TcgTranslation *t, guint guest, guint scratch)
{
    if (!lives_in_state(guest)) {
        return host_of(guest);
    }
    emit_state(&t->e, true, OP_MOV_LOAD, scratch, STATE_GPR(guest));
    return scratch;
}

/* ---- Registers ---- */

/* BSF and BSR of zero do not change the register, although the manual leaves it undefined. */
static bool writes_all(const TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    return operand->size >= 32 && !(operand->actions & ZYDIS_OPERAND_ACTION_CONDWRITE) &&
           d->z.mnemonic != ZYDIS_MNEMONIC_BSF && d->z.mnemonic != ZYDIS_MNEMONIC_BSR;
}

static void add_gpr(const TcgDecoded *d, Form *form, const ZydisDecodedOperand *operand)
{
    Gpr *gpr = &form->gpr[form->n_gprs++];
    bool writes = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

    *gpr = (Gpr){ .encoding = operand->encoding };
    gpr->guest = gpr_number(operand->reg.value, &gpr->high);
    gpr->host = gpr->high ? gpr->guest : host_of(gpr->guest);
    form->high |= gpr->high;
    if (!lives_in_state(gpr->guest) || gpr->high) {
        form->used |= 1u << (gpr->high ? gpr->guest - 4 : gpr->host);
        return;
    }
    gpr->store = writes;
    gpr->load = !writes || !writes_all(d, operand) ||
                operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
}

static void find_gprs(const TcgDecoded *d, Form *form)
{
    for (guint i = 0; i < d->z.operand_count; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];
        bool high;

        if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(operand->reg.value)) {
            continue;
        }
        if (operand->encoding != ZYDIS_OPERAND_ENCODING_NONE && form->n_gprs < MAX_GPRS) {
            add_gpr(d, form, operand);
        } else {
            form->used |= 1u << (gpr_number(operand->reg.value, &high) & 15);
        }
    }
}

/* A register of the low eight that nothing uses. */
static guint free_register(const Form *form)
{
    static const guint8 order[] = { TCG_RDI, TCG_RSI, TCG_RBP, TCG_RBX, TCG_RDX, TCG_RCX, TCG_RAX };

    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!(form->used & 1u << order[i])) {
            return order[i];
        }
    }
    return TCG_RDI;             /* not reached: at most four are named */
}

static guint borrow(TcgTranslation *t, Form *form)
{
    guint reg = free_register(form);

    emit_state(&t->e, true, OP_MOV_STORE, reg, STATE(spare) + 8 * form->n_borrowed++);
    form->used |= 1u << reg;
    return reg;
}

/* The same guest register named twice has one temporary. */
static Gpr *same_before(Form *form, guint i)
{
    for (guint k = 0; k < i; k++) {
        if (form->gpr[k].guest == form->gpr[i].guest && lives_in_state(form->gpr[k].guest)) {
            return &form->gpr[k];
        }
    }
    return NULL;
}

/* Gives registers that live in the state, or cannot be named together with a high byte,
 * another one; first the scratch registers in `free`. */
static void place_gprs(TcgTranslation *t, Form *form, guint32 free)
{
    for (guint i = 0; i < form->n_gprs; i++) {
        Gpr *gpr = &form->gpr[i], *same = same_before(form, i);
        bool in_state = lives_in_state(gpr->guest) && !gpr->high;

        if (same) {
            gpr->host = same->host;
            same->load |= gpr->load;
            same->store |= gpr->store;
            gpr->load = gpr->store = false;
        } else if (in_state && free && !form->high) {
            gpr->host = free & 1u << HOST_T0 ? HOST_T0 : HOST_T1;
            free &= ~(1u << gpr->host);
        } else if (in_state) {
            gpr->host = borrow(t, form);
            gpr->borrowed = form->n_borrowed;
        } else if (form->high && gpr->host == HOST_GUEST_RSP) {
            gpr->host = borrow(t, form);
            gpr->borrowed = form->n_borrowed;
        }
    }
    for (guint i = 0; i < form->n_gprs; i++) {
        const Gpr *gpr = &form->gpr[i];

        if (gpr->load) {
            emit_state(&t->e, true, OP_MOV_LOAD, gpr->host, STATE_GPR(gpr->guest));
        } else if (gpr->borrowed && gpr->guest == TCG_RSP) {
            emit_reg(&t->e, true, OP_MOV_LOAD, gpr->host, HOST_GUEST_RSP);
        }
    }
}

static void put_back(TcgTranslation *t, const Form *form)
{
    for (guint i = 0; i < form->n_gprs; i++) {
        const Gpr *gpr = &form->gpr[i];

        if (gpr->store) {
            emit_state(&t->e, true, OP_MOV_STORE, gpr->host, STATE_GPR(gpr->guest));
        } else if (gpr->borrowed && gpr->guest == TCG_RSP) {
            emit_reg(&t->e, true, OP_MOV_LOAD, HOST_GUEST_RSP, gpr->host);
        }
        if (gpr->borrowed) {
            emit_state(&t->e, true, OP_MOV_LOAD, gpr->host,
                       STATE(spare) + 8 * (gpr->borrowed - 1));
        }
    }
}

/* ---- Encoding ---- */

static const Gpr *gpr_at(const Form *form, ZydisOperandEncoding encoding)
{
    for (guint i = 0; i < form->n_gprs; i++) {
        if (form->gpr[i].encoding == encoding) {
            return &form->gpr[i];
        }
    }
    return NULL;
}

/* The number in that field, of a general register or any other. */
static guint field(const TcgDecoded *d, const Form *form, ZydisOperandEncoding encoding,
                   guint otherwise)
{
    const Gpr *gpr = gpr_at(form, encoding);

    if (gpr) {
        return gpr->host;
    }
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];

        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && operand->encoding == encoding) {
            return ZydisRegisterGetId(operand->reg.value);
        }
    }
    return otherwise;
}

/* Whether it works on general registers, with a size by prefix 66h and REX.W. */
static bool is_general(const TcgDecoded *d)
{
    switch (d->z.meta.isa_set) {
    case ZYDIS_ISA_SET_X87:
    case ZYDIS_ISA_SET_FCMOV:
    case ZYDIS_ISA_SET_SSE3X87:
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSSE3MMX:
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE3:
    case ZYDIS_ISA_SET_SSSE3:
    case ZYDIS_ISA_SET_SSE4:
    case ZYDIS_ISA_SET_SSEMXCSR:
    case ZYDIS_ISA_SET_AES:
    case ZYDIS_ISA_SET_PCLMULQDQ:
    case ZYDIS_ISA_SET_SHA:
        return false;
    case ZYDIS_ISA_SET_SSE42:
        return d->z.mnemonic == ZYDIS_MNEMONIC_CRC32;
    default:
        return true;
    }
}

/* Whether the opcode has that prefix, as part of it. */
static bool has_prefix(const TcgDecoded *d, guint8 value)
{
    for (guint i = 0; i < d->z.raw.prefix_count; i++) {
        if (d->z.raw.prefixes[i].value == value &&
            d->z.raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY) {
            return true;
        }
    }
    return false;
}

/* CRC32's second operand has a size of its own. */
static guint general_size(const TcgDecoded *d)
{
    return d->z.mnemonic == ZYDIS_MNEMONIC_CRC32 ? d->operand[1].size : d->z.operand_width;
}

static void emit_prefixes(TcgTranslation *t, const TcgDecoded *d)
{
    bool x66 = has_prefix(d, 0x66) || (is_general(d) && general_size(d) == 16);

    if (d->z.attributes & ZYDIS_ATTRIB_HAS_LOCK) {
        emit_8(&t->e, 0xf0);
    }
    if (x66) {
        emit_8(&t->e, 0x66);
    }
    if (has_prefix(d, 0xf2)) {
        emit_8(&t->e, 0xf2);
    }
    if (has_prefix(d, 0xf3) || d->z.mnemonic == ZYDIS_MNEMONIC_PAUSE) {
        emit_8(&t->e, 0xf3);
    }
}

/* REX or VEX bits, and what the fields hold. */
typedef struct {
    guint reg, rm, vvvv, opcode_reg;
    bool w, r, x, b;
    bool byte_rex;              /* a byte register that needs REX to be named */
} Fields;

static bool is_vex(const TcgDecoded *d)
{
    return d->z.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
}

static bool needs_byte_rex(const TcgDecoded *d, const Form *form)
{
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];
        const Gpr *gpr = operand->size == 8 && operand->type == ZYDIS_OPERAND_TYPE_REGISTER
            ? gpr_at(form, operand->encoding) : NULL;

        if (gpr && is_gpr(operand->reg.value) && !gpr->high && gpr->host >= 4) {
            return true;
        }
    }
    return false;
}

static Fields find_fields(const TcgTranslation *t, const TcgDecoded *d, const Form *form)
{
    Fields f = {
        .reg = field(d, form, ZYDIS_OPERAND_ENCODING_MODRM_REG, d->z.raw.modrm.reg),
        .rm = field(d, form, ZYDIS_OPERAND_ENCODING_MODRM_RM, d->z.raw.modrm.rm),
        .vvvv = field(d, form, ZYDIS_OPERAND_ENCODING_NDSNDD, 0),
        .opcode_reg = field(d, form, ZYDIS_OPERAND_ENCODING_OPCODE, 0),
        .byte_rex = needs_byte_rex(d, form),
    };
    bool by_opcode = gpr_at(form, ZYDIS_OPERAND_ENCODING_OPCODE);

    f.w = is_vex(d) ? d->z.raw.vex.W : d->z.attributes & ZYDIS_ATTRIB_HAS_REX && d->z.raw.rex.W;
    if (!is_64bit(t) && (!is_vex(d) || form->n_gprs > 0)) {
        f.w = false;
    }
    f.r = f.reg >= 8;
    if (form->has_memory) {
        f.b = form->address.base >= 8;
        f.x = form->address.index != TCG_NO_REG && form->address.index >= 8;
    } else {
        f.b = (by_opcode ? f.opcode_reg : f.rm) >= 8;
    }
    return f;
}

static void emit_vex(TcgTranslation *t, const TcgDecoded *d, const Fields *f)
{
    const ZydisDecodedInstructionRawVex *vex = &d->z.raw.vex;

    emit_8(&t->e, 0xc4);
    emit_8(&t->e, !f->r << 7 | !f->x << 6 | !f->b << 5 | vex->m_mmmm);
    emit_8(&t->e, f->w << 7 | (~f->vvvv & 15) << 3 | vex->L << 2 | vex->pp);
}

static void emit_legacy(TcgTranslation *t, const TcgDecoded *d, const Fields *f)
{
    guint8 rex = 0x40 | f->w << 3 | f->r << 2 | f->x << 1 | f->b;

    emit_prefixes(t, d);
    if (rex != 0x40 || f->byte_rex) {
        emit_8(&t->e, rex);
    }
    switch (d->z.opcode_map) {
    case ZYDIS_OPCODE_MAP_0F:
        emit_8(&t->e, 0x0f);
        break;
    case ZYDIS_OPCODE_MAP_0F38:
        emit_bytes(&t->e, "\x0f\x38", 2);
        break;
    case ZYDIS_OPCODE_MAP_0F3A:
        emit_bytes(&t->e, "\x0f\x3a", 2);
        break;
    default:
        break;
    }
}

static void emit_modrm(TcgTranslation *t, const Form *form, const Fields *f)
{
    const TcgAddress *a = &form->address;
    guint reg = (f->reg & 7) << 3;
    bool none = a->disp == 0 && (a->base & 7) != 5, small = a->disp == (gint8)a->disp;
    guint mod = none ? 0 : small ? 0x40 : 0x80;

    if (!form->has_memory) {
        emit_8(&t->e, 0xc0 | reg | (f->rm & 7));
        return;
    }
    if (a->index == TCG_NO_REG) {
        emit_8(&t->e, mod | reg | (a->base & 7));
    } else {
        emit_8(&t->e, mod | reg | 4);
        emit_8(&t->e, (a->index & 7) << 3 | (a->base & 7));
    }
    if (!none && small) {
        emit_8(&t->e, a->disp);
    } else if (!none) {
        emit_32(&t->e, a->disp);
    }
}

/* mov al, [moffs] and back, which have no ModRM: as 8a, 8b, 88, 89 with rax. */
static bool is_moffs(const TcgDecoded *d)
{
    return d->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && d->z.opcode >= 0xa0 &&
           d->z.opcode <= 0xa3 && d->z.mnemonic == ZYDIS_MNEMONIC_MOV;
}

/* inc and dec without ModRM, whose opcodes are REX in 64-bit code. */
static bool is_short_inc(const TcgTranslation *t, const TcgDecoded *d)
{
    return !is_64bit(t) && d->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           (d->z.opcode & 0xf0) == 0x40;
}

/* Opcode 82 is an alias of 80, which 64-bit code does not have. */
static guint8 plain_opcode(const TcgDecoded *d)
{
    bool alias = d->z.opcode == 0x82 && d->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
                 d->z.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;

    return alias ? 0x80 : d->z.opcode;
}

static void emit_opcode(TcgTranslation *t, const TcgDecoded *d, const Form *form, const Fields *f)
{
    if (is_short_inc(t, d)) {
        emit_8(&t->e, 0xff);
        emit_8(&t->e, 0xc0 | (d->z.opcode & 8) | (f->opcode_reg & 7));
    } else if (is_moffs(d)) {
        emit_8(&t->e, (d->z.opcode & 2 ? 0x88 : 0x8a) | (d->z.opcode & 1));
        emit_modrm(t, form, f);
    } else if (gpr_at(form, ZYDIS_OPERAND_ENCODING_OPCODE)) {
        emit_8(&t->e, (d->z.opcode & 0xf8) | (f->opcode_reg & 7));
    } else {
        emit_8(&t->e, plain_opcode(d));
        if (d->z.attributes & ZYDIS_ATTRIB_HAS_MODRM) {
            emit_modrm(t, form, f);
        }
    }
}

/* Immediates are the last bytes; an address (moffs) does not count. */
static void emit_immediates(TcgTranslation *t, const TcgDecoded *d)
{
    guint first = d->z.raw.imm[0].offset;

    if (d->z.raw.imm[0].size && !is_moffs(d)) {
        emit_bytes(&t->e, d->bytes + first, d->z.length - first);
    }
}

static void emit_instruction(TcgTranslation *t, TcgDecoded *d, Form *form)
{
    Fields f = find_fields(t, d, form);

    if (is_moffs(d)) {
        f.reg = TCG_RAX;
    }
    if (is_vex(d)) {
        emit_vex(t, d, &f);
    } else {
        emit_legacy(t, d, &f);
    }
    emit_opcode(t, d, form, &f);
    emit_immediates(t, d);
}

/* ---- With and without memory ---- */

/* Eliminates the index, or chooses a register that can be combined with a high byte register. */
static void narrow_address(TcgTranslation *t, Form *form)
{
    guint reg = form->high ? borrow(t, form) : HOST_T0;

    if (form->address.index != TCG_NO_REG) {
        emit_at(t, true, OP_LEA, reg, form->address);
    } else if (reg != form->address.base) {
        emit_reg(&t->e, true, OP_MOV_LOAD, reg, form->address.base);
    }
    form->address = (TcgAddress){ reg, TCG_NO_REG, 0 };
}

static bool uses_state_registers(const Form *form)
{
    for (guint i = 0; i < form->n_gprs; i++) {
        if (lives_in_state(form->gpr[i].guest) && !form->gpr[i].high) {
            return true;
        }
    }
    return false;
}

/* Scratch registers that the address leaves free. */
static guint32 free_scratch(const TcgAddress *address)
{
    guint32 free = 1u << HOST_T0 | 1u << HOST_T1;

    free &= ~(1u << address->base);
    return address->index == TCG_NO_REG ? free : free & ~(1u << address->index);
}

static bool is_of_group(const TcgAddress *address)
{
    return address->index == HOST_T1 && address->base != HOST_T0;
}

static void verbatim_body(TcgTranslation *t, TcgDecoded *d, TcgAddress address, void *argument)
{
    Form form = { .has_memory = true, .address = address };
    guint address_borrowed = 0;

    find_gprs(d, &form);
    if (form.high) {
        narrow_address(t, &form);
        address_borrowed = form.n_borrowed;
    } else if (uses_state_registers(&form) && !is_of_group(&address)) {
        narrow_address(t, &form);
    }
    place_gprs(t, &form, free_scratch(&form.address));
    flags_prepare(t, d);
    emit_instruction(t, d, &form);
    flags_after(t, d);
    put_back(t, &form);
    if (address_borrowed) {
        emit_state(&t->e, true, OP_MOV_LOAD, form.address.base,
                   STATE(spare) + 8 * (address_borrowed - 1));
    }
}

static guint how_accessed(const TcgDecoded *d, const ZydisDecodedOperand *operand)
{
    return (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? TCG_ACCESS_READ : 0) |
           (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? TCG_ACCESS_WRITE : 0) |
           (d->z.attributes & ZYDIS_ATTRIB_HAS_LOCK ||
            (d->z.mnemonic == ZYDIS_MNEMONIC_XCHG) ? TCG_ACCESS_LOCKED : 0);
}

static void translate_register_form(TcgTranslation *t, TcgDecoded *d)
{
    Form form = { .has_memory = false };

    find_gprs(d, &form);
    place_gprs(t, &form, 1u << HOST_T0 | 1u << HOST_T1);
    flags_prepare(t, d);
    emit_instruction(t, d, &form);
    flags_after(t, d);
    put_back(t, &form);
}

void translate_verbatim(TcgTranslation *t, TcgDecoded *d)
{
    const ZydisDecodedOperand *memory = tcg_memory_operand(d);

    if (!memory) {
        translate_register_form(t, d);
        return;
    }
    flags_spill_for(t, d);
    if (emit_group_operand(t, d, memory, how_accessed(d, memory), verbatim_body, NULL)) {
        return;
    }
    emit_ea(t, d, memory);
    emit_access(t, d, segment_of(memory), memory->size / 8, how_accessed(d, memory), true,
                verbatim_body, NULL);
}
