# lwIP from Debian's source package (scripts/fetch-source), compiled with our options (net/lwip/include).
LWIP     = $(BUILD)/src/lwip/src
LWIP_C   = core/def core/ip core/mem core/memp core/netif core/pbuf core/tcp core/tcp_in \
	   core/tcp_out core/udp core/ipv4/dhcp core/ipv4/etharp core/ipv4/icmp core/ipv4/igmp core/ipv4/ip4 \
	   core/ipv4/ip4_addr core/ipv4/ip4_frag core/ipv6/ethip6 core/ipv6/icmp6 core/ipv6/ip6 core/ipv6/ip6_addr \
	   core/ipv6/ip6_frag core/ipv6/mld6 core/ipv6/nd6 netif/ethernet
LWIP_OBJECTS = $(foreach c,$(LWIP_C),$(COMP)/o/lwip-$(notdir $c).o)
# What of ours is compiled against lwIP's headers.
LWIP_HEADERS = -Inet/lwip/include -Inet/lwip/libc -isystem $(LWIP)/include

FETCHED_OBJECTS += $(LWIP_OBJECTS)
# lwIP's headers are system headers to the compiler, so what they include is not in its lists of dependencies.
LWIP_OPTIONS = $(BUILD)/src/lwip.stamp net/lwip/lwip.mk $(wildcard net/lwip/include/*.h net/lwip/include/*/*.h net/lwip/include/*/*/*.h)
$(LWIP_OBJECTS): KERNEL_CODE += $(STRICT)
$(LWIP_OBJECTS): net/lwip/component.h link/fast $(LWIP_OPTIONS) | $(UAPI)/linux
define lwip_object
$(COMP)/o/lwip-$(notdir $1).o:
	@mkdir -p $$(@D)
	@echo '  CC      lwip/$1.c'
	@$$(CC) $$(KERNEL_CODE) -w -I. -Iarch/$(ARCH)/include -isystem $$(UAPI) -DWHITTLE_DEBUG=0 $$(LWIP_HEADERS) \
		-include net/lwip/component.h -c -o $$@ $(LWIP)/$1.c
endef
$(foreach c,$(LWIP_C),$(eval $(call lwip_object,$c)))

# Ours are before these (net/lwip/demux.c, net/inet/stream_options.c, net/inet/icmp_send.c, net/inet6/advertised.c).
$(COMP)/o/lwip-tcp_in.o: LWIP_HEADERS += -Dtcp_input=lwip_tcp_input
$(COMP)/o/lwip-tcp_out.o: LWIP_HEADERS += -Dtcp_eff_send_mss_netif=net_tcp_offered_mss
$(COMP)/o/lwip-icmp.o: LWIP_HEADERS += -Dicmp_dest_unreach=lwip_icmp_dest_unreach
$(COMP)/o/lwip-nd6.o: LWIP_HEADERS += -Dnd6_input=lwip_nd6_input

# Ours that speak to lwIP.
LWIP_USERS = $(filter $(COMP)/o/net-lwip-% $(COMP)/o/net-inet-% $(COMP)/o/net-inet6-% $(COMP)/o/net-netlink-%,$(OBJECTS))
$(LWIP_USERS): KERNEL_CFLAGS += $(LWIP_HEADERS)
$(LWIP_USERS): $(LWIP_OPTIONS)
$(COMP)/absent/lwip_%.o: KERNEL_CFLAGS += $(LWIP_HEADERS)
$(COMP)/absent/lwip_%.o: absent/lwip_%.c $(LWIP_OPTIONS) | $(UAPI)/linux
	@mkdir -p $(@D)
	@echo '  CC      $<'
	@$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<
