# The names of system calls and of errors, by number, from Linux's own header: texts one behind the other (abi/syscall_names.h).
$(COMP)/gen/syscall_names.s: abi/abi.mk | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '#include <asm/unistd.h>' | $(CC) -nostdinc -isystem $(UAPI) -E -dM - | awk ' \
		$$1 == "#define" && $$2 ~ /^__NR_/ && $$3 ~ /^[0-9]+$$/ && $$3 < 512 { \
			name[$$3] = substr($$2, 6); if ($$3 + 0 > max) max = $$3 + 0 } \
		END { print ".section .rodata.syscall_names, \"a\"\n.globl syscall_names, syscall_names_end\nsyscall_names:"; \
		      for (i = 0; i <= max; i++) print ".asciz \"" name[i] "\""; \
		      print "syscall_names_end:\n.section .whittle.component, \"\"\n.asciz \"syscall-names\"\n.asciz \"" \
		            "names of all system calls, for what is said of those that are not there\"\n.section .note.GNU-stack, \"\", %progbits" }' > $@
$(COMP)/o/abi-syscall_name_list.o: $(COMP)/gen/syscall_names.s
	@mkdir -p $(@D)
	@$(CC) -c -o $@ $<

$(COMP)/gen/errno_names.s: abi/abi.mk | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '#include <asm/errno.h>' | $(CC) -nostdinc -isystem $(UAPI) -E -dM - | awk ' \
		$$1 == "#define" && $$2 ~ /^E[0-9A-Z]+$$/ && $$3 ~ /^[0-9]+$$/ { name[$$3] = $$2; if ($$3 + 0 > max) max = $$3 + 0 } \
		END { print ".section .rodata.errno_names, \"a\"\n.globl errno_names, errno_names_end\nerrno_names:"; \
		      for (i = 0; i <= max; i++) print ".asciz \"" name[i] "\""; \
		      print "errno_names_end:\n.section .note.GNU-stack, \"\", %progbits" }' > $@
$(COMP)/o/abi-errno_name_list.o: $(COMP)/gen/errno_names.s
	@mkdir -p $(@D)
	@$(CC) -c -o $@ $<

FETCHED_OBJECTS += $(COMP)/o/abi-syscall_name_list.o $(COMP)/o/abi-errno_name_list.o
