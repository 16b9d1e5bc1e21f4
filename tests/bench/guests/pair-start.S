/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the second CPU starts: pair.c copies this to PAIR_TRAMPOLINE, below 1 MiB.  From real
 * mode to 64-bit C in one step, by page tables that map the CPU's own copy of the image.
 */
    .set    TRAMPOLINE, 0x8000
    .set    OTHER, 0x4000000        /* from the image to its copy */

    .section .text, "ax"
    .code16
    .globl  pair_trampoline, pair_trampoline_end
pair_trampoline:
    cli
    xorw    %ax, %ax
    movw    %ax, %ds
    lgdtl   TRAMPOLINE + gdt_for_16 - pair_trampoline
    movl    $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
    movl    %eax, %cr4
    movl    $page_map + OTHER, %eax
    movl    %eax, %cr3
    movl    $0xc0000080, %ecx       /* EFER */
    rdmsr
    orl     $0x100, %eax            /* LME */
    wrmsr
    movl    $pair_main, %esi
    movl    $0x80000033, %eax       /* PG, NE, ET, MP, PE */
    movl    %eax, %cr0
    ljmpl   $0x10, $long_mode

    .balign 8
gdt_for_16:
    .word   0x1f
    .long   gdt
pair_trampoline_end:

    .section .note.GNU-stack, "", @progbits
