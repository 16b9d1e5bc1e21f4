/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy for each instruction: by mnemonic if it is special or executed by C,
 * else by its instruction set.  All others are #UD.
 */
#include "config.h"
#include "tcg/decode.h"

#include "tcg/ops.h"
#include "tcg/translate.h"

static const TcgPolicy verbatim = { .kind = TCG_KIND_VERBATIM };
static const TcgPolicy nothing = { .kind = TCG_KIND_NOTHING };
static const TcgPolicy undefined = { TCG_KIND_HELPER, tcg_op_ud, NULL, true };

static TcgPolicy helper(TcgHelper op)
{
    return (TcgPolicy){ .kind = TCG_KIND_HELPER, .helper = op };
}

/* A helper that changes rip, or what translations rely on. */
static TcgPolicy ending(TcgHelper op)
{
    return (TcgPolicy){ .kind = TCG_KIND_HELPER, .helper = op, .ends = true };
}

static TcgPolicy special(TcgSpecial f, TcgHelper op)
{
    return (TcgPolicy){ .kind = TCG_KIND_SPECIAL, .helper = op, .special = f };
}

static TcgPolicy special_end(TcgSpecial f, TcgHelper op)
{
    return (TcgPolicy){ .kind = TCG_KIND_SPECIAL, .helper = op, .special = f, .ends = true };
}

/* ---- What may run by the control registers ---- */

typedef enum {
    NEEDS_NOTHING,
    NEEDS_X87,
    NEEDS_SSE,
    NEEDS_AVX,
    NEEDS_PROTECTED,            /* VEX-encoded, general registers only */
    NEEDS_TO_BE_KNOWN,          /* not offered: #UD */
} Needs;

static Needs needs_of_set(const TcgDecoded *d)
{
    switch (d->z.meta.isa_set) {
    case ZYDIS_ISA_SET_I86:
    case ZYDIS_ISA_SET_I186:
    case ZYDIS_ISA_SET_I286REAL:
    case ZYDIS_ISA_SET_I286PROTECTED:
    case ZYDIS_ISA_SET_I386:
    case ZYDIS_ISA_SET_I486:
    case ZYDIS_ISA_SET_I486REAL:
    case ZYDIS_ISA_SET_PENTIUMREAL:
    case ZYDIS_ISA_SET_PPRO:
    case ZYDIS_ISA_SET_CMOV:
    case ZYDIS_ISA_SET_LONGMODE:
    case ZYDIS_ISA_SET_LZCNT:
    case ZYDIS_ISA_SET_POPCNT:
    case ZYDIS_ISA_SET_MOVBE:
    case ZYDIS_ISA_SET_ADOX_ADCX:
    case ZYDIS_ISA_SET_CMPXCHG16B:
    case ZYDIS_ISA_SET_LAHF:
    case ZYDIS_ISA_SET_RDRAND:
    case ZYDIS_ISA_SET_RDSEED:
    case ZYDIS_ISA_SET_FAT_NOP:
    case ZYDIS_ISA_SET_PAUSE:
        return NEEDS_NOTHING;
    case ZYDIS_ISA_SET_BMI1:
    case ZYDIS_ISA_SET_BMI2:
        return d->z.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ? NEEDS_PROTECTED : NEEDS_NOTHING;
    case ZYDIS_ISA_SET_X87:
    case ZYDIS_ISA_SET_FCMOV:
    case ZYDIS_ISA_SET_SSE3X87:
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSSE3MMX:
        return NEEDS_X87;
    case ZYDIS_ISA_SET_SSE:
    case ZYDIS_ISA_SET_SSE2:
    case ZYDIS_ISA_SET_SSE3:
    case ZYDIS_ISA_SET_SSSE3:
    case ZYDIS_ISA_SET_SSE4:
    case ZYDIS_ISA_SET_SSE42:
    case ZYDIS_ISA_SET_SSEMXCSR:
    case ZYDIS_ISA_SET_AES:
    case ZYDIS_ISA_SET_PCLMULQDQ:
    case ZYDIS_ISA_SET_SHA:
        return NEEDS_SSE;
    case ZYDIS_ISA_SET_AVX:
    case ZYDIS_ISA_SET_AVX2:
    case ZYDIS_ISA_SET_AVX2GATHER:
    case ZYDIS_ISA_SET_AVXAES:
    case ZYDIS_ISA_SET_FMA:
    case ZYDIS_ISA_SET_F16C:
        return NEEDS_AVX;
    default:
        return NEEDS_TO_BE_KNOWN;
    }
}

