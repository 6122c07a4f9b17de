#include "include/ck_hogwild.h"
#include "ck_macros.h"
#include <stdbool.h>
#include <string.h>

#pragma clang fp contract(off)

static inline float load_relaxed(const float *p) {
  float value;
  __atomic_load(p, &value, __ATOMIC_RELAXED);
  return value;
}

static inline void store_relaxed(float *p, float value) { __atomic_store(p, &value, __ATOMIC_RELAXED); }

static void load_narrow(float *dst, const float *shared, size_t n) {
  for (size_t i = 0; i < n; i++) dst[i] = load_relaxed(shared + i);
}

void ck_hogwild_subtract_relaxed_f32(float *shared, const float *delta, size_t n) {
  for (size_t i = 0; i < n; i++) store_relaxed(shared + i, load_relaxed(shared + i) - delta[i]);
}

uint64_t ck_hogwild_subtract_exact_f32(float *shared, const float *delta, size_t n) {
  uint64_t retries = 0;
  for (size_t i = 0; i < n; i++) {
    float seen = load_relaxed(shared + i);
    float next = seen - delta[i];
    while (!__atomic_compare_exchange(shared + i, &seen, &next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      retries++;
      next = seen - delta[i];
    }
  }
  return retries;
}

#if defined(__x86_64__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Watomic-alignment"
typedef float quad __attribute__((vector_size(16)));

__attribute__((target("avx,cx16"))) static void load_wide(float *dst, const float *shared, size_t n) {
  size_t quads = n / 4;
  const unsigned __int128 *from = (const unsigned __int128 *)shared;
  for (size_t i = 0; i < quads; i++) {
    unsigned __int128 bits = __atomic_load_n(from + i, __ATOMIC_RELAXED);
    memcpy(dst + 4 * i, &bits, 16);
  }
  load_narrow(dst + 4 * quads, shared + 4 * quads, n - 4 * quads);
}

__attribute__((target("avx,cx16"))) static void subtract_wide(float *shared, const float *delta, size_t n) {
  size_t quads = n / 4;
  unsigned __int128 *to = (unsigned __int128 *)shared;
  for (size_t i = 0; i < quads; i++) {
    unsigned __int128 bits = __atomic_load_n(to + i, __ATOMIC_RELAXED);
    quad value, step;
    memcpy(&value, &bits, 16);
    memcpy(&step, delta + 4 * i, 16);
    value -= step;
    memcpy(&bits, &value, 16);
    __atomic_store_n(to + i, bits, __ATOMIC_RELAXED);
  }
  ck_hogwild_subtract_relaxed_f32(shared + 4 * quads, delta + 4 * quads, n - 4 * quads);
}
#pragma clang diagnostic pop

static bool has_wide(void) { return __builtin_cpu_supports("avx"); }
#else
static void load_wide(float *dst, const float *shared, size_t n) { load_narrow(dst, shared, n); }
static void subtract_wide(float *shared, const float *delta, size_t n) {
  ck_hogwild_subtract_relaxed_f32(shared, delta, n);
}
static bool has_wide(void) { return false; }
#endif

void ck_hogwild_load_f32(float *dst, const float *shared, size_t n) {
  if (has_wide() && ((uintptr_t)shared & 15) == 0) load_wide(dst, shared, n);
  else load_narrow(dst, shared, n);
}

void ck_hogwild_subtract_wide_f32(float *shared, const float *delta, size_t n) {
  if (has_wide() && ((uintptr_t)shared & 15) == 0) subtract_wide(shared, delta, n);
  else ck_hogwild_subtract_relaxed_f32(shared, delta, n);
}

CK_CLONES
void ck_hogwild_sgd_delta_f32(float *restrict delta, const float *restrict gradient,
                              const float *restrict snapshot, float *restrict momentum_buffer, size_t n,
                              double lr, double momentum, double decay, int nesterov) {
  const float rate = (float)lr, keep = (float)momentum, shrink = (float)decay;
  if (!momentum_buffer) {
    for (size_t i = 0; i < n; i++) delta[i] = rate * (gradient[i] + shrink * snapshot[i]);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const float d = gradient[i] + shrink * snapshot[i];
    const float b = keep * momentum_buffer[i] + d;
    momentum_buffer[i] = b;
    delta[i] = rate * (nesterov ? d + keep * b : b);
  }
}
