/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FXSAVE, FXRSTOR and the x87's environment: SDM vol. 2, by name; vol. 1, section 8.1.10 for
 * the layouts of the environment.  The rest of the x87 runs on the host's.
 */
#include "config.h"
#include "tcg/fpu.h"
#include "tcg/insn.h"
#include "tcg/ops.h"

enum {
    ENV_SIZE = 28,              /* as the host has it: 32 bits, protected mode */
    ST_SIZE = 80,
    FOP_MASK = 0x7ff,
};

static void require_x87(TcgState *s)
{
    if (s->cr0 & (CR0_TS | CR0_EM)) {
        tcg_raise(s, TCG_NM);
    }
}

/* ---- FXSAVE, FXRSTOR ---- */

static guint64 aligned_operand(TcgState *s, const TcgInsn *insn, TcgAccess access)
{
    guint64 linear = tcg_operand_linear(s, insn, FPU_LEGACY_SIZE, access);

    if (linear & 15) {
        tcg_raise_error(s, TCG_GP, 0);
    }
    return linear;
}

static void save_live(TcgState *s)
{
    __asm__ volatile("fxsave64 (%0)" : : "r"(s->fpu_live) : "memory");
}

TcgNext tcg_op_fxsave(TcgState *s, const TcgInsn *insn)
{
    guint64 linear;

    require_x87(s);
    linear = aligned_operand(s, insn, TCG_WRITE);
    tcg_check_store(s, linear, FPU_LEGACY_SIZE, TCG_WRITE);
    save_live(s);
    tcg_fpu_show_pointers(s, s->fpu_live, insn->operand_size == 8);
    tcg_store_bytes(s, linear, s->fpu_live, FPU_XMM + 16 * tcg_fpu_registers(s), TCG_WRITE);
    return TCG_NEXT;
}

TcgNext tcg_op_fxrstor(TcgState *s, const TcgInsn *insn)
{
    guint64 linear;

    require_x87(s);
    linear = aligned_operand(s, insn, TCG_READ);
    tcg_load_bytes(s, linear, s->fpu_image, FPU_LEGACY_SIZE, TCG_READ);
    save_live(s);
    tcg_fpu_check_mxcsr(s, tcg_get32(s->fpu_image + FPU_MXCSR),
                        tcg_get32(s->fpu_live + FPU_MXCSR_MASK));
    tcg_fpu_take_pointers(s, s->fpu_image, insn->operand_size == 8);
    tcg_fpu_copy(s->fpu_live, s->fpu_image, 0, FPU_XMM + 16 * tcg_fpu_registers(s));
    __asm__ volatile("fxrstor64 (%0)" : : "r"(s->fpu_live) : "memory");
    return TCG_NEXT;
}

/* ---- The first use ---- */

/* C may have left values there: an image without components loads the reset state. */
TcgNext tcg_op_first_x87(TcgState *s, const TcgInsn *insn)
{
    static const guint8 nothing[FPU_LEGACY_SIZE + 64] __attribute__((aligned(64)));

    __asm__ volatile("xrstor64 (%0)" : : "r"(nothing), "a"(1), "d"(0) : "memory");
    s->x87_used = 1;
    return TCG_GO_ON;
}

/* ---- The environment ---- */

typedef struct {
    guint16 control, status, tags, opcode;
    guint32 ip, dp;
} Environment;

static bool is_real(const TcgState *s)
{
    return !(s->mode & TCG_MODE_PROTECTED) || s->mode & TCG_MODE_V86;
}

/* As words, each of size/7 bytes: control, status, tags, ip, cs, dp, ds.  The high halves of
 * the first three are ones. */
static void words_of(const TcgState *s, const Environment *env, bool wide, guint32 words[7])
{
    guint32 ones = 0xffff0000;

    words[0] = env->control | ones;
    words[1] = env->status | ones;
    words[2] = env->tags | ones;
    if (is_real(s)) {
        guint32 mask = wide ? 0xffff : 15;

        words[3] = env->ip & 0xffff;
        words[4] = (env->ip >> 16 & mask) << 12 | (env->opcode & FOP_MASK);
        words[5] = env->dp & 0xffff;
        words[6] = (env->dp >> 16 & mask) << 12;
    } else {
        words[3] = env->ip;
        words[4] = (guint32)(env->opcode & FOP_MASK) << 16;
        words[5] = env->dp;
        words[6] = ones;
    }
}