TcgUnit tcg_unit(const TcgDecoded *d)
{
    switch (d->z.meta.isa_set) {
    case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE2MMX:
    case ZYDIS_ISA_SET_SSSE3MMX:
        return TCG_UNIT_MMX;
    default:
        break;
    }
    switch (needs_of_set(d)) {
    case NEEDS_X87:
        return TCG_UNIT_X87;
    case NEEDS_SSE:
        return TCG_UNIT_SSE;
    case NEEDS_AVX:
        return TCG_UNIT_AVX;
    default:
        return TCG_UNIT_NONE;
    }
}

/* SSE instructions that use only general registers and memory, SDM vol. 2. */
static bool is_without_vectors(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_CRC32:
    case ZYDIS_MNEMONIC_MOVNTI:
    case ZYDIS_MNEMONIC_SFENCE:
    case ZYDIS_MNEMONIC_LFENCE:
    case ZYDIS_MNEMONIC_MFENCE:
        return true;
    default:
        return false;
    }
}

static bool may_run(Needs needs, guint32 mode)
{
    switch (needs) {
    case NEEDS_X87:
        return mode & TCG_MODE_X87;
    case NEEDS_SSE:
        return mode & TCG_MODE_SSE;
    case NEEDS_AVX:
        return mode & TCG_MODE_AVX;
    case NEEDS_PROTECTED:
        return mode & TCG_MODE_PROTECTED && !(mode & TCG_MODE_V86);
    default:
        return true;
    }
}

/* ---- By mnemonic ---- */

