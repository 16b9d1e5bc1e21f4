/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zydis, loaded with the first accelerator that decodes by it (qmp/library.h).
 */
#include "config.h"
#include "tcg/decode.h"

#include "qmp/library.h"

#define ZYDIS_FUNCTIONS(F, L) \
    F(L, ZyanStatus, ZydisDecoderInit, \
      (ZydisDecoder *decoder, ZydisMachineMode machine_mode, ZydisStackWidth stack_width), \
      (decoder, machine_mode, stack_width)) \
    F(L, ZyanStatus, ZydisDecoderDecodeFull, \
      (const ZydisDecoder *decoder, const void *buffer, ZyanUSize length, \
       ZydisDecodedInstruction *instruction, \
       ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT]), \
      (decoder, buffer, length, instruction, operands)) \
    F(L, ZydisRegisterClass, ZydisRegisterGetClass, (ZydisRegister reg), (reg)) \
    F(L, ZyanI8, ZydisRegisterGetId, (ZydisRegister reg), (reg))

LIBRARY_DEFINE(library, ZYDIS_SONAME, "libzydis4.0", "CPUs in software", ZYDIS_FUNCTIONS)

bool tcg_decoder_load(GError **error)
{
    return library_load(&library, error);
}
