# Fuzz targets, by clang's libFuzzer under ASan and UBSan: tests/fuzz/NAME_fuzz.c, with a line that names the kernel's
# sources as in unit tests, and a function LLVMFuzzerTestOneInput. Seeds are made by tests/fuzz/NAME_seeds DIR.
FUZZ       = $(BUILD)/fuzz
FUZZ_TESTS := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_PROGRAMS = $(FUZZ_TESTS:tests/fuzz/%.c=$(FUZZ)/%)
FUZZ_FLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_CFLAGS = -std=gnu11 -ffreestanding -nostdinc -isystem $(shell clang -print-resource-dir 2>/dev/null)/include -fno-strict-aliasing \
	-fno-common -w -Itests/unit/host/include -I. -Iinclude -Iarch/$(ARCH)/include -Iarch/include -isystem $(UAPI) \
	-include core/kernel.h -DWHITTLE_DEBUG=1 -DWHITTLE_UNIT_TEST $(FUZZ_FLAGS)
FUZZ_HOST  := $(patsubst tests/unit/host/%.c,$(FUZZ)/host/%.o,$(wildcard tests/unit/host/*.c tests/unit/host/libc/*.c))

.PHONY: fuzz
fuzz: $$(FUZZ_PROGRAMS)

$(FUZZ)/host/libc/%.o: tests/unit/host/libc/%.c
	@mkdir -p $(@D)
	@clang -std=gnu11 -w $(FUZZ_FLAGS) -c -o $@ $<
$(FUZZ)/host/%.o: tests/unit/host/%.c | $(UAPI)/linux
	@mkdir -p $(@D)
	@clang $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(FUZZ)/host.a: $(FUZZ_HOST)
	@rm -f $@
	@$(AR) rcsD $@ $^
$(FUZZ)/o/%.o: %.c | $(UAPI)/linux
	@mkdir -p $(@D)
	@clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

define fuzz_program
$(FUZZ)/$(notdir $(basename $1)): $(patsubst %.c,$(FUZZ)/o/%.o,$1 $(call unit_sources,$1)) $(FUZZ)/host.a
	@echo '  FUZZ    $$@'
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $$@ $$^
endef
$(foreach t,$(filter-out tests/fuzz/analyze_fuzz.c,$(FUZZ_TESTS)),$(eval $(call fuzz_program,$t)))

# The analyzer is a part of the host tool, and compiled as that is.
FUZZ_ANALYZE = tests/fuzz/analyze_fuzz.c tools/elf/program.c $(addprefix tools/util/,base.c file.c sha256.c) \
	$(filter-out $(addprefix tools/analyze/,report.c fit.c cache.c),$(wildcard tools/analyze/*.c))
FUZZ_WRAP = -Wl,--wrap=calloc,--wrap=reallocarray,--wrap=strndup,--wrap=vasprintf,--wrap=free,--wrap=fail,--wrap=file_read
FUZZ_TOOL_CFLAGS = -std=gnu11 -w -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -Iinclude -I$(BUILD)/o/tools/analyze $(FUZZ_FLAGS)
$(FUZZ)/o/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	@clang $(FUZZ_TOOL_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(FUZZ)/o/tests/fuzz/analyze_fuzz.o: tests/fuzz/analyze_fuzz.c
	@mkdir -p $(@D)
	@clang $(FUZZ_TOOL_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(FUZZ)/o/tools/analyze/calls.o: $(BUILD)/o/tools/analyze/calls.inc
$(FUZZ)/analyze_fuzz: $(FUZZ_ANALYZE:%.c=$(FUZZ)/o/%.o)
	@echo '  FUZZ    $@'
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer $(FUZZ_WRAP) -o $@ $^ -lcapstone -ljansson

# For tests/fuzz/analyze.t, which builds it with bugs in it, and counts the lines that run.
.PHONY: fuzz-analyze-flags fuzz-analyze-sources
fuzz-analyze-flags:
	@echo '$(FUZZ_TOOL_CFLAGS) $(FUZZ_WRAP)'
fuzz-analyze-sources:
	@echo $(FUZZ_ANALYZE)
-include $(shell find $(FUZZ) -name '*.d' 2>/dev/null)

# What is compiled against lwIP's headers.
FUZZ_LWIP = $(FUZZ)/o/tests/fuzz/net_fuzz.o $(FUZZ)/o/$(LWIP)/% $(FUZZ)/o/net/% $(FUZZ)/o/absent/lwip_%
$(filter $(FUZZ_LWIP),$(patsubst %.c,$(FUZZ)/o/%.o,tests/fuzz/net_fuzz.c $(call unit_sources,tests/fuzz/net_fuzz.c))): \
	FUZZ_CFLAGS += $(LWIP_HEADERS)
$(filter $(FUZZ_LWIP),$(patsubst %.c,$(FUZZ)/o/%.o,tests/fuzz/net_fuzz.c $(call unit_sources,tests/fuzz/net_fuzz.c))): \
	$(LWIP_OPTIONS)
$(FUZZ)/o/$(LWIP)/core/tcp_in.o: FUZZ_CFLAGS += -Dtcp_input=lwip_tcp_input
