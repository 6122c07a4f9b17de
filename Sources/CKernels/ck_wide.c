#include "include/ck_wide.h"

#if defined(__x86_64__)
int ck_wide_available(void) { return __builtin_cpu_supports("avx512f"); }
#else
int ck_wide_available(void) { return 0; }
#endif
