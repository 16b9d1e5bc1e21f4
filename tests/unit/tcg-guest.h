/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests for tcg-rig.h in 64-bit assembly, assembled with the test.
 */
#ifndef TESTS_UNIT_TCG_GUEST_H
#define TESTS_UNIT_TCG_GUEST_H

/* Code for TCG_RIG_CODE, in .rodata; AT(label) is the guest's address of a label. */
#define GUEST(name, text) \
    extern const guint8 guest_##name[], guest_##name##_end[]; \
    __asm__(".pushsection .rodata\n" \
            ".balign 16\n" \
            "guest_" #name ":\n" \
            "8:\n" \
            text \
            "guest_" #name "_end:\n" \
            ".popsection\n")
/* The address of local label n, which lies ahead (f) or behind (b). */
#define AT(label) "(" label " - 8b + 0x1000)"
/* A letter in al for the trace; the end of this CPU's part. */
#define TELL "out %al, $0x42\n"
#define END "out %al, $0xf4\n"

#endif
