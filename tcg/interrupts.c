#include "config.h"
#include "tcg/timers.h"
#include "tcg/tcg-accel.h"
#include "qmp/error.h"
TcgTimers *tcg_timers_new(TcgAccel *tcg) { return NULL; }
void tcg_timers_free(TcgTimers *timers) {}
gint64 tcg_apic_deadline(TcgVcpu *vcpu) { return G_MAXINT64; }
bool tcg_apic_expire(TcgVcpu *vcpu, gint64 now) { return false; }
gint64 tcg_now(void) { return g_get_monotonic_time()*1000; }
void tcg_interrupts_init(TcgAccel *tcg) {}
void tcg_interrupts_done(TcgAccel *tcg) {}
bool tcg_ioeventfd_add(Accel *accel, const AccelIoeventfd *ioeventfd, GError **error) { return false; }
void tcg_ioeventfd_del(Accel *accel, const AccelIoeventfd *ioeventfd) {}
bool tcg_pit_create(Accel *accel, GError **error) { qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "no PIT"); return false; }
void tcg_apic_init(TcgVcpu *vcpu) {}
void tcg_apic_done(TcgVcpu *vcpu) {}
void tcg_apic_reset(TcgVcpu *vcpu, bool init) {}
bool tcg_apic_at(const TcgVcpu *vcpu, guint64 gpa) { return false; }
void tcg_apic_access(TcgVcpu *vcpu, guint offset, void *data, guint size, bool is_write) {}
bool tcg_apic_msr(TcgVcpu *vcpu, guint32 msr, guint64 *value, bool is_write) { if (!is_write) *value = 0xfee00900; return true; }
guint8 tcg_apic_tpr(const TcgVcpu *vcpu) { return 0; }
void tcg_apic_set_tpr(TcgVcpu *vcpu, guint8 cr8) {}
int tcg_apic_take(TcgVcpu *vcpu) { return -1; }
bool tcg_apic_pending(TcgVcpu *vcpu) { return false; }
bool tcg_apic_accepts_extint(TcgVcpu *vcpu) { return true; }
void tcg_apic_stop_time(TcgVcpu *vcpu) {}
void tcg_apic_start_time(TcgVcpu *vcpu) {}
AccelIrqchip tcg_irqchip(Accel *accel) { return ACCEL_IRQCHIP_SPLIT; }
void tcg_set_gsi(Accel *accel, guint gsi, bool level) {}
void tcg_set_extint(Accel *accel, bool level) { TcgAccel *t = tcg_accel(accel); g_atomic_int_set(&t->extint, level); if (level) for (guint i = 0; i < t->vcpus->len; i++) tcg_vcpu_request(g_ptr_array_index(t->vcpus, i), TCG_REQUEST_EXTINT); }
void tcg_set_a20(Accel *accel, bool enabled) {}
bool tcg_irqfd_add(Accel *accel, guint gsi, int fd, int resample_fd, GError **error) { qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "no irqfd"); return false; }
void tcg_irqfd_del(Accel *accel, guint gsi, int fd) {}
int tcg_msi_route_add(Accel *accel, const AccelMsi *msi, GError **error) { qmp_error_set(error, ERROR_REASON_NOT_SUPPORTED, "no"); return -1; }
bool tcg_msi_route_update(Accel *accel, guint gsi, const AccelMsi *msi, GError **error) { return true; }
void tcg_msi_route_del(Accel *accel, guint gsi) {}
bool tcg_msi_send(Accel *accel, const AccelMsi *msi) { return false; }
bool tcg_vcpu_nmi(Accel *accel, Cpu *cpu, GError **error) { return false; }
