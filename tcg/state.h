/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a software vCPU, shared by generated code, the assembly thunks
 * and C.
 *
 * While generated code runs, the host's rsp points at this struct (it lies on
 * the vCPU's own thread's stack, made by tcg_thread() in thunks.S), the guest's
 * rax rcx rdx rbx rbp rsi rdi r8 r12..r15 are in the host registers of the same
 * name, its rsp is in host r9, and its r9 r10 r11 are in gpr[9..11].  Host r10
 * and r11 are scratch.  The guest's x87, SSE and AVX registers are in the host's.
 *
 * While C runs, all general registers are in gpr[], in the order of their
 * encoding (rax rcx rdx rbx rsp rbp rsi rdi r8 ...), and the six arithmetic
 * flags in `flags`.
 *
 * Two kinds of C:
 *
 *  light  files of libtcglight.a, built without vector instructions and without
 *         a library: the guest's x87, SSE and AVX registers stay in the host's
 *         meanwhile.  No call of glib or libc, not even memcpy.
 *  heavy  everything else.  Light code calls it through tcg_heavy(), which puts
 *         the guest's vector registers into `vector` and loads the host's control
 *         words.  Heavy code never raises.
 *
 * thunks.S and the translator use the offsets of the first members.  Only the vCPU's
 * own thread accesses it, except for `pending` and `requests`; other threads may
 * while it is parked.
 */
#ifndef TCG_STATE_H
#define TCG_STATE_H

#include <glib.h>
#include <stdbool.h>

typedef struct TcgState TcgState;
typedef struct TcgInsn TcgInsn;
typedef struct TcgVcpu TcgVcpu;
typedef struct TcgExit TcgExit;
typedef struct TcgMemory TcgMemory;

/* Registers by encoding. */
enum { TCG_RAX, TCG_RCX, TCG_RDX, TCG_RBX, TCG_RSP, TCG_RBP, TCG_RSI, TCG_RDI };
enum { TCG_ES, TCG_CS, TCG_SS, TCG_DS, TCG_FS, TCG_GS, TCG_N_SEGMENTS };

/* RFLAGS: SDM vol. 1, section 3.4.3. */
enum {
    EFLAGS_CF = 1 << 0, EFLAGS_FIXED = 1 << 1, EFLAGS_PF = 1 << 2, EFLAGS_AF = 1 << 4,
    EFLAGS_ZF = 1 << 6, EFLAGS_SF = 1 << 7, EFLAGS_TF = 1 << 8, EFLAGS_IF = 1 << 9,
    EFLAGS_DF = 1 << 10, EFLAGS_OF = 1 << 11, EFLAGS_IOPL = 3 << 12, EFLAGS_NT = 1 << 14,
    EFLAGS_RF = 1 << 16, EFLAGS_VM = 1 << 17, EFLAGS_AC = 1 << 18, EFLAGS_VIF = 1 << 19,
    EFLAGS_VIP = 1 << 20, EFLAGS_ID = 1 << 21,
    EFLAGS_ARITHMETIC = EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF,
};

