/* mbind(2), set_mempolicy(2), get_mempolicy(2) on a machine whose memory is one node.
 *
 * Every policy leads to that node, so a thread's is checked and kept to be told again, and one of a range is checked
 * only: asked for an address, get_mempolicy() tells the thread's.
 */
#include <abi/syscall.h>
#include <core/page.h>
#include <core/process.h>
#include <core/uaccess.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <mm/mm.h>

COMPONENT("memory-policy-calls", "memory policies: mbind and its family");

#define NODES_MAX     1024u /* bits of a mask that Linux looks at: MAX_NUMNODES */
#define MASK_BITS_MAX (PAGE_SIZE * 8)
#define NODE_0        1ull

/* A mask of nodes: that of node 0 in *@out. -EFAULT, -EINVAL: others than may exist. */
static long nodes_read(const uint64_t __user *mask, unsigned long bits, bool *ret_any, bool *ret_node0)
{
	*ret_any = *ret_node0 = false;
	bits--;
	if (!bits || !mask)
		return 0;
	if (bits > MASK_BITS_MAX)
		return -EINVAL;
	for (unsigned long i = 0; i * 64 < bits; i++) {
		uint64_t word;

		if (get_user_u64(&word, mask + i))
			return -EFAULT;
		if (bits - i * 64 < 64)
			word &= (1ull << (bits - i * 64)) - 1;
		if (word && i * 64 >= NODES_MAX)
			return -EINVAL;
		*ret_any |= word != 0;
		if (i == 0)
			*ret_node0 = word & NODE_0;
	}
	return 0;
}

/* Linux's rules for a policy and its nodes. *@out: the mode with its flags. */
static long policy_check(int mode, const uint64_t __user *mask, unsigned long bits, unsigned *out, bool *ret_node0)
{
	unsigned flags = (unsigned)mode & MPOL_MODE_FLAGS;
	bool fixed = flags & (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES), any;
	long r;

	mode &= ~MPOL_MODE_FLAGS;
	if (mode < 0 || mode >= MPOL_MAX || (flags & MPOL_F_STATIC_NODES && flags & MPOL_F_RELATIVE_NODES) ||
	    (flags & MPOL_F_NUMA_BALANCING && mode != MPOL_BIND))
		return -EINVAL;
	r = nodes_read(mask, bits, &any, ret_node0);
	if (r)
		return r;
	switch (mode) {
	case MPOL_DEFAULT:
	case MPOL_LOCAL:
		if (any || (fixed && mode == MPOL_LOCAL))
			return -EINVAL;
		break;
	case MPOL_PREFERRED:
		if (!any && fixed)
			return -EINVAL;
		if (!any)
			mode = MPOL_LOCAL;
		break;
	default:
		if (!any)
			return -EINVAL;
	}
	if (any && !*ret_node0)
		return -EINVAL; /* none of them exists */
	*out = mode == MPOL_DEFAULT ? MPOL_DEFAULT : (unsigned)mode | flags;
	return 0;
}

/* Partial: there is one node: checked and kept, without effect. */
long sys_set_mempolicy(int mode, const uint64_t __user *mask, unsigned long bits)
{
	unsigned policy;
	bool node0;
	long r = policy_check(mode, mask, bits, &policy, &node0);

	if (r)
		return r;
	current->memory_policy = (uint16_t)policy;
	current->memory_policy_node0 = node0;
	return 0;
}
SYSCALL(set_mempolicy);

/* Partial: there is one node: checked, without effect. */
long sys_mbind(uint64_t start, uint64_t length, unsigned long mode, const uint64_t __user *mask, unsigned long bits,
	       unsigned flags)
{
	uint64_t end = start + ALIGN_UP(length, PAGE_SIZE);
	unsigned policy;
	bool node0;
	long r;

	if (flags & ~(unsigned)MPOL_MF_VALID)
		return -EINVAL;
	r = policy_check((int)mode, mask, bits, &policy, &node0);
	if (r)
		return r;
	if (flags & MPOL_MF_MOVE_ALL && !(current->process->credentials.cap_effective & 1ull << CAP_SYS_NICE))
		return -EPERM;
	if (start % PAGE_SIZE || end < start)
		return -EINVAL;
	return end == start || !mm_mapped(current->process->mm, start, end - start) ? 0 : -EFAULT;
}
SYSCALL(mbind);

/* One mask for the program: node 0 or none, and zeroes up to its end. */
static long nodes_write(uint64_t __user *mask, unsigned long bits, bool node0)
{
	unsigned long words = (MIN(bits, MASK_BITS_MAX) + 63) / 64;

	for (unsigned long i = 0; i < words; i++)
		if (put_user_u64(mask + i, i == 0 && node0 ? NODE_0 : 0))
			return -EFAULT;
	return 0;
}

long sys_get_mempolicy(uint32_t __user *policy, uint64_t __user *mask, unsigned long bits, uint64_t address,
		       unsigned long flags)
{
	uint32_t mode = current->memory_policy;
	bool node0 = current->memory_policy_node0;

	if (flags & ~(unsigned long)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED) || (mask && bits < 1))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		if (flags & (MPOL_F_NODE | MPOL_F_ADDR))
			return -EINVAL;
		mode = MPOL_DEFAULT;
		node0 = true;
	} else if (flags & MPOL_F_ADDR) {
		if (mm_mapped(current->process->mm, ALIGN_DOWN(address, PAGE_SIZE), PAGE_SIZE))
			return -EFAULT;
		if (flags & MPOL_F_NODE)
			mode = 0; /* the node that the page is on */
	} else {
		if (address || (flags & MPOL_F_NODE && (mode & ~MPOL_MODE_FLAGS) != MPOL_INTERLEAVE))
			return -EINVAL;
		if (flags & MPOL_F_NODE)
			mode = 0; /* the node that the next page will be on */
	}
	if (policy && put_user_u32(policy, mode))
		return -EFAULT;
	return mask ? nodes_write(mask, bits, node0) : 0;
}
SYSCALL(get_mempolicy);
