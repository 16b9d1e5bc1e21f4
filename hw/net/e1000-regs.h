/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers, descriptors and bits of the 82540EM, as Intel's "PCI/PCI-X Family of
 * Gigabit Ethernet Controllers Software Developer's Manual" (317453-006, June 2008;
 * "SDM" below) names them.  Section numbers are its own.
 */
#ifndef HW_NET_E1000_REGS_H
#define HW_NET_E1000_REGS_H

/* ---- Section 13.4: offsets in the memory BAR ---- */

enum {
    REG_CTRL = 0x0000,
    REG_CTRL_DUP = 0x0004,
    REG_STATUS = 0x0008,
    REG_EECD = 0x0010,
    REG_EERD = 0x0014,
    REG_CTRL_EXT = 0x0018,
    REG_FLA = 0x001c,
    REG_MDIC = 0x0020,
    REG_FCAL = 0x0028,
    REG_FCAH = 0x002c,
    REG_FCT = 0x0030,
    REG_VET = 0x0038,
    REG_ICR = 0x00c0,
    REG_ITR = 0x00c4,
    REG_ICS = 0x00c8,
    REG_IMS = 0x00d0,
    REG_IMC = 0x00d8,
    REG_RCTL = 0x0100,
    REG_FCTTV = 0x0170,
    REG_TXCW = 0x0178,
    REG_RXCW = 0x0180,
    REG_TCTL = 0x0400,
    REG_TIPG = 0x0410,
    REG_AIFS = 0x0458,
    REG_LEDCTL = 0x0e00,
    REG_PBA = 0x1000,
    REG_FCRTL = 0x2160,
    REG_FCRTH = 0x2168,
    REG_RDFH = 0x2410,          /* RDFH, RDFT, RDFHS, RDFTS, RDFPC: every 8 bytes */
    REG_RDBAL = 0x2800,
    REG_RDBAH = 0x2804,
    REG_RDLEN = 0x2808,
    REG_RDH = 0x2810,
    REG_RDT = 0x2818,
    REG_RDTR = 0x2820,
    REG_RXDCTL = 0x2828,
    REG_RADV = 0x282c,
    REG_RSRPD = 0x2c00,
    REG_TDFH = 0x3410,          /* as the receive FIFO's */
    REG_TDBAL = 0x3800,
    REG_TDBAH = 0x3804,
    REG_TDLEN = 0x3808,
    REG_TDH = 0x3810,
    REG_TDT = 0x3818,
    REG_TIDV = 0x3820,
    REG_TXDCTL = 0x3828,
    REG_TADV = 0x382c,
    REG_TSPMT = 0x3830,
    REG_STATISTICS = 0x4000,    /* to 0x40fc */
    REG_RXCSUM = 0x5000,
    REG_MTA = 0x5200,
    REG_RAL0 = 0x5400,          /* RAL and RAH alternate */
    REG_VFTA = 0x5600,
    REG_WUC = 0x5800,
    REG_WUFC = 0x5808,
    REG_WUS = 0x5810,
    REG_MANC = 0x5820,
    REG_IPAV = 0x5838,
};

/* ---- Bits ---- */

enum {                          /* 13.4.1 */
    CTRL_FD = 1 << 0,
    CTRL_SLU = 1 << 6,
    CTRL_SPEED_1000 = 1 << 9,
    CTRL_RST = 1 << 26,         /* clears itself */
    CTRL_VME = 1 << 30,
};
#define CTRL_PHY_RST (1u << 31)
#define CTRL_WRITABLE 0xd8fc1be9u

enum {                          /* 13.4.2 */
    STATUS_FD = 1 << 0,
    STATUS_LU = 1 << 1,
    STATUS_SPEED_1000 = 1 << 7,
    STATUS_ASDV_1000 = 1 << 9,
};

