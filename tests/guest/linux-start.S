/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of a bzImage: setup header of protocol 2.12, and the three entries,
 * real mode, 32-bit and 64-bit (Linux, Documentation/arch/x86/boot.rst).
 *
 * The real-mode part asks no BIOS: it hands its own first page over as the
 * zero page, which it nearly is, the header being in the same place and the
 * number of memory ranges being zero.
 */
    LINUX_ENTRY_REAL = 0
    LINUX_ENTRY_32 = 1
    LINUX_ENTRY_64 = 2
    SETUP_SECTORS = 1               /* behind the first one */

    .section .setup, "ax"
    .code16
setup:
    .org    setup + 0x1f1
    .byte   SETUP_SECTORS
    .word   0                       /* root_flags */
    .long   image_paragraphs        /* syssize */
    .word   0                       /* ram_size */
    .word   0xffff                  /* vid_mode: normal */
    .word   0                       /* root_dev */
    .word   0xaa55                  /* boot_flag */
    .byte   0xeb, setup_entry - 1f  /* jump */
1:  .ascii  "HdrS"
    .word   0x020c                  /* version */
    .long   0                       /* realmode_swtch */
    .word   0                       /* start_sys_seg */
    .word   setup_version - setup - 0x200
    .byte   0                       /* type_of_loader */
    .byte   0x01                    /* loadflags: LOADED_HIGH */
    .word   0                       /* setup_move_size */
    .long   linux_start_32          /* code32_start */
    .long   0                       /* ramdisk_image */
    .long   0                       /* ramdisk_size */
    .long   0                       /* bootsect_kludge */
    .word   0                       /* heap_end_ptr */
    .byte   0                       /* ext_loader_ver */
    .byte   0                       /* ext_loader_type */
    .long   0                       /* cmd_line_ptr */
    .long   0x7fffffff              /* initrd_addr_max */
    .long   0x200000                /* kernel_alignment */
    .byte   0                       /* relocatable_kernel */
    .byte   0                       /* min_alignment */
    .word   0x0001                  /* xloadflags: XLF_KERNEL_64 */
    .long   2047                    /* cmdline_size */
    .long   0                       /* hardware_subarch */
    .quad   0                       /* hardware_subarch_data */
    .long   0                       /* payload_offset */
    .long   0                       /* payload_length */
    .quad   0                       /* setup_data */
    .quad   linux_start_32          /* pref_address */
    .long   image_size              /* init_size */
    .long   0                       /* handover_offset */

/* Real mode, ds the segment of setup, cs 0x20 more. */
setup_entry:
    cli
    cld
    xorl    %esi, %esi
    movw    %ds, %si
    shll    $4, %esi
    leal    (setup_gdt - setup)(%esi), %eax
    movl    %eax, setup_gdt_pointer - setup + 2
    lgdtl   setup_gdt_pointer - setup
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    movw    $0x18, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    ljmpl   $0x10, $linux_start_real

    .balign 8
setup_gdt:
    .quad   0
    .quad   0
    .quad   0x00cf9b000000ffff      /* 32-bit code */
    .quad   0x00cf93000000ffff      /* data */
setup_gdt_pointer:
    .word   31
    .long   0
setup_version:
    .asciz  "vmd test guest"
    .org    setup + 512 * (1 + SETUP_SECTORS)

/* 32-bit entry at the load address, esi is the zero page. */
    .section .text.start, "ax"
    .code32
    .globl  linux_start_32
linux_start_32:
    cli
    cld
    movl    %esi, %edi
    movl    $LINUX_ENTRY_32, %esi
    movl    $linux_main, %ebp
    jmp     long_mode_enter
linux_start_real:
    movl    %esi, %edi
    movl    $LINUX_ENTRY_REAL, %esi
    movl    $linux_main, %ebp
    jmp     long_mode_enter

/* 64-bit entry 0x200 behind it, rsi is the zero page. */
    .org    linux_start_32 + 0x200
    .code64
    cli
    cld
    movq    %rsi, %rdi
    movl    $LINUX_ENTRY_64, %esi
    movl    $linux_main, %ebp
    jmp     long_mode_start

    .section .note.GNU-stack, "", @progbits
