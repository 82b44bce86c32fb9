/* Which processors there are; core/cpu_start.c adds to them. */
#include <arch/percpu.h>
#include <core/cpu.h>

COMPONENT("threads", "threads, scheduling, waiting");

unsigned cpu_count = 1;
uintptr_t cpu_bases[CPU_MAX] __sealed;
