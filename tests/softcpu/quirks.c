/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The beginning of an instruction: prefixes, opcode, and whether a ModR/M byte
 * follows (Intel SDM volume 2, appendix A).
 */
#include "config.h"
#include "tests/softcpu/quirks.h"

enum { OPERAND_SIZE = 0x66, ADDRESS_SIZE = 0x67, TWO_BYTES = 0x0f };

static bool in(guint8 opcode, guint8 first, guint8 last)
{
    return opcode >= first && opcode <= last;
}

static bool has_modrm(guint8 op)
{
    if (op < 0x40) {
        return (op & 7) < 4;
    }
    return in(op, 0x62, 0x63) || op == 0x69 || op == 0x6b || in(op, 0x80, 0x8f) ||
           in(op, 0xc0, 0xc1) || in(op, 0xc4, 0xc7) || in(op, 0xd0, 0xd3) || in(op, 0xd8, 0xdf) ||
           in(op, 0xf6, 0xf7) || in(op, 0xfe, 0xff);
}

static bool has_modrm_0f(guint8 op)
{
    return in(op, 0x00, 0x03) || in(op, 0x40, 0x4f) || in(op, 0x90, 0x9f) || in(op, 0xa3, 0xa5) ||
           in(op, 0xab, 0xaf) || in(op, 0xb0, 0xc1) || op == 0xc7;
}

static bool is_segment(guint8 prefix)
{
    return prefix == 0x26 || prefix == 0x2e || prefix == 0x36 || prefix == 0x3e ||
           in(prefix, 0x64, 0x65);
}

static bool is_other_prefix(guint8 prefix)
{
    return prefix == OPERAND_SIZE || prefix == ADDRESS_SIZE || prefix == 0xf0 ||
           in(prefix, 0xf2, 0xf3);
}

bool quirks_in_stack(const guint8 code[QUIRKS_MAX_INSTRUCTION], bool is_32bit)
{
    bool wide = is_32bit, modrm;
    guint i = 0;

    while (is_other_prefix(code[i]) && i < QUIRKS_MAX_INSTRUCTION - 3) {
        wide = code[i++] == ADDRESS_SIZE ? !is_32bit : wide;
    }
    if (!wide || is_segment(code[i])) {
        return false;
    }
    modrm = code[i] == TWO_BYTES ? has_modrm_0f(code[i + 1]) : has_modrm(code[i]);
    i += code[i] == TWO_BYTES ? 2 : 1;
    /* Mod 1 or 2, R/M 5. */
    return modrm && (code[i] & 7) == 5 && in(code[i] >> 6, 1, 2);
}

/* Bytes of a memory operand: ModR/M, SIB, displacement (Intel SDM volume 2, tables
 * 2-1 and 2-2). */
static guint operand_length(const guint8 *modrm, bool wide)
{
    guint mod = *modrm >> 6, rm = *modrm & 7;
    bool sib = wide && rm == 4;
    bool no_base = mod == 0 && (wide ? rm == 5 || (sib && (modrm[1] & 7) == 5) : rm == 6);
    guint displacement = mod == 1 ? 1 : mod == 2 || no_base ? (wide ? 4 : 2) : 0;

    return 1 + sib + displacement;
}

guint quirks_fxsave(const guint8 code[QUIRKS_MAX_INSTRUCTION], bool is_32bit)
{
    bool wide = is_32bit;
    guint i = 0;

    while ((is_segment(code[i]) || is_other_prefix(code[i])) && i < 4) {
        wide = code[i++] == ADDRESS_SIZE ? !is_32bit : wide;
    }
    if (code[i] != TWO_BYTES || code[i + 1] != 0xae || code[i + 2] >> 6 == 3 ||
        (code[i + 2] >> 3 & 7) > 1) {
        return 0;
    }
    return i + 2 + operand_length(code + i + 2, wide);
}
