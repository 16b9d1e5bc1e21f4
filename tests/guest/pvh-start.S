/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVH entry: 32-bit protected mode, flat segments, ebx holds the physical
 * address of the start info (Xen, docs/misc/pvh.pandoc).
 */
    .section .note.pvh, "a", @note
    .balign 4
    .long   4                       /* size of the name */
    .long   8                       /* size of the value */
    .long   18                      /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz  "Xen"
    .quad   pvh_start

    .section .text.start, "ax"
    .code32
    .globl  pvh_start
pvh_start:
    cli
    cld
    movl    %ebx, %edi
    xorl    %esi, %esi
    movl    $pvh_main, %ebp
    jmp     long_mode_enter

    .section .note.GNU-stack, "", @progbits
