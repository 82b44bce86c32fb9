/* What is said when a program ends by a fault: registers, a backtrace with files, and the shell's one line. */
#ifndef EXEC_REPORT_H
#define EXEC_REPORT_H

struct trap_frame;
struct signal_info;

/** report_fault() - registers and backtrace of the current thread, which is about to end. Context: may sleep. */
void report_fault(const struct trap_frame *frame, const struct signal_info *info);
/** report_signal_name() - "Segmentation fault" … as bash(1) says it. */
const char *report_signal_name(int signo);

#endif
