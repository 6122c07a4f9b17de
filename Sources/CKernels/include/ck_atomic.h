// Atomic operations on plain and mapped memory, for which Swift's own atomics would need a type.
#pragma once
#include <stdbool.h>
#include <stdint.h>

static inline uint32_t ck_load_relaxed_u32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline uint32_t ck_load_acquire_u32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void ck_store_release_u32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline void ck_increment_u32(uint32_t *p) { __atomic_fetch_add(p, 1, __ATOMIC_RELAXED); }
static inline uint64_t ck_load_relaxed_u64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline uint64_t ck_load_acquire_u64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void ck_store_relaxed_u64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline void ck_store_release_u64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
/// Adds and returns the value before, acquire and release.
static inline uint64_t ck_fetch_add_u64(uint64_t *p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL); }
static inline bool ck_compare_exchange_u64(uint64_t *p, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline uint32_t ck_increment_and_get_u32(uint32_t *p) { return __atomic_add_fetch(p, 1, __ATOMIC_RELAXED); }

// Out of line, because what Swift's importer inlines is not instrumented by ThreadSanitizer, which then
// would not see the ordering.

/// Takes a spin lock for a critical section of a few instructions.
void ck_lock(uint32_t *lock);
void ck_unlock(uint32_t *lock);
/// Takes a free word for `owner`: false if it is not zero.
bool ck_claim_u64(uint64_t *word, uint64_t owner);
/// Gives a claimed word back.
void ck_disclaim_u64(uint64_t *word);
/// Tells the processor that this is a spinning loop.
static inline void ck_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}
/// Sleeps while the word (which may lie in memory shared by processes) holds `expected`, until it is
/// woken, the time is over or a signal arrives.
void ck_futex_wait(const uint32_t *word, uint32_t expected, uint64_t nanoseconds);
/// Wakes up to `count` sleepers of the word.
void ck_futex_wake(const uint32_t *word, int count);
