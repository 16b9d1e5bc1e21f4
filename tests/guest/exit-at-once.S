/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that ends its machine in its first instructions, for measuring what
 * starting one costs: 0 to isa-debug-exit, status 1.  Where that device is
 * missing the write is lost and a triple fault resets the machine.
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
    xorl    %eax, %eax
    movl    $0x501, %edx
    outb    %al, %dx
    lidt    no_table
    ud2

    .section .data, "aw"
no_table:
    .zero   6

    .section .note.GNU-stack, "", @progbits