enum {                          /* 13.4.3 */
    EECD_SK = 1 << 0,
    EECD_CS = 1 << 1,
    EECD_DI = 1 << 2,
    EECD_DO = 1 << 3,
    EECD_FWE_DIS = 1 << 4,
    EECD_FWE = 3 << 4,
    EECD_REQ = 1 << 6,
    EECD_GNT = 1 << 7,
    EECD_PRES = 1 << 8,
};

enum {                          /* 13.4.4 */
    EERD_START = 1 << 0,
    EERD_DONE = 1 << 4,
    EERD_ADDR_SHIFT = 8,
    EERD_DATA_SHIFT = 16,
};

enum { CTRL_EXT_EE_RST = 1 << 13 };     /* 13.4.5 */

enum {                          /* 13.4.7 */
    MDIC_REG_SHIFT = 16,
    MDIC_PHY_SHIFT = 21,
    MDIC_OP_WRITE = 1 << 26,
    MDIC_OP_READ = 2 << 26,
    MDIC_OP = 3 << 26,
    MDIC_R = 1 << 28,
    MDIC_I = 1 << 29,
    MDIC_E = 1 << 30,
};

enum {                          /* 13.4.17, ICR */
    ICR_TXDW = 1 << 0,          /* descriptor written back */
    ICR_TXQE = 1 << 1,          /* queue empty */
    ICR_LSC = 1 << 2,           /* link status */
    ICR_RXDMT0 = 1 << 4,        /* few descriptors left */
    ICR_RXO = 1 << 6,           /* a frame found no descriptors */
    ICR_RXT0 = 1 << 7,          /* frame received */
    ICR_MDAC = 1 << 9,          /* MDIO access done */
    ICR_SRPD = 1 << 16,         /* small frame */
    ICR_CAUSES = 0x0001fedf,
};

enum {                          /* 13.4.22 */
    RCTL_EN = 1 << 1,
    RCTL_UPE = 1 << 3,
    RCTL_MPE = 1 << 4,
    RCTL_LPE = 1 << 5,
    RCTL_LBM = 3 << 6,
    RCTL_RDMTS_SHIFT = 8,
    RCTL_MO_SHIFT = 12,
    RCTL_BAM = 1 << 15,
    RCTL_BSIZE_SHIFT = 16,
    RCTL_VFE = 1 << 18,
    RCTL_CFIEN = 1 << 19,
    RCTL_CFI = 1 << 20,
    RCTL_DPF = 1 << 22,
    RCTL_BSEX = 1 << 25,
    RCTL_SECRC = 1 << 26,
    RCTL_WRITABLE = 0x06dfb3fe,
    RCTL_FILTER = RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM | RCTL_VFE,
};

enum {                          /* 13.4.33 */
    TCTL_EN = 1 << 1,
    TCTL_PSP = 1 << 3,
    TCTL_WRITABLE = 0x017ffffa,
};

#define RDTR_FPD (1u << 31)     /* 13.4.30 */

enum {                          /* 13.4.49 */
    RXCSUM_PCSS = 0xff,
    RXCSUM_IPOFL = 1 << 8,
    RXCSUM_TUOFL = 1 << 9,
    RXCSUM_WRITABLE = 0x7ff,
};

#define RAH_AV (1u << 31)       /* 13.5.3 */
enum { RAH_AS_SHIFT = 16 };

/* ---- Section 3.2.3: receive descriptors ---- */

enum {
    RXD_SIZE = 16,
    RXD_LENGTH = 8,             /* offsets */
    RXD_CHECKSUM = 10,
    RXD_STATUS = 12,
    RXD_ERRORS = 13,
    RXD_SPECIAL = 14,
};

enum {
    RXD_DD = 1 << 0,
    RXD_EOP = 1 << 1,
    RXD_IXSM = 1 << 2,
    RXD_VP = 1 << 3,
    RXD_TCPCS = 1 << 5,
    RXD_IPCS = 1 << 6,
    RXD_PIF = 1 << 7,
};

enum { RXD_TCPE = 1 << 5, RXD_IPE = 1 << 6 };

/* ---- Section 3.3: transmit descriptors; bits of their last two dwords ---- */

