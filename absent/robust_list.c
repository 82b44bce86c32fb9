/* A kernel without set_robust_list(2): no thread has a list. */
#include <abi/futex.h>

__weak void robust_list_release(const struct robust_list_head *head)
{
}
