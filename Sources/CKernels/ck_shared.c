#include "include/ck_shared.h"

#include <string.h>

#include "include/ck_macros.h"

#pragma clang fp contract(off)

// Elements of a partial result: small enough for the deepest tree to stay in the first-level cache.
enum { BLOCK = 512 };

#define SUM(a, b) ((a) + (b))
// A NaN is unordered with everything, so the first operand wins when it is one, else the second.
#define MIN(a, b) ((a) < (b) || (a) != (a) ? (a) : (b))
#define MAX(a, b) ((a) > (b) || (a) != (a) ? (a) : (b))
#define INT_SUM(a, b) ((int64_t)((uint64_t)(a) + (uint64_t)(b)))
#define KEEP(x) (x)
#define DIVIDE(x) ((x) / divisor)

static int tree_middle(int count) {
  int middle = 1;
  while (middle * 2 < count) middle *= 2;
  return middle;
}

// The loops over 1, 2, 3, 4 and 8 sources; FINISH is applied to each result.
#define LOOP(EXPRESSION, FINISH)             \
  CK_VECTOR for (size_t i = 0; i < n; i++) { \
    out[i] = FINISH(EXPRESSION);             \
  }                                          \
  return;

#define SOURCES(T)                                                                               \
  const T *a = s[0], *b = s[count > 1 ? 1 : 0], *c = s[count > 2 ? 2 : 0],                       \
          *d = s[count > 3 ? 3 : 0], *e = s[count > 7 ? 4 : 0], *f = s[count > 7 ? 5 : 0],       \
          *g = s[count > 7 ? 6 : 0], *h = s[count > 7 ? 7 : 0];                                  \
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h

#define FLAT(OP, FINISH)                                                                       \
  switch (count) {                                                                             \
    case 1: LOOP(a[i], FINISH)                                                                 \
    case 2: LOOP(OP(a[i], b[i]), FINISH)                                                       \
    case 3: LOOP(OP(OP(a[i], b[i]), c[i]), FINISH)                                             \
    case 4: LOOP(OP(OP(a[i], b[i]), OP(c[i], d[i])), FINISH)                                   \
    default:                                                                                   \
      LOOP(OP(OP(OP(a[i], b[i]), OP(c[i], d[i])), OP(OP(e[i], f[i]), OP(g[i], h[i]))), FINISH) \
  }