enum {
    TXD_SIZE = 16,
    TXD_STATUS = 12,            /* offset */
    TXD_DD = 1 << 0,
};

enum {
    TXD_LENGTH_LEGACY = 0xffff,
    TXD_LENGTH = 0xfffff,       /* also PAYLEN */
    TXD_CSO_SHIFT = 16,         /* legacy */
    TXD_DTYP = 0xf << 20,
    TXD_DTYP_DATA = 1 << 20,
    TXD_EOP = 1 << 24,
    TXD_TUCMD_TCP = 1 << 24,
    TXD_TUCMD_IP = 1 << 25,
    TXD_IC = 1 << 26,           /* legacy */
    TXD_TSE = 1 << 26,
    TXD_RS = 1 << 27,
    TXD_DEXT = 1 << 29,
    TXD_VLE = 1 << 30,
};
#define TXD_IDE (1u << 31)

enum {
    TXD_CSS_SHIFT = 8,          /* legacy */
    TXD_POPTS_SHIFT = 8,
    TXD_HDRLEN_SHIFT = 8,
    TXD_SPECIAL_SHIFT = 16,     /* MSS in a context */
    TXD_POPTS_IXSM = 1 << 0,
    TXD_POPTS_TXSM = 1 << 1,
};

/* ---- Section 13.7: statistics, by their place behind REG_STATISTICS ---- */

#define STATISTIC(offset) (((offset) - 0x4000) / 4)

enum {
    STAT_SCC = STATISTIC(0x4014),
    STAT_PRC64 = STATISTIC(0x405c),     /* by size, six of them */
    STAT_GPRC = STATISTIC(0x4074),
    STAT_BPRC = STATISTIC(0x4078),
    STAT_MPRC = STATISTIC(0x407c),
    STAT_GPTC = STATISTIC(0x4080),
    STAT_GORCL = STATISTIC(0x4088),
    STAT_GOTCL = STATISTIC(0x4090),
    STAT_RNBC = STATISTIC(0x40a0),
    STAT_RUC = STATISTIC(0x40a4),
    STAT_ROC = STATISTIC(0x40ac),
    STAT_TORL = STATISTIC(0x40c0),
    STAT_TOTL = STATISTIC(0x40c8),
    STAT_TPR = STATISTIC(0x40d0),
    STAT_TPT = STATISTIC(0x40d4),
    STAT_PTC64 = STATISTIC(0x40d8),     /* by size, six of them */
    STAT_MPTC = STATISTIC(0x40f0),
    STAT_BPTC = STATISTIC(0x40f4),
    STAT_TSCTC = STATISTIC(0x40f8),
    N_STATISTICS = 64,
};

/* ---- The PHY: 82540EM's internal one, IEEE 802.3 clause 22 registers first ---- */

enum {
    PHY_CTRL = 0,
    PHY_STATUS = 1,
    PHY_ID1 = 2,
    PHY_ID2 = 3,
    PHY_AN_ADVERTISE = 4,
    PHY_LP_ABILITY = 5,
    PHY_AN_EXPANSION = 6,
    PHY_1000T_CTRL = 9,
    PHY_1000T_STATUS = 10,
    PHY_EXT_STATUS = 15,
    PHY_SPEC_CTRL = 16,
    PHY_SPEC_STATUS = 17,
    PHY_EXT_SPEC_CTRL = 20,
    N_PHY_REGS = 32,
};

enum {
    PHY_CTRL_RESTART_AN = 1 << 9,       /* clears itself */
    PHY_CTRL_AN_ENABLE = 1 << 12,
    PHY_CTRL_LOOPBACK = 1 << 14,
    PHY_CTRL_RESET = 1 << 15,           /* clears itself */
    PHY_STATUS_LINK = 1 << 2,
    PHY_STATUS_AN_COMPLETE = 1 << 5,
    PHY_SPEC_STATUS_LINK = 1 << 10,
    PHY_SPEC_STATUS_RESOLVED = 1 << 11,
};

#endif
