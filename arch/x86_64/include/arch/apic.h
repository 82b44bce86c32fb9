/* Local APIC and I/O APIC (Intel SDM 3A, chapter 10; 82093AA data sheet). */
#ifndef ARCH_APIC_H
#define ARCH_APIC_H

/** apic_eoi() - the interrupt in service is done. */
void apic_eoi(void);
/** apic_timer_one_shot() - this processor's timer is to interrupt once (TRAP_TIMER); apic_timer_set() starts it. */
void apic_timer_one_shot(void);
/** apic_timer_deadline() - it is to interrupt once the TSC reaches what is written to MSR_TSC_DEADLINE. */
void apic_timer_deadline(void);
/** apic_timer_divide() - it counts each, or every APIC_TIMER_SLOW-th, tick of its clock. */
#define APIC_TIMER_SLOW 128u
void apic_timer_divide(bool slow);
/** apic_timer_set() - @initial in ticks of the divided bus clock, 0 stops it. */
void apic_timer_set(uint32_t initial);
/** apic_timer_periodic() - start it to interrupt again and again. */
void apic_timer_periodic(uint32_t period);
uint32_t apic_timer_count(void);
/** apic_init_cpu() - on each processor, after the first one found it. */
void apic_init_cpu(void);
/** apic_id() - of this processor. */
uint32_t apic_id(void);
/** apic_send() - interrupt the processor with that id; apic_send_init(), apic_send_startup(): start it at a page. */
void apic_send(uint32_t id, unsigned vector);
void apic_send_init(uint32_t id);
void apic_send_startup(uint32_t id, unsigned page);
/** ioapic_found() - an I/O APIC at @place has the lines from @first_line on; if it is known, it is those. Start-up. */
void ioapic_found(paddr_t place, unsigned first_line);
/** ioapic_lines() - all I/O APICs' lines are below this. */
unsigned ioapic_lines(void);
/** apic_present() - it answers; false leaves the kernel without interrupts. */
bool apic_present(void);
/** apic_timer_present() - so does its timer, and `nolapic_timer` does not forbid it. */
bool apic_timer_present(void);

#endif