static void of_words(const TcgState *s, const guint32 words[7], bool wide, Environment *ret_env)
{
    *ret_env = (Environment){ .control = words[0], .status = words[1], .tags = words[2] };
    if (is_real(s)) {
        ret_env->ip = (words[3] & 0xffff) | words[4] >> 12 << 16;
        ret_env->dp = (words[5] & 0xffff) | words[6] >> 12 << 16;
        ret_env->opcode = words[4] & FOP_MASK;
    } else {
        ret_env->ip = words[3];
        ret_env->dp = words[5];
        ret_env->opcode = wide ? words[4] >> 16 & FOP_MASK : 0;
    }
}

/* The bytes before or at *bytes* of a 14 or 28-byte environment. */
static void put_words(guint8 *bytes, const guint32 words[7], guint size)
{
    for (guint i = 0; i < 7; i++) {
        for (guint j = 0; j < size; j++) {
            bytes[i * size + j] = words[i] >> 8 * j;
        }
    }
}

static void get_words(const guint8 *bytes, guint32 words[7], guint size)
{
    for (guint i = 0; i < 7; i++) {
        words[i] = 0;
        for (guint j = 0; j < size; j++) {
            words[i] |= (guint32)bytes[i * size + j] << 8 * j;
        }
    }
}

static guint word_size(const TcgInsn *insn)
{
    return insn->operand_size == 2 ? 2 : 4;
}

/*
 * Writes the environment that the host stored in s->fpu_image, with n bytes
 * after it, in the guest's layout.
 */
static void store_environment(TcgState *s, const TcgInsn *insn, guint64 linear, guint n)
{
    guint size = word_size(insn);
    Environment env;
    guint32 words[7];

    get_words(s->fpu_image, words, 4);
    env = (Environment){ .control = words[0], .status = words[1], .tags = words[2],
                         .opcode = words[4] >> 16,
                         .ip = tcg_get64(s->fpu_live + FPU_FIP),
                         .dp = tcg_get64(s->fpu_live + FPU_FDP) };
    words_of(s, &env, size == 4, words);
    put_words(s->fpu_image + ENV_SIZE - 7 * size, words, size);
    tcg_store_bytes(s, linear, s->fpu_image + ENV_SIZE - 7 * size, 7 * size + n, TCG_WRITE);
}

static guint64 save_operand(TcgState *s, const TcgInsn *insn, guint n)
{
    guint64 linear;

    require_x87(s);
    linear = tcg_operand_linear(s, insn, 7 * word_size(insn) + n, TCG_WRITE);
    tcg_check_store(s, linear, 7 * word_size(insn) + n, TCG_WRITE);
    save_live(s);
    tcg_fpu_show_pointers(s, s->fpu_live, false);
    return linear;
}

TcgNext tcg_op_fnstenv(TcgState *s, const TcgInsn *insn)
{
    guint64 linear = save_operand(s, insn, 0);

    __asm__ volatile("fnstenv (%0)" : : "r"(s->fpu_image) : "memory");
    store_environment(s, insn, linear, 0);
    return TCG_NEXT;
}

TcgNext tcg_op_fnsave(TcgState *s, const TcgInsn *insn)
{
    guint64 linear = save_operand(s, insn, ST_SIZE);

    __asm__ volatile("fnsave (%0)" : : "r"(s->fpu_image) : "memory");
    s->fpu_ip = s->fpu_dp = 0;
    store_environment(s, insn, linear, ST_SIZE);
    return TCG_NEXT;
}

/* Reads an environment and n bytes after it, and leaves them in s->fpu_image as the host loads
 * them.  These instructions wait for exceptions. */
static void load_environment(TcgState *s, const TcgInsn *insn, guint n)
{
    guint size = word_size(insn);
    guint8 *start = s->fpu_image + ENV_SIZE - 7 * size;
    Environment env;
    guint32 words[7];

    require_x87(s);
    tcg_fpu_wait(s);
    tcg_load_bytes(s, tcg_operand_linear(s, insn, 7 * size + n, TCG_READ), start, 7 * size + n,
                   TCG_READ);
    get_words(start, words, size);
    of_words(s, words, size == 4, &env);
    put_words(s->fpu_image,
              (guint32[]){ env.control, env.status, env.tags, env.ip,
                           (guint32)env.opcode << 16, env.dp, 0 }, 4);
    s->fpu_ip = env.ip;
    s->fpu_dp = env.dp;
}

TcgNext tcg_op_fldenv(TcgState *s, const TcgInsn *insn)
{
    load_environment(s, insn, 0);
    __asm__ volatile("fldenv (%0)" : : "r"(s->fpu_image) : "memory");
    return TCG_NEXT;
}

TcgNext tcg_op_frstor(TcgState *s, const TcgInsn *insn)
{
    load_environment(s, insn, ST_SIZE);
    __asm__ volatile("frstor (%0)" : : "r"(s->fpu_image) : "memory");
    return TCG_NEXT;
}
