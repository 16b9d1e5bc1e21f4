/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVH entry to 64-bit C: page tables of four levels that map the first 64 MiB to
 * themselves in 4 KiB pages, SSE switched on, and AVX where CPUID has it.
 */
    PAGES = 16384
    TABLES = PAGES / 512
    FLAGS = 0x3                     /* present, writable */

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
    /* The tables of the last level follow each other: one row of pages. */
    movl    $page_tables, %edi
    movl    $FLAGS, %eax
    movl    $PAGES, %ecx
1:  movl    %eax, (%edi)
    movl    $0, 4(%edi)
    addl    $8, %edi
    addl    $0x1000, %eax
    loop    1b
    movl    $page_directory, %edi
    movl    $page_tables + FLAGS, %eax
    movl    $TABLES, %ecx
2:  movl    %eax, (%edi)
    addl    $8, %edi
    addl    $0x1000, %eax
    loop    2b
    movl    $page_directory + FLAGS, page_pointers
    movl    $page_pointers + FLAGS, page_map
    movl    $page_map, %eax
    movl    %eax, %cr3
    movl    %cr4, %eax
    orl     $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
    movl    %eax, %cr4
    movl    $0xc0000080, %ecx       /* EFER */
    rdmsr
    orl     $0x100, %eax            /* LME */
    wrmsr
    movl    %cr0, %eax
    andl    $~0xc, %eax             /* EM, TS */
    orl     $0x80000003, %eax       /* PG, MP, PE */
    movl    %eax, %cr0
    movl    $guest_main, %esi
    lgdt    gdt_pointer
    ljmp    $0x10, $long_mode

    /* Where to go from here in %esi.  A second CPU comes here from pair-start.S. */
    .code64
    .globl  long_mode
long_mode:
    movl    $0x18, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    %eax, %fs
    movl    %eax, %gs
    movl    $stack_end, %esp
    movl    $1, %eax
    xorl    %ecx, %ecx
    cpuid
    andl    $0x14000000, %ecx       /* XSAVE, AVX */
    cmpl    $0x14000000, %ecx
    jne     3f
    movq    %cr4, %rax
    orl     $0x40000, %eax          /* OSXSAVE */
    movq    %rax, %cr4
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    movl    $7, %eax                /* XCR0: x87, SSE, AVX */
    xsetbv
3:  xorl    %ebp, %ebp
    call    *%rsi

    .section .data, "aw"
    .balign 8
    .globl  gdt, page_map, page_pointers, page_directory, page_tables
gdt:
    .quad   0
    .quad   0
    .quad   0x00af9b000000ffff      /* 64-bit code */
    .quad   0x00cf93000000ffff      /* data */
gdt_end:
gdt_pointer:
    .word   gdt_end - gdt - 1
    .quad   gdt

    .section .bss, "aw", @nobits
    .balign 4096
page_map:
    .zero   4096
page_pointers:
    .zero   4096
page_directory:
    .zero   4096
page_tables:
    .zero   PAGES * 8
    .zero   262144
stack_end:

    .section .note.GNU-stack, "", @progbits
