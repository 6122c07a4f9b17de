#include "include/ck_atomic.h"

void ck_lock(uint32_t *lock) {
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
    while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  }
}

void ck_unlock(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

bool ck_claim_u64(uint64_t *word, uint64_t owner) {
  uint64_t expected = 0;
  return __atomic_compare_exchange_n(word, &expected, owner, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void ck_disclaim_u64(uint64_t *word) { __atomic_store_n(word, 0, __ATOMIC_RELEASE); }
