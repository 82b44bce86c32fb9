/* Restartable sequences on the way back to the program (abi/rseq.c). */
#ifndef ABI_RSEQ_H
#define ABI_RSEQ_H

struct trap_frame;

/** rseq_interrupted() - the current thread lost the processor or is to run a handler. Context: may sleep. */
void rseq_interrupted(struct trap_frame *frame);

#endif
