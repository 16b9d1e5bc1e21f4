/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding by Zydis; see decode.h.
 */
#include "config.h"
#include "tcg/decode.h"

#include <string.h>

#include "tcg/translate.h"

static void init_decoder(ZydisDecoder *decoder, guint32 mode)
{
    if (mode & TCG_MODE_CODE64) {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    } else if (mode & TCG_MODE_CODE32) {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    } else if (mode & TCG_MODE_PROTECTED && !(mode & TCG_MODE_V86)) {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    } else {
        ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16);
    }
}

/* ---- Flags ---- */

/* Shifts and rotates leave the flags alone if the count is zero. */
static bool is_shift(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD:
        return true;
    default:
        return false;
    }
}

static bool count_may_be_zero(const TcgDecoded *d)
{
    const ZydisDecodedOperand *count = &d->operand[d->z.operand_count_visible - 1];
    guint mask = d->z.operand_width == 64 ? 63 : 31;

    return count->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || (count->imm.value.u & mask) == 0;
}

static void find_flags(TcgDecoded *d)
{
    const ZydisAccessedFlags *flags = d->z.cpu_flags;
    guint32 written;

    d->reads = d->writes = 0;
    d->clobbers = false;
    if (!flags) {
        return;
    }
    written = flags->modified | flags->set_0 | flags->set_1;
    d->reads = flags->tested & EFLAGS_ARITHMETIC;
    d->clobbers = (written | flags->undefined) & EFLAGS_ARITHMETIC;
    d->writes = written & EFLAGS_ARITHMETIC;
    if (is_shift(d->z.mnemonic) && count_may_be_zero(d)) {
        d->writes = 0;
    }
}

/* ---- Decoding ---- */

static TcgDecodeResult failure(ZyanStatus status, gsize size)
{
    if (status == ZYDIS_STATUS_NO_MORE_DATA) {
        return size >= ZYDIS_MAX_INSTRUCTION_LENGTH ? TCG_DECODE_TOO_LONG : TCG_DECODE_MORE;
    }
    return status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG ? TCG_DECODE_TOO_LONG : TCG_DECODE_UD;
}

/* SIB base 5 without a displacement in ModRM is not a register, even with REX.B: Zydis 4.0 reports
 * r13d with 32-bit addresses. */
static void mend_base(TcgDecoded *d)
{
    const ZydisDecodedInstructionRaw *raw = &d->z.raw;

    if (raw->modrm.mod != 0 || raw->modrm.rm != 4 || raw->sib.base != 5 ||
        d->z.address_width == 16) {
        return;
    }
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        if (d->operand[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            d->operand[i].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
            d->operand[i].mem.base = ZYDIS_REGISTER_NONE;
            d->operand[i].mem.disp.value = raw->disp.value;
        }
    }
}

TcgDecodeResult tcg_decode(guint32 mode, const guint8 *bytes, gsize size, TcgDecoded *ret)
{
    ZydisDecoder decoder;
    ZyanStatus status;

    init_decoder(&decoder, mode);
    status = ZydisDecoderDecodeFull(&decoder, bytes, size, &ret->z, ret->operand);
    if (!ZYAN_SUCCESS(status)) {
        return failure(status, size);
    }
    memcpy(ret->bytes, bytes, ret->z.length);
    mend_base(ret);
    find_flags(ret);
    ret->policy = tcg_policy(ret, mode);
    return TCG_DECODED;
}

const ZydisDecodedOperand *tcg_memory_operand(const TcgDecoded *d)
{
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];

        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
            operand->mem.type != ZYDIS_MEMOP_TYPE_AGEN &&
            operand->mem.type != ZYDIS_MEMOP_TYPE_MIB) {
            return operand;
        }
    }
    return NULL;
}

/* ---- The form for helpers ---- */

static guint8 register_number(ZydisRegister reg)
{
    bool high;

    return reg == ZYDIS_REGISTER_NONE ? TCG_NO_REG
         : is_gpr(reg) ? gpr_number(reg, &high) : (guint)ZydisRegisterGetId(reg);
}

static guint8 override_segment(const ZydisDecodedInstruction *z)
{
    return z->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS ? TCG_CS
         : z->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_SS ? TCG_SS
         : z->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_ES ? TCG_ES
         : z->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS ? TCG_FS
         : z->attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS ? TCG_GS : TCG_DS;
}

