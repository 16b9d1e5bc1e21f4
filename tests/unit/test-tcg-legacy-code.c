/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 16 and 32-bit code, translated: what differs from 64-bit code in the sizes of operands
 * and addresses, in encodings, and in segments.  The host's processor is no judge here,
 * since it may run no such code; results are those of the SDM, vol. 2 (chapter 2 for
 * addresses and VEX) and vol. 1, section 3.6.
 */
#include "config.h"

#include <string.h>

#include "tests/lib/tcg-rig.h"

enum {
    ALL = TCG_MODE_X87 | TCG_MODE_SSE | TCG_MODE_AVX | TCG_MODE_WAIT | TCG_MODE_PROTECTED |
          TCG_MODE_CPL,
    CODE16 = ALL,
    CODE32 = ALL | TCG_MODE_CODE32 | TCG_MODE_STACK32,
    FLAT32 = CODE32 | TCG_MODE_FLAT,
    CF = EFLAGS_CF, PF = EFLAGS_PF, AF = EFLAGS_AF, ZF = EFLAGS_ZF, SF = EFLAGS_SF,
    ANY = 1 << 30,              /* flags are not looked at */
};

/* Where segments begin, but in flat code; and the 4 bytes at offset 10h before the run. */
#define BASE ((guint32)RUN_DATA)
#define D "\x44\x33\x22\x11"

typedef struct {
    guint32 eax, ebx, ecx, esi, ebp;
} Registers;

typedef struct {
    const char *name;
    guint32 mode;
    const char *code;
    guint length;
    Registers in;
    guint32 eax, ebx, memory;   /* afterwards: memory at 10h */
    guint32 flags;              /* from CF set; FAULT() */
} Case;

#define CODE(bytes) bytes, sizeof(bytes) - 1
#define KEPT 0x11223344
#define FAULT(vector) ((vector) << 20)

