; SPDX-License-Identifier: GPL-2.0-or-later
;
; A firmware of 64 KiB that walks through rings, gates, tasks and V86, and says on the
; debug console how far it came, a letter a step:
;   i c     INT in real mode saw IF clear, and CF
;   r s     back from it; s again after a word beyond the segment's limit, which is #GP (G)
;   p n     protected mode; a trap gate of the same level
;   *xxxx   #GP with this error code, whose instruction is then passed
;   3 g R   ring 3; a call gate with two parameters, and back
;   b t T   INT3 of ring 3; a task gate, and back
;   2 v V   ring 0 by an interrupt gate; V86, whose OUT is #GP (no I/O map), and whose INT needs
;           IOPL 3
;   E S L   16-bit stacks: their ESP keeps its upper half; LAR
;   !       something was not as it has to be
; It ends with a triple fault, so that it begins again.  NASM's syntax.
        bits 16
        org 0
%macro P16 1
        push ax
        push dx
        mov dx, 0x402
        mov al, %1
        out dx, al
        pop dx
        pop ax
%endmacro
%macro P 1
        push eax
        push edx
        mov dx, 0x402
        mov al, %1
        out dx, al
        pop edx
        pop eax
%endmacro
start:  cli
        xor ax, ax
        mov ss, ax
        mov sp, 0x7000
        mov ds, ax
        mov word [0x80*4], int80
        mov word [0x80*4+2], 0xf000
        mov word [13*4], gp16
        mov word [13*4+2], 0xf000
        mov word [12*4], gp16
        mov word [12*4+2], 0xf000
        stc
        int 0x80
        P16 'r'
        ; limit violation: word at ffff
        mov bp, after1
        mov ax, [0xffff]
