; SPDX-License-Identifier: GPL-2.0-or-later
; A guest that means harm, for tests/system/hostile.py: a PVH kernel's code, flat, 32 bits.
; -D KIND=: 0, random bytes as code; 1, code that changes itself, also across a page; 2,
; a storm of interrupts; 3, random page tables.  Whatever happens, it goes on: each vector
; leads to the next round, and a triple fault resets the machine, which starts over.
        bits 32
        org 0x100000

STACK   equ 0x90000
CODE    equ 0x200000                    ; random code
CROSS   equ 0x200ffc                    ; code across a page
TABLE   equ 0x300000                    ; page directory
LAPIC   equ 0xfee00000

start:  cli
        lgdt [gdtr]
        jmp 8:.flat
.flat:  mov eax, 16
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov esp, STACK
        rdtsc
        or eax, 1
        mov [seed], eax
        mov edi, idt
        mov ecx, 256
.gate:  mov eax, handler
        mov [edi], ax
        mov word [edi + 2], 8
        mov word [edi + 4], 0x8e00
        shr eax, 16
        mov [edi + 6], ax
        add edi, 8
        loop .gate
        lidt [idtr]
        jmp setup

; eax: the next number
random: mov eax, [seed]
        mov edx, eax
        shl edx, 13
        xor eax, edx
        mov edx, eax
        shr edx, 17
        xor eax, edx
        mov edx, eax
        shl edx, 5
        xor eax, edx
        mov [seed], eax
        ret

%if KIND == 0
setup:
handler:
        mov esp, STACK
        cld
        mov edi, CODE
        mov ecx, 16
.fill:  call random
        stosd
        loop .fill
        mov byte [edi], 0xcc            ; int3
        jmp CODE

%elif KIND == 1
setup:  mov dword [CROSS], 0x9000b890   ; nop; mov eax, ...
        mov dword [CROSS + 4], 0xc3900000
.again: inc dword [CROSS + 2]
        mov eax, CROSS
        call eax
        inc byte [.here + 1]
.here:  mov al, 0
        jmp .again
handler:
        mov esp, STACK
        jmp setup

%elif KIND == 2
setup:  mov dword [LAPIC + 0xf0], 0x1ff
        mov dword [LAPIC + 0x3e0], 11   ; divide by 1
        mov dword [LAPIC + 0x320], 0x20040      ; periodic
        mov dword [LAPIC + 0x380], 1
        sti
.again: mov dword [LAPIC + 0x300], 0x40041      ; to itself
        jmp .again
handler:
        mov dword [LAPIC + 0xb0], 0
        iret

%else
setup:
handler:
        mov esp, STACK
        xor eax, eax
        mov cr0, eax
        inc eax
        mov cr0, eax                    ; no paging, protected
        mov dword [TABLE], 0x83         ; this code
        mov ecx, 1023
.fill:  call random
        and eax, 0x3fffff7
        mov [TABLE + 4 * ecx], eax
        loop .fill
        mov eax, TABLE
        mov cr3, eax
        mov eax, cr4
        or eax, 0x10                    ; 4 MiB pages
        mov cr4, eax
        mov eax, cr0
        or eax, 0x80000000
        mov cr0, eax
        mov ecx, 200
.touch: call random
        add [eax], ecx
        loop .touch
        jmp handler
%endif

        align 8
gdt:    dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:   dw 23
        dd gdt
idtr:   dw 2047
        dd idt
seed:   dd 0
        align 8
idt:    times 256 dq 0
