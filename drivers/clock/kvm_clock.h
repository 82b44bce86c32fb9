/* What KVM's clock knows of the time-stamp counter (drivers/clock/kvm_clock.c). */
#ifndef DRIVERS_CLOCK_KVM_CLOCK_H
#define DRIVERS_CLOCK_KVM_CLOCK_H

/** kvm_clock_tsc_hz() - how fast the counter runs; 0 without that clock. Weak in absent/. */
uint64_t kvm_clock_tsc_hz(void);

#endif
