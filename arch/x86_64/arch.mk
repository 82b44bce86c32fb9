# How x86-64 is compiled. LEGACY_CALLS: this architecture has the calls that newer ones dropped (abi/legacy).
CROSS        ?=
ARCH_CFLAGS   = -m64 -mno-red-zone -mgeneral-regs-only -mtune=generic -mpreferred-stack-boundary=3
LEGACY_CALLS  = yes
UAPI_DIR     ?= /usr/include
UAPI_ASM_DIR ?= /usr/include/x86_64-linux-gnu
# The stack protector (core/canary.c) finds the canary of the thread that runs in per-processor data.
ARCH_CANARY   = -mstack-protector-guard=tls -mstack-protector-guard-reg=gs -mstack-protector-guard-symbol=stack_canary