#define DEFINE(NAME, T, ADD)                                                                     \
  CK_CLONES static void flat_sum_##NAME(T *out, const T *const *s, int count, size_t n) {       \
    SOURCES(T);                                                                                  \
    FLAT(ADD, KEEP)                                                                              \
  }                                                                                              \
  CK_CLONES static void flat_mean_##NAME(T *out, const T *const *s, int count, size_t n,        \
                                         T divisor) {                                            \
    SOURCES(T);                                                                                  \
    FLAT(ADD, DIVIDE)                                                                            \
  }                                                                                              \
  CK_CLONES static void flat_min_##NAME(T *out, const T *const *s, int count, size_t n) {       \
    SOURCES(T);                                                                                  \
    FLAT(MIN, KEEP)                                                                              \
  }                                                                                              \
  CK_CLONES static void flat_max_##NAME(T *out, const T *const *s, int count, size_t n) {       \
    SOURCES(T);                                                                                  \
    FLAT(MAX, KEEP)                                                                              \
  }                                                                                              \
  static void flat_##NAME(T *out, const T *const *s, int count, size_t n, int operation,        \
                          T divisor) {                                                           \
    if (operation == CK_REDUCE_MIN)                                                              \
      flat_min_##NAME(out, s, count, n);                                                         \
    else if (operation == CK_REDUCE_MAX)                                                         \
      flat_max_##NAME(out, s, count, n);                                                         \
    else if (divisor != 1)                                                                       \
      flat_mean_##NAME(out, s, count, n, divisor);                                               \
    else                                                                                         \
      flat_sum_##NAME(out, s, count, n);                                                         \
  }                                                                                              \
  /* One block; partial results stay on the stack because `out` may be a source. */             \
  static void tree_##NAME(T *out, const T *const *s, int count, size_t offset, size_t n,        \
                          int operation, T divisor) {                                            \
    if (count <= 4 || count == 8) {                                                              \
      const T *at[8];                                                                            \
      for (int r = 0; r < count; r++) at[r] = s[r] + offset;                                     \
      flat_##NAME(out, at, count, n, operation, divisor);                                        \
      return;                                                                                    \
    }                                                                                            \
    T left[BLOCK], right[BLOCK];                                                                 \
    const int middle = tree_middle(count);                                                       \
    tree_##NAME(left, s, middle, offset, n, operation, 1);                                       \
    tree_##NAME(right, s + middle, count - middle, offset, n, operation, 1);                     \
    const T *halves[2] = {left, right};                                                          \
    flat_##NAME(out, halves, 2, n, operation, divisor);                                          \
  }                                                                                              \
  CK_CLONES static void pair_sum_##NAME(T *a, T *b, size_t n) {                                  \
    CK_VECTOR for (size_t i = 0; i < n; i++) a[i] = b[i] = ADD(a[i], b[i]);                      \
  }                                                                                              \
  CK_CLONES static void pair_mean_##NAME(T *a, T *b, size_t n, T divisor) {                      \
    CK_VECTOR for (size_t i = 0; i < n; i++) a[i] = b[i] = DIVIDE(ADD(a[i], b[i]));              \
  }                                                                                              \
  void ck_shared_all_reduce_##NAME(T *const *buffers, int count, size_t begin, size_t end,       \
                                   int operation, T divisor) {                                   \
    if (count == 2 && operation == CK_REDUCE_SUM) {                                              \
      T *a = buffers[0] + begin, *b = buffers[1] + begin;                                        \
      if (divisor != 1)                                                                          \
        pair_mean_##NAME(a, b, end - begin, divisor);                                            \
      else                                                                                       \
        pair_sum_##NAME(a, b, end - begin);                                                      \
      return;                                                                                    \
    }                                                                                            \
    T result[BLOCK];                                                                             \
    for (size_t i = begin; i < end; i += BLOCK) {                                                \
      const size_t n = end - i < BLOCK ? end - i : BLOCK;                                        \
      tree_##NAME(result, (const T *const *)buffers, count, i, n, operation, divisor);           \
      for (int r = 0; r < count; r++) memcpy(buffers[r] + i, result, n * sizeof(T));             \
    }                                                                                            \
  }                                                                                              \
  void ck_shared_reduce_##NAME(T *out, const T *const *sources, int count, size_t elements,     \
                               int operation, T divisor) {                                       \
    if (count <= 4 || count == 8) {                                                              \
      flat_##NAME(out, sources, count, elements, operation, divisor);                            \
      return;                                                                                    \
    }                                                                                            \
    for (size_t i = 0; i < elements; i += BLOCK) {                                               \
      const size_t n = elements - i < BLOCK ? elements - i : BLOCK;                              \
      tree_##NAME(out + i, sources, count, i, n, operation, divisor);                            \
    }                                                                                            \
  }

DEFINE(f32, float, SUM)
DEFINE(f64, double, SUM)
DEFINE(i64, int64_t, INT_SUM)

void ck_shared_claim(void *bytes, size_t count) {
  char *const base = bytes;
  for (size_t i = 0; i + sizeof(uint32_t) <= count; i += 64) {
    uint32_t *const word = (uint32_t *)(void *)(base + i);
    __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
  }
}

void ck_shared_prefetch_for_writing(const void *bytes, size_t count) {
  const char *const base = bytes;
  for (size_t i = 0; i < count; i += 64) {
#if defined(__x86_64__)
    // `__builtin_prefetch` becomes a prefetch for reading unless the compiler may assume this one.
    __asm__ volatile("prefetchw %0" : : "m"(base[i]));
#else
    __builtin_prefetch(base + i, 1, 3);
#endif
  }
}