static bool has_register_operand(const TcgDecoded *d, ZydisRegisterClass class, guint i)
{
    return d->operand[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(d->operand[i].reg.value) == class;
}

static TcgPolicy policy_mov(const TcgDecoded *d)
{
    if (has_register_operand(d, ZYDIS_REGCLASS_SEGMENT, 0)) {
        return ending(tcg_op_mov_to_sreg);
    }
    if (has_register_operand(d, ZYDIS_REGCLASS_SEGMENT, 1)) {
        return helper(tcg_op_mov_from_sreg);
    }
    if (has_register_operand(d, ZYDIS_REGCLASS_CONTROL, 0)) {
        return ending(tcg_op_mov_to_cr);
    }
    if (has_register_operand(d, ZYDIS_REGCLASS_CONTROL, 1)) {
        return helper(tcg_op_mov_from_cr);
    }
    if (has_register_operand(d, ZYDIS_REGCLASS_DEBUG, 0)) {
        return ending(tcg_op_mov_to_dr);
    }
    if (has_register_operand(d, ZYDIS_REGCLASS_DEBUG, 1)) {
        return ending(tcg_op_mov_from_dr);
    }
    return verbatim;
}

static TcgPolicy policy_push(const TcgDecoded *d)
{
    return has_register_operand(d, ZYDIS_REGCLASS_SEGMENT, 0)
        ? helper(tcg_op_push_sreg) : special(special_push, tcg_op_push);
}

static TcgPolicy policy_pop(const TcgDecoded *d)
{
    return has_register_operand(d, ZYDIS_REGCLASS_SEGMENT, 0)
        ? ending(tcg_op_pop_sreg) : special(special_pop, tcg_op_pop);
}

static bool is_far(const TcgDecoded *d)
{
    return d->z.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
}

static bool is_indirect(const TcgDecoded *d)
{
    return d->operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

static TcgPolicy policy_bt(const TcgDecoded *d)
{
    bool moves = tcg_memory_operand(d) && d->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER;

    return moves ? helper(tcg_op_bt_memory) : verbatim;
}

/* Branches; false: it is not one. */
static bool policy_branch(const TcgDecoded *d, TcgPolicy *ret)
{
    switch (d->z.meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
        switch (d->z.mnemonic) {
        case ZYDIS_MNEMONIC_LOOP:
        case ZYDIS_MNEMONIC_LOOPE:
        case ZYDIS_MNEMONIC_LOOPNE:
        case ZYDIS_MNEMONIC_JCXZ:
        case ZYDIS_MNEMONIC_JECXZ:
        case ZYDIS_MNEMONIC_JRCXZ:
            *ret = special_end(special_loop, tcg_op_loop);
            return true;
        default:
            *ret = special_end(special_jcc, tcg_op_jcc);
            return d->z.mnemonic != ZYDIS_MNEMONIC_XBEGIN;
        }
    case ZYDIS_CATEGORY_UNCOND_BR:
        *ret = is_far(d) ? ending(tcg_op_jmp_far)
             : special_end(special_jmp, is_indirect(d) ? tcg_op_jmp_near_indirect
                                                       : tcg_op_jmp_near);
        return d->z.mnemonic == ZYDIS_MNEMONIC_JMP;
    case ZYDIS_CATEGORY_CALL:
        *ret = is_far(d) ? ending(tcg_op_call_far)
             : special_end(special_call, is_indirect(d) ? tcg_op_call_near_indirect
                                                        : tcg_op_call_near);
        return d->z.mnemonic == ZYDIS_MNEMONIC_CALL;
    case ZYDIS_CATEGORY_RET:
        *ret = is_far(d) ? ending(tcg_op_ret_far) : special_end(special_ret, tcg_op_ret_near);
        return d->z.mnemonic == ZYDIS_MNEMONIC_RET;
    default:
        return false;
    }
}

typedef struct {
    TcgHelper helper;
    bool ends;
} HelperRow;

/* Instructions that C executes: ROW goes on in the block, END ends it. */
#define HELPERS(ROW, END) \
    /* Segments and descriptors */ \
    END(LDS, load_far) END(LES, load_far) END(LFS, load_far) END(LGS, load_far) \
    END(LSS, load_far) ROW(LAR, lar) ROW(LSL, lsl) ROW(VERR, verr) ROW(VERW, verw) \
    ROW(ARPL, arpl) END(LGDT, lgdt) END(LIDT, lidt) ROW(SGDT, sgdt) ROW(SIDT, sidt) \
    END(LLDT, lldt) ROW(SLDT, sldt) END(LTR, ltr) ROW(STR, str) ROW(BOUND, bound) \
    /* Far transfers and interrupts */ \
    END(IRET, iret) END(IRETD, iret) END(IRETQ, iret) END(INT, int) END(INT3, int3) \
    END(INTO, into) END(INT1, int1) \
    /* The stack */ \
    ROW(PUSHA, pusha) ROW(PUSHAD, pusha) ROW(POPA, popa) ROW(POPAD, popa) \
    END(POPF, popf) END(POPFD, popf) END(POPFQ, popf) ROW(ENTER, enter) \
    /* The system */ \
    END(CLTS, clts) END(LMSW, lmsw) ROW(SMSW, smsw) END(INVLPG, invlpg) \
    END(INVPCID, invpcid) END(INVD, invd) END(WBINVD, wbinvd) END(HLT, hlt) \
    ROW(CLD, cld_std) ROW(STD, cld_std) \
    END(CLAC, clac) END(STAC, stac) END(SWAPGS, swapgs) \
    ROW(RDFSBASE, rdfsgsbase) ROW(RDGSBASE, rdfsgsbase) \
    ROW(WRFSBASE, wrfsgsbase) ROW(WRGSBASE, wrfsgsbase) \
    END(SYSCALL, syscall) END(SYSRET, sysret) END(SYSENTER, sysenter) END(SYSEXIT, sysexit) \
    ROW(RDTSC, rdtsc) ROW(RDTSCP, rdtscp) ROW(RDPID, rdpid) ROW(RDPMC, rdpmc) \
    ROW(PAUSE, pause) ROW(XGETBV, xgetbv) END(XSETBV, xsetbv) END(CPUID, cpuid) \
    END(RDMSR, rdmsr) END(WRMSR, wrmsr) \
    ROW(IN, in) ROW(OUT, out) \
    END(INSB, ins) END(INSW, ins) END(INSD, ins) \
    END(OUTSB, outs) END(OUTSW, outs) END(OUTSD, outs) \
    /* Strings */ \
    ROW(MOVSB, movs) ROW(MOVSW, movs) ROW(MOVSD, movs) ROW(MOVSQ, movs) \
    ROW(STOSB, stos) ROW(STOSW, stos) ROW(STOSD, stos) ROW(STOSQ, stos) \
    ROW(LODSB, lods) ROW(LODSW, lods) ROW(LODSD, lods) ROW(LODSQ, lods) \
    ROW(CMPSB, cmps) ROW(CMPSW, cmps) ROW(CMPSD, cmps) ROW(CMPSQ, cmps) \
    ROW(SCASB, scas) ROW(SCASW, scas) ROW(SCASD, scas) ROW(SCASQ, scas) \
    /* x87 and vectors */ \
    ROW(FXSAVE, fxsave) ROW(FXSAVE64, fxsave) ROW(FXRSTOR, fxrstor) ROW(FXRSTOR64, fxrstor) \
    ROW(XSAVE, xsave) ROW(XSAVE64, xsave) ROW(XSAVEOPT, xsaveopt) ROW(XSAVEOPT64, xsaveopt) \
    ROW(XSAVEC, xsavec) ROW(XSAVEC64, xsavec) ROW(XRSTOR, xrstor) ROW(XRSTOR64, xrstor) \
    ROW(FNSTENV, fnstenv) ROW(FLDENV, fldenv) ROW(FNSAVE, fnsave) ROW(FRSTOR, frstor) \
    ROW(VPGATHERDD, gather) ROW(VPGATHERDQ, gather) ROW(VPGATHERQD, gather) \
    ROW(VPGATHERQQ, gather) ROW(VGATHERDPS, gather) ROW(VGATHERDPD, gather) \
    ROW(VGATHERQPS, gather) ROW(VGATHERQPD, gather) \
    ROW(VMASKMOVPS, maskmov) ROW(VMASKMOVPD, maskmov) \
    ROW(VPMASKMOVD, maskmov) ROW(VPMASKMOVQ, maskmov) \
    ROW(MASKMOVDQU, maskmovdqu) ROW(VMASKMOVDQU, maskmovdqu) ROW(MASKMOVQ, maskmovq) \
    /* Instructions that 64-bit code lacks */ \
    ROW(DAA, daa) ROW(DAS, das) ROW(AAA, aaa) ROW(AAS, aas) ROW(AAM, aam) ROW(AAD, aad) \
    ROW(SALC, salc) ROW(XLAT, xlat) \
    END(UD0, ud) END(UD1, ud) END(UD2, ud)

/* The table has pointers, so it is dense, and mnemonics lead to it by numbers. */
enum {
#define NUMBER(mnemonic, op) HELPER_##mnemonic,
    HELPERS(NUMBER, NUMBER)
#undef NUMBER
    N_HELPERS
};

#define ROW(mnemonic, op) { tcg_op_##op, false },
#define END(mnemonic, op) { tcg_op_##op, true },
static const HelperRow rows[N_HELPERS] = { HELPERS(ROW, END) };
#undef ROW
#undef END

/* 1 + the index of a row; 0: none. */
#define NUMBER(mnemonic, op) [ZYDIS_MNEMONIC_##mnemonic] = HELPER_##mnemonic + 1,
static const guint8 row_numbers[ZYDIS_MNEMONIC_MAX_VALUE + 1] = { HELPERS(NUMBER, NUMBER) };
#undef NUMBER
G_STATIC_ASSERT(N_HELPERS <= G_MAXUINT8);

static bool is_hint(const TcgDecoded *d)
{
    if (d->z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
        return false;           /* of processors that are none of these */
    }
    switch (d->z.mnemonic) {
    case ZYDIS_MNEMONIC_NOP:
    case ZYDIS_MNEMONIC_ENDBR32:
    case ZYDIS_MNEMONIC_ENDBR64:
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_RDSSPQ:
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB:
    case ZYDIS_MNEMONIC_CLDEMOTE:
        return true;
    default:
        return d->z.meta.category == ZYDIS_CATEGORY_PREFETCH ||
               d->z.meta.category == ZYDIS_CATEGORY_WIDENOP ||
               d->z.meta.isa_set == ZYDIS_ISA_SET_MPX ||
               d->z.meta.isa_set == ZYDIS_ISA_SET_PREFETCH_NOP;
    }
}

static bool is_xsave(const TcgDecoded *d)
{
    switch (d->z.meta.isa_set) {
    case ZYDIS_ISA_SET_XSAVE:
    case ZYDIS_ISA_SET_XSAVEC:
    case ZYDIS_ISA_SET_XSAVEOPT:
        return true;
    default:
        return false;
    }
}

static TcgPolicy policy_by_mnemonic(const TcgDecoded *d, guint32 mode)
{
    guint number = row_numbers[d->z.mnemonic];
    TcgPolicy branch;

    if (policy_branch(d, &branch)) {
        return branch;
    }
    switch (d->z.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
        return policy_mov(d);
    case ZYDIS_MNEMONIC_PUSH:
        return policy_push(d);
    case ZYDIS_MNEMONIC_POP:
        return policy_pop(d);
    case ZYDIS_MNEMONIC_LEA:
        return special(special_lea, NULL);
    case ZYDIS_MNEMONIC_CLI:
        return special(special_cli, tcg_op_cli);
    case ZYDIS_MNEMONIC_STI:
        return special(special_sti, tcg_op_sti);
    case ZYDIS_MNEMONIC_PUSHF:
    case ZYDIS_MNEMONIC_PUSHFD:
    case ZYDIS_MNEMONIC_PUSHFQ:
        return special(special_pushf, tcg_op_pushf);
    case ZYDIS_MNEMONIC_LEAVE:
        return special(special_leave, tcg_op_leave);
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTS:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTC:
        return policy_bt(d);
    case ZYDIS_MNEMONIC_FWAIT:
        return mode & TCG_MODE_WAIT ? verbatim : ending(tcg_op_wait);
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_CMPSD:
        if (d->z.meta.isa_set == ZYDIS_ISA_SET_SSE2) {
            return verbatim;
        }
        break;
    default:
        break;
    }
    return number ? (TcgPolicy){ TCG_KIND_HELPER, rows[number - 1].helper, NULL,
                                 rows[number - 1].ends }
                  : verbatim;
}

/* Whether it needs a row to be allowed. */
static bool needs_row(const TcgDecoded *d)
{
    switch (d->z.meta.category) {
    case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP:
    case ZYDIS_CATEGORY_STRINGOP:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
        return true;
    default:
        return false;
    }
}

TcgPolicy tcg_policy(const TcgDecoded *d, guint32 mode)
{
    Needs needs = needs_of_set(d);
    TcgPolicy policy;

    if (is_hint(d)) {
        return nothing;
    }
    if (d->z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
        d->z.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX) {
        return undefined;
    }
    if (d->z.mnemonic != ZYDIS_MNEMONIC_FWAIT && !is_without_vectors(d->z.mnemonic) &&
        !may_run(needs, mode)) {
        return needs == NEEDS_PROTECTED ? undefined : ending(tcg_op_nm);
    }
    policy = policy_by_mnemonic(d, mode);
    if (policy.kind == TCG_KIND_SPECIAL && needs == NEEDS_TO_BE_KNOWN) {
        return undefined;
    }
    if (policy.kind == TCG_KIND_VERBATIM &&
        (needs == NEEDS_TO_BE_KNOWN || is_xsave(d) || needs_row(d))) {
        return undefined;
    }
    return policy;
}
