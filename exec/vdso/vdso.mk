# The vDSO: compiled for the program's side, linked by itself, and put whole into an object of the kernel.
VDSO = $(COMP)/vdso

VDSO_CFLAGS = -std=gnu11 -O2 -m64 -fPIC -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fvisibility=default -fcf-protection=none -Wall -Wextra -Wno-missing-prototypes

$(VDSO)/vdso.so: exec/vdso/user/vdso.c exec/vdso/user/vdso.lds core/timekeeping.h arch/$(ARCH)/include/arch/vdso.h \
		 | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '  VDSO    $@'
	@$(CC) $(VDSO_CFLAGS) -I. -Iarch/$(ARCH)/include -isystem $(UAPI) -shared -nostdlib -Wl,-T,exec/vdso/user/vdso.lds \
		-Wl,-soname,linux-vdso.so.1,--hash-style=both,-z,max-page-size=4096,--build-id=none,-z,norelro,-Bsymbolic \
		-o $@ $<
	@strip --strip-unneeded $@

$(COMP)/o/exec-vdso-image.o: $(VDSO)/vdso.so
	@mkdir -p $(@D)
	@printf '%s\n' '.section .rodata.vdso_image, "a"' '.balign 8' '.globl vdso_image, vdso_image_end' 'vdso_image:' \
		'.incbin "$(VDSO)/vdso.so"' 'vdso_image_end:' \
		'.section .whittle.component, ""' \
		'.asciz "vdso"' '.asciz "the page of code that every program gets: clocks without a system call"' \
		'.section .note.GNU-stack, "", %progbits' > $(VDSO)/image.s
	@$(CC) -c -o $@ $(VDSO)/image.s

FETCHED_OBJECTS += $(COMP)/o/exec-vdso-image.o