static const Case cases[] = {
    /* Operand size */
    { "mov ax, imm", CODE16, CODE("\xb8\x34\x12"), { .eax = 0xffffffff }, 0xffff1234, 0, KEPT, CF },
    { "66 mov eax, imm", CODE16, CODE("\x66\xb8\x78\x56\x34\x12"), { 0 }, 0x12345678, 0, KEPT, CF },
    { "66 mov ax, imm", CODE32, CODE("\x66\xb8\x34\x12"), { .eax = 0xffffffff }, 0xffff1234, 0,
      KEPT, CF },
    { "inc ax", CODE16, CODE("\x40"), { .eax = 0x1ffff }, 0x10000, 0, KEPT, CF | ZF | AF | PF },
    { "66 dec eax", CODE16, CODE("\x66\x48"), { 0 }, 0xffffffff, 0, KEPT, CF | SF | AF | PF },
    { "inc eax", CODE32, CODE("\x40"), { .eax = 0x1ffff }, 0x20000, 0, KEPT, CF | AF | PF },
    { "66 inc ax", CODE32, CODE("\x66\x40"), { .eax = 0x1ffff }, 0x10000, 0, KEPT,
      CF | ZF | AF | PF },
    { "dec ebx", FLAT32, CODE("\x4b"), { .ebx = 1 }, 0, 0, KEPT, CF | ZF | PF },
    { "cbw", CODE16, CODE("\x98"), { .eax = 0x12340080 }, 0x1234ff80, 0, KEPT, CF },
    { "66 cwde", CODE16, CODE("\x66\x98"), { .eax = 0x12348000 }, 0xffff8000, 0, KEPT, CF },
    { "cwde", CODE32, CODE("\x98"), { .eax = 0x12348000 }, 0xffff8000, 0, KEPT, CF },
    { "mul bx", CODE16, CODE("\xf7\xe3"), { .eax = 0x10100, .ebx = 0x101 }, 0x10100, 0x101, KEPT,
      ANY },
    { "bswap eax", CODE32, CODE("\x0f\xc8"), { .eax = 0x11223344 }, 0x44332211, 0, KEPT, CF },
    { "movzx eax, word", CODE16, CODE("\x66\x0f\xb7\x07"), { .eax = ~0u, .ebx = 0x10 }, 0x3344,
      0x10, KEPT, CF },
    { "mov word, imm", CODE16, CODE("\xc7\x07\x34\x12"), { .ebx = 0x10 }, 0, 0x10, 0x11221234, CF },
    { "66 mov dword, imm", CODE16, CODE("\x66\xc7\x07\x78\x56\x34\x12"), { .ebx = 0x10 }, 0, 0x10,
      0x12345678, CF },
    { "add word, imm8", CODE16, CODE("\x83\x07\xff"), { .ebx = 0x10 }, 0, 0x10, 0x11223343,
      CF | AF },
    { "66 adc word, imm8", CODE32, CODE("\x66\x83\x13\x00"), { .ebx = 0x10 }, 0, 0x10, 0x11223345,
      0 },
    /* 16-bit addresses wrap at 64 KiB */
    { "[bx+si]", CODE16, CODE("\x8b\x00"), { .ebx = 0xfff0, .esi = 0x20 }, 0x3344, 0xfff0, KEPT,
      CF },
    { "[bx+si], upper halves ignored", CODE16, CODE("\x8b\x00"),
      { .ebx = 0x5678fff0, .esi = 0xffff0020 }, 0x3344, 0x5678fff0, KEPT, CF },
    { "67 [bx+si]", CODE32, CODE("\x67\x8b\x00"), { .ebx = 0xfff0, .esi = 0x20 }, 0x11223344,
      0xfff0, KEPT, CF },
    { "[bp-10h]", CODE16, CODE("\x8b\x86\xf0\xff"), { .ebp = 0x20 }, 0x3344, 0, KEPT, CF },
    { "[disp16]", CODE16, CODE("\x8b\x06\x10\x00"), { 0 }, 0x3344, 0, KEPT, CF },
    { "67 [ebx]", CODE16, CODE("\x67\x8b\x03"), { .ebx = 0x10 }, 0x3344, 0x10, KEPT, CF },
    { "67 66 [ebx+ecx*4+4]", CODE16, CODE("\x67\x66\x8b\x44\x8b\x04"), { .ebx = 8, .ecx = 1 },
      0x11223344, 8, KEPT, CF },
    { "[ebx+ecx*4+4] wraps at 4 GiB", CODE32, CODE("\x8b\x44\x8b\x04"),
      { .ebx = 0x10, .ecx = 0xffffffff }, 0x11223344, 0x10, KEPT, CF },
    { "the same, flat", FLAT32, CODE("\x8b\x44\x8b\x04"),
      { .ebx = BASE + 0x10, .ecx = 0xffffffff }, 0x11223344, BASE + 0x10, KEPT, CF },
    { "lea ax, [bx+si-10h]", CODE16, CODE("\x8d\x40\xf0"),
      { .eax = 0xffffffff, .ebx = 1, .esi = 2 }, 0xfffffff3, 1, KEPT, CF },
    { "66 lea eax, [bx+si]", CODE16, CODE("\x66\x8d\x00"),
      { .eax = 0xffffffff, .ebx = 0xffff, .esi = 2 }, 1, 0xffff, KEPT, CF },
    { "66 lea ax, [ebx]", CODE32, CODE("\x66\x8d\x03"), { .eax = 0xffffffff, .ebx = 0x54321 },
      0xffff4321, 0x54321, KEPT, CF },
    /* Addresses without ModRM */
    { "mov ax, moffs", CODE16, CODE("\xa1\x10\x00"), { 0 }, 0x3344, 0, KEPT, CF },
    { "66 mov eax, moffs", CODE16, CODE("\x66\xa1\x10\x00"), { 0 }, 0x11223344, 0, KEPT, CF },
    { "67 mov ax, moffs", CODE16, CODE("\x67\xa1\x10\x00\x00\x00"), { 0 }, 0x3344, 0, KEPT, CF },
    { "mov moffs, al", CODE16, CODE("\xa2\x10\x00"), { .eax = 0x99 }, 0x99, 0, 0x11223399, CF },
    { "mov eax, moffs", CODE32, CODE("\xa1\x10\x00\x00\x00"), { 0 }, 0x11223344, 0, KEPT, CF },
    { "66 mov ax, moffs", CODE32, CODE("\x66\xa1\x10\x00\x00\x00"), { 0 }, 0x3344, 0, KEPT, CF },
    { "67 mov eax, moffs", CODE32, CODE("\x67\xa1\x10\x00"), { 0 }, 0x11223344, 0, KEPT, CF },
    { "mov moffs, eax", CODE32, CODE("\xa3\x10\x00\x00\x00"), { .eax = 7 }, 7, 0, 7, CF },
    { "67 66 mov moffs, ax", CODE32, CODE("\x67\x66\xa3\x10\x00"), { .eax = 7 }, 7, 0, 0x11220007,
      CF },
    /* Segments end */
    { "word at the limit", CODE16, CODE("\x8b\x07"), { .eax = 5, .ebx = 0x2fff }, 5, 0x2fff, KEPT,
      CF | FAULT(TCG_GP) },
    { "word at the limit, by bp", CODE16, CODE("\x8b\x46\x00"), { .eax = 5, .ebp = 0x2fff }, 5, 0,
      KEPT, CF | FAULT(TCG_SS_FAULT) },
    { "dword at the limit", CODE32, CODE("\x8b\x03"), { .eax = 5, .ebx = 0x2ffd }, 5, 0x2ffd, KEPT,
      CF | FAULT(TCG_GP) },
    { "ds: by ebp", CODE32, CODE("\x3e\x8b\x45\x00"), { .eax = 5, .ebp = 0x2ffd }, 5, 0, KEPT, CF |
      FAULT(TCG_GP) },
    { "byte below the limit", CODE16, CODE("\x8a\x07"), { .eax = 5, .ebx = 0x2fff }, 0, 0x2fff,
      KEPT, CF },
    /* VEX: W does nothing for general registers */
    { "andn W1", CODE32, CODE("\xc4\xe2\xe0\xf2\xc1"), { .ebx = 0xff, .ecx = 0xffff }, 0xff00,
      0xff, KEPT, ANY },
    { "pext W1", CODE32, CODE("\xc4\xe2\xe2\xf5\xc1"), { .ebx = 0xabcd1234, .ecx = 0xff00ff00 },
      0xab12, 0xabcd1234, KEPT, CF },
    { "rorx W1", CODE32, CODE("\xc4\xe3\xfb\xf0\xc3\x08"), { .ebx = 0x12345678 }, 0x78123456,
      0x12345678, KEPT, CF },
    { "shlx W1", CODE32, CODE("\xc4\xe2\xf1\xf7\xc3"), { .ebx = 0x80000001, .ecx = 33 }, 2,
      0x80000001, KEPT, CF },
    { "shlx in 16-bit code", CODE16, CODE("\xc4\xe2\x71\xf7\xc3"),
      { .ebx = 0x80000001, .ecx = 1 }, 2, 0x80000001, KEPT, CF },
    { "vmovd W1 and back", CODE32, CODE("\xc4\xe1\xf9\x6e\xc0\xc5\xf9\x7e\xc3"),
      { .eax = 0x89abcdef }, 0x89abcdef, 0x89abcdef, KEPT, CF },
};

