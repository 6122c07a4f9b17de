// Atomic operations on plain and mapped memory, for which Swift's own atomics would need a type.
#pragma once
#include <stdbool.h>
#include <stdint.h>

static inline uint32_t ck_load_relaxed_u32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline uint32_t ck_load_acquire_u32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void ck_store_relaxed_u32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline void ck_store_release_u32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline void ck_increment_u32(uint32_t *p) { __atomic_fetch_add(p, 1, __ATOMIC_RELAXED); }
static inline uint64_t ck_load_relaxed_u64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline uint64_t ck_load_acquire_u64(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void ck_store_relaxed_u64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline void ck_store_release_u64(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
/// Adds and returns the value before, acquire and release.
static inline uint64_t ck_fetch_add_u64(uint64_t *p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL); }
static inline uint64_t ck_fetch_add_relaxed_u64(uint64_t *p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
static inline uint32_t ck_fetch_add_u32(uint32_t *p, uint32_t v) { return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL); }
static inline bool ck_compare_exchange_u64(uint64_t *p, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline uint32_t ck_increment_and_get_u32(uint32_t *p) { return __atomic_add_fetch(p, 1, __ATOMIC_RELAXED); }

/// Takes a spin lock for a critical section of a few instructions.
static inline void ck_lock(uint32_t *p) {
  while (__atomic_exchange_n(p, 1, __ATOMIC_ACQUIRE)) {
    while (__atomic_load_n(p, __ATOMIC_RELAXED)) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  }
}
static inline void ck_unlock(uint32_t *p) { __atomic_store_n(p, 0, __ATOMIC_RELEASE); }
