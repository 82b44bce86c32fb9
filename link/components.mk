# The components: one object per source in one archive, the absent objects beside it, the script and the profiles.
CC        = $(CROSS)gcc
AR        = $(CROSS)ar
COMP      = $(BUILD)/components/$(ARCH)
UAPI      = $(BUILD)/uapi/$(ARCH)

# For size, but for the sources that link/fast names. Nothing is aligned for the sake of fetching it: that is a tenth of a kernel,
# and no instruction less (docs/decisions/size.md).
OPTIMIZE = -Os
FAST     = -O2 -fno-align-functions -fno-align-jumps -fno-align-loops -fno-align-labels

# What every part of the kernel is compiled with, whoever wrote it.
KERNEL_CODE = -std=gnu11 $(OPTIMIZE) -g -ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) -fPIC \
	-fno-semantic-interposition -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fstack-protector $(ARCH_CANARY) -fno-strict-aliasing -fno-common -fno-math-errno -fno-tree-loop-distribute-patterns \
	-fmacro-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(CURDIR)=. $(ARCH_CFLAGS)
WARNINGS = -Wall -Wextra -Wshadow -Wundef -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wredundant-decls -Wlogical-op \
	-Wduplicated-cond -Wjump-misses-init -Wno-unused-parameter -Wno-format-nonliteral \
	-Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion \
	-Werror=return-type -Werror=discarded-qualifiers -Wframe-larger-than=2048
KERNEL_CFLAGS = $(KERNEL_CODE) $(WARNINGS) -I. -Iinclude -Iarch/$(ARCH)/include -Iarch/include -isystem $(UAPI) \
	-include core/kernel.h $(if $(DEBUG),-DWHITTLE_DEBUG=1,-DWHITTLE_DEBUG=0)

FLOORS  = core mm drivers fs net exec abi
SOURCES := $(sort $(shell find arch/$(ARCH) $(FLOORS) -name '*.[cS]' ! -name '*_test.c' \
	   $(if $(filter yes,$(LEGACY_CALLS)),,! -path 'abi/legacy/*') ! -path '*/user/*'))
ABSENT  := $(sort $(wildcard absent/*.c))
OBJECTS = $(foreach s,$(SOURCES),$(COMP)/o/$(subst /,-,$(basename $s)).o)
ABSENT_OBJECTS = $(ABSENT:%.c=$(COMP)/%.o)

components: $(COMP)/kernel.a $(ABSENT_OBJECTS) $(COMP)/kernel.lds $(COMP)/sets.lds $(COMP)/header.lds \
	$(COMP)/profiles.stamp

FAST_OBJECTS := $(foreach s,$(shell sed '/^\#/d' link/fast),$(COMP)/o/$(subst /,-,$s).o)
$(FAST_OBJECTS): OPTIMIZE = $(FAST)
$(OBJECTS): link/fast

# Objects of libraries that are fetched, not ours, add themselves here (net/lwip/lwip.mk).
FETCHED_OBJECTS =

$(COMP)/kernel.a: $$(OBJECTS) $$(FETCHED_OBJECTS)
	@$(foreach o,$(filter-out $^,$(FAST_OBJECTS)),echo "link/fast: there is no source of $(o)"; exit 1;)
	@rm -f $@
	@echo '  AR      $@'
	@$(AR) rcsD $@ $^

define kernel_object
$(COMP)/o/$(subst /,-,$(basename $1)).o: $1 | $(UAPI)/linux
	@mkdir -p $$(@D)
	@echo '  CC      $1'
	@$$(CC) $$(KERNEL_CFLAGS) $(if $(filter %.S,$1),-D__ASSEMBLER__=1) -MMD -MP -c -o $$@ $$<
endef
$(foreach s,$(SOURCES),$(eval $(call kernel_object,$s)))

# What makes sense of bytes that devices, files and peers wrote has canaries behind all arrays and whatever pointers lead
# to; the rest only behind arrays of bytes (docs/decisions/hardening.md). lwIP's objects are strict, too.
STRICT = -fstack-protector-strong
$(filter $(foreach f,drivers exec fs-erofs net-lwip net-netlink,$(COMP)/o/$f-%),$(OBJECTS)): KERNEL_CODE += $(STRICT)

$(COMP)/absent/%.o: absent/%.c | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

# Only Linux's user-space headers are visible to the kernel, no libc's.
$(UAPI)/linux:
	@test -e $(UAPI_DIR)/linux/errno.h || { echo "missing: linux-libc-dev (for $(ARCH)): run 'make deps'"; exit 1; }
	@mkdir -p $(UAPI)
	@ln -sfn $(UAPI_ASM_DIR)/asm $(UAPI)/asm
	@ln -sfn $(UAPI_DIR)/asm-generic $(UAPI)/asm-generic
	@ln -sfn $(UAPI_DIR)/video $(UAPI)/video
	@ln -sfn $(UAPI_DIR)/linux $@

$(COMP)/kernel.lds: arch/$(ARCH)/kernel.lds
	@mkdir -p $(@D)
	@cp $< $@
$(COMP)/sets.lds $(COMP)/header.lds: $(COMP)/%.lds: link/sets link/sets.awk
	@mkdir -p $(@D)
	@LC_ALL=C awk -v part=$* -f link/sets.awk link/sets > $@
$(COMP)/profiles.stamp: $(wildcard profiles/$(ARCH)/*)
	@mkdir -p $(COMP)/profiles
	@$(if $^,cp $^ $(COMP)/profiles/ &&) touch $@

-include $(OBJECTS:.o=.d) $(ABSENT_OBJECTS:.o=.d)
