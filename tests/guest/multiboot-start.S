/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiboot entry: 32-bit protected mode, flat segments, a magic number in eax, the
 * address of the information in ebx (Multiboot Specification, section 3.2).
 */
    FLAGS = 0x3                     /* modules in whole pages, memory sizes */
    MAGIC = 0x1badb002

    .section .text.start, "ax"
    .balign 4
    .long   MAGIC
    .long   FLAGS
    .long   -(MAGIC + FLAGS)

    .code32
    .globl  pvh_start               /* the linker script's name of an entry */
pvh_start:
    cli
    cld
    movl    %eax, %edi
    movl    %ebx, %esi
    movl    $multiboot_main, %ebp
    jmp     long_mode_enter

    .section .note.GNU-stack, "", @progbits