after1: P16 's'
        push word 0x0202
        popf
        pushf
        pop ax
        cli
        ; copy gdt etc: built in RAM at 0x1000 by copying from ROM
        mov ax, 0xf000
        mov ds, ax
        xor ax, ax
        mov es, ax
        mov si, gdt
        mov di, 0x1000
        mov cx, gdt_end-gdt
        cld
        rep movsb
        mov si, idt
        mov di, 0x2000
        mov cx, idt_end-idt
        rep movsb
        mov si, tss
        mov di, 0x3000
        mov cx, 104
        rep movsb
        mov di, 0x3100
        mov si, tss2
        mov cx, 104
        rep movsb
        o32 lgdt [gdtr]
        o32 lidt [idtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp dword 0x08:pm + 0xf0000
int80:  P16 'i'
        pushf
        pop ax
        test ax, 0x200
        jnz .x
        P16 'c'
.x:     iret
gp16:   P16 'G'
        add sp, 6
        jmp bp
        bits 32
pm:     mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov esp, 0x8000
        mov ax, 0x28
        ltr ax
        P 'p'
        int 0x30                ; trap gate, same level
        int 0x40                ; beyond: gp
        mov ax, 0x23
        mov fs, ax
        ; to ring 3
        push dword 0x23
        push dword 0x6000
        push dword 0x3002
        push dword 0x1b
        push dword ring3 + 0xf0000
        iretd
ring3:  P '3'
        mov ax, ds              ; must be null
        test ax, ax
        jnz bad
        mov ax, 0x23
        mov ds, ax
        mov es, ax
        int 0x31                ; dpl 0: gp
        int 0x30                ; dpl 3 to ring 0
        push dword 0x11111111
        push dword 0x22222222
        call 0x33:0             ; call gate, 2 parameters
        P 'R'
        cmp esp, 0x6000
        jne bad
        int3
        mov al, 0
        call 0x3b:0             ; task gate
        P 'T'
        call 0x40:0             ; tss with dpl 0 : gp
        int 0x32                ; to the ring 0 part two
bad:    P '!'
        jmp $
gate:   P 'g'
        cmp dword [esp+8], 0x22222222
        jne bad
        cmp dword [esp+12], 0x11111111
        jne bad
        cmp dword [esp+16], 0x5ff8
        jne bad
        retf 8
int30:  P 'n'
        iretd
int3h:  P 'b'
        iretd
; prints '*', vector class, error code in hex, and skips the instruction by table length in edi? skip int (2) or call far(7)
gp:     P '*'
        push eax
        push ebx
        push ecx
        mov ebx, [esp+12]       ; error
        mov ecx, 4
.l:     rol bx, 4
        mov al, bl
        and al, 15
        add al, '0'
        cmp al, '9'
        jbe .k
        add al, 7
.k:     mov dx, 0x402
        out dx, al
        loop .l
        mov ebx, [esp+16]       ; eip
        test dword [esp+24], 0x20000
        jnz .v
        cmp byte [cs:ebx], 0x9a
        jne .two
        add dword [esp+16], 5
.two:   add dword [esp+16], 2
        pop ecx
        pop ebx
        pop eax
        add esp, 4
        iretd
.v:     P 'v'
        pop ecx
        pop ebx
        pop eax
        add esp, 4
        jmp v86gp
; from v86: esp -> eip cs eflags esp ss es ds fs gs
v86gp:  add dword [esp], 2
        or dword [esp+8], 0x3000 ; iopl 3 from now
        iretd
task:   P 't'
        pushfd
        pop eax
        test ah, 0x40
        jz bad
        mov eax, cr0
        test al, 8
        jz bad
        iretd
        P 'u'
        iretd
part2:  P '2'
        mov eax, 0x12345678
        ; enter V86 with iopl 0
        mov esp, 0x8000
        push dword 0            ; gs
        push dword 0
        push dword 0
        push dword 0            ; es
        push dword 0            ; ss
        push dword 0x5000
        push dword 0x20002
        push dword 0xf000
        push dword v86
        iretd
        bits 16
v86:    int 0x33                ; gp(0), then iopl 3
        P16 'w'
        pushf
        pop ax
        int 0x33
        P16 'z'
        int 0x34
        bits 32
int33:  P 'V'
        mov ax, ds
        test ax, ax
        jnz bad
        iretd
int34:  ; finish: 16 bit stack checks
        P 'E'
        mov ax, 0x10
        mov ds, ax
        mov esp, 0x12347000
        mov ax, 0x48
        mov ss, ax              ; 16-bit stack base 0
        push eax
        mov ebx, esp
        cmp ebx, 0x12346ffc
        jne bad
        enter 16, 2
        leave
        cmp esp, 0x12346ffc
        jne bad
        P 'S'
        lar eax, [cs:sel + 0xf0000]
        P 'L'
        mov ax, 0x10
        mov ss, ax
        mov esp, 0x8000
        ; shutdown by a double fault: idt limit 0
        P 0x0a
        lidt [cs:zero + 0xf0000]
        int3
        jmp $
sel:    dw 0x1b
zero:   dw 0, 0, 0
gdtr:   dw gdt_end-gdt-1
        dd 0x1000
idtr:   dw idt_end-idt-1
        dd 0x2000
        align 8
gdt:    dq 0
        dq 0x00cf9a000000ffff
        dq 0x00cf92000000ffff
        dq 0x00cffa000000ffff
        dq 0x00cff2000000ffff
        dq 0x0000890030000067   ; 28 tss
        dw gate, 0x08, 0xec02, 0x000f   ; 30 call gate
        dw 0, 0x40, 0xe500, 0   ; 38 task gate
        dq 0x0000890031000067   ; 40 tss2
        dq 0x000092000000ffff   ; 48 data16
gdt_end:
%macro IG 2
        dw %1, 0x08, %2, 0x000f
%endmacro
idt:    times 3 dq 0
        IG int3h, 0xee00
        times 9 dq 0
        IG gp, 0x8e00
        times 0x30-14 dq 0
        IG int30, 0xef00
        IG int30, 0x8e00
        IG part2, 0xee00
        IG int33, 0xee00
        IG int34, 0xee00
idt_end:
tss:    dd 0, 0x9000, 0x10
        times 23 dd 0
tss2:   dd 0, 0, 0, 0, 0, 0, 0, 0
        dd task + 0xf0000, 2
        dd 0,0,0,0, 0xa000, 0,0,0
        dd 0x10, 0x08, 0x10, 0x10, 0, 0, 0
        dd 0
        times 0xfff0-($-$$) db 0xff
        bits 16
        jmp 0xf000:start
        times 0x10000-($-$$) db 0xff
