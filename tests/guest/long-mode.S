/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From 32-bit protected mode to 64-bit C, for pvh-start.S and linux-start.S.
 *
 * The page tables are constants: 4 GiB one to one in 2 MiB pages, no
 * instruction spent on them.  The selectors are those of the Linux boot
 * protocol, so that a loader's CS stays valid when this GDT is loaded.
 */
    CODE_SELECTOR = 0x10
    DATA_SELECTOR = 0x18

/* In: edi is handed to C as first argument, esi as second; ebp is the function,
 * which does not return.  Flat segments, paging and interrupts off. */
    .section .text, "ax"
    .code32
    .globl  long_mode_enter
long_mode_enter:
    movl    %cr4, %eax
    orl     $0x20, %eax             /* PAE */
    movl    %eax, %cr4
    movl    $page_map, %eax
    movl    %eax, %cr3
    movl    $0xc0000080, %ecx       /* EFER */
    rdmsr
    orl     $0x100, %eax            /* LME */
    wrmsr
    movl    %cr0, %eax
    orl     $0x80000001, %eax       /* PG, PE */
    movl    %eax, %cr0
    lgdt    gdt_pointer
    ljmp    $CODE_SELECTOR, $long_mode_64

/* In: rdi, rsi, rbp as above; 64-bit mode, low memory mapped one to one. */
    .code64
    .globl  long_mode_start
long_mode_start:
    movq    $page_map, %rax
    movq    %rax, %cr3
    lgdt    gdt_pointer
long_mode_64:
    movl    $DATA_SELECTOR, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    %eax, %fs
    movl    %eax, %gs
    movq    $stack_end, %rsp
    movl    %edi, %edi              /* upper halves are undefined so far */
    movl    %esi, %esi
    movl    %ebp, %eax
    xorl    %ebp, %ebp
    cld
    call    *%rax
1:  hlt
    jmp     1b

    .section .data, "aw"
    .balign 4096
page_map:
    .quad   page_directory_pointers + 0x3
    .zero   4088
page_directory_pointers:
    .quad   page_directories + 0x0003
    .quad   page_directories + 0x1003
    .quad   page_directories + 0x2003
    .quad   page_directories + 0x3003
    .zero   4064
page_directories:
    page = 0
    .rept   2048
    .quad   page + 0x83             /* 2 MiB, writable, present */
    page = page + 0x200000
    .endr

    .balign 8
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
    .balign 16
    .zero   16384
stack_end:

    .section .note.GNU-stack, "", @progbits