static void make_start(Run *start, const Case *row)
{
    const guint32 mxcsr = 0x1f80;
    const guint16 control = 0x37f;

    memset(start, 0, sizeof(*start));
    start->gpr[TCG_RAX] = row->in.eax;
    start->gpr[TCG_RBX] = row->in.ebx;
    start->gpr[TCG_RCX] = row->in.ecx;
    start->gpr[TCG_RSI] = row->in.esi;
    start->gpr[TCG_RBP] = row->in.ebp;
    start->flags = EFLAGS_CF;
    memcpy(start->vector, &control, 2);
    memcpy(start->vector + 24, &mxcsr, 4);
    start->vector[512] = 7;
    memcpy(start->data + 0x10, D, 4);
}

/* By way of the TLB, and of C's copy of the operand. */
static void test_case(gconstpointer data)
{
    const Case *row = data;
    bool flat = row->mode & TCG_MODE_FLAT;
    static Run start;

    for (guint bounce = 0; bounce < 2; bounce++) {
        RigOptions options = {
            .mode = row->mode, .exact = true, .bounce = bounce,
            .base = flat ? 0 : BASE, .limit = flat ? 0xffffffff : RUN_DATA_SIZE - 1,
        };
        guint32 memory, fault = (row->flags & ~(guint32)ANY) >> 20;
        const Run *end;

        make_start(&start, row);
        end = rig_run(&start, (const guint8 *)row->code, row->length, &options);
        g_assert_nonnull(end);
        memcpy(&memory, end->data + 0x10, 4);
        g_assert_cmpint(end->fault, ==, fault ? (int)fault : RUN_NO_FAULT);
        g_assert_cmphex(end->rip, ==, RUN_CODE_OFFSET + (fault ? 0 : row->length));
        g_assert_cmphex((guint32)end->gpr[TCG_RAX], ==, row->eax);
        g_assert_cmphex((guint32)end->gpr[TCG_RBX], ==, row->ebx);
        g_assert_cmphex(memory, ==, row->memory);
        if (row->flags != ANY) {
            g_assert_cmphex(end->flags, ==, row->flags & EFLAGS_ARITHMETIC);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rig_open();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/tcg/legacy-code/%u %s", i, cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
