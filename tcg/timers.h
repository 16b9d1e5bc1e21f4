#ifndef TCG_TIMERS_H
#define TCG_TIMERS_H
#include "tcg/tcg-accel.h"
TcgTimers *tcg_timers_new(TcgAccel *tcg);
void tcg_timers_free(TcgTimers *timers);
gint64 tcg_apic_deadline(TcgVcpu *vcpu);
bool tcg_apic_expire(TcgVcpu *vcpu, gint64 now);
gint64 tcg_now(void);
void tcg_interrupts_init(TcgAccel *tcg);
void tcg_interrupts_done(TcgAccel *tcg);
bool tcg_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error);
void tcg_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd);
bool tcg_pit_create(Accel *accel, GError **error);
#endif