/* Control registers: SDM vol. 3A, section 2.5. */
enum {
    CR0_PE = 1 << 0, CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_ET = 1 << 4,
    CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_AM = 1 << 18, CR0_NW = 1 << 29, CR0_CD = 1 << 30,
};
#define CR0_PG (1u << 31)
enum {
    CR4_VME = 1 << 0, CR4_PVI = 1 << 1, CR4_TSD = 1 << 2, CR4_DE = 1 << 3, CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7, CR4_PCE = 1 << 8,
    CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10, CR4_UMIP = 1 << 11, CR4_LA57 = 1 << 12,
    CR4_VMXE = 1 << 13, CR4_FSGSBASE = 1 << 16, CR4_PCIDE = 1 << 17, CR4_OSXSAVE = 1 << 18,
    CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21, CR4_PKE = 1 << 22,
};
enum { EFER_SCE = 1 << 0, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

/* Exceptions: SDM vol. 3A, table 6-1. */
enum {
    TCG_DE, TCG_DB, TCG_NMI, TCG_BP, TCG_OF, TCG_BR, TCG_UD, TCG_NM, TCG_DF, TCG_TS = 10,
    TCG_NP, TCG_SS_FAULT, TCG_GP, TCG_PF, TCG_MF = 16, TCG_AC, TCG_MC, TCG_XM,
};

/* ---- Segments ---- */

/* `attributes` is bits 8 to 23 of a descriptor's high word, in place. */
enum {
    SEG_ACCESSED = 1 << 8, SEG_RW = 1 << 9, SEG_CE = 1 << 10, SEG_CODE = 1 << 11,
    SEG_TYPE = 15 << 8, SEG_S = 1 << 12, SEG_DPL = 3 << 13, SEG_P = 1 << 15,
    SEG_AVL = 1 << 20, SEG_L = 1 << 21, SEG_DB = 1 << 22, SEG_G = 1 << 23,
    SEG_DPL_SHIFT = 13, SEG_TYPE_SHIFT = 8,
};

typedef struct {
    guint64 base;
    /* For generated code outside 64-bit mode: an access that ends below these
     * offsets is allowed; 0 if C has to check (expand-down, null, not readable or
     * writable).  Set by tcg_segment_cached(). */
    guint64 end_read, end_write;
    guint32 limit;              /* in bytes, with granularity applied */
    guint32 attributes;
    guint16 selector;
    guint16 unusable;           /* loaded with a null selector */
    guint32 reserved;
} TcgSegment;

typedef struct {
    guint64 base;
    guint32 limit;
    guint32 reserved;
} TcgTable;

/* ---- The mode word: all that a translation relies on ---- */

enum {
    TCG_MODE_CODE32 = 1 << 0,   /* code size: neither: 16 bits */
    TCG_MODE_CODE64 = 1 << 1,
    TCG_MODE_STACK32 = 1 << 2,  /* SS.B, outside 64-bit mode */
    TCG_MODE_CPL = 3 << 3,
    TCG_MODE_CPL_SHIFT = 3,
    /* ES, SS, DS are usable, writable, base 0, limit 4 GiB, and so is CS's base and limit;
     * always in 64-bit mode. */
    TCG_MODE_FLAT = 1 << 5,
    TCG_MODE_AC = 1 << 6,       /* SMAP is on, CPL below 3 and EFLAGS.AC set */
    TCG_MODE_STEP = 1 << 7,     /* TF or breakpoints: blocks of one instruction */
    TCG_MODE_PROTECTED = 1 << 8,        /* CR0.PE */
    TCG_MODE_V86 = 1 << 9,
    TCG_MODE_X87 = 1 << 10,     /* x87 instructions run (CR0.EM, TS clear) */
    TCG_MODE_SSE = 1 << 11,     /* SSE instructions run */
    TCG_MODE_AVX = 1 << 12,     /* VEX instructions run */
    TCG_MODE_WAIT = 1 << 13,    /* WAIT runs (not CR0.MP and TS) */
    TCG_MODE_IOPL = 1 << 14,    /* CPL is at most IOPL, and not V86: cli and sti need no check */
    TCG_MODE_ALIGN = 1 << 15,   /* alignment checks: CR0.AM, EFLAGS.AC, CPL 3 */
    /* Of a block, never of the state: it checks each access separately (translate-group.c). */
    TCG_MODE_PLAIN = 1 << 16,
};

/* ---- Address translation ---- */

/*
 * An entry holds one page.  A tag is the linear address of the page, or a value
 * that no address with this index has: 0, and 0x1000 in entry 0.  Pages whose
 * accesses need C (MMIO, ROM for writes, code for writes, logged, watched) have no
 * tag for them.
 */
typedef struct {
    guint64 tag_read, tag_write;
    guint8 *page;               /* on the host */
    guint64 delta;              /* page minus linear address */
} TcgTlbEntry;

/* A page without memory.  A tag is its linear address | 1; 0: none. */
typedef struct {
    guint64 tag_read, tag_write;
    guint64 gpa;
} TcgDevicePage;

/*
 * The last TLB entry of an access in a trace, which is faster to check: no index has to
 * be computed.  All sites are cleared whenever an entry is removed from the TLBs.  An
 * empty one has a non-canonical tag and a delta of 0, so that an access to that page
 * faults on the host, as it must for the guest.
 */
#define TCG_NO_SITE (1ull << 63)

enum {
    TCG_N_SITES = 32,           /* of reads in a table; as many of writes */
    TCG_N_GUESSES = 32,
};

enum {
    TCG_TLB_USER,               /* CPL 3 */
    TCG_TLB_KERNEL,
    TCG_TLB_KERNEL_AC,          /* CPL 0 to 2 with user pages open: AC, or no SMAP */
    TCG_N_TLBS,
    TCG_TLB_SIZE = 1024,
    TCG_TLB_GROUP = 4,
    TCG_N_DEVICE_PAGES = 16,
    TCG_JUMP_CACHE_SIZE = 2048,
    TCG_FETCH_TLB_SIZE = 128,
};

/* Where the code for a linear address is, in a mode; only with CS.base 0. */
typedef struct {
    guint64 rip;
    guint32 code;               /* offset from code_base */
    guint32 mode;               /* TCG_JUMP_NONE: none */
} TcgJump;

enum { TCG_JUMPS_KERNEL, TCG_JUMPS_USER, TCG_N_JUMP_CACHES };

#define TCG_JUMP_NONE 3u        /* both 32 and 64-bit code: not a valid mode */

/* A page from which code was fetched. */
typedef struct {
    guint64 tag;                /* linear address of the page | CPL == 3; ~0: none */
    guint8 *page;               /* on the host; NULL: not RAM or ROM, fetch by MMIO */
    guint64 gpa;
    guint64 global;             /* global, and not for CPL 3 */
} TcgFetchEntry;

/* ---- Events ---- */

typedef struct {
    guint8 vector;
    bool pending;
    bool has_error;
    guint32 error;
    guint64 address;            /* #PF: goes to CR2 at delivery; #DB: bits for DR6 */
} TcgException;

/* Bits of TcgState.requests: set by any thread with tcg_vcpu_request(). */
enum {
    TCG_REQUEST_STOP = 1 << 0,  /* park, or wait until a hold ends */
    TCG_REQUEST_APIC = 1 << 1,  /* the local APIC may have an interrupt */
    TCG_REQUEST_EXTINT = 1 << 2,        /* the PIC's line is, or was, high */
    TCG_REQUEST_NMI = 1 << 3,
    TCG_REQUEST_INIT = 1 << 4,
    TCG_REQUEST_SIPI = 1 << 5,
    TCG_REQUEST_TLB = 1 << 6,   /* another thread changed address line 20 */
    TCG_REQUEST_IDLE = 1 << 7,  /* idle_page has no code any more */
};

/* What heavy code of a vCPU leaves to its light code, since other threads change a TLB only while
 * the vCPU is in heavy code. */
typedef enum {
    TCG_FORGET_NOTHING,
    TCG_FORGET_TLB,
    TCG_FORGET_ALL,             /* whatever the flags about its contents say */
} TcgForget;

enum { TCG_WRITER_SHARED = 1 << 15 };

/* Jump targets of generated code, in thunks.S. */
enum {
    TCG_THUNK_LOOP,             /* to the dispatcher, at s->rip */
    TCG_THUNK_EXIT,             /* continue at r10, leaving through the TcgExit r11 */
    TCG_THUNK_RIP,              /* continue at r10 */
    TCG_THUNK_HELPER,           /* called: TcgInsn r11 */
    TCG_THUNK_SLOW,             /* TcgMemop r11 at linear address r10 */
    TCG_THUNK_SEGMENT,          /* TcgMemop r11 at offset r10 of its segment */
    TCG_THUNK_COPIED,           /* TcgMemop r11: its copy has run */
    TCG_N_THUNKS,
};

enum {
    TCG_N_GROUPS = 8,
    TCG_VECTOR_SIZE = 1024,     /* legacy area, header, AVX; what XSAVE writes */
    TCG_BOUNCE_SIZE = 128,
    TCG_N_BANKS = 10,           /* of machine checks */
};

struct TcgState {
    /* Used by thunks.S through offsets.h, and within reach of short displacements. */
    guint32 pending;            /* anything in requests: checked in each block's head */
    guint32 flags;              /* bits 15..8: SF ZF AF PF CF as in LAHF, bit 0: OF */
    guint64 save_rax;           /* of the code that saves and restores flags */
    guint64 gpr[16];
    guint64 spare[4];           /* registers that generated code borrows */
    guint64 rip;                /* valid in C only */
    guint64 fault_rip;          /* host pc of a fault in generated code */
    guint64 fault_flags;        /* the host's flags there */
    TcgExit *chain;             /* the jump that left a block, to be patched, or NULL */
    void *return_rsp;           /* of tcg_thread() */
    guint64 scratch;            /* r10 left by slow paths */
    guint64 copy_flags;         /* the host's flags after a copy of an instruction */
    guint64 code_base;          /* what TcgJump.code counts from */
    guint64 xsave_mask;         /* components that xrstor restores: all of the host */
    const void *thunk[TCG_N_THUNKS];
    guint64 sees_in_use;        /* the host reports which components are in use */
    /* Set once x87 code has run, which checks this first.  0: the guest's x87 has its reset
     * state, and the host's has what C left, so it need not be saved. */
    guint32 x87_used;
    /* The same for AVX instructions.  0: the upper halves of its registers are 0. */
    guint32 avx_used;
    guint8 vector[TCG_VECTOR_SIZE] __attribute__((aligned(64)));        /* XSAVE format */
    guint8 bounce[TCG_BOUNCE_SIZE] __attribute__((aligned(64)));

