/* Kernel stacks, each above a guard page (core/stack.c). */
#ifndef CORE_STACK_H
#define CORE_STACK_H

/** stack_alloc() - KERNEL_STACK_SIZE bytes; the lowest address, or NULL. Contents are arbitrary. Context: may not be an interrupt. */
void *stack_alloc(void) __must_check;
void stack_free(void *stack);

#endif