static void set_memory(const ZydisDecodedOperand *operand, TcgInsn *ret)
{
    ret->has_memory = true;
    ret->segment = segment_of(operand);
    ret->memory_size = operand->size / 8;
    ret->disp = operand->mem.disp.value;
    ret->scale = MAX(operand->mem.scale, 1);
    ret->rip_relative = operand->mem.base == ZYDIS_REGISTER_RIP ||
                        operand->mem.base == ZYDIS_REGISTER_EIP;
    ret->base = ret->rip_relative ? TCG_NO_REG : register_number(operand->mem.base);
    ret->index = register_number(operand->mem.index);
}

static void set_operands(const TcgDecoded *d, TcgInsn *ret)
{
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &d->operand[i];

        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            set_memory(operand, ret);
        } else if (operand->type == ZYDIS_OPERAND_TYPE_POINTER) {
            ret->imm = operand->ptr.offset;
            ret->imm2 = operand->ptr.segment;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
            guint8 number = register_number(operand->reg.value);

            if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
                ret->reg = number;
            } else if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM) {
                ret->rm = number;
            } else if (operand->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD) {
                ret->vvvv = number;
            } else if (operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE) {
                ret->rm = number;
            }
        }
    }
}

static guint stack_size(guint32 mode)
{
    return mode & TCG_MODE_CODE64 ? 8 : mode & TCG_MODE_STACK32 ? 4 : 2;
}

/* INS and OUTS have no 64-bit form: REX.W has no effect on them. */
static guint operand_size(const ZydisDecodedInstruction *z)
{
    guint size = MAX(z->operand_width / 8, 1);

    return z->meta.category == ZYDIS_CATEGORY_IOSTRINGOP ? MIN(size, 4) : size;
}

static bool is_mmx(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operand->reg.value >= ZYDIS_REGISTER_MM0 && operand->reg.value <= ZYDIS_REGISTER_MM7;
}

/* XSAVE, XRSTOR and the like: all registers. */
static bool uses_all(const TcgDecoded *d)
{
    return d->z.meta.isa_set == ZYDIS_ISA_SET_XSAVE || d->z.meta.isa_set == ZYDIS_ISA_SET_XSAVEC ||
           d->z.meta.isa_set == ZYDIS_ISA_SET_XSAVEOPT;
}

bool tcg_uses_avx(const TcgDecoded *d)
{
    return uses_all(d) || tcg_unit(d) == TCG_UNIT_AVX;
}

bool tcg_uses_x87(const TcgDecoded *d)
{
    switch (d->z.meta.isa_set) {
    case ZYDIS_ISA_SET_X87:
    case ZYDIS_ISA_SET_FCMOV:
    case ZYDIS_ISA_SET_SSE3X87:
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSSE3MMX:
    case ZYDIS_ISA_SET_FXSAVE:
    case ZYDIS_ISA_SET_FXSAVE64:
        return true;
    default:
        break;
    }
    for (guint i = 0; i < d->z.operand_count_visible; i++) {
        if (is_mmx(&d->operand[i])) {
            return true;
        }
    }
    /* With an operand in memory they name none (SDM vol. 2, by name). */
    return uses_all(d) || d->z.mnemonic == ZYDIS_MNEMONIC_CVTPI2PS ||
           d->z.mnemonic == ZYDIS_MNEMONIC_CVTPI2PD;
}

void tcg_insn_from_decoded(const TcgDecoded *d, guint32 mode, guint64 rip, TcgInsn *ret)
{
    const ZydisDecodedInstruction *z = &d->z;

    *ret = (TcgInsn){
        .helper = d->policy.helper,
        .rip = rip,
        .imm = z->raw.imm[0].is_signed || z->raw.imm[0].is_relative
            ? (guint64)z->raw.imm[0].value.s : z->raw.imm[0].value.u,
        .imm2 = z->raw.imm[1].value.u,
        .mnemonic = z->mnemonic,
        .opcode = z->opcode,
        .length = z->length,
        .operand_size = operand_size(z),
        .address_size = z->address_width / 8,
        .stack_size = stack_size(mode),
        .reg = z->raw.modrm.reg,
        .rm = TCG_NO_REG,
        .base = TCG_NO_REG,
        .index = TCG_NO_REG,
        .scale = 1,
        .segment = override_segment(z),
        .rex = z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
               z->attributes & ZYDIS_ATTRIB_HAS_REX,
        .rep = z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE),
        .repne = z->attributes & ZYDIS_ATTRIB_HAS_REPNE,
        .lock = z->attributes & ZYDIS_ATTRIB_HAS_LOCK,
        .vex_l = z->avx.vector_length == 256,
        .unit = tcg_unit(d),
    };
    set_operands(d, ret);
}