    TcgVcpu *vcpu;
    guint32 requests;
    guint32 mode;               /* TCG_MODE_*: see tcg_mode_update() */
    guint32 eflags;             /* all but the arithmetic flags, bit 1 set */
    guint32 heavy;              /* in heavy code: nesting */
    /* Host minus linear address of the checked range of each group of accesses. */
    guint64 group_delta[TCG_N_GROUPS];
    guint64 site_delta[TCG_N_TLBS][2][TCG_N_SITES];     /* [1]: of writes */
    guint64 site_tag[TCG_N_TLBS][2][TCG_N_SITES];
    bool sites_clean;           /* all sites are empty */
    /* Host minus linear address of the last target of pointers in traces: a guess, which is
     * checked against the TLB each time (translate-memory.c). */
    guint64 guess[TCG_N_GUESSES];
    bool devices_clean;         /* no page is in device[] */
    TcgDevicePage device[TCG_N_TLBS][TCG_N_DEVICE_PAGES];
    guint8 plain;               /* the next block is TCG_MODE_PLAIN: a group did not pass */
    guint8 stepped;             /* a block of one instruction has begun */
    guint8 step_trap;           /* EFLAGS.TF was set before it: #DB follows */
    guint8 step_resume;         /* EFLAGS.RF was set before it: cleared, unless reloaded */
    guint8 fault_vector;        /* vector for the host's fault */

    TcgSegment segment[TCG_N_SEGMENTS], ldt, tr;
    TcgTable gdt, idt;
    guint64 cr0, cr2, cr3, cr4, efer, xcr0;
    guint64 dr[8];              /* 4 and 5 unused */
    guint64 star, lstar, cstar, sfmask, kernel_gs_base;
    guint64 sysenter_cs, sysenter_esp, sysenter_eip;
    guint64 tsc_aux, tsc_offset, tsc_adjust;
    guint64 pat, misc_enable, mcg_status;

    TcgException exception;     /* to be delivered before the next instruction */
    gint16 delivering;          /* vector being delivered, -1: none */
    guint8 delivering_class;    /* of it: except.c */
    bool delivering_external;   /* not by INT n: error codes have EXT */
    bool halted;
    bool wait_for_sipi;
    bool nmi_masked;            /* until IRET */
    /* Interrupts wait for one more instruction (STI, MOV SS): counts down at
     * instruction ends that the dispatcher handles. */
    guint8 shadow;
    bool shadow_debug;          /* MOV SS: #DB waits as well */
    guint8 sipi_vector;         /* at which it started */
    guint64 large_first, large_last;    /* bounds of large pages in the TLB */
    guint64 fault_address;      /* of the walk that failed last */
    guint32 fault_error;
    /* Bits by TCG_TLB_GROUP entries of a table: something was filled since the last flush. */
    guint64 tlb_filled[TCG_N_TLBS][TCG_TLB_SIZE / TCG_TLB_GROUP / 64];
    bool jumps_clean[TCG_N_JUMP_CACHES];
    bool kernel_jumps_local;    /* one of them is for a page that is not global */
    bool fetch_clean;
    bool pages_1g;              /* CPUID has 1 GiB pages */
    guint64 a20_mask;           /* ~0, or without bit 20 */
    guint64 phys_mask;          /* of physical address bits */
    TcgMemory *memory;          /* of the machine */
    /* Its bit in TcgPhysPage.writers; from TCG_WRITER_SHARED on several vCPUs have the same. */
    guint16 writer;
    guint8 forget;              /* TcgForget: the dispatcher's next task */
    bool hv_pages_due;          /* loaded with a state; the dispatcher's next task: op-hyperv.c */
    bool exclusive;             /* it keeps the other vCPUs out: see tcg_exclusive_begin() */
    const guint8 *idle_page;    /* of TCG_REQUEST_IDLE, on the host */
    /* Data breakpoints that the current instruction hit, as in DR6; consumed by stepping code. */
    guint32 watch_hits;

    /* Between tcg_access_begin() and tcg_access_end(). */
    struct {
        guint64 linear, gpa[2];     /* of the first byte, and of the first on a second page */
        guint8 *page[2];            /* of an operand on two pages in the TLB; else NULL */
        guint32 size;
        guint32 how;
        bool bounced;
        bool device;                /* only a device was at gpa[0] when it began */
        bool heavy;                 /* heavy code ran: see tcg_must_leave() */
    } access;

    /* Model-specific registers without effect; see op-msr.c. */
    struct {
        guint64 mtrr_default, mtrr_fixed[11], mtrr_variable[16];
        guint64 spec_ctrl, hwcr, mcg_ctl;
        guint64 hv_os_id, hv_hypercall, hv_reference_tsc, hv_assist;    /* op-hyperv.c */
        guint64 hv_crash[5];    /* a partition's; a guest writes and reports on one CPU */
        guint64 bank[TCG_N_BANKS][4];   /* machine checks: CTL, STATUS, ADDR, MISC */
    } msr;
    /* The last instruction and operand of the x87 as the guest loaded them: otherwise the
     * host's registers hold addresses of the host. */
    guint64 fpu_ip, fpu_dp;
    guint32 pauses;             /* PAUSE instructions */

    /* FXSAVE and XSAVE images under construction: the guest's, the live registers. */
    guint8 fpu_image[TCG_VECTOR_SIZE] __attribute__((aligned(64)));
    guint8 fpu_live[TCG_VECTOR_SIZE] __attribute__((aligned(64)));
    /* Of CPL 0 to 2, and of CPL 3. */
    TcgJump jump[TCG_N_JUMP_CACHES][TCG_JUMP_CACHE_SIZE] __attribute__((aligned(64)));
    TcgTlbEntry tlb[TCG_N_TLBS][TCG_TLB_SIZE];
    TcgFetchEntry fetch[TCG_FETCH_TLB_SIZE];
};

/* ---- Instructions that C executes ---- */

typedef enum {
    TCG_GO_ON,                  /* the next instruction of the block follows */
    TCG_NEXT,                   /* the next instruction follows, but the mode may have changed:
                                   leave the block */
    TCG_LEAVE,                  /* leave; rip has been set */
} TcgNext;

/* Light, on the vCPU's thread, with s->rip the instruction's own.  May raise. */
typedef TcgNext (*TcgHelper)(TcgState *s, const TcgInsn *insn);

enum { TCG_NO_REG = 0xff };

/*
 * Which registers an instruction needs, which determines how it is disabled:
 * SDM vol. 3A, sections 2.5, 13.1.
 */
typedef enum {
    TCG_UNIT_NONE,
    TCG_UNIT_X87,               /* also FXSAVE, FXRSTOR */
    TCG_UNIT_MMX,               /* also what SSE added for MMX registers */
    TCG_UNIT_SSE,
    TCG_UNIT_AVX,
    TCG_UNIT_XSAVE,
} TcgUnit;

/* One decoded instruction, kept beside the translated block. */
struct TcgInsn {
    TcgHelper helper;
    guint64 rip;
    guint64 imm;                /* first immediate, sign-extended as the instruction requires; of
                                   relative branches the target's offset from the next instruction;
                                   of far pointers the offset; of moffs the address */
    gint64 disp;
    guint16 mnemonic;           /* ZydisMnemonic */
    guint16 imm2;               /* second immediate: selector, ENTER's level */
    guint8 opcode;              /* last byte of it */
    guint8 length;              /* bytes, 1 to 15 */
    guint8 operand_size;        /* 1, 2, 4, 8 */
    guint8 address_size;        /* 2, 4, 8 */
    guint8 stack_size;          /* 2, 4, 8: width of the stack pointer */
    guint8 reg;                 /* ModRM.reg with REX.R (VEX.R) */
    guint8 rm;                  /* ModRM.rm with REX.B if it is a register, else TCG_NO_REG */
    guint8 base, index, scale;  /* of the memory operand; TCG_NO_REG: none; scale 1, 2, 4, 8 */
    guint8 vvvv;                /* VEX.vvvv */
    guint8 segment;             /* TCG_DS ...: of the memory operand, overrides applied */
    guint8 memory_size;         /* bytes of the memory operand; 0: none */
    bool rip_relative;          /* disp counts from the next instruction */
    bool has_memory;
    bool rex;                   /* byte registers 4 to 7 are spl bpl sil dil */
    bool rep, repne, lock;
    bool vex_l;                 /* VEX.L: 256 bits */
    guint8 unit;                /* TcgUnit */
};

static inline guint tcg_cpl(const TcgState *s)
{
    return (s->mode & TCG_MODE_CPL) >> TCG_MODE_CPL_SHIFT;
}

static inline bool tcg_is_64bit(const TcgState *s)
{
    return s->mode & TCG_MODE_CODE64;
}

/* RFLAGS as the guest sees them, and the arithmetic ones from such a value. */
static inline guint32 tcg_eflags(const TcgState *s)
{
    return s->eflags | EFLAGS_FIXED | (s->flags >> 8 & 0xd5) | (s->flags & 1) << 11;
}

static inline void tcg_set_arithmetic(TcgState *s, guint32 eflags)
{
    s->flags = (eflags & 0xd5) << 8 | (eflags >> 11 & 1);
}

#endif
